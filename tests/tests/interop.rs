//! Do others open what we seal, and do we open what others seal?
//!
//! One cell, one test: a peer, a direction, a key, a shape. A peer's shapes that are missing here are
//! its limits, which are data beside it and shown to be real in `peers.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking, and show what they counted"
)]

use fdescrow::envelope::{Certificate, Owner, Payload, Suite, seal};
use fdescrow::key::{Kind, RecoveryKey};
use fdescrow::secret::Secret;
use fdescrow_identities::SystemRandomness;
use fdescrow_tests::ours::{Ours, ours_open, ours_seal, strictest_suite};
use fdescrow_tests::peers::{
    Content::{Aes128Cbc, Aes128Gcm, Aes192Cbc, Aes192Gcm, Aes256Cbc, Aes256Gcm, Des, TripleDes},
    Direction,
    KeyTransport::{
        EcdhCofactorSha1, EcdhCofactorSha256, EcdhCofactorSha384, EcdhCofactorSha512, EcdhSha1, EcdhSha256, EcdhSha384,
        EcdhSha512, RsaOaepSha1, RsaOaepSha256, RsaOaepSha256Mgf1Sha1, RsaOaepSha384, RsaOaepSha512, RsaPkcs1,
    },
    Peer, PeerName, RecipientKey, SealRequest, Shape, Wrap, credentials,
};

const PLAINTEXT: &[u8] = b"5ADZ-HTZ8-LJJ4-B2F8-JWH3-YPBT";

/// A peer, what it does, to which key, in which shape.
#[derive(Debug, PartialEq)]
struct Cell {
    peer: PeerName,
    direction: Direction,
    key: RecipientKey,
    shape: Shape,
}

impl Cell {
    /// The peer seals, we open: with the strictest suite that allows it, and with no stricter one.
    fn run(&self) {
        let Some(peer) = self.peer.available() else { return };
        let to = credentials(self.key).unwrap();
        let certificates = [to.certificate.clone()];
        let request = SealRequest { shape: self.shape, certificates: &certificates, plaintext: PLAINTEXT };
        if self.direction == Direction::Open {
            let message = ours_seal(&request).unwrap();
            let opened = peer.open(&message, &to.key, &to.certificate).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(opened, PLAINTEXT);
            return;
        }
        let message = peer.seal(&request).unwrap_or_else(|error| panic!("{error}"));
        let strictest = strictest_suite(&self.shape);
        for suite in Suite::ALL {
            let opened = ours_open(&message, &to.key, &to.certificate, *suite);
            if *suite < strictest {
                let refusal = opened.unwrap_err();
                assert!(refusal.contains("suite"), "{suite}: {refusal}");
            } else {
                assert_eq!(opened.unwrap_or_else(|error| panic!("{suite}: {error}")), PLAINTEXT, "{suite}");
            }
        }
    }
}

/// Tests of one peer in one direction, and the list of them.
macro_rules! cells {
    ($module:ident: $peer:ident $direction:ident { $($name:ident: $key:ident, $shape:expr;)+ }) => {
        mod $module {
            use super::*;

            pub(super) const CELLS: &[Cell] = &[$(Cell {
                peer: PeerName::$peer,
                direction: Direction::$direction,
                key: RecipientKey::$key,
                shape: $shape,
            }),+];

            $(#[test]
            fn $name() {
                Cell {
                    peer: PeerName::$peer,
                    direction: Direction::$direction,
                    key: RecipientKey::$key,
                    shape: $shape,
                }
                .run();
            })+
        }
    };
}

