//! Is there a key without an entry, or an upload that nobody answers for?

use std::sync::Arc;

use fdescrow::{
    ErrorCode, Kind,
    audit::Entry,
    envelope::{Owner, Payload, seal},
    escrow::Upload,
    key::RecoveryKey,
    store::{
        Store,
        conformance::{Fault, FaultyStore, Fixture},
    },
    verification::{Failure, Status},
};
use fdescrow_tests::{
    fleet::{Custodian, FaultyIdentity, Fleet, Seeded, actor, agent, at, device, in_clear, nonsense},
    over_every_store,
};

use super::counted;

over_every_store! {
    no_key_is_handed_out_without_a_committed_entry_whatever_fails_counted,
    an_upload_that_nobody_answers_for_is_refused_and_recorded_counted,
    what_was_sealed_for_another_owner_never_counts_for_this_one_counted,
}

/// What may fail during one reveal: calls of the store, by their number, and how.
fn plans() -> Vec<Vec<(u64, Fault)>> {
    let calls = 1..=16_u64;
    let mut plans: Vec<Vec<(u64, Fault)>> =
        calls.clone().flat_map(|call| Fault::ALL.iter().map(move |fault| vec![(call, *fault)])).collect();
    for first in calls.clone() {
        for second in first + 1..=16 {
            for (one, other) in [(0, 0), (0, 2), (1, 1), (1, 2)] {
                plans.push(vec![(first, Fault::ALL[one]), (second, Fault::ALL[other])]);
            }
        }
    }
    // Those that fail once, and a share of those that fail twice.
    let singles = calls.count() * Fault::ALL.len();
    let every = if counted(1, 0) == 1 { 1 } else { 5 };
    plans.into_iter().enumerate().filter(|(n, _)| *n < singles || n % every == 0).map(|(_, plan)| plan).collect()
}

fn requests_of(entries: &[Entry], action: &str) -> Vec<String> {
    let of_action = entries.iter().filter(|entry| entry.action().as_str() == action);
    of_action
        .filter_map(|entry| entry.references().request.as_ref().map(|request| request.as_str().to_owned()))
        .collect()
}

/// Every call of the store that a reveal makes fails, in each of three ways, alone and in pairs.
fn no_key_is_handed_out_without_a_committed_entry_whatever_fails_counted(fixture: &dyn Fixture) {
    let store = fixture.store();
    let fleet = Fleet::over(Arc::clone(&store));
    let (mut trials, mut handed_out, mut recorded_only, mut opened_unasked, mut without_entry) = (0, 0, 0, 0, 0);
    for (number, plan) in plans().into_iter().enumerate() {
        let pc = device(format!("PC-{number}"));
        let sent = agent(&pc, "1", Custodian::curve());
        fleet.receive(sent.upload(&pc), at(0));
        let identity = FaultyIdentity::of(Custodian::curve());
        let failing = Fleet::over(Arc::new(FaultyStore::new(Arc::clone(&store), plan)) as Arc<dyn Store>);
        let answer = failing.reveal(&pc, &identity.keyring(), at(1));
        let entries = fleet.escrow.audit_of(&pc, 0, 100).unwrap();
        let (authorized, released) = (requests_of(&entries, "release_authorized"), requests_of(&entries, "released"));
        trials += 1;
        opened_unasked += usize::from(authorized.is_empty() && identity.calls() > 0);
        match answer {
            Ok(revealed) => {
                assert_eq!(revealed.expose(), sent.text);
                let recovery = revealed.recovery.to_string();
                without_entry += usize::from(!authorized.contains(&recovery) || !released.contains(&recovery));
                handed_out += 1;
            }
            // That it was handed out may be recorded although the answer was lost, and never the other way round.
            Err(_) => recorded_only += released.len(),
        }
    }
    fleet.assert_intact();
    println!(
        "{trials} trials: {handed_out} keys handed out, of which {without_entry} without committed entries; \
         {opened_unasked} private keys used before; {recorded_only} entries of keys that were not handed out"
    );
    assert!(trials >= counted(500, 140) && handed_out > 10 && trials - handed_out > 100 && recorded_only > 0);
    assert_eq!((without_entry, opened_unasked), (0, 0));
}

