//! Are names only data?

use std::collections::BTreeSet;

use super::{
    Fixture,
    material::{World, device_id},
};
use crate::store::{
    contract::RowQuery,
    records::{Alias, AliasRecord, DeviceRecord, ReadRecords, Trust},
    schema::{Index, Table},
};

/// How many names there are.
const NAMES: usize = 2000;

/// Names that are quoted, escaped, folded, normalised, trimmed, cut or compared wrongly somewhere.
fn names() -> BTreeSet<String> {
    let parts = [
        "'",
        "''",
        "\"",
        "`",
        "\\",
        "\\'",
        "%",
        "_",
        ";",
        "--",
        "/*",
        "*/",
        "?",
        "?1",
        "$1",
        ":name",
        "@p",
        "{}",
        "%s",
        "\u{0130}",
        "i",
        "I",
        "\u{131}",
        "\u{e9}",
        "e\u{301}",
        "E\u{301}",
        "\u{c9}",
        "\u{df}",
        "ss",
        "SS",
        "\u{1e9e}",
        "\u{fb01}",
        "fi",
        "\u{2126}",
        "\u{3a9}",
        "\u{212b}",
        "\u{c5}",
        "A\u{30a}",
        "\u{1f512}",
        "\u{10ffff}",
        "\u{fffd}",
        "\u{feff}",
        "\u{200b}",
        "\u{202e}",
        "\u{a0}",
        " ",
        "  ",
        "a ",
        " a",
        "a",
        "A",
        "NULL",
        "0",
        "00",
        "1e1",
        "0x10",
        "'; DROP TABLE fdescrow_keys; --",
        "\" OR 1=1",
        "$(id)",
        "../",
        "\u{ff07}",
        "\u{2019}",
        "\u{ac00}",
        "\u{1100}\u{1161}",
    ];
    let mut names: BTreeSet<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    for (left, right) in parts.iter().flat_map(|left| parts.iter().map(move |right| (left, right))) {
        names.insert(format!("{left}{right}"));
        // As long as a name may be.
        let long = format!("{left}{}", right.repeat(255));
        let end = (0..=255).rev().find(|end| long.is_char_boundary(*end)).unwrap();
        names.insert(long[..end].to_owned());
        if names.len() >= NAMES {
            break;
        }
    }
    names
}

pub(super) fn hostile_ids_are_only_data(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let names = names();
    assert_eq!(names.len(), NAMES);
    let word = |text| crate::ids::Word::new(text).unwrap();
    let list: Vec<String> = names.iter().cloned().collect();
    world.create(&list, |device| {
        let name = device.device.as_str().to_owned();
        device.group = Some(name.clone());
        device.aliases = vec![Alias::new(word("hostname"), name, word("test"), Trust::Claimed).unwrap()];
    });
    let stored: Vec<String> =
        world.all(Table::Devices).iter().filter_map(|row| row.text("device").map(str::to_owned)).collect();
    assert_eq!(stored, list, "in the order of their bytes, each once");
    for name in &list {
        let device = world.store.read::<DeviceRecord>(&DeviceRecord::row_key(&world.organization, &device_id(name)));
        let device = device.unwrap().unwrap();
        assert_eq!((device.device.as_str(), device.group.as_deref()), (name.as_str(), Some(name.as_str())));
        let query = RowQuery::new(&world.organization, Index::ALIASES_BY_KEY).equal("hostname").equal(name.as_str());
        let found = world.store.read_page::<AliasRecord>(&query).unwrap().records;
        assert_eq!(found.len(), 1, "{name:?}");
        assert_eq!((found[0].device.as_str(), found[0].value.as_str()), (name.as_str(), name.as_str()));
        let query = RowQuery::new(&world.organization, Index::DEVICES_BY_GROUP).equal(name.as_str());
        assert_eq!(world.store.count(&query).unwrap(), 1, "{name:?}");
    }
}
