//! How is the key replaced that two people have heard?
//!
//! Two-phase, and over a network that loses an answer: the new key is added, sent, sent again, and shown to work before
//! the old one is removed.

use std::collections::BTreeSet;

use fdescrow::{
    KeyId,
    agent::bitlocker::{Aim, Goal, Situation},
    escrow::RotationReport,
    ids::Word,
    rotation::{NextStep, Phase, RotationEvent, RotationId},
    verification::Status,
};

use super::{SecondAct, unverified, verified};
use crate::exit::Failure;

impl SecondAct<'_, '_> {
    /// The key that was shown is replaced.
    pub(super) fn rotate(&mut self, shown: &KeyId) -> Result<(), Failure> {
        let begun = self.rotation()?;
        let id = begun.rotation.id();
        verified(begun.rotation.old_key() == Some(*shown), "the key that was shown is replaced")?;
        verified(begun.next == Some(NextStep::SendRequest { attempt: 1 }), "the agent is to be asked")?;
        let replace = BTreeSet::from([self.seen.clone()]);
        let goal = Goal::new(Word::new(&id.to_string())?, Aim::Rotate { replace });
        let now = self.stage.world.now()?;
        self.report(&id, &RotationEvent::Sent { attempt: 1, at: now })?;
        self.report(&id, &RotationEvent::Delivered { attempt: 1, at: now })?;
        self.send_twice(&begun, &goal)?;
        self.remove_old(&id, &goal, shown)
    }

    /// The new key is sent, and its receipt is lost.
    fn send_twice(&mut self, begun: &RotationReport, goal: &Goal) -> Result<(), Failure> {
        let Self { stage, pc, .. } = self;
        let mut sent = Vec::new();
        // The server takes it, and its answer gets nowhere.
        let waiting = pc.pursue(goal, &mut |entry| {
            sent.push((entry.envelope(), stage.upload_entry(entry)?));
            Ok(None)
        })?;
        verified(waiting.situation == Situation::NotVerified, "the agent waits for a receipt")?;
        verified(pc.counts() == (2, 1), "both recovery passwords are there, and the envelope is kept")?;
        pc.restart()?;
        let waiting = pc.wait_and_pursue(&waiting, goal, &mut |entry| {
            let receipt = stage.upload_entry(entry)?;
            sent.push((entry.envelope(), receipt.clone()));
            Ok(Some(receipt))
        })?;
        verified(waiting.situation == Situation::NotVerified, "the old recovery password stays for now")?;
        let same = match sent.as_slice() {
            [(first, lost), (again, answer)] => first == again && lost == answer,
            _ => false,
        };
        verified(same, "the same envelope gets the same receipt")?;
        let keys = stage.escrow()?.history(&pc.device)?;
        verified(keys.len() == 2, "the new key is stored once, beside the old one")?;
        let after = self.rotation()?;
        verified(after.rotation.phase() == Phase::NewKeyReceived, "the new key came")?;
        self.stage.tell(format!(
            "The key was seen, so it is replaced (cause: {}). The agent of {} adds a second recovery password, seals it \
             and sends it; the answer is lost, and the PC restarts. It sends the same envelope again and gets the same \
             receipt: {} keys of {} are stored, the old and the new, and nothing twice.",
            begun.rotation.cause(),
            self.pc.device,
            keys.len(),
            self.pc.device
        ))
    }

    /// The new key works; now the old one may go.
    fn remove_old(&mut self, id: &RotationId, goal: &Goal, shown: &KeyId) -> Result<(), Failure> {
        let report = self.stage.check_all()?;
        verified(report.opened == 1 && report.failed() == 0, "the new key opens")?;
        let ready = self.rotation()?;
        verified(ready.next == Some(NextStep::RemoveOld), "the old key is to be removed")?;
        let Self { stage, pc, .. } = self;
        let waiting = pc.pursue(goal, &mut |entry| stage.upload_entry(entry).map(Some))?;
        let done = pc.wait_and_pursue(&waiting, goal, &mut |entry| stage.upload_entry(entry).map(Some))?;
        verified(done.situation == Situation::Done && pc.counts() == (1, 0), "the old recovery password is gone")?;
        verified(pc.recovery_password()? != self.seen, "what is left is the new one")?;
        let now = self.stage.world.now()?;
        self.report(id, &RotationEvent::OldRetired { at: now })?;
        let (device, report) = (self.pc.device.clone(), self.pc.report(now)?);
        self.observe(&device, &report)?;
        let ended = self.stage.escrow()?.rotations(&device, now)?;
        let ended = ended.into_iter().find(|report| report.rotation.id() == *id);
        let ended = ended.ok_or_else(|| unverified("the rotation is known"))?;
        verified(ended.rotation.phase() == Phase::OldRetired, "the rotation has ended")?;
        let keys = self.stage.escrow()?.history(&device)?;
        let retired: Vec<KeyId> = keys.iter().filter(|key| key.retired.is_some()).map(|key| key.id).collect();
        verified(retired == [*shown], "the key that was seen is retired, and kept")?;
        let status = self.status(&device)?;
        verified(status == Status::Verified, "the PC is in order")?;
        self.stage.tell(format!(
            "A check opens the new key: {}. Only now does the agent remove the old recovery password from {device}, and \
             the server retires the key that was seen: {}. {device}: {status}.",
            ready.rotation.phase(),
            ended.rotation.phase(),
        ))
    }

    /// The rotation of the PC that goes on.
    fn rotation(&self) -> Result<RotationReport, Failure> {
        let rotations = self.stage.escrow()?.rotations(&self.pc.device, self.stage.world.now()?)?;
        let mut going_on = rotations.into_iter().filter(|report| !report.rotation.phase().is_final());
        match (going_on.next(), going_on.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(unverified("one key of the PC is being replaced")),
        }
    }

    fn report(&self, id: &RotationId, event: &RotationEvent) -> Result<(), Failure> {
        let (escrow, now) = (self.stage.escrow()?, self.stage.world.now()?);
        escrow.rotation_reported(&self.pc.device, id, event, &self.stage.agent, now)?;
        Ok(())
    }
}
