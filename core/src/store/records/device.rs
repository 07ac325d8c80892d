//! What is kept of a device?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    Place, Record, Stored,
    alias::{Alias, AliasRecord},
    body::{self, Version},
    organization::{subject_columns, subject_of},
};
use crate::{
    audit::{Head, Subject},
    ids::{DeviceId, Digest, Organization, Word},
    rotation::Rotation,
    store::{
        contract::{Revision, Row, RowKey, StoreError, Value},
        schema::Table,
    },
    time::Timestamp,
    verification::{Assessment, State},
};

/// How a device was last judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Judged {
    /// The judgement.
    pub assessment: Judgement,
    /// The rules that it was judged by, as a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Digest>,
}

impl Judged {
    /// A judgement by rules with this digest.
    pub fn new(assessment: Assessment, policy: Option<Digest>) -> Self {
        Self { assessment: Judgement::Known(Box::new(assessment)), policy }
    }
}

/// An assessment, or one that a newer version made in words that this one does not know: it is kept as it is,
/// and the device is judged anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Judgement {
    /// As this version makes them.
    Known(Box<Assessment>),
    /// As a newer one made it.
    Newer(Json),
}

/// What a device sent on one day, so that a limit can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DayCount {
    /// Days since 1970-01-01, by the server's clock.
    pub day: i64,
    /// Keys that it sent on that day.
    pub keys: u32,
    /// Audit entries that it caused on that day.
    pub entries: u32,
}

impl DayCount {
    /// Nothing yet on the day of this time.
    pub fn new(now: Timestamp) -> Self {
        Self { day: now.unix_seconds().div_euclid(24 * 60 * 60), keys: 0, entries: 0 }
    }
}

/// A device: what was observed of it, how that was last judged, and what it is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeviceRecord {
    version: Version,
    /// The device.
    pub device: DeviceId,
    /// Its platform: `macos`, `windows`, `linux`; none while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Word>,
    /// The group whose policy it follows; none: the organization's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its other names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Alias>,
    /// What is known of its keys.
    pub state: State,
    /// How it was last judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// The replacements of its keys: of each place the one that goes on, or ended last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rotations: Vec<Rotation>,
    /// When it is its turn to have keys checked: when the first of them is due or, where that one had to wait, when
    /// others of the device had their turn; none if no key is to be checked. A change set that writes a key of the
    /// device that is due earlier makes it earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_due: Option<Timestamp>,
    /// What it sent lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today: Option<DayCount>,
    /// Members of a newer version, kept as they are.
    #[serde(flatten)]
    more: BTreeMap<String, Json>,
    /// How many changes had been committed when it was read; a change set is about this revision.
    #[serde(skip)]
    pub revision: Revision,
    /// Where its audit chain ended when it was read.
    #[serde(skip, default = "genesis")]
    pub head: Head,
    /// The aliases that have rows.
    #[serde(skip)]
    stored_aliases: Vec<Alias>,
}

fn genesis() -> Head {
    Head::GENESIS
}

impl DeviceRecord {
    /// A device that is seen for the first time.
    pub fn new(device: DeviceId, now: Timestamp) -> Self {
        Self {
            version: Version,
            device,
            platform: None,
            group: None,
            aliases: Vec::new(),
            state: State::new(now),
            judged: None,
            rotations: Vec::new(),
            check_due: None,
            today: None,
            more: BTreeMap::new(),
            revision: Revision::NONE,
            head: Head::GENESIS,
            stored_aliases: Vec::new(),
        }
    }

    /// Which row it is.
    pub fn row_key(organization: &Organization, device: &DeviceId) -> RowKey {
        RowKey::new(Table::Devices, organization, [Value::from(device.as_str())])
    }

    /// The assessment, if there is one that this version understands.
    pub fn assessment(&self) -> Option<&Assessment> {
        match &self.judged.as_ref()?.assessment {
            Judgement::Known(assessment) => Some(assessment),
            Judgement::Newer(_) => None,
        }
    }

    /// Where its row stands at a revision, with the head of its chain.
    fn place_at(&self, organization: &Organization, revision: Revision, head: &Head) -> Place {
        let assessment = self.assessment();
        let own = vec![
            self.group.as_deref().map(Value::from),
            assessment.and_then(|assessment| body::text(assessment.status.as_str())),
            assessment.and_then(|assessment| body::text(assessment.reasons.first()?.as_str())),
            body::seconds(assessment.and_then(|assessment| assessment.wake_at)),
            body::seconds(self.check_due),
            body::seconds(self.state.forgotten()),
        ];
        (Self::row_key(organization, &self.device), subject_columns(revision, head, own))
    }

    /// Its row at a revision, with the head of its chain.
    pub(super) fn row_at(
        &self,
        organization: &Organization,
        revision: Revision,
        head: &Head,
    ) -> Result<Row, StoreError> {
        body::row(self.place_at(organization, revision, head), self, None)
    }

    /// The rows of aliases that go, and those that come.
    /// The rows of its aliases.
    pub(crate) fn all_alias_rows(&self, organization: &Organization) -> Vec<Row> {
        self.aliases.iter().map(|alias| AliasRecord::row_of(organization, &self.device, alias)).collect()
    }

    pub(super) fn alias_rows(&self, organization: &Organization) -> (Vec<Row>, Vec<Row>) {
        let rows = |aliases: &[Alias]| -> BTreeMap<RowKey, Row> {
            let rows = aliases.iter().map(|alias| AliasRecord::row_of(organization, &self.device, alias));
            rows.map(|row| (row.key().clone(), row)).collect()
        };
        let (before, after) = (rows(&self.stored_aliases), rows(&self.aliases));
        let missing = |from: &BTreeMap<RowKey, Row>, other: &BTreeMap<RowKey, Row>| -> Vec<Row> {
            from.iter().filter(|(key, row)| other.get(*key) != Some(*row)).map(|(_, row)| row.clone()).collect()
        };
        (missing(&before, &after), missing(&after, &before))
    }
}

impl Record for DeviceRecord {
    const TABLE: Table = Table::Devices;

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let mut record: Self = body::read(row)?;
        (record.revision, record.head) = subject_of(row)?;
        record.stored_aliases = record.aliases.clone();
        body::in_its_place(row, record.place(&body::organization(row)?))?;
        Ok(record)
    }
}

impl Stored for DeviceRecord {
    fn place(&self, organization: &Organization) -> Place {
        self.place_at(organization, self.revision, &self.head)
    }

    fn to_row(&self, organization: &Organization) -> Result<Row, StoreError> {
        self.row_at(organization, self.revision, &self.head)
    }

    fn subject(&self) -> Subject {
        Subject::Device(self.device.clone())
    }
}
