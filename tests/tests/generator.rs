//! Does the generator write what it says? Every message is opened by a program of somebody else:
//! OpenSSL, or Go's own library where nobody else reads the shape.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::PathBuf;

use fdescrow_tests::ScratchDir;
use fdescrow_tests::generator::ber::{Manner, berify};
use fdescrow_tests::generator::primitives::{Cipher, Hash};
use fdescrow_tests::generator::relabel::{DOWNGRADES, relabel};
use fdescrow_tests::generator::{
    Authority, Blueprint, ContentLayout, GoLibrary, Identifier, KeyTransport, OaepParameters, asn1::Length,
    filevault_prk, fleet_bitlocker, go_gcm, smallstep_oaep,
};
use fdescrow_tests::peers::{
    Content, KeyTransport as PeerKeyTransport, Peer, PeerError, PeerName, RecipientKey, SealRequest, Shape, credentials,
};

const FILEVAULT: &[u8] = b"5ADZ-HTZ8-LJJ4-B2F8-JWH3-YPBT";
const BITLOCKER: &[u8] = b"111111-222222-333333-444444-555555-666666-000000-720885";

/// An authority with its files, and a peer to open with.
struct Bench {
    authority: Authority,
    key: PathBuf,
    certificate: PathBuf,
    _folder: ScratchDir,
}

impl Bench {
    fn new(authority: Authority) -> Self {
        let folder = fdescrow_tests::scratch("generator");
        let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
        std::fs::write(&key, authority.key_pem()).unwrap();
        std::fs::write(&certificate, authority.certificate_pem()).unwrap();
        Self { authority, key, certificate, _folder: folder }
    }

    fn open(&self, peer: &dyn Peer, message: &[u8]) -> Result<Vec<u8>, PeerError> {
        peer.open(message, &self.key, &self.certificate)
    }
}

fn pkcs1() -> KeyTransport {
    KeyTransport::Pkcs1 { null: true }
}

fn oaep(hash: Hash, mgf1: Hash, label: &[u8]) -> KeyTransport {
    KeyTransport::Oaep { hash, mgf1, label: label.to_vec(), parameters: OaepParameters::Full }
}

#[test]
fn filevault_prk_is_what_macos_writes() {
    let Some(openssl) = PeerName::OpenSsl.available() else { return };
    let fleet = Bench::new(Authority::fleet());
    let message = filevault_prk(&fleet.authority, FILEVAULT, &[24]);
    assert_eq!(message[..5], [0x30, 0x80, 0x06, 0x09, 0x2A]);
    assert!(message.ends_with(&[0; 10]), "five ends of contents");
    assert_eq!(message.len(), 443, "the length of a message from the field to such an authority");
    for chunks in [&[24][..], &[8, 8, 8], &[1, 30], &[32], &[5, 0, 3, 11]] {
        let message = filevault_prk(&fleet.authority, FILEVAULT, chunks);
        assert_eq!(fleet.open(&*openssl, &message).unwrap(), FILEVAULT, "{chunks:?}");
    }
}

#[test]
fn openssl_streams_the_same_shape() {
    let Some(openssl) = PeerName::OpenSsl.available() else { return };
    let fleet = Bench::new(Authority::fleet());
    let shape = Shape::enveloped(PeerKeyTransport::RsaPkcs1, Content::TripleDes).ber();
    let certificates = [fleet.certificate.clone()];
    let theirs = openssl.seal(&SealRequest { shape, certificates: &certificates, plaintext: FILEVAULT }).unwrap();
    let ours = filevault_prk(&fleet.authority, FILEVAULT, &[24]);
    assert_eq!(outline(&ours), outline(&theirs));
}

/// Tags, forms of length and sizes, without the bytes.
fn outline(message: &[u8]) -> String {
    use fdescrow_tests::generator::asn1::{Body, Node};
    fn walk(node: &Node, depth: usize, text: &mut String) {
        use std::fmt::Write as _;
        let size = match &node.body {
            Body::Octets(octets) => octets.len(),
            Body::Nodes(nodes) => nodes.len(),
        };
        writeln!(text, "{:depth$}{:02x} {:?} {size}", "", node.tag, node.length).unwrap();
        node.children().iter().for_each(|child| walk(child, depth + 1, text));
    }
    let mut text = String::new();
    walk(&Node::parse(message).unwrap(), 0, &mut text);
    text
}

#[test]
fn macos_own_certificate_receives() {
    let Some(openssl) = PeerName::OpenSsl.available() else { return };
    let macos = Bench::new(Authority::macos("Anas-MacBook-Pro"));
    let message = filevault_prk(&macos.authority, FILEVAULT, &[24]);
    let text = std::process::Command::new("openssl")
        .args(["x509", "-noout", "-issuer", "-serial", "-nameopt", "RFC2253", "-in"])
        .arg(&macos.certificate)
        .output()
        .unwrap();
    let expected = "issuer=description=Anas-MacBook-Pro.local,CN=FileVault Recovery Key\nserial=A8BF19B7\n";
    assert_eq!(String::from_utf8_lossy(&text.stdout), expected);
    assert_eq!(macos.open(&*openssl, &message).unwrap(), FILEVAULT);
}

