//! What does the header of a LUKS2 volume say of its key slots?
//!
//! `cryptsetup luksDump --dump-json-metadata` (2.4 and newer) prints the metadata as they are on the disk, without the
//! UUID: the caller says which volume it is. A slot opens the volume only if a digest binds it to a segment that holds
//! data. A token may name slots that are gone.

use std::collections::BTreeMap;

use super::{
    ObservationError, ProtectorKind, ProtectorReading, Reading, Report, Source, VolumeReading, base64,
    draft::Draft,
    json::{self, Json},
};
use crate::{
    ids::{Platform, ProtectorId, VolumeId},
    time::Timestamp,
};

/// Slots, tokens, segments and digests have the numbers 0 to 31.
const MAX_NUMBER: u8 = 31;
/// The longest type of a token that is kept.
const MAX_TYPE: usize = 64;

/// Reads the metadata of this volume; none: the boot volume.
pub(super) fn read(bytes: &[u8], volume: Option<&VolumeId>, at: Timestamp) -> Result<Report, ObservationError> {
    let document = Json::read(bytes)?;
    let Some(keyslots) = document.get("keyslots").map() else {
        return Err(ObservationError::Syntax("it has no keyslots"));
    };
    if keyslots.len() > usize::from(MAX_NUMBER).saturating_add(1) {
        return Err(ObservationError::Limit("has more than 32 key slots"));
    }
    let mut draft = Draft::new(Source::LuksDump, at);
    draft.platform(Platform::Linux);
    let mut reading = VolumeReading::new(volume.cloned());
    reading.encrypted = encrypted(&document);
    let tokens = tokens(&document, &mut draft);
    let (mut complete, mut slots) = (true, Vec::new());
    for (index, (name, slot)) in keyslots.iter().enumerate() {
        draft.row = Some(index.saturating_add(1));
        let (Some(number), Some(_)) = (number(name), slot.map()) else {
            complete = false;
            draft.ignore("keyslots", "a slot cannot be read, so the list is not whole");
            continue;
        };
        // What reencryption keeps in a slot opens nothing.
        if slot.get("type").text() == Some("reencrypt") {
            continue;
        }
        let mut protector = ProtectorReading::new(ProtectorId::luks_slot(number), ProtectorKind::Passphrase);
        protector.enabled = bound(&document, name);
        protector.salt = slot.get("kdf").get("salt").text().and_then(base64::salt);
        if protector.salt.is_none() {
            draft.ignore("salt", "is no base64 of a salt");
        }
        protector.tokens = tokens.get(&number).cloned().unwrap_or_default();
        slots.push(protector);
    }
    draft.row = None;
    if names_missing_slot(&document) {
        complete = false;
        draft.ignore("digests", "one names a slot that is not there, so the list is not whole");
    }
    let opened = slots.iter().any(|slot| slot.enabled == Reading::Yes);
    if reading.encrypted == Reading::Yes && opened {
        reading.protected = Reading::Yes;
    }
    reading.protectors = Some(draft.snapshot(complete, slots));
    draft.volume(reading);
    Ok(draft.finish())
}

fn number(text: &str) -> Option<u8> {
    let number = json::whole(text).and_then(|number| u8::try_from(number).ok());
    // "01" would be another name of 1.
    number.filter(|number| *number <= MAX_NUMBER && number.to_string() == text)
}

/// Yes if all data is in encrypted segments, no if a cipher that does nothing is all there is. A volume that is being
/// decrypted, or was, is for others to judge.
fn encrypted(document: &Json) -> Reading {
    let requirements = document.get("config").get("requirements").get("mandatory");
    let plain = match requirements {
        Json::Null => true,
        Json::List(items) => items.is_empty(),
        _ => false,
    };
    let Some(segments) = document.get("segments").map().filter(|segments| plain && !segments.is_empty()) else {
        return Reading::Unknown;
    };
    let all_are = |kind: fn(&Json) -> bool| segments.values().all(kind);
    if all_are(|segment| is_crypt(segment) && !has_null_cipher(segment)) {
        Reading::Yes
    } else if all_are(|segment| is_crypt(segment) && has_null_cipher(segment)) {
        Reading::No
    } else {
        Reading::Unknown
    }
}

fn is_crypt(segment: &Json) -> bool {
    matches!(segment.get("type").text(), Some("crypt" | "hw-opal-crypt"))
}

/// Whether data is written as it is, under the name of a cipher: for tests, or by somebody who put it into the header so
/// that whoever opens the volume writes in clear (CVE-2025-59054).
fn has_null_cipher(segment: &Json) -> bool {
    segment.get("encryption").text().is_some_and(|cipher| cipher == "null" || cipher.contains("cipher_null"))
}

/// Whether a digest binds the slot to a segment.
fn bound(document: &Json, slot: &str) -> Reading {
    let Some(digests) = document.get("digests").map() else { return Reading::Unknown };
    let names_slot = |digest: &Json| {
        let slots = digest.get("keyslots").list();
        slots.map(|slots| slots.iter().any(|name| name.text() == Some(slot)))
    };
    let mut answer = Reading::Unknown;
    for digest in digests.values() {
        match (names_slot(digest), digest.get("segments").list()) {
            (Some(false), _) => {}
            (Some(true), Some([])) => answer = Reading::No,
            (Some(true), Some(_)) => return Reading::Yes,
            (_, _) => return Reading::Unknown,
        }
    }
    answer
}

/// Whether a digest names a slot that is not listed: cryptsetup takes a slot that it removes out of its digest.
fn names_missing_slot(document: &Json) -> bool {
    let digests = document.get("digests").map().into_iter().flat_map(BTreeMap::values);
    let mut named = digests.flat_map(|digest| digest.get("keyslots").list().unwrap_or_default());
    named.any(|slot| slot.text().is_some_and(|slot| *document.get("keyslots").get(slot) == Json::Null))
}

/// The types of the tokens that name a slot.
fn tokens(document: &Json, draft: &mut Draft) -> BTreeMap<u8, Vec<String>> {
    let mut by_slot: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for token in document.get("tokens").map().into_iter().flat_map(BTreeMap::values) {
        let kind = token.get("type").text();
        let is_type =
            |kind: &&str| (1..=MAX_TYPE).contains(&kind.len()) && kind.bytes().all(|byte| byte.is_ascii_graphic());
        let (Some(kind), Some(slots)) = (kind.filter(is_type), token.get("keyslots").list()) else {
            draft.ignore("tokens", "a token has no type or no list of slots");
            continue;
        };
        for slot in slots.iter().filter_map(|slot| slot.text().and_then(number)) {
            let kinds = by_slot.entry(slot).or_default();
            if !kinds.iter().any(|known| known == kind) && kinds.len() <= usize::from(MAX_NUMBER) {
                kinds.push(kind.to_owned());
            }
        }
    }
    by_slot.values_mut().for_each(|kinds| kinds.sort());
    by_slot
}
