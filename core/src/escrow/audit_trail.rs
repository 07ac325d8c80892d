//! Can the audit be trusted?
//!
//! See [`audit`](crate::audit) for what verification can and cannot find.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::{Error, Escrow};
use crate::{
    audit::{ChainReport, ChainVerifier, Checkpoint, CheckpointWriter, Finding, Head, MacKey, Problem, Subject, Text},
    ids::{DeviceId, Digest},
    store::{
        Index, Record, Row, RowQuery, Table,
        records::{AuditRecord, DeviceRecord, EnvelopeRecord, OrganizationRecord, Stored as _},
    },
    time::Timestamp,
};

/// What verifying the audit gave.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AuditReport {
    /// Chains that were verified.
    pub chains: u64,
    /// Entries that were read.
    pub entries: u64,
    /// What is wrong; nothing if every chain is intact.
    pub findings: Vec<Finding>,
    /// Rows that cannot be read at all.
    pub unreadable: u64,
}

impl AuditReport {
    /// Whether nothing was found.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty() && self.unreadable == 0
    }
}

/// As a document: whether it is `intact`, and the fields.
impl Serialize for AuditReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("AuditReport", 5)?;
        document.serialize_field("intact", &self.is_intact())?;
        document.serialize_field("chains", &self.chains)?;
        document.serialize_field("entries", &self.entries)?;
        document.serialize_field("unreadable", &self.unreadable)?;
        document.serialize_field("findings", &self.findings)?;
        document.end()
    }
}

/// A checkpoint, to be kept elsewhere.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointFile {
    /// The digest of its content: what one signs.
    pub digest: Digest,
    /// How many chains it names.
    pub chains: u64,
}

/// What one subject has in the snapshot.
#[derive(Default)]
struct Stored {
    head: Option<Head>,
    rows: BTreeMap<Text, Digest>,
}

/// The verification of all chains, row by row.
struct Verification<'a> {
    escrow: &'a Escrow,
    mac_keys: &'a [MacKey],
    report: AuditReport,
    stored: BTreeMap<Subject, Stored>,
    /// The chain whose entries are being read.
    chain: Option<(Subject, ChainVerifier<'a>)>,
    /// Of every chain, where it ends.
    last: BTreeMap<Subject, u64>,
    /// Rows that follow from others and were not met yet.
    following: BTreeMap<Text, (Subject, Digest)>,
    /// Envelopes that are there and cannot be read: nothing is known of what follows from them.
    unread: BTreeSet<(String, String)>,
    /// The entries that a checkpoint names, and their hashes.
    marked: BTreeMap<Subject, (u64, Option<Digest>)>,
}

impl<'a> Verification<'a> {
    fn new(escrow: &'a Escrow, mac_keys: &'a [MacKey], checkpoint: Option<&Checkpoint>) -> Self {
        let leaves = checkpoint.map(Checkpoint::leaves).unwrap_or_default();
        let marked = leaves.iter().map(|leaf| (leaf.subject.clone(), (leaf.head.number, None))).collect();
        Self {
            escrow,
            mac_keys,
            report: AuditReport::default(),
            stored: BTreeMap::new(),
            chain: None,
            last: BTreeMap::new(),
            following: BTreeMap::new(),
            unread: BTreeSet::new(),
            marked,
        }
    }

    fn row(&mut self, row: &Row) {
        let subject = subject_of(row);
        if row.table() == Table::Audit {
            return self.entry(subject, row);
        }
        if matches!(row.table(), Table::Aliases | Table::Recipients) {
            return self.following(subject, row);
        }
        self.expect(&subject, row);
        let stored = self.stored.entry(subject).or_default();
        match row.table() {
            Table::Organizations => stored.head = OrganizationRecord::from_row(row).ok().map(|record| record.head),
            Table::Devices => stored.head = DeviceRecord::from_row(row).ok().map(|record| record.head),
            _ => {}
        }
        if row.table().description().audited
            && let Ok(name) = Text::new(row.key().name())
        {
            stored.rows.insert(name, row.digest());
        }
    }

