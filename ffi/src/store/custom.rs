//! How does a store of the embedder's answer?

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what it lacks")]

use std::{
    fmt,
    ops::ControlFlow,
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::Duration,
};

use fdescrow::{
    Organization, Timestamp,
    error::ErrorCode,
    store::{
        ChangeId, ChangeSet, Claims, CommitError, Conflict, ConflictCause, Corrupt, Cursor, Event, EventPage, Holder,
        Index, Revision, Row, RowKey, RowPage, RowQuery, Store, StoreError, Table, Work, contract::lease_seconds,
    },
};
use serde_json::{Value as Json, json};

use super::{documents, reply::Reply};
use crate::{
    callback::{StoreFunctions, StoreMethod, fdescrow_store_functions},
    failure::Failure,
    version::FDESCROW_ABI_VERSION,
};

/// Rows that wait to be looked at while a snapshot is read.
const WAITING_ROWS: usize = 64;

/// A store of functions in C.
pub(crate) struct CustomStore {
    functions: StoreFunctions,
}

impl fmt::Debug for CustomStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomStore")
    }
}

impl CustomStore {
    /// The functions are freed if they are not taken.
    pub(crate) fn new(functions: fdescrow_store_functions) -> Result<Self, Failure> {
        let functions = StoreFunctions::new(functions);
        if functions.version() != FDESCROW_ABI_VERSION {
            return Err(Failure::misuse("the functions are of another version of the C ABI"));
        }
        if !functions.is_whole() {
            return Err(Failure::misuse("a store has all of its functions; commit_batch alone may be NULL"));
        }
        Ok(Self { functions })
    }

    /// Asks, and reads the answer; with it, the number that the function returned.
    fn call(&self, method: StoreMethod, request: &Json) -> Result<(i32, Json), StoreError> {
        let (number, reply) = self.functions.call(method, &request.to_string(), Reply::new(None));
        let text = reply.text();
        let answer = if text.is_empty() { Ok(Json::Null) } else { serde_json::from_str(&text) };
        Ok((number, answer.map_err(|_| misspoken("is no JSON"))?))
    }

    fn ask(&self, method: StoreMethod, request: &Json) -> Result<Json, StoreError> {
        match self.call(method, request)? {
            (0, answer) => Ok(answer),
            (number, _) => Err(store_error(number)),
        }
    }
}

/// The store's answer is not as documented.
fn misspoken(problem: &str) -> StoreError {
    StoreError::Misuse(format!("what a store of the embedder's answered {problem}"))
}

/// What a number of a store means.
fn store_error(number: i32) -> StoreError {
    let is = |code: ErrorCode| code.number() == number;
    if is(ErrorCode::StoreCorrupt) {
        return Corrupt::of_database("cannot be read, as the embedder's store says").into();
    }
    let said = format!("the embedder's store answered {number}");
    match () {
        () if is(ErrorCode::Misuse) => StoreError::Misuse(said),
        () if is(ErrorCode::StoreSchema) => StoreError::Schema(said),
        () if is(ErrorCode::StoreDurability) => StoreError::Durability(said),
        () => StoreError::Unavailable(said.into()),
    }
}

/// Rows of an answer, and those that cannot be read.
fn rows(answer: &Json) -> Result<(Vec<Row>, Vec<Corrupt>), StoreError> {
    let (mut rows, mut corrupt) = (Vec::new(), Vec::new());
    for document in list(answer, "rows")? {
        match documents::read_row(document) {
            Ok(row) => rows.push(row),
            Err(unread) => corrupt.push(unread),
        }
    }
    Ok((rows, corrupt))
}

fn list<'a>(answer: &'a Json, name: &str) -> Result<&'a Vec<Json>, StoreError> {
    answer[name].as_array().ok_or_else(|| misspoken("lacks a list"))
}

/// What became of a change set.
fn committed(number: i32, answer: &Json) -> Result<Revision, CommitError> {
    if number == 0 {
        let revision = answer["revision"].as_u64().ok_or_else(|| misspoken("lacks a revision"))?;
        return Ok(Revision::new(revision));
    }
    if number == ErrorCode::StoreUnknown.number() {
        return Err(CommitError::Unknown("the embedder's store does not know".into()));
    }
    if number != ErrorCode::StoreConflict.number() {
        return Err(store_error(number).into());
    }
    let table = || answer["table"].as_str().and_then(Table::from_name).unwrap_or(Table::Devices);
    let cause = match answer["cause"].as_str() {
        Some("absent") => ConflictCause::Absent(table()),
        Some("guard") => ConflictCause::Guard,
        Some("present") => ConflictCause::Present(table()),
        _ => ConflictCause::Revision,
    };
    Err(Conflict::new(Revision::new(answer["current"].as_u64().unwrap_or_default()), cause).into())
}

impl Store for CustomStore {
    fn get(&self, key: &RowKey) -> Result<Option<Row>, StoreError> {
        let answer = self.ask(StoreMethod::Get, &documents::key(key))?;
        match &answer["row"] {
            Json::Null => Ok(None),
            document => Ok(Some(documents::read_row(document)?)),
        }
    }

    fn list(&self, query: &RowQuery) -> Result<RowPage, StoreError> {
        let answer = self.ask(StoreMethod::List, &documents::query(query)?)?;
        let next = next(&answer, query.index())?;
        let (rows, corrupt) = rows(&answer)?;
        Ok(RowPage::new(rows, corrupt, next))
    }

