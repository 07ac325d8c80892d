//! What a change set must be, and what it takes care of by itself.

use std::{collections::BTreeMap, ops::ControlFlow};

use super::samples::{actor, an_envelope, device, now, organization};
use crate::{
    audit::{Action, ChainVerifier, Draft, MacKey, Subject, Text},
    envelope::{Allowed, Fingerprint, Suite},
    ids::{DeviceId, Digest, KeyId, Organization, Word},
    key::Kind,
    recovery::{Approval, Person, Recovery, RecoveryId, RecoveryRules, Request, Used},
    store::{
        MemoryStore,
        contract::{ChangeId, ChangeSet, Corrupt, Edit, Row, RowQuery, Store, StoreError},
        records::{
            Alias, AliasRecord, AuditRecord, ChangeSetBuilder, DeviceRecord, EnvelopeOrigin, KeyRecord,
            OrganizationRecord, ReadRecords, RecoveryRecord, Trust,
        },
        schema::{Index, Table},
    },
    time::Timestamp,
    verification::{Event, NewKey, Origin, Place},
};

fn drafts(count: usize) -> Vec<Draft> {
    (0..count).map(|_| Draft::new(actor(), Action::DeviceChanged)).collect()
}

fn builder(number: u8, device: DeviceRecord) -> ChangeSetBuilder {
    ChangeSetBuilder::of_device(ChangeId::from_bytes([number; 16]), &organization(), device)
}

fn a_device() -> DeviceRecord {
    DeviceRecord::new(device(), now())
}

fn a_key(device: &DeviceRecord, number: u8, due: Option<Timestamp>) -> KeyRecord {
    let id = KeyId::from_bytes([number; 16]);
    let new = NewKey::new(id, Place::new(Kind::Luks), Origin::Sealed, Digest::of(&[number]), now());
    let change = ChangeId::from_bytes([number; 16]);
    let facts = device.state.receive(new);
    let mut key = KeyRecord::new(device.device.clone(), facts, actor(), change, Digest::of(&[number]));
    key.check_due = due;
    key
}

fn assert_misuse(built: Result<ChangeSet, StoreError>) {
    assert!(matches!(built, Err(StoreError::Misuse(_))), "{built:?}");
}

#[test]
fn a_change_without_an_entry_is_refused() {
    assert_misuse(builder(1, a_device()).build(Vec::new(), now(), None));
}

#[test]
fn rows_of_another_subject_are_refused() {
    let mut other = a_device();
    other.device = DeviceId::new("other").unwrap();
    let key = a_key(&other, 1, None);
    let mut changes = builder(1, a_device());
    changes.insert(&key);
    assert_misuse(changes.build(drafts(1), now(), None));

    let change = ChangeId::from_bytes([1; 16]);
    let mut changes = ChangeSetBuilder::of_organization(change, &organization(), OrganizationRecord::NEW);
    changes.insert(&key);
    assert_misuse(changes.build(drafts(1), now(), None));

    let mut changes = builder(1, a_device());
    changes.replace(&a_device());
    assert_misuse(changes.build(drafts(1), now(), None));

    let mut changes = builder(1, a_device());
    changes.unless_there(RowQuery::new(&Organization::new("example.org").unwrap(), Index::KEYS_BY_KEY));
    assert_misuse(changes.build(drafts(1), now(), None));
}

#[test]
fn a_row_stands_in_a_change_set_once() {
    let device = a_device();
    let key = a_key(&device, 1, None);
    let mut changes = builder(1, device);
    changes.insert(&key).replace(&key);
    assert_misuse(changes.build(drafts(1), now(), None));
}

#[test]
fn what_is_too_large_is_refused_before_it_is_sent() {
    let mut device = a_device();
    device.group = Some("g".repeat(256));
    let built = builder(1, device).build(drafts(1), now(), None);
    assert!(matches!(built, Err(StoreError::Limit { .. })), "{built:?}");

    let request = Request::new(actor(), Text::new("reason").unwrap(), now());
    let course = Recovery::request(request, None, None, &RecoveryRules::default(), Used::default()).unwrap();
    let person = Person::new("https://idp.example.com", "1002").unwrap();
    let approval = Approval::new(actor(), person, KeyId::from_bytes([1; 16]), Digest::of(b"envelope"), now());
    let mut course = serde_json::to_value(course).unwrap();
    course["approvals"] = serde_json::to_value(vec![approval; 100_000]).unwrap();
    let course = serde_json::from_value(course).unwrap();
    let recovery = RecoveryRecord::new(RecoveryId::from_bytes([1; 16]), a_device().device, course);
    let mut changes = builder(1, a_device());
    changes.insert(&recovery);
    let built = changes.build(drafts(1), now(), None);
    assert!(matches!(built, Err(StoreError::Limit { .. })));
}

