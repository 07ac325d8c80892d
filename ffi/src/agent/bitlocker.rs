//! What does an agent on a Windows device do next about a volume's recovery passwords, in C?

use fdescrow::{
    DeviceId, Digest, Organization, ProtectorId, Secret, Timestamp, VolumeId,
    agent::{
        bitlocker::{
            Answer, Argument, Call, Goal, Hresult, Machine, Next, Observation, Observer, Outcome, Planner as Core,
            Registry, Rules, Step,
        },
        spool::{Entry, Spool},
    },
    envelope::Certificate,
    escrow::Receipt,
    policy::Level,
    verification::Reading,
};
use fdescrow_identities::SystemRandomness;
use serde::{Deserialize, Serialize};

use super::{
    FDESCROW_STEP_ASK, FDESCROW_STEP_CALL, FDESCROW_STEP_ESCROW, FDESCROW_STEP_NONE, NO_GOAL, NO_STEP, NOT_SEALED,
    NOT_SEEN, OTHER_DEVICE, OTHER_STEP, Planner, Plans, bitlocker_of, bitlocker_of_mut, fdescrow_planner, state,
};
use crate::{
    boundary::{Errors, Output, boundary, document, produce, request},
    certificate::fdescrow_certificates,
    failure::{Failure, fdescrow_result},
    handle::borrow,
    owned::fdescrow_text,
    view::fdescrow_str,
};

/// A planner with what an agent holds in memory.
#[derive(Debug)]
pub struct BitLocker {
    core: Core,
    to: Vec<Certificate>,
    remembered: bool,
    observer: Option<Observer>,
    step: Option<Step>,
    wake_at: Option<Timestamp>,
    sealed: Option<Entry>,
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    next: &'a Next,
    standing: &'static str,
    because: &'static str,
}

impl BitLocker {
    /// What is called now: for the observation, or for the step.
    fn call(&self) -> Option<Call> {
        match (&self.observer, &self.step) {
            (Some(observer), None) => observer.next(),
            (_, Some(Step::Call(call))) => Some(call.clone()),
            (_, Some(step)) => step.read(),
            (None, None) => None,
        }
    }

    fn report(&mut self, outcome: Outcome, now: Timestamp) -> Result<(), Failure> {
        let step = self.step.take().ok_or_else(|| Failure::misuse(NO_STEP))?;
        self.observer = None;
        Ok(self.core.report(&step, outcome, now)?)
    }

    /// Learns which envelopes the spool holds for this volume.
    fn remember(&mut self, spool: &Spool) {
        for entry in spool.entries() {
            let Entry { device, place, request, .. } = entry;
            if let Some(protector) = &place.protector
                && device == self.core.device()
                && place.volume.as_ref() == self.core.volume()
            {
                self.core.remember(protector.clone(), request.clone(), entry.envelope());
            }
        }
    }
}

