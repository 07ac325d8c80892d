//! How is the content of a message encrypted and decrypted?
//!
//! Plaintext comes out only together with a verdict: the tag held, or, for CBC, the padding did. Padding is
//! looked at without branching on the plaintext, so that a wrong key and a wrong padding cost the same.

use aes_gcm::{
    AesGcm, KeyInit,
    aead::{AeadInOut, consts::U12},
};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater};

use super::{
    cms::Message,
    suite::{ContentAlgorithm, ContentType},
};
use crate::secret::Secret;

/// The result of a decryption with some key.
pub(super) struct Decrypted {
    /// The plaintext if the key was right; otherwise something else.
    pub(super) plaintext: Secret<[u8]>,
    /// Whether tag or padding held.
    pub(super) held: bool,
}

/// Decrypts the content of `message`. The key has the length that the algorithm needs.
pub(super) fn decrypt(message: &Message, key: &Secret<[u8]>) -> Decrypted {
    let associated = message.authenticated_attributes.as_deref().unwrap_or_default();
    match &message.content {
        ContentAlgorithm::AesGcm(128) => {
            open_gcm::<aes::Aes128>(message, associated, key, &message.ciphertext, &message.mac)
        }
        ContentAlgorithm::AesGcm(192) => {
            open_gcm::<aes::Aes192>(message, associated, key, &message.ciphertext, &message.mac)
        }
        ContentAlgorithm::AesGcm(256) => {
            open_gcm::<aes::Aes256>(message, associated, key, &message.ciphertext, &message.mac)
        }
        ContentAlgorithm::AesGcmGo(bits) => {
            let split = message.ciphertext.len().saturating_sub(16);
            let (ciphertext, tag) = message.ciphertext.split_at_checked(split).unwrap_or_default();
            match bits {
                128 => open_gcm::<aes::Aes128>(message, &[], key, ciphertext, tag),
                _ => open_gcm::<aes::Aes256>(message, &[], key, ciphertext, tag),
            }
        }
        ContentAlgorithm::AesCbc(128) => open_cbc::<cbc::Decryptor<aes::Aes128>>(message, key, 16),
        ContentAlgorithm::AesCbc(192) => open_cbc::<cbc::Decryptor<aes::Aes192>>(message, key, 16),
        ContentAlgorithm::AesCbc(256) => open_cbc::<cbc::Decryptor<aes::Aes256>>(message, key, 16),
        ContentAlgorithm::TripleDesCbc => open_cbc::<cbc::Decryptor<des::TdesEde3>>(message, key, 8),
        ContentAlgorithm::DesCbc => open_cbc::<cbc::Decryptor<des::Des>>(message, key, 8),
        ContentAlgorithm::AesCbc(_) | ContentAlgorithm::AesGcm(_) | ContentAlgorithm::Unsupported(_) => failed(),
    }
}

fn failed() -> Decrypted {
    Decrypted { plaintext: Secret::<[u8]>::copy_from(&[]), held: false }
}

fn open_gcm<C>(message: &Message, associated: &[u8], key: &Secret<[u8]>, ciphertext: &[u8], tag: &[u8]) -> Decrypted
where
    AesGcm<C, U12>: KeyInit + AeadInOut<NonceSize = U12, TagSize = aes_gcm::aead::consts::U16>,
{
    let (Ok(cipher), Ok(nonce), Ok(tag)) = (
        AesGcm::<C, U12>::new_from_slice(key.expose()),
        <&aes_gcm::Nonce<U12>>::try_from(message.iv.as_slice()),
        <&aes_gcm::Tag>::try_from(tag),
    ) else {
        return failed();
    };
    let mut held = false;
    let plaintext = Secret::filled(ciphertext.len(), |buffer| {
        buffer.copy_from_slice(ciphertext);
        held = cipher.decrypt_inout_detached(nonce, associated, buffer.into(), tag).is_ok();
    });
    Decrypted { plaintext, held }
}

fn open_cbc<D: BlockModeDecrypt + KeyIvInit>(message: &Message, key: &Secret<[u8]>, block: u8) -> Decrypted {
    let Ok(cipher) = D::new_from_slices(key.expose(), &message.iv) else {
        return failed();
    };
    let mut decrypted = false;
    let padded = Secret::filled(message.ciphertext.len(), |buffer| {
        buffer.copy_from_slice(&message.ciphertext);
        decrypted = cipher.decrypt_padded::<NoPadding>(buffer).is_ok();
    });
    let (length, padding_held) = unpad(padded.expose(), block);
    // A wrong padding goes on with a length of the same kind, so that what follows does the same work.
    let plaintext = Secret::<[u8]>::copy_from(padded.expose().get(..length).unwrap_or_default());
    Decrypted { plaintext, held: decrypted & bool::from(padding_held) }
}

/// PKCS #7 padding (RFC 5652 §6.3): the length without it, and whether it holds. Every octet of the last block
/// is looked at, whatever its value.
fn unpad(padded: &[u8], block: u8) -> (usize, Choice) {
    let last = padded.last().copied().unwrap_or_default();
    let mut held = !last.ct_eq(&0) & !last.ct_gt(&block);
    for (distance, octet) in (1..=block).zip(padded.iter().rev()) {
        let in_padding = !distance.ct_gt(&last);
        held &= !in_padding | octet.ct_eq(&last);
    }
    let padding = u8::conditional_select(&1, &last, held);
    (padded.len().saturating_sub(usize::from(padding)), held)
}

/// An encrypted content and its tag.
pub(super) struct Encrypted {
    pub(super) ciphertext: Vec<u8>,
    pub(super) mac: Vec<u8>,
}

/// The algorithm that we write for a content type.
pub(super) fn written(content_type: ContentType) -> ContentAlgorithm {
    match content_type {
        ContentType::AuthEnvelopedData => ContentAlgorithm::AesGcm(256),
        ContentType::EnvelopedData => ContentAlgorithm::AesCbc(256),
    }
}

/// Octets of the IV or nonce of what we write.
pub(super) fn iv_length(content_type: ContentType) -> usize {
    match content_type {
        ContentType::AuthEnvelopedData => 12,
        ContentType::EnvelopedData => 16,
    }
}

/// Encrypts with the algorithm that we write for `content_type`; `None` if key or IV have another length.
pub(super) fn encrypt(content_type: ContentType, key: &Secret<[u8]>, iv: &[u8], plaintext: &[u8]) -> Option<Encrypted> {
    match content_type {
        ContentType::AuthEnvelopedData => {
            let cipher = AesGcm::<aes::Aes256, U12>::new_from_slice(key.expose()).ok()?;
            let nonce = <&aes_gcm::Nonce<U12>>::try_from(iv).ok()?;
            let mut ciphertext = plaintext.to_vec();
            let tag = cipher.encrypt_inout_detached(nonce, &[], ciphertext.as_mut_slice().into()).ok()?;
            Some(Encrypted { ciphertext, mac: tag.to_vec() })
        }
        ContentType::EnvelopedData => {
            let cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(key.expose(), iv).ok()?;
            let ciphertext = cipher.encrypt_padded_vec::<cbc::cipher::block_padding::Pkcs7>(plaintext);
            Some(Encrypted { ciphertext, mac: Vec::new() })
        }
    }
}

#[cfg(test)]
mod tests;
