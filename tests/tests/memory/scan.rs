//! How often does a secret lie in the memory of this process?
//!
//! What is looked for is kept masked, so that the search does not find itself; pieces of it are enough, because the
//! allocator writes over the first bytes of what is freed.

use std::{
    collections::HashMap,
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
};

/// Bytes of a piece: long enough to be nothing else.
const PIECE: usize = 12;

/// Pieces begin at every so many bytes of a secret.
const STEP: usize = 4;

/// What starts a piece, for the search.
const START: usize = 4;

const MASK: u8 = 0xA5;

/// Memory is read in pages.
const PAGE: usize = 4096;

/// Secrets that memory is searched for.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    pieces: Vec<Piece>,
    names: Vec<&'static str>,
}

#[derive(Debug)]
struct Piece {
    masked: [u8; PIECE],
    secret: usize,
    offset: usize,
}

/// Where a secret, or some of it, was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Copy {
    pub(crate) name: &'static str,
    /// The heap, a stack, the variables of a file.
    pub(crate) region: String,
    address: u64,
}

impl Secrets {
    /// Adds a secret; it is not kept but masked.
    pub(crate) fn add(&mut self, name: &'static str, secret: &[u8]) {
        let number = self.names.len();
        self.names.push(name);
        for offset in (0..=secret.len() - PIECE).step_by(STEP) {
            let mut masked = [0; PIECE];
            for (masked, byte) in masked.iter_mut().zip(&secret[offset..]) {
                *masked = byte ^ MASK;
            }
            self.pieces.push(Piece { masked, secret: number, offset });
        }
    }

    /// Adds what was found out elsewhere.
    pub(crate) fn extend(&mut self, other: Self) {
        let first = self.names.len();
        self.names.extend(other.names);
        self.pieces.extend(other.pieces.into_iter().map(|piece| Piece { secret: first + piece.secret, ..piece }));
    }

    /// Writes the masked pieces.
    pub(crate) fn write(&self, path: &Path) {
        let line = |piece: &Piece| {
            let masked: String = piece.masked.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{} {} {masked}\n", piece.secret, piece.offset)
        };
        fs::write(path, self.pieces.iter().map(line).collect::<String>()).unwrap();
    }

    /// Reads masked pieces of secrets of this name.
    pub(crate) fn read(path: &Path, name: &'static str) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut secrets = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let mut masked = [0; PIECE];
            for (index, byte) in masked.iter_mut().enumerate() {
                *byte = u8::from_str_radix(&words[2][2 * index..2 * index + 2], 16).unwrap();
            }
            let piece = Piece { masked, secret: words[0].parse().unwrap(), offset: words[1].parse().unwrap() };
            secrets.names.resize(piece.secret + 1, name);
            secrets.pieces.push(piece);
        }
        secrets
    }

    /// How many secrets there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Searches everything that this process can write to. Pieces that lie together are one copy.
    pub(crate) fn search(&self) -> Vec<Copy> {
        let mut starts: HashMap<[u8; START], Vec<&Piece>> = HashMap::new();
        let mut brief = vec![false; 1 << 16];
        for piece in &self.pieces {
            starts.entry(piece.masked[..START].try_into().unwrap()).or_default().push(piece);
            brief[pair(piece.masked[0], piece.masked[1])] = true;
        }
        let memory = File::open("/proc/self/mem").unwrap();
        let (mut page, zeros) = (vec![0; PAGE], vec![0; PAGE]);
        let own = page.as_ptr().addr() as u64..page.as_ptr().addr() as u64 + PAGE as u64;
        let mut copies = Vec::new();
        for Region { start, end, name } in regions() {
            let mut at = start;
            while at < end {
                let length = PAGE.min(usize::try_from(end - at).unwrap());
                let bytes = &mut page[..length];
                if memory.read_exact_at(bytes, at).is_err() {
                    break;
                }
                // most of a stack was never touched
                if bytes != &zeros[..length] {
                    bytes.iter_mut().for_each(|byte| *byte ^= MASK);
                    for place in 0..length.saturating_sub(PIECE - 1) {
                        if !brief[pair(bytes[place], bytes[place + 1])] || own.contains(&(at + place as u64)) {
                            continue;
                        }
                        let piece = &bytes[place..place + PIECE];
                        let candidates = starts.get(&piece[..START]).into_iter().flatten();
                        for found in candidates.filter(|candidate| candidate.masked == piece) {
                            let address = at + place as u64 - found.offset as u64;
                            copies.push(Copy { name: self.names[found.secret], region: name.clone(), address });
                        }
                    }
                }
                // a piece may lie over the end of what was read
                at += if at + (length as u64) < end { (length - PIECE) as u64 } else { length as u64 };
            }
        }
        copies.sort();
        copies.dedup();
        copies
    }
}

fn pair(one: u8, other: u8) -> usize {
    usize::from(one) << 8 | usize::from(other)
}

struct Region {
    start: u64,
    end: u64,
    name: String,
}

/// What can be read and written: heap, stacks, variables. What is only read comes from files.
fn regions() -> Vec<Region> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let region = |line: &str| {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next()?, words.next()?);
        let (start, end) = range.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        let name = words.nth(3).unwrap_or("a stack, or what was mapped").rsplit('/').next()?.to_owned();
        rights.starts_with("rw").then_some(Region { start: number(start)?, end: number(end)?, name })
    };
    maps.lines().filter_map(region).collect()
}
