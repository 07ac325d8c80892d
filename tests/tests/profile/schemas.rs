//! Is our table of Apple's keys Apple's, and does every profile that can be rendered keep to it?

use std::{env, fs};

use fdescrow::{
    Policy,
    policy::filevault::schema::{self, Default, SCHEMAS, Treatment, Values},
};
use plist::{Dictionary, Value};

use crate::{
    apple::{self, AppleKey, AppleSchema},
    material::{ESCROW, OTHER, payloads, rendered, tree},
};

#[test]
fn every_key_of_apples_schemas_is_in_the_table_with_apples_rules() {
    let mut count = 0;
    for ours in SCHEMAS {
        let Some(apple) = apple::schema(ours.file) else { return };
        assert_eq!(apple.payload_type, ours.payload_type);
        assert_eq!(apple.multiple_on_macos, ours.multiple, "{}", ours.file);
        let names: Vec<&str> = apple.keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ours.keys.iter().map(|key| key.name).collect::<Vec<_>>(), "{}", ours.file);
        for (theirs, ours) in apple.keys.iter().zip(ours.keys) {
            let name = ours.name;
            assert_eq!(theirs.value_type, ours.value_type.as_str(), "{name}");
            assert_eq!(theirs.required, ours.required, "{name}");
            assert_eq!(theirs.default, ours.default.map(printed), "{name}");
            match ours.values {
                Values::Any => {
                    assert!(theirs.strings.is_empty() && theirs.integers.is_empty() && theirs.range.is_none())
                }
                Values::Integers(allowed) => assert_eq!(theirs.integers, allowed, "{name}"),
                Values::Range(low, high) => assert_eq!(theirs.range, Some((low, high)), "{name}"),
                Values::Strings(allowed) => assert_eq!(theirs.strings, allowed, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
            // what is inside of dictionaries and arrays is only ever "anything of this type"
            let inner: Vec<&AppleKey> = theirs.subkeys.iter().flat_map(|item| &item.subkeys).collect();
            assert!(inner.iter().all(|key| key.name == "ANY"), "{name}: {inner:?}");
            count += 1;
        }
    }
    println!("{count} keys of {} schemas", SCHEMAS.len());
    assert_eq!(count, SCHEMAS.iter().map(|schema| schema.keys.len()).sum::<usize>());
}

fn printed(default: Default) -> String {
    match default {
        Default::Boolean(value) => value.to_string(),
        Default::Integer(value) => value.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_key_is_supported_or_refused_with_a_reason() {
    for key in SCHEMAS.iter().flat_map(|schema| schema.keys) {
        match key.treatment {
            Treatment::Field(field) => assert!(field.contains('.'), "{}", key.name),
            Treatment::Refused(reason) => {
                assert!(reason.len() >= "see IsEncrypted".len(), "{}: {reason}", key.name);
                assert!(!key.required, "{} is required and refused", key.name);
            }
            Treatment::Rendered(what) => assert!(!what.is_empty(), "{}", key.name),
            other => panic!("{}: {other:?}", key.name),
        }
    }
}

/// `BLESS=1` writes it anew.
#[test]
fn the_documented_table_is_the_one_in_the_code() {
    let path = fdescrow_tests::workspace_root().join("core/src/policy/filevault/keys.md");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, schema::markdown()).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), schema::markdown(), "set BLESS=1 to write it anew");
}

/// Every combination of the fields that decide which keys are written; those that break a rule are counted.
#[test]
fn every_profile_that_can_be_rendered_keeps_to_apples_schemas() {
    let Some(schemas) = Schemas::read() else { return };
    let institutional = format!("institutional_certificate = '''{}'''\n", OTHER.0.to_pem());
    let enforcements: Vec<String> = combinations(&[
        &["", "setup_assistant = true\n"],
        &["", "max_bypass_attempts = -1\n", "max_bypass_attempts = 0\n", "max_bypass_attempts = 9999\n"],
        &["", "ask_at_logout = false\n"],
        &["", "user_enters_missing_info = true\n"],
        &["", "show_recovery_key = false\n"],
        &["", &institutional],
    ]);
    let escrows = [
        "",
        "[filevault.escrow]\nlocation = 'a'\n",
        "[filevault.escrow]\nlocation = 'a'\ndevice_key = 'b'\ncertificate_file_name = 'c'\n",
    ];
    let options = combinations(&[
        &["", "dont_allow_disable = true\n"],
        &["", "dont_allow_enable = true\n"],
        &["", "destroy_key_on_standby = true\n"],
    ]);
    let presentations = [
        "",
        "display_name = ''\nscope = 'device_channel'\n",
        "description = 'd'\nremoval_disallowed = true\nconsent_text = { default = 'yes?', 'pt-BR' = 'sim?' }\n",
    ];
    let (mut valid, mut refused) = (0, 0);
    let without = [String::new()];
    let with = enforcements.iter().map(|fields| format!("[filevault.enforcement]\n{fields}"));
    for enforcement in without.into_iter().chain(with) {
        for escrow in escrows {
            for option in &options {
                for presentation in presentations {
                    let document = format!(
                        "{enforcement}{escrow}[filevault.options]\n{option}[filevault.profile]\n{presentation}"
                    );
                    match Policy::from_toml(&document) {
                        Ok(policy) => {
                            schemas.check(&tree(&rendered(policy.filevault().unwrap())));
                            valid += 1;
                        }
                        Err(error) => {
                            assert!(!error.violations().is_empty(), "{document}: {error}");
                            refused += 1;
                        }
                    }
                }
            }
        }
    }
    println!("{valid} profiles keep to the schemas, {refused} policies are refused");
    assert!(valid > 2000, "{valid}");
    assert!(refused > 1000, "{refused}");
}

