//! How is a LUKS volume brought to what a plan says?
//!
//! A loop around the library's planner: look, do the one step, write down what came of it. It may be killed
//! anywhere, and goes on when it is started again.

mod answer;
mod server;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use fdescrow::{
    Actor, DeviceId, Organization, ProtectorId, Secret, Timestamp,
    agent::{
        luks::{
            Aim, Call, Goal, NewKey, Next, Observation, Outcome, Places, Planner, Rules, Standing, Step,
            metadata_command,
        },
        spool::{Enough, Spool},
    },
    envelope::Certificate,
    escrow::Receipt,
    ids::Word,
    policy::luks::Authorization,
    profile::luks::LuksPlan,
};

use self::{
    answer::{Did, Document, EscrowedSlot},
    server::Server,
};
use super::{
    folder::Folder,
    run::{self, Secrets},
};
use crate::{
    commands::seal::recipient,
    exit::{Exit, Failure},
    input::{self, Passwords},
    world::World,
};

/// More steps than any plan has: a program that goes in circles ends.
const MAX_STEPS: usize = 200;

#[derive(Args, Debug)]
#[command(
    after_help = "Goes on until there is nothing to do, and says why: 0 what the plan wants is true, 1 it is not \
                        yet (a receipt, a person or an administrator is awaited), 3 the store could not be reached. \
                        It may be killed at any moment and started again. Without --store, sealed keys stay in the \
                        spool. Run `check` over the store, and this again: an old slot goes only when the new key is \
                        verified."
)]
pub(crate) struct Arguments {
    /// The volume: a device or a file
    #[arg(long, value_name = "FILE")]
    volume: PathBuf,
    /// The device whose volume it is
    #[arg(long, value_name = "D")]
    device: DeviceId,
    /// The certificates that new keys may be sealed to, one in each file; a plan names those of them that they are
    #[arg(long, value_name = "CERT", num_args = 1.., required = true)]
    to: Vec<PathBuf>,
    /// The folder for the spool and the state, and without a plan for the copy of a header; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// The plan, JSON, as it is rendered from a policy; without one, every rule has its default
    #[arg(long, value_name = "F")]
    plan: Option<PathBuf>,
    /// Replaces the slots that were escrowed by a new one, under this name of a rotation
    #[arg(long, value_name = "ID", value_parser = |word: &str| Word::new(word))]
    rotate: Option<Word>,
    /// The old slots to remove; without it, all that are known
    #[arg(long, value_name = "SLOT", requires = "rotate")]
    replace: Vec<ProtectorId>,
    /// A key file that opens the volume, to authorize a new slot
    #[arg(long, value_name = "F")]
    key_file: Option<PathBuf>,
    /// Reads a passphrase that opens the volume from this open file descriptor, one line; without it a terminal asks
    #[arg(long, value_name = "N")]
    password_fd: Option<u32>,
    /// Lets the TPM authorize a new slot, by systemd's token
    #[arg(long)]
    tpm2: bool,
    /// Lets clevis authorize a new slot
    #[arg(long)]
    clevis: bool,
    /// The store to receive into, on this machine: sqlite:PATH
    #[arg(long, value_name = "URL", requires = "by")]
    store: Option<String>,
    /// The organization whose keys they are, where no plan names it
    #[arg(long, value_name = "O", default_value = "default", conflicts_with = "plan")]
    organization: Organization,
    /// Who sends what is received, for the audit
    #[arg(long, value_name = "ACTOR")]
    by: Option<Actor>,
}

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let now = world.now()?;
    let to = arguments.to.iter().map(|file| recipient(file, now, world)).collect::<Result<Vec<_>, _>>()?;
    let plan = arguments.plan.as_deref().map(plan).transpose()?;
    let to = recipients(plan.as_ref(), to)?;
    let rules = plan.as_ref().map_or_else(Rules::default, Rules::from);
    let organization = plan.as_ref().map_or(&arguments.organization, |plan| &plan.organization);
    let folder = Folder::open(&arguments.state)?;
    let spool = folder.spool()?;
    if spool.damaged() > 0 {
        world.output.note(format_args!("{} lines of the spool are damaged; each may have been a key", spool.damaged()));
    }
    let volume = text(
        &fs::canonicalize(&arguments.volume)
            .map_err(|error| Failure::file(format!("{}: {error}", arguments.volume.display())))?,
    )?;
    let key_file =
        arguments.key_file.as_deref().or(plan.as_ref().and_then(|plan| plan.key_file.as_deref().map(Path::new)));
    let has_key_file = key_file.is_some();
    let key_file = key_file.map(fs::canonicalize).transpose();
    let key_file = key_file.map_err(|error| Failure::file(format!("key file: {error}")))?.as_deref().map(text);
    let seen = look(&volume, now)?;
    let uuid = seen.volume.clone().ok_or_else(|| Failure::file(format!("{volume}: its LUKS UUID cannot be read")))?;
    let mut planner = match folder.state::<Planner>(&uuid)? {
        Some(planner) if *planner.device() != arguments.device || planner.organization() != organization => {
            let (device, organization) = (planner.device(), planner.organization());
            return Err(Failure::usage(format!("this volume was planned for as device {device} of {organization}")));
        }
        Some(planner) => planner,
        None => Planner::new(organization.clone(), arguments.device.clone(), uuid.clone(), rules.clone()),
    };
    planner.set_rules(rules);
    planner.remember(&seen, spool.entries());
    planner.pursue(goal(arguments, &planner)?);
    planner.ask_again();
    let header_backup = folder.header_backup(plan.as_ref().map(|plan| Path::new(&plan.backup_directory)), &uuid)?;
    let server = Server::new(arguments, organization, world)?;
    let mut agent = Agent {
        world,
        now,
        to,
        header_backup: text(&header_backup)?,
        folder,
        spool,
        volume,
        key_file: key_file.transpose()?,
        authority: Authority::new(arguments, has_key_file),
        server,
        planner,
        new_key: None,
    };
    agent.save()?;
    let (next, steps) = agent.go()?;
    agent.send_the_rest()?;
    agent.answer(&next, steps)
}

