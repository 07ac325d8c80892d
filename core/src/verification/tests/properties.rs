//! Over random histories: what may never happen, does not.

use proptest::{prelude::*, sample::Index};

use super::*;

/// Something that happens to a device; keys are named by what is there when it happens.
#[derive(Clone, Debug)]
enum Happening {
    Receive { place: u8, plaintext: bool, quarantined: bool },
    Change { key: Index, change: u8, failure: Index },
    Retire { key: Index, replacement: Index },
    Reinstall,
    Forget,
    Sight,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..3_u8, any::<bool>(), prop::bool::weighted(0.1))
            .prop_map(|(place, plaintext, quarantined)| Happening::Receive { place, plaintext, quarantined }),
        12 => (any::<Index>(), 0..14_u8, any::<Index>())
            .prop_map(|(key, change, failure)| Happening::Change { key, change, failure }),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(key, replacement)| Happening::Retire { key, replacement }),
        1 => Just(Happening::Reinstall),
        1 => Just(Happening::Forget),
        1 => Just(Happening::Sight),
    ]
}

fn place(number: u8) -> Place {
    match number {
        0 => filevault(),
        1 => bitlocker("C:", "{1}"),
        _ => bitlocker("C:", "{2}"),
    }
}

fn change_of(key: &KeyFacts, number: u8, failure: &Index, now: Timestamp) -> KeyChange {
    let newest = key.envelopes().last().unwrap().digest;
    let opening =
        |header| KeyChange::Opened(Opening { header, ..Opening::new(newest, identity(), Binding::None, now) });
    match number {
        0 | 1 => opening(HeaderProof::NotTried),
        2 => opening(HeaderProof::ProtectorOpens),
        3 => opening(HeaderProof::VolumeKeyUnwrapped),
        4 => opening(HeaderProof::Refused),
        5 => opening(HeaderProof::Unverifiable(Word::new("no_header").unwrap())),
        6 | 7 => KeyChange::NotOpened {
            tried: key.envelopes().iter().map(|envelope| envelope.digest).collect(),
            failure: failure.get(Failure::ALL).clone(),
            keyring: None,
            at: now,
        },
        8 => KeyChange::NotOpened { tried: Vec::new(), failure: Failure::DidNotOpen, keyring: None, at: now },
        9 => KeyChange::Attested { opens: true, at: now },
        10 => KeyChange::Attested { opens: false, at: now },
        11 => KeyChange::EnvelopeAdded { digest: Digest::of(now.to_string().as_bytes()), at: now },
        12 => KeyChange::EnvelopeRetired { digest: key.envelopes().first().unwrap().digest },
        _ if key.quarantine().is_some() => KeyChange::QuarantineAccepted,
        _ => KeyChange::Exposed { certificate: identity(), at: now },
    }
}

/// The event, and the index of the key whose row it changes.
fn event_of(device: &Device, happening: &Happening, now: Timestamp) -> Option<(Event, Option<usize>)> {
    let count = device.keys.len();
    Some(match happening {
        Happening::Receive { place: number, plaintext, quarantined } => {
            let id = KeyId::from_bytes([u8::try_from(count).unwrap(); 16]);
            let origin = if *plaintext { Origin::Plaintext } else { Origin::Sealed };
            let envelope = envelope(u8::try_from(count).unwrap());
            let new = NewKey { quarantined: *quarantined, ..NewKey::new(id, place(*number), origin, envelope, now) };
            (Event::KeyReceived { key: Box::new(device.state.receive(new)) }, None)
        }
        Happening::Change { .. } | Happening::Retire { .. } if count == 0 => return None,
        Happening::Change { key, change, failure } => {
            let index = key.index(count);
            let key = device.keys[index].clone();
            let change = change_of(&key, *change, failure, now);
            (Event::KeyChanged { key: Box::new(key), change }, Some(index))
        }
        Happening::Retire { key, replacement } => {
            let index = key.index(count);
            let [key, replacement] =
                [index, replacement.index(count)].map(|index| Box::new(device.keys[index].clone()));
            (Event::KeyRetired { key, replacement, at: now }, Some(index))
        }
        Happening::Reinstall => (Event::InstallationChanged { number: device.state.installation() + 1, at: now }, None),
        Happening::Forget => (Event::DeviceForgotten { at: now }, None),
        Happening::Sight => (Event::KeySighted, None),
    })
}

/// Applies it to state and row, or to neither.
fn happen(device: &mut Device, event: &Event, index: Option<usize>) -> Result<(), Rejected> {
    let state = device.state.clone().apply(event)?;
    match event {
        Event::KeyReceived { key } => device.keys.push(key.as_ref().clone()),
        Event::KeyChanged { key, change } => device.keys[index.unwrap()] = key.after(change).unwrap(),
        Event::KeyRetired { key, replacement, at } => {
            device.keys[index.unwrap()] = key.retire(replacement, *at).unwrap()
        }
        _ => {}
    }
    device.state = state;
    Ok(())
}

