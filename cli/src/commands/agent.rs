//! What does an agent do on a device?

mod folder;
mod linux;
mod run;

use clap::Subcommand;

use crate::{
    exit::{Exit, Failure},
    world::World,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Brings the key slots of a LUKS volume to what a plan says, with cryptsetup
    Linux(linux::Arguments),
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    match command {
        Command::Linux(arguments) => linux::run(&arguments, world),
    }
}
