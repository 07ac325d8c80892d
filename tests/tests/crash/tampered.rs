//! Does the checker find what it is there to find?
//!
//! A file that is whole passes; then one thing at a time is taken away, and the checker has to say so.

use std::{fs, path::Path, process::Stdio, sync::Arc};

use fdescrow_stores::SqliteStore;
use fdescrow_tests::{
    ScratchDir,
    crash::{Credentials, Line, Party},
    scratch,
};
use rusqlite::Connection;

use crate::{
    checker::{file_violations, violations},
    ledger::Ledger,
    rounds::writer,
};

/// What the program leaves behind when nobody kills it: two rounds over one file, and a copy from between them.
struct Left {
    folder: ScratchDir,
    party: Party,
    ledger: Ledger,
}

impl Left {
    fn by_two_rounds() -> Self {
        let folder = scratch("tampered");
        let credentials = Credentials::make(folder.path());
        let party = credentials.read();
        let mut left = Self { folder, party, ledger: Ledger::default() };
        for round in 0..2 {
            let path = left.folder.join("whole.db");
            let mut program = writer(&credentials, &path, round, 7 + u64::from(round), 40);
            let output = program.stderr(Stdio::inherit()).output().unwrap();
            assert!(output.status.success(), "{}", output.status);
            for line in String::from_utf8(output.stdout).unwrap().lines() {
                left.ledger.note(line.parse::<Line>().unwrap());
            }
            if round == 0 {
                left.copy("whole.db", "earlier.db");
            }
        }
        left
    }

    fn copy(&self, from: &str, to: &str) {
        // what is in the log belongs to the file
        let connection = Connection::open(self.folder.join(from)).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        fs::copy(self.folder.join(from), self.folder.join(to)).unwrap();
    }

    fn found(&self, path: &Path) -> Vec<String> {
        let mut found = file_violations(path);
        if found.iter().any(|line| line.starts_with("integrity_check")) {
            return found;
        }
        let store = Arc::new(SqliteStore::open(path).unwrap());
        let escrow = self.party.escrow(store.clone());
        found.extend(violations(store.as_ref(), &escrow, &self.party, &self.ledger, None));
        found
    }

    /// What is found in a copy in which this was done.
    fn found_after(&self, statements: &str) -> Vec<String> {
        self.copy("whole.db", "copy.db");
        let path = self.folder.join("copy.db");
        Connection::open(&path).unwrap().execute_batch(statements).unwrap();
        self.found(&path)
    }
}

#[test]
fn whatever_is_taken_away_is_found() {
    let left = Left::by_two_rounds();
    assert!(left.ledger.received.len() > 10 && !left.ledger.verified.is_empty() && !left.ledger.revealed.is_empty());
    let whole = left.found(&left.folder.join("whole.db"));
    assert!(whole.is_empty(), "{whole:#?}");

    let (acknowledged, promised) =
        left.ledger.received.iter().find(|(key, _)| left.ledger.verified.contains(key)).unwrap();
    let released = left.ledger.revealed.keys().next().unwrap();
    let gone = format!("the acknowledged upload {} is gone", promised.request);
    let verified = format!("{} was verified and is not", promised.request);
    let not_recorded = format!("by recovery {released}, and that is not recorded");
    let cases: &[(String, &[&str])] = &[
        // a whole change is lost: only who was told of it knows
        (
            format!(
                "DELETE FROM fdescrow_keys WHERE key_id = '{acknowledged}';
                 DELETE FROM fdescrow_envelopes WHERE key_id = '{acknowledged}';
                 DELETE FROM fdescrow_recipients WHERE key_id = '{acknowledged}';"
            ),
            &[&gone, "is gone"],
        ),
        (
            format!("DELETE FROM fdescrow_envelopes WHERE key_id = '{acknowledged}'"),
            &["1 keys without an envelope", "recipients without their envelope", "no envelope of"],
        ),
        (
            format!("DELETE FROM fdescrow_keys WHERE key_id = '{acknowledged}'"),
            &["envelopes without their key", &gone],
        ),
        ("DELETE FROM fdescrow_recipients".to_owned(), &[]),
        ("UPDATE fdescrow_recipients SET live = NULL".to_owned(), &["recipients without their envelope"]),
        ("DELETE FROM fdescrow_certificates".to_owned(), &["certificates that are not registered", "is gone"]),
        ("DELETE FROM fdescrow_devices WHERE device = 'device-1'".to_owned(), &["keys of no device"]),
        ("UPDATE fdescrow_devices SET check_due = NULL".to_owned(), &["devices that are not due when the first of their keys is"]),
        (
            format!(
                "UPDATE fdescrow_keys SET body = json_remove(body, '$.facts.last_success')
                 WHERE key_id = '{acknowledged}'"
            ),
            &[&verified],
        ),
        (
            "DELETE FROM fdescrow_audit WHERE json_extract(body, '$.action') = 'release_authorized'".to_owned(),
            &["without being authorised before", "are missing"],
        ),
        (
            "DELETE FROM fdescrow_audit WHERE json_extract(body, '$.action') = 'released'".to_owned(),
            &["and the audit says otherwise", "are missing"],
        ),
        (format!("DELETE FROM fdescrow_recoveries WHERE recovery = '{released}'"), &["in the audit only", &not_recorded]),
        (
            "UPDATE fdescrow_devices SET revision = revision + 1".to_owned(),
            &["devices that are not at the revision of their last change"],
        ),
        (
            "DELETE FROM fdescrow_audit WHERE number = (SELECT max(number) FROM fdescrow_audit WHERE device = 'device-2')
             AND device = 'device-2'"
                .to_owned(),
            &["devices whose head is not their last entry", "and there is none after"],
        ),
        ("UPDATE fdescrow_envelopes SET bytes = zeroblob(length(bytes))".to_owned(), &["no envelope of", "is not as entry"]),
    ];
    for (statements, expected) in cases {
        let found = left.found_after(statements).join("\n");
        for expected in *expected {
            assert!(found.contains(expected), "{statements}\nwas to give {expected:?} and gave:\n{found}");
        }
    }
}

#[test]
fn a_file_that_is_whole_and_older_than_the_last_answer_is_found() {
    let left = Left::by_two_rounds();
    let found = left.found(&left.folder.join("earlier.db"));
    assert!(found.iter().all(|line| !line.starts_with("audit:")), "{found:#?}");
    assert!(found.iter().any(|line| line.starts_with("the acknowledged upload") && line.ends_with("is gone")));
    assert!(found.iter().any(|line| line.ends_with("and that is not recorded")), "{found:#?}");
}

#[test]
fn a_file_that_is_damaged_is_found() {
    let left = Left::by_two_rounds();
    left.copy("whole.db", "copy.db");
    let path = left.folder.join("copy.db");
    let mut bytes = fs::read(&path).unwrap();
    // pages of tables and indexes: the first holds the schema
    for page in bytes.chunks_mut(4096).skip(10).step_by(3) {
        page[..64].fill(0xFF);
    }
    fs::write(&path, bytes).unwrap();
    let found = left.found(&path);
    assert!(found.iter().any(|line| line.starts_with("integrity_check")), "{found:#?}");
}
