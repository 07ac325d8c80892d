//! What happens between a blue screen and the next quiet day?
//!
//! The second act, on three platforms: a PC asks for its recovery key, two people hand it out, and an agent replaces it
//! while the network loses an answer. Each step is done and verified before it is told.

mod rotation;

use std::sync::Arc;

use fdescrow::{
    Actor, DeviceId, ErrorCode, KeyId, Person, Policy, ProtectorId,
    agent::{
        bitlocker::{Aim, Goal, Rules},
        luks,
    },
    escrow::{Page, Reveal},
    ids::Word,
    profile::luks::LuksPlan,
    recovery::{Outcome, RecoveryId, RecoveryState, search::Search},
    verification::{Status, observation::Report},
};

use super::{
    linux::agent::Linux,
    mac::Mac,
    stage::{POLICY, Stage, unverified, verified},
    windows::agent::Pc,
};
use crate::exit::Failure;

/// What this act adds to the policy.
const MORE: &str = include_str!("second_act.toml");

/// The devices of the second act, and who is at the desk.
pub(super) struct SecondAct<'s, 'a> {
    stage: &'s mut Stage<'a>,
    mac: Mac,
    linux: Linux<'a>,
    pc: Pc<'a>,
    /// Who asks for the key.
    ana: Person,
    /// The recovery password of the PC that somebody sees.
    seen: ProtectorId,
}

impl<'s, 'a> SecondAct<'s, 'a> {
    /// Plays it, with the Mac of the first act.
    pub(super) fn play(stage: &'s mut Stage<'a>, mac: Mac) -> Result<(), Failure> {
        stage.policy = Arc::new(Policy::from_toml(&format!("{POLICY}{MORE}"))?);
        let (organization, certificate) = (stage.organization.clone(), stage.newest_certificate()?);
        let (rng, now) = (stage.world.randomness(), stage.world.now()?);
        let plan = stage.policy.luks().zip(stage.policy.organization());
        let (luks, details) = plan.ok_or_else(|| unverified("the policy is about LUKS"))?;
        let plan = LuksPlan::new(luks, std::slice::from_ref(&certificate), details)?;
        let linux = DeviceId::new("LINUX-1")?;
        let linux = Linux::new(organization.clone(), linux, luks::Rules::from(&plan), certificate.clone(), rng, now)?;
        let rules = Rules::of(&stage.policy);
        let pc = Pc::new(organization, DeviceId::new("PC-2")?, rules, certificate, rng, now)?;
        let (ana, seen) = (Person::new("https://id.example.com", "ana@example.com")?, pc.recovery_password()?);
        let mut act = Self { stage, mac, linux, pc, ana, seen };
        act.decide()?;
        act.escrow_luks()?;
        act.escrow_bitlocker()?;
        act.find()?;
        let recovery = act.ask()?;
        let shown = act.agree(&recovery)?;
        act.rotate(&shown)?;
        act.look_around()
    }

    /// Another policy.
    fn decide(&mut self) -> Result<(), Failure> {
        let (escrow, now) = (self.stage.escrow()?, self.stage.world.now()?);
        let (mut page, mut judged) = (Page::first(), 0);
        loop {
            let (report, next) = escrow.assess_changed(&page, &self.stage.operator, now)?;
            judged += report.judged;
            match next {
                Some(next) => page = page.after(next),
                None => break,
            }
        }
        verified(judged == 4, "the devices of the first act are judged anew")?;
        self.stage.tell(format!(
            "Another policy: BitLocker and LUKS are asked for too, a key is shown only when a second person approves, and \
             is replaced when it was shown. {judged} devices are judged anew by it."
        ))
    }

