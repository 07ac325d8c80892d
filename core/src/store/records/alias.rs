//! By which other names is a device found?

use serde::{Deserialize, Serialize};

use super::Record;
use crate::{
    ids::{DeviceId, IdError, Organization, Word, checked},
    store::{
        contract::{Corrupt, Row, RowKey, StoreError, Value},
        schema::Table,
    },
};

/// How far an alias is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Trust {
    /// The embedder vouches for it.
    Authenticated,
    /// The device, or somebody else, said so.
    Claimed,
}

impl Trust {
    /// The word in documents and in the column `trust`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authenticated => "authenticated",
            Self::Claimed => "claimed",
        }
    }
}

/// Another name of a device. Names of aliases are compared as they are: who wants host names without regard to
/// case writes them in one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    kind: Word,
    value: String,
    source: Word,
    trust: Trust,
}

impl Alias {
    /// An alias: its kind (`serial`, `udid`, `hostname`, `owner`, …), the name of 1 to 255 bytes without control
    /// characters, where it was learnt, and how far it is believed.
    ///
    /// # Errors
    /// [`IdError`] if the name is empty, longer, or has control characters.
    pub fn new(kind: Word, value: impl Into<String>, source: Word, trust: Trust) -> Result<Self, IdError> {
        Ok(Self { kind, value: checked("alias", value.into())?, source, trust })
    }

    /// The kind of name.
    pub fn kind(&self) -> &Word {
        &self.kind
    }

    /// The name.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Where it was learnt.
    pub fn source(&self) -> &Word {
        &self.source
    }

    /// How far it is believed.
    pub fn trust(&self) -> Trust {
        self.trust
    }
}

/// A row by which a device is found. It follows from the device's record and is written with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AliasRecord {
    /// The kind of name.
    pub kind: Word,
    /// The name.
    pub value: String,
    /// The device that has it. Others may have it too.
    pub device: DeviceId,
    /// How far it is believed.
    pub trust: Trust,
}

impl AliasRecord {
    pub(super) fn row_of(organization: &Organization, device: &DeviceId, alias: &Alias) -> Row {
        let key = [Value::from(alias.kind.as_str()), Value::from(alias.value.as_str()), Value::from(device.as_str())];
        let trust = Some(Value::from(alias.trust.as_str()));
        Row::known(RowKey::new(Table::Aliases, organization, key), vec![trust], None, None)
    }
}

impl Record for AliasRecord {
    const TABLE: Table = Table::Aliases;

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let corrupt = || Corrupt::new(row.key(), "is no alias of a device");
        let text = |column| row.text(column).ok_or_else(corrupt);
        Ok(Self {
            kind: Word::new(text("kind")?).map_err(|_| corrupt())?,
            value: text("value")?.to_owned(),
            device: DeviceId::new(text("device")?).map_err(|_| corrupt())?,
            trust: match text("trust")? {
                "authenticated" => Trust::Authenticated,
                "claimed" => Trust::Claimed,
                _ => return Err(corrupt().into()),
            },
        })
    }
}
