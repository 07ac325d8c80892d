//! Where are keys remembered, in C?

mod conformance;
mod custom;
mod reply;

pub use conformance::*;
pub(crate) use reply::Reply;
pub use reply::{fdescrow_reply, fdescrow_reply_append, fdescrow_reply_row};

use std::sync::Arc;

use fdescrow::store::Store;
use fdescrow_stores::Migration;

use crate::{
    boundary::{Errors, Output, answer, produce},
    callback::fdescrow_store_functions,
    failure::{Failure, fdescrow_result},
    handle::{Handle, borrow, free, opaque},
    owned::fdescrow_text,
    view::fdescrow_str,
};

/// Where keys are remembered: SQLite, memory, or tables of the embedder's.
#[derive(Debug)]
pub struct fdescrow_store {
    handle: Handle,
}
opaque!(fdescrow_store, Arc<dyn Store>, b"fdestore");

/// Constructor of `fdescrow_store`: opens what a URL names: `sqlite:PATH`, `sqlite:PATH?mode=ro`, or `memory:`, which ends with
/// the process. In an empty place the tables are created.
///
/// Errors: `MISUSE` for another URL, `STORE_UNAVAILABLE`, `STORE_SCHEMA` if the tables are of another version, `STORE_DURABILITY`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_store_open(
    url: fdescrow_str,
    store_out: Output<'_, fdescrow_store>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(store_out, error_out, || Ok(fdescrow_stores::open(url.read()?)?))
}

/// Constructor of `fdescrow_store`: a store of your own.
///
/// Whatever the outcome, `functions.free` is called when the context is not needed any more.
/// Errors: `MISUSE` if a function is missing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_store_custom(
    functions: Option<&fdescrow_store_functions>,
    store_out: Output<'_, fdescrow_store>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(store_out, error_out, || {
        let store: Arc<dyn Store> = Arc::new(custom::custom_store(*functions.ok_or(Failure::NULL)?)?);
        Ok(store)
    })
}

/// The tables that a store of your own keeps, as JSON: `version`, and `tables` with `name`, `key` and `columns` (`name`, `kind`: `integer`
/// or `text`, `nullable`, `fixed`), `body`, `bytes`, `ordered`, `indexes` and `works`.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_store_schema(
    schema_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(schema_out, error_out, || Ok(fdescrow_stores::foreign::schema()))
}

/// Brings the tables that a URL names up to the version of this library, and tells the statements as a JSON array.
///
/// `apply`: false to tell only what would be done.
/// Errors: as `fdescrow_store_open`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_store_migrate(
    url: fdescrow_str,
    apply: bool,
    statements_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    let migration = if apply { Migration::Apply } else { Migration::Plan };
    answer(statements_out, error_out, || Ok(fdescrow_stores::migrate(url.read()?, migration)?))
}

/// Destructor of `fdescrow_store`. An escrow that was opened over it goes on. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_store_free(store: Option<Box<fdescrow_store>>) {
    free(store);
}

pub(crate) fn shared(store: Option<&fdescrow_store>) -> Result<Arc<dyn Store>, Failure> {
    borrow(store).cloned()
}
