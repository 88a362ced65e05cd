"""How fast it is, part by part, as ratios to the least that could be called the same, in the same run.

Absolute figures depend on the machine; a ratio says what our own code costs. Everything is measured by turns, several times,
and the median counts. `python -m tools.bench` measures all parts and writes docs/benchmarks.md with its chart; a part's name
after it measures that part and keeps the others as they were; `--quick` is short and writes nothing. Ends with 1 when a figure
is missed by more than runs differ.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace

from tools import bench_chart
from tools.bench_parts import CONNECTIONS, MARGIN, ROOT, Found, Held, Options

PAGE = ROOT / "docs" / "benchmarks.md"
CHART = ROOT / "docs" / "pictures" / "benchmarks.svg"
KEPT = ROOT / "build" / "bench"
# Where what is measured keeps its files, unless TMPDIR says something else: /tmp is memory on many machines, and this is not.
ON_DISK = "/var/tmp"  # noqa: S108 - made with tempfile, which takes care
SYNCED_BYTES, SYNCED_TIMES = 4096, 200
# In the order of the page; each a module with `run(options)`.
PARTS = {
    "pages": "tools.bench_pages",
    "sending": "tools.bench_sending",
    "courier": "tools.bench_courier",
    "carriers": "tools.bench_carriers",
    "queue": "tools.bench_queue",
    "machine": "tools.bench_machine",
    "visitors": "tools.bench_visitors",
}


def main() -> int:
    """Measure what is asked for, write it down, and say whether it is as it should be."""
    asked = argparse.ArgumentParser(description="How fast it is.")
    asked.add_argument("parts", nargs="*", choices=[*PARTS, []], help="only these parts")
    asked.add_argument("--quick", action="store_true", help="a few seconds each, written nowhere")
    given = asked.parse_args()
    options = Options.quick() if given.quick else Options()
    place = os.environ.get("TMPDIR", ON_DISK)
    busy = os.getloadavg()[0]
    print(f"The machine's load is {busy:.1f} on {os.cpu_count()} cores.", flush=True)
    if busy > 0.5:
        print("Others are at work on it: the ratios are taken by turns, the absolute figures will be low.", flush=True)
    parts = given.parts or list(PARTS)
    found: dict[str, Found] = {} if not given.parts or given.quick else kept()
    for name in parts:
        run = of_part(name)
        if run is None:
            continue
        keep_files_in(place)  # a part may end with a place of its own
        started, load = time.monotonic(), os.getloadavg()[0]
        found[name] = replace(run(options), load=load)
        say(name, found[name], seconds=time.monotonic() - started)
        if not given.quick:
            KEPT.mkdir(parents=True, exist_ok=True)
            (KEPT / f"{name}.json").write_text(json.dumps(found[name].to_json()), encoding="utf-8")
    ordered = [found[name] for name in PARTS if name in found]
    if not given.quick:
        keep_files_in(place)
        CHART.write_text(bench_chart.draw(all_held(ordered)), encoding="utf-8")
        PAGE.write_text(page(ordered), encoding="utf-8")
    missed = [each for each in all_held(ordered) if each.is_clearly_missed]
    for each in missed:
        print(f"Missed: {each.what}: {each.value_in_words}, held to {each.limit_in_words}.", file=sys.stderr)
    return 1 if missed else 0


def keep_files_in(place: str) -> None:
    """Temporary files, of every process that is started from here, are there from now on."""
    os.environ["TMPDIR"] = place
    tempfile.tempdir = None  # so that it is looked up again


def of_part(name: str) -> Callable[[Options], Found] | None:
    """What measures a part; None where there is no such module."""
    if name == "carriers" and importlib.util.find_spec("tools.bench_post") is None:
        return None
    found: Callable[[Options], Found] = importlib.import_module(PARTS[name]).run
    return found


def kept() -> dict[str, Found]:
    """What other parts found before, on this machine."""
    return {
        path.stem: Found.from_json(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(KEPT.glob("*.json"))
        if path.stem in PARTS
    }


def all_held(found: list[Found]) -> list[Held]:
    """Every figure that is held to something."""
    return [each for part in found for each in part.held]


def say(name: str, part: Found, *, seconds: float) -> None:
    """What a part found, at once."""
    print(f"\n== {name}: {part.heading} ({seconds:.0f} s, load {part.load:.1f})", flush=True)
    print("\n".join(part.lines), flush=True)
    for each in part.held:
        print(f"{'met   ' if each.is_met else 'MISSED'}  {each.what}: {each.value_in_words} ({each.limit_in_words})")


def synced_ms() -> float:
    """Milliseconds, the median, until the disk has a few more bytes for good: what every commit waits for."""
    taken = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(SYNCED_TIMES):
            started = time.perf_counter()
            file.write(bytes(SYNCED_BYTES))
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def page(found: list[Found]) -> str:
    """docs/benchmarks.md."""
    lines = [
        "# How fast it is",
        "",
        "Made by `make bench`. Each figure is a ratio to the least that could be called the same, measured by turns in the same",
        "run, and the median of three. The absolute figures say more about the machine.",
        "",
        f"Machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}.",
        "What asks shares it.",
        "Settings: those of `flask serve` (granian, one worker), for the bare views too; SQLite with synchronous=FULL where",
        f"nothing else is said. wrk asks with one thread and {CONNECTIONS} connections, gzip accepted.",
        f"All files are on one disk, which takes {synced_ms():.2f} ms to keep {SYNCED_BYTES // 1024} KB for good (fdatasync).",
        "",
        "## What it is held to",
        "",
        "![How far each figure is above its limit; the table below says the same](pictures/benchmarks.svg)",
        "",
        "| what | measured | held to | |",
        "|---|---:|---:|---|",
        *(
            f"| {each.what} | {each.value_in_words} | {each.limit_in_words} | {'met' if each.is_met else '**not met**'} |"
            for each in all_held(found)
        ),
        "",
        f"`make bench` fails when one is missed by more than {MARGIN:.0%}: medians of three differ by up to that from one run to",
        "the next on a machine that does something else too.",
        "",
    ]
    for part in found:
        lines += [f"## {part.heading}", "", f"The machine's load before: {part.load:.1f}.", "", *part.lines, ""]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
