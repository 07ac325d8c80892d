//! How does a store answer that is written in another language?
//!
//! What is asked of it, and what it answers, are JSON documents (docs/c-abi.md has them): rows with the names of their
//! columns, queries, change sets. [`ForeignStore`] makes a [`Store`] of whatever asks and answers in them.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what it lacks")]

mod documents;

use std::{fmt, ops::ControlFlow, time::Duration};

use fdescrow::{
    Organization, Timestamp,
    store::{
        ChangeId, ChangeSet, Claims, CommitError, Conflict, ConflictCause, Corrupt, Cursor, Event, EventPage, Holder,
        Index, Revision, Row, RowCursor, RowKey, RowPage, RowQuery, Store, StoreError, Table, Work, contract::Source,
        contract::lease_seconds,
    },
};
use serde_json::{Value as Json, json};

/// A method of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Claims rows that are due.
    Claim,
    /// Writes a change set.
    Commit,
    /// Whether a change was committed.
    Committed,
    /// Counts rows.
    Count,
    /// Reads audit entries in the order of their commits.
    Events,
    /// Reads one row.
    Get,
    /// Lists rows by an index.
    List,
    /// Gives claimed rows back.
    Release,
}

/// Why a store did not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// Something that a change set relied on is not so any more: a document with `current`, `cause` and `table`.
    Conflict(Json),
    /// Anything else; nothing was changed.
    Store(StoreError),
    /// It is not known whether a change set was written.
    Unknown(Source),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What asks a store of another language, and brings its answers.
pub trait Rows: fmt::Debug + Send + Sync {
    /// Asks a method.
    ///
    /// # Errors
    /// Why it did not do it.
    fn ask(&self, method: Method, request: &Json) -> Result<Json, Refusal>;

    /// Writes several change sets, each for itself; `None`: the store has no such method, and each is written by
    /// itself. The answers are those of [`Method::Commit`].
    ///
    /// # Errors
    /// [`StoreError`] if none was written.
    fn commit_batch(&self, changes: &[Json]) -> Option<Result<Vec<Result<Json, Refusal>>, StoreError>>;

    /// Reads tables as they were at one moment, row by row, until `visit` breaks off.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be read.
    fn snapshot(&self, request: &Json, visit: &mut dyn FnMut(&Json) -> ControlFlow<()>) -> Result<(), StoreError>;
}

/// A store of another language.
#[derive(Debug)]
pub struct ForeignStore<R>(R);

impl<R: Rows> ForeignStore<R> {
    /// The store that this asks.
    pub fn new(rows: R) -> Self {
        Self(rows)
    }

    fn asked(&self, method: Method, request: &Json) -> Result<Json, StoreError> {
        self.0.ask(method, request).map_err(|refusal| match refusal {
            Refusal::Store(error) => error,
            Refusal::Conflict(_) | Refusal::Unknown(_) => misspoken("is that of a commit"),
        })
    }
}

/// All tables that a store keeps: what there is to make of them in a database.
pub fn schema() -> Json {
    documents::schema()
}

/// The store's answer is not as documented.
fn misspoken(problem: &str) -> StoreError {
    StoreError::Misuse(format!("what a store of the embedder's answered {problem}"))
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

/// A member that must be there, because nothing follows from its absence: null says that there is no such thing.
fn member<'a>(answer: &'a Json, name: &str) -> Result<&'a Json, StoreError> {
    answer.get(name).ok_or_else(|| misspoken("lacks a member"))
}

fn list<'a>(answer: &'a Json, name: &str) -> Result<&'a Vec<Json>, StoreError> {
    answer[name].as_array().ok_or_else(|| misspoken("lacks a list"))
}

