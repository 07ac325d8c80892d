//! What a subscriber of `tracing` sees that sees everything: operations and what came of them, and no secret.

use std::{
    collections::BTreeMap,
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
};

use fdescrow::{
    DeviceId, Kind, Person, Policy, RecoveryKey, Secret,
    escrow::{CheckOptions, Reveal, Upload},
    rotation::RotationEvent,
    verification::observation::{self, Context, Source},
};
use fdescrow_stores::SqliteStore;
use fdescrow_tests::scratch;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use crate::{
    calls,
    canaries::{self, KEYS, PASSWORD},
    world::{World, actor, at},
};

/// A span or an event.
#[derive(Clone, Debug)]
struct Seen {
    name: &'static str,
    level: Level,
    fields: BTreeMap<&'static str, String>,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
}

/// Keeps everything, at every level.
#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Vec<Seen>>>);

impl Capture {
    fn keep(&self, metadata: &'static Metadata<'static>, visit: impl FnOnce(&mut Seen)) -> Id {
        let mut seen = Seen { name: metadata.name(), level: *metadata.level(), fields: BTreeMap::new() };
        visit(&mut seen);
        let mut all = self.0.lock().unwrap();
        all.push(seen);
        Id::from_u64(u64::try_from(all.len()).unwrap())
    }

    fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    /// All that was seen, as a log would have it.
    fn text(&self) -> String {
        let mut text = String::new();
        for Seen { name, level, fields } in self.all() {
            writeln!(text, "{level} {name} {fields:?}").unwrap();
        }
        text
    }
}

impl Subscriber for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.keep(attributes.metadata(), |seen| attributes.record(seen))
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let index = usize::try_from(span.into_u64() - 1).unwrap();
        values.record(&mut self.0.lock().unwrap()[index]);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.keep(event.metadata(), |seen| event.record(seen));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Every part of a secret of six characters, with and without what stands between its groups.
fn parts(secret: &str) -> Vec<String> {
    let bare: String = secret.chars().filter(char::is_ascii_alphanumeric).collect();
    let windows =
        |text: &str| text.as_bytes().windows(6).map(|six| String::from_utf8_lossy(six).into_owned()).collect();
    let (mut parts, bare): (Vec<String>, Vec<String>) = (windows(secret), windows(&bare));
    parts.extend(bare);
    parts
}

/// The parts of all secrets that are in a text.
fn found(text: &str, secrets: &[&str]) -> Vec<String> {
    let text = text.to_ascii_lowercase();
    let all = secrets.iter().flat_map(|secret| parts(secret));
    all.filter(|part| text.contains(&part.to_ascii_lowercase())).collect()
}

#[test]
fn a_subscriber_that_sees_everything_sees_every_operation_and_no_secret_counted() {
    let folder = scratch("spans");
    let capture = Capture::default();
    let mut world = World::new();
    let other = RecoveryKey::generate(Kind::BitLocker, world.rng.as_ref()).unwrap();
    world.watch.secret_text("the next key", other.expose());
    tracing::subscriber::with_default(capture.clone(), || {
        calls::private_keys(&mut world);
        calls::escrow(&mut world, &folder.join("life.db"));
        rotation(&world, &folder.join("rotation.db"), &other);
    });

    // No secret, whole or in part.
    let text = capture.text();
    world.watch.text("spans", &text);
    assert!(world.watch.hits.is_empty(), "{:#?}", world.watch.hits);
    let mut secrets: Vec<&str> = KEYS.iter().map(|(_, text)| *text).collect();
    secrets.extend([PASSWORD, other.expose()]);
    assert_eq!(found(&text, &secrets), Vec::<String>::new());
    for secret in &secrets {
        assert!(!found(&format!("{text}{}", &secret[3..9]), &secrets).is_empty(), "it would not be found");
    }

    // Every operation, and what came of it; who it was about, for those who ask for more.
    let seen = capture.all();
    let spans = |name: &str| seen.iter().filter(|seen| seen.name == name).collect::<Vec<_>>();
    let told = |name: &str, field: &str, value: &str| {
        let spans = spans(name);
        let values: Vec<_> = spans.iter().map(|seen| seen.fields.get(field)).collect();
        assert!(values.contains(&Some(&format!("{value:?}"))), "{name} {field} {value}: {values:?}");
    };
    for (name, outcome) in [
        ("receive", "stored"),
        ("receive", "quarantined"),
        ("check", "done"),
        ("commit", "committed"),
        ("reveal", "envelope_opens"),
        ("rewrap", "done"),
        ("assess", "verified"),
        ("observe", "recorded"),
        ("request_rotation", "requested"),
        ("rotation_reported", "delivered"),
        ("rotation_reported", "old_retired"),
        ("request_recovery", "requested"),
        ("approve_recovery", "approved"),
        ("approve_recovery", "failed"),
    ] {
        told(name, "outcome", outcome);
    }
    told("approve_recovery", "error", "RecoveryRejected");
    told("reveal", "error", "RecoveryReasonMissing");
    assert!(spans("check").iter().any(|check| check.fields.get("done").is_some_and(|done| done != "0")));
    // A check commits what it found of several devices in one go.
    let changes = |write: &Seen| write.fields["changes"].parse::<u32>().unwrap();
    assert!(
        spans("write")
            .iter()
            .all(|write| write.fields["database"] == "\"sqlite\"" && (1..=64).contains(&changes(write)))
    );
    let (mut operations, mut devices) = (0, 0);
    for Seen { name, level, fields } in &seen {
        match *level {
            Level::INFO if *name == "write" => assert!(fields.contains_key("refused"), "{fields:?}"),
            Level::INFO => {
                assert!(fields.contains_key("outcome"), "{name} says nothing of what came of it");
                assert!(!format!("{fields:?}").contains("device"), "{name} {fields:?}");
                operations += 1;
            }
            Level::DEBUG => devices += usize::from(*name == "device"),
            other => panic!("{name} is of level {other}"),
        }
    }
    assert!(devices > 10);
    println!("{operations} spans of operations, {} bytes as text, {} secrets: 0 found", text.len(), secrets.len());
}

