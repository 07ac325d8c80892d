//! How is a device judged without a store?

use fdescrow::{
    Timestamp, VolumeId,
    verification::{
        State, assess,
        observation::{self, Context, Report, Source},
    },
};

use crate::{
    boundary::{Errors, Output, answer},
    failure::{Failure, fdescrow_result},
    handle::borrow,
    owned::fdescrow_text,
    policy::fdescrow_policy,
    view::{fdescrow_bytes, fdescrow_str},
};

/// Reads what a device or its management reports, and says what was understood, as JSON: `source`, `observation`, `envelopes`
/// (sealed keys in it, by digest), `reply`, `csp`, `ignored`.
///
/// `source`: `osquery`, `securityinfo`, `rotate-reply`, `ddm`, `wmi`, `csp`, `lsblk`, `luksdump`, `snapshot` (docs/observations.md).
/// `volume`: the LUKS UUID for a report that names none, or empty. `now` is in seconds since 1970.
/// Errors: `OBSERVATION_SYNTAX`, `OBSERVATION_LIMIT`; `MISUSE` for another source.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_observation_read(
    source: fdescrow_str,
    report: fdescrow_bytes,
    volume: fdescrow_str,
    now: i64,
    observation_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(observation_out, error_out, || read(source, report, volume, Timestamp::from_unix_seconds(now)?))
}

pub(crate) fn read(
    source: fdescrow_str,
    report: fdescrow_bytes,
    volume: fdescrow_str,
    at: Timestamp,
) -> Result<Report, Failure> {
    let source: Source = source.read()?.parse().map_err(|_| Failure::misuse("there is no such source of reports"))?;
    let mut context = Context::new(at);
    context.volume = volume.read_some()?.map(VolumeId::luks).transpose()?;
    Ok(observation::read(source, report.read()?, &context)?)
}

/// Judges the state of a device by a policy and group (empty: the organization): pure, without a store.
///
/// `state_json` is a `State` as it is stored (docs/schemas); `assessment_out` receives JSON: `status`, `reasons`, `actions`, `wake_at`.
/// Errors: `REQUEST_SYNTAX`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_assess(
    state_json: fdescrow_str,
    policy: Option<&fdescrow_policy>,
    group: fdescrow_str,
    now: i64,
    assessment_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(assessment_out, error_out, || {
        let state: State = serde_json::from_str(state_json.read()?).map_err(|error| Failure::request(&error))?;
        let policy = borrow(policy)?.policy(group.read_some()?);
        Ok(assess(&state, &policy, Timestamp::from_unix_seconds(now)?))
    })
}
