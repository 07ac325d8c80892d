"""The commands of the README, as they stand."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
from surroundings import EXAMPLES, started


def test_the_commands_run(tmp_path: Path) -> None:
    commands = [shlex.split(line) for line in re.findall(r"(?m)^\$ (.*)$", (EXAMPLES / "README.md").read_text())]
    install, *others, desk = commands
    # What is to be installed is installed where these tests run.
    assert install == ["python", "-m", "pip", "install", "fdescrow", "-r", "requirements.txt"]
    for program, *arguments in others:
        if program == "python":
            program, arguments[0] = sys.executable, str(EXAMPLES / arguments[0])
        ran = subprocess.run([program, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")

    assert desk[:3] == ["python", "-m", "help_desk"]
    with started(desk[3:], tmp_path / "log") as demonstration:
        assert "Who are you?" in httpx.get(f"{demonstration.address}/sign-in").text
        assert re.search(r"the blue screen of PC-\d+ shows [0-9A-F]{8}", demonstration.logged)
