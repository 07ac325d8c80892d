//! What does a device receive?

use std::sync::Arc;

use fdescrow::{
    Policy, Timestamp,
    envelope::Certificate,
    policy::{OrganizationDetails, PolicyDocument},
    profile::{self, FileVaultCertificate, LintContext, LuksPlan, OpensWith, ParsedProfile, ProfileLimits, bitlocker},
};

use crate::{
    boundary::{Errors, Output, answer, produce},
    certificate::fdescrow_certificates,
    failure::{Failure, fdescrow_result},
    handle::{borrow, borrow_some},
    owned::{fdescrow_buffer, fdescrow_text},
    policy::fdescrow_policy,
    view::{fdescrow_bytes, fdescrow_str},
};

fn policy_of(document: &PolicyDocument, group: fdescrow_str) -> Result<Arc<Policy>, Failure> {
    Ok(document.policy(group.read_some()?))
}

fn organization(policy: &Policy) -> Result<&OrganizationDetails, Failure> {
    policy.organization().ok_or_else(|| Failure::misuse("the policy has no section [organization]"))
}

/// The FileVault profile of a policy and group (empty: the organization), a configuration profile of Apple, not signed.
///
/// `certificates`: the first is the escrow certificate; NULL exactly where the policy does not escrow.
/// `now` is in seconds since 1970. The same input gives the same bytes.
/// Errors: `POLICY_INVALID` if the certificate does not fit; `MISUSE` if the policy says nothing of FileVault or of the organization,
/// and if a certificate is missing or not used.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_profile_filevault(
    policy: Option<&fdescrow_policy>,
    group: fdescrow_str,
    certificates: Option<&fdescrow_certificates>,
    now: i64,
    profile_out: Output<'_, fdescrow_buffer>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(profile_out, error_out, || {
        let policy = policy_of(borrow(policy)?, group)?;
        let filevault = policy.filevault().ok_or_else(|| Failure::misuse("the policy has no section [filevault]"))?;
        let now = Timestamp::from_unix_seconds(now)?;
        let primary = borrow_some(certificates)?.and_then(|certificates| certificates.first());
        let certificate = primary
            .map(|certificate: &Certificate| FileVaultCertificate::new(certificate.clone(), OpensWith::Pkcs1v15, now))
            .transpose()?;
        let profile = profile::render(filevault, certificate.as_ref(), organization(&policy)?)?;
        Ok(profile.into_bytes())
    })
}

/// What a policy and group say to BitLocker: one SyncML `Atomic` command over nodes of the BitLocker CSP.
///
/// Errors: `MISUSE` if the policy has no section `[bitlocker]`, or says nothing to Windows itself.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_profile_bitlocker(
    policy: Option<&fdescrow_policy>,
    group: fdescrow_str,
    syncml_out: Output<'_, fdescrow_buffer>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(syncml_out, error_out, || {
        let policy = policy_of(borrow(policy)?, group)?;
        let settings = policy.bitlocker().ok_or_else(|| Failure::misuse("the policy has no section [bitlocker]"))?;
        Ok(bitlocker::render(settings)?.as_bytes().to_vec())
    })
}

/// The plan of a policy and group for agents on Linux: JSON, as docs/schemas/luks-plan.json describes it.
///
/// `certificates`: all those that new keys are sealed to.
/// Errors: `MISUSE` if the policy has no section `[luks]` or `[organization]`, and without a certificate.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_profile_luks(
    policy: Option<&fdescrow_policy>,
    group: fdescrow_str,
    certificates: Option<&fdescrow_certificates>,
    plan_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(plan_out, error_out, || {
        let policy = policy_of(borrow(policy)?, group)?;
        let luks = policy.luks().ok_or_else(|| Failure::misuse("the policy has no section [luks]"))?;
        Ok(LuksPlan::new(luks, borrow(certificates)?, organization(&policy)?)?.to_json()?)
    })
}

/// What a configuration profile asks for, signed or not, as JSON. Signatures are taken off and not verified.
///
/// Errors: `PROFILE_SYNTAX`, `PROFILE_LIMIT`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_profile_parse(
    profile: fdescrow_bytes,
    parsed_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(parsed_out, error_out, || Ok(parse(profile)?.to_json()))
}

/// What is wrong with a configuration profile, as a JSON array of findings: `severity`, `code`, `payload`, `message`, `source`.
///
/// `known`: certificates whose private keys the organization has, so that an escrow to another one is told; NULL: nothing is said
/// about it. `now` is in seconds since 1970.
/// Errors: `PROFILE_SYNTAX`, `PROFILE_LIMIT`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_profile_lint(
    profile: fdescrow_bytes,
    known: Option<&fdescrow_certificates>,
    now: i64,
    findings_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(findings_out, error_out, || {
        let known = borrow_some(known)?.map(Vec::as_slice).unwrap_or_default();
        let context = LintContext::new(known, Timestamp::from_unix_seconds(now)?);
        Ok(profile::lint(&[parse(profile)?], &context))
    })
}

fn parse(bytes: fdescrow_bytes) -> Result<ParsedProfile, Failure> {
    Ok(profile::parse(bytes.read()?, &ProfileLimits::default())?)
}
