//! Do the documents say what the code does, and lead where they say?
//!
//! What can be generated is generated and compared (`documented` in the name of the test, `BLESS=1` writes it
//! anew); links and names of tests are looked up; the code in the documents runs as doctests of this crate, and
//! the commands in them by the tests of the command line.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "documents/agents.rs"]
mod agents;
#[path = "documents/custody.rs"]
mod custody;
#[path = "documents/errors.rs"]
mod errors;
#[path = "documents/links.rs"]
mod links;
#[path = "documents/machines.rs"]
mod machines;
#[path = "documents/observations.rs"]
mod observations;
#[path = "documents/planners.rs"]
mod planners;
#[path = "documents/rows.rs"]
mod rows;
#[path = "documents/security.rs"]
mod security;
#[path = "documents/suites.rs"]
mod suites;
#[path = "documents/verification.rs"]
mod verification;
