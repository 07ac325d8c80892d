//! Messages of every shape that a server meets in the field, made without the library under test.
//!
//! A [`Blueprint`] says what a message looks like; the functions beside it are the shapes that macOS,
//! Fleet and its Go libraries write. [`ber`] writes any message in every other way that BER allows,
//! [`relabel`] makes it claim another algorithm than it has. The primitives are RustCrypto's, the
//! structures are written by [`asn1`] here: an error of the library under test cannot hide in them.
#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::cast_possible_truncation,
    reason = "these types are for tests of this workspace alone; lengths here are small"
)]

pub mod asn1;
mod authority;
pub mod ber;
pub mod forge;
pub mod primitives;
pub mod relabel;

use asn1::{CONSTRUCTED, CONTEXT, Length, Node};
pub use authority::Authority;
use primitives::{Cipher, Hash, random, wrap_oaep, wrap_pkcs1};

/// What a message looks like.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// The content cipher; GCM makes AuthEnvelopedData unless the parameters are Go's.
    pub cipher: Cipher,
    /// How GCM states its parameters.
    pub gcm_parameters: GcmParameters,
    /// How the content key is wrapped.
    pub key_transport: KeyTransport,
    /// How recipients are named.
    pub identifier: Identifier,
    /// How ContentInfo, EnvelopedData and EncryptedContentInfo say where they end.
    pub outer: Length,
    /// How the encrypted content lies in `[0]`.
    pub content: ContentLayout,
}

/// How GCM states its parameters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GcmParameters {
    /// As Go's pkcs7 libraries do, in EnvelopedData: a *primitive* SEQUENCE (0x10) around a SEQUENCE of
    /// `[4]` nonce and INTEGER 16, the tag behind the ciphertext.
    Go,
    /// As RFC 5084 says, with the tag length given.
    Standard,
}

/// How the content key is wrapped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeyTransport {
    /// RSAES-OAEP.
    Oaep {
        /// The hash.
        hash: Hash,
        /// The hash of MGF1.
        mgf1: Hash,
        /// The label.
        label: Vec<u8>,
        /// What is written down of it.
        parameters: OaepParameters,
    },
    /// RSAES-PKCS1-v1_5.
    Pkcs1 {
        /// Whether the NULL parameter is there, as RFC 3370 §4.2.1 asks.
        null: bool,
    },
}

/// What an OAEP AlgorithmIdentifier says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OaepParameters {
    /// Hash, MGF1 and label as they are, defaults left out as DER asks.
    Full,
    /// The hash alone, whatever MGF1 was used: smallstep/pkcs7.
    HashOnly,
}

/// How recipients are named.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Identifier {
    /// By issuer and serial number.
    IssuerAndSerial,
    /// By subject key identifier.
    SubjectKeyIdentifier,
}

/// How the encrypted content lies in `[0]`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ContentLayout {
    /// In OCTET STRINGs of these sizes; what is left over goes into one more.
    Chunks(Vec<usize>, Length),
    /// In `[0]` itself.
    Primitive,
}

/// The two Go libraries that have written BitLocker rows, whose messages differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GoLibrary {
    /// Older rows: the content in one OCTET STRING inside a constructed `[0]`.
    Mozilla,
    /// Newer rows: the content in `[0]` itself.
    Smallstep,
}

/// FileVaultPRK.dat: streamed BER, 3DES-CBC, PKCS#1 v1.5, the ciphertext in chunks of these sizes
/// (macOS: 24 and what is left, 8).
pub fn filevault_prk(to: &Authority, key: &[u8], chunks: &[usize]) -> Vec<u8> {
    Blueprint {
        outer: Length::Indefinite,
        content: ContentLayout::Chunks(chunks.to_vec(), Length::Indefinite),
        ..Blueprint::new(Cipher::TripleDesCbc, KeyTransport::Pkcs1 { null: true })
    }
    .seal(&[to], key)
}

/// A BitLocker row of Fleet: DES-CBC, PKCS#1 v1.5 without NULL.
pub fn fleet_bitlocker(to: &Authority, key: &[u8], library: GoLibrary) -> Vec<u8> {
    go(Cipher::DesCbc, KeyTransport::Pkcs1 { null: false }, library).seal(&[to], key)
}

/// What Go's libraries write when they are asked for AES-GCM.
pub fn go_gcm(to: &Authority, key: &[u8], bits: u16, library: GoLibrary) -> Vec<u8> {
    go(Cipher::AesGcm(bits), KeyTransport::Pkcs1 { null: false }, library).seal(&[to], key)
}

/// What smallstep/pkcs7 writes when it is asked for OAEP: MGF1 always takes the hash of OAEP, and the
/// parameters do not say so.
pub fn smallstep_oaep(to: &Authority, key: &[u8], cipher: Cipher, hash: Hash) -> Vec<u8> {
    let parameters = OaepParameters::HashOnly;
    let transport = KeyTransport::Oaep { hash, mgf1: hash, label: Vec::new(), parameters };
    go(cipher, transport, GoLibrary::Smallstep).seal(&[to], key)
}

fn go(cipher: Cipher, key_transport: KeyTransport, library: GoLibrary) -> Blueprint {
    let content = match library {
        GoLibrary::Mozilla => ContentLayout::Chunks(Vec::new(), Length::Definite),
        GoLibrary::Smallstep => ContentLayout::Primitive,
    };
    Blueprint { gcm_parameters: GcmParameters::Go, content, ..Blueprint::new(cipher, key_transport) }
}

