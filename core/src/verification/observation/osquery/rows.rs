//! Which table is a row of?

use crate::verification::observation::json::Json;

/// The tables that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// `bitlocker_info`.
    BitLocker,
    /// `block_devices`.
    BlockDevices,
    /// `disk_encryption` of macOS.
    DiskEncryptionMac,
    /// `disk_encryption` of Linux, perhaps joined with `mounts`.
    DiskEncryptionLinux,
    /// `file_lines` of the file that holds the sealed key, as `hex(line)`.
    FileLines,
    /// `filevault_prk`, perhaps joined with `disk_encryption`.
    FileVaultKey,
    /// `cryptsetup_luks_salt`.
    LuksSalt,
    /// `mounts`.
    Mounts,
}

impl Table {
    /// By the columns that only it has.
    pub(super) fn of(row: &Json) -> Option<Self> {
        let has = |name: &str| row.map().is_some_and(|columns| columns.contains_key(name));
        let mac =
            || has("filevault_status") || row.get("name").text().is_some_and(|name| name.starts_with("/dev/disk"));
        if has("filevault_key") || has("base64_encrypted") {
            Some(Self::FileVaultKey)
        } else if has("hex_line") {
            Some(Self::FileLines)
        } else if has("conversion_status") || has("protection_status") {
            Some(Self::BitLocker)
        } else if has("key_slot") && has("salt") {
            Some(Self::LuksSalt)
        } else if has("encrypted") && mac() {
            Some(Self::DiskEncryptionMac)
        } else if has("encrypted") && (has("path") || has("name")) {
            Some(Self::DiskEncryptionLinux)
        } else if has("path") && (has("device") || has("device_alias")) {
            Some(Self::Mounts)
        } else if has("name") && has("uuid") && has("type") {
            Some(Self::BlockDevices)
        } else {
            None
        }
    }
}
