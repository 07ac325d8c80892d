//! Does what happened to others happen here?
//!
//! One test for each failure that was reported from the field and that concerns receiving, checking and handing
//! out. Numbers are those of the projects' issues. Those about who may approve stand with [`super::two_people`].

use std::{collections::BTreeSet, sync::Arc};

use fdescrow::{
    Digest, Error, KeyId, Policy,
    error::ErrorCode,
    escrow::{Reveal, Upload},
    key::Kind,
    store::{Table, conformance::Fixture},
    verification::{Reason, Standing, Status},
};
use fdescrow_tests::{
    fleet::{
        Custodian, FaultyIdentity, Fleet, Health, InterruptedStore, actor, agent, at, device, in_clear, mac_sealing,
        nonsense,
    },
    generator::filevault_prk,
    over_every_store,
};

over_every_store! {
    a_device_that_moves_to_another_team_keeps_its_keys,
    a_deleted_host_keeps_its_keys,
    a_valid_key_is_not_hidden_by_an_error,
    an_archive_is_readable_after_the_certificate_changed,
    a_new_key_of_a_protector_is_not_hidden_by_a_stale_one,
    a_stale_verdict_does_not_touch_a_fresh_key,
    a_dead_archived_key_is_not_served_as_the_present_one,
    nothing_that_is_done_to_a_device_takes_a_key_with_it,
    an_authorization_serves_only_who_asked_and_for_what,
    one_payload_that_cannot_be_read_does_not_break_the_batch,
    a_message_made_to_crash_the_reader_stops_nothing,
    an_error_of_the_client_blanks_no_key,
}

/// The keys and the envelopes that are stored.
fn treasure(fleet: &Fleet) -> BTreeSet<Digest> {
    let of_value = |table| matches!(table, Table::Keys | Table::Envelopes);
    fleet
        .rows()
        .0
        .iter()
        .filter(|row| of_value(row.table()))
        .map(|row| Digest::of(row.key().name().as_bytes()))
        .collect()
}

