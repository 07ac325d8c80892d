"""Starts the help desk on this machine."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import uvicorn

import fdescrow

from . import __doc__ as about
from .app import create_app


def main() -> None:
    arguments = argparse.ArgumentParser(
        prog="python -m help_desk", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("store", nargs="?", help="sqlite:PATH")
    arguments.add_argument("--organization")
    arguments.add_argument("--policy", type=Path)
    arguments.add_argument("--private-key", type=Path)
    arguments.add_argument("--certificate", type=Path)
    arguments.add_argument("--demo", action="store_true", help="a made-up organization, gone afterwards")
    arguments.add_argument("--seconds", type=int, default=120, help="how long a key is shown")
    arguments.add_argument("--port", type=int, default=8000)
    given = arguments.parse_args()
    if not given.demo and None in (given.store, given.organization, given.policy, given.private_key, given.certificate):
        arguments.error("name a store with its organization, policy, private key and certificate, or --demo")

    with tempfile.TemporaryDirectory() as folder:
        if given.demo:
            import sample_fleet

            fleet = sample_fleet.make(Path(folder))
            escrow, keyring = fleet.escrow(), fleet.keyring()
            for pc, screen in fleet.bitlocker[:3]:
                print(f"the blue screen of {pc} shows {screen}")
        else:
            store = fdescrow.Store.open(given.store)
            escrow = fdescrow.Escrow(store, given.organization, policies=given.policy, certificates=given.certificate)
            keyring = fdescrow.Keyring.parse(given.private_key, certificates=given.certificate)
        # In front of it in your house: TLS.
        uvicorn.run(create_app(escrow, keyring, seconds=given.seconds), host="127.0.0.1", port=given.port)


if __name__ == "__main__":
    main()
