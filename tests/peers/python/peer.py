"""Seals and opens CMS envelopes from Python, so that tests can hold ours against it.

It speaks the vocabulary that all peers share (tests/src/peers.rs) and holds two engines:

--engine cryptography   the PKCS#7 functions of pyca/cryptography, as their users call them:
                        PKCS#1 v1.5 with AES-128/256-CBC, DER, issuer and serial only
--engine asn1crypto     an implementation of its own in this file (RFC 5652, 5083, 5084, 5753):
                        asn1crypto reads and writes the structures, cryptography has the
                        primitives. It shares no code with any other peer, and no user has it.

Exit: 0 done, 1 it failed, 2 it cannot do this at all.
"""

import argparse
import os
import struct
import sys

from asn1crypto import algos, core, x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

DATA = "1.2.840.113549.1.7.1"
ENVELOPED = "1.2.840.113549.1.7.3"
AUTH_ENVELOPED = "1.2.840.113549.1.9.16.1.23"
RSA = "1.2.840.113549.1.1.1"
OAEP = "1.2.840.113549.1.1.7"
EC_PUBLIC_KEY = "1.2.840.10045.2.1"

# name: (object identifier, key length)
CONTENT = {
    "des": ("1.3.14.3.2.7", 8),
    "3des": ("1.2.840.113549.3.7", 24),
    "aes128-cbc": ("2.16.840.1.101.3.4.1.2", 16),
    "aes192-cbc": ("2.16.840.1.101.3.4.1.22", 24),
    "aes256-cbc": ("2.16.840.1.101.3.4.1.42", 32),
    "aes128-gcm": ("2.16.840.1.101.3.4.1.6", 16),
    "aes192-gcm": ("2.16.840.1.101.3.4.1.26", 24),
    "aes256-gcm": ("2.16.840.1.101.3.4.1.46", 32),
}
WRAP = {
    "aes128": ("2.16.840.1.101.3.4.1.5", 16),
    "aes192": ("2.16.840.1.101.3.4.1.25", 24),
    "aes256": ("2.16.840.1.101.3.4.1.45", 32),
}
# name: (hash, MGF1 hash)
OAEP_HASHES = {
    "rsa-oaep-sha1": ("sha1", "sha1"),
    "rsa-oaep-sha256": ("sha256", "sha256"),
    "rsa-oaep-sha256-mgf1-sha1": ("sha256", "sha1"),
    "rsa-oaep-sha384": ("sha384", "sha384"),
    "rsa-oaep-sha512": ("sha512", "sha512"),
}
# RFC 5753, 7.1.4: name: (object identifier, KDF hash). The cofactor of P-256 and P-384 is one,
# so both kinds compute the same secret.
AGREEMENT = {
    "ecdh-sha1": ("1.3.133.16.840.63.0.2", "sha1"),
    "ecdh-sha256": ("1.3.132.1.11.1", "sha256"),
    "ecdh-sha384": ("1.3.132.1.11.2", "sha384"),
    "ecdh-sha512": ("1.3.132.1.11.3", "sha512"),
    "ecdh-cofactor-sha1": ("1.3.133.16.840.63.0.3", "sha1"),
    "ecdh-cofactor-sha256": ("1.3.132.1.14.1", "sha256"),
    "ecdh-cofactor-sha384": ("1.3.132.1.14.2", "sha384"),
    "ecdh-cofactor-sha512": ("1.3.132.1.14.3", "sha512"),
}
HASHES = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


class Unsupported(Exception):
    pass


# ---- structures: RFC 5652, RFC 5083, RFC 5084, RFC 5753


class Algorithm(core.Sequence):
    _fields = [
        ("algorithm", core.ObjectIdentifier),
        ("parameters", core.Any, {"optional": True}),
    ]


class IssuerAndSerial(core.Sequence):
    _fields = [("issuer", core.Any), ("serial", core.Integer)]


class RecipientIdentifier(core.Choice):
    _alternatives = [
        ("issuer_and_serial", IssuerAndSerial),
        ("ski", core.OctetString, {"implicit": 0}),
    ]


class KeyTransRecipient(core.Sequence):
    _fields = [
        ("version", core.Integer),
        ("rid", RecipientIdentifier),
        ("algorithm", Algorithm),
        ("encrypted_key", core.OctetString),
    ]


