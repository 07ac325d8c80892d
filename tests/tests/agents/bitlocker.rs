//! BitLocker: Microsoft's names and numbers, as they were collected beside the project.

use std::fs;

use fdescrow::agent::bitlocker::{CODES, Hresult, METHODS};

/// A page of collected facts.
fn facts(name: &str) -> Option<String> {
    let page = fdescrow_tests::shared()?.join("reference").join(name);
    Some(fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display())))
}

#[test]
fn every_code_that_the_incumbent_s_agent_knows_has_a_decision() {
    let Some(text) = facts("fleet.md") else { return };
    let mut codes = 0;
    for line in text.lines() {
        // | -2147024809 / 0x80070057 | …, and two codes in one row
        let Some(cell) = line.strip_prefix("| -").and_then(|rest| rest.split(" |").next()) else { continue };
        for pair in format!("-{cell}").split(", ") {
            let Some((signed, hex)) = pair.split_once(" / 0x") else { continue };
            let signed: i32 = signed.parse().unwrap();
            let hex = u32::from_str_radix(hex.split(' ').next().unwrap(), 16).unwrap();
            let code = Hresult::from_signed(signed);
            assert_eq!(code, Hresult::new(hex));
            assert!(code.row().is_some(), "{code} has no row");
            codes += 1;
        }
    }
    assert_eq!(codes, 18);
}

#[test]
fn names_of_codes_are_microsoft_s() {
    let Some(text) = facts("platforms.md") else { return };
    let mut compared = 0;
    for row in CODES {
        let Some(name) = row.name.strip_prefix("FVE_E_") else { continue };
        let listed = format!("{:04X} {name} ", row.code.code() & 0xFFFF);
        assert_eq!(row.code.code() >> 16, 0x8031, "{name}");
        assert!(text.contains(&listed), "{listed}is not in the list");
        compared += 1;
    }
    assert!(compared > 50, "only {compared} compared");
}

#[test]
fn methods_and_their_parameters_are_microsoft_s() {
    let Some(text) = facts("platforms.md") else { return };
    for method in METHODS {
        let row = text.lines().find(|line| line.starts_with(&format!("| {} |", method.name)));
        let row = row.unwrap_or_else(|| panic!("{} is no method", method.name));
        let parameters = row.split('|').nth(2).unwrap();
        let named = |direction: &str| -> Vec<&str> {
            parameters
                .split(", ")
                .filter_map(|parameter| parameter.trim().strip_prefix(direction))
                .filter_map(|parameter| parameter.trim_start_matches('?').split(':').next())
                .map(str::trim)
                .collect()
        };
        assert_eq!(named("in"), method.inputs, "{}", method.name);
        assert_eq!(named("out"), method.outputs, "{}", method.name);
    }
}
