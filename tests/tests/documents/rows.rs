//! Are the modules of core in the same rows on the page and in the crate?

use fdescrow_tests::documents::{document, hold};

#[test]
fn the_rows_of_the_modules_are_documented() {
    let root = document("core/src/lib.rs");
    let table = root.lines().filter_map(|line| line.strip_prefix("//! ")).filter(|line| line.starts_with('|'));
    // A link to an item leads nowhere outside of the crate's own documentation.
    let table: String = table.map(|line| format!("{}\n", line.replace("[`", "`").replace("`]", "`"))).collect();
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