impl Plans for BitLocker {
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
        let observer = self.observer.clone().ok_or_else(|| Failure::misuse(NOT_SEEN))?;
        let seen: Observation = observer.finish();
        if !self.remembered {
            self.remember(spool);
            self.remembered = true;
        }
        let next = loop {
            let next = self.core.next(&seen).ok_or_else(|| Failure::misuse(NO_GOAL))?;
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
            Some(Step::Call(_)) => FDESCROW_STEP_CALL,
            Some(Step::Escrow { .. }) => FDESCROW_STEP_ESCROW,
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

    fn seal(&mut self, password: Option<&Secret<str>>, now: Timestamp) -> Result<Entry, Failure> {
        let step = self.step.as_ref().ok_or_else(|| Failure::misuse(NO_STEP))?;
        let to: Vec<&Certificate> = self.to.iter().collect();
        let entry = self.core.seal(step, password.ok_or(Failure::NULL)?, &to, &SystemRandomness::new(), now)?;
        self.sealed = Some(entry.clone());
        Ok(entry)
    }

    fn done(&mut self, now: Timestamp) -> Result<(), Failure> {
        let outcome = match &self.step {
            None => return Err(Failure::misuse(NO_STEP)),
            Some(Step::Escrow { .. }) => {
                let entry = self.sealed.take().ok_or_else(|| Failure::misuse(NOT_SEALED))?;
                Outcome::Spooled(entry.envelope())
            }
            Some(Step::Call(_)) => Outcome::Done(None),
            Some(_) => return Err(Failure::misuse(OTHER_STEP)),
        };
        self.report(outcome, now)
    }

    fn failed(&mut self, _: Option<i32>, now: Timestamp) -> Result<(), Failure> {
        self.sealed = None;
        let outcome = if self.asks().is_some() { Outcome::NoAnswer } else { Outcome::Failed(None) };
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

/// Constructor of `fdescrow_planner`: plans for a volume of a Windows computer.
///
/// `state_json`: what `fdescrow_planner_state` gave in the run before; empty in the first one: then every recovery password is read and sealed
/// again, and nothing worse. `organization` and `device`: as the server knows them. `volume`: empty for the boot volume. `rules_json`: what the policy says; empty
/// for the defaults: `level`, `before_encryption`, `encryption_method`, `encryption_type`, `boot`, `servers`, `ask_again_after`, `new_passwords`. `to`: the pinned
/// certificates, all of which can open what is sealed.
/// Errors: `ID_INVALID`, `REQUEST_SYNTAX`; `MISUSE` if the state is of another organization, device or volume.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_bitlocker_open(
    state_json: fdescrow_str,
    organization: fdescrow_str,
    device: fdescrow_str,
    volume: fdescrow_str,
    rules_json: fdescrow_str,
    to: Option<&fdescrow_certificates>,
    planner_out: Output<'_, fdescrow_planner>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(planner_out, error_out, || {
        let to = borrow(to)?.clone();
        let (organization, device) = (Organization::new(organization.read()?)?, DeviceId::new(device.read()?)?);
        let volume = volume.read_some()?.map(VolumeId::new).transpose()?;
        let rules: Rules = request(rules_json)?;
        let core = match state::<Core>(state_json)? {
            None => Core::new(organization, device, volume, rules),
            Some(core)
                if (core.organization(), core.device(), core.volume()) != (&organization, &device, volume.as_ref()) =>
            {
                return Err(Failure::misuse(OTHER_DEVICE));
            }
            Some(mut core) => {
                core.set_rules(rules);
                core
            }
        };
        Ok(Planner::BitLocker(Box::new(BitLocker {
            core,
            to,
            remembered: false,
            observer: None,
            step: None,
            wake_at: None,
            sealed: None,
        })))
    })
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Computer {
    server: Reading,
    tpm: Reading,
    system_volume: Reading,
    registry: Option<Policies>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Policies {
    os_encryption_type: Option<u32>,
    encryption_method_with_xts_os: Option<u32>,
}

impl Default for Computer {
    fn default() -> Self {
        let unknown = Reading::Unknown;
        Self { server: unknown, tpm: unknown, system_volume: unknown, registry: None }
    }
}

impl From<Computer> for Machine {
    fn from(computer: Computer) -> Self {
        let mut machine = Self::unknown();
        (machine.server, machine.tpm, machine.system_volume) = (computer.server, computer.tpm, computer.system_volume);
        machine.registry = computer.registry.map(|policies| {
            let mut registry = Registry::default();
            registry.os_encryption_type = policies.os_encryption_type;
            registry.encryption_method_with_xts_os = policies.encryption_method_with_xts_os;
            registry
        });
        machine
    }
}

/// Method of `fdescrow_planner`: begins to look at the volume: then call what `fdescrow_bitlocker_call` says and give the answers to
/// `fdescrow_bitlocker_answer`, until there is nothing more to call. One look is good for one step.
///
/// `machine_json`: what is known of the computer, each `yes`, `no` or left out: `server` (Win32_OperatingSystem.ProductType other than 1), `tpm`
/// (Win32_Tpm.IsReady), `system_volume` (Win32_EncryptableVolume.VolumeType 0); and `registry`, left out if it could not be read: `os_encryption_type` and
/// `encryption_method_with_xts_os` below HKLM\SOFTWARE\Policies\Microsoft\FVE, where they are.
/// Errors: `REQUEST_SYNTAX`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_bitlocker_look(
    planner: Option<&mut fdescrow_planner>,
    machine_json: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let bitlocker = bitlocker_of_mut(planner)?;
        let machine = request::<Computer>(machine_json)?.into();
        bitlocker.observer = Some(Observer::new(machine, Timestamp::from_unix_seconds(now)?));
        bitlocker.step = None;
        Ok(())
    })
}

