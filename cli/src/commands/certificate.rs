//! Where does an escrow certificate come from, and what does one say?

use std::{fmt, fs, path::PathBuf};

use clap::{Args, Subcommand};
use fdescrow::{
    Timestamp,
    envelope::{Certificate, Fingerprint, NewCertificate, Validity, private_key::KeyAlgorithm},
};
use serde::Serialize;

use super::store::{Reasoned, StoreArguments};
use crate::{
    exit::{Exit, Failure},
    files::{self, Readers},
    identities::PasswordArguments,
    input::{self, Passwords},
    output::Visible,
    world::World,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes an escrow certificate and its private key
    #[command(after_help = "Neither file may exist. The key is PKCS#8 PEM, readable by its owner alone (mode 0600), \
                            encrypted only if --password-fd is given. FileVault escrow needs an RSA key.")]
    New(New),
    /// Shows what certificates say
    Show(Show),
    /// Lists the certificates that stored keys were sealed to
    List(Registered),
    /// Retires a certificate that no key in use is sealed to any more: its private key can go then
    Retire(Change),
    /// Says that a private key is in wrong hands: every key ever sealed to it is exposed until it is replaced
    Compromised(Change),
}

#[derive(Args, Debug)]
pub(crate) struct New {
    /// The subject, as RFC 4514 writes it
    #[arg(long, value_name = "CN=…")]
    subject: String,
    /// The kind of key
    #[arg(long, value_name = "A", value_parser = crate::arguments::key_algorithm())]
    algorithm: KeyAlgorithm,
    /// How long it is valid; an expired certificate silently stops FileVault escrow
    #[arg(long, value_name = "N", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// The file for the private key
    #[arg(long, value_name = "F")]
    key_out: PathBuf,
    /// The file for the certificate, PEM
    #[arg(long, value_name = "F")]
    out: PathBuf,
    #[command(flatten)]
    password: PasswordArguments,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A file with certificates, PEM or DER; standard input if it is `-`
    file: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Registered {
    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Args, Debug)]
pub(crate) struct Change {
    #[command(flatten)]
    store: StoreArguments,
    /// The certificate, by its SHA-256 fingerprint
    #[arg(long, value_name = "HEX")]
    fingerprint: Fingerprint,
    #[command(flatten)]
    reasoned: Reasoned,
}

#[derive(Serialize)]
struct RegisteredDocument {
    certificates: Vec<RegisteredOne>,
}

#[derive(Serialize)]
struct RegisteredOne {
    fingerprint: Fingerprint,
    subject: String,
    not_after: Timestamp,
    state: &'static str,
    since: Timestamp,
    live_envelopes: u64,
}

#[derive(Serialize)]
struct Changed {
    fingerprint: Fingerprint,
    state: &'static str,
    exposed: usize,
}

/// What a certificate says.
#[derive(Serialize)]
struct Shown {
    fingerprint: Fingerprint,
    subject: String,
    issuer: String,
    serial_number: String,
    subject_key_identifier: Option<String>,
    key_algorithm: String,
    key_usage: Option<String>,
    not_before: Timestamp,
    not_after: Timestamp,
    validity: &'static str,
}

#[derive(Serialize)]
struct Document {
    certificates: Vec<Shown>,
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    let now = world.now()?;
    let certificates = match command {
        Command::List(Registered { store }) => return registered(&store, world),
        Command::Retire(change) => {
            let Change { store, fingerprint, reasoned } = change;
            let escrow = store.escrow(Vec::new(), world)?;
            escrow.retire_certificate(&fingerprint, &reasoned.by, &reasoned.reason, now)?;
            let changed = Changed { fingerprint, state: "retired", exposed: 0 };
            world.output.answer(&changed, format_args!("retired: {fingerprint}"))?;
            return Ok(Exit::Yes);
        }
        Command::Compromised(change) => return compromised(&change, now, world),
        Command::New(arguments) => vec![new(&arguments, now, world)?],
        Command::Show(Show { file }) => {
            let found = Certificate::parse_all(&input::read(Some(&file))?);
            found.map_err(|error| Failure::from(error).about(file.display()))?
        }
    };
    let document = Document { certificates: certificates.iter().map(|c| Shown::of(c, now)).collect() };
    world.output.answer(&document, &document)?;
    Ok(Exit::Yes)
}

