//! How is a message opened in C?

use fdescrow::{
    Kind,
    envelope::{Certificate, Envelope, Fingerprint, Keyring, OpenOptions, Owner, Suite},
};
use fdescrow_identities::SystemRandomness;
use serde::{Deserialize, Serialize};

use super::fdescrow_envelope;
use crate::{
    boundary::{Errors, Output, document, produce, produce_two, request},
    certificate::fdescrow_certificates,
    failure::fdescrow_result,
    handle::borrow,
    key::fdescrow_key,
    keyring::fdescrow_keyring,
    owned::fdescrow_text,
    view::fdescrow_str,
};

/// What a caller expects of a message.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Opening {
    pub(super) suite: Option<Suite>,
    pub(super) kind: Option<Kind>,
    pub(super) owner: Owner,
    pub(super) unmatched: bool,
}

impl Opening {
    fn options(self) -> OpenOptions {
        let suite = self.suite.unwrap_or_else(|| self.kind.map_or(Suite::Modern, Envelope::received_suite));
        let mut options = OpenOptions::new(suite).owner(self.owner);
        if let Some(kind) = self.kind {
            options = options.kind(kind);
        }
        if self.unmatched { options.try_unmatched() } else { options }
    }
}

#[derive(Serialize)]
struct Opened<'a> {
    kind: Kind,
    owner: &'a Owner,
    bare: bool,
    authenticated: bool,
    bound: bool,
    certificates: Vec<Fingerprint>,
}

/// Method of `fdescrow_envelope`: opens it.
///
/// `options` is JSON or empty: `kind`, which the key must have (without it only authenticated content is released); `suite`,
/// what may be opened: `modern`, `filevault` (the default where the kind is `filevault`) or `legacy`; `owner`, what the message must name
/// where it names anybody; `unmatched`, true to try keys that the message does not name.
/// `opened_out` receives JSON about the key: `kind`, `owner`, `bare`, `authenticated`, `bound`, and `certificates`, the fingerprints of
/// the identity that opened it.
/// Errors: `ENVELOPE_NO_RECIPIENT`, `ENVELOPE_SUITE`, `ENVELOPE_KIND_NEEDED`, `ENVELOPE_OPEN` (one answer, whatever was wrong),
/// `IDENTITY_UNAVAILABLE`, `REQUEST_SYNTAX`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_envelope_open(
    envelope: Option<&fdescrow_envelope>,
    keyring: Option<&fdescrow_keyring>,
    options_json: fdescrow_str,
    key_out: Output<'_, fdescrow_key>,
    opened_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce_two(key_out, opened_out, error_out, || {
        let options = request::<Opening>(options_json)?.options();
        let keyring: &Keyring = borrow(keyring)?;
        let opened = borrow(envelope)?.open(keyring, &options)?;
        let identity = keyring.identities().get(opened.identity);
        let certificates = identity.map(|identity| identity.certificates()).unwrap_or_default();
        let about = document(&Opened {
            kind: opened.payload.key.kind(),
            owner: &opened.payload.owner,
            bare: opened.payload.bare,
            authenticated: opened.authenticated,
            bound: opened.bound,
            certificates: certificates.iter().map(Certificate::fingerprint).collect(),
        })?;
        Ok((opened.payload.key, about))
    })
}

/// Method of `fdescrow_envelope`: seals the same content to other certificates, once it was shown to open.
///
/// `options` as for `fdescrow_envelope_open`.
/// Errors: as `fdescrow_envelope_open` and `fdescrow_envelope_seal`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_envelope_rewrap(
    envelope: Option<&fdescrow_envelope>,
    keyring: Option<&fdescrow_keyring>,
    options_json: fdescrow_str,
    to: Option<&fdescrow_certificates>,
    envelope_out: Output<'_, fdescrow_envelope>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(envelope_out, error_out, || {
        let options = request::<Opening>(options_json)?.options();
        let to: Vec<&Certificate> = borrow(to)?.iter().collect();
        Ok(borrow(envelope)?.rewrap(borrow(keyring)?, &options, &to, &SystemRandomness::new())?.envelope)
    })
}
