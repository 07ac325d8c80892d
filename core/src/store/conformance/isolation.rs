//! Do two organizations in one database see each other?

use std::{collections::BTreeSet, ops::ControlFlow, time::Duration};

use super::{
    Fixture,
    material::{World, after, change, drafts},
};
use crate::store::{
    contract::{Corrupt, Cursor, Holder, Row, RowQuery},
    schema::{Index, Table, Work},
};

/// The same story in an organization: same devices, same keys, same change ids.
fn story(world: &World) {
    for name in ["one", "two"] {
        world.commit(&world.receive(name, &format!("key of {name}")));
    }
    let mut device = world.device("one");
    device.group = Some("group".to_owned());
    world.commit(&world.touch("group", device));
    world.commit(&world.of_organization("own").build(drafts(), after(0), None).unwrap());
}

pub(super) fn two_organizations_never_see_each_other(fixture: &dyn Fixture) {
    // Names of which one begins with the other, or differs by what a careless comparison overlooks.
    let names = ["example", "example ", "Example", "example.com", "ex\u{e4}mple"];
    let first = World::of(fixture);
    let worlds: Vec<World> = names.iter().map(|name| first.other(name)).collect();
    let mut before: Vec<Vec<Row>> = Vec::new();
    for world in &worlds {
        assert_eq!(world.everything(), []);
        story(world);
        let rows = world.everything();
        assert!(rows.iter().all(|row| row.text("organization") == Some(world.organization.as_str())));
        before.push(rows);
    }
    assert_eq!(before.iter().map(Vec::len).collect::<BTreeSet<_>>().len(), 1, "each has as many rows");
    let holder = Holder::new("worker").unwrap();
    let lease = Duration::from_secs(60);
    for (world, rows) in worlds.iter().zip(&before) {
        assert_eq!(world.everything(), *rows, "what the others did changed nothing");
        for table in Table::ALL {
            for index in Index::all_of(*table) {
                let query = RowQuery::new(&world.organization, index);
                let listed = world.rows(query.clone());
                assert!(listed.iter().all(|row| row.key().belongs_to(&world.organization)));
                let mut backwards = world.rows(query.clone().descending());
                backwards.reverse();
                assert_eq!(backwards, listed);
                assert_eq!(usize::try_from(world.store.count(&query).unwrap()).unwrap(), listed.len());
            }
        }
        let claimed = world.store.claim(&world.organization, Work::Check, &holder, 100, lease, after(9)).unwrap();
        assert_eq!(claimed.rows.len(), 2);
        assert!(claimed.rows.iter().all(|row| row.key().belongs_to(&world.organization)));
        let events = world.store.events(&world.organization, &Cursor::start(), 100).unwrap().events;
        assert_eq!(events.len(), 4);
        assert!(events.iter().all(|event| event.row.key().belongs_to(&world.organization)));
        let mut seen = 0;
        let mut visit = |row: Result<&Row, &Corrupt>| {
            assert!(row.unwrap().key().belongs_to(&world.organization));
            seen += 1;
            ControlFlow::Continue(())
        };
        world.store.snapshot(&world.organization, Table::ALL, &mut visit).unwrap();
        assert_eq!(seen, rows.len());
    }
    let stranger = first.other("example.org");
    assert_eq!(stranger.everything(), []);
    assert_eq!(stranger.store.committed(&stranger.organization, change("group")).unwrap(), None);
    let claimed = stranger.store.claim(&stranger.organization, Work::Check, &holder, 100, lease, after(9)).unwrap();
    assert_eq!(claimed.rows, []);
    assert_eq!(stranger.store.events(&stranger.organization, &Cursor::start(), 100).unwrap().events, []);
    // A change of one organization leaves the device of the same name in another where it is.
    worlds[0].commit(&worlds[0].touch("more", worlds[0].device("one")));
    assert_eq!(worlds[1].everything(), before[1]);
}
