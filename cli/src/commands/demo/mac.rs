//! What does a Mac do with its recovery key?
//!
//! What macOS does when FileVault is turned on under an escrow profile: it seals the key to the certificate in the
//! profile, as `/var/db/FileVaultPRK.dat`. The library never writes this form, because nothing in it is of today:
//! EnvelopedData in BER with indefinite lengths, 3DES in CBC mode, RSAES-PKCS1-v1_5, the ciphertext in chunks. The
//! demonstration needs a Mac, so here is one.

use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use des::TdesEde3;
use fdescrow::{
    DeviceId, Randomness, Timestamp,
    envelope::{Certificate, PublicKey},
    verification::observation::{self, Context, Report, Source},
};
use rsa::{BoxedUint, hazmat::rsa_encrypt};

use crate::exit::Failure;

/// 1.2.840.113549.1.7.3, id-envelopedData (RFC 5652 §6.1).
const ENVELOPED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
/// 1.2.840.113549.1.7.1, id-data (RFC 5652 §4).
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
/// 1.2.840.113549.1.1.1, rsaEncryption (RFC 3370 §4.2.1).
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.113549.3.7, des-ede3-cbc (RFC 3370 §5.1).
const DES_EDE3_CBC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07];

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0]`, constructed.
const CONTEXT_0: u8 = 0xa0;

/// A Mac whose FileVault is on.
pub(super) struct Mac {
    pub(super) device: DeviceId,
    /// What is in its `FileVaultPRK.dat`.
    pub(super) blob: Vec<u8>,
}

impl Mac {
    /// What it answers to the MDM command `SecurityInfo`, as the server reads it.
    pub(super) fn report(&self, at: Timestamp) -> Result<Report, Failure> {
        let reply = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><plist version=\"1.0\"><dict>\
             <key>Status</key><string>Acknowledged</string><key>SecurityInfo</key><dict>\
             <key>FDE_Enabled</key><true/><key>FDE_HasPersonalRecoveryKey</key><true/>\
             <key>FDE_HasInstitutionalRecoveryKey</key><false/>\
             <key>FDE_PersonalRecoveryKeyCMS</key><data>{}</data></dict></dict></plist>",
            STANDARD.encode(&self.blob)
        );
        Ok(observation::read(Source::SecurityInfo, reply.as_bytes(), &Context::new(at))?)
    }
}

/// The content of `FileVaultPRK.dat`: the text of the key, sealed to an RSA certificate.
pub(super) fn seal(key: &str, certificate: &Certificate, rng: &dyn Randomness) -> Result<Vec<u8>, Failure> {
    let (mut content_key, mut iv) = ([0; 24], [0; 8]);
    rng.fill(&mut content_key)?;
    rng.fill(&mut iv)?;
    let unfit = || Failure::usage("a Mac seals to RSA certificates only");
    let encrypted_key = wrap(&content_key, certificate, rng)?.ok_or_else(unfit)?;
    let cipher = cbc::Encryptor::<TdesEde3>::new(&content_key.into(), &iv.into());
    let ciphertext = cipher.encrypt_padded_vec::<Pkcs7>(key.as_bytes());

    let issuer_and_serial_number =
        definite(SEQUENCE, &[certificate.issuer_der(), &definite(INTEGER, &[certificate.serial_number()])]);
    let recipient = definite(
        SEQUENCE,
        &[
            &definite(INTEGER, &[&[0]]),
            &issuer_and_serial_number,
            &definite(SEQUENCE, &[&definite(OBJECT_IDENTIFIER, &[RSA_ENCRYPTION]), &definite(NULL, &[])]),
            &definite(OCTET_STRING, &[&encrypted_key]),
        ],
    );
    let algorithm =
        definite(SEQUENCE, &[&definite(OBJECT_IDENTIFIER, &[DES_EDE3_CBC]), &definite(OCTET_STRING, &[&iv])]);
    let (head, tail) = ciphertext.split_at(ciphertext.len().saturating_sub(8));
    let chunks = indefinite(CONTEXT_0, &[&definite(OCTET_STRING, &[head]), &definite(OCTET_STRING, &[tail])]);
    let encrypted_content_info = indefinite(SEQUENCE, &[&definite(OBJECT_IDENTIFIER, &[DATA]), &algorithm, &chunks]);
    let enveloped_data =
        indefinite(SEQUENCE, &[&definite(INTEGER, &[&[0]]), &definite(SET, &[&recipient]), &encrypted_content_info]);
    let content = indefinite(CONTEXT_0, &[&enveloped_data]);
    Ok(indefinite(SEQUENCE, &[&definite(OBJECT_IDENTIFIER, &[ENVELOPED_DATA]), &content]))
}

/// RSAES-PKCS1-v1_5 (RFC 8017 §7.2.1); none if the certificate's key is not RSA.
fn wrap(content_key: &[u8], certificate: &Certificate, rng: &dyn Randomness) -> Result<Option<Vec<u8>>, Failure> {
    let PublicKey::Rsa(public_key) = certificate.public_key() else { return Ok(None) };
    let size = public_key.modulus().len();
    let mut padding = vec![0; size.saturating_sub(3 + content_key.len())];
    // Zero ends the padding, so that none may stand in it.
    while let Some(zero) = padding.iter().position(|octet| *octet == 0) {
        rng.fill(padding.get_mut(zero..).unwrap_or_default())?;
    }
    let encoded = [&[0, 2][..], &padding, &[0], content_key].concat();
    let bits = public_key.bits();
    let wrapped = || {
        let modulus = BoxedUint::from_be_slice(public_key.modulus(), bits).ok()?;
        let key = rsa::PublicKey::new(modulus, BoxedUint::from(public_key.exponent())).ok()?;
        let octets = rsa_encrypt(&key, &BoxedUint::from_be_slice(&encoded, bits).ok()?).ok()?.to_be_bytes();
        octets.get(octets.len().checked_sub(size)?..).map(<[u8]>::to_vec)
    };
    Ok(wrapped())
}

/// An element with its length in front of it.
fn definite(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let length = content.len().to_be_bytes();
    let significant = length.get(length.iter().take_while(|octet| **octet == 0).count()..).unwrap_or_default();
    let head = match (significant, u8::try_from(significant.len())) {
        ([], _) => vec![tag, 0],
        ([short @ 0..=0x7f], _) => vec![tag, *short],
        (long, Ok(count)) => [&[tag, 0x80 | count], long].concat(),
        // No length has more than eight octets.
        (_, Err(_)) => vec![tag],
    };
    [head, content].concat()
}

/// An element that ends where its end is marked.
fn indefinite(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80], content.concat().as_slice(), &[0, 0]].concat()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fdescrow::{
        Kind, Timestamp,
        envelope::{
            Envelope, Keyring, Limits, NewCertificate, OpenOptions, Suite, identity::software_identity,
            private_key::KeyAlgorithm,
        },
    };
    use fdescrow_identities::SystemRandomness;

    use super::*;

    fn certificate(algorithm: KeyAlgorithm) -> (Certificate, Keyring) {
        let from = Timestamp::from_unix_seconds(1_795_505_000).unwrap();
        let rng = Arc::new(SystemRandomness::new());
        let description = NewCertificate::new("CN=Escrow", algorithm, from, from.saturating_add(86_400)).unwrap();
        let (certificate, key) = description.generate(rng.as_ref()).unwrap();
        let identity = software_identity(key, vec![certificate.clone()], rng);
        (certificate, Keyring::new().with(identity))
    }

    #[test]
    fn what_this_mac_writes_has_the_form_of_macos_and_opens() {
        let (certificate, keyring) = certificate(KeyAlgorithm::Rsa2048);
        let key = "AU2A-PHMK-WBGX-PWKX-M3X3-VAPY";
        let bytes = seal(key, &certificate, &SystemRandomness::new()).unwrap();
        assert_eq!(bytes[..3], [0x30, 0x80, 0x06], "base64 of it begins with MIAG");
        assert!(bytes.ends_with(&[0; 10]), "five ends");
        let envelope = Envelope::parse(&bytes, &Limits::default()).unwrap();
        assert_eq!(envelope.inspect(&[certificate]).suites[0], Suite::FileVault);
        let opened = envelope.open(&keyring, &OpenOptions::new(Suite::FileVault).kind(Kind::FileVault)).unwrap();
        assert_eq!(opened.payload.key.expose(), key);
    }

    #[test]
    fn a_mac_does_not_seal_to_a_curve() {
        let (certificate, _) = certificate(KeyAlgorithm::P256);
        assert!(seal("AU2A", &certificate, &SystemRandomness::new()).is_err());
    }
}
