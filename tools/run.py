"""Run what the Procfile lists, side by side: `python -I -S tools/run.py Procfile`.

SIGINT (Ctrl-C), SIGTERM or SIGHUP ends all of it; so does the end of any one, with its status. Each has a process group of its
own, which is told once, and killed when it does not end in time, or at a second signal. Ctrl-C is how somebody ends it who has
seen enough: that is no failure, unless something had to be killed.

It does next to nothing, so it loads next to nothing: four modules and no site-packages.
"""

import os
import select
import signal
import sys
import time

# Longer than `flask serve` gives to what is in hand (app/processes.py).
ENDS_WITHIN_SECONDS = 25.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Start all, pass on what they say, end all. Returns the status to end with."""
    with open(sys.argv[1], encoding="utf-8") as file:
        listed = [line.partition(":") for line in file if line.strip() and not line.startswith("#")]
    hears, tells = os.pipe()
    for side in (hears, tells):
        os.set_blocking(side, False)
    signal.set_wakeup_fd(tells)
    for each in (*ENDING, signal.SIGCHLD):
        signal.signal(each, lambda *_: None)  # only so that its number comes through the pipe
    width = max(len(name) for name, _, _ in listed)
    running: set[int] = set()
    said: dict[int, tuple[str, bytes]] = {}  # what has no end of line yet, and whose it is
    for name, _, command in listed:
        pid, out = start(command.strip())
        running.add(pid)
        said[out] = (name.ljust(width), b"")
    status: int | None = None
    until = float("inf")
    while running:
        left = until - time.monotonic()
        if left <= 0:
            end(running, signal.SIGKILL)
            status = status or 1  # not as it should
            until, left = float("inf"), float("inf")
        ready, _, _ = select.select([hears, *said], [], [], None if left == float("inf") else left)
        for out in ready:
            if out != hears:
                pass_on(said, out)
        came = set(os.read(hears, 4096)) if hears in ready else set()
        asked = came.intersection(ENDING)
        first_ended = reap(running)
        if status is None and (asked or first_ended is not None):
            status = status_of(asked) if asked else first_ended
            until = time.monotonic() + ENDS_WITHIN_SECONDS
            end(running, signal.SIGTERM)
        elif asked:
            until, status = 0.0, status or 128 + min(asked)
    while said and (ready := select.select([*said], [], [], 0)[0]):
        for out in ready:
            pass_on(said, out)
    return status or 0


def status_of(asked: set[int]) -> int:
    """With what to end when somebody asks for it."""
    return 0 if min(asked) == signal.SIGINT else 128 + min(asked)


def start(command: str) -> tuple[int, int]:
    """A command in a group of its own: its id, and the end of the pipe that it speaks into."""
    out, its_end = os.pipe()
    pid = os.fork()
    if pid:
        os.close(its_end)
        return pid, out
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for each in (*ENDING, signal.SIGCHLD):
            signal.signal(each, signal.SIG_DFL)
        os.dup2(its_end, 1)
        os.dup2(its_end, 2)
        os.execv("/bin/sh", ["sh", "-c", command])
    finally:
        os._exit(127)


def pass_on(said: dict[int, tuple[str, bytes]], out: int) -> None:
    """Write the whole lines that there are, each with the time and whose it is."""
    name, before = said[out]
    read = os.read(out, 65536)
    *lines, rest = (before + read).split(b"\n")
    if not read:
        os.close(out)
        del said[out]
        lines += [rest] if rest else []
    else:
        said[out] = (name, rest)
    at = time.strftime("%H:%M:%S")
    text = b"".join(f"{at} {name} | ".encode() + line + b"\n" for line in lines)
    while text:
        text = text[os.write(1, text) :]


def reap(running: set[int]) -> int | None:
    """Take leave of those that ended; the status of one of them."""
    status = None
    for pid in sorted(running):
        ended, code = os.waitpid(pid, os.WNOHANG)
        if ended:
            running.discard(pid)
            end({pid}, signal.SIGTERM)  # what it started may still be there
            code = os.waitstatus_to_exitcode(code)
            status = code if code >= 0 else 128 - code
    return status


def end(running: set[int], how: signal.Signals) -> None:
    """Tell each group."""
    for pid in running:
        try:
            os.killpg(pid, how)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    raise SystemExit(main())
