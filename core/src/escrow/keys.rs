//! What is known of a stored key, for people?

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Error, Escrow, Receipt, ReceiptStatus};
use crate::{
    envelope::Fingerprint,
    ids::{Actor, DeviceId, Digest, KeyId},
    policy::{EscrowRules, Level},
    store::{
        Index, ReadRecords, RowQuery,
        records::{EnvelopeOrigin, EnvelopeRecord, KeyRecord},
    },
    time::Timestamp,
    verification::{Binding, Failure, KeyFacts, Place, ProvedBy, Quarantine, Reason},
};

/// A stored key, without the key.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct KeySummary {
    /// The key.
    pub id: KeyId,
    /// Whose key.
    pub device: DeviceId,
    /// Kind, volume and protector.
    #[serde(flatten)]
    pub place: Place,
    /// Its place among the keys of the device, from 1.
    pub number: u64,
    /// The installation of the device that it came from.
    pub installation: u32,
    /// When it came.
    pub received: Timestamp,
    /// Who brought it.
    pub by: Actor,
    /// How often it was received.
    pub sightings: u64,
    /// When it was received last, if more than once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sighting: Option<Timestamp>,
    /// How far it was shown to work, and by whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// By whom that was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proved_by: Option<ProvedBy>,
    /// What binds what was opened to this device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
    /// When it was opened last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success: Option<Timestamp>,
    /// When opening it was tried last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempt: Option<Timestamp>,
    /// Why the last attempt failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<Failure>,
    /// Why it cannot be taken for one that works, if it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When it is to be checked next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_due: Option<Timestamp>,
    /// Whether it is or was set apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantine>,
    /// The device that had sent the same wrapped key before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_on: Option<DeviceId>,
    /// When another key took its place, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<Timestamp>,
    /// From when on it may be removed, if that was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removal_due: Option<Timestamp>,
    /// Its envelopes, the oldest first.
    pub envelopes: Vec<EnvelopeSummary>,
}

/// A stored envelope, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EnvelopeSummary {
    /// SHA-256 of the envelope as DER.
    pub digest: Digest,
    /// When it was added.
    pub added: Timestamp,
    /// Where it comes from.
    pub origin: EnvelopeOrigin,
    /// The known certificates that it is sealed to.
    pub recipients: Vec<Fingerprint>,
    /// When it was opened for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<Timestamp>,
    /// Since when it is not used any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<Timestamp>,
}

impl KeySummary {
    pub(super) fn of(record: &KeyRecord, envelopes: &[EnvelopeRecord]) -> Self {
        let facts = &record.facts;
        let reached = facts.reached(true);
        let mut envelopes: Vec<&EnvelopeRecord> = envelopes.iter().collect();
        envelopes.sort_by_key(|envelope| envelope.number);
        Self {
            id: facts.id(),
            device: record.device.clone(),
            place: facts.place().clone(),
            number: facts.order(),
            installation: facts.installation(),
            received: facts.received(),
            by: record.by.clone(),
            sightings: record.sightings.count.saturating_add(1),
            last_sighting: record.sightings.last,
            level: reached.map(|reached| reached.level),
            proved_by: reached.map(|reached| reached.proved_by),
            binding: facts.last_success().map(|success| success.binding),
            last_success: facts.last_success().map(|success| success.at),
            last_attempt: facts.last_attempt().map(|attempt| attempt.at),
            last_failure: facts.last_attempt().and_then(|attempt| attempt.failure.clone()),
            reason: facts.reason(),
            check_due: record.check_due,
            quarantine: facts.quarantine(),
            seen_on: record.seen_on.clone(),
            retired: facts.retired().map(|retirement| retirement.at),
            removal_due: record.removal.as_ref().map(|removal| removal.due),
            envelopes: envelopes.into_iter().map(EnvelopeSummary::of).collect(),
        }
    }
}

impl EnvelopeSummary {
    fn of(record: &EnvelopeRecord) -> Self {
        Self {
            digest: record.digest(),
            added: record.added,
            origin: record.origin,
            recipients: record.recipients.clone(),
            opened: record.opened,
            retired: record.retired,
        }
    }
}

/// Everything stored about the keys of one device.
pub(super) struct DeviceKeys {
    pub(super) keys: Vec<KeyRecord>,
    pub(super) unreadable: usize,
}

