//! Is the key of a device in escrow, and is it known to work?
//!
//! Facts and judgement are apart. [`State`] holds what was observed of a device's keys, and [`State::apply`]
//! is the only way it changes; [`assess`] says what follows from it under the rules of a policy at a moment,
//! and changes nothing. Neither sees a store, a clock or a key.
//!
//! **Feed events with [`State::apply`]; commit the state together with what the event is about; do what the
//! [`Assessment`] asks for; assess again at its `wake_at`.** Actions follow from the facts and are not
//! remembered: who does one twice does no harm, and who forgets one is told again.
//!
//! # Facts
//!
//! [`KeyFacts`] is what is known of one key and lives in the key's row. Some rules hold by construction:
//!
//! - The last success and the last attempt are apart; a failure never erases a success.
//! - A result belongs to the envelopes that were tried. A key "did not open" only if every envelope that it has
//!   *now* was tried; a result about facts that have changed since is [`Rejected::Stale`].
//! - A check of one key never touches another: keys are only ever added.
//! - A key that is set apart cannot be opened, a key that has no working replacement cannot be retired, and
//!   an envelope that no other one replaces cannot be dropped.
//! - The device's own word counts only on top of an envelope that was opened here.
//!
//! # Judgement
//!
//! Each place (kind, volume, protector) is judged by its newest key; the most urgent place gives the
//! device's status. What the situations are, and what follows, is the table [`Situation`]; what the reasons
//! mean and ask for, the table [`Reason`]. An envelope does not change: when one that opened before does not
//! open any more, that says something about who tried, so such a key stays `verified` until its age
//! asks for a new check. A volume does change: when it refuses a key, that counts at once.
//!
//! Which key is handed out is another question, answered by [`candidates`]: an error, a new key or a status
//! never hides a key that works.

mod assess;
mod candidate;
mod change;
mod fact;
mod key;
pub mod observation;
mod posture;
mod reason;
mod receipt;
mod state;
mod station;
mod table;

pub use assess::{Assessment, assess, assess_place, works};
pub use candidate::{Candidates, Standing, candidates};
pub use change::{Event, HeaderProof, KeyChange, Opening, Rejected};
pub use fact::{
    Attempt, Binding, EnvelopeFacts, Exposure, NewKey, Origin, Place, ProvedBy, Quarantine, Reached, Retirement,
    Revelation, Success, Unlocked,
};
pub use key::KeyFacts;
pub use observation::{
    Reading,
    bitlocker::{Conversion, EncryptionMethod, LockStatus, ProtectionStatus, ProtectorKind},
};
pub use posture::{Configuration, Delivery, FileVaultPosture, Operation, Posture, Seen, VolumePosture};
pub use reason::{Action, Failure, Reason};
pub use receipt::{Receipt, ReceiptStatus};
pub use state::{PlaceState, State, StateError};
pub use station::{Station, Walk};
pub use table::{Awaited, Because, Row, Situation, Status};

pub use crate::policy::escrow::Level;

#[cfg(test)]
mod tests;
