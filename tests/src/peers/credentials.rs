//! The keys and certificates that messages of the interop tests are sealed to.
//!
//! Made by OpenSSL on first use and kept in the target directory: a 4096-bit key for every test
//! process would cost more than all the rest.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::tools::{Missing, built, run};

/// Which of the keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecipientKey {
    /// EC on P-256.
    P256,
    /// EC on P-384.
    P384,
    /// RSA of 2048 bits.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
}

impl RecipientKey {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::P256, Self::P384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// The name in tables and file names.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::P256 => "p-256",
            Self::P384 => "p-384",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
        }
    }
}

/// A private key and its certificate, as PEM files.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// PKCS#8, not encrypted.
    pub key: PathBuf,
    /// Self-signed, with a subject key identifier, no signing CA.
    pub certificate: PathBuf,
}

/// The credentials of this key.
///
/// # Errors
/// [`Missing`] when OpenSSL is not there.
pub fn credentials(key: RecipientKey) -> Result<Credentials, Missing> {
    let folder = built("keys", &[], |folder| RecipientKey::ALL.into_iter().try_for_each(|key| make(key, folder)))?;
    Ok(Credentials {
        key: folder.join(format!("{}.key.pem", key.word())),
        certificate: folder.join(format!("{}.pem", key.word())),
    })
}

fn make(key: RecipientKey, folder: &Path) -> Result<(), Missing> {
    let (usage, algorithm) = match key {
        RecipientKey::P256 => ("keyAgreement", "ec:P-256"),
        RecipientKey::P384 => ("keyAgreement", "ec:P-384"),
        RecipientKey::Rsa2048 => ("keyEncipherment", "rsa:2048"),
        RecipientKey::Rsa3072 => ("keyEncipherment", "rsa:3072"),
        RecipientKey::Rsa4096 => ("keyEncipherment", "rsa:4096"),
    };
    let config = folder.join(format!("{}.cnf", key.word()));
    let text = format!(
        "[req]\ndistinguished_name = name\nx509_extensions = extensions\nprompt = no\n\
         [name]\nO = example.com\nCN = fdescrow tests {}\n\
         [extensions]\nsubjectKeyIdentifier = hash\nkeyUsage = critical, {usage}\n",
        key.word()
    );
    std::fs::write(&config, text)?;
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-nodes", "-days", "3650"]).arg("-config").arg(&config);
    openssl.arg("-keyout").arg(folder.join(format!("{}.key.pem", key.word())));
    openssl.arg("-out").arg(folder.join(format!("{}.pem", key.word()))).arg("-newkey");
    match algorithm.strip_prefix("ec:") {
        Some(curve) => openssl.args(["ec", "-pkeyopt", &format!("ec_paramgen_curve:{curve}")]),
        None => openssl.arg(algorithm),
    };
    run(&mut openssl)
}
