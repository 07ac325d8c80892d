//! Are the published schemas, the examples and the table of settings those of the code?

use std::{env, fmt::Write as _, fs};

use fdescrow::{
    envelope::{NewCertificate, private_key::KeyAlgorithm},
    policy::{
        PolicyDocument,
        fields::{FIELDS, FieldKind, Preset},
        json_schema,
    },
    profile::{
        LuksPlan,
        bitlocker::{AdviceCode, lint},
        luks::plan_schema,
    },
};
use fdescrow_tests::{
    documents::{document, hold},
    workspace_root,
};
use serde_json::Value;

use crate::json_schema::problems;

const EXAMPLES: [&str; 2] = ["examples/policy.toml", "examples/policy-fleet.toml"];

fn published(path: &str, schema: &Value) {
    let path = workspace_root().join(path);
    let text = format!("{schema:#}\n");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "run `cargo xtask bless`");
}

#[test]
fn the_schema_of_policies_is_the_documented_one() {
    published("docs/schemas/policy.json", &json_schema());
}

#[test]
fn the_schema_of_luks_plans_is_the_documented_one() {
    published("docs/schemas/luks-plan.json", &plan_schema());
}

fn json(toml: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(toml).unwrap()).unwrap()
}

#[test]
fn the_examples_are_policies_by_the_schema_and_by_the_rules() {
    for example in EXAMPLES {
        let text = document(example);
        assert_eq!(problems(&json_schema(), &json(&text)), Vec::<String>::new(), "{example}");
        let read = PolicyDocument::from_toml(&text).unwrap();
        for group in std::iter::once(None).chain(read.groups().map(Some)) {
            let policy = read.policy(group);
            assert_eq!(lint(&policy), [], "{example}, {group:?}");
            // what is merged can be written down as a policy of its own
            let again = serde_json::from_str::<fdescrow::Policy>(&policy.to_json().unwrap()).unwrap();
            assert_eq!(again.digest(), policy.digest());
        }
    }
    let fleet = PolicyDocument::from_toml(&document(EXAMPLES[1])).unwrap();
    assert!(fleet.policy(None).filevault().is_some());
    assert!(fleet.policy(None).bitlocker().is_some());
    assert!(fleet.policy(None).luks().is_some());
    assert_eq!(fleet.groups().count(), 3);
}

#[test]
fn what_the_schema_refuses_is_refused_by_the_reader_too() {
    let wrong = [
        "unknown = 1",
        "[filevault]\nenforcement = true",
        "[filevault.enforcement]\nmax_bypass_attempts = 10000",
        "[filevault.escrow]",
        "[bitlocker.methods]\nsystem = 'rot13'",
        "[bitlocker.system_drive]\nminimum_pin_length = 21",
        "[luks]\nslot = 'bitlocker'",
        "[luks]\niterations = 10",
        "[luks]\nkeep_slots = [32]",
        "[luks]\nauthorize = ['prompt', 'prompt']",
        "[escrow.levels]\nluks = 'verified'",
        "[escrow.levels]\nfloppy = 'well_formed'",
        "[recovery]\napprovals = 3",
        "[recovery.break_glass]",
        "[groups.a.recovery]\napprovals = 3",
        "[groups.a.organization]\nid = 'a'",
        "[groups]\na = 1",
    ];
    for toml in wrong {
        assert_ne!(problems(&json_schema(), &json(toml)), Vec::<String>::new(), "{toml}");
        assert!(PolicyDocument::from_toml(toml).is_err(), "{toml}");
    }
    // what the organization must have, a group need not repeat
    let group = "[filevault.escrow]\nlocation = 'a'\n[groups.a.filevault.escrow]\ndevice_key = 'b'";
    assert_eq!(problems(&json_schema(), &json(group)), Vec::<String>::new());
    assert!(PolicyDocument::from_toml(group).is_ok());
}

#[test]
fn plans_are_plans_by_the_schema() {
    let (from, until) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2036-01-01T00:00:00Z".parse().unwrap());
    let new = NewCertificate::new("CN=Escrow", KeyAlgorithm::P256, from, until).unwrap();
    let (certificate, _) = new.generate(&fdescrow_identities::SystemRandomness::new()).unwrap();
    let fleet = PolicyDocument::from_toml(&document(EXAMPLES[1])).unwrap();
    let mut plans = Vec::new();
    for group in [None, Some("servers")] {
        let policy = fleet.policy(group);
        let plan =
            LuksPlan::new(policy.luks().unwrap(), std::slice::from_ref(&certificate), policy.organization().unwrap())
                .unwrap();
        let json: Value = serde_json::from_str(&plan.to_json().unwrap()).unwrap();
        assert_eq!(problems(&plan_schema(), &json), Vec::<String>::new(), "{group:?}");
        plans.push(json);
    }
    for (pointer, value) in
        [("/version", 2.into()), ("/slot/kind", "bitlocker".into()), ("/seal_to", Value::Array(vec![]))]
    {
        let mut changed = plans[0].clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert_ne!(problems(&plan_schema(), &changed), Vec::<String>::new(), "{pointer}");
        assert!(LuksPlan::from_json(changed.to_string().as_bytes()).is_err(), "{pointer}");
    }
}

#[test]
fn the_advice_is_documented() {
    let mut page = String::from("| advice | severity | |\n|---|---|---|\n");
    for code in AdviceCode::ALL {
        let severity = serde_json::to_value(code.severity()).unwrap();
        writeln!(page, "| `{}` | {} | {} |", code.as_str(), severity.as_str().unwrap(), code.message()).unwrap();
    }
    hold("docs/policy.md", "advice", &page);
}

#[test]
fn the_settings_are_documented() {
    let mut page = String::new();
    for section in FIELDS.iter().filter(|field| !field.path.contains('.')) {
        write!(
            page,
            "### `[{}]`\n\n{}\n\n| field | values | default | |\n|---|---|---|---|\n",
            section.path, section.meaning
        )
        .unwrap();
        let prefix = format!("{}.", section.path);
        for field in FIELDS {
            let Some(name) = field.path.strip_prefix(&prefix) else { continue };
            let code = |words: Vec<&str>| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ");
            let values = match field.kind {
                FieldKind::Boolean => "true, false".to_owned(),
                FieldKind::Integer(0, 0xFFFF_FFFF) => "whole number".to_owned(),
                FieldKind::Integer(low, high) => format!("{low} to {high}"),
                FieldKind::Integers(low, high) => format!("list of {low} to {high}"),
                FieldKind::Map => "table of texts".to_owned(),
                FieldKind::Table => "table".to_owned(),
                FieldKind::Text => "text".to_owned(),
                FieldKind::Texts => "list of texts".to_owned(),
                FieldKind::Word(words) => code(words()),
                FieldKind::Words(words) => format!("list of {}", code(words())),
                FieldKind::WordMap(names, words) => format!("table of {}, each {}", code(names()), code(words())),
                other => panic!("{other:?}"),
            };
            let preset = match (field.kind, field.preset) {
                (FieldKind::Words(words), Preset::Texts(texts)) if words() == texts() => "all".to_owned(),
                (_, Preset::Absent) => "nothing".to_owned(),
                (_, Preset::Required) => "must be given".to_owned(),
                (_, Preset::Present) => String::new(),
                (_, preset) => format!("`{}`", preset.value().unwrap()),
            };
            writeln!(page, "| `{name}` | {values} | {preset} | {} |", field.meaning).unwrap();
        }
        page.push('\n');
    }
    hold("docs/policy.md", "settings", &page);
}
