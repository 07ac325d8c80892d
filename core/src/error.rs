//! Which number does an error have, whose fault is it, and what should be done about it?
//!
//! Every module has its own small error type; each of them answers [`ErrorCode`], and the table here is
//! the only list of codes. C result numbers, Python's `.code`, Go's `Code` and `docs/errors.md` are made
//! from it or compared with it. A number never changes its meaning and is never used again.

/// Who can do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The program that calls the library broke a documented rule.
    Caller,
    /// The input is wrong: a person, a device or a file has to change.
    Input,
    /// The library itself is wrong. Please report it.
    Library,
    /// Something outside is not there at the moment: trying again later may help.
    World,
}

impl Fault {
    /// The word used in documents and in `--json` output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Input => "input",
            Self::Library => "library",
            Self::World => "world",
        }
    }
}

macro_rules! codes {
    ($( $variant:ident = $number:literal, $fault:ident, $summary:literal, $remedy:literal; )*) => {
        /// The stable number of an error, the same in every language.
        ///
        /// Hundreds by module: 100 keys, 150 policy, 200 envelopes, 250 certificates and identities,
        /// 300 verification, 350 recovery, 400 store, 450 audit, 500 rotation, 550 agents; 1 to 99 belong to the C ABI.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(i32)]
        pub enum ErrorCode {
            $( #[doc = $summary] $variant = $number, )*
        }

        impl ErrorCode {
            /// Every code, in ascending order.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The number: what C returns and what Python and Go carry.
            pub fn number(self) -> i32 {
                match self { $( Self::$variant => $number, )* }
            }

            /// The name, as in [`ErrorCode`]'s variants.
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => stringify!($variant), )* }
            }

            /// Who can do something about it.
            pub fn fault(self) -> Fault {
                match self { $( Self::$variant => Fault::$fault, )* }
            }

            /// What happened, in one sentence.
            pub fn summary(self) -> &'static str {
                match self { $( Self::$variant => $summary, )* }
            }

            /// What to do about it, in one sentence.
            pub fn remedy(self) -> &'static str {
                match self { $( Self::$variant => $remedy, )* }
            }
        }
    };
}

