//! What is done with secrets, and which secrets those are.

use std::{
    hint::black_box,
    path::Path,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender},
    },
};

use base64::{Engine, engine::general_purpose::STANDARD};
use fdescrow::{
    Actor, DeviceId, Escrow, Kind, Randomness, RecoveryKey, Secret, Timestamp,
    audit::MacKey,
    envelope::{
        Allowed, Certificate, Envelope, Format, Identity, Keyring, NewCertificate, OpenOptions, Owner, Payload,
        PrivateKey, Suite, identity::software_identity, private_key::KeyAlgorithm,
    },
    escrow::{CheckOptions, Reveal, RewrapOptions, Upload},
    profile::{FileVaultCertificate, FileVaultUnlock, KeySigner, OpensWith, Signer, rotate_command},
    random::RandomnessError,
    recovery::{search::Search, sheet::Sheet},
    verification::Place,
};
use fdescrow_identities::{SystemRandomness, aws_lc_identity};
use fdescrow_stores::SqliteStore;
use zeroize::{Zeroize, Zeroizing};

use crate::scan::Secrets;

/// The operating system's randomness; what was drawn for content-encryption keys is remembered, masked.
#[derive(Debug, Default)]
pub(crate) struct Masking {
    drawn: Mutex<Secrets>,
}

impl Randomness for Masking {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        SystemRandomness::new().fill(out)?;
        if out.len() == 32 {
            let mut drawn = self.drawn.lock().unwrap();
            drawn.add("32 bytes drawn", out);
            // as a part of a number lies in memory
            let mut reversed = Zeroizing::new(Vec::with_capacity(32));
            reversed.extend(out.iter().rev());
            drawn.add("32 bytes drawn, in a number", &reversed);
        }
        Ok(())
    }
}

/// Has memory searched by another thread, while this one stands still where it is: its dead frames are as the last
/// call left them.
pub(crate) struct Probe {
    pub(crate) ask: Sender<(String, Secrets)>,
    pub(crate) answer: Receiver<Secrets>,
}

impl Probe {
    /// Searches for these secrets, none of which may be held by anybody.
    fn look(&self, step: impl Into<String>, secrets: &mut Secrets) {
        self.ask.send((step.into(), std::mem::take(secrets))).unwrap();
        *secrets = self.answer.recv().unwrap();
    }

    /// The same, with what was drawn.
    fn look_with(&self, step: impl Into<String>, secrets: &mut Secrets, rng: &Masking) {
        secrets.extend(std::mem::take(&mut *rng.drawn.lock().unwrap()));
        self.look(step, secrets);
    }
}

/// Something that is done with secrets, given a folder with the keys that the parent made.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Path, &Probe),
}

pub(crate) const CASES: &[Case] = &[
    Case { name: "controls", run: controls },
    Case { name: "recovery keys", run: keys },
    Case { name: "an RSA key", run: |folder, probe| opens(folder, "rsa.pem", software, probe) },
    Case { name: "a P-256 key", run: |folder, probe| opens(folder, "p256.pem", software, probe) },
    Case { name: "a P-384 key", run: |folder, probe| opens(folder, "p384.pem", software, probe) },
    Case { name: "an RSA key in AWS-LC", run: |folder, probe| opens(folder, "rsa.pem", aws_lc, probe) },
    Case { name: "a P-256 key in AWS-LC", run: |folder, probe| opens(folder, "p256.pem", aws_lc, probe) },
    Case { name: "a P-384 key in AWS-LC", run: |folder, probe| opens(folder, "p384.pem", aws_lc, probe) },
    Case { name: "an escrow", run: escrow },
    Case { name: "a MAC key", run: mac_key },
    Case { name: "sheets and commands", run: written_down },
];

