//! Does what was sealed come out again, and nothing else, over thousands of keys and certificates?

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking, and show what they counted"
)]

#[path = "properties/rewrap.rs"]
mod rewrap;
#[path = "properties/round_trip.rs"]
mod round_trip;
#[path = "properties/wrong_key.rs"]
mod wrong_key;

use std::sync::Arc;

use fdescrow::KeyId;
use fdescrow::envelope::{Owner, Payload};
use fdescrow::key::{Kind, RecoveryKey};
use fdescrow_tests::recipients::Seeded;

/// A key of any kind, bare or with an owner of any shape.
fn payload(rng: &Arc<Seeded>) -> Payload {
    let kind = *rng.pick(Kind::ALL);
    let key = RecoveryKey::generate(kind, rng.as_ref()).unwrap();
    if rng.below(4) == 0 { Payload::bare(key) } else { Payload::new(key, owner(rng)) }
}

/// Names of every length and with every sort of character that a name may have.
fn owner(rng: &Arc<Seeded>) -> Owner {
    let mut owner = Owner::new();
    if rng.below(4) > 0 {
        owner = owner.organization(name(rng).parse().unwrap());
    }
    if rng.below(4) > 0 {
        owner = owner.device(name(rng).parse().unwrap());
    }
    if rng.below(2) == 0 {
        owner = owner.volume(Some(name(rng).parse().unwrap()));
    }
    if rng.below(2) == 0 {
        owner = owner.protector(Some(name(rng).parse().unwrap()));
    }
    if rng.below(2) == 0 {
        owner = owner.key_id(KeyId::generate(rng.as_ref()).unwrap());
    }
    if rng.below(2) == 0 {
        let seconds = i64::try_from(rng.below(4_000_000_000)).unwrap();
        owner = owner.time(fdescrow::Timestamp::from_unix_seconds(seconds).unwrap());
    }
    owner
}

fn name(rng: &Arc<Seeded>) -> String {
    const CHARACTERS: [char; 16] =
        ['a', 'Z', '0', '-', '.', '"', '\\', '/', '{', '}', ':', '\'', 'ß', '漢', '🔒', '\u{301}'];
    (0..1 + rng.below(24)).map(|_| *rng.pick(&CHARACTERS)).collect()
}
