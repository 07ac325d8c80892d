//! What does a policy say to BitLocker?

use std::path::{Path, PathBuf};

use clap::Args;
use fdescrow::profile::bitlocker;
use serde::Serialize;

use super::{PolicyArguments, deliver};
use crate::{
    exit::{Exit, Failure},
    world::World,
};

#[derive(Args, Debug)]
#[command(after_help = "Writes one SyncML command, Atomic: a server puts it into the SyncBody of a message. What the \
                        policy says to an agent alone is not in it.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    policy: PolicyArguments,
    /// The file to write; standard output where there is none
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,
}

/// The shortest section that can be rendered.
const BITLOCKER: &[&str] = &["[bitlocker.enforcement]", "[bitlocker.methods]"];

#[derive(Serialize)]
struct Rendered<'a> {
    nodes: Vec<Node<'a>>,
    /// The command, where no file was named for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    syncml: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<&'a Path>,
}

#[derive(Serialize)]
struct Node<'a> {
    uri: String,
    format: &'static str,
    data: &'a str,
}

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let policy = arguments.policy.read()?;
    let rendered =
        bitlocker::render(policy.bitlocker().ok_or_else(|| arguments.policy.lacks("bitlocker", BITLOCKER))?)?;
    let nodes = rendered.items().iter().map(|item| Node {
        uri: item.node.loc_uri(),
        format: item.node.format.as_str(),
        data: &item.data,
    });
    let document = Rendered {
        nodes: nodes.collect(),
        syncml: std::str::from_utf8(rendered.as_bytes()).ok().filter(|_| arguments.out.is_none()),
        out: arguments.out.as_deref(),
    };
    deliver(arguments.out.as_deref(), rendered.as_bytes(), &document, world)
}
