//! Do the index columns of a device say what a fresh judgement says, until it is to be judged anew?

use std::collections::BTreeMap;

use crate::{
    escrow::rotations::judge,
    ids::{Organization, Platform, Word},
    policy::{Policy, PolicySettings, filevault::Enforcement},
    store::{
        Record, Row, Value,
        records::{DeviceRecord, Judged, Stored},
    },
    verification::{
        Binding, Configuration, Delivery, Event, Failure, HeaderProof, KeyChange, KeyFacts, NewKey, Opening, Operation,
        Origin, Place,
        observation::{Conversion, Observation, Reading, VolumeReading},
    },
};

use super::*;

const STATES: u32 = 100_000;
/// Each in a thread of its own.
const PARTS: u32 = 8;
const DAY: i64 = 24 * 60 * 60;

/// Numbers that look random, the same in every run (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(u32::try_from(from.len()).unwrap())).unwrap()].clone()
    }
}

fn place(number: u32) -> Place {
    let mut place = Place::new(if number == 0 { Kind::FileVault } else { Kind::BitLocker });
    if number > 0 {
        place.volume = Some("C:".parse().unwrap());
        place.protector = Some(format!("{{{number}}}").parse().unwrap());
    }
    place
}

fn change(key: &KeyFacts, numbers: &mut Numbers, now: Timestamp) -> KeyChange {
    let newest = key.envelopes().last().unwrap().digest;
    let header = numbers.pick(&[
        HeaderProof::NotTried,
        HeaderProof::ProtectorOpens,
        HeaderProof::VolumeKeyUnwrapped,
        HeaderProof::Refused,
        HeaderProof::Unverifiable(Word::new("no_header").unwrap()),
    ]);
    match numbers.below(8) {
        0..=3 => KeyChange::Opened(Opening { header, ..Opening::new(newest, Digest::of(b"id"), Binding::None, now) }),
        4 => KeyChange::NotOpened {
            tried: key.envelopes().iter().map(|envelope| envelope.digest).collect(),
            failure: numbers.pick(Failure::ALL),
            keyring: None,
            at: now,
        },
        5 => KeyChange::Attested { opens: numbers.below(2) == 0, at: now },
        6 if key.quarantine().is_some() => KeyChange::QuarantineAccepted,
        _ => KeyChange::Exposed { certificate: Digest::of(b"certificate"), at: now },
    }
}

fn observation(numbers: &mut Numbers, now: Timestamp) -> Event {
    let mut observation = Observation::new(now);
    let readings = [Reading::Yes, Reading::No, Reading::Unknown];
    observation.platform = numbers.pick(&[None, Some(Platform::MacOs), Some(Platform::MacOs), Some(Platform::Windows)]);
    let mut volume = VolumeReading::new(None);
    (volume.encrypted, volume.protected) = (numbers.pick(&readings), numbers.pick(&readings));
    volume.conversion = numbers.pick(&[None, None, Some(Conversion::EncryptionInProgress)]);
    observation.volumes.push(volume);
    Event::Observed(Box::new(observation))
}

/// Something that can happen to this device; what may not is left out.
fn happen(record: &mut DeviceRecord, numbers: &mut Numbers, now: Timestamp) {
    let state = &record.state;
    let event = match numbers.below(12) {
        0..=3 => {
            let number = state.received();
            let id = KeyId::from_bytes(u128::from(number).to_be_bytes());
            let envelope = Digest::of(&number.to_be_bytes());
            let origin = numbers.pick(&[Origin::Sealed, Origin::Sealed, Origin::Plaintext]);
            let new = NewKey::new(id, place(numbers.below(3)), origin, envelope, now);
            let key = Box::new(state.receive(NewKey { quarantined: numbers.below(8) == 0, ..new }));
            Event::KeyReceived { key }
        }
        4..=6 => {
            let keys: Vec<&KeyFacts> =
                state.places().iter().flat_map(|place| [place.newest(), place.proven()]).flatten().collect();
            if keys.is_empty() {
                return;
            }
            let key = numbers.pick(&keys);
            Event::KeyChanged { key: Box::new(key.clone()), change: change(key, numbers, now) }
        }
        7 => {
            let operation = numbers.pick(&[Operation::Install, Operation::Install, Operation::Remove]);
            let all = [Delivery::Pending, Delivery::Acknowledged, Delivery::Confirmed, Delivery::Failed];
            Event::Configured(Configuration::new(operation, numbers.pick(&all), now))
        }
        8 => Event::AgentReported { failure: numbers.pick(&[None, Some(Word::new("no_tpm").unwrap())]), at: now },
        9 | 10 => observation(numbers, now),
        _ if numbers.below(4) > 0 => return,
        _ => numbers.pick(&[
            Event::DeviceForgotten { at: now },
            Event::InstallationChanged { number: state.installation() + 1, at: now },
        ]),
    };
    if let Ok(state) = record.state.clone().apply(&event) {
        record.state = state;
    }
}

