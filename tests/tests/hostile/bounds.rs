//! Bombs, cut messages and what fuzzers left: an answer each, soon, and in little memory.

use std::fs;
use std::time::Duration;

use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{
    Certificate, Envelope, EnvelopeError, Format, Keyring, Limits, OpenOptions, Owner, Payload, Suite,
};
use fdescrow::key::{Kind, RecoveryKey};
use fdescrow_tests::fastest;
use fdescrow_tests::generator::ber::{Manner, berify};
use fdescrow_tests::generator::primitives::Cipher;
use fdescrow_tests::generator::{
    Authority, Blueprint, GoLibrary, KeyTransport, filevault_prk, fleet_bitlocker, go_gcm,
};
use fdescrow_tests::recipients::{Recipient, Seeded};

/// Longest that an answer may take.
const LIMIT: Duration = Duration::from_millis(50);

/// Everything that can be done with bytes that came from outside; whether it opened.
fn everything(bytes: &[u8], keyring: &Keyring, known: &[Certificate]) -> bool {
    let Ok(envelope) = Envelope::parse(bytes, &Limits::default()) else { return false };
    let inspection = envelope.inspect(known);
    assert!(
        inspection.to_string().len() < 16 * 1024 && !inspection.recipients.is_empty()
            || inspection.other_recipients > 0
    );
    let again = Envelope::parse(envelope.der(), &Limits::default()).unwrap();
    assert_eq!(
        (again.digest(), again.wrapped_key_digest(known)),
        (envelope.digest(), envelope.wrapped_key_digest(known))
    );
    let options = OpenOptions::new(Suite::Legacy).kind(Kind::FileVault).try_unmatched();
    envelope.open(keyring, &options).is_ok()
}

/// Does it, and says how long that takes at best.
fn in_time(name: &str, bytes: &[u8], keyring: &Keyring, known: &[Certificate]) -> (bool, Duration) {
    let mut opened = false;
    let time = fastest(LIMIT, || opened = everything(bytes, keyring, known));
    assert!(time < LIMIT, "{name} took {time:?}");
    (opened, time)
}

struct World {
    keyring: Keyring,
    known: Vec<Certificate>,
    /// Twenty messages of every form.
    messages: Vec<Vec<u8>>,
}

impl World {
    fn new() -> Self {
        let rng = Seeded::new(9);
        let authority = Authority::fleet();
        let to: Vec<Recipient> = [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384]
            .map(|algorithm| Recipient::new(algorithm, &rng))
            .into_iter()
            .chain([Recipient::from(&authority)])
            .collect();
        let key = "5ADZ-HTZ8-LJJ4-B2F8-JWH3-YPBT".as_bytes();
        let payload = |bare| {
            let key = RecoveryKey::generate(Kind::FileVault, rng.as_ref()).unwrap();
            if bare { Payload::bare(key) } else { Payload::new(key, Owner::new().device("PC-17".parse().unwrap())) }
        };
        let mut messages = Vec::new();
        for (number, recipient) in to.iter().enumerate() {
            for format in [Format::Auth, Format::Enveloped] {
                let envelope =
                    Envelope::seal(&payload(number % 2 == 0), &[&recipient.certificate], format, rng.as_ref());
                messages.push(envelope.unwrap().der().to_vec());
            }
        }
        let all: Vec<&Certificate> = to.iter().map(|recipient| &recipient.certificate).collect();
        messages.push(Envelope::seal(&payload(false), &all, Format::Auth, rng.as_ref()).unwrap().der().to_vec());
        messages.push(filevault_prk(&authority, key, &[24]));
        messages.push(fleet_bitlocker(&authority, key, GoLibrary::Mozilla));
        messages.push(fleet_bitlocker(&authority, key, GoLibrary::Smallstep));
        messages.push(go_gcm(&authority, key, 256, GoLibrary::Smallstep));
        for (cipher, manner) in [
            (Cipher::AesCbc(128), Manner::AppleShape),
            (Cipher::AesCbc(192), Manner::ChunkedDefinite),
            (Cipher::AesCbc(256), Manner::Everything),
            (Cipher::AesGcm(256), Manner::IndefiniteEverywhere),
            (Cipher::AesGcm(128), Manner::LongLengths),
            (Cipher::TripleDesCbc, Manner::NestedChunks),
            (Cipher::AesGcm(192), Manner::SplitStringsIndefinite),
        ] {
            let message = Blueprint::new(cipher, KeyTransport::Pkcs1 { null: true }).seal(&[&authority], key);
            messages.push(berify(&message, manner));
        }
        assert_eq!(messages.len(), 20);
        let keyring = to.iter().map(|recipient| recipient.identity.clone()).collect();
        Self { keyring, known: to.iter().map(|recipient| recipient.certificate.clone()).collect(), messages }
    }
}

#[test]
fn every_prefix_is_refused_in_time_counted() {
    let world = World::new();
    let (mut refused, mut longest) = (0, Duration::ZERO);
    for (number, message) in world.messages.iter().enumerate() {
        assert!(everything(message, &world.keyring, &world.known), "message {number}");
        for length in 0..message.len() {
            let (opened, time) = in_time("prefix", &message[..length], &world.keyring, &world.known);
            assert!(!opened, "message {number} cut at {length}");
            refused += 1;
            longest = longest.max(time);
        }
    }
    println!("{refused} prefixes of {} messages refused, the slowest in {longest:.1?}", world.messages.len());
    assert!(refused >= 9_000);
}

