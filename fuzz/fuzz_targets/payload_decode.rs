//! Any bytes as the content of an authenticated message. It is sealed here, with the content key that the
//! identity of this harness unwraps. What is taken for a key is one, and is sealed and opened again unchanged.
#![no_main]

use std::sync::{Arc, LazyLock};

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Nonce};
use fdescrow::envelope::{Envelope, EnvelopeError, Keyring, Limits, OpenOptions, Suite, seal};
use fdescrow::{Kind, RecoveryKey, Secret};
use fdescrow_fuzz::{RECIPIENTS, Seeded, Universal, sealed};
use libfuzzer_sys::fuzz_target;

static UNIVERSAL: LazyLock<Keyring> =
    LazyLock::new(|| Keyring::new().with(Arc::new(Universal::of(&RECIPIENTS[0].certificate))));

/// A message to P-256 up to its RecipientInfos, which stay, and its nonce.
static TEMPLATE: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let message = sealed(&[fdescrow::envelope::Format::Auth]).swap_remove(0).der;
    let content = message.windows(GCM.len()).rposition(|window| window == GCM).expect("AES-256-GCM");
    // SET of RecipientInfos: from behind version 0 to the EncryptedContentInfo.
    let version = message.windows(3).position(|window| window == [0x02, 0x01, 0x00]).expect("version 0");
    let start = version + 3;
    let length = usize::from(message[start + 1] & 0x7f);
    let octets = &message[start + 2..start + 2 + length];
    let (header, length) = match message[start + 1] {
        short @ 0..0x80 => (2, usize::from(short)),
        _ => (2 + octets.len(), octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet))),
    };
    let nonce = content + GCM.len() + 4;
    (message[start..start + header + length].to_vec(), message[nonce..nonce + 12].to_vec())
});

/// id-aes256-GCM.
const GCM: [u8; 11] = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e];
/// id-data.
const DATA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
/// id-ct-authEnvelopedData.
const AUTH: [u8; 13] = [0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17];

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = u32::try_from(value.len()).expect("short").to_be_bytes();
    [&[tag, 0x84], &length[..], &value].concat()
}

fn message(content: &[u8]) -> Vec<u8> {
    let (recipients, nonce) = &*TEMPLATE;
    let cipher = Aes256Gcm::new_from_slice(&Universal::content_key(32)).expect("32 octets");
    let nonce_array = Nonce::<Aes256Gcm>::try_from(nonce.as_slice()).expect("12 octets");
    let mut ciphertext = cipher.encrypt(&nonce_array, content).expect("short");
    let tag = ciphertext.split_off(ciphertext.len() - 16);
    let parameters = element(0x30, &[&element(0x04, &[nonce]), &[0x02, 0x01, 0x10]]);
    let info = element(0x30, &[&DATA, &element(0x30, &[&GCM, &parameters]), &element(0x80, &[&ciphertext])]);
    let body = element(0x30, &[&[0x02, 0x01, 0x00], recipients, &info, &element(0x04, &[&tag])]);
    element(0x30, &[&AUTH, &element(0xa0, &[&body])])
}

fuzz_target!(
    // Making keys is not what is timed.
    init: {
        LazyLock::force(&TEMPLATE);
        LazyLock::force(&UNIVERSAL);
    },
    |data: &[u8]| {
        let Ok(envelope) = Envelope::parse(&message(data), &Limits::default()) else {
            // Over the limit of a message.
            assert!(data.len() > 60_000);
            return;
        };
        let options = OpenOptions::new(Suite::Modern).try_unmatched();
        let raw = envelope.danger_open_raw(&UNIVERSAL, &options).expect("the tag is right");
        assert!(raw.authenticated && raw.content.expose() == data);
        let opened = match envelope.open(&UNIVERSAL, &options) {
            Ok(opened) => opened,
            Err(error) => return assert_eq!(error, EnvelopeError::Open),
        };
        let kind = opened.payload.key.kind();
        let text = Secret::<str>::copy_from(opened.payload.key.expose());
        assert!(RecoveryKey::parse_exact(kind, &text).is_ok());
        for other in Kind::ALL {
            assert_eq!(envelope.open(&UNIVERSAL, &options.clone().kind(*other)).is_ok(), *other == kind);
        }
        let again =
            seal(&opened.payload, &[&RECIPIENTS[0].certificate], &Seeded::default()).expect("what was read is sealed");
        let keyring = Keyring::new().with(RECIPIENTS[0].identity.clone());
        let again = again.open(&keyring, &OpenOptions::new(Suite::Modern)).expect("and opened");
        assert!(again.payload.key.constant_time_eq(&opened.payload.key));
        assert_eq!((again.payload.owner, again.payload.bare), (opened.payload.owner, opened.payload.bare));
    }
);
