//! One run: an agent, and everything that goes wrong around it.

use std::{collections::BTreeMap, collections::BTreeSet, fmt};

use fdescrow::{
    DeviceId, Organization, ProtectorId, Timestamp, VolumeId,
    agent::bitlocker::{
        Aim, Before, Boot, Call, EncryptionType, Goal, Hresult, Next, Observation, Observer, Outcome, Planner, Rules,
        Situation, Standing, Step,
    },
    ids::Word,
    policy::Level,
    verification::{Conversion, ProtectionStatus, Reading},
};

use super::{
    defect::Defect,
    promises::{COMES_TRUE, Outside, Promise, Stepped, names},
    server::{Envelope, Server, Whose},
    volume::{Returned, Volume, below, one_in},
};
use crate::crash::Dice;

/// Rounds in which anything may fail.
const WILD: u32 = 40;

/// Rounds in which nothing fails, at most, until what was asked for is true.
const CALM: u32 = 80;

/// Codes that a method may fail with for no reason: of each decision some, and one that no table has.
const CODES: [u32; 8] =
    [0x8007_045D, 0x8031_0057, 0x8028_4008, 0x8007_0057, 0x8031_0030, 0x8031_0031, 0x8031_0039, 0x8031_FFFF];

/// A promise that was broken, by which seed, and how it came to that.
#[derive(Debug)]
#[non_exhaustive]
pub struct Broken {
    /// The seed of the run.
    pub seed: u64,
    /// The promise.
    pub promise: &'static str,
    /// What happened, a line each.
    pub trace: Vec<String>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: broken: {}", self.seed, self.promise)?;
        self.trace.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// What happened in runs, counted.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Tally {
    /// Runs.
    pub runs: u64,
    /// Looks at the volume.
    pub looks: u64,
    /// Steps, by what they are.
    pub steps: BTreeMap<&'static str, u64>,
    /// Situations, by name.
    pub situations: BTreeMap<&'static str, u64>,
    /// Methods that failed before they did anything.
    pub failed_before: u64,
    /// Methods that did their work and failed.
    pub failed_after: u64,
    /// Power cuts.
    pub power_cuts: u64,
    /// Changes of the volume by others.
    pub interferences: u64,
    /// Receipts that were refused.
    pub receipts_refused: u64,
    /// How the runs ended.
    pub ends: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Both together.
    pub fn add(&mut self, other: &Self) {
        let sum = |mine: &mut BTreeMap<&'static str, u64>, theirs: &BTreeMap<&'static str, u64>| {
            theirs.iter().for_each(|(name, count)| *mine.entry(name).or_default() += count);
        };
        self.runs += other.runs;
        self.looks += other.looks;
        sum(&mut self.steps, &other.steps);
        sum(&mut self.situations, &other.situations);
        self.failed_before += other.failed_before;
        self.failed_after += other.failed_after;
        self.power_cuts += other.power_cuts;
        self.interferences += other.interferences;
        self.receipts_refused += other.receipts_refused;
        sum(&mut self.ends, &other.ends);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, looks, failed_before, failed_after, power_cuts, interferences, receipts_refused, .. } = self;
        writeln!(f, "{runs} runs, {looks} looks, {power_cuts} power cuts, {interferences} changes by others,")?;
        writeln!(f, "{failed_before} steps failed before and {failed_after} after their work,")?;
        writeln!(f, "{receipts_refused} receipts refused")?;
        for (what, counts) in [("steps", &self.steps), ("situations", &self.situations), ("ends", &self.ends)] {
            let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
            writeln!(f, "{what}: {}", counts.join(", "))?;
        }
        Ok(())
    }
}

/// Runs one seed, with an agent that has this defect.
///
/// # Errors
/// [`Broken`] with the first promise that was broken.
pub fn run(seed: u64, defect: Option<Defect>) -> Result<Tally, Box<Broken>> {
    let once = |traced: bool| {
        let mut world = World::new(seed, defect, traced);
        let ended = world.live();
        (world, ended)
    };
    let (world, ended) = once(false);
    if ended.is_ok() {
        return Ok(world.tally);
    }
    // The same again, with a pencil.
    let (world, ended) = once(true);
    let promise = ended.err().unwrap_or("the same seed is the same run");
    Err(Box::new(Broken { seed, promise, trace: world.trace }))
}

