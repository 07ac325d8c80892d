//! What is an agent on Linux to make true?

use std::path::{Path, PathBuf};

use clap::Args;
use fdescrow::profile::LuksPlan;
use serde::Serialize;

use super::{PolicyArguments, deliver};
use crate::{
    commands::seal::recipient,
    exit::{Exit, Failure},
    world::World,
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    policy: PolicyArguments,
    /// The certificates that new keys are sealed to, all of them
    #[arg(long, value_name = "F", required = true)]
    certificate: Vec<PathBuf>,
    /// The file to write; standard output where there is none
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Rendered<'a> {
    /// The plan, where no file was named for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a LuksPlan>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<&'a Path>,
}

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let now = world.now()?;
    let policy = arguments.policy.read()?;
    let organization = arguments.policy.organization(&policy)?;
    let luks = policy.luks().ok_or_else(|| arguments.policy.lacks("luks", &["[luks]"]))?;
    let certificates =
        arguments.certificate.iter().map(|file| recipient(file, now, world)).collect::<Result<Vec<_>, _>>()?;
    let plan = LuksPlan::new(luks, &certificates, organization)?;
    let out = arguments.out.as_deref();
    let document = Rendered { plan: out.is_none().then_some(&plan), out };
    deliver(out, plan.to_json()?.as_bytes(), &document, world)
}
