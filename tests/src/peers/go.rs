//! Go's PKCS#7 libraries that MDM servers use: `peers/go/main.go`, compiled once.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::files::{open_by_files, seal_by_files};
use super::tools::{Missing, built, run, sources};
use super::{Content, Direction, Evidence, Format, KeyTransport, Limit, Peer, PeerError, SealRequest, Shape};

/// Which of the two libraries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GoLibrary {
    /// go.mozilla.org/pkcs7: constructed `[0]` around the content, no OAEP.
    Mozilla,
    /// github.com/smallstep/pkcs7: primitive `[0]`, OAEP.
    Smallstep,
}

/// The compiled program, set to one library.
#[derive(Debug)]
pub struct Go {
    library: GoLibrary,
    program: PathBuf,
}

const PKCS1: KeyTransport = KeyTransport::RsaPkcs1;

const NO_AUTH: Limit = Limit {
    direction: Direction::Both,
    applies: |shape| shape.format == Format::Auth,
    reason: "no AuthEnvelopedData",
    witness: Shape::auth(PKCS1, Content::Aes256Gcm),
    evidence: Evidence::Refuses,
};
const NO_SKI: Limit = Limit {
    direction: Direction::Both,
    applies: Shape::is_ski,
    reason: "recipients by issuer and serial only; others fail the whole parse",
    witness: Shape::enveloped(PKCS1, Content::Aes256Cbc).ski(),
    evidence: Evidence::Refuses,
};
const NO_AGREEMENT: Limit = Limit {
    direction: Direction::Both,
    applies: |shape| shape.key_transport.is_agreement(),
    reason: "no KeyAgreeRecipientInfo; it fails the whole parse",
    witness: Shape::enveloped(KeyTransport::EcdhSha256, Content::Aes256Cbc),
    evidence: Evidence::Refuses,
};
const NO_AES_192: Limit = Limit {
    direction: Direction::Both,
    applies: |shape| matches!(shape.content, Content::Aes192Cbc | Content::Aes192Gcm),
    reason: "no AES-192",
    witness: Shape::enveloped(PKCS1, Content::Aes192Cbc),
    evidence: Evidence::Refuses,
};
const ONLY_READS_TRIPLE_DES: Limit = Limit {
    direction: Direction::Seal,
    applies: |shape| shape.content == Content::TripleDes,
    reason: "3DES is only read",
    witness: Shape::enveloped(PKCS1, Content::TripleDes),
    evidence: Evidence::Refuses,
};
const ONLY_READS_BER: Limit = Limit {
    direction: Direction::Seal,
    applies: Shape::is_ber,
    reason: "BER is only read",
    witness: Shape::enveloped(PKCS1, Content::Aes256Cbc).ber(),
    evidence: Evidence::Refuses,
};
const SAME_MGF1_HASH: Limit = Limit {
    direction: Direction::Both,
    applies: |shape| shape.key_transport == KeyTransport::RsaOaepSha256Mgf1Sha1,
    reason: "MGF1 always with the OAEP hash, whatever the parameters say",
    witness: Shape::enveloped(KeyTransport::RsaOaepSha256Mgf1Sha1, Content::Aes256Cbc),
    evidence: Evidence::Refuses,
};
const WRONG_OAEP_PARAMETERS: Limit = Limit {
    direction: Direction::Seal,
    applies: |shape| shape.key_transport.is_oaep() && shape.key_transport != KeyTransport::RsaOaepSha1,
    reason: "OAEP parameters leave MGF1 to its default, SHA-1, while the key was wrapped with the OAEP hash in MGF1",
    witness: Shape::enveloped(KeyTransport::RsaOaepSha256, Content::Aes256Cbc),
    evidence: Evidence::WritesItsOwnWay,
};
const OWN_GCM_PARAMETERS: Limit = Limit {
    direction: Direction::Seal,
    applies: |shape| shape.content.is_gcm() && shape.format == Format::Enveloped,
    reason: "GCM goes into EnvelopedData with parameters of no standard, under a primitive SEQUENCE tag",
    witness: Shape::enveloped(PKCS1, Content::Aes256Gcm),
    evidence: Evidence::WritesItsOwnWay,
};
const NO_OAEP: Limit = Limit {
    direction: Direction::Both,
    applies: |shape| shape.key_transport.is_oaep(),
    reason: "no OAEP",
    witness: Shape::enveloped(KeyTransport::RsaOaepSha256, Content::Aes256Cbc),
    evidence: Evidence::Refuses,
};

const SMALLSTEP: &[Limit] = &[
    NO_AUTH,
    NO_SKI,
    NO_AGREEMENT,
    NO_AES_192,
    ONLY_READS_TRIPLE_DES,
    ONLY_READS_BER,
    SAME_MGF1_HASH,
    WRONG_OAEP_PARAMETERS,
    OWN_GCM_PARAMETERS,
];
const MOZILLA: &[Limit] =
    &[NO_AUTH, NO_SKI, NO_AGREEMENT, NO_AES_192, ONLY_READS_TRIPLE_DES, ONLY_READS_BER, NO_OAEP, OWN_GCM_PARAMETERS];

impl Go {
    /// Compiles on first use.
    ///
    /// # Errors
    /// [`Missing`] when Go or the module proxy cannot be had.
    pub fn new(library: GoLibrary) -> Result<Self, Missing> {
        let folder = sources().join("go");
        let files = ["main.go", "go.mod", "go.sum"].map(|name| folder.join(name));
        let place = built("go", &files.each_ref().map(PathBuf::as_path), |place| {
            let mut build = Command::new("go");
            build.args(["build", "-trimpath", "-mod=readonly", "-o"]).arg(place.join("peer"));
            build.arg(".").current_dir(&folder).env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0");
            run(&mut build)
        })?;
        Ok(Self { library, program: place.join("peer") })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(match self.library {
            GoLibrary::Mozilla => "mozilla",
            GoLibrary::Smallstep => "smallstep",
        });
        command
    }
}

impl Peer for Go {
    fn name(&self) -> &'static str {
        match self.library {
            GoLibrary::Mozilla => "go-mozilla",
            GoLibrary::Smallstep => "go-smallstep",
        }
    }

    fn limits(&self) -> &'static [Limit] {
        match self.library {
            GoLibrary::Mozilla => MOZILLA,
            GoLibrary::Smallstep => SMALLSTEP,
        }
    }

    fn seal(&self, request: &SealRequest<'_>) -> Result<Vec<u8>, PeerError> {
        seal_by_files(self.name(), request, self.command())
    }

    fn open(&self, message: &[u8], key: &Path, certificate: &Path) -> Result<Vec<u8>, PeerError> {
        open_by_files(self.name(), message, key, certificate, self.command())
    }
}
