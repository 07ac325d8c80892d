"""A small organization to try the examples on: devices, their keys, and a year of what happens to them.

    python sample_fleet.py FOLDER

writes a store, an escrow certificate with its private key, and a policy. Nothing in it is real; the same seed gives the
same devices, though never the same keys.
"""

from __future__ import annotations

import random
import sys
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import fdescrow

ORGANIZATION = "example.com"

POLICY = """\
[organization]
id = "example.com"
name = "Example Ltd"
identifier = "com.example"

[filevault.enforcement]
[filevault.escrow]
location = "Example Ltd"

[recovery]
approvals = 1
"""

PEOPLE = ("Ada Berg", "Bela Costa", "Chidi Dahl", "Dana Egede", "Emre Fall", "Fen Gallo", "Gita Haas", "Hugo Ito")


@dataclass
class Fleet:
    """Where everything is, and what a test wants to know of it."""

    folder: Path
    now: datetime
    bitlocker: list[tuple[str, str]] = field(default_factory=list)
    """PCs, each with the recovery key ID that its blue screen shows."""
    not_opening: set[str] = field(default_factory=set)
    """Devices whose last key does not open."""

    @property
    def store(self) -> str:
        return f"sqlite:{self.folder / 'keys.db'}"

    @property
    def private_key(self) -> Path:
        return self.folder / "escrow.key"

    @property
    def certificate(self) -> Path:
        return self.folder / "escrow.pem"

    @property
    def policy(self) -> Path:
        return self.folder / "policy.toml"

    def keyring(self) -> fdescrow.Keyring:
        return fdescrow.Keyring.parse(self.private_key, certificates=self.certificate)

    def escrow(self) -> fdescrow.Escrow:
        store = fdescrow.Store.open(self.store)
        return fdescrow.Escrow(store, ORGANIZATION, policies=self.policy, certificates=self.certificate)


def new_certificate(folder: Path, name: str, subject: str, *, now: datetime) -> fdescrow.Certificate:
    """A certificate in NAME.pem and its private key in NAME.key."""
    certificate, private_key = fdescrow.Certificate.generate(
        subject, algorithm="rsa-2048", not_before=now - timedelta(days=400), not_after=now + timedelta(days=3250)
    )
    (folder / f"{name}.pem").write_text(certificate.to_pem())
    with private_key:
        (folder / f"{name}.key").write_bytes(private_key.expose())
    return certificate


def as_a_mac_seals(certificate: fdescrow.Certificate) -> bytes:
    """A message as macOS writes it: the bare key, by PKCS #1 v1.5."""
    with fdescrow.RecoveryKey.generate("filevault") as key:
        return fdescrow.seal(key, certificate, bare=True, format="enveloped_pkcs1v15").der


def make(folder: Path, *, devices: int = 48, now: datetime | None = None, seed: int = 7) -> Fleet:
    """Makes the organization in a folder that is there and empty."""
    chance = random.Random(seed)
    fleet = Fleet(folder, now or datetime.now(timezone.utc).replace(microsecond=0))
    certificate = new_certificate(folder, "escrow", "CN=Escrow 2026,O=Example Ltd", now=fleet.now)
    stranger = new_certificate(folder, "stranger", "CN=Somebody else", now=fleet.now)
    fleet.policy.write_text(POLICY)
    keyring = fleet.keyring()
    escrow = fleet.escrow()
    arrivals = sorted((chance.randrange(5, 365), number) for number in range(devices))
    for week in range(53, -1, -1):
        moment = fleet.now - timedelta(weeks=week, hours=3)
        for days, number in arrivals:
            if days // 7 == week:
                enrol(escrow, fleet, number, certificate, stranger, chance, moment)
        escrow.check(keyring, by="nightly", now=moment + timedelta(hours=2))
    return fleet


def enrol(
    escrow: fdescrow.Escrow,
    fleet: Fleet,
    number: int,
    certificate: fdescrow.Certificate,
    stranger: fdescrow.Certificate,
    chance: random.Random,
    now: datetime,
) -> None:
    """A device is seen for the first time, and sends its key."""
    kind = ("filevault", "bitlocker", "filevault", "luks")[number % 4]
    device = {"filevault": "MAC", "bitlocker": "PC", "luks": "TUX"}[kind] + f"-{number:03}"
    if kind == "filevault":
        # One Mac in ten got no profile, and seals to a certificate that nobody here has.
        lost = chance.random() < 0.1
        escrow.receive(device, kind=kind, envelope=as_a_mac_seals(stranger if lost else certificate), by="mdm", now=now)
        if lost:
            fleet.not_opening.add(device)
    else:
        number_of = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        with fdescrow.RecoveryKey.generate(kind) as key, key.secret() as secret:
            if kind == "bitlocker":
                protector = f"{{{number_of.upper()}}}"
                escrow.receive_plaintext(device, kind=kind, key=secret, protector=protector, by="agent", now=now)
                fleet.bitlocker.append((device, protector[1:9]))
            else:
                escrow.receive_plaintext(
                    device, kind=kind, key=secret, volume=number_of, protector="1", by="agent", now=now
                )
    owner = PEOPLE[number % len(PEOPLE)]
    escrow.name_device(
        device, [{"kind": "owner", "value": owner, "source": "directory", "trust": "claimed"}], by="directory", now=now
    )


if __name__ == "__main__":
    made = make(Path(sys.argv[1]))
    print(f"{made.store}: {len(made.not_opening)} devices have a key that does not open")
    for pc, screen in made.bitlocker[:3]:
        print(f"the blue screen of {pc} shows {screen}")
