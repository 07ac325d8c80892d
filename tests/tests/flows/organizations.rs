//! Do two organizations in one database ever see each other?
//!
//! Every method of [`Escrow`] is asked in one about what is in the other, and does there what it can; a list of the
//! methods is held against the source, so that a new one is not forgotten.

use std::{collections::BTreeSet, fmt::Debug, fs, ops::ControlFlow, sync::Arc};

use fdescrow::{
    Error, ErrorCode, Escrow, KeyId, Kind, Policy,
    audit::{Checkpoint, CheckpointLimits},
    escrow::{Among, CheckOptions, Page, Receipt, ReceiptStatus, Reveal, RewrapOptions},
    ids::Person,
    recovery::{Outcome, RecoveryId, search::Search},
    rotation::{RotationEvent, RotationId},
    store::{Cursor, Row, conformance::Fixture},
    verification::{Configuration, Delivery, Operation},
};
use fdescrow_tests::{
    fleet::{Custodian, Fleet, Sent, actor, agent, at, device, in_clear, mac_sealing, rows},
    over_every_store, workspace_root,
};

over_every_store! {
    what_one_organization_asks_and_does_is_never_about_another_counted,
}

/// What every method is asked.
const METHODS: &[&str] = &[
    "accept_quarantined",
    "agent_reported",
    "all_rotations",
    "approve_recovery",
    "assess",
    "assess_changed",
    "assess_due",
    "audit_of",
    "cancel_removal",
    "certificates",
    "check",
    "check_total",
    "checkpoint",
    "compromise_certificate",
    "configuration_reported",
    "count",
    "deny_recovery",
    "device",
    "devices",
    "events",
    "expose_keys",
    "find",
    "forget_device",
    "history",
    "list",
    "live_references",
    "move_to_group",
    "name_device",
    "new_installation",
    "organization",
    "plan_removals",
    "profile",
    "quarantine",
    "receipt",
    "receive",
    "recoveries",
    "recovery",
    "registered_certificates",
    "reject_quarantined",
    "release_to_device",
    "removals",
    "remove_due",
    "report_recovery",
    "request_recovery",
    "request_rotation",
    "retire_certificate",
    "reveal",
    "reveal_to",
    "revoke_approval",
    "rewrap",
    "rewrap_total",
    "rotation_reported",
    "rotations",
    "summary",
    "undecryptable",
    "verify_audit",
    "waits_for_first_check",
    "walk",
];

/// A report can only be made by those who read one.
const ASKED_WHERE_REPORTS_ARE_READ: &[&str] = &["observe"];

/// The public methods of `Escrow`, from the source.
fn methods() -> BTreeSet<String> {
    let mut files = vec![workspace_root().join("core/src/escrow.rs")];
    files.extend(fs::read_dir(workspace_root().join("core/src/escrow")).unwrap().map(|entry| entry.unwrap().path()));
    let mut found = BTreeSet::new();
    for file in files {
        let text = if file.is_file() { fs::read_to_string(file).unwrap() } else { continue };
        let mut inside = false;
        for line in text.lines() {
            if line.starts_with("impl") {
                inside = line == "impl Escrow {";
            }
            if let Some(rest) = line.strip_prefix("    pub fn ").filter(|_| inside) {
                found.insert(rest.split(['(', '<']).next().unwrap().to_owned());
            }
        }
    }
    found.remove("builder");
    found
}

#[test]
fn every_method_of_an_escrow_is_among_those_that_are_asked() {
    let asked: BTreeSet<String> =
        METHODS.iter().chain(ASKED_WHERE_REPORTS_ARE_READ).map(|&method| method.to_owned()).collect();
    assert_eq!(methods(), asked);
}

/// The same messages, to be received in each.
struct Story {
    mac: Sent,
    clear: Sent,
    bound: Sent,
    bad: Sent,
}

impl Story {
    fn new() -> Self {
        Self {
            mac: mac_sealing(Custodian::first()),
            clear: in_clear(Kind::BitLocker).of_protector("1"),
            bound: agent(&device("PC"), "2", Custodian::curve()),
            bad: agent(&device("PC"), "3", Custodian::stranger()),
        }
    }

    fn receive(&self, escrow: &Escrow) -> Vec<Receipt> {
        let (mac, pc) = (device("MAC"), device("PC"));
        let uploads = [
            self.mac.upload(&mac),
            self.mac.upload(&device("OTHER MAC")),
            self.clear.upload(&pc).request("r-1"),
            self.bound.upload(&pc),
            self.bad.upload(&pc),
        ];
        uploads.into_iter().map(|upload| escrow.receive(upload, at(0)).unwrap()).collect()
    }
}

