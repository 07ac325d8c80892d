//! The table against the function: every situation by its own words, over every combination of facts, rules
//! and times; exactly one holds, it is the one that is found, and the assessment is what its row says.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Header {
    NotTried,
    Unverifiable,
    Protector,
    VolumeKey,
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Device_ {
    Silent,
    Attests,
    Denies,
}

/// Tested below, as the rest is in `disk`.
const OF_A_DEVICE: &[Situation] = &[
    Situation::Forgotten,
    Situation::NotRequired,
    Situation::NoKey,
    Situation::NoKeyOverdue,
    Situation::OnlyQuarantined,
];

/// One combination of facts about a key that came at 0 and, if it was opened, was opened at 50.
#[derive(Clone, Copy, Debug)]
struct Facts {
    plaintext: bool,
    opened: bool,
    header: Header,
    device: Device_,
    failed_last: bool,
    exposed: bool,
    required: Level,
    accept_unverifiable: bool,
    accept_device: bool,
    reverify: bool,
    now: i64,
}

impl Facts {
    fn key(self) -> KeyFacts {
        let origin = if self.plaintext { Origin::Plaintext } else { Origin::Sealed };
        let mut key = State::new(at(0)).receive(NewKey { origin, ..new_key(1, filevault(), 0) });
        let mut change = |change: KeyChange| key = key.after(&change).unwrap();
        if self.opened {
            change(opened_with(
                1,
                match self.header {
                    Header::NotTried => HeaderProof::NotTried,
                    Header::Unverifiable => HeaderProof::Unverifiable(Word::new("no_header").unwrap()),
                    Header::Protector => HeaderProof::ProtectorOpens,
                    Header::VolumeKey => HeaderProof::VolumeKeyUnwrapped,
                    Header::Refused => HeaderProof::Refused,
                },
                50,
            ));
        }
        match self.device {
            Device_::Silent => {}
            Device_::Attests => change(KeyChange::Attested { opens: true, at: at(51) }),
            Device_::Denies => change(KeyChange::Attested { opens: false, at: at(51) }),
        }
        if self.failed_last {
            change(not_opened(1, Failure::DidNotOpen, 52));
        }
        if self.exposed {
            change(KeyChange::Exposed { certificate: identity(), at: at(53) });
        }
        key
    }

    fn rules(self) -> EscrowRules {
        let mut rules = rules();
        rules.levels.insert(Kind::FileVault, self.required);
        rules.accept_unverifiable = self.accept_unverifiable;
        rules.accept_device_proof = self.accept_device;
        rules.reverify_after = if self.reverify { 1_000 } else { 0 };
        rules
    }

    fn refused(self) -> bool {
        (self.opened && self.header == Header::Refused) || (self.accept_device && self.device == Device_::Denies)
    }

    fn level(self) -> u8 {
        let device = u8::from(self.accept_device && self.device == Device_::Attests) * 3;
        match (self.opened, self.header) {
            (false, _) => u8::from(self.plaintext),
            (true, Header::NotTried | Header::Unverifiable | Header::Refused) => 2.max(device),
            (true, Header::Protector) => 3.max(device),
            (true, Header::VolumeKey) => 4,
        }
    }

    fn reaches(self) -> bool {
        let required = match self.required {
            Level::WellFormed => 1,
            Level::EnvelopeOpens => 2,
            Level::ProtectorOpens => 3,
            Level::VolumeKeyUnwrapped => 4,
        };
        self.level() >= required
    }

    fn unverifiable(self) -> bool {
        self.opened && self.header == Header::Unverifiable
    }

    /// Not exposed, not refused, and not one that never opened although it was tried.
    fn sound(self) -> bool {
        !self.exposed && !self.refused() && (self.opened || !self.failed_last)
    }

    fn works(self) -> bool {
        self.sound() && (self.reaches() || (self.accept_unverifiable && self.unverifiable()))
    }

    fn below(self) -> bool {
        self.sound() && self.opened && !self.works() && !self.unverifiable()
    }

    /// When the key was shown to work.
    fn shown(self) -> i64 {
        if self.opened { 50 } else { 0 }
    }

    fn old(self) -> bool {
        self.reverify && self.now >= self.shown() + 1_000
    }

    fn late(self) -> bool {
        self.now >= self.shown() + 1_100
    }

    /// Whether these facts are the situation that the words in its row describe.
    fn are(self, situation: Situation) -> bool {
        let untried = self.sound() && !self.opened && !self.works();
        match situation {
            Situation::Exposed => self.exposed,
            Situation::ProtectorRefused => !self.exposed && self.refused(),
            Situation::NotOpened => !self.exposed && !self.refused() && !self.opened && self.failed_last,
            Situation::Unchecked => untried && self.now < 100,
            Situation::UncheckedOverdue => untried && self.now >= 100,
            Situation::BelowLevel => self.below() && self.now < 100,
            Situation::BelowLevelOverdue => self.below() && self.now >= 100,
            Situation::Unverifiable => self.sound() && self.unverifiable() && !self.works(),
            Situation::Verified => self.works() && self.reverify && !self.old() && !self.failed_last,
            Situation::VerifiedForGood => self.works() && !self.reverify && !self.failed_last,
            Situation::VerifiedNotReopened => self.works() && !self.old() && self.failed_last,
            Situation::RecheckDue => self.works() && self.old() && !self.failed_last && !self.late(),
            Situation::RecheckOverdue => self.works() && self.old() && !self.failed_last && self.late(),
            Situation::RecheckFailed => self.works() && self.old() && self.failed_last,
            Situation::ProtectorGone => false,
            of_the_device => {
                assert!(
                    OF_A_DEVICE.contains(&of_the_device)
                        || disk::OF_A_DISK.contains(&of_the_device)
                        || disk::OF_A_ROTATION.contains(&of_the_device)
                );
                false
            }
        }
    }
}

