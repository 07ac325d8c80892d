//! Does rendering give exactly what was decided, always the same, under identifiers that stay?

use fdescrow::{
    envelope::{
        self as suite, Certificate, Identity, PublicKey, Unavailable,
        identity::{ContentKey, WrappedKey},
        private_key::KeyAlgorithm,
    },
    policy::{FixedIdentifiers, OrganizationDetails, OrganizationSettings},
    profile::{FileVaultCertificate, OpensWith, ProfileError, render},
};
use plist::{Dictionary, Value};
use uuid::Uuid;

use crate::material::{
    BOTH, ESCROW, OTHER, checked, generate, now, organization, parsed, payloads, policy, rendered, tree, valid,
};

/// What a payload says beside the keys that all payloads have.
fn said(payload: &Dictionary) -> Vec<String> {
    let common = ["PayloadIdentifier", "PayloadUUID", "PayloadVersion", "PayloadDisplayName"];
    let said = payload.iter().filter(|(key, _)| !common.contains(&key.as_str()));
    said.map(|(key, value)| match value {
        Value::Boolean(boolean) => format!("{key}={boolean}"),
        Value::Data(bytes) => format!("{key}={} bytes", bytes.len()),
        Value::Integer(integer) => format!("{key}={integer}"),
        Value::String(text) => format!("{key}={text}"),
        other => panic!("{key}: {other:?}"),
    })
    .collect()
}

fn shape(toml: &str) -> Vec<Vec<String>> {
    payloads(&tree(&rendered(&policy(toml)))).into_iter().map(said).collect()
}

#[test]
fn enforcing_and_escrowing_has_four_payloads() {
    let certificate = format!("PayloadContent={} bytes", ESCROW.0.der().len());
    let root = tree(&rendered(&policy(BOTH)));
    let uuid = payloads(&root)[2].get("PayloadUUID").unwrap().as_string().unwrap();
    let reference = format!("EncryptCertPayloadUUID={uuid}");
    assert_eq!(
        shape(BOTH),
        [
            vec![
                "Defer=true",
                "DeferForceAtUserLoginMaxBypassAttempts=0",
                "Enable=On",
                "PayloadType=com.apple.MCX.FileVault2",
                "ShowRecoveryKey=false"
            ],
            vec![&reference, "Location=Example Ltd", "PayloadType=com.apple.security.FDERecoveryKeyEscrow"],
            vec![&certificate, "PayloadType=com.apple.security.pkcs1"],
            vec!["PayloadType=com.apple.MCX", "dontAllowFDEDisable=true"],
        ]
    );
}

#[test]
fn enforcing_only_has_no_certificate_and_shows_the_key() {
    let toml =
        "[filevault.enforcement]\nsetup_assistant = true\nask_at_logout = false\nuser_enters_missing_info = true";
    let expected = [
        "Defer=true",
        "DeferDontAskAtUserLogout=true",
        "Enable=On",
        "ForceEnableInSetupAssistant=true",
        "PayloadType=com.apple.MCX.FileVault2",
        "UserEntersMissingInfo=true",
    ];
    assert_eq!(shape(toml), [expected]);
}

#[test]
fn escrowing_only_turns_nothing_on() {
    let toml = "[filevault.escrow]\nlocation = 'a'\ndevice_key = 'b'\ncertificate_file_name = 'c.cer'";
    let shape = shape(toml);
    assert_eq!(shape.len(), 2);
    assert_eq!(shape[0][0], "DeviceKey=b");
    assert_eq!(shape[1][0], "PayloadCertificateFileName=c.cer");
}

#[test]
fn options_alone_are_a_profile() {
    let toml = "[filevault.options]\ndont_allow_enable = true\ndestroy_key_on_standby = true";
    let expected = ["DestroyFVKeyOnStandby=true", "PayloadType=com.apple.MCX", "dontAllowFDEEnable=true"];
    assert_eq!(shape(toml), [expected]);
}

#[test]
fn the_profile_presents_itself_as_decided() {
    let toml = "[filevault.enforcement]\n[filevault.profile]\ndisplay_name = 'Name'\ndescription = 'What for'\n\
                removal_disallowed = true\nconsent_text = { default = 'Agree?', de = 'Einverstanden?' }";
    let root = tree(&rendered(&policy(toml)));
    let text = |key: &str| root.get(key).and_then(Value::as_string);
    assert_eq!(text("PayloadDisplayName"), Some("Name"));
    assert_eq!(text("PayloadDescription"), Some("What for"));
    assert_eq!(text("PayloadOrganization"), Some("Example Ltd"));
    assert_eq!(text("PayloadScope"), Some("System"));
    assert_eq!(text("PayloadType"), Some("Configuration"));
    assert_eq!(text("PayloadIdentifier"), Some("com.example.filevault"));
    assert_eq!(root.get("PayloadRemovalDisallowed"), Some(&Value::Boolean(true)));
    let consent = root.get("ConsentText").unwrap().as_dictionary().unwrap();
    assert_eq!(consent.get("de").and_then(Value::as_string), Some("Einverstanden?"));
}

