//! Rows in their indexes, and one commit after the other.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use crate::{
    ids::Organization,
    store::{
        contract::{
            CHANGES_REMEMBERED, ChangeId, ChangeSet, CommitError, Conflict, ConflictCause, Cursor, Edit, Event,
            EventPage, Guard, Holder, LEASE_LIMIT, Revision, Row, RowKey, RowQuery, StoreError, Subject, Value,
        },
        schema::{Index, Table, Work},
    },
    time::Timestamp,
};

/// One part of an index key. `Top` is above every value: the upper end of all that begin alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Integer(i64),
    Text(String),
    Top,
}

impl From<&Value> for Part {
    fn from(value: &Value) -> Self {
        match value {
            Value::Integer(integer) => Self::Integer(*integer),
            Value::Text(text) => Self::Text(text.clone()),
        }
    }
}

#[derive(Clone, Debug)]
struct Stored {
    row: Arc<Row>,
    leases: BTreeMap<Work, (Holder, i64)>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    rows: BTreeMap<RowKey, Stored>,
    indexes: BTreeMap<Index, BTreeMap<Vec<Part>, Arc<Row>>>,
    /// Audit entries in the order of their commits, by organization.
    order: BTreeMap<String, Vec<RowKey>>,
}

impl State {
    pub(super) fn get(&self, key: &RowKey) -> Option<Arc<Row>> {
        self.rows.get(key).map(|stored| Arc::clone(&stored.row))
    }

    /// The rows of a query, in its order.
    pub(super) fn find(&self, query: &RowQuery) -> Result<impl Iterator<Item = &Arc<Row>>, StoreError> {
        let terms = query.terms()?;
        let mut prefix = vec![Part::Text(query.organization().as_str().to_owned())];
        prefix.extend(terms.equal.iter().map(|(_, value)| Part::from(*value)));
        let with = |parts: &[Part]| [prefix.as_slice(), parts].concat();
        let top = |value: Option<&Value>| match value {
            Some(value) => with(&[Part::from(value), Part::Top]),
            None => with(&[Part::Top]),
        };
        let mut least = Bound::Included(with(terms.from.map(Part::from).as_slice()));
        let mut greatest = Bound::Included(top(terms.to));
        if let Some(after) = terms.after {
            let after = with(&after.iter().map(Part::from).collect::<Vec<_>>());
            if query.is_descending() {
                greatest = lesser(greatest, after);
            } else {
                least = greater(least, after);
            }
        }
        let rows = match self.indexes.get(&query.index()) {
            Some(index) if !is_empty(&least, &greatest) => Some(index.range((least, greatest))),
            _ => None,
        };
        let (ascending, descending) = if query.is_descending() { (None, rows) } else { (rows, None) };
        Ok(ascending.into_iter().flatten().chain(descending.into_iter().flat_map(Iterator::rev)).map(|(_, row)| row))
    }

    pub(super) fn is_free(&self, key: &RowKey, work: Work, now: Timestamp) -> bool {
        let now = now.unix_seconds();
        let until = self.rows.get(key).and_then(|stored| stored.leases.get(&work)).map(|(_, until)| *until);
        until.is_none_or(|until| until <= now || until > now.saturating_add(LEASE_LIMIT))
    }

    pub(super) fn lease(&mut self, key: &RowKey, work: Work, holder: &Holder, until: i64) {
        if let Some(stored) = self.rows.get_mut(key) {
            stored.leases.insert(work, (holder.clone(), until));
        }
    }

    pub(super) fn release(&mut self, key: &RowKey, work: Work, holder: &Holder) {
        if let Some(stored) = self.rows.get_mut(key)
            && stored.leases.get(&work).is_some_and(|(leased_to, _)| leased_to == holder)
        {
            stored.leases.remove(&work);
        }
    }

    pub(super) fn committed(&self, organization: &Organization, change: ChangeId) -> Option<Revision> {
        let row = self.get(&change.row_key(organization))?;
        Revision::from_integer(row.integer("revision")?)
    }

