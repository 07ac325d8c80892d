//! Is there a secret in this?
//!
//! Secrets are looked for in every form in which they could be printed or stored: as they are, as hexadecimal
//! digits, as base64, as the list of numbers that `Debug` makes of bytes; a piece of sixteen bytes is enough.

use std::{
    collections::HashMap,
    error::Error,
    fmt::{self, Debug, Display, Formatter},
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use fdescrow::random::{Randomness, RandomnessError};
use fdescrow_identities::SystemRandomness;

/// What starts every form, so that one look-up per place is enough.
const START: usize = 8;

/// Three bytes that start a form, as a number: most places are passed by for them alone.
const BRIEF: usize = 1 << 24;

/// The operating system's randomness, which keeps what was drawn: content-encryption keys are among it, and what
/// wraps them. It can be told to fail.
#[derive(Default)]
pub(crate) struct Recorder {
    drawn: Mutex<Vec<Vec<u8>>>,
    plan: Mutex<Plan>,
}

#[derive(Default)]
struct Plan {
    draws: u64,
    fails: Option<u64>,
    panics: Option<u64>,
}

impl Recorder {
    /// From now on, the draw of this number fails, or panics.
    pub(crate) fn plan(&self, fails: Option<u64>, panics: Option<u64>) {
        *self.plan.lock().unwrap() = Plan { draws: 0, fails, panics };
    }

    /// How many draws there were since the plan.
    pub(crate) fn draws(&self) -> u64 {
        self.plan.lock().unwrap().draws
    }
}

impl Debug for Recorder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

impl Randomness for Recorder {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        let (fails, panics) = {
            let mut plan = self.plan.lock().unwrap();
            plan.draws += 1;
            (plan.fails == Some(plan.draws), plan.panics == Some(plan.draws))
        };
        assert!(!panics, "this draw was to panic");
        if fails {
            return Err(RandomnessError::new());
        }
        SystemRandomness::new().fill(out)?;
        // shorter ones are ids, nonces and initialization vectors, which are public
        if out.len() >= 32 {
            self.drawn.lock().unwrap().push(out.to_vec());
        }
        Ok(())
    }
}

/// One form of a canary: which one it is, and its bytes.
type Form = (Arc<str>, Vec<u8>);

/// Looks for secrets, and counts what it looked at.
pub(crate) struct Watch {
    brief: Vec<bool>,
    recorder: Arc<Recorder>,
    forms: HashMap<[u8; START], Vec<Form>>,
    pub(crate) secrets: u64,
    pub(crate) values: u64,
    pub(crate) errors: u64,
    pub(crate) bytes: u64,
    pub(crate) hits: Vec<String>,
}

impl Watch {
    pub(crate) fn new(recorder: Arc<Recorder>) -> Self {
        Self {
            brief: vec![false; BRIEF],
            recorder,
            forms: HashMap::new(),
            secrets: 0,
            values: 0,
            errors: 0,
            bytes: 0,
            hits: Vec::new(),
        }
    }

    /// A secret that is text, and any part of it that is one already.
    pub(crate) fn secret_text(&mut self, name: &str, text: &str) {
        self.secrets += 1;
        self.form(name, text.as_bytes().to_vec());
        self.forms_of(name, text.as_bytes());
    }

    /// A secret of sixteen bytes or more.
    pub(crate) fn secret_bytes(&mut self, name: &str, bytes: &[u8]) {
        self.secrets += 1;
        let middle = bytes.len() / 2 - 8;
        for start in [0, middle, bytes.len() - 16] {
            let piece = &bytes[start..start + 16];
            self.form(name, piece.to_vec());
            self.form(name, piece.iter().rev().copied().collect());
            self.forms_of(name, piece);
        }
    }

    fn forms_of(&mut self, name: &str, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.form(name, hex.to_uppercase().into_bytes());
        self.form(name, hex.into_bytes());
        let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
        self.form(name, list.join(",").into_bytes());
        for skipped in 0..3 {
            // what is around decides over the characters at the edges
            let mut shifted = vec![0; skipped];
            shifted.extend_from_slice(bytes);
            let encoded = STANDARD_NO_PAD.encode(&shifted);
            let whole = shifted.len() / 3 * 4;
            self.form(name, encoded.as_bytes()[(skipped * 8).div_ceil(6)..whole].to_vec());
        }
    }

    fn form(&mut self, name: &str, bytes: Vec<u8>) {
        let start: [u8; START] = bytes[..START].try_into().unwrap();
        self.brief[usize::from(start[0]) << 16 | usize::from(start[1]) << 8 | usize::from(start[2])] = true;
        let forms = self.forms.entry(start).or_default();
        if forms.iter().all(|(_, other)| *other != bytes) {
            forms.push((name.into(), bytes));
        }
    }

    fn learn(&mut self) {
        let drawn = std::mem::take(&mut *self.recorder.drawn.lock().unwrap());
        for bytes in drawn {
            self.secret_bytes("what was drawn at random", &bytes);
        }
    }

    /// Anything that is printed for programmers.
    pub(crate) fn debug(&mut self, what: &str, value: &(impl Debug + ?Sized)) {
        self.text(what, &format!("{value:?}"));
        self.text(what, &format!("{value:#?}"));
    }

