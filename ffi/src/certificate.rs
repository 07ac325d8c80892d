//! How do certificates cross?

#[cfg(feature = "server")]
mod generate;

#[cfg(feature = "server")]
pub use generate::*;

use fdescrow::{
    Timestamp,
    envelope::{Certificate, Fingerprint},
};
use serde::Serialize;

use crate::{
    boundary::{Errors, Output, answer, produce},
    failure::fdescrow_result,
    handle::{Handle, borrow, borrow_mut, free, opaque},
    owned::fdescrow_text,
    view::fdescrow_bytes,
};

/// Certificates, in an order: whom keys are sealed to, or who may have sealed. Most lists have one.
#[derive(Debug)]
pub struct fdescrow_certificates {
    handle: Handle,
}
opaque!(fdescrow_certificates, Vec<Certificate>, b"fdecerts");

/// Constructor of `fdescrow_certificates`: reads PEM with any number of them, or DER or base64 of one.
///
/// Errors: `CERTIFICATE_SYNTAX`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_certificates_parse(
    pem_or_der: fdescrow_bytes,
    certificates_out: Output<'_, fdescrow_certificates>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(certificates_out, error_out, || Ok(Certificate::parse_all(pem_or_der.read()?)?))
}

/// Method of `fdescrow_certificates`: puts those of another list behind those of this one.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_certificates_append(
    certificates: Option<&mut fdescrow_certificates>,
    more: Option<&fdescrow_certificates>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    crate::boundary::boundary(error_out, || {
        let more = borrow(more)?.clone();
        borrow_mut(certificates)?.extend(more);
        Ok(())
    })
}

/// Method of `fdescrow_certificates`: how many there are; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_certificates_count(certificates: Option<&fdescrow_certificates>) -> usize {
    borrow(certificates).map_or(0, Vec::len)
}

/// Method of `fdescrow_certificates`: the DER of one, counted from 0, borrowed from the list; empty where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_certificates_der(
    certificates: Option<&fdescrow_certificates>,
    index: usize,
) -> fdescrow_bytes {
    let certificate = borrow(certificates).ok().and_then(|certificates| certificates.get(index));
    certificate.map_or(fdescrow_bytes::EMPTY, |certificate| fdescrow_bytes::of(certificate.der()))
}

#[derive(Serialize)]
struct Described {
    fingerprint: Fingerprint,
    subject: String,
    issuer: String,
    not_before: Timestamp,
    not_after: Timestamp,
    key: String,
}

/// Method of `fdescrow_certificates`: what they are, as a JSON array: `fingerprint` (SHA-256, hexadecimal), `subject`, `issuer`,
/// `not_before`, `not_after`, `key`.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_certificates_describe(
    certificates: Option<&fdescrow_certificates>,
    description_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(description_out, error_out, || {
        let described = borrow(certificates)?.iter().map(|certificate| Described {
            fingerprint: certificate.fingerprint(),
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            key: certificate.public_key().description(),
        });
        Ok(described.collect::<Vec<_>>())
    })
}

/// Method of `fdescrow_certificates`: all of them as PEM.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_certificates_pem(
    certificates: Option<&fdescrow_certificates>,
    pem_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(pem_out, error_out, || Ok(borrow(certificates)?.iter().map(Certificate::to_pem).collect()))
}

/// Destructor of `fdescrow_certificates`. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_certificates_free(certificates: Option<Box<fdescrow_certificates>>) {
    free(certificates);
}
