//! What is said of and to a device, in C?

use fdescrow::{
    Actor, DeviceId, Timestamp, VolumeId,
    escrow::{Error, Receipt},
    ids::Word,
    recovery::search::Search,
    store::records::{Alias, Trust},
    verification::{Configuration, Delivery, Operation},
};
use serde::{Deserialize, Serialize};

use super::{ask, fdescrow_escrow, tell};
use crate::{
    boundary::{Errors, Output, answer, produce, request},
    failure::{Failure, fdescrow_result},
    handle::borrow,
    owned::{fdescrow_buffer, fdescrow_text},
    verification::read,
    view::{fdescrow_bytes, fdescrow_str},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    device: DeviceId,
}

/// Something that somebody decided about a device, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    device: DeviceId,
    by: Actor,
    reason: String,
}

/// Method of `fdescrow_escrow`: the FileVault profile of a device, by the policy of its group and the primary certificate.
///
/// `request` is JSON: `device`, which need not be known yet.
/// Errors: `MISUSE` if the policy says nothing of FileVault or there is no certificate for its escrow; `POLICY_INVALID`; `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_profile(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    profile_out: Output<'_, fdescrow_buffer>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(profile_out, error_out, || {
        let one: One = request(request_json)?;
        let now = Timestamp::from_unix_seconds(now)?;
        Ok(borrow(escrow)?.watched(|escrow| escrow.profile(&one.device, now))?.into_bytes())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reported {
    device: DeviceId,
    by: Actor,
    source: String,
    volume: Option<VolumeId>,
}

#[derive(Serialize)]
struct Observed {
    recorded: bool,
    receipts: Vec<Taken>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Taken {
    Stored(Box<Receipt>),
    Refused { code: i32, error: String },
}

impl Taken {
    fn of(result: Result<Receipt, Error>) -> Self {
        match result {
            Ok(receipt) => Self::Stored(Box::new(receipt)),
            Err(error) => Self::Refused { code: error.code().number(), error: error.to_string() },
        }
    }
}

/// Method of `fdescrow_escrow`: takes in a report: what it says of the disks, and the sealed keys in it. A device that is not known is
/// created.
///
/// `request` is JSON: `device`, `by`, `source` (as for `fdescrow_observation_read`), optional `volume`.
/// `observed_out` receives JSON: `recorded`, whether it said anything new, and `receipts`, one for each sealed key: as for
/// `fdescrow_escrow_receive`, or `code` and `error`.
/// Errors: `OBSERVATION_…`, `STORE_LIMIT`, `EVENT_REJECTED`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_observe(
    escrow: Option<&fdescrow_escrow>,
    report: fdescrow_bytes,
    request_json: fdescrow_str,
    now: i64,
    observed_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(observed_out, error_out, || {
        let Reported { device, by, source, volume } = request(request_json)?;
        let now = Timestamp::from_unix_seconds(now)?;
        let volume = volume.as_ref().map_or(fdescrow_str::EMPTY, |volume| fdescrow_str::of(volume.as_str()));
        let report = read(fdescrow_str::of(&source), report, volume, now)?;
        let observed = borrow(escrow)?.watched(|escrow| escrow.observe(&device, &report, &by, now))?;
        Ok(Observed { recorded: observed.recorded, receipts: observed.receipts.into_iter().map(Taken::of).collect() })
    })
}

/// Method of `fdescrow_escrow`: how a device stands, by the policy of its group.
///
/// `request` is JSON: `device`. `assessment_out` receives JSON: `status`, `reasons`, `actions`, `wake_at`.
/// Errors: `DEVICE_UNKNOWN`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_assess(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    assessment_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), assessment_out, error_out, |escrow, one: One, now| {
        Ok(escrow.assess(&one.device, now)?)
    })
}

/// Method of `fdescrow_escrow`: a device at a glance.
///
/// `request` is JSON: `device`. `report_out` receives JSON: `device`, `assessment`, `walk` (where a Mac stands on its way to a key that
/// works), `created`, `forgotten`, `keys`, `quarantined`.
/// Errors: `DEVICE_UNKNOWN`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_device(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    report_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask(
        (escrow, request_json, now),
        report_out,
        error_out,
        |escrow, one: One, now| Ok(escrow.device(&one.device, now)?),
    )
}

