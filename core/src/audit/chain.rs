//! How is an entry added, and how is a chain verified?
//!
//! Both are pure: [`append`] is given the head and answers the entry; [`ChainVerifier`] is given what is
//! stored and answers what is wrong with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    entry::{Draft, Entry, Subject, Text},
    finding::{Finding, Problem},
    mac::MacKey,
};
use crate::{
    ids::{Digest, Organization},
    time::Timestamp,
};

/// Where a chain ends: stored in the subject's row, and what a checkpoint keeps of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Head {
    /// The number of the last entry; 0 if there is none.
    pub number: u64,
    /// The hash of the last entry; 32 zero bytes if there is none.
    pub hash: Digest,
}

impl Head {
    /// The head of a chain without entries.
    pub const GENESIS: Self = Self { number: 0, hash: Digest::ZERO };

    /// The head of a chain whose last entry has this number and hash.
    pub fn new(number: u64, hash: Digest) -> Self {
        Self { number, hash }
    }
}

/// The next entry of a chain. Store it in the commit that it records, together with its
/// [`head`](Entry::head) in place of the head given.
pub fn append(
    organization: &Organization,
    subject: &Subject,
    head: &Head,
    draft: Draft,
    now: Timestamp,
    mac_key: Option<&MacKey>,
) -> Entry {
    Entry::new(organization, subject, head, draft, now, mac_key)
}

/// What verifying one chain gave.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainReport {
    /// Whose chain.
    pub subject: Subject,
    /// How many entries were read.
    pub entries: u64,
    /// The head that the entries lead to: what a checkpoint would keep.
    pub head: Head,
    /// The last entry that a MAC vouches for, together with all before it; 0 if there is none.
    pub vouched: u64,
    /// What is wrong; nothing if the chain is intact.
    pub findings: Vec<Finding>,
}

impl ChainReport {
    /// Whether nothing was found.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Verifies one chain, entry by entry as the store lists them, in memory that grows with the rows of the
/// subject and not with its entries.
///
/// It goes on after whatever it finds. Findings over [`ChainVerifier::MAX_FINDINGS`] are only counted.
#[derive(Clone, Debug)]
pub struct ChainVerifier<'a> {
    organization: &'a Organization,
    mac_keys: &'a [MacKey],
    report: ChainReport,
    /// The hash that the next entry must name; none after an entry that could not be read.
    previous: Option<Digest>,
    rows: BTreeMap<Text, (u64, Option<Digest>)>,
    unlisted: u64,
}

impl<'a> ChainVerifier<'a> {
    /// How many findings are listed for one chain.
    pub const MAX_FINDINGS: usize = 100;

    /// Starts with nothing read. Without MAC keys, MACs are not looked at; with several, any of them may
    /// have made a MAC, so that a key can be replaced.
    pub fn new(organization: &'a Organization, subject: Subject, mac_keys: &'a [MacKey]) -> Self {
        let report = ChainReport { subject, entries: 0, head: Head::GENESIS, vouched: 0, findings: Vec::new() };
        let previous = Some(Head::GENESIS.hash);
        Self { organization, mac_keys, report, previous, rows: BTreeMap::new(), unlisted: 0 }
    }

    /// Reads the next entry: the number by which its row is stored, and its body.
    pub fn entry(&mut self, number: u64, body: &[u8]) {
        self.report.entries = self.report.entries.saturating_add(1);
        let last = self.report.head.number;
        if number <= last {
            self.found(Problem::OutOfOrder { number });
        } else if number - 1 > last {
            self.found(Problem::Missing { from: last + 1, to: number - 1 });
            self.previous = None;
        }
        let Ok((entry, hash)) = Entry::read(body) else {
            self.found(Problem::Unreadable { number });
            self.previous = None;
            self.report.head.number = number.max(last);
            return;
        };
        if entry.number() != number {
            self.found(Problem::Misnumbered { row: number, number: entry.number() });
        }
        if entry.organization() != self.organization {
            self.found(Problem::ForeignOrganization { number });
        } else if entry.subject() != self.report.subject {
            self.found(Problem::Foreign { number, named: entry.subject() });
        }
        if hash != entry.hash() {
            self.found(Problem::Altered { number });
        }
        if self.previous.is_some_and(|previous| previous != entry.previous()) {
            self.found(Problem::Unlinked { number });
        }
        self.mac(number, &hash, entry.mac());
        for (row, digest) in &entry.references().rows {
            self.rows.insert(row.clone(), (number, *digest));
        }
        self.previous = Some(entry.hash());
        self.report.head = Head { number: number.max(last), hash: entry.hash() };
    }

    fn mac(&mut self, number: u64, hash: &Digest, mac: Option<&Digest>) {
        // An entry without MAC is vouched for by a later one that has one, through the hashes between them.
        let (Some(mac), false) = (mac, self.mac_keys.is_empty()) else { return };
        if self.mac_keys.iter().any(|key| key.verifies(hash, mac)) {
            self.report.vouched = self.report.vouched.max(number);
        } else {
            self.found(Problem::MacWrong { number });
        }
    }

    /// Compares what was read with the head and the rows that are stored, and answers.
    ///
    /// `head` is none if the subject has no row to hold one. `rows` are the hashes of all rows that the
    /// subject has now, by the names that entries give them; none if rows are not to be verified.
    pub fn finish(mut self, head: Option<&Head>, rows: Option<&BTreeMap<Text, Digest>>) -> ChainReport {
        let Head { number: last, hash } = self.report.head;
        match head {
            None if last == 0 => {}
            None => self.found(Problem::HeadMissing { last }),
            Some(head) if head.number > last => self.found(Problem::Truncated { head: head.number, last }),
            Some(head) if head.number < last => self.found(Problem::HeadBehind { head: head.number, last }),
            // The hash of an entry that could not be read is not known.
            Some(head) if head.hash != hash && self.previous.is_some() => {
                self.found(Problem::HeadDiffers { number: last })
            }
            Some(_) => {}
        }
        if !self.mac_keys.is_empty() && self.report.vouched < last {
            self.found(Problem::MacMissing { from: self.report.vouched.saturating_add(1), to: last });
        }
        if let Some(rows) = rows {
            self.rows(rows);
        }
        if self.unlisted > 0 {
            let problem = Problem::More { count: self.unlisted };
            self.report.findings.push(Finding { subject: self.report.subject.clone(), problem });
        }
        self.report
    }

    fn rows(&mut self, rows: &BTreeMap<Text, Digest>) {
        let recorded = std::mem::take(&mut self.rows);
        for row in rows.keys().filter(|row| !recorded.contains_key(*row)) {
            self.found(Problem::RowUnrecorded { row: row.clone() });
        }
        for (row, (number, left)) in recorded {
            match (left, rows.get(&row)) {
                (Some(left), Some(now)) if left != *now => self.found(Problem::RowAltered { row, number }),
                (Some(_), None) => self.found(Problem::RowMissing { row, number }),
                (None, Some(_)) => self.found(Problem::RowReturned { row, number }),
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
    }

    fn found(&mut self, problem: Problem) {
        if self.report.findings.len() < Self::MAX_FINDINGS {
            self.report.findings.push(Finding { subject: self.report.subject.clone(), problem });
        } else {
            self.unlisted = self.unlisted.saturating_add(1);
        }
    }
}
