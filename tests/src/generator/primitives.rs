//! The cryptography that the generator writes with: content encryption and key transport, by the
//! RustCrypto primitives, and randomness of the operating system.

use aes_gcm::aead::{Aead, KeyInit, Nonce};
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm};
use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7, consts::U12};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use rsa::{Oaep, Pkcs1v15Encrypt, PublicKey};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// A hash function, of OAEP or MGF1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// Its object identifier.
    pub fn oid(self) -> &'static str {
        match self {
            Self::Sha1 => "1.3.14.3.2.26",
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        }
    }
}

/// A content cipher.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cipher {
    /// AES-CBC with a key of so many bits.
    AesCbc(u16),
    /// AES-GCM with a key of so many bits.
    AesGcm(u16),
    /// Single DES in CBC mode.
    DesCbc,
    /// Triple DES in CBC mode.
    TripleDesCbc,
}

impl Cipher {
    /// Its object identifier.
    ///
    /// # Panics
    /// For AES keys of other than 128, 192 or 256 bits.
    pub fn oid(self) -> &'static str {
        match self {
            Self::AesCbc(128) => "2.16.840.1.101.3.4.1.2",
            Self::AesCbc(192) => "2.16.840.1.101.3.4.1.22",
            Self::AesCbc(256) => "2.16.840.1.101.3.4.1.42",
            Self::AesGcm(128) => "2.16.840.1.101.3.4.1.6",
            Self::AesGcm(192) => "2.16.840.1.101.3.4.1.26",
            Self::AesGcm(256) => "2.16.840.1.101.3.4.1.46",
            Self::DesCbc => "1.3.14.3.2.7",
            Self::TripleDesCbc => "1.2.840.113549.3.7",
            Self::AesCbc(bits) | Self::AesGcm(bits) => panic!("no AES of {bits} bits"),
        }
    }

    /// Octets of its key.
    pub fn key_length(self) -> usize {
        match self {
            Self::AesCbc(bits) | Self::AesGcm(bits) => usize::from(bits) / 8,
            Self::DesCbc => 8,
            Self::TripleDesCbc => 24,
        }
    }

    /// Octets of its initialization vector or nonce.
    pub fn iv_length(self) -> usize {
        match self {
            Self::AesCbc(_) => 16,
            Self::AesGcm(_) => 12,
            Self::DesCbc | Self::TripleDesCbc => 8,
        }
    }

    /// The ciphertext; of GCM, with the 16-byte tag behind it.
    pub fn encrypt(self, key: &[u8], iv: &[u8], plaintext: &[u8]) -> Vec<u8> {
        match self {
            Self::AesCbc(128) => encrypt_cbc::<cbc::Encryptor<aes::Aes128>>(key, iv, plaintext),
            Self::AesCbc(192) => encrypt_cbc::<cbc::Encryptor<aes::Aes192>>(key, iv, plaintext),
            Self::AesCbc(_) => encrypt_cbc::<cbc::Encryptor<aes::Aes256>>(key, iv, plaintext),
            Self::AesGcm(128) => encrypt_gcm::<Aes128Gcm>(key, iv, plaintext),
            Self::AesGcm(192) => encrypt_gcm::<AesGcm<aes::Aes192, U12>>(key, iv, plaintext),
            Self::AesGcm(_) => encrypt_gcm::<Aes256Gcm>(key, iv, plaintext),
            Self::DesCbc => encrypt_cbc::<cbc::Encryptor<des::Des>>(key, iv, plaintext),
            Self::TripleDesCbc => encrypt_cbc::<cbc::Encryptor<des::TdesEde3>>(key, iv, plaintext),
        }
    }
}

fn encrypt_cbc<C: KeyIvInit + BlockModeEncrypt>(key: &[u8], iv: &[u8], plaintext: &[u8]) -> Vec<u8> {
    C::new_from_slices(key, iv).unwrap().encrypt_padded_vec::<Pkcs7>(plaintext)
}

fn encrypt_gcm<C: KeyInit + Aead>(key: &[u8], nonce: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let nonce = Nonce::<C>::try_from(nonce).unwrap();
    C::new_from_slice(key).unwrap().encrypt(&nonce, plaintext).unwrap()
}

/// RSAES-PKCS1-v1_5.
pub fn wrap_pkcs1(key: &PublicKey, content_key: &[u8]) -> Vec<u8> {
    key.encrypt(&mut UnwrapErr(SysRng), Pkcs1v15Encrypt, content_key).unwrap()
}

/// RSAES-OAEP.
pub fn wrap_oaep(key: &PublicKey, hash: Hash, mgf1: Hash, label: &[u8], content_key: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha1 => wrap_oaep_with::<Sha1>(key, mgf1, label, content_key),
        Hash::Sha256 => wrap_oaep_with::<Sha256>(key, mgf1, label, content_key),
        Hash::Sha384 => wrap_oaep_with::<Sha384>(key, mgf1, label, content_key),
        Hash::Sha512 => wrap_oaep_with::<Sha512>(key, mgf1, label, content_key),
    }
}

fn wrap_oaep_with<D>(key: &PublicKey, mgf1: Hash, label: &[u8], content_key: &[u8]) -> Vec<u8>
where
    D: sha2::Digest + sha2::digest::FixedOutputReset + 'static + Send + Sync,
{
    let mut random = UnwrapErr(SysRng);
    match mgf1 {
        Hash::Sha1 => key.encrypt(&mut random, Oaep::<D, Sha1>::new_with_mgf_hash_and_label(label), content_key),
        Hash::Sha256 => key.encrypt(&mut random, Oaep::<D, Sha256>::new_with_mgf_hash_and_label(label), content_key),
        Hash::Sha384 => key.encrypt(&mut random, Oaep::<D, Sha384>::new_with_mgf_hash_and_label(label), content_key),
        Hash::Sha512 => key.encrypt(&mut random, Oaep::<D, Sha512>::new_with_mgf_hash_and_label(label), content_key),
    }
    .unwrap()
}

/// So many random octets.
pub fn random(length: usize) -> Vec<u8> {
    let mut octets = vec![0; length];
    getrandom::fill(&mut octets).unwrap();
    octets
}
