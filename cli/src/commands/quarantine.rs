//! What is done with keys that another device had sent before?

use std::fmt;

use clap::{Args, Subcommand};
use fdescrow::{
    KeyId,
    escrow::{KeySummary, Page},
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
    /// Lists the keys that wait for a decision
    List(List),
    /// Takes a key as its device's own: it is checked like any other (the device was enrolled anew)
    Accept(Decision),
    /// Refuses a key: nothing ever opens it, and it is kept (somebody replayed another device's message)
    Reject(Decision),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Args, Debug)]
pub(crate) struct Decision {
    #[command(flatten)]
    store: StoreArguments,
    /// The key, by its id
    #[arg(long, value_name = "ID")]
    key: KeyId,
    #[command(flatten)]
    reasoned: Reasoned,
}

#[derive(Serialize)]
struct Document {
    keys: Vec<KeySummary>,
}

#[derive(Serialize)]
struct Decided {
    key: KeyId,
    decision: &'static str,
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    match command {
        Command::List(List { store }) => {
            let escrow = store.escrow(Vec::new(), world)?;
            let keys = super::report::all_pages(world, |page: &Page| escrow.quarantine(page))?;
            let document = Document { keys };
            world.output.answer(&document, &document)?;
        }
        Command::Accept(Decision { store, key, reasoned }) => {
            let escrow = store.escrow(Vec::new(), world)?;
            escrow.accept_quarantined(&key, &reasoned.by, &reasoned.reason, world.now()?)?;
            world.output.answer(&Decided { key, decision: "accepted" }, format_args!("accepted: key {key}"))?;
        }
        Command::Reject(Decision { store, key, reasoned }) => {
            let escrow = store.escrow(Vec::new(), world)?;
            escrow.reject_quarantined(&key, &reasoned.by, &reasoned.reason, world.now()?)?;
            world.output.answer(&Decided { key, decision: "rejected" }, format_args!("rejected: key {key}"))?;
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
