//! Does a stored key open?
//!
//! Pure: records and a keyring in, a result out. It is what `check` runs on several threads and `reveal` on one.

use std::sync::Arc;

use super::Escrow;
use crate::{
    envelope::{
        Allowed, Certificate, Envelope, EnvelopeError, HashAlgorithm, Identity, KeyAlgorithm, Keyring, Limits,
        OpenOptions, Owner, PublicKey, Suite, Unavailable, canary,
        identity::{ContentKey, WrappedKey},
    },
    ids::{Digest, Organization},
    key::{Kind, RecoveryKey},
    random::Randomness,
    store::records::{EnvelopeOrigin, EnvelopeRecord, KeyRecord},
    time::Timestamp,
    verification::{Binding, Failure, Opening},
};

/// What trying a key gave.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It opened.
    Opened(Box<OpenedKey>),
    /// None of its envelopes opened.
    NotOpened(Failure),
    /// A private key could not be reached, so that nothing is known.
    Unavailable,
}

/// A key that opened.
#[derive(Debug)]
pub(super) struct OpenedKey {
    pub(super) key: RecoveryKey,
    pub(super) opening: Opening,
}

/// A keyring, and its digest, which is computed once for many keys.
#[derive(Clone, Copy)]
pub(super) struct Identities<'a> {
    keyring: &'a Keyring,
    digest: Digest,
}

impl<'a> Identities<'a> {
    pub(super) fn of(keyring: &'a Keyring) -> Self {
        Self { keyring, digest: keyring.digest() }
    }
}

/// What the envelopes of a key must be.
pub(super) fn options(organization: &Organization, record: &KeyRecord, envelope: &EnvelopeRecord) -> OpenOptions {
    let place = record.facts.place();
    let owner = Owner::new()
        .organization(organization.clone())
        .device(record.device.clone())
        .volume(place.volume.clone())
        .protector(place.protector.clone());
    OpenOptions::new(allowed(place.kind, envelope)).kind(place.kind).owner(owner)
}

/// As what an envelope may be opened. It follows from the key's kind and the envelope's origin; what the row says
/// can narrow it and never widen it, so that whoever writes the database opens no weaker path.
fn allowed(kind: Kind, envelope: &EnvelopeRecord) -> Allowed {
    let received = Envelope::received_suite(kind);
    match (&envelope.origin, &envelope.allowed) {
        (EnvelopeOrigin::Received, _) => received.into(),
        (EnvelopeOrigin::Rewrapped(_), Allowed::Rewrapped { content_type, content })
            if received.allows(*content_type, &KeyAlgorithm::RsaPkcs1v15, content)
                || Suite::Modern.allows(*content_type, &KeyAlgorithm::oaep(HashAlgorithm::Sha256), content) =>
        {
            envelope.allowed.clone()
        }
        _ => Suite::Modern.into(),
    }
}

/// Tries the envelopes of a key that are in use, the newest first.
pub(super) fn open(
    organization: &Organization,
    record: &KeyRecord,
    envelopes: &[EnvelopeRecord],
    identities: &Identities<'_>,
    now: Timestamp,
) -> Outcome {
    let mut in_use: Vec<&EnvelopeRecord> = envelopes.iter().filter(|envelope| envelope.retired.is_none()).collect();
    in_use.sort_by_key(|envelope| std::cmp::Reverse(envelope.number));
    let mut tried = Vec::new();
    let mut failure = None;
    let mut unavailable = false;
    for envelope in in_use {
        match open_one(organization, record, envelope, identities.keyring) {
            Ok((key, identity, binding)) => {
                let mut opening = Opening::new(envelope.digest(), identity, binding, now);
                opening.tried = tried;
                opening.keyring = Some(identities.digest);
                return Outcome::Opened(Box::new(OpenedKey { key, opening }));
            }
            Err(Tried::Unavailable) => unavailable = true,
            // The failure that came nearest to opening is the one to tell.
            Err(Tried::Failed(other)) => {
                // For which there is no private key here, has not been tried.
                if other != Failure::NoIdentity {
                    tried.push(envelope.digest());
                }
                failure = Some(
                    failure.map_or(other.clone(), |before| if is_nearer(&other, &before) { other } else { before }),
                );
            }
        }
    }
    match failure {
        _ if unavailable => Outcome::Unavailable,
        Some(failure) => Outcome::NotOpened(failure),
        None => Outcome::NotOpened(Failure::DidNotOpen),
    }
}

enum Tried {
    Failed(Failure),
    Unavailable,
}

