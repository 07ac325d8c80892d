//! Which private keys may a call use?

use std::sync::Arc;

use fdescrow::envelope::{
    Bundle, Certificate, Identity, Keyring, PrivateKey,
    identity::{EcIdentity, RejectionSecret, RsaIdentity, UnpaddingIdentity},
    private_key::{IdentityError, pair},
};
use fdescrow_identities::SystemRandomness;

use crate::{
    boundary::{Errors, Output, boundary, produce},
    callback::{Callback, fdescrow_identity_functions},
    certificate::fdescrow_certificates,
    failure::{Failure, fdescrow_result},
    handle::{Handle, borrow, borrow_mut, borrow_some, free, opaque},
    secret::{fdescrow_secret, text_of},
    version::FDESCROW_ABI_VERSION,
    view::fdescrow_bytes,
};

/// Identities: private keys with their certificates. Wiped when it is freed.
#[derive(Debug)]
pub struct fdescrow_keyring {
    handle: Handle,
}
opaque!(fdescrow_keyring, Keyring, b"fdkeyrng");

/// Constructor of `fdescrow_keyring`: one without a key.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_keyring_new(
    keyring_out: Output<'_, fdescrow_keyring>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(keyring_out, error_out, || Ok(Keyring::new()))
}

/// Method of `fdescrow_keyring`: adds the private keys of a file: PEM, DER, PKCS#1, SEC 1, PKCS#8 (encrypted or not), PKCS#12.
///
/// `password`: of an encrypted file; NULL for none. `certificates`: those of the keys, beside those in the file; NULL for none.
/// A message names the certificate that it is sealed to, so that a key without one opens only what is opened `unmatched`.
/// Errors: `IDENTITY_SYNTAX`, `IDENTITY_PASSWORD`, `IDENTITY_MISMATCH`, `IDENTITY_UNSUPPORTED`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_keyring_add_private_keys(
    keyring: Option<&mut fdescrow_keyring>,
    file: fdescrow_bytes,
    password: Option<&fdescrow_secret>,
    certificates: Option<&fdescrow_certificates>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let keyring = borrow_mut(keyring)?;
        let password = borrow_some(password)?.map(text_of).transpose()?;
        let mut bundle = Bundle::parse(file.read()?, password.as_ref())?;
        bundle.certificates.extend(borrow_some(certificates)?.into_iter().flatten().cloned());
        let mut identities = Vec::new();
        for (key, own) in pair([bundle])? {
            identities.push(identity(key, own)?);
        }
        if identities.is_empty() {
            return Err(IdentityError::Syntax("there is no private key in the input").into());
        }
        add(keyring, identities);
        Ok(())
    })
}

/// Method of `fdescrow_keyring`: adds a key in an HSM or key service, whose private operation is yours.
///
/// `certificates`: those made for it, of which the first tells its public key. It is tried once with a message made for it.
/// Whatever the outcome, `functions.free` is called when the context is not needed any more.
/// Errors: `MISUSE` if `functions` is not as it should be, `IDENTITY_UNAVAILABLE` if the key did not answer, or wrongly.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_keyring_add_identity(
    keyring: Option<&mut fdescrow_keyring>,
    certificates: Option<&fdescrow_certificates>,
    functions: Option<&fdescrow_identity_functions>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let functions = *functions.ok_or(Failure::NULL)?;
        let (keyring, certificates) = (borrow_mut(keyring)?, borrow(certificates)?);
        if functions.version != FDESCROW_ABI_VERSION {
            return Err(Failure::misuse("the functions are of another version of the C ABI"));
        }
        let first = certificates.first().ok_or_else(|| Failure::misuse("an identity needs its certificate"))?;
        let public_key = first.public_key();
        let own: Vec<Certificate> =
            certificates.iter().filter(|certificate| certificate.public_key() == public_key).cloned().collect();
        let rng = SystemRandomness::new();
        let rejection = RejectionSecret::random(&rng)?;
        let identity: Arc<dyn Identity> = match Callback::new(functions, public_key).map_err(Failure::misuse)? {
            Callback::Raw(key) => Arc::new(RsaIdentity::new(key, own, rejection)),
            Callback::Unpadding(key) => Arc::new(UnpaddingIdentity::new(key, own, rejection)),
            Callback::Agreement(key) => Arc::new(EcIdentity::new(key, own, rejection)),
        };
        fdescrow::envelope::canary::answers(identity.as_ref(), &rng)?;
        add(keyring, vec![identity]);
        Ok(())
    })
}

/// Method of `fdescrow_keyring`: how many keys it has; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_keyring_count(keyring: Option<&fdescrow_keyring>) -> usize {
    borrow(keyring).map_or(0, |keyring| keyring.identities().len())
}

/// Destructor of `fdescrow_keyring`. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_keyring_free(keyring: Option<Box<fdescrow_keyring>>) {
    free(keyring);
}

fn add(keyring: &mut Keyring, identities: Vec<Arc<dyn Identity>>) {
    let mut with = std::mem::take(keyring);
    for identity in identities {
        with = with.with(identity);
    }
    *keyring = with;
}

#[cfg(feature = "aws-lc")]
fn identity(key: PrivateKey, certificates: Vec<Certificate>) -> Result<Arc<dyn Identity>, IdentityError> {
    fdescrow_identities::aws_lc_identity(key, certificates)
}

#[cfg(not(feature = "aws-lc"))]
fn identity(key: PrivateKey, certificates: Vec<Certificate>) -> Result<Arc<dyn Identity>, IdentityError> {
    Ok(fdescrow::envelope::identity::software_identity(key, certificates, Arc::new(SystemRandomness::new())))
}
