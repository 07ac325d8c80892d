//! Does any jump depend on a secret?
//!
//! Blocks come from standard input, where `benches/undefined.c` has valgrind take every octet for undefined: a jump or an
//! index that depends on one is then an error that valgrind counts. Results are not looked at here, for that would be a
//! jump too. One case is a leak that is planted, and has to be found.

use std::{hint::black_box, io::Read, sync::Arc};

use fdescrow::{
    Secret,
    envelope::{
        Certificate, Envelope, Identity, Keyring, Limits, OpenOptions, PublicKey, Suite, Unavailable,
        identity::{EcIdentity, RawEcdh, RejectionSecret, WrappedKey},
    },
};
use fdescrow_identities::SystemRandomness;

use crate::{
    Failure,
    material::Material,
    private::{Answers, Unwrapped, algorithm},
};

/// Octets of a block: of an RSA-2048 modulus.
const BLOCK: usize = 256;

/// Does a case with what standard input holds.
pub(crate) fn run(material: &Material, case: &str) -> Result<(), Failure> {
    let mut secret = Vec::with_capacity(64 * BLOCK);
    std::io::stdin().lock().read_to_end(&mut secret)?;
    match case {
        "unpad-pkcs1" => unpad(material, "pkcs1", 24, &secret),
        "unpad-oaep" => unpad(material, "oaep", 32, &secret),
        "tag" => tag(material, &secret),
        "agreement" => agreement(material, &secret),
        "compare" => {
            let (one, other) = secret.split_at_checked(BLOCK).ok_or("two blocks are compared")?;
            black_box(Secret::<[u8]>::copy_from(one).constant_time_eq(other));
            Ok(())
        }
        "planted" => {
            let (one, other) = secret.split_at_checked(BLOCK).ok_or("two blocks are compared")?;
            black_box(early_exit(one, other));
            Ok(())
        }
        _ => Err(format!("there is no case {case}").into()),
    }
}

/// Padding, and the choice between the content key and its substitute.
fn unpad(material: &Material, scheme: &str, length: usize, secret: &[u8]) -> Result<(), Failure> {
    let blocks: Vec<Vec<u8>> = secret.chunks(BLOCK).map(<[u8]>::to_vec).collect();
    let times = blocks.len();
    let identity = Answers::identity(&material.certificate("rsa")?, blocks)?;
    let (wrapped, algorithm) = (material.read(&format!("wrapped-{scheme}"))?, algorithm(scheme)?);
    for _ in 0..times {
        black_box(identity.unwrap(&WrappedKey::transported(&algorithm, &wrapped, length))?);
    }
    Ok(())
}

/// The tag of a message, under a secret content key: whether it held is asked, and nothing else.
fn tag(material: &Material, secret: &[u8]) -> Result<(), Failure> {
    let content_key = secret.get(..32).ok_or("a content key is needed")?.to_vec();
    let keyring = Keyring::new().with(Arc::new(Unwrapped::new(material.certificate("rsa")?, content_key)));
    for message in ["auth.der", "auth-tampered.der"] {
        let envelope = Envelope::parse(&material.read(message)?, &Limits::default())?;
        let _ = black_box(envelope.danger_open_raw(&keyring, &OpenOptions::new(Suite::Modern)));
    }
    Ok(())
}

/// A key agreement that gives what it is told to.
#[derive(Debug)]
struct Agreed {
    public_key: PublicKey,
    shared: Vec<u8>,
}

impl RawEcdh for Agreed {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn agree(&self, _: &[u8]) -> Result<Option<Secret<[u8]>>, Unavailable> {
        Ok(Some(Secret::<[u8]>::copy_from(&self.shared)))
    }
}

/// Key derivation and key unwrap, under a secret that was agreed and is wrong: whether the key unwrapped is asked, and
/// nothing else.
fn agreement(material: &Material, secret: &[u8]) -> Result<(), Failure> {
    let certificate: Certificate = material.certificate("p256")?;
    let raw = Agreed {
        public_key: certificate.public_key().clone(),
        shared: secret.get(..32).ok_or("a shared secret is needed")?.to_vec(),
    };
    let rejection = RejectionSecret::random(&SystemRandomness::new())?;
    let identity = EcIdentity::new(raw, vec![certificate], rejection);
    let envelope = Envelope::parse(&material.read("p256.der")?, &Limits::default())?;
    let keyring = Keyring::new().with(Arc::new(identity));
    let _ = black_box(envelope.danger_open_raw(&keyring, &OpenOptions::new(Suite::Modern)));
    Ok(())
}

/// What must never be written: it ends where the first octets differ.
fn early_exit(one: &[u8], other: &[u8]) -> bool {
    for (octet, other) in one.iter().zip(other) {
        if octet != other {
            return false;
        }
    }
    one.len() == other.len()
}
