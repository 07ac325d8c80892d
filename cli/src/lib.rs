//! fdescrow at a terminal: what does an operator, or somebody who breaks the glass, type?
//!
//! A library, so that the same command line is in other programs, too: Python's `python -m fdescrow` is [`run`].
//!
//! Each command is a few lines over the library's public API. Keys come by standard input and leave by standard
//! output, never by arguments, environment or messages; passwords come by prompt or file descriptor. The clock is
//! read here and nowhere else.
#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod exit;
mod files;
mod identities;
mod input;
mod output;
mod world;

use std::{
    ffi::OsString,
    io::Write,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use fdescrow::{ErrorCode, Timestamp};
use fdescrow_identities::SystemRandomness;

use crate::{arguments::Arguments, exit::Failure, output::Output, world::World};

/// Does what these arguments, of which the first is the program's name, say; gives the number that the program ends
/// with. For programs that do nothing else: what a panic says is kept from the terminal from then on.
pub fn run(arguments: Vec<OsString>) -> u8 {
    std::panic::set_hook(Box::new(|panic| {
        // The message of a panic may quote what was at hand, and that may be a key.
        let place = panic.location().map_or_else(String::new, |place| format!(" ({}:{})", place.file(), place.line()));
        let _ = writeln!(std::io::stderr(), "fdescrow: internal error{place}; please report it");
    }));
    let typed = match Arguments::try_parse_from(&arguments) {
        Ok(typed) => typed,
        Err(error) => return arguments::refuse(&error, &arguments) as u8,
    };
    let output = Output::new(typed.json);
    let world = World::new(clock, Arc::new(SystemRandomness::new()), &output);
    // A panic is a bug of ours; what the exit codes promise about the world does not hold then.
    let result =
        arguments::refuse_keys(arguments.into_iter().skip(1)).and_then(|()| commands::run(typed.command, &world));
    let exit = match &result {
        Ok(exit) => *exit,
        Err(failure) => failure.exit,
    };
    output.finish(result.as_ref().err());
    // In another program nobody else does.
    let _ = std::io::stdout().flush();
    exit as u8
}

/// The only place where the time is read.
fn clock() -> Result<Timestamp, Failure> {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| unset_clock())?;
    let seconds = i64::try_from(elapsed.as_secs()).map_err(|_| unset_clock())?;
    Ok(Timestamp::from_unix_seconds(seconds)?)
}

fn unset_clock() -> Failure {
    Failure::of(ErrorCode::TimeOutOfRange, "the clock of this machine is not set")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::exit::Exit;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
        assert!(clock().unwrap() > Timestamp::from_unix_seconds(1_700_000_000).unwrap());
        assert_eq!(unset_clock().exit, Exit::Usage);
    }
}
