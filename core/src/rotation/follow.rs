//! What do the facts of a key say to a rotation?
//!
//! The bridge from `verification`: [`PlaceFacts::of`] reads causes from the facts of a key, [`Rotation::follow`] events. What
//! is not known says nothing.

use super::{PlaceFacts, Rotation, RotationEvent};
use crate::{
    ids::Word,
    policy::EscrowRules,
    time::Timestamp,
    verification::{KeyFacts, Reason, works},
};

impl PlaceFacts {
    /// What the facts of the newest key of a place say. That it was revealed, that its certificate is to be used no more
    /// and what policy and operators want is not among them; those are fields.
    pub fn of(key: &KeyFacts, rules: &EscrowRules) -> Self {
        if key.is_apart() {
            return Self::default();
        }
        let mut facts = Self { received: Some(key.received()), ..Self::default() };
        match useless(key, rules) {
            Some((Reason::Exposed, at)) => facts.compromised = Some(at),
            Some((_, at)) => facts.undecryptable = Some(at),
            None => {}
        }
        facts
    }
}

impl Rotation {
    /// The rotation after the facts of a key have changed, or were made: to be called for every key of the device, with
    /// the rules that it has to meet.
    ///
    /// A key counts if it is of the same kind and volume; a new one has another protector, where there are several. One
    /// that is set apart does not count before it is accepted. That a key is the old one in another envelope cannot be
    /// seen here: who has opened both says [`KeyFailed`](RotationEvent::KeyFailed).
    #[must_use]
    pub fn follow(self, key: &KeyFacts, rules: &EscrowRules, now: Timestamp) -> Self {
        let same = key.place().kind == self.place.kind && key.place().volume == self.place.volume;
        if !same || key.is_apart() || key.retired().is_some() {
            return self;
        }
        let id = key.id();
        let rotation = self.heard(&RotationEvent::KeyReceived { key: id, order: key.order(), at: now });
        if works(key, rules) {
            return rotation.heard(&RotationEvent::KeyVerified { key: id, at: now });
        }
        let why = useless(key, rules).and_then(|(reason, _)| Word::new(reason.as_str()).ok());
        match why {
            Some(why) => rotation.heard(&RotationEvent::KeyFailed { key: id, why, at: now }),
            None => rotation,
        }
    }

    /// The rotation after an event that is never rejected.
    fn heard(self, event: &RotationEvent) -> Self {
        self.clone().apply(event).unwrap_or(self)
    }
}

/// Why only another key helps, and since when: this one is exposed, its volume refuses it, or no envelope of it ever opened
/// for a reason that more identities would not mend.
fn useless(key: &KeyFacts, rules: &EscrowRules) -> Option<(Reason, Timestamp)> {
    let denied = key.denied_by_device().filter(|_| rules.accept_device_proof);
    let exposed = key.exposed().map(|exposure| (Reason::Exposed, exposure.at));
    let refused = || key.refused().or(denied).map(|at| (Reason::ProtectorRefused, at));
    let never_opened = || {
        let attempt = key.last_attempt().filter(|_| key.last_success().is_none())?;
        let failure = attempt.failure.as_ref().filter(|failure| failure.asks_for_new_key())?;
        Some((failure.reason(), attempt.at))
    };
    exposed.or_else(refused).or_else(never_opened)
}
