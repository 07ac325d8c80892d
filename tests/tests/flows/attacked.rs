//! What does somebody leave behind who writes the database file and knows how a hash is computed?
//!
//! The attacker has the file, this documentation and all certificates, and neither the MAC key nor the checkpoint. Each
//! attack is made on a file of its own, verified through [`Escrow`](fdescrow::Escrow) alone, with the MAC key and with the
//! checkpoint, and what is not found is asserted as much as what is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::ControlFlow,
    path::Path,
    sync::Arc,
};

use fdescrow::{
    Kind,
    audit::{Checkpoint, CheckpointLimits, Entry, MacKey},
    store::Store,
};
use fdescrow_stores::SqliteStore;
use fdescrow_tests::{
    ScratchDir,
    fleet::{Custodian, Fleet, agent, at, device, in_clear},
    scratch,
};
use rusqlite::{Connection, params};
use serde_json::Value;

const DEVICES: usize = 6;
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn mac_key() -> MacKey {
    MacKey::parse(&[7; 32]).unwrap()
}

fn open(path: &Path) -> Fleet {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path).unwrap());
    Fleet { escrow: Fleet::builder(Arc::clone(&store)).mac_key(mac_key()).build().unwrap(), store }
}

/// A file with a history, the checkpoint that was put away, and the file as it was before that history's last part.
struct Scene {
    folder: ScratchDir,
    checkpoint: Checkpoint,
}

/// What verifying found, in the words of the findings.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    alone: BTreeSet<&'static str>,
    with_key: BTreeSet<&'static str>,
    with_checkpoint: BTreeSet<&'static str>,
}

impl Scene {
    fn new() -> Self {
        let folder = scratch("attacked");
        let path = folder.join("whole.db");
        let fleet = open(&path);
        let keyring = Custodian::curve().keyring();
        for number in 0..DEVICES {
            let pc = device(format!("PC-{number}"));
            fleet.receive(agent(&pc, "1", Custodian::curve()).upload(&pc), at(0));
            fleet.receive(in_clear(Kind::BitLocker).of_protector("1").upload(&pc), at(1));
        }
        fleet.check(&keyring, at(2));
        copy(&fleet, &folder, "earlier.db");
        for number in 0..DEVICES {
            let pc = device(format!("PC-{number}"));
            fleet.reveal(&pc, &keyring, at(3)).unwrap();
            fleet.receive(agent(&pc, "1", Custodian::stranger()).upload(&pc), at(4));
        }
        fleet.check(&keyring, at(5));
        let mut file = String::new();
        let mut write = |line: &str| {
            file.push_str(line);
            ControlFlow::Continue(())
        };
        fleet.escrow.checkpoint(None, at(6), &mut write).unwrap();
        let checkpoint = Checkpoint::parse(file.as_bytes(), &CheckpointLimits::default()).unwrap();
        copy(&fleet, &folder, "copy.db");
        Self { folder, checkpoint }
    }

    /// What is found in a file in which this was done.
    fn after(&self, attack: impl FnOnce(&Attacker)) -> Found {
        let path = self.folder.join("attacked.db");
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", path.display()));
        }
        fs::copy(self.folder.join("copy.db"), &path).unwrap();
        let attacker = Attacker(Connection::open(&path).unwrap());
        attack(&attacker);
        drop(attacker);
        let fleet = open(&path);
        let verify = |keys: &[MacKey], checkpoint| {
            let report = fleet.escrow.verify_audit(keys, checkpoint).unwrap();
            assert_eq!(report.unreadable, 0, "what the attacker writes can be read");
            report.findings.iter().map(|finding| finding.problem.as_str()).collect()
        };
        Found {
            alone: verify(&[], None),
            with_key: verify(&[mac_key()], None),
            with_checkpoint: verify(&[], Some(&self.checkpoint)),
        }
    }
}

fn copy(fleet: &Fleet, folder: &ScratchDir, to: &str) {
    let whole = Connection::open(folder.join("whole.db")).unwrap();
    whole.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    fs::copy(folder.join("whole.db"), folder.join(to)).unwrap();
    fleet.assert_intact();
}

/// Somebody who writes the file.
struct Attacker(Connection);

impl Attacker {
    fn run(&self, statements: &str) {
        self.0.execute_batch(statements).unwrap();
    }

