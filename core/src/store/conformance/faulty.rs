//! What if the store fails at the n-th call?

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    ids::Organization,
    store::{
        contract::{
            ChangeId, ChangeSet, Claims, CommitError, Corrupt, Cursor, EventPage, Holder, Revision, Row, RowKey,
            RowPage, RowQuery, Store, StoreError,
        },
        schema::{Table, Work},
    },
    time::Timestamp,
};

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The call does nothing, and a commit does not know that.
    Lost,
    /// The call does what it should, and a commit does not know that.
    Stored,
    /// The call does nothing and says so.
    Unavailable,
}

impl Fault {
    /// Every fault.
    pub const ALL: &'static [Self] = &[Self::Lost, Self::Stored, Self::Unavailable];
}

/// A store whose n-th call fails. Every call counts, from one; those that do not commit can only be
/// unavailable, whatever the fault.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    plan: Mutex<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    calls: u64,
    faults: BTreeMap<u64, Fault>,
}

impl FaultyStore {
    /// A store that fails as planned: at these calls, in these ways.
    pub fn new(inner: Arc<dyn Store>, faults: impl IntoIterator<Item = (u64, Fault)>) -> Self {
        Self { inner, plan: Mutex::new(Plan { calls: 0, faults: faults.into_iter().collect() }) }
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).calls
    }

    fn fault(&self) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.calls += 1;
        let call = plan.calls;
        plan.faults.get(&call).copied()
    }

    fn read<T>(&self, call: impl FnOnce(&dyn Store) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.fault().is_some() { Err(unavailable()) } else { call(&*self.inner) }
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("this call was to fail".into())
}

fn unknown() -> CommitError {
    CommitError::Unknown("the answer to this call was to be lost".into())
}

impl Store for FaultyStore {
    fn get(&self, key: &RowKey) -> Result<Option<Row>, StoreError> {
        self.read(|store| store.get(key))
    }

    fn list(&self, query: &RowQuery) -> Result<RowPage, StoreError> {
        self.read(|store| store.list(query))
    }

    fn count(&self, query: &RowQuery) -> Result<u64, StoreError> {
        self.read(|store| store.count(query))
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
        self.read(|store| store.claim(organization, work, holder, limit, lease, now))
    }

    fn release(&self, work: Work, holder: &Holder, keys: &[RowKey]) -> Result<(), StoreError> {
        self.read(|store| store.release(work, holder, keys))
    }

    fn commit(&self, changes: &ChangeSet) -> Result<Revision, CommitError> {
        match self.fault() {
            None => self.inner.commit(changes),
            Some(Fault::Lost) => Err(unknown()),
            Some(Fault::Stored) => self.inner.commit(changes).and_then(|_| Err(unknown())),
            Some(Fault::Unavailable) => Err(unavailable().into()),
        }
    }

    fn commit_batch(&self, changes: &[ChangeSet]) -> Result<Vec<Result<Revision, CommitError>>, StoreError> {
        match self.fault() {
            None => self.inner.commit_batch(changes),
            Some(Fault::Lost) => Ok(changes.iter().map(|_| Err(unknown())).collect()),
            Some(Fault::Stored) => {
                let answers = self.inner.commit_batch(changes)?;
                Ok(answers.into_iter().map(|answer| answer.and_then(|_| Err(unknown()))).collect())
            }
            Some(Fault::Unavailable) => Err(unavailable()),
        }
    }

    fn committed(&self, organization: &Organization, change: ChangeId) -> Result<Option<Revision>, StoreError> {
        self.read(|store| store.committed(organization, change))
    }

    fn events(&self, organization: &Organization, after: &Cursor, limit: u32) -> Result<EventPage, StoreError> {
        self.read(|store| store.events(organization, after, limit))
    }

    fn snapshot(
        &self,
        organization: &Organization,
        tables: &[Table],
        visit: &mut dyn FnMut(Result<&Row, &Corrupt>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.read(|store| store.snapshot(organization, tables, visit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        MemoryStore,
        conformance::material::{World, change, organization},
    };

    #[test]
    fn a_call_fails_as_planned_and_the_truth_can_be_asked_for() {
        for fault in Fault::ALL {
            let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
            let world = World { store: Arc::clone(&memory), organization: organization() };
            let changes = world.touch("change", world.device("one"));
            let faulty = FaultyStore::new(memory, [(2, *fault), (4, Fault::Unavailable)]);
            assert_eq!(faulty.count(&RowQuery::new(&organization(), crate::store::Index::DEVICES_BY_KEY)).unwrap(), 0);
            let answer = faulty.commit(&changes);
            match fault {
                Fault::Unavailable => assert!(matches!(answer, Err(CommitError::Store(StoreError::Unavailable(_))))),
                _ => assert!(matches!(answer, Err(CommitError::Unknown(_)))),
            }
            let stored = faulty.committed(&organization(), change("change")).unwrap();
            assert_eq!(stored.is_some(), *fault == Fault::Stored);
            assert!(faulty.commit(&changes).is_err());
            assert_eq!(faulty.commit(&changes).unwrap(), Revision::new(1));
            assert_eq!(faulty.calls(), 5);
        }
    }
}
