//! Does this store keep its promises?
//!
//! Every promise of the contract is a [`Case`], and [`store_conformance!`](crate::store_conformance) makes each
//! of them a `#[test]` of its own, over each store named, each time over a fresh one:
//!
//! ```ignore
//! fdescrow::store_conformance! {
//!     memory => MemoryStore::new(),
//!     mine => MyFixture::temporary(),
//! }
//! ```
//!
//! What is named is a [`Fixture`]. [`CASES`] lists the cases for those who run them by other means, and
//! [`replay`] does at random what the cases do on purpose, in two stores that must answer alike.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a case fails by panicking"
)]

mod cases;
mod claims;
mod commits;
mod equivalence;
mod events;
mod faulty;
mod guards;
mod ids;
mod isolation;
pub(crate) mod material;
mod reads;
mod snapshots;
mod writers;

use std::{fmt, sync::Arc};

pub use cases::CASES;
pub use equivalence::replay;
pub use faulty::{Fault, FaultyStore};

use crate::{
    ids::Organization,
    store::{ChangeSet, MemoryStore, Store},
};

/// A fresh, empty store to run a case on.
pub trait Fixture {
    /// The store.
    fn store(&self) -> Arc<dyn Store>;

    /// The same store as another process would find it later: opened anew from what is stored.
    fn reopen(&self) -> Arc<dyn Store>;

    /// Lets the store's own clock go on by this many seconds. A store that has none has nothing to do.
    fn wait(&self, seconds: u32);
}

impl Fixture for MemoryStore {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }

    fn reopen(&self) -> Arc<dyn Store> {
        self.store()
    }

    fn wait(&self, _seconds: u32) {}
}

/// One promise of the contract.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Case {
    /// Its name, which is that of its test.
    pub name: &'static str,
    /// The promise, in one sentence.
    pub promise: &'static str,
    /// Tries to break it.
    pub run: fn(&dyn Fixture),
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Runs the case of this name.
///
/// # Panics
/// If the store breaks the promise, or there is no such case.
pub fn run(name: &str, fixture: &dyn Fixture) {
    let case = CASES.iter().find(|case| case.name == name).expect("there is no such case");
    (case.run)(fixture);
}

/// Writes devices, called `device 1` and so on, each with one key that is due to be checked.
///
/// # Panics
/// If the store does not take them.
pub fn fill(store: &Arc<dyn Store>, organization: &Organization, devices: u32) {
    let world = material::World { store: Arc::clone(store), organization: organization.clone() };
    let names: Vec<String> = (1..=devices).map(|number| format!("device {number}")).collect();
    for names in names.chunks(500) {
        let changes: Vec<ChangeSet> = names.iter().map(|name| world.receive(name, &format!("key of {name}"))).collect();
        let answers = store.commit_batch(&changes).expect("the store is there");
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }
}

/// Makes a module for each store, with a `#[test]` for each [case](crate::store::conformance::CASES).
///
/// What follows `=>` is evaluated anew for each test; it has to be a
/// [`Fixture`](crate::store::conformance::Fixture) over an empty store.
#[macro_export]
macro_rules! store_conformance {
    ($($name:ident => $fixture:expr),+ $(,)?) => {
        $(
            mod $name {
                #[allow(unused_imports, reason = "the fixture may be named by its full path")]
                use super::*;
                $crate::store_conformance_cases! { @list tests ($fixture) }
            }
        )+
    };
}
