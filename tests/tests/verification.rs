//! Is a device judged as it should be: beside the incumbent, and the same in every answer that is given of it?

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking and say what they counted"
)]

#[path = "verification/incumbent.rs"]
mod incumbent;
