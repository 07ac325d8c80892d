//! Does every link lead somewhere?

use std::collections::BTreeSet;

use fdescrow_tests::{
    documents::{blocks, document, documents, prose},
    workspace_root,
};

/// The targets of the links in a text.
pub(crate) fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// What the headings of a page are called in links, as GitHub makes it.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose = prose(text);
    let headings = prose.lines().filter_map(|line| line.strip_prefix('#')).map(|line| line.trim_start_matches('#'));
    headings
        .map(|heading| {
            let letters = heading.trim().chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            letters.map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() }).collect()
        })
        .collect()
}

/// Why a link of a document leads nowhere.
fn broken(from: &str, target: &str) -> Option<String> {
    if target.starts_with("https://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let root = workspace_root();
    let folder = root.join(from).parent().unwrap().to_path_buf();
    let path = if file.is_empty() { root.join(from) } else { folder.join(file) };
    let Ok(path) = path.canonicalize() else { return Some(format!("{from}: {target} leads to no file")) };
    let Ok(inside) = path.strip_prefix(root.canonicalize().unwrap()) else {
        return Some(format!("{from}: {target} leads out of the project"));
    };
    if anchor.is_empty() || anchors(&document(inside.to_str().unwrap())).contains(anchor) {
        None
    } else {
        Some(format!("{from}: {target} leads to no heading"))
    }
}

#[test]
fn every_link_leads_somewhere() {
    let documents = documents();
    assert!(documents.len() > 10, "only {} documents found", documents.len());
    let broken: Vec<String> = documents
        .iter()
        .flat_map(|(name, text)| {
            let prose = prose(text);
            targets(&prose).filter_map(|target| broken(name, target)).collect::<Vec<_>>()
        })
        .collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    assert_eq!(broken("README.md", "docs/errors.md#envelopes"), None);
    assert_eq!(broken("docs/errors.md", "../README.md"), None);
    for target in ["docs/none.md", "docs/errors.md#none", "../elsewhere", "#none"] {
        assert!(broken("README.md", target).is_some(), "{target}");
    }
    assert_eq!(targets("[a](b) and [c](d#e)").collect::<Vec<_>>(), ["b", "d#e"]);
}

#[test]
fn every_document_is_reached_from_the_readme() {
    let readme = prose(&document("README.md"));
    let linked: Vec<&str> = targets(&readme).collect();
    let unreached: Vec<String> = documents()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("docs/") || !name.contains('/'))
        .filter(|name| name != "README.md" && !linked.contains(&name.as_str()))
        .collect();
    assert!(unreached.is_empty(), "README.md links to none of {unreached:?}");
}

#[test]
fn every_document_with_code_is_compiled() {
    let list = document("tests/src/lib.rs");
    for (name, text) in documents() {
        // Pages of a crate are part of its own documentation.
        let is_ours = name.starts_with("docs/") || !name.contains('/');
        if is_ours && blocks(&text).iter().any(|(info, _)| info.starts_with("rust")) {
            assert!(list.contains(&format!("= \"{name}\";")), "{name} has code, and is not in tests/src/lib.rs");
        }
    }
}
