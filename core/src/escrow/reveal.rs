//! How does a person get a key?
//!
//! Authorised, opened, released: that a key may be handed out is committed before any private key is used, that it was
//! is committed before it is returned. Keys that are newer than the one known best to work are tried first. What was
//! approved for one envelope of one key opens that envelope, and no other.

use std::fmt;

use serde::Serialize;

use super::{
    Error, Escrow,
    keys::DeviceKeys,
    opening::{self, Identities, OpenedKey, Outcome},
    release::Asked,
    trace::{Operation, traced},
};
use crate::{
    audit::Text,
    envelope::{Certificate, Envelope, Keyring, Owner, Payload, seal},
    ids::{Actor, DeviceId, Digest, KeyId, Person, ProtectorId, VolumeId},
    key::{Kind, RecoveryKey},
    policy::Level,
    recovery::{RecoveryId, Rejected},
    store::records::KeyRecord,
    time::Timestamp,
    verification::{KeyFacts, Place, Standing, candidates},
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
    person: Option<Person>,
    ticket: Option<String>,
    break_glass: bool,
    recovery: Option<RecoveryId>,
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
            person: None,
            ticket: None,
            break_glass: false,
            recovery: None,
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

    /// Who that is, by what never changes of them. Needed where the policy asks for approvals.
    #[must_use]
    pub fn person(mut self, person: Person) -> Self {
        self.person = Some(person);
        self
    }

    /// The ticket that it belongs to: 1 to 1,024 bytes.
    #[must_use]
    pub fn ticket(mut self, ticket: impl Into<String>) -> Self {
        self.ticket = Some(ticket.into());
        self
    }

    /// In an emergency: nobody is asked, if the policy knows such a thing, and the key is replaced afterwards.
    #[must_use]
    pub fn break_glass(mut self) -> Self {
        self.break_glass = true;
        self
    }

    /// By this request, which was approved: exactly the key and envelope that it names.
    #[must_use]
    pub fn under(mut self, recovery: RecoveryId) -> Self {
        self.recovery = Some(recovery);
        self
    }

    /// What is asked for, and by whom.
    pub(super) fn asked(&self) -> Result<Asked, Error> {
        let actor = self.actor.clone().ok_or(Error::Misuse("a key is handed out to an actor: name it with `by`"))?;
        let reason = Text::new(self.reason.clone()).map_err(|_| Error::ReasonMissing)?;
        let ticket = match &self.ticket {
            Some(ticket) => Some(Text::new(ticket.clone()).map_err(|_| Error::ReasonMissing)?),
            None => None,
        };
        let (person, break_glass) = (self.person.clone(), self.break_glass);
        let device = self.device.clone();
        Ok(Asked { device, actor, person, reason, ticket, break_glass, command: None, to: None })
    }

    pub(super) fn device(&self) -> &DeviceId {
        &self.device
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

    /// The key itself, taken out: for those who hand it on as a key.
    pub fn into_key(self) -> RecoveryKey {
        self.key
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

/// The keys of one place that may be opened.
pub(super) struct Chosen {
    pub(super) keys: Vec<KeyRecord>,
    pub(super) place: Place,
    /// In which order they are tried.
    pub(super) order: Vec<KeyId>,
    /// The one that is known best to work; if none is, the one that is tried first.
    pub(super) best: KeyId,
    candidates: Vec<Candidate>,
}

/// A key that was handed out sealed to somebody's certificate.
#[derive(Debug)]
#[non_exhaustive]
pub struct RevealedTo {
    /// The key, sealed.
    pub envelope: Envelope,
    /// The stored key that it is.
    pub id: KeyId,
    /// Kind, volume and protector.
    pub place: Place,
    /// How far the key was shown to work, this opening included.
    pub level: Level,
    /// The recovery, as the store and the audit name it.
    pub recovery: RecoveryId,
}

impl Escrow {
    /// Hands out a key, for a reason, and leaves a trace.
    ///
    /// If the answer is [`Error::Unavailable`] or [`Error::Unknown`], asking again goes on under the same authorisation,
    /// for as long as the policy says: an hour, if it says nothing.
    ///
    /// # Errors
    /// [`Error::Misuse`] without an actor; [`Error::ReasonMissing`]; [`Error::DeviceUnknown`]; [`Error::NoKey`];
    /// [`Error::Ambiguous`] if several places have keys and none was chosen; [`Error::Quarantined`];
    /// [`Error::Recovery`] if the policy asks for approvals, a ticket, or patience; [`Error::NotOpened`];
    /// [`Error::Unavailable`]; [`Error::Store`], [`Error::Unknown`]: the key is not handed out.
    pub fn reveal(&self, request: Reveal, keyring: &Keyring, now: Timestamp) -> Result<Revealed, Error> {
        traced(Operation::Reveal, Some(request.device()), || {
            let asked = request.asked()?;
            self.hand_out(&request, &asked, keyring, now)
        })
    }

    /// Hands out a key sealed to somebody's certificate: whoever carries it learns nothing.
    ///
    /// # Errors
    /// As [`reveal`](Self::reveal); [`Error::Seal`] if the certificate cannot be sealed to.
    pub fn reveal_to(
        &self,
        request: Reveal,
        to: &Certificate,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<RevealedTo, Error> {
        traced(Operation::RevealTo, Some(request.device()), || self.hand_out_to(&request, to, keyring, now))
    }

    fn hand_out_to(
        &self,
        request: &Reveal,
        to: &Certificate,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<RevealedTo, Error> {
        let mut asked = request.asked()?;
        asked.to = Some(Digest::from_bytes(*to.fingerprint().as_bytes()));
        let revealed = self.hand_out(request, &asked, keyring, now)?;
        let Revealed { key, id, place, level, recovery, .. } = revealed;
        let owner = Owner::new()
            .organization(self.organization.clone())
            .device(request.device().clone())
            .volume(place.volume.clone())
            .protector(place.protector.clone())
            .key_id(id)
            .time(now);
        let envelope = seal(&Payload::new(key, owner), &[to], self.rng())?;
        Ok(RevealedTo { envelope, id, place, level, recovery })
    }

    /// Gives a key to a command for the device itself: the rotation of a FileVault key by MDM, a check of the key by its
    /// agent, another key slot. The second door: off by default, one release for each command, in the audit like any.
    ///
    /// # Errors
    /// As [`reveal`](Self::reveal); [`Error::Recovery`] if the policy gives no key to a command, or if this command had one
    /// already.
    pub fn release_to_device(
        &self,
        request: Reveal,
        command: &str,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<Revealed, Error> {
        traced(Operation::ReleaseToDevice, Some(request.device()), || {
            let mut asked = request.asked()?;
            asked.command = Some(Text::new(command).map_err(|_| Error::ReasonMissing)?);
            self.hand_out(&request, &asked, keyring, now)
        })
    }

    fn hand_out(&self, request: &Reveal, asked: &Asked, keyring: &Keyring, now: Timestamp) -> Result<Revealed, Error> {
        let revealed = self.open_and_release(request, asked, keyring, now);
        self.or_record_refusal(revealed, &asked.device, &asked.tried(request.recovery), now)
    }

    fn open_and_release(
        &self,
        request: &Reveal,
        asked: &Asked,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<Revealed, Error> {
        let Chosen { keys, place, mut order, candidates, .. } = self.choose(request)?;
        let authorized = match request.recovery {
            Some(recovery) => self.take_up(&recovery, asked, now)?,
            None => self.authorize(asked, order.first().copied(), now)?,
        };
        let approved = authorized.approved();
        if let Some((key, _)) = approved {
            // What was approved is this key, whatever came since.
            order = keys.iter().map(|record| record.facts.id()).filter(|id| *id == key).collect();
            if order.is_empty() {
                return Err(Rejected::OtherKey.into());
            }
        }
        let answering = self.answering(keyring);
        let identities = Identities::of(&answering.keyring);
        let mut unavailable = false;
        for id in &order {
            let Some(record) = keys.iter().find(|key| key.facts.id() == *id) else { continue };
            let mut envelopes = self.envelopes_of(id)?;
            envelopes.retain(|envelope| approved.is_none_or(|(_, digest)| envelope.digest() == digest));
            match opening::open(&self.organization, (record, &envelopes), &identities, now) {
                Outcome::Opened(opened) => {
                    let OpenedKey { key, opening, .. } = *opened;
                    let level = self.release(&authorized, record, &envelopes, &opening, now)?;
                    let recovery = authorized.recovery.recovery;
                    return Ok(Revealed { key, id: *id, place, level, candidates, recovery });
                }
                Outcome::Unavailable => unavailable = true,
                Outcome::NotOpened(_) => {}
            }
        }
        // A failure is believed only of identities that still open what is known to open.
        if unavailable || self.answering(keyring).degraded {
            return Err(Error::Unavailable(crate::envelope::Unavailable::new()));
        }
        self.release_failed(&authorized, now)?;
        Err(Error::NotOpened { candidates: order })
    }

    /// The keys that a request means, and the order in which they are tried.
    pub(super) fn choose(&self, request: &Reveal) -> Result<Chosen, Error> {
        let device = self.device_record(&request.device)?.ok_or(Error::DeviceUnknown)?;
        let DeviceKeys { keys, .. } = self.keys_of(&request.device)?;
        let mut keys: Vec<KeyRecord> = keys.into_iter().filter(|key| request.wants(&key.facts)).collect();
        let place = one_place(&keys)?;
        keys.retain(|key| *key.facts.place() == place);
        let facts = || keys.iter().map(|key| &key.facts);
        let sorted = candidates(facts(), device.state.installation());
        let mut order: Vec<KeyId> = sorted.untried.iter().map(|facts| facts.id()).collect();
        order.extend(sorted.chosen.map(KeyFacts::id));
        if request.key.is_some() || sorted.chosen.is_none() {
            // One that was named, or none that is known to work: all that may be opened, also if it is an earlier
            // installation's.
            let rest = facts().rev().filter(|facts| !facts.is_apart()).map(KeyFacts::id);
            let rest: Vec<KeyId> = rest.filter(|id| !order.contains(id)).collect();
            order.extend(rest);
        }
        let best = sorted.chosen.map(KeyFacts::id).or(order.first().copied()).ok_or(Error::Quarantined)?;
        let candidates = sorted
            .all
            .iter()
            .map(|(facts, standing)| Candidate {
                key: facts.id(),
                received: facts.received(),
                last_success: facts.last_success().map(|success| success.at),
                standing: *standing,
            })
            .collect();
        Ok(Chosen { keys, place, order, best, candidates })
    }
}

/// The one place that the keys are of.
fn one_place(keys: &[KeyRecord]) -> Result<Place, Error> {
    let mut places: Vec<Place> = keys.iter().map(|key| key.facts.place().clone()).collect();
    places.sort();
    places.dedup();
    match places.as_slice() {
        [] => Err(Error::NoKey),
        [place] => Ok(place.clone()),
        _ => Err(Error::Ambiguous { places }),
    }
}
