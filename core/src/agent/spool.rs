//! What has the server not acknowledged yet?
//!
//! A spool is a file of sealed envelopes, each with the names under which it is uploaded. It is written before anything
//! depends on the new key, and an entry leaves it only by a receipt that names exactly what the entry names and says as
//! much as the agent demands ([`Enough`]). Here are its bytes; the agent owns the file:
//!
//! - [`Spool::read`] takes the whole file, or nothing where there is none yet;
//! - [`Spool::put`] and [`Spool::acknowledge`] answer the bytes to append. What was put is safe when they are on the disk
//!   (`fsync`), not before. If writing them fails, read the file again: the spool in memory is ahead of it;
//! - [`Spool::compact`] answers the whole file anew, to be written beside the old one and moved over it.
//!
//! # The format
//!
//! Lines of text, so that where one record ends is known without trusting what is in it:
//!
//! ```text
//! fdescrow-spool 1
//! <SHA-256 of the JSON, 64 hexadecimal digits> {"put":{"device":…,"kind":…,"envelope":"<base64>",…}}
//! <SHA-256 of the JSON, 64 hexadecimal digits> {"done":"<SHA-256 of the envelope>"}
//! ```
//!
//! A line that is torn or altered is no record: it is counted ([`Spool::damaged`]), and stops no other one. So a crash
//! while something is appended costs at most what was being appended; a lost `done` costs an upload that the
//! server knows already. A last line that lacks its end only is whole, for its digest says so.

mod entry;
mod line;

use std::collections::BTreeSet;

pub(super) use entry::compare;
pub use entry::{Entry, Mismatch};

use crate::{
    error::ErrorCode,
    ids::Digest,
    policy::escrow::Level,
    verification::{Receipt, ReceiptStatus},
};

/// The first line.
const HEADER: &[u8] = b"fdescrow-spool 1\n";
/// The most entries at one time: a device has a handful of volumes.
const MAX_ENTRIES: usize = 1024;
/// The largest file that is read: every entry with the largest envelope that can be received, several times over.
pub const MAX_BYTES: usize = 64 << 20;

/// The envelopes that were not acknowledged, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Spool {
    entries: Vec<Entry>,
    /// How much of its first line the file has.
    begun: usize,
    /// Whether the file ends in the middle of a line.
    torn: bool,
    damaged: usize,
    /// Lines of entries that are done, and of the acknowledgements.
    stale: usize,
}

/// What a receipt must say before the spool lets an entry go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Enough {
    /// The server has it.
    Stored,
    /// The server showed that it works, at this level or a higher one.
    Verified(Level),
}

/// The bytes are no spool, or it has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// There are too many entries that the server has not acknowledged, or the file is too large.
    #[error("the spool is full")]
    Full,
    /// It begins like something else, or is of another version.
    #[error("this is not a spool of this version")]
    Syntax,
}

impl SpoolError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Full => ErrorCode::SpoolFull,
            Self::Syntax => ErrorCode::SpoolSyntax,
        }
    }
}

impl Spool {
    /// An empty one, whose file is not there yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the whole file; an empty one is an empty spool.
    ///
    /// # Errors
    /// [`SpoolError::Syntax`] if it does not begin as a spool does; [`SpoolError::Full`] over [`MAX_BYTES`].
    pub fn read(bytes: &[u8]) -> Result<Self, SpoolError> {
        if bytes.len() > MAX_BYTES {
            return Err(SpoolError::Full);
        }
        let Some(lines) = bytes.strip_prefix(HEADER) else {
            // A crash may have left a part of the first line, and nothing can have followed it.
            let torn = HEADER.starts_with(bytes).then(|| Self { begun: bytes.len(), ..Self::default() });
            return torn.ok_or(SpoolError::Syntax);
        };
        let torn = lines.last().is_some_and(|last| *last != b'\n');
        let mut spool = Self { begun: HEADER.len(), torn, ..Self::default() };
        let mut done = BTreeSet::new();
        let mut known = BTreeSet::new();
        for text in lines.split_inclusive(|byte| *byte == b'\n') {
            // What is appended next gives a last line the end that it lacks: it must mean the same before that and after.
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            match line::parse(text) {
                Some(line::Record::Put(entry)) => {
                    // What was acknowledged and put again is to be acknowledged again.
                    let again = done.remove(&entry.envelope());
                    if known.insert(entry.envelope()) || again {
                        spool.entries.retain(|other| other.envelope() != entry.envelope());
                        spool.entries.push(*entry);
                    }
                }
                Some(line::Record::Done(envelope)) => {
                    done.insert(envelope);
                    spool.entries.retain(|entry| entry.envelope() != envelope);
                    spool.stale = spool.stale.saturating_add(1);
                }
                // An empty line ends a torn one that was appended to.
                None if text.is_empty() => {}
                None => spool.damaged = spool.damaged.saturating_add(1),
            }
        }
        Ok(spool)
    }

