//! How are the tables of core and the questions about them written in SQL?
//!
//! Everything is made from core's descriptions, here and for every database; what differs between databases
//! is a [`Dialect`]. Values only ever travel as parameters, never in the text.

mod tables;

use fdescrow::{
    Organization,
    store::{
        Revision, Row, RowKey, RowQuery, StoreError, Table, Value, Work,
        schema::{Column, TableDescription},
    },
};

/// What differs between databases.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// How the n-th parameter is written, counted from one.
    pub(crate) parameter: fn(usize) -> String,
    /// The type of a text of at most 255 bytes that is compared by its bytes.
    pub(crate) text: &'static str,
    /// The type of a 64-bit integer.
    pub(crate) integer: &'static str,
    /// The type of a body: up to 1 MiB of text, kept byte for byte.
    pub(crate) body: &'static str,
    /// The type of an envelope: up to 1 MiB of bytes.
    pub(crate) bytes: &'static str,
    /// What follows the columns of a table.
    pub(crate) options: fn(&TableDescription) -> &'static str,
    /// Whether an index may leave out rows.
    pub(crate) partial_indexes: bool,
    /// How the index to use is named after the table; empty where it cannot be.
    pub(crate) use_index: fn(&str) -> String,
    /// The database's clock, in seconds since 1970.
    pub(crate) clock: &'static str,
}

/// A value on its way to the database.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parameter<'a> {
    Bytes(&'a [u8]),
    Integer(i64),
    Null,
    Text(&'a str),
}

impl<'a> From<&'a Value> for Parameter<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Integer(integer) => Self::Integer(*integer),
            // A value is an integer or a text.
            other => Self::Text(other.as_text().unwrap_or_default()),
        }
    }
}

impl<'a> From<Option<&'a Value>> for Parameter<'a> {
    fn from(value: Option<&'a Value>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

/// A statement with its parameters.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    parameter: fn(usize) -> String,
    pub(crate) text: String,
    pub(crate) parameters: Vec<Parameter<'a>>,
}

impl<'a> Statement<'a> {
    fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    fn bind(&mut self, parameter: Parameter<'a>) -> &mut Self {
        self.parameters.push(parameter);
        self.text.push_str(&(self.parameter)(self.parameters.len()));
        self
    }

    /// `column = value`, several of them separated.
    fn equations(&mut self, separator: &str, equations: impl IntoIterator<Item = (&'static str, Parameter<'a>)>) {
        for (index, (column, parameter)) in equations.into_iter().enumerate() {
            self.push(if index == 0 { "" } else { separator }).push(column).push(" = ").bind(parameter);
        }
    }

    fn key(&mut self, key: &'a RowKey) -> &mut Self {
        let columns = key.table().description().key.iter().map(|column| column.name);
        self.push(" WHERE ").equations(" AND ", columns.zip(key.parts().iter().map(Parameter::from)));
        self
    }
}

/// The statements of one set of tables.
#[derive(Clone, Debug)]
pub(crate) struct Sql {
    dialect: &'static Dialect,
    prefix: String,
}

impl Sql {
    /// Statements for tables whose names begin with `prefix`.
    pub(crate) fn new(dialect: &'static Dialect, prefix: &str) -> Result<Self, StoreError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let first = prefix.bytes().next();
        if prefix.len() > 32 || !prefix.bytes().all(allowed) || first.is_none_or(|byte| !byte.is_ascii_lowercase()) {
            let problem = "a prefix of tables is 1 to 32 of a-z, 0-9 and _, and begins with a letter";
            return Err(StoreError::Misuse(problem.to_owned()));
        }
        Ok(Self { dialect, prefix: prefix.to_owned() })
    }

    pub(crate) fn table(&self, table: Table) -> String {
        format!("{}{}", self.prefix, table.as_str())
    }

    /// The table of one row that says which version the tables have.
    pub(crate) fn schema_table(&self) -> String {
        format!("{}schema", self.prefix)
    }

    fn statement<'a>(&self, text: String) -> Statement<'a> {
        Statement { parameter: self.dialect.parameter, text, parameters: Vec::new() }
    }

