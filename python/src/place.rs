//! Where does a key belong, and how is it shown as a page?

use fdescrow::{
    Kind, ProtectorId, RecoveryKey, Secret, Timestamp, VolumeId, audit::Text, recovery::sheet::Sheet,
    verification::Place,
};

use crate::input::Name;

pub(crate) fn place(kind: Kind, volume: Option<Name<VolumeId>>, protector: Option<Name<ProtectorId>>) -> Place {
    let mut place = Place::new(kind);
    place.volume = volume.map(|Name(volume)| volume);
    place.protector = protector.map(|Name(protector)| protector);
    place
}

pub(crate) fn page(key: &RecoveryKey, place: &Place, device: Option<&str>, html: bool, now: Timestamp) -> Secret<str> {
    let mut sheet = Sheet::new(key, place, now);
    sheet.device = device.and_then(|device| Text::new(device).ok());
    if html { sheet.to_html() } else { sheet.to_text() }
}