#[test]
fn a_certificate_is_given_exactly_when_the_policy_escrows() {
    let certificate = checked(&ESCROW.0);
    let escrowing = policy(BOTH);
    assert_eq!(render(&escrowing, None, &organization()), Err(ProfileError::CertificateMissing));
    let enforcing = policy("[filevault.enforcement]");
    assert_eq!(render(&enforcing, Some(&certificate), &organization()), Err(ProfileError::CertificateUnused));
}

#[test]
fn certificates_that_could_never_serve_are_refused() {
    let because = |certificate: &Certificate, opens_with, now: &str| match FileVaultCertificate::new(
        certificate.clone(),
        opens_with,
        now.parse().unwrap(),
    ) {
        Ok(_) => "served".to_owned(),
        Err(error) => error.to_string(),
    };
    let (p_256, _) = valid("CN=P-256", KeyAlgorithm::P256);
    let now = "2026-11-24T12:00:00Z";
    assert_eq!(because(&ESCROW.0, OpensWith::Pkcs1v15, now), "served");
    assert!(because(&ESCROW.0, OpensWith::OaepOnly, now).contains("OAEP alone"));
    assert!(because(&ESCROW.0, OpensWith::Pkcs1v15, "2036-01-01T00:00:01Z").contains("expired"));
    assert!(because(&ESCROW.0, OpensWith::Pkcs1v15, "2025-12-31T23:59:59Z").contains("not valid yet"));
    assert!(because(&p_256, OpensWith::Pkcs1v15, now).contains("no RSA key"));
    let error = because(&p_256, OpensWith::OaepOnly, "2040-01-01T00:00:00Z");
    assert_eq!(error.matches("certificate: ").count(), 3, "all reasons at once: {error}");
    let small = include_bytes!("rsa-1024.pem");
    let small = Certificate::parse(small).unwrap();
    assert!(because(&small, OpensWith::Pkcs1v15, now).contains("less than 2048 bits"));
}

/// A key service as clouds have it.
#[derive(Debug)]
struct KeyService {
    oaep_only: bool,
}

impl Identity for KeyService {
    fn public_key(&self) -> &PublicKey {
        ESCROW.0.public_key()
    }

    fn certificates(&self) -> &[Certificate] {
        &[]
    }

    fn permits(&self, algorithm: &suite::KeyAlgorithm) -> bool {
        matches!(algorithm, suite::KeyAlgorithm::RsaOaep { .. }) || !self.oaep_only
    }

    fn unwrap(&self, _: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        Err(Unavailable::new())
    }
}

#[test]
fn an_identity_says_whether_it_opens_what_macos_seals() {
    assert_eq!(OpensWith::of(&KeyService { oaep_only: true }), OpensWith::OaepOnly);
    assert_eq!(OpensWith::of(&KeyService { oaep_only: false }), OpensWith::Pkcs1v15);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(rendered(&policy(BOTH)).as_bytes(), rendered(&policy(BOTH)).as_bytes());
}

#[test]
fn uuids_are_of_version_5_in_upper_case() {
    let root = tree(&rendered(&policy(BOTH)));
    let all = payloads(&root).into_iter().chain([&root]).map(|part| part.get("PayloadUUID").unwrap());
    for uuid in all.map(|uuid| uuid.as_string().unwrap()) {
        assert_eq!(Uuid::try_parse(uuid).unwrap().get_version_num(), 5, "{uuid}");
        assert_eq!(uuid, uuid.to_uppercase());
    }
}

