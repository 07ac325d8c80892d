//! What does an agent of ours say of a device?
//!
//! The JSON that [`Observation`] is written as, for agents that know all of it; its `at` is not believed, the caller's
//! is taken. A member that is not known is left to newer versions. A list of protectors is whole if it says so and each
//! of them could be read.

use serde::de::{DeserializeOwned, IntoDeserializer, value::Error as Refused};

use super::{
    FileVaultReading, ObservationError, ProtectorKind, ProtectorReading, ProtectorSnapshot, Reading, Report, Source,
    VolumeReading, base64,
    draft::{Draft, MAX_VOLUMES},
    json::Json,
};
use crate::{
    ids::{Platform, ProtectorId, VolumeId},
    time::Timestamp,
};

/// The most protectors of one volume.
const MAX_PROTECTORS: usize = 256;
/// The longest text that is kept.
const MAX_TEXT: usize = 255;
/// The most tokens of one slot; LUKS2 has 32.
const MAX_TOKENS: usize = 32;

/// Reads an observation.
pub(super) fn read(bytes: &[u8], at: Timestamp) -> Result<Report, ObservationError> {
    let document = Json::read(bytes)?;
    if document.map().is_none() || (document.get("volumes").is_nothing() && document.get("filevault").is_nothing()) {
        return Err(ObservationError::Syntax("it has neither volumes nor filevault"));
    }
    let mut draft = Draft::new(Source::Snapshot, at);
    if let Some(platform) = word::<Platform>(&document, "platform", &mut draft) {
        draft.platform(platform);
    }
    match document.get("volumes") {
        Json::Null => {}
        Json::List(volumes) if volumes.len() > MAX_VOLUMES => {
            return Err(ObservationError::Limit("has more than 256 volumes"));
        }
        Json::List(volumes) => {
            for (index, item) in volumes.iter().enumerate() {
                draft.row = Some(index.saturating_add(1));
                volume(item, &mut draft);
            }
            draft.row = None;
        }
        _ => draft.ignore("volumes", "is no list"),
    }
    match document.get("filevault") {
        Json::Null => {}
        item @ Json::Map(_) => {
            let reading = filevault(item, &mut draft);
            draft.report.observation.filevault = Some(reading);
        }
        _ => draft.ignore("filevault", "is no object"),
    }
    Ok(draft.finish())
}

fn volume(item: &Json, draft: &mut Draft) {
    // The boot volume is named by null. A name that is missing may have been that of another volume.
    let Some(name) = item.map().and_then(|members| members.get("volume")) else {
        return draft.ignore("volume", "is not named; null is the boot volume");
    };
    let volume = match name {
        Json::Null => None,
        name => match name.text().map(VolumeId::new) {
            Some(Ok(volume)) => Some(volume),
            _ => return draft.ignore("volume", "is no name of a volume"),
        },
    };
    let mut reading = VolumeReading::new(volume);
    reading.encrypted = answer(item, "encrypted", draft);
    reading.protected = answer(item, "protected", draft);
    reading.conversion = word(item, "conversion", draft);
    reading.method = word(item, "method", draft);
    reading.protectors = match item.get("protectors") {
        Json::Null => None,
        snapshot => protectors(snapshot, draft),
    };
    draft.volume(reading);
}

fn protectors(item: &Json, draft: &mut Draft) -> Option<ProtectorSnapshot> {
    let Some(listed) = item.get("protectors").list().filter(|listed| listed.len() <= MAX_PROTECTORS) else {
        draft.ignore("protectors", "is no list of at most 256");
        return None;
    };
    let mut complete = *item.get("complete") == Json::Bool(true);
    let mut readings = Vec::with_capacity(listed.len());
    for item in listed {
        let id = item.get("id").text().map(|id| ProtectorId::bitlocker(id).or_else(|_| ProtectorId::new(id)));
        let Some(Ok(id)) = id else {
            complete = false;
            draft.ignore("id", "is no name of a protector, so the list is not whole");
            continue;
        };
        let kind = word(item, "kind", draft).unwrap_or(ProtectorKind::Unknown);
        let mut reading = ProtectorReading::new(id, kind);
        reading.enabled = answer(item, "enabled", draft);
        reading.salt = item.get("salt").text().and_then(base64::salt);
        if reading.salt.is_none() && !item.get("salt").is_nothing() {
            draft.ignore("salt", "is no base64 of a salt");
        }
        let tokens = item.get("tokens").list().unwrap_or_default().iter().filter_map(Json::text);
        let tokens = tokens.filter(|token| is_short(token)).take(MAX_TOKENS);
        reading.tokens = tokens.map(str::to_owned).collect();
        readings.push(reading);
    }
    Some(draft.snapshot(complete, readings))
}

fn filevault(item: &Json, draft: &mut Draft) -> FileVaultReading {
    let bypasses = item.get("bypasses_left");
    // -1: as often as the user likes; the profile's key allows up to 9999.
    let bypasses_left = bypasses.whole().and_then(|left| i32::try_from(left).ok());
    let bypasses_left = bypasses_left.filter(|left| (-1..=9999).contains(left));
    if bypasses_left.is_none() && !bypasses.is_nothing() {
        draft.ignore("bypasses_left", "is no number from -1 to 9999");
    }
    FileVaultReading {
        enabled: answer(item, "enabled", draft),
        personal_recovery_key: answer(item, "personal_recovery_key", draft),
        institutional_recovery_key: answer(item, "institutional_recovery_key", draft),
        bypasses_left,
        device_key: item.get("device_key").text().filter(|text| is_short(text)).map(str::to_owned),
    }
}

fn is_short(text: &str) -> bool {
    (1..=MAX_TEXT).contains(&text.len()) && !text.contains(char::is_control)
}

/// `yes`, `no` or `unknown`; what is something else is unknown.
fn answer(item: &Json, name: &'static str, draft: &mut Draft) -> Reading {
    word(item, name, draft).unwrap_or(Reading::Unknown)
}

/// A word of a list.
fn word<T: DeserializeOwned>(item: &Json, name: &'static str, draft: &mut Draft) -> Option<T> {
    let value = item.get(name);
    let text = value.text().filter(|text| text.len() <= MAX_TEXT);
    let known = text.and_then(|text| {
        let text: serde::de::value::StrDeserializer<'_, Refused> = text.into_deserializer();
        T::deserialize(text).ok()
    });
    if known.is_none() && !value.is_nothing() {
        draft.ignore(name, "is no word that is known");
    }
    known
}
