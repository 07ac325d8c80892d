//! How is one record written, and what is read of a line?
//!
//! The rule: a line is a record only if its digest is that of its JSON, byte by byte, and the JSON has exactly the
//! members that are written.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::entry::Entry;
use crate::{
    ids::{DeviceId, Digest, ProtectorId, VolumeId, Word},
    key::Kind,
    time::Timestamp,
    verification::Place,
};

/// A record.
pub(super) enum Record {
    /// The entry with this envelope was acknowledged.
    Done(Digest),
    /// An entry was added.
    Put(Box<Entry>),
}

/// The same, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Document {
    Done(Digest),
    Put(Written),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    device: DeviceId,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    volume: Option<VolumeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    protector: Option<ProtectorId>,
    request: Word,
    sealed: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    envelope: String,
}

/// A line with its end.
pub(super) fn write(record: &Record) -> Vec<u8> {
    let document = match record {
        Record::Done(envelope) => Document::Done(*envelope),
        Record::Put(entry) => Document::Put(Written {
            device: entry.device.clone(),
            kind: entry.place.kind,
            volume: entry.place.volume.clone(),
            protector: entry.place.protector.clone(),
            request: entry.request.clone(),
            sealed: entry.sealed,
            salt: entry.salt.clone(),
            envelope: STANDARD.encode(entry.message()),
        }),
    };
    // Strings, numbers and digests: there is nothing in it that JSON cannot say.
    let json = serde_json::to_string(&document).unwrap_or_default();
    format!("{} {json}\n", Digest::of(json.as_bytes())).into_bytes()
}

/// The record of a line without its end; none if it is damaged.
pub(super) fn parse(line: &[u8]) -> Option<Record> {
    let (digest, rest) = line.split_at_checked(64)?;
    let json = rest.strip_prefix(b" ")?;
    let digest: Digest = std::str::from_utf8(digest).ok()?.parse().ok()?;
    if digest != Digest::of(json) {
        return None;
    }
    Some(match serde_json::from_str(std::str::from_utf8(json).ok()?).ok()? {
        Document::Done(envelope) => Record::Done(envelope),
        Document::Put(written) => {
            let mut place = Place::new(written.kind);
            (place.volume, place.protector) = (written.volume, written.protector);
            let message = STANDARD.decode(written.envelope).ok()?;
            let mut entry = Entry::from_message(written.device, place, written.request, written.sealed, &message)?;
            entry.salt = written.salt;
            Record::Put(Box::new(entry))
        }
    })
}
