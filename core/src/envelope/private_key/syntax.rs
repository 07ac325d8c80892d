//! Which of the formats is this private key in, and is the key sound?
//!
//! PKCS#1 (RFC 8017 §A.1.2), SEC 1 (RFC 5915) and PKCS#8 (RFC 5958) all start with a version and are told apart
//! by what follows it. RSA factors have to multiply to the modulus and fit its exponents; the public half that a
//! file claims for a key on a curve has to be the one that belongs to it.

use der::{
    Decode, Reader, SliceReader, Tag, TagMode, TagNumber, Tagged,
    asn1::{AnyRef, BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef},
};
use pkcs1::{RsaPrivateKeyRef, UintRef};
use pkcs8::PrivateKeyInfoRef;
use rsa::BoxedUint;

use super::{IdentityError, Inner, PrivateKey};
use crate::envelope::certificate::{EC_PUBLIC_KEY, P256, P384, RSA_ENCRYPTION};

/// What a DER element is, from its first members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Certificate,
    EncryptedPrivateKeyInfo,
    Pfx,
    Pkcs1,
    PrivateKeyInfo,
    Sec1,
}

impl Shape {
    /// Looks at the tags of the first three members. `None` for anything else.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let mut members = AnyRef::from_der(der).ok()?;
        members.tag().assert_eq(Tag::Sequence).ok()?;
        let mut reader = SliceReader::new(members.value()).ok()?;
        members = reader.decode().ok()?;
        let second: AnyRef<'_> = reader.decode().ok()?;
        let third: Option<AnyRef<'_>> = reader.decode().ok();
        Some(match (members.tag(), members.value(), second.tag(), third.map(|third| third.tag())) {
            (Tag::Integer, [3], Tag::Sequence, _) => Self::Pfx,
            (Tag::Integer, _, Tag::Sequence, Some(Tag::OctetString)) => Self::PrivateKeyInfo,
            (Tag::Integer, _, Tag::Integer, Some(Tag::Integer)) => Self::Pkcs1,
            (Tag::Integer, [1], Tag::OctetString, _) => Self::Sec1,
            (Tag::Sequence, _, Tag::OctetString, None) => Self::EncryptedPrivateKeyInfo,
            (Tag::Sequence, _, Tag::Sequence, Some(Tag::BitString)) => Self::Certificate,
            _ => return None,
        })
    }
}

/// PrivateKeyInfo, RFC 5958 §2. Attributes (NSS, Windows and OpenSSL write some) are passed over.
pub(super) fn pkcs8(der: &[u8]) -> Result<PrivateKey, IdentityError> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| IdentityError::Syntax("malformed PKCS#8"))?;
    let key = info.private_key.as_bytes();
    match info.algorithm.oid {
        RSA_ENCRYPTION => pkcs1(key),
        EC_PUBLIC_KEY => {
            // RFC 5915 §3: inside of PKCS#8 the curve is named by the algorithm; where the key names it too, both
            // have to agree.
            let curve = info.algorithm.parameters_oid().map_err(|_| EXPLICIT)?;
            sec1(key, Some(curve))
        }
        RSASSA_PSS => Err(IdentityError::Unsupported("it is an RSA-PSS key, which may only sign")),
        _ => Err(IdentityError::Unsupported("it is neither RSA nor on P-256 or P-384")),
    }
}

/// RSAPrivateKey, RFC 8017 §A.1.2.
pub(super) fn pkcs1(der: &[u8]) -> Result<PrivateKey, IdentityError> {
    let key = RsaPrivateKeyRef::from_der(der).map_err(|_| IdentityError::Syntax("malformed PKCS#1"))?;
    if key.other_prime_infos.is_some() {
        return Err(IdentityError::Unsupported("it is an RSA key with more than two primes"));
    }
    // Sizes are checked before any arithmetic, whose time grows with their cube.
    let modulus = key.modulus.as_bytes();
    let bits = 8 * modulus.len() - modulus.first().map_or(0, |octet| octet.leading_zeros() as usize);
    if bits < 1024 {
        return Err(IdentityError::Unsupported("it is an RSA key of less than 1024 bits"));
    }
    if bits > 8192 {
        return Err(IdentityError::Unsupported("it is an RSA key of more than 8192 bits"));
    }
    if key.public_exponent.as_bytes().len() > 8 {
        return Err(IdentityError::Unsupported("it is an RSA key with an unusual public exponent"));
    }
    let [p, q, d] = [key.prime1, key.prime2, key.private_exponent];
    let unsound = IdentityError::Syntax("the numbers of the RSA key do not belong together");
    if [p, q, d].iter().any(|number| number.as_bytes().len() > modulus.len()) {
        return Err(unsound);
    }
    let [n, e] = [key.modulus, key.public_exponent].map(integer);
    let (n, e) = (n.ok_or(unsound)?, e.ok_or(unsound)?);
    let [p, q, d] = [p, q, d].map(integer);
    let (p, q, d) = (p.ok_or(unsound)?, q.ok_or(unsound)?, d.ok_or(unsound)?);
    // Primes of unequal length are legal and rare; how long the longer one is then shows in the time of operations.
    let unequal = [&p, &q].into_iter().any(|prime| prime.bit_width() as usize > bits.div_ceil(2));
    let primes = vec![p, q];
    let sound = if unequal {
        rsa::PrivateKey::from_components_with_wide_primes(n, e, d, primes)
    } else {
        rsa::PrivateKey::from_components(n, e, d, primes)
    };
    let key = sound.map_err(|_| unsound)?;
    // What public keys are refused for, private ones are.
    let public = crate::envelope::certificate::RsaPublicKey::from_key(key.as_public_key());
    Ok(PrivateKey(Inner::Rsa(Box::new(key), public.map_err(IdentityError::Unsupported)?)))
}

