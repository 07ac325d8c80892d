//! How is a key sealed?
//!
//! AuthEnvelopedData with AES-256-GCM, the content-encryption key wrapped for each certificate by RSAES-OAEP with
//! SHA-256 or by ECDH with AES-256 key wrap. On request, for tools that cannot read that, EnvelopedData with
//! AES-256-CBC: nothing then authenticates the content.

use p256::elliptic_curve::{
    self, AffinePoint, CurveArithmetic, FieldBytesSize, Generate,
    ecdh::EphemeralSecret,
    sec1::{FromSec1Point, ModulusSize, ToSec1Point},
};
use rsa::{Pkcs1v15Encrypt, oaep, traits::RandomizedEncryptor};

use super::{
    Envelope, EnvelopeError, Limits, Payload, algorithms,
    certificate::{Certificate, PublicKey, RsaPublicKey},
    cms::{Agreement, Message, Recipient, RecipientId, shared_info},
    content,
    identity::ContentKey,
    suite::{ContentType, HashAlgorithm, KeyAlgorithm},
};
use crate::{
    error::ErrorCode,
    random::{CryptoRng, Randomness, RandomnessError},
    secret::{Secret, on_wiped_stack},
};

/// The form in which a message is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// AuthEnvelopedData, AES-256-GCM. OpenSSL 3.0 and newer open it.
    #[default]
    Auth,
    /// EnvelopedData, AES-256-CBC, RSAES-OAEP or ECDH: for LibreSSL and OpenSSL 1.1. Not authenticated; opens with
    /// suite `legacy` only, and an `Escrow` refuses it.
    Enveloped,
    /// As `Enveloped`, with RSAES-PKCS1-v1_5: for tools that know nothing else. RSA certificates only.
    EnvelopedPkcs1v15,
}

impl Format {
    fn content_type(self) -> ContentType {
        match self {
            Self::Auth => ContentType::AuthEnvelopedData,
            Self::Enveloped | Self::EnvelopedPkcs1v15 => ContentType::EnvelopedData,
        }
    }
}

/// A message could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// A certificate cannot receive it.
    #[error("certificate {index} of those given cannot receive a sealed key: {reason}")]
    Certificate {
        /// Which of the certificates, counted from one.
        index: usize,
        /// Why not.
        reason: &'static str,
    },
    /// The payload is too large.
    #[error("the payload is too large to be sealed")]
    Payload,
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// There are no recipients, too many, or one twice.
    #[error("a message is sealed to one to {max} different certificates", max = MAX_RECIPIENTS)]
    Recipients,
}

impl SealError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Certificate { .. } | Self::Recipients => ErrorCode::EnvelopeSeal,
            Self::Payload => ErrorCode::EnvelopePayload,
            Self::Randomness(error) => error.code(),
        }
    }
}

/// As many recipients as are read again.
const MAX_RECIPIENTS: usize = 16;

/// Seals a key to certificates, as AuthEnvelopedData.
///
/// Dates are not looked at: core has no clock, and an expired certificate still keeps a key better than none.
///
/// # Errors
/// [`SealError`] if there is no certificate, more than sixteen, one twice, or one that is not RSA-2048 to RSA-8192,
/// P-256 or P-384.
pub fn seal(payload: &Payload, to: &[&Certificate], rng: &dyn Randomness) -> Result<Envelope, SealError> {
    Envelope::seal(payload, to, Format::Auth, rng)
}

impl Envelope {
    /// Seals a key to certificates in the given form; see [`seal`](fn@seal).
    ///
    /// # Errors
    /// As [`seal`](fn@seal).
    pub fn seal(
        payload: &Payload,
        to: &[&Certificate],
        format: Format,
        rng: &dyn Randomness,
    ) -> Result<Self, SealError> {
        on_wiped_stack(|| Self::sealed(payload, to, format, rng))
    }

    fn sealed(payload: &Payload, to: &[&Certificate], format: Format, rng: &dyn Randomness) -> Result<Self, SealError> {
        let plaintext = payload.encode().ok_or(SealError::Payload)?;
        let content_type = format.content_type();
        let content = content::written(content_type);
        let mut content_key = Secret::<[u8]>::copy_from(&[0; 32]);
        rng.fill(content_key.expose_mut())?;
        let recipients = wrap_for(&content_key, to, format, rng)?;
        let mut iv = vec![0; content::iv_length(content_type)];
        rng.fill(&mut iv)?;
        let encrypted =
            content::encrypt(content_type, &content_key, &iv, plaintext.expose()).ok_or(SealError::Payload)?;
        let sealed_content =
            Message::write_sealed_content(content_type, &content, &iv, &encrypted.ciphertext, &encrypted.mac)
                .ok_or(SealError::Payload)?;
        let message = Message {
            content_type,
            recipients,
            other_recipients: 0,
            content,
            iv,
            ciphertext: encrypted.ciphertext,
            authenticated_attributes: None,
            mac: encrypted.mac,
            sealed_content,
        };
        Self::of(message)
    }

    /// The envelope of a message that was put together here.
    pub(super) fn of(message: Message) -> Result<Self, SealError> {
        let der = message.write(&message.recipients).ok_or(SealError::Payload)?;
        // What is written is what is read: an envelope that we could not open again is never given out.
        let read = Self::parse(&der, &Limits::default()).map_err(|_: EnvelopeError| SealError::Payload)?;
        Ok(read)
    }
}

