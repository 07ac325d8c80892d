//! Which private keys may a command use?
//!
//! Those in the files named by `--identity`: keys, certificates or both, in any form the library reads. A key and
//! its certificate are matched by public key, whichever files they are in.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use fdescrow::{
    Secret,
    envelope::{
        Certificate, Envelope, Identity, Keyring, Limits, PrivateKey,
        private_key::{Bundle, IdentityError, pair},
    },
};

use crate::{
    exit::{Exit, Failure},
    input::{self, Passwords},
    world::World,
};

/// The options of every command that opens something.
#[derive(Args, Debug)]
pub(crate) struct IdentityArguments {
    /// Private keys and certificates: PEM, DER, PKCS#1, SEC 1, PKCS#8 (encrypted or not), PKCS#12; a key and its
    /// certificate may come in two files
    #[arg(long = "identity", value_name = "F", num_args = 1.., required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) password: PasswordArguments,
}

/// How an encrypted file gets its password.
#[derive(Args, Debug)]
pub(crate) struct PasswordArguments {
    /// Reads the password of encrypted files from this open file descriptor, one line for all; a file with an empty
    /// password opens, too. Without it a terminal asks
    #[arg(long, value_name = "N")]
    pub(crate) password_fd: Option<u32>,
}

/// What the files held.
#[derive(Debug)]
pub(crate) struct Identities {
    /// The identities.
    pub(crate) keyring: Keyring,
    /// Every certificate, with or without its key.
    pub(crate) certificates: Vec<Certificate>,
    /// Whether a key came without a certificate, so that a message cannot name it.
    pub(crate) unmatched: bool,
}

impl IdentityArguments {
    /// Reads the files.
    pub(crate) fn load(&self, world: &World<'_>) -> Result<Identities, Failure> {
        let bundles = read_bundles(&self.files, self.password.password_fd)?;
        let certificates = bundles.iter().flat_map(|bundle| bundle.certificates.clone()).collect();
        let paired = pair(bundles)?;
        if paired.is_empty() {
            return Err(IdentityError::Syntax("none of the files given with --identity has one").into());
        }
        let unmatched = paired.iter().any(|(_, own)| own.is_empty());
        let keyring = paired.into_iter().map(|(key, own)| identity(key, own, world)).collect::<Result<_, _>>()?;
        Ok(Identities { keyring, certificates, unmatched })
    }

    /// The same for work over a store, where messages are matched by the certificates that they name.
    pub(crate) fn load_certified(&self, world: &World<'_>) -> Result<Identities, Failure> {
        let identities = self.load(world)?;
        if identities.unmatched {
            world
                .output
                .note("a private key has no certificate beside it: messages that name a certificate pass it by");
        }
        Ok(identities)
    }
}

/// The identity of a private key from a file, used by AWS-LC.
#[cfg(feature = "aws-lc")]
pub(crate) fn identity(
    key: PrivateKey,
    certificates: Vec<Certificate>,
    _: &World<'_>,
) -> Result<Arc<dyn Identity>, IdentityError> {
    fdescrow_identities::aws_lc_identity(key, certificates)
}

/// The identity of a private key from a file, in pure Rust.
#[cfg(not(feature = "aws-lc"))]
pub(crate) fn identity(
    key: PrivateKey,
    certificates: Vec<Certificate>,
    world: &World<'_>,
) -> Result<Arc<dyn Identity>, IdentityError> {
    Ok(fdescrow::envelope::identity::software_identity(key, certificates, world.shared_randomness()))
}

/// What each of the files holds.
pub(crate) fn read_bundles(files: &[PathBuf], password_fd: Option<u32>) -> Result<Vec<Bundle>, Failure> {
    let passwords = Passwords::new(password_fd);
    let password = passwords.descriptor_line()?;
    files.iter().map(|file| read_bundle(file, password.as_ref(), &passwords)).collect()
}

fn read_bundle(file: &Path, password: Option<&Secret<str>>, passwords: &Passwords) -> Result<Bundle, Failure> {
    // A file that cannot be read is an identity that cannot be reached: nothing is known about the message.
    let bytes = input::read(Some(file)).map_err(|failure| failure.exit(Exit::Unavailable))?;
    let about = |error| Failure::from(error).about(file.display());
    match Bundle::parse(&bytes, password) {
        Err(IdentityError::PasswordMissing) => {
            let password = passwords.prompt(&file.display().to_string())?;
            Bundle::parse(&bytes, password.as_ref()).map_err(about)
        }
        // One password was given for all files, and some of them have none.
        Err(IdentityError::PasswordWrong) if password.is_some() => {
            Bundle::parse(&bytes, None).map_err(|_| about(IdentityError::PasswordWrong))
        }
        result => result.map_err(about),
    }
}

/// The message's file where it stands behind the last of several values of an option (`--identity KEY MESSAGE`):
/// a value that is a message, or at least neither key nor certificate.
pub(crate) fn split_off_message(values: &mut Vec<PathBuf>, file: Option<PathBuf>) -> Option<PathBuf> {
    if file.is_some() || values.len() < 2 {
        return file;
    }
    values.pop_if(|path| path.as_os_str() == "-" || input::read(Some(path)).is_ok_and(|bytes| is_message(&bytes)))
}

fn is_message(bytes: &[u8]) -> bool {
    Envelope::parse(bytes, &Limits::default()).is_ok()
        || matches!(Bundle::parse(bytes, None), Err(IdentityError::Syntax(_)))
}
