//! What was observed of one key?
//!
//! [`KeyFacts`] belongs into the key's own row; [`State`](super::State) repeats it for the few keys that
//! decide about the device. It holds facts in the order in which they were committed, and compares no times:
//! a failure never erases a success, a later success does not make an earlier failure untrue.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    change::{HeaderProof, KeyChange, Rejected},
    fact::{
        Attempt, EnvelopeFacts, Exposure, NewKey, Origin, Place, ProvedBy, Quarantine, Reached, Retirement, Revelation,
        Success, Unlocked,
    },
    reason::{Failure, Reason},
};
use crate::{
    ids::{Digest, KeyId},
    policy::escrow::{EscrowRules, Level},
    time::Timestamp,
};

/// What was observed of one key. Changed by [`KeyFacts::after`] and [`KeyFacts::retire`] only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyFacts {
    pub(super) id: KeyId,
    #[serde(flatten)]
    pub(super) place: Place,
    pub(super) order: u64,
    pub(super) installation: u32,
    pub(super) received: Timestamp,
    pub(super) origin: Origin,
    pub(super) envelopes: Vec<EnvelopeFacts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) quarantine: Option<Quarantine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_success: Option<Success>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_attempt: Option<Attempt>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unlocked: Option<Unlocked>,
    /// Set by a header that does not open, taken back by one that does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) attested: Option<Timestamp>,
    /// Set by a device that says no, taken back by one that says yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) denied: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exposed: Option<Exposure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) revealed: Option<Revelation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retired: Option<Retirement>,
    #[serde(flatten)]
    pub(super) other: BTreeMap<String, Value>,
}

impl KeyFacts {
    /// How many envelopes a key may have at one time.
    pub const MAX_ENVELOPES: usize = 16;

    pub(super) fn new(key: NewKey, order: u64, installation: u32) -> Self {
        Self {
            id: key.id,
            place: key.place,
            order,
            installation,
            received: key.at,
            origin: key.origin,
            envelopes: vec![EnvelopeFacts { digest: key.envelope, added: key.at, checked: false }],
            quarantine: key.quarantined.then_some(Quarantine::Pending),
            last_success: None,
            last_attempt: None,
            unlocked: None,
            refused: None,
            attested: None,
            denied: None,
            exposed: None,
            revealed: None,
            retired: None,
            other: BTreeMap::new(),
        }
    }

    /// The facts after a change.
    ///
    /// # Errors
    /// [`Rejected`] if the change does not apply to the key as it is now; nothing was changed.
    pub fn after(&self, change: &KeyChange) -> Result<Self, Rejected> {
        let mut key = self.clone();
        match change {
            KeyChange::Attested { opens, at } => {
                key.may_be_opened()?;
                if *opens {
                    (key.attested, key.denied) = (Some(*at), None);
                } else {
                    key.denied = Some(*at);
                }
            }
            KeyChange::EnvelopeAdded { digest, at } => {
                if key.has_envelope(digest) {
                    return Err(Rejected::EnvelopeKnown);
                }
                if key.envelopes.len() >= Self::MAX_ENVELOPES {
                    return Err(Rejected::TooManyEnvelopes);
                }
                key.envelopes.push(EnvelopeFacts { digest: *digest, added: *at, checked: false });
            }
            KeyChange::EnvelopeRetired { digest } => {
                // What opened last stays: an envelope goes only when another one is known to do its work.
                let other_opened = key
                    .last_success
                    .as_ref()
                    .is_some_and(|last| last.envelope != *digest && key.has_envelope(&last.envelope));
                if !other_opened || !key.has_envelope(digest) {
                    return Err(Rejected::EnvelopeNeeded);
                }
                key.envelopes.retain(|envelope| envelope.digest != *digest);
            }
            KeyChange::Exposed { certificate, at } => {
                // The first exposure is the one that counts: the key is not safe since then.
                key.exposed.get_or_insert(Exposure { at: *at, certificate: *certificate });
            }
            KeyChange::NotOpened { tried, failure, keyring, at } => {
                key.may_be_opened()?;
                // With one envelope untried it is not known that the key does not open.
                if !key.envelopes.iter().all(|envelope| tried.contains(&envelope.digest)) {
                    return Err(Rejected::Stale);
                }
                key.tried(tried);
                key.last_attempt = Some(Attempt { at: *at, failure: Some(failure.clone()), keyring: *keyring });
            }
            KeyChange::Opened(opening) => {
                key.may_be_opened()?;
                if !key.has_envelope(&opening.envelope) {
                    return Err(Rejected::Stale);
                }
                key.tried(&opening.tried);
                key.tried(&[opening.envelope]);
                key.last_attempt = Some(Attempt { at: opening.at, failure: None, keyring: opening.keyring });
                key.last_success = Some(Success {
                    at: opening.at,
                    envelope: opening.envelope,
                    identity: opening.identity,
                    binding: opening.binding,
                    metadata_consistent: opening.metadata_consistent,
                    unverifiable: match &opening.header {
                        HeaderProof::Unverifiable(why) => Some(why.clone()),
                        _ => None,
                    },
                });
                key.header(&opening.header, opening.at);
            }
            KeyChange::QuarantineAccepted => key.decide(Quarantine::Accepted)?,
            KeyChange::QuarantineRejected => key.decide(Quarantine::Rejected)?,
            KeyChange::Revealed { break_glass, at } => {
                // The first time counts: somebody knows the key since then.
                let first = key.revealed.map_or(*at, |first| first.at);
                let emergency = *break_glass || key.revealed.is_some_and(|first| first.break_glass);
                key.revealed = Some(Revelation { at: first, break_glass: emergency });
            }
        }
        Ok(key)
    }

