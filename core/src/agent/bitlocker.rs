//! What does an agent on a Windows device do next about a volume's recovery passwords?
//!
//! A [`Planner`] is told what to make true (a [`Goal`]) and by which [`Rules`]. Then, until it rests:
//!
//! 1. look at the volume: an [`Observer`] says which methods to call, and makes an [`Observation`] of the answers;
//! 2. [`Planner::next`] answers what the [`Situation`] is and at most one [`Step`];
//! 3. run the step at once, on the same thread, and [`Planner::report`] what became of it;
//! 4. write the planner down (it is serde data) and begin again.
//!
//! One observation is good for one step: Windows, its updates, its users and its administrators change protectors
//! behind our back, so nothing is concluded from what was planned, only from what was seen. A step that failed, or
//! whose answer was lost in a power cut, is not repeated blindly: the next observation tells whether it had an effect.
//!
//! # What never happens
//!
//! - A change of the volume follows from what was read, whole and in this round; what could not be read
//!   or is not known is no reason to do anything.
//! - A recovery password is removed only if the goal names it, while another one is on the volume whose receipt says
//!   *verified* at the level that the rules ask for, and names this device, volume, protector, request and envelope.
//! - Encryption begins, and goes on, only when a recovery password of the volume is as far in escrow as the rules ask.
//! - The class of the boot protector stays: one is added only where there is none. TPM never joins TPM and PIN.
//! - The volume is never decrypted, suspended or locked: there is no [`Call`] for it.
//!
//! What the planner judges by is data: the [`Situation`] table, looked through from the top, and the table of error
//! codes ([`CODES`]). Both are rendered into `docs/agents.md`.

mod call;
mod failures;
mod hresult;
mod observation;
mod observer;
mod password;
mod planner;
mod rules;
mod situation;
mod step;
mod view;

pub use call::{Argument, Call, METHODS, Method};
pub use hresult::{CODES, CodeRow, Decision, Hresult};
pub use observation::{BootProtector, Machine, Name, Observation, Protector, Registry};
pub use observer::{Answer, Observer};
pub use password::Escrowed;
pub use planner::{Planner, PlannerError, SealingError, Unexpected};
pub use rules::{Aim, Before, Boot, EncryptionType, Goal, Rules};
pub use situation::{Does, Row, Situation, Standing};
pub use step::{Held, Next, Outcome, Remark, Step};

#[cfg(test)]
mod tests;
