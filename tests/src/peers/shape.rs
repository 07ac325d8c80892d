//! The words in which a test says what a message is to be.

use std::fmt;

/// The content type, RFC 5652 and RFC 5083.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// AuthEnvelopedData.
    Auth,
    /// EnvelopedData.
    Enveloped,
}

/// How the content key reaches its recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyTransport {
    /// ECDH with cofactor, X9.63 KDF over SHA-1.
    EcdhCofactorSha1,
    /// ECDH with cofactor, X9.63 KDF over SHA-256.
    EcdhCofactorSha256,
    /// ECDH with cofactor, X9.63 KDF over SHA-384.
    EcdhCofactorSha384,
    /// ECDH with cofactor, X9.63 KDF over SHA-512.
    EcdhCofactorSha512,
    /// ECDH, X9.63 KDF over SHA-1.
    EcdhSha1,
    /// ECDH, X9.63 KDF over SHA-256.
    EcdhSha256,
    /// ECDH, X9.63 KDF over SHA-384.
    EcdhSha384,
    /// ECDH, X9.63 KDF over SHA-512.
    EcdhSha512,
    /// RSAES-OAEP with SHA-1.
    RsaOaepSha1,
    /// RSAES-OAEP with SHA-256, both as hash and in MGF1.
    RsaOaepSha256,
    /// RSAES-OAEP with SHA-256 and MGF1 with SHA-1.
    RsaOaepSha256Mgf1Sha1,
    /// RSAES-OAEP with SHA-384.
    RsaOaepSha384,
    /// RSAES-OAEP with SHA-512.
    RsaOaepSha512,
    /// RSAES-PKCS1-v1_5.
    RsaPkcs1,
}

impl KeyTransport {
    /// Whether it is an agreement, for EC recipients.
    #[must_use]
    pub fn is_agreement(self) -> bool {
        self.word().starts_with("ecdh")
    }

    /// Whether it is RSAES-OAEP.
    #[must_use]
    pub fn is_oaep(self) -> bool {
        self.word().starts_with("rsa-oaep")
    }

    /// The word of the peers' command lines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::EcdhCofactorSha1 => "ecdh-cofactor-sha1",
            Self::EcdhCofactorSha256 => "ecdh-cofactor-sha256",
            Self::EcdhCofactorSha384 => "ecdh-cofactor-sha384",
            Self::EcdhCofactorSha512 => "ecdh-cofactor-sha512",
            Self::EcdhSha1 => "ecdh-sha1",
            Self::EcdhSha256 => "ecdh-sha256",
            Self::EcdhSha384 => "ecdh-sha384",
            Self::EcdhSha512 => "ecdh-sha512",
            Self::RsaOaepSha1 => "rsa-oaep-sha1",
            Self::RsaOaepSha256 => "rsa-oaep-sha256",
            Self::RsaOaepSha256Mgf1Sha1 => "rsa-oaep-sha256-mgf1-sha1",
            Self::RsaOaepSha384 => "rsa-oaep-sha384",
            Self::RsaOaepSha512 => "rsa-oaep-sha512",
            Self::RsaPkcs1 => "rsa-pkcs1",
        }
    }
}

/// How the content is encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Content {
    /// AES-128 in CBC mode.
    Aes128Cbc,
    /// AES-128 in GCM mode.
    Aes128Gcm,
    /// AES-192 in CBC mode.
    Aes192Cbc,
    /// AES-192 in GCM mode.
    Aes192Gcm,
    /// AES-256 in CBC mode.
    Aes256Cbc,
    /// AES-256 in GCM mode.
    Aes256Gcm,
    /// Single DES in CBC mode.
    Des,
    /// Triple DES in CBC mode.
    TripleDes,
}

impl Content {
    /// Whether it is GCM.
    #[must_use]
    pub fn is_gcm(self) -> bool {
        self.word().ends_with("gcm")
    }

    /// The word of the peers' command lines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Aes128Cbc => "aes128-cbc",
            Self::Aes128Gcm => "aes128-gcm",
            Self::Aes192Cbc => "aes192-cbc",
            Self::Aes192Gcm => "aes192-gcm",
            Self::Aes256Cbc => "aes256-cbc",
            Self::Aes256Gcm => "aes256-gcm",
            Self::Des => "des",
            Self::TripleDes => "3des",
        }
    }
}

