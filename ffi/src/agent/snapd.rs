//! What is asked of snapd next, in C?

use std::collections::BTreeSet;

use fdescrow::{
    DeviceId, Digest, Kind, Organization, RecoveryKey, Secret, Timestamp,
    agent::{
        snapd::{Observation, Outcome, Planner as Core, Situation, Step},
        spool::{Entry, Spool},
    },
    envelope::Certificate,
    escrow::Receipt,
    ids::Word,
    policy::Level,
};
use fdescrow_identities::SystemRandomness;
use serde::{Deserialize, Serialize};

use super::{
    FDESCROW_STEP_ASK, FDESCROW_STEP_CALL, FDESCROW_STEP_ESCROW, FDESCROW_STEP_GENERATE, FDESCROW_STEP_NONE, NO_GOAL,
    NO_STEP, NOT_SEALED, NOT_SEEN, OTHER_DEVICE, OTHER_STEP, Planner, Plans, fdescrow_planner, snapd_of, snapd_of_mut,
    spool::level_of, state,
};
use crate::{
    boundary::{Errors, Output, boundary, document, produce, request},
    certificate::fdescrow_certificates,
    failure::{Failure, fdescrow_result},
    handle::borrow,
    key::copied,
    secret::fdescrow_secret,
    view::fdescrow_str,
};

/// A planner with what an agent holds in memory.
#[derive(Debug)]
pub struct Snapd {
    core: Core,
    to: Vec<Certificate>,
    seen: Option<Observation>,
    step: Option<Step>,
    /// The key that snapd made, and its id there.
    key: Option<(RecoveryKey, String)>,
    sealed: Option<Entry>,
}

#[derive(Serialize)]
struct Told<'a> {
    situation: Situation,
    step: &'a Option<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Goal {
    id: Word,
}

impl Snapd {
    fn report(&mut self, outcome: Outcome, now: Timestamp) -> Result<(), Failure> {
        let step = self.step.take().ok_or_else(|| Failure::misuse(NO_STEP))?;
        self.seen = None;
        Ok(self.core.report(&step, outcome, now)?)
    }
}

impl Plans for Snapd {
    fn state(&self) -> Result<String, Failure> {
        document(&self.core)
    }

    fn pursue(&mut self, goal: fdescrow_str) -> Result<(), Failure> {
        self.core.pursue(request::<Goal>(goal)?.id);
        self.step = None;
        Ok(())
    }

    fn next(&mut self, spool: &Spool) -> Result<String, Failure> {
        self.step = None;
        let seen = self.seen.as_ref().ok_or_else(|| Failure::misuse(NOT_SEEN))?;
        let (situation, step) = loop {
            let (situation, step) = self.core.next(seen).ok_or_else(|| Failure::misuse(NO_GOAL))?;
            match &step {
                Some(step @ Step::Ask { envelope, .. }) if spool.entry(envelope).is_none() => {
                    self.core.report(step, Outcome::NotInSpool, seen.at)?;
                }
                _ => break (situation, step),
            }
        };
        self.step = step;
        document(&Told { situation, step: &self.step })
    }

