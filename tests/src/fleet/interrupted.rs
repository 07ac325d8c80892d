//! A store during whose n-th call somebody else comes, and one whose calls are put in an order.

use std::{
    fmt,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fdescrow::{
    Organization, Timestamp,
    store::{
        ChangeId, ChangeSet, Claims, CommitError, Corrupt, Cursor, EventPage, Holder, Revision, Row, RowKey, RowPage,
        RowQuery, Store, StoreError, Table, Work,
    },
};

type Interruption = Box<dyn FnOnce() + Send>;

/// A store that does something else first: when it is called for the n-th time, or each time.
pub struct InterruptedStore {
    inner: Arc<dyn Store>,
    plan: Mutex<(u64, u64, Option<Interruption>)>,
    each: Box<dyn Fn() + Send + Sync>,
}

impl InterruptedStore {
    /// Does `interruption` before the call of this number, counted from one.
    pub fn new(inner: Arc<dyn Store>, call: u64, interruption: impl FnOnce() + Send + 'static) -> Arc<Self> {
        Arc::new(Self { inner, plan: Mutex::new((0, call, Some(Box::new(interruption)))), each: Box::new(|| ()) })
    }

    /// Does `each` before every call.
    pub fn before_each(inner: Arc<dyn Store>, each: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { inner, plan: Mutex::new((0, 0, None)), each: Box::new(each) })
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn store(&self) -> &dyn Store {
        let due = {
            let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
            plan.0 += 1;
            if plan.0 == plan.1 { plan.2.take() } else { None }
        };
        if let Some(interruption) = due {
            interruption();
        }
        (self.each)();
        &*self.inner
    }
}

impl fmt::Debug for InterruptedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterruptedStore").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Store for InterruptedStore {
    fn get(&self, key: &RowKey) -> Result<Option<Row>, StoreError> {
        self.store().get(key)
    }

    fn list(&self, query: &RowQuery) -> Result<RowPage, StoreError> {
        self.store().list(query)
    }

    fn count(&self, query: &RowQuery) -> Result<u64, StoreError> {
        self.store().count(query)
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
        self.store().claim(organization, work, holder, limit, lease, now)
    }

    fn release(&self, work: Work, holder: &Holder, keys: &[RowKey]) -> Result<(), StoreError> {
        self.store().release(work, holder, keys)
    }

    fn commit(&self, changes: &ChangeSet) -> Result<Revision, CommitError> {
        self.store().commit(changes)
    }

    fn commit_batch(&self, changes: &[ChangeSet]) -> Result<Vec<Result<Revision, CommitError>>, StoreError> {
        self.store().commit_batch(changes)
    }

    fn committed(&self, organization: &Organization, change: ChangeId) -> Result<Option<Revision>, StoreError> {
        self.store().committed(organization, change)
    }

    fn events(&self, organization: &Organization, after: &Cursor, limit: u32) -> Result<EventPage, StoreError> {
        self.store().events(organization, after, limit)
    }

    fn snapshot(
        &self,
        organization: &Organization,
        tables: &[Table],
        visit: &mut dyn FnMut(Result<&Row, &Corrupt>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.store().snapshot(organization, tables, visit)
    }
}