    /// A Linux machine.
    fn escrow_luks(&mut self) -> Result<(), Failure> {
        let Self { stage, linux, .. } = self;
        let waiting = linux.escrow(&mut |entry| stage.upload_entry(entry))?;
        let report = stage.check_all()?;
        verified(report.opened == 1 && report.failed() == 0, "the key of the Linux machine opens")?;
        let done = linux.wait_and_escrow(&waiting, &mut |entry| stage.upload_entry(entry))?;
        verified(done.situation == luks::Situation::Done, "what the plan wants is true")?;
        let (device, report) = (linux.device.clone(), linux.report(stage.world.now()?)?);
        let slots = self.observe(&device, &report)?;
        let status = self.status(&device)?;
        verified(slots == 2 && status == Status::Verified, "the Linux machine is in order")?;
        self.stage.tell(format!(
            "{device}, encrypted with LUKS: its agent adds a key slot beside the owner's, tests it, seals its key and sends \
             that; a token in the header names the slot. The key opens, the machine reports an encrypted disk with \
             {slots} slots: {status}."
        ))
    }

    /// A PC that was encrypted before anybody thought of escrow.
    fn escrow_bitlocker(&mut self) -> Result<(), Failure> {
        let goal = Goal::new(Word::new("adopt")?, Aim::Adopt);
        let Self { stage, pc, .. } = self;
        let waiting = pc.pursue(&goal, &mut |entry| stage.upload_entry(entry).map(Some))?;
        let report = stage.check_all()?;
        verified(report.opened == 1 && report.failed() == 0, "the recovery password of the PC opens")?;
        pc.wait_and_pursue(&waiting, &goal, &mut |entry| stage.upload_entry(entry).map(Some))?;
        verified(pc.counts() == (1, 0), "the PC is as it was, and its spool is empty")?;
        let (device, report) = (pc.device.clone(), pc.report(stage.world.now()?)?);
        self.observe(&device, &report)?;
        let status = self.status(&device)?;
        verified(status == Status::Verified, "the PC is in order")?;
        self.stage.tell(format!(
            "{device}, encrypted with BitLocker long ago: its agent finds a recovery password that is in nobody's escrow, \
             seals it on the PC and sends it. It opens, and the PC reports that its protection is on: {status}."
        ))
    }

    /// The blue screen.
    fn find(&mut self) -> Result<(), Failure> {
        let screen = self.pc.blue_screen()?;
        let typed = screen.get(..8).unwrap_or_default().to_ascii_lowercase();
        let search = Search::parse(&typed).map_err(|_| unverified("eight digits can be searched for"))?;
        let found = self.stage.escrow()?.find(&search)?;
        let one = match found.as_slice() {
            [one] if one.device == self.pc.device && !one.retired => one,
            _ => return Err(unverified("the eight digits mean one key, of the PC")),
        };
        let place = one.place.as_ref().ok_or_else(|| unverified("the key has a place"))?;
        verified(place.protector.as_ref() == Some(&self.seen), "it is the key of the screen")?;
        self.stage.tell(format!(
            "One morning {} shows a blue screen and asks for the key with the ID {screen}. Its user reads out eight \
             digits, {} types {typed}: {} candidate, on {}, and no key yet.",
            self.pc.device,
            self.stage.operator,
            found.len(),
            one.device
        ))
    }

    /// One person asks, and cannot approve.
    fn ask(&mut self) -> Result<RecoveryId, Failure> {
        let (escrow, now) = (self.stage.escrow()?, self.stage.world.now()?);
        let request = escrow.request_recovery(&self.wanted(), now)?;
        let id = request.recovery;
        verified(request.now == RecoveryState::Requested && request.lacking == 1, "an approval is lacking")?;
        let early = escrow.reveal(self.wanted().under(id), self.stage.newest_keyring()?, now);
        let early = early.err().ok_or_else(|| unverified("nothing is shown before it is approved"))?;
        let again = Person::new("https://login.example.org", "Ana Alba <ANA+approver@Example.com>")?;
        let mut refusals = Vec::new();
        for (person, actor) in [(&self.ana, "ana"), (&again, "ana.alba")] {
            let refused = escrow.approve_recovery(&id, person, &Actor::new(actor)?, None, now);
            let refused = refused.err().ok_or_else(|| unverified("who asks does not approve"))?;
            verified(refused.code() == ErrorCode::RecoveryRejected, "the same person is refused")?;
            refusals.push(refused.to_string());
        }
        verified(refusals.iter().all(|refusal| Some(refusal) == refusals.first()), "both for the same reason")?;
        verified(escrow.recovery(&id, now)?.lacking == 1, "an approval is lacking still")?;
        self.stage.tell(format!(
            "{} asks for it: {} approval is lacking, so nothing is shown ({early}). {} approves it herself, also as \
             {}: refused both times ({}).",
            self.stage.operator,
            request.lacking,
            self.stage.operator,
            again.subject(),
            refusals.first().map(String::as_str).unwrap_or_default()
        ))?;
        Ok(id)
    }

