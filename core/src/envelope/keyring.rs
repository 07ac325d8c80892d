//! Which identities may a call use, and which of them is a message for?

use std::sync::Arc;

use super::{
    EnvelopeError, Malformed,
    certificate::Certificate,
    cms::{Message, RecipientId},
    identity::Identity,
};
use crate::ids::Digest;

/// The identities that one call may use: an argument of every call that opens something.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    identities: Vec<Arc<dyn Identity>>,
}

impl Keyring {
    /// An empty one, which opens nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more identity.
    #[must_use]
    pub fn with(mut self, identity: Arc<dyn Identity>) -> Self {
        self.identities.push(identity);
        self
    }

    /// The identities, in the order in which they were added.
    pub fn identities(&self) -> &[Arc<dyn Identity>] {
        &self.identities
    }

    /// A digest of the public keys and certificates: it changes when other messages may open than before.
    pub fn digest(&self) -> Digest {
        let mut parts: Vec<Digest> = Vec::new();
        for identity in &self.identities {
            parts.extend(identity.public_key().key_identifier().map(|identifier| Digest::of(&identifier)));
            parts.extend(identity.certificates().iter().map(|certificate| Digest::of(certificate.der())));
        }
        parts.sort();
        parts.dedup();
        Digest::of(&parts.iter().flat_map(|part| *part.as_bytes()).collect::<Vec<_>>())
    }

    /// Which identity may open which recipient's key, as (recipient, identity), recipients in their order.
    ///
    /// Issuer and serial number may be shared by several certificates (Fleet's own is always serial 1), so all
    /// that match are named. `unmatched` also names, for a message with one recipient, identities that the
    /// recipient does not name; never more than one recipient's key is tried with them.
    pub(super) fn candidates(&self, message: &Message, unmatched: bool) -> Result<Vec<(usize, usize)>, EnvelopeError> {
        let mut candidates = Vec::new();
        for (identity_index, identity) in self.identities.iter().enumerate() {
            let mut matching = message
                .recipients
                .iter()
                .enumerate()
                .filter(|(_, recipient)| is_recipient(&recipient.id, identity.as_ref()))
                .map(|(index, _)| index);
            let first = matching.next();
            // Two wrapped keys for one private key: an honest sender writes one, and answering for both would be
            // an oracle that says which of them unwraps.
            if matching.next().is_some() {
                return Err(Malformed::RecipientTwice.into());
            }
            match (first, message.recipients.as_slice()) {
                (Some(index), _) => candidates.push((index, identity_index)),
                (None, [_]) if unmatched => candidates.push((0, identity_index)),
                (None, _) => {}
            }
        }
        candidates.sort_unstable();
        Ok(candidates)
    }
}

impl FromIterator<Arc<dyn Identity>> for Keyring {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Identity>>>(identities: I) -> Self {
        Self { identities: identities.into_iter().collect() }
    }
}

fn is_recipient(id: &RecipientId, identity: &dyn Identity) -> bool {
    identity.certificates().iter().any(|certificate| names(id, certificate))
        || matches!(id, RecipientId::SubjectKeyIdentifier(octets)
            if identity.public_key().key_identifier().is_some_and(|identifier| octets == identifier.as_slice()))
}

/// Whether a recipient is this certificate.
pub(super) fn names(id: &RecipientId, certificate: &Certificate) -> bool {
    match id {
        RecipientId::IssuerAndSerialNumber { issuer, serial } => {
            issuer == certificate.issuer_der() && trimmed(serial) == trimmed(certificate.serial_number())
        }
        RecipientId::SubjectKeyIdentifier(octets) => certificate.subject_key_identifier() == Some(octets.as_slice()),
    }
}

/// A number without leading zeros, which some encoders drop or add.
pub(super) fn trimmed(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|octet| **octet == 0).count();
    integer.get(zeros..).unwrap_or_default()
}
