//! What is recorded of keys that were tried?
//!
//! Only what is still about what is there: a key that changed meanwhile is left for the next check.

use super::{Batch, Job, Run, Tried, count, earlier};
use crate::{
    audit::{Action, Draft},
    envelope::{Envelope, Fingerprint, Limits, Suite},
    escrow::{CheckReport, Error, Escrow, certificates::Recipients, receive::next_number, transaction::Change},
    ids::{Actor, Digest, Word},
    policy::EscrowRules,
    store::{
        RowKey, StoreError,
        records::{DeviceRecord, EnvelopeOrigin, EnvelopeRecord, KeyRecord},
    },
    time::Timestamp,
    verification::{KeyChange, Opening},
};

impl Escrow {
    /// Records the results of some devices in one commit. Gives the devices of which all was recorded.
    pub(super) fn record_all(
        &self,
        batches: &mut [Batch],
        run: &Run<'_>,
        report: &mut CheckReport,
    ) -> Result<Vec<RowKey>, Error> {
        let as_seen = |batch: &mut Batch| {
            let record = batch.seen.as_mut().and_then(|seen| seen.record.take());
            (batch.device.clone(), record.map(|record| *record))
        };
        let devices = batches.iter_mut().map(as_seen).collect();
        let batches = &*batches;
        let answers = self.transact_all(devices, run.now, |place, change| match batches.get(place) {
            Some(batch) => self.record(batch, run, change),
            None => Ok(CheckReport::default()),
        })?;
        let (mut settled, mut failed) = (Vec::new(), None);
        for (batch, answer) in batches.iter().zip(answers) {
            let unavailable = batch.jobs.iter().filter(|job| matches!(job.tried, Some(Tried::Unavailable))).count();
            report.unavailable += count(unavailable);
            match answer {
                Ok(counted) => {
                    report.add(&counted);
                    let untried = batch.jobs.iter().any(|job| job.tried.is_none());
                    if counted.opened + counted.failed() > 0 && unavailable == 0 && !untried {
                        settled.push(DeviceRecord::row_key(&self.organization, &batch.device));
                    }
                }
                // Somebody changes this device all the time: its turn comes again.
                Err(Error::Conflict) => report.stale += count(batch.jobs.len()),
                // A record that cannot be read holds up its device alone.
                Err(Error::Store(StoreError::Corrupt(_))) => report.unreadable += 1,
                // What was committed beside it is committed.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(settled), Err)
    }

    /// What the results of one device change.
    fn record(&self, batch: &Batch, run: &Run<'_>, change: &mut Change) -> Result<CheckReport, Error> {
        let mut counted = CheckReport::default();
        let rules = self.policies.policy(change.device.group.as_deref()).escrow();
        let (actor, now) = (&run.actor, run.now);
        let mut recorded = Vec::new();
        // At the revision that it had before its keys were read, they are as they were read, or this is not committed.
        let seen = batch.seen.as_ref().filter(|seen| change.known && change.device.revision == seen.revision);
        for job in &batch.jobs {
            let id = job.record.facts.id();
            // What was tried is what has to be there still.
            let record = match seen {
                Some(_) if !change.changes_key(&id) => Some(job.record.clone()),
                _ => self.key_within(change, &id)?.filter(|record| record.facts == job.record.facts),
            };
            let Some(mut record) = record else {
                counted.stale += 1;
                continue;
            };
            let Some((draft, result)) = apply(job, &mut record, run, change) else { continue };
            if matches!(result, Err(Error::Rejected(_))) {
                counted.stale += 1;
                continue;
            }
            result?;
            change.audit(draft);
            match &job.tried {
                Some(Tried::Opened(opening)) => {
                    counted.opened += 1;
                    self.settle_envelopes(change, &mut record, &job.envelopes, opening, (actor, now))?;
                    counted.resealed += u64::from(self.add_resealed(change, &mut record, job, run)?);
                }
                Some(Tried::NotOpened(failure)) => {
                    *counted.not_opened.entry(failure.as_str().to_owned()).or_default() += 1;
                }
                Some(Tried::Unavailable) | None => {}
            }
            recorded.push(id);
            change.replace_key(record);
        }
        // What one key proves may end another that was checked with it: first all are checked.
        for id in &recorded {
            let record = self.key_within(change, id)?.ok_or(Error::KeyUnknown)?;
            self.rotate_tried(change, &record, &rules, actor, now)?;
        }
        let mut due = None;
        for id in &recorded {
            let mut record = self.key_within(change, id)?.ok_or(Error::KeyUnknown)?;
            record.check_due = due_after(&record, &rules, now);
            due = earlier(due, record.check_due);
            change.replace_key(record);
        }
        let others = match seen.and_then(|seen| seen.others) {
            Some(others) => {
                let left = batch.jobs.iter().find(|job| !recorded.contains(&job.record.facts.id()));
                left.map_or(others, |job| job.record.check_due).map(|due| due.max(now))
            }
            // Asked now: a key may have come since the batch was read.
            None => self.due_without(&batch.device, &recorded, now)?,
        };
        change.device.check_due = earlier(due, others);
        Ok(counted)
    }

    /// Adds the envelope that a key was sealed into anew.
    fn add_resealed(
        &self,
        change: &mut Change,
        record: &mut KeyRecord,
        job: &Job,
        run: &Run<'_>,
    ) -> Result<bool, Error> {
        let (Some(sealed), Some(to), Some(Tried::Opened(opening))) = (&job.resealed, run.reseal_to, &job.tried) else {
            return Ok(false);
        };
        let envelope = sealed.as_ref().map_err(|error| error.clone())?;
        let origin = EnvelopeOrigin::Resealed(opening.envelope);
        let number = next_number(&job.envelopes);
        let place = (&record.device, record.facts.id());
        let mut added = EnvelopeRecord::new(place, envelope, number, origin, Suite::Modern.into(), run.now);
        let recipients = Recipients::of(envelope, std::slice::from_ref(to));
        added.recipients.clone_from(&recipients.known);
        change.change_key(record, KeyChange::EnvelopeAdded { digest: envelope.digest(), at: run.now })?;
        let mut draft = Draft::new(run.actor.clone(), Action::Resealed);
        draft.references.key = Some(record.facts.id());
        draft.references.envelope = Some(envelope.digest());
        draft.references.recipients = recipients.digests();
        change.audit(draft);
        self.guard_certificates(change, &recipients, &run.actor, run.now)?;
        change.edit(move |builder| {
            builder.insert(&added);
        });
        Ok(true)
    }
}

/// What the trial of a key changes, and how it is told; nothing, where it was not tried or nothing is known.
fn apply(job: &Job, record: &mut KeyRecord, run: &Run<'_>, change: &mut Change) -> Option<(Draft, Result<(), Error>)> {
    let actor = &run.actor;
    match job.tried.as_ref()? {
        Tried::Unavailable => None,
        Tried::Opened(opening) => {
            let result = change.change_key(record, KeyChange::Opened(opening.as_ref().clone()));
            Some((draft(actor, Action::KeyChecked, record, Some(opening.envelope), None), result))
        }
        Tried::NotOpened(failure) => {
            let tried = record.facts.envelopes().iter().map(|envelope| envelope.digest).collect();
            let (keyring, at) = (Some(run.keyring), run.now);
            let result =
                change.change_key(record, KeyChange::NotOpened { tried, failure: failure.clone(), keyring, at });
            Some((draft(actor, Action::KeyCheckFailed, record, None, Word::new(failure.as_str()).ok()), result))
        }
    }
}

/// When a key is due that was tried just now. Where one of its envelopes was passed over, since its private key was
/// not at hand, that is not at once: the keyring has to change first.
pub(in crate::escrow) fn due_after(record: &KeyRecord, rules: &EscrowRules, now: Timestamp) -> Option<Timestamp> {
    let due = record.facts.check_due(rules)?;
    Some(if due > now { due } else { now.saturating_add(i64::from(rules.check_within.max(60))) })
}

impl Escrow {
    /// Marks an envelope that opened for the first time; what it was wrapped or sealed anew from is not needed any
    /// more. Learns
    /// who it is sealed to, where its certificate was not known when it came: else it would never be wrapped anew.
    pub(in crate::escrow) fn settle_envelopes(
        &self,
        change: &mut Change,
        record: &mut KeyRecord,
        envelopes: &[EnvelopeRecord],
        opening: &Opening,
        (by, now): (&Actor, Timestamp),
    ) -> Result<(), Error> {
        let Some(before) = envelopes.iter().find(|envelope| envelope.digest() == opening.envelope) else {
            return Ok(());
        };
        let mut opened = before.clone();
        if let Ok(envelope) = Envelope::parse(opened.der(), &Limits::default()) {
            let recipients = Recipients::of(&envelope, &self.certificates);
            let unknown = |fingerprint: &&Fingerprint| !opened.recipients.contains(fingerprint);
            let learned: Vec<Fingerprint> = recipients.known.iter().filter(unknown).copied().collect();
            if !learned.is_empty() {
                opened.recipients.extend(learned);
                self.guard_certificates(change, &recipients, by, now)?;
            }
        }
        if opened.opened.is_none() {
            opened.opened = Some(now);
            retire_replaced(change, record, envelopes, &opened, now)?;
        }
        if opened != *before {
            let before = before.clone();
            change.edit(move |builder| {
                builder.replace_from(&before, &opened);
            });
        }
        Ok(())
    }
}

/// Retires what an envelope that opened was wrapped or sealed anew from.
fn retire_replaced(
    change: &mut Change,
    record: &mut KeyRecord,
    envelopes: &[EnvelopeRecord],
    opened: &EnvelopeRecord,
    now: Timestamp,
) -> Result<(), Error> {
    let (EnvelopeOrigin::Rewrapped(from) | EnvelopeOrigin::Resealed(from)) = opened.origin else { return Ok(()) };
    let replaced = envelopes.iter().find(|envelope| envelope.digest() == from && envelope.retired.is_none());
    let Some(mut replaced) = replaced.cloned() else { return Ok(()) };
    change.change_key(record, KeyChange::EnvelopeRetired { digest: replaced.digest() })?;
    replaced.retired = Some(now);
    change.edit(move |builder| {
        builder.replace(&replaced);
    });
    Ok(())
}

fn draft(actor: &Actor, action: Action, record: &KeyRecord, envelope: Option<Digest>, outcome: Option<Word>) -> Draft {
    let place = record.facts.place();
    let mut draft = Draft::new(actor.clone(), action);
    draft.references.key = Some(record.facts.id());
    draft.references.volume.clone_from(&place.volume);
    draft.references.protector.clone_from(&place.protector);
    draft.references.envelope = envelope;
    draft.references.outcome = outcome;
    draft.references.level = record.facts.reached(false).map(|reached| reached.level);
    draft.references.identity =
        record.facts.last_success().filter(|_| envelope.is_some()).map(|success| success.identity);
    draft
}