    /// The facts after another key took this one's place.
    ///
    /// # Errors
    /// [`Rejected::NotReplaced`] unless the replacement is another key of the same volume that was opened, is
    /// in use, and is not of an earlier installation; [`Rejected::Retired`] if this key was retired before.
    pub fn retire(&self, replacement: &Self, now: Timestamp) -> Result<Self, Rejected> {
        if self.retired.is_some() {
            return Err(Rejected::Retired);
        }
        let replaced = replacement.id != self.id
            && replacement.place.volume == self.place.volume
            && replacement.installation >= self.installation
            && replacement.last_success.is_some()
            && replacement.retired.is_none()
            && !replacement.is_apart();
        if !replaced {
            return Err(Rejected::NotReplaced);
        }
        let retirement = Retirement { at: now, replacement: replacement.id };
        Ok(Self { retired: Some(retirement), ..self.clone() })
    }

    fn header(&mut self, proof: &HeaderProof, at: Timestamp) {
        let level = match proof {
            HeaderProof::ProtectorOpens => Level::ProtectorOpens,
            HeaderProof::VolumeKeyUnwrapped => Level::VolumeKeyUnwrapped,
            HeaderProof::Refused => {
                self.refused = Some(at);
                return;
            }
            HeaderProof::NotTried | HeaderProof::Unverifiable(_) => return,
        };
        self.refused = None;
        let before = self.unlocked.as_ref().map(|unlocked| unlocked.level);
        if before.is_none_or(|before| before <= level) {
            self.unlocked = Some(Unlocked { at, level });
        }
    }

    fn tried(&mut self, digests: &[Digest]) {
        for envelope in &mut self.envelopes {
            envelope.checked |= digests.contains(&envelope.digest);
        }
    }

    fn may_be_opened(&self) -> Result<(), Rejected> {
        if self.is_apart() { Err(Rejected::Quarantined) } else { Ok(()) }
    }

    fn decide(&mut self, decision: Quarantine) -> Result<(), Rejected> {
        if self.quarantine != Some(Quarantine::Pending) {
            return Err(Rejected::NotQuarantined);
        }
        self.quarantine = Some(decision);
        Ok(())
    }

    fn has_envelope(&self, digest: &Digest) -> bool {
        self.envelopes.iter().any(|envelope| envelope.digest == *digest)
    }

    /// Whether the key is set apart, so that nothing may open it: its quarantine was not decided, or rejected.
    pub fn is_apart(&self) -> bool {
        matches!(self.quarantine, Some(Quarantine::Pending | Quarantine::Rejected))
    }