    /// What the server has not acknowledged, the oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry with this envelope.
    pub fn entry(&self, envelope: &Digest) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.envelope() == *envelope)
    }

    /// How many lines were torn or altered. Each may have been an envelope.
    pub fn damaged(&self) -> usize {
        self.damaged
    }

    /// Whether the file holds more that is done with than what is not, so that [`compact`](Self::compact) is worth it.
    pub fn is_wasteful(&self) -> bool {
        self.stale.saturating_add(self.damaged) > self.entries.len()
    }

    /// Adds an entry; the bytes are to be appended to the file, and it is safe when they are on the disk. One that is
    /// there already gives no bytes.
    ///
    /// # Errors
    /// [`SpoolError::Full`]: nothing was added.
    pub fn put(&mut self, entry: Entry) -> Result<Vec<u8>, SpoolError> {
        if self.entry(&entry.envelope()).is_some() {
            return Ok(Vec::new());
        }
        if self.entries.len() >= MAX_ENTRIES {
            return Err(SpoolError::Full);
        }
        let bytes = self.append(&line::Record::Put(Box::new(entry.clone())));
        self.entries.push(entry);
        Ok(bytes)
    }

    /// Lets the entry go that the receipt names, if the receipt says enough; the bytes are to be appended to the file.
    /// No bytes: it does not say enough yet.
    ///
    /// # Errors
    /// [`Mismatch`] if no entry has all the names that the receipt has: nothing changed.
    pub fn acknowledge(&mut self, receipt: &Receipt, enough: Enough) -> Result<Vec<u8>, Mismatch> {
        let entry = self.entry(&receipt.envelope).ok_or(Mismatch::Envelope)?;
        entry.compare(receipt)?;
        let said = match (enough, receipt.status) {
            (_, ReceiptStatus::Quarantined) | (Enough::Verified(_), ReceiptStatus::Stored) => false,
            (Enough::Stored, ReceiptStatus::Stored | ReceiptStatus::Verified) => true,
            (Enough::Verified(level), ReceiptStatus::Verified) => receipt.level.is_some_and(|reached| reached >= level),
        };
        if !said {
            return Ok(Vec::new());
        }
        self.entries.retain(|entry| entry.envelope() != receipt.envelope);
        self.stale = self.stale.saturating_add(1);
        Ok(self.append(&line::Record::Done(receipt.envelope)))
    }

    /// The whole file anew, with what was not acknowledged and nothing else.
    pub fn compact(&self) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        for entry in &self.entries {
            bytes.extend(line::write(&line::Record::Put(Box::new(entry.clone()))));
        }
        bytes
    }

    fn append(&mut self, record: &line::Record) -> Vec<u8> {
        // Of a first line that is torn, the rest.
        let mut bytes = HEADER.get(self.begun..).unwrap_or_default().to_vec();
        if self.torn {
            bytes.push(b'\n');
        }
        (self.begun, self.torn) = (HEADER.len(), false);
        bytes.extend(line::write(record));
        bytes
    }
}

#[cfg(test)]
mod tests;
