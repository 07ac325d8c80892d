//! Which situation is it, and what does the planner do in it?
//!
//! The planner as data: the rows are looked through from the top, and the first that belongs to the aim and holds is
//! the situation. Everything else follows from the row.

use serde::{Deserialize, Serialize};

use super::{rules::Channel, view::View};
use crate::verification::Reading;

/// What a situation is to whoever runs the planner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// There is a step to run.
    Acts,
    /// Somebody has to change a policy or look at the device.
    NeedsAdministrator,
    /// Somebody at the device has to do something.
    NeedsPerson,
    /// What was asked for is true, or does not concern this device.
    Rests,
    /// Time, the user or the server will change it: look again later.
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
    /// Asks the server what became of an envelope, or sends it.
    Ask,
    /// Makes a new key at once.
    ChangeRecovery,
    /// Spools the envelope that macOS wrote.
    Escrow,
    /// Nothing.
    Nothing,
    /// Puts Escrow Buddy back into the authorization database.
    RepairAuthorizationDatabase,
    /// Sends `RotateFileVaultKey`.
    SendRotate,
    /// Sends `SecurityInfo`.
    SendSecurityInfo,
    /// Takes Escrow Buddy's setting back.
    ClearGenerateNewKey,
    /// Makes Escrow Buddy's setting.
    SetGenerateNewKey,
    /// Tries the present key.
    ValidateRecovery,
}

