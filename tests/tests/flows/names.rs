//! Are names only data, all the way from the upload to the reveal?

use std::collections::BTreeSet;

use fdescrow::{
    DeviceId,
    escrow::{Page, Reveal},
    key::Kind,
    store::{MemoryStore, conformance::Fixture},
};
use fdescrow_tests::fleet::{Custodian, Fleet, Sent, SqliteFile, actor, at, in_clear};

use super::counted;

/// Pieces that somebody quotes, folds, trims, normalises, matches as a pattern or runs by mistake.
const PIECES: &[&str] = &[
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
    "#",
    "&",
    "<",
    ">",
    "\u{0130}",
    "i",
    "I",
    "\u{131}",
    "\u{e9}",
    "e\u{301}",
    "\u{df}",
    "ss",
    "\u{fb01}",
    "\u{2126}",
    "\u{212b}",
    "\u{1f512}",
    "\u{10ffff}",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "\u{a0}",
    " ",
    "NULL",
    "0",
    "1e1",
    "'; DROP TABLE keys; --",
];

fn names(count: usize) -> Vec<String> {
    let mut names: BTreeSet<String> = PIECES.iter().map(|piece| (*piece).to_owned()).collect();
    for (left, right) in PIECES.iter().flat_map(|left| PIECES.iter().map(move |right| (left, right))) {
        names.insert(format!("{left}{right}"));
    }
    names.insert("x".repeat(255));
    let every = (names.len() / count).max(1);
    let names: Vec<String> = names.into_iter().step_by(every).take(count).collect();
    assert_eq!(names.len(), count);
    names
}

/// Everything that has a name gets the same one: the device, volume, protector, sender and request of a key; who
/// reveals it, and why.
fn hostile_names(fixture: &dyn Fixture, count: usize) {
    let fleet = Fleet::of(fixture);
    // A blank one is no reason and no request.
    let names: Vec<String> = names(count).into_iter().filter(|name| !name.trim().is_empty()).collect();
    let sent: Vec<Sent> =
        names.iter().map(|name| in_clear(Kind::BitLocker).of_volume(name).of_protector(name)).collect();
    for (name, sent) in names.iter().zip(&sent) {
        let upload = || sent.upload(&DeviceId::new(name).unwrap()).by(&actor(name)).request(name);
        let receipt = fleet.receive(upload(), at(0));
        assert_eq!(receipt.request.as_deref(), Some(name.as_str()));
        assert_eq!(fleet.receive(upload(), at(1)), receipt, "{name:?}");
    }
    let keyring = Custodian::curve().keyring();
    assert_eq!(fleet.check(&keyring, at(2)).opened, u64::try_from(names.len()).unwrap());
    let mut revealed = 0;
    for (number, (name, sent)) in names.iter().zip(&sent).enumerate() {
        let device = DeviceId::new(name).unwrap();
        let history = fleet.escrow.history(&device).unwrap();
        assert_eq!(history.len(), 1, "{name:?}");
        assert_eq!((history[0].device.as_str(), history[0].by.as_str()), (name.as_str(), name.as_str()));
        let (volume, protector) = (&history[0].place.volume, &history[0].place.protector);
        assert_eq!((volume, protector), (&sent.volume, &sent.protector));
        // Opening takes time; every tenth of them is enough to see that its payload names it.
        if number % 10 == 0 {
            let wanted = Reveal::of(&device).volume(name.parse().unwrap()).protector(name.parse().unwrap());
            let key = fleet.escrow.reveal(wanted.by(&actor(name)).reason(name), &keyring, at(3)).unwrap();
            assert_eq!(key.expose(), sent.text, "{name:?}");
            revealed += 1;
        }
        let entries = fleet.escrow.audit_of(&device, 0, 100).unwrap();
        assert_eq!(entries.len(), if number % 10 == 0 { 5 } else { 3 });
        assert!(
            entries
                .iter()
                .filter(|entry| entry.action().as_str() != "key_checked")
                .all(|entry| entry.actor().as_str() == name)
        );
    }
    let mut listed = BTreeSet::new();
    let mut page = Page::first().limit(1000);
    loop {
        let found = fleet.escrow.devices(&page, at(4)).unwrap();
        assert_eq!(found.unreadable, 0);
        listed.extend(found.items.into_iter().map(|report| report.device.as_str().to_owned()));
        match found.next {
            Some(next) => page = page.after(next),
            None => break,
        }
    }
    assert_eq!(listed, names.iter().cloned().collect());
    fleet.assert_intact();
    println!(
        "{} hostile names of devices, volumes, protectors, people and requests; {revealed} of their keys revealed",
        names.len()
    );
}

/// The suite of the stores writes two thousand to each store; here each is sealed and opened, which takes longer.
#[test]
fn hostile_names_in_memory_are_only_data_from_upload_to_reveal_counted() {
    hostile_names(&MemoryStore::new(), counted(2000, 100));
}

#[test]
fn hostile_names_in_sqlite_are_only_data_from_upload_to_reveal_counted() {
    hostile_names(&SqliteFile::new(), counted(2000, 50));
}
