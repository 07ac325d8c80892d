//! What does the BitLocker CSP say of a device as a whole?
//!
//! `./Device/Vendor/MSFT/BitLocker/Status/…`: answers about the device, of which most name no volume.

use serde::Serialize;

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