    fn step(&self) -> u32 {
        match &self.step {
            None => FDESCROW_STEP_NONE,
            Some(Step::Ask { .. }) => FDESCROW_STEP_ASK,
            Some(Step::Check | Step::Use { .. }) => FDESCROW_STEP_CALL,
            Some(Step::Escrow) => FDESCROW_STEP_ESCROW,
            Some(Step::Generate) => FDESCROW_STEP_GENERATE,
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
        None
    }

    fn seal(&mut self, _: Option<&Secret<str>>, now: Timestamp) -> Result<Entry, Failure> {
        let (Some(Step::Escrow), Some((key, _))) = (&self.step, &self.key) else {
            return Err(Failure::misuse(OTHER_STEP));
        };
        let to: Vec<&Certificate> = self.to.iter().collect();
        let entry = self.core.seal(copied(key)?, &to, &SystemRandomness::new(), now)?;
        self.sealed = Some(entry.clone());
        Ok(entry)
    }

    fn done(&mut self, now: Timestamp) -> Result<(), Failure> {
        let outcome = match &self.step {
            None => return Err(Failure::misuse(NO_STEP)),
            Some(Step::Escrow) => {
                Outcome::Spooled(Box::new(self.sealed.take().ok_or_else(|| Failure::misuse(NOT_SEALED))?))
            }
            Some(Step::Check) => {
                self.key = None;
                Outcome::Done
            }
            Some(Step::Use { .. }) => Outcome::Done,
            Some(_) => return Err(Failure::misuse(OTHER_STEP)),
        };
        self.report(outcome, now)
    }

    fn failed(&mut self, _: Option<i32>, now: Timestamp) -> Result<(), Failure> {
        self.sealed = None;
        if matches!(self.step, Some(Step::Use { .. } | Step::Check)) {
            // It may have had its effect, or the key does not work: another one is made.
            self.key = None;
        }
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
        self.core.level()
    }
}

/// Constructor of `fdescrow_planner`: plans for the recovery key of a Linux device that snapd encrypted with the TPM.
///
/// `state_json`: what `fdescrow_planner_state` gave in the run before; empty in the first one. `organization` and `device`: as the server knows them. `level`:
/// what verified means; empty for `envelope_opens`. `to`: the pinned certificates.
/// Errors: `ID_INVALID`, `REQUEST_SYNTAX`; `MISUSE` for another level, or if the state is of another organization, device or level.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_snapd_open(
    state_json: fdescrow_str,
    organization: fdescrow_str,
    device: fdescrow_str,
    level: fdescrow_str,
    to: Option<&fdescrow_certificates>,
    planner_out: Output<'_, fdescrow_planner>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(planner_out, error_out, || {
        let to = borrow(to)?.clone();
        let (organization, device) = (Organization::new(organization.read()?)?, DeviceId::new(device.read()?)?);
        let level = level.read_some()?.map_or(Ok(Level::EnvelopeOpens), level_of)?;
        let core = match state::<Core>(state_json)? {
            None => Core::new(organization, device, level),
            Some(core) if (core.organization(), core.device(), core.level()) == (&organization, &device, level) => core,
            Some(_) => return Err(Failure::misuse(OTHER_DEVICE)),
        };
        Ok(Planner::Snapd(Box::new(Snapd { core, to, seen: None, step: None, key: None, sealed: None })))
    })
}

/// Method of `fdescrow_planner`: looks at the slots that snapd has for recovery keys. One look is good for one step.
///
/// `slots_json`: an array of their names; empty if snapd could not be asked.
/// Errors: `REQUEST_SYNTAX`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_snapd_look(
    planner: Option<&mut fdescrow_planner>,
    slots_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let snapd = snapd_of_mut(planner)?;
        let slots: Option<BTreeSet<String>> = state(slots_json)?;
        let mut seen = Observation::new(Timestamp::from_unix_seconds(now)?);
        (seen.slots, seen.key_at_hand) = (slots, snapd.key.is_some());
        (snapd.seen, snapd.step) = (Some(seen), None);
        Ok(())
    })
}

/// Method of `fdescrow_planner`: what is sent by POST to /v2/system-volumes at /run/snapd.socket for the steps FDESCROW_STEP_CALL and
/// FDESCROW_STEP_GENERATE. It may hold the key. A change that snapd answers with is to be waited for before `fdescrow_planner_done`.
///
/// Errors: `MISUSE` if the step sends nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_snapd_body(
    planner: Option<&fdescrow_planner>,
    body_out: Output<'_, fdescrow_secret>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(body_out, error_out, || {
        let snapd = snapd_of(planner)?;
        let (key, id) = snapd.key.as_ref().map_or((None, ""), |(key, id)| (Some(key), id.as_str()));
        let body = snapd.step.as_ref().and_then(|step| step.body(id, key));
        body.ok_or_else(|| Failure::misuse(OTHER_STEP))
    })
}

/// What snapd answers. Borrowed: the key is not copied on the way.
#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    result: Made<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Made<'a> {
    recovery_key: &'a str,
    key_id: &'a str,
}

/// Method of `fdescrow_planner`: the answer of snapd to the step FDESCROW_STEP_GENERATE, whole: a JSON document whose `result` has `recovery-key` and `key-id`. The
/// key stays in memory until snapd said that it works.
///
/// Errors: `KEY_FORMAT`; `MISUSE` if the step is another, or the answer has no such members: `fdescrow_planner_failed`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_snapd_generated(
    planner: Option<&mut fdescrow_planner>,
    answer: Option<&fdescrow_secret>,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let (snapd, now) = (snapd_of_mut(planner)?, Timestamp::from_unix_seconds(now)?);
        if !matches!(snapd.step, Some(Step::Generate)) {
            return Err(Failure::misuse(OTHER_STEP));
        }
        // What is wrong with it is not said: it may be the key.
        let answer =
            std::str::from_utf8(borrow(answer)?.expose()).ok().and_then(|json| serde_json::from_str(json).ok());
        let Response { result } = answer.ok_or_else(|| Failure::misuse("the answer of snapd has no key and id"))?;
        let text = Secret::<str>::copy_from(result.recovery_key);
        let key = RecoveryKey::parse_typed(Kind::Snapd, &text)?;
        snapd.key = Some((key, result.key_id.to_owned()));
        snapd.report(Outcome::Done, now)
    })
}
