//! Which inputs are there?

use fdescrow::verification::Operation;

use super::{Cell, Inputs, KeyRow, Matrix, Pin, ProfileStatus};

const BOTH: [bool; 2] = [false, true];
const MAYBE: [Option<bool>; 3] = [None, Some(false), Some(true)];
const ROWS: [KeyRow; 5] = [KeyRow::Missing, KeyRow::Empty, KeyRow::Untried, KeyRow::DoesNotOpen, KeyRow::Opens];
/// Fleet deletes the row of a Mac's key rather than emptying it.
const MAC_ROWS: [KeyRow; 4] = [KeyRow::Missing, KeyRow::Untried, KeyRow::DoesNotOpen, KeyRow::Opens];
const PROFILES: [ProfileStatus; 5] = [
    ProfileStatus::Null,
    ProfileStatus::Pending,
    ProfileStatus::Verifying,
    ProfileStatus::Verified,
    ProfileStatus::Failed,
];

/// Every cell of a matrix.
pub fn cells(matrix: Matrix) -> Vec<Cell> {
    let inputs = match matrix {
        Matrix::MacOs => macs(),
        Matrix::Windows2025 => pcs(&[None], &[Pin::NotDemanded]),
        Matrix::Windows2026 => pcs(&MAYBE, &[Pin::NotDemanded, Pin::Missing, Pin::Set]),
        Matrix::Linux => linux(),
    };
    let of = |inputs: Inputs| BOTH.map(|late| Cell { matrix, inputs, late });
    inputs.into_iter().flat_map(of).collect()
}

fn macs() -> Vec<Inputs> {
    let mut profiles = vec![None];
    for operation in [Operation::Install, Operation::Remove] {
        profiles.extend(PROFILES.map(|status| Some((operation, status))));
    }
    let mut macs = Vec::new();
    for profile in profiles {
        for key in MAC_ROWS {
            macs.extend(MAYBE.map(|encrypted| Inputs::Mac { profile, key, encrypted }));
        }
    }
    macs
}

fn pcs(protections: &[Option<bool>], pins: &[Pin]) -> Vec<Inputs> {
    let mut pcs = Vec::new();
    for demanded in BOTH {
        for key in ROWS {
            for encrypted in MAYBE {
                for reported_since in BOTH {
                    for (error, recent) in [(false, false), (false, true), (true, false), (true, true)] {
                        for &protection in protections {
                            pcs.extend(pins.iter().map(|&pin| Inputs::Pc {
                                demanded,
                                key,
                                encrypted,
                                reported_since,
                                error,
                                recent,
                                protection,
                                pin,
                            }));
                        }
                    }
                }
            }
        }
    }
    // Without a row there is no error, and nothing to be recent. A team that has no disk encryption asks for no PIN.
    let is_possible = |pc: &Inputs| match pc {
        Inputs::Pc { demanded: false, pin: Pin::Missing | Pin::Set, .. } => false,
        Inputs::Pc { key: KeyRow::Missing, reported_since, error, recent, .. } => {
            !(*reported_since || *error || *recent)
        }
        _ => true,
    };
    pcs.retain(is_possible);
    pcs
}

fn linux() -> Vec<Inputs> {
    let mut devices = Vec::new();
    for key in ROWS {
        for error in BOTH {
            if !(error && key == KeyRow::Missing) {
                devices.extend(MAYBE.map(|encrypted| Inputs::Linux { key, error, encrypted }));
            }
        }
    }
    devices
}
