use super::*;
use crate::{
    envelope::{
        Certificate, Envelope, Keyring, NewCertificate, OpenOptions, Owner, Suite, identity::software_identity,
    },
    key::RecoveryKey,
    random::{Randomness, RandomnessError},
    secret::Secret,
};

use Conversion::{
    DecryptionInProgress, DecryptionPaused, EncryptionInProgress, EncryptionPaused, FullyDecrypted, FullyEncrypted,
};
use ProtectionStatus::{Off, On};

fn call(step: Option<Step>) -> Call {
    match step {
        Some(Step::Call(call)) => call,
        other => panic!("{other:?} calls nothing"),
    }
}

fn add() -> Call {
    Call::ProtectKeyWithNumericalPassword { friendly_name: "fdescrow goal".to_owned() }
}

#[test]
fn without_a_goal_nothing_is_said() {
    let planner = Planner::new(organization(), DeviceId::new("PC-17").unwrap(), None, Rules::default());
    assert_eq!(planner.next(&encrypted(&[])), None);
    assert_eq!(planner.goal(), None);
}

#[test]
fn a_decrypted_disk_is_prepared_escrowed_and_only_then_encrypted() {
    let mut planner = planner(Aim::Protect, Rules::default());
    let (tpm, password) = (protector("T", TPM), own("A"));
    let (was, step) = next(&mut planner, &decrypted(&[]));
    assert_eq!((was, call(step.clone())), (Situation::Unprepared, Call::PrepareVolume));
    // Windows says of a volume that was prepared before that it is not decrypted.
    let misreported = Outcome::Failed(Some(Hresult::new(0x8031_0039)));
    planner.report(&step.unwrap(), misreported, at(0)).unwrap();

    let (was, step) = next(&mut planner, &decrypted(&[]));
    assert_eq!((was, call(step.clone())), (Situation::NoRecoveryPassword, add()));
    planner.report(&step.unwrap(), Outcome::Done(Some(id("A"))), at(0)).unwrap();

    let only = decrypted(std::slice::from_ref(&password));
    let (was, step) = next(&mut planner, &only);
    assert_eq!(was, Situation::PasswordNotEscrowed);
    let step = step.unwrap();
    assert_eq!(step.read(), Some(Call::GetKeyProtectorNumericalPassword { protector: id("A") }));
    planner.report(&step, Outcome::Spooled(digest("A")), at(0)).unwrap();

    let (was, step) = next(&mut planner, &only);
    assert_eq!((was, call(step)), (Situation::NoBootProtector, Call::ProtectKeyWithTPM));

    let ready = decrypted(&[tpm.clone(), password.clone()]);
    assert_eq!(next(&mut planner, &ready), (Situation::ReceiptAwaited, None));
    stored(&mut planner, "A");
    let (was, step) = next(&mut planner, &ready);
    let encrypt = Call::Encrypt {
        encryption_method: EncryptionMethod::XtsAes256,
        encryption_type: EncryptionType::UsedSpaceOnly,
    };
    assert_eq!((was, call(step)), (Situation::ReadyToEncrypt, encrypt));
    let both = [tpm, password];
    assert_eq!(situation(&mut planner, &seen(EncryptionInProgress, Off, &both)), Situation::Encrypting);
    assert_eq!(situation(&mut planner, &encrypted(&both)), Situation::Done);
}

#[test]
fn encryption_begins_when_the_rules_say_so() {
    for (before, spooled_enough, stored_enough) in
        [(Before::Spooled, true, true), (Before::Stored, false, true), (Before::Verified, false, false)]
    {
        let rules = Rules { before_encryption: before, ..Rules::default() };
        let mut planner = planner(Aim::Protect, rules);
        let protectors = [protector("T", TPM), own("A")];
        // Windows waits for activation, encryption was paused, or it did not begin: the same rule.
        let looks =
            [decrypted(&protectors), seen(EncryptionPaused, Off, &protectors), seen(FullyEncrypted, Off, &protectors)];
        let goes_on = |planner: &mut Planner, enough: bool| {
            for look in &looks {
                assert_eq!(situation(planner, look) != Situation::ReceiptAwaited, enough, "{before:?}");
            }
        };
        spooled(&mut planner, "A");
        goes_on(&mut planner, spooled_enough);
        stored(&mut planner, "A");
        goes_on(&mut planner, stored_enough);
        verified(&mut planner, "A");
        goes_on(&mut planner, true);
    }
}

