//! What does an agent on a Linux device receive so that a LUKS policy becomes true?
//!
//! A [`LuksPlan`]: a versioned JSON document without secrets. It names volumes, the kind of slot, what may authorize
//! it, the certificates that the new key is sealed to, and what is never touched. How to get there is the agent's
//! business (`agent::luks`); what a slot of ours is known by is the [`EscrowToken`].

mod schema;
mod token;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use schema::plan_schema;
pub use token::{EscrowToken, TOKEN_TYPE, token_type};

use super::ProfileError;
use crate::{
    envelope::Certificate,
    ids::Organization,
    key::Kind,
    policy::{
        LuksPolicy, OrganizationDetails,
        filevault::EmbeddedCertificate,
        luks::{Authorization, VolumeChoice},
    },
};

/// The version of the document that this library writes and reads.
pub const PLAN_VERSION: u32 = 1;

/// The largest plan that is read, in bytes.
pub const MAX_PLAN_BYTES: usize = 256 * 1024;

/// Tokens of others that open a volume: their slots are never removed.
pub const FOREIGN_TOKENS: &[&str] =
    &["clevis", "systemd-fido2", "systemd-pkcs11", "systemd-tpm2", "ubuntu-fde", "ubuntu-fde-recovery"];

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
    /// The key file; left out, the one that `/etc/crypttab` names.
    pub key_file: Option<String>,
    /// The certificates that the new key is sealed to, all of them. At least one.
    pub seal_to: Vec<EmbeddedCertificate>,
    /// What is never removed.
    pub never_touch: NeverTouch,
    /// Where the header is copied to before it is changed. The copy is removed when the change is done: the old slot
    /// would live on in it.
    pub backup_directory: String,
}

/// A key slot for recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SlotPlan {
    /// The kind of its key: `luks`, `systemd` or `snapd`.
    pub kind: Kind,
    /// How the key is stretched; left out where the device decides (snapd).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kdf: Option<Kdf>,
    /// The type of the token that names the slot as escrowed (LUKS2; LUKS1 has no tokens).
    pub token: String,
}

/// How a key is stretched before it opens its slot. The keys of this library have 128 random bits or more, so the
/// cheapest way is as safe as any, and checks on a server cost milliseconds rather than a gigabyte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Kdf {
    /// PBKDF2 (RFC 8018 §5.2).
    #[non_exhaustive]
    Pbkdf2 {
        /// The hash function of its HMAC.
        hash: KdfHash,
        /// At least so many iterations, and no benchmark. The agent draws up to 65,535 more, by which it knows its slot
        /// again.
        iterations: u32,
    },
}

/// A hash function, by the name that cryptsetup has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum KdfHash {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl KdfHash {
    /// The name that cryptsetup has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

/// What an agent never removes, even where it could. What no [`EscrowToken`] of the plan's organization names is
/// not removed in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NeverTouch {
    /// Slots, by number.
    pub slots: BTreeSet<u8>,
    /// Slots that a token of one of these types names.
    pub token_types: BTreeSet<String>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_file: Option<String>,
    seal_to: Vec<EmbeddedCertificate>,
    never_touch: NeverTouch,
    backup_directory: String,
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
        let kdf = (settings.slot != Kind::Snapd)
            .then_some(Kdf::Pbkdf2 { hash: KdfHash::Sha512, iterations: settings.iterations });
        let mut token_types: BTreeSet<String> = FOREIGN_TOKENS.iter().map(|token| (*token).to_owned()).collect();
        token_types.extend(settings.keep_tokens.iter().cloned());
        Ok(Self {
            organization: organization.organization().clone(),
            volumes: settings.volumes.clone(),
            slot: SlotPlan { kind: settings.slot, kdf, token: token_type(settings.slot).to_owned() },
            authorize: settings.authorize.clone(),
            key_file: settings.key_file.clone(),
            seal_to: certificates
                .iter()
                .map(|certificate| EmbeddedCertificate::from_der(certificate.der().to_vec()))
                .collect(),
            never_touch: NeverTouch { slots: settings.keep_slots.clone(), token_types },
            backup_directory: settings.backup_directory.clone(),
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
        let read = std::str::from_utf8(json).ok().and_then(|json| serde_json::from_str(json).ok());
        read.ok_or(ProfileError::Syntax("not a LUKS plan of version 1"))
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

    /// The certificates that the new key is sealed to, all of which an agent must have pinned: whoever can change a plan on
    /// its way would have keys sealed to himself.
    ///
    /// # Errors
    /// [`ProfileError::CertificateNotPinned`] for the first that is not among the pinned ones; [`ProfileError::Syntax`] if one
    /// of them cannot be read.
    pub fn recipients(&self, pinned: &[Certificate]) -> Result<Vec<Certificate>, ProfileError> {
        let wanted = self.certificates()?;
        match wanted.iter().find(|certificate| !pinned.contains(certificate)) {
            Some(other) => Err(ProfileError::CertificateNotPinned(other.fingerprint())),
            None => Ok(wanted),
        }
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
            key_file: plan.key_file,
            seal_to: plan.seal_to,
            never_touch: plan.never_touch,
            backup_directory: plan.backup_directory,
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
        let mut settings = crate::policy::LuksSettings {
            volumes: written.volumes.clone(),
            slot: written.slot.kind,
            authorize: written.authorize.clone(),
            key_file: written.key_file.clone(),
            keep_slots: written.never_touch.slots.clone(),
            keep_tokens: written.never_touch.token_types.clone(),
            backup_directory: written.backup_directory.clone(),
            ..crate::policy::LuksSettings::default()
        };
        if let Some(Kdf::Pbkdf2 { iterations, .. }) = written.slot.kdf {
            settings.iterations = iterations;
        }
        LuksPolicy::new(settings)?;
        if written.slot.kdf.is_some() == (written.slot.kind == Kind::Snapd) {
            return Err(ProfileError::Syntax("a plan has a kdf exactly where the slot is not snapd's"));
        }
        if written.slot.token != token_type(written.slot.kind) {
            return Err(ProfileError::Syntax("its token has another type than those of this library"));
        }
        let plan = Self {
            organization,
            volumes: written.volumes,
            slot: written.slot,
            authorize: written.authorize,
            key_file: written.key_file,
            seal_to: written.seal_to,
            never_touch: written.never_touch,
            backup_directory: written.backup_directory,
        };
        if plan.certificates()?.is_empty() {
            return Err(ProfileError::CertificateMissing);
        }
        Ok(plan)
    }
}
