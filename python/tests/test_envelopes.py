"""Certificates, private keys and sealed messages, with `cryptography` as the other side."""

from __future__ import annotations

import base64
import copy
import io
import pickle
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

import fdescrow
from fdescrow import Certificate, Envelope, Keyring, Kind, Owner, RecoveryKey, Suite

from .conftest import NOON, mac_of, new_identity

if TYPE_CHECKING:
    from pathlib import Path

Identity = tuple[Certificate, Keyring]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def made_by_cryptography(key: PrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Escrow")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOON)
        .not_valid_after(NOON + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )


@pytest.fixture(scope="module")
def theirs() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key, made_by_cryptography(key)


def test_certificates_are_read_from_whatever_python_people_hold(
    tmp_path: Path, theirs: tuple[rsa.RSAPrivateKey, x509.Certificate]
) -> None:
    _, certificate = theirs
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    der = certificate.public_bytes(serialization.Encoding.DER)
    path = tmp_path / "escrow.pem"
    path.write_bytes(pem)
    with path.open("rb") as binary, path.open() as text:
        ours = [Certificate.parse(given) for given in (pem, der, pem.decode(), path, binary, text, io.BytesIO(der))]
    assert len(set(ours)) == 1
    [ours_one] = set(ours)
    assert ours_one.der == bytes(ours_one) == der
    assert ours_one.fingerprint == certificate.fingerprint(hashes.SHA256()).hex()
    assert ours_one.to_cryptography() == certificate
    described = ours_one.describe()
    assert (described.subject, described.not_before) == ("CN=Escrow", NOON)
    assert Certificate.parse_all(pem + pem) == [ours_one, ours_one]
    assert pickle.loads(pickle.dumps(ours_one)) == copy.deepcopy(ours_one) == ours_one
    assert "Escrow" in repr(ours_one)


@pytest.mark.parametrize("wrong", [b"", b"nonsense", b"0" * 1_000_000, "-----BEGIN CERTIFICATE-----\n!\n"])
def test_what_is_no_certificate_is_told(wrong: bytes | str) -> None:
    with pytest.raises(fdescrow.CertificateSyntaxError):
        Certificate.parse(wrong)


def test_a_file_that_is_too_large_is_not_read_to_its_end() -> None:
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size: int = -1) -> bytes:
            self.asked = size
            return bytes(size)

    endless = Endless()
    with pytest.raises(fdescrow.MisuseError):
        Certificate.parse(endless)
    assert 0 < endless.asked < 17 << 20


def test_private_keys_are_read_from_whatever_python_people_hold(
    theirs: tuple[rsa.RSAPrivateKey, x509.Certificate],
) -> None:
    private, certificate = theirs
    key, message = mac_of(Certificate.parse(certificate.public_bytes(serialization.Encoding.DER)))
    encrypted = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    bundle = pkcs12.serialize_key_and_certificates(
        b"escrow", private, certificate, None, serialization.BestAvailableEncryption(b"secret")
    )
    keyrings = [
        Keyring.parse(private, certificates=certificate),
        Keyring.parse(encrypted, password="secret", certificates=[certificate]),
        Keyring.parse(bundle, password=fdescrow.Secret("secret")),
    ]
    for keyring in keyrings:
        assert fdescrow.open(message, keyring, kind="filevault").expose() == key.expose()
        assert [one.der for one in keyring.certificates()] == [certificate.public_bytes(serialization.Encoding.DER)]
    assert len(keyrings[0] + keyrings[1]) == 2
    for password in (None, "wrong"):
        with pytest.raises(fdescrow.IdentityPasswordError) as refused:
            Keyring.parse(encrypted, password=password)
        assert isinstance(refused.value, PermissionError)
    with pytest.raises(fdescrow.IdentitySyntaxError):
        Keyring.parse(b"nonsense")


