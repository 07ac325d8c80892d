//! How do things stand: in all, of one device, of the keys that do not open?

mod device;

use std::fmt;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use fdescrow::{
    DeviceId,
    escrow::{self, Among, DeviceReport, Escrow, KeySummary, Page, Paged, Summary, Undecryptable},
    policy::Level,
    verification::{Reason, Status},
};
use serde::Serialize;

use self::device::DeviceStatus;
use super::store::StoreArguments;
use crate::{
    exit::{Exit, Failure},
    output::Visible,
    world::World,
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// Only this device
    #[arg(long, value_name = "D")]
    device: Option<DeviceId>,
}

#[derive(Args, Debug)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    arguments: Arguments,
    /// How the answer is written: for people, or as metrics for Prometheus
    #[arg(long, value_name = "F", value_parser = ["text", "prometheus"], default_value = "text", conflicts_with = "device")]
    format: String,
}

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("among").required(true))]
pub(crate) struct ListArguments {
    #[command(flatten)]
    store: StoreArguments,
    /// Those with this status
    #[arg(long, value_name = "S", group = "among", value_parser = words(Status::ALL, Status::as_str))]
    status: Option<Status>,
    /// Those with this reason first
    #[arg(long, value_name = "R", group = "among", value_parser = words(Reason::ALL, Reason::as_str))]
    reason: Option<Reason>,
    /// Those of this group
    #[arg(long, value_name = "G", group = "among")]
    group: Option<String>,
}

/// A level for people.
pub(crate) fn level_words(level: Level) -> &'static str {
    match level {
        Level::WellFormed => "well formed when it was sealed",
        Level::EnvelopeOpens => "its envelope opens",
        Level::ProtectorOpens => "it opens its protector",
        Level::VolumeKeyUnwrapped => "it gives the key of its volume",
        other => other.as_str(),
    }
}

/// Reads one of some words.
fn words<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(move |value| word(*value))).try_map(move |text| {
        let found = all.iter().copied().find(|value| word(*value) == text);
        found.ok_or("no such word")
    })
}

#[derive(Serialize)]
struct Listed {
    devices: Vec<DeviceReport>,
}

#[derive(Serialize)]
struct History {
    keys: Vec<KeySummary>,
}

#[derive(Serialize)]
struct Problems {
    keys: Vec<Undecryptable>,
}

pub(crate) fn list(arguments: &ListArguments, world: &World<'_>) -> Result<Exit, Failure> {
    let escrow = arguments.store.escrow(Vec::new(), world)?;
    let among = match (arguments.status, arguments.reason, &arguments.group) {
        (Some(status), ..) => Among::Status(status),
        (_, Some(reason), _) => Among::Reason(reason),
        (.., Some(group)) => Among::Group(group.clone()),
        _ => Among::All,
    };
    let now = world.now()?;
    let listed = Listed { devices: all_pages(world, |page| escrow.list(&among, page, now))? };
    world.output.answer(&listed, &listed)?;
    Ok(Exit::Yes)
}

pub(crate) fn status(arguments: &StatusArguments, world: &World<'_>) -> Result<Exit, Failure> {
    let StatusArguments { arguments, format } = arguments;
    let escrow = arguments.store.escrow(Vec::new(), world)?;
    if format == "prometheus" {
        let summary = escrow.summary(world.now()?)?;
        world.output.answer(&summary, Metrics(&summary))?;
        return Ok(Exit::Yes);
    }
    match &arguments.device {
        Some(device) => {
            let now = world.now()?;
            let status = DeviceStatus::new(escrow.device(device, now)?, escrow.rotations(device, now)?);
            world.output.answer(&status, &status)?;
        }
        None => {
            let summary = escrow.summary(world.now()?)?;
            world.output.answer(&summary, SummaryWords(&summary))?;
        }
    }
    Ok(Exit::Yes)
}

pub(crate) fn history(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let escrow = arguments.store.escrow(Vec::new(), world)?;
    let devices = match &arguments.device {
        Some(device) => vec![device.clone()],
        None => devices(&escrow, world)?,
    };
    let mut history = History { keys: Vec::new() };
    for device in devices {
        history.keys.extend(escrow.history(&device)?);
    }
    world.output.answer(&history, &history)?;
    Ok(Exit::Yes)
}

pub(crate) fn undecryptable(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let escrow = arguments.store.escrow(Vec::new(), world)?;
    let mut keys = all_pages(world, |page| escrow.undecryptable(page))?;
    if let Some(device) = &arguments.device {
        keys.retain(|key| key.device == *device);
    }
    let problems = Problems { keys };
    world.output.answer(&problems, &problems)?;
    Ok(Exit::Yes)
}

