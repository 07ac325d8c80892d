//! Which situation has which status?
//!
//! The judgement as data: one row for every situation that a device, or the newest key of one of its places,
//! can be in. `assess` finds the situation; everything else is read from here.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::reason::Reason;

/// Whether a device's keys are in order. Ordered, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// Something that should have happened here did not.
    Failed,
    /// Somebody has to do something, on the device or here.
    ActionRequired,
    /// The device is being brought to what the policy demands.
    Enforcing,
    /// What the policy demanded before is being taken back.
    RemovingEnforcement,
    /// A key is there and waits for its check.
    Verifying,
    /// Every place has a key that was shown to work as far as the policy demands, and nothing that is known of the
    /// disk speaks against it.
    Verified,
    /// The policy demands nothing.
    NotRequired,
}

impl Status {
    /// Every status, the most urgent first.
    pub const ALL: &'static [Self] = &[
        Self::Failed,
        Self::ActionRequired,
        Self::Enforcing,
        Self::RemovingEnforcement,
        Self::Verifying,
        Self::Verified,
        Self::NotRequired,
    ];

    /// The word in documents, index columns and `--json` output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::ActionRequired => "action_required",
            Self::Enforcing => "enforcing",
            Self::RemovingEnforcement => "removing_enforcement",
            Self::Verifying => "verifying",
            Self::Verified => "verified",
            Self::NotRequired => "not_required",
        }
    }

    /// Whether nothing more has to happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Verified | Self::NotRequired)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something outside that a status waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Awaited {
    /// What the device or its management says of the configuration.
    ConfigurationReported,
    /// What the device says of its disk.
    DiskReported,
    /// The result of a check.
    KeyChecked,
    /// A key from the device.
    KeyReceived,
    /// An operator's decision about a key that was set apart.
    QuarantineDecided,
}

/// Where the reason of a situation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Because {
    /// There is nothing to say.
    Nothing,
    /// It is this one.
    Always(Reason),
    /// The last check said why the key did not open.
    LastCheck,
}

/// One row: what a situation is, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// When a device or a key is in this situation.
    pub when: &'static str,
    /// What its status is.
    pub status: Status,
    /// Why. What to do follows from the reason ([`Reason::actions`]).
    pub because: Because,
    /// Whether time alone ends the situation: then there is a `wake_at`.
    pub ends_by_time: bool,
    /// What it waits for.
    pub awaits: &'static [Awaited],
}

macro_rules! situations {
    ($( $variant:ident: $when:literal => $status:ident, $because:expr, $ends:expr, [$($awaits:ident),*]; )*) => {
        /// The situations, each of them with its [`Row`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Situation {
            $( #[doc = $when] $variant, )*
        }

        impl Situation {
            /// Every situation.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// Its row.
            pub fn row(self) -> Row {
                match self {
                    $( Self::$variant => Row {
                        when: $when,
                        status: Status::$status,
                        because: $because,
                        ends_by_time: $ends,
                        awaits: &[ $( Awaited::$awaits, )* ],
                    }, )*
                }
            }
        }
    };
}

const BY_TIME: bool = true;
const NOT_BY_TIME: bool = false;

use Because::{Always, LastCheck, Nothing};

