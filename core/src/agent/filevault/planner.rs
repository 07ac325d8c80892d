//! What is the next step, and what did the last one come to?
//!
//! The state is a few facts: the goal, what was begun for it, and how far the envelopes of this Mac are in escrow. What
//! must not be done twice is written down before it is done once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    observation::Observation,
    rules::{Goal, Rules},
    situation::{Does, Situation},
    step::{Next, Outcome, Reply, Step},
    view::View,
};
use crate::{
    agent::spool::{Entry, Mismatch, compare},
    envelope::Envelope,
    error::ErrorCode,
    ids::{DeviceId, Digest, Word},
    key::Kind,
    policy::escrow::Level,
    time::Timestamp,
    verification::{Place, Receipt, ReceiptStatus},
};

/// How many envelopes are remembered: the present one, and those whose receipts are awaited.
const MAX_ENVELOPES: usize = 32;

/// Plans for the boot volume of one Mac. Write it down after each [`Planner::begin`] and [`Planner::report`], as serde
/// data; it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planner {
    version: u32,
    device: DeviceId,
    #[serde(default)]
    rules: Rules,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pursuit: Option<Pursuit>,
    #[serde(default)]
    envelopes: BTreeMap<Digest, Escrowed>,
}

/// The goal, and what was begun for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pursuit {
    pub(super) goal: Goal,
    /// The envelopes that were there when it was set.
    #[serde(default)]
    pub(super) before: Vec<Digest>,
    /// Whether the key was the present one, when it was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) attested: Option<bool>,
    /// When `changerecovery` was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) changed: Option<Timestamp>,
    /// Whether it ended with 0.
    #[serde(default)]
    pub(super) change_done: bool,
    /// How often Escrow Buddy was told to make a key, and when first.
    #[serde(default)]
    pub(super) told: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) told_at: Option<Timestamp>,
    /// When the authorization database was repaired last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) repaired: Option<Timestamp>,
    /// When `RotateFileVaultKey` was sent, and what came back, when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rotate: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reply: Option<(Reply, Timestamp)>,
    /// When `SecurityInfo` was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) security_info: Option<Timestamp>,
}

/// What is known of the escrow of one envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Escrowed {
    /// The request under which it was sent.
    pub request: Word,
    /// Whether the server has it.
    #[serde(default)]
    pub stored: bool,
    /// How far it was shown to work, by a receipt that says *verified*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Level>,
    /// When the server was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
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

impl Planner {
    /// Plans for a Mac.
    pub fn new(device: DeviceId, rules: Rules) -> Self {
        Self { version: 1, device, rules, pursuit: None, envelopes: BTreeMap::new() }
    }

    /// Goes by other rules from now on.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The device.
    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    /// Pursues a goal, in place of the one before; the same goal again changes nothing. The envelope that is there now is
    /// that of the old key.
    pub fn pursue(&mut self, goal: Goal, seen: &Observation) {
        if self.pursuit.as_ref().is_some_and(|pursuit| pursuit.goal == goal) {
            return;
        }
        let before = self.envelopes.keys().copied().chain(seen.envelope).collect();
        self.pursuit = Some(Pursuit {
            goal,
            before,
            attested: None,
            changed: None,
            change_done: false,
            told: 0,
            told_at: None,
            repaired: None,
            rotate: None,
            reply: None,
            security_info: None,
        });
    }

    /// The goal.
    pub fn goal(&self) -> Option<&Goal> {
        self.pursuit.as_ref().map(|pursuit| &pursuit.goal)
    }

    /// Whether the key was the present one, if it was tried for this goal: what is told to the server.
    pub fn attested(&self) -> Option<bool> {
        self.pursuit.as_ref()?.attested
    }

    /// How far an envelope is in escrow.
    pub fn escrowed(&self, envelope: &Digest) -> Option<&Escrowed> {
        self.envelopes.get(envelope)
    }

    /// Whether a step will ask the server about this envelope: what the planner waits for, nobody else need send.
    pub fn awaits(&self, envelope: &Digest) -> bool {
        let level = self.rules.level;
        self.envelopes.get(envelope).is_some_and(|escrowed| escrowed.verified.is_none_or(|verified| verified < level))
    }