    pub(super) fn events(
        &self,
        organization: &Organization,
        after: &Cursor,
        limit: u32,
    ) -> Result<EventPage, StoreError> {
        let entries = self.order.get(organization.as_str()).map(Vec::as_slice).unwrap_or_default();
        let misuse = || StoreError::Misuse("the cursor is not one of this store".to_owned());
        let start: usize = match after.as_str() {
            "" => 0,
            text => text.parse().map_err(|_| misuse())?,
        };
        let waiting = entries.get(start..).ok_or_else(misuse)?.iter().zip(start.saturating_add(1)..);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let events: Vec<Event> = waiting
            .take(limit)
            .filter_map(|(key, place)| Some(Event::new(Cursor::new(place.to_string()), Row::clone(&*self.get(key)?))))
            .collect();
        let next = events.last().map_or_else(|| after.clone(), |event| event.cursor.clone());
        Ok(EventPage::new(events, Vec::new(), next))
    }

    /// One change set, whole or not at all.
    pub(super) fn commit(&mut self, changes: &ChangeSet) -> Result<Revision, CommitError> {
        if let Some(row) = self.get(&changes.change_id().row_key(changes.organization())) {
            return first_answer(&row, changes);
        }
        let mut undo = Vec::new();
        let entries = self.order.get(changes.organization().as_str()).map_or(0, Vec::len);
        match self.apply(changes, &mut undo) {
            Ok(()) => {
                self.forget(changes);
                Ok(changes.revision())
            }
            Err(error) => {
                undo.into_iter().rev().for_each(|(key, stored)| self.put_back(&key, stored));
                if let Some(order) = self.order.get_mut(changes.organization().as_str()) {
                    order.truncate(entries);
                }
                Err(error)
            }
        }
    }

    fn apply(&mut self, changes: &ChangeSet, undo: &mut Vec<(RowKey, Option<Stored>)>) -> Result<(), CommitError> {
        let current = self.revision(changes.subject(), changes.organization());
        let conflict = |cause| Err(CommitError::Conflict(Conflict::new(current, cause)));
        if current != changes.expected() {
            return conflict(ConflictCause::Revision);
        }
        for guard in changes.guards() {
            let holds = match guard {
                Guard::Absent(query) => self.find(query)?.next().is_none(),
                Guard::Revision(subject, revision) => self.revision(subject, changes.organization()) == *revision,
            };
            if !holds {
                return conflict(ConflictCause::Guard);
            }
        }
        let change_row = Edit::Insert(changes.change_row());
        undo.push(self.put(changes.subject_row().clone()));
        for edit in changes.edits().iter().chain([&change_row]) {
            let key = edit.key();
            let there = self.get(key);
            if key.table() == Table::Audit && !matches!(edit, Edit::Insert(_)) {
                return Err(StoreError::Misuse("audit entries are never changed".to_owned()).into());
            }
            undo.push(match (edit, there) {
                (Edit::Insert(_), Some(_)) => return conflict(ConflictCause::Present(key.table())),
                (Edit::Clear(key), None) => (key.clone(), None),
                (Edit::Clear(key), Some(_)) => (key.clone(), self.take(key)),
                (Edit::Insert(row), None) | (Edit::Put(row), _) => self.put(row.clone()),
                (Edit::Replace(row), Some(there)) if same_fixed(row, &there) => self.put(keep_bytes(row, &there)),
                (Edit::Delete(key), Some(_)) => (key.clone(), self.take(key)),
                (Edit::Replace(_) | Edit::Delete(_), _) => return conflict(ConflictCause::Absent(key.table())),
            });
            if key.table() == Table::Audit {
                self.order.entry(changes.organization().as_str().to_owned()).or_default().push(key.clone());
            }
        }
        Ok(())
    }

    /// The changes that need not be remembered any more.
    fn forget(&mut self, changes: &ChangeSet) {
        let Some(oldest) = changes.revision().number().checked_sub(CHANGES_REMEMBERED) else { return };
        let oldest = RowQuery::new(changes.organization(), Index::CHANGES_BY_SUBJECT)
            .equal(changes.subject().as_str())
            .to(Revision::new(oldest).to_integer());
        let keys: Vec<RowKey> =
            self.find(&oldest).map(|rows| rows.map(|row| row.key().clone()).collect()).unwrap_or_default();
        keys.iter().for_each(|key| {
            self.take(key);
        });
    }

