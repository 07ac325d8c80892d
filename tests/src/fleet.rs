//! A fleet that is not there: devices, their keys, an escrow over a store, and a clock that stands still.
//!
//! [`Fleet`] is the server's side; [`mac`], [`agent`] and [`in_clear`] say what devices send; [`Custodian`]
//! is an escrow certificate with its private key, made once per process. `over_every_store!` makes a test of
//! each case over each store, a [`SqliteFile`] among them. [`FaultyIdentity`] and [`InterruptedStore`] are how
//! the world fails at the worst moment.
#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "these types are for tests of this workspace alone"
)]

mod custodian;
mod faulty;
mod interrupted;
mod places;
mod schedule;
mod sent;

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use fdescrow::{
    Actor, DeviceId, Digest, Error, Escrow, KeyId, Organization, Randomness, Timestamp,
    envelope::{Certificate, Keyring},
    escrow::{
        CheckOptions, CheckReport, EscrowBuilder, Receipt, Reveal, Revealed, RewrapOptions, RewrapReport, Upload,
    },
    random::RandomnessError,
    store::{Corrupt, Row, Store, Table, conformance::Fixture},
};

pub use custodian::Custodian;
pub use faulty::{FaultyIdentity, Health};
pub use interrupted::InterruptedStore;
pub use places::SqliteFile;
pub use schedule::Schedule;
pub use sent::{Sent, agent, in_clear, mac, mac_sealing, nonsense};

/// The time at which tests begin: 2026-09-21T14:13:20Z.
pub const NOW: i64 = 1_790_000_000;

/// So many seconds after the beginning.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(NOW + seconds).unwrap()
}

/// A device.
pub fn device(name: impl Into<String>) -> DeviceId {
    DeviceId::new(name).unwrap()
}

/// Somebody.
pub fn actor(name: impl Into<String>) -> Actor {
    Actor::new(name).unwrap()
}

/// SHA-256 in counter mode over a seed: every source that is made in a process gives other bytes.
#[derive(Debug)]
pub struct Seeded {
    seed: u64,
    counter: AtomicU64,
}

impl Seeded {
    /// The next source.
    pub fn next() -> Arc<Self> {
        static SEEDS: AtomicU64 = AtomicU64::new(1);
        Arc::new(Self { seed: SEEDS.fetch_add(1, Ordering::Relaxed), counter: AtomicU64::new(0) })
    }
}

impl Randomness for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for chunk in out.chunks_mut(32) {
            let counter = self.counter.fetch_add(1, Ordering::Relaxed);
            let block = Digest::of(&[self.seed.to_be_bytes(), counter.to_be_bytes()].concat());
            chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// An escrow over a store, and what an operator does with it.
#[derive(Debug)]
pub struct Fleet {
    /// The store itself, without whatever stands between it and the escrow.
    pub store: Arc<dyn Store>,
    /// The escrow.
    pub escrow: Escrow,
}

impl Fleet {
    /// The escrow of `example.com` over a fresh store: keys in clear are sealed to [`Custodian::curve`], and
    /// [`Custodian::first`] and [`Custodian::second`] are known.
    pub fn of(fixture: &dyn Fixture) -> Self {
        Self::over(fixture.store())
    }

    /// The same over this store.
    pub fn over(store: Arc<dyn Store>) -> Self {
        let escrow = Self::builder(Arc::clone(&store)).build().unwrap();
        Self { store, escrow }
    }

    /// How [`Fleet::over`] builds the escrow, to be changed.
    pub fn builder(store: Arc<dyn Store>) -> EscrowBuilder {
        Self::builder_for(store, "example.com")
    }

    /// The same for another organization.
    pub fn builder_for(store: Arc<dyn Store>, organization: &str) -> EscrowBuilder {
        let certificates = [Custodian::curve(), Custodian::first(), Custodian::second()];
        Escrow::builder(store, Organization::new(organization).unwrap())
            .randomness(Seeded::next())
            .certificates(certificates.map(|custodian| custodian.certificate.clone()))
    }