    /// Another one approves, and the key is shown.
    fn agree(&mut self, asked: &RecoveryId) -> Result<KeyId, Failure> {
        let (escrow, now) = (self.stage.escrow()?, self.stage.world.now()?);
        let (ben, actor) = (Person::new("https://id.example.com", "ben@example.com")?, Actor::new("ben")?);
        let approved = escrow.approve_recovery(asked, &ben, &actor, Some("called back, it is her PC"), now)?;
        verified(approved.now == RecoveryState::Approved && approved.lacking == 0, "it is approved")?;
        let revealed = escrow.reveal(self.wanted().under(*asked), self.stage.newest_keyring()?, now)?;
        verified(self.pc.starts_with(revealed.key()), "the key starts the PC")?;
        let reported = escrow.report_recovery(asked, Outcome::Worked, &self.stage.operator, now)?;
        let outcome = reported.course.report().map(|report| report.outcome);
        verified(outcome == Some(Outcome::Worked), "that it worked is taken down")?;
        let groups = revealed.key().expose_groups().count();
        self.stage.tell(format!(
            "{actor} approves, for exactly this key. {} is shown {groups} groups of digits and reads them out: {} starts, \
             and that it worked is taken down.",
            self.stage.operator, self.pc.device
        ))?;
        Ok(revealed.id)
    }

    /// All platforms together.
    fn look_around(&mut self) -> Result<(), Failure> {
        let (mac, report) = (self.mac.device.clone(), self.mac.report(self.stage.world.now()?)?);
        self.observe(&mac, &report)?;
        let mut words = Vec::new();
        for device in [&self.linux.device, &self.pc.device, &mac] {
            let report = self.stage.escrow()?.device(device, self.stage.world.now()?)?;
            let reasons = report.assessment.reasons.iter().map(|reason| format!(" {}", reason.sentence()));
            words.push(format!("{device}: {}.{}", report.assessment.status, reasons.collect::<String>()));
        }
        self.stage.tell(format!("Three platforms, judged by one policy. {}", words.join(" ")))
    }

    fn wanted(&self) -> Reveal {
        Reveal::of(&self.pc.device)
            .by(&self.stage.operator)
            .person(self.ana.clone())
            .protector(self.seen.clone())
            .reason("blue screen after a firmware update")
    }

    /// Takes a report in: how many protectors it names.
    fn observe(&self, device: &DeviceId, report: &Report) -> Result<usize, Failure> {
        verified(report.ignored.is_empty(), "the report is understood")?;
        let observed = self.stage.escrow()?.observe(device, report, &self.stage.agent, self.stage.world.now()?)?;
        verified(observed.receipts.iter().all(Result::is_ok), "the keys in the report are taken")?;
        let protectors = report.observation.volumes.iter().filter_map(|volume| volume.protectors.as_ref());
        Ok(protectors.map(|snapshot| snapshot.protectors.len()).sum())
    }

    fn status(&self, device: &DeviceId) -> Result<Status, Failure> {
        Ok(self.stage.escrow()?.assess(device, self.stage.world.now()?)?.status)
    }
}