#[test]
fn group_policy_goes_before_the_rules_and_is_not_contradicted() {
    let mut planner = planner(Aim::Protect, Rules::default());
    stored(&mut planner, "A");
    let mut look = decrypted(&[protector("T", TPM), own("A")]);
    look.machine.registry = None;
    assert_eq!(situation(&mut planner, &look), Situation::RegistryUnknown);
    let mut registry = Registry { os_encryption_type: Some(1), encryption_method_with_xts_os: Some(7) };
    look.machine.registry = Some(registry.clone());
    let (_, step) = next(&mut planner, &look);
    assert!(matches!(call(step), Call::Encrypt { encryption_type: EncryptionType::Full, .. }));
    registry.os_encryption_type = Some(2);
    assert_eq!(registry.encryption_type(), Some(EncryptionType::UsedSpaceOnly));
    registry.encryption_method_with_xts_os = Some(6);
    look.machine.registry = Some(registry);
    assert_eq!(next(&mut planner, &look), (Situation::MethodConflict, None));
}

#[test]
fn a_disk_that_cannot_be_protected_is_left_as_it_is() {
    let mut planner = planner(Aim::Protect, Rules::default());
    let plain = decrypted(&[]);
    let changed = |change: fn(&mut Observation)| {
        let mut look = plain.clone();
        change(&mut look);
        look
    };
    for (look, expected) in [
        (changed(|look| look.machine.server = Reading::Yes), Situation::ServerEdition),
        (changed(|look| look.machine.server = Reading::Unknown), Situation::EditionUnknown),
        (changed(|look| look.lock = Some(LockStatus::Locked)), Situation::Locked),
        (changed(|look| look.lock = None), Situation::Unreadable),
        (changed(|look| look.conversion = None), Situation::Unreadable),
        (changed(|look| look.protectors = None), Situation::Unreadable),
        (changed(|look| look.machine.system_volume = Reading::No), Situation::NotSystemVolume),
        (changed(|look| look.machine.system_volume = Reading::Unknown), Situation::SystemVolumeUnknown),
        (changed(|look| look.machine.tpm = Reading::No), Situation::NoTpm),
        (changed(|look| look.machine.tpm = Reading::Unknown), Situation::TpmUnknown),
        (changed(|look| look.conversion = Some(DecryptionInProgress)), Situation::Decrypting),
        (changed(|look| look.conversion = Some(DecryptionPaused)), Situation::Decrypting),
    ] {
        assert_eq!(next(&mut planner, &look), (expected, None));
    }
    planner.set_rules(Rules { servers: true, ..Rules::default() });
    let server = changed(|look| look.machine.server = Reading::Yes);
    assert_eq!(situation(&mut planner, &server), Situation::Unprepared);
}

