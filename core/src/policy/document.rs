//! Which policy does each group of devices follow, and who decided each value of it?
//!
//! A [`PolicyDocument`] is a policy with `[groups.NAME]` beside its sections: the same sections again, merged over
//! the organization's field by field. A list is one value and is replaced whole; a table is not. What a group is to
//! be without stands in its `without`: the places of tables and fields that are taken away before merging.

mod merge;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Policy, PolicyError, PolicySettings, PolicySource, Violation,
    fields::{FIELDS, Field, FieldKind, Preset, field_at},
};
use crate::canonical::Canonical;

/// The most groups of a document, and the longest name of one in bytes.
const MAX_GROUPS: (usize, usize) = (1000, 255);

/// A policy document: an organization, and groups that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDocument {
    own: Map<String, Value>,
    policy: Arc<Policy>,
    groups: BTreeMap<String, Group>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    own: Map<String, Value>,
    without: Vec<String>,
    policy: Arc<Policy>,
}

/// Who decided a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// Nobody: it was left out.
    Default,
    /// The organization.
    Organization,
    /// The group.
    Group,
}

impl Origin {
    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Organization => "organization",
            Self::Group => "group",
        }
    }
}

/// One value of a policy, and who decided it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explained {
    /// Its place in the document.
    pub path: String,
    /// The value; `None` where nothing is asked or said. A table that is there is an empty map: its fields follow.
    pub value: Option<Value>,
    /// Who decided it.
    pub origin: Origin,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} = {value} ({})", self.path, self.origin.as_str()),
            None => write!(f, "{}: nothing ({})", self.path, self.origin.as_str()),
        }
    }
}

impl PolicyDocument {
    /// Reads a TOML document.
    ///
    /// # Errors
    /// [`PolicyError::Syntax`] if it is not TOML, or has an unknown field or a value of the wrong type;
    /// [`PolicyError::Invalid`] if the policy of the organization or of a group breaks a rule.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        let table: toml::Table = toml::from_str(text).map_err(|error| PolicyError::syntax(&error))?;
        match serde_json::to_value(table).map_err(|error| PolicyError::syntax(&error))? {
            Value::Object(document) => Self::of(document),
            _ => Err(PolicyError::syntax(&"not a table")),
        }
    }

    /// Reads a JSON document.
    ///
    /// # Errors
    /// As [`PolicyDocument::from_toml`], for JSON; a member that is named twice is refused.
    pub fn from_json(text: &str) -> Result<Self, PolicyError> {
        let document: Map<String, Value> = serde_json::from_str(text).map_err(|error| PolicyError::syntax(&error))?;
        if Canonical::parse(text.as_bytes()).is_none() {
            return Err(PolicyError::syntax(&"a member is named twice, or a number is not whole"));
        }
        Self::of(document)
    }

    fn of(mut document: Map<String, Value>) -> Result<Self, PolicyError> {
        let groups = match document.remove("groups") {
            None => Map::new(),
            Some(Value::Object(groups)) => groups,
            Some(_) => return Err(PolicyError::syntax(&"groups: not a table")),
        };
        let policy = Arc::new(read(&document)?);
        let (most, longest) = MAX_GROUPS;
        if groups.len() > most {
            return Err(PolicyError::syntax(&"groups: more than 1,000"));
        }
        let mut violations = Vec::new();
        let mut read_groups = BTreeMap::new();
        for (name, own) in groups {
            if name.is_empty() || name.len() > longest || name.chars().any(char::is_control) {
                return Err(PolicyError::syntax(&"groups: a name is empty, long or has control characters"));
            }
            match Group::read(&document, own) {
                Ok(group) => drop(read_groups.insert(name, group)),
                Err(PolicyError::Invalid(broken)) => violations.extend(broken.into_iter().map(|violation| Violation {
                    field: format!("groups.{name}: {}", violation.field).into(),
                    ..violation
                })),
                Err(PolicyError::Syntax { problem }) => {
                    return Err(PolicyError::syntax(&format_args!("groups.{name}: {problem}")));
                }
            }
        }
        if violations.is_empty() {
            Ok(Self { own: document, policy, groups: read_groups })
        } else {
            Err(PolicyError::Invalid(violations))
        }
    }

    /// The policy of this group; the organization's for a group that the document does not name, and without one.
    pub fn policy(&self, group: Option<&str>) -> Arc<Policy> {
        Arc::clone(self.group(group).map_or(&self.policy, |group| &group.policy))
    }

    /// The groups that the document names, in their order.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// Every value of the policy of this group and who decided it, in the order of [`FIELDS`].
    ///
    /// A table that is not there is one value, nothing; its fields do not follow.
    pub fn explain(&self, group: Option<&str>) -> Vec<Explained> {
        let group = self.group(group);
        let nothing = Map::new();
        let own = group.map_or(&nothing, |group| &group.own);
        let without = group.map_or(&[][..], |group| &group.without);
        let kept = merge::merged(&self.own, &nothing, without);
        let merged = merge::merged(&self.own, own, without);
        let mut explained = Vec::new();
        for field in FIELDS {
            if is_there(&merged, field) {
                explain(field, &merged, &kept, own, without, &mut explained);
            }
        }
        explained
    }

    fn group(&self, name: Option<&str>) -> Option<&Group> {
        self.groups.get(name?)
    }
}

