//! Is a commit one thing, and done once?

use std::sync::Arc;

use super::{
    Fixture,
    material::{World, after, change, conflict, device_id, drafts, key_id, raw, under},
};
use crate::{
    audit::Subject,
    store::{
        contract::{
            CHANGES_REMEMBERED, CommitError, ConflictCause, Cursor, Edit, Revision, Row, RowQuery, StoreError, Value,
        },
        records::{Alias, AuditRecord, DeviceRecord, EnvelopeRecord, KeyRecord, ReadRecords, Stored, Trust},
        schema::{Index, Table},
    },
};

pub(super) fn a_commit_is_whole_or_nothing(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    world.commit(&world.receive("one", "key"));
    let before = (world.everything(), world.store.events(&world.organization, &Cursor::start(), 100).unwrap());
    // Everything about it is new, but for the last row, which is there already.
    let fresh = world.receive("two", "other key");
    let taken = Edit::Insert(world.all(Table::Keys).remove(0));
    for place in 0..=fresh.edits().len() {
        let mut edits = fresh.edits().to_vec();
        edits.insert(place, taken.clone());
        let cause = conflict(world.store.commit(&raw(&fresh, edits))).cause;
        assert_eq!(cause, ConflictCause::Present(Table::Keys));
        let events = world.store.events(&world.organization, &Cursor::start(), 100).unwrap();
        assert_eq!((world.everything(), events), before, "something was written at place {place}");
    }
    assert_eq!(world.store.committed(&world.organization, fresh.change_id()).unwrap(), None);
    world.commit(&fresh);
    for edit in fresh.edits() {
        let Edit::Insert(row) = edit else { panic!("a first upload only inserts") };
        assert_eq!(world.store.get(row.key()).unwrap().as_ref(), Some(row));
    }
    assert_eq!(world.store.get(fresh.subject_row().key()).unwrap().as_ref(), Some(fresh.subject_row()));
    let events = world.store.events(&world.organization, &Cursor::start(), 100).unwrap().events;
    let devices: Vec<_> = events.iter().filter_map(|event| event.row.text("device")).collect();
    assert_eq!(devices, ["one", "two"], "of what was undone no event is left");
}

pub(super) fn a_stale_revision_conflicts(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let unborn = world.device("one");
    assert_eq!(world.commit(&world.touch("first", unborn.clone())), Revision::new(1));
    let first = world.device("one");
    assert_eq!(first.revision, Revision::new(1));
    assert_eq!(world.commit(&world.touch("second", first.clone())), Revision::new(2));

    for (id, stale) in [("third", unborn), ("fourth", first)] {
        let conflict = conflict(world.store.commit(&world.touch(id, stale)));
        assert_eq!((conflict.current, conflict.cause), (Revision::new(2), ConflictCause::Revision));
    }
    let mut ahead = world.device("one");
    ahead.revision = Revision::new(3);
    assert_eq!(conflict(world.store.commit(&world.touch("ahead", ahead))).current, Revision::new(2));
    let mut nowhere = world.device("two");
    nowhere.revision = Revision::new(1);
    assert_eq!(conflict(world.store.commit(&world.touch("nowhere", nowhere))).current, Revision::NONE);
    assert_eq!(world.all(Table::Devices).len(), 1);
    assert_eq!(world.all(Table::Audit).len(), 2);
}

pub(super) fn a_change_is_committed_once(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let changes = world.receive("one", "key");
    assert_eq!(world.commit(&changes), Revision::new(1));
    world.commit(&world.touch("later", world.device("one")));
    let before = world.everything();
    for _ in 0..10 {
        assert_eq!(world.commit(&changes), Revision::new(1));
    }
    // What was decided anew after the answer was lost: another key id, another time, the present revision.
    let again = under("one/key", &world.receive("one", "decided again"));
    assert_eq!((again.change_id(), again.expected()), (changes.change_id(), Revision::new(2)));
    assert_eq!(world.commit(&again), Revision::new(1));
    let answers = world.store.commit_batch(&[again.clone(), again]).unwrap();
    assert!(answers.into_iter().all(|answer| answer.unwrap() == Revision::new(1)));
    assert_eq!(world.everything(), before);
}

pub(super) fn a_change_id_belongs_to_one_subject(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    world.commit(&world.touch("taken", world.device("one")));
    let before = world.everything();
    let answer = world.store.commit(&world.touch("taken", world.device("two")));
    assert!(matches!(answer, Err(CommitError::Store(StoreError::Misuse(_)))), "{answer:?}");
    assert_eq!(world.everything(), before);
}

