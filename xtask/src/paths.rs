//! How many instructions do the hot paths take, and do any of them depend on a secret?
//!
//! valgrind runs what `benches/` has ready. Instructions, unlike times, are the same on a busy machine: those of the hot
//! paths stand in `benches/instructions.txt`, and a change that costs or saves more than the tolerance has to renew it.
//! Messages that do not open must take the same whatever is wrong with them; and of what a private key gives, no jump and
//! no index may depend, which is shown by having valgrind take it for undefined.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bench;
use crate::place::Place;
use crate::steps::{Failure, Outcome, Steps, run};
use crate::tools;

/// The hot paths, and how often each is done to be counted.
const PATHS: [(&str, u64); 7] = [
    ("parse", 64),
    ("inspect", 64),
    ("open-content", 64),
    ("open-auth-content", 64),
    ("seal", 16),
    ("render", 64),
    ("assess", 256),
];

/// By how much a path may differ from what is written down, in percent.
const TOLERANCE: f64 = 2.0;

/// What does not open, by what is wrong; each as often as there are blocks of it. The first one opens, and is shown beside.
const FAILURES: [(&str, &[&str]); 2] = [
    ("pkcs1", &["right", "first-octet", "type", "no-separator", "early-separator", "length", "content-key"]),
    ("oaep", &["right", "first-octet", "hash", "length", "content-key", "tag"]),
];

/// By how much failures of one kind of message may differ, in percent.
const ALIKE: f64 = 2.0;

/// What reads secrets, how many jumps may depend on them, and from which blocks they come.
struct Secret {
    case: &'static str,
    jumps: Jumps,
    from: &'static [&'static str],
}

/// How many jumps or indices that depend on secrets valgrind has to find.
enum Jumps {
    /// No more: none, or the verdicts that the caller is told anyway.
    AtMost(u64),
    /// It was planted, and has to be found.
    Found,
}

const SECRETS: [Secret; 6] = [
    Secret {
        case: "unpad-pkcs1",
        jumps: Jumps::AtMost(0),
        from: &[
            "blocks-pkcs1-right",
            "blocks-pkcs1-first-octet",
            "blocks-pkcs1-type",
            "blocks-pkcs1-no-separator",
            "blocks-pkcs1-early-separator",
            "blocks-pkcs1-length",
        ],
    },
    Secret {
        case: "unpad-oaep",
        jumps: Jumps::AtMost(0),
        from: &["blocks-oaep-right", "blocks-oaep-first-octet", "blocks-oaep-hash", "blocks-oaep-length"],
    },
    // whether the tag held, asked by the cipher and by who called it, for each of two messages; a comparison that ends
    // early asks once for each octet
    Secret { case: "tag", jumps: Jumps::AtMost(4), from: &["content-key-oaep"] },
    // whether the key unwrapped
    Secret { case: "agreement", jumps: Jumps::AtMost(2), from: &["blocks-oaep-hash"] },
    Secret { case: "compare", jumps: Jumps::AtMost(0), from: &["blocks-oaep-right"] },
    Secret { case: "planted", jumps: Jumps::Found, from: &["blocks-oaep-right"] },
];

/// What valgrind runs.
struct Ready<'a> {
    place: &'a Place,
    program: PathBuf,
    material: PathBuf,
}

/// Compares, or where `bless` writes down.
pub(crate) fn check(steps: &mut Steps, place: &Place, bless: bool) -> Result<(), Failure> {
    if !cfg!(target_arch = "x86_64") {
        let why = "what is written down was counted on x86-64";
        return steps.run("instructions", || Ok(Outcome::Skipped(why.into())));
    }
    let mut ready = None;
    steps.run("instructions: build", || {
        tools::install(place, &[tools::PATHS])?;
        let program = bench::build_ours(place)?;
        let material = place.target.join("bench/paths");
        bench::make_material(place, &program, &material)?;
        ready = Some(Ready { place, program, material });
        Ok(Outcome::Passed)
    })?;
    let Some(ready) = ready else { return Ok(()) };
    steps.run("instructions", || ready.counts(bless))?;
    if bless {
        return Ok(());
    }
    steps.run("failures alike", || ready.failures())?;
    steps.run("secrets", || ready.secrets())
}

