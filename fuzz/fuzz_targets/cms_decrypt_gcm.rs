//! Authenticated messages, changed. They open to their own key, or not.
#![no_main]

use std::sync::LazyLock;

use fdescrow::envelope::{Envelope, Format, Limits, OpenOptions, Suite};
use fdescrow_fuzz::{Sealed, edited, sealed};
use libfuzzer_sys::fuzz_target;

static MESSAGES: LazyLock<Vec<Sealed>> = LazyLock::new(|| sealed(&[Format::Auth]));

fuzz_target!(
    // Making keys is not what is timed.
    init: {
        LazyLock::force(&MESSAGES);
    },
    |data: &[u8]| {
        let Some((sealed, message)) = edited(&MESSAGES, data) else { return };
        let Ok(envelope) = Envelope::parse(&message, &Limits::default()) else { return };
        let options = OpenOptions::new(Suite::Legacy).try_unmatched();
        if let Ok(opened) = envelope.open(&sealed.keyring, &options) {
            assert!(opened.authenticated);
            assert!(opened.payload.key.constant_time_eq(&sealed.payload.key));
            assert_eq!((opened.payload.owner, opened.payload.bare), (sealed.payload.owner.clone(), sealed.payload.bare));
        }
    }
);
