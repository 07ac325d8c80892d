//! Does what was written come back, and in which order?

use super::{
    Fixture,
    material::{World, after, assert_misuse, drafts, raw},
};
use crate::store::{
    contract::{BODY_LIMIT, BYTES_LIMIT, Edit, Row, RowCursor, RowKey, RowQuery, Value},
    schema::{Index, Table},
};

/// A row of a table, with the parts of its key behind the organization.
fn row(world: &World, table: Table, key: Vec<Value>, columns: Vec<Option<Value>>, body: &str, bytes: &[u8]) -> Row {
    let key = RowKey::new(table, &world.organization, key);
    let description = table.description();
    let body = description.body.then(|| body.to_owned());
    Row::from_parts(key, columns, body, description.bytes.then(|| bytes.to_vec())).unwrap()
}

fn insert(world: &World, id: &str, rows: Vec<Row>) {
    let edits = rows.into_iter().map(Edit::Insert).collect();
    world.commit(&raw(&world.touch(id, world.device("writer")), edits));
}

pub(super) fn every_value_comes_back_as_it_was(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let all_bytes: Vec<u8> = (0..=255).cycle().take(BYTES_LIMIT).collect();
    let texts =
        ["", " ", "a ", "caf\u{e9}", "cafe\u{301}", "\u{1f512}", "'\"`\\%_;--", "NULL", "0", "1e3", "\u{feff}x"];
    let longest = "\u{1f512}".repeat(63);
    let mut bodies = vec![
        "{}".to_owned(),
        "{ \"b\" : 1.0,\n\"a\":\"\\u0000\\ud83d\\ude00\", \"a\":0}\r\n".to_owned(),
        "not even JSON \u{0}\u{1}\u{fffd}".to_owned(),
    ];
    bodies.push(format!("{{\"long\":\"{}\"}}", "\u{e9}".repeat((BODY_LIMIT - 11) / 2)));
    let mut rows = Vec::new();
    for (number, text) in texts.into_iter().chain([longest.as_str()]).enumerate() {
        for (place, integer) in [i64::MIN, -1, 0, i64::MAX].into_iter().enumerate() {
            let key = vec![Value::from(format!("{number} {place}")), Value::from(text)];
            let columns = vec![Some(Value::from(text)), Some(Value::from(integer)), Some(Value::from(integer))];
            rows.push(row(&world, Table::Envelopes, key, columns, "{}", &all_bytes[..256]));
        }
    }
    for (number, body) in bodies.iter().enumerate() {
        let key = vec![Value::from("body"), Value::from(number.to_string())];
        rows.push(row(&world, Table::Envelopes, key, vec![Some("d".into()), Some(1.into()), None], body, b""));
    }
    let key = vec![Value::from("bytes"), Value::from("all")];
    rows.push(row(&world, Table::Envelopes, key, vec![Some("d".into()), Some(1.into()), None], "{}", &all_bytes));
    insert(&world, "all", rows.clone());
    for row in &rows {
        let stored = world.store.get(row.key()).unwrap().unwrap();
        assert_eq!(stored, *row, "{}", row.key());
        assert_eq!(stored.digest(), row.digest());
    }
    rows.sort_by(|a, b| a.key().cmp(b.key()));
    assert_eq!(world.all(Table::Envelopes), rows);
}

pub(super) fn rows_come_in_the_order_of_their_bytes(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let mut names: Vec<String> =
        ["a", "A", "\u{e9}", "e\u{301}", "e", "z", "Z", "ss", "\u{df}", "10", "9", "a b", "ab", "a-b"]
            .into_iter()
            .chain(["\u{ff5e}", "\u{1f512}", "\u{ffee}", "\u{10ffff}", "i", "I", "\u{131}", "a ", "a  "])
            .map(str::to_owned)
            .collect();
    world.create(&names, |_| {});
    names.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    let listed: Vec<String> =
        world.all(Table::Devices).iter().filter_map(|row| row.text("device").map(str::to_owned)).collect();
    assert_eq!(listed, names);
    for pair in names.windows(2) {
        let between =
            RowQuery::new(&world.organization, Index::DEVICES_BY_KEY).from(pair[0].as_str()).to(pair[1].as_str());
        assert_eq!(world.rows(between).len(), 2, "{pair:?}");
    }
}

