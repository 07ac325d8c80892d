//! Rows of osquery, bare and as agents send them.

use super::*;

#[test]
fn a_mac_with_filevault_on_is_read_from_disk_encryption() {
    let report = understood(
        Source::Osquery,
        r#"[
          {"name":"/dev/disk3s1","uuid":"1f0c5f5e-5e49-4f0c-9d1e-7a1fbd4b2c10","encrypted":"1","type":"APFS",
           "encryption_status":"encrypted","uid":"","user_uuid":"","filevault_status":"off"},
          {"name":"/dev/disk3s5","uuid":"B0B3A4D2-0B0E-4C60-8D0C-1F0A5C8E7D66","encrypted":"1","type":"APFS",
           "encryption_status":"encrypted","uid":"501","user_uuid":"9D2B7B5C-3C8F-4F4B-9D8F-0B2A5E0C7A11",
           "filevault_status":"on"}
        ]"#,
    );
    assert_eq!(report.observation.platform, Some(Platform::MacOs));
    assert_eq!(report.observation.filevault.as_ref().unwrap().enabled, Reading::Yes);
    let data = named(&report, "B0B3A4D2-0B0E-4C60-8D0C-1F0A5C8E7D66");
    assert_eq!((data.encrypted, data.protected), (Reading::Yes, Reading::Yes));
    let system = named(&report, "1F0C5F5E-5E49-4F0C-9D1E-7A1FBD4B2C10");
    assert_eq!((system.encrypted, system.protected), (Reading::Yes, Reading::No));
    assert!(report.ignored.is_empty());
}

