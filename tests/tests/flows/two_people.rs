//! Who is not shown a key, although somebody agreed? Is each who tried in the audit?

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use fdescrow::{
    DeviceId, Error, Policy,
    envelope::Keyring,
    escrow::Reveal,
    ids::Person,
    key::Kind,
    recovery::{RecoveryId, RecoveryState, Rejected},
    store::{Store, conformance::Fixture},
};
use fdescrow_tests::{
    fleet::{Custodian, Fleet, InterruptedStore, SqliteFile, actor, at, device, in_clear},
    over_every_store,
};
use rusqlite::Connection;

over_every_store! {
    each_rule_about_approvals_is_kept_and_each_refusal_recorded,
    who_asked_does_not_approve_by_another_way,
    what_was_approved_is_opened_by_nobody_but_who_asked,
    one_person_in_two_spellings_at_the_same_moment_is_one,
    an_approval_that_is_taken_back_while_the_key_is_opened_releases_nothing,
}

/// Spellings of `ana@example.com` of one issuer.
const SPELLINGS: [&str; 7] = [
    "ana@example.com",
    "ANA@EXAMPLE.COM",
    " ana@example.com ",
    "a\u{200b}na@example.com",
    "\u{ff41}na@example.com",
    "a.na+admin@example.com",
    "Ana Adams <ana@example.com>",
];

fn person(subject: &str) -> Person {
    Person::new("https://login.example.com", subject).unwrap()
}

fn over(store: Arc<dyn Store>, approvals: u8) -> Fleet {
    let rules = format!("[recovery]\napprovals = {approvals}\nrequest_expires = 3600\nauthorization_expires = 600\n");
    let policy = Policy::from_toml(&rules).unwrap();
    let escrow = Fleet::builder(Arc::clone(&store)).policies(Arc::new(Arc::new(policy))).build().unwrap();
    Fleet { escrow, store }
}

/// A device whose key works, where so many people have to agree.
struct Scene {
    fleet: Fleet,
    pc: DeviceId,
    text: String,
    keyring: Keyring,
}

impl Scene {
    fn of(fixture: &dyn Fixture, approvals: u8) -> Self {
        Self::over(fixture.store(), approvals, "PC-17")
    }

    fn over(store: Arc<dyn Store>, approvals: u8, name: &str) -> Self {
        let (fleet, pc, keyring) = (over(store, approvals), device(name), Custodian::curve().keyring());
        let sent = in_clear(Kind::BitLocker);
        fleet.receive(sent.upload(&pc), at(0));
        fleet.check(&keyring, at(1));
        Self { fleet, pc, text: sent.text, keyring }
    }

    fn asks(&self, who: &str) -> Reveal {
        let asks = Reveal::of(&self.pc).by(&actor(who)).reason("lost passphrase");
        asks.person(person(&format!("{who}@example.com")))
    }

    fn request(&self, now: i64) -> RecoveryId {
        self.fleet.escrow.request_recovery(&self.asks("ana"), at(now)).unwrap().recovery
    }

    fn approve(&self, id: &RecoveryId, who: &str, now: i64) -> Result<RecoveryState, Error> {
        let report = self.fleet.escrow.approve_recovery(id, &person(who), &actor("desk"), None, at(now))?;
        Ok(report.now)
    }

    /// What the key is, by the name of who reveals it under this request.
    fn reveal(&self, id: RecoveryId, who: &str, now: i64) -> Result<String, Error> {
        self.reveal_as(self.asks(who).under(id), now)
    }

    fn reveal_as(&self, asks: Reveal, now: i64) -> Result<String, Error> {
        Ok(self.fleet.escrow.reveal(asks, &self.keyring, at(now))?.expose().to_owned())
    }

    /// The refusals in the audit: which rule, about which request.
    fn refusals(&self) -> Vec<(String, Option<String>)> {
        let entries = self.fleet.escrow.audit_of(&self.pc, 0, 1000).unwrap();
        let refused = entries.iter().filter(|entry| entry.action().as_str() == "recovery_refused");
        let told = refused.map(|entry| {
            let references = entry.references();
            let request = references.request.as_ref().map(ToString::to_string);
            (references.outcome.as_ref().unwrap().to_string(), request)
        });
        told.collect()
    }

    fn count(&self, action: &str) -> usize {
        self.fleet.actions(&self.pc).iter().filter(|other| *other == action).count()
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, rule: Rejected) {
    assert!(matches!(&result, Err(Error::Recovery(why)) if *why == rule), "{rule:?}: {result:?}");
}

fn each_rule_about_approvals_is_kept_and_each_refusal_recorded(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture, 1);
    let mut expected = Vec::new();
    let mut refuse = |result: Result<String, Error>, rule: Rejected, request: Option<RecoveryId>| {
        refused(result, rule);
        expected.push((rule.as_str().to_owned(), request.map(|id| id.to_string())));
        // It is in the chain when the answer is given, and nothing was opened for it.
        assert_eq!(scene.refusals(), expected);
        scene.fleet.assert_intact();
    };
    let approve = |id: &RecoveryId, who: &str, now| scene.approve(id, who, now).map(|_| String::new());

