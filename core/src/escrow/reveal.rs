//! How does a person get a key?
//!
//! Authorised, opened, released: that a key may be handed out is committed before any private key is used, that it was
//! is committed before it is returned. Keys that are newer than the one known best to work are tried first.

use std::fmt;

use serde::Serialize;

use super::{
    Error, Escrow,
    check::{due_after, earlier},
    keys::DeviceKeys,
    opening::{self, Identities, OpenedKey, Outcome},
};
use crate::{
    audit::{Action, Draft, Text},
    envelope::Keyring,
    ids::{Actor, DeviceId, KeyId, ProtectorId, VolumeId},
    key::{Kind, RecoveryKey},
    policy::{Level, RecoveryRules},
    recovery::{Recovery, RecoveryEvent, RecoveryId, RecoveryState, Request, Used},
    store::{
        ChangeId, Index, ReadRecords, RowQuery,
        records::{KeyRecord, RecoveryRecord},
    },
    time::Timestamp,
    verification::{KeyChange, KeyFacts, Place, Standing, candidates},
};

/// Who wants which key, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reveal {
    device: DeviceId,
    actor: Option<Actor>,
    reason: String,
    kind: Option<Kind>,
    volume: Option<VolumeId>,
    protector: Option<ProtectorId>,
    key: Option<KeyId>,
}

impl Reveal {
    /// The key of this device.
    pub fn of(device: &DeviceId) -> Self {
        Self {
            device: device.clone(),
            actor: None,
            reason: String::new(),
            kind: None,
            volume: None,
            protector: None,
            key: None,
        }
    }

    /// Who wants it. Must be given.
    #[must_use]
    pub fn by(mut self, actor: &Actor) -> Self {
        self.actor = Some(actor.clone());
        self
    }

    /// Why. Must be given: 1 to 1,024 bytes.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Only a key of this kind.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Only a key of this volume.
    #[must_use]
    pub fn volume(mut self, volume: VolumeId) -> Self {
        self.volume = Some(volume);
        self
    }

    /// Only a key of this protector.
    #[must_use]
    pub fn protector(mut self, protector: ProtectorId) -> Self {
        self.protector = Some(protector);
        self
    }

    /// Exactly this key.
    #[must_use]
    pub fn key(mut self, key: KeyId) -> Self {
        self.key = Some(key);
        self
    }

    fn wants(&self, facts: &KeyFacts) -> bool {
        let place = facts.place();
        self.kind.is_none_or(|kind| place.kind == kind)
            && self.volume.is_none_or_same(place.volume.as_ref())
            && self.protector.is_none_or_same(place.protector.as_ref())
            && self.key.is_none_or(|key| facts.id() == key)
    }
}

trait IsNoneOrSame<T> {
    fn is_none_or_same(&self, other: Option<&T>) -> bool;
}

impl<T: PartialEq> IsNoneOrSame<T> for Option<T> {
    fn is_none_or_same(&self, other: Option<&T>) -> bool {
        self.is_none() || self.as_ref() == other
    }
}

/// A key that was handed out. The release is in the audit.
#[derive(Debug)]
#[non_exhaustive]
pub struct Revealed {
    key: RecoveryKey,
    /// The stored key that it is.
    pub id: KeyId,
    /// Kind, volume and protector.
    pub place: Place,
    /// How far the key was shown to work, this opening included.
    pub level: Level,
    /// All keys of the place, the newest first, and what there is to say of them to the person who needs the disk.
    pub candidates: Vec<Candidate>,
    /// The recovery, as the store and the audit name it.
    pub recovery: RecoveryId,
}

impl Revealed {
    /// Shows the key.
    pub fn expose(&self) -> &str {
        self.key.expose()
    }

    /// The key itself, to be shown in groups.
    pub fn key(&self) -> &RecoveryKey {
        &self.key
    }
}

/// One of the keys of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Candidate {
    /// The key.
    pub key: KeyId,
    /// When it came.
    pub received: Timestamp,
    /// When it was opened last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success: Option<Timestamp>,
    /// What it is among the others.
    #[serde(serialize_with = "word")]
    pub standing: Standing,
}

fn word<S: serde::Serializer>(standing: &Standing, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(standing.as_str())
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}, received {}: {}", self.key, self.received, self.standing.sentence())?;
        self.last_success.map_or(Ok(()), |at| write!(f, " (opened {at})"))
    }
}

/// An authorisation that was committed.
struct Authorized {
    recovery: RecoveryRecord,
    actor: Actor,
    reason: Text,
}