/// The law: the profile's UUID changes exactly when what a device sees changes; the payloads' never do.
#[test]
fn the_profiles_uuid_changes_exactly_when_its_content_does() {
    let base = "[filevault.enforcement]\nmax_bypass_attempts = 0\n[filevault.escrow]\nlocation = 'a'\n";
    let documents = [
        base.to_owned(),
        base.replace("= 0", "= 1"),
        base.replace("= 0", "= -1"),
        base.replace("= 0", "= 0\nshow_recovery_key = false"),
        base.replace("= 0", "= 0\nsetup_assistant = true"),
        base.replace("'a'", "'A'"),
        base.replace("'a'", "'a '"),
        base.replace("'a'", "'a'\ndevice_key = 'a'"),
        base.replace("'a'", "'a'\ncertificate_file_name = 'a'"),
        format!("{base}[filevault.options]\ndont_allow_disable = true"),
        format!("{base}[filevault.profile]\ndisplay_name = 'a'"),
        format!("{base}[filevault.profile]\ndescription = 'a'"),
        format!("{base}[filevault.profile]\nscope = 'device_channel'"),
        format!("{base}[filevault.profile]\nremoval_disallowed = true"),
        format!("{base}[filevault.profile]\nconsent_text = {{ default = 'a' }}"),
        format!("{base}[filevault.profile]\nconsent_text = {{ en = 'a' }}"),
    ];
    let mut seen = std::collections::HashMap::new();
    for document in &documents {
        let profile = rendered(&policy(document));
        let other = seen.insert(profile.uuid().to_owned(), document);
        assert!(other.is_none(), "one UUID for {document} and {other:?}");
        // the same decision in other words
        let again = policy(&format!("# a comment\n{document}\n"));
        assert_eq!(rendered(&again).uuid(), profile.uuid());
    }
    let explicit = base.replace("= 0", "= 0\ndefer = true\nask_at_logout = true\nshow_recovery_key = true");
    assert_eq!(rendered(&policy(&explicit)).uuid(), rendered(&policy(base)).uuid());
    let other_certificate = render(&policy(base), Some(&checked(&OTHER.0)), &organization()).unwrap();
    assert!(!seen.contains_key(other_certificate.uuid()), "another certificate is another content");

    let of_payloads = |document: &str| {
        let root = tree(&rendered(&policy(document)));
        let uuids = payloads(&root).into_iter().take(3).map(|payload| payload.get("PayloadUUID").unwrap().clone());
        uuids.collect::<Vec<_>>()
    };
    assert!(documents.iter().all(|document| of_payloads(document) == of_payloads(base)));
}

