//! What holds for every state of the planner and every observation.

use std::collections::BTreeSet;

use proptest::{option, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};

use super::*;

const NAMES: [&str; 4] = ["A", "B", "C", "T"];

fn protectors() -> impl Strategy<Value = Vec<Protector>> {
    let one = |name: &'static str| {
        let names = select(vec![
            Name::Unread,
            Name::Is(String::new()),
            Name::Is("fdescrow goal".to_owned()),
            Name::Is("fdescrow other".to_owned()),
        ]);
        (option::weighted(0.6, option::weighted(0.95, select(ProtectorKind::ALL.to_vec()))), any::<bool>(), names)
            .prop_map(move |(kind, password, called)| {
                let kind = if password { Some(Some(PASSWORD)) } else { kind };
                kind.map(|kind| {
                    let mut protector = Protector::new(id(name), kind);
                    protector.name = called;
                    protector
                })
            })
    };
    (one("A"), one("B"), one("C"), one("T")).prop_map(|(a, b, c, t)| [a, b, c, t].into_iter().flatten().collect())
}

fn reading() -> impl Strategy<Value = Reading> {
    prop_oneof![6 => Just(Reading::Yes), 1 => Just(Reading::No), 1 => Just(Reading::Unknown)]
}

fn observations() -> impl Strategy<Value = Observation> {
    let machine = (
        prop_oneof![6 => Just(Reading::No), 1 => Just(Reading::Yes), 1 => Just(Reading::Unknown)],
        reading(),
        reading(),
    );
    let registry = option::weighted(
        0.9,
        (option::of(0_u32..4), option::of(select(vec![6_u32, 7])))
            .prop_map(|(kind, method)| Registry { os_encryption_type: kind, encryption_method_with_xts_os: method }),
    );
    let states = (
        option::weighted(0.9, prop_oneof![8 => Just(LockStatus::Unlocked), 1 => Just(LockStatus::Locked)]),
        option::weighted(
            0.9,
            prop_oneof![
                Just(Conversion::FullyDecrypted),
                Just(Conversion::FullyEncrypted),
                select(Conversion::ALL.to_vec())
            ],
        ),
        option::weighted(0.9, select(ProtectionStatus::ALL.to_vec())),
        option::weighted(0.9, select(EncryptionMethod::ALL.to_vec())),
        option::weighted(0.9, 0_u32..3),
    );
    (
        machine,
        registry,
        states,
        option::weighted(0.9, prop_oneof![6 => protectors(), 1 => Just(Vec::new())]),
        0_i64..5000,
    )
        .prop_map(|((server, tpm, system_volume), registry, states, protectors, seconds)| {
            let machine = Machine { server, tpm, system_volume, registry };
            let mut seen = Observation::new(machine, at(seconds));
            (seen.lock, seen.conversion, seen.protection, seen.encryption_method, seen.suspend_count) = states;
            seen.protectors = protectors;
            seen
        })
}

fn aims() -> impl Strategy<Value = Aim> {
    let replaced = proptest::collection::btree_set(select(NAMES.to_vec()), 0..4);
    prop_oneof![
        Just(Aim::Adopt),
        Just(Aim::Protect),
        Just(Aim::RestoreProtection),
        replaced.prop_map(|names| Aim::Rotate { replace: names.into_iter().map(id).collect() }),
    ]
}

/// How far the password of each name is in escrow.
#[derive(Clone, Copy, Debug)]
enum Known {
    No,
    Spooled,
    Stored,
    Verified,
}

