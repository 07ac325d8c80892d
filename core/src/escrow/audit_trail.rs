//! Can the audit be trusted?
//!
//! See [`audit`](crate::audit) for what verification can and cannot find.

use std::{collections::BTreeMap, ops::ControlFlow};

use super::{Error, Escrow};
use crate::{
    audit::{ChainReport, ChainVerifier, Checkpoint, CheckpointWriter, Finding, Head, MacKey, Subject, Text},
    ids::{DeviceId, Digest},
    store::{
        Index, Record, Row, RowQuery, StoreError, Table,
        records::{AuditRecord, DeviceRecord, OrganizationRecord},
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

/// A checkpoint, to be kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        let mut report = AuditReport::default();
        let stored = self.stored(&mut report)?;
        let mut chains: BTreeMap<Subject, ChainReport> = BTreeMap::new();
        for (subject, stored) in &stored {
            let chain = self.verify_chain(subject, stored, mac_keys)?;
            report.chains += 1;
            report.entries += chain.entries;
            report.findings.extend(chain.findings.iter().cloned());
            chains.insert(subject.clone(), chain);
        }
        if let Some(checkpoint) = checkpoint {
            let found = checkpoint.compare(|subject, number| {
                let last = chains.get(subject).map(|chain| chain.head.number).filter(|number| *number > 0);
                Ok::<_, Error>((last, self.entry_hash(subject, number)?))
            })?;
            report.findings.extend(found);
        }
        Ok(report)
    }

    /// The head and the rows of every subject, in one snapshot.
    fn stored(&self, report: &mut AuditReport) -> Result<BTreeMap<Subject, Stored>, Error> {
        const TABLES: [Table; 6] = [
            Table::Organizations,
            Table::Devices,
            Table::Keys,
            Table::Envelopes,
            Table::Certificates,
            Table::Recoveries,
        ];
        let mut all: BTreeMap<Subject, Stored> = BTreeMap::new();
        let mut unreadable = 0;
        self.store.snapshot(&self.organization, &TABLES, &mut |row| {
            match row {
                Ok(row) => {
                    let subject = subject_of(row);
                    let stored = all.entry(subject).or_default();
                    match row.table() {
                        Table::Organizations => {
                            stored.head = OrganizationRecord::from_row(row).ok().map(|record| record.head);
                        }
                        Table::Devices => {
                            stored.head = DeviceRecord::from_row(row).ok().map(|record| record.head);
                            add_row(stored, row);
                        }
                        _ => add_row(stored, row),
                    }
                }
                Err(_) => unreadable += 1,
            }
            ControlFlow::Continue(())
        })?;
        report.unreadable += unreadable;
        Ok(all)
    }

    fn verify_chain(&self, subject: &Subject, stored: &Stored, mac_keys: &[MacKey]) -> Result<ChainReport, Error> {
        let mut verifier = ChainVerifier::new(&self.organization, subject.clone(), mac_keys);
        self.each_entry(subject, |number, body| verifier.entry(number, body))?;
        Ok(verifier.finish(stored.head.as_ref(), Some(&stored.rows)))
    }

    fn each_entry(&self, subject: &Subject, mut visit: impl FnMut(u64, &[u8])) -> Result<(), Error> {
        let mut query = RowQuery::new(&self.organization, Index::AUDIT_BY_KEY)
            .equal(subject.as_str())
            .limit(crate::store::contract::PAGE_LIMIT);
        loop {
            let page = self.store.list(&query)?;
            for row in &page.rows {
                let number = row.integer("number").and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
                visit(number, row.body().unwrap_or_default().as_bytes());
            }
            match page.next {
                Some(next) => query = query.after(next),
                None => return Ok(()),
            }
        }
    }

    fn entry_hash(&self, subject: &Subject, number: u64) -> Result<Option<Digest>, Error> {
        let row = self.store.get(&AuditRecord::row_key(&self.organization, subject, number));
        match row {
            Ok(row) => Ok(row.and_then(|row| AuditRecord::from_row(&row).ok()).map(|record| record.entry.hash())),
            Err(StoreError::Corrupt(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
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

fn add_row(stored: &mut Stored, row: &Row) {
    if let Ok(name) = Text::new(row.key().name()) {
        stored.rows.insert(name, row.digest());
    }
}

/// Whose row it is: that of its column `device`, or the organization's.
fn subject_of(row: &Row) -> Subject {
    let device = row.text("device").and_then(|device| DeviceId::new(device).ok());
    Subject::from(device)
}
