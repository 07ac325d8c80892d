//! Does an agent that follows the BitLocker planner ever lose the last recovery password?
//!
//! One run: a volume in some state, a goal, and sixty rounds in which the agent looks, asks the planner, and runs what it
//! says. Any method may fail before or after it did its work; power may fail before a step, between a step and its
//! report, and between a report and its being written down; the server may lose, delay, repeat and confuse; Windows,
//! users and administrators change the volume between any two rounds, and while it is being looked at. After each
//! step the promises are held against what is really so. Then everything works again, and what was asked for
//! must come true.

mod defect;
mod promises;
mod run;
mod server;
mod volume;

pub use defect::Defect;
pub use run::{Broken, Tally, run};
pub use volume::{Protector, Returned, Volume};
