//! Which tables are there, and which columns and indexes do they have?
//!
//! Described once, here: the tables of every database, the checks on rows that come back, and the page
//! `docs/storage.md` are made from these descriptions. Facts that are searched or sorted by are columns, the
//! rest is in the body; nothing is in both.

mod index;
mod tables;

pub use index::Index;

/// The version of the tables as they are described here. It rises with every change to them.
pub const SCHEMA_VERSION: u32 = 1;

/// The oldest version whose code still works with tables of [`SCHEMA_VERSION`].
pub const SCHEMA_COMPATIBLE_WITH: u32 = 1;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Table {
    /// Other names of devices.
    Aliases,
    /// The entries of the audit chains.
    Audit,
    /// Certificates that keys were sealed to.
    Certificates,
    /// Which changes were committed.
    Changes,
    /// Devices.
    Devices,
    /// Sealed recovery keys.
    Envelopes,
    /// Recovery keys, without the keys.
    Keys,
    /// What concerns no device.
    Organizations,
    /// Who an envelope is sealed to.
    Recipients,
    /// Requests to see a key.
    Recoveries,
}

impl Table {
    /// Every table.
    pub const ALL: &'static [Self] = &[
        Self::Aliases,
        Self::Audit,
        Self::Certificates,
        Self::Changes,
        Self::Devices,
        Self::Envelopes,
        Self::Keys,
        Self::Organizations,
        Self::Recipients,
        Self::Recoveries,
    ];

    /// Its description.
    pub fn description(self) -> &'static TableDescription {
        match self {
            Self::Aliases => &tables::ALIASES,
            Self::Audit => &tables::AUDIT,
            Self::Certificates => &tables::CERTIFICATES,
            Self::Changes => &tables::CHANGES,
            Self::Devices => &tables::DEVICES,
            Self::Envelopes => &tables::ENVELOPES,
            Self::Keys => &tables::KEYS,
            Self::Organizations => &tables::ORGANIZATIONS,
            Self::Recipients => &tables::RECIPIENTS,
            Self::Recoveries => &tables::RECOVERIES,
        }
    }

    /// Its name, to which a database adds a prefix.
    pub fn as_str(self) -> &'static str {
        self.description().name
    }

    /// The table of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|table| table.as_str() == name)
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnKind {
    /// A signed 64-bit integer: a number, or a time in seconds since 1970.
    Integer,
    /// 0 to 255 bytes of UTF-8 without control characters, compared byte by byte.
    Text,
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Its name, which is no word of SQL.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may be empty.
    pub nullable: bool,
    /// Whether it is written when the row is inserted and never again. A replacement names the row by its key
    /// and its fixed columns.
    pub fixed: bool,
    /// Whether it counts for the digest of the row that audit entries hold. The revision and the chain's own
    /// head do not: the entry is made before they are.
    pub digested: bool,
    /// What it means.
    pub meaning: &'static str,
}

/// One table: its key, its columns, and what else its rows carry.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TableDescription {
    /// Which table it is.
    pub table: Table,
    /// Its name, to which a database adds a prefix.
    pub name: &'static str,
    /// What one row is.
    pub meaning: &'static str,
    /// The primary key. The organization leads.
    pub key: &'static [Column],
    /// The other columns.
    pub columns: &'static [Column],
    /// Whether a row has a body: versioned JSON, kept byte for byte.
    pub body: bool,
    /// Whether a row has bytes: a sealed envelope, written when the row is inserted and never again.
    pub bytes: bool,
    /// Whether the store numbers the rows in the order in which they were committed.
    pub ordered: bool,
    /// Whether audit entries hold the digests of its rows. The others follow from those that are audited, or
    /// are the audit.
    pub audited: bool,
    /// The indexes beside the primary key.
    pub indexes: &'static [Index],
}

impl TableDescription {
    /// The columns of the key and the others, in this order.
    pub fn all_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.key.iter().chain(self.columns)
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.all_columns().find(|column| column.name == name)
    }

    /// What can be claimed in this table.
    pub fn works(&self) -> impl Iterator<Item = Work> {
        let table = self.table;
        Work::ALL.iter().copied().filter(move |work| work.table() == table)
    }
}

/// What can be due, and is then claimed by one worker at a time.
///
/// What is claimed is a whole device, because that is what a commit compares: two workers on two keys of one
/// device would only make each other's commits fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Work {
    /// To judge the device anew (`wake_at`).
    Assess,
    /// To check keys of the device (`check_due`).
    Check,
}

impl Work {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Assess, Self::Check];

    /// The table whose rows are claimed.
    pub fn table(self) -> Table {
        Table::Devices
    }

    /// The integer column that says from when on a row is due; a row where it is empty is not.
    pub fn due_column(self) -> &'static str {
        match self {
            Self::Assess => "wake_at",
            Self::Check => "check_due",
        }
    }

    /// The index over that column.
    pub fn index(self) -> Index {
        match self {
            Self::Assess => Index::DEVICES_BY_WAKE,
            Self::Check => Index::DEVICES_BY_CHECK,
        }
    }

    /// The text column, the store's own, that names who has claimed a row.
    pub fn holder_column(self) -> &'static str {
        match self {
            Self::Assess => "assess_holder",
            Self::Check => "check_holder",
        }
    }

    /// The integer column, the store's own, that says until when.
    pub fn until_column(self) -> &'static str {
        match self {
            Self::Assess => "assess_until",
            Self::Check => "check_until",
        }
    }
}