    fn count(&self, query: &RowQuery) -> Result<u64, StoreError> {
        let query = query.clone().from_the_start();
        let answer = self.ask(StoreMethod::Count, &documents::query(&query)?)?;
        answer["count"].as_u64().ok_or_else(|| misspoken("lacks a count"))
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
        let request = json!({
            "organization": organization.as_str(),
            "work": documents::work(work),
            "by": holder.as_str(),
            "limit": limit,
            "lease_seconds": lease_seconds(lease),
            "now": now.unix_seconds(),
        });
        let (rows, corrupt) = rows(&self.ask(StoreMethod::Claim, &request)?)?;
        let mut claims = Claims::new(rows, corrupt);
        claims.rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(claims)
    }

    fn release(&self, work: Work, holder: &Holder, keys: &[RowKey]) -> Result<(), StoreError> {
        let keys: Vec<Json> = keys.iter().map(documents::key).collect();
        let request = json!({ "work": documents::work(work), "by": holder.as_str(), "keys": keys });
        self.ask(StoreMethod::Release, &request).map(drop)
    }

    fn commit(&self, changes: &ChangeSet) -> Result<Revision, CommitError> {
        let (number, answer) = self.call(StoreMethod::Commit, &documents::change(changes)?)?;
        committed(number, &answer)
    }

    fn commit_batch(&self, changes: &[ChangeSet]) -> Result<Vec<Result<Revision, CommitError>>, StoreError> {
        if !self.functions.has(StoreMethod::CommitBatch) {
            return Ok(changes.iter().map(|change| self.commit(change)).collect());
        }
        let sets = changes.iter().map(documents::change).collect::<Result<Vec<Json>, _>>()?;
        let answer = self.ask(StoreMethod::CommitBatch, &json!({ "changes": sets }))?;
        let results = list(&answer, "results")?;
        if results.len() != changes.len() {
            return Err(misspoken("has not one result for each change"));
        }
        let number = |result: &Json| result["result"].as_i64().and_then(|number| i32::try_from(number).ok());
        Ok(results.iter().map(|result| committed(number(result).unwrap_or_default(), result)).collect())
    }

    fn committed(&self, organization: &Organization, change: ChangeId) -> Result<Option<Revision>, StoreError> {
        let request = json!({ "organization": organization.as_str(), "change": change.to_string() });
        Ok(self.ask(StoreMethod::Committed, &request)?["revision"].as_u64().map(Revision::new))
    }

    fn events(&self, organization: &Organization, after: &Cursor, limit: u32) -> Result<EventPage, StoreError> {
        let request = json!({ "organization": organization.as_str(), "after": after.as_str(), "limit": limit });
        let answer = self.ask(StoreMethod::Events, &request)?;
        let (mut events, mut corrupt) = (Vec::new(), Vec::new());
        for document in list(&answer, "events")? {
            let cursor = document["cursor"].as_str().ok_or_else(|| misspoken("lacks a cursor"))?;
            match documents::read_row(&document["row"]) {
                Ok(row) => events.push(Event::new(Cursor::new(cursor), row)),
                Err(unread) => corrupt.push(unread),
            }
        }
        let next = answer["next"].as_str().ok_or_else(|| misspoken("lacks a cursor"))?;
        Ok(EventPage::new(events, corrupt, Cursor::new(next)))
    }

    fn snapshot(
        &self,
        organization: &Organization,
        tables: &[Table],
        visit: &mut dyn FnMut(Result<&Row, &Corrupt>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let tables: Vec<&str> = tables.iter().map(|table| table.as_str()).collect();
        let request = json!({ "organization": organization.as_str(), "tables": tables }).to_string();
        let (sender, receiver) = sync_channel(WAITING_ROWS);
        let number = thread::scope(|scope| {
            let reading =
                scope.spawn(|| self.functions.call(StoreMethod::Snapshot, &request, Reply::new(Some(sender))).0);
            visit_all(receiver, visit);
            reading.join().unwrap_or(ErrorCode::StoreUnavailable.number())
        });
        if number == 0 { Ok(()) } else { Err(store_error(number)) }
    }
}

/// Where the next page begins, if the store says that there is more.
fn next(answer: &Json, index: Index) -> Result<Option<fdescrow::store::RowCursor>, StoreError> {
    if answer["more"].as_bool() != Some(true) {
        return Ok(None);
    }
    let last = list(answer, "rows")?.last().ok_or_else(|| misspoken("has no row and says that there is more"))?;
    let cursor =
        documents::cursor(last, index).ok_or_else(|| misspoken("has a last row whose place cannot be read"))?;
    Ok(Some(cursor))
}

/// Shows the rows that come, until the visitor has enough: then the receiver is gone, and whoever reads is told.
fn visit_all(rows: Receiver<String>, visit: &mut dyn FnMut(Result<&Row, &Corrupt>) -> ControlFlow<()>) {
    for text in rows {
        let document = serde_json::from_str::<Json>(&text);
        let row = document
            .map_err(|_| Corrupt::of_database("gave a row that is no JSON"))
            .and_then(|document| documents::read_row(&document));
        if visit(row.as_ref()).is_break() {
            return;
        }
    }
}
