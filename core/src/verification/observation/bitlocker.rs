//! What are the states of a BitLocker volume, in Microsoft's numbers?

use serde::{Deserialize, Serialize};

macro_rules! numbers {
    ($(#[$doc:meta])* $type:ident { $( $(#[$variant_doc:meta])* $variant:ident = $number:literal, )* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $type { $( $(#[$variant_doc])* $variant, )* }

        impl $type {
            /// Every value, ascending.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The value of this number, if it is known.
            pub fn from_number(number: u32) -> Option<Self> {
                match number { $( $number => Some(Self::$variant), )* _ => None }
            }

            /// Its number.
            pub fn number(self) -> u32 {
                match self { $( Self::$variant => $number, )* }
            }
        }
    };
}

numbers! {
    /// `LockStatus`.
    LockStatus { /// Unlocked.
        Unlocked = 0, /// Locked.
        Locked = 1, }
}
numbers! {
    /// `ConversionStatus`.
    Conversion { /// Decrypted.
        FullyDecrypted = 0, /// Encrypted.
        FullyEncrypted = 1, /// Being encrypted.
        EncryptionInProgress = 2, /// Being decrypted.
        DecryptionInProgress = 3, /// Encryption paused.
        EncryptionPaused = 4, /// Decryption paused.
        DecryptionPaused = 5, }
}
numbers! {
    /// `ProtectionStatus`.
    ProtectionStatus { /// Off.
        Off = 0, /// On.
        On = 1, /// Unknown.
        Unknown = 2, }
}
numbers! {
    /// `EncryptionMethod`.
    EncryptionMethod { /// None.
        None = 0, /// AES-128 with diffuser.
        Aes128WithDiffuser = 1, /// AES-256 with diffuser.
        Aes256WithDiffuser = 2, /// AES-128.
        Aes128 = 3, /// AES-256.
        Aes256 = 4, /// Hardware.
        Hardware = 5, /// XTS-AES-128.
        XtsAes128 = 6, /// XTS-AES-256.
        XtsAes256 = 7, }
}
numbers! {
    /// `KeyProtectorType`.
    ProtectorKind { /// Unknown.
        Unknown = 0, /// TPM.
        Tpm = 1, /// External key.
        ExternalKey = 2, /// Recovery password.
        NumericalPassword = 3, /// TPM and PIN.
        TpmAndPin = 4, /// TPM and startup key.
        TpmAndStartupKey = 5, /// TPM, PIN and startup key.
        TpmAndPinAndStartupKey = 6, /// Public key.
        PublicKey = 7, /// Passphrase.
        Passphrase = 8, /// TPM and certificate.
        TpmCertificate = 9, /// SID.
        Sid = 10, }
}
