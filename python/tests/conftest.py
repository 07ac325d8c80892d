"""What the tests share: an organization with a certificate, and a clock that stands."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

import fdescrow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest_plugins = ["fdescrow.testing"]

NOON = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)

POLICY = """
[organization]
id = "example.com"
name = "Example Ltd"
identifier = "com.example"

[filevault.enforcement]
setup_assistant = true
max_bypass_attempts = 0
ask_at_logout = false
show_recovery_key = false

[filevault.escrow]
location = "Example Ltd keeps a recovery key for this Mac."

[filevault.profile]
display_name = "Disk encryption"
description = "Encrypts this Mac."

[escrow]
required = true
"""


if os.environ.get("FDESCROW_WHEEL"):
    assert "site-packages" in fdescrow.__file__, "the wheel is tested, not the tree"


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **how_long: float) -> None:
        self.now += timedelta(**how_long)


class Organization:
    """An organization, and an escrow that was just opened."""

    def __init__(self, store: fdescrow.Store, identity: tuple[fdescrow.Certificate, fdescrow.Keyring]) -> None:
        self.certificate, self.keyring = identity
        self.clock = Clock()
        self.escrow = fdescrow.Escrow(store, "example.com", certificates=self.certificate, clock=self.clock)

    def mac(self) -> tuple[fdescrow.RecoveryKey, bytes]:
        """A key, and the message that a Mac would send."""
        return mac_of(self.certificate)


def mac_of(certificate: fdescrow.Certificate) -> tuple[fdescrow.RecoveryKey, bytes]:
    """A key, and the message in which a Mac would send it to this certificate."""
    key = fdescrow.RecoveryKey.generate("filevault")
    return key, fdescrow.seal(key, certificate, bare=True, format="enveloped_pkcs1v15").der


def new_identity(algorithm: str = "rsa-2048") -> tuple[fdescrow.Certificate, fdescrow.Keyring]:
    """A certificate, and the private key that belongs to it."""
    certificate, private = fdescrow.Certificate.generate(
        "CN=Escrow", algorithm=algorithm, not_before=NOON, not_after=NOON + timedelta(days=3650)
    )
    with private:
        return certificate, fdescrow.Keyring.parse(private, certificates=certificate)


@pytest.fixture(scope="session")
def identity() -> tuple[fdescrow.Certificate, fdescrow.Keyring]:
    """A certificate and its private key, made once: it takes a while."""
    return new_identity()


@pytest.fixture(scope="session")
def stranger() -> tuple[fdescrow.Certificate, fdescrow.Keyring]:
    """Another one."""
    return new_identity()


@pytest.fixture(params=["memory", "sqlite"])
def organization(
    request: pytest.FixtureRequest, tmp_path: Path, identity: tuple[fdescrow.Certificate, fdescrow.Keyring]
) -> Organization:
    """An organization over each store."""
    url = "memory:" if request.param == "memory" else f"sqlite:{tmp_path / 'keys.db'}"
    return Organization(fdescrow.Store.open(url), identity)


@pytest.fixture(autouse=True)
def documents_are_whole() -> Iterator[None]:
    """Every member that core tells has a place in the class that it is read into."""

    def look(kind: type[fdescrow.Document], members: dict[str, object]) -> None:
        known = {name.rstrip("_") for name in kind._names()}
        assert members.keys() <= known, (kind, members.keys() - known)

    fdescrow.documents.on_document = look
    yield
    fdescrow.documents.on_document = None