fn policies() -> [Policy; 3] {
    let strict = PolicySettings {
        filevault: Some(crate::policy::FileVaultSettings {
            enforcement: Some(Enforcement::default()),
            ..Default::default()
        }),
        posture: Some(crate::policy::PostureRules { report_within: 259_200, ..Default::default() }),
        ..PolicySettings::default()
    };
    let none = PolicySettings { escrow: Some(crate::policy::EscrowRules::not_required()), ..Default::default() };
    [PolicySettings::default(), strict, none].map(|settings| Policy::new(settings).unwrap())
}

/// Status, first reason and time of the next judgement, as the index columns have them.
type Columns = [Option<Value>; 3];

fn columns(row: &Row) -> Columns {
    let described = row.table().description().columns;
    ["status", "reason", "wake_at"].map(|name| {
        let index = described.iter().position(|column| column.name == name).unwrap();
        row.columns()[index].clone()
    })
}

/// How many devices a list would have, by what their columns say and by what a fresh judgement says.
#[derive(Default)]
struct Counts {
    listed: BTreeMap<String, u32>,
    answered: BTreeMap<String, u32>,
}

impl Counts {
    fn judge(&mut self, record: &mut DeviceRecord, policy: &Policy, now: i64, numbers: &mut Numbers, read: bool) {
        record.judged = Some(Judged::new(judge(record, policy, at(now)), Some(policy.digest())));
        let row = record.to_row(&Organization::new("example.com").unwrap()).unwrap();
        if read {
            let again = DeviceRecord::from_row(&row).unwrap();
            assert_eq!((&again.state, &again.judged), (&record.state, &record.judged));
        }
        let fresh = judge(record, policy, at(now));
        let reason = fresh.reasons.first().map(|reason| Value::from(reason.as_str()));
        let answer: Columns = [
            Some(Value::from(fresh.status.as_str())),
            reason,
            fresh.wake_at.map(|at| Value::Integer(at.unix_seconds())),
        ];
        let columns = columns(&row);
        assert_eq!(columns, answer);
        *self.listed.entry(format!("{:?}", &columns[..2])).or_default() += 1;
        *self.answered.entry(format!("{:?}", &answer[..2])).or_default() += 1;
        // What was written holds until the time that was written with it.
        let until = fresh.wake_at.map_or(now + 1_000 * DAY, |wake| wake.unix_seconds() - NOW - 1);
        let later = judge(record, policy, at(now + i64::from(numbers.below(1_000)) * (until - now) / 999));
        assert_eq!((later.status, &later.reasons), (fresh.status, &fresh.reasons), "{:?}", record.state);
    }
}

/// So many states of this seed.
fn go_through(seed: u64, states: u32) -> Counts {
    let (mut numbers, policies, mut counts) = (Numbers(seed), policies(), Counts::default());
    for number in 0..states {
        let mut record = DeviceRecord::new(device(&format!("d{number}")), at(0));
        let mut now = 0;
        for _ in 0..numbers.below(8) {
            now += i64::from(numbers.below(40)) * DAY / 8;
            happen(&mut record, &mut numbers, at(now));
        }
        // Judged by one policy, and then, as after a change, by another one. Every tenth row is read as well.
        let first = usize::try_from(numbers.below(3)).unwrap();
        for policy in [first, (first + 1) % policies.len()] {
            counts.judge(&mut record, &policies[policy], now, &mut numbers, number % 10 == 0);
        }
    }
    counts
}

#[test]
fn counts_and_per_device_answers_agree_on_a_hundred_thousand_random_states() {
    let (mut listed, mut answered) = (BTreeMap::new(), BTreeMap::new());
    std::thread::scope(|scope| {
        let parts: Vec<_> =
            (0..PARTS).map(|part| scope.spawn(move || go_through(part.into(), STATES / PARTS))).collect();
        for part in parts {
            let counts = part.join().unwrap();
            for (into, from) in [(&mut listed, counts.listed), (&mut answered, counts.answered)] {
                from.into_iter().for_each(|(words, count)| *into.entry(words).or_insert(0) += count);
            }
        }
    });
    assert_eq!(listed, answered);
    assert_eq!(listed.values().sum::<u32>(), 2 * STATES);
    assert!(listed.len() > 20, "the states differ: {listed:?}");
    println!("{STATES} states, by two policies each: {} kinds of answers", listed.len());
}
