//! Two identities share issuer and serial number, as every authority of Fleet does: with the wrong one, nothing is
//! wrapped anew, and nothing is lost.

use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{
    Allowed, Envelope, EnvelopeError, Format, Keyring, OpenOptions, Owner, Payload, RewrapError, Suite,
};
use fdescrow::key::{Kind, RecoveryKey};
use fdescrow_tests::recipients::{Recipient, Seeded};

struct World {
    rng: std::sync::Arc<Seeded>,
    right: Recipient,
    wrong: Recipient,
    new: Recipient,
}

impl World {
    fn new(seed: u64, algorithm: KeyAlgorithm) -> Self {
        let rng = Seeded::new(seed);
        let right = Recipient::new(algorithm, &rng);
        let wrong = right.twin(algorithm, &rng);
        assert_eq!(right.certificate.issuer_der(), wrong.certificate.issuer_der());
        assert_eq!(right.certificate.serial_number(), wrong.certificate.serial_number());
        assert_ne!(right.certificate.public_key(), wrong.certificate.public_key());
        let new = Recipient::new(KeyAlgorithm::P256, &rng);
        Self { rng, right, wrong, new }
    }

    fn check(&self, format: Format, number: usize) {
        let kind = Kind::ALL[number % Kind::ALL.len()];
        let payload = Payload::bare(RecoveryKey::generate(kind, self.rng.as_ref()).unwrap());
        let sealed = Envelope::seal(&payload, &[&self.right.certificate], format, self.rng.as_ref()).unwrap();
        let before = sealed.digest();
        let suite = if format == Format::Auth { Suite::Modern } else { Suite::Legacy };
        let options = OpenOptions::new(suite).kind(kind);
        let rewrap = |keyring: &Keyring| sealed.rewrap(keyring, &options, &[&self.new.certificate], self.rng.as_ref());

        // The wrong one alone: the message names it, and it does not open.
        match rewrap(&self.wrong.keyring()) {
            Err(RewrapError::Open(error)) => assert_eq!(error, EnvelopeError::Open),
            other => panic!("{format:?}: {other:?}"),
        }
        assert_eq!(sealed.digest(), before);
        assert!(sealed.open(&self.right.keyring(), &options).unwrap().payload.key.constant_time_eq(&payload.key));

        // The wrong one first, the right one too: the right one decides.
        let both = self.wrong.keyring().with(self.right.identity.clone());
        let rewrapped = rewrap(&both).unwrap();
        assert_eq!(rewrapped.identity, 1);
        let envelope = rewrapped.envelope;
        assert_eq!(
            (envelope.content_type(), envelope.content_algorithm()),
            (sealed.content_type(), sealed.content_algorithm())
        );
        let allowed =
            Allowed::Rewrapped { content_type: sealed.content_type(), content: sealed.content_algorithm().clone() };
        let opened = envelope.open(&self.new.keyring(), &OpenOptions::new(allowed).kind(kind)).unwrap();
        assert!(opened.payload.key.constant_time_eq(&payload.key));
        // For its old recipients it is not, and the old one still opens.
        let old = OpenOptions::new(Suite::Legacy).kind(kind);
        assert_eq!(envelope.open(&both, &old).unwrap_err(), EnvelopeError::NoRecipient);
        assert!(sealed.open(&both, &options).unwrap().payload.key.constant_time_eq(&payload.key));
    }
}

#[test]
fn rewrap_with_the_wrong_of_two_alike_of_rsa_does_nothing_counted() {
    let world = World::new(30, KeyAlgorithm::Rsa2048);
    let formats = [Format::Auth, Format::Enveloped, Format::EnvelopedPkcs1v15];
    for number in 0..200 {
        world.check(formats[number % 3], number);
    }
    println!("200 rewraps with the wrong RSA identity: 0 lost, 0 wrapped wrongly; 200 of 200 with both opened");
}

#[test]
fn rewrap_with_the_wrong_of_two_alike_on_p256_does_nothing_counted() {
    let world = World::new(31, KeyAlgorithm::P256);
    for number in 0..800 {
        world.check([Format::Auth, Format::Enveloped][number % 2], number);
    }
    println!("800 rewraps with the wrong identity on P-256: 0 lost, 0 wrapped wrongly; 800 of 800 with both opened");
}

/// Unless a caller names the kind, content that nothing authenticates is not wrapped anew at all.
#[test]
fn rewrap_of_unauthenticated_content_needs_its_kind_named() {
    let world = World::new(32, KeyAlgorithm::P256);
    let payload = Payload::bare(RecoveryKey::generate(Kind::Luks, world.rng.as_ref()).unwrap());
    let to = [&world.right.certificate];
    let sealed = Envelope::seal(&payload, &to, Format::Enveloped, world.rng.as_ref()).unwrap();
    let keyring = world.right.keyring();
    let options = OpenOptions::new(Suite::Legacy);
    let refused = sealed.rewrap(&keyring, &options, &[&world.new.certificate], world.rng.as_ref());
    assert!(matches!(refused, Err(RewrapError::Open(EnvelopeError::KindNeeded))), "{refused:?}");
    let wrong_kind = options.kind(Kind::Systemd);
    let refused = sealed.rewrap(&keyring, &wrong_kind, &[&world.new.certificate], world.rng.as_ref());
    assert!(matches!(refused, Err(RewrapError::Open(EnvelopeError::Open))), "{refused:?}");
}

/// An envelope that stands in the row of another device is not wrapped anew for that device.
#[test]
fn rewrap_of_an_envelope_of_another_device_does_nothing() {
    let world = World::new(33, KeyAlgorithm::P256);
    let key = RecoveryKey::generate(Kind::BitLocker, world.rng.as_ref()).unwrap();
    let owner = |device: &str| Owner::new().device(device.parse().unwrap());
    let payload = Payload::new(key, owner("PC-17"));
    let sealed = fdescrow::envelope::seal(&payload, &[&world.right.certificate], world.rng.as_ref()).unwrap();
    let keyring = world.right.keyring();
    let rewrap = |device| {
        let options = OpenOptions::new(Suite::Modern).owner(owner(device));
        sealed.rewrap(&keyring, &options, &[&world.new.certificate], world.rng.as_ref())
    };
    assert!(matches!(rewrap("PC-18"), Err(RewrapError::Open(EnvelopeError::Open))));
    assert!(rewrap("PC-17").is_ok());
}
