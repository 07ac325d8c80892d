//! What was stored is read again, by this version and by those beside it.

use super::*;

/// A state as version 1 stores it. It must be readable for ever: change it only by adding.
const STORED: &str = r#"{
  "version": 1,
  "created": "2026-11-24T07:23:20Z",
  "installation": 2,
  "installed": "2026-11-24T07:23:30Z",
  "places": [{
    "kind": "bitlocker", "volume": "C:", "protector": "{1}",
    "keys": [{
      "id": "02020202020202020202020202020202",
      "kind": "bitlocker", "volume": "C:", "protector": "{1}",
      "order": 2, "installation": 2, "received": "2026-11-24T07:23:31Z", "origin": "plaintext",
      "envelopes": [{
        "digest": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "added": "2026-11-24T07:23:31Z", "checked": true
      }],
      "quarantine": "accepted",
      "last_success": {
        "at": "2026-11-24T07:23:32Z",
        "envelope": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "identity": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "binding": "sealed", "metadata_consistent": true, "unverifiable": "no_header"
      },
      "last_attempt": {
        "at": "2026-11-24T07:23:33Z", "failure": "no_identity",
        "keyring": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
      },
      "unlocked": { "at": "2026-11-24T07:23:32Z", "level": "volume_key_unwrapped" },
      "refused": "2026-11-24T07:23:34Z",
      "attested": "2026-11-24T07:23:35Z",
      "denied": "2026-11-24T07:23:36Z",
      "exposed": {
        "at": "2026-11-24T07:23:37Z",
        "certificate": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
      },
      "retired": { "at": "2026-11-24T07:23:38Z", "replacement": "03030303030303030303030303030303" }
    }],
    "earlier": {
      "id": "01010101010101010101010101010101",
      "kind": "bitlocker", "volume": "C:", "protector": "{1}",
      "order": 1, "installation": 1, "received": "2026-11-24T07:23:21Z", "origin": "sealed",
      "envelopes": []
    }
  }],
  "quarantined": 3,
  "received": 4,
  "forgotten": "2026-11-24T07:23:39Z"
}"#;

fn value(json: &str) -> serde_json::Value {
    serde_json::from_str(json).unwrap()
}

#[test]
fn the_first_version_is_read_and_written_as_it_was() {
    let state: State = serde_json::from_str(STORED).unwrap();
    assert_eq!(serde_json::to_value(&state).unwrap(), value(STORED));
    assert_eq!((state.received(), state.quarantined(), state.created()), (4, 3, at(0)));
}

#[test]
fn what_a_newer_version_added_survives_an_older_one() {
    let mut newer = value(STORED);
    newer["posture"] = serde_json::json!({ "encrypted": "yes" });
    newer["rotation"] = serde_json::json!(["idle"]);
    newer["places"][0]["colour"] = serde_json::json!("blue");
    newer["places"][0]["keys"][0]["weight"] = serde_json::json!(3);
    newer["places"][0]["keys"][0]["last_attempt"]["failure"] = serde_json::json!("melted");
    let state: State = serde_json::from_value(newer.clone()).unwrap();
    assert_eq!(serde_json::to_value(&state).unwrap(), newer);
    let state = state.apply(&Event::KeySighted).unwrap();
    newer.as_object_mut().unwrap().remove("forgotten");
    assert_eq!(serde_json::to_value(&state).unwrap(), newer);
}

#[test]
fn a_version_that_is_not_known_is_refused() {
    let mut newer = value(STORED);
    newer["version"] = serde_json::json!(2);
    let error = serde_json::from_value::<State>(newer).unwrap_err();
    assert_eq!(error.to_string(), "the state is of version 2, which is not known");
    let error = StateError::for_version(2);
    assert_eq!(error.code(), crate::ErrorCode::StoreCorrupt);
}

#[test]
fn every_event_leaves_a_state_that_is_read_as_it_was_written() {
    let mut device = Device::new();
    device.receive(1, filevault(), 1);
    device.change(1, opened_with(1, HeaderProof::Unverifiable(Word::new("no_header").unwrap()), 2)).unwrap();
    device.reinstall(3);
    device.receive(2, bitlocker("C:", "{1}"), 4);
    device.change(2, not_opened(2, Failure::BoundToOther, 5)).unwrap();
    let json = serde_json::to_string(&device.state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&json).unwrap(), device.state);
    let json = serde_json::to_string(device.key(1)).unwrap();
    assert_eq!(&serde_json::from_str::<KeyFacts>(&json).unwrap(), device.key(1));
}

#[test]
fn an_assessment_is_a_document() {
    let mut device = Device::new();
    device.receive(1, filevault(), 0);
    let assessment = device.assess(1);
    let expected = r#"{"status":"verifying","reasons":["not_checked"],"actions":["check_key"],"wake_at":"2026-11-24T07:25:00Z","awaits":["key_checked"]}"#;
    assert_eq!(serde_json::to_string(&assessment).unwrap(), expected);
    assert_eq!(serde_json::from_str::<Assessment>(expected).unwrap(), assessment);
    for status in Status::ALL {
        assert_eq!(serde_json::to_string(status).unwrap(), format!("\"{status}\""));
    }
}
