//! Does the agent in C keep what its planner promises, on real volumes, wherever it is killed?
//!
//! `examples/c/agent` is compiled as its author would, and passes the tests of `fdescrow agent linux`. Volumes are plain files, so
//! nothing here needs root; the server is a program in C, too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]
#![allow(dead_code, reason = "what is shared with other tests is not all used here")]

#[path = "agent/bench.rs"]
mod bench;
#[path = "../../cli/tests/agent_linux/crash.rs"]
mod crash;
#[path = "agent/files.rs"]
mod files;
#[path = "c/programs.rs"]
mod programs;
#[path = "agent/slots.rs"]
mod slots;
#[path = "../../cli/tests/agent_linux/volume.rs"]
mod volume;
