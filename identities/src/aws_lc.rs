//! Private keys in memory, used by AWS-LC.
//!
//! Only the bare operations are AWS-LC's. Unpadding, key derivation and rejection are core's, as with the software
//! identity: the two answer alike for every input, and differ in speed.

#[expect(unsafe_code, reason = "the bare RSA operation has no safe form")]
mod sys;

use std::sync::Arc;

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ParsedPublicKey, UnparsedPublicKey};
use fdescrow::{
    Secret,
    envelope::{
        Certificate, PrivateKey, PublicKey,
        certificate::RsaPublicKey,
        identity::{EcIdentity, Identity, RawEcdh, RawRsa, RejectionSecret, RsaIdentity, Unavailable},
        private_key::IdentityError,
    },
};
use pkcs8::PrivateKeyInfoRef;

/// An identity over a private key in memory: `software_identity` of core with the arithmetic of AWS-LC.
///
/// RSA operations are blinded, with AWS-LC's own randomness, and checked against faults. It may be used by any number
/// of threads at once. AWS-LC wipes its copy of the key when the identity is dropped.
///
/// # Errors
/// [`IdentityError::Unsupported`] if AWS-LC does not take the key; none is known that core reads and AWS-LC does not.
pub fn aws_lc_identity(key: PrivateKey, certificates: Vec<Certificate>) -> Result<Arc<dyn Identity>, IdentityError> {
    let refused = IdentityError::Unsupported("AWS-LC does not take it");
    let rejection = RejectionSecret::from_private_key(&key);
    let der = key.to_pkcs8_der();
    let public_key = key.public_key();
    let algorithm = match public_key {
        PublicKey::Rsa(public_key) => {
            let info = PrivateKeyInfoRef::try_from(der.expose()).map_err(|_| refused)?;
            let key = sys::RsaKey::from_pkcs1(info.private_key.as_bytes()).ok_or(refused)?;
            return Ok(Arc::new(RsaIdentity::new(AwsLcRsa { key, public_key }, certificates, rejection)));
        }
        PublicKey::P256(_) => &ECDH_P256,
        PublicKey::P384(_) => &ECDH_P384,
        _ => return Err(refused),
    };
    let key = agreement::PrivateKey::from_private_key_der(algorithm, der.expose()).map_err(|_| refused)?;
    Ok(Arc::new(EcIdentity::new(AwsLcEcdh { key, public_key }, certificates, rejection)))
}

/// The bare RSA private operation.
#[derive(Debug)]
struct AwsLcRsa {
    key: sys::RsaKey,
    public_key: RsaPublicKey,
}

impl RawRsa for AwsLcRsa {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public_key
    }

    fn raw_private(&self, input: &[u8]) -> Result<Secret<[u8]>, Unavailable> {
        // AWS-LC refuses the three numbers that any exponent leaves as they are. That is no fault of the key, and who
        // sends them must not see one.
        if is_fixed_point(input, self.public_key.modulus()) {
            return Ok(Secret::<[u8]>::copy_from(input));
        }
        self.key.private(input).ok_or_else(Unavailable::new)
    }
}

/// Whether a number is 0, 1 or n − 1, which odd powers modulo n do not change. n is odd.
fn is_fixed_point(input: &[u8], modulus: &[u8]) -> bool {
    let (Some((last, front)), Some((last_of_n, front_of_n))) = (input.split_last(), modulus.split_last()) else {
        return false;
    };
    (*last <= 1 && front.iter().all(|octet| *octet == 0)) || (*last == last_of_n ^ 1 && front == front_of_n)
}

/// The bare key agreement.
#[derive(Debug)]
struct AwsLcEcdh {
    key: agreement::PrivateKey,
    public_key: PublicKey,
}

impl RawEcdh for AwsLcEcdh {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn agree(&self, point: &[u8]) -> Result<Option<Secret<[u8]>>, Unavailable> {
        // Reading a point checks that it is on the curve; P-256 and P-384 have no other subgroups.
        let point = UnparsedPublicKey::new(self.key.algorithm(), point);
        let Ok(point) = ParsedPublicKey::try_from(point) else { return Ok(None) };
        agreement::agree(&self.key, point, Unavailable::new(), |secret| Ok(Some(Secret::<[u8]>::copy_from(secret))))
    }
}

#[cfg(test)]
mod tests;
