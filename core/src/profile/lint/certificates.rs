//! Can what macOS seals to the certificates of a profile be opened, today and tomorrow?

use super::{FindingCode as Code, Findings, LintContext, payloads::concerns_filevault};
use crate::{
    envelope::{Certificate, Validity},
    policy::filevault::schema::{CERTIFICATE, ESCROW, FILEVAULT},
    profile::{ParsedPayload, ParsedProfile, adopt::bounded, filevault::key_problem},
};

pub(super) fn check(index: usize, profile: &ParsedProfile, context: &LintContext<'_>, findings: &mut Findings<'_>) {
    let mut referred = Vec::new();
    for payload in profile.payloads() {
        match payload.payload_type() {
            of if of == ESCROW.payload_type => {
                let Some(uuid) = payload.string("EncryptCertPayloadUUID") else { continue };
                referred.push(uuid);
                escrow(index, profile, payload, uuid, context, findings);
            }
            of if of == FILEVAULT.payload_type => referred.extend(payload.string("PayloadCertificateUUID")),
            _ => {}
        }
    }
    if !profile.payloads().iter().any(concerns_filevault) {
        return;
    }
    // the redirection of old refers to a certificate too
    let redirections = profile.payloads().iter().filter(|payload| payload.payload_type() == super::payloads::REDIRECT);
    referred.extend(redirections.filter_map(|payload| payload.string("EncryptCertPayloadUUID")));
    for payload in profile.payloads().iter().filter(|payload| payload.payload_type() == CERTIFICATE.payload_type) {
        if !referred.iter().any(|uuid| uuid.eq_ignore_ascii_case(payload.uuid())) {
            findings.payload(index, payload, Code::CertificateUnreferenced, "no payload refers to this certificate");
        }
    }
}

fn escrow(
    index: usize,
    profile: &ParsedProfile,
    payload: &ParsedPayload,
    uuid: &str,
    context: &LintContext<'_>,
    findings: &mut Findings<'_>,
) {
    let Some(target) = profile.referred(uuid) else {
        let message = "EncryptCertPayloadUUID refers to no payload of this profile";
        findings.payload(index, payload, Code::EscrowCertificateMissing, message);
        return;
    };
    if target.payload_type() != CERTIFICATE.payload_type {
        let message = format!("EncryptCertPayloadUUID refers to a payload of type {}", bounded(target.payload_type()));
        findings.payload(index, payload, Code::EscrowCertificateType, message);
    }
    let Some(content) = target.keys.get("PayloadContent").and_then(::plist::Value::as_data) else {
        findings.payload(index, target, Code::CertificateUnreadable, "its PayloadContent is not data");
        return;
    };
    let certificate = match Certificate::from_der(content) {
        Ok(certificate) => certificate,
        Err(error) => {
            findings.payload(index, target, Code::CertificateUnreadable, error.to_string());
            return;
        }
    };
    let mut say = |code, message: String| findings.payload(index, target, code, message);
    if let Some(problem) = key_problem(&certificate) {
        say(Code::CertificateKey, format!("the escrow certificate {problem}"));
    }
    let end = certificate.not_after();
    match certificate.validity(context.now) {
        Validity::Expired => say(Code::CertificateExpired, format!("the escrow certificate expired on {end}")),
        Validity::NotYetValid => {
            say(
                Code::CertificateNotYetValid,
                format!("the escrow certificate is valid from {}", certificate.not_before()),
            );
        }
        Validity::Valid if end.seconds_since(context.now) <= context.expiring_within => {
            say(Code::CertificateExpiring, format!("the escrow certificate expires on {end}"));
        }
        Validity::Valid => {}
    }
    if !context.known.is_empty() && !context.known.contains(&certificate) {
        say(
            Code::CertificateUnknown,
            format!("keys are sealed to {}, whose private key is not known here", certificate.fingerprint()),
        );
    }
}
