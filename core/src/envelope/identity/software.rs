//! Private keys in memory, in pure Rust.

use std::{fmt, sync::Arc};

use p256::elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytesSize, SecretKey,
    sec1::{FromSec1Point, ModulusSize, ToSec1Point},
};
use rsa::{BoxedUint, hazmat::rsa_decrypt_and_check};

use super::{EcIdentity, Identity, RawEcdh, RawRsa, RejectionSecret, RsaIdentity, Unavailable, rejection::write_be};
use crate::{
    envelope::{
        certificate::{Certificate, PublicKey, RsaPublicKey},
        private_key::{Inner, PrivateKey},
    },
    random::{CryptoRng, Randomness},
    secret::{Secret, on_wiped_stack},
};

/// An identity over a private key in memory. `rng` blinds RSA operations, so that their time tells nothing.
pub fn software_identity(
    key: PrivateKey,
    certificates: Vec<Certificate>,
    rng: Arc<dyn Randomness>,
) -> Arc<dyn Identity> {
    on_wiped_stack(|| identity(key, certificates, rng))
}

fn identity(key: PrivateKey, certificates: Vec<Certificate>, rng: Arc<dyn Randomness>) -> Arc<dyn Identity> {
    let public_key = key.public_key();
    let rejection = RejectionSecret::from_private_key(&key);
    match key.into_inner() {
        Inner::Rsa(key, public_key) => {
            Arc::new(RsaIdentity::new(RustRsa { key, public_key, rng }, certificates, rejection))
        }
        Inner::P256(key) => Arc::new(EcIdentity::new(RustEcdh { key, public_key }, certificates, rejection)),
        Inner::P384(key) => Arc::new(EcIdentity::new(RustEcdh { key, public_key }, certificates, rejection)),
    }
}

/// The bare RSA private operation of the `rsa` crate: blinded, with a check against faults.
struct RustRsa {
    key: Box<rsa::PrivateKey>,
    public_key: RsaPublicKey,
    rng: Arc<dyn Randomness>,
}

impl RawRsa for RustRsa {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public_key
    }

    fn raw_private(&self, input: &[u8]) -> Result<Secret<[u8]>, Unavailable> {
        let bits = rsa::traits::PublicKeyParts::n_bits_precision(&*self.key);
        let input_integer = BoxedUint::from_be_slice(input, bits).map_err(|_| Unavailable)?;
        let mut rng = CryptoRng::new(self.rng.as_ref());
        let output = rsa_decrypt_and_check(&*self.key, Some(&mut rng), &input_integer);
        rng.finish().map_err(|_| Unavailable)?;
        let mut output = output.map_err(|_| Unavailable)?;
        let octets = Secret::filled(input.len(), |out| write_be(&output, out));
        zeroize::Zeroize::zeroize(&mut output);
        Ok(octets)
    }
}

impl fmt::Debug for RustRsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustRsa").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

/// The bare key agreement of the `p256` and `p384` crates.
struct RustEcdh<C: CurveArithmetic> {
    key: Box<SecretKey<C>>,
    public_key: PublicKey,
}

impl<C> RawEcdh for RustEcdh<C>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn agree(&self, point: &[u8]) -> Result<Option<Secret<[u8]>>, Unavailable> {
        // Reading a point checks that it is on the curve; P-256 and P-384 have no other subgroups.
        let Ok(point) = p256::elliptic_curve::PublicKey::<C>::from_sec1_bytes(point) else { return Ok(None) };
        let shared = self.key.diffie_hellman(&point);
        Ok(Some(Secret::<[u8]>::copy_from(shared.raw_secret_bytes())))
    }
}

impl<C: CurveArithmetic> fmt::Debug for RustEcdh<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustEcdh").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}
