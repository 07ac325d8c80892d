//! What does an agent on a Linux device receive so that a LUKS policy becomes true?
//!
//! A [`LuksPlan`]: a versioned JSON document without secrets. It names volumes, the kind of slot, what may authorize
//! it, the certificates that the new key is sealed to, and what is never touched. How to get there, for one volume,
//! is the business of the planner in `agent::luks`, whose rules are made from a plan.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

<<<<<<< HEAD
pub use token::{EscrowToken, TOKEN_TYPE, token_type};

=======
>>>>>>> policy
use super::ProfileError;
use crate::{
    envelope::Certificate,
    ids::Organization,
    policy::{
        LuksPolicy, OrganizationDetails,
        filevault::EmbeddedCertificate,
        luks::{Authorization, SlotKind, VolumeChoice},
    },
};

/// The version of the document that this library writes and reads.
pub const PLAN_VERSION: u32 = 1;

/// The largest plan that is read, in bytes.
pub const MAX_PLAN_BYTES: usize = 256 * 1024;

/// What an agent is to make true of the LUKS volumes of its device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
#[non_exhaustive]
pub struct LuksPlan {
    /// Whose plan it is; slots of other organizations are not ours.
    pub organization: Organization,
    /// Which volumes get a slot.
    pub volumes: BTreeSet<VolumeChoice>,
    /// The slot that each of them gets.
    pub slot: SlotPlan,
    /// What may authorize the slot, in the order in which it is tried.
    pub authorize: Vec<Authorization>,
    /// The certificates that the new key is sealed to, all of them. At least one.
    pub seal_to: Vec<EmbeddedCertificate>,
    /// Slots that are never filled and never removed. What this library did not make is not removed in any case.
    pub never_touch: BTreeSet<u8>,
    /// Whether the header is backed up before it is changed, until the change is done.
    pub header_backup: bool,
}

/// A key slot for recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SlotPlan {
    /// The form of its key.
    pub kind: SlotKind,
    /// How the key is stretched.
    pub kdf: Kdf,
    /// The type of the token that names the slot as escrowed (LUKS2; LUKS1 has no tokens): that of the form.
    pub token: String,
}

/// How a key is stretched before it opens its slot. Such a key has 128 random bits or more, so the cheapest way is as
/// safe as any, and a check on a server costs milliseconds rather than a gigabyte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Kdf {
    /// PBKDF2 (RFC 8018 §5.2).
    #[non_exhaustive]
    Pbkdf2 {
<<<<<<< HEAD
        /// The hash function of its HMAC.
        hash: KdfHash,
        /// At least so many iterations, and no benchmark. The agent draws up to 65,535 more, by which it knows its slot
        /// again.
=======
        /// At least so many iterations: no benchmark decides.
>>>>>>> policy
        iterations: u32,
    },
}

/// The document as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    organization: String,
    volumes: BTreeSet<VolumeChoice>,
    slot: SlotPlan,
    authorize: Vec<Authorization>,
    seal_to: Vec<EmbeddedCertificate>,
    never_touch: BTreeSet<u8>,
    header_backup: bool,
}

impl LuksPlan {
    /// The plan of a policy: the same input, the same plan.
    ///
    /// # Errors
    /// [`ProfileError::CertificateMissing`] without a certificate: nobody could open what the agent sends.
    pub fn new(
        policy: &LuksPolicy,
        certificates: &[Certificate],
        organization: &OrganizationDetails,
    ) -> Result<Self, ProfileError> {
        if certificates.is_empty() {
            return Err(ProfileError::CertificateMissing);
        }
        let settings = policy.settings();
        Ok(Self {
            organization: organization.organization().clone(),
            volumes: settings.volumes.clone(),
<<<<<<< HEAD
            slot: SlotPlan { kind: settings.slot, kdf, token: token_type(settings.slot).to_owned() },
=======
            slot: SlotPlan {
                kind: settings.slot,
                kdf: Kdf::Pbkdf2 { iterations: settings.iterations },
                token: settings.slot.token().to_owned(),
            },
>>>>>>> policy
            authorize: settings.authorize.clone(),
            seal_to: certificates
                .iter()
                .map(|certificate| EmbeddedCertificate::from_der(certificate.der().to_vec()))
                .collect(),
            never_touch: settings.keep_slots.clone(),
            header_backup: settings.header_backup,
        })
    }

