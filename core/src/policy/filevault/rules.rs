//! Which combinations does Apple reject, and which would lose the key or never come true?
//!
//! One rule a line, each with the field, the reason and the page. Every broken rule is reported, not only
//! the first.

use der::Decode as _;
use x509_cert::Certificate;

use super::{FileVaultSettings, schema::BYPASS_ATTEMPTS};
use crate::policy::{
    error::{PolicyError, Violations},
    text::{is_language, require_carried, require_text},
};

const ENABLE: &str = "com.apple.MCX.FileVault2.yaml, Enable";
const SETUP_ASSISTANT: &str = "com.apple.MCX.FileVault2.yaml, ForceEnableInSetupAssistant; observed since macOS 14.4";
const BYPASS: &str = "com.apple.MCX.FileVault2.yaml, DeferForceAtUserLoginMaxBypassAttempts";
const ASK: &str = "com.apple.MCX.FileVault2.yaml, DeferDontAskAtUserLogout; fdesetup(8), -dontaskatlogout";
const USE_KEY: &str = "com.apple.MCX.FileVault2.yaml, UseRecoveryKey and Certificate";
const SHOW_KEY: &str = "com.apple.MCX.FileVault2.yaml, ShowRecoveryKey";
const CERTIFICATE: &str = "com.apple.MCX.FileVault2.yaml, Certificate";
const OPTIONS: &str = "com.apple.MCX(FileVault2).yaml, dontAllowFDEEnable";
const CONSENT: &str = "TopLevel.yaml, ConsentText";

pub(super) fn check(settings: &FileVaultSettings) -> Result<(), PolicyError> {
    let mut violations = Violations::default();
    let options = settings.options;
    violations.require(
        settings.enforcement.is_some() || settings.escrow.is_some() || options != super::Options::default(),
        "filevault",
        "asks for nothing: neither enforcement, nor escrow, nor an option",
        "TopLevel.yaml, PayloadContent",
    );
    enforcement(settings, &mut violations);
    if let Some(escrow) = &settings.escrow {
        require_text(&mut violations, "filevault.escrow.location", &escrow.location);
        if let Some(device_key) = &escrow.device_key {
            require_text(&mut violations, "filevault.escrow.device_key", device_key);
        }
        if let Some(name) = &escrow.certificate_file_name {
            require_text(&mut violations, "filevault.escrow.certificate_file_name", name);
        }
    }
    violations.require(
        !(options.dont_allow_enable && options.dont_allow_disable),
        "filevault.options",
        "forbids to turn FileVault on and to turn it off: a Mac could never leave the state it happens to be in",
        OPTIONS,
    );
    let profile = &settings.profile;
    require_carried(&mut violations, "filevault.profile.display_name", &profile.display_name);
    if let Some(description) = &profile.description {
        require_text(&mut violations, "filevault.profile.description", description);
    }
    for (language, text) in &profile.consent_text {
        violations.require(
            is_language(language),
            "filevault.profile.consent_text",
            "has a language that is neither a BCP 47 tag such as en or pt-BR nor `default`",
            CONSENT,
        );
        require_text(&mut violations, "filevault.profile.consent_text", text);
    }
    violations.or(())
}

fn enforcement(settings: &FileVaultSettings, violations: &mut Violations) {
    let Some(enforcement) = &settings.enforcement else { return };
    violations.require(
        enforcement.defer,
        "filevault.enforcement.defer",
        "is false: an MDM server can turn FileVault on only deferred, or with a user's password in the profile",
        ENABLE,
    );
    violations.require(
        enforcement.defer || !enforcement.setup_assistant,
        "filevault.enforcement.setup_assistant",
        "needs defer: Setup Assistant does not ask where Defer is not sent too",
        SETUP_ASSISTANT,
    );
    if let Some(attempts) = enforcement.max_bypass_attempts {
        let (low, high) = BYPASS_ATTEMPTS;
        violations.require(
            (low..=high).contains(&attempts),
            "filevault.enforcement.max_bypass_attempts",
            "is outside of -1 to 9999",
            BYPASS,
        );
        violations.require(
            enforcement.defer,
            "filevault.enforcement.max_bypass_attempts",
            "has no meaning without defer",
            BYPASS,
        );
    }
    let asked_at_login = enforcement.max_bypass_attempts.is_some_and(|attempts| attempts >= 0);
    violations.require(
        enforcement.ask_at_logout || asked_at_login || enforcement.setup_assistant,
        "filevault.enforcement.ask_at_logout",
        "is false, and neither max_bypass_attempts nor setup_assistant asks elsewhere: FileVault would never be turned on",
        ASK,
    );
    violations.require(
        enforcement.use_recovery_key,
        "filevault.enforcement.use_recovery_key",
        "is false: no personal recovery key is made, and Apple silicon has no institutional one, so nothing recovers the disk",
        USE_KEY,
    );
    violations.require(
        enforcement.show_recovery_key || settings.escrow.is_some(),
        "filevault.enforcement.show_recovery_key",
        "is false without escrow: nobody would ever see the key",
        SHOW_KEY,
    );
    violations.require(
        !settings.options.dont_allow_enable,
        "filevault.options.dont_allow_enable",
        "contradicts enforcement: FileVault must be turned on and must not be",
        OPTIONS,
    );
    if let Some(certificate) = &enforcement.institutional_certificate {
        violations.require(
            Certificate::from_der(certificate.as_der()).is_ok(),
            "filevault.enforcement.institutional_certificate",
            "is not the DER of an X.509 certificate",
            CERTIFICATE,
        );
    }
}
