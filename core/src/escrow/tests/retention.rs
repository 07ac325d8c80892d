//! A key goes when the policy lets it, the waiting period is over and another one does its work; and not before.

mod properties;

use super::*;
use crate::{
    audit::Entry,
    rotation::RotationEvent,
    store::{
        ChangeId, Corrupt, Row, Table,
        records::{KeyRecord, Removal},
    },
    verification::{KeyChange, Quarantine},
};

const DAY: i64 = 86_400;
/// Keys are kept for 100 days after they were retired, and go 30 days after that was decided.
const RULES: &str = "[retention]\nretired_keys = 8640000\nwaiting_period = 2592000\n[escrow]\nreverify_after = 0\n";

fn days(days: i64) -> Timestamp {
    at(days * DAY)
}

struct Desk {
    world: World,
    escrow: Escrow,
    keyring: Keyring,
    mac: DeviceId,
}

impl Desk {
    fn new() -> Self {
        let world = World::new();
        let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
        let escrow = world.escrow_by(std::slice::from_ref(&certificate), RULES);
        Self { world, escrow, keyring, mac: device("C02XYZ") }
    }

    fn receive(&self, day: i64) -> KeyId {
        let upload = self.world.in_clear(&self.mac, Kind::FileVault);
        self.world.escrowed(&self.escrow, &self.keyring, upload, day * DAY).key
    }

    /// Has the key of the device replaced; gives the new one.
    fn replace(&self, day: i64) -> KeyId {
        let (ana, mdm) = (actor("ana"), actor("mdm"));
        let id = self.escrow.request_rotation(&self.mac, None, &ana, "she left", days(day)).unwrap()[0];
        let sent = RotationEvent::Sent { attempt: 1, at: days(day) };
        self.escrow.rotation_reported(&self.mac, &id, &sent, &mdm, days(day)).unwrap();
        self.receive(day)
    }

    /// A key that was replaced on day 0, and the one that took its place.
    fn replaced(&self) -> (KeyId, KeyId) {
        let old = self.receive(0);
        let new = self.replace(0);
        assert!(self.record(&old).facts.retired().is_some());
        (old, new)
    }

    fn record(&self, key: &KeyId) -> KeyRecord {
        self.escrow.key_record(key).unwrap().unwrap()
    }

    fn is_there(&self, key: &KeyId) -> bool {
        self.escrow.key_record(key).unwrap().is_some()
    }

    fn plan(&self, day: i64) -> Vec<KeyId> {
        let planned = self.escrow.plan_removals(&Page::first(), &actor("cron"), days(day)).unwrap();
        planned.items.into_iter().map(|planned| planned.key).collect()
    }

    fn remove(&self, day: i64) -> Vec<(KeyId, Option<Obstacle>)> {
        let reports = self.escrow.remove_due(&Page::first(), &actor("cron"), days(day)).unwrap();
        reports.items.into_iter().map(|report| (report.removal.key, report.kept)).collect()
    }

    fn listed(&self) -> Vec<KeyId> {
        self.escrow.removals(&Page::first()).unwrap().items.into_iter().map(|planned| planned.key).collect()
    }

    fn last_entry(&self) -> Entry {
        self.escrow.audit_of(&self.mac, 0, 1000).unwrap().pop().unwrap()
    }

    fn obstacle(&self, key: &KeyId, day: i64) -> Option<Obstacle> {
        let change = self.change();
        let policy = self.escrow.policies.policy(None);
        self.escrow.surroundings(&change).unwrap().obstacle(&self.record(key), &policy, days(day))
    }

    fn change(&self) -> transaction::Change {
        let record = self.escrow.device_record(&self.mac).unwrap().unwrap();
        transaction::Change::of(ChangeId::from_bytes([1; 16]), record, true)
    }

