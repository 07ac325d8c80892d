//! Replies of Macs, XML and binary.

use ::plist::{Dictionary, Value};

use super::*;

fn info(pairs: &[(&str, Value)]) -> Dictionary {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

fn reply(status: &str, key: &str, inner: Dictionary) -> Dictionary {
    info(&[
        ("CommandUUID", "0001_SecurityInfo".into()),
        ("Status", status.into()),
        ("UDID", "B0B3A4D2-0B0E-4C60-8D0C-1F0A5C8E7D66".into()),
        (key, inner.into()),
    ])
}

fn xml(root: &Dictionary) -> Vec<u8> {
    let mut bytes = Vec::new();
    Value::Dictionary(root.clone()).to_writer_xml(&mut bytes).unwrap();
    bytes
}

fn binary(root: &Dictionary) -> Vec<u8> {
    let mut bytes = Vec::new();
    Value::Dictionary(root.clone()).to_writer_binary(&mut bytes).unwrap();
    bytes
}

fn security_info() -> Dictionary {
    info(&[
        ("FDE_Enabled", true.into()),
        ("FDE_HasPersonalRecoveryKey", true.into()),
        ("FDE_HasInstitutionalRecoveryKey", false.into()),
        ("FDE_PersonalRecoveryKeyCMS", Value::Data(vec![0x30, 0x80, 0x06, 0x09])),
        ("FDE_PersonalRecoveryKeyDeviceKey", "C02XL0GYJGH5".into()),
        ("SystemIntegrityProtectionEnabled", true.into()),
        (
            "FirewallSettings",
            info(&[("FirewallEnabled", false.into()), ("Applications", Value::Array(Vec::new()))]).into(),
        ),
        ("ManagementStatus", info(&[("EnrolledViaDEP", true.into()), ("Number", Value::Integer((-5).into()))]).into()),
        ("Name", "Büro 3".into()),
    ])
}

fn of(source: Source, root: &Dictionary) -> Report {
    let from_xml = read(source, &xml(root), &context()).unwrap();
    assert_eq!(read(source, &binary(root), &context()).unwrap(), from_xml);
    from_xml
}

#[test]
fn security_info_says_everything_about_filevault() {
    let report = of(Source::SecurityInfo, &reply("Acknowledged", "SecurityInfo", security_info()));
    assert_eq!(report.observation.platform, Some(Platform::MacOs));
    let filevault = report.observation.filevault.unwrap();
    assert_eq!((filevault.enabled, filevault.personal_recovery_key), (Reading::Yes, Reading::Yes));
    assert_eq!(filevault.institutional_recovery_key, Reading::No);
    assert_eq!(filevault.device_key.as_deref(), Some("C02XL0GYJGH5"));
    assert_eq!(report.envelopes, [ReportedEnvelope::new(Kind::FileVault, vec![0x30, 0x80, 0x06, 0x09])]);
    let answer = report.reply.unwrap();
    assert_eq!(
        (answer.status, answer.command.as_deref()),
        (Some(CommandStatus::Acknowledged), Some("0001_SecurityInfo"))
    );
    let bare = of(Source::SecurityInfo, &security_info());
    assert_eq!((bare.observation.filevault.unwrap().enabled, bare.reply), (Reading::Yes, None));
}

#[test]
fn a_key_that_is_missing_or_of_another_type_is_no_answer() {
    for key in ["FDE_Enabled", "FDE_HasPersonalRecoveryKey", "FDE_HasInstitutionalRecoveryKey"] {
        for value in [None, Some(Value::from("true")), Some(Value::Integer(1.into())), Some(Value::Array(Vec::new()))] {
            let mut keys = security_info();
            keys.remove(key);
            if let Some(value) = value {
                keys.insert(key.to_owned(), value);
            }
            let filevault = of(Source::SecurityInfo, &keys).observation.filevault.unwrap();
            let answers = [filevault.enabled, filevault.personal_recovery_key, filevault.institutional_recovery_key];
            assert_eq!(answers.iter().filter(|answer| **answer == Reading::Unknown).count(), 1, "{key}");
        }
    }
    let phone =
        of(Source::SecurityInfo, &reply("Acknowledged", "SecurityInfo", info(&[("PasscodePresent", true.into())])));
    assert_eq!((phone.observation.platform, phone.observation.filevault), (None, None));
}

#[test]
fn what_was_not_acknowledged_says_nothing() {
    for (status, expected) in [
        ("NotNow", Some(CommandStatus::NotNow)),
        ("Error", Some(CommandStatus::Error)),
        ("CommandFormatError", Some(CommandStatus::CommandFormatError)),
        ("Idle", None),
    ] {
        let mut root = reply(status, "SecurityInfo", security_info());
        let error = info(&[("ErrorCode", Value::Integer(12_079.into())), ("ErrorDomain", "MCMDMErrorDomain".into())]);
        root.insert("ErrorChain".into(), Value::Array(vec![error.into()]));
        let report = of(Source::SecurityInfo, &root);
        assert_eq!((&report.observation.filevault, report.envelopes.len()), (&None, 0));
        let answer = report.reply.unwrap();
        assert_eq!((answer.status, answer.error.unwrap().code), (expected, 12_079));
    }
}

#[test]
fn a_rotation_is_read_with_its_key_and_without() {
    let result = info(&[("EncryptedNewRecoveryKey", Value::Data(vec![0x30, 0x80]))]);
    let report = of(Source::RotateReply, &reply("Acknowledged", "RotateResult", result));
    assert_eq!(report.envelopes[0].bytes, [0x30, 0x80]);
    let mut root = reply("Acknowledged", "RotateResult", Dictionary::new());
    assert!(of(Source::RotateReply, &root).envelopes.is_empty());
    root.remove("RotateResult");
    let report = of(Source::RotateReply, &root);
    assert_eq!((report.envelopes.len(), report.reply.unwrap().status), (0, Some(CommandStatus::Acknowledged)));
    for wrong in [Value::from("MIAA"), Value::Data(Vec::new()), Value::Data(vec![0; 70_000])] {
        let report = of(
            Source::RotateReply,
            &reply("Acknowledged", "RotateResult", info(&[("EncryptedNewRecoveryKey", wrong)])),
        );
        assert_eq!((report.envelopes.len(), report.ignored.len()), (0, 1));
    }
}

#[test]
fn a_declarative_status_says_whether_filevault_is_on() {
    let enabled = |text: &str| understood(Source::Ddm, text).observation.filevault.map(|filevault| filevault.enabled);
    let report = |value: &str| {
        format!(r#"{{"StatusItems":{{"diskmanagement":{{"filevault":{{"enabled":{value}}}}}}},"Errors":[]}}"#)
    };
    assert_eq!(enabled(&report("true")), Some(Reading::Yes));
    assert_eq!(enabled(&report("false")), Some(Reading::No));
    for nothing in ["null", "1", "\"false\"", "[]"] {
        assert_eq!(enabled(&report(nothing)), None);
    }
    assert_eq!(enabled(r#"{"StatusItems":{"device":{"model":{}}}}"#), None);
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    let twice =
        b"<plist version=\"1.0\"><dict><key>FDE_Enabled</key><true/><key>FDE_Enabled</key><false/></dict></plist>";
    assert_eq!(refused(Source::SecurityInfo, twice).code(), ErrorCode::ObservationSyntax);
    let mut keys = binary(&info(&[("FDE_Enabled", true.into()), ("FDE_Xnabled", false.into())]));
    let at = keys.windows(5).position(|window| window == b"FDE_X").unwrap();
    keys[at + 4] = b'E';
    assert_eq!(refused(Source::SecurityInfo, &keys), ObservationError::Syntax("a dictionary has a key twice"));
}

#[test]
fn a_binary_list_whose_objects_repeat_each_other_ends_at_the_limit() {
    // Twelve arrays, each of them fourteen times the next: 14^12 values in 250 octets.
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = vec![8_u8];
    bytes.extend([0xD1, 1, 2]);
    offsets.push(11);
    bytes.extend([0x51, b'k']);
    for level in 2..14_u8 {
        offsets.push(u8::try_from(bytes.len()).unwrap());
        bytes.push(0xAE);
        bytes.extend([level + 1; 14]);
    }
    offsets.push(u8::try_from(bytes.len()).unwrap());
    bytes.push(0x09);
    let table = bytes.len();
    bytes.extend(&offsets);
    let trailer = |root: u8, table: usize| {
        let mut trailer = vec![0, 0, 0, 0, 0, 0, 1, 1];
        trailer.extend(u64::try_from(offsets.len()).unwrap().to_be_bytes());
        trailer.extend(u64::from(root).to_be_bytes());
        trailer.extend(u64::try_from(table).unwrap().to_be_bytes());
        trailer
    };
    let whole = [bytes.clone(), trailer(0, table)].concat();
    assert_eq!(
        refused(Source::SecurityInfo, &whole),
        ObservationError::Limit("is deeper or has more values than is read")
    );
    // An object that is inside of itself ends as well.
    let mut circle = whole;
    circle[10] = 0;
    assert_eq!(
        refused(Source::SecurityInfo, &circle),
        ObservationError::Limit("is deeper or has more values than is read")
    );
    // References that lead nowhere.
    for (root, table) in [(200, table), (0, usize::MAX), (0, 4096)] {
        refused(Source::SecurityInfo, &[bytes.clone(), trailer(root, table)].concat());
    }
}
