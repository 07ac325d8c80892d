//! How does a secret cross?

use fdescrow::Secret;

use crate::{
    boundary::{Errors, Output, produce},
    failure::{Failure, fdescrow_result},
    handle::{Handle, borrow, free, opaque},
    view::fdescrow_bytes,
};

/// A secret: a recovery key, a password, a private key. Its memory is wiped when it is freed.
///
/// A copy that you make of what `fdescrow_secret_expose` shows is yours to wipe.
#[derive(Debug)]
pub struct fdescrow_secret {
    handle: Handle,
}
opaque!(fdescrow_secret, Secret<[u8]>, b"fdsecret");

/// Constructor of `fdescrow_secret`: a copy of these bytes, which stay yours to wipe.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_secret_new(
    bytes: fdescrow_bytes,
    secret_out: Output<'_, fdescrow_secret>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(secret_out, error_out, || Ok(Secret::<[u8]>::copy_from(bytes.read()?)))
}

/// Method of `fdescrow_secret`: shows it, borrowed from the secret; empty for NULL. The only function that shows one.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_secret_expose(secret: Option<&fdescrow_secret>) -> fdescrow_bytes {
    borrow(secret).map_or(fdescrow_bytes::EMPTY, |secret| fdescrow_bytes::of(secret.expose()))
}

/// Destructor of `fdescrow_secret`, which wipes it. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_secret_free(secret: Option<Box<fdescrow_secret>>) {
    free(secret);
}

/// The text of a secret.
pub(crate) fn text_of(secret: &Secret<[u8]>) -> Result<Secret<str>, Failure> {
    std::str::from_utf8(secret.expose()).map(Secret::<str>::copy_from).map_err(|_| Failure::NOT_UTF8)
}

/// A text as a secret of bytes.
pub(crate) fn bytes_of(text: &str) -> Secret<[u8]> {
    Secret::<[u8]>::copy_from(text.as_bytes())
}
