"""A private key that never leaves AWS KMS, as an identity.

    keyring = key_service.keyring(boto3.client("kms"), "alias/escrow-vault", certificate)

The key is asymmetric, RSA, with the usage ENCRYPT_DECRYPT. AWS KMS takes OAEP off with SHA-256 or SHA-1 and knows no
PKCS #1 v1.5: it opens what this library seals, and not what a Mac does (docs/custody.md: door key and vault key).

Whoever may call kms:Decrypt with this key opens every envelope, one by one. The gain: each call is in CloudTrail.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import fdescrow

if TYPE_CHECKING:
    from botocore.client import BaseClient

ALGORITHMS = {"oaep_sha256": "RSAES_OAEP_SHA_256", "oaep_sha1": "RSAES_OAEP_SHA_1"}

# The key was reached, and did not take the message. Everything else (throttled, disabled, no network, no permission)
# says nothing about the message, and must not be taken for a recovery key that is lost.
REFUSED = "InvalidCiphertextException"


def keyring(client: BaseClient, key: str, certificate: fdescrow.Certificate) -> fdescrow.Keyring:
    """A keyring with this key of KMS. It is tried once."""

    def decrypt(padding: str, ciphertext: bytes, length: int) -> bytes | None:
        try:
            answer = client.decrypt(KeyId=key, CiphertextBlob=ciphertext, EncryptionAlgorithm=ALGORITHMS[padding])
        except ClientError as error:
            if error.response["Error"]["Code"] == REFUSED:
                return None
            raise
        return answer["Plaintext"] if len(answer["Plaintext"]) == length else None

    return fdescrow.Keyring.custom(certificate, decrypt=decrypt, unpads=list(ALGORITHMS))


def certify(client: BaseClient, key: str, *, subject: str, years: int = 10) -> fdescrow.Certificate:
    """A certificate for a key of KMS.

    A key that decrypts cannot sign. Nobody verifies the signature of an escrow certificate, which is pinned by its
    fingerprint: it comes from an issuer that is thrown away.
    """
    answer = client.get_public_key(KeyId=key)
    public_key = serialization.load_der_public_key(answer["PublicKey"])
    if not isinstance(public_key, rsa.RSAPublicKey):
        raise ValueError("this key of KMS is not an RSA key")
    name = x509.Name.from_rfc4514_string(subject)
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return fdescrow.Certificate.parse(made.public_bytes(serialization.Encoding.DER))