/// The one whose answers are looked at, and what must not be in them.
struct Asked<'a> {
    escrow: &'a Escrow,
    names_of_the_other: Vec<String>,
    methods: BTreeSet<&'static str>,
    calls: usize,
}

impl Asked<'_> {
    /// Notes a call, and holds that its answer names nothing of the other's.
    fn answer<T: Debug>(&mut self, method: &'static str, answer: T) -> T {
        assert!(METHODS.contains(&method), "{method}");
        self.methods.insert(method);
        self.calls += 1;
        let text = format!("{answer:?}");
        for name in &self.names_of_the_other {
            assert!(!text.contains(name), "{method} tells {name}: {text}");
        }
        answer
    }

    fn refused<T: Debug>(&mut self, method: &'static str, answer: Result<T, Error>, code: ErrorCode) {
        let error = self.answer(method, answer).unwrap_err();
        assert_eq!(error.code(), code, "{method}: {error}");
    }
}

fn what_one_organization_asks_and_does_is_never_about_another_counted(fixture: &dyn Fixture) {
    let store = fixture.store();
    let policy = Policy::from_toml(&fs::read_to_string(workspace_root().join("examples/policy.toml")).unwrap());
    let policy: Arc<dyn fdescrow::policy::PolicySource> = Arc::new(Arc::new(policy.unwrap()));
    let escrow = |organization: &str| {
        let certificates = [Custodian::first(), Custodian::curve(), Custodian::second()];
        let builder = Fleet::builder_for(Arc::clone(&store), organization).policies(Arc::clone(&policy));
        builder.certificates(certificates.map(|one| one.certificate.clone())).build().unwrap()
    };
    let keyring = Custodian::keyring_of(&[Custodian::first(), Custodian::curve()]);
    let story = Story::new();

    let first = Fleet { store: Arc::clone(&store), escrow: escrow("example.com") };
    let receipts = story.receive(&first.escrow);
    assert_eq!(receipts[1].status, ReceiptStatus::Quarantined, "within one organization it is set apart");
    first.check(&keyring, at(1));
    first.escrow.reveal(Reveal::of(&device("MAC")).by(&actor("ana")).reason("lost"), &keyring, at(2)).unwrap();
    let keys: Vec<KeyId> = receipts.iter().map(|receipt| receipt.key).collect();
    let before = first.rows();
    let answers = |fleet: &Fleet| {
        let escrow = &fleet.escrow;
        format!(
            "{:?} {:?} {:?} {:?}",
            escrow.summary(at(9)),
            escrow.devices(&Page::first(), at(9)),
            escrow.undecryptable(&Page::first()),
            escrow.events(&Cursor::start(), 1000),
        )
    };
    let told = answers(&first);

    // Names that begin with the other's, or differ by what a careless comparison overlooks.
    let (mut calls, others) = (0, ["example.co", "Example.com", "example.com.", "example.org"]);
    for other in others {
        let second = Fleet { store: Arc::clone(&store), escrow: escrow(other) };
        let mut names: Vec<String> = keys.iter().map(ToString::to_string).collect();
        names.push("ana".to_owned());
        let mut asked = Asked { escrow: &second.escrow, names_of_the_other: names, methods: BTreeSet::new(), calls: 0 };
        ask_while_empty(&mut asked, &keys, &keyring);
        ask_of_rules_while_empty(&mut asked, &keyring);
        assert_eq!(rows(&*store, second.escrow.organization()).0, [], "asking wrote nothing");
        act(&mut asked, &second, &story, &keyring);
        assert_eq!(asked.methods.len(), METHODS.len(), "{:?}", asked.methods);
        calls += asked.calls;
        assert!(first.rows() == before, "what {other} did changed a row of the first");
        assert_eq!(answers(&first), told);
        let own = |row: &Row| row.text("organization") == Some(other);
        assert!(second.rows().0.iter().all(own));
    }
    first.assert_intact();
    println!(
        "{calls} calls of {} methods in {} organizations: none told anything of another, {} rows of it unchanged",
        METHODS.len(),
        others.len(),
        before.0.len()
    );
}

