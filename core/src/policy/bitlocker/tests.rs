use super::*;

fn read(toml: &str) -> Result<BitLockerPolicy, PolicyError> {
    BitLockerPolicy::new(toml::from_str(toml).map_err(|error| PolicyError::syntax(&error))?)
}

fn broken(toml: &str) -> Vec<String> {
    let error = read(toml).unwrap_err();
    assert_eq!(error.code(), crate::ErrorCode::PolicyInvalid, "{error}");
    error.violations().iter().map(|violation| violation.field.to_string()).collect()
}

#[test]
fn what_windows_rejects_or_could_never_do_is_refused_by_its_field() {
    let cases: &[(&str, &[&str])] = &[
        ("join = 'entra'", &["bitlocker"]),
        ("[enforcement]\nsilent = true", &["bitlocker.enforcement.silent", "bitlocker.enforcement.silent"]),
        ("[enforcement]\nby = 'windows'\nsilent = true", &["bitlocker.enforcement.silent"]),
        ("[enforcement]\nby = 'windows'\nstandard_users = true", &["bitlocker.enforcement.standard_users"]),
        ("[enforcement]\nby = 'windows'\nbefore_encryption = 'verified'", &["bitlocker.enforcement.before_encryption"]),
        (
            "join = 'entra'\n[enforcement]\nby = 'windows'\nsilent = true\n[system_drive.startup]\npin = 'required'\n\
             tpm = 'disallowed'\nstartup_key = 'disallowed'\npin_and_startup_key = 'disallowed'",
            &["bitlocker.enforcement.silent"],
        ),
        (
            "[system_drive.startup]\ntpm = 'required'\npin = 'required'\nstartup_key = 'disallowed'\n\
             pin_and_startup_key = 'disallowed'",
            &["bitlocker.system_drive.startup"],
        ),
        ("[system_drive.startup]\ntpm = 'required'", &["bitlocker.system_drive.startup"]),
        (
            "[system_drive.startup]\ntpm = 'disallowed'\npin = 'disallowed'\nstartup_key = 'disallowed'\n\
             pin_and_startup_key = 'disallowed'",
            &["bitlocker.system_drive.startup"],
        ),
        ("[system_drive]\nminimum_pin_length = 3", &["bitlocker.system_drive.minimum_pin_length"]),
        (
            "[system_drive]\nminimum_pin_length = 8\n[system_drive.startup]\npin = 'disallowed'\n\
             pin_and_startup_key = 'disallowed'",
            &["bitlocker.system_drive.minimum_pin_length"],
        ),
        ("[system_drive.recovery]\npassword = 'disallowed'", &["bitlocker.system_drive.recovery.password"]),
        ("[fixed_drives.recovery]\npassword = 'disallowed'", &["bitlocker.fixed_drives.recovery.password"]),
        ("[system_drive.recovery_message]\nmessage = 'a'\nurl = 'b'", &["bitlocker.system_drive.recovery_message"]),
        ("[system_drive.recovery_message]\nmessage = \"a\\nb\"", &["bitlocker.system_drive.recovery_message.message"]),
        ("[system_drive.recovery_message]\nurl = ' '", &["bitlocker.system_drive.recovery_message.url"]),
        (
            "[identification]\nfield = ''\nallowed = \"\\u0001\"",
            &["bitlocker.identification.field", "bitlocker.identification.allowed"],
        ),
        (
            "[removable_drives]\ndeny_other_organizations = true",
            &[
                "bitlocker.removable_drives.deny_other_organizations",
                "bitlocker.removable_drives.deny_other_organizations",
            ],
        ),
        (
            "[removable_drives]\nrequire_encryption = true\n[system_drive.startup]\nstartup_key = 'required'\n\
             tpm = 'disallowed'\npin = 'disallowed'\npin_and_startup_key = 'disallowed'",
            &["bitlocker.removable_drives.require_encryption"],
        ),
        ("[removable_drives]\nencryption_type = 'full'", &["bitlocker.removable_drives.encryption_type"]),
        ("[removable_drives]\nexcluded = ['a,b']", &["bitlocker.removable_drives.excluded"]),
    ];
    for (toml, fields) in cases {
        assert_eq!(broken(toml), *fields, "{toml}");
    }
}

#[test]
fn texts_are_counted_as_windows_counts() {
    let message = |text: &str| read(&format!("[system_drive.recovery_message]\nmessage = '{text}'"));
    assert!(message(&"x".repeat(900)).is_ok());
    assert!(message(&"x".repeat(901)).is_err());
    assert!(message(&"🔑".repeat(450)).is_ok());
    assert!(message(&"🔑".repeat(451)).is_err());
}

#[test]
fn what_has_its_default_is_not_written() {
    let policy = read("[enforcement]\n[methods]\n[system_drive]\n[fixed_drives.recovery]").unwrap();
    let written = serde_json::to_value(&policy).unwrap();
    assert_eq!(written["enforcement"], serde_json::json!({}));
    assert!(written.get("system_drive").is_none());
    assert_eq!(serde_json::from_value::<BitLockerPolicy>(written).unwrap(), policy);
    assert!(policy.enforces() && !policy.requires_pin());
}

#[test]
fn a_pin_is_required_by_either_way_that_has_one() {
    let others = "tpm = 'disallowed'\nstartup_key = 'disallowed'";
    for way in
        ["pin = 'required'\npin_and_startup_key = 'disallowed'", "pin = 'disallowed'\npin_and_startup_key = 'required'"]
    {
        assert!(read(&format!("[system_drive.startup]\n{others}\n{way}")).unwrap().requires_pin());
    }
}