fn planners() -> impl Strategy<Value = Planner> {
    let known = || select(vec![Known::No, Known::Spooled, Known::Stored, Known::Verified, Known::Verified]);
    let rules = (
        select(vec![Level::EnvelopeOpens, Level::ProtectorOpens]),
        select(vec![Before::Spooled, Before::Stored, Before::Verified]),
        select(vec![Boot::Tpm, Boot::TpmAndPin, Boot::TpmAndStartupKey]),
        any::<bool>(),
    );
    let facts = (any::<bool>(), option::of(select(NAMES.to_vec())), option::weighted(0.9, 0_i64..5000));
    (aims(), rules, [known(), known(), known(), known()], facts).prop_map(|(aim, rules, known, facts)| {
        let (level, before_encryption, boot, servers) = rules;
        let rules = Rules { level, before_encryption, boot, servers, ask_again_after: 10_000, ..Rules::default() };
        let mut planner = planner(aim, rules);
        let (prepared, created, asked) = facts;
        if prepared {
            planner.report(&Step::Call(Call::PrepareVolume), Outcome::Done(None), at(0)).unwrap();
        }
        if let Some(name) = created {
            let add = Call::ProtectKeyWithNumericalPassword { friendly_name: "fdescrow goal".to_owned() };
            planner.report(&Step::Call(add), Outcome::Done(Some(id(name))), at(0)).unwrap();
        }
        for (name, known) in NAMES.into_iter().zip(known) {
            match known {
                Known::No => continue,
                Known::Spooled => spooled(&mut planner, name),
                Known::Stored => stored(&mut planner, name),
                Known::Verified => verified(&mut planner, name),
            }
            if let Some(asked) = asked {
                let ask = Step::Ask {
                    protector: id(name),
                    request: Word::new("goal").unwrap(),
                    envelope: digest(name),
                    key: None,
                };
                planner.report(&ask, Outcome::NoAnswer, at(asked)).unwrap();
            }
        }
        planner
    })
}

/// The rules and the aim, as they were written down.
fn written(planner: &Planner) -> (Rules, Aim) {
    let value = serde_json::to_value(planner).unwrap();
    let rules = serde_json::from_value(value["rules"].clone()).unwrap();
    (rules, planner.goal().unwrap().aim.clone())
}

fn passwords(seen: &Observation) -> Vec<&Protector> {
    let protectors = seen.protectors.as_deref().unwrap_or_default();
    protectors.iter().filter(|protector| protector.is_recovery_password()).collect()
}

/// Whether a recovery password of the volume is that far in escrow, as far as the planner knows.
fn known(planner: &Planner, seen: &Observation, level: Level, before: Before) -> bool {
    passwords(seen)
        .iter()
        .filter_map(|protector| planner.escrowed(&protector.id))
        .any(|escrowed| escrowed.reached(level) >= before)
}

