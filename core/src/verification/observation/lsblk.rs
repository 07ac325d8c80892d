//! What does `lsblk --json` say of the volumes of a Linux machine?
//!
//! The columns NAME, TYPE, FSTYPE, UUID and MOUNTPOINTS (or MOUNTPOINT, before util-linux 2.37) are looked at. The boot
//! volume is what is mounted at `/`. It is encrypted if a device of type `crypt`, or one that holds `crypto_LUKS`, lies
//! below it on every way down to a disk; it is not encrypted only if the type of everything on a way is known.
//! What a drive does by itself is not seen here.

use super::{ObservationError, Reading, Report, Source, draft::Draft, json::Json};
use crate::{
    ids::{Platform, VolumeId},
    time::Timestamp,
};

/// Reads the tree of block devices.
pub(super) fn read(bytes: &[u8], at: Timestamp) -> Result<Report, ObservationError> {
    let document = Json::read(bytes)?;
    let Some(devices) = document.get("blockdevices").list() else {
        return Err(ObservationError::Syntax("it has no blockdevices"));
    };
    let mut walk = Walk { draft: Draft::new(Source::Lsblk, at), ways: Vec::new() };
    walk.draft.platform(Platform::Linux);
    for (index, device) in devices.iter().enumerate() {
        walk.draft.row = Some(index.saturating_add(1));
        walk.device(device, Reading::No);
    }
    let Walk { mut draft, ways } = walk;
    draft.row = None;
    let boot = match ways.as_slice() {
        [first, rest @ ..] if rest.iter().all(|way| way == first) => *first,
        _ => Reading::Unknown,
    };
    draft.encrypted(None, boot);
    Ok(draft.finish())
}

struct Walk {
    draft: Draft,
    /// Of each way to what is mounted at `/`: whether it is encrypted.
    ways: Vec<Reading>,
}

impl Walk {
    /// `below`: whether what the device lies on is encrypted. The document's depth is limited.
    fn device(&mut self, device: &Json, below: Reading) {
        if device.map().is_none() {
            return self.draft.ignore("blockdevices", "a device is no object");
        }
        let holds_luks = device.get("fstype").text() == Some("crypto_LUKS");
        if holds_luks {
            match device.get("uuid").text().map(VolumeId::luks) {
                Some(Ok(volume)) => self.draft.encrypted(Some(volume), Reading::Yes),
                _ => self.draft.ignore("uuid", "is no UUID of a LUKS volume"),
            }
        }
        let here = match device.get("type").text() {
            Some("crypt") => Reading::Yes,
            // `dm` may be anything, even encryption that was not set up by cryptsetup.
            known if below == Reading::No && !known.is_some_and(is_plain) => Reading::Unknown,
            _ => below,
        };
        if is_root(device) {
            self.ways.push(here);
        }
        let on_top = if holds_luks { Reading::Yes } else { here };
        match device.get("children") {
            Json::Null => {}
            Json::List(children) => children.iter().for_each(|child| self.device(child, on_top)),
            _ => self.draft.ignore("children", "is no list"),
        }
    }
}

/// Types of devices that encrypt nothing.
fn is_plain(kind: &str) -> bool {
    matches!(kind, "disk" | "part" | "lvm" | "loop" | "rom" | "mpath" | "md" | "linear") || kind.starts_with("raid")
}

fn is_root(device: &Json) -> bool {
    let several = device.get("mountpoints").list().unwrap_or_default();
    several.iter().chain([device.get("mountpoint")]).any(|path| path.text() == Some("/"))
}
