use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use super::*;
use crate::{
    agent::spool::{Enough, Spool},
    envelope::{Certificate, NewCertificate, private_key::KeyAlgorithm},
    ids::{DeviceId, Digest, KeyId, ProtectorId, VolumeId, Word},
    key::Kind,
    policy::{escrow::Level, luks::Authorization},
    profile::luks::EscrowToken,
    random::{Randomness, RandomnessError},
    time::Timestamp,
    verification::{Reading, Receipt, ReceiptStatus},
};

/// The same numbers for the same seed.
#[derive(Debug)]
struct Seeded(std::sync::Mutex<u64>);

impl Seeded {
    fn new(seed: u64) -> Self {
        Self(std::sync::Mutex::new(seed))
    }

    fn below(&self, limit: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(1);
        let digest = Digest::of(&state.to_be_bytes());
        u64::from_be_bytes(*digest.as_bytes().first_chunk().unwrap()) % limit
    }
}

impl Randomness for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        out.iter_mut().for_each(|byte| *byte = u8::try_from(self.below(256)).unwrap());
        Ok(())
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000 + seconds).unwrap()
}

fn certificate() -> &'static Certificate {
    static CERTIFICATE: OnceLock<Certificate> = OnceLock::new();
    CERTIFICATE.get_or_init(|| {
        let new = NewCertificate::new("CN=luks", KeyAlgorithm::P256, at(0), at(9999)).unwrap();
        new.generate(&Seeded::new(0)).unwrap().0
    })
}

fn volume() -> VolumeId {
    VolumeId::luks("9c0ff43f-b51e-4945-ba35-d40126418a27").unwrap()
}

fn word(text: &str) -> Word {
    Word::new(text).unwrap()
}

fn planner(rules: Rules) -> Planner {
    Planner::new("example.com".parse().unwrap(), DeviceId::new("PC-17").unwrap(), volume(), rules)
}

fn slot(salt: &str, iterations: u32) -> Slot {
    Slot { salt: salt.to_owned(), iterations: Some(iterations), opens: Reading::Yes }
}

fn seen(version: Version, slots: BTreeMap<u8, Slot>) -> Observation {
    Observation {
        at: at(0),
        version,
        volume: Some(volume()),
        slots: Some(slots),
        tokens: BTreeMap::new(),
        writable: true,
        authorizations: BTreeSet::from([Authorization::Prompt]),
        new_key: None,
    }
}

fn user_only(version: Version) -> Observation {
    seen(version, BTreeMap::from([(0, slot("user", 500_000))]))
}

fn situation(planner: &Planner, seen: &Observation) -> Situation {
    planner.next(seen).unwrap().situation
}

fn escrow() -> Planner {
    let mut planner = planner(Rules::default());
    planner.pursue(Goal::new(word("escrow"), Aim::Escrow));
    planner
}

#[test]
fn what_cannot_be_read_or_is_not_meant_is_not_written_to() {
    let planner = escrow();
    let mut unread = user_only(Version::Luks2);
    unread.slots = None;
    assert_eq!(situation(&planner, &unread), Situation::Unreadable);
    let mut other = user_only(Version::Luks2);
    other.volume = VolumeId::luks("00000000-b51e-4945-ba35-d40126418a27").ok();
    assert_eq!(situation(&planner, &other), Situation::OtherVolume);
    let mut reencrypted = user_only(Version::Luks2);
    reencrypted.writable = false;
    assert_eq!(situation(&planner, &reencrypted), Situation::NotWritable);
    let mut systemd = escrow();
    systemd.set_rules(Rules { kind: Kind::Systemd, ..Rules::default() });
    assert_eq!(situation(&systemd, &user_only(Version::Luks1)), Situation::NoTokens);
    systemd.set_rules(Rules { kind: Kind::Snapd, ..Rules::default() });
    assert_eq!(situation(&systemd, &user_only(Version::Luks2)), Situation::NotOurKind);
}