    /// The rows that follow from a row.
    fn expect(&mut self, subject: &Subject, row: &Row) {
        let organization = &self.escrow.organization;
        let rows = match row.table() {
            Table::Devices => DeviceRecord::from_row(row).map(|device| device.all_alias_rows(organization)),
            Table::Envelopes => EnvelopeRecord::from_row(row).map(|envelope| envelope.derived(organization)),
            _ => return,
        };
        let Ok(rows) = rows else {
            // It is found by its digest.
            if let Some((key, digest)) = row.text("key_id").zip(row.text("digest")) {
                self.unread.insert((key.to_owned(), digest.to_owned()));
            }
            return;
        };
        for row in rows {
            if let Ok(name) = Text::new(row.key().name()) {
                self.following.insert(name, (subject.clone(), row.digest()));
            }
        }
    }

    /// A row that has to follow from one that came before.
    fn following(&mut self, subject: Subject, row: &Row) {
        let Ok(name) = Text::new(row.key().name()) else { return };
        match self.following.get(&name) {
            Some((_, digest)) if *digest == row.digest() => {
                self.following.remove(&name);
            }
            // Altered: it is still waited for.
            Some(_) => {}
            None if self.is_unread(row) => {}
            None => self.report.findings.push(Finding { subject, problem: Problem::IndexRowInvented { row: name } }),
        }
    }

    fn is_unread(&self, row: &Row) -> bool {
        let named = row.text("key_id").zip(row.text("digest"));
        named.is_some_and(|(key, digest)| self.unread.contains(&(key.to_owned(), digest.to_owned())))
    }

    fn entry(&mut self, subject: Subject, row: &Row) {
        let number = row.integer("number").and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
        if let Some((marked, hash)) = self.marked.get_mut(&subject)
            && *marked == number
        {
            *hash = AuditRecord::from_row(row).ok().map(|record| record.entry.hash());
        }
        if self.chain.as_ref().is_none_or(|(current, _)| *current != subject) {
            self.close_chain();
            let verifier = ChainVerifier::new(&self.escrow.organization, subject.clone(), self.mac_keys);
            self.chain = Some((subject, verifier));
        }
        if let Some((_, verifier)) = &mut self.chain {
            verifier.entry(number, row.body().unwrap_or_default().as_bytes());
        }
    }

    /// The entries of a chain are all read: they are held against its subject's rows, which may all be gone.
    fn close_chain(&mut self) {
        if let Some((subject, verifier)) = self.chain.take() {
            let stored = self.stored.remove(&subject).unwrap_or_default();
            self.judge(verifier.finish(stored.head.as_ref(), Some(&stored.rows)));
        }
    }

    fn judge(&mut self, chain: ChainReport) {
        self.report.chains += 1;
        self.report.entries += chain.entries;
        self.last.insert(chain.subject, chain.head.number);
        self.report.findings.extend(chain.findings);
    }

    fn finish(mut self, checkpoint: Option<&Checkpoint>) -> AuditReport {
        self.close_chain();
        for (row, (subject, _)) in std::mem::take(&mut self.following) {
            self.report.findings.push(Finding { subject, problem: Problem::IndexRowMissing { row } });
        }
        // Subjects that have rows and not one entry.
        for (subject, stored) in std::mem::take(&mut self.stored) {
            let verifier = ChainVerifier::new(&self.escrow.organization, subject, self.mac_keys);
            self.judge(verifier.finish(stored.head.as_ref(), Some(&stored.rows)));
        }
        if let Some(checkpoint) = checkpoint {
            let found = checkpoint.compare(|subject, _| {
                let last = self.last.get(subject).copied().filter(|last| *last > 0);
                let hash = self.marked.get(subject).and_then(|(_, hash)| *hash);
                Ok::<_, std::convert::Infallible>((last, hash))
            });
            let Ok(found) = found;
            self.report.findings.extend(found);
        }
        self.report
    }
}

