//! How does an escrow certificate end, in C?

use fdescrow::{Actor, envelope::Fingerprint};
use serde::{Deserialize, Serialize};

use super::{List, ask, fdescrow_escrow, page, tell};
use crate::{
    boundary::{Errors, Output},
    failure::fdescrow_result,
    owned::fdescrow_text,
    view::fdescrow_str,
};

/// Something that somebody decided about a certificate, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    certificate: Fingerprint,
    by: Actor,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exposed {
    certificate: Fingerprint,
    by: Actor,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    certificate: Fingerprint,
}

#[derive(Serialize)]
struct References {
    live: u64,
}

/// Method of `fdescrow_escrow`: the certificates that keys were ever sealed to, as a JSON array: `fingerprint`, `subject`, validity,
/// `state` (`decrypt_only`, `retired`, `compromised`), ….
///
/// Errors: `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_registered_certificates(
    escrow: Option<&fdescrow_escrow>,
    certificates_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, fdescrow_str::EMPTY, 0), certificates_out, error_out, |escrow, _: super::Nothing, _| {
        Ok(escrow.registered_certificates()?)
    })
}

/// Method of `fdescrow_escrow`: how many envelopes in use are sealed to a certificate: JSON with `live`.
///
/// `request` is JSON: `certificate`, its fingerprint.
/// Errors: `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_live_references(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    references_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), references_out, error_out, |escrow, one: One, _| {
        Ok(References { live: escrow.live_references(&one.certificate)? })
    })
}

/// Method of `fdescrow_escrow`: no key is sealed to a certificate any more. It stays known, and one that comes late brings it back.
///
/// `request` is JSON: `certificate`, `by`, `reason`.
/// Errors: `CERTIFICATE_IN_USE`, `KEY_UNKNOWN` if no key was ever sealed to it, `RECOVERY_REASON_MISSING`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_retire_certificate(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    tell((escrow, request_json, now), error_out, |escrow, decision: Decision, now| {
        Ok(escrow.retire_certificate(&decision.certificate, &decision.by, &decision.reason, now)?)
    })
}

/// Method of `fdescrow_escrow`: the private key of a certificate is in other hands. Mark its keys with `fdescrow_escrow_expose_keys`.
///
/// `request` is JSON: `certificate`, `by`, `reason`.
/// Errors: as `fdescrow_escrow_retire_certificate`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_compromise_certificate(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    tell((escrow, request_json, now), error_out, |escrow, decision: Decision, now| {
        Ok(escrow.compromise_certificate(&decision.certificate, &decision.by, &decision.reason, now)?)
    })
}

/// Method of `fdescrow_escrow`: marks the keys that were ever sealed to a certificate as exposed, a page at a time, until there is no `next`.
///
/// `request` is JSON: `certificate`, `by`, optional `limit`, `after`. `keys_out` receives JSON as for `fdescrow_escrow_list`; `items` are ids.
/// Errors: as there.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_expose_keys(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    keys_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), keys_out, error_out, |escrow, exposed: Exposed, now| {
        let page = page(exposed.after.as_deref(), exposed.limit)?;
        Ok(List::from(escrow.expose_keys(&exposed.certificate, &page, &exposed.by, now)?))
    })
}
