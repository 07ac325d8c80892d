//! Which identity opens which message?
//!
//! Round by round: of each message that is not open yet the next wrapped key, all of those for one identity at once,
//! so that an identity that batches can. What one message holds changes nothing for another.

use std::collections::{BTreeMap, VecDeque};

use super::{Allowed, Envelope, EnvelopeError, Found, wrapped};
use crate::{
    envelope::{
        cms::Recipient,
        identity::{Identity, Unavailable, WrappedKey},
        keyring::Keyring,
    },
    secret::on_wiped_stack,
};

/// A wrapped key that may be for an identity.
pub(super) type Candidate<'a> = (&'a Recipient, usize, &'a dyn Identity);

/// A message, and what it may be.
pub(super) struct Wanted<'a> {
    pub(super) envelope: &'a Envelope,
    pub(super) allowed: &'a Allowed,
    /// Whether identities that it does not name are tried.
    pub(super) unmatched: bool,
}

/// How far a message came.
struct Search<'a, T> {
    envelope: &'a Envelope,
    candidates: Result<VecDeque<Candidate<'a>>, EnvelopeError>,
    found: Option<Found<T>>,
    unavailable: Option<Unavailable>,
}

impl<'a, T> Search<'a, T> {
    fn of(wanted: &Wanted<'a>, keyring: &'a Keyring) -> Self {
        let candidates = wanted.envelope.candidates(keyring, wanted.allowed, wanted.unmatched);
        Self { envelope: wanted.envelope, candidates: candidates.map(Into::into), found: None, unavailable: None }
    }

    fn next(&mut self) -> Option<Candidate<'a>> {
        self.candidates.as_mut().ok().filter(|_| self.found.is_none())?.pop_front()
    }

    fn end(self) -> Result<Found<T>, EnvelopeError> {
        self.candidates?;
        match (self.found, self.unavailable) {
            (Some(found), _) => Ok(found),
            // With one identity out of reach, that the others did not open it proves nothing.
            (None, Some(error)) => Err(error.into()),
            (None, None) => Err(EnvelopeError::Open),
        }
    }
}

/// Of each message the first content that `accept` takes; it is told which message it is.
pub(super) fn find_many<T>(
    wanted: &[Wanted<'_>],
    keyring: &Keyring,
    accept: impl Fn(usize, &[u8]) -> Option<T>,
) -> Vec<Result<Found<T>, EnvelopeError>> {
    // Nothing secret is touched before this.
    let mut searches: Vec<Search<'_, T>> = wanted.iter().map(|wanted| Search::of(wanted, keyring)).collect();
    on_wiped_stack(|| while round(&mut searches, &accept) {});
    searches.into_iter().map(Search::end).collect()
}

/// The messages of one round that one identity may open, by their places, with the key that it unwraps.
type Group<'a> = (&'a dyn Identity, Vec<(usize, WrappedKey<'a>)>);

/// Tries the next candidates. Whether there was one.
fn round<T>(searches: &mut [Search<'_, T>], accept: &impl Fn(usize, &[u8]) -> Option<T>) -> bool {
    let mut groups: BTreeMap<usize, Group<'_>> = BTreeMap::new();
    for (place, search) in searches.iter_mut().enumerate() {
        if let Some((recipient, index, identity)) = search.next() {
            let (_, group) = groups.entry(index).or_insert_with(|| (identity, Vec::new()));
            group.push((place, wrapped(&search.envelope.message, recipient)));
        }
    }
    let any = !groups.is_empty();
    for (index, (identity, group)) in groups {
        let (places, keys): (Vec<usize>, Vec<WrappedKey<'_>>) = group.into_iter().unzip();
        // What an identity leaves unanswered, it could not reach.
        let answers = identity.unwrap_many(&keys).into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        for (place, answer) in places.into_iter().zip(answers) {
            let Some(search) = searches.get_mut(place) else { continue };
            match answer.unwrap_or(Err(Unavailable::new())) {
                Ok(content_key) => {
                    let value = search.envelope.accept(&content_key, |content| accept(place, content));
                    search.found = value.map(|value| Found { value, content_key, identity: index });
                }
                Err(error) => search.unavailable = Some(error),
            }
        }
    }
    any
}