#[derive(Serialize)]
struct Method {
    method: &'static str,
    inputs: Vec<Passed>,
    outputs: &'static [&'static str],
    changes: bool,
}

#[derive(Serialize)]
struct Passed {
    name: &'static str,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<serde_json::Value>,
}

impl From<&Call> for Method {
    fn from(call: &Call) -> Self {
        let inputs = call.arguments().into_iter().map(|(name, argument)| {
            let (kind, value) = match argument {
                Argument::Number(number) => ("uint32", Some(number.into())),
                Argument::Text(text) => ("string", Some(text.into())),
                Argument::Pin => ("pin", None),
                _ => ("null", None),
            };
            Passed { name, r#type: kind, value }
        });
        let method = call.method();
        Self { method: method.name, inputs: inputs.collect(), outputs: method.outputs, changes: call.changes() }
    }
}

/// Method of `fdescrow_planner`: the method of Win32_EncryptableVolume to call now: while it is looked at the volume the next one of those that
/// look; then that of the step FDESCROW_STEP_CALL, or, for FDESCROW_STEP_ESCROW, the one that reads the recovery password.
///
/// `call_out` receives JSON: `method`; `inputs`, each with `name`, `type` (`uint32`, `string`, `null`: Windows chooses, `pin`: the user is asked for it) and
/// `value`; `outputs`, the names of what comes out; `changes`, whether it changes the volume. The empty text if there is nothing to call: go on with
/// `fdescrow_planner_next`.
/// Errors: `MISUSE` for a planner of another platform.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_bitlocker_call(
    planner: Option<&fdescrow_planner>,
    call_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(call_out, error_out, || {
        let call = bitlocker_of(planner)?.call();
        call.map_or(Ok(String::new()), |call| document(&Method::from(&call)))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Returned {
    Error(Hresult),
    #[serde(untagged)]
    Answer(Answer),
}

/// Method of `fdescrow_planner`: takes what a method that looks returned.
///
/// `answer_json`: `{"number":1}`, `{"text":"…"}` or `{"texts":["…"]}`, its first output; `{"error":2150694912}` if it did not return 0. An error, or an answer of
/// another shape, is a reading that is missing: nothing follows from it.
/// Errors: `REQUEST_SYNTAX`; `MISUSE` if nothing is looked at.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_bitlocker_answer(
    planner: Option<&mut fdescrow_planner>,
    answer_json: fdescrow_str,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let bitlocker = bitlocker_of_mut(planner)?;
        let returned: Returned = request(answer_json)?;
        let observer = bitlocker.observer.as_mut().filter(|_| bitlocker.step.is_none());
        observer.ok_or_else(|| Failure::misuse(NOT_SEEN))?.answer(match returned {
            Returned::Error(code) => Err(code),
            Returned::Answer(answer) => Ok(answer),
        });
        Ok(())
    })
}

/// Method of `fdescrow_planner`: what the method of the step returned: as `fdescrow_planner_done` and `fdescrow_planner_failed`, with the number that Windows
/// gave and, where it made one, the protector (empty: none).
///
/// Errors: `ID_INVALID`; `MISUSE` without a step, or if the step FDESCROW_STEP_ESCROW read the password: seal it.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_bitlocker_returned(
    planner: Option<&mut fdescrow_planner>,
    code: u32,
    protector: fdescrow_str,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let (bitlocker, now) = (bitlocker_of_mut(planner)?, Timestamp::from_unix_seconds(now)?);
        let protector = protector.read_some()?.map(ProtectorId::new).transpose()?;
        let outcome = match (&bitlocker.step, code) {
            (Some(Step::Call(_)), 0) => Outcome::Done(protector),
            (Some(Step::Call(_) | Step::Escrow { .. }), code) if code != 0 => Outcome::Failed(Some(Hresult::new(code))),
            (None, _) => return Err(Failure::misuse(NO_STEP)),
            _ => return Err(Failure::misuse(OTHER_STEP)),
        };
        bitlocker.report(outcome, now)
    })
}