// `|` in these sentences would break the table in the documentation.
situations! {
    // of a device
    Forgotten: "the device is hidden"
        => NotRequired, Always(Reason::DeviceForgotten), NOT_BY_TIME, [];
    NotRequired: "the policy demands no key"
        => NotRequired, Always(Reason::EscrowNotRequired), NOT_BY_TIME, [];
    NoKey: "no key came from the present installation, which began less than `escrow_within` ago"
        => Enforcing, Always(Reason::NoKey), BY_TIME, [KeyReceived];
    NoKeyOverdue: "no key came from the present installation, which began longer ago than that"
        => ActionRequired, Always(Reason::NoKey), NOT_BY_TIME, [KeyReceived];
    OnlyQuarantined: "the only keys that came are set apart"
        => ActionRequired, Always(Reason::Quarantined), NOT_BY_TIME, [KeyReceived, QuarantineDecided];

    // of a device's configuration and disk, where the policy demands encryption of its platform
    RemovalPending: "the configuration is to be removed"
        => RemovingEnforcement, Always(Reason::RemovalPending), NOT_BY_TIME, [ConfigurationReported];
    ConfigurationFailed: "the device refused its configuration, or could not remove it"
        => Failed, Always(Reason::ConfigurationFailed), NOT_BY_TIME, [ConfigurationReported];
    ConfigurationPending: "the configuration is not known to be on the device"
        => Enforcing, Always(Reason::ConfigurationPending), NOT_BY_TIME, [ConfigurationReported];
    AgentFailed: "the agent said that it could not do it, and nothing shows that it is done"
        => Failed, Always(Reason::AgentFailed), NOT_BY_TIME, [DiskReported];
    NotReported: "nothing was said of the disk within `report_within`"
        => Verifying, Always(Reason::NotReported), NOT_BY_TIME, [DiskReported];
    NotEncrypted: "the disk is in clear, and `encrypt_within` is not over"
        => Enforcing, Always(Reason::NotEncrypted), BY_TIME, [DiskReported];
    NotEncryptedOverdue: "the disk is in clear, and `encrypt_within` is over"
        => ActionRequired, Always(Reason::NotEncrypted), NOT_BY_TIME, [DiskReported];
    Encrypting: "the disk is being encrypted"
        => Enforcing, Always(Reason::Encrypting), NOT_BY_TIME, [DiskReported];
    ConversionPaused: "encryption or decryption of the disk was paused"
        => ActionRequired, Always(Reason::ConversionPaused), NOT_BY_TIME, [DiskReported];
    Decrypting: "the disk is being decrypted"
        => ActionRequired, Always(Reason::Decrypting), NOT_BY_TIME, [DiskReported];
    ProtectionSuspended: "the disk is encrypted, and its protection is off"
        => ActionRequired, Always(Reason::ProtectionSuspended), NOT_BY_TIME, [DiskReported];
    PinMissing: "the disk is encrypted, and has no boot protector with the PIN that the policy demands"
        => ActionRequired, Always(Reason::PinMissing), NOT_BY_TIME, [DiskReported];

    UnknownProtector: "the disk has a recovery password that is not in escrow"
        => Enforcing, Always(Reason::UnknownProtector), NOT_BY_TIME, [KeyReceived, DiskReported];

    // of the replacement of a key
    Rotating: "the key of a place is being replaced, in time"
        => Verified, Always(Reason::Rotating), NOT_BY_TIME, [];
    RotationOverdue: "the key of a place is being replaced, and a step takes longer than the policy allows"
        => ActionRequired, Always(Reason::RotationOverdue), NOT_BY_TIME, [KeyReceived];
    RotationStuck: "the device was asked to replace a key as often as the policy allows"
        => ActionRequired, Always(Reason::RotationStuck), NOT_BY_TIME, [KeyReceived];

    // of the newest key of a place, which is exposed or was refused
    Exposed: "the key was sealed to a certificate that is compromised"
        => ActionRequired, Always(Reason::Exposed), NOT_BY_TIME, [KeyReceived];
    ProtectorRefused: "the volume, or the device if its word counts, said last that the key does not open it"
        => ActionRequired, Always(Reason::ProtectorRefused), NOT_BY_TIME, [KeyChecked, KeyReceived];

    ProtectorGone: "the protector that the key is for was gone when the device last listed all of them"
        => ActionRequired, Always(Reason::ProtectorGone), NOT_BY_TIME, [KeyReceived, DiskReported];

    // which was never opened
    NotOpened: "the key never opened, and the last check said why"
        => ActionRequired, LastCheck, NOT_BY_TIME, [KeyChecked, KeyReceived];
    Unchecked: "the key was never tried, and came less than `check_within` ago"
        => Verifying, Always(Reason::NotChecked), BY_TIME, [KeyChecked];
    UncheckedOverdue: "the key was never tried, and came longer ago than that"
        => Failed, Always(Reason::CheckOverdue), NOT_BY_TIME, [KeyChecked];

    // which opened, but not as far as the policy demands
    BelowLevel: "the key opened below the level demanded, and came less than `check_within` ago"
        => Verifying, Always(Reason::LevelNotReached), BY_TIME, [KeyChecked];
    BelowLevelOverdue: "the key opened below the level demanded, and came longer ago than that"
        => ActionRequired, Always(Reason::LevelNotReached), NOT_BY_TIME, [KeyChecked];
    Unverifiable: "the key opened; that it reaches the level demanded cannot be shown, which is not accepted"
        => ActionRequired, Always(Reason::Unverifiable), NOT_BY_TIME, [KeyChecked];

    // which works as far as the policy demands
    Verified: "the key was shown to work less than `reverify_after` ago"
        => Verified, Nothing, BY_TIME, [];
    VerifiedForGood: "the key was shown to work, and is never to be checked again"
        => Verified, Nothing, NOT_BY_TIME, [];
    VerifiedNotReopened: "the key was shown to work less than `reverify_after` ago (or for good), and a later check failed"
        => Verified, LastCheck, NOT_BY_TIME, [];
    RecheckDue: "the key was shown to work `reverify_after` ago, and `check_within` is not over since"
        => Verifying, Always(Reason::RecheckDue), BY_TIME, [KeyChecked];
    RecheckOverdue: "the key was shown to work `reverify_after` ago, and `check_within` is over since"
        => Failed, Always(Reason::CheckOverdue), NOT_BY_TIME, [KeyChecked];
    RecheckFailed: "the key was shown to work `reverify_after` ago, and the last check failed"
        => ActionRequired, LastCheck, NOT_BY_TIME, [KeyChecked, KeyReceived];
}