/// Of rotations, recoveries, names and lists, where nothing was ever received.
fn ask_of_rules_while_empty(asked: &mut Asked<'_>, keyring: &fdescrow::envelope::Keyring) {
    let (escrow, by, page) = (asked.escrow, actor("bob"), Page::first());
    let technician = &Custodian::second().certificate;
    for name in ["MAC", "PC", "OTHER MAC"] {
        let pc = device(name);
        let wanted = || Reveal::of(&pc).by(&by).reason("x");
        let unknown = ErrorCode::DeviceUnknown;
        asked.refused("request_rotation", escrow.request_rotation(&pc, None, &by, "x", at(3)), unknown);
        asked.refused("rotations", escrow.rotations(&pc, at(3)), unknown);
        let event = RotationEvent::Cancelled { at: at(3) };
        let reported = escrow.rotation_reported(&pc, &RotationId::from_bytes([1; 16]), &event, &by, at(3));
        asked.refused("rotation_reported", reported, unknown);
        asked.refused("request_recovery", escrow.request_recovery(&wanted(), at(3)), unknown);
        asked.refused("reveal_to", escrow.reveal_to(wanted(), technician, keyring, at(3)), unknown);
        asked.refused("release_to_device", escrow.release_to_device(wanted(), "c", keyring, at(3)), unknown);
        asked.refused("name_device", escrow.name_device(&pc, &[], &by, at(3)), unknown);
        let search = Search::parse(name).unwrap();
        assert!(asked.answer("find", escrow.find(&search).unwrap()).is_empty());
    }
    let (recovery, person) = (RecoveryId::from_bytes([1; 16]), Person::new("iss", "bob").unwrap());
    let unknown = ErrorCode::RecoveryUnknown;
    asked.refused("recovery", escrow.recovery(&recovery, at(3)), unknown);
    asked.refused("approve_recovery", escrow.approve_recovery(&recovery, &person, &by, None, at(3)), unknown);
    asked.refused("revoke_approval", escrow.revoke_approval(&recovery, &person, &by, at(3)), unknown);
    asked.refused("deny_recovery", escrow.deny_recovery(&recovery, &by, "x", at(3)), unknown);
    asked.refused("report_recovery", escrow.report_recovery(&recovery, Outcome::Worked, &by, at(3)), unknown);
    assert!(asked.answer("recoveries", escrow.recoveries(None, &page, at(3)).unwrap()).items.is_empty());
    assert!(asked.answer("all_rotations", escrow.all_rotations(&page, at(3)).unwrap()).items.is_empty());
    assert!(asked.answer("list", escrow.list(&Among::All, &page, at(3)).unwrap()).items.is_empty());
    assert_eq!(asked.answer("count", escrow.count(&Among::All).unwrap()), 0);
    assert_eq!(asked.answer("assess_due", escrow.assess_due(10, &by, at(9_000_000)).unwrap()).judged, 0);
    assert_eq!(asked.answer("assess_changed", escrow.assess_changed(&page, &by, at(3)).unwrap()).0.judged, 0);
    let fingerprint = Custodian::first().certificate.fingerprint();
    let compromised = escrow.compromise_certificate(&fingerprint, &by, "x", at(3));
    asked.refused("compromise_certificate", compromised, ErrorCode::KeyUnknown);
    assert!(asked.answer("expose_keys", escrow.expose_keys(&fingerprint, &page, &by, at(3)).unwrap()).items.is_empty());
}

