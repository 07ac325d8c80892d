//! How are rows, queries and changes written as JSON?
//!
//! A row: `table`, `key` and `columns` by name, `body` (text, kept byte for byte) and `bytes` (base64) where the table has them.
//! `fdescrow_store_schema` says which columns a table has.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what it lacks")]

use base64::{Engine, engine::general_purpose::STANDARD};
use fdescrow::store::{
    ChangeSet, Corrupt, Edit, Guard, Index, Row, RowCursor, RowKey, RowQuery, StoreError, Table, Value, Work,
    contract::Terms, schema::ColumnKind,
};
use serde_json::{Map, Value as Json, json};

fn value(value: &Value) -> Json {
    match value {
        Value::Integer(integer) => json!(integer),
        Value::Text(text) => json!(text),
        _ => Json::Null,
    }
}

/// The key of a row.
pub(super) fn key(key: &RowKey) -> Json {
    let names = key.table().description().key.iter().map(|column| column.name.to_owned());
    let parts: Map<String, Json> = names.zip(key.parts().iter().map(value)).collect();
    json!({ "table": key.table().as_str(), "key": parts })
}

/// A row.
pub(super) fn row(row: &Row) -> Json {
    let mut document = key(row.key());
    let columns = row.described_columns();
    let columns: Map<String, Json> =
        columns.map(|(column, content)| (column.name.to_owned(), content.map_or(Json::Null, value))).collect();
    document["columns"] = Json::Object(columns);
    if let Some(body) = row.body() {
        document["body"] = json!(body);
    }
    if let Some(bytes) = row.bytes() {
        document["bytes"] = json!(STANDARD.encode(bytes));
    }
    document
}

/// A row as it comes back.
pub(super) fn read_row(document: &Json) -> Result<Row, Corrupt> {
    let table = document["table"].as_str().and_then(Table::from_name);
    let table = table.ok_or_else(|| Corrupt::of_database("gave a row of no table that is known"))?;
    let unread = |problem| Corrupt::without_key(table, problem);
    let content = |json: &Json, kind: ColumnKind| match (json, kind) {
        (Json::Null, _) => Ok(None),
        (Json::Number(number), ColumnKind::Integer) => {
            number.as_i64().map(|integer| Some(Value::from(integer))).ok_or("has a number that is no integer")
        }
        (Json::String(text), ColumnKind::Text) => Ok(Some(Value::from(text.as_str()))),
        _ => Err("has a value of the wrong kind"),
    };
    let description = table.description();
    let mut parts = Vec::new();
    for column in description.key {
        let part = content(&document["key"][column.name], column.kind).map_err(unread)?;
        parts.push(part.ok_or_else(|| unread("lacks a part of its key"))?);
    }
    let key = RowKey::from_parts(table, parts)?;
    let corrupt = |problem| Corrupt::new(&key, problem);
    let mut columns = Vec::new();
    for column in description.columns {
        columns.push(content(&document["columns"][column.name], column.kind).map_err(corrupt)?);
    }
    let body = document["body"].as_str().map(str::to_owned);
    let bytes = match document["bytes"].as_str() {
        Some(text) => Some(STANDARD.decode(text).map_err(|_| corrupt("has bytes that are no base64"))?),
        None => None,
    };
    Row::from_parts(key.clone(), columns, body, bytes)
}

/// What a query asks for.
pub(super) fn query(query: &RowQuery) -> Result<Json, StoreError> {
    let Terms { equal, from, to, after, sorted, .. } = query.terms()?;
    let equal: Map<String, Json> = equal.into_iter().map(|(name, is)| (name.to_owned(), value(is))).collect();
    let mut document = json!({
        "organization": query.organization().as_str(),
        "table": query.index().table().as_str(),
        "index": query.index().as_str(),
        "equal": equal,
        "order": sorted,
        "descending": query.is_descending(),
        "limit": query.page_limit(),
        "not_null": not_null(query.index()),
    });
    for (name, bound) in [("from", from), ("to", to)] {
        if let Some(bound) = bound {
            document[name] = value(bound);
        }
    }
    if let Some(after) = after {
        document["after"] = after.iter().map(value).collect();
    }
    Ok(document)
}