pub(super) fn the_last_changes_are_remembered(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let last = CHANGES_REMEMBERED + 20;
    for number in 1..=last {
        world.commit(&world.touch(&format!("change {number}"), world.device("one")));
    }
    world.commit(&world.touch("of another device", world.device("two")));
    for number in last - CHANGES_REMEMBERED + 1..=last {
        let committed = world.store.committed(&world.organization, change(&format!("change {number}"))).unwrap();
        assert_eq!(committed, Some(Revision::new(number)));
    }
}

pub(super) fn committed_says_what_happened(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let stale = world.device("one");
    let committed = |id| world.store.committed(&world.organization, change(id)).unwrap();
    assert_eq!(committed("first"), None);
    // Having asked forbids nothing.
    world.commit(&world.touch("first", stale.clone()));
    assert_eq!(committed("first"), Some(Revision::new(1)));
    conflict(world.store.commit(&world.touch("second", stale)));
    assert_eq!(committed("second"), None);
    assert_eq!(committed("first"), Some(Revision::new(1)));
    world.commit(&world.of_organization("third").build(drafts(), after(0), None).unwrap());
    assert_eq!(committed("third"), Some(Revision::new(1)));
}

pub(super) fn a_row_is_inserted_once(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let first = world.receive("one", "key");
    world.commit(&first);
    let before = world.everything();
    // Another device brings rows of the same keys, as if random ids had met.
    for edit in first.edits().iter().filter(|edit| edit.key().table() != Table::Audit) {
        let changes = world.touch("two", world.device("two"));
        let cause = conflict(world.store.commit(&raw(&changes, vec![edit.clone()]))).cause;
        assert_eq!(cause, ConflictCause::Present(edit.key().table()));
    }
    assert_eq!(world.everything(), before);
}

pub(super) fn a_row_of_another_device_is_not_replaced(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let first = world.receive("one", "key");
    world.commit(&first);
    let mut device = world.device("one");
    device.aliases = vec![alias("serial", "C02XYZ")];
    world.commit(&world.touch("alias", device));
    world.commit(&world.touch("two", world.device("two")));
    let before = world.everything();

    let attempt = |edit: Edit, cause: ConflictCause| {
        let changes = world.touch("attempt", world.device("two"));
        assert_eq!(conflict(world.store.commit(&raw(&changes, vec![edit]))).cause, cause);
        assert_eq!(world.everything(), before);
    };
    let key_row = world.all(Table::Keys).remove(0);
    let mut key = KeyRecord::from_stored(&key_row);
    key.device = device_id("two");
    attempt(Edit::Replace(key.to_row(&world.organization).unwrap()), ConflictCause::Absent(Table::Keys));
    let mut envelope = EnvelopeRecord::from_stored(&world.all(Table::Envelopes).remove(0));
    envelope.device = device_id("two");
    attempt(Edit::Replace(envelope.to_row(&world.organization).unwrap()), ConflictCause::Absent(Table::Envelopes));
    for recipient in envelope.derived(&world.organization) {
        attempt(Edit::Replace(recipient), ConflictCause::Absent(Table::Recipients));
    }
    let nobody = KeyRecord::row_key(&world.organization, &key_id("nobody's"));
    let absent = Row::from_parts(nobody, key_row.columns().to_vec(), key_row.body().map(str::to_owned), None).unwrap();
    attempt(Edit::Replace(absent), ConflictCause::Absent(Table::Keys));
    let mut gone = world.all(Table::Aliases).remove(0).key().parts().to_vec();
    gone[3] = Value::from("two");
    let gone = crate::store::RowKey::from_parts(Table::Aliases, gone).unwrap();
    attempt(Edit::Delete(gone), ConflictCause::Absent(Table::Aliases));
}

pub(super) fn a_row_that_follows_from_others_is_put_right(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    world.commit(&world.receive("one", "key"));
    let envelope = EnvelopeRecord::from_stored(&world.all(Table::Envelopes).remove(0));
    let rows = envelope.derived(&world.organization);
    let there = world.all(Table::Recipients);
    assert!(!there.is_empty());
    let change = |id: &str, edits: Vec<Edit>| world.commit(&raw(&world.touch(id, world.device("one")), edits));
    let cleared = |rows: &[Row]| rows.iter().map(|row| Edit::Clear(row.key().clone())).collect::<Vec<_>>();
    let put = |rows: &[Row]| rows.iter().cloned().map(Edit::Put).collect::<Vec<_>>();
    change("lost", cleared(&rows));
    assert!(world.all(Table::Recipients).is_empty());
    change("lost again", cleared(&rows));
    change("put back", put(&rows));
    assert_eq!(world.all(Table::Recipients), there);
    // Damaged: even what is fixed otherwise.
    let damaged: Vec<Row> = rows
        .iter()
        .map(|row| Row::from_parts(row.key().clone(), vec![Some(Value::from("two")), None], None, None).unwrap())
        .collect();
    change("damaged", put(&damaged));
    change("put right", put(&rows));
    assert_eq!(world.all(Table::Recipients), there);
}