struct World {
    dice: Dice,
    defect: Option<Defect>,
    volume: Volume,
    server: Server,
    spool: Vec<Envelope>,
    rules: Rules,
    goal: Goal,
    /// The planner in memory, and as it was written down last.
    planner: Planner,
    written: Planner,
    now: i64,
    calm: bool,
    /// How often a recovery password was made for the goal, and how often the agent forgot something.
    made: u32,
    forgot: u32,
    goals: u32,
    traced: bool,
    trace: Vec<String>,
    tally: Tally,
}

macro_rules! note {
    ($world:expr, $($format:tt)*) => {
        if $world.traced {
            let line = format!($($format)*);
            $world.trace.push(line);
        }
    };
}

impl World {
    fn new(seed: u64, defect: Option<Defect>, traced: bool) -> Self {
        let mut dice = Dice::new(seed);
        let volume = Volume::found(&mut dice);
        let mut rules = Rules::default();
        rules.level = [Level::EnvelopeOpens, Level::ProtectorOpens][below(&mut dice, 2)];
        rules.before_encryption = [Before::Spooled, Before::Stored, Before::Verified][below(&mut dice, 3)];
        rules.encryption_type = [EncryptionType::Full, EncryptionType::UsedSpaceOnly][below(&mut dice, 2)];
        rules.boot = [Boot::Tpm, Boot::Tpm, Boot::Tpm, Boot::TpmAndPin, Boot::TpmAndStartupKey][below(&mut dice, 5)];
        rules.servers = one_in(&mut dice, 40);
        let whose = Whose {
            organization: Organization::new("example.com").unwrap(),
            device: DeviceId::new("PC-17").unwrap(),
            volume: one_in(&mut dice, 2).then(|| VolumeId::new("C:").unwrap()),
        };
        let planner =
            Planner::new(whose.organization.clone(), whose.device.clone(), whose.volume.clone(), rules.clone());
        let server = Server::new(whose, rules.level);
        let goal = Goal::new(Word::new("none").unwrap(), Aim::Adopt);
        let mut world = Self {
            dice,
            defect,
            volume,
            server,
            spool: Vec::new(),
            rules,
            goal,
            written: planner.clone(),
            planner,
            now: 1_700_000_000,
            calm: false,
            made: 0,
            forgot: 0,
            goals: 0,
            traced,
            trace: Vec::new(),
            tally: Tally { runs: 1, ..Tally::default() },
        };
        world.new_goal();
        world
    }

    fn new_goal(&mut self) {
        self.goals += 1;
        let aim = match self.dice.roll(8) {
            0 => Aim::Adopt,
            1..=3 => Aim::Protect,
            4 => Aim::RestoreProtection,
            _ => {
                let mut replace: BTreeSet<ProtectorId> = BTreeSet::new();
                for protector in self.volume.protectors.iter().filter(|protector| protector.is_password()) {
                    if !one_in(&mut self.dice, 4) {
                        let id = protector.id.as_str();
                        let bare = id.trim_matches(['{', '}']).to_ascii_lowercase();
                        let named = [id, &bare][below(&mut self.dice, 2)];
                        replace.insert(ProtectorId::new(named).unwrap());
                    }
                }
                if one_in(&mut self.dice, 5) {
                    // A server that is wrong: this one is no recovery password, or is not there.
                    let wrong = self.volume.protectors.iter().find(|protector| !protector.is_password());
                    replace.insert(wrong.map_or_else(
                        || ProtectorId::new("{00000000-0000-4000-8000-000000000000}").unwrap(),
                        |protector| protector.id.clone(),
                    ));
                }
                Aim::Rotate { replace }
            }
        };
        self.goal = Goal::new(Word::new(&format!("goal{}", self.goals)).unwrap(), aim);
        self.planner.pursue(self.goal.clone());
        self.written = self.planner.clone();
        self.made = 0;
        self.forgot = 0;
        note!(self, "goal: {:?}", self.goal);
    }

