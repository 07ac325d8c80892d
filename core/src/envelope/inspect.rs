//! What is a message, who is it for, and what is wrong with it?
//!
//! All of it is told without a private key, and in words: it is what an administrator sees of a key that does
//! not open.

use std::fmt;

use serde::Serialize;

use super::{
    Certificate, ContentAlgorithm, ContentType, Envelope, Fingerprint, KeyAlgorithm, Suite, certificate::name_text,
    cms::RecipientId, keyring::names,
};
use crate::ids::Digest;

/// A message as it can be seen from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Inspection {
    /// EnvelopedData or AuthEnvelopedData.
    pub content_type: ContentType,
    /// How the content is encrypted.
    pub content_algorithm: String,
    /// Whether a tag authenticates the content.
    pub authenticated: bool,
    /// Who it is sealed to.
    pub recipients: Vec<RecipientInspection>,
    /// Recipients that are no certificates (passwords, shared keys): such a message is not opened.
    pub other_recipients: usize,
    /// The suites that allow it to be opened, the strictest first; none if it cannot be read at all.
    pub suites: Vec<Suite>,
    /// SHA-256 of the message as DER.
    pub digest: Digest,
    /// Bytes of the message as DER.
    pub size: usize,
    /// What there is to know about it.
    pub notes: Vec<Note>,
}

/// One recipient of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecipientInspection {
    /// How the key is wrapped.
    pub key_algorithm: String,
    /// The issuer that the message names, for people: RFC 4514, escaped and shortened. Empty if it names a key
    /// identifier.
    pub issuer: String,
    /// The serial number that the message names, in hexadecimal.
    pub serial_number: String,
    /// The subject key identifier that the message names, in hexadecimal.
    pub subject_key_identifier: String,
    /// The known certificates that this can be. More than one if they share issuer and serial number.
    pub certificates: Vec<Fingerprint>,
}

/// Something worth knowing about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Note {
    /// macOS sealed it to a certificate of its own making.
    SealedByMacOsToItself,
    /// None of the certificates that are known is a recipient.
    NoKnownRecipient,
    /// Several known certificates share the issuer and serial number that the message names.
    RecipientAmbiguous,
    /// Nothing authenticates the content.
    NotAuthenticated,
    /// The content is encrypted with single DES.
    SingleDes,
    /// An algorithm of the message is not supported.
    Unsupported,
    /// It is also sealed to something that is no certificate.
    OtherRecipients,
}

