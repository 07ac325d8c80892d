//! What is said of a disk and its configuration is judged as the table says, and only what was really said.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{
    ids::Platform,
    policy::{FileVaultSettings, Policy, PolicySettings, PostureRules, filevault::Enforcement},
    verification::observation::{
        Conversion, FileVaultReading, Observation, ProtectorKind, ProtectorReading, ProtectorSnapshot, Reading,
        VolumeReading,
    },
};

/// The situations of a disk and its configuration, each reached by a test below.
pub(super) const OF_A_DISK: &[Situation] = &[
    Situation::RemovalPending,
    Situation::ConfigurationFailed,
    Situation::ConfigurationPending,
    Situation::AgentFailed,
    Situation::NotReported,
    Situation::NotEncrypted,
    Situation::NotEncryptedOverdue,
    Situation::Encrypting,
    Situation::ConversionPaused,
    Situation::Decrypting,
    Situation::ProtectionSuspended,
    Situation::PinMissing,
    Situation::UnknownProtector,
];

/// The situations of a replacement, which `escrow` adds.
pub(super) const OF_A_ROTATION: &[Situation] =
    &[Situation::Rotating, Situation::RotationOverdue, Situation::RotationStuck];

/// FileVault and BitLocker with a PIN are enforced, a disk is encrypted within 200 s.
fn policy(report_within: u32) -> Policy {
    let filevault = FileVaultSettings { enforcement: Some(Enforcement::default()), ..FileVaultSettings::default() };
    let posture = PostureRules { encrypt_within: 200, report_within };
    let (filevault, escrow, posture) = (Some(filevault), Some(rules()), Some(posture));
    Policy::new(PolicySettings { filevault, escrow, posture, ..PolicySettings::default() }).unwrap()
}

fn observation(seconds: i64, platform: Platform) -> Observation {
    let mut observation = Observation::new(at(seconds));
    observation.platform = Some(platform);
    observation
}

fn boot(seconds: i64, platform: Platform, change: impl FnOnce(&mut VolumeReading)) -> Event {
    let mut observation = observation(seconds, platform);
    let mut volume = VolumeReading::new(None);
    change(&mut volume);
    observation.volumes.push(volume);
    Event::Observed(Box::new(observation))
}

fn configured(operation: Operation, delivery: Delivery, seconds: i64) -> Event {
    Event::Configured(Configuration::new(operation, delivery, at(seconds)))
}

/// A Mac with a key that works and its disk encrypted, and what happened to it after that.
fn mac(events: &[Event]) -> Device {
    let mut device = Device::new();
    device.receive(1, filevault(), 0);
    device.change(1, opened(1, 10)).unwrap();
    let on = boot(20, Platform::MacOs, |volume| volume.encrypted = Reading::Yes);
    for event in [on].iter().chain(events) {
        device.state = device.state.clone().apply(event).unwrap();
    }
    device
}

fn judge(device: &Device, policy: &Policy, seconds: i64) -> (Status, Vec<Reason>) {
    let assessment = assess(&device.state, policy, at(seconds));
    (assessment.status, assessment.reasons)
}

#[test]
fn a_mac_that_is_encrypted_and_whose_key_works_is_verified() {
    assert_eq!(judge(&mac(&[]), &policy(0), 30), (Status::Verified, vec![]));
}

