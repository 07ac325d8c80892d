//! Do policies become what Microsoft's device description, the published schemas and Python take them for?

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests fail by panicking, and print what they counted"
)]

#[path = "policy/bitlocker.rs"]
mod bitlocker;
#[path = "policy/documents.rs"]
mod documents;
#[path = "policy/json_schema.rs"]
mod json_schema;
#[path = "policy/syncml.rs"]
mod syncml;
