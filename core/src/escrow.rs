//! How does a recovery key live from its arrival to its release?
//!
//! [`Escrow`] is the paved path, and the only module that calls a store: it receives keys, checks that they
//! open, hands them out, seals them to other certificates, and says how things stand. Each change is one commit
//! together with its entry in the audit. The methods block; an asynchronous server calls them where blocking is
//! allowed.
//!
//! Three rules hold whatever fails in between: no key leaves before an audit entry that says so was committed; a key
//! never takes the place of one that is known better to work, and goes only by retention, never the last that works; what is not known (a lost
//! answer of the store, a private key out of reach) changes nothing.

mod audit_trail;
mod builder;
mod certificates;
mod check;
mod devices;
mod due;
mod error;
mod find;
mod keys;
mod observations;
mod opening;
mod quarantine;
mod receive;
mod recoveries;
mod release;
mod reports;
mod retention;
mod reveal;
mod rewrap;
mod rotations;
mod trace;
mod transaction;
mod upload;

use std::sync::{Arc, Mutex};

pub use audit_trail::{AuditReport, CheckpointFile};
pub use builder::{EscrowBuilder, UploadLimits};
pub use check::{CheckOptions, CheckReport};
pub use due::AssessReport;
pub use error::Error;
pub use find::{Found, MAX_FOUND};
pub use keys::{EnvelopeSummary, KeySummary};
pub use observations::{Observed, QUIET_SECONDS};
pub use recoveries::RecoveryReport;
pub use reports::{Among, AuditEvents, DeviceReport, Page, Paged, Summary, Undecryptable};
pub use retention::{Obstacle, PlannedRemoval, RemovalReport};
pub use reveal::{Candidate, Reveal, Revealed, RevealedTo};
pub use rewrap::{RewrapCursor, RewrapFailure, RewrapOptions, RewrapReport};
pub use rotations::RotationReport;
pub use upload::Upload;

pub use crate::verification::{Receipt, ReceiptStatus};

use crate::{
    audit::MacKey,
    envelope::Certificate,
    ids::Organization,
    policy::PolicySource,
    random::Randomness,
    store::{Holder, RowKey, Store},
};

/// The recovery keys of one organization.
#[derive(Debug)]
pub struct Escrow {
    store: Arc<dyn Store>,
    organization: Organization,
    policies: Arc<dyn PolicySource>,
    /// The first one is primary: keys that come in clear are sealed to it.
    certificates: Vec<Certificate>,
    rng: Arc<dyn Randomness>,
    mac_key: Option<MacKey>,
    limits: UploadLimits,
    /// Devices that stay claimed until the last batch of a run of checks.
    held: Mutex<Vec<(Holder, Vec<RowKey>)>>,
}

impl Escrow {
    /// Begins to set one up over a store, for one organization.
    pub fn builder(store: Arc<dyn Store>, organization: Organization) -> EscrowBuilder {
        EscrowBuilder::new(store, organization)
    }

    /// The organization.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// The certificates that are known, the primary one first. They come from configuration, never from the
    /// store.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

#[cfg(test)]
mod tests;
