//! Change sets on their way in.

use std::time::Duration;

use fdescrow::{
    Organization,
    store::{
        ChangeSet, Claims, CommitError, Conflict, ConflictCause, Edit, Guard, Holder, Revision, Row, RowKey, RowQuery,
        StoreError, Subject, Table, Work,
        contract::{CHANGES_REMEMBERED, LEASE_LIMIT, lease_seconds},
    },
};
use rusqlite::{Connection, ErrorCode, params_from_iter};

use super::{
    connection::{begin, failed},
    read,
};
use crate::sql::{Sql, Statement};

/// Runs a statement and says how many rows it changed.
fn execute(connection: &Connection, statement: &Statement<'_>) -> rusqlite::Result<usize> {
    connection.prepare_cached(&statement.text)?.execute(params_from_iter(&statement.parameters))
}

/// Writes change sets in one transaction. First as if none failed; if one does, each again within a savepoint of its
/// own, which costs a copy of every page that it changes.
pub(super) fn commit(
    writer: &mut Option<Connection>,
    sql: &Sql,
    changes: &[ChangeSet],
) -> Result<Vec<Result<Revision, CommitError>>, StoreError> {
    let Some(connection) = writer.as_ref() else {
        return Err(StoreError::Unavailable("there is no connection".into()));
    };
    begin(connection, "BEGIN IMMEDIATE")?;
    let revisions: Result<Vec<_>, _> = changes.iter().map(|changes| apply(connection, sql, changes)).collect();
    let answers = match revisions {
        Ok(revisions) => revisions.into_iter().map(Ok).collect(),
        Err(_) => {
            if !connection.is_autocommit() {
                begin(connection, "ROLLBACK")?;
            }
            begin(connection, "BEGIN IMMEDIATE")?;
            each_alone(connection, sql, changes)?
        }
    };
    if answers.iter().all(Result::is_err) {
        begin(connection, "ROLLBACK")?;
        return Ok(answers);
    }
    let Err(error) = begin(connection, "COMMIT") else { return Ok(answers) };
    // The log may hold the whole transaction although writing it was reported to have failed. `committed`
    // makes sure; until then nothing that this connection believes is relied on.
    *writer = None;
    let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
    let unknown = |answer: Result<_, _>| answer.and_then(|_| Err(CommitError::Unknown(reason.as_str().into())));
    Ok(answers.into_iter().map(unknown).collect())
}

fn each_alone(
    connection: &Connection,
    sql: &Sql,
    changes: &[ChangeSet],
) -> Result<Vec<Result<Revision, CommitError>>, StoreError> {
    let mut answers = Vec::with_capacity(changes.len());
    for changes in changes {
        let answer = alone(connection, sql, changes);
        // After some errors (a full disk, for one) SQLite undoes the whole transaction by itself.
        if connection.is_autocommit() {
            return Err(match answer {
                Err(CommitError::Store(error)) => error,
                _ => StoreError::Unavailable("the transaction was undone".into()),
            });
        }
        answers.push(answer);
    }
    Ok(answers)
}

fn alone(connection: &Connection, sql: &Sql, changes: &ChangeSet) -> Result<Revision, CommitError> {
    begin(connection, "SAVEPOINT change")?;
    let answer = apply(connection, sql, changes);
    if answer.is_err() && !connection.is_autocommit() {
        begin(connection, "ROLLBACK TO change")?;
    }
    if !connection.is_autocommit() {
        begin(connection, "RELEASE change")?;
    }
    answer
}

