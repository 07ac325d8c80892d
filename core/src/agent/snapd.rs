//! What is asked of snapd next, where it encrypted the disk with the TPM?
//!
//! snapd makes recovery keys, and puts them into slots that have names. A [`Planner`] is shown the names, and says what to
//! ask for; the agent asks at `/run/snapd.socket`, and keeps the key and its id in memory until they are used. A slot's
//! key dies when it is replaced, so the rule is: **a key is sealed and in the spool before snapd is asked to use it.** What is
//! not known after a crash is not guessed: another key is made, and the server keeps both.
//!
//! Facts: snapd's REST interface, `/v2/system-volumes` (2.74 and newer has `add-recovery-key`).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    agent::spool::{Entry, Mismatch, compare},
    envelope::{Certificate, Owner, Payload, SealError, seal},
    error::ErrorCode,
    ids::{DeviceId, Digest, Organization, ProtectorId, Word},
    key::{Kind, RecoveryKey},
    policy::escrow::Level,
    random::Randomness,
    secret::Secret,
    time::Timestamp,
    verification::{Place, Receipt, ReceiptStatus},
};

/// The name of our slot.
pub const SLOT: &str = "fdescrow";

/// How often a key is made for one request.
const MAX_ATTEMPTS: u32 = 5;
/// Seconds before the server is asked again.
const ASK_AGAIN_AFTER: i64 = 15 * 60;

/// One look at what snapd says, and at what is in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// When.
    pub at: Timestamp,
    /// The names of the slots for recovery keys; none: snapd could not be asked.
    pub slots: Option<BTreeSet<String>>,
    /// Whether the key that was generated last, and its id, are in memory.
    pub key_at_hand: bool,
}

impl Observation {
    /// snapd was not asked; the rest are fields.
    pub fn new(at: Timestamp) -> Self {
        Self { at, slots: None, key_at_hand: false }
    }
}

/// What the situation is, looked through from the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Situation {
    /// An envelope was not sent yet, or it is time to ask again what became of it.
    AnswerDue,
    /// snapd could not be asked.
    Unreadable,
    /// The key in memory is not in the spool.
    Unsealed,
    /// The key is in the spool, and not in its slot.
    Unused,
    /// The key is in its slot, and was not tried.
    Unchecked,
    /// So many keys were made for this request that no more are: an administrator has to look.
    TooManyAttempts,
    /// No key was made for this request, or it is not known whether its slot has it.
    NoKey,
    /// The receipt does not say verified at the level of the rules: the server will.
    NotVerified,
    /// What was asked for is true.
    Done,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Send the envelope from the spool under this request; the same again gets its receipt as it is now.
    Ask {
        /// The name of the request.
        request: Word,
        /// SHA-256 of the envelope.
        envelope: Digest,
    },
    /// Ask snapd whether the key works: [`Step::body`].
    Check,
    /// [`Planner::seal`] the key, and put the entry into the spool; it must be on the disk before it is reported.
    Escrow,
    /// Ask snapd for a key: [`Step::body`]. Keep what it answers, `recovery-key` and `key-id`, in memory.
    Generate,
    /// Ask snapd to put the key into our slot: [`Step::body`]. It answers with a change, which is to be waited for.
    Use {
        /// Whether the slot is there already.
        replace: bool,
    },
}

impl Step {
    /// What is sent by `POST` to `/v2/system-volumes`, as JSON; none for steps that are not snapd's.
    pub fn body(&self, key_id: &str, key: Option<&RecoveryKey>) -> Option<Secret<[u8]>> {
        let slots = serde_json::json!([{ "name": SLOT }]);
        let body = match self {
            Self::Generate => serde_json::json!({ "action": "generate-recovery-key" }),
            Self::Use { replace } => {
                let action = if *replace { "replace-recovery-key" } else { "add-recovery-key" };
                serde_json::json!({ "action": action, "key-id": key_id, "keyslots": slots })
            }
            // Put together by hand: a JSON value would leave copies of the key behind. It has digits and dashes alone.
            Self::Check => {
                let key = key.filter(|key| key.kind() == Kind::Snapd)?;
                let parts = [
                    r#"{"action":"check-recovery-key","container-roles":["system-data"],"recovery-key":""#,
                    key.expose(),
                    r#""}"#,
                ];
                let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
                parts.iter().for_each(|part| text.push_str(part));
                return Some(Secret::from_vec(text.into_bytes()));
            }
            Self::Ask { .. } | Self::Escrow => return None,
        };
        Some(Secret::from_vec(body.to_string().into_bytes()))
    }
}

