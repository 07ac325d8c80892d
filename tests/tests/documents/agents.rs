//! Does the page about agents show the planner's own tables?

use std::fmt::Write as _;

use fdescrow::agent::bitlocker::{CODES, Decision, Does, METHODS, Situation, Standing};
use fdescrow_tests::documents::hold;

const PAGE: &str = "docs/agents.md";

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "" }
}

fn methods() -> String {
    let mut table = String::from("| method | in | out | changes | with what, and what for |\n|---|---|---|---|---|\n");
    for method in METHODS {
        let (inputs, outputs) = (method.inputs.join(", "), method.outputs.join(", "));
        let (name, changes, purpose) = (method.name, yes(method.changes), method.purpose);
        writeln!(table, "| `{name}` | {inputs} | {outputs} | {changes} | {purpose} |").unwrap();
    }
    table
}

fn situations() -> String {
    let aims = ["adopt", "protect", "restore_protection", "rotate"];
    let mut table = String::from(
        "| situation | when | adopt | protect | restore | rotate | | step |\n|---|---|---|---|---|---|---|---|\n",
    );
    for situation in Situation::ALL {
        let row = situation.row();
        let columns: Vec<&str> = aims.iter().map(|aim| if row.aims.contains(aim) { "•" } else { "" }).collect();
        writeln!(
            table,
            "| {} | {} | {} | {} | {} |",
            situation.name(),
            row.when,
            columns.join(" | "),
            row.standing.as_str(),
            row.does.as_str()
        )
        .unwrap();
    }
    table
}

/// The situations of an aim, in order, those that do nothing drawn together.
fn diagram(aim: &str) -> String {
    let mut groups: Vec<(bool, Vec<Situation>)> = Vec::new();
    for situation in Situation::ALL.iter().copied().filter(|situation| situation.row().aims.contains(&aim)) {
        let acts = situation.row().standing == Standing::Acts;
        match groups.last_mut() {
            Some((false, group)) if !acts && situation != Situation::Done => group.push(situation),
            _ => groups.push((acts, vec![situation])),
        }
    }
    let mut text = format!("```mermaid\n%% {aim}\nflowchart TD\n  look([\"{aim}: look at the volume\"]) --> s0\n");
    let last = groups.len() - 1;
    for (index, (acts, group)) in groups.iter().enumerate() {
        let names: Vec<&str> = group.iter().map(|situation| situation.name()).collect();
        let next = index + 1;
        if index == last {
            writeln!(text, "  s{index}([\"{}\"])", names.join("<br>")).unwrap();
            continue;
        }
        writeln!(text, "  s{index}{{\"{}\"}} -- no --> s{next}", names.join("<br>")).unwrap();
        if *acts {
            let does = group[0].row().does.as_str().replace('`', "");
            writeln!(text, "  s{index} -- yes --> d{index}[\"{does}\"] --> look").unwrap();
        } else {
            writeln!(text, "  s{index} -- one of them --> d{index}([\"no step\"])").unwrap();
        }
    }
    text + "```\n"
}

fn diagrams() -> String {
    let diagrams: Vec<String> =
        ["protect", "rotate", "adopt", "restore_protection"].iter().map(|aim| diagram(aim)).collect();
    diagrams.join("\n")
}

fn decisions() -> String {
    let mut table = String::from("| decision | tried again after |\n|---|---|\n");
    for decision in Decision::ALL {
        let pauses: Vec<String> = (1..=7).map(|failures| decision.pause(failures).to_string()).collect();
        let pauses = if pauses.iter().all(|pause| *pause == pauses[0]) { pauses[0].clone() } else { pauses.join(", ") };
        writeln!(table, "| `{}` | {pauses} seconds |", decision.as_str()).unwrap();
    }
    table
}

fn codes() -> String {
    let mut table = String::from("| code | hex | name | meaning | decision |\n|---|---|---|---|---|\n");
    for row in CODES {
        let (code, name, meaning) = (row.code, row.name, row.meaning);
        writeln!(table, "| {} | {code} | `{name}` | {meaning} | `{}` |", code.signed(), row.decision.as_str()).unwrap();
    }
    table
}

// One test for the whole page: two that write it at once would lose a part.
#[test]
fn what_bitlocker_s_planner_goes_by_is_documented() {
    for (part, text) in [
        ("bitlocker methods", methods()),
        ("bitlocker situations", situations()),
        ("bitlocker diagrams", diagrams()),
        ("bitlocker decisions", decisions()),
        ("bitlocker codes", codes()),
    ] {
        hold(PAGE, part, &text);
    }
}

#[test]
fn what_acts_has_a_step_and_nothing_else_has() {
    for situation in Situation::ALL {
        let row = situation.row();
        assert_eq!(row.standing == Standing::Acts, row.does != Does::Nothing, "{situation:?}");
        assert!(!row.aims.is_empty() && !row.when.contains('|'), "{situation:?}");
    }
}
