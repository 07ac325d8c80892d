use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;
use crate::{
    envelope::{Certificate, Envelope, NewCertificate, Owner, Payload, private_key::KeyAlgorithm, seal},
    ids::{DeviceId, KeyId, ProtectorId, Word},
    key::{Kind, RecoveryKey},
    random::{Randomness, RandomnessError},
    time::Timestamp,
    verification::Place,
};

/// Bytes that are different each time, and the same in each run.
#[derive(Debug)]
struct Counter(std::sync::atomic::AtomicU64);

impl Randomness for Counter {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for chunk in out.chunks_mut(32) {
            let number = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let digest = Digest::of(&number.to_be_bytes());
            chunk.copy_from_slice(&digest.as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

static RANDOM: Counter = Counter(std::sync::atomic::AtomicU64::new(0));

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000 + seconds).unwrap()
}

/// Twelve envelopes: making one takes longer than all that is done with it here.
fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        let new = NewCertificate::new("CN=spool", KeyAlgorithm::P256, at(0), at(9999)).unwrap();
        let (certificate, _): (Certificate, _) = new.generate(&RANDOM).unwrap();
        let entry = |number: usize| {
            let key = RecoveryKey::generate(Kind::Luks, &RANDOM).unwrap();
            let envelope: Envelope = seal(&Payload::new(key, Owner::new()), &[&certificate], &RANDOM).unwrap();
            let mut place = Place::new(Kind::Luks);
            place.protector = Some(ProtectorId::new(number.to_string()).unwrap());
            let request = Word::new(&format!("request_{number}")).unwrap();
            Entry::new(DeviceId::new("PC-17").unwrap(), place, request, &envelope, at(1))
        };
        (0..12).map(entry).collect()
    })
}

fn receipt(entry: &Entry, status: ReceiptStatus, level: Option<Level>) -> Receipt {
    let key = KeyId::from_bytes([7; 16]);
    let mut receipt = Receipt::new(entry.device.clone(), entry.place.clone(), key, entry.envelope(), status);
    receipt.level = level;
    receipt.request = Some(entry.request.as_str().to_owned());
    receipt
}

fn verified(entry: &Entry) -> Receipt {
    receipt(entry, ReceiptStatus::Verified, Some(Level::EnvelopeOpens))
}

const ENOUGH: Enough = Enough::Verified(Level::EnvelopeOpens);

/// A file as an agent makes it: after each operation, its length and what is in the spool.
fn history(operations: &[(usize, bool)]) -> (Vec<u8>, Vec<(usize, Vec<Digest>)>) {
    let mut spool = Spool::new();
    let mut file = Vec::new();
    let mut durable = vec![(0, Vec::new())];
    for (number, done) in operations {
        let entry = &entries()[*number];
        let bytes = if *done {
            spool.acknowledge(&verified(entry), ENOUGH).unwrap_or_default()
        } else {
            spool.put(entry.clone()).unwrap()
        };
        file.extend(bytes);
        durable.push((file.len(), digests(&spool)));
    }
    (file, durable)
}

/// What the first octets of such a file hold: a record is whole without the end of its line.
fn whole_within(durable: &[(usize, Vec<Digest>)], length: usize) -> &Vec<Digest> {
    &durable.iter().rev().find(|(end, _)| *end <= length + 1).unwrap().1
}

fn digests(spool: &Spool) -> Vec<Digest> {
    spool.entries().iter().map(Entry::envelope).collect()
}

#[test]
fn what_was_put_is_read_again_and_leaves_by_its_receipt_alone() {
    let mut spool = Spool::new();
    let mut file = spool.put(entries()[0].clone()).unwrap();
    file.extend(spool.put(entries()[1].clone()).unwrap());
    assert!(spool.put(entries()[1].clone()).unwrap().is_empty(), "it is there already");
    let mut read = Spool::read(&file).unwrap();
    assert_eq!(read.entries(), &entries()[..2]);
    file.extend(read.acknowledge(&verified(&entries()[0]), ENOUGH).unwrap());
    let read = Spool::read(&file).unwrap();
    assert_eq!((read.entries(), read.damaged()), (&entries()[1..2], 0));
    assert_eq!(Spool::read(&read.compact()).unwrap().entries(), &entries()[1..2]);
}