impl Escrow {
    /// Verifies every chain of the organization against itself, its device's rows and, where they are given, MAC keys
    /// and a checkpoint.
    ///
    /// # Errors
    /// [`Error::Misuse`] if the checkpoint is another organization's; [`Error::Store`]. What is wrong with the audit is no
    /// error: it is in the report.
    pub fn verify_audit(&self, mac_keys: &[MacKey], checkpoint: Option<&Checkpoint>) -> Result<AuditReport, Error> {
        if checkpoint.is_some_and(|checkpoint| checkpoint.organization() != &self.organization) {
            return Err(Error::Misuse("the checkpoint is another organization's"));
        }
        // The rows first, then the entries, chain by chain: all of one moment, so that nobody who writes meanwhile
        // looks like somebody who altered.
        const TABLES: [Table; 9] = [
            Table::Organizations,
            Table::Devices,
            Table::Keys,
            Table::Envelopes,
            Table::Certificates,
            Table::Recoveries,
            Table::Aliases,
            Table::Recipients,
            Table::Audit,
        ];
        let mut verification = Verification::new(self, mac_keys, checkpoint);
        self.store.snapshot(&self.organization, &TABLES, &mut |row| {
            match row {
                Ok(row) => verification.row(row),
                Err(_) => verification.report.unreadable += 1,
            }
            ControlFlow::Continue(())
        })?;
        Ok(verification.finish(checkpoint))
    }

    /// The entries of one device, oldest first, at most `limit` after the entry of this number.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn audit_of(&self, device: &DeviceId, after: u64, limit: u32) -> Result<Vec<crate::audit::Entry>, Error> {
        let from = i64::try_from(after.saturating_add(1)).unwrap_or(i64::MAX);
        let query = RowQuery::new(&self.organization, Index::AUDIT_BY_KEY)
            .equal(device.as_str())
            .from(from)
            .limit(limit.clamp(1, 1000));
        let page = self.store.list(&query)?;
        Ok(page.rows.iter().filter_map(|row| AuditRecord::from_row(row).ok()).map(|record| record.entry).collect())
    }

    /// Writes a checkpoint of all chains, taken at one moment, line by line.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Checkpoint`]; [`Error::Misuse`] if `write` broke off.
    pub fn checkpoint(
        &self,
        predecessor: Option<Digest>,
        now: Timestamp,
        write: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<CheckpointFile, Error> {
        let (mut writer, header) = CheckpointWriter::start(&self.organization, predecessor, now);
        let mut broken = write(&header).is_break();
        let mut problem = None;
        let mut chains = 0;
        let mut leaf = |subject: &Subject, head: &Head| {
            if head.number == 0 {
                return ControlFlow::Continue(());
            }
            match writer.leaf(subject, head) {
                Ok(line) => {
                    chains += 1;
                    broken |= write(&line).is_break();
                }
                Err(error) => problem = Some(error),
            }
            if broken || problem.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        self.store.snapshot(&self.organization, &[Table::Organizations, Table::Devices], &mut |row| {
            let Ok(row) = row else { return ControlFlow::Continue(()) };
            let head = match row.table() {
                Table::Organizations => OrganizationRecord::from_row(row).ok().map(|record| record.head),
                _ => DeviceRecord::from_row(row).ok().map(|record| record.head),
            };
            match head {
                Some(head) => leaf(&subject_of(row), &head),
                None => ControlFlow::Continue(()),
            }
        })?;
        if let Some(problem) = problem {
            return Err(problem.into());
        }
        let (trailer, digest) = writer.finish();
        broken |= write(&trailer).is_break();
        if broken {
            return Err(Error::Misuse("writing the checkpoint was broken off"));
        }
        Ok(CheckpointFile { digest, chains })
    }
}

/// Whose row it is: that of its column `device`, or the organization's.
fn subject_of(row: &Row) -> Subject {
    let device = row.text("device").and_then(|device| DeviceId::new(device).ok());
    Subject::from(device)
}
