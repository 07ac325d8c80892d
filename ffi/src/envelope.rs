//! How is a key sealed, looked at and opened in C?

#[cfg(feature = "server")]
mod judge;
#[cfg(feature = "server")]
mod open;

#[cfg(feature = "server")]
pub use {judge::*, open::*};

use fdescrow::{
    Digest,
    envelope::{Certificate, Envelope, Format, Limits, Owner, Payload},
};
use fdescrow_identities::SystemRandomness;
use serde::Deserialize;

use crate::{
    boundary::{Errors, Output, answer, produce, request},
    certificate::fdescrow_certificates,
    failure::{Failure, fdescrow_result},
    handle::{Handle, borrow, borrow_some, free, opaque},
    key::{copied, fdescrow_key},
    owned::fdescrow_text,
    view::{fdescrow_bytes, fdescrow_str},
};

/// A sealed message, CMS EnvelopedData or AuthEnvelopedData (RFC 5652, RFC 5083), whose structure was read. No secret.
#[derive(Debug)]
pub struct fdescrow_envelope {
    handle: Handle,
}
opaque!(fdescrow_envelope, Envelope, b"fdenvelp");

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sealing {
    owner: Owner,
    bare: bool,
    format: Form,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    #[default]
    Auth,
    Enveloped,
    EnvelopedPkcs1v15,
}

/// Constructor of `fdescrow_envelope`: seals a key to certificates.
///
/// `options` is JSON or empty: `owner`, whose key it is (`organization`, `device`, `volume`, `protector`, `key_id`, `time`), which
/// is sealed with it; `bare`, true for the text of the key alone; `format`: `auth` (AuthEnvelopedData with AES-256-GCM, the
/// default), or, for readers that know no better, `enveloped` and `enveloped_pkcs1v15`.
/// Errors: `ENVELOPE_SEAL` if there is no certificate, more than 16, one twice, or one that cannot receive it; `ENVELOPE_PAYLOAD`;
/// `RANDOMNESS_UNAVAILABLE`; `REQUEST_SYNTAX`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_envelope_seal(
    key: Option<&fdescrow_key>,
    to: Option<&fdescrow_certificates>,
    options_json: fdescrow_str,
    envelope_out: Output<'_, fdescrow_envelope>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(envelope_out, error_out, || {
        let Sealing { owner, bare, format } = request(options_json)?;
        let key = copied(borrow(key)?)?;
        let payload = match (bare, owner == Owner::default()) {
            (false, _) => Payload::new(key, owner),
            (true, true) => Payload::bare(key),
            (true, false) => return Err(Failure::misuse("a bare key has no owner sealed with it")),
        };
        let format = match format {
            Form::Auth => Format::Auth,
            Form::Enveloped => Format::Enveloped,
            Form::EnvelopedPkcs1v15 => Format::EnvelopedPkcs1v15,
        };
        let to: Vec<&Certificate> = borrow(to)?.iter().collect();
        Ok(Envelope::seal(&payload, &to, format, &SystemRandomness::new())?)
    })
}

/// Constructor of `fdescrow_envelope`: reads the structure of a message in BER, DER, base64, PEM or S/MIME. No key is used.
///
/// Errors: `ENVELOPE_SYNTAX`, `ENVELOPE_LIMIT` over 64 KiB, 32 levels or 16 recipients, `ENVELOPE_TYPE` for other CMS.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_envelope_parse(
    bytes: fdescrow_bytes,
    envelope_out: Output<'_, fdescrow_envelope>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(envelope_out, error_out, || Ok(Envelope::parse(bytes.read()?, &Limits::default())?))
}

/// Method of `fdescrow_envelope`: its DER, borrowed from it; empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_envelope_der(envelope: Option<&fdescrow_envelope>) -> fdescrow_bytes {
    borrow(envelope).map_or(fdescrow_bytes::EMPTY, |envelope| fdescrow_bytes::of(envelope.der()))
}

/// Method of `fdescrow_envelope`: the SHA-256 of its DER as 64 hexadecimal digits, by which receipts name it.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_envelope_digest(
    envelope: Option<&fdescrow_envelope>,
    digest_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(digest_out, error_out, || Ok(Digest::of(borrow(envelope)?.der()).to_string()))
}

/// Method of `fdescrow_envelope`: what can be seen of it from outside, as JSON: content type, algorithms, recipients, which
/// `suite` opens it, and which of the `known` certificates (NULL: none) it names.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_envelope_inspect(
    envelope: Option<&fdescrow_envelope>,
    known: Option<&fdescrow_certificates>,
    inspection_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(inspection_out, error_out, || {
        let known = borrow_some(known)?.map(Vec::as_slice).unwrap_or_default();
        Ok(borrow(envelope)?.inspect(known))
    })
}

/// Destructor of `fdescrow_envelope`. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_envelope_free(envelope: Option<Box<fdescrow_envelope>>) {
    free(envelope);
}
