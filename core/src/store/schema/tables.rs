//! The ten tables.

use super::{Column, ColumnKind, Index, Table, TableDescription};

/// The name of a primary key, as an index.
pub(super) const KEY: &str = "key";

const fn integer(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: ColumnKind::Integer, nullable: false, fixed: false, digested: true, meaning }
}

const fn text(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: ColumnKind::Text, nullable: false, fixed: false, digested: true, meaning }
}

const fn fixed(column: Column) -> Column {
    Column { fixed: true, ..column }
}

const fn optional(column: Column) -> Column {
    Column { nullable: true, ..column }
}

const fn not_digested(column: Column) -> Column {
    Column { digested: false, ..column }
}

const ORGANIZATION: Column = fixed(text("organization", "whose row it is"));
const DEVICE: Column = fixed(text("device", "the device that it belongs to"));
const SUBJECT: Column = fixed(text("device", "the device, or empty for the organization itself"));
const KEY_ID: Column = fixed(text("key_id", "the key id"));
const DIGEST: Column = fixed(text("digest", "SHA-256 of the envelope's bytes"));
const FINGERPRINT: Column = fixed(text("certificate", "SHA-256 of the certificate"));
const REVISION: Column = not_digested(integer("revision", "how many changes were committed"));
const AUDIT_NUMBER: Column = not_digested(integer("audit_number", "the number of the last audit entry, 0 for none"));
const AUDIT_HEAD: Column = not_digested(optional(text("audit_head", "the hash of the last audit entry")));

pub(super) const ALIASES: TableDescription = TableDescription {
    table: Table::Aliases,
    name: "aliases",
    meaning: "Another name of a device: a serial number, a UDID, a host name, an owner. Several devices may have it.",
    key: &[
        ORGANIZATION,
        fixed(text("kind", "what kind of name")),
        fixed(text("value", "the name")),
        fixed(text("device", "the device that has it")),
    ],
    columns: &[text("trust", "`claimed` or `authenticated`")],
    body: false,
    bytes: false,
    ordered: false,
    audited: false,
    indexes: &[],
};

pub(super) const AUDIT: TableDescription = TableDescription {
    table: Table::Audit,
    name: "audit",
    meaning: "One entry of an audit chain: each device has one, and the organization has one for the rest. \
              Inserted, never changed, never deleted.",
    key: &[ORGANIZATION, SUBJECT, fixed(integer("number", "its place in the chain, from 1"))],
    columns: &[fixed(text("hash", "the hash of the entry"))],
    body: true,
    bytes: false,
    ordered: true,
    audited: false,
    indexes: &[],
};

pub(super) const CERTIFICATES: TableDescription = TableDescription {
    table: Table::Certificates,
    name: "certificates",
    meaning: "A certificate that keys were sealed to. Which one is primary is configuration and never read from here.",
    key: &[ORGANIZATION, FINGERPRINT],
    columns: &[text("state", "`decrypt_only`, `retired` or `compromised`"), integer("not_after", "when it expires")],
    body: true,
    bytes: false,
    ordered: false,
    audited: true,
    indexes: &[Index::CERTIFICATES_BY_STATE],
};

pub(super) const CHANGES: TableDescription = TableDescription {
    table: Table::Changes,
    name: "changes",
    meaning: "A change that was committed. The last 256 of each device are remembered, older ones may be forgotten.",
    key: &[ORGANIZATION, fixed(text("change_id", "the change id"))],
    columns: &[SUBJECT, fixed(integer("revision", "the revision that it led to"))],
    body: false,
    bytes: false,
    ordered: false,
    audited: false,
    indexes: &[Index::CHANGES_BY_SUBJECT],
};

pub(super) const DEVICES: TableDescription = TableDescription {
    table: Table::Devices,
    name: "devices",
    meaning: "A device: what was observed of it, and how that was last judged.",
    key: &[ORGANIZATION, fixed(text("device", "the device"))],
    columns: &[
        REVISION,
        optional(text("policy_group", "the group whose policy it follows")),
        optional(text("status", "the status when it was last judged")),
        optional(text("reason", "the first reason of that status")),
        optional(integer("wake_at", "when it is to be judged anew")),
        optional(integer("check_due", "when it is its turn to have keys checked")),
        optional(integer("forgotten_at", "since when it is hidden")),
        AUDIT_NUMBER,
        AUDIT_HEAD,
    ],
    body: true,
    bytes: false,
    ordered: false,
    audited: true,
    indexes: &[
        Index::DEVICES_BY_CHECK,
        Index::DEVICES_BY_GROUP,
        Index::DEVICES_BY_REASON,
        Index::DEVICES_BY_STATUS,
        Index::DEVICES_BY_WAKE,
    ],
};

