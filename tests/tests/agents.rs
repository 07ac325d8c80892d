//! Do the agents' tables agree with what is known of the platforms, and does a planner get along with an `Escrow`?

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

#[path = "agents/bitlocker.rs"]
mod bitlocker;
#[path = "agents/killed.rs"]
mod killed;
#[path = "agents/killed_mac.rs"]
mod killed_mac;
