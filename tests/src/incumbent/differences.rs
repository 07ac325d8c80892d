//! Where do we answer otherwise, and why?

use fdescrow::verification::{Operation, Status};

use super::{Cell, Inputs, KeyRow, Matrix, Pin, ProfileStatus};

/// Cells in which we answer otherwise for one reason.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    /// In which matrices.
    pub matrices: &'static [Matrix],
    /// Which cells, in words.
    pub when: &'static str,
    /// Which cells.
    pub applies: fn(&Cell) -> bool,
    /// What we answer.
    pub ours: Status,
    /// Why.
    pub reason: &'static str,
}

const WINDOWS: &[Matrix] = &[Matrix::Windows2025, Matrix::Windows2026];
const UNCHECKED: &str =
    "that nobody checked a key within `check_within` is a failure of the server, and is not shown as progress";
const HINDERED: &str = "what is known of the disk counts whatever is known of its key: the volume key lies in clear on it, or it starts without \
                        the PIN";
const IN_CLEAR: &str = "a key in escrow does not encrypt a disk";
const ERROR: &str = "an error hides no key that works: `agent_failed` stands beside the status";

/// All of them.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        matrices: &[Matrix::MacOs],
        when: "the removal of the profile was confirmed",
        applies: |cell| profile(cell) == Some((Operation::Remove, ProfileStatus::Verified)),
        ours: Status::NotRequired,
        reason: "Fleet's count and its answer for the device disagree; what is gone is gone",
    },
    Difference {
        matrices: &[Matrix::MacOs],
        when: "the profile is on its way, and a key is there that does not open",
        applies: |cell| is_on_its_way(cell) && key(cell) == KeyRow::DoesNotOpen,
        ours: Status::ActionRequired,
        reason: "the key has to be replaced, whether the profile arrives or not",
    },
    Difference {
        matrices: &[Matrix::MacOs],
        when: "the profile is there or on its way, and the key was never tried; every deadline is over",
        applies: |cell| (is_on_its_way(cell) || is_there(cell)) && key(cell) == KeyRow::Untried && cell.late,
        ours: Status::Failed,
        reason: UNCHECKED,
    },
    Difference {
        matrices: &[Matrix::MacOs],
        when: "the profile is there, and no key; `escrow_within` is not over",
        applies: |cell| is_there(cell) && key(cell) == KeyRow::Missing && !cell.late,
        ours: Status::Enforcing,
        reason: "the Mac is on its walk: there is nothing to rotate yet, and nobody has to act before the deadline",
    },
    Difference {
        matrices: &[Matrix::MacOs],
        when: "the profile is there, and a key that was not found bad; the disk is in clear, and no deadline is over",
        applies: |cell| is_there(cell) && may_work(cell) && in_clear(cell) && !cell.late,
        ours: Status::Enforcing,
        reason: "a key in escrow does not encrypt a disk: Fleet does not ask whether it is (its issue 11024)",
    },
    Difference {
        matrices: &[Matrix::MacOs],
        when: "the profile is there, and a key that opens; the disk is in clear, and every deadline is over",
        applies: |cell| is_there(cell) && key(cell) == KeyRow::Opens && in_clear(cell) && cell.late,
        ours: Status::ActionRequired,
        reason: "the same, and `encrypt_within` is over",
    },
    Difference {
        matrices: &[Matrix::MacOs],
        when: "the profile was acknowledged, and the key was never tried; the disk is not said to be in clear, no deadline is over",
        applies: |cell| is_acknowledged(cell) && key(cell) == KeyRow::Untried && !in_clear(cell) && !cell.late,
        ours: Status::Verifying,
        reason: "Fleet's count leaves the device out, and its answer for the device is ours",
    },
    Difference {
        matrices: &[Matrix::MacOs],
        when: "the profile was acknowledged, and the key opens; the disk is not said to be in clear",
        applies: |cell| is_acknowledged(cell) && key(cell) == KeyRow::Opens && !in_clear(cell),
        ours: Status::Verified,
        reason: "the key is the best witness: without the profile it would not have come",
    },
    Difference {
        matrices: WINDOWS,
        when: "no key came and no error; every deadline is over",
        applies: |cell| asks(cell) && !error(cell) && !key(cell).has_key() && cell.late,
        ours: Status::ActionRequired,
        reason: "what has not happened within `escrow_within` does not happen by itself",
    },
    Difference {
        matrices: WINDOWS,
        when: "the key does not open, and there is no error",
        applies: |cell| asks(cell) && !error(cell) && key(cell) == KeyRow::DoesNotOpen,
        ours: Status::ActionRequired,
        reason: "somebody has to ask the device for another key, or find the private key: `enforcing` would hide that",
    },
    Difference {
        matrices: &[Matrix::Windows2026],
        when: "no key is known to work, and there is no error, and no deadline about keys is over; protection is off, or the PIN \
               missing",
        applies: |cell| asks(cell) && !error(cell) && hindered(cell) && may_still_come(cell),
        ours: Status::ActionRequired,
        reason: HINDERED,
    },
    Difference {
        matrices: WINDOWS,
        when: "the key was never tried, and there is no error; the disk is not said to be in clear, `check_within` is not over",
        applies: |cell| untried_in_time(cell) && !in_clear(cell) && !hindered(cell),
        ours: Status::Verifying,
        reason: "a key is there and waits for its check: nothing is asked of the device",
    },
    Difference {
        matrices: WINDOWS,
        when: "the key came just now and was never tried, and there is no error; the disk is in clear, and `encrypt_within` is over",
        applies: |cell| untried_in_time(cell) && in_clear(cell) && cell.late,
        ours: Status::ActionRequired,
        reason: "what has not happened within `encrypt_within` does not happen by itself",
    },
    Difference {
        matrices: WINDOWS,
        when: "the key was never tried, and there is no error; `check_within` is over",
        applies: |cell| asks(cell) && !error(cell) && key(cell) == KeyRow::Untried && is_overdue(cell),
        ours: Status::Failed,
        reason: UNCHECKED,
    },
    Difference {
        matrices: WINDOWS,
        when: "the key opens, there is no error, and the disk was last said to be encrypted before the key came; nothing speaks \
               against it",
        applies: |cell| works(cell) && encrypted(cell) == Some(true) && !hindered(cell) && !reported_since(cell),
        ours: Status::Verified,
        reason: "each answer stands for itself: that a disk was encrypted is no older for a key that came since",
    },
    Difference {
        matrices: WINDOWS,
        when: "the key opens, there is no error, and nothing was said of whether the disk is encrypted; nothing speaks against it",
        applies: |cell| works(cell) && encrypted(cell).is_none() && !hindered(cell),
        ours: Status::Verified,
        reason: "unknown is not no; a policy that wants reports says `report_within`",
    },
    Difference {
        matrices: &[Matrix::Windows2026],
        when: "the key opens, there is no error, and nothing was said of whether the disk is encrypted; protection is off, or the \
               PIN missing",
        applies: |cell| works(cell) && encrypted(cell).is_none() && hindered(cell) && !asks_for_the_pin(cell),
        ours: Status::ActionRequired,
        reason: HINDERED,
    },
    Difference {
        matrices: WINDOWS,
        when: "the key opens and came within an hour, there is no error, and the disk was said to be in clear since; \
               `encrypt_within` is not over",
        applies: |cell| works(cell) && in_clear(cell) && reported_since(cell) && is_recent(cell) && !cell.late,
        ours: Status::Enforcing,
        reason: "a key in escrow does not encrypt a disk, and a PIN is asked for when it is encrypted",
    },
    Difference {
        matrices: WINDOWS,
        when: "the key opens, there is no error, and the disk is in clear; `encrypt_within` is over",
        applies: |cell| works(cell) && in_clear(cell) && cell.late && !asks_for_the_pin(cell),
        ours: Status::ActionRequired,
        reason: "what has not happened within `encrypt_within` does not happen by itself",
    },
    Difference {
        matrices: WINDOWS,
        when: "the key opens, and the agent reported an error; nothing speaks against the disk",
        applies: |cell| failed_with_key(cell) && !in_clear(cell) && !hindered(cell),
        ours: Status::Verified,
        reason: ERROR,
    },
    Difference {
        matrices: &[Matrix::Windows2026],
        when: "the key opens, and the agent reported an error; protection is off, or the PIN missing",
        applies: |cell| failed_with_key(cell) && hindered(cell),
        ours: Status::ActionRequired,
        reason: "what the device says of its disk now tells more than that its agent could not do something",
    },
    Difference {
        matrices: &[Matrix::Linux],
        when: "no key came and no error; `escrow_within` is not over",
        applies: |cell| !error(cell) && !key(cell).has_key() && !cell.late,
        ours: Status::Enforcing,
        reason: "the user was asked and may answer until the deadline",
    },
    Difference {
        matrices: &[Matrix::Linux],
        when: "the key was never tried, and there is no error; the disk is not said to be in clear, no deadline is over",
        applies: |cell| !error(cell) && key(cell) == KeyRow::Untried && !in_clear(cell) && !cell.late,
        ours: Status::Verifying,
        reason: "Fleet does not ask whether the key opens; nothing is verified that nobody tried",
    },
    Difference {
        matrices: &[Matrix::Linux],
        when: "a key came that was not found bad, and there is no error; the disk is in clear, and no deadline is over",
        applies: |cell| !error(cell) && may_work(cell) && in_clear(cell) && !cell.late,
        ours: Status::Enforcing,
        reason: IN_CLEAR,
    },
    Difference {
        matrices: &[Matrix::Linux],
        when: "the key opens, and there is no error; the disk is in clear, and `encrypt_within` is over",
        applies: |cell| !error(cell) && key(cell) == KeyRow::Opens && in_clear(cell) && cell.late,
        ours: Status::ActionRequired,
        reason: IN_CLEAR,
    },
    Difference {
        matrices: &[Matrix::Linux],
        when: "the key was never tried, and there is no error; every deadline is over",
        applies: |cell| !error(cell) && key(cell) == KeyRow::Untried && cell.late,
        ours: Status::Failed,
        reason: UNCHECKED,
    },
    Difference {
        matrices: &[Matrix::Linux],
        when: "the key does not open, and there is no error",
        applies: |cell| !error(cell) && key(cell) == KeyRow::DoesNotOpen,
        ours: Status::ActionRequired,
        reason: "Fleet does not ask whether the key opens; one that does not is no key",
    },
    Difference {
        matrices: &[Matrix::Linux],
        when: "the key opens, and the agent reported an error; the disk is not said to be in clear",
        applies: |cell| error(cell) && key(cell) == KeyRow::Opens && !in_clear(cell),
        ours: Status::Verified,
        reason: ERROR,
    },
];

