//! What are the states of a BitLocker volume, in Microsoft's numbers?
//!
//! The enumerations of `Win32_EncryptableVolume` (root\CIMV2\Security\MicrosoftVolumeEncryption), each with
//! Microsoft's number and the word that this library writes. A number that is not here is no value of these types.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! numbers {
    ($(#[$doc:meta])* $type:ident { $( $(#[$variant_doc:meta])* $variant:ident = $number:literal, $word:literal; )* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $type { $( $(#[$variant_doc])* #[serde(rename = $word)] $variant, )* }

        impl $type {
            /// Every value, ascending.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The value of this number, if it is known.
            pub fn from_number(number: u32) -> Option<Self> {
                match number { $( $number => Some(Self::$variant), )* _ => None }
            }

            /// Microsoft's number.
            pub fn number(self) -> u32 {
                match self { $( Self::$variant => $number, )* }
            }

            /// The word in documents and `--json` output.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

numbers! {
    /// Whether the content can be read at the moment (`GetLockStatus`).
    LockStatus {
        /// It can.
        Unlocked = 0, "unlocked";
        /// A protector has to open it first.
        Locked = 1, "locked";
    }
}

numbers! {
    /// What is being done with the content (`GetConversionStatus`). Percentages are rounded: only this decides.
    Conversion {
        /// Nothing is encrypted.
        FullyDecrypted = 0, "fully_decrypted";
        /// Everything is encrypted, or everything that is used.
        FullyEncrypted = 1, "fully_encrypted";
        /// It is being encrypted.
        EncryptionInProgress = 2, "encryption_in_progress";
        /// It is being decrypted.
        DecryptionInProgress = 3, "decryption_in_progress";
        /// Encryption was begun and waits.
        EncryptionPaused = 4, "encryption_paused";
        /// Decryption was begun and waits.
        DecryptionPaused = 5, "decryption_paused";
    }
}

numbers! {
    /// Whether the volume key is protected (`GetProtectionStatus`).
    ProtectionStatus {
        /// The volume is not encrypted, or its key lies in clear on the disk (suspended).
        Off = 0, "off";
        /// The volume is encrypted and its key is protected.
        On = 1, "on";
        /// The volume is locked, so Windows cannot tell.
        Unknown = 2, "unknown";
    }
}

numbers! {
    /// What the volume is encrypted with (`GetEncryptionMethod`). 0xFFFFFFFF, unknown to Windows, is no value here.
    EncryptionMethod {
        /// With nothing.
        None = 0, "none";
        /// AES-128-CBC with Elephant diffuser (Windows Vista and 7).
        Aes128WithDiffuser = 1, "aes128_with_diffuser";
        /// AES-256-CBC with Elephant diffuser (Windows Vista and 7).
        Aes256WithDiffuser = 2, "aes256_with_diffuser";
        /// AES-128-CBC.
        Aes128 = 3, "aes128";
        /// AES-256-CBC.
        Aes256 = 4, "aes256";
        /// By the drive itself.
        Hardware = 5, "hardware";
        /// XTS-AES with a 128-bit key (Windows 10 1511 and newer).
        XtsAes128 = 6, "xts_aes128";
        /// XTS-AES with a 256-bit key (Windows 10 1511 and newer).
        XtsAes256 = 7, "xts_aes256";
    }
}

numbers! {
    /// What protects the volume key (`GetKeyProtectorType`).
    ProtectorKind {
        /// Unknown to Windows, or another type than those below.
        Unknown = 0, "unknown";
        /// The TPM alone.
        Tpm = 1, "tpm";
        /// A key file: a start-up key on a USB drive, or an auto-unlock key.
        ExternalKey = 2, "external_key";
        /// The recovery password: 48 digits.
        NumericalPassword = 3, "numerical_password";
        /// The TPM and a PIN.
        TpmAndPin = 4, "tpm_and_pin";
        /// The TPM and a key file.
        TpmAndStartupKey = 5, "tpm_and_startup_key";
        /// The TPM, a PIN and a key file.
        TpmAndPinAndStartupKey = 6, "tpm_and_pin_and_startup_key";
        /// A certificate: a smart card, or a data recovery agent.
        PublicKey = 7, "public_key";
        /// A password; of LUKS, every key slot.
        Passphrase = 8, "passphrase";
        /// The TPM and a certificate (network unlock).
        TpmCertificate = 9, "tpm_certificate";
        /// An account of a directory (CNG, SID).
        Sid = 10, "sid";
    }
}
