"""Which of the recovery keys that your server has would open today?

    python existing_table.py server.db --private-key escrow.key --certificate escrow.pem

The first step of docs/adopt.md: verdicts over a table that your server has already, here `host_disk_encryption_keys` of
SQLite. Nothing is written to your database, and no key is shown. One broken row costs itself only.

Exit code: 0 if every key opens, 1 if one does not, 3 if that is not known of one (the private key is out of reach).
"""

from __future__ import annotations

import argparse
import csv
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import fdescrow
from fdescrow import VerdictWord

QUERY = """
    SELECT hosts.hardware_serial, hosts.platform, keys.base64_encrypted
    FROM host_disk_encryption_keys AS keys LEFT JOIN hosts ON hosts.id = keys.host_id
    ORDER BY keys.host_id
"""

KINDS = {"darwin": "filevault", "windows": "bitlocker"}


def rows(database: sqlite3.Connection) -> Iterator[tuple[str, fdescrow.Row]]:
    """What is in the table: a serial number, and what there is to judge."""
    for serial, platform, envelope in database.execute(QUERY):
        # What SQLite holds may be anything; a row that is no message is a verdict, not an error.
        message = envelope.encode() if isinstance(envelope, str) else bytes(envelope or b"")
        yield serial or "(no host)", fdescrow.Row(message, kind=KINDS.get(platform, "luks"))


def verdicts(
    database: sqlite3.Connection, keyring: fdescrow.Keyring, *, suite: str, batch: int = 500
) -> Iterator[tuple[str, fdescrow.Verdict]]:
    """A verdict for every row; no more than a batch of them is in memory."""
    serials: list[str] = []
    judged: list[fdescrow.Row] = []
    for serial, row in rows(database):
        serials.append(serial)
        judged.append(row)
        if len(judged) == batch:
            yield from zip(serials, fdescrow.judge(judged, keyring, suite=suite), strict=True)
            serials, judged = [], []
    yield from zip(serials, fdescrow.judge(judged, keyring, suite=suite), strict=True)


def why(verdict: fdescrow.Verdict) -> str:
    """What to say about a row, in one line."""
    if verdict.inspection is not None and "sealed_by_macos_to_itself" in verdict.inspection.notes:
        return "the Mac had no profile when it made this key, and sealed it to itself: deliver the profile, then rotate"
    return verdict.reason or ""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("database", type=Path, help="your server's database; it is opened read-only")
    arguments.add_argument("--private-key", type=Path, required=True)
    arguments.add_argument("--certificate", type=Path, required=True)
    arguments.add_argument("--suite", default="filevault", help="legacy: also what was sealed with single DES")
    given = arguments.parse_args()

    keyring = fdescrow.Keyring.parse(given.private_key, certificates=given.certificate)
    database = sqlite3.connect(f"file:{given.database}?mode=ro", uri=True)
    total: Counter[VerdictWord] = Counter()
    table = csv.writer(sys.stdout)
    table.writerow(["serial", "verdict", "code", "why"])
    for serial, verdict in verdicts(database, keyring, suite=given.suite):
        total[verdict.verdict] += 1
        if verdict.verdict is not VerdictWord.OPENS:
            table.writerow([serial, verdict.verdict.value, verdict.code, why(verdict)])
    for word, count in total.most_common():
        print(f"{count:>8,} {word.value}", file=sys.stderr)
    if total[VerdictWord.UNAVAILABLE]:
        return 3
    return 1 if total[VerdictWord.DOES_NOT_OPEN] else 0


if __name__ == "__main__":
    sys.exit(main())
