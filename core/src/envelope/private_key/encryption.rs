//! How is a file opened with a password?
//!
//! PBES2 (RFC 8018 §6.2: PBKDF2 or scrypt, then AES or 3DES in CBC) and, for PKCS#12, the one older scheme with a
//! cipher that still holds, pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 §C). What the derivation would cost is in
//! the file, which may be hostile: a [`Budget`] for the whole input is charged before any of it is done.

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use der::{
    Decode, Encode, Sequence,
    asn1::{AnyRef, Null, ObjectIdentifier, OctetStringRef},
};
use des::TdesEde3;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::{
    IdentityError,
    kdf::{self, pkcs12_kdf},
};
use crate::{
    random::{Randomness, RandomnessError},
    secret::Secret,
};

/// The password-based work that one input may still ask for.
#[derive(Debug)]
pub(super) struct Budget {
    iterations: u64,
    scrypt_blocks: u64,
}

impl Budget {
    /// Ten million iterations of a hash, and four times scrypt with its 256 MiB.
    pub(super) fn new() -> Self {
        Self { iterations: MAX_ITERATIONS, scrypt_blocks: 4 * MAX_SCRYPT_BLOCKS }
    }

    /// Takes `iterations` of a hash-based derivation.
    pub(super) fn charge(&mut self, iterations: u64) -> Result<u32, IdentityError> {
        self.iterations = self
            .iterations
            .checked_sub(iterations)
            .ok_or(IdentityError::Unsupported("its password derivation asks for more than 10 million iterations"))?;
        match u32::try_from(iterations) {
            Ok(0) | Err(_) => Err(IdentityError::Syntax("its password derivation asks for no iterations")),
            Ok(iterations) => Ok(iterations),
        }
    }

    /// Takes one scrypt, RFC 7914: memory is 128 N r bytes, time grows with N r p.
    fn charge_scrypt(&mut self, params: &ScryptParams<'_>) -> Result<scrypt::Params, IdentityError> {
        const LIMIT: IdentityError = IdentityError::Unsupported("its scrypt derivation asks for more than 256 MiB");
        let blocks = params.cost_parameter.checked_mul(u64::from(params.block_size)).ok_or(LIMIT)?;
        if blocks > MAX_SCRYPT_BLOCKS {
            return Err(LIMIT);
        }
        let work = blocks.checked_mul(u64::from(params.parallelization)).ok_or(LIMIT)?;
        self.scrypt_blocks = self.scrypt_blocks.checked_sub(work).ok_or(LIMIT)?;
        let malformed = IdentityError::Syntax("its scrypt parameters are not allowed");
        if params.cost_parameter < 2 || !params.cost_parameter.is_power_of_two() {
            return Err(malformed);
        }
        let log_n = u8::try_from(params.cost_parameter.ilog2()).map_err(|_| malformed)?;
        scrypt::Params::new(log_n, params.block_size.into(), params.parallelization.into()).map_err(|_| malformed)
    }
}

/// A password in the two forms that files use.
pub(super) struct Password<'a> {
    /// UTF-8, for PBES2.
    octets: &'a [u8],
    /// UTF-16, big-endian, with two zero octets at the end, for PKCS#12's own derivation (RFC 7292 §B.1).
    bmp: Zeroizing<Vec<u8>>,
}

impl<'a> Password<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut bmp = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
        bmp.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        bmp.extend([0, 0]);
        Self { octets: text.as_bytes(), bmp }
    }

    pub(super) fn bmp(&self) -> &[u8] {
        &self.bmp
    }

    /// Some tools encode the empty password as nothing at all, without the two zero octets.
    pub(super) fn use_empty_bmp(&mut self) {
        self.bmp.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }
}

/// Decrypts with the scheme that `algorithm` names. A wrong password shows as bad padding nearly always, and else as
/// content that cannot be read.
pub(super) fn decrypt(
    algorithm: AlgorithmIdentifierRef<'_>,
    ciphertext: &[u8],
    password: &Password<'_>,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    let malformed = IdentityError::Syntax("malformed encryption parameters");
    let parameters = algorithm.parameters.ok_or(malformed)?;
    match algorithm.oid {
        PBES2 => {
            let params: Pbes2Params<'_> = parameters.decode_as().map_err(|_| malformed)?;
            let cipher = Cipher::named(params.encryption_scheme)?;
            let key = derive(params.key_derivation_func, cipher.key_length(), password, budget)?;
            cipher.decrypt(&key, ciphertext)
        }
        PBE_3DES => {
            let params: Pkcs12PbeParams<'_> = parameters.decode_as().map_err(|_| malformed)?;
            // Key and initialization vector are derived apart.
            let iterations = budget.charge(params.iterations)?;
            budget.charge(params.iterations)?;
            let salt = params.salt.as_bytes();
            let mut key = Zeroizing::new([0; 24]);
            pkcs12_kdf::<Sha1>(kdf::KEY, password.bmp(), salt, iterations, key.as_mut_slice());
            let mut iv = [0; 8];
            pkcs12_kdf::<Sha1>(kdf::IV, password.bmp(), salt, iterations, &mut iv);
            Cipher::TripleDes(&iv).decrypt(key.as_slice(), ciphertext)
        }
        PBE_RC4_128 | PBE_RC4_40 | PBE_2DES | PBE_RC2_128 | PBE_RC2_40 => Err(IdentityError::Unsupported(
            "it is encrypted with RC2, RC4 or two-key 3DES; convert it with \
             `openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW`",
        )),
        _ => Err(IdentityError::Unsupported(
            "it is encrypted with an outdated scheme; convert it with `openssl pkcs8 -topk8 -in OLD -out NEW`",
        )),
    }
}

