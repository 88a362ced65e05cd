"""Foreign bytes by the million for everything that parses them: `python -m tools.fuzz --cases 1000000`.

What is tried and what must hold stands in tests/harness/foreign.py, how bytes are spoilt in tests/harness/fuzzing.py; a few
thousand
of the same cases run with every test run. It says for each parser how many cases it took and refused, and how to see a failure
again: `python -m tools.fuzz --only parcel --case 12345`. It ends with 1 when something was found, or when a parser took or
refused none.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.harness.foreign import TARGETS
from tests.harness.fuzzing import Found, Target, case, run

BY_NAME = {each.name: each for each in TARGETS}
PART = 5000
EXAMPLES = 20
SHARED = Path("/dev/shm")  # noqa: S108
# No parser needs a hundredth of it; one that is told to take more gets a MemoryError, which is found.
MOST_BYTES = 4 * 1024**3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000, help="in all, shared out among the parsers")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument(
        "--from", dest="first", type=int, default=0, help="number of the first case: other numbers, other cases"
    )
    parser.add_argument("--only", choices=sorted(BY_NAME), help="one parser")
    parser.add_argument("--case", type=int, help="show one case of --only, and let its error through")
    asked = parser.parse_args()
    targets = [BY_NAME[asked.only]] if asked.only else TARGETS
    if asked.case is not None:
        if asked.only is None:
            parser.error("--case needs --only")
        raw = case(targets[0], asked.case)
        print(raw)
        print("taken" if targets[0].check(raw) else "refused")
        return 0
    began = time.monotonic()
    found = search(targets, asked.cases, first=asked.first, jobs=asked.jobs)
    total = 0
    for name, each in found.items():
        tried = each.taken + each.refused + len(each.failures)
        total += tried
        print(
            f"{name:18} {tried:>9,} cases  {each.taken:>9,} taken  {each.refused:>9,} refused  {len(each.failures)} kept failures"
        )
        for number, said in sorted(each.failures.items()):
            print(f"    {said}: python -m tools.fuzz --only {name} --case {number}")
    print(f"{total:,} cases in {time.monotonic() - began:.0f} s.")
    blind = [name for name, each in found.items() if not each.taken or not each.refused]
    if blind:
        print("Took nothing or refused nothing, so it saw nothing: " + ", ".join(blind), file=sys.stderr)
    return 1 if blind or any(each.failures for each in found.values()) else 0


def search(targets: list[Target], cases: int, *, first: int, jobs: int) -> dict[str, Found]:
    """Share the cases out and try them all. A part is small, so that processes end together."""
    whole = sum(each.share for each in targets)
    parts = []
    for each in targets:
        end = first + max(50, cases * each.share // whole)
        if first:  # the good examples themselves, always
            parts.append((each.name, 0, EXAMPLES))
        parts += [(each.name, start, min(start + PART, end)) for start in range(first, end, PART)]
    found = {each.name: Found() for each in targets}
    memory = SHARED if SHARED.is_dir() else None  # files that are written a million times
    with (
        tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as folder,
        ProcessPoolExecutor(jobs, initializer=_begin, initargs=(folder,)) as pool,
    ):
        for (name, _, _), seen in zip(parts, pool.map(_part, parts), strict=True):
            found[name].taken += seen.taken
            found[name].refused += seen.refused
            found[name].failures |= seen.failures
    return found


def _begin(folder: str) -> None:
    tempfile.tempdir = folder
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def _part(asked: tuple[str, int, int]) -> Found:
    name, start, end = asked
    return run(BY_NAME[name], range(start, end))


if __name__ == "__main__":
    sys.exit(main())