fn open_one(
    organization: &Organization,
    record: &KeyRecord,
    envelope: &EnvelopeRecord,
    keyring: &Keyring,
) -> Result<(RecoveryKey, Digest, Binding), Tried> {
    let parsed = Envelope::parse(envelope.der(), &Limits::default()).map_err(|_| Tried::Failed(Failure::DidNotOpen))?;
    match parsed.open(keyring, &options(organization, record, envelope)) {
        Ok(opened) => {
            if opened.payload.owner.key_id.is_some_and(|id| id != record.facts.id()) {
                return Err(Tried::Failed(Failure::BoundToOther));
            }
            let identity = keyring.identities().get(opened.identity).map(|identity| digest_of(identity.as_ref()));
            let binding = match (opened.bound, &opened.payload.owner.origin) {
                (true, None) => Binding::Sealed,
                (true, Some(_)) => Binding::Recorded,
                (false, _) => Binding::None,
            };
            Ok((opened.payload.key, identity.unwrap_or(Digest::ZERO), binding))
        }
        Err(EnvelopeError::Unavailable(_)) => Err(Tried::Unavailable),
        Err(EnvelopeError::NoRecipient) if parsed.is_sealed_by_macos_to_itself() => {
            Err(Tried::Failed(Failure::SealedByMacos))
        }
        Err(EnvelopeError::NoRecipient) => Err(Tried::Failed(Failure::NoIdentity)),
        Err(EnvelopeError::Suite { .. }) => Err(Tried::Failed(Failure::SuiteNotAllowed)),
        Err(_) => Err(Tried::Failed(Failure::DidNotOpen)),
    }
}

/// How an identity is named in records: the SHA-256 of its certificate, or of its public key's identifier.
pub(super) fn digest_of(identity: &dyn Identity) -> Digest {
    match identity.certificates().first() {
        Some(certificate) => Digest::from_bytes(*certificate.fingerprint().as_bytes()),
        None => identity.public_key().key_identifier().map_or(Digest::ZERO, |identifier| Digest::of(&identifier)),
    }
}

fn is_nearer(one: &Failure, other: &Failure) -> bool {
    let distance = |failure: &Failure| match failure {
        Failure::BoundToOther | Failure::WrongContent => 0,
        Failure::DidNotOpen => 1,
        Failure::SuiteNotAllowed => 2,
        Failure::NoIdentity => 3,
        _ => 4,
    };
    distance(one) < distance(other)
}

/// A keyring in which identities that do not answer sensibly are known to be out of reach.
pub(super) struct Answering {
    pub(super) keyring: Keyring,
    /// Whether one of them does not.
    pub(super) degraded: bool,
    /// Whether none does: then nothing can be known.
    pub(super) silent: bool,
}

impl Escrow {
    /// Tries every identity with a key that is known.
    pub(super) fn answering(&self, keyring: &Keyring) -> Answering {
        let (mut degraded, mut silent) = (false, true);
        let identities = keyring.identities().iter().map(|identity| {
            if canary::answers(identity.as_ref(), self.rng.as_ref()).is_ok() {
                silent = false;
                return Arc::clone(identity);
            }
            degraded = true;
            Arc::new(OutOfReach(Arc::clone(identity))) as Arc<dyn Identity>
        });
        let keyring = identities.collect();
        Answering { keyring, degraded, silent }
    }

    /// The randomness of this escrow.
    pub(super) fn rng(&self) -> &dyn Randomness {
        self.rng.as_ref()
    }
}

/// An identity that does not answer sensibly: messages for it are not said to be bad.
#[derive(Debug)]
struct OutOfReach(Arc<dyn Identity>);

impl Identity for OutOfReach {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn certificates(&self) -> &[Certificate] {
        self.0.certificates()
    }

    fn permits(&self, algorithm: &KeyAlgorithm) -> bool {
        self.0.permits(algorithm)
    }

    fn unwrap(&self, _wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        Err(Unavailable::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        envelope::{ContentAlgorithm, ContentType},
        ids::{DeviceId, KeyId},
    };

    /// A row that somebody who writes the database has changed.
    fn row(origin: EnvelopeOrigin, allowed: Allowed) -> EnvelopeRecord {
        let envelope = crate::store::conformance::material::envelope(b"content");
        let device = DeviceId::new("a").unwrap();
        let now = Timestamp::from_unix_seconds(0).unwrap();
        EnvelopeRecord::new((&device, KeyId::from_bytes([0; 16])), &envelope, 1, origin, allowed, now)
    }

    #[test]
    fn a_row_never_widens_what_may_be_opened() {
        let legacy = || Allowed::Suite(Suite::Legacy);
        for (kind, suite) in [(Kind::FileVault, Suite::FileVault), (Kind::BitLocker, Suite::Modern)] {
            assert_eq!(allowed(kind, &row(EnvelopeOrigin::Received, legacy())), suite.into());
            assert_eq!(allowed(kind, &row(EnvelopeOrigin::Sealed, legacy())), Suite::Modern.into());
            assert_eq!(allowed(kind, &row(EnvelopeOrigin::Rewrapped(Digest::ZERO), legacy())), Suite::Modern.into());
        }
        let over = |content| Allowed::Rewrapped { content_type: ContentType::EnvelopedData, content };
        let from = EnvelopeOrigin::Rewrapped(Digest::ZERO);
        let macs = over(ContentAlgorithm::TripleDesCbc);
        assert_eq!(allowed(Kind::FileVault, &row(from, macs.clone())), macs);
        assert_eq!(allowed(Kind::BitLocker, &row(from, macs)), Suite::Modern.into());
        assert_eq!(allowed(Kind::FileVault, &row(from, over(ContentAlgorithm::DesCbc))), Suite::Modern.into());
    }
}
