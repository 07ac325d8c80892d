//! How does a key in a token open messages?
//!
//! By the bare operation where the token allows it, with core's unpadding over it. Otherwise the token unpads, and all
//! failures are one: a substitute.

use std::sync::Arc;

use cryptoki::{
    error::Error,
    mechanism::{
        Mechanism, MechanismType,
        elliptic_curve::{EcKdf, Ecdh1DeriveParams},
        rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource},
    },
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::Session,
};
use fdescrow::{
    Secret,
    envelope::{
        Certificate, HashAlgorithm, Identity, KeyAlgorithm, PublicKey, RsaPublicKey, Unavailable, canary,
        identity::{
            EcIdentity, PeerPoint, RawEcdh, RawRsa, RejectionSecret, RsaIdentity, UnpaddingIdentity, UnpaddingRsa,
        },
    },
};

use super::{Pin, TokenError, TokenKey, key::KeyInToken};
use crate::SystemRandomness;

/// Opens a key.
pub(super) fn open(
    wanted: TokenKey,
    certificates: &[Certificate],
    pin: Arc<Pin>,
) -> Result<Arc<dyn Identity>, TokenError> {
    let rng = SystemRandomness::new();
    let key = Arc::new(KeyInToken::new(wanted, pin)?);
    let found = key.describe()?;
    let mut own = found.certificates;
    for certificate in certificates.iter().filter(|certificate| *certificate.public_key() == found.public_key) {
        if !own.contains(certificate) {
            own.push(certificate.clone());
        }
    }
    let rejection = || RejectionSecret::random(&rng);
    let offers = |mechanism: MechanismType| found.mechanisms.contains(&mechanism);
    let sound = |identity: Arc<dyn Identity>| canary::answers(identity.as_ref(), &rng).is_ok().then_some(identity);
    let identity = match found.public_key {
        PublicKey::Rsa(public_key) => {
            let may = |mechanism: &Mechanism<'_>| {
                offers(mechanism.mechanism_type()) && key.allows(|session, key| session.decrypt_init(mechanism, key))
            };
            if may(&Mechanism::RsaX509) {
                let raw = TokenRsa { key: Arc::clone(&key), public_key: public_key.clone() };
                let identity = sound(Arc::new(RsaIdentity::new(raw, own.clone(), rejection()?)));
                if let Some(identity) = identity {
                    return Ok(identity);
                }
            }
            let pkcs1v15 = may(&Mechanism::RsaPkcs);
            let oaep: Vec<Oaep> = Oaep::ALL.into_iter().filter(|oaep| may(&oaep.mechanism())).collect();
            if !pkcs1v15 && oaep.is_empty() {
                return Err(TokenError::Unsuitable("the token does not decrypt with it (CKA_DECRYPT, mechanisms)"));
            }
            let device = Unpadding { key, public_key, pkcs1v15, oaep };
            sound(Arc::new(UnpaddingIdentity::new(device, own, rejection()?)))
        }
        public_key @ (PublicKey::P256(_) | PublicKey::P384(_)) => {
            if !offers(MechanismType::ECDH1_DERIVE) {
                return Err(TokenError::Unsuitable("the token has no key agreement (CKM_ECDH1_DERIVE)"));
            }
            sound(Arc::new(EcIdentity::new(TokenEcdh { key, public_key }, own, rejection()?)))
        }
        _ => return Err(TokenError::Unsuitable("it is neither RSA nor on P-256 or P-384")),
    };
    identity.ok_or(TokenError::Answers)
}

/// `CKM_RSA_X_509`.
#[derive(Debug)]
struct TokenRsa {
    key: Arc<KeyInToken>,
    public_key: RsaPublicKey,
}

impl RawRsa for TokenRsa {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public_key
    }

    fn raw_private(&self, input: &[u8]) -> Result<Secret<[u8]>, Unavailable> {
        let answer = self.key.call(|session, key| decrypt(session, &Mechanism::RsaX509, key, input))?;
        // What the token refuses decodes to zeros, which are no padding; some tokens refuse 0, 1 and n - 1.
        Ok(answer.map_or_else(|| Secret::filled(input.len(), |_| ()), |answer| right_aligned(answer, input.len())))
    }
}

/// `CKM_ECDH1_DERIVE` with `CKD_NULL`.
#[derive(Debug)]
struct TokenEcdh {
    key: Arc<KeyInToken>,
    public_key: PublicKey,
}

impl RawEcdh for TokenEcdh {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn agree(&self, point: &[u8]) -> Result<Option<Secret<[u8]>>, Unavailable> {
        let Some(peer) = PeerPoint::on_the_curve_of(&self.public_key, point) else { return Ok(None) };
        let length = peer.shared_length;
        let shared = self.key.call(|session, key| derive(session, key, &peer.sec1, length))?;
        Ok(shared.map(|shared| right_aligned(shared, length)))
    }
}

