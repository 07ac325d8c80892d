//! Messages that nothing authenticates, changed, and any bytes with an identity that unwraps everything. What
//! opens has the form of its kind and is never called authentic; without a kind nothing opens.
#![no_main]

use std::sync::{Arc, LazyLock};

use fdescrow::envelope::{Envelope, EnvelopeError, Format, Keyring, Limits, OpenOptions, Suite};
use fdescrow::{Kind, RecoveryKey, Secret};
use fdescrow_fuzz::{RECIPIENTS, Sealed, Universal, edited, sealed};
use libfuzzer_sys::fuzz_target;

static MESSAGES: LazyLock<Vec<Sealed>> = LazyLock::new(|| sealed(&[Format::Enveloped, Format::EnvelopedPkcs1v15]));
static UNIVERSAL: LazyLock<Keyring> = LazyLock::new(|| {
    let identities = RECIPIENTS.iter().map(|recipient| Arc::new(Universal::of(&recipient.certificate)) as _);
    identities.collect()
});

fn open(message: &[u8], keyring: &Keyring) {
    let Ok(envelope) = Envelope::parse(message, &Limits::default()) else { return };
    let authenticated = envelope.content_algorithm().is_authenticated();
    let options = OpenOptions::new(Suite::Legacy).try_unmatched();
    for kind in [Kind::BitLocker, Kind::FileVault] {
        if let Ok(opened) = envelope.open(keyring, &options.clone().kind(kind)) {
            assert_eq!((opened.payload.key.kind(), opened.authenticated), (kind, authenticated));
            let text = Secret::<str>::copy_from(opened.payload.key.expose());
            assert!(RecoveryKey::parse_exact(kind, &text).is_ok());
        }
    }
    if !authenticated {
        assert_eq!(envelope.open(keyring, &options).map(|_| ()), Err(EnvelopeError::KindNeeded));
    }
    if let Ok(raw) = envelope.danger_open_raw(keyring, &options) {
        assert_eq!(raw.authenticated, authenticated);
        assert!(raw.content.len() <= message.len());
    }
}

fuzz_target!(
    // Making keys is not what is timed.
    init: {
        LazyLock::force(&MESSAGES);
        LazyLock::force(&UNIVERSAL);
    },
    |data: &[u8]| {
        match data.first() {
            // Edits of a good message.
            Some(0..0x20) => {
                if let Some((sealed, message)) = edited(&MESSAGES, data) {
                    open(&message, &sealed.keyring);
                }
            }
            _ => open(data, &UNIVERSAL),
        }
    }
);
