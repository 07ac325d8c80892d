//! How are algorithms named in a message?
//!
//! Reads AlgorithmIdentifiers (RFC 5280 §4.1.1.2) into the enums of [`suite`](super::suite), and writes those that
//! we write. Parameters are read exactly; what is malformed or unknown becomes `Unsupported`, with its name, so that
//! inspection can tell and opening can refuse.

use der::asn1::ObjectIdentifier as Oid;

use super::{
    EnvelopeError, Malformed,
    ber::{self, Element, Reader, tag},
    suite::{ContentAlgorithm, HashAlgorithm, KeyAlgorithm},
};

pub(super) const RSA_ENCRYPTION: Oid = Oid::new_unwrap("1.2.840.113549.1.1.1");
const RSAES_OAEP: Oid = Oid::new_unwrap("1.2.840.113549.1.1.7");
const MGF1: Oid = Oid::new_unwrap("1.2.840.113549.1.1.8");
const P_SPECIFIED: Oid = Oid::new_unwrap("1.2.840.113549.1.1.9");

const SHA1: Oid = Oid::new_unwrap("1.3.14.3.2.26");
const SHA224: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.4");
const SHA256: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.3");
const SHA512_224: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.5");
const SHA512_256: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.6");

const DES_CBC: Oid = Oid::new_unwrap("1.3.14.3.2.7");
const DES_EDE3_CBC: Oid = Oid::new_unwrap("1.2.840.113549.3.7");
/// AES by bits, in CBC mode, in GCM mode, as key wrap (NIST's registry).
const AES: [(u16, Oid, Oid, Oid); 3] = [
    (
        128,
        Oid::new_unwrap("2.16.840.1.101.3.4.1.2"),
        Oid::new_unwrap("2.16.840.1.101.3.4.1.6"),
        Oid::new_unwrap("2.16.840.1.101.3.4.1.5"),
    ),
    (
        192,
        Oid::new_unwrap("2.16.840.1.101.3.4.1.22"),
        Oid::new_unwrap("2.16.840.1.101.3.4.1.26"),
        Oid::new_unwrap("2.16.840.1.101.3.4.1.25"),
    ),
    (
        256,
        Oid::new_unwrap("2.16.840.1.101.3.4.1.42"),
        Oid::new_unwrap("2.16.840.1.101.3.4.1.46"),
        Oid::new_unwrap("2.16.840.1.101.3.4.1.45"),
    ),
];

/// ECDH schemes (RFC 5753 §7.1.4, X9.63 KDF): hash, standard, cofactor.
const ECDH: [(HashAlgorithm, Oid, Oid); 5] = [
    (HashAlgorithm::Sha1, Oid::new_unwrap("1.3.133.16.840.63.0.2"), Oid::new_unwrap("1.3.133.16.840.63.0.3")),
    (HashAlgorithm::Sha224, Oid::new_unwrap("1.3.132.1.11.0"), Oid::new_unwrap("1.3.132.1.14.0")),
    (HashAlgorithm::Sha256, Oid::new_unwrap("1.3.132.1.11.1"), Oid::new_unwrap("1.3.132.1.14.1")),
    (HashAlgorithm::Sha384, Oid::new_unwrap("1.3.132.1.11.2"), Oid::new_unwrap("1.3.132.1.14.2")),
    (HashAlgorithm::Sha512, Oid::new_unwrap("1.3.132.1.11.3"), Oid::new_unwrap("1.3.132.1.14.3")),
];

/// What people call the algorithms that are recognised and refused.
const REFUSED: [(Oid, &str); 9] = [
    (Oid::new_unwrap("1.2.840.113549.3.2"), "RC2-CBC"),
    (Oid::new_unwrap("1.2.840.113549.3.4"), "RC4"),
    (Oid::new_unwrap("1.2.840.113549.1.9.16.3.6"), "3DES key wrap"),
    (Oid::new_unwrap("1.2.840.113549.1.9.16.3.7"), "RC2 key wrap"),
    (Oid::new_unwrap("2.16.840.1.101.3.4.1.3"), "AES-128-OFB"),
    (Oid::new_unwrap("2.16.840.1.101.3.4.1.43"), "AES-256-OFB"),
    (Oid::new_unwrap("2.16.840.1.101.3.4.1.44"), "AES-256-CFB"),
    (Oid::new_unwrap("2.16.840.1.101.3.4.1.47"), "AES-256-CCM"),
    (Oid::new_unwrap("2.16.840.1.101.3.4.1.48"), "AES-256 key wrap with padding"),
];

