//! Is everything there that was promised, and nothing half done?
//!
//! Three witnesses: SQLite over its own file, plain SQL over the tables, and the library, which reads every record,
//! every chain and every row's digest. What they find is a list of sentences, so that a test can see them find.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    path::Path,
};

use fdescrow::{
    Digest, Escrow, KeyId,
    audit::{Action, Checkpoint, Entry},
    escrow::{KeySummary, Page, ReceiptStatus},
    policy::Level,
    recovery::RecoveryState,
    store::{Record, Store, Table, records::RecoveryRecord},
};
use fdescrow_tests::crash::{ORGANIZATION, Party, at};
use rusqlite::Connection;

use crate::ledger::Ledger;

/// What SQLite and plain SQL say of the file. Opening it recovers what lies in the write-ahead log.
pub(crate) fn file_violations(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let answer: Result<Vec<String>, _> = connection
        .prepare("PRAGMA integrity_check")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect());
    match answer {
        Ok(lines) if lines == ["ok"] => {}
        Ok(lines) => return lines.into_iter().map(|line| format!("integrity_check: {line}")).collect(),
        Err(error) => return vec![format!("integrity_check: {error}")],
    }
    let mut found = Vec::new();
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    // a file whose very creation was interrupted has no tables and no log yet
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    if tables == 0 {
        return found;
    }
    if mode != "wal" {
        found.push(format!("the journal mode is {mode}"));
    }
    for (what, query) in IMPOSSIBLE {
        let count: i64 = connection.query_row(&format!("SELECT count(*) {query}"), [], |row| row.get(0)).unwrap();
        if count > 0 {
            found.push(format!("{count} {what}"));
        }
    }
    found
}

/// Rows that no committed change leaves behind, and the query that finds them.
const IMPOSSIBLE: &[(&str, &str)] = &[
    (
        "keys without an envelope",
        "FROM fdescrow_keys k WHERE NOT EXISTS (SELECT 1 FROM fdescrow_envelopes e \
         WHERE e.organization = k.organization AND e.key_id = k.key_id AND e.device = k.device)",
    ),
    (
        "envelopes without their key",
        "FROM fdescrow_envelopes e WHERE NOT EXISTS (SELECT 1 FROM fdescrow_keys k \
         WHERE k.organization = e.organization AND k.key_id = e.key_id AND k.device = e.device)",
    ),
    (
        "recipients without their envelope",
        "FROM fdescrow_recipients r WHERE NOT EXISTS (SELECT 1 FROM fdescrow_envelopes e \
         WHERE e.organization = r.organization AND e.key_id = r.key_id AND e.digest = r.digest \
         AND (e.retired_at IS NULL) = (r.live IS NOT NULL))",
    ),
    (
        "recipients of certificates that are not registered",
        "FROM fdescrow_recipients r WHERE NOT EXISTS (SELECT 1 FROM fdescrow_certificates c \
         WHERE c.organization = r.organization AND c.certificate = r.certificate)",
    ),
    (
        "keys of no device",
        "FROM fdescrow_keys k WHERE NOT EXISTS (SELECT 1 FROM fdescrow_devices d \
         WHERE d.organization = k.organization AND d.device = k.device)",
    ),
    (
        "recoveries of no device",
        "FROM fdescrow_recoveries r WHERE NOT EXISTS (SELECT 1 FROM fdescrow_devices d \
         WHERE d.organization = r.organization AND d.device = r.device)",
    ),
    (
        "devices that are not due when the first of their keys is",
        // or, if that one did not get its turn, when others of the device had theirs
        "FROM fdescrow_devices d WHERE d.check_due IS NOT (SELECT min(k.check_due) FROM fdescrow_keys k \
         WHERE k.organization = d.organization AND k.device = d.device) \
         AND NOT (d.check_due > (SELECT min(k.check_due) FROM fdescrow_keys k \
         WHERE k.organization = d.organization AND k.device = d.device) \
         AND EXISTS (SELECT 1 FROM fdescrow_audit a WHERE a.organization = d.organization AND a.device = d.device \
         AND strftime('%s', json_extract(a.body, '$.time')) = CAST(d.check_due AS TEXT)))",
    ),
    (
        "devices whose head is not their last entry",
        "FROM fdescrow_devices d WHERE NOT EXISTS (SELECT 1 FROM fdescrow_audit a \
         WHERE a.organization = d.organization AND a.device = d.device AND a.number = d.audit_number \
         AND a.hash = d.audit_head) OR d.audit_number <> (SELECT count(*) FROM fdescrow_audit a \
         WHERE a.organization = d.organization AND a.device = d.device)",
    ),
    (
        "organizations whose head is not their last entry",
        "FROM fdescrow_organizations o WHERE o.audit_number <> (SELECT count(*) FROM fdescrow_audit a \
         WHERE a.organization = o.organization AND a.device = '') OR o.audit_head IS NOT (SELECT a.hash \
         FROM fdescrow_audit a WHERE a.organization = o.organization AND a.device = '' AND a.number = o.audit_number)",
    ),
    (
        "devices that are not at the revision of their last change",
        "FROM fdescrow_devices d WHERE d.revision IS NOT (SELECT max(c.revision) FROM fdescrow_changes c \
         WHERE c.organization = d.organization AND c.device = d.device)",
    ),
];

