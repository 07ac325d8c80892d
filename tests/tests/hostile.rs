//! Can a hostile message do harm: open to something else, tell what was wrong with it, cost more than it should?
//!
//! Messages of our own and of the generator, changed in every way that pays. No material from outside is needed, but
//! for the corpora that others fuzz with.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking, and show what they counted"
)]

#[path = "hostile/bounds.rs"]
mod bounds;
#[path = "hostile/downgrade.rs"]
mod downgrade;
#[path = "hostile/equality.rs"]
mod equality;
#[path = "hostile/flips.rs"]
mod flips;
#[path = "hostile/probes.rs"]
mod probes;
#[path = "hostile/release.rs"]
mod release;
#[path = "hostile/swaps.rs"]
mod swaps;

use fdescrow::envelope::{Envelope, EnvelopeError, Keyring, Limits, OpenOptions, Opened};

/// Reads and opens.
fn open(message: &[u8], keyring: &Keyring, options: &OpenOptions) -> Result<Opened, EnvelopeError> {
    Envelope::parse(message, &Limits::default())?.open(keyring, options)
}
