//! What is the next step, and what did the last one come to?
//!
//! The state is a few facts that were reported: the goal, the slot that is being made, and how far the keys of our slots
//! are in escrow. What is in the header is never remembered, only observed. A state that was lost makes the planner make
//! another slot; it never makes it remove one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    escrowed::Escrowed,
    failures::Failures,
    new_key::NewKey,
    observation::{Observation, Version as Format, number},
    pursuit::{Attempt, Pursuit},
    rules::{Goal, Rules},
    situation::{Does, Situation},
    step::{Call, Next, Outcome, Step},
    view::View,
};
use crate::{
    agent::spool::{Entry, Mismatch, compare},
    envelope::{Certificate, Owner, Payload, SealError, seal},
    error::ErrorCode,
    ids::{DeviceId, Digest, Organization, ProtectorId, VolumeId, Word},
    key::{Kind, RecoveryKey},
    policy::luks::Authorization,
    profile::luks::EscrowToken,
    random::Randomness,
    secret::Secret,
    time::Timestamp,
    verification::{Place, Receipt},
};

/// Plans for one volume of one device. Write it down after each [`Planner::report`], as serde data; it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planner {
    version: Version,
    organization: Organization,
    device: DeviceId,
    volume: VolumeId,
    #[serde(default)]
    rules: Rules,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pursuit: Option<Pursuit>,
    #[serde(default)]
    slots: BTreeMap<ProtectorId, Escrowed>,
    #[serde(default)]
    failures: Failures,
}

/// Why a report was not taken. Nothing changed by it, but that the server was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlannerError {
    /// The receipt is of something else.
    #[error(transparent)]
    Receipt(#[from] Mismatch),
    /// The outcome is of another kind of step.
    #[error("a step cannot end like that")]
    Unexpected,
}

impl PlannerError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Receipt(error) => error.code(),
            Self::Unexpected => ErrorCode::EventRejected,
        }
    }
}

/// Why a key was not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealingError {
    /// It could not be sealed to these certificates.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The step seals nothing, or another key.
    #[error("the step seals no such key")]
    Unexpected,
}

impl SealingError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Seal(error) => error.code(),
            Self::Unexpected => ErrorCode::EventRejected,
        }
    }
}

impl Planner {
    /// Plans for the volume with this LUKS UUID. Tokens and envelopes name the organization.
    pub fn new(organization: Organization, device: DeviceId, volume: VolumeId, rules: Rules) -> Self {
        Self {
            version: Version,
            organization,
            device,
            volume,
            rules,
            pursuit: None,
            slots: BTreeMap::new(),
            failures: Failures::default(),
        }
    }

    /// Goes by other rules from now on.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The volume.
    pub fn volume(&self) -> &VolumeId {
        &self.volume
    }

    /// The organization.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// The device.
    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    /// Pursues a goal, in place of the one before; the same goal again changes nothing. A slot that is being made, and a
    /// backup of the header, pass to the new goal: it finishes or removes them.
    pub fn pursue(&mut self, goal: Goal) {
        if self.pursuit.as_ref().is_some_and(|pursuit| pursuit.goal == goal) {
            return;
        }
        let before = self.pursuit.take();
        let backed_up = before.as_ref().is_some_and(|pursuit| pursuit.backed_up);
        let attempt = before.and_then(|pursuit| pursuit.attempt);
        self.pursuit = Some(Pursuit { goal, backed_up, attempts: 0, attempt, removed: BTreeSet::new() });
        self.failures = Failures::default();
    }

    /// The goal.
    pub fn goal(&self) -> Option<&Goal> {
        self.pursuit.as_ref().map(|pursuit| &pursuit.goal)
    }

    /// The slot that is being made.
    pub fn attempt(&self) -> Option<&Attempt> {
        self.pursuit.as_ref()?.attempt.as_ref()
    }

    /// How far the keys of our slots are in escrow.
    pub fn escrowed(&self) -> impl Iterator<Item = (&ProtectorId, &Escrowed)> {
        self.slots.iter()
    }

