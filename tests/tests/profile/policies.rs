//! Is a policy that breaks a rule refused, with the field, the rule and the page?

use fdescrow::{
    ErrorCode, Policy,
    policy::{OrganizationDetails, OrganizationSettings, PolicyError},
};

const ORGANIZATION: &str = "[organization]\nid = 'example.com'\nidentifier = 'com.example'\n";

fn refused(toml: &str) -> PolicyError {
    match Policy::from_toml(toml) {
        Ok(_) => panic!("accepted: {toml}"),
        Err(error) => error,
    }
}

/// Document, field, words of the rule, page.
const RULES: &[(&str, &str, &str, &str)] = &[
    ("[filevault]", "filevault", "asks for nothing", "TopLevel.yaml"),
    ("[filevault.options]", "filevault", "asks for nothing", "TopLevel.yaml"),
    ("[filevault.enforcement]\ndefer = false", "filevault.enforcement.defer", "only deferred", "Enable"),
    (
        "[filevault.enforcement]\ndefer = false\nsetup_assistant = true",
        "filevault.enforcement.setup_assistant",
        "needs defer",
        "ForceEnableInSetupAssistant",
    ),
    (
        "[filevault.enforcement]\ndefer = false\nmax_bypass_attempts = 1",
        "filevault.enforcement.max_bypass_attempts",
        "no meaning without defer",
        "DeferForceAtUserLoginMaxBypassAttempts",
    ),
    (
        "[filevault.enforcement]\nmax_bypass_attempts = -2",
        "filevault.enforcement.max_bypass_attempts",
        "-1 to 9999",
        "DeferForceAtUserLoginMaxBypassAttempts",
    ),
    (
        "[filevault.enforcement]\nmax_bypass_attempts = 10000",
        "filevault.enforcement.max_bypass_attempts",
        "-1 to 9999",
        "DeferForceAtUserLoginMaxBypassAttempts",
    ),
    (
        "[filevault.enforcement]\nask_at_logout = false",
        "filevault.enforcement.ask_at_logout",
        "never be turned on",
        "DeferDontAskAtUserLogout",
    ),
    (
        "[filevault.enforcement]\nask_at_logout = false\nmax_bypass_attempts = -1",
        "filevault.enforcement.ask_at_logout",
        "never be turned on",
        "fdesetup(8)",
    ),
    (
        "[filevault.enforcement]\nuse_recovery_key = false",
        "filevault.enforcement.use_recovery_key",
        "nothing recovers the disk",
        "UseRecoveryKey",
    ),
    (
        "[filevault.enforcement]\nshow_recovery_key = false",
        "filevault.enforcement.show_recovery_key",
        "nobody would ever see the key",
        "ShowRecoveryKey",
    ),
    (
        "[filevault.enforcement]\n[filevault.options]\ndont_allow_enable = true",
        "filevault.options.dont_allow_enable",
        "contradicts enforcement",
        "dontAllowFDEEnable",
    ),
    (
        "[filevault.options]\ndont_allow_enable = true\ndont_allow_disable = true",
        "filevault.options",
        "to turn it off",
        "com.apple.MCX(FileVault2).yaml",
    ),
    (
        "[filevault.enforcement]\ninstitutional_certificate = 'MAA='",
        "filevault.enforcement.institutional_certificate",
        "not the DER of an X.509 certificate",
        "Certificate",
    ),
    ("[filevault.escrow]\nlocation = ' '", "filevault.escrow.location", "is blank", ""),
    ("[filevault.escrow]\nlocation = 'a'\ndevice_key = ''", "filevault.escrow.device_key", "is blank", ""),
    ("[filevault.escrow]\nlocation = \"a\\u0001\"", "filevault.escrow.location", "XML cannot carry", "XML 1.0 §2.2"),
    (
        "[filevault.escrow]\nlocation = 'a'\ncertificate_file_name = \"\\uFFFF\"",
        "filevault.escrow.certificate_file_name",
        "XML cannot carry",
        "XML 1.0 §2.2",
    ),
    (
        "[filevault.enforcement]\n[filevault.profile]\ndisplay_name = \"\\u001b[31m\"",
        "filevault.profile.display_name",
        "XML cannot carry",
        "XML 1.0 §2.2",
    ),
    (
        "[filevault.enforcement]\n[filevault.profile]\nconsent_text = { en_US = 'a' }",
        "filevault.profile.consent_text",
        "BCP 47",
        "ConsentText",
    ),
    ("[organization]\nid = ''\nidentifier = 'com.example'", "organization.id", "is empty", ""),
    (
        "[organization]\nid = 'a'\nidentifier = 'com example'",
        "organization.identifier",
        "not an identifier",
        "PayloadIdentifier",
    ),
    (
        "[organization]\nid = 'a'\nidentifier = 'com.example'\nfilevault_identifiers.escrow = { identifier = 'a.b', uuid = '1' }",
        "organization.filevault_identifiers.escrow",
        "8-4-4-4-12",
        "RFC 9562",
    ),
    (
        "[organization]\nid = 'a'\nidentifier = 'com.example'\nfilevault_identifiers.escrow = { identifier = 'COM.example.filevault' }",
        "organization.filevault_identifiers.escrow",
        "twice",
        "PayloadIdentifier",
    ),
];

