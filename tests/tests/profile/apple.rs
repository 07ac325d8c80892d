//! Apple's schemas as their files say them, read from YAML.

use std::fs;

use saphyr::{LoadableYamlNode as _, Yaml};

/// One key as Apple's file has it.
#[derive(Debug)]
pub(crate) struct AppleKey {
    pub(crate) name: String,
    /// Without the angle brackets.
    pub(crate) value_type: String,
    pub(crate) required: bool,
    pub(crate) strings: Vec<String>,
    pub(crate) integers: Vec<i64>,
    pub(crate) range: Option<(i64, i64)>,
    pub(crate) default: Option<String>,
    pub(crate) subkeys: Vec<Self>,
}

#[derive(Debug)]
pub(crate) struct AppleSchema {
    pub(crate) payload_type: String,
    pub(crate) multiple_on_macos: bool,
    pub(crate) keys: Vec<AppleKey>,
}

/// The schema in this file of the shared folder; `None` where that is missing and may be.
pub(crate) fn schema(file: &str) -> Option<AppleSchema> {
    let path = fdescrow_tests::shared()?.join("schemas/apple").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let documents = Yaml::load_from_str(&text).unwrap();
    let document = &documents[0];
    let payload = document.as_mapping_get("payload").unwrap();
    let macos = payload.as_mapping_get("supportedOS").unwrap().as_mapping_get("macOS").unwrap();
    Some(AppleSchema {
        payload_type: text_of(payload, "payloadtype").unwrap(),
        multiple_on_macos: macos.as_mapping_get("multiple").unwrap().as_bool().unwrap(),
        keys: keys(document, "payloadkeys"),
    })
}

fn keys(node: &Yaml<'_>, name: &str) -> Vec<AppleKey> {
    let Some(list) = node.as_mapping_get(name) else { return Vec::new() };
    list.as_sequence().unwrap().iter().map(key).collect()
}

fn key(node: &Yaml<'_>) -> AppleKey {
    let allowed: &[Yaml<'_>] = match node.as_mapping_get("rangelist") {
        Some(list) => list.as_sequence().unwrap(),
        None => &[],
    };
    let range = node.as_mapping_get("range").map(|range| {
        let bound = |name| range.as_mapping_get(name).unwrap().as_integer().unwrap();
        (bound("min"), bound("max"))
    });
    let default = node.as_mapping_get("default").map(|value| match (value.as_bool(), value.as_integer()) {
        (Some(boolean), _) => boolean.to_string(),
        (None, Some(integer)) => integer.to_string(),
        (None, None) => panic!("a default of another type: {value:?}"),
    });
    AppleKey {
        name: text_of(node, "key").unwrap(),
        value_type: text_of(node, "type").unwrap().trim_matches(['<', '>']).to_owned(),
        required: text_of(node, "presence").as_deref() == Some("required"),
        strings: allowed.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
        integers: allowed.iter().filter_map(Yaml::as_integer).collect(),
        range,
        default,
        subkeys: keys(node, "subkeys"),
    }
}

fn text_of(node: &Yaml<'_>, name: &str) -> Option<String> {
    Some(node.as_mapping_get(name)?.as_str()?.to_owned())
}
