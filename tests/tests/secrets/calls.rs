//! Every public call, and all that it answers.

use std::{ops::ControlFlow, path::Path, sync::Arc};

use fdescrow::{
    Actor, DeviceId, Escrow, Kind, Policy, Randomness, RecoveryKey, Secret,
    audit::{Checkpoint, CheckpointLimits, MacKey},
    envelope::{
        Allowed, Bundle, Certificate, Envelope, Format, Identity, Keyring, Limits, OpenOptions, Owner, Payload,
        PrivateKey, Suite, canary,
        identity::{ContentKey, RejectionSecret, WrappedKey},
        judge::{self, Row},
        pair,
    },
    escrow::{CheckOptions, Page, Reveal, RewrapOptions, Upload},
    profile::{self, KeySigner},
    store::Cursor,
};
use fdescrow_stores::SqliteStore;

use crate::{
    canaries::{self, KEYS, PASSWORD, text},
    watch::Watch,
    world::{Party, World, actor, at, device},
};

/// The life of all keys, over a file.
pub(crate) fn escrow(world: &mut World, path: &Path) {
    let store = Arc::new(SqliteStore::open(path).unwrap());
    let policy = Policy::from_toml("[filevault.escrow]\nlocation = 'Example'\n").unwrap();
    let builder =
        world.builder(store.clone(), &[&world.rsa, &world.p256, &world.p384]).policies(Arc::new(Arc::new(policy)));
    world.watch.debug("the builder", &builder);
    let escrow = builder.build().unwrap();
    world.watch.debug("the escrow", &escrow);
    let keyring = world.keyring(&[&world.rsa, &world.p256, &world.p384]);
    world.watch.debug("a keyring", &keyring);

    uploads(world, &escrow);
    let checked = escrow.check(&keyring, &CheckOptions::default().workers(2), at(100));
    assert!(world.watch.answer("check", checked).unwrap().opened >= 8);
    for (kind, canary) in KEYS {
        let wanted = Reveal::of(&device(*kind)).by(&actor()).reason("lost");
        world.watch.debug("a request to reveal", &wanted);
        let revealed = world.watch.answer("reveal", escrow.reveal(wanted, &keyring, at(200))).unwrap();
        assert_eq!(revealed.expose(), *canary);
        world.watch.debug("the key of a reveal", revealed.key());
        revealed.candidates.iter().for_each(|candidate| world.watch.display("a candidate", candidate));
    }
    rewrap(world, &escrow, &keyring);
    reports(world, &escrow);
    audit(world, &escrow);
    files(&mut world.watch, path);
    drop(escrow);
    drop(store);
    files(&mut world.watch, path);
}

fn uploads(world: &mut World, escrow: &Escrow) {
    for (kind, _) in KEYS {
        for request in ["first", "first", "second"] {
            let upload = world.clear(*kind).request(request);
            world.watch.debug("an upload in clear", &upload);
            let receipt = world.watch.answer("receive in clear", escrow.receive(upload, at(1))).unwrap();
            world.watch.text("a receipt as JSON", &serde_json::to_string(&receipt).unwrap());
        }
        let (rsa, p384) = (world.sealed(*kind, &world.rsa), world.sealed(*kind, &world.p384));
        for upload in [rsa, p384] {
            world.watch.debug("a sealed upload", &upload);
            world.watch.answer("receive sealed", escrow.receive(upload, at(2))).unwrap();
        }
    }
    // as a person would type it
    let typed = text(Kind::FileVault).to_lowercase().replace('-', " ");
    let typed = Upload::plaintext(device(Kind::FileVault), Kind::FileVault, Secret::from_string(typed)).by(&actor());
    world.watch.answer("receive typed", escrow.receive(typed, at(3))).unwrap();
    // another Mac's blob
    let envelope = Envelope::seal(
        &Payload::bare(canaries::key(Kind::FileVault)),
        &[&world.rsa.certificate],
        Format::EnvelopedPkcs1v15,
        world.rng.as_ref(),
    )
    .unwrap();
    for name in ["mac-1", "mac-2", "mac-3"] {
        let mac = DeviceId::new(name).unwrap();
        let upload = Upload::sealed(mac, Kind::FileVault, envelope.der()).by(&actor());
        world.watch.answer("receive another's", escrow.receive(upload, at(4))).unwrap();
    }
    let waiting = world.watch.answer("quarantine", escrow.quarantine(&Page::first())).unwrap();
    let [one, other] = waiting.items.as_slice() else { panic!("two are set apart") };
    world.watch.answer("accept", escrow.accept_quarantined(&one.id, &actor(), "enrolled anew", at(5)));
    world.watch.answer("reject", escrow.reject_quarantined(&other.id, &actor(), "a replay", at(5)));
}

