"""Threads, signals, memory."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

import fdescrow

from .conftest import Organization, mac_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Identity = tuple[fdescrow.Certificate, fdescrow.Keyring]


def fill(organization: Organization, devices: int) -> list[fdescrow.RecoveryKey]:
    """Keys of so many devices, received."""
    keys = []
    for number in range(devices):
        key, der = organization.mac()
        organization.escrow.receive(f"device-{number}", kind="filevault", envelope=der, by="orbit")
        keys.append(key)
    return keys


def test_eight_threads_use_one_escrow(organization: Organization) -> None:
    escrow, keyring = organization.escrow, organization.keyring

    def life(number: int) -> None:
        for turn in range(4):
            key, der = organization.mac()
            device = f"device-{number}-{turn}"
            escrow.receive(device, kind="filevault", envelope=der, by="orbit")
            assert escrow.reveal(device, keyring, by="ana", reason="lost").expose() == key.expose()
            escrow.check(keyring)
            assert escrow.device(device).keys == 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(life, range(8)))
    assert escrow.summary().devices == 32
    assert escrow.verify_audit().intact


def test_others_run_while_a_private_key_is_used(organization: Organization) -> None:
    """M5: the interpreter is let go; a call that kept it would let nobody count."""
    fill(organization, 200)
    counted, stop = [0], threading.Event()

    def count() -> None:
        while not stop.wait(0.001):
            counted[0] += 1

    other = threading.Thread(target=count)
    other.start()
    try:
        before, start = counted[0], time.monotonic()
        assert organization.escrow.check(organization.keyring, devices=1000).opened == 200
        after, milliseconds = counted[0], (time.monotonic() - start) * 1000
    finally:
        stop.set()
        other.join()
    assert after - before > milliseconds / 20


def test_it_works_under_asyncio(organization: Organization) -> None:
    async def story() -> str:
        key, der = await asyncio.to_thread(organization.mac)
        await asyncio.to_thread(organization.escrow.receive, "A", kind="filevault", envelope=der, by="orbit")
        revealed = await asyncio.to_thread(
            organization.escrow.reveal, "A", organization.keyring, by="ana", reason="lost"
        )
        assert revealed.expose() == key.expose()
        return key.expose()

    assert asyncio.run(story())


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C is heard, also where whoever runs the tests has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_after(seconds: float) -> None:
    """Sends Ctrl-C to this program from another thread."""
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("work", ["check", "rewrap", "judge"])
def test_ctrl_c_stops_long_work_between_keys_and_nothing_is_lost(work: str) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    from .conftest import new_identity
    from .test_identities import Device

    device = Device(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    certificate = fdescrow.Certificate.parse(device.certificate.public_bytes(serialization.Encoding.DER))

    # Python's own pow takes some 20 milliseconds.
    keyring = fdescrow.Keyring.custom(device.certificate, raw_private=device.raw_private)
    fast = fdescrow.Keyring.parse(device.private, certificates=certificate)
    organization = Organization(fdescrow.Store.open("memory:"), (certificate, keyring))
    count = 150
    keys = fill(organization, count)
    following, _ = new_identity()
    if work == "rewrap":
        organization.escrow.check(fast)
    rows = [(mac_of(certificate)[1], "filevault") for _ in keys]
    device.calls = 0
    interrupt_after(0.4)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        if work == "check":
            organization.escrow.check(keyring)
        elif work == "rewrap":
            organization.escrow.rewrap(keyring, following, by="ana")
        else:
            list(fdescrow.judge(rows, keyring))
    assert 0 < device.calls < count, "it was stopped in the middle"
    assert time.monotonic() - start < 1.5
    done = organization.escrow.check(fast)
    if work == "check":
        assert 0 < done.opened < count, "what was opened before was recorded, the rest is due still"
    elif work == "rewrap":
        report = organization.escrow.rewrap(fast, following, by="ana")
        assert report.rewrapped + report.already == count
        assert report.already > 0
    assert organization.escrow.verify_audit().intact


def resident() -> int:
    """Bytes of memory that this process has."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="counts memory as Linux tells it")
def test_nothing_leaks(identity: Identity) -> None:
    """M5: 100,000 calls leave no memory behind."""
    certificate, _ = identity
    key, der = mac_of(certificate)
    escrow = fdescrow.Escrow(fdescrow.Store.open("memory:"), "example.com", certificates=certificate)
    text = key.expose()

    def calls(times: int) -> None:
        for _ in range(times):
            fdescrow.Envelope.parse(der)
            fdescrow.RecoveryKey.parse_exact("filevault", text).secret().wipe()
            fdescrow.inspect(der, certificate)
            try:
                escrow.assess("nobody")
            except fdescrow.DeviceUnknownError:
                pass
            try:
                fdescrow.Envelope.parse(b"nonsense")
            except fdescrow.EnvelopeSyntaxError:
                pass

    calls(4000)
    gc.collect()
    before = resident()
    calls(20_000)
    gc.collect()
    assert resident() - before < 2 << 20


