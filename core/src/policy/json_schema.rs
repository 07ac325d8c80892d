//! What does an editor need to know to check a policy document while it is written?
//!
//! The JSON Schema (draft 2020-12) of the document, made of [`FIELDS`]. It says which fields there are, of which type
//! and with which words; rules between fields are checked where a policy is read.

use serde_json::{Map, Value, json};

use super::fields::{FIELDS, Field, FieldKind, Preset};

/// The schema of a whole document, with groups.
pub fn json_schema() -> Value {
    let mut properties = tables("");
    let group = |mut properties: Map<String, Value>| {
        // a group is of the organization: it has none of its own
        properties.remove("organization");
        let without = json!({
            "description": "Tables and fields of the organization that are taken away for this group, by their place.",
            "type": "array",
            "items": { "type": "string" },
            "uniqueItems": true,
        });
        properties.insert("without".to_owned(), without);
        properties
    };
    let groups = json!({
        "description": "What is otherwise for a group of devices; the rest is the organization's.",
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": group(relaxed(&properties)),
            "additionalProperties": false,
        },
    });
    properties.insert("groups".to_owned(), groups);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fdescrow policy",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// The properties of the tables below a place.
fn tables(place: &str) -> Map<String, Value> {
    let below = FIELDS.iter().filter(|field| parent(field.path) == place);
    below.map(|field| (name(field.path).to_owned(), property(field))).collect()
}

fn property(field: &Field) -> Value {
    let mut schema = match field.kind {
        FieldKind::Boolean => json!({ "type": "boolean" }),
        FieldKind::Integer(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        FieldKind::Integers(low, high) => list(json!({ "type": "integer", "minimum": low, "maximum": high })),
        FieldKind::Map => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        FieldKind::Table => table(field),
        FieldKind::Text => json!({ "type": "string" }),
        FieldKind::Texts => list(json!({ "type": "string" })),
        FieldKind::Word(words) => json!({ "enum": words() }),
        FieldKind::Words(words) => list(json!({ "enum": words() })),
        FieldKind::WordMap(names, words) => json!({
            "type": "object",
            "propertyNames": { "enum": names() },
            "additionalProperties": { "enum": words() },
        }),
    };
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), field.meaning.into());
        if let Some(value) = field.preset.value().filter(|_| !matches!(field.kind, FieldKind::Table)) {
            members.insert("default".to_owned(), value);
        }
    }
    schema
}

fn table(field: &Field) -> Value {
    let required: Vec<&str> = FIELDS
        .iter()
        .filter(|other| parent(other.path) == field.path && matches!(other.preset, Preset::Required))
        .map(|other| name(other.path))
        .collect();
    let mut schema = json!({
        "type": "object",
        "properties": tables(field.path),
        "additionalProperties": false,
    });
    if let (Some(members), false) = (schema.as_object_mut(), required.is_empty()) {
        members.insert("required".to_owned(), required.into());
    }
    schema
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items, "uniqueItems": true })
}

/// The same without what must be there and without presets: in a group, what is left out is the organization's.
fn relaxed(properties: &Map<String, Value>) -> Map<String, Value> {
    let each = properties.iter().map(|(name, schema)| {
        let mut schema = schema.clone();
        if let Some(members) = schema.as_object_mut() {
            members.remove("required");
            members.remove("default");
            if let Some(Value::Object(below)) = members.get("properties").cloned() {
                members.insert("properties".to_owned(), relaxed(&below).into());
            }
        }
        (name.clone(), schema)
    });
    each.collect()
}

fn parent(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(parent, _)| parent)
}

fn name(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, name)| name)
}