    // Nobody agreed.
    refuse(scene.reveal_as(scene.asks("ana"), 10), Rejected::NotApproved, None);
    let id = scene.request(10);
    refuse(scene.reveal(id, "ana", 11), Rejected::NotApproved, Some(id));
    // Who asked.
    refuse(approve(&id, "ana@example.com", 12), Rejected::SamePerson, Some(id));
    // Who took it back.
    scene.approve(&id, "ben@example.com", 13).unwrap();
    scene.fleet.escrow.revoke_approval(&id, &person("ben@example.com"), &actor("desk"), at(14)).unwrap();
    refuse(scene.reveal(id, "ana", 15), Rejected::NotApproved, Some(id));
    refuse(approve(&id, "ben@example.com", 16), Rejected::SamePerson, Some(id));
    // Another requester.
    scene.approve(&id, "carl@example.com", 17).unwrap();
    refuse(scene.reveal(id, "eve", 18), Rejected::OtherRequester, Some(id));
    // Another version of the key.
    let newer = scene.fleet.receive(in_clear(Kind::BitLocker).upload(&scene.pc), at(19)).key;
    let other_key = scene.asks("ana").under(id).key(newer);
    refuse(scene.reveal_as(other_key, 20), Rejected::OtherKey, Some(id));
    assert_eq!(scene.count("released"), 0);
    // What was approved is there all the same, once.
    assert_eq!(scene.reveal(id, "ana", 21).unwrap(), scene.text);
    refuse(scene.reveal(id, "ana", 22), Rejected::Used, Some(id));
    // Too late: the request, and what was authorized.
    let late = scene.request(100);
    refuse(approve(&late, "ben@example.com", 100 + 3601), Rejected::Expired, Some(late));
    let late = scene.request(10_000);
    scene.approve(&late, "ben@example.com", 10_001).unwrap();
    refuse(scene.reveal(late, "ana", 10_000 + 3601), Rejected::Expired, Some(late));

    assert_eq!((scene.count("released"), scene.count("recovery_refused")), (1, expected.len()));
}

/// Crypt-Server: the list of requests left one's own out, and who called its address approved it all the same.
fn who_asked_does_not_approve_by_another_way(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture, 2);
    let id = scene.request(10);
    for (number, spelling) in (0..).zip(SPELLINGS) {
        refused(scene.approve(&id, spelling, 20 + number), Rejected::SamePerson);
        // One e-mail address is one person, whoever vouches for it.
        let elsewhere = Person::new("https://other.example.org", spelling).unwrap();
        let approval = scene.fleet.escrow.approve_recovery(&id, &elsewhere, &actor("ben"), None, at(20 + number));
        refused(approval, Rejected::SamePerson);
    }
    assert_eq!(scene.approve(&id, "ben@example.com", 30).unwrap(), RecoveryState::Requested);
    for spelling in SPELLINGS {
        let bens = spelling.replace("ana", "ben").replace("Ana", "Ben").replace("a.na", "be.n");
        let bens = bens.replace("a\u{200b}na", "b\u{200b}en").replace("\u{ff41}na", "\u{ff42}en").replace("ANA", "BEN");
        refused(scene.approve(&id, &bens, 31), Rejected::SamePerson);
    }
    refused(scene.reveal(id, "ana", 32), Rejected::NotApproved);
    assert_eq!(scene.approve(&id, "carl@example.com", 33).unwrap(), RecoveryState::Approved);
    assert_eq!(scene.reveal(id, "ana", 34).unwrap(), scene.text);
    assert_eq!((scene.count("recovery_approved"), scene.count("released")), (2, 1));
}

/// Crypt-Server: whoever was logged in could open a request that was approved for somebody else.
fn what_was_approved_is_opened_by_nobody_but_who_asked(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture, 1);
    let id = scene.request(10);
    scene.approve(&id, "ben@example.com", 11).unwrap();
    for who in ["ben", "eve", "desk"] {
        refused(scene.reveal(id, who, 12), Rejected::OtherRequester);
    }
    // Under another name in the audit it is another actor's; without a person, or as somebody else, it is nobody's.
    let as_ana = || Reveal::of(&scene.pc).by(&actor("ana")).reason("lost passphrase").under(id);
    refused(scene.reveal_as(as_ana(), 13), Rejected::OtherRequester);
    refused(scene.reveal_as(as_ana().person(person("eve@example.com")), 13), Rejected::OtherRequester);
    // Nor does it open the key of another device.
    let other = device("PC-18");
    scene.fleet.receive(in_clear(Kind::BitLocker).upload(&other), at(14));
    let asks = Reveal::of(&other).by(&actor("ana")).person(person("ana@example.com")).reason("lost").under(id);
    assert!(matches!(scene.reveal_as(asks, 15), Err(Error::RecoveryUnknown)));
    assert_eq!(scene.count("release_authorized") + scene.count("released"), 0);
    assert_eq!(scene.reveal(id, "ana", 16).unwrap(), scene.text);
}