    /// Changes a key as something would that this version does not do yet.
    fn alter(&self, key: &KeyId, change: &KeyChange, day: i64) {
        let id = ChangeId::generate(self.world.rng.as_ref()).unwrap();
        let altered = self.escrow.transact(&self.mac, id, days(day), |committing| {
            let mut record = self.escrow.key_within(committing, key)?.unwrap();
            committing.change_key(&mut record, change.clone())?;
            committing.audit(crate::audit::Draft::new(actor("agent"), crate::audit::Action::KeyAttested));
            committing.replace_key(record);
            Ok(())
        });
        altered.unwrap();
    }

    fn assert_intact(&self) {
        let report = self.escrow.verify_audit(&[], None).unwrap();
        assert!(report.is_intact(), "{report:?}");
    }
}

#[test]
fn a_replaced_key_goes_in_two_steps_and_the_audit_tells_of_it() {
    let desk = Desk::new();
    let (old, new) = desk.replaced();
    assert_eq!(desk.plan(99), []);
    assert_eq!(desk.plan(101), [old]);
    assert_eq!((desk.plan(102), desk.listed()), (vec![], vec![old]));
    let planned = &desk.escrow.removals(&Page::first()).unwrap().items[0];
    assert_eq!((planned.planned, planned.due, &planned.by), (days(101), days(131), &actor("cron")));
    assert_eq!(desk.last_entry().action().as_str(), "removal_planned");
    assert_eq!(desk.escrow.history(&desk.mac).unwrap()[0].removal_due, Some(days(131)));
    desk.assert_intact();

    assert_eq!(desk.remove(130), []);
    let envelope = desk.escrow.envelopes_of(&old).unwrap()[0].digest();
    assert_eq!(desk.remove(131), [(old, None)]);
    assert!(!desk.is_there(&old) && desk.is_there(&new) && desk.escrow.envelopes_of(&old).unwrap().is_empty());
    let entry = desk.last_entry();
    assert_eq!((entry.action().as_str(), entry.references().key), ("key_removed", Some(old)));
    let rows = &entry.references().rows;
    let gone: Vec<&str> = rows.iter().filter(|(_, digest)| digest.is_none()).map(|(row, _)| row.as_str()).collect();
    assert_eq!(gone, [format!("envelopes/{old}/{envelope}"), format!("keys/{old}")]);
    desk.assert_intact();
    assert_eq!((desk.remove(132), desk.listed()), (vec![], vec![]));
    let mut rows = 0;
    let tables = [Table::Keys, Table::Envelopes, Table::Recipients];
    let count = &mut |_: Result<&Row, &Corrupt>| {
        rows += 1;
        std::ops::ControlFlow::Continue(())
    };
    desk.world.store.snapshot(desk.escrow.organization(), &tables, count).unwrap();
    assert_eq!(rows, 3, "one key, its envelope, and whom it is sealed to");
    let revealed = Reveal::of(&desk.mac).by(&actor("ana")).reason("lost");
    assert_eq!(desk.escrow.reveal(revealed, &desk.keyring, days(140)).unwrap().candidates.len(), 1);
}

