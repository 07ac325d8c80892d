//! What does the agent on a Linux machine do, step by step?
//!
//! The loop around the library's planner; `fdescrow agent linux` is the same with cryptsetup and files.

use fdescrow::{
    DeviceId, Organization, Randomness, Secret, Timestamp,
    agent::{
        luks::{Aim, Goal, NewKey, Next, Observation, Outcome, Planner, Rules, Standing, Step},
        spool::{Enough, Entry, Spool},
    },
    envelope::Certificate,
    escrow::Receipt,
    ids::Word,
    policy::luks::Authorization,
    verification::observation::{self, Context, Report, Source},
};

use super::{
    super::stage::{unverified, verified},
    Volume,
};
use crate::exit::Failure;

/// More steps than the demonstration has.
const MAX_STEPS: usize = 30;

/// A Linux machine and the agent on it.
pub(in super::super) struct Linux<'r> {
    pub(in super::super) device: DeviceId,
    rng: &'r dyn Randomness,
    volume: Volume,
    /// What its owner types at every start.
    owner: Secret<[u8]>,
    planner: Planner,
    spool: Spool,
    new_key: Option<NewKey>,
    pinned: Certificate,
    clock: Timestamp,
}

/// What the agent gets for an envelope that it sends.
pub(in super::super) type Server<'a> = dyn FnMut(&Entry) -> Result<Receipt, Failure> + 'a;

impl<'r> Linux<'r> {
    /// A machine of this organization, and an agent that pins this certificate.
    pub(in super::super) fn new(
        organization: Organization,
        device: DeviceId,
        rules: Rules,
        pinned: Certificate,
        rng: &'r dyn Randomness,
        clock: Timestamp,
    ) -> Result<Self, Failure> {
        let owner = Secret::<[u8]>::copy_from(NewKey::generate(&Rules::default(), rng)?.passphrase().expose());
        let volume = Volume::new(owner.expose(), rng)?;
        let planner = Planner::new(organization, device.clone(), volume.uuid.clone(), rules);
        Ok(Self { device, rng, volume, owner, planner, spool: Spool::new(), new_key: None, pinned, clock })
    }

    /// Has a slot of its own, and its key in escrow: until there is nothing to do now.
    pub(in super::super) fn escrow(&mut self, server: &mut Server<'_>) -> Result<Next, Failure> {
        self.planner.pursue(Goal::new(Word::new("escrow")?, Aim::Escrow));
        for _ in 0..MAX_STEPS {
            // The owner sits at the machine: a passphrase can be asked for.
            let seen = self.look()?.authorizations([Authorization::Prompt]);
            let seen = seen.new_key(self.new_key.as_ref().map(NewKey::mark));
            let next = self.planner.next(&seen).ok_or_else(|| unverified("the agent has a goal"))?;
            let Some(step) = &next.step else { return Ok(next) };
            let outcome = self.perform(step, server)?;
            let receipt = if let Outcome::Receipt(receipt) = &outcome { Some(receipt.clone()) } else { None };
            self.planner.report(step, outcome, self.clock).map_err(|_| unverified("the planner takes each report"))?;
            if let Some(receipt) = receipt {
                let enough = Enough::Verified(self.planner.rules().level);
                let acknowledged = self.spool.acknowledge(&receipt, enough);
                acknowledged.map_err(|_| unverified("the receipt is that of the envelope"))?;
            }
        }
        Err(unverified("the agent comes to an end"))
    }

    /// The same, once what it waited for can have happened.
    pub(in super::super) fn wait_and_escrow(
        &mut self,
        waiting: &Next,
        server: &mut Server<'_>,
    ) -> Result<Next, Failure> {
        verified(waiting.situation.row().standing == Standing::Waits, "the agent waits")?;
        self.clock = waiting.wake_at.ok_or_else(|| unverified("the agent knows until when it waits"))?;
        self.escrow(server)
    }

    /// What `cryptsetup luksDump --dump-json-metadata` says of its disk, as the server reads it.
    pub(in super::super) fn report(&self, at: Timestamp) -> Result<Report, Failure> {
        let mut context = Context::new(at);
        context.volume = Some(self.volume.uuid.clone());
        Ok(observation::read(Source::LuksDump, &self.volume.metadata(), &context)?)
    }

    fn look(&self) -> Result<Observation, Failure> {
        Ok(Observation::read(&self.volume.header(), Some(&self.volume.metadata()), self.clock)?)
    }

    fn perform(&mut self, step: &Step, server: &mut Server<'_>) -> Result<Outcome, Failure> {
        Ok(match step {
            Step::Ask { envelope, .. } => match self.spool.entry(envelope) {
                None => Outcome::NotInSpool,
                Some(entry) => Outcome::Receipt(Box::new(server(entry)?)),
            },
            Step::Generate { .. } => {
                let key = NewKey::generate(self.planner.rules(), self.rng)?;
                let mark = key.mark();
                self.new_key = Some(key);
                Outcome::Generated(mark)
            }
            Step::Escrow { .. } => {
                let key = self.new_key.take().ok_or_else(|| unverified("there is a key to seal"))?;
                let entry = self.planner.seal(step, &key, &[&self.pinned], self.rng, self.clock)?;
                self.spool.put(entry.clone())?;
                Outcome::Spooled(Box::new(entry))
            }
            Step::DropBackup => Outcome::Done,
            Step::Call(call) => {
                let new_key = self.new_key.as_ref().map(NewKey::passphrase);
                let new_key = new_key.as_ref().map(Secret::expose).unwrap_or_default();
                let ended = self.volume.call(call, self.owner.expose(), new_key, self.rng)?;
                if ended { Outcome::Done } else { Outcome::Failed(Some(1)) }
            }
            _ => Outcome::Failed(None),
        })
    }
}
