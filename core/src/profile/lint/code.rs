//! What kinds of findings are there, how bad is each, and which page says so?

use serde::{Serialize, Serializer};

use super::Severity;

macro_rules! findings {
    ($( $variant:ident = $text:literal, $severity:ident, $source:literal, $doc:literal; )*) => {
        /// The kinds of findings. Their texts never change their meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FindingCode {
            $( #[doc = $doc] $variant, )*
        }

        impl FindingCode {
            /// Every kind.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The word in `--json` output.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )* }
            }

            /// How bad it is.
            pub fn severity(self) -> Severity {
                match self { $( Self::$variant => Severity::$severity, )* }
            }

            /// The page that says so.
            pub fn source(self) -> &'static str {
                match self { $( Self::$variant => $source, )* }
            }

            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $( Self::$variant => $doc, )* }
            }
        }
    };
}

findings! {
    CertificateExpired = "certificate_expired", Error, "RFC 5280 §4.1.2.5",
        "The escrow certificate has expired: macOS stops escrowing.";
    CertificateExpiring = "certificate_expiring", Warning, "RFC 5280 §4.1.2.5",
        "The escrow certificate expires soon.";
    CertificateKey = "certificate_key", Error, "RFC 8017 §7.2",
        "PKCS#1 v1.5 cannot be opened with the escrow certificate's key, or the key is small.";
    CertificateNotYetValid = "certificate_not_yet_valid", Error, "RFC 5280 §4.1.2.5",
        "The escrow certificate is not valid yet.";
    CertificateUnknown = "certificate_unknown", Warning, "com.apple.security.FDERecoveryKeyEscrow.yaml",
        "The private key of the escrow certificate is not one that the organization is known to have.";
    CertificateUnreadable = "certificate_unreadable", Error, "com.apple.security.pkcs1.yaml, PayloadContent",
        "A certificate payload is not the DER of a certificate: macOS refuses the whole profile.";
    CertificateUnreferenced = "certificate_unreferenced", Warning,
        "com.apple.security.FDERecoveryKeyEscrow.yaml, EncryptCertPayloadUUID",
        "A FileVault profile carries a certificate that no payload refers to.";
    DeferralMissing = "deferral_missing", Error, "com.apple.MCX.FileVault2.yaml, Enable",
        "FileVault is turned on neither deferred nor with a user: an MDM server's request fails.";
    DeferralUnused = "deferral_unused", Warning, "com.apple.MCX.FileVault2.yaml, Defer",
        "A key that belongs to deferral is set without deferral.";
    DuplicateIdentifier = "duplicate_identifier", Error, "CommonPayloadKeys.yaml, PayloadIdentifier",
        "Two payloads of a profile have the same identifier.";
    DuplicateProfile = "duplicate_profile", Warning, "TopLevel.yaml, PayloadIdentifier",
        "Two profiles have the same identifier: the one installed later replaces the other.";
    DuplicateUuid = "duplicate_uuid", Error, "CommonPayloadKeys.yaml, PayloadUUID",
        "Two payloads, or a payload and its profile, have the same UUID.";
    EnforcementForbidden = "enforcement_forbidden", Error, "com.apple.MCX(FileVault2).yaml, dontAllowFDEEnable",
        "One payload turns FileVault on and another forbids it.";
    EnforcementOff = "enforcement_off", Warning, "com.apple.MCX.FileVault2.yaml, Enable",
        "FileVault is asked to be off.";
    EnforcementRepeated = "enforcement_repeated", Error, "com.apple.MCX.FileVault2.yaml, multiple: false",
        "More than one payload turns FileVault on: a Mac takes one.";
    EscrowCertificateMissing = "escrow_certificate_missing", Error,
        "com.apple.security.FDERecoveryKeyEscrow.yaml, EncryptCertPayloadUUID",
        "The escrow refers to no payload of its profile.";
    EscrowCertificateType = "escrow_certificate_type", Error,
        "com.apple.security.FDERecoveryKeyEscrow.yaml, EncryptCertPayloadUUID",
        "The escrow refers to a payload that is not com.apple.security.pkcs1.";
    EscrowRepeated = "escrow_repeated", Error, "com.apple.security.FDERecoveryKeyEscrow.yaml, Notes",
        "More than one payload escrows the recovery key: macOS takes one.";
    InstitutionalKey = "institutional_key", Warning, "com.apple.MCX.FileVault2.yaml, Certificate",
        "An institutional recovery key does nothing on Macs with Apple silicon.";
    KeyLost = "key_lost", Error, "com.apple.MCX.FileVault2.yaml, ShowRecoveryKey",
        "The recovery key is neither shown nor escrowed: nobody will have it.";
    NeverAsked = "never_asked", Error, "com.apple.MCX.FileVault2.yaml, DeferDontAskAtUserLogout",
        "Nobody is ever asked to turn FileVault on.";
    NoRecoveryKey = "no_recovery_key", Error, "com.apple.MCX.FileVault2.yaml, UseRecoveryKey",
        "No personal recovery key is made: nothing recovers a Mac with Apple silicon.";
    OptionsContradict = "options_contradict", Error, "com.apple.MCX(FileVault2).yaml",
        "FileVault may be turned neither on nor off.";
    OptionsRepeated = "options_repeated", Warning, "com.apple.MCX(FileVault2).yaml, multiple: false",
        "More than one payload sets options of FileVault: which holds is not defined.";
    ProfileEncrypted = "profile_encrypted", Warning, "TopLevel.yaml, EncryptedPayloadContent",
        "The payloads are encrypted: nothing can be said about them.";
    ProfileExpires = "profile_expires", Warning, "TopLevel.yaml, RemovalDate",
        "The profile removes itself: enforcement and escrow end with it.";
    RedirectionDead = "redirection_dead", Error, "com.apple.security.FDERecoveryKeyEscrow.yaml, Notes",
        "com.apple.security.FDERecoveryRedirect is ignored since macOS 10.13; alone, it stops FileVault from being turned on.";
    RedirectionIgnored = "redirection_ignored", Info, "com.apple.security.FDERecoveryKeyEscrow.yaml, Notes",
        "com.apple.security.FDERecoveryRedirect is ignored since macOS 10.13; the escrow beside it is what counts.";
    SchemaMissingKey = "schema_missing_key", Error, "Apple's schema of the payload type",
        "A required key is missing.";
    SchemaType = "schema_type", Error, "Apple's schema of the payload type",
        "A value is not of the type that Apple's schema gives.";
    SchemaUnknownKey = "schema_unknown_key", Warning, "Apple's schema of the payload type",
        "A key is not in Apple's schema.";
    SchemaValue = "schema_value", Error, "Apple's schema of the payload type",
        "A value is not one that Apple's schema allows.";
    ScopeUnstated = "scope_unstated", Info, "TopLevel.yaml, PayloadScope",
        "The scope is not stated: installed by hand, the profile is the user's and its FileVault payloads do not work.";
    ScopeUser = "scope_user", Error, "com.apple.security.FDERecoveryKeyEscrow.yaml, Notes",
        "FileVault payloads work in profiles of the system alone.";
    SecretInProfile = "secret_in_profile", Error, "com.apple.MCX.FileVault2.yaml, Password, OutputPath",
        "A password is in the profile, or the recovery key is written to the disk in clear.";
    SetupAssistantUndeferred = "setup_assistant_undeferred", Warning,
        "com.apple.MCX.FileVault2.yaml, ForceEnableInSetupAssistant; observed since macOS 14.4",
        "Setup Assistant does not ask where Defer is not sent too.";
    SignatureUnverified = "signature_unverified", Info, "RFC 5652 §5",
        "The profile is signed; the signature was not verified here.";
}

impl Serialize for FindingCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
