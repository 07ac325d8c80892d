//! What does an error of BitLocker's mean, and what follows from it?
//!
//! The table is data. A code that it does not have is tried again like one that passes by itself: nothing is ever
//! concluded from an error about the state of a volume.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a method of `Win32_EncryptableVolume` returned: an `HRESULT`, 0 is success.
///
/// WMI hands it out as an unsigned number, most tools print it as a signed one: both are the same 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hresult(u32);

impl Hresult {
    /// From the number that WMI returns.
    pub fn new(code: u32) -> Self {
        Self(code)
    }

    /// From the signed number that logs show.
    pub fn from_signed(code: i32) -> Self {
        Self(code.cast_unsigned())
    }

    /// The unsigned number.
    pub fn code(self) -> u32 {
        self.0
    }

    /// The signed number.
    pub fn signed(self) -> i32 {
        self.0.cast_signed()
    }

    /// Its row in [`CODES`], if it has one.
    pub fn row(self) -> Option<&'static CodeRow> {
        CODES.iter().find(|row| row.code == self)
    }

    /// What follows from it.
    pub fn decision(self) -> Decision {
        self.row().map_or(Decision::Retry, |row| row.decision)
    }
}

impl fmt::Display for Hresult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08X}", self.0)
    }
}

impl fmt::Debug for Hresult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hresult({self})")
    }
}

/// What follows when a step failed. Whatever follows, the volume is looked at again before anything else is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// What the call wanted is so already, says Windows. Only the next observation is believed.
    LookAgain,
    /// It may pass by itself: the same step again, after a pause that doubles from a minute to an hour.
    Retry,
    /// Somebody at the device has to do something; the step is tried again every hour.
    Person,
    /// Policies contradict each other, or the agent lacks a right; the step is tried again every hour.
    Administrator,
    /// This device cannot do it; the step is tried again every day.
    Unsupported,
}

impl Decision {
    /// Every decision.
    pub const ALL: &'static [Self] =
        &[Self::LookAgain, Self::Retry, Self::Person, Self::Administrator, Self::Unsupported];

    /// The word in documents and serialized state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LookAgain => "look_again",
            Self::Retry => "retry",
            Self::Person => "person",
            Self::Administrator => "administrator",
            Self::Unsupported => "unsupported",
        }
    }

    /// Seconds before a step that failed so many times in a row is tried again.
    pub fn pause(self, failures: u32) -> i64 {
        match self {
            Self::LookAgain | Self::Retry => {
                let doublings = failures.saturating_sub(1).min(6);
                (60_i64 << doublings).min(3600)
            }
            Self::Person | Self::Administrator => 3600,
            Self::Unsupported => 86_400,
        }
    }
}

/// One row of [`CODES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeRow {
    /// The code.
    pub code: Hresult,
    /// Its name in Microsoft's headers.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// What follows.
    pub decision: Decision,
}

macro_rules! codes {
    ($( $code:literal $name:ident $decision:ident $meaning:literal; )*) => {
        /// The codes that are told apart, ascending.
        pub const CODES: &[CodeRow] = &[ $( CodeRow {
            code: Hresult($code), name: stringify!($name), meaning: $meaning, decision: Decision::$decision,
        }, )* ];
    };
}