def test_what_cryptography_seals_opens_and_what_is_sealed_cryptography_opens(
    theirs: tuple[rsa.RSAPrivateKey, x509.Certificate],
) -> None:
    private, certificate = theirs
    keyring = Keyring.parse(private, certificates=certificate)
    key = RecoveryKey.generate("filevault")
    sealed = (
        pkcs7.PKCS7EnvelopeBuilder()
        .set_data(key.expose().encode())
        .add_recipient(certificate)
        .encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    opened = fdescrow.open(sealed, keyring, kind="filevault")
    assert opened.expose() == key.expose()
    assert opened.about.bare
    ours = fdescrow.seal(key, certificate, bare=True, format="enveloped_pkcs1v15")
    assert pkcs7.pkcs7_decrypt_der(ours.der, certificate, private, []) == key.expose().encode()


@pytest.mark.parametrize("algorithm", ["rsa-2048", "p-256", "p-384"])
def test_a_sealed_key_says_whose_it_is(algorithm: str) -> None:
    certificate, keyring = new_identity(algorithm)
    owner = Owner("example.com", "PC-17", volume="C:", time=NOON)
    key = RecoveryKey.generate("bitlocker")
    envelope = fdescrow.seal(key, [certificate], owner=owner)
    opened = envelope.open(keyring, owner={"device": "PC-17", "volume": "C:"})
    assert opened.expose() == key.expose()
    assert opened.about.owner == owner
    assert (opened.about.authenticated, opened.about.bound, opened.about.kind) == (True, True, Kind.BITLOCKER)
    with pytest.raises(fdescrow.EnvelopeOpenError):
        envelope.open(keyring, owner=Owner(device="PC-18", volume="C:"))
    with pytest.raises(fdescrow.RequestSyntaxError):
        envelope.open(keyring, owner={"devise": "PC-17"})
    inspection = fdescrow.inspect(envelope, certificate)
    assert inspection.recipients[0].certificates == (certificate.fingerprint,)
    assert inspection.suites[0] is Suite.MODERN
    assert inspection.to_dict()["suites"][0] == "modern"


def test_a_message_is_read_in_any_spelling(identity: Identity, tmp_path: Path) -> None:
    certificate, keyring = identity
    key, der = mac_of(certificate)
    text = base64.b64encode(der).decode()
    path = tmp_path / "FileVaultPRK.dat"
    path.write_bytes(der)
    for message in (der, bytearray(der), memoryview(der), text, text.encode(), path, Envelope.parse(der)):
        assert fdescrow.open(message, keyring, kind=Kind.FILEVAULT).expose() == key.expose()
    envelope = Envelope.parse(der)
    assert {envelope, pickle.loads(pickle.dumps(envelope))} == {Envelope.parse(text)}


def test_a_message_for_somebody_else_is_named(identity: Identity, stranger: Identity) -> None:
    _, der = mac_of(stranger[0])
    with pytest.raises(fdescrow.EnvelopeNoRecipientError) as nobody:
        fdescrow.open(der, identity[1], kind="filevault")
    assert isinstance(nobody.value, LookupError)
    with pytest.raises(fdescrow.EnvelopeKindNeededError):
        fdescrow.open(der, stranger[1], suite="filevault")
    envelope = Envelope.parse(der)
    rewrapped = envelope.rewrap(stranger[1], identity[0], kind="filevault")
    assert rewrapped.open(identity[1], kind="filevault", suite=rewrapped.inspect().suites[0]).expose()


def test_every_failing_message_has_one_answer(identity: Identity) -> None:
    """N3: what is wrong with a message that does not open is never told."""
    certificate, keyring = identity
    _, der = mac_of(certificate)
    wrapped = der.index(bytes.fromhex("2a864886f70d010701")) - 300
    said = set()
    for place in (*range(wrapped, wrapped + 256, 8), *range(len(der) - 48, len(der))):
        for bit in (1, 0x80):
            changed = bytearray(der)
            changed[place] ^= bit
            try:
                fdescrow.open(changed, keyring, kind="filevault")
            except fdescrow.EnvelopeOpenError as error:
                said.add((type(error), error.code, str(error), repr(error.__cause__)))
            except (fdescrow.EnvelopeSyntaxError, fdescrow.EnvelopeSuiteError, fdescrow.EnvelopeNoRecipientError):
                # Seen before a private key was used.
                pass
    assert len(said) == 1, said


def test_rows_of_another_table_are_judged_as_they_are_read(identity: Identity, stranger: Identity) -> None:
    certificate, keyring = identity
    key, der = mac_of(certificate)
    ours = fdescrow.seal(key, certificate, owner=Owner("example.com", "A"))
    rows: list[fdescrow.Row | tuple[Any, str]] = [
        (der, "filevault"),
        (base64.b64encode(der).decode(), Kind.FILEVAULT),
        (None, "filevault"),
        (key.expose(), "filevault"),
        (mac_of(stranger[0])[1], "filevault"),
        (der, "bitlocker"),
        fdescrow.Row(ours, "filevault", Owner("example.com", "A")),
        fdescrow.Row(ours, "filevault", Owner("example.com", "B")),
    ]
    verdicts = list(fdescrow.judge(iter(rows), keyring))
    assert [verdict.opens for verdict in verdicts] == [True, True, False, False, False, False, True, False]
    assert [verdict.code for verdict in verdicts[2:5]] == ["EnvelopeSyntax", "EnvelopeSyntax", "EnvelopeNoRecipient"]
    assert verdicts[6].bound
    assert key.expose() not in repr(verdicts) + repr(fdescrow.Row(key.expose(), "filevault"))

    read: list[int] = []

    def endless() -> Any:
        while True:
            read.append(0)
            yield der, "filevault"

    for _ in zip(range(3), fdescrow.judge(endless(), keyring), strict=False):
        pass
    assert len(read) <= 128


def test_an_escrow_certificate_is_made_for_dates_that_can_be() -> None:
    later = NOON + timedelta(days=1)
    with pytest.raises(fdescrow.CertificateUnsuitableError):
        Certificate.generate("CN=Escrow", not_before=later, not_after=NOON)
    with pytest.raises(fdescrow.MisuseError):
        Certificate.generate("CN=Escrow", not_before=NOON, not_after=later, algorithm="rsa-1024")
    with pytest.raises(fdescrow.MisuseError):
        Certificate.generate("CN=Escrow", not_before=datetime(2026, 1, 1), not_after=later)
    certificate, private = Certificate.generate("CN=Escrow", not_before=NOON, not_after=later, algorithm="p-256")
    other = timezone(timedelta(hours=2))
    assert certificate.describe().not_after.astimezone(other) == later.astimezone(other)
    assert b"BEGIN PRIVATE KEY" in private.expose()
