//! Is work shared out once, to one, and fairly?

use std::{collections::BTreeMap, sync::Mutex, thread, time::Duration};

use super::{
    Fixture,
    material::{MOST, World, after, drafts},
};
use crate::store::{
    contract::{Holder, Row},
    schema::{Table, Work},
};

const LEASE: Duration = Duration::from_secs(600);

fn holder(name: &str) -> Holder {
    Holder::new(name).unwrap()
}

fn names(rows: &[Row]) -> Vec<&str> {
    rows.iter().filter_map(|row| row.text("device")).collect()
}

/// Devices of which the n-th is due n seconds after the start.
fn due(world: &World, count: i64) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|n| format!("{n:04}")).collect();
    world.create(&names, |device| device.check_due = Some(after(device.device.as_str().parse().unwrap())));
    names
}

impl World {
    fn claim(&self, name: &str, limit: u32, lease: Duration, now: i64) -> Vec<Row> {
        let claims =
            self.store.claim(&self.organization, Work::Check, &holder(name), limit, lease, after(now)).unwrap();
        assert_eq!(claims.corrupt, []);
        claims.rows
    }
}

pub(super) fn only_what_is_due_is_claimed(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let all = due(&world, 10);
    world.commit(&world.touch("never due", world.device("never")));
    assert_eq!(names(&world.claim("a", 100, LEASE, -1)), Vec::<&str>::new());
    assert_eq!(names(&world.claim("a", 100, LEASE, 0)), [&all[0]]);
    assert_eq!(names(&world.claim("b", 3, LEASE, 6)), all[1..4].iter().collect::<Vec<_>>());
    assert_eq!(names(&world.claim("a", 100, LEASE, 6)), all[4..7].iter().collect::<Vec<_>>());
    assert_eq!(names(&world.claim("c", 100, LEASE, 100)), all[7..].iter().collect::<Vec<_>>());
    assert_eq!(names(&world.claim("c", 100, LEASE, 100)), Vec::<&str>::new());
}

pub(super) fn a_claim_changes_no_row(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    due(&world, 5);
    let before = world.everything();
    let claimed = world.claim("a", 100, LEASE, 100);
    assert_eq!(claimed, world.all(Table::Devices));
    assert_eq!(world.everything(), before);
    // What was read before the claim can be committed after it.
    world.commit(&world.touch("after", world.device("0003")));
}

pub(super) fn a_commit_ends_a_claim(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    due(&world, 3);
    world.claim("a", 100, LEASE, 100);
    let mut device = world.device("0001");
    device.check_due = Some(after(50));
    world.commit(&world.touch("still due", device));
    let mut device = world.device("0002");
    device.check_due = None;
    world.commit(&world.touch("no longer due", device));
    assert_eq!(names(&world.claim("b", 100, LEASE, 100)), ["0001"]);
    // A commit of something else ends nothing.
    world.commit(&world.touch("another", world.device("another")));
    assert_eq!(names(&world.claim("c", 100, LEASE, 100)), Vec::<&str>::new());
}

pub(super) fn a_released_row_is_free(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    due(&world, 4);
    let mine = world.claim("a", 2, LEASE, 100);
    let yours = world.claim("b", 2, LEASE, 100);
    let keys = |rows: &[Row]| rows.iter().map(|row| row.key().clone()).collect::<Vec<_>>();
    let every = [keys(&mine), keys(&yours)].concat();
    world.store.release(Work::Check, &holder("c"), &every).unwrap();
    world.store.release(Work::Assess, &holder("a"), &every).unwrap();
    assert_eq!(world.claim("d", 100, LEASE, 100), []);
    world.store.release(Work::Check, &holder("a"), &every).unwrap();
    assert_eq!(world.claim("d", 100, LEASE, 100), mine);
    // Too late: it is another's by now.
    world.store.release(Work::Check, &holder("a"), &every).unwrap();
    assert_eq!(world.claim("e", 100, LEASE, 100), []);
}

