//! Certificates, policies and profiles that the tests share.

use std::sync::LazyLock;

use fdescrow::{
    Timestamp,
    envelope::{Certificate, NewCertificate, PrivateKey, private_key::KeyAlgorithm},
    policy::{FileVaultPolicy, OrganizationDetails, OrganizationSettings, Policy},
    profile::{FileVaultCertificate, OpensWith, ParsedProfile, Profile, ProfileLimits, parse, render},
};
use fdescrow_identities::SystemRandomness;

pub(crate) fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

pub(crate) fn generate(subject: &str, algorithm: KeyAlgorithm, from: &str, until: &str) -> (Certificate, PrivateKey) {
    let new = NewCertificate::new(subject, algorithm, from.parse().unwrap(), until.parse().unwrap()).unwrap();
    new.generate(&SystemRandomness::new()).unwrap()
}

pub(crate) fn valid(subject: &str, algorithm: KeyAlgorithm) -> (Certificate, PrivateKey) {
    generate(subject, algorithm, "2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z")
}

/// RSA-2048, valid for years.
pub(crate) static ESCROW: LazyLock<(Certificate, PrivateKey)> =
    LazyLock::new(|| valid("CN=Escrow", KeyAlgorithm::Rsa2048));

/// Another one.
pub(crate) static OTHER: LazyLock<(Certificate, PrivateKey)> =
    LazyLock::new(|| valid("CN=Other", KeyAlgorithm::Rsa2048));

pub(crate) fn checked(certificate: &Certificate) -> FileVaultCertificate {
    FileVaultCertificate::new(certificate.clone(), OpensWith::Pkcs1v15, now()).unwrap()
}

pub(crate) fn organization() -> OrganizationDetails {
    let mut settings = OrganizationSettings::default();
    settings.id = "example.com".to_owned();
    settings.name = Some("Example Ltd".to_owned());
    settings.identifier = "com.example".to_owned();
    OrganizationDetails::new(settings).unwrap()
}

/// A policy from the lines below `[filevault]`.
pub(crate) fn policy(toml: &str) -> FileVaultPolicy {
    Policy::from_toml(toml).unwrap().filevault().unwrap().clone()
}

pub(crate) const BOTH: &str = "
    [filevault.enforcement]
    max_bypass_attempts = 0
    show_recovery_key = false
    [filevault.escrow]
    location = 'Example Ltd'
    [filevault.options]
    dont_allow_disable = true
";

pub(crate) fn rendered(policy: &FileVaultPolicy) -> Profile {
    let certificate = policy.escrows().then(|| checked(&ESCROW.0));
    render(policy, certificate.as_ref(), &organization()).unwrap()
}

pub(crate) fn parsed(bytes: &[u8]) -> ParsedProfile {
    parse(bytes, &ProfileLimits::default()).unwrap()
}

/// The property list as the crate `plist` reads it.
pub(crate) fn tree(profile: &Profile) -> plist::Dictionary {
    plist::Value::from_reader_xml(profile.as_bytes()).unwrap().into_dictionary().unwrap()
}

pub(crate) fn payloads(root: &plist::Dictionary) -> Vec<&plist::Dictionary> {
    root.get("PayloadContent").unwrap().as_array().unwrap().iter().map(|item| item.as_dictionary().unwrap()).collect()
}
