//! What does the binary header of a LUKS volume say?
//!
//! The LUKS1 header (592 bytes, On-Disk Format Specification 1.2.3) has the key slots; that of LUKS2 (4096 bytes, LUKS2
//! On-Disk Format Specification) only the UUID here: its slots are in the metadata that cryptsetup prints. Integers
//! are big-endian.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::observation::{Slot, Version};
use crate::{ids::VolumeId, verification::Reading};

const MAGIC: &[u8] = b"LUKS\xba\xbe";
const ACTIVE: u32 = 0x00AC_71F3;
const DISABLED: u32 = 0x0000_DEAD;
/// Where the slots of LUKS1 begin, and how long each is.
const SLOTS: usize = 208;
const SLOT: usize = 48;

/// The version and UUID; none: this is no LUKS header.
pub(super) fn identity(header: &[u8]) -> Option<(Version, Option<VolumeId>)> {
    let version = match (header.starts_with(MAGIC), header.get(6..8)?) {
        (true, [0, 1]) => Version::Luks1,
        (true, [0, 2]) => Version::Luks2,
        _ => return None,
    };
    let uuid = header.get(168..208)?.split(|byte| *byte == 0).next()?;
    let uuid = std::str::from_utf8(uuid).ok().and_then(|uuid| VolumeId::luks(uuid).ok());
    Some((version, uuid))
}

/// The slots of LUKS1; none if one of them is neither used nor free.
pub(super) fn luks1_slots(header: &[u8]) -> Option<BTreeMap<u8, Slot>> {
    let mut slots = BTreeMap::new();
    for number in 0..8u8 {
        let slot = header.get(SLOTS..)?.get(SLOT * usize::from(number)..)?.get(..SLOT)?;
        match word(slot, 0)? {
            ACTIVE => {
                let salt = STANDARD.encode(slot.get(8..40)?);
                // Every slot of LUKS1 has the volume's key.
                slots.insert(number, Slot { salt, iterations: word(slot, 4), opens: Reading::Yes });
            }
            DISABLED => {}
            _ => return None,
        }
    }
    Some(slots)
}

fn word(bytes: &[u8], offset: usize) -> Option<u32> {
    let bytes = bytes.get(offset..)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*bytes))
}
