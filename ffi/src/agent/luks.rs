//! What does an agent on a Linux device do next about the key slots of a LUKS volume, in C?

use std::collections::BTreeSet;

use fdescrow::{
    DeviceId, Digest, Secret, Timestamp, VolumeId,
    agent::{
        luks::{
            Call, Command, Goal, Input, NewKey, Next, Observation, Outcome, Places, Planner as Core, Rules, Step,
            metadata_command,
        },
        spool::{Entry, Spool},
    },
    envelope::Certificate,
    error::ErrorCode,
    escrow::Receipt,
    policy::{Level, luks::Authorization},
    profile::LuksPlan,
};
use fdescrow_identities::SystemRandomness;
use serde::Serialize;

use super::{
    FDESCROW_STEP_ASK, FDESCROW_STEP_BACK_UP_HEADER, FDESCROW_STEP_CALL, FDESCROW_STEP_DROP_BACKUP,
    FDESCROW_STEP_ESCROW, FDESCROW_STEP_GENERATE, FDESCROW_STEP_NONE, NO_GOAL, NO_STEP, NOT_SEALED, NOT_SEEN,
    OTHER_DEVICE, OTHER_STEP, Planner, Plans, arguments, fdescrow_planner, luks_of, luks_of_mut, state,
};
use crate::{
    boundary::{Errors, Output, boundary, document, produce, produce_two, request},
    certificate::fdescrow_certificates,
    failure::{Failure, fdescrow_result},
    handle::{borrow, borrow_some},
    owned::{fdescrow_buffer, fdescrow_text},
    secret::{fdescrow_secret, text_of},
    view::{fdescrow_bytes, fdescrow_str},
};

/// A planner with what an agent holds in memory.
#[derive(Debug)]
pub struct Luks {
    core: Core,
    to: Vec<Certificate>,
    remembered: bool,
    seen: Option<Observation>,
    step: Option<Step>,
    wake_at: Option<Timestamp>,
    new_key: Option<NewKey>,
    sealed: Option<Entry>,
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    next: &'a Next,
    standing: &'static str,
    because: &'static str,
}

impl Luks {
    fn call(&self) -> Result<&Call, Failure> {
        match &self.step {
            Some(Step::Call(call)) => Ok(call),
            _ => Err(Failure::misuse(OTHER_STEP)),
        }
    }

    /// Tells what became of the step; whatever it was, the volume is looked at again.
    fn report(&mut self, outcome: Outcome, now: Timestamp) -> Result<(), Failure> {
        let step = self.step.take().ok_or_else(|| Failure::misuse(NO_STEP))?;
        self.seen = None;
        Ok(self.core.report(&step, outcome, now)?)
    }
}

impl Plans for Luks {
    fn state(&self) -> Result<String, Failure> {
        document(&self.core)
    }

    fn pursue(&mut self, goal: fdescrow_str) -> Result<(), Failure> {
        self.core.pursue(request::<Goal>(goal)?);
        self.step = None;
        Ok(())
    }

    fn next(&mut self, spool: &Spool) -> Result<String, Failure> {
        self.step = None;
        let seen = self.seen.as_ref().ok_or_else(|| Failure::misuse(NOT_SEEN))?;
        if !self.remembered {
            self.core.remember(seen, spool.entries());
            self.remembered = true;
        }
        let next = loop {
            let next = self.core.next(seen).ok_or_else(|| Failure::misuse(NO_GOAL))?;
            match &next.step {
                Some(step @ Step::Ask { envelope, .. }) if spool.entry(envelope).is_none() => {
                    self.core.report(step, Outcome::NotInSpool, seen.at)?;
                }
                _ => break next,
            }
        };
        (self.step, self.wake_at) = (next.step.clone(), next.wake_at);
        let row = next.situation.row();
        document(&Told { next: &next, standing: row.standing.as_str(), because: row.when })
    }