/// Nobody is named. Whether the one who is named may send for this device is the embedder's to know.
fn an_upload_that_nobody_answers_for_is_refused_and_recorded_counted(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let pc = device("PC-17");
    let good = in_clear(Kind::BitLocker);
    fleet.receive(good.upload(&pc), at(0));
    let keyring = Custodian::curve().keyring();
    fleet.check(&keyring, at(1));
    let stored = fleet.escrow.history(&pc).unwrap();
    let uploads = |name: &str| {
        let name = device(name);
        let clear = in_clear(Kind::BitLocker);
        let text = fdescrow::Secret::<str>::copy_from(&clear.text);
        let messages = [agent(&name, "1", Custodian::curve()), nonsense(Custodian::first())];
        let mut uploads = vec![Upload::plaintext(name.clone(), Kind::BitLocker, text)];
        uploads.extend(messages.map(|sent| Upload::sealed(name.clone(), sent.kind, sent.message.unwrap())));
        uploads.push(Upload::sealed(name.clone(), Kind::FileVault, b"no CMS".to_vec()));
        uploads.push(Upload::sealed(name, Kind::FileVault, Vec::new()).request("r-1"));
        uploads
    };
    let mut refused = 0;
    for (second, upload) in (2..).zip(uploads("PC-17")) {
        let error = fleet.escrow.receive(upload, at(second)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::UploadActorMissing);
        refused += 1;
    }
    let entries = fleet.escrow.audit_of(&pc, 0, 100).unwrap();
    let recorded: Vec<(&str, &str)> = entries
        .iter()
        .filter(|entry| entry.action().as_str() == "upload_refused")
        .map(|entry| (entry.actor().as_str(), entry.references().outcome.as_ref().unwrap().as_str()))
        .collect();
    assert_eq!(recorded, vec![("unknown", "upload_actor_missing"); refused]);
    assert_eq!(fleet.escrow.history(&pc).unwrap(), stored, "nothing about the key that is there was changed");
    // A device that is not known is not created by it, and has no chain that could tell.
    let before = fleet.rows();
    for upload in uploads("UNKNOWN") {
        assert_eq!(fleet.escrow.receive(upload, at(20)).unwrap_err().code(), ErrorCode::UploadActorMissing);
        refused += 1;
    }
    assert_eq!(fleet.rows(), before);
    assert_eq!(fleet.reveal(&pc, &keyring, at(30)).unwrap().expose(), good.text);
    fleet.assert_intact();
    println!("{refused} uploads that nobody answers for: {refused} refused, {} recorded", recorded.len());
}

/// An upload that names this device, and holds what was sealed for another device, organization, volume or
/// protector.
fn what_was_sealed_for_another_owner_never_counts_for_this_one_counted(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let pc = device("PC-17");
    let keyring = Custodian::curve().keyring();
    let owner = || Owner::new().organization("example.com".parse().unwrap()).device(pc.clone());
    let good = agent(&pc, "1", Custodian::curve());
    let proven = fleet.receive(good.upload(&pc), at(0)).key;
    fleet.check(&keyring, at(1));
    let one = Some("1".parse().unwrap());
    let owners = [
        owner().device(device("PC-18")).protector(one.clone()),
        owner().device(device("pc-17")).protector(one.clone()),
        owner().organization("example.org".parse().unwrap()).protector(one.clone()),
        owner().protector(Some("2".parse().unwrap())),
        owner().protector(one.clone()).volume(Some("D:".parse().unwrap())),
    ];
    let (mut refused, attempts) = (0, owners.len());
    for (second, owner) in (2..).zip(owners) {
        let rng = Seeded::next();
        let key = RecoveryKey::generate(Kind::BitLocker, rng.as_ref()).unwrap();
        let message = seal(&Payload::new(key, owner), &[&Custodian::curve().certificate], rng.as_ref()).unwrap();
        let upload = Upload::sealed(pc.clone(), Kind::BitLocker, message.der().to_vec());
        let receipt = fleet.receive(upload.protector("1".parse().unwrap()).by(&actor("mallory")), at(10 * second));
        let report = fleet.check(&keyring, at(10 * second + 1));
        assert_eq!((report.opened, report.not_opened.get("did_not_open")), (0, Some(&1)), "{report:?}");
        let stands = fleet.escrow.history(&pc).unwrap().pop().unwrap();
        assert_eq!((stands.id, stands.last_failure), (receipt.key, Some(Failure::DidNotOpen)));
        assert_eq!(stands.by, actor("mallory"), "who sent it is known");
        assert_ne!(fleet.escrow.assess(&pc, at(10 * second + 2)).unwrap().status, Status::Verified);
        let revealed = fleet.reveal(&pc, &keyring, at(10 * second + 3)).unwrap();
        assert_eq!((revealed.id, revealed.expose()), (proven, good.text.as_str()));
        refused += 1;
    }
    let recorded = fleet.actions(&pc).iter().filter(|action| *action == "key_check_failed").count();
    assert_eq!((refused, recorded), (attempts, attempts));
    fleet.assert_intact();
    println!(
        "{attempts} keys of other owners sent for this device: {refused} found, {recorded} recorded, 0 handed out"
    );
}
