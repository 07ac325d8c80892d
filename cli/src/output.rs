//! How is an answer given?
//!
//! Answers go to standard output, as text or, with `--json`, as one document whose members keep their names; notes
//! and failures go to standard error, with `--json` as one document there. Nothing that others wrote reaches a
//! terminal with characters that could do something to it.

use std::{
    cell::RefCell,
    fmt::{self, Display},
    io::{self, IsTerminal, Write},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::exit::Failure;

/// Where answers go, and in which form.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    notes: RefCell<Vec<String>>,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, notes: RefCell::default() }
    }

    /// Whether the answer is to be a document.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// The answer: `document` with `--json`, `text` otherwise.
    pub(crate) fn answer(&self, document: &impl Serialize, text: impl Display) -> Result<(), Failure> {
        self.bytes(&self.written(document, text)?)
    }

    /// The same for what is handed out and has to arrive: it fails where nobody reads it.
    pub(crate) fn deliver(&self, document: &impl Serialize, text: impl Display) -> Result<(), Failure> {
        self.deliver_bytes(&self.written(document, text)?)
    }

    fn written(&self, document: &impl Serialize, text: impl Display) -> Result<Zeroizing<Vec<u8>>, Failure> {
        // The answer may be a key: it is put together in a buffer that is wiped, and that rarely has to grow.
        let mut buffer = Zeroizing::new(Vec::with_capacity(16 * 1024));
        if self.json {
            serde_json::to_writer_pretty(&mut *buffer, document).map_err(io::Error::from)
        } else {
            write!(buffer, "{text}")
        }
        .map_err(|error| Failure::output(&error))?;
        if buffer.last().is_some_and(|byte| *byte != b'\n') {
            buffer.push(b'\n');
        }
        Ok(buffer)
    }

    /// Bytes as they are. A reader that has seen enough (`| head -1`) is no failure.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        match write_out(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result.map_err(|error| Failure::output(&error)),
        }
    }

    /// Bytes as they are that have to arrive.
    pub(crate) fn deliver_bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        write_out(bytes).map_err(|error| Failure::undelivered(&error))
    }

    /// Bytes that are no text, to anything but a terminal.
    pub(crate) fn binary(&self, bytes: &[u8]) -> Result<(), Failure> {
        if io::stdout().is_terminal() {
            return Err(Failure::usage("the answer is binary and standard output is a terminal: give --out F"));
        }
        self.deliver_bytes(bytes)
    }

    /// Something worth knowing beside the answer.
    pub(crate) fn note(&self, text: impl Display) {
        if self.json {
            self.notes.borrow_mut().push(text.to_string());
        } else {
            let _ = writeln!(io::stderr(), "note: {text}");
        }
    }

    /// How far work over so many things is, on a terminal; nothing elsewhere.
    pub(crate) fn progress(&self, things: u64) -> ProgressBar {
        let template = "{wide_bar} {pos}/{len} ({per_sec}, {eta} left)";
        match ProgressStyle::with_template(template) {
            Ok(style) if !self.json => ProgressBar::new(things).with_style(style),
            _ => ProgressBar::hidden(),
        }
    }

    /// Says why it did not work, and with `--json` what there was to note.
    pub(crate) fn finish(&self, failure: Option<&Failure>) {
        #[derive(Serialize)]
        struct Notes<'a> {
            notes: &'a [String],
        }
        #[derive(Serialize)]
        struct Refusal {
            error: crate::exit::Document,
        }
        let notes = self.notes.take();
        let mut err = io::stderr().lock();
        // Where standard error is gone there is nobody left to tell.
        let _ = match failure {
            Some(failure) if self.json => line(&mut err, &Refusal { error: failure.document().with_notes(&notes) }),
            Some(failure) => failure.document().lines().try_for_each(|text| writeln!(err, "{text}")),
            None if notes.is_empty() => Ok(()),
            None => line(&mut err, &Notes { notes: &notes }),
        };
    }
}

fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush())
}

fn line(out: &mut impl Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, document)?;
    writeln!(out)
}

/// Text that somebody else wrote, with everything escaped that a terminal might act on: control characters, and
/// those that hide or reorder others.
#[derive(Debug)]
pub(crate) struct Visible<T>(pub(crate) T);

impl<T: Display> Display for Visible<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string().chars() {
            if is_visible(character) {
                write!(f, "{character}")?;
            } else {
                write!(f, "{}", character.escape_unicode())?;
            }
        }
        Ok(())
    }
}

fn is_visible(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_might_act_on_is_escaped() {
        assert_eq!(Visible("PC\u{202e}71-é").to_string(), "PC\\u{202e}71-é");
        assert_eq!(Visible("\u{1b}[2J").to_string(), "\\u{1b}[2J");
    }
}
