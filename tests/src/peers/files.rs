//! The command line that the programs under `peers/` share: files in, a file out.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::tools::{Missing, run};
use crate::ScratchDir;

use super::{PeerError, SealRequest};

/// `PROGRAM seal … --certificate C… --in plaintext --out message`.
pub(super) fn seal_by_files(
    peer: &'static str,
    request: &SealRequest<'_>,
    program: Command,
) -> Result<Vec<u8>, PeerError> {
    seal(request, program).map_err(|Missing(words)| PeerError { peer, words })
}

fn seal(request: &SealRequest<'_>, mut program: Command) -> Result<Vec<u8>, Missing> {
    let scratch = crate::scratch("peer");
    let message = scratch.join("message.der");
    program.arg("seal").args(request.shape.arguments());
    for certificate in request.certificates {
        program.arg("--certificate").arg(certificate);
    }
    program.arg("--in").arg(file(&scratch, "plaintext", request.plaintext)?);
    run(program.arg("--out").arg(&message))?;
    Ok(std::fs::read(message)?)
}

/// The file with the password of a private key that is encrypted: it stands beside it.
pub(super) fn password_of(key: &Path) -> Option<PathBuf> {
    let password = password_beside(key);
    password.exists().then_some(password)
}

/// Where the password of this private key stands, if it is encrypted.
#[must_use]
pub fn password_beside(key: &Path) -> PathBuf {
    PathBuf::from(format!("{}.password", key.display()))
}

/// `PROGRAM open --key K [--password-file P] --certificate C --in message --out plaintext`.
pub(super) fn open_by_files(
    peer: &'static str,
    message: &[u8],
    key: &Path,
    certificate: &Path,
    program: Command,
) -> Result<Vec<u8>, PeerError> {
    open(message, key, certificate, program).map_err(|Missing(words)| PeerError { peer, words })
}

fn open(message: &[u8], key: &Path, certificate: &Path, mut program: Command) -> Result<Vec<u8>, Missing> {
    let scratch = crate::scratch("peer");
    let plaintext = scratch.join("plaintext");
    program.arg("open").arg("--key").arg(key).arg("--certificate").arg(certificate);
    if let Some(password) = password_of(key) {
        program.arg("--password-file").arg(password);
    }
    program.arg("--in").arg(file(&scratch, "message.der", message)?);
    run(program.arg("--out").arg(&plaintext))?;
    Ok(std::fs::read(plaintext)?)
}

/// A file of this name in the folder, holding these bytes.
pub(super) fn file(folder: &ScratchDir, name: &str, bytes: &[u8]) -> Result<PathBuf, Missing> {
    let path = folder.join(name);
    std::fs::write(&path, bytes)?;
    Ok(path)
}
