//! By what can rows be found?

use super::{Table, TableDescription, tables::KEY};

/// An order in which the rows of a table can be listed.
///
/// A row is in an index when none of the index's columns is empty. Within an organization the rows come in
/// the order of the index's columns, then of the rest of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Index {
    table: Table,
    name: &'static str,
    columns: &'static [&'static str],
}

impl Index {
    /// Aliases by kind and value: which devices may be meant.
    pub const ALIASES_BY_KEY: Self = Self::new(Table::Aliases, KEY, &["kind", "value", "device"]);

    /// Audit entries by device (empty for the organization's own), in the order of the chain.
    pub const AUDIT_BY_KEY: Self = Self::new(Table::Audit, KEY, &["device", "number"]);

    /// Certificates by fingerprint.
    pub const CERTIFICATES_BY_KEY: Self = Self::new(Table::Certificates, KEY, &["certificate"]);
    /// Certificates by their state.
    pub const CERTIFICATES_BY_STATE: Self = Self::new(Table::Certificates, "by_state", &["state"]);

    /// Changes by their id.
    pub const CHANGES_BY_KEY: Self = Self::new(Table::Changes, KEY, &["change_id"]);
    /// Changes by device (empty for the organization's own), in their order.
    pub const CHANGES_BY_SUBJECT: Self = Self::new(Table::Changes, "by_subject", &["device", "revision"]);

    /// Devices that have keys to check, the longest due first.
    pub const DEVICES_BY_CHECK: Self = Self::new(Table::Devices, "by_check", &["check_due"]);
    /// Devices by the group whose policy they follow.
    pub const DEVICES_BY_GROUP: Self = Self::new(Table::Devices, "by_group", &["policy_group"]);
    /// Devices by their id.
    pub const DEVICES_BY_KEY: Self = Self::new(Table::Devices, KEY, &["device"]);
    /// Devices by the first reason of their status.
    pub const DEVICES_BY_REASON: Self = Self::new(Table::Devices, "by_reason", &["reason"]);
    /// Devices by status.
    pub const DEVICES_BY_STATUS: Self = Self::new(Table::Devices, "by_status", &["status"]);
    /// Devices to be judged anew, the longest due first.
    pub const DEVICES_BY_WAKE: Self = Self::new(Table::Devices, "by_wake", &["wake_at"]);

    /// Envelopes by the digest of their bytes.
    pub const ENVELOPES_BY_DIGEST: Self = Self::new(Table::Envelopes, "by_digest", &["digest"]);
    /// Envelopes by the key that they hold.
    pub const ENVELOPES_BY_KEY: Self = Self::new(Table::Envelopes, KEY, &["key_id", "digest"]);

    /// The keys of one device, in the order of their arrival.
    pub const KEYS_BY_DEVICE: Self = Self::new(Table::Keys, "by_device", &["device", "number"]);
    /// The keys of one device that are to be checked, the longest due first.
    pub const KEYS_BY_DUE: Self = Self::new(Table::Keys, "by_due", &["device", "check_due"]);
    /// Keys by their id.
    pub const KEYS_BY_KEY: Self = Self::new(Table::Keys, KEY, &["key_id"]);
    /// Keys by the first eight digits of their protector's id: what BitLocker's recovery screen shows.
    pub const KEYS_BY_PREFIX: Self = Self::new(Table::Keys, "by_prefix", &["protector_prefix"]);
    /// Keys that cannot be taken for ones that work, by the reason.
    pub const KEYS_BY_PROBLEM: Self = Self::new(Table::Keys, "by_problem", &["problem"]);
    /// Keys that wait for an operator's decision, the longest waiting first.
    pub const KEYS_BY_QUARANTINE: Self = Self::new(Table::Keys, "by_quarantine", &["quarantined_at"]);
    /// Keys that are to be removed, the longest due first.
    pub const KEYS_BY_REMOVAL: Self = Self::new(Table::Keys, "by_removal", &["removal_due"]);
    /// Keys that another one took the place of, the longest retired first.
    pub const KEYS_BY_RETIRED: Self = Self::new(Table::Keys, "by_retired", &["retired_at"]);
    /// Keys by their volume, a UUID in lower case with its dashes.
    pub const KEYS_BY_VOLUME: Self = Self::new(Table::Keys, "by_volume", &["volume"]);
    /// Keys by the digest of the wrapped key that came with them.
    pub const KEYS_BY_WRAPPED: Self = Self::new(Table::Keys, "by_wrapped", &["wrapped"]);

