//! What do the numbers of `Win32_EncryptableVolume` mean for a volume?

use super::{
    Reading, VolumeReading,
    bitlocker::{Conversion, EncryptionMethod, ProtectionStatus},
};
use crate::ids::VolumeId;

/// A volume in these states. While it is being converted, part of it is encrypted: neither yes nor no. A protection
/// that is off is a no; one that Windows does not know, on a locked volume, is unknown.
pub(crate) fn volume(
    volume: Option<VolumeId>,
    conversion: Option<Conversion>,
    protection: Option<ProtectionStatus>,
    method: Option<EncryptionMethod>,
) -> VolumeReading {
    let mut reading = VolumeReading::new(volume);
    reading.encrypted = match conversion {
        Some(Conversion::FullyEncrypted) => Reading::Yes,
        Some(Conversion::FullyDecrypted) => Reading::No,
        _ => Reading::Unknown,
    };
    reading.protected = match protection {
        Some(ProtectionStatus::On) => Reading::Yes,
        Some(ProtectionStatus::Off) => Reading::No,
        _ => Reading::Unknown,
    };
    (reading.conversion, reading.method) = (conversion, method);
    reading
}

/// The method, in the words of osquery or of PowerShell: `XTS_AES_128`, `XtsAes128`, `AES_256_WITH_DIFFUSER`, …
pub(super) fn method(text: &str) -> Option<EncryptionMethod> {
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    match plain.to_ascii_lowercase().as_str() {
        "none" => Some(EncryptionMethod::None),
        "aes128withdiffuser" | "aes128diffuser" => Some(EncryptionMethod::Aes128WithDiffuser),
        "aes256withdiffuser" | "aes256diffuser" => Some(EncryptionMethod::Aes256WithDiffuser),
        "aes128" => Some(EncryptionMethod::Aes128),
        "aes256" => Some(EncryptionMethod::Aes256),
        "hardwareencryption" | "hardware" => Some(EncryptionMethod::Hardware),
        "xtsaes128" => Some(EncryptionMethod::XtsAes128),
        "xtsaes256" => Some(EncryptionMethod::XtsAes256),
        _ => None,
    }
}
