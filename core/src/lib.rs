//! fdescrow manages full-disk-encryption recovery keys for a fleet: FileVault, BitLocker, LUKS.
//!
//! This crate is the whole library without the world: no I/O, no clock, no randomness of its own, no
//! `unsafe`, no C. Time ([`Timestamp`]) and randomness ([`Randomness`]) are arguments; what is
//! remembered goes through one trait. It does not talk to devices, to the network or to a database:
//! servers and agents do, with `fdescrow-stores` and `fdescrow-identities` beside them.
//!
//! The modules stand in rows, and each imports only from the rows above its own, or from its left:
//!
//! | row | modules | what they answer |
//! |---|---|---|
//! | 1 | [`error`] [`time`] [`secret`] [`random`] [`ids`] | names for things |
//! | 2 | [`key`] [`policy`] | the thing a person types; what must be true of a device |
//! | 3 | [`envelope`] [`profile`] | seal and open; the bytes a device receives |
//! | 4 | [`audit`] [`verification`] [`rotation`] [`recovery`] [`agent`] | the chain of entries; facts and judgement; the replacement and the release of a key; what an agent does next |
//! | 5 | [`store`] | what is remembered |
//! | 6 | [`escrow`] | the paved path; the only module that calls a store |
#![forbid(unsafe_code)]

pub mod agent;
pub mod audit;
mod canonical;
pub mod envelope;
pub mod error;
pub mod escrow;
pub mod ids;
pub mod key;
pub mod policy;
pub mod profile;
pub mod random;
pub mod recovery;
pub mod rotation;
pub mod secret;
pub mod store;
pub mod time;
pub mod verification;

pub use error::{ErrorCode, Fault};
pub use escrow::{Error, Escrow};
pub use ids::{Actor, DeviceId, Digest, KeyId, Organization, Person, ProtectorId, VolumeId};
pub use key::{Kind, RecoveryKey};
pub use policy::Policy;
pub use random::Randomness;
pub use secret::Secret;
pub use time::Timestamp;
