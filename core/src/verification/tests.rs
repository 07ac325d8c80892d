//! What is observed changes the state as it should, and the judgement follows the table.

mod candidates;
mod device;
mod disk;
mod field_failures;
mod properties;
mod stored;
mod table;
mod transitions;
mod words;

use super::*;
use crate::{
    ids::{Digest, KeyId, ProtectorId, VolumeId, Word},
    key::Kind,
    policy::escrow::EscrowRules,
    time::Timestamp,
};

/// Seconds after the moment at which every test begins.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_505_000).unwrap().saturating_add(seconds)
}

fn envelope(number: u8) -> Digest {
    Digest::of(&[b'e', number])
}

fn identity() -> Digest {
    Digest::of(b"identity")
}

fn filevault() -> Place {
    Place::new(Kind::FileVault)
}

fn bitlocker(volume: &str, protector: &str) -> Place {
    let mut place = Place::new(Kind::BitLocker);
    place.volume = Some(VolumeId::new(volume).unwrap());
    place.protector = Some(ProtectorId::new(protector).unwrap());
    place
}

fn new_key(number: u8, place: Place, seconds: i64) -> NewKey {
    NewKey::new(KeyId::from_bytes([number; 16]), place, Origin::Sealed, envelope(number), at(seconds))
}

/// Rules with round numbers: a key is checked within 100 s and again after 1,000 s.
fn rules() -> EscrowRules {
    EscrowRules { escrow_within: 50, check_within: 100, reverify_after: 1_000, ..EscrowRules::default() }
}

fn opened(number: u8, seconds: i64) -> KeyChange {
    KeyChange::Opened(Opening::new(envelope(number), identity(), Binding::None, at(seconds)))
}

fn opened_with(number: u8, header: HeaderProof, seconds: i64) -> KeyChange {
    KeyChange::Opened(Opening { header, ..Opening::new(envelope(number), identity(), Binding::Sealed, at(seconds)) })
}

fn not_opened(number: u8, failure: Failure, seconds: i64) -> KeyChange {
    KeyChange::NotOpened { tried: vec![envelope(number)], failure, keyring: None, at: at(seconds) }
}

/// A device with the rows of its keys, as a store would hold them.
#[derive(Clone)]
struct Device {
    state: State,
    keys: Vec<KeyFacts>,
}

impl Device {
    fn new() -> Self {
        Self { state: State::new(at(0)), keys: Vec::new() }
    }

    /// Receives key `number` and keeps its row.
    fn receive(&mut self, number: u8, place: Place, seconds: i64) {
        self.receive_as(new_key(number, place, seconds));
    }

    fn receive_as(&mut self, key: NewKey) {
        let key = self.state.receive(key);
        self.state = self.state.clone().apply(&Event::KeyReceived { key: Box::new(key.clone()) }).unwrap();
        self.keys.push(key);
    }

    /// Changes key `number`, in its row and in the state, or in neither.
    fn change(&mut self, number: u8, change: KeyChange) -> Result<(), Rejected> {
        let key = self.key(number).clone();
        let after = key.after(&change)?;
        self.state = self.state.clone().apply(&Event::KeyChanged { key: Box::new(key), change })?;
        *self.row(number) = after;
        Ok(())
    }

    fn retire(&mut self, number: u8, replacement: u8, seconds: i64) -> Result<(), Rejected> {
        let (key, replacement) = (self.key(number).clone(), self.key(replacement).clone());
        let after = key.retire(&replacement, at(seconds))?;
        let event = Event::KeyRetired { key: Box::new(key), replacement: Box::new(replacement), at: at(seconds) };
        self.state = self.state.clone().apply(&event)?;
        *self.row(number) = after;
        Ok(())
    }

    fn reinstall(&mut self, seconds: i64) {
        let number = self.state.installation() + 1;
        self.state = self.state.clone().apply(&Event::InstallationChanged { number, at: at(seconds) }).unwrap();
    }

    fn key(&self, number: u8) -> &KeyFacts {
        self.keys.iter().find(|key| key.id() == KeyId::from_bytes([number; 16])).unwrap()
    }

    fn row(&mut self, number: u8) -> &mut KeyFacts {
        self.keys.iter_mut().find(|key| key.id() == KeyId::from_bytes([number; 16])).unwrap()
    }

    fn place(&self, place: &Place) -> &PlaceState {
        self.state.places().iter().find(|state| state.place() == place).unwrap()
    }

    /// The numbers of the newest and of the proven key of a place; 0: none.
    fn numbers(&self, place: &Place) -> (u8, u8) {
        let number = |key: Option<&KeyFacts>| key.map_or(0, |key| key.id().as_bytes()[0]);
        (number(self.place(place).newest()), number(self.place(place).proven()))
    }

    fn assess(&self, seconds: i64) -> Assessment {
        assess(&self.state, &rules().into(), at(seconds))
    }

    fn status(&self, seconds: i64) -> (Status, Vec<Reason>) {
        let assessment = self.assess(seconds);
        (assessment.status, assessment.reasons)
    }

    fn chosen(&self) -> Option<u8> {
        candidates(&self.keys, self.state.installation()).chosen.map(|key| key.id().as_bytes()[0])
    }
}