    /// Reads the row of a key.
    pub(crate) fn get<'a>(&self, key: &'a RowKey) -> Statement<'a> {
        let mut statement =
            self.statement(format!("SELECT {} FROM {}", selected(key.table()), self.table(key.table())));
        statement.key(key);
        statement
    }

    /// Reads the revision of a subject by the key of its row.
    pub(crate) fn revision<'a>(&self, key: &'a RowKey) -> Statement<'a> {
        let mut statement = self.statement(format!("SELECT revision FROM {}", self.table(key.table())));
        statement.key(key);
        statement
    }

    /// Writes something that means nothing.
    pub(crate) fn fence(&self) -> Statement<'static> {
        self.statement(format!("UPDATE {} SET fence = fence + 1", self.schema_table()))
    }

    /// Reads the rows of a query. Without a limit: the reader stops when it has read enough rows.
    pub(crate) fn list<'a>(&self, query: &'a RowQuery) -> Result<Statement<'a>, StoreError> {
        self.query(query, &selected(query.index().table()), "", true)
    }

    /// Counts the rows of a query.
    pub(crate) fn count<'a>(&self, query: &'a RowQuery) -> Result<Statement<'a>, StoreError> {
        self.query(query, "COUNT(*)", "", false)
    }

    /// Reads the rows that are due and not claimed; like [`list`](Self::list), without a limit.
    pub(crate) fn due<'a>(&self, query: &'a RowQuery, work: Work, longest: i64) -> Result<Statement<'a>, StoreError> {
        let (until, clock) = (work.until_column(), self.dialect.clock);
        let free = format!(" AND ({until} IS NULL OR {until} <= {clock} OR {until} > {clock} + {longest})");
        self.query(query, &selected(query.index().table()), &free, true)
    }

    fn query<'a>(
        &self,
        query: &'a RowQuery,
        what: &str,
        condition: &str,
        ordered: bool,
    ) -> Result<Statement<'a>, StoreError> {
        let terms = query.terms()?;
        let index = query.index();
        let hint = if index.is_key() { String::new() } else { (self.dialect.use_index)(&self.index(index)) };
        let mut statement = self.statement(format!("SELECT {what} FROM {}{hint} WHERE ", self.table(index.table())));
        let organization = ("organization", Parameter::Text(query.organization().as_str()));
        let equal = terms.equal.iter().map(|(column, value)| (*column, Parameter::from(*value)));
        statement.equations(" AND ", std::iter::once(organization).chain(equal));
        let first = terms.sorted.first().copied().unwrap_or_default();
        for (comparison, bound) in [(" >= ", terms.from), (" <= ", terms.to)] {
            if let Some(bound) = bound {
                statement.push(" AND ").push(first).push(comparison).bind(bound.into());
            }
        }
        for column in present(index.description(), index.columns()) {
            statement.push(" AND ").push(column).push(" IS NOT NULL");
        }
        statement.push(condition);
        let descending = query.is_descending();
        if terms.after.is_some_and(<[Value]>::is_empty) {
            statement.push(" AND 1 = 0");
        } else if let Some(after) = terms.after {
            let comparison = if descending { "<" } else { ">" };
            statement.push(&format!(" AND ({}) {comparison} (", terms.sorted.join(", ")));
            for (place, value) in after.iter().enumerate() {
                statement.push(if place == 0 { "" } else { ", " }).bind(value.into());
            }
            statement.push(")");
        }
        if ordered && !terms.sorted.is_empty() {
            let direction = if descending { " DESC" } else { "" };
            let order: Vec<String> = terms.sorted.iter().map(|column| format!("{column}{direction}")).collect();
            statement.push(" ORDER BY ").push(&order.join(", "));
        }
        Ok(statement)
    }

    /// Claims a row.
    pub(crate) fn lease<'a>(&self, key: &'a RowKey, work: Work, holder: &'a str, seconds: i64) -> Statement<'a> {
        let mut statement = self.statement(format!("UPDATE {} SET ", self.table(key.table())));
        statement.push(work.holder_column()).push(" = ").bind(Parameter::Text(holder));
        statement.push(", ").push(work.until_column()).push(" = ").push(self.dialect.clock);
        statement.push(" + ").bind(Parameter::Integer(seconds)).key(key);
        statement
    }

    /// Gives a claimed row back.
    pub(crate) fn release<'a>(&self, key: &'a RowKey, work: Work, holder: &'a str) -> Statement<'a> {
        let (holder_column, until) = (work.holder_column(), work.until_column());
        let table = self.table(key.table());
        let mut statement = self.statement(format!("UPDATE {table} SET {holder_column} = NULL, {until} = NULL"));
        statement.key(key).push(" AND ").push(holder_column).push(" = ").bind(Parameter::Text(holder));
        statement
    }

    /// Inserts a row; where rows are numbered, with the next number of its organization.
    pub(crate) fn insert<'a>(&self, row: &'a Row) -> Statement<'a> {
        let (table, description) = (self.table(row.table()), row.table().description());
        let order = if description.ordered { ", commit_order" } else { "" };
        let mut statement = self.statement(format!("INSERT INTO {table} ({}{order}) VALUES (", selected(row.table())));
        for (place, (_, parameter)) in contents(row).enumerate() {
            statement.push(if place == 0 { "" } else { ", " }).bind(parameter);
        }
        if description.ordered {
            let organization = row.key().parts().first();
            statement.push(&format!(", (SELECT COALESCE(MAX(commit_order), 0) + 1 FROM {table} WHERE organization = "));
            statement.bind(organization.into()).push(")");
        }
        statement.push(")");
        statement
    }

    /// Replaces a row that has the same key and fixed columns; claims on it end.
    pub(crate) fn replace<'a>(&self, row: &'a Row) -> Statement<'a> {
        let mut statement = self.statement(format!("UPDATE {} SET ", self.table(row.table())));
        let description = row.table().description();
        let changing = row.described_columns().filter(|(column, _)| !column.fixed);
        let body = row.body().map(|body| ("body", Parameter::Text(body)));
        let leases = description.works().flat_map(|work| [work.holder_column(), work.until_column()]);
        statement.equations(
            ", ",
            changing
                .map(|(column, value)| (column.name, value.into()))
                .chain(body)
                .chain(leases.map(|column| (column, Parameter::Null))),
        );
        statement.key(row.key());
        for (column, value) in row.described_columns().filter(|(column, _)| column.fixed) {
            statement.push(" AND ").push(column.name).push(" = ").bind(value.into());
        }
        statement
    }

    /// Replaces the row of a subject that is at the expected revision.
    pub(crate) fn replace_subject<'a>(&self, row: &'a Row, expected: Revision) -> Statement<'a> {
        let mut statement = self.replace(row);
        statement.push(" AND revision = ").bind(Parameter::Integer(expected.to_integer()));
        statement
    }

    /// Deletes a row.
    pub(crate) fn delete<'a>(&self, key: &'a RowKey) -> Statement<'a> {
        let mut statement = self.statement(format!("DELETE FROM {}", self.table(key.table())));
        statement.key(key);
        statement
    }

    /// Forgets the changes of a subject up to a revision.
    pub(crate) fn forget<'a>(&self, organization: &'a Organization, device: &'a str, upto: i64) -> Statement<'a> {
        let table = self.table(Table::Changes);
        let mut statement = self.statement(format!("DELETE FROM {table} WHERE organization = "));
        statement.bind(Parameter::Text(organization.as_str()));
        statement.push(" AND device = ").bind(Parameter::Text(device));
        statement.push(" AND revision <= ").bind(Parameter::Integer(upto));
        statement
    }

    /// Reads audit entries after a place, the place behind the columns of the row.
    pub(crate) fn events<'a>(&self, organization: &'a Organization, after: i64) -> Statement<'a> {
        let (table, columns) = (self.table(Table::Audit), selected(Table::Audit));
        let hint = (self.dialect.use_index)(&format!("{table}_by_order"));
        let mut statement = self.statement(format!("SELECT {columns}, commit_order FROM {table}{hint} WHERE "));
        statement.push("organization = ").bind(Parameter::Text(organization.as_str()));
        statement.push(" AND commit_order > ").bind(Parameter::Integer(after)).push(" ORDER BY commit_order");
        statement
    }
}

