//! What happened, in C?

use std::ops::ControlFlow;

use fdescrow::{
    DeviceId, Timestamp,
    audit::{Checkpoint, CheckpointLimits, Entry, MacKey},
    store::Cursor,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ask, fdescrow_escrow};
use crate::{
    boundary::{Errors, Output, answer, produce_two},
    failure::{Failure, fdescrow_result},
    handle::{borrow, borrow_some},
    owned::{fdescrow_buffer, fdescrow_text},
    secret::fdescrow_secret,
    view::{fdescrow_bytes, fdescrow_str},
};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct After {
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfDevice {
    device: DeviceId,
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct Entries {
    entries: Vec<Box<RawValue>>,
    unreadable: usize,
    next: String,
}

/// An entry as it is hashed, byte by byte.
fn raw(entry: &Entry) -> Result<Box<RawValue>, Failure> {
    RawValue::from_string(entry.to_json()).map_err(|_| Failure::library("an entry of the audit is no JSON"))
}

/// Method of `fdescrow_escrow`: the audit of all devices, in the order in which it was committed: for a SIEM.
///
/// `request` is JSON or empty: `limit` (1,000), `after`, the `next` of the call before. `events_out` receives JSON: `entries`, `unreadable`,
/// `next`, also when there is nothing more yet.
/// Errors: `MISUSE` for a cursor of another store, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_events(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    events_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, 0), events_out, error_out, |escrow, part: After, _| {
        let after = part.after.map_or_else(Cursor::start, Cursor::new);
        let events = escrow.events(&after, part.limit.unwrap_or(1000))?;
        let entries = events.entries.iter().map(raw).collect::<Result<_, _>>()?;
        Ok(Entries { entries, unreadable: events.unreadable, next: events.next.to_string() })
    })
}

/// Method of `fdescrow_escrow`: the audit of one device, as a JSON array.
///
/// `request` is JSON: `device`; optional `after`, the number of the last entry that is known, and `limit` (1,000).
/// Errors: `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_audit_of(
    escrow: Option<&fdescrow_escrow>,
    request_json: fdescrow_str,
    entries_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    ask((escrow, request_json, 0), entries_out, error_out, |escrow, of: OfDevice, _| {
        let entries = escrow.audit_of(&of.device, of.after, of.limit.unwrap_or(1000))?;
        entries.iter().map(raw).collect::<Result<Vec<_>, _>>()
    })
}

/// Method of `fdescrow_escrow`: verifies the whole audit against itself, the rows and, where they are given, a MAC key and a checkpoint.
///
/// `mac_key`: NULL for none. `checkpoint`: the bytes of one that was kept elsewhere, or empty.
/// `report_out` receives JSON: `intact`, `chains`, `entries`, `unreadable`, `findings` (`device`, null for the organization; `problem`; `message`).
/// Errors: `CHECKPOINT_SYNTAX`, `MAC_KEY_SYNTAX`, `MISUSE` if the checkpoint is another organization's, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_verify_audit(
    escrow: Option<&fdescrow_escrow>,
    mac_key: Option<&fdescrow_secret>,
    checkpoint: fdescrow_bytes,
    report_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(report_out, error_out, || {
        let mac_keys = borrow_some(mac_key)?.map(|key| MacKey::parse(key.expose())).transpose()?;
        let mac_keys: Vec<MacKey> = mac_keys.into_iter().collect();
        let checkpoint = parsed(checkpoint)?;
        Ok(borrow(escrow)?.escrow.verify_audit(&mac_keys, checkpoint.as_ref())?)
    })
}

/// Method of `fdescrow_escrow`: a checkpoint of the whole audit, to be kept where the writers of the database are not.
///
/// `previous`: the bytes of the one before, which the new one names; or empty. `written_out` receives JSON: `digest`, `chains`.
/// Errors: `CHECKPOINT_SYNTAX`, `STORE_…`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_checkpoint(
    escrow: Option<&fdescrow_escrow>,
    previous: fdescrow_bytes,
    now: i64,
    checkpoint_out: Output<'_, fdescrow_buffer>,
    written_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce_two(checkpoint_out, written_out, error_out, || {
        let predecessor = parsed(previous)?.map(|checkpoint| checkpoint.digest());
        let mut bytes = Vec::new();
        let mut write = |line: &str| {
            bytes.extend_from_slice(line.as_bytes());
            ControlFlow::Continue(())
        };
        let now = Timestamp::from_unix_seconds(now)?;
        let file = borrow(escrow)?.escrow.checkpoint(predecessor, now, &mut write)?;
        let about = crate::boundary::document(&file)?;
        Ok((bytes, about))
    })
}

fn parsed(checkpoint: fdescrow_bytes) -> Result<Option<Checkpoint>, Failure> {
    let bytes = checkpoint.read()?;
    let read = |bytes| Checkpoint::parse(bytes, &CheckpointLimits::default());
    Ok((!bytes.is_empty()).then(|| read(bytes)).transpose()?)
}
