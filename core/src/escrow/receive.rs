//! How does a key arrive?
//!
//! What is not CMS is refused and never stored. What is there already is a sighting; what another device sent before is
//! set apart; the rest is a new key. A key in clear is checked and sealed before the store is called.

use super::{
    Error, Escrow, Receipt,
    certificates::Recipients,
    keys::receipt_of,
    opening,
    trace::{Operation, traced},
    transaction::Change,
    upload::{Content, Upload},
};
use crate::{
    audit::{Action, Draft, Text},
    envelope::{Envelope, Limits, Payload, Suite, seal},
    ids::{Actor, DeviceId, Digest, KeyId},
    key::RecoveryKey,
    policy::EscrowRules,
    rotation::RotationEvent,
    store::{
        ChangeId, Index, ReadRecords, RowQuery,
        records::{DayCount, EnvelopeOrigin, EnvelopeRecord, KeyRecord},
    },
    time::Timestamp,
    verification::{Event, KeyChange, NewKey, Origin, Place},
};

/// An upload that was looked at: sealed, and ready to be stored.
struct Arrival {
    device: DeviceId,
    place: Place,
    by: Actor,
    request: Option<Text>,
    envelope: Envelope,
    wrapped: Digest,
    recipients: Recipients,
    origin: EnvelopeOrigin,
    suite: Suite,
    key: KeyId,
    change: ChangeId,
}

impl Escrow {
    /// Receives a key: sealed by the device, or in clear.
    ///
    /// The answer is durable. The same bytes again on the same device are a sighting of the key that is there; the
    /// same request again is stored once.
    ///
    /// # Errors
    /// [`Error::UploadActorMissing`]; [`Error::NotSealed`] if sealed bytes are not CMS; [`Error::Key`] if a key in
    /// clear is not of its kind; [`Error::Misuse`] if there is no certificate to seal it to; [`Error::Limit`];
    /// [`Error::Store`], [`Error::Conflict`]: nothing was stored; [`Error::Unknown`]: send it again.
    pub fn receive(&self, upload: Upload, now: Timestamp) -> Result<Receipt, Error> {
        let device = upload.device.clone();
        traced(Operation::Receive, Some(&device), || self.receive_upload(&device, upload, now))
    }

    fn receive_upload(&self, device: &DeviceId, upload: Upload, now: Timestamp) -> Result<Receipt, Error> {
        match self.arrival(upload, now) {
            Ok(arrival) => {
                let stored = self.store_arrival(&arrival, now);
                if let Err(error @ Error::Limit { .. }) = &stored {
                    self.record_refusal(device, Some(arrival.by), error, now)?;
                }
                stored
            }
            Err((error, by)) => {
                self.record_refusal(device, by, &error, now)?;
                Err(error)
            }
        }
    }

    fn arrival(&self, upload: Upload, now: Timestamp) -> Result<Arrival, (Error, Option<Actor>)> {
        let Some(by) = upload.by.clone() else { return Err((Error::UploadActorMissing, None)) };
        self.sealed(upload, by.clone(), now).map_err(|error| (error, Some(by)))
    }

    /// Checks, seals what is in clear, and names what was sent.
    fn sealed(&self, upload: Upload, by: Actor, now: Timestamp) -> Result<Arrival, Error> {
        let request = match upload.request {
            Some(request) => {
                Some(Text::new(request).map_err(|_| Error::Misuse("a request has a name of 1 to 1024 bytes"))?)
            }
            None => None,
        };
        let Upload { device, place, content, .. } = upload;
        let known = self.certificates();
        let named = |digest: Digest| {
            let optional = |text: Option<&str>| text.unwrap_or_default().as_bytes().to_vec();
            ChangeId::derived(&[
                b"receive",
                self.organization.as_str().as_bytes(),
                device.as_str().as_bytes(),
                place.kind.as_str().as_bytes(),
                &optional(place.volume.as_ref().map(|volume| volume.as_str())),
                &optional(place.protector.as_ref().map(|protector| protector.as_str())),
                &optional(request.as_ref().map(Text::as_str)),
                digest.as_bytes(),
            ])
        };
        let (envelope, origin, suite, change) = match content {
            Content::Sealed(bytes) => {
                let envelope = Envelope::parse(bytes.expose(), &Limits::default()).map_err(Error::NotSealed)?;
                let suite = Envelope::received_suite(place.kind);
                let change = named(envelope.digest());
                (envelope, EnvelopeOrigin::Received, suite, change)
            }
            Content::Plaintext(text) => {
                let key = RecoveryKey::parse_typed(place.kind, &text)?;
                drop(text);
                let primary = known.first().ok_or(Error::Misuse("there is no certificate to seal a key to"))?;
                // The id of a request is that of its key too, so that the same request finds it again. A digest of a
                // key tells nothing: all kinds have 120 random bits and more.
                let change = match &request {
                    Some(_) => named(Digest::of(key.expose().as_bytes())),
                    None => ChangeId::generate(self.rng())?,
                };
                let owner = opening::owner(&self.organization, &device, &place)
                    .key_id(KeyId::from_bytes(*change.as_bytes()))
                    .time(now);
                let envelope = seal(&Payload::new(key, owner), &[primary], self.rng())?;
                (envelope, EnvelopeOrigin::Sealed, Suite::Modern, change)
            }
        };
        let recipients = Recipients::of(&envelope, known);
        let wrapped = envelope.wrapped_key_digest(known);
        let key = KeyId::from_bytes(*change.as_bytes());
        Ok(Arrival { device, place, by, request, envelope, wrapped, recipients, origin, suite, key, change })
    }

