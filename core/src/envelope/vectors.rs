//! How many vectors of others does the crate hold itself against, and which does it pass over?
//!
//! Every test that runs a set counts it and compares with the table here, so that a set that shrinks, or a case that
//! is passed over in silence, fails; and the table as a whole is held to one skip in twenty.

use crate::{
    ids::Digest,
    random::{Randomness, RandomnessError},
};

/// Randomness that is the same in every run: SHA-256 in counter mode.
#[derive(Debug, Default)]
pub(super) struct Seeded(std::sync::atomic::AtomicU64);

impl Randomness for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for chunk in out.chunks_mut(32) {
            let block = Digest::of(&self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// One set of Wycheproof, over one path of ours.
struct Set {
    name: &'static str,
    passed: usize,
    skipped: usize,
    /// Why cases are passed over.
    reason: &'static str,
}

impl Set {
    fn reason(&self) -> String {
        if self.reason.is_empty() { String::new() } else { format!(" ({})", self.reason) }
    }
}

const fn set(name: &'static str, passed: usize, skipped: usize, reason: &'static str) -> Set {
    Set { name, passed, skipped, reason }
}

const WYCHEPROOF: [Set; 13] = [
    set("AES key wrap", 162, 3, "keys of eight octets, which RFC 3394 does not define"),
    set("AES-CBC with PKCS #7 padding", 216, 0, ""),
    set("AES-GCM", 203, 113, "nonces of other than twelve octets, which are refused"),
    set("ECDH on P-256, points", 355, 0, ""),
    set("ECDH on P-256, SubjectPublicKeyInfo", 606, 6, EXPLICIT),
    set("ECDH on P-384, points", 790, 0, ""),
    set("ECDH on P-384, SubjectPublicKeyInfo", 1041, 6, EXPLICIT),
    set("HMAC-SHA-256", 162, 12, "keys of other than 32 octets, which are never used"),
    set("PBES2 with AES-128", 420, 0, ""),
    set("PBES2 with AES-192", 420, 0, ""),
    set("PBES2 with AES-256", 420, 0, ""),
    set("RSAES-OAEP", 1056, 42, SHORT),
    set("RSAES-PKCS1-v1_5", 195, 6, SHORT),
];

const EXPLICIT: &str = "a curve with wrong parameters beside a point of the right one: only the point is looked at";
const SHORT: &str = "ciphertexts without their leading zeros, which some encoders drop and which are put back";

/// A test ran the set of this name, and nothing failed.
pub(super) fn assert_counted(name: &str, passed: usize, skipped: usize) {
    let set = WYCHEPROOF.iter().find(|set| set.name == name).unwrap();
    println!("Wycheproof {name}: {passed} passed, 0 failed, {skipped} skipped{}", set.reason());
    assert_eq!((passed, skipped), (set.passed, set.skipped), "passed and skipped of {name}");
}

#[test]
fn wycheproof_sets_counted() {
    let (mut passed, mut skipped) = (0, 0);
    for set in &WYCHEPROOF {
        assert_eq!(set.skipped == 0, set.reason.is_empty(), "{}: each skip has its reason", set.name);
        passed += set.passed;
        skipped += set.skipped;
    }
    println!("Wycheproof, {} sets: {passed} passed, 0 failed, {skipped} skipped", WYCHEPROOF.len());
    assert!(skipped * 20 <= passed + skipped);
}
