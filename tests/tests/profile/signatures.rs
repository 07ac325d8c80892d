//! Do OpenSSL and we agree on signed profiles, both ways?

use std::{fs, path::Path, process::Command, slice::from_ref};

use fdescrow::{
    Timestamp,
    envelope::{Certificate, private_key::KeyAlgorithm},
    profile::{
        KeySigner, ParsedProfile, ProfileLimits, Signature, SignatureAlgorithm, Signer, SigningError, parse, sign,
    },
};
use fdescrow_identities::SystemRandomness;

use crate::material::{BOTH, ESCROW, OTHER, now, parsed, policy, rendered, valid};

fn openssl(arguments: &[&str], files: &[(&str, &Path)]) -> Result<(), String> {
    let mut command = Command::new("openssl");
    command.args(arguments);
    for (option, file) in files {
        command.arg(option).arg(file);
    }
    let output = command.output().expect("openssl is installed");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Signs with a new key, lets both of OpenSSL's programs verify, and compares what they give out.
fn accepted(algorithm: KeyAlgorithm, signing_time: Option<Timestamp>) {
    let (certificate, key) = valid("CN=Signer,O=Example", algorithm);
    let rng = SystemRandomness::new();
    let signer = KeySigner::new(&key, certificate.clone(), &rng).unwrap();
    let profile = rendered(&policy(BOTH));
    let signed = sign(&profile, &signer, from_ref(&OTHER.0), signing_time).unwrap();
    let folder = fdescrow_tests::scratch("sign");
    let (message, anchor, out) = (folder.join("signed"), folder.join("anchor"), folder.join("out"));
    fs::write(&message, &signed).unwrap();
    fs::write(&anchor, certificate.to_pem()).unwrap();
    for program in [
        &["cms", "-verify", "-purpose", "any", "-inform", "DER"][..],
        &["smime", "-verify", "-purpose", "any", "-inform", "DER"],
    ] {
        openssl(program, &[("-in", &message), ("-CAfile", &anchor), ("-out", &out)])
            .unwrap_or_else(|error| panic!("{program:?}: {error}"));
        assert_eq!(fs::read(&out).unwrap(), profile.as_bytes(), "{program:?}");
        fs::remove_file(&out).unwrap();
    }
    let read = parsed(&signed);
    assert_eq!(read.signature(), Signature::NotVerified);
    assert_eq!(read.policy().unwrap(), policy(BOTH));

    // the programs do check: a byte of the profile changed
    let at = signed.windows(11).position(|window| window == b"Example Ltd").unwrap();
    let mut forged = signed.clone();
    forged[at] = b'e';
    fs::write(&message, forged).unwrap();
    let files = [("-in", &*message), ("-CAfile", &anchor), ("-out", &out)];
    assert!(openssl(&["cms", "-verify", "-purpose", "any", "-inform", "DER"], &files).is_err());
}

#[test]
fn openssl_accepts_rsa_signatures() {
    accepted(KeyAlgorithm::Rsa2048, Some(now()));
}

#[test]
fn openssl_accepts_rsa_signatures_without_a_time() {
    accepted(KeyAlgorithm::Rsa3072, None);
}

#[test]
fn openssl_accepts_p_256_signatures() {
    accepted(KeyAlgorithm::P256, Some(now()));
}

#[test]
fn openssl_accepts_p_384_signatures_and_times_after_2049() {
    accepted(KeyAlgorithm::P384, Some("2051-01-02T03:04:05Z".parse().unwrap()));
}

#[test]
fn the_same_profile_and_time_give_the_same_signature() {
    let rng = SystemRandomness::new();
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256] {
        let (certificate, key) = valid("CN=Signer", algorithm);
        let signer = KeySigner::new(&key, certificate, &rng).unwrap();
        let sign = || sign(&rendered(&policy(BOTH)), &signer, &[], Some(now())).unwrap();
        assert_eq!(sign(), sign());
    }
}

/// What `openssl smime -sign` and `openssl cms -sign -stream` write is read, in DER and in BER.
#[test]
fn profiles_that_openssl_signed_are_read() {
    let folder = fdescrow_tests::scratch("signed");
    let profile = rendered(&policy(BOTH));
    let (content, certificate, key) = (folder.join("profile"), folder.join("certificate"), folder.join("key"));
    let out = folder.join("out");
    fs::write(&content, profile.as_bytes()).unwrap();
    fs::write(&certificate, OTHER.0.to_pem()).unwrap();
    fs::write(&key, OTHER.1.to_pkcs8_pem().expose()).unwrap();
    let mut forms = Vec::new();
    for program in [
        &["smime", "-sign", "-nodetach", "-binary", "-outform", "DER"][..],
        &["cms", "-sign", "-nodetach", "-binary", "-outform", "DER"],
        &["cms", "-sign", "-nodetach", "-binary", "-stream", "-outform", "DER"],
    ] {
        openssl(program, &[("-in", &content), ("-signer", &certificate), ("-inkey", &key), ("-out", &out)]).unwrap();
        let mut signed = fs::read(&out).unwrap();
        forms.push(signed[1]);
        let read: ParsedProfile = parsed(&signed);
        assert_eq!(read.policy().unwrap(), policy(BOTH), "{program:?}");
        signed.extend_from_slice(b"\r\n\0");
        assert_eq!(parsed(&signed), read, "padded by a transport");
        signed.push(b'x');
        assert!(parse(&signed, &ProfileLimits::default()).is_err());
    }
    assert_eq!(forms, [0x82, 0x82, 0x80], "both definite and indefinite lengths were seen");
}

#[test]
fn a_key_of_another_certificate_does_not_sign() {
    let rng = SystemRandomness::new();
    assert_eq!(KeySigner::new(&OTHER.1, ESCROW.0.clone(), &rng).unwrap_err(), SigningError::Mismatch);
}

/// A signing service that is set up wrongly.
#[derive(Debug)]
struct Service {
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    answer: Result<Vec<u8>, SigningError>,
}

impl Signer for Service {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SigningError> {
        self.answer.clone()
    }
}

#[test]
fn a_signature_that_does_not_verify_never_leaves() {
    let (p_256, _) = valid("CN=P-256", KeyAlgorithm::P256);
    let (p_384, _) = valid("CN=P-384", KeyAlgorithm::P384);
    let profile = rendered(&policy(BOTH));
    for (certificate, algorithm) in [
        (&OTHER.0, SignatureAlgorithm::RsaPkcs1v15Sha256),
        (&OTHER.0, SignatureAlgorithm::EcdsaP256Sha256),
        (&p_256, SignatureAlgorithm::EcdsaP256Sha256),
        (&p_384, SignatureAlgorithm::EcdsaP384Sha384),
    ] {
        for bytes in [Vec::new(), vec![0; 256], vec![0x30, 6, 2, 1, 1, 2, 1, 1]] {
            let service = Service { certificate: certificate.clone(), algorithm, answer: Ok(bytes) };
            assert_eq!(sign(&profile, &service, &[], None), Err(SigningError::Mismatch));
        }
    }
    let answer = Err(SigningError::Unavailable("token removed".to_owned()));
    let service = Service { certificate: OTHER.0.clone(), algorithm: SignatureAlgorithm::RsaPkcs1v15Sha256, answer };
    let error = sign(&profile, &service, &[], None).unwrap_err();
    assert_eq!(error.code(), fdescrow::ErrorCode::ProfileSigning);
    let before_1970 = Timestamp::from_unix_seconds(-1).unwrap();
    assert!(matches!(sign(&profile, &service, &[], Some(before_1970)), Err(SigningError::Unsuitable(_))));
}
