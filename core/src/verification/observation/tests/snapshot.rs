//! The library's own form: what was written is read.

use proptest::prelude::*;

use super::*;
use crate::ids::{ProtectorId, VolumeId};

fn answer() -> impl Strategy<Value = Reading> + Clone {
    prop::sample::select(vec![Reading::No, Reading::Unknown, Reading::Yes])
}

fn protector() -> impl Strategy<Value = ProtectorReading> {
    let salt = prop::option::of(Just("vfPryW4YFpEqIeQItEIvflE+Wtb2QnvbkUJzDlkTXDk=".to_owned()));
    let tokens =
        prop::collection::vec(prop::sample::select(vec!["fdescrow".to_owned(), "systemd-recovery".to_owned()]), 0..2);
    let kind = prop::sample::select(ProtectorKind::ALL.to_vec());
    (kind, answer(), salt, tokens).prop_map(|(kind, enabled, salt, tokens)| {
        let mut reading = ProtectorReading::new(ProtectorId::new("0").unwrap(), kind);
        (reading.enabled, reading.salt, reading.tokens) = (enabled, salt, tokens);
        reading
    })
}

fn volume() -> impl Strategy<Value = VolumeReading> {
    let protectors = prop::option::of((any::<bool>(), prop::collection::vec(protector(), 0..4)));
    let conversion = prop::option::of(prop::sample::select(Conversion::ALL.to_vec()));
    let method = prop::option::of(prop::sample::select(EncryptionMethod::ALL.to_vec()));
    (answer(), answer(), conversion, method, protectors).prop_map(
        |(encrypted, protected, conversion, method, protectors)| {
            let mut reading = VolumeReading::new(None);
            (reading.encrypted, reading.protected, reading.conversion, reading.method) =
                (encrypted, protected, conversion, method);
            reading.protectors = protectors.map(|(complete, mut protectors)| {
                for (number, protector) in (0_u8..).zip(&mut protectors) {
                    protector.id = ProtectorId::luks_slot(number);
                }
                ProtectorSnapshot { complete, protectors }
            });
            reading
        },
    )
}

fn filevault() -> impl Strategy<Value = FileVaultReading> {
    let key = prop::option::of(Just("C02XL0GYJGH5".to_owned()));
    (answer(), answer(), answer(), prop::option::of(-1..=9999), key).prop_map(
        |(enabled, personal, institutional, bypasses, key)| {
            let mut reading = FileVaultReading::default();
            (reading.enabled, reading.personal_recovery_key) = (enabled, personal);
            (reading.institutional_recovery_key, reading.bypasses_left, reading.device_key) =
                (institutional, bypasses, key);
            reading
        },
    )
}

pub(super) fn observation() -> impl Strategy<Value = Observation> {
    let platform = prop::option::of(prop::sample::select(Platform::ALL.to_vec()));
    (platform, prop::collection::vec(volume(), 0..4), prop::option::of(filevault())).prop_map(
        |(platform, volumes, filevault)| {
            let mut observation = Observation::new(context().at);
            (observation.platform, observation.volumes, observation.filevault) = (platform, volumes, filevault);
            for (number, volume) in observation.volumes.iter_mut().enumerate().skip(1) {
                volume.volume = VolumeId::new(format!("volume {number}")).ok();
            }
            observation
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(observation in observation()) {
        let written = serde_json::to_vec(&observation).unwrap();
        let report = read(Source::Snapshot, &written, &context()).unwrap();
        prop_assert_eq!(report.observation, observation);
        prop_assert!(report.ignored.is_empty());
    }
}

#[test]
fn the_time_of_the_device_is_not_believed_and_newer_members_are_left() {
    let report = understood(
        Source::Snapshot,
        r#"{"at":"1970-01-01T00:00:00Z","volumes":[{"volume":null,"encrypted":"yes","newer":5}],"newest":[]}"#,
    );
    assert_eq!((boot(&report).encrypted, report.ignored.len()), (Reading::Yes, 0));
}

#[test]
fn a_word_that_is_not_known_is_no_answer_and_a_broken_protector_makes_the_list_partial() {
    let report = understood(
        Source::Snapshot,
        r#"{"platform":"beos","volumes":[
            {"volume":null,"encrypted":"No","protected":0,"conversion":"FullyDecrypted","method":7,
             "protectors":{"complete":true,"protectors":[{"id":"1","kind":"passphrase"},{"id":"","kind":"tpm"},{"id":"2","kind":"magic"}]}},
            {"volume":"","encrypted":"no"}, {"encrypted":"no"}, 5,
            {"volume":"b","protectors":{"complete":"true","protectors":[]}},
            {"volume":"c","protectors":{"complete":true,"protectors":[{"id":"00112233-4455-6677-8899-aabbccddeeff","kind":"numerical_password"}]}}]}"#,
    );
    let reading = boot(&report);
    assert_eq!((reading.encrypted, reading.protected, reading.conversion), (Reading::Unknown, Reading::Unknown, None));
    let snapshot = reading.protectors.as_ref().unwrap();
    assert_eq!((snapshot.complete, snapshot.protectors.len()), (false, 2));
    assert!(!named(&report, "b").protectors.as_ref().unwrap().complete);
    let recovery = &named(&report, "c").protectors.as_ref().unwrap().protectors[0];
    assert_eq!(recovery.id.as_str(), "{00112233-4455-6677-8899-AABBCCDDEEFF}");
    assert_eq!(report.ignored.len(), 10);
    assert_eq!(report.observation.volumes.len(), 3);
}
