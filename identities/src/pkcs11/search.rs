//! Which token and which key are meant, and what does the token say of them?

use cryptoki::{
    context::Pkcs11,
    error::Error,
    mechanism::MechanismType,
    object::{Attribute, AttributeType, CertificateType, KeyType, ObjectClass, ObjectHandle},
    session::Session,
    slot::Slot,
};
use fdescrow::envelope::{Certificate, P256PublicKey, P384PublicKey, PublicKey, RsaPublicKey};

use super::{TokenKey, error::TokenError};

/// The one slot whose token fits.
pub(super) fn slot(context: &Pkcs11, wanted: &TokenKey) -> Result<Slot, TokenError> {
    let is = |wanted: &Option<String>, name: &str| wanted.as_ref().is_none_or(|wanted| wanted == name.trim_end());
    let mut fitting = Vec::new();
    for slot in context.get_slots_with_token()? {
        // A token that cannot be asked for its name is not the one that was named.
        let Ok(info) = context.get_token_info(slot) else { continue };
        let fits = info.token_initialized()
            && wanted.slot.is_none_or(|id| id == slot.id())
            && is(&wanted.token, info.label())
            && is(&wanted.serial, info.serial_number())
            && is(&wanted.manufacturer, info.manufacturer_id())
            && is(&wanted.model, info.model());
        if fits {
            fitting.push(slot);
        }
    }
    match fitting.as_slice() {
        [slot] => Ok(*slot),
        [] => Err(TokenError::TokenMissing),
        _ => Err(TokenError::TokenAmbiguous),
    }
}

/// The one private key that fits.
pub(super) fn private_key(session: &Session, wanted: &TokenKey) -> Result<ObjectHandle, TokenError> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(wanted.label.as_ref().map(|label| Attribute::Label(label.clone().into_bytes())));
    template.extend(wanted.id.clone().map(Attribute::Id));
    match session.find_objects(&template)?.as_slice() {
        [key] => Ok(*key),
        [] => Err(TokenError::KeyMissing),
        _ => Err(TokenError::KeyAmbiguous),
    }
}

/// What a token says of a private key.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) public_key: PublicKey,
    /// The certificates in the token that are for this key.
    pub(super) certificates: Vec<Certificate>,
    /// What the token offers, for whatever key.
    pub(super) mechanisms: Vec<MechanismType>,
}

/// Reads what there is about a private key.
pub(super) fn describe(context: &Pkcs11, session: &Session, key: ObjectHandle) -> Result<Found, TokenError> {
    let private = Described::of(session, key)?;
    if private.asks_each_time {
        return Err(TokenError::Unsuitable(
            "it asks for the PIN at each use (CKA_ALWAYS_AUTHENTICATE): who checks a fleet cannot type that often",
        ));
    }
    let (mut certificates, mut public_key) = (Vec::new(), private.public_key()?);
    if let Some(id) = private.id.clone().filter(|id| !id.is_empty()) {
        let class = |class| vec![Attribute::Class(class), Attribute::Id(id.clone())];
        if public_key.is_none() {
            for object in session.find_objects(&class(ObjectClass::PUBLIC_KEY))? {
                public_key = public_key.or(Described::of(session, object)?.public_key()?);
            }
        }
        let mut template = class(ObjectClass::CERTIFICATE);
        template.push(Attribute::CertificateType(CertificateType::X_509));
        for object in session.find_objects(&template)? {
            for attribute in session.get_attributes(object, &[AttributeType::Value])? {
                let Attribute::Value(der) = attribute else { continue };
                certificates.extend(Certificate::from_der(&der));
            }
        }
    }
    let public_key = public_key
        .or_else(|| certificates.first().map(|certificate| certificate.public_key().clone()))
        .ok_or(TokenError::PublicKeyMissing)?;
    certificates.retain(|certificate| *certificate.public_key() == public_key);
    let mechanisms = context.get_mechanism_list(session.get_session_info()?.slot_id())?;
    Ok(Found { public_key, certificates, mechanisms })
}

/// The attributes of a key that are read.
#[derive(Default)]
struct Described {
    id: Option<Vec<u8>>,
    kind: Option<KeyType>,
    modulus: Option<Vec<u8>>,
    exponent: Option<Vec<u8>>,
    curve: Option<Vec<u8>>,
    point: Option<Vec<u8>>,
    asks_each_time: bool,
}

impl Described {
    fn of(session: &Session, object: ObjectHandle) -> Result<Self, Error> {
        let mut described = Self::default();
        // One by one: a token that does not know one of them may refuse the whole list.
        for wanted in [
            AttributeType::Id,
            AttributeType::KeyType,
            AttributeType::Modulus,
            AttributeType::PublicExponent,
            AttributeType::EcParams,
            AttributeType::EcPoint,
            AttributeType::AlwaysAuthenticate,
        ] {
            for attribute in session.get_attributes(object, &[wanted]).unwrap_or_default() {
                match attribute {
                    Attribute::Id(id) => described.id = Some(id),
                    Attribute::KeyType(kind) => described.kind = Some(kind),
                    Attribute::Modulus(modulus) => described.modulus = Some(modulus),
                    Attribute::PublicExponent(exponent) => described.exponent = Some(exponent),
                    Attribute::EcParams(curve) => described.curve = Some(curve),
                    Attribute::EcPoint(point) => described.point = Some(point),
                    Attribute::AlwaysAuthenticate(always) => described.asks_each_time = always,
                    _ => {}
                }
            }
        }
        match described.kind {
            Some(_) => Ok(described),
            None => session.get_attributes(object, &[AttributeType::KeyType]).map(|_| described),
        }
    }

    /// The public key, if its parts are here.
    fn public_key(&self) -> Result<Option<PublicKey>, TokenError> {
        let broken = |_| TokenError::Unsuitable("its public key is not one of RSA with 1024 to 8192 bits");
        match (self.kind, &self.modulus, &self.exponent, &self.curve, &self.point) {
            (Some(KeyType::RSA), Some(modulus), Some(exponent), ..) if !modulus.is_empty() && !exponent.is_empty() => {
                Ok(Some(PublicKey::Rsa(RsaPublicKey::new(modulus, exponent).map_err(broken)?)))
            }
            (Some(KeyType::RSA | KeyType::EC), _, _, _, None) => Ok(None),
            (Some(KeyType::EC), _, _, Some(curve), Some(point)) => point_on(curve, point).map(Some),
            (Some(KeyType::RSA | KeyType::EC), ..) => Ok(None),
            _ => Err(TokenError::Unsuitable("it is neither an RSA nor an elliptic-curve key")),
        }
    }
}

/// secp256r1 and secp384r1 as `CKA_EC_PARAMS` has them: the DER of an object identifier (RFC 5480 §2.1.1.1).
const P256: &[u8] = &[0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22];

/// `CKA_EC_POINT`: the DER of an OCTET STRING that holds a SEC 1 point, or, as some tokens have it, the point alone.
fn point_on(curve: &[u8], attribute: &[u8]) -> Result<PublicKey, TokenError> {
    let point = match attribute {
        // No point on these curves is so short that its length takes a second octet.
        [0x04, length, point @ ..] if usize::from(*length) == point.len() => point,
        point => point,
    };
    let public_key = match curve {
        P256 => P256PublicKey::from_sec1(point).map(PublicKey::P256),
        P384 => P384PublicKey::from_sec1(point).map(PublicKey::P384),
        _ => return Err(TokenError::Unsuitable("its curve is neither P-256 nor P-384")),
    };
    public_key.ok_or(TokenError::Unsuitable("its public key is not a point of its curve"))
}