fn registered(store: &StoreArguments, world: &World<'_>) -> Result<Exit, Failure> {
    let escrow = store.escrow(Vec::new(), world)?;
    let mut certificates = Vec::new();
    for record in escrow.registered_certificates()? {
        certificates.push(RegisteredOne {
            fingerprint: record.fingerprint,
            live_envelopes: escrow.live_references(&record.fingerprint)?,
            subject: record.subject,
            not_after: record.not_after,
            state: record.state.as_str(),
            since: record.since,
        });
    }
    let document = RegisteredDocument { certificates };
    world.output.answer(&document, &document)?;
    Ok(Exit::Yes)
}

fn compromised(change: &Change, now: Timestamp, world: &World<'_>) -> Result<Exit, Failure> {
    let Change { store, fingerprint, reasoned } = change;
    let escrow = store.escrow(Vec::new(), world)?;
    escrow.compromise_certificate(fingerprint, &reasoned.by, &reasoned.reason, now)?;
    let exposed =
        super::report::all_pages(world, |page| escrow.expose_keys(fingerprint, page, &reasoned.by, now))?.len();
    let changed = Changed { fingerprint: *fingerprint, state: "compromised", exposed };
    world.output.answer(&changed, format_args!("compromised: {fingerprint}; {exposed} keys are exposed"))?;
    Ok(Exit::Yes)
}

impl fmt::Display for RegisteredDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.certificates.iter().try_for_each(|certificate| {
            let RegisteredOne { fingerprint, subject, state, live_envelopes, not_after, .. } = certificate;
            writeln!(
                f,
                "{fingerprint}: {state}, {live_envelopes} envelopes in use, until {not_after}, {}",
                Visible(subject)
            )
        })
    }
}

fn new(arguments: &New, now: Timestamp, world: &World<'_>) -> Result<Certificate, Failure> {
    files::must_be_new(&arguments.key_out)?;
    files::must_be_new(&arguments.out)?;
    let password = Passwords::new(arguments.password.password_fd).descriptor_line()?;
    let not_after = now.saturating_add(i64::from(arguments.days) * 86_400);
    let description = NewCertificate::new(&arguments.subject, arguments.algorithm, now, not_after)?;
    let (certificate, key) = description.generate(world.randomness())?;
    let pem = match password {
        Some(password) => key.to_encrypted_pkcs8_pem(&password, world.randomness())?,
        None => key.to_pkcs8_pem(),
    };
    // The key first: a certificate whose key was lost must never be there to be used.
    files::create(&arguments.key_out, pem.expose().as_bytes(), Readers::Owner)?;
    if let Err(failure) = files::create(&arguments.out, certificate.to_pem().as_bytes(), Readers::Default) {
        let _ = fs::remove_file(&arguments.key_out);
        return Err(failure);
    }
    Ok(certificate)
}

impl Shown {
    fn of(certificate: &Certificate, now: Timestamp) -> Self {
        Self {
            fingerprint: certificate.fingerprint(),
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            serial_number: hex(certificate.serial_number()),
            subject_key_identifier: certificate.subject_key_identifier().map(hex),
            key_algorithm: certificate.public_key().description(),
            key_usage: certificate.key_usage().map(|usage| usage.to_string()),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            validity: match certificate.validity(now) {
                Validity::Expired => "expired",
                Validity::NotYetValid => "not_yet_valid",
                _ => "valid",
            },
        }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, shown) in self.certificates.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            writeln!(f, "subject: {}", shown.subject)?;
            writeln!(f, "issuer: {}", shown.issuer)?;
            writeln!(f, "serial number: {}", shown.serial_number)?;
            writeln!(f, "key: {}", shown.key_algorithm)?;
            if let Some(usage) = &shown.key_usage {
                writeln!(f, "key usage: {usage}")?;
            }
            if let Some(identifier) = &shown.subject_key_identifier {
                writeln!(f, "subject key identifier: {identifier}")?;
            }
            writeln!(f, "valid from: {}", shown.not_before)?;
            let now = match shown.validity {
                "expired" => " (expired: macOS does not escrow to it)",
                "not_yet_valid" => " (not valid yet)",
                _ => "",
            };
            writeln!(f, "valid until: {}{now}", shown.not_after)?;
            writeln!(f, "fingerprint: {}", shown.fingerprint)?;
        }
        Ok(())
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
