//! The bare RSA private operation, which AWS-LC has and `aws-lc-rs` has not: all unsafe code of this crate.
//!
//! What goes in and out is slices and keys that were checked; every pointer handed to C comes from one of them and
//! is not kept by it.

use std::{fmt, ptr::NonNull};

use aws_lc_sys::{RSA, RSA_NO_PADDING, RSA_decrypt, RSA_free, RSA_private_key_from_bytes};
use fdescrow::Secret;

/// An RSA private key of AWS-LC, with all that the Chinese remainder theorem needs. Never null; ours alone.
pub(super) struct RsaKey(NonNull<RSA>);

// SAFETY: an RSA object is not bound to a thread, and this one has a single owner.
unsafe impl Send for RsaKey {}

// SAFETY: shared, it is only given to `RSA_decrypt`, which openssl/rsa.h ("Encryption / Decryption") declares
// non-mutating for thread safety and free to be used concurrently: what is kept for blinding has a lock of its own.
unsafe impl Sync for RsaKey {}

impl RsaKey {
    /// Reads RSAPrivateKey (RFC 8017 §A.1.2), and checks that its numbers belong together.
    pub(super) fn from_pkcs1(der: &[u8]) -> Option<Self> {
        // SAFETY: pointer and length are those of one slice, which is read during the call and not kept. The result is
        // null or a new object that is the caller's to free.
        NonNull::new(unsafe { RSA_private_key_from_bytes(der.as_ptr(), der.len()) }).map(Self)
    }

    /// `input` to the power of d, blinded; both as long as the modulus. `None` if AWS-LC refuses, or has no memory.
    pub(super) fn private(&self, input: &[u8]) -> Option<Secret<[u8]>> {
        let (mut done, mut written) = (0, 0);
        let output = Secret::<[u8]>::filled(input.len(), |output| {
            // SAFETY: the key lives as long as `self`; see `Sync` for why a shared one may be passed as `*mut`. Both
            // slices are given with their own lengths and do not overlap; no more than `output.len()` octets are
            // written, and `written` outlives the call.
            done = unsafe {
                RSA_decrypt(
                    self.0.as_ptr(),
                    &raw mut written,
                    output.as_mut_ptr(),
                    output.len(),
                    input.as_ptr(),
                    input.len(),
                    RSA_NO_PADDING,
                )
            };
        });
        (done == 1 && written == input.len()).then_some(output)
    }
}

impl Drop for RsaKey {
    fn drop(&mut self) {
        // SAFETY: the object is ours and has not been freed. AWS-LC wipes what it frees.
        unsafe { RSA_free(self.0.as_ptr()) }
    }
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaKey([redacted])")
    }
}
