//! In which spelling are the identifiers of volumes and protectors compared?
//!
//! Names are compared byte by byte, and the same GUID is written in many ways: with braces or without, in either letter
//! case, as a device path, as the sixteen octets of Active Directory. The functions here take all of them and give
//! each platform's own spelling. Where two systems meet, [`ProtectorId::is_same`] and [`VolumeId::is_same`]
//! compare what is meant.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{IdError, ProtectorId, VolumeId};

/// A GUID or UUID (RFC 9562): sixteen octets in the order of its digits.
type Guid = [u8; 16];

impl ProtectorId {
    /// The id of a BitLocker protector, as Windows writes it: `{00112233-4455-6677-8899-AABBCCDDEEFF}`.
    ///
    /// Takes a GUID with braces or without, with dashes or without, in either letter case; the name of a recovery
    /// object in Active Directory (a time, then the GUID in braces); and `msFVE-RecoveryGuid`, sixteen octets of which
    /// the first three groups are little-endian, as base64, as an LDAP filter (`\33\22…`) and as ADSI Edit shows it
    /// (`0x33 0x22 …`). 32 digits without more are a GUID, not octets.
    ///
    /// # Errors
    /// [`IdError`] if it is none of these.
    pub fn bitlocker(text: &str) -> Result<Self, IdError> {
        let text = text.trim();
        let object = text.rfind('{').filter(|at| is_time(text.get(..*at).unwrap_or_default()));
        let guid = object.and_then(|at| text.get(at..)).map_or(text, |guid| guid);
        let octets = || octets(text).map(mixed_endian);
        let guid = self::guid(guid).or_else(octets).ok_or(IdError { what: "protector", problem: "is not a GUID" })?;
        Ok(Self(format!("{{{}}}", dashed(guid).to_ascii_uppercase())))
    }

    /// The id of a BitLocker protector, from the octets of `msFVE-RecoveryGuid` in Active Directory, of which the
    /// first three groups are little-endian.
    pub fn bitlocker_from_directory(octets: [u8; 16]) -> Self {
        Self(format!("{{{}}}", dashed(mixed_endian(octets)).to_ascii_uppercase()))
    }

    /// The id of a LUKS key slot: its number.
    pub fn luks_slot(number: u8) -> Self {
        Self(number.to_string())
    }

    /// Whether both mean the same, however they are written.
    pub fn is_same(&self, other: &Self) -> bool {
        self == other
            || Self::bitlocker(&self.0).is_ok_and(|id| Self::bitlocker(&other.0).is_ok_and(|other| id == other))
    }
}

impl VolumeId {
    /// The id of a Windows volume, as `Win32_EncryptableVolume.DeviceID` has it:
    /// `\\?\Volume{00112233-4455-6677-8899-aabbccddeeff}\`.
    ///
    /// Takes it with another prefix (`\\.\`, `\??\`) or none, without the backslash at its end, and the GUID alone, in
    /// either letter case. A drive letter is refused: it is given to another volume tomorrow.
    ///
    /// # Errors
    /// [`IdError`] if it is none of these.
    pub fn windows(text: &str) -> Result<Self, IdError> {
        let text = text.trim();
        let path = ["\\\\?\\", "\\\\.\\", "\\??\\"].into_iter().find_map(|prefix| text.strip_prefix(prefix));
        let path = path.unwrap_or(text);
        let name = path.get(.."Volume".len()).filter(|name| name.eq_ignore_ascii_case("Volume"));
        let guid = name.and_then(|name| path.get(name.len()..)).unwrap_or(path);
        let guid = guid.strip_suffix('\\').unwrap_or(guid);
        let guid =
            self::guid(guid).ok_or(IdError { what: "volume", problem: "is not the name of a Windows volume" })?;
        Ok(Self(format!("\\\\?\\Volume{{{}}}\\", dashed(guid))))
    }

    /// The UUID of an APFS volume, as macOS writes it: upper case, with dashes. Takes it with braces, without dashes
    /// and in either letter case.
    ///
    /// # Errors
    /// [`IdError`] if it is no UUID.
    pub fn apfs(text: &str) -> Result<Self, IdError> {
        Self::uuid(text).map(|uuid| Self(uuid.to_ascii_uppercase()))
    }

    /// The UUID of a LUKS volume, as cryptsetup writes it: lower case, with dashes. Takes it with braces, without
    /// dashes (as device-mapper has it) and in either letter case.
    ///
    /// # Errors
    /// [`IdError`] if it is no UUID.
    pub fn luks(text: &str) -> Result<Self, IdError> {
        Self::uuid(text).map(Self)
    }

    fn uuid(text: &str) -> Result<String, IdError> {
        guid(text.trim()).map(dashed).ok_or(IdError { what: "volume", problem: "is not a UUID" })
    }

    /// Whether both mean the same, however they are written.
    pub fn is_same(&self, other: &Self) -> bool {
        self == other || Self::windows(&self.0).is_ok_and(|id| Self::windows(&other.0).is_ok_and(|other| id == other))
    }
}

/// A GUID in digits: in braces or not, in groups of 8, 4, 4, 4 and 12, or without dashes.
fn guid(text: &str) -> Option<Guid> {
    let text = match text.strip_prefix('{') {
        Some(inside) => inside.strip_suffix('}')?,
        None => text,
    };
    if text.len() == 32 {
        return super::parse_hex(text);
    }
    let mut groups = text.split('-');
    let digits = [8, 4, 4, 4, 12].into_iter().map(|length| groups.next().filter(|group| group.len() == length));
    let digits = digits.collect::<Option<String>>()?;
    if groups.next().is_some() { None } else { super::parse_hex(&digits) }
}

