//! Rows on their way out.

use std::ops::ControlFlow;

use fdescrow::{
    Organization,
    store::{
        Corrupt, Cursor, Event, EventPage, Index, Row, RowKey, RowPage, RowQuery, StoreError, Table, Value,
        schema::{Column, ColumnKind},
    },
};
use rusqlite::{
    Connection, ToSql, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};

use super::connection::failed;
use crate::sql::{Parameter, Sql, Statement};

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Integer(integer) => ValueRef::Integer(*integer),
            Self::Null => ValueRef::Null,
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// Hands over the rows of a statement one by one, readable or not, with the value behind the last column of
/// the row, until `each` breaks off.
pub(super) fn rows(
    connection: &Connection,
    statement: &Statement<'_>,
    table: Table,
    mut each: impl FnMut(Result<Row, Corrupt>, Option<i64>) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let mut prepared = connection.prepare_cached(&statement.text).map_err(failed)?;
    let mut rows = prepared.query(params_from_iter(&statement.parameters)).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let (row, behind) = read(row, table)?;
        if each(row, behind).is_break() {
            break;
        }
    }
    Ok(())
}

fn read(from: &rusqlite::Row<'_>, table: Table) -> Result<(Result<Row, Corrupt>, Option<i64>), StoreError> {
    let description = table.description();
    let mut place = 0..;
    let mut next = || from.get_ref(place.next().unwrap_or_default()).map_err(failed);
    let mut key = Vec::new();
    for column in description.key {
        key.push(value(next()?, column));
    }
    let mut columns = Vec::new();
    for column in description.columns {
        columns.push(value(next()?, column));
    }
    let body = if description.body { Some(text(next()?)) } else { None };
    let bytes = if description.bytes { Some(next()?.as_blob().ok().map(<[u8]>::to_vec)) } else { None };
    let behind = if description.ordered { next().ok().and_then(|order| order.as_i64().ok()) } else { None };
    Ok((assemble(table, key, columns, body, bytes), behind))
}

/// Puts a row together. A part that is not of the type that its column has is absent by now, or unreadable.
fn assemble(
    table: Table,
    key: Vec<Result<Option<Value>, &'static str>>,
    columns: Vec<Result<Option<Value>, &'static str>>,
    body: Option<Option<String>>,
    bytes: Option<Option<Vec<u8>>>,
) -> Result<Row, Corrupt> {
    let parts = key.into_iter().map(|part| part.ok().flatten()).collect::<Option<Vec<_>>>();
    let parts = parts.ok_or_else(|| Corrupt::without_key(table, "has a key that is not what it should be"))?;
    let key = RowKey::from_parts(table, parts)?;
    let columns = columns.into_iter().collect::<Result<_, _>>().map_err(|problem| Corrupt::new(&key, problem))?;
    let whole = |problem| Corrupt::new(&key, problem);
    let body = body.map(|body| body.ok_or_else(|| whole("has a body that is not text"))).transpose()?;
    let bytes = bytes.map(|bytes| bytes.ok_or_else(|| whole("has an envelope that is not bytes"))).transpose()?;
    Row::from_parts(key, columns, body, bytes)
}

fn value(from: ValueRef<'_>, column: &Column) -> Result<Option<Value>, &'static str> {
    match (from, column.kind) {
        (ValueRef::Null, _) => Ok(None),
        (ValueRef::Integer(integer), ColumnKind::Integer) => Ok(Some(Value::Integer(integer))),
        (ValueRef::Text(_), ColumnKind::Text) => match text(from) {
            Some(text) => Ok(Some(Value::Text(text))),
            None => Err("has a text that is not UTF-8"),
        },
        _ => Err("has a value of the wrong kind"),
    }
}

fn text(from: ValueRef<'_>) -> Option<String> {
    from.as_str().ok().map(str::to_owned)
}

/// The one row of a statement.
pub(super) fn get(connection: &Connection, statement: &Statement<'_>, table: Table) -> Result<Option<Row>, StoreError> {
    let mut found = None;
    rows(connection, statement, table, |row, _| {
        found = Some(row);
        ControlFlow::Break(())
    })?;
    Ok(found.transpose()?)
}

/// Reads rows until there are enough that can be read; says whether there are more.
pub(super) fn some(
    connection: &Connection,
    statement: &Statement<'_>,
    table: Table,
    limit: u32,
) -> Result<(Vec<Row>, Vec<Corrupt>, bool), StoreError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut readable, mut corrupt, mut more) = (Vec::new(), Vec::new(), false);
    rows(connection, statement, table, |row, _| {
        if readable.len() >= limit {
            more = true;
            return ControlFlow::Break(());
        }
        match row {
            Ok(row) => readable.push(row),
            Err(error) => corrupt.push(error),
        }
        ControlFlow::Continue(())
    })?;
    Ok((readable, corrupt, more))
}

pub(super) fn page(
    connection: &Connection,
    statement: &Statement<'_>,
    query: &RowQuery,
) -> Result<RowPage, StoreError> {
    let (rows, corrupt, more) = some(connection, statement, query.index().table(), query.page_limit())?;
    let next = if more { rows.last().and_then(|row| query.cursor_after(row)) } else { None };
    Ok(RowPage::new(rows, corrupt, next))
}

/// The integer that a statement answers.
pub(super) fn integer(connection: &Connection, statement: &Statement<'_>) -> Result<Option<i64>, StoreError> {
    let mut prepared = connection.prepare_cached(&statement.text).map_err(failed)?;
    let mut rows = prepared.query(params_from_iter(&statement.parameters)).map_err(failed)?;
    rows.next().and_then(|row| row.map(|row| row.get(0)).transpose()).map_err(failed)
}

/// The place that a cursor means.
pub(super) fn place(cursor: &Cursor) -> Result<i64, StoreError> {
    match cursor.as_str() {
        "" => Ok(0),
        text => match text.parse() {
            Ok(place) if place >= 0 => Ok(place),
            _ => Err(StoreError::Misuse("the cursor is not one of this store".to_owned())),
        },
    }
}

pub(super) fn events(
    connection: &Connection,
    statement: &Statement<'_>,
    after: &Cursor,
    limit: u32,
) -> Result<EventPage, StoreError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut events, mut corrupt, mut next) = (Vec::new(), Vec::new(), after.clone());
    rows(connection, statement, Table::Audit, |row, order| {
        if let Some(order) = order {
            next = Cursor::new(order.to_string());
        }
        match row {
            Ok(row) => events.push(Event::new(next.clone(), row)),
            Err(error) => corrupt.push(error),
        }
        if events.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(EventPage::new(events, corrupt, next))
}

pub(super) fn snapshot(
    connection: &Connection,
    sql: &Sql,
    organization: &Organization,
    tables: &[Table],
    visit: &mut dyn FnMut(Result<&Row, &Corrupt>) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    for table in tables {
        let query = RowQuery::new(organization, Index::key_of(*table));
        let mut stopped = false;
        rows(connection, &sql.list(&query)?, *table, |row, _| {
            let answer = visit(row.as_ref());
            stopped = answer.is_break();
            answer
        })?;
        if stopped {
            break;
        }
    }
    Ok(())
}
