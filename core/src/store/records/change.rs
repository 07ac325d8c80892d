//! How do records become one change set?

use std::collections::{BTreeMap, BTreeSet};

use super::{AuditRecord, DeviceRecord, OrganizationRecord, Stored, body::within_limits};
use crate::{
    audit::{self, Draft, Head, MacKey, Subject, Text},
    ids::{Digest, Organization},
    store::{
        contract::{ChangeId, ChangeSet, Edit, Guard, Revision, Row, RowKey, RowQuery, StoreError},
        schema::Table,
    },
    time::Timestamp,
};

/// What changes together about one subject.
///
/// It sees to what has to hold of every change set: its rows are of one organization and belong to the subject,
/// no row is in it twice, rows that follow from others come with them, every audited row is named by an audit
/// entry with its digest, and a device is due no later than the keys that are written.
#[derive(Debug)]
pub(crate) struct ChangeSetBuilder {
    change: ChangeId,
    organization: Organization,
    subject: SubjectRecord,
    guards: Vec<Guard>,
    edits: Vec<Edit>,
    problem: Option<StoreError>,
}

#[derive(Debug)]
enum SubjectRecord {
    Device(Box<DeviceRecord>),
    Organization(OrganizationRecord),
}

impl SubjectRecord {
    fn subject(&self) -> Subject {
        match self {
            Self::Device(device) => device.subject(),
            Self::Organization(_) => Subject::Organization,
        }
    }

    fn was(&self) -> (Revision, Head) {
        match self {
            Self::Device(device) => (device.revision, device.head),
            Self::Organization(organization) => (organization.revision, organization.head),
        }
    }

    fn row_at(&self, organization: &Organization, revision: Revision, head: &Head) -> Result<Row, StoreError> {
        match self {
            Self::Device(device) => device.row_at(organization, revision, head),
            Self::Organization(_) => Ok(OrganizationRecord::row_of(organization, revision, head)),
        }
    }
}

impl ChangeSetBuilder {
    /// A change of a device, whose record is as it shall be and at the revision that was read.
    pub(crate) fn of_device(change: ChangeId, organization: &Organization, device: DeviceRecord) -> Self {
        let (gone, come) = device.alias_rows(organization);
        let changed = |row: &Row| come.iter().any(|other| other.key() == row.key());
        let cleared = gone.iter().filter(|row| !changed(row)).map(|row| Edit::Clear(row.key().clone()));
        let edits = cleared.chain(come.iter().cloned().map(Edit::Put)).collect();
        Self::new(change, organization, SubjectRecord::Device(Box::new(device)), edits)
    }

    /// A change of what concerns no device, with the organization's record as it was read.
    pub(crate) fn of_organization(change: ChangeId, name: &Organization, organization: OrganizationRecord) -> Self {
        Self::new(change, name, SubjectRecord::Organization(organization), Vec::new())
    }

    fn new(change: ChangeId, organization: &Organization, subject: SubjectRecord, edits: Vec<Edit>) -> Self {
        Self { change, organization: organization.clone(), subject, guards: Vec::new(), edits, problem: None }
    }

    /// A record that is not there yet.
    pub(crate) fn insert<R: Stored>(&mut self, record: &R) -> &mut Self {
        self.put(record, Edit::Insert, Edit::Insert)
    }

    /// A record that is there, and changes.
    pub(crate) fn replace<R: Stored>(&mut self, record: &R) -> &mut Self {
        self.put(record, Edit::Replace, Edit::Put)
    }

    /// A record that is there as `before`, and changes. Rows that follow from it and are the same are not written again.
    pub(crate) fn replace_from<R: Stored>(&mut self, before: &R, record: &R) -> &mut Self {
        let edits = self.edits.len();
        self.replace(record);
        let same = before.derived(&self.organization);
        let follow = self.edits.split_off(edits);
        self.edits.extend(follow.into_iter().filter(|edit| !matches!(edit, Edit::Put(row) if same.contains(row))));
        self
    }

