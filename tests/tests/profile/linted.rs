//! Does lint find what is wrong, and nothing where nothing is?

use std::{collections::BTreeSet, slice::from_ref};

use fdescrow::{
    Timestamp,
    envelope::{Certificate, private_key::KeyAlgorithm},
    profile::{Finding, LintContext, ParsedProfile, Severity, lint, lint::FindingCode},
};
use plist::{Dictionary, Value};

use crate::material::{BOTH, ESCROW, OTHER, generate, now, parsed, policy, rendered, valid};

/// A profile as others write them: payloads by type and keys, each with names of its own.
struct Foreign(Dictionary);

impl Foreign {
    fn new(payloads: &[(&str, &[(&str, Value)])]) -> Self {
        let mut root = Dictionary::new();
        for (key, value) in [
            ("PayloadType", "Configuration".into()),
            ("PayloadIdentifier", "org.foreign".into()),
            ("PayloadUUID", "profile".into()),
            ("PayloadVersion", 1.into()),
            ("PayloadScope", Value::from("System")),
        ] {
            root.insert(key.to_owned(), value);
        }
        let content = payloads.iter().enumerate().map(|(number, (kind, keys))| {
            let mut payload: Dictionary = keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
            for (key, value) in [
                ("PayloadType", Value::from(*kind)),
                ("PayloadIdentifier", format!("org.foreign.{number}").into()),
                ("PayloadUUID", format!("uuid-{number}").into()),
                ("PayloadVersion", 1.into()),
            ] {
                if !payload.contains_key(key) {
                    payload.insert(key.to_owned(), value);
                }
            }
            Value::Dictionary(payload)
        });
        root.insert("PayloadContent".to_owned(), Value::Array(content.collect()));
        Self(root)
    }

    fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    fn without(mut self, key: &str) -> Self {
        self.0.remove(key);
        self
    }

    fn read(self) -> ParsedProfile {
        let mut bytes = Vec::new();
        Value::Dictionary(self.0).to_writer_xml(&mut bytes).unwrap();
        parsed(&bytes)
    }
}

const FILEVAULT: &str = "com.apple.MCX.FileVault2";
const ESCROWING: &str = "com.apple.security.FDERecoveryKeyEscrow";
const PKCS1: &str = "com.apple.security.pkcs1";
const OPTIONS: &str = "com.apple.MCX";
const REDIRECT: &str = "com.apple.security.FDERecoveryRedirect";

fn on(keys: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut all = vec![("Enable", "On".into()), ("Defer", true.into())];
    for (key, value) in keys {
        all.retain(|(other, _)| other != key);
        all.push((key, value.clone()));
    }
    all
}

fn escrow_to(uuid: &str) -> Vec<(&'static str, Value)> {
    vec![("Location", "here".into()), ("EncryptCertPayloadUUID", uuid.into())]
}

/// An escrow and the certificate it refers to.
fn escrowing(certificate: &Certificate) -> Foreign {
    Foreign::new(&[
        (ESCROWING, &escrow_to("UUID-1")),
        (PKCS1, &[("PayloadContent", Value::Data(certificate.der().to_vec()))]),
    ])
}

fn found(profiles: &[ParsedProfile]) -> Vec<Finding> {
    found_at(profiles, now())
}

