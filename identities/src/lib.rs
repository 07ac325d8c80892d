//! Where private keys and randomness come from.
//!
//! Core takes both as arguments; this crate has the ones that need the operating system or, by feature,
//! a C library.
#![deny(unsafe_code)]

#[cfg(feature = "aws-lc")]
mod aws_lc;
mod system;

#[cfg(feature = "aws-lc")]
pub use aws_lc::aws_lc_identity;
pub use system::SystemRandomness;