/// What a peer without limits seals for us.
macro_rules! seals_everything {
    ($module:ident: $peer:ident { $($more:tt)* }) => {
        cells! { $module: $peer Seal {
            oaep_sha256_gcm_256_to_rsa_2048: Rsa2048, Shape::auth(RsaOaepSha256, Aes256Gcm);
            oaep_sha256_gcm_256_to_rsa_3072: Rsa3072, Shape::auth(RsaOaepSha256, Aes256Gcm);
            oaep_sha256_gcm_256_to_rsa_4096: Rsa4096, Shape::auth(RsaOaepSha256, Aes256Gcm);
            oaep_sha256_gcm_256_by_ski: Rsa2048, Shape::auth(RsaOaepSha256, Aes256Gcm).ski();
            oaep_sha1_gcm_128: Rsa2048, Shape::auth(RsaOaepSha1, Aes128Gcm);
            oaep_sha384_gcm_192: Rsa2048, Shape::auth(RsaOaepSha384, Aes192Gcm);
            oaep_sha512_gcm_256: Rsa2048, Shape::auth(RsaOaepSha512, Aes256Gcm);
            oaep_sha256_mgf1_sha1_gcm_256: Rsa2048, Shape::auth(RsaOaepSha256Mgf1Sha1, Aes256Gcm);
            pkcs1_gcm_256: Rsa2048, Shape::auth(RsaPkcs1, Aes256Gcm);
            oaep_sha256_cbc_256: Rsa2048, Shape::enveloped(RsaOaepSha256, Aes256Cbc);
            pkcs1_des: Rsa2048, Shape::enveloped(RsaPkcs1, Des);
            pkcs1_triple_des: Rsa2048, Shape::enveloped(RsaPkcs1, TripleDes);
            pkcs1_cbc_128_by_ski: Rsa2048, Shape::enveloped(RsaPkcs1, Aes128Cbc).ski();
            pkcs1_cbc_192: Rsa3072, Shape::enveloped(RsaPkcs1, Aes192Cbc);
            pkcs1_cbc_256: Rsa4096, Shape::enveloped(RsaPkcs1, Aes256Cbc);
            ecdh_sha256_gcm_256_to_p_256: P256, Shape::auth(EcdhSha256, Aes256Gcm);
            ecdh_sha384_gcm_256_to_p_384: P384, Shape::auth(EcdhSha384, Aes256Gcm);
            ecdh_sha256_gcm_256_to_p_384_by_ski: P384, Shape::auth(EcdhSha256, Aes256Gcm).ski();
            ecdh_sha1_gcm_128_wrap_128: P256, Shape::auth(EcdhSha1, Aes128Gcm).wrap(Wrap::Aes128);
            ecdh_sha512_cbc_256: P384, Shape::enveloped(EcdhSha512, Aes256Cbc);
            ecdh_sha1_triple_des_wrap_192: P256, Shape::enveloped(EcdhSha1, TripleDes).wrap(Wrap::Aes192);
            cofactor_sha1_cbc_128: P256, Shape::enveloped(EcdhCofactorSha1, Aes128Cbc).wrap(Wrap::Aes128);
            cofactor_sha256_gcm_256: P256, Shape::auth(EcdhCofactorSha256, Aes256Gcm);
            cofactor_sha384_gcm_192: P384, Shape::auth(EcdhCofactorSha384, Aes192Gcm);
            cofactor_sha512_cbc_192_by_ski: P384, Shape::enveloped(EcdhCofactorSha512, Aes192Cbc).ski();
            $($more)*
        }}
    };
}

/// What a peer opens of all that we seal.
macro_rules! opens_everything {
    ($module:ident: $peer:ident) => {
        cells! { $module: $peer Open {
            auth_to_rsa_2048: Rsa2048, Shape::auth(RsaOaepSha256, Aes256Gcm);
            auth_to_rsa_3072: Rsa3072, Shape::auth(RsaOaepSha256, Aes256Gcm);
            auth_to_rsa_4096: Rsa4096, Shape::auth(RsaOaepSha256, Aes256Gcm);
            auth_to_p_256: P256, Shape::auth(EcdhSha256, Aes256Gcm);
            auth_to_p_384: P384, Shape::auth(EcdhSha384, Aes256Gcm);
            enveloped_to_rsa_2048: Rsa2048, Shape::enveloped(RsaOaepSha256, Aes256Cbc);
            enveloped_to_p_256: P256, Shape::enveloped(EcdhSha256, Aes256Cbc);
            enveloped_to_p_384: P384, Shape::enveloped(EcdhSha384, Aes256Cbc);
            enveloped_pkcs1_to_rsa_2048: Rsa2048, Shape::enveloped(RsaPkcs1, Aes256Cbc);
        }}
    };
}

seals_everything! { openssl_seals: OpenSsl {
    oaep_sha256_gcm_256_in_ber: Rsa2048, Shape::auth(RsaOaepSha256, Aes256Gcm).ber();
    pkcs1_triple_des_in_ber: Rsa2048, Shape::enveloped(RsaPkcs1, TripleDes).ber();
    ecdh_sha384_gcm_256_in_ber: P384, Shape::auth(EcdhSha384, Aes256Gcm).ber();
}}
opens_everything! { openssl_opens: OpenSsl }

