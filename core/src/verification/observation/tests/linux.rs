//! `lsblk` and `luksDump`, as the tools wrote them.

use super::*;
use crate::ids::VolumeId;

/// Made by cryptsetup 2.6.1: slots 0, 1 and 9, an unbound slot 5, and tokens for 1 and 9.
const DUMP: &str = include_str!("luks2.json");
/// The same volume after `luksKillSlot 1`.
const KILLED: &str = include_str!("luks2-slot-1-killed.json");
/// Made by lsblk 2.38.1 on a machine without encryption.
const PLAIN: &str = include_str!("lsblk-plain.json");

/// LVM on LUKS, as a Debian installation has it.
const LVM_ON_LUKS: &str = r#"{"blockdevices": [
  {"name":"nvme0n1","type":"disk","fstype":null,"uuid":null,"mountpoints":[null],"children":[
    {"name":"nvme0n1p1","type":"part","fstype":"vfat","uuid":"1B2C-3D4E","mountpoints":["/boot/efi"]},
    {"name":"nvme0n1p2","type":"part","fstype":"ext4","uuid":"6f6d6a1c-21d0-4d41-8f58-8f7a04bdb8d6","mountpoints":["/boot"]},
    {"name":"nvme0n1p3","type":"part","fstype":"crypto_LUKS","uuid":"3e1bb0f4-6c5e-4ab9-9a5e-0d3f3f5d6d11","mountpoints":[null],
     "children":[{"name":"nvme0n1p3_crypt","type":"crypt","fstype":"LVM2_member","uuid":"a","mountpoints":[null],
       "children":[{"name":"vg-root","type":"lvm","fstype":"ext4","uuid":"b","mountpoints":["/"]},
                   {"name":"vg-swap","type":"lvm","fstype":"swap","uuid":"c","mountpoints":["[SWAP]"]}]}]}]}]}"#;

fn luks_dump(text: &str) -> Report {
    let mut context = context();
    context.volume = Some(VolumeId::luks("3e1bb0f4-6c5e-4ab9-9a5e-0d3f3f5d6d11").unwrap());
    read(Source::LuksDump, text.as_bytes(), &context).unwrap()
}

fn slots(report: &Report) -> Vec<&ProtectorReading> {
    report.observation.volumes[0].protectors.as_ref().unwrap().protectors.iter().collect()
}

#[test]
fn the_slots_of_a_header_are_read_with_their_salts_and_tokens() {
    let report = luks_dump(DUMP);
    let volume = named(&report, "3e1bb0f4-6c5e-4ab9-9a5e-0d3f3f5d6d11");
    assert_eq!((volume.encrypted, volume.protected), (Reading::Yes, Reading::Yes));
    assert!(volume.protectors.as_ref().unwrap().complete);
    let seen: Vec<_> =
        slots(&report).into_iter().map(|slot| (slot.id.as_str(), slot.enabled, slot.tokens.join(" "))).collect();
    assert_eq!(
        seen,
        [
            ("0", Reading::Yes, String::new()),
            ("1", Reading::Yes, "fdescrow".into()),
            ("5", Reading::No, String::new()),
            ("9", Reading::Yes, "systemd-recovery".into()),
        ]
    );
    assert!(slots(&report).iter().all(|slot| slot.salt.as_ref().is_some_and(|salt| salt.len() == 44)));
    assert!(slots(&report)[3].is_for_recovery() && !slots(&report)[1].is_for_recovery());
    assert!(report.ignored.is_empty());
}

#[test]
fn a_slot_that_was_killed_is_gone_though_its_token_stays() {
    let report = luks_dump(KILLED);
    assert!(KILLED.contains("fdescrow"));
    assert!(report.observation.volumes[0].protectors.as_ref().unwrap().complete);
    assert_eq!(slots(&report).iter().map(|slot| slot.id.as_str()).collect::<Vec<_>>(), ["0", "5", "9"]);
    assert!(slots(&report).iter().all(|slot| slot.tokens != ["fdescrow"]));
}

#[test]
fn a_header_of_which_a_part_cannot_be_read_has_no_whole_list() {
    for (from, to) in [("\"9\":{", "\"09\":{"), ("\"9\":{", "\"32\":{"), ("\"9\":{", "\"x\":{"), ("\"9\":{", "\"1\":{")]
    {
        let report = luks_dump(&DUMP.replacen(from, to, 1));
        let snapshot = report.observation.volumes[0].protectors.as_ref().unwrap();
        assert!(!snapshot.complete, "{from} {to}");
        assert!(snapshot.protectors.iter().any(|slot| slot.id.as_str() == "0"));
    }
}

