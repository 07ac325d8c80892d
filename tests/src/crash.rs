//! What do the program that is killed and the test that kills it agree on?
//!
//! The keys, the devices, the time, and the [`Line`]s that the program prints: one before a call whose outcome the
//! kill may leave open, one after each call that returned. What was printed after a call is acknowledged: it must be
//! there whatever happens next.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use fdescrow::{
    Actor, DeviceId, Digest, Escrow, KeyId, Kind, RecoveryKey, Secret, Timestamp,
    audit::MacKey,
    envelope::{
        Bundle, Certificate, Envelope, Format, Keyring, NewCertificate, Owner, Payload, identity::software_identity,
        private_key::KeyAlgorithm,
    },
    escrow::Upload,
    recovery::RecoveryId,
    store::Store,
};
use fdescrow_identities::SystemRandomness;

/// Whose keys they are.
pub const ORGANIZATION: &str = "example.com";

/// How many devices send keys.
pub const DEVICES: u64 = 8;

/// The time of a step in one of the rounds over a file: rounds are three hours apart.
pub fn at(round: u32, step: u32) -> Timestamp {
    Timestamp::from_unix_seconds(1_790_000_000 + i64::from(round) * 3 * 3600 + i64::from(step)).unwrap()
}

/// One of the devices.
pub fn device(number: u64) -> DeviceId {
    DeviceId::new(format!("device-{}", number % DEVICES)).unwrap()
}

/// An actor of this name.
pub fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

/// Where certificates, private keys and the MAC key lie as files, so that every process has the same.
#[derive(Clone, Debug)]
pub struct Credentials {
    folder: PathBuf,
}

impl Credentials {
    /// Makes them in an empty folder: a certificate with an RSA key that keys are sealed to, one with a key on P-256
    /// that they are re-wrapped to.
    pub fn make(folder: &Path) -> Self {
        let rng = SystemRandomness::new();
        for (file, algorithm) in [(RSA, KeyAlgorithm::Rsa2048), (EC, KeyAlgorithm::P256)] {
            let new = NewCertificate::new(&format!("CN={file}"), algorithm, at(0, 0), at(10_000, 0)).unwrap();
            let (certificate, key) = new.generate(&rng).unwrap();
            let text = format!("{}{}", key.to_pkcs8_pem().expose(), certificate.to_pem());
            fs::write(folder.join(file), text).unwrap();
        }
        let mut mac_key = [0; 32];
        getrandom::fill(&mut mac_key).unwrap();
        fs::write(folder.join(MAC_KEY), mac_key).unwrap();
        Self::at(folder)
    }

    /// Those that lie in this folder.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads them.
    pub fn read(&self) -> Party {
        let rng = Arc::new(SystemRandomness::new());
        let mut certificates = Vec::new();
        let (mut keyring, mut next_keyring) = (Keyring::new(), Keyring::new());
        for file in [RSA, EC] {
            let mut bundle = Bundle::parse(&fs::read(self.folder.join(file)).unwrap(), None).unwrap();
            let key = bundle.private_keys.pop().unwrap();
            certificates.extend(bundle.certificates.iter().cloned());
            let identity = software_identity(key, bundle.certificates, rng.clone());
            // The last one alone.
            next_keyring = Keyring::new().with(Arc::clone(&identity));
            keyring = keyring.with(identity);
        }
        Party { certificates, keyring, next_keyring, folder: self.folder.clone() }
    }
}

const RSA: &str = "rsa.pem";
const EC: &str = "ec.pem";
const MAC_KEY: &str = "mac.key";

/// Certificates, identities and the MAC key.
#[derive(Debug)]
pub struct Party {
    /// The one with the RSA key first: it is the primary one.
    pub certificates: Vec<Certificate>,
    /// The identities of both.
    pub keyring: Keyring,
    /// The identity of the one that keys are re-wrapped to, alone.
    pub next_keyring: Keyring,
    folder: PathBuf,
}

impl Party {
    /// The certificate that keys are re-wrapped to.
    pub fn next_certificate(&self) -> &Certificate {
        &self.certificates[1]
    }

    /// The key that authenticates the audit.
    pub fn mac_key(&self) -> MacKey {
        MacKey::parse(&fs::read(self.folder.join(MAC_KEY)).unwrap()).unwrap()
    }

    /// The escrow over a store.
    pub fn escrow(&self, store: Arc<dyn Store>) -> Escrow {
        Escrow::builder(store, ORGANIZATION.parse().unwrap())
            .randomness(Arc::new(SystemRandomness::new()))
            .certificates(self.certificates.iter().cloned())
            .mac_key(self.mac_key())
            .build()
            .unwrap()
    }
}

/// A key that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made and read here")]
pub struct Sent {
    /// The sender's name of the request: no two have the same.
    pub request: String,
    /// The device.
    pub device: DeviceId,
    /// The kind of key.
    pub kind: Kind,
    /// The bytes that the device sealed, or nothing if the key is sent in clear.
    pub sealed: Option<Vec<u8>>,
    /// The key. The test may know it: it is what a reveal has to give.
    pub text: String,
}

impl Sent {
    /// A new random key of this device, in one of the forms in which keys come.
    pub fn new(request: String, device: DeviceId, form: u64, certificate: &Certificate) -> Self {
        let rng = SystemRandomness::new();
        let (kind, sealed) = match form % 4 {
            0 => (Kind::FileVault, true),
            1 => (Kind::BitLocker, true),
            2 => (Kind::BitLocker, false),
            _ => (Kind::Luks, false),
        };
        let key = RecoveryKey::generate(kind, &rng).unwrap();
        let text = key.expose().to_owned();
        let sealed = sealed.then(|| {
            let (payload, format) = match kind {
                // as macOS seals: PKCS#1 v1.5 and CBC, and no word of the device
                Kind::FileVault => (Payload::bare(key), Format::EnvelopedPkcs1v15),
                _ => {
                    let owner = Owner::new().organization(ORGANIZATION.parse().unwrap()).device(device.clone());
                    (Payload::new(key, owner), Format::Auth)
                }
            };
            Envelope::seal(&payload, &[certificate], format, &rng).unwrap().der().to_vec()
        });
        Self { request, device, kind, sealed, text }
    }

