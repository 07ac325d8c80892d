//! Whose key is it that somebody reads from a screen?
//!
//! A search gives candidates, never keys: which of them it is, a person says.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Error, Escrow};
use crate::{
    audit::{Action, Draft},
    ids::{Actor, DeviceId, KeyId},
    recovery::search::{self, Search},
    store::{
        ChangeId, Index, ReadRecords, RowQuery,
        records::{Alias, AliasRecord, KeyRecord},
    },
    time::Timestamp,
    verification::Place,
};

/// How many candidates a search gives at the most.
pub const MAX_FOUND: usize = 100;

/// The kinds of alias that a search looks at.
const ALIAS_KINDS: [&str; 6] = ["hostname", "owner", "serial", "udid", "uuid", "asset"];

/// A key that may be meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// Whose key.
    pub device: DeviceId,
    /// The key; none: the device was found and has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// Kind, volume and protector.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Whether it is retired: the device had it once.
    pub retired: bool,
}

impl Found {
    fn new(record: &KeyRecord) -> Self {
        Self {
            device: record.device.clone(),
            key: Some(record.facts.id()),
            place: Some(record.facts.place().clone()),
            retired: record.facts.retired().is_some(),
        }
    }
}

impl Escrow {
    /// Finds keys by what a person reads or types: the recovery key ID of a BitLocker screen, a volume's UUID, the
    /// name of a device, one of its aliases. At most [`MAX_FOUND`].
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn find(&self, search: &Search) -> Result<Vec<Found>, Error> {
        let mut found = BTreeSet::new();
        if let Some(prefix) = search.protector_prefix() {
            let query = RowQuery::new(&self.organization, Index::KEYS_BY_PREFIX).equal(prefix);
            self.find_keys(&query, &mut found, |key| {
                key.facts.place().protector.as_ref().is_some_and(|protector| search.is_protector(protector))
            })?;
        }
        let volume = search::canonical(search.name());
        let query = RowQuery::new(&self.organization, Index::KEYS_BY_VOLUME).equal(volume.as_str());
        self.find_keys(&query, &mut found, |_| true)?;
        let mut devices = BTreeSet::new();
        if let Ok(device) = DeviceId::new(search.name())
            && self.device_record(&device)?.is_some()
        {
            devices.insert(device);
        }
        for kind in ALIAS_KINDS {
            let query = RowQuery::new(&self.organization, Index::ALIASES_BY_KEY).equal(kind).equal(search.name());
            let page = self.store.as_ref().read_page::<AliasRecord>(&query)?;
            devices.extend(page.records.into_iter().map(|alias| alias.device));
        }
        for device in devices {
            let keys = self.keys_of(&device)?.keys;
            if keys.is_empty() {
                found.insert(Found { device, key: None, place: None, retired: false });
            }
            found.extend(keys.iter().map(Found::new));
        }
        Ok(found.into_iter().take(MAX_FOUND).collect())
    }

    fn find_keys(
        &self,
        query: &RowQuery,
        found: &mut BTreeSet<Found>,
        is_meant: impl Fn(&KeyRecord) -> bool,
    ) -> Result<(), Error> {
        let mut query = query.clone();
        loop {
            let page = self.store.as_ref().read_page::<KeyRecord>(&query)?;
            found.extend(page.records.iter().filter(|key| is_meant(key)).map(Found::new));
            match page.next {
                Some(next) if found.len() < MAX_FOUND => query = query.after(next),
                _ => return Ok(()),
            }
        }
    }

    /// Gives a device other names, by which it is found: those that it had of the same kind and source are replaced.
    ///
    /// # Errors
    /// [`Error::DeviceUnknown`]; [`Error::Misuse`] for more than 64; [`Error::Store`].
    pub fn name_device(&self, device: &DeviceId, names: &[Alias], by: &Actor, now: Timestamp) -> Result<(), Error> {
        let id = ChangeId::generate(self.rng())?;
        self.transact(device, id, now, |change| {
            if !change.known {
                return Err(Error::DeviceUnknown);
            }
            let replaced =
                |alias: &Alias| names.iter().any(|name| name.kind() == alias.kind() && name.source() == alias.source());
            let mut aliases = change.device.aliases.clone();
            aliases.retain(|alias| !replaced(alias));
            aliases.extend(names.iter().cloned());
            if aliases.len() > 64 {
                return Err(Error::Misuse("a device has at most 64 other names"));
            }
            if aliases != change.device.aliases {
                change.device.aliases = aliases;
                change.audit(Draft::new(by.clone(), Action::DeviceChanged));
            }
            Ok(())
        })
    }
}
