//! What does a CMS message consist of?
//!
//! Reads ContentInfo, EnvelopedData and AuthEnvelopedData (RFC 5652 §3 and §6, RFC 5083 §2.1) and the recipient
//! structures of RFC 5652 §6.2 and RFC 5753 from DER, and writes them. No key is used here. Names, attributes and
//! certificates inside a message are carried as bytes and never decoded: they are the sender's, and hostile.

use der::asn1::ObjectIdentifier as Oid;

use super::{
    EnvelopeError, Limits, Malformed, MessageType,
    algorithms::{self, Algorithm},
    ber::{self, Element, Reader, tag},
    suite::{ContentAlgorithm, ContentType, KeyAlgorithm},
};

const ID_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.1");
const ID_SIGNED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.2");
const ID_ENVELOPED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.3");
const ID_DIGESTED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.5");
const ID_ENCRYPTED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.6");
const ID_AUTHENTICATED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.2");
const ID_COMPRESSED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.9");
const ID_AUTH_ENVELOPED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.23");

/// EnvelopedData or AuthEnvelopedData.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) content_type: ContentType,
    /// One per wrapped key: those of a KeyAgreeRecipientInfo stand one by one.
    pub(super) recipients: Vec<Recipient>,
    /// Recipients that are no certificates: a password, a key-encryption key, something else.
    pub(super) other_recipients: usize,
    pub(super) content: ContentAlgorithm,
    /// IV or nonce.
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    /// The authenticated attributes, as the SET OF that is authenticated (RFC 5083 §2.2).
    pub(super) authenticated_attributes: Option<Vec<u8>>,
    /// The tag of AuthEnvelopedData.
    pub(super) mac: Vec<u8>,
    /// EncryptedContentInfo and what follows it, as they stand in the message.
    pub(super) sealed_content: Vec<u8>,
}

/// One recipient and the content-encryption key wrapped for it.
#[derive(Clone, Debug)]
pub(super) struct Recipient {
    pub(super) id: RecipientId,
    pub(super) algorithm: KeyAlgorithm,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) agreement: Option<Agreement>,
}

/// Which certificate a recipient is (RFC 5652 §6.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum RecipientId {
    /// The DER of the issuer's name, and the content octets of the serial number.
    IssuerAndSerialNumber {
        issuer: Vec<u8>,
        serial: Vec<u8>,
    },
    SubjectKeyIdentifier(Vec<u8>),
}

/// What the sender of a KeyAgreeRecipientInfo gives.
#[derive(Clone, Debug)]
pub(super) struct Agreement {
    /// The ephemeral public key, a SEC 1 point.
    pub(super) ephemeral: Vec<u8>,
    /// ECC-CMS-SharedInfo (RFC 5753 §7.2).
    pub(super) shared_info: Vec<u8>,
}

impl Message {
    /// Reads a message from DER.
    pub(super) fn read(der: &[u8], limits: &Limits) -> Result<Self, EnvelopeError> {
        let mut outer = Reader::new(der);
        let mut content_info = Reader::new(outer.expect(tag::SEQUENCE)?.value);
        outer.finish()?;
        let message_type = algorithms::oid(content_info.expect(tag::OBJECT_IDENTIFIER)?)?;
        let content_type = match message_type {
            ID_ENVELOPED_DATA => ContentType::EnvelopedData,
            ID_AUTH_ENVELOPED_DATA => ContentType::AuthEnvelopedData,
            other => return Err(EnvelopeError::Type(message_type_of(other))),
        };
        let mut explicit = Reader::new(content_info.expect(tag::context_constructed(0))?.value);
        content_info.finish()?;
        let mut fields = Reader::new(explicit.expect(tag::SEQUENCE)?.value);
        explicit.finish()?;

        fields.expect(tag::INTEGER)?;
        // Certificates that the sender put along: not needed, and not trusted.
        fields.optional(tag::context_constructed(0))?;
        let (recipients, other_recipients) = read_recipients(fields.expect(tag::SET)?, limits)?;

        let encrypted_content_info = fields.expect(tag::SEQUENCE)?;
        let mut info = Reader::new(encrypted_content_info.value);
        algorithms::oid(info.expect(tag::OBJECT_IDENTIFIER)?)?;
        let (content, iv) = algorithms::content(Algorithm::read(info.expect(tag::SEQUENCE)?)?);
        let ciphertext = implicit_octets(info.next()?.ok_or(Malformed::NoContent)?, 0)?;
        info.finish()?;

        let mut sealed_content = encrypted_content_info.whole.to_vec();
        let mut authenticated_attributes = None;
        let mut mac = Vec::new();
        if content_type == ContentType::AuthEnvelopedData {
            if let Some(attributes) = fields.optional(tag::context_constructed(1))? {
                authenticated_attributes = Some(ber::element(tag::SET, &[attributes.value]));
                sealed_content.extend_from_slice(attributes.whole);
            }
            let field = fields.expect(tag::OCTET_STRING)?;
            mac = field.value.to_vec();
            sealed_content.extend_from_slice(field.whole);
        }
        // Unprotected and unauthenticated attributes: nobody vouches for them, so they are read over.
        fields.optional(tag::context_constructed(if content_type == ContentType::AuthEnvelopedData {
            2
        } else {
            1
        }))?;
        fields.finish()?;

        let message = Self {
            content_type,
            recipients,
            other_recipients,
            content,
            iv,
            ciphertext,
            authenticated_attributes,
            mac,
            sealed_content,
        };
        message.check_lengths()?;
        Ok(message)
    }

