//! How do stored keys get another recipient?
//!
//! One call is one bounded batch over the envelopes that are sealed to other certificates. Each key gets one more
//! envelope; the old one stays until the new one was opened once. What does not open is reported, never re-wrapped.

use std::{fmt, str::FromStr};

use serde::Serialize;

use super::{
    Error, Escrow,
    certificates::Recipients,
    opening,
    receive::next_number,
    trace::{Operation, traced},
};
use crate::{
    audit::{Action, Draft},
    envelope::{Allowed, Certificate, Envelope, EnvelopeError, Fingerprint, Keyring, Limits, RewrapError},
    error::ErrorCode,
    ids::{Actor, DeviceId, Digest, KeyId},
    store::{
        ChangeId, Index, ReadRecords, Row, RowCursor, RowQuery,
        records::{DeviceRecord, EnvelopeOrigin, EnvelopeRecord, KeyRecord},
    },
    time::Timestamp,
    verification::KeyChange,
};

/// How a batch of re-wrapping is done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RewrapOptions {
    /// Envelopes in one batch. Default: 100.
    pub limit: u32,
    /// Where to go on, from the report of the batch before.
    pub after: Option<RewrapCursor>,
    /// Who does it, for the audit. Default: `rewrap`.
    pub actor: Option<Actor>,
}

impl Default for RewrapOptions {
    fn default() -> Self {
        Self { limit: 100, after: None, actor: None }
    }
}

impl RewrapOptions {
    /// Goes on where another batch ended.
    #[must_use]
    pub fn after(mut self, after: Option<RewrapCursor>) -> Self {
        self.after = after;
        self
    }

    /// Re-wraps in the name of this actor.
    #[must_use]
    pub fn by(mut self, actor: &Actor) -> Self {
        self.actor = Some(actor.clone());
        self
    }

    /// The options with another number of envelopes in a batch.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit.clamp(1, 1000);
        self
    }
}

/// Where a batch ended.
///
/// Printed and parsed as JSON, to be handed out and taken back; what comes back is checked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewrapCursor {
    certificate: Fingerprint,
    row: Option<RowCursor>,
}

impl fmt::Display for RewrapCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = (self.certificate.to_string(), self.row.as_ref().map(ToString::to_string));
        f.write_str(&serde_json::to_string(&parts).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for RewrapCursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unknown = Error::Misuse("a cursor is not one that was handed out");
        // As long as that of a row, escaped once more.
        let parts = if text.len() <= 20_200 { serde_json::from_str(text).ok() } else { None };
        let (certificate, row): (String, Option<String>) = parts.ok_or(unknown)?;
        let certificate = certificate.parse().map_err(|_| Error::Misuse("a cursor is not one that was handed out"))?;
        Ok(Self { certificate, row: row.map(|row| row.parse()).transpose()? })
    }
}

/// What one batch of re-wrapping came to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RewrapReport {
    /// Keys that got an envelope for the new certificate.
    pub rewrapped: u64,
    /// Keys that had one already.
    pub already: u64,
    /// Keys that are set apart: nothing opens them.
    pub quarantined: u64,
    /// Keys about which nothing is known, because a private key could not be reached.
    pub unavailable: u64,
    /// Keys that did not open, and were left as they are.
    pub failures: Vec<RewrapFailure>,
    /// Where the next batch begins; `None` after the last one.
    pub next: Option<RewrapCursor>,
}

/// A key that was not re-wrapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RewrapFailure {
    /// The device.
    pub device: DeviceId,
    /// The key.
    pub key: KeyId,
    /// Why, as a stable number's name.
    pub code: String,
    /// Why, in words.
    pub reason: String,
}

enum Step {
    Already,
    Failed(RewrapFailure),
    Gone,
    Quarantined,
    Rewrapped,
    Unavailable,
}

impl Escrow {
    /// Re-wraps one batch of keys to `to`: all that are sealed to another known certificate and not to this one.
    ///
    /// # Errors
    /// [`Error::Seal`] if nothing can be sealed to the certificate; [`Error::Store`]. A key that fails stops no other.
    pub fn rewrap(
        &self,
        keyring: &Keyring,
        to: &Certificate,
        options: &RewrapOptions,
        now: Timestamp,
    ) -> Result<RewrapReport, Error> {
        traced(Operation::Rewrap, None, || self.rewrap_batch(keyring, to, options, now))
    }