/// An AlgorithmIdentifier, read one level deep.
#[derive(Clone, Copy)]
pub(super) struct Algorithm<'a> {
    pub(super) oid: Oid,
    pub(super) parameters: Option<Element<'a>>,
}

impl<'a> Algorithm<'a> {
    pub(super) fn read(element: Element<'a>) -> Result<Self, EnvelopeError> {
        if element.tag != tag::SEQUENCE {
            return Err(Malformed::Structure.into());
        }
        let mut fields = Reader::new(element.value);
        let oid = oid(fields.expect(tag::OBJECT_IDENTIFIER)?)?;
        let parameters = fields.next()?;
        fields.finish()?;
        Ok(Self { oid, parameters })
    }

    fn parameters_are_absent_or_null(&self) -> bool {
        self.parameters.is_none_or(|parameters| parameters.whole == [0x05, 0x00])
    }

    /// The name of an algorithm that is not supported.
    fn name(&self) -> String {
        match REFUSED.iter().find(|(oid, _)| *oid == self.oid) {
            Some((_, name)) => (*name).to_owned(),
            // At most 39 octets: const-oid bounds it.
            None => format!("algorithm {}", self.oid),
        }
    }
}

pub(super) fn oid(element: Element<'_>) -> Result<Oid, EnvelopeError> {
    Oid::from_bytes(element.value).map_err(|_| Malformed::Structure.into())
}

/// The key algorithm of a KeyTransRecipientInfo.
pub(super) fn key_transport(algorithm: Algorithm<'_>) -> KeyAlgorithm {
    if algorithm.oid == RSA_ENCRYPTION {
        // RFC 3370 §4.2.1 wants NULL; Go leaves it out.
        return if algorithm.parameters_are_absent_or_null() {
            KeyAlgorithm::RsaPkcs1v15
        } else {
            KeyAlgorithm::Unsupported("RSA with parameters".to_owned())
        };
    }
    if algorithm.oid == RSAES_OAEP {
        // RFC 4055 §4.1: the parameters must be present. A message that declares OAEP is never opened in
        // another way because they are malformed.
        return algorithm
            .parameters
            .and_then(oaep_parameters)
            .unwrap_or_else(|| KeyAlgorithm::Unsupported("RSAES-OAEP with malformed parameters".to_owned()));
    }
    KeyAlgorithm::Unsupported(algorithm.name())
}

/// RSAES-OAEP-params, RFC 4055 §4.1:
/// `SEQUENCE { hashFunc [0], maskGenFunc [1], pSourceFunc [2] }`, each with a default.
fn oaep_parameters(parameters: Element<'_>) -> Option<KeyAlgorithm> {
    if parameters.tag != tag::SEQUENCE {
        return None;
    }
    let mut fields = Reader::new(parameters.value);
    let hash = match fields.optional(tag::context_constructed(0)).ok()? {
        Some(field) => hash_function(explicit(field)?)?,
        None => HashAlgorithm::Sha1,
    };
    let mgf = match fields.optional(tag::context_constructed(1)).ok()? {
        Some(field) => {
            let function = Algorithm::read(explicit(field)?).ok()?;
            if function.oid != MGF1 {
                return None;
            }
            hash_function(function.parameters?)?
        }
        None => HashAlgorithm::Sha1,
    };
    let label = match fields.optional(tag::context_constructed(2)).ok()? {
        Some(field) => {
            let source = Algorithm::read(explicit(field)?).ok()?;
            let label = source.parameters.filter(|label| label.tag == tag::OCTET_STRING)?;
            if source.oid != P_SPECIFIED {
                return None;
            }
            label.value.to_vec()
        }
        None => Vec::new(),
    };
    fields.finish().ok()?;
    Some(KeyAlgorithm::RsaOaep { hash, mgf, label })
}

