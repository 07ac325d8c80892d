//! Which keys go, and when?

use std::fmt;

use clap::{Args, Subcommand};
use fdescrow::{
    Actor, KeyId,
    escrow::{Escrow, Page, PlannedRemoval, RemovalReport},
};
use serde::Serialize;

use super::store::{KeyDecision, Reasoned, StoreArguments};
use crate::{
    exit::{Exit, Failure},
    output::Visible,
    world::World,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the keys that are to be removed, the one that is due first first
    List(List),
    /// Decides that the keys go that the policy lets go; nothing is removed yet
    Plan(Step),
    /// Keeps a key that is to be removed
    Cancel(KeyDecision),
    /// Removes the keys whose waiting period is over, unless something speaks against it now
    Remove(Step),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Args, Debug)]
pub(crate) struct Step {
    #[command(flatten)]
    store: StoreArguments,
    /// Who does it, for the audit
    #[arg(long, value_name = "ACTOR")]
    by: Actor,
}

#[derive(Serialize)]
struct Planned {
    removals: Vec<PlannedRemoval>,
}

#[derive(Serialize)]
struct Removed {
    removals: Vec<RemovalReport>,
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    let now = world.now()?;
    match command {
        Command::List(List { store }) => {
            let escrow = store.escrow(Vec::new(), world)?;
            let removals = super::report::all_pages(world, |page: &Page| escrow.removals(page))?;
            let document = Planned { removals };
            world.output.answer(&document, &document)?;
        }
        Command::Plan(Step { store, by }) => {
            let escrow = store.escrow(Vec::new(), world)?;
            let removals = super::report::all_pages(world, |page: &Page| escrow.plan_removals(page, &by, now))?;
            let document = Planned { removals };
            world.output.answer(&document, &document)?;
        }
        Command::Cancel(decision) => {
            let cancel = |escrow: &Escrow, key: &KeyId, Reasoned { by, reason }: &Reasoned, now| {
                escrow.cancel_removal(key, by, reason, now)
            };
            decision.carry_out("kept", cancel, world)?;
        }
        Command::Remove(Step { store, by }) => {
            let escrow = store.escrow(Vec::new(), world)?;
            let removals = super::report::all_pages(world, |page: &Page| escrow.remove_due(page, &by, now))?;
            let document = Removed { removals };
            world.output.answer(&document, &document)?;
        }
    }
    Ok(Exit::Yes)
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.removals.is_empty() {
            return writeln!(f, "ok: no key is to be removed");
        }
        self.removals.iter().try_for_each(|planned| {
            let (device, place, by) = (Visible(&planned.device), Visible(&planned.place), Visible(&planned.by));
            writeln!(
                f,
                "{}: {device}, {place}: from {} on, as {by} decided {}",
                planned.key, planned.due, planned.planned
            )
        })
    }
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.removals.is_empty() {
            return writeln!(f, "ok: no key was due to be removed");
        }
        self.removals.iter().try_for_each(|report| {
            let (device, place) = (Visible(&report.removal.device), Visible(&report.removal.place));
            write!(f, "{}: {device}, {place}: ", report.removal.key)?;
            match report.kept {
                Some(obstacle) => writeln!(f, "kept: {obstacle}"),
                None => writeln!(f, "removed"),
            }
        })
    }
}