#[test]
fn a_volume_that_is_not_wholly_encrypted_is_unknown() {
    for (from, to) in [
        ("\"type\":\"crypt\"", "\"type\":\"linear\""),
        ("\"type\":\"crypt\"", "\"type\":null"),
        ("\"keyslots_size\"", "\"requirements\":{\"mandatory\":[\"online-reencrypt-v2\"]},\"keyslots_size\""),
        ("\"segments\":{", "\"segments\":5,\"other\":{"),
    ] {
        assert!(DUMP.contains(from));
        assert_eq!(luks_dump(&DUMP.replacen(from, to, 1)).observation.volumes[0].encrypted, Reading::Unknown, "{to}");
    }
    let unbound = luks_dump(&DUMP.replace("\"digests\":{", "\"other\":{"));
    assert!(slots(&unbound).iter().all(|slot| slot.enabled == Reading::Unknown));
    assert_eq!(unbound.observation.volumes[0].protected, Reading::Unknown);
}

#[test]
fn a_cipher_that_does_nothing_encrypts_nothing() {
    const CIPHER: &str = "\"encryption\":\"aes-xts-plain64\"";
    assert!(DUMP.contains(CIPHER));
    for null in ["cipher_null-ecb", "capi:ecb(cipher_null)-null", "null"] {
        let report = luks_dump(&DUMP.replace(CIPHER, &format!("\"encryption\":\"{null}\"")));
        assert_eq!(report.observation.volumes[0].encrypted, Reading::No, "{null}");
        assert_eq!(report.observation.volumes[0].protected, Reading::Unknown, "{null}");
    }
    // Beside a part that is encrypted, it is for others to judge.
    let part = "\"segments\":{\"9\":{\"type\":\"crypt\",\"encryption\":\"null\"},";
    let report = luks_dump(&DUMP.replace("\"segments\":{", part));
    assert_eq!(report.observation.volumes[0].encrypted, Reading::Unknown);
}

#[test]
fn the_boot_volume_is_encrypted_if_every_way_to_it_is() {
    let report = understood(Source::Lsblk, LVM_ON_LUKS);
    assert_eq!((boot(&report).encrypted, report.observation.platform), (Reading::Yes, Some(Platform::Linux)));
    assert_eq!(named(&report, "3e1bb0f4-6c5e-4ab9-9a5e-0d3f3f5d6d11").encrypted, Reading::Yes);
    // Without FSTYPE and UUID, the type says it; without the type, the content does.
    assert_eq!(boot(&understood(Source::Lsblk, &LVM_ON_LUKS.replace("crypto_LUKS", ""))).encrypted, Reading::Yes);
    let untyped = LVM_ON_LUKS.replace("\"type\":\"crypt\"", "\"type\":null");
    assert_eq!(boot(&understood(Source::Lsblk, &untyped)).encrypted, Reading::Yes);
    let nothing = untyped.replace("crypto_LUKS", "");
    assert_eq!(boot(&understood(Source::Lsblk, &nothing)).encrypted, Reading::Unknown);
    assert_eq!(
        boot(&understood(Source::Lsblk, &nothing.replace("\"type\":null", "\"type\":\"dm\""))).encrypted,
        Reading::Unknown
    );
    // RAID 1, one half of which is on an encrypted disk.
    let root = r#"{"name":"md0","type":"raid1","fstype":"ext4","mountpoints":["/"]}"#;
    let half = format!(
        r#"{{"blockdevices":[{{"name":"sda","type":"disk","children":[{{"name":"c","type":"crypt","children":[{root}]}}]}},
            {{"name":"sdb","type":"disk","children":[{root}]}}]}}"#
    );
    assert_eq!(boot(&understood(Source::Lsblk, &half)).encrypted, Reading::Unknown);
}

#[test]
fn a_disk_without_encryption_is_one_in_both_shapes() {
    assert_eq!(boot(&understood(Source::Lsblk, PLAIN)).encrypted, Reading::No);
    let old = r#"{"blockdevices":[{"name":"sda","maj:min":"8:0","rm":"0","size":"10G","ro":"0","type":"disk","mountpoint":null,
        "children":[{"name":"sda1","maj:min":"8:1","rm":"0","size":10737418240,"ro":false,"type":"part","mountpoint":"/"}]}]}"#;
    assert_eq!(boot(&understood(Source::Lsblk, old)).encrypted, Reading::No);
    assert_eq!(boot(&understood(Source::Lsblk, &PLAIN.replace("\"/\"", "null"))).encrypted, Reading::Unknown);
    assert_eq!(boot(&understood(Source::Lsblk, &PLAIN.replace("\"type\"", "\"kind\""))).encrypted, Reading::Unknown);
    let odd = understood(
        Source::Lsblk,
        r#"{"blockdevices":[5,{"type":"disk","children":7},{"fstype":"crypto_LUKS","uuid":"-"}]}"#,
    );
    assert_eq!(
        ignored(&odd),
        [
            "row 1: blockdevices: a device is no object",
            "row 2: children: is no list",
            "row 3: uuid: is no UUID of a LUKS volume",
        ]
    );
}
