//! Reports change what is known, fill no audit, and lose no key.

use super::*;
use crate::{
    ids::{Platform, Word},
    verification::{
        Configuration, Delivery, Operation, Station,
        observation::{FileVaultReading, Observation, Reading, Report},
    },
};

const ENFORCED: &str = "[organization]\nid = \"example.com\"\nidentifier = \"com.example\"\n[filevault.enforcement]\n[filevault.escrow]\nlocation = \"us\"";

fn report(seconds: i64, enabled: Reading) -> Report {
    let mut observation = Observation::new(at(seconds));
    observation.platform = Some(Platform::MacOs);
    let filevault = FileVaultReading { enabled, ..FileVaultReading::default() };
    observation.filevault = Some(filevault);
    Report::new(observation)
}

#[test]
fn what_says_nothing_new_is_recorded_once_an_hour() {
    let world = World::new();
    let (certificate, _) = world.identity(KeyAlgorithm::Rsa2048);
    let escrow = world.escrow_by(&[certificate], ENFORCED);
    let (mac, osquery) = (device("C02XYZ"), actor("osquery"));
    let tell =
        |seconds, enabled| escrow.observe(&mac, &report(seconds, enabled), &osquery, at(seconds)).unwrap().recorded;
    assert!(tell(0, Reading::No));
    assert!(!tell(60, Reading::No));
    assert!(!tell(120, Reading::Unknown));
    assert!(tell(180, Reading::Yes));
    assert!(!tell(240, Reading::Yes));
    assert!(tell(180 + 3_600, Reading::Yes));
    assert_eq!(escrow.audit_of(&mac, 0, 100).unwrap().len(), 4, "one for the device and three for what it said");
}

#[test]
fn a_mac_is_followed_from_its_profile_to_its_key() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::Rsa2048);
    let escrow = world.escrow_by(std::slice::from_ref(&certificate), ENFORCED);
    let (mac, mdm) = (device("C02XYZ"), actor("mdm"));
    let station = |seconds| escrow.walk(&mac, at(seconds)).unwrap().unwrap().station;
    escrow.observe(&mac, &report(0, Reading::No), &mdm, at(0)).unwrap();
    let pending = Configuration::new(Operation::Install, Delivery::Pending, at(1));
    escrow.configuration_reported(&mac, pending, &mdm, at(1)).unwrap();
    assert_eq!((station(2), escrow.assess(&mac, at(2)).unwrap().status), (Station::AwaitingProfile, Status::Enforcing));
    let installed = Configuration::new(Operation::Install, Delivery::Acknowledged, at(3));
    escrow.configuration_reported(&mac, installed, &mdm, at(3)).unwrap();
    assert_eq!(station(4), Station::AwaitingLogout);
    let (_, sealed) = world.sealed_by_mac(&certificate);
    let mut said = report(5, Reading::Yes);
    said.envelopes.push(crate::verification::observation::ReportedEnvelope::new(Kind::FileVault, sealed));
    let observed = escrow.observe(&mac, &said, &mdm, at(5)).unwrap();
    assert!(observed.receipts[0].is_ok());
    assert_eq!(station(6), Station::AwaitingCheck);
    while escrow.check(&keyring, &CheckOptions::default(), at(10)).unwrap().more {}
    assert_eq!((station(11), escrow.assess(&mac, at(11)).unwrap().status), (Station::Arrived, Status::Verified));
    let word = Word::new("no_secure_token").unwrap();
    escrow.agent_reported(&mac, Some(&word), &mdm, at(12)).unwrap();
    let assessment = escrow.assess(&mac, at(13)).unwrap();
    assert_eq!((assessment.status, assessment.reasons), (Status::Verified, vec![Reason::AgentFailed]));
}

#[test]
fn an_envelope_that_is_none_stops_nothing_else_in_its_report() {
    let world = World::new();
    let (certificate, _) = world.identity(KeyAlgorithm::Rsa2048);
    let escrow = world.escrow_by(&[certificate], ENFORCED);
    let mut said = report(0, Reading::Yes);
    let junk = b"AAAA-BBBB-CCCC-DDDD-EEEE-FFFF".to_vec();
    said.envelopes.push(crate::verification::observation::ReportedEnvelope::new(Kind::FileVault, junk));
    let observed = escrow.observe(&device("A"), &said, &actor("osquery"), at(0)).unwrap();
    assert!(observed.recorded && observed.receipts[0].is_err());
}
