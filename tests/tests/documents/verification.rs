//! Does the page about verification show the tables of the judgement, and where it differs from the incumbent's?

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fdescrow::ids::Word;
use fdescrow::policy::{EscrowRules, Level};
use fdescrow::verification::{
    Because, Binding, Event, Failure, HeaderProof, KeyChange, NewKey, Opening, Origin, Place, Reason, Situation, State,
    Station, Status, assess,
};
use fdescrow::{Digest, KeyId, Kind, Policy, Timestamp};
use fdescrow_tests::documents::hold;
use fdescrow_tests::fleet::at;
use fdescrow_tests::incumbent::{Cell, DIFFERENCES, Difference, Matrix, cells, counted, shown};

const PAGE: &str = "docs/verification.md";

/// A word of the code as it is serialized.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn codes(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
}

fn reason_of(because: Because) -> String {
    match because {
        Because::Nothing => String::new(),
        Because::LastCheck => "what the last check said".to_owned(),
        Because::Always(reason) => format!("`{reason}`"),
        other => panic!("{other:?} has no words"),
    }
}

fn situations() -> String {
    let mut table = String::from("| when | status | reason | ends by time | awaits |\n|---|---|---|---|---|\n");
    for row in Situation::ALL.iter().map(|situation| situation.row()) {
        let (ends, awaits) = (if row.ends_by_time { "yes" } else { "" }, codes(row.awaits.iter().map(word)));
        writeln!(table, "| {} | `{}` | {} | {ends} | {awaits} |", row.when, row.status, reason_of(row.because))
            .unwrap();
    }
    table
}

fn reasons() -> String {
    let mut table = String::from("| reason | what it means | what to do | actions |\n|---|---|---|---|\n");
    for reason in Reason::ALL {
        let actions = codes(reason.actions().iter().map(word));
        writeln!(table, "| `{reason}` | {} | {} | {actions} |", reason.sentence(), reason.remedy()).unwrap();
    }
    table
}

fn stations() -> String {
    let mut table = String::from("| station | when a Mac stands here | what to tell its user |\n|---|---|---|\n");
    for station in Station::ALL {
        writeln!(table, "| `{station}` | {} | {} |", station.when(), station.user_text()).unwrap();
    }
    table
}

fn walk() -> String {
    let mut diagram = String::from("```mermaid\nstateDiagram-v2\n");
    // What turns FileVault on is one of several stations, as the policy says.
    let turns_on = |station: &Station| {
        matches!(station, Station::AwaitingSetupAssistant | Station::AwaitingLogin | Station::AwaitingLogout)
    };
    let mut last: Vec<&str> = vec!["[*]"];
    for group in Station::ALL.chunk_by(|one, two| turns_on(one) && turns_on(two)) {
        for station in group {
            for from in &last {
                writeln!(diagram, "    {from} --> {station}").unwrap();
            }
        }
        last = group.iter().map(|station| station.as_str()).collect();
    }
    for from in last {
        writeln!(diagram, "    {from} --> [*]").unwrap();
    }
    diagram + "```\n"
}

/// What can happen to a key that came; none: time.
fn happenings() -> Vec<(&'static str, Option<Change>)> {
    let opening = |header: HeaderProof| {
        move |at: Timestamp| {
            let mut opening = Opening::new(envelope(), Digest::of(b"identity"), Binding::None, at);
            opening.header = header.clone();
            KeyChange::Opened(opening)
        }
    };
    let unverifiable = HeaderProof::Unverifiable(Word::new("no_header").unwrap());
    vec![
        ("time", None),
        ("opened", Some(Box::new(opening(HeaderProof::NotTried)))),
        ("opened, proven by the header", Some(Box::new(opening(HeaderProof::VolumeKeyUnwrapped)))),
        ("opened, unverifiable", Some(Box::new(opening(unverifiable)))),
        ("refused by the header", Some(Box::new(opening(HeaderProof::Refused)))),
        (
            "did not open",
            Some(Box::new(|at| KeyChange::NotOpened {
                tried: vec![envelope()],
                failure: Failure::DidNotOpen,
                keyring: None,
                at,
            })),
        ),
        ("attested", Some(Box::new(|at| KeyChange::Attested { opens: true, at }))),
        ("denied by the device", Some(Box::new(|at| KeyChange::Attested { opens: false, at }))),
        ("exposed", Some(Box::new(|at| KeyChange::Exposed { certificate: Digest::of(b"certificate"), at }))),
    ]
}

type Change = Box<dyn Fn(Timestamp) -> KeyChange>;