class OriginatorPublicKey(core.Sequence):
    _fields = [("algorithm", Algorithm), ("public_key", core.BitString)]


class Originator(core.Choice):
    _alternatives = [
        ("issuer_and_serial", IssuerAndSerial),
        ("ski", core.OctetString, {"implicit": 0}),
        ("public_key", OriginatorPublicKey, {"implicit": 1}),
    ]


class RecipientKeyIdentifier(core.Sequence):
    _fields = [
        ("ski", core.OctetString),
        ("date", core.GeneralizedTime, {"optional": True}),
        ("other", core.Any, {"optional": True}),
    ]


class KeyAgreeRecipientIdentifier(core.Choice):
    _alternatives = [
        ("issuer_and_serial", IssuerAndSerial),
        ("key_identifier", RecipientKeyIdentifier, {"implicit": 0}),
    ]


class RecipientEncryptedKey(core.Sequence):
    _fields = [
        ("rid", KeyAgreeRecipientIdentifier),
        ("encrypted_key", core.OctetString),
    ]


class RecipientEncryptedKeys(core.SequenceOf):
    _child_spec = RecipientEncryptedKey


class KeyAgreeRecipient(core.Sequence):
    _fields = [
        ("version", core.Integer),
        ("originator", Originator, {"explicit": 0}),
        ("ukm", core.OctetString, {"explicit": 1, "optional": True}),
        ("algorithm", Algorithm),
        ("recipient_encrypted_keys", RecipientEncryptedKeys),
    ]


class RecipientInfo(core.Choice):
    _alternatives = [
        ("key_trans", KeyTransRecipient),
        ("key_agree", KeyAgreeRecipient, {"implicit": 1}),
    ]


class RecipientInfos(core.SetOf):
    _child_spec = RecipientInfo


class EncryptedContentInfo(core.Sequence):
    _fields = [
        ("content_type", core.ObjectIdentifier),
        ("algorithm", Algorithm),
        ("encrypted_content", core.OctetString, {"implicit": 0, "optional": True}),
    ]


class Attributes(core.SetOf):
    _child_spec = core.Any


class EnvelopedData(core.Sequence):
    _fields = [
        ("version", core.Integer),
        ("originator_info", core.Sequence, {"implicit": 0, "optional": True}),
        ("recipient_infos", RecipientInfos),
        ("encrypted_content_info", EncryptedContentInfo),
        ("unprotected_attrs", Attributes, {"implicit": 1, "optional": True}),
    ]


class AuthEnvelopedData(core.Sequence):
    _fields = [
        ("version", core.Integer),
        ("originator_info", core.Sequence, {"implicit": 0, "optional": True}),
        ("recipient_infos", RecipientInfos),
        ("encrypted_content_info", EncryptedContentInfo),
        ("auth_attrs", Attributes, {"implicit": 1, "optional": True}),
        ("mac", core.OctetString),
        ("unauth_attrs", Attributes, {"implicit": 2, "optional": True}),
    ]


class ContentInfo(core.Sequence):
    """As read before the content type is known."""

    _fields = [("content_type", core.ObjectIdentifier), ("content", core.Any)]


class EnvelopedContentInfo(core.Sequence):
    _fields = [
        ("content_type", core.ObjectIdentifier),
        ("content", EnvelopedData, {"explicit": 0}),
    ]


class AuthEnvelopedContentInfo(core.Sequence):
    _fields = [
        ("content_type", core.ObjectIdentifier),
        ("content", AuthEnvelopedData, {"explicit": 0}),
    ]


class GcmParameters(core.Sequence):
    _fields = [("nonce", core.OctetString), ("icv_length", core.Integer, {"default": 12})]


class SharedInfo(core.Sequence):
    """ECC-CMS-SharedInfo, RFC 5753, 7.2."""

    _fields = [
        ("key_info", Algorithm),
        ("ukm", core.OctetString, {"explicit": 0, "optional": True}),
        ("length", core.OctetString, {"explicit": 2}),
    ]


# ---- the engine of this file