/// That copies are found where they are.
fn controls(_: &Path, probe: &Probe) {
    // as deep as ciphers are: what lies higher up is soon written over
    #[inline(never)]
    fn deep(text: &str, levels: u32) -> u8 {
        let mut copy = [0; 64];
        if levels > 0 {
            return black_box(deep(text, levels - 1));
        }
        copy[..text.len()].copy_from_slice(text.as_bytes());
        black_box(&copy).iter().fold(0, |sum, byte| sum ^ byte)
    }
    let mut secrets = Secrets::default();
    let key = fresh(Kind::FileVault, &mut secrets);
    drop(black_box(key.expose().to_owned()));
    drop(key);
    probe.look("control: a string that was freed", &mut secrets);
    secrets = Secrets::default();
    let key = fresh(Kind::FileVault, &mut secrets);
    black_box(deep(key.expose(), 30));
    drop(key);
    probe.look("control: a frame that is dead", &mut secrets);
    secrets = Secrets::default();
    let key = fresh(Kind::FileVault, &mut secrets);
    probe.look("control: a key that is held", &mut secrets);
    drop(key);
    probe.look("a key that was dropped", &mut secrets);
}

/// A new random key, whose text, with and without dashes, and bits are what is looked for.
fn fresh(kind: Kind, secrets: &mut Secrets) -> RecoveryKey {
    let key = RecoveryKey::generate(kind, &SystemRandomness::new()).unwrap();
    remember(&key, secrets);
    key
}

fn remember(key: &RecoveryKey, secrets: &mut Secrets) {
    secrets.add("key text", key.expose().as_bytes());
    let mut symbols = String::with_capacity(key.expose().len());
    key.expose_groups().for_each(|group| symbols.push_str(group));
    secrets.add("key text without dashes", symbols.as_bytes());
    symbols.zeroize();
    match key {
        RecoveryKey::BitLocker(key) => secrets.add("key bits", key.expose_bytes().expose()),
        RecoveryKey::Snapd(key) => secrets.add("key bits", key.expose_bytes().expose()),
        _ => {}
    }
}

fn keys(_: &Path, probe: &Probe) {
    for kind in Kind::ALL {
        let mut secrets = Secrets::default();
        let mut step = |what: &str, run: &dyn Fn(&Secret<str>)| {
            let key = fresh(*kind, &mut secrets);
            let text = Secret::<str>::copy_from(key.expose());
            drop(key);
            run(&text);
            drop(text);
            probe.look(format!("{kind}: {what}"), &mut secrets);
        };
        step("generated", &|_| {});
        step("read as typed", &|text| drop(black_box(RecoveryKey::parse_typed(*kind, text).unwrap())));
        step("read exactly", &|text| drop(black_box(RecoveryKey::parse_exact(*kind, text).unwrap())));
        step("compared", &|text| {
            let key = RecoveryKey::parse_exact(*kind, text).unwrap();
            assert!(key.constant_time_eq(&RecoveryKey::parse_exact(*kind, text).unwrap()));
        });
        for other in Kind::ALL.iter().filter(|other| *other != kind) {
            step("read as another", &|text| drop(black_box(RecoveryKey::parse_typed(*other, text))));
            step("read exactly as another", &|text| drop(black_box(RecoveryKey::parse_exact(*other, text))));
        }
    }
}

/// Makes an identity of a private key.
type Maker = fn(PrivateKey, Vec<Certificate>, Arc<Masking>) -> Arc<dyn Identity>;

fn software(key: PrivateKey, certificates: Vec<Certificate>, rng: Arc<Masking>) -> Arc<dyn Identity> {
    software_identity(key, certificates, rng)
}

fn aws_lc(key: PrivateKey, certificates: Vec<Certificate>, _: Arc<Masking>) -> Arc<dyn Identity> {
    aws_lc_identity(key, certificates).unwrap()
}

/// The private key and certificate in a file, and the numbers that the parent took out of it.
fn party(
    folder: &Path,
    file: &str,
    identity: Maker,
    rng: &Arc<Masking>,
    private: &mut Secrets,
) -> (Certificate, Keyring) {
    private.extend(Secrets::read(&folder.join(file).with_extension("masked"), name_of(file)));
    let certificate = Certificate::parse(&std::fs::read(folder.join(file).with_extension("crt")).unwrap()).unwrap();
    let pem = Zeroizing::new(std::fs::read(folder.join(file)).unwrap());
    let key = PrivateKey::parse_all(&pem, None).unwrap().pop().unwrap();
    let identity = identity(key, vec![certificate.clone()], rng.clone());
    (certificate, Keyring::new().with(identity))
}

