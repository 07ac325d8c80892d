//! How is a key in a token opened, and where does its PIN come from?
//!
//! From the file that `pin-source` names, else from the file descriptor, else from whoever sits at the terminal. It is
//! read once and kept until the command ends: a token that was gone and came back asks for it again.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use fdescrow::{
    Secret,
    envelope::{Certificate, Identity},
};
use fdescrow_identities::pkcs11::TokenUri;

use super::PasswordArguments;
use crate::{
    exit::{Exit, Failure},
    input::{self, Passwords},
};

/// The keys that these URIs name.
pub(super) fn open_all(
    uris: &[PathBuf],
    certificates: &[Certificate],
    password: &PasswordArguments,
) -> Result<Vec<Arc<dyn Identity>>, Failure> {
    if uris.is_empty() {
        return Ok(Vec::new());
    }
    // A descriptor can be read once, and so its line is for all of them.
    let line = Passwords::new(password.password_fd).descriptor_line()?;
    uris.iter().map(|uri| open(uri, certificates, line.as_ref())).collect()
}

fn open(uri: &Path, certificates: &[Certificate], line: Option<&Secret<str>>) -> Result<Arc<dyn Identity>, Failure> {
    let uri: TokenUri = uri.to_str().unwrap_or_default().parse()?;
    let known = match &uri.pin_source {
        Some(file) => Some(read_pin(file)?),
        None => line.map(|line| Secret::<str>::copy_from(line.expose())),
    };
    let known = Mutex::new(known);
    let pin = move |token: &str| {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            *known = Passwords::new(None).prompt(&format!("the token {token} (PIN)")).ok().flatten();
        }
        known.as_ref().map(|pin| Secret::<str>::copy_from(pin.expose()))
    };
    uri.key.open(certificates, pin).map_err(|error| Failure::from(error).about(&uri.key))
}

/// The first line of a file.
fn read_pin(file: &Path) -> Result<Secret<str>, Failure> {
    let bytes = input::read(Some(file)).map_err(|failure| failure.exit(Exit::Unavailable).about("pin-source"))?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") | Err(_) => Err(Failure::file(format!("pin-source: {} holds no PIN", file.display()))),
        Ok(line) => Ok(Secret::<str>::copy_from(line)),
    }
}