    fn live(&mut self) -> Result<(), Promise> {
        note!(self, "rules: {:?}", self.rules);
        note!(self, "found: {:?}", self.volume);
        for _ in 0..WILD {
            self.now += i64::try_from(self.dice.roll(1200)).unwrap();
            if one_in(&mut self.dice, 60) {
                self.now += [-90_000, 90_000][below(&mut self.dice, 2)];
            }
            self.volume.tick(&mut self.dice);
            self.server.tick(&mut self.dice);
            if one_in(&mut self.dice, 8) {
                self.interfere();
            }
            if one_in(&mut self.dice, 60) {
                self.new_goal();
            }
            self.mail();
            self.round()?;
        }
        self.calm = true;
        self.recover()
    }

    /// Everything works again: what was asked for comes true.
    fn recover(&mut self) -> Result<(), Promise> {
        note!(self, "calm");
        for _ in 0..CALM {
            self.now += 7200;
            self.volume.mend(&self.goal.aim);
            self.volume.tick(&mut self.dice);
            self.server.tick(&mut self.dice);
            // An agent goes on until there is nothing to do, and only then sleeps.
            let mut situation = self.round()?;
            for _ in 0..20 {
                if situation.row().standing == Standing::Acts {
                    situation = self.round()?;
                }
            }
            let standing = situation.row().standing;
            let ends = standing == Standing::Rests
                || matches!(
                    situation,
                    Situation::StartupKeyNeeded | Situation::BootProtectorMissing | Situation::TooManyPasswords
                );
            if ends {
                *self.tally.ends.entry(situation.name()).or_default() += 1;
                self.written_without_secret()?;
                return self.ended(situation);
            }
        }
        Err(COMES_TRUE)
    }

    fn ended(&self, situation: Situation) -> Result<(), Promise> {
        let outside = Outside { server: &self.server, spool: &self.spool };
        let volume = &self.volume;
        let mut passwords = volume.protectors.iter().filter(|protector| protector.is_password());
        let fine = match (situation, &self.goal.aim) {
            (Situation::Done, Aim::Protect) => {
                volume.protection() == ProtectionStatus::On && outside.has(volume, self.rules.before_encryption)
            }
            (Situation::Done, Aim::RestoreProtection) => volume.protection() == ProtectionStatus::On,
            (Situation::Done, Aim::Adopt) => {
                passwords.all(|protector| self.server.verified(&protector.id, &protector.password))
            }
            (Situation::Done, Aim::Rotate { replace }) => {
                passwords.all(|protector| !names(replace, &protector.id)) && outside.has(volume, Before::Verified)
            }
            (Situation::NotEncrypted, _) => volume.conversion == Conversion::FullyDecrypted,
            (Situation::TooManyPasswords, _) => self.made + self.forgot >= self.rules.new_passwords,
            _ => true,
        };
        if fine { Ok(()) } else { Err("what the planner says is done is done") }
    }

    fn interfere(&mut self) {
        self.tally.interferences += 1;
        self.volume.interfere(&mut self.dice);
        note!(self, "others: {:?}", self.volume);
    }

    /// Receipts come late, and the spool forgets what the server has.
    fn mail(&mut self) {
        for receipt in self.server.late(&mut self.dice) {
            let taken = self.planner.receipt(&receipt);
            note!(self, "late: {receipt:?}: {taken:?}");
        }
        if one_in(&mut self.dice, 4) {
            self.spool.retain(|envelope| !self.planner.is_stored(&envelope.digest));
        }
    }

    /// Looks, asks, does, reports.
    fn round(&mut self) -> Result<Situation, Promise> {
        let seen = self.look();
        let mut shown = seen.clone();
        if let Some(defect) = self.defect {
            defect.shown(&mut shown);
        }
        let next = self.planner.next(&shown).ok_or("a planner with a goal answers")?;
        *self.tally.situations.entry(next.situation.name()).or_default() += 1;
        note!(self, "{}: {:?} {:?}", next.situation.name(), next.step, next.held);
        let wrong = self.defect.and_then(|defect| defect.done(&next, &shown, &self.goal.aim));
        if let Some(step) = wrong.or_else(|| next.step.clone()) {
            self.step(&step, &seen, &next)?;
        }
        Ok(next.situation)
    }

