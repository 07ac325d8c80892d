//! Any bytes as the header and metadata of a LUKS volume: the first 4096 are the header. Nothing is planned for
//! slots that there cannot be, or for a header that was not read whole.
#![no_main]

use fdescrow::Timestamp;
use fdescrow::agent::luks::{Aim, Goal, Observation, Planner, Rules};
use fdescrow::ids::Word;
use fdescrow::policy::luks::Authorization;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (header, metadata) = data.split_at(data.len().min(4096));
    let Ok(seen) = Observation::read(header, Some(metadata), Timestamp::MIN) else { return };
    let slots = seen.version.slots();
    assert!(seen.slots.iter().flatten().all(|(number, _)| *number < slots));
    let Some(volume) = seen.volume.clone() else { return };
    let (organization, device) = ("o".parse().expect("a name"), "d".parse().expect("a name"));
    let mut planner = Planner::new(organization, device, volume, Rules::default());
    planner.pursue(Goal::new(Word::new("g").expect("a word"), Aim::Escrow));
    let seen = seen.authorizations(Authorization::ALL.iter().copied());
    let next = planner.next(&seen).expect("there is a goal");
    assert!(next.step.is_none() || (seen.slots.is_some() && seen.writable));
});
