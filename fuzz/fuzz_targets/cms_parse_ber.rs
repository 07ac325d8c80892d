//! Any bytes as a message. What is read can be looked at, is the same read again, and is within the limits.
#![no_main]

use std::sync::LazyLock;

use fdescrow::envelope::{Envelope, Limits};
use fdescrow_fuzz::RECIPIENTS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    // Making keys is not what is timed.
    init: {
        LazyLock::force(&RECIPIENTS);
    },
    |data: &[u8]| {
        let limits = Limits::default();
        let Ok(envelope) = Envelope::parse(data, &limits) else { return };
        let known: Vec<_> = RECIPIENTS.iter().map(|recipient| recipient.certificate.clone()).collect();
        let inspection = envelope.inspect(&known);
        assert!(envelope.der().len() <= limits.input_bytes);
        assert!(inspection.recipients.len() + inspection.other_recipients <= limits.recipients);
        assert!(inspection.to_string().len() < 64 * 1024);
        let again = Envelope::parse(envelope.der(), &limits).expect("DER of ours is read");
        assert_eq!(again.der(), envelope.der());
        assert_eq!(again.digest(), envelope.digest());
        assert_eq!(again.wrapped_key_digest(&known), envelope.wrapped_key_digest(&known));
    }
);