/// Both are at the store at once; the second comes before each call of the first.
fn one_person_in_two_spellings_at_the_same_moment_is_one(fixture: &dyn Fixture) {
    let store = fixture.store();
    let mut moments = 0;
    for call in 1.. {
        let scene = Scene::over(Arc::clone(&store), 2, &format!("PC-{call}"));
        let id = scene.request(10);
        let came = Arc::new(AtomicBool::new(false));
        let interruption = {
            let (came, second) = (Arc::clone(&came), over(Arc::clone(&store), 2));
            move || {
                let ben = person("BEN@example.com");
                second.escrow.approve_recovery(&id, &ben, &actor("desk"), None, at(11)).unwrap();
                came.store(true, Ordering::Relaxed);
            }
        };
        let first = over(InterruptedStore::new(Arc::clone(&store), call, interruption), 2);
        let approved = first.escrow.approve_recovery(&id, &person("ben@example.com"), &actor("desk"), None, at(11));
        if !came.load(Ordering::Relaxed) {
            break;
        }
        moments += 1;
        refused(approved, Rejected::SamePerson);
        let report = scene.fleet.escrow.recovery(&id, at(12)).unwrap();
        assert_eq!((report.now, report.lacking, report.course.approvals().len()), (RecoveryState::Requested, 1, 1));
        assert_eq!((scene.count("recovery_approved"), scene.count("recovery_refused")), (1, 1));
        refused(scene.reveal(id, "ana", 13), Rejected::NotApproved);
    }
    assert!(moments >= 3, "{moments}");
}

/// It is taken back before each call of the store that a release takes, the last commit included.
fn an_approval_that_is_taken_back_while_the_key_is_opened_releases_nothing(fixture: &dyn Fixture) {
    let store = fixture.store();
    let mut ends = BTreeSet::new();
    for call in 1.. {
        let scene = Scene::over(Arc::clone(&store), 1, &format!("PC-{call}"));
        let id = scene.request(10);
        scene.approve(&id, "ben@example.com", 11).unwrap();
        let came = Arc::new(AtomicBool::new(false));
        let interruption = {
            let (came, second) = (Arc::clone(&came), over(Arc::clone(&store), 1));
            move || {
                let _ = second.escrow.revoke_approval(&id, &person("ben@example.com"), &actor("desk"), at(12));
                came.store(true, Ordering::Relaxed);
            }
        };
        let revealing = over(InterruptedStore::new(Arc::clone(&store), call, interruption), 1);
        let revealed = revealing.escrow.reveal(scene.asks("ana").under(id), &scene.keyring, at(12));
        if !came.load(Ordering::Relaxed) {
            break;
        }
        let state = scene.fleet.escrow.recovery(&id, at(13)).unwrap().now;
        assert!(revealed.is_err(), "{call}: {state:?}");
        assert_eq!(scene.count("released"), 0, "{call}");
        assert!(scene.reveal(id, "ana", 14).is_err(), "{call}");
        ends.insert(state.as_str());
    }
    // Before the release was authorized, and after that.
    assert_eq!(ends, ["requested", "revoked"].into());
}

/// Who can write the file can write an approval. The audit finds it while it is not used; after that the entries
/// themselves tell of a key that was released without one.
#[test]
fn an_approval_that_is_forged_in_the_file_is_found_or_seen_counted() {
    let file = SqliteFile::new();
    let scene = Scene::of(&file, 1);
    let (given, forged) = (scene.request(10), scene.request(11));
    scene.approve(&given, "ben@example.com", 12).unwrap();
    refused(scene.reveal(forged, "ana", 13), Rejected::NotApproved);
    scene.fleet.assert_intact();

    let connection = Connection::open(file.path()).unwrap();
    let body = |id: &RecoveryId| -> serde_json::Value {
        let query = "SELECT body FROM fdescrow_recoveries WHERE recovery = ?1";
        let text: String = connection.query_row(query, [id.to_string()], |row| row.get(0)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let mut written = body(&forged);
    written["state"] = "approved".into();
    written["approvals"] = body(&given)["approvals"].clone();
    let statement = "UPDATE fdescrow_recoveries SET body = ?1, state = 'approved' WHERE recovery = ?2";
    assert_eq!(connection.execute(statement, [written.to_string(), forged.to_string()]).unwrap(), 1);

    let found = scene.fleet.escrow.verify_audit(&[], None).unwrap();
    assert!(!found.is_intact());
    // The library takes the row for what it says, and records what it does.
    assert_eq!(scene.reveal(forged, "ana", 14).unwrap(), scene.text);
    let entries = scene.fleet.escrow.audit_of(&scene.pc, 0, 1000).unwrap();
    let of_it = |action: &str| {
        let wanted = forged.to_string();
        let named = |request: &fdescrow::audit::Text| request.to_string() == wanted;
        let entries = entries.iter().filter(|entry| entry.action().as_str() == action);
        entries.filter(|entry| entry.references().request.as_ref().is_some_and(named)).count()
    };
    assert_eq!((of_it("recovery_requested"), of_it("recovery_approved"), of_it("released")), (1, 0, 1));
    println!("a forged approval: found before it is used, and a release without an approval in the entries after that");
}