/// The key for a cipher, derived as `kdf` says.
fn derive(
    kdf: AlgorithmIdentifierRef<'_>,
    length: usize,
    password: &Password<'_>,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    let malformed = IdentityError::Syntax("malformed encryption parameters");
    let parameters = kdf.parameters.ok_or(malformed)?;
    let mut key = Zeroizing::new(vec![0; length]);
    let agrees = |named: Option<u32>| named.is_none_or(|named| usize::try_from(named) == Ok(length));
    match kdf.oid {
        PBKDF2 => {
            let params: Pbkdf2Params<'_> = parameters.decode_as().map_err(|_| malformed)?;
            if !agrees(params.key_length) {
                return Err(malformed);
            }
            let (prf, output): (Pbkdf2, usize) = match params.prf.map_or(HMAC_SHA1, |prf| prf.oid) {
                HMAC_SHA1 => (pbkdf2::pbkdf2_hmac::<Sha1>, 20),
                HMAC_SHA224 => (pbkdf2::pbkdf2_hmac::<Sha224>, 28),
                HMAC_SHA256 => (pbkdf2::pbkdf2_hmac::<Sha256>, 32),
                HMAC_SHA384 => (pbkdf2::pbkdf2_hmac::<Sha384>, 48),
                HMAC_SHA512 => (pbkdf2::pbkdf2_hmac::<Sha512>, 64),
                _ => return Err(IdentityError::Unsupported("its password derivation uses an unknown hash")),
            };
            let iterations = budget.charge(params.iteration_count)?;
            // A key longer than the hash costs the iterations once more: AES-256 under SHA-1.
            if length > output {
                budget.charge(params.iteration_count)?;
            }
            prf(password.octets, params.salt.as_bytes(), iterations, &mut key);
        }
        SCRYPT => {
            let params: ScryptParams<'_> = parameters.decode_as().map_err(|_| malformed)?;
            if !agrees(params.key_length) {
                return Err(malformed);
            }
            let costs = budget.charge_scrypt(&params)?;
            scrypt::scrypt(password.octets, params.salt.as_bytes(), &costs, &mut key).map_err(|_| malformed)?;
        }
        _ => return Err(IdentityError::Unsupported("its password derivation is neither PBKDF2 nor scrypt")),
    }
    Ok(key)
}

/// PBKDF2 with one hash: password, salt, iterations, output.
type Pbkdf2 = fn(&[u8], &[u8], u32, &mut [u8]);

