//! Does a stored key open?
//!
//! Pure: records and a keyring in, a result out. It is what `check` runs on several threads and `reveal` on one.

use std::sync::Arc;

use super::Escrow;
use crate::{
    envelope::{
        Allowed, Certificate, Envelope, EnvelopeError, HashAlgorithm, Identity, KeyAlgorithm, Keyring, Limits,
        OpenOptions, Opened, Origin, Owner, Payload, PublicKey, Suite, Unavailable, canary,
        identity::{ContentKey, WrappedKey},
    },
    ids::{DeviceId, Digest, Organization},
    key::{Kind, RecoveryKey},
    random::Randomness,
    store::records::{EnvelopeOrigin, EnvelopeRecord, KeyRecord},
    time::Timestamp,
    verification::{Binding, Failure, Opening, Place},
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
    /// The envelope that it was resealed from.
    pub(super) origin: Option<Origin>,
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

/// Whose a key is, as its envelope names it.
pub(super) fn owner(organization: &Organization, device: &DeviceId, place: &Place) -> Owner {
    Owner::new()
        .organization(organization.clone())
        .device(device.clone())
        .volume(place.volume.clone())
        .protector(place.protector.clone())
}

/// What the envelopes of a key must be.
pub(super) fn options(organization: &Organization, record: &KeyRecord, envelope: &EnvelopeRecord) -> OpenOptions {
    let place = record.facts.place();
    let owner = owner(organization, &record.device, place);
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

/// The suite by which an envelope is taken for what it is.
pub(super) fn suite(kind: Kind, envelope: &EnvelopeRecord) -> Suite {
    match allowed(kind, envelope) {
        Allowed::Suite(suite) => suite,
        Allowed::Rewrapped { .. } => Envelope::received_suite(kind),
    }
}

/// A key and its envelopes, which are tried.
pub(super) type Stored<'a> = (&'a KeyRecord, &'a [EnvelopeRecord]);

/// Tries the envelopes of a key that are in use, the newest first.
pub(super) fn open(
    organization: &Organization,
    key: Stored<'_>,
    identities: &Identities<'_>,
    now: Timestamp,
) -> Outcome {
    open_many(organization, &[key], identities, now).pop().unwrap_or(Outcome::Unavailable)
}

/// As [`open`], for many keys, in their order: the newest envelopes of all, then the next ones of those that did not
/// open.
pub(super) fn open_many(
    organization: &Organization,
    keys: &[Stored<'_>],
    identities: &Identities<'_>,
    now: Timestamp,
) -> Vec<Outcome> {
    let mut trials: Vec<Trial<'_>> = keys.iter().map(|key| Trial::of(*key)).collect();
    while round(organization, &mut trials, identities, now) {}
    trials.into_iter().map(Trial::end).collect()
}

/// How far the trial of a key came.
struct Trial<'a> {
    record: &'a KeyRecord,
    /// The envelopes that were not tried yet, the newest last.
    waiting: Vec<&'a EnvelopeRecord>,
    tried: Vec<Digest>,
    opened: Option<OpenedKey>,
    failure: Option<Failure>,
    unavailable: bool,
}

impl<'a> Trial<'a> {
    fn of((record, envelopes): Stored<'a>) -> Self {
        let mut waiting: Vec<&EnvelopeRecord> =
            envelopes.iter().filter(|envelope| envelope.retired.is_none()).collect();
        waiting.sort_by_key(|envelope| envelope.number);
        Self { record, waiting, tried: Vec::new(), opened: None, failure: None, unavailable: false }
    }

    fn failed(&mut self, envelope: &EnvelopeRecord, failure: Failure) {
        // For which there is no private key here, has not been tried.
        if failure != Failure::NoIdentity {
            self.tried.push(envelope.digest());
        }
        // The failure that came nearest to opening is the one to tell.
        if self.failure.as_ref().is_none_or(|before| is_nearer(&failure, before)) {
            self.failure = Some(failure);
        }
    }

    fn end(self) -> Outcome {
        match (self.opened, self.failure) {
            (Some(opened), _) => Outcome::Opened(Box::new(opened)),
            _ if self.unavailable => Outcome::Unavailable,
            (None, Some(failure)) => Outcome::NotOpened(failure),
            (None, None) => Outcome::NotOpened(Failure::DidNotOpen),
        }
    }
}

/// Tries one more envelope of each key that did not open yet. Whether there was one.
fn round(organization: &Organization, trials: &mut [Trial<'_>], identities: &Identities<'_>, now: Timestamp) -> bool {
    let mut any = false;
    let mut parsed = Vec::new();
    for trial in trials.iter_mut().filter(|trial| trial.opened.is_none()) {
        let Some(record) = trial.waiting.pop() else { continue };
        any = true;
        match Envelope::parse(record.der(), &Limits::default()) {
            Ok(envelope) => parsed.push((envelope, options(organization, trial.record, record), record, trial)),
            Err(_) => trial.failed(record, Failure::DidNotOpen),
        }
    }
    let messages: Vec<_> = parsed.iter().map(|(envelope, options, ..)| (envelope, options)).collect();
    let answers = Envelope::open_many(&messages, identities.keyring);
    for ((envelope, _, record, trial), answer) in parsed.into_iter().zip(answers) {
        match answer {
            Ok(opened) if opened.payload.owner.key_id.is_some_and(|id| id != trial.record.facts.id()) => {
                trial.failed(record, Failure::BoundToOther);
            }
            Ok(opened) => {
                let identity = identities.keyring.identities().get(opened.identity);
                let identity = identity.map_or(Digest::ZERO, |identity| digest_of(identity.as_ref()));
                let mut opening = Opening::new(record.digest(), identity, binding(&opened), now);
                opening.tried = std::mem::take(&mut trial.tried);
                opening.keyring = Some(identities.digest);
                let Payload { key, owner, .. } = opened.payload;
                trial.opened = Some(OpenedKey { key, opening, origin: owner.origin });
            }
            Err(EnvelopeError::Unavailable(_)) => trial.unavailable = true,
            Err(error) => trial.failed(record, failure_of(&error, &envelope)),
        }
    }
    any
}

fn binding(opened: &Opened) -> Binding {
    match (opened.bound, &opened.payload.owner.origin) {
        (true, None) => Binding::Sealed,
        (true, Some(_)) => Binding::Recorded,
        (false, _) => Binding::None,
    }
}

fn failure_of(error: &EnvelopeError, envelope: &Envelope) -> Failure {
    match error {
        EnvelopeError::NoRecipient if envelope.is_sealed_by_macos_to_itself() => Failure::SealedByMacos,
        EnvelopeError::NoRecipient => Failure::NoIdentity,
        EnvelopeError::Suite { .. } => Failure::SuiteNotAllowed,
        _ => Failure::DidNotOpen,
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
        ids::KeyId,
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
