use super::*;
use crate::{
    envelope::{NewCertificate, private_key::KeyAlgorithm},
    ids::KeyId,
    random::RandomnessError,
};

#[derive(Debug)]
struct Counter(std::sync::atomic::AtomicU8);

impl Randomness for Counter {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        let number = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        out.iter_mut().zip(1u8..).for_each(|(byte, value)| *byte = value.wrapping_mul(5) ^ number);
        Ok(())
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000 + seconds).unwrap()
}

fn planner() -> Planner {
    let device = DeviceId::new("PC-17").unwrap();
    let mut planner = Planner::new("example.com".parse().unwrap(), device, Level::EnvelopeOpens);
    planner.pursue(Word::new("r1").unwrap());
    planner
}

fn seen(slots: &[&str], key_at_hand: bool) -> Observation {
    Observation { at: at(0), slots: Some(slots.iter().map(|name| (*name).to_owned()).collect()), key_at_hand }
}

fn entry(planner: &Planner) -> Entry {
    let rng = Counter(Default::default());
    let (certificate, _) =
        NewCertificate::new("CN=snapd", KeyAlgorithm::P256, at(0), at(99)).unwrap().generate(&rng).unwrap();
    planner.seal(RecoveryKey::generate(Kind::Snapd, &rng).unwrap(), &[&certificate], &rng, at(0)).unwrap()
}

#[track_caller]
fn step(planner: &Planner, seen: &Observation, situation: Situation) -> Step {
    let (is, step) = planner.next(seen).unwrap();
    assert_eq!(is, situation);
    step.unwrap()
}

#[test]
fn a_key_is_in_the_spool_before_snapd_is_asked_to_use_it() {
    let mut planner = planner();
    assert_eq!(planner.next(&Observation::new(at(0))), Some((Situation::Unreadable, None)));
    let generate = step(&planner, &seen(&["default-recovery"], false), Situation::NoKey);
    planner.report(&generate, Outcome::Done, at(0)).unwrap();
    let escrow = step(&planner, &seen(&["default-recovery"], true), Situation::Unsealed);
    let entry = entry(&planner);
    planner.report(&escrow, Outcome::Spooled(Box::new(entry.clone())), at(0)).unwrap();
    let ask = step(&planner, &seen(&[], true), Situation::AnswerDue);
    planner.report(&ask, Outcome::NoAnswer, at(0)).unwrap();
    assert_eq!(step(&planner, &seen(&[SLOT], true), Situation::Unused), Step::Use { replace: true });
    let add = step(&planner, &seen(&["default-recovery"], true), Situation::Unused);
    assert_eq!(add, Step::Use { replace: false });
    planner.report(&add, Outcome::Done, at(0)).unwrap();
    let check = step(&planner, &seen(&[SLOT], true), Situation::Unchecked);
    planner.report(&check, Outcome::Done, at(0)).unwrap();
    assert_eq!(planner.next(&seen(&[SLOT], false)), Some((Situation::NotVerified, None)));
    let key = KeyId::from_bytes([1; 16]);
    let mut receipt =
        Receipt::new(entry.device.clone(), entry.place.clone(), key, entry.envelope(), ReceiptStatus::Verified);
    receipt.level = Some(Level::EnvelopeOpens);
    assert_eq!(planner.receipt(&receipt), Err(Mismatch::Request));
    receipt.request = Some("r1".to_owned());
    planner.receipt(&receipt).unwrap();
    assert_eq!(planner.next(&seen(&[SLOT], false)), Some((Situation::Done, None)));
}

#[test]
fn what_is_not_known_after_a_crash_leads_to_another_key_and_not_for_ever() {
    let mut planner = planner();
    for _ in 0..MAX_ATTEMPTS {
        let generate = step(&planner, &seen(&[], false), Situation::NoKey);
        planner.report(&generate, Outcome::Done, at(0)).unwrap();
        planner = serde_json::from_str(&serde_json::to_string(&planner).unwrap()).unwrap();
    }
    assert_eq!(planner.next(&seen(&[], false)), Some((Situation::TooManyAttempts, None)));
}

#[test]
fn a_key_that_the_spool_lost_before_the_server_had_it_is_made_again() {
    let mut planner = planner();
    let generate = step(&planner, &seen(&[SLOT], false), Situation::NoKey);
    planner.report(&generate, Outcome::Done, at(0)).unwrap();
    let escrow = step(&planner, &seen(&[SLOT], true), Situation::Unsealed);
    let entry = entry(&planner);
    planner.report(&escrow, Outcome::Spooled(Box::new(entry.clone())), at(0)).unwrap();
    assert!(planner.awaits(&entry.envelope()));
    let ask = step(&planner, &seen(&[SLOT], true), Situation::AnswerDue);
    planner.report(&ask, Outcome::NoAnswer, at(0)).unwrap();
    planner.report(&Step::Use { replace: true }, Outcome::Done, at(0)).unwrap();
    planner.report(&Step::Check, Outcome::Done, at(0)).unwrap();
    assert_eq!(planner.next(&seen(&[SLOT], false)), Some((Situation::NotVerified, None)));
    planner.ask_again();
    let ask = step(&planner, &seen(&[SLOT], false), Situation::AnswerDue);
    planner.report(&ask, Outcome::NotInSpool, at(0)).unwrap();
    assert!(!planner.awaits(&entry.envelope()));
    step(&planner, &seen(&[SLOT], false), Situation::NoKey);
}

#[test]
fn what_is_sent_to_snapd_is_what_it_takes() {
    let rng = Counter(Default::default());
    let key = RecoveryKey::generate(Kind::Snapd, &rng).unwrap();
    let json = |step: Step| -> serde_json::Value {
        serde_json::from_slice(step.body("7", Some(&key)).unwrap().expose()).unwrap()
    };
    assert_eq!(json(Step::Generate)["action"], "generate-recovery-key");
    let used = json(Step::Use { replace: true });
    assert_eq!((&used["action"], &used["key-id"]), (&"replace-recovery-key".into(), &"7".into()));
    assert_eq!(used["keyslots"], serde_json::json!([{ "name": SLOT }]));
    assert_eq!(json(Step::Check)["recovery-key"], key.expose());
    assert!(Step::Escrow.body("7", None).is_none());
}
