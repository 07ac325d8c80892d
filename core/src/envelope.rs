//! How is a recovery key sealed to a certificate, and opened with its private key?
//!
//! CMS (RFC 5652, RFC 5083) in and out: [`seal`](fn@seal) writes AuthEnvelopedData that `openssl cms -decrypt` opens
//! without this library; [`Envelope`] reads that and what macOS, Fleet, OpenSSL, Bouncy Castle, NSS and AWS KMS write.
//! The order is always the same: structure, then the allow-list ([`Suite`]), then one private-key operation, then the
//! content, and nothing of it is released before tag or grammar held. What fails after the structure fails in one
//! way.

mod algorithms;
mod armor;
pub(crate) mod ber;
pub mod canary;
pub mod certificate;
mod cms;
mod content;
pub mod identity;
mod inspect;
pub mod judge;
mod keyring;
mod open;
mod payload;
pub mod private_key;
mod rewrap;
mod seal;
mod suite;
mod transport;
#[cfg(test)]
mod vectors;

use crate::{error::ErrorCode, ids::Digest, random::RandomnessError};

pub use certificate::{
    Certificate, CertificateError, Fingerprint, FingerprintError, KeyUsage, NewCertificate, P256PublicKey,
    P384PublicKey, PublicKey, RsaPublicKey, Validity,
};
pub use identity::{Identity, Unavailable};
pub use inspect::{Inspection, Note, RecipientInspection};
pub use judge::judge;
pub use keyring::Keyring;
pub use open::{OpenOptions, Opened, RawContent};
pub use payload::{Origin, Owner, Payload};
pub use private_key::{Bundle, IdentityError, PrivateKey, pair};
pub use rewrap::{RewrapError, Rewrapped};
pub use seal::{Format, SealError, seal};
pub use suite::{Allowed, ContentAlgorithm, ContentType, HashAlgorithm, KeyAlgorithm, Suite, UnknownSuite};

/// What is looked at before any work is done on a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the message, without the text around it.
    pub input_bytes: usize,
    /// Levels of nesting.
    pub depth: usize,
    /// Recipients.
    pub recipients: usize,
}

impl Default for Limits {
    /// 64 KiB, 32 levels, 16 recipients: a hundred times what a recovery key needs.
    fn default() -> Self {
        Self { input_bytes: 64 * 1024, depth: 32, recipients: 16 }
    }
}

impl Limits {
    /// The limits with another size, in bytes.
    #[must_use]
    pub fn input_bytes(mut self, input_bytes: usize) -> Self {
        self.input_bytes = input_bytes;
        self
    }

    /// The limits with another number of recipients.
    #[must_use]
    pub fn recipients(mut self, recipients: usize) -> Self {
        self.recipients = recipients;
        self
    }
}

/// A sealed message: EnvelopedData or AuthEnvelopedData.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The message as DER, whatever it was written in.
    der: Vec<u8>,
    message: cms::Message,
}

impl Envelope {
    /// Reads the structure of a message: BER or DER, base64, PEM, or with S/MIME headers. No key is used.
    ///
    /// Bytes after the message are refused, white space and NUL excepted.
    ///
    /// # Errors
    /// [`EnvelopeError::Malformed`], [`EnvelopeError::Limit`], or [`EnvelopeError::Type`] if it is a CMS message of
    /// another type.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, EnvelopeError> {
        let decoded = transport::decode(bytes, limits)?;
        let der = ber::to_der(&decoded, limits)?;
        let message = cms::Message::read(&der, limits)?;
        Ok(Self { der, message })
    }

    /// The message as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the DER. The same message in BER, base64 or PEM has the same digest.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.der)
    }

    /// SHA-256 of the wrapped key that is for the first of these certificates that is a recipient, or of all
    /// wrapped keys if none is: the same for every spelling of a message, also with bytes changed elsewhere, and
    /// different for every message that was sealed anew.
    pub fn wrapped_key_digest(&self, known: &[Certificate]) -> Digest {
        let recipients = &self.message.recipients;
        let known = known
            .iter()
            .find_map(|certificate| recipients.iter().find(|recipient| keyring::names(&recipient.id, certificate)));
        let wrapped: Vec<&cms::Recipient> = match known {
            Some(recipient) => vec![recipient],
            None => recipients.iter().collect(),
        };
        let mut keys: Vec<&[u8]> =
            wrapped.into_iter().map(|recipient| keyring::trimmed(&recipient.encrypted_key)).collect();
        keys.sort_unstable();
        let mut bytes = Vec::new();
        for key in keys {
            bytes.extend_from_slice(&key.len().to_be_bytes());
            bytes.extend_from_slice(key);
        }
        Digest::of(&bytes)
    }

    /// EnvelopedData or AuthEnvelopedData.
    pub fn content_type(&self) -> ContentType {
        self.message.content_type
    }

    /// How the content is encrypted.
    pub fn content_algorithm(&self) -> &ContentAlgorithm {
        &self.message.content
    }
}

