//! When may a key be handed out, and how is that recorded?
//!
//! Three commits: that somebody asks, that it may be opened, that it was. An authorisation is used once; one that was not
//! used up, because a private key was out of reach or an answer was lost, is taken up again.

use super::{
    Error, Escrow,
    check::{due_after, earlier},
    recoveries::Tried,
    transaction::Change,
};
use crate::{
    audit::{Action, Draft, Text},
    ids::{Actor, DeviceId, Digest, KeyId, Person},
    policy::{Level, RecoveryRules},
    recovery::{Recovery, RecoveryEvent, RecoveryId, RecoveryState, Rejected, Request, Used},
    store::{
        ChangeId, Index, ReadRecords, RowQuery,
        records::{EnvelopeRecord, KeyRecord, RecoveryRecord},
    },
    time::Timestamp,
    verification::{KeyChange, Opening},
};

/// What somebody asks for.
pub(super) struct Asked {
    pub(super) device: DeviceId,
    pub(super) actor: Actor,
    pub(super) person: Option<Person>,
    pub(super) reason: Text,
    pub(super) ticket: Option<Text>,
    pub(super) break_glass: bool,
    /// For which command, if it is for the device itself.
    pub(super) command: Option<Text>,
    /// Whose certificate the key is sealed to, if nobody is to see it on the way.
    pub(super) to: Option<Digest>,
}

impl Asked {
    /// As the audit tells it if it is refused.
    pub(super) fn tried(&self, recovery: Option<RecoveryId>) -> Tried<'_> {
        Tried { actor: &self.actor, recovery, reason: Some(&self.reason) }
    }

    /// As the record keeps it.
    pub(super) fn request(&self, now: Timestamp) -> Request {
        let mut request = Request::new(self.actor.clone(), self.reason.clone(), now);
        request.person.clone_from(&self.person);
        request.ticket.clone_from(&self.ticket);
        request.break_glass = self.break_glass;
        request.command.clone_from(&self.command);
        request
    }
}

/// An authorisation that was committed.
pub(super) struct Authorized {
    pub(super) recovery: RecoveryRecord,
    actor: Actor,
    reason: Text,
    to: Option<Digest>,
}

impl Authorized {
    fn new(recovery: RecoveryRecord, asked: &Asked) -> Self {
        Self { recovery, actor: asked.actor.clone(), reason: asked.reason.clone(), to: asked.to }
    }

    /// The one envelope of the one key that was approved; none where nobody had to approve.
    pub(super) fn approved(&self) -> Option<(KeyId, Digest)> {
        let course = &self.recovery.course;
        if course.needed() == 0 {
            return None;
        }
        Some((course.key()?, course.envelope()?))
    }

    fn draft(&self, action: Action) -> Draft {
        let mut draft = draft(&self.recovery, &self.actor, action);
        draft.reason = Some(self.reason.clone());
        draft.references.recipients = self.to.into_iter().collect();
        draft
    }
}

/// What the audit says of a recovery.
pub(super) fn draft(recovery: &RecoveryRecord, actor: &Actor, action: Action) -> Draft {
    let mut draft = Draft::new(actor.clone(), action);
    draft.references.request = Text::new(recovery.recovery.to_string()).ok();
    draft.references.key = recovery.course.key();
    draft
}

impl Escrow {
    /// Commits that a key may be opened for this actor without anybody's approval; an authorisation that was not used up
    /// is taken up again.
    pub(super) fn authorize(&self, asked: &Asked, key: Option<KeyId>, now: Timestamp) -> Result<Authorized, Error> {
        let rules = self.recovery_rules(&asked.device)?;
        if let Some(recovery) = self.open_authorization(asked, key, now)? {
            return Ok(Authorized::new(recovery, asked));
        }
        let rules = match &asked.command {
            None => rules,
            Some(_) if !rules.release_to_device => return Err(Rejected::DeviceReleaseNotAllowed.into()),
            // Nobody sees it: there is nobody to ask, and nobody's quota.
            Some(_) => RecoveryRules { approvals: 0, reveals_per_day: 0, ticket_required: false, ..rules },
        };
        if rules.approvals > 0 && !asked.break_glass {
            return Err(Rejected::NotApproved.into());
        }
        let until = now.saturating_add(i64::from(rules.authorization_expires));
        let (actor, person) = (asked.actor.clone(), asked.person.clone());
        let event = RecoveryEvent::Authorized { actor, person, key, envelope: None, until, at: now };
        let used = self.used(&asked.actor, &rules, now)?;
        let course = Recovery::request(asked.request(now), key, None, &rules, used)?.apply(&event)?;
        let recovery = RecoveryRecord::new(RecoveryId::generate(self.rng())?, asked.device.clone(), course);
        let authorized = Authorized::new(recovery, asked);
        let id = ChangeId::generate(self.rng())?;
        self.transact(&asked.device, id, now, |change| {
            change.audit(authorized.draft(Action::ReleaseAuthorized));
            let record = authorized.recovery.clone();
            change.edit(move |builder| {
                builder.insert(&record);
            });
            Ok(())
        })?;
        Ok(authorized)
    }

