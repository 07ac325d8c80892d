//! Who did what, and can that be trusted?

use std::{
    fmt,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use fdescrow::{
    DeviceId,
    audit::{Checkpoint, CheckpointLimits, Entry},
    escrow::{AuditReport, CheckpointFile, Escrow},
    store::Cursor,
};
use serde::Serialize;

use super::store::StoreArguments;
use crate::{
    exit::{Exit, Failure},
    files,
    output::Visible,
    world::World,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the entries, oldest first
    List(List),
    /// Entries of all devices after a place, one JSON document a line, and where to go on: for a SIEM
    Tail(Tail),
    /// Verifies every chain of entries
    #[command(
        after_help = "Alone, it finds accidents. Whoever can write the database and compute hashes is found only \
                            with a MAC key that is kept elsewhere (what was made up) or a checkpoint that is kept \
                            elsewhere (what is gone or was rewritten up to it). Exit status 1 if anything is found."
    )]
    Verify(Verify),
    /// Writes where every chain ends, to be kept elsewhere
    Checkpoint(WriteCheckpoint),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    store: StoreArguments,
    /// Only this device
    #[arg(long, value_name = "D")]
    device: Option<DeviceId>,
}

#[derive(Args, Debug)]
pub(crate) struct Tail {
    #[command(flatten)]
    store: StoreArguments,
    /// Where the last call ended; without, the first entry
    #[arg(long, value_name = "CURSOR", value_parser = |text: &str| Ok::<_, String>(Cursor::new(text)))]
    after: Option<Cursor>,
    /// At most so many entries
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

#[derive(Serialize)]
struct Tailed {
    entries: Vec<serde_json::Value>,
    /// For `--after` of the next call.
    next: String,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    #[command(flatten)]
    store: StoreArguments,
    /// A checkpoint that was kept elsewhere
    #[arg(long, value_name = "F")]
    checkpoint: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct WriteCheckpoint {
    #[command(flatten)]
    store: StoreArguments,
    /// The file to write
    #[arg(long, value_name = "F")]
    out: PathBuf,
    /// The checkpoint before this one, which the new one names
    #[arg(long, value_name = "F")]
    previous: Option<PathBuf>,
}

#[derive(Serialize)]
struct Entries {
    entries: Vec<serde_json::Value>,
}

/// What was found, and by what it was looked for.
#[derive(Serialize)]
struct Verified {
    #[serde(flatten)]
    report: AuditReport,
    mac_key: bool,
    checkpoint: bool,
}

#[derive(Serialize)]
struct Written<'a> {
    out: &'a Path,
    #[serde(flatten)]
    file: CheckpointFile,
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    match command {
        Command::List(arguments) => list(&arguments, world),
        Command::Tail(arguments) => tail(&arguments, world),
        Command::Verify(arguments) => verify(&arguments, world),
        Command::Checkpoint(arguments) => checkpoint(&arguments, world),
    }
}

fn list(arguments: &List, world: &World<'_>) -> Result<Exit, Failure> {
    let escrow = arguments.store.escrow(Vec::new(), world)?;
    let entries = match &arguments.device {
        Some(device) => entries_of(&escrow, device)?,
        None => all_entries(&escrow, world)?,
    };
    if world.output.is_json() {
        let entries = entries.iter().map(|entry| serde_json::from_str(&entry.to_json()).unwrap_or_default()).collect();
        world.output.answer(&Entries { entries }, "")?;
    } else {
        world.output.answer(&(), Lines(&entries))?;
    }
    Ok(Exit::Yes)
}

fn tail(arguments: &Tail, world: &World<'_>) -> Result<Exit, Failure> {
    let escrow = arguments.store.escrow(Vec::new(), world)?;
    let mut next = arguments.after.clone().unwrap_or_else(Cursor::start);
    let mut entries = Vec::new();
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    while entries.len() < limit {
        let wanted = u32::try_from(limit.saturating_sub(entries.len())).unwrap_or(u32::MAX);
        let part = escrow.events(&next, wanted)?;
        if part.unreadable > 0 {
            world.output.note(format_args!("{} entries cannot be read", part.unreadable));
        }
        let done = part.entries.is_empty() && part.unreadable == 0;
        entries.extend(part.entries.iter().map(Entry::to_json));
        next = part.next;
        if done {
            break;
        }
    }
    if world.output.is_json() {
        let entries = entries.iter().map(|entry| serde_json::from_str(entry).unwrap_or_default()).collect();
        world.output.deliver(&Tailed { entries, next: next.to_string() }, "")?;
    } else {
        world.output.deliver(&(), entries.join("\n"))?;
        world.output.note(format_args!("next: {next}"));
    }
    Ok(Exit::Yes)
}

fn entries_of(escrow: &Escrow, device: &DeviceId) -> Result<Vec<Entry>, Failure> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let part = escrow.audit_of(device, entries.last().map_or(0, Entry::number), 1000)?;
        if part.is_empty() {
            return Ok(entries);
        }
        entries.extend(part);
    }
}

