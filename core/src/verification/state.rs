//! What is known of the keys of a device?
//!
//! [`State`] is a value: [`State::apply`] takes it, and gives the next one or says why not. It is stored in
//! the device's row in the same commit as the rows that the event is about.
//!
//! It does not grow with the number of keys: in each place it repeats the facts of the newest key, of the one
//! that is known best to work, and of the best one of earlier installations, and forgets the others, whose
//! rows remain. Which one is best does not depend on the order in which checks came in: the highest level
//! wins, then what the server saw itself, then the newer key. So a key never displaces one of its place that
//! reached a higher level.
//! (A key that was passed over, and would be the best only because a volume refused the one that was, is seen
//! again at its next check; until then `candidates` knows it, and the state does not.)

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    change::{Event, KeyChange, Rejected},
    fact::{NewKey, Place, Reached},
    key::KeyFacts,
    posture::Posture,
};
use crate::{error::ErrorCode, ids::KeyId, time::Timestamp};

/// The keys of one place that decide about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceState {
    #[serde(flatten)]
    place: Place,
    /// Of the present installation.
    keys: Vec<KeyFacts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    earlier: Option<KeyFacts>,
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

impl PlaceState {
    /// Which place.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The newest key of the present installation that is neither set apart nor retired.
    pub fn newest(&self) -> Option<&KeyFacts> {
        self.keys.iter().max_by_key(|key| key.order)
    }

    /// The key of the present installation that is best known to work: the one that is handed out.
    pub fn proven(&self) -> Option<&KeyFacts> {
        self.keys.iter().filter(|key| rank(key).0.is_some()).max_by_key(|key| rank(key))
    }

    /// The key of an earlier installation that was best known to work.
    pub fn earlier(&self) -> Option<&KeyFacts> {
        self.earlier.as_ref()
    }

    fn keep_deciding(&mut self) {
        let deciding = [self.newest(), self.proven()].map(|key| key.map(|key| key.id));
        self.keys.retain(|key| deciding.contains(&Some(key.id)));
        self.keys.sort_by_key(|key| key.order);
    }

    fn keep_earlier(&mut self, key: KeyFacts) {
        let rank = |key: &KeyFacts| (key.installation, rank(key));
        if key.reached(true).is_some() && self.earlier.as_ref().is_none_or(|kept| rank(kept) < rank(&key)) {
            self.earlier = Some(key);
        }
    }

    fn remove(&mut self, id: KeyId) {
        self.keys.retain(|key| key.id != id);
        self.earlier.take_if(|key| key.id == id);
    }

    fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.earlier.is_none()
    }
}

/// How well a key is known to work, to be compared with others of its place and installation.
pub(super) fn rank(key: &KeyFacts) -> (Option<Reached>, u64) {
    (key.reached(true), key.order)
}

/// What is known of the keys of a device: the judgement's only input, stored as versioned JSON in the device's row.
///
/// It does not grow with the number of keys: in each place it repeats the facts of the newest key, of the one
/// best known to work and of the best one of earlier installations. All others are in their rows, and
/// [`candidates`](super::candidates) over those decides which key is handed out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Document", into = "Document")]
pub struct State {
    created: Timestamp,
    forgotten: Option<Timestamp>,
    installation: u32,
    installed: Timestamp,
    places: Vec<PlaceState>,
    posture: Posture,
    quarantined: u32,
    received: u64,
    other: BTreeMap<String, Value>,
}

/// A stored state is of a version that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state is of version {version}, which is not known")]
#[non_exhaustive]
pub struct StateError {
    version: u32,
}

impl StateError {
    #[cfg(test)]
    pub(super) fn for_version(version: u32) -> Self {
        Self { version }
    }

    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::StoreCorrupt
    }
}

impl State {
    /// How many places of a device are kept.
    pub const MAX_PLACES: usize = 256;

    const VERSION: u32 = 1;

    /// A device that was seen for the first time.
    pub fn new(now: Timestamp) -> Self {
        Self {
            created: now,
            forgotten: None,
            installation: 1,
            installed: now,
            places: Vec::new(),
            posture: Posture::default(),
            quarantined: 0,
            received: 0,
            other: BTreeMap::new(),
        }
    }

    /// The facts of a key that has just come: next in order, of the present installation. They become part of
    /// the state by [`Event::KeyReceived`].
    pub fn receive(&self, key: NewKey) -> KeyFacts {
        KeyFacts::new(key, self.received.saturating_add(1), self.installation)
    }