pub(super) fn a_row_is_in_an_index_while_no_column_is_empty(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let by_check = RowQuery::new(&world.organization, Index::DEVICES_BY_CHECK);
    let by_group = RowQuery::new(&world.organization, Index::DEVICES_BY_GROUP);
    let count = || (world.rows(by_check.clone()).len(), world.rows(by_group.clone()).len());
    world.commit(&world.touch("1", world.device("one")));
    assert_eq!(count(), (0, 0));
    let mut device = world.device("one");
    (device.check_due, device.group) = (Some(after(5)), Some("laptops".to_owned()));
    world.commit(&world.touch("2", device));
    assert_eq!(count(), (1, 1));
    assert_eq!(world.rows(by_group.clone().equal("laptops")).len(), 1);
    let mut device = world.device("one");
    (device.check_due, device.group) = (Some(after(9)), Some("desktops".to_owned()));
    world.commit(&world.touch("3", device));
    assert_eq!(world.rows(by_group.clone().equal("laptops")).len(), 0);
    assert_eq!(world.rows(by_check.clone().to(after(8).unix_seconds())).len(), 0);
    assert_eq!(count(), (1, 1));
    let mut device = world.device("one");
    (device.check_due, device.group) = (None, None);
    world.commit(&world.touch("4", device));
    assert_eq!(count(), (0, 0));
    assert_eq!(world.all(Table::Devices).len(), 1);

    // An index of several columns: one that is empty is enough.
    world.commit(&world.receive("two", "key"));
    let due = RowQuery::new(&world.organization, Index::KEYS_BY_DUE).equal("two");
    assert_eq!(world.rows(due.clone()).len(), 1);
    let mut key: crate::store::records::KeyRecord =
        crate::store::Record::from_row(&world.all(Table::Keys).remove(0)).unwrap();
    key.check_due = None;
    let mut builder = world.builder("checked", world.device("two"));
    builder.replace(&key);
    world.commit(&builder.build(drafts(), after(0), None).unwrap());
    assert_eq!(world.rows(due).len(), 0);
    assert_eq!(world.rows(RowQuery::new(&world.organization, Index::KEYS_BY_DEVICE).equal("two")).len(), 1);
}

/// 60 keys of three devices: 20 numbers each, of which four times five are equal.
fn keys(world: &World) {
    let rows = (0..60).map(|n: i64| {
        let device = format!("device {}", n % 3);
        let due = Some(Value::from(n / 3 % 5));
        let text = |text: &str| Some(Value::from(text));
        let columns = vec![
            text(&device),
            Some((n / 3).into()),
            text("luks"),
            text("w"),
            None,
            None,
            due,
            text("p"),
            None,
            None,
            None,
        ];
        row(world, Table::Keys, vec![Value::from(format!("{:02}", (n * 7) % 60))], columns, "{}", b"")
    });
    insert(world, "keys", rows.collect());
}

pub(super) fn a_page_begins_where_the_last_one_ended(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    keys(&world);
    let queries = [
        RowQuery::new(&world.organization, Index::KEYS_BY_KEY),
        RowQuery::new(&world.organization, Index::KEYS_BY_DUE),
        RowQuery::new(&world.organization, Index::KEYS_BY_PROBLEM).equal("p"),
        RowQuery::new(&world.organization, Index::KEYS_BY_DUE).equal("device 1"),
        RowQuery::new(&world.organization, Index::KEYS_BY_DUE).equal("device 1").from(1).to(3),
        RowQuery::new(&world.organization, Index::KEYS_BY_DUE).equal("device 1").equal(2),
    ];
    for (query, expected) in queries.into_iter().zip([60, 60, 60, 20, 12, 4]) {
        let whole = world.rows(query.clone().limit(1000));
        assert_eq!(whole.len(), expected);
        let order = |row: &Row| RowCursor::of(row, query.index()).unwrap();
        let places: Vec<Vec<Value>> = whole
            .iter()
            .map(|row| query.index().order().map(|name| row.value(name).unwrap().clone()).collect())
            .collect();
        assert!(places.is_sorted() && places.windows(2).all(|pair| pair[0] != pair[1]));
        for limit in [1, 2, 7, 20, 59, 60, 61] {
            assert_eq!(world.rows(query.clone().limit(limit)), whole, "pages of {limit}");
            let mut backwards = world.rows(query.clone().limit(limit).descending());
            backwards.reverse();
            assert_eq!(backwards, whole, "pages of {limit}, descending");
        }
        // A cursor travels as text.
        let middle = &whole[expected / 2];
        let cursor: RowCursor = order(middle).to_string().parse().unwrap();
        assert_eq!(world.rows(query.clone().after(cursor.clone())), whole[expected / 2 + 1..]);
        let mut before = world.rows(query.clone().descending().after(cursor));
        before.reverse();
        assert_eq!(before, whole[..expected / 2]);
    }
    // A cursor that lies outside of the range, before it or behind it.
    let by_due =
        |from: i64, to: i64| RowQuery::new(&world.organization, Index::KEYS_BY_DUE).equal("device 1").from(from).to(to);
    let (early, late) = (world.rows(by_due(0, 0)).remove(0), world.rows(by_due(4, 4)).remove(0));
    for (row, up, down) in [(early, 8, 0), (late, 0, 8)] {
        let query = by_due(2, 3).after(RowCursor::of(&row, Index::KEYS_BY_DUE).unwrap());
        assert_eq!(world.rows(query.clone()).len(), up);
        assert_eq!(world.rows(query.descending()).len(), down);
    }
    let page = world.store.list(&RowQuery::new(&world.organization, Index::KEYS_BY_KEY).limit(60)).unwrap();
    assert_eq!((page.rows.len(), page.next), (60, None));
}

