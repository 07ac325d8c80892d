//! How do things stand, in C?

use fdescrow::{
    Actor,
    escrow::{Among, AssessReport},
    verification::{Reason, Status},
};
use serde::{Deserialize, Serialize};

use super::{List, Nothing, Part, PartBy, ask, fdescrow_escrow, page};
use crate::{
    boundary::{Errors, Output},
    failure::{Failure, fdescrow_result},
    owned::fdescrow_text,
    view::fdescrow_str,
};

/// Which devices, and which part of them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Selection {
    status: Option<Status>,
    reason: Option<Reason>,
    group: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

impl Selection {
    fn among(&self) -> Result<Among, Failure> {
        match (self.status, self.reason, &self.group) {
            (None, None, None) => Ok(Among::All),
            (Some(status), None, None) => Ok(Among::Status(status)),
            (None, Some(reason), None) => Ok(Among::Reason(reason)),
            (None, None, Some(group)) => Ok(Among::Group(group.clone())),
            _ => Err(Failure::misuse("devices are selected by one of status, reason and group")),
        }
    }
}

#[derive(Serialize)]
struct Counted {
    count: u64,
}

#[derive(Serialize)]
struct Judged {
    #[serde(flatten)]
    report: AssessReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Due {
    by: Actor,
    limit: Option<u32>,
}

/// Method of `fdescrow_escrow`: an organization at a glance: JSON with `devices`, `status` (how many devices of each), `keys`, `check_due`,
/// `problems` (how many keys of each reason), `quarantined`.
///
/// Errors: `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_summary(
    escrow: Option<&fdescrow_escrow>,
    now: i64,
    summary_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, fdescrow_str::EMPTY, now), summary_out, error_out, |escrow, _: Nothing, now| Ok(escrow.summary(now)?))
}

/// Method of `fdescrow_escrow`: devices, a page at a time: all, or those with one `status`, one first `reason`, or of one `group`.
///
/// `request` is JSON or empty: one of these; `limit` (100; at most 1,000); `after`, the `next` of the page before.
/// `devices_out` receives JSON: `items`, each as `fdescrow_escrow_device` gives it, `unreadable`, `next` (null after the last page).
/// Errors: `MISUSE` for a cursor that was not handed out, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_list(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    devices_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), devices_out, error_out, |escrow, selection: Selection, now| {
        let page = page(selection.after.as_deref(), selection.limit)?;
        Ok(List::from(escrow.list(&selection.among()?, &page, now)?))
    })
}

/// Method of `fdescrow_escrow`: how many devices there are: JSON with `count`.
///
/// `request` as for `fdescrow_escrow_list`.
/// Errors: as there.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_count(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    count_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), count_out, error_out, |escrow, selection: Selection, _| {
        Ok(Counted { count: escrow.count(&selection.among()?)? })
    })
}

/// Method of `fdescrow_escrow`: the keys that are known not to work, with the reason and what to do about each, a page at a time.
///
/// `request` is JSON or empty: `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`.
/// Errors: as there.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_undecryptable(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    keys_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), keys_out, error_out, |escrow, part: Part, _| {
        Ok(List::from(escrow.undecryptable(&part.page()?)?))
    })
}

/// Method of `fdescrow_escrow`: judges devices anew whose time has come. Call it again while `more` is true.
///
/// `request` is JSON: `by`, optional `limit` (100). `report_out` receives JSON: `judged`, `unreadable`, `more`, ….
/// Errors: `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_assess_due(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    report_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), report_out, error_out, |escrow, due: Due, now| {
        Ok(escrow.assess_due(due.limit.unwrap_or(100), &due.by, now)?)
    })
}

/// Method of `fdescrow_escrow`: judges devices anew after a change of the policy, a page at a time, until there is no `next`.
///
/// `request` is JSON: `by`, optional `limit`, `after`. `report_out` as for `fdescrow_escrow_assess_due`, and `next`.
/// Errors: `MISUSE` for a cursor that was not handed out, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_assess_changed(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    report_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), report_out, error_out, |escrow, part: PartBy, now| {
        let (report, next) = escrow.assess_changed(&part.page()?, &part.by, now)?;
        Ok(Judged { report, next: next.as_ref().map(ToString::to_string) })
    })
}
