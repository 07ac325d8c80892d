//! A row of each table: with everything in it, and with as little as can be.

use crate::{
    audit::{Action, Draft, Head, MacKey, References, Subject, Text, append},
    envelope::{
        Allowed, Certificate, ContentAlgorithm, ContentType, Fingerprint, NewCertificate, Suite,
        private_key::KeyAlgorithm,
    },
    ids::{Actor, DeviceId, Digest, KeyId, Organization, ProtectorId, VolumeId, Word},
    key::Kind,
    policy::escrow::EscrowRules,
    random::{Randomness, RandomnessError},
    recovery::{Approval, Person, Recovery, RecoveryId, RecoveryRules, Request, Used},
    store::{
        conformance::material::envelope,
        contract::{ChangeId, Revision, Row},
        records::{
            Alias, AuditRecord, CertificateRecord, CertificateState, DayCount, DeviceRecord, EnvelopeOrigin,
            EnvelopeRecord, Judged, KeyRecord, RecoveryRecord, Removal, Stored, Trust,
        },
    },
    time::Timestamp,
    verification::{Binding, Event, KeyChange, NewKey, Opening, Origin, Place, assess},
};

pub(super) fn organization() -> Organization {
    Organization::new("example.com").unwrap()
}

pub(super) fn device() -> DeviceId {
    DeviceId::new("C02XYZ").unwrap()
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000).unwrap()
}

pub(super) fn actor() -> Actor {
    Actor::new("ana").unwrap()
}

fn word(text: &str) -> Word {
    Word::new(text).unwrap()
}

fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

pub(super) fn key_id() -> KeyId {
    KeyId::from_bytes([7; 16])
}

/// A device with one key, which was checked, and that key.
fn checked() -> (DeviceRecord, KeyRecord) {
    let mut device = DeviceRecord::new(device(), now());
    let mut place = Place::new(Kind::BitLocker);
    place.volume = Some(VolumeId::new("C:").unwrap());
    place.protector = Some(ProtectorId::new("{A1B2C3D4-0000-0000-0000-000000000000}").unwrap());
    let facts = device.state.receive(NewKey::new(key_id(), place, Origin::Sealed, Digest::of(b"envelope"), now()));
    let received = Event::KeyReceived { key: Box::new(facts.clone()) };
    device.state = device.state.apply(&received).unwrap();
    let opening = Opening::new(Digest::of(b"envelope"), Digest::of(b"identity"), Binding::Sealed, now());
    let change = KeyChange::Opened(opening);
    let event = Event::KeyChanged { key: Box::new(facts.clone()), change: change.clone() };
    device.state = device.state.apply(&event).unwrap();
    let facts = facts.after(&change).unwrap();
    let key =
        KeyRecord::new(device.device.clone(), facts, actor(), ChangeId::from_bytes([3; 16]), Digest::of(b"wrapped"));
    (device, key)
}

