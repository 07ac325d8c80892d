//! An agent is killed at each of its steps. Is a key that opens the disk with the server, or in the spool?
//!
//! The planner, real envelopes, a real `Escrow`; the volume is simulated. The agent is killed before a step, after its
//! effect, and before its planner is written down, once at each of these points, and begins again from the disk.

use fdescrow::{
    Kind, Organization, ProtectorId, Secret, Timestamp,
    agent::{
        bitlocker::{Aim, Goal, Hresult, Observer, Outcome, Planner, Rules, Situation, Standing, Step},
        spool::{Enough, Spool},
    },
    envelope::{Envelope, Limits, OpenOptions, Suite},
    escrow::Upload,
    ids::{VolumeId, Word},
    policy::Level,
    store::MemoryStore,
    verification::{Conversion, ProtectionStatus},
};
use fdescrow_tests::{
    crash::Dice,
    fleet::{Custodian, Fleet, Seeded, actor, at, device},
    simulation::bitlocker::{Returned, Volume},
};

/// What is on the device's disk: two files.
struct Disk {
    planner: String,
    spool: Vec<u8>,
}

struct Scene {
    fleet: Fleet,
    volume: Volume,
    disk: Disk,
    dice: Dice,
    seconds: i64,
    /// The points that are left until the agent is killed.
    left: u32,
}

/// The agent was killed.
struct Killed;

impl Scene {
    fn new(volume: Volume, aim: Aim, left: u32) -> Self {
        let rules: Rules = serde_json::from_str(r#"{"before_encryption": "verified"}"#).unwrap();
        let organization = Organization::new("example.com").unwrap();
        let mut planner = Planner::new(organization, device("PC-17"), Some(VolumeId::new("C:").unwrap()), rules);
        planner.pursue(Goal::new(Word::new("rotation1").unwrap(), aim));
        let disk = Disk { planner: serde_json::to_string(&planner).unwrap(), spool: Vec::new() };
        let fleet = Fleet::over(std::sync::Arc::new(MemoryStore::new()));
        Self { fleet, volume, disk, dice: Dice::new(7), seconds: 0, left }
    }

    fn now(&self) -> Timestamp {
        at(self.seconds)
    }

    /// A point at which the agent may be killed.
    fn point(&mut self) -> Result<(), Killed> {
        self.assert_recoverable();
        self.left = self.left.checked_sub(1).ok_or(Killed)?;
        Ok(())
    }

    /// The password of this protector is in the spool, or the server shows it.
    fn is_known(&self, protector: &ProtectorId, password: &str) -> bool {
        let keyring = Custodian::curve().keyring();
        let options = OpenOptions::new(Suite::Modern).kind(Kind::BitLocker);
        let spool = Spool::read(&self.disk.spool).unwrap();
        let mut spooled = spool.entries().iter().filter(|entry| entry.place.protector.as_ref() == Some(protector));
        let in_spool = spooled.any(|entry| {
            let envelope = Envelope::parse(entry.message(), &Limits::default()).unwrap();
            envelope.open(&keyring, &options).unwrap().payload.key.expose() == password
        });
        if in_spool {
            return true;
        }
        let keys = self.fleet.escrow.history(&device("PC-17")).unwrap_or_default();
        keys.iter().filter(|key| key.place.protector.as_ref() == Some(protector)).any(|key| {
            let revealed = self.fleet.reveal_key(&device("PC-17"), key.id, &keyring, self.now());
            revealed.is_ok_and(|revealed| revealed.expose() == password)
        })
    }

    fn assert_recoverable(&self) {
        if self.volume.is_encrypted() {
            let mut passwords = self.volume.protectors.iter().filter(|protector| protector.is_password());
            assert!(passwords.any(|protector| self.is_known(&protector.id, &protector.password)));
        }
    }

    /// The agent, from what is on the disk, until there is nothing to do.
    fn agent(&mut self) -> Result<Situation, Killed> {
        let mut planner: Planner = serde_json::from_str(&self.disk.planner).unwrap();
        let mut spool = Spool::read(&self.disk.spool).unwrap();
        for entry in spool.entries() {
            let protector = entry.place.protector.clone().unwrap();
            planner.remember(protector, entry.request.clone(), entry.envelope());
        }
        for _ in 0..100 {
            self.volume.tick(&mut self.dice);
            let mut observer = Observer::new(self.volume.machine(), self.now());
            while let Some(call) = observer.next() {
                match self.volume.call(&call, &mut self.dice) {
                    Ok(Returned::Answer(answer)) => observer.answer(Ok(answer)),
                    other => panic!("{call:?}: {other:?}"),
                }
            }
            let next = planner.next(&observer.finish()).unwrap();
            let Some(step) = next.step else {
                if next.situation.row().standing == Standing::Rests {
                    return Ok(next.situation);
                }
                // The server checks what came; later the agent asks again.
                self.seconds += 1000;
                self.fleet.check(&Custodian::curve().keyring(), self.now());
                continue;
            };
            self.point()?;
            let outcome = self.run(&planner, &mut spool, &step)?;
            self.point()?;
            planner.report(&step, outcome, self.now()).unwrap();
            self.point()?;
            self.disk.planner = serde_json::to_string(&planner).unwrap();
        }
        panic!("the agent does not come to an end: {planner:?}");
    }

    /// Appends to the spool's file; the agent may be killed in the middle.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Killed> {
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        self.disk.spool.extend(first);
        self.point()?;
        self.disk.spool.extend(rest);
        Ok(())
    }

