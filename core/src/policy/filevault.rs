//! What must be true of FileVault on a Mac?
//!
//! [`FileVaultPolicy`] says it: whether FileVault is enforced and when people are asked, whether the recovery
//! key is escrowed, what people may do. It is [`FileVaultSettings`] that passed every rule: combinations
//! that Apple rejects, that never come true or that would lose the key do not exist as a policy. A key of
//! the profile is written exactly where its value is not Apple's default, so that a policy and its profile
//! say the same in both directions.
//!
#![doc = include_str!("filevault/keys.md")]

mod rules;
pub mod schema;

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::PolicyError;

/// What a policy asks of FileVault, as a person writes it: any combination, not checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FileVaultSettings {
    /// FileVault is turned on; left out, another tool or the user turns it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<Enforcement>,
    /// The recovery key is sealed to the organization's certificate; left out, nobody else has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escrow: Option<KeyEscrow>,
    /// What people may do with FileVault.
    #[serde(skip_serializing_if = "is_default")]
    pub options: Options,
    /// How the profile presents itself.
    #[serde(skip_serializing_if = "is_default")]
    pub profile: ProfileSettings,
}

/// How FileVault is turned on (`com.apple.MCX.FileVault2`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Enforcement {
    /// The user who logs in or out turns FileVault on (`Defer`). True, and nothing else is allowed: without
    /// it the profile would have to carry a user's password.
    #[serde(skip_serializing_if = "is_true")]
    pub defer: bool,
    /// Setup Assistant turns FileVault on (`ForceEnableInSetupAssistant`): macOS 14 and automated device
    /// enrolment, with the profile delivered while the Mac awaits configuration. Elsewhere the rest applies.
    #[serde(skip_serializing_if = "is_false")]
    pub setup_assistant: bool,
    /// How often a user may put it off at login, −1 to 9999: 0 for never, −1 for not asking at login
    /// (`DeferForceAtUserLoginMaxBypassAttempts`). Left out, nothing is said to the Mac.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bypass_attempts: Option<i64>,
    /// Users are asked at logout too (`DeferDontAskAtUserLogout` is the opposite). Apple's default is true.
    #[serde(skip_serializing_if = "is_true")]
    pub ask_at_logout: bool,
    /// A missing name or password is asked for (`UserEntersMissingInfo`).
    #[serde(skip_serializing_if = "is_false")]
    pub user_enters_missing_info: bool,
    /// A personal recovery key is made (`UseRecoveryKey`). True, and nothing else is allowed: a Mac with
    /// Apple silicon would have no recovery key at all.
    #[serde(skip_serializing_if = "is_true")]
    pub use_recovery_key: bool,
    /// The user sees the recovery key (`ShowRecoveryKey`). Apple's default is true; false needs escrow.
    #[serde(skip_serializing_if = "is_true")]
    pub show_recovery_key: bool,
    /// The certificate of an institutional recovery key (`Certificate`). Macs with Apple silicon ignore it,
    /// and this library neither holds nor verifies such a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institutional_certificate: Option<EmbeddedCertificate>,
}

impl Default for Enforcement {
    fn default() -> Self {
        Self {
            defer: true,
            setup_assistant: false,
            max_bypass_attempts: None,
            ask_at_logout: true,
            user_enters_missing_info: false,
            use_recovery_key: true,
            show_recovery_key: true,
            institutional_certificate: None,
        }
    }
}

/// How the recovery key is escrowed (`com.apple.security.FDERecoveryKeyEscrow`).
///
/// The certificate is not part of the policy: rendering is given one that was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct KeyEscrow {
    /// Where the key goes, in words that macOS shows to the user who turns FileVault on (`Location`).
    pub location: String,
    /// What the user is shown to name this Mac to the help desk (`DeviceKey`). Left out, macOS shows the
    /// serial number, which is almost always better: a policy has one text for all of its Macs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_key: Option<String>,
    /// The file name that the certificate carries (`PayloadCertificateFileName`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_file_name: Option<String>,
}

