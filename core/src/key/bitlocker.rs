//! BitLocker's recovery password: 128 bits, written so that each group can be checked by itself.

use std::fmt::Write;

use zeroize::Zeroizing;

use super::grammar::Grammar;
use crate::{
    random::{Randomness, RandomnessError},
    secret::Secret,
};

/// A BitLocker recovery password: 8 groups of 6 digits, joined by dashes (55 characters).
///
/// Each group is a 16-bit number times eleven: divisible by 11 and below 720,896 (Microsoft,
/// `ProtectKeyWithNumericalPassword`). Microsoft's page prints the formula of the sixth digit with the opposite
/// sign; keys that Windows makes obey divisibility.
#[derive(Debug)]
pub struct BitLockerKey(pub(super) Secret<str>);

impl BitLockerKey {
    /// The 128-bit key that the password stands for: eight little-endian words, each a group divided by 11.
    pub fn expose_bytes(&self) -> Secret<[u8; 16]> {
        Secret::new(words::<11>(&GRAMMAR, self.0.expose()))
    }
}

pub(super) static GRAMMAR: Grammar = Grammar {
    groups: 8,
    symbols: 6,
    separator: Some('-'),
    fold: |symbol| symbol,
    is_symbol: |symbol| symbol.is_ascii_digit(),
    is_group: |group| group.parse::<u32>().is_ok_and(|value| value % 11 == 0 && value < 65_536 * 11),
};

/// The words of a key whose groups are 16-bit numbers times `FACTOR`, each little-endian.
pub(super) fn words<const FACTOR: u32>(grammar: &Grammar, stored: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (pair, group) in bytes.chunks_exact_mut(2).zip(grammar.groups(stored)) {
        let word = group.parse::<u32>().map_or(0, |value| value / FACTOR);
        pair.copy_from_slice(word.to_le_bytes().get(..2).unwrap_or(&[0, 0]));
    }
    bytes
}

/// Eight random 16-bit numbers times `FACTOR`, each in `WIDTH` digits.
pub(super) fn generate_words<const FACTOR: u32, const WIDTH: usize>(
    rng: &dyn Randomness,
) -> Result<Secret<str>, RandomnessError> {
    let mut drawn = Zeroizing::new([0; 16]);
    rng.fill(drawn.as_mut())?;
    let mut text = String::with_capacity(8 * (WIDTH + 1));
    for (group, pair) in drawn.chunks_exact(2).enumerate() {
        if group > 0 {
            text.push('-');
        }
        let word = pair.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        // Writing to a string cannot fail.
        let _ = write!(text, "{:0WIDTH$}", word * FACTOR);
    }
    Ok(Secret::from_string(text))
}

pub(super) fn generate(rng: &dyn Randomness) -> Result<Secret<str>, RandomnessError> {
    generate_words::<11, 6>(rng)
}