    fn run(&mut self, planner: &Planner, spool: &mut Spool, step: &Step) -> Result<Outcome, Killed> {
        let receipt = match step {
            Step::Call(call) => {
                return Ok(match self.volume.call(call, &mut self.dice) {
                    Ok(Returned::Made(protector)) => Outcome::Done(Some(protector)),
                    Ok(_) => Outcome::Done(None),
                    Err(code) => Outcome::Failed(Some(Hresult::new(code))),
                });
            }
            Step::Escrow { .. } => {
                let read = self.volume.call(&step.read().unwrap(), &mut self.dice);
                let Ok(Returned::Password(password)) = read else { panic!("{read:?}") };
                let secret = Secret::<str>::from_string(password);
                let (to, rng) = (&Custodian::curve().certificate, Seeded::next());
                let entry = planner.seal(step, &secret, &[to], rng.as_ref(), self.now()).unwrap();
                let digest = entry.envelope();
                let bytes = spool.put(entry).unwrap();
                self.append(&bytes)?;
                return Ok(Outcome::Spooled(digest));
            }
            Step::Ask { envelope, key: None, .. } => {
                let Some(entry) = spool.entry(envelope) else { return Ok(Outcome::NotInSpool) };
                let upload = Upload::sealed(entry.device.clone(), Kind::BitLocker, entry.message())
                    .volume(entry.place.volume.clone().unwrap())
                    .protector(entry.place.protector.clone().unwrap())
                    .request(entry.request.as_str())
                    .by(&actor("agent"));
                self.fleet.receive(upload, self.now())
            }
            Step::Ask { key: Some(key), request, .. } => {
                let mut receipt = self.fleet.escrow.receipt(key).unwrap();
                // Asked for by its id, a receipt names no request: the agent knows for which it asked.
                receipt.request = Some(request.to_string());
                receipt
            }
            other => panic!("{other:?}"),
        };
        if spool.entry(&receipt.envelope).is_some() {
            let bytes = spool.acknowledge(&receipt, Enough::Verified(Level::EnvelopeOpens)).unwrap();
            self.append(&bytes)?;
        }
        Ok(Outcome::Receipt(Box::new(receipt)))
    }
}

/// Kills the agent once at each point of a run, and tells how many there were.
fn killed_at_each_point(scene: impl Fn(u32) -> Scene, fine: impl Fn(&Scene)) -> u32 {
    for point in 0.. {
        let mut scene = scene(point);
        let killed = scene.agent().is_err();
        scene.left = u32::MAX;
        assert_eq!(scene.agent().ok(), Some(Situation::Done));
        scene.assert_recoverable();
        scene.fleet.assert_intact();
        fine(&scene);
        if !killed {
            return point;
        }
    }
    unreachable!("a run ends")
}

#[test]
fn an_agent_that_is_killed_at_any_point_of_a_rotation_leaves_a_key_counted() {
    let scene = |left| {
        let mut volume = Volume::new(Conversion::FullyEncrypted);
        let mut dice = Dice::new(1);
        volume.add(1, "", &mut dice);
        let old = volume.add(3, "", &mut dice);
        let mut scene = Scene::new(volume, Aim::Rotate { replace: [old.clone()].into() }, u32::MAX);
        // The old one is in escrow already.
        let password = scene.volume.protectors[1].password.clone();
        let upload = Upload::plaintext(device("PC-17"), Kind::BitLocker, Secret::<str>::from_string(password))
            .volume(VolumeId::new("C:").unwrap())
            .protector(old)
            .by(&actor("agent"));
        scene.fleet.receive(upload, at(0));
        scene.left = left;
        scene
    };
    let points = killed_at_each_point(scene, |scene| {
        let passwords: Vec<_> = scene.volume.protectors.iter().filter(|protector| protector.is_password()).collect();
        assert_eq!(passwords.len(), 1, "one recovery password is left");
        // The server keeps the old one beside the new one.
        assert!(scene.fleet.escrow.history(&device("PC-17")).unwrap().len() >= 2);
    });
    println!("a rotation: killed at {points} points");
    assert!(points >= 8);
}

#[test]
fn an_agent_that_is_killed_at_any_point_of_encryption_leaves_a_key_counted() {
    let scene = |left| Scene::new(Volume::new(Conversion::FullyDecrypted), Aim::Protect, left);
    let points = killed_at_each_point(scene, |scene| {
        assert_eq!(scene.volume.protection(), ProtectionStatus::On);
        assert_eq!(scene.volume.protectors.len(), 2, "a TPM and a recovery password");
    });
    println!("encryption: killed at {points} points");
    assert!(points >= 8);
}