    /// Asks the server at once about every envelope that is not verified: somebody wants to know now.
    pub fn ask_again(&mut self) {
        self.slots.values_mut().for_each(|escrowed| escrowed.asked = None);
    }

    /// What the situation is, and what to do; `None` without a goal.
    pub fn next(&self, seen: &Observation) -> Option<Next> {
        let pursuit = self.pursuit.as_ref()?;
        let view = View {
            rules: &self.rules,
            organization: &self.organization,
            volume: &self.volume,
            pursuit,
            escrowed: &self.slots,
            seen,
        };
        let situation = Situation::of(&view);
        let step = self.step(situation.row().does, &view);
        let held = step.as_ref().and_then(|step| self.failures.held(step, seen.at));
        let asks = self.slots.values().filter(|escrowed| !escrowed.is_verified(self.rules.level));
        let asks =
            asks.filter_map(|escrowed| Some(escrowed.asked?.saturating_add(i64::from(self.rules.ask_again_after))));
        let wake_at = held.as_ref().map(|held| held.until).into_iter().chain(asks).min();
        Some(Next { situation, step: step.filter(|_| held.is_none()), held, wake_at })
    }

    fn step(&self, does: Does, view: &View<'_>) -> Option<Step> {
        Some(match does {
            Does::Nothing => return None,
            Does::Ask => {
                let (protector, escrowed) = view.due()?;
                Step::Ask {
                    protector: protector.clone(),
                    request: escrowed.request.clone(),
                    envelope: escrowed.envelope,
                    key: escrowed.key,
                }
            }
            Does::Generate => Step::Generate { slot: view.free()? },
            Does::Escrow => {
                let (slot, seen, _) = view.attempted()?;
                Step::Escrow { slot, salt: seen.salt.clone(), request: view.pursuit.goal.id.clone() }
            }
            Does::DropBackup => Step::DropBackup,
            Does::BackUpHeader => Step::Call(Call::BackUpHeader),
            Does::AddSlot => {
                let (attempt, seen) = (view.pursuit.attempt.as_ref()?, view.seen);
                let authorization = seen.authorization(&self.rules)?;
                Step::Call(Call::AddSlot {
                    slot: attempt.slot,
                    mark: attempt.mark,
                    hash: (seen.version == Format::Luks2).then_some(self.rules.hash),
                    authorization,
                    bound: (authorization == Authorization::Clevis).then(|| seen.slot_of_token("clevis")).flatten(),
                })
            }
            Does::TestSlot => {
                let (slot, seen, _) = view.attempted()?;
                Step::Call(Call::TestSlot { slot, salt: seen.salt.clone() })
            }
            Does::RemoveNewSlot => Step::Call(Call::RemoveSlot { slot: view.attempted()?.0 }),
            Does::RemoveOldSlot => Step::Call(Call::RemoveSlot { slot: view.old()? }),
            Does::RemoveToken => Step::Call(Call::RemoveToken { token: view.stale_token()? }),
            Does::WriteToken => {
                let (slot, escrowed) = view.untold()?;
                let token = EscrowToken::new(slot, &self.organization, self.rules.kind)
                    .request(escrowed.request.as_str())
                    .key(escrowed.envelope, &escrowed.salt);
                Step::Call(Call::WriteToken { slot, json: token.to_json() })
            }
        })
    }

