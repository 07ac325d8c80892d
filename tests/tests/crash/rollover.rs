//! A fleet is taken to another escrow certificate, and whoever does it is killed again and again. Is every key readable
//! at every moment, and the old certificate in use until none needs it?
//!
//! Ten keys for each of `FDESCROW_CRASH_LOOPS`: a thousand loops are ten thousand keys.

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use fdescrow::{
    Error, Kind, RecoveryKey, Secret,
    escrow::{CheckOptions, CheckReport, Reveal, Upload},
};
use fdescrow_identities::SystemRandomness;
use fdescrow_stores::SqliteStore;
use fdescrow_tests::{
    crash::{Credentials, Dice, actor, at},
    fleet, scratch,
};
use rusqlite::Connection;

use crate::{loops, seed};

/// Keys of which one is handed out after each kill.
const LOOKED_AT: usize = 3;

#[test]
fn a_fleet_is_taken_to_another_certificate_whoever_is_killed_on_the_way_counted() {
    let keys = usize::try_from(loops()).unwrap() * 10;
    let folder = scratch("rollover");
    let credentials = Credentials::make(folder.path());
    let party = credentials.read();
    let path = folder.join("keys.db");
    let seed = seed();
    let mut dice = Dice::new(seed);
    let ana = actor("ana");

    let escrow = party.escrow(Arc::new(SqliteStore::open(&path).unwrap()));
    let rng = SystemRandomness::new();
    let sent: Vec<_> = (0..keys)
        .map(|number| {
            let (device, key) = (fleet::device(format!("PC-{number}")), RecoveryKey::generate(Kind::BitLocker, &rng));
            let text = key.unwrap().expose().to_owned();
            let upload = Upload::plaintext(device.clone(), Kind::BitLocker, Secret::<str>::copy_from(&text));
            (device, escrow.receive(upload.by(&actor("agent")), at(0, 0)).unwrap().key, text)
        })
        .collect();
    drop(escrow);

    let old = party.certificates[0].fingerprint();
    let start = Instant::now();
    let (mut kills, mut passes, mut left) = (0, 0, u64::try_from(keys).unwrap());
    loop {
        let mut child = pass(&credentials, &path);
        // Later and later, so that it gets to its end in the end.
        let delay = Duration::from_millis(dice.roll(200 + 20 * passes) + 5 * passes);
        thread::sleep(delay);
        let ended = child.try_wait().unwrap();
        if ended.is_none() {
            child.kill().unwrap();
            kills += 1;
        }
        let status = child.wait().unwrap();
        assert!(ended.is_none() || status.success(), "seed {seed}: {status}");
        passes += 1;

        let connection = Connection::open(&path).unwrap();
        // The lease of who is dead runs out.
        connection.execute("UPDATE fdescrow_devices SET check_until = check_until - 301", []).unwrap();
        drop(connection);
        let escrow = party.escrow(Arc::new(SqliteStore::open(&path).unwrap()));
        for _ in 0..LOOKED_AT {
            let (device, key, text) = &sent[usize::try_from(dice.roll(u64::try_from(keys).unwrap())).unwrap()];
            let wanted = Reveal::of(device).key(*key).by(&ana).reason("is it there?");
            assert_eq!(escrow.reveal(wanted, &party.keyring, at(2, 0)).unwrap().expose(), text, "seed {seed}");
        }
        let now = escrow.live_references(&old).unwrap();
        assert!(now <= left, "seed {seed}: {now} of {left}");
        left = now;
        let retired = escrow.retire_certificate(&old, &ana, "rollover", at(2, 1));
        if left == 0 {
            retired.unwrap();
            break;
        }
        assert!(matches!(retired, Err(Error::CertificateInUse { count }) if count == left), "{retired:?}");
        assert!(passes < 10_000, "seed {seed}: it does not come to its end");
    }
    let seconds = start.elapsed().as_secs_f64();

    // The old private key is gone: every key opens by the new one.
    let escrow = party.escrow(Arc::new(SqliteStore::open(&path).unwrap()));
    let mut whole = CheckReport::default();
    loop {
        let report = escrow.check(&party.next_keyring, &CheckOptions::default(), at(1000, 0)).unwrap();
        whole.add(&report);
        if !report.more {
            break;
        }
    }
    assert_eq!(usize::try_from(whole.opened).unwrap(), keys, "{whole:?}");
    assert_eq!((whole.failed(), whole.unavailable, whole.unreadable), (0, 0, 0), "{whole:?}");
    for (device, key, text) in sent.iter().step_by(keys.div_ceil(20)) {
        let wanted = Reveal::of(device).key(*key).by(&ana).reason("the end");
        assert_eq!(escrow.reveal(wanted, &party.next_keyring, at(1000, 1)).unwrap().expose(), text);
    }
    assert!(escrow.verify_audit(&[party.mac_key()], None).unwrap().is_intact());
    println!(
        "seed {seed}: {keys} keys to another certificate in {passes} passes, {kills} of them killed, {seconds:.1} s"
    );
    println!("{keys} readable by the new private key alone, 0 not");
    assert!(kills > 0, "nobody was killed");
}

fn pass(credentials: &Credentials, path: &std::path::Path) -> Child {
    let mut writer = Command::new(env!("CARGO_BIN_EXE_crash_writer"));
    writer.arg(credentials.folder()).arg(path).arg("rollover").stdin(Stdio::null()).spawn().unwrap()
}
