use std::collections::BTreeSet;

use super::*;
use crate::policy::{Policy, bitlocker::schema::Treatment};

fn policy(toml: &str) -> Policy {
    Policy::from_toml(toml).unwrap()
}

fn items(toml: &str) -> Vec<(&'static str, String)> {
    let rendered = render(policy(&format!("[bitlocker]\n{toml}")).bitlocker().unwrap()).unwrap();
    rendered.items().iter().map(|item| (item.node.name, item.data.clone())).collect()
}

fn codes(toml: &str) -> Vec<&'static str> {
    lint(&policy(toml)).iter().map(|advice| advice.code.as_str()).collect()
}

#[test]
fn a_node_is_written_exactly_where_the_policy_says_something() {
    assert_eq!(
        items("[bitlocker.enforcement]\nby = 'windows'"),
        [
            ("RequireDeviceEncryption", "1".to_owned()),
            ("AllowWarningForOtherDiskEncryption", "1".to_owned()),
            ("AllowStandardUserEncryption", "0".to_owned()),
        ]
    );
    assert_eq!(
        items("[bitlocker.removable_drives]\nrequire_encryption = false"),
        [("RemovableDrivesRequireEncryption", "<disabled/>".to_owned())]
    );
    assert_eq!(
        items("[bitlocker.system_drive]\nstandard_users_change_pin = false"),
        [("SystemDrivesDisallowStandardUsersCanChangePIN", "<enabled/>".to_owned())]
    );
}

#[test]
fn what_an_agent_does_alone_is_not_said_to_windows() {
    let policy = policy("[bitlocker.enforcement]");
    assert_eq!(render(policy.bitlocker().unwrap()), Err(ProfileError::Empty));
}

#[test]
fn a_group_is_written_whole() {
    let [(name, data)] = items("[bitlocker.methods]\nsystem = 'xts_aes_128'").try_into().unwrap();
    assert_eq!(name, "EncryptionMethodByDriveType");
    assert_eq!(
        data,
        "<enabled/><data id=\"EncryptionMethodWithXtsOsDropDown_Name\" value=\"6\"/>\
         <data id=\"EncryptionMethodWithXtsFdvDropDown_Name\" value=\"7\"/>\
         <data id=\"EncryptionMethodWithXtsRdvDropDown_Name\" value=\"4\"/>"
    );
}

#[test]
fn every_field_of_the_table_writes_its_node() {
    let all = include_str!("tests/everything.toml");
    let written: BTreeSet<&str> = items(all).into_iter().map(|(name, _)| name).collect();
    let fields =
        crate::policy::bitlocker::schema::NODES.iter().filter(|node| matches!(node.treatment, Treatment::Field(_)));
    assert_eq!(written, fields.map(|node| node.name).collect());
}

#[test]
fn every_kind_of_advice_is_given_alone() {
    let backup = "[bitlocker.system_drive.recovery]\nbackup = { required = true }";
    let optional = "[bitlocker.fixed_drives.recovery]\nbackup = {}";
    let cases = [
        (format!("bitlocker.join = 'entra'\nbitlocker.windows_rotation = 'off'\n{optional}"), "backup_elsewhere"),
        (backup.to_owned(), "backup_not_joined"),
        (optional.to_owned(), "backup_useless"),
        ("bitlocker.windows_rotation = 'entra'".to_owned(), "windows_rotation_not_joined"),
        ("bitlocker.join = 'hybrid'\nbitlocker.windows_rotation = 'entra'".to_owned(), "windows_rotation_not_joined"),
        ("bitlocker.join = 'entra'\nbitlocker.windows_rotation = 'entra'".to_owned(), "windows_rotation_idle"),
    ];
    for (toml, code) in &cases {
        assert_eq!(codes(toml), [*code], "{toml}");
    }
    let entra = format!("bitlocker.join = 'entra'\n{backup}");
    assert_eq!(codes(&entra), ["windows_rotation_unsaid", "backup_elsewhere"]);
    let both = format!("bitlocker.windows_rotation = 'entra'\n{entra}");
    assert_eq!(codes(&both), ["windows_rotation_beside_ours", "backup_elsewhere"]);
    let by_hand = "[rotation]\non = ['operator']";
    assert_eq!(codes(&format!("{both}\n{by_hand}")), ["backup_elsewhere"]);
    assert_eq!(codes(&format!("{entra}\n{by_hand}")), ["backup_elsewhere"]);
    assert!(codes("").is_empty());
    let seen = cases.iter().map(|(_, code)| *code).chain(["windows_rotation_unsaid", "windows_rotation_beside_ours"]);
    let all: BTreeSet<&str> = AdviceCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(seen.collect::<BTreeSet<_>>(), all);
}
