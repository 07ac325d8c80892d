//! Which MDM command makes a Mac replace its recovery key?
//!
//! `RotateFileVaultKey` with `KeyType` personal: the Mac unlocks FileVault with what it is given, makes a new recovery
//! key, which kills the old one, and seals it to a certificate of this command's own. The reply may come without the
//! key; then it is in `SecurityInfo`.

use ::plist::{Dictionary, Value};

use super::{FileVaultCertificate, ProfileError, plist, put};
use crate::{
    key::{Kind, RecoveryKey},
    policy::{Violations, text::is_xml_char},
    secret::{Secret, on_wiped_stack},
};

/// What the Mac unlocks FileVault with, to replace the key.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileVaultUnlock<'a> {
    /// The password of a user who can unlock the disk.
    Password(&'a Secret<str>),
    /// The present recovery key. Apple documents it for CoreStorage volumes only; other servers use it on APFS volumes,
    /// where a Mac may refuse it.
    PersonalRecoveryKey(&'a RecoveryKey),
}

impl FileVaultUnlock<'_> {
    /// Both are sent as `Password`; there is no key for the other.
    fn expose(&self) -> &str {
        match self {
            Self::Password(password) => password.expose(),
            Self::PersonalRecoveryKey(key) => key.expose(),
        }
    }
}

/// Renders the command: an XML property list with `CommandUUID` and `Command`, as an MDM server sends it to the device
/// channel. It holds a secret, and is one.
///
/// The UUID should name the rotation and the attempt, so that a reply can be told from that to another one. The
/// certificate should serve this command alone: its private key opens the new key.
///
/// Apple's schema: `mdm/commands/rotate.file.vault.key.yaml`.
///
/// # Errors
/// [`ProfileError::Policy`] if the UUID is none, the key is not FileVault's, or the password has characters that XML cannot
/// carry or is empty.
pub fn rotate_command(
    command_uuid: &str,
    unlock: &FileVaultUnlock<'_>,
    reply_certificate: &FileVaultCertificate,
) -> Result<Secret<[u8]>, ProfileError> {
    let password = unlock.expose();
    let mut violations = Violations::default();
    let uuid = uuid::Uuid::try_parse(command_uuid);
    violations.require(uuid.is_ok(), "CommandUUID", "is not a UUID", "MDM protocol, CommandUUID");
    let is_other = matches!(unlock, FileVaultUnlock::PersonalRecoveryKey(key) if key.kind() != Kind::FileVault);
    violations.require(!is_other, "FileVaultUnlock.Password", "is a key of another kind", SCHEMA);
    violations.require(!password.is_empty(), "FileVaultUnlock.Password", "is empty", SCHEMA);
    violations.require(
        password.chars().all(is_xml_char),
        "FileVaultUnlock.Password",
        "has characters that XML cannot carry",
        "XML 1.0 §2.2",
    );
    violations.or(())?;

    let mut unlock = Dictionary::new();
    put(&mut unlock, "Password", PLACE);
    let mut command = Dictionary::new();
    put(&mut command, "RequestType", "RotateFileVaultKey");
    put(&mut command, "KeyType", "personal");
    put(&mut command, "FileVaultUnlock", Value::Dictionary(unlock));
    put(&mut command, "ReplyEncryptionCertificate", Value::Data(reply_certificate.certificate().der().to_vec()));
    let mut root = Dictionary::new();
    put(&mut root, "CommandUUID", command_uuid);
    put(&mut root, "Command", Value::Dictionary(command));
    let frame = plist::write(&root)?;
    let frame = std::str::from_utf8(&frame).unwrap_or_default();
    let (before, after) = frame.split_once(PLACE).unwrap_or((frame, ""));
    Ok(on_wiped_stack(|| filled(before, password, after)))
}

const SCHEMA: &str = "rotate.file.vault.key.yaml, FileVaultUnlock";

/// Stands where the password belongs while the library for property lists, which wipes nothing, writes the rest. No UUID and
/// no base64 has these characters.
const PLACE: &str = "{password}";

/// The text around a password that is escaped on the way, in one buffer of the right size.
fn filled(before: &str, password: &str, after: &str) -> Secret<[u8]> {
    let parts = || {
        let symbols = password.char_indices().map(|(start, symbol)| match symbol {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            // a literal one would be read as a line feed
            '\r' => "&#13;",
            other => password.get(start..start.saturating_add(other.len_utf8())).unwrap_or_default(),
        });
        std::iter::once(before).chain(symbols).chain(std::iter::once(after))
    };
    Secret::<[u8]>::filled(parts().map(str::len).sum(), |buffer| {
        let bytes = parts().flat_map(str::bytes);
        buffer.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_escaped_and_put_where_it_belongs() {
        let secret = filled("<a>", "x&<>\r\u{fc}", "</a>");
        assert_eq!(std::str::from_utf8(secret.expose()).unwrap(), "<a>x&amp;&lt;&gt;&#13;\u{fc}</a>");
    }
}
