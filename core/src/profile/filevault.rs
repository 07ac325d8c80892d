//! What does a Mac receive so that a FileVault policy becomes true?
//!
//! One system profile of up to four payloads: turning FileVault on, sealing the recovery key to a
//! certificate, that certificate, and what people may do. [`render`] takes a policy that broke no rule and a
//! certificate that was checked for this purpose, and writes a key exactly where its value is not Apple's
//! default.

mod rotate_command;

use ::plist::{Dictionary, Value};
pub use rotate_command::{FileVaultUnlock, rotate_command};

use super::{Profile, ProfileError, plist};
use crate::{
    envelope::{Certificate, Identity, KeyAlgorithm, PublicKey, Validity},
    policy::{
        FileVaultPolicy, OrganizationDetails, PolicyError, Violations,
        filevault::{Enforcement, KeyEscrow, Options, ProfileSettings, Scope},
        identifiers::{Part, uuid_of},
    },
    time::Timestamp,
};

/// The smallest RSA key that recovery keys are escrowed to, in bits.
pub const MIN_RSA_BITS: u32 = 2048;

/// What the holder of an escrow certificate's private key can open.
///
/// macOS seals with PKCS#1 v1.5 (RFC 8017 §7.2) and with nothing else. A key service that offers OAEP alone
/// could never open what comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpensWith {
    /// OAEP alone, as some key services do.
    OaepOnly,
    /// PKCS#1 v1.5: private keys in memory, and devices with the bare RSA operation or their own unpadding.
    Pkcs1v15,
}

impl OpensWith {
    /// What this identity permits.
    pub fn of(identity: &dyn Identity) -> Self {
        if identity.permits(&KeyAlgorithm::RsaPkcs1v15) { Self::Pkcs1v15 } else { Self::OaepOnly }
    }
}

/// A certificate that macOS can escrow a recovery key to, and whose owner can open what comes back.
#[derive(Clone, Debug)]
pub struct FileVaultCertificate(Certificate);

impl FileVaultCertificate {
    /// Takes a certificate that serves for FileVault at `now`: RSA of at least [`MIN_RSA_BITS`], valid, and with
    /// a private key that opens PKCS#1 v1.5.
    ///
    /// keyEncipherment is not demanded: macOS does not look at it.
    ///
    /// # Errors
    /// [`PolicyError::Invalid`] with every reason why it does not serve.
    pub fn new(certificate: Certificate, opens_with: OpensWith, now: Timestamp) -> Result<Self, PolicyError> {
        let mut violations = Violations::default();
        if let Some(problem) = key_problem(&certificate) {
            violations.require(false, FIELD, problem, PKCS1);
        }
        violations.require(
            opens_with == OpensWith::Pkcs1v15,
            FIELD,
            "has a private key that opens OAEP alone: what macOS seals with PKCS#1 v1.5 could never be opened",
            PKCS1,
        );
        match certificate.validity(now) {
            Validity::Expired => violations.require(false, FIELD, "has expired: macOS would stop escrowing", VALIDITY),
            Validity::NotYetValid => violations.require(false, FIELD, "is not valid yet", VALIDITY),
            Validity::Valid => {}
        }
        violations.or(Self(certificate))
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.0
    }
}

/// Why macOS could not seal to this key with PKCS#1 v1.5, or nobody should want it to.
pub(super) fn key_problem(certificate: &Certificate) -> Option<&'static str> {
    match certificate.public_key() {
        PublicKey::Rsa(key) if key.bits() >= MIN_RSA_BITS => None,
        PublicKey::Rsa(_) => Some("has an RSA key of less than 2048 bits"),
        _ => Some("has no RSA key: macOS seals with PKCS#1 v1.5, and only RSA opens that"),
    }
}

const FIELD: &str = "certificate";
const PKCS1: &str = "RFC 8017 §7.2; com.apple.security.FDERecoveryKeyEscrow.yaml, EncryptCertPayloadUUID";
const VALIDITY: &str = "RFC 5280 §4.1.2.5";

/// Renders the profile: the same input, the same bytes.
///
/// The certificate is given exactly when the policy escrows ([`FileVaultPolicy::escrows`]): one that is
/// missing would lose the key, and one that is not used would be taken for an escrow that never happens.
///
/// # Errors
/// [`ProfileError::CertificateMissing`] or [`ProfileError::CertificateUnused`].
pub fn render(
    policy: &FileVaultPolicy,
    certificate: Option<&FileVaultCertificate>,
    organization: &OrganizationDetails,
) -> Result<Profile, ProfileError> {
    let settings = policy.settings();
    let mut payloads = Vec::new();
    if let Some(enforcement) = &settings.enforcement {
        payloads.push(payload(Part::FileVault, organization, enforcement_keys(enforcement)));
    }
    match (&settings.escrow, certificate) {
        (Some(escrow), Some(certificate)) => {
            payloads.push(payload(Part::Escrow, organization, escrow_keys(escrow, organization)));
            payloads.push(payload(Part::Certificate, organization, certificate_keys(escrow, certificate)));
        }
        (Some(_), None) => return Err(ProfileError::CertificateMissing),
        (None, Some(_)) => return Err(ProfileError::CertificateUnused),
        (None, None) => {}
    }
    if settings.options != Options::default() {
        payloads.push(payload(Part::Options, organization, options_keys(settings.options)));
    }

    let names = organization.profile_names();
    let mut root = profile_keys(&settings.profile, organization);
    put(&mut root, "PayloadContent", Value::Array(payloads.into_iter().map(Value::Dictionary).collect()));
    put(&mut root, "PayloadIdentifier", names.identifier.as_str());
    put(&mut root, "PayloadType", "Configuration");
    put(&mut root, "PayloadVersion", 1);
    let uuid = names.uuid.unwrap_or_else(|| {
        // the organization keeps two of them apart that render the same content
        let mut content = organization.organization().as_str().as_bytes().to_vec();
        content.push(0);
        content.extend_from_slice(&plist::canonical(&root));
        uuid_of(&content)
    });
    put(&mut root, "PayloadUUID", uuid.as_str());
    Ok(Profile { bytes: plist::write(&root)?, identifier: names.identifier, uuid })
}

