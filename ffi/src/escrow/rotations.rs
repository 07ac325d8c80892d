//! How is a key replaced, in C?

use fdescrow::{
    Actor, DeviceId, Timestamp,
    ids::Word,
    rotation::{RotationEvent, RotationId},
    verification::Place,
};
use serde::{Deserialize, Serialize};

use super::{List, Part, ask, fdescrow_escrow};
use crate::{
    boundary::{Errors, Output},
    failure::{Failure, fdescrow_result},
    owned::fdescrow_text,
    view::fdescrow_str,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    device: DeviceId,
    by: Actor,
    reason: String,
    place: Option<Place>,
}

#[derive(Serialize)]
struct Requested {
    rotations: Vec<RotationId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reported {
    device: DeviceId,
    rotation: RotationId,
    by: Actor,
    event: Answer,
    #[serde(default)]
    attempt: u32,
    why: Option<Word>,
}

/// What may be reported from outside.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Cancelled,
    Deferred,
    Delivered,
    Failed,
    OldRemoved,
    Sent,
}

impl Reported {
    fn event(&self, at: Timestamp) -> Result<RotationEvent, Failure> {
        let attempt = self.attempt;
        Ok(match self.event {
            Answer::Cancelled => RotationEvent::Cancelled { at },
            Answer::Deferred => RotationEvent::Deferred { attempt, at },
            Answer::Delivered => RotationEvent::Delivered { attempt, at },
            Answer::Failed => {
                let why = self.why.clone().map_or_else(|| Word::new("unknown"), Ok)?;
                RotationEvent::Failed { attempt, why, at }
            }
            Answer::OldRemoved => RotationEvent::OldRetired { at },
            Answer::Sent => RotationEvent::Sent { attempt, at },
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Of {
    device: DeviceId,
}

/// Method of `fdescrow_escrow`: has the keys of a device replaced: of one place, or of all.
///
/// `request` is JSON: `device`, `by`, `reason`; optional `place` (`kind`, `volume`, `protector`). `rotations_out` receives JSON: `rotations`, ids.
/// Errors: `DEVICE_UNKNOWN`, `RECOVERY_NO_KEY`, `RECOVERY_REASON_MISSING`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_request_rotation(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    rotations_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), rotations_out, error_out, |escrow, wanted: Wanted, now| {
        let Wanted { device, by, reason, place } = wanted;
        Ok(Requested { rotations: escrow.request_rotation(&device, place.as_ref(), &by, &reason, now)? })
    })
}

/// Method of `fdescrow_escrow`: takes in what a device, its management or its agent answered to an attempt. Keys and checks report themselves.
///
/// `request` is JSON: `device`, `rotation`, `by`, `event`: `sent`, `delivered`, `deferred` or `failed` (with `attempt`, and `why`, a word),
/// `old_removed`, `cancelled`. `report_out` receives the rotation as JSON.
/// Errors: `DEVICE_UNKNOWN`, `ROTATION_UNKNOWN`, `EVENT_REJECTED`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_rotation_reported(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    report_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), report_out, error_out, |escrow, said: Reported, now| {
        Ok(escrow.rotation_reported(&said.device, &said.rotation, &said.event(now)?, &said.by, now)?)
    })
}

/// Method of `fdescrow_escrow`: the replacements of the keys of a device, a JSON array: of each place the one that goes on, or ended last.
///
/// `request` is JSON: `device`.
/// Errors: `DEVICE_UNKNOWN`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_rotations(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    rotations_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), rotations_out, error_out, |escrow, of: Of, now| {
        Ok(escrow.rotations(&of.device, now)?)
    })
}

/// Method of `fdescrow_escrow`: the replacements that go on, device by device.
///
/// `request` is JSON or empty: `limit`, `after`. `rotations_out` receives JSON as for `fdescrow_escrow_list`.
/// Errors: as there.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_all_rotations(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    rotations_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), rotations_out, error_out, |escrow, part: Part, now| {
        Ok(List::from(escrow.all_rotations(&part.page()?, now)?))
    })
}