fn found_at(profiles: &[ParsedProfile], now: Timestamp) -> Vec<Finding> {
    lint(profiles, &LintContext::new(&[], now))
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn our_own_profiles_have_no_findings() {
    for toml in [
        BOTH,
        "[filevault.enforcement]",
        "[filevault.escrow]\nlocation = 'a'",
        "[filevault.options]\ndont_allow_enable = true",
    ] {
        let profile = parsed(rendered(&policy(toml)).as_bytes());
        let known = [ESCROW.0.clone()];
        assert_eq!(lint(&[profile], &LintContext::new(&known, now())), [], "{toml}");
    }
    assert_eq!(found(&[escrowing(&ESCROW.0).read()]), []);
    assert_eq!(found(&[]), []);
}

#[test]
fn payloads_that_do_not_concern_filevault_are_left_alone() {
    let foreign = Foreign::new(&[
        ("com.apple.wifi.managed", &[("Password", "x".into())]),
        (OPTIONS, &[("DisableGuestAccount", true.into())]),
        (PKCS1, &[("PayloadContent", Value::Data(vec![1]))]),
    ]);
    assert_eq!(found(&[foreign.without("PayloadScope").read()]), []);
}

/// Every kind of finding, and the least that has it.
fn cases() -> Vec<(FindingCode, Vec<Finding>)> {
    use FindingCode as Code;
    let one = |payloads: &[(&str, &[(&str, Value)])]| found(&[Foreign::new(payloads).read()]);
    let enforcing = |keys: &[(&'static str, Value)]| one(&[(FILEVAULT, &on(keys))]);
    let at = |time: &str| found_at(&[escrowing(&ESCROW.0).read()], time.parse().unwrap());
    let (p_256, _) = valid("CN=P-256", KeyAlgorithm::P256);
    let small = Certificate::parse(include_bytes!("rsa-1024.pem")).unwrap();
    let der = || Value::Data(ESCROW.0.der().to_vec());
    let yes = || Value::Boolean(true);
    let no = || Value::Boolean(false);
    let date = || Value::Date(plist::Date::from_xml_format("2027-01-01T00:00:00Z").unwrap());
    let plain = || Foreign::new(&[(FILEVAULT, &on(&[]))]);
    let signed = {
        let rng = fdescrow_identities::SystemRandomness::new();
        let signer = fdescrow::profile::KeySigner::new(&OTHER.1, OTHER.0.clone(), &rng).unwrap();
        fdescrow::profile::sign(&rendered(&policy(BOTH)), &signer, &[], None).unwrap()
    };
    vec![
        (Code::CertificateExpired, at("2036-01-01T00:00:01Z")),
        (Code::CertificateExpiring, at("2035-12-31T23:59:59Z")),
        (Code::CertificateNotYetValid, at("2025-12-31T23:59:59Z")),
        (Code::CertificateKey, found(&[escrowing(&p_256).read()])),
        (Code::CertificateKey, found(&[escrowing(&small).read()])),
        (Code::CertificateUnknown, lint(&[escrowing(&ESCROW.0).read()], &LintContext::new(from_ref(&OTHER.0), now()))),
        (
            Code::CertificateUnreadable,
            one(&[(ESCROWING, &escrow_to("uuid-1")), (PKCS1, &[("PayloadContent", Value::Data(vec![0x30, 0]))])]),
        ),
        (
            Code::CertificateUnreferenced,
            one(&[
                (ESCROWING, &escrow_to("uuid-1")),
                (PKCS1, &[("PayloadContent", der())]),
                (PKCS1, &[("PayloadContent", der())]),
            ]),
        ),
        (Code::DeferralMissing, enforcing(&[("Defer", no())])),
        (
            Code::DeferralUnused,
            enforcing(&[("Defer", no()), ("UserEntersMissingInfo", yes()), ("DeferDontAskAtUserLogout", yes())]),
        ),
        (
            Code::DuplicateIdentifier,
            one(&[
                (FILEVAULT, &on(&[])),
                (OPTIONS, &[("DestroyFVKeyOnStandby", yes()), ("PayloadIdentifier", "org.foreign.0".into())]),
            ]),
        ),
        (
            Code::DuplicateUuid,
            one(&[
                (FILEVAULT, &on(&[])),
                (OPTIONS, &[("DestroyFVKeyOnStandby", yes()), ("PayloadUUID", "UUID-0".into())]),
            ]),
        ),
        (Code::DuplicateUuid, one(&[(FILEVAULT, &on(&[("PayloadUUID", "profile".into())]))])),
        (Code::DuplicateProfile, found(&[Foreign::new(&[]).read(), Foreign::new(&[]).read()])),
        (Code::EnforcementForbidden, one(&[(FILEVAULT, &on(&[])), (OPTIONS, &[("dontAllowFDEEnable", yes())])])),
        (Code::EnforcementOff, enforcing(&[("Enable", "Off".into())])),
        (Code::EnforcementRepeated, one(&[(FILEVAULT, &on(&[])), (FILEVAULT, &on(&[]))])),
        (Code::EscrowCertificateMissing, one(&[(ESCROWING, &escrow_to("uuid-9"))])),
        (
            Code::EscrowCertificateType,
            one(&[(ESCROWING, &escrow_to("uuid-1")), ("com.apple.security.root", &[("PayloadContent", der())])]),
        ),
        (
            Code::EscrowRepeated,
            found(&[escrowing(&ESCROW.0).read(), escrowing(&ESCROW.0).with("PayloadIdentifier", "org.second").read()]),
        ),
        (Code::InstitutionalKey, enforcing(&[("UseKeychain", yes())])),
        (Code::InstitutionalKey, enforcing(&[("Certificate", der())])),
        (Code::KeyLost, enforcing(&[("ShowRecoveryKey", no())])),
        (
            Code::NeverAsked,
            enforcing(&[("DeferDontAskAtUserLogout", yes()), ("DeferForceAtUserLoginMaxBypassAttempts", (-1).into())]),
        ),
        (Code::NoRecoveryKey, enforcing(&[("UseRecoveryKey", no())])),
        (Code::OptionsContradict, one(&[(OPTIONS, &[("dontAllowFDEEnable", yes()), ("dontAllowFDEDisable", yes())])])),
        (
            Code::OptionsRepeated,
            one(&[(OPTIONS, &[("dontAllowFDEDisable", yes())]), (OPTIONS, &[("DestroyFVKeyOnStandby", yes())])]),
        ),
        (
            Code::ProfileEncrypted,
            found(&[Foreign::new(&[])
                .without("PayloadContent")
                .with("IsEncrypted", true)
                .with("EncryptedPayloadContent", Value::Data(vec![1]))
                .read()]),
        ),
        (Code::ProfileExpires, found(&[plain().with("RemovalDate", date()).read()])),
        (Code::RedirectionDead, one(&[(REDIRECT, &[("RedirectURL", "https://example.com".into())])])),
        (
            Code::RedirectionIgnored,
            one(&[
                (ESCROWING, &escrow_to("uuid-1")),
                (PKCS1, &[("PayloadContent", der())]),
                (REDIRECT, &[("EncryptCertPayloadUUID", "uuid-1".into())]),
            ]),
        ),
        (Code::SchemaMissingKey, one(&[(FILEVAULT, &[("Defer", yes())])])),
        (Code::SchemaType, enforcing(&[("UserEntersMissingInfo", "true".into())])),
        (Code::SchemaUnknownKey, enforcing(&[("RecoveryKeyRotationInMonths", 6.into())])),
        (Code::SchemaValue, enforcing(&[("DeferForceAtUserLoginMaxBypassAttempts", 10_000.into())])),
        (Code::SchemaValue, found(&[plain().with("TargetDeviceType", 7).read()])),
        (Code::ScopeUnstated, found(&[plain().without("PayloadScope").read()])),
        (Code::ScopeUser, found(&[plain().with("PayloadScope", "User").read()])),
        (Code::SecretInProfile, enforcing(&[("OutputPath", "/Users/Shared/key.plist".into())])),
        (
            Code::SecretInProfile,
            enforcing(&[("Defer", no()), ("Username", "a".into()), ("Password", "hunter2".into())]),
        ),
        (Code::SetupAssistantUndeferred, enforcing(&[("Defer", no()), ("ForceEnableInSetupAssistant", yes())])),
        (Code::SignatureUnverified, found(&[parsed(&signed)])),
    ]
}

#[test]
fn every_kind_of_finding_is_found_alone() {
    let mut seen = BTreeSet::new();
    for (code, findings) in cases() {
        assert_eq!(codes(&findings), [code.as_str()], "{findings:#?}");
        assert_eq!(findings[0].severity, code.severity());
        assert!(!findings[0].message.contains("hunter2"));
        assert!(findings[0].to_string().contains(code.source()));
        seen.insert(code);
    }
    let missing: Vec<_> = FindingCode::ALL.iter().filter(|code| !seen.contains(code)).collect();
    assert_eq!(missing, Vec::<&FindingCode>::new(), "no case has them");
    println!("{} kinds of findings", seen.len());
}

#[test]
fn findings_name_the_profile_and_the_payload() {
    let first = parsed(rendered(&policy(BOTH)).as_bytes());
    let second = escrowing(&OTHER.0).read();
    let findings = lint(&[first, second], &LintContext::new(from_ref(&ESCROW.0), now()));
    assert_eq!(codes(&findings), ["escrow_repeated", "certificate_unknown"], "the worst first");
    assert!(findings.iter().all(|finding| finding.profile == 1 && finding.profile_identifier == "org.foreign"));
    assert_eq!(findings[0].payload.as_deref(), Some("org.foreign.0"));
    assert_eq!(findings[0].severity, Severity::Error);
    let json = serde_json::to_value(&findings[0]).unwrap();
    assert_eq!((json["severity"].as_str(), json["code"].as_str()), (Some("error"), Some("escrow_repeated")));
}

#[test]
fn what_lies_between_profiles_is_seen_only_together() {
    let hiding = || {
        Foreign::new(&[(FILEVAULT, &on(&[("ShowRecoveryKey", false.into())]))])
            .with("PayloadIdentifier", "org.hiding")
            .read()
    };
    let escrow = || escrowing(&ESCROW.0).read();
    assert_eq!(codes(&found(&[hiding()])), ["key_lost"]);
    assert_eq!(found(&[hiding(), escrow()]), []);
    let forbidding =
        Foreign::new(&[(OPTIONS, &[("dontAllowFDEEnable", true.into())])]).with("PayloadIdentifier", "org.forbidding");
    assert_eq!(codes(&found(&[hiding(), escrow(), forbidding.read()])), ["enforcement_forbidden"]);
}

#[test]
fn foreign_text_in_a_finding_is_short_and_plain() {
    let long = "x\u{7}".repeat(1000).replace('\u{7}', "\n");
    let findings = found(&[Foreign::new(&[(FILEVAULT, &on(&[("Defer", "no".into())]))])
        .with("PayloadIdentifier", long.as_str())
        .read()]);
    assert!(!findings.is_empty());
    assert!(findings.iter().all(|finding| finding.profile_identifier.chars().count() == 64));
    assert!(findings.iter().all(|finding| !finding.to_string().contains('\n')));
}

#[test]
fn an_expired_certificate_of_a_foreign_profile_is_dated() {
    let (old, _) = generate("CN=Old", KeyAlgorithm::Rsa2048, "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    let findings = found(&[escrowing(&old).read()]);
    assert!(findings[0].message.contains("2021-01-01T00:00:00Z"), "{}", findings[0].message);
}
