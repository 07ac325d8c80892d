//! Do the peers agree among themselves, before ours is held against them?
//!
//! Every peer seals for OpenSSL and opens what OpenSSL sealed, over the shapes that both know; and
//! every limit that is written down is shown to be one, by the peer's own refusal.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking, and show what they counted"
)]

use std::time::{Duration, Instant};

use fdescrow_tests::peers::{
    Content, Direction, Evidence, KeyTransport, Peer, PeerName, RecipientKey, SealRequest, Shape, Wrap, credentials,
};

const PLAINTEXT: &[u8] = b"5ADZ-HTZ8-LJJ4-B2F8-JWH3-YPBT";

/// Each key transport, each content algorithm, both encodings and both identifiers at least once.
const SHAPES: [(RecipientKey, Shape); 16] = [
    (RecipientKey::Rsa2048, Shape::auth(KeyTransport::RsaOaepSha256, Content::Aes256Gcm)),
    (RecipientKey::Rsa3072, Shape::auth(KeyTransport::RsaOaepSha256, Content::Aes256Gcm).ber()),
    (RecipientKey::Rsa4096, Shape::auth(KeyTransport::RsaOaepSha512, Content::Aes128Gcm).ski()),
    (RecipientKey::P256, Shape::auth(KeyTransport::EcdhSha256, Content::Aes256Gcm)),
    (RecipientKey::P384, Shape::auth(KeyTransport::EcdhSha384, Content::Aes192Gcm).ski().ber()),
    (RecipientKey::Rsa2048, Shape::enveloped(KeyTransport::RsaPkcs1, Content::TripleDes).ber()),
    (RecipientKey::Rsa2048, Shape::enveloped(KeyTransport::RsaPkcs1, Content::Des)),
    (RecipientKey::Rsa2048, Shape::enveloped(KeyTransport::RsaPkcs1, Content::Aes128Cbc)),
    (RecipientKey::Rsa2048, Shape::enveloped(KeyTransport::RsaPkcs1, Content::Aes256Cbc).ski()),
    (RecipientKey::Rsa2048, Shape::enveloped(KeyTransport::RsaOaepSha1, Content::Aes256Cbc)),
    (RecipientKey::Rsa2048, Shape::enveloped(KeyTransport::RsaOaepSha384, Content::Aes128Cbc)),
    (RecipientKey::Rsa2048, Shape::enveloped(KeyTransport::RsaOaepSha256Mgf1Sha1, Content::Aes192Cbc)),
    (RecipientKey::P256, Shape::enveloped(KeyTransport::EcdhSha1, Content::TripleDes).wrap(Wrap::Aes128)),
    (RecipientKey::P256, Shape::enveloped(KeyTransport::EcdhCofactorSha256, Content::Aes256Cbc).wrap(Wrap::Aes192)),
    (RecipientKey::P384, Shape::enveloped(KeyTransport::EcdhSha512, Content::Aes256Cbc).ber()),
    (RecipientKey::P384, Shape::enveloped(KeyTransport::EcdhCofactorSha1, Content::Aes128Cbc)),
];

/// Has one peer seal for another every shape that both know; how often that was, and how long the
/// calls of `timed` took.
fn exchange(sealer: &dyn Peer, opener: &dyn Peer, timed: Direction) -> (u32, Duration) {
    let (mut count, mut total) = (0, Duration::ZERO);
    for (key, shape) in SHAPES {
        if !sealer.supports(Direction::Seal, &shape) || !opener.supports(Direction::Open, &shape) {
            continue;
        }
        let to = credentials(key).unwrap();
        let certificates = [to.certificate.clone()];
        let request = SealRequest { shape, certificates: &certificates, plaintext: PLAINTEXT };
        let start = Instant::now();
        let message = sealer.seal(&request).unwrap_or_else(|error| panic!("{shape}: {error}"));
        let sealed = start.elapsed();
        let opened = opener
            .open(&message, &to.key, &to.certificate)
            .unwrap_or_else(|error| panic!("{shape} sealed by {}: {error}", sealer.name()));
        assert_eq!(opened, PLAINTEXT, "{shape} from {} to {}", sealer.name(), opener.name());
        total += if timed == Direction::Seal { sealed } else { start.elapsed() - sealed };
        count += 1;
    }
    assert!(count > 0, "{} and {} have nothing in common", sealer.name(), opener.name());
    (count, total / count)
}