seals_everything! { bouncy_castle_seals: BouncyCastle {
    oaep_sha256_gcm_256_in_ber: Rsa2048, Shape::auth(RsaOaepSha256, Aes256Gcm).ber();
    pkcs1_triple_des_in_ber: Rsa2048, Shape::enveloped(RsaPkcs1, TripleDes).ber();
    ecdh_sha384_gcm_256_in_ber: P384, Shape::auth(EcdhSha384, Aes256Gcm).ber();
}}
opens_everything! { bouncy_castle_opens: BouncyCastle }

seals_everything! { asn1crypto_seals: Asn1Crypto {} }
opens_everything! { asn1crypto_opens: Asn1Crypto }

cells! { cryptography_seals: Cryptography Seal {
    pkcs1_cbc_128_to_rsa_2048: Rsa2048, Shape::enveloped(RsaPkcs1, Aes128Cbc);
    pkcs1_cbc_256_to_rsa_2048: Rsa2048, Shape::enveloped(RsaPkcs1, Aes256Cbc);
    pkcs1_cbc_256_to_rsa_3072: Rsa3072, Shape::enveloped(RsaPkcs1, Aes256Cbc);
    pkcs1_cbc_256_to_rsa_4096: Rsa4096, Shape::enveloped(RsaPkcs1, Aes256Cbc);
}}
cells! { cryptography_opens: Cryptography Open {
    enveloped_pkcs1_to_rsa_2048: Rsa2048, Shape::enveloped(RsaPkcs1, Aes256Cbc);
    enveloped_pkcs1_to_rsa_3072: Rsa3072, Shape::enveloped(RsaPkcs1, Aes256Cbc);
    enveloped_pkcs1_to_rsa_4096: Rsa4096, Shape::enveloped(RsaPkcs1, Aes256Cbc);
}}

cells! { smallstep_seals: Smallstep Seal {
    pkcs1_des: Rsa2048, Shape::enveloped(RsaPkcs1, Des);
    pkcs1_cbc_128: Rsa2048, Shape::enveloped(RsaPkcs1, Aes128Cbc);
    pkcs1_cbc_256: Rsa4096, Shape::enveloped(RsaPkcs1, Aes256Cbc);
    oaep_sha1_des: Rsa2048, Shape::enveloped(RsaOaepSha1, Des);
    oaep_sha1_cbc_256: Rsa3072, Shape::enveloped(RsaOaepSha1, Aes256Cbc);
    pkcs1_gcm_128_its_own_way: Rsa2048, Shape::enveloped(RsaPkcs1, Aes128Gcm);
    pkcs1_gcm_256_its_own_way: Rsa2048, Shape::enveloped(RsaPkcs1, Aes256Gcm);
}}
cells! { smallstep_opens: Smallstep Open {
    enveloped_to_rsa_2048: Rsa2048, Shape::enveloped(RsaOaepSha256, Aes256Cbc);
    enveloped_to_rsa_4096: Rsa4096, Shape::enveloped(RsaOaepSha256, Aes256Cbc);
    enveloped_pkcs1_to_rsa_2048: Rsa2048, Shape::enveloped(RsaPkcs1, Aes256Cbc);
}}

cells! { mozilla_seals: Mozilla Seal {
    pkcs1_des: Rsa2048, Shape::enveloped(RsaPkcs1, Des);
    pkcs1_cbc_256: Rsa2048, Shape::enveloped(RsaPkcs1, Aes256Cbc);
    pkcs1_gcm_128_its_own_way: Rsa2048, Shape::enveloped(RsaPkcs1, Aes128Gcm);
    pkcs1_gcm_256_its_own_way: Rsa2048, Shape::enveloped(RsaPkcs1, Aes256Gcm);
}}
cells! { mozilla_opens: Mozilla Open {
    enveloped_pkcs1_to_rsa_2048: Rsa2048, Shape::enveloped(RsaPkcs1, Aes256Cbc);
}}

const CELLS: [&[Cell]; 12] = [
    openssl_seals::CELLS,
    openssl_opens::CELLS,
    bouncy_castle_seals::CELLS,
    bouncy_castle_opens::CELLS,
    asn1crypto_seals::CELLS,
    asn1crypto_opens::CELLS,
    cryptography_seals::CELLS,
    cryptography_opens::CELLS,
    smallstep_seals::CELLS,
    smallstep_opens::CELLS,
    mozilla_seals::CELLS,
    mozilla_opens::CELLS,
];