/// A message could not be read, opened or made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The message was not authenticated, so that only content of a known kind may be released; the caller named
    /// none.
    #[error("nothing authenticates the content: name the kind of key that it should be")]
    KindNeeded,
    /// The message is larger, deeper or has more recipients than the limits allow.
    #[error("the {what} of the message is over the limit")]
    Limit {
        /// What is over the limit.
        what: &'static str,
    },
    /// The bytes are not a message of this form.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// No identity in the keyring is a recipient.
    #[error("no identity in the keyring is a recipient of this message")]
    NoRecipient,
    /// The message did not open as a key of the kind, for the owner, that was asked for. Whether the key, the
    /// padding, the tag or the content was wrong is not told.
    #[error("the message did not open as what it should be")]
    Open,
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The algorithms are not on the list that the caller allows.
    #[error("{message} is not allowed by {allowed}")]
    Suite {
        /// Content type, key algorithm and content algorithm of the message.
        message: String,
        /// The list.
        allowed: String,
    },
    /// The message is of a type that holds no key sealed to a certificate.
    #[error("{0} holds no key that is sealed to a certificate")]
    Type(MessageType),
    /// A private key cannot be reached, so nothing is known about the message.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl EnvelopeError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::KindNeeded => ErrorCode::EnvelopeKindNeeded,
            Self::Limit { .. } => ErrorCode::EnvelopeLimit,
            Self::Malformed(_) => ErrorCode::EnvelopeSyntax,
            Self::NoRecipient => ErrorCode::EnvelopeNoRecipient,
            Self::Open => ErrorCode::EnvelopeOpen,
            Self::Randomness(error) => error.code(),
            Self::Suite { .. } => ErrorCode::EnvelopeSuite,
            Self::Type(_) => ErrorCode::EnvelopeType,
            Self::Unavailable(error) => error.code(),
        }
    }
}

/// What is wrong with the structure of a message. All of it can be seen without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The text is base64url (RFC 4648 §5), which is not read.
    #[error("this is base64url and not base64: write `+` for `-` and `/` for `_`")]
    Base64Url,
    /// The encrypted content, or its tag, has a length that its algorithm does not allow.
    #[error("the encrypted content has a length that its algorithm does not allow")]
    ContentLength,
    /// The text is a `data:` URL (RFC 2397), which is not read.
    #[error("this is a data: URL: give what follows its comma")]
    DataUrl,
    /// A tag or length of BER is not valid.
    #[error("the message is not valid BER")]
    Encoding,
    /// The message has no content: it is detached.
    #[error("the message has no encrypted content")]
    NoContent,
    /// The bytes are neither a CMS message nor base64 or PEM of one.
    #[error("this is not a CMS message, nor base64 or PEM of one")]
    NotCms,
    /// Two wrapped keys lead to one private key.
    #[error("two recipients of the message are the same")]
    RecipientTwice,
    /// The elements are not those of the message's type.
    #[error("the message does not have the structure of its type")]
    Structure,
    /// Bytes that are neither white space nor NUL follow the message.
    #[error("other bytes follow the message")]
    Trailing,
    /// The message ends too early.
    #[error("the message ends too early")]
    Truncated,
}

/// Types of CMS messages that hold no key sealed to a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageType {
    /// AuthenticatedData, RFC 5652 §9.
    #[error("AuthenticatedData")]
    AuthenticatedData,
    /// CompressedData, RFC 3274.
    #[error("CompressedData")]
    CompressedData,
    /// Data, RFC 5652 §4.
    #[error("Data")]
    Data,
    /// DigestedData, RFC 5652 §7.
    #[error("DigestedData")]
    DigestedData,
    /// EncryptedData, RFC 5652 §8: sealed with a key that both sides have.
    #[error("EncryptedData")]
    EncryptedData,
    /// Something else.
    #[error("a message of an unknown type")]
    Other,
    /// SignedData, RFC 5652 §5.
    #[error("SignedData")]
    SignedData,
}

#[cfg(test)]
mod tests;
