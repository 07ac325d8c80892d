//! Which commands are there?
//!
//! One file per family; here is the list of them, and nothing else.

mod agent;
mod audit;
mod certificate;
mod check;
mod demo;
mod device;
mod find;
mod inspect;
mod key;
mod manual;
mod migrate;
mod observe;
mod open;
mod policy;
mod profile;
mod quarantine;
mod receive;
mod recovery;
mod report;
mod retention;
mod reveal;
mod rewrap;
mod rotate;
mod seal;
mod store;

use clap::Subcommand;

use crate::{
    exit::{Exit, Failure},
    world::World,
};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Does on a device what an agent does there
    #[command(subcommand)]
    Agent(agent::Command),
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
    /// Tells what a report of a device says
    Observe(observe::Arguments),
    /// Checks, shows and explains policies
    #[command(subcommand)]
    Policy(policy::Command),
    /// Renders, shows and checks configuration profiles
    #[command(subcommand)]
    Profile(profile::Command),
    /// Takes a key into a store
    Receive(receive::Arguments),
    /// Checks that the stored keys open
    Check(check::Arguments),
    /// Tells how the organization or a device stands
    Status(report::StatusArguments),
    /// Lists devices by status, reason or group
    List(report::ListArguments),
    /// Tells what was received of a device, or of all, and what became of it
    History(report::Arguments),
    /// Tells which stored keys do not open, why, and what to do
    Undecryptable(report::Arguments),
    /// Moves a device to a group, hides it, says that it was wiped
    #[command(subcommand)]
    Device(device::Command),
    /// Finds keys by what a screen shows or a person knows
    Find(find::Arguments),
    /// Hands out a key, for a reason, with a trace in the audit
    Reveal(reveal::Arguments),
    /// Requests, approvals and sheets, where a key is handed out under rules
    #[command(subcommand)]
    Recovery(recovery::Command),
    /// Has keys replaced, and follows how that goes on
    #[command(subcommand)]
    Rotate(rotate::Command),
    /// Removes keys that were replaced long ago, in two steps
    #[command(subcommand)]
    Retention(retention::Command),
    /// Lists and decides about keys that another device had sent before
    #[command(subcommand)]
    Quarantine(quarantine::Command),
    /// Seals the stored keys to a new certificate
    Rewrap(rewrap::Arguments),
    /// Lists and verifies who did what
    #[command(subcommand)]
    Audit(audit::Command),
    /// Brings the tables of a store to the version of this program
    Migrate(migrate::Arguments),
    /// Plays the whole story in a scratch store, step by step, each one verified
    Demo(demo::Arguments),
    /// Writes the completions of a shell to standard output
    Completions(manual::Completions),
    /// Writes the manual pages into a folder
    Man(manual::Man),
}

/// Does what was asked.
pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    match command {
        Command::Agent(command) => agent::run(command, world),
        Command::Certificate(command) => certificate::run(command, world),
        Command::Key(command) => key::run(command, world),
        Command::Seal(arguments) => seal::run(&arguments, world),
        Command::Open(arguments) => open::run(arguments, world),
        Command::Inspect(arguments) => inspect::run(arguments, world),
        Command::Observe(arguments) => observe::run(&arguments, world),
        Command::Policy(command) => policy::run(command, world),
        Command::Profile(command) => profile::run(command, world),
        Command::Receive(arguments) => receive::run(&arguments, world),
        Command::Check(arguments) => check::run(&arguments, world),
        Command::Status(arguments) => report::status(&arguments, world),
        Command::List(arguments) => report::list(&arguments, world),
        Command::Device(command) => device::run(command, world),
        Command::Find(arguments) => find::run(&arguments, world),
        Command::Recovery(command) => recovery::run(command, world),
        Command::Rotate(command) => rotate::run(command, world),
        Command::History(arguments) => report::history(&arguments, world),
        Command::Undecryptable(arguments) => report::undecryptable(&arguments, world),
        Command::Reveal(arguments) => reveal::run(&arguments, world),
        Command::Retention(command) => retention::run(command, world),
        Command::Quarantine(command) => quarantine::run(command, world),
        Command::Rewrap(arguments) => rewrap::run(&arguments, world),
        Command::Audit(command) => audit::run(command, world),
        Command::Migrate(arguments) => migrate::run(&arguments, world),
        Command::Demo(arguments) => demo::run(&arguments, world),
        Command::Completions(arguments) => manual::completions(&arguments, world),
        Command::Man(arguments) => manual::man(&arguments, world),
    }
}
