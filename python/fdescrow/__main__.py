"""The command line: what the program `fdescrow` does."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Does what the arguments say, and gives the number that the program ends with."""
    from ._native import run_command_line

    # The command line knows nothing of Python: Ctrl-C ends it as it ends any program.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run_command_line(["fdescrow", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
