//! How does a store of the embedder's answer?

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what it lacks")]

use std::{
    fmt,
    ops::ControlFlow,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use fdescrow::{
    error::ErrorCode,
    store::{Corrupt, StoreError},
};
use fdescrow_stores::foreign::{ForeignStore, Method, Refusal, Rows};
use serde_json::{Value as Json, json};

use super::reply::Reply;
use crate::{
    callback::{StoreFunctions, StoreMethod, fdescrow_store_functions},
    failure::Failure,
    version::FDESCROW_ABI_VERSION,
};

/// Rows that wait to be looked at while a snapshot is read.
const WAITING_ROWS: usize = 64;

/// A store of functions in C.
pub(crate) type CustomStore = ForeignStore<Functions>;

/// The store of these functions, which are freed if they are not taken.
pub(crate) fn custom_store(functions: fdescrow_store_functions) -> Result<CustomStore, Failure> {
    let functions = StoreFunctions::new(functions);
    if functions.version() != FDESCROW_ABI_VERSION {
        return Err(Failure::misuse("the functions are of another version of the C ABI"));
    }
    if !functions.is_whole() {
        return Err(Failure::misuse("a store has all of its functions; commit_batch alone may be NULL"));
    }
    Ok(ForeignStore::new(Functions(functions)))
}

/// Functions that are asked in JSON.
pub(crate) struct Functions(StoreFunctions);

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomStore")
    }
}

impl Functions {
    /// Asks, and reads the answer; with it, the number that the function returned.
    fn call(&self, method: StoreMethod, request: &Json) -> Result<(i32, Json), StoreError> {
        let (number, reply) = self.0.call(method, &request.to_string(), Reply::new(None));
        let text = reply.text();
        let answer = if text.is_empty() { Ok(Json::Null) } else { serde_json::from_str(&text) };
        Ok((number, answer.map_err(|_| misspoken("is no JSON"))?))
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

/// What a number and an answer say together.
fn said(number: i32, answer: Json) -> Result<Json, Refusal> {
    match number {
        0 => Ok(answer),
        number if number == ErrorCode::StoreConflict.number() => Err(Refusal::Conflict(answer)),
        number if number == ErrorCode::StoreUnknown.number() => {
            Err(Refusal::Unknown("the embedder's store does not know".into()))
        }
        number => Err(store_error(number).into()),
    }
}

impl Rows for Functions {
    fn ask(&self, method: Method, request: &Json) -> Result<Json, Refusal> {
        let method = match method {
            Method::Claim => StoreMethod::Claim,
            Method::Commit => StoreMethod::Commit,
            Method::Committed => StoreMethod::Committed,
            Method::Count => StoreMethod::Count,
            Method::Events => StoreMethod::Events,
            Method::Get => StoreMethod::Get,
            Method::List => StoreMethod::List,
            Method::Release => StoreMethod::Release,
            _ => return Err(StoreError::Misuse("a method that this interface does not know".to_owned()).into()),
        };
        let (number, answer) = self.call(method, request)?;
        match (method, said(number, answer)) {
            // Only a commit can meet others.
            (StoreMethod::Commit, said) => said,
            (_, Err(Refusal::Conflict(_) | Refusal::Unknown(_))) => Err(store_error(number).into()),
            (_, said) => said,
        }
    }

    fn commit_batch(&self, changes: &[Json]) -> Option<Result<Vec<Result<Json, Refusal>>, StoreError>> {
        self.0.has(StoreMethod::CommitBatch).then(|| {
            let (number, mut answer) = self.call(StoreMethod::CommitBatch, &json!({ "changes": changes }))?;
            if number != 0 {
                return Err(store_error(number));
            }
            let results = answer["results"].take();
            let Json::Array(results) = results else { return Err(misspoken("lacks a list")) };
            let number = |result: &Json| result["result"].as_i64().and_then(|number| i32::try_from(number).ok());
            Ok(results.into_iter().map(|result| said(number(&result).unwrap_or_default(), result)).collect())
        })
    }

    fn snapshot(&self, request: &Json, visit: &mut dyn FnMut(&Json) -> ControlFlow<()>) -> Result<(), StoreError> {
        let request = request.to_string();
        let (sender, receiver) = sync_channel(WAITING_ROWS);
        let number = thread::scope(|scope| {
            let reading = scope.spawn(|| self.0.call(StoreMethod::Snapshot, &request, Reply::new(Some(sender))).0);
            visit_all(receiver, visit);
            reading.join().unwrap_or(ErrorCode::StoreUnavailable.number())
        });
        if number == 0 { Ok(()) } else { Err(store_error(number)) }
    }
}

/// Shows the rows that come, until the visitor has enough: then the receiver is gone, and whoever reads is told.
fn visit_all(rows: Receiver<String>, visit: &mut dyn FnMut(&Json) -> ControlFlow<()>) {
    for text in rows {
        // What is no JSON is no row: it is told as one that cannot be read.
        let document = serde_json::from_str(&text).unwrap_or(Json::Null);
        if visit(&document).is_break() {
            return;
        }
    }
}
