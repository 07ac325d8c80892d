//! What becomes of a chain that somebody changed.

mod attacker;
mod checkpoints;
mod entries;
mod tampering;

use std::collections::BTreeMap;

use super::*;
use crate::{
    ids::{Actor, DeviceId, Digest, KeyId, Organization, Word},
    policy::escrow::Level,
    time::Timestamp,
};

/// A device as a database holds it: entries, head, and rows with their content.
#[derive(Clone)]
struct Device {
    subject: Subject,
    entries: Vec<(u64, String)>,
    head: Head,
    rows: BTreeMap<Text, String>,
}

fn organization() -> Organization {
    Organization::new("example.com").unwrap()
}

fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

fn second(second: u64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_505_000).unwrap().saturating_add(i64::try_from(second).unwrap())
}

fn mac_key() -> MacKey {
    MacKey::parse(&[7; 32]).unwrap()
}

fn content_digest(content: &str) -> Digest {
    row_digest([content.as_bytes()])
}

impl Device {
    fn new(name: &str) -> Self {
        let subject = Subject::Device(DeviceId::new(name).unwrap());
        Self { subject, entries: Vec::new(), head: Head::GENESIS, rows: BTreeMap::new() }
    }

    /// `length` entries, of which each writes one of three rows.
    fn with_history(name: &str, length: u64, mac_key: Option<&MacKey>) -> Self {
        let mut device = Self::new(name);
        for number in 1..=length {
            let row = format!("keys/{}", number % 3);
            device.record(Action::KeyChecked, &row, &format!("{name}, version {number}"), mac_key);
        }
        device
    }

    /// Changes a row and records it, as the library does.
    fn record(&mut self, action: Action, row: &str, content: &str, mac_key: Option<&MacKey>) {
        let mut draft = Draft::new(Actor::new("server").unwrap(), action);
        draft.reason = Some(text("routine \u{1f512} \"check\""));
        draft.references.key = Some(KeyId::from_bytes([9; 16]));
        draft.references.level = Some(Level::EnvelopeOpens);
        draft.references.outcome = Some(Word::new("no_identity").unwrap());
        draft.references.recipients = vec![Digest::of(b"certificate")];
        draft.references.rows.insert(text(row), Some(content_digest(content)));
        self.rows.insert(text(row), content.to_owned());
        let entry = append(&organization(), &self.subject, &self.head, draft, second(self.head.number), mac_key);
        self.head = entry.head();
        self.entries.push((entry.number(), entry.to_json()));
    }

    fn row_digests(&self) -> BTreeMap<Text, Digest> {
        self.rows.iter().map(|(row, content)| (row.clone(), content_digest(content))).collect()
    }

    fn verify(&self, mac_keys: &[MacKey]) -> ChainReport {
        let organization = organization();
        let mut verifier = ChainVerifier::new(&organization, self.subject.clone(), mac_keys);
        for (number, body) in &self.entries {
            verifier.entry(*number, body.as_bytes());
        }
        verifier.finish(Some(&self.head), Some(&self.row_digests()))
    }

    /// Makes every hash and link fit again from `index` on, as anybody can who has read the documentation:
    /// row hashes too, and a MAC where there was one, of which only the key is missing.
    fn recompute(&mut self, from: usize) {
        let mut head = match from.checked_sub(1) {
            Some(before) => Entry::parse(self.entries[before].1.as_bytes()).unwrap().head(),
            None => Head::GENESIS,
        };
        let newest: BTreeMap<Text, u64> = self
            .entries
            .iter()
            .flat_map(|(number, body)| rows_of(body).into_iter().map(move |row| (row, *number)))
            .collect();
        let wrong_key = MacKey::parse(&[8; 32]).unwrap();
        for (number, body) in &mut self.entries[from..] {
            let old = Entry::parse(body.as_bytes()).unwrap();
            let mut draft = Draft::new(old.actor().clone(), old.action().clone());
            draft.reason = old.reason().cloned();
            draft.references = old.references().clone();
            for (row, digest) in &mut draft.references.rows {
                if newest[row] == old.number() {
                    *digest = self.rows.get(row).map(|content| content_digest(content));
                }
            }
            let mac = old.mac().map(|_| &wrong_key);
            let entry = append(&organization(), &self.subject, &head, draft, old.time(), mac);
            head = entry.head();
            *number = entry.number();
            *body = entry.to_json();
        }
        self.head = head;
    }

    fn last(&self) -> (Option<u64>, Vec<Digest>) {
        let hashes = self.entries.iter().map(|(_, body)| Entry::parse(body.as_bytes()).unwrap().hash()).collect();
        (self.entries.last().map(|(number, _)| *number), hashes)
    }
}

fn rows_of(body: &str) -> Vec<Text> {
    Entry::parse(body.as_bytes()).unwrap().references().rows.keys().cloned().collect()
}

/// A checkpoint of these devices, made, written and read.
fn checkpoint(devices: &[&Device]) -> Checkpoint {
    let mut sorted = devices.to_vec();
    sorted.sort_by(|a, b| a.subject.cmp(&b.subject));
    let (mut writer, mut file) = CheckpointWriter::start(&organization(), None, second(0));
    for device in sorted {
        file += &writer.leaf(&device.subject, &device.head).unwrap();
    }
    let (trailer, digest) = writer.finish();
    file += &trailer;
    let checkpoint = Checkpoint::parse(file.as_bytes(), &CheckpointLimits::default()).unwrap();
    assert_eq!(checkpoint.digest(), digest);
    checkpoint
}

/// What a checkpoint says of what is stored now.
fn against(checkpoint: &Checkpoint, now: &[&Device]) -> Vec<&'static str> {
    let found = checkpoint.compare(|subject, number| {
        let Some(device) = now.iter().find(|device| device.subject == *subject) else { return Ok((None, None)) };
        let (last, hashes) = device.last();
        Ok::<_, std::convert::Infallible>((last, hashes.get(usize::try_from(number).unwrap() - 1).copied()))
    });
    found.unwrap().iter().map(|finding| finding.problem.as_str()).collect()
}

fn words(report: &ChainReport) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.problem.as_str()).collect()
}
