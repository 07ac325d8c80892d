//! The self-made certificates that keys in the field are sealed to, built anew.
//!
//! Names and serial numbers are theirs, keys are fresh. Whatever the real ones carry that no reader
//! of an envelope looks at is left out.

use getrandom::SysRng;
use rand_core::UnwrapErr;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::{Pkcs1v15Sign, PrivateKey};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::asn1::Node;

/// A private key and the self-signed certificate over it.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The private key.
    pub key: PrivateKey,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// Issuer, as in the certificate; the subject is the same.
    pub issuer: Node,
    /// Content octets of the serial number.
    pub serial: Vec<u8>,
    /// SHA-1 of the public key, in the certificate where it has the extension.
    pub key_identifier: Vec<u8>,
}

const COMMON_NAME: &str = "2.5.4.3";
const COUNTRY: &str = "2.5.4.6";
const DESCRIPTION: &str = "2.5.4.13";
const ORGANIZATION: &str = "2.5.4.10";
const ORGANIZATIONAL_UNIT: &str = "2.5.4.11";

const PRINTABLE_STRING: u8 = 0x13;
const UTF8_STRING: u8 = 0x0C;

/// KeyUsage bits, RFC 5280 §4.2.1.3, with their count of unused bits in front.
const CERTIFICATE_AND_CRL_SIGN: [u8; 2] = [1, 0x06];
const DIGITAL_SIGNATURE_TOO: [u8; 2] = [1, 0x86];
const KEY_ENCIPHERMENT: [u8; 2] = [5, 0x20];

impl Authority {
    /// Fleet's SCEP authority as it has been for years: `C=` empty, `O=scep-ca`, `OU=SCEP CA`, serial 1,
    /// and a key usage that does not mention encipherment. Every one has the same issuer and serial.
    pub fn fleet() -> Self {
        let issuer = [(COUNTRY, PRINTABLE_STRING, ""), FLEET_ORGANIZATION, FLEET_UNIT];
        Self::new(&name(&issuer), &[1], Some(&CERTIFICATE_AND_CRL_SIGN), true)
    }

    /// As newer Fleet makes it: `CN=Fleet` too, and digitalSignature.
    pub fn newer_fleet() -> Self {
        let common_name = (COMMON_NAME, PRINTABLE_STRING, "Fleet");
        let issuer = [(COUNTRY, PRINTABLE_STRING, ""), FLEET_ORGANIZATION, FLEET_UNIT, common_name];
        Self::new(&name(&issuer), &[1], Some(&DIGITAL_SIGNATURE_TOO), true)
    }

    /// Two authorities that one server made one after the other: issuer and serial do not tell them
    /// apart.
    pub fn two_generations_of_fleet() -> [Self; 2] {
        [Self::fleet(), Self::fleet()]
    }

    /// The certificate that macOS makes for itself when FileVault is turned on before the escrow
    /// profile is there.
    pub fn macos(hostname: &str) -> Self {
        let local = format!("{hostname}.local");
        let issuer = [(COMMON_NAME, UTF8_STRING, "FileVault Recovery Key"), (DESCRIPTION, UTF8_STRING, local.as_str())];
        Self::new(&name(&issuer), &[0x00, 0xA8, 0xBF, 0x19, 0xB7], None, false)
    }

    /// An ordinary escrow certificate: a random serial, a subject key identifier, keyEncipherment.
    pub fn escrow(common_name: &str) -> Self {
        let mut serial = super::primitives::random(16);
        serial[0] = serial[0] & 0x3F | 0x40;
        Self::new(&name(&[(COMMON_NAME, UTF8_STRING, common_name)]), &serial, Some(&KEY_ENCIPHERMENT), true)
    }

    fn new(issuer: &Node, serial: &[u8], key_usage: Option<&[u8; 2]>, identified: bool) -> Self {
        let key = PrivateKey::new(&mut UnwrapErr(SysRng), 2048).unwrap();
        let public_key = key.to_public_key().to_public_key_der().unwrap().into_vec();
        let public_key = Node::parse(&public_key).unwrap();
        let bits = public_key.children()[1].content();
        let key_identifier = Sha1::digest(&bits[1..]).to_vec();
        let mut extensions = Vec::new();
        if let Some(usage) = key_usage {
            let value = Node::octets(super::asn1::BIT_STRING, usage.to_vec()).encode();
            extensions.push(Node::sequence([Node::oid("2.5.29.15"), Node::yes(), Node::octet_string(value)]));
        }
        if key_usage.is_some_and(|usage| usage[1] & 0x04 != 0) {
            let value = Node::sequence([Node::yes()]).encode();
            extensions.push(Node::sequence([Node::oid("2.5.29.19"), Node::yes(), Node::octet_string(value)]));
        }
        if identified {
            let value = Node::octet_string(key_identifier.clone()).encode();
            extensions.push(Node::sequence([Node::oid("2.5.29.14"), Node::octet_string(value)]));
        }
        let algorithm = Node::algorithm("1.2.840.113549.1.1.11", Some(Node::null()));
        let mut fields = vec![
            Node::explicit(0, Node::integer([2])),
            Node::integer(serial),
            algorithm.clone(),
            issuer.clone(),
            Node::sequence([Node::octets(UTC_TIME, *b"240101000000Z"), Node::octets(UTC_TIME, *b"440101000000Z")]),
            issuer.clone(),
            public_key,
        ];
        if !extensions.is_empty() {
            fields.push(Node::explicit(3, Node::sequence(extensions)));
        }
        let body = Node::sequence(fields);
        let digest = Sha256::digest(body.encode());
        let signature = key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).unwrap();
        let certificate = Node::sequence([body, algorithm, Node::bit_string(&signature)]).encode();
        Self { key, certificate, issuer: issuer.clone(), serial: serial.to_vec(), key_identifier }
    }

    /// The certificate as PEM.
    pub fn certificate_pem(&self) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.certificate);
        let lines: Vec<String> =
            text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// The private key as PKCS#8 PEM, not encrypted.
    pub fn key_pem(&self) -> String {
        self.key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
    }
}

const FLEET_ORGANIZATION: (&str, u8, &str) = (ORGANIZATION, PRINTABLE_STRING, "scep-ca");
const FLEET_UNIT: (&str, u8, &str) = (ORGANIZATIONAL_UNIT, PRINTABLE_STRING, "SCEP CA");
const UTC_TIME: u8 = 0x17;

/// A Name of one attribute per RDN.
fn name(attributes: &[(&str, u8, &str)]) -> Node {
    let rdn = |&(kind, tag, value): &(&str, u8, &str)| {
        Node::set([Node::sequence([Node::oid(kind), Node::octets(tag, value)])])
    };
    Node::sequence(attributes.iter().map(rdn).collect::<Vec<_>>())
}
