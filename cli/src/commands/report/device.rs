//! How does one device stand, why, what is to be done next, and when?

use std::fmt;

use fdescrow::{
    escrow::{DeviceReport, RotationReport},
    verification::{Awaited, Reason},
};
use serde::Serialize;

use crate::{commands::rotate, output::Visible};

/// A device at a glance, with what its reasons mean and which of its keys are being replaced.
#[derive(Serialize)]
pub(super) struct DeviceStatus {
    #[serde(flatten)]
    report: DeviceReport,
    explained: Vec<Explained>,
    rotations: Vec<RotationReport>,
}

/// A reason in words, in the order of the reasons.
#[derive(Serialize)]
struct Explained {
    reason: Reason,
    meaning: &'static str,
    remedy: &'static str,
}

impl DeviceStatus {
    /// Of the rotations, those that go on are told.
    pub(super) fn new(report: DeviceReport, mut rotations: Vec<RotationReport>) -> Self {
        rotations.retain(|report| !report.rotation.phase().is_final());
        let explain =
            |reason: &Reason| Explained { reason: *reason, meaning: reason.sentence(), remedy: reason.remedy() };
        let explained = report.assessment.reasons.iter().map(explain).collect();
        Self { report, explained, rotations }
    }
}

impl fmt::Display for DeviceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, explained, rotations } = self;
        let assessment = &report.assessment;
        writeln!(f, "{}: {}", Visible(&report.device), assessment.status)?;
        for Explained { reason, meaning, remedy } in explained {
            writeln!(f, "  {reason}: {meaning}\n    next: {remedy}")?;
        }
        if explained.is_empty() {
            writeln!(f, "  next: nothing")?;
        }
        for report in rotations {
            let (rotation, place) = (&report.rotation, Visible(report.rotation.place()));
            let overdue = if report.overdue { ", overdue" } else { "" };
            let next = report.next.map_or_else(|| "wait".to_owned(), rotate::words);
            writeln!(f, "  rotation {}: {place}, {}{overdue}\n    next: {next}", rotation.id(), rotation.phase())?;
        }
        if !assessment.awaits.is_empty() {
            let awaited: Vec<&str> = assessment.awaits.iter().map(awaited).collect();
            writeln!(f, "waits for: {}", awaited.join("; "))?;
        }
        if let Some(wake_at) = assessment.wake_at {
            writeln!(f, "to be looked at again: {wake_at}")?;
        }
        if let Some(walk) = &report.walk {
            write!(f, "FileVault: {}. For its user: {}", walk.station.when(), walk.station.user_text())?;
            walk.deadline.map_or(Ok(()), |at| write!(f, " By {at}."))?;
            writeln!(f)?;
        }
        writeln!(f, "keys received: {}", report.keys)?;
        if report.quarantined > 0 {
            writeln!(f, "waiting for a decision: {}", report.quarantined)?;
        }
        report.forgotten.map_or(Ok(()), |at| writeln!(f, "hidden since {at}"))
    }
}

/// What a device waits for, for people.
fn awaited(awaited: &Awaited) -> &'static str {
    match awaited {
        Awaited::ConfigurationReported => "what is said of its configuration",
        Awaited::DiskReported => "what it says of its disk",
        Awaited::KeyChecked => "the check of its key",
        Awaited::KeyReceived => "a key",
        Awaited::QuarantineDecided => "a decision about a key that was set apart",
        _ => "see --json",
    }
}