codes! {
    NullPointer = 1, Caller,
        "A pointer that must not be NULL is NULL.",
        "Pass what the declaration of the function asks for.";
    WrongHandle = 2, Caller,
        "A handle is of another type than the function takes, or is no handle.",
        "Pass a handle that the library made, of the type that the declaration names, before it is freed.";
    NotUtf8 = 3, Caller,
        "A text is not UTF-8.",
        "Pass UTF-8; a file of unknown encoding is passed as bytes.";
    RequestSyntax = 4, Caller,
        "A JSON document that the calling program wrote is not as the function describes it.",
        "Compare its members with the documentation of the function; unknown members are errors.";
    Panic = 5, Library,
        "The library stopped in the middle of a call because of an error of its own.",
        "Report it with its message. Free what the call was about, and go on with new handles.";

    KeyFormat = 100, Input,
        "The text is not a recovery key of this kind.",
        "Read the key again; the message says which group is wrong.";
    IdInvalid = 110, Input,
        "A name (organization, device, volume, protector, actor) is empty, too long or has control characters.",
        "Give 1 to 255 bytes of UTF-8 without control characters.";
    TimeOutOfRange = 120, Caller,
        "A time lies outside of the years 1 to 9999.",
        "Pass seconds since 1970, not milliseconds.";
    RandomnessUnavailable = 130, World,
        "The source of randomness failed.",
        "Nothing was made; try again, and look at the machine's entropy source.";

    PolicyInvalid = 150, Input,
        "The policy is not allowed: a rule of the platform is broken, or a key would be lost.",
        "Change the field that the message names; it says which rule and where it comes from.";
    PolicySyntax = 151, Input,
        "The policy document cannot be read.",
        "Correct the TOML or JSON at the place that the message names.";
    ProfileSyntax = 160, Input,
        "The bytes are not a configuration profile that can be read.",
        "Give an XML property list, unsigned or inside a CMS signature.";
    ProfileLimit = 161, Input,
        "The profile is larger or deeper than is accepted.",
        "Look at where it comes from; no FileVault profile is this large.";
    ProfileSigning = 162, World,
        "The profile could not be signed.",
        "Look at the signing key; the unsigned profile is still valid.";

    EnvelopeSyntax = 200, Input,
        "The bytes are not a CMS message that can be read.",
        "Look at how the message was transported; it was not stored.";
    EnvelopeLimit = 201, Input,
        "The message is larger, deeper or has more recipients than the limits allow.",
        "Raise the limits if the sender is trusted; no recovery key needs this much.";
    EnvelopeType = 202, Input,
        "The CMS message is of a type that holds no sealed key for a certificate.",
        "Send EnvelopedData or AuthEnvelopedData with a certificate recipient.";
    EnvelopeSuite = 203, Input,
        "The algorithms of the message are not on the list that the caller allows.",
        "Name the suite that allows them if the message is old, or seal it anew.";
    EnvelopeNoRecipient = 204, Input,
        "No identity in the keyring is a recipient of this message.",
        "Add the identity that inspection names, or ask the device for a new key.";
    EnvelopeOpen = 205, Input,
        "The message did not open as a key of this kind for this device.",
        "Try the other identities you have; otherwise ask the device for a new key.";
    EnvelopeSeal = 206, Caller,
        "The message cannot be sealed to these recipients.",
        "Give one to sixteen certificates with RSA-2048 or larger, P-256 or P-384 keys.";
    EnvelopePayload = 207, Caller,
        "The payload cannot be sealed: it lacks a key or is too large.",
        "Give a recovery key and names of at most 255 bytes each.";
    EnvelopeKindNeeded = 208, Caller,
        "Nothing authenticates the content, and the caller did not say which kind of key it should be.",
        "Name the kind: unauthenticated content is released only if it has the form of that kind.";

    CertificateSyntax = 250, Input,
        "The bytes are not a certificate that can be read.",
        "Give DER or PEM of one X.509 certificate.";
    CertificateUnsuitable = 251, Input,
        "The certificate cannot be used for this.",
        "The message says why: its key, its dates or its algorithm.";
    IdentitySyntax = 252, Input,
        "The bytes are not a private key or identity that can be read.",
        "Give PKCS#1, SEC 1, PKCS#8 or PKCS#12, in DER or PEM.";
    IdentityPassword = 253, Input,
        "The private key is encrypted and the password is missing or wrong.",
        "Give the password.";
    IdentityMismatch = 254, Input,
        "The private key does not belong to the certificate.",
        "Give the certificate made for this key, or the key made for this certificate.";
    IdentityUnavailable = 255, World,
        "The private key cannot be reached at the moment.",
        "Nothing was changed; try again when the HSM or key service answers.";
    IdentityUnsupported = 256, Input,
        "The private key is of a kind that cannot be used here.",
        "Use RSA-2048 to RSA-8192, P-256 or P-384.";

    EventRejected = 300, Caller,
        "The event does not apply to the device in its present state.",
        "Nothing was changed; read the state again.";
    ObservationSyntax = 310, Input,
        "The report cannot be read, or is not of the kind that was named.",
        "Send the report as the program wrote it, and name its kind.";
    ObservationLimit = 311, Input,
        "The report is larger or deeper than is read.",
        "Send one report for each device; no device has this much to say.";

    RecoveryNoKey = 350, Input,
        "There is no key for this device, volume and protector.",
        "Look at the device's history; ask the device to escrow its key.";
    RecoveryAmbiguous = 351, Input,
        "The device has several volumes or protectors and none was chosen.",
        "Choose one of those that the message lists.";
    RecoveryNotOpened = 352, Input,
        "No candidate key opened with this keyring.",
        "Add the identities that the candidates name; the attempt is in the audit.";
    RecoveryReasonMissing = 353, Caller,
        "A key is handed out only for a reason.",
        "Give the reason: it goes into the audit.";
    RecoveryRefused = 354, Caller,
        "The key may not be handed out: it is quarantined or its request is not authorised.",
        "Accept or reject the quarantined key first.";
    RecoveryRejected = 355, Caller,
        "A rule of recovery forbids this: who approves, which key it is about, or what became of the request.",
        "The message says which rule; ask another person, or make a new request.";
    RecoveryQuota = 356, Caller,
        "This person was shown as many keys as the policy allows in a day.",
        "Wait, let somebody else do it, or change the policy.";

    RecoveryUnknown = 357, Input,
        "There is no such recovery.",
        "List the recoveries, and give the id of one of them.";

    StoreUnavailable = 400, World,
        "The store cannot be reached.",
        "Nothing was changed; the reason says whether to try again or what to put right.";
    StoreConflict = 401, World,
        "Somebody else changed the device at the same time.",
        "Nothing was changed; read again and decide again.";
    StoreUnknown = 402, World,
        "It is not known whether the change was stored.",
        "Ask `committed` with the same change id before doing anything else.";
    StoreCorrupt = 403, World,
        "A stored record cannot be read.",
        "Verify the audit of this device and restore it from a backup.";
    StoreSchema = 404, World,
        "The database has a schema that this version cannot work with.",
        "Run the migration, or use the version that made it.";
    StoreDurability = 405, World,
        "The database would not keep an acknowledged change over a crash.",
        "Set it as the message says, or name the weaker setting explicitly.";
    StoreLimit = 406, Input,
        "A limit per device and day is reached.",
        "Look at what the device sends; nothing that is stored was dropped.";
    UploadActorMissing = 410, Caller,
        "An upload without an actor is refused.",
        "Authenticate the sender and name it with `by`.";
    UploadNotSealed = 411, Input,
        "The upload is not CMS and was not stored: it may be a key in clear.",
        "Send the sealed message, or send a key in clear by the plaintext door.";
    DeviceUnknown = 412, Input,
        "The device is not known.",
        "Check the identifier; devices are created by their first upload.";
    KeyUnknown = 413, Input,
        "The key is not known.",
        "Check the key id against the device's history.";
    RemovalUnknown = 414, Input,
        "The key is not to be removed.",
        "List the keys that are to be removed; one that somebody needed is not among them any more.";
    CertificateInUse = 420, Caller,
        "The certificate is still needed by keys that were not sealed anew.",
        "Rewrap them first; the message says how many there are.";
    Misuse = 430, Caller,
        "The library was set up in a way that cannot work.",
        "The message names what is missing or wrong.";

    AuditBroken = 450, Input,
        "The audit chain does not verify.",
        "Treat the database as altered; compare with a checkpoint kept elsewhere.";
    CheckpointSyntax = 451, Input,
        "The checkpoint file cannot be read.",
        "Give a checkpoint file as it was written, whole.";
    MacKeySyntax = 452, Input,
        "The bytes are not a MAC key for the audit.",
        "Give 32 random bytes, raw or as hexadecimal or base64 text.";

    // 500: rotation
    RotationUnknown = 500, Input,
        "The device has no such rotation.",
        "List the rotations of the device; one that ended is forgotten when the next one begins.";

    // 550: agents
    SpoolSyntax = 550, Input,
        "The file is no spool, or one of another version.",
        "Set the file aside and keep it: it may hold sealed keys that the server has not.";
    SpoolFull = 551, World,
        "The spool holds as many envelopes as it may, none of them acknowledged.",
        "Look at why the server acknowledges nothing; no new key is made until then.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend_so_none_is_used_twice() {
        for pair in ErrorCode::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number(), "{:?}", pair);
        }
    }
}
