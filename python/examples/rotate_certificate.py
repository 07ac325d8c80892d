"""The escrow certificate changes. Who is affected, and whom must you ask for a new key?

    python rotate_certificate.py sqlite:keys.db --organization example.com --by ana \\
        --old escrow-2026.key escrow-2026.pem --new escrow-2027.key escrow-2027.pem [--retire]

The steps of docs/operations.md, in their order. Each may be broken off (Ctrl-C) and done again: what is sealed to the
new certificate already is not touched, and nothing is ever sealed to fewer certificates on the way.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import fdescrow


class Progress:
    """A line on the terminal that says how far it is, and nothing where the output is a file."""

    def __init__(self, total: int) -> None:
        self.total = total

    def __call__(self, report: fdescrow.RewrapReport) -> None:
        if sys.stderr.isatty():
            done = report.rewrapped + len(report.failures)
            print(f"\r{done:,} of {self.total:,} re-wrapped", end="", file=sys.stderr, flush=True)


def rotate(
    escrow: fdescrow.Escrow,
    old: fdescrow.Certificate,
    new: fdescrow.Certificate,
    *,
    with_old: fdescrow.Keyring,
    with_new: fdescrow.Keyring,
    by: str,
) -> dict[str, str]:
    """Seals every key to the new certificate as well, and tells of which devices a new key is needed, and why."""
    affected, expires = escrow.live_references(old), old.describe().not_after
    print(f"{affected:,} envelopes in use are sealed to {old.subject}, which expires on {expires:%Y-%m-%d}")

    report = escrow.rewrap(with_old, new, by=by, progress=Progress(affected))
    print(f"{report.rewrapped:,} re-wrapped, {report.already:,} were already, {len(report.failures):,} did not open")
    if report.unavailable:
        sys.exit(
            f"the old private key could not be reached for {report.unavailable:,} keys: nothing is lost, try again"
        )

    # An old envelope is taken out of use once the new one of the same key was opened, with the new private key alone.
    checked = escrow.check(with_new, by=by)
    print(f"{checked.opened:,} opened with the new private key alone")

    ask_again = {failure.device: failure.reason for failure in report.failures}
    for key in escrow.undecryptable():
        ask_again[key.device] = f"{key.meaning} {key.remedy}"
    return ask_again


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("store", help="sqlite:PATH")
    arguments.add_argument("--organization", required=True)
    arguments.add_argument("--old", type=Path, nargs=2, required=True, metavar=("KEY", "CERTIFICATE"))
    arguments.add_argument("--new", type=Path, nargs=2, required=True, metavar=("KEY", "CERTIFICATE"))
    arguments.add_argument("--by", required=True, help="who does it, for the audit")
    arguments.add_argument(
        "--retire", action="store_true", help="retire the old certificate if nothing needs it any more"
    )
    given = arguments.parse_args()

    old, new = (fdescrow.Certificate.parse(pair[1]) for pair in (given.old, given.new))
    # The new one first: what arrives in clear from now on is sealed to it.
    escrow = fdescrow.Escrow(fdescrow.Store.open(given.store), given.organization, certificates=[new, old])
    ask_again = rotate(
        escrow,
        old,
        new,
        with_old=fdescrow.Keyring.parse(given.old[0], certificates=old),
        with_new=fdescrow.Keyring.parse(given.new[0], certificates=new),
        by=given.by,
    )
    for device, why in sorted(ask_again.items()):
        print(f"ask again: {device}: {why}")
    left = escrow.live_references(old)
    if left:
        print(f"{left:,} envelopes still need the old private key: keep it, and go on checking with both")
    elif given.retire:
        escrow.retire_certificate(old, by=given.by, reason=f"replaced by {new.subject}")
        print(f"retired: {old.subject}. Keep its private key for as long as your backups are older than this.")
    return 1 if ask_again else 0


if __name__ == "__main__":
    sys.exit(main())
