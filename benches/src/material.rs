//! What does every harness read?
//!
//! Files in one folder, made anew for each run: keys and certificates, messages sealed to them, what is inside, and
//! what the bare private operation gives of a wrapped key, right and wrong. The messages that macOS writes are made by
//! the generator of the tests.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use fdescrow::{
    Kind, RecoveryKey, Secret, Timestamp,
    envelope::{
        Certificate, Envelope, Format, Identity, Keyring, NewCertificate, Payload, PrivateKey, identity::WrappedKey,
        identity::software_identity, private_key, seal,
    },
    policy::{FileVaultPolicy, OrganizationDetails, OrganizationSettings, Policy},
    profile::{FileVaultCertificate, OpensWith},
};
use fdescrow_identities::SystemRandomness;
use fdescrow_tests::generator::{
    Authority, Blueprint, ContentLayout, KeyTransport,
    asn1::{Length, Node},
    filevault_prk,
    forge::Forge,
    primitives,
    primitives::Cipher,
};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use rsa::{BoxedUint, hazmat::rsa_decrypt_and_check, pkcs8::DecodePrivateKey};

use crate::{Failure, private::CLASSES};

/// Who opens: the key as which library uses it.
#[derive(Clone, Copy)]
pub(crate) enum Library {
    #[cfg(feature = "aws-lc")]
    AwsLc,
    Rust,
}

/// Thousands of octets of the messages whose structure is read, up to the limit of 64 KiB.
pub(crate) const SIZES: [usize; 4] = [1, 4, 16, 64];

/// Blocks of each class of failures: what they cost on average counts.
const BLOCKS: usize = 16;

/// The files of a run.
pub(crate) struct Material {
    folder: PathBuf,
}

impl Material {
    pub(crate) fn new(folder: &str) -> Self {
        Self { folder: folder.into() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        fs::read(self.path(name)).map_err(|error| format!("{name}: {error}").into())
    }

    pub(crate) fn text(&self, name: &str) -> Result<String, Failure> {
        Ok(String::from_utf8(self.read(name)?)?)
    }

    /// The certificate of `rsa` or `p256`.
    pub(crate) fn certificate(&self, whose: &str) -> Result<Certificate, Failure> {
        Ok(Certificate::parse(&self.read(&format!("{whose}.pem"))?)?)
    }

    /// The identity of `rsa` or `p256`.
    pub(crate) fn identity(&self, whose: &str, library: Library) -> Result<Arc<dyn Identity>, Failure> {
        let key = PrivateKey::parse_all(&self.read(&format!("{whose}.key.pem"))?, None)?.pop().ok_or("no key")?;
        let certificates = vec![self.certificate(whose)?];
        Ok(match library {
            #[cfg(feature = "aws-lc")]
            Library::AwsLc => fdescrow_identities::aws_lc_identity(key, certificates)?,
            Library::Rust => software_identity(key, certificates, Arc::new(SystemRandomness::new())),
        })
    }

    pub(crate) fn keyring(&self, whose: &str, library: Library) -> Result<Keyring, Failure> {
        Ok(Keyring::new().with(self.identity(whose, library)?))
    }

    /// Blocks that were written one behind the other, each as long as the modulus.
    pub(crate) fn blocks(&self, name: &str) -> Result<Vec<Vec<u8>>, Failure> {
        Ok(self.read(name)?.chunks(MODULUS).map(<[u8]>::to_vec).collect())
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        fs::write(self.path(name), bytes).map_err(|error| format!("{name}: {error}").into())
    }
}

/// Octets of an RSA-2048 modulus.
const MODULUS: usize = 256;

pub(crate) fn now() -> Result<Timestamp, Failure> {
    Ok("2026-11-24T12:00:00Z".parse()?)
}

/// What the profile is rendered from.
pub(crate) fn profile_input(
    material: &Material,
) -> Result<(FileVaultPolicy, FileVaultCertificate, OrganizationDetails), Failure> {
    let policy = Policy::from_toml(
        "[filevault.enforcement]\nmax_bypass_attempts = 0\nshow_recovery_key = false\n\
         [filevault.escrow]\nlocation = 'Example Ltd'\n\
         [filevault.options]\ndont_allow_disable = true\n",
    )?;
    let policy = policy.filevault().ok_or("no FileVault")?.clone();
    let certificate = FileVaultCertificate::new(material.certificate("rsa")?, OpensWith::Pkcs1v15, now()?)?;
    let mut settings = OrganizationSettings::default();
    settings.id = "example.com".to_owned();
    settings.name = Some("Example Ltd".to_owned());
    settings.identifier = "com.example".to_owned();
    Ok((policy, certificate, OrganizationDetails::new(settings)?))
}

/// The authority of the material, for the generator.
pub(crate) fn authority(material: &Material) -> Result<Authority, Failure> {
    let certificate = material.certificate("rsa")?;
    Ok(Authority {
        key: rsa::PrivateKey::from_pkcs8_pem(&material.text("rsa.key.pem")?)?,
        certificate: certificate.der().to_vec(),
        issuer: Node::parse(certificate.issuer_der()).ok_or("no name")?,
        serial: certificate.serial_number().to_vec(),
        key_identifier: certificate.subject_key_identifier().unwrap_or_default().to_vec(),
    })
}

/// Makes the files.
pub(crate) fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    let material = Material { folder: folder.to_path_buf() };
    let rng = SystemRandomness::new();
    let authority = Authority::escrow("Escrow");
    material.write("rsa.pem", authority.certificate_pem())?;
    material.write("rsa.key.pem", authority.key_pem())?;
    let new = NewCertificate::new(
        "CN=Escrow of agents",
        private_key::KeyAlgorithm::P256,
        "2026-01-01T00:00:00Z".parse()?,
        "2036-01-01T00:00:00Z".parse()?,
    )?;
    let (p256, key) = new.generate(&rng)?;
    material.write("p256.pem", p256.to_pem())?;
    material.write("p256.key.pem", key.to_pkcs8_pem().expose())?;