/// The columns of a row, as they are read and inserted: key, other columns, body, bytes.
fn selected(table: Table) -> String {
    let description = table.description();
    let mut names: Vec<&str> = description.all_columns().map(|column| column.name).collect();
    names.extend(description.body.then_some("body"));
    names.extend(description.bytes.then_some("bytes"));
    names.join(", ")
}

/// The contents of a row in the order of [`selected`].
fn contents(row: &Row) -> impl Iterator<Item = (&'static str, Parameter<'_>)> {
    let key = row.table().description().key.iter().zip(row.key().parts());
    let key = key.map(|(column, part)| (column.name, Parameter::from(part)));
    let columns = row.described_columns().map(|(column, value)| (column.name, Parameter::from(value)));
    let body = row.body().map(|body| ("body", Parameter::Text(body)));
    let bytes = row.bytes().map(|bytes| ("bytes", Parameter::Bytes(bytes)));
    key.chain(columns).chain(body).chain(bytes)
}

/// Those of the columns that may be empty: a row is in an index when none of them is.
fn present(description: &TableDescription, columns: &[&'static str]) -> Vec<&'static str> {
    let nullable = |name: &str| description.column(name).is_some_and(|column: &Column| column.nullable);
    columns.iter().copied().filter(|name| nullable(name)).collect()
}
