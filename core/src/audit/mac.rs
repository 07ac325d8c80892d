//! Who can make an entry that verifies?
//!
//! Without a MAC key, everybody who can write the database. With one, whoever has the key; it is kept
//! outside of the database, by the embedder.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroize;

use crate::{
    error::ErrorCode,
    ids::{Digest, parse_hex},
    random::{Randomness, RandomnessError},
    secret::Secret,
};

/// A key of 32 bytes for HMAC-SHA-256 (RFC 2104) over the hashes of audit entries.
#[derive(Debug)]
pub struct MacKey(Secret<[u8]>);

/// The bytes are no MAC key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a MAC key: 32 bytes are expected, raw, as 64 hexadecimal digits or as base64")]
#[non_exhaustive]
pub struct MacKeyError;

impl MacKeyError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::MacKeySyntax
    }
}

impl MacKey {
    const LENGTH: usize = 32;
    const LABEL: &'static [u8] = b"fdescrow audit mac 1\n";

    /// A new one.
    ///
    /// # Errors
    /// [`RandomnessError`] if the source failed.
    pub fn generate(rng: &dyn Randomness) -> Result<Self, RandomnessError> {
        let mut result = Ok(());
        let key = Secret::filled(Self::LENGTH, |bytes| result = rng.fill(bytes));
        result.map(|()| Self(key))
    }

    /// Reads a key file: 32 raw bytes; or text of 64 hexadecimal digits or of 44 base64 characters (RFC 4648
    /// §4), with white space around it.
    ///
    /// # Errors
    /// [`MacKeyError`] if it is anything else: a password is not a key.
    pub fn parse(file: &[u8]) -> Result<Self, MacKeyError> {
        if file.len() == Self::LENGTH {
            return Ok(Self(Secret::<[u8]>::copy_from(file)));
        }
        let text = std::str::from_utf8(file.trim_ascii()).map_err(|_| MacKeyError)?;
        if let Some(mut bytes) = parse_hex::<{ Self::LENGTH }>(text) {
            let key = Self(Secret::<[u8]>::copy_from(&bytes));
            bytes.zeroize();
            return Ok(key);
        }
        // Room for what 44 characters can give; the decoder refuses what would not fit.
        let mut buffer = [0; Self::LENGTH + 1];
        let length = STANDARD.decode_slice(text, &mut buffer);
        let key = match (length, buffer.split_last()) {
            (Ok(Self::LENGTH), Some((_, bytes))) => Ok(Self(Secret::<[u8]>::copy_from(bytes))),
            _ => Err(MacKeyError),
        };
        buffer.zeroize();
        key
    }

    /// HMAC-SHA-256 over the label and the hash of an entry.
    pub(super) fn mac(&self, hash: &Digest) -> Digest {
        Digest::from_bytes(self.over(hash).finalize().into_bytes().into())
    }

    /// Whether this key made the MAC, in time that does not depend on where it differs.
    pub(super) fn verifies(&self, hash: &Digest, mac: &Digest) -> bool {
        self.over(hash).verify_slice(mac.as_bytes()).is_ok()
    }

    fn over(&self, hash: &Digest) -> Hmac<Sha256> {
        // A key of exactly one block or less is taken as it is, so this copy is the block that HMAC pads.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        for (place, byte) in block.iter_mut().zip(self.0.expose()) {
            *place = *byte;
        }
        let mac = Hmac::<Sha256>::new(&block).chain_update(Self::LABEL).chain_update(hash.as_bytes());
        block.as_mut_slice().zeroize();
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms_of_a_file_give_one_key() {
        let raw: Vec<u8> = (0..32).collect();
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
        let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\r\n";
        let hash = Digest::of(b"entry");
        let mac = MacKey::parse(&raw).unwrap().mac(&hash);
        for file in [hex.as_bytes(), base64.as_bytes()] {
            let key = MacKey::parse(file).unwrap();
            assert_eq!(key.mac(&hash), mac);
            assert!(key.verifies(&hash, &mac) && !key.verifies(&Digest::of(b"other"), &mac));
        }
    }

    #[derive(Debug)]
    struct Counting;

    impl Randomness for Counting {
        fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
            out.iter_mut().zip(0..).for_each(|(byte, count)| *byte = count);
            if out.len() == MacKey::LENGTH { Ok(()) } else { Err(RandomnessError::new()) }
        }
    }

    #[derive(Debug)]
    struct Failing;

    impl Randomness for Failing {
        fn fill(&self, _out: &mut [u8]) -> Result<(), RandomnessError> {
            Err(RandomnessError::new())
        }
    }

    #[test]
    fn a_generated_key_is_what_the_source_gave() {
        let raw: Vec<u8> = (0..32).collect();
        let hash = Digest::of(b"entry");
        let generated = MacKey::generate(&Counting).unwrap();
        assert_eq!(generated.mac(&hash), MacKey::parse(&raw).unwrap().mac(&hash));
        assert_eq!(MacKey::generate(&Failing).unwrap_err(), RandomnessError::new());
    }

    #[test]
    fn a_password_is_not_a_key() {
        for file in [&b""[..], b"hunter2", b"AAECAw==", &[0; 31], &[0; 33], &[0xff; 64], "A".repeat(44).as_bytes()] {
            assert_eq!(MacKey::parse(file).unwrap_err().code(), ErrorCode::MacKeySyntax, "{file:?}");
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", MacKey::parse(&[0x41; 32]).unwrap()), "MacKey(Secret([redacted]))");
    }
}