    fn look(&mut self) -> Observation {
        self.tally.looks += 1;
        let mut machine = self.volume.machine();
        if !self.calm {
            for reading in [&mut machine.server, &mut machine.tpm, &mut machine.system_volume] {
                if one_in(&mut self.dice, 25) {
                    *reading = Reading::Unknown;
                }
            }
            if one_in(&mut self.dice, 25) {
                machine.registry = None;
            }
        }
        let at = Timestamp::from_unix_seconds(self.now).unwrap();
        let mut observer = Observer::new(machine, at);
        while let Some(call) = observer.next() {
            let of_one = matches!(call, Call::GetKeyProtectorType { .. } | Call::GetKeyProtectorFriendlyName { .. });
            if of_one && !self.calm && one_in(&mut self.dice, 60) {
                self.interfere();
            }
            let answer = if !self.calm && one_in(&mut self.dice, 40) {
                Err(CODES[below(&mut self.dice, CODES.len())])
            } else {
                self.volume.call(&call, &mut self.dice)
            };
            observer.answer(match answer {
                Ok(Returned::Answer(answer)) => Ok(answer),
                Ok(_) => panic!("{call:?} does not look"),
                Err(code) => Err(Hresult::new(code)),
            });
        }
        observer.finish()
    }

    fn step(&mut self, step: &Step, seen: &Observation, next: &Next) -> Result<(), Promise> {
        *self.tally.steps.entry(name(step)).or_default() += 1;
        let before = self.volume.clone();
        let fate = if self.calm { Fate::Well } else { Fate::draw(&mut self.dice) };
        note!(self, "  {fate:?}");
        let outcome = match step {
            Step::Call(call) => self.call(call, fate),
            Step::Escrow { protector, request } => self.escrow(step, protector, request, fate),
            Step::Ask { .. } => self.ask(step, fate),
            _ => return Err("a step is of a known kind"),
        };
        note!(self, "  {outcome:?}");
        let (rules, goal, volume) = (&self.rules, &self.goal, &self.volume);
        let outside = Outside { server: &self.server, spool: &self.spool };
        Stepped { rules, goal, seen, step, before: &before, after: volume, outside }.broken()?;
        if self.made > self.rules.new_passwords + self.forgot {
            return Err("no more recovery passwords are made for a goal than the rules allow");
        }
        let Some(outcome) = outcome else {
            return self.power_cut();
        };
        let at = Timestamp::from_unix_seconds(self.now).unwrap();
        match self.planner.report(step, outcome, at) {
            Ok(()) => {}
            Err(error) => {
                self.tally.receipts_refused += 1;
                note!(self, "  {error}, in {}", next.situation.name());
            }
        }
        if !self.calm && one_in(&mut self.dice, 15) {
            // Reported, and not written down.
            return self.power_cut();
        }
        self.written = self.planner.clone();
        Ok(())
    }

    /// `None`: the power failed.
    fn call(&mut self, call: &Call, fate: Fate) -> Option<Outcome> {
        let failed = |world: &mut Self| {
            let code = CODES[below(&mut world.dice, CODES.len())];
            Some(Outcome::Failed(Some(Hresult::new(code))))
        };
        match fate {
            Fate::CutBefore => return None,
            Fate::FailsBefore => {
                self.tally.failed_before += 1;
                return failed(self);
            }
            _ => {}
        }
        if *call == Call::ProtectKeyWithTPMAndPIN && !self.calm && one_in(&mut self.dice, 3) {
            // The user enters no PIN.
            return Some(Outcome::Failed(None));
        }
        let returned = self.volume.call(call, &mut self.dice);
        if matches!(returned, Ok(Returned::Made(_))) && matches!(call, Call::ProtectKeyWithNumericalPassword { .. }) {
            self.made += 1;
        }
        match (fate, returned) {
            (Fate::CutAfter, _) => None,
            (Fate::FailsAfter, Ok(_)) => {
                self.tally.failed_after += 1;
                // The planner learns of it only when it looks.
                self.forgot += 1;
                failed(self)
            }
            (_, Ok(Returned::Made(protector))) => Some(Outcome::Done(Some(protector))),
            (_, Ok(_)) => Some(Outcome::Done(None)),
            (_, Err(code)) => Some(Outcome::Failed(Some(Hresult::new(code)))),
        }
    }

