//! Which cases are there?

use std::{hint::black_box, sync::Arc};

use fdescrow::{
    Digest, KeyId, Kind, Policy,
    envelope::{
        Envelope, EnvelopeError, Identity, Keyring, Limits, OpenOptions, Payload, Suite, identity::WrappedKey, seal,
    },
    policy::EscrowRules,
    profile::render,
    verification::{Binding, Event, KeyChange, NewKey, Opening, Origin, Place, State, Status, assess},
};
use fdescrow_identities::SystemRandomness;

use crate::{
    Failure, Work,
    material::{Library, Material, now, profile_input},
    private::{Answers, CLASSES, Unwrapped, algorithm},
};

/// The case of this name, made ready.
pub(crate) fn find(material: &Material, name: &str) -> Result<Work, Failure> {
    let (what, library) = match name.strip_suffix("-aws-lc") {
        #[cfg(feature = "aws-lc")]
        Some(what) => (what, Library::AwsLc),
        #[cfg(not(feature = "aws-lc"))]
        Some(_) => return Err("built without AWS-LC".into()),
        None => (name, Library::Rust),
    };
    match what {
        "open" => open(material, "filevault.der", Suite::FileVault, material.keyring("rsa", library)?),
        "open-p256" => open(material, "p256.der", Suite::Modern, material.keyring("p256", library)?),
        "private" => private(material, library),
        "open-content" => {
            let identity = Unwrapped::new(material.certificate("rsa")?, material.read("content-key-pkcs1")?);
            open(material, "filevault.der", Suite::FileVault, Keyring::new().with(Arc::new(identity)))
        }
        "open-auth-content" => {
            let identity = Unwrapped::new(material.certificate("rsa")?, material.read("content-key-oaep")?);
            open(material, "auth.der", Suite::Modern, Keyring::new().with(Arc::new(identity)))
        }
        "inspect" => inspect(material, "filevault.der"),
        "parse" => parse(material, "filevault.der"),
        "seal" => seal_rsa(material),
        "render" => render_profile(material),
        "assess" => assess_device(),
        _ => match (what.strip_prefix("parse-"), what.strip_prefix("fail-")) {
            (Some(size), _) => parse(material, &format!("large-{size}.der")),
            (_, Some(class)) => fail(material, class),
            _ => Err(format!("there is no case {name}").into()),
        },
    }
}

fn open(material: &Material, message: &str, suite: Suite, keyring: Keyring) -> Result<Work, Failure> {
    let (message, expected) = (material.read(message)?, material.text("key.txt")?);
    let (limits, options) = (Limits::default(), OpenOptions::new(suite).kind(Kind::FileVault));
    Ok(Box::new(move || {
        let opened = Envelope::parse(&message, &limits)?.open(&keyring, &options)?;
        hold(opened.payload.key.expose() == expected)
    }))
}

/// The private operation and the unpadding, as near to it as the public interface goes.
fn private(material: &Material, library: Library) -> Result<Work, Failure> {
    let identity = material.identity("rsa", library)?;
    let (wrapped, expected) = (material.read("wrapped-pkcs1")?, material.read("content-key-pkcs1")?);
    let algorithm = algorithm("pkcs1")?;
    Ok(Box::new(move || {
        let content_key = identity.unwrap(&WrappedKey::transported(&algorithm, &wrapped, expected.len()))?;
        hold(content_key.expose() == expected.as_slice())
    }))
}

/// A message that does not open, or for comparison does, as the blocks of this class say.
fn fail(material: &Material, class: &str) -> Result<Work, Failure> {
    let class = CLASSES.iter().find(|known| known.name == class).ok_or_else(|| format!("no class {class}"))?;
    let blocks = material.blocks(&format!("blocks-{}", class.name))?;
    let identity = Answers::identity(&material.certificate("rsa")?, blocks)?;
    let keyring = Keyring::new().with(Arc::new(identity));
    let message = material.read(class.message)?;
    let suite = if class.scheme == "oaep" { Suite::Modern } else { Suite::FileVault };
    let (limits, options) = (Limits::default(), OpenOptions::new(suite).kind(Kind::FileVault));
    let opens = class.name.ends_with("-right");
    Ok(Box::new(move || match Envelope::parse(&message, &limits)?.open(&keyring, &options) {
        Ok(_) => hold(opens),
        Err(EnvelopeError::Open) => hold(!opens),
        Err(error) => Err(error.into()),
    }))
}

fn inspect(material: &Material, message: &str) -> Result<Work, Failure> {
    let (message, known) = (material.read(message)?, [material.certificate("rsa")?]);
    let limits = Limits::default();
    Ok(Box::new(move || {
        let inspection = Envelope::parse(&message, &limits)?.inspect(&known);
        hold(inspection.recipients.iter().any(|recipient| !recipient.certificates.is_empty()))
    }))
}

fn parse(material: &Material, message: &str) -> Result<Work, Failure> {
    let message = material.read(message)?;
    let limits = Limits::default();
    Ok(Box::new(move || {
        black_box(Envelope::parse(&message, &limits)?);
        Ok(())
    }))
}

fn seal_rsa(material: &Material) -> Result<Work, Failure> {
    let certificate = material.certificate("rsa")?;
    let text = fdescrow::Secret::from_string(material.text("key.txt")?);
    let payload = Payload::bare(fdescrow::RecoveryKey::parse_exact(Kind::FileVault, &text)?);
    let rng = SystemRandomness::new();
    Ok(Box::new(move || hold(!seal(&payload, &[&certificate], &rng)?.der().is_empty())))
}

fn render_profile(material: &Material) -> Result<Work, Failure> {
    let (policy, certificate, organization) = profile_input(material)?;
    let expected = material.read("profile.plist")?;
    Ok(Box::new(move || hold(render(&policy, Some(&certificate), &organization)?.as_bytes() == expected)))
}

/// A Mac whose key was opened an hour ago, judged by a policy that wants one.
fn assess_device() -> Result<Work, Failure> {
    let now = now()?;
    let hour_ago = now.saturating_add(-3600);
    let (id, envelope) = (KeyId::from_bytes([1; 16]), Digest::of(b"envelope"));
    let state = State::new(hour_ago);
    let key = state.receive(NewKey::new(id, Place::new(Kind::FileVault), Origin::Sealed, envelope, hour_ago));
    let state = state.apply(&Event::KeyReceived { key: Box::new(key.clone()) })?;
    let opening = Opening::new(envelope, Digest::of(b"identity"), Binding::None, hour_ago);
    let state = state.apply(&Event::KeyChanged { key: Box::new(key), change: KeyChange::Opened(opening) })?;
    let policy = Policy::from(EscrowRules::default());
    Ok(Box::new(move || hold(assess(black_box(&state), &policy, now).status == Status::Verified)))
}

pub(crate) fn hold(it_does: bool) -> Result<(), Failure> {
    if it_does { Ok(()) } else { Err("the result is wrong".into()) }
}