    fn rewrap_batch(
        &self,
        keyring: &Keyring,
        to: &Certificate,
        options: &RewrapOptions,
        now: Timestamp,
    ) -> Result<RewrapReport, Error> {
        let actor = match &options.actor {
            Some(actor) => actor.clone(),
            None => Actor::new("rewrap")?,
        };
        let keyring = self.answering(keyring).keyring;
        let target = to.fingerprint();
        let mut sources: Vec<Fingerprint> =
            self.registered_certificates()?.into_iter().map(|record| record.fingerprint).collect();
        sources.retain(|fingerprint| *fingerprint != target);
        sources.sort_unstable();
        let mut report = RewrapReport::default();
        let mut room = options.limit.clamp(1, 1000);
        let mut resume = options.after.clone();
        for source in sources {
            if resume.as_ref().is_some_and(|cursor| source < cursor.certificate) {
                continue;
            }
            let mut query = self.live_envelopes(&source).limit(room);
            if let Some(row) = resume.take_if(|cursor| cursor.certificate == source).and_then(|cursor| cursor.row) {
                query = query.after(row);
            }
            resume = None;
            if room == 0 {
                report.next = Some(RewrapCursor { certificate: source, row: None });
                return Ok(report);
            }
            let page = self.store.list(&query)?;
            for row in &page.rows {
                room = room.saturating_sub(1);
                match self.rewrap_row(row, &keyring, to, &actor, now)? {
                    Step::Already => report.already += 1,
                    Step::Failed(failure) => report.failures.push(failure),
                    Step::Gone => {}
                    Step::Quarantined => report.quarantined += 1,
                    Step::Rewrapped => report.rewrapped += 1,
                    Step::Unavailable => report.unavailable += 1,
                }
            }
            if page.next.is_some() {
                report.next = Some(RewrapCursor { certificate: source, row: page.next });
                return Ok(report);
            }
        }
        Ok(report)
    }