#[test]
fn fleet_rows_are_what_go_writes() {
    let Some(openssl) = PeerName::OpenSsl.available() else { return };
    let fleet = Bench::new(Authority::newer_fleet());
    for (library, name) in [(GoLibrary::Mozilla, PeerName::Mozilla), (GoLibrary::Smallstep, PeerName::Smallstep)] {
        let Some(go) = name.available() else { return };
        let shape = Shape::enveloped(PeerKeyTransport::RsaPkcs1, Content::Des);
        let certificates = [fleet.certificate.clone()];
        let theirs = go.seal(&SealRequest { shape, certificates: &certificates, plaintext: BITLOCKER }).unwrap();
        let ours = fleet_bitlocker(&fleet.authority, BITLOCKER, library);
        assert_eq!(outline(&ours), outline(&theirs), "{library:?}");
        assert_eq!(fleet.open(&*openssl, &ours).unwrap(), BITLOCKER, "{library:?}");
        assert_eq!(fleet.open(&*go, &ours).unwrap(), BITLOCKER, "{library:?}");
    }
}

#[test]
fn gcm_of_go_is_what_go_writes() {
    let Some(openssl) = PeerName::OpenSsl.available() else { return };
    let fleet = Bench::new(Authority::fleet());
    for (library, name) in [(GoLibrary::Mozilla, PeerName::Mozilla), (GoLibrary::Smallstep, PeerName::Smallstep)] {
        let Some(go) = name.available() else { return };
        for (bits, content) in [(128, Content::Aes128Gcm), (256, Content::Aes256Gcm)] {
            let shape = Shape::enveloped(PeerKeyTransport::RsaPkcs1, content);
            let certificates = [fleet.certificate.clone()];
            let theirs = go.seal(&SealRequest { shape, certificates: &certificates, plaintext: BITLOCKER }).unwrap();
            let ours = go_gcm(&fleet.authority, BITLOCKER, bits, library);
            assert_eq!(outline(&ours), outline(&theirs), "{library:?} {bits}");
            assert_eq!(fleet.open(&*go, &ours).unwrap(), BITLOCKER, "{library:?} {bits}");
            assert!(fleet.open(&*openssl, &ours).is_err(), "nobody else reads it");
        }
    }
}

#[test]
fn oaep_of_smallstep_is_what_smallstep_writes() {
    let Some(go) = PeerName::Smallstep.available() else { return };
    let fleet = Bench::new(Authority::fleet());
    let pairs = [
        (Hash::Sha1, PeerKeyTransport::RsaOaepSha1),
        (Hash::Sha256, PeerKeyTransport::RsaOaepSha256),
        (Hash::Sha384, PeerKeyTransport::RsaOaepSha384),
        (Hash::Sha512, PeerKeyTransport::RsaOaepSha512),
    ];
    for (hash, transport) in pairs {
        let shape = Shape::enveloped(transport, Content::Aes256Cbc);
        let certificates = [fleet.certificate.clone()];
        let theirs = go.seal(&SealRequest { shape, certificates: &certificates, plaintext: BITLOCKER }).unwrap();
        let ours = smallstep_oaep(&fleet.authority, BITLOCKER, Cipher::AesCbc(256), hash);
        assert_eq!(outline(&ours), outline(&theirs), "{hash:?}");
        assert_eq!(fleet.open(&*go, &ours).unwrap(), BITLOCKER, "{hash:?}");
    }
}

#[test]
fn two_generations_of_fleet_share_issuer_and_serial_but_no_key() {
    let Some(openssl) = PeerName::OpenSsl.available() else { return };
    let [old, new] = Authority::two_generations_of_fleet().map(Bench::new);
    assert_eq!((&old.authority.issuer, &old.authority.serial), (&new.authority.issuer, &new.authority.serial));
    assert_ne!(old.authority.key_identifier, new.authority.key_identifier);
    let message = fleet_bitlocker(&old.authority, BITLOCKER, GoLibrary::Smallstep);
    assert_eq!(old.open(&*openssl, &message).unwrap(), BITLOCKER);
    let wrong = new.open(&*openssl, &message);
    assert_ne!(wrong.ok().as_deref(), Some(BITLOCKER));
}