fn payload(part: Part, organization: &OrganizationDetails, keys: Dictionary) -> Dictionary {
    let names = organization.payload_names(part);
    let mut payload = keys;
    put(&mut payload, "PayloadIdentifier", names.identifier);
    put(&mut payload, "PayloadType", part.payload_type());
    put(&mut payload, "PayloadUUID", names.uuid);
    put(&mut payload, "PayloadVersion", 1);
    if !names.display_name.is_empty() {
        put(&mut payload, "PayloadDisplayName", names.display_name);
    }
    payload
}

fn enforcement_keys(enforcement: &Enforcement) -> Dictionary {
    let mut keys = Dictionary::new();
    put(&mut keys, "Enable", "On");
    put_unless_default(&mut keys, "Defer", enforcement.defer, false);
    put_unless_default(&mut keys, "UserEntersMissingInfo", enforcement.user_enters_missing_info, false);
    put_unless_default(&mut keys, "UseRecoveryKey", enforcement.use_recovery_key, true);
    put_unless_default(&mut keys, "ShowRecoveryKey", enforcement.show_recovery_key, true);
    put_unless_default(&mut keys, "DeferDontAskAtUserLogout", !enforcement.ask_at_logout, false);
    put_unless_default(&mut keys, "ForceEnableInSetupAssistant", enforcement.setup_assistant, false);
    if let Some(attempts) = enforcement.max_bypass_attempts {
        put(&mut keys, "DeferForceAtUserLoginMaxBypassAttempts", attempts);
    }
    if let Some(certificate) = &enforcement.institutional_certificate {
        put(&mut keys, "Certificate", Value::Data(certificate.as_der().to_vec()));
    }
    keys
}

fn escrow_keys(escrow: &KeyEscrow, organization: &OrganizationDetails) -> Dictionary {
    let mut keys = Dictionary::new();
    put(&mut keys, "Location", escrow.location.as_str());
    put(&mut keys, "EncryptCertPayloadUUID", organization.payload_names(Part::Certificate).uuid);
    put_if_some(&mut keys, "DeviceKey", escrow.device_key.as_deref());
    keys
}

fn certificate_keys(escrow: &KeyEscrow, certificate: &FileVaultCertificate) -> Dictionary {
    let mut keys = Dictionary::new();
    put(&mut keys, "PayloadContent", Value::Data(certificate.certificate().der().to_vec()));
    put_if_some(&mut keys, "PayloadCertificateFileName", escrow.certificate_file_name.as_deref());
    keys
}

fn options_keys(options: Options) -> Dictionary {
    let mut keys = Dictionary::new();
    put_unless_default(&mut keys, "dontAllowFDEDisable", options.dont_allow_disable, false);
    put_unless_default(&mut keys, "dontAllowFDEEnable", options.dont_allow_enable, false);
    put_unless_default(&mut keys, "DestroyFVKeyOnStandby", options.destroy_key_on_standby, false);
    keys
}

fn profile_keys(profile: &ProfileSettings, organization: &OrganizationDetails) -> Dictionary {
    let mut keys = Dictionary::new();
    let display_name = Some(profile.display_name.as_str()).filter(|name| !name.is_empty());
    put_if_some(&mut keys, "PayloadDisplayName", display_name);
    put_if_some(&mut keys, "PayloadDescription", profile.description.as_deref());
    put_if_some(&mut keys, "PayloadOrganization", organization.name());
    put_unless_default(&mut keys, "PayloadRemovalDisallowed", profile.removal_disallowed, false);
    if profile.scope == Scope::System {
        put(&mut keys, "PayloadScope", "System");
    }
    if !profile.consent_text.is_empty() {
        let texts = profile.consent_text.iter().map(|(language, text)| (language.clone(), Value::from(text.as_str())));
        put(&mut keys, "ConsentText", Value::Dictionary(texts.collect()));
    }
    keys
}

fn put(keys: &mut Dictionary, name: &str, value: impl Into<Value>) {
    keys.insert(name.to_owned(), value.into());
}

fn put_if_some(keys: &mut Dictionary, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        put(keys, name, value);
    }
}

fn put_unless_default(keys: &mut Dictionary, name: &str, value: bool, default: bool) {
    if value != default {
        put(keys, name, value);
    }
}
