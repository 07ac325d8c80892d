//! What does the incumbent say of a device, and where do we say otherwise?
//!
//! Fleet decides by matrices of few inputs (macOS: the profile and the key's row; Windows: five to seven predicates;
//! Linux: the key's row). [`counted`] and [`shown`] are those rules once more, written from a description of what they
//! decide: Fleet has two of each, one that counts devices and one that answers for a device. [`cells`] are all inputs, each at
//! two ages of the device, since we have deadlines and Fleet has none; [`DIFFERENCES`] says where we differ, and why.
#![allow(clippy::exhaustive_enums, clippy::exhaustive_structs, reason = "for tests of this workspace alone")]

mod cells;
mod differences;
mod ours;

pub use cells::cells;
pub use differences::{DIFFERENCES, Difference};
pub use ours::judge;

use fdescrow::verification::{Operation, Status};

/// Which of Fleet's matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matrix {
    /// macOS: operation, status of the profile, key row.
    MacOs,
    /// Windows, as of 2025.
    Windows2025,
    /// Windows, as of 2026: protection and PIN count too.
    Windows2026,
    /// Linux.
    Linux,
}

impl Matrix {
    /// Every matrix.
    pub const ALL: &'static [Self] = &[Self::MacOs, Self::Windows2025, Self::Windows2026, Self::Linux];

    /// The words in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MacOs => "macOS",
            Self::Windows2025 => "Windows, 2025",
            Self::Windows2026 => "Windows, 2026",
            Self::Linux => "Linux",
        }
    }
}

/// The row of a device's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRow {
    /// There is none.
    Missing,
    /// There is one without a key: an agent reported an error, or lost it.
    Empty,
    /// Nobody tried the key yet (`decryptable` is NULL).
    Untried,
    /// It did not open (`decryptable` is 0).
    DoesNotOpen,
    /// It opened (`decryptable` is 1).
    Opens,
}

impl KeyRow {
    /// Whether there is a key.
    pub fn has_key(self) -> bool {
        !matches!(self, Self::Missing | Self::Empty)
    }
}

/// How far the profile of a Mac is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileStatus {
    /// To be sent (NULL).
    Null,
    /// Sent.
    Pending,
    /// Acknowledged.
    Verifying,
    /// Seen on the Mac.
    Verified,
    /// Refused.
    Failed,
}

/// The PIN that is asked for when a PC starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// The team asks for none.
    NotDemanded,
    /// It asks for one, and the last list of protectors has none with a PIN.
    Missing,
    /// It asks for one, and the last list of protectors has one with a PIN.
    Set,
}

/// What Fleet looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// A Mac.
    Mac {
        /// The profile, if there is a row of it.
        profile: Option<(Operation, ProfileStatus)>,
        /// The key.
        key: KeyRow,
        /// Whether the disk is encrypted, as far as was said; Fleet does not look at it.
        encrypted: Option<bool>,
    },
    /// A PC.
    Pc {
        /// Whether disk encryption is on for its team.
        demanded: bool,
        /// The key (K: it opens).
        key: KeyRow,
        /// Whether the disk is encrypted (E: it is said to be).
        encrypted: Option<bool>,
        /// Whether that was said after the key came (U).
        reported_since: bool,
        /// Whether the agent reported an error (X).
        error: bool,
        /// Whether the key came within an hour (G).
        recent: bool,
        /// Whether the disk is protected (P: not said to be off).
        protection: Option<bool>,
        /// What is asked of a PIN, and whether there is one (N: there is, or none is asked for).
        pin: Pin,
    },
    /// A Linux device.
    Linux {
        /// The key.
        key: KeyRow,
        /// Whether the agent reported an error.
        error: bool,
        /// Whether the disk is encrypted, as far as was said; Fleet does not look at it.
        encrypted: Option<bool>,
    },
}

/// One combination of inputs, at an age of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// In which matrix.
    pub matrix: Matrix,
    /// The inputs.
    pub inputs: Inputs,
    /// Whether every deadline of ours is over: the device is thirty days old, and otherwise three hours.
    pub late: bool,
}

