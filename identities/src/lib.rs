//! Where private keys and randomness come from.
//!
//! Core takes both as arguments; this crate has the ones that need the operating system or, by feature,
//! a C library.
#![forbid(unsafe_code)]

#[cfg(feature = "pkcs11")]
pub mod pkcs11;
mod system;

pub use system::SystemRandomness;
