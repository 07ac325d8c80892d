//! Are the tables and diagrams of the machines those of the code?

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fdescrow::escrow::Obstacle;
use fdescrow::recovery::{self, RecoveryState, Step};
use fdescrow::rotation::{self, Outcome, Phase};
use fdescrow_tests::documents::hold;

/// One row of a machine, in words.
struct Line {
    from: Vec<&'static str>,
    event: &'static str,
    about: Vec<&'static str>,
    /// Where it leads; none: nowhere.
    to: Option<&'static str>,
    follows: String,
    because: &'static str,
}

fn words(all: &[&str], every: usize) -> String {
    if all.len() == every {
        "any".to_owned()
    } else {
        all.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
    }
}

fn table(head: &str, states: usize, lines: &[Line]) -> String {
    let mut page = format!("| event | about | {head} | what follows | why |\n|---|---|---|---|---|\n");
    for line in lines {
        let about = line.about.iter().filter(|case| **case != "any").map(|case| case.replace('_', " "));
        let (about, from) = (about.collect::<Vec<_>>().join(", "), words(&line.from, states));
        writeln!(page, "| `{}` | {about} | {from} | {} | {} |", line.event, line.follows, line.because).unwrap();
    }
    page
}

/// The diagram: an arrow for each pair of different states, with the events that lead along it.
fn diagram(begin: &[(&str, &str)], ends: &[&str], lines: &[Line]) -> String {
    let mut arrows: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for line in lines {
        for from in line.from.iter().filter(|from| line.to.is_some_and(|to| to != **from)) {
            let events = arrows.entry((from, line.to.unwrap())).or_default();
            if !events.contains(&line.event) {
                events.push(line.event);
            }
        }
    }
    let mut page = String::from("```mermaid\nstateDiagram-v2\n");
    for (to, label) in begin {
        writeln!(page, "    [*] --> {to}: {label}").unwrap();
    }
    for ((from, to), events) in &arrows {
        writeln!(page, "    {from} --> {to}: {}", events.join(", ")).unwrap();
    }
    for end in ends {
        writeln!(page, "    {end} --> [*]").unwrap();
    }
    page + "```\n"
}

fn rotation_lines() -> Vec<Line> {
    let line = |row: &rotation::Row| Line {
        from: row.phases.iter().map(|phase| phase.as_str()).collect(),
        event: row.event.as_str(),
        about: row.cases.iter().map(|case| case.as_str()).collect(),
        to: match row.outcome {
            Outcome::Move(to) => Some(to.as_str()),
            _ => None,
        },
        follows: match row.outcome {
            Outcome::Move(to) => format!("→ `{to}`"),
            Outcome::Reject(why) => format!("refused: {why}"),
            _ => "nothing".to_owned(),
        },
        because: row.because,
    };
    rotation::TABLE.iter().map(line).collect()
}

// One test for each page: two that bless it at the same time would undo each other's work.
#[test]
fn the_rotation_machine_is_documented() {
    let lines = rotation_lines();
    hold("docs/rotation.md", "table", &table("in", Phase::ALL.len(), &lines));
    let ends: Vec<&str> = Phase::ALL.iter().filter(|phase| phase.is_final()).map(|phase| phase.as_str()).collect();
    let begin = [(Phase::Requested.as_str(), "due_cause")];
    hold("docs/rotation.md", "diagram", &diagram(&begin, &ends, &lines));
}

fn recovery_lines() -> Vec<Line> {
    let line = |row: &recovery::Row| Line {
        from: row.states.iter().map(|state| state.as_str()).collect(),
        event: row.event.as_str(),
        about: if row.cases.len() == recovery::cases(row.event).len() {
            Vec::new()
        } else {
            row.cases.iter().map(|case| case.as_str()).collect()
        },
        to: match row.step {
            Step::Move(to) => Some(to.as_str()),
            _ => None,
        },
        follows: match row.step {
            Step::Move(to) => format!("→ `{to}`"),
            Step::Reject(why) => format!("refused: {why}"),
            _ => "nothing".to_owned(),
        },
        because: row.because,
    };
    recovery::TABLE.iter().map(line).collect()
}

#[test]
fn the_recovery_machine_is_documented() {
    let lines = recovery_lines();
    hold("docs/recovery.md", "table", &table("in", RecoveryState::ALL.len(), &lines));
    let is_end = |state: &&RecoveryState| !state.is_open();
    let ends: Vec<&str> = RecoveryState::ALL.iter().filter(is_end).map(|state| state.as_str()).collect();
    let begin = [("requested", "approvals are needed"), ("approved", "none are, or break-glass")];
    hold("docs/recovery.md", "diagram", &diagram(&begin, &ends, &lines));

    let mut page = String::from("| word | what it says | code |\n|---|---|---|\n");
    for rejected in recovery::Rejected::ALL {
        writeln!(page, "| `{}` | {rejected} | {} |", rejected.as_str(), rejected.code().number()).unwrap();
    }
    hold("docs/recovery.md", "refusals", &page);
}

#[test]
fn what_keeps_a_key_is_documented() {
    let mut table = String::from("| word | when |\n|---|---|\n");
    for obstacle in Obstacle::ALL {
        writeln!(table, "| `{obstacle}` | {} |", obstacle.sentence()).unwrap();
    }
    hold("docs/retention.md", "obstacles", &table);
}