/// Wraps a content-encryption key for every certificate.
pub(super) fn wrap_for(
    content_key: &ContentKey,
    to: &[&Certificate],
    format: Format,
    rng: &dyn Randomness,
) -> Result<Vec<Recipient>, SealError> {
    let mut keys: Vec<&[u8]> = to.iter().map(|certificate| certificate.public_key_der()).collect();
    keys.sort_unstable();
    let twice = keys.windows(2).any(|pair| pair.first() == pair.last());
    if to.is_empty() || to.len() > MAX_RECIPIENTS || twice {
        return Err(SealError::Recipients);
    }
    (1..)
        .zip(to)
        .map(|(index, certificate)| {
            wrap(content_key, certificate, format, rng).map_err(|problem| match problem {
                Problem::Certificate(reason) => SealError::Certificate { index, reason },
                Problem::Randomness(error) => error.into(),
            })
        })
        .collect()
}

/// Why a key cannot be wrapped.
pub(super) enum Problem {
    Certificate(&'static str),
    Randomness(RandomnessError),
}

impl From<RandomnessError> for Problem {
    fn from(error: RandomnessError) -> Self {
        Self::Randomness(error)
    }
}

fn wrap(
    content_key: &ContentKey,
    certificate: &Certificate,
    format: Format,
    rng: &dyn Randomness,
) -> Result<Recipient, Problem> {
    let id = RecipientId::IssuerAndSerialNumber {
        issuer: certificate.issuer_der().to_vec(),
        serial: certificate.serial_number().to_vec(),
    };
    let Wrapped { algorithm, encrypted_key, agreement } =
        wrap_to_key(content_key, certificate.public_key(), format, rng)?;
    Ok(Recipient { id, algorithm, encrypted_key, agreement })
}

/// A content-encryption key, wrapped for a public key.
pub(super) struct Wrapped {
    pub(super) algorithm: KeyAlgorithm,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) agreement: Option<Agreement>,
}

/// Wraps a content-encryption key for a public key.
pub(super) fn wrap_to_key(
    content_key: &ContentKey,
    key: &PublicKey,
    format: Format,
    rng: &dyn Randomness,
) -> Result<Wrapped, Problem> {
    match (key, format) {
        (PublicKey::Rsa(key), _) => transport(content_key, key, format, rng),
        (_, Format::EnvelopedPkcs1v15) => Err(Problem::Certificate("it has no RSA key")),
        (PublicKey::P256(key), _) => agree(content_key, key.key(), HashAlgorithm::Sha256, rng),
        (PublicKey::P384(key), _) => agree(content_key, key.key(), HashAlgorithm::Sha384, rng),
        _ => Err(Problem::Certificate("its key is neither RSA nor P-256 nor P-384")),
    }
}

fn transport(
    content_key: &ContentKey,
    key: &RsaPublicKey,
    format: Format,
    rng: &dyn Randomness,
) -> Result<Wrapped, Problem> {
    if key.bits() < 2048 {
        return Err(Problem::Certificate("its RSA key has fewer than 2048 bits"));
    }
    let public = key.key();
    let mut source = CryptoRng::new(rng);
    let (algorithm, encrypted) = match format {
        Format::EnvelopedPkcs1v15 => {
            (KeyAlgorithm::RsaPkcs1v15, public.encrypt(&mut source, Pkcs1v15Encrypt, content_key.expose()))
        }
        Format::Auth | Format::Enveloped => (
            KeyAlgorithm::oaep(HashAlgorithm::Sha256),
            // `PublicKey::encrypt` leaves the masked key and its mask behind on the heap.
            oaep::EncryptingKey::<sha2::Sha256>::new(public.clone())
                .encrypt_with_rng(&mut source, content_key.expose()),
        ),
    };
    source.finish()?;
    Ok(Wrapped {
        algorithm,
        encrypted_key: encrypted.map_err(|_| Problem::Certificate("its RSA key is not valid"))?,
        agreement: None,
    })
}

fn agree<C>(
    content_key: &ContentKey,
    recipient: &elliptic_curve::PublicKey<C>,
    kdf: HashAlgorithm,
    rng: &dyn Randomness,
) -> Result<Wrapped, Problem>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let unsuitable = Problem::Certificate("its elliptic-curve key cannot wrap");
    let mut source = CryptoRng::new(rng);
    let Ok(ephemeral) = EphemeralSecret::<C>::try_generate_from_rng(&mut source);
    source.finish()?;
    let shared = ephemeral.diffie_hellman(recipient);
    let wrap_bits = 256;
    let Some(wrap_algorithm) = algorithms::write_wrap(wrap_bits) else { return Err(unsuitable) };
    let shared_info = shared_info(&wrap_algorithm, None, wrap_bits);
    let key = super::identity::derive(kdf, shared.raw_secret_bytes(), &shared_info, usize::from(wrap_bits) / 8);
    let Some(encrypted_key) = super::identity::wrap_key(&key, content_key.expose()) else { return Err(unsuitable) };
    let ephemeral = ephemeral.public_key().to_sec1_point(false).as_bytes().to_vec();
    let algorithm = KeyAlgorithm::Ecdh { cofactor: false, kdf, wrap_bits };
    Ok(Wrapped { algorithm, encrypted_key, agreement: Some(Agreement { ephemeral, shared_info }) })
}
