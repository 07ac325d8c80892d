"""A private key in a key service, played by a stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import kms_stand_in
import pytest
from botocore.client import BaseClient
from botocore.config import Config

import fdescrow
import key_service
import sample_fleet


@pytest.fixture(scope="module")
def kms() -> Iterator[tuple[kms_stand_in.Service, BaseClient]]:
    with kms_stand_in.running() as (service, address):
        client = boto3.client(
            "kms",
            endpoint_url=address,
            region_name="eu-central-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",
            config=Config(retries={"max_attempts": 1}),
        )
        yield service, client


@pytest.fixture
def escrow(kms: tuple[kms_stand_in.Service, BaseClient]) -> fdescrow.Escrow:
    service, client = kms
    certificate = key_service.certify(client, "alias/escrow", subject="CN=Vault,O=Example Ltd")
    service.trouble = None
    return fdescrow.Escrow(fdescrow.Store.open("memory:"), "example.com", certificates=certificate)


def test_what_is_sealed_here_opens_in_the_service(
    kms: tuple[kms_stand_in.Service, BaseClient], escrow: fdescrow.Escrow
) -> None:
    service, client = kms
    keyring = key_service.keyring(client, "alias/escrow", escrow.certificates[0])
    with fdescrow.RecoveryKey.generate("bitlocker") as key:
        text = key.expose()
    escrow.receive_plaintext("PC-1", kind="bitlocker", key=text, by="agent")
    before = service.decrypted
    assert escrow.check(keyring).opened == 1 and service.decrypted > before
    with escrow.reveal("PC-1", keyring, by="ana", reason="lost") as revealed:
        assert revealed.expose() == text


@pytest.mark.parametrize("trouble", ["ThrottlingException", "AccessDeniedException", "DisabledException"])
def test_a_service_that_cannot_be_reached_condemns_no_key(
    kms: tuple[kms_stand_in.Service, BaseClient], escrow: fdescrow.Escrow, trouble: str
) -> None:
    service, client = kms
    keyring = key_service.keyring(client, "alias/escrow", escrow.certificates[0])
    with fdescrow.RecoveryKey.generate("luks") as key:
        escrow.receive_plaintext("TUX-1", kind="luks", key=key.expose(), by="agent")
    service.trouble = trouble
    report = escrow.check(keyring)
    assert (report.opened, report.unavailable, sum(report.not_opened.values())) == (0, 1, 0)
    with pytest.raises(ConnectionError) as raised:
        escrow.reveal("TUX-1", keyring, by="ana", reason="lost")
    assert trouble in str(raised.value.__cause__)
    service.trouble = None
    assert escrow.check(keyring).opened == 1


def test_a_message_that_the_service_refuses_does_not_open(
    kms: tuple[kms_stand_in.Service, BaseClient], escrow: fdescrow.Escrow
) -> None:
    _, client = kms
    keyring = key_service.keyring(client, "alias/escrow", escrow.certificates[0])
    with fdescrow.RecoveryKey.generate("bitlocker") as key:
        envelope = bytearray(fdescrow.seal(key, escrow.certificates, bare=True).der)
    # A bit within the wrapped key, which begins with an octet string of 256 octets.
    at = envelope.index(b"\x04\x82\x01\x00") + 100
    envelope[at] ^= 1
    row = fdescrow.Row(bytes(envelope), kind="bitlocker")
    (verdict,) = fdescrow.judge([row], keyring, suite="modern")
    assert verdict.verdict == "does_not_open"


def test_a_mac_needs_another_key(kms: tuple[kms_stand_in.Service, BaseClient], escrow: fdescrow.Escrow) -> None:
    _, client = kms
    keyring = key_service.keyring(client, "alias/escrow", escrow.certificates[0])
    envelope = sample_fleet.as_a_mac_seals(escrow.certificates[0])
    (verdict,) = fdescrow.judge([fdescrow.Row(envelope, kind="filevault")], keyring, suite="filevault")
    assert not verdict.opens
