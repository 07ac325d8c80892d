//! Which algorithms does a message use, and which does the caller allow?
//!
//! An allow-list names triples of content type, key algorithm and content algorithm. It is chosen by the
//! caller, never by the message, and checked before any private-key operation: so a message relabelled to a
//! weaker algorithm does not take the weaker path.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A hash function, as a parameter of RSAES-OAEP, MGF1 or a key derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// SHA-1: only ever to read.
    Sha1,
    /// SHA-224: only ever to read.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SHA-512/224: only ever to read.
    Sha512_224,
    /// SHA-512/256: only ever to read.
    Sha512_256,
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Sha512_224 => "SHA-512/224",
            Self::Sha512_256 => "SHA-512/256",
        })
    }
}

/// The two content types that hold a sealed key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ContentType {
    /// AuthEnvelopedData, RFC 5083: the content is authenticated.
    AuthEnvelopedData,
    /// EnvelopedData, RFC 5652 §6: the content is not authenticated.
    EnvelopedData,
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AuthEnvelopedData => "AuthEnvelopedData",
            Self::EnvelopedData => "EnvelopedData",
        })
    }
}

/// How the content-encryption key reaches a recipient.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// Ephemeral-static ECDH, X9.63 key derivation, AES key wrap (RFC 5753 §7.1).
    Ecdh {
        /// Whether the cofactor variant is named. Its result is the same on the curves that are supported.
        cofactor: bool,
        /// The hash of the key derivation.
        kdf: HashAlgorithm,
        /// Bits of the AES key that wraps: 128, 192 or 256.
        wrap_bits: u16,
    },
    /// RSAES-OAEP (RFC 8017 §7.1, RFC 4055 §4).
    RsaOaep {
        /// The hash of the label.
        hash: HashAlgorithm,
        /// The hash of MGF1.
        mgf: HashAlgorithm,
        /// The label, usually empty.
        label: Vec<u8>,
    },
    /// RSAES-PKCS1-v1_5 (RFC 8017 §7.2).
    RsaPkcs1v15,
    /// Something else; the text names it.
    Unsupported(String),
}

impl KeyAlgorithm {
    /// What we write to an RSA certificate.
    pub(crate) fn oaep(hash: HashAlgorithm) -> Self {
        Self::RsaOaep { hash, mgf: hash, label: Vec::new() }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ecdh { cofactor, kdf, wrap_bits } => {
                let scheme = if *cofactor { "cofactor ECDH" } else { "ECDH" };
                write!(f, "{scheme} with a {kdf} KDF and AES-{wrap_bits} key wrap")
            }
            Self::RsaOaep { hash, mgf, label } => {
                write!(f, "RSAES-OAEP with {hash}")?;
                if hash != mgf {
                    write!(f, " and MGF1-{mgf}")?;
                }
                if label.is_empty() { Ok(()) } else { f.write_str(" and a label") }
            }
            Self::RsaPkcs1v15 => f.write_str("RSAES-PKCS1-v1_5"),
            Self::Unsupported(what) => f.write_str(what),
        }
    }
}

/// How the content is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContentAlgorithm {
    /// AES in CBC mode with PKCS #7 padding (RFC 3565): 128, 192 or 256 bits.
    AesCbc(u16),
    /// AES in GCM mode with a 12-byte nonce and a 16-byte tag (RFC 5084): 128, 192 or 256 bits.
    AesGcm(u16),
    /// AES-GCM inside EnvelopedData, tag behind the ciphertext, with parameters of no standard: what the Go
    /// packages that descend from fullsailor/pkcs7 write. 128 or 256 bits.
    AesGcmGo(u16),
    /// DES in CBC mode: 56 bits, only ever to read.
    DesCbc,
    /// Three-key DES in CBC mode (RFC 3370 §5.1), only ever to read.
    TripleDesCbc,
    /// Something else; the text names it.
    Unsupported(String),
}

impl ContentAlgorithm {
    /// Whether the mode authenticates what it decrypts.
    pub fn is_authenticated(&self) -> bool {
        matches!(self, Self::AesGcm(_) | Self::AesGcmGo(_))
    }

    /// Octets of the content-encryption key.
    pub(crate) fn key_length(&self) -> usize {
        match self {
            Self::AesCbc(bits) | Self::AesGcm(bits) | Self::AesGcmGo(bits) => usize::from(*bits) / 8,
            Self::DesCbc => 8,
            Self::TripleDesCbc => 24,
            Self::Unsupported(_) => 0,
        }
    }
}

