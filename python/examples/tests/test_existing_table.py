"""Verdicts over a table that is not ours."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from surroundings import EXAMPLES

import fdescrow
import sample_fleet
from sample_fleet import Fleet


@pytest.fixture
def database(fleet: Fleet, tmp_path: Path) -> Path:
    """A server's table: keys that open, and everything that there is in tables beside them."""
    ours, stranger = (fdescrow.Certificate.parse(fleet.folder / f"{name}.pem") for name in ("escrow", "stranger"))
    good = [base64.b64encode(sample_fleet.as_a_mac_seals(ours)).decode() for _ in range(7)]
    lost = base64.b64encode(sample_fleet.as_a_mac_seals(stranger)).decode()
    flipped = bytearray(base64.b64decode(good[0]))
    flipped[-3] ^= 1
    poison = [
        None,
        "",
        "garbage",
        b"\xff\x00\xfe",
        "A" * 200_000,
        good[0][:100],
        base64.b64encode(flipped).decode(),
        lost,
    ]
    path = tmp_path / "server.db"
    with sqlite3.connect(path) as table:
        table.executescript(
            "CREATE TABLE hosts (id INTEGER PRIMARY KEY, hardware_serial TEXT, platform TEXT);"
            "CREATE TABLE host_disk_encryption_keys"
            "(host_id INTEGER PRIMARY KEY, base64_encrypted TEXT, decryptable INTEGER);"
        )
        for number, envelope in enumerate([*good[:3], *poison, *good[3:]]):
            table.execute("INSERT INTO hosts VALUES (?, ?, 'darwin')", (number, f"C02-{number:03}"))
            table.execute("INSERT INTO host_disk_encryption_keys VALUES (?, ?, NULL)", (number, envelope))
    table.close()
    return path


def run(fleet: Fleet, database: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "existing_table.py", str(database), "--private-key", str(fleet.private_key)]
    command += ["--certificate", str(fleet.certificate), *more]
    return subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True, check=False)


def test_a_poison_row_stops_nothing_and_nothing_is_written(fleet: Fleet, database: Path) -> None:
    before = hashlib.sha256(database.read_bytes()).digest()
    ran = run(fleet, database)
    assert ran.returncode == 1, ran.stderr
    told = list(csv.DictReader(io.StringIO(ran.stdout)))
    assert [row["serial"] for row in told] == [f"C02-{number:03}" for number in range(3, 11)]
    assert {row["verdict"] for row in told} == {"does_not_open"} and all(row["code"] and row["why"] for row in told)
    assert told[7]["code"] == "EnvelopeNoRecipient", "it is sealed to a stranger, which is said without a private key"
    assert [line.split() for line in ran.stderr.splitlines()] == [["8", "does_not_open"], ["7", "opens"]]
    assert hashlib.sha256(database.read_bytes()).digest() == before
    assert sorted(file.name for file in database.parent.glob("server.db*")) == ["server.db"]


def test_a_table_whose_keys_all_open_is_fine(fleet: Fleet, database: Path) -> None:
    with sqlite3.connect(database) as table:
        table.execute("DELETE FROM host_disk_encryption_keys WHERE host_id BETWEEN 3 AND 10")
    table.close()
    ran = run(fleet, database)
    assert (ran.returncode, ran.stdout.strip()) == (0, "serial,verdict,code,why"), ran.stderr


def test_the_table_is_read_as_far_as_the_verdicts_are(fleet: Fleet) -> None:
    import existing_table

    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE hosts (id INTEGER PRIMARY KEY, hardware_serial TEXT, platform TEXT);"
        "CREATE TABLE host_disk_encryption_keys (host_id INTEGER PRIMARY KEY, base64_encrypted TEXT);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        "INSERT INTO host_disk_encryption_keys SELECT i, hex(randomblob(500)) FROM n;"
    )
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    connection.set_progress_handler(count, 1000)
    first = next(existing_table.verdicts(connection, fleet.keyring()))
    assert first[0] == "(no host)" and first[1].code == "EnvelopeSyntax"
    after_one, steps = steps, 0
    connection.execute(existing_table.QUERY).fetchall()
    assert after_one < steps / 100
