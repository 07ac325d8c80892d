//! How is the key of a device replaced?
//!
//! A rotation begins by itself when the policy has a cause, or because an operator asks. It goes on with each key that
//! comes and each check, in the same commit; what the device and its management answer is reported. The old key is retired
//! by the commit that shows the new one to work, or, where an agent removes it from the device, by the one that
//! records that it did.

use serde::Serialize;

use super::{
    Error, Escrow, Page, Paged,
    trace::{Operation, traced},
    transaction::Change,
};
use crate::{
    audit::{Action, Draft, Text},
    ids::{Actor, DeviceId, KeyId, Word},
    policy::{EscrowRules, Policy},
    rotation::{
        Assessment as RotationAssessment, Cause, NextStep, Phase, PlaceFacts, Rotation, RotationEvent, RotationId,
        due_cause,
    },
    store::{
        ChangeId,
        records::{DeviceRecord, KeyRecord},
    },
    time::Timestamp,
    verification::{Assessment, Event, Failure, KeyFacts, Place, Situation, assess},
};

/// The replacement of a key, and what is to be done for it now.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RotationReport {
    /// The device.
    pub device: DeviceId,
    /// The rotation.
    #[serde(flatten)]
    pub rotation: Rotation,
    /// Whether its phase takes longer than the policy allows.
    pub overdue: bool,
    /// What is to be done now; none: wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<NextStep>,
    /// When to look again, if nothing happens before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
}

impl RotationReport {
    fn new(device: &DeviceId, rotation: &Rotation, policy: &Policy, now: Timestamp) -> Self {
        let RotationAssessment { overdue, next, wake_at, .. } = rotation.assess(&policy.rotation(), now);
        Self { device: device.clone(), rotation: rotation.clone(), overdue, next, wake_at }
    }
}

/// How a device stands: its disk, its keys and their replacements.
pub(super) fn judge(device: &DeviceRecord, policy: &Policy, now: Timestamp) -> Assessment {
    let whole = assess(&device.state, policy, now);
    if device.state.forgotten().is_some() {
        return whole;
    }
    let rules = policy.rotation();
    let going_on = device.rotations.iter().filter(|rotation| !rotation.phase().is_final());
    let whole = going_on.fold(whole, |whole, rotation| {
        let judged = rotation.assess(&rules, now);
        let situation = match judged.next {
            Some(NextStep::CallOperator) => Situation::RotationStuck,
            _ if judged.overdue => Situation::RotationOverdue,
            _ => Situation::Rotating,
        };
        whole.and(situation, judged.wake_at)
    });
    whole.waking(causes(device, policy, now).map(|(_, due)| due).filter(|at| *at > now).min())
}