/// Every key transport with every cipher, each opened by OpenSSL.
#[test]
fn every_blueprint_opens_with_openssl_counted() {
    let Some(openssl) = PeerName::OpenSsl.available() else { return };
    let escrow = Bench::new(Authority::escrow("fdescrow tests"));
    let mut transports = vec![pkcs1(), KeyTransport::Pkcs1 { null: false }, oaep(Hash::Sha256, Hash::Sha1, b"label")];
    for hash in Hash::ALL {
        transports.extend(Hash::ALL.map(|mgf1| oaep(hash, mgf1, b"")));
    }
    let ciphers = [
        Cipher::AesCbc(128),
        Cipher::AesCbc(192),
        Cipher::AesCbc(256),
        Cipher::AesGcm(128),
        Cipher::AesGcm(192),
        Cipher::AesGcm(256),
        Cipher::DesCbc,
        Cipher::TripleDesCbc,
    ];
    let mut count = 0;
    for transport in &transports {
        for cipher in ciphers {
            for identifier in [Identifier::IssuerAndSerial, Identifier::SubjectKeyIdentifier] {
                let blueprint = Blueprint { identifier, ..Blueprint::new(cipher, transport.clone()) };
                let message = blueprint.seal(&[&escrow.authority], FILEVAULT);
                let opened = escrow.open(&*openssl, &message).unwrap_or_else(|error| panic!("{blueprint:?}: {error}"));
                assert_eq!(opened, FILEVAULT, "{blueprint:?}");
                count += 1;
            }
        }
    }
    println!("{count} blueprints opened by OpenSSL");
}

/// A message to berify, with what opens it.
struct Sample {
    name: &'static str,
    key: PathBuf,
    certificate: PathBuf,
    message: Vec<u8>,
}

/// CBC and GCM of the generator, two recipients each, and one by key agreement of OpenSSL.
fn samples(openssl: &dyn Peer, bench: &Bench) -> [Sample; 3] {
    let other = Authority::fleet();
    let both = [&other, &bench.authority];
    let cbc = Blueprint::new(Cipher::AesCbc(256), oaep(Hash::Sha256, Hash::Sha256, b"label"));
    let gcm =
        Blueprint { identifier: Identifier::SubjectKeyIdentifier, ..Blueprint::new(Cipher::AesGcm(256), pkcs1()) };
    let of = |name, blueprint: &Blueprint| Sample {
        name,
        key: bench.key.clone(),
        certificate: bench.certificate.clone(),
        message: blueprint.seal(&both, FILEVAULT),
    };
    let to = credentials(RecipientKey::P256).unwrap();
    let shape = Shape::auth(PeerKeyTransport::EcdhSha256, Content::Aes256Gcm);
    let certificates = [to.certificate.clone()];
    let request = SealRequest { shape, certificates: &certificates, plaintext: FILEVAULT };
    let message = openssl.seal(&request).unwrap();
    let agreed = Sample { name: "agreed", key: to.key, certificate: to.certificate, message };
    [of("cbc", &cbc), of("gcm", &gcm), agreed]
}

/// OpenSSL 3.0 reads a length that is longer than it need be in most places, but not before a string
/// of a name or an initialization vector: then Bouncy Castle has to.
fn openssl_reads(sample: &str, manner: Manner) -> bool {
    manner != Manner::LongLengths || sample == "agreed"
}

#[test]
fn every_manner_of_ber_is_the_same_message_counted() {
    let Some(openssl) = PeerName::OpenSsl.available() else { return };
    let bench = Bench::new(Authority::escrow("fdescrow tests"));
    let mut count = 0;
    for Sample { name, key, certificate, message } in samples(&*openssl, &bench) {
        assert_eq!(openssl.open(&message, &key, &certificate).unwrap(), FILEVAULT);
        for manner in Manner::ALL {
            let written = berify(&message, manner);
            let one_recipient = name == "agreed" && manner == Manner::RecipientsReversed;
            assert_eq!(written == message, one_recipient, "{name} {manner:?} differs");
            let opened = openssl.open(&written, &key, &certificate);
            let opened = if openssl_reads(name, manner) {
                opened
            } else {
                assert!(opened.is_err(), "{name} {manner:?} does open with OpenSSL");
                let Some(bouncy_castle) = PeerName::BouncyCastle.available() else { continue };
                bouncy_castle.open(&written, &key, &certificate)
            };
            let opened = opened.unwrap_or_else(|error| panic!("{name} {manner:?}: {error}"));
            assert_eq!(opened, FILEVAULT, "{name} {manner:?}");
            count += 1;
        }
    }
    println!("{count} messages in BER");
}

#[test]
fn every_downgrade_applies_somewhere_counted() {
    let bench = Bench::new(Authority::escrow("fdescrow tests"));
    let ciphers = [Cipher::AesGcm(256), Cipher::AesCbc(128), Cipher::AesGcm(128)];
    let transports = [pkcs1(), oaep(Hash::Sha256, Hash::Sha256, b"")];
    let mut count = [0; DOWNGRADES.len()];
    for cipher in ciphers {
        for transport in &transports {
            let blueprint = Blueprint {
                content: ContentLayout::Chunks(vec![5], Length::Definite),
                ..Blueprint::new(cipher, transport.clone())
            };
            let message = blueprint.seal(&[&bench.authority], FILEVAULT);
            for (downgrade, count) in DOWNGRADES.iter().zip(&mut count) {
                if let Some(changed) = relabel(&message, downgrade) {
                    assert_ne!(changed, message);
                    *count += 1;
                }
            }
        }
    }
    assert!(count.iter().all(|count| *count > 0), "{count:?}");
    println!("{} relabelled messages by {} downgrades", count.iter().sum::<usize>(), DOWNGRADES.len());
}
