//! What do the rows of the table look at?
//!
//! The goal, what was done for it, and what was seen just now. A slot is what its salt or its iterations say, never what
//! its number says.

use std::collections::BTreeMap;

use super::{
    escrowed::Escrowed,
    observation::{Observation, Slot, Token, Version, number},
    pursuit::{Attempt, Pursuit},
    rules::{Aim, Rules},
};
use crate::{
    ids::{Organization, ProtectorId, VolumeId},
    profile::luks::{EscrowToken, NeverTouch},
    verification::Reading,
};

pub(super) struct View<'a> {
    pub(super) rules: &'a Rules,
    pub(super) organization: &'a Organization,
    pub(super) volume: &'a VolumeId,
    pub(super) pursuit: &'a Pursuit,
    pub(super) escrowed: &'a BTreeMap<ProtectorId, Escrowed>,
    pub(super) seen: &'a Observation,
}

impl<'a> View<'a> {
    /// The slots that are used.
    fn slots(&self) -> impl Iterator<Item = (u8, &'a Slot)> + use<'a> {
        self.seen.slots.iter().flatten().map(|(number, slot)| (*number, slot))
    }

    fn slot(&self, number: u8) -> Option<&'a Slot> {
        self.seen.slots.as_ref()?.get(&number)
    }

    /// An envelope that the server is to be asked about.
    pub(super) fn due(&self) -> Option<(&'a ProtectorId, &'a Escrowed)> {
        self.escrowed.iter().find(|(_, escrowed)| {
            !escrowed.is_verified(self.rules.level) && escrowed.is_due(self.rules.ask_again_after, self.seen.at)
        })
    }

    /// The slot that was made and whose key is not sealed yet: it bears the mark that was written down.
    pub(super) fn attempted(&self) -> Option<(u8, &'a Slot, &'a Attempt)> {
        let attempt = self.pursuit.attempt.as_ref()?;
        let slot = self.slot(attempt.slot)?;
        (slot.iterations == Some(attempt.mark.iterations())).then_some((attempt.slot, slot, attempt))
    }

    /// Whether its key is in memory, and is not known not to open it.
    pub(super) fn at_hand(&self) -> bool {
        let attempt = self.pursuit.attempt.as_ref();
        attempt.is_some_and(|attempt| !attempt.failed && self.seen.new_key == Some(attempt.mark))
    }

    /// Whether the key in memory was seen to open the slot as it is.
    pub(super) fn is_tested(&self) -> bool {
        self.attempted().is_some_and(|(_, slot, attempt)| attempt.salt.as_ref() == Some(&slot.salt))
    }

    /// Whether another slot opens the volume.
    pub(super) fn others_open(&self, number: u8) -> bool {
        self.slots().any(|(other, slot)| other != number && slot.opens == Reading::Yes)
    }

