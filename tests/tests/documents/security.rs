//! Has every threat the test that SECURITY.md names?

use fdescrow_tests::documents::{document, prose};

/// How many threats there are.
const THREATS: usize = 35;

/// A link to a test: its name, and its file.
fn tests_named(text: &str) -> Vec<(&str, &str)> {
    text.split("[`")
        .skip(1)
        .filter_map(|rest| {
            let (name, rest) = rest.split_once("`](")?;
            let (file, _) = rest.split_once(')')?;
            file.ends_with(".rs").then_some((name, file))
        })
        .collect()
}

/// Whether the file has a test of this name: a function under `#[test]`, one that a macro makes a test of each
/// store's, or a case of the conformance suite.
fn has_test(text: &str, file: &str, name: &str) -> bool {
    let Some((before, _)) = text.split_once(&format!("fn {name}(")) else { return false };
    if file.starts_with("core/src/store/conformance/") {
        return document("core/src/store/conformance/cases.rs").contains(&format!(" {name}: \""));
    }
    let list = text.split_once("over_every_store! {").and_then(|(_, rest)| rest.split_once('}'));
    let is_listed = list.is_some_and(|(list, _)| list.split(',').any(|listed| listed.trim() == name));
    // Between attribute and function other attributes may stand, and no other function.
    is_listed || before.rfind("#[test]").is_some_and(|at| !before[at..].contains("fn "))
}

#[test]
fn every_test_that_is_named_exists() {
    let page = document("SECURITY.md");
    let named = tests_named(&page);
    assert!(named.len() > THREATS, "only {} tests are named", named.len());
    let missing: Vec<String> = named
        .into_iter()
        .filter(|(name, file)| !has_test(&document(file), file, name))
        .map(|(name, file)| format!("{file} has no test {name}"))
        .collect();
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

#[test]
fn every_threat_has_a_test_or_says_that_it_has_none() {
    let page = prose(&document("SECURITY.md"));
    for number in 1..=THREATS {
        let row = page.lines().find(|line| line.starts_with(&format!("| {number} | ")));
        let row = row.unwrap_or_else(|| panic!("threat {number} is missing"));
        assert!(!tests_named(row).is_empty() || row.contains("not yet"), "threat {number} has no test");
        let enforced = ["cryptographically", "server", "client"].iter().any(|word| row.contains(word));
        assert!(enforced, "threat {number} does not say who enforces it");
    }
}

#[test]
fn a_test_that_is_not_there_is_found() {
    let text = "#[test]\n#[ignore]\nfn real() {}\nfn helper() {}\n";
    assert!(has_test(text, "a.rs", "real"));
    assert!(!has_test(text, "a.rs", "helper") && !has_test(text, "a.rs", "other"));
    let case = "fn a_row_is_inserted_once(fixture: &dyn Fixture) {}";
    assert!(has_test(case, "core/src/store/conformance/commits.rs", "a_row_is_inserted_once"));
    assert!(!has_test(text, "core/src/store/conformance/commits.rs", "helper"));
    let listed = "over_every_store! {\n    one,\n}\nfn one(f: &dyn Fixture) {}\nfn two(f: &dyn Fixture) {}\n";
    assert!(has_test(listed, "a.rs", "one") && !has_test(listed, "a.rs", "two"));
    assert_eq!(tests_named("[`a`](b.rs), [`c`](d.md)"), [("a", "b.rs")]);
}
