//! What must be true of a device?
//!
//! [`Policy`] is what an organization decided, one document (TOML or JSON) with a section per platform. It
//! is parsed, not validated: a value of these types broke no rule, and every error names the field, the
//! rule and the page the rule comes from. It never sees a device, a certificate or the time.

pub mod bitlocker;
pub mod document;
mod error;
pub mod escrow;
pub mod fields;
pub mod filevault;
pub(crate) mod identifiers;
mod json_schema;
pub mod luks;
mod organization;
pub mod posture;
pub mod recovery;
pub mod retention;
pub mod rotation;
mod source;
pub(crate) mod text;

use serde::{Deserialize, Serialize};

pub use bitlocker::{BitLockerPolicy, BitLockerSettings};
pub use document::{Explained, Origin, PolicyDocument};
pub(crate) use error::Violations;
pub use error::{PolicyError, Violation};
pub use escrow::{EscrowRules, Level};
pub use filevault::{FileVaultPolicy, FileVaultSettings};
pub use identifiers::{FixedIdentifiers, FixedPayload, FixedProfile};
pub use json_schema::json_schema;
pub use luks::{LuksPolicy, LuksSettings};
pub use organization::{OrganizationDetails, OrganizationSettings};
pub use posture::PostureRules;
pub use recovery::{BreakGlassRules, RecoveryRules};
pub use retention::RetentionRules;
pub use rotation::{Cause, RotationRules};
pub use source::{DefaultPolicy, PolicySource};
pub use text::MAX_TEXT_BYTES;

use crate::{
    canonical::Canonical,
    ids::{Digest, Platform},
};

/// A policy document as a person writes it, not checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PolicySettings {
    /// Whose policy it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationSettings>,
    /// What is asked of Macs; left out, nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filevault: Option<FileVaultSettings>,
    /// What is asked of BitLocker; left out, nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bitlocker: Option<BitLockerSettings>,
    /// What is asked of LUKS volumes; left out, nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub luks: Option<LuksSettings>,
    /// What is asked of recovery keys in escrow; left out, the defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escrow: Option<EscrowRules>,
    /// By when disks are to be encrypted; left out, the defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posture: Option<PostureRules>,
    /// When keys are replaced; left out, the defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<RotationRules>,
    /// Who may see a key; left out, the defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoveryRules>,
    /// How long keys are kept; left out, the defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionRules>,
}

/// What an organization decided: a document that broke no rule.
///
/// Its serde form is that of [`PolicySettings`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PolicySettings", into = "PolicySettings")]
pub struct Policy {
    organization: Option<OrganizationDetails>,
    filevault: Option<FileVaultPolicy>,
    bitlocker: Option<BitLockerPolicy>,
    luks: Option<LuksPolicy>,
    escrow: Option<EscrowRules>,
    posture: Option<PostureRules>,
    rotation: Option<RotationRules>,
    recovery: Option<RecoveryRules>,
    retention: Option<RetentionRules>,
    digest: Digest,
}

impl Policy {
    /// Takes settings that break no rule.
    ///
    /// # Errors
    /// [`PolicyError::Invalid`] with every broken rule of every section.
    pub fn new(settings: PolicySettings) -> Result<Self, PolicyError> {
        let digest = digest_of(&settings);
        let mut violations = Violations::default();
        let organization = settings.organization.map(OrganizationDetails::new).transpose();
        let filevault = settings.filevault.map(FileVaultPolicy::new).transpose();
        let bitlocker = settings.bitlocker.map(BitLockerPolicy::new).transpose();
        let luks = settings.luks.map(LuksPolicy::new).transpose();
        if let Err(error) = &organization {
            violations.extend(error);
        }
        if let Err(error) = &filevault {
            violations.extend(error);
        }
        if let Err(error) = &bitlocker {
            violations.extend(error);
        }
        match &luks {
            Ok(luks) => {
                let released = luks.as_ref().is_some_and(LuksPolicy::takes_released_key);
                violations.require(
                    !released || settings.recovery.as_ref().is_some_and(|rules| rules.release_to_device),
                    "luks.authorize",
                    "lists `released_key`, and recovery.release_to_device is false: no key is released to a device",
                    "recovery.release_to_device",
                );
            }
            Err(error) => violations.extend(error),
        }
        if let Some(rules) = &settings.rotation {
            rules.check(&mut violations);
        }
        if let Some(rules) = &settings.recovery {
            rules.check(&mut violations);
        }
        if let Some(rules) = &settings.retention {
            rules.check(&mut violations);
        }
        violations.or(())?;
        Ok(Self {
            organization: organization?,
            filevault: filevault?,
            bitlocker: bitlocker?,
            luks: luks?,
            escrow: settings.escrow,
            posture: settings.posture,
            rotation: settings.rotation,
            recovery: settings.recovery,
            retention: settings.retention,
            digest,
        })
    }

