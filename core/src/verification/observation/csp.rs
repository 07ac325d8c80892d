//! What does the BitLocker CSP say of a device as a whole?
//!
//! `./Device/Vendor/MSFT/BitLocker/Status/…`: answers about the device, of which most name no volume. They come as a
//! JSON object (nodes by name or by LocURI) or as the SyncML that the device sent. 0 means that the device is as its
//! policy demands, which is nothing where the policy demands nothing: only together with `RequireDeviceEncryption` 1
//! does it say that the disk is encrypted.

mod syncml;

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    ObservationError, Reading, Report, Source, VolumeReading,
    draft::Draft,
    json::{self, Json},
};
use crate::{ids::Platform, time::Timestamp};

/// What the status nodes say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CspReading {
    /// `Status/DeviceEncryptionStatus`: what keeps the device from what its policy demands; empty: nothing.
    pub problems: Option<Vec<DeviceEncryptionProblem>>,
    /// `Status/RotateRecoveryPasswordsStatus`.
    pub rotation: Option<RotationStatus>,
    /// `Status/RotateRecoveryPasswordsRequestID`: which request that is about.
    pub rotation_request: Option<String>,
    /// `Status/RemovableDrivesEncryptionStatus`: whether removable drives are as the policy demands.
    pub removable_drives: Option<bool>,
    /// `RequireDeviceEncryption`: whether encryption is demanded.
    pub required: Option<bool>,
}

/// How far Windows is with new recovery passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RotationStatus {
    /// They were made and backed up.
    Done,
    /// It works on it.
    Pending,
    /// Nothing was begun.
    NotStarted,
    /// It failed with this HRESULT.
    Failed(u32),
}

impl RotationStatus {
    /// The word in documents and `--json` output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Pending => "pending",
            Self::NotStarted => "not_started",
            Self::Failed(_) => "failed",
        }
    }
}