/// How an agreed key wraps the content key, RFC 3394.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wrap {
    /// id-aes128-wrap.
    Aes128,
    /// id-aes192-wrap.
    Aes192,
    /// id-aes256-wrap.
    Aes256,
}

impl Wrap {
    /// The word of the peers' command lines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Aes128 => "aes128",
            Self::Aes192 => "aes192",
            Self::Aes256 => "aes256",
        }
    }
}

/// X.690 rules of the bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// Streamed: indefinite lengths, content in chunks.
    Ber,
    /// Distinguished.
    Der,
}

/// How the message names its recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecipientIdentifier {
    /// By issuer and serial number.
    IssuerAndSerial,
    /// By subject key identifier.
    SubjectKeyIdentifier,
}

/// What a message is to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shape {
    /// The content type.
    pub format: Format,
    /// How the content key travels.
    pub key_transport: KeyTransport,
    /// How the content is encrypted.
    pub content: Content,
    /// How an agreed key wraps the content key.
    pub wrap: Wrap,
    /// DER or streamed BER.
    pub encoding: Encoding,
    /// How the recipient is named.
    pub recipient_identifier: RecipientIdentifier,
}

impl Shape {
    /// AuthEnvelopedData, DER, by issuer and serial, AES-256 key wrap.
    #[must_use]
    pub const fn auth(key_transport: KeyTransport, content: Content) -> Self {
        Self {
            format: Format::Auth,
            key_transport,
            content,
            wrap: Wrap::Aes256,
            encoding: Encoding::Der,
            recipient_identifier: RecipientIdentifier::IssuerAndSerial,
        }
    }

    /// The same as EnvelopedData.
    #[must_use]
    pub const fn enveloped(key_transport: KeyTransport, content: Content) -> Self {
        let mut shape = Self::auth(key_transport, content);
        shape.format = Format::Enveloped;
        shape
    }

    /// The same, streamed.
    #[must_use]
    pub const fn ber(mut self) -> Self {
        self.encoding = Encoding::Ber;
        self
    }

    /// The same, naming its recipient by subject key identifier.
    #[must_use]
    pub const fn ski(mut self) -> Self {
        self.recipient_identifier = RecipientIdentifier::SubjectKeyIdentifier;
        self
    }

    /// The same with another key wrap.
    #[must_use]
    pub const fn wrap(mut self, wrap: Wrap) -> Self {
        self.wrap = wrap;
        self
    }

    /// Whether it is streamed.
    #[must_use]
    pub fn is_ber(&self) -> bool {
        self.encoding == Encoding::Ber
    }

    /// Whether it names its recipient by subject key identifier.
    #[must_use]
    pub fn is_ski(&self) -> bool {
        self.recipient_identifier == RecipientIdentifier::SubjectKeyIdentifier
    }

    /// The options that the programs under `peers/` share.
    #[must_use]
    pub fn arguments(&self) -> Vec<&'static str> {
        let format = match self.format {
            Format::Auth => "auth",
            Format::Enveloped => "enveloped",
        };
        let mut words = vec!["--format", format];
        words.extend(["--key-transport", self.key_transport.word()]);
        words.extend(["--content", self.content.word()]);
        if self.key_transport.is_agreement() {
            words.extend(["--wrap", self.wrap.word()]);
        }
        if self.is_ber() {
            words.push("--ber");
        }
        if self.is_ski() {
            words.push("--ski");
        }
        words
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.format {
            Format::Auth => "auth",
            Format::Enveloped => "enveloped",
        };
        write!(formatter, "{format} {} {}", self.key_transport.word(), self.content.word())?;
        if self.key_transport.is_agreement() {
            write!(formatter, " {}-wrap", self.wrap.word())?;
        }
        let ber = if self.is_ber() { " ber" } else { "" };
        let ski = if self.is_ski() { " ski" } else { "" };
        write!(formatter, "{ber}{ski}")
    }
}
