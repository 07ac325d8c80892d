//! How do messages, keys and passwords come in?
//!
//! Messages from a file or standard input; keys in clear from standard input or a file, never as an argument;
//! passwords by prompt or from a file descriptor. Secrets are read into memory that is wiped and does not grow.

use std::{
    fs::File,
    io::{self, ErrorKind, IsTerminal, Read},
    path::{Path, PathBuf},
};

use fdescrow::{ErrorCode, Secret, envelope::certificate::MAX_INPUT};
use zeroize::Zeroizing;

use crate::exit::Failure;

/// More than any key, however it was typed; the library refuses what is longer than a thousand bytes.
const MAX_SECRET: usize = 4096;

/// The whole of a file, or of standard input where there is none or it is `-`. At most 1 MiB: more than the limits
/// of any reader allow.
pub(crate) fn read(file: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match file.filter(|file| !is_stdin(file)) {
        None => read_limited(io::stdin().lock(), MAX_INPUT).map_err(|error| Failure::file(format!("input: {error}"))),
        Some(path) => {
            let file = File::open(path).and_then(|file| read_limited(file, MAX_INPUT));
            file.map_err(|error| Failure::file(format!("{}: {error}", path.display())))
        }
    }
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// A key in clear, from standard input or a file; at a terminal it is typed unseen.
pub(crate) fn read_key(file: Option<&Path>) -> Result<Secret<str>, Failure> {
    let failure = |error: io::Error| match error.kind() {
        ErrorKind::FileTooLarge => {
            Failure::of(ErrorCode::KeyFormat, format!("the text is longer than any key: {error}"))
        }
        _ => Failure::file(format!("key: {error}")),
    };
    let bytes = match file.filter(|file| !is_stdin(file)) {
        None if io::stdin().is_terminal() => {
            let line = rpassword::prompt_password("recovery key (not shown): ").map_err(failure)?;
            return Ok(Secret::from_string(line));
        }
        None => read_limited(io::stdin().lock(), MAX_SECRET).map_err(failure)?,
        Some(path) => File::open(path).and_then(|file| read_limited(file, MAX_SECRET)).map_err(failure)?,
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::of(ErrorCode::KeyFormat, "the key is not text"))?;
    Ok(Secret::<str>::copy_from(text))
}

/// Reads to the end, into room that is there already.
fn read_limited(reader: impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let too_long = || io::Error::new(ErrorKind::FileTooLarge, format!("there are more than {limit} bytes"));
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 64));
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(one_more).read_to_end(&mut bytes)?;
    if bytes.len() > limit { Err(too_long()) } else { Ok(bytes) }
}

/// The passwords of a call: one for all from a file descriptor, or one prompt each.
#[derive(Debug)]
pub(crate) struct Passwords {
    descriptor: Option<u32>,
}

impl Passwords {
    pub(crate) fn new(descriptor: Option<u32>) -> Self {
        Self { descriptor }
    }

    /// The line that the file descriptor holds; none if no descriptor was named.
    pub(crate) fn descriptor_line(&self) -> Result<Option<Secret<str>>, Failure> {
        self.descriptor.map(read_line_of).transpose()
    }

    /// The password of what is encrypted, by prompt. Without a terminal there is none.
    pub(crate) fn prompt(&self, what: &str) -> Result<Option<Secret<str>>, Failure> {
        if !io::stdin().is_terminal() && !io::stderr().is_terminal() {
            return Ok(None);
        }
        let line = rpassword::prompt_password(format!("password of {what}: "));
        line.map(|line| Some(Secret::from_string(line)))
            .map_err(|error| Failure::file(format!("password of {what}: {error}")))
    }
}

/// One line from an open file descriptor, by the name that the system gives it: opening it needs no unsafe code.
fn read_line_of(descriptor: u32) -> Result<Secret<str>, Failure> {
    let failure = |problem: &dyn std::fmt::Display| Failure::usage(format!("--password-fd {descriptor}: {problem}"));
    let path = PathBuf::from(format!("/dev/fd/{descriptor}"));
    let mut file = File::open(path).map_err(|error| failure(&error))?;
    let mut room = Zeroizing::new([0; MAX_SECRET]);
    let mut length = 0;
    loop {
        let rest = room.get_mut(length..).unwrap_or_default();
        if rest.is_empty() {
            return Err(failure(&"the line is too long"));
        }
        let count = file.read(rest).map_err(|error| failure(&error))?;
        length += count;
        let read = room.get(..length).unwrap_or_default();
        // A pipe that stays open behind the line is not waited for.
        if count == 0 || read.contains(&b'\n') {
            break;
        }
    }
    let line = room.get(..length).unwrap_or_default().split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(failure(&"the password is empty")),
        Ok(line) => Ok(Secret::<str>::copy_from(line)),
        Err(_) => Err(failure(&"the password is not UTF-8")),
    }
}