    /// Lengths that anybody can see to be wrong are told before a private key is touched.
    fn check_lengths(&self) -> Result<(), EnvelopeError> {
        let length = self.ciphertext.len();
        let fits = match self.content {
            ContentAlgorithm::AesCbc(_) => length > 0 && length.is_multiple_of(16),
            ContentAlgorithm::DesCbc | ContentAlgorithm::TripleDesCbc => length > 0 && length.is_multiple_of(8),
            // RFC 5084 allows 12 to 16 octets of tag; a short one is easier to forge, and nobody writes it.
            ContentAlgorithm::AesGcm(_) => self.content_type == ContentType::EnvelopedData || self.mac.len() == 16,
            ContentAlgorithm::AesGcmGo(_) => length >= 16,
            ContentAlgorithm::Unsupported(_) => true,
        };
        if fits { Ok(()) } else { Err(Malformed::ContentLength.into()) }
    }

    /// The same sealed content for other recipients, as DER.
    pub(super) fn write(&self, recipients: &[Recipient]) -> Option<Vec<u8>> {
        let infos = recipients.iter().map(Recipient::write).collect::<Option<Vec<_>>>()?;
        // RFC 5652 §6.1: version 0 when all are KeyTransRecipientInfo with issuer and serial, 2 otherwise.
        let plain = recipients.iter().all(|recipient| {
            recipient.agreement.is_none() && matches!(recipient.id, RecipientId::IssuerAndSerialNumber { .. })
        });
        let (oid, version) = match self.content_type {
            ContentType::AuthEnvelopedData => (ID_AUTH_ENVELOPED_DATA, 0),
            ContentType::EnvelopedData => (ID_ENVELOPED_DATA, if plain { 0 } else { 2 }),
        };
        let body = ber::element(
            tag::SEQUENCE,
            &[&ber::element(tag::INTEGER, &[&[version]]), &ber::set_of(tag::SET, infos), &self.sealed_content],
        );
        Some(ber::element(
            tag::SEQUENCE,
            &[&algorithms::write_oid(&oid), &ber::element(tag::context_constructed(0), &[&body])],
        ))
    }

    /// EncryptedContentInfo and the tag, for a message that is being made.
    pub(super) fn write_sealed_content(
        content_type: ContentType,
        content: &ContentAlgorithm,
        iv: &[u8],
        ciphertext: &[u8],
        mac: &[u8],
    ) -> Option<Vec<u8>> {
        let mut sealed = ber::element(
            tag::SEQUENCE,
            &[
                &algorithms::write_oid(&ID_DATA),
                &algorithms::write_content(content, iv)?,
                &ber::element(tag::context(0), &[ciphertext]),
            ],
        );
        if content_type == ContentType::AuthEnvelopedData {
            sealed.extend_from_slice(&ber::element(tag::OCTET_STRING, &[mac]));
        }
        Some(sealed)
    }
}

fn message_type_of(oid: Oid) -> MessageType {
    match oid {
        ID_DATA => MessageType::Data,
        ID_SIGNED_DATA => MessageType::SignedData,
        ID_DIGESTED_DATA => MessageType::DigestedData,
        ID_ENCRYPTED_DATA => MessageType::EncryptedData,
        ID_AUTHENTICATED_DATA => MessageType::AuthenticatedData,
        ID_COMPRESSED_DATA => MessageType::CompressedData,
        _ => MessageType::Other,
    }
}

/// The octets of `[number] IMPLICIT OCTET STRING`, in one piece or in chunks.
fn implicit_octets(element: Element<'_>, number: u8) -> Result<Vec<u8>, EnvelopeError> {
    if element.tag == tag::context(number) {
        return Ok(element.value.to_vec());
    }
    if element.tag != tag::context_constructed(number) {
        return Err(Malformed::Structure.into());
    }
    let mut octets = Vec::with_capacity(element.value.len());
    let mut chunks = Reader::new(element.value);
    while let Some(chunk) = chunks.next()? {
        if chunk.tag != tag::OCTET_STRING {
            return Err(Malformed::Structure.into());
        }
        octets.extend_from_slice(chunk.value);
    }
    Ok(octets)
}