impl Escrow {
    /// Hands out a key, for a reason, and leaves a trace.
    ///
    /// If the answer is [`Error::Unavailable`] or [`Error::Unknown`], asking again goes on under the same authorisation,
    /// for an hour.
    ///
    /// # Errors
    /// [`Error::UploadActorMissing`] never; [`Error::Misuse`] without an actor; [`Error::ReasonMissing`];
    /// [`Error::DeviceUnknown`]; [`Error::NoKey`]; [`Error::Ambiguous`] if several places have keys and none was chosen;
    /// [`Error::Quarantined`]; [`Error::NotOpened`]; [`Error::Unavailable`]; [`Error::Store`], [`Error::Unknown`]: the
    /// key is not handed out.
    pub fn reveal(&self, request: Reveal, keyring: &Keyring, now: Timestamp) -> Result<Revealed, Error> {
        let actor = request.actor.clone().ok_or(Error::Misuse("a key is handed out to an actor: name it with `by`"))?;
        let reason = Text::new(request.reason.clone()).map_err(|_| Error::ReasonMissing)?;
        let device = self.device_record(&request.device)?.ok_or(Error::DeviceUnknown)?;
        let DeviceKeys { keys, .. } = self.keys_of(&request.device)?;
        let wanted: Vec<&KeyRecord> = keys.iter().filter(|key| request.wants(&key.facts)).collect();
        let place = one_place(&wanted)?;
        let of_place = || wanted.iter().filter(|key| *key.facts.place() == place).map(|key| &key.facts);
        let sorted = candidates(of_place(), device.state.installation());
        let mut order: Vec<KeyId> = sorted.untried.iter().map(|facts| facts.id()).collect();
        order.extend(sorted.chosen.map(KeyFacts::id));
        if request.key.is_some() || sorted.chosen.is_none() {
            // One that was named, or none that is known to work: all that may be opened, also if it is an earlier
            // installation's.
            let rest = of_place().rev().filter(|facts| !facts.is_apart()).map(KeyFacts::id);
            let rest: Vec<KeyId> = rest.filter(|id| !order.contains(id)).collect();
            order.extend(rest);
        }
        if order.is_empty() {
            return Err(Error::Quarantined);
        }
        let listed = sorted
            .all
            .iter()
            .map(|(facts, standing)| Candidate {
                key: facts.id(),
                received: facts.received(),
                last_success: facts.last_success().map(|success| success.at),
                standing: *standing,
            })
            .collect();

        let authorized = self.authorize(&request.device, actor, reason, order.first().copied(), now)?;
        let answering = self.answering(keyring);
        let identities = Identities::of(&answering.keyring);
        let mut unavailable = false;
        for id in &order {
            let Some(record) = wanted.iter().find(|key| key.facts.id() == *id) else { continue };
            let envelopes = self.envelopes_of(id)?;
            match opening::open(&self.organization, record, &envelopes, &identities, now) {
                Outcome::Opened(opened) => {
                    let OpenedKey { key, opening } = *opened;
                    let level = self.release(&authorized, record, &envelopes, &opening, now)?;
                    let recovery = authorized.recovery.recovery;
                    return Ok(Revealed { key, id: *id, place, level, candidates: listed, recovery });
                }
                Outcome::Unavailable => unavailable = true,
                Outcome::NotOpened(_) => {}
            }
        }
        if unavailable {
            return Err(Error::Unavailable(crate::envelope::Unavailable::new()));
        }
        self.release_failed(&authorized, now)?;
        Err(Error::NotOpened { candidates: order })
    }

    /// Commits that a key may be opened for this actor; an authorisation that was not used up is taken up again.
    fn authorize(
        &self,
        device: &DeviceId,
        actor: Actor,
        reason: Text,
        key: Option<KeyId>,
        now: Timestamp,
    ) -> Result<Authorized, Error> {
        if let Some(recovery) = self.open_authorization(device, &actor, &reason, key, now)? {
            return Ok(Authorized { recovery, actor, reason });
        }
        let id = ChangeId::generate(self.rng())?;
        let until = now.saturating_add(AUTHORIZED_SECONDS);
        let mut asked = Request::new(actor.clone(), reason.clone(), now);
        asked.expires = Some(until);
        let rules = RecoveryRules { reveals_per_day: 0, ..RecoveryRules::default() };
        let authorized =
            RecoveryEvent::Authorized { actor: actor.clone(), person: None, key, envelope: None, until, at: now };
        let course = Recovery::request(asked, key, None, &rules, Used::default())
            .and_then(|course| course.apply(&authorized))
            .map_err(|_| Error::Conflict)?;
        let recovery = RecoveryRecord::new(RecoveryId::generate(self.rng())?, device.clone(), course);
        let authorized = Authorized { recovery, actor, reason };
        self.transact(device, id, now, |change| {
            let mut draft = authorized.draft(Action::ReleaseAuthorized);
            draft.references.key = key;
            change.audit(draft);
            let record = authorized.recovery.clone();
            change.edit(move |builder| {
                builder.insert(&record);
            });
            Ok(())
        })?;
        Ok(authorized)
    }

