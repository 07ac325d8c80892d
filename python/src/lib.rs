//! The native part of the Python module `fdescrow`: PyO3 over core, stores and identities.
//!
//! Core's file by file, with its names. Types with behaviour are classes here; what is only told (reports, verdicts,
//! inspections) becomes a frozen object of `fdescrow.documents`, by what core says it is made of. The interpreter is let go
//! wherever a private key is used or a database is asked.
#![deny(unsafe_code)]
#![allow(clippy::too_many_arguments, reason = "the keyword arguments of Python")]
#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is extracted, and owned")]

mod certificate;
mod document;
mod envelope;
mod escrow;
mod failure;
mod identity;
mod input;
mod interrupt;
mod key;
mod keyring;
mod observation;
mod place;
mod policy;
mod secret;
mod store;
mod words;

use std::ffi::OsString;

use pyo3::prelude::*;

/// The command line: does what these arguments, of which the first is the program's name, say; gives the number to end with.
#[pyfunction]
fn run_command_line(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| fdescrow_cli::run(arguments))
}

/// What `fdescrow` is made of; not to be imported by others.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's name")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use crate::{
        certificate::Certificate,
        envelope::{Envelope, OpenedKey, inspect, judge_rows, open, seal},
        escrow::{Escrow, RevealedEnvelope, RevealedKey},
        key::RecoveryKey,
        keyring::Keyring,
        observation::{lint_profile, parse_profile, read_report},
        policy::Policy,
        run_command_line,
        store::{Store, conformance_cases, run_conformance_case},
        words::{enumerations, error_table},
    };
}
