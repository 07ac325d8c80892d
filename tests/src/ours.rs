//! Our own library in the place of a peer.
//!
//! The two functions are all of the library that the interop tests call: what they seal is a bare
//! FileVault key, what they open has to hold one.
#![allow(clippy::exhaustive_structs, reason = "for tests of this workspace alone")]

use std::path::Path;
use std::sync::Arc;

use fdescrow::envelope::identity::software_identity;
use fdescrow::envelope::{
    Certificate, Envelope, Format as OurFormat, Keyring, Limits, OpenOptions, Payload, PrivateKey, PublicKey, Suite,
};
use fdescrow::key::{Kind, RecoveryKey};
use fdescrow::secret::Secret;
use fdescrow_identities::SystemRandomness;

use crate::peers::{
    Content, Direction, Encoding, Evidence, Format, KeyTransport, Limit, Peer, PeerError, RecipientIdentifier,
    SealRequest, Shape, Wrap,
};

/// The library under test.
#[derive(Clone, Copy, Debug)]
pub struct Ours;

/// What we do not write: everything but the three forms of `envelope::Format`.
const LIMITS: &[Limit] = &[
    Limit {
        direction: Direction::Seal,
        applies: |shape| our_format(shape).is_none(),
        reason: "we write one form for each kind of key, and two for older tools",
        witness: Shape::enveloped(KeyTransport::RsaPkcs1, Content::TripleDes),
        evidence: Evidence::Refuses,
    },
    Limit {
        direction: Direction::Open,
        applies: |shape| shape.content.is_gcm() == (shape.format == Format::Enveloped),
        reason: "an authenticated cipher in AuthEnvelopedData and no other there (but for Go's own form)",
        witness: Shape::auth(KeyTransport::RsaPkcs1, Content::Aes256Cbc),
        evidence: Evidence::Refuses,
    },
];

/// The form in which we write this shape, if we do.
fn our_format(shape: &Shape) -> Option<OurFormat> {
    let wrapped = !shape.key_transport.is_agreement() || shape.wrap == Wrap::Aes256;
    let plain = shape.encoding == Encoding::Der && shape.recipient_identifier == RecipientIdentifier::IssuerAndSerial;
    let key = matches!(
        shape.key_transport,
        KeyTransport::RsaOaepSha256 | KeyTransport::EcdhSha256 | KeyTransport::EcdhSha384
    );
    match (shape.format, shape.content) {
        _ if !(wrapped && plain) => None,
        (Format::Auth, Content::Aes256Gcm) if key => Some(OurFormat::Auth),
        (Format::Enveloped, Content::Aes256Cbc) if key => Some(OurFormat::Enveloped),
        (Format::Enveloped, Content::Aes256Cbc) if shape.key_transport == KeyTransport::RsaPkcs1 => {
            Some(OurFormat::EnvelopedPkcs1v15)
        }
        _ => None,
    }
}

/// The strictest suite that a message of this shape opens with; the stricter ones refuse it.
pub fn strictest_suite(shape: &Shape) -> Suite {
    let wrapped = !shape.key_transport.is_agreement() || shape.wrap == Wrap::Aes256;
    let modern = matches!(
        shape.key_transport,
        KeyTransport::RsaOaepSha256 | KeyTransport::EcdhSha256 | KeyTransport::EcdhSha384
    );
    if shape.format == Format::Auth && shape.content == Content::Aes256Gcm && modern && wrapped {
        Suite::Modern
    } else if shape.format == Format::Enveloped
        && shape.key_transport == KeyTransport::RsaPkcs1
        && shape.content != Content::Des
        && !shape.content.is_gcm()
    {
        Suite::FileVault
    } else {
        Suite::Legacy
    }
}

/// Seals the FileVault key in the request, bare.
///
/// # Errors
/// What the library says, or that it does not write this shape.
pub fn ours_seal(request: &SealRequest<'_>) -> Result<Vec<u8>, String> {
    let shape = &request.shape;
    let format = our_format(shape).ok_or_else(|| format!("we do not write {shape}"))?;
    let certificates: Vec<Certificate> =
        request.certificates.iter().map(|path| certificate(path)).collect::<Result<_, _>>()?;
    for certificate in &certificates {
        let transport = match certificate.public_key() {
            PublicKey::Rsa(_) if format == OurFormat::EnvelopedPkcs1v15 => KeyTransport::RsaPkcs1,
            PublicKey::Rsa(_) => KeyTransport::RsaOaepSha256,
            PublicKey::P384(_) => KeyTransport::EcdhSha384,
            _ => KeyTransport::EcdhSha256,
        };
        if transport != shape.key_transport {
            return Err(format!("we do not write {shape} to such a key"));
        }
    }
    let text = String::from_utf8(request.plaintext.to_vec()).map_err(text)?;
    let key = RecoveryKey::parse_exact(Kind::FileVault, &Secret::from_string(text)).map_err(self::text)?;
    let to: Vec<&Certificate> = certificates.iter().collect();
    let envelope = Envelope::seal(&Payload::bare(key), &to, format, &SystemRandomness::new()).map_err(self::text)?;
    Ok(envelope.der().to_vec())
}

/// Opens a message with this suite and gives the FileVault key in it.
///
/// # Errors
/// What the library says.
pub fn ours_open(message: &[u8], key: &Path, certificate_file: &Path, suite: Suite) -> Result<Vec<u8>, String> {
    let envelope = Envelope::parse(message, &Limits::default()).map_err(text)?;
    let pem = std::fs::read(key).map_err(text)?;
    let mut keys = PrivateKey::parse_all(&pem, None).map_err(text)?;
    let key = keys.pop().ok_or("no private key")?;
    let certificates = vec![certificate(certificate_file)?];
    let identity = software_identity(key, certificates, Arc::new(SystemRandomness::new()));
    let options = OpenOptions::new(suite).kind(Kind::FileVault);
    let opened = envelope.open(&Keyring::new().with(identity), &options).map_err(text)?;
    Ok(opened.payload.key.expose().as_bytes().to_vec())
}

fn certificate(path: &Path) -> Result<Certificate, String> {
    Certificate::parse(&std::fs::read(path).map_err(text)?).map_err(text)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Peer for Ours {
    fn name(&self) -> &'static str {
        "fdescrow"
    }

    fn limits(&self) -> &'static [Limit] {
        LIMITS
    }

    fn seal(&self, request: &SealRequest<'_>) -> Result<Vec<u8>, PeerError> {
        ours_seal(request).map_err(|words| PeerError { peer: self.name(), words })
    }

    fn open(&self, message: &[u8], key: &Path, certificate: &Path) -> Result<Vec<u8>, PeerError> {
        ours_open(message, key, certificate, Suite::Legacy).map_err(|words| PeerError { peer: self.name(), words })
    }
}
