//! Is the disk of a device encrypted and protected?
//!
//! [`Posture`] is what a device, its management and its agent said of its disks, apart from all keys. It keeps
//! the last definite answer to each question with its time: what is unknown or partial takes nothing away,
//! and what is older than what is known changes nothing. So its judgement never rests on a reading that failed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    fact::Place,
    observation::{
        Conversion, EncryptionMethod, FileVaultReading, Observation, ProtectorKind, ProtectorReading,
        ProtectorSnapshot, Reading, VolumeReading,
    },
};
use crate::{
    ids::{Platform, VolumeId, Word},
    key::Kind,
    time::Timestamp,
};

/// An answer, and when it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Seen<T> {
    /// What was seen.
    pub value: T,
    /// When.
    pub at: Timestamp,
}

impl<T> Seen<T> {
    /// An answer of this moment.
    pub fn new(value: T, at: Timestamp) -> Self {
        Self { value, at }
    }
}

/// What the management system is doing with the configuration of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Operation {
    /// It is to be there.
    Install,
    /// It is to go.
    Remove,
}

/// How far the configuration of a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Delivery {
    /// It is to be sent, or was sent without an answer.
    Pending,
    /// The device said that it has done it.
    Acknowledged,
    /// It was seen on the device that it is done.
    Confirmed,
    /// The device refused it.
    Failed,
}

/// The last that was heard of the configuration of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Configuration {
    /// What is being done.
    pub operation: Operation,
    /// How far it is.
    pub delivery: Delivery,
    /// When that was heard.
    pub at: Timestamp,
}

impl Configuration {
    /// What was heard at this moment.
    pub fn new(operation: Operation, delivery: Delivery, at: Timestamp) -> Self {
        Self { operation, delivery, at }
    }

    /// Whether the configuration is on the device.
    pub fn is_installed(&self) -> bool {
        self.operation == Operation::Install && matches!(self.delivery, Delivery::Acknowledged | Delivery::Confirmed)
    }
}

/// What is known of one volume.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VolumePosture {
    /// Which volume; none: the boot volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<VolumeId>,
    /// Whether what is on it is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<Seen<bool>>,
    /// Whether its key is protected: BitLocker can be suspended, with the key in clear on the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<Seen<bool>>,
    /// What BitLocker is doing with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion: Option<Seen<Conversion>>,
    /// What it is encrypted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Seen<EncryptionMethod>>,
    /// The last complete list of its protectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protectors: Option<Seen<ProtectorSnapshot>>,
    /// Members of a newer version, kept as they are.
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

impl VolumePosture {
    fn observe(&mut self, reading: &VolumeReading, at: Timestamp) {
        answer(&mut self.encrypted, definite(reading.encrypted), at);
        answer(&mut self.protected, definite(reading.protected), at);
        answer(&mut self.conversion, reading.conversion, at);
        answer(&mut self.method, reading.method, at);
        let complete = reading.protectors.clone().filter(|snapshot| snapshot.complete);
        answer(&mut self.protectors, complete, at);
    }
}

/// What is known of FileVault on a Mac.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileVaultPosture {
    /// Whether it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<Seen<bool>>,
    /// Whether there is a personal recovery key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_recovery_key: Option<Seen<bool>>,
    /// How often the user may still say "not now" at login; -1: as often as they like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bypasses_left: Option<Seen<i32>>,
    /// Members of a newer version, kept as they are.
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

