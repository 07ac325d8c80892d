//! How does a key come into the store by hand?

use std::path::PathBuf;

use clap::Args;
use fdescrow::{
    Actor, DeviceId, Kind, ProtectorId, VolumeId,
    escrow::{Receipt, ReceiptStatus, Upload},
};

use super::{seal::recipient, store::StoreArguments};
use crate::{
    exit::{Exit, Failure},
    input,
    world::World,
};

#[derive(Args, Debug)]
#[command(after_help = "Exit status 1 if the key was quarantined: another device had sent it before.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// The device whose key it is
    #[arg(long, value_name = "D")]
    device: DeviceId,
    /// The kind of key
    #[arg(long, value_name = "K", value_parser = crate::arguments::kind())]
    kind: Kind,
    /// The volume that it opens; the boot volume where none is named
    #[arg(long, value_name = "V")]
    volume: Option<VolumeId>,
    /// The protector that it is
    #[arg(long, value_name = "P")]
    protector: Option<ProtectorId>,
    /// Who sends it, for the audit
    #[arg(long, value_name = "ACTOR")]
    by: Actor,
    /// What comes is a key in clear; it is sealed to --to before anything is stored
    #[arg(long, requires = "to")]
    plaintext: bool,
    /// The certificate to seal a key in clear to
    #[arg(long, value_name = "CERT", requires = "plaintext")]
    to: Option<PathBuf>,
    /// The sealed message, or with --plaintext the key; standard input where there is none
    file: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let now = world.now()?;
    let to = arguments.to.as_ref().map(|file| recipient(file, now, world)).transpose()?;
    let escrow = arguments.store.escrow_or_new(to.into_iter().collect(), world)?;
    let (device, kind, file) = (arguments.device.clone(), arguments.kind, arguments.file.as_deref());
    let mut upload = if arguments.plaintext {
        Upload::plaintext(device, kind, input::read_key(file)?)
    } else {
        Upload::sealed(device, kind, input::read(file)?.to_vec())
    };
    if let Some(volume) = &arguments.volume {
        upload = upload.volume(volume.clone());
    }
    if let Some(protector) = &arguments.protector {
        upload = upload.protector(protector.clone());
    }
    let receipt = escrow.receive(upload.by(&arguments.by), now)?;
    world.output.answer(&receipt, words(&receipt))?;
    Ok(if receipt.status == ReceiptStatus::Quarantined { Exit::No } else { Exit::Yes })
}

/// A receipt in one line.
pub(crate) fn words(receipt: &Receipt) -> String {
    let seen = if receipt.sightings > 1 { format!(", received {} times", receipt.sightings) } else { String::new() };
    format!("{}: key {}{seen}", receipt.status.as_str(), receipt.key)
}