#[test]
fn a_decision_is_cancelled_by_anybody_and_by_whoever_needs_the_key() {
    let desk = Desk::new();
    let (old, new) = desk.replaced();
    let cancel = |key: &KeyId, reason| desk.escrow.cancel_removal(key, &actor("ana"), reason, days(110));
    assert_eq!(cancel(&old, "a court asks").unwrap_err().code(), ErrorCode::RemovalUnknown);
    assert_eq!(desk.plan(101), [old]);
    assert_eq!(cancel(&old, "").unwrap_err().code(), ErrorCode::RecoveryReasonMissing);
    assert_eq!(cancel(&KeyId::from_bytes([9; 16]), "why").unwrap_err().code(), ErrorCode::KeyUnknown);
    cancel(&old, "a court asks").unwrap();
    assert_eq!(desk.last_entry().action().as_str(), "removal_cancelled");
    assert_eq!(desk.last_entry().reason().unwrap().as_str(), "a court asks");
    // The time of the policy begins anew.
    assert_eq!((desk.remove(140), desk.plan(209)), (vec![], vec![]));
    assert_eq!(desk.plan(210), [old]);

    // Somebody has it shown.
    let wanted = Reveal::of(&desk.mac).key(old).by(&actor("ana")).reason("an old backup");
    desk.escrow.reveal(wanted, &desk.keyring, days(220)).unwrap();
    assert_eq!((desk.listed(), desk.remove(240), desk.plan(319)), (vec![], vec![], vec![]));
    let entries = desk.escrow.audit_of(&desk.mac, 0, 1000).unwrap();
    let kept = entries.iter().rfind(|entry| entry.action().as_str() == "removal_cancelled").unwrap();
    assert_eq!((kept.actor(), kept.references().outcome.as_ref().unwrap().as_str()), (&actor("ana"), "released"));

    // The device says that it opens with it.
    assert_eq!(desk.plan(325), [old]);
    desk.alter(&old, &KeyChange::Attested { opens: false, at: days(330) }, 330);
    assert_eq!(desk.listed(), [old], "that it does not open is no use");
    desk.alter(&old, &KeyChange::Attested { opens: true, at: days(331) }, 331);
    assert_eq!((desk.listed(), desk.remove(360)), (vec![], vec![]));
    assert!(desk.is_there(&old) && desk.is_there(&new));
    desk.assert_intact();
}

#[test]
fn a_key_that_comes_again_is_in_use() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::Rsa2048);
    let escrow = world.escrow_by(std::slice::from_ref(&certificate), RULES);
    let desk = Desk { world, escrow, keyring, mac: device("C02XYZ") };
    let (_, sealed) = desk.world.sealed_by_mac(&certificate);
    let upload = || Upload::sealed(desk.mac.clone(), Kind::FileVault, sealed.clone());
    let old = desk.world.escrowed(&desk.escrow, &desk.keyring, upload(), 0).key;
    desk.replace(0);
    desk.escrow.receive(upload().by(&actor("agent")), days(50)).unwrap();
    assert_eq!((desk.plan(149), desk.plan(151)), (vec![], vec![old]));
    desk.escrow.receive(upload().by(&actor("agent")), days(160)).unwrap();
    assert_eq!((desk.listed(), desk.remove(190), desk.plan(259), desk.plan(260)), (vec![], vec![], vec![], vec![old]));
    assert_eq!(desk.remove(290), [(old, None)]);
    // What comes after that is a new key: nothing that would know it is left.
    let again = desk.escrow.receive(upload().by(&actor("agent")), days(300)).unwrap();
    assert_eq!((again.status, again.sightings), (ReceiptStatus::Stored, 1));
    desk.assert_intact();
}

#[test]
fn what_speaks_against_it_when_the_time_has_come_keeps_the_key() {
    let desk = Desk::new();
    let (old, new) = desk.replaced();
    assert_eq!(desk.plan(101), [old]);
    // The one that took its place is not safe any more.
    desk.alter(&new, &KeyChange::Exposed { certificate: Digest::of(b"certificate"), at: days(120) }, 120);
    assert_eq!(desk.remove(131), [(old, Some(Obstacle::RotationInCourse))]);
    assert!(desk.is_there(&old) && desk.listed().is_empty());
    assert_eq!(desk.last_entry().references().outcome.as_ref().unwrap().as_str(), "rotation_in_course");
    // It is decided about anew, and waits anew, once nothing does.
    let newest = desk.receive(140);
    assert!(desk.record(&new).facts.retired().is_some());
    assert_eq!(desk.plan(141), [old]);
    assert_eq!(desk.remove(171), [(old, None)]);
    assert!(desk.is_there(&new) && desk.is_there(&newest));
    desk.assert_intact();
}