    /// Commits that the key of a request that was approved may be opened now.
    pub(super) fn take_up(&self, id: &RecoveryId, asked: &Asked, now: Timestamp) -> Result<Authorized, Error> {
        let rules = self.recovery_rules(&asked.device)?;
        let until = now.saturating_add(i64::from(rules.authorization_expires));
        let record = self.change_recovery(id, (&asked.actor, Action::ReleaseAuthorized), None, now, |record| {
            if record.device != asked.device {
                return Err(Error::RecoveryUnknown);
            }
            let course = &record.course;
            Ok(RecoveryEvent::Authorized {
                actor: asked.actor.clone(),
                person: asked.person.clone(),
                key: course.key(),
                envelope: course.envelope(),
                until,
                at: now,
            })
        })?;
        Ok(Authorized::new(record, asked))
    }

    /// How many keys an actor was shown, or may still be shown, by what they asked for in the last 24 hours.
    pub(super) fn used(&self, actor: &Actor, rules: &RecoveryRules, now: Timestamp) -> Result<Used, Error> {
        if rules.reveals_per_day == 0 && rules.break_glass.is_none() {
            return Ok(Used::default());
        }
        let since = now.saturating_add(-24 * 60 * 60).unix_seconds();
        let mut query = RowQuery::new(&self.organization, Index::RECOVERIES_BY_ACTOR).equal(actor.as_str()).from(since);
        let (mut reveals, mut emergencies) = (0_u32, 0_u32);
        loop {
            let page = self.store.as_ref().read_page::<RecoveryRecord>(&query)?;
            for course in page.records.iter().map(|record| &record.course) {
                let shown = matches!(course.state(), RecoveryState::Released | RecoveryState::ReleaseAuthorized);
                let counts = shown && course.asked().command.is_none();
                let emergency = course.asked().break_glass;
                reveals = reveals.saturating_add(u32::from(counts && !emergency));
                emergencies = emergencies.saturating_add(u32::from(counts && emergency));
            }
            match page.next {
                Some(next) => query = query.after(next),
                None => return Ok(Used::new(reveals, emergencies)),
            }
        }
    }

    /// The rules about handing out keys of this device.
    pub(super) fn recovery_rules(&self, device: &DeviceId) -> Result<RecoveryRules, Error> {
        let group = self.device_record(device)?.ok_or(Error::DeviceUnknown)?.group;
        Ok(self.policies.policy(group.as_deref()).recovery())
    }