/// What became of a change set.
fn committed(answer: Result<Json, Refusal>) -> Result<Revision, CommitError> {
    match answer {
        Ok(answer) => Ok(Revision::new(answer["revision"].as_u64().ok_or_else(|| misspoken("lacks a revision"))?)),
        Err(Refusal::Unknown(source)) => Err(CommitError::Unknown(source)),
        Err(Refusal::Store(error)) => Err(error.into()),
        Err(Refusal::Conflict(answer)) => {
            let table = || answer["table"].as_str().and_then(Table::from_name).unwrap_or(Table::Devices);
            let cause = match answer["cause"].as_str() {
                Some("absent") => ConflictCause::Absent(table()),
                Some("guard") => ConflictCause::Guard,
                Some("present") => ConflictCause::Present(table()),
                _ => ConflictCause::Revision,
            };
            Err(Conflict::new(Revision::new(answer["current"].as_u64().unwrap_or_default()), cause).into())
        }
    }
}

impl<R: Rows> Store for ForeignStore<R> {
    fn get(&self, key: &RowKey) -> Result<Option<Row>, StoreError> {
        let answer = self.asked(Method::Get, &documents::key(key))?;
        match member(&answer, "row")? {
            Json::Null => Ok(None),
            document => Ok(Some(documents::read_row(document)?)),
        }
    }

    fn list(&self, query: &RowQuery) -> Result<RowPage, StoreError> {
        let answer = self.asked(Method::List, &documents::query(query)?)?;
        let next = next(&answer, query.index())?;
        let (rows, corrupt) = rows(&answer)?;
        Ok(RowPage::new(rows, corrupt, next))
    }

    fn count(&self, query: &RowQuery) -> Result<u64, StoreError> {
        let query = query.clone().from_the_start();
        let answer = self.asked(Method::Count, &documents::query(&query)?)?;
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
        let (rows, corrupt) = rows(&self.asked(Method::Claim, &request)?)?;
        let mut claims = Claims::new(rows, corrupt);
        claims.rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(claims)
    }

    fn release(&self, work: Work, holder: &Holder, keys: &[RowKey]) -> Result<(), StoreError> {
        let keys: Vec<Json> = keys.iter().map(documents::key).collect();
        let request = json!({ "work": documents::work(work), "by": holder.as_str(), "keys": keys });
        self.asked(Method::Release, &request).map(drop)
    }

    fn commit(&self, changes: &ChangeSet) -> Result<Revision, CommitError> {
        committed(self.0.ask(Method::Commit, &documents::change(changes)?))
    }

    fn commit_batch(&self, changes: &[ChangeSet]) -> Result<Vec<Result<Revision, CommitError>>, StoreError> {
        let sets = changes.iter().map(documents::change).collect::<Result<Vec<Json>, _>>()?;
        let Some(answers) = self.0.commit_batch(&sets) else {
            return Ok(changes.iter().map(|change| self.commit(change)).collect());
        };
        let answers = answers?;
        if answers.len() != changes.len() {
            return Err(misspoken("has not one result for each change"));
        }
        Ok(answers.into_iter().map(committed).collect())
    }

    fn committed(&self, organization: &Organization, change: ChangeId) -> Result<Option<Revision>, StoreError> {
        let request = json!({ "organization": organization.as_str(), "change": change.to_string() });
        let answer = self.asked(Method::Committed, &request)?;
        match member(&answer, "revision")? {
            Json::Null => Ok(None),
            revision => {
                let revision = revision.as_u64().ok_or_else(|| misspoken("has a revision that is no number"))?;
                Ok(Some(Revision::new(revision)))
            }
        }
    }

    fn events(&self, organization: &Organization, after: &Cursor, limit: u32) -> Result<EventPage, StoreError> {
        let request = json!({ "organization": organization.as_str(), "after": after.as_str(), "limit": limit });
        let answer = self.asked(Method::Events, &request)?;
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
        let request = json!({ "organization": organization.as_str(), "tables": tables });
        self.0.snapshot(&request, &mut |document| visit(documents::read_row(document).as_ref()))
    }
}

/// Where the next page begins, if the store says that there is more.
fn next(answer: &Json, index: Index) -> Result<Option<RowCursor>, StoreError> {
    if answer["more"].as_bool() != Some(true) {
        return Ok(None);
    }
    let last = list(answer, "rows")?.last().ok_or_else(|| misspoken("has no row and says that there is more"))?;
    let cursor =
        documents::cursor(last, index).ok_or_else(|| misspoken("has a last row whose place cannot be read"))?;
    Ok(Some(cursor))
}
