//! The measured part of `docs/performance.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::table::{Aim, GROUPS, Subject, TARGETS, Work};
use super::{Measured, Options};
use crate::steps::{Failure, output};

/// The median of numbers and the quartiles around it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    first: f64,
    median: f64,
    third: f64,
}

impl Spread {
    fn of(numbers: impl Iterator<Item = f64>) -> Option<Self> {
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        let last = numbers.len().checked_sub(1)?;
        let at = |quarter: usize| numbers.get(last * quarter / 4).copied();
        Some(Self { first: at(1)?, median: at(2)?, third: at(3)? })
    }

    fn shown(self, show: impl Fn(f64) -> String) -> (String, String) {
        (show(self.median), format!("{} – {}", show(self.first), show(self.third)))
    }
}

impl Measured {
    fn times(&self, subject: &Subject) -> Option<Spread> {
        Spread::of(self.rounds.get(subject)?.iter().copied())
    }

    /// How often the one takes what the other takes, round by round.
    fn ratio(&self, one: &Subject, other: &Subject) -> Option<Spread> {
        let (one, other) = (self.rounds.get(one)?, self.rounds.get(other)?);
        Spread::of(one.iter().zip(other).map(|(one, other)| one / other))
    }
}

/// The tables, and what they were measured with.
pub(super) fn measured(options: &Options, measured: &Measured) -> Result<String, Failure> {
    let mut page = String::new();
    let mut line = |text: String| {
        page.push_str(&text);
        page.push('\n');
    };
    line(format!("`{}`, {} rounds. The machine and the versions:\n", options.command(), options.rounds));
    line("| what | version |\n|---|---|".into());
    line(format!("| processor | {} |", processor()));
    line(format!("| compiler | {} |", output(Command::new("rustc").arg("--version"))?.trim()));
    for (peer, version) in &measured.versions {
        line(format!("| {peer} | {version} |"));
    }
    line("\n### Targets\n\n| what | target | measured | quartiles | |\n|---|---|---|---|---|".into());
    for target in TARGETS {
        let (aim, found) = judged(&target.aim, measured, options);
        let (median, spread, verdict) = found.unwrap_or(("not measured".into(), String::new(), ""));
        line(format!("| {} | {aim} | {median} | {spread} | {verdict} |", target.what));
    }
    for group in GROUPS {
        let Some(reference) = group.subjects.iter().find(|subject| measured.rounds.contains_key(subject)) else {
            continue;
        };
        line(format!("\n### {}\n", title(group.title, options)));
        line("| what | median | quartiles | ratio to the first | quartiles |\n|---|---|---|---|---|".into());
        for subject in group.subjects {
            let (Some(times), Some(ratio)) = (measured.times(subject), measured.ratio(subject, reference)) else {
                continue;
            };
            let ((median, spread), (ratio, ratios)) = (times.shown(time), ratio.shown(number));
            line(format!("| {} | {median} | {spread} | {ratio} | {ratios} |", subject.label));
        }
    }
    if !measured.sizes.is_empty() {
        line("\n### Size and start\n\n| what | measured |\n|---|---|".into());
        for (what, size) in &measured.sizes {
            line(format!("| {what} | {size} |"));
        }
    }
    Ok(page)
}

/// A title, with how much was stored.
fn title(title: &str, options: &Options) -> String {
    if title.starts_with("Check") {
        format!("{title}: {} keys", options.keys)
    } else if title.starts_with("Summarise") {
        format!("{title}: {}", options.devices)
    } else {
        title.to_owned()
    }
}

/// What is aimed at; and the median, the spread and whether it was met.
fn judged(aim: &Aim, measured: &Measured, options: &Options) -> (String, Option<(String, String, &'static str)>) {
    let said = |met: bool| if met { "met" } else { "missed" };
    match aim {
        Aim::AtMost(one, other, limit) => {
            let found = measured.ratio(one, other).map(|ratio| (ratio, said(ratio.median <= *limit)));
            (format!("≤ {limit}×"), found.map(|(ratio, said)| with(ratio.shown(number), said)))
        }
        Aim::AtLeast(one, other, limit) => {
            let found = measured.ratio(one, other).map(|ratio| (ratio, said(ratio.median >= *limit)));
            (format!("≥ {limit}×"), found.map(|(ratio, said)| with(ratio.shown(number), said)))
        }
        Aim::Below(subject, limit) => {
            // a target for a million devices says nothing of fewer
            let few = subject.work == Work::Devices && options.devices < 1_000_000;
            let found = measured.times(subject).map(|times| {
                let said = if few { "fewer than the target's 1000000" } else { said(times.median < *limit) };
                with(times.shown(time), said)
            });
            (format!("< {}", time(*limit)), found)
        }
        Aim::Memory(subject, limit) => {
            let found = measured.memory.get(subject).map(|kibibytes| {
                #[expect(clippy::cast_precision_loss, reason = "a process has less than that")]
                let mebibytes = *kibibytes as f64 / 1024.0;
                (format!("{mebibytes:.0} MiB"), String::new(), said(mebibytes < *limit))
            });
            (format!("< {limit} MiB"), found)
        }
    }
}

fn with((median, spread): (String, String), said: &'static str) -> (String, String, &'static str) {
    (median, spread, said)
}

/// Three digits of a ratio.
fn number(ratio: f64) -> String {
    match ratio {
        ..0.01 => format!("{ratio:.5}"),
        0.01..10.0 => format!("{ratio:.3}"),
        _ => format!("{ratio:.1}"),
    }
}

/// Three digits or so of a time in nanoseconds.
fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{nanoseconds:.0} ns"),
        1e3..1e5 => format!("{:.2} µs", nanoseconds / 1e3),
        1e5..1e6 => format!("{:.1} µs", nanoseconds / 1e3),
        1e6..1e9 => format!("{:.2} ms", nanoseconds / 1e6),
        _ => format!("{:.2} s", nanoseconds / 1e9),
    }
}

/// The model of the processor, and how many there are.
pub(super) fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models = text.lines().filter_map(|line| line.strip_prefix("model name")).count();
    let model = text.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("not known", |model| model.trim_start_matches(['\t', ' ', ':']));
    format!("{model}, {models} processors as the system counts them")
}

/// Replaces a part of the page that is measured.
pub(super) fn write(page: &Path, part: &str, measured: &str) -> Result<(), Failure> {
    let (begin, end) = (format!("<!-- {part}: generated -->\n"), format!("<!-- {part}: end -->"));
    let failed = |error: &_| Failure::io(page.display(), error);
    let text = fs::read_to_string(page).map_err(|error| failed(&error))?;
    let parts = text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) = parts.ok_or_else(|| Failure(format!("{} has no part `{part}`", page.display())))?;
    let mut new = String::new();
    let _ = write!(new, "{before}{begin}{measured}{end}{after}");
    fs::write(page, new).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_median_between_its_quartiles() {
        let spread = Spread::of([5.0, 1.0, 4.0, 2.0, 3.0].into_iter());
        assert_eq!(spread, Some(Spread { first: 2.0, median: 3.0, third: 4.0 }));
        assert_eq!(Spread::of([].into_iter()), None);
    }

    #[test]
    fn times_are_shown_in_their_unit() {
        assert_eq!([999.0, 1_234.0, 669_000.0, 4e9].map(time), ["999 ns", "1.23 µs", "669.0 µs", "4.00 s"]);
    }
}
