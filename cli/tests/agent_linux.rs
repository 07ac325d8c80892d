//! Does the agent of Linux do with a real cryptsetup, on real volumes, what its planner promises?
//!
//! Volumes are plain files, so nothing here needs root. A `cryptsetup` of ours stands before the real one in the search
//! path: it counts, writes down how it was called, and kills the agent, or fails, where a test says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]

#[path = "agent_linux/bench.rs"]
mod bench;
#[path = "agent_linux/crash.rs"]
mod crash;
#[path = "agent_linux/slots.rs"]
mod slots;
#[path = "agent_linux/volume.rs"]
mod volume;
