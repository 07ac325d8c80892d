//! Databases that keep what fdescrow remembers.
//!
//! One file per database, by feature: `sqlite` (on by default). The tables are described in core; here they
//! become SQL. [`open`] takes a URL, [`migrate`] brings older tables up to date, and each store can be opened
//! by itself with its options. [`foreign`] is for stores that are written in other languages. All of them block: an async server calls them where blocking is allowed.
//!
//! No statement is logged and no value is ever part of a statement's text.
#![forbid(unsafe_code)]

pub mod foreign;
#[cfg(feature = "sqlite")]
mod migration;
mod place;
#[cfg(feature = "sqlite")]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod trace;

pub use place::{Migration, migrate, open};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore};
