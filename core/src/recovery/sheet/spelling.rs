//! How is a group of a key read out?
//!
//! Letters by the words of ICAO Annex 10, Volume II, and NATO; digits by their English names. Recovery keys have
//! no other symbols.

use super::Page;

const LETTERS: [&str; 26] = [
    "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima",
    "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "X-ray",
    "Yankee", "Zulu",
];

const DIGITS: [&str; 10] = ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

/// The word for a symbol; none: it has none.
pub(super) fn word(symbol: char) -> Option<&'static str> {
    let digit = symbol.to_digit(10).and_then(|digit| DIGITS.get(usize::try_from(digit).ok()?));
    let letter = || {
        let offset = u32::from(symbol.to_ascii_lowercase()).checked_sub(u32::from('a'))?;
        LETTERS.get(usize::try_from(offset).ok()?)
    };
    digit.or_else(letter).copied()
}

/// Writes the words of a group, with spaces between them.
pub(super) fn spell(group: &str, page: &mut Page) {
    for (index, symbol) in group.chars().enumerate() {
        if index > 0 {
            page.push(&[" "]);
        }
        page.push(&[word(symbol).unwrap_or("?")]);
    }
}