    /// Anything that is printed for people.
    pub(crate) fn display(&mut self, what: &str, value: &(impl Display + ?Sized)) {
        self.text(what, &value.to_string());
    }

    /// An error, and what caused it.
    pub(crate) fn error(&mut self, what: &str, error: &dyn Error) {
        self.errors += 1;
        let mut next = Some(error);
        while let Some(error) = next {
            self.display(what, error);
            self.debug(what, error);
            next = error.source();
        }
    }

    /// What a call answered, whichever way it went.
    pub(crate) fn answer<T: Debug, E: Error>(&mut self, what: &str, answer: Result<T, E>) -> Option<T> {
        match answer {
            Ok(value) => {
                self.debug(what, &value);
                Some(value)
            }
            Err(error) => {
                self.error(what, &error);
                None
            }
        }
    }

    pub(crate) fn text(&mut self, what: &str, text: &str) {
        self.values += 1;
        self.bytes(what, text.as_bytes());
        let compact: String = text.split_whitespace().collect();
        self.bytes(what, compact.as_bytes());
        if !compact.contains([',', ':']) {
            return;
        }
        let digits = compact.replace("0x", "").replace([',', ':'], "");
        self.bytes(what, digits.as_bytes());
    }

    pub(crate) fn file(&mut self, path: &Path) {
        if let Ok(bytes) = fs::read(path) {
            self.bytes(&path.file_name().unwrap().to_string_lossy(), &bytes);
        }
    }

    pub(crate) fn bytes(&mut self, what: &str, bytes: &[u8]) {
        self.learn();
        self.bytes += u64::try_from(bytes.len()).unwrap();
        let mut brief = 0;
        for (end, byte) in bytes.iter().enumerate() {
            brief = (brief << 8 | usize::from(*byte)) & (BRIEF - 1);
            if self.brief[brief] && end >= 2 {
                self.at_place(what, &bytes[end - 2..]);
            }
        }
    }

    fn at_place(&mut self, what: &str, bytes: &[u8]) {
        let Some(forms) = bytes.get(..START).and_then(|start| self.forms.get(start)) else { return };
        for (name, _) in forms.iter().filter(|(_, form)| bytes.starts_with(form)) {
            self.hits.push(format!("{what}: {name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(look: impl FnOnce(&mut Watch)) -> usize {
        let mut watch = Watch::new(Arc::default());
        watch.secret_text("text", "AU2A-PHMK-WBGX");
        watch.secret_bytes("bytes", &(100..140).collect::<Vec<u8>>());
        look(&mut watch);
        watch.hits.len()
    }

    #[test]
    fn a_secret_is_found_in_every_form() {
        let bytes: Vec<u8> = (100..140).collect();
        let text = "AU2A-PHMK-WBGX";
        assert_eq!(found(|watch| watch.debug("nothing", &("AU2A", [100, 101], "PHMK-WBG"))), 0);
        assert!(found(|watch| watch.display("text", text)) > 0);
        assert!(found(|watch| watch.debug("text in bytes", text.as_bytes())) > 0);
        assert!(found(|watch| watch.debug("bytes", &bytes)) > 0);
        assert!(found(|watch| watch.text("pretty bytes", &format!("{bytes:#?}"))) > 0);
        assert!(found(|watch| watch.text("hex list", &format!("{bytes:x?} {bytes:#04x?}"))) > 0);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(found(|watch| watch.text("hex", &hex)) > 0);
        assert!(found(|watch| watch.text("upper hex", &hex.to_uppercase())) > 0);
        assert!(found(|watch| watch.text("hex with colons", &hex.replace("7", "7:").replace("8", "8:"))) > 0);
        assert!(found(|watch| watch.bytes("raw", &bytes[20..])) > 0, "the last sixteen are enough");
        assert!(found(|watch| watch.bytes("reversed", &bytes.iter().rev().copied().collect::<Vec<_>>())) > 0);
        for skipped in 0..5 {
            let mut around = vec![7; skipped];
            around.extend_from_slice(&bytes);
            around.extend_from_slice(&[9; 3]);
            let base64 = STANDARD_NO_PAD.encode(&around);
            assert!(found(|watch| watch.bytes("base64", base64.as_bytes())) > 0, "{skipped}");
            let lines: Vec<&str> =
                base64.as_bytes().chunks(10).map(|line| std::str::from_utf8(line).unwrap()).collect();
            assert!(found(|watch| watch.text("base64 in lines", &lines.join("\n"))) > 0, "{skipped}");
        }
        let source = std::io::Error::other(text);
        let error = fdescrow::store::StoreError::Unavailable(Box::new(source));
        assert!(found(|watch| watch.error("a cause", &error)) > 0);
    }

    #[test]
    fn what_was_drawn_is_a_secret() {
        let recorder = Arc::new(Recorder::default());
        let mut watch = Watch::new(recorder.clone());
        let mut drawn = [0; 32];
        recorder.fill(&mut drawn).unwrap();
        watch.debug("drawn", &drawn);
        assert!(!watch.hits.is_empty());
    }
}