    fn step(&self) -> u32 {
        match &self.step {
            None => FDESCROW_STEP_NONE,
            Some(Step::Ask { .. }) => FDESCROW_STEP_ASK,
            Some(Step::Call(Call::BackUpHeader)) => FDESCROW_STEP_BACK_UP_HEADER,
            Some(Step::Call(_)) => FDESCROW_STEP_CALL,
            Some(Step::DropBackup) => FDESCROW_STEP_DROP_BACKUP,
            Some(Step::Escrow { .. }) => FDESCROW_STEP_ESCROW,
            Some(Step::Generate { .. }) => FDESCROW_STEP_GENERATE,
            Some(_) => u32::MAX,
        }
    }

    fn asks(&self) -> Option<Digest> {
        match &self.step {
            Some(Step::Ask { envelope, .. }) => Some(*envelope),
            _ => None,
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.wake_at
    }

    fn seal(&mut self, _: Option<&Secret<str>>, now: Timestamp) -> Result<Entry, Failure> {
        let (Some(step), Some(key)) = (&self.step, &self.new_key) else { return Err(Failure::misuse(OTHER_STEP)) };
        let to: Vec<&Certificate> = self.to.iter().collect();
        let entry = self.core.seal(step, key, &to, &SystemRandomness::new(), now)?;
        self.sealed = Some(entry.clone());
        Ok(entry)
    }

    fn done(&mut self, now: Timestamp) -> Result<(), Failure> {
        let outcome = match &self.step {
            None => return Err(Failure::misuse(NO_STEP)),
            Some(Step::Escrow { .. }) => {
                let entry = self.sealed.take().ok_or_else(|| Failure::misuse(NOT_SEALED))?;
                self.new_key = None;
                Outcome::Spooled(Box::new(entry))
            }
            Some(Step::Call(_) | Step::DropBackup) => Outcome::Done,
            Some(_) => return Err(Failure::misuse(OTHER_STEP)),
        };
        self.report(outcome, now)
    }

    fn failed(&mut self, status: Option<i32>, now: Timestamp) -> Result<(), Failure> {
        self.sealed = None;
        let outcome = if self.asks().is_some() { Outcome::NoAnswer } else { Outcome::Failed(status) };
        self.report(outcome, now)
    }

    fn answered(&mut self, receipt: Receipt, now: Timestamp) -> Result<(), Failure> {
        self.report(Outcome::Receipt(Box::new(receipt)), now)
    }

    fn receipt(&mut self, receipt: &Receipt) -> Result<(), Failure> {
        Ok(self.core.receipt(receipt)?)
    }

    fn awaits(&self, envelope: &Digest) -> bool {
        self.core.awaits(envelope)
    }

    fn ask_again(&mut self) {
        self.core.ask_again();
    }

    fn level(&self) -> Level {
        self.core.rules().level
    }
}

/// The LUKS UUID of a volume, by which its planner, uploads and files are named.
///
/// `header`: the first 4096 bytes of the volume or of its detached header.
/// Errors: `OBSERVATION_SYNTAX` if this is no LUKS volume, or its UUID cannot be read.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_luks_volume(
    header: fdescrow_bytes,
    volume_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(volume_out, error_out, || {
        let seen = Observation::read(header.read()?, None, Timestamp::from_unix_seconds(0)?)?;
        let unnamed = || Failure::new(ErrorCode::ObservationSyntax, "the UUID of the volume cannot be read");
        Ok(seen.volume.ok_or_else(unnamed)?.as_str().to_owned())
    })
}