pub(super) const ENVELOPES: TableDescription = TableDescription {
    table: Table::Envelopes,
    name: "envelopes",
    meaning: "A sealed recovery key, byte for byte. A key has one or more; the same bytes are there once per key.",
    key: &[ORGANIZATION, KEY_ID, DIGEST],
    columns: &[
        DEVICE,
        fixed(integer("number", "its place among the envelopes of the key, from 1")),
        optional(integer("retired_at", "since when it is not used any more")),
    ],
    body: true,
    bytes: true,
    ordered: false,
    audited: true,
    indexes: &[Index::ENVELOPES_BY_DIGEST],
};

pub(super) const KEYS: TableDescription = TableDescription {
    table: Table::Keys,
    name: "keys",
    meaning: "A recovery key, without the key: where it belongs, who brought it, whether it was seen to work.",
    key: &[ORGANIZATION, KEY_ID],
    columns: &[
        DEVICE,
        fixed(integer("number", "its place among the keys of the device, from 1")),
        fixed(text("kind", "the kind of recovery key")),
        fixed(text("wrapped", "the digest of the wrapped key that came with it")),
        optional(text("protector_prefix", "the first eight digits of the protector's id")),
        optional(text("volume", "the volume; a UUID in lower case with its dashes")),
        optional(integer("check_due", "when it is to be checked")),
        optional(text("problem", "why it cannot be taken for one that works")),
        optional(integer("quarantined_at", "since when it waits for an operator's decision")),
        optional(integer("retired_at", "since when it is not current any more")),
        optional(integer("removal_due", "from when on it may be removed, if that was decided")),
    ],
    body: true,
    bytes: false,
    ordered: false,
    audited: true,
    indexes: &[
        Index::KEYS_BY_DEVICE,
        Index::KEYS_BY_DUE,
        Index::KEYS_BY_PREFIX,
        Index::KEYS_BY_PROBLEM,
        Index::KEYS_BY_QUARANTINE,
        Index::KEYS_BY_REMOVAL,
        Index::KEYS_BY_RETIRED,
        Index::KEYS_BY_VOLUME,
        Index::KEYS_BY_WRAPPED,
    ],
};

pub(super) const ORGANIZATIONS: TableDescription = TableDescription {
    table: Table::Organizations,
    name: "organizations",
    meaning: "What concerns no device: certificates change under this row's revision, and it holds the head of the \
              organization's own audit chain.",
    key: &[ORGANIZATION],
    columns: &[REVISION, AUDIT_NUMBER, AUDIT_HEAD],
    body: false,
    bytes: false,
    ordered: false,
    audited: false,
    indexes: &[],
};

pub(super) const RECIPIENTS: TableDescription = TableDescription {
    table: Table::Recipients,
    name: "recipients",
    meaning: "A certificate that an envelope is sealed to.",
    key: &[ORGANIZATION, FINGERPRINT, KEY_ID, DIGEST],
    columns: &[DEVICE, optional(integer("live", "1 while the envelope is in use, empty afterwards"))],
    body: false,
    bytes: false,
    ordered: false,
    audited: false,
    indexes: &[Index::RECIPIENTS_BY_LIVE],
};

pub(super) const RECOVERIES: TableDescription = TableDescription {
    table: Table::Recoveries,
    name: "recoveries",
    meaning: "A request to see a key, who approved it, and what became of it.",
    key: &[ORGANIZATION, fixed(text("recovery", "the recovery id"))],
    columns: &[
        DEVICE,
        text("state", "how far it is"),
        fixed(text("actor", "who asked")),
        fixed(integer("requested_at", "when they asked")),
    ],
    body: true,
    bytes: false,
    ordered: false,
    audited: true,
    indexes: &[Index::RECOVERIES_BY_ACTOR, Index::RECOVERIES_BY_DEVICE, Index::RECOVERIES_BY_STATE],
};
