//! `Win32_EncryptableVolume` and the BitLocker CSP.

use super::*;
use crate::verification::observation::csp::{DeviceEncryptionProblem as Problem, RotationStatus};

const VOLUMES: &str = r#"[
  {"DeviceID":"\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}\\","DriveLetter":"C:","PersistentVolumeID":"{F0A0A5B0-0001-4001-8001-000000000001}",
   "VolumeType":0,"ConversionStatus":1,"EncryptionMethod":7,"ProtectionStatus":1,"IsVolumeInitializedForProtection":true,"LockStatus":0,
   "KeyProtectors":[
     {"VolumeKeyProtectorID":"{33030F6D-3EE2-4E0F-8A6A-58F1B2E0C7A1}","KeyProtectorType":1},
     {"VolumeKeyProtectorID":"{a4b0c1d2-0f3c-4d55-9a55-6f1f6f0b9e01}","KeyProtectorType":3}]},
  {"DeviceID":"\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6964}\\","DriveLetter":null,"VolumeType":1,"ConversionStatus":1,
   "EncryptionMethod":6,"ProtectionStatus":2,"LockStatus":1,"KeyProtectors":{"VolumeKeyProtectorID":"{B1B2B3B4-0F3C-4D55-9A55-6F1F6F0B9E02}","KeyProtectorType":"RecoveryPassword"}},
  {"DeviceID":"\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6965}\\","DriveLetter":"E:","VolumeType":2,"ConversionStatus":0,
   "EncryptionMethod":0,"ProtectionStatus":0,"KeyProtectors":[]}
]"#;

fn second(report: &Report) -> &VolumeReading {
    named(report, "\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6964}\\")
}

