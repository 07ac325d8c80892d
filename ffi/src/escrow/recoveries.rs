//! How does a second person agree, in C?

use fdescrow::{
    Actor, Person,
    recovery::{Outcome, RecoveryId, RecoveryState},
};
use serde::Deserialize;

use super::{List, ask, fdescrow_escrow, page, reveal::Wish};
use crate::{
    boundary::{Errors, Output},
    failure::fdescrow_result,
    owned::fdescrow_text,
    view::fdescrow_str,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    recovery: RecoveryId,
    person: Person,
    by: Actor,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    recovery: RecoveryId,
    person: Person,
    by: Actor,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Denial {
    recovery: RecoveryId,
    by: Actor,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    recovery: RecoveryId,
    outcome: Outcome,
    by: Actor,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    recovery: RecoveryId,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Listed {
    state: Option<RecoveryState>,
    after: Option<String>,
    limit: Option<u32>,
}

/// Method of `fdescrow_escrow`: asks for a key where others have to approve, or to have the request on record.
///
/// `request` as for `fdescrow_escrow_reveal`. `recovery_out` receives the recovery as JSON: `recovery` (its id), `device`, `now` (its state), `lacking` approvals, `until`, and its course.
/// Errors: `DEVICE_UNKNOWN`, `RECOVERY_…`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_request_recovery(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    recovery_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), recovery_out, error_out, |escrow, wish: Wish, now| {
        Ok(escrow.request_recovery(&wish.reveal(), now)?)
    })
}

/// Method of `fdescrow_escrow`: a person other than who asked, and than who approved before, agrees.
///
/// `request` is JSON: `recovery`, `person` (`issuer`, `subject`), `by`, optional `note`. `recovery_out` as for `fdescrow_escrow_request_recovery`.
/// Errors: `RECOVERY_UNKNOWN`, `RECOVERY_REJECTED`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_approve_recovery(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    recovery_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), recovery_out, error_out, |escrow, said: Approval, now| {
        let Approval { recovery, person, by, note } = said;
        Ok(escrow.approve_recovery(&recovery, &person, &by, note.as_deref(), now)?)
    })
}

/// Method of `fdescrow_escrow`: a person takes an approval back.
///
/// `request` is JSON: `recovery`, `person`, `by`. `recovery_out` and errors as for `fdescrow_escrow_approve_recovery`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_revoke_approval(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    recovery_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), recovery_out, error_out, |escrow, said: Revocation, now| {
        Ok(escrow.revoke_approval(&said.recovery, &said.person, &said.by, now)?)
    })
}

/// Method of `fdescrow_escrow`: a person says no; who asked takes the request back by it.
///
/// `request` is JSON: `recovery`, `by`, `reason`. `recovery_out` and errors as for `fdescrow_escrow_approve_recovery`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_deny_recovery(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    recovery_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), recovery_out, error_out, |escrow, said: Denial, now| {
        Ok(escrow.deny_recovery(&said.recovery, &said.by, &said.reason, now)?)
    })
}

/// Method of `fdescrow_escrow`: says whether the key did its work.
///
/// `request` is JSON: `recovery`, `outcome` (`worked`, `did_not_work`), `by`. `recovery_out` and errors as for
/// `fdescrow_escrow_approve_recovery`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_report_recovery(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    recovery_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), recovery_out, error_out, |escrow, said: Told, now| {
        Ok(escrow.report_recovery(&said.recovery, said.outcome, &said.by, now)?)
    })
}

/// Method of `fdescrow_escrow`: one recovery.
///
/// `request` is JSON: `recovery`. `recovery_out` as for `fdescrow_escrow_request_recovery`.
/// Errors: `RECOVERY_UNKNOWN`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_recovery(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    recovery_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), recovery_out, error_out, |escrow, one: One, now| {
        Ok(escrow.recovery(&one.recovery, now)?)
    })
}

/// Method of `fdescrow_escrow`: recoveries, a page at a time.
///
/// `request` is JSON or empty: `state` (docs/recovery.md), `limit`, `after`. `recoveries_out` receives JSON as for `fdescrow_escrow_list`.
/// Errors: as there.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_recoveries(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    recoveries_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), recoveries_out, error_out, |escrow, listed: Listed, now| {
        let page = page(listed.after.as_deref(), listed.limit)?;
        Ok(List::from(escrow.recoveries(listed.state, &page, now)?))
    })
}