#[test]
fn the_disk_and_its_configuration_are_judged_by_what_was_said_last() {
    let off = |seconds| boot(seconds, Platform::MacOs, |volume| volume.encrypted = Reading::No);
    let converting = |conversion| boot(40, Platform::MacOs, move |volume| volume.conversion = Some(conversion));
    let suspended = boot(40, Platform::MacOs, |volume| volume.protected = Reading::No);
    let word = |word: &str| Some(Word::new(word).unwrap());
    let failed = Event::AgentReported { failure: word("no_tpm"), at: at(50) };
    let cases: Vec<(Vec<Event>, i64, Situation)> = vec![
        (vec![configured(Operation::Remove, Delivery::Pending, 40)], 60, Situation::RemovalPending),
        (vec![configured(Operation::Install, Delivery::Failed, 40)], 60, Situation::ConfigurationFailed),
        (vec![configured(Operation::Remove, Delivery::Failed, 40)], 60, Situation::ConfigurationFailed),
        (vec![configured(Operation::Install, Delivery::Pending, 40)], 60, Situation::ConfigurationPending),
        (vec![configured(Operation::Remove, Delivery::Confirmed, 40)], 60, Situation::ConfigurationPending),
        (vec![off(40), failed.clone()], 60, Situation::AgentFailed),
        (vec![off(40)], 199, Situation::NotEncrypted),
        (vec![off(40)], 200, Situation::NotEncryptedOverdue),
        (vec![configured(Operation::Install, Delivery::Acknowledged, 100), off(110)], 299, Situation::NotEncrypted),
        (vec![converting(Conversion::EncryptionInProgress)], 60, Situation::Encrypting),
        (vec![converting(Conversion::DecryptionInProgress)], 60, Situation::Decrypting),
        (vec![converting(Conversion::EncryptionPaused)], 60, Situation::ConversionPaused),
        (vec![converting(Conversion::DecryptionPaused)], 60, Situation::ConversionPaused),
        (vec![suspended], 60, Situation::ProtectionSuspended),
    ];
    let mut reached = BTreeSet::new();
    for (events, seconds, situation) in cases {
        let row = situation.row();
        let Because::Always(reason) = row.because else { panic!("{situation:?}") };
        let assessment = assess(&mac(&events).state, &policy(0), at(seconds));
        assert_eq!((assessment.status, assessment.reasons[0]), (row.status, reason), "{situation:?} {events:?}");
        assert!(assessment.status.is_final() || assessment.wake_at.is_some() || !assessment.awaits.is_empty());
        assert_eq!(row.ends_by_time, situation == Situation::NotEncrypted);
        reached.insert(situation);
    }
    println!("{} situations of a disk", reached.len());
    let others =
        [Situation::NotReported, Situation::PinMissing, Situation::UnknownProtector].into_iter().chain(reached);
    assert_eq!(others.collect::<BTreeSet<_>>(), OF_A_DISK.iter().copied().collect());
}

#[test]
fn an_agent_that_failed_hides_no_key_that_works() {
    let failed = Event::AgentReported { failure: Some(Word::new("locked").unwrap()), at: at(50) };
    assert_eq!(
        judge(&mac(std::slice::from_ref(&failed)), &policy(0), 60),
        (Status::Verified, vec![Reason::AgentFailed])
    );
    let could = Event::AgentReported { failure: None, at: at(55) };
    assert_eq!(judge(&mac(&[failed.clone(), could.clone()]), &policy(0), 60), (Status::Verified, vec![]));
    // What was said earlier and comes later says nothing.
    assert_eq!(judge(&mac(&[could, failed]), &policy(0), 60), (Status::Verified, vec![]));
}

#[test]
fn an_agent_that_could_not_bring_the_key_has_failed_wherever_a_key_is_demanded() {
    let failed = Event::AgentReported { failure: Some(Word::new("no_slot").unwrap()), at: at(5) };
    let silent = State::new(at(0)).apply(&failed).unwrap();
    let linux = silent.clone().apply(&boot(5, Platform::Linux, |_| {})).unwrap();
    for state in [silent, linux] {
        let assessment = assess(&state, &rules().into(), at(10));
        assert_eq!((assessment.status, assessment.reasons[0]), (Status::Failed, Reason::AgentFailed));
        let nothing = EscrowRules { required: false, ..rules() };
        assert_eq!(assess(&state, &nothing.into(), at(10)).status, Status::NotRequired);
    }
}

#[test]
fn a_disk_must_report_only_where_the_policy_says_so() {
    let verified = (Status::Verified, vec![]);
    assert_eq!(judge(&mac(&[]), &policy(0), 99), verified);
    assert_eq!(judge(&mac(&[]), &policy(30), 50), verified);
    assert_eq!(judge(&mac(&[]), &policy(30), 51), (Status::Verifying, vec![Reason::NotReported]));
}

#[test]
fn what_is_unknown_or_partial_changes_nothing() {
    let mut partial = ProtectorSnapshot::new(Vec::new());
    partial.complete = false;
    let unknown = boot(60, Platform::MacOs, |volume| volume.protectors = Some(partial));
    let before = mac(&[]);
    let after = mac(&[unknown]);
    assert!(before.state.posture().says_the_same(after.state.posture()));
    assert_eq!(judge(&after, &policy(0), 70), (Status::Verified, vec![]));
}

