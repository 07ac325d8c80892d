//! What was the last entry of every chain at one moment?
//!
//! All leaves must come from one snapshot of the database. Nothing here reads or writes a file:
//! [`CheckpointWriter`] answers the lines to write, [`Checkpoint::parse`] takes the bytes that were read.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    chain::Head,
    entry::Subject,
    finding::{Finding, Problem},
};
use crate::{
    canonical::Canonical,
    error::ErrorCode,
    ids::{DeviceId, Digest, Organization},
    time::Timestamp,
};

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    checkpoint: u32,
    organization: Organization,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    predecessor: Option<Digest>,
    time: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeafLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<DeviceId>,
    hash: Digest,
    number: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    count: u64,
    digest: Digest,
}

/// A checkpoint cannot be read, or not be written as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the checkpoint {problem}")]
#[non_exhaustive]
pub struct CheckpointError {
    /// The line, from 1.
    pub line: u64,
    problem: &'static str,
}

impl CheckpointError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::CheckpointSyntax
    }
}

/// One chain in a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leaf {
    /// Whose chain.
    pub subject: Subject,
    /// Where it ended.
    pub head: Head,
}

/// Writes a checkpoint line by line, in memory that does not grow with it.
#[derive(Clone, Debug)]
pub struct CheckpointWriter {
    hasher: Sha256,
    last: Option<Subject>,
    count: u64,
}

impl CheckpointWriter {
    /// Begins, and answers the header to write. `predecessor` is the [digest](Checkpoint::digest) of the
    /// checkpoint before this one.
    pub fn start(organization: &Organization, predecessor: Option<Digest>, now: Timestamp) -> (Self, String) {
        let header = Header { checkpoint: VERSION, organization: organization.clone(), predecessor, time: now };
        let mut writer = Self { hasher: Sha256::new(), last: None, count: 0 };
        let line = writer.line(&header);
        (writer, line)
    }

    /// Answers the line for one chain.
    ///
    /// # Errors
    /// [`CheckpointError`] if it does not come after the one before it ([`Subject`]'s order), or has no entry.
    pub fn leaf(&mut self, subject: &Subject, head: &Head) -> Result<String, CheckpointError> {
        let problem = if self.last.as_ref().is_some_and(|last| last >= subject) {
            "would not be sorted"
        } else if head.number == 0 {
            "would be of a chain without entries"
        } else {
            self.count = self.count.saturating_add(1);
            self.last = Some(subject.clone());
            let device = subject.device().cloned();
            return Ok(self.line(&LeafLine { device, hash: head.hash, number: head.number }));
        };
        Err(CheckpointError { line: self.count.saturating_add(2), problem })
    }

    /// Answers the trailer, and the digest to sign and to name as predecessor.
    pub fn finish(mut self) -> (String, Digest) {
        let digest = Digest::from_bytes(self.hasher.finalize_reset().into());
        let line = self.line(&Trailer { count: self.count, digest });
        (line, digest)
    }

    fn line(&mut self, record: &impl Serialize) -> String {
        let line = Canonical::of(record).map_or_else(String::new, |document| format!("{document}\n"));
        self.hasher.update(&line);
        line
    }
}

/// How large a checkpoint may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointLimits {
    /// How many chains. Default: five million.
    pub leaves: u64,
}

impl CheckpointLimits {
    /// The longest line in bytes, line feed included: every byte of a name may take six when it is escaped.
    pub const LINE_BYTES: usize = 4096;
}

impl Default for CheckpointLimits {
    fn default() -> Self {
        Self { leaves: 5_000_000 }
    }
}

/// What was the last entry of every chain at one moment: a file that is kept elsewhere.
///
/// A checkpoint is a text file of one JSON document a line, each in canonical form and ended by a line feed:
///
/// ```text
/// {"checkpoint":1,"organization":"example.com","predecessor":"<digest>","time":"2026-11-24T07:22:59Z"}
/// {"hash":"<hash>","number":3}
/// {"device":"C02XYZ","hash":"<hash>","number":41}
/// {"count":2,"digest":"<digest>"}
/// ```
///
/// First a header (`predecessor` is the digest of the checkpoint before it, absent in the first); then one
/// leaf for every chain, the organization's own first and without `device`, the others sorted by the bytes
/// of the device; last a trailer: how many leaves, and the SHA-256 of every byte before the trailer. That
/// digest is what one signs, and what the next checkpoint names as its predecessor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    organization: Organization,
    predecessor: Option<Digest>,
    time: Timestamp,
    leaves: Vec<Leaf>,
    digest: Digest,
}