    /// Reads a TOML document.
    ///
    /// # Errors
    /// [`PolicyError::Syntax`] if it is not TOML, has an unknown field or a value of the wrong type;
    /// [`PolicyError::Invalid`] if it breaks a rule.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        Self::new(toml::from_str(text).map_err(|error| PolicyError::syntax(&error))?)
    }

    /// Reads a JSON document.
    ///
    /// # Errors
    /// As [`Policy::from_toml`], for JSON.
    pub fn from_json(text: &str) -> Result<Self, PolicyError> {
        Self::new(serde_json::from_str(text).map_err(|error| PolicyError::syntax(&error))?)
    }

    /// The document as TOML; what has its default value is left out.
    ///
    /// # Errors
    /// [`PolicyError::Syntax`] if the TOML writer refuses it.
    pub fn to_toml(&self) -> Result<String, PolicyError> {
        toml::to_string_pretty(&self.settings()).map_err(|error| PolicyError::syntax(&error))
    }

    /// The document as JSON; what has its default value is left out.
    ///
    /// # Errors
    /// [`PolicyError::Syntax`] if the JSON writer refuses it.
    pub fn to_json(&self) -> Result<String, PolicyError> {
        serde_json::to_string_pretty(&self.settings()).map_err(|error| PolicyError::syntax(&error))
    }

    /// Whose policy it is, if the document says so.
    pub fn organization(&self) -> Option<&OrganizationDetails> {
        self.organization.as_ref()
    }

    /// What is asked of Macs; nothing if `None`.
    pub fn filevault(&self) -> Option<&FileVaultPolicy> {
        self.filevault.as_ref()
    }

    /// What is asked of BitLocker; nothing if `None`.
    pub fn bitlocker(&self) -> Option<&BitLockerPolicy> {
        self.bitlocker.as_ref()
    }

    /// What is asked of LUKS volumes; nothing if `None`.
    pub fn luks(&self) -> Option<&LuksPolicy> {
        self.luks.as_ref()
    }

    /// What is asked of recovery keys in escrow; the defaults if the document does not say.
    pub fn escrow(&self) -> EscrowRules {
        self.escrow.clone().unwrap_or_default()
    }

    /// By when disks are to be encrypted; the defaults if the document does not say.
    pub fn posture(&self) -> PostureRules {
        self.posture.unwrap_or_default()
    }

    /// When keys are replaced; the defaults if the document does not say.
    pub fn rotation(&self) -> RotationRules {
        self.rotation.clone().unwrap_or_default()
    }

    /// Who may see a key; the defaults if the document does not say.
    pub fn recovery(&self) -> RecoveryRules {
        self.recovery.clone().unwrap_or_default()
    }

    /// How long keys are kept; the defaults if the document does not say.
    pub fn retention(&self) -> RetentionRules {
        self.retention.clone().unwrap_or_default()
    }

    /// SHA-256 over the document's canonical JSON (RFC 8785), in which what has its default value is left out:
    /// the same for every way to write the same policy, TOML or JSON.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The settings.
    pub fn settings(&self) -> PolicySettings {
        PolicySettings {
            organization: self.organization.clone().map(Into::into),
            filevault: self.filevault.clone().map(Into::into),
            bitlocker: self.bitlocker.clone().map(Into::into),
            luks: self.luks.clone().map(Into::into),
            escrow: self.escrow.clone(),
            posture: self.posture,
            rotation: self.rotation.clone(),
            recovery: self.recovery.clone(),
            retention: self.retention.clone(),
        }
    }
}

/// SHA-256 of the canonical JSON.
fn digest_of(settings: &PolicySettings) -> Digest {
    // Settings are text, whole numbers, lists and maps with text for keys: all of that has a canonical form.
    let canonical = Canonical::of(settings).map(|document| document.to_string());
    Digest::of(canonical.unwrap_or_default().as_bytes())
}

impl Policy {
    /// Whether disks of this platform are to be encrypted.
    pub fn demands_encryption(&self, platform: Platform) -> bool {
        match platform {
            Platform::MacOs => self.filevault.as_ref().is_some_and(FileVaultPolicy::enforces),
            Platform::Windows => self.bitlocker.as_ref().is_some_and(BitLockerPolicy::enforces),
            Platform::Linux => self.luks.is_some(),
        }
    }

    /// Whether PCs are to ask for a PIN when they start.
    pub fn demands_startup_pin(&self) -> bool {
        self.bitlocker.as_ref().is_some_and(BitLockerPolicy::requires_pin)
    }
}

/// A policy that says nothing but this.
impl From<EscrowRules> for Policy {
    fn from(rules: EscrowRules) -> Self {
        let settings = PolicySettings { escrow: Some(rules), ..PolicySettings::default() };
        Self { digest: digest_of(&settings), escrow: settings.escrow, ..Self::of_nothing() }
    }
}

impl TryFrom<PolicySettings> for Policy {
    type Error = PolicyError;

    fn try_from(settings: PolicySettings) -> Result<Self, PolicyError> {
        Self::new(settings)
    }
}

impl From<Policy> for PolicySettings {
    fn from(policy: Policy) -> Self {
        policy.settings()
    }
}

#[cfg(test)]
mod tests;
