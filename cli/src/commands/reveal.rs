//! How does a person get a key?

use clap::Args;
use fdescrow::{
    DeviceId, KeyId, Kind, ProtectorId, VolumeId,
    escrow::{self, Candidate, Escrow, Reveal},
    policy::Level,
    verification::Place,
};
use serde::Serialize;

use super::store::{Reasoned, StoreArguments};
use crate::{
    exit::{Exit, Failure},
    identities::IdentityArguments,
    output::Visible,
    world::World,
};

#[derive(Args, Debug)]
#[command(
    after_help = "The key stands alone on standard output; the release is in the audit before it is printed. A device with \
                        keys in several places needs --kind, --volume, --protector or --key."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    identities: IdentityArguments,
    /// The device
    #[arg(long, value_name = "D")]
    device: DeviceId,
    /// Only a key of this kind
    #[arg(long, value_name = "K", value_parser = crate::arguments::kind())]
    kind: Option<Kind>,
    /// Only a key of this volume
    #[arg(long, value_name = "V")]
    volume: Option<VolumeId>,
    /// Only a key of this protector
    #[arg(long, value_name = "P")]
    protector: Option<ProtectorId>,
    /// Exactly this key, by its id
    #[arg(long, value_name = "ID")]
    key: Option<KeyId>,
    #[command(flatten)]
    reasoned: Reasoned,
}

#[derive(Serialize)]
struct Document<'a> {
    key: &'a str,
    id: KeyId,
    #[serde(flatten)]
    place: &'a Place,
    level: Level,
    candidates: &'a [Candidate],
    recovery: String,
}

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let identities = arguments.identities.load_certified(world)?;
    let escrow = arguments.store.escrow(identities.certificates, world)?;
    let mut reveal = Reveal::of(&arguments.device).by(&arguments.reasoned.by).reason(&arguments.reasoned.reason);
    if let Some(kind) = arguments.kind {
        reveal = reveal.kind(kind);
    }
    if let Some(volume) = &arguments.volume {
        reveal = reveal.volume(volume.clone());
    }
    if let Some(protector) = &arguments.protector {
        reveal = reveal.protector(protector.clone());
    }
    if let Some(key) = arguments.key {
        reveal = reveal.key(key);
    }
    let revealed = escrow
        .reveal(reveal, &identities.keyring, world.now()?)
        .map_err(|error| explain(error, &escrow, &arguments.device))?;
    let document = Document {
        key: revealed.expose(),
        id: revealed.id,
        place: &revealed.place,
        level: revealed.level,
        candidates: &revealed.candidates,
        recovery: revealed.recovery.to_string(),
    };
    if !world.output.is_json() {
        // The key stands alone on standard output; what there is to know about it stands beside it.
        world.output.note(format_args!("{}; {}", Visible(&revealed.place), revealed.level));
        for candidate in &revealed.candidates {
            let mark = if candidate.key == revealed.id { "this one" } else { "there is also" };
            world.output.note(format_args!("{mark}: {candidate}"));
        }
    }
    world.output.answer(&document, revealed.expose())?;
    Ok(Exit::Yes)
}

/// Why no candidate opened, as far as the store knows it.
fn explain(error: escrow::Error, escrow: &Escrow, device: &DeviceId) -> Failure {
    let escrow::Error::NotOpened { candidates } = &error else { return error.into() };
    let history = escrow.history(device).unwrap_or_default();
    let tried = history.iter().filter(|key| candidates.contains(&key.id));
    let notes: Vec<String> = tried
        .map(|key| match (key.reason, key.last_success) {
            (Some(reason), _) => format!("key {}: {} {}", key.id, reason.sentence(), reason.remedy()),
            (None, Some(at)) => format!("key {}: opened on {at}, with another identity", key.id),
            (None, None) => format!("key {}: never opened", key.id),
        })
        .collect();
    Failure::from(error).notes(notes)
}