impl Checkpoint {
    /// Reads a whole file. That its digest fits says that the file is as it was written, not who wrote it:
    /// for that, compare [`Checkpoint::digest`] with a signature or a copy kept elsewhere.
    ///
    /// # Errors
    /// [`CheckpointError`] naming the line, if the file is not one that this library wrote, whole, or is
    /// larger than the limits allow.
    pub fn parse(file: &[u8], limits: &CheckpointLimits) -> Result<Self, CheckpointError> {
        let mut reader = Reader { rest: file, line: 0 };
        let header: Header = reader.next()?;
        if header.checkpoint != VERSION {
            return Err(reader.error("is of a version that is not known"));
        }
        let mut leaves: Vec<Leaf> = Vec::new();
        let trailer: Trailer = loop {
            if reader.is_last() {
                break reader.next()?;
            }
            let LeafLine { device, hash, number } = reader.next()?;
            let leaf = Leaf { subject: device.into(), head: Head { number, hash } };
            if leaves.last().is_some_and(|last| last.subject >= leaf.subject) {
                return Err(reader.error("is not sorted, or repeats a chain"));
            }
            if number == 0 {
                return Err(reader.error("is of a chain without entries"));
            }
            if u64::try_from(leaves.len()).is_ok_and(|count| count >= limits.leaves) {
                return Err(reader.error("is one more than the limits allow"));
            }
            leaves.push(leaf);
        };
        if u64::try_from(leaves.len()) != Ok(trailer.count) {
            return Err(reader.error("counts another number of leaves"));
        }
        if reader.digest_before_last(file) != trailer.digest {
            return Err(reader.error("has a digest that is not that of the lines before it"));
        }
        let Header { organization, predecessor, time, .. } = header;
        Ok(Self { organization, predecessor, time, leaves, digest: trailer.digest })
    }

    /// The SHA-256 of everything but the trailer: what one signs.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Every chain, sorted.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// Whose keys these are. Compare it with whose database is verified.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// The digest of the checkpoint before this one.
    pub fn predecessor(&self) -> Option<&Digest> {
        self.predecessor.as_ref()
    }

    /// When it was made, by the clock of whoever made it.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Looks up every chain of the checkpoint in what is stored now, and answers what was deleted, shortened
    /// or rewritten since. Chains that are new are no findings.
    ///
    /// `lookup` answers the last number that the chain has now (none: no entry is left) and the hash in
    /// the stored entry of the number asked for. It says nothing about content: [`ChainVerifier`] has to
    /// find the same chains intact, so that a hash is that of what the entry says.
    ///
    /// [`ChainVerifier`]: super::ChainVerifier
    ///
    /// # Errors
    /// Whatever `lookup` failed with.
    pub fn compare<E>(
        &self,
        mut lookup: impl FnMut(&Subject, u64) -> Result<(Option<u64>, Option<Digest>), E>,
    ) -> Result<Vec<Finding>, E> {
        let mut findings = Vec::new();
        for Leaf { subject, head } in &self.leaves {
            let (last, hash) = lookup(subject, head.number)?;
            findings.extend(compare_leaf(subject, head, last, hash));
        }
        Ok(findings)
    }

    /// What a later checkpoint contradicts in this one: chains that it lacks, that are shorter in it, or
    /// that end in the same number with another hash. (What it has beyond only the database can answer.)
    pub fn compare_later(&self, later: &Self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for Leaf { subject, head } in &self.leaves {
            let found = later.leaves.binary_search_by(|leaf| leaf.subject.cmp(subject)).ok();
            let now = found.and_then(|index| later.leaves.get(index)).map(|leaf| leaf.head);
            let hash = now.map(|now| if now.number == head.number { now.hash } else { head.hash });
            findings.extend(compare_leaf(subject, head, now.map(|now| now.number), hash));
        }
        findings
    }
}

fn compare_leaf(subject: &Subject, head: &Head, last: Option<u64>, hash: Option<Digest>) -> Option<Finding> {
    let number = head.number;
    let problem = match (last, hash) {
        (None | Some(0), _) => Problem::ChainMissing { number },
        (Some(last), _) if last < number => Problem::Shortened { number, last },
        (Some(_), None) => Problem::Missing { from: number, to: number },
        (Some(_), Some(hash)) if hash != head.hash => Problem::Rewritten { number },
        (Some(_), Some(_)) => return None,
    };
    Some(Finding { subject: subject.clone(), problem })
}

struct Reader<'a> {
    rest: &'a [u8],
    line: u64,
}

impl Reader<'_> {
    fn next<T: Serialize + for<'de> Deserialize<'de>>(&mut self) -> Result<T, CheckpointError> {
        self.line = self.line.saturating_add(1);
        let window = self.rest.get(..CheckpointLimits::LINE_BYTES).unwrap_or(self.rest);
        let end = window.iter().position(|byte| *byte == b'\n');
        let (line, rest) = end
            .and_then(|end| self.rest.split_at_checked(end.saturating_add(1)))
            .ok_or_else(|| self.error("is missing, longer than is accepted, or not ended"))?;
        self.rest = rest;
        let record: T = serde_json::from_slice(line).map_err(|_| self.error("is not what belongs there"))?;
        // One content has one file, so that one content has one digest.
        let written = Canonical::of(&record).map(|document| format!("{document}\n"));
        if written.as_deref().map(str::as_bytes) != Some(line) {
            return Err(self.error("is not in its one form"));
        }
        Ok(record)
    }

    fn is_last(&self) -> bool {
        let window = self.rest.get(..CheckpointLimits::LINE_BYTES).unwrap_or(self.rest);
        window.iter().position(|byte| *byte == b'\n').is_none_or(|end| end.saturating_add(1) == self.rest.len())
    }

    /// To be asked when the last line was read: nothing is left then.
    fn digest_before_last(&self, file: &[u8]) -> Digest {
        let before = file.strip_suffix(b"\n").unwrap_or(file);
        let end = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end.saturating_add(1));
        Digest::of(file.get(..end).unwrap_or_default())
    }

    fn error(&self, problem: &'static str) -> CheckpointError {
        CheckpointError { line: self.line, problem }
    }
}
