//! An agent on a Mac is killed at each of its steps. Is what it takes for safe in the spool or with the server, and the rest
//! where macOS wrote it?
//!
//! The planner, envelopes as macOS makes them, a real `Escrow`; the Mac is simulated. Its old key dies when the new one is
//! made, so what has to survive is the envelope of the new one, and on the server the old key beside it.

use fdescrow::{
    Kind, Timestamp,
    agent::{
        filevault::{
            Aim, Channel, EscrowBuddy, Goal, Observation, Outcome, Planner, Reply, Rules, Situation, Standing, Step,
        },
        spool::{Enough, Spool},
    },
    envelope::{Envelope, Limits, OpenOptions, Suite},
    escrow::Upload,
    ids::Word,
    policy::Level,
    store::MemoryStore,
    verification::Reading,
};
use fdescrow_tests::fleet::{Custodian, Fleet, Sent, actor, at, device, mac_sealing};

/// The Mac itself. It is not killed with its agent.
struct Mac {
    /// The key that opens the disk, and the file in which macOS sealed it.
    present: Sent,
    /// Whether Escrow Buddy makes a new key at the next log-in.
    told: bool,
    /// How many new keys were made.
    made: u32,
    /// Whether `SecurityInfo` was asked for: only then the server of the MDM sees the file.
    asked: bool,
}

impl Mac {
    fn make_key(&mut self) {
        self.present = mac_sealing(Custodian::first());
        (self.made, self.told) = (self.made + 1, false);
    }
}

struct Scene {
    fleet: Fleet,
    mac: Mac,
    channel: Channel,
    /// What is on the disk: the planner, and the spool.
    planner: String,
    spool: Vec<u8>,
    /// The envelope that the agent saw first.
    old: Sent,
    seconds: i64,
    /// The points that are left until the agent is killed.
    left: u32,
}

/// The agent was killed.
struct Killed;

impl Scene {
    fn new(channel: Channel, left: u32) -> Self {
        let old = mac_sealing(Custodian::first());
        let fleet = Fleet::over(std::sync::Arc::new(MemoryStore::new()));
        fleet.receive(old.upload(&device("MAC-1")), at(0));
        fleet.check(&Custodian::first().keyring(), at(1));
        let mac = Mac { present: old.clone(), told: false, made: 0, asked: false };
        let mut rules = Rules::default();
        rules.channel = channel;
        let mut scene = Self { fleet, mac, channel, planner: String::new(), spool: Vec::new(), old, seconds: 10, left };
        let mut planner = Planner::new(device("MAC-1"), rules);
        planner.pursue(Goal::new(Word::new("rotation1").unwrap(), Aim::Rotate), &scene.look());
        scene.planner = serde_json::to_string(&planner).unwrap();
        scene
    }

    fn now(&self) -> Timestamp {
        at(self.seconds)
    }

    /// The file that macOS wrote; by MDM it is seen when it was asked for.
    fn file(&self) -> Option<Envelope> {
        let seen = match self.channel {
            Channel::Mdm if self.mac.made > 0 && !self.mac.asked => &self.old,
            _ => &self.mac.present,
        };
        Envelope::parse(seen.message.as_deref()?, &Limits::default()).ok()
    }

    fn look(&self) -> Observation {
        let mut seen = Observation::new(self.now());
        (seen.enabled, seen.escrow_profile, seen.authorized) = (Reading::Yes, Reading::Yes, true);
        seen.envelope = self.file().map(|envelope| envelope.digest());
        let mut buddy = EscrowBuddy::unknown();
        (buddy.installed, buddy.in_authorization_database) = (Reading::Yes, Reading::Yes);
        buddy.generate_new_key = if self.mac.told { Reading::Yes } else { Reading::No };
        seen.escrow_buddy = buddy;
        seen
    }

    /// A point at which the agent may be killed. Every point is one at which it is, so it is enough to look then.
    fn point(&mut self) -> Result<(), Killed> {
        self.left = self.left.checked_sub(1).ok_or(Killed)?;
        Ok(())
    }

    /// The server hands it out.
    fn with_server(&self, text: &str) -> bool {
        let keys = self.fleet.escrow.history(&device("MAC-1")).unwrap();
        let keyring = Custodian::first().keyring();
        keys.iter().any(|key| {
            let revealed = self.fleet.reveal_key(&device("MAC-1"), key.id, &keyring, self.now());
            revealed.is_ok_and(|revealed| revealed.expose() == text)
        })
    }

    fn in_spool(&self, text: &str) -> bool {
        let options = OpenOptions::new(Suite::FileVault).kind(Kind::FileVault);
        Spool::read(&self.spool).unwrap().entries().iter().any(|entry| {
            let envelope = Envelope::parse(entry.message(), &Limits::default()).unwrap();
            let opened = envelope.open(&Custodian::first().keyring(), &options).unwrap();
            opened.payload.key.expose() == text
        })
    }

