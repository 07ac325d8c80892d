//! A server, the network before it, and the agent's spool: what is known of recovery passwords outside the volume.

use std::collections::BTreeMap;

use fdescrow::{
    ids::{DeviceId, Digest, KeyId, Organization, ProtectorId, VolumeId, Word},
    key::Kind,
    policy::Level,
    verification::{Place, Receipt, ReceiptStatus},
};

use super::volume::{below, one_in};
use crate::crash::Dice;

/// What was sealed: the password cannot be seen in it, but the server will see it.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    pub(super) digest: Digest,
    pub(super) protector: ProtectorId,
    pub(super) request: Word,
    pub(super) password: String,
}

impl Envelope {
    pub(super) fn seal(protector: &ProtectorId, request: &Word, password: String, dice: &mut Dice) -> Self {
        let mut bytes = [0; 32];
        for part in bytes.chunks_exact_mut(8) {
            part.copy_from_slice(&dice.roll(u64::MAX).to_le_bytes());
        }
        let digest = Digest::from_bytes(bytes);
        Self { digest, protector: protector.clone(), request: request.clone(), password }
    }
}

#[derive(Clone, Debug)]
struct Stored {
    envelope: Envelope,
    key: KeyId,
    quarantined: bool,
    level: Option<Level>,
}

/// Whose volume it is.
#[derive(Clone, Debug)]
pub(super) struct Whose {
    pub(super) organization: Organization,
    pub(super) device: DeviceId,
    pub(super) volume: Option<VolumeId>,
}

#[derive(Clone, Debug)]
pub(super) struct Server {
    whose: Whose,
    /// What *verified* means here.
    level: Level,
    stored: BTreeMap<Digest, Stored>,
    /// Receipts that are on their way, and may come again.
    late: Vec<Receipt>,
}

impl Server {
    pub(super) fn new(whose: Whose, level: Level) -> Self {
        Self { whose, level, stored: BTreeMap::new(), late: Vec::new() }
    }

    pub(super) fn whose(&self) -> &Whose {
        &self.whose
    }

    /// The receipt of a key, asked for by its id.
    pub(super) fn receipt(&self, key: &KeyId) -> Option<Receipt> {
        self.stored.values().find(|stored| stored.key == *key).map(|stored| self.receipt_of(stored))
    }

    /// Time passes: keys are checked, operators decide.
    pub(super) fn tick(&mut self, dice: &mut Dice) {
        for stored in self.stored.values_mut() {
            if stored.quarantined {
                stored.quarantined = !one_in(dice, 6);
            } else if one_in(dice, 4) {
                stored.level = Some(match stored.level {
                    None => Level::EnvelopeOpens,
                    Some(_) => Level::ProtectorOpens,
                });
            }
        }
    }

    /// An upload arrives, or the question about one.
    fn receive(&mut self, envelope: &Envelope, dice: &mut Dice) -> Receipt {
        let stored = self.stored.entry(envelope.digest).or_insert_with(|| Stored {
            envelope: envelope.clone(),
            key: KeyId::from_bytes(envelope.digest.as_bytes()[..16].try_into().unwrap()),
            quarantined: one_in(dice, 25),
            level: None,
        });
        let stored = stored.clone();
        self.receipt_of(&stored)
    }

    fn receipt_of(&self, stored: &Stored) -> Receipt {
        let mut place = Place::new(Kind::BitLocker);
        place.volume.clone_from(&self.whose.volume);
        place.protector = Some(stored.envelope.protector.clone());
        let status = match stored.level {
            _ if stored.quarantined => ReceiptStatus::Quarantined,
            Some(level) if level >= self.level => ReceiptStatus::Verified,
            _ => ReceiptStatus::Stored,
        };
        let mut receipt = Receipt::new(self.whose.device.clone(), place, stored.key, stored.envelope.digest, status);
        receipt.level = stored.level;
        receipt.request = Some(stored.envelope.request.to_string());
        receipt
    }

    /// What the agent gets for an envelope that it sends: nothing, the receipt, or, confused, another one.
    pub(super) fn ask(&mut self, envelope: &Envelope, dice: &mut Dice, calm: bool) -> Option<Receipt> {
        if calm {
            return Some(self.receive(envelope, dice));
        }
        match dice.roll(10) {
            // The upload is lost.
            0 | 1 => None,
            // The answer is lost.
            2 => {
                let _ = self.receive(envelope, dice);
                None
            }
            // The answer comes later, perhaps twice.
            3 | 4 => {
                let receipt = self.receive(envelope, dice);
                self.late.push(receipt);
                None
            }
            // The answer to somebody else's question.
            5 | 6 => {
                let _ = self.receive(envelope, dice);
                let all: Vec<&Stored> = self.stored.values().collect();
                let mut receipt = self.receipt_of(all[below(dice, all.len())]);
                if one_in(dice, 3) {
                    receipt.device = DeviceId::new("another device").unwrap();
                }
                if one_in(dice, 3) {
                    receipt.status = ReceiptStatus::Verified;
                    receipt.level = Some(Level::VolumeKeyUnwrapped);
                    receipt.envelope = Digest::from_bytes([7; 32]);
                }
                Some(receipt)
            }
            _ => Some(self.receive(envelope, dice)),
        }
    }

    /// Receipts that arrive now; some stay, to arrive again.
    pub(super) fn late(&mut self, dice: &mut Dice) -> Vec<Receipt> {
        let mut arrived = Vec::new();
        for receipt in std::mem::take(&mut self.late) {
            let (arrives, again) = (one_in(dice, 2), one_in(dice, 3));
            if arrives {
                arrived.push(receipt.clone());
            }
            if !arrives || again {
                self.late.push(receipt);
            }
        }
        arrived
    }

    /// Whether the server has the password of this protector.
    pub(super) fn has(&self, protector: &ProtectorId, password: &str) -> bool {
        self.of(protector, password).next().is_some()
    }

    /// Whether it showed that it works, as far as the rules ask.
    pub(super) fn verified(&self, protector: &ProtectorId, password: &str) -> bool {
        self.of(protector, password)
            .any(|stored| !stored.quarantined && stored.level.is_some_and(|level| level >= self.level))
    }

    fn of(&self, protector: &ProtectorId, password: &str) -> impl Iterator<Item = &Stored> {
        self.stored
            .values()
            .filter(move |stored| stored.envelope.protector == *protector && stored.envelope.password == password)
    }
}