#[test]
fn every_obstacle_keeps_a_key() {
    let desk = Desk::new();
    let (old, new) = desk.replaced();
    assert_eq!(desk.obstacle(&old, 99), Some(Obstacle::TooRecent));
    assert_eq!(desk.obstacle(&old, 101), None);
    assert_eq!(desk.obstacle(&new, 101), Some(Obstacle::NotRetired));

    let policy = crate::policy::Policy::from_toml("").unwrap();
    let judge = |escrow: &Escrow, record: &KeyRecord, alter: &dyn Fn(&mut KeyRecord), day: i64| {
        let mut surroundings = escrow.surroundings(&desk.change()).unwrap();
        surroundings.keys.iter_mut().filter(|key| key.facts.id() == new).for_each(alter);
        surroundings.obstacle(record, &escrow.policies.policy(None), days(day))
    };
    let record = desk.record(&old);
    let surroundings = desk.escrow.surroundings(&desk.change()).unwrap();
    assert_eq!(surroundings.obstacle(&record, &policy, days(9999)), Some(Obstacle::KeptForEver));

    // What the other one lacks.
    let json = |record: &KeyRecord, member: &str, value: serde_json::Value| {
        let mut json = serde_json::to_value(record).unwrap();
        json["facts"][member] = value;
        serde_json::from_value::<KeyRecord>(json).unwrap()
    };
    let time = || serde_json::to_value(days(50)).unwrap();
    let lacks = |member: &'static str, value: serde_json::Value| {
        judge(&desk.escrow, &record, &|other| *other = json(other, member, value.clone()), 200)
    };
    assert_eq!(lacks("refused", time()), Some(Obstacle::LastThatWorks));
    assert_eq!(lacks("denied", time()), Some(Obstacle::LastThatWorks));
    assert_eq!(lacks("last_success", serde_json::Value::Null), Some(Obstacle::LastThatWorks));
    assert_eq!(lacks("installation", 0.into()), Some(Obstacle::LastThatWorks));
    assert_eq!(
        lacks("retired", serde_json::json!({"at": days(60), "replacement": old})),
        Some(Obstacle::LastThatWorks)
    );
    assert_eq!(lacks("quarantine", "pending".into()), Some(Obstacle::Newest));
    assert_eq!(lacks("volume", "another".into()), Some(Obstacle::Newest));
    assert_eq!(lacks("kind", "snapd".into()), Some(Obstacle::Newest));
    assert_eq!(lacks("order", 0.into()), Some(Obstacle::Newest));
    let planned = |other: &mut KeyRecord| other.removal = Some(Removal::new(actor("cron"), 0, days(60)));
    assert_eq!(judge(&desk.escrow, &record, &planned, 200), Some(Obstacle::LastThatWorks));
    // It was shown to work better than the other one.
    let better = json(&record, "unlocked", serde_json::json!({"at": days(1), "level": "volume_key_unwrapped"}));
    assert_eq!(judge(&desk.escrow, &better, &|_| (), 200), Some(Obstacle::LastThatWorks));
    let pending = json(&record, "quarantine", "pending".into());
    assert_eq!(pending.facts.quarantine(), Some(Quarantine::Pending));
    assert_eq!(judge(&desk.escrow, &pending, &|_| (), 200), Some(Obstacle::Quarantined));

    // Somebody is at it.
    let wanted = Reveal::of(&desk.mac).key(old).by(&actor("ana")).reason("an old backup");
    let asked = desk.escrow.request_recovery(&wanted, days(200)).unwrap();
    assert_eq!(desk.obstacle(&old, 200), Some(Obstacle::RecoveryInCourse));
    desk.escrow.deny_recovery(&asked.recovery, &actor("ben"), "no", days(200)).unwrap();
    assert_eq!(desk.obstacle(&old, 200), None);
    desk.escrow.request_recovery(&wanted, days(200)).unwrap();
    assert_eq!(desk.obstacle(&old, 300), None, "its time is over");
    desk.escrow.request_rotation(&desk.mac, None, &actor("ana"), "why", days(300)).unwrap();
    assert_eq!(desk.obstacle(&old, 300), Some(Obstacle::RotationInCourse));
    let mut unreadable = desk.escrow.surroundings(&desk.change()).unwrap();
    unreadable.unreadable = true;
    let rules = desk.escrow.policies.policy(None);
    assert_eq!(unreadable.obstacle(&record, &rules, days(300)), Some(Obstacle::Unreadable));
}