#[test]
fn a_boot_protector_is_added_only_where_there_is_none() {
    let mut planner = planner(Aim::Protect, Rules::default());
    stored(&mut planner, "A");
    stored(&mut planner, "X");
    for kind in ProtectorKind::ALL {
        let expected = match kind.number() {
            0 => Situation::BootProtectorUnclear,
            3 | 7 | 10 => Situation::NoBootProtector,
            _ => Situation::Done,
        };
        assert_eq!(situation(&mut planner, &encrypted(&[own("A"), protector("X", *kind)])), expected, "{kind:?}");
    }
    let mut none = encrypted(&[own("A")]);
    none.machine.tpm = Reading::Unknown;
    assert_eq!(situation(&mut planner, &none), Situation::TpmUnreadable);
    none.machine.tpm = Reading::No;
    assert_eq!(situation(&mut planner, &none), Situation::TpmMissing);
    for (boot, expected) in [
        (Boot::TpmAndPin, Some(Call::ProtectKeyWithTPMAndPIN)),
        (Boot::TpmAndStartupKey, None),
        (Boot::TpmAndPinAndStartupKey, None),
    ] {
        planner.set_rules(Rules { boot, ..Rules::default() });
        let (was, step) = next(&mut planner, &encrypted(&[own("A")]));
        assert_eq!(step, expected.clone().map(Step::Call));
        assert_eq!(was == Situation::StartupKeyNeeded, expected.is_none());
    }
}

#[test]
fn what_differs_from_the_rules_and_stays_is_remarked() {
    let mut planner = planner(Aim::Protect, Rules::default());
    stored(&mut planner, "A");
    let mut look = encrypted(&[protector("P", ProtectorKind::TpmAndPin), own("A")]);
    look.encryption_method = Some(EncryptionMethod::Aes128);
    let (_, _) = next(&mut planner, &look);
    let done = planner.next(&look).unwrap();
    assert_eq!(done.situation, Situation::Done);
    assert_eq!(
        done.remarks,
        [Remark::WeakerMethod(EncryptionMethod::Aes128), Remark::OtherBootProtector(ProtectorKind::TpmAndPin)]
    );
    planner.set_rules(Rules { boot: Boot::TpmAndPin, ..Rules::default() });
    for method in EncryptionMethod::ALL {
        look.encryption_method = Some(*method);
        let weaker = *method != EncryptionMethod::XtsAes256;
        assert_eq!(planner.next(&look).unwrap().remarks.is_empty(), !weaker, "{method:?}");
    }
    look.encryption_method = None;
    assert_eq!(planner.next(&look).unwrap().remarks, []);
    look.conversion = Some(FullyDecrypted);
    look.encryption_method = Some(EncryptionMethod::None);
    assert_eq!(planner.next(&look).unwrap().remarks, []);
}

#[test]
fn what_waits_for_activation_gets_a_password_a_boot_protector_and_protection() {
    let mut planner = planner(Aim::Protect, Rules::default());
    let (was, step) = next(&mut planner, &seen(FullyEncrypted, Off, &[]));
    assert_eq!((was, call(step)), (Situation::WaitingForActivation, add()));
    stored(&mut planner, "A");
    assert_eq!(situation(&mut planner, &seen(FullyEncrypted, Off, &[own("A")])), Situation::NoBootProtector);
    let (was, step) = next(&mut planner, &seen(FullyEncrypted, Off, &[own("A"), protector("T", TPM)]));
    assert_eq!((was, call(step)), (Situation::ProtectionOff, Call::EnableKeyProtectors));
}

