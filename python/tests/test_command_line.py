"""`python -m fdescrow` is the command line."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import fdescrow


def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fdescrow", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)


def test_it_answers_and_ends_with_its_numbers() -> None:
    assert fdescrow.__version__ in run("--version").stdout
    made = run("key", "new", "--kind", "filevault")
    assert made.returncode == 0
    assert fdescrow.RecoveryKey.parse_exact("filevault", made.stdout.strip()).kind == "filevault"
    assert run("key", "check", "--kind", "filevault", text=made.stdout).returncode == 0
    refused = run("nonsense")
    assert refused.returncode == 2
    assert "fdescrow" in refused.stderr
    refused = run("--json", "open", made.stdout.strip())
    assert refused.returncode == 2
    assert made.stdout.strip() not in refused.stdout + refused.stderr


def test_ctrl_c_ends_it() -> None:
    command = [sys.executable, "-m", "fdescrow", "key", "check", "--kind", "filevault"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == -signal.SIGINT
