//! What is the next step, and what did the last one come to?
//!
//! The state is a few facts that were reported: the goal, how far each recovery password is in escrow, and which steps
//! failed. Where the volume stands is never remembered, only observed; so a state that is old, or was lost, makes the
//! planner read and seal again what is in escrow already, and nothing worse.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    call::Call,
    failures::Failures,
    hresult::Decision,
    observation::Observation,
    password::Escrowed,
    rules::{Boot, Goal, Rules},
    situation::{Does, Situation},
    step::{Next, Outcome, Remark, Step},
    view::View,
};
use crate::{
    agent::spool::{Entry, Mismatch},
    envelope::{Certificate, Owner, Payload, SealError, seal},
    error::ErrorCode,
    ids::{DeviceId, Digest, Organization, ProtectorId, VolumeId, Word},
    key::{KeyError, Kind, RecoveryKey},
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    volume: Option<VolumeId>,
    #[serde(default)]
    rules: Rules,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pursuit: Option<Pursuit>,
    #[serde(default)]
    passwords: BTreeMap<ProtectorId, Escrowed>,
    #[serde(default)]
    failures: Failures,
}

/// The goal, and what was done for it that no observation shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pursuit {
    pub(super) goal: Goal,
    /// Whether `PrepareVolume` was called.
    #[serde(default)]
    pub(super) prepared: bool,
    /// How often a recovery password was added.
    #[serde(default)]
    pub(super) made: u32,
    /// The one that was added last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<ProtectorId>,
}

/// An outcome that the step cannot have. Nothing changed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a step cannot end like that")]
#[non_exhaustive]
pub struct Unexpected;

/// Why a report was not taken. Nothing changed by it, but that the server was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlannerError {
    /// The receipt is of something else.
    #[error(transparent)]
    Receipt(#[from] Mismatch),
    /// The outcome is of another kind of step.
    #[error(transparent)]
    Unexpected(#[from] Unexpected),
}

impl PlannerError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Receipt(error) => error.code(),
            Self::Unexpected(_) => ErrorCode::EventRejected,
        }
    }
}

/// Why a recovery password was not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealingError {
    /// What Windows answered is no recovery password.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It could not be sealed to these certificates.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The step reads no recovery password.
    #[error(transparent)]
    Unexpected(#[from] Unexpected),
}

impl SealingError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Key(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::Unexpected(_) => ErrorCode::EventRejected,
        }
    }
}

