//! Which key is handed out, and what is said of the others?
//!
//! The one that is best known to work: the highest level, then what the server saw itself, then the newest;
//! one of an earlier installation only if no present one works, a retired one only if nothing else does. Keys
//! that are newer and were not opened yet are tried before that is decided.

use super::{fact::Reached, key::KeyFacts, state::rank};

/// What a key is among those of its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// The one that is handed out: nothing is known to work better.
    Chosen,
    /// Of an installation before the present one.
    EarlierInstallation,
    /// Newer than the chosen one, and known less well to work.
    Newer,
    /// Newer than the chosen one, and did not open when it was last tried.
    NewerNotOpened,
    /// Older than the chosen one, and known to work.
    Previous,
    /// Older than the chosen one, and never opened.
    PreviousNotOpened,
    /// Set apart: nothing opens it.
    Quarantined,
    /// Another key took its place.
    Retired,
}

impl Standing {
    /// The word in `--json` output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::EarlierInstallation => "earlier_installation",
            Self::Newer => "newer",
            Self::NewerNotOpened => "newer_not_opened",
            Self::Previous => "previous",
            Self::PreviousNotOpened => "previous_not_opened",
            Self::Quarantined => "quarantined",
            Self::Retired => "retired",
        }
    }

    /// What to tell the person who needs the disk now.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Chosen => "known best to work",
            Self::EarlierInstallation => {
                "from before the device was set up anew: it opens only what was encrypted then"
            }
            Self::Newer => "newer, not proven as far: try it first",
            Self::NewerNotOpened => "newer, and did not open: the device may have it and nobody can read it",
            Self::Previous => "previous, known to work when it was checked",
            Self::PreviousNotOpened => "previous, and was never opened",
            Self::Quarantined => "set apart: somebody has to accept or reject it first",
            Self::Retired => "retired: another key took its place",
        }
    }
}

/// The keys of one place, sorted out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Candidates<'a> {
    /// The key to hand out; none if none ever opened.
    pub chosen: Option<&'a KeyFacts>,
    /// The keys to try first, newest first: in use, of the present installation, newer than the chosen one
    /// and never opened. Those that failed before are among them, since the keyring may be another one.
    pub untried: Vec<&'a KeyFacts>,
    /// Every key and what it is, newest first.
    pub all: Vec<(&'a KeyFacts, Standing)>,
}

/// Sorts out all keys of one place of a device whose present installation has this number.
pub fn candidates<'a>(keys: impl IntoIterator<Item = &'a KeyFacts>, installation: u32) -> Candidates<'a> {
    let mut keys: Vec<&KeyFacts> = keys.into_iter().collect();
    keys.sort_by_key(|key| std::cmp::Reverse(key.order()));
    let chosen = keys.iter().copied().filter(|key| !key.is_apart() && works(key)).max_by_key(|key| preference(key));
    let all: Vec<_> = keys.iter().map(|key| (*key, standing(key, chosen, installation))).collect();
    let to_try = |(key, standing): &(&'a KeyFacts, Standing)| {
        let newer = matches!(standing, Standing::Newer | Standing::NewerNotOpened);
        (newer && key.last_success().is_none()).then_some(*key)
    };
    let untried = all.iter().filter_map(to_try).collect();
    Candidates { chosen, untried, all }
}

/// Whether the key was opened at least once.
fn works(key: &KeyFacts) -> bool {
    key.last_success().is_some()
}

fn preference(key: &KeyFacts) -> (bool, u32, (Option<Reached>, u64)) {
    (key.retired().is_none(), key.installation(), rank(key))
}

fn standing(key: &KeyFacts, chosen: Option<&KeyFacts>, installation: u32) -> Standing {
    let newer = chosen.is_none_or(|chosen| key.order() > chosen.order() || key.installation() > chosen.installation());
    let failed = key.last_attempt().is_some_and(|attempt| attempt.failure.is_some());
    if chosen.is_some_and(|chosen| chosen.id() == key.id()) {
        Standing::Chosen
    } else if key.is_apart() {
        Standing::Quarantined
    } else if key.retired().is_some() {
        Standing::Retired
    } else if key.installation() < installation {
        Standing::EarlierInstallation
    } else {
        match (newer, works(key)) {
            (true, false) if failed => Standing::NewerNotOpened,
            (true, _) => Standing::Newer,
            (false, true) => Standing::Previous,
            (false, false) => Standing::PreviousNotOpened,
        }
    }
}