    let text = RecoveryKey::generate(Kind::FileVault, &rng)?.expose().to_owned();
    material.write("key.txt", &text)?;
    let filevault = filevault_prk(&authority, text.as_bytes(), &[24]);
    material.write("filevault.der", &filevault)?;
    let payload = Payload::bare(RecoveryKey::parse_exact(Kind::FileVault, &Secret::<str>::copy_from(&text))?);
    let rsa = material.certificate("rsa")?;
    let aes = Envelope::seal(&payload, &[&rsa], Format::EnvelopedPkcs1v15, &rng)?;
    material.write("filevault-aes.der", aes.der())?;
    material.write("p256.der", seal(&payload, &[&p256], &rng)?.der())?;
    let auth = seal(&payload, &[&rsa], &rng)?;
    material.write("auth.der", auth.der())?;
    let mut tampered = Forge::of(auth.der());
    let tag = tampered.mac().content().iter().map(|octet| !octet).collect::<Vec<_>>();
    *tampered.mac() = Node::octet_string(tag);
    material.write("auth-tampered.der", tampered.encode())?;

    for size in SIZES {
        let chunks = Blueprint {
            outer: Length::Indefinite,
            content: ContentLayout::Chunks(vec![1000; size.saturating_sub(1)], Length::Indefinite),
            ..Blueprint::new(Cipher::TripleDesCbc, KeyTransport::Pkcs1 { null: true })
        };
        let message = chunks.seal(&[&authority], &vec![b'x'; (size * 1000).saturating_sub(400)]);
        material.write(&format!("large-{size}.der"), message)?;
    }
    let (policy, certificate, organization) = profile_input(&material)?;
    let profile = fdescrow::profile::render(&policy, Some(&certificate), &organization)?;
    material.write("profile.plist", profile.as_bytes())?;
    make_blocks(&material, &authority, &filevault, auth.der())
}

/// What the private operation gives: of the wrapped keys of the messages, and of wrong ones.
fn make_blocks(material: &Material, authority: &Authority, filevault: &[u8], auth: &[u8]) -> Result<(), Failure> {
    let identity = material.identity("rsa", Library::Rust)?;
    for (name, message, length) in [("pkcs1", filevault, 24), ("oaep", auth, 32)] {
        let wrapped = Forge::of(message).encrypted_key().content();
        material.write(&format!("wrapped-{name}"), &wrapped)?;
        let algorithm = crate::private::algorithm(name)?;
        let content_key = identity.unwrap(&WrappedKey::transported(&algorithm, &wrapped, length))?;
        material.write(&format!("content-key-{name}"), content_key.expose())?;
        let block = decrypted(authority, &wrapped)?;
        for class in CLASSES.iter().filter(|class| class.scheme == name) {
            let mut blocks = Vec::new();
            for _ in 0..BLOCKS {
                let mut block = match class.content_key_octets {
                    Some(length) => decrypted(authority, &wrap(authority, name, &primitives::random(length)))?,
                    None => block.clone(),
                };
                (class.change)(&mut block);
                blocks.extend_from_slice(&block);
            }
            material.write(&format!("blocks-{}", class.name), blocks)?;
        }
    }
    Ok(())
}

fn wrap(authority: &Authority, scheme: &str, content_key: &[u8]) -> Vec<u8> {
    let key = authority.key.to_public_key();
    match scheme {
        "pkcs1" => primitives::wrap_pkcs1(&key, content_key),
        _ => primitives::wrap_oaep(&key, primitives::Hash::Sha256, primitives::Hash::Sha256, &[], content_key),
    }
}

/// The bare private operation.
fn decrypted(authority: &Authority, ciphertext: &[u8]) -> Result<Vec<u8>, Failure> {
    let input = BoxedUint::from_be_slice(ciphertext, 2048)?;
    let output = rsa_decrypt_and_check(&authority.key, Some(&mut UnwrapErr(SysRng)), &input)?;
    let octets = output.to_be_bytes();
    octets.get(octets.len().saturating_sub(MODULUS)..).map(<[u8]>::to_vec).ok_or_else(|| "short".into())
}