#[test]
fn a_device_is_due_no_later_than_its_keys() {
    let due = |device: Option<i64>, keys: &[Option<i64>]| {
        let mut record = a_device();
        record.check_due = device.map(|seconds| now().saturating_add(seconds));
        let keys: Vec<KeyRecord> = (1..)
            .zip(keys)
            .map(|(number, due)| a_key(&record, number, due.map(|seconds| now().saturating_add(seconds))))
            .collect();
        let mut changes = builder(1, record);
        keys.iter().for_each(|key| {
            changes.insert(key);
        });
        let row = changes.build(drafts(1), now(), None).unwrap().subject_row().clone();
        row.integer("check_due").map(|due| due - now().unix_seconds())
    };
    assert_eq!(due(None, &[None]), None);
    assert_eq!(due(None, &[Some(5), None, Some(3)]), Some(3));
    assert_eq!(due(Some(2), &[Some(5)]), Some(2));
    assert_eq!(due(Some(9), &[Some(5)]), Some(5));
    assert_eq!(due(Some(9), &[]), Some(9));
}

#[test]
fn the_next_check_is_that_of_the_first_key_that_is_due() {
    let store = MemoryStore::new();
    let mut record = a_device();
    let mut changes = builder(1, record.clone());
    let mut keys = Vec::new();
    for number in 1..=250 {
        let key = a_key(&record, number, (number % 5 > 0).then(|| now().saturating_add(i64::from(number))));
        let received = Event::KeyReceived { key: Box::new(key.facts.clone()) };
        record.state = record.state.apply(&received).unwrap();
        changes.insert(&key);
        keys.push(key);
    }
    store.commit(&changes.build(drafts(1), now(), None).unwrap()).unwrap();
    let next = |written: &[KeyRecord]| {
        let next = store.next_check(&organization(), &device(), written).unwrap();
        next.map(|next| next.seconds_since(now()))
    };
    let at = |key: &KeyRecord, due: Option<i64>| {
        let mut key = key.clone();
        key.check_due = due.map(|due| now().saturating_add(due));
        key
    };
    assert_eq!(next(&[]), Some(1));
    assert_eq!(next(&[at(&keys[0], None)]), Some(2));
    assert_eq!(next(&[at(&keys[0], Some(900)), at(&keys[1], Some(900))]), Some(3));
    assert_eq!(next(&[at(&keys[4], Some(0))]), Some(0));
    let all: Vec<KeyRecord> = keys.iter().map(|key| at(key, None)).collect();
    assert_eq!(next(&all), None);
    assert_eq!(next(&all[..249]), None, "the 250th is not due");
    assert_eq!(next(&all[..248]), Some(249));
    let other = DeviceId::new("other").unwrap();
    assert_eq!(store.next_check(&organization(), &other, &[]).unwrap(), None);
}

#[test]
fn aliases_have_the_rows_that_they_should() {
    let store = MemoryStore::new();
    let alias = |value: &str, trust| {
        let word = |text| Word::new(text).unwrap();
        Alias::new(word("hostname"), value, word("agent"), trust).unwrap()
    };
    let rows = || {
        let query = RowQuery::new(&organization(), Index::ALIASES_BY_KEY);
        let page = store.read_page::<AliasRecord>(&query).unwrap();
        page.records.into_iter().map(|alias| (alias.value, alias.trust)).collect::<BTreeMap<_, _>>()
    };
    let steps: [&[(&str, Trust)]; 6] = [
        &[("a", Trust::Claimed), ("b", Trust::Claimed)],
        &[("a", Trust::Claimed), ("b", Trust::Claimed)],
        &[("b", Trust::Authenticated), ("c", Trust::Claimed)],
        &[("c", Trust::Claimed), ("c", Trust::Authenticated)],
        &[],
        &[("a", Trust::Claimed)],
    ];
    for (number, step) in (1..).zip(steps) {
        let key = DeviceRecord::row_key(&organization(), &device());
        let mut record = store.read::<DeviceRecord>(&key).unwrap().unwrap_or_else(a_device);
        record.aliases = step.iter().map(|(value, trust)| alias(value, *trust)).collect();
        store.commit(&builder(number, record).build(drafts(1), now(), None).unwrap()).unwrap();
        let expected = step.iter().map(|(value, trust)| ((*value).to_owned(), *trust)).collect();
        assert_eq!(rows(), expected, "step {number}");
    }
    assert!(Alias::new(Word::new("hostname").unwrap(), "a\0", Word::new("x").unwrap(), Trust::Claimed).is_err());
}

