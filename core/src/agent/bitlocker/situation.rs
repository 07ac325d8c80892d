//! Which situation is it, and what does the planner do in it?
//!
//! The planner as data: the rows are looked through from the top, and the first that belongs to the aim and holds is
//! the situation. Everything else follows from the row.

use serde::{Deserialize, Serialize};

use super::{
    observation::BootProtector::{Absent, Unclear},
    rules::{Aim, Before},
    view::View,
};
use crate::verification::{
    Conversion::{
        DecryptionInProgress, DecryptionPaused, EncryptionInProgress, EncryptionPaused, FullyDecrypted, FullyEncrypted,
    },
    LockStatus, ProtectionStatus, Reading,
};

/// What a situation is to whoever runs the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// There is a step to run.
    Acts,
    /// Somebody has to change a policy or the agent's rights.
    NeedsAdministrator,
    /// Somebody at the device has to do something.
    NeedsPerson,
    /// What was asked for is true, or does not concern this volume.
    Rests,
    /// Time, the server or Windows will change it: look again later.
    Waits,
}

impl Standing {
    /// The word in documents and serialized state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acts => "acts",
            Self::NeedsAdministrator => "needs_administrator",
            Self::NeedsPerson => "needs_person",
            Self::Rests => "rests",
            Self::Waits => "waits",
        }
    }
}

/// What the planner does in a situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Does {
    /// Adds what the rules name.
    AddBootProtector,
    /// Adds a recovery password that Windows makes.
    AddRecoveryPassword,
    /// Asks the server what became of an envelope, or sends it.
    Ask,
    /// Removes one old recovery password.
    DeleteKeyProtector,
    /// Turns protection on.
    EnableKeyProtectors,
    /// Begins to encrypt.
    Encrypt,
    /// Reads a recovery password, seals it and spools it.
    Escrow,
    /// Nothing.
    Nothing,
    /// Makes the volume one of BitLocker's.
    PrepareVolume,
    /// Goes on encrypting.
    ResumeConversion,
}

impl Does {
    /// The sentence in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AddBootProtector => "`ProtectKeyWithTPM` or `ProtectKeyWithTPMAndPIN`, as the rules say",
            Self::AddRecoveryPassword => "`ProtectKeyWithNumericalPassword`",
            Self::Ask => "upload, or ask for the receipt",
            Self::DeleteKeyProtector => "`DeleteKeyProtector`, one",
            Self::EnableKeyProtectors => "`EnableKeyProtectors`",
            Self::Encrypt => "`Encrypt`",
            Self::Escrow => "`GetKeyProtectorNumericalPassword`, seal, spool",
            Self::Nothing => "",
            Self::PrepareVolume => "`PrepareVolume`",
            Self::ResumeConversion => "`ResumeConversion`",
        }
    }
}

/// One row: what a situation is, and what is done in it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// When it holds, those above it not holding.
    pub when: &'static str,
    /// For which aims it is looked at: [`Aim::as_str`].
    pub aims: &'static [&'static str],
    /// What it is.
    pub standing: Standing,
    /// What is done.
    pub does: Does,
}

macro_rules! situations {
    ($( $variant:ident $standing:ident $does:ident $aims:ident $when:literal if $holds:expr; )*) => {
        /// The situations, in the order in which they are looked at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Situation {
            $( #[doc = $when] $variant, )*
        }

        impl Situation {
            /// Every situation, in order.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// Its row.
            pub fn row(self) -> Row {
                match self {
                    $( Self::$variant =>
                        Row { when: $when, aims: $aims, standing: Standing::$standing, does: Does::$does }, )*
                }
            }

            /// Whether it holds, those above it not holding.
            fn holds(self, view: &View<'_>) -> bool {
                let holds: fn(&View<'_>) -> bool = match self { $( Self::$variant => $holds, )* };
                holds(view)
            }

            /// Its name, as in the diagram.
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => stringify!($variant), )* }
            }
        }
    };
}

const ANY: &[&str] = &["adopt", "protect", "restore_protection", "rotate"];
const ADOPT: &[&str] = &["adopt"];
const NOT_PROTECT: &[&str] = &["adopt", "restore_protection", "rotate"];
const NOT_ROTATE: &[&str] = &["adopt", "protect", "restore_protection"];
const ON: &[&str] = &["protect", "restore_protection"];
const PROTECT: &[&str] = &["protect"];
const RESTORE: &[&str] = &["restore_protection"];
const ROTATE: &[&str] = &["rotate"];