    /// Asks the server at once about every envelope that is not verified: somebody wants to know now.
    pub fn ask_again(&mut self) {
        self.envelopes.values_mut().for_each(|escrowed| escrowed.asked = None);
    }

    /// What the situation is, and what to do; `None` without a goal.
    pub fn next(&self, seen: &Observation) -> Option<Next> {
        let pursuit = self.pursuit.as_ref()?;
        let view = View { rules: &self.rules, pursuit, envelopes: &self.envelopes, seen };
        let situation = Situation::of(&view);
        let step = match situation.row().does {
            Does::Nothing => None,
            Does::Ask => {
                view.due().map(|(envelope, escrowed)| Step::Ask { request: escrowed.request.clone(), envelope })
            }
            Does::ChangeRecovery => Some(Step::ChangeRecovery),
            Does::ClearGenerateNewKey => Some(Step::SetGenerateNewKey { on: false }),
            Does::Escrow => {
                view.unspooled().map(|envelope| Step::Escrow { envelope, request: pursuit.goal.id.clone() })
            }
            Does::RepairAuthorizationDatabase => Some(Step::RepairAuthorizationDatabase),
            Does::SendRotate => Some(Step::SendRotate),
            Does::SendSecurityInfo => Some(Step::SendSecurityInfo),
            Does::SetGenerateNewKey => Some(Step::SetGenerateNewKey { on: true }),
            Does::ValidateRecovery => Some(Step::ValidateRecovery),
        };
        Some(Next { situation, step, wake_at: self.wake_at(pursuit, seen) })
    }

    /// The next moment at which a wait of the rules ends.
    fn wake_at(&self, pursuit: &Pursuit, seen: &Observation) -> Option<Timestamp> {
        let rules = &self.rules;
        let asks = self.envelopes.values().filter(|escrowed| escrowed.verified.is_none_or(|level| level < rules.level));
        let asks = asks.filter_map(|escrowed| Some((escrowed.asked?, rules.ask_again_after)));
        let waits = [
            pursuit.told_at.map(|at| (at, rules.login_within)),
            pursuit.changed.map(|at| (at, rules.reply_within)),
            pursuit.rotate.map(|at| (at, rules.reply_within)),
            pursuit.security_info.map(|at| (at, rules.reply_within)),
            pursuit.reply.filter(|(reply, _)| *reply == Reply::NotNow).map(|(_, at)| (at, rules.not_now)),
        ];
        let ends = waits.into_iter().flatten().chain(asks).map(|(at, wait)| at.saturating_add(i64::from(wait)));
        ends.filter(|end| *end > seen.at).min()
    }

    /// The entry of an envelope that macOS sealed, for the step that spools it.
    ///
    /// # Errors
    /// [`PlannerError::Unexpected`] if the step spools another one, or none.
    pub fn entry(&self, step: &Step, envelope: &Envelope, now: Timestamp) -> Result<Entry, PlannerError> {
        match step {
            Step::Escrow { envelope: wanted, request } if *wanted == envelope.digest() => {
                Ok(Entry::new(self.device.clone(), place(), request.clone(), envelope, now))
            }
            _ => Err(PlannerError::Unexpected),
        }
    }

    /// Records that a step begins. Write the planner down before it is run: what must not be repeated is not, even if
    /// nobody learns how it ended.
    pub fn begin(&mut self, step: &Step, now: Timestamp) {
        let Some(pursuit) = &mut self.pursuit else { return };
        match step {
            Step::ChangeRecovery => pursuit.changed = Some(now),
            Step::SendRotate => (pursuit.rotate, pursuit.reply) = (Some(now), None),
            Step::SendSecurityInfo => pursuit.security_info = Some(now),
            Step::RepairAuthorizationDatabase => pursuit.repaired = Some(now),
            Step::SetGenerateNewKey { on: true } => {
                pursuit.told = pursuit.told.saturating_add(1);
                pursuit.told_at = pursuit.told_at.or(Some(now));
            }
            Step::Ask { .. } | Step::Escrow { .. } | Step::SetGenerateNewKey { .. } | Step::ValidateRecovery => {}
        }
    }

