//! Where does a key belong, and how is it shown as a page?

use fdescrow::{
    Kind, ProtectorId, RecoveryKey, Secret, Timestamp, VolumeId, audit::Text, recovery::sheet::Sheet,
    verification::Place,
};

use serde::Deserialize;

use crate::input::Name;

/// How a key is shown as a page.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SheetFormat {
    /// A page to print, with a QR code.
    Html,
    /// What is in that page, for a page of the embedder's own.
    HtmlFragment,
    /// To read out, or to show in a terminal.
    Text,
}

pub(crate) fn place(kind: Kind, volume: Option<Name<VolumeId>>, protector: Option<Name<ProtectorId>>) -> Place {
    let mut place = Place::new(kind);
    place.volume = volume.map(|Name(volume)| volume);
    place.protector = protector.map(|Name(protector)| protector);
    place
}

pub(crate) fn page(
    key: &RecoveryKey,
    place: &Place,
    device: Option<&str>,
    format: SheetFormat,
    now: Timestamp,
) -> Secret<str> {
    let mut sheet = Sheet::new(key, place, now);
    sheet.device = device.and_then(|device| Text::new(device).ok());
    match format {
        SheetFormat::Html => sheet.to_html(),
        SheetFormat::HtmlFragment => sheet.to_html_fragment(),
        SheetFormat::Text => sheet.to_text(),
    }
}
