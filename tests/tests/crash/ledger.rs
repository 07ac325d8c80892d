//! What was promised so far?

use std::collections::{BTreeMap, BTreeSet};

use fdescrow::{DeviceId, Digest, KeyId, Kind, recovery::RecoveryId};
use fdescrow_tests::crash::{Line, Sent};

/// A call of which only the beginning was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Interrupted {
    Reveal(DeviceId, Kind, String),
    Upload(String),
}

/// An upload that was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) request: String,
    pub(crate) envelope: Digest,
    pub(crate) apart: bool,
    pub(crate) sightings: u64,
    /// Since the last look at the file.
    pub(crate) fresh: bool,
}

/// Everything that was acknowledged over one file, by however many processes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) sent: BTreeMap<String, Sent>,
    pub(crate) received: BTreeMap<KeyId, Acknowledged>,
    pub(crate) verified: BTreeSet<KeyId>,
    pub(crate) revealed: BTreeMap<RecoveryId, KeyId>,
    /// The last call of the process, if it did not return.
    pub(crate) interrupted: Option<Interrupted>,
    /// Calls that returned after a commit.
    pub(crate) commits: u64,
    /// What was promised and cannot be true.
    pub(crate) wrong: Vec<String>,
}

impl Ledger {
    pub(crate) fn note(&mut self, line: Line) {
        if !matches!(line, Line::Opened | Line::Verified(_)) {
            self.interrupted = None;
        }
        match line {
            Line::Checked(0) | Line::Rewrapped(0) | Line::Opened => {}
            Line::Checked(commits) | Line::Rewrapped(commits) => self.commits += commits,
            Line::Received(request, key, envelope, apart) => {
                self.commits += 1;
                self.received(request, key, envelope, apart);
            }
            Line::Revealed(key, recovery, text) => {
                // authorised, and released
                self.commits += 2;
                self.revealed(key, recovery, text);
            }
            Line::Revealing(device, kind, reason) => {
                self.interrupted = Some(Interrupted::Reveal(device, kind, reason));
            }
            Line::Sending(sent) => {
                self.interrupted = Some(Interrupted::Upload(sent.request.clone()));
                self.sent.insert(sent.request.clone(), sent);
            }
            Line::Sighted(key, times) => {
                self.commits += 1;
                match self.received.get_mut(&key) {
                    Some(acknowledged) => acknowledged.sightings = times,
                    None => self.wrong.push(format!("key {key} was sighted and never received")),
                }
            }
            Line::Verified(key) => {
                self.verified.insert(key);
            }
        }
    }

    pub(crate) fn received(&mut self, request: String, key: KeyId, envelope: Digest, apart: bool) {
        let acknowledged = Acknowledged { request, envelope, apart, sightings: 1, fresh: true };
        if let Some(before) = self.received.insert(key, acknowledged) {
            self.wrong.push(format!("key {key} was acknowledged twice, first for {}", before.request));
        }
    }

    pub(crate) fn revealed(&mut self, key: KeyId, recovery: RecoveryId, text: Digest) {
        if self.text_of(&key).is_none_or(|expected| Digest::of(expected.as_bytes()) != text) {
            self.wrong.push(format!("recovery {recovery} gave a text that is not that of key {key}"));
        }
        if self.revealed.insert(recovery, key).is_some() {
            self.wrong.push(format!("recovery {recovery} handed out a key twice"));
        }
    }

    /// The file was looked at.
    pub(crate) fn looked(&mut self) {
        self.received.values_mut().for_each(|acknowledged| acknowledged.fresh = false);
    }

    /// The text that a key has to have.
    pub(crate) fn text_of(&self, key: &KeyId) -> Option<&str> {
        let acknowledged = self.received.get(key)?;
        self.sent.get(&acknowledged.request).map(|sent| sent.text.as_str())
    }
}