fn every_combination() -> Vec<Facts> {
    let both = [false, true];
    let headers = [Header::NotTried, Header::Unverifiable, Header::Protector, Header::VolumeKey, Header::Refused];
    let mut all = Vec::new();
    for (plaintext, opened) in both.into_iter().flat_map(|plaintext| both.map(|opened| (plaintext, opened))) {
        for header in headers.into_iter().take(if opened { 5 } else { 1 }) {
            for device in [Device_::Silent, Device_::Attests, Device_::Denies] {
                for bits in 0..32_u8 {
                    let bit = |place: u8| bits & (1 << place) != 0;
                    for required in Level::ALL {
                        for now in [0, 60, 99, 100, 999, 1_000, 1_049, 1_050, 1_099, 1_100, 1_149, 1_150, 9_999] {
                            all.push(Facts {
                                plaintext,
                                opened,
                                header,
                                device,
                                failed_last: bit(0),
                                exposed: bit(1),
                                required: *required,
                                accept_unverifiable: bit(2),
                                accept_device: bit(3),
                                reverify: bit(4),
                                now,
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn the_table_is_total_and_disjoint_and_what_assess_does() {
    let mut seen: BTreeMap<Situation, usize> = BTreeMap::new();
    let all = every_combination();
    for facts in &all {
        let (key, rules, now) = (facts.key(), facts.rules(), at(facts.now));
        let holding: Vec<Situation> =
            Situation::ALL.iter().copied().filter(|situation| facts.are(*situation)).collect();
        let found = assess::situation(&key, &rules, now);
        assert_eq!(holding, [found.situation], "{facts:?}");
        *seen.entry(found.situation).or_default() += 1;

        let row = found.situation.row();
        assert_eq!(found.ends.is_some(), ends_by_time(*facts, row), "{facts:?}");
        assert!(found.ends.is_none_or(|ends| ends > now), "{facts:?}");
        assert_eq!(found.failure.is_some(), row.because == Because::LastCheck, "{facts:?}");
        let state = State::new(at(0)).apply(&Event::KeyReceived { key: Box::new(key) }).unwrap();
        let assessment = assess(&state, &rules.into(), now);
        assert_eq!(assessment.status, row.status, "{facts:?}");
        assert_eq!((assessment.wake_at, &*assessment.awaits), (found.ends, row.awaits), "{facts:?}");
        let because = match row.because {
            Because::Nothing => None,
            Because::Always(reason) => Some(reason),
            Because::LastCheck => Some(Reason::DidNotOpen),
        };
        let accepted = facts.works() && !facts.reaches();
        let expected: Vec<Reason> =
            because.into_iter().chain(accepted.then_some(Reason::UnverifiableAccepted)).collect();
        assert_eq!(assessment.reasons, expected, "{facts:?}");
    }
    println!("{} combinations, {} situations of a key: {seen:?}", all.len(), seen.len());
    let tested_elsewhere =
        OF_A_DEVICE.iter().chain(disk::OF_A_DISK).chain(disk::OF_A_ROTATION).chain(&[Situation::ProtectorGone]);
    let reached: BTreeSet<Situation> = seen.keys().chain(tested_elsewhere).copied().collect();
    assert_eq!(reached, Situation::ALL.iter().copied().collect(), "every row can be reached");
}

/// A key that was verified, and that a later check did not open, ends by time only if it grows old at all.
fn ends_by_time(facts: Facts, row: Row) -> bool {
    row.ends_by_time || (facts.are(Situation::VerifiedNotReopened) && facts.reverify)
}

#[test]
fn a_device_without_a_key() {
    let apart = |state: State| {
        let key = state.receive(NewKey { quarantined: true, ..new_key(1, filevault(), 1) });
        state.apply(&Event::KeyReceived { key: Box::new(key) }).unwrap()
    };
    let hidden = |state: State| state.apply(&Event::DeviceForgotten { at: at(1) }).unwrap();
    let new = State::new(at(0));
    let mut combinations = 0;
    for (is_apart, state) in [(false, new.clone()), (true, apart(new))] {
        for (is_hidden, state) in [(false, state.clone()), (true, hidden(state))] {
            for required in [false, true] {
                for now in [-1, 0, 49, 50, 1_000] {
                    let situation = match (is_hidden, required, is_apart, now < 50) {
                        (true, ..) => Situation::Forgotten,
                        (false, false, ..) => Situation::NotRequired,
                        (false, true, true, _) => Situation::OnlyQuarantined,
                        (false, true, false, true) => Situation::NoKey,
                        (false, true, false, false) => Situation::NoKeyOverdue,
                    };
                    let assessment = assess(&state, &EscrowRules { required, ..rules() }.into(), at(now));
                    let row = situation.row();
                    let Because::Always(reason) = row.because else { panic!("{situation:?}") };
                    assert_eq!((assessment.status, assessment.reasons), (row.status, vec![reason]));
                    assert_eq!(assessment.wake_at, row.ends_by_time.then_some(at(50)));
                    assert_eq!((assessment.actions, assessment.awaits), (reason.actions().into(), row.awaits.into()));
                    combinations += 1;
                }
            }
        }
    }
    println!("{combinations} combinations of a device without a key");
}

#[test]
fn rows_say_what_they_mean() {
    let mut sentences = BTreeSet::new();
    for situation in Situation::ALL {
        let row = situation.row();
        assert!(sentences.insert(row.when) && !row.when.contains(['|', '\n']), "{situation:?}");
        let waits = row.ends_by_time || !row.awaits.is_empty();
        assert!(row.status.is_final() || waits, "{situation:?} would hang silently");
    }
    assert!(Status::ALL.is_sorted());
}
