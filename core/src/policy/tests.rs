//! Do the sections about rotation, recovery and retention hold their rules?

use super::*;

fn broken(document: &str) -> Vec<String> {
    let error = Policy::from_toml(document).unwrap_err();
    assert_eq!(error.code(), crate::ErrorCode::PolicyInvalid, "{error}");
    error.violations().iter().map(|violation| violation.field.to_string()).collect()
}

#[test]
fn sections_that_are_left_out_are_the_defaults() {
    let policy = Policy::from_toml("").unwrap();
    assert_eq!(policy.rotation(), RotationRules::default());
    assert_eq!(policy.recovery(), RecoveryRules::default());
    assert_eq!(policy.retention(), RetentionRules::default());
    let empty = Policy::from_toml("[rotation]\n[recovery]\n[retention]").unwrap();
    assert_eq!(empty.rotation(), RotationRules::default());
    assert_eq!(empty.recovery(), RecoveryRules::default());
    assert_eq!(empty.retention(), RetentionRules::default());
}

#[test]
fn sections_are_read_printed_and_read_again() {
    let document = "[rotation]\non = [\"age\", \"reveal\"]\nmax_age = 15552000\n\
                    [recovery]\napprovals = 2\nticket_required = true\nbreak_glass = { per_day = 1 }\n\
                    [retention]\nretired_keys = 63072000\n";
    let policy = Policy::from_toml(document).unwrap();
    assert!(policy.rotation().starts(Cause::Age) && !policy.rotation().starts(Cause::Compromise));
    assert_eq!(policy.recovery().break_glass, Some(BreakGlassRules::per_day(1)));
    assert_eq!(policy.retention().retired_keys, 63_072_000);
    for again in
        [Policy::from_toml(&policy.to_toml().unwrap()).unwrap(), Policy::from_json(&policy.to_json().unwrap()).unwrap()]
    {
        assert_eq!(again, policy);
        assert_eq!(again.digest(), policy.digest());
    }
}

#[test]
fn a_rule_that_can_do_nothing_or_harm_is_refused_by_its_field() {
    let cases: [(&str, &[&str]); 7] = [
        ("[recovery]\napprovals = 3", &["recovery.approvals"]),
        (
            "[recovery]\nrequest_expires = 0\nauthorization_expires = 0",
            &["recovery.request_expires", "recovery.authorization_expires"],
        ),
        ("[recovery]\nbreak_glass = { per_day = 0 }", &["recovery.break_glass.per_day"]),
        (
            "[rotation]\non = []\nmax_age = 60\nretries = 101",
            &["rotation.max_age", "rotation.max_age", "rotation.retries"],
        ),
        (
            "[rotation]\ndeliver_within = 0\nnew_key_within = 0\nverify_within = 0\nretry_after = 0",
            &["rotation.deliver_within", "rotation.new_key_within", "rotation.verify_within", "rotation.retry_after"],
        ),
        ("[retention]\nwaiting_period = 0", &["retention.waiting_period"]),
        ("[retention]\nretired_keys = 86400", &["retention.retired_keys"]),
    ];
    for (document, fields) in cases {
        assert_eq!(broken(document), fields, "{document}");
    }
    for misspelt in ["[recovery]\napproval = 1", "[rotation]\non = [\"boredom\"]", "[retention]\nretired = 1"] {
        assert!(matches!(Policy::from_toml(misspelt), Err(PolicyError::Syntax { .. })), "{misspelt}");
    }
}

/// Every name that a document uses is in the schema, in the place where it stands.
fn assert_named(value: &serde_json::Value, schema: &serde_json::Value, place: &str) {
    let Some(table) = value.as_object() else { return };
    for (name, inner) in table {
        let place = format!("{place}.{name}");
        let known = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        let known = known.unwrap_or_else(|| panic!("{place} is not in the schema"));
        assert_named(inner, known, &place);
    }
}

#[test]
fn the_schema_of_a_document_has_what_documents_say() {
    let schema = json_schema();
    for document in
        [include_str!("../../../examples/policy.toml"), include_str!("../profile/bitlocker/tests/everything.toml")]
    {
        let value: serde_json::Value = toml::from_str(document).unwrap();
        let value =
            if value.get("join").is_some() { serde_json::json!({ "bitlocker": value["bitlocker"] }) } else { value };
        assert_named(&value, &schema, "");
    }
    let sections =
        ["bitlocker", "escrow", "filevault", "groups", "luks", "organization", "posture", "recovery", "rotation"];
    for section in sections {
        assert!(schema["properties"].get(section).is_some(), "{section}");
    }
    assert_eq!(schema["additionalProperties"], false);
}
