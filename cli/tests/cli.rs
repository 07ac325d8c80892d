//! What does the built binary do, as an operator sees it from outside?
//!
//! Every test runs the program itself: arguments, standard input, files, what is printed where, and the number
//! that it ends with.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "cli/audit.rs"]
mod audit;
#[path = "cli/certificates.rs"]
mod certificates;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/envelopes.rs"]
mod envelopes;
#[path = "cli/house.rs"]
mod house;
#[path = "cli/keys.rs"]
mod keys;
#[path = "cli/observe.rs"]
mod observe;
#[path = "cli/pipes.rs"]
mod pipes;
#[path = "cli/policies.rs"]
mod policies;
#[path = "cli/profiles.rs"]
mod profiles;
#[cfg(unix)]
#[path = "cli/read_only.rs"]
mod read_only;
#[path = "cli/retention.rs"]
mod retention;
#[path = "cli/second_act.rs"]
mod second_act;
#[path = "cli/store.rs"]
mod store;
#[path = "cli/support.rs"]
mod support;
#[path = "cli/tokens.rs"]
mod tokens;
