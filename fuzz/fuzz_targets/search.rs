//! Any text as what somebody reads out on the phone. What it may mean is within the text, and it is no key.
#![no_main]

use fdescrow::{
    Kind,
    key::RecoveryKey,
    recovery::search::{Search, SearchError},
    secret::Secret,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Search::parse(text) {
        Ok(search) => {
            assert_eq!(search.name(), text.trim());
            let digits = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
            assert!(search.protector_prefix().is_none_or(|prefix| prefix.len() == 8 && digits(prefix)));
            assert!(search.uuid().is_none_or(|uuid| uuid.len() == 36 && digits(uuid)));
            // A search is logged. (What has the letters of a FileVault key in other groups may be a name.)
            for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::FileVault) {
                let key = RecoveryKey::parse_typed(*kind, &Secret::<str>::copy_from(search.name()));
                assert!(key.is_err(), "a key of kind {} was taken for a name", kind.as_str());
            }
        }
        Err(SearchError::Invalid | SearchError::LooksLikeKey) => {}
        Err(other) => panic!("{other:?}"),
    }
});