CANARY = """
import gc, os, re, sys
import fdescrow

# What is looked for is never whole in the memory of this program: it is put together where it is compared.
PARTS = ("QWER", "TYUI", "OPAS", "DFGH", "JKLZ", "XCVB")

def found():
    import mmap
    count = 0
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            area, access = line.split()[:2]
            if "rw" not in access or "[v" in line:
                continue
            start, end = (int(part, 16) for part in area.split("-"))
            try:
                memory.seek(start)
                content = memory.read(end - start)
            except (OSError, ValueError):
                continue
            at = content.find(PARTS[0].encode())
            while at >= 0:
                whole = content[at:at + 29]
                if whole[5:9] == PARTS[1].encode() and whole[10:14] == PARTS[2].encode():
                    count += 1
                at = content.find(PARTS[0].encode(), at + 1)
            del content
    return count

def secret():
    memory = bytearray(29)
    at = 0
    for index, part in enumerate(PARTS):
        memory[at:at + 4] = part.encode()
        if index < 5:
            memory[at + 4:at + 5] = b"-"
        at += 5
    made = fdescrow.Secret(memory)
    memory[:] = bytes(len(memory))
    return made

def wiped():
    with secret() as typed:
        with fdescrow.RecoveryKey.parse_typed("filevault", typed) as key:
            with key.secret() as shown:
                assert shown == typed
            escrow = fdescrow.Escrow(fdescrow.Store.open("memory:"), "example.com", certificates=certificate)
            escrow.receive_plaintext("A", kind="filevault", key=typed, by="ana")
            with escrow.reveal("A", keyring, by="ana", reason="lost") as revealed:
                with revealed.secret() as again:
                    assert again == typed

from datetime import datetime, timedelta, timezone
now = datetime.now(timezone.utc)
day = timedelta(1)
certificate, private = fdescrow.Certificate.generate("CN=E", not_before=now - day, not_after=now + day)
keyring = fdescrow.Keyring.parse(private, certificates=certificate)
wiped()
gc.collect()
after = found()
with secret() as control:
    held = control.expose()
    seen = found()
print(after, seen)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="looks at memory as Linux shows it")
def test_no_copy_of_a_wiped_secret_stays_in_memory() -> None:
    """M4: nothing is found after everything was wiped; what is held is found, so that the search works."""
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CANARY)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "MALLOC_TRIM_THRESHOLD_": "1073741824", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ran.returncode == 0, ran.stderr
    after, control = map(int, ran.stdout.split())
    assert control >= 1
    assert after == 0


def test_no_secret_is_in_any_message(organization: Organization, capfd: pytest.CaptureFixture[str]) -> None:
    """L1: nothing that is printed, raised or represented holds a key."""
    key, der = organization.mac()
    text, escrow = key.expose(), organization.escrow
    said = []

    def tell(call: object) -> None:
        try:
            said.append(repr(call() if callable(call) else call))
        except Exception as error:
            said.append(repr(error) + str(error) + repr(error.__cause__) + repr(error.__context__))

    for wrong in (text, text.encode(), text[:-1] + "!", bytearray(text.encode())):
        tell(lambda: escrow.receive("A", kind="filevault", envelope=wrong, by="orbit"))
        tell(lambda: fdescrow.Envelope.parse(wrong))
        tell(lambda: fdescrow.Certificate.parse(wrong))
        tell(lambda: fdescrow.Keyring.parse(wrong, password=text))
        tell(lambda: fdescrow.RecoveryKey.parse_exact("bitlocker", wrong))
        tell(lambda: fdescrow.RecoveryKey.parse_typed("filevault", wrong))
        tell(lambda: fdescrow.read_report("osquery", wrong))
        tell(lambda: fdescrow.parse_profile(wrong))
        tell(lambda: list(fdescrow.judge([(wrong, "filevault")], organization.keyring)))
    tell(lambda: escrow.receive_plaintext("A", kind="bitlocker", key=text, by="ana"))
    tell(lambda: escrow.receive_plaintext("A", kind="filevault", key=text, by="ana"))
    tell(lambda: escrow.receive("A", kind="filevault", envelope=der, by="orbit"))
    tell(lambda: escrow.check(organization.keyring))
    tell(lambda: escrow.reveal("A", organization.keyring, by="ana", reason="lost"))
    tell(lambda: escrow.reveal_sheet("A", organization.keyring, by="ana", reason="lost"))
    tell(lambda: escrow.history("A"))
    tell(lambda: escrow.events().entries)
    tell(lambda: organization.keyring)
    for told in said:
        assert text not in told
        assert text[:-1] not in told
    shown = capfd.readouterr()
    assert text not in shown.out + shown.err
