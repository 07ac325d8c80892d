use super::*;
use crate::{
    envelope::{NewCertificate, private_key::KeyAlgorithm as KeyKind},
    policy::{LuksSettings, OrganizationSettings},
    random::{Randomness, RandomnessError},
};

/// Not random at all: an EC key of tests needs no more.
#[derive(Debug)]
struct Counter;

impl Randomness for Counter {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        for (byte, value) in buffer.iter_mut().zip(1u8..) {
            *byte = value;
        }
        Ok(())
    }
}

fn certificate() -> Certificate {
    let (from, until) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2036-01-01T00:00:00Z".parse().unwrap());
    NewCertificate::new("CN=Escrow", KeyKind::P256, from, until).unwrap().generate(&Counter).unwrap().0
}

fn organization() -> OrganizationDetails {
    let settings = OrganizationSettings {
        id: "example.com".to_owned(),
        identifier: "com.example".to_owned(),
        ..OrganizationSettings::default()
    };
    OrganizationDetails::new(settings).unwrap()
}

fn plan(toml: &str) -> LuksPlan {
    let policy = LuksPolicy::new(toml::from_str::<LuksSettings>(toml).unwrap()).unwrap();
    LuksPlan::new(&policy, &[certificate()], &organization()).unwrap()
}

#[test]
fn a_plan_is_written_and_read_again() {
    for toml in
        ["", "slot = 'snapd'", "slot = 'systemd'\niterations = 2000\nkeep_slots = [0]\nvolumes = ['all', '/home']"]
    {
        let plan = plan(toml);
        let json = plan.to_json().unwrap();
        assert_eq!(LuksPlan::from_json(json.as_bytes()).unwrap(), plan);
        assert_eq!(plan.to_json().unwrap(), json);
        assert_eq!(plan.certificates().unwrap(), [certificate()]);
        assert_eq!(plan.slot.kdf.is_none(), plan.slot.kind == Kind::Snapd);
    }
}

#[test]
fn a_plan_without_a_certificate_is_none() {
    let policy = LuksPolicy::new(LuksSettings::default()).unwrap();
    assert_eq!(LuksPlan::new(&policy, &[], &organization()), Err(ProfileError::CertificateMissing));
}

#[test]
fn what_a_policy_could_not_ask_for_is_not_read() {
    let json: serde_json::Value = serde_json::from_str(&plan("").to_json().unwrap()).unwrap();
    let changes: [(&str, serde_json::Value); 9] = [
        ("/version", 2.into()),
        ("/organization", "".into()),
        ("/volumes", serde_json::json!([])),
        ("/slot/kind", "bitlocker".into()),
        ("/slot/kdf", serde_json::Value::Null),
        ("/slot/kdf/iterations", 1.into()),
        ("/slot/token", "systemd-tpm2".into()),
        ("/seal_to", serde_json::json!([])),
        ("/backup_directory", "relative".into()),
    ];
    for (pointer, value) in changes {
        let mut changed = json.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert!(LuksPlan::from_json(changed.to_string().as_bytes()).is_err(), "{pointer}");
    }
    let mut more = json;
    more.as_object_mut().unwrap().insert("password".into(), "x".into());
    assert!(LuksPlan::from_json(more.to_string().as_bytes()).is_err());
    assert!(matches!(LuksPlan::from_json(&vec![b' '; MAX_PLAN_BYTES + 1]), Err(ProfileError::Limit(_))));
}

#[test]
fn tokens_are_known_again_and_those_of_others_are_not() {
    let organization = Organization::new("example.com").unwrap();
    let token = EscrowToken::new(31, &organization, Kind::Luks).request("r1");
    assert_eq!(EscrowToken::parse(&token.to_json()), Some(token.clone()));
    let gone = token.to_json().replace("[\"31\"]", "[]");
    assert_eq!(EscrowToken::parse(&gone).unwrap().slot, None, "cryptsetup leaves the token of a slot that is gone");
    for foreign in [
        r#"{"type":"systemd-recovery","keyslots":["1"]}"#.to_owned(),
        token.to_json().replace("\"31\"", "\"32\""),
        token.to_json().replace("\"31\"", "\"031\""),
        token.to_json().replace("\"31\"", "\"1\",\"2\""),
        token.to_json().replace("fdescrow", "luks2-keyring"),
    ] {
        assert_eq!(EscrowToken::parse(&foreign), None, "{foreign}");
    }
}

#[test]
fn keys_are_sealed_to_certificates_that_are_pinned_and_to_no_others() {
    let (plan, pinned) = (plan(""), certificate());
    assert_eq!(plan.recipients(std::slice::from_ref(&pinned)), Ok(vec![pinned.clone()]));
    assert_eq!(plan.recipients(&[]), Err(ProfileError::CertificateNotPinned(pinned.fingerprint())));
}
