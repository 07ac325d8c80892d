//! What if the private key cannot be reached, or what should hold it answers nonsense?

use std::collections::BTreeMap;

use fdescrow::{
    envelope::Keyring,
    escrow::{CheckOptions, CheckReport},
    key::Kind,
    store::{Row, RowKey, Table, conformance::Fixture},
};
use fdescrow_tests::{
    fleet::{Custodian, FaultyIdentity, Fleet, Health, agent, at, device, in_clear},
    over_every_store,
};

over_every_store! {
    no_row_of_a_thousand_changes_while_the_private_key_is_out_of_reach_counted,
    one_identity_out_of_reach_holds_up_only_its_own_keys,
    a_key_is_not_handed_out_and_not_condemned_while_its_private_key_is_out_of_reach,
    nothing_is_rewrapped_and_nothing_condemned_while_the_private_key_is_out_of_reach,
}

const DEVICES: usize = 250;
const KEYS: usize = 1000;

type Rows = BTreeMap<RowKey, Row>;

/// Every row, byte for byte.
fn rows(fleet: &Fleet) -> Rows {
    fleet.rows().0.into_iter().map(|row| (row.key().clone(), row)).collect()
}

/// How many keys are not as they were.
fn changed(before: &Rows, after: &Rows) -> usize {
    let keys = before.iter().filter(|(key, _)| key.table() == Table::Keys);
    keys.filter(|(key, row)| after.get(*key) != Some(*row)).count()
}

fn no_row_of_a_thousand_changes_while_the_private_key_is_out_of_reach_counted(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    for number in 0..KEYS {
        fleet.receive(in_clear(Kind::BitLocker).upload(&device(format!("PC-{}", number % DEVICES))), at(0));
    }
    let identity = FaultyIdentity::of(Custodian::curve());
    let keyring = identity.keyring();
    let first = rows(&fleet);

    let mut unchanged = 0;
    for health in [Health::Dead, Health::Nonsense] {
        identity.becomes(health);
        let report = fleet.check(&keyring, at(10));
        assert!(report.unavailable > 0, "{health:?}: {report:?}");
        assert_eq!((report.opened, report.failed(), report.stale, report.unreadable), (0, 0, 0, 0), "{health:?}");
        assert!(rows(&fleet) == first, "{health:?}");
        unchanged += KEYS;
    }
    let report = fleet.check(&Keyring::new(), at(11));
    assert!(report.unavailable > 0 && report.failed() == 0, "no identity at hand: {report:?}");
    assert!(rows(&fleet) == first);
    unchanged += KEYS;

    // The canary comes back, then it goes wrong: at once, in the first batch, later. What was opened is kept,
    // what was not is as it was.
    let (mut opened, mut before) = (0, first);
    let mut time = 20;
    for health in [Health::Dead, Health::Nonsense] {
        for well in [1, 2, 40, 130] {
            time += 1;
            identity.becomes_after(well, health);
            let report = fleet.check(&keyring, at(time));
            let found = usize::try_from(report.opened).unwrap();
            assert_eq!((report.failed(), report.stale, report.unreadable), (0, 0, 0), "{health:?} after {well}");
            assert!(report.unavailable > 0, "{health:?} after {well}: {report:?}");
            assert!(report.opened < well, "{health:?} after {well}: {report:?}");
            let after = rows(&fleet);
            assert_eq!(changed(&before, &after), found, "{health:?} after {well}");
            unchanged += KEYS - opened - found;
            opened += found;
            before = after;
        }
    }
    assert!(opened > 100, "{opened}");

    // And when it is back, it goes on where it was.
    identity.becomes(Health::Well);
    let report = fleet.check(&keyring, at(100));
    assert_eq!(usize::try_from(report.opened).unwrap(), KEYS - opened);
    assert_eq!((report.failed(), report.unavailable), (0, 0));
    assert_eq!(fleet.check(&keyring, at(101)), nothing());
    assert_eq!(fleet.escrow.summary(at(102)).unwrap().status.get("verified"), Some(&u64::try_from(DEVICES).unwrap()));
    fleet.assert_intact();
    println!("{unchanged} rows of keys were to stay unchanged in 11 runs: {unchanged} did, 0 did not");
}