fn envelope() -> Digest {
    Digest::of(b"envelope")
}

/// The status of one key by what happens to it: every history of four happenings was gone through, with a level
/// demanded that only a header shows.
fn key() -> String {
    let mut rules = EscrowRules::default();
    rules.levels.insert(Kind::FileVault, Level::VolumeKeyUnwrapped);
    let policy = Policy::from(rules);
    let place = Place::new(Kind::FileVault);
    let empty = State::new(at(0));
    let key = empty.receive(NewKey::new(KeyId::from_bytes([1; 16]), place, Origin::Sealed, envelope(), at(0)));
    let first = empty.apply(&Event::KeyReceived { key: Box::new(key) }).unwrap();
    let happenings = happenings();
    let mut arrows: BTreeMap<(Status, Status), Vec<usize>> = BTreeMap::new();
    let mut histories = vec![(first, 1_i64)];
    for _ in 0..4 {
        let mut next = Vec::new();
        for (state, now) in &histories {
            let from = assess(state, &policy, at(*now));
            for (number, (_, change)) in happenings.iter().enumerate() {
                let (state, now) = match change {
                    // To the next moment at which time alone changes something.
                    None => match from.wake_at {
                        Some(wake) => (state.clone(), wake.unix_seconds() - at(0).unix_seconds()),
                        None => continue,
                    },
                    Some(change) => {
                        let key = Box::new(state.places()[0].newest().unwrap().clone());
                        let event = Event::KeyChanged { key, change: change(at(now + 1)) };
                        match state.clone().apply(&event) {
                            Ok(state) => (state, now + 1),
                            Err(_) => continue,
                        }
                    }
                };
                let to = assess(&state, &policy, at(now)).status;
                if to != from.status {
                    let along = arrows.entry((from.status, to)).or_default();
                    if !along.contains(&number) {
                        along.push(number);
                    }
                }
                next.push((state, now));
            }
        }
        histories = next;
    }
    let mut diagram = String::from("```mermaid\nstateDiagram-v2\n    [*] --> verifying: a key came\n");
    for ((from, to), mut along) in arrows {
        along.sort_unstable();
        let along: Vec<&str> = along.into_iter().map(|number| happenings[number].0).collect();
        writeln!(diagram, "    {from} --> {to}: {}", along.join(" / ")).unwrap();
    }
    diagram + "```\n"
}

fn status_word(status: Option<Status>) -> String {
    status.map_or_else(|| "none".to_owned(), |status| format!("`{status}`"))
}

fn applying(difference: &Difference, matrix: Matrix) -> Vec<Cell> {
    let listed = difference.matrices.contains(&matrix);
    cells(matrix).into_iter().filter(|cell| listed && (difference.applies)(cell)).collect()
}

fn fleet() -> String {
    let mut table = String::from("| matrix | cells | we say otherwise in |\n|---|---|---|\n");
    for matrix in Matrix::ALL {
        let differing: usize = DIFFERENCES.iter().map(|difference| applying(difference, *matrix).len()).sum();
        writeln!(table, "| {} | {} | {differing} |", matrix.as_str(), cells(*matrix).len()).unwrap();
    }
    table
}

fn differences() -> String {
    let mut table = String::from("| matrix | when | Fleet | we | why |\n|---|---|---|---|---|\n");
    for difference in DIFFERENCES {
        let (mut numbers, mut theirs) = (Vec::new(), Vec::new());
        for matrix in difference.matrices {
            let applying = applying(difference, *matrix);
            numbers.push(format!("{}: {}", matrix.as_str(), applying.len()));
            for cell in applying {
                let (counted, shown) = (status_word(counted(&cell)), status_word(shown(&cell)));
                let words = if counted == shown { shown } else { format!("counted {counted}, shown {shown}") };
                if !theirs.contains(&words) {
                    theirs.push(words);
                }
            }
        }
        let (numbers, theirs) = (numbers.join("; "), theirs.join(", or "));
        writeln!(
            table,
            "| {numbers} | {} | {theirs} | `{}` | {} |",
            difference.when, difference.ours, difference.reason
        )
        .unwrap();
    }
    table
}

#[test]
fn the_judgement_is_documented() {
    hold(PAGE, "situations", &situations());
    hold(PAGE, "key", &key());
    hold(PAGE, "reasons", &reasons());
    hold(PAGE, "walk", &walk());
    hold(PAGE, "stations", &stations());
    hold(PAGE, "fleet", &fleet());
    hold(PAGE, "differences", &differences());
}
