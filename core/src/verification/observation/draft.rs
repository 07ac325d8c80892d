//! How is a report put together while it is read?
//!
//! [`Draft`] collects readings of volumes, each volume once, and what could not be used. Two statements about the same
//! thing that contradict each other leave it unknown.

use super::{
    Ignored, Observation, ProtectorReading, ProtectorSnapshot, Reading, Report, ReportedEnvelope, Source,
    VolumeReading, json::Json,
};
use crate::{
    ids::{Platform, VolumeId},
    time::Timestamp,
};

/// The most volumes of one report.
pub(super) const MAX_VOLUMES: usize = 256;
/// The most sealed keys of one report.
const MAX_ENVELOPES: usize = 16;
/// The most things that are named as ignored.
const MAX_IGNORED: usize = 256;

/// A report that is being read.
pub(super) struct Draft {
    pub(super) report: Report,
    /// Where in the report the reader is; none: no row.
    pub(super) row: Option<usize>,
    contradicted: Vec<Option<VolumeId>>,
}

impl Draft {
    pub(super) fn new(source: Source, at: Timestamp) -> Self {
        let mut report = Report::new(Observation::new(at));
        report.source = Some(source);
        Self { report, row: None, contradicted: Vec::new() }
    }

    /// The report, its volumes in order.
    pub(super) fn finish(mut self) -> Report {
        self.report.observation.volumes.sort_by(|one, other| one.volume.cmp(&other.volume));
        self.report
    }

    pub(super) fn ignore(&mut self, what: &'static str, why: &'static str) {
        if self.report.ignored.len() < MAX_IGNORED {
            self.report.ignored.push(Ignored { row: self.row, what, why });
        }
    }

    /// Says which system it is; two systems are none.
    pub(super) fn platform(&mut self, platform: Platform) {
        self.report.observation.platform = Some(platform);
    }

    /// Yes or no, by a column that may be empty.
    pub(super) fn reading(&mut self, row: &Json, name: &'static str) -> Reading {
        let value = row.get(name);
        let flag = value.flag();
        if flag.is_none() && !value.is_nothing() {
            self.ignore(name, "is neither yes nor no");
        }
        flag.into()
    }

    /// A number that stands for something known, by a column that may be empty.
    pub(super) fn known<T>(&mut self, row: &Json, name: &'static str, of: fn(u32) -> Option<T>) -> Option<T> {
        let value = row.get(name);
        let known = value.number().and_then(of);
        if known.is_none() && !value.is_nothing() && value.whole() != Some(-1) {
            self.ignore(name, "is no number that is known");
        }
        known
    }

    /// Adds what is said of a volume to what was said before. Of a volume of which two statements contradict each
    /// other nothing is known.
    pub(super) fn volume(&mut self, reading: VolumeReading) {
        if self.contradicted.contains(&reading.volume) {
            return;
        }
        let volumes = &mut self.report.observation.volumes;
        let full = volumes.len() >= MAX_VOLUMES;
        let Some(known) = volumes.iter_mut().find(|known| known.volume == reading.volume) else {
            match full {
                true => self.ignore("volume", "there are more than 256"),
                false => volumes.push(reading),
            }
            return;
        };
        match together(known, &reading) {
            Some(both) => *known = both,
            None => {
                *known = VolumeReading::new(reading.volume.clone());
                self.contradicted.push(reading.volume);
                self.ignore("volume", "two statements about it contradict each other");
            }
        }
    }

    /// Adds whether a volume is encrypted.
    pub(super) fn encrypted(&mut self, volume: Option<VolumeId>, encrypted: Reading) {
        let mut reading = VolumeReading::new(volume);
        reading.encrypted = encrypted;
        self.volume(reading);
    }

    /// Adds a sealed key, each message once.
    pub(super) fn envelope(&mut self, sealed: ReportedEnvelope) {
        let envelopes = &mut self.report.envelopes;
        if envelopes.len() >= MAX_ENVELOPES {
            self.ignore("envelope", "there are more than 16");
        } else if !envelopes.contains(&sealed) {
            envelopes.push(sealed);
        }
    }

    /// The protectors of a volume, each id once. Two of one id that differ are one of which less is known, and the
    /// list is not whole.
    pub(super) fn snapshot(&mut self, complete: bool, protectors: Vec<ProtectorReading>) -> ProtectorSnapshot {
        let mut snapshot = ProtectorSnapshot { complete, protectors: Vec::with_capacity(protectors.len()) };
        for protector in protectors {
            match snapshot.protectors.iter().find(|known| known.id == protector.id) {
                Some(known) if *known == protector => {}
                Some(_) => {
                    snapshot.complete = false;
                    self.ignore("protector", "is listed twice and differently");
                }
                None => snapshot.protectors.push(protector),
            }
        }
        snapshot
    }
}

/// What two statements say together; none if they contradict each other.
fn together(one: &VolumeReading, other: &VolumeReading) -> Option<VolumeReading> {
    let mut both = VolumeReading::new(one.volume.clone());
    both.encrypted = agreed(one.encrypted, other.encrypted)?;
    both.protected = agreed(one.protected, other.protected)?;
    both.conversion = either(&one.conversion, &other.conversion)?;
    both.method = either(&one.method, &other.method)?;
    both.protectors = either(&one.protectors, &other.protectors)?;
    Some(both)
}

fn agreed(one: Reading, other: Reading) -> Option<Reading> {
    match (one, other) {
        (Reading::Unknown, answer) | (answer, Reading::Unknown) => Some(answer),
        (one, other) => (one == other).then_some(one),
    }
}

fn either<T: Clone + PartialEq>(one: &Option<T>, other: &Option<T>) -> Option<Option<T>> {
    match (one, other) {
        (None, answer) | (answer, None) => Some(answer.clone()),
        (one, other) => (one == other).then(|| one.clone()),
    }
}
