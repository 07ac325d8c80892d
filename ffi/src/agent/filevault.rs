//! What is done next about the personal recovery key of a Mac, in C?

use fdescrow::{
    DeviceId, Digest, Secret, Timestamp,
    agent::{
        filevault::{EscrowBuddy, Goal, Next, Observation, Outcome, Planner as Core, Reply, Rules, Step},
        spool::{Entry, Spool},
    },
    envelope::{Envelope, Limits},
    escrow::Receipt,
    policy::Level,
    verification::Reading,
};
use serde::{Deserialize, Serialize};

use super::{
    FDESCROW_STEP_ASK, FDESCROW_STEP_CALL, FDESCROW_STEP_CHANGE_RECOVERY, FDESCROW_STEP_ESCROW, FDESCROW_STEP_NONE,
    FDESCROW_STEP_SEND_ROTATE, FDESCROW_STEP_SEND_SECURITY_INFO, FDESCROW_STEP_VALIDATE_RECOVERY, NO_GOAL, NO_STEP,
    NOT_SEALED, NOT_SEEN, OTHER_DEVICE, OTHER_STEP, Planner, Plans, arguments, fdescrow_planner, filevault_of,
    filevault_of_mut, state,
};
use crate::{
    boundary::{Errors, Output, boundary, document, produce, produce_two, request},
    failure::{Failure, fdescrow_result},
    handle::borrow_some,
    owned::fdescrow_buffer,
    secret::{fdescrow_secret, text_of},
    view::{fdescrow_bytes, fdescrow_str},
};

const NOT_BEGUN: &str = "the step was not begun: fdescrow_filevault_begin";

/// A planner with what an agent holds in memory.
#[derive(Debug)]
pub struct FileVault {
    core: Core,
    seen: Option<(Observation, Option<Envelope>)>,
    step: Option<Step>,
    begun: bool,
    wake_at: Option<Timestamp>,
    sealed: Option<Entry>,
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    next: &'a Next,
    standing: &'static str,
    because: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attested: Option<bool>,
}

impl FileVault {
    /// Tells what became of a step. One that acts on the Mac must have been begun: what must not be repeated is written down
    /// before it is run.
    fn report(&mut self, outcome: Outcome, now: Timestamp) -> Result<(), Failure> {
        let sends = matches!(self.step, Some(Step::Ask { .. } | Step::Escrow { .. }));
        if self.step.is_some() && !sends && !self.begun {
            return Err(Failure::misuse(NOT_BEGUN));
        }
        let step = self.step.take().ok_or_else(|| Failure::misuse(NO_STEP))?;
        (self.seen, self.begun) = (None, false);
        Ok(self.core.report(&step, outcome, now)?)
    }
}

impl Plans for FileVault {
    fn state(&self) -> Result<String, Failure> {
        document(&self.core)
    }

    fn pursue(&mut self, goal: fdescrow_str) -> Result<(), Failure> {
        let goal: Goal = request(goal)?;
        // The same goal again needs no look.
        if self.core.goal() != Some(&goal) {
            let (seen, _) = self.seen.as_ref().ok_or_else(|| Failure::misuse(NOT_SEEN))?;
            self.core.pursue(goal, seen);
            self.step = None;
        }
        Ok(())
    }

    fn next(&mut self, spool: &Spool) -> Result<String, Failure> {
        (self.step, self.begun) = (None, false);
        let (seen, _) = self.seen.as_ref().ok_or_else(|| Failure::misuse(NOT_SEEN))?;
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
        let attested = self.core.attested();
        document(&Told { next: &next, standing: row.standing.as_str(), because: row.when, attested })
    }