fn rewrap(world: &mut World, escrow: &Escrow, keyring: &Keyring) {
    let target = world.p256.certificate.clone();
    let mut options = RewrapOptions::default().limit(5).by(&actor());
    loop {
        world.watch.debug("options to rewrap", &options);
        let rewrapped = escrow.rewrap(keyring, &target, &options, at(300));
        let report = world.watch.answer("rewrap", rewrapped).unwrap();
        assert!(report.failures.is_empty());
        match report.next {
            Some(next) => options = options.after(Some(next)),
            None => break,
        }
    }
    world.watch.answer("check again", escrow.check(keyring, &CheckOptions::default(), at(301)));
    world.watch.answer("references", escrow.live_references(&world.rsa.certificate.fingerprint()));
    world.watch.answer("what is left to rewrap", escrow.rewrap_total(&target));
    world.watch.answer("certificates", escrow.registered_certificates());
    let fingerprint = world.rsa.certificate.fingerprint();
    world.watch.answer("retire", escrow.retire_certificate(&fingerprint, &actor(), "rollover", at(302)));
}

fn reports(world: &mut World, escrow: &Escrow) {
    let watch = &mut world.watch;
    for (kind, _) in KEYS {
        let device = device(*kind);
        let history = watch.answer("history", escrow.history(&device)).unwrap();
        watch.text("history as JSON", &serde_json::to_string(&history).unwrap());
        for key in &history {
            watch.answer("a receipt", escrow.receipt(&key.id)).unwrap();
        }
        watch.answer("assess", escrow.assess(&device, at(400))).unwrap();
        watch.answer("a device", escrow.device(&device, at(400))).unwrap();
        if let Some(profile) = watch.answer("a profile", escrow.profile(&device, at(400))) {
            watch.bytes("the profile", profile.as_bytes());
        }
        watch.answer("a new installation", escrow.new_installation(&device, &actor(), "wiped", at(401)));
        watch.answer("forget", escrow.forget_device(&device, &actor(), "sold", at(402)));
    }
    watch.answer("devices", escrow.devices(&Page::first(), at(403)));
    watch.answer("undecryptable", escrow.undecryptable(&Page::first()));
    let summary = watch.answer("summary", escrow.summary(at(403))).unwrap();
    watch.text("the summary as JSON", &serde_json::to_string(&summary).unwrap());
    watch.answer("what is due", escrow.check_total(at(403)));
}

fn audit(world: &mut World, escrow: &Escrow) {
    let mac_key = MacKey::parse(&world.mac_key).unwrap();
    let watch = &mut world.watch;
    watch.debug("the MAC key", &mac_key);
    let mut file = String::new();
    let written = escrow.checkpoint(None, at(500), &mut |line| {
        file.push_str(line);
        ControlFlow::Continue(())
    });
    watch.answer("checkpoint", written).unwrap();
    watch.text("the checkpoint", &file);
    let checkpoint = Checkpoint::parse(file.as_bytes(), &CheckpointLimits::default()).unwrap();
    let report = watch.answer("verify", escrow.verify_audit(&[mac_key], Some(&checkpoint))).unwrap();
    assert!(report.is_intact(), "{report:?}");
    let events = watch.answer("events", escrow.events(&Cursor::start(), 1000)).unwrap();
    events.entries.iter().for_each(|entry| watch.text("an entry", &entry.to_json()));
    watch.answer("the entries of a device", escrow.audit_of(&device(Kind::Luks), 0, 1000)).unwrap();
}

/// The database, its log and its index of the log.
pub(crate) fn files(watch: &mut Watch, path: &Path) {
    for end in ["", "-wal", "-shm"] {
        watch.file(Path::new(&format!("{}{end}", path.display())));
    }
}

