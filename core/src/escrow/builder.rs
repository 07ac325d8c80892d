//! How is an escrow set up?

use std::sync::{Arc, Mutex};

use super::{Error, Escrow};
use crate::{
    audit::MacKey,
    envelope::Certificate,
    ids::Organization,
    policy::{DefaultPolicy, PolicySource},
    random::Randomness,
    store::Store,
};

/// How much one device may send on one day. What is over it is refused; what is there is never dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadLimits {
    /// New keys. Default: 100.
    pub keys_per_day: u32,
    /// Audit entries caused by uploads. Default: 1,000. A sighting over it is answered and not recorded.
    pub entries_per_day: u32,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self { keys_per_day: 100, entries_per_day: 1000 }
    }
}

impl UploadLimits {
    /// The limits with another number of keys.
    #[must_use]
    pub fn keys_per_day(mut self, keys_per_day: u32) -> Self {
        self.keys_per_day = keys_per_day;
        self
    }

    /// The limits with another number of audit entries.
    #[must_use]
    pub fn entries_per_day(mut self, entries_per_day: u32) -> Self {
        self.entries_per_day = entries_per_day;
        self
    }
}

/// What an [`Escrow`] is made of.
#[derive(Debug)]
#[must_use]
pub struct EscrowBuilder {
    store: Arc<dyn Store>,
    organization: Organization,
    policies: Arc<dyn PolicySource>,
    certificates: Vec<Certificate>,
    rng: Option<Arc<dyn Randomness>>,
    mac_key: Option<MacKey>,
    limits: UploadLimits,
}

impl EscrowBuilder {
    pub(super) fn new(store: Arc<dyn Store>, organization: Organization) -> Self {
        Self {
            store,
            organization,
            policies: Arc::new(DefaultPolicy::new()),
            certificates: Vec::new(),
            rng: None,
            mac_key: None,
            limits: UploadLimits::default(),
        }
    }

    /// Where randomness comes from. Must be given.
    pub fn randomness(mut self, rng: Arc<dyn Randomness>) -> Self {
        self.rng = Some(rng);
        self
    }

    /// The policies of the organization: one [`Policy`](crate::Policy), or a source that answers per group.
    /// Without it, the defaults of [`EscrowRules`](crate::policy::EscrowRules).
    pub fn policies(mut self, policies: Arc<dyn PolicySource>) -> Self {
        self.policies = policies;
        self
    }

    /// The certificates of the organization, the primary one first: keys that arrive in clear are sealed to it, and
    /// profiles carry it. The others are those that keys were sealed to before.
    pub fn certificates(mut self, certificates: impl IntoIterator<Item = Certificate>) -> Self {
        self.certificates = certificates.into_iter().collect();
        self
    }

    /// A key, held outside of the store, that authenticates the entries of the audit.
    pub fn mac_key(mut self, mac_key: MacKey) -> Self {
        self.mac_key = Some(mac_key);
        self
    }

    /// How much one device may send on one day.
    pub fn limits(mut self, limits: UploadLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The escrow. The store is not called.
    ///
    /// # Errors
    /// [`Error::Misuse`] if randomness is missing.
    pub fn build(self) -> Result<Escrow, Error> {
        let rng = self.rng.ok_or(Error::Misuse("an escrow needs a source of randomness"))?;
        Ok(Escrow {
            store: self.store,
            organization: self.organization,
            policies: self.policies,
            certificates: self.certificates,
            rng,
            mac_key: self.mac_key,
            limits: self.limits,
            held: Mutex::new(Vec::new()),
        })
    }
}
