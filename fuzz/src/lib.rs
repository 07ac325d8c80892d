//! What the targets share: keys that are the same in every run, messages sealed to them, and an identity that
//! unwraps everything.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use fdescrow::envelope::identity::{ContentKey, WrappedKey, software_identity};
use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{
    Certificate, Envelope, Format, Identity, Keyring, NewCertificate, Owner, Payload, PublicKey, Unavailable,
};
use fdescrow::random::{Randomness, RandomnessError};
use fdescrow::{Digest, Kind, RecoveryKey, Secret, Timestamp};

/// Randomness that repeats: a finding has to happen again.
#[derive(Debug, Default)]
pub struct Seeded(AtomicU64);

impl Randomness for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for chunk in out.chunks_mut(32) {
            let block = Digest::of(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.iter_mut().zip(block.as_bytes()).for_each(|(to, from)| *to = *from);
        }
        Ok(())
    }
}

/// A certificate and its private key, made when the target starts.
#[derive(Debug)]
pub struct Recipient {
    /// What is sealed to.
    pub certificate: Certificate,
    /// What opens.
    pub identity: Arc<dyn Identity>,
}

impl Recipient {
    fn new(algorithm: KeyAlgorithm, rng: &Arc<Seeded>) -> Self {
        let start: Timestamp = "2026-11-24T00:00:00Z".parse().expect("a time");
        let new = NewCertificate::new("CN=Escrow", algorithm, start, start.saturating_add(86_400)).expect("a subject");
        let (certificate, key) = new.generate(rng.as_ref()).expect("a key");
        let identity = software_identity(key, vec![certificate.clone()], rng.clone());
        Self { certificate, identity }
    }
}

/// A message and the key in it.
#[derive(Debug)]
pub struct Sealed {
    /// The message.
    pub der: Vec<u8>,
    /// What opens it.
    pub keyring: Keyring,
    /// What it holds.
    pub payload: Payload,
    /// The form that it has.
    pub format: Format,
}

/// The recipients of all messages here.
pub static RECIPIENTS: LazyLock<[Recipient; 3]> = LazyLock::new(|| {
    let rng = Arc::new(Seeded::default());
    [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048].map(|algorithm| Recipient::new(algorithm, &rng))
});

/// Messages in these forms to every recipient, bare and with an owner.
pub fn sealed(formats: &[Format]) -> Vec<Sealed> {
    let rng = Seeded::default();
    let mut messages = Vec::new();
    for recipient in RECIPIENTS.iter() {
        for format in formats {
            for bare in [true, false] {
                let key = RecoveryKey::generate(Kind::BitLocker, &rng).expect("a key");
                let owner = Owner::new().device("PC-17".parse().expect("a name"));
                let payload = if bare { Payload::bare(key) } else { Payload::new(key, owner) };
                // PKCS#1 v1.5 is for RSA alone.
                let Ok(envelope) = Envelope::seal(&payload, &[&recipient.certificate], *format, &rng) else { continue };
                let keyring = Keyring::new().with(recipient.identity.clone());
                messages.push(Sealed { der: envelope.der().to_vec(), keyring, payload, format: *format });
            }
        }
    }
    messages
}

/// One of `messages` with some octets changed: the first octet of `data` says which, then two octets a place and
/// one its new value. Mutations of that stay near a good message, where mutations of the message itself would be
/// lost in its structure.
pub fn edited<'a>(messages: &'a [Sealed], data: &[u8]) -> Option<(&'a Sealed, Vec<u8>)> {
    let (which, edits) = data.split_first()?;
    let sealed = messages.get(usize::from(*which) % messages.len())?;
    let mut message = sealed.der.clone();
    for edit in edits.chunks_exact(3) {
        let place = usize::from(edit[0]) << 8 | usize::from(edit[1]);
        let length = message.len();
        message[place % length] = edit[2];
    }
    Some((sealed, message))
}

/// An identity that unwraps every key for everybody, to the same content key: what lies behind the private
/// operation is then reached without one.
#[derive(Debug)]
pub struct Universal {
    public_key: PublicKey,
}

impl Universal {
    /// One that looks like this certificate's.
    pub fn of(certificate: &Certificate) -> Self {
        Self { public_key: certificate.public_key().clone() }
    }

    /// The content key of this many octets.
    pub fn content_key(length: usize) -> Vec<u8> {
        (0u8..).take(length).map(|octet| octet ^ 0x5a).collect()
    }
}

impl Identity for Universal {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn certificates(&self) -> &[Certificate] {
        &[]
    }

    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        Ok(Secret::<[u8]>::from_vec(Self::content_key(wrapped.content_key_length)))
    }
}