/// A row is in an index when none of the index's columns is empty.
fn not_null(index: Index) -> Vec<&'static str> {
    let description = index.table().description();
    let nullable = |name: &&str| description.column(name).is_some_and(|column| column.nullable);
    index.order().filter(nullable).collect()
}

/// Where the page after a row begins, whatever else is wrong with the row.
pub(super) fn cursor(document: &Json, index: Index) -> Option<RowCursor> {
    let values = index.order().map(|name| {
        let [key, columns] = ["key", "columns"].map(|part| &document[part][name]);
        Some(if key.is_null() { columns } else { key }).filter(|content| !content.is_null()).cloned()
    });
    values.collect::<Option<Vec<Json>>>().and_then(|values| Json::from(values).to_string().parse().ok())
}

/// A change set.
pub(super) fn change(change: &ChangeSet) -> Result<Json, StoreError> {
    let organization = change.organization();
    let mut guards = Vec::new();
    for guard in change.guards() {
        guards.push(match guard {
            Guard::Absent(absent) => json!({ "absent": query(absent)? }),
            Guard::Revision(subject, revision) => {
                json!({ "revision": { "of": key(&subject.row_key(organization)), "is": revision.number() } })
            }
            _ => return Err(StoreError::Misuse("a guard that this interface does not know".to_owned())),
        });
    }
    let mut edits = Vec::new();
    for edit in change.edits() {
        edits.push(match edit {
            Edit::Clear(cleared) => json!({ "clear": key(cleared) }),
            Edit::Delete(deleted) => json!({ "delete": key(deleted) }),
            Edit::Insert(inserted) => json!({ "insert": row(inserted) }),
            Edit::Put(put) => json!({ "put": row(put) }),
            Edit::Replace(replaced) => json!({ "replace": row(replaced) }),
            _ => return Err(StoreError::Misuse("an edit that this interface does not know".to_owned())),
        });
    }
    Ok(json!({
        "change": change.change_id().to_string(),
        "organization": organization.as_str(),
        "expected": change.expected().number(),
        "revision": change.revision().number(),
        "subject_row": row(change.subject_row()),
        "change_row": row(&change.change_row()),
        "guards": guards,
        "edits": edits,
    }))
}

/// What can be claimed.
pub(super) fn work(work: Work) -> Json {
    json!({
        "table": work.table().as_str(),
        "due": work.due_column(),
        "holder": work.holder_column(),
        "until": work.until_column(),
    })
}

/// All tables.
pub(super) fn schema() -> Json {
    let column = |column: &fdescrow::store::schema::Column| {
        let kind = if column.kind == ColumnKind::Integer { "integer" } else { "text" };
        json!({ "name": column.name, "kind": kind, "nullable": column.nullable, "fixed": column.fixed })
    };
    let tables = Table::ALL.iter().map(|table| {
        let description = table.description();
        let indexes = description.indexes.iter().map(|index| {
            json!({ "name": index.as_str(), "order": index.order().collect::<Vec<_>>(), "not_null": not_null(*index) })
        });
        json!({
            "name": description.name,
            "key": description.key.iter().map(column).collect::<Vec<_>>(),
            "columns": description.columns.iter().map(column).collect::<Vec<_>>(),
            "body": description.body,
            "bytes": description.bytes,
            "ordered": description.ordered,
            "indexes": indexes.collect::<Vec<_>>(),
            "works": description.works().map(work).collect::<Vec<_>>(),
        })
    });
    json!({ "version": fdescrow::store::schema::SCHEMA_VERSION, "tables": tables.collect::<Vec<_>>() })
}
