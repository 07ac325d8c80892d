//! How do certificates cross?

use fdescrow::{
    Timestamp,
    envelope::{Certificate, Fingerprint, NewCertificate, private_key::KeyAlgorithm},
};
use fdescrow_identities::SystemRandomness;
use serde::{Deserialize, Serialize};

use crate::{
    boundary::{Errors, Output, answer, produce, produce_two, request},
    failure::{Failure, fdescrow_result},
    handle::{Handle, borrow, borrow_mut, free, opaque},
    owned::fdescrow_text,
    secret::{bytes_of, fdescrow_secret},
    view::{fdescrow_bytes, fdescrow_str},
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    subject: String,
    algorithm: String,
    not_before: Timestamp,
    not_after: Timestamp,
}

/// Constructor of `fdescrow_certificates`: makes an escrow certificate, and its private key as PKCS#8 in PEM.
///
/// `request` is JSON: `subject` as RFC 4514 writes it (`CN=Escrow 2026,O=Example`), `algorithm` (`rsa-2048` is what FileVault
/// needs, `rsa-3072`, `rsa-4096`, `p-256`, `p-384`), `not_before` and `not_after` (RFC 3339).
/// Errors: `CERTIFICATE_UNSUITABLE` for a subject or dates that cannot be, `RANDOMNESS_UNAVAILABLE`, `REQUEST_SYNTAX`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_certificates_generate(
    request_json: fdescrow_str,
    certificates_out: Output<'_, fdescrow_certificates>,
    private_key_out: Output<'_, fdescrow_secret>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce_two(certificates_out, private_key_out, error_out, || {
        let new: New = request(request_json)?;
        let algorithm: KeyAlgorithm = new.algorithm.parse().map_err(|_| {
            Failure::misuse("no such key algorithm: rsa-2048, rsa-3072, rsa-4096, p-256 and p-384 are known")
        })?;
        let (certificate, key) = NewCertificate::new(&new.subject, algorithm, new.not_before, new.not_after)?
            .generate(&SystemRandomness::new())?;
        Ok((vec![certificate], bytes_of(key.to_pkcs8_pem().expose())))
    })
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