/// The one element inside an EXPLICIT tag.
fn explicit(field: Element<'_>) -> Option<Element<'_>> {
    let mut inside = Reader::new(field.value);
    let element = inside.next().ok()??;
    inside.finish().ok()?;
    Some(element)
}

fn hash_function(element: Element<'_>) -> Option<HashAlgorithm> {
    let algorithm = Algorithm::read(element).ok()?;
    if !algorithm.parameters_are_absent_or_null() {
        return None;
    }
    HASHES.iter().find(|(_, oid)| *oid == algorithm.oid).map(|(hash, _)| *hash)
}

const HASHES: [(HashAlgorithm, Oid); 7] = [
    (HashAlgorithm::Sha1, SHA1),
    (HashAlgorithm::Sha224, SHA224),
    (HashAlgorithm::Sha256, SHA256),
    (HashAlgorithm::Sha384, SHA384),
    (HashAlgorithm::Sha512, SHA512),
    (HashAlgorithm::Sha512_224, SHA512_224),
    (HashAlgorithm::Sha512_256, SHA512_256),
];

/// The key algorithm of a KeyAgreeRecipientInfo: the scheme, whose parameter is the key wrap (RFC 5753 §7.2).
pub(super) fn key_agreement(algorithm: Algorithm<'_>) -> KeyAlgorithm {
    let Some((kdf, standard, _)) =
        ECDH.iter().find(|(_, standard, cofactor)| [*standard, *cofactor].contains(&algorithm.oid))
    else {
        return KeyAlgorithm::Unsupported(algorithm.name());
    };
    let Some(wrap) = algorithm.parameters.and_then(|wrap| Algorithm::read(wrap).ok()) else {
        return KeyAlgorithm::Unsupported("ECDH without a key wrap algorithm".to_owned());
    };
    match AES.iter().find(|(.., oid)| *oid == wrap.oid) {
        Some((bits, ..)) if wrap.parameters_are_absent_or_null() => {
            KeyAlgorithm::Ecdh { cofactor: algorithm.oid != *standard, kdf: *kdf, wrap_bits: *bits }
        }
        _ => KeyAlgorithm::Unsupported(format!("ECDH with {}", wrap.name())),
    }
}

/// The content algorithm and its IV or nonce.
pub(super) fn content(algorithm: Algorithm<'_>) -> (ContentAlgorithm, Vec<u8>) {
    let known = if algorithm.oid == DES_CBC {
        block_iv(algorithm, 8).map(|iv| (ContentAlgorithm::DesCbc, iv))
    } else if algorithm.oid == DES_EDE3_CBC {
        block_iv(algorithm, 8).map(|iv| (ContentAlgorithm::TripleDesCbc, iv))
    } else if let Some((bits, ..)) = AES.iter().find(|(_, cbc, ..)| *cbc == algorithm.oid) {
        block_iv(algorithm, 16).map(|iv| (ContentAlgorithm::AesCbc(*bits), iv))
    } else if let Some((bits, ..)) = AES.iter().find(|(_, _, gcm, _)| *gcm == algorithm.oid) {
        algorithm.parameters.and_then(|parameters| gcm_parameters(*bits, parameters))
    } else {
        return (ContentAlgorithm::Unsupported(algorithm.name()), Vec::new());
    };
    known.unwrap_or_else(|| {
        (
            ContentAlgorithm::Unsupported(format!("algorithm {} with parameters that are not accepted", algorithm.oid)),
            Vec::new(),
        )
    })
}

fn block_iv(algorithm: Algorithm<'_>, length: usize) -> Option<Vec<u8>> {
    let iv = algorithm.parameters.filter(|iv| iv.tag == tag::OCTET_STRING && iv.value.len() == length)?;
    Some(iv.value.to_vec())
}

/// GCMParameters, RFC 5084 §3.2: `SEQUENCE { aes-nonce OCTET STRING, aes-ICVlen INTEGER DEFAULT 12 }`. Only
/// the 12-byte nonce and the 16-byte tag are accepted, so a default is never right.
///
/// Go's packages write the nonce under `[4]`, and the whole SEQUENCE once more inside a SEQUENCE that is marked
/// primitive: `10 13 { 30 11 { 84 0c nonce, 02 01 10 } }`.
fn gcm_parameters(bits: u16, parameters: Element<'_>) -> Option<(ContentAlgorithm, Vec<u8>)> {
    match parameters.tag {
        tag::SEQUENCE => Some((ContentAlgorithm::AesGcm(bits), gcm_nonce(parameters, tag::OCTET_STRING)?)),
        tag::PRIMITIVE_SEQUENCE => {
            let mut inside = Reader::new(parameters.value);
            let parameters = inside.expect(tag::SEQUENCE).ok()?;
            inside.finish().ok()?;
            Some((ContentAlgorithm::AesGcmGo(bits), gcm_nonce(parameters, tag::context(4))?))
        }
        _ => None,
    }
}

fn gcm_nonce(parameters: Element<'_>, nonce_tag: u8) -> Option<Vec<u8>> {
    let mut fields = Reader::new(parameters.value);
    let nonce = fields.expect(nonce_tag).ok()?;
    let tag_length = fields.expect(tag::INTEGER).ok()?;
    fields.finish().ok()?;
    (nonce.value.len() == 12 && tag_length.value == [16]).then(|| nonce.value.to_vec())
}

/// The AlgorithmIdentifier of a content algorithm that we write.
pub(super) fn write_content(algorithm: &ContentAlgorithm, iv: &[u8]) -> Option<Vec<u8>> {
    let nonce = ber::element(tag::OCTET_STRING, &[iv]);
    let (bits, cbc) = match algorithm {
        ContentAlgorithm::AesGcm(bits) => (bits, false),
        ContentAlgorithm::AesCbc(bits) => (bits, true),
        _ => return None,
    };
    let (_, cbc_oid, gcm_oid, _) = AES.iter().find(|(known, ..)| known == bits)?;
    Some(if cbc {
        write(cbc_oid, &nonce)
    } else {
        write(gcm_oid, &ber::element(tag::SEQUENCE, &[&nonce, &ber::element(tag::INTEGER, &[&[16]])]))
    })
}

/// The AlgorithmIdentifier of a key algorithm that we write.
pub(super) fn write_key(algorithm: &KeyAlgorithm) -> Option<Vec<u8>> {
    match algorithm {
        KeyAlgorithm::RsaPkcs1v15 => Some(write(&RSA_ENCRYPTION, &NULL)),
        KeyAlgorithm::RsaOaep { hash, mgf, label } if label.is_empty() => {
            let hash = write(&hash_oid(*hash)?, &NULL);
            let mgf = write(&MGF1, &write(&hash_oid(*mgf)?, &NULL));
            // Both written out, also where they are the default: others have read the absence differently.
            let parameters = ber::element(
                tag::SEQUENCE,
                &[
                    &ber::element(tag::context_constructed(0), &[&hash]),
                    &ber::element(tag::context_constructed(1), &[&mgf]),
                ],
            );
            Some(write(&RSAES_OAEP, &parameters))
        }
        KeyAlgorithm::Ecdh { cofactor: false, kdf, wrap_bits } => {
            let (_, standard, _) = ECDH.iter().find(|(hash, ..)| hash == kdf)?;
            Some(write(standard, &write_wrap(*wrap_bits)?))
        }
        _ => None,
    }
}

/// The AlgorithmIdentifier of AES key wrap: no parameters (RFC 3565 §2.3.2).
pub(super) fn write_wrap(bits: u16) -> Option<Vec<u8>> {
    let (.., oid) = AES.iter().find(|(known, ..)| *known == bits)?;
    Some(write(oid, &[]))
}

pub(super) fn write_oid(oid: &Oid) -> Vec<u8> {
    ber::element(tag::OBJECT_IDENTIFIER, &[oid.as_bytes()])
}

/// An AlgorithmIdentifier; empty parameters are absent ones.
pub(super) fn write(oid: &Oid, parameters: &[u8]) -> Vec<u8> {
    ber::element(tag::SEQUENCE, &[&write_oid(oid), parameters])
}

fn hash_oid(hash: HashAlgorithm) -> Option<Oid> {
    HASHES.iter().find(|(known, _)| *known == hash).map(|(_, oid)| *oid)
}

const NULL: [u8; 2] = [0x05, 0x00];
