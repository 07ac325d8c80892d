//! What keeps a key from being removed?
//!
//! A key goes only if it was retired for as long as the policy keeps it, nobody is at it, and another key of its disk
//! does its work. Keys of one disk are those of one kind and volume: an agent that replaces a recovery password or a key
//! slot makes another protector, and so another [`Place`](crate::verification::Place), of the same disk.

use crate::{
    escrow::{keys::is_verified, rotations::concerns},
    ids::words,
    policy::{EscrowRules, Policy},
    recovery::Recovery,
    rotation::Rotation,
    store::records::KeyRecord,
    time::Timestamp,
    verification::Quarantine,
};

words! {
    /// Why a key is not removed.
    Obstacle {
        /// The policy keeps keys for ever.
        KeptForEver = "kept_for_ever";
        /// It is the last key of its disk that works, or was shown to work better than every other.
        LastThatWorks = "last_that_works";
        /// It is the newest key of its disk.
        Newest = "newest";
        /// No other key took its place.
        NotRetired = "not_retired";
        /// It is set apart, and nobody has decided about it.
        Quarantined = "quarantined";
        /// Somebody asked to see it, or a key of its device, and may still get it.
        RecoveryInCourse = "recovery_in_course";
        /// The key of its disk is being replaced.
        RotationInCourse = "rotation_in_course";
        /// It was in use later than the policy's time ago.
        TooRecent = "too_recent";
        /// A record of its device cannot be read, so that not all is known.
        Unreadable = "unreadable";
    }
}

impl Obstacle {
    /// What it means, for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::KeptForEver => "the policy keeps keys for ever (`retired_keys` is 0)",
            Self::LastThatWorks => "no other key of its disk works as well as this one did",
            Self::Newest => "no key of its disk came later, those that are set apart not counted",
            Self::NotRetired => "no other key took its place",
            Self::Quarantined => "it is set apart, and nobody has decided about it",
            Self::RecoveryInCourse => {
                "somebody asked to see it, or a key of its device that is not chosen yet, and may still get it"
            }
            Self::RotationInCourse => "the key of its disk is being replaced",
            Self::TooRecent => {
                "less than `retired_keys` ago another key took its place, or it was handed out for the first time, came again, opened a volume, \
                 or was kept by a person"
            }
            Self::Unreadable => "a record of its device cannot be read, so that not all is known",
        }
    }
}

/// All that decides about the keys of one device.
pub(in crate::escrow) struct Surroundings {
    pub(in crate::escrow) keys: Vec<KeyRecord>,
    pub(in crate::escrow) recoveries: Vec<Recovery>,
    pub(in crate::escrow) rotations: Vec<Rotation>,
    pub(in crate::escrow) unreadable: bool,
}

impl Surroundings {
    /// What keeps this key from being removed now, the waiting period apart.
    pub(in crate::escrow) fn obstacle(&self, record: &KeyRecord, policy: &Policy, now: Timestamp) -> Option<Obstacle> {
        let (facts, kept_for) = (&record.facts, policy.retention().retired_keys);
        if self.unreadable {
            return Some(Obstacle::Unreadable);
        }
        if facts.quarantine() == Some(Quarantine::Pending) {
            return Some(Obstacle::Quarantined);
        }
        if kept_for == 0 {
            return Some(Obstacle::KeptForEver);
        }
        let Some(unused) = unused_since(record) else { return Some(Obstacle::NotRetired) };
        if now < unused.saturating_add(i64::from(kept_for)) {
            return Some(Obstacle::TooRecent);
        }
        if self.rotations.iter().any(|rotation| concerns(rotation, facts.place())) {
            return Some(Obstacle::RotationInCourse);
        }
        let is_open =
            |course: &&Recovery| course.state().is_open() && course.expires().is_none_or(|expires| now <= expires);
        let of_it = |course: &Recovery| course.key().is_none_or(|key| key == facts.id());
        if self.recoveries.iter().filter(is_open).any(of_it) {
            return Some(Obstacle::RecoveryInCourse);
        }
        if !self.others(record).any(|other| other.facts.order() > facts.order()) {
            return Some(Obstacle::Newest);
        }
        let rules = policy.escrow();
        let replaced = self.others(record).any(|other| does_the_work(other, record, &rules));
        (!replaced).then_some(Obstacle::LastThatWorks)
    }

    /// The other keys of its disk that are not set apart.
    fn others<'a>(&'a self, record: &'a KeyRecord) -> impl Iterator<Item = &'a KeyRecord> {
        let place = record.facts.place();
        self.keys.iter().filter(move |other| {
            let (facts, its) = (&other.facts, other.facts.place());
            facts.id() != record.facts.id() && its.kind == place.kind && its.volume == place.volume && !facts.is_apart()
        })
    }
}

/// Since when nobody had a use for a retired key, as far as is known.
fn unused_since(record: &KeyRecord) -> Option<Timestamp> {
    let facts = &record.facts;
    let retired = facts.retired()?.at;
    let used = [
        record.kept_since,
        record.sightings.last,
        facts.attested_by_device(),
        facts.unlocked().map(|unlocked| unlocked.at),
        facts.revealed().map(|revelation| revelation.at),
    ];
    used.into_iter().flatten().chain([retired]).max()
}

/// Whether another key of the disk is in use, stays, and is known to work as well as the policy demands and as this one
/// was.
fn does_the_work(other: &KeyRecord, record: &KeyRecord, rules: &EscrowRules) -> bool {
    let (facts, its) = (&other.facts, &record.facts);
    facts.retired().is_none()
        && other.removal.is_none()
        && facts.last_success().is_some()
        && is_verified(facts, rules)
        && facts.installation() >= its.installation()
        && facts.reached(true).map(|reached| reached.level) >= its.reached(true).map(|reached| reached.level)
}