def seal_with_asn1crypto(job, plaintext):
    if job.ber:
        raise Unsupported("asn1crypto writes DER")
    oid, length = CONTENT[job.content]
    content_key = os.urandom(length)
    recipients = [recipient_info(job, certificate, content_key) for certificate in job.certificates]
    if job.content.endswith("gcm"):
        nonce = os.urandom(12)
        sealed = AESGCM(content_key).encrypt(nonce, plaintext, None)
        ciphertext, mac = sealed[:-16], sealed[-16:]
        parameters = GcmParameters({"nonce": nonce, "icv_length": 16})
    else:
        cipher, mac = block_cipher(job.content, content_key), None
        block = cipher.block_size // 8
        initial = os.urandom(block)
        padder = PKCS7(cipher.block_size).padder()
        padded = padder.update(plaintext) + padder.finalize()
        encryptor = Cipher(cipher, modes.CBC(initial)).encryptor()
        ciphertext = encryptor.update(padded) + encryptor.finalize()
        parameters = core.OctetString(initial)
    if (job.format == "auth") != (mac is not None):
        raise Unsupported(f"{job.content} in {job.format}")
    content = {
        "content_type": DATA,
        "algorithm": {"algorithm": oid, "parameters": parameters},
        "encrypted_content": ciphertext,
    }
    if mac is not None:
        body = AuthEnvelopedData(
            {"version": 0, "recipient_infos": recipients, "encrypted_content_info": content, "mac": mac}
        )
        return AuthEnvelopedContentInfo({"content_type": AUTH_ENVELOPED, "content": body}).dump()
    # RFC 5652, 6.1: version 2 unless every recipient is an issuer and serial of key transport.
    version = 0 if not job.ski and job.key_transport.startswith("rsa") else 2
    body = EnvelopedData(
        {"version": version, "recipient_infos": recipients, "encrypted_content_info": content}
    )
    return EnvelopedContentInfo({"content_type": ENVELOPED, "content": body}).dump()


def recipient_info(job, certificate, content_key):
    key = certificate.public_key()
    if job.key_transport in AGREEMENT:
        return key_agree_recipient(job, certificate, content_key)
    if not isinstance(key, RSAPublicKey):
        raise Unsupported("key transport needs an RSA key")
    if job.key_transport == "rsa-pkcs1":
        algorithm = {"algorithm": RSA, "parameters": core.Null()}
        wrapped = key.encrypt(content_key, padding.PKCS1v15())
    else:
        name, mgf_name = OAEP_HASHES[job.key_transport]
        parameters = algos.RSAESOAEPParams(
            {
                "hash_algorithm": {"algorithm": name},
                "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": mgf_name}},
            }
        )
        algorithm = {"algorithm": OAEP, "parameters": parameters}
        wrapped = key.encrypt(content_key, oaep(name, mgf_name, None))
    return RecipientInfo(
        "key_trans",
        KeyTransRecipient(
            {
                "version": 2 if job.ski else 0,
                "rid": RecipientIdentifier("ski", subject_key_identifier(certificate))
                if job.ski
                else RecipientIdentifier("issuer_and_serial", issuer_and_serial(certificate)),
                "algorithm": algorithm,
                "encrypted_key": wrapped,
            }
        ),
    )


def key_agree_recipient(job, certificate, content_key):
    recipient_key = certificate.public_key()
    if not isinstance(recipient_key, ec.EllipticCurvePublicKey):
        raise Unsupported("key agreement needs an EC key")
    oid, hash_name = AGREEMENT[job.key_transport]
    wrap_oid, length = WRAP[job.wrap]
    ephemeral = ec.generate_private_key(recipient_key.curve)
    wrap = Algorithm({"algorithm": wrap_oid})
    secret = ephemeral.exchange(ec.ECDH(), recipient_key)
    kek = derive(secret, hash_name, wrap, length, None)
    point = ephemeral.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    originator = OriginatorPublicKey(
        {
            "algorithm": {"algorithm": EC_PUBLIC_KEY},
            "public_key": core.BitString.load(bit_string(point)),
        }
    )
    rid = (
        KeyAgreeRecipientIdentifier(
            "key_identifier", RecipientKeyIdentifier({"ski": subject_key_identifier(certificate)})
        )
        if job.ski
        else KeyAgreeRecipientIdentifier("issuer_and_serial", issuer_and_serial(certificate))
    )
    return RecipientInfo(
        "key_agree",
        KeyAgreeRecipient(
            {
                "version": 3,
                "originator": Originator("public_key", originator),
                "algorithm": {"algorithm": oid, "parameters": wrap},
                "recipient_encrypted_keys": [
                    {"rid": rid, "encrypted_key": keywrap.aes_key_wrap(kek, content_key)}
                ],
            }
        ),
    )


