//! What does an agent on a Linux device do next about the key slots of a LUKS volume?
//!
//! A [`Planner`] is told what to make true (a [`Goal`]) and by which [`Rules`], those of a
//! [`LuksPlan`](crate::profile::luks::LuksPlan). Then, until it rests:
//!
//! 1. look at the volume: [`Observation::read`] takes the first 4096 bytes of its header and, for LUKS2, what
//!    [`metadata_command`] prints; say what is at hand to authorize a new slot, and which [`NewKey`] is in memory;
//! 2. [`Planner::next`] answers what the [`Situation`] is and at most one [`Step`];
//! 3. run the step, and [`Planner::report`] what became of it;
//! 4. write the planner down (it is serde data, without any secret) and begin again.
//!
//! One observation is good for one step: nothing is concluded from what was planned, only from what was seen. So an
//! agent that is killed anywhere goes on where the header shows that it was.
//!
//! # A slot of ours is known again
//!
//! Its number says nothing: numbers are used again. A new slot's PBKDF2 iterations are drawn at random and
//! written down before the slot is made ([`Attempt`]), so that it is known after a crash although its key was in memory
//! alone; it is then removed, and another one is made. When its key is sealed and in the spool, the slot is known by its
//! salt; and on LUKS2 a token says so in the header itself.
//!
//! # What never happens
//!
//! - A slot that we did not make is removed; or one that the plan says is never touched; or the last one that opens the
//!   volume.
//! - An old slot of ours is removed, unless the goal names it, and the new one is on the volume with the salt that it had
//!   when it was tested, and a receipt says *verified* at the level of the rules for its envelope, device, volume,
//!   slot and request.
//! - A key that was not seen to open its slot is sealed.
//! - A secret is part of a command's arguments, of the state, or of an error.
//! - Anything is written to a header that cannot be read whole, belongs to another volume, or is being reencrypted.
//!
//! What the planner judges by is data, the [`Situation`] table; it is rendered into `docs/agents-linux.md`.

mod escrowed;
mod failures;
mod header;
mod new_key;
mod observation;
mod planner;
mod pursuit;
mod rules;
mod situation;
mod step;
mod view;

pub use escrowed::Escrowed;
pub use new_key::{Mark, NewKey};
pub use observation::{Observation, ObservationError, Slot, Token, Version, metadata_command};
pub use planner::{Planner, PlannerError, SealingError};
pub use pursuit::Attempt;
pub use rules::{Aim, Goal, Rules};
pub use situation::{Does, Row, Situation, Standing};
pub use step::{Call, Command, Held, Input, Next, Outcome, Places, Step};

#[cfg(test)]
mod tests;
