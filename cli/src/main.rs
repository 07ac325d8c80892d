//! fdescrow at a terminal: what does an operator, or somebody who breaks the glass, type?
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
    io::Write,
    process::ExitCode,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use fdescrow::{ErrorCode, Timestamp};
use fdescrow_identities::SystemRandomness;

use crate::{arguments::Arguments, exit::Failure, output::Output, world::World};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        // The message of a panic may quote what was at hand, and that may be a key.
        let place = panic.location().map_or_else(String::new, |place| format!(" ({}:{})", place.file(), place.line()));
        let _ = writeln!(std::io::stderr(), "fdescrow: internal error{place}; please report it");
    }));
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return arguments::refuse(&error),
    };
    let output = Output::new(arguments.json);
    let world = World::new(clock, Arc::new(SystemRandomness::new()), &output);
    // A panic is a bug of ours; what the exit codes promise about the world does not hold then.
    let result =
        arguments::refuse_keys(std::env::args_os().skip(1)).and_then(|()| commands::run(arguments.command, &world));
    let exit = match &result {
        Ok(exit) => *exit,
        Err(failure) => failure.exit,
    };
    output.finish(result.as_ref().err());
    exit.into()
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