    fn assert_recoverable(&self) {
        assert!(self.with_server(&self.old.text), "the old key stays with the server");
        let present = &self.mac.present;
        let planner: Planner = serde_json::from_str(&self.planner).unwrap();
        let envelope = Envelope::parse(present.message.as_ref().unwrap(), &Limits::default()).unwrap();
        // Until the agent believes that it is safe, it looks for it in the file that macOS wrote.
        if planner.escrowed(&envelope.digest()).is_some() {
            assert!(self.in_spool(&present.text) || self.with_server(&present.text));
        }
    }

    /// The agent, from what is on the disk, until there is nothing to do.
    fn agent(&mut self) -> Result<Situation, Killed> {
        let mut planner: Planner = serde_json::from_str(&self.planner).unwrap();
        let mut spool = Spool::read(&self.spool).unwrap();
        for _ in 0..100 {
            let next = planner.next(&self.look()).unwrap();
            let Some(step) = next.step else {
                if matches!(next.situation.row().standing, Standing::Rests | Standing::NeedsAdministrator) {
                    return Ok(next.situation);
                }
                self.time_passes(&mut planner);
                continue;
            };
            planner.begin(&step, self.now());
            self.point()?;
            self.planner = serde_json::to_string(&planner).unwrap();
            self.point()?;
            let outcome = self.run(&planner, &mut spool, &step)?;
            self.point()?;
            planner.report(&step, outcome, self.now()).unwrap();
            self.point()?;
            self.planner = serde_json::to_string(&planner).unwrap();
        }
        panic!("the agent does not come to an end: {planner:?}");
    }

    /// The server checks what came, somebody logs in, the device answers its MDM server.
    fn time_passes(&mut self, planner: &mut Planner) {
        self.seconds += 1000;
        self.fleet.check(&Custodian::first().keyring(), self.now());
        if self.mac.told {
            self.mac.make_key();
        }
        if self.channel == Channel::Mdm && self.mac.made > 0 {
            planner.reply(Reply::Acknowledged, self.now());
        }
    }

    /// Appends to the spool's file; the agent may be killed in the middle.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Killed> {
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        self.spool.extend(first);
        self.point()?;
        self.spool.extend(rest);
        self.point()
    }

    fn run(&mut self, planner: &Planner, spool: &mut Spool, step: &Step) -> Result<Outcome, Killed> {
        match step {
            Step::ChangeRecovery | Step::SendRotate => self.mac.make_key(),
            Step::SendSecurityInfo => self.mac.asked = true,
            Step::SetGenerateNewKey { on } => self.mac.told = *on,
            Step::Escrow { .. } => {
                let entry = planner.entry(step, &self.file().unwrap(), self.now()).unwrap();
                let bytes = spool.put(entry.clone()).unwrap();
                self.append(&bytes)?;
                return Ok(Outcome::Spooled(Box::new(entry)));
            }
            Step::Ask { envelope, .. } => {
                let Some(entry) = spool.entry(envelope).cloned() else { return Ok(Outcome::NotInSpool) };
                let upload = Upload::sealed(entry.device.clone(), Kind::FileVault, entry.message());
                let upload = upload.request(entry.request.as_str()).by(&actor("agent"));
                let receipt = self.fleet.receive(upload, self.now());
                self.point()?;
                let bytes = spool.acknowledge(&receipt, Enough::Verified(Level::EnvelopeOpens)).unwrap();
                self.append(&bytes)?;
                return Ok(Outcome::Receipt(Box::new(receipt)));
            }
            other => panic!("{other:?}"),
        }
        Ok(Outcome::Done)
    }
}

/// Kills the agent once at each point of a rotation, and tells how many there were and how often a person had to decide.
fn killed_at_each_point(channel: Channel) -> (u32, u32) {
    let mut people = 0;
    for point in 0.. {
        let mut scene = Scene::new(channel, point);
        let killed = scene.agent().is_err();
        scene.assert_recoverable();
        scene.left = u32::MAX;
        let Ok(end) = scene.agent() else { panic!("nobody killed it") };
        scene.assert_recoverable();
        scene.fleet.assert_intact();
        assert!(scene.mac.made <= 1, "{point}: what may take a key away is done once");
        let present = &scene.mac.present.text;
        if end == Situation::Done {
            assert_eq!(scene.mac.made, 1, "{point}");
            assert!(scene.with_server(present), "{point}");
        } else {
            // It may have been begun, and is not begun again.
            assert!(matches!(end, Situation::ChangeEnded | Situation::RotateRefused), "{point}: {end:?}");
            people += 1;
        }
        if !killed {
            assert_eq!(end, Situation::Done);
            return (point, people);
        }
    }
    unreachable!("a run ends")
}

#[test]
fn an_agent_on_a_mac_that_is_killed_at_any_point_of_a_rotation_leaves_a_key_counted() {
    for channel in [Channel::EscrowBuddy, Channel::ChangeRecovery, Channel::Mdm] {
        let (points, people) = killed_at_each_point(channel);
        println!("{}: killed at {points} points; at {people} a person had to decide", channel.as_str());
        assert!(points >= 8);
        // Escrow Buddy may be told twice: nothing is taken away by that.
        assert_eq!(people > 0, channel != Channel::EscrowBuddy, "{channel:?}: {people}");
    }
}
