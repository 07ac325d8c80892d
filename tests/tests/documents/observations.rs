//! Is what the page says of reports what the readers say of them?

use std::fmt::Write as _;

use fdescrow::Timestamp;
use fdescrow::verification::observation::{Context, DeviceEncryptionProblem, Report, Source, read};
use fdescrow_tests::documents::hold;

/// A report of each sort, as short as can be.
const EXAMPLES: &[(Source, &str)] = &[
    (
        Source::Osquery,
        r#"[{"name":"/dev/disk3s5","uuid":"B0B3A4D2-0B0E-4C60-8D0C-1F0A5C8E7D66","encrypted":"1","user_uuid":"9D2B…","filevault_status":"on"}]"#,
    ),
    (Source::Osquery, r#"[{"name":"/dev/disk3s5","uuid":"","encrypted":"1","user_uuid":"","filevault_status":"off"}]"#),
    (
        Source::Osquery,
        r#"[{"name":"/dev/disk3s5","uuid":"","encrypted":"1","user_uuid":"","filevault_status":"off"},{"device":"/dev/disk3s5","path":"/System/Volumes/Data"}]"#,
    ),
    (Source::Osquery, r#"[{"encrypted":"1","filevault_key":"MIAA"}]"#),
    (Source::Osquery, r#"[{"encrypted":"0","filevault_key":""}]"#),
    (Source::Osquery, r#"[{"encrypted":"1","hex_line":"3080"},{"encrypted":"1","hex_line":"06"}]"#),
    (
        Source::Osquery,
        r#"{"queries":{"fleet_detail_query_disk_encryption_darwin":[{"1":"1"}]},"statuses":{"fleet_detail_query_disk_encryption_darwin":0}}"#,
    ),
    (Source::Osquery, r#"{"queries":{"q":[{"encrypted":"0","path":"/"}]},"statuses":{"q":1}}"#),
    (Source::Osquery, r#"[{"encrypted":"0","path":"/"}]"#),
    (Source::Osquery, r#"[{"encrypted":"2","path":"/"}]"#),
    (Source::Osquery, r#"[{"name":"/dev/dm-0","encrypted":"1"},{"device":"/dev/dm-0","path":"/"}]"#),
    (
        Source::Osquery,
        r#"[{"drive_letter":"C:","conversion_status":"1","protection_status":"1","encryption_method":"XTS_AES_256"}]"#,
    ),
    (
        Source::Osquery,
        r#"[{"drive_letter":"C:","conversion_status":"1","protection_status":"0","encryption_method":""}]"#,
    ),
    (
        Source::Osquery,
        r#"[{"drive_letter":"C:","conversion_status":"2","protection_status":"2","encryption_method":"7"}]"#,
    ),
    (Source::Osquery, r#"[{"key_slot":"1","salt":"AAAA"}]"#),
    (
        Source::SecurityInfo,
        "<plist><dict><key>FDE_Enabled</key><true/><key>FDE_HasPersonalRecoveryKey</key><true/></dict></plist>",
    ),
    (
        Source::SecurityInfo,
        "<plist><dict><key>FDE_Enabled</key><true/><key>FDE_PersonalRecoveryKeyCMS</key><data>MIAA</data></dict></plist>",
    ),
    (Source::SecurityInfo, "<plist><dict><key>Status</key><string>NotNow</string></dict></plist>"),
    (
        Source::RotateReply,
        "<plist><dict><key>Status</key><string>Acknowledged</string><key>RotateResult</key><dict><key>EncryptedNewRecoveryKey</key><data>MIAA</data></dict></dict></plist>",
    ),
    (Source::RotateReply, "<plist><dict><key>Status</key><string>Acknowledged</string></dict></plist>"),
    (Source::Ddm, r#"{"StatusItems":{"diskmanagement":{"filevault":{"enabled":false}}}}"#),
    (
        Source::Wmi,
        r#"{"DeviceID":"\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}\\","VolumeType":0,"ConversionStatus":1,"ProtectionStatus":1,"EncryptionMethod":7,"KeyProtectors":[{"VolumeKeyProtectorID":"{33030F6D-3EE2-4E0F-8A6A-58F1B2E0C7A1}","KeyProtectorType":3}]}"#,
    ),
    (
        Source::Wmi,
        r#"{"DeviceID":"\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}\\","VolumeType":0,"ConversionStatus":1,"ProtectionStatus":0,"KeyProtectors":[]}"#,
    ),
    (
        Source::Wmi,
        r#"{"DeviceID":"\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6964}\\","VolumeType":1,"ConversionStatus":1,"ProtectionStatus":2,"LockStatus":1}"#,
    ),
    (Source::Csp, r#"{"DeviceEncryptionStatus":0}"#),
    (Source::Csp, r#"{"DeviceEncryptionStatus":0,"RequireDeviceEncryption":1}"#),
    (Source::Csp, r#"{"DeviceEncryptionStatus":260}"#),
    (Source::Csp, r#"{"RotateRecoveryPasswordsStatus":-2147024809}"#),
    (
        Source::Lsblk,
        r#"{"blockdevices":[{"type":"disk","children":[{"type":"part","fstype":"crypto_LUKS","uuid":"3e1bb0f4-6c5e-4ab9-9a5e-0d3f3f5d6d11","children":[{"type":"crypt","mountpoints":["/"]}]}]}]}"#,
    ),
    (Source::Lsblk, r#"{"blockdevices":[{"type":"disk","children":[{"type":"part","mountpoint":"/"}]}]}"#),
    (Source::Lsblk, r#"{"blockdevices":[{"children":[{"mountpoint":"/"}]}]}"#),
    (
        Source::LuksDump,
        r#"{"keyslots":{"1":{"type":"luks2","kdf":{"salt":"AAAA"}}},"tokens":{"0":{"type":"systemd-recovery","keyslots":["1"]}},"segments":{"0":{"type":"crypt"}},"digests":{"0":{"keyslots":["1"],"segments":["0"]}}}"#,
    ),
    (
        Source::LuksDump,
        r#"{"keyslots":{"5":{"type":"luks2","kdf":{"salt":"AAAA"}}},"digests":{"0":{"keyslots":["5"],"segments":[]}}}"#,
    ),
    (Source::Snapshot, r#"{"platform":"windows","volumes":[{"volume":null,"encrypted":"yes","protected":"unknown"}]}"#),
];

/// What was understood, on one line.
fn understood(report: &Report) -> String {
    let mut said = Vec::new();
    if let Some(reply) = &report.reply {
        said.push(format!("reply: {}", reply.status.map_or("unknown", |status| status.as_str())));
    }
    let observation = &report.observation;
    if let Some(filevault) = &observation.filevault {
        said.push(format!("FileVault on: {}", filevault.enabled));
        said.push(format!("personal recovery key: {}", filevault.personal_recovery_key));
    }
    for reading in &observation.volumes {
        let name = reading.volume.as_ref().map_or("boot volume".to_owned(), |volume| format!("volume `{volume}`"));
        let mut words = format!("{name}: encrypted {}, protected {}", reading.encrypted, reading.protected);
        if let Some(conversion) = reading.conversion {
            write!(words, ", `{conversion}`").unwrap();
        }
        if let Some(method) = reading.method {
            write!(words, ", `{method}`").unwrap();
        }
        if let Some(snapshot) = &reading.protectors {
            write!(words, ", {} list of protectors:", if snapshot.complete { "whole" } else { "partial" }).unwrap();
            for protector in &snapshot.protectors {
                write!(words, " `{}` {} (opens the volume: {})", protector.id, protector.kind, protector.enabled)
                    .unwrap();
                protector.tokens.iter().for_each(|token| write!(words, " `{token}`").unwrap());
            }
            if snapshot.protectors.is_empty() {
                words.push_str(" none");
            }
        }
        said.push(words);
    }
    if let Some(csp) = &report.csp {
        if let Some(problems) = &csp.problems {
            let words: Vec<_> = problems.iter().map(|problem| format!("`{}`", problem.as_str())).collect();
            said.push(if words.is_empty() { "no problems".to_owned() } else { words.join(" ") });
        }
        if let Some(rotation) = csp.rotation {
            said.push(format!("rotation {rotation:?}"));
        }
    }
    for sealed in &report.envelopes {
        said.push(format!("a sealed key of {}{}", sealed.kind, if sealed.lossy { ", lossy" } else { "" }));
    }
    said.extend(report.ignored.iter().map(|ignored| format!("ignored: {ignored}")));
    if said.is_empty() { "nothing".to_owned() } else { said.join("; ") }
}

#[test]
fn what_is_read_from_which_report_is_documented() {
    let context = Context::new(Timestamp::MIN);
    let (mut sources, mut examples, mut bits) = (String::new(), String::new(), String::new());
    for source in Source::ALL {
        writeln!(sources, "| `{source}` | {} |", source.description()).unwrap();
        assert!(EXAMPLES.iter().any(|(example, _)| example == source), "{source} has no example");
    }
    for (source, text) in EXAMPLES {
        let report = read(*source, text.as_bytes(), &context).unwrap_or_else(|error| panic!("{text}: {error}"));
        writeln!(examples, "| `{source}` | `{text}` | {} |", understood(&report)).unwrap();
    }
    for problem in DeviceEncryptionProblem::ALL {
        writeln!(bits, "| {} | `{}` |", problem.bit().unwrap(), problem.as_str()).unwrap();
    }
    hold("docs/observations.md", "sources", &sources);
    hold("docs/observations.md", "examples", &examples);
    hold("docs/observations.md", "bits", &bits);
}