fn opens(folder: &Path, file: &str, identity: Maker, probe: &Probe) {
    let (rng, mut private) = (Arc::new(Masking::default()), Secrets::default());
    drop(party(folder, file, identity, &rng, &mut private));
    probe.look("read", &mut private);
    let (certificate, keyring) = party(folder, file, identity, &rng, &mut private);
    for (kind, format) in [
        (Kind::FileVault, Format::EnvelopedPkcs1v15),
        (Kind::FileVault, Format::Enveloped),
        (Kind::BitLocker, Format::Auth),
        (Kind::Systemd, Format::Auth),
    ] {
        let mut secrets = Secrets::default();
        let key = fresh(kind, &mut secrets);
        let owner = Owner::new().device(DeviceId::new("PC").unwrap());
        let payload = if format == Format::Auth { Payload::new(key, owner) } else { Payload::bare(key) };
        let Ok(envelope) = Envelope::seal(&payload, &[&certificate], format, rng.as_ref()) else { continue };
        drop(payload);
        probe.look_with(format!("{kind} {format:?}: sealed"), &mut secrets, &rng);
        let options = OpenOptions::new(Allowed::Suite(Suite::Legacy)).kind(kind);
        drop(black_box(envelope.open(&keyring, &options).unwrap()));
        probe.look_with(format!("{kind} {format:?}: opened"), &mut secrets, &rng);
        drop(black_box(envelope.danger_open_raw(&keyring, &options).unwrap()));
        probe.look_with(format!("{kind} {format:?}: opened raw"), &mut secrets, &rng);
        drop(black_box(envelope.rewrap(&keyring, &options, &[&certificate], rng.as_ref()).unwrap()));
        probe.look_with(format!("{kind} {format:?}: rewrapped"), &mut secrets, &rng);
    }
    drop(keyring);
    probe.look("used", &mut private);
    signs(folder, file, probe, &mut private);
}

fn signs(folder: &Path, file: &str, probe: &Probe, private: &mut Secrets) {
    let rng = SystemRandomness::new();
    let certificate = Certificate::parse(&std::fs::read(folder.join(file).with_extension("crt")).unwrap()).unwrap();
    let pem = Zeroizing::new(std::fs::read(folder.join(file)).unwrap());
    let key = PrivateKey::parse_all(&pem, None).unwrap().pop().unwrap();
    let signer = KeySigner::new(&key, certificate, &rng).unwrap();
    black_box(signer.sign(b"what is signed").unwrap());
    drop(pem);
    drop(key.to_pkcs8_pem());
    drop(key);
    probe.look("signed, and written", private);
    let algorithm = ALGORITHMS.iter().find(|(other, _)| *other == file).unwrap().1;
    let new = NewCertificate::new("CN=New", algorithm, at(0), at(100_000_000)).unwrap();
    let (_, key) = new.generate(&rng).unwrap();
    let mut secrets = private_numbers(&key, name_of(file));
    drop(key);
    probe.look("generated", &mut secrets);
}

fn name_of(file: &str) -> &'static str {
    if file.starts_with("rsa") { "RSA private key" } else { "elliptic-curve private key" }
}

/// The numbers of a private key; nothing of what is made on the way is left.
fn private_numbers(key: &PrivateKey, name: &'static str) -> Secrets {
    let pem = key.to_pkcs8_pem();
    let mut base64 = Zeroizing::new(String::with_capacity(pem.expose().len()));
    pem.expose().lines().filter(|line| !line.starts_with('-')).for_each(|line| base64.push_str(line));
    let der = Zeroizing::new(STANDARD.decode(base64.as_bytes()).unwrap());
    let mut secrets = Secrets::default();
    for mut part in fdescrow_tests::private_parts(&der) {
        secrets.add(name, &part);
        // as numbers lie in memory
        part.reverse();
        secrets.add(name, &part);
        part.zeroize();
    }
    secrets
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_790_000_000 + seconds).unwrap()
}

