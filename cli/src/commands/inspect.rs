//! What is this message, who is it for, and what is wrong with it?

use std::path::PathBuf;

use clap::Args;
use fdescrow::envelope::{Certificate, Envelope, Inspection, Limits};
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    identities::{read_bundles, split_off_message},
    input,
    output::Visible,
    world::World,
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Certificates that it may be sealed to, so that recipients are told by name
    #[arg(long = "certificate", value_name = "F", num_args = 1..)]
    certificates: Vec<PathBuf>,
    /// The message, in DER, BER, base64, PEM or S/MIME; standard input where there is none
    file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    inspection: &'a Inspection,
    /// The notes in words.
    explanations: Vec<&'static str>,
}

pub(crate) fn run(mut arguments: Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let file = split_off_message(&mut arguments.certificates, arguments.file.take());
    let bundles = read_bundles(&arguments.certificates, None)?;
    let known: Vec<Certificate> = bundles.into_iter().flat_map(|bundle| bundle.certificates).collect();
    let envelope = Envelope::parse(&input::read(file.as_deref())?, &Limits::default())?;
    let inspection = envelope.inspect(&known);
    let explanations = inspection.notes.iter().map(|note| note.as_str()).collect();
    world.output.answer(&Document { inspection: &inspection, explanations }, &inspection)?;
    Ok(Exit::Yes)
}

/// What can be seen of a message that did not open, a line each.
pub(crate) fn lines(inspection: &Inspection) -> impl Iterator<Item = String> {
    inspection.to_string().lines().map(|line| Visible(line).to_string()).collect::<Vec<_>>().into_iter()
}