    /// Seals the key in memory for the step that asks for it, bound to device, volume and slot.
    ///
    /// The certificates are the pinned ones of the agent's configuration. The planner keeps nothing.
    ///
    /// # Errors
    /// [`SealingError::Unexpected`] if the step is another, or the key another than the one that was tested;
    /// [`SealingError::Seal`].
    pub fn seal(
        &self,
        step: &Step,
        key: &NewKey,
        to: &[&Certificate],
        rng: &dyn Randomness,
        now: Timestamp,
    ) -> Result<Entry, SealingError> {
        let Step::Escrow { slot, salt, request } = step else { return Err(SealingError::Unexpected) };
        let tested = self.attempt().filter(|attempt| attempt.slot == *slot && attempt.salt.as_ref() == Some(salt));
        if tested.is_none_or(|attempt| attempt.mark != key.mark()) {
            return Err(SealingError::Unexpected);
        }
        let place = self.place(key.key.kind(), &ProtectorId::luks_slot(*slot));
        let owner = Owner::new()
            .organization(self.organization.clone())
            .device(self.device.clone())
            .volume(place.volume.clone())
            .protector(place.protector.clone())
            .time(now);
        let text = Secret::<str>::copy_from(key.key.expose());
        let copy = RecoveryKey::parse_exact(key.key.kind(), &text).map_err(|_| SealingError::Unexpected)?;
        let envelope = seal(&Payload::new(copy, owner), to, rng)?;
        let mut entry = Entry::new(self.device.clone(), place, request.clone(), &envelope, now);
        entry.salt = Some(salt.clone());
        Ok(entry)
    }

    fn place(&self, kind: Kind, protector: &ProtectorId) -> Place {
        let mut place = Place::new(kind);
        place.volume = Some(self.volume.clone());
        place.protector = Some(protector.clone());
        place
    }

    /// Takes what became of a step. Write the planner down before the next one is run.
    ///
    /// # Errors
    /// [`PlannerError::Receipt`] if the server's answer is of something else; [`PlannerError::Unexpected`] if such a step
    /// cannot end so.
    pub fn report(&mut self, step: &Step, outcome: Outcome, now: Timestamp) -> Result<(), PlannerError> {
        match (step, outcome) {
            (Step::Ask { protector, .. }, Outcome::Receipt(receipt)) => {
                self.asked(protector, now);
                self.receipt(&receipt)?;
            }
            // Nobody has the key of this slot, as far as is known here: another one is made.
            (Step::Ask { protector, envelope, .. }, Outcome::NotInSpool) => {
                self.slots.retain(|id, escrowed| id != protector || escrowed.envelope != *envelope);
            }
            (Step::Ask { protector, .. }, Outcome::NoAnswer) => self.asked(protector, now),
            (Step::Generate { slot }, Outcome::Generated(mark)) => {
                if let Some(pursuit) = &mut self.pursuit {
                    pursuit.attempts = pursuit.attempts.saturating_add(1);
                    pursuit.attempt = Some(Attempt { slot: *slot, mark, salt: None, failed: false });
                }
            }
            (Step::Escrow { slot, salt, .. }, Outcome::Spooled(entry)) => {
                self.failures.clear(step);
                self.slots.insert(ProtectorId::luks_slot(*slot), Escrowed::new(&entry, salt.clone()));
                self.edit_attempt(*slot, |attempt| *attempt = None);
            }
            (Step::Call(_) | Step::DropBackup, Outcome::Done) => {
                self.failures.clear(step);
                self.done(step);
            }
            // Whatever the reason: its slot is removed, and another key made, as often as the rules allow.
            (Step::Call(Call::TestSlot { slot, .. }), Outcome::Failed(_)) => self.edit_attempt(*slot, |attempt| {
                if let Some(attempt) = attempt {
                    attempt.failed = true;
                }
            }),
            // It may have had its effect: then the next observation shows it.
            (
                Step::Call(_) | Step::DropBackup | Step::Escrow { .. } | Step::Generate { .. },
                Outcome::Failed(status),
            ) => {
                self.failures.count(step, status, now);
            }
            _ => return Err(PlannerError::Unexpected),
        }
        Ok(())
    }