#[test]
fn the_old_protector_of_a_disk_goes_though_its_place_had_no_other_key() {
    let desk = Desk::new();
    let pc = device("PC-17");
    let upload = |protector: &str| desk.world.in_clear(&pc, Kind::BitLocker).protector(protector.parse().unwrap());
    let old = desk.world.escrowed(&desk.escrow, &desk.keyring, upload("p1"), 0).key;
    let id = desk.escrow.request_rotation(&pc, None, &actor("ana"), "came back", at(10)).unwrap()[0];
    let tell = |event| desk.escrow.rotation_reported(&pc, &id, &event, &actor("agent"), at(20)).unwrap();
    tell(RotationEvent::Sent { attempt: 1, at: at(20) });
    let new = desk.world.escrowed(&desk.escrow, &desk.keyring, upload("p2"), 30).key;
    tell(RotationEvent::OldRetired { at: at(40) });
    assert_eq!(desk.plan(101), [old]);
    assert_eq!(desk.remove(131), [(old, None)]);
    assert!(desk.is_there(&new));
    desk.assert_intact();
}

#[test]
fn no_key_goes_under_the_default_policy() {
    let desk = Desk::new();
    let (old, _) = desk.replaced();
    let escrow = desk.world.escrow(&[]);
    assert!(escrow.plan_removals(&Page::first(), &actor("cron"), days(9999)).unwrap().items.is_empty());
    // Nor one that was to go under another.
    assert_eq!(desk.plan(101), [old]);
    let reports = escrow.remove_due(&Page::first(), &actor("cron"), days(9999)).unwrap();
    assert_eq!(reports.items[0].kept, Some(Obstacle::KeptForEver));
    assert!(desk.is_there(&old) && desk.listed().is_empty());
}

#[test]
fn pages_plan_and_remove_every_key_of_every_device() {
    let desk = Desk::new();
    let mut all = Vec::new();
    for number in 0..5 {
        let desk = Desk { mac: device(&format!("mac {number}")), ..Desk::over(&desk) };
        all.push(desk.replaced().0);
        desk.replace(1);
    }
    let pages = |fetch: &dyn Fn(&Page) -> Paged<KeyId>| {
        let (mut keys, mut page) = (Vec::new(), Page::first().limit(2));
        loop {
            let part = fetch(&page);
            keys.extend(part.items);
            match part.next {
                Some(next) => page = page.after(next),
                None => return keys,
            }
        }
    };
    let by = actor("cron");
    let planned = pages(&|page| {
        let part = desk.escrow.plan_removals(page, &by, days(200)).unwrap();
        Paged::new(part.items.into_iter().map(|planned| planned.key).collect(), 0, part.next)
    });
    assert_eq!(planned.len(), 10);
    assert!(all.iter().all(|key| planned.contains(key)));
    let removed = pages(&|page| {
        let part = desk.escrow.remove_due(page, &by, days(230)).unwrap();
        Paged::new(part.items.into_iter().map(|report| report.removal.key).collect(), 0, part.next)
    });
    assert_eq!(removed.len(), 10);
    assert_eq!(desk.escrow.summary(days(230)).unwrap().keys, 5);
    desk.assert_intact();
}

impl Desk {
    /// The same store, identities and rules.
    fn over(other: &Self) -> Self {
        let world = World { rng: other.world.rng.clone(), store: other.world.store.clone() };
        let escrow = world.escrow_by(other.escrow.certificates(), RULES);
        Self { world, escrow, keyring: other.keyring.clone(), mac: other.mac.clone() }
    }
}
