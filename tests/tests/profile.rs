//! Are FileVault policies, profiles, their lint and their signatures what Apple's schemas, Python and
//! OpenSSL take them for?

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

#[path = "profile/apple.rs"]
mod apple;
#[path = "profile/commands.rs"]
mod commands;
#[path = "profile/hostile.rs"]
mod hostile;
#[path = "profile/linted.rs"]
mod linted;
#[path = "profile/material.rs"]
mod material;
#[path = "profile/policies.rs"]
mod policies;
#[path = "profile/rendered.rs"]
mod rendered;
#[path = "profile/replies.rs"]
mod replies;
#[path = "profile/round_trip.rs"]
mod round_trip;
#[path = "profile/schemas.rs"]
mod schemas;
#[path = "profile/signatures.rs"]
mod signatures;
