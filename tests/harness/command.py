"""One of the site's commands on the fixed day: `python -m tests.harness.command courier --once`."""

from __future__ import annotations

import os
import sys

from tests.harness.day import start_clock
from tests.harness.killing import perhaps_before_letting_go


def main(arguments: list[str]) -> None:
    """Set the clock, then run the command as `flask` would."""
    start_clock(os.environ)
    perhaps_before_letting_go()
    if arguments[0] in {"courier", "hatch"}:  # these become another process, which would not know the day
        from app import courier, hatch

        hatch.serve() if arguments[0] == "hatch" else courier.carry(once=courier.ONCE in arguments)
        return
    from app import cli

    command = getattr(cli, arguments[0])
    command.main(args=arguments[1:], prog_name=arguments[0])


if __name__ == "__main__":
    main(sys.argv[1:])