fn all_entries(escrow: &Escrow, world: &World<'_>) -> Result<Vec<Entry>, Failure> {
    let (mut entries, mut unreadable) = (Vec::new(), 0);
    let mut after = Cursor::start();
    loop {
        let part = escrow.events(&after, 1000)?;
        let done = part.entries.is_empty() && part.unreadable == 0;
        unreadable += part.unreadable;
        entries.extend(part.entries);
        if done {
            break;
        }
        after = part.next;
    }
    if unreadable > 0 {
        world.output.note(format_args!("{unreadable} entries cannot be read; `audit verify` names what was altered"));
    }
    Ok(entries)
}

fn verify(arguments: &Verify, world: &World<'_>) -> Result<Exit, Failure> {
    let escrow = arguments.store.escrow(Vec::new(), world)?;
    let checkpoint = arguments.checkpoint.as_deref().map(read_checkpoint).transpose()?;
    let mac_keys: Vec<_> = arguments.store.mac_key()?.into_iter().collect();
    let report = escrow.verify_audit(&mac_keys, checkpoint.as_ref())?;
    let verified = Verified { report, mac_key: !mac_keys.is_empty(), checkpoint: checkpoint.is_some() };
    world.output.answer(&verified, &verified)?;
    Ok(if verified.report.is_intact() { Exit::Yes } else { Exit::No })
}

fn checkpoint(arguments: &WriteCheckpoint, world: &World<'_>) -> Result<Exit, Failure> {
    let escrow = arguments.store.escrow(Vec::new(), world)?;
    let previous = arguments.previous.as_deref().map(read_checkpoint).transpose()?;
    let predecessor = previous.map(|checkpoint| checkpoint.digest());
    let now = world.now()?;
    let written = files::replace_with(&arguments.out, |file| {
        let mut problem = None;
        let mut write = |line: &str| match file.write_all(line.as_bytes()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                problem = Some(error);
                ControlFlow::Break(())
            }
        };
        let result = escrow.checkpoint(predecessor, now, &mut write);
        match problem {
            Some(error) => Err(Failure::file(format!("{}: {error}", arguments.out.display()))),
            None => Ok(result?),
        }
    })?;
    let document = Written { out: &arguments.out, file: written };
    let CheckpointFile { digest, chains, .. } = &document.file;
    let text = format_args!("{chains} chains, digest {digest}: keep it where the database's writers are not");
    world.output.answer(&document, text)?;
    Ok(Exit::Yes)
}

/// A checkpoint may be larger than any message: it is read without the limit of messages.
fn read_checkpoint(file: &Path) -> Result<Checkpoint, Failure> {
    let bytes = std::fs::read(file).map_err(|error| Failure::file(format!("{}: {error}", file.display())))?;
    let checkpoint = Checkpoint::parse(&bytes, &CheckpointLimits::default());
    checkpoint.map_err(|error| Failure::from(error).about(file.display()))
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.report;
        for finding in &report.findings {
            writeln!(f, "{}", Visible(finding))?;
        }
        if report.unreadable > 0 {
            writeln!(f, "{} rows cannot be read", report.unreadable)?;
        }
        let outcome = if report.is_intact() { "ok" } else { "altered" };
        writeln!(f, "{outcome}: {} chains, {} entries", report.chains, report.entries)?;
        if !self.mac_key && !self.checkpoint {
            writeln!(f, "without a MAC key or a checkpoint, only accidents are found: see `audit verify --help`")?;
        }
        Ok(())
    }
}

/// Entries, one a line.
struct Lines<'a>(&'a [Entry]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|entry| {
            let (time, subject, number) = (entry.time(), entry.subject(), entry.number());
            write!(f, "{time} {} {number} {}: {}", Visible(subject), Visible(entry.actor()), entry.action().as_str())?;
            if let Some(key) = entry.references().key {
                write!(f, ", key {key}")?;
            }
            if let Some(reason) = entry.reason() {
                write!(f, " ({})", Visible(reason))?;
            }
            writeln!(f)
        })
    }
}