    /// How far the key was shown to work: by the server, or also by the device where its word counts.
    ///
    /// The device's word counts for nothing unless an envelope was opened here. A volume that refused the key
    /// takes back what a volume had shown, not that the envelope opens.
    pub fn reached(&self, accept_device_proof: bool) -> Option<Reached> {
        let by_server = |level| Some(Reached { level, proved_by: ProvedBy::Server });
        if self.last_success.is_none() {
            return if self.origin == Origin::Plaintext { by_server(Level::WellFormed) } else { None };
        }
        let unlocked = self.unlocked.as_ref().filter(|_| self.refused.is_none());
        let attested = accept_device_proof && self.attested.is_some() && self.denied.is_none();
        let device = attested.then_some(Reached { level: Level::ProtectorOpens, proved_by: ProvedBy::Device });
        device.max(by_server(unlocked.map_or(Level::EnvelopeOpens, |unlocked| unlocked.level)))
    }

    /// Why the key cannot be taken for one that works; none if its last check opened it.
    pub fn reason(&self) -> Option<Reason> {
        if self.is_apart() {
            Some(Reason::Quarantined)
        } else if self.exposed.is_some() {
            Some(Reason::Exposed)
        } else if self.refused.is_some() || self.denied.is_some() {
            Some(Reason::ProtectorRefused)
        } else {
            match &self.last_attempt {
                None => Some(Reason::NotChecked),
                Some(attempt) => attempt.failure.as_ref().map(Failure::reason),
            }
        }
    }

    /// When the key is to be checked next: at once if one of its envelopes was never tried, otherwise
    /// `reverify_after` after the last attempt; none if never, or if it is set apart.
    ///
    /// What changes with the keyring is not known here: see [`KeyFacts::failed_with_other_keyring`].
    pub fn check_due(&self, rules: &EscrowRules) -> Option<Timestamp> {
        if self.is_apart() {
            return None;
        }
        let untried = self.envelopes.iter().find(|envelope| !envelope.checked).map(|envelope| envelope.added);
        untried.or_else(|| match (&self.last_attempt, rules.reverify_after) {
            (None, _) => Some(self.received),
            (Some(_), 0) => None,
            (Some(attempt), after) => Some(attempt.at.saturating_add(i64::from(after))),
        })
    }

    /// Whether the last attempt failed with other identities than these: then the key is worth a check
    /// whatever its age.
    pub fn failed_with_other_keyring(&self, keyring: &Digest) -> bool {
        self.last_attempt
            .as_ref()
            .is_some_and(|attempt| attempt.failure.is_some() && attempt.keyring.as_ref() != Some(keyring))
    }

    /// The key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What it is for.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Its place among all keys of its device in the order in which they came, from 1.
    pub fn order(&self) -> u64 {
        self.order
    }

    /// The installation of the device that it came from.
    pub fn installation(&self) -> u32 {
        self.installation
    }

    /// When it came.
    pub fn received(&self) -> Timestamp {
        self.received
    }

    /// How it came.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Its envelopes that are in use, oldest first.
    pub fn envelopes(&self) -> &[EnvelopeFacts] {
        &self.envelopes
    }

    /// When it was shown to a person for the first time, if it was.
    pub fn revealed(&self) -> Option<Revelation> {
        self.revealed
    }

    /// Whether it is or was set apart.
    pub fn quarantine(&self) -> Option<Quarantine> {
        self.quarantine
    }

    /// The last time that it was opened. No failure erases it.
    pub fn last_success(&self) -> Option<&Success> {
        self.last_success.as_ref()
    }

    /// The last time that opening it was tried.
    pub fn last_attempt(&self) -> Option<&Attempt> {
        self.last_attempt.as_ref()
    }

    /// The last time that the volume's header opened with it. No refusal erases it.
    pub fn unlocked(&self) -> Option<&Unlocked> {
        self.unlocked.as_ref()
    }

    /// When the volume's header last did not open with it, unless it did since.
    pub fn refused(&self) -> Option<Timestamp> {
        self.refused
    }

    /// When the device last said that it opens its protector. No denial erases it.
    pub fn attested_by_device(&self) -> Option<Timestamp> {
        self.attested
    }

    /// When the device last said that it does not, unless it said that it does since.
    pub fn denied_by_device(&self) -> Option<Timestamp> {
        self.denied
    }

    /// Whether a certificate that it was sealed to is compromised.
    pub fn exposed(&self) -> Option<&Exposure> {
        self.exposed.as_ref()
    }

    /// Whether another key took its place.
    pub fn retired(&self) -> Option<&Retirement> {
        self.retired.as_ref()
    }
}