    fn store_arrival(&self, arrival: &Arrival, now: Timestamp) -> Result<Receipt, Error> {
        let request = arrival.request.as_ref().map(|request| request.as_str().to_owned());
        let digest = arrival.envelope.digest();
        let receipt = self.transact(&arrival.device, arrival.change, now, |change| {
            let rules = self.policies.policy(change.device.group.as_deref()).escrow();
            // The same request, stored before: the same answer.
            if arrival.request.is_some()
                && let Some(record) = self.key_record(&arrival.key)?
                && record.device == arrival.device
            {
                let first = self.envelopes_of(&arrival.key)?.first().map_or(digest, EnvelopeRecord::digest);
                return Ok(receipt_of(&record, first, &rules, request.clone()));
            }
            let same = self.same_wrapped(&arrival.wrapped)?;
            if let Some(record) = same.iter().find(|record| record.device == arrival.device) {
                return self.sight(change, record.clone(), arrival, &rules, now);
            }
            let elsewhere = same.iter().find(|record| record.device != arrival.device);
            self.add_key(change, elsewhere.map(|record| record.device.clone()), arrival, &rules, now)
        })?;
        self.with_stored_envelope(receipt, arrival)
    }

    /// The same request may have come at the same moment, and its envelope been stored: the same key, sealed apart.
    fn with_stored_envelope(&self, receipt: Receipt, arrival: &Arrival) -> Result<Receipt, Error> {
        if arrival.request.is_none() || arrival.origin != EnvelopeOrigin::Sealed {
            return Ok(receipt);
        }
        match self.envelopes_of(&receipt.key) {
            Ok(envelopes) => {
                let envelope = envelopes.first().map_or(receipt.envelope, EnvelopeRecord::digest);
                Ok(Receipt { envelope, ..receipt })
            }
            // It is stored, and not known as what.
            Err(_) => Err(Error::Unknown { change: arrival.change }),
        }
    }

    /// The keys that came with this wrapped key, on any device.
    fn same_wrapped(&self, wrapped: &Digest) -> Result<Vec<KeyRecord>, Error> {
        Ok(self.store.as_ref().read_page::<KeyRecord>(&self.by_wrapped(wrapped))?.records)
    }

    fn by_wrapped(&self, wrapped: &Digest) -> RowQuery {
        RowQuery::new(&self.organization, Index::KEYS_BY_WRAPPED).equal(wrapped.to_string())
    }

    /// A key that is there already came again.
    fn sight(
        &self,
        change: &mut Change,
        mut record: KeyRecord,
        arrival: &Arrival,
        rules: &EscrowRules,
        now: Timestamp,
    ) -> Result<Receipt, Error> {
        // The name of its first coming is taken: this is another change.
        change.id = ChangeId::generate(self.rng())?;
        let digest = arrival.envelope.digest();
        let request = arrival.request.as_ref().map(|request| request.as_str().to_owned());
        let envelopes = self.envelopes_of(&record.facts.id())?;
        let known = envelopes.iter().any(|envelope| envelope.digest() == digest);
        if self.count_entry(change, now).is_err() {
            // Too many today: the key is safe, so the answer is the same, and nothing is recorded.
            return Ok(receipt_of(&record, digest, rules, request));
        }
        record.sightings.count = record.sightings.count.saturating_add(1);
        record.sightings.last = Some(now);
        record.sightings.by = Some(arrival.by.clone());
        change.keep(&mut record, "sighted", now);
        let mut draft = self.draft(arrival, Action::KeySighted, &record);
        if known {
            change.apply(&Event::KeySighted)?;
        } else {
            change.change_key(&mut record, KeyChange::EnvelopeAdded { digest, at: now })?;
            let number = next_number(&envelopes);
            let mut envelope = EnvelopeRecord::new(
                (&arrival.device, record.facts.id()),
                &arrival.envelope,
                number,
                arrival.origin,
                arrival.suite.into(),
                now,
            );
            envelope.recipients.clone_from(&arrival.recipients.known);
            record.check_due = record.facts.check_due(rules);
            change.edit(move |builder| {
                builder.insert(&envelope);
            });
            draft.action = Action::EnvelopeAdded;
            self.guard_certificates(change, &arrival.recipients, &arrival.by, now)?;
        }
        change.audit(draft);
        change.replace_key(record.clone());
        Ok(receipt_of(&record, digest, rules, request))
    }

