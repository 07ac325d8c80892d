//! Who else may use the file at the same time?

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    ops::ControlFlow,
    sync::Arc,
    thread,
    time::Duration,
};

use fdescrow::{
    Organization, Timestamp,
    store::{
        ChangeId, ChangeSet, Claims, CommitError, Corrupt, Cursor, EventPage, Holder, Index, Revision, Row, RowKey,
        RowPage, RowQuery, Store, StoreError, Table, Work,
        conformance::{Fixture, fill, run},
    },
};
use fdescrow_stores::{SqliteOptions, SqliteStore};

use super::{everything, filled, organization, temporary::TemporaryFolder};

/// Every call for the store gives one of its own, as another process would have.
struct ManyHandles(TemporaryFolder);

impl Fixture for ManyHandles {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(Handles((0..8).map(|_| SqliteStore::open(self.0.file("keys.db")).unwrap()).collect()))
    }

    fn reopen(&self) -> Arc<dyn Store> {
        self.store()
    }

    fn wait(&self, seconds: u32) {
        thread::sleep(Duration::from_secs(u64::from(seconds)));
    }
}

/// A store that answers each call by the handle of the thread that makes it.
#[derive(Debug)]
struct Handles(Vec<SqliteStore>);

impl Handles {
    fn mine(&self) -> &SqliteStore {
        let mut hasher = DefaultHasher::new();
        thread::current().id().hash(&mut hasher);
        &self.0[usize::try_from(hasher.finish() % 8).unwrap()]
    }
}

impl Store for Handles {
    fn get(&self, key: &RowKey) -> Result<Option<Row>, StoreError> {
        self.mine().get(key)
    }

    fn list(&self, query: &RowQuery) -> Result<RowPage, StoreError> {
        self.mine().list(query)
    }

    fn count(&self, query: &RowQuery) -> Result<u64, StoreError> {
        self.mine().count(query)
    }

    fn claim(
        &self,
        organization: &Organization,
        work: Work,
        holder: &Holder,
        limit: u32,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Claims, StoreError> {
        self.mine().claim(organization, work, holder, limit, lease, now)
    }

    fn release(&self, work: Work, holder: &Holder, keys: &[RowKey]) -> Result<(), StoreError> {
        self.mine().release(work, holder, keys)
    }

    fn commit(&self, changes: &ChangeSet) -> Result<Revision, CommitError> {
        self.mine().commit(changes)
    }

    fn commit_batch(&self, changes: &[ChangeSet]) -> Result<Vec<Result<Revision, CommitError>>, StoreError> {
        self.mine().commit_batch(changes)
    }

    fn committed(&self, organization: &Organization, change: ChangeId) -> Result<Option<Revision>, StoreError> {
        self.mine().committed(organization, change)
    }

    fn events(&self, organization: &Organization, after: &Cursor, limit: u32) -> Result<EventPage, StoreError> {
        self.mine().events(organization, after, limit)
    }

    fn snapshot(
        &self,
        organization: &Organization,
        tables: &[Table],
        visit: &mut dyn FnMut(Result<&Row, &Corrupt>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.mine().snapshot(organization, tables, visit)
    }
}

#[test]
fn eight_handles_of_one_file_are_one_store() {
    for case in [
        "events_skip_nothing_under_writers",
        "of_two_that_exclude_each_other_one_wins",
        "nothing_is_claimed_twice_or_missed",
        "a_snapshot_is_one_moment",
        "many_writers_of_one_device_lose_nothing",
        "writers_of_two_devices_lose_nothing",
    ] {
        run(case, &ManyHandles(TemporaryFolder::new()));
    }
}

#[test]
fn while_somebody_writes_reading_goes_on_and_writing_waits_for_a_while() {
    let folder = TemporaryFolder::new();
    let (_, raw) = filled(&folder.file("keys.db"), 2);
    let options = SqliteOptions::new().busy_timeout(Duration::from_millis(100));
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_with(folder.file("keys.db"), &options).unwrap());
    let before = everything(&*store);
    raw.execute_batch("BEGIN IMMEDIATE; UPDATE fdescrow_keys SET problem = 'not committed'").unwrap();
    assert_eq!(everything(&*store), before);
    assert_eq!(store.count(&RowQuery::new(&organization(), Index::KEYS_BY_KEY)).unwrap(), 2);
    let answer = store.commit_batch(&[]);
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(matches!(SqliteStore::open_with(folder.file("keys.db"), &options), Err(StoreError::Unavailable(_))));
    raw.execute_batch("ROLLBACK").unwrap();
    fill(&store, &Organization::new("others").unwrap(), 2);
    assert_eq!(everything(&*store), before);
}

/// What need not be remembered is forgotten, so that the table of changes does not grow with every sighting.
#[test]
fn old_changes_are_forgotten() {
    let fixture = ManyHandles(TemporaryFolder::new());
    run("the_last_changes_are_remembered", &fixture);
    let raw = rusqlite::Connection::open(fixture.0.file("keys.db")).unwrap();
    let changes = "SELECT COUNT(*) FROM fdescrow_changes WHERE device = 'one'";
    assert_eq!(raw.query_row(changes, [], |row| row.get::<_, i64>(0)).unwrap(), 256);
}
