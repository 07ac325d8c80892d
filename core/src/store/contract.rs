//! What does a database have to do?
//!
//! [`Store`] is the contract for those who write a store; what is convenient for those who use one is
//! elsewhere. Its promises are cases of the conformance suite (feature `conformance`), which every store
//! passes: run it on your own with [`store_conformance!`](crate::store_conformance).
//!
//! # For those who write a store
//!
//! - A row is kept as it is: text and bodies byte for byte, compared and ordered by bytes, without folding of
//!   case, accents or trailing blanks.
//! - A commit is one transaction, durable when it has returned.
//! - One organization never sees a row of another: the organization leads every key and every index.
//! - The methods block; the store may be used from many threads at once.

mod change;
mod error;
mod query;
mod row;

use std::{fmt, ops::ControlFlow, time::Duration};

pub use crate::audit::Subject;
pub use change::{CHANGES_REMEMBERED, ChangeId, ChangeSet, Edit, Guard, Revision};
pub use error::{CommitError, Conflict, ConflictCause, Corrupt, Source, StoreError};
pub use query::{Claims, Cursor, Event, EventPage, PAGE_LIMIT, RowCursor, RowPage, RowQuery, Terms};
pub use row::{BODY_LIMIT, BYTES_LIMIT, Row, RowKey, Value};

use crate::{
    ids::{IdError, Organization},
    store::schema::{Table, Work},
    time::Timestamp,
};

/// Where rows are kept.
pub trait Store: fmt::Debug + Send + Sync {
    /// Reads one row.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is there and cannot be read; [`StoreError::Unavailable`].
    fn get(&self, key: &RowKey) -> Result<Option<Row>, StoreError>;

    /// Lists rows in the order of an index, a page at a time.
    ///
    /// A row that is there during the whole of a listing, with the same values in the index, is listed exactly
    /// once, whatever is written meanwhile. A row that cannot be read stops no other: it stands in
    /// [`RowPage::corrupt`].
    ///
    /// # Errors
    /// [`StoreError::Misuse`] if the query does not fit its index; [`StoreError::Unavailable`].
    fn list(&self, query: &RowQuery) -> Result<RowPage, StoreError>;

    /// Counts the rows that a query asks for; its cursor, order and limit do not count.
    ///
    /// # Errors
    /// [`StoreError::Misuse`] if the query does not fit its index; [`StoreError::Unavailable`].
    fn count(&self, query: &RowQuery) -> Result<u64, StoreError>;

    /// Claims rows that are due: at most `limit`, the longest due first, none that somebody else has claimed.
    ///
    /// A row is due when its [`due column`](Work::due_column) is not after `now`. The claim ends when `lease`
    /// is over ([`lease_seconds`]), when the row is committed, or when it is [released](Self::release). The
    /// lease is measured by the store's own clock; a store without one takes `now`. It is outside of the row
    /// and of its revision, and only saves work: what makes results right is the comparison at the commit.
    ///
    /// A claim that ends more than an hour from now is taken for one that is over: a clock was wrong.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn claim(
        &self,
        organization: &Organization,
        work: Work,
        holder: &Holder,
        limit: u32,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Claims, StoreError>;

    /// Gives rows back that this holder has claimed and not worked on. Rows that it has not claimed stay as
    /// they are.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn release(&self, work: Work, holder: &Holder, keys: &[RowKey]) -> Result<(), StoreError>;

    /// Writes a change set: all of it, durably, or nothing.
    ///
    /// In this order: if the [change id](ChangeSet::change_id) was committed before, its revision is the
    /// answer and nothing is written. The subject must be at the expected revision, and every guard must
    /// hold. Then the subject's row, the edits and the [row of the change](ChangeSet::change_row) are
    /// written, audit entries get the next places in the order of all entries, and claims on the subject's
    /// row end. Any row that is not as its edit says is a conflict; audit entries are only ever inserted.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] or [`CommitError::Store`]: nothing was changed. [`CommitError::Unknown`] if
    /// the answer was lost.
    fn commit(&self, changes: &ChangeSet) -> Result<Revision, CommitError>;

    /// Writes several change sets in one go, each for itself and in their order, and answers each. One that
    /// fails stops no other.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if none was written.
    fn commit_batch(&self, changes: &[ChangeSet]) -> Result<Vec<Result<Revision, CommitError>>, StoreError>;

    /// Whether a change was committed, and which revision it led to. `None` is final: a commit of this change
    /// that is still under way is waited for or fenced off before the answer.
    ///
    /// The last [`CHANGES_REMEMBERED`] changes of each subject are known.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn committed(&self, organization: &Organization, change: ChangeId) -> Result<Option<Revision>, StoreError>;

    /// Reads audit entries of all subjects, after a place, in the order in which they were committed.
    ///
    /// An entry that becomes visible later never stands before a place that was already handed out. So a
    /// database that commits several at a time may only show entries once all those that will stand before
    /// them are visible.
    ///
    /// # Errors
    /// [`StoreError::Misuse`] if the cursor is not this store's; [`StoreError::Unavailable`].
    fn events(&self, organization: &Organization, after: &Cursor, limit: u32) -> Result<EventPage, StoreError>;

    /// Reads whole tables of an organization as they were at one moment: table by table as named, the rows of
    /// each in the order of its key, until `visit` breaks off. Writers go on meanwhile, and `visit` may use the
    /// store.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn snapshot(
        &self,
        organization: &Organization,
        tables: &[Table],
        visit: &mut dyn FnMut(Result<&Row, &Corrupt>) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;
}

/// Who has claimed work: a name that no other worker has at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Holder(String);

impl Holder {
    /// A worker of this name: 1 to 255 bytes without control characters.
    ///
    /// # Errors
    /// [`IdError`] if it is empty, longer, or has control characters.
    pub fn new(name: impl Into<String>) -> Result<Self, IdError> {
        crate::ids::checked("holder", name.into()).map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The longest lease, in seconds: a claim that ends later than this from now is over.
pub const LEASE_LIMIT: i64 = 3600;

/// How long a claim with this lease lasts: whole seconds, rounded up, 1 to [`LEASE_LIMIT`].
pub fn lease_seconds(lease: Duration) -> i64 {
    let seconds = lease.as_secs().saturating_add(u64::from(lease.subsec_nanos() > 0));
    i64::try_from(seconds).unwrap_or(LEASE_LIMIT).clamp(1, LEASE_LIMIT)
}
