//! Which other programs read and write the same envelopes, and how a test drives them.
//!
//! Every peer speaks one vocabulary: a [`Shape`] says what to write, [`Peer::seal`] and
//! [`Peer::open`] run one process for one message. What a peer cannot do is data beside it
//! ([`Limit`]), with the reason and a shape that shows it; a test holds each limit against the
//! peer itself. Rule: nothing here calls the library under test (that is `ours`).
#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "these types are for tests of this workspace alone"
)]

mod bouncy_castle;
mod credentials;
mod files;
mod go;
mod openssl;
mod python;
mod shape;
mod tools;

use std::fmt;
use std::path::{Path, PathBuf};

pub use bouncy_castle::BouncyCastle;
pub use credentials::{Credentials, RecipientKey, credentials};
pub use files::password_beside;
pub use go::{Go, GoLibrary};
pub use openssl::OpenSsl;
pub use python::{Python, PythonEngine};
pub use shape::{Content, Encoding, Format, KeyTransport, RecipientIdentifier, Shape, Wrap};
pub use tools::{Missing, missing, run};

/// A program, or our own library, that seals and opens envelopes.
pub trait Peer: fmt::Debug {
    /// The name in tables and messages.
    fn name(&self) -> &'static str;

    /// What the peer cannot do, and why.
    fn limits(&self) -> &'static [Limit];

    /// Seals one message.
    ///
    /// # Errors
    /// The peer's own words, when it refused or failed.
    fn seal(&self, request: &SealRequest<'_>) -> Result<Vec<u8>, PeerError>;

    /// Opens one message with a PKCS#8 key and its certificate, both PEM. The key may be encrypted, and may be a
    /// PKCS#12 file that ends in `.p12`: the password is in a file beside it whose name ends in `.password`.
    ///
    /// # Errors
    /// The peer's own words, when it refused or failed.
    fn open(&self, message: &[u8], key: &Path, certificate: &Path) -> Result<Vec<u8>, PeerError>;

    /// The first limit that stands against this shape in this direction; none: it can.
    fn limit(&self, direction: Direction, shape: &Shape) -> Option<&'static Limit> {
        self.limits().iter().find(|limit| limit.direction.covers(direction) && (limit.applies)(shape))
    }

    /// Whether the peer can do this.
    fn supports(&self, direction: Direction, shape: &Shape) -> bool {
        self.limit(direction, shape).is_none()
    }
}

/// What one message is to be.
#[derive(Clone, Copy, Debug)]
pub struct SealRequest<'a> {
    /// Format, algorithms, encoding.
    pub shape: Shape,
    /// PEM files of the recipients' certificates, all of one key algorithm.
    pub certificates: &'a [PathBuf],
    /// What is inside.
    pub plaintext: &'a [u8],
}

/// Which of its two doors a peer is used by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// The peer writes.
    Seal,
    /// The peer reads.
    Open,
    /// Either; only in a [`Limit`].
    Both,
}

impl Direction {
    fn covers(self, other: Self) -> bool {
        self == Self::Both || self == other
    }
}

/// Something that a peer cannot do.
#[derive(Debug)]
pub struct Limit {
    /// Where it stands in the way.
    pub direction: Direction,
    /// Which shapes it covers.
    pub applies: fn(&Shape) -> bool,
    /// Why, in words for the table of cells.
    pub reason: &'static str,
    /// A shape that shows it.
    pub witness: Shape,
    /// How it shows.
    pub evidence: Evidence,
}

/// How a limit shows when the peer is asked all the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Evidence {
    /// It refuses.
    Refuses,
    /// It writes what only its own kind can read.
    WritesItsOwnWay,
}

/// A peer's refusal or failure, in its own words.
#[derive(Clone, Debug)]
pub struct PeerError {
    /// The peer's name.
    pub peer: &'static str,
    /// The last line that it printed.
    pub words: String,
}

impl fmt::Display for PeerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.peer, self.words)
    }
}

impl std::error::Error for PeerError {}

/// The peers there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PeerName {
    /// `openssl cms`, of the machine.
    OpenSsl,
    /// Bouncy Castle for Java.
    BouncyCastle,
    /// The PKCS#7 functions of Python's `cryptography`.
    Cryptography,
    /// An implementation of its own over Python's `asn1crypto`.
    Asn1Crypto,
    /// Go's smallstep/pkcs7, at the version that Fleet uses.
    Smallstep,
    /// Go's mozilla/pkcs7, its ancestor.
    Mozilla,
}

impl PeerName {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::OpenSsl, Self::BouncyCastle, Self::Cryptography, Self::Asn1Crypto, Self::Smallstep, Self::Mozilla];

    /// Builds the peer if this is its first use.
    ///
    /// # Errors
    /// [`Missing`] says which tool is not there or did not build.
    pub fn build(self) -> Result<Box<dyn Peer>, Missing> {
        Ok(match self {
            Self::OpenSsl => Box::new(OpenSsl::new()?),
            Self::BouncyCastle => Box::new(BouncyCastle::new()?),
            Self::Cryptography => Box::new(Python::new(PythonEngine::Cryptography)?),
            Self::Asn1Crypto => Box::new(Python::new(PythonEngine::Asn1Crypto)?),
            Self::Smallstep => Box::new(Go::new(GoLibrary::Smallstep)?),
            Self::Mozilla => Box::new(Go::new(GoLibrary::Mozilla)?),
        })
    }

    /// As [`Self::build`]; a missing tool is told on standard error and gives nothing.
    ///
    /// # Panics
    /// When a tool is missing and the environment says `CI`.
    #[must_use]
    pub fn available(self) -> Option<Box<dyn Peer>> {
        self.build().map_err(|reason| missing(&reason)).ok()
    }
}