/// Constructor of `fdescrow_planner`: plans for a LUKS volume, by a plan of `fdescrow_profile_luks`.
///
/// `state_json`: what `fdescrow_planner_state` gave in the run before; empty in the first one. A state that was lost makes the planner make
/// another slot; never remove one. `pinned`: the certificates that keys may be sealed to: those of the plan must be among them. `device`: the name under which the
/// keys are sent. `volume`: the LUKS UUID.
/// Errors: `PROFILE_SYNTAX`, `PROFILE_LIMIT` for the plan; `CERTIFICATE_UNSUITABLE` if one of its certificates is not pinned; `ID_INVALID`;
/// `REQUEST_SYNTAX` for the state; `MISUSE` if the state is of another organization, device or volume.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_luks_open(
    state_json: fdescrow_str,
    plan_json: fdescrow_str,
    device: fdescrow_str,
    volume: fdescrow_str,
    pinned: Option<&fdescrow_certificates>,
    planner_out: Output<'_, fdescrow_planner>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(planner_out, error_out, || {
        let pinned = borrow(pinned)?;
        let plan = LuksPlan::from_json(plan_json.read()?.as_bytes())?;
        let to = plan.recipients(pinned)?;
        let (device, volume) = (DeviceId::new(device.read()?)?, VolumeId::luks(volume.read()?)?);
        let rules = Rules::from(&plan);
        let core = match state::<Core>(state_json)? {
            None => Core::new(plan.organization, device, volume, rules),
            Some(core)
                if (core.organization(), core.device(), core.volume()) != (&plan.organization, &device, &volume) =>
            {
                return Err(Failure::misuse(OTHER_DEVICE));
            }
            Some(mut core) => {
                core.set_rules(rules);
                core
            }
        };
        Ok(Planner::Luks(Box::new(Luks {
            core,
            to,
            remembered: false,
            seen: None,
            step: None,
            wake_at: None,
            new_key: None,
            sealed: None,
        })))
    })
}

/// The command that prints the metadata of a LUKS2 volume for `fdescrow_luks_look`: the program and its arguments, each ended by a NUL. It
/// fails on LUKS1, which has none.
///
/// Errors: `MISUSE` if the name of the volume has a NUL in it.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_luks_metadata_command(
    volume: fdescrow_str,
    arguments_out: Output<'_, fdescrow_buffer>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(arguments_out, error_out, || words(&metadata_command(volume.read()?)))
}

/// Method of `fdescrow_planner`: looks at the volume as it is now. One look is good for one step.
///
/// `header`: the first 4096 bytes of the volume or of its detached header. `metadata`: what `fdescrow_luks_metadata_command` printed; empty where it
/// failed. `at_hand_json`: an array of what is at hand to authorize a new slot: `tpm2`, `clevis`, `key_file`, `prompt` (somebody can be asked), `released_key`.
/// Errors: `OBSERVATION_SYNTAX` if this is no LUKS volume; `REQUEST_SYNTAX`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_luks_look(
    planner: Option<&mut fdescrow_planner>,
    header: fdescrow_bytes,
    metadata: fdescrow_bytes,
    at_hand_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let luks = luks_of_mut(planner)?;
        let at_hand = at_hand_json.read_some()?.unwrap_or("[]");
        let at_hand: BTreeSet<Authorization> =
            serde_json::from_str(at_hand).map_err(|error| Failure::request(&error))?;
        let metadata = Some(metadata.read()?).filter(|metadata| !metadata.is_empty());
        let seen = Observation::read(header.read()?, metadata, Timestamp::from_unix_seconds(now)?)?;
        let mark = luks.new_key.as_ref().map(NewKey::mark);
        luks.seen = Some(seen.authorizations(at_hand).new_key(mark));
        luks.step = None;
        Ok(())
    })
}

/// Method of `fdescrow_planner`: makes a key for the step FDESCROW_STEP_GENERATE and keeps it in memory until it is sealed. Write the state
/// down before anything else: by it the slot is known again after a crash.
///
/// Errors: `MISUSE` if the step is another; `RANDOMNESS_UNAVAILABLE`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_luks_generate(
    planner: Option<&mut fdescrow_planner>,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let (luks, now) = (luks_of_mut(planner)?, Timestamp::from_unix_seconds(now)?);
        if !matches!(luks.step, Some(Step::Generate { .. })) {
            return Err(Failure::misuse(OTHER_STEP));
        }
        let key = NewKey::generate(luks.core.rules(), &SystemRandomness::new())?;
        let mark = key.mark();
        luks.new_key = Some(key);
        luks.report(Outcome::Generated(mark), now)
    })
}