#[test]
fn suspended_protection_is_restored_when_a_password_is_known_and_windows_does_not_do_it() {
    let mut planner = planner(Aim::RestoreProtection, Rules::default());
    let both = [protector("T", TPM), protector("A", PASSWORD)];
    let off = seen(FullyEncrypted, Off, &both);
    assert_eq!(situation(&mut planner, &off), Situation::PasswordNotEscrowed);
    assert_eq!(situation(&mut planner, &seen(FullyEncrypted, Off, &both[..1])), Situation::NoRecoveryPassword);
    // That the spool has it is enough: a disk in clear does not wait for the server.
    spooled(&mut planner, "A");
    let (was, step) = next(&mut planner, &off);
    assert_eq!((was, call(step)), (Situation::ProtectionOff, Call::EnableKeyProtectors));
    let changed = |change: fn(&mut Observation)| {
        let mut look = off.clone();
        change(&mut look);
        look
    };
    for (look, expected) in [
        (changed(|look| look.suspend_count = None), Situation::SuspendCountUnknown),
        (changed(|look| look.suspend_count = Some(2)), Situation::SuspendedForRestarts),
        (changed(|look| look.protection = None), Situation::ProtectionUnknown),
        (changed(|look| look.protection = Some(ProtectionStatus::Unknown)), Situation::ProtectionUnknown),
        (changed(|look| look.machine.system_volume = Reading::Unknown), Situation::SystemVolumeUnknown),
        (changed(|look| look.conversion = Some(EncryptionInProgress)), Situation::Encrypting),
        (changed(|look| look.conversion = Some(EncryptionPaused)), Situation::NotFullyEncrypted),
        (changed(|look| look.conversion = Some(FullyDecrypted)), Situation::NotEncrypted),
        (changed(|look| look.protectors = Some(vec![protector("A", PASSWORD)])), Situation::BootProtectorMissing),
        (changed(|look| look.protection = Some(On)), Situation::Done),
    ] {
        assert_eq!(next(&mut planner, &look), (expected, None));
    }
    // A data volume starts nothing.
    let mut data = seen(FullyEncrypted, Off, &both[1..]);
    data.machine.system_volume = Reading::No;
    assert_eq!(situation(&mut planner, &data), Situation::ProtectionOff);
}

#[test]
fn paused_encryption_goes_on_and_is_done_when_the_server_has_the_password() {
    let mut planner = planner(Aim::Protect, Rules { before_encryption: Before::Spooled, ..Rules::default() });
    let both = [protector("T", TPM), own("A")];
    spooled(&mut planner, "A");
    let (was, step) = next(&mut planner, &seen(EncryptionPaused, Off, &both));
    assert_eq!((was, call(step)), (Situation::PausedEncryption, Call::ResumeConversion));
    assert_eq!(situation(&mut planner, &encrypted(&both)), Situation::NotStoredYet);
    stored(&mut planner, "A");
    assert_eq!(situation(&mut planner, &encrypted(&both)), Situation::Done);
}

#[test]
fn a_disk_that_is_encrypted_is_adopted_with_every_password_that_it_has() {
    let mut planner = planner(Aim::Adopt, Rules::default());
    let all = [protector("T", TPM), protector("A", PASSWORD), protector("B", PASSWORD)];
    for name in ["A", "B"] {
        let (was, step) = next(&mut planner, &encrypted(&all));
        assert_eq!(was, Situation::PasswordNotEscrowed);
        planner.report(&step.unwrap(), Outcome::Spooled(digest(name)), at(0)).unwrap();
    }
    verified(&mut planner, "A");
    assert_eq!(situation(&mut planner, &encrypted(&all)), Situation::NotVerifiedYet);
    verified(&mut planner, "B");
    assert_eq!(situation(&mut planner, &encrypted(&all)), Situation::Done);
    assert_eq!(situation(&mut planner, &encrypted(&all[..1])), Situation::NoRecoveryPassword);
    assert_eq!(situation(&mut planner, &decrypted(&[])), Situation::NotEncrypted);
}

