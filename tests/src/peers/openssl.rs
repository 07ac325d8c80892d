//! OpenSSL, by its command line: `openssl cms` of the machine.
//!
//! The legacy provider is loaded for single DES. OpenSSL picks the content type by the cipher
//! (GCM gives AuthEnvelopedData), and streams with `-stream`, which is also how macOS writes.

use std::path::Path;
use std::process::Command;

use super::files::{file, password_of};
use super::tools::{Missing, run};
use super::{Content, Direction, Evidence, Format, KeyTransport, Limit, Peer, PeerError, SealRequest, Shape, Wrap};

/// `openssl cms`.
#[derive(Debug)]
pub struct OpenSsl(());

const NAME: &str = "openssl";

/// What every call needs to read single DES as well.
const PROVIDERS: [&str; 4] = ["-provider", "default", "-provider", "legacy"];

const LIMITS: &[Limit] = &[
    Limit {
        direction: Direction::Both,
        applies: |shape| shape.key_transport.is_agreement() && shape.content == Content::Des,
        reason: "RFC 3394 wraps no fewer than 16 bytes: no DES key",
        witness: Shape::enveloped(KeyTransport::EcdhSha256, Content::Des),
        evidence: Evidence::Refuses,
    },
    Limit {
        direction: Direction::Both,
        applies: |shape| shape.content.is_gcm() && shape.format == Format::Enveloped,
        reason: "GCM only in AuthEnvelopedData",
        witness: Shape::enveloped(KeyTransport::RsaPkcs1, Content::Aes256Gcm),
        evidence: Evidence::Refuses,
    },
];

impl OpenSsl {
    /// Finds it, and its legacy provider.
    ///
    /// # Errors
    /// [`Missing`] when either is not installed.
    pub fn new() -> Result<Self, Missing> {
        run(Command::new("openssl").args(["list", "-cipher-algorithms"]).args(PROVIDERS))?;
        Ok(Self(()))
    }
}

impl Peer for OpenSsl {
    fn name(&self) -> &'static str {
        NAME
    }

    fn limits(&self) -> &'static [Limit] {
        LIMITS
    }

    fn seal(&self, request: &SealRequest<'_>) -> Result<Vec<u8>, PeerError> {
        seal(request).map_err(|Missing(words)| PeerError { peer: NAME, words })
    }

    fn open(&self, message: &[u8], key: &Path, certificate: &Path) -> Result<Vec<u8>, PeerError> {
        open(message, key, certificate).map_err(|Missing(words)| PeerError { peer: NAME, words })
    }
}

fn seal(request: &SealRequest<'_>) -> Result<Vec<u8>, Missing> {
    let shape = request.shape;
    if shape.content.is_gcm() != (shape.format == Format::Auth) {
        return Err(Missing(format!("unsupported: {shape}")));
    }
    let scratch = crate::scratch("peer");
    let message = scratch.join("message.der");
    let mut openssl = Command::new("openssl");
    openssl.args(["cms", "-encrypt", "-binary", "-outform", "DER", cipher(shape.content)]);
    if shape.is_ber() {
        openssl.arg("-stream");
    }
    if shape.is_ski() {
        openssl.arg("-keyid");
    }
    if shape.key_transport.is_agreement() {
        openssl.arg(wrap(shape.wrap));
    }
    openssl.args(PROVIDERS).arg("-in").arg(file(&scratch, "plaintext", request.plaintext)?);
    for certificate in request.certificates {
        openssl.arg("-recip").arg(certificate);
        for option in options(shape.key_transport) {
            openssl.args(["-keyopt", option]);
        }
    }
    run(openssl.arg("-out").arg(&message))?;
    Ok(std::fs::read(message)?)
}

fn open(message: &[u8], key: &Path, certificate: &Path) -> Result<Vec<u8>, Missing> {
    let scratch = crate::scratch("peer");
    let plaintext = scratch.join("plaintext");
    let mut openssl = Command::new("openssl");
    openssl.args(["cms", "-decrypt", "-binary", "-inform", "DER"]).args(PROVIDERS);
    openssl.arg("-inkey").arg(key).arg("-recip").arg(certificate);
    if let Some(password) = password_of(key) {
        openssl.arg("-passin").arg(format!("file:{}", password.display()));
    }
    openssl.arg("-in").arg(file(&scratch, "message.der", message)?);
    run(openssl.arg("-out").arg(&plaintext))?;
    Ok(std::fs::read(plaintext)?)
}

fn cipher(content: Content) -> &'static str {
    match content {
        Content::Aes128Cbc => "-aes-128-cbc",
        Content::Aes128Gcm => "-aes-128-gcm",
        Content::Aes192Cbc => "-aes-192-cbc",
        Content::Aes192Gcm => "-aes-192-gcm",
        Content::Aes256Cbc => "-aes-256-cbc",
        Content::Aes256Gcm => "-aes-256-gcm",
        Content::Des => "-des-cbc",
        Content::TripleDes => "-des-ede3-cbc",
    }
}

fn wrap(wrap: Wrap) -> &'static str {
    match wrap {
        Wrap::Aes128 => "-aes128-wrap",
        Wrap::Aes192 => "-aes192-wrap",
        Wrap::Aes256 => "-aes256-wrap",
    }
}

/// The `-keyopt` values of one recipient. OpenSSL's MGF1 takes the OAEP hash unless told.
fn options(transport: KeyTransport) -> &'static [&'static str] {
    match transport {
        KeyTransport::EcdhCofactorSha1 => &["ecdh_kdf_md:sha1", "ecdh_cofactor_mode:1"],
        KeyTransport::EcdhCofactorSha256 => &["ecdh_kdf_md:sha256", "ecdh_cofactor_mode:1"],
        KeyTransport::EcdhCofactorSha384 => &["ecdh_kdf_md:sha384", "ecdh_cofactor_mode:1"],
        KeyTransport::EcdhCofactorSha512 => &["ecdh_kdf_md:sha512", "ecdh_cofactor_mode:1"],
        KeyTransport::EcdhSha1 => &["ecdh_kdf_md:sha1"],
        KeyTransport::EcdhSha256 => &["ecdh_kdf_md:sha256"],
        KeyTransport::EcdhSha384 => &["ecdh_kdf_md:sha384"],
        KeyTransport::EcdhSha512 => &["ecdh_kdf_md:sha512"],
        KeyTransport::RsaOaepSha1 => &["rsa_padding_mode:oaep"],
        KeyTransport::RsaOaepSha256 => &["rsa_padding_mode:oaep", "rsa_oaep_md:sha256"],
        KeyTransport::RsaOaepSha256Mgf1Sha1 => &["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha1"],
        KeyTransport::RsaOaepSha384 => &["rsa_padding_mode:oaep", "rsa_oaep_md:sha384"],
        KeyTransport::RsaOaepSha512 => &["rsa_padding_mode:oaep", "rsa_oaep_md:sha512"],
        KeyTransport::RsaPkcs1 => &[],
    }
}
