//! The C ABI of fdescrow.
//!
//! One convention holds for every function (docs/c-abi.md): types are opaque and made and freed by the library; `const T *`
//! is borrowed for the call; an output stands last and is yours to free; every function that can fail returns a
//! `fdescrow_result` and may hand out a `fdescrow_error`; documents are JSON, secrets are only in a `fdescrow_secret`; a
//! panic never crosses. The Rust below is arranged as core is, file by file.
//!
//! Raw pointers are followed in `handle.rs`, `view.rs` and `callback` and nowhere else: the declarations take references that
//! may be NULL, so that their bodies are safe Rust.
#![allow(non_camel_case_types, reason = "C's names")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking"))]
#![cfg_attr(
    not(feature = "server"),
    allow(dead_code, reason = "an agent's library has not all of what the functions share")
)]

mod agent;
mod boundary;
mod certificate;
mod document;
mod envelope;
mod failure;
mod handle;
mod key;
mod owned;
mod secret;
mod version;
mod view;

#[cfg(feature = "server")]
mod callback;
#[cfg(feature = "server")]
mod escrow;
#[cfg(feature = "server")]
mod keyring;
#[cfg(feature = "server")]
mod policy;
#[cfg(feature = "server")]
mod profile;
#[cfg(feature = "server")]
mod store;
#[cfg(feature = "server")]
mod verification;

pub use agent::*;
pub use boundary::{Errors, Output};
pub use certificate::*;
pub use document::*;
pub use envelope::*;
pub use failure::*;
pub use key::*;
pub use owned::*;
pub use secret::*;
pub use version::*;
pub use view::*;

#[cfg(feature = "server")]
pub use {callback::*, escrow::*, keyring::*, policy::*, profile::*, store::*, verification::*};
