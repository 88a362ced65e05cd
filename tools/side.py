"""Run a command with the variables of one side only: `python tools/side.py hub flask courier`."""

from __future__ import annotations

import os
import sys

from app.settings import environment_of


def main() -> None:
    side, command, *arguments = sys.argv[1:]
    if side not in {"portal", "hub"}:
        raise SystemExit("The first word is the side: portal or hub.")
    os.execvpe(command, [command, *arguments], environment_of(side, os.environ))  # type: ignore[arg-type]


main()
