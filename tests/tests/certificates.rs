//! Are certificates and private keys read in every form in which OpenSSL and others write them, and are ours
//! read by them?
//!
//! Every key is made by OpenSSL while the test runs; none is kept.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "certificates/generated.rs"]
mod generated;
#[path = "certificates/keys.rs"]
mod keys;
#[path = "certificates/pkcs12.rs"]
mod pkcs12;
#[path = "certificates/read.rs"]
mod read;

use std::path::PathBuf;
use std::process::Command;

use fdescrow::Secret;
use fdescrow::envelope::{Bundle, IdentityError};
use fdescrow_tests::ScratchDir;
use fdescrow_tests::peers::{Missing, missing};

/// A folder in which OpenSSL works.
struct Workshop(ScratchDir);

impl Workshop {
    /// `None`, with the reason on standard error, where there is no OpenSSL.
    fn open(name: &str) -> Option<Self> {
        match Command::new("openssl").arg("version").output() {
            Ok(_) => Some(Self(fdescrow_tests::scratch(name))),
            Err(error) => {
                missing(&Missing(format!("openssl: {error}")));
                None
            }
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    /// Runs `openssl` with arguments that have no spaces in them, and gives what it printed.
    fn openssl(&self, arguments: &str) -> String {
        self.try_openssl(arguments).unwrap_or_else(|error| panic!("openssl {arguments}: {error}"))
    }

    fn try_openssl(&self, arguments: &str) -> Result<String, String> {
        let mut openssl = Command::new("openssl");
        let output = openssl.args(arguments.split(' ')).current_dir(self.0.path()).output().unwrap();
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.path(file)).unwrap()
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(file), content).unwrap();
    }

    /// A key and a self-signed certificate over it: `NAME.key`, `NAME.crt`.
    fn identity(&self, name: &str, key: &str) {
        self.openssl(&format!("genpkey {key} -out {name}.key"));
        self.openssl(&format!("req -x509 -new -key {name}.key -subj /CN={name} -days 30 -out {name}.crt"));
    }

    /// The DER of the public half, by OpenSSL.
    fn public(&self, key: &str) -> Vec<u8> {
        self.openssl(&format!("pkey -in {key} -pubout -outform DER -out public.der"));
        self.read("public.der")
    }
}

const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
const P384: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-384";

fn secret(text: &str) -> Secret<str> {
    Secret::<str>::copy_from(text)
}

fn bundle(bytes: &[u8], password: Option<&str>) -> Result<Bundle, IdentityError> {
    let password = password.map(secret);
    Bundle::parse(bytes, password.as_ref())
}

/// Whether the bundle has exactly one private key, whose own PKCS#8 OpenSSL takes for the key in `file`.
fn same_key(workshop: &Workshop, found: &Bundle, file: &str) -> bool {
    let [key] = found.private_keys.as_slice() else { return false };
    workshop.write("ours.key", key.to_pkcs8_pem().expose());
    workshop.openssl("pkey -in ours.key -check -noout");
    workshop.public("ours.key") == workshop.public(file)
}