pub(super) fn a_row_that_was_deleted_is_gone(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    world.commit(&world.receive("one", "kept"));
    let before: Vec<Vec<Row>> = KEPT.iter().map(|table| world.all(*table)).collect();
    world.commit(&world.receive("one", "gone"));
    let keys = world.all(Table::Keys).into_iter().map(|row| KeyRecord::from_stored(&row));
    let key = keys.into_iter().find(|key| key.facts.id() == key_id("gone")).unwrap();
    let envelopes = world.all(Table::Envelopes).into_iter().map(|row| EnvelopeRecord::from_stored(&row));
    let envelope = envelopes.into_iter().find(|envelope| envelope.key == key.facts.id()).unwrap();
    let remove = |id: &str| {
        let mut builder = world.builder(id, world.device("one"));
        builder.delete(&key).delete(&envelope);
        builder.build(drafts(), after(0), None).unwrap()
    };
    world.commit(&remove("remove"));
    for (table, rows) in KEPT.iter().zip(&before) {
        for index in Index::all_of(*table) {
            let listed = world.rows(RowQuery::new(&world.organization, index));
            assert!(listed.iter().all(|row| rows.contains(row)), "{table} by {}", index.as_str());
        }
        assert_eq!(&world.all(*table), rows);
    }
    let all = world.everything();
    assert_eq!(conflict(world.store.commit(&remove("again"))).cause, ConflictCause::Absent(Table::Keys));
    assert_eq!(world.everything(), all);
    let mut device = world.device("one");
    let (key, envelope) = world.new_key(&mut device, "gone");
    let mut builder = world.builder("it came again", device);
    builder.insert(&key).insert(&envelope);
    world.commit(&builder.build(drafts(), after(0), None).unwrap());
    assert_eq!(world.all(Table::Keys).len(), 2);
}

/// The tables whose rows go with a key.
const KEPT: [Table; 3] = [Table::Keys, Table::Envelopes, Table::Recipients];

fn alias(kind: &str, value: &str) -> Alias {
    let word = |text| crate::ids::Word::new(text).unwrap();
    Alias::new(word(kind), value, word("test"), Trust::Claimed).unwrap()
}

/// Reading a row that is known to be readable.
trait FromStored: Sized {
    fn from_stored(row: &Row) -> Self;
}

impl<R: crate::store::Record> FromStored for R {
    fn from_stored(row: &Row) -> Self {
        Self::from_row(row).unwrap()
    }
}

pub(super) fn a_replacement_keeps_what_is_fixed(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    world.commit(&world.receive("one", "key"));
    let stored = world.all(Table::Envelopes).remove(0);

    // The bytes of a replacement are not looked at, whatever they are.
    let foreign = super::material::envelope(b"something else").der().to_vec();
    let mut columns = stored.columns().to_vec();
    columns[2] = Some(Value::from(7));
    let other = Row::from_parts(stored.key().clone(), columns.clone(), Some("{\"other\":1}".to_owned()), Some(foreign))
        .unwrap();
    let changes = world.touch("replace", world.device("one"));
    let changes = raw(&changes, vec![Edit::Replace(other)]);
    world.commit(&changes);
    let now = world.store.get(stored.key()).unwrap().unwrap();
    assert_eq!(now.bytes(), stored.bytes());
    assert_eq!((now.columns(), now.body()), (columns.as_slice(), Some("{\"other\":1}")));

    // A fixed column that differs names another row.
    let before = world.everything();
    for (place, column) in Table::Envelopes.description().columns.iter().enumerate().filter(|(_, column)| column.fixed)
    {
        let mut columns = now.columns().to_vec();
        columns[place] = Some(match columns[place] {
            Some(Value::Integer(_)) => Value::from(99),
            _ => Value::from("changed"),
        });
        let body = now.body().map(str::to_owned);
        let other = Row::from_parts(now.key().clone(), columns, body, now.bytes().map(<[u8]>::to_vec)).unwrap();
        let changes = raw(&world.touch("fixed", world.device("one")), vec![Edit::Replace(other)]);
        let cause = conflict(world.store.commit(&changes)).cause;
        assert_eq!(cause, ConflictCause::Absent(Table::Envelopes), "{}", column.name);
    }
    assert_eq!(world.everything(), before);
}

