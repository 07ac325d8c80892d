//! Which keys are being replaced, and how does that go on?

use std::fmt;

use clap::{Args, Subcommand};
use fdescrow::{
    Actor, DeviceId, Timestamp,
    escrow::RotationReport,
    ids::Word,
    rotation::{NextStep, RotationEvent, RotationId},
};
use serde::Serialize;

use super::store::{Reasoned, StoreArguments};
use crate::{
    exit::{Exit, Failure},
    output::Visible,
    world::World,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Has the keys of a device replaced
    Request(Request),
    /// Lists the replacements that go on, and what is to be done for each
    List(List),
    /// Judges the devices whose time has come, which begins what the policy asks for
    Due(Due),
    /// Reports what a device or its management answered
    Report(Report),
}

#[derive(Args, Debug)]
pub(crate) struct Request {
    #[command(flatten)]
    store: StoreArguments,
    /// The device
    #[arg(long, value_name = "D")]
    device: DeviceId,
    #[command(flatten)]
    reasoned: Reasoned,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    store: StoreArguments,
    /// Only this device, and what ended last there
    #[arg(long, value_name = "D")]
    device: Option<DeviceId>,
}

#[derive(Args, Debug)]
pub(crate) struct Due {
    #[command(flatten)]
    store: StoreArguments,
    /// Who does it, for the audit
    #[arg(long, value_name = "ACTOR")]
    by: Actor,
}

#[derive(Args, Debug)]
pub(crate) struct Report {
    #[command(flatten)]
    store: StoreArguments,
    /// The device
    #[arg(long, value_name = "D")]
    device: DeviceId,
    /// The rotation, by its id
    #[arg(long, value_name = "ID")]
    rotation: RotationId,
    /// What happened
    #[arg(long, value_name = "E", value_parser = ["sent", "delivered", "deferred", "failed", "old_removed", "cancelled"])]
    event: String,
    /// The attempt that it is about
    #[arg(long, value_name = "N", default_value_t = 1)]
    attempt: u32,
    /// Why it failed, in one word
    #[arg(long, value_name = "WORD", default_value = "failed", value_parser = |word: &str| Word::new(word))]
    why: Word,
    /// Who says so, for the audit
    #[arg(long, value_name = "ACTOR")]
    by: Actor,
}

#[derive(Serialize)]
struct Document {
    rotations: Vec<RotationReport>,
}

#[derive(Serialize)]
struct Judged {
    judged: u64,
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    let now = world.now()?;
    let document = match command {
        Command::Request(Request { store, device, reasoned }) => {
            let escrow = store.escrow(Vec::new(), world)?;
            let asked = escrow.request_rotation(&device, None, &reasoned.by, &reasoned.reason, now)?;
            let mut rotations = escrow.rotations(&device, now)?;
            rotations.retain(|report| asked.contains(&report.rotation.id()));
            Document { rotations }
        }
        Command::List(List { store, device }) => {
            let escrow = store.escrow(Vec::new(), world)?;
            let rotations = match &device {
                Some(device) => escrow.rotations(device, now)?,
                None => super::report::all_pages(world, |page| escrow.all_rotations(page, now))?,
            };
            Document { rotations }
        }
        Command::Due(due) => return judge(&due, now, world),
        Command::Report(report) => {
            let escrow = report.store.escrow(Vec::new(), world)?;
            let reported =
                escrow.rotation_reported(&report.device, &report.rotation, &report.event(now), &report.by, now);
            Document { rotations: vec![reported?] }
        }
    };
    world.output.answer(&document, &document)?;
    Ok(Exit::Yes)
}

fn judge(due: &Due, now: Timestamp, world: &World<'_>) -> Result<Exit, Failure> {
    let escrow = due.store.escrow(Vec::new(), world)?;
    let mut judged = 0;
    loop {
        let report = escrow.assess_due(100, &due.by, now)?;
        judged += report.judged;
        if !report.more {
            break;
        }
    }
    world.output.answer(&Judged { judged }, format_args!("devices judged anew: {judged}"))?;
    Ok(Exit::Yes)
}

impl Report {
    fn event(&self, at: Timestamp) -> RotationEvent {
        let attempt = self.attempt;
        match self.event.as_str() {
            "sent" => RotationEvent::Sent { attempt, at },
            "delivered" => RotationEvent::Delivered { attempt, at },
            "deferred" => RotationEvent::Deferred { attempt, at },
            "old_removed" => RotationEvent::OldRetired { at },
            "cancelled" => RotationEvent::Cancelled { at },
            _ => RotationEvent::Failed { attempt, why: self.why.clone(), at },
        }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rotations.is_empty() {
            return writeln!(f, "ok: no key is being replaced");
        }
        self.rotations.iter().try_for_each(|report| {
            let rotation = &report.rotation;
            let (device, place) = (Visible(&report.device), Visible(rotation.place()));
            write!(f, "{device}, rotation {}: {place}, for {}: {}", rotation.id(), rotation.cause(), rotation.phase())?;
            if report.overdue {
                write!(f, ", overdue")?;
            }
            match report.next {
                Some(next) => writeln!(f, "; next: {}", words(next)),
                None => writeln!(f),
            }
        })
    }
}

/// What is to be done, for people.
pub(super) fn words(next: NextStep) -> String {
    match next {
        NextStep::AskSecurityInfo => "ask the Mac for SecurityInfo".to_owned(),
        NextStep::CallOperator => "look at the device".to_owned(),
        NextStep::CheckKey { key } => format!("check key {key}"),
        NextStep::RemoveOld => "have the agent remove the old protector".to_owned(),
        NextStep::RetireOld => "retire the old key".to_owned(),
        NextStep::SendRequest { attempt } => format!("send attempt {attempt}"),
        _ => "see --json".to_owned(),
    }
}
