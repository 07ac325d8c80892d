//! What do the rows of osquery say?
//!
//! All values are text and may be empty. Which table a row is of is told by its columns, so that queries may have any
//! name. A query that returned nothing says nothing: it may have failed. Rows come bare (`osqueryi --json`), in a log
//! line (`snapshot`, `columns` with `action`, `diffResults`), or as the answers to distributed queries (`queries` with
//! `statuses`).

mod collected;
mod rows;

use collected::Collected;

use super::{ObservationError, Report, Source, draft::Draft, json::Json};
use crate::time::Timestamp;

/// The most rows of one report.
const MAX_ROWS: usize = 4096;

/// Reads rows.
pub(super) fn read(bytes: &[u8], at: Timestamp) -> Result<Report, ObservationError> {
    let document = Json::read(bytes)?;
    let mut reader = Reader { draft: Draft::new(Source::Osquery, at), rows: 0, collected: Collected::default() };
    reader.document(&document)?;
    let Reader { mut draft, collected, .. } = reader;
    draft.row = None;
    collected.conclude(&mut draft);
    Ok(draft.finish())
}

struct Reader {
    draft: Draft,
    /// How many rows were read.
    rows: usize,
    collected: Collected,
}

impl Reader {
    fn document(&mut self, document: &Json) -> Result<(), ObservationError> {
        match document {
            Json::List(items) => self.list(items),
            Json::Map(_) if !document.get("queries").is_nothing() => self.distributed(document),
            Json::Map(_) if document.get("data").list().is_some() => {
                self.list(document.get("data").list().unwrap_or_default())
            }
            Json::Map(_) if is_log_line(document) => self.log_line(document),
            Json::Map(_) => self.query(std::slice::from_ref(document)),
            _ => Err(ObservationError::Syntax("it has no rows")),
        }
    }

    /// Rows, or log lines.
    fn list(&mut self, items: &[Json]) -> Result<(), ObservationError> {
        if !items.iter().any(is_log_line) {
            return self.query(items);
        }
        items.iter().try_for_each(|item| match is_log_line(item) {
            true => self.log_line(item),
            false => self.query(std::slice::from_ref(item)),
        })
    }

    fn log_line(&mut self, line: &Json) -> Result<(), ObservationError> {
        for name in ["snapshot", "rows"] {
            if let Some(rows) = line.get(name).list() {
                self.query(rows)?;
            }
        }
        if let Some(rows) = line.get("diffResults").get("added").list() {
            self.query(rows)?;
        }
        match (line.get("columns"), line.get("action").text()) {
            (columns @ Json::Map(_), Some("added")) => self.query(std::slice::from_ref(columns)),
            (Json::Map(_), _) => {
                self.draft.ignore("action", "a row that is gone says nothing of what is there");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The answers to distributed queries: a status other than 0 says that the query failed.
    fn distributed(&mut self, document: &Json) -> Result<(), ObservationError> {
        let Some(queries) = document.get("queries").map() else {
            return Err(ObservationError::Syntax("its queries are no object"));
        };
        for (name, answer) in queries {
            let status = document.get("statuses").get(name);
            self.draft.row = None;
            match answer.list() {
                _ if !status.is_nothing() && status.whole() != Some(0) => {
                    self.draft.ignore("statuses", "the query failed on the device");
                }
                // Fleet's query for a Mac asks for 1 where FileVault is on, and for nothing where it is off or unknown.
                Some([row]) if name.ends_with("disk_encryption_darwin") && row.get("1").flag() == Some(true) => {
                    self.collected.filevault_on();
                }
                Some(rows) => self.query(rows)?,
                None if answer.is_nothing() => {}
                None => self.draft.ignore("queries", "an answer is no list of rows"),
            }
        }
        Ok(())
    }

    /// The rows of one query.
    fn query(&mut self, rows: &[Json]) -> Result<(), ObservationError> {
        self.rows = self.rows.saturating_add(rows.len());
        if self.rows > MAX_ROWS {
            return Err(ObservationError::Limit("has more than 4096 rows"));
        }
        for (index, row) in rows.iter().enumerate() {
            self.draft.row = Some(index.saturating_add(1));
            match row {
                Json::Map(_) => self.collected.row(row, &mut self.draft),
                _ => self.draft.ignore("row", "is no object"),
            }
        }
        self.draft.row = None;
        self.collected.end_of_query(&mut self.draft);
        Ok(())
    }
}

fn is_log_line(item: &Json) -> bool {
    let has = |name: &str| item.map().is_some_and(|members| members.contains_key(name));
    has("snapshot") || has("columns") || has("diffResults") || has("rows")
}