// `|` in these sentences would break the table in the documentation.
situations! {
    // This needs no volume.
    AnswerDue Acts Ask ANY "an envelope was not sent yet, or it is time to ask again what became of it"
        if |view| view.due().is_some();

    // May this volume be touched, and was it read?
    EditionUnknown Waits Nothing ANY "whether this is Windows Server could not be read"
        if |view| view.seen.machine.server == Reading::Unknown && !view.rules.servers;
    ServerEdition Rests Nothing ANY "this is Windows Server, and the rules leave servers alone"
        if |view| view.seen.machine.server == Reading::Yes && !view.rules.servers;
    Locked NeedsPerson Nothing ANY "the volume is locked"
        if |view| view.seen.lock == Some(LockStatus::Locked);
    Unreadable Waits Nothing ANY "lock, conversion or the whole list of protectors could not be read"
        if |view| view.seen.lock.is_none() || view.seen.conversion.is_none() || view.seen.protectors.is_none();

    // Escrow comes first, whatever the aim.
    PasswordNotEscrowed Acts Escrow ANY "the volume has a recovery password that is neither with the server nor in the spool"
        if |view| view.unescrowed().is_some();

    // What is this volume?
    NotEncrypted Rests Nothing NOT_PROTECT "the volume is not encrypted"
        if |view| view.conversion_in(&[FullyDecrypted]);
    Decrypting Waits Nothing ANY "the volume is being decrypted, or its decryption is paused; it is neither resumed nor reversed"
        if |view| view.conversion_in(&[DecryptionInProgress, DecryptionPaused]);
    SystemVolumeUnknown Waits Nothing ON "whether it is the volume of the operating system could not be read"
        if |view| view.seen.machine.system_volume == Reading::Unknown;
    NotSystemVolume Rests Nothing PROTECT "it is not the volume of the operating system"
        if |view| view.seen.machine.system_volume == Reading::No;
    TpmUnknown Waits Nothing PROTECT "a decrypted volume has no boot protector, and whether there is a TPM could not be read"
        if |view| view.wants_tpm() && view.conversion_in(&[FullyDecrypted]) && view.seen.machine.tpm == Reading::Unknown;
    NoTpm NeedsPerson Nothing PROTECT "a decrypted volume has no boot protector, and there is no TPM that is ready"
        if |view| view.wants_tpm() && view.conversion_in(&[FullyDecrypted]) && view.seen.machine.tpm == Reading::No;
    Unprepared Acts PrepareVolume PROTECT "a decrypted volume has no protector, and was not prepared for this goal"
        if |view| view.conversion_in(&[FullyDecrypted]) && view.protectors().is_empty() && !view.pursuit.prepared;

    // A recovery password.
    OwnPasswordUnread Waits Nothing ANY "a recovery password that was made for this goal could not be read, sealed or spooled just now"
        if |view| view.lacks_password() && view.own().is_some();
    NameUnknown Waits Nothing ROTATE "whether a recovery password was made for this goal could not be read"
        if |view| view.lacks_password() && view.unnamed();
    TooManyPasswords NeedsAdministrator Nothing ANY "so many were made for this goal, and something removed them, that no more are made"
        if |view| view.lacks_password() && view.pursuit.made >= view.rules.new_passwords;
    WaitingForActivation Acts AddRecoveryPassword NOT_ROTATE "the volume is encrypted and has no protector at all: Windows waits for activation"
        if |view| view.lacks_password() && view.conversion_in(&[FullyEncrypted]) && view.protectors().is_empty();
    NoRecoveryPassword Acts AddRecoveryPassword NOT_ROTATE "the volume has no recovery password that is in escrow"
        if |view| view.lacks_password();
    NoNewPassword Acts AddRecoveryPassword ROTATE "no recovery password was made for this goal"
        if |view| view.lacks_password();

    // A boot protector, where there is none.
    BootProtectorUnclear Waits Nothing ON "a protector of the system volume is of an unknown type: it may start Windows"
        if |view| view.starts_windows() && view.boot() == Unclear;
    TpmUnreadable Waits Nothing PROTECT "the volume has no boot protector, and whether there is a TPM could not be read"
        if |view| view.wants_tpm() && view.seen.machine.tpm == Reading::Unknown;
    TpmMissing NeedsPerson Nothing PROTECT "the volume has no boot protector, and there is no TPM that is ready"
        if |view| view.wants_tpm() && view.seen.machine.tpm == Reading::No;
    StartupKeyNeeded NeedsPerson Nothing PROTECT "the volume has no boot protector, and the rules want one with a startup key"
        if |view| view.wants_tpm() && view.wants_startup_key();
    NoBootProtector Acts AddBootProtector PROTECT "the volume has no boot protector"
        if |view| view.wants_tpm();
    BootProtectorMissing NeedsPerson Nothing RESTORE "the system volume has no boot protector: Windows would ask for the recovery password at every start"
        if |view| view.starts_windows() && view.boot() == Absent;

    // Encrypt.
    ReceiptAwaited Waits Nothing PROTECT "no recovery password of the volume is as far in escrow as the rules want, and encryption or protection would begin or go on"
        if |view| (view.conversion_in(&[FullyDecrypted, EncryptionPaused])
            || (view.conversion_in(&[FullyEncrypted]) && view.seen.protection != Some(ProtectionStatus::On)))
            && !view.reached(view.rules.before_encryption);
    RegistryUnknown Waits Nothing PROTECT "the volume is decrypted, and group policy could not be read"
        if |view| view.conversion_in(&[FullyDecrypted]) && view.seen.machine.registry.is_none();
    MethodConflict NeedsAdministrator Nothing PROTECT "group policy sets another encryption method than the rules: `Encrypt` would refuse ours"
        if |view| view.conversion_in(&[FullyDecrypted]) && view.method_conflicts();
    ReadyToEncrypt Acts Encrypt PROTECT "the volume is decrypted, and everything above is there"
        if |view| view.conversion_in(&[FullyDecrypted]);
    Encrypting Waits Nothing ON "the volume is being encrypted"
        if |view| view.conversion_in(&[EncryptionInProgress]);
    PausedEncryption Acts ResumeConversion PROTECT "encryption is paused"
        if |view| view.conversion_in(&[EncryptionPaused]);
    NotFullyEncrypted Waits Nothing RESTORE "encryption is paused: protection comes when it is finished"
        if |view| view.conversion_in(&[EncryptionPaused]);

    // Turn protection on.
    ProtectionUnknown Waits Nothing ON "whether protection is on could not be read"
        if |view| !matches!(view.seen.protection, Some(ProtectionStatus::Off | ProtectionStatus::On));
    SuspendCountUnknown Waits Nothing ON "protection is off, and for how long could not be read"
        if |view| view.is_off() && view.seen.suspend_count.is_none();
    SuspendedForRestarts Waits Nothing ON "protection is off for a number of restarts, and comes back by itself"
        if |view| view.is_off() && view.seen.suspend_count.is_some_and(|count| count > 0);
    ProtectionOff Acts EnableKeyProtectors ON "protection is off until somebody turns it on"
        if |view| view.is_off();

    NotStoredYet Waits Nothing PROTECT "protection is on, and no receipt says that the server has a recovery password of the volume"
        if |view| !view.reached(view.rules.before_encryption.max(Before::Stored));

    // Remove what was replaced.
    NotVerified Waits Nothing ROTATE "the receipt of the new recovery password does not say verified at the level of the rules"
        if |view| !view.new_is_verified();
    NotVerifiedYet Waits Nothing ADOPT "the receipt of a recovery password does not say verified at the level of the rules"
        if |view| !view.all_verified();
    OldPasswordUnproven Waits Nothing ROTATE "an old recovery password is there, and protection is not known to be on: a protector that is added while protection is suspended works only after"
        if |view| view.old().is_some() && view.seen.protection != Some(ProtectionStatus::On);
    OldPassword Acts DeleteKeyProtector ROTATE "an old recovery password is there"
        if |view| view.old().is_some();

    Done Rests Nothing ANY "what was asked for is true"
        if |_| true;
}

impl Situation {
    /// The first that belongs to the aim and holds.
    pub(super) fn of(view: &View<'_>) -> Self {
        let aim = view.pursuit.goal.aim.as_str();
        Self::ALL
            .iter()
            .copied()
            .find(|situation| situation.row().aims.contains(&aim) && situation.holds(view))
            .unwrap_or(Self::Done)
    }
}

impl Aim {
    /// The word in documents and serialized state.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Adopt => "adopt",
            Self::Protect => "protect",
            Self::RestoreProtection => "restore_protection",
            Self::Rotate { .. } => "rotate",
        }
    }
}

impl View<'_> {
    /// Whether any recovery password of the volume is as far in escrow as this.
    fn reached(&self, before: Before) -> bool {
        self.recovery_passwords()
            .filter_map(|protector| self.passwords.get(&protector.id))
            .any(|escrowed| escrowed.reached(self.rules.level) >= before)
    }
}
