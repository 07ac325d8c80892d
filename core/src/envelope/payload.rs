//! What is inside a sealed message?
//!
//! A small JSON document that a person can read after a break-glass `openssl cms -decrypt`: the key, and whose it
//! is, so that a row moved to another device does not open as that device's key. A *bare* payload, the key text
//! alone, is what macOS and others write.
//!
//! ```json
//! {
//!   "fdescrow": 1,
//!   "kind": "bitlocker",
//!   "key": "…",
//!   "organization": "example.com",
//!   "device": "PC-17",
//!   "volume": "C:",
//!   "protector": "…",
//!   "key_id": "…",
//!   "time": "2026-11-24T07:22:59Z"
//! }
//! ```
//!
//! `kind` and `key` must be there, members that are not listed here and members given twice are refused. A resealed
//! key also has `origin`: the SHA-256 digest and the suite of the envelope that it came from.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::suite::Suite;
use crate::{
    ids::{DeviceId, Digest, KeyId, Organization, ProtectorId, VolumeId},
    key::{Kind, RecoveryKey},
    secret::Secret,
    time::Timestamp,
};

/// The version of the format that is written, and the only one that is read.
const VERSION: u32 = 1;

/// Room for a payload with the longest names; more is never written.
const CAPACITY: usize = 8192;

/// A recovery key and whose it is: what is sealed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Payload {
    /// The key itself.
    pub key: RecoveryKey,
    /// Whose it is.
    pub owner: Owner,
    /// Whether only the key text is sealed, without its owner.
    pub bare: bool,
}

/// Whose key it is: all that a payload says beside the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Owner {
    /// The organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<Organization>,
    /// The device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The volume; none is the boot volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<VolumeId>,
    /// The protector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protector: Option<ProtectorId>,
    /// The stored key that this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// When it was sealed, as the sealer said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// For a resealed key: where it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// The envelope that a resealed key came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Origin {
    /// SHA-256 of that envelope.
    pub digest: Digest,
    /// The suite that it was opened with: the key is no more authentic than that.
    pub suite: Suite,
}

impl Origin {
    /// Where a resealed key came from.
    pub fn new(digest: Digest, suite: Suite) -> Self {
        Self { digest, suite }
    }
}

impl Owner {
    /// Nobody in particular.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of this organization.
    #[must_use]
    pub fn organization(mut self, organization: Organization) -> Self {
        self.organization = Some(organization);
        self
    }

    /// On this device.
    #[must_use]
    pub fn device(mut self, device: DeviceId) -> Self {
        self.device = Some(device);
        self
    }

    /// On this volume.
    #[must_use]
    pub fn volume(mut self, volume: Option<VolumeId>) -> Self {
        self.volume = volume;
        self
    }

    /// Of this protector.
    #[must_use]
    pub fn protector(mut self, protector: Option<ProtectorId>) -> Self {
        self.protector = protector;
        self
    }

    /// Stored under this id.
    #[must_use]
    pub fn key_id(mut self, key_id: KeyId) -> Self {
        self.key_id = Some(key_id);
        self
    }

    /// Sealed at this time.
    #[must_use]
    pub fn time(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    /// Resealed from this envelope.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Whether this is, or may be, the owner that a caller expects: whatever the caller names must be here, and
    /// the same. Time and origin are facts about the sealing, not names, and are not compared.
    pub(super) fn is(&self, expected: &Self) -> bool {
        fn same<T: PartialEq>(mine: Option<&T>, expected: Option<&T>) -> bool {
            expected.is_none() || mine == expected
        }
        same(self.organization.as_ref(), expected.organization.as_ref())
            && same(self.device.as_ref(), expected.device.as_ref())
            // No volume means the boot volume and no protector means none named: a name, too, once a device is.
            && (expected.device.is_none() || self.volume == expected.volume)
            && (expected.device.is_none() || self.protector == expected.protector)
            && same(self.key_id.as_ref(), expected.key_id.as_ref())
    }
}

/// The document as it is written and read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    fdescrow: u32,
    kind: Kind,
    // Borrowed: parsing leaves no copy of the key behind. No key has a character that JSON escapes.
    key: &'a str,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    organization: Option<Organization>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<DeviceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    volume: Option<VolumeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    protector: Option<ProtectorId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_id: Option<KeyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

impl Payload {
    /// A key and its owner, to be sealed together.
    pub fn new(key: RecoveryKey, owner: Owner) -> Self {
        Self { key, owner, bare: false }
    }

    /// The key text alone, for tools that expect nothing else. Nothing binds such an envelope to a device.
    pub fn bare(key: RecoveryKey) -> Self {
        Self { key, owner: Owner::default(), bare: true }
    }

    /// What is encrypted; `None` if it would not fit.
    pub(super) fn encode(&self) -> Option<Secret<[u8]>> {
        if self.bare {
            return Some(Secret::<[u8]>::copy_from(self.key.expose().as_bytes()));
        }
        let owner = self.owner.clone();
        let document = Document {
            fdescrow: VERSION,
            kind: self.key.kind(),
            key: self.key.expose(),
            organization: owner.organization,
            device: owner.device,
            volume: owner.volume,
            protector: owner.protector,
            key_id: owner.key_id,
            time: owner.time,
            origin: owner.origin,
        };
        // Written into room that is there already: a buffer that grew would leave copies behind.
        let mut room = Zeroizing::new(vec![0; CAPACITY]);
        let mut rest = room.as_mut_slice();
        serde_json::to_writer_pretty(&mut rest, &document).ok()?;
        let written = CAPACITY - rest.len();
        room.get(..written).map(Secret::<[u8]>::copy_from)
    }