    /// What a command that ended with 0 leaves to remember.
    fn done(&mut self, step: &Step) {
        match step {
            Step::DropBackup => {
                if let Some(pursuit) = &mut self.pursuit {
                    pursuit.backed_up = false;
                }
            }
            Step::Call(Call::BackUpHeader) => {
                if let Some(pursuit) = &mut self.pursuit {
                    pursuit.backed_up = true;
                }
            }
            Step::Call(Call::TestSlot { slot, salt }) => self.edit_attempt(*slot, |attempt| {
                if let Some(attempt) = attempt {
                    attempt.salt = Some(salt.clone());
                }
            }),
            Step::Call(Call::RemoveSlot { slot }) => {
                let protector = ProtectorId::luks_slot(*slot);
                if self.attempt().is_some_and(|attempt| attempt.slot == *slot) {
                    return self.edit_attempt(*slot, |attempt| *attempt = None);
                }
                // What the server has not is still to be sent.
                if self.slots.get(&protector).is_some_and(|escrowed| escrowed.stored) {
                    self.slots.remove(&protector);
                }
                if let Some(pursuit) = &mut self.pursuit {
                    pursuit.removed.insert(protector);
                }
            }
            _ => {}
        }
    }

    fn edit_attempt(&mut self, slot: u8, edit: impl FnOnce(&mut Option<Attempt>)) {
        if let Some(pursuit) = &mut self.pursuit
            && pursuit.attempt.as_ref().is_some_and(|attempt| attempt.slot == slot)
        {
            edit(&mut pursuit.attempt);
        }
    }

    fn asked(&mut self, protector: &ProtectorId, now: Timestamp) {
        if let Some(escrowed) = self.slots.get_mut(protector) {
            escrowed.asked = Some(now);
        }
    }

    /// Takes a receipt that came, however late and however often.
    ///
    /// # Errors
    /// [`Mismatch`] if it does not name this device, this volume, and the slot, request and envelope of one key.
    pub fn receipt(&mut self, receipt: &Receipt) -> Result<(), Mismatch> {
        let protector = receipt.place.protector.as_ref().ok_or(Mismatch::Place)?;
        let place = self.place(self.rules.kind, protector);
        let escrowed = self.slots.get_mut(protector).ok_or(Mismatch::Place)?;
        compare(receipt, &self.device, &place, &escrowed.request, escrowed.envelope)?;
        escrowed.take(receipt);
        Ok(())
    }

    /// Learns which keys the spool holds, for slots that are there now. Call it when the agent starts: it may have been
    /// killed after an entry was on the disk and before the planner was, or the planner may be lost.
    pub fn remember(&mut self, seen: &Observation, entries: &[Entry]) {
        for entry in entries {
            let (Some(salt), Some(protector)) = (&entry.salt, &entry.place.protector) else { continue };
            let Some(slot) = number(protector.as_str()) else { continue };
            let is_there =
                seen.slots.as_ref().and_then(|slots| slots.get(&slot)).is_some_and(|slot| slot.salt == *salt);
            let known = self.slots.get(protector).is_some_and(|escrowed| escrowed.envelope == entry.envelope());
            let place = self.place(self.rules.kind, protector);
            if !is_there || known || entry.device != self.device || entry.place != place {
                continue;
            }
            self.slots.insert(protector.clone(), Escrowed::new(entry, salt.clone()));
            self.edit_attempt(slot, |attempt| *attempt = None);
        }
    }

    /// Whether the server showed that the key in this envelope works: the spool need not keep it then.
    pub fn is_verified(&self, envelope: &Digest) -> bool {
        let mut envelopes = self.slots.values().filter(|escrowed| escrowed.envelope == *envelope);
        envelopes.any(|escrowed| escrowed.is_verified(self.rules.level))
    }

    /// Whether a step will ask the server about this envelope: what the planner waits for, nobody else need send.
    pub fn awaits(&self, envelope: &Digest) -> bool {
        !self.is_verified(envelope) && self.slots.values().any(|escrowed| escrowed.envelope == *envelope)
    }

    /// The request of this goal.
    pub fn request(&self) -> Option<&Word> {
        self.goal().map(|goal| &goal.id)
    }
}

/// The version of the written state: the only one that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version;

impl Version {
    const NUMBER: u32 = 1;
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(Self::NUMBER)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            Self::NUMBER => Ok(Self),
            _ => Err(serde::de::Error::custom("the state of a planner of another version")),
        }
    }
}