/// The status by which Fleet counts a device; none: it is not counted.
pub fn counted(cell: &Cell) -> Option<Status> {
    match cell.inputs {
        Inputs::Mac { profile: Some((Operation::Install, ProfileStatus::Verifying)), key: KeyRow::Untried, .. }
        | Inputs::Mac { profile: Some((Operation::Remove, ProfileStatus::Verified)), .. } => None,
        _ => shown(cell),
    }
}

/// The status that Fleet shows of a device; none: it shows none.
pub fn shown(cell: &Cell) -> Option<Status> {
    match cell.inputs {
        Inputs::Mac { profile, key, .. } => mac(profile?, key),
        Inputs::Pc { demanded: false, .. } => None,
        Inputs::Pc { key: KeyRow::Missing, .. } => Some(Status::Enforcing),
        Inputs::Pc { .. } if cell.matrix == Matrix::Windows2025 => pc_2025(&cell.inputs),
        Inputs::Pc { .. } => pc_2026(&cell.inputs),
        Inputs::Linux { key, error, .. } => Some(match key {
            KeyRow::Missing => Status::ActionRequired,
            _ if error => Status::Failed,
            KeyRow::Empty => Status::ActionRequired,
            _ => Status::Verified,
        }),
    }
}

fn mac((operation, profile): (Operation, ProfileStatus), key: KeyRow) -> Option<Status> {
    use ProfileStatus::{Failed, Null, Pending, Verified, Verifying};
    match (operation, profile) {
        (_, Failed) => Some(Status::Failed),
        (Operation::Install, Null | Pending) => Some(Status::Enforcing),
        (Operation::Install, Verifying | Verified) => Some(match key {
            KeyRow::Missing | KeyRow::Empty | KeyRow::DoesNotOpen => Status::ActionRequired,
            KeyRow::Untried => Status::Verifying,
            KeyRow::Opens if profile == Verified => Status::Verified,
            KeyRow::Opens => Status::Verifying,
        }),
        (Operation::Remove, Verifying) => None,
        (Operation::Remove, Null | Pending | Verified) => Some(Status::RemovingEnforcement),
        (operation, _) => panic!("Fleet knows no {operation:?}"),
    }
}

/// The predicates of a PC that Fleet's rules are written in.
struct Predicates {
    k: bool,
    e: bool,
    u: bool,
    x: bool,
    g: bool,
    p: bool,
    n: bool,
}

impl Predicates {
    fn of(inputs: &Inputs) -> Self {
        let Inputs::Pc { key, encrypted, reported_since, error, recent, protection, pin, .. } = *inputs else {
            panic!("not a PC");
        };
        Self {
            k: key == KeyRow::Opens,
            e: encrypted == Some(true),
            u: reported_since,
            x: error,
            g: recent,
            p: protection != Some(false),
            n: pin != Pin::Missing,
        }
    }
}

fn pc_2025(inputs: &Inputs) -> Option<Status> {
    let Predicates { k, e, u, x, g, .. } = Predicates::of(inputs);
    only([
        (!x && k && e && u, Status::Verified),
        (!x && k && ((e && !u) || (!e && u && g)), Status::Verifying),
        (!x && (!k || (!e && (!u || !g))), Status::Enforcing),
        (x, Status::Failed),
    ])
}

fn pc_2026(inputs: &Inputs) -> Option<Status> {
    let Predicates { k, e, u, x, g, p, n } = Predicates::of(inputs);
    if !x && k && (e || (u && g)) && (!n || (e && !p)) {
        return Some(Status::ActionRequired);
    }
    only([
        (!x && k && e && u && p && n, Status::Verified),
        (!x && k && ((e && !u && p) || (!e && u && g)) && n, Status::Verifying),
        (!x && (!k || (!e && (!u || !g))), Status::Enforcing),
        (x, Status::Failed),
    ])
}

/// The rules are total and disjoint: exactly one holds.
fn only<const N: usize>(rules: [(bool, Status); N]) -> Option<Status> {
    let mut holding = rules.into_iter().filter(|(holds, _)| *holds).map(|(_, status)| status);
    let status = holding.next();
    assert!(status.is_some() && holding.next().is_none(), "not exactly one rule holds");
    status
}
