//! Do the messages that others published give what their makers put in, and the broken ones nothing?
//!
//! The messages, their keys and what to expect of them are the pack in the shared folder; here is only what this
//! library decides otherwise, each with its reason.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking, and show what they counted"
)]

#[path = "vectors/aws_lc.rs"]
mod aws_lc;
#[path = "vectors/negative.rs"]
mod negative;
#[path = "vectors/pack.rs"]
mod pack;
#[path = "vectors/parse.rs"]
mod parse;
#[path = "vectors/positive.rs"]
mod positive;
#[path = "vectors/wycheproof.rs"]
mod wycheproof;