/// Sixteen octets: base64, `\hh` or `0xhh`.
fn octets(text: &str) -> Option<[u8; 16]> {
    const BASE64: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    match text.len() {
        22 | 24 => BASE64.decode(text).ok()?.try_into().ok(),
        48 if text.starts_with('\\') => digits(text.split('\\').skip(1)),
        79 => digits(text.split(' ').map(|octet| octet.strip_prefix("0x").unwrap_or_default())),
        _ => None,
    }
}

fn digits<'a>(octets: impl Iterator<Item = &'a str>) -> Option<[u8; 16]> {
    let digits = octets.map(|octet| Some(octet).filter(|octet| octet.len() == 2)).collect::<Option<String>>()?;
    super::parse_hex(&digits)
}

/// The octets of a GUID structure in memory, in the order of its digits: the first three groups are little-endian.
fn mixed_endian(octets: [u8; 16]) -> Guid {
    let [a0, a1, a2, a3, b0, b1, c0, c1, rest @ ..] = octets;
    let [d0, d1, d2, d3, d4, d5, d6, d7] = rest;
    [a3, a2, a1, a0, b1, b0, c1, c0, d0, d1, d2, d3, d4, d5, d6, d7]
}

fn dashed(guid: Guid) -> String {
    let mut text = String::with_capacity(36);
    for (index, octet) in guid.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{octet:02x}"));
    }
    text
}

/// What stands before the GUID in the name of a recovery object: `2026-11-24T08:00:00-00:00`.
fn is_time(text: &str) -> bool {
    text.len() >= 19 && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:T+Z".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "{00112233-4455-6677-8899-AABBCCDDEEFF}";
    const OCTETS: [u8; 16] =
        [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];

    #[test]
    fn a_protector_is_read_in_every_form_that_people_have() {
        let ldap: String = OCTETS.iter().map(|octet| format!("\\{octet:02x}")).collect();
        let adsi = OCTETS.map(|octet| format!("0x{octet:02X}")).join(" ");
        for text in [
            GUID,
            "00112233-4455-6677-8899-aabbccddeeff",
            "{00112233-4455-6677-8899-aabbccddeeff}",
            " 00112233-4455-6677-8899-AABBCCDDEEFF\r\n",
            "00112233445566778899aabbccddeeff",
            "2026-11-24T08:00:00-00:00{00112233-4455-6677-8899-AABBCCDDEEFF}",
            "MyIRAFVEd2aImaq7zN3u/w==",
            "MyIRAFVEd2aImaq7zN3u/w",
            &ldap,
            &adsi,
        ] {
            assert_eq!(ProtectorId::bitlocker(text).unwrap().as_str(), GUID, "{text}");
        }
        assert_eq!(ProtectorId::bitlocker_from_directory(OCTETS).as_str(), GUID);
    }

    #[test]
    fn what_is_no_guid_is_refused() {
        for text in [
            "",
            "{}",
            "{00112233-4455-6677-8899-AABBCCDDEEFF",
            "00112233-4455-6677-8899-AABBCCDDEEFF}",
            "0011223-34455-6677-8899-AABBCCDDEEFF",
            "00112233-4455-6677-8899-AABBCCDDEEFF-",
            "00112233-4455-6677-8899-AABBCCDDEEFG",
            "anything{00112233-4455-6677-8899-AABBCCDDEEFF}",
            "0x33 0x22",
            "\\33\\22",
            "MyIRAFVEd2aImaq7zN3u",
            "\u{ff10}0112233-4455-6677-8899-AABBCCDDEEFF",
        ] {
            assert!(ProtectorId::bitlocker(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_volume_is_read_in_every_form_and_written_as_its_platform_does() {
        let windows = "\\\\?\\Volume{00112233-4455-6677-8899-aabbccddeeff}\\";
        for text in [
            windows,
            "\\\\.\\Volume{00112233-4455-6677-8899-AABBCCDDEEFF}",
            "\\??\\VOLUME{00112233-4455-6677-8899-AABBCCDDEEFF}",
            "Volume{00112233-4455-6677-8899-AABBCCDDEEFF}\\",
            GUID,
        ] {
            assert_eq!(VolumeId::windows(text).unwrap().as_str(), windows, "{text}");
        }
        for text in ["C:", "\\\\?\\", "Volume", "\\\\?\\C:\\"] {
            assert!(VolumeId::windows(text).is_err(), "{text}");
        }
        let digits = "00112233445566778899AAbbccddeeff";
        assert_eq!(VolumeId::luks(digits).unwrap().as_str(), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(VolumeId::apfs(digits).unwrap().as_str(), "00112233-4455-6677-8899-AABBCCDDEEFF");
        assert!(VolumeId::luks("root").is_err());
    }

    #[test]
    fn what_is_meant_is_compared_and_other_names_are_compared_as_they_are() {
        let protector = |text: &str| ProtectorId::new(text).unwrap();
        let other = "00112233-4455-6677-8899-aabbccddeeff";
        assert!(protector(GUID).is_same(&protector(other)));
        assert!(!protector(GUID).is_same(&protector("00112233-4455-6677-8899-aabbccddeefe")));
        assert!(protector("1").is_same(&ProtectorId::luks_slot(1)));
        assert!(!protector("1").is_same(&protector("01")));
        let volume = |text: &str| VolumeId::new(text).unwrap();
        assert!(volume("Volume{00112233-4455-6677-8899-AABBCCDDEEFF}").is_same(&volume(other)));
        assert!(!volume("C:").is_same(&volume("c:")));
    }
}
