//! What follows from the rows of several tables together?

use std::collections::{BTreeMap, BTreeSet};

use super::rows::Table;
use crate::{
    ids::{Platform, ProtectorId, VolumeId},
    key::Kind,
    verification::observation::{
        FileVaultReading, ProtectorKind, ProtectorReading, Reading, ReportedEnvelope, VolumeReading, base64,
        bitlocker::{Conversion, EncryptionMethod, ProtectionStatus},
        draft::Draft,
        json::Json,
        windows,
    },
};

/// More than any sealed key.
const MAX_ENVELOPE: usize = 64 * 1024;
/// LUKS2 has 32 key slots.
const MAX_SLOT: u32 = 31;
/// Where macOS keeps the volume that FileVault is about; `/` is a snapshot beside it.
const MAC_DATA: [&str; 2] = ["/System/Volumes/Data", "/"];

/// What rows said so far, where one row alone says nothing.
#[derive(Default)]
pub(super) struct Collected {
    /// FileVault is on, by a row that there is only then.
    on: bool,
    /// A device of a Mac, and what `filevault_status` says of it.
    filevault: BTreeMap<String, Reading>,
    /// A device of Linux, and whether it is encrypted.
    devices: BTreeMap<String, Reading>,
    /// The paths at which a device is mounted.
    mounts: BTreeMap<String, BTreeSet<String>>,
    /// The LUKS volume of a device.
    luks: BTreeMap<String, VolumeId>,
    /// Key slots, by device; none: the device of the boot volume.
    slots: Vec<(Option<String>, ProtectorReading)>,
    /// The lines of the sealed key's file, of this query.
    lines: Vec<Option<Vec<u8>>>,
}

impl Collected {
    pub(super) fn filevault_on(&mut self) {
        self.on = true;
    }

    pub(super) fn row(&mut self, row: &Json, draft: &mut Draft) {
        match Table::of(row) {
            Some(Table::BitLocker) => bitlocker(row, draft),
            Some(Table::BlockDevices) => self.block_device(row),
            Some(Table::DiskEncryptionMac) => self.disk_encryption_mac(row, draft),
            Some(Table::DiskEncryptionLinux) => self.disk_encryption_linux(row, draft),
            Some(Table::FileLines) => self.file_line(row, draft),
            Some(Table::FileVaultKey) => self.filevault_key(row, draft),
            Some(Table::LuksSalt) => self.luks_salt(row, draft),
            Some(Table::Mounts) => self.mount(row),
            None => draft.ignore("row", "is of no table that is read"),
        }
    }

    /// The lines of a file belong together, and no query has those of another.
    pub(super) fn end_of_query(&mut self, draft: &mut Draft) {
        let lines = std::mem::take(&mut self.lines);
        match lines.into_iter().collect::<Option<Vec<Vec<u8>>>>() {
            Some(lines) => envelope(lines.join(&b'\n'), true, draft),
            None => draft.ignore("hex_line", "a line is no hexadecimal digits, so the message is not whole"),
        }
    }

    fn disk_encryption_mac(&mut self, row: &Json, draft: &mut Draft) {
        draft.platform(Platform::MacOs);
        let encrypted = draft.reading(row, "encrypted");
        let has_user = !row.get("user_uuid").is_nothing();
        let status = match row.get("filevault_status").text() {
            Some("on") if has_user => Reading::Yes,
            Some("off") => Reading::No,
            _ => Reading::Unknown,
        };
        if status == Reading::Yes {
            self.filevault_on();
        }
        if let Some(name) = row.get("name").text() {
            let known = self.filevault.entry(name.to_owned()).or_insert(status);
            if *known != status {
                *known = Reading::Unknown;
            }
        }
        if row.get("uuid").is_nothing() {
            return;
        }
        match row.get("uuid").text().map(VolumeId::apfs) {
            Some(Ok(volume)) => {
                let mut reading = VolumeReading::new(Some(volume));
                (reading.encrypted, reading.protected) = (encrypted, status);
                draft.volume(reading);
            }
            _ => draft.ignore("uuid", "is no UUID"),
        }
    }

    fn disk_encryption_linux(&mut self, row: &Json, draft: &mut Draft) {
        let encrypted = draft.reading(row, "encrypted");
        if let Some(path) = row.get("path").text() {
            if path == "/" {
                draft.platform(Platform::Linux);
                draft.encrypted(None, encrypted);
            }
        } else if let Some(name) = row.get("name").text() {
            draft.platform(Platform::Linux);
            let known = self.devices.entry(name.to_owned()).or_insert(encrypted);
            if *known != encrypted {
                *known = Reading::Unknown;
            }
        }
    }

    fn mount(&mut self, row: &Json) {
        let Some(path) = row.get("path").text() else { return };
        let devices = ["device", "device_alias"].into_iter().filter_map(|column| row.get(column).text());
        for device in devices.filter(|device| !device.is_empty()) {
            self.mounts.entry(device.to_owned()).or_default().insert(path.to_owned());
        }
    }

