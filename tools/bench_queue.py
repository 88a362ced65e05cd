"""What the desk's pages cost with a thousand referrals, and with a million: on PostgreSQL, in one process, as a ratio.

The open cases are the same thousand, really sealed, so that every page shows what it shows in service; all others were closed
long ago, each with a body of 1 KB. Fills a private server of its own, which takes some minutes and 4 GB. A part of
tools/bench.py.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from app.data.database import Database
from app.domain.status import CaseState
from app.web import clock
from tests.harness import many
from tests.harness import run as test_run
from tests.harness.clients import BrowsingClient
from tests.harness.databases import Copies
from tests.harness.people import Colleague
from tests.harness.postgresql import stop_shared_server
from tests.harness.sides import Sides
from tools.bench_parts import Found, Held, Options

OPEN = 1_000
AT_ONCE = 50_000
TURNS = 11
HELD_TO = 2.0
# A closed case as its columns hold it, with another id, another reference and a day of its own.
CLOSED = """
INSERT INTO "case" (id, reference, received_at, state, language, facts, owner_id, read_at, number_out, orders_out,
  waiting_since, answered_at, quiet_until, at_risk, restricted, hidden_from, suggested, promised_by, tier, closes_at, turns_at,
  due_at, sort_at)
SELECT decode(md5('case' || i), 'hex'), 'c' || i, received_at - i, 'closed', language,
  facts, owner_id, received_at, 1, 0, NULL, received_at, NULL, at_risk, false, '', suggested, NULL, 2, closes_at, 0, NULL, sort_at
FROM generate_series(CAST(:low AS bigint), CAST(:high AS bigint)) AS i,
  (SELECT * FROM "case" WHERE NOT restricted ORDER BY id LIMIT 1) AS model
"""
BODIES = """
INSERT INTO sealed_document (id, case_id, kind, number, sealed, added_at)
SELECT decode(md5('body' || i), 'hex'), decode(md5('case' || i), 'hex'), 'referral', 0,
  decode(repeat(md5('x' || i), 64), 'hex'), 0
FROM generate_series(CAST(:low AS bigint), CAST(:high AS bigint)) AS i
"""


def run(options: Options) -> Found:
    """Measure with few and with many."""
    large = options.large
    test_run.begin(in_memory=False)
    folder = Path(tempfile.mkdtemp(prefix="bench-queue-"))
    copies, sides = Copies("postgresql", folder), []
    try:
        sites = []
        for name, closed in (("few", 0), ("many", large - OPEN)):
            site = Sides(
                folder / name,
                database_urls={"portal": copies.make("portal"), "hub": copies.make("hub")},
                client_class=BrowsingClient,
            )
            sides.append(site)
            made = many.fill(site.hub_side, now=clock.now(), count=OPEN, only_open=True)
            started = time.perf_counter()
            fill(site.hub_side.database, closed)
            print(f"{closed:,} closed cases in {time.perf_counter() - started:.0f} s", flush=True)
            case = next(each for each in made if each.state is CaseState.OURS and not each.is_restricted)
            sites.append((site, sign_in(site, case.case_id.hex()), pages_of(case.case_id.hex())))
        few, lots = measure(sites)
    finally:
        for site in sides:
            site.close()
        copies.drop()
        stop_shared_server()
        test_run.end()
        shutil.rmtree(folder, ignore_errors=True)
    return report(few, lots, large=large)


def fill(database: Database, count: int) -> None:
    """So many closed cases, with a sealed body each."""
    for low in range(1, count + 1, AT_ONCE):
        span = {"low": low, "high": min(count, low + AT_ONCE - 1)}
        with database.engine.begin() as connection:
            connection.execute(text(CLOSED), span)
            connection.execute(text(BODIES), span)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def sign_in(sides: Sides, case_id: str) -> Colleague:
    """A supervisor who has this case open."""
    desk = Colleague(sides.hub_client())
    desk.sign_in("dev-carys")
    desk.open(desk.client.visit(f"/cases/{case_id}"))
    return desk


def pages_of(case_id: str) -> dict[str, str]:
    """What is measured, by its name."""
    return {
        "first screen": "/",
        "queue": "/queue",
        "queue, May be reached now": "/queue?now=1",
        "queue, third page": "/queue?page=3",
        "contact now": "/contact-now",
        "a case, opened": f"/cases/{case_id}",
    }


def measure(sites: list[tuple[Sides, Colleague, dict[str, str]]]) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds of each page, the median of some turns: one desk and the other by turns, so that both meet the same load."""
    taken: list[dict[str, list[float]]] = [{name: [] for name in pages} for _, _, pages in sites]
    for turn in range(TURNS + 1):
        for place, (site, desk, pages) in enumerate(sites):
            many.said_just_now(site.hub_side.database, now=clock.now())
            for name, path in pages.items():
                spent = timed(desk, path)
                if turn:  # the first time compiles
                    taken[place][name].append(spent * 1000)
    few, lots = ({name: statistics.median(spent) for name, spent in each.items()} for each in taken)
    return few, lots


def timed(desk: Colleague, path: str) -> float:
    """Seconds that a page takes. It must be there."""
    started = time.perf_counter()
    assert desk.client.fetch("GET", path).status == 200
    return time.perf_counter() - started


def report(few: dict[str, float], lots: dict[str, float], *, large: int) -> Found:
    """The section, and what is held to something: the page that grows most."""
    ratios = {name: lots[name] / few[name] for name in few}
    lines = [
        f"On PostgreSQL: one desk with {OPEN:,} referrals, all of them open and really sealed, and one with {large:,}, as many",
        "of them open and all others closed, with bodies of 1 KB. Milliseconds of a whole page in one process, the median of",
        f"{TURNS} turns, one desk and the other by turns.",
        "",
        f"| page | ms with {OPEN:,} | ms with {large:,} | ratio |",
        "|---|---:|---:|---:|",
        *(f"| {name} | {few[name]:.0f} | {lots[name]:.0f} | {ratios[name]:.2f} |" for name in few),
    ]
    held = Held("a page of the desk with a million referrals, against a thousand", max(ratios.values()), HELD_TO, True)
    return Found("The desk with a million referrals", lines, [held])