/// The places whose key is to be replaced for a cause of the policy, and since when.
fn causes<'a>(
    device: &'a DeviceRecord,
    policy: &Policy,
    now: Timestamp,
) -> impl Iterator<Item = ((&'a KeyFacts, Cause), Timestamp)> {
    let rules = policy.rotation();
    let required = policy.escrow().required && device.state.forgotten().is_none();
    let newest = device.state.places().iter().filter(move |_| required).filter_map(|place| place.newest());
    let idle = newest.filter(|key| !device.rotations.iter().any(|rotation| concerns(rotation, key.place())));
    idle.filter_map(move |key| {
        let due = due_cause(&facts(key), &rules, now)?;
        Some(((key, due.cause), due.at))
    })
}

/// Whether a rotation goes on that a key of this place belongs to. A protector that an agent adds is another place of
/// the same volume.
pub(super) fn concerns(rotation: &Rotation, place: &Place) -> bool {
    let replaced = rotation.place();
    !rotation.phase().is_final() && replaced.kind == place.kind && replaced.volume == place.volume
}

fn facts(key: &KeyFacts) -> PlaceFacts {
    let revealed = key.revealed();
    let never_opened = key.last_success().is_none();
    let attempt = key
        .last_attempt()
        .filter(|attempt| never_opened && attempt.failure.as_ref().is_some_and(Failure::asks_for_new_key));
    let refused = key.refused().or(key.denied_by_device());
    PlaceFacts {
        received: Some(key.received()),
        revealed: revealed.map(|revealed| revealed.at),
        break_glass: revealed.is_some_and(|revealed| revealed.break_glass),
        undecryptable: attempt.map(|attempt| attempt.at).or(refused),
        compromised: key.exposed().map(|exposure| exposure.at),
        ..PlaceFacts::default()
    }
}

impl Change {
    /// Tells the rotations that this key belongs to.
    pub(super) fn rotate(&mut self, place: &Place, event: &RotationEvent) {
        for rotation in self.device.rotations.iter_mut().filter(|rotation| concerns(rotation, place)) {
            // What a rotation does not take changes nothing: it is about another key or comes too late.
            if let Ok(after) = rotation.clone().apply(event) {
                *rotation = after;
            }
        }
    }

    /// Begins a rotation; the one of the same place that ended before is forgotten.
    fn begin(&mut self, rotation: Rotation) {
        self.device.rotations.retain(|other| !other.phase().is_final() || other.place() != rotation.place());
        self.device.rotations.push(rotation);
    }
}

impl Escrow {
    /// Has the keys of a device replaced: of one place, or of all. What is going on already is asked for again, and may fail
    /// as often again.
    ///
    /// # Errors
    /// [`Error::DeviceUnknown`]; [`Error::NoKey`] if there is no such place; [`Error::ReasonMissing`]; [`Error::Store`].
    pub fn request_rotation(
        &self,
        device: &DeviceId,
        place: Option<&Place>,
        by: &Actor,
        reason: &str,
        now: Timestamp,
    ) -> Result<Vec<RotationId>, Error> {
        traced(Operation::RequestRotation, Some(device), || self.ask_for_rotation(device, place, by, reason, now))
    }

    fn ask_for_rotation(
        &self,
        device: &DeviceId,
        place: Option<&Place>,
        by: &Actor,
        reason: &str,
        now: Timestamp,
    ) -> Result<Vec<RotationId>, Error> {
        let reason = Text::new(reason).map_err(|_| Error::ReasonMissing)?;
        let id = ChangeId::generate(self.rng())?;
        self.transact(device, id, now, |change| {
            if !change.known {
                return Err(Error::DeviceUnknown);
            }
            let rules = self.policies.policy(change.device.group.as_deref()).rotation();
            let wanted = |key: &&KeyFacts| place.is_none_or(|place| key.place() == place);
            let places = change.device.state.places().iter();
            let keys: Vec<KeyFacts> = places.filter_map(|place| place.newest()).filter(wanted).cloned().collect();
            if keys.is_empty() {
                return Err(Error::NoKey);
            }
            let mut ids = Vec::new();
            for key in keys {
                let again = RotationEvent::Requested { cause: Cause::Operator, not_before: now, at: now };
                match change.device.rotations.iter().find(|rotation| concerns(rotation, key.place())) {
                    Some(rotation) => {
                        // What was not taken, because a new key is there already, is what was wanted.
                        ids.push(rotation.id());
                        change.rotate(key.place(), &again);
                    }
                    None => {
                        let rotation = RotationId::generate(self.rng())?;
                        let known = change.device.state.received();
                        let (method, place) = (rules.method(key.place().kind), key.place().clone());
                        let old = Some(key.id());
                        change.begin(Rotation::request(rotation, Cause::Operator, method, place, old, known, now));
                        ids.push(rotation);
                    }
                }
                let mut draft = Draft::new(by.clone(), Action::RotationRequested);
                draft.reason = Some(reason.clone());
                draft.references.key = Some(key.id());
                draft.references.outcome = Word::new(Cause::Operator.as_str()).ok();
                change.audit(draft);
            }
            Ok(ids)
        })
    }

    /// Takes in what a device, its management or its agent answered: that an attempt was sent, accepted, deferred, has
    /// failed; that the agent removed the old key; that an operator takes the request back. Keys and checks report
    /// themselves.
    ///
    /// # Errors
    /// [`Error::DeviceUnknown`]; [`Error::RotationUnknown`]; [`Error::Rotation`] if it cannot be; [`Error::Store`].
    pub fn rotation_reported(
        &self,
        device: &DeviceId,
        rotation: &RotationId,
        event: &RotationEvent,
        by: &Actor,
        now: Timestamp,
    ) -> Result<RotationReport, Error> {
        traced(Operation::RotationReported, Some(device), || self.hear_of_rotation(device, rotation, event, by, now))
    }

    fn hear_of_rotation(
        &self,
        device: &DeviceId,
        rotation: &RotationId,
        event: &RotationEvent,
        by: &Actor,
        now: Timestamp,
    ) -> Result<RotationReport, Error> {
        let id = ChangeId::generate(self.rng())?;
        self.transact(device, id, now, |change| {
            if !change.known {
                return Err(Error::DeviceUnknown);
            }
            let known = change.device.rotations.iter().position(|known| known.id() == *rotation);
            let before =
                known.and_then(|index| change.device.rotations.get_mut(index)).ok_or(Error::RotationUnknown)?;
            let after = before.clone().apply(event)?;
            let (changed, removed) = (after != *before, matches!(event, RotationEvent::OldRetired { .. }));
            *before = after.clone();
            if changed && removed {
                self.retire_old(change, &after, by, now)?;
            }
            if changed {
                let mut draft = Draft::new(by.clone(), Action::RotationReported);
                draft.references.key = after.new_key().or(after.old_key());
                draft.references.outcome = Word::new(event.kind().as_str()).ok();
                change.audit(draft);
            }
            let policy = self.policies.policy(change.device.group.as_deref());
            Ok(RotationReport::new(device, &after, &policy, now))
        })
    }

    /// The replacements of the keys of a device: of each place the one that goes on, or ended last.
    ///
    /// # Errors
    /// [`Error::DeviceUnknown`]; [`Error::Store`].
    pub fn rotations(&self, device: &DeviceId, now: Timestamp) -> Result<Vec<RotationReport>, Error> {
        let record = self.device_record(device)?.ok_or(Error::DeviceUnknown)?;
        Ok(self.rotations_of(&record, now))
    }

    /// The replacements that go on, device by device.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn all_rotations(&self, page: &Page, now: Timestamp) -> Result<Paged<RotationReport>, Error> {
        let records = self.device_page(page)?;
        let going_on = |report: &RotationReport| !report.rotation.phase().is_final();
        let items = records.items.iter().flat_map(|record| self.rotations_of(record, now)).filter(going_on).collect();
        Ok(Paged::new(items, records.unreadable, records.next))
    }

    fn rotations_of(&self, record: &DeviceRecord, now: Timestamp) -> Vec<RotationReport> {
        let policy = self.policies.policy(record.group.as_deref());
        record.rotations.iter().map(|it| RotationReport::new(&record.device, it, &policy, now)).collect()
    }

    /// Begins what the policy has a cause for. Part of every change.
    pub(super) fn begin_rotations(&self, change: &mut Change, policy: &Policy, now: Timestamp) -> Result<(), Error> {
        let due = causes(&change.device, policy, now).filter(|(_, at)| *at <= now);
        let due: Vec<(KeyFacts, Cause)> = due.map(|((key, cause), _)| (key.clone(), cause)).collect();
        let Some(actor) = change.drafts.first().map(|draft| draft.actor.clone()) else { return Ok(()) };
        for (key, cause) in due {
            let known = change.device.state.received();
            let method = policy.rotation().method(key.place().kind);
            let id = RotationId::generate(self.rng())?;
            change.begin(Rotation::request(id, cause, method, key.place().clone(), Some(key.id()), known, now));
            let mut draft = Draft::new(actor.clone(), Action::RotationRequested);
            draft.references.key = Some(key.id());
            draft.references.outcome = Word::new(cause.as_str()).ok();
            change.audit(draft);
        }
        Ok(())
    }

    /// A key was tried: its rotation goes on, and where the new key works and the old one is dead on the device, the old
    /// one is retired here.
    pub(super) fn rotate_tried(
        &self,
        change: &mut Change,
        record: &KeyRecord,
        rules: &EscrowRules,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), Error> {
        let facts = &record.facts;
        let key = facts.id();
        let failure = facts.last_attempt().and_then(|attempt| attempt.failure.as_ref());
        let event = match failure {
            Some(failure) if failure.asks_for_new_key() => {
                let Ok(why) = Word::new(failure.as_str()) else { return Ok(()) };
                RotationEvent::KeyFailed { key, why, at: now }
            }
            None if super::keys::is_verified(facts, rules) => RotationEvent::KeyVerified { key, at: now },
            _ => return Ok(()),
        };
        change.rotate(facts.place(), &event);
        let verified = |rotation: &&Rotation| {
            rotation.phase() == Phase::Verified
                && rotation.new_key() == Some(key)
                && (!rotation.method().adds_before_it_removes() || rotation.old_key().is_none())
        };
        let Some(rotation) = change.device.rotations.iter().find(verified).cloned() else { return Ok(()) };
        self.retire_old_for(change, &rotation, facts, by, now)?;
        change.rotate(facts.place(), &RotationEvent::OldRetired { at: now });
        Ok(())
    }

    /// Retires the old key of a rotation whose agent removed it.
    fn retire_old(&self, change: &mut Change, rotation: &Rotation, by: &Actor, now: Timestamp) -> Result<(), Error> {
        let new = rotation.new_key().ok_or(Error::RotationUnknown)?;
        let new = self.key_within(change, &new)?.ok_or(Error::KeyUnknown)?;
        self.retire_old_for(change, rotation, &new.facts, by, now)
    }

    fn retire_old_for(
        &self,
        change: &mut Change,
        rotation: &Rotation,
        new: &KeyFacts,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(mut old) = self.old_record(change, rotation.old_key())? else { return Ok(()) };
        if old.facts.retired().is_some() {
            return Ok(());
        }
        let event = Event::KeyRetired { key: Box::new(old.facts.clone()), replacement: Box::new(new.clone()), at: now };
        change.apply(&event)?;
        old.facts = old.facts.retire(new, now)?;
        let mut draft = Draft::new(by.clone(), Action::KeyRetired);
        draft.references.key = Some(old.facts.id());
        change.audit(draft);
        change.replace_key(old);
        Ok(())
    }

    fn old_record(&self, change: &Change, old: Option<KeyId>) -> Result<Option<KeyRecord>, Error> {
        old.map_or(Ok(None), |old| self.key_within(change, &old))
    }
}
