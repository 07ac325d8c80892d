//! Do two stores answer alike, whatever is done?

use std::{fmt::Debug, ops::ControlFlow, sync::Arc, time::Duration};

use super::material::{World, after, change, drafts, fingerprint, key_id, subject, under};
use crate::{
    audit::Subject,
    store::{
        contract::{ChangeSet, Corrupt, Cursor, Holder, Row, RowCursor, RowQuery, Store, StoreError},
        records::{Alias, EnvelopeRecord, KeyRecord, ReadRecords, Trust},
        schema::{Index, Table, Work},
    },
};

/// Does what a script says in both stores, which must be empty, and compares every answer.
///
/// A script is any sequence of numbers: what they mean is made up so that revisions, keys and ids often meet.
///
/// # Panics
/// If the answers differ.
pub fn replay(left: Arc<dyn Store>, right: Arc<dyn Store>, script: &[u32]) {
    let worlds = ["example.com", "example.org"].map(|name| {
        let organization = crate::ids::Organization::new(name).unwrap();
        Pair {
            left: World { store: Arc::clone(&left), organization: organization.clone() },
            right: World { store: Arc::clone(&right), organization },
        }
    });
    let mut done: Vec<ChangeSet> = Vec::new();
    for (step, word) in script.iter().enumerate() {
        let mut dice = Dice(*word);
        let world = &worlds[dice.of(2)];
        world.step(step, &mut dice, &mut done);
    }
    for world in &worlds {
        world.agree("everything", |world| world.everything());
        world.agree("all events", |world| world.events(1000));
    }
}

/// Small numbers out of a large one.
struct Dice(u32);

impl Dice {
    fn of(&mut self, sides: u32) -> usize {
        let side = self.0 % sides;
        self.0 /= sides;
        usize::try_from(side).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.of(u32::try_from(of.len()).unwrap())]
    }
}

struct Pair {
    left: World,
    right: World,
}

const DEVICES: &[&str] = &["a", "A", "\u{e9}"];
const KEYS: &[&str] = &["k0", "k1", "k2", "k3", "k4"];
const CERTIFICATES: &[&str] = &["c0", "c1"];

impl World {
    fn events(&self, limit: u32) -> Vec<Row> {
        let page = self.store.events(&self.organization, &Cursor::start(), limit).unwrap();
        page.events.into_iter().map(|event| event.row).collect()
    }
}

impl Pair {
    fn agree<T: Debug>(&self, what: &str, ask: impl Fn(&World) -> T) {
        drop(self.agreed(what, ask));
    }

    /// Asks both, and answers what they agree on.
    fn agreed<T: Debug>(&self, what: &str, ask: impl Fn(&World) -> T) -> T {
        let (left, right) = (ask(&self.left), ask(&self.right));
        let (said, expected) = (format!("{right:?}"), format!("{left:?}"));
        assert!(said == expected, "{what}: one says {expected}, the other {said}");
        left
    }

    fn commit(&self, changes: &ChangeSet, done: &mut Vec<ChangeSet>) {
        if self.agreed("commit", |world| world.store.commit(changes)).is_ok() {
            done.push(changes.clone());
        }
    }

    fn step(&self, step: usize, dice: &mut Dice, done: &mut Vec<ChangeSet>) {
        let id = format!("step {step}");
        let world = &self.left;
        match dice.of(12) {
            0 => {
                let mut device = world.device(dice.one(DEVICES));
                device.group = [None, Some("g"), Some("h")][dice.of(3)].map(str::to_owned);
                device.check_due = [None, Some(after(0)), Some(after(5))][dice.of(3)];
                let word = |text| crate::ids::Word::new(text).unwrap();
                let trust = [Trust::Claimed, Trust::Authenticated][dice.of(2)];
                let names = [vec![], vec!["x"], vec!["x", "y"]][dice.of(3)].clone();
                let alias = |name| Alias::new(word("hostname"), name, word("test"), trust).unwrap();
                device.aliases = names.into_iter().map(alias).collect();
                self.commit(&world.touch(&id, device), done);
            }
            1 => {
                let mut device = world.device(dice.one(DEVICES));
                device.revision = crate::store::Revision::new(u64::try_from(dice.of(4)).unwrap());
                self.commit(&world.touch(&id, device), done);
            }
            2 | 3 => self.receive(&id, dice, done),
            4 => self.change_key(&id, dice, done),
            5 => {
                let Some(before) = done.get(dice.of(20)).cloned() else { return };
                self.commit(&before, done);
                self.commit(&under(&id, &before), done);
            }
            6 => {
                let batch: Vec<ChangeSet> = (0..=dice.of(3))
                    .map(|number| world.touch(&format!("{id} {number}"), world.device(dice.one(DEVICES))))
                    .collect();
                self.agree("commit_batch", |world| world.store.commit_batch(&batch));
            }
            7 => {
                let mut builder = world.of_organization(&id);
                if dice.of(2) == 0 {
                    let certificate = fingerprint(dice.one(CERTIFICATES)).to_string();
                    builder
                        .unless_there(RowQuery::new(&world.organization, Index::RECIPIENTS_BY_LIVE).equal(certificate));
                } else {
                    let revision = crate::store::Revision::new(u64::try_from(dice.of(3)).unwrap());
                    builder.if_still_at(subject(dice.one(DEVICES)), revision);
                }
                self.commit(&builder.build(drafts(), after(0), None).unwrap(), done);
            }
            8 => {
                let (holder, work) = (Holder::new(dice.one(&["v", "w"])).unwrap(), Work::ALL[dice.of(2)]);
                let limit = u32::try_from(dice.of(3)).unwrap();
                let now = after(i64::try_from(dice.of(8)).unwrap());
                let lease = Duration::from_secs(1800);
                self.agree("claim", |world| world.store.claim(&world.organization, work, &holder, limit, lease, now));
            }
            9 => {
                let (holder, work) = (Holder::new(dice.one(&["v", "w"])).unwrap(), Work::ALL[dice.of(2)]);
                let keys: Vec<_> = world.all(Table::Devices).iter().map(|row| row.key().clone()).collect();
                let some = &keys[..dice.of(4).min(keys.len())];
                self.agree("release", |world| world.store.release(work, &holder, some));
            }
            10 => self.list(dice),
            _ => {
                let id = change(&format!("step {}", dice.of(50)));
                self.agree("committed", |world| world.store.committed(&world.organization, id));
                let limit = u32::try_from(dice.of(10)).unwrap();
                self.agree("events", |world| world.events(limit));
                self.agree("snapshot", |world| snapshot(world, dice.0));
            }
        }
    }

