//! Does reading what was rendered give back what was decided?

use std::collections::BTreeMap;

use fdescrow::policy::{
    FileVaultPolicy, FileVaultSettings,
    filevault::{EmbeddedCertificate, Enforcement, KeyEscrow, Options, ProfileSettings, Scope},
};
use proptest::{collection::btree_map, option, prelude::*};

use crate::material::{ESCROW, OTHER, parsed, rendered};

/// Any text that XML can carry and that is not blank.
fn text() -> impl Strategy<Value = String> {
    let carried = any::<char>().prop_filter("XML carries it", |c| {
        matches!(c, '\t' | '\n' | '\r') || (*c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'))
    });
    proptest::collection::vec(carried, 1..40)
        .prop_map(|chars| chars.into_iter().collect::<String>())
        .prop_filter("not blank", |text| !text.trim().is_empty())
}

fn enforcement() -> impl Strategy<Value = Enforcement> {
    let attempts = option::of(-1..=9999_i64);
    (any::<[bool; 4]>(), attempts, any::<bool>()).prop_map(|(booleans, attempts, institutional)| {
        let mut enforcement = Enforcement::default();
        let [setup_assistant, ask_at_logout, missing, show] = booleans;
        enforcement.setup_assistant = setup_assistant;
        enforcement.ask_at_logout = ask_at_logout;
        enforcement.user_enters_missing_info = missing;
        enforcement.show_recovery_key = show;
        enforcement.max_bypass_attempts = attempts;
        enforcement.institutional_certificate = institutional.then(|| EmbeddedCertificate::from_der(OTHER.0.der()));
        enforcement
    })
}

fn escrow() -> impl Strategy<Value = KeyEscrow> {
    (text(), option::of(text()), option::of(text())).prop_map(|(location, device_key, file_name)| {
        let mut escrow = KeyEscrow::default();
        escrow.location = location;
        escrow.device_key = device_key;
        escrow.certificate_file_name = file_name;
        escrow
    })
}

fn presentation() -> impl Strategy<Value = ProfileSettings> {
    let languages = prop_oneof![Just("default".to_owned()), "[a-z]{2,3}(-[A-Z]{2})?"];
    let consent: BoxedStrategy<BTreeMap<String, String>> = btree_map(languages, text(), 0..4).boxed();
    let name = prop_oneof![Just(String::new()), text()];
    (name, option::of(text()), any::<[bool; 2]>(), consent).prop_map(
        |(display_name, description, [removal_disallowed, unstated], consent_text)| {
            let mut profile = ProfileSettings::default();
            profile.display_name = display_name;
            profile.description = description;
            profile.removal_disallowed = removal_disallowed;
            profile.consent_text = consent_text;
            profile.scope = if unstated { Scope::DeviceChannel } else { Scope::System };
            profile
        },
    )
}

fn settings() -> impl Strategy<Value = FileVaultSettings> {
    (option::of(enforcement()), option::of(escrow()), any::<[bool; 3]>(), presentation()).prop_map(
        |(enforcement, escrow, [disable, enable, standby], profile)| {
            let mut settings = FileVaultSettings::default();
            settings.enforcement = enforcement;
            settings.escrow = escrow;
            let mut options = Options::default();
            options.dont_allow_disable = disable;
            options.dont_allow_enable = enable;
            options.destroy_key_on_standby = standby;
            settings.options = options;
            settings.profile = profile;
            settings
        },
    )
}

fn policies() -> impl Strategy<Value = FileVaultPolicy> {
    settings().prop_filter_map("breaks no rule", |settings| FileVaultPolicy::new(settings).ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsing_undoes_rendering(policy in policies()) {
        let profile = rendered(&policy);
        let read = parsed(profile.as_bytes());
        prop_assert_eq!(&read.policy().unwrap(), &policy);
        prop_assert_eq!(read.uuid(), profile.uuid());
        prop_assert_eq!(read.identifier(), profile.identifier());
        prop_assert_eq!(read.escrow_certificate(), policy.escrows().then(|| ESCROW.0.der()));
    }

    #[test]
    fn documents_say_what_the_policy_says(policy in policies()) {
        let json = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(&serde_json::from_str::<FileVaultPolicy>(&json).unwrap(), &policy);
        let mut settings = fdescrow::policy::PolicySettings::default();
        settings.filevault = Some(policy.settings().clone());
        let document = fdescrow::Policy::new(settings).unwrap();
        let toml = document.to_toml().unwrap();
        let read = fdescrow::Policy::from_toml(&toml).unwrap();
        prop_assert_eq!(read.digest(), document.digest());
        prop_assert_eq!(read.filevault(), Some(&policy));
    }

    #[test]
    fn equal_uuids_are_equal_profiles(one in policies(), other in policies()) {
        let (one, other) = (rendered(&one), rendered(&other));
        prop_assert_eq!(one.uuid() == other.uuid(), one.as_bytes() == other.as_bytes());
    }
}
