//! Does a stored key open?
//!
//! Pure: records and a keyring in, a result out. It is what `check` runs on several threads and `reveal` on one.

use std::sync::Arc;

use super::Escrow;
use crate::{
    envelope::{
        Certificate, Envelope, EnvelopeError, Identity, KeyAlgorithm, Keyring, Limits, OpenOptions, Owner, PublicKey,
        Unavailable, canary,
        identity::{ContentKey, WrappedKey},
    },
    ids::{Digest, Organization},
    key::RecoveryKey,
    random::Randomness,
    store::records::{EnvelopeRecord, KeyRecord},
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
    OpenOptions::new(envelope.allowed.clone()).kind(place.kind).owner(owner)
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