fn devices(escrow: &Escrow, world: &World<'_>) -> Result<Vec<DeviceId>, Failure> {
    let now = world.now()?;
    let reports = all_pages(world, |page| escrow.devices(page, now))?;
    Ok(reports.into_iter().map(|report| report.device).collect())
}

/// The items of all pages. What cannot be read is noted and stops nothing.
pub(crate) fn all_pages<T>(
    world: &World<'_>,
    mut fetch: impl FnMut(&Page) -> Result<Paged<T>, escrow::Error>,
) -> Result<Vec<T>, Failure> {
    let (mut items, mut unreadable) = (Vec::new(), 0);
    let mut page = Page::first().limit(1000);
    loop {
        let part = fetch(&page)?;
        unreadable += part.unreadable;
        items.extend(part.items);
        match part.next {
            Some(next) => page = page.after(next),
            None => break,
        }
    }
    if unreadable > 0 {
        world.output.note(format_args!("{unreadable} records cannot be read; `audit verify` names what was altered"));
    }
    Ok(items)
}

struct SummaryWords<'a>(&'a Summary);

impl fmt::Display for SummaryWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = self.0;
        writeln!(f, "devices: {}", summary.devices)?;
        summary.status.iter().try_for_each(|(status, count)| writeln!(f, "  {status}: {count}"))?;
        writeln!(f, "keys: {}", summary.keys)?;
        summary.problems.iter().try_for_each(|(reason, count)| writeln!(f, "  {reason}: {count}"))?;
        writeln!(f, "waiting for a decision: {}", summary.quarantined)?;
        writeln!(f, "devices with keys to be checked: {}", summary.check_due)
    }
}

/// In the text format of Prometheus. Labels are words of this library.
struct Metrics<'a>(&'a Summary);

impl fmt::Display for Metrics<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = self.0;
        let mut gauge = |name: &str, help: &str, values: &[(String, u64)]| {
            writeln!(f, "# HELP fdescrow_{name} {help}\n# TYPE fdescrow_{name} gauge")?;
            values.iter().try_for_each(|(labels, value)| writeln!(f, "fdescrow_{name}{labels} {value}"))
        };
        let labelled = |label: &str, counts: &std::collections::BTreeMap<String, u64>| -> Vec<(String, u64)> {
            counts.iter().map(|(word, count)| (format!("{{{label}=\"{word}\"}}"), *count)).collect()
        };
        let plain = |value| [(String::new(), value)];
        gauge("devices", "Devices by status.", &labelled("status", &summary.status))?;
        gauge("keys", "Recovery keys.", &plain(summary.keys))?;
        gauge("key_problems", "Keys that cannot be taken for ones that work.", &labelled("reason", &summary.problems))?;
        gauge("quarantined_keys", "Keys that wait for a decision.", &plain(summary.quarantined))?;
        gauge("check_due_devices", "Devices with keys to be checked.", &plain(summary.check_due))
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.devices.iter().try_for_each(|report| {
            write!(f, "{}: {}", Visible(&report.device), report.assessment.status)?;
            report.assessment.reasons.iter().try_for_each(|reason| write!(f, ", {reason}"))?;
            writeln!(f)
        })
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.keys.iter().try_for_each(|key| {
            writeln!(f, "{}, key {}: {}", Visible(&key.device), key.id, Visible(&key.place))?;
            write!(f, "  received {} from {}", key.received, Visible(&key.by))?;
            if key.sightings > 1 {
                write!(f, ", {} times in all", key.sightings)?;
            }
            writeln!(f)?;
            match (key.level, key.last_success) {
                (Some(level), Some(at)) => writeln!(f, "  {}, opened last {at}", level_words(level))?,
                _ => writeln!(f, "  not opened yet")?,
            }
            if let Some(reason) = key.reason {
                writeln!(f, "  {}", reason.sentence())?;
            }
            if let Some(other) = &key.seen_on {
                writeln!(f, "  {} had sent it before", Visible(other))?;
            }
            writeln!(f, "  envelopes: {}", key.envelopes.len())
        })
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.keys.is_empty() {
            return writeln!(f, "ok: no key is known not to open");
        }
        self.keys.iter().try_for_each(|key| {
            writeln!(f, "{}, key {}: {}", Visible(&key.device), key.key, Visible(&key.place))?;
            writeln!(f, "  {}", key.meaning)?;
            let notes = key.inspection.iter().flat_map(|inspection| &inspection.notes);
            notes.clone().try_for_each(|note| writeln!(f, "  {note}"))?;
            writeln!(f, "  {}", key.remedy)
        })
    }
}
