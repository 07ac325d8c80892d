//! What is in the pack?

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use fdescrow::envelope::identity::software_identity;
use fdescrow::envelope::{Bundle, Keyring, OpenOptions, Suite};
use fdescrow_identities::SystemRandomness;
use serde_json::Value;

/// A message of the pack.
pub(crate) struct Entry {
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    /// The key's file, or what stands in its place: `password`, `secret`, `hex:…`.
    key: Option<String>,
    pub(crate) plaintext: Option<Vec<u8>>,
    folder: PathBuf,
}

impl Entry {
    /// A keyring of the key that the manifest names, which has no certificate. Empty where it is none that we read.
    pub(crate) fn keyring(&self) -> Keyring {
        self.key_file().map_or_else(Keyring::new, |file| keyring(&file))
    }

    /// What the key's file holds, where the manifest names one.
    pub(crate) fn key_file(&self) -> Option<Vec<u8>> {
        let key = self.key.as_ref().filter(|key| key.starts_with("keys/"))?;
        Some(fs::read(self.folder.join(key)).unwrap())
    }
}

fn keyring(key: &[u8]) -> Keyring {
    let keys = Bundle::parse(key, None).map(|bundle| bundle.private_keys).unwrap_or_default();
    keys.into_iter().map(|key| software_identity(key, Vec::new(), Arc::new(SystemRandomness::new()))).collect()
}

/// The options that open a message which names somebody else: the keys have no certificates.
pub(crate) fn options(suite: Suite) -> OpenOptions {
    OpenOptions::new(suite).try_unmatched()
}

/// The messages in this folder of the pack, in order of their names; `None` where the pack is missing.
pub(crate) fn entries(folder: &str) -> Option<Vec<Entry>> {
    let pack = fdescrow_tests::shared()?.join("vectors");
    let manifest: Value = serde_json::from_slice(&fs::read(pack.join("manifest.json")).unwrap()).unwrap();
    let text = |entry: &Value, name: &str| entry[name].as_str().map(str::to_owned);
    let mut entries: Vec<Entry> = manifest
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| {
            let file = text(entry, "file").unwrap();
            file.starts_with(&format!("{folder}/")).then(|| Entry {
                bytes: fs::read(pack.join(&file)).unwrap(),
                file,
                key: text(entry, "key"),
                plaintext: text(entry, "plaintext_hex").map(|digits| unhex(&digits)),
                folder: pack.clone(),
            })
        })
        .collect();
    entries.sort_by(|one, other| one.file.cmp(&other.file));
    Some(entries)
}

/// The keys of the pack that we read, all in one keyring.
pub(crate) fn all_keys() -> Option<Keyring> {
    let folder = fdescrow_tests::shared()?.join("vectors/keys");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    Some(files.iter().flat_map(|file| keyring(&fs::read(file).unwrap()).identities().to_vec()).collect())
}

pub(crate) fn unhex(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
