//! The same where something fails: the store, randomness, a private key, the upload, a row; and where it panics.

use std::{
    fs,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::{Arc, Mutex},
};

use fdescrow::{
    Escrow, Kind, Secret,
    envelope::{
        Certificate, Identity, Keyring, PublicKey, Unavailable,
        identity::{ContentKey, WrappedKey},
    },
    escrow::{CheckOptions, Page, Reveal, RewrapOptions, Upload, UploadLimits},
    store::{
        MemoryStore,
        conformance::{Fault, FaultyStore},
    },
};
use fdescrow_stores::SqliteStore;
use rusqlite::Connection;

use crate::{
    calls::files,
    canaries::{self, KEYS, text},
    watch::Watch,
    world::{World, actor, at, device},
};

/// One key's life, whatever becomes of each step.
fn life(world: &mut World, escrow: &Escrow, keyring: &Keyring) {
    for (seconds, upload) in [(0, world.clear(Kind::BitLocker)), (1, world.sealed(Kind::Luks, &world.rsa))] {
        world.watch.answer("receive", escrow.receive(upload, at(seconds)));
    }
    world.watch.answer("check", escrow.check(keyring, &CheckOptions::default(), at(2)));
    let wanted = Reveal::of(&device(Kind::Luks)).by(&actor()).reason("lost");
    world.watch.answer("reveal", escrow.reveal(wanted, keyring, at(3)));
    world.watch.answer("history", escrow.history(&device(Kind::BitLocker)));
    let target = world.p256.certificate.clone();
    world.watch.answer("rewrap", escrow.rewrap(keyring, &target, &RewrapOptions::default(), at(4)));
    world.watch.answer("verify", escrow.verify_audit(&[], None));
}

/// Every call of the store fails once, in one of the three ways by turns; and so does every draw of randomness.
pub(crate) fn every_call(world: &mut World) -> (u64, u64) {
    let keyring = world.keyring(&[&world.rsa]);
    let run = |world: &mut World, faults: &[(u64, Fault)], draw| {
        let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::new()), faults.iter().copied()));
        let escrow = world.escrow(store.clone(), &[&world.rsa, &world.p256]);
        // sealing beforehand draws too: what is to fail is counted from here
        world.rng.plan(draw, None);
        life(world, &escrow, &keyring);
        let draws = world.rng.draws();
        world.rng.plan(None, None);
        (store.calls(), draws)
    };
    let (calls, draws) = run(world, &[], None);
    for call in 1..=calls {
        let way = usize::try_from(call).unwrap() % Fault::ALL.len();
        run(world, &[(call, Fault::ALL[way])], None);
    }
    for draw in 1..=draws {
        // the canary's own envelope is made by the test, which must not fail
        let run = panic::catch_unwind(AssertUnwindSafe(|| run(world, &[], Some(draw))));
        drop(run);
        world.rng.plan(None, None);
    }
    (calls, draws)
}

/// An identity that is out of reach, or answers nonsense, or panics.
#[derive(Debug)]
struct Broken {
    inner: Arc<dyn Identity>,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Gone,
    Nonsense,
    Panic,
}

impl Identity for Broken {
    fn public_key(&self) -> &PublicKey {
        self.inner.public_key()
    }

    fn certificates(&self) -> &[Certificate] {
        self.inner.certificates()
    }

    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        let key = self.inner.unwrap(wrapped)?;
        match self.how {
            How::Gone => Err(Unavailable::new()),
            How::Nonsense => Ok(Secret::<[u8]>::copy_from(&vec![7; key.len()])),
            // the content key is in memory, and is printed if it can be
            How::Panic => panic!("the device panics: {key:?}, {wrapped:?}"),
        }
    }
}

pub(crate) fn identities(world: &mut World) {
    for how in [How::Gone, How::Nonsense, How::Panic] {
        let escrow = world.escrow(Arc::new(MemoryStore::new()), &[&world.rsa]);
        let inner = world.rsa.identity.clone();
        let keyring = Keyring::new().with(Arc::new(Broken { inner, how }));
        world.watch.debug("a broken keyring", &keyring);
        let run = AssertUnwindSafe(|| life(world, &escrow, &keyring));
        let ended = panic::catch_unwind(run);
        assert_eq!(ended.is_err(), matches!(how, How::Panic));
    }
    // keys for nobody here
    let escrow = world.escrow(Arc::new(MemoryStore::new()), &[&world.rsa]);
    let keyring = world.keyring(&[&world.p256]);
    life(world, &escrow, &keyring);
    world.watch.answer("undecryptable", escrow.undecryptable(&Page::first()));
}

/// A panic in every draw of randomness: in the middle of sealing, of wrapping, of a commit.
pub(crate) fn panics(world: &mut World) -> u64 {
    let keyring = world.keyring(&[&world.rsa]);
    let mut panics = 0;
    for draw in 1.. {
        let escrow = world.escrow(Arc::new(MemoryStore::new()), &[&world.rsa, &world.p256]);
        world.rng.plan(None, Some(draw));
        let ended = panic::catch_unwind(AssertUnwindSafe(|| life(world, &escrow, &keyring)));
        world.rng.plan(None, None);
        world.watch.debug("an escrow that panicked", &escrow);
        if ended.is_ok() {
            break;
        }
        panics += 1;
    }
    panics
}

