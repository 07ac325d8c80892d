//! Whatever comes: no panic, and nothing that is not known becomes a no.

use ::plist::{Dictionary, Value as Plist};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::ids::VolumeId;

/// Reports that say yes, no and nothing.
fn samples() -> Vec<(Source, Value)> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let mac = json!([
        {"name":"/dev/disk3s5","uuid":"B0B3A4D2-0B0E-4C60-8D0C-1F0A5C8E7D66","encrypted":"1","user_uuid":"9D2B","filevault_status":"on"},
        {"name":"/dev/disk3s6","uuid":"B0B3A4D2-0B0E-4C60-8D0C-1F0A5C8E7D67","encrypted":"1","user_uuid":"","filevault_status":"off"},
        {"device":"/dev/disk3s5","device_alias":"","path":"/System/Volumes/Data"},
        {"encrypted":"1","filevault_key":"MIAA"},
    ]);
    let linux = json!({"queries":{"a":[
        {"name":"/dev/dm-0","encrypted":"1"}, {"name":"/dev/sda1","encrypted":"0"},
        {"device":"/dev/dm-0","path":"/"}, {"key_slot":"1","salt":"AAAA"},
        {"device":"/dev/sda3","key_slot":"1","salt":"AAAA"},
        {"name":"/dev/sda3","uuid":"3e1bb0f4-6c5e-4ab9-9a5e-0d3f3f5d6d11","type":"crypto_LUKS"}],
        "b":[{"encrypted":"1","path":"/"}], "c":[{"encrypted":"0","path":"/"}]},"statuses":{"a":0,"b":0,"c":1}});
    let bitlocker = json!([
        {"device_id":"Volume{0a1b2c3d-0000-0000-0000-100000000000}","drive_letter":"C:","conversion_status":"1","protection_status":"0"},
        {"device_id":"Volume{0a1b2c3d-0000-0000-0000-200000000000}","drive_letter":"D:","conversion_status":"2","protection_status":"2"}]);
    let wmi = json!([
        {"DeviceID":"Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}","DriveLetter":"C:","VolumeType":0,"ConversionStatus":1,
         "ProtectionStatus":0,"EncryptionMethod":7,"LockStatus":0,"ReturnValue":0,"KeyProtectors":[
          {"VolumeKeyProtectorID":"{33030F6D-3EE2-4E0F-8A6A-58F1B2E0C7A1}","KeyProtectorType":1},
          {"VolumeKeyProtectorID":"{A4B0C1D2-0F3C-4D55-9A55-6F1F6F0B9E01}","KeyProtectorType":3}]},
        {"DeviceID":"Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6964}","VolumeType":1,"ConversionStatus":2,"ProtectionStatus":2,
         "LockStatus":1,"KeyProtectors":{"VolumeKeyProtectorID":"{B1B2B3B4-0F3C-4D55-9A55-6F1F6F0B9E02}","KeyProtectorType":3}}]);
    let snapshot = json!({"platform":"linux","volumes":[
        {"volume":null,"encrypted":"yes","protected":"no","conversion":"fully_encrypted","method":"aes256","protectors":
          {"complete":true,"protectors":[{"id":"0","kind":"passphrase","enabled":"yes","salt":"AAAA","tokens":["fdescrow"]},
                                         {"id":"1","kind":"passphrase","enabled":"unknown"}]}},
        {"volume":"other","encrypted":"unknown","protected":"unknown","conversion":null,"method":null,"protectors":null}],
        "filevault":{"enabled":"unknown","personal_recovery_key":"no","bypasses_left":3}});
    vec![
        (Source::Osquery, mac),
        (Source::Osquery, linux),
        (Source::Osquery, bitlocker),
        (Source::Wmi, wmi),
        (
            Source::Csp,
            json!({"DeviceEncryptionStatus":4,"RequireDeviceEncryption":1,"RotateRecoveryPasswordsStatus":2}),
        ),
        (Source::Lsblk, parse(include_str!("lsblk-plain.json"))),
        (
            Source::Lsblk,
            json!({"blockdevices":[{"name":"sda","type":"disk","children":[{"name":"sda3","type":"part",
            "fstype":"crypto_LUKS","uuid":"3e1bb0f4-6c5e-4ab9-9a5e-0d3f3f5d6d11","children":[{"name":"c","type":"crypt",
            "children":[{"name":"root","type":"lvm","mountpoints":["/",null]}]}]}]}]}),
        ),
        // Without FSTYPE, only the type tells.
        (
            Source::Lsblk,
            json!({"blockdevices":[{"name":"sda","type":"disk","children":[{"name":"sda3","type":"part","children":[
                {"name":"c","type":"crypt","mountpoint":"/"}]}]}]}),
        ),
        (Source::LuksDump, parse(include_str!("luks2.json"))),
        (Source::Ddm, json!({"StatusItems":{"diskmanagement":{"filevault":{"enabled":false}}}})),
        (Source::Snapshot, snapshot),
    ]
}

/// How often a report says no; and for each volume with a whole list of protectors, how many it has.
fn noes(report: &Report) -> usize {
    let observation = &report.observation;
    let volumes = observation.volumes.iter().flat_map(|volume| {
        let protectors = volume.protectors.iter().flat_map(|snapshot| &snapshot.protectors);
        [volume.encrypted, volume.protected].into_iter().chain(protectors.map(|protector| protector.enabled))
    });
    let filevault = observation.filevault.iter().flat_map(|filevault| {
        [filevault.enabled, filevault.personal_recovery_key, filevault.institutional_recovery_key]
    });
    volumes.chain(filevault).filter(|answer| *answer == Reading::No).count()
}

