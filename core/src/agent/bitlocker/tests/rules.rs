//! What a policy says is what the planner goes by.

use super::*;
use crate::policy::Policy;

fn rules(toml: &str) -> Rules {
    Rules::of(&Policy::from_toml(toml).unwrap())
}

#[test]
fn what_a_policy_does_not_say_has_its_default() {
    for nothing in ["", "[escrow]", "[bitlocker.enforcement]"] {
        assert_eq!(rules(nothing), Rules::default(), "{nothing}");
    }
}

#[test]
fn each_thing_that_a_policy_says_changes_one_rule() {
    let level = rules("[escrow.levels]\nbitlocker = \"volume_key_unwrapped\"");
    assert_eq!(level, Rules { level: Level::VolumeKeyUnwrapped, ..Rules::default() });
    assert_eq!(rules("[escrow.levels]\nluks = \"volume_key_unwrapped\""), Rules::default());

    for (word, before) in [("spooled", Before::Spooled), ("stored", Before::Stored), ("verified", Before::Verified)] {
        let said = rules(&format!("[bitlocker.enforcement]\nbefore_encryption = \"{word}\""));
        assert_eq!(said, Rules { before_encryption: before, ..Rules::default() });
    }
    let methods = [
        ("aes_cbc_128", EncryptionMethod::Aes128),
        ("aes_cbc_256", EncryptionMethod::Aes256),
        ("xts_aes_128", EncryptionMethod::XtsAes128),
        ("xts_aes_256", EncryptionMethod::XtsAes256),
    ];
    for (word, method) in methods {
        let said = rules(&format!("[bitlocker.methods]\nsystem = \"{word}\""));
        assert_eq!(said, Rules { encryption_method: method, ..Rules::default() });
    }
    let full = rules("[bitlocker.system_drive]\nencryption_type = \"full\"");
    assert_eq!(full, Rules { encryption_type: EncryptionType::Full, ..Rules::default() });
}

#[test]
fn the_boot_protector_is_what_is_required_or_else_the_simplest_that_is_allowed() {
    let ways = ["tpm", "pin", "startup_key", "pin_and_startup_key"];
    let boots = [Boot::Tpm, Boot::TpmAndPin, Boot::TpmAndStartupKey, Boot::TpmAndPinAndStartupKey];
    let startup = |usage: &dyn Fn(usize) -> &'static str| {
        let lines: Vec<String> =
            ways.iter().enumerate().map(|(index, way)| format!("{way} = \"{}\"", usage(index))).collect();
        rules(&format!("[bitlocker.system_drive.startup]\n{}", lines.join("\n"))).boot
    };
    for (index, boot) in boots.iter().enumerate() {
        let required = startup(&|way| if way == index { "required" } else { "disallowed" });
        let allowed = startup(&|way| if way < index { "disallowed" } else { "allowed" });
        assert_eq!((required, allowed), (*boot, *boot), "{}", ways[index]);
    }
}
