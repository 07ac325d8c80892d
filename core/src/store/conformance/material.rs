//! What the cases are made of.

use std::sync::Arc;

use super::Fixture;
use crate::{
    audit::{Action, Draft, Subject},
    envelope::{Allowed, Envelope, Fingerprint, Limits, Suite},
    ids::{Actor, DeviceId, Digest, KeyId, Organization},
    key::Kind,
    store::{
        contract::{ChangeId, ChangeSet, CommitError, Edit, Guard, Revision, Row, RowQuery, Store, StoreError},
        records::{
            ChangeSetBuilder, DeviceRecord, EnvelopeOrigin, EnvelopeRecord, KeyRecord, OrganizationRecord, ReadRecords,
        },
        schema::{Index, Table},
    },
    time::Timestamp,
    verification::{Event, NewKey, Origin, Place},
};

/// The organization of most cases.
pub(super) fn organization() -> Organization {
    Organization::new("example.com").unwrap()
}

/// The time of most cases, and seconds after it.
pub(super) fn after(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000 + seconds).unwrap()
}

pub(super) fn device_id(name: &str) -> DeviceId {
    DeviceId::new(name).unwrap()
}

pub(super) fn change(name: &str) -> ChangeId {
    ChangeId::derived(&[name.as_bytes()])
}

pub(super) fn key_id(name: &str) -> KeyId {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(Digest::of(name.as_bytes()).as_bytes()).for_each(|(byte, digest)| *byte = *digest);
    KeyId::from_bytes(bytes)
}

pub(super) fn actor() -> Actor {
    Actor::new("conformance").unwrap()
}

pub(super) fn drafts() -> Vec<Draft> {
    vec![Draft::new(actor(), Action::DeviceChanged)]
}

/// More rows, rounds or attempts than any case has.
pub(super) const MOST: usize = 20_000;

/// One organization in one store.
#[derive(Clone)]
pub(super) struct World {
    pub(super) store: Arc<dyn Store>,
    pub(super) organization: Organization,
}

impl World {
    pub(super) fn of(fixture: &dyn Fixture) -> Self {
        Self { store: fixture.store(), organization: organization() }
    }

    pub(super) fn other(&self, name: &str) -> Self {
        Self { store: Arc::clone(&self.store), organization: Organization::new(name).unwrap() }
    }

    /// A device as it is stored, or a new one.
    pub(super) fn device(&self, name: &str) -> DeviceRecord {
        let device = device_id(name);
        let stored = self.store.read(&DeviceRecord::row_key(&self.organization, &device)).unwrap();
        stored.unwrap_or_else(|| DeviceRecord::new(device, after(0)))
    }

    /// A change of a device that does nothing but to note that it was made.
    pub(super) fn touch(&self, id: &str, device: DeviceRecord) -> ChangeSet {
        self.builder(id, device).build(drafts(), after(0), None).unwrap()
    }

    pub(super) fn builder(&self, id: &str, device: DeviceRecord) -> ChangeSetBuilder {
        ChangeSetBuilder::of_device(change(id), &self.organization, device)
    }

    /// A change of what concerns no device.
    pub(super) fn of_organization(&self, id: &str) -> ChangeSetBuilder {
        let stored = self.store.read(&OrganizationRecord::row_key(&self.organization)).unwrap();
        ChangeSetBuilder::of_organization(change(id), &self.organization, stored.unwrap_or(OrganizationRecord::NEW))
    }

    /// Another key for a device.
    pub(super) fn new_key(&self, device: &mut DeviceRecord, name: &str) -> (KeyRecord, EnvelopeRecord) {
        let envelope = envelope(name.as_bytes());
        let digest = envelope.digest();
        let new = NewKey::new(key_id(name), Place::new(Kind::FileVault), Origin::Sealed, digest, after(0));
        let facts = device.state.receive(new);
        let received = Event::KeyReceived { key: Box::new(facts.clone()) };
        device.state = device.state.clone().apply(&received).unwrap();
        let mut key =
            KeyRecord::new(device.device.clone(), facts, actor(), change(name), envelope.wrapped_key_digest(&[]));
        key.check_due = Some(after(0));
        let mut envelope = EnvelopeRecord::new(
            (&device.device, key_id(name)),
            &envelope,
            1,
            EnvelopeOrigin::Received,
            Allowed::Suite(Suite::FileVault),
            after(0),
        );
        envelope.recipients = vec![fingerprint("certificate")];
        (key, envelope)
    }

    /// A change that brings a key, which is due to be checked at once.
    pub(super) fn receive(&self, name: &str, key: &str) -> ChangeSet {
        let mut device = self.device(name);
        let (record, envelope) = self.new_key(&mut device, key);
        let mut builder = self.builder(&format!("{name}/{key}"), device);
        builder.insert(&record).insert(&envelope);
        builder.build(drafts(), after(0), None).unwrap()
    }

