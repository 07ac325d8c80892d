//! What does a device receive, what does a profile ask for, and is anything wrong with it?

mod bitlocker;
mod luks;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, Subcommand};
use fdescrow::{
    Policy, Timestamp,
    envelope::{Certificate, private_key::pair},
    policy::{OrganizationDetails, PolicyDocument},
    profile::{
        self, FileVaultCertificate, Finding, KeySigner, LintContext, OpensWith, ParsedProfile, Profile, ProfileLimits,
        Severity, Signature,
    },
};
use serde::Serialize;

use super::seal::recipient;
use crate::{
    exit::{Exit, Failure},
    files,
    identities::{PasswordArguments, read_bundles},
    input,
    output::Visible,
    world::World,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Renders the FileVault profile of a policy
    Filevault(Filevault),
    /// Renders what a policy says to BitLocker, as SyncML
    Bitlocker(bitlocker::Arguments),
    /// Renders the plan of a policy for agents on Linux
    Luks(luks::Arguments),
    /// Shows what a profile asks for
    Show(Show),
    /// Tells what is wrong with the profiles that one Mac has, alone and together
    #[command(after_help = "Exit status 1 if there is a finding of severity error.")]
    Lint(Lint),
}

/// Whose policy.
#[derive(Args, Debug)]
pub(super) struct PolicyArguments {
    /// The policy, TOML or JSON
    #[arg(long, value_name = "F")]
    policy: PathBuf,
    /// The group of devices; without it, and for a group that the policy does not name: the organization's
    #[arg(long, value_name = "G")]
    group: Option<String>,
}

impl PolicyArguments {
    /// The policy of the group.
    pub(super) fn read(&self) -> Result<Arc<Policy>, Failure> {
        Ok(read_policy(&self.policy)?.policy(self.group.as_deref()))
    }

    /// Whose policy it is.
    pub(super) fn organization<'a>(&self, policy: &'a Policy) -> Result<&'a OrganizationDetails, Failure> {
        policy.organization().ok_or_else(|| self.lacks("organization", ORGANIZATION))
    }

    /// The policy has not the section that it needs; the shortest one that would do.
    pub(super) fn lacks(&self, section: &str, lines: &[&str]) -> Failure {
        let file = self.policy.display();
        let problem = format!("{file}: the policy has no section [{section}]; one is written in TOML as");
        Failure::usage(problem).notes(lines.iter().map(|line| (*line).to_owned()))
    }
}

/// Writes what was rendered to its file or to standard output; with `--json`, `document` tells of it.
fn deliver(out: Option<&Path>, bytes: &[u8], document: &impl Serialize, world: &World<'_>) -> Result<Exit, Failure> {
    if let Some(out) = out {
        files::replace(out, bytes)?;
    }
    if world.output.is_json() {
        world.output.answer(document, "")?;
    } else if out.is_none() {
        world.output.bytes(bytes)?;
    }
    Ok(Exit::Yes)
}

#[derive(Args, Debug)]
pub(crate) struct Filevault {
    #[command(flatten)]
    policy: PolicyArguments,
    /// The escrow certificate; given exactly when the policy escrows
    #[arg(long, value_name = "F")]
    certificate: Option<PathBuf>,
    /// Signs with this private key and certificate; further certificates are the chain
    #[arg(long, value_name = "F", num_args = 1..)]
    sign_with: Vec<PathBuf>,
    #[command(flatten)]
    password: PasswordArguments,
    /// The file to write; standard output where there is none
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The profile, signed or not
    file: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Lint {
    /// The profiles, signed or not
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Certificates whose private keys the organization has, so that an escrow to another one is told
    #[arg(long, value_name = "F")]
    certificate: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Rendered<'a> {
    identifier: &'a str,
    uuid: &'a str,
    signed: bool,
    /// The profile as text or, if it is signed, in base64, where no file was named for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<&'a Path>,
}

#[derive(Serialize)]
struct Shown {
    identifier: String,
    uuid: String,
    signed: bool,
    payload_types: Vec<String>,
    escrow_certificate: Option<fdescrow::envelope::Fingerprint>,
    profile: serde_json::Value,
}

#[derive(Serialize)]
struct Linted {
    findings: Vec<Finding>,
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    match command {
        Command::Filevault(arguments) => render(&arguments, world),
        Command::Bitlocker(arguments) => bitlocker::run(&arguments, world),
        Command::Luks(arguments) => luks::run(&arguments, world),
        Command::Show(Show { file }) => {
            let shown = Shown::of(&parse(&file)?);
            world.output.answer(&shown, &shown)?;
            Ok(Exit::Yes)
        }
        Command::Lint(arguments) => lint(&arguments, world),
    }
}

/// The shortest sections that can be rendered.
const ORGANIZATION: &[&str] = &["[organization]", "id = \"example.com\"", "identifier = \"com.example\""];
const FILEVAULT: &[&str] = &["[filevault.enforcement]", "[filevault.escrow]", "location = \"Example IT\""];

fn render(arguments: &Filevault, world: &World<'_>) -> Result<Exit, Failure> {
    let now = world.now()?;
    let policy = arguments.policy.read()?;
    let organization = arguments.policy.organization(&policy)?;
    let filevault = policy.filevault().ok_or_else(|| arguments.policy.lacks("filevault", FILEVAULT))?;
    let certificate = match &arguments.certificate {
        Some(file) => Some(FileVaultCertificate::new(recipient(file, now, world)?, OpensWith::Pkcs1v15, now)?),
        None => None,
    };
    let profile = profile::render(filevault, certificate.as_ref(), organization)?;
    let signed = sign(&profile, arguments, now, world)?;
    let bytes = signed.as_deref().unwrap_or_else(|| profile.as_bytes());
    if let Some(out) = &arguments.out {
        files::replace(out, bytes)?;
    }
    let document = Rendered {
        identifier: profile.identifier(),
        uuid: profile.uuid(),
        signed: signed.is_some(),
        profile: arguments.out.is_none().then(|| text_of(bytes, signed.is_some())),
        out: arguments.out.as_deref(),
    };
    match (&arguments.out, world.output.is_json()) {
        (_, true) => world.output.answer(&document, "")?,
        (None, false) if signed.is_some() => world.output.binary(bytes)?,
        (None, false) => world.output.bytes(bytes)?,
        (Some(_), false) => {}
    }
    Ok(Exit::Yes)
}

fn text_of(bytes: &[u8], signed: bool) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    if signed { STANDARD.encode(bytes) } else { String::from_utf8_lossy(bytes).into_owned() }
}

