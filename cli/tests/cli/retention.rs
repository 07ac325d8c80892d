//! `retention list|plan|cancel|remove`.

use std::time::{SystemTime, UNIX_EPOCH};

use fdescrow::{KeyId, Policy, Timestamp, escrow::Page, key::Kind, rotation::RotationEvent};
use fdescrow_tests::fleet::{Custodian, Fleet, actor, device, in_clear};

use crate::support::{Desk, Run};

const RULES: &str = "[retention]\nretired_keys = 8640000\nwaiting_period = 2592000\n";

fn days_ago(days: u64) -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Timestamp::from_unix_seconds(i64::try_from(now - days * 86_400).unwrap()).unwrap()
}

/// The escrow as a server had it, at times that the program cannot be told.
fn fleet(desk: &Desk) -> Fleet {
    let store = fdescrow_stores::open(&format!("sqlite:{}", desk.path("keys.db").display())).unwrap();
    let policy = Policy::from_toml(RULES).unwrap();
    let builder = Fleet::builder(store.clone()).policies(std::sync::Arc::new(std::sync::Arc::new(policy)));
    Fleet { escrow: builder.build().unwrap(), store }
}

/// A Mac whose key was replaced so many days ago; the old key, and the new one.
fn replaced(fleet: &Fleet, name: &str, days: u64) -> (KeyId, KeyId) {
    let (mac, now) = (device(name), days_ago(days));
    let receive = || {
        let key = fleet.receive(in_clear(Kind::FileVault).upload(&mac), now).key;
        fleet.check(&Custodian::curve().keyring(), now);
        key
    };
    let old = receive();
    let id = fleet.escrow.request_rotation(&mac, None, &actor("ana"), "she left", now).unwrap()[0];
    let sent = RotationEvent::Sent { attempt: 1, at: now };
    fleet.escrow.rotation_reported(&mac, &id, &sent, &actor("mdm"), now).unwrap();
    (old, receive())
}

fn retention(desk: &Desk, command: &str, rest: &[&str]) -> Run {
    let store = ["--organization", "example.com", "--policy", "policy.toml"];
    desk.store(&["retention", command], &[&store[..], rest].concat(), "")
}

fn keys(run: &Run) -> Vec<String> {
    let document = run.json();
    let removals = document["removals"].as_array().unwrap().iter();
    removals.map(|removal| removal["key"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn keys_that_were_replaced_long_ago_go_in_two_steps() {
    let desk = Desk::new("retention");
    desk.write("policy.toml", RULES);
    let (old, cancelled) = {
        let fleet = fleet(&desk);
        (replaced(&fleet, "C02XYZ", 200).0, replaced(&fleet, "C02ABC", 200).0)
    };
    let json = ["--json"];
    let by = ["--by", "cron"];
    assert!(retention(&desk, "list", &[]).ends(0).text().starts_with("ok: no key is to be removed"));
    // Without rules, every key is kept.
    let without = ["--organization", "example.com", "--by", "cron", "--json"];
    assert!(keys(&desk.store(&["retention", "plan"], &without, "").ends(0)).is_empty());

    let planned = keys(&retention(&desk, "plan", &[&by[..], &json].concat()).ends(0));
    assert_eq!(planned.len(), 2);
    assert!(planned.contains(&old.to_string()) && planned.contains(&cancelled.to_string()));
    assert_eq!(keys(&retention(&desk, "list", &json).ends(0)).len(), 2);
    assert!(retention(&desk, "list", &[]).ends(0).text().contains("as cron decided"));
    assert!(keys(&retention(&desk, "plan", &[&by[..], &json].concat()).ends(0)).is_empty());
    assert!(retention(&desk, "remove", &by).ends(0).text().starts_with("ok: no key was due"));

    let key = cancelled.to_string();
    let why = ["--key", &key, "--by", "ana", "--reason", "a court asks"];
    assert_eq!(retention(&desk, "cancel", &[&why[..], &json].concat()).ends(0).json()["decision"], "kept");
    let error = retention(&desk, "cancel", &[&why[..], &json].concat()).ends(2).error();
    assert_eq!(error["code"], 414, "{error}");
    retention(&desk, "cancel", &["--key", &key, "--by", "ana"]).ends(2);
    assert_eq!(keys(&retention(&desk, "list", &json).ends(0)), [old.to_string()]);
}

#[test]
fn what_is_due_is_removed_and_the_audit_stays_whole() {
    let desk = Desk::new("retention-due");
    desk.write("policy.toml", RULES);
    let (old, new) = {
        let fleet = fleet(&desk);
        let keys = replaced(&fleet, "C02XYZ", 200);
        let planned = fleet.escrow.plan_removals(&Page::first(), &actor("cron"), days_ago(40)).unwrap();
        assert_eq!(planned.items.len(), 1);
        keys
    };
    let removed = retention(&desk, "remove", &["--by", "cron", "--json"]).ends(0);
    assert_eq!(keys(&removed), [old.to_string()]);
    assert!(removed.json()["removals"][0]["kept"].is_null());
    let store = ["--organization", "example.com"];
    let history =
        desk.store(&["history"], &[&store[..], &["--device", "C02XYZ", "--json"]].concat(), "").ends(0).json();
    assert_eq!(history["keys"].as_array().unwrap().len(), 1);
    assert_eq!(history["keys"][0]["id"], new.to_string());
    desk.store(&["audit", "verify"], &store, "").ends(0);
    let entries = desk.store(&["audit", "list"], &[&store[..], &["--device", "C02XYZ"]].concat(), "").ends(0).text();
    assert!(entries.contains("key_removed"), "{entries}");
}