#[test]
fn every_rule_names_field_reason_and_page() {
    for (document, field, words, page) in RULES {
        let error = refused(document);
        assert_eq!(error.code(), ErrorCode::PolicyInvalid, "{document}: {error}");
        let violation = error
            .violations()
            .iter()
            .find(|violation| violation.field == *field && violation.rule.contains(words))
            .unwrap_or_else(|| panic!("{document}: {error}"));
        assert!(violation.reference.contains(page), "{document}: {}", violation.reference);
        assert!(!violation.reference.is_empty());
        assert!(error.to_string().contains(&violation.to_string()));
        assert!(!error.to_string().contains('\n'));
    }
    println!("{} rules", RULES.len());
}

#[test]
fn all_broken_rules_are_told_at_once() {
    let error = refused(
        "[organization]\nid = ''\nidentifier = ''\n[filevault.enforcement]\ndefer = false\nuse_recovery_key = false\n\
         show_recovery_key = false",
    );
    let fields: Vec<&str> = error.violations().iter().map(|violation| violation.field.as_ref()).collect();
    assert_eq!(
        fields,
        [
            "organization.identifier",
            "organization.id",
            "filevault.enforcement.defer",
            "filevault.enforcement.use_recovery_key",
            "filevault.enforcement.show_recovery_key"
        ]
    );
}

#[test]
fn a_document_that_cannot_be_read_is_told_apart_from_one_that_is_not_allowed() {
    for document in [
        "filevault = 1",
        "[filevault.enforcement]\nbypass = 1",
        "[filevault.escrow]\n",
        "[betlocker]\n",
        "[filevault.enforcement]\nmax_bypass_attempts = 'three'",
        "[filevault.enforcement]\ninstitutional_certificate = '###'",
        "[[",
    ] {
        let error = refused(document);
        assert_eq!(error.code(), ErrorCode::PolicySyntax, "{document}: {error}");
        assert!(error.violations().is_empty());
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    assert_eq!(Policy::from_json("{").unwrap_err().code(), ErrorCode::PolicySyntax);
    assert_eq!(Policy::from_json("{\"filevault\": {}}").unwrap_err().code(), ErrorCode::PolicyInvalid);
}

#[test]
fn toml_and_json_are_two_ways_to_write_one_policy() {
    let toml = format!("{ORGANIZATION}{}", crate::material::BOTH);
    let policy = Policy::from_toml(&toml).unwrap();
    assert_eq!(Policy::from_toml(&policy.to_toml().unwrap()).unwrap(), policy);
    assert_eq!(Policy::from_json(&policy.to_json().unwrap()).unwrap(), policy);
    let inside: Policy = serde_json::from_value(serde_json::to_value(&policy).unwrap()).unwrap();
    assert_eq!(inside.digest(), policy.digest());
    assert!(serde_json::from_str::<Policy>("{\"filevault\": {}}").is_err(), "serde goes through the rules too");
}

#[test]
fn the_digest_is_of_what_was_decided() {
    let digest = |toml: &str| Policy::from_toml(toml).unwrap().digest();
    let enforcing = digest("[filevault.enforcement]");
    assert_eq!(enforcing, digest("# why\n[filevault]\nenforcement = { ask_at_logout = true, defer = true }"));
    assert_ne!(enforcing, digest("[filevault.enforcement]\nmax_bypass_attempts = 0"));
    assert_ne!(enforcing, digest(&format!("{ORGANIZATION}[filevault.enforcement]")));
    // SHA-256 of {"filevault":{"enforcement":{}}}, by sha256sum
    assert_eq!(enforcing.to_string(), "bbfd517213a920f156b2a2c03b0021758e3d351cb4eec845564ea9b9016093d4");
}

#[test]
fn the_example_policy_enforces_and_escrows() {
    let path = fdescrow_tests::workspace_root().join("examples/policy.toml");
    let policy = Policy::from_toml(&std::fs::read_to_string(path).unwrap()).unwrap();
    let filevault = policy.filevault().unwrap();
    assert!(filevault.enforces() && filevault.escrows());
    assert_eq!(policy.organization().unwrap().name(), Some("Example Ltd"));
    let findings = fdescrow::profile::lint(
        &[crate::material::parsed(crate::material::rendered(filevault).as_bytes())],
        &fdescrow::profile::LintContext::new(&[], crate::material::now()),
    );
    assert_eq!(findings, []);
}

#[test]
fn an_organization_needs_no_more_than_an_id_and_a_prefix() {
    let organization = fdescrow::Organization::new("example.com").unwrap();
    let details = OrganizationDetails::of(&organization, "com.example").unwrap();
    assert_eq!(details.organization(), &organization);
    assert_eq!((details.identifier(), details.name()), ("com.example", None));
    assert!(OrganizationDetails::of(&organization, "").is_err());
    let mut settings = OrganizationSettings::default();
    settings.id = "example.com".to_owned();
    settings.identifier = "com.example".to_owned();
    assert_eq!(OrganizationDetails::new(settings).unwrap(), details);
}