/// What the library finds, of what was promised and of what must never be.
pub(crate) fn violations(
    store: &dyn Store,
    escrow: &Escrow,
    party: &Party,
    ledger: &Ledger,
    checkpoint: Option<&Checkpoint>,
) -> Vec<String> {
    let mut found = ledger.wrong.clone();
    let report = escrow.verify_audit(&[party.mac_key()], checkpoint).unwrap();
    found.extend(report.findings.iter().map(|finding| format!("audit: {finding}")));
    if report.unreadable > 0 {
        found.push(format!("{} rows cannot be read", report.unreadable));
    }
    let keys = all_keys(escrow);
    let releases = releases(store);
    let mut finished = BTreeMap::new();
    let mut opened = BTreeSet::new();
    for device in keys.values().map(|key| &key.device).collect::<BTreeSet<_>>() {
        let entries = escrow.audit_of(device, 0, 1000).unwrap();
        found.extend(release_order(&entries, &mut finished));
        let references = |entry: &&Entry| matches!(entry.action(), Action::KeyChecked | Action::Released);
        opened.extend(entries.iter().filter(references).filter_map(|entry| entry.references().key));
    }
    for (recovery, state) in releases.iter().filter(|(recovery, state)| finished.get(*recovery) != Some(*state)) {
        found.push(format!("recovery {recovery} is {}, and the audit says otherwise", state.as_str()));
    }
    for (recovery, _) in finished.iter().filter(|(recovery, _)| !releases.contains_key(*recovery)) {
        found.push(format!("recovery {recovery} is in the audit only"));
    }
    for (id, key) in &keys {
        if key.last_success.is_some() != opened.contains(id) {
            found.push(format!("that key {id} opened is in the audit or in its record, and not in both"));
        }
    }
    found.extend(broken_promises(escrow, &keys, ledger, &releases));
    found
}

fn all_keys(escrow: &Escrow) -> BTreeMap<KeyId, KeySummary> {
    let devices = escrow.devices(&Page::first().limit(1000), at(0, 0)).unwrap();
    assert!(devices.next.is_none(), "there are more devices than the test makes");
    let history = devices.into_iter().flat_map(|device| escrow.history(&device.device).unwrap());
    history.map(|key| (key.id, key)).collect()
}

/// The state of every recovery, by its id as audit entries name it.
fn releases(store: &dyn Store) -> BTreeMap<String, RecoveryState> {
    let mut releases = BTreeMap::new();
    let visit = &mut |row: Result<&fdescrow::store::Row, &fdescrow::store::Corrupt>| {
        if let Some(record) = row.ok().and_then(|row| RecoveryRecord::from_row(row).ok()) {
            releases.insert(record.recovery.to_string(), record.course.state());
        }
        ControlFlow::Continue(())
    };
    store.snapshot(&ORGANIZATION.parse().unwrap(), &[Table::Recoveries], visit).unwrap();
    releases
}

/// Promise 1: no key is released that was not authorised before, and none twice.
fn release_order(entries: &[Entry], finished: &mut BTreeMap<String, RecoveryState>) -> Vec<String> {
    let mut found = Vec::new();
    for entry in entries {
        let next = match entry.action() {
            Action::ReleaseAuthorized => RecoveryState::ReleaseAuthorized,
            Action::Released => RecoveryState::Released,
            Action::ReleaseFailed => RecoveryState::ReleaseFailed,
            _ => continue,
        };
        let request = entry.references().request.as_ref().map(ToString::to_string).unwrap_or_default();
        let before = finished.insert(request.clone(), next);
        let expected = (next != RecoveryState::ReleaseAuthorized).then_some(RecoveryState::ReleaseAuthorized);
        if before != expected {
            found.push(format!("recovery {request} is {} without being authorised before, or twice", next.as_str()));
        }
    }
    found
}

/// Promise 2, and that an answer is durable.
fn broken_promises(
    escrow: &Escrow,
    keys: &BTreeMap<KeyId, KeySummary>,
    ledger: &Ledger,
    releases: &BTreeMap<String, RecoveryState>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (id, promised) in &ledger.received {
        let Some(key) = keys.get(id) else {
            found.push(format!("the acknowledged upload {} is gone", promised.request));
            continue;
        };
        let sent = &ledger.sent[&promised.request];
        let apart = key.quarantine.is_some();
        let first = key.envelopes.first().map(|envelope| envelope.digest);
        let same = key.device == sent.device
            && key.place.kind == sent.kind
            && first == Some(promised.envelope)
            && key.sightings >= promised.sightings
            && apart == promised.apart;
        if !same {
            found.push(format!("the acknowledged upload {} is another: {key:?}", promised.request));
        }
        // what was sent sealed is kept to the byte
        if let Some(bytes) = &sent.sealed
            && first != Some(Digest::of(bytes))
        {
            found.push(format!("the envelope of {} is not that which was sent", promised.request));
        }
        if key.envelopes.iter().all(|envelope| envelope.retired.is_some()) {
            found.push(format!("no envelope of {} is in use", promised.request));
        }
        let verified = key.level.is_some_and(|level| level >= Level::EnvelopeOpens) && key.reason.is_none();
        if ledger.verified.contains(id) && !verified {
            found.push(format!("{} was verified and is not", promised.request));
        }
        // those that were acknowledged since the last look, as their senders would ask
        if promised.fresh {
            let receipt = escrow.receipt(id).unwrap();
            let expected = match (apart, verified) {
                (true, _) => ReceiptStatus::Quarantined,
                (false, true) => ReceiptStatus::Verified,
                (false, false) => ReceiptStatus::Stored,
            };
            if (receipt.envelope, receipt.status) != (promised.envelope, expected) {
                found.push(format!("the receipt of {} is another: {receipt:?}", promised.request));
            }
        }
    }
    for (recovery, key) in &ledger.revealed {
        if releases.get(&recovery.to_string()) != Some(&RecoveryState::Released) {
            found.push(format!("key {key} was handed out by recovery {recovery}, and that is not recorded"));
        }
    }
    found
}