impl Planner {
    /// Plans for a volume of a device; `None` is the boot volume, as in an upload.
    ///
    /// The organization is that of the `Escrow`, which opens no envelope that names another one, or none.
    pub fn new(organization: Organization, device: DeviceId, volume: Option<VolumeId>, rules: Rules) -> Self {
        Self {
            version: Version,
            organization,
            device,
            volume,
            rules,
            pursuit: None,
            passwords: BTreeMap::new(),
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

    /// The volume; none: the boot volume.
    pub fn volume(&self) -> Option<&VolumeId> {
        self.volume.as_ref()
    }

    /// The organization.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// The device.
    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    /// Pursues a goal, in place of the one before; the same goal again changes nothing.
    pub fn pursue(&mut self, goal: Goal) {
        if self.pursuit.as_ref().is_none_or(|pursuit| pursuit.goal != goal) {
            self.pursuit = Some(Pursuit { goal, prepared: false, made: 0, created: None });
            self.failures = Failures::default();
        }
    }

    /// The goal.
    pub fn goal(&self) -> Option<&Goal> {
        self.pursuit.as_ref().map(|pursuit| &pursuit.goal)
    }

    /// How far the recovery password of this protector is in escrow.
    pub fn escrowed(&self, protector: &ProtectorId) -> Option<&Escrowed> {
        self.passwords.get(protector)
    }

    /// Whether the server has the envelope with this digest, so that the spool need not keep it.
    pub fn is_stored(&self, envelope: &Digest) -> bool {
        self.passwords.values().any(|escrowed| escrowed.envelope == *envelope && escrowed.stored)
    }

    /// Whether a step will ask the server about this envelope: what the planner waits for, nobody else need send.
    pub fn awaits(&self, envelope: &Digest) -> bool {
        self.passwords.values().any(|escrowed| escrowed.envelope == *envelope && !self.is_verified(escrowed))
    }

    /// Asks the server at once about every envelope that is not verified: somebody wants to know now.
    pub fn ask_again(&mut self) {
        self.passwords.values_mut().for_each(|escrowed| escrowed.asked = None);
    }

    /// Learns that the spool holds an envelope: for an agent that lost the planner's state, or part of it.
    pub fn remember(&mut self, protector: ProtectorId, request: Word, envelope: Digest) {
        self.passwords.entry(protector).or_insert_with(|| Escrowed::new(request, envelope));
    }

    /// What the situation is, and what to do; `None` without a goal.
    pub fn next(&self, seen: &Observation) -> Option<Next> {
        let pursuit = self.pursuit.as_ref()?;
        let view = View { rules: &self.rules, pursuit, passwords: &self.passwords, failures: &self.failures, seen };
        let situation = Situation::of(&view);
        let step = self.step(situation.row().does, &view);
        let held = step.as_ref().and_then(|step| self.failures.held(step, seen.at));
        let asks = self.passwords.values().filter(|escrowed| !self.is_verified(escrowed));
        let asks =
            asks.filter_map(|escrowed| Some(escrowed.asked?.saturating_add(i64::from(self.rules.ask_again_after))));
        let wake_at = held.as_ref().map(|held| held.until).into_iter().chain(asks).min();
        Some(Next { situation, step: step.filter(|_| held.is_none()), held, wake_at, remarks: self.remarks(&view) })
    }

    fn is_verified(&self, escrowed: &Escrowed) -> bool {
        escrowed.verified.is_some_and(|level| level >= self.rules.level)
    }

    fn step(&self, does: Does, view: &View<'_>) -> Option<Step> {
        Some(match does {
            Does::Nothing => return None,
            Does::Escrow => Step::escrow(&view.unescrowed()?.id, view.pursuit),
            Does::Ask => {
                let (protector, escrowed) = view.due()?;
                Step::Ask {
                    protector: protector.clone(),
                    request: escrowed.request.clone(),
                    envelope: escrowed.envelope,
                    key: escrowed.key,
                }
            }
            Does::PrepareVolume => Step::Call(Call::PrepareVolume),
            Does::AddRecoveryPassword => {
                Step::Call(Call::ProtectKeyWithNumericalPassword { friendly_name: view.pursuit.goal.friendly_name() })
            }
            Does::AddBootProtector => Step::Call(match self.rules.boot {
                Boot::Tpm => Call::ProtectKeyWithTPM,
                _ => Call::ProtectKeyWithTPMAndPIN,
            }),
            Does::Encrypt => {
                let registry = view.seen.machine.registry.as_ref()?;
                Step::Call(Call::Encrypt {
                    encryption_method: self.rules.encryption_method,
                    encryption_type: registry.encryption_type().unwrap_or(self.rules.encryption_type),
                })
            }
            Does::ResumeConversion => Step::Call(Call::ResumeConversion),
            Does::EnableKeyProtectors => Step::Call(Call::EnableKeyProtectors),
            Does::DeleteKeyProtector => Step::Call(Call::DeleteKeyProtector { protector: view.old()?.id.clone() }),
        })
    }

    fn remarks(&self, view: &View<'_>) -> Vec<Remark> {
        let weaker = view.weaker_method().map(Remark::WeakerMethod);
        let other = view.other_boot_protector().map(Remark::OtherBootProtector);
        weaker.into_iter().chain(other).collect()
    }

    /// Seals a recovery password for the step that reads it, bound to device, volume and protector: the entry to be put
    /// into the spool.
    ///
    /// The certificates are the pinned ones of the agent's configuration. The planner keeps nothing.
    ///
    /// # Errors
    /// [`SealingError::Key`] if it has not the grammar of a recovery password; [`SealingError::Seal`];
    /// [`SealingError::Unexpected`] if the step is another.
    pub fn seal(
        &self,
        step: &Step,
        password: &Secret<str>,
        to: &[&Certificate],
        rng: &dyn Randomness,
        now: Timestamp,
    ) -> Result<Entry, SealingError> {
        let Step::Escrow { protector, request } = step else { return Err(Unexpected.into()) };
        let key = RecoveryKey::parse_typed(Kind::BitLocker, password)?;
        let owner = Owner::new()
            .organization(self.organization.clone())
            .device(self.device.clone())
            .volume(self.volume.clone())
            .protector(Some(protector.clone()))
            .time(now);
        let envelope = seal(&Payload::new(key, owner), to, rng)?;
        Ok(Entry::new(self.device.clone(), self.place(protector.clone()), request.clone(), &envelope, now))
    }

    /// Takes what became of a step. Write the planner down before the next one is run.
    ///
    /// # Errors
    /// [`PlannerError::Receipt`] if the server's answer is of something else; [`PlannerError::Unexpected`] if such a step
    /// cannot end so.
    pub fn report(&mut self, step: &Step, outcome: Outcome, now: Timestamp) -> Result<(), PlannerError> {
        match (step, outcome) {
            (Step::Call(call), Outcome::Done(made)) => {
                self.failures.clear(step);
                self.done(call, made);
            }
            // A volume that was prepared before says that it is not decrypted.
            (Step::Call(call @ Call::PrepareVolume), Outcome::Failed(Some(code)))
                if code.decision() == Decision::LookAgain =>
            {
                self.done(call, None);
            }
            // It may have had its effect: then the next observation shows it.
            (Step::Call(_), Outcome::Failed(code)) => self.failures.count(step, code, now),
            (Step::Escrow { protector, request }, Outcome::Spooled(envelope)) => {
                self.failures.clear(step);
                self.remember(protector.clone(), request.clone(), envelope);
            }
            (Step::Escrow { .. }, Outcome::Failed(code)) => self.failures.count(step, code, now),
            (Step::Ask { protector, .. }, Outcome::Receipt(receipt)) => {
                self.asked(protector, now);
                self.receipt(&receipt)?;
            }
            // Nothing is known of it, then; if it is on the volume still, it is read and sealed again.
            (Step::Ask { protector, envelope, .. }, Outcome::NotInSpool) => {
                self.passwords.retain(|id, escrowed| id != protector || escrowed.envelope != *envelope);
            }
            (Step::Ask { protector, .. }, Outcome::NoAnswer | Outcome::Failed(_)) => self.asked(protector, now),
            _ => return Err(Unexpected.into()),
        }
        Ok(())
    }

    /// What a method that returned 0 leaves to remember.
    fn done(&mut self, call: &Call, made: Option<ProtectorId>) {
        let Some(pursuit) = &mut self.pursuit else { return };
        match call {
            Call::PrepareVolume => pursuit.prepared = true,
            Call::ProtectKeyWithNumericalPassword { friendly_name }
                if *friendly_name == pursuit.goal.friendly_name() =>
            {
                pursuit.made = pursuit.made.saturating_add(1);
                pursuit.created = made.or(pursuit.created.take());
            }
            // What the server has not is still to be sent.
            Call::DeleteKeyProtector { protector }
                if self.passwords.get(protector).is_some_and(|escrowed| escrowed.stored) =>
            {
                self.passwords.remove(protector);
            }
            _ => {}
        }
    }

    fn asked(&mut self, protector: &ProtectorId, now: Timestamp) {
        if let Some(escrowed) = self.passwords.get_mut(protector) {
            escrowed.asked = Some(now);
        }
    }

    /// Takes a receipt that came, however late and however often.
    ///
    /// # Errors
    /// [`Mismatch`] if it does not name this device, this volume, and the protector, request and envelope of one
    /// password.
    pub fn receipt(&mut self, receipt: &Receipt) -> Result<(), Mismatch> {
        let protector = receipt.place.protector.clone().ok_or(Mismatch::Place)?;
        let place = self.place(protector.clone());
        let escrowed = self.passwords.get_mut(&protector).ok_or(Mismatch::Place)?;
        escrowed.take(receipt, &self.device, &place)
    }

    /// The place of a recovery password.
    fn place(&self, protector: ProtectorId) -> Place {
        let mut place = Place::new(Kind::BitLocker);
        place.volume.clone_from(&self.volume);
        place.protector = Some(protector);
        place
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