#[test]
fn what_authorizes_is_the_first_of_the_rules_that_is_at_hand_and_in_the_header() {
    let authorize = vec![Authorization::Tpm2, Authorization::Clevis, Authorization::Prompt];
    let rules = Rules { authorize, ..Rules::default() };
    let mut seen = user_only(Version::Luks2);
    seen.authorizations = rules.authorize.iter().copied().collect();
    assert_eq!(seen.authorization(&rules), Some(Authorization::Prompt));
    let token = |kind: &str| Token { kind: kind.to_owned(), slots: BTreeSet::from([3]), escrow: None };
    seen.tokens.insert(0, token("clevis"));
    assert_eq!((seen.authorization(&rules), seen.slot_of_token("clevis")), (Some(Authorization::Clevis), Some(3)));
    seen.tokens.insert(1, token("systemd-tpm2"));
    assert_eq!(seen.authorization(&rules), Some(Authorization::Tpm2));
    seen.authorizations.clear();
    assert_eq!(situation(&escrow(), &seen), Situation::NotAuthorized);
}

#[test]
fn a_wrong_passphrase_is_asked_for_again_at_once_and_then_not_for_an_hour() {
    let rng = Seeded::new(1);
    let mut planner = escrow();
    let mut seen = user_only(Version::Luks2);
    let key = NewKey::generate(planner.rules(), &rng).unwrap();
    planner.report(&Step::Call(Call::BackUpHeader), Outcome::Done, at(0)).unwrap();
    planner.report(&Step::Generate { slot: 1 }, Outcome::Generated(key.mark()), at(0)).unwrap();
    seen.new_key = Some(key.mark());
    for _ in 0..3 {
        let step = planner.next(&seen).unwrap().step.unwrap();
        assert_eq!(step.name(), "add_slot");
        planner.report(&step, Outcome::Failed(Some(2)), at(0)).unwrap();
    }
    let next = planner.next(&seen).unwrap();
    assert_eq!((next.step, next.held.unwrap().until), (None, at(3600)));
    seen.at = at(3600);
    assert!(planner.next(&seen).unwrap().step.is_some());
}

#[test]
fn secrets_are_no_part_of_commands_and_states() {
    let rng = Seeded::new(2);
    let key = NewKey::generate(&Rules::default(), &rng).unwrap();
    let places = Places::new("/dev/sda3", "/var/h").key_file(Some("/etc/key"));
    for authorization in Authorization::ALL {
        let call =
            Call::AddSlot { slot: 9, mark: key.mark(), hash: None, authorization: *authorization, bound: Some(2) };
        let command = call.command(&places);
        assert_eq!(command.input.last(), Some(&Input::NewKey));
        assert!(!command.arguments.iter().any(|argument| argument.contains(key.key.expose())));
        assert_eq!(call.authorization_command(&places).is_some(), *authorization == Authorization::Clevis);
    }
    assert!(!format!("{key:?}").contains(key.key.expose()));
}

#[test]
fn a_key_is_sealed_only_for_the_step_that_follows_its_test() {
    let rng = Seeded::new(3);
    let (key, other) =
        (NewKey::generate(&Rules::default(), &rng).unwrap(), NewKey::generate(&Rules::default(), &rng).unwrap());
    let mut planner = escrow();
    let step = Step::Escrow { slot: 1, salt: "s".to_owned(), request: word("escrow") };
    let seal = |planner: &Planner, key: &NewKey| planner.seal(&step, key, &[certificate()], &rng, at(0)).is_ok();
    planner.report(&Step::Generate { slot: 1 }, Outcome::Generated(key.mark()), at(0)).unwrap();
    assert!(!seal(&planner, &key), "it was not tested");
    let test = Step::Call(Call::TestSlot { slot: 1, salt: "s".to_owned() });
    planner.report(&test, Outcome::Done, at(0)).unwrap();
    assert!(seal(&planner, &key) && !seal(&planner, &other));
}

