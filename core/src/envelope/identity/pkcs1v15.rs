//! How is a key taken out of RSAES-PKCS1-v1_5?
//!
//! RFC 8017 §7.2.2 with the implicit rejection of draft-irtf-cfrg-rsa-guidance: bad padding gives a message too, a
//! synthetic one. No branch and no index depends on the decrypted octets.

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater, ConstantTimeLess};
use zeroize::Zeroizing;

use super::{ContentKey, rejection::Rejection};
use crate::secret::Secret;

/// Octets before the message: 00 02, at least eight of padding, 00.
const OVERHEAD: usize = 11;

/// The unpadded message, real or synthetic: it stands at the end of `block`, `length` octets long. Both are secret.
struct Unpadded {
    block: Zeroizing<Vec<u8>>,
    length: u16,
}

fn unpad(encoded: &[u8], rejection: &Rejection) -> Unpadded {
    let size = u16::try_from(encoded.len()).unwrap_or(u16::MAX);
    let synthetic = rejection.prf(b"message", encoded.len());
    let synthetic_length = synthetic_length(size, rejection);

    let mut good = encoded.first().map_or(Choice::from(0), |octet| octet.ct_eq(&0));
    good &= encoded.get(1).map_or(Choice::from(0), |octet| octet.ct_eq(&2));
    let mut found = Choice::from(0);
    let mut separator = 0u16;
    for (index, octet) in (0u16..).zip(encoded).skip(2) {
        let here = octet.ct_eq(&0) & !found;
        separator.conditional_assign(&index, here);
        found |= here;
    }
    // At least eight octets of padding; no separator at all leaves it at zero.
    good &= found & separator.ct_gt(&9);

    let real_length = size.wrapping_sub(separator).wrapping_sub(1);
    let length = u16::conditional_select(&synthetic_length, &real_length, good);
    let block =
        encoded.iter().zip(synthetic.iter()).map(|(real, other)| u8::conditional_select(other, real, good)).collect();
    Unpadded { block: Zeroizing::new(block), length }
}

/// The length of the synthetic message: the last of 128 candidates that is possible.
fn synthetic_length(size: u16, rejection: &Rejection) -> u16 {
    let limit = size.saturating_sub(10);
    let mut mask = limit;
    for shift in [1, 2, 4, 8] {
        mask |= mask >> shift;
    }
    let mut length = 0u16;
    for pair in rejection.prf(b"length", 256).chunks_exact(2) {
        let candidate = pair.iter().fold(0u16, |value, octet| value << 8 | u16::from(*octet)) & mask;
        length.conditional_assign(&candidate, candidate.ct_lt(&limit));
    }
    length
}

/// A content-encryption key of `length` octets: the message if it has that length, a substitute otherwise.
pub(super) fn content_key(encoded: &Secret<[u8]>, rejection: &Rejection, length: usize) -> ContentKey {
    let encoded = encoded.expose();
    let substitute = rejection.content_key(length);
    let (Some(start), Ok(wanted)) = (encoded.len().checked_sub(length), u16::try_from(length)) else {
        return substitute;
    };
    if start < OVERHEAD {
        // Public: no message of this length fits into this modulus.
        return substitute;
    }
    let message = unpad(encoded, rejection);
    let fits = message.length.ct_eq(&wanted);
    let tail = message.block.get(start..).unwrap_or_default();
    Secret::filled(length, |key| {
        for ((octet, real), other) in key.iter_mut().zip(tail).zip(substitute.expose()) {
            *octet = u8::conditional_select(other, real, fits);
        }
    })
}

/// The message whatever its length, for comparison with the vectors of other implementations.
#[cfg(test)]
pub(super) fn message(encoded: &[u8], rejection: &Rejection) -> Vec<u8> {
    let unpadded = unpad(encoded, rejection);
    unpadded.block[encoded.len() - usize::from(unpadded.length)..].to_vec()
}