    fn step(&self) -> u32 {
        match &self.step {
            None => FDESCROW_STEP_NONE,
            Some(Step::Ask { .. }) => FDESCROW_STEP_ASK,
            Some(Step::ChangeRecovery) => FDESCROW_STEP_CHANGE_RECOVERY,
            Some(Step::Escrow { .. }) => FDESCROW_STEP_ESCROW,
            Some(Step::RepairAuthorizationDatabase | Step::SetGenerateNewKey { .. }) => FDESCROW_STEP_CALL,
            Some(Step::SendRotate) => FDESCROW_STEP_SEND_ROTATE,
            Some(Step::SendSecurityInfo) => FDESCROW_STEP_SEND_SECURITY_INFO,
            Some(Step::ValidateRecovery) => FDESCROW_STEP_VALIDATE_RECOVERY,
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
        let (Some(step), Some((_, Some(envelope)))) = (&self.step, &self.seen) else {
            return Err(Failure::misuse(OTHER_STEP));
        };
        let entry = self.core.entry(step, envelope, now)?;
        self.sealed = Some(entry.clone());
        Ok(entry)
    }

    fn done(&mut self, now: Timestamp) -> Result<(), Failure> {
        let outcome = match &self.step {
            None => return Err(Failure::misuse(NO_STEP)),
            Some(Step::Escrow { .. }) => {
                Outcome::Spooled(Box::new(self.sealed.take().ok_or_else(|| Failure::misuse(NOT_SEALED))?))
            }
            Some(Step::Ask { .. } | Step::ValidateRecovery) => return Err(Failure::misuse(OTHER_STEP)),
            Some(_) => Outcome::Done,
        };
        self.report(outcome, now)
    }

    fn failed(&mut self, _: Option<i32>, now: Timestamp) -> Result<(), Failure> {
        self.sealed = None;
        let outcome = if self.asks().is_some() { Outcome::NoAnswer } else { Outcome::Failed };
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

/// Constructor of `fdescrow_planner`: plans for the recovery key of a Mac, in an agent on it or beside its MDM server.
///
/// `state_json`: what `fdescrow_planner_state` gave in the run before; empty in the first one. `device`: as the server knows it. `rules_json`: empty for the
/// defaults: `channel` (`escrow_buddy`, `change_recovery`, `mdm`), `level`, `login_within`, `reply_within`, `not_now`, `attempts`, `ask_again_after`.
/// Errors: `ID_INVALID`, `REQUEST_SYNTAX`; `MISUSE` if the state is of another device.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_filevault_open(
    state_json: fdescrow_str,
    device: fdescrow_str,
    rules_json: fdescrow_str,
    planner_out: Output<'_, fdescrow_planner>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(planner_out, error_out, || {
        let (device, rules): (_, Rules) = (DeviceId::new(device.read()?)?, request(rules_json)?);
        let core = match state::<Core>(state_json)? {
            None => Core::new(device, rules),
            Some(core) if *core.device() != device => return Err(Failure::misuse(OTHER_DEVICE)),
            Some(mut core) => {
                core.set_rules(rules);
                core
            }
        };
        let planner = FileVault { core, seen: None, step: None, begun: false, wake_at: None, sealed: None };
        Ok(Planner::FileVault(Box::new(planner)))
    })
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Seen {
    enabled: Reading,
    escrow_profile: Reading,
    escrow_buddy: Buddy,
    last_login: Option<Timestamp>,
    authorized: bool,
    key_at_hand: bool,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Buddy {
    installed: Reading,
    in_authorization_database: Reading,
    generate_new_key: Reading,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            enabled: Reading::Unknown,
            escrow_profile: Reading::Unknown,
            escrow_buddy: Buddy::default(),
            last_login: None,
            authorized: false,
            key_at_hand: false,
        }
    }
}

impl Default for Buddy {
    fn default() -> Self {
        let unknown = Reading::Unknown;
        Self { installed: unknown, in_authorization_database: unknown, generate_new_key: unknown }
    }
}

/// Method of `fdescrow_planner`: what is known of the Mac now. One look is good for one step.
///
/// `seen_json`, each `yes`, `no` or left out: `enabled` (FileVault is on), `escrow_profile` (a profile with FDERecoveryKeyEscrow is installed), `escrow_buddy` with
/// `installed`, `in_authorization_database`, `generate_new_key`; `last_login` (RFC 3339); `authorized` and `key_at_hand`, true if something that may change the
/// key, and the present key to be tried, is at hand.
/// `envelope`: the newest sealed key that came from the Mac: /var/db/FileVaultPRK.dat, FDE_PersonalRecoveryKeyCMS, or the reply to
/// RotateFileVaultKey; empty: none.
/// Errors: `REQUEST_SYNTAX`; `ENVELOPE_…` if it is no envelope.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_filevault_look(
    planner: Option<&mut fdescrow_planner>,
    seen_json: fdescrow_str,
    envelope: fdescrow_bytes,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let filevault = filevault_of_mut(planner)?;
        let Seen { enabled, escrow_profile, escrow_buddy, last_login, authorized, key_at_hand } = request(seen_json)?;
        let bytes = Some(envelope.read()?).filter(|bytes| !bytes.is_empty());
        let envelope = bytes.map(|bytes| Envelope::parse(bytes, &Limits::default())).transpose()?;
        let mut seen = Observation::new(Timestamp::from_unix_seconds(now)?);
        (seen.enabled, seen.escrow_profile) = (enabled, escrow_profile);
        let mut buddy = EscrowBuddy::unknown();
        buddy.installed = escrow_buddy.installed;
        buddy.in_authorization_database = escrow_buddy.in_authorization_database;
        buddy.generate_new_key = escrow_buddy.generate_new_key;
        seen.escrow_buddy = buddy;
        seen.envelope = envelope.as_ref().map(Envelope::digest);
        (seen.last_login, seen.authorized, seen.key_at_hand) = (last_login, authorized, key_at_hand);
        (filevault.seen, filevault.step, filevault.begun) = (Some((seen, envelope)), None, false);
        Ok(())
    })
}

