//! What do the rows of the table look at?
//!
//! The goal, what was begun for it, and what is known just now.

use std::collections::BTreeMap;

use super::{
    observation::Observation,
    planner::{Escrowed, Pursuit},
    rules::{Aim, Channel, Rules},
    step::Reply,
};
use crate::{ids::Digest, time::Timestamp, verification::Reading};

pub(super) struct View<'a> {
    pub(super) rules: &'a Rules,
    pub(super) pursuit: &'a Pursuit,
    pub(super) envelopes: &'a BTreeMap<Digest, Escrowed>,
    pub(super) seen: &'a Observation,
}

impl View<'_> {
    pub(super) fn unspooled(&self) -> Option<Digest> {
        self.seen.envelope.filter(|envelope| !self.envelopes.contains_key(envelope))
    }

    pub(super) fn due(&self) -> Option<(Digest, &Escrowed)> {
        let due = |escrowed: &Escrowed| {
            let pause = self.rules.ask_again_after.max(1);
            escrowed.verified.is_none_or(|level| level < self.rules.level)
                && escrowed.asked.is_none_or(|asked| !self.is_within(asked, pause))
        };
        self.envelopes.iter().find(|(_, escrowed)| due(escrowed)).map(|(envelope, escrowed)| (*envelope, escrowed))
    }

    /// Whether less than this has passed. A clock that was put back does not make anybody wait for it to come round.
    fn is_within(&self, since: Timestamp, seconds: u32) -> bool {
        (0..i64::from(seconds)).contains(&self.seen.at.seconds_since(since))
    }

    /// The envelope that is what the goal wants: the newest, and for a rotation one that was not there before.
    fn current(&self) -> Option<&Escrowed> {
        let envelope = self.seen.envelope?;
        let is_new = self.pursuit.goal.aim != Aim::Rotate || !self.pursuit.before.contains(&envelope);
        self.envelopes.get(&envelope).filter(|_| is_new)
    }

    pub(super) fn lacks_key(&self) -> bool {
        self.current().is_none()
    }

    pub(super) fn is_verified(&self) -> bool {
        self.current().and_then(|escrowed| escrowed.verified).is_some_and(|level| level >= self.rules.level)
    }

    pub(super) fn uses(&self, channel: Channel) -> bool {
        self.rules.channel == channel
    }

    pub(super) fn is_changing(&self) -> bool {
        self.pursuit.change_done
            && self.pursuit.changed.is_some_and(|changed| self.is_within(changed, self.rules.reply_within))
    }

    fn replied(&self, reply: Reply) -> Option<Timestamp> {
        self.pursuit.reply.filter(|(came, _)| *came == reply).map(|(_, at)| at)
    }

    pub(super) fn is_postponed(&self) -> bool {
        self.replied(Reply::NotNow).is_some_and(|at| self.is_within(at, self.rules.not_now))
    }

    pub(super) fn awaits_reply(&self) -> bool {
        let sent = match self.pursuit.reply {
            None => self.pursuit.rotate,
            Some((Reply::Acknowledged, _)) => self.pursuit.security_info,
            Some(_) => None,
        };
        sent.is_some_and(|sent| self.is_within(sent, self.rules.reply_within))
    }

    /// Whether the device said that it rotated its key. `SecurityInfo` changes nothing, and may be asked for again.
    pub(super) fn rotated(&self) -> bool {
        self.replied(Reply::Acknowledged).is_some()
    }

    pub(super) fn rotate_ended(&self) -> bool {
        let refused = self.replied(Reply::Error).is_some();
        refused || (self.pursuit.rotate.is_some() && self.pursuit.reply.is_none())
    }

    pub(super) fn buddy_is_unknown(&self) -> bool {
        let buddy = &self.seen.escrow_buddy;
        let needed = [buddy.in_authorization_database, buddy.generate_new_key];
        buddy.installed == Reading::Unknown || (buddy.installed == Reading::Yes && needed.contains(&Reading::Unknown))
    }

    pub(super) fn may_repair(&self) -> bool {
        self.pursuit.repaired.is_none_or(|repaired| !self.is_within(repaired, self.rules.reply_within))
    }

    /// Nobody logged in since Escrow Buddy was told, and that is long ago.
    pub(super) fn login_is_overdue(&self) -> bool {
        let told = self.pursuit.told_at;
        told.is_some_and(|told| {
            !self.is_within(told, self.rules.login_within) && self.seen.last_login.is_none_or(|login| login < told)
        })
    }
}