/// What became of a step.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// snapd did it, and what it began is finished; or it says that the key works.
    Done,
    /// It did not, or nobody knows; or the key does not work.
    Failed,
    /// The server did not answer.
    NoAnswer,
    /// The spool does not hold the envelope.
    NotInSpool,
    /// The server answered.
    Receipt(Box<Receipt>),
    /// This entry is in the spool, on the disk.
    Spooled(Box<Entry>),
}

/// How far the key of this request is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pursuit {
    request: Option<Word>,
    #[serde(default)]
    attempts: u32,
    /// The envelope of the key that was made last.
    #[serde(default)]
    envelope: Option<Digest>,
    /// Whether snapd put it into our slot, and whether it said that it works.
    #[serde(default)]
    used: bool,
    #[serde(default)]
    checked: bool,
}

/// How far an envelope is in escrow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Escrowed {
    request: Word,
    #[serde(default)]
    verified: Option<Level>,
    #[serde(default)]
    asked: Option<Timestamp>,
}

/// Plans for one device. Write it down after each [`Planner::report`], as serde data; it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planner {
    version: u32,
    organization: Organization,
    device: DeviceId,
    level: Level,
    #[serde(default)]
    pursuit: Pursuit,
    #[serde(default)]
    envelopes: BTreeMap<Digest, Escrowed>,
}

/// Why a report was not taken, or a key not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlannerError {
    /// The receipt is of something else.
    #[error(transparent)]
    Receipt(#[from] Mismatch),
    /// It could not be sealed to these certificates.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The outcome is of another kind of step, or the key is not one of snapd's.
    #[error("a step cannot end like that")]
    Unexpected,
}

impl PlannerError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Receipt(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::Unexpected => ErrorCode::EventRejected,
        }
    }
}

impl Planner {
    /// Plans for a device; *verified* means this level.
    pub fn new(organization: Organization, device: DeviceId, level: Level) -> Self {
        Self { version: 1, organization, device, level, pursuit: Pursuit::default(), envelopes: BTreeMap::new() }
    }

    /// Has a key made for this request, in place of the one that our slot has; the same request again changes nothing.
    pub fn pursue(&mut self, request: Word) {
        if self.pursuit.request.as_ref() != Some(&request) {
            self.pursuit = Pursuit { request: Some(request), ..Pursuit::default() };
        }
    }

    /// What the situation is, and what to do; `None` without a request.
    pub fn next(&self, seen: &Observation) -> Option<(Situation, Option<Step>)> {
        let pursuit = &self.pursuit;
        pursuit.request.as_ref()?;
        if let Some((envelope, escrowed)) = self.due(seen.at) {
            let step = Step::Ask { request: escrowed.request.clone(), envelope: *envelope };
            return Some((Situation::AnswerDue, Some(step)));
        }
        let Some(slots) = &seen.slots else { return Some((Situation::Unreadable, None)) };
        let replace = slots.contains(SLOT);
        let is_made = pursuit.used && pursuit.checked && replace;
        let (situation, step) = match (seen.key_at_hand, &pursuit.envelope) {
            _ if is_made => {
                let verified = pursuit.envelope.as_ref().is_some_and(|envelope| self.is_verified(envelope));
                (if verified { Situation::Done } else { Situation::NotVerified }, None)
            }
            (true, None) => (Situation::Unsealed, Some(Step::Escrow)),
            (true, Some(_)) if !pursuit.used => (Situation::Unused, Some(Step::Use { replace })),
            (true, Some(_)) if !pursuit.checked => (Situation::Unchecked, Some(Step::Check)),
            _ if pursuit.attempts >= MAX_ATTEMPTS => (Situation::TooManyAttempts, None),
            _ => (Situation::NoKey, Some(Step::Generate)),
        };
        Some((situation, step))
    }

    /// The level that *verified* means.
    pub fn level(&self) -> Level {
        self.level
    }

    /// The organization.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// The device.
    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    /// Whether a step will ask the server about this envelope: what the planner waits for, nobody else need send.
    pub fn awaits(&self, envelope: &Digest) -> bool {
        self.envelopes.contains_key(envelope) && !self.is_verified(envelope)
    }

    /// Asks the server at once about every envelope that is not verified: somebody wants to know now.
    pub fn ask_again(&mut self) {
        self.envelopes.values_mut().for_each(|escrowed| escrowed.asked = None);
    }

    fn is_verified(&self, envelope: &Digest) -> bool {
        let verified = self.envelopes.get(envelope).and_then(|escrowed| escrowed.verified);
        verified.is_some_and(|level| level >= self.level)
    }

