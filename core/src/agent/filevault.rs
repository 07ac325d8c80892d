//! What is done next about the personal recovery key of a Mac?
//!
//! A [`Planner`] is told what to make true (a [`Goal`]) and how a new key is made ([`Channel`]); it runs in an agent on the
//! Mac (Escrow Buddy, `fdesetup`) or beside an MDM server (commands). Then, until it rests:
//!
//! 1. make an [`Observation`] of what is known, the sealed key that macOS wrote included;
//! 2. [`Planner::next`] answers what the [`Situation`] is and at most one [`Step`];
//! 3. [`Planner::begin`] the step and write the planner down (it is serde data, without any secret);
//! 4. run the step, [`Planner::report`] what became of it, and begin again.
//!
//! # What is special about a Mac
//!
//! macOS seals the key itself, to the certificate of the escrow profile, in `/var/db/FileVaultPRK.dat`. The old key dies
//! when the new one is made: nothing can be added before something is removed, so the server keeps both, and whether
//! the new one reached it is what counts.
//!
//! # What never happens
//!
//! - A new key is made where no escrow profile is known to be installed: it would be sealed to nobody.
//! - `fdesetup changerecovery`, or the command `RotateFileVaultKey`, is repeated by itself after it failed, or when it
//!   is not known how it ended: with a wrong password macOS may have removed the key that there was.
//! - An envelope that was seen is not spooled, whatever the goal: a late reply holds a key, too.
//! - What could not be read is a reason to do anything.
//!
//! The table of situations is rendered into `docs/agents-macos.md`.

mod observation;
mod planner;
mod rules;
mod situation;
mod step;
mod view;

pub use observation::{EscrowBuddy, Observation};
pub use planner::{Escrowed, Planner, PlannerError};
pub use rules::{Aim, Channel, Goal, Rules};
pub use situation::{Does, Row, Situation, Standing};
pub use step::{Command, Next, Outcome, Reply, Step};

#[cfg(test)]
mod tests;
