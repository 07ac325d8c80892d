//! How much of the library the tests run, by lines, and how much is enough.
//!
//! One instrumented run of all tests serves every figure. Lines of tests are not counted: a module
//! under `#[cfg(test)]`, last in its file by our habit, would only flatter.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;

use crate::place::Place;
use crate::steps::{Failure, Outcome, run};

/// The least that is enough, in percent of lines.
const ENOUGH: [Enough; 5] = [
    Enough { what: "core", files: "core/src/", but: None, percent: 92.0 },
    Enough { what: "envelope", files: "core/src/envelope", but: None, percent: 97.0 },
    // What changes the state and what judges it: all of it. The readers of reports are held by
    // their own tests and by fuzzing.
    Enough {
        what: "verification",
        files: "core/src/verification",
        but: Some("core/src/verification/observation"),
        percent: 100.0,
    },
    Enough { what: "rotation", files: "core/src/rotation", but: None, percent: 100.0 },
    Enough { what: "recovery", files: "core/src/recovery", but: None, percent: 100.0 },
];

struct Enough {
    what: &'static str,
    /// How the paths of its files begin.
    files: &'static str,
    /// How those begin that do not count.
    but: Option<&'static str>,
    percent: f64,
}

impl Enough {
    fn counts(&self, file: &str) -> bool {
        file.starts_with(self.files) && self.but.is_none_or(|but| !file.starts_with(but))
    }
}

/// Lines of a file that could run, and those that did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Lines {
    all: u32,
    run: u32,
}

impl Lines {
    fn percent(self) -> f64 {
        100.0 * f64::from(self.run) / f64::from(self.all)
    }
}

pub(crate) fn check(place: &Place) -> Result<Outcome, Failure> {
    let report = place.target.join("coverage.lcov");
    let mut measure = place.cargo(&["llvm-cov", "nextest", "--workspace", "--all-features"]);
    measure.args(["--locked", "--lcov", "--output-path"]).arg(&report).env("NEXTEST_PROFILE", "coverage");
    // The lines are the same; more rounds over them take long in an instrumented build.
    measure.env("FDESCROW_FLOWS", "share");
    for (variable, program) in [("LLVM_COV", "llvm-cov-22"), ("LLVM_PROFDATA", "llvm-profdata-22")] {
        if env::var_os(variable).is_none() {
            measure.env(variable, Path::new("/usr/bin").join(program));
        }
    }
    run(&mut measure)?;
    let report = fs::read_to_string(&report).map_err(|error| Failure::io(report.display(), &error))?;
    let files = files(&report, &place.root, |file| fs::read_to_string(file).unwrap_or_default());
    show_worst(&files);
    judge(&files)
}

/// The lines of each file below the root, by its path from there.
fn files(report: &str, root: &Path, read: impl Fn(&Path) -> String) -> BTreeMap<String, Lines> {
    let mut files = BTreeMap::new();
    for record in report.split("end_of_record") {
        let Some(path) = record.lines().find_map(|line| line.strip_prefix("SF:")) else {
            continue;
        };
        let path = Path::new(path);
        let Ok(name) = path.strip_prefix(root) else {
            continue;
        };
        let is_tests = name.iter().any(|part| part == "tests" || part == "tests.rs");
        if is_tests {
            continue;
        }
        let end = tests_start(&read(path));
        let lines: &mut Lines = files.entry(name.display().to_string()).or_default();
        // DA:<line>,<times it ran>
        let data = record.lines().filter_map(|line| {
            let (line, times) = line.strip_prefix("DA:")?.split_once(',')?;
            Some((line.parse::<usize>().ok()?, times != "0"))
        });
        for (_, ran) in data.filter(|(line, _)| *line < end) {
            lines.all += 1;
            lines.run += u32::from(ran);
        }
    }
    files
}

/// The number of the line where the tests at the end of a file begin; past the end if none do.
fn tests_start(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .position(|pair| {
            matches!(pair, [attribute, module]
                if *attribute == "#[cfg(test)]" && module.starts_with("mod "))
        })
        .map_or(usize::MAX, |index| index + 1)
}

/// The ten files with the most lines that no test runs.
fn show_worst(files: &BTreeMap<String, Lines>) {
    let mut worst: Vec<_> = files.iter().filter(|(_, lines)| lines.run < lines.all).collect();
    worst.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.all - lines.run));
    println!("lines that no test runs, most first:");
    for (name, lines) in worst.iter().take(10) {
        let missed = lines.all - lines.run;
        println!("{missed:>6} of {:>5}  {name}", lines.all);
    }
}

fn judge(files: &BTreeMap<String, Lines>) -> Result<Outcome, Failure> {
    let mut figures = Vec::new();
    let mut short = Vec::new();
    for enough in &ENOUGH {
        let mut lines = Lines::default();
        for (_, file) in files.iter().filter(|(name, _)| enough.counts(name)) {
            lines.all += file.all;
            lines.run += file.run;
        }
        if lines.all == 0 {
            short.push(format!("{}: no line was measured", enough.what));
            continue;
        }
        let figure =
            format!("{} {:.2} % of {} lines (at least {} %)", enough.what, lines.percent(), lines.all, enough.percent);
        println!("coverage: {figure}");
        if lines.percent() < enough.percent {
            short.push(figure);
        } else {
            figures.push(format!("{} {:.2} %", enough.what, lines.percent()));
        }
    }
    if short.is_empty() {
        Ok(Outcome::PassedWith(figures.join(", ")))
    } else {
        Err(Failure(format!("too little is tested: {}", short.join("; "))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "SF:/p/core/src/envelope/ber.rs\nDA:1,3\nDA:2,0\nDA:9,1\nend_of_record\n\
        SF:/p/core/src/key.rs\nDA:1,1\nend_of_record\n\
        SF:/p/core/src/key/tests.rs\nDA:1,1\nend_of_record\n\
        SF:/elsewhere/lib.rs\nDA:1,1\nend_of_record\n";

    fn read(_: &Path) -> String {
        "fn a() {}\nfn b() {}\n#[cfg(test)]\nmod tests {}\n".into()
    }

    #[test]
    fn lines_of_tests_and_of_other_projects_do_not_count() {
        let files = files(REPORT, Path::new("/p"), read);
        let expected =
            [("core/src/envelope/ber.rs", Lines { all: 2, run: 1 }), ("core/src/key.rs", Lines { all: 1, run: 1 })];
        assert!(files.iter().map(|(name, lines)| (name.as_str(), *lines)).eq(expected));
    }

    #[test]
    fn too_little_fails_and_so_does_nothing() {
        let half = files(REPORT, Path::new("/p"), read);
        assert!(judge(&half).unwrap_err().0.contains("envelope 50.00 %"));
        assert!(judge(&BTreeMap::new()).is_err());
        let parts = ["envelope", "verification", "rotation", "recovery"];
        let whole = parts.map(|part| (format!("core/src/{part}.rs"), Lines { all: 9, run: 9 }));
        let mut whole = BTreeMap::from(whole);
        whole.insert("core/src/verification/observation/json.rs".to_owned(), Lines { all: 9, run: 8 });
        assert!(matches!(judge(&whole), Ok(Outcome::PassedWith(_))));
        whole.insert("core/src/verification/state.rs".to_owned(), Lines { all: 9, run: 8 });
        assert!(judge(&whole).unwrap_err().0.contains("verification 94.44 %"));
    }
}