/// Method of `fdescrow_escrow`: all keys of a device, the oldest first, with their envelopes: a JSON array. No key is opened.
///
/// `request` is JSON: `device`.
/// Errors: `DEVICE_UNKNOWN`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_history(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    keys_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), keys_out, error_out, |escrow, one: One, _| Ok(escrow.history(&one.device)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sought {
    text: String,
}

/// Method of `fdescrow_escrow`: devices and keys by what people have: a device, another name, the ID on a BitLocker screen (its first 8 digits
/// will do), a LUKS or APFS volume UUID. Candidates, never keys.
///
/// `request` is JSON: `text`. `found_out` receives a JSON array.
/// Errors: `ID_INVALID`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_find(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    found_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), found_out, error_out, |escrow, sought: Sought, _| {
        let search = Search::parse(&sought.text).map_err(|error| Failure::new(error.code(), error))?;
        Ok(escrow.find(&search)?)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    device: DeviceId,
    by: Actor,
    names: Vec<Name>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    kind: Word,
    value: String,
    source: Word,
    trust: Trust,
}

/// Method of `fdescrow_escrow`: gives a device other names, by which it is found; those of the same kind and source are replaced.
///
/// `request` is JSON: `device`, `by`, `names`, each with `kind` (`serial`, `udid`, `hostname`, `owner`, …), `value`, `source` and `trust`
/// (`authenticated` or `claimed`).
/// Errors: `DEVICE_UNKNOWN`, `ID_INVALID`, `MISUSE` over 64 names, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_name_device(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    tell((escrow, request_json, now), error_out, |escrow, named: Named, now| {
        let names = named.names.into_iter().map(|name| Alias::new(name.kind, name.value, name.source, name.trust));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        Ok(escrow.name_device(&named.device, &names, &named.by, now)?)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    device: DeviceId,
    group: Option<String>,
    by: Actor,
    reason: String,
}

/// Method of `fdescrow_escrow`: puts a device into the group whose policy it follows from now on.
///
/// `request` is JSON: `device`, `group` (left out: the organization's policy), `by`, `reason`.
/// Errors: `MISUSE` for a name that no group can have, `RECOVERY_REASON_MISSING`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_move_to_group(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    tell((escrow, request_json, now), error_out, |escrow, moved: Moved, now| {
        Ok(escrow.move_to_group(&moved.device, moved.group.as_deref(), &moved.by, &moved.reason, now)?)
    })
}

/// Method of `fdescrow_escrow`: hides a device. No key is removed by it.
///
/// `request` is JSON: `device`, `by`, `reason`.
/// Errors: `DEVICE_UNKNOWN`, `RECOVERY_REASON_MISSING`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_forget_device(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    tell((escrow, request_json, now), error_out, |escrow, decision: Decision, now| {
        Ok(escrow.forget_device(&decision.device, &decision.by, &decision.reason, now)?)
    })
}

/// Method of `fdescrow_escrow`: a device was wiped or enrolled anew: its earlier keys stay revealable, and none counts as current.
///
/// `request` and errors as for `fdescrow_escrow_forget_device`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_new_installation(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    tell((escrow, request_json, now), error_out, |escrow, decision: Decision, now| {
        Ok(escrow.new_installation(&decision.device, &decision.by, &decision.reason, now)?)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configured {
    device: DeviceId,
    by: Actor,
    operation: Operation,
    delivery: Delivery,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgentSays {
    device: DeviceId,
    by: Actor,
    failure: Option<Word>,
}

/// Method of `fdescrow_escrow`: takes in what the management system says of the configuration of a device.
///
/// `request` is JSON: `device`, `by`, `operation` (`install`, `remove`), `delivery` (`pending`, `acknowledged`, `confirmed`, `failed`, …).
/// Errors: `STORE_LIMIT`, `EVENT_REJECTED`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_configuration_reported(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    tell((escrow, request_json, now), error_out, |escrow, said: Configured, now| {
        let configuration = Configuration::new(said.operation, said.delivery, now);
        escrow.configuration_reported(&said.device, configuration, &said.by, now)?;
        Ok(())
    })
}

/// Method of `fdescrow_escrow`: takes in what the agent says that it could not do, in one word; or, without one, that it could. It takes
/// nothing away from a key.
///
/// `request` is JSON: `device`, `by`, optional `failure`.
/// Errors: as `fdescrow_escrow_configuration_reported`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_agent_reported(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    tell((escrow, request_json, now), error_out, |escrow, said: AgentSays, now| {
        escrow.agent_reported(&said.device, said.failure.as_ref(), &said.by, now)?;
        Ok(())
    })
}