/// Method of `fdescrow_planner`: what authorizes the step, a word as in the plan; empty where the step needs none. For `prompt`, `clevis` and
/// `released_key` the command of the step is given a passphrase. It is there as long as the library is.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_luks_authorization(planner: Option<&fdescrow_planner>) -> fdescrow_str {
    match luks_of(planner).and_then(Luks::call) {
        Ok(Call::AddSlot { authorization, .. }) => fdescrow_str::of(authorization.as_str()),
        _ => fdescrow_str::EMPTY,
    }
}

/// Method of `fdescrow_planner`: the command that prints the passphrase that authorizes the step, where a program has it (clevis): as
/// `fdescrow_luks_metadata_command`; empty where none has.
///
/// Errors: `MISUSE` if the step is no call.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_luks_authorization_command(
    planner: Option<&fdescrow_planner>,
    volume: fdescrow_str,
    arguments_out: Output<'_, fdescrow_buffer>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(arguments_out, error_out, || {
        let command = luks_of(planner)?.call()?.authorization_command(&Places::new(volume.read()?, ""));
        command.as_ref().map_or(Ok(Vec::new()), words)
    })
}

/// Method of `fdescrow_planner`: the command of the steps FDESCROW_STEP_CALL and FDESCROW_STEP_BACK_UP_HEADER. Run it without a shell; of what
/// it prints nothing is looked at.
///
/// `volume`, `header_backup` and `key_file` (empty: none) are paths as cryptsetup takes them. `passphrase` opens the volume, where
/// `fdescrow_luks_authorization` names one of those; NULL otherwise.
/// `arguments_out` receives the program and its arguments, each ended by a NUL: nothing of it is secret. `input_out` receives what is written to its
/// standard input, which is then closed; empty where it reads none.
/// Errors: `MISUSE` if the step is no call, its passphrase is missing or has a line feed in it, or the key was not made in this run.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_luks_command(
    planner: Option<&fdescrow_planner>,
    volume: fdescrow_str,
    header_backup: fdescrow_str,
    key_file: fdescrow_str,
    passphrase: Option<&fdescrow_secret>,
    arguments_out: Output<'_, fdescrow_buffer>,
    input_out: Output<'_, fdescrow_secret>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce_two(arguments_out, input_out, error_out, || {
        let luks = luks_of(planner)?;
        let places = Places::new(volume.read()?, header_backup.read()?).key_file(key_file.read_some()?);
        let command = luks.call()?.command(&places);
        let passphrase = borrow_some(passphrase)?.map(text_of).transpose()?;
        let key = luks.new_key.as_ref().map(NewKey::passphrase);
        let input = input(&command, passphrase.as_ref(), key.as_ref())?;
        Ok((words(&command)?, input))
    })
}

fn words(command: &Command) -> Result<Vec<u8>, Failure> {
    arguments(std::iter::once(command.program).chain(command.arguments.iter().map(String::as_str)))
}

/// The parts that a command reads, one after the other.
fn input(
    command: &Command,
    passphrase: Option<&Secret<str>>,
    key: Option<&Secret<[u8]>>,
) -> Result<Secret<[u8]>, Failure> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in &command.input {
        match part {
            Input::Authorization => {
                let line = passphrase.ok_or_else(|| Failure::misuse("the step is authorized by a passphrase"))?;
                if line.expose().contains('\n') {
                    return Err(Failure::misuse("a passphrase with a line feed in it belongs in a key file"));
                }
                parts.extend([line.expose().as_bytes(), b"\n"]);
            }
            Input::NewKey => {
                let key = key.ok_or_else(|| Failure::misuse("there is no key in memory"))?;
                parts.push(key.expose());
            }
            Input::Text(text) => parts.push(text.as_bytes()),
            _ => return Err(Failure::library("a command reads what is not known here")),
        }
    }
    let length = parts.iter().map(|part| part.len()).sum();
    Ok(Secret::filled(length, |mut out| {
        for part in parts {
            let (here, rest) = out.split_at_mut(part.len());
            here.copy_from_slice(part);
            out = rest;
        }
    }))
}