impl FileVaultPosture {
    fn observe(&mut self, reading: &FileVaultReading, at: Timestamp) {
        answer(&mut self.enabled, definite(reading.enabled), at);
        answer(&mut self.personal_recovery_key, definite(reading.personal_recovery_key), at);
        answer(&mut self.bypasses_left, reading.bypasses_left, at);
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is known of the disks of a device, apart from its keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Posture {
    /// What kind of system it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<VolumePosture>,
    #[serde(default, skip_serializing_if = "FileVaultPosture::is_empty")]
    filevault: FileVaultPosture,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    configuration: Option<Configuration>,
    /// What its agent said last: what it could not do, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<Seen<Option<Word>>>,
    /// When the device last said anything of its disks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    observed: Option<Timestamp>,
    /// Members of a newer version, kept as they are.
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

impl Posture {
    /// How many volumes of a device are kept; the boot volume always is.
    pub const MAX_VOLUMES: usize = 64;

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What kind of system it is, if that was said.
    pub fn platform(&self) -> Option<Platform> {
        self.platform
    }

    /// Its volumes, the boot volume first.
    pub fn volumes(&self) -> &[VolumePosture] {
        &self.volumes
    }

    /// The boot volume, if anything was said of it.
    pub fn boot_volume(&self) -> Option<&VolumePosture> {
        self.volumes.first().filter(|volume| volume.volume.is_none())
    }

    /// What is known of FileVault.
    pub fn filevault(&self) -> &FileVaultPosture {
        &self.filevault
    }

    /// How far its configuration is.
    pub fn configuration(&self) -> Option<&Configuration> {
        self.configuration.as_ref()
    }

    /// What its agent could not do, if it said so and has not said since that it could.
    pub fn failure(&self) -> Option<&Word> {
        self.agent.as_ref()?.value.as_ref()
    }

    /// When it last said anything of its disks.
    pub fn observed(&self) -> Option<Timestamp> {
        self.observed
    }

    /// Whether its disk is encrypted, as far as was said: FileVault's own word counts for the boot volume.
    pub fn is_encrypted(&self) -> Option<&Seen<bool>> {
        let boot = self.boot_volume().and_then(|boot| boot.encrypted.as_ref());
        match (boot, self.filevault.enabled.as_ref()) {
            (Some(boot), Some(filevault)) => Some(if filevault.at > boot.at { filevault } else { boot }),
            (boot, filevault) => boot.or(filevault),
        }
    }

    /// Whether another one says the same, whenever it was said.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.timeless() == other.timeless()
    }

    fn timeless(&self) -> Self {
        let mut posture = self.clone();
        let at = Timestamp::MIN;
        let times = |volume: &mut VolumePosture| {
            let booleans =
                [&mut volume.encrypted, &mut volume.protected].into_iter().flatten().map(|seen| &mut seen.at);
            let conversion = volume.conversion.iter_mut().map(|seen| &mut seen.at);
            let method = volume.method.iter_mut().map(|seen| &mut seen.at);
            let protectors = volume.protectors.iter_mut().map(|seen| &mut seen.at);
            booleans.chain(conversion).chain(method).chain(protectors).for_each(|time| *time = at);
        };
        posture.volumes.iter_mut().for_each(times);
        let filevault = &mut posture.filevault;
        let booleans = [&mut filevault.enabled, &mut filevault.personal_recovery_key].into_iter().flatten();
        booleans.for_each(|seen| seen.at = at);
        filevault.bypasses_left.iter_mut().for_each(|seen| seen.at = at);
        posture.configuration.iter_mut().for_each(|configuration| configuration.at = at);
        posture.agent.iter_mut().for_each(|seen| seen.at = at);
        posture.observed = None;
        posture
    }

    pub(super) fn observe(&mut self, observation: &Observation) {
        let at = observation.at;
        for reading in &observation.volumes {
            if let Some(volume) = self.volume(reading.volume.as_ref()) {
                volume.observe(reading, at);
            }
        }
        if let Some(reading) = &observation.filevault {
            self.filevault.observe(reading, at);
        }
        if observation.platform.is_some() {
            self.platform = observation.platform;
        }
        self.observed = self.observed.max(Some(at));
    }

    pub(super) fn configure(&mut self, configuration: Configuration) {
        if self.configuration.is_none_or(|known| known.at <= configuration.at) {
            self.configuration = Some(configuration);
        }
    }

    pub(super) fn report(&mut self, failure: Option<&Word>, at: Timestamp) {
        answer(&mut self.agent, Some(failure.cloned()), at);
    }

    /// A system that was installed anew: nothing of what was said of the old one holds.
    pub(super) fn reinstall(&mut self) {
        *self = Self { platform: self.platform, ..Self::default() };
    }

    /// The volume, made if there is room for it.
    fn volume(&mut self, volume: Option<&VolumeId>) -> Option<&mut VolumePosture> {
        let same = self.volumes.iter().position(|known| is_same(known.volume.as_ref(), volume));
        let index =
            match same.map_or_else(|| self.volumes.binary_search_by(|known| known.volume.as_ref().cmp(&volume)), Ok) {
                Ok(index) => index,
                Err(_) if self.volumes.len() >= Self::MAX_VOLUMES && volume.is_some() => return None,
                Err(index) => {
                    let volume = VolumePosture { volume: volume.cloned(), ..VolumePosture::default() };
                    self.volumes.insert(index, volume);
                    index
                }
            };
        self.volumes.get_mut(index)
    }

    /// What the last complete list of protectors says of a key of this place that came at `received`.
    pub(super) fn protector_of(&self, place: &Place, received: Timestamp) -> Option<bool> {
        let wanted = place.protector.as_ref()?;
        let volume = self.volumes.iter().find(|known| is_same(known.volume.as_ref(), place.volume.as_ref()))?;
        let snapshot = volume.protectors.as_ref().filter(|snapshot| snapshot.at > received)?;
        Some(snapshot.value.protectors.iter().any(|protector| protector.id.is_same(wanted)))
    }

    /// Whether there is a recovery protector that none of these places names.
    pub(super) fn unknown_protector<'a>(&self, places: impl Iterator<Item = &'a Place> + Clone) -> bool {
        // A key of a LUKS volume that names no slot may be that of any.
        let is_of = |place: &Place, protector: &ProtectorReading| match &place.protector {
            Some(id) => id.is_same(&protector.id),
            None => protector.kind == ProtectorKind::Passphrase && place.kind != Kind::BitLocker,
        };
        let mut protectors = self
            .volumes
            .iter()
            .filter_map(|volume| volume.protectors.as_ref())
            .flat_map(|snapshot| &snapshot.value.protectors);
        protectors.any(|protector| protector.is_for_recovery() && !places.clone().any(|place| is_of(place, protector)))
    }
}

/// The same volume, however it is written: a key that came under another spelling is not gone.
fn is_same(known: Option<&VolumeId>, other: Option<&VolumeId>) -> bool {
    match (known, other) {
        (Some(known), Some(other)) => known.is_same(other),
        (known, other) => known == other,
    }
}

/// Takes an answer, unless a later one is known.
fn answer<T>(known: &mut Option<Seen<T>>, value: Option<T>, at: Timestamp) {
    if let Some(value) = value
        && known.as_ref().is_none_or(|known| known.at <= at)
    {
        *known = Some(Seen::new(value, at));
    }
}

/// Yes and no are answers; unknown is none.
fn definite(reading: Reading) -> Option<bool> {
    match reading {
        Reading::Yes => Some(true),
        Reading::No => Some(false),
        Reading::Unknown => None,
    }
}