/// Nothing was ever received here.
fn ask_while_empty(asked: &mut Asked<'_>, keys: &[KeyId], keyring: &fdescrow::envelope::Keyring) {
    let (escrow, by) = (asked.escrow, actor("bob"));
    for name in ["MAC", "PC", "OTHER MAC"] {
        let pc = device(name);
        asked.refused("assess", escrow.assess(&pc, at(3)), ErrorCode::DeviceUnknown);
        asked.refused("device", escrow.device(&pc, at(3)), ErrorCode::DeviceUnknown);
        asked.refused("history", escrow.history(&pc), ErrorCode::DeviceUnknown);
        asked.refused("walk", escrow.walk(&pc, at(3)), ErrorCode::DeviceUnknown);
        asked.refused("forget_device", escrow.forget_device(&pc, &by, "x", at(3)), ErrorCode::DeviceUnknown);
        asked.refused("new_installation", escrow.new_installation(&pc, &by, "x", at(3)), ErrorCode::DeviceUnknown);
        let moved = escrow.move_to_group(&pc, Some("laptops"), &by, "x", at(3));
        asked.refused("move_to_group", moved, ErrorCode::DeviceUnknown);
        let wanted = || Reveal::of(&pc).by(&by).reason("x");
        asked.refused("reveal", escrow.reveal(wanted(), keyring, at(3)), ErrorCode::DeviceUnknown);
        for key in keys {
            asked.refused("reveal", escrow.reveal(wanted().key(*key), keyring, at(3)), ErrorCode::DeviceUnknown);
        }
        assert!(asked.answer("audit_of", escrow.audit_of(&pc, 0, 100).unwrap()).is_empty());
    }
    for key in keys {
        // The id of a key is the asker's own; what is behind it is not.
        asked.names_of_the_other.retain(|name| *name != key.to_string());
        asked.refused("receipt", escrow.receipt(key), ErrorCode::KeyUnknown);
        asked.refused("accept_quarantined", escrow.accept_quarantined(key, &by, "x", at(3)), ErrorCode::KeyUnknown);
        asked.refused("reject_quarantined", escrow.reject_quarantined(key, &by, "x", at(3)), ErrorCode::KeyUnknown);
        asked.refused("cancel_removal", escrow.cancel_removal(key, &by, "x", at(3)), ErrorCode::KeyUnknown);
        asked.names_of_the_other.push(key.to_string());
    }
    assert_eq!(
        asked.answer("check", escrow.check(keyring, &CheckOptions::default(), at(9_000_000)).unwrap()),
        Default::default()
    );
    assert_eq!(asked.answer("check_total", escrow.check_total(at(9_000_000)).unwrap()), 0);
    let second = &Custodian::second().certificate;
    let rewrapped = asked.answer("rewrap", escrow.rewrap(keyring, second, &RewrapOptions::default(), at(3)).unwrap());
    assert_eq!((rewrapped.rewrapped, rewrapped.already, rewrapped.failures.len()), (0, 0, 0));
    assert_eq!(asked.answer("rewrap_total", escrow.rewrap_total(second).unwrap()), 0);
    let waits = escrow.waits_for_first_check(at(9_000_000)).unwrap();
    assert!(!asked.answer("waits_for_first_check", waits));
    let fingerprint = Custodian::first().certificate.fingerprint();
    assert_eq!(asked.answer("live_references", escrow.live_references(&fingerprint).unwrap()), 0);
    assert!(asked.answer("registered_certificates", escrow.registered_certificates().unwrap()).is_empty());
    asked.refused(
        "retire_certificate",
        escrow.retire_certificate(&fingerprint, &by, "x", at(3)),
        ErrorCode::KeyUnknown,
    );
    let late = at(900_000_000);
    assert!(asked.answer("removals", escrow.removals(&Page::first()).unwrap()).items.is_empty());
    assert!(asked.answer("plan_removals", escrow.plan_removals(&Page::first(), &by, late).unwrap()).items.is_empty());
    assert!(asked.answer("remove_due", escrow.remove_due(&Page::first(), &by, late).unwrap()).items.is_empty());
    assert!(asked.answer("quarantine", escrow.quarantine(&Page::first()).unwrap()).items.is_empty());
    assert!(asked.answer("undecryptable", escrow.undecryptable(&Page::first()).unwrap()).items.is_empty());
    assert!(asked.answer("devices", escrow.devices(&Page::first(), at(3)).unwrap()).items.is_empty());
    let summary = asked.answer("summary", escrow.summary(at(3)).unwrap());
    assert_eq!((summary.devices, summary.keys, summary.check_due, summary.quarantined), (0, 0, 0, 0));
    assert!(asked.answer("events", escrow.events(&Cursor::start(), 1000).unwrap()).entries.is_empty());
    let report = asked.answer("verify_audit", escrow.verify_audit(&[], None).unwrap());
    assert_eq!((report.chains, report.entries, report.is_intact()), (0, 0, true));
    assert_eq!(checkpoint(asked).leaves().len(), 0);
    // What comes from configuration.
    asked.answer("organization", escrow.organization().clone());
    asked.answer("certificates", escrow.certificates().len());
    asked.answer("profile", escrow.profile(&device("MAC"), at(3)).unwrap().as_bytes().len());
}

fn checkpoint(asked: &mut Asked<'_>) -> Checkpoint {
    let mut file = String::new();
    let mut write = |line: &str| {
        file.push_str(line);
        ControlFlow::Continue(())
    };
    let written = asked.escrow.checkpoint(None, at(3), &mut write).unwrap();
    asked.answer("checkpoint", (written, file.clone()));
    Checkpoint::parse(file.as_bytes(), &CheckpointLimits::default()).unwrap()
}