    fn revision(&self, subject: &Subject, organization: &Organization) -> Revision {
        let row = self.get(&subject.row_key(organization));
        row.and_then(|row| Revision::from_integer(row.integer("revision")?)).unwrap_or(Revision::NONE)
    }

    fn put(&mut self, row: Row) -> (RowKey, Option<Stored>) {
        let key = row.key().clone();
        let before = self.take(&key);
        self.put_back(&key, Some(Stored { row: Arc::new(row), leases: BTreeMap::new() }));
        (key, before)
    }

    fn put_back(&mut self, key: &RowKey, stored: Option<Stored>) {
        self.take(key);
        if let Some(stored) = stored {
            for index in Index::all_of(key.table()) {
                if let Some(place) = place(&stored.row, index) {
                    self.indexes.entry(index).or_default().insert(place, Arc::clone(&stored.row));
                }
            }
            self.rows.insert(key.clone(), stored);
        }
    }

    #[cfg(test)]
    pub(super) fn lose(&mut self, table: Table) {
        let keys: Vec<RowKey> = self.rows.keys().filter(|key| key.table() == table).cloned().collect();
        keys.iter().for_each(|key| {
            self.take(key);
        });
    }

    fn take(&mut self, key: &RowKey) -> Option<Stored> {
        let stored = self.rows.remove(key)?;
        for index in Index::all_of(key.table()) {
            if let (Some(place), Some(rows)) = (place(&stored.row, index), self.indexes.get_mut(&index)) {
                rows.remove(&place);
            }
        }
        Some(stored)
    }
}

fn first_answer(row: &Row, changes: &ChangeSet) -> Result<Revision, CommitError> {
    if row.text("device") != Some(changes.subject().as_str()) {
        return Err(StoreError::Misuse("a change id was used for two devices".to_owned()).into());
    }
    Ok(row.integer("revision").and_then(Revision::from_integer).unwrap_or_default())
}

/// The place of a row in an index, if it is in it.
fn place(row: &Row, index: Index) -> Option<Vec<Part>> {
    let organization = row.key().parts().first()?;
    let rest = index.order().map(|name| row.value(name));
    std::iter::once(Some(organization)).chain(rest).map(|value| value.map(Part::from)).collect()
}

fn same_fixed(row: &Row, there: &Row) -> bool {
    let fixed = |row: &Row| -> Vec<Option<Value>> {
        row.described_columns().filter(|(column, _)| column.fixed).map(|(_, value)| value.cloned()).collect()
    };
    fixed(row) == fixed(there)
}

fn keep_bytes(row: &Row, there: &Row) -> Row {
    let bytes = there.bytes().map(<[u8]>::to_vec);
    Row::known(row.key().clone(), row.columns().to_vec(), row.body().map(str::to_owned), bytes)
}

fn greater(bound: Bound<Vec<Part>>, after: Vec<Part>) -> Bound<Vec<Part>> {
    match &bound {
        Bound::Included(least) if *least > after => bound,
        _ => Bound::Excluded(after),
    }
}

fn lesser(bound: Bound<Vec<Part>>, before: Vec<Part>) -> Bound<Vec<Part>> {
    match &bound {
        Bound::Included(greatest) if *greatest < before => bound,
        _ => Bound::Excluded(before),
    }
}

/// Whether nothing lies between the bounds; `BTreeMap::range` panics on some such bounds.
fn is_empty(least: &Bound<Vec<Part>>, greatest: &Bound<Vec<Part>>) -> bool {
    match (least, greatest) {
        (Bound::Included(least), Bound::Included(greatest)) => least > greatest,
        (Bound::Included(least) | Bound::Excluded(least), Bound::Included(greatest) | Bound::Excluded(greatest)) => {
            least >= greatest
        }
        _ => false,
    }
}