    /// Takes what became of a step that was begun. Write the planner down before the next one.
    ///
    /// # Errors
    /// [`PlannerError::Receipt`] if the server's answer is of something else; [`PlannerError::Unexpected`] if such a step
    /// cannot end so.
    pub fn report(&mut self, step: &Step, outcome: Outcome, now: Timestamp) -> Result<(), PlannerError> {
        match (step, outcome) {
            (Step::Ask { envelope, .. }, Outcome::Receipt(receipt)) => {
                self.asked(envelope, now);
                self.receipt(&receipt)?;
            }
            (Step::Ask { envelope, .. }, Outcome::NoAnswer) => self.asked(envelope, now),
            // If it is still what macOS has, it is seen and spooled again.
            (Step::Ask { envelope, .. }, Outcome::NotInSpool) => {
                self.envelopes.remove(envelope);
            }
            (Step::Escrow { envelope, request }, Outcome::Spooled(entry)) if entry.envelope() == *envelope => {
                let escrowed = Escrowed { request: request.clone(), stored: false, verified: None, asked: None };
                self.envelopes.insert(*envelope, escrowed);
                self.forget(envelope);
            }
            (Step::ValidateRecovery, Outcome::Attested(is_present)) => {
                if let Some(pursuit) = &mut self.pursuit {
                    pursuit.attested = Some(is_present);
                }
            }
            (Step::ChangeRecovery, Outcome::Done) => {
                if let Some(pursuit) = &mut self.pursuit {
                    pursuit.change_done = true;
                }
            }
            // It was begun, and that is all that is known.
            (Step::SendRotate | Step::SendSecurityInfo | Step::SetGenerateNewKey { .. }, Outcome::Done)
            | (Step::RepairAuthorizationDatabase, Outcome::Done)
            | (_, Outcome::Failed) => {}
            _ => return Err(PlannerError::Unexpected),
        }
        Ok(())
    }

    /// Takes the device's reply to `RotateFileVaultKey`, however late. That it rotated is never taken back.
    pub fn reply(&mut self, reply: Reply, now: Timestamp) {
        if let Some(pursuit) = &mut self.pursuit
            && !matches!(pursuit.reply, Some((Reply::Acknowledged, _)))
        {
            pursuit.reply = Some((reply, now));
        }
    }

    /// Takes a receipt that came, however late and however often.
    ///
    /// # Errors
    /// [`Mismatch`] if it does not name this device, its boot volume, and the request and envelope of one key.
    pub fn receipt(&mut self, receipt: &Receipt) -> Result<(), Mismatch> {
        let escrowed = self.envelopes.get_mut(&receipt.envelope).ok_or(Mismatch::Envelope)?;
        compare(receipt, &self.device, &place(), &escrowed.request, receipt.envelope)?;
        escrowed.stored |= matches!(receipt.status, ReceiptStatus::Stored | ReceiptStatus::Verified);
        if receipt.status == ReceiptStatus::Verified {
            escrowed.verified = escrowed.verified.max(receipt.level);
        }
        Ok(())
    }

    fn asked(&mut self, envelope: &Digest, now: Timestamp) {
        if let Some(escrowed) = self.envelopes.get_mut(envelope) {
            escrowed.asked = Some(now);
        }
    }

    /// Forgets envelopes that are verified, where there are many.
    fn forget(&mut self, current: &Digest) {
        let level = self.rules.level;
        if self.envelopes.len() > MAX_ENVELOPES {
            let waits = |escrowed: &Escrowed| escrowed.verified.is_none_or(|verified| verified < level);
            self.envelopes.retain(|envelope, escrowed| envelope == current || waits(escrowed));
        }
    }
}

/// The boot volume's key: a Mac names neither volume nor protector.
fn place() -> Place {
    Place::new(Kind::FileVault)
}
