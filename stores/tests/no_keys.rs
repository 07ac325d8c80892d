//! Can a key in clear be handed to a store?
//!
//! No field of a record or a change set has a type that holds one: nothing below `store` names such a type, or
//! the one word that shows a secret. And of the bytes that are stored, all come from a parsed envelope.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The words of a source that stand alone, comments left out.
fn words(source: &str) -> Vec<&str> {
    let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_')).collect()
}

const FORBIDDEN: &[&str] = &[
    "Secret",
    "RecoveryKey",
    "FileVaultKey",
    "BitLockerKey",
    "LuksKey",
    "SnapdKey",
    "SystemdKey",
    "ContentKey",
    "PrivateKey",
    "Payload",
    "Opened",
    "RawContent",
    "expose",
    "expose_groups",
];

#[test]
fn nothing_that_a_store_sees_can_hold_a_key() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let mut files = sources(&core.join("store"));
    files.push(core.join("store.rs"));
    files.extend(sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));
    assert!(files.len() > 30);
    let mut envelopes = Vec::new();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        // Records and their change sets; what tests are made of is no part of the library.
        for word in words(&source) {
            let is_event = word == "Opened" && source.contains("KeyChange::Opened");
            assert!(!FORBIDDEN.contains(&word) || is_event, "{} names {word}", file.display());
        }
        if source.contains("der: envelope.der().to_vec()") {
            envelopes.push(file);
        }
    }
    assert_eq!(envelopes.len(), 1, "the bytes of envelopes come from one place");
}
