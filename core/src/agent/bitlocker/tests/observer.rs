use super::*;

/// A volume with a TPM and a recovery password called "ours"; `fails` says which call, by its number, fails.
fn look(fails: Option<usize>, again: &[&str]) -> (Observation, Vec<&'static str>) {
    let mut observer = Observer::new(Machine::unknown(), at(5));
    let mut names = Vec::new();
    let mut lists = 0;
    while let Some(call) = observer.next() {
        names.push(call.method().name);
        let texts = |texts: &[&str]| Answer::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
        let answer = match &call {
            Call::GetKeyProtectors => {
                lists += 1;
                texts(if lists == 1 { &["{A}", "{B}"] } else { again })
            }
            Call::GetKeyProtectorType { protector } => Answer::Number(if *protector == id("A") { 1 } else { 3 }),
            Call::GetKeyProtectorFriendlyName { .. } => Answer::Text("ours".to_owned()),
            Call::GetConversionStatus | Call::GetProtectionStatus => Answer::Number(1),
            Call::GetEncryptionMethod => Answer::Number(7),
            _ => Answer::Number(0),
        };
        let failed = fails == Some(names.len() - 1);
        observer.answer(if failed { Err(Hresult::new(0x8007_045D)) } else { Ok(answer) });
    }
    observer.answer(Ok(Answer::Number(1)));
    (observer.finish(), names)
}

#[test]
fn a_volume_is_read_whole() {
    let (seen, names) = look(None, &["{B}", "{A}"]);
    assert_eq!(names.first(), Some(&"GetKeyProtectors"));
    assert_eq!(names.last(), Some(&"GetKeyProtectors"));
    assert_eq!(names.len(), 10);
    let mut password = protector("B", PASSWORD);
    password.name = Name::Is("ours".to_owned());
    assert_eq!(seen.protectors, Some(vec![protector("A", TPM), password]));
    assert_eq!((seen.lock, seen.suspend_count), (Some(LockStatus::Unlocked), Some(0)));
    assert_eq!(seen.conversion, Some(Conversion::FullyEncrypted));
    assert_eq!(seen.protection, Some(ProtectionStatus::On));
    assert_eq!(seen.encryption_method, Some(EncryptionMethod::XtsAes256));
    let written = serde_json::to_string(&seen).unwrap();
    assert_eq!(serde_json::from_str::<Observation>(&written).unwrap(), seen);
}

#[test]
fn each_reading_that_fails_is_missing_and_the_others_are_there() {
    let (whole, names) = look(None, &["{A}", "{B}"]);
    for (index, name) in names.iter().enumerate() {
        let (seen, _) = look(Some(index), &["{A}", "{B}"]);
        let missing = [
            seen.lock.is_none(),
            seen.conversion.is_none(),
            seen.protection.is_none(),
            seen.encryption_method.is_none(),
            seen.suspend_count.is_none(),
            seen.protectors != whole.protectors,
        ];
        assert_eq!(missing.iter().filter(|missing| **missing).count(), 1, "{name}");
        // Without its name a password is a password; without its type the list is not whole.
        let named = seen.protectors.as_ref().is_some_and(|protectors| protectors[1].name == Name::Unread);
        assert_eq!(named, *name == "GetKeyProtectorFriendlyName");
    }
}

#[test]
fn a_list_that_changed_while_it_was_read_is_no_list() {
    for again in [&["{A}"][..], &["{A}", "{B}", "{C}"], &["{A}", "{C}"], &["{A}", "{A}"], &[], &["{A}", ""]] {
        let (seen, _) = look(None, again);
        assert_eq!(seen.protectors, None, "{again:?}");
    }
}

#[test]
fn an_answer_of_another_shape_or_with_an_unknown_number_is_a_missing_reading() {
    let mut observer = Observer::new(Machine::unknown(), at(0));
    while let Some(call) = observer.next() {
        let answer = match call {
            Call::GetKeyProtectors => Answer::Text("{A}".to_owned()),
            _ => Answer::Number(99),
        };
        observer.answer(Ok(answer));
    }
    let mut expected = Observation::new(Machine::unknown(), at(0));
    expected.suspend_count = Some(99);
    assert_eq!(observer.finish(), expected);
}

#[test]
fn the_server_is_told_what_was_seen_and_nothing_else() {
    let unknown = Protector::new(id("X"), None);
    let reading = encrypted(&[protector("T", TPM), unknown]).reading(None);
    assert_eq!((reading.encrypted, reading.protected), (Reading::Yes, Reading::Yes));
    let snapshot = reading.protectors.unwrap();
    assert!(snapshot.complete);
    let kinds: Vec<ProtectorKind> = snapshot.protectors.iter().map(|protector| protector.kind).collect();
    assert_eq!(kinds, [TPM, ProtectorKind::Unknown]);
    let nothing = Observation::new(Machine::unknown(), at(0)).reading(None);
    assert_eq!((nothing.encrypted, nothing.protected), (Reading::Unknown, Reading::Unknown));
    assert_eq!(nothing.protectors, None);
}

#[test]
fn what_starts_windows_is_told_by_types_alone() {
    let of = |kinds: &[Option<ProtectorKind>]| {
        let protectors: Vec<Protector> = kinds.iter().map(|kind| Protector::new(id("A"), *kind)).collect();
        BootProtector::of(&protectors)
    };
    assert_eq!(of(&[]), BootProtector::Absent);
    for kind in ProtectorKind::ALL {
        let expected = match kind.number() {
            0 => BootProtector::Unclear,
            3 | 7 | 10 => BootProtector::Absent,
            _ => BootProtector::Present,
        };
        assert_eq!(of(&[Some(*kind)]), expected, "{kind:?}");
    }
    assert_eq!(of(&[Some(TPM), None]), BootProtector::Unclear);
    assert_eq!(of(&[None, Some(TPM)]), BootProtector::Unclear);
}
