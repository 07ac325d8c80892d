//! Is the command that replaces a recovery key Apple's?

use std::fs;

use fdescrow::{
    Secret,
    key::{Kind, RecoveryKey},
    profile::{FileVaultUnlock, rotate_command},
};
use plist::{Dictionary, Value};
use saphyr::{LoadableYamlNode as _, Yaml};

use crate::material::{ESCROW, checked};

const UUID: &str = "7f000001-0000-4000-8000-000000000001";

fn command(unlock: &FileVaultUnlock<'_>) -> Dictionary {
    let bytes = rotate_command(UUID, unlock, &checked(&ESCROW.0)).unwrap();
    Value::from_reader_xml(bytes.expose()).unwrap().into_dictionary().unwrap()
}

fn password_of(root: &Dictionary) -> String {
    let unlock = root["Command"].as_dictionary().unwrap()["FileVaultUnlock"].as_dictionary().unwrap();
    unlock["Password"].as_string().unwrap().to_owned()
}

#[test]
fn the_command_has_the_keys_and_types_of_apples_schema() {
    let Some(shared) = fdescrow_tests::shared() else { return };
    let text = fs::read_to_string(shared.join("schemas/apple/rotate.file.vault.key.yaml")).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    let schema = &documents[0];
    let request = schema.as_mapping_get("payload").unwrap().as_mapping_get("requesttype").unwrap().as_str().unwrap();

    let password = Secret::<str>::copy_from("secret");
    let mut root = command(&FileVaultUnlock::Password(&password));
    assert_eq!(root.remove("CommandUUID").unwrap().as_string(), Some(UUID));
    let mut command = root.remove("Command").unwrap().into_dictionary().unwrap();
    assert!(root.is_empty(), "{root:?}");
    assert_eq!(command.remove("RequestType").unwrap().as_string(), Some(request));
    assert_eq!(command["ReplyEncryptionCertificate"].as_data(), Some(ESCROW.0.der()));
    hold(&command, schema.as_mapping_get("payloadkeys").unwrap());
}

/// Every key is one of the schema's, of its type and among its values, and those that are required are there.
fn hold(command: &Dictionary, keys: &Yaml<'_>) {
    let keys = keys.as_sequence().unwrap();
    let text =
        |node: &Yaml<'_>, name: &str| node.as_mapping_get(name).and_then(|value| value.as_str().map(str::to_owned));
    let named = |name: &str| keys.iter().find(|key| text(key, "key").as_deref() == Some(name));
    for (name, value) in command {
        let key = named(name).unwrap_or_else(|| panic!("Apple knows no {name}"));
        let fits = match text(key, "type").unwrap().as_str() {
            "<string>" => value.as_string().is_some(),
            "<data>" => value.as_data().is_some(),
            "<dictionary>" => value.as_dictionary().is_some(),
            other => panic!("{other}"),
        };
        assert!(fits, "{name} is of another type");
        if let Some(allowed) = key.as_mapping_get("rangelist") {
            let allowed = allowed.as_sequence().unwrap();
            assert!(allowed.iter().any(|allowed| allowed.as_str() == value.as_string()), "{name}");
        }
        if let (Some(inner), Some(subkeys)) = (value.as_dictionary(), key.as_mapping_get("subkeys")) {
            hold(inner, subkeys);
        }
    }
    for key in keys.iter().filter(|key| text(key, "presence").as_deref() == Some("required")) {
        let name = text(key, "key").unwrap();
        assert!(command.contains_key(&name), "{name} is required");
    }
}

#[test]
fn what_unlocks_arrives_as_it_was_given() {
    for password in ["secret", "<&>\"'", " a\r\nb\t ", "{password}", "\u{fc}\u{1f512}]]>"] {
        let secret = Secret::<str>::copy_from(password);
        assert_eq!(password_of(&command(&FileVaultUnlock::Password(&secret))), password);
    }
    let text = "AU2A-PHMK-WBGX-PWKX-M3X3-VAPY";
    let key = RecoveryKey::parse_exact(Kind::FileVault, &Secret::<str>::copy_from(text)).unwrap();
    assert_eq!(password_of(&command(&FileVaultUnlock::PersonalRecoveryKey(&key))), text);
}

#[test]
fn what_no_mac_could_use_is_refused_and_not_repeated() {
    let certificate = checked(&ESCROW.0);
    let text = "471207-278498-422125-177177-561902-537405-468006-693451";
    let other = RecoveryKey::parse_exact(Kind::BitLocker, &Secret::<str>::copy_from(text)).unwrap();
    let passwords = ["", "bell\u{7}rings"].map(Secret::<str>::copy_from);
    let mut unlocks: Vec<_> = passwords.iter().map(FileVaultUnlock::Password).collect();
    unlocks.push(FileVaultUnlock::PersonalRecoveryKey(&other));
    for unlock in &unlocks {
        let error = rotate_command(UUID, unlock, &certificate).unwrap_err();
        assert_eq!(error.code(), fdescrow::ErrorCode::PolicyInvalid);
        assert!(!format!("{error} {error:?} {unlock:?}").contains("471207"));
        assert!(!format!("{error} {error:?} {unlock:?}").contains("rings"));
    }
    let good = Secret::<str>::copy_from("secret");
    assert!(rotate_command("not a uuid", &FileVaultUnlock::Password(&good), &certificate).is_err());
}
