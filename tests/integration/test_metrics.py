"""What Prometheus is told: the right figures, nothing of anybody, and on the loopback alone."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import text

from app import counts, log_lines, metrics
from app.adapters import sealing
from app.adapters.keys import read_private_keys
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.data import post as post_rows
from app.services import post
from app.services.portal.office import Slot
from app.settings import LOOPBACK_HOSTS
from app.web import clock
from tests.harness.people import Person
from tests.harness.run import free_port
from tests.harness.sides import Sides
from tests.stories import PARENT

ROOT = Path(__file__).parents[2]
sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def own_counts(monkeypatch: pytest.MonkeyPatch) -> counts.Counts:
    made = counts.Counts()
    monkeypatch.setattr(counts._Kept, "counts", made)
    return made


def readings(sides: Sides, side: str) -> metrics.Readings:
    own = sides.portal_side if side == "portal" else sides.hub_side
    keys = read_private_keys(sides.hub_side.settings.private_keys_file, side="hub")["sealing"]
    return metrics.readings_of(own.settings, own.database, key_ends=metrics.last_end(keys))


def figures(told: str) -> dict[str, float]:
    lines = [line.rpartition(" ") for line in told.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def look(sides: Sides, side: str) -> dict[str, float]:
    return figures(metrics.text_of(readings(sides, side)(clock.now())))


@contextmanager
def served(sides: Sides) -> Iterator[int]:
    port = free_port()
    server = metrics.server(port, readings(sides, "portal"), now=clock.now)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield port
    server.shutdown()
    thread.join()
    server.server_close()


def wait_at_the_portal(sides: Sides, number: int, *, minutes: int) -> None:
    with sides.portal_side.database.writing() as session:
        for _ in range(number):
            post_rows.put(
                session,
                portal_rows.POST,
                envelope_id=sealing.new_id(),
                case_id=sealing.new_id(),
                number=1,
                body=b"x",
                now=clock.now() - timedelta(minutes=minutes),
            )


def test_the_figures_are_those_of_the_database(sides: Sides) -> None:
    at = clock.now()
    wait_at_the_portal(sides, 7, minutes=20)
    with sides.hub_side.database.writing() as session:
        for number in range(11):
            session.add(
                hub_rows.Case(
                    id=sealing.new_id(), reference=f"{number:06d}", received_at=at - timedelta(hours=5), language="en",
                    state="new", facts={}, due_at=at - timedelta(hours=1) if number < 6 else None,
                )
            )  # fmt: skip
    portal, hub = look(sides, "portal"), look(sides, "hub")
    assert (portal["ask_post_waiting"], portal["ask_post_oldest_waiting_seconds"]) == (5, 900)
    assert (hub["ask_queue_unread"], hub["ask_queue_oldest_unread_seconds"]) == (10, 14_400)
    assert hub["ask_queue_late"] == 5
    assert (hub["ask_post_waiting"], hub["ask_post_oldest_waiting_seconds"]) == (0, 0)
    assert portal["ask_database_up"] == hub["ask_database_up"] == 1
    assert portal["ask_schema"] == portal["ask_schema_wanted"]
    assert 360 < portal["ask_key_days"] < 366
    assert hub["ask_backup_made"] == 0
    assert hub['ask_disk_free_bytes{place="data"}'] > 0
    assert 0 < portal['ask_disk_free_ratio{place="data"}'] < 1
    with sides.portal_side.database.writing() as session:
        post_rows.stop_post(session, portal_rows.POST, post.CHANGED_PEER)
        post.keep_aside(session, portal_rows.POST, reason="malformed", body=b"x", now=at)
    stopped = look(sides, "portal")
    assert (stopped["ask_post_stopped"], stopped["ask_post_refused"]) == (1, 1)


@sqlite_only
@pytest.mark.rule("rule 7")
def test_one_persons_request_is_not_to_be_seen_in_any_figure(sides: Sides) -> None:
    """Whoever reads the counts every second does not learn that one person asked, nor when."""
    sides.deliver()
    before = {side: look(sides, side) for side in ("portal", "hub")}
    Person(sides.portal_client(), PARENT.open_to_all()).ask()
    while_waiting = look(sides, "portal")
    sides.deliver()
    after = {side: look(sides, side) for side in ("portal", "hub")}
    machines = re.compile(r"ask_(disk|post_last_pass|starts|requests_total\{group=\"(post|files))")
    for told, then in (
        (while_waiting, before["portal"]),
        (after["portal"], before["portal"]),
        (after["hub"], before["hub"]),
    ):
        assert {name for name in told if told[name] != then.get(name) and not machines.match(name)} == set()


@sqlite_only
def test_without_its_database_a_side_still_tells_that_it_is_away(sides: Sides) -> None:
    with sides.portal_side.database.writing() as session:
        session.execute(text("DROP TABLE post_state"))
    found = look(sides, "portal")
    assert found["ask_database_up"] == 0
    assert "ask_post_waiting" not in found
    assert "ask_starts_total" in found


@sqlite_only
def test_only_this_machine_is_told_and_only_one_page(sides: Sides) -> None:
    with served(sides) as port:
        told = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5)
        assert told.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert "ask_post_waiting 0" in told.text
        for path, host in (("/", f"127.0.0.1:{port}"), ("/metrics", "evil.example"), ("/metrics?x", "127.0.0.1")):
            assert requests.get(f"http://127.0.0.1:{port}{path}", headers={"Host": host}, timeout=5).status_code == 404
        assert requests.post(f"http://127.0.0.1:{port}/metrics", timeout=5).status_code == 501
    assert metrics.HOST in LOOPBACK_HOSTS
    for client in (sides.portal_client(), sides.hub_client()):
        assert "ask_post" not in client.get("/metrics", follow_redirects=True).text


def test_the_text_is_as_prometheus_reads_it(own_counts: counts.Counts) -> None:
    for _ in range(12):
        own_counts.observe("kdf_wait_seconds", seconds=0.2)
    own_counts.add("kdf_turned_away")
    told = metrics.text_of([metrics.Gauge("notices", "Notices.", {("state", "due"): 5})])
    line = re.compile(r'ask_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.]+')
    assert all(line.fullmatch(each) for each in told.splitlines() if not each.startswith("#"))
    assert 'ask_notices{state="due"} 5' in told
    assert 'ask_kdf_wait_seconds_bucket{le="0.1"} 0' in told
    assert 'ask_kdf_wait_seconds_bucket{le="0.5"} 10' in told
    assert 'ask_kdf_wait_seconds_bucket{le="+Inf"} 10' in told
    assert "ask_kdf_wait_seconds_count 10" in told
    assert "ask_kdf_turned_away_total 0" in told
    assert "# TYPE ask_kdf_waiting gauge\nask_kdf_waiting 0\n" in told


def test_who_waits_for_the_key_derivation_is_counted_while_they_wait(own_counts: counts.Counts) -> None:
    slot = Slot(1, most_waiting=6)

    def go_through() -> None:
        with slot.taken():
            pass

    waiting = [threading.Thread(target=go_through) for _ in range(6)]
    with slot.taken():
        assert "ask_kdf_waiting 0" in metrics.text_of([])
        for each in waiting:
            each.start()
        until = time.monotonic() + 20
        while own_counts.totals("kdf_waiting") != [6] and time.monotonic() < until:
            time.sleep(0.01)
        assert "ask_kdf_waiting 5" in metrics.text_of([]), "six, in fives"
    for each in waiting:
        each.join()
    assert own_counts.totals("kdf_waiting") == [0]


def test_an_alarm_is_counted_and_not_told(own_counts: counts.Counts) -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    log_lines.set_up("json")
    post.alarm("the post has stopped", reason="x")
    root.handlers[:] = handlers
    root.setLevel(level)
    told = metrics.text_of([])
    assert 'ask_alarms_total{part="post",urgency="now"} 1' in told
    assert "stopped reason" not in told


# The rules that are given along

RULES = ROOT / "docs" / "operations" / "prometheus-rules.yaml"


def test_every_figure_that_a_rule_asks_for_is_told(sides: Sides) -> None:
    import yaml

    with_backup = {"ask_backup_age_seconds", "ask_post_last_pass_seconds"}
    told = {name.partition("{")[0] for side in ("portal", "hub") for name in look(sides, side)} | with_backup
    rules = [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]
    asked = {name for rule in rules for name in re.findall(r"\bask_\w+", rule["expr"])}
    assert asked <= told, asked - told
    assert len(rules) >= 12
    urgencies = {rule["labels"]["urgency"] for rule in rules}
    assert urgencies == {"now", "today", "week"}
    assert all(rule["annotations"]["do"] for rule in rules)