fn read_recipients(set: Element<'_>, limits: &Limits) -> Result<(Vec<Recipient>, usize), EnvelopeError> {
    let mut recipients = Vec::new();
    let mut others = 0;
    let mut infos = Reader::new(set.value);
    while let Some(info) = infos.next()? {
        match info.tag {
            tag::SEQUENCE => recipients.push(read_key_transport(info)?),
            // KeyAgreeRecipientInfo [1]
            0xa1 => read_key_agreement(info, limits, &mut recipients)?,
            // KEKRecipientInfo [2], PasswordRecipientInfo [3], OtherRecipientInfo [4]
            0xa2..=0xa4 => others += 1,
            _ => return Err(Malformed::Structure.into()),
        }
        if recipients.len() + others > limits.recipients {
            return Err(EnvelopeError::Limit { what: "number of recipients" });
        }
    }
    if recipients.is_empty() && others == 0 {
        return Err(Malformed::Structure.into());
    }
    // Two keys wrapped for one certificate: one of them is a probe.
    for (index, recipient) in recipients.iter().enumerate() {
        if recipients.iter().skip(index + 1).any(|other| other.id == recipient.id) {
            return Err(Malformed::RecipientTwice.into());
        }
    }
    Ok((recipients, others))
}

/// KeyTransRecipientInfo, RFC 5652 §6.2.1: `SEQUENCE { version, rid, keyEncryptionAlgorithm, encryptedKey }`.
fn read_key_transport(info: Element<'_>) -> Result<Recipient, EnvelopeError> {
    let mut fields = Reader::new(info.value);
    fields.expect(tag::INTEGER)?;
    let id = fields.next()?.ok_or(Malformed::Structure)?;
    let id = match id.tag {
        tag::SEQUENCE => read_issuer_and_serial(id)?,
        _ => RecipientId::SubjectKeyIdentifier(implicit_octets(id, 0)?),
    };
    let algorithm = algorithms::key_transport(Algorithm::read(fields.expect(tag::SEQUENCE)?)?);
    let encrypted_key = fields.expect(tag::OCTET_STRING)?.value.to_vec();
    fields.finish()?;
    Ok(Recipient { id, algorithm, encrypted_key, agreement: None })
}

fn read_issuer_and_serial(element: Element<'_>) -> Result<RecipientId, EnvelopeError> {
    let mut fields = Reader::new(element.value);
    let issuer = fields.expect(tag::SEQUENCE)?.whole.to_vec();
    let serial = fields.expect(tag::INTEGER)?.value.to_vec();
    fields.finish()?;
    Ok(RecipientId::IssuerAndSerialNumber { issuer, serial })
}

/// KeyAgreeRecipientInfo, RFC 5652 §6.2.2: `[1] { version, originator [0], ukm [1] OPTIONAL,
/// keyEncryptionAlgorithm, recipientEncryptedKeys }`.
fn read_key_agreement(info: Element<'_>, limits: &Limits, out: &mut Vec<Recipient>) -> Result<(), EnvelopeError> {
    let mut fields = Reader::new(info.value);
    fields.expect(tag::INTEGER)?;
    let mut originator = Reader::new(fields.expect(tag::context_constructed(0))?.value);
    let originator_choice = originator.next()?.ok_or(Malformed::Structure)?;
    originator.finish()?;
    let ukm = match fields.optional(tag::context_constructed(1))? {
        Some(field) => Some(Reader::new(field.value).expect(tag::OCTET_STRING)?.whole),
        None => None,
    };
    let scheme = Algorithm::read(fields.expect(tag::SEQUENCE)?)?;
    let mut algorithm = algorithms::key_agreement(scheme);
    let ephemeral = read_originator_key(originator_choice)?;
    let agreement = match (&algorithm, scheme.parameters, ephemeral) {
        (KeyAlgorithm::Ecdh { wrap_bits, .. }, Some(wrap), Some(ephemeral)) => {
            Some(Agreement { ephemeral, shared_info: shared_info(wrap.whole, ukm, *wrap_bits) })
        }
        (KeyAlgorithm::Ecdh { .. }, ..) => {
            algorithm = KeyAlgorithm::Unsupported("ECDH with a static key of the sender".to_owned());
            None
        }
        _ => None,
    };
    let mut keys = Reader::new(fields.expect(tag::SEQUENCE)?.value);
    fields.finish()?;
    while let Some(key) = keys.next()? {
        if out.len() >= limits.recipients {
            return Err(EnvelopeError::Limit { what: "number of recipients" });
        }
        if key.tag != tag::SEQUENCE {
            return Err(Malformed::Structure.into());
        }
        let mut fields = Reader::new(key.value);
        let id = fields.next()?.ok_or(Malformed::Structure)?;
        let id = match id.tag {
            tag::SEQUENCE => read_issuer_and_serial(id)?,
            // RecipientKeyIdentifier ::= SEQUENCE { subjectKeyIdentifier, date OPTIONAL, other OPTIONAL }
            0xa0 => {
                let identifier = Reader::new(id.value).expect(tag::OCTET_STRING)?;
                RecipientId::SubjectKeyIdentifier(identifier.value.to_vec())
            }
            _ => return Err(Malformed::Structure.into()),
        };
        let encrypted_key = fields.expect(tag::OCTET_STRING)?.value.to_vec();
        fields.finish()?;
        out.push(Recipient { id, algorithm: algorithm.clone(), encrypted_key, agreement: agreement.clone() });
    }
    Ok(())
}

