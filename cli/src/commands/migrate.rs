//! How do the tables of a store come to the version of this program?

use clap::Args;
use fdescrow_stores::Migration;
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    world::World,
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The store: sqlite:PATH
    #[arg(long, value_name = "URL")]
    store: String,
    /// Tells the statements and runs none
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Document {
    statements: Vec<String>,
    applied: bool,
}

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let migration = if arguments.dry_run { Migration::Plan } else { Migration::Apply };
    let statements = fdescrow_stores::migrate(&arguments.store, migration)?;
    let text = if statements.is_empty() { "ok: nothing to do".to_owned() } else { statements.join(";\n") };
    world.output.answer(&Document { applied: !arguments.dry_run && !statements.is_empty(), statements }, text)?;
    Ok(Exit::Yes)
}
