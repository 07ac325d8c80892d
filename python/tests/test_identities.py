"""Private keys that are elsewhere: a callable of Python does the operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

import fdescrow
from fdescrow import Certificate, Keyring, RecoveryKey

from .conftest import Organization, mac_of
from .test_envelopes import made_by_cryptography

if TYPE_CHECKING:
    from collections.abc import Callable

PADDINGS: dict[str, padding.AsymmetricPadding] = {
    "pkcs1v15": padding.PKCS1v15(),
    "oaep_sha256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
    "oaep_sha1": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),
}


class Device:
    """A key service that can be switched off."""

    def __init__(self, private: rsa.RSAPrivateKey) -> None:
        self.numbers = private.private_numbers()
        self.private = private
        self.certificate = made_by_cryptography(private)
        self.trouble: BaseException | None = None
        self.calls = 0

    def raw_private(self, given: bytes) -> bytes:
        self.calls += 1
        if self.trouble is not None:
            raise self.trouble
        modulus = self.numbers.public_numbers.n
        return pow(int.from_bytes(given, "big"), self.numbers.d, modulus).to_bytes(len(given), "big")

    def decrypt(self, name: str, ciphertext: bytes, length: int) -> bytes:
        self.calls += 1
        if self.trouble is not None:
            raise self.trouble
        return self.private.decrypt(ciphertext, PADDINGS[name])


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def device(private: rsa.RSAPrivateKey) -> Device:
    return Device(private)


def ours(device: Device) -> Certificate:
    return Certificate.parse(device.certificate.public_bytes(serialization.Encoding.DER))


@pytest.mark.parametrize("way", ["raw_private", "decrypt"])
def test_a_device_opens_what_a_mac_sealed_and_what_is_sealed_here(device: Device, way: str) -> None:
    if way == "raw_private":
        keyring = Keyring.custom(device.certificate, raw_private=device.raw_private)
    else:
        keyring = Keyring.custom(device.certificate, decrypt=device.decrypt, unpads=list(PADDINGS))
    key, der = mac_of(ours(device))
    before = device.calls
    assert before > 0, "it was tried once"
    assert fdescrow.open(der, keyring, kind="filevault").expose() == key.expose()
    modern = fdescrow.seal(key, device.certificate, owner=fdescrow.Owner("example.com", "A"))
    assert modern.open(keyring, owner={"organization": "example.com", "device": "A"}).expose() == key.expose()
    assert device.calls == before + 2


def test_a_key_agreement_opens() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    certificate = made_by_cryptography(private)

    def agree(point: bytes) -> bytes:
        other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        return private.exchange(ec.ECDH(), other)

    keyring = Keyring.custom(certificate, agree=agree)
    key = RecoveryKey.generate("luks")
    assert fdescrow.seal(key, certificate).open(keyring).expose() == key.expose()


def test_a_device_that_is_gone_says_nothing_about_a_key(device: Device, organization: Organization) -> None:
    keyring = Keyring.custom(device.certificate, raw_private=device.raw_private)
    key, der = mac_of(ours(device))
    escrow = organization.escrow
    receipt = escrow.receive("A", kind="filevault", envelope=der, by="orbit")
    device.trouble = ConnectionError("the HSM is in a box")
    with pytest.raises(ConnectionError) as unavailable:
        fdescrow.open(der, keyring, kind="filevault")
    assert isinstance(unavailable.value, fdescrow.IdentityUnavailableError)
    assert unavailable.value.__cause__ is device.trouble
    with pytest.raises(fdescrow.IdentityUnavailableError) as unavailable:
        escrow.reveal("A", keyring, by="ana", reason="lost")
    assert unavailable.value.__cause__ is device.trouble
    report = escrow.check(keyring)
    assert (report.opened, report.not_opened) == (0, {})
    assert report.unavailable > 0
    assert [verdict.verdict for verdict in fdescrow.judge([(der, "filevault")], keyring)] == ["unavailable"]
    assert escrow.receipt(receipt.key).status == "stored"
    device.trouble = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        fdescrow.open(der, keyring, kind="filevault")
    device.trouble = None
    assert escrow.check(keyring).opened == 1
    assert escrow.reveal("A", keyring, by="ana", reason="lost").expose() == key.expose()


def test_a_device_that_refuses_an_input_was_reached(device: Device) -> None:
    keyring = Keyring.custom(device.certificate, decrypt=device.decrypt, unpads=["pkcs1v15"])
    _, der = mac_of(ours(device))
    device.trouble = ValueError("decryption error")
    with pytest.raises(fdescrow.EnvelopeOpenError) as refused:
        fdescrow.open(der, keyring, kind="filevault")
    assert refused.value.__cause__ is None, "one answer, whatever was wrong"


@pytest.mark.parametrize(
    "answer",
    [lambda given: b"", lambda given: given, lambda given: 7, lambda given: bytes(len(given)), lambda: b"", None],
)
def test_a_device_that_answers_nonsense_is_not_taken(device: Device, answer: Callable[..., object] | None) -> None:
    with pytest.raises((fdescrow.IdentityUnavailableError, fdescrow.MisuseError)):
        Keyring.custom(device.certificate, raw_private=answer)  # type: ignore[arg-type]


def test_exactly_one_operation_is_given(device: Device) -> None:
    with pytest.raises(fdescrow.MisuseError):
        Keyring.custom(device.certificate)
    with pytest.raises(fdescrow.MisuseError):
        Keyring.custom(device.certificate, decrypt=device.decrypt)
    with pytest.raises(fdescrow.MisuseError):
        Keyring.custom(device.certificate, agree=device.raw_private)
    with pytest.raises(fdescrow.MisuseError):
        Keyring.custom([], raw_private=device.raw_private)
    with pytest.raises(fdescrow.MisuseError):
        Keyring.custom(device.certificate, decrypt=device.decrypt, unpads=["rot13"])


def test_keyrings_together_tell_whose_device_is_gone(device: Device, identity: tuple[Certificate, Keyring]) -> None:
    both = identity[1] + Keyring.custom(device.certificate, raw_private=device.raw_private)
    assert len(both) == 2
    device.trouble = TimeoutError("no answer")
    with pytest.raises(fdescrow.IdentityUnavailableError) as unavailable:
        fdescrow.open(mac_of(ours(device))[1], both, kind="filevault")
    assert unavailable.value.__cause__ is device.trouble
    assert fdescrow.open(mac_of(identity[0])[1], both, kind="filevault").expose()
