"""What the tests speak of: a caller, a help desk in a process of its own, sizes of screens."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from selenium import webdriver

import sample_fleet

EXAMPLES = Path(__file__).parent.parent

# A phone of the smallest width that is still sold, and a desk.
PHONE, DESK = (360, 740), (1000, 720)

Open = Callable[..., webdriver.Chrome]


@dataclass(frozen=True)
class Known:
    """A PC whose key the tests know."""

    device: str
    screen: str
    key: str

    @property
    def groups(self) -> list[str]:
        return self.key.split("-")


@dataclass
class Desk:
    """A help desk in a process of its own."""

    address: str
    log: Path

    @property
    def logged(self) -> str:
        return self.log.read_text()


def running(fleet: sample_fleet.Fleet, log: Path, *, seconds: int) -> AbstractContextManager[Desk]:
    """A help desk over an organization."""
    command = [fleet.store, "--organization", sample_fleet.ORGANIZATION, "--policy", str(fleet.policy)]
    command += ["--private-key", str(fleet.private_key), "--certificate", str(fleet.certificate)]
    return started([*command, "--seconds", str(seconds)], log)


@contextmanager
def started(arguments: list[str], log: Path) -> Iterator[Desk]:
    """A help desk, started with these arguments."""
    command = [sys.executable, "-m", "help_desk", *arguments, "--port", "0"]
    with log.open("w") as output, subprocess.Popen(command, cwd=EXAMPLES, stdout=output, stderr=output) as process:
        try:
            until = time.monotonic() + 60
            while (found := re.search(r"running on (http://\S+)", log.read_text())) is None:
                assert process.poll() is None and time.monotonic() < until, log.read_text()
                time.sleep(0.05)
            yield Desk(found[1], log)
        finally:
            process.terminate()
            process.wait(30)