    fn block_device(&mut self, row: &Json) {
        let uuid = row.get("uuid").text().and_then(|uuid| VolumeId::luks(uuid).ok());
        if let (Some("crypto_LUKS"), Some(name), Some(uuid)) = (row.get("type").text(), row.get("name").text(), uuid) {
            self.luks.insert(name.to_owned(), uuid);
        }
    }

    fn luks_salt(&mut self, row: &Json, draft: &mut Draft) {
        draft.platform(Platform::Linux);
        let slot = row.get("key_slot").number().filter(|slot| *slot <= MAX_SLOT);
        let Some(slot) = slot.and_then(|slot| u8::try_from(slot).ok()) else {
            return draft.ignore("key_slot", "is no number of a key slot");
        };
        let mut reading = ProtectorReading::new(ProtectorId::luks_slot(slot), ProtectorKind::Passphrase);
        reading.salt = row.get("salt").text().and_then(base64::salt);
        if reading.salt.is_none() {
            draft.ignore("salt", "is no base64 of a salt");
        }
        let device = row.get("device").text().filter(|device| !device.is_empty());
        self.slots.push((device.map(str::to_owned), reading));
    }

    fn filevault_key(&mut self, row: &Json, draft: &mut Draft) {
        draft.platform(Platform::MacOs);
        // Where FileVault is off, or the other table gave no row, the query says 0: that is no answer.
        if row.get("encrypted").flag() == Some(true) {
            self.filevault_on();
        }
        let column = if row.get("filevault_key").is_nothing() { "base64_encrypted" } else { "filevault_key" };
        if row.get(column).is_nothing() {
            return;
        }
        match row.get(column).text().and_then(base64::decode) {
            Some(bytes) => envelope(bytes, false, draft),
            None => draft.ignore("filevault_key", "is no base64"),
        }
    }

    fn file_line(&mut self, row: &Json, draft: &mut Draft) {
        draft.platform(Platform::MacOs);
        if row.get("encrypted").flag() == Some(true) {
            self.filevault_on();
        }
        match row.get("hex_line") {
            Json::Null => {}
            line => self.lines.push(line.text().and_then(base64::hexadecimal)),
        }
    }

    /// Says what the rows say together.
    pub(super) fn conclude(self, draft: &mut Draft) {
        let mounted = |device: &str, path: &str| self.mounts.get(device).is_some_and(|paths| paths.contains(path));
        let data = self.filevault.iter().filter(|(device, _)| MAC_DATA.iter().any(|path| mounted(device, path)));
        let off = data.clone().count() > 0 && data.into_iter().all(|(_, status)| *status == Reading::No);
        if self.on || off {
            draft.platform(Platform::MacOs);
            let filevault = FileVaultReading { enabled: self.on.into(), ..FileVaultReading::default() };
            draft.report.observation.filevault = Some(filevault);
        }
        for (device, encrypted) in &self.devices {
            if mounted(device, "/") {
                draft.encrypted(None, *encrypted);
            }
        }
        let mut volumes: BTreeMap<Option<VolumeId>, Vec<ProtectorReading>> = BTreeMap::new();
        for (device, slot) in self.slots {
            match device.map(|device| self.luks.get(&device).cloned()) {
                None => volumes.entry(None).or_default().push(slot),
                Some(Some(volume)) => volumes.entry(Some(volume)).or_default().push(slot),
                Some(None) => draft.ignore("device", "nothing says which LUKS volume is on it"),
            }
        }
        for (volume, slots) in volumes {
            let mut reading = VolumeReading::new(volume);
            // A query may have asked for some slots only.
            reading.protectors = Some(draft.snapshot(false, slots));
            draft.volume(reading);
        }
    }
}

/// `bitlocker_info`: the numbers of `Win32_EncryptableVolume`, the method as a word.
fn bitlocker(row: &Json, draft: &mut Draft) {
    draft.platform(Platform::Windows);
    let boot = row.get("drive_letter").text().is_some_and(|letter| letter.eq_ignore_ascii_case("C:"));
    let volume = row.get("device_id").text().map(VolumeId::windows);
    let volume = match volume {
        _ if boot => None,
        Some(Ok(volume)) => Some(volume),
        _ => return draft.ignore("device_id", "is no name of a Windows volume"),
    };
    let conversion = draft.known(row, "conversion_status", Conversion::from_number);
    let protection = draft.known(row, "protection_status", ProtectionStatus::from_number);
    let method = match row.get("encryption_method") {
        value if value.whole().is_some() => draft.known(row, "encryption_method", EncryptionMethod::from_number),
        value => value.text().and_then(windows::method),
    };
    draft.volume(windows::volume(volume, conversion, protection, method));
}

/// A sealed key of FileVault, unless there are no octets.
fn envelope(bytes: Vec<u8>, lossy: bool, draft: &mut Draft) {
    if bytes.is_empty() {
        return;
    }
    if bytes.len() > MAX_ENVELOPE {
        return draft.ignore("filevault_key", "is longer than any sealed key");
    }
    let mut sealed = ReportedEnvelope::new(Kind::FileVault, bytes);
    sealed.lossy = lossy;
    draft.envelope(sealed);
}
