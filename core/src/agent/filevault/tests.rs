use std::sync::OnceLock;

use super::*;
use crate::{
    envelope::{Envelope, NewCertificate, Owner, Payload, private_key::KeyAlgorithm, seal},
    ids::{DeviceId, KeyId, Word},
    key::{Kind, RecoveryKey},
    policy::escrow::Level,
    random::{Randomness, RandomnessError},
    time::Timestamp,
    verification::{Reading, Receipt, ReceiptStatus},
};

#[derive(Debug)]
struct Counter(std::sync::atomic::AtomicU8);

impl Randomness for Counter {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        let number = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        out.iter_mut().zip(1u8..).for_each(|(byte, value)| *byte = value.wrapping_mul(7) ^ number);
        Ok(())
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000 + seconds).unwrap()
}

/// Two envelopes: of the old key, and of the new one.
fn envelopes() -> &'static [Envelope; 2] {
    static ENVELOPES: OnceLock<[Envelope; 2]> = OnceLock::new();
    ENVELOPES.get_or_init(|| {
        let rng = Counter(Default::default());
        let new = NewCertificate::new("CN=mac", KeyAlgorithm::P256, at(0), at(9999)).unwrap();
        let (certificate, _) = new.generate(&rng).unwrap();
        [0, 1].map(|_| {
            let key = RecoveryKey::generate(Kind::FileVault, &rng).unwrap();
            seal(&Payload::new(key, Owner::new()), &[&certificate], &rng).unwrap()
        })
    })
}

fn goal(aim: Aim) -> Goal {
    Goal::new(Word::new("r1").unwrap(), aim)
}

/// A Mac on which everything is as it should be, with the envelope of the old key.
fn mac(seconds: i64) -> Observation {
    let mut seen = Observation::new(at(seconds));
    (seen.enabled, seen.escrow_profile) = (Reading::Yes, Reading::Yes);
    seen.envelope = Some(envelopes()[0].digest());
    seen.escrow_buddy =
        EscrowBuddy { installed: Reading::Yes, in_authorization_database: Reading::Yes, generate_new_key: Reading::No };
    seen.authorized = true;
    seen
}

fn rules(channel: Channel) -> Rules {
    Rules { channel, ..Rules::default() }
}

/// A planner whose old key is with the server, verified.
fn planner(channel: Channel, aim: Aim) -> Planner {
    let mut planner = Planner::new(DeviceId::new("MAC-1").unwrap(), rules(channel));
    planner.pursue(Goal::new(Word::new("before").unwrap(), Aim::Escrow), &mac(0));
    arrive(&mut planner, &mac(0), &envelopes()[0]);
    assert_eq!(planner.next(&mac(0)).unwrap().situation, Situation::Done);
    planner.pursue(goal(aim), &mac(0));
    planner
}

/// The envelope is spooled, sent and verified, in the steps that the planner asks for.
fn arrive(planner: &mut Planner, seen: &Observation, envelope: &Envelope) {
    let step = run(planner, seen, Situation::EnvelopeNew);
    let entry = planner.entry(&step, envelope, seen.at).unwrap();
    planner.report(&step, Outcome::Spooled(Box::new(entry.clone())), seen.at).unwrap();
    let step = run(planner, seen, Situation::AnswerDue);
    let key = KeyId::from_bytes([1; 16]);
    let mut receipt =
        Receipt::new(entry.device.clone(), entry.place.clone(), key, entry.envelope(), ReceiptStatus::Verified);
    (receipt.request, receipt.level) = (Some(entry.request.to_string()), Some(Level::EnvelopeOpens));
    let mut other = receipt.clone();
    other.device = DeviceId::new("MAC-2").unwrap();
    assert!(planner.report(&step, Outcome::Receipt(Box::new(other)), seen.at).is_err());
    planner.report(&step, Outcome::Receipt(Box::new(receipt)), seen.at).unwrap();
}

