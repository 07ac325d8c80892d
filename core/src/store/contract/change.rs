//! What is written together, and under which conditions?

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    audit::Subject,
    ids::{DeviceId, Digest, IdError, Organization, parse_hex, write_hex},
    random::{Randomness, RandomnessError},
    store::{
        contract::{
            query::RowQuery,
            row::{Row, RowKey, Value},
        },
        schema::Table,
    },
};

/// How many changes of one subject are remembered at least.
pub const CHANGES_REMEMBERED: u64 = 256;

/// How many changes were committed to a subject; zero while it is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(u64);

impl Revision {
    /// The revision of a subject that is not there.
    pub const NONE: Self = Self(0);

    /// The revision of this number.
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }

    /// The number as an integer column holds it.
    pub fn to_integer(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// The revision in an integer column; a negative number is no revision.
    pub fn from_integer(integer: i64) -> Option<Self> {
        u64::try_from(integer).ok().map(Self)
    }

    /// The revision after one more change.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of one change, so that it is stored once however often it is sent: 16 bytes, printed as 32
/// hexadecimal digits.
///
/// Two changes that differ must not share an id: one that comes from a request of a client has to be
/// [derived](Self::derived) from all that the client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeId([u8; 16]);

impl ChangeId {
    /// A new random id.
    ///
    /// # Errors
    /// [`RandomnessError`] if the source failed.
    pub fn generate(rng: &dyn Randomness) -> Result<Self, RandomnessError> {
        let mut bytes = [0; 16];
        rng.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The id of the change that is named by these parts: the same parts in the same order give the same id,
    /// any others another.
    pub fn derived(parts: &[&[u8]]) -> Self {
        let mut all = Vec::new();
        for part in parts {
            all.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            all.extend_from_slice(part);
        }
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(Digest::of(&all).as_bytes()).for_each(|(byte, digest)| *byte = *digest);
        Self(bytes)
    }

    /// From its sixteen bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its sixteen bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The row that says that this change was committed.
    pub fn row_key(&self, organization: &Organization) -> RowKey {
        RowKey::new(Table::Changes, organization, [Value::from(self.to_string())])
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl FromStr for ChangeId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text).map(Self).ok_or(IdError { what: "change id", problem: "is not 32 hexadecimal digits" })
    }
}

impl Serialize for ChangeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChangeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a change set is about is what has an audit chain: a device, with all its keys, envelopes, aliases and
/// recoveries, or the organization, with what concerns no device. It has a row with its revision, which a
/// commit compares, and with the head of its chain.
impl Subject {
    /// The text in the column `device` of changes and audit entries: empty for the organization.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Organization => "",
            Self::Device(device) => device.as_str(),
        }
    }

    /// The subject that such a column names.
    ///
    /// # Errors
    /// [`IdError`] if it names none.
    pub fn from_column(text: &str) -> Result<Self, IdError> {
        if text.is_empty() { Ok(Self::Organization) } else { DeviceId::new(text).map(Self::Device) }
    }

    /// The table that has its row.
    pub fn table(&self) -> Table {
        match self {
            Self::Organization => Table::Organizations,
            Self::Device(_) => Table::Devices,
        }
    }

    /// Its row.
    pub fn row_key(&self, organization: &Organization) -> RowKey {
        let device = match self {
            Self::Organization => None,
            Self::Device(device) => Some(Value::from(device.as_str())),
        };
        RowKey::new(self.table(), organization, device)
    }
}

/// What else must be so for a change set to be committed.
///
/// Two commits must not pass each other here: of two change sets with the same [`Guard::Absent`], and of one
/// that guards a subject's revision and another that changes this subject, the second one sees what the
/// first one did. A database that does not run commits one after the other takes locks for that.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Guard {
    /// No row answers this query.
    Absent(RowQuery),
    /// Another subject is still at this revision ([`Revision::NONE`]: still not there).
    Revision(Subject, Revision),
}

/// What happens to one row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// The row is not there afterwards, whether or not it was. Only for tables that follow from others.
    Clear(RowKey),
    /// The row goes. It must be there.
    Delete(RowKey),
    /// The row comes. No row of its key may be there.
    Insert(Row),
    /// The row is as it is here afterwards, whatever was there. Only for tables that follow from others, so that one of
    /// their rows that was lost or damaged holds up nothing and is put right.
    Put(Row),
    /// The row changes: all but its key, its fixed columns and its bytes. A row with this key and these fixed
    /// columns must be there.
    Replace(Row),
}

impl Edit {
    /// Which row it is.
    pub fn key(&self) -> &RowKey {
        match self {
            Self::Clear(key) | Self::Delete(key) => key,
            Self::Insert(row) | Self::Put(row) | Self::Replace(row) => row.key(),
        }
    }
}

/// What is written in one commit, all of it or nothing.
///
/// Only this crate can build one, from records that have no place for a key in clear. All rows are of one
/// organization and belong to the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    change: ChangeId,
    organization: Organization,
    subject: Subject,
    expected: Revision,
    subject_row: Row,
    guards: Vec<Guard>,
    edits: Vec<Edit>,
}

impl ChangeSet {
    pub(crate) fn new(
        change: ChangeId,
        organization: Organization,
        (subject, expected, subject_row): (Subject, Revision, Row),
        guards: Vec<Guard>,
        edits: Vec<Edit>,
    ) -> Self {
        Self { change, organization, subject, expected, subject_row, guards, edits }
    }

    /// The name of the change.
    pub fn change_id(&self) -> ChangeId {
        self.change
    }

    /// The organization of all its rows.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The revision at which the subject has to be; [`Revision::NONE`] if it must not be there yet.
    pub fn expected(&self) -> Revision {
        self.expected
    }

    /// The revision at which the subject will be, as its row says.
    pub fn revision(&self) -> Revision {
        self.expected.next()
    }

    /// The subject's row: to be inserted if it is expected not to be there, else to replace the one that is.
    pub fn subject_row(&self) -> &Row {
        &self.subject_row
    }

    /// What else must be so.
    pub fn guards(&self) -> &[Guard] {
        &self.guards
    }

    /// What happens to the other rows, audit entries among them, in this order.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// The row that remembers the change: to be inserted with the others.
    pub fn change_row(&self) -> Row {
        let columns = vec![Some(Value::from(self.subject.as_str())), Some(Value::from(self.revision().to_integer()))];
        Row::known(self.change.row_key(&self.organization), columns, None, None)
    }
}