/// ECPrivateKey, RFC 5915 §3. `curve` is what stands around it: PKCS#8's algorithm or an EC PARAMETERS block.
pub(super) fn sec1(der: &[u8], curve: Option<ObjectIdentifier>) -> Result<PrivateKey, IdentityError> {
    let malformed = IdentityError::Syntax("malformed SEC 1");
    let key = EcPrivateKey::from_der(der).map_err(|_| malformed)?;
    let own = key.parameters.map(|parameters| parameters.decode_as().map_err(|_| EXPLICIT)).transpose()?;
    let curve = match (own, curve) {
        (Some(own), Some(around)) if own != around => {
            return Err(IdentityError::Syntax("the key names two different curves"));
        }
        (own, around) => own.or(around).ok_or(IdentityError::Syntax("the key does not name its curve"))?,
    };
    let other_public = IdentityError::Syntax("the public half in the file is not that of the key");
    match curve {
        P256 => {
            let secret = p256::SecretKey::from_slice(key.private_key).map_err(|_| malformed)?;
            if let Some(point) = key.public_key
                && p256::PublicKey::from_sec1_bytes(point) != Ok(secret.public_key())
            {
                return Err(other_public);
            }
            Ok(PrivateKey(Inner::P256(Box::new(secret))))
        }
        P384 => {
            let secret = p384::SecretKey::from_slice(key.private_key).map_err(|_| malformed)?;
            if let Some(point) = key.public_key
                && p384::PublicKey::from_sec1_bytes(point) != Ok(secret.public_key())
            {
                return Err(other_public);
            }
            Ok(PrivateKey(Inner::P384(Box::new(secret))))
        }
        _ => Err(IdentityError::Unsupported("it is on a curve other than P-256 and P-384")),
    }
}

/// ECParameters of an EC PARAMETERS block, if they name a curve.
pub(super) fn named_curve(der: &[u8]) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_der(der).ok()
}

/// ECPrivateKey ::= SEQUENCE { version INTEGER { ecPrivkeyVer1(1) }, privateKey OCTET STRING,
/// parameters [0] ECParameters OPTIONAL, publicKey [1] BIT STRING OPTIONAL }
struct EcPrivateKey<'a> {
    private_key: &'a [u8],
    parameters: Option<AnyRef<'a>>,
    public_key: Option<&'a [u8]>,
}

impl<'a> EcPrivateKey<'a> {
    fn from_der(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let key = reader.sequence(|key| {
            if u8::decode(key)? != 1 {
                return Err(Tag::Integer.value_error().into());
            }
            let private_key = <&OctetStringRef>::decode(key)?.as_bytes();
            let parameters = optional(key, TagNumber(0))?;
            let public_key = key
                .context_specific::<BitStringRef<'_>>(TagNumber(1), TagMode::Explicit)?
                .map(|bits| bits.as_bytes().ok_or(Tag::BitString.value_error()))
                .transpose()?;
            Ok::<_, der::Error>(EcPrivateKey { private_key, parameters, public_key })
        })?;
        reader.finish()?;
        Ok(key)
    }
}

/// An element of any type under an explicit context tag, if it is there.
pub(super) fn optional<'a>(reader: &mut SliceReader<'a>, tag: TagNumber) -> der::Result<Option<AnyRef<'a>>> {
    if reader.is_finished() {
        return Ok(None);
    }
    Ok(ContextSpecific::decode_explicit(reader, tag)?.map(|field| field.value))
}

/// Each number has the width of its own octets, and none is empty.
fn integer(number: UintRef<'_>) -> Option<BoxedUint> {
    let octets = number.as_bytes();
    BoxedUint::from_be_slice(octets, u32::try_from(8 * octets.len()).ok()?).ok()
}

/// RFC 4055 §3.1.
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

const EXPLICIT: IdentityError = IdentityError::Unsupported(
    "it does not name its curve but describes it; convert it with `openssl pkey -ec_param_enc named_curve`",
);
