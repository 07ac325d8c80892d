//! Does every statement find its way by an index?

use fdescrow::{
    Organization,
    store::{Index, RowCursor, RowQuery, Table, Value, Work, schema::ColumnKind},
};
use rusqlite::{Connection, params_from_iter};

use super::DIALECT;
use crate::sql::{Sql, Statement};

fn tables() -> (Connection, Sql) {
    let (connection, sql) = (Connection::open_in_memory().unwrap(), Sql::new(&DIALECT, "t_").unwrap());
    for statement in sql.create() {
        connection.execute_batch(&statement).unwrap();
    }
    (connection, sql)
}

fn plan(connection: &Connection, statement: &Statement<'_>) -> String {
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.text)).unwrap();
    let steps = explain.query_map(params_from_iter(&statement.parameters), |row| row.get::<_, String>(3)).unwrap();
    steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
}

/// Every shape of query by every index: as many equal columns as it has, a range or none, a cursor or none, up
/// and down.
fn queries(organization: &Organization) -> Vec<RowQuery> {
    let mut queries = Vec::new();
    for index in Table::ALL.iter().flat_map(|table| Index::all_of(*table)) {
        let values: Vec<Value> = index
            .order()
            .map(|name| match index.description().column(name).unwrap().kind {
                ColumnKind::Integer => Value::from(1),
                _ => Value::from("a"),
            })
            .collect();
        let cursor: RowCursor = serde_json::to_string(&values).unwrap().parse().unwrap();
        let mut query = RowQuery::new(organization, index);
        for equal in 0..=values.len() {
            queries.push(query.clone());
            queries.push(query.clone().after(cursor.clone()).descending());
            if let Some(value) = values.get(equal) {
                let range = query.clone().from(value.clone()).to(value.clone());
                queries.extend([range.clone().descending(), range.after(cursor.clone())]);
                query = query.equal(value.clone());
            }
        }
    }
    queries
}

#[test]
fn every_query_searches_an_index_and_sorts_nothing() {
    let (connection, sql) = tables();
    let organization = Organization::new("example.com").unwrap();
    let queries = queries(&organization);
    assert!(queries.len() > 100);
    let statements = queries.iter().map(|query| (query, sql.list(query).unwrap()));
    let due = Work::ALL.iter().map(|work| RowQuery::new(&organization, work.index()).to(1)).collect::<Vec<_>>();
    let due = Work::ALL.iter().zip(&due).map(|(work, query)| (query, sql.due(query, *work, 3600).unwrap()));
    for (query, statement) in statements.chain(due) {
        let plan = plan(&connection, &statement);
        assert!(plan.starts_with("SEARCH ") && !plan.contains("TEMP B-TREE"), "{query:?}: {plan}");
        if !query.index().is_key() {
            assert!(plan.contains(&sql.index(query.index())), "{query:?}: {plan}");
        }
    }
    for query in &queries {
        let plan = plan(&connection, &sql.count(query).unwrap());
        assert!(plan.starts_with("SEARCH "), "{query:?}: {plan}");
    }
    let events = plan(&connection, &sql.events(&organization, 1));
    assert!(events.contains("t_audit_by_order (organization=? AND commit_order>?)"), "{events}");
    let forget = plan(&connection, &sql.forget(&organization, "a", 1));
    assert!(forget.contains("t_changes_by_subject (organization=? AND device=? AND revision<?)"), "{forget}");
}

#[test]
fn no_value_is_part_of_a_text() {
    let organization = Organization::new("canary").unwrap();
    let sql = Sql::new(&DIALECT, "t_").unwrap();
    for query in queries(&organization) {
        assert!(!sql.list(&query).unwrap().text.contains("canary"));
    }
}
