//! Any bytes as a file of keys and certificates, with armor or without. What is read can be written and read
//! again. A password is given where what it would cost can be seen to be little.
#![no_main]

use fdescrow::Secret;
use fdescrow::envelope::{Bundle, PrivateKey, pair};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    check(data, None);
    if is_cheap(data) {
        check(data, Some(&Secret::<str>::copy_from("nss")));
    }
});

fn check(data: &[u8], password: Option<&Secret<str>>) {
    let Ok(bundle) = Bundle::parse(data, password) else { return };
    assert!(!bundle.certificates.is_empty() || !bundle.private_keys.is_empty());
    for key in &bundle.private_keys {
        let pem = key.to_pkcs8_pem();
        let again = PrivateKey::parse_all(pem.expose().as_bytes(), None).expect("a key that was written is read");
        assert!(again.len() == 1 && again[0].public_key() == key.public_key());
        assert!(!format!("{key:?}").contains(pem.expose().get(100..120).unwrap_or("BEGIN")));
    }
    let _ = pair([bundle]);
}

/// Whether the numbers in the DER are those of a derivation that costs little: the library itself allows ten million
/// iterations and 256 MiB, which would end in a timeout here.
fn is_cheap(data: &[u8]) -> bool {
    let number = |window: &[u8]| match (window[0], window[1]) {
        (0x02, 2) => u32::from(window[2]) << 8 | u32::from(window[3]),
        (0x02, 3..=9) => u32::MAX,
        _ => 0,
    };
    let largest = data.windows(4).map(number).max().unwrap_or(0);
    let scrypt = data.windows(SCRYPT.len()).any(|window| window == SCRYPT);
    data.first() == Some(&0x30) && largest <= if scrypt { 0 } else { 4096 }
}

/// id-scrypt, RFC 7914 §7.
const SCRYPT: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];
