//! What is wrong between the profiles of one Mac?

use super::{FindingCode as Code, Findings, payloads::REDIRECT};
use crate::{
    policy::filevault::schema::{ESCROW, FILEVAULT},
    profile::{ParsedPayload, ParsedProfile},
};

type Place<'a> = (usize, &'a ParsedPayload);

pub(super) fn check(findings: &mut Findings<'_>) {
    let profiles = findings.profiles;
    let all = || {
        let numbered = profiles.iter().enumerate();
        numbered.flat_map(|(index, profile)| profile.payloads().iter().map(move |payload| (index, payload)))
    };
    let of_type = |wanted: &'static str| all().filter(move |(_, payload)| payload.payload_type() == wanted);

    let enforcements: Vec<Place<'_>> = of_type(FILEVAULT.payload_type).collect();
    let escrows: Vec<Place<'_>> = of_type(ESCROW.payload_type).collect();
    let options: Vec<Place<'_>> = all().filter(|(_, payload)| payload.is_filevault_options()).collect();
    repeated(&enforcements, Code::EnforcementRepeated, "turns FileVault on", findings);
    repeated(&escrows, Code::EscrowRepeated, "escrows the recovery key", findings);
    repeated(&options, Code::OptionsRepeated, "sets options of FileVault", findings);

    let forbidden = options.iter().any(|(_, payload)| payload.boolean("dontAllowFDEEnable") == Some(true));
    if let Some((index, payload)) =
        options.iter().find(|(_, payload)| payload.boolean("dontAllowFDEDisable") == Some(true))
        && forbidden
    {
        let message = "dontAllowFDEEnable and dontAllowFDEDisable are both true on this Mac";
        findings.payload(*index, payload, Code::OptionsContradict, message);
    }
    for (index, payload) in enforcements.iter().filter(|(_, payload)| payload.string("Enable") == Some("On")) {
        if forbidden {
            let message = "turns FileVault on, and dontAllowFDEEnable forbids it on this Mac";
            findings.payload(*index, payload, Code::EnforcementForbidden, message);
        }
        if payload.boolean("ShowRecoveryKey") == Some(false) && escrows.is_empty() {
            let message = "ShowRecoveryKey is false, and no profile of this Mac escrows the key";
            findings.payload(*index, payload, Code::KeyLost, message);
        }
    }
    for (index, payload) in of_type(REDIRECT) {
        if escrows.is_empty() {
            let message = "is ignored since macOS 10.13, and no profile of this Mac escrows the key in its place";
            findings.payload(index, payload, Code::RedirectionDead, message);
        } else {
            let message = "is ignored since macOS 10.13; the escrow beside it is what counts";
            findings.payload(index, payload, Code::RedirectionIgnored, message);
        }
    }
    same_identifier(profiles, findings);
}

/// All but the first of the payloads that a Mac takes one of.
fn repeated(places: &[Place<'_>], code: Code, what: &str, findings: &mut Findings<'_>) {
    let Some(((first, _), others)) = places.split_first() else { return };
    for (index, payload) in others {
        let whose = if index == first { "this profile" } else { "another profile" };
        findings.payload(*index, payload, code, format!("a payload of {whose} already {what}"));
    }
}

fn same_identifier(profiles: &[ParsedProfile], findings: &mut Findings<'_>) {
    for (index, profile) in profiles.iter().enumerate() {
        let earlier = profiles.iter().take(index).any(|other| other.identifier() == profile.identifier());
        if earlier && !profile.identifier().is_empty() {
            let message = "an earlier profile has the same identifier: installing this one replaces it";
            findings.profile(index, Code::DuplicateProfile, message);
        }
    }
}