fn seals_for_openssl(name: PeerName) {
    let (Some(peer), Some(openssl)) = (name.available(), PeerName::OpenSsl.available()) else { return };
    let (count, each) = exchange(&*peer, &*openssl, Direction::Seal);
    println!("{}: {count} shapes sealed for OpenSSL, {each:?} a call", peer.name());
}

fn opens_from_openssl(name: PeerName) {
    let (Some(peer), Some(openssl)) = (name.available(), PeerName::OpenSsl.available()) else { return };
    let (count, each) = exchange(&*openssl, &*peer, Direction::Open);
    println!("{}: {count} shapes of OpenSSL opened, {each:?} a call", peer.name());
}

/// Each limit of a peer, shown by its witness: it refuses to write it, or to read it from another.
fn limits_are_real(name: PeerName) {
    let Some(peer) = name.available() else { return };
    let others: Vec<_> = PeerName::ALL.into_iter().filter_map(PeerName::available).collect();
    let mut shown = 0;
    for limit in peer.limits() {
        let shape = limit.witness;
        assert!((limit.applies)(&shape), "{}: witness of {:?}", peer.name(), limit.reason);
        let key = if shape.key_transport.is_agreement() { RecipientKey::P256 } else { RecipientKey::Rsa2048 };
        let to = credentials(key).unwrap();
        let certificates = [to.certificate.clone()];
        let request = SealRequest { shape, certificates: &certificates, plaintext: PLAINTEXT };
        if limit.evidence == Evidence::WritesItsOwnWay {
            let message = peer.seal(&request).unwrap();
            let own = peer.open(&message, &to.key, &to.certificate).unwrap();
            assert_eq!(own, PLAINTEXT, "{} reads its own {shape}", peer.name());
            let openssl = PeerName::OpenSsl.build().unwrap().open(&message, &to.key, &to.certificate);
            assert!(!is_read(openssl), "OpenSSL reads {shape} of {}: {}", peer.name(), limit.reason);
            shown += 1;
            continue;
        }
        if limit.direction != Direction::Open {
            let answer = peer.seal(&request);
            assert!(answer.is_err(), "{} does write {shape}: {}", peer.name(), limit.reason);
            shown += 1;
        }
        if limit.direction != Direction::Seal {
            let writer = others
                .iter()
                .find(|other| other.supports(Direction::Seal, &shape))
                .unwrap_or_else(|| panic!("nobody writes {shape}"));
            let message = writer.seal(&request).unwrap();
            let answer = peer.open(&message, &to.key, &to.certificate);
            assert!(!is_read(answer), "{} does read {shape}: {}", peer.name(), limit.reason);
            shown += 1;
        }
    }
    println!("{}: {} limits, shown in {shown} ways", peer.name(), peer.limits().len());
}

/// Whether a peer came to what was sealed. A wrong content key is tried by some, and once in 256 times the padding of CBC fits.
fn is_read<E>(answer: Result<Vec<u8>, E>) -> bool {
    answer.is_ok_and(|plaintext| plaintext == PLAINTEXT)
}

macro_rules! peers {
    ($($module:ident => $name:ident),+ $(,)?) => {$(
        mod $module {
            use super::PeerName;

            #[test]
            fn peers_agree_when_it_seals_counted() {
                super::seals_for_openssl(PeerName::$name);
            }

            #[test]
            fn peers_agree_when_it_opens_counted() {
                super::opens_from_openssl(PeerName::$name);
            }

            #[test]
            fn limits_are_real_counted() {
                super::limits_are_real(PeerName::$name);
            }
        }
    )+};
}

peers! {
    openssl => OpenSsl,
    bouncy_castle => BouncyCastle,
    python_asn1crypto => Asn1Crypto,
    python_cryptography => Cryptography,
    go_mozilla => Mozilla,
    go_smallstep => Smallstep,
}