def open_with_asn1crypto(job, message):
    kind = ContentInfo.load(message, strict=True)["content_type"].dotted
    outer = {ENVELOPED: EnvelopedContentInfo, AUTH_ENVELOPED: AuthEnvelopedContentInfo}.get(kind)
    if outer is None:
        raise Unsupported(f"content type {kind}")
    body = outer.load(message, strict=True)["content"]
    content_key = unwrap(body["recipient_infos"], job)
    content = body["encrypted_content_info"]
    oid = content["algorithm"]["algorithm"].dotted
    name = next((name for name, (known, _) in CONTENT.items() if known == oid), None)
    if name is None:
        raise Unsupported(f"content algorithm {oid}")
    if len(content_key) != CONTENT[name][1]:
        raise ValueError("content key has another length than its algorithm")
    ciphertext = content["encrypted_content"].native
    parameters = content["algorithm"]["parameters"]
    if kind == AUTH_ENVELOPED:
        if not name.endswith("gcm"):
            raise ValueError("AuthEnvelopedData without an authenticated cipher")
        gcm = parameters.parse(GcmParameters)
        mac = body["mac"].native
        if gcm["icv_length"].native != len(mac) or len(mac) != 16:
            raise ValueError("length of the authentication tag")
        attributes = body["auth_attrs"]
        # RFC 5083, 2.2: authenticated as a SET OF, not under the implicit tag.
        aad = None if isinstance(attributes, core.Void) else attributes.untag().dump(force=True)
        return AESGCM(content_key).decrypt(gcm["nonce"].native, ciphertext + mac, aad)
    cipher = block_cipher(name, content_key)
    initial = parameters.parse(core.OctetString).native
    decryptor = Cipher(cipher, modes.CBC(initial)).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    unpadder = PKCS7(cipher.block_size).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def unwrap(recipients, job):
    certificate = job.certificates[0]
    private_key = private_key_of(job)
    for info in recipients:
        chosen = info.chosen
        if info.name == "key_trans" and isinstance(private_key, RSAPrivateKey):
            if fits(chosen["rid"], certificate):
                return unwrap_rsa(chosen, private_key)
        elif info.name == "key_agree" and not isinstance(private_key, RSAPrivateKey):
            for entry in chosen["recipient_encrypted_keys"]:
                if fits(entry["rid"], certificate):
                    return unwrap_agreed(chosen, entry["encrypted_key"].native, private_key)
    raise ValueError("no recipient fits the certificate")


def unwrap_rsa(recipient, private_key):
    algorithm = recipient["algorithm"]
    oid = algorithm["algorithm"].dotted
    wrapped = recipient["encrypted_key"].native
    if oid == RSA:
        return private_key.decrypt(wrapped, padding.PKCS1v15())
    if oid != OAEP:
        raise Unsupported(f"key transport {oid}")
    parameters = algorithm["parameters"].parse(algos.RSAESOAEPParams)
    label = parameters["p_source_algorithm"]["parameters"].native
    return private_key.decrypt(
        wrapped,
        oaep(
            parameters["hash_algorithm"]["algorithm"].native,
            parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native,
            label or None,
        ),
    )


def unwrap_agreed(recipient, wrapped, private_key):
    oid = recipient["algorithm"]["algorithm"].dotted
    hash_name = next((name for known, name in AGREEMENT.values() if known == oid), None)
    if hash_name is None:
        raise Unsupported(f"key agreement {oid}")
    wrap = recipient["algorithm"]["parameters"].parse(Algorithm)
    wrap_oid = wrap["algorithm"].dotted
    length = next((length for known, length in WRAP.values() if known == wrap_oid), None)
    if length is None:
        raise Unsupported(f"key wrap {wrap_oid}")
    originator = recipient["originator"]
    if originator.name != "public_key":
        raise Unsupported("static originator")
    # The first octet of a BIT STRING counts its unused bits.
    point = originator.chosen["public_key"].contents[1:]
    public_key = ec.EllipticCurvePublicKey.from_encoded_point(private_key.curve, point)
    ukm = recipient["ukm"]
    ukm = None if isinstance(ukm, core.Void) else ukm.native
    kek = derive(private_key.exchange(ec.ECDH(), public_key), hash_name, wrap, length, ukm)
    return keywrap.aes_key_unwrap(kek, wrapped)


