//! How do stored keys get another recipient, in C?

use fdescrow::{
    Actor,
    escrow::{RewrapFailure, RewrapOptions},
};
use serde::{Deserialize, Serialize};

use super::{ask, fdescrow_escrow, watch::waits};
use crate::{
    boundary::{Errors, Output},
    certificate::fdescrow_certificates,
    failure::{Failure, fdescrow_result},
    handle::borrow,
    keyring::fdescrow_keyring,
    owned::fdescrow_text,
    view::fdescrow_str,
};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Batch {
    by: Option<Actor>,
    limit: Option<u32>,
    after: Option<String>,
}

#[derive(Serialize)]
struct Report {
    rewrapped: u64,
    already: u64,
    quarantined: u64,
    unavailable: u64,
    failures: Vec<RewrapFailure>,
    next: Option<String>,
}

/// Method of `fdescrow_escrow`: seals one batch of keys to another certificate as well, the first of `to`: all that are sealed to another
/// known one and not to this. Call it again with `after` while there is a `next`.
///
/// `request` is JSON or empty: `by`, for the audit; `limit`, envelopes in a batch (100); `after`, the `next` of the batch before.
/// `report_out` receives JSON: `rewrapped`, `already`, `quarantined`, `unavailable`, `failures` (`device`, `key`, `code`, `reason`), `next`.
/// Errors: `ENVELOPE_SEAL`, `MISUSE` for a cursor that was not handed out, `STORE_…`. A key that fails stops no other.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_rewrap(
    escrow: Option<&fdescrow_escrow>,
    keyring: Option<&fdescrow_keyring>,
    to: Option<&fdescrow_certificates>,
    request_json: fdescrow_str,
    now: i64,
    report_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    let watch = waits(escrow);
    ask((escrow, request_json, now), report_out, error_out, |escrow, batch: Batch, now| {
        let to = borrow(to)?.first().ok_or_else(|| Failure::misuse("there is no certificate to seal to"))?;
        let first = batch.after.is_none();
        let after = batch.after.map(|after| after.parse()).transpose()?;
        let mut options = RewrapOptions::default().after(after);
        if let Some(limit) = batch.limit {
            options = options.limit(limit);
        }
        options.actor = batch.by;
        let keyring = borrow(keyring)?;
        if let Some(watch) = &watch {
            watch.begins("rewrap", first, || escrow.rewrap_total(to).unwrap_or_default());
        }
        let report = escrow.rewrap(keyring, to, &options, now)?;
        if let Some(watch) = &watch {
            let failed = u64::try_from(report.failures.len()).unwrap_or(u64::MAX);
            let counts = [report.rewrapped, report.already, report.quarantined, report.unavailable, failed];
            let done = counts.into_iter().fold(0, u64::saturating_add);
            watch.ends("rewrap", report.next.is_some(), |run| run.done.saturating_add(done));
        }
        Ok(Report {
            rewrapped: report.rewrapped,
            already: report.already,
            quarantined: report.quarantined,
            unavailable: report.unavailable,
            failures: report.failures,
            next: report.next.as_ref().map(ToString::to_string),
        })
    })
}