#[test]
fn what_was_seen_earlier_does_not_replace_what_was_seen_later() {
    let off = boot(19, Platform::MacOs, |volume| volume.encrypted = Reading::No);
    assert_eq!(judge(&mac(&[off]), &policy(0), 60), (Status::Verified, vec![]));
}

#[test]
fn a_new_installation_forgets_what_was_said_of_the_old_one() {
    let mut device = mac(&[boot(40, Platform::MacOs, |volume| volume.encrypted = Reading::No)]);
    device.reinstall(50);
    assert!(device.state.posture().is_encrypted().is_none());
    assert_eq!(device.state.posture().platform(), Some(Platform::MacOs));
}

fn snapshot(seconds: i64, volume: &str, ids: &[&str]) -> Event {
    let mut observation = observation(seconds, Platform::Windows);
    let mut reading = VolumeReading::new(Some(VolumeId::new(volume).unwrap()));
    let protector = |id: &&str| ProtectorReading::new(ProtectorId::new(*id).unwrap(), ProtectorKind::NumericalPassword);
    reading.protectors = Some(ProtectorSnapshot::new(ids.iter().map(protector).collect()));
    observation.volumes.push(reading);
    Event::Observed(Box::new(observation))
}

/// A PC whose recovery password is in escrow and works, and what it says of its protectors.
fn pc(event: Event) -> Device {
    let mut device = Device::new();
    device.receive(1, bitlocker("c", "p1"), 0);
    device.change(1, opened(1, 10)).unwrap();
    device.state = device.state.clone().apply(&event).unwrap();
    device
}

#[test]
fn a_key_whose_protector_is_gone_is_stale_and_stays_a_candidate() {
    let device = pc(snapshot(40, "c", &[]));
    assert_eq!(judge(&device, &policy(0), 60), (Status::ActionRequired, vec![Reason::ProtectorGone]));
    assert_eq!(device.chosen(), Some(1), "it is handed out all the same");
    // The list is older than the key, or of another volume: nothing is known.
    assert_eq!(judge(&pc(snapshot(0, "c", &[])), &policy(0), 60), (Status::Verified, vec![]));
    assert_eq!(judge(&pc(snapshot(40, "d", &[])), &policy(0), 60), (Status::Verified, vec![]));
    assert_eq!(judge(&pc(snapshot(40, "c", &["p1"])), &policy(0), 60), (Status::Verified, vec![]));
}

#[test]
fn a_volume_and_a_protector_are_the_same_however_they_are_written() {
    let mut device = Device::new();
    device.receive(
        1,
        bitlocker("Volume{00112233-4455-6677-8899-AABBCCDDEEFF}", "33030f6d-3ee2-4e0f-8a6a-58f1b2e0c7a1"),
        0,
    );
    device.change(1, opened(1, 10)).unwrap();
    let windows = "\\\\?\\Volume{00112233-4455-6677-8899-aabbccddeeff}\\";
    let other = "{00112233-4455-6677-8899-aabbccddeeff}";
    for (seconds, volume, protector, expected) in [
        (40, windows, "{33030F6D-3EE2-4E0F-8A6A-58F1B2E0C7A1}", (Status::Verified, vec![])),
        (50, other, "{33030F6D-3EE2-4E0F-8A6A-58F1B2E0C7A2}", (Status::ActionRequired, vec![Reason::ProtectorGone])),
        (60, windows, "{33030F6D-3EE2-4E0F-8A6A-58F1B2E0C7A1}", (Status::Verified, vec![])),
    ] {
        device.state = device.state.clone().apply(&snapshot(seconds, volume, &[protector])).unwrap();
        let (status, reasons) = judge(&device, &policy(0), seconds);
        assert_eq!(status, expected.0, "{seconds}");
        assert!(expected.1.iter().all(|reason| reasons.contains(reason)), "{seconds}: {reasons:?}");
    }
}