    fn open_authorization(
        &self,
        asked: &Asked,
        key: Option<KeyId>,
        now: Timestamp,
    ) -> Result<Option<RecoveryRecord>, Error> {
        let mut query = RowQuery::new(&self.organization, Index::RECOVERIES_BY_DEVICE).equal(asked.device.as_str());
        loop {
            let page = self.store.as_ref().read_page::<RecoveryRecord>(&query)?;
            let same = |record: &RecoveryRecord| {
                let request = record.course.asked();
                request.command == asked.command
                    && request.actor == asked.actor
                    && request.reason == asked.reason
                    && request.break_glass == asked.break_glass
                    && record.course.needed() == 0
            };
            let released = |record: &&RecoveryRecord| {
                asked.command.is_some()
                    && record.course.asked().command == asked.command
                    && record.course.state() == RecoveryState::Released
            };
            if page.records.iter().any(|record| released(&record)) {
                return Err(Rejected::Used.into());
            }
            let usable = |record: &&RecoveryRecord| {
                same(record)
                    && record.course.state_at(now) == RecoveryState::ReleaseAuthorized
                    && record.course.key() == key
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
    pub(super) fn release(
        &self,
        authorized: &Authorized,
        opened: &KeyRecord,
        envelopes: &[EnvelopeRecord],
        opening: &Opening,
        now: Timestamp,
    ) -> Result<Level, Error> {
        let key = opened.facts.id();
        let asked = authorized.recovery.course.asked();
        let (to_device, break_glass) = (asked.command.is_some(), asked.break_glass);
        self.finish(authorized, now, |change| {
            let mut record = self.key_within(change, &key)?.ok_or(Error::KeyUnknown)?;
            let rules = self.policies.policy(change.device.group.as_deref()).escrow();
            // What the opening proves is recorded if the key is still what was opened; it is handed out in any case.
            if record.facts == opened.facts {
                change.change_key(&mut record, KeyChange::Opened(opening.clone()))?;
                self.settle_envelopes(change, &mut record, envelopes, opening, (&authorized.actor, now))?;
                self.rotate_tried(change, &record, &rules, &authorized.actor, now)?;
                record.check_due = due_after(&record, &rules, now);
                // Opened is checked: the device is not due any more for this key.
                change.device.check_due = earlier(self.due_without(&record.device, &[key], now)?, record.check_due);
            }
            change.keep(&mut record, "released", now);
            if !to_device {
                change.change_key(&mut record, KeyChange::Revealed { break_glass, at: now })?;
            }
            let level = record.facts.reached(true).map_or(Level::EnvelopeOpens, |reached| reached.level);
            let mut draft = authorized.draft(if to_device { Action::ReleasedToDevice } else { Action::Released });
            draft.references.key = Some(key);
            draft.references.envelope = Some(opening.envelope);
            draft.references.identity = Some(opening.identity);
            draft.references.level = Some(level);
            draft.references.volume.clone_from(&record.facts.place().volume);
            draft.references.protector.clone_from(&record.facts.place().protector);
            change.audit(draft);
            change.replace_key(record);
            Ok((RecoveryEvent::Released { key, envelope: opening.envelope, at: now }, level))
        })
    }

    pub(super) fn release_failed(&self, authorized: &Authorized, now: Timestamp) -> Result<(), Error> {
        self.finish(authorized, now, |change| {
            change.audit(authorized.draft(Action::ReleaseFailed));
            Ok((RecoveryEvent::NotOpened { at: now }, ()))
        })
    }

    fn finish<T>(
        &self,
        authorized: &Authorized,
        now: Timestamp,
        decide: impl Fn(&mut Change) -> Result<(RecoveryEvent, T), Error>,
    ) -> Result<T, Error> {
        let id = ChangeId::generate(self.rng())?;
        let recovery = &authorized.recovery;
        self.transact(&recovery.device, id, now, |change| {
            let mut record = self.recovery_record(&recovery.recovery)?;
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

    pub(super) fn recovery_record(&self, id: &RecoveryId) -> Result<RecoveryRecord, Error> {
        let row = RecoveryRecord::row_key(&self.organization, id);
        self.store.as_ref().read(&row)?.ok_or(Error::RecoveryUnknown)
    }

    /// Changes a recovery by the event that `decide` gives, with its entry in the audit.
    pub(super) fn change_recovery(
        &self,
        id: &RecoveryId,
        (actor, action): (&Actor, Action),
        reason: Option<&Text>,
        now: Timestamp,
        decide: impl Fn(&RecoveryRecord) -> Result<RecoveryEvent, Error>,
    ) -> Result<RecoveryRecord, Error> {
        let device = self.recovery_record(id)?.device;
        let change_id = ChangeId::generate(self.rng())?;
        self.transact(&device, change_id, now, |change| {
            let mut record = self.recovery_record(id)?;
            let event = decide(&record)?;
            let after = record.course.clone().apply(&event)?;
            if after == record.course {
                return Ok(record);
            }
            record.course = after;
            let mut draft = draft(&record, actor, action.clone());
            draft.reason = reason.cloned().or_else(|| Some(record.course.asked().reason.clone()));
            draft.references.outcome = crate::ids::Word::new(event.kind().as_str()).ok();
            change.audit(draft);
            let stored = record.clone();
            change.edit(move |builder| {
                builder.replace(&stored);
            });
            Ok(record)
        })
    }
}