fn in_use<'a>(device: &'a Device, place: &'a Place) -> impl Iterator<Item = &'a KeyFacts> {
    let present = device.state.installation();
    device.keys.iter().filter(move |key| {
        key.place() == place && key.installation() == present && !key.is_apart() && key.retired().is_none()
    })
}

fn works(key: &KeyFacts) -> bool {
    key.last_success().is_some()
}

fn check_state(device: &Device) -> Result<(), TestCaseError> {
    for number in 0..3 {
        let place = place(number);
        let state = device.state.places().iter().find(|state| *state.place() == place);
        // The state repeats rows, and invents nothing.
        for kept in state.into_iter().flat_map(|state| [state.newest(), state.proven(), state.earlier()]).flatten() {
            prop_assert!(device.keys.contains(kept));
        }
        let kept = |key: Option<&KeyFacts>| key.map(KeyFacts::id);
        if !device.keys.iter().any(|key| key.retired().is_some()) {
            let newest = in_use(device, &place).max_by_key(|key| key.order());
            prop_assert_eq!(kept(state.and_then(PlaceState::newest)), kept(newest));
        }
        // Nothing that works is missing from a place where something does.
        let proven = state.and_then(PlaceState::proven);
        if in_use(device, &place).any(works) && !device.keys.iter().any(|key| key.retired().is_some()) {
            prop_assert!(proven.is_some_and(works));
        }
        // While nothing was taken back, the proven one is the best of all rows.
        let taken_back =
            |key: &KeyFacts| key.refused().is_some() || key.denied_by_device().is_some() || key.retired().is_some();
        if !device.keys.iter().any(taken_back) {
            let best = in_use(device, &place)
                .filter(|key| key.reached(true).is_some())
                .max_by_key(|key| (key.reached(true), key.order()));
            prop_assert_eq!(kept(proven), kept(best));
        }
    }
    Ok(())
}

fn check_rows(before: &Device, after: &Device) -> Result<(), TestCaseError> {
    prop_assert!(after.keys.len() >= before.keys.len(), "keys are only ever added");
    for (old, new) in before.keys.iter().zip(&after.keys) {
        prop_assert_eq!((old.id(), old.order(), old.installation()), (new.id(), new.order(), new.installation()));
        prop_assert!(old.last_success().is_none() || new.last_success().is_some(), "a success is never erased");
        let level = |key: &KeyFacts| key.unlocked().map(|unlocked| unlocked.level);
        prop_assert!(level(old) <= level(new));
        prop_assert!(old.attested_by_device().is_none() || new.attested_by_device().is_some());
        prop_assert!(!new.envelopes().is_empty(), "a key keeps an envelope");
    }
    // Promise 2: as long as any key ever worked, one is handed out, and one that works.
    for number in 0..3 {
        let place = place(number);
        let of_place =
            |device: &Device| device.keys.iter().filter(|key| *key.place() == place).cloned().collect::<Vec<_>>();
        let rows = of_place(after);
        let sorted = candidates(&rows, after.state.installation());
        prop_assert_eq!(sorted.chosen.is_some_and(works), rows.iter().any(|key| works(key) && !key.is_apart()));
        prop_assert_eq!(sorted.all.len(), rows.len(), "and every other one is named");
        // A retired key always has one that works behind it, in use or retired for another one.
        for key in rows.iter().filter(|key| key.retired().is_some()) {
            let replacement = key.retired().unwrap().replacement;
            prop_assert!(after.keys.iter().any(|other| other.id() == replacement && works(other)));
        }
    }
    Ok(())
}