/// Method of `fdescrow_planner`: the step begins. Write the state down before it is run: what must not be repeated is not, even if nobody learns
/// how it ended. FDESCROW_STEP_ASK and FDESCROW_STEP_ESCROW need not begin.
///
/// Errors: `MISUSE` without a step.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_filevault_begin(
    planner: Option<&mut fdescrow_planner>,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let (filevault, now) = (filevault_of_mut(planner)?, Timestamp::from_unix_seconds(now)?);
        let step = filevault.step.as_ref().ok_or_else(|| Failure::misuse(NO_STEP))?;
        filevault.core.begin(step, now);
        filevault.begun = true;
        Ok(())
    })
}

/// Method of `fdescrow_planner`: the command of a step that was begun. What fdesetup prints may hold a key: it is never written anywhere.
///
/// `user`: whose password it is; empty for a recovery key. `secret`: that password or key, where the step is FDESCROW_STEP_CHANGE_RECOVERY or
/// FDESCROW_STEP_VALIDATE_RECOVERY; NULL otherwise.
/// `arguments_out` receives the program and its arguments, each ended by a NUL: nothing of it is secret. `input_out` receives what is written to its
/// standard input, which is then closed: a property list, or nothing.
/// Errors: `NULL_POINTER` if the secret is missing; `MISUSE` if the step is no command, or was not begun.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_filevault_command(
    planner: Option<&fdescrow_planner>,
    user: fdescrow_str,
    secret: Option<&fdescrow_secret>,
    arguments_out: Output<'_, fdescrow_buffer>,
    input_out: Output<'_, fdescrow_secret>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce_two(arguments_out, input_out, error_out, || {
        let filevault = filevault_of(planner)?;
        let command = filevault.step.as_ref().and_then(Step::command);
        let command = command.ok_or_else(|| Failure::misuse(OTHER_STEP))?;
        if !filevault.begun {
            return Err(Failure::misuse(NOT_BEGUN));
        }
        let input = match (command.reads_secret, borrow_some(secret)?) {
            (false, _) => Secret::from_vec(Vec::new()),
            (true, None) => return Err(Failure::NULL),
            (true, Some(secret)) => command.input(user.read_some()?, &text_of(secret)?),
        };
        Ok((arguments(std::iter::once(command.program).chain(command.arguments.iter().copied()))?, input))
    })
}

/// Method of `fdescrow_planner`: whether `fdesetup validaterecovery` said that the key is the present one.
///
/// Errors: `MISUSE` if the step is not FDESCROW_STEP_VALIDATE_RECOVERY, begun.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_filevault_attested(
    planner: Option<&mut fdescrow_planner>,
    is_present: bool,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let (filevault, now) = (filevault_of_mut(planner)?, Timestamp::from_unix_seconds(now)?);
        match filevault.step {
            Some(Step::ValidateRecovery) => filevault.report(Outcome::Attested(is_present), now),
            _ => Err(Failure::misuse(OTHER_STEP)),
        }
    })
}

/// Method of `fdescrow_planner`: what the Mac replied to RotateFileVaultKey, however late: `acknowledged`, `error` or `not_now`.
///
/// Errors: `MISUSE` for another word.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_filevault_reply(
    planner: Option<&mut fdescrow_planner>,
    reply: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let (filevault, now) = (filevault_of_mut(planner)?, Timestamp::from_unix_seconds(now)?);
        let reply: Reply = serde_json::from_value(reply.read()?.into())
            .map_err(|_| Failure::misuse("there is no such reply: acknowledged, error and not_now are known"))?;
        filevault.core.reply(reply, now);
        Ok(())
    })
}
