use super::*;
use crate::agent::spool::Mismatch;

type Spoil = fn(&mut Receipt);

#[test]
fn a_receipt_counts_only_if_it_names_everything_that_was_sealed() {
    let good = receipt("A", ReceiptStatus::Verified, Some(Level::EnvelopeOpens));
    let spoilt: [(Mismatch, Spoil); 8] = [
        (Mismatch::Device, |receipt| receipt.device = DeviceId::new("PC-18").unwrap()),
        (Mismatch::Place, |receipt| receipt.place.kind = Kind::Luks),
        (Mismatch::Place, |receipt| receipt.place.volume = None),
        (Mismatch::Place, |receipt| receipt.place.protector = Some(id("B"))),
        (Mismatch::Place, |receipt| receipt.place.protector = None),
        (Mismatch::Request, |receipt| receipt.request = Some("other".to_owned())),
        (Mismatch::Request, |receipt| receipt.request = None),
        (Mismatch::Envelope, |receipt| receipt.envelope = digest("B")),
    ];
    for (what, spoil) in spoilt {
        let mut planner = planner(Aim::Adopt, Rules::default());
        spooled(&mut planner, "A");
        let before = planner.clone();
        let mut bad = good.clone();
        spoil(&mut bad);
        let error = planner.receipt(&bad).unwrap_err();
        assert_eq!(error, what);
        assert_eq!(error.code(), crate::ErrorCode::EventRejected);
        assert_eq!(planner, before);
        planner.receipt(&good).unwrap();
        assert_eq!(planner.escrowed(&id("A")).unwrap().reached(Level::EnvelopeOpens), Before::Verified);
    }
}

#[test]
fn verified_means_the_level_of_the_rules_and_is_never_taken_back() {
    let mut planner = planner(Aim::Adopt, Rules::default());
    spooled(&mut planner, "A");
    let reached = |planner: &Planner, level| planner.escrowed(&id("A")).unwrap().reached(level);
    assert_eq!(reached(&planner, Level::WellFormed), Before::Spooled);
    assert!(!planner.is_stored(&digest("A")));
    planner.receipt(&receipt("A", ReceiptStatus::Quarantined, None)).unwrap();
    assert_eq!(reached(&planner, Level::WellFormed), Before::Spooled);
    assert!(planner.escrowed(&id("A")).unwrap().quarantined);
    // Opened, and yet not as far as the server's policy demands.
    planner.receipt(&receipt("A", ReceiptStatus::Stored, Some(Level::VolumeKeyUnwrapped))).unwrap();
    assert_eq!(reached(&planner, Level::WellFormed), Before::Stored);
    assert!(planner.is_stored(&digest("A")) && !planner.is_stored(&digest("B")));
    planner.receipt(&receipt("A", ReceiptStatus::Verified, None)).unwrap();
    assert_eq!(reached(&planner, Level::WellFormed), Before::Stored);
    planner.receipt(&receipt("A", ReceiptStatus::Verified, Some(Level::EnvelopeOpens))).unwrap();
    assert_eq!(reached(&planner, Level::EnvelopeOpens), Before::Verified);
    assert_eq!(reached(&planner, Level::ProtectorOpens), Before::Stored);
    // One that was on its way since.
    planner.receipt(&receipt("A", ReceiptStatus::Stored, None)).unwrap();
    assert_eq!(reached(&planner, Level::EnvelopeOpens), Before::Verified);
    assert!(!planner.escrowed(&id("A")).unwrap().quarantined);
}

#[test]
fn the_server_is_asked_again_after_a_while_also_when_the_clock_was_put_back() {
    let mut planner = planner(Aim::Adopt, Rules::default());
    spooled(&mut planner, "A");
    let mut seen = encrypted(&[protector("T", TPM), protector("A", PASSWORD)]);
    let first = planner.next(&seen).unwrap();
    let step = first.step.unwrap();
    assert_eq!(first.situation, Situation::AnswerDue);
    assert!(matches!(&step, Step::Ask { key: None, .. }));
    planner.report(&step, Outcome::NoAnswer, seen.at).unwrap();
    let waiting = planner.next(&seen).unwrap();
    assert_eq!((waiting.situation, waiting.step), (Situation::NotVerifiedYet, None));
    assert_eq!(waiting.wake_at, Some(at(900)));
    seen.at = at(-1);
    assert_eq!(planner.next(&seen).unwrap().situation, Situation::AnswerDue);
    seen.at = at(900);
    let stored = Box::new(receipt("A", ReceiptStatus::Stored, None));
    planner.report(&step, Outcome::Receipt(stored), seen.at).unwrap();
    seen.at = at(1800);
    // The server named the key: now it can be asked for its receipt alone.
    let again = planner.next(&seen).unwrap().step.unwrap();
    assert!(matches!(&again, Step::Ask { key: Some(_), .. }));
    // A stored password that is gone from the volume is nobody's concern; one that is not stored is.
    assert_eq!(situation(&mut planner.clone(), &encrypted(&[protector("T", TPM)])), Situation::NoRecoveryPassword);
    planner.report(&again, Outcome::NotInSpool, seen.at).unwrap();
    assert_eq!(planner.next(&seen).unwrap().situation, Situation::PasswordNotEscrowed);
}

#[test]
fn an_answer_about_something_else_leaves_the_question_asked() {
    let mut planner = planner(Aim::Adopt, Rules::default());
    spooled(&mut planner, "A");
    let seen = encrypted(&[protector("T", TPM), protector("A", PASSWORD)]);
    let step = planner.next(&seen).unwrap().step.unwrap();
    let other = Box::new(receipt("B", ReceiptStatus::Verified, Some(Level::VolumeKeyUnwrapped)));
    let error = planner.report(&step, Outcome::Receipt(other), seen.at).unwrap_err();
    assert!(matches!(error, PlannerError::Receipt(_)) && error.code() == crate::ErrorCode::EventRejected);
    assert_eq!(planner.next(&seen).unwrap().situation, Situation::NotVerifiedYet);
}
