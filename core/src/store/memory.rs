//! What does a store do, without a database?
//!
//! [`MemoryStore`] keeps every promise of the contract but one: what it holds ends with the process. It is for
//! tests, for trying things out, and to read the contract as code.

mod state;

use std::{
    fmt,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use self::state::State;
use crate::{
    ids::Organization,
    store::{
        contract::{
            ChangeId, ChangeSet, Claims, CommitError, Corrupt, Cursor, EventPage, Holder, PAGE_LIMIT, Revision, Row,
            RowKey, RowPage, RowQuery, Store, StoreError, lease_seconds,
        },
        schema::{Index, Table, Work},
    },
    time::Timestamp,
};

/// A store in memory. Clones are handles of the same store; it is gone with the last of them.
///
/// It has no clock: leases are measured by the `now` of each claim.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Loses all rows of a table, as a store may that was damaged.
    #[cfg(test)]
    pub(crate) fn lose(&self, table: Table) {
        self.lock().lose(table);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is undone or done before the lock is given back, also by a panic of the one who held it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &RowKey) -> Result<Option<Row>, StoreError> {
        Ok(self.lock().get(key).map(|row| Row::clone(&row)))
    }

    fn list(&self, query: &RowQuery) -> Result<RowPage, StoreError> {
        let state = self.lock();
        let mut found = state.find(query)?;
        let limit = usize::try_from(query.page_limit()).unwrap_or(usize::MAX);
        let rows: Vec<Row> = found.by_ref().take(limit).map(|row| Row::clone(row)).collect();
        let next = found.next().and_then(|_| query.cursor_after(rows.last()?));
        Ok(RowPage::new(rows, Vec::new(), next))
    }

    fn count(&self, query: &RowQuery) -> Result<u64, StoreError> {
        let state = self.lock();
        Ok(state.find(&query.clone().from_the_start())?.fold(0, |count: u64, _| count.saturating_add(1)))
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
        let mut state = self.lock();
        let limit = usize::try_from(limit.clamp(1, PAGE_LIMIT)).unwrap_or(usize::MAX);
        let due = RowQuery::new(organization, work.index()).to(now.unix_seconds());
        let free = state.find(&due)?.filter(|row| state.is_free(row.key(), work, now));
        let rows: Vec<Row> = free.take(limit).map(|row| Row::clone(row)).collect();
        let until = now.unix_seconds().saturating_add(lease_seconds(lease));
        rows.iter().for_each(|row| state.lease(row.key(), work, holder, until));
        Ok(Claims::new(rows, Vec::new()))
    }

    fn release(&self, work: Work, holder: &Holder, keys: &[RowKey]) -> Result<(), StoreError> {
        let mut state = self.lock();
        keys.iter().for_each(|key| state.release(key, work, holder));
        Ok(())
    }

    fn commit(&self, changes: &ChangeSet) -> Result<Revision, CommitError> {
        self.lock().commit(changes)
    }

    fn commit_batch(&self, changes: &[ChangeSet]) -> Result<Vec<Result<Revision, CommitError>>, StoreError> {
        let mut state = self.lock();
        Ok(changes.iter().map(|changes| state.commit(changes)).collect())
    }

    fn committed(&self, organization: &Organization, change: ChangeId) -> Result<Option<Revision>, StoreError> {
        Ok(self.lock().committed(organization, change))
    }

    fn events(&self, organization: &Organization, after: &Cursor, limit: u32) -> Result<EventPage, StoreError> {
        self.lock().events(organization, after, limit.clamp(1, PAGE_LIMIT))
    }

    fn snapshot(
        &self,
        organization: &Organization,
        tables: &[Table],
        visit: &mut dyn FnMut(Result<&Row, &Corrupt>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let rows = {
            let state = self.lock();
            let mut rows: Vec<Arc<Row>> = Vec::new();
            for table in tables {
                rows.extend(state.find(&RowQuery::new(organization, Index::key_of(*table)))?.cloned());
            }
            rows
        };
        for row in &rows {
            if visit(Ok(row)).is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    crate::store_conformance! { memory => crate::store::MemoryStore::new() }
}