#[test]
fn a_rotation_adds_proves_and_only_then_removes_what_it_names() {
    let mut planner = planner(rotate(&["A", "T", "gone"]), Rules::default());
    let (tpm, old, foreign) = (protector("T", TPM), protector("A", PASSWORD), protector("F", PASSWORD));
    verified(&mut planner, "A");
    verified(&mut planner, "F");
    let before = encrypted(&[tpm.clone(), old.clone(), foreign.clone()]);
    let (was, step) = next(&mut planner, &before);
    assert_eq!((was, call(step.clone())), (Situation::NoNewPassword, add()));
    planner.report(&step.unwrap(), Outcome::Done(Some(id("N"))), at(0)).unwrap();

    let mut with_new = encrypted(&[tpm.clone(), old, foreign.clone(), own("N")]);
    let (was, step) = next(&mut planner, &with_new);
    assert_eq!(was, Situation::PasswordNotEscrowed);
    planner.report(&step.unwrap(), Outcome::Spooled(digest("N")), at(0)).unwrap();
    stored(&mut planner, "N");
    assert_eq!(next(&mut planner, &with_new), (Situation::NotVerified, None));
    verified(&mut planner, "N");
    for protection in [None, Some(Off), Some(ProtectionStatus::Unknown)] {
        with_new.protection = protection;
        assert_eq!(next(&mut planner, &with_new), (Situation::OldPasswordUnproven, None));
    }
    with_new.protection = Some(On);
    let (was, step) = next(&mut planner, &with_new);
    let step = step.unwrap();
    assert_eq!((was, &step), (Situation::OldPassword, &Step::Call(Call::DeleteKeyProtector { protector: id("A") })));
    planner.report(&step, Outcome::Done(None), at(0)).unwrap();
    assert_eq!(planner.escrowed(&id("A")), None);
    // The TPM was named too, and is no recovery password.
    assert_eq!(situation(&mut planner, &encrypted(&[tpm, foreign, own("N")])), Situation::Done);
    assert_eq!(situation(&mut planner, &decrypted(&[])), Situation::NotEncrypted);
}

#[test]
fn a_password_whose_answer_was_lost_is_known_by_its_name() {
    let mut planner = planner(rotate(&["A"]), Rules::default());
    verified(&mut planner, "A");
    let (_, step) = next(&mut planner, &encrypted(&[protector("T", TPM), protector("A", PASSWORD)]));
    planner.report(&step.unwrap(), Outcome::Failed(Some(Hresult::new(0x8007_045D))), at(0)).unwrap();
    let all = [protector("T", TPM), protector("A", PASSWORD), own("N")];
    verified(&mut planner, "N");
    assert_eq!(situation(&mut planner, &encrypted(&all)), Situation::OldPassword);
    // One that the server wants replaced is not the new one, whatever it is called.
    let mut misnamed = own("A");
    misnamed.name = Name::Is("fdescrow goal".to_owned());
    let held = planner.next(&encrypted(&[protector("T", TPM), misnamed])).unwrap();
    assert_eq!((held.situation, held.step), (Situation::NoNewPassword, None));
    // One whose name cannot be read may be ours.
    let mut unread = own("N2");
    unread.name = Name::Unread;
    verified(&mut planner, "N2");
    assert_eq!(situation(&mut planner, &encrypted(&[protector("T", TPM), unread])), Situation::NameUnknown);
}

#[test]
fn what_is_replaced_may_be_named_in_another_spelling() {
    let named = "00112233-4455-6677-8899-aabbccddeeff";
    let old = named.to_ascii_uppercase();
    let mut planner = planner(Aim::Rotate { replace: [ProtectorId::new(named).unwrap()].into() }, Rules::default());
    verified(&mut planner, &old);
    verified(&mut planner, "N");
    let look = encrypted(&[protector("T", TPM), protector(&old, PASSWORD), own("N")]);
    let (was, step) = next(&mut planner, &look);
    // Windows is called by its own spelling.
    assert_eq!((was, call(step)), (Situation::OldPassword, Call::DeleteKeyProtector { protector: id(&old) }));
}

#[test]
fn no_more_passwords_are_made_than_the_rules_allow() {
    let mut planner = planner(Aim::Adopt, Rules::default());
    let look = encrypted(&[protector("T", TPM)]);
    for name in ["A", "B", "C"] {
        let (was, step) = next(&mut planner, &look);
        assert_eq!(was, Situation::NoRecoveryPassword);
        planner.report(&step.unwrap(), Outcome::Done(Some(id(name))), at(0)).unwrap();
    }
    assert_eq!(next(&mut planner, &look), (Situation::TooManyPasswords, None));
    // The same goal again changes nothing; another one begins afresh.
    planner.pursue(Goal::new(Word::new("goal").unwrap(), Aim::Adopt));
    assert_eq!(situation(&mut planner, &look), Situation::TooManyPasswords);
    planner.pursue(Goal::new(Word::new("again").unwrap(), Aim::Adopt));
    assert_eq!(situation(&mut planner, &look), Situation::NoRecoveryPassword);
    assert_eq!(planner.goal().unwrap().id.as_str(), "again");
}

