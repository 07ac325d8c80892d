//! Which statements bring tables of one version to another?
//!
//! Tables carry two numbers: their version, and the oldest version of the library that still works with
//! them. So servers are brought up to date one after the other: first the tables, by the newest library, then
//! each server; an older one goes on as long as the second number allows it.

use fdescrow::store::{
    StoreError,
    schema::{SCHEMA_COMPATIBLE_WITH, SCHEMA_VERSION},
};

use crate::sql::Sql;

/// The two numbers of tables that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) version: i64,
    pub(crate) compatible_with: i64,
}

/// One step from one version to the next.
pub(crate) struct Step {
    /// The version that it leads to.
    pub(crate) to: u32,
    /// The statements, the two numbers excepted.
    pub(crate) statements: fn(&Sql) -> Vec<String>,
}

/// Every step there has been. The first version was created, so the first step leads to the second.
pub(crate) const STEPS: &[Step] = &[];

impl Versions {
    /// Whether this library works with these tables as they are.
    pub(crate) fn check(self) -> Result<(), StoreError> {
        let (this, Self { version, compatible_with }) = (i64::from(SCHEMA_VERSION), self);
        if version < this {
            let problem = format!("the tables have version {version} and have to be migrated to version {this}");
            return Err(StoreError::Schema(problem));
        }
        if compatible_with > this {
            let problem = format!("the tables have version {version}, which needs at least {compatible_with} here");
            return Err(StoreError::Schema(problem));
        }
        Ok(())
    }

    /// The statements that bring these tables to this library's version; none if they are there.
    pub(crate) fn plan(self, sql: &Sql, steps: &[Step]) -> Result<Vec<String>, StoreError> {
        let missing: Vec<&Step> = steps.iter().filter(|step| i64::from(step.to) > self.version).collect();
        let Some(last) = missing.last() else {
            return self.check().map(|()| Vec::new());
        };
        let mut statements: Vec<String> = missing.iter().flat_map(|step| (step.statements)(sql)).collect();
        let (schema, version) = (sql.schema_table(), last.to);
        statements.push(format!("UPDATE {schema} SET version = {version}, compatible_with = {SCHEMA_COMPATIBLE_WITH}"));
        Ok(statements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::DIALECT;

    const LATER: &[Step] = &[
        Step {
            to: 2,
            statements: |sql| vec![format!("ALTER TABLE {} ADD a", sql.table(fdescrow::store::Table::Keys))],
        },
        Step { to: 3, statements: |_| vec!["three".to_owned()] },
    ];

    fn versions(version: i64, compatible_with: i64) -> Versions {
        Versions { version, compatible_with }
    }

    #[test]
    fn only_the_missing_steps_run() {
        let sql = Sql::new(&DIALECT, "p_").unwrap();
        let first = versions(1, 1).plan(&sql, LATER).unwrap();
        assert_eq!(
            first,
            ["ALTER TABLE p_keys ADD a", "three", "UPDATE p_schema SET version = 3, compatible_with = 1"]
        );
        assert_eq!(versions(2, 1).plan(&sql, LATER).unwrap()[0], "three");
        assert!(versions(3, 1).plan(&sql, LATER).unwrap().is_empty());
    }

    #[test]
    fn newer_tables_are_used_while_they_allow_it() {
        assert!(versions(1, 1).check().is_ok());
        assert!(versions(2, 1).check().is_ok());
        assert!(matches!(versions(3, 2).check(), Err(StoreError::Schema(_))));
        assert!(matches!(versions(0, 0).check(), Err(StoreError::Schema(_))));
    }
}
