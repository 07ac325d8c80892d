//! Is every node that we know, and every value that we write, Microsoft's?

use std::{collections::BTreeMap, fs};

use fdescrow::{
    policy::{
        BitLockerPolicy, Policy,
        bitlocker::schema::{self, Access, DataValues, NODES, Node, ROOT, Treatment, Values},
    },
    profile::{ProfileError, bitlocker::render},
};
use proptest::prelude::*;

use crate::syncml::{admx, items, python};

/// Microsoft's device description, as facts.
fn description() -> toml::Table {
    let path = fdescrow_tests::workspace_root().join("tests/data/bitlocker-ddf.toml");
    toml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn words(value: &toml::Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

fn numbers(value: &toml::Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|number| number.as_integer().unwrap()).collect()
}

#[test]
fn every_node_has_the_address_format_access_and_values_of_the_description() {
    let description = description();
    assert_eq!(description["root"].as_str(), Some(ROOT));
    let theirs: BTreeMap<&str, &toml::Value> =
        description.iter().filter(|(name, _)| *name != "root").map(|(name, node)| (name.as_str(), node)).collect();
    let ours: BTreeMap<&str, &Node> = NODES.iter().map(|node| (node.name, node)).collect();
    assert_eq!(ours.len(), NODES.len());
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (name, node) in ours {
        let theirs = theirs[name];
        assert_eq!(theirs["format"].as_str(), Some(node.format.as_str()), "{name}");
        let access = match node.access {
            Access::Configure => vec!["Add", "Delete", "Get", "Replace"],
            Access::Exec => vec!["Exec"],
            Access::Get => vec!["Get"],
            other => panic!("{other:?}"),
        };
        assert_eq!(words(&theirs["access"]), access, "{name}");
        assert_eq!(node.loc_uri(), format!("{ROOT}/{name}"));
        let has = |member| theirs.get(member).is_some();
        match node.values {
            Values::Any => assert!(!has("values") && !has("admx") && !has("list"), "{name}"),
            Values::Numbers(values) => assert_eq!(numbers(&theirs["values"]), values, "{name}"),
            Values::List => assert_eq!(theirs["list"].as_str(), Some(","), "{name}"),
            Values::Admx { policy, data, .. } => {
                let group_policy = theirs.get("gp").unwrap_or(&theirs["admx"]);
                assert_eq!(group_policy.as_str(), Some(policy), "{name}");
                let none = toml::Value::Table(toml::Table::new());
                let theirs = theirs.get("data").unwrap_or(&none).as_table().unwrap();
                assert_eq!(theirs.len(), data.len(), "{name}");
                for datum in data {
                    let expected = &theirs[datum.id];
                    match datum.values {
                        DataValues::Boolean => assert_eq!(expected.as_str(), Some("bool"), "{}", datum.id),
                        DataValues::Numbers(values) => assert_eq!(numbers(expected), values, "{}", datum.id),
                        DataValues::Range(low, high) => {
                            assert_eq!(expected.as_str().unwrap(), format!("{low} to {high}"), "{}", datum.id);
                        }
                        DataValues::Text(most) => {
                            assert_eq!(expected.as_str().unwrap(), format!("text {most}"), "{}", datum.id)
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_node_is_written_or_refused_with_a_reason() {
    for node in NODES {
        match node.treatment {
            Treatment::Field(field) => {
                assert!(field.starts_with("bitlocker."), "{}", node.name);
                assert_eq!(node.access, Access::Configure);
            }
            Treatment::Refused(reason) | Treatment::Read(reason) => assert!(reason.len() > 10, "{}", node.name),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_nodes_are_documented() {
    fdescrow_tests::documents::hold("docs/policy.md", "nodes", &schema::page());
}

fn policy(toml: &str) -> Option<BitLockerPolicy> {
    Policy::from_toml(toml).ok()?.bitlocker().cloned()
}

/// Renders, and holds every node against the table and the table's values; the number of nodes.
fn check(policy: &BitLockerPolicy) -> usize {
    let rendered = match render(policy) {
        Ok(rendered) => rendered,
        Err(error) => {
            assert_eq!(error, ProfileError::Empty);
            return 0;
        }
    };
    assert_eq!(render(policy).unwrap(), rendered, "the same policy, the same bytes");
    let read = items(std::str::from_utf8(rendered.as_bytes()).unwrap());
    assert_eq!(read.len(), rendered.items().len());
    for ((item, written), id) in read.iter().zip(rendered.items()).zip(2..) {
        assert_eq!((item.id.as_str(), &item.data), (id.to_string().as_str(), &written.data));
        let name = item.uri.strip_prefix(&format!("{ROOT}/")).unwrap();
        let node = schema::node(name).unwrap();
        assert_eq!(item.format, node.format.as_str(), "{name}");
        assert!(matches!(node.treatment, Treatment::Field(_)), "{name}");
        match node.values {
            Values::Numbers(values) => assert!(values.contains(&item.data.parse().unwrap()), "{name}: {}", item.data),
            Values::List => assert!(!item.data.is_empty() && !item.data.split(',').any(str::is_empty)),
            Values::Admx { data, .. } => {
                let (enabled, written) = admx(&item.data);
                let ids: Vec<&str> = written.iter().map(|(id, _)| id.as_str()).collect();
                let whole: Vec<&str> = data.iter().map(|datum| datum.id).collect();
                assert_eq!(ids, if enabled { whole } else { Vec::new() }, "{name}: the whole group or nothing");
                for (datum, (_, value)) in data.iter().zip(&written) {
                    assert!(datum.values.allow(value), "{name}, {}: {value}", datum.id);
                }
            }
            other => panic!("{other:?}"),
        }
    }
    read.len()
}

/// Lines of which any number may stand together, though not every mixture is a policy.
const LINES: &[&str] = &[
    "join = 'entra'",
    "join = 'hybrid'",
    "windows_rotation = 'off'",
    "windows_rotation = 'entra'",
    "windows_rotation = 'entra_and_hybrid'",
    "enforcement.by = 'windows'",
    "enforcement.silent = true",
    "enforcement.standard_users = true",
    "methods.system = 'aes_cbc_128'",
    "methods.fixed = 'xts_aes_128'",
    "methods.removable = 'xts_aes_256'",
    "identification.field = 'a & b'",
    "system_drive.encryption_type = 'full'",
    "system_drive.encryption_type = 'used_space_only'",
    "system_drive.startup.tpm = 'required'",
    "system_drive.startup.tpm = 'disallowed'",
    "system_drive.startup.pin = 'required'",
    "system_drive.startup.pin = 'disallowed'",
    "system_drive.startup.startup_key = 'disallowed'",
    "system_drive.startup.startup_key = 'required'",
    "system_drive.startup.pin_and_startup_key = 'disallowed'",
    "system_drive.startup.without_tpm = true",
    "system_drive.minimum_pin_length = 4",
    "system_drive.minimum_pin_length = 20",
    "system_drive.enhanced_pin = true",
    "system_drive.enhanced_pin = false",
    "system_drive.standard_users_change_pin = true",
    "system_drive.pin_exception = true",
    "system_drive.preboot_input_on_slates = false",
    "system_drive.recovery.password = 'required'",
    "system_drive.recovery.key = 'disallowed'",
    "system_drive.recovery.data_recovery_agent = true",
    "system_drive.recovery.backup.content = 'passwords_and_key_packages'",
    "system_drive.recovery.backup.required = true",
    "system_drive.recovery_message.message = 'm'",
    "system_drive.recovery_message.url = 'https://example.com/?a=b&c'",
    "fixed_drives.require_encryption = true",
    "fixed_drives.encryption_type = 'full'",
    "fixed_drives.recovery.hide_page = true",
    "removable_drives.require_encryption = true",
    "removable_drives.require_encryption = false",
    "removable_drives.deny_other_organizations = true",
    "removable_drives.control.suspend = false",
    "removable_drives.control.allow = false",
    "removable_drives.encryption_type = 'full'",
    "removable_drives.excluded = ['USBSTOR\\SEAGATE', 'USBSTOR\\OTHER']",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn every_policy_that_breaks_no_rule_is_written_as_the_description_allows(
        taken in prop::collection::vec(prop::bool::weighted(0.2), LINES.len()),
    ) {
        let mut fields: BTreeMap<&str, &str> = BTreeMap::new();
        for (line, _) in LINES.iter().zip(&taken).filter(|(_, taken)| **taken) {
            fields.insert(line.split_once(" = ").unwrap().0, line);
        }
        let toml: Vec<String> = fields.values().map(|line| format!("bitlocker.{line}")).collect();
        if let Some(policy) = policy(&toml.join("\n")) {
            check(&policy);
        }
    }
}

#[test]
fn every_line_of_the_properties_is_in_a_policy_that_is_rendered() {
    let help = |line: &str| match line.split_once(" = ").unwrap().0 {
        "enforcement.silent" => "bitlocker.enforcement.by = 'windows'\nbitlocker.join = 'entra'\n",
        "enforcement.standard_users" => {
            "bitlocker.enforcement.by = 'windows'\nbitlocker.join = 'entra'\nbitlocker.enforcement.silent = true\n"
        }
        "removable_drives.deny_other_organizations" => {
            "bitlocker.removable_drives.require_encryption = true\nbitlocker.identification.field = 'a'\n"
        }
        "removable_drives.encryption_type" => "bitlocker.removable_drives.control.allow = true\n",
        _ => "",
    };
    let startup = |line: &str| {
        let ways = ["tpm", "pin", "startup_key", "pin_and_startup_key"];
        let (field, usage) = line.strip_prefix("system_drive.startup.")?.split_once(" = ")?;
        let others = ways.iter().filter(|way| usage == "'required'" && **way != field);
        Some(others.map(|way| format!("bitlocker.system_drive.startup.{way} = 'disallowed'\n")).collect::<String>())
    };
    let mut nodes = 0;
    for line in LINES {
        let others = if line.starts_with("join") { "bitlocker.methods = {}\n" } else { "" };
        let toml = format!("{others}{}{}bitlocker.{line}", help(line), startup(line).unwrap_or_default());
        nodes += check(&policy(&toml).unwrap_or_else(|| panic!("{toml}: {:?}", Policy::from_toml(&toml))));
    }
    println!("{nodes} nodes");
}

/// Pieces of which hostile texts are made.
const PIECES: &[&str] = &[
    "]]>",
    "<![CDATA[",
    "&",
    "&amp;",
    "&#0;",
    "&quot;",
    "<",
    ">",
    "\"",
    "'",
    "</Data>",
    "\"/><data id=\"x\" value=\"",
    "<enabled/>",
    "<disabled/>",
    "<!--",
    "-->",
    "<?xml?>",
    "%s",
    "$(id)",
    "\\",
    " ",
    "é",
    "🔑",
    "\u{200B}",
    "\u{F000}",
    "a",
];

#[test]
fn hostile_texts_reach_other_readers_unchanged() {
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut roll = |end: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(end).unwrap()).unwrap()
    };
    let (mut texts, mut documents) = (Vec::new(), Vec::new());
    while texts.len() < 2000 {
        let text: String = (0..=roll(12)).map(|_| PIECES[roll(PIECES.len())]).collect();
        let mut settings = fdescrow::policy::BitLockerSettings::default();
        let mut message = fdescrow::policy::bitlocker::RecoveryMessage::default();
        message.message = Some(text.clone());
        settings.system_drive.recovery_message = Some(message);
        let Ok(policy) = BitLockerPolicy::new(settings) else {
            assert!(text.trim().is_empty(), "{text:?}");
            continue;
        };
        let rendered = render(&policy).unwrap();
        let document = String::from_utf8(rendered.as_bytes().to_vec()).unwrap();
        let [item] = items(&document).try_into().unwrap();
        let (enabled, data) = admx(&item.data);
        assert!(enabled);
        assert_eq!(data[1], ("RecoveryMessage_Input".to_owned(), text.clone()));
        assert_eq!(data.len(), 3);
        texts.push(text);
        documents.push(document);
    }
    let Some(read) = python(&documents) else { return };
    for (document, text) in read.as_array().unwrap().iter().zip(&texts) {
        let [item] = document.as_array().unwrap().as_slice() else { panic!("{document}") };
        assert_eq!(item[2][2], serde_json::json!(["data", "RecoveryMessage_Input", text]));
        assert_eq!(item[2].as_array().unwrap().len(), 4);
    }
    println!("{} texts", texts.len());
}
