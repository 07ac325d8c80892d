//! Which keys are set apart, and which go, in C?

use fdescrow::{Actor, KeyId};
use serde::Deserialize;

use super::{List, Part, PartBy, ask, fdescrow_escrow, tell};
use crate::{
    boundary::{Errors, Output},
    failure::fdescrow_result,
    owned::fdescrow_text,
    view::fdescrow_str,
};

/// Something that somebody decided about a key, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    key: KeyId,
    by: Actor,
    reason: String,
}

/// Method of `fdescrow_escrow`: the keys that wait for an operator's decision, because another device sent the same before.
///
/// `request` is JSON or empty: `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`.
/// Errors: as there.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_quarantine(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    keys_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), keys_out, error_out, |escrow, part: Part, _| {
        Ok(List::from(escrow.quarantine(&part.page()?)?))
    })
}

/// Method of `fdescrow_escrow`: the key is this device's.
///
/// `request` is JSON: `key`, `by`, `reason`.
/// Errors: `KEY_UNKNOWN`, `EVENT_REJECTED`, `RECOVERY_REASON_MISSING`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_accept_quarantined(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    tell((escrow, request_json, now), error_out, |escrow, decision: Decision, now| {
        Ok(escrow.accept_quarantined(&decision.key, &decision.by, &decision.reason, now)?)
    })
}

/// Method of `fdescrow_escrow`: the key is not this device's. It stays, and is never opened.
///
/// `request` is JSON: `key`, `by`, `reason`.
/// Errors: `KEY_UNKNOWN`, `EVENT_REJECTED`, `RECOVERY_REASON_MISSING`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_reject_quarantined(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    tell((escrow, request_json, now), error_out, |escrow, decision: Decision, now| {
        Ok(escrow.reject_quarantined(&decision.key, &decision.by, &decision.reason, now)?)
    })
}

/// Method of `fdescrow_escrow`: the keys that are going to be removed, with the day and what stands against it.
///
/// `request` is JSON or empty: `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`.
/// Errors: as there.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_removals(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    keys_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), keys_out, error_out, |escrow, part: Part, _| {
        Ok(List::from(escrow.removals(&part.page()?)?))
    })
}

/// Method of `fdescrow_escrow`: the first step of retention: plans the removal of keys that the policy keeps no longer, a page of devices at a time.
/// Nothing is removed before the waiting period is over.
///
/// `request` is JSON: `by`, optional `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`.
/// Errors: as there.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_plan_removals(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    keys_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), keys_out, error_out, |escrow, part: PartBy, now| {
        Ok(List::from(escrow.plan_removals(&part.page()?, &part.by, now)?))
    })
}

/// Method of `fdescrow_escrow`: keeps a key that was going to be removed.
///
/// `request` is JSON: `key`, `by`, `reason`.
/// Errors: `REMOVAL_UNKNOWN`, `RECOVERY_REASON_MISSING`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_cancel_removal(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    tell((escrow, request_json, now), error_out, |escrow, decision: Decision, now| {
        Ok(escrow.cancel_removal(&decision.key, &decision.by, &decision.reason, now)?)
    })
}

/// Method of `fdescrow_escrow`: the second step of retention: removes keys whose waiting period is over; never the last of a place that works.
///
/// `request` is JSON: `by`, optional `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`.
/// Errors: as there.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_remove_due(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    keys_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), keys_out, error_out, |escrow, part: PartBy, now| {
        Ok(List::from(escrow.remove_due(&part.page()?, &part.by, now)?))
    })
}