fn profile(cell: &Cell) -> Option<(Operation, ProfileStatus)> {
    match cell.inputs {
        Inputs::Mac { profile, .. } => profile,
        _ => None,
    }
}

fn is_on_its_way(cell: &Cell) -> bool {
    matches!(profile(cell), Some((Operation::Install, ProfileStatus::Null | ProfileStatus::Pending)))
}

fn is_acknowledged(cell: &Cell) -> bool {
    profile(cell) == Some((Operation::Install, ProfileStatus::Verifying))
}

fn is_there(cell: &Cell) -> bool {
    is_acknowledged(cell) || profile(cell) == Some((Operation::Install, ProfileStatus::Verified))
}

fn key(cell: &Cell) -> KeyRow {
    match cell.inputs {
        Inputs::Mac { key, .. } | Inputs::Pc { key, .. } | Inputs::Linux { key, .. } => key,
    }
}

fn may_work(cell: &Cell) -> bool {
    matches!(key(cell), KeyRow::Untried | KeyRow::Opens)
}

fn encrypted(cell: &Cell) -> Option<bool> {
    match cell.inputs {
        Inputs::Mac { encrypted, .. } | Inputs::Pc { encrypted, .. } | Inputs::Linux { encrypted, .. } => encrypted,
    }
}

fn in_clear(cell: &Cell) -> bool {
    encrypted(cell) == Some(false)
}