#[test]
fn a_step_that_failed_is_held_and_the_others_go_on() {
    let mut planner = planner(Aim::Protect, Rules::default());
    let mut look = encrypted(&[own("A"), protector("B", PASSWORD)]);
    let (_, step) = next(&mut planner, &look);
    let locked = Outcome::Failed(Some(Hresult::new(0x8031_0000)));
    planner.report(&step.unwrap(), locked.clone(), at(0)).unwrap();
    let (was, step) = next(&mut planner, &look);
    assert_eq!(step, Some(Step::Escrow { protector: id("B"), request: Word::new("goal").unwrap() }));
    planner.report(&step.unwrap(), locked, at(0)).unwrap();
    assert_eq!(was, Situation::PasswordNotEscrowed);
    // Our own is there, and cannot be read just now: another one would help nobody.
    assert_eq!(situation(&mut planner, &look), Situation::OwnPasswordUnread);

    stored(&mut planner, "A");
    stored(&mut planner, "B");
    let (_, step) = next(&mut planner, &look);
    let step = step.unwrap();
    assert_eq!(step, Step::Call(Call::ProtectKeyWithTPM));
    planner.report(&step, Outcome::Failed(None), at(0)).unwrap();
    planner.report(&step, Outcome::Failed(Some(Hresult::new(0x8028_4008))), at(0)).unwrap();
    let held = planner.next(&look).unwrap();
    assert_eq!((held.situation, held.step), (Situation::NoBootProtector, None));
    let why = held.held.unwrap();
    assert_eq!((why.until, why.decision, why.failures), (at(120), Decision::Retry, 2));
    assert_eq!(why.code, Some(Hresult::new(0x8028_4008)));
    look.at = at(119);
    assert!(planner.next(&look).unwrap().held.is_some());
    for later in [at(120), at(-5)] {
        look.at = later;
        assert!(planner.next(&look).unwrap().held.is_none());
    }
    planner.report(&step, Outcome::Done(Some(id("T"))), at(120)).unwrap();
    look.at = at(121);
    assert!(planner.next(&look).unwrap().held.is_none());
}

#[test]
fn a_step_ends_only_as_it_can() {
    let mut planner = planner(Aim::Adopt, Rules::default());
    let request = Word::new("goal").unwrap();
    let ask = Step::Ask { protector: id("A"), request: request.clone(), envelope: digest("A"), key: None };
    let escrow = Step::Escrow { protector: id("A"), request };
    let call = Step::Call(Call::EnableKeyProtectors);
    for (step, outcome) in [
        (&call, Outcome::NoAnswer),
        (&call, Outcome::Spooled(digest("A"))),
        (&escrow, Outcome::Done(None)),
        (&escrow, Outcome::NotInSpool),
        (&ask, Outcome::Done(None)),
        (&ask, Outcome::Spooled(digest("A"))),
    ] {
        let before = planner.clone();
        let error = planner.report(step, outcome, at(0)).unwrap_err();
        assert_eq!(error.to_string(), "a step cannot end like that");
        assert_eq!(error.code(), crate::ErrorCode::EventRejected);
        assert_eq!(planner, before);
    }
    // Old outcomes, of a planner that has no goal any more, are taken and change nothing.
    let mut idle = Planner::new(organization(), DeviceId::new("PC-17").unwrap(), None, Rules::default());
    let before = idle.clone();
    idle.report(&Step::Call(Call::PrepareVolume), Outcome::Done(None), at(0)).unwrap();
    idle.report(&ask, Outcome::NoAnswer, at(0)).unwrap();
    assert_eq!(idle, before);
    for step in [ask, escrow, call] {
        assert_eq!(step.read().is_some(), matches!(step, Step::Escrow { .. }));
        let written = serde_json::to_string(&step).unwrap();
        assert_eq!(serde_json::from_str::<Step>(&written).unwrap(), step);
    }
}

