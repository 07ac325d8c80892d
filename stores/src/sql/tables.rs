//! The tables themselves.

use fdescrow::store::{
    Index, Table,
    schema::{ColumnKind, SCHEMA_COMPATIBLE_WITH, SCHEMA_VERSION},
};

use super::{Sql, present};

impl Sql {
    /// Everything that is needed in an empty place, in this order.
    pub(crate) fn create(&self) -> Vec<String> {
        let schema = self.schema_table();
        let integer = self.dialect.integer;
        let mut statements = vec![format!(
            "CREATE TABLE {schema} (version {integer} NOT NULL, compatible_with {integer} NOT NULL, \
             fence {integer} NOT NULL)"
        )];
        for table in Table::ALL {
            statements.push(self.create_table(*table));
            statements.extend(table.description().indexes.iter().map(|index| self.create_index(*index)));
            if table.description().ordered {
                let table = self.table(*table);
                let columns = "(organization, commit_order)";
                statements.push(format!("CREATE UNIQUE INDEX {table}_by_order ON {table} {columns}"));
            }
        }
        statements.push(format!("INSERT INTO {schema} VALUES ({SCHEMA_VERSION}, {SCHEMA_COMPATIBLE_WITH}, 0)"));
        statements
    }

    fn create_table(&self, table: Table) -> String {
        let description = table.description();
        let mut columns: Vec<String> = description
            .all_columns()
            .map(|column| {
                let kind = match column.kind {
                    ColumnKind::Integer => self.dialect.integer,
                    _ => self.dialect.text,
                };
                format!("{} {kind}{}", column.name, if column.nullable { "" } else { " NOT NULL" })
            })
            .collect();
        columns.extend(description.body.then(|| format!("body {} NOT NULL", self.dialect.body)));
        columns.extend(description.bytes.then(|| format!("bytes {} NOT NULL", self.dialect.bytes)));
        columns.extend(description.ordered.then(|| format!("commit_order {} NOT NULL", self.dialect.integer)));
        for work in description.works() {
            columns.push(format!("{} {}", work.holder_column(), self.dialect.text));
            columns.push(format!("{} {}", work.until_column(), self.dialect.integer));
        }
        let key: Vec<&str> = description.key.iter().map(|column| column.name).collect();
        columns.push(format!("PRIMARY KEY ({})", key.join(", ")));
        let options = (self.dialect.options)(description);
        format!("CREATE TABLE {} ({}){options}", self.table(table), columns.join(", "))
    }

    /// The columns that a table must have, by their names.
    pub(crate) fn columns(&self, table: Table) -> Vec<&'static str> {
        let description = table.description();
        let mut columns: Vec<&str> = description.all_columns().map(|column| column.name).collect();
        columns.extend(description.body.then_some("body"));
        columns.extend(description.bytes.then_some("bytes"));
        columns.extend(description.ordered.then_some("commit_order"));
        columns.extend(description.works().flat_map(|work| [work.holder_column(), work.until_column()]));
        columns
    }

    fn create_index(&self, index: Index) -> String {
        let order: Vec<&str> = std::iter::once("organization").chain(index.order()).collect();
        let nullable = present(index.description(), index.columns());
        let condition = if self.dialect.partial_indexes && !nullable.is_empty() {
            let present: Vec<String> = nullable.iter().map(|column| format!("{column} IS NOT NULL")).collect();
            format!(" WHERE {}", present.join(" AND "))
        } else {
            String::new()
        };
        let table = self.table(index.table());
        format!("CREATE INDEX {} ON {table} ({}){condition}", self.index(index), order.join(", "))
    }

    /// The name of an index.
    pub(crate) fn index(&self, index: Index) -> String {
        format!("{}_{}", self.table(index.table()), index.as_str())
    }
}
