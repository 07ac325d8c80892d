//! What does the agent on a PC do, step by step?
//!
//! The loop around the library's planner, as an agent of one's own has it: look, do the one step, report. The
//! PC's clock is the agent's: it is put forward where the agent would wait.

use fdescrow::{
    DeviceId, Organization, ProtectorId, Randomness, RecoveryKey, Timestamp,
    agent::{
        bitlocker::{Answer, Goal, Next, Observation, Observer, Outcome, Planner, Rules, Standing, Step},
        spool::{Enough, Entry, Spool},
    },
    envelope::Certificate,
    escrow::Receipt,
    verification::observation::{self, Context, Report, Source},
};

use super::{
    super::stage::{unverified, verified},
    Returned, Volume,
};
use crate::exit::Failure;

/// More steps than any goal of the demonstration has.
const MAX_STEPS: usize = 30;

/// A PC and the agent on it.
pub(in super::super) struct Pc<'r> {
    pub(in super::super) device: DeviceId,
    rng: &'r dyn Randomness,
    volume: Volume,
    rules: Rules,
    planner: Planner,
    spool: Spool,
    /// The spool as it is on the disk.
    file: Vec<u8>,
    pinned: Certificate,
    clock: Timestamp,
}

/// What the agent gets for an envelope that it sends; none: no answer came.
pub(in super::super) type Server<'a> = dyn FnMut(&Entry) -> Result<Option<Receipt>, Failure> + 'a;

impl<'r> Pc<'r> {
    /// A PC of this organization, and an agent that pins this certificate.
    pub(in super::super) fn new(
        organization: Organization,
        device: DeviceId,
        rules: Rules,
        pinned: Certificate,
        rng: &'r dyn Randomness,
        clock: Timestamp,
    ) -> Result<Self, Failure> {
        let planner = Planner::new(organization, device.clone(), None, rules.clone());
        let (volume, spool) = (Volume::new(rng)?, Spool::new());
        Ok(Self { device, rng, volume, rules, planner, spool, file: Vec::new(), pinned, clock })
    }

    /// The one recovery password that it has.
    pub(in super::super) fn recovery_password(&self) -> Result<ProtectorId, Failure> {
        let mut passwords = self.volume.recovery_passwords();
        match (passwords.next(), passwords.next()) {
            (Some(one), None) => Ok(one.clone()),
            _ => Err(unverified("the PC has one recovery password")),
        }
    }

    /// What its blue screen shows of that: the recovery key ID.
    pub(in super::super) fn blue_screen(&self) -> Result<String, Failure> {
        Ok(self.recovery_password()?.as_str().trim_matches(['{', '}']).to_owned())
    }

    /// Whether this, typed on the blue screen, starts Windows.
    pub(in super::super) fn starts_with(&self, typed: &RecoveryKey) -> bool {
        self.volume.unlocks(typed)
    }

    /// How many recovery passwords it has, and how many envelopes wait in its spool.
    pub(in super::super) fn counts(&self) -> (usize, usize) {
        (self.volume.recovery_passwords().count(), self.spool.entries().len())
    }

    /// Pursues a goal until there is nothing to do now: what the situation is then.
    pub(in super::super) fn pursue(&mut self, goal: &Goal, server: &mut Server<'_>) -> Result<Next, Failure> {
        self.planner.pursue(goal.clone());
        for _ in 0..MAX_STEPS {
            let seen = self.look()?;
            let next = self.planner.next(&seen).ok_or_else(|| unverified("the agent has a goal"))?;
            let Some(step) = &next.step else { return Ok(next) };
            let outcome = self.perform(step, server)?;
            let receipt = if let Outcome::Receipt(receipt) = &outcome { Some(receipt.clone()) } else { None };
            self.planner.report(step, outcome, self.clock).map_err(|_| unverified("the planner takes each report"))?;
            if let Some(receipt) = receipt {
                let enough = Enough::Verified(self.rules.level);
                let bytes = self.spool.acknowledge(&receipt, enough);
                self.file.extend(bytes.map_err(|_| unverified("the receipt is that of the envelope"))?);
            }
        }
        Err(unverified("the agent comes to an end"))
    }

    /// The same, once what it waited for can have happened.
    pub(in super::super) fn wait_and_pursue(
        &mut self,
        waiting: &Next,
        goal: &Goal,
        server: &mut Server<'_>,
    ) -> Result<Next, Failure> {
        verified(waiting.situation.row().standing == Standing::Waits, "the agent waits")?;
        self.clock = waiting.wake_at.ok_or_else(|| unverified("the agent knows until when it waits"))?;
        self.pursue(goal, server)
    }

    /// The PC is switched off and on: what the agent knows is what it had written down.
    pub(in super::super) fn restart(&mut self) -> Result<(), Failure> {
        self.spool = Spool::read(&self.file)?;
        let written = serde_json::to_vec(&self.planner).map_err(|_| unverified("the planner can be written down"))?;
        self.planner = serde_json::from_slice(&written).map_err(|_| unverified("the planner can be read back"))?;
        Ok(())
    }

    /// What the PC says of its disk, as the server reads it.
    pub(in super::super) fn report(&mut self, at: Timestamp) -> Result<Report, Failure> {
        let volumes = [self.look()?.reading(None)];
        let document = serde_json::json!({ "platform": "windows", "volumes": volumes });
        Ok(observation::read(Source::Snapshot, document.to_string().as_bytes(), &Context::new(at))?)
    }

    fn look(&mut self) -> Result<Observation, Failure> {
        let mut observer = Observer::new(Volume::machine(), self.clock);
        while let Some(call) = observer.next() {
            let answer = self.volume.call(&call, self.rng)?.map(|returned| match returned {
                Returned::Answer(answer) => answer,
                _ => Answer::Text(String::new()),
            });
            observer.answer(answer);
        }
        Ok(observer.finish())
    }

    fn perform(&mut self, step: &Step, server: &mut Server<'_>) -> Result<Outcome, Failure> {
        Ok(match step {
            Step::Ask { envelope, .. } => match self.spool.entry(envelope) {
                None => Outcome::NotInSpool,
                Some(entry) => server(entry)?.map_or(Outcome::NoAnswer, |receipt| Outcome::Receipt(Box::new(receipt))),
            },
            Step::Call(call) => match self.volume.call(call, self.rng)? {
                Ok(Returned::Made(protector)) => Outcome::Done(Some(protector)),
                Ok(_) => Outcome::Done(None),
                Err(code) => Outcome::Failed(Some(code)),
            },
            step => {
                let read = step.read().map(|call| self.volume.call(&call, self.rng)).transpose()?;
                let Some(Ok(Returned::Password(password))) = read else { return Ok(Outcome::Failed(None)) };
                let sealed = self.planner.seal(step, &password, &[&self.pinned], self.rng, self.clock);
                let entry = sealed.map_err(|_| unverified("a recovery password is sealed"))?;
                let envelope = entry.envelope();
                self.file.extend(self.spool.put(entry)?);
                Outcome::Spooled(envelope)
            }
        })
    }
}