pub(super) fn an_audit_entry_is_never_changed(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    world.commit(&world.touch("first", world.device("one")));
    world.commit(&world.touch("second", world.device("one")));
    let before = world.all(Table::Audit);
    let entry = before[0].clone();
    let altered = Row::from_parts(entry.key().clone(), entry.columns().to_vec(), Some("{}".to_owned()), None).unwrap();
    for row in [entry.clone(), altered.clone()] {
        let changes = raw(&world.touch("third", world.device("one")), vec![Edit::Insert(row)]);
        assert_eq!(conflict(world.store.commit(&changes)).cause, ConflictCause::Present(Table::Audit));
    }
    for edit in [Edit::Replace(entry.clone()), Edit::Replace(altered), Edit::Delete(entry.key().clone())] {
        let answer = world.store.commit(&raw(&world.touch("third", world.device("one")), vec![edit]));
        assert!(matches!(answer, Err(CommitError::Store(StoreError::Misuse(_)))), "{answer:?}");
    }
    assert_eq!(world.all(Table::Audit), before);
    assert_eq!(world.device("one").revision, Revision::new(2));
}

pub(super) fn each_of_a_batch_is_answered(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    assert!(world.store.commit_batch(&[]).unwrap().is_empty());
    world.commit(&world.touch("one 1", world.device("one")));
    let stale = {
        let mut device = world.device("one");
        device.revision = Revision::NONE;
        world.touch("stale", device)
    };
    let mut next = world.device("three");
    let born = world.touch("three 1", next.clone());
    next.revision = Revision::new(1);
    next.head = AuditRecord::from_stored(&last_audit(&born)).entry.head();
    let batch = [
        world.touch("one 2", world.device("one")),
        stale.clone(),
        world.receive("two", "key"),
        raw(
            &world.touch("four", world.device("four")),
            vec![last_audit(&born)].into_iter().map(Edit::Insert).collect(),
        ),
        born,
        world.touch("three 2", next),
        stale,
    ];
    let answers = world.store.commit_batch(&batch).unwrap();
    let revisions: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().ok().map(|revision| revision.number())).collect();
    // The fourth writes an entry of another device; so the fifth finds it there.
    assert_eq!(revisions, [Some(2), None, Some(1), Some(1), None, None, None]);
    assert_eq!(world.device("two").revision, Revision::new(1));
    assert!(world.store.get(&DeviceRecord::row_key(&world.organization, &device_id("three"))).unwrap().is_none());
    assert_eq!(world.all(Table::Keys).len(), 1);
    assert_eq!(world.store.committed(&world.organization, change("stale")).unwrap(), None);
    assert_eq!(world.store.committed(&world.organization, change("one 2")).unwrap(), Some(Revision::new(2)));
}

/// The last audit entry that a change set writes.
fn last_audit(changes: &crate::store::ChangeSet) -> Row {
    let mut rows = changes.edits().iter().rev().filter_map(|edit| match edit {
        Edit::Insert(row) if row.table() == Table::Audit => Some(row.clone()),
        _ => None,
    });
    rows.next().unwrap()
}

pub(super) fn what_was_acknowledged_is_there_after_reopening(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    for number in 0..20 {
        world.commit(&world.receive(&format!("device {}", number % 3), &format!("key {number}")));
    }
    let mut device = world.device("device 1");
    device.aliases = vec![alias("serial", "C02XYZ"), alias("hostname", "caf\u{e9}")];
    world.commit(&world.touch("aliases", device));
    let before = world.everything();
    let events = world.store.events(&world.organization, &Cursor::start(), 1000).unwrap();

    let again = World { store: fixture.reopen(), organization: world.organization.clone() };
    assert_eq!(again.everything(), before);
    assert_eq!(again.store.events(&again.organization, &Cursor::start(), 1000).unwrap(), events);
    let known = again.store.committed(&again.organization, change("aliases")).unwrap();
    assert_eq!(known, Some(again.device("device 1").revision));
    // Places and revisions go on where they were.
    again.commit(&again.receive("device 1", "one more"));
    let more = again.store.events(&again.organization, &events.next, 1000).unwrap();
    assert_eq!(more.events.len(), 1);
    assert_eq!(Arc::strong_count(&again.store), 1);
    let chain = RowQuery::new(&again.organization, Index::AUDIT_BY_KEY).equal("device 1");
    let entries = again.store.read_page::<AuditRecord>(&chain).unwrap();
    assert!(entries.records.iter().zip(1..).all(|(record, number)| record.entry.number() == number));
    assert!(entries.records.iter().all(|record| record.entry.subject() == Subject::Device(device_id("device 1"))));
}
