//! systemd-cryptenroll's recovery key.

use zeroize::Zeroizing;

use super::grammar::Grammar;
use crate::{
    random::{Randomness, RandomnessError},
    secret::Secret,
};

/// A systemd recovery key: 8 groups of 8 modhex letters, joined by dashes (71 characters, 256 bits).
///
/// The text with its dashes, in lower case, is the LUKS passphrase.
#[derive(Debug)]
pub struct SystemdKey(pub(super) Secret<str>);

pub(super) static GRAMMAR: Grammar = Grammar {
    groups: 8,
    symbols: 8,
    separator: Some('-'),
    fold: |symbol| symbol.to_ascii_lowercase(),
    is_symbol: |symbol| symbol.is_ascii() && MODHEX.contains(&(symbol as u8)),
    is_group: |_| true,
};

/// One letter per value of four bits.
const MODHEX: &[u8; 16] = b"cbdefghijklnrtuv";

pub(super) fn generate(rng: &dyn Randomness) -> Result<Secret<str>, RandomnessError> {
    let mut drawn = Zeroizing::new([0; 32]);
    rng.fill(drawn.as_mut())?;
    let mut text = String::with_capacity(71);
    for (index, byte) in drawn.iter().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push('-');
        }
        for nibble in [byte >> 4, byte & 15] {
            text.extend(MODHEX.get(usize::from(nibble)).map(|symbol| char::from(*symbol)));
        }
    }
    Ok(Secret::from_string(text))
}