fn plan(file: &Path) -> Result<LuksPlan, Failure> {
    LuksPlan::from_json(&input::read(Some(file))?).map_err(|error| Failure::from(error).about(file.display()))
}

/// The certificates that new keys are sealed to: those of the plan, all of which must be pinned here.
fn recipients(plan: Option<&LuksPlan>, pinned: Vec<Certificate>) -> Result<Vec<Certificate>, Failure> {
    let Some(plan) = plan else { return Ok(pinned) };
    Ok(plan.recipients(&pinned)?)
}

fn goal(arguments: &Arguments, planner: &Planner) -> Result<Goal, Failure> {
    let Some(id) = &arguments.rotate else {
        let id = Word::new("escrow").map_err(Failure::from)?;
        return Ok(Goal::new(id, Aim::Escrow));
    };
    // The same rotation again goes on with what it was begun with.
    if let Some(goal) = planner.goal().filter(|goal| goal.id == *id && arguments.replace.is_empty()) {
        return Ok(goal.clone());
    }
    let named: BTreeSet<ProtectorId> = arguments.replace.iter().cloned().collect();
    let known = planner.escrowed().filter(|(_, escrowed)| escrowed.request != *id);
    let replace = if named.is_empty() { known.map(|(slot, _)| slot.clone()).collect() } else { named };
    Ok(Goal::new(id.clone(), Aim::Rotate { replace }))
}

/// cryptsetup takes a device by its name, and a name that is text.
fn text(path: &Path) -> Result<String, Failure> {
    path.to_str().map(str::to_owned).ok_or_else(|| Failure::usage("a path that is not UTF-8 cannot be used here"))
}

/// Reads the header as it is now.
fn look(volume: &str, now: Timestamp) -> Result<Observation, Failure> {
    let failure = |error: std::io::Error| Failure::file(format!("{volume}: {error}"));
    let mut header = Vec::new();
    File::open(volume).and_then(|file| file.take(4096).read_to_end(&mut header)).map_err(failure)?;
    let first = Observation::read(&header, None, now).map_err(|error| Failure::from(error).about(volume))?;
    if first.slots.is_some() {
        return Ok(first);
    }
    let metadata = run::output(&metadata_command(volume))?;
    Observation::read(&header, metadata.as_ref().map(|bytes| bytes.as_slice()), now).map_err(Failure::from)
}

