//! Which combinations does Windows reject, and which would lose the key or never come true?
//!
//! One rule a line, each with the field, the reason and the page. Every broken rule is reported, not only
//! the first.

use super::{
    BitLockerSettings, EnforcedBy, Enforcement, RecoveryOptions, RemovableDrives, Startup, SystemDrive, Usage,
};
use crate::policy::{
    bitlocker::Before,
    error::{PolicyError, Violations},
    text::is_xml_char,
};

const STARTUP: &str = "BitLocker CSP, SystemDrivesRequireStartupAuthentication";
const CONFLICTS: &str = "BitLocker group policy settings, Require additional authentication at startup, Conflicts";
const PIN_LENGTH: &str = "BitLocker CSP, SystemDrivesMinimumPINLength";
const SILENT: &str = "BitLocker CSP, AllowWarningForOtherDiskEncryption";
const STANDARD_USERS: &str = "BitLocker CSP, AllowStandardUserEncryption";
const DEVICE_ENCRYPTION: &str = "BitLocker CSP, RequireDeviceEncryption";
const RECOVERY: &str = "BitLocker CSP, SystemDrivesRecoveryOptions and FixedDrivesRecoveryOptions";
const MESSAGE: &str = "BitLocker CSP, SystemDrivesRecoveryMessage";
const IDENTIFICATION: &str = "BitLocker CSP, IdentificationField";
const REMOVABLE: &str = "BitLocker CSP, RemovableDrivesRequireEncryption";
const RO_AND_STARTUP_KEY: &str = "FVE_E_POLICY_CONFLICT_RO_AND_STARTUP_KEY_REQUIRED, 0x80310087";
const REMOVABLE_TYPE: &str = "BitLocker CSP, RemovableDrivesEncryptionType";
const EXCLUDED: &str = "BitLocker CSP, RemovableDrivesExcludedFromEncryption";

/// The longest recovery message, in characters.
pub(super) const MAX_MESSAGE: usize = 900;
/// The longest recovery address, in characters.
pub(super) const MAX_URL: usize = 500;
/// The longest identification field, in characters.
pub(super) const MAX_IDENTIFICATION: usize = 260;
/// How short and how long the shortest PIN may be.
pub(super) const PIN_LENGTHS: (u8, u8) = (4, 20);
/// The most hardware IDs, and the longest of them: limits of ours.
const MAX_EXCLUDED: (usize, usize) = (256, 200);

pub(super) fn check(settings: &BitLockerSettings) -> Result<(), PolicyError> {
    let mut violations = Violations::default();
    let nothing = BitLockerSettings { join: settings.join, ..BitLockerSettings::default() };
    violations.require(*settings != nothing, "bitlocker", "asks for nothing", "leave out the section instead");
    if let Some(enforcement) = &settings.enforcement {
        check_enforcement(enforcement, settings, &mut violations);
    }
    system_drive(&settings.system_drive, &mut violations);
    if let Some(recovery) = &settings.fixed_drives.recovery {
        recoverable(*recovery, "bitlocker.fixed_drives.recovery.password", &mut violations);
    }
    removable_drives(&settings.removable_drives, settings, &mut violations);
    if let Some(identification) = &settings.identification {
        text(
            &mut violations,
            "bitlocker.identification.field",
            &identification.field,
            MAX_IDENTIFICATION,
            IDENTIFICATION,
        );
        if let Some(allowed) = &identification.allowed {
            text(&mut violations, "bitlocker.identification.allowed", allowed, MAX_IDENTIFICATION, IDENTIFICATION);
        }
    }
    violations.or(())
}

fn check_enforcement(enforcement: &Enforcement, settings: &BitLockerSettings, violations: &mut Violations) {
    let windows = enforcement.by == EnforcedBy::Windows;
    violations.require(
        windows || !enforcement.silent,
        "bitlocker.enforcement.silent",
        "has no effect unless Windows turns BitLocker on (by = \"windows\")",
        SILENT,
    );
    violations.require(
        !windows || enforcement.before_encryption == Before::default(),
        "bitlocker.enforcement.before_encryption",
        "has no effect where Windows turns BitLocker on: it waits for no escrow but Active Directory's and Entra's",
        DEVICE_ENCRYPTION,
    );
    violations.require(
        !enforcement.silent || settings.join.entra(),
        "bitlocker.enforcement.silent",
        "needs devices that are joined to Entra: elsewhere Windows ignores it, and asks",
        SILENT,
    );
    violations.require(
        enforcement.silent || !enforcement.standard_users,
        "bitlocker.enforcement.standard_users",
        "needs silent: Windows ignores it otherwise",
        STANDARD_USERS,
    );
    let asks = settings.system_drive.startup.is_some_and(|startup| {
        [startup.pin, startup.startup_key, startup.pin_and_startup_key].contains(&Usage::Required)
    });
    violations.require(
        !(enforcement.silent && asks),
        "bitlocker.enforcement.silent",
        "contradicts system_drive.startup: nobody is asked, and a PIN or a startup key is required",
        SILENT,
    );
}

