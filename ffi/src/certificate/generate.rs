//! How are an escrow certificate and its private key made in C?

use fdescrow::{
    Timestamp,
    envelope::{NewCertificate, private_key::KeyAlgorithm},
};
use fdescrow_identities::SystemRandomness;
use serde::Deserialize;

use super::fdescrow_certificates;
use crate::{
    boundary::{Errors, Output, produce_two, request},
    failure::{Failure, fdescrow_result},
    secret::{bytes_of, fdescrow_secret},
    view::fdescrow_str,
};

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