pub(super) fn ranges_have_both_their_ends(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    keys(&world);
    let by_due = || RowQuery::new(&world.organization, Index::KEYS_BY_DUE).equal("device 0");
    let cases = [
        (by_due(), 20),
        (by_due().from(2), 12),
        (by_due().to(2), 12),
        (by_due().from(2).to(2), 4),
        (by_due().from(3).to(2), 0),
        (by_due().from(5), 0),
        (by_due().to(-1), 0),
        (by_due().from(i64::MIN).to(i64::MAX), 20),
        (RowQuery::new(&world.organization, Index::KEYS_BY_DUE).from("device 1").to("device 1"), 20),
        (RowQuery::new(&world.organization, Index::KEYS_BY_DUE).from("device 1"), 40),
        (RowQuery::new(&world.organization, Index::KEYS_BY_DUE).to("device"), 0),
        (RowQuery::new(&world.organization, Index::KEYS_BY_DUE).equal("device"), 0),
        (RowQuery::new(&world.organization, Index::KEYS_BY_KEY).from("10").to("19"), 10),
    ];
    for (query, expected) in cases {
        for query in [query.clone(), query.descending()] {
            assert_eq!(world.rows(query.clone().limit(3)).len(), expected, "{query:?}");
            let count = world.store.count(&query.clone().limit(1)).unwrap();
            assert_eq!(count, u64::try_from(expected).unwrap(), "{query:?}");
            if let Some(row) = world.rows(query.clone()).get(1) {
                let cursor = RowCursor::of(row, query.index()).unwrap();
                assert_eq!(world.store.count(&query.after(cursor)).unwrap(), count, "a cursor does not count");
            }
        }
    }
}

pub(super) fn pages_miss_nothing_under_writes(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let names = |prefix: &str| -> Vec<String> { (0..40).map(|n| format!("{prefix} {:02}", (n * 7) % 40)).collect() };
    world.create(&names("stays"), |device| device.group = Some("group".to_owned()));
    for descending in [false, true] {
        let query = RowQuery::new(&world.organization, Index::DEVICES_BY_GROUP).equal("group").limit(3);
        let mut next = if descending { query.descending() } else { query };
        let mut seen = Vec::new();
        let mut round = 0;
        loop {
            let page = world.store.list(&next).unwrap();
            seen.extend(page.rows.iter().filter_map(|row| row.text("device").map(str::to_owned)));
            let Some(cursor) = page.next else { break };
            next = next.after(cursor);
            round += 1;
            assert!(round < 1000, "there is no end to the pages");
            // Others come, before and behind the cursor, and those that stay are changed.
            let others = [format!("a {descending} {round}"), format!("z {descending} {round}")];
            world.create(&others, |device| device.group = Some("group".to_owned()));
            for name in [format!("stays {:02}", round % 40), format!("stays {:02}", (round * 13) % 40)] {
                world.commit(&world.touch(&format!("{name} {descending} {round}"), world.device(&name)));
            }
        }
        let mut stayed: Vec<String> = seen.into_iter().filter(|name| name.starts_with("stays")).collect();
        if descending {
            stayed.reverse();
        }
        let mut all = names("stays");
        all.sort();
        assert_eq!(stayed, all);
    }
}

pub(super) fn a_query_that_does_not_fit_is_refused(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    keys(&world);
    let new = |index| RowQuery::new(&world.organization, index);
    let page = world.store.list(&new(Index::KEYS_BY_DUE).limit(1)).unwrap();
    let cursor = page.next.unwrap();
    let wrong = [
        new(Index::KEYS_BY_KEY).equal(1),
        new(Index::KEYS_BY_DUE).equal("device 1").from("text"),
        new(Index::KEYS_BY_KEY).equal("00").from("a"),
        new(Index::KEYS_BY_KEY).equal("00").equal("more"),
        new(Index::KEYS_BY_KEY).equal("x".repeat(256)),
        new(Index::KEYS_BY_KEY).equal("a\0b"),
    ];
    for query in wrong {
        assert_misuse(world.store.list(&query));
        assert_misuse(world.store.count(&query));
    }
    let cursors = [
        new(Index::KEYS_BY_KEY).after(cursor.clone()),
        new(Index::DEVICES_BY_KEY).after(cursor),
        new(Index::KEYS_BY_DUE).after("[\"device 1\",\"2\",\"x\"]".parse().unwrap()),
        new(Index::KEYS_BY_DUE).after("[]".parse().unwrap()),
        new(Index::KEYS_BY_DUE).equal("device 1").after("[\"device 2\",2,\"x\"]".parse().unwrap()),
    ];
    for query in cursors {
        assert_misuse(world.store.list(&query));
    }
    for text in ["", "x", "[1.5]", "[null]", "{}", "[[]]"] {
        assert_misuse(text.parse::<RowCursor>());
    }
    assert_misuse("[".repeat(20_000).parse::<RowCursor>());
}
