//! What is wrong with a chain, in words?

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::entry::{Subject, Text};
use crate::error::ErrorCode;

/// Something that verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Whose chain.
    pub subject: Subject,
    /// What.
    pub problem: Problem,
}

impl Finding {
    /// The stable number of what was found, whatever it is.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::AuditBroken
    }
}

/// As a document: `device`, null for the organization's own chain; `problem`, a word; `message`.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("Finding", 3)?;
        document.serialize_field("device", &self.subject.device())?;
        document.serialize_field("problem", self.problem.as_str())?;
        document.serialize_field("message", &self.to_string())?;
        document.end()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.problem)
    }
}

macro_rules! problems {
    ($( $variant:ident $({ $($field:ident: $type:ty = $meaning:literal),* })? = $word:literal, $text:literal; )*) => {
        /// What is wrong. Numbers are those of entries.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Problem {
            $( #[doc = $text] $variant $({ $( #[doc = $meaning] $field: $type, )* })?, )*
        }

        impl Problem {
            /// The word for programs.
            pub fn as_str(&self) -> &'static str {
                match self { $( Self::$variant { .. } => $word, )* }
            }
        }

        impl fmt::Display for Problem {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $( Self::$variant $({ $($field),* })? => write!(f, $text), )* }
            }
        }
    };
}

problems! {
    Altered { number: u64 = "The entry." } =
        "altered", "entry {number} was altered: its hash is not that of its content";
    ChainMissing { number: u64 = "The entry that the checkpoint has as its last." } =
        "chain_missing", "the whole chain is gone; the checkpoint has {number} entries of it";
    Foreign { number: u64 = "The entry.", named: Subject = "Whom it names." } =
        "foreign", "entry {number} is from another chain: it names {named}";
    ForeignOrganization { number: u64 = "The entry." } =
        "foreign_organization", "entry {number} is from another chain: it names another organization";
    HeadBehind { head: u64 = "The head's.", last: u64 = "The last." } =
        "head_behind", "the head says that entry {head} is the last, and there are entries up to {last}";
    HeadDiffers { number: u64 = "The last entry." } =
        "head_differs", "the hash in the head is not that of the last entry, {number}";
    HeadMissing { last: u64 = "The last entry." } =
        "head_missing", "there are entries up to {last} and no row that holds the head";
    IndexRowInvented { row: Text = "The row." } =
        "index_row_invented", "row {row} follows from nothing: what it helps to find is not there";
    IndexRowMissing { row: Text = "The row." } =
        "index_row_missing", "row {row}, which helps to find another one, is gone or was altered: nothing is lost, and the next \
         change of what it belongs to puts it right";
    MacMissing { from: u64 = "The first.", to: u64 = "The last." } =
        "mac_missing", "nothing vouches for entries {from} to {to}: none of them nor a later one has a MAC";
    MacWrong { number: u64 = "The entry." } =
        "mac_wrong", "the MAC of entry {number} was not made with a key that was given";
    Missing { from: u64 = "The first.", to: u64 = "The last." } =
        "missing", "entries {from} to {to} are missing";
    Misnumbered { row: u64 = "The number of its row.", number: u64 = "The number in it." } =
        "misnumbered", "the entry in row {row} has the number {number}";
    More { count: u64 = "How many." } =
        "more", "{count} more findings in this chain are not listed";
    OutOfOrder { number: u64 = "The entry." } =
        "out_of_order", "entry {number} comes a second time or after a later one";
    Rewritten { number: u64 = "The entry that the checkpoint has as its last." } =
        "rewritten", "the chain was rewritten: entry {number} does not have the hash that the checkpoint has";
    RowAltered { row: Text = "The row.", number: u64 = "The last entry that changed it." } =
        "row_altered", "row {row} is not as entry {number} left it";
    RowMissing { row: Text = "The row.", number: u64 = "The last entry that changed it." } =
        "row_missing", "row {row}, last changed by entry {number}, is gone";
    RowReturned { row: Text = "The row.", number: u64 = "The entry that removed it." } =
        "row_returned", "row {row}, removed by entry {number}, is there again";
    RowUnrecorded { row: Text = "The row." } =
        "row_unrecorded", "row {row} was written by no entry";
    Shortened { number: u64 = "The checkpoint's last.", last: u64 = "The last that is there." } =
        "shortened", "the chain was shortened: the checkpoint has {number} entries, and the last is {last}";
    Truncated { head: u64 = "The head's.", last: u64 = "The last that is there, or 0." } =
        "truncated", "the head says that entry {head} is the last, and there is none after {last}";
    Unlinked { number: u64 = "The entry." } =
        "unlinked", "entry {number} does not follow the entry before it: one of the two was put there or replaced";
    Unreadable { number: u64 = "The entry." } =
        "unreadable", "entry {number} cannot be read";
}