#[test]
fn a_receipt_of_something_else_or_one_that_says_too_little_removes_nothing() {
    let mut spool = Spool::new();
    spool.put(entries()[0].clone()).unwrap();
    let entry = &entries()[0];
    let stored = receipt(entry, ReceiptStatus::Stored, None);
    let apart = receipt(entry, ReceiptStatus::Quarantined, Some(Level::VolumeKeyUnwrapped));
    for little in [stored.clone(), apart, receipt(entry, ReceiptStatus::Verified, Some(Level::WellFormed))] {
        assert_eq!(spool.acknowledge(&little, ENOUGH), Ok(Vec::new()));
    }
    let mut others = vec![verified(entry); 5];
    others[0].device = DeviceId::new("PC-18").unwrap();
    others[1].place.kind = Kind::Systemd;
    others[2].place.protector = None;
    others[3].request = None;
    others[4].envelope = entries()[1].envelope();
    for other in others {
        assert!(spool.acknowledge(&other, Enough::Stored).is_err(), "{other:?}");
    }
    assert_eq!(spool.entries().len(), 1);
    assert!(!spool.acknowledge(&stored, Enough::Stored).unwrap().is_empty());
    assert!(spool.entries().is_empty());
}

#[test]
fn what_does_not_begin_as_a_spool_is_refused() {
    assert!(Spool::read(b"").unwrap().entries().is_empty());
    assert!(Spool::read(b"fdescrow-sp").unwrap().entries().is_empty(), "the first line is torn");
    for other in [b"fdescrow-spool 2\n".as_slice(), b"\0", b"{}"] {
        assert_eq!(Spool::read(other).unwrap_err(), SpoolError::Syntax);
    }
}

#[test]
fn there_is_an_end_to_its_patience() {
    let mut spool = Spool::new();
    for number in 0..MAX_ENTRIES {
        let mut message = entries()[0].clone();
        message.digest_of_test(number);
        spool.put(message).unwrap();
    }
    assert_eq!(spool.put(entries()[1].clone()), Err(SpoolError::Full));
}

#[test]
fn every_truncation_keeps_what_was_reported_as_durable() {
    let operations = [(0, false), (1, false), (0, true), (2, false), (1, true), (0, false)];
    let (file, durable) = history(&operations);
    for length in 0..=file.len() {
        let read = Spool::read(&file[..length]).unwrap();
        assert_eq!(digests(&read), *whole_within(&durable, length), "{length}");
    }
}

/// Found by the test of many operations below: a record that lacked only the end of its line was no record when the file
/// was read, and became one by what was appended.
#[test]
fn a_record_that_lacks_only_its_end_means_the_same_before_and_after_something_is_appended() {
    let operations = [(0, false), (1, false), (1, true)];
    let (file, durable) = history(&operations);
    for (end, _) in &durable {
        let mut file = file[..end.saturating_sub(1)].to_vec();
        let mut spool = Spool::read(&file).unwrap();
        file.extend(spool.put(entries()[2].clone()).unwrap());
        assert_eq!(digests(&spool), digests(&Spool::read(&file).unwrap()), "{end}");
        assert_eq!(spool.damaged(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_appended_after_a_torn_line_is_whole(
        operations in prop::collection::vec((0..8usize, any::<bool>()), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let (mut file, durable) = history(&operations);
        file.truncate(cut.index(file.len() + 1));
        let mut expected = whole_within(&durable, file.len()).clone();
        let mut spool = Spool::read(&file).unwrap();
        file.extend(spool.put(entries()[11].clone()).unwrap());
        expected.push(entries()[11].envelope());
        prop_assert_eq!(digests(&Spool::read(&file).unwrap()), expected);
    }

    #[test]
    fn altered_bytes_never_give_an_entry_that_was_not_put(
        operations in prop::collection::vec((0..8usize, any::<bool>()), 1..20),
        alterations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (mut file, _) = history(&operations);
        prop_assume!(!file.is_empty());
        for (place, byte) in &alterations {
            let place = place.index(file.len());
            file[place] = *byte;
        }
        if let Ok(read) = Spool::read(&file) {
            for entry in read.entries() {
                prop_assert!(entries().contains(entry));
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut file = HEADER.to_vec();
        file.extend(&bytes);
        prop_assert!(Spool::read(&file).unwrap().entries().is_empty());
    }
}
