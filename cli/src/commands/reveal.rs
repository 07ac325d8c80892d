//! How does a person get a key?

use std::path::{Path, PathBuf};

use clap::Args;
use fdescrow::{
    DeviceId, KeyId, Kind, ProtectorId, VolumeId,
    envelope::{Certificate, Keyring},
    escrow::{self, Candidate, Escrow, Reveal},
    ids::Person,
    policy::Level,
    recovery::RecoveryId,
    verification::Place,
};
use serde::Serialize;

use super::{
    report::level_words,
    store::{Reasoned, StoreArguments},
};
use crate::{
    exit::{Exit, Failure},
    files::{self, Readers},
    identities::IdentityArguments,
    input,
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
    #[command(flatten)]
    wanted: Wanted,
    /// The request that was approved
    #[arg(long, value_name = "ID")]
    recovery: Option<RecoveryId>,
    /// Seals the key to this certificate instead of showing it; the message is written to --out
    #[arg(long, value_name = "CERT", requires = "out")]
    to: Option<PathBuf>,
    /// The file for the sealed key
    #[arg(long, value_name = "F", requires = "to")]
    out: Option<PathBuf>,
}

/// Who wants which key.
#[derive(Args, Debug)]
pub(crate) struct Wanted {
    /// The device
    #[arg(long, value_name = "D")]
    pub(crate) device: DeviceId,
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
    person: PersonArguments,
    /// The ticket that it belongs to
    #[arg(long, value_name = "TEXT")]
    ticket: Option<String>,
    /// In an emergency: nobody is asked, if the policy knows such a thing, and the key is replaced afterwards
    #[arg(long)]
    break_glass: bool,
    #[command(flatten)]
    reasoned: Reasoned,
}

/// Who somebody is, by what never changes of them.
#[derive(Args, Debug)]
pub(crate) struct PersonArguments {
    /// Who vouches for the person, for rules about several people
    #[arg(long, value_name = "ISSUER", requires = "subject")]
    issuer: Option<String>,
    /// The identifier that the person has there: an object id or `sub`, not a display name
    #[arg(long, value_name = "SUBJECT", requires = "issuer")]
    subject: Option<String>,
}

impl PersonArguments {
    pub(crate) fn person(&self) -> Result<Option<Person>, Failure> {
        let Some((issuer, subject)) = self.issuer.as_ref().zip(self.subject.as_ref()) else { return Ok(None) };
        Ok(Some(Person::new(issuer.as_str(), subject.as_str()).map_err(escrow::Error::from)?))
    }
}

impl Wanted {
    pub(crate) fn reveal(&self) -> Result<Reveal, Failure> {
        let mut reveal = Reveal::of(&self.device).by(&self.reasoned.by).reason(&self.reasoned.reason);
        if let Some(kind) = self.kind {
            reveal = reveal.kind(kind);
        }
        if let Some(volume) = &self.volume {
            reveal = reveal.volume(volume.clone());
        }
        if let Some(protector) = &self.protector {
            reveal = reveal.protector(protector.clone());
        }
        if let Some(key) = self.key {
            reveal = reveal.key(key);
        }
        if let Some(person) = self.person.person()? {
            reveal = reveal.person(person);
        }
        if let Some(ticket) = &self.ticket {
            reveal = reveal.ticket(ticket.as_str());
        }
        Ok(if self.break_glass { reveal.break_glass() } else { reveal })
    }
}

#[derive(Serialize)]
struct SealedTo<'a> {
    out: &'a Path,
    id: KeyId,
    #[serde(flatten)]
    place: &'a Place,
    level: Level,
    recovery: String,
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
    let mut reveal = arguments.wanted.reveal()?;
    if let Some(recovery) = arguments.recovery {
        reveal = reveal.under(recovery);
    }
    if let Some((to, out)) = arguments.to.as_deref().zip(arguments.out.as_deref()) {
        return seal_to(reveal, (to, out), &identities.keyring, &escrow, world);
    }
    let revealed = escrow
        .reveal(reveal, &identities.keyring, world.now()?)
        .map_err(|error| explain(error, &escrow, &arguments.wanted.device))?;
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
        world.output.note(format_args!("{}; {}", Visible(&revealed.place), level_words(revealed.level)));
        for candidate in &revealed.candidates {
            let mark = if candidate.key == revealed.id { "this one" } else { "there is also" };
            world.output.note(format_args!("{mark}: {candidate}"));
        }
    }
    world.output.deliver(&document, revealed.expose())?;
    Ok(Exit::Yes)
}

/// Hands the key out sealed to somebody's certificate.
fn seal_to(
    reveal: Reveal,
    (to, out): (&Path, &Path),
    keyring: &Keyring,
    escrow: &Escrow,
    world: &World<'_>,
) -> Result<Exit, Failure> {
    files::must_be_new(out)?;
    let certificate =
        Certificate::parse(&input::read(Some(to))?).map_err(|error| Failure::from(error).about(to.display()))?;
    let revealed = escrow.reveal_to(reveal, &certificate, keyring, world.now()?)?;
    files::create(out, revealed.envelope.der(), Readers::Owner)?;
    let recovery = revealed.recovery.to_string();
    let document = SealedTo { out, id: revealed.id, place: &revealed.place, level: revealed.level, recovery };
    let text = format_args!("{}, sealed to {}", Visible(&revealed.place), certificate.fingerprint());
    world.output.answer(&document, text)?;
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
