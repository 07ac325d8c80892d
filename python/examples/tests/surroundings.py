"""What the tests speak of: a caller, a help desk in a process of its own, sizes of screens."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def running(fleet: sample_fleet.Fleet, log: Path, *, seconds: int) -> Iterator[Desk]:
    command = [sys.executable, "-m", "help_desk", fleet.store, "--organization", sample_fleet.ORGANIZATION]
    command += ["--policy", str(fleet.policy), "--private-key", str(fleet.private_key)]
    command += ["--certificate", str(fleet.certificate), "--seconds", str(seconds), "--port", "0"]
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