    fn open_authorization(
        &self,
        device: &DeviceId,
        actor: &Actor,
        reason: &Text,
        key: Option<KeyId>,
        now: Timestamp,
    ) -> Result<Option<RecoveryRecord>, Error> {
        let mut query = RowQuery::new(&self.organization, Index::RECOVERIES_BY_DEVICE).equal(device.as_str());
        loop {
            let page = self.store.as_ref().read_page::<RecoveryRecord>(&query)?;
            let usable = |record: &&RecoveryRecord| {
                let course = &record.course;
                course.state_at(now) == RecoveryState::ReleaseAuthorized
                    && course.asked().actor == *actor
                    && course.asked().reason == *reason
                    && course.key() == key
            };
            if let Some(record) = page.records.iter().find(usable) {
                return Ok(Some(record.clone()));
            }
            match page.next {
                Some(next) => query = query.after(next),
                None => return Ok(None),
            }
        }
    }

    /// Commits that the key is handed out, and that it opened.
    fn release(
        &self,
        authorized: &Authorized,
        opened: &KeyRecord,
        envelopes: &[crate::store::records::EnvelopeRecord],
        opening: &crate::verification::Opening,
        now: Timestamp,
    ) -> Result<Level, Error> {
        let key = opened.facts.id();
        self.finish(authorized, now, |change| {
            let mut record = self.key_record(&key)?.ok_or(Error::KeyUnknown)?;
            // What the opening proves is recorded if the key is still what was opened; it is handed out in any case.
            if record.facts == opened.facts {
                change.change_key(&mut record, KeyChange::Opened(opening.clone()))?;
                self.settle_envelopes(change, &mut record, envelopes, opening, (&authorized.actor, now))?;
                let rules = self.policies.policy(change.device.group.as_deref()).escrow();
                record.check_due = due_after(&record, &rules, now);
                // Opened is checked: the device is not due any more for this key.
                change.device.check_due = earlier(self.due_without(&record.device, &[key], now)?, record.check_due);
                let stored = record.clone();
                change.edit(move |builder| {
                    builder.replace(&stored);
                });
            }
            let level = record.facts.reached(true).map_or(Level::EnvelopeOpens, |reached| reached.level);
            let mut draft = authorized.draft(Action::Released);
            draft.references.key = Some(key);
            draft.references.envelope = Some(opening.envelope);
            draft.references.identity = Some(opening.identity);
            draft.references.level = Some(level);
            draft.references.volume.clone_from(&record.facts.place().volume);
            draft.references.protector.clone_from(&record.facts.place().protector);
            change.audit(draft);
            Ok((RecoveryEvent::Released { key, envelope: opening.envelope, at: now }, level))
        })
    }

    fn release_failed(&self, authorized: &Authorized, now: Timestamp) -> Result<(), Error> {
        self.finish(authorized, now, |change| {
            change.audit(authorized.draft(Action::ReleaseFailed));
            Ok((RecoveryEvent::NotOpened { at: now }, ()))
        })
    }

    fn finish<T>(
        &self,
        authorized: &Authorized,
        now: Timestamp,
        decide: impl Fn(&mut super::transaction::Change) -> Result<(RecoveryEvent, T), Error>,
    ) -> Result<T, Error> {
        let id = ChangeId::generate(self.rng())?;
        let recovery = &authorized.recovery;
        self.transact(&recovery.device, id, now, |change| {
            let row = RecoveryRecord::row_key(&self.organization, &recovery.recovery);
            let mut record: RecoveryRecord = self.store.as_ref().read(&row)?.ok_or(Error::NoKey)?;
            // An authorisation is used once.
            if record.course.state() != RecoveryState::ReleaseAuthorized {
                return Err(Error::Conflict);
            }
            let (event, value) = decide(change)?;
            record.course = record.course.apply(&event).map_err(|_| Error::Conflict)?;
            change.edit(move |builder| {
                builder.replace(&record);
            });
            Ok(value)
        })
    }
}

/// For how long an authorisation that was not used up can be used.
const AUTHORIZED_SECONDS: i64 = 60 * 60;

impl Authorized {
    fn draft(&self, action: Action) -> Draft {
        let mut draft = Draft::new(self.actor.clone(), action);
        draft.reason = Some(self.reason.clone());
        draft.references.request = Text::new(self.recovery.recovery.to_string()).ok();
        draft
    }
}

/// The one place that the keys are of.
fn one_place(keys: &[&KeyRecord]) -> Result<Place, Error> {
    let mut places: Vec<Place> = keys.iter().map(|key| key.facts.place().clone()).collect();
    places.sort();
    places.dedup();
    match places.as_slice() {
        [] => Err(Error::NoKey),
        [place] => Ok(place.clone()),
        _ => Err(Error::Ambiguous { places }),
    }
}
