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
from itertools import tee
from pathlib import Path

import fdescrow

# What is in a column of SQLite may be anything; as a blob it is bytes, and a row that is no message is a verdict.
QUERY = """
    SELECT hosts.hardware_serial, hosts.platform, CAST(keys.base64_encrypted AS BLOB)
    FROM host_disk_encryption_keys AS keys LEFT JOIN hosts ON hosts.id = keys.host_id
    ORDER BY keys.host_id
"""

KINDS = {"darwin": "filevault", "windows": "bitlocker"}


def verdicts(
    database: sqlite3.Connection, keyring: fdescrow.Keyring, *, suite: str | None = None
) -> Iterator[tuple[str, fdescrow.Verdict]]:
    """A serial number and a verdict for every row; the table is read as far as the verdicts are."""
    database.text_factory = lambda text: text.decode(errors="replace")
    rows, judged = tee(database.execute(QUERY))
    messages = ((envelope, KINDS.get(platform, "luks")) for _, platform, envelope in judged)
    for (serial, _, _), verdict in zip(rows, fdescrow.judge(messages, keyring, suite=suite), strict=True):
        yield serial or "(no host)", verdict


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
    arguments.add_argument("--suite", help="legacy: also what was sealed with single DES")
    given = arguments.parse_args()

    keyring = fdescrow.Keyring.parse(given.private_key, certificates=given.certificate)
    database = sqlite3.connect(f"file:{given.database}?mode=ro", uri=True)
    total: Counter[str] = Counter()
    table = csv.writer(sys.stdout)
    table.writerow(["serial", "verdict", "code", "why"])
    for serial, verdict in verdicts(database, keyring, suite=given.suite):
        total[verdict.verdict] += 1
        if not verdict.opens:
            table.writerow([serial, verdict.verdict, verdict.code, why(verdict)])
    for word, count in total.most_common():
        print(f"{count:>8,} {word}", file=sys.stderr)
    if total["unavailable"]:
        return 3
    return 1 if total["does_not_open"] else 0


if __name__ == "__main__":
    sys.exit(main())