def derive(secret, hash_name, wrap, length, ukm):
    """The key-encryption key: X9.63 KDF over ECC-CMS-SharedInfo."""
    info = SharedInfo({"key_info": wrap.copy(), "length": struct.pack(">I", length * 8)})
    if ukm is not None:
        info["ukm"] = ukm
    return X963KDF(HASHES[hash_name](), length, info.dump()).derive(secret)


def fits(rid, certificate):
    if rid.name == "issuer_and_serial":
        return rid.chosen.dump(force=True) == issuer_and_serial(certificate).dump(force=True)
    known = subject_key_identifier(certificate)
    if rid.name == "ski":
        return rid.chosen.native == known
    return rid.chosen["ski"].native == known


def issuer_and_serial(certificate):
    # The issuer as it stands in the certificate: names are compared byte for byte.
    parsed = asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    issuer = parsed["tbs_certificate"]["issuer"].dump()
    return IssuerAndSerial({"issuer": core.Any.load(issuer), "serial": certificate.serial_number})


def subject_key_identifier(certificate):
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def oaep(name, mgf_name, label):
    return padding.OAEP(padding.MGF1(HASHES[mgf_name]()), HASHES[name](), label)


def block_cipher(name, key):
    if name == "des":
        return TripleDES(key * 3)
    return TripleDES(key) if name == "3des" else algorithms.AES(key)


def bit_string(contents):
    length = len(contents) + 1
    header = bytes([length]) if length < 128 else bytes([0x81, length])
    return b"\x03" + header + b"\x00" + contents


# ---- the engine of cryptography itself


def seal_with_cryptography(job, plaintext):
    ciphers = {"aes128-cbc": algorithms.AES128, "aes256-cbc": algorithms.AES256}
    if (
        job.ber
        or job.ski
        or job.format != "enveloped"
        or job.key_transport != "rsa-pkcs1"
        or job.content not in ciphers
    ):
        raise Unsupported("PKCS#1 v1.5 with AES-CBC, DER, issuer and serial only")
    builder = (
        pkcs7.PKCS7EnvelopeBuilder()
        .set_data(plaintext)
        .set_content_encryption_algorithm(ciphers[job.content])
    )
    for certificate in job.certificates:
        builder = builder.add_recipient(certificate)
    return builder.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def open_with_cryptography(job, message):
    private_key = private_key_of(job)
    return pkcs7.pkcs7_decrypt_der(message, job.certificates[0], private_key, [])


# ---- the command line


def private_key_of(job):
    password = read(job.password_file).rstrip(b"\n") if job.password_file else None
    if job.key.endswith(".p12"):
        return pkcs12.load_key_and_certificates(read(job.key), password)[0]
    return serialization.load_pem_private_key(read(job.key), password)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["seal", "open"])
    parser.add_argument("--engine", choices=["cryptography", "asn1crypto"], required=True)
    parser.add_argument("--format", choices=["enveloped", "auth"], default="enveloped")
    transports = ["rsa-pkcs1", *OAEP_HASHES, *AGREEMENT]
    parser.add_argument("--key-transport", choices=transports, default="rsa-pkcs1")
    parser.add_argument("--content", choices=list(CONTENT), default="aes256-cbc")
    parser.add_argument("--wrap", choices=list(WRAP), default="aes256")
    parser.add_argument("--ber", action="store_true")
    parser.add_argument("--ski", action="store_true")
    parser.add_argument("--key")
    parser.add_argument("--password-file")
    parser.add_argument("--certificate", action="append", required=True)
    parser.add_argument("--in", dest="source", required=True)
    parser.add_argument("--out", required=True)
    job = parser.parse_args()
    job.certificates = [x509.load_pem_x509_certificate(read(path)) for path in job.certificate]
    run = globals()[f"{job.command}_with_{job.engine}"]
    try:
        output = run(job, read(job.source))
    except Unsupported as refusal:
        print(f"unsupported: {refusal}", file=sys.stderr)
        return 2
    except Exception as failure:  # whatever a library raises is its answer
        print(f"{type(failure).__name__}: {failure}", file=sys.stderr)
        return 1
    with open(job.out, "wb") as file:
        file.write(output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