/// A policy document, TOML unless it begins like JSON.
pub(crate) fn read_policy(file: &Path) -> Result<PolicyDocument, Failure> {
    let bytes = input::read(Some(file))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::file(format!("{}: is not text", file.display())))?;
    let json = text.trim_start().starts_with('{');
    let document = if json { PolicyDocument::from_json(text) } else { PolicyDocument::from_toml(text) };
    document.map_err(|error| Failure::from(error).about(file.display()))
}

fn sign(
    profile: &Profile,
    arguments: &Filevault,
    now: Timestamp,
    world: &World<'_>,
) -> Result<Option<Vec<u8>>, Failure> {
    if arguments.sign_with.is_empty() {
        return Ok(None);
    }
    let bundles = read_bundles(&arguments.sign_with, arguments.password.password_fd)?;
    let certificates: Vec<Certificate> = bundles.iter().flat_map(|bundle| bundle.certificates.clone()).collect();
    let paired = pair(bundles)?;
    let [(key, own)] = paired.as_slice() else {
        return Err(Failure::usage(
            "--sign-with needs one private key, its certificate, and the chain if there is one",
        ));
    };
    let certificate =
        own.first().ok_or_else(|| Failure::usage("--sign-with: the certificate of the key is missing"))?;
    let chain: Vec<Certificate> = certificates.into_iter().filter(|other| other != certificate).collect();
    let signer = KeySigner::new(key, certificate.clone(), world.randomness())?;
    Ok(Some(profile::sign(profile, &signer, &chain, Some(now))?))
}

fn parse(file: &Path) -> Result<ParsedProfile, Failure> {
    let profile = profile::parse(&input::read(Some(file))?, &ProfileLimits::default());
    profile.map_err(|error| Failure::from(error).about(file.display()))
}

fn lint(arguments: &Lint, world: &World<'_>) -> Result<Exit, Failure> {
    let profiles = arguments.files.iter().map(|file| parse(file)).collect::<Result<Vec<_>, _>>()?;
    let bundles = read_bundles(&arguments.certificate, None)?;
    let known: Vec<Certificate> = bundles.into_iter().flat_map(|bundle| bundle.certificates).collect();
    let linted = Linted { findings: profile::lint(&profiles, &LintContext::new(&known, world.now()?)) };
    world.output.answer(&linted, &linted)?;
    let bad = linted.findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if bad { Exit::No } else { Exit::Yes })
}

impl Shown {
    fn of(profile: &ParsedProfile) -> Self {
        let certificate = profile.escrow_certificate().and_then(|der| Certificate::from_der(der).ok());
        Self {
            identifier: profile.identifier().to_owned(),
            uuid: profile.uuid().to_owned(),
            signed: profile.signature() != Signature::Unsigned,
            payload_types: profile.payloads().iter().map(|payload| payload.payload_type().to_owned()).collect(),
            escrow_certificate: certificate.map(|certificate| certificate.fingerprint()),
            profile: profile.to_json(),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signed = if self.signed { "yes (not verified here)" } else { "no" };
        writeln!(f, "identifier: {}", Visible(&self.identifier))?;
        writeln!(f, "uuid: {}", Visible(&self.uuid))?;
        writeln!(f, "signed: {signed}")?;
        if let Some(fingerprint) = &self.escrow_certificate {
            writeln!(f, "escrows to certificate: {fingerprint}")?;
        }
        // JSON escapes control characters itself; the others are escaped line by line.
        let text = serde_json::to_string_pretty(&self.profile).map_err(|_| fmt::Error)?;
        text.lines().try_for_each(|line| writeln!(f, "{}", Visible(line)))
    }
}

impl fmt::Display for Linted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.findings.is_empty() {
            return writeln!(f, "ok: nothing found");
        }
        self.findings.iter().try_for_each(|finding| writeln!(f, "{}", Visible(finding)))
    }
}
