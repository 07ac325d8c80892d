//! Do tables that stand in the code say the same on the pages?

use fdescrow_tests::documents::{document, hold};

/// The table in the documentation of a module.
fn table(module: &str) -> String {
    let lines = module.lines().filter_map(|line| line.strip_prefix("//! ")).filter(|line| line.starts_with('|'));
    // A link to an item leads nowhere outside of the crate's own documentation.
    lines.map(|line| format!("{}\n", line.replace("[`", "`").replace("`]", "`"))).collect()
}

#[test]
fn what_the_audit_finds_is_documented() {
    hold("docs/operations.md", "audit", &table(&document("core/src/audit.rs")));
}

#[test]
fn the_rows_of_the_modules_are_documented() {
    let root = document("core/src/lib.rs");
    let table = table(&root);
    hold("ARCHITECTURE.md", "rows", &table);

    let mut placed: Vec<&str> = table
        .lines()
        .skip(2)
        .filter_map(|row| row.split('|').nth(2))
        .flat_map(|modules| modules.split('`').skip(1).step_by(2))
        .collect();
    let mut modules: Vec<&str> =
        root.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    placed.sort_unstable();
    modules.sort_unstable();
    assert_eq!(placed, modules, "a module stands in no row, or a row names none");
}