#[test]
fn organizations_never_share_a_uuid() {
    let of = |id: &str, identifier: &str| {
        let mut settings = OrganizationSettings::default();
        settings.id = id.to_owned();
        settings.identifier = identifier.to_owned();
        let organization = OrganizationDetails::new(settings).unwrap();
        let root = tree(&render(&policy(BOTH), Some(&checked(&ESCROW.0)), &organization).unwrap());
        let all = payloads(&root).into_iter().chain([&root]);
        all.map(|part| part.get("PayloadUUID").unwrap().as_string().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (one, other, elsewhere) = (of("one", "com.example"), of("other", "com.example"), of("one", "org.example"));
    assert!(one.iter().all(|uuid| !other.contains(uuid) && !elsewhere.contains(uuid)));
}

/// The identifiers that Fleet's profile has on every Mac that it manages (`reference/fleet.md` §2.2).
const FLEET: &str = r#"{
    "profile": {"identifier": "com.fleetdm.fleet.mdm.filevault", "uuid": "74FEAC88-B614-468E-A4B4-B4B0C93B5D52"},
    "filevault": {"identifier": "com.apple.MCX.FileVault2.3548D750-6357-4910-8DEA-D80ADCE2C787",
                  "uuid": "3548D750-6357-4910-8DEA-D80ADCE2C787", "display_name": "FileVault 2"},
    "escrow": {"identifier": "com.apple.security.FDERecoveryKeyEscrow.3690D771-DCB8-4D5D-97D6-209A138DF03E",
               "uuid": "3C329F2B-3D47-4141-A2B5-5C52A2FD74F8", "display_name": "FileVault Recovery Key Escrow"},
    "certificate": {"identifier": "com.apple.security.root.A326B71F-EB80-41A5-A8CD-A6F932544281",
                    "uuid": "A326B71F-EB80-41A5-A8CD-A6F932544281", "display_name": "Certificate Root"},
    "options": {"identifier": "com.apple.MCX.62024f29-105E-497A-A724-1D5BA4D9E854",
                "uuid": "62024f29-105E-497A-A724-1D5BA4D9E854"}
}"#;

const FLEET_POLICY: &str = "
    [filevault.enforcement]
    show_recovery_key = false
    max_bypass_attempts = 1
    setup_assistant = true
    [filevault.escrow]
    location = 'Fleet'
    certificate_file_name = 'Fleet certificate'
    [filevault.options]
    dont_allow_disable = true
    [filevault.profile]
    display_name = 'Disk encryption'
    scope = 'device_channel'
";

fn fleet() -> OrganizationDetails {
    let mut settings = OrganizationSettings::default();
    settings.id = "example.com".to_owned();
    settings.identifier = "com.example".to_owned();
    settings.filevault_identifiers = Some(serde_json::from_str::<FixedIdentifiers>(FLEET).unwrap());
    OrganizationDetails::new(settings).unwrap()
}

#[test]
fn with_fixed_identifiers_the_profile_is_the_one_that_is_installed() {
    let entry = |key: &str, value: Value| (key.to_owned(), value);
    let payload = |kind: &str, identifier: &str, uuid: &str, name: Option<&str>, keys: Vec<(String, Value)>| {
        let mut dictionary: Dictionary = keys.into_iter().collect();
        dictionary.insert("PayloadType".to_owned(), kind.into());
        dictionary.insert("PayloadIdentifier".to_owned(), identifier.into());
        dictionary.insert("PayloadUUID".to_owned(), uuid.into());
        dictionary.insert("PayloadVersion".to_owned(), 1.into());
        if let Some(name) = name {
            dictionary.insert("PayloadDisplayName".to_owned(), name.into());
        }
        Value::Dictionary(dictionary)
    };
    let content = vec![
        payload(
            "com.apple.MCX.FileVault2",
            "com.apple.MCX.FileVault2.3548D750-6357-4910-8DEA-D80ADCE2C787",
            "3548D750-6357-4910-8DEA-D80ADCE2C787",
            Some("FileVault 2"),
            vec![
                entry("Enable", "On".into()),
                entry("Defer", true.into()),
                entry("ShowRecoveryKey", false.into()),
                entry("DeferForceAtUserLoginMaxBypassAttempts", 1.into()),
                entry("ForceEnableInSetupAssistant", true.into()),
            ],
        ),
        payload(
            "com.apple.security.FDERecoveryKeyEscrow",
            "com.apple.security.FDERecoveryKeyEscrow.3690D771-DCB8-4D5D-97D6-209A138DF03E",
            "3C329F2B-3D47-4141-A2B5-5C52A2FD74F8",
            Some("FileVault Recovery Key Escrow"),
            vec![
                entry("Location", "Fleet".into()),
                entry("EncryptCertPayloadUUID", "A326B71F-EB80-41A5-A8CD-A6F932544281".into()),
            ],
        ),
        payload(
            "com.apple.security.pkcs1",
            "com.apple.security.root.A326B71F-EB80-41A5-A8CD-A6F932544281",
            "A326B71F-EB80-41A5-A8CD-A6F932544281",
            Some("Certificate Root"),
            vec![
                entry("PayloadCertificateFileName", "Fleet certificate".into()),
                entry("PayloadContent", Value::Data(ESCROW.0.der().to_vec())),
            ],
        ),
        payload(
            "com.apple.MCX",
            "com.apple.MCX.62024f29-105E-497A-A724-1D5BA4D9E854",
            "62024f29-105E-497A-A724-1D5BA4D9E854",
            None,
            vec![entry("dontAllowFDEDisable", true.into())],
        ),
    ];
    let installed = payload(
        "Configuration",
        "com.fleetdm.fleet.mdm.filevault",
        "74FEAC88-B614-468E-A4B4-B4B0C93B5D52",
        Some("Disk encryption"),
        vec![entry("PayloadContent", Value::Array(content))],
    );
    let profile = render(&policy(FLEET_POLICY), Some(&checked(&ESCROW.0)), &fleet()).unwrap();
    // dictionaries of the crate compare in order, so both go through one that sorts
    let sorted = |value: Value| {
        let mut json = Vec::new();
        put(&value, &mut json);
        json
    };
    assert_eq!(sorted(Value::Dictionary(tree(&profile))), sorted(installed));
    assert_eq!(profile.uuid(), "74FEAC88-B614-468E-A4B4-B4B0C93B5D52");
}

fn put(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Dictionary(dictionary) => {
            let mut members: Vec<_> = dictionary.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            for (key, value) in members {
                out.push(key.clone());
                put(value, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| put(item, out)),
        other => out.push(format!("{other:?}")),
    }
    out.push("end".to_owned());
}

/// Adopting: what is installed is read, and rendered again under its own names.
#[test]
fn a_profile_that_is_read_is_rendered_again_as_it_was() {
    let installed = render(&policy(FLEET_POLICY), Some(&checked(&ESCROW.0)), &fleet()).unwrap();
    let read = parsed(installed.as_bytes());
    let mut settings = OrganizationSettings::default();
    settings.id = "a new owner".to_owned();
    settings.identifier = "org.example".to_owned();
    settings.filevault_identifiers = Some(read.identifiers());
    let organization = OrganizationDetails::new(settings).unwrap();
    let again = render(&read.policy().unwrap(), Some(&checked(&ESCROW.0)), &organization).unwrap();
    assert_eq!(again.as_bytes(), installed.as_bytes());
    assert_eq!(read.escrow_certificate(), Some(ESCROW.0.der()));
}

#[test]
fn an_expired_certificate_never_reaches_rendering() {
    let (certificate, _) = generate("CN=Old", KeyAlgorithm::Rsa2048, "2020-01-01T00:00:00Z", "2026-11-24T11:59:59Z");
    let refused = FileVaultCertificate::new(certificate, OpensWith::Pkcs1v15, now()).unwrap_err();
    assert_eq!(refused.code(), fdescrow::ErrorCode::PolicyInvalid);
}