#[test]
fn a_recovery_slot_of_luks_is_known_by_its_number_or_by_a_key_that_names_none() {
    let observed = |slot: u8| {
        let mut observation = observation(40, Platform::Linux);
        let mut reading = VolumeReading::new(None);
        let mut protector = ProtectorReading::new(ProtectorId::luks_slot(slot), ProtectorKind::Passphrase);
        protector.tokens = vec!["systemd-recovery".into()];
        let user = ProtectorReading::new(ProtectorId::luks_slot(0), ProtectorKind::Passphrase);
        reading.protectors = Some(ProtectorSnapshot::new(vec![user, protector]));
        observation.volumes.push(reading);
        Event::Observed(Box::new(observation))
    };
    for (protector, slot, known) in [(Some("1"), 1, true), (None, 1, true), (Some("1"), 2, false)] {
        let mut device = Device::new();
        let mut place = Place::new(Kind::Systemd);
        place.protector = protector.map(|id| ProtectorId::new(id).unwrap());
        device.receive(1, place, 0);
        device.change(1, opened(1, 10)).unwrap();
        device.state = device.state.clone().apply(&observed(slot)).unwrap();
        let (_, reasons) = judge(&device, &policy(0), 60);
        assert_eq!(!reasons.contains(&Reason::UnknownProtector) && !reasons.contains(&Reason::ProtectorGone), known);
    }
}

#[test]
fn a_recovery_protector_that_nobody_escrowed_asks_for_its_key() {
    let device = pc(snapshot(40, "c", &["p1", "p2"]));
    let assessment = assess(&device.state, &policy(0), at(60));
    assert_eq!((assessment.status, assessment.reasons), (Status::Enforcing, vec![Reason::UnknownProtector]));
    assert_eq!(assessment.actions, [Action::AskForKey]);
}

fn filevault_reading(seconds: i64, enabled: Reading, has_key: Reading, bypasses: Option<i32>) -> Event {
    let mut observation = observation(seconds, Platform::MacOs);
    let mut reading = FileVaultReading { enabled, bypasses_left: bypasses, ..FileVaultReading::default() };
    reading.personal_recovery_key = has_key;
    observation.filevault = Some(reading);
    Event::Observed(Box::new(observation))
}

#[test]
fn a_mac_walks_from_station_to_station() {
    let mut device = Device::new();
    let policy = policy(0);
    let mut stations = Vec::new();
    let mut step = |device: &mut Device, event: Option<Event>| {
        if let Some(event) = event {
            device.state = device.state.clone().apply(&event).unwrap();
        }
        let walk = Walk::of(&device.state, &policy, at(90));
        stations.extend(walk.map(|walk| walk.station));
        walk
    };
    let nobody_knows = filevault_reading(1, Reading::Unknown, Reading::Unknown, None);
    let profile = configured(Operation::Install, Delivery::Confirmed, 5);
    let off = filevault_reading(6, Reading::No, Reading::Unknown, Some(3));
    let on = filevault_reading(20, Reading::Yes, Reading::No, None);
    let has_key = filevault_reading(30, Reading::Yes, Reading::Yes, None);
    assert_eq!(step(&mut device, None), None, "nobody said that it is a Mac");
    assert_eq!(step(&mut device, Some(nobody_knows)).unwrap().deadline, None);
    step(&mut device, Some(profile));
    let waiting = step(&mut device, Some(off)).unwrap();
    assert_eq!((waiting.deadline, waiting.bypasses_left), (Some(at(205)), Some(3)));
    step(&mut device, Some(on));
    assert_eq!(step(&mut device, Some(has_key)).unwrap().deadline, Some(at(80)));
    device.receive(1, filevault(), 40);
    step(&mut device, None);
    device.change(1, opened(1, 50)).unwrap();
    step(&mut device, None);
    let expected = [
        Station::AwaitingProfile,
        Station::AwaitingLogout,
        Station::AwaitingLogout,
        Station::AwaitingKey,
        Station::AwaitingEnvelope,
        Station::AwaitingCheck,
        Station::Arrived,
    ];
    assert_eq!(stations, expected);
}