pub(super) fn two_kinds_of_work_are_claimed_apart(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let names = ["one".to_owned(), "two".to_owned()];
    world.create(&names, |device| {
        device.check_due = Some(after(0));
        let mut assessment =
            crate::verification::assess(&device.state, &crate::policy::EscrowRules::default().into(), after(0));
        assessment.wake_at = Some(after(0));
        device.judged = Some(crate::store::records::Judged::new(assessment, None));
    });
    assert_eq!(world.claim("a", 100, LEASE, 0).len(), 2);
    let assess =
        || world.store.claim(&world.organization, Work::Assess, &holder("b"), 100, LEASE, after(0)).unwrap().rows;
    assert_eq!(assess().len(), 2);
    assert_eq!(assess().len(), 0);
    let keys: Vec<_> = world.all(Table::Devices).iter().map(|row| row.key().clone()).collect();
    world.store.release(Work::Check, &holder("a"), &keys).unwrap();
    assert_eq!(assess().len(), 0);
    assert_eq!(world.claim("a", 100, LEASE, 0).len(), 2);
}

pub(super) fn a_lease_that_is_over_is_claimed_once_more(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    due(&world, 20);
    let short = Duration::from_millis(1500);
    assert_eq!(world.claim("gone", 10, short, 100).len(), 10);
    assert_eq!(world.claim("slow", 10, LEASE, 100).len(), 10);
    assert_eq!(world.claim("next", 100, LEASE, 100).len(), 0);
    // A lease of one and a half seconds lasts two.
    fixture.wait(3);
    let again = thread::scope(|scope| {
        let claim = |name| {
            let world = &world;
            move || world.claim(name, 100, LEASE, 103)
        };
        let claims = [scope.spawn(claim("left")), scope.spawn(claim("right"))];
        claims.map(|claim| claim.join().unwrap())
    });
    let mut again: Vec<&str> = again.iter().flat_map(|rows| names(rows)).collect();
    again.sort_unstable();
    let expected: Vec<String> = (0..10).map(|n| format!("{n:04}")).collect();
    assert_eq!(again, expected);
    assert_eq!(world.claim("next", 100, LEASE, 103).len(), 0);
}

pub(super) fn nothing_is_claimed_twice_or_missed(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let all = due(&world, 2000);
    let claimed: Mutex<BTreeMap<String, u32>> = Mutex::default();
    thread::scope(|scope| {
        for worker in 0..8 {
            let (world, claimed) = (&world, &claimed);
            scope.spawn(move || {
                for _ in 0..MOST {
                    let rows = world.claim(&format!("worker {worker}"), 16, LEASE, 5000);
                    if rows.is_empty() {
                        break;
                    }
                    let mut claimed = claimed.lock().unwrap();
                    names(&rows).iter().for_each(|name| *claimed.entry((*name).to_owned()).or_default() += 1);
                }
            });
        }
    });
    let claimed = claimed.into_inner().unwrap();
    assert_eq!(claimed.values().max(), Some(&1), "something was claimed twice");
    assert_eq!(claimed.into_keys().collect::<Vec<_>>(), all);
}

/// A worker checks one key of every device that it claims. `flood` has 500 keys, and is there first; 60 other
/// devices have one key each, and come at the same time and later.
pub(super) fn one_device_does_not_hold_up_the_others(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let others: Vec<String> = (0..60).map(|n| format!("other {n:02}")).collect();
    let flood = "flood".to_owned();
    world.create(std::slice::from_ref(&flood), |device| device.check_due = Some(after(0)));
    world.create(&others[..30], |device| device.check_due = Some(after(0)));
    world.create(&others[30..], |device| device.check_due = Some(after(2)));
    let mut keys: BTreeMap<String, u32> = others.iter().map(|name| (name.clone(), 1)).collect();
    keys.insert(flood.clone(), 500);
    let mut checks = 0;
    let mut now = 2;
    while keys.len() > 1 {
        now += 1;
        let claimed = world.claim("worker", 8, LEASE, now);
        assert!(!claimed.is_empty() && checks < 2 * 60, "the others waited for {checks} checks");
        let mut changes = Vec::new();
        for name in names(&claimed) {
            checks += 1;
            let left = keys.get_mut(name).map(|left| {
                *left -= 1;
                *left
            });
            let mut device = world.device(name);
            device.check_due = left.filter(|left| *left > 0).map(|_| after(now));
            if device.check_due.is_none() {
                keys.remove(name);
            }
            changes.push(world.builder(&format!("{name} {now}"), device).build(drafts(), after(now), None).unwrap());
        }
        assert!(world.store.commit_batch(&changes).unwrap().iter().all(Result::is_ok));
    }
    // Alone, the others would have been done after 60 checks.
    assert!(checks < 2 * 60, "the others waited for {checks} checks");
    assert!(keys[&flood] > 400);
}