#[test]
fn recipients_have_rows_that_are_live_while_the_envelope_is() {
    let store = MemoryStore::new();
    let record = a_device();
    let mut envelope = an_envelope(EnvelopeOrigin::Received, Allowed::Suite(Suite::FileVault));
    let [one, two] = [[1; 32], [2; 32]].map(Fingerprint::from_bytes);
    envelope.recipients = vec![two, one, two];
    let mut changes = builder(1, record);
    changes.insert(&envelope);
    store.commit(&changes.build(drafts(1), now(), None).unwrap()).unwrap();
    let live = |fingerprint: &Fingerprint| {
        let query = RowQuery::new(&organization(), Index::RECIPIENTS_BY_LIVE).equal(fingerprint.to_string());
        store.count(&query).unwrap()
    };
    assert_eq!([live(&one), live(&two), live(&Fingerprint::from_bytes([3; 32]))], [1, 1, 0]);
    envelope.retired = Some(now());
    let record = store.read(&DeviceRecord::row_key(&organization(), &device())).unwrap().unwrap();
    let mut changes = builder(2, record);
    changes.replace(&envelope);
    store.commit(&changes.build(drafts(1), now(), None).unwrap()).unwrap();
    assert_eq!([live(&one), live(&two)], [0, 0]);
    assert_eq!(store.count(&RowQuery::new(&organization(), Index::RECIPIENTS_BY_KEY)).unwrap(), 2);
}

/// What the change sets wrote verifies as a chain, MACs and rows included; and a row that is changed afterwards
/// does not.
#[test]
fn entries_name_every_audited_row_of_their_change() {
    let store = MemoryStore::new();
    let mac_key = MacKey::parse(&[9; 32]).unwrap();
    let read = || store.read::<DeviceRecord>(&DeviceRecord::row_key(&organization(), &device())).unwrap();
    for number in 1..=5 {
        let mut record = read().unwrap_or_else(a_device);
        let key = a_key(&record, number, Some(now()));
        record.state = record.state.apply(&Event::KeyReceived { key: Box::new(key.facts.clone()) }).unwrap();
        let mut changes = builder(number, record);
        changes.insert(&key);
        let set = changes.build(drafts(usize::from(number)), now(), Some(&mac_key)).unwrap();
        store.commit(&set).unwrap();
    }
    let mut rows = BTreeMap::new();
    let mut entries = Vec::new();
    let mut visit = |row: Result<&Row, &Corrupt>| {
        let row = row.unwrap();
        if row.table().description().audited {
            rows.insert(Text::new(row.key().name()).unwrap(), row.digest());
        } else if row.table() == Table::Audit {
            entries.push(row.clone());
        }
        ControlFlow::Continue(())
    };
    store.snapshot(&organization(), Table::ALL, &mut visit).unwrap();
    assert_eq!(rows.len(), 1 + 5);
    let verify = |rows: &BTreeMap<Text, Digest>| {
        let (organization, keys) = (organization(), [MacKey::parse(&[9; 32]).unwrap()]);
        let mut verifier = ChainVerifier::new(&organization, Subject::Device(device()), &keys);
        for row in &entries {
            verifier.entry(u64::try_from(row.integer("number").unwrap()).unwrap(), row.body().unwrap().as_bytes());
        }
        verifier.finish(read().map(|record| record.head).as_ref(), Some(rows))
    };
    let report = verify(&rows);
    assert!(report.is_intact(), "{:?}", report.findings);
    assert_eq!((report.entries, report.vouched), (1 + 2 + 3 + 4 + 5, 15));
    for name in rows.keys() {
        let mut altered = rows.clone();
        altered.insert(name.clone(), Digest::ZERO);
        assert_eq!(verify(&altered).findings.len(), 1, "{name}");
        altered.remove(name);
        assert_eq!(verify(&altered).findings.len(), 1, "{name}");
    }
}

#[test]
fn the_first_commit_of_a_device_only_inserts() {
    let record = a_device();
    let key = a_key(&record, 1, None);
    let mut changes = builder(1, record);
    changes.insert(&key);
    let set = changes.build(drafts(2), now(), None).unwrap();
    assert!(set.edits().iter().all(|edit| matches!(edit, Edit::Insert(_))));
    assert_eq!(set.subject_row().integer("revision"), Some(1));
    assert_eq!(set.subject_row().integer("audit_number"), Some(2));
    let audit = set.edits().iter().filter(|edit| edit.key().table() == Table::Audit);
    assert_eq!(audit.count(), 2);
    assert_eq!(set.edits()[1].key(), &AuditRecord::row_key(&organization(), &Subject::Device(device()), 1));
}