/// Keys, secrets and what holds them.
pub(crate) fn keys(world: &mut World) {
    let watch = &mut world.watch;
    for (kind, canary) in KEYS {
        let key = canaries::key(*kind);
        watch.debug("a recovery key", &key);
        match &key {
            RecoveryKey::BitLocker(key) => watch.debug("bits", &key.expose_bytes()),
            RecoveryKey::Snapd(key) => watch.debug("bits", &key.expose_bytes()),
            _ => {}
        }
        watch.debug("a secret text", &canaries::secret(*kind));
        watch.debug("secret bytes", &Secret::<[u8]>::copy_from(canary.as_bytes()));
        // mistyped in every place
        for place in 0..canary.len() {
            for (wrong, read_as) in ["", "!", "0", "ä", "AA"].into_iter().zip(Kind::ALL) {
                let mut typed = canary.to_string();
                typed.replace_range(place..=place, wrong);
                let typed = Secret::from_string(typed);
                watch.answer("a mistyped key", RecoveryKey::parse_typed(*kind, &typed));
                watch.answer("a mistyped key", RecoveryKey::parse_exact(*read_as, &typed));
            }
        }
    }
    let mac_key = world.mac_key.map(|byte| format!("{byte:02x}")).concat();
    for file in [&mac_key[1..], &format!("{mac_key}0"), &mac_key.replace('a', "g"), text(Kind::Systemd)] {
        watch.answer("a file that is no MAC key", MacKey::parse(file.as_bytes()));
    }
    let rejection = RejectionSecret::random(world.rng.as_ref());
    watch.debug("what stands in for keys", &rejection);
}

/// Sealing and opening, without an escrow.
pub(crate) fn envelopes(world: &mut World) {
    let rng = world.rng.clone();
    let parties = [&world.rsa, &world.p256, &world.p384];
    for (kind, canary) in KEYS {
        for (index, party) in parties.iter().enumerate() {
            for format in [Format::Auth, Format::Enveloped, Format::EnvelopedPkcs1v15] {
                let identity = party.identity.clone();
                let keyring = Keyring::new().with(identity.clone());
                let watch = &mut world.watch;
                let owner = Owner::new().device(device(*kind));
                let payload = Payload::new(canaries::key(*kind), owner.clone());
                watch.debug("a payload", &payload);
                let sealed = Envelope::seal(&payload, &[&party.certificate], format, rng.as_ref());
                let Some(envelope) = watch.answer("seal", sealed) else { continue };
                watch.debug("an inspection", &envelope.inspect(&[]));
                let options = OpenOptions::new(Allowed::Suite(Suite::Legacy)).kind(*kind).owner(owner);
                watch.debug("options to open", &options);
                let opened = watch.answer("open", envelope.open(&keyring, &options)).unwrap();
                assert_eq!(opened.payload.key.expose(), *canary);
                watch.answer("open raw", envelope.danger_open_raw(&keyring, &options)).unwrap();
                let to = parties[(index + 1) % 3];
                let rewrapped = envelope.rewrap(&keyring, &options, &[&to.certificate], rng.as_ref());
                watch.answer("rewrap", rewrapped).unwrap();
                watch.answer("the canary of an identity", canary::answers(identity.as_ref(), rng.as_ref())).unwrap();
                wrong_openings(watch, &envelope, &keyring, *kind, rng.as_ref());
            }
        }
    }
}

fn wrong_openings(watch: &mut Watch, envelope: &Envelope, keyring: &Keyring, kind: Kind, rng: &dyn Randomness) {
    let legacy = || OpenOptions::new(Allowed::Suite(Suite::Legacy));
    let other_kind = if kind == Kind::Luks { Kind::Snapd } else { Kind::Luks };
    watch.answer("open as another kind", envelope.open(keyring, &legacy().kind(other_kind)));
    let owner = Owner::new().device(DeviceId::new("another").unwrap());
    watch.answer("open as another's", envelope.open(keyring, &legacy().kind(kind).owner(owner)));
    watch.answer("open as modern", envelope.open(keyring, &OpenOptions::new(Suite::Modern).kind(kind)));
    watch.answer("open with nothing", envelope.open(&Keyring::new(), &legacy().kind(kind)));
    let mut changed = envelope.der().to_vec();
    for back in [1, 20, 40] {
        let place = changed.len() - back;
        changed[place] ^= 1;
        if let Some(changed) = watch.answer("a changed message", Envelope::parse(&changed, &Limits::default())) {
            watch.answer("open what was changed", changed.open(keyring, &legacy().kind(kind)));
            watch.answer("open raw what was changed", changed.danger_open_raw(keyring, &legacy().kind(kind)));
        }
    }
    let rows = [Row::new(envelope.der(), kind), Row::new(&changed, kind), Row::new(text(kind).as_bytes(), kind)];
    watch.debug("rows to judge", &rows);
    for verdict in judge::judge(&rows, keyring, Suite::Legacy, rng) {
        watch.debug("a verdict", &verdict);
        watch.text("a verdict as JSON", &serde_json::to_string(&verdict).unwrap());
    }
}

