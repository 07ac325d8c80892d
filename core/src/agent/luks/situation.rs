//! Which situation is it, and what does the planner do in it?
//!
//! The planner as data: the rows are looked through from the top, and the first that belongs to the aim and holds is
//! the situation. Everything else follows from the row.

use serde::{Deserialize, Serialize};

use super::{observation::Version, view::View};
use crate::key::Kind;

/// What a situation is to whoever runs the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// There is a step to run.
    Acts,
    /// Somebody has to change a plan or look at the volume.
    NeedsAdministrator,
    /// Somebody at the device has to do something.
    NeedsPerson,
    /// What was asked for is true.
    Rests,
    /// Time or the server will change it: look again later.
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
    /// Puts the new key into a free slot.
    AddSlot,
    /// Asks the server what became of an envelope, or sends it.
    Ask,
    /// Writes the header into a file.
    BackUpHeader,
    /// Removes that file.
    DropBackup,
    /// Seals the new key and spools it.
    Escrow,
    /// Makes a key.
    Generate,
    /// Nothing.
    Nothing,
    /// Removes the new slot, whose key nobody has.
    RemoveNewSlot,
    /// Removes one old slot.
    RemoveOldSlot,
    /// Removes a token.
    RemoveToken,
    /// Opens the new slot with the new key.
    TestSlot,
    /// Writes the token that names the slot.
    WriteToken,
}

impl Does {
    /// The sentence in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AddSlot => "`cryptsetup luksAddKey --key-slot N`",
            Self::Ask => "upload, or ask for the receipt",
            Self::BackUpHeader => "`cryptsetup luksHeaderBackup`",
            Self::DropBackup => "remove the backup of the header",
            Self::Escrow => "seal, spool",
            Self::Generate => "make a key and its mark, write the mark down",
            Self::Nothing => "",
            Self::RemoveNewSlot => "`cryptsetup luksKillSlot`, the new slot",
            Self::RemoveOldSlot => "`cryptsetup luksKillSlot`, one old slot",
            Self::RemoveToken => "`cryptsetup token remove`",
            Self::TestSlot => "`cryptsetup open --test-passphrase --key-slot N`",
            Self::WriteToken => "`cryptsetup token import`",
        }
    }
}

/// One row: what a situation is, and what is done in it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// When it holds, those above it not holding.
    pub when: &'static str,
    /// For which aims it is looked at: [`Aim::as_str`](super::Aim::as_str).
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

const ANY: &[&str] = &["escrow", "rotate"];
const ROTATE: &[&str] = &["rotate"];

// `|` in these sentences would break the table in the documentation.
situations! {
    // This needs no volume.
    AnswerDue Acts Ask ANY "an envelope was not sent yet, or it is time to ask again what became of it"
        if |view| view.due().is_some();

    // May this header be written to?
    Unreadable Waits Nothing ANY "the UUID or the slots could not be read whole"
        if |view| view.seen.slots.is_none() || view.seen.volume.is_none();
    OtherVolume NeedsAdministrator Nothing ANY "this is another volume than the one that is planned for"
        if |view| view.seen.volume.as_ref() != Some(view.volume);
    NotWritable Waits Nothing ANY "the volume is being reencrypted, or its header demands what is not known"
        if |view| !view.seen.writable;
    NotOurKind NeedsAdministrator Nothing ANY "the rules want a slot of snapd, which makes its slots itself"
        if |view| !matches!(view.rules.kind, Kind::Luks | Kind::Systemd);
    NoTokens NeedsAdministrator Nothing ANY "the rules want a recovery key of systemd, which needs LUKS2"
        if |view| view.rules.kind == Kind::Systemd && view.seen.version == Version::Luks1;

    // A slot was made for this goal, and its key is not in the spool.
    SlotUntested Acts TestSlot ANY "a slot was made, and its key, which is in memory, was not seen to open it"
        if |view| view.attempted().is_some() && view.at_hand() && !view.is_tested();
    SlotUnsealed Acts Escrow ANY "the key in memory opens the new slot"
        if |view| view.attempted().is_some() && view.at_hand();
    SlotAlone NeedsAdministrator Nothing ANY "the new slot has a key that nobody has, and no other slot is known to open the volume"
        if |view| view.attempted().is_some_and(|(number, _, _)| !view.others_open(number));
    SlotOrphaned Acts RemoveNewSlot ANY "a slot was made, and its key is gone, or does not open it"
        if |view| view.attempted().is_some();

    TokenMissing Acts WriteToken ANY "the key of the slot is sealed, and no token says so"
        if |view| view.untold().is_some();

    // A new slot.
    TooManyAttempts NeedsAdministrator Nothing ANY "so many keys were made for this goal that no more are made"
        if |view| view.lacks_slot() && !view.has_key() && view.pursuit.attempts >= view.rules.attempts;
    NoFreeSlot NeedsAdministrator Nothing ANY "no key slot is free"
        if |view| view.lacks_slot() && view.free().is_none();
    NotAuthorized NeedsPerson Nothing ANY "nothing is at hand that authorizes a new slot"
        if |view| view.lacks_slot() && view.seen.authorization(view.rules).is_none();
    NoBackup Acts BackUpHeader ANY "the header was not backed up for this goal"
        if |view| view.lacks_slot() && !view.pursuit.backed_up;
    NoKey Acts Generate ANY "no key is in memory for a free slot"
        if |view| view.lacks_slot() && !view.has_key();
    NoSlot Acts AddSlot ANY "the slot of the key in memory is not there yet"
        if |view| view.lacks_slot();

    // Remove what was replaced.
    NotVerified Waits Nothing ANY "the receipt of the new key does not say verified at the level of the rules"
        if |view| !view.is_verified();
    OldSlot Acts RemoveOldSlot ROTATE "an old slot of ours is there"
        if |view| view.old().is_some();
    TokenStale Acts RemoveToken ANY "a token of ours names a slot that is gone"
        if |view| view.stale_token().is_some();
    BackupLeft Acts DropBackup ANY "the header was backed up, and its old slots with it"
        if |view| view.pursuit.backed_up;
    OldSlotLeft NeedsAdministrator Nothing ROTATE "a slot that is to be removed is there; nothing shows that we made it, or the plan says that it is never touched"
        if |view| view.left().is_some();

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
