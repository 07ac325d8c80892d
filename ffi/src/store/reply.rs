//! How does a function of a store answer?

use std::sync::{Mutex, PoisonError, mpsc::SyncSender};

use crate::{
    boundary::{Errors, boundary},
    failure::{Failure, fdescrow_result},
    handle::{Handle, borrow, opaque},
    view::fdescrow_str,
};

/// Where a function of a store writes its answer. It is the library's, and good until the function returns.
#[derive(Debug)]
pub struct fdescrow_reply {
    handle: Handle,
}
opaque!(fdescrow_reply, Reply, b"fdereply");

/// An answer that is being written.
#[derive(Debug)]
pub(crate) struct Reply {
    text: Mutex<String>,
    /// Where the rows of a snapshot go, one by one.
    rows: Option<SyncSender<String>>,
}

impl Reply {
    pub(super) fn new(rows: Option<SyncSender<String>>) -> Self {
        Self { text: Mutex::default(), rows }
    }

    pub(super) fn text(&self) -> String {
        std::mem::take(&mut self.text.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Method of `fdescrow_reply`: appends to the answer, a JSON document; in one piece or in many.
///
/// Errors: `NULL_POINTER`, `NOT_UTF8`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_reply_append(
    reply: Option<&fdescrow_reply>,
    json: fdescrow_str,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let (reply, json) = (borrow(reply)?, json.read()?);
        reply.text.lock().unwrap_or_else(PoisonError::into_inner).push_str(json);
        Ok(())
    })
}

/// Method of `fdescrow_reply`: hands over one row of a snapshot. False: no more rows are wanted, and the function returns.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_reply_row(reply: Option<&fdescrow_reply>, row_json: fdescrow_str) -> bool {
    let row = borrow(reply).and_then(|reply| {
        let rows = reply.rows.as_ref().ok_or_else(|| Failure::misuse("rows are of a snapshot"))?;
        Ok((rows, row_json.read()?.to_owned()))
    });
    row.is_ok_and(|(rows, row)| rows.send(row).is_ok())
}
