//! What does `Win32_EncryptableVolume` say of the volumes of a computer?
//!
//! One object or a list of them, as PowerShell's `ConvertTo-Json` writes it: the properties of the class, and beside
//! them what its methods answered under `LockStatus` and `KeyProtectors`. A list of protectors is whole only if each of
//! them could be read. Recovery passwords have no place here: an object that has one is not read.

use super::{
    ObservationError, ProtectorKind, ProtectorReading, ProtectorSnapshot, Report, Source,
    bitlocker::{Conversion, EncryptionMethod, LockStatus, ProtectionStatus},
    draft::{Draft, MAX_VOLUMES},
    json::Json,
    windows,
};
use crate::{
    ids::{Platform, ProtectorId, VolumeId},
    time::Timestamp,
};

/// The most protectors of one volume.
const MAX_PROTECTORS: usize = 256;

/// Reads volumes.
pub(super) fn read(bytes: &[u8], at: Timestamp) -> Result<Report, ObservationError> {
    let document = Json::read(bytes)?;
    // PowerShell writes a list as an object with a count where it met one inside of another.
    let volumes = match &document {
        Json::List(items) => items.as_slice(),
        Json::Map(_) if document.get("value").list().is_some() => document.get("value").list().unwrap_or_default(),
        Json::Map(_) => std::slice::from_ref(&document),
        _ => return Err(ObservationError::Syntax("it has no volumes")),
    };
    if volumes.len() > MAX_VOLUMES {
        return Err(ObservationError::Limit("has more than 256 volumes"));
    }
    let mut draft = Draft::new(Source::Wmi, at);
    draft.platform(Platform::Windows);
    for (index, item) in volumes.iter().enumerate() {
        draft.row = Some(index.saturating_add(1));
        volume(item, &mut draft);
    }
    Ok(draft.finish())
}

fn volume(item: &Json, draft: &mut Draft) {
    if has_password(item) {
        return draft.ignore("RecoveryPassword", "a recovery password in clear has no place in a report");
    }
    let name = match item.get("DeviceID").text().map(VolumeId::windows) {
        Some(Ok(name)) => name,
        _ => return draft.ignore("DeviceID", "is no name of a Windows volume"),
    };
    // VolumeType 0 is the volume of the running system; without it, C: is taken to be that.
    let volume_type = item.get("VolumeType").number();
    let letter = item.get("DriveLetter").text().is_some_and(|letter| letter.eq_ignore_ascii_case("C:"));
    let boot = volume_type.map_or(letter, |number| number == 0);
    let conversion = draft.known(item, "ConversionStatus", Conversion::from_number);
    let mut protection = draft.known(item, "ProtectionStatus", ProtectionStatus::from_number);
    if draft.known(item, "LockStatus", LockStatus::from_number) == Some(LockStatus::Locked) {
        protection = None;
    }
    let method = draft.known(item, "EncryptionMethod", EncryptionMethod::from_number);
    let mut reading = windows::volume((!boot).then_some(name), conversion, protection, method);
    reading.protectors = protectors(item, conversion, draft);
    draft.volume(reading);
}

/// Whether it holds, anywhere in it, what opens the volume.
fn has_password(item: &Json) -> bool {
    match item {
        Json::List(items) => items.iter().any(has_password),
        Json::Map(members) => members.iter().any(|(name, value)| {
            let secret = ["RecoveryPassword", "NumericalPassword"].iter().any(|word| name.eq_ignore_ascii_case(word));
            (secret && !value.is_nothing()) || has_password(value)
        }),
        _ => false,
    }
}

/// `KeyProtectors`: objects with `VolumeKeyProtectorID` and `KeyProtectorType`; or the answer of `GetKeyProtectors`.
fn protectors(item: &Json, conversion: Option<Conversion>, draft: &mut Draft) -> Option<ProtectorSnapshot> {
    let listed = match item.get("KeyProtectors") {
        Json::Null => return None,
        Json::List(items) => items.as_slice(),
        // PowerShell writes a list of one as that one.
        one @ Json::Map(_) => std::slice::from_ref(one),
        _ => {
            draft.ignore("KeyProtectors", "is no list");
            return None;
        }
    };
    if listed.len() > MAX_PROTECTORS {
        draft.ignore("KeyProtectors", "has more than 256 protectors");
        return None;
    }
    let answered = item.get("ReturnValue");
    // An encrypted volume without a protector cannot be: the list was not read.
    let plausible = !listed.is_empty() || conversion == Some(Conversion::FullyDecrypted);
    let mut complete = plausible && (answered.is_nothing() || answered.whole() == Some(0));
    let mut readings = Vec::with_capacity(listed.len());
    for protector in listed {
        let id = ["VolumeKeyProtectorID", "KeyProtectorId"].into_iter().find_map(|name| protector.get(name).text());
        let kind = protector.get("KeyProtectorType");
        let known = kind.number().and_then(ProtectorKind::from_number).or_else(|| kind.text().and_then(named_kind));
        match id.map(ProtectorId::bitlocker) {
            Some(Ok(id)) => {
                if known.is_none() && !kind.is_nothing() {
                    draft.ignore("KeyProtectorType", "is no type that is known");
                }
                readings.push(ProtectorReading::new(id, known.unwrap_or(ProtectorKind::Unknown)));
            }
            _ => {
                complete = false;
                draft.ignore("VolumeKeyProtectorID", "is no GUID, so the list is not whole");
            }
        }
    }
    Some(draft.snapshot(complete, readings))
}

/// The type in the words of `Get-BitLockerVolume`.
fn named_kind(text: &str) -> Option<ProtectorKind> {
    match text {
        "Tpm" => Some(ProtectorKind::Tpm),
        "ExternalKey" => Some(ProtectorKind::ExternalKey),
        "RecoveryPassword" => Some(ProtectorKind::NumericalPassword),
        "TpmPin" => Some(ProtectorKind::TpmAndPin),
        "TpmStartupKey" => Some(ProtectorKind::TpmAndStartupKey),
        "TpmPinStartupKey" => Some(ProtectorKind::TpmAndPinAndStartupKey),
        "PublicKey" => Some(ProtectorKind::PublicKey),
        "Password" => Some(ProtectorKind::Passphrase),
        "TpmNetworkKey" => Some(ProtectorKind::TpmCertificate),
        "AdAccountOrGroup" => Some(ProtectorKind::Sid),
        _ => None,
    }
}