#[test]
fn filevault_is_off_only_by_the_row_of_the_volume_that_it_is_about() {
    let row =
        |status: &str| format!(r#"{{"name":"/dev/disk3s5","uuid":"","encrypted":"1","filevault_status":"{status}"}}"#);
    let mount = r#"{"device":"/dev/disk3s5","device_alias":"","path":"/System/Volumes/Data","type":"apfs"}"#;
    let filevault = |rows: &[&str]| understood(Source::Osquery, &format!("[{}]", rows.join(","))).observation.filevault;
    assert_eq!(filevault(&[&row("off")]), None);
    assert_eq!(filevault(&[&row("off"), mount]).unwrap().enabled, Reading::No);
    assert_eq!(filevault(&[&row("unknown"), mount]), None);
    assert_eq!(filevault(&[&row(""), mount]), None);
    assert_eq!(filevault(&[&row("off"), &row("unknown"), mount]), None);
    // On, but no user can unlock it: no answer.
    assert_eq!(filevault(&[&row("on"), mount]), None);
}

#[test]
fn the_sealed_key_comes_with_its_row_and_a_row_that_says_0_is_no_answer() {
    let report = understood(Source::Osquery, r#"[{"encrypted":"1","filevault_key":"MIAGCSqGSIb3DQEHA6CA\nMIA="}]"#);
    assert_eq!(report.observation.filevault.as_ref().unwrap().enabled, Reading::Yes);
    let [sealed] = report.envelopes.as_slice() else { panic!("one key") };
    assert_eq!((sealed.kind, sealed.lossy, &sealed.volume), (Kind::FileVault, false, &None));
    assert!(sealed.bytes.starts_with(&[0x30, 0x80, 0x06, 0x09]));

    let off = understood(Source::Osquery, r#"[{"encrypted":"0","filevault_key":""}]"#);
    assert_eq!((off.observation.filevault, off.envelopes.len()), (None, 0));
    let own = understood(Source::Osquery, r#"[{"base64_encrypted":"MIAA"}]"#);
    assert_eq!(own.envelopes[0].bytes, [0x30, 0x80, 0]);
    let bad = understood(
        Source::Osquery,
        r#"[{"encrypted":"1","filevault_key":"***"},{"encrypted":"1","filevault_key":"MIAA"}]"#,
    );
    assert_eq!((bad.envelopes.len(), ignored(&bad)), (1, vec!["row 1: filevault_key: is no base64".to_owned()]));
}

#[test]
fn lines_of_the_file_are_joined_and_marked_as_lossy() {
    let report = understood(
        Source::Osquery,
        r#"[{"encrypted":"1","hex_line":"3080"},{"encrypted":"1","hex_line":""},{"encrypted":"1","hex_line":"06ff"}]"#,
    );
    assert_eq!(report.envelopes[0].bytes, [0x30, 0x80, 0x0A, 0x0A, 0x06, 0xFF]);
    assert!(report.envelopes[0].lossy);
    let broken =
        understood(Source::Osquery, r#"[{"encrypted":"1","hex_line":"3080"},{"encrypted":"1","hex_line":"0"}]"#);
    assert!(broken.envelopes.is_empty());
    assert_eq!(ignored(&broken), ["hex_line: a line is no hexadecimal digits, so the message is not whole"]);
}

#[test]
fn distributed_answers_are_read_and_a_query_that_failed_says_nothing() {
    let report = understood(
        Source::Osquery,
        r#"{"node_key":"k","queries":{
             "fleet_detail_query_disk_encryption_darwin":[{"1":"1"}],
             "fleet_detail_query_mdm_disk_encryption_key_file_darwin":[{"encrypted":"1","filevault_key":"MIAA"}],
             "fleet_detail_query_os_version":[{"name":"macOS","version":"26.1"}],
             "broken":"", "odd":5,
             "failed":[{"encrypted":"0","path":"/"}]},
           "statuses":{"fleet_detail_query_disk_encryption_darwin":0,"failed":1,"broken":"0"},
           "messages":{"failed":"no such table"}}"#,
    );
    assert_eq!(report.observation.filevault.as_ref().unwrap().enabled, Reading::Yes);
    assert_eq!((report.envelopes.len(), report.observation.volumes.len()), (1, 0));
    assert_eq!(
        ignored(&report),
        [
            "statuses: the query failed on the device",
            "row 1: row: is of no table that is read",
            "queries: an answer is no list of rows",
        ]
    );
    let nothing = understood(Source::Osquery, r#"{"queries":{"fleet_detail_query_disk_encryption_darwin":[]}}"#);
    assert_eq!(nothing.observation.filevault, None);
}

#[test]
fn log_lines_are_read_and_a_row_that_went_says_nothing() {
    let row = r#"{"encrypted":"0","path":"/"}"#;
    for (line, expected) in [
        (format!(r#"{{"name":"q","action":"snapshot","snapshot":[{row}]}}"#), Some(Reading::No)),
        (format!(r#"{{"name":"q","action":"added","columns":{row}}}"#), Some(Reading::No)),
        (format!(r#"{{"name":"q","action":"removed","columns":{row}}}"#), None),
        (format!(r#"{{"name":"q","diffResults":{{"added":[{row}],"removed":[]}}}}"#), Some(Reading::No)),
        (format!(r#"{{"name":"q","diffResults":{{"added":"","removed":[{row}]}}}}"#), None),
        (format!(r#"{{"log_type":"result","data":[{{"action":"snapshot","snapshot":[{row}]}}]}}"#), Some(Reading::No)),
        (format!("[{{\"columns\":{row},\"action\":\"added\"}},{row}]"), Some(Reading::No)),
        (row.to_owned(), Some(Reading::No)),
    ] {
        let report = understood(Source::Osquery, &line);
        assert_eq!(report.observation.volumes.first().map(|volume| volume.encrypted), expected, "{line}");
    }
}

#[test]
fn a_value_that_is_neither_1_nor_0_is_no_answer_and_hides_no_other_row() {
    for value in [
        r#""2""#,
        r#""""#,
        "null",
        r#""yes""#,
        r#""-1""#,
        "1.0",
        "{}",
        r#""\u0000""#,
        r#""99999999999999999999999999""#,
    ] {
        let rows = format!(r#"[{{"encrypted":{value},"path":"/"}},{{"encrypted":"1","path":"/"}},[],{{}}]"#);
        assert_eq!(boot(&understood(Source::Osquery, &rows)).encrypted, Reading::Yes, "{value}");
        let alone = format!(r#"[{{"encrypted":{value},"path":"/"}}]"#);
        assert_eq!(boot(&understood(Source::Osquery, &alone)).encrypted, Reading::Unknown, "{value}");
    }
    let twice = understood(Source::Osquery, r#"[{"encrypted":"1","encrypted":"0","path":"/"}]"#);
    assert_eq!(
        (boot(&twice).encrypted, ignored(&twice)),
        (Reading::Unknown, vec!["row 1: encrypted: is neither yes nor no".into()])
    );
}

#[test]
fn rows_that_contradict_each_other_leave_the_volume_unknown_whatever_comes_after() {
    let row = |value: u8| format!(r#"{{"encrypted":"{value}","path":"/"}}"#);
    let report = understood(Source::Osquery, &format!("[{},{},{},{}]", row(1), row(0), row(0), row(0)));
    assert_eq!(boot(&report).encrypted, Reading::Unknown);
    assert_eq!(ignored(&report), ["row 2: volume: two statements about it contradict each other"]);
}

#[test]
fn bitlocker_info_is_read_with_numbers_and_words() {
    let report = understood(
        Source::Osquery,
        r#"[
         {"device_id":"\\\\?\\Volume{0A1B2C3D-0000-0000-0000-100000000000}\\","drive_letter":"C:","persistent_volume_id":"{B4A7}",
          "conversion_status":"1","protection_status":"0","encryption_method":"XTS_AES_256","version":"2",
          "percentage_encrypted":"100","lock_status":"0"},
         {"device_id":"\\\\?\\Volume{0A1B2C3D-0000-0000-0000-200000000000}\\","drive_letter":"D:","conversion_status":"2",
          "protection_status":"2","encryption_method":"6"},
         {"device_id":"","drive_letter":"E:","conversion_status":"0","protection_status":"0"},
         {"device_id":"\\\\?\\Volume{0A1B2C3D-0000-0000-0000-300000000000}\\","drive_letter":"F:","conversion_status":"9",
          "protection_status":"-1","encryption_method":"4294967295"}
        ]"#,
    );
    assert_eq!(report.observation.platform, Some(Platform::Windows));
    let c = boot(&report);
    assert_eq!((c.encrypted, c.protected, c.method), (Reading::Yes, Reading::No, Some(EncryptionMethod::XtsAes256)));
    let d = named(&report, "\\\\?\\Volume{0a1b2c3d-0000-0000-0000-200000000000}\\");
    assert_eq!((d.encrypted, d.protected), (Reading::Unknown, Reading::Unknown));
    assert_eq!((d.conversion, d.method), (Some(Conversion::EncryptionInProgress), Some(EncryptionMethod::XtsAes128)));
    let f = named(&report, "\\\\?\\Volume{0a1b2c3d-0000-0000-0000-300000000000}\\");
    assert_eq!(*f, VolumeReading::new(f.volume.clone()));
    assert_eq!(
        ignored(&report),
        [
            "row 3: device_id: is no name of a Windows volume",
            "row 4: conversion_status: is no number that is known",
            "row 4: encryption_method: is no number that is known",
        ]
    );
}

#[test]
fn linux_is_read_joined_with_mounts_and_apart() {
    let apart = understood(
        Source::Osquery,
        r#"[{"name":"/dev/mapper/vg-root","uuid":"","encrypted":"1","type":"","encryption_status":"encrypted"},
            {"name":"/dev/sda1","uuid":"","encrypted":"0","type":"","encryption_status":"not encrypted"},
            {"device":"/dev/dm-1","device_alias":"/dev/mapper/vg-root","path":"/","type":"ext4"},
            {"device":"/dev/sda1","device_alias":"/dev/sda1","path":"/boot","type":"ext4"}]"#,
    );
    assert_eq!((apart.observation.platform, boot(&apart).encrypted), (Some(Platform::Linux), Reading::Yes));
    assert_eq!(apart.observation.volumes.len(), 1);
    let other = understood(Source::Osquery, r#"[{"encrypted":"0","path":"/boot"}]"#);
    assert!(other.observation.volumes.is_empty());
}

#[test]
fn salts_are_protectors_of_which_there_may_be_more() {
    let salt = "vfPryW4YFpEqIeQItEIvflE+Wtb2QnvbkUJzDlkTXDk=";
    let report = understood(
        Source::Osquery,
        &format!(
            r#"[{{"key_slot":"0","salt":"{salt}"}},{{"key_slot":"9","salt":"{salt}"}},{{"key_slot":"9","salt":"AAAA"}},
                {{"key_slot":"-1","salt":"{salt}"}},{{"key_slot":"32","salt":"{salt}"}},
                {{"device":"/dev/sda3","key_slot":"1","salt":"{salt}"}},{{"device":"/dev/sdb1","key_slot":"1","salt":"{salt}"}},
                {{"name":"/dev/sda3","uuid":"3E1BB0F4-6C5E-4AB9-9A5E-0D3F3F5D6D11","type":"crypto_LUKS"}}]"#
        ),
    );
    let snapshot = boot(&report).protectors.as_ref().unwrap();
    assert!(!snapshot.complete);
    let slots: Vec<_> = snapshot.protectors.iter().map(|slot| (slot.id.as_str(), slot.salt.as_deref())).collect();
    assert_eq!(slots, [("0", Some(salt)), ("9", Some(salt))]);
    let other = named(&report, "3e1bb0f4-6c5e-4ab9-9a5e-0d3f3f5d6d11").protectors.as_ref().unwrap();
    assert_eq!((other.complete, other.protectors.len()), (false, 1));
    assert_eq!(
        ignored(&report),
        [
            "row 4: key_slot: is no number of a key slot",
            "row 5: key_slot: is no number of a key slot",
            "device: nothing says which LUKS volume is on it",
            "protector: is listed twice and differently",
        ]
    );
}
