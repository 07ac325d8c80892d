//! Do the promises hold in a simulated world where everything fails, for thousands of seeds?
//!
//! `FDESCROW_SEEDS` says how many (5,000; `cargo xtask simulate`: 100,000), `FDESCROW_FIRST_SEED` where to begin (0).

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

#[path = "simulation/bitlocker.rs"]
mod bitlocker;

use std::env;

/// The seeds that this run is about.
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str, default: u64| env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let first = number("FDESCROW_FIRST_SEED", 0);
    first..first.saturating_add(number("FDESCROW_SEEDS", 5000))
}