#[test]
fn volumes_are_read_with_their_protectors() {
    let report = understood(Source::Wmi, VOLUMES);
    let c = boot(&report);
    assert_eq!((c.encrypted, c.protected, c.method), (Reading::Yes, Reading::Yes, Some(EncryptionMethod::XtsAes256)));
    let snapshot = c.protectors.as_ref().unwrap();
    let seen: Vec<_> = snapshot.protectors.iter().map(|protector| (protector.id.as_str(), protector.kind)).collect();
    assert!(snapshot.complete);
    assert_eq!(
        seen,
        [
            ("{33030F6D-3EE2-4E0F-8A6A-58F1B2E0C7A1}", ProtectorKind::Tpm),
            ("{A4B0C1D2-0F3C-4D55-9A55-6F1F6F0B9E01}", ProtectorKind::NumericalPassword),
        ]
    );
    // Locked: Windows cannot tell whether it is protected. A list of one comes as that one.
    let locked = second(&report);
    assert_eq!((locked.encrypted, locked.protected), (Reading::Yes, Reading::Unknown));
    assert_eq!(locked.protectors.as_ref().unwrap().protectors[0].kind, ProtectorKind::NumericalPassword);
    let plain = named(&report, "\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6965}\\");
    assert_eq!((plain.encrypted, plain.protected), (Reading::No, Reading::No));
    assert!(plain.protectors.as_ref().unwrap().complete);
    assert!(report.ignored.is_empty());
    let counted = format!(r#"{{"value":{VOLUMES},"Count":3}}"#);
    assert_eq!(understood(Source::Wmi, &counted).observation, report.observation);
}

#[test]
fn a_list_of_protectors_is_whole_only_if_each_was_read() {
    let broken = VOLUMES.replace("{33030F6D-3EE2-4E0F-8A6A-58F1B2E0C7A1}", "{33030F6D}");
    let report = understood(Source::Wmi, &broken);
    let snapshot = boot(&report).protectors.as_ref().unwrap();
    assert_eq!((snapshot.complete, snapshot.protectors.len()), (false, 1));
    assert_eq!(ignored(&report), ["row 1: VolumeKeyProtectorID: is no GUID, so the list is not whole"]);
    assert!(second(&report).protectors.as_ref().unwrap().complete);

    let failed = VOLUMES.replace("\"KeyProtectors\":[", "\"ReturnValue\":2150694912,\"KeyProtectors\":[");
    assert!(!boot(&understood(Source::Wmi, &failed)).protectors.as_ref().unwrap().complete);
    // No encrypted volume is without a protector.
    let none = r#"{"DeviceID":"Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}","ConversionStatus":1,"KeyProtectors":[]}"#;
    assert!(!understood(Source::Wmi, none).observation.volumes[0].protectors.as_ref().unwrap().complete);
    let twice = VOLUMES.replace("{33030F6D-3EE2-4E0F-8A6A-58F1B2E0C7A1}", "{A4B0C1D2-0F3C-4D55-9A55-6F1F6F0B9E01}");
    assert!(!boot(&understood(Source::Wmi, &twice)).protectors.as_ref().unwrap().complete);
}

#[test]
fn a_recovery_password_in_clear_is_neither_read_nor_kept() {
    let password = "471207-278498-422125-177177-561902-537405-468006-693451";
    let leaking = VOLUMES
        .replace("\"KeyProtectorType\":3}", &format!("\"KeyProtectorType\":3,\"RecoveryPassword\":\"{password}\"}}"));
    let report = understood(Source::Wmi, &leaking);
    assert_eq!(ignored(&report), ["row 1: RecoveryPassword: a recovery password in clear has no place in a report"]);
    assert!(!format!("{report:?}").contains("471207"));
    assert_eq!(report.observation.volumes.len(), 2);
}

#[test]
fn numbers_that_are_not_known_say_nothing() {
    for value in ["6", "-5", "4294967295", "18446744073709551616", "1e1", "\"on\"", "null", "{}"] {
        let report = understood(
            Source::Wmi,
            &VOLUMES.replacen("\"ConversionStatus\":1", &format!("\"ConversionStatus\":{value}"), 1),
        );
        assert_eq!((boot(&report).encrypted, boot(&report).conversion), (Reading::Unknown, None), "{value}");
        assert_eq!(second(&report).encrypted, Reading::Yes);
    }
    for id in ["null", "\"C:\"", "5"] {
        let report = understood(Source::Wmi, &format!("[{{\"DeviceID\":{id},\"ConversionStatus\":0}}]"));
        assert!(report.observation.volumes.is_empty());
        assert_eq!(ignored(&report), ["row 1: DeviceID: is no name of a Windows volume"]);
    }
}

fn csp(report: &str) -> CspReading {
    understood(Source::Csp, report).csp.unwrap()
}

#[test]
fn the_bits_of_the_csp_are_named() {
    for problem in Problem::ALL {
        let bits = 1_u32 << problem.bit().unwrap();
        assert_eq!(csp(&format!(r#"{{"DeviceEncryptionStatus":{bits}}}"#)).problems.unwrap(), [*problem]);
        assert_eq!(serde_json::to_string(problem).unwrap(), format!("\"{}\"", problem.as_str()));
    }
    assert_eq!(
        csp(r#"{"DeviceEncryptionStatus":"65540"}"#).problems.unwrap(),
        [Problem::OsVolumeUnprotected, Problem::Reserved]
    );
    for bad in ["-1", "4294967296", "\"\"", "null", "\"x\""] {
        assert_eq!(csp(&format!(r#"{{"DeviceEncryptionStatus":{bad}}}"#)).problems, None, "{bad}");
    }
}

#[test]
fn nothing_to_object_to_says_that_the_disk_is_encrypted_only_where_that_is_demanded() {
    let alone = understood(Source::Csp, r#"{"./Device/Vendor/MSFT/BitLocker/Status/DeviceEncryptionStatus":0}"#);
    assert_eq!((boot(&alone).encrypted, boot(&alone).protected), (Reading::Unknown, Reading::Unknown));
    let demanded = understood(Source::Csp, r#"{"DeviceEncryptionStatus":0,"RequireDeviceEncryption":1}"#);
    assert_eq!((boot(&demanded).encrypted, boot(&demanded).protected), (Reading::Yes, Reading::Yes));
    let off = understood(Source::Csp, r#"{"DeviceEncryptionStatus":4,"RequireDeviceEncryption":1}"#);
    assert_eq!((boot(&off).encrypted, boot(&off).protected), (Reading::Unknown, Reading::No));
    let other = understood(Source::Csp, r#"{"DeviceEncryptionStatus":512,"RequireDeviceEncryption":1}"#);
    assert_eq!((boot(&other).encrypted, boot(&other).protected), (Reading::Unknown, Reading::Unknown));
}

#[test]
fn the_rotation_status_is_a_state_or_an_hresult() {
    let status = |value: &str| csp(&format!(r#"{{"RotateRecoveryPasswordsStatus":{value}}}"#)).rotation;
    assert_eq!(status("0"), Some(RotationStatus::Done));
    assert_eq!(status("1"), Some(RotationStatus::Pending));
    assert_eq!(status("\"2\""), Some(RotationStatus::NotStarted));
    assert_eq!(status("-2147024809"), Some(RotationStatus::Failed(0x8007_0057)));
    assert_eq!(status("2147942487"), Some(RotationStatus::Failed(0x8007_0057)));
    assert_eq!(status("99999999999"), None);
}

#[test]
fn syncml_is_read_as_the_device_sends_it() {
    let item = |node: &str, data: &str| {
        format!(
            "<Item><Source><LocURI>./Device/Vendor/MSFT/BitLocker/{node}</LocURI></Source><Meta><Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>{data}</Data></Item>"
        )
    };
    let message = |items: &str| {
        format!(
            "<?xml version=\"1.0\"?>\n<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncBody><Results><CmdID>3</CmdID>{items}</Results><Final/></SyncBody></SyncML>"
        )
    };
    let report = csp(&message(
        &[
            item("Status/DeviceEncryptionStatus", "260"),
            item("Status/RotateRecoveryPasswordsStatus", "1"),
            item("Status/RotateRecoveryPasswordsRequestID", "request-1"),
            item("Status/RemovableDrivesEncryptionStatus", "0"),
        ]
        .concat(),
    ));
    assert_eq!(report.problems.unwrap(), [Problem::OsVolumeUnprotected, Problem::RecoveryKeyBackupFailed]);
    assert_eq!(
        (report.rotation, report.rotation_request.as_deref()),
        (Some(RotationStatus::Pending), Some("request-1"))
    );
    assert_eq!(report.removable_drives, Some(true));

    let twice =
        message(&[item("Status/DeviceEncryptionStatus", "0"), item("Status/DeviceEncryptionStatus", "4")].concat());
    assert_eq!(csp(&twice).problems, None);
    assert_eq!(csp(&message(&item("Status/DeviceEncryptionStatus", "&#48;"))).problems, None);
    assert_eq!(
        ignored(&understood(Source::Csp, &message(&item("EncryptionMethodByDriveType", "x")))),
        ["node: is none that is read"]
    );
    for bad in ["<a>".repeat(33), "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".into(), "<a></b>".into(), "<a>".into()] {
        read(Source::Csp, bad.as_bytes(), &context()).unwrap_err();
    }
    let many = message(&item("x", "1").repeat(1025));
    assert_eq!(refused(Source::Csp, many.as_bytes()), ObservationError::Limit("has more than 1024 items"));
}