/// What people may do with FileVault (`com.apple.MCX`). Apple's default is false for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Options {
    /// FileVault cannot be turned off (`dontAllowFDEDisable`).
    #[serde(skip_serializing_if = "is_false")]
    pub dont_allow_disable: bool,
    /// FileVault cannot be turned on (`dontAllowFDEEnable`).
    #[serde(skip_serializing_if = "is_false")]
    pub dont_allow_enable: bool,
    /// The key is removed from memory in standby (`DestroyFVKeyOnStandby`).
    #[serde(skip_serializing_if = "is_false")]
    pub destroy_key_on_standby: bool,
}

/// How the profile presents itself on the Mac.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ProfileSettings {
    /// Its name in System Settings (`PayloadDisplayName`); an empty one is not written. `FileVault` by default.
    #[serde(skip_serializing_if = "is_default_name")]
    pub display_name: String,
    /// What it is for (`PayloadDescription`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Nobody but an administrator may remove it where it was installed by hand (`PayloadRemovalDisallowed`).
    #[serde(skip_serializing_if = "is_false")]
    pub removal_disallowed: bool,
    /// What the user must agree to first (`ConsentText`), by language: BCP 47 tags, and `default`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub consent_text: BTreeMap<String, String>,
    /// For whom it is installed (`PayloadScope`).
    #[serde(skip_serializing_if = "is_default")]
    pub scope: Scope,
}

impl Default for ProfileSettings {
    fn default() -> Self {
        Self {
            display_name: DEFAULT_DISPLAY_NAME.to_owned(),
            description: None,
            removal_disallowed: false,
            consent_text: BTreeMap::new(),
            scope: Scope::default(),
        }
    }
}

/// What a profile is called unless the policy says otherwise.
pub const DEFAULT_DISPLAY_NAME: &str = "FileVault";

/// For whom the profile is installed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scope {
    /// Not written: an MDM server's device channel installs for the system anyway. By hand, macOS installs
    /// for the user, where FileVault payloads do not work.
    DeviceChannel,
    /// `System`, however it is installed.
    #[default]
    System,
}

/// A certificate inside a policy document: base64 of its DER, or PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct EmbeddedCertificate(Vec<u8>);

impl EmbeddedCertificate {
    /// Takes the DER of one X.509 certificate; the policy's rules check that it is one.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Self {
        Self(der.into())
    }

    /// The DER.
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for EmbeddedCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EmbeddedCertificate({} bytes)", self.0.len())
    }
}

impl Serialize for EmbeddedCertificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for EmbeddedCertificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let body = match text.split_once(PEM_BEGIN) {
            None => text.as_str(),
            Some((_, rest)) => rest.split_once(PEM_END).map_or(rest, |(body, _)| body),
        };
        let base64: String = body.split_ascii_whitespace().collect();
        STANDARD.decode(base64).map(Self).map_err(|_| serde::de::Error::custom("not base64 or PEM of a certificate"))
    }
}

const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";

/// What an organization decided about FileVault: settings that passed every rule.
///
/// Its serde form is that of [`FileVaultSettings`]; reading goes through [`FileVaultPolicy::new`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FileVaultSettings", into = "FileVaultSettings")]
pub struct FileVaultPolicy(FileVaultSettings);

impl FileVaultPolicy {
    /// Takes settings that break no rule.
    ///
    /// # Errors
    /// [`PolicyError::Invalid`] with every broken rule: the field, what is wrong, and the page that says so.
    pub fn new(settings: FileVaultSettings) -> Result<Self, PolicyError> {
        rules::check(&settings)?;
        Ok(Self(settings))
    }

    /// The settings.
    pub fn settings(&self) -> &FileVaultSettings {
        &self.0
    }

    /// Whether FileVault is turned on by this policy.
    pub fn enforces(&self) -> bool {
        self.0.enforcement.is_some()
    }

    /// Whether the recovery key is escrowed, so that rendering needs a certificate.
    pub fn escrows(&self) -> bool {
        self.0.escrow.is_some()
    }
}

impl TryFrom<FileVaultSettings> for FileVaultPolicy {
    type Error = PolicyError;

    fn try_from(settings: FileVaultSettings) -> Result<Self, PolicyError> {
        Self::new(settings)
    }
}

impl From<FileVaultPolicy> for FileVaultSettings {
    fn from(policy: FileVaultPolicy) -> Self {
        policy.0
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_true(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !*value
}

fn is_default_name(name: &str) -> bool {
    name == DEFAULT_DISPLAY_NAME
}