/// What lets a new slot be made.
struct Authority {
    at_hand: BTreeSet<Authorization>,
    descriptor: Option<u32>,
    /// What was typed, until it was refused.
    passphrase: Option<Secret<str>>,
}

impl Authority {
    fn new(arguments: &Arguments, has_key_file: bool) -> Self {
        let prompt = arguments.password_fd.is_some() || std::io::stdin().is_terminal();
        let at_hand = [
            (prompt, Authorization::Prompt),
            (has_key_file, Authorization::KeyFile),
            (arguments.tpm2, Authorization::Tpm2),
            (arguments.clevis, Authorization::Clevis),
        ];
        let at_hand = at_hand.into_iter().filter(|(there, _)| *there).map(|(_, authorization)| authorization).collect();
        Self { at_hand, descriptor: arguments.password_fd, passphrase: None }
    }

    /// Reads the passphrase, unless it was read.
    fn ask(&mut self, volume: &str) -> Result<Option<&Secret<str>>, Failure> {
        if self.passphrase.is_none() {
            let passwords = Passwords::new(self.descriptor);
            self.passphrase = match passwords.descriptor_line()? {
                Some(line) => Some(line),
                None => passwords.prompt(volume)?,
            };
        }
        Ok(self.passphrase.as_ref())
    }

    /// It did not open the volume. What came by a descriptor, or lies in a file, will not next time either.
    fn refused(&mut self, authorization: Authorization) {
        self.passphrase = None;
        if authorization != Authorization::Prompt || self.descriptor.is_some() {
            self.at_hand.remove(&authorization);
        }
    }
}

struct Agent<'a> {
    world: &'a World<'a>,
    now: Timestamp,
    to: Vec<Certificate>,
    folder: Folder,
    spool: Spool,
    volume: String,
    header_backup: String,
    key_file: Option<String>,
    authority: Authority,
    server: Server,
    planner: Planner,
    new_key: Option<NewKey>,
}