/// Uploads that are refused leave nothing.
pub(crate) fn uploads(world: &mut World, path: &Path) {
    let store = Arc::new(SqliteStore::open(path).unwrap());
    let escrow = world.escrow(store.clone(), &[&world.rsa]);
    let unlimited = |world: &World| world.builder(store.clone(), &[&world.rsa]);
    let none = world.escrow(store.clone(), &[]);
    let limited = unlimited(world).limits(UploadLimits::default().keys_per_day(1)).build().unwrap();
    for (kind, canary) in KEYS {
        // the device must be there for a refusal to be recorded
        world.watch.answer("receive", escrow.receive(world.clear(*kind), at(0))).unwrap();
        for spelling in [canary.to_string(), format!("{canary}\n"), canary.replace('-', ""), format!("key: {canary}")] {
            let sealed = Upload::sealed(device(*kind), *kind, spelling.clone()).by(&actor());
            world.watch.debug("a key in clear that is said to be sealed", &sealed);
            assert!(
                world.watch.answer("a key in clear that is said to be sealed", escrow.receive(sealed, at(1))).is_none()
            );
            for other in Kind::ALL.iter().filter(|other| *other != kind) {
                let secret = Secret::<str>::copy_from(&spelling);
                let clear = Upload::plaintext(device(*kind), *other, secret).by(&actor());
                assert!(world.watch.answer("a key of another kind", escrow.receive(clear, at(1))).is_none());
            }
        }
        let nobodys = Upload::plaintext(device(*kind), *kind, canaries::secret(*kind));
        assert!(world.watch.answer("nobody's upload", escrow.receive(nobodys, at(2))).is_none());
        let nameless = world.clear(*kind).request("x".repeat(2000));
        assert!(world.watch.answer("a request with a long name", escrow.receive(nameless, at(2))).is_none());
        assert!(world.watch.answer("no certificate", none.receive(world.clear(*kind), at(3))).is_none());
        assert!(world.watch.answer("too many", limited.receive(world.clear(*kind), at(4))).is_none());
    }
    files(&mut world.watch, path);
}

/// Rows that somebody damaged.
pub(crate) fn rows(world: &mut World, path: &Path) {
    let copy = path.with_extension("copy");
    let keyring = world.keyring(&[&world.rsa]);
    for statement in [
        "UPDATE fdescrow_envelopes SET bytes = zeroblob(20)",
        "UPDATE fdescrow_keys SET body = '{'",
        "UPDATE fdescrow_keys SET kind = 'luks'",
        "UPDATE fdescrow_devices SET body = '[]'",
        "UPDATE fdescrow_audit SET body = replace(body, 'key_received', 'key_lost')",
        "UPDATE fdescrow_organizations SET audit_head = NULL",
        "DELETE FROM fdescrow_certificates",
    ] {
        Connection::open(path).unwrap().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        fs::copy(path, &copy).unwrap();
        Connection::open(&copy).unwrap().execute_batch(statement).unwrap();
        let Some(store) = world.watch.answer("open", SqliteStore::open(&copy)) else { continue };
        let escrow = world.escrow(Arc::new(store), &[&world.rsa]);
        every_question(world, &escrow, &keyring);
        files(&mut world.watch, &copy);
        drop(escrow);
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", copy.display()));
        }
    }
    // what is no database: a key that somebody wrote into the file
    fs::write(&copy, text(Kind::FileVault).repeat(100)).unwrap();
    world.watch.answer("open", SqliteStore::open(&copy));
}

fn every_question(world: &mut World, escrow: &Escrow, keyring: &Keyring) {
    world.watch.answer("check", escrow.check(keyring, &CheckOptions::default(), at(10_000_000)));
    for (kind, _) in KEYS {
        let device = device(*kind);
        let wanted = Reveal::of(&device).by(&actor()).reason("lost");
        world.watch.answer("reveal", escrow.reveal(wanted, keyring, at(11)));
        world.watch.answer("history", escrow.history(&device));
        world.watch.answer("device", escrow.device(&device, at(11)));
        world.watch.answer("receive", escrow.receive(world.clear(*kind), at(12)));
    }
    world.watch.answer("undecryptable", escrow.undecryptable(&Page::first()));
    let report = world.watch.answer("verify", escrow.verify_audit(&[], None)).unwrap();
    report.findings.iter().for_each(|finding| world.watch.display("a finding", finding));
}

/// Messages of panics, as they would stand in a log.
pub(crate) fn caught() -> Arc<Mutex<Vec<String>>> {
    let caught = Arc::new(Mutex::new(Vec::new()));
    let (messages, before) = (caught.clone(), panic::take_hook());
    panic::set_hook(Box::new(move |info| {
        messages.lock().unwrap().push(format!("{info}\n{info:?}"));
        before(info);
    }));
    caught
}

/// Looks at them.
pub(crate) fn look(watch: &mut Watch, caught: &Mutex<Vec<String>>) -> usize {
    let caught = caught.lock().unwrap();
    caught.iter().for_each(|message| watch.text("a panic", message));
    caught.len()
}