impl Does {
    /// The sentence in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "upload, or ask for the receipt",
            Self::ChangeRecovery => "`fdesetup changerecovery -personal -inputplist`, once",
            Self::ClearGenerateNewKey => "`defaults write … GenerateNewKey -bool false`",
            Self::Escrow => "spool",
            Self::Nothing => "",
            Self::RepairAuthorizationDatabase => "Escrow Buddy's `AuthDBSetup.sh`",
            Self::SendRotate => "MDM `RotateFileVaultKey`",
            Self::SendSecurityInfo => "MDM `SecurityInfo`",
            Self::SetGenerateNewKey => "`defaults write … GenerateNewKey -bool true`",
            Self::ValidateRecovery => "`fdesetup validaterecovery -inputplist`",
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

const ANY: &[&str] = &["attest", "escrow", "rotate"];
const ATTEST: &[&str] = &["attest"];
const KEY: &[&str] = &["escrow", "rotate"];

// `|` in these sentences would break the table in the documentation.
situations! {
    // A key that came is kept, whatever else.
    EnvelopeNew Acts Escrow ANY "an envelope came that is neither with the server nor in the spool"
        if |view| view.unspooled().is_some();
    AnswerDue Acts Ask ANY "an envelope was not sent yet, or it is time to ask again what became of it"
        if |view| view.due().is_some();

    Unreadable Waits Nothing ANY "whether FileVault is on could not be read"
        if |view| view.seen.enabled == Reading::Unknown;
    Off Rests Nothing ANY "FileVault is off: there is no key"
        if |view| view.seen.enabled == Reading::No;

    // Is the key that the server has the present one?
    Attested Rests Nothing ATTEST "it was tried for this goal; the server was told"
        if |view| view.pursuit.attested.is_some();
    KeyNeeded Waits Nothing ATTEST "the key was not released to this device"
        if |view| !view.seen.key_at_hand;
    NotAttested Acts ValidateRecovery ATTEST "the key is at hand and was not tried"
        if |_| true;

    // A new key. With an envelope that came since the goal was set, all of these are past.
    ProfileUnknown Waits Nothing KEY "a new key is needed, and whether an escrow profile is installed could not be read"
        if |view| view.lacks_key() && view.seen.escrow_profile == Reading::Unknown;
    NoProfile NeedsAdministrator Nothing KEY "a new key is needed, and no escrow profile is installed: the key would be sealed to nobody"
        if |view| view.lacks_key() && view.seen.escrow_profile == Reading::No;

    ChangeAwaited Waits Nothing KEY "the key was changed, and its envelope has not come yet"
        if |view| view.lacks_key() && view.uses(Channel::ChangeRecovery) && view.is_changing();
    ChangeEnded NeedsAdministrator Nothing KEY "the key was to be changed once, and that failed, or no envelope came: it is not repeated, for the key that there was may be gone"
        if |view| view.lacks_key() && view.uses(Channel::ChangeRecovery) && view.pursuit.changed.is_some();
    ChangeNotAuthorized NeedsPerson Nothing KEY "nothing is at hand that may change the key"
        if |view| view.lacks_key() && view.uses(Channel::ChangeRecovery) && !view.seen.authorized;
    ChangeNeeded Acts ChangeRecovery KEY "something is at hand that may change the key"
        if |view| view.lacks_key() && view.uses(Channel::ChangeRecovery);

    PostponedByDevice Waits Nothing KEY "the device answered `NotNow` a short while ago"
        if |view| view.lacks_key() && view.uses(Channel::Mdm) && view.is_postponed();
    ReplyAwaited Waits Nothing KEY "a command is on its way"
        if |view| view.lacks_key() && view.uses(Channel::Mdm) && view.awaits_reply();
    RotateRefused NeedsAdministrator Nothing KEY "the device could not rotate its key, or never answered: it is not asked again, for the key that there was may be gone"
        if |view| view.lacks_key() && view.uses(Channel::Mdm) && view.rotate_ended();
    ReplyWithoutKey Acts SendSecurityInfo KEY "the device rotated its key, and no key came with the reply"
        if |view| view.lacks_key() && view.uses(Channel::Mdm) && view.rotated();
    RotateNotAuthorized NeedsAdministrator Nothing KEY "nothing is at hand that may rotate the key"
        if |view| view.lacks_key() && view.uses(Channel::Mdm) && !view.seen.authorized;
    RotateNeeded Acts SendRotate KEY "something is at hand that may rotate the key"
        if |view| view.lacks_key() && view.uses(Channel::Mdm);

    BuddyUnknown Waits Nothing KEY "whether Escrow Buddy is installed, enabled or told to make a key could not be read"
        if |view| view.lacks_key() && view.buddy_is_unknown();
    BuddyMissing NeedsAdministrator Nothing KEY "Escrow Buddy is not installed"
        if |view| view.lacks_key() && view.seen.escrow_buddy.installed == Reading::No;
    AuthorizationDatabaseReset Acts RepairAuthorizationDatabase KEY "the authorization database does not name Escrow Buddy: an upgrade of macOS put it back"
        if |view| view.lacks_key() && view.seen.escrow_buddy.in_authorization_database == Reading::No && view.may_repair();
    AuthorizationDatabaseBroken NeedsAdministrator Nothing KEY "the authorization database does not name Escrow Buddy, though it was repaired"
        if |view| view.lacks_key() && view.seen.escrow_buddy.in_authorization_database == Reading::No;
    BuddyFailed NeedsAdministrator Nothing KEY "Escrow Buddy took its setting back as often as it was made, and no key came"
        if |view| view.lacks_key() && view.seen.escrow_buddy.generate_new_key == Reading::No
            && view.pursuit.told >= view.rules.attempts;
    BuddyNotTold Acts SetGenerateNewKey KEY "Escrow Buddy is not told to make a key"
        if |view| view.lacks_key() && view.seen.escrow_buddy.generate_new_key == Reading::No;
    NobodyLogsIn NeedsPerson Nothing KEY "nobody has logged in for as long as the rules wait: ask the user to log out and in"
        if |view| view.lacks_key() && view.login_is_overdue();
    LoginAwaited Waits Nothing KEY "the next log-in makes a key"
        if |view| view.lacks_key();

    BuddyStillTold Acts ClearGenerateNewKey KEY "a key came, and Escrow Buddy is still told to make one"
        if |view| view.uses(Channel::EscrowBuddy) && view.seen.escrow_buddy.generate_new_key == Reading::Yes;
    NotVerified Waits Nothing KEY "the receipt of the key does not say verified at the level of the rules"
        if |view| !view.is_verified();
    Done Rests Nothing KEY "what was asked for is true"
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
