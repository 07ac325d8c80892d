//! A key is found by what a screen shows or a person knows; a search gives no key.

use super::*;
use crate::{
    ids::Word,
    recovery::search::Search,
    store::records::{Alias, Trust},
};

#[test]
fn keys_are_found_by_what_a_screen_shows_and_by_other_names() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(&[certificate]);
    let (pc, linux) = (device("PC-17"), device("lin-1"));
    let protector = "{8A2F0B1C-1111-4000-8000-000000000000}";
    let upload = world.in_clear(&pc, Kind::BitLocker).protector(protector.parse().unwrap());
    let windows = world.escrowed(&escrow, &keyring, upload, 0).key;
    let near =
        world.in_clear(&pc, Kind::BitLocker).protector("{8A2F0B1C-2222-4000-8000-000000000000}".parse().unwrap());
    let neighbour = world.escrowed(&escrow, &keyring, near, 0).key;
    let volume = "C2F7C2A8-6F0E-4A3C-9B7E-3D5B8F1A2C4D";
    let upload = world.in_clear(&linux, Kind::Luks).volume(volume.parse().unwrap());
    let luks = world.escrowed(&escrow, &keyring, upload, 0).key;
    let word = |word: &str| Word::new(word).unwrap();
    let names = [Alias::new(word("serial"), "5CG1234XYZ", word("mdm"), Trust::Authenticated).unwrap()];
    escrow.name_device(&pc, &names, &actor("mdm"), at(5)).unwrap();

    let find = |text: &str| -> Vec<KeyId> {
        let found = escrow.find(&Search::parse(text).unwrap()).unwrap();
        let mut keys: Vec<KeyId> = found.into_iter().filter_map(|found| found.key).collect();
        keys.sort();
        keys
    };
    let sorted = |mut keys: Vec<KeyId>| {
        keys.sort();
        keys
    };
    let both = sorted(vec![windows, neighbour]);
    assert_eq!(find("8A2F0B1C"), both);
    assert_eq!(find("8a2f0b1c-1111-4000-8000-000000000000"), [windows]);
    assert_eq!(find(protector), [windows]);
    for name in ["PC-17", " 5CG1234XYZ "] {
        assert_eq!(find(name), both, "{name}");
    }
    for name in [volume, "c2f7c2a86f0e4a3c9b7e3d5b8f1a2c4d", "\\\\?\\Volume{c2f7c2a8-6f0e-4a3c-9b7e-3d5b8f1a2c4d}\\"] {
        assert_eq!(find(name), [luks], "{name}");
    }
    assert!(find("nobody").is_empty());
}
