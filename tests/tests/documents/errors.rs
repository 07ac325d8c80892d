//! Is every error on the page, with its number?

use std::fmt::Write as _;

use fdescrow::ErrorCode;
use fdescrow_tests::documents::hold;

/// Where a group of numbers begins, and what it is about.
const GROUPS: [(i32, &str); 11] = [
    (1, "Calls from other languages"),
    (100, "Keys, names, times, randomness"),
    (150, "Policies and profiles"),
    (200, "Envelopes"),
    (250, "Certificates and private keys"),
    (300, "Verification"),
    (350, "Recovery"),
    (400, "The store, and what is sent to it"),
    (450, "The audit"),
    (500, "Rotation"),
    (550, "Agents"),
];

/// The group that a number belongs to.
fn group(number: i32) -> Option<usize> {
    GROUPS.iter().rposition(|(start, _)| *start <= number && number < *start + 50)
}

#[test]
fn the_errors_are_documented() {
    let mut page = String::new();
    let mut last = None;
    for code in ErrorCode::ALL {
        let number = code.number();
        let group = group(number).unwrap_or_else(|| panic!("{number} is in no group"));
        if last != Some(group) {
            let (_, title) = GROUPS[group];
            write!(page, "\n## {title}\n\n| | name | fault | what happened | what to do |\n|---|---|---|---|---|\n")
                .unwrap();
            last = Some(group);
        }
        let (name, fault) = (code.name(), code.fault().as_str());
        writeln!(page, "| {number} | `{name}` | {fault} | {} | {} |", code.summary(), code.remedy()).unwrap();
    }
    page.push('\n');
    hold("docs/errors.md", "errors", &page);
}