impl Agent<'_> {
    /// Until there is nothing to do.
    fn go(&mut self) -> Result<(Next, Vec<Did>), Failure> {
        let mut steps = Vec::new();
        loop {
            let seen = look(&self.volume, self.now)?
                .authorizations(self.authority.at_hand.iter().copied())
                .new_key(self.new_key.as_ref().map(NewKey::mark));
            let next = self.planner.next(&seen).ok_or_else(|| Failure::usage("there is no goal"))?;
            let Some(step) = next.step.clone().filter(|_| steps.len() < MAX_STEPS) else { return Ok((next, steps)) };
            let outcome = self.perform(&step)?;
            steps.push(Did::new(&step, &outcome));
            let receipt = if let Outcome::Receipt(receipt) = &outcome { Some(receipt.clone()) } else { None };
            if let Err(error) = self.planner.report(&step, outcome, self.now) {
                self.world.output.note(error);
            }
            self.save()?;
            // The planner first: what the spool does not hold any more, the planner must know.
            if let Some(receipt) = receipt {
                self.acknowledge(&receipt)?;
            }
        }
    }

    fn save(&self) -> Result<(), Failure> {
        self.folder.save(self.planner.volume(), &self.planner)
    }

    fn acknowledge(&mut self, receipt: &Receipt) -> Result<(), Failure> {
        let enough = Enough::Verified(self.planner.rules().level);
        match self.spool.acknowledge(receipt, enough) {
            Ok(bytes) => self.folder.append(&bytes),
            Err(error) => {
                self.world.output.note(error);
                Ok(())
            }
        }
    }

    fn perform(&mut self, step: &Step) -> Result<Outcome, Failure> {
        Ok(match step {
            Step::Ask { envelope, .. } => match self.spool.entry(envelope).cloned() {
                None => Outcome::NotInSpool,
                Some(entry) => match self.server.send(&entry, self.world, self.now) {
                    Some(receipt) => Outcome::Receipt(Box::new(receipt)),
                    None => Outcome::NoAnswer,
                },
            },
            Step::Generate { .. } => {
                let key = NewKey::generate(self.planner.rules(), self.world.randomness())?;
                let mark = key.mark();
                self.new_key = Some(key);
                Outcome::Generated(mark)
            }
            Step::Escrow { .. } => {
                let key = self.new_key.as_ref().ok_or_else(|| Failure::usage("there is no key to seal"))?;
                let to: Vec<&Certificate> = self.to.iter().collect();
                let entry = self.planner.seal(step, key, &to, self.world.randomness(), self.now)?;
                self.folder.append(&self.spool.put(entry.clone())?)?;
                self.new_key = None;
                Outcome::Spooled(Box::new(entry))
            }
            Step::DropBackup => {
                self.folder.remove(Path::new(&self.header_backup))?;
                Outcome::Done
            }
            Step::Call(call) => self.call(call)?,
            // A newer library wants what this program cannot do.
            _ => Outcome::Failed(None),
        })
    }

    fn call(&mut self, call: &Call) -> Result<Outcome, Failure> {
        let places = Places::new(&self.volume, &self.header_backup).key_file(self.key_file.as_deref());
        let command = call.command(&places);
        if *call == Call::BackUpHeader {
            self.folder.remove(Path::new(&self.header_backup))?;
        }
        let passphrase = self.new_key.as_ref().map(NewKey::passphrase);
        let mut secrets = Secrets { authorization: None, new_key: passphrase.as_ref() };
        let clevis;
        let authorization = if let Call::AddSlot { authorization, .. } = call { Some(*authorization) } else { None };
        match authorization {
            Some(Authorization::Prompt) => secrets.authorization = self.authority.ask(&self.volume)?,
            Some(Authorization::Clevis) => {
                let printed = call.authorization_command(&places).map(|command| run::output(&command)).transpose()?;
                let printed = printed.flatten().unwrap_or_default();
                let line = std::str::from_utf8(&printed).unwrap_or_default().trim_end_matches(['\r', '\n']);
                clevis = Secret::<str>::copy_from(line);
                secrets.authorization = Some(&clevis);
            }
            _ => {}
        }
        let status = run::status(&command, secrets)?;
        if status == Some(0) {
            return Ok(Outcome::Done);
        }
        if let (Some(authorization), Some(2)) = (authorization, status) {
            self.authority.refused(authorization);
        }
        Ok(Outcome::Failed(status))
    }

    /// Sends what no slot of this volume waits for any more: the server is to have every key that was ever made.
    fn send_the_rest(&mut self) -> Result<(), Failure> {
        let rest = self.spool.entries().iter().filter(|entry| !self.planner.awaits(&entry.envelope()));
        for entry in rest.cloned().collect::<Vec<_>>() {
            if let Some(receipt) = self.server.send(&entry, self.world, self.now) {
                self.acknowledge(&receipt)?;
            }
        }
        if self.spool.is_wasteful() { self.folder.compact(&self.spool) } else { Ok(()) }
    }

    fn answer(&self, next: &Next, steps: Vec<Did>) -> Result<Exit, Failure> {
        let row = next.situation.row();
        let slots = self.planner.escrowed().map(|(slot, escrowed)| EscrowedSlot {
            slot: slot.clone(),
            request: escrowed.request.clone(),
            envelope: escrowed.envelope,
            stored: escrowed.stored,
            verified: escrowed.verified,
        });
        let document = Document {
            volume: self.planner.volume().clone(),
            situation: next.situation,
            standing: row.standing,
            because: row.when,
            steps,
            slots: slots.collect(),
            unacknowledged: self.spool.entries().len(),
            wake_at: next.wake_at,
        };
        self.world.output.answer(&document, &document)?;
        Ok(match (self.server.failure, row.standing) {
            (Some(exit), _) => exit,
            (None, Standing::Rests) => Exit::Yes,
            (None, _) => Exit::No,
        })
    }
}