impl fmt::Display for ContentAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AesCbc(bits) => write!(f, "AES-{bits}-CBC"),
            Self::AesGcm(bits) => write!(f, "AES-{bits}-GCM"),
            Self::AesGcmGo(bits) => write!(f, "AES-{bits}-GCM with Go's parameters"),
            Self::DesCbc => f.write_str("DES-CBC"),
            Self::TripleDesCbc => f.write_str("3DES-CBC"),
            Self::Unsupported(what) => f.write_str(what),
        }
    }
}

/// A named allow-list. `docs/envelope.md` prints the triples of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Suite {
    /// AuthEnvelopedData as we write it.
    Modern,
    /// `Modern`, and what macOS writes: RSAES-PKCS1-v1_5 with 3DES-CBC or AES-CBC.
    FileVault,
    /// All that can be read, DES and RSA-1024 included. Off unless named.
    Legacy,
}

impl Suite {
    /// Every suite, the strictest first.
    pub const ALL: &'static [Self] = &[Self::Modern, Self::FileVault, Self::Legacy];

    /// The word on the command line and in stored records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::FileVault => "filevault",
            Self::Legacy => "legacy",
        }
    }

    /// Whether a message of this triple may be opened.
    pub fn allows(self, content_type: ContentType, key: &KeyAlgorithm, content: &ContentAlgorithm) -> bool {
        use ContentType::{AuthEnvelopedData, EnvelopedData};
        use HashAlgorithm::{Sha256, Sha384};
        match self {
            Self::Modern => {
                let key = match key {
                    KeyAlgorithm::RsaOaep { hash, mgf, label } => *hash == Sha256 && *mgf == Sha256 && label.is_empty(),
                    KeyAlgorithm::Ecdh { cofactor, kdf, wrap_bits } => {
                        !cofactor && matches!(kdf, Sha256 | Sha384) && *wrap_bits == 256
                    }
                    _ => false,
                };
                key && content_type == AuthEnvelopedData && *content == ContentAlgorithm::AesGcm(256)
            }
            Self::FileVault => {
                Self::Modern.allows(content_type, key, content)
                    || content_type == EnvelopedData
                        && *key == KeyAlgorithm::RsaPkcs1v15
                        && matches!(content, ContentAlgorithm::TripleDesCbc | ContentAlgorithm::AesCbc(_))
            }
            Self::Legacy => {
                // Never: stream ciphers, AEAD outside of AuthEnvelopedData (but for Go's), CBC inside it.
                let content = match content_type {
                    AuthEnvelopedData => matches!(content, ContentAlgorithm::AesGcm(_)),
                    EnvelopedData => matches!(
                        content,
                        ContentAlgorithm::AesCbc(_)
                            | ContentAlgorithm::AesGcmGo(_)
                            | ContentAlgorithm::DesCbc
                            | ContentAlgorithm::TripleDesCbc
                    ),
                };
                content && !matches!(key, KeyAlgorithm::Unsupported(_))
            }
        }
    }

    /// Whether RSA keys of fewer than 2048 bits may open.
    pub(crate) fn allows_short_rsa(self) -> bool {
        self == Self::Legacy
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Suite {
    type Err = UnknownSuite;

    fn from_str(text: &str) -> Result<Self, UnknownSuite> {
        Self::ALL.iter().copied().find(|suite| suite.as_str() == text).ok_or(UnknownSuite)
    }
}

/// The word names no suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such suite: modern, filevault and legacy are known")]
#[non_exhaustive]
pub struct UnknownSuite;

/// What may be opened: a named suite, or exactly what a re-wrapped envelope must be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allowed {
    /// A named suite.
    Suite(Suite),
    /// An envelope that was wrapped anew: OAEP or ECDH as we write them, over the content as it was.
    Rewrapped {
        /// The content type of the original.
        content_type: ContentType,
        /// The content algorithm of the original.
        content: ContentAlgorithm,
    },
}

impl Allowed {
    pub(crate) fn allows(&self, content_type: ContentType, key: &KeyAlgorithm, content: &ContentAlgorithm) -> bool {
        match self {
            Self::Suite(suite) => suite.allows(content_type, key, content),
            Self::Rewrapped { content_type: original_type, content: original } => {
                content_type == *original_type
                    && content == original
                    && Suite::Modern.allows(ContentType::AuthEnvelopedData, key, &ContentAlgorithm::AesGcm(256))
            }
        }
    }

    pub(crate) fn allows_short_rsa(&self) -> bool {
        matches!(self, Self::Suite(suite) if suite.allows_short_rsa())
    }
}

impl From<Suite> for Allowed {
    fn from(suite: Suite) -> Self {
        Self::Suite(suite)
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suite(suite) => write!(f, "suite {suite}"),
            Self::Rewrapped { content_type, content } => write!(f, "the re-wrapped {content_type} with {content}"),
        }
    }
}
