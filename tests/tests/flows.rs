//! Does one key live as long as it must, whatever happens to the others, to the store and to the clock?
//!
//! Each file is a promise and those who try to break it, over every store. What counts says so in its name and prints what
//! it counted. Where that takes minutes in a debug build, a share is run, and the whole where `FDESCROW_FLOWS` is `full`; what
//! takes few minutes is whole where `CI` is set, too.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking and say what they counted"
)]

#[path = "flows/accounted.rs"]
mod accounted;
#[path = "flows/at_once.rs"]
mod at_once;
#[path = "flows/attacked.rs"]
mod attacked;
#[path = "flows/faults.rs"]
mod faults;
#[path = "flows/field_failures.rs"]
mod field_failures;
#[path = "flows/limits.rs"]
mod limits;
#[path = "flows/model.rs"]
mod model;
#[path = "flows/names.rs"]
mod names;
#[path = "flows/order.rs"]
mod order;
#[path = "flows/organizations.rs"]
mod organizations;
#[path = "flows/retention.rs"]
mod retention;
#[path = "flows/schedules.rs"]
mod schedules;
#[path = "flows/survival.rs"]
mod survival;
#[path = "flows/two_people.rs"]
mod two_people;
#[path = "flows/unavailable.rs"]
mod unavailable;

/// The whole number, or the share of it that is run every time.
fn counted(full: usize, share: usize) -> usize {
    if std::env::var("FDESCROW_FLOWS").is_ok_and(|wanted| wanted == "full") { full } else { share }
}

/// As [`counted`], and the whole number also where `CI` is set, unless it is asked for the share.
fn promised(full: u64, share: u64) -> u64 {
    match std::env::var("FDESCROW_FLOWS") {
        Ok(wanted) if wanted == "full" => full,
        Err(_) if std::env::var_os("CI").is_some() => full,
        _ => share,
    }
}