const DATA: &str = "1.2.840.113549.1.7.1";
pub(crate) const ENVELOPED_DATA: &str = "1.2.840.113549.1.7.3";
pub(crate) const AUTH_ENVELOPED_DATA: &str = "1.2.840.113549.1.9.16.1.23";
pub(crate) const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
pub(crate) const RSAES_OAEP: &str = "1.2.840.113549.1.1.7";
const MGF1: &str = "1.2.840.113549.1.1.8";
const P_SPECIFIED: &str = "1.2.840.113549.1.1.9";
const TAG: usize = 16;

impl Blueprint {
    /// DER with standard parameters, recipients by issuer and serial.
    pub fn new(cipher: Cipher, key_transport: KeyTransport) -> Self {
        Self {
            cipher,
            gcm_parameters: GcmParameters::Standard,
            key_transport,
            identifier: Identifier::IssuerAndSerial,
            outer: Length::Definite,
            content: ContentLayout::Primitive,
        }
    }

    /// Seals to these recipients.
    pub fn seal(&self, to: &[&Authority], plaintext: &[u8]) -> Vec<u8> {
        let content_key = random(self.cipher.key_length());
        let iv = random(self.cipher.iv_length());
        let mut ciphertext = self.cipher.encrypt(&content_key, &iv, plaintext);
        let gcm = matches!(self.cipher, Cipher::AesGcm(_));
        let authenticated = gcm && self.gcm_parameters == GcmParameters::Standard;
        let tag = if authenticated { ciphertext.split_off(ciphertext.len() - TAG) } else { Vec::new() };

        // RFC 5652 §6.1: version 2 where a recipient is named by its key.
        let by_key = self.identifier == Identifier::SubjectKeyIdentifier;
        let version = if by_key && !authenticated { 2 } else { 0 };
        let recipients: Vec<Node> = to.iter().map(|to| self.recipient(to, &content_key)).collect();
        let content = Node::sequence([
            Node::oid(DATA),
            Node::algorithm(self.cipher.oid(), Some(self.cipher_parameters(iv))),
            self.encrypted_content(&ciphertext),
        ]);
        let mut fields = vec![Node::integer([version]), Node::set(recipients), content.with_length(self.outer)];
        if authenticated {
            fields.push(Node::octet_string(tag));
        }
        let content_type = if authenticated { AUTH_ENVELOPED_DATA } else { ENVELOPED_DATA };
        let body = Node::explicit(0, Node::sequence(fields).with_length(self.outer)).with_length(self.outer);
        Node::sequence([Node::oid(content_type), body]).with_length(self.outer).encode()
    }

    fn recipient(&self, to: &Authority, content_key: &[u8]) -> Node {
        let (version, id) = match self.identifier {
            Identifier::IssuerAndSerial => (0, Node::sequence([to.issuer.clone(), Node::integer(to.serial.clone())])),
            Identifier::SubjectKeyIdentifier => (2, Node::octets(CONTEXT, to.key_identifier.clone())),
        };
        let public_key = to.key.to_public_key();
        let (algorithm, wrapped) = match &self.key_transport {
            KeyTransport::Pkcs1 { null } => {
                let algorithm = Node::algorithm(RSA_ENCRYPTION, null.then(Node::null));
                (algorithm, wrap_pkcs1(&public_key, content_key))
            }
            KeyTransport::Oaep { hash, mgf1, label, parameters } => {
                let stated = match parameters {
                    OaepParameters::Full => oaep_parameters(*hash, *mgf1, label),
                    OaepParameters::HashOnly => Node::sequence([Node::explicit(0, Node::algorithm(hash.oid(), None))]),
                };
                let algorithm = Node::algorithm(RSAES_OAEP, Some(stated));
                (algorithm, wrap_oaep(&public_key, *hash, *mgf1, label, content_key))
            }
        };
        Node::sequence([Node::integer([version]), id, algorithm, Node::octet_string(wrapped)])
    }

    fn cipher_parameters(&self, iv: Vec<u8>) -> Node {
        if !matches!(self.cipher, Cipher::AesGcm(_)) {
            return Node::octet_string(iv);
        }
        let length = Node::integer([TAG as u8]);
        match self.gcm_parameters {
            GcmParameters::Standard => Node::sequence([Node::octet_string(iv), length]),
            GcmParameters::Go => {
                let inner = Node::sequence([Node::octets(CONTEXT | 4, iv), length]);
                Node::octets(asn1::SEQUENCE & !CONSTRUCTED, inner.encode())
            }
        }
    }

    fn encrypted_content(&self, ciphertext: &[u8]) -> Node {
        match &self.content {
            ContentLayout::Primitive => Node::octets(CONTEXT, ciphertext),
            ContentLayout::Chunks(sizes, length) => {
                let mut chunks = Vec::new();
                let mut rest = ciphertext;
                for size in sizes {
                    let (chunk, after) = rest.split_at((*size).min(rest.len()));
                    chunks.push(Node::octet_string(chunk));
                    rest = after;
                }
                if !rest.is_empty() {
                    chunks.push(Node::octet_string(rest));
                }
                Node::nodes(CONTEXT | CONSTRUCTED, chunks).with_length(*length)
            }
        }
    }
}

/// RSAES-OAEP-params, RFC 4055 §4.1: SHA-1 and the empty label are defaults and left out.
fn oaep_parameters(hash: Hash, mgf1: Hash, label: &[u8]) -> Node {
    let named = |hash: Hash| Node::algorithm(hash.oid(), Some(Node::null()));
    let mut fields = Vec::new();
    if hash != Hash::Sha1 {
        fields.push(Node::explicit(0, named(hash)));
    }
    if mgf1 != Hash::Sha1 {
        fields.push(Node::explicit(1, Node::algorithm(MGF1, Some(named(mgf1)))));
    }
    if !label.is_empty() {
        let source = Node::algorithm(P_SPECIFIED, Some(Node::octet_string(label)));
        fields.push(Node::explicit(2, source));
    }
    Node::sequence(fields)
}
