//! FileVault's personal recovery key, as macOS makes it.

use zeroize::Zeroizing;

use super::grammar::Grammar;
use crate::{
    random::{Randomness, RandomnessError},
    secret::Secret,
};

/// A FileVault personal recovery key: 6 groups of 4 of `[A-Z0-9]`, joined by dashes (29 characters).
///
/// Apple documents neither alphabet nor generator; published keys hold every digit and letter class, so all
/// 36 symbols are accepted. There is no check digit: a mistyped letter cannot be noticed. The dashes are
/// part of the password.
#[derive(Debug)]
pub struct FileVaultKey(pub(super) Secret<str>);

pub(super) static GRAMMAR: Grammar = Grammar {
    groups: 6,
    symbols: 4,
    separator: Some('-'),
    fold: |symbol| symbol.to_ascii_uppercase(),
    is_symbol: |symbol| symbol.is_ascii_uppercase() || symbol.is_ascii_digit(),
    is_group: |_| true,
};

const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

pub(super) fn generate(rng: &dyn Randomness) -> Result<Secret<str>, RandomnessError> {
    let mut text = String::with_capacity(29);
    let mut drawn = Zeroizing::new([0; 32]);
    let mut symbols = 0;
    while symbols < 24 {
        rng.fill(drawn.as_mut())?;
        // 252 is the largest multiple of 36 in a byte: what lies above would make some symbols likelier.
        for byte in drawn.iter().filter(|byte| **byte < 252) {
            if symbols == 24 {
                break;
            }
            if symbols > 0 && symbols % 4 == 0 {
                text.push('-');
            }
            text.extend(ALPHABET.get(usize::from(byte % 36)).map(|symbol| char::from(*symbol)));
            symbols += 1;
        }
    }
    Ok(Secret::from_string(text))
}
