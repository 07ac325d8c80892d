//! Do the pages about agents of Linux and macOS show the planners' own tables?

use std::fmt::Write as _;

use fdescrow::agent::{filevault, luks};
use fdescrow_tests::documents::hold;

/// One row: name, when, for which aims, standing, step.
struct Line {
    name: &'static str,
    when: &'static str,
    aims: &'static [&'static str],
    standing: &'static str,
    does: &'static str,
}

fn luks_lines() -> Vec<Line> {
    let lines = luks::Situation::ALL.iter().map(|situation| {
        let luks::Row { when, aims, standing, does, .. } = situation.row();
        Line { name: situation.name(), when, aims, standing: standing.as_str(), does: does.as_str() }
    });
    lines.collect()
}

fn filevault_lines() -> Vec<Line> {
    let lines = filevault::Situation::ALL.iter().map(|situation| {
        let filevault::Row { when, aims, standing, does, .. } = situation.row();
        Line { name: situation.name(), when, aims, standing: standing.as_str(), does: does.as_str() }
    });
    lines.collect()
}

fn table(aims: &[&str], lines: &[Line]) -> String {
    let head = aims.join(" | ");
    let mut table = format!("| situation | when | {head} | | step |\n|---|---|{}---|---|\n", "---|".repeat(aims.len()));
    for Line { name, when, aims: own, standing, does } in lines {
        let columns: Vec<&str> = aims.iter().map(|aim| if own.contains(aim) { "•" } else { "" }).collect();
        writeln!(table, "| {name} | {when} | {} | {standing} | {does} |", columns.join(" | ")).unwrap();
    }
    table
}

/// The situations in order, those that do nothing drawn together.
fn diagram(lines: &[Line]) -> String {
    let mut groups: Vec<(bool, Vec<&Line>)> = Vec::new();
    for line in lines {
        match groups.last_mut() {
            Some((false, group)) if line.does.is_empty() && line.name != "Done" => group.push(line),
            _ => groups.push((!line.does.is_empty(), vec![line])),
        }
    }
    let mut text = "```mermaid\nflowchart TD\n  look([\"look at the header\"]) --> s0\n".to_owned();
    let last = groups.len() - 1;
    for (index, (acts, group)) in groups.iter().enumerate() {
        let names = group.iter().map(|line| line.name).collect::<Vec<_>>().join("<br>");
        if index == last {
            writeln!(text, "  s{index}([\"{names}\"])").unwrap();
            continue;
        }
        writeln!(text, "  s{index}{{\"{names}\"}} -- no --> s{}", index + 1).unwrap();
        if *acts {
            let does = group[0].does.replace('`', "");
            writeln!(text, "  s{index} -- yes --> d{index}[\"{does}\"] --> look").unwrap();
        } else {
            writeln!(text, "  s{index} -- one of them --> d{index}([\"no step\"])").unwrap();
        }
    }
    text + "```\n"
}

fn commands() -> String {
    use filevault::Step;
    let steps = [
        Step::ChangeRecovery,
        Step::RepairAuthorizationDatabase,
        Step::SetGenerateNewKey { on: true },
        Step::SetGenerateNewKey { on: false },
        Step::ValidateRecovery,
    ];
    let mut table = String::from("| program | arguments | reads a secret |\n|---|---|---|\n");
    for command in steps.iter().filter_map(Step::command) {
        let (arguments, secret) = (command.arguments.join(" "), if command.reads_secret { "yes" } else { "" });
        let arguments = if arguments.is_empty() { String::new() } else { format!("`{arguments}`") };
        writeln!(table, "| `{}` | {arguments} | {secret} |", command.program).unwrap();
    }
    table
}

#[test]
fn what_the_planner_of_luks_goes_by_is_documented() {
    let lines = luks_lines();
    hold("docs/agents-linux.md", "luks diagram", &diagram(&lines));
    hold("docs/agents-linux.md", "luks situations", &table(&["escrow", "rotate"], &lines));
}

#[test]
fn what_the_planner_of_filevault_goes_by_is_documented() {
    let lines = filevault_lines();
    hold("docs/agents-macos.md", "filevault situations", &table(&["escrow", "rotate", "attest"], &lines));
    hold("docs/agents-macos.md", "filevault commands", &commands());
}

#[test]
fn in_every_planner_what_acts_has_a_step_and_nothing_else_has() {
    for line in luks_lines().into_iter().chain(filevault_lines()) {
        assert_eq!(line.standing == "acts", !line.does.is_empty(), "{}", line.name);
        assert!(!line.aims.is_empty() && !line.when.contains('|'), "{}", line.name);
    }
}
