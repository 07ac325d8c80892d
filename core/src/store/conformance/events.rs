//! Does a reader of the audit see every entry?

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use super::{
    Fixture,
    material::{MOST, World, after, assert_misuse, drafts},
};
use crate::store::contract::{Cursor, Event};

impl World {
    fn events_after(&self, after: &Cursor, limit: u32) -> (Vec<Event>, Cursor) {
        let page = self.store.events(&self.organization, after, limit).unwrap();
        assert_eq!(page.corrupt, []);
        (page.events, page.next)
    }
}

fn names(events: &[Event]) -> Vec<(String, i64)> {
    let name = |event: &Event| (event.row.text("device").unwrap().to_owned(), event.row.integer("number").unwrap());
    events.iter().map(name).collect()
}

pub(super) fn events_come_in_the_order_of_commits(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let (none, start) = world.events_after(&Cursor::start(), 10);
    assert_eq!((none.len(), &start), (0, &Cursor::start()));
    let mut expected = Vec::new();
    // Not in the order of their names; and some change sets have several entries.
    for round in 1..=10_i64 {
        for name in ["c", "a", "b"] {
            let mut drafts = drafts();
            if round % 4 == 0 {
                drafts.extend(super::material::drafts());
            }
            let number = expected.iter().filter(|(other, _)| other == name).count();
            let entries = i64::try_from(number).unwrap() + 1..;
            expected.extend(drafts.iter().zip(entries).map(|(_, number)| (name.to_owned(), number)));
            let builder = world.builder(&format!("{name} {round}"), world.device(name));
            world.commit(&builder.build(drafts, after(0), None).unwrap());
        }
    }
    let (all, end) = world.events_after(&Cursor::start(), 1000);
    assert_eq!(names(&all), expected);
    for limit in [1, 2, 7, 1000] {
        let (mut paged, mut cursor) = (Vec::new(), Cursor::start());
        loop {
            let (events, next) = world.events_after(&cursor, limit);
            assert!(paged.len() <= MOST, "there is no end to the pages");
            if events.is_empty() {
                assert_eq!(next, cursor, "the place stays while nothing comes");
                break;
            }
            paged.extend(events);
            cursor = next;
        }
        assert_eq!(paged, all, "pages of {limit}");
        assert_eq!(cursor, end);
    }
    // Every event is a place to go on from, and travels as text.
    for (place, event) in all.iter().enumerate() {
        let cursor = Cursor::new(event.cursor.to_string());
        assert!((1..=64).contains(&cursor.as_str().len()));
        assert_eq!(world.events_after(&cursor, 1000).0, all[place + 1..]);
    }
}

pub(super) fn events_skip_nothing_under_writers(fixture: &dyn Fixture) {
    const WRITERS: u32 = 4;
    const ROUNDS: u32 = 40;
    let world = World::of(fixture);
    let writing = AtomicU32::new(WRITERS);
    let read = thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (world, writing) = (&world, &writing);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    // Each writer changes its own device, and batches some changes with others' names.
                    let name = format!("device {writer}");
                    let single = world.touch(&format!("{name} {round}"), world.device(&name));
                    let extra = format!("extra {writer} {round}");
                    let born = world.touch(&extra, world.device(&extra));
                    if round % 2 == 0 {
                        world.commit(&single);
                        world.commit(&born);
                    } else {
                        let answers = world.store.commit_batch(&[single, born]).unwrap();
                        assert!(answers.iter().all(Result::is_ok));
                    }
                }
                writing.fetch_sub(1, Ordering::SeqCst);
            });
        }
        let reader = scope.spawn(|| {
            let (mut read, mut cursor) = (Vec::new(), Cursor::start());
            loop {
                let last = writing.load(Ordering::SeqCst) == 0;
                let (events, next) = world.events_after(&cursor, 5);
                if last && events.is_empty() {
                    return read;
                }
                read.extend(names(&events));
                assert!(read.len() <= MOST, "there is no end to the pages");
                cursor = next;
            }
        });
        reader.join().unwrap()
    });
    let (all, _) = world.events_after(&Cursor::start(), 1000);
    assert_eq!(read, names(&all));
    assert_eq!(read.len(), usize::try_from(WRITERS * ROUNDS * 2).unwrap());
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    for (name, number) in read {
        assert_eq!(last.insert(name, number).unwrap_or(0) + 1, number, "the entries of a chain come in its order");
    }
}

pub(super) fn a_cursor_of_another_store_is_refused(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    world.commit(&world.touch("one", world.device("one")));
    for text in ["x", "-1", "1.0", " 1", "9999999999999999999999", "\u{1f512}"] {
        assert_misuse(world.store.events(&world.organization, &Cursor::new(text), 10));
    }
}