impl Ready<'_> {
    fn counts(&self, bless: bool) -> Result<Outcome, Failure> {
        if !processor_has("aes") {
            return Ok(Outcome::Skipped("this processor has no AES instructions, and others count differently".into()));
        }
        let file = self.place.root.join("benches/instructions.txt");
        let mut counted = String::new();
        for (path, times) in PATHS {
            let _ = writeln!(counted, "{path} {}", self.instructions(path, times)?);
        }
        if bless {
            fs::write(&file, counted).map_err(|error| Failure::io(file.display(), &error))?;
            return Ok(Outcome::PassedWith("benches/instructions.txt".into()));
        }
        let written = fs::read_to_string(&file).map_err(|error| Failure::io(file.display(), &error))?;
        compare(&written, &counted)
    }

    fn failures(&self) -> Result<Outcome, Failure> {
        let mut spreads = Vec::new();
        for (scheme, classes) in FAILURES {
            let mut failed: Vec<u64> = Vec::new();
            for class in classes {
                let count = self.instructions(&format!("fail-{scheme}-{class}"), BLOCKS)?;
                println!("{scheme} {class}: {count}");
                if *class != "right" {
                    failed.push(count);
                }
            }
            let (Some(least), Some(most)) = (failed.iter().min(), failed.iter().max()) else { continue };
            let spread = percent(*least, *most);
            if spread > ALIKE {
                return Err(Failure(format!("{scheme}: failures differ by {spread:.2} %, more than {ALIKE} %")));
            }
            spreads.push(format!("{scheme} within {spread:.2} %"));
        }
        Ok(Outcome::PassedWith(spreads.join(", ")))
    }

    fn secrets(&self) -> Result<Outcome, Failure> {
        let shim = self.place.target.join("bench/undefined.so");
        let mut compile = self.place.command("cc");
        compile.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&shim).arg("benches/undefined.c");
        run(&mut compile)?;
        for secret in &SECRETS {
            let mut input = Vec::new();
            for name in secret.from {
                let path = self.material.join(name);
                input.extend(fs::read(&path).map_err(|error| Failure::io(path.display(), &error))?);
            }
            let file = self.material.join("secret");
            fs::write(&file, input).map_err(|error| Failure::io(file.display(), &error))?;
            let found = self.jumps(secret.case, &shim, &file)?;
            println!("{}: {found} jumps or indices depend on secrets", secret.case);
            match secret.jumps {
                Jumps::AtMost(most) if found > most => {
                    return Err(Failure(format!("{}: {found} jumps depend on secrets, not {most}", secret.case)));
                }
                Jumps::Found if found == 0 => {
                    return Err(Failure(format!("{}: the leak was not found, so nothing is shown", secret.case)));
                }
                Jumps::AtMost(_) | Jumps::Found => {}
            }
        }
        Ok(Outcome::PassedWith(format!("{} cases, the planted leak was found", SECRETS.len())))
    }

    /// How many jumps and indices depend on what stands in a file.
    fn jumps(&self, case: &str, shim: &Path, secret: &Path) -> Result<u64, Failure> {
        let input = File::open(secret).map_err(|error| Failure::io(secret.display(), &error))?;
        let mut valgrind = self.valgrind("memcheck", &["secret"], case);
        valgrind.env("LD_PRELOAD", shim).stdin(Stdio::from(input));
        let said = said(&mut valgrind)?;
        after(&said, "ERROR SUMMARY:").ok_or_else(|| Failure(format!("valgrind tells no errors:\n{said}")))
    }

    /// What one time of a case takes: the difference of twice as many and as many.
    fn instructions(&self, case: &str, times: u64) -> Result<u64, Failure> {
        let count = |times: u64| {
            let mut valgrind = self.valgrind("callgrind", &["run"], case);
            let said = said(valgrind.arg(times.to_string()))?;
            after(&said, "Collected :").ok_or_else(|| Failure(format!("valgrind tells no count:\n{said}")))
        };
        Ok(count(2 * times)?.saturating_sub(count(times)?) / times)
    }

    fn valgrind(&self, tool: &str, command: &[&str], case: &str) -> Command {
        let mut valgrind = self.place.command("valgrind");
        valgrind.arg(format!("--tool={tool}"));
        match tool {
            "callgrind" => valgrind.arg("--callgrind-out-file=/dev/null"),
            _ => valgrind.args(["--leak-check=no", "--error-limit=no"]),
        };
        valgrind.arg(&self.program).args(command).arg(&self.material).arg(case);
        valgrind
    }
}