// Names and numbers: Microsoft, "COM Error Codes (FVE)" and the pages of the methods.
codes! {
    0x8007_0005 E_ACCESSDENIED Administrator "the agent has no administrator's rights, or WMI's connection is not encrypted";
    0x8007_0057 E_INVALIDARG Administrator
        "an argument is refused: most often the encryption method is not the one that group policy sets";
    0x8007_045D ERROR_IO_DEVICE Retry "the drive answered with an I/O error";
    0x8007_3AFC ERROR_MUI_FILE_NOT_FOUND Retry "Windows did not find the text of an error; what the error was is not known";
    0x8028_4008 TBS_E_SERVICE_NOT_RUNNING Retry "TPM Base Services are not running";
    0x8029_0107 TBSIMP_E_INVALID_OUTPUT_POINTER Retry "the TPM's driver failed";
    0x8031_0000 FVE_E_LOCKED_VOLUME Person "the volume is locked";
    0x8031_0002 FVE_E_NO_TPM_BIOS Unsupported "the firmware knows no TPM";
    0x8031_0007 FVE_E_SECURE_KEY_REQUIRED LookAgain "the volume has no protector";
    0x8031_0008 FVE_E_NOT_ACTIVATED LookAgain "BitLocker is not turned on for the volume";
    0x8031_0011 FVE_E_TOO_SMALL Unsupported "the volume is too small";
    0x8031_0012 FVE_E_SYSTEM_VOLUME Unsupported "the volume holds what starts Windows, and cannot be encrypted";
    0x8031_0013 FVE_E_FAILED_WRONG_FS Unsupported "the file system is not supported";
    0x8031_0015 FVE_E_NOT_SUPPORTED Unsupported "the volume is not supported";
    0x8031_0018 FVE_E_TPM_NOT_OWNED Person "the TPM has no owner: it has to be prepared";
    0x8031_001D FVE_E_KEY_REQUIRED LookAgain "the last protector of an encrypted volume cannot be removed";
    0x8031_001E FVE_E_CLUSTERING_NOT_SUPPORTED Unsupported "the computer belongs to a cluster";
    0x8031_001F FVE_E_VOLUME_BOUND_ALREADY Administrator "the protector unlocks the volume automatically, and cannot be removed";
    0x8031_0023 FVE_E_FOREIGN_VOLUME Person "the volume was protected by another computer's TPM";
    0x8031_0028 FVE_E_NOT_OS_VOLUME Unsupported "a TPM can protect the volume of the operating system only";
    0x8031_002C FVE_E_POLICY_PASSWORD_REQUIRED LookAgain "group policy wants a recovery password on the volume first";
    0x8031_002D FVE_E_CANNOT_SET_FVEK_ENCRYPTED LookAgain "the volume is encrypted by another method already";
    0x8031_002E FVE_E_CANNOT_ENCRYPT_NO_KEY LookAgain "the volume has no protector";
    0x8031_0030 FVE_E_BOOTABLE_CDDVD Person "a bootable CD or DVD is in the drive";
    0x8031_0031 FVE_E_PROTECTOR_EXISTS LookAgain "a protector of that type is there already";
    0x8031_0033 FVE_E_PROTECTOR_NOT_FOUND LookAgain "the protector is not there";
    0x8031_0035 FVE_E_INVALID_PASSWORD_FORMAT Retry "the recovery password is not of the format; Windows makes ours itself";
    0x8031_0037 FVE_E_FIPS_PREVENTS_RECOVERY_PASSWORD Administrator "FIPS mode forbids recovery passwords";
    0x8031_0039 FVE_E_NOT_DECRYPTED LookAgain
        "the volume is not fully decrypted; also said of volumes that are, when they were prepared before";
    0x8031_003F FVE_E_TPM_DISABLED Person "the TPM is turned off in the firmware";
    0x8031_0040 FVE_E_NOT_ALLOWED_IN_SAFE_MODE Person "Windows runs in safe mode";
    0x8031_0043 FVE_E_PIN_INVALID Person "the PIN is refused";
    0x8031_0049 FVE_E_NO_LICENSE Unsupported "this edition of Windows has no BitLocker";
    0x8031_004E FVE_E_REBOOT_REQUIRED Person "the computer has to be restarted first";
    0x8031_0053 FVE_E_NOT_ALLOWED_IN_VERSION Unsupported "this edition of Windows cannot do it";
    0x8031_0057 FVE_E_TRANSIENT_STATE Retry "BitLocker is between two states";
    0x8031_005A FVE_E_NO_FEATURE_LICENSE Unsupported "this edition of Windows lacks the feature";
    0x8031_005B FVE_E_INVALID_STARTUP_OPTIONS Administrator "group policy's options for start-up contradict each other";
    0x8031_005C FVE_E_POLICY_RECOVERY_PASSWORD_NOT_ALLOWED Administrator "group policy forbids recovery passwords";
    0x8031_005D FVE_E_POLICY_RECOVERY_PASSWORD_REQUIRED LookAgain "group policy demands a recovery password";
    0x8031_005F FVE_E_POLICY_RECOVERY_KEY_REQUIRED Administrator "group policy demands a recovery key in a file, which is not made here";
    0x8031_0060 FVE_E_POLICY_STARTUP_PIN_NOT_ALLOWED Administrator "group policy forbids a PIN at start-up";
    0x8031_0061 FVE_E_POLICY_STARTUP_PIN_REQUIRED Administrator "group policy demands a PIN at start-up, our policy does not";
    0x8031_0062 FVE_E_POLICY_STARTUP_KEY_NOT_ALLOWED Administrator "group policy forbids a startup key";
    0x8031_0063 FVE_E_POLICY_STARTUP_KEY_REQUIRED Administrator "group policy demands a startup key";
    0x8031_0064 FVE_E_POLICY_STARTUP_PIN_KEY_NOT_ALLOWED Administrator "group policy forbids a PIN with a startup key";
    0x8031_0065 FVE_E_POLICY_STARTUP_PIN_KEY_REQUIRED Administrator "group policy demands a PIN with a startup key";
    0x8031_0066 FVE_E_POLICY_STARTUP_TPM_NOT_ALLOWED Administrator "group policy forbids to start by the TPM alone";
    0x8031_0067 FVE_E_POLICY_STARTUP_TPM_REQUIRED Administrator "group policy demands to start by the TPM alone";
    0x8031_0068 FVE_E_POLICY_INVALID_PIN_LENGTH Person "the PIN is shorter than group policy demands, or longer than 20 characters";
    0x8031_006A FVE_E_POLICY_PASSPHRASE_NOT_ALLOWED Administrator "group policy forbids a password for the volume";
    0x8031_0099 FVE_E_ENH_PIN_INVALID Person "the enhanced PIN is refused";
    0x8031_009A FVE_E_INVALID_PIN_CHARS Person "the PIN has characters other than digits, and group policy does not allow them";
    0x8031_00A5 FVE_E_FULL_ENCRYPTION_NOT_ALLOWED_ON_TP_STORAGE Administrator
        "thinly provisioned storage takes encryption of used space only";
    0x8031_00AA FVE_E_PASSPHRASE_TOO_LONG Person "the volume's password is longer than 256 characters";
    0x8031_00AC FVE_E_NO_TPM_WITH_PASSPHRASE Person "a volume with a password takes no TPM protector";
    0x8031_00AD FVE_E_NOT_ALLOWED_ON_CSV_STACK Unsupported "the volume is shared by a cluster";
    0x8031_00AE FVE_E_NOT_ALLOWED_ON_CLUSTER Unsupported "the volume belongs to a cluster";
    0x8031_00B2 FVE_E_EDRIVE_INCOMPATIBLE_VOLUME Unsupported "the drive's own encryption does not go with the volume";
    0x8031_00B5 FVE_E_NO_PREBOOT_KEYBOARD_DETECTED Person "no keyboard for the PIN before Windows starts was found";
    0x8031_00B6 FVE_E_NO_PREBOOT_KEYBOARD_OR_WINRE_DETECTED Person
        "neither a keyboard before Windows starts nor the recovery environment was found";
    0x8031_00BA FVE_E_SECUREBOOT_DISABLED Person "Secure Boot is off, and group policy relies on it";
    0x8031_00BB FVE_E_SECUREBOOT_CONFIGURATION_INVALID Person "Secure Boot is configured in a way that cannot be relied on";
    0x8031_00BE FVE_E_POLICY_INVALID_ENHANCED_BCD_SETTINGS Administrator "group policy's boot configuration settings are not valid";
    0x8031_00CC FVE_E_INVALID_PIN_CHARS_DETAILED Person "the PIN has characters that the keyboard before Windows starts cannot type";
}
