//! How is a key taken out of RSAES-OAEP?
//!
//! RFC 8017 §7.1.2. The length of the key is known, so the separator can stand in one place only and nothing is
//! searched for; no branch depends on the decrypted octets.

use sha2::Digest;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{super::suite::HashAlgorithm, ContentKey, rejection::Rejection};
use crate::secret::Secret;

/// A content-encryption key of `length` octets, or a substitute.
pub(super) fn content_key(
    encoded: &Secret<[u8]>,
    hash: HashAlgorithm,
    mgf: HashAlgorithm,
    label: &[u8],
    rejection: &Rejection,
    length: usize,
) -> ContentKey {
    let substitute = rejection.content_key(length);
    let label_hash = digest(hash, &[label]);
    let hash_length = label_hash.len();
    // EM = 00 || masked seed || masked (label hash || 00 … 00 || 01 || message)
    let Some((first, masked)) = encoded.expose().split_first() else { return substitute };
    let Some((masked_seed, masked_block)) = masked.split_at_checked(hash_length) else { return substitute };
    // Public: no message of this length fits into this modulus.
    let Some(padding) = masked_block.len().checked_sub(hash_length + 1 + length) else { return substitute };

    let seed = unmask(masked_seed, mgf, masked_block);
    let block = unmask(masked_block, mgf, &seed);
    let (block_hash, rest) = block.split_at_checked(hash_length).unwrap_or_default();
    let (zeros, rest) = rest.split_at_checked(padding).unwrap_or_default();
    let (separator, message) = rest.split_at_checked(1).unwrap_or_default();
    let mut good = first.ct_eq(&0);
    good &= block_hash.ct_eq(&label_hash);
    good &= zeros.iter().fold(Choice::from(1), |all, octet| all & octet.ct_eq(&0));
    good &= separator.ct_eq(&[1]);
    Secret::filled(length, |key| {
        for ((octet, real), other) in key.iter_mut().zip(message).zip(substitute.expose()) {
            *octet = u8::conditional_select(other, real, good);
        }
    })
}

/// `masked` with the MGF1 of `seed` taken off (RFC 8017 §B.2.1).
fn unmask(masked: &[u8], hash: HashAlgorithm, seed: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut mask = Zeroizing::new(Vec::with_capacity(masked.len() + 64));
    let mut counter = 0u32;
    while mask.len() < masked.len() {
        mask.extend_from_slice(&digest(hash, &[seed, &counter.to_be_bytes()]));
        counter = counter.wrapping_add(1);
    }
    Zeroizing::new(masked.iter().zip(mask.iter()).map(|(octet, mask)| octet ^ mask).collect())
}

/// A hash over the parts, one after the other.
pub(super) fn digest(hash: HashAlgorithm, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    fn run<D: Digest>(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        let mut digest = D::new();
        for part in parts {
            digest.update(part);
        }
        Zeroizing::new(digest.finalize().to_vec())
    }
    match hash {
        HashAlgorithm::Sha1 => run::<sha1::Sha1>(parts),
        HashAlgorithm::Sha224 => run::<sha2::Sha224>(parts),
        HashAlgorithm::Sha256 => run::<sha2::Sha256>(parts),
        HashAlgorithm::Sha384 => run::<sha2::Sha384>(parts),
        HashAlgorithm::Sha512 => run::<sha2::Sha512>(parts),
        HashAlgorithm::Sha512_224 => run::<sha2::Sha512_224>(parts),
        HashAlgorithm::Sha512_256 => run::<sha2::Sha512_256>(parts),
    }
}