    fn due(&self, now: Timestamp) -> Option<(&Digest, &Escrowed)> {
        self.envelopes.iter().find(|(envelope, escrowed)| {
            let lately = escrowed.asked.is_some_and(|asked| (0..ASK_AGAIN_AFTER).contains(&now.seconds_since(asked)));
            !lately && !self.is_verified(envelope)
        })
    }

    fn place() -> Place {
        let mut place = Place::new(Kind::Snapd);
        place.protector = ProtectorId::new(SLOT).ok();
        place
    }

    /// Seals the key that snapd made, bound to the device and our slot. The planner keeps nothing.
    ///
    /// # Errors
    /// [`PlannerError::Unexpected`] if it is no key of snapd's, or there is no request; [`PlannerError::Seal`].
    pub fn seal(
        &self,
        key: RecoveryKey,
        to: &[&Certificate],
        rng: &dyn Randomness,
        now: Timestamp,
    ) -> Result<Entry, PlannerError> {
        let request = self.pursuit.request.clone().filter(|_| key.kind() == Kind::Snapd);
        let request = request.ok_or(PlannerError::Unexpected)?;
        let place = Self::place();
        let owner = Owner::new()
            .organization(self.organization.clone())
            .device(self.device.clone())
            .protector(place.protector.clone())
            .time(now);
        let envelope = seal(&Payload::new(key, owner), to, rng)?;
        Ok(Entry::new(self.device.clone(), place, request, &envelope, now))
    }

    /// Takes what became of a step. Write the planner down before the next one is run.
    ///
    /// # Errors
    /// [`PlannerError::Receipt`] if the server's answer is of something else; [`PlannerError::Unexpected`] if such a step
    /// cannot end so.
    pub fn report(&mut self, step: &Step, outcome: Outcome, now: Timestamp) -> Result<(), PlannerError> {
        let pursuit = &mut self.pursuit;
        match (step, outcome) {
            (Step::Generate, Outcome::Done) => {
                pursuit.attempts = pursuit.attempts.saturating_add(1);
                (pursuit.envelope, pursuit.used, pursuit.checked) = (None, false, false);
            }
            (Step::Escrow, Outcome::Spooled(entry)) => {
                let escrowed = Escrowed { request: entry.request.clone(), verified: None, asked: None };
                self.envelopes.insert(entry.envelope(), escrowed);
                pursuit.envelope = Some(entry.envelope());
            }
            (Step::Use { .. }, Outcome::Done) => pursuit.used = true,
            (Step::Check, Outcome::Done) => pursuit.checked = true,
            // It may have had its effect, or the key does not work: another one is made, and both are kept.
            (Step::Generate | Step::Use { .. } | Step::Check, Outcome::Failed) => {
                pursuit.attempts = pursuit.attempts.saturating_add(1);
                (pursuit.used, pursuit.checked) = (false, false);
            }
            (Step::Escrow, Outcome::Failed) => {}
            (Step::Ask { envelope, .. }, Outcome::NoAnswer) => self.asked(envelope, now),
            // Nobody has this key, as far as is known here: another one is made.
            (Step::Ask { envelope, .. }, Outcome::NotInSpool) => {
                self.envelopes.remove(envelope);
                if pursuit.envelope == Some(*envelope) {
                    (pursuit.envelope, pursuit.used, pursuit.checked) = (None, false, false);
                }
            }
            (Step::Ask { envelope, .. }, Outcome::Receipt(receipt)) => {
                self.asked(envelope, now);
                self.receipt(&receipt)?;
            }
            _ => return Err(PlannerError::Unexpected),
        }
        Ok(())
    }

    fn asked(&mut self, envelope: &Digest, now: Timestamp) {
        if let Some(escrowed) = self.envelopes.get_mut(envelope) {
            escrowed.asked = Some(now);
        }
    }

    /// Takes a receipt that came, however late and however often.
    ///
    /// # Errors
    /// [`Mismatch`] if it does not name this device, our slot, and the request and envelope of one key.
    pub fn receipt(&mut self, receipt: &Receipt) -> Result<(), Mismatch> {
        let escrowed = self.envelopes.get_mut(&receipt.envelope).ok_or(Mismatch::Envelope)?;
        compare(receipt, &self.device, &Self::place(), &escrowed.request, receipt.envelope)?;
        if receipt.status == ReceiptStatus::Verified {
            escrowed.verified = escrowed.verified.max(receipt.level);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
