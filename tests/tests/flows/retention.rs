//! Does a key go when it may, with all that is stored of it, and no other?

use std::sync::Arc;

use fdescrow::{
    KeyId, Policy,
    escrow::{Obstacle, Page},
    key::Kind,
    rotation::RotationEvent,
    store::{Table, conformance::Fixture},
};
use fdescrow_tests::{
    fleet::{Custodian, Fleet, actor, agent, at, device, in_clear},
    over_every_store,
};

over_every_store! {
    a_key_goes_in_two_steps_with_all_that_is_stored_of_it,
    a_key_that_somebody_needs_meanwhile_stays,
}

const DAY: i64 = 86_400;

fn fleet(fixture: &dyn Fixture) -> Fleet {
    let store = fixture.store();
    let rules = "[retention]\nretired_keys = 8640000\nwaiting_period = 2592000\n";
    let policy = Policy::from_toml(rules).unwrap();
    let escrow = Fleet::builder(Arc::clone(&store)).policies(Arc::new(Arc::new(policy))).build().unwrap();
    Fleet { escrow, store }
}

/// A Mac and a PC whose keys were replaced on day 0; the old keys.
fn replaced(fleet: &Fleet) -> [KeyId; 2] {
    let (mac, pc) = (device("C02XYZ"), device("PC-17"));
    let keyring = Custodian::curve().keyring();
    let uploads = |number: usize| {
        let sent = agent(&pc, ["p1", "p2"][number], Custodian::curve());
        [in_clear(Kind::FileVault).upload(&mac), sent.upload(&pc)]
    };
    let receive = |number: usize, second: i64| {
        let keys = uploads(number).map(|upload| fleet.receive(upload, at(second)).key);
        fleet.check(&keyring, at(second + 1));
        keys
    };
    let old = receive(0, 0);
    let rotations = [&mac, &pc].map(|device| {
        (device, fleet.escrow.request_rotation(device, None, &actor("ana"), "she left", at(10)).unwrap()[0])
    });
    let tell = |event: RotationEvent| {
        for (device, id) in &rotations {
            // FileVault's old key is gone by itself.
            let told = fleet.escrow.rotation_reported(device, id, &event, &actor("agent"), at(20));
            assert!(told.is_ok() || **device == mac, "{told:?}");
        }
    };
    tell(RotationEvent::Sent { attempt: 1, at: at(20) });
    receive(1, 30);
    tell(RotationEvent::OldRetired { at: at(40) });
    old
}

fn naming(fleet: &Fleet, key: &KeyId) -> usize {
    let (rows, unreadable) = fleet.rows();
    assert_eq!(unreadable, 0);
    let tables = [Table::Keys, Table::Envelopes, Table::Recipients];
    let of_it = rows.iter().filter(|row| tables.contains(&row.table()));
    of_it.filter(|row| row.text("key_id") == Some(key.to_string().as_str())).count()
}

fn a_key_goes_in_two_steps_with_all_that_is_stored_of_it(fixture: &dyn Fixture) {
    let fleet = fleet(fixture);
    let old = replaced(&fleet);
    let by = actor("cron");
    let plan = |day: i64| fleet.escrow.plan_removals(&Page::first(), &by, at(day * DAY)).unwrap().items;
    let remove = |day: i64| fleet.escrow.remove_due(&Page::first(), &by, at(day * DAY)).unwrap().items;
    assert!(plan(99).is_empty());
    assert_eq!(plan(101).len(), 2);
    assert_eq!(fleet.escrow.removals(&Page::first()).unwrap().items.len(), 2);
    assert!(remove(130).is_empty());
    assert!(old.iter().all(|key| naming(&fleet, key) == 3));
    let removed = remove(131);
    assert!(removed.len() == 2 && removed.iter().all(|report| report.kept.is_none()), "{removed:?}");
    assert!(old.iter().all(|key| naming(&fleet, key) == 0));
    fleet.assert_intact();
    for name in ["C02XYZ", "PC-17"] {
        let device = device(name);
        assert!(fleet.actions(&device).contains(&"key_removed".to_owned()));
        assert_eq!(fleet.escrow.history(&device).unwrap().len(), 1);
        fleet.reveal(&device, &Custodian::curve().keyring(), at(140 * DAY)).unwrap();
    }
    fleet.assert_intact();
    // What was removed and is put back is found.
    assert!(remove(141).is_empty() && plan(141).is_empty());
}

fn a_key_that_somebody_needs_meanwhile_stays(fixture: &dyn Fixture) {
    let fleet = fleet(fixture);
    let [shown, cancelled] = replaced(&fleet);
    let by = actor("cron");
    let planned = fleet.escrow.plan_removals(&Page::first(), &by, at(101 * DAY)).unwrap();
    assert_eq!(planned.items.len(), 2);
    fleet.reveal_key(&device("C02XYZ"), shown, &Custodian::curve().keyring(), at(110 * DAY)).unwrap();
    fleet.escrow.cancel_removal(&cancelled, &actor("ana"), "a court asks", at(110 * DAY)).unwrap();
    assert!(fleet.escrow.removals(&Page::first()).unwrap().items.is_empty());
    assert!(fleet.escrow.remove_due(&Page::first(), &by, at(140 * DAY)).unwrap().items.is_empty());
    assert!([shown, cancelled].iter().all(|key| naming(&fleet, key) == 3));
    fleet.assert_intact();

    // They may go a hundred days later; one of them is asked for again just then.
    assert_eq!(fleet.escrow.plan_removals(&Page::first(), &by, at(211 * DAY)).unwrap().items.len(), 2);
    fleet.escrow.request_rotation(&device("PC-17"), None, &actor("ana"), "she left", at(240 * DAY)).unwrap();
    let reports = fleet.escrow.remove_due(&Page::first(), &by, at(242 * DAY)).unwrap().items;
    let kept = reports.iter().find(|report| report.removal.key == cancelled).unwrap().kept;
    assert_eq!((reports.len(), kept), (2, Some(Obstacle::RotationInCourse)));
    assert_eq!((naming(&fleet, &shown), naming(&fleet, &cancelled)), (0, 3));
    fleet.assert_intact();
}