    /// Re-wraps the envelope that a row of recipients names.
    fn rewrap_row(
        &self,
        row: &Row,
        keyring: &Keyring,
        to: &Certificate,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Step, Error> {
        let key = row.text("key_id").and_then(|text| text.parse::<KeyId>().ok());
        let digest = row.text("digest").and_then(|text| text.parse::<Digest>().ok());
        let (Some(key), Some(digest)) = (key, digest) else { return Ok(Step::Gone) };
        let Some(record) = self.key_record(&key)? else { return Ok(Step::Gone) };
        let envelopes = self.envelopes_of(&key)?;
        let in_use = |envelope: &&EnvelopeRecord| envelope.retired.is_none();
        if envelopes.iter().filter(in_use).any(|envelope| envelope.recipients.contains(&to.fingerprint())) {
            return Ok(Step::Already);
        }
        if record.facts.is_apart() {
            return Ok(Step::Quarantined);
        }
        let mut old: Vec<&EnvelopeRecord> = envelopes.iter().filter(in_use).collect();
        if !old.iter().any(|envelope| envelope.digest() == digest) {
            return Ok(Step::Gone);
        }
        // Any of its envelopes does: the one that the row names first.
        old.sort_by_key(|envelope| envelope.digest() != digest);
        let mut problem: Option<EnvelopeError> = None;
        for old in old {
            match self.rewrap_envelope(&record, old, keyring, to) {
                Ok(rewrapped) => return self.add_rewrapped(&record, old, rewrapped, to, actor, now),
                Err(RewrapError::Open(error)) => {
                    let unavailable = matches!(error, EnvelopeError::Unavailable(_));
                    if unavailable || problem.is_none() {
                        problem = Some(error);
                    }
                }
                Err(error @ RewrapError::Seal(_)) => return Err(error.into()),
            }
        }
        match problem {
            None => Ok(Step::Gone),
            Some(EnvelopeError::Unavailable(_)) => Ok(Step::Unavailable),
            // A failure is believed only of identities that still open what is known to open.
            Some(EnvelopeError::Open) if self.answering(keyring).degraded => Ok(Step::Unavailable),
            Some(error) => self.rewrap_failed(&record, &error, actor, now),
        }
    }

    fn rewrap_envelope(
        &self,
        record: &KeyRecord,
        old: &EnvelopeRecord,
        keyring: &Keyring,
        to: &Certificate,
    ) -> Result<(Envelope, Allowed), RewrapError> {
        let envelope = Envelope::parse(old.der(), &Limits::default())?;
        let options = opening::options(&self.organization, record, old);
        let (content_type, content) = (envelope.content_type(), envelope.content_algorithm().clone());
        let rewrapped = envelope.rewrap(keyring, &options, &[to], self.rng())?.envelope;
        Ok((rewrapped, Allowed::Rewrapped { content_type, content }))
    }

    fn add_rewrapped(
        &self,
        opened: &KeyRecord,
        old: &EnvelopeRecord,
        (envelope, allowed): (Envelope, Allowed),
        to: &Certificate,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Step, Error> {
        let id = ChangeId::generate(self.rng())?;
        let key = opened.facts.id();
        let recipients = Recipients::of(&envelope, std::slice::from_ref(to));
        self.transact(&opened.device, id, now, |change| {
            let Some(mut record) = self.key_within(change, &key)?.filter(|record| !record.facts.is_apart()) else {
                return Ok(Step::Gone);
            };
            let envelopes = self.envelopes_of(&key)?;
            let mut added = EnvelopeRecord::new(
                (&opened.device, key),
                &envelope,
                next_number(&envelopes),
                EnvelopeOrigin::Rewrapped(old.digest()),
                allowed.clone(),
                now,
            );
            added.recipients.clone_from(&recipients.known);
            change.change_key(&mut record, KeyChange::EnvelopeAdded { digest: envelope.digest(), at: now })?;
            let rules = self.policies.policy(change.device.group.as_deref()).escrow();
            record.check_due = record.facts.check_due(&rules);
            let mut draft = Draft::new(actor.clone(), Action::Rewrapped);
            draft.references.key = Some(key);
            draft.references.envelope = Some(envelope.digest());
            draft.references.recipients = recipients.digests();
            change.audit(draft);
            self.guard_certificates(change, &recipients, actor, now)?;
            change.replace_key(record);
            change.edit(move |builder| {
                builder.insert(&added);
            });
            Ok(Step::Rewrapped)
        })
    }

    fn rewrap_failed(
        &self,
        record: &KeyRecord,
        error: &EnvelopeError,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Step, Error> {
        let id = ChangeId::generate(self.rng())?;
        let key = record.facts.id();
        self.transact(&record.device, id, now, |change| {
            let mut draft = Draft::new(actor.clone(), Action::RewrapFailed);
            draft.references.key = Some(key);
            change.audit(draft);
            Ok(())
        })?;
        let code: ErrorCode = error.code();
        Ok(Step::Failed(RewrapFailure {
            device: record.device.clone(),
            key,
            code: code.name().to_owned(),
            reason: error.to_string(),
        }))
    }

    /// How many envelopes in use are still sealed to a certificate: what has to be done before it can be retired.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn live_references(&self, certificate: &Fingerprint) -> Result<u64, Error> {
        Ok(self.store.count(&self.live_envelopes(certificate))?)
    }

    /// How many envelopes in use are sealed to certificates other than this one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn rewrap_total(&self, to: &Certificate) -> Result<u64, Error> {
        let target = to.fingerprint();
        let mut total = 0u64;
        for record in self.registered_certificates()?.iter().filter(|record| record.fingerprint != target) {
            total = total.saturating_add(self.live_references(&record.fingerprint)?);
        }
        Ok(total)
    }

    /// How many devices have keys that are due.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn check_total(&self, now: Timestamp) -> Result<u64, Error> {
        let query = RowQuery::new(&self.organization, Index::DEVICES_BY_CHECK).to(now.unix_seconds());
        Ok(self.store.count(&query)?)
    }

    /// Whether keys wait for their check that never opened. What those are sealed to may not be known yet, and then
    /// they are not re-wrapped. Keys that only wait for the check of a new envelope do not count.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn waits_for_first_check(&self, now: Timestamp) -> Result<bool, Error> {
        let mut devices = RowQuery::new(&self.organization, Index::DEVICES_BY_CHECK).to(now.unix_seconds());
        loop {
            let page = self.store.as_ref().read_page::<DeviceRecord>(&devices)?;
            for record in &page.records {
                let keys = RowQuery::new(&self.organization, Index::KEYS_BY_DUE).equal(record.device.as_str());
                let mut keys = keys.to(now.unix_seconds());
                loop {
                    let page = self.key_page(&keys)?;
                    if page.records.iter().any(|record| record.facts.last_success().is_none()) {
                        return Ok(true);
                    }
                    let Some(next) = page.next else { break };
                    keys = keys.after(next);
                }
            }
            let Some(next) = page.next else { return Ok(false) };
            devices = devices.after(next);
        }
    }

    /// The key records of a page of a query.
    pub(super) fn key_page(&self, query: &RowQuery) -> Result<crate::store::records::RecordPage<KeyRecord>, Error> {
        Ok(self.store.as_ref().read_page(query)?)
    }
}
