"""The escrow certificate changes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from surroundings import EXAMPLES, Known

import fdescrow
import sample_fleet
from sample_fleet import Fleet


def run(fleet: Fleet, *more: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "rotate_certificate.py",
        fleet.store,
        "--organization",
        sample_fleet.ORGANIZATION,
        "--by",
        "ana",
    ]
    command += ["--old", str(fleet.private_key), str(fleet.certificate)]
    command += ["--new", str(fleet.folder / "new.key"), str(fleet.folder / "new.pem"), *more]
    return subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True, check=False)


def test_who_is_affected_what_is_rewrapped_and_whom_to_ask(fleet: Fleet, known: Known) -> None:
    new = sample_fleet.new_certificate(fleet.folder, "new", "CN=Escrow 2027,O=Example Ltd", now=fleet.now)
    old = fdescrow.Certificate.parse(fleet.certificate)
    good = 48 + 1 - len(fleet.not_opening)
    first = run(fleet)
    assert first.returncode == 1, first.stderr
    lines = first.stdout.splitlines()
    assert lines[0].startswith(f"{good} envelopes in use are sealed to {old.subject}")
    assert lines[1].startswith(f"{good} re-wrapped, 0 were already")
    assert lines[2] == f"{good} opened with the new private key alone"
    asked = {line.split(": ")[1] for line in lines if line.startswith("ask again: ")}
    assert asked == fleet.not_opening
    assert "needs the old private key" not in first.stdout

    # The new private key alone gives the key that the tests know.
    alone = fdescrow.Keyring.parse(fleet.folder / "new.key", certificates=fleet.folder / "new.pem")
    escrow = fdescrow.Escrow(fdescrow.Store.open(fleet.store), sample_fleet.ORGANIZATION, certificates=new)
    with escrow.reveal(known.device, alone, by="ana", reason="to see that it works") as key:
        assert key.expose() == known.key

    second = run(fleet, "--retire")
    assert "0 re-wrapped" in second.stdout and "retired: " in second.stdout, second.stdout
    escrow = fleet.escrow()
    states = {one.fingerprint: one.state for one in escrow.registered_certificates()}
    assert states[old.fingerprint] == "retired"


def test_a_private_key_that_is_not_the_old_one_is_told_before_anything_changes(fleet: Fleet) -> None:
    sample_fleet.new_certificate(fleet.folder, "new", "CN=Escrow 2027,O=Example Ltd", now=fleet.now)
    fleet.private_key.write_bytes((fleet.folder / "stranger.key").read_bytes())
    ran = run(fleet, "--retire")
    assert ran.returncode != 0 and "retired" not in ran.stdout


@pytest.mark.parametrize("name", ["rotate_certificate", "existing_table", "fleet_report"])
def test_each_says_what_it_is(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, f"{name}.py", "--help"], cwd=EXAMPLES, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0 and "usage:" in ran.stdout and "?" in ran.stdout