pub(super) fn full() -> Vec<Row> {
    let (mut device, mut key) = checked();
    device.platform = Some(word("windows"));
    device.group = Some("laptops".to_owned());
    device.aliases = vec![Alias::new(word("hostname"), "PC-7", word("agent"), Trust::Claimed).unwrap()];
    let assessment = assess(&device.state, &EscrowRules::default().into(), now());
    device.judged = Some(Judged::new(assessment, Some(Digest::of(b"policy"))));
    device.check_due = Some(now());
    device.today = Some(DayCount::new(now()));
    device.revision = Revision::new(3);
    device.head = Head::new(4, Digest::of(b"head"));
    key.sightings.count = 2;
    key.sightings.last = Some(now());
    key.sightings.by = Some(actor());
    key.seen_on = Some(DeviceId::new("another").unwrap());
    key.check_due = Some(now());
    key.request = Some(text("4711"));
    key.removal = Some(Removal::new(actor(), 60, now()));
    key.kept_since = Some(now());

    let mut certificate = CertificateRecord::new(&some_certificate(), actor(), now());
    certificate.state = CertificateState::Retired;
    certificate.reason = Some(text("replaced"));

    // Every member that there can be, whether or not one recovery can have them all.
    let person = |subject| Person::new("https://idp.example.com", subject).unwrap();
    let mut request = Request::new(actor(), text("lost passphrase"), now());
    request.person = Some(person("1001"));
    request.ticket = Some(text("4711"));
    let digest = Digest::of(b"envelope");
    let rules = RecoveryRules { approvals: 1, ..RecoveryRules::default() };
    let course = Recovery::request(request, Some(key_id()), Some(digest), &rules, Used::default()).unwrap();
    let mut approval = Approval::new(actor(), person("1002"), key_id(), digest, now());
    approval.note = Some(text("by phone"));
    approval.revoked = Some(now());
    let mut course = serde_json::to_value(course).unwrap();
    course["approvals"] = serde_json::to_value([approval]).unwrap();
    course["release"] = serde_json::json!({"authorized": now(), "expires": now(), "attempts": 1, "finished": now()});
    course["end"] = serde_json::json!({"actor": actor(), "at": now()});
    course["report"] = serde_json::json!({"outcome": "worked", "at": now()});
    let course = serde_json::from_value(course).unwrap();
    let recovery = RecoveryRecord::new(RecoveryId::from_bytes([9; 16]), device.device.clone(), course);

    let mut envelope = an_envelope(EnvelopeOrigin::Rewrapped(Digest::of(b"origin")), rewrapped());
    envelope.recipients = vec![Fingerprint::from_bytes([5; 32])];
    envelope.opened = Some(now());
    envelope.retired = Some(now());

    let mut draft = Draft::new(actor(), Action::Released);
    draft.reason = Some(text("lost passphrase"));
    draft.references.key = Some(key_id());
    let mac_key = MacKey::parse(&[1; 32]).unwrap();
    let subject = Subject::Device(device.device.clone());
    let entry = append(&organization(), &subject, &Head::GENESIS, draft, now(), Some(&mac_key));
    rows(&device, &key, &certificate, &recovery, &envelope, &AuditRecord { entry })
}

fn rewrapped() -> Allowed {
    Allowed::Rewrapped { content_type: ContentType::EnvelopedData, content: ContentAlgorithm::TripleDesCbc }
}

pub(super) fn sparse() -> Vec<Row> {
    let (mut device, key) = checked();
    device.state = crate::verification::State::new(now());
    let certificate = CertificateRecord::new(&some_certificate(), actor(), now());
    let request = Request::new(actor(), text("lost passphrase"), now());
    let course = Recovery::request(request, None, None, &RecoveryRules::default(), Used::default()).unwrap();
    let recovery = RecoveryRecord::new(RecoveryId::from_bytes([9; 16]), device.device.clone(), course);
    let envelope = an_envelope(EnvelopeOrigin::Sealed, Allowed::Suite(Suite::Modern));
    let draft = Draft::new(actor(), Action::CertificateRegistered);
    assert_eq!(draft.references, References::default());
    let entry = append(&organization(), &Subject::Organization, &Head::GENESIS, draft, now(), None);
    rows(&device, &key, &certificate, &recovery, &envelope, &AuditRecord { entry })
}

fn rows(
    device: &DeviceRecord,
    key: &KeyRecord,
    certificate: &CertificateRecord,
    recovery: &RecoveryRecord,
    envelope: &EnvelopeRecord,
    audit: &AuditRecord,
) -> Vec<Row> {
    let organization = &organization();
    vec![
        device.to_row(organization).unwrap(),
        key.to_row(organization).unwrap(),
        certificate.to_row(organization).unwrap(),
        recovery.to_row(organization).unwrap(),
        envelope.to_row(organization).unwrap(),
        AuditRecord::row_of(&audit.entry),
    ]
}

pub(super) fn an_envelope(origin: EnvelopeOrigin, allowed: Allowed) -> EnvelopeRecord {
    EnvelopeRecord::new((&device(), key_id()), &envelope(b"sealed"), 1, origin, allowed, now())
}

fn some_certificate() -> Certificate {
    let from = Timestamp::from_unix_seconds(1_700_000_000).unwrap();
    let new = NewCertificate::new("CN=Escrow", KeyAlgorithm::P256, from, now()).unwrap();
    new.generate(&Counting).unwrap().0
}

/// The same numbers each time: what is made of them is no secret.
#[derive(Debug)]
struct Counting;

impl Randomness for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        out.iter_mut().zip((1..=250).cycle()).for_each(|(byte, number)| *byte = number);
        Ok(())
    }
}
