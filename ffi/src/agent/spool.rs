//! What has the server not acknowledged yet, in C?

use base64::{Engine, engine::general_purpose::STANDARD};
use fdescrow::{
    DeviceId, Kind, ProtectorId, Timestamp, VolumeId,
    agent::spool::{Enough, Entry, Spool},
    escrow::Receipt,
    ids::Word,
    policy::Level,
    verification::Place,
};
use serde::{Deserialize, Serialize};

use crate::{
    boundary::{Errors, Output, document, produce, request},
    envelope::fdescrow_envelope,
    failure::{Failure, fdescrow_result},
    handle::{Handle, borrow, borrow_mut, free, opaque},
    owned::{fdescrow_buffer, fdescrow_text},
    view::{fdescrow_bytes, fdescrow_str},
};

/// Sealed keys that the server has not acknowledged, and the names under which they are sent. The file is the agent's: what is to
/// be written to it, the functions give.
#[derive(Debug)]
pub struct fdescrow_spool {
    handle: Handle,
}
opaque!(fdescrow_spool, Spool, b"fdespool");

/// Constructor of `fdescrow_spool`: reads the whole file; nothing where there is none yet.
///
/// Errors: `SPOOL_SYNTAX` if it is something else or of another version; `SPOOL_FULL` over 64 MiB.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_spool_read(
    file: fdescrow_bytes,
    spool_out: Output<'_, fdescrow_spool>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(spool_out, error_out, || Ok(Spool::read(file.read()?)?))
}

/// Method of `fdescrow_spool`: how many keys the server has not acknowledged; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_spool_count(spool: Option<&fdescrow_spool>) -> usize {
    borrow(spool).map_or(0, |spool| spool.entries().len())
}

/// Method of `fdescrow_spool`: how many lines of the file were torn or altered; each may have been a key. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_spool_damaged(spool: Option<&fdescrow_spool>) -> usize {
    borrow(spool).map_or(0, Spool::damaged)
}

/// Method of `fdescrow_spool`: whether the file holds more that is done with than what is not, so that `fdescrow_spool_compact` is worth
/// it.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_spool_is_wasteful(spool: Option<&fdescrow_spool>) -> bool {
    borrow(spool).is_ok_and(Spool::is_wasteful)
}

#[derive(Serialize)]
struct Upload<'a> {
    device: &'a DeviceId,
    #[serde(flatten)]
    place: &'a Place,
    request: &'a Word,
    envelope: String,
}

/// What is sent of an entry.
pub(super) fn upload(entry: &Entry) -> Result<String, Failure> {
    let Entry { device, place, request, .. } = entry;
    document(&Upload { device, place, request, envelope: STANDARD.encode(entry.message()) })
}

/// Method of `fdescrow_spool`: what is sent of one entry, counted from 0, the oldest first, as JSON: `device`, `kind`, `volume`, `protector`,
/// `request`, as `fdescrow_escrow_receive` takes them, and `envelope`, the message in base64.
///
/// Errors: `MISUSE` if there is no such entry.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_spool_upload(
    spool: Option<&fdescrow_spool>,
    index: usize,
    upload_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(upload_out, error_out, || {
        let entry = borrow(spool)?.entries().get(index);
        upload(entry.ok_or_else(|| Failure::misuse("the spool has no entry of this number"))?)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    device: DeviceId,
    kind: Kind,
    volume: Option<VolumeId>,
    protector: Option<ProtectorId>,
    request: Word,
}

/// Method of `fdescrow_spool`: puts an envelope into it that no planner made.
///
/// `names_json`: `device`, `kind`, `request`; optional `volume`, `protector`: as they were sealed with it. `append_out` receives the bytes to append to the
/// file; it is safe when they are on the disk. None if it is there already.
/// Errors: `REQUEST_SYNTAX`, `SPOOL_FULL`: nothing was put.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_spool_put(
    spool: Option<&mut fdescrow_spool>,
    envelope: Option<&fdescrow_envelope>,
    names_json: fdescrow_str,
    now: i64,
    append_out: Output<'_, fdescrow_buffer>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(append_out, error_out, || {
        let spool = borrow_mut(spool)?;
        let Names { device, kind, volume, protector, request } = request(names_json)?;
        let mut place = Place::new(kind);
        (place.volume, place.protector) = (volume, protector);
        let entry = Entry::new(device, place, request, borrow(envelope)?, Timestamp::from_unix_seconds(now)?);
        Ok(spool.put(entry)?)
    })
}

/// Method of `fdescrow_spool`: lets the entry go that a receipt names, if it says enough: for an agent without a planner, which has
/// `fdescrow_planner_receipt`.
///
/// `level`: how far the key must be shown to work, as in `envelope_opens`; empty: that the server has it is enough. `append_out` receives the bytes to append
/// to the file: none if the receipt does not say enough yet.
/// Errors: `REQUEST_SYNTAX`; `EVENT_REJECTED` if no entry has the names of the receipt: nothing changed.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_spool_acknowledge(
    spool: Option<&mut fdescrow_spool>,
    receipt_json: fdescrow_str,
    level: fdescrow_str,
    append_out: Output<'_, fdescrow_buffer>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(append_out, error_out, || {
        let spool = borrow_mut(spool)?;
        let receipt: Receipt = request(receipt_json)?;
        let enough = match level.read_some()? {
            None => Enough::Stored,
            Some(word) => Enough::Verified(level_of(word)?),
        };
        Ok(spool.acknowledge(&receipt, enough)?)
    })
}

/// A level by its word.
pub(super) fn level_of(word: &str) -> Result<Level, Failure> {
    serde_json::from_value(word.into()).map_err(|_| Failure::misuse("there is no such level"))
}

/// Method of `fdescrow_spool`: the whole file anew, with what was not acknowledged and nothing else, to be written beside the old one and moved over
/// it.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_spool_compact(
    spool: Option<&fdescrow_spool>,
    file_out: Output<'_, fdescrow_buffer>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(file_out, error_out, || Ok(borrow(spool)?.compact()))
}

/// Destructor of `fdescrow_spool`. Its file is what was written. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_spool_free(spool: Option<Box<fdescrow_spool>>) {
    free(spool);
}
