//! How does a key arrive, in C?

use fdescrow::{
    Actor, DeviceId, KeyId, Kind, ProtectorId, VolumeId,
    escrow::{Receipt, Upload},
};
use serde::Deserialize;

use super::{ask, fdescrow_escrow};
use crate::{
    boundary::{Errors, Output},
    failure::{Failure, fdescrow_result},
    handle::borrow,
    owned::fdescrow_text,
    secret::{fdescrow_secret, text_of},
    view::{fdescrow_bytes, fdescrow_str},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arrival {
    device: DeviceId,
    kind: Kind,
    by: Actor,
    volume: Option<VolumeId>,
    protector: Option<ProtectorId>,
    request: Option<String>,
}

impl Arrival {
    fn fill(self, mut upload: Upload) -> Upload {
        upload = upload.by(&self.by);
        upload = match self.volume {
            Some(volume) => upload.volume(volume),
            None => upload,
        };
        upload = match self.protector {
            Some(protector) => upload.protector(protector),
            None => upload,
        };
        match self.request {
            Some(request) => upload.request(request),
            None => upload,
        }
    }
}

/// Method of `fdescrow_escrow`: stores a sealed key, as a device sent it: CMS in BER, DER, base64, PEM or S/MIME.
///
/// `request` is JSON: `device`, `kind`, `by` (who answers for the upload); optional `volume`, `protector`, and `request`, a name that
/// makes the same upload, sent again, the same.
/// `receipt_out` receives JSON: `device`, the place, `key`, `envelope`, `status` (`stored`, `verified`, `quarantined`), `level`, `request`.
/// Errors: `UPLOAD_NOT_SEALED` if it is not CMS: it may be a key in clear, and is not stored; `STORE_LIMIT`; `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_receive(
    escrow: Option<&fdescrow_escrow>,
    envelope: fdescrow_bytes,
    request_json: fdescrow_str,
    now: i64,
    receipt_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), receipt_out, error_out, |escrow, arrival: Arrival, now| {
        let upload = Upload::sealed(arrival.device.clone(), arrival.kind, envelope.read()?);
        Ok::<Receipt, Failure>(escrow.receive(arrival.fill(upload), now)?)
    })
}

/// Method of `fdescrow_escrow`: stores a key that came in clear: it is read, bound to its device and sealed to the primary certificate
/// before the store is called.
///
/// `request` and `receipt_out` as for `fdescrow_escrow_receive`.
/// Errors: `KEY_FORMAT`, `ENVELOPE_SEAL`; as `fdescrow_escrow_receive`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_receive_plaintext(
    escrow: Option<&fdescrow_escrow>,
    key: Option<&fdescrow_secret>,
    request_json: fdescrow_str,
    now: i64,
    receipt_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), receipt_out, error_out, |escrow, arrival: Arrival, now| {
        let upload = Upload::plaintext(arrival.device.clone(), arrival.kind, text_of(borrow(key)?)?);
        Ok::<Receipt, Failure>(escrow.receive(arrival.fill(upload), now)?)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneKey {
    key: KeyId,
}

/// Method of `fdescrow_escrow`: the receipt of a key as it stands now, so that an agent learns when its key was verified.
///
/// `request` is JSON: `key`, its id. `receipt_out` as for `fdescrow_escrow_receive`.
/// Errors: `KEY_UNKNOWN`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_receipt(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    now: i64,
    receipt_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, now), receipt_out, error_out, |escrow, one: OneKey, _| Ok(escrow.receipt(&one.key)?))
}
