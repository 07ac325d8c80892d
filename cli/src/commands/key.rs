//! Is this a recovery key, and what does one look like?

use clap::{Args, Subcommand};
use fdescrow::{ErrorCode, Kind, RecoveryKey};
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    input,
    world::World,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a random key and prints it
    #[command(
        after_help = "Keys of the kinds filevault and snapd are made by the device alone: what is printed is an \
                            example of the form. The others can be given to a device."
    )]
    New(Of),
    /// Checks a key that is read from standard input, as people type it; says which group is wrong, never which text
    #[command(
        after_help = "Exit status 1 if what was read is no key of this kind, whatever else it is: empty, too long, no text. 2 \
                            is for what was typed behind the command, or if nothing could be read."
    )]
    Check(Of),
}

#[derive(Args, Debug)]
pub(crate) struct Of {
    /// The kind of key
    #[arg(long, value_name = "K", value_parser = crate::arguments::kind())]
    kind: Kind,
}

/// A key as `--json` shows it.
#[derive(Serialize)]
struct New<'a> {
    kind: Kind,
    key: &'a str,
    set_by_device_only: bool,
}

#[derive(Serialize)]
struct Checked {
    kind: Kind,
    valid: bool,
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    match command {
        Command::New(Of { kind }) => {
            let key = RecoveryKey::generate(kind, world.randomness())?;
            let set_by_device_only = kind.set_by_device_only();
            if set_by_device_only {
                world
                    .output
                    .note(format_args!("only the device itself can set a {}: this is an example", kind.description()));
            }
            world.output.deliver(&New { kind, key: key.expose(), set_by_device_only }, key.expose())?;
        }
        Command::Check(Of { kind }) => {
            let parse = |text| RecoveryKey::parse_typed(kind, &text).map_err(Failure::from);
            input::read_key(None).and_then(parse).map_err(|failure| failure.no_if(ErrorCode::KeyFormat))?;
            let text = format_args!("ok: a well-formed {}", kind.description());
            world.output.answer(&Checked { kind, valid: true }, text)?;
        }
    }
    Ok(Exit::Yes)
}
