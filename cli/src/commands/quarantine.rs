//! What is done with keys that another device had sent before?

use std::fmt;

use clap::{Args, Subcommand};
use fdescrow::{
    KeyId,
    escrow::{Escrow, KeySummary, Page},
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
    /// Lists the keys that wait for a decision
    List(List),
    /// Takes a key as its device's own: it is checked like any other (the device was enrolled anew)
    Accept(KeyDecision),
    /// Refuses a key: nothing ever opens it, and it is kept (somebody replayed another device's message)
    Reject(KeyDecision),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Serialize)]
struct Document {
    keys: Vec<KeySummary>,
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    match command {
        Command::List(List { store }) => {
            let escrow = store.escrow(Vec::new(), world)?;
            let keys = super::report::all_pages(world, |page: &Page| escrow.quarantine(page))?;
            let document = Document { keys };
            world.output.answer(&document, &document)?;
        }
        Command::Accept(decision) => {
            let accept = |escrow: &Escrow, key: &KeyId, Reasoned { by, reason }: &Reasoned, now| {
                escrow.accept_quarantined(key, by, reason, now)
            };
            decision.carry_out("accepted", accept, world)?;
        }
        Command::Reject(decision) => {
            let reject = |escrow: &Escrow, key: &KeyId, Reasoned { by, reason }: &Reasoned, now| {
                escrow.reject_quarantined(key, by, reason, now)
            };
            decision.carry_out("rejected", reject, world)?;
        }
    }
    Ok(Exit::Yes)
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.keys.is_empty() {
            return writeln!(f, "ok: nothing waits for a decision");
        }
        self.keys.iter().try_for_each(|key| {
            write!(f, "{}: {}, received {} from {}", key.id, Visible(&key.device), key.received, Visible(&key.by))?;
            key.seen_on.as_ref().map_or(Ok(()), |other| write!(f, ", which {} had sent before", Visible(other)))?;
            writeln!(f)
        })
    }
}