    fn text(&self, query: &str) -> String {
        self.0.query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// The entries of a device, as JSON.
    fn chain(&self, device: &str) -> Vec<Value> {
        let mut query = self.0.prepare("SELECT body FROM fdescrow_audit WHERE device = ?1 ORDER BY number").unwrap();
        let bodies = query.query_map([device], |row| row.get::<_, String>(0)).unwrap();
        bodies.map(|body| serde_json::from_str(&body.unwrap()).unwrap()).collect()
    }

    /// Writes a chain anew: numbers, links and hashes are made to fit, the head too. A MAC cannot be made; `keep` says
    /// whether those that are there stay.
    fn write_chain(&self, device: &str, entries: Vec<Value>, keep: bool) {
        let orders: Vec<i64> = {
            let query = "SELECT commit_order FROM fdescrow_audit WHERE device = ?1 ORDER BY number";
            let mut query = self.0.prepare(query).unwrap();
            query.query_map([device], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let last: i64 = self.0.query_row("SELECT max(commit_order) FROM fdescrow_audit", [], |row| row.get(0)).unwrap();
        self.0.execute("DELETE FROM fdescrow_audit WHERE device = ?1", [device]).unwrap();
        let mut previous = GENESIS.to_owned();
        let mut number = 0_i64;
        for mut entry in entries {
            number += 1;
            let content = entry.as_object_mut().unwrap();
            content.insert("number".to_owned(), number.into());
            content.insert("previous".to_owned(), previous.clone().into());
            if !keep {
                content.remove("mac");
            }
            let hash = Entry::parse(entry.to_string().as_bytes()).unwrap().computed_hash().to_string();
            entry.as_object_mut().unwrap().insert("hash".to_owned(), hash.clone().into());
            let order = orders.get(usize::try_from(number - 1).unwrap()).copied().unwrap_or(last + number);
            let statement = "INSERT INTO fdescrow_audit (organization, device, number, hash, body, commit_order) \
                             VALUES ('example.com', ?1, ?2, ?3, ?4, ?5)";
            self.0.execute(statement, params![device, number, hash, entry.to_string(), order]).unwrap();
            previous = hash;
        }
        let statement = "UPDATE fdescrow_devices SET audit_number = ?2, audit_head = ?3 WHERE device = ?1";
        self.0.execute(statement, params![device, number, previous]).unwrap();
    }

    /// Lets the last entry of a device that names a row say the digest that the row has now.
    fn admit_rows(&self, device: &str, path: &Path) {
        let store = SqliteStore::open(path).unwrap();
        let (rows, _) = fdescrow_tests::fleet::rows(&store, &"example.com".parse().unwrap());
        let digests: BTreeMap<String, String> =
            rows.iter().map(|row| (row.key().name(), row.digest().to_string())).collect();
        let mut entries = self.chain(device);
        let mut seen = BTreeSet::new();
        for entry in entries.iter_mut().rev() {
            let Some(rows) = entry.pointer_mut("/references/rows").and_then(Value::as_object_mut) else { continue };
            for (name, digest) in rows.iter_mut().filter(|(name, _)| seen.insert((*name).clone())) {
                *digest = digests[name].clone().into();
            }
        }
        self.write_chain(device, entries, true);
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().unwrap().into()
    }
}

fn words<const N: usize>(words: [&'static str; N]) -> BTreeSet<&'static str> {
    words.into_iter().collect()
}

#[test]
fn a_file_that_nobody_touched_is_intact_by_every_means() {
    let scene = Scene::new();
    let nothing = BTreeSet::new;
    let expected = Found { alone: nothing(), with_key: nothing(), with_checkpoint: nothing() };
    assert_eq!(scene.after(|_| {}), expected);
}

#[test]
fn entries_that_are_changed_deleted_inserted_or_moved_in_the_file_are_found_alone_counted() {
    let scene = Scene::new();
    let chain = Attacker(Connection::open(scene.folder.join("copy.db")).unwrap()).chain("PC-1");
    let (mut attacks, mut found) = (0, 0);
    let mut count = |attack: String| {
        attacks += 1;
        found += usize::from(!scene.after(|attacker| attacker.run(&attack)).alone.is_empty());
    };
    for number in 1..=chain.len() {
        let entry = format!("device = 'PC-1' AND number = {number}");
        for (from, to) in [("orbit", "obrit"), ("\"check\"", "\"chuck\""), ("ana", "anb"), ("2026", "2025")] {
            if chain[number - 1].to_string().contains(from) {
                count(format!("UPDATE fdescrow_audit SET body = replace(body, '{from}', '{to}') WHERE {entry}"));
            }
        }
        count(format!("DELETE FROM fdescrow_audit WHERE {entry}"));
        count(format!(
            "UPDATE fdescrow_audit SET body = (SELECT body FROM fdescrow_audit a WHERE a.device = 'PC-2' \
             AND a.number = {number}) WHERE {entry}"
        ));
        let next = number % chain.len() + 1;
        count(format!(
            "UPDATE fdescrow_audit SET number = -1 WHERE {entry}; \
             UPDATE fdescrow_audit SET number = {number} WHERE device = 'PC-1' AND number = {next}; \
             UPDATE fdescrow_audit SET number = {next} WHERE device = 'PC-1' AND number = -1"
        ));
        count(format!(
            "INSERT INTO fdescrow_audit (organization, device, number, hash, body, commit_order) \
             SELECT organization, device, {}, hash, body, 1000 FROM fdescrow_audit WHERE {entry}",
            chain.len() + number
        ));
    }
    println!(
        "{attacks} entries changed, deleted, exchanged, moved or inserted in the file: {found} found by the chain alone"
    );
    assert_eq!(found, attacks);
    assert!(attacks >= 5 * chain.len());
}

#[test]
fn a_chain_that_is_computed_anew_in_the_file_is_found_with_a_key_or_a_checkpoint_and_not_without_counted() {
    let scene = Scene::new();
    let length = Attacker(Connection::open(scene.folder.join("copy.db")).unwrap()).chain("PC-3").len();
    let mut attacks = 0;
    for index in 0..length {
        for keep in [true, false] {
            let found = scene.after(|attacker| {
                let mut chain = attacker.chain("PC-3");
                chain[index]["actor"] = "somebody else".into();
                attacker.write_chain("PC-3", chain, keep);
            });
            assert_eq!(found.alone, words([]), "not found without");
            assert_eq!(
                found.with_key,
                if keep { words(["mac_wrong", "mac_missing"]) } else { words(["mac_missing"]) }
                    .into_iter()
                    .filter(|word| *word != "mac_missing" || found.with_key.contains(word))
                    .collect()
            );
            assert!(!found.with_key.is_empty());
            assert_eq!(found.with_checkpoint, words(["rewritten"]));
            attacks += 1;
        }
    }
    println!(
        "{attacks} chains computed anew: 0 found alone, {attacks} with the MAC key, {attacks} with the checkpoint"
    );
}

#[test]
fn a_device_that_is_deleted_or_put_back_in_the_file_is_found_only_against_a_checkpoint_counted() {
    let scene = Scene::new();
    let (mut deleted, mut put_back) = (0, 0);
    let of_device = ["devices", "keys", "envelopes", "recipients", "recoveries", "audit", "changes"];
    for number in 0..DEVICES {
        let delete: String = of_device
            .iter()
            .map(|table| format!("DELETE FROM fdescrow_{table} WHERE device = 'PC-{number}';"))
            .collect();
        let found = scene.after(|attacker| attacker.run(&delete));
        let expected = Found { alone: words([]), with_key: words([]), with_checkpoint: words(["chain_missing"]) };
        assert_eq!(found, expected);
        deleted += 1;
        let earlier = scene.folder.join("earlier.db").display().to_string();
        let put: String = of_device
            .iter()
            .map(|table| {
                format!("INSERT INTO fdescrow_{table} SELECT * FROM old.fdescrow_{table} WHERE device = 'PC-{number}';")
            })
            .collect();
        let found = scene.after(|attacker| attacker.run(&format!("ATTACH '{earlier}' AS old; {delete} {put}")));
        let expected = Found { alone: words([]), with_key: words([]), with_checkpoint: words(["shortened"]) };
        assert_eq!(found, expected, "all that is there is genuine");
        put_back += 1;
    }
    println!(
        "{deleted} devices deleted and {put_back} put back to an earlier day: 0 found alone or with the MAC key, {} with the checkpoint",
        deleted + put_back
    );
}

#[test]
fn rows_that_are_exchanged_in_the_file_are_found_alone_and_with_the_chain_made_to_fit_by_a_key_or_a_checkpoint() {
    let scene = Scene::new();
    // Two keys of one device exchange their envelopes' bytes, or a key gets another device's.
    let exchange = |one: &str, other: &str| {
        format!(
            "CREATE TEMP TABLE kept AS SELECT bytes FROM fdescrow_envelopes WHERE key_id = '{one}'; \
             UPDATE fdescrow_envelopes SET bytes = (SELECT bytes FROM fdescrow_envelopes e WHERE e.key_id = '{other}') \
             WHERE key_id = '{one}'; \
             UPDATE fdescrow_envelopes SET bytes = (SELECT bytes FROM kept) WHERE key_id = '{other}'"
        )
    };
    let key = |attacker: &Attacker, device: &str, number: u32| {
        attacker.text(&format!("SELECT key_id FROM fdescrow_keys WHERE device = '{device}' AND number = {number}"))
    };
    for (one, other) in [(("PC-1", 1), ("PC-1", 2)), (("PC-1", 1), ("PC-2", 1))] {
        let attack = |attacker: &Attacker| {
            let exchange = exchange(&key(attacker, one.0, one.1), &key(attacker, other.0, other.1));
            attacker.run(&exchange);
        };
        // The file says which bytes it should be: the row is not even readable as what it says it is, or it is found.
        let found = scene.after(|attacker| attack(attacker));
        assert_eq!(found.alone, words(["row_altered"]), "{one:?} {other:?}");
        let found = scene.after(|attacker| {
            attack(attacker);
            for device in BTreeSet::from([one.0, other.0]) {
                attacker.admit_rows(device, &attacker.path());
            }
        });
        assert_eq!(found.alone, words([]), "not found without");
        assert!(found.with_key.contains("mac_wrong"), "{found:?}");
        assert_eq!(found.with_checkpoint, words(["rewritten"]));
    }
    println!("2 exchanges of envelopes: found alone, and with the chain made to fit only with a key or a checkpoint");
}

#[test]
fn a_verdict_that_is_forged_in_the_file_is_found_alone_and_with_the_chain_made_to_fit_by_a_key_or_a_checkpoint() {
    let scene = Scene::new();
    // The third key of PC-4 opens for nobody here; the row is made to say that it was opened like the first.
    let forge = |attacker: &Attacker| {
        let facts = |number: u32| -> Value {
            let query = format!("SELECT body FROM fdescrow_keys WHERE device = 'PC-4' AND number = {number}");
            serde_json::from_str(&attacker.text(&query)).unwrap()
        };
        let (good, mut bad) = (facts(1), facts(3));
        let success = good.pointer("/facts/last_success").unwrap().clone();
        let content = bad["facts"].as_object_mut().unwrap();
        content.insert("last_success".to_owned(), success);
        content.get_mut("last_attempt").unwrap().as_object_mut().unwrap().remove("failure").unwrap();
        let statement = "UPDATE fdescrow_keys SET body = ?1, problem = NULL WHERE device = 'PC-4' AND number = 3";
        attacker.0.execute(statement, params![bad.to_string()]).unwrap();
    };
    let found = scene.after(forge);
    assert_eq!(found.alone, words(["row_altered"]));

    // The entry that recorded the failure is made to tell a success, with the row's digest, and all hashes fit.
    let found = scene.after(|attacker| {
        forge(attacker);
        let mut chain = attacker.chain("PC-4");
        let entry = chain.iter_mut().rev().find(|entry| entry["action"] == "key_check_failed").unwrap();
        entry["action"] = "key_checked".into();
        attacker.write_chain("PC-4", chain, true);
        attacker.admit_rows("PC-4", &attacker.path());
    });
    assert_eq!(found.alone, words([]), "not found without");
    assert!(found.with_key.contains("mac_wrong"), "{found:?}");
    assert_eq!(found.with_checkpoint, words(["rewritten"]));

    // A new entry after the checkpoint tells it: only the MAC key finds that.
    let found = scene.after(|attacker| {
        forge(attacker);
        let mut chain = attacker.chain("PC-4");
        let mut entry = chain.iter().rev().find(|entry| entry["action"] == "key_check_failed").unwrap().clone();
        entry["action"] = "key_checked".into();
        chain.push(entry);
        attacker.write_chain("PC-4", chain, true);
        let mut chain = attacker.chain("PC-4");
        let last = chain.last_mut().unwrap();
        last.as_object_mut().unwrap().remove("mac");
        attacker.write_chain("PC-4", chain, true);
        attacker.admit_rows("PC-4", &attacker.path());
    });
    assert_eq!((found.alone, found.with_checkpoint), (words([]), words([])), "not found without");
    assert!(found.with_key.contains("mac_missing"), "{:?}", found.with_key);
    println!(
        "a forged verdict: in the row found alone; with the chain made to fit by key or checkpoint; as a new entry by the key"
    );
}