    /// Reads a plan, by the rules of a policy.
    ///
    /// # Errors
    /// [`ProfileError::Limit`] if it is larger than [`MAX_PLAN_BYTES`]; [`ProfileError::Syntax`] if it is not a plan of
    /// version [`PLAN_VERSION`], or asks for what a policy could not.
    pub fn from_json(json: &[u8]) -> Result<Self, ProfileError> {
        if json.len() > MAX_PLAN_BYTES {
            return Err(ProfileError::Limit("is larger than 256 KiB"));
        }
        serde_json::from_slice(json).map_err(|_| ProfileError::Syntax("not a LUKS plan of version 1"))
    }

    /// The document, indented, a line feed at the end.
    ///
    /// # Errors
    /// [`ProfileError::Syntax`] if the JSON writer refuses it, which it has no reason to.
    pub fn to_json(&self) -> Result<String, ProfileError> {
        let text =
            serde_json::to_string_pretty(self).map_err(|_| ProfileError::Syntax("the plan cannot be written"))?;
        Ok(format!("{text}\n"))
    }

    /// The certificates that the new key is sealed to.
    ///
    /// # Errors
    /// [`ProfileError::Syntax`] if one of them cannot be read.
    pub fn certificates(&self) -> Result<Vec<Certificate>, ProfileError> {
        let read = |embedded: &EmbeddedCertificate| Certificate::from_der(embedded.as_der());
        let certificates: Result<Vec<_>, _> = self.seal_to.iter().map(read).collect();
        certificates.map_err(|_| ProfileError::Syntax("a certificate of the plan is not one"))
    }
}

impl From<LuksPlan> for Written {
    fn from(plan: LuksPlan) -> Self {
        Self {
            version: PLAN_VERSION,
            organization: plan.organization.as_str().to_owned(),
            volumes: plan.volumes,
            slot: plan.slot,
            authorize: plan.authorize,
            seal_to: plan.seal_to,
            never_touch: plan.never_touch,
            header_backup: plan.header_backup,
        }
    }
}

impl TryFrom<Written> for LuksPlan {
    type Error = ProfileError;

    fn try_from(written: Written) -> Result<Self, ProfileError> {
        if written.version != PLAN_VERSION {
            return Err(ProfileError::Syntax("not a LUKS plan of version 1"));
        }
        let organization = Organization::new(written.organization)
            .map_err(|_| ProfileError::Syntax("its organization has no name"))?;
        // a plan is held to the rules of a policy, so that an agent needs none of its own
        let (volumes, slot) = (written.volumes.clone(), written.slot.kind);
        let mut settings =
            crate::policy::LuksSettings { volumes, slot, ..crate::policy::LuksSettings::default() };
        let Kdf::Pbkdf2 { iterations } = written.slot.kdf;
        settings.iterations = iterations;
        settings.authorize = written.authorize.clone();
        settings.keep_slots = written.never_touch.clone();
        LuksPolicy::new(settings)?;
<<<<<<< HEAD
        if written.slot.kdf.is_some() == (written.slot.kind == Kind::Snapd) {
            return Err(ProfileError::Syntax("a plan has a kdf exactly where the slot is not snapd's"));
        }
        if written.slot.token != token_type(written.slot.kind) {
            return Err(ProfileError::Syntax("its token has another type than those of this library"));
=======
        if written.slot.token != written.slot.kind.token() {
            return Err(ProfileError::Syntax("its token is not the one that names a slot of this kind"));
>>>>>>> policy
        }
        let plan = Self {
            organization,
            volumes: written.volumes,
            slot: written.slot,
            authorize: written.authorize,
            seal_to: written.seal_to,
            never_touch: written.never_touch,
            header_backup: written.header_backup,
        };
        if plan.certificates()?.is_empty() {
            return Err(ProfileError::CertificateMissing);
        }
        Ok(plan)
    }
}