/// Times that a message which does not open is tried: once with each of its blocks.
const BLOCKS: u64 = 16;

/// What a program says on its standard error.
fn said(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(|error| Failure::io("valgrind", &error))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(said)
    } else {
        Err(Failure(format!("valgrind ended with {}\n{said}", output.status)))
    }
}

/// The number behind a word.
fn after(said: &str, word: &str) -> Option<u64> {
    let (_, rest) = said.rsplit_once(word)?;
    rest.split_whitespace().next()?.replace(',', "").parse().ok()
}

/// By how much the larger one is larger, in percent.
#[expect(clippy::cast_precision_loss, reason = "instructions of one operation are few")]
fn percent(one: u64, other: u64) -> f64 {
    let (least, most) = (one.min(other), one.max(other));
    100.0 * (most - least) as f64 / least.max(1) as f64
}

/// Compares what was counted with what is written down.
fn compare(written: &str, counted: &str) -> Result<Outcome, Failure> {
    let pairs = |text: &str| -> Vec<(String, u64)> {
        let words = text.lines().filter_map(|line| line.split_once(' '));
        words.filter_map(|(path, count)| Some((path.to_owned(), count.parse().ok()?))).collect()
    };
    let (written, counted) = (pairs(written), pairs(counted));
    let mut other = Vec::new();
    for (path, count) in &counted {
        let before = written.iter().find(|(known, _)| known == path).map(|(_, before)| *before);
        println!("{path}: {count} instructions, {} written down", before.unwrap_or_default());
        if before.is_none_or(|before| percent(before, *count) > TOLERANCE) {
            other.push(format!("{path} takes {count} instructions, not {}", before.unwrap_or_default()));
        }
    }
    for (path, _) in written.iter().filter(|(known, _)| counted.iter().all(|(path, _)| path != known)) {
        other.push(format!("{path} is written down and not counted"));
    }
    if other.is_empty() {
        return Ok(Outcome::PassedWith(format!("{} paths within {TOLERANCE} %", counted.len())));
    }
    Err(Failure(format!("{}: see why, then run `cargo xtask bless`", other.join("; "))))
}

/// Whether the processor has a feature.
fn processor_has(feature: &str) -> bool {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags"));
    flags.is_some_and(|flags| flags.split_whitespace().any(|flag| flag == feature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_became_slower_or_faster_is_seen() {
        assert!(compare("a 1000\nb 10\n", "a 1019\nb 10\n").is_ok());
        for other in ["a 1021\nb 10\n", "a 900\nb 10\n", "a 1000\n", "a 1000\nb 10\nc 1\n"] {
            assert!(compare("a 1000\nb 10\n", other).is_err(), "{other}");
        }
    }

    #[test]
    fn numbers_of_valgrind_are_read() {
        assert_eq!(after("==1== Collected : 1234567", "Collected :"), Some(1_234_567));
        assert_eq!(after("==1== ERROR SUMMARY: 1,002 errors from 3 contexts", "ERROR SUMMARY:"), Some(1002));
        assert_eq!(after("nothing", "Collected :"), None);
    }
}