/// Levels, lengths, chunks and recipients beyond every bound.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let nested = |tag: u8, levels: usize| [tag, 0x80].repeat(levels);
    let definite = |levels: usize| {
        // Each level announces all that is left.
        let mut bytes = Vec::new();
        for level in (1..=levels).rev() {
            let length = u32::try_from(6 * (level - 1)).unwrap();
            bytes.extend([0x30, 0x84]);
            bytes.extend(length.to_be_bytes());
        }
        bytes
    };
    let closed = |levels: usize| [[0x30, 0x80].repeat(levels), [0, 0].repeat(levels)].concat();
    vec![
        ("10,000 sequences without lengths", nested(0x30, 10_000)),
        ("30,000 octet strings without lengths", nested(0x24, 30_000)),
        ("10,000 sequences with lengths", definite(10_000)),
        ("15,000 sequences, closed", closed(15_000)),
        ("depth of 31 closed", closed(31)),
        ("length of 4 GiB", vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x02]),
        ("length of 2^63", vec![0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("length of 126 octets", [vec![0x30, 0xfe], vec![0xff; 126], vec![0; 100]].concat()),
        ("20,000 empty chunks", [vec![0x24, 0x80], [0x04, 0x00].repeat(20_000), vec![0, 0]].concat()),
        ("20,000 NULLs", [vec![0x30, 0x80], [0x05, 0x00].repeat(20_000), vec![0, 0]].concat()),
        ("tag of 60,000 octets", [vec![0x3f], vec![0xff; 60_000]].concat()),
        ("object identifier of 60,000 octets", object_identifier(60_000)),
        ("64 KiB of zeros", vec![0; 65_536]),
        ("64 KiB of ones", vec![0xff; 65_536]),
        ("90 KiB of base64", vec![b'M'; 92_000]),
        ("1 MiB", vec![0x30; 1 << 20]),
        ("a thousand BEGIN lines", b"-----BEGIN CMS-----\n".repeat(1_000)),
        ("headers without end", b"a: b\n".repeat(15_000)),
    ]
}

fn object_identifier(length: usize) -> Vec<u8> {
    let mut bytes = vec![0x30, 0x82];
    bytes.extend(u16::try_from(length + 4).unwrap().to_be_bytes());
    bytes.extend([0x06, 0x82]);
    bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
    bytes.extend(vec![0xff; length]);
    bytes
}

/// Sixteen recipients are read, more are not, and nobody does work for each of the rest.
#[test]
fn recipients_are_bounded() {
    let authority = Authority::escrow("fdescrow tests");
    let message = Blueprint::new(Cipher::AesCbc(256), KeyTransport::Pkcs1 { null: true }).seal(&[&authority], b"x");
    let mut forge = fdescrow_tests::generator::forge::Forge::of(&message);
    let one = forge.recipients()[0].clone();
    for count in [16, 17, 100] {
        let many = (0..count).map(|number| {
            let mut recipient = one.clone();
            let serial = fdescrow_tests::generator::asn1::Node::integer([1, number]);
            recipient.children_mut()[1].children_mut()[1] = serial;
            recipient
        });
        *forge.recipients() = many.collect();
        let answer = Envelope::parse(&forge.encode(), &Limits::default());
        if count == 16 {
            assert_eq!(answer.unwrap().inspect(&[]).recipients.len(), 16);
        } else {
            assert!(matches!(answer, Err(EnvelopeError::Limit { .. })), "{count}");
        }
    }
}

#[test]
fn bombs_are_refused_in_time_and_memory_counted() {
    let world = World::new();
    let mut bombs = bombs();
    if let Some(shared) = fdescrow_tests::shared() {
        let folder = fs::read_dir(shared.join("vectors/cms-negative/bomb")).unwrap();
        bombs.extend(folder.map(|file| ("of the pack", fs::read(file.unwrap().path()).unwrap())));
    }
    let before = peak_memory();
    let mut longest = Duration::ZERO;
    for (name, bomb) in &bombs {
        let (opened, time) = in_time(name, bomb, &world.keyring, &world.known);
        assert!(!opened, "{name}");
        longest = longest.max(time);
    }
    println!("{} bombs refused, the slowest in {longest:.1?}", bombs.len());
    // Only where the process is this test's own.
    if let (Some(before), Some(after), Some("process-per-test")) =
        (before, peak_memory(), std::env::var("NEXTEST_EXECUTION_MODE").ok().as_deref())
    {
        println!("peak memory grew by {} KiB", after - before);
        assert!(after - before < 16 * 1024);
    }
}

/// The most memory that the process had at once, in KiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Seeds that others fuzz with: an answer each.
#[test]
fn corpora_of_others_give_answers_in_time_counted() {
    let Some(shared) = fdescrow_tests::shared() else { return };
    let world = World::new();
    let (mut parsed, mut total, mut longest) = (0, 0, Duration::ZERO);
    for folder in ["openssl-cms", "gnutls-pkcs7"] {
        for file in fs::read_dir(shared.join("vectors/corpus").join(folder)).unwrap() {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let (opened, time) = in_time(&path.display().to_string(), &bytes, &world.keyring, &world.known);
            assert!(!opened, "{}", path.display());
            parsed += usize::from(Envelope::parse(&bytes, &Limits::default()).is_ok());
            total += 1;
            longest = longest.max(time);
            // The same bytes at the other doors.
            let _ = Certificate::parse_all(&bytes);
            let _ = fdescrow::envelope::Bundle::parse(&bytes, None);
        }
    }
    println!("{total} files, {parsed} of them messages, the slowest in {longest:.1?}");
    assert!(total >= 1_530);
}
