//! Where do completions and manual pages come from?
//!
//! From the same description that reads the arguments.

use std::{io::Cursor, path::PathBuf};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{
    arguments::Arguments,
    exit::{Exit, Failure},
    world::World,
};

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Args, Debug)]
pub(crate) struct Man {
    /// The folder to write to; it must exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(crate) fn completions(arguments: &Completions, world: &World<'_>) -> Result<Exit, Failure> {
    let mut script = Cursor::new(Vec::new());
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "fdescrow", &mut script);
    world.output.bytes(script.get_ref())?;
    Ok(Exit::Yes)
}

pub(crate) fn man(arguments: &Man, world: &World<'_>) -> Result<Exit, Failure> {
    let failure = |error| Failure::file(format!("{}: {error}", arguments.out.display()));
    clap_mangen::generate_to(Arguments::command(), &arguments.out).map_err(failure)?;
    world.output.answer(&serde_json::json!({ "out": arguments.out }), "")?;
    Ok(Exit::Yes)
}