    /// The organization's own row.
    pub const ORGANIZATIONS_BY_KEY: Self = Self::new(Table::Organizations, KEY, &[]);

    /// Recipients by certificate.
    pub const RECIPIENTS_BY_KEY: Self = Self::new(Table::Recipients, KEY, &["certificate", "key_id", "digest"]);
    /// Envelopes in use that are sealed to a certificate.
    pub const RECIPIENTS_BY_LIVE: Self = Self::new(Table::Recipients, "by_live", &["certificate", "live"]);

    /// What somebody asked for, the oldest first.
    pub const RECOVERIES_BY_ACTOR: Self = Self::new(Table::Recoveries, "by_actor", &["actor", "requested_at"]);
    /// The recoveries of a device.
    pub const RECOVERIES_BY_DEVICE: Self = Self::new(Table::Recoveries, "by_device", &["device"]);
    /// Recoveries by their id.
    pub const RECOVERIES_BY_KEY: Self = Self::new(Table::Recoveries, KEY, &["recovery"]);
    /// Recoveries by their state.
    pub const RECOVERIES_BY_STATE: Self = Self::new(Table::Recoveries, "by_state", &["state"]);

    const fn new(table: Table, name: &'static str, columns: &'static [&'static str]) -> Self {
        Self { table, name, columns }
    }

    /// The order of a table's primary key.
    pub fn key_of(table: Table) -> Self {
        match table {
            Table::Aliases => Self::ALIASES_BY_KEY,
            Table::Audit => Self::AUDIT_BY_KEY,
            Table::Certificates => Self::CERTIFICATES_BY_KEY,
            Table::Changes => Self::CHANGES_BY_KEY,
            Table::Devices => Self::DEVICES_BY_KEY,
            Table::Envelopes => Self::ENVELOPES_BY_KEY,
            Table::Keys => Self::KEYS_BY_KEY,
            Table::Organizations => Self::ORGANIZATIONS_BY_KEY,
            Table::Recipients => Self::RECIPIENTS_BY_KEY,
            Table::Recoveries => Self::RECOVERIES_BY_KEY,
        }
    }

    /// Every order in which the rows of a table can be listed, its key first.
    pub fn all_of(table: Table) -> impl Iterator<Item = Self> {
        std::iter::once(Self::key_of(table)).chain(table.description().indexes.iter().copied())
    }

    /// The table that it lists.
    pub fn table(self) -> Table {
        self.table
    }

    /// The description of that table.
    pub fn description(self) -> &'static TableDescription {
        self.table.description()
    }

    /// Its name, once per table; a primary key is called `key`.
    pub fn as_str(self) -> &'static str {
        self.name
    }

    /// Whether it is the primary key.
    pub fn is_key(self) -> bool {
        self.name == KEY
    }

    /// Its columns, without the organization, which leads every index.
    pub fn columns(self) -> &'static [&'static str] {
        self.columns
    }

    /// All columns that decide the order: its own, then the rest of the key. Together with the organization
    /// they name one row.
    pub fn order(self) -> impl Iterator<Item = &'static str> {
        let rest = self.description().key.iter().skip(1).map(|column| column.name);
        self.columns.iter().copied().chain(rest.filter(move |name| !self.columns.contains(name)))
    }
}