/// The same messages are received, and everything is done with them that can be done.
fn act(asked: &mut Asked<'_>, fleet: &Fleet, story: &Story, keyring: &fdescrow::envelope::Keyring) {
    let (escrow, by) = (asked.escrow, actor("bob"));
    let receipts = asked.answer("receive", story.receive(escrow));
    let statuses: Vec<ReceiptStatus> = receipts.iter().map(|receipt| receipt.status).collect();
    let stored = ReceiptStatus::Stored;
    assert_eq!(statuses, [stored, ReceiptStatus::Quarantined, stored, stored, stored], "as in the first");
    assert_eq!(escrow.history(&device("OTHER MAC")).unwrap()[0].seen_on, Some(device("MAC")));
    // What was sealed for the other organization does not count here.
    let report = asked.answer("check", fleet.check(keyring, at(10)));
    let not_opened: Vec<(&str, u64)> = report.not_opened.iter().map(|(word, count)| (word.as_str(), *count)).collect();
    assert_eq!((report.opened, not_opened), (2, vec![("did_not_open", 1), ("no_identity", 1)]));
    let (mac, pc) = (device("MAC"), device("PC"));
    let wanted = Reveal::of(&mac).by(&by).reason("lost");
    assert_eq!(asked.answer("reveal", escrow.reveal(wanted, keyring, at(11)).unwrap()).expose(), story.mac.text);
    asked.answer(
        "configuration_reported",
        escrow
            .configuration_reported(
                &mac,
                Configuration::new(Operation::Install, Delivery::Pending, at(12)),
                &by,
                at(12),
            )
            .unwrap(),
    );
    asked.answer("agent_reported", escrow.agent_reported(&pc, None, &by, at(12)).unwrap());
    asked.answer("move_to_group", escrow.move_to_group(&pc, Some("laptops"), &by, "moved", at(12))).unwrap();
    asked.answer("accept_quarantined", escrow.accept_quarantined(&receipts[1].key, &by, "its own", at(13))).unwrap();
    let again = escrow.receive(story.mac.upload(&device("THIRD MAC")), at(14)).unwrap();
    asked.answer("reject_quarantined", escrow.reject_quarantined(&again.key, &by, "replayed", at(15))).unwrap();
    let report = asked.answer("rewrap", fleet.rewrap(keyring, Custodian::second(), at(16)));
    assert_eq!(report.rewrapped, 3);
    let report = fleet.check(&Custodian::second().keyring(), at(17));
    assert_eq!(report.opened, 3);
    let asked_for = escrow.request_rotation(&pc, None, &by, "came back", at(17)).unwrap();
    asked.answer("rotations", (asked_for, escrow.rotations(&pc, at(17)).unwrap()));
    let recovery = escrow.request_recovery(&Reveal::of(&mac).by(&by).reason("lost"), at(17)).unwrap();
    asked.answer("recovery", escrow.recovery(&recovery.recovery, at(17)).unwrap());
    asked.answer("deny_recovery", escrow.deny_recovery(&recovery.recovery, &by, "found it", at(17)).unwrap());
    asked.answer("find", escrow.find(&Search::parse("MAC").unwrap()).unwrap());
    asked.answer("new_installation", escrow.new_installation(&mac, &by, "wiped", at(18))).unwrap();
    asked.answer("forget_device", escrow.forget_device(&mac, &by, "sold", at(19))).unwrap();
    let first = Custodian::curve().certificate.fingerprint();
    drop(asked.answer("retire_certificate", escrow.retire_certificate(&first, &by, "rollover", at(20))));
    for key in [&receipts[0].key, &receipts[3].key] {
        asked.answer("receipt", escrow.receipt(key).unwrap());
    }
    for name in ["MAC", "PC", "OTHER MAC", "THIRD MAC"] {
        let name = device(name);
        asked.answer("assess", escrow.assess(&name, at(21)).unwrap());
        asked.answer("device", escrow.device(&name, at(21)).unwrap());
        asked.answer("history", escrow.history(&name).unwrap());
        asked.answer("walk", escrow.walk(&name, at(21)).unwrap());
        assert!(!asked.answer("audit_of", escrow.audit_of(&name, 0, 1000).unwrap()).is_empty());
    }
    asked.answer("quarantine", escrow.quarantine(&Page::first()).unwrap());
    asked.answer("undecryptable", escrow.undecryptable(&Page::first()).unwrap());
    assert_eq!(asked.answer("devices", escrow.devices(&Page::first(), at(21)).unwrap()).items.len(), 4);
    let summary = asked.answer("summary", escrow.summary(at(21)).unwrap());
    assert_eq!((summary.devices, summary.keys), (4, 6));
    asked.answer("events", escrow.events(&Cursor::start(), 1000).unwrap());
    asked.answer("registered_certificates", escrow.registered_certificates().unwrap());
    assert_eq!(checkpoint(asked).leaves().len(), 5, "four devices and the organization's own");
    let report = asked.answer("verify_audit", escrow.verify_audit(&[], None).unwrap());
    assert!(report.is_intact(), "{report:?}");
}
