//! How are the groups of a recovery key read?
//!
//! All kinds have the same build: so many groups of so many symbols. A [`Grammar`] says how many, which
//! symbols, and what must hold within a group; the two parsers are written once, here.

use std::fmt;

use zeroize::Zeroizing;

use crate::secret::Secret;

/// The build of one kind of key.
pub(super) struct Grammar {
    /// How many groups.
    pub(super) groups: usize,
    /// How many symbols each has.
    pub(super) symbols: usize,
    /// What stands between two groups in the stored form.
    pub(super) separator: Option<char>,
    /// Brings a typed letter to the case of the stored form.
    pub(super) fold: fn(char) -> char,
    /// Whether this is a symbol of the stored form.
    pub(super) is_symbol: fn(char) -> bool,
    /// What must hold of a whole group of symbols, beyond its length.
    pub(super) is_group: fn(&str) -> bool,
}

/// Which of the two parsers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Only the stored form.
    Exact,
    /// What people type.
    Typed,
}

/// What is wrong with the text. Groups are counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyProblem {
    /// The text is not in the exact form: separators, case or length differ.
    Form {
        /// How many groups the form has.
        groups: usize,
        /// How many symbols each group has.
        symbols: usize,
    },
    /// A group does not pass the check that its kind has: it was mistyped.
    GroupCheck {
        /// Which group.
        group: usize,
    },
    /// A group is too short or too long.
    GroupLength {
        /// Which group.
        group: usize,
        /// How many symbols it should have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// A group has a character that no such key has.
    GroupSymbol {
        /// Which group.
        group: usize,
    },
    /// The whole text is too short or too long.
    Length {
        /// How many symbols there should be.
        expected: usize,
        /// How many there are, counted up to a thousand.
        found: usize,
    },
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { groups, symbols } => write!(f, "expected exactly {groups} groups of {symbols} symbols"),
            Self::GroupCheck { group } => write!(f, "group {group} was mistyped: its check does not hold"),
            Self::GroupLength { group, expected, found } => {
                write!(f, "group {group} has {found} symbols instead of {expected}")
            }
            Self::GroupSymbol { group } => write!(f, "group {group} has a character that does not occur in such a key"),
            Self::Length { expected, found } => write!(f, "{found} symbols instead of {expected}"),
        }
    }
}

/// Longer texts are not looked at: no key comes near.
const MAX_TYPED_BYTES: usize = 1000;

/// What people and programs put between groups: white space, dashes of every length, and the marks of
/// text direction that come along when a key is copied from a page.
fn is_separator(symbol: char) -> bool {
    symbol.is_whitespace()
        || matches!(symbol, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ad}' | '_' | '.' | '\u{200b}'..='\u{200f}' | '\u{feff}')
}

impl Grammar {
    fn total(&self) -> usize {
        self.groups * self.symbols
    }

    /// The stored form of `text`.
    pub(super) fn parse(&self, text: &str, form: Form) -> Result<Secret<str>, KeyProblem> {
        match form {
            Form::Exact => self.parse_exact(text),
            Form::Typed => self.parse_typed(text),
        }
    }

    fn parse_exact(&self, text: &str) -> Result<Secret<str>, KeyProblem> {
        let wrong = KeyProblem::Form { groups: self.groups, symbols: self.symbols };
        let separators = if self.separator.is_some() { self.groups - 1 } else { 0 };
        // Byte by byte: `str::is_ascii` takes 32 at once, and may leave them behind on the stack.
        if !text.bytes().all(|byte| byte.is_ascii()) || text.len() != self.total() + separators {
            return Err(wrong);
        }
        let mut rest = text;
        for group in 1..=self.groups {
            let (symbols, after) = rest.split_at_checked(self.symbols).ok_or(wrong)?;
            self.check_group(group, symbols)?;
            rest = match self.separator {
                Some(separator) if group < self.groups => after.strip_prefix(separator).ok_or(wrong)?,
                _ => after,
            };
        }
        Ok(Secret::<str>::copy_from(text))
    }

    fn parse_typed(&self, text: &str) -> Result<Secret<str>, KeyProblem> {
        if text.len() > MAX_TYPED_BYTES {
            return Err(KeyProblem::Length { expected: self.total(), found: MAX_TYPED_BYTES });
        }
        // All symbols of the key, folded; exact capacity, so that nothing is reallocated and left behind.
        let mut symbols = Zeroizing::new(String::with_capacity(MAX_TYPED_BYTES * 2));
        let mut lengths = Vec::with_capacity(self.groups);
        for part in text.split(is_separator).filter(|part| !part.is_empty()) {
            symbols.extend(part.chars().map(self.fold));
            lengths.push(part.chars().count());
        }
        // Groups as they were typed tell more than a count over all.
        if lengths.len() == self.groups {
            for (group, &found) in (1..).zip(&lengths) {
                if found != self.symbols {
                    return Err(KeyProblem::GroupLength { group, expected: self.symbols, found });
                }
            }
        }
        let found = symbols.chars().count();
        if found != self.total() {
            return Err(KeyProblem::Length { expected: self.total(), found });
        }
        if let Some(position) = symbols.chars().position(|symbol| !(self.is_symbol)(symbol)) {
            return Err(KeyProblem::GroupSymbol { group: position / self.symbols + 1 });
        }
        self.assemble(&symbols)
    }

    /// Checks each group of `symbols`, all of which are ASCII, and puts the separators in.
    fn assemble(&self, symbols: &str) -> Result<Secret<str>, KeyProblem> {
        let mut text = String::with_capacity(self.total() + self.groups);
        let mut rest = symbols;
        for group in 1..=self.groups {
            let wrong = KeyProblem::Form { groups: self.groups, symbols: self.symbols };
            let (head, tail) = rest.split_at_checked(self.symbols).ok_or(wrong)?;
            self.check_group(group, head)?;
            if let (Some(separator), true) = (self.separator, group > 1) {
                text.push(separator);
            }
            text.push_str(head);
            rest = tail;
        }
        Ok(Secret::from_string(text))
    }

    fn check_group(&self, group: usize, symbols: &str) -> Result<(), KeyProblem> {
        if !symbols.chars().all(self.is_symbol) {
            return Err(KeyProblem::GroupSymbol { group });
        }
        if !(self.is_group)(symbols) {
            return Err(KeyProblem::GroupCheck { group });
        }
        Ok(())
    }

    /// The groups of a key in its stored form.
    pub(super) fn groups<'a>(&self, stored: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        let step = self.symbols + usize::from(self.separator.is_some());
        let symbols = self.symbols;
        (0..self.groups).filter_map(move |group| stored.get(group * step..group * step + symbols))
    }
}