    /// What is known of the escrow of the key that is in this slot now.
    fn escrowed_in(&self, number: u8, slot: &Slot) -> Option<&'a Escrowed> {
        let escrowed = self.escrowed.get(&ProtectorId::luks_slot(number))?;
        (escrowed.salt == slot.salt && slot.opens == Reading::Yes).then_some(escrowed)
    }

    /// The slot that is what the goal wants: of several, one that is verified.
    pub(super) fn current(&self) -> Option<(u8, &'a Escrowed)> {
        let wanted = |escrowed: &Escrowed| match &self.pursuit.goal.aim {
            Aim::Escrow => true,
            Aim::Rotate { .. } => escrowed.request == self.pursuit.goal.id,
        };
        let slots = self.slots().filter_map(|(number, slot)| Some((number, self.escrowed_in(number, slot)?)));
        let key = |escrowed: &Escrowed| (escrowed.verified, !escrowed.quarantined, escrowed.stored);
        slots.filter(|(_, escrowed)| wanted(escrowed)).max_by_key(|(_, escrowed)| key(escrowed))
    }

    /// Whether a new slot has to be made.
    pub(super) fn lacks_slot(&self) -> bool {
        self.current().is_none()
    }

    /// Whether the key in memory is for a slot that is free.
    pub(super) fn has_key(&self) -> bool {
        self.at_hand() && self.pursuit.attempt.as_ref().is_some_and(|attempt| self.slot(attempt.slot).is_none())
    }

    /// The lowest slot that is free, and may be used.
    pub(super) fn free(&self) -> Option<u8> {
        let free = |number: &u8| self.slot(*number).is_none() && !self.rules.never_touch.slots.contains(number);
        (0..self.seen.version.slots()).find(free)
    }

    /// The slot whose token is to be written.
    pub(super) fn untold(&self) -> Option<(u8, &'a Escrowed)> {
        let (number, escrowed) = self.current().filter(|_| self.seen.version == Version::Luks2)?;
        let tells = self.seen.tokens.values().any(|token| {
            token.slots.contains(&number)
                && self.ours(token).is_some_and(|ours| {
                    ours.salt.as_ref() == Some(&escrowed.salt) && ours.envelope == Some(escrowed.envelope)
                })
        });
        (!tells).then_some((number, escrowed))
    }

    /// What a token says, if it is of our organization.
    fn ours(&self, token: &'a Token) -> Option<&'a EscrowToken> {
        token.escrow.as_ref().filter(|escrow| escrow.organization == *self.organization)
    }

    /// Whether the plan says that the slot is never touched.
    fn is_kept(&self, number: u8) -> bool {
        let NeverTouch { slots, token_types } = &self.rules.never_touch;
        let mut tokens = self.seen.tokens.values().filter(|token| token.slots.contains(&number));
        slots.contains(&number) || tokens.any(|token| token_types.contains(&token.kind))
    }

    /// Whether we made what is in the slot now: its salt is one that we wrote down, here or in a token.
    fn is_ours(&self, number: u8, slot: &Slot) -> bool {
        let known = self.escrowed.get(&ProtectorId::luks_slot(number));
        let mut tokens = self.seen.tokens.values().filter(|token| token.slots.contains(&number));
        known.is_some_and(|escrowed| escrowed.salt == slot.salt)
            || tokens.any(|token| self.ours(token).is_some_and(|ours| ours.salt.as_ref() == Some(&slot.salt)))
    }

    fn is_removable(&self, number: u8, slot: &Slot) -> bool {
        self.is_ours(number, slot) && !self.is_kept(number) && self.others_open(number)
    }

    /// The slots that the goal names, that are there, and are not the new one.
    fn named(&self) -> impl Iterator<Item = (u8, &'a Slot)> + use<'_, 'a> {
        let replace = match &self.pursuit.goal.aim {
            Aim::Escrow => None,
            Aim::Rotate { replace } => Some(replace),
        };
        let current = self.current().map(|(number, _)| number);
        let named = replace.into_iter().flatten().filter(|old| !self.pursuit.removed.contains(*old));
        named
            .filter_map(|old| number(old.as_str()))
            .filter(move |number| Some(*number) != current)
            .filter_map(|number| Some((number, self.slot(number)?)))
    }

    /// A slot of ours that was replaced.
    pub(super) fn old(&self) -> Option<u8> {
        self.named().find(|(number, slot)| self.is_removable(*number, slot)).map(|(number, _)| number)
    }

    /// A slot that the goal names, and that is not removed.
    pub(super) fn left(&self) -> Option<u8> {
        self.named().find(|(number, slot)| !self.is_removable(*number, slot)).map(|(number, _)| number)
    }

    /// Whether the receipts of the wanted slot say verified at the level of the rules.
    pub(super) fn is_verified(&self) -> bool {
        self.current().is_some_and(|(_, escrowed)| escrowed.is_verified(self.rules.level))
    }

    /// A token of ours that names no slot any more.
    pub(super) fn stale_token(&self) -> Option<u8> {
        let tokens = &self.seen.tokens;
        tokens.iter().find(|(_, token)| token.slots.is_empty() && self.ours(token).is_some()).map(|(number, _)| *number)
    }
}