/// The step of the situation that it must be, begun.
#[track_caller]
fn run(planner: &mut Planner, seen: &Observation, situation: Situation) -> Step {
    let next = planner.next(seen).unwrap();
    assert_eq!(next.situation, situation);
    let step = next.step.unwrap();
    planner.begin(&step, seen.at);
    // It is written down, and read again.
    *planner = serde_json::from_str(&serde_json::to_string(planner).unwrap()).unwrap();
    step
}

#[track_caller]
fn stands(planner: &Planner, seen: &Observation, situation: Situation) {
    let next = planner.next(seen).unwrap();
    assert_eq!((next.situation, next.step), (situation, None));
}

#[test]
fn escrow_buddy_makes_a_key_at_the_next_log_in() {
    let mut planner = planner(Channel::EscrowBuddy, Aim::Rotate);
    let mut seen = mac(10);
    seen.escrow_buddy.in_authorization_database = Reading::No;
    let step = run(&mut planner, &seen, Situation::AuthorizationDatabaseReset);
    assert!(step.command().unwrap().program.ends_with("AuthDBSetup.sh"));
    planner.report(&step, Outcome::Done, at(10)).unwrap();
    stands(&planner, &seen, Situation::AuthorizationDatabaseBroken);
    let step = run(&mut planner, &mac(20), Situation::BuddyNotTold);
    planner.report(&step, Outcome::Done, at(20)).unwrap();
    let mut told = mac(30);
    told.escrow_buddy.generate_new_key = Reading::Yes;
    stands(&planner, &told, Situation::LoginAwaited);
    told.envelope = Some(envelopes()[1].digest());
    arrive(&mut planner, &told, &envelopes()[1]);
    assert_eq!(run(&mut planner, &told, Situation::BuddyStillTold), Step::SetGenerateNewKey { on: false });
    told.escrow_buddy.generate_new_key = Reading::No;
    stands(&planner, &told, Situation::Done);
}

#[test]
fn where_nobody_logs_in_for_days_somebody_is_asked_to() {
    let mut planner = planner(Channel::EscrowBuddy, Aim::Rotate);
    run(&mut planner, &mac(20), Situation::BuddyNotTold);
    let mut seen = mac(20 + 3 * 24 * 3600 - 1);
    seen.escrow_buddy.generate_new_key = Reading::Yes;
    stands(&planner, &seen, Situation::LoginAwaited);
    assert_eq!(planner.next(&seen).unwrap().wake_at, Some(at(20 + 3 * 24 * 3600)));
    seen.at = at(20 + 3 * 24 * 3600);
    stands(&planner, &seen, Situation::NobodyLogsIn);
    seen.last_login = Some(at(21));
    stands(&planner, &seen, Situation::LoginAwaited);
}

#[test]
fn escrow_buddy_that_takes_its_setting_back_is_told_three_times() {
    let mut planner = planner(Channel::EscrowBuddy, Aim::Rotate);
    for second in 1..=3 {
        run(&mut planner, &mac(second), Situation::BuddyNotTold);
    }
    stands(&planner, &mac(4), Situation::BuddyFailed);
}

#[test]
fn a_change_that_failed_or_whose_end_is_unknown_is_never_repeated() {
    for outcome in [None, Some(Outcome::Failed), Some(Outcome::Done)] {
        let mut planner = planner(Channel::ChangeRecovery, Aim::Rotate);
        let mut nothing = mac(1);
        nothing.authorized = false;
        stands(&planner, &nothing, Situation::ChangeNotAuthorized);
        let step = run(&mut planner, &mac(1), Situation::ChangeNeeded);
        assert_eq!(step.command().unwrap().arguments, ["changerecovery", "-personal", "-inputplist"]);
        let done = matches!(outcome, Some(Outcome::Done));
        if let Some(outcome) = outcome {
            planner.report(&step, outcome, at(2)).unwrap();
        }
        let soon = if done { Situation::ChangeAwaited } else { Situation::ChangeEnded };
        stands(&planner, &mac(3), soon);
        for days in 1..100 {
            stands(&planner, &mac(days * 24 * 3600 + 2), Situation::ChangeEnded);
        }
        // What comes late is kept all the same.
        let mut late = mac(100 * 24 * 3600);
        late.envelope = Some(envelopes()[1].digest());
        arrive(&mut planner, &late, &envelopes()[1]);
        stands(&planner, &late, Situation::Done);
    }
}

