//! How is a recovery key sealed to a certificate, and opened with its private key?
//!
//! Certificates and private keys are read here as people keep them: DER, PEM, base64, PKCS#12.

mod armor;
pub mod certificate;
pub mod private_key;

pub use certificate::{
    Certificate, CertificateError, Fingerprint, KeyUsage, NewCertificate, P256PublicKey, P384PublicKey, PublicKey,
    RsaPublicKey, Validity,
};
pub use private_key::{Bundle, IdentityError, KeyAlgorithm, PrivateKey, pair};