fn check_assessment(device: &Device, now: Timestamp) -> Result<(), TestCaseError> {
    for required in [true, false] {
        for level in Level::ALL {
            let mut rules = EscrowRules { required, ..rules() };
            rules.levels.extend(Kind::ALL.iter().map(|kind| (*kind, *level)));
            let assessment = assess(&device.state, &rules.clone().into(), now);
            prop_assert!(
                assessment.status.is_final() || assessment.wake_at.is_some() || !assessment.awaits.is_empty(),
                "it would hang silently: {:?}",
                assessment
            );
            prop_assert!(assessment.wake_at.is_none_or(|wake| wake > now));
            prop_assert!(assessment.status == Status::Verified || !assessment.reasons.is_empty());
            prop_assert_eq!(
                &assessment,
                &assess(&device.state, &rules.clone().into(), now),
                "the same inputs, the same answer"
            );
            if assessment.status == Status::Verified && *level > Level::WellFormed {
                let newest = device.state.places().iter().filter_map(PlaceState::newest);
                prop_assert!(newest.clone().count() > 0 && newest.clone().all(works), "verified is never overstated");
                prop_assert!(
                    newest.into_iter().all(|key| key.reached(true).is_some_and(|reached| reached.level >= *level))
                );
            }
            // At the time that it names, the judgement is another one, or names a later time.
            if let Some(wake) = assessment.wake_at {
                prop_assert_ne!(assess(&device.state, &rules.clone().into(), wake), assessment);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_loses_a_key_that_works(happenings in prop::collection::vec((happening(), 0..400_i64), 1..60)) {
        let mut device = Device::new();
        let mut now = 0;
        for (happening, seconds) in &happenings {
            now += seconds;
            let Some((event, index)) = event_of(&device, happening, at(now)) else { continue };
            let before = device.clone();
            match happen(&mut device, &event, index) {
                Ok(()) => {
                    // The event was about the facts of before, and is stale for whoever comes second.
                    let about_a_key = matches!(event, Event::KeyReceived { .. } | Event::InstallationChanged { .. });
                    prop_assert!(!about_a_key || device.state.clone().apply(&event) == Err(Rejected::Stale));
                }
                Err(_) => {
                    prop_assert_eq!(&device.state, &before.state);
                    prop_assert_eq!(&device.keys, &before.keys);
                }
            }
            check_state(&device)?;
            check_rows(&before, &device)?;
        }
        check_assessment(&device, at(now))?;
        let json = serde_json::to_string(&device.state).unwrap();
        prop_assert_eq!(&serde_json::from_str::<State>(&json).unwrap(), &device.state);
    }

    /// Checks of several keys may come in any order: the outcome is the same.
    #[test]
    fn the_order_of_checks_does_not_matter(
        headers in prop::collection::vec(0..6_u8, 1..6),
        shuffled in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let check = |order: &[usize]| {
            let mut device = Device::new();
            for number in 0..headers.len() {
                device.receive(u8::try_from(number).unwrap(), filevault(), 1);
            }
            for number in order.iter().copied().filter(|number| *number < headers.len()) {
                let number = u8::try_from(number).unwrap();
                let header = match headers[usize::from(number)] {
                    0 => continue,
                    1 => HeaderProof::ProtectorOpens,
                    2 => HeaderProof::VolumeKeyUnwrapped,
                    3 => HeaderProof::Unverifiable(Word::new("no_header").unwrap()),
                    _ => HeaderProof::NotTried,
                };
                device.change(number, opened_with(number, header, 2)).unwrap();
            }
            device.state
        };
        prop_assert_eq!(check(&[0, 1, 2, 3, 4, 5]), check(&shuffled));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A state that nobody could have made by events: a hostile database. Nothing panics and all is answered.
    #[test]
    fn a_state_from_nowhere_is_judged_all_the_same(
        received in prop_oneof![any::<u64>(), Just(u64::MAX)],
        installation in prop_oneof![any::<u32>(), Just(u32::MAX)],
        quarantined in prop_oneof![any::<u32>(), Just(0), Just(u32::MAX)],
        order in any::<u64>(),
        seconds in prop_oneof![any::<i64>(), Just(0)],
        repeat in 0..3_usize,
    ) {
        let mut device = Device::new();
        device.receive(1, filevault(), 1);
        device.change(1, opened(1, 2)).unwrap();
        let mut document = serde_json::to_value(&device.state).unwrap();
        document["received"] = received.into();
        document["installation"] = installation.into();
        document["quarantined"] = quarantined.into();
        document["places"][0]["keys"][0]["order"] = order.into();
        let place = document["places"][0].clone();
        document["places"].as_array_mut().unwrap().extend(std::iter::repeat_n(place, repeat));
        let mut hostile = Device { state: serde_json::from_value(document).unwrap(), keys: device.keys };
        let now = at(0).saturating_add(seconds);
        check_assessment_is_total(&hostile, now);
        for happening in [
            Happening::Receive { place: 0, plaintext: true, quarantined: true },
            Happening::Receive { place: 1, plaintext: false, quarantined: false },
            Happening::Forget,
            Happening::Sight,
        ] {
            let (event, index) = event_of(&hostile, &happening, now).unwrap();
            let _ = happen(&mut hostile, &event, index);
            check_assessment_is_total(&hostile, now);
        }
        let reinstall = Event::InstallationChanged { number: installation.saturating_add(1), at: now };
        prop_assert_eq!(hostile.state.apply(&reinstall).is_ok(), installation < u32::MAX);
    }
}

fn check_assessment_is_total(device: &Device, now: Timestamp) {
    for rules in [rules(), EscrowRules::default(), EscrowRules { reverify_after: u32::MAX, ..rules() }] {
        let _ = assess(&device.state, &rules.clone().into(), now);
        let _ = assess(&device.state, &rules.clone().into(), Timestamp::MIN);
        let _ = assess(&device.state, &rules.clone().into(), Timestamp::MAX);
    }
}