#[test]
fn a_reply_without_a_key_leads_to_security_info_and_one_that_refuses_to_nothing_more() {
    let mut planner = planner(Channel::Mdm, Aim::Rotate);
    run(&mut planner, &mac(1), Situation::RotateNeeded);
    stands(&planner, &mac(2), Situation::ReplyAwaited);
    planner.reply(Reply::NotNow, at(3));
    stands(&planner, &mac(4), Situation::PostponedByDevice);
    let again = mac(3 + 3600);
    assert_eq!(run(&mut planner, &again, Situation::RotateNeeded), Step::SendRotate);
    let mut refused = planner.clone();
    refused.reply(Reply::Error, at(4000));
    stands(&refused, &mac(400_000), Situation::RotateRefused);
    let lost = mac(4000 + 24 * 3600);
    stands(&planner, &lost, Situation::RotateRefused);
    planner.reply(Reply::Acknowledged, at(4000));
    planner.reply(Reply::Error, at(4001));
    assert_eq!(run(&mut planner, &mac(4002), Situation::ReplyWithoutKey), Step::SendSecurityInfo);
    stands(&planner, &mac(4003), Situation::ReplyAwaited);
    let mut came = mac(4004);
    came.envelope = Some(envelopes()[1].digest());
    arrive(&mut planner, &came, &envelopes()[1]);
    stands(&planner, &came, Situation::Done);
}

#[test]
fn what_is_not_known_is_no_reason_to_do_anything() {
    for channel in [Channel::ChangeRecovery, Channel::EscrowBuddy, Channel::Mdm] {
        let planner = planner(channel, Aim::Rotate);
        let mut seen = mac(1);
        seen.escrow_profile = Reading::Unknown;
        stands(&planner, &seen, Situation::ProfileUnknown);
        seen.escrow_profile = Reading::No;
        stands(&planner, &seen, Situation::NoProfile);
        seen.enabled = Reading::Unknown;
        stands(&planner, &seen, Situation::Unreadable);
        seen.enabled = Reading::No;
        stands(&planner, &seen, Situation::Off);
    }
    let planner = planner(Channel::EscrowBuddy, Aim::Rotate);
    let mut seen = mac(1);
    seen.escrow_buddy.generate_new_key = Reading::Unknown;
    stands(&planner, &seen, Situation::BuddyUnknown);
    seen.escrow_buddy.installed = Reading::No;
    stands(&planner, &seen, Situation::BuddyMissing);
}

#[test]
fn the_present_key_is_tried_once_where_it_was_released() {
    let mut planner = planner(Channel::EscrowBuddy, Aim::Attest);
    let mut seen = mac(1);
    stands(&planner, &seen, Situation::KeyNeeded);
    seen.key_at_hand = true;
    let step = run(&mut planner, &seen, Situation::NotAttested);
    assert!(step.command().unwrap().reads_secret);
    planner.report(&step, Outcome::Attested(false), at(1)).unwrap();
    assert_eq!(planner.attested(), Some(false));
    stands(&planner, &seen, Situation::Attested);
}

#[test]
fn what_fdesetup_reads_is_a_property_list_with_the_secret_as_it_is() {
    let password = crate::secret::Secret::<str>::copy_from("a<b&c>\"d\"");
    let command = Step::ChangeRecovery.command().unwrap();
    let read = |command: &Command, user| {
        let input = command.input(user, &password);
        plist::Value::from_reader(std::io::Cursor::new(input.expose())).unwrap().into_dictionary().unwrap()
    };
    let both = read(&command, Some("ana & co"));
    assert_eq!(both.get("Password").unwrap().as_string(), Some("a<b&c>\"d\""));
    assert_eq!(both.get("Username").unwrap().as_string(), Some("ana & co"));
    assert_eq!(read(&Step::ValidateRecovery.command().unwrap(), None).len(), 1);
    let told = Step::SetGenerateNewKey { on: true }.command().unwrap();
    assert!(told.input(None, &password).is_empty());
}
