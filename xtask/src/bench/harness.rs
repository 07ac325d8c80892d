//! One peer: a process that answers `<case> <times>` with nanoseconds.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::steps::Failure;

pub(super) struct Harness {
    name: &'static str,
    child: Child,
    /// Taken when it is to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Harness {
    pub(super) fn start(name: &'static str, command: &mut Command) -> Result<Self, Failure> {
        let failed = |error| Failure::io(name, &error);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = output.ok_or_else(|| Failure(format!("{name} has no output")))?;
        Ok(Self { name, child, input, output: BufReader::new(output) })
    }

    /// One line for one line.
    pub(super) fn ask(&mut self, case: &str, times: u64) -> Result<String, Failure> {
        let failed = |error| Failure::io(self.name, &error);
        let input = self.input.as_mut().ok_or_else(|| Failure(format!("{} has ended", self.name)))?;
        writeln!(input, "{case} {times}").and_then(|()| input.flush()).map_err(failed)?;
        let mut answer = String::new();
        self.output.read_line(&mut answer).map_err(failed)?;
        match answer.trim() {
            "" => Err(Failure(format!("{} ended at {case}", self.name))),
            answer => match answer.strip_prefix("error: ") {
                Some(why) => Err(Failure(format!("{}: {why}", self.name))),
                None => Ok(answer.to_owned()),
            },
        }
    }

    /// Nanoseconds of so many times.
    pub(super) fn time(&mut self, case: &str, times: u64) -> Result<f64, Failure> {
        let answer = self.ask(case, times)?;
        answer.parse().map_err(|_| Failure(format!("{}, {case}: {answer} is no time", self.name)))
    }

    /// How often a case is done in so many nanoseconds, about.
    pub(super) fn times_in(&mut self, case: &str, nanoseconds: f64) -> Result<u64, Failure> {
        let mut times = 1;
        loop {
            let took = self.time(case, times)?;
            if took * 2.0 > nanoseconds {
                return Ok(times);
            }
            // by half of what seems right: the first ones are slower
            let factor = if took * 20.0 < nanoseconds { 10 } else { 2 };
            times *= factor;
        }
    }

    /// The most memory that it had, in KiB.
    pub(super) fn peak_memory(&self) -> Result<u64, Failure> {
        let file = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&file).map_err(|error| Failure::io(&file, &error))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")).and_then(|peak| peak.parse().ok());
        peak.ok_or_else(|| Failure(format!("{file} tells no peak of memory")))
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        // it ends when its input does
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
