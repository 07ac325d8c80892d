//! Which commands are there?
//!
//! One file per family; here is the list of them, and nothing else.

mod certificate;
mod demo;
mod inspect;
mod key;
mod manual;
mod migrate;
mod open;
mod profile;
mod seal;

use clap::Subcommand;

use crate::{
    exit::{Exit, Failure},
    world::World,
};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes or shows escrow certificates
    #[command(subcommand)]
    Certificate(certificate::Command),
    /// Makes or checks recovery keys
    #[command(subcommand)]
    Key(key::Command),
    /// Seals a recovery key to certificates; the key is read from standard input
    Seal(seal::Arguments),
    /// Opens a sealed recovery key
    Open(open::Arguments),
    /// Tells what a sealed message is and who it is for, without a private key
    Inspect(inspect::Arguments),
    /// Renders, shows and checks configuration profiles
    #[command(subcommand)]
    Profile(profile::Command),
    /// Brings the tables of a store to the version of this program
    Migrate(migrate::Arguments),
    /// Writes the completions of a shell to standard output
    Completions(manual::Completions),
    /// Writes the manual pages into a folder
    Man(manual::Man),
}

/// Does what was asked.
pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    match command {
        Command::Certificate(command) => certificate::run(command, world),
        Command::Key(command) => key::run(command, world),
        Command::Seal(arguments) => seal::run(&arguments, world),
        Command::Open(arguments) => open::run(arguments, world),
        Command::Inspect(arguments) => inspect::run(arguments, world),
        Command::Profile(command) => profile::run(command, world),
        Command::Migrate(arguments) => migrate::run(&arguments, world),
        Command::Completions(arguments) => manual::completions(&arguments, world),
        Command::Man(arguments) => manual::man(&arguments, world),
    }
}
