//! What is a recovery key in C?

use fdescrow::{Kind, RecoveryKey, Secret, key::KeyError};
use fdescrow_identities::SystemRandomness;

use crate::{
    boundary::{Errors, Output, produce},
    failure::{Failure, fdescrow_result},
    handle::{Handle, borrow, free, opaque},
    secret::{bytes_of, fdescrow_secret, text_of},
    view::fdescrow_str,
};

/// A recovery key that is well-formed: of a Mac (`filevault`), a Windows PC (`bitlocker`) or a Linux machine (`luks`, `systemd`,
/// `snapd`). Wiped when it is freed.
#[derive(Debug)]
pub struct fdescrow_key {
    handle: Handle,
}
opaque!(fdescrow_key, RecoveryKey, b"fde_key_");

/// Constructor of `fdescrow_key`: reads what a person types. Spaces, missing dashes, lower case and look-alikes are understood.
///
/// `kind` is `filevault`, `bitlocker`, `luks`, `systemd` or `snapd`.
/// Errors: `KEY_FORMAT`, whose message names the group that is wrong and never repeats it; `MISUSE` for another kind.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_key_parse_typed(
    kind: fdescrow_str,
    text: Option<&fdescrow_secret>,
    key_out: Output<'_, fdescrow_key>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    parse(kind, text, key_out, error_out, RecoveryKey::parse_typed)
}

/// Constructor of `fdescrow_key`: reads the exact form, as an envelope holds it.
///
/// Errors: as `fdescrow_key_parse_typed`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_key_parse_exact(
    kind: fdescrow_str,
    text: Option<&fdescrow_secret>,
    key_out: Output<'_, fdescrow_key>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    parse(kind, text, key_out, error_out, RecoveryKey::parse_exact)
}

type Parser = fn(Kind, &Secret<str>) -> Result<RecoveryKey, KeyError>;

fn parse(
    kind: fdescrow_str,
    text: Option<&fdescrow_secret>,
    key_out: Output<'_, fdescrow_key>,
    error_out: Errors<'_>,
    parser: Parser,
) -> fdescrow_result {
    produce(key_out, error_out, || Ok(parser(kind_of(kind)?, &text_of(borrow(text)?)?)?))
}

/// Constructor of `fdescrow_key`: makes a new one from the randomness of the operating system.
///
/// Errors: `RANDOMNESS_UNAVAILABLE`; `MISUSE` for a kind that is not one of those of `fdescrow_key_parse_typed`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_key_generate(
    kind: fdescrow_str,
    key_out: Output<'_, fdescrow_key>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(key_out, error_out, || Ok(RecoveryKey::generate(kind_of(kind)?, &SystemRandomness::new())?))
}

/// Method of `fdescrow_key`: its kind, as a word; empty for NULL. It is there as long as the library is.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_key_kind(key: Option<&fdescrow_key>) -> fdescrow_str {
    borrow(key).map_or(fdescrow_str::EMPTY, |key| fdescrow_str::of(key.kind().as_str()))
}

/// Method of `fdescrow_key`: its text in canonical form, as the system that it unlocks prints it.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_key_secret(
    key: Option<&fdescrow_key>,
    secret_out: Output<'_, fdescrow_secret>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(secret_out, error_out, || Ok(bytes_of(borrow(key)?.expose())))
}

/// Destructor of `fdescrow_key`, which wipes it. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_key_free(key: Option<Box<fdescrow_key>>) {
    free(key);
}

pub(crate) fn kind_of(word: fdescrow_str) -> Result<Kind, Failure> {
    let word = word.read()?;
    let known = Kind::ALL.iter().copied().find(|kind| kind.as_str() == word);
    known.ok_or_else(|| {
        Failure::misuse("there is no such kind of key: filevault, bitlocker, luks, systemd and snapd are known")
    })
}

/// The key once more: what is sealed is taken from its owner.
pub(crate) fn copied(key: &RecoveryKey) -> Result<RecoveryKey, Failure> {
    Ok(RecoveryKey::parse_exact(key.kind(), &Secret::<str>::copy_from(key.expose()))?)
}
