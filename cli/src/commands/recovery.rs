//! Who may see which key, and what became of it?

use std::{fmt, path::PathBuf};

use clap::{Args, Subcommand};
use fdescrow::{
    Actor,
    escrow::{Escrow, RecoveryReport},
    recovery::{Outcome, RecoveryId, RecoveryState, sheet::Sheet},
};
use serde::Serialize;

use super::{
    reveal::{self, PersonArguments, Wanted},
    store::{Reasoned, StoreArguments},
};
use crate::{
    exit::{Exit, Failure},
    files::{self, Readers},
    identities::IdentityArguments,
    output::Visible,
    world::World,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Asks to see a key, where the policy asks for approvals
    Request(Request),
    /// Approves a request: exactly the key and the envelope that it names
    Approve(Approve),
    /// Denies a request, or takes one's own back
    Deny(Deny),
    /// Hands out the key, as `reveal` does
    Reveal(reveal::Arguments),
    /// Lists the requests
    List(List),
    /// Hands out the key as a sheet for a person: in groups, to be read out on the phone, with what to do
    Sheet(SheetArguments),
    /// Takes down whether a key that was handed out did its work
    Report(Report),
}

#[derive(Args, Debug)]
pub(crate) struct Request {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    wanted: Wanted,
}

#[derive(Args, Debug)]
pub(crate) struct Approve {
    #[command(flatten)]
    store: StoreArguments,
    /// The request, by its id
    #[arg(long, value_name = "ID")]
    recovery: RecoveryId,
    #[command(flatten)]
    person: PersonArguments,
    /// Who approves, for the audit
    #[arg(long, value_name = "ACTOR")]
    by: Actor,
    /// What there is to say about it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Deny {
    #[command(flatten)]
    store: StoreArguments,
    /// The request, by its id
    #[arg(long, value_name = "ID")]
    recovery: RecoveryId,
    #[command(flatten)]
    reasoned: Reasoned,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    store: StoreArguments,
    /// Only those in this state
    #[arg(long, value_name = "S")]
    state: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SheetArguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    identities: IdentityArguments,
    #[command(flatten)]
    wanted: Wanted,
    /// The request that was approved
    #[arg(long, value_name = "ID")]
    recovery: Option<RecoveryId>,
    /// How it is written
    #[arg(long, value_name = "F", value_parser = ["text", "html"], default_value = "text")]
    format: String,
    /// The file to write, readable by its owner alone; standard output without
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Report {
    #[command(flatten)]
    store: StoreArguments,
    /// The recovery, by its id
    #[arg(long, value_name = "ID")]
    recovery: RecoveryId,
    /// Whether the key did its work
    #[arg(long, value_name = "O", value_parser = ["worked", "did_not_work"])]
    outcome: String,
    /// Who says so, for the audit
    #[arg(long, value_name = "ACTOR")]
    by: Actor,
}

#[derive(Serialize)]
struct Document {
    recoveries: Vec<RecoveryReport>,
}

#[derive(Serialize)]
struct Written {
    out: PathBuf,
    recovery: RecoveryId,
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    let now = world.now()?;
    let one = |report| Document { recoveries: vec![report] };
    let document = match command {
        Command::Request(Request { store, wanted }) => {
            one(store.escrow(Vec::new(), world)?.request_recovery(&wanted.reveal()?, now)?)
        }
        Command::Approve(approve) => {
            let Approve { store, recovery, person, by, note } = approve;
            let missing = || Failure::usage("who approves is named by --issuer and --subject");
            let person = person.person()?.ok_or_else(missing)?;
            let escrow = store.escrow(Vec::new(), world)?;
            one(escrow.approve_recovery(&recovery, &person, &by, note.as_deref(), now)?)
        }
        Command::Deny(Deny { store, recovery, reasoned }) => {
            let escrow = store.escrow(Vec::new(), world)?;
            one(escrow.deny_recovery(&recovery, &reasoned.by, &reasoned.reason, now)?)
        }
        Command::Reveal(arguments) => return reveal::run(&arguments, world),
        Command::List(List { store, state }) => {
            let state = state.as_deref().map(read_state).transpose()?;
            let escrow = store.escrow(Vec::new(), world)?;
            Document { recoveries: super::report::all_pages(world, |page| escrow.recoveries(state, page, now))? }
        }
        Command::Sheet(arguments) => return sheet(&arguments, world),
        Command::Report(Report { store, recovery, outcome, by }) => {
            let outcome = if outcome == "worked" { Outcome::Worked } else { Outcome::DidNotWork };
            one(store.escrow(Vec::new(), world)?.report_recovery(&recovery, outcome, &by, now)?)
        }
    };
    world.output.answer(&document, &document)?;
    Ok(Exit::Yes)
}

fn read_state(word: &str) -> Result<RecoveryState, Failure> {
    let known = RecoveryState::ALL.iter().copied().find(|state| state.as_str() == word);
    let words = || RecoveryState::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ");
    known.ok_or_else(|| Failure::usage(format!("no such state; there are {}", words())))
}

fn sheet(arguments: &SheetArguments, world: &World<'_>) -> Result<Exit, Failure> {
    if let Some(out) = &arguments.out {
        files::must_be_new(out)?;
    }
    let identities = arguments.identities.load_certified(world)?;
    let escrow: Escrow = arguments.store.escrow(identities.certificates, world)?;
    let mut wanted = arguments.wanted.reveal()?;
    if let Some(recovery) = arguments.recovery {
        wanted = wanted.under(recovery);
    }
    let now = world.now()?;
    let revealed = escrow.reveal(wanted, &identities.keyring, now)?;
    let mut sheet = Sheet::new(revealed.key(), &revealed.place, now);
    sheet.device = fdescrow::audit::Text::new(arguments.wanted.device.as_str()).ok();
    let page = if arguments.format == "html" { sheet.to_html() } else { sheet.to_text() };
    match &arguments.out {
        Some(out) => {
            files::create(out, page.expose().as_bytes(), Readers::Owner)?;
            let written = Written { out: out.clone(), recovery: revealed.recovery };
            world.output.answer(&written, format_args!("written: {}", out.display()))?;
        }
        None => world.output.deliver_bytes(page.expose().as_bytes())?,
    }
    Ok(Exit::Yes)
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.recoveries.is_empty() {
            return writeln!(f, "ok: there is none");
        }
        self.recoveries.iter().try_for_each(|report| {
            let asked = report.course.asked();
            let (id, device) = (report.recovery, Visible(&report.device));
            write!(f, "{id}: {device}, {}, asked by {} {}", report.now, Visible(&asked.actor), asked.at)?;
            write!(f, " ({})", Visible(&asked.reason))?;
            if report.lacking > 0 {
                write!(f, ", {} approvals are lacking", report.lacking)?;
            }
            report.until.map_or(Ok(()), |until| write!(f, ", until {until}"))?;
            writeln!(f)
        })
    }
}