fn whole(report: &Report) -> Vec<(Option<VolumeId>, usize)> {
    let volumes = report.observation.volumes.iter();
    let lists = volumes.filter_map(|volume| Some((volume.volume.clone(), volume.protectors.as_ref()?)));
    lists.filter(|(_, list)| list.complete).map(|(volume, list)| (volume, list.protectors.len())).collect()
}

/// Every place in a document.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inner)| {
            let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            places(inner, &pointer, into);
            into.push(pointer);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, inner)| {
            let pointer = format!("{at}/{index}");
            places(inner, &pointer, into);
            into.push(pointer);
        }),
        _ => {}
    }
}

/// Documents in which one thing is missing, or is something that it cannot be.
fn damaged(document: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    places(document, "", &mut pointers);
    let mut all = Vec::new();
    for pointer in pointers {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        for wrong in [
            json!(null),
            json!({}),
            json!("nonsense"),
            json!("\u{0}"),
            json!(""),
            json!(1.5),
            json!(-7),
            json!(u64::MAX),
        ] {
            // Null is the name of the boot volume.
            if !(name == "volume" && wrong.is_null()) {
                let mut copy = document.clone();
                *copy.pointer_mut(&pointer).unwrap() = wrong.clone();
                all.push((format!("{pointer} = {wrong}"), copy));
            }
        }
        let mut copy = document.clone();
        if let Value::Object(members) = copy.pointer_mut(parent).unwrap() {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
            all.push((format!("{pointer} removed"), copy));
        }
    }
    all
}

#[test]
fn a_report_of_which_something_is_missing_or_broken_never_says_no_more_often() {
    let mut cases = 0;
    for (source, document) in samples() {
        let whole_report = read(source, document.to_string().as_bytes(), &context()).unwrap();
        let before = (noes(&whole_report), whole(&whole_report));
        for (what, text) in damaged(&document) {
            cases += 1;
            let Ok(report) = read(source, text.to_string().as_bytes(), &context()) else { continue };
            assert!(noes(&report) <= before.0, "{source}: {what}: {report:#?}");
            // A list that lost something does not call itself whole.
            for (volume, count) in whole(&report) {
                let known =
                    before.1.iter().any(|(name, before)| (name == &volume || before == &count) && *before <= count);
                assert!(known, "{source}: {what}: {report:#?}");
            }
        }
    }
    assert!(cases > 2000, "{cases}");
}

#[test]
fn a_reply_of_which_something_is_missing_or_broken_never_says_no_more_often() {
    let keys = ["FDE_Enabled", "FDE_HasPersonalRecoveryKey", "FDE_HasInstitutionalRecoveryKey"];
    let good: Dictionary = keys.iter().map(|key| ((*key).to_owned(), Plist::Boolean(*key != keys[2]))).collect();
    let written = |root: &Dictionary| {
        let mut bytes = Vec::new();
        Plist::Dictionary(root.clone()).to_writer_binary(&mut bytes).unwrap();
        bytes
    };
    for key in keys {
        for wrong in [None, Some(Plist::from("false")), Some(Plist::Integer(0.into())), Some(Plist::Data(vec![0]))] {
            let mut root = good.clone();
            match wrong {
                Some(wrong) => drop(root.insert(key.to_owned(), wrong)),
                None => drop(root.remove(key)),
            }
            let report = read(Source::SecurityInfo, &written(&root), &context()).unwrap();
            assert!(noes(&report) <= 1);
        }
    }
}

/// The bytes of good reports, for edits.
fn material() -> Vec<(Source, Vec<u8>)> {
    let mut all: Vec<_> =
        samples().into_iter().map(|(source, value)| (source, value.to_string().into_bytes())).collect();
    let info: Dictionary = [
        ("Status".to_owned(), Plist::from("Acknowledged")),
        (
            "SecurityInfo".to_owned(),
            [("FDE_Enabled".to_owned(), Plist::from(true))].into_iter().collect::<Dictionary>().into(),
        ),
        (
            "RotateResult".to_owned(),
            [("EncryptedNewRecoveryKey".to_owned(), Plist::Data(vec![1]))].into_iter().collect::<Dictionary>().into(),
        ),
    ]
    .into_iter()
    .collect();
    for source in [Source::SecurityInfo, Source::RotateReply] {
        let (mut xml, mut binary) = (Vec::new(), Vec::new());
        Plist::Dictionary(info.clone()).to_writer_xml(&mut xml).unwrap();
        Plist::Dictionary(info.clone()).to_writer_binary(&mut binary).unwrap();
        all.extend([(source, xml), (source, binary)]);
    }
    let item = "<Item><Source><LocURI>Status/DeviceEncryptionStatus</LocURI></Source><Data>4</Data></Item>";
    all.push((Source::Csp, format!("<SyncML>{item}</SyncML>").into_bytes()));
    all
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for source in Source::ALL {
            let _ = read(*source, &bytes, &context());
            let _ = read(*source, &[b"bplist00", bytes.as_slice()].concat(), &context());
        }
    }

    #[test]
    fn any_edit_of_a_report_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let material = material();
        let (source, good) = which.get(&material);
        prop_assert!(read(*source, good, &context()).is_ok());
        let mut bytes = good.clone();
        for (at, octet, kind) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = octet,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, octet),
            }
        }
        let first = read(*source, &bytes, &context());
        prop_assert_eq!(&read(*source, &bytes, &context()), &first);
        if let Ok(report) = first {
            prop_assert!(report.observation.volumes.len() <= 256 && report.ignored.len() <= 256);
            // What was understood can be written, and is read again as it is.
            let written = serde_json::to_vec(&report.observation).unwrap();
            if !report.observation.volumes.is_empty() {
                let again = read(Source::Snapshot, &written, &context()).unwrap();
                prop_assert_eq!(again.observation, report.observation);
            }
        }
    }
}