fn combinations(choices: &[&[&str]]) -> Vec<String> {
    choices.iter().fold(vec![String::new()], |before, choice| {
        before.iter().flat_map(|text| choice.iter().map(move |part| format!("{text}{part}"))).collect()
    })
}

/// Apple's files.
struct Schemas {
    top_level: AppleSchema,
    common: AppleSchema,
    payloads: Vec<AppleSchema>,
}

impl Schemas {
    fn read() -> Option<Self> {
        Some(Self {
            top_level: apple::schema("TopLevel.yaml")?,
            common: apple::schema("CommonPayloadKeys.yaml")?,
            payloads: [schema::FILEVAULT, schema::ESCROW, schema::CERTIFICATE, schema::OPTIONS]
                .iter()
                .map(|schema| apple::schema(schema.file))
                .collect::<Option<_>>()?,
        })
    }

    /// Types, ranges, required keys, no unknown key; one payload of a type; UUIDs that differ; references.
    fn check(&self, root: &Dictionary) {
        check(root, &[&self.top_level]);
        let mut uuids = vec![text(root, "PayloadUUID")];
        let mut identifiers = vec![text(root, "PayloadIdentifier")];
        let mut types = Vec::new();
        for payload in payloads(root) {
            let kind = text(payload, "PayloadType");
            let schema = self.payloads.iter().find(|schema| schema.payload_type == kind).unwrap();
            check(payload, &[schema, &self.common]);
            uuids.push(text(payload, "PayloadUUID"));
            identifiers.push(text(payload, "PayloadIdentifier"));
            types.push(kind);
        }
        for mut names in [uuids, identifiers, types.clone()] {
            let before = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), before, "twice in {names:?}");
        }
        let of = |kind: &str| payloads(root).into_iter().find(|payload| text(payload, "PayloadType") == kind);
        let escrow = of("com.apple.security.FDERecoveryKeyEscrow");
        let certificate = of("com.apple.security.pkcs1");
        assert_eq!(escrow.is_some(), certificate.is_some());
        if let (Some(escrow), Some(certificate)) = (escrow, certificate) {
            assert_eq!(text(escrow, "EncryptCertPayloadUUID"), text(certificate, "PayloadUUID"));
            assert_eq!(certificate.get("PayloadContent").unwrap().as_data().unwrap(), ESCROW.0.der());
        }
        if let Some(filevault) = of("com.apple.MCX.FileVault2") {
            // Enable: through MDM, credentials or Defer
            assert_eq!(filevault.get("Defer").and_then(Value::as_boolean), Some(true));
            let shown = filevault.get("ShowRecoveryKey").and_then(Value::as_boolean) != Some(false);
            assert!(shown || escrow.is_some(), "the key would be lost");
        }
    }
}

fn text<'a>(dictionary: &'a Dictionary, key: &str) -> &'a str {
    dictionary.get(key).unwrap().as_string().unwrap()
}

fn check(dictionary: &Dictionary, schemas: &[&AppleSchema]) {
    for key in schemas.iter().flat_map(|schema| &schema.keys).filter(|key| key.required) {
        assert!(dictionary.contains_key(&key.name), "{} is missing", key.name);
    }
    for (name, value) in dictionary {
        let found = schemas.iter().flat_map(|schema| &schema.keys).find(|key| key.name == *name);
        let key = found.unwrap_or_else(|| panic!("{name} is in no schema"));
        let right_type = match key.value_type.as_str() {
            "string" => value.as_string().is_some(),
            "boolean" => value.as_boolean().is_some(),
            "integer" => value.as_signed_integer().is_some(),
            "data" => value.as_data().is_some(),
            "array" => value.as_array().is_some(),
            "dictionary" => value.as_dictionary().is_some(),
            other => panic!("{name} has the type {other}, which is never rendered"),
        };
        assert!(right_type, "{name}: {value:?}");
        if !key.strings.is_empty() {
            assert!(key.strings.iter().any(|allowed| Some(allowed.as_str()) == value.as_string()), "{name}: {value:?}");
        }
        if !key.integers.is_empty() {
            assert!(key.integers.contains(&value.as_signed_integer().unwrap()), "{name}: {value:?}");
        }
        if let Some((low, high)) = key.range {
            assert!((low..=high).contains(&value.as_signed_integer().unwrap()), "{name}: {value:?}");
        }
        let printed = value.as_boolean().map(|value| value.to_string());
        assert!(key.default.is_none() || printed != key.default, "{name} is written with its default value");
    }
}