    fn add_key(
        &self,
        change: &mut Change,
        elsewhere: Option<DeviceId>,
        arrival: &Arrival,
        rules: &EscrowRules,
        now: Timestamp,
    ) -> Result<Receipt, Error> {
        self.count_key(change, now)?;
        self.count_entry(change, now)?;
        let origin = match arrival.origin {
            EnvelopeOrigin::Sealed => Origin::Plaintext,
            _ => Origin::Sealed,
        };
        let digest = arrival.envelope.digest();
        let mut new = NewKey::new(arrival.key, arrival.place.clone(), origin, digest, now);
        new.quarantined = elsewhere.is_some();
        let facts = change.device.state.receive(new);
        if !change.known {
            change.audit(Draft::new(arrival.by.clone(), Action::DeviceCreated));
        }
        change.apply(&Event::KeyReceived { key: Box::new(facts.clone()) })?;
        if elsewhere.is_none() {
            let came = RotationEvent::KeyReceived { key: facts.id(), order: facts.order(), at: now };
            change.rotate(&arrival.place, &came);
        }
        let mut record =
            KeyRecord::new(arrival.device.clone(), facts, arrival.by.clone(), arrival.change, arrival.wrapped);
        record.check_due = record.facts.check_due(rules);
        record.seen_on.clone_from(&elsewhere);
        record.request.clone_from(&arrival.request);
        let mut envelope = EnvelopeRecord::new(
            (&arrival.device, arrival.key),
            &arrival.envelope,
            1,
            arrival.origin,
            arrival.suite.into(),
            now,
        );
        envelope.recipients.clone_from(&arrival.recipients.known);
        change.audit(self.draft(arrival, Action::KeyReceived, &record));
        if let Some(other) = &elsewhere {
            let mut draft = self.draft(arrival, Action::KeyQuarantined, &record);
            draft.reason = Text::new(format!("device {other} had sent it before")).ok();
            change.audit(draft);
        }
        self.guard_certificates(change, &arrival.recipients, &arrival.by, now)?;
        let receipt =
            receipt_of(&record, digest, rules, arrival.request.as_ref().map(|request| request.as_str().to_owned()));
        // A device that sends the same at the same moment must not be missed; one that sent it before is known.
        let guard = elsewhere.is_none().then(|| self.by_wrapped(&arrival.wrapped));
        change.edit(move |builder| {
            builder.insert(&record);
            builder.insert(&envelope);
            if let Some(guard) = guard {
                builder.unless_there(guard);
            }
        });
        Ok(receipt)
    }

    fn draft(&self, arrival: &Arrival, action: Action, record: &KeyRecord) -> Draft {
        let mut draft = Draft::new(arrival.by.clone(), action);
        draft.references.key = Some(record.facts.id());
        draft.references.envelope = Some(arrival.envelope.digest());
        draft.references.volume.clone_from(&arrival.place.volume);
        draft.references.protector.clone_from(&arrival.place.protector);
        draft.references.recipients = arrival.recipients.digests();
        draft.references.request.clone_from(&arrival.request);
        draft.references.level = record.facts.reached(false).map(|reached| reached.level);
        draft
    }

    fn count_key(&self, change: &mut Change, now: Timestamp) -> Result<(), Error> {
        let today = today(change, now);
        if today.keys >= self.limits.keys_per_day {
            return Err(Error::Limit { what: "keys" });
        }
        today.keys = today.keys.saturating_add(1);
        Ok(())
    }

    pub(super) fn count_entry(&self, change: &mut Change, now: Timestamp) -> Result<(), Error> {
        let today = today(change, now);
        if today.entries >= self.limits.entries_per_day {
            return Err(Error::Limit { what: "uploads" });
        }
        today.entries = today.entries.saturating_add(1);
        Ok(())
    }

    /// Records in the audit of a device that is known that an upload was refused.
    fn record_refusal(&self, device: &DeviceId, by: Option<Actor>, error: &Error, now: Timestamp) -> Result<(), Error> {
        let actor = match by {
            Some(by) => by,
            None => Actor::new("unknown")?,
        };
        let id = ChangeId::generate(self.rng())?;
        let recorded = self.transact(device, id, now, |change| {
            if !change.known || self.count_entry(change, now).is_err() {
                return Ok(());
            }
            let mut draft = Draft::new(actor.clone(), Action::UploadRefused);
            draft.references.outcome = crate::ids::Word::new(&snake_case(error.code().name())).ok();
            change.audit(draft);
            Ok(())
        });
        // That an upload was refused is told in any case; what is told is why.
        match recorded {
            Ok(()) | Err(Error::Conflict | Error::Store(_) | Error::Unknown { .. }) => Ok(()),
            Err(other) => Err(other),
        }
    }
}

fn today(change: &mut Change, now: Timestamp) -> &mut DayCount {
    let fresh = DayCount::new(now);
    let today = change.device.today.get_or_insert(fresh);
    // A day that lies before the counted one is a clock that jumped, and counts on.
    if today.day < fresh.day {
        *today = fresh;
    }
    today
}

/// The number of the next envelope of a key.
pub(super) fn next_number(envelopes: &[EnvelopeRecord]) -> u32 {
    envelopes.iter().map(|envelope| envelope.number).max().unwrap_or(0).saturating_add(1)
}

fn snake_case(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}
