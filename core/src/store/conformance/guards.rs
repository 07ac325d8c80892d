//! Does a change set see what it relies on?

use std::{sync::Barrier, thread};

use super::{
    Fixture,
    material::{World, after, conflict, drafts, fingerprint, subject},
};
use crate::{
    audit::Subject,
    store::{
        contract::{CommitError, ConflictCause, Revision, RowQuery},
        schema::{Index, Table},
    },
};

pub(super) fn a_guard_of_absence_holds(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let certificate = fingerprint("certificate").to_string();
    let live =
        |world: &World| RowQuery::new(&world.organization, Index::RECIPIENTS_BY_LIVE).equal(certificate.as_str());
    let retire = |id: &str| {
        let mut builder = world.of_organization(id);
        builder.unless_there(live(&world));
        builder.build(drafts(), after(0), None).unwrap()
    };
    assert_eq!(world.commit(&retire("nobody has it")), Revision::new(1));
    world.commit(&world.receive("one", "key"));
    let found = conflict(world.store.commit(&retire("somebody has it")));
    assert_eq!((found.cause, found.current), (ConflictCause::Guard, Revision::new(1)));

    // The reference is there and not live any more.
    let (mut key, mut envelope) = stored_key(&world);
    envelope.retired = Some(after(1));
    key.check_due = None;
    let mut builder = world.builder("no longer", world.device("one"));
    builder.replace(&key).replace(&envelope);
    world.commit(&builder.build(drafts(), after(1), None).unwrap());
    assert_eq!(world.all(Table::Recipients).len(), 1);
    assert_eq!(world.commit(&retire("nobody has it now")), Revision::new(2));
}

fn stored_key(world: &World) -> (crate::store::records::KeyRecord, crate::store::records::EnvelopeRecord) {
    use crate::store::Record;
    let row = |table| world.all(table).remove(0);
    (Record::from_row(&row(Table::Keys)).unwrap(), Record::from_row(&row(Table::Envelopes)).unwrap())
}

pub(super) fn a_guard_of_a_revision_holds(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let relying = |id: &str, on: Subject, revision: u64| {
        let mut builder = world.builder(id, world.device("one"));
        builder.if_still_at(on, Revision::new(revision));
        builder.build(drafts(), after(0), None).unwrap()
    };
    world.commit(&relying("not there", Subject::Organization, 0));
    world.commit(&world.of_organization("born").build(drafts(), after(0), None).unwrap());
    let found = conflict(world.store.commit(&relying("no longer not there", Subject::Organization, 0)));
    assert_eq!((found.cause, found.current), (ConflictCause::Guard, Revision::new(1)));
    world.commit(&relying("there", Subject::Organization, 1));
    world.commit(&relying("another device is not there", subject("two"), 0));
    world.commit(&world.touch("two", world.device("two")));
    world.commit(&relying("it is there", subject("two"), 1));
    for (id, revision) in [("too old", 0), ("too new", 2)] {
        let cause = conflict(world.store.commit(&relying(id, subject("two"), revision))).cause;
        assert_eq!(cause, ConflictCause::Guard);
    }
    assert_eq!(world.device("one").revision, Revision::new(4));
}

/// Two devices send the same wrapped key at the same time; a certificate is retired while a device sends a key
/// that is sealed to it. Each one looks first and writes then, so both could see nothing.
pub(super) fn of_two_that_exclude_each_other_one_wins(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    for round in 0..40 {
        let wrapped = format!("wrapped in round {round}");
        let barrier = Barrier::new(2);
        let race = |name: &str| {
            let name = format!("{name} {round}");
            let mut device = world.device(&name);
            let (mut key, mut envelope) = world.new_key(&mut device, &format!("key of {name}"));
            key.wrapped = crate::ids::Digest::of(wrapped.as_bytes());
            envelope.recipients.clear();
            let mut builder = world.builder(&name, device);
            builder.insert(&key).insert(&envelope);
            let same = RowQuery::new(&world.organization, Index::KEYS_BY_WRAPPED).equal(key.wrapped.to_string());
            builder.unless_there(same);
            let changes = builder.build(drafts(), after(0), None).unwrap();
            barrier.wait();
            world.store.commit(&changes)
        };
        expect_one(together(|| race("left"), || race("right")));

        let barrier = Barrier::new(2);
        let certificate = fingerprint(&format!("certificate {round}"));
        let stored = world.of_organization("probe").build(drafts(), after(0), None).unwrap().expected();
        let retire = || {
            let live = RowQuery::new(&world.organization, Index::RECIPIENTS_BY_LIVE).equal(certificate.to_string());
            let mut builder = world.of_organization(&format!("retire {round}"));
            builder.unless_there(live);
            let changes = builder.build(drafts(), after(0), None).unwrap();
            barrier.wait();
            world.store.commit(&changes)
        };
        let receive = || {
            let name = format!("late {round}");
            let mut device = world.device(&name);
            let (key, mut envelope) = world.new_key(&mut device, &name);
            envelope.recipients = vec![certificate];
            let mut builder = world.builder(&name, device);
            builder.insert(&key).insert(&envelope).if_still_at(Subject::Organization, stored);
            let changes = builder.build(drafts(), after(0), None).unwrap();
            barrier.wait();
            world.store.commit(&changes)
        };
        expect_one(together(retire, receive));
    }
}

type Answer = Result<Revision, CommitError>;

fn together(left: impl Fn() -> Answer + Sync, right: impl Fn() -> Answer + Sync) -> [Answer; 2] {
    thread::scope(|scope| {
        let (left, right) = (scope.spawn(&left), scope.spawn(&right));
        [left.join().unwrap(), right.join().unwrap()]
    })
}

fn expect_one(answers: [Answer; 2]) {
    let won = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(won, 1, "{answers:?}");
    for answer in answers.into_iter().filter(Result::is_err) {
        assert_eq!(conflict(answer).cause, ConflictCause::Guard);
    }
}
