//! What is in this message?

use std::{fmt, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use fdescrow::{
    ErrorCode, Kind,
    envelope::{Envelope, EnvelopeError, Fingerprint, Limits, OpenOptions, Opened, Owner, Suite, Unavailable, canary},
};
use serde::Serialize;

use super::inspect;
use crate::{
    exit::{Exit, Failure},
    identities::{Identities, IdentityArguments, split_off_message},
    input,
    output::Visible,
    world::World,
};

#[derive(Args, Debug)]
#[command(
    after_help = "Without --suite, a message of kind filevault is opened with suite filevault, which adds what macOS \
                  writes, and every other with suite modern. `inspect` tells which suite a message needs."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    identities: IdentityArguments,
    /// The algorithms to accept
    #[arg(long, value_name = "S", value_parser = crate::arguments::suite())]
    suite: Option<Suite>,
    /// The kind of key that it should hold; prints the key alone. Needed where nothing authenticates the content
    #[arg(long, value_name = "K", value_parser = crate::arguments::kind())]
    kind: Option<Kind>,
    /// Prints the content as it is, for diagnosis
    #[arg(long)]
    raw: bool,
    /// The message, in DER, BER, base64, PEM or S/MIME; standard input where there is none
    file: Option<PathBuf>,
}

/// An opened key as `--json` shows it.
#[derive(Serialize)]
struct Document<'a> {
    kind: Kind,
    key: &'a str,
    owner: &'a Owner,
    bare: bool,
    authenticated: bool,
    identity: Identity,
}

#[derive(Serialize)]
struct Raw<'a> {
    content: &'a str,
    authenticated: bool,
    identity: Identity,
}

/// Which identity opened it: the fingerprints of its certificates.
#[derive(Serialize)]
struct Identity {
    certificates: Vec<Fingerprint>,
}

pub(crate) fn run(mut arguments: Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let file = split_off_message(&mut arguments.identities.files, arguments.file.take());
    let identities = arguments.identities.load(world)?;
    let envelope = Envelope::parse(&input::read(file.as_deref())?, &Limits::default())?;
    let suite = arguments.suite.unwrap_or_else(|| arguments.kind.map_or(Suite::Modern, Envelope::received_suite));
    let mut options = OpenOptions::new(suite);
    if let Some(kind) = arguments.kind {
        options = options.kind(kind);
    }
    if identities.unmatched {
        options = options.try_unmatched();
    }
    let failure = |error| explain(believed(error, &identities, world), &envelope, &identities);
    if arguments.raw {
        let raw = envelope.danger_open_raw(&identities.keyring, &options).map_err(failure)?;
        if !raw.authenticated {
            world.output.note("nothing authenticated this content: it may be garbage, or what somebody made of it");
        }
        if !world.output.is_json() {
            world.output.deliver_bytes(raw.content.expose())?;
            return Ok(Exit::Yes);
        }
        let content = zeroize::Zeroizing::new(STANDARD.encode(raw.content.expose()));
        let identity = identity(&identities, raw.identity);
        world.output.deliver(&Raw { content: &content, authenticated: raw.authenticated, identity }, "")?;
        return Ok(Exit::Yes);
    }
    let opened = envelope.open(&identities.keyring, &options).map_err(failure)?;
    let document = Document {
        kind: opened.payload.key.kind(),
        key: opened.payload.key.expose(),
        owner: &opened.payload.owner,
        bare: opened.payload.bare,
        authenticated: opened.authenticated,
        identity: identity(&identities, opened.identity),
    };
    match arguments.kind {
        Some(_) => world.output.deliver(&document, opened.payload.key.expose())?,
        None => world.output.deliver(&document, Words(&opened))?,
    }
    Ok(Exit::Yes)
}

fn identity(identities: &Identities, index: usize) -> Identity {
    let opened_by = identities.keyring.identities().get(index);
    let certificates = opened_by.map(|identity| identity.certificates().iter().map(|c| c.fingerprint()).collect());
    Identity { certificates: certificates.unwrap_or_default() }
}

/// A failure is believed only of identities that still open what is known to open: a broken token fails like a broken
/// message.
fn believed(error: EnvelopeError, identities: &Identities, world: &World<'_>) -> EnvelopeError {
    let mut keyring = identities.keyring.identities().iter();
    match error {
        EnvelopeError::Open if keyring.any(|one| canary::answers(one.as_ref(), world.randomness()).is_err()) => {
            Unavailable::new().into()
        }
        error => error,
    }
}

/// Why it did not open, with what can be seen of the message from outside.
fn explain(error: EnvelopeError, envelope: &Envelope, identities: &Identities) -> Failure {
    let hint = match error.code() {
        ErrorCode::EnvelopeKindNeeded => Some("give --kind K, or --raw to see it as it is".to_owned()),
        ErrorCode::EnvelopeSuite => Some("give --suite S to accept them".to_owned()),
        ErrorCode::EnvelopeNoRecipient if identities.unmatched => Some(
            "a private key has no certificate beside it: give the certificate that the message names, too".to_owned(),
        ),
        _ => None,
    };
    let seen = inspect::lines(&envelope.inspect(&identities.certificates)).collect::<Vec<_>>();
    Failure::from(error).notes(seen).notes(hint)
}

/// A key and whose it is, for people: the key on the first line.
struct Words<'a>(&'a Opened);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = &self.0.payload;
        let owner = &payload.owner;
        writeln!(f, "{}", payload.key.expose())?;
        writeln!(f, "kind: {}", payload.key.kind().description())?;
        if payload.bare {
            return writeln!(f, "owner: not named in the message");
        }
        let names = [
            ("organization", owner.organization.as_ref().map(|name| name.as_str().to_owned())),
            ("device", owner.device.as_ref().map(|name| name.as_str().to_owned())),
            ("volume", owner.volume.as_ref().map(|name| name.as_str().to_owned())),
            ("protector", owner.protector.as_ref().map(|name| name.as_str().to_owned())),
            ("key id", owner.key_id.map(|id| id.to_string())),
            ("sealed at", owner.time.map(|time| time.to_string())),
            ("resealed from", owner.origin.as_ref().map(|origin| format!("{} ({})", origin.digest, origin.suite))),
        ];
        for (what, name) in names {
            if let Some(name) = name {
                writeln!(f, "{what}: {}", Visible(name))?;
            }
        }
        let authenticated = if self.0.authenticated { "yes" } else { "no" };
        writeln!(f, "authenticated: {authenticated}")
    }
}