/// Fleet 25609: a host was moved to a team without disk encryption, and its key was deleted.
fn a_device_that_moves_to_another_team_keeps_its_keys(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let mac = device("C02XYZ");
    let (sent, _) = fleet.receive_from_mac(&mac, at(0));
    let keyring = Custodian::first().keyring();
    fleet.check(&keyring, at(1));
    let before = fleet.rows();
    let nothing_asked = Policy::from_json(r#"{"escrow": {"required": false}}"#).unwrap();
    let elsewhere = Fleet {
        store: Arc::clone(&fleet.store),
        escrow: Fleet::builder(Arc::clone(&fleet.store)).policies(Arc::new(Arc::new(nothing_asked))).build().unwrap(),
    };
    assert_eq!(elsewhere.escrow.assess(&mac, at(2)).unwrap().status, Status::NotRequired);
    assert_eq!(elsewhere.check(&keyring, at(2)).opened, 0);
    assert_eq!(elsewhere.rows(), before);
    assert_eq!(elsewhere.reveal(&mac, &keyring, at(3)).unwrap().expose(), sent.text);
    // A key that comes while it is there is stored, checked and handed out like any other.
    let (newer, _) = elsewhere.receive_from_mac(&mac, at(4));
    assert_eq!(elsewhere.check(&keyring, at(5)).opened, 1);
    assert_eq!(fleet.escrow.assess(&mac, at(6)).unwrap().status, Status::Verified);
    assert_eq!(fleet.reveal(&mac, &keyring, at(7)).unwrap().expose(), newer.text);
}

/// Fleet 24103: a host was deleted, and its key with it.
fn a_deleted_host_keeps_its_keys(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let mac = device("C02XYZ");
    let (sent, _) = fleet.receive_from_mac(&mac, at(0));
    let (unchecked, receipt) = fleet.receive_from_mac(&mac, at(1));
    let before = treasure(&fleet);
    fleet.escrow.forget_device(&mac, &actor("ana"), "deleted in the console", at(2)).unwrap();
    assert_eq!(treasure(&fleet), before);
    let keyring = Custodian::first().keyring();
    assert_eq!(fleet.reveal(&mac, &keyring, at(3)).unwrap().expose(), unchecked.text);
    assert_eq!(fleet.check(&keyring, at(4)).failed(), 0);
    let first = fleet.escrow.history(&mac).unwrap()[0].id;
    assert_ne!(first, receipt.key);
    assert_eq!(fleet.reveal_key(&mac, first, &keyring, at(5)).unwrap().expose(), sent.text);
}

/// Fleet 28754: a valid key could not be seen while the host's status was an error.
fn a_valid_key_is_not_hidden_by_an_error(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let mac = device("C02XYZ");
    let (sent, receipt) = fleet.receive_from_mac(&mac, at(0));
    let keyring = Custodian::first().keyring();
    fleet.check(&keyring, at(1));
    fleet.receive(nonsense(Custodian::first()).upload(&mac), at(2));
    fleet.check(&keyring, at(3));
    let assessment = fleet.escrow.assess(&mac, at(4)).unwrap();
    assert_eq!(assessment.status, Status::ActionRequired);
    assert_eq!(assessment.reasons, [Reason::DidNotOpen, Reason::EarlierKeyWorks, Reason::Rotating]);
    let revealed = fleet.reveal(&mac, &keyring, at(5)).unwrap();
    assert_eq!((revealed.id, revealed.expose()), (receipt.key, sent.text.as_str()));
    let standings: Vec<Standing> = revealed.candidates.iter().map(|candidate| candidate.standing).collect();
    assert_eq!(standings, [Standing::NewerNotOpened, Standing::Chosen]);
}

/// Fleet 37130: the certificate authority was made anew, and keys in the archive could not be read any more.
fn an_archive_is_readable_after_the_certificate_changed(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let (old, new) = (Custodian::first(), Custodian::second());
    let mac = device("C02XYZ");
    let archive: Vec<_> = (0..4)
        .map(|number| {
            if number == 2 {
                fleet.escrow.new_installation(&mac, &actor("ana"), "wiped", at(number)).unwrap();
            }
            fleet.receive_from_mac(&mac, at(number))
        })
        .collect();
    // One that nobody can read: it is said, and it stays where it is.
    let lost = fleet.receive(nonsense(old).upload(&mac), at(5));
    fleet.check(&old.keyring(), at(10));
    fleet.escrow.forget_device(&mac, &actor("ana"), "sold", at(11)).unwrap();
    let report = fleet.rewrap(&old.keyring(), new, at(20));
    assert_eq!(report.rewrapped, 4);
    assert_eq!(report.failures.iter().map(|failure| failure.key).collect::<Vec<_>>(), [lost.key]);
    assert_eq!(fleet.check(&new.keyring(), at(30)).opened, 4);
    let refused = fleet.escrow.retire_certificate(&old.certificate.fingerprint(), &actor("ana"), "rollover", at(40));
    assert!(matches!(refused, Err(Error::CertificateInUse { count: 1 })), "{refused:?}");
    for (sent, receipt) in &archive {
        assert_eq!(fleet.reveal_key(&mac, receipt.key, &new.keyring(), at(50)).unwrap().expose(), sent.text);
    }
    fleet.assert_intact();
}

/// Fleet 46535: a new key was put into a slot and never sent; the stale one was served.
fn a_new_key_of_a_protector_is_not_hidden_by_a_stale_one(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let pc = device("PC-17");
    let keyring = Custodian::curve().keyring();
    let stale = in_clear(Kind::Luks).of_volume("5d1c").of_protector("1");
    fleet.receive(stale.upload(&pc), at(0));
    fleet.check(&keyring, at(1));
    let fresh = in_clear(Kind::Luks).of_volume("5d1c").of_protector("1");
    let receipt = fleet.receive(fresh.upload(&pc), at(2));
    let revealed = fleet.reveal(&pc, &keyring, at(3)).unwrap();
    assert_eq!((revealed.id, revealed.expose()), (receipt.key, fresh.text.as_str()));
    assert_eq!(revealed.candidates.len(), 2);
}

/// Fleet PR 52660: a verdict about the key that was there before deleted the one that had just come.
fn a_stale_verdict_does_not_touch_a_fresh_key(fixture: &dyn Fixture) {
    let store = fixture.store();
    let fleet = Fleet::over(Arc::clone(&store));
    let mac = device("C02XYZ");
    fleet.receive(nonsense(Custodian::first()).upload(&mac), at(0));
    let fresh = mac_sealing(Custodian::first());
    // The check has claimed, read and opened; when it records its verdict, the fresh key is there.
    let interruption = {
        let (fleet, mac, fresh) = (Fleet::over(Arc::clone(&store)), mac.clone(), fresh.clone());
        move || {
            fleet.receive(fresh.upload(&mac), at(1));
        }
    };
    let checking = Fleet::over(InterruptedStore::new(store, 4, interruption));
    let keyring = Custodian::first().keyring();
    let report = checking.check(&keyring, at(2));
    assert_eq!((report.opened, report.failed()), (1, 1), "{report:?}");
    let history = fleet.escrow.history(&mac).unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!((history[0].reason, history[1].reason), (Some(Reason::DidNotOpen), None));
    assert_eq!(fleet.reveal(&mac, &keyring, at(3)).unwrap().expose(), fresh.text);
}

/// Fleet PR 52660: a key from the archive that opened nothing any more was served as the present one.
fn a_dead_archived_key_is_not_served_as_the_present_one(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let mac = device("C02XYZ");
    let keyring = Custodian::first().keyring();
    let (dead, _) = fleet.receive_from_mac(&mac, at(0));
    fleet.check(&keyring, at(1));
    fleet.escrow.new_installation(&mac, &actor("ana"), "wiped", at(2)).unwrap();
    // It can be had, and nobody takes it for the present one.
    assert_eq!(fleet.escrow.assess(&mac, at(3)).unwrap().status, Status::Enforcing);
    let revealed = fleet.reveal(&mac, &keyring, at(4)).unwrap();
    assert_eq!(revealed.expose(), dead.text);
    fleet.receive(nonsense(Custodian::first()).upload(&mac), at(5));
    fleet.check(&keyring, at(6));
    assert_eq!(fleet.escrow.assess(&mac, at(7)).unwrap().status, Status::ActionRequired);
    let (present, _) = fleet.receive_from_mac(&mac, at(8));
    let revealed = fleet.reveal(&mac, &keyring, at(9)).unwrap();
    assert_eq!(revealed.expose(), present.text);
    let revealed = fleet.reveal(&mac, &keyring, at(10)).unwrap();
    let standings: Vec<Standing> = revealed.candidates.iter().map(|candidate| candidate.standing).collect();
    // What did not open was replaced by what came then and works.
    assert_eq!(standings, [Standing::Chosen, Standing::Retired, Standing::EarlierInstallation]);
}

/// Crypt-Server: a computer was deleted, and its secrets went with it by `on_delete=CASCADE`.
fn nothing_that_is_done_to_a_device_takes_a_key_with_it(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let (mac, other, ana) = (device("C02XYZ"), device("OTHER"), actor("ana"));
    let (old, new) = (Custodian::first(), Custodian::second());
    let both = Custodian::keyring_of(&[old, new]);
    let (sent, receipt) = fleet.receive_from_mac(&mac, at(0));
    let set_apart: Vec<KeyId> =
        ["B", "C"].iter().map(|name| fleet.receive(sent.upload(&device(*name)), at(1)).key).collect();
    fleet.receive_from_mac(&other, at(2));
    type Deed<'a> = (&'a str, &'a dyn Fn());
    let deeds: &[Deed<'_>] = &[
        ("check", &|| drop(fleet.check(&both, at(10)))),
        ("check in vain", &|| drop(fleet.check(&Custodian::stranger().keyring(), at(100 * 86_400)))),
        ("forget", &|| fleet.escrow.forget_device(&mac, &ana, "sold", at(11)).unwrap()),
        ("reveal", &|| drop(fleet.reveal(&mac, &both, at(12)).unwrap())),
        ("install", &|| fleet.escrow.new_installation(&mac, &ana, "wiped", at(13)).unwrap()),
        ("accept", &|| fleet.escrow.accept_quarantined(&set_apart[0], &ana, "its own", at(14)).unwrap()),
        ("reject", &|| fleet.escrow.reject_quarantined(&set_apart[1], &ana, "a replay", at(15)).unwrap()),
        ("rewrap", &|| drop(fleet.rewrap(&both, new, at(16)))),
        ("check the new envelopes", &|| drop(fleet.check(&both, at(101 * 86_400)))),
        ("send again", &|| drop(fleet.receive(sent.upload(&mac), at(18)))),
        ("verify", &|| fleet.assert_intact()),
    ];
    let mut before = treasure(&fleet);
    for (deed, run) in deeds {
        run();
        let after = treasure(&fleet);
        assert!(after.is_superset(&before), "after {deed}");
        before = after;
    }
    assert_eq!(fleet.reveal_key(&mac, receipt.key, &both, at(20)).unwrap().expose(), sent.text);
}

/// Crypt-Server: whoever was logged in could open a request that was approved for somebody else.
fn an_authorization_serves_only_who_asked_and_for_what(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let pc = device("PC-17");
    let sent = in_clear(Kind::BitLocker);
    fleet.receive(sent.upload(&pc), at(0));
    let identity = FaultyIdentity::of(Custodian::curve());
    let keyring = identity.keyring();
    identity.becomes(Health::Dead);
    let ask =
        |who: &str, why: &str, now| fleet.escrow.reveal(Reveal::of(&pc).by(&actor(who)).reason(why), &keyring, at(now));
    assert_eq!(ask("ana", "lost passphrase", 1).unwrap_err().code(), ErrorCode::IdentityUnavailable);
    identity.becomes(Health::Well);
    assert_eq!(ask("bob", "lost passphrase", 2).unwrap().expose(), sent.text);
    assert_eq!(ask("ana", "curiosity", 3).unwrap().expose(), sent.text);
    let entries = fleet.escrow.audit_of(&pc, 0, 100).unwrap();
    let releases: Vec<(String, String)> = entries
        .iter()
        .filter(|entry| entry.action().as_str().starts_with("release"))
        .map(|entry| (entry.actor().to_string(), entry.action().to_string()))
        .collect();
    let expected = [
        ("ana", "release_authorized"),
        ("bob", "release_authorized"),
        ("bob", "released"),
        ("ana", "release_authorized"),
        ("ana", "released"),
    ];
    assert_eq!(releases, expected.map(|(who, what)| (who.to_owned(), what.to_owned())));
    // The first one is still there for what it was asked for, and is used once.
    assert_eq!(ask("ana", "lost passphrase", 4).unwrap().expose(), sent.text);
    assert_eq!(fleet.actions(&pc).iter().filter(|action| *action == "release_authorized").count(), 3);
    assert_eq!(ask("ana", "lost passphrase", 5).unwrap().expose(), sent.text);
    assert_eq!(fleet.actions(&pc).iter().filter(|action| *action == "release_authorized").count(), 4);
}

/// Breeze 2258: one payload that could not be decrypted broke the whole batch.
fn one_payload_that_cannot_be_read_does_not_break_the_batch(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let keyring = Custodian::keyring_of(&[Custodian::curve(), Custodian::first()]);
    for number in 0..30 {
        let name = device(format!("device {number}"));
        match number % 10 {
            3 => fleet.receive(nonsense(Custodian::first()).upload(&name), at(number)),
            6 => fleet.receive(agent(&name, "1", Custodian::stranger()).upload(&name), at(number)),
            // What was sealed for another device.
            8 => fleet.receive(agent(&device("another"), "1", Custodian::curve()).upload(&name), at(number)),
            _ => fleet.receive(agent(&name, "1", Custodian::curve()).upload(&name), at(number)),
        };
    }
    let report = fleet.check(&keyring, at(100));
    let failed: Vec<(&str, u64)> = report.not_opened.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    assert_eq!(report.opened, 21);
    assert_eq!(failed, [("did_not_open", 6), ("no_identity", 3)]);
    let found = fleet.escrow.undecryptable(&fdescrow::escrow::Page::first()).unwrap();
    assert_eq!(found.items.len(), 9);
}

/// smallstep/pkcs7: a message that panics the reader kept a whole fleet from being verified, every hour.
fn a_message_made_to_crash_the_reader_stops_nothing(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let to = Custodian::first().authority.as_ref().unwrap();
    // Streamed BER: five ends of contents follow the last chunk of eight octets and its header.
    const END: usize = 10;
    const CHUNK: usize = 10;
    let without_last_chunk = |plaintext: &[u8]| {
        let message = filevault_prk(to, plaintext, &[24, 8]);
        let (body, end) = message.split_at(message.len() - END);
        [&body[..body.len() - CHUNK], end].concat()
    };
    let whole = filevault_prk(to, b"ABCD-EFGH-JKLM-NPQR-STUV-WXYZ", &[24]);
    let cut = {
        let (body, end) = whole.split_at(whole.len() - END);
        let (before, chunk) = body.split_at(body.len() - CHUNK);
        [before, &[0x04, 0x07], &chunk[2..9], end].concat()
    };
    let poison: [(&str, Vec<u8>); 6] = [
        ("a ciphertext that is no whole number of blocks", cut),
        ("no padding at all", without_last_chunk(b"ABCD-EFGH-JKLM-NPQR-STUV-WXYZ-AB")),
        ("padding of length 0", without_last_chunk(b"ABCD-EFGH-JKLM-NPQR-STUV-WXYZ\0\0\0")),
        ("padding longer than the data", without_last_chunk(b"ABCD-EFGH-JKLM-NPQR-STUV-WXYZ\xff\xff\xff")),
        ("no ciphertext", {
            let message = filevault_prk(to, b"", &[8]);
            let (body, end) = message.split_at(message.len() - END);
            [&body[..body.len() - CHUNK], end].concat()
        }),
        ("not a key", filevault_prk(to, b"\xff\xfe\xfd", &[])),
    ];
    let mut stored = 0;
    for (number, (what, message)) in poison.into_iter().enumerate() {
        let name = device(format!("hostile {number}"));
        let upload = Upload::sealed(name, Kind::FileVault, message).by(&actor("orbit"));
        match fleet.escrow.receive(upload, at(0)) {
            Ok(_) => stored += 1,
            Err(error) => assert_eq!(error.code(), ErrorCode::UploadNotSealed, "{what}"),
        }
    }
    assert!(stored >= 4, "only {stored} of the messages came as far as the check");
    let good: Vec<_> = (0..10)
        .map(|number| {
            (device(format!("good {number}")), fleet.receive_from_mac(&device(format!("good {number}")), at(1)))
        })
        .collect();
    let keyring = Custodian::first().keyring();
    let report = fleet.check(&keyring, at(2));
    assert_eq!((report.opened, report.failed()), (10, stored), "{report:?}");
    for (name, (sent, _)) in &good {
        assert_eq!(fleet.reveal(name, &keyring, at(3)).unwrap().expose(), sent.text);
    }
}

/// Fleet: a client that reported an error blanked the key that was there. Here an upload is a key or is refused:
/// there is no call by which a client says that it has none.
fn an_error_of_the_client_blanks_no_key(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let mac = device("C02XYZ");
    let (sent, receipt) = fleet.receive_from_mac(&mac, at(0));
    let keyring = Custodian::first().keyring();
    fleet.check(&keyring, at(1));
    let before = treasure(&fleet);
    let errors: [&[u8]; 5] = [b"", b"\0\0\0\0", b"fdesetup: Error: -69594", b"null", b"MIIB"];
    for bytes in errors {
        let upload = Upload::sealed(mac.clone(), Kind::FileVault, bytes).by(&actor("orbit"));
        assert_eq!(fleet.escrow.receive(upload, at(2)).unwrap_err().code(), ErrorCode::UploadNotSealed);
        let text = String::from_utf8_lossy(bytes).into_owned();
        let clear = Upload::plaintext(mac.clone(), Kind::FileVault, fdescrow::Secret::from_string(text));
        let refused = fleet.escrow.receive(clear.by(&actor("orbit")), at(2)).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::KeyFormat);
    }
    assert_eq!(treasure(&fleet), before);
    let refusals = fleet.actions(&mac).iter().filter(|action| *action == "upload_refused").count();
    assert_eq!(refusals, 2 * errors.len());
    assert_eq!(fleet.escrow.receipt(&receipt.key).unwrap().status, fdescrow::escrow::ReceiptStatus::Verified);
    assert_eq!(fleet.reveal(&mac, &keyring, at(3)).unwrap().expose(), sent.text);
}
