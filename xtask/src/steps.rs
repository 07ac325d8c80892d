//! What was run, how long it took and how it ended; the table at the end of a command.

use std::fmt;
use std::io;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// Why a command stops, for a person to read.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl Failure {
    /// A failure of the world: what was tried, and what it answered.
    pub(crate) fn io(what: impl fmt::Display, error: &io::Error) -> Self {
        Self(format!("{what}: {error}"))
    }
}

/// How a step ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// Passed, and this is worth a place in the table.
    PassedWith(String),
    /// Not run, for this reason.
    Skipped(String),
}

/// The steps of one command, in the order in which they ran.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    done: Vec<(&'static str, Duration, String)>,
}

impl Steps {
    /// Runs one step and writes down its time and end; a step that fails ends the command.
    pub(crate) fn run(
        &mut self,
        name: &'static str,
        step: impl FnOnce() -> Result<Outcome, Failure>,
    ) -> Result<(), Failure> {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = step();
        let (end, result) = match outcome {
            Ok(Outcome::Passed) => ("ok".to_owned(), Ok(())),
            Ok(Outcome::PassedWith(what)) => (format!("ok      {what}"), Ok(())),
            Ok(Outcome::Skipped(why)) => {
                println!("skipped: {why}");
                (format!("skipped {why}"), Ok(()))
            }
            Err(Failure(why)) => ("FAILED".to_owned(), Err(Failure(format!("{name}: {why}")))),
        };
        self.done.push((name, start.elapsed(), end));
        result
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: Duration = self.done.iter().map(|(_, time, _)| *time).sum();
        writeln!(f)?;
        for (name, time, end) in &self.done {
            writeln!(f, "{name:<24} {:>8.1} s  {end}", time.as_secs_f64())?;
        }
        writeln!(f, "{:<24} {:>8.1} s", "together", total.as_secs_f64())
    }
}

/// Runs a program that talks to the terminal itself; anything but success is a failure.
pub(crate) fn run(command: &mut Command) -> Result<Outcome, Failure> {
    let status = status(command)?;
    if status.success() { Ok(Outcome::Passed) } else { Err(Failure(format!("{} ended with {status}", shown(command)))) }
}

/// Runs a program that talks to the terminal itself and tells how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, Failure> {
    println!("$ {}", shown(command));
    command.status().map_err(|error| Failure::io(shown(command), &error))
}

/// Runs a program for what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(|error| Failure::io(shown(command), &error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure(format!("{} ended with {}\n{}", shown(command), output.status, said.trim_end())));
    }
    String::from_utf8(output.stdout).map_err(|_| Failure(format!("{} printed no UTF-8", shown(command))))
}

/// The command as one would type it: the environment that was set for it, the name of the program,
/// its arguments.
fn shown(command: &Command) -> String {
    let variables = command
        .get_envs()
        // the search path of the tools is set for every command, and says nothing
        .filter(|(name, _)| *name != "PATH" && *name != "FDESCROW_PYTHON")
        .filter_map(|(name, value)| Some((name, value?)))
        .map(|(name, value)| format!("{}={:?}", name.display(), value.display().to_string()));
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program());
    let arguments = command.get_args().map(|part| part.display().to_string());
    variables.chain([program.display().to_string()]).chain(arguments).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_ends_the_command_and_is_named() {
        let mut steps = Steps::default();
        steps.run("first", || Ok(Outcome::Passed)).unwrap();
        let failure = steps.run("second", || run(&mut Command::new("false")));
        assert!(failure.unwrap_err().0.starts_with("second: false ended"));
        let table = steps.to_string();
        assert!(table.contains("first") && table.contains("FAILED"), "{table}");
    }

    #[test]
    fn a_skipped_step_says_why_in_the_table() {
        let mut steps = Steps::default();
        steps.run("fuzz", || Ok(Outcome::Skipped("nothing to fuzz".into()))).unwrap();
        assert!(steps.to_string().contains("skipped nothing to fuzz"));
    }
}