    /// The escrow with other certificates, the primary one first.
    pub fn with_certificates(store: Arc<dyn Store>, certificates: &[&Custodian]) -> Self {
        let certificates: Vec<Certificate> =
            certificates.iter().map(|custodian| custodian.certificate.clone()).collect();
        let escrow = Self::builder(Arc::clone(&store)).certificates(certificates).build().unwrap();
        Self { store, escrow }
    }

    /// Receives what has to be received.
    pub fn receive(&self, upload: Upload, now: Timestamp) -> Receipt {
        self.escrow.receive(upload, now).unwrap()
    }

    /// Receives a Mac's key that was sealed to [`Custodian::first`].
    pub fn receive_from_mac(&self, device: &DeviceId, now: Timestamp) -> (Sent, Receipt) {
        let sent = mac_sealing(Custodian::first());
        let receipt = self.receive(sent.upload(device), now);
        (sent, receipt)
    }

    /// Checks batch by batch until nothing is due, in not more than a thousand batches.
    pub fn check(&self, keyring: &Keyring, now: Timestamp) -> CheckReport {
        let mut whole = CheckReport::default();
        for _ in 0..1000 {
            let report = self.escrow.check(keyring, &CheckOptions::default(), now).unwrap();
            whole.add(&report);
            if !report.more {
                return whole;
            }
        }
        panic!("there is still more after a thousand batches: {whole:?}");
    }

    /// Re-wraps batch by batch until the end.
    pub fn rewrap(&self, keyring: &Keyring, to: &Custodian, now: Timestamp) -> RewrapReport {
        let mut whole = RewrapReport::default();
        let mut options = RewrapOptions::default();
        for _ in 0..1000 {
            let report = self.escrow.rewrap(keyring, &to.certificate, &options, now).unwrap();
            whole.rewrapped += report.rewrapped;
            whole.already += report.already;
            whole.quarantined += report.quarantined;
            whole.unavailable += report.unavailable;
            whole.failures.extend(report.failures);
            match report.next {
                Some(next) => options = options.after(Some(next)),
                None => return whole,
            }
        }
        panic!("there is still more after a thousand batches");
    }

    /// Reveals for `ana`, who lost a passphrase.
    ///
    /// # Errors
    /// As [`Escrow::reveal`].
    pub fn reveal(&self, device: &DeviceId, keyring: &Keyring, now: Timestamp) -> Result<Revealed, Error> {
        self.escrow.reveal(Reveal::of(device).by(&actor("ana")).reason("lost passphrase"), keyring, now)
    }

    /// Reveals exactly this key for `ana`.
    ///
    /// # Errors
    /// As [`Escrow::reveal`].
    pub fn reveal_key(
        &self,
        device: &DeviceId,
        key: KeyId,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<Revealed, Error> {
        let wanted = Reveal::of(device).key(key).by(&actor("ana")).reason("lost passphrase");
        self.escrow.reveal(wanted, keyring, now)
    }

    /// The words of the actions in a device's chain, the oldest first.
    pub fn actions(&self, device: &DeviceId) -> Vec<String> {
        let mut actions = Vec::new();
        loop {
            let after = u64::try_from(actions.len()).unwrap();
            let page = self.escrow.audit_of(device, after, 1000).unwrap();
            if page.is_empty() {
                return actions;
            }
            actions.extend(page.iter().map(|entry| entry.action().to_string()));
        }
    }

    /// Holds that the audit is intact.
    pub fn assert_intact(&self) {
        let report = self.escrow.verify_audit(&[], None).unwrap();
        assert!(report.is_intact(), "{report:?}");
    }

    /// Every row of the organization, table by table, and how many cannot be read.
    pub fn rows(&self) -> (Vec<Row>, usize) {
        rows(&*self.store, self.escrow.organization())
    }
}

/// Every row of an organization, table by table, and how many cannot be read.
pub fn rows(store: &dyn Store, organization: &Organization) -> (Vec<Row>, usize) {
    let (mut rows, mut unreadable) = (Vec::new(), 0);
    let mut visit = |row: Result<&Row, &Corrupt>| {
        match row {
            Ok(row) => rows.push(row.clone()),
            Err(_) => unreadable += 1,
        }
        ControlFlow::Continue(())
    };
    store.snapshot(organization, Table::ALL, &mut visit).unwrap();
    (rows, unreadable)
}
