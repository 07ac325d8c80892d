//! The planner, situation by situation, and what holds whatever it is shown.

mod calls;
mod observer;
mod planner;
mod properties;
mod receipts;
mod rules;

use super::*;
use crate::{
    ids::{DeviceId, Digest, KeyId, Organization, ProtectorId, VolumeId, Word},
    key::Kind,
    policy::escrow::Level,
    time::Timestamp,
    verification::{
        Conversion, EncryptionMethod, LockStatus, Place, ProtectionStatus, ProtectorKind, Reading, Receipt,
        ReceiptStatus,
    },
};

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000 + seconds).unwrap()
}

pub(super) fn id(name: &str) -> ProtectorId {
    ProtectorId::new(format!("{{{name}}}")).unwrap()
}

pub(super) fn protector(name: &str, kind: ProtectorKind) -> Protector {
    let mut protector = Protector::new(id(name), Some(kind));
    if kind == ProtectorKind::NumericalPassword {
        protector.name = Name::Is(String::new());
    }
    protector
}

/// A recovery password that was made for the goal of these tests.
pub(super) fn own(name: &str) -> Protector {
    let mut protector = protector(name, ProtectorKind::NumericalPassword);
    protector.name = Name::Is("fdescrow goal".to_owned());
    protector
}

/// A client with a TPM, of which everything could be read.
pub(super) fn seen(conversion: Conversion, protection: ProtectionStatus, protectors: &[Protector]) -> Observation {
    let mut machine = Machine::unknown();
    machine.server = Reading::No;
    machine.tpm = Reading::Yes;
    machine.system_volume = Reading::Yes;
    machine.registry = Some(Registry::default());
    let mut seen = Observation::new(machine, at(0));
    seen.lock = Some(LockStatus::Unlocked);
    seen.conversion = Some(conversion);
    seen.protection = Some(protection);
    seen.encryption_method = Some(EncryptionMethod::XtsAes256);
    seen.suspend_count = Some(0);
    seen.protectors = Some(protectors.to_vec());
    seen
}

pub(super) fn encrypted(protectors: &[Protector]) -> Observation {
    seen(Conversion::FullyEncrypted, ProtectionStatus::On, protectors)
}

pub(super) fn decrypted(protectors: &[Protector]) -> Observation {
    seen(Conversion::FullyDecrypted, ProtectionStatus::Off, protectors)
}

pub(super) fn organization() -> Organization {
    Organization::new("example.com").unwrap()
}

pub(super) fn planner(aim: Aim, rules: Rules) -> Planner {
    let volume = VolumeId::new("C:").unwrap();
    let mut planner = Planner::new(organization(), DeviceId::new("PC-17").unwrap(), Some(volume), rules);
    planner.pursue(Goal::new(Word::new("goal").unwrap(), aim));
    planner
}

pub(super) fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// The receipt of the password of a protector that [`spooled`] put into the spool.
pub(super) fn receipt(name: &str, status: ReceiptStatus, level: Option<Level>) -> Receipt {
    let mut place = Place::new(Kind::BitLocker);
    place.volume = Some(VolumeId::new("C:").unwrap());
    place.protector = Some(id(name));
    let device = DeviceId::new("PC-17").unwrap();
    let mut receipt = Receipt::new(device, place, KeyId::from_bytes([1; 16]), digest(name), status);
    receipt.level = level;
    receipt.request = Some("goal".to_owned());
    receipt
}

pub(super) fn spooled(planner: &mut Planner, name: &str) {
    planner.remember(id(name), Word::new("goal").unwrap(), digest(name));
}

pub(super) fn stored(planner: &mut Planner, name: &str) {
    spooled(planner, name);
    planner.receipt(&receipt(name, ReceiptStatus::Stored, None)).unwrap();
}

pub(super) fn verified(planner: &mut Planner, name: &str) {
    spooled(planner, name);
    planner.receipt(&receipt(name, ReceiptStatus::Verified, Some(Level::EnvelopeOpens))).unwrap();
}

/// The situation and the step, after the server was asked whatever it is to be asked.
pub(super) fn next(planner: &mut Planner, seen: &Observation) -> (Situation, Option<Step>) {
    loop {
        let next = planner.next(seen).unwrap();
        match next.step {
            Some(ref step @ Step::Ask { .. }) => planner.report(step, Outcome::NoAnswer, seen.at).unwrap(),
            step => return (next.situation, step),
        }
    }
}

pub(super) fn situation(planner: &mut Planner, seen: &Observation) -> Situation {
    next(planner, seen).0
}

pub(super) fn rotate(old: &[&str]) -> Aim {
    Aim::Rotate { replace: old.iter().map(|name| id(name)).collect() }
}

pub(super) const TPM: ProtectorKind = ProtectorKind::Tpm;
pub(super) const PASSWORD: ProtectorKind = ProtectorKind::NumericalPassword;