fn escrow(folder: &Path, probe: &Probe) {
    let (rng, mut private, mut secrets) = (Arc::new(Masking::default()), Secrets::default(), Secrets::default());
    let (rsa, rsa_keyring) = party(folder, "rsa.pem", software, &rng, &mut private);
    let (p256, p256_keyring) = party(folder, "p256.pem", software, &rng, &mut private);
    let store = Arc::new(SqliteStore::open(folder.join("memory.db")).unwrap());
    let escrow = Escrow::builder(store, "example.com".parse().unwrap())
        .randomness(rng.clone())
        .certificates([rsa.clone(), p256.clone()])
        .build()
        .unwrap();
    let actor = Actor::new("ana").unwrap();
    let device = |kind: Kind| DeviceId::new(kind.as_str()).unwrap();
    for kind in Kind::ALL {
        let key = fresh(*kind, &mut secrets);
        let clear = || Upload::plaintext(device(*kind), *kind, Secret::<str>::copy_from(key.expose())).by(&actor);
        escrow.receive(clear().request("r-1"), at(0)).unwrap();
        escrow.receive(clear().request("r-1"), at(1)).unwrap();
        escrow.receive(clear(), at(2)).unwrap();
        drop(key);
        probe.look_with(format!("{kind}: received in clear"), &mut secrets, &rng);
        let key = fresh(*kind, &mut secrets);
        // refused: it is said to be sealed; the buffer is the library's from here on
        let mut bytes = Vec::with_capacity(key.expose().len());
        bytes.extend_from_slice(key.expose().as_bytes());
        assert!(escrow.receive(Upload::sealed(device(*kind), *kind, bytes).by(&actor), at(3)).is_err());
        drop(key);
        probe.look_with(format!("{kind}: refused, for it was said to be sealed"), &mut secrets, &rng);
        let key = fresh(*kind, &mut secrets);
        let other = if *kind == Kind::Luks { Kind::Snapd } else { Kind::Luks };
        let text = Secret::<str>::copy_from(key.expose());
        drop(key);
        assert!(escrow.receive(Upload::plaintext(device(*kind), other, text).by(&actor), at(4)).is_err());
        probe.look_with(format!("{kind}: refused as another kind"), &mut secrets, &rng);
    }
    let payload = Payload::bare(fresh(Kind::FileVault, &mut secrets));
    let sealed = Envelope::seal(&payload, &[&rsa], Format::EnvelopedPkcs1v15, rng.as_ref()).unwrap();
    drop(payload);
    let upload = Upload::sealed(device(Kind::FileVault), Kind::FileVault, sealed.der()).by(&actor);
    escrow.receive(upload, at(5)).unwrap();
    probe.look_with("received sealed", &mut secrets, &rng);
    let keyring: Keyring = rsa_keyring.identities().iter().chain(p256_keyring.identities()).cloned().collect();
    assert_eq!(escrow.check(&keyring, &CheckOptions::default(), at(10)).unwrap().opened, 11);
    probe.look_with("checked", &mut secrets, &rng);
    for kind in Kind::ALL {
        let wanted = Reveal::of(&device(*kind)).by(&actor).reason("lost");
        drop(black_box(escrow.reveal(wanted, &keyring, at(20)).unwrap()));
        probe.look_with(format!("{kind}: revealed"), &mut secrets, &rng);
    }
    escrow.rewrap(&keyring, &p256, &RewrapOptions::default(), at(30)).unwrap();
    probe.look_with("rewrapped", &mut secrets, &rng);
    escrow.check(&keyring, &CheckOptions::default().workers(2), at(40)).unwrap();
    probe.look_with("checked by two workers", &mut secrets, &rng);
    drop((keyring, rsa_keyring, p256_keyring, escrow));
    secrets.extend(private);
    probe.look_with("everything dropped", &mut secrets, &rng);
}