impl Escrow {
    /// All keys of a device, the oldest first. One that cannot be read stops no other.
    pub(super) fn keys_of(&self, device: &DeviceId) -> Result<DeviceKeys, Error> {
        let mut found = DeviceKeys { keys: Vec::new(), unreadable: 0 };
        let mut query = RowQuery::new(&self.organization, Index::KEYS_BY_DEVICE)
            .equal(device.as_str())
            .limit(crate::store::contract::PAGE_LIMIT);
        loop {
            let page = self.store.as_ref().read_page::<KeyRecord>(&query)?;
            found.keys.extend(page.records);
            found.unreadable += page.unreadable.len();
            match page.next {
                Some(next) => query = query.after(next),
                None => return Ok(found),
            }
        }
    }

    /// All envelopes of a key; those that cannot be read are left out.
    pub(super) fn envelopes_of(&self, key: &KeyId) -> Result<Vec<EnvelopeRecord>, Error> {
        Ok(self.all_envelopes_of(key)?.0)
    }

    /// All envelopes of a key, and how many cannot be read.
    pub(super) fn all_envelopes_of(&self, key: &KeyId) -> Result<(Vec<EnvelopeRecord>, usize), Error> {
        let query = RowQuery::new(&self.organization, Index::ENVELOPES_BY_KEY).equal(key.to_string());
        let mut found = BTreeMap::new();
        let mut query = query.limit(crate::store::contract::PAGE_LIMIT);
        let mut unreadable: usize = 0;
        loop {
            let page = self.store.as_ref().read_page::<EnvelopeRecord>(&query)?;
            unreadable = unreadable.saturating_add(page.unreadable.len());
            found.extend(page.records.into_iter().map(|record| (record.number, record)));
            match page.next {
                Some(next) => query = query.after(next),
                None => return Ok((found.into_values().collect(), unreadable)),
            }
        }
    }

    /// The history of a device: every key that was ever received, the oldest first.
    ///
    /// # Errors
    /// [`Error::DeviceUnknown`]; [`Error::Store`].
    pub fn history(&self, device: &DeviceId) -> Result<Vec<KeySummary>, Error> {
        if self.device_record(device)?.is_none() {
            return Err(Error::DeviceUnknown);
        }
        let keys = self.keys_of(device)?.keys;
        keys.iter().map(|key| Ok(KeySummary::of(key, &self.envelopes_of(&key.facts.id())?))).collect()
    }

    /// How a key that was received stands now: the same receipt as the first one, the name of its request included, with
    /// the level that it has reached since.
    ///
    /// # Errors
    /// [`Error::KeyUnknown`]; [`Error::Store`].
    pub fn receipt(&self, key: &KeyId) -> Result<Receipt, Error> {
        let record = self.key_record(key)?.ok_or(Error::KeyUnknown)?;
        let group = self.device_record(&record.device)?.and_then(|device| device.group);
        let rules = self.policies.policy(group.as_deref()).escrow();
        let envelopes = self.envelopes_of(key)?;
        let first = envelopes.first().map_or(Digest::ZERO, EnvelopeRecord::digest);
        let request = record.request.as_ref().map(|request| request.as_str().to_owned());
        Ok(receipt_of(&record, first, &rules, request))
    }
}

/// Whether a key was shown to work as far as these rules demand, and nothing speaks against it.
pub(super) fn is_verified(facts: &KeyFacts, rules: &EscrowRules) -> bool {
    let reached = facts.reached(rules.accept_device_proof).map(|reached| reached.level);
    reached.is_some_and(|level| level >= rules.required_level(facts.place().kind)) && facts.reason().is_none()
}

/// The receipt of a key under these rules.
pub(super) fn receipt_of(
    record: &KeyRecord,
    envelope: Digest,
    rules: &EscrowRules,
    request: Option<String>,
) -> Receipt {
    let facts = &record.facts;
    let level = facts.reached(rules.accept_device_proof).map(|reached| reached.level);
    let status = match (facts.is_apart(), is_verified(facts, rules)) {
        (true, _) => ReceiptStatus::Quarantined,
        (false, true) => ReceiptStatus::Verified,
        (false, false) => ReceiptStatus::Stored,
    };
    let device = record.device.clone();
    Receipt {
        level,
        sightings: record.sightings.count.saturating_add(1),
        request,
        ..Receipt::new(device, facts.place().clone(), facts.id(), envelope, status)
    }
}