/// A cipher of PBES2 with its initialization vector, RFC 8018 §B.2.
enum Cipher<'a> {
    Aes128(&'a [u8]),
    Aes192(&'a [u8]),
    Aes256(&'a [u8]),
    TripleDes(&'a [u8]),
}

impl<'a> Cipher<'a> {
    fn named(scheme: AlgorithmIdentifierRef<'a>) -> Result<Self, IdentityError> {
        let malformed = IdentityError::Syntax("malformed encryption parameters");
        let iv = || {
            let parameters = scheme.parameters.ok_or(malformed)?;
            parameters.decode_as::<&OctetStringRef>().map(OctetStringRef::as_bytes).map_err(|_| malformed)
        };
        Ok(match scheme.oid {
            AES_128_CBC => Self::Aes128(iv()?),
            AES_192_CBC => Self::Aes192(iv()?),
            AES_256_CBC => Self::Aes256(iv()?),
            DES_EDE3_CBC => Self::TripleDes(iv()?),
            _ => {
                return Err(IdentityError::Unsupported(
                    "it is encrypted with neither AES-CBC nor 3DES-CBC; convert it with \
                 `openssl pkcs8 -topk8 -v2 aes256 -in OLD -out NEW`",
                ));
            }
        })
    }

    fn key_length(&self) -> usize {
        match self {
            Self::Aes128(_) => 16,
            Self::Aes192(_) | Self::TripleDes(_) => 24,
            Self::Aes256(_) => 32,
        }
    }

    /// Decrypts in one buffer, which is wiped whatever comes of it.
    fn decrypt(&self, key: &[u8], ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        fn run<C: BlockModeDecrypt + KeyIvInit>(
            key: &[u8],
            iv: &[u8],
            ciphertext: &[u8],
        ) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
            let cipher =
                C::new_from_slices(key, iv).map_err(|_| IdentityError::Syntax("malformed encryption parameters"))?;
            let mut buffer = Zeroizing::new(ciphertext.to_vec());
            let length = cipher.decrypt_padded::<Pkcs7>(&mut buffer).map_err(|_| IdentityError::PasswordWrong)?.len();
            buffer.truncate(length);
            Ok(buffer)
        }
        match self {
            Self::Aes128(iv) => run::<cbc::Decryptor<Aes128>>(key, iv, ciphertext),
            Self::Aes192(iv) => run::<cbc::Decryptor<Aes192>>(key, iv, ciphertext),
            Self::Aes256(iv) => run::<cbc::Decryptor<Aes256>>(key, iv, ciphertext),
            Self::TripleDes(iv) => run::<cbc::Decryptor<TdesEde3>>(key, iv, ciphertext),
        }
    }
}

/// EncryptedPrivateKeyInfo (RFC 5958 §3) of a PrivateKeyInfo.
pub(super) fn encrypt_pkcs8(
    plain: &[u8],
    password: &Secret<str>,
    rng: &dyn Randomness,
) -> Result<Vec<u8>, RandomnessError> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rng.fill(&mut salt)?;
    rng.fill(&mut iv)?;
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::pbkdf2_hmac::<Sha256>(password.expose().as_bytes(), &salt, WRITTEN_ITERATIONS, key.as_mut_slice());
    let ciphertext = cbc::Encryptor::<Aes256>::new((&*key).into(), (&iv).into()).encrypt_padded_vec::<Pkcs7>(plain);
    // Encoding fails only beyond 256 MiB.
    Ok(encode_encrypted(&salt, &iv, &ciphertext).unwrap_or_default())
}

fn encode_encrypted(salt: &[u8], iv: &[u8], ciphertext: &[u8]) -> der::Result<Vec<u8>> {
    let kdf = Pbkdf2Params {
        salt: OctetStringRef::new(salt)?,
        iteration_count: WRITTEN_ITERATIONS.into(),
        key_length: None,
        prf: Some(AlgorithmIdentifierRef { oid: HMAC_SHA256, parameters: Some(Null.into()) }),
    }
    .to_der()?;
    let params = Pbes2Params {
        key_derivation_func: AlgorithmIdentifierRef { oid: PBKDF2, parameters: Some(AnyRef::from_der(&kdf)?) },
        encryption_scheme: AlgorithmIdentifierRef {
            oid: AES_256_CBC,
            parameters: Some(OctetStringRef::new(iv)?.into()),
        },
    }
    .to_der()?;
    EncryptedPrivateKeyInfo {
        encryption_algorithm: AlgorithmIdentifierRef { oid: PBES2, parameters: Some(AnyRef::from_der(&params)?) },
        encrypted_data: OctetStringRef::new(ciphertext)?,
    }
    .to_der()
}

/// EncryptedPrivateKeyInfo, RFC 5958 §3.
#[derive(Sequence)]
pub(super) struct EncryptedPrivateKeyInfo<'a> {
    pub(super) encryption_algorithm: AlgorithmIdentifierRef<'a>,
    pub(super) encrypted_data: &'a OctetStringRef,
}

/// PBES2-params, RFC 8018 §A.4.
#[derive(Sequence)]
struct Pbes2Params<'a> {
    key_derivation_func: AlgorithmIdentifierRef<'a>,
    encryption_scheme: AlgorithmIdentifierRef<'a>,
}

/// PBKDF2-params, RFC 8018 §A.2; without a PRF it is HMAC-SHA-1.
#[derive(Sequence)]
struct Pbkdf2Params<'a> {
    salt: &'a OctetStringRef,
    iteration_count: u64,
    #[asn1(optional = "true")]
    key_length: Option<u32>,
    #[asn1(optional = "true")]
    prf: Option<AlgorithmIdentifierRef<'a>>,
}

/// scrypt-params, RFC 7914 §7.1.
#[derive(Sequence)]
struct ScryptParams<'a> {
    salt: &'a OctetStringRef,
    cost_parameter: u64,
    block_size: u16,
    parallelization: u16,
    #[asn1(optional = "true")]
    key_length: Option<u32>,
}

/// pkcs-12PbeParams, RFC 7292 §C.
#[derive(Sequence)]
struct Pkcs12PbeParams<'a> {
    salt: &'a OctetStringRef,
    iterations: u64,
}

/// OWASP's figure for PBKDF2-HMAC-SHA-256 since 2023.
const WRITTEN_ITERATIONS: u32 = 600_000;
const MAX_ITERATIONS: u64 = 10_000_000;
/// 256 MiB in blocks of 128 bytes.
const MAX_SCRYPT_BLOCKS: u64 = 256 * 1024 * 1024 / 128;

// RFC 8018 §C, RFC 7914 §7, RFC 3565.
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");
const HMAC_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.7");
const HMAC_SHA224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.8");
const HMAC_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
const HMAC_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.10");
const HMAC_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.11");
const DES_EDE3_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.3.7");
const AES_128_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2");
const AES_192_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22");
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
// RFC 7292 §C.
const PBE_RC4_128: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.1");
const PBE_RC4_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.2");
const PBE_3DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const PBE_2DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.4");
const PBE_RC2_128: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5");
const PBE_RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");

#[cfg(test)]
mod tests;