#[test]
fn metadata_that_are_not_understood_are_not_read_by_halves() {
    let header = |version: u8| {
        let mut header = vec![0; 4096];
        header[..8].copy_from_slice(&[b'L', b'U', b'K', b'S', 0xba, 0xbe, 0, version]);
        header[168..204].copy_from_slice(volume().as_str().as_bytes());
        header
    };
    let good = r#"{"keyslots":{"0":{"type":"luks2","kdf":{"type":"pbkdf2","salt":"c2FsdA==","iterations":1000}},
        "7":{"type":"luks2","kdf":{"type":"argon2id","salt":"c2FsdA==","time":4}}},
        "tokens":{"0":{"type":"x","keyslots":["7"]}},"segments":{"0":{"type":"crypt"}},
        "digests":{"0":{"keyslots":["0"],"segments":["0"]},"1":{"keyslots":["7"],"segments":[]}},"config":{}}"#;
    let read = |json: &str| Observation::read(&header(2), Some(json.as_bytes()), at(0)).unwrap();
    let seen = read(good);
    let slots = seen.slots.unwrap();
    assert_eq!((slots[&0].iterations, slots[&0].opens), (Some(1000), Reading::Yes));
    assert_eq!((slots[&7].iterations, slots[&7].opens), (None, Reading::No), "a slot that is bound to no data");
    assert!(seen.writable);
    for (from, to) in [
        (r#""7":{"type":"luks2""#, r#""07":{"type":"luks2""#),
        (r#""7":{"type":"luks2""#, r#""32":{"type":"luks2""#),
        (r#""keyslots":["7"]}}"#, r#""keyslots":["x"]}}"#),
        (r#""tokens":{"0":"#, r#""tokens":{"99":"#),
    ] {
        assert!(good.contains(from), "{from}");
        assert_eq!(read(&good.replacen(from, to, 1)).slots, None, "{to}");
    }
    for (from, to) in [
        (r#""config":{}"#, r#""config":{"requirements":{"mandatory":["online-reencrypt"]}}"#),
        (r#"{"type":"crypt"}"#, r#"{"type":"linear"}"#),
        (r#""7":{"type":"luks2""#, r#""7":{"type":"reencrypt""#),
    ] {
        assert!(!read(&good.replacen(from, to, 1)).writable, "{to}");
    }
    assert_eq!(Observation::read(&header(2), None, at(0)).unwrap().slots, None);
    assert_eq!(Observation::read(&header(1), None, at(0)).unwrap().slots, None, "its slots are neither used nor free");
    assert!(Observation::read(&header(3), None, at(0)).is_err());
    assert!(Observation::read(b"LUKS\xba\xbe\0\x01", None, at(0)).is_err());
    for length in 0..good.len() {
        assert_eq!(read(&good[..length]).slots, None);
    }
}

/// A volume, an agent with its spool, and a server, any of which may fail at any moment.
struct World {
    rng: Seeded,
    version: Version,
    slots: BTreeMap<u8, Slot>,
    tokens: BTreeMap<u8, Token>,
    /// Slots that somebody else made.
    foreign: BTreeSet<u8>,
    /// Salts of the slots whose key the server has, by envelope, and those that it verified.
    server: BTreeMap<Digest, String>,
    verified: BTreeSet<Digest>,
    planner: Planner,
    saved: String,
    spool: Spool,
    new_key: Option<NewKey>,
    faults: bool,
    now: i64,
    salts: u32,
}

impl World {
    fn new(seed: u64) -> Self {
        let rng = Seeded::new(seed.wrapping_mul(1_000_003));
        let version = if rng.below(2) == 0 { Version::Luks1 } else { Version::Luks2 };
        let rules = Rules { ask_again_after: 1, attempts: 1000, ..Rules::default() };
        let mut planner = planner(rules);
        planner.pursue(Goal::new(word("escrow"), Aim::Escrow));
        let saved = serde_json::to_string(&planner).unwrap();
        Self {
            rng,
            version,
            slots: BTreeMap::from([(0, slot("user", 500_000))]),
            tokens: BTreeMap::new(),
            foreign: BTreeSet::from([0]),
            server: BTreeMap::new(),
            verified: BTreeSet::new(),
            planner,
            saved,
            spool: Spool::new(),
            new_key: None,
            faults: true,
            now: 0,
            salts: 0,
        }
    }

    fn chance(&self, one_in: u64) -> bool {
        self.faults && self.rng.below(one_in) == 0
    }

    fn look(&self) -> Observation {
        let mut seen = seen(self.version, self.slots.clone());
        (seen.at, seen.tokens) = (at(self.now), self.tokens.clone());
        seen.new_key(self.new_key.as_ref().map(NewKey::mark))
    }

    fn save(&mut self) {
        self.saved = serde_json::to_string(&self.planner).unwrap();
    }

    /// Killed: what was in memory is gone, and what was not written down.
    fn crash(&mut self) {
        self.planner = serde_json::from_str(&self.saved).unwrap();
        self.new_key = None;
        let seen = self.look();
        self.planner.remember(&seen, self.spool.entries());
        self.planner.ask_again();
    }

    fn salt(&mut self) -> String {
        self.salts += 1;
        format!("salt{}", self.salts)
    }

    /// Somebody else works on the header, the server checks what it has.
    fn meanwhile(&mut self) {
        self.now += i64::try_from(self.rng.below(4000)).unwrap();
        if self.chance(8) {
            let number = u8::try_from(self.rng.below(8)).unwrap();
            if !self.slots.contains_key(&number) {
                let salt = self.salt();
                self.slots.insert(number, slot(&salt, 400_000));
                self.foreign.insert(number);
            } else if number != 0 && self.foreign.remove(&number) {
                self.slots.remove(&number);
            }
        }
        if !self.chance(2) {
            self.verified.extend(self.server.keys().copied());
        }
    }

    /// One round; whether there was something to do.
    fn round(&mut self) -> bool {
        self.meanwhile();
        let seen = self.look();
        let next = self.planner.next(&seen).unwrap();
        let Some(step) = next.step else { return false };
        let (before, after) = (self.chance(10), self.chance(10));
        let outcome = if before { Outcome::Failed(Some(1)) } else { self.perform(&step) };
        if after || (before && self.chance(2)) {
            self.crash();
            return true;
        }
        let outcome = match (&step, outcome) {
            (Step::Ask { .. }, Outcome::Failed(_)) => Outcome::NoAnswer,
            // It had its effect, and the agent does not know.
            (Step::Call(_), _) if self.chance(10) => Outcome::Failed(None),
            (_, outcome) => outcome,
        };
        let receipt = if let Outcome::Receipt(receipt) = &outcome { Some(receipt.clone()) } else { None };
        self.planner.report(&step, outcome, at(self.now)).unwrap();
        self.save();
        if let Some(receipt) = receipt {
            self.spool.acknowledge(&receipt, Enough::Verified(Level::EnvelopeOpens)).unwrap();
        }
        true
    }

    fn perform(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Ask { envelope, .. } => {
                let Some(entry) = self.spool.entry(envelope) else { return Outcome::NotInSpool };
                self.server.insert(*envelope, entry.salt.clone().unwrap());
                let status =
                    if self.verified.contains(envelope) { ReceiptStatus::Verified } else { ReceiptStatus::Stored };
                let key = KeyId::from_bytes([1; 16]);
                let mut receipt = Receipt::new(entry.device.clone(), entry.place.clone(), key, *envelope, status);
                receipt.request = Some(entry.request.to_string());
                receipt.level = (status == ReceiptStatus::Verified).then_some(Level::EnvelopeOpens);
                Outcome::Receipt(Box::new(receipt))
            }
            Step::Generate { .. } => {
                let key = NewKey::generate(self.planner.rules(), &self.rng).unwrap();
                let mark = key.mark();
                self.new_key = Some(key);
                Outcome::Generated(mark)
            }
            Step::Escrow { .. } => {
                let key = self.new_key.take().unwrap();
                let entry = self.planner.seal(step, &key, &[certificate()], &self.rng, at(self.now)).unwrap();
                self.spool.put(entry.clone()).unwrap();
                Outcome::Spooled(Box::new(entry))
            }
            Step::DropBackup | Step::Call(Call::BackUpHeader) => Outcome::Done,
            Step::Call(Call::AddSlot { slot: number, mark, .. }) => {
                assert!(!self.slots.contains_key(number));
                let salt = self.salt();
                self.slots.insert(*number, slot(&salt, mark.iterations()));
                Outcome::Done
            }
            Step::Call(Call::TestSlot { slot: number, .. }) => {
                let opens = self.new_key.as_ref().map(|key| key.mark().iterations()) == self.slots[number].iterations;
                if opens && !self.chance(6) { Outcome::Done } else { Outcome::Failed(Some(2)) }
            }
            Step::Call(Call::WriteToken { slot, json }) => {
                let escrow = EscrowToken::parse(json).unwrap();
                assert_eq!(escrow.salt.as_ref(), Some(&self.slots[slot].salt));
                let number = (0..32).find(|number| !self.tokens.contains_key(number)).unwrap();
                let token = Token { kind: "fdescrow".to_owned(), slots: BTreeSet::from([*slot]), escrow: Some(escrow) };
                self.tokens.insert(number, token);
                Outcome::Done
            }
            Step::Call(Call::RemoveToken { token }) => {
                assert!(self.tokens.remove(token).unwrap().slots.is_empty());
                Outcome::Done
            }
            Step::Call(Call::RemoveSlot { slot }) => {
                self.removes(*slot);
                self.slots.remove(slot);
                self.tokens.values_mut().for_each(|token| {
                    token.slots.remove(slot);
                });
                Outcome::Done
            }
        }
    }

    /// What a removal must never do.
    fn removes(&self, number: u8) {
        assert!(!self.foreign.contains(&number), "a slot of somebody else");
        assert!(self.slots.len() > 1, "the last slot");
        let salt = &self.slots[&number].salt;
        let sealed = self.server.values().any(|kept| kept == salt)
            || self.spool.entries().iter().any(|entry| entry.salt.as_ref() == Some(salt));
        if sealed {
            // A key in escrow goes only when another one of ours, verified, opens the volume.
            let verified = |envelope: &Digest| self.verified.contains(envelope);
            let mut others = self.server.iter().filter(|(envelope, kept)| verified(envelope) && *kept != salt);
            assert!(others.any(|(_, kept)| self.slots.values().any(|slot| slot.salt == *kept)), "the only key kept");
        }
    }

    fn settle(&mut self) {
        self.faults = false;
        self.crash();
        for _ in 0..400 {
            if self.round() {
                continue;
            }
            match situation(&self.planner, &self.look()) {
                Situation::Done => return,
                // Somebody else's slot has the number of the one that was to go.
                Situation::OldSlotLeft => {
                    let Some(Goal { aim: Aim::Rotate { replace }, .. }) = self.planner.goal() else { unreachable!() };
                    assert!(self.foreign.iter().any(|slot| replace.contains(&ProtectorId::luks_slot(*slot))));
                    return;
                }
                _ => {}
            }
        }
        panic!("it does not come to rest: {:?}", situation(&self.planner, &self.look()));
    }

    /// Our slots, by number: each of them opens with a key that the server verified.
    fn ours(&self) -> Vec<u8> {
        self.slots.keys().filter(|number| !self.foreign.contains(number)).copied().collect()
    }
}

#[test]
fn whatever_fails_no_key_is_lost_no_slot_leaks_and_the_goal_is_reached() {
    let mut steps = 0;
    for seed in 0..300 {
        let mut world = World::new(seed);
        for _ in 0..60 {
            steps += usize::from(world.round());
        }
        world.settle();
        let ours = world.ours();
        assert_eq!(ours.len(), 1, "seed {seed}");
        let replace = ours.iter().map(|slot| ProtectorId::luks_slot(*slot)).collect();
        world.planner.pursue(Goal::new(word("r1"), Aim::Rotate { replace }));
        world.save();
        world.faults = true;
        for _ in 0..60 {
            steps += usize::from(world.round());
        }
        world.settle();
        let now = world.ours();
        assert_eq!(now.len(), 1, "seed {seed}");
        assert_ne!(now, ours, "seed {seed}");
        let salt = &world.slots[&now[0]].salt;
        let kept = world.server.iter().any(|(envelope, kept)| kept == salt && world.verified.contains(envelope));
        assert!(kept, "seed {seed}");
        assert!(world.tokens.len() <= 1 && (world.version == Version::Luks1) == world.tokens.is_empty(), "seed {seed}");
    }
    assert!(steps > 3000, "{steps}");
}
