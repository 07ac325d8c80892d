//! SyncML as two other readers see it: quick-xml's events, and Python's ElementTree.

use std::fs;
use std::process::Command;

use quick_xml::{Reader, events::Event};

/// One `Replace` of an `Atomic`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) uri: String,
    pub(crate) format: String,
    pub(crate) data: String,
}

/// The path of an element, its attributes and its text.
type Element = (String, Vec<(String, String)>, String);

/// The elements of an XML document, each with its path, attributes and text, in the order of their ends.
fn elements(xml: &str) -> Vec<Element> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let (mut open, mut found) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                let attributes = element.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap().into_owned();
                    (attribute.key.as_ref().to_owned(), value)
                });
                open.push((element.name().as_ref().to_owned(), attributes.collect(), String::new()));
            }
            Event::Text(text) => {
                if let Some((_, _, content)) = open.last_mut() {
                    content.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                let (_, _, content) = open.last_mut().unwrap();
                match reference.resolve_char_ref().unwrap() {
                    Some(c) => content.push(c),
                    None => content
                        .push_str(quick_xml::escape::resolve_predefined_entity(&reference.xml10_content()).unwrap()),
                }
            }
            Event::End(_) => {
                let path = open.iter().map(|(name, _, _): &(String, Vec<_>, String)| name.as_str()).collect::<Vec<_>>();
                let path = path.join("/");
                let (_, attributes, content) = open.pop().unwrap();
                found.push((path, attributes, content));
            }
            Event::Eof => return found,
            other => panic!("{other:?}"),
        }
    }
}

/// The commands, every element in its place and nothing else.
pub(crate) fn items(xml: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut item = Item { id: String::new(), uri: String::new(), format: String::new(), data: String::new() };
    for (path, attributes, text) in elements(xml) {
        let namespace = [("xmlns".to_owned(), "syncml:metinf".to_owned())];
        match path.as_str() {
            "Atomic/CmdID" => assert_eq!(text, "1"),
            "Atomic/Replace/CmdID" => item.id = text,
            "Atomic/Replace/Item/Target/LocURI" => item.uri = text,
            "Atomic/Replace/Item/Meta/Format" => {
                assert_eq!(attributes, namespace);
                item.format = text;
            }
            "Atomic/Replace/Item/Meta/Type" => {
                assert_eq!((text.as_str(), attributes.as_slice()), ("text/plain", &namespace[..]))
            }
            "Atomic/Replace/Item/Data" => item.data = text,
            "Atomic/Replace" => items.push(item.clone()),
            "Atomic/Replace/Item/Target" | "Atomic/Replace/Item/Meta" | "Atomic/Replace/Item" | "Atomic" => {}
            other => panic!("{other}"),
        }
    }
    items
}

/// Whether it is `<enabled/>`, and the data in their order.
pub(crate) fn admx(data: &str) -> (bool, Vec<(String, String)>) {
    let mut found = elements(&format!("<all>{data}</all>"));
    let (root, _, text) = found.pop().unwrap();
    assert_eq!((root.as_str(), text.as_str()), ("all", ""));
    let enabled = match found.remove(0).0.as_str() {
        "all/enabled" => true,
        "all/disabled" => false,
        other => panic!("{other}"),
    };
    let each = found.into_iter().map(|(path, attributes, text)| {
        assert_eq!((path.as_str(), text.as_str()), ("all/data", ""));
        let [(id, id_value), (value, text)] = attributes.try_into().unwrap();
        assert_eq!((id.as_str(), value.as_str()), ("id", "value"));
        (id_value, text)
    });
    (enabled, each.collect())
}

const READER: &str = r#"
import json, sys, xml.etree.ElementTree as tree
read = []
for line in open(sys.argv[1], encoding="utf-8"):
    root = tree.fromstring(json.loads(line))
    items = []
    for replace in root.findall("Replace"):
        data = replace.findtext("Item/Data")
        inner = None
        if data.startswith("<"):
            inner = [[e.tag, e.attrib.get("id"), e.attrib.get("value")] for e in tree.fromstring("<all>%s</all>" % data)]
        items.append([replace.findtext("Item/Target/LocURI"), data, inner])
    read.append(items)
json.dump(read, sys.stdout)
"#;

/// The same documents as Python reads them; `None` where it is missing and may be.
pub(crate) fn python(documents: &[String]) -> Option<serde_json::Value> {
    let interpreter = fdescrow_tests::python()?;
    let folder = fdescrow_tests::scratch("syncml");
    let lines: Vec<String> = documents.iter().map(|text| serde_json::to_string(text).unwrap()).collect();
    fs::write(folder.join("documents"), lines.join("\n")).unwrap();
    fs::write(folder.join("read.py"), READER).unwrap();
    let output = Command::new(interpreter).arg("read.py").arg("documents").current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}