/// Private keys, their files, and what signs.
pub(crate) fn private_keys(world: &mut World) {
    let rng = world.rng.clone();
    for party in [&world.rsa, &world.p256, &world.p384] {
        let watch = &mut world.watch;
        let key = party.private_key();
        watch.debug("a private key", &key);
        watch.debug("its file", &party.key_file);
        watch.debug("its public key", &key.public_key());
        watch.debug("an identity", party.identity.as_ref());
        unwrapped(watch, party.identity.as_ref());
        damaged_files(watch, party);
        let bundle = Bundle::parse(party.key_file.expose().as_bytes(), None).unwrap();
        watch.debug("a bundle", &bundle);
        watch.debug("a pair", &pair([bundle]));
        let signer = watch.answer("a signer", KeySigner::new(&key, party.certificate.clone(), rng.as_ref())).unwrap();
        let policy = Policy::from_toml("[filevault.enforcement]\nmax_bypass_attempts = 0\n").unwrap();
        let details =
            fdescrow::policy::OrganizationDetails::of(&"example.com".parse().unwrap(), "com.example").unwrap();
        let profile = profile::render(policy.filevault().unwrap(), None, &details).unwrap();
        let signed = watch.answer("sign", profile::sign(&profile, &signer, &[], Some(at(0)))).unwrap();
        watch.bytes("the signed profile", &signed);
    }
    encrypted_files(world);
    let (key, other) = (world.rsa.private_key(), world.p256.certificate.clone());
    world.watch.answer("another's certificate", KeySigner::new(&key, other, rng.as_ref()));
    let bundles =
        [&world.rsa.key_file, &world.p256.key_file].map(|file| Bundle::parse(file.expose().as_bytes(), None).unwrap());
    let certificates = Bundle::parse(world.p384.certificate.to_pem().as_bytes(), None).unwrap();
    world.watch.answer("no pair", pair(bundles.into_iter().chain([certificates])));
}

fn unwrapped(watch: &mut Watch, identity: &dyn Identity) {
    let algorithm = fdescrow::envelope::KeyAlgorithm::RsaPkcs1v15;
    let nonsense = WrappedKey::transported(&algorithm, &[1; 256], 32);
    let key: Option<ContentKey> = watch.answer("unwrap nonsense", identity.unwrap(&nonsense));
    let key = key.unwrap();
    watch.secret_bytes("a substitute", key.expose());
    watch.debug("a content key", &key);
}

fn encrypted_files(world: &mut World) {
    let (key, password) = (world.rsa.private_key(), Secret::<str>::copy_from(PASSWORD));
    let encrypted = key.to_encrypted_pkcs8_pem(&password, world.rng.as_ref());
    let watch = &mut world.watch;
    let encrypted = watch.answer("encrypt", encrypted).unwrap();
    watch.bytes("the encrypted file", encrypted.expose().as_bytes());
    watch.answer("no password", PrivateKey::parse_all(encrypted.expose().as_bytes(), None));
}

fn damaged_files(watch: &mut Watch, party: &Party) {
    let file = party.key_file.expose();
    watch.answer("a key for a certificate", Certificate::parse(file.as_bytes()));
    watch.answer("a key for a message", Envelope::parse(file.as_bytes(), &Limits::default()));
    watch.answer("a key for a profile", profile::parse(file.as_bytes(), &profile::ProfileLimits::default()));
    watch.answer("a key for a policy", Policy::from_toml(file));
    watch.answer("a key for a MAC key", MacKey::parse(file.as_bytes()));
    watch.answer("a key for an actor", Actor::new(file));
    watch.answer("a key for a device", DeviceId::new(file));
    for (kind, canary) in KEYS {
        watch.answer("a recovery key for a private key", PrivateKey::parse_all(canary.as_bytes(), None));
        watch.answer(
            "a private key for a recovery key",
            RecoveryKey::parse_typed(*kind, &Secret::<str>::copy_from(file)),
        );
    }
    for (from, to) in [("PRIVATE", "PUBLIC"), ("\n", "\n!"), ("-----END", "-----AND"), ("M", ""), ("A", "B")] {
        let damaged = file.replace(from, to);
        watch.answer("a damaged key", PrivateKey::parse_all(damaged.as_bytes(), None));
    }
    for cut in (0..file.len()).step_by(127) {
        watch.answer("half a key", PrivateKey::parse_all(&file.as_bytes()[..cut], None));
    }
}
