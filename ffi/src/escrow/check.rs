//! How are a fleet's keys checked, in C?

use fdescrow::{Actor, escrow::CheckOptions};
use serde::{Deserialize, Serialize};

use super::{Nothing, ask, fdescrow_escrow, watch::waits};
use crate::{
    boundary::{Errors, Output},
    certificate::fdescrow_certificates,
    failure::fdescrow_result,
    handle::{borrow, borrow_some},
    keyring::fdescrow_keyring,
    owned::fdescrow_text,
    view::fdescrow_str,
};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Check {
    devices: Option<u32>,
    keys_per_device: Option<u32>,
    workers: Option<usize>,
    retry_failed: Option<bool>,
    by: Option<Actor>,
}

/// Method of `fdescrow_escrow`: checks one batch of the keys that are due: opens each and records what came of it. Call it again, with
/// a fresh time, while `more` is true.
///
/// `request` is JSON or empty: `devices` in one batch (64), `keys_per_device` (16), `workers`, threads that open keys (1),
/// `retry_failed`, whether keys that failed with another keyring are tried (true), `by`, for the audit.
/// `reseal_to`: a certificate that keys which open are sealed to anew; NULL for none.
/// `report_out` receives JSON: `opened`, `resealed`, `not_opened` by reason, `unavailable`, `stale`, `unreadable`, `more`.
/// Errors: `STORE_…`. A key that does not open, and a private key that cannot be reached, are no errors: they are in the report.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_check(
    escrow: Option<&fdescrow_escrow>,
    keyring: Option<&fdescrow_keyring>,
    request_json: fdescrow_str,
    reseal_to: Option<&fdescrow_certificates>,
    now: i64,
    report_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    let watch = waits(escrow);
    ask((escrow, request_json, now), report_out, error_out, |escrow, check: Check, now| {
        let mut options = CheckOptions::default();
        if let Some(devices) = check.devices {
            options = options.devices(devices);
        }
        if let Some(workers) = check.workers {
            options = options.workers(workers);
        }
        options.keys_per_device = check.keys_per_device.unwrap_or(options.keys_per_device);
        options.retry_failed = check.retry_failed.unwrap_or(options.retry_failed);
        options.actor = check.by;
        options.reseal_to = borrow_some(reseal_to)?.and_then(|certificates| certificates.first()).cloned();
        let keyring = borrow(keyring)?;
        // What is done counts, not what could be counted of it.
        let due = || escrow.check_total(now).unwrap_or_default();
        if let Some(watch) = &watch {
            watch.begins("check", false, due);
        }
        let report = escrow.check(keyring, &options, now)?;
        if let Some(watch) = &watch {
            let left = due();
            watch.ends("check", report.more, |run| run.total.saturating_sub(left));
        }
        Ok(report)
    })
}

#[derive(Serialize)]
struct Total {
    devices: u64,
    first_check: bool,
}

/// Method of `fdescrow_escrow`: how much there is to check: JSON with `devices` that have keys which are due, and `first_check`, whether
/// one of them was never opened.
///
/// Errors: `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_check_total(
    escrow: Option<&fdescrow_escrow>,
    now: i64,
    total_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, fdescrow_str::EMPTY, now), total_out, error_out, |escrow, _: Nothing, now| {
        Ok(Total { devices: escrow.check_total(now)?, first_check: escrow.waits_for_first_check(now)? })
    })
}