fn nothing() -> CheckReport {
    CheckReport::default()
}

fn one_identity_out_of_reach_holds_up_only_its_own_keys(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let faulty = FaultyIdentity::of(Custodian::curve());
    let keyring = faulty.keyring().with(Custodian::later_curve().identity.clone());
    for number in 0..40 {
        let name = device(format!("PC-{}", number % 10));
        let to = if number % 2 == 0 { Custodian::curve() } else { Custodian::later_curve() };
        fleet.receive(agent(&name, &number.to_string(), to).upload(&name), at(0));
    }
    for health in [Health::Dead, Health::Nonsense] {
        faulty.becomes(health);
        let before = rows(&fleet);
        let report = fleet.check(&keyring, at(10));
        let opened = if health == Health::Dead { 20 } else { 0 };
        assert_eq!((report.opened, report.failed(), report.unavailable), (opened, 0, 20), "{health:?}");
        assert_eq!(changed(&before, &rows(&fleet)), usize::try_from(opened).unwrap());
    }
    faulty.becomes(Health::Well);
    let report = fleet.check(&keyring, at(20));
    assert_eq!((report.opened, report.failed(), report.unavailable), (20, 0, 0));
}

fn a_key_is_not_handed_out_and_not_condemned_while_its_private_key_is_out_of_reach(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let pc = device("PC-17");
    let sent = in_clear(Kind::BitLocker);
    let receipt = fleet.receive(sent.upload(&pc), at(0));
    let identity = FaultyIdentity::of(Custodian::curve());
    for health in [Health::Dead, Health::Nonsense] {
        identity.becomes(health);
        let refused = fleet.reveal(&pc, &identity.keyring(), at(1)).unwrap_err();
        assert_eq!(refused.code(), fdescrow::ErrorCode::IdentityUnavailable, "{health:?}");
        assert_eq!(fleet.escrow.history(&pc).unwrap()[0].last_attempt, None);
    }
    identity.becomes(Health::Well);
    assert_eq!(fleet.reveal(&pc, &identity.keyring(), at(2)).unwrap().id, receipt.key);
    // All of it went under one authorization.
    let actions = fleet.actions(&pc);
    assert_eq!(actions, ["device_created", "key_received", "release_authorized", "released"]);
}

fn nothing_is_rewrapped_and_nothing_condemned_while_the_private_key_is_out_of_reach(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    for number in 0..30 {
        fleet.receive(in_clear(Kind::BitLocker).upload(&device(format!("PC-{number}"))), at(0));
    }
    let identity = FaultyIdentity::of(Custodian::curve());
    let before = rows(&fleet);
    for health in [Health::Dead, Health::Nonsense] {
        identity.becomes(health);
        let report = fleet.rewrap(&identity.keyring(), Custodian::later_curve(), at(1));
        assert_eq!((report.rewrapped, report.unavailable, report.failures.len()), (0, 30, 0), "{health:?}");
        assert!(rows(&fleet) == before, "{health:?}");
    }
    identity.becomes_after(11, Health::Dead);
    let report = fleet.rewrap(&identity.keyring(), Custodian::later_curve(), at(2));
    assert_eq!((report.rewrapped, report.unavailable, report.failures.len()), (10, 20, 0));
    identity.becomes(Health::Well);
    let report = fleet.rewrap(&identity.keyring(), Custodian::later_curve(), at(3));
    assert_eq!((report.rewrapped, report.already, report.failures.len()), (20, 10, 0));
    let report: CheckReport =
        fleet.escrow.check(&Custodian::later_curve().keyring(), &CheckOptions::default(), at(4)).unwrap();
    assert_eq!((report.opened, report.failed()), (30, 0));
}
