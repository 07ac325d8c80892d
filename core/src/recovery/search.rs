//! Which device is meant by what somebody reads out on the phone?
//!
//! [`Search::parse`] understands the forms that people have before them: the first eight digits of the recovery key ID
//! on BitLocker's blue screen, a protector's or volume's GUID with or without braces, a LUKS or APFS volume UUID, a Windows
//! volume name, a serial number or host name. One text may be several of them, so a search gives candidates; it never
//! gives keys, and a text that looks like a key is refused before it gets into a log.

use crate::{
    error::ErrorCode,
    ids::{ProtectorId, VolumeId},
    key::{Kind, RecoveryKey},
    secret::Secret,
};

/// What a text may mean. Everything that it may be is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    name: String,
    prefix: Option<String>,
    uuid: Option<String>,
}

/// A text cannot be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// It is blank, longer than 255 bytes, or has control characters.
    #[error("a search is 1 to 255 bytes without control characters")]
    Invalid,
    /// It is a recovery key, which belongs into no search: what is searched for is logged.
    #[error("this is a recovery key and not the ID of one; the ID is on the same screen")]
    LooksLikeKey,
}

impl SearchError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::IdInvalid
    }
}

impl Search {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// [`SearchError::Invalid`] if it is blank, too long or has control characters; [`SearchError::LooksLikeKey`] if
    /// it is a recovery key of any kind, which the error does not repeat.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        let name = text.trim();
        if name.is_empty() || name.len() > crate::ids::MAX_BYTES || name.chars().any(char::is_control) {
            return Err(SearchError::Invalid);
        }
        if looks_like_key(name) {
            return Err(SearchError::LooksLikeKey);
        }
        let digits: String = name.chars().filter(|c| !matches!(c, '{' | ' ')).take_while(|c| *c != '}').collect();
        let prefix = is_hex(&digits, 8).then(|| digits.to_ascii_lowercase());
        let uuid = uuid_in(name);
        // The screen shows the first digits of the GUID, so a GUID is a prefix too.
        let prefix = prefix.or_else(|| uuid.as_ref().and_then(|uuid| uuid.get(..8)).map(str::to_owned));
        Ok(Self { name: name.to_owned(), prefix, uuid })
    }

    /// As a name, which names are compared with: serial number, host name, any alias; white space around it is gone.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As the first eight digits of a protector's GUID, in lower case: what BitLocker calls recovery key ID.
    pub fn protector_prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
    }

    /// As a GUID or UUID: 32 digits in five groups, in lower case.
    pub fn uuid(&self) -> Option<&str> {
        self.uuid.as_deref()
    }

    /// Whether a protector is meant: it has this name, this GUID, or begins with these eight digits.
    pub fn is_protector(&self, protector: &ProtectorId) -> bool {
        self.is_named(protector.as_str(), self.uuid.is_none())
    }

    /// Whether a volume is meant: it has this name, or this UUID.
    pub fn is_volume(&self, volume: &VolumeId) -> bool {
        self.is_named(volume.as_str(), false)
    }

    fn is_named(&self, id: &str, by_prefix: bool) -> bool {
        let theirs = uuid_in(id);
        let by_prefix = by_prefix && self.prefix.is_some();
        id == self.name
            || (self.uuid.is_some() && self.uuid == theirs)
            || (by_prefix && theirs.as_deref().and_then(|uuid| uuid.get(..8)) == self.protector_prefix())
    }
}

/// The one form of a name that may be a UUID: in lower case with its dashes; other names as they are.
pub(crate) fn canonical(name: &str) -> String {
    uuid_in(name).unwrap_or_else(|| name.to_owned())
}

/// Whether a text is a key of any kind. A FileVault key has no check in it, so that only its groups, or that it has none,
/// tell it from a name of 24 letters and digits.
fn looks_like_key(text: &str) -> bool {
    let secret = Secret::<str>::copy_from(text);
    let is_grouped = || {
        let sizes: Vec<usize> =
            text.split(|c: char| !c.is_alphanumeric()).map(str::len).filter(|size| *size > 0).collect();
        matches!(sizes.as_slice(), [24] | [4, 4, 4, 4, 4, 4])
    };
    Kind::ALL
        .iter()
        .any(|kind| RecoveryKey::parse_typed(*kind, &secret).is_ok() && (*kind != Kind::FileVault || is_grouped()))
}

/// The one UUID in a text: bare, in braces, as `urn:uuid:`, or in a Windows volume name `\\?\Volume{…}\`.
fn uuid_in(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let bare = lower.strip_prefix("urn:uuid:").unwrap_or(&lower);
    let bare = bare.strip_prefix(r"\\?\volume").map_or(bare, |name| name.trim_end_matches('\\'));
    let bare = bare.strip_prefix('{').map_or(bare, |inner| inner.strip_suffix('}').unwrap_or(inner));
    let sizes: Vec<usize> = bare.split('-').map(str::len).collect();
    if !matches!(sizes.as_slice(), [8, 4, 4, 4, 12] | [32]) {
        return None;
    }
    let digits: String = bare.chars().filter(|c| *c != '-').collect();
    if !is_hex(&digits, 32) {
        return None;
    }
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits.get(range).unwrap_or_default());
    Some(groups.join("-"))
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