impl Note {
    /// What it means, in one sentence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SealedByMacOsToItself => {
                "sealed by macOS to its own certificate: the escrow profile was not there when FileVault was turned on; \
                 nobody but that Mac can open it, so a new recovery key has to be made"
            }
            Self::NoKnownRecipient => {
                "sealed to none of the certificates given: look for the private key of the recipient named, or ask the \
                 device for a new key"
            }
            Self::RecipientAmbiguous => {
                "several of the certificates given have the issuer and serial number that it names: all of their keys \
                 have to be tried"
            }
            Self::NotAuthenticated => {
                "nothing authenticates the content: whoever has the certificate, or changes the bytes, can make it open \
                 to something else"
            }
            Self::SingleDes => "encrypted with single DES, which can be broken in days: replace the key",
            Self::Unsupported => "it uses an algorithm that is not opened by any suite",
            Self::OtherRecipients => "it is also sealed to a password or a shared key, and is not opened",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Envelope {
    /// Looks at the message from outside; `known` are the certificates that it may be sealed to.
    pub fn inspect(&self, known: &[Certificate]) -> Inspection {
        let message = &self.message;
        let recipients: Vec<RecipientInspection> = message
            .recipients
            .iter()
            .map(|recipient| {
                let (issuer, serial_number, subject_key_identifier) = match &recipient.id {
                    RecipientId::IssuerAndSerialNumber { issuer, serial } => {
                        (name_text(issuer), hex(serial), String::new())
                    }
                    RecipientId::SubjectKeyIdentifier(octets) => (String::new(), String::new(), hex(octets)),
                };
                let certificates = known
                    .iter()
                    .filter(|certificate| names(&recipient.id, certificate))
                    .map(Certificate::fingerprint)
                    .collect();
                RecipientInspection {
                    key_algorithm: recipient.algorithm.to_string(),
                    issuer,
                    serial_number,
                    subject_key_identifier,
                    certificates,
                }
            })
            .collect();
        let opens = |suite: &Suite| {
            message.other_recipients == 0
                && message
                    .recipients
                    .iter()
                    .any(|recipient| suite.allows(message.content_type, &recipient.algorithm, &message.content))
        };
        Inspection {
            content_type: message.content_type,
            content_algorithm: message.content.to_string(),
            authenticated: message.content.is_authenticated(),
            notes: self.notes(&recipients, known),
            recipients,
            other_recipients: message.other_recipients,
            suites: Suite::ALL.iter().copied().filter(opens).collect(),
            digest: self.digest(),
            size: self.der.len(),
        }
    }

    fn notes(&self, recipients: &[RecipientInspection], known: &[Certificate]) -> Vec<Note> {
        let message = &self.message;
        let sealed_to_itself = message.recipients.iter().any(|recipient| is_macos_own(&recipient.id));
        let unsupported =
            message.recipients.iter().any(|recipient| matches!(recipient.algorithm, KeyAlgorithm::Unsupported(_)));
        let conditions = [
            (Note::SealedByMacOsToItself, sealed_to_itself),
            (
                Note::NoKnownRecipient,
                !sealed_to_itself
                    && !known.is_empty()
                    && recipients.iter().all(|recipient| recipient.certificates.is_empty()),
            ),
            (Note::RecipientAmbiguous, recipients.iter().any(|recipient| recipient.certificates.len() > 1)),
            (Note::NotAuthenticated, !message.content.is_authenticated()),
            (Note::SingleDes, message.content == ContentAlgorithm::DesCbc),
            (Note::Unsupported, unsupported || matches!(message.content, ContentAlgorithm::Unsupported(_))),
            (Note::OtherRecipients, message.other_recipients > 0),
        ];
        conditions.into_iter().filter(|(_, holds)| *holds).map(|(note, _)| note).collect()
    }

    /// The known certificates that are recipients, each once.
    pub fn known_recipients(&self, known: &[Certificate]) -> Vec<Fingerprint> {
        let is_recipient = |certificate: &&Certificate| {
            self.message.recipients.iter().any(|recipient| names(&recipient.id, certificate))
        };
        known.iter().filter(is_recipient).map(Certificate::fingerprint).collect()
    }

    /// Whether macOS sealed it to the certificate that it makes for itself when no escrow profile is installed.
    pub fn is_sealed_by_macos_to_itself(&self) -> bool {
        self.message.recipients.iter().any(|recipient| is_macos_own(&recipient.id))
    }
}

/// macOS names its own certificate `CN=FileVault Recovery Key`, with the host name as description.
fn is_macos_own(id: &RecipientId) -> bool {
    const COMMON_NAME: &[u8] = b"FileVault Recovery Key";
    match id {
        RecipientId::IssuerAndSerialNumber { issuer, .. } => {
            issuer.windows(COMMON_NAME.len()).any(|window| window == COMMON_NAME)
        }
        RecipientId::SubjectKeyIdentifier(_) => false,
    }
}

fn hex(octets: &[u8]) -> String {
    // Identifiers and serial numbers have twenty octets; a longer one is the sender's and is cut.
    crate::ids::hex(octets.get(..64).unwrap_or(octets))
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} with {}, {} bytes", self.content_type, self.content_algorithm, self.size)?;
        for recipient in &self.recipients {
            write!(f, "sealed to ")?;
            if recipient.subject_key_identifier.is_empty() {
                write!(f, "issuer {}, serial number {}", recipient.issuer, recipient.serial_number)?;
            } else {
                write!(f, "key identifier {}", recipient.subject_key_identifier)?;
            }
            writeln!(f, ", by {}", recipient.key_algorithm)?;
            for certificate in &recipient.certificates {
                writeln!(f, "  which can be certificate {certificate}")?;
            }
        }
        match self.suites.first() {
            Some(suite) => writeln!(f, "opens with suite {suite}")?,
            None => writeln!(f, "opens with no suite")?,
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        write!(f, "digest {}", self.digest)
    }
}
