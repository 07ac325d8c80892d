//! snapd's recovery key for TPM-backed disk encryption.

use super::{
    bitlocker::{generate_words, words},
    grammar::Grammar,
};
use crate::{
    random::{Randomness, RandomnessError},
    secret::Secret,
};

/// A snapd recovery key: 8 groups of 5 digits up to 65535, joined by dashes (47 characters).
///
/// The LUKS passphrase is not this text but the 16 bytes that it stands for.
#[derive(Debug)]
pub struct SnapdKey(pub(super) Secret<str>);

impl SnapdKey {
    /// The LUKS passphrase: eight little-endian words.
    pub fn expose_bytes(&self) -> Secret<[u8; 16]> {
        Secret::new(words::<1>(&GRAMMAR, self.0.expose()))
    }
}

pub(super) static GRAMMAR: Grammar = Grammar {
    groups: 8,
    symbols: 5,
    separator: Some('-'),
    fold: |symbol| symbol,
    is_symbol: |symbol| symbol.is_ascii_digit(),
    is_group: |group| group.parse::<u32>().is_ok_and(|value| value < 65_536),
};

pub(super) fn generate(rng: &dyn Randomness) -> Result<Secret<str>, RandomnessError> {
    generate_words::<1, 5>(rng)
}
