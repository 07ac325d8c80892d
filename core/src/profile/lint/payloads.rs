//! What is wrong inside one profile, certificates aside?

use std::collections::HashSet;

use ::plist::Dictionary;

use super::{FindingCode as Code, Findings};
use crate::{
    policy::filevault::schema::{self, COMMON, ESCROW, FILEVAULT, OPTIONS, Schema, TOP_LEVEL},
    profile::{ParsedPayload, ParsedProfile, Signature, adopt::bounded},
};

/// Ignored since macOS 10.13.
pub(super) const REDIRECT: &str = "com.apple.security.FDERecoveryRedirect";

pub(super) fn concerns_filevault(payload: &ParsedPayload) -> bool {
    [FILEVAULT.payload_type, ESCROW.payload_type, REDIRECT].contains(&payload.payload_type())
        || payload.is_filevault_options()
}

pub(super) fn check(index: usize, profile: &ParsedProfile, findings: &mut Findings<'_>) {
    envelope(index, profile, findings);
    names(index, profile, findings);
    for payload in profile.payloads() {
        if payload.payload_type() == FILEVAULT.payload_type {
            enforcement(index, payload, findings);
        }
        // certificate payloads serve many ends; what they must be for escrow is looked at elsewhere
        if let Some(schema) = schema::of_payload(payload.payload_type()).filter(|_| concerns_filevault(payload)) {
            let shared = schema.payload_type == OPTIONS.payload_type;
            keys(&payload.keys, schema, true, !shared, &mut |code, message| {
                findings.payload(index, payload, code, message);
            });
        }
    }
}

fn envelope(index: usize, profile: &ParsedProfile, findings: &mut Findings<'_>) {
    keys(&profile.root, &TOP_LEVEL, false, true, &mut |code, message| findings.profile(index, code, message));
    if profile.signature() == Signature::NotVerified {
        findings.profile(index, Code::SignatureUnverified, "the profile is signed; the signature was not verified");
    }
    if profile.root.contains_key("EncryptedPayloadContent") {
        findings.profile(index, Code::ProfileEncrypted, "the payloads are encrypted: nothing can be said about them");
    }
    if !profile.payloads().iter().any(concerns_filevault) {
        return;
    }
    match profile.scope() {
        Some("System") => {}
        None => findings.profile(
            index,
            Code::ScopeUnstated,
            "the scope is not stated: installed by hand, the profile would be the user's",
        ),
        Some(_) => findings.profile(index, Code::ScopeUser, "its FileVault payloads need the scope System"),
    }
    for key in ["RemovalDate", "DurationUntilRemoval"].into_iter().filter(|key| profile.root.contains_key(key)) {
        findings.profile(
            index,
            Code::ProfileExpires,
            format!("{key}: the profile removes itself, and enforcement and escrow end"),
        );
    }
}

fn names(index: usize, profile: &ParsedProfile, findings: &mut Findings<'_>) {
    let mut uuids = HashSet::from([profile.uuid().to_ascii_uppercase()]);
    let mut identifiers = HashSet::new();
    for payload in profile.payloads() {
        if !payload.uuid().is_empty() && !uuids.insert(payload.uuid().to_ascii_uppercase()) {
            findings.payload(index, payload, Code::DuplicateUuid, "its UUID is there twice in the profile");
        }
        if !payload.identifier().is_empty() && !identifiers.insert(payload.identifier()) {
            findings.payload(index, payload, Code::DuplicateIdentifier, "its identifier is there twice in the profile");
        }
    }
}

fn enforcement(index: usize, payload: &ParsedPayload, findings: &mut Findings<'_>) {
    let mut say = |code, message: &str| findings.payload(index, payload, code, message);
    let is = |name, default| payload.boolean(name).unwrap_or(default);
    for key in ["Password", "OutputPath"].into_iter().filter(|key| payload.keys.contains_key(key)) {
        let what = if key == "Password" { "a user's password" } else { "a place for the recovery key in clear" };
        say(Code::SecretInProfile, &format!("{key} is {what}"));
    }
    if ["Certificate", "PayloadCertificateUUID"].iter().any(|key| payload.keys.contains_key(key))
        || is("UseKeychain", false)
    {
        say(Code::InstitutionalKey, "an institutional recovery key does nothing on Macs with Apple silicon");
    }
    if payload.string("Enable") == Some("Off") {
        say(Code::EnforcementOff, "Enable is Off: the profile asks for no encryption");
    }
    if payload.string("Enable") != Some("On") {
        return;
    }
    if !is("UseRecoveryKey", true) {
        say(Code::NoRecoveryKey, "UseRecoveryKey is false: nothing recovers a Mac with Apple silicon");
    }
    let bypass = payload.integer("DeferForceAtUserLoginMaxBypassAttempts");
    let setup_assistant = is("ForceEnableInSetupAssistant", false);
    if is("Defer", false) {
        let at_login = bypass.is_some_and(|attempts| attempts >= 0);
        if is("DeferDontAskAtUserLogout", false) && !at_login && !setup_assistant {
            say(Code::NeverAsked, "users are asked neither at login, nor at logout, nor in Setup Assistant");
        }
        return;
    }
    let credentials = payload.keys.contains_key("Username") && payload.keys.contains_key("Password");
    if setup_assistant {
        say(
            Code::SetupAssistantUndeferred,
            "ForceEnableInSetupAssistant without Defer: macOS 14.4 and later do not ask",
        );
    } else if !credentials && !is("UserEntersMissingInfo", false) {
        say(Code::DeferralMissing, "Enable is On without Defer, without a user and without asking for one");
    }
    for key in ["DeferForceAtUserLoginMaxBypassAttempts", "DeferDontAskAtUserLogout"] {
        if payload.keys.contains_key(key) {
            say(Code::DeferralUnused, &format!("{key} has no meaning without Defer"));
        }
    }
}

/// Every key against Apple's schema: of a payload also those that all payloads have.
fn keys(keys: &Dictionary, schema: &Schema, is_payload: bool, unknown_too: bool, say: &mut dyn FnMut(Code, String)) {
    let schemas: &[&Schema] = if is_payload { &[schema, &COMMON] } else { &[schema] };
    for key in schemas.iter().flat_map(|schema| schema.keys).filter(|key| key.required) {
        // TopLevel.yaml: "If IsEncrypted is true, this array isn't needed"
        let excused = key.name == "PayloadContent" && !is_payload;
        if !keys.contains_key(key.name) && !excused {
            say(Code::SchemaMissingKey, format!("{} is missing", key.name));
        }
    }
    for (name, value) in keys {
        match schemas.iter().find_map(|schema| schema.key(name)) {
            Some(key) if !key.has_type(value) => {
                say(Code::SchemaType, format!("{name} is not of type {}", key.value_type.as_str()));
            }
            Some(key) if !key.allows(value) => {
                say(Code::SchemaValue, format!("{name} has a value that Apple does not allow"));
            }
            None if unknown_too => {
                say(
                    Code::SchemaUnknownKey,
                    format!("{} is not a key of Apple's schema {}", bounded(name), schema.file),
                );
            }
            Some(_) | None => {}
        }
    }
}
