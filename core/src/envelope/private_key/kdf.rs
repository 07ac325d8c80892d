//! What key does PKCS#12's own derivation give?
//!
//! RFC 7292 §B.2, which only old ciphers and the integrity check of a file still use.

use hmac::digest::{Digest, FixedOutputReset, Output, block_api::BlockSizeUser};
use zeroize::{Zeroize, Zeroizing};

/// What a derived octet string is for: the ID of RFC 7292 §B.3.
pub(super) const KEY: u8 = 1;
/// See [`KEY`].
pub(super) const IV: u8 = 2;
/// See [`KEY`].
pub(super) const MAC: u8 = 3;

/// The derivation of RFC 7292 §B.2, by its own letters: u and v are the sizes of output and block of the hash.
pub(super) fn pkcs12_kdf<H>(id: u8, password: &[u8], salt: &[u8], iterations: u32, out: &mut [u8])
where
    H: Digest + FixedOutputReset + BlockSizeUser,
{
    let v = H::block_size();
    // S and P: salt and password repeated to whole blocks.
    let whole = |text: &[u8]| text.len().div_ceil(v) * v;
    let mut i = Zeroizing::new(Vec::with_capacity(whole(salt) + whole(password)));
    i.extend(salt.iter().cycle().take(whole(salt)));
    i.extend(password.iter().cycle().take(whole(password)));
    let mut hash = H::new();
    let mut a = Output::<H>::default();
    let u = a.len();
    for piece in out.chunks_mut(u) {
        Digest::update(&mut hash, vec![id; v]);
        Digest::update(&mut hash, i.as_slice());
        Digest::finalize_into_reset(&mut hash, &mut a);
        for _ in 1..iterations {
            Digest::update(&mut hash, &a);
            Digest::finalize_into_reset(&mut hash, &mut a);
        }
        for (octet, derived) in piece.iter_mut().zip(&a) {
            *octet = *derived;
        }
        // I_j = (I_j + B + 1) mod 2^v for each block, where B is A repeated.
        for block in i.chunks_mut(v) {
            let mut carry = 1;
            for (place, octet) in block.iter_mut().enumerate().rev() {
                let sum = u16::from(*octet) + a.get(place % u).copied().map_or(0, u16::from) + carry;
                [*octet, _] = sum.to_le_bytes();
                carry = sum >> 8;
            }
        }
    }
    a.as_mut_slice().zeroize();
}
