//! What is remembered?
//!
//! A store sees rows, not our types: [`schema`] describes every table once, [`contract`] is what a database
//! has to do with rows, [`records`] turns rows into what the rest of the library speaks of. A [`ChangeSet`]
//! can only be built in this crate, from records, and no record has a place for a key in clear.
//!
//! The rule: everything that changes together is one change set about one subject (a device, or the
//! organization for what concerns none), committed only if that subject is still at the revision that was read.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod contract;
pub mod memory;
pub mod records;
pub mod schema;

pub use contract::{
    ChangeId, ChangeSet, Claims, CommitError, Conflict, ConflictCause, Corrupt, Cursor, Edit, Event, EventPage, Guard,
    Holder, Revision, Row, RowCursor, RowKey, RowPage, RowQuery, Store, StoreError, Subject, Value,
};
pub use memory::MemoryStore;
pub use records::{ReadRecords, Record};
pub use schema::{Index, Table, Work};
