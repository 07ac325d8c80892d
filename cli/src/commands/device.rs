//! Which policy does a device follow, and which of its keys still count?

use clap::{Args, Subcommand};
use fdescrow::DeviceId;
use serde::Serialize;

use super::store::{Reasoned, StoreArguments};
use crate::{
    exit::{Exit, Failure},
    output::Visible,
    world::World,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Puts a device into the group whose policy it follows from now on
    Group(Group),
    /// Hides a device; its keys stay and can be handed out, and it comes back with its next key
    Forget(Decision),
    /// Says that a device was wiped: none of its keys so far counts as its current one, and all can be handed out
    Reinstalled(Decision),
}

#[derive(Args, Debug)]
pub(crate) struct Group {
    #[command(flatten)]
    decision: Decision,
    /// The group; without it, the organization's policy is followed
    #[arg(long, value_name = "G")]
    group: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Decision {
    #[command(flatten)]
    store: StoreArguments,
    /// The device
    #[arg(long, value_name = "D")]
    device: DeviceId,
    #[command(flatten)]
    reasoned: Reasoned,
}

#[derive(Serialize)]
struct Decided<'a> {
    device: &'a DeviceId,
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    let now = world.now()?;
    let (decision, word, group) = match &command {
        Command::Group(Group { decision, group }) => (decision, "moved", group.as_deref()),
        Command::Forget(decision) => (decision, "forgotten", None),
        Command::Reinstalled(decision) => (decision, "reinstalled", None),
    };
    let Decision { store, device, reasoned } = decision;
    let escrow = store.escrow(Vec::new(), world)?;
    match &command {
        Command::Group(_) => escrow.move_to_group(device, group, &reasoned.by, &reasoned.reason, now)?,
        Command::Forget(_) => escrow.forget_device(device, &reasoned.by, &reasoned.reason, now)?,
        Command::Reinstalled(_) => escrow.new_installation(device, &reasoned.by, &reasoned.reason, now)?,
    }
    let decided = Decided { device, decision: word, group };
    world.output.answer(&decided, format_args!("{word}: {}", Visible(device)))?;
    Ok(Exit::Yes)
}
