//! Python: `peers/python/peer.py`, under the interpreter that `cargo xtask test` sets up.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::files::{open_by_files, seal_by_files};
use super::tools::{Missing, run, sources};
use super::{Content, Direction, Evidence, Format, KeyTransport, Limit, Peer, PeerError, SealRequest, Shape};

/// Which of the two implementations in the script.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PythonEngine {
    /// An implementation of its own over `asn1crypto` and the primitives of `cryptography`: a
    /// second reading of the standards, but no program that anybody uses.
    Asn1Crypto,
    /// The PKCS#7 functions of `cryptography`, as their users call them.
    Cryptography,
}

/// The interpreter with its packages, set to one engine.
#[derive(Debug)]
pub struct Python {
    engine: PythonEngine,
    interpreter: PathBuf,
    script: PathBuf,
}

const PKCS1: KeyTransport = KeyTransport::RsaPkcs1;

const NO_DES_UNDER_AES: Limit = Limit {
    direction: Direction::Both,
    applies: |shape| shape.key_transport.is_agreement() && shape.content == Content::Des,
    reason: "RFC 3394 wraps no fewer than 16 bytes: no DES key",
    witness: Shape::enveloped(KeyTransport::EcdhSha256, Content::Des),
    evidence: Evidence::Refuses,
};
const NO_GCM_IN_ENVELOPED: Limit = Limit {
    direction: Direction::Both,
    applies: |shape| shape.content.is_gcm() && shape.format == Format::Enveloped,
    reason: "GCM only in AuthEnvelopedData",
    witness: Shape::enveloped(PKCS1, Content::Aes256Gcm),
    evidence: Evidence::Refuses,
};
const ONLY_READS_BER: Limit = Limit {
    direction: Direction::Seal,
    applies: Shape::is_ber,
    reason: "asn1crypto writes DER",
    witness: Shape::enveloped(PKCS1, Content::Aes256Cbc).ber(),
    evidence: Evidence::Refuses,
};

const ASN1CRYPTO: &[Limit] = &[NO_DES_UNDER_AES, NO_GCM_IN_ENVELOPED, ONLY_READS_BER];

const CRYPTOGRAPHY: &[Limit] = &[
    Limit {
        direction: Direction::Both,
        applies: |shape| shape.format == Format::Auth,
        reason: "no AuthEnvelopedData",
        witness: Shape::auth(PKCS1, Content::Aes256Gcm),
        evidence: Evidence::Refuses,
    },
    Limit {
        direction: Direction::Both,
        applies: |shape| shape.key_transport != PKCS1,
        reason: "PKCS#1 v1.5 only",
        witness: Shape::enveloped(KeyTransport::RsaOaepSha256, Content::Aes256Cbc),
        evidence: Evidence::Refuses,
    },
    Limit {
        direction: Direction::Both,
        applies: |shape| !matches!(shape.content, Content::Aes128Cbc | Content::Aes256Cbc),
        reason: "AES-128-CBC and AES-256-CBC only",
        witness: Shape::enveloped(PKCS1, Content::TripleDes),
        evidence: Evidence::Refuses,
    },
    Limit {
        direction: Direction::Both,
        applies: Shape::is_ber,
        reason: "DER only",
        witness: Shape::enveloped(PKCS1, Content::Aes256Cbc).ber(),
        evidence: Evidence::Refuses,
    },
    Limit {
        direction: Direction::Both,
        applies: Shape::is_ski,
        reason: "recipients by issuer and serial only; others fail the whole parse",
        witness: Shape::enveloped(PKCS1, Content::Aes256Cbc).ski(),
        evidence: Evidence::Refuses,
    },
];

impl Python {
    /// Finds the interpreter that `cargo xtask test` has set up.
    ///
    /// # Errors
    /// [`Missing`] when it or one of its packages is not there.
    pub fn new(engine: PythonEngine) -> Result<Self, Missing> {
        let interpreter = crate::python().ok_or_else(|| Missing("Python".to_owned()))?;
        let find = "import importlib.util as u; assert u.find_spec('asn1crypto') and u.find_spec('cryptography')";
        run(Command::new(&interpreter).args(["-I", "-c", find]))?;
        Ok(Self { engine, interpreter, script: sources().join("python").join("peer.py") })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.interpreter);
        // -I: nothing from the caller's environment or folder; -B: no cache beside the sources.
        command.args(["-I", "-B"]).arg(&self.script).arg("--engine").arg(match self.engine {
            PythonEngine::Asn1Crypto => "asn1crypto",
            PythonEngine::Cryptography => "cryptography",
        });
        command
    }
}

impl Peer for Python {
    fn name(&self) -> &'static str {
        match self.engine {
            PythonEngine::Asn1Crypto => "python-asn1crypto",
            PythonEngine::Cryptography => "python-cryptography",
        }
    }

    fn limits(&self) -> &'static [Limit] {
        match self.engine {
            PythonEngine::Asn1Crypto => ASN1CRYPTO,
            PythonEngine::Cryptography => CRYPTOGRAPHY,
        }
    }

    fn seal(&self, request: &SealRequest<'_>) -> Result<Vec<u8>, PeerError> {
        seal_by_files(self.name(), request, self.command())
    }

    fn open(&self, message: &[u8], key: &Path, certificate: &Path) -> Result<Vec<u8>, PeerError> {
        open_by_files(self.name(), message, key, certificate, self.command())
    }
}
