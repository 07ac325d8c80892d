//! Are all keys of Apple's schemas that are about FileVault read from the replies of Macs?

use std::collections::BTreeMap;
use std::fs;

use fdescrow::Timestamp;
use fdescrow::verification::observation::{
    Context, Reading, Source,
    apple::{ROTATE_KEYS, SECURITY_INFO_KEYS},
    read,
};
use plist::{Dictionary, Value};
use saphyr::{LoadableYamlNode as _, Yaml};

/// The keys below a node, all the way down, with their types.
fn keys(node: &Yaml<'_>, into: &mut BTreeMap<String, String>) {
    for key in node.as_sequence().into_iter().flatten() {
        let text = |name: &str| key.as_mapping_get(name).and_then(|value| value.as_str().map(str::to_owned));
        let kind = text("type").unwrap();
        into.insert(text("key").unwrap(), kind.trim_matches(['<', '>']).to_owned());
        if let Some(inner) = key.as_mapping_get("subkeys") {
            keys(inner, into);
        }
    }
}

fn response(schema: &str) -> Option<BTreeMap<String, String>> {
    let text = fs::read_to_string(fdescrow_tests::shared()?.join("schemas/apple").join(schema)).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    let mut all = BTreeMap::new();
    keys(documents[0].as_mapping_get("responsekeys").unwrap(), &mut all);
    Some(all)
}

fn owned(keys: &[(&str, &str)]) -> BTreeMap<String, String> {
    keys.iter().map(|(key, kind)| ((*key).to_owned(), (*kind).to_owned())).collect()
}

#[test]
fn every_key_about_filevault_is_read_as_the_type_that_it_has() {
    let (Some(mut info), Some(rotate)) =
        (response("information.security.yaml"), response("rotate.file.vault.key.yaml"))
    else {
        return;
    };
    assert!(info.len() > 30, "the schema was read");
    info.retain(|key, _| key.contains("FDE") || key.to_lowercase().contains("filevault"));
    assert_eq!(info, owned(&SECURITY_INFO_KEYS));
    assert_eq!(rotate, owned(&ROTATE_KEYS));
}

fn value(kind: &str) -> Value {
    match kind {
        "boolean" => Value::Boolean(true),
        "data" => Value::Data(vec![0x30, 0x80]),
        "string" => Value::String("C02XL0GYJGH5".into()),
        other => panic!("{other}"),
    }
}

#[test]
fn every_key_of_the_table_changes_what_is_understood_and_another_type_does_not() {
    let understood = |keys: &Dictionary| {
        let mut bytes = Vec::new();
        Value::Dictionary(keys.clone()).to_writer_xml(&mut bytes).unwrap();
        read(Source::SecurityInfo, &bytes, &Context::new(Timestamp::MIN)).unwrap()
    };
    let all: Dictionary = SECURITY_INFO_KEYS.iter().map(|(key, kind)| ((*key).to_owned(), value(kind))).collect();
    let whole = understood(&all);
    assert_eq!(whole.observation.filevault.as_ref().unwrap().enabled, Reading::Yes);
    for (key, _) in SECURITY_INFO_KEYS {
        let mut less = all.clone();
        less.remove(key);
        let without = understood(&less);
        assert_ne!(without, whole, "{key} is not read");
        less.insert(key.to_owned(), Value::Integer(1.into()));
        let odd = understood(&less);
        assert_eq!((odd.observation, odd.envelopes), (without.observation, without.envelopes), "{key}");
        assert_eq!((odd.ignored.len(), odd.ignored[0].what), (1, key));
    }
}