macro_rules! problems {
    ($( $(#[$doc:meta])* $variant:ident = $bit:literal, $word:literal; )*) => {
        /// A bit of `DeviceEncryptionStatus`. Graph's `advancedBitLockerStates` orders its bits otherwise.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[non_exhaustive]
        pub enum DeviceEncryptionProblem {
            $( $(#[$doc])* #[serde(rename = $word)] $variant, )*
            /// A bit that is not assigned yet.
            #[serde(rename = "reserved")]
            Reserved,
        }

        impl DeviceEncryptionProblem {
            /// Every problem that has a bit.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// Its bit, 0 to 15; none: reserved.
            pub fn bit(self) -> Option<u32> {
                match self { $( Self::$variant => Some($bit), )* Self::Reserved => None }
            }

            /// The word in documents and `--json` output.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* Self::Reserved => "reserved" }
            }
        }
    };
}

problems! {
    /// A user has to agree: the wizard was not run.
    UserConsentNeeded = 0, "user_consent_needed";
    /// The operating system's volume is encrypted otherwise than the policy demands.
    OsVolumeMethodMismatch = 1, "os_volume_method_mismatch";
    /// The operating system's volume is not protected.
    OsVolumeUnprotected = 2, "os_volume_unprotected";
    /// The policy demands the TPM alone.
    TpmOnlyRequired = 3, "tpm_only_required";
    /// The policy demands TPM and PIN.
    TpmPinRequired = 4, "tpm_pin_required";
    /// The policy demands TPM and start-up key.
    TpmStartupKeyRequired = 5, "tpm_startup_key_required";
    /// The policy demands TPM, PIN and start-up key.
    TpmPinStartupKeyRequired = 6, "tpm_pin_startup_key_required";
    /// The policy demands a protector with the TPM, and there is none.
    TpmRequired = 7, "tpm_required";
    /// The recovery password could not be backed up.
    RecoveryKeyBackupFailed = 8, "recovery_key_backup_failed";
    /// A fixed drive is not protected.
    FixedDriveUnprotected = 9, "fixed_drive_unprotected";
    /// A fixed drive is encrypted otherwise than the policy demands.
    FixedDriveMethodMismatch = 10, "fixed_drive_method_mismatch";
    /// The user is no administrator, and the policy does not let others encrypt.
    AdministratorRequired = 11, "administrator_required";
    /// The recovery environment is not set up.
    WinReNotConfigured = 12, "win_re_not_configured";
    /// There is no TPM, or it is off.
    TpmNotAvailable = 13, "tpm_not_available";
    /// The TPM is not ready.
    TpmNotReady = 14, "tpm_not_ready";
    /// There was no network to back up the recovery password.
    NetworkUnavailable = 15, "network_unavailable";
}

/// The nodes that are read, by the end of their LocURI.
const NODES: [&str; 5] = [
    "DeviceEncryptionStatus",
    "RemovableDrivesEncryptionStatus",
    "RequireDeviceEncryption",
    "RotateRecoveryPasswordsRequestID",
    "RotateRecoveryPasswordsStatus",
];

/// The longest id of a request that is kept.
const MAX_REQUEST: usize = 255;

/// Reads nodes.
pub(super) fn read(bytes: &[u8], at: Timestamp) -> Result<Report, ObservationError> {
    let text = json::text(bytes)?;
    let pairs = if text.trim_start().starts_with('<') { syncml::items(&text)? } else { members(bytes)? };
    let mut draft = Draft::new(Source::Csp, at);
    draft.platform(Platform::Windows);
    let mut nodes: BTreeMap<&'static str, Option<String>> = BTreeMap::new();
    for (uri, data) in pairs {
        let last = uri.rsplit('/').next().unwrap_or_default();
        match NODES.iter().find(|node| **node == last) {
            Some(node) => {
                nodes
                    .entry(node)
                    .and_modify(|known| *known = known.take().filter(|known| *known == data))
                    .or_insert(Some(data));
            }
            None => draft.ignore("node", "is none that is read"),
        }
    }
    let reading = interpret(&nodes, &mut draft);
    let mut boot = VolumeReading::new(None);
    if let Some(problems) = &reading.problems {
        if problems.contains(&DeviceEncryptionProblem::OsVolumeUnprotected) {
            boot.protected = Reading::No;
        } else if problems.is_empty() && reading.required == Some(true) {
            (boot.encrypted, boot.protected) = (Reading::Yes, Reading::Yes);
        }
        draft.volume(boot);
    }
    draft.report.csp = Some(reading);
    Ok(draft.finish())
}

/// The members of an object; numbers as text.
fn members(bytes: &[u8]) -> Result<Vec<(String, String)>, ObservationError> {
    let document = Json::read(bytes)?;
    let Some(members) = document.map() else { return Err(ObservationError::Syntax("it is no object of nodes")) };
    let text = |value: &Json| match value {
        Json::Whole(number) => number.to_string(),
        value => value.text().unwrap_or_default().to_owned(),
    };
    Ok(members.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}

fn interpret(nodes: &BTreeMap<&'static str, Option<String>>, draft: &mut Draft) -> CspReading {
    let mut number = |node: &'static str| -> Option<i64> {
        let data = nodes.get(node)?;
        let number = data.as_deref().and_then(json::whole).and_then(|number| i64::try_from(number).ok());
        if number.is_none() {
            draft.ignore(node, "is no number, or is named twice and differently");
        }
        number
    };
    let status = number("DeviceEncryptionStatus");
    let rotation = number("RotateRecoveryPasswordsStatus");
    let removable = number("RemovableDrivesEncryptionStatus");
    let required = number("RequireDeviceEncryption");
    let request = nodes.get("RotateRecoveryPasswordsRequestID").cloned().flatten();
    let printable = |text: &String| (1..=MAX_REQUEST).contains(&text.len()) && !text.contains(char::is_control);
    let bits = status.map(u32::try_from);
    if bits.is_some_and(|bits| bits.is_err()) {
        draft.ignore("DeviceEncryptionStatus", "is no mask of 32 bits");
    }
    CspReading {
        problems: bits.and_then(Result::ok).map(problems),
        rotation: rotation.and_then(rotation_status),
        rotation_request: request.filter(printable),
        removable_drives: removable.map(|number| number == 0),
        required: required.and_then(|number| [false, true].get(usize::try_from(number).ok()?).copied()),
    }
}

fn problems(bits: u32) -> Vec<DeviceEncryptionProblem> {
    let is_set = |problem: &&DeviceEncryptionProblem| problem.bit().is_some_and(|bit| bits >> bit & 1 == 1);
    let reserved = (bits >> 16 != 0).then_some(DeviceEncryptionProblem::Reserved);
    DeviceEncryptionProblem::ALL.iter().filter(is_set).copied().chain(reserved).collect()
}

/// 2 not started, 1 pending, 0 done; anything else is an HRESULT, with a sign or without.
fn rotation_status(number: i64) -> Option<RotationStatus> {
    match number {
        0 => Some(RotationStatus::Done),
        1 => Some(RotationStatus::Pending),
        2 => Some(RotationStatus::NotStarted),
        number => {
            let unsigned = u32::try_from(number).ok();
            let signed = || i32::try_from(number).ok().map(i32::cast_unsigned);
            unsigned.or_else(signed).map(RotationStatus::Failed)
        }
    }
}
