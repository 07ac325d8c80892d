//! How is a command of a plan run?
//!
//! Without a shell, with secrets on standard input alone. What a command prints is for nobody: only its exit status
//! counts, for its words may change and may quote what it was given.

use std::{
    io::{Read, Write},
    process::{self, Stdio},
};

use fdescrow::{
    Secret,
    agent::luks::{Command, Input},
};
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};

/// The secrets that a command may be given.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Secrets<'a> {
    pub(crate) authorization: Option<&'a Secret<str>>,
    pub(crate) new_key: Option<&'a Secret<[u8]>>,
}

/// More than metadata of LUKS2 can be.
const MAX_OUTPUT: u64 = 8 << 20;

/// Runs a command; none: it was killed.
pub(crate) fn status(command: &Command, secrets: Secrets<'_>) -> Result<Option<i32>, Failure> {
    let mut child = start(command, Stdio::null())?;
    // A command that ends before it read everything says by its status why.
    let _ = feed(&mut child, command, secrets);
    Ok(child.wait().map_err(|error| failure(command, &error))?.code())
}

/// Runs a command and returns what it printed, if it ended well.
pub(crate) fn output(command: &Command) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let mut child = start(command, Stdio::piped())?;
    let _ = feed(&mut child, command, Secrets::default());
    let mut printed = Zeroizing::new(Vec::new());
    if let Some(out) = child.stdout.take() {
        out.take(MAX_OUTPUT).read_to_end(&mut printed).map_err(|error| failure(command, &error))?;
    }
    let status = child.wait().map_err(|error| failure(command, &error))?;
    Ok(status.success().then_some(printed))
}

fn start(command: &Command, stdout: Stdio) -> Result<process::Child, Failure> {
    let mut process = process::Command::new(command.program);
    process.args(&command.arguments).stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::null());
    process.spawn().map_err(|error| failure(command, &error))
}

fn feed(child: &mut process::Child, command: &Command, secrets: Secrets<'_>) -> std::io::Result<()> {
    let Some(mut stdin) = child.stdin.take() else { return Ok(()) };
    for input in &command.input {
        match input {
            Input::Authorization => {
                let line = secrets.authorization.map(Secret::expose).unwrap_or_default();
                stdin.write_all(line.as_bytes())?;
                stdin.write_all(b"\n")?;
            }
            Input::NewKey => stdin.write_all(secrets.new_key.map(Secret::expose).unwrap_or_default())?,
            Input::Text(text) => stdin.write_all(text.as_bytes())?,
            // A newer library wants what this program does not know.
            _ => return Err(std::io::ErrorKind::Unsupported.into()),
        }
    }
    Ok(())
}

fn failure(command: &Command, error: &std::io::Error) -> Failure {
    Failure::file(format!("{}: {error}", command.program)).exit(Exit::Unavailable)
}
