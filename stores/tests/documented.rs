//! Do the page and the schema say what the code does?
//!
//! `BLESS=1` writes both anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::{env, fmt::Write as _, fs, path::PathBuf};

use fdescrow::store::{
    Table,
    conformance::CASES,
    records::{Member, MemberKind, members},
    schema::{Column, ColumnKind, SCHEMA_VERSION},
};
use serde_json::{Map, Value, json};

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Compares a file with what it should be, or writes it.
fn hold(path: &str, expected: &str) {
    let path = root().join(path);
    if env::var_os("BLESS").is_some() {
        fs::write(&path, expected).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), expected, "set BLESS=1 to write {} anew", path.display());
}

/// The text with what stands between the markers of this name replaced.
fn between(text: &str, name: &str, generated: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: generated -->\n"), format!("<!-- {name}: end -->"));
    let (before, rest) = text.split_once(&begin).expect("the page has the marker");
    let (_, after) = rest.split_once(&end).expect("the page has the end marker");
    format!("{before}{begin}{generated}{end}{after}")
}

fn column(column: &Column) -> String {
    let kind = match column.kind {
        ColumnKind::Integer => "integer",
        _ => "text",
    };
    let notes: Vec<&str> = [(column.nullable, "may be empty"), (column.fixed, "fixed")]
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, note)| *note)
        .collect();
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    format!("| `{}` | {kind}{notes} | {} |\n", column.name, column.meaning)
}

fn member(member: &Member) -> String {
    let kind = match member.kind {
        MemberKind::Digest => "digest",
        MemberKind::Id => "id",
        MemberKind::Integer => "integer",
        MemberKind::List => "list",
        MemberKind::Map => "map",
        MemberKind::Name => "name",
        MemberKind::Text => "text",
        MemberKind::Time => "time",
        _ => "word",
    };
    let optional = if member.always { "" } else { " (optional)" };
    format!("| body: `{}` | {kind}{optional} | {} |\n", member.name, member.meaning)
}

fn tables() -> String {
    let mut text = String::new();
    for table in Table::ALL {
        let description = table.description();
        let key: Vec<String> = description.key.iter().map(|column| format!("`{}`", column.name)).collect();
        write!(text, "### {table}\n\n{} Key: {}.", description.meaning, key.join(", ")).unwrap();
        let index = |index: &fdescrow::store::Index| format!("`{}` ({})", index.as_str(), index.columns().join(", "));
        let indexes: Vec<String> = description.indexes.iter().map(index).collect();
        if !indexes.is_empty() {
            write!(text, " Found {}.", indexes.join(", ")).unwrap();
        }
        text.push_str("\n\n| | holds | meaning |\n|---|---|---|\n");
        description.all_columns().for_each(|one| text.push_str(&column(one)));
        members(*table).iter().for_each(|one| text.push_str(&member(one)));
        if description.bytes {
            text.push_str("| `bytes` | bytes (fixed) | the envelope, DER |\n");
        }
        if description.ordered {
            text.push_str(
                "| `commit_order` | integer (the store's) | its place among all entries of the organization |\n",
            );
        }
        for work in description.works() {
            let (holder, until) = (work.holder_column(), work.until_column());
            writeln!(text, "| `{holder}`, `{until}` | text, integer (the store's) | who has claimed it, until when |")
                .unwrap();
        }
        text.push('\n');
    }
    text
}

fn promises() -> String {
    let mut text = "| promise | case |\n|---|---|\n".to_owned();
    CASES.iter().for_each(|case| writeln!(text, "| {} | `{}` |", case.promise, case.name).unwrap());
    text
}

#[test]
fn the_storage_page_is_as_documented() {
    let page = fs::read_to_string(root().join("docs/storage.md")).unwrap();
    let page = between(&page, "tables", &tables());
    hold("docs/storage.md", &between(&page, "promises", &promises()));
}

fn schema(member: &Member) -> Value {
    let mut schema = match member.kind {
        MemberKind::Digest => json!({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
        MemberKind::Id => json!({"type": "string", "pattern": "^[0-9a-f]{32}$"}),
        MemberKind::Integer => json!({"type": "integer", "minimum": 0}),
        MemberKind::List => json!({"type": "array"}),
        MemberKind::Map => json!({"type": "object"}),
        MemberKind::Name => json!({"type": "string", "minLength": 1, "maxLength": 255}),
        MemberKind::Text => json!({"type": "string"}),
        MemberKind::Time => json!({"type": "string", "format": "date-time"}),
        _ => json!({"type": "string", "pattern": "^[0-9a-z_]{1,64}$"}),
    };
    if member.name == "version" {
        schema = json!({"const": 1});
    }
    schema["description"] = json!(member.meaning);
    schema
}

#[test]
fn the_schema_of_bodies_is_as_documented() {
    let mut definitions = Map::new();
    for table in Table::ALL.iter().filter(|table| table.description().body) {
        let properties: Map<String, Value> =
            members(*table).iter().map(|member| (member.name.to_owned(), schema(member))).collect();
        let required: Vec<&str> =
            members(*table).iter().filter(|member| member.always).map(|member| member.name).collect();
        let definition = json!({
            "type": "object",
            "description": table.description().meaning,
            "properties": properties,
            "required": required,
        });
        definitions.insert(table.to_string(), definition);
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("Bodies of the rows that fdescrow stores, by table; tables of version {SCHEMA_VERSION}"),
        "description": "Members that are not named here come from a newer version and are kept.",
        "$defs": definitions,
    });
    hold("docs/schemas/records.json", &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()));
}