/// A PC whose key is approved, seen and replaced.
fn rotation(world: &World, path: &std::path::Path, other: &RecoveryKey) {
    let store = Arc::new(SqliteStore::open(path).unwrap());
    let policy = Policy::from_toml("[recovery]\napprovals = 1\n[rotation]\non = []\n").unwrap();
    let escrow = world.builder(store, &[&world.rsa]).policies(Arc::new(Arc::new(policy))).build().unwrap();
    let (keyring, device, ana) = (world.keyring(&[&world.rsa]), DeviceId::new("pc").unwrap(), actor());
    let receive = |guid: &str, key: Secret<str>| {
        let upload = Upload::plaintext(device.clone(), Kind::BitLocker, key).protector(guid.parse().unwrap());
        escrow.receive(upload.by(&ana), at(1)).unwrap();
        escrow.check(&keyring, &CheckOptions::default(), at(2)).unwrap();
    };
    receive("{8A2F0B1C-1111-4000-8000-000000000000}", canaries::secret(Kind::BitLocker));
    let report = br#"{"platform":"windows","volumes":[{"volume":null,"encrypted":"yes","protected":"yes"}]}"#;
    let report = observation::read(Source::Snapshot, report, &Context::new(at(3))).unwrap();
    escrow.observe(&device, &report, &ana, at(3)).unwrap();

    let person = |subject: &str| Person::new("https://id.example.com", subject).unwrap();
    let wanted = || Reveal::of(&device).by(&ana).person(person("ana")).reason("blue screen");
    escrow.reveal(Reveal::of(&device).by(&ana), &keyring, at(4)).unwrap_err();
    let asked = escrow.request_recovery(&wanted(), at(4)).unwrap().recovery;
    escrow.approve_recovery(&asked, &person("ANA"), &ana, None, at(5)).unwrap_err();
    escrow.approve_recovery(&asked, &person("ben"), &"ben".parse().unwrap(), None, at(5)).unwrap();
    let revealed = escrow.reveal(wanted().under(asked), &keyring, at(6)).unwrap();
    assert_eq!(revealed.expose(), canaries::text(Kind::BitLocker));

    let [rotation] = escrow.request_rotation(&device, None, &ana, "it was seen", at(7)).unwrap()[..] else { panic!() };
    let reported = |event| escrow.rotation_reported(&device, &rotation, &event, &ana, at(8)).unwrap();
    reported(RotationEvent::Sent { attempt: 1, at: at(8) });
    reported(RotationEvent::Delivered { attempt: 1, at: at(8) });
    receive("{0B1C8A2F-1111-4000-8000-000000000000}", Secret::<str>::copy_from(other.expose()));
    reported(RotationEvent::OldRetired { at: at(9) });
    assert_eq!(escrow.assess(&device, at(10)).unwrap().status.as_str(), "verified");
}
