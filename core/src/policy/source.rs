//! Which policy does a device follow?

use std::{fmt, sync::Arc};

use super::{Policy, PolicySettings};

/// Where policies come from: the organization's, or that of a group. It may answer otherwise from one call to the
/// next; a device is judged by the one that is answered then.
pub trait PolicySource: fmt::Debug + Send + Sync {
    /// The policy of this group; of devices without a group, if there is none.
    fn policy(&self, group: Option<&str>) -> Arc<Policy>;
}

/// One policy for every group; it is copied for every answer, which a shared one is not.
impl PolicySource for Policy {
    fn policy(&self, _group: Option<&str>) -> Arc<Policy> {
        Arc::new(self.clone())
    }
}

/// One policy for every group.
impl PolicySource for Arc<Policy> {
    fn policy(&self, _group: Option<&str>) -> Arc<Policy> {
        Self::clone(self)
    }
}

/// The policy of an organization that decided nothing: keys are kept and checked by the defaults.
#[derive(Clone, Debug)]
pub struct DefaultPolicy(Arc<Policy>);

impl DefaultPolicy {
    /// The defaults.
    pub fn new() -> Self {
        Self(Arc::new(Policy::of_nothing()))
    }
}

impl Default for DefaultPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl PolicySource for DefaultPolicy {
    fn policy(&self, _group: Option<&str>) -> Arc<Policy> {
        Arc::clone(&self.0)
    }
}

impl Policy {
    /// Nothing is asked.
    pub(super) fn of_nothing() -> Self {
        let digest = super::digest_of(&PolicySettings::default());
        Self {
            organization: None,
            filevault: None,
            bitlocker: None,
            luks: None,
            escrow: None,
            posture: None,
            rotation: None,
            recovery: None,
            retention: None,
            digest,
        }
    }
}