fn system_drive(drive: &SystemDrive, violations: &mut Violations) {
    if let Some(startup) = drive.startup {
        check_startup(startup, violations);
    }
    let no_pin = drive
        .startup
        .is_some_and(|startup| startup.pin == Usage::Disallowed && startup.pin_and_startup_key == Usage::Disallowed);
    if let Some(length) = drive.minimum_pin_length {
        let (low, high) = PIN_LENGTHS;
        violations.require(
            (low..=high).contains(&length),
            "bitlocker.system_drive.minimum_pin_length",
            "is outside of 4 to 20",
            PIN_LENGTH,
        );
        violations.require(
            !no_pin,
            "bitlocker.system_drive.minimum_pin_length",
            "has no effect: system_drive.startup disallows every PIN",
            PIN_LENGTH,
        );
    }
    if let Some(recovery) = drive.recovery {
        recoverable(recovery, "bitlocker.system_drive.recovery.password", violations);
    }
    let Some(message) = &drive.recovery_message else { return };
    violations.require(
        message.message.is_none() || message.url.is_none(),
        "bitlocker.system_drive.recovery_message",
        "has a message and a URL: the screen shows one of them",
        MESSAGE,
    );
    if let Some(message) = &message.message {
        text(violations, "bitlocker.system_drive.recovery_message.message", message, MAX_MESSAGE, MESSAGE);
    }
    if let Some(url) = &message.url {
        text(violations, "bitlocker.system_drive.recovery_message.url", url, MAX_URL, MESSAGE);
    }
}

fn check_startup(startup: Startup, violations: &mut Violations) {
    let ways = [startup.tpm, startup.pin, startup.startup_key, startup.pin_and_startup_key];
    let count = |usage| ways.iter().filter(|way| **way == usage).count();
    violations.require(
        count(Usage::Required) <= 1,
        "bitlocker.system_drive.startup",
        "requires more than one way to start: Windows reports a policy error",
        STARTUP,
    );
    violations.require(
        count(Usage::Required) == 0 || count(Usage::Allowed) == 0,
        "bitlocker.system_drive.startup",
        "requires one way to start and allows another: disallow the others",
        CONFLICTS,
    );
    violations.require(
        count(Usage::Disallowed) < ways.len(),
        "bitlocker.system_drive.startup",
        "disallows every way to start a device that has a TPM",
        STARTUP,
    );
}

fn recoverable(recovery: RecoveryOptions, field: &'static str, violations: &mut Violations) {
    violations.require(
        recovery.password != Usage::Disallowed,
        field,
        "is disallowed: there would be no recovery password to escrow",
        RECOVERY,
    );
}

fn removable_drives(drives: &RemovableDrives, settings: &BitLockerSettings, violations: &mut Violations) {
    let required = drives.require_encryption == Some(true);
    violations.require(
        required || !drives.deny_other_organizations,
        "bitlocker.removable_drives.deny_other_organizations",
        "needs require_encryption",
        REMOVABLE,
    );
    violations.require(
        settings.identification.is_some() || !drives.deny_other_organizations,
        "bitlocker.removable_drives.deny_other_organizations",
        "needs bitlocker.identification: by its fields drives are told apart",
        REMOVABLE,
    );
    let by_key = settings
        .system_drive
        .startup
        .is_some_and(|startup| [startup.startup_key, startup.pin_and_startup_key].contains(&Usage::Required));
    violations.require(
        !(required && by_key),
        "bitlocker.removable_drives.require_encryption",
        "conflicts with a startup key that is required: it lies on a removable drive that is not encrypted",
        RO_AND_STARTUP_KEY,
    );
    violations.require(
        drives.encryption_type.is_none() || drives.control.is_some_and(|control| control.allow),
        "bitlocker.removable_drives.encryption_type",
        "needs removable_drives.control with allow",
        REMOVABLE_TYPE,
    );
    let (most, longest) = MAX_EXCLUDED;
    let plain = |id: &String| {
        !id.is_empty() && id.len() <= longest && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
    };
    violations.require(
        drives.excluded.len() <= most && drives.excluded.iter().all(plain),
        "bitlocker.removable_drives.excluded",
        "has more than 256 hardware IDs, or one that is not 1 to 200 visible ASCII characters without a comma",
        EXCLUDED,
    );
}

/// Requires a text of at most so many characters, in one line, that a CSP node can carry.
fn text(violations: &mut Violations, field: &'static str, text: &str, most: usize, page: &'static str) {
    violations.require(!text.trim().is_empty(), field, "is blank", "leave it out instead");
    // Windows counts in UTF-16
    violations.require(text.encode_utf16().count() <= most, field, format!("is longer than {most} characters"), page);
    violations.require(
        text.chars().all(|c| is_xml_char(c) && !c.is_control()),
        field,
        "has control characters, or others that XML cannot carry",
        "XML 1.0 §2.2, Char; §3.3.3",
    );
}