fn error(cell: &Cell) -> bool {
    matches!(cell.inputs, Inputs::Pc { error: true, .. } | Inputs::Linux { error: true, .. })
}

/// A PC whose team has disk encryption on.
fn asks(cell: &Cell) -> bool {
    matches!(cell.inputs, Inputs::Pc { demanded: true, .. })
}

fn works(cell: &Cell) -> bool {
    asks(cell) && !error(cell) && key(cell) == KeyRow::Opens
}

fn is_overdue(cell: &Cell) -> bool {
    cell.late && !matches!(cell.inputs, Inputs::Pc { recent: true, .. })
}

fn reported_since(cell: &Cell) -> bool {
    matches!(cell.inputs, Inputs::Pc { reported_since: true, .. })
}

/// The key came within an hour (G).
fn is_recent(cell: &Cell) -> bool {
    matches!(cell.inputs, Inputs::Pc { recent: true, .. })
}

fn untried_in_time(cell: &Cell) -> bool {
    asks(cell) && !error(cell) && key(cell) == KeyRow::Untried && !is_overdue(cell)
}

/// No key is known to work or not to, and none is overdue.
fn may_still_come(cell: &Cell) -> bool {
    untried_in_time(cell) || (!key(cell).has_key() && !cell.late)
}

fn failed_with_key(cell: &Cell) -> bool {
    asks(cell) && error(cell) && key(cell) == KeyRow::Opens
}

fn lacks_pin(cell: &Cell) -> bool {
    matches!(cell.inputs, Inputs::Pc { pin: Pin::Missing, .. })
}

/// The disk is not said to be in clear, and its protection is off or the PIN missing. Fleet asked for neither in 2025.
fn hindered(cell: &Cell) -> bool {
    let suspended = matches!(cell.inputs, Inputs::Pc { protection: Some(false), .. });
    !in_clear(cell) && (suspended || lacks_pin(cell))
}

/// Fleet asks for the PIN of a disk that is not said to be encrypted only within an hour after the key came.
fn asks_for_the_pin(cell: &Cell) -> bool {
    lacks_pin(cell) && reported_since(cell) && is_recent(cell)
}
