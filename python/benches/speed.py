"""How fast is the module, beside `cryptography` and `asn1crypto`? `python benches/speed.py [--quick]`.

Prints ratios, measured in one run. The wheel must be one of a release build (`pip install ./python`).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

import fdescrow

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = "--quick" in sys.argv
OPENS, INSPECTIONS, ROUNDS = (500, 2000, 3) if QUICK else (10_000, 100_000, 5)


def seconds(work: Callable[[], object]) -> float:
    """The time that something takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def best(work: Callable[[], object]) -> float:
    """The least of several times: what disturbs only ever adds."""
    return min(seconds(work) for _ in range(ROUNDS))


def show(what: str, value: str) -> None:
    """One line of the answer."""
    print(f"{what:<58} {value}")


def imported() -> float:
    """How long the import takes beside an interpreter that imports nothing, in milliseconds."""

    def run(code: str) -> float:
        return statistics.median(seconds(lambda: subprocess.run([sys.executable, "-c", code])) for _ in range(11))

    return (run("import fdescrow") - run("pass")) * 1000


def resident() -> int:
    """Bytes of memory that this process has."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Measures all of it."""
    now = datetime.now(timezone.utc)
    certificate, private = fdescrow.Certificate.generate(
        "CN=Escrow", not_before=now - timedelta(1), not_after=now + timedelta(365)
    )
    keyring = fdescrow.Keyring.parse(private, certificates=certificate)
    theirs = x509.load_der_x509_certificate(certificate.der)
    their_key = serialization.load_pem_private_key(private.expose(), None)
    key = fdescrow.RecoveryKey.generate("filevault")
    der = fdescrow.seal(key, certificate, bare=True, format="enveloped_pkcs1v15").der
    assert pkcs7.pkcs7_decrypt_der(der, theirs, their_key, []).decode() == key.expose()  # type: ignore[arg-type]

    show("import, ms", f"{imported():.1f}")

    few = min(OPENS, 1000)
    ours = best(lambda: [fdescrow.open(der, keyring, kind="filevault") for _ in range(few)]) / few
    other = best(lambda: [pkcs7.pkcs7_decrypt_der(der, theirs, their_key, []) for _ in range(few)]) / few  # type: ignore[arg-type]
    show("one open, µs; cryptography, µs; ratio", f"{ours * 1e6:.0f}; {other * 1e6:.0f}; {other / ours:.2f}")

    def opened(threads: int) -> float:
        def some(_: int) -> None:
            for _ in range(OPENS // threads):
                fdescrow.open(der, keyring, kind="filevault")

        with ThreadPoolExecutor(threads) as pool:
            return seconds(lambda: list(pool.map(some, range(threads))))

    one, two = opened(1), opened(2)
    show(f"{OPENS} opens on 1 and 2 threads, s; ratio", f"{one:.2f}; {two:.2f}; {one / two:.2f}")

    def inspect() -> None:
        for _ in range(INSPECTIONS // ROUNDS):
            fdescrow.inspect(der, certificate)

    def parse() -> None:
        for _ in range(INSPECTIONS // ROUNDS // 20):
            _ = cms.ContentInfo.load(der).native

    ours = best(inspect) / (INSPECTIONS // ROUNDS)
    other = best(parse) / (INSPECTIONS // ROUNDS // 20)
    show("inspect, µs; asn1crypto's parse, µs; ratio", f"{ours * 1e6:.1f}; {other * 1e6:.0f}; {other / ours:.0f}")

    parsed = fdescrow.Envelope.parse(der)
    cheap, turns = fdescrow.Keyring(), 1_000_000 if not QUICK else 100_000
    call = best(lambda: [len(cheap) for _ in range(turns)]) / turns
    nothing = best(lambda: [None for _ in range(turns)]) / turns
    show("crossing, a call that does nothing, µs", f"{(call - nothing) * 1e6:.3f}")

    before = resident()
    kept = [fdescrow.Envelope.parse(der) for _ in range(10_000)]
    show("memory of an envelope that is held, bytes", f"{(resident() - before) / len(kept):.0f} of {len(parsed.der)}")


if __name__ == "__main__":
    main()