/// The cells, no two alike, none against a limit that is written down, and how many they are.
#[test]
fn cells_counted() {
    let mut seen: Vec<&Cell> = Vec::new();
    for cells in CELLS {
        for cell in cells {
            assert!(!seen.contains(&cell), "twice: {cell:?}");
            seen.push(cell);
        }
    }
    for name in PeerName::ALL {
        let Some(peer) = name.available() else { return };
        let of = |direction| seen.iter().filter(move |cell| cell.peer == name && cell.direction == direction);
        for direction in [Direction::Seal, Direction::Open] {
            assert!(of(direction).count() > 0, "{} {direction:?}", peer.name());
        }
        println!(
            "{}: seals {} for us, opens {} of ours",
            peer.name(),
            of(Direction::Seal).count(),
            of(Direction::Open).count()
        );
        for limit in peer.limits() {
            println!("  limit ({:?}): {}", limit.direction, limit.reason);
        }
    }
    assert!(seen.len() >= 60, "{} cells", seen.len());
    println!("{} cells", seen.len());
}

/// Two recipients, either of whom opens.
fn two_recipients(sealer: &dyn Peer, opener: &dyn Peer, shape: Shape) {
    let to = [RecipientKey::Rsa3072, RecipientKey::Rsa2048].map(|key| credentials(key).unwrap());
    let certificates = to.clone().map(|to| to.certificate);
    let request = SealRequest { shape, certificates: &certificates, plaintext: PLAINTEXT };
    let message = sealer.seal(&request).unwrap_or_else(|error| panic!("{error}"));
    for to in to {
        let opened = opener.open(&message, &to.key, &to.certificate).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(opened, PLAINTEXT);
    }
}

macro_rules! two_recipients {
    ($($module:ident: $peer:ident, $seals:expr, $opens:expr;)+) => {
        mod two_recipients {
            use super::*;
            $(mod $module {
                use super::*;

                #[test]
                fn seals_for_ours() {
                    let Some(peer) = PeerName::$peer.available() else { return };
                    super::super::two_recipients(&*peer, &Ours, $seals);
                }

                #[test]
                fn opens_ours() {
                    let Some(peer) = PeerName::$peer.available() else { return };
                    super::super::two_recipients(&Ours, &*peer, $opens);
                }
            })+
        }
    };
}

two_recipients! {
    openssl: OpenSsl, Shape::auth(RsaOaepSha256, Aes256Gcm).ski(), Shape::auth(RsaOaepSha256, Aes256Gcm);
    bouncy_castle: BouncyCastle, Shape::auth(RsaOaepSha256, Aes256Gcm).ber(), Shape::auth(RsaOaepSha256, Aes256Gcm);
    asn1crypto: Asn1Crypto, Shape::auth(RsaOaepSha256, Aes256Gcm), Shape::auth(RsaOaepSha256, Aes256Gcm);
    cryptography: Cryptography, Shape::enveloped(RsaPkcs1, Aes128Cbc), Shape::enveloped(RsaPkcs1, Aes256Cbc);
    smallstep: Smallstep, Shape::enveloped(RsaPkcs1, Des), Shape::enveloped(RsaOaepSha256, Aes256Cbc);
    mozilla: Mozilla, Shape::enveloped(RsaPkcs1, Des), Shape::enveloped(RsaPkcs1, Aes256Cbc);
}

/// Break-glass: what we seal for a device reads as text after `openssl cms -decrypt` with the key alone.
#[test]
fn openssl_shows_key_and_owner_without_us() {
    let Some(openssl) = PeerName::OpenSsl.available() else { return };
    for key in RecipientKey::ALL {
        let to = credentials(key).unwrap();
        let certificate = Certificate::parse(&std::fs::read(&to.certificate).unwrap()).unwrap();
        let text = Secret::from_string(String::from_utf8(PLAINTEXT.to_vec()).unwrap());
        let secret = RecoveryKey::parse_exact(Kind::FileVault, &text).unwrap();
        let owner = Owner::new().organization("example.com".parse().unwrap()).device("C02XYZ".parse().unwrap());
        let envelope = seal(&Payload::new(secret, owner), &[&certificate], &SystemRandomness::new()).unwrap();
        let shown = openssl.open(envelope.der(), &to.key, &to.certificate).unwrap_or_else(|error| panic!("{error}"));
        let shown: serde_json::Value = serde_json::from_slice(&shown).unwrap();
        assert_eq!(shown["key"], std::str::from_utf8(PLAINTEXT).unwrap());
        assert_eq!((&shown["kind"], &shown["device"]), (&"filevault".into(), &"C02XYZ".into()));
    }
}