fn apply(connection: &Connection, sql: &Sql, changes: &ChangeSet) -> Result<Revision, CommitError> {
    let organization = changes.organization();
    let change_row = changes.change_row();
    // First: whoever asks a second time learns of the first time what came of it, whatever happened since.
    if !insert(connection, sql, &change_row)? {
        let row = read::get(connection, &sql.get(change_row.key()), Table::Changes)?;
        let none = || StoreError::Unavailable("a change is there and is not".into());
        return first_answer(&row.ok_or_else(none)?, changes);
    }
    let current = || revision(connection, sql, organization, changes.subject());
    let conflict = |cause| Err(CommitError::Conflict(Conflict::new(current()?, cause)));
    if !changes.guards().is_empty() && current()? != changes.expected() {
        return conflict(ConflictCause::Revision);
    }
    for guard in changes.guards() {
        if !holds(connection, sql, organization, guard)? {
            return conflict(ConflictCause::Guard);
        }
    }
    let subject_row = changes.subject_row();
    let expected = changes.expected();
    let put = if expected == Revision::NONE {
        insert(connection, sql, subject_row)?
    } else {
        execute(connection, &sql.replace_subject(subject_row, expected)).map_err(failed)? == 1
    };
    if !put {
        return conflict(ConflictCause::Revision);
    }
    // From here on the row of the subject is the new one.
    let conflict = |cause| Err(CommitError::Conflict(Conflict::new(expected, cause)));
    for edit in changes.edits() {
        let table = edit.key().table();
        let fits = match edit {
            Edit::Insert(row) => insert(connection, sql, row)?,
            _ if table == Table::Audit => {
                return Err(StoreError::Misuse("audit entries are never changed".to_owned()).into());
            }
            Edit::Replace(row) => execute(connection, &sql.replace(row)).map_err(failed)? == 1,
            Edit::Put(row) => {
                execute(connection, &sql.delete(row.key())).map_err(failed)?;
                insert(connection, sql, row)?
            }
            Edit::Clear(key) => execute(connection, &sql.delete(key)).map(|_| true).map_err(failed)?,
            Edit::Delete(key) => execute(connection, &sql.delete(key)).map_err(failed)? == 1,
            _ => return Err(StoreError::Misuse("a change set has an edit that is not known here".to_owned()).into()),
        };
        match (fits, edit) {
            (true, _) => {}
            (false, Edit::Insert(_)) => return conflict(ConflictCause::Present(table)),
            (false, _) => return conflict(ConflictCause::Absent(table)),
        }
    }
    if let Some(oldest) = changes.revision().number().checked_sub(CHANGES_REMEMBERED) {
        let oldest = Revision::new(oldest).to_integer();
        execute(connection, &sql.forget(organization, changes.subject().as_str(), oldest)).map_err(failed)?;
    }
    Ok(changes.revision())
}

/// Inserts a row; `false` if one of its key is there.
fn insert(connection: &Connection, sql: &Sql, row: &Row) -> Result<bool, StoreError> {
    match execute(connection, &sql.insert(row)) {
        Ok(_) => Ok(true),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn first_answer(row: &Row, changes: &ChangeSet) -> Result<Revision, CommitError> {
    if row.text("device") != Some(changes.subject().as_str()) {
        return Err(StoreError::Misuse("a change id was used for two devices".to_owned()).into());
    }
    Ok(row.integer("revision").and_then(Revision::from_integer).unwrap_or_default())
}

fn holds(connection: &Connection, sql: &Sql, organization: &Organization, guard: &Guard) -> Result<bool, StoreError> {
    match guard {
        Guard::Absent(query) => Ok(read::integer(connection, &sql.count(query)?)? == Some(0)),
        Guard::Revision(subject, expected) => Ok(revision(connection, sql, organization, subject)? == *expected),
        _ => Err(StoreError::Misuse("a change set has a guard that is not known here".to_owned())),
    }
}

fn revision(
    connection: &Connection,
    sql: &Sql,
    organization: &Organization,
    subject: &Subject,
) -> Result<Revision, StoreError> {
    let key = subject.row_key(organization);
    let number = read::integer(connection, &sql.revision(&key))?;
    Ok(number.and_then(Revision::from_integer).unwrap_or_default())
}

pub(super) fn claim(
    connection: &Connection,
    sql: &Sql,
    due: &RowQuery,
    work: Work,
    holder: &Holder,
    lease: Duration,
) -> Result<Claims, StoreError> {
    let statement = sql.due(due, work, LEASE_LIMIT)?;
    let (rows, corrupt, _) = read::some(connection, &statement, work.table(), due.page_limit())?;
    for row in &rows {
        let lease = sql.lease(row.key(), work, holder.as_str(), lease_seconds(lease));
        execute(connection, &lease).map_err(failed)?;
    }
    Ok(Claims::new(rows, corrupt))
}

pub(super) fn release(
    connection: &Connection,
    sql: &Sql,
    work: Work,
    holder: &Holder,
    keys: &[RowKey],
) -> Result<(), StoreError> {
    for key in keys.iter().filter(|key| key.table() == work.table()) {
        execute(connection, &sql.release(key, work, holder.as_str())).map_err(failed)?;
    }
    Ok(())
}

/// Whether a change is stored. What is not stored must stay so: a commit that was reported to have failed may
/// still lie in the log and come back after a crash, so something else is written over it first.
pub(super) fn committed(connection: &Connection, sql: &Sql, key: &RowKey) -> Result<Option<Revision>, StoreError> {
    let row = read::get(connection, &sql.get(key), Table::Changes)?;
    if row.is_none() {
        execute(connection, &sql.fence()).map_err(failed)?;
    }
    Ok(row.and_then(|row| Revision::from_integer(row.integer("revision")?)))
}