    pub(super) fn commit(&self, changes: &ChangeSet) -> Revision {
        self.store.commit(changes).unwrap()
    }

    /// Creates devices, in batches.
    pub(super) fn create(&self, names: &[String], adjust: impl Fn(&mut DeviceRecord)) {
        let changes: Vec<ChangeSet> = names
            .iter()
            .map(|name| {
                let mut device = DeviceRecord::new(device_id(name), after(0));
                adjust(&mut device);
                self.touch(&format!("create {name}"), device)
            })
            .collect();
        for batch in changes.chunks(500) {
            let answers = self.store.commit_batch(batch).unwrap();
            assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        }
    }

    pub(super) fn all(&self, table: Table) -> Vec<Row> {
        self.rows(RowQuery::new(&self.organization, Index::key_of(table)))
    }

    /// All rows of a query, page by page.
    pub(super) fn rows(&self, query: RowQuery) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut next = query;
        loop {
            let page = self.store.list(&next).unwrap();
            assert_eq!(page.corrupt, []);
            rows.extend(page.rows);
            // A store that lists for ever is to fail, not to hang.
            assert!(rows.len() <= MOST, "there is no end to the pages");
            match page.next {
                Some(cursor) => next = next.after(cursor),
                None => return rows,
            }
        }
    }

    /// Everything that is stored, to be compared.
    pub(super) fn everything(&self) -> Vec<Row> {
        Table::ALL.iter().flat_map(|table| self.all(*table)).collect()
    }
}

/// A change set as no record makes one.
pub(super) fn raw(changes: &ChangeSet, edits: Vec<Edit>) -> ChangeSet {
    with_guards(changes, Vec::new(), edits)
}

pub(super) fn with_guards(changes: &ChangeSet, guards: Vec<Guard>, edits: Vec<Edit>) -> ChangeSet {
    let subject = (changes.subject().clone(), changes.expected(), changes.subject_row().clone());
    ChangeSet::new(changes.change_id(), changes.organization().clone(), subject, guards, edits)
}

/// The change set under another id.
pub(super) fn under(id: &str, changes: &ChangeSet) -> ChangeSet {
    let subject = (changes.subject().clone(), changes.expected(), changes.subject_row().clone());
    let (guards, edits) = (changes.guards().to_vec(), changes.edits().to_vec());
    ChangeSet::new(change(id), changes.organization().clone(), subject, guards, edits)
}

pub(super) fn subject(name: &str) -> Subject {
    Subject::Device(device_id(name))
}

pub(super) fn fingerprint(name: &str) -> Fingerprint {
    Fingerprint::from_bytes(*Digest::of(name.as_bytes()).as_bytes())
}

/// A well-formed message that nobody can open: EnvelopedData (RFC 5652 §6.1) with one recipient, whose
/// encrypted key and content are these bytes.
pub(crate) fn envelope(content: &[u8]) -> Envelope {
    const DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    const ENVELOPED_DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3];
    const RSA_ENCRYPTION: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0];
    const AES_256_CBC: &[u8] = &[0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];
    const VERSION: &[u8] = &[0x02, 1, 0];
    let sequence = |parts: &[&[u8]]| tlv(0x30, &parts.concat());
    let encrypted_key = Digest::of(content);
    let identifier = sequence(&[&sequence(&[]), &[0x02, 1, 1]]);
    let key_algorithm = sequence(&[RSA_ENCRYPTION]);
    let recipient = sequence(&[VERSION, &identifier, &key_algorithm, &tlv(0x04, encrypted_key.as_bytes())]);
    let content_algorithm = sequence(&[AES_256_CBC, &tlv(0x04, &[0; 16])]);
    // Whole blocks, and at least one: what CBC leaves.
    let mut padded = content.to_vec();
    padded.resize((content.len() / 16 + 1) * 16, 0);
    let encrypted = sequence(&[DATA, &content_algorithm, &tlv(0x80, &padded)]);
    let enveloped = sequence(&[VERSION, &tlv(0x31, &recipient), &encrypted]);
    let message = sequence(&[ENVELOPED_DATA, &tlv(0xa0, &enveloped)]);
    Envelope::parse(&message, &Limits::default().input_bytes(1 << 20)).unwrap()
}

/// One value in DER, X.690 §8.1.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut der = vec![tag];
    match significant.as_slice() {
        [] => der.push(0),
        [short @ 0..=0x7f] => der.push(*short),
        long => {
            der.push(0x80 | u8::try_from(long.len()).unwrap());
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(content);
    der
}

/// The conflict in an answer.
pub(super) fn conflict(answer: Result<Revision, CommitError>) -> crate::store::Conflict {
    match answer {
        Err(CommitError::Conflict(conflict)) => conflict,
        other => panic!("there should have been a conflict: {other:?}"),
    }
}

/// That this is a refusal to do something that is never right.
pub(super) fn assert_misuse<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Misuse(_))), "{answer:?}");
}