/// A key that the token unpads with.
#[derive(Debug)]
struct Unpadding {
    key: Arc<KeyInToken>,
    public_key: RsaPublicKey,
    pkcs1v15: bool,
    oaep: Vec<Oaep>,
}

impl Unpadding {
    /// How the token is to unpad, if it can.
    fn mechanism(&self, algorithm: &KeyAlgorithm) -> Option<Mechanism<'static>> {
        match algorithm {
            KeyAlgorithm::RsaPkcs1v15 if self.pkcs1v15 => Some(Mechanism::RsaPkcs),
            KeyAlgorithm::RsaOaep { hash, mgf, label } if label.is_empty() => {
                let fits = |oaep: &&Oaep| (oaep.hash, oaep.mgf) == (*hash, *mgf);
                self.oaep.iter().find(fits).map(Oaep::mechanism)
            }
            _ => None,
        }
    }
}

impl UnpaddingRsa for Unpadding {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public_key
    }

    fn permits(&self, algorithm: &KeyAlgorithm) -> bool {
        self.mechanism(algorithm).is_some()
    }

    fn decrypt(
        &self,
        algorithm: &KeyAlgorithm,
        ciphertext: &[u8],
        _length: usize,
    ) -> Result<Option<Secret<[u8]>>, Unavailable> {
        let Some(mechanism) = self.mechanism(algorithm) else { return Ok(None) };
        self.key.call(|session, key| decrypt(session, &mechanism, key, ciphertext))
    }
}

/// A pair of hashes of RSAES-OAEP.
#[derive(Clone, Copy, Debug)]
struct Oaep {
    hash: HashAlgorithm,
    mgf: HashAlgorithm,
}

impl Oaep {
    /// Those that are met: both alike, and the mask of Java with SHA-1.
    const ALL: [Self; 5] = [
        Self { hash: HashAlgorithm::Sha1, mgf: HashAlgorithm::Sha1 },
        Self { hash: HashAlgorithm::Sha256, mgf: HashAlgorithm::Sha256 },
        Self { hash: HashAlgorithm::Sha256, mgf: HashAlgorithm::Sha1 },
        Self { hash: HashAlgorithm::Sha384, mgf: HashAlgorithm::Sha384 },
        Self { hash: HashAlgorithm::Sha512, mgf: HashAlgorithm::Sha512 },
    ];

    fn mechanism(&self) -> Mechanism<'static> {
        let hash = match self.hash {
            HashAlgorithm::Sha256 => MechanismType::SHA256,
            HashAlgorithm::Sha384 => MechanismType::SHA384,
            HashAlgorithm::Sha512 => MechanismType::SHA512,
            _ => MechanismType::SHA1,
        };
        let mgf = match self.mgf {
            HashAlgorithm::Sha256 => PkcsMgfType::MGF1_SHA256,
            HashAlgorithm::Sha384 => PkcsMgfType::MGF1_SHA384,
            HashAlgorithm::Sha512 => PkcsMgfType::MGF1_SHA512,
            _ => PkcsMgfType::MGF1_SHA1,
        };
        Mechanism::RsaPkcsOaep(PkcsOaepParams::new(hash, mgf, PkcsOaepSource::empty()))
    }
}

fn decrypt(
    session: &Session,
    mechanism: &Mechanism<'_>,
    key: ObjectHandle,
    ciphertext: &[u8],
) -> Result<Secret<[u8]>, Error> {
    session.decrypt(mechanism, key, ciphertext).map(Secret::from_vec)
}

/// The x-coordinate of the private key times a point, read out of the token as a secret of this session.
fn derive(session: &Session, key: ObjectHandle, point: &[u8], length: usize) -> Result<Secret<[u8]>, Error> {
    let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), point));
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
        Attribute::ValueLen(length.try_into()?),
    ];
    let shared = session.derive_key(&mechanism, key, &template)?;
    let value = session.get_attributes(shared, &[AttributeType::Value]);
    // It ends with the session at the latest.
    let _ = session.destroy_object(shared);
    let mut secrets = value?.into_iter().filter_map(|attribute| match attribute {
        Attribute::Value(value) => Some(Secret::from_vec(value)),
        _ => None,
    });
    secrets.next_back().ok_or(Error::InvalidValue)
}

/// The number with as many octets as it has to have: some tokens drop leading zeros.
fn right_aligned(number: Secret<[u8]>, length: usize) -> Secret<[u8]> {
    if number.len() == length {
        return number;
    }
    Secret::filled(length, |out| {
        for (target, octet) in out.iter_mut().rev().zip(number.expose().iter().rev()) {
            *target = *octet;
        }
    })
}
