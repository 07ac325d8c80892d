//! How is a key sealed by hand?

use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::{Args, ValueEnum};
use fdescrow::{
    DeviceId, Digest, Kind, Organization, ProtectorId, RecoveryKey, Timestamp, VolumeId,
    envelope::{Certificate, Envelope, Fingerprint, Format, Owner, Payload, Validity},
};
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    files, input,
    world::World,
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The kind of key
    #[arg(long, value_name = "K", value_parser = crate::arguments::kind())]
    kind: Kind,
    /// The certificates to seal to, one in each file
    #[arg(long, value_name = "CERT", num_args = 1.., required = true)]
    to: Vec<PathBuf>,
    /// The organization whose key it is
    #[arg(long, value_name = "O", default_value = "default")]
    organization: Organization,
    /// The device whose key it is
    #[arg(long, value_name = "D")]
    device: Option<DeviceId>,
    /// The volume that it opens
    #[arg(long, value_name = "V")]
    volume: Option<VolumeId>,
    /// The protector that it is
    #[arg(long, value_name = "P")]
    protector: Option<ProtectorId>,
    /// The form of the message
    #[arg(long, value_enum, default_value_t = Form::Auth)]
    format: Form,
    /// Seals the text of the key alone, for tools that expect nothing else; nothing then tells whose it is
    #[arg(long, conflicts_with_all = ["device", "volume", "protector"])]
    bare: bool,
    /// The file to write; standard output where there is none
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// AuthEnvelopedData with AES-256-GCM: OpenSSL 3.0 and newer open it
    Auth,
    /// EnvelopedData with AES-256-CBC, for LibreSSL and OpenSSL 1.1: not authenticated, opens with suite legacy only
    Enveloped,
}

/// What was sealed, as `--json` shows it.
#[derive(Serialize)]
struct Document<'a> {
    kind: Kind,
    digest: Digest,
    recipients: Vec<Fingerprint>,
    /// The message in base64, where no file was named for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    envelope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<&'a Path>,
}

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let now = world.now()?;
    let to = arguments.to.iter().map(|file| recipient(file, now, world)).collect::<Result<Vec<_>, _>>()?;
    let key = RecoveryKey::parse_typed(arguments.kind, &input::read_key(None)?)?;
    let payload = if arguments.bare { Payload::bare(key) } else { Payload::new(key, arguments.owner(now)) };
    let format = match arguments.format {
        Form::Auth => Format::Auth,
        Form::Enveloped => Format::Enveloped,
    };
    let envelope = Envelope::seal(&payload, &to.iter().collect::<Vec<_>>(), format, world.randomness())?;
    if arguments.format == Form::Enveloped {
        world.output.note("nothing authenticates a message of this form: whoever can change it can change the key");
    }
    if let Some(out) = &arguments.out {
        files::replace(out, envelope.der())?;
    }
    if world.output.is_json() {
        let document = Document {
            kind: arguments.kind,
            digest: envelope.digest(),
            recipients: to.iter().map(Certificate::fingerprint).collect(),
            envelope: arguments.out.is_none().then(|| STANDARD.encode(envelope.der())),
            out: arguments.out.as_deref(),
        };
        world.output.deliver(&document, "")?;
    } else if arguments.out.is_none() {
        world.output.binary(envelope.der())?;
    }
    Ok(Exit::Yes)
}

impl Arguments {
    fn owner(&self, now: Timestamp) -> Owner {
        let owner = Owner::new().organization(self.organization.clone()).time(now);
        let owner = owner.volume(self.volume.clone()).protector(self.protector.clone());
        match &self.device {
            Some(device) => owner.device(device.clone()),
            None => owner,
        }
    }
}

/// The one certificate of a file. Of several, nobody could say whether all of them are meant.
pub(crate) fn recipient(file: &Path, now: Timestamp, world: &World<'_>) -> Result<Certificate, Failure> {
    let found = Certificate::parse_all(&input::read(Some(file))?);
    let mut found = found.map_err(|error| Failure::from(error).about(file.display()))?;
    let several = || Failure::usage(format!("{}: has several certificates; give one in each file", file.display()));
    let certificate = found.pop().filter(|_| found.is_empty()).ok_or_else(several)?;
    match certificate.validity(now) {
        Validity::Expired => world.output.note(format_args!(
            "{}: the certificate expired on {}; macOS does not escrow to it",
            file.display(),
            certificate.not_after()
        )),
        Validity::NotYetValid => world.output.note(format_args!(
            "{}: the certificate is valid only from {}",
            file.display(),
            certificate.not_before()
        )),
        _ => {}
    }
    Ok(certificate)
}