    /// Reads what was decrypted, of this kind, or of the one kind that it can be.
    ///
    /// A bare payload may end in white space and NUL, which scripts add; nothing else is forgiven.
    pub(super) fn decode(content: &[u8], kind: Option<Kind>) -> Option<Self> {
        if content.first() == Some(&b'{') {
            let document: Document<'_> = serde_json::from_slice(content).ok()?;
            if document.fdescrow != VERSION || kind.is_some_and(|kind| kind != document.kind) {
                return None;
            }
            let key = RecoveryKey::parse_exact(document.kind, &Secret::<str>::copy_from(document.key)).ok()?;
            let owner = Owner {
                organization: document.organization,
                device: document.device,
                volume: document.volume,
                protector: document.protector,
                key_id: document.key_id,
                time: document.time,
                origin: document.origin,
            };
            return Some(Self { key, owner, bare: false });
        }
        let text = std::str::from_utf8(content).ok()?.trim_end_matches([' ', '\t', '\r', '\n', '\0']);
        let text = Secret::<str>::copy_from(text);
        let kinds = kind.as_ref().map_or(Kind::ALL, std::slice::from_ref);
        // The forms of two kinds never coincide: they differ in length.
        kinds.iter().find_map(|kind| RecoveryKey::parse_exact(*kind, &text).ok()).map(Self::bare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AU2A-PHMK-WBGX-PWKX-M3X3-VAPY";

    fn owner() -> Owner {
        Owner::new().organization("example.com".parse().unwrap()).device("\"quoted\\ 🔒".parse().unwrap())
    }

    fn key() -> RecoveryKey {
        RecoveryKey::parse_exact(Kind::FileVault, &Secret::<str>::copy_from(KEY)).unwrap()
    }

    #[test]
    fn what_was_written_is_read_again() {
        let encoded = Payload::new(key(), owner()).encode().unwrap();
        let decoded = Payload::decode(encoded.expose(), Some(Kind::FileVault)).unwrap();
        assert_eq!((decoded.owner, decoded.key.expose(), decoded.bare), (owner(), KEY, false));
        assert!(Payload::decode(encoded.expose(), Some(Kind::BitLocker)).is_none());
    }

    #[test]
    fn the_longest_names_fit() {
        let long = "\"".repeat(255);
        let owner = Owner::new()
            .organization(long.parse().unwrap())
            .device(long.parse().unwrap())
            .volume(long.parse().ok())
            .protector(long.parse().ok())
            .key_id(KeyId::from_bytes([255; 16]))
            .time(Timestamp::MAX);
        assert!(Payload::new(key(), owner).encode().is_some());
    }

    #[test]
    fn members_unknown_or_twice_or_missing_are_refused() {
        let good = format!(r#"{{"fdescrow":1,"kind":"filevault","key":"{KEY}","device":"a"}}"#);
        assert!(Payload::decode(good.as_bytes(), None).is_some());
        for bad in [
            good.replace(r#""device""#, r#""host""#),
            good.replace(r#""device":"a""#, r#""device":"a","device":"b""#),
            good.replace(r#""kind":"filevault","#, ""),
            good.replace(r#""fdescrow":1"#, r#""fdescrow":2"#),
            good.replace(r#""device":"a""#, r#""device":"""#),
            good.replace(KEY, "AU2A"),
            good.replace("filevault", "bitlocker"),
            format!("{good} x"),
        ] {
            assert!(Payload::decode(bad.as_bytes(), None).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_bare_key_may_end_in_white_space_and_nul_only() {
        for end in ["", "\n", "\r\n", "\0\0", " \t"] {
            assert!(Payload::decode(format!("{KEY}{end}").as_bytes(), Some(Kind::FileVault)).is_some());
        }
        for bad in [format!("x{KEY}"), format!("{KEY}x"), KEY.to_lowercase(), format!(" {KEY}"), String::new()] {
            assert!(Payload::decode(bad.as_bytes(), Some(Kind::FileVault)).is_none(), "{bad:?}");
        }
        assert_eq!(Payload::decode(KEY.as_bytes(), None).unwrap().key.kind(), Kind::FileVault);
    }

    #[test]
    fn an_owner_is_who_the_caller_expects_or_it_is_not() {
        let mine = owner().volume("C:".parse().ok());
        assert!(mine.is(&Owner::new()));
        assert!(mine.is(&mine.clone()));
        assert!(!mine.is(&owner()), "another volume");
        assert!(!mine.is(&mine.clone().device("b".parse().unwrap())));
        assert!(!Owner::new().is(&mine), "a payload that names nobody is nobody's");
        assert!(!mine.is(&mine.clone().key_id(KeyId::from_bytes([1; 16]))));
    }
}
