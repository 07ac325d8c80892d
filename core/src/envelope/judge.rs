//! Which of the envelopes that somebody already has do open?
//!
//! For servers that keep their own table: verdicts over its rows, with nothing of ours in their database. One bad
//! row costs itself only.

use std::fmt;

use serde::Serialize;

use super::{Envelope, EnvelopeError, Inspection, Keyring, Limits, OpenOptions, Suite, canary, payload::Owner};
use crate::{error::ErrorCode, key::Kind, random::Randomness};

/// A row of somebody's table.
#[derive(Clone)]
#[non_exhaustive]
pub struct Row<'a> {
    /// The envelope in any spelling: DER, BER, base64, PEM.
    pub envelope: &'a [u8],
    /// The kind of key that it should hold.
    pub kind: Kind,
    /// Whose it should be, for rows that this library sealed.
    pub owner: Owner,
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nobody has looked yet whether it is an envelope: in such tables keys in clear were seen, too.
        f.debug_struct("Row")
            .field("envelope", &format_args!("{} bytes", self.envelope.len()))
            .field("kind", &self.kind)
            .field("owner", &self.owner)
            .finish()
    }
}

impl<'a> Row<'a> {
    /// A row that should hold a key of this kind.
    pub fn new(envelope: &'a [u8], kind: Kind) -> Self {
        Self { envelope, kind, owner: Owner::default() }
    }

    /// The row of this owner.
    #[must_use]
    pub fn owner(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }
}

/// What is known about a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It opened, and holds a well-formed key of its kind.
    Opens {
        /// Which identity opened it: its index in the keyring.
        identity: usize,
        /// Whether a tag authenticated the content.
        authenticated: bool,
        /// Whether the content names the owner that was asked for, and was authenticated.
        bound: bool,
    },
    /// It cannot open with this keyring and suite, or did not.
    DoesNotOpen {
        /// Why, as a stable number's name.
        #[serde(serialize_with = "code_name")]
        code: ErrorCode,
        /// Why, in words.
        reason: String,
        /// What can be seen of it from outside, if it is a message at all.
        inspection: Option<Box<Inspection>>,
    },
    /// A private key could not be reached, or answered nonsense: nothing is known about the row.
    Unavailable,
}

fn code_name<S: serde::Serializer>(code: &ErrorCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.name())
}

/// Judges rows, in order: one verdict each.
///
/// Every identity is tried with a key that is known before the first row and again after the last; if it fails, rows
/// that it did not open are [`Verdict::Unavailable`], not bad.
pub fn judge(rows: &[Row<'_>], keyring: &Keyring, suite: Suite, rng: &dyn Randomness) -> Vec<Verdict> {
    let sane = || keyring.identities().iter().all(|identity| canary::answers(identity.as_ref(), rng).is_ok());
    let before = sane();
    let mut verdicts: Vec<Verdict> = rows.iter().map(|row| judge_row(row, keyring, suite)).collect();
    if !before || !sane() {
        for verdict in &mut verdicts {
            if matches!(verdict, Verdict::DoesNotOpen { code: ErrorCode::EnvelopeOpen, .. }) {
                *verdict = Verdict::Unavailable;
            }
        }
    }
    verdicts
}

fn judge_row(row: &Row<'_>, keyring: &Keyring, suite: Suite) -> Verdict {
    let envelope = match Envelope::parse(row.envelope, &Limits::default()) {
        Ok(envelope) => envelope,
        Err(error) => return does_not_open(&error, None),
    };
    let options = OpenOptions::new(suite).kind(row.kind).owner(row.owner.clone());
    match envelope.open(keyring, &options) {
        Ok(opened) => {
            Verdict::Opens { identity: opened.identity, authenticated: opened.authenticated, bound: opened.bound }
        }
        Err(EnvelopeError::Unavailable(_)) => Verdict::Unavailable,
        Err(error) => {
            let known: Vec<_> =
                keyring.identities().iter().flat_map(|identity| identity.certificates()).cloned().collect();
            does_not_open(&error, Some(Box::new(envelope.inspect(&known))))
        }
    }
}

fn does_not_open(error: &EnvelopeError, inspection: Option<Box<Inspection>>) -> Verdict {
    Verdict::DoesNotOpen { code: error.code(), reason: error.to_string(), inspection }
}