    fn receive(&self, id: &str, dice: &mut Dice, done: &mut Vec<ChangeSet>) {
        let world = &self.left;
        let mut device = world.device(dice.one(DEVICES));
        let (mut key, mut envelope) = world.new_key(&mut device, dice.one(KEYS));
        key.check_due = [None, Some(after(0)), Some(after(3))][dice.of(3)];
        envelope.recipients = CERTIFICATES[..dice.of(3)].iter().map(|name| fingerprint(name)).collect();
        let mut builder = world.builder(id, device);
        builder.insert(&key).insert(&envelope);
        match dice.of(3) {
            0 => {
                let wrapped = key.wrapped.to_string();
                builder.unless_there(RowQuery::new(&world.organization, Index::KEYS_BY_WRAPPED).equal(wrapped));
            }
            1 => {
                let revision = crate::store::Revision::new(u64::try_from(dice.of(3)).unwrap());
                builder.if_still_at(Subject::Organization, revision);
            }
            _ => {}
        }
        self.commit(&builder.build(drafts(), after(0), None).unwrap(), done);
    }

    /// Changes a key that may belong to the device or not, or not be there.
    fn change_key(&self, id: &str, dice: &mut Dice, done: &mut Vec<ChangeSet>) {
        let world = &self.left;
        let (device, name) = (world.device(dice.one(DEVICES)), dice.one(KEYS));
        let key = world.store.read::<KeyRecord>(&KeyRecord::row_key(&world.organization, &key_id(name))).unwrap();
        let Some(mut key) = key else { return };
        let envelopes = RowQuery::new(&world.organization, Index::ENVELOPES_BY_KEY).equal(key_id(name).to_string());
        let mut envelope = world.store.read_page::<EnvelopeRecord>(&envelopes).unwrap().records.remove(0);
        (key.device, envelope.device) = (device.device.clone(), device.device.clone());
        key.check_due = [None, Some(after(1))][dice.of(2)];
        envelope.retired = [None, Some(after(2))][dice.of(2)];
        let mut builder = world.builder(id, device);
        builder.replace(&key).replace(&envelope);
        self.commit(&builder.build(drafts(), after(0), None).unwrap(), done);
    }

    fn list(&self, dice: &mut Dice) {
        let table = Table::ALL[dice.of(u32::try_from(Table::ALL.len()).unwrap())];
        let indexes: Vec<Index> = Index::all_of(table).collect();
        let index = indexes[dice.of(u32::try_from(indexes.len()).unwrap())];
        let rows = self.left.rows(RowQuery::new(&self.left.organization, index));
        let mut query = RowQuery::new(&self.left.organization, index).limit(u32::try_from(1 + dice.of(3)).unwrap());
        if let Some(row) = rows.get(dice.of(5)) {
            let order: Vec<_> = index.order().filter_map(|name| row.value(name).cloned()).collect();
            let equal = dice.of(3).min(order.len());
            for value in &order[..equal] {
                query = query.equal(value.clone());
            }
            if let Some(bound) = order.get(equal) {
                query = match dice.of(4) {
                    0 => query.from(bound.clone()),
                    1 => query.to(bound.clone()),
                    2 => query.from(bound.clone()).to(bound.clone()),
                    _ => query,
                };
            }
        }
        if let (0, Some(row)) = (dice.of(2), rows.get(dice.of(5))) {
            query = query.after(RowCursor::of(row, index).unwrap());
        }
        if dice.of(2) == 0 {
            query = query.descending();
        }
        self.agree("list", |world| world.store.list(&query));
        self.agree("count", |world| world.store.count(&query));
        for row in rows {
            self.agree("get", |world| world.store.get(row.key()));
        }
    }
}

fn snapshot(world: &World, chosen: u32) -> Result<Vec<Row>, StoreError> {
    let tables: Vec<Table> =
        Table::ALL.iter().zip(0..).filter(|(_, n)| chosen >> n & 1 == 1).map(|(t, _)| *t).collect();
    let mut rows = Vec::new();
    let mut visit = |row: Result<&Row, &Corrupt>| {
        rows.push(row.unwrap().clone());
        if rows.len() > 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    world.store.snapshot(&world.organization, &tables, &mut visit)?;
    Ok(rows)
}
