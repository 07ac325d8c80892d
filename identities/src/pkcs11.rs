//! Private keys in an HSM, a smart card or whatever else has a PKCS #11 module.
//!
//! [`TokenKey`] says where a key is and opens it as an [`Identity`]. The token does as
//! little as it allows: the bare RSA operation (`CKM_RSA_X_509`) or the bare key agreement (`CKM_ECDH1_DERIVE`
//! without a KDF), so that all unpadding is done in core, in constant time. A token that only unpads by itself
//! answers a failure with a substitute, whatever it called the failure.
//!
//! Three rules follow from what tokens do:
//!
//! - What a token refuses is not *unavailable*: some report bad padding as `CKR_GENERAL_ERROR`, which others report
//!   when they are broken. The canary of core tells which of the two it was.
//! - Sessions are opened when they are needed, and again when they were lost. A module that knows its token no more
//!   is started anew, once a second at most.
//! - A PIN that was refused is never tried again: a token locks itself after a few.

mod error;
mod identity;
mod key;
mod module;
mod search;
mod uri;

use std::{fmt, path::PathBuf, sync::Arc};

use fdescrow::{
    Secret,
    envelope::{Certificate, Identity},
};

pub use error::TokenError;
pub use uri::TokenUri;

/// What asks for the PIN of a token, by the token's label; `None` where there is none to be had.
///
/// Called at each log-in: at the first, and whenever the token was gone or its module started anew.
pub type Pin = dyn Fn(&str) -> Option<Secret<str>> + Send + Sync;

/// Which private key, in which token, by which module? What is not named may be anything, and exactly one token and
/// one key must fit.
///
/// ```no_run
/// use fdescrow::{Secret, envelope::Keyring};
/// use fdescrow_identities::pkcs11::TokenKey;
///
/// let key = TokenKey::new("/usr/lib/softhsm/libsofthsm2.so").token("escrow").label("fleet 2026");
/// let identity = key.open(&[], |_token| std::fs::read_to_string("/run/escrow/pin").ok().map(Secret::from_string))?;
/// let keyring = Keyring::new().with(identity);
/// # Ok::<(), fdescrow_identities::pkcs11::TokenError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenKey {
    module: PathBuf,
    slot: Option<u64>,
    token: Option<String>,
    serial: Option<String>,
    manufacturer: Option<String>,
    model: Option<String>,
    label: Option<String>,
    id: Option<Vec<u8>>,
}

impl TokenKey {
    /// A key behind a PKCS #11 module: a path, or a name that the system's loader finds. The module is code that runs
    /// in this process.
    pub fn new(module: impl Into<PathBuf>) -> Self {
        Self {
            module: module.into(),
            slot: None,
            token: None,
            serial: None,
            manufacturer: None,
            model: None,
            label: None,
            id: None,
        }
    }

    /// In the token with this label.
    #[must_use]
    pub fn token(mut self, label: impl Into<String>) -> Self {
        self.token = Some(label.into());
        self
    }

    /// In the token with this serial number.
    #[must_use]
    pub fn serial(mut self, serial: impl Into<String>) -> Self {
        self.serial = Some(serial.into());
        self
    }

    /// The key with this label (`CKA_LABEL`).
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The key with this identifier (`CKA_ID`).
    #[must_use]
    pub fn id(mut self, id: impl Into<Vec<u8>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Opens the key. Its certificates are those in the token under the key's `CKA_ID`, and of `certificates` those
    /// that are for its public key. Before it is answered the identity has opened what is known to open.
    ///
    /// `pin` is called at each log-in with the token's label, and not at all where the token needs none or has a
    /// keypad of its own.
    ///
    /// # Errors
    /// [`TokenError`]. A token that is there and refuses the PIN is not asked a second time.
    pub fn open(
        &self,
        certificates: &[Certificate],
        pin: impl Fn(&str) -> Option<Secret<str>> + Send + Sync + 'static,
    ) -> Result<Arc<dyn Identity>, TokenError> {
        identity::open(self.clone(), certificates, Arc::new(pin))
    }
}

impl fmt::Display for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the private key")?;
        if let Some(label) = &self.label {
            write!(f, " {label:?}")?;
        }
        if let Some(id) = &self.id {
            f.write_str(" with id ")?;
            id.iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
        }
        match self.token.as_ref().or(self.serial.as_ref()) {
            Some(token) => write!(f, " in the token {token:?}"),
            None => f.write_str(" in the token"),
        }
    }
}