/// Otherwise the properties below would hold because nothing happens.
#[test]
fn the_cases_meet_every_call() {
    let mut runner = TestRunner::deterministic();
    let changing: BTreeSet<&str> = METHODS.iter().filter(|method| method.changes).map(|method| method.name).collect();
    let mut met = BTreeSet::new();
    for _ in 0..30_000 {
        let (planner, seen) = (planners(), observations()).new_tree(&mut runner).unwrap().current();
        if let Some(Step::Call(call)) = planner.next(&seen).unwrap().step {
            met.insert(call.method().name);
        }
        if met == changing {
            return;
        }
    }
    panic!("only {met:?} met");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_could_not_be_read_is_no_reason_to_change_anything(planner in planners(), seen in observations()) {
        let (rules, _) = written(&planner);
        if let Some(Step::Call(call)) = planner.next(&seen).unwrap().step {
            prop_assert_eq!(seen.lock, Some(LockStatus::Unlocked));
            prop_assert!(seen.conversion.is_some() && seen.protectors.is_some());
            prop_assert!(rules.servers || seen.machine.server == Reading::No);
            match call {
                Call::Encrypt { .. } => {
                    prop_assert!(seen.machine.registry.is_some());
                    prop_assert_eq!(seen.conversion, Some(Conversion::FullyDecrypted));
                }
                Call::ProtectKeyWithTPM | Call::ProtectKeyWithTPMAndPIN => {
                    prop_assert_eq!(seen.machine.tpm, Reading::Yes);
                }
                Call::ResumeConversion => prop_assert_eq!(seen.conversion, Some(Conversion::EncryptionPaused)),
                Call::EnableKeyProtectors => {
                    prop_assert_eq!(seen.protection, Some(ProtectionStatus::Off));
                    prop_assert_eq!(seen.conversion, Some(Conversion::FullyEncrypted));
                    prop_assert_eq!(seen.suspend_count, Some(0));
                }
                Call::DeleteKeyProtector { .. } => prop_assert_eq!(seen.protection, Some(ProtectionStatus::On)),
                _ => {}
            }
        }
    }

    #[test]
    fn nothing_is_removed_but_what_the_goal_names_when_another_one_is_verified(
        planner in planners(), seen in observations(),
    ) {
        let (rules, aim) = written(&planner);
        if let Some(Step::Call(Call::DeleteKeyProtector { protector })) = planner.next(&seen).unwrap().step {
            let Aim::Rotate { replace } = aim else { return Err(TestCaseError::fail("another aim removes")) };
            prop_assert!(replace.contains(&protector));
            prop_assert!(passwords(&seen).iter().any(|one| one.id == protector));
            let proven = passwords(&seen).into_iter().any(|one| {
                !replace.contains(&one.id)
                    && planner.escrowed(&one.id).is_some_and(|escrowed| escrowed.reached(rules.level) == Before::Verified)
            });
            prop_assert!(proven);
        }
    }

    #[test]
    fn the_class_of_the_boot_protector_stays(planner in planners(), seen in observations()) {
        if let Some(Step::Call(Call::ProtectKeyWithTPM | Call::ProtectKeyWithTPMAndPIN)) =
            planner.next(&seen).unwrap().step
        {
            let protectors = seen.protectors.as_deref().unwrap();
            prop_assert_eq!(BootProtector::of(protectors), BootProtector::Absent);
            let starts = |protector: &Protector| {
                protector.kind.is_none_or(|kind| ![3, 7, 10].contains(&kind.number()))
            };
            prop_assert!(!protectors.iter().any(starts));
        }
    }

    #[test]
    fn nothing_is_encrypted_before_a_password_is_as_far_in_escrow_as_the_rules_ask(
        planner in planners(), seen in observations(),
    ) {
        let (rules, aim) = written(&planner);
        match planner.next(&seen).unwrap().step {
            Some(Step::Call(Call::Encrypt { .. } | Call::ResumeConversion)) => {
                prop_assert!(known(&planner, &seen, rules.level, rules.before_encryption));
            }
            Some(Step::Call(Call::EnableKeyProtectors)) => {
                let wanted = if aim == Aim::Protect { rules.before_encryption } else { Before::Spooled };
                prop_assert!(known(&planner, &seen, rules.level, wanted));
            }
            _ => {}
        }
    }

    #[test]
    fn the_answer_follows_from_state_and_observation_alone_and_the_state_survives_writing(
        planner in planners(), seen in observations(),
    ) {
        let text = serde_json::to_string(&planner).unwrap();
        let read: Planner = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &planner);
        let next = planner.next(&seen).unwrap();
        prop_assert_eq!(&read.next(&seen).unwrap(), &next);
        let row = next.situation.row();
        prop_assert!(row.aims.contains(&planner.goal().unwrap().aim.as_str()));
        prop_assert_eq!(next.step.is_some() || next.held.is_some(), row.does != Does::Nothing);
    }

    #[test]
    fn a_planner_that_knows_less_of_escrow_never_removes_or_encrypts_more(
        planner in planners(), seen in observations(),
    ) {
        let (rules, aim) = written(&planner);
        let ignorant = super::planner(aim, rules);
        let step = ignorant.next(&seen).unwrap().step;
        let harmless = !matches!(
            step,
            Some(Step::Call(
                Call::DeleteKeyProtector { .. }
                    | Call::Encrypt { .. }
                    | Call::ResumeConversion
                    | Call::EnableKeyProtectors
            ))
        );
        prop_assert!(harmless);
    }
}