#[test]
fn what_the_policy_says_decides_where_filevault_is_turned_on() {
    let at_station = |setup_assistant: bool, ask_at_logout: bool, said: bool| {
        let mut policy = policy(0).settings();
        let enforcement = policy.filevault.as_mut().and_then(|filevault| filevault.enforcement.as_mut()).unwrap();
        (enforcement.setup_assistant, enforcement.ask_at_logout) = (setup_assistant, ask_at_logout);
        if !ask_at_logout {
            enforcement.max_bypass_attempts = Some(0);
        }
        let mut state = State::new(at(0)).apply(&configured(Operation::Install, Delivery::Confirmed, 5)).unwrap();
        let reading = if said { Reading::No } else { Reading::Unknown };
        state = state.apply(&filevault_reading(6, reading, Reading::Unknown, None)).unwrap();
        Walk::of(&state, &Policy::new(policy).unwrap(), at(9)).unwrap().station
    };
    assert_eq!(at_station(true, false, false), Station::AwaitingSetupAssistant);
    assert_eq!(at_station(true, false, true), Station::AwaitingLogin);
    assert_eq!(at_station(false, true, true), Station::AwaitingLogout);
    assert_eq!(at_station(false, false, true), Station::AwaitingLogin);
}

fn any_reading() -> impl Strategy<Value = Reading> {
    prop_oneof![Just(Reading::Yes), Just(Reading::No), Just(Reading::Unknown)]
}

fn any_event() -> impl Strategy<Value = Event> {
    let volume = (0..200_i64, any_reading(), any_reading(), proptest::option::of(0..6_u32)).prop_map(
        |(seconds, encrypted, protected, conversion)| {
            boot(seconds, Platform::MacOs, |volume| {
                (volume.encrypted, volume.protected) = (encrypted, protected);
                volume.conversion = conversion.and_then(Conversion::from_number);
            })
        },
    );
    let operation = prop_oneof![Just(Operation::Install), Just(Operation::Remove)];
    let delivery = prop_oneof![
        Just(Delivery::Pending),
        Just(Delivery::Acknowledged),
        Just(Delivery::Confirmed),
        Just(Delivery::Failed)
    ];
    let configuration = (operation, delivery, 0..200_i64)
        .prop_map(|(operation, delivery, seconds)| configured(operation, delivery, seconds));
    let agent = (any::<bool>(), 0..200_i64).prop_map(|(failed, seconds)| Event::AgentReported {
        failure: failed.then(|| Word::new("failed").unwrap()),
        at: at(seconds),
    });
    let filevault = (0..200_i64, any_reading(), any_reading())
        .prop_map(|(seconds, enabled, has_key)| filevault_reading(seconds, enabled, has_key, None));
    prop_oneof![volume, configuration, agent, filevault]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    /// Whatever is said in whatever order: the answer is the same each time, something is awaited where it is not
    /// final, the state survives being stored, and no key is lost.
    #[test]
    fn every_history_of_a_disk_is_judged(events in proptest::collection::vec(any_event(), 0..12), now in 0..400_i64) {
        let device = mac(&events);
        let assessment = assess(&device.state, &policy(50), at(now));
        prop_assert_eq!(&assessment, &assess(&device.state, &policy(50), at(now)));
        prop_assert!(assessment.status.is_final() || assessment.wake_at.is_some() || !assessment.awaits.is_empty());
        prop_assert!(assessment.wake_at.is_none_or(|wake| wake > at(now)));
        let stored: State = serde_json::from_str(&serde_json::to_string(&device.state).unwrap()).unwrap();
        prop_assert_eq!(&stored, &device.state);
        prop_assert_eq!(device.chosen(), Some(1));
        let _ = Walk::of(&device.state, &policy(50), at(now));
    }

    /// Readings in any order come to the same, as long as no two are of one moment.
    #[test]
    fn the_order_in_which_reports_arrive_does_not_matter(
        events in proptest::collection::vec((any_reading(), any_reading()), 1..8), seed in any::<u64>()
    ) {
        let reading = |(index, (encrypted, protected)): (usize, &(Reading, Reading))| {
            boot(30 + i64::try_from(index).unwrap(), Platform::MacOs, |volume| {
                (volume.encrypted, volume.protected) = (*encrypted, *protected);
            })
        };
        let in_order: Vec<Event> = events.iter().enumerate().map(reading).collect();
        let mut shuffled = in_order.clone();
        let mut state = seed;
        for index in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(index, usize::try_from(state >> 33).unwrap() % (index + 1));
        }
        prop_assert_eq!(mac(&in_order).state, mac(&shuffled).state);

    }
}