    /// The upload, with the name of its request.
    pub fn upload(&self) -> Upload {
        self.without_request().request(self.request.as_str())
    }

    /// The upload without a name: sealed bytes that are there already are then a sighting.
    pub fn without_request(&self) -> Upload {
        let upload = match &self.sealed {
            Some(bytes) => Upload::sealed(self.device.clone(), self.kind, bytes.clone()),
            None => Upload::plaintext(self.device.clone(), self.kind, Secret::<str>::copy_from(&self.text)),
        };
        upload.by(&actor("agent"))
    }
}

/// What the program says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every line is written and read here")]
pub enum Line {
    /// A batch of checks returned: so many keys opened.
    Checked(u64),
    /// The database is open.
    Opened,
    /// `receive` returned: the key, the digest of its envelope, and whether it is set apart.
    Received(String, KeyId, Digest, bool),
    /// `reveal` returned: the key that was handed out, the recovery, and SHA-256 of the key's text.
    Revealed(KeyId, RecoveryId, Digest),
    /// `reveal` is called: device, kind and reason.
    Revealing(DeviceId, Kind, String),
    /// A batch of re-wrapping returned: so many keys were re-wrapped.
    Rewrapped(u64),
    /// `receive` is called.
    Sending(Sent),
    /// `receive` returned for bytes that were there already: how often they were sent.
    Sighted(KeyId, u64),
    /// A receipt says that the key was shown to work.
    Verified(KeyId),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checked(opened) => write!(f, "checked {opened}"),
            Self::Opened => f.write_str("opened"),
            Self::Received(request, key, envelope, apart) => write!(f, "received {request} {key} {envelope} {apart}"),
            Self::Revealed(key, recovery, text) => write!(f, "revealed {key} {recovery} {text}"),
            Self::Revealing(device, kind, reason) => write!(f, "revealing {device} {} {reason}", kind.as_str()),
            Self::Rewrapped(keys) => write!(f, "rewrapped {keys}"),
            Self::Sending(Sent { request, device, kind, sealed, text }) => {
                let sealed = sealed.as_ref().map_or_else(|| "-".to_owned(), |bytes| STANDARD.encode(bytes));
                write!(f, "sending {request} {device} {} {sealed} {text}", kind.as_str())
            }
            Self::Sighted(key, times) => write!(f, "sighted {key} {times}"),
            Self::Verified(key) => write!(f, "verified {key}"),
        }
    }
}

impl FromStr for Line {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        fn word<T: FromStr>(text: &str) -> Result<T, String> {
            text.parse().map_err(|_| format!("not understood: {text:?}"))
        }
        let words: Vec<&str> = line.split(' ').collect();
        Ok(match words.as_slice() {
            ["checked", opened] => Self::Checked(word(opened)?),
            ["opened"] => Self::Opened,
            ["received", request, key, envelope, apart] => {
                Self::Received((*request).to_owned(), word(key)?, word(envelope)?, word(apart)?)
            }
            ["revealed", key, recovery, text] => Self::Revealed(word(key)?, word(recovery)?, word(text)?),
            ["revealing", device, kind, reason] => Self::Revealing(word(device)?, word(kind)?, (*reason).to_owned()),
            ["rewrapped", keys] => Self::Rewrapped(word(keys)?),
            ["sending", request, device, kind, sealed, text] => {
                let decoded = || STANDARD.decode(sealed).map_err(|error| error.to_string());
                let sealed = if *sealed == "-" { None } else { Some(decoded()?) };
                Self::Sending(Sent {
                    request: (*request).to_owned(),
                    device: word(device)?,
                    kind: word(kind)?,
                    sealed,
                    text: (*text).to_owned(),
                })
            }
            ["sighted", key, times] => Self::Sighted(word(key)?, word(times)?),
            ["verified", key] => Self::Verified(word(key)?),
            _ => return Err(format!("not understood: {line:?}")),
        })
    }
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_back() {
        let sent = |sealed| Sent {
            request: "r-1".to_owned(),
            device: device(3),
            kind: Kind::BitLocker,
            sealed,
            text: "123".to_owned(),
        };
        let (key, digest) = (KeyId::from_bytes([1; 16]), Digest::of(b"x"));
        for line in [
            Line::Checked(3),
            Line::Opened,
            Line::Received("r-1".to_owned(), key, digest, true),
            Line::Revealed(key, RecoveryId::from_bytes([2; 16]), digest),
            Line::Revealing(device(1), Kind::Luks, "case-1".to_owned()),
            Line::Rewrapped(0),
            Line::Sending(sent(None)),
            Line::Sending(sent(Some(vec![0, 255]))),
            Line::Sighted(key, 2),
            Line::Verified(key),
        ] {
            assert_eq!(line.to_string().parse(), Ok(line));
        }
        assert!("checked".parse::<Line>().is_err());
        assert!("verified 12".parse::<Line>().is_err());
    }

    #[test]
    fn dice_fall_alike_for_the_same_seed_only() {
        let rolls = |seed| {
            let mut dice = Dice::new(seed);
            (0..20).map(|_| dice.roll(6)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(1), rolls(1));
        assert_ne!(rolls(1), rolls(2));
        assert!(rolls(1).iter().all(|roll| *roll < 6));
    }
}