    fn escrow(&mut self, step: &Step, protector: &ProtectorId, request: &Word, fate: Fate) -> Option<Outcome> {
        let read = step.read()?;
        match fate {
            Fate::CutBefore => return None,
            Fate::FailsBefore => {
                self.tally.failed_before += 1;
                return Some(Outcome::Failed(Some(Hresult::new(0x8007_045D))));
            }
            _ => {}
        }
        let password = match self.volume.call(&read, &mut self.dice) {
            Ok(Returned::Password(password)) => password,
            Ok(_) => panic!("{read:?} reads a password"),
            Err(code) => return Some(Outcome::Failed(Some(Hresult::new(code)))),
        };
        let envelope = Envelope::seal(protector, request, password, &mut self.dice);
        let digest = envelope.digest;
        if self.defect == Some(Defect::ReportsBeforeSpooling) {
            return Some(Outcome::Spooled(digest));
        }
        self.spool.push(envelope);
        match fate {
            Fate::CutAfter => None,
            Fate::FailsAfter => {
                self.tally.failed_after += 1;
                Some(Outcome::Failed(None))
            }
            _ => Some(Outcome::Spooled(digest)),
        }
    }

    fn ask(&mut self, step: &Step, fate: Fate) -> Option<Outcome> {
        let Step::Ask { envelope, key, .. } = step else { return None };
        if fate == Fate::CutBefore {
            return None;
        }
        let sent = self.spool.iter().find(|one| one.digest == *envelope).cloned();
        let answer = match (key, sent) {
            (Some(key), _) if self.calm || one_in(&mut self.dice, 2) => self.server.receipt(key),
            (_, Some(envelope)) => self.server.ask(&envelope, &mut self.dice, self.calm),
            (Some(key), None) => self.server.receipt(key),
            (None, None) => return Some(Outcome::NotInSpool),
        };
        if fate == Fate::CutAfter {
            return None;
        }
        Some(match answer {
            None => Outcome::NoAnswer,
            Some(mut receipt) => {
                if let Some(defect) = self.defect {
                    defect.told(&mut receipt, step);
                }
                Outcome::Receipt(Box::new(receipt))
            }
        })
    }

    /// The agent begins again from what was written down, or from less.
    fn power_cut(&mut self) -> Result<(), Promise> {
        self.tally.power_cuts += 1;
        self.forgot += 1;
        note!(self, "power cut");
        self.written_without_secret()?;
        self.volume.restart();
        if one_in(&mut self.dice, 12) {
            note!(self, "the planner's state is lost");
            self.forgot += self.rules.new_passwords;
            let whose = self.server.whose();
            self.planner = Planner::new(
                whose.organization.clone(),
                whose.device.clone(),
                whose.volume.clone(),
                self.rules.clone(),
            );
            self.planner.pursue(self.goal.clone());
            if one_in(&mut self.dice, 2) {
                for envelope in &self.spool {
                    self.planner.remember(envelope.protector.clone(), envelope.request.clone(), envelope.digest);
                }
            }
            self.written = self.planner.clone();
            return Ok(());
        }
        let text = serde_json::to_string(&self.written).map_err(|_| "a planner can be written down")?;
        self.planner = serde_json::from_str(&text).map_err(|_| "a planner that was written down is read again")?;
        if self.planner == self.written { Ok(()) } else { Err("a planner that is read is the one that was written") }
    }

    fn written_without_secret(&self) -> Result<(), Promise> {
        let text = serde_json::to_string(&self.planner).map_err(|_| "a planner can be written down")?;
        let secret = self
            .volume
            .protectors
            .iter()
            .filter_map(|protector| protector.password.get(..20))
            .any(|password| text.contains(password));
        if secret { Err("no part of a recovery password is written down") } else { Ok(()) }
    }
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    CutAfter,
    CutBefore,
    FailsAfter,
    FailsBefore,
    Well,
}

impl Fate {
    fn draw(dice: &mut Dice) -> Self {
        match dice.roll(20) {
            0 => Self::CutAfter,
            1 => Self::CutBefore,
            2 | 3 => Self::FailsAfter,
            4 | 5 => Self::FailsBefore,
            _ => Self::Well,
        }
    }
}

fn name(step: &Step) -> &'static str {
    match step {
        Step::Call(call) => call.method().name,
        Step::Escrow { .. } => "escrow",
        _ => "ask",
    }
}
