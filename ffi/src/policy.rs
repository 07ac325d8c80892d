//! How does a policy cross?

use fdescrow::{
    policy::{PolicyDocument, json_schema},
    profile::bitlocker::lint_document,
};
use std::sync::Arc;

use crate::{
    boundary::{Errors, Output, answer, produce},
    failure::fdescrow_result,
    handle::{Handle, borrow, free, opaque},
    owned::fdescrow_text,
    view::fdescrow_str,
};

/// The policy of an organization with its groups, as docs/policy.md describes it.
#[derive(Debug)]
pub struct fdescrow_policy {
    handle: Handle,
}
opaque!(fdescrow_policy, Arc<PolicyDocument>, b"fdpolicy");

/// Constructor of `fdescrow_policy`: reads JSON, which begins with `{`, or TOML.
///
/// Errors: `POLICY_SYNTAX`; `POLICY_INVALID`, whose message names each field that breaks a rule, the rule and its source.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_policy_parse(
    toml_or_json: fdescrow_str,
    policy_out: Output<'_, fdescrow_policy>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(policy_out, error_out, || {
        let text = toml_or_json.read()?;
        let json = text.trim_start().starts_with('{');
        let read = if json { PolicyDocument::from_json } else { PolicyDocument::from_toml };
        Ok(Arc::new(read(text)?))
    })
}

/// Method of `fdescrow_policy`: its groups and what is to be said about each, as a JSON array: `group` (null: the organization's
/// own), `digest`, `advice`.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_policy_check(
    policy: Option<&fdescrow_policy>,
    advice_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(advice_out, error_out, || Ok(lint_document(borrow(policy)?)))
}

/// Method of `fdescrow_policy`: every value that holds for a group (empty: the organization) and who decided it, as a JSON array:
/// `path`, `value`, `origin`.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_policy_explain(
    policy: Option<&fdescrow_policy>,
    group: fdescrow_str,
    explanation_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(explanation_out, error_out, || Ok(borrow(policy)?.explain(group.read_some()?)))
}

/// The JSON Schema of policies.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_policy_schema(
    schema_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(schema_out, error_out, || Ok(json_schema()))
}

/// Destructor of `fdescrow_policy`. What was made with it goes on with it. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_policy_free(policy: Option<Box<fdescrow_policy>>) {
    free(policy);
}