fn mac_key(_: &Path, probe: &Probe) {
    let mut secrets = Secrets::default();
    let rng = Masking::default();
    drop(black_box(MacKey::generate(&rng).unwrap()));
    probe.look_with("generated", &mut secrets, &rng);
    // on the heap: what is moved leaves itself behind
    let mut raw = Zeroizing::new(vec![0; 32]);
    SystemRandomness::new().fill(&mut raw).unwrap();
    secrets.add("MAC key", &raw);
    let hex = Zeroizing::new(raw.iter().fold(String::with_capacity(64), |mut hex, byte| {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
        hex
    }));
    secrets.add("MAC key as text", hex.as_bytes());
    let keys = [MacKey::parse(&raw).unwrap(), MacKey::parse(hex.as_bytes()).unwrap()];
    drop((raw, hex));
    for key in keys {
        let store = Arc::new(fdescrow::store::MemoryStore::new());
        let certificate = NewCertificate::new("CN=Escrow", KeyAlgorithm::P256, at(0), at(100_000_000)).unwrap();
        let (certificate, _) = certificate.generate(&SystemRandomness::new()).unwrap();
        let escrow = Escrow::builder(store, "example.com".parse().unwrap())
            .randomness(Arc::new(SystemRandomness::new()))
            .certificates([certificate])
            .mac_key(key)
            .build()
            .unwrap();
        let device = DeviceId::new("PC").unwrap();
        let key = RecoveryKey::generate(Kind::Luks, &SystemRandomness::new()).unwrap();
        let upload = Upload::plaintext(device, Kind::Luks, Secret::<str>::copy_from(key.expose()));
        escrow.receive(upload.by(&Actor::new("ana").unwrap()), at(0)).unwrap();
    }
    probe.look_with("used", &mut secrets, &rng);
}

/// Keys on a sheet, and in the command that has them replaced.
fn written_down(_: &Path, probe: &Probe) {
    let mut secrets = Secrets::default();
    for kind in Kind::ALL {
        let key = fresh(*kind, &mut secrets);
        let place = Place::new(*kind);
        let sheet = Sheet::new(&key, &place, at(0));
        drop(black_box(sheet.to_text()));
        drop(black_box(sheet.to_html()));
        drop(key);
        probe.look(format!("{kind}: written on a sheet"), &mut secrets);
    }
    let new = NewCertificate::new("CN=Reply", KeyAlgorithm::Rsa2048, at(0), at(100_000_000)).unwrap();
    let (certificate, _) = new.generate(&SystemRandomness::new()).unwrap();
    let certificate = FileVaultCertificate::new(certificate, OpensWith::Pkcs1v15, at(1)).unwrap();
    let key = fresh(Kind::FileVault, &mut secrets);
    let unlock = FileVaultUnlock::PersonalRecoveryKey(&key);
    drop(black_box(rotate_command("7f000001-0000-4000-8000-000000000001", &unlock, &certificate).unwrap()));
    drop(key);
    probe.look("sent in a command", &mut secrets);
    let key = fresh(Kind::FileVault, &mut secrets);
    black_box(Search::parse(key.expose()).unwrap_err());
    drop(key);
    probe.look("refused by a search", &mut secrets);
}

const ALGORITHMS: &[(&str, KeyAlgorithm)] =
    &[("rsa.pem", KeyAlgorithm::Rsa2048), ("p256.pem", KeyAlgorithm::P256), ("p384.pem", KeyAlgorithm::P384)];

/// What the parent lays into the folder: private keys, certificates, and the private numbers, masked.
pub(crate) fn prepare(folder: &Path) {
    for (file, algorithm) in ALGORITHMS {
        let new = NewCertificate::new("CN=Escrow", *algorithm, at(0), at(100_000_000)).unwrap();
        let (certificate, key) = new.generate(&SystemRandomness::new()).unwrap();
        std::fs::write(folder.join(file), key.to_pkcs8_pem().expose()).unwrap();
        std::fs::write(folder.join(file).with_extension("crt"), certificate.to_pem()).unwrap();
        private_numbers(&key, name_of(file)).write(&folder.join(file).with_extension("masked"));
    }
}
