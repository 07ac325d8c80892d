//! The LUKS passphrase that this library generates for a slot of its own.

use zeroize::Zeroizing;

use super::grammar::Grammar;
use crate::{
    random::{Randomness, RandomnessError},
    secret::Secret,
};

/// A LUKS passphrase of ours: 40 letters, shown as 8 groups of 5, of which four are random and the fifth
/// checks them (128 random bits).
///
/// The sixteen letters `bcdefghjknprstvx` stand on the same keys of QWERTY, QWERTZ and AZERTY keyboards, need no
/// shift, and none looks like another or like a digit. There are no separators in the passphrase, because the
/// dash moves from layout to layout. The check finds every single wrong letter in a group and nearly every
/// swap of two neighbours (it cannot see a swap of letters that stand eight apart in the alphabet).
#[derive(Debug)]
pub struct LuksKey(pub(super) Secret<str>);

pub(super) static GRAMMAR: Grammar = Grammar {
    groups: 8,
    symbols: 5,
    separator: None,
    fold: |symbol| symbol.to_ascii_lowercase(),
    is_symbol: |symbol| value(symbol).is_some(),
    is_group: |group| {
        let (random, check) = group.split_at_checked(4).unwrap_or((group, ""));
        let values = random.chars().filter_map(value);
        check.chars().next().and_then(value) == Some(check_value(values))
    },
};

const ALPHABET: &[u8; 16] = b"bcdefghjknprstvx";

fn value(symbol: char) -> Option<u8> {
    (0..16).find(|value| ALPHABET.get(usize::from(*value)).is_some_and(|letter| char::from(*letter) == symbol))
}

/// Odd weights are invertible modulo 16: any change of one value changes the sum.
fn check_value(values: impl Iterator<Item = u8>) -> u8 {
    values.zip([1u8, 3, 5, 7]).fold(0u8, |sum, (value, weight)| sum.wrapping_add(value.wrapping_mul(weight))) % 16
}

pub(super) fn generate(rng: &dyn Randomness) -> Result<Secret<str>, RandomnessError> {
    let mut drawn = Zeroizing::new([0; 16]);
    rng.fill(drawn.as_mut())?;
    let mut text = String::with_capacity(40);
    for pair in drawn.chunks_exact(2) {
        let nibbles = pair.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let letters = nibbles.clone().chain([check_value(nibbles)]);
        text.extend(letters.filter_map(|value| ALPHABET.get(usize::from(value)).map(|letter| char::from(*letter))));
    }
    Ok(Secret::from_string(text))
}