    fn put<R: Stored>(&mut self, record: &R, edit: fn(Row) -> Edit, follow: fn(Row) -> Edit) -> &mut Self {
        if record.subject() != self.subject.subject() || matches!(R::TABLE, Table::Devices | Table::Organizations) {
            return self.misuse(format!("a change set has a row of {} that is not its subject's", R::TABLE));
        }
        if let (SubjectRecord::Device(device), Some(due)) = (&mut self.subject, record.check_due()) {
            device.check_due = Some(device.check_due.map_or(due, |earlier| earlier.min(due)));
        }
        match record.to_row(&self.organization) {
            Ok(row) => self.edits.push(edit(row)),
            Err(error) => self.problem = self.problem.take().or(Some(error)),
        }
        self.edits.extend(record.derived(&self.organization).into_iter().map(follow));
        self
    }

    /// A record that is there, and goes, with the rows that follow from it. What the audit says of it stays.
    pub(crate) fn delete<R: Stored>(&mut self, record: &R) -> &mut Self {
        if record.subject() != self.subject.subject() || matches!(R::TABLE, Table::Devices | Table::Organizations) {
            return self.misuse(format!("a change set has a row of {} that is not its subject's", R::TABLE));
        }
        match record.to_row(&self.organization) {
            Ok(row) => self.edits.push(Edit::Delete(row.key().clone())),
            Err(error) => self.problem = self.problem.take().or(Some(error)),
        }
        let following = record.derived(&self.organization);
        self.edits.extend(following.into_iter().map(|row| Edit::Clear(row.key().clone())));
        self
    }

    /// The change is for nothing unless this query finds no row.
    pub(crate) fn unless_there(&mut self, query: RowQuery) -> &mut Self {
        if query.organization() != &self.organization {
            return self.misuse("a change set has a guard of another organization".to_owned());
        }
        self.guards.push(Guard::Absent(query));
        self
    }

    /// The change is for nothing unless this subject is still at this revision.
    pub(crate) fn if_still_at(&mut self, subject: Subject, revision: Revision) -> &mut Self {
        self.guards.push(Guard::Revision(subject, revision));
        self
    }

    fn misuse(&mut self, problem: String) -> &mut Self {
        self.problem = self.problem.take().or(Some(StoreError::Misuse(problem)));
        self
    }

    /// The change set, with an audit entry for each draft; the last one names the rows.
    pub(crate) fn build(
        self,
        drafts: Vec<Draft>,
        now: Timestamp,
        mac_key: Option<&MacKey>,
    ) -> Result<ChangeSet, StoreError> {
        let Self { change, organization, subject, guards, mut edits, problem } = self;
        if let Some(problem) = problem {
            return Err(problem);
        }
        let mut keys = BTreeSet::new();
        if !edits.iter().all(|edit| keys.insert(edit.key())) {
            return Err(StoreError::Misuse("a change set has a row twice".to_owned()));
        }
        let (revision, mut head) = subject.was();
        let name = subject.subject();
        let bare = subject.row_at(&organization, revision, &head)?;
        let rows = digests(std::iter::once(&Edit::Replace(bare)).chain(&edits))?;
        let last = drafts.len().checked_sub(1);
        let Some(last) = last else {
            return Err(StoreError::Misuse("a change set has no audit entry".to_owned()));
        };
        for (place, mut draft) in drafts.into_iter().enumerate() {
            if place == last {
                draft.references.rows.clone_from(&rows);
            }
            let entry = audit::append(&organization, &name, &head, draft, now, mac_key);
            head = entry.head();
            edits.push(Edit::Insert(within_limits(AuditRecord::row_of(&entry))?));
        }
        let row = subject.row_at(&organization, revision.next(), &head)?;
        Ok(ChangeSet::new(change, organization, (name, revision, row), guards, edits))
    }
}

/// The digests of all audited rows, by the names that entries give them.
fn digests<'a>(edits: impl Iterator<Item = &'a Edit>) -> Result<BTreeMap<Text, Option<Digest>>, StoreError> {
    let audited = edits.filter(|edit| edit.key().table().description().audited);
    audited
        .map(|edit| {
            let digest = match edit {
                Edit::Clear(_) | Edit::Delete(_) => None,
                Edit::Insert(row) | Edit::Put(row) | Edit::Replace(row) => Some(row.digest()),
            };
            Ok((row_name(edit.key())?, digest))
        })
        .collect()
}

fn row_name(key: &RowKey) -> Result<Text, StoreError> {
    Text::new(key.name()).map_err(|_| StoreError::Misuse("an audited row has a name that is too long".to_owned()))
}