#[derive(Debug)]
struct Counting(std::sync::atomic::AtomicU8);

impl Randomness for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for byte in out {
            *byte = self.0.fetch_add(7, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(())
    }
}

#[test]
fn a_password_is_sealed_for_its_protector_and_nothing_of_it_stays() {
    let rng = std::sync::Arc::new(Counting(std::sync::atomic::AtomicU8::new(1)));
    let algorithm = crate::envelope::private_key::KeyAlgorithm::P256;
    let new = NewCertificate::new("CN=Escrow", algorithm, at(0), at(86_400)).unwrap();
    let (certificate, private_key): (Certificate, _) = new.generate(rng.as_ref()).unwrap();
    let keyring = Keyring::new().with(software_identity(private_key, vec![certificate.clone()], rng.clone()));

    let planner = planner(Aim::Adopt, Rules::default());
    let (_, step) = next(&mut planner.clone(), &encrypted(&[protector("T", TPM), protector("A", PASSWORD)]));
    let step = step.unwrap();
    let text = "471207-278498-422125-177177-561902-537405-468006-693451";
    let before = planner.clone();
    let password = Secret::<str>::copy_from(text);
    let entry = planner.seal(&step, &password, &[&certificate], rng.as_ref(), at(0)).unwrap();
    assert_eq!(planner, before);
    assert_eq!((entry.request.as_str(), &entry.place.protector), ("goal", &Some(id("A"))));
    let envelope = Envelope::parse(entry.message(), &crate::envelope::Limits::default()).unwrap();
    let owner = Owner::new()
        .organization(organization())
        .device(DeviceId::new("PC-17").unwrap())
        .volume(Some(VolumeId::new("C:").unwrap()))
        .protector(Some(id("A")));
    let opened = envelope.open(&keyring, &OpenOptions::new(Suite::Modern).kind(Kind::BitLocker).owner(owner)).unwrap();
    assert!(opened.bound);
    assert_eq!(opened.payload.key.expose(), RecoveryKey::parse_typed(Kind::BitLocker, &password).unwrap().expose());

    let bad = Secret::<str>::copy_from("471207");
    let error = planner.seal(&step, &bad, &[&certificate], rng.as_ref(), at(0)).unwrap_err();
    assert_eq!(error.code(), crate::ErrorCode::KeyFormat);
    assert!(!format!("{error} {error:?}").contains("471207"));
    let error = planner.seal(&step, &password, &[], rng.as_ref(), at(0)).unwrap_err();
    assert_eq!(error.code(), crate::ErrorCode::EnvelopeSeal);
    let call = Step::Call(Call::EnableKeyProtectors);
    let error = planner.seal(&call, &password, &[&certificate], rng.as_ref(), at(0)).unwrap_err();
    assert_eq!(error.code(), crate::ErrorCode::EventRejected);
}

#[test]
fn a_state_of_another_version_or_with_unknown_members_is_refused() {
    let mut planner = planner(rotate(&["A"]), Rules::default());
    verified(&mut planner, "A");
    let written = serde_json::to_value(&planner).unwrap();
    assert_eq!(serde_json::from_value::<Planner>(written.clone()).unwrap(), planner);
    for (member, value) in [("version", 2.into()), ("extra", 1.into())] {
        let mut other: serde_json::Value = written.clone();
        other[member] = value;
        assert!(serde_json::from_value::<Planner>(other).is_err(), "{member}");
    }
}