impl PolicySource for PolicyDocument {
    fn policy(&self, group: Option<&str>) -> Arc<Policy> {
        Self::policy(self, group)
    }
}

impl Group {
    fn read(organization: &Map<String, Value>, own: Value) -> Result<Self, PolicyError> {
        let Value::Object(mut own) = own else { return Err(PolicyError::syntax(&"not a table")) };
        let without: Vec<String> = match own.remove("without") {
            None => Vec::new(),
            Some(without) => serde_json::from_value(without)
                .map_err(|error| PolicyError::syntax(&format_args!("without: {error}")))?,
        };
        let mut violations = super::Violations::default();
        violations.require(
            !own.contains_key("organization"),
            "organization",
            "is in a group: a group is of the organization and has none of its own",
            "[organization]",
        );
        for path in &without {
            violations.require(
                field_at(path).is_some() && !path.starts_with("organization"),
                "without",
                "names a place that no policy has, or that of the organization itself",
                "the table of settings",
            );
        }
        violations.or(())?;
        let policy = Arc::new(read(&merge::merged(organization, &own, &without))?);
        Ok(Self { own, without, policy })
    }
}

/// Reads sections, and says which one cannot be read.
fn read(document: &Map<String, Value>) -> Result<Policy, PolicyError> {
    for (name, section) in document {
        let alone = Map::from_iter([(name.clone(), section.clone())]);
        if let Err(error) = serde_json::from_value::<PolicySettings>(Value::Object(alone)) {
            return Err(PolicyError::syntax(&format_args!("{name}: {error}")));
        }
    }
    let settings = serde_json::from_value(Value::Object(document.clone()));
    Policy::new(settings.map_err(|error| PolicyError::syntax(&error))?)
}

/// Whether the tables that the field is in are there: they were written, or are always there.
fn is_there(merged: &Map<String, Value>, field: &Field) -> bool {
    let mut path = field.path;
    while let Some((parent, _)) = path.rsplit_once('.') {
        let always = field_at(parent).is_some_and(|table| matches!(table.preset, Preset::Present));
        if !always && merge::at(merged, parent).is_none() {
            return false;
        }
        path = parent;
    }
    true
}

fn explain(
    field: &Field,
    merged: &Map<String, Value>,
    kept: &Map<String, Value>,
    own: &Map<String, Value>,
    without: &[String],
    explained: &mut Vec<Explained>,
) {
    let mut push = |path: String, value: Option<Value>, origin| explained.push(Explained { path, value, origin });
    let said = merge::at(merged, field.path);
    let is_own = merge::at(own, field.path).is_some();
    let kept = merge::at(kept, field.path).is_some();
    match (field.kind, said) {
        (FieldKind::Table, _) if matches!(field.preset, Preset::Present) => {}
        (FieldKind::Map | FieldKind::WordMap(..), Some(Value::Object(members))) if !members.is_empty() => {
            let mine = merge::at(own, field.path);
            for (name, value) in members {
                let is_own = mine.is_some_and(|mine| mine.get(name).is_some());
                let origin = if is_own { Origin::Group } else { Origin::Organization };
                push(format!("{}.{name}", field.path), Some(value.clone()), origin);
            }
        }
        (FieldKind::Table, Some(_)) => {
            // that it is there at all is what is decided here; its fields follow
            let origin = if is_own && !kept { Origin::Group } else { Origin::Organization };
            push(field.path.to_owned(), Some(Value::Object(Map::new())), origin);
        }
        (_, Some(value)) => {
            let origin = if is_own { Origin::Group } else { Origin::Organization };
            push(field.path.to_owned(), Some(value.clone()), origin);
        }
        (_, None) => {
            let taken = without.iter().any(|path| path == field.path || field.path.starts_with(&format!("{path}.")));
            let origin = if taken { Origin::Group } else { Origin::Default };
            push(field.path.to_owned(), field.preset.value(), origin);
        }
    }
}