    /// The state after an event.
    ///
    /// # Errors
    /// [`Rejected`] if the event does not apply to the device as it is now; nothing was changed.
    pub fn apply(mut self, event: &Event) -> Result<Self, Rejected> {
        match event {
            Event::AgentReported { failure, at } => self.posture.report(failure.as_ref(), *at),
            Event::Configured(configuration) => self.posture.configure(*configuration),
            Event::DeviceForgotten { at } => {
                if self.forgotten.is_some() {
                    return Err(Rejected::AlreadyForgotten);
                }
                self.forgotten = Some(*at);
            }
            Event::InstallationChanged { number, at } => {
                if self.installation.checked_add(1) != Some(*number) {
                    return Err(Rejected::Stale);
                }
                (self.installation, self.installed) = (*number, *at);
                self.posture.reinstall();
                for place in &mut self.places {
                    if let Some(proven) = place.proven().cloned() {
                        place.keep_earlier(proven);
                    }
                    place.keys.clear();
                }
            }
            Event::KeyChanged { key, change } => {
                self.is_present(key)?;
                let after = key.after(change)?;
                if matches!(change, KeyChange::QuarantineAccepted | KeyChange::QuarantineRejected) {
                    self.quarantined = self.quarantined.saturating_sub(1);
                }
                self.keep(after)?;
            }
            Event::KeyReceived { key } => {
                if key.order != self.received.saturating_add(1) || key.installation != self.installation {
                    return Err(Rejected::Stale);
                }
                self.received = key.order;
                self.forgotten = None;
                if key.is_apart() {
                    self.quarantined = self.quarantined.saturating_add(1);
                }
                self.keep(key.as_ref().clone())?;
            }
            Event::KeyRetired { key, replacement, at } => {
                self.is_present(key)?;
                self.is_present(replacement)?;
                self.keep(key.retire(replacement, *at)?)?;
                // It may be one that the state had forgotten, and has to be known now.
                self.keep(replacement.as_ref().clone())?;
            }
            Event::KeySighted => self.forgotten = None,
            Event::Observed(observation) => self.posture.observe(observation),
        }
        self.places.retain(|place| !place.is_empty());
        Ok(self)
    }

    /// Whether these facts of a key are the present ones, as far as the state repeats them.
    fn is_present(&self, key: &KeyFacts) -> Result<(), Rejected> {
        let mut kept = self.places.iter().flat_map(|place| place.keys.iter().chain(&place.earlier));
        let changed = kept.any(|kept| kept.id == key.id && kept != key);
        if changed || key.order > self.received || key.installation > self.installation {
            return Err(Rejected::Stale);
        }
        Ok(())
    }

    fn keep(&mut self, key: KeyFacts) -> Result<(), Rejected> {
        let found = self.places.iter().position(|place| place.place == key.place);
        if let Some(place) = found.and_then(|index| self.places.get_mut(index)) {
            place.remove(key.id);
        }
        let earlier = key.installation < self.installation;
        if key.is_apart() || key.retired.is_some() || (earlier && key.reached(true).is_none()) {
            return Ok(());
        }
        let Some(place) = self.place(&key.place, found) else {
            // Keys of an earlier installation have their rows; the present ones may not be passed over.
            return if earlier { Ok(()) } else { Err(Rejected::TooManyPlaces) };
        };
        if earlier {
            place.keep_earlier(key);
        } else {
            place.keys.push(key);
            place.keep_deciding();
        }
        Ok(())
    }

    /// The place, made if there is room for it.
    fn place(&mut self, place: &Place, found: Option<usize>) -> Option<&mut PlaceState> {
        let index = match found {
            Some(index) => index,
            None => {
                if self.places.len() >= Self::MAX_PLACES {
                    let of_the_past = |place: &&PlaceState| place.keys.is_empty();
                    let oldest = self.places.iter().filter(of_the_past).map(installation).min()?;
                    let index =
                        self.places.iter().position(|place| place.keys.is_empty() && installation(place) == oldest)?;
                    self.places.remove(index);
                }
                let index = self.places.partition_point(|other| other.place < *place);
                let place =
                    PlaceState { place: place.clone(), keys: Vec::new(), earlier: None, other: BTreeMap::new() };
                self.places.insert(index, place);
                index
            }
        };
        self.places.get_mut(index)
    }

    /// The places that have a key worth knowing, sorted.
    pub fn places(&self) -> &[PlaceState] {
        &self.places
    }

    /// What is known of its disks.
    pub fn posture(&self) -> &Posture {
        &self.posture
    }

    /// When the device was seen for the first time.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// When the device was hidden, if it is.
    pub fn forgotten(&self) -> Option<Timestamp> {
        self.forgotten
    }

    /// The number of the present installation, from 1.
    pub fn installation(&self) -> u32 {
        self.installation
    }

    /// When the present installation began, as far as is known.
    pub fn installed(&self) -> Timestamp {
        self.installed
    }

    /// How many keys are set apart and wait for a decision.
    pub fn quarantined(&self) -> u32 {
        self.quarantined
    }

    /// How many keys were received so far.
    pub fn received(&self) -> u64 {
        self.received
    }
}

fn installation(place: &PlaceState) -> Option<u32> {
    place.earlier.as_ref().map(|key| key.installation)
}

/// The state as it is stored.
#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forgotten: Option<Timestamp>,
    installation: u32,
    installed: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    places: Vec<PlaceState>,
    #[serde(default, skip_serializing_if = "Posture::is_empty")]
    posture: Posture,
    #[serde(default)]
    quarantined: u32,
    received: u64,
    /// Members of a newer version, kept as they are.
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

impl TryFrom<Document> for State {
    type Error = StateError;

    fn try_from(document: Document) -> Result<Self, StateError> {
        let Document {
            version,
            created,
            forgotten,
            installation,
            installed,
            places,
            posture,
            quarantined,
            received,
            other,
        } = document;
        if version != Self::VERSION {
            return Err(StateError { version });
        }
        Ok(Self { created, forgotten, installation, installed, places, posture, quarantined, received, other })
    }
}

impl From<State> for Document {
    fn from(state: State) -> Self {
        let State { created, forgotten, installation, installed, places, posture, quarantined, received, other } =
            state;
        let version = State::VERSION;
        Self { version, created, forgotten, installation, installed, places, posture, quarantined, received, other }
    }
}