/// OriginatorPublicKey, `[1] { algorithm, publicKey BIT STRING }`; the other choices name a static key.
pub(super) fn read_originator_key(choice: Element<'_>) -> Result<Option<Vec<u8>>, EnvelopeError> {
    if choice.tag != tag::context_constructed(1) {
        return Ok(None);
    }
    let mut fields = Reader::new(choice.value);
    // The curve is the recipient's; RFC 5753 §7.1.2 lets the parameters be absent, NULL or the curve.
    fields.expect(tag::SEQUENCE)?;
    let bits = fields.expect(BIT_STRING)?;
    fields.finish()?;
    match bits.value.split_first() {
        Some((0, point)) => Ok(Some(point.to_vec())),
        _ => Err(Malformed::Structure.into()),
    }
}

const BIT_STRING: u8 = 0x03;

/// ECC-CMS-SharedInfo, RFC 5753 §7.2: `SEQUENCE { keyInfo, entityUInfo [0] OPTIONAL, suppPubInfo [2] }`.
pub(super) fn shared_info(wrap_algorithm: &[u8], ukm: Option<&[u8]>, wrap_bits: u16) -> Vec<u8> {
    let entity = ukm.map(|ukm| ber::element(tag::context_constructed(0), &[ukm])).unwrap_or_default();
    let bits = ber::element(tag::OCTET_STRING, &[&u32::from(wrap_bits).to_be_bytes()]);
    ber::element(tag::SEQUENCE, &[wrap_algorithm, &entity, &ber::element(tag::context_constructed(2), &[&bits])])
}

impl Recipient {
    /// One RecipientInfo, as DER.
    fn write(&self) -> Option<Vec<u8>> {
        let algorithm = algorithms::write_key(&self.algorithm)?;
        let encrypted_key = ber::element(tag::OCTET_STRING, &[&self.encrypted_key]);
        let issuer_and_serial = |issuer: &[u8], serial: &[u8]| {
            ber::element(tag::SEQUENCE, &[issuer, &ber::element(tag::INTEGER, &[serial])])
        };
        let Some(agreement) = &self.agreement else {
            let (version, id) = match &self.id {
                RecipientId::IssuerAndSerialNumber { issuer, serial } => (0, issuer_and_serial(issuer, serial)),
                RecipientId::SubjectKeyIdentifier(identifier) => (2, ber::element(tag::context(0), &[identifier])),
            };
            let version = ber::element(tag::INTEGER, &[&[version]]);
            return Some(ber::element(tag::SEQUENCE, &[&version, &id, &algorithm, &encrypted_key]));
        };
        let id = match &self.id {
            RecipientId::IssuerAndSerialNumber { issuer, serial } => issuer_and_serial(issuer, serial),
            RecipientId::SubjectKeyIdentifier(identifier) => {
                ber::element(tag::context_constructed(0), &[&ber::element(tag::OCTET_STRING, &[identifier])])
            }
        };
        let point = ber::element(BIT_STRING, &[&[0], &agreement.ephemeral]);
        // RFC 5753 §3.1.1: id-ecPublicKey, parameters absent.
        let originator = ber::element(
            tag::context_constructed(1),
            &[&algorithms::write(&Oid::new_unwrap("1.2.840.10045.2.1"), &[]), &point],
        );
        Some(ber::element(
            tag::context_constructed(1),
            &[
                &ber::element(tag::INTEGER, &[&[3]]),
                &ber::element(tag::context_constructed(0), &[&originator]),
                &algorithm,
                &ber::element(tag::SEQUENCE, &[&ber::element(tag::SEQUENCE, &[&id, &encrypted_key])]),
            ],
        ))
    }
}
