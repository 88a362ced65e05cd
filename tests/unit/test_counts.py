"""Counts: shared by the processes of a side, never going back, and with room for nothing but what is fixed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from app import counts
from app.counts import SERIES, Counts
from app.domain.alarms import ALARMS, OTHER, PARTS, TODAY, URGENCIES, sort_of
from app.web.counted import Counted, group_of


def in_another_process(do: Callable[[], None]) -> int:
    """Do something in a child and leave it there, waiting to be killed; returns its id when it is done."""
    done_read, done_write = os.pipe()
    child = os.fork()
    if child == 0:
        do()
        os.write(done_write, b"x")
        signal.pause()
        os._exit(0)
    os.read(done_read, 1)
    os.close(done_read)
    os.close(done_write)
    return child


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def test_processes_count_together_and_a_killed_ones_counts_stay(tmp_path: Path) -> None:
    def count_three() -> None:
        other = Counts.shared(tmp_path)
        for _ in range(3):
            other.add("passes", "made")

    own = Counts.shared(tmp_path)
    own.add("passes", "made")
    first = in_another_process(count_three)
    assert own.totals("passes", "made") == [4]
    kill(first)
    assert own.totals("passes", "made") == [4]
    second = in_another_process(count_three)
    kill(second)
    assert own.totals("passes", "made") == [7]
    rows = [own._all[start : start + counts._WIDTH].tolist() for start in range(0, len(own._all), counts._WIDTH)]
    assert sum(any(row) for row in rows) == 2, "whoever comes next goes on in the row of the one that was killed"
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_of_another_release_goes(tmp_path: Path) -> None:
    (tmp_path / "counts-0123456789ab").write_bytes(b"old")
    Counts.shared(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [f"counts-{counts._LAYOUT}"]


def test_a_process_too_many_counts_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "ROWS", 1)
    child = in_another_process(lambda: _hold(Counts.shared(tmp_path)))
    alone = Counts.shared(tmp_path)
    alone.add("starts")
    assert not alone.is_shared
    assert alone.totals("starts") == [1]
    kill(child)


_held: list[Counts] = []
_waits: list[AbstractContextManager[None]] = []


def _hold(made: Counts) -> None:
    _held.append(made)


def test_nothing_can_be_counted_under_a_name_or_a_label_that_is_not_fixed() -> None:
    made = Counts()
    for labels in (("requests", "/en/return", "2xx"), ("visitors",), ("passes", "Amira")):
        with pytest.raises(KeyError):
            made.add(*labels)


def test_a_histogram_puts_each_wait_into_its_bucket() -> None:
    made = Counts()
    for seconds in (0.005, 0.01, 0.2, 99.0):
        made.observe("kdf_wait_seconds", seconds=seconds)
    *buckets, total = made.totals("kdf_wait_seconds")
    assert buckets == [2, 0, 1, 0, 0, 0, 1]
    assert total == pytest.approx(99.215)


def test_a_level_is_what_there_is_now_and_ends_with_its_process(tmp_path: Path) -> None:
    def wait() -> None:
        _hold(Counts.shared(tmp_path))
        waits = _held[-1].during("kdf_waiting")
        waits.__enter__()
        _waits.append(waits)

    child = in_another_process(wait)
    own = Counts.shared(tmp_path)
    assert own.totals("kdf_waiting") == [1]
    with own.during("kdf_waiting"), own.during("kdf_waiting"):
        assert own.totals("kdf_waiting") == [3]
    assert own.totals("kdf_waiting") == [1]
    kill(child)
    Counts.shared(tmp_path)  # takes over its row
    assert own.totals("kdf_waiting") == [0]


def test_every_series_says_what_it_is() -> None:
    assert all(each.told.endswith(".") for each in SERIES)
    assert len({each.name for each in SERIES}) == len(SERIES)


def test_the_groups_say_nothing_of_the_page_or_the_language() -> None:
    reading = {
        group_of("GET", path) for path in ("/", "/en/", "/ur/return", "/en/case", "/en/guides/stalking", "/queue")
    }
    assert reading == {"reading"}
    assert {group_of("POST", path) for path in ("/en/return", "/en/refer/check", "/cases/1")} == {"sending"}
    assert group_of("POST", "/post/pass") == "post"
    assert group_of("GET", "/static/site.css") == "files"


def test_requests_are_counted_by_group_and_class(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Counts()
    monkeypatch.setattr(counts._Kept, "counts", made)

    def answer(environ: dict[str, str], start: Callable[..., object]) -> list[bytes]:
        start(environ["answer"], [])
        return [b""]

    counted = Counted(answer)  # type: ignore[arg-type]
    for status in ("200 OK", "404 NOT FOUND", "500 INTERNAL SERVER ERROR"):
        counted({"REQUEST_METHOD": "GET", "PATH_INFO": "/en/case", "answer": status}, lambda *_: lambda _: None)
    assert [made.totals("requests", "reading", each)[0] for each in ("2xx", "4xx", "5xx")] == [1, 1, 1]
    assert made.totals("request_failures") == [1]
    assert sum(made.totals("request_seconds", "reading")[:-1]) == 3


def test_an_alarm_counts_by_part_and_urgency_and_an_unknown_one_too() -> None:
    assert (
        sort_of("a contact plan does not open, so its windows are not known kind=X")
        == ALARMS["a contact plan does not open"]
    )
    assert sort_of("the post has stopped reason=x") == ("post", "now")
    assert sort_of("something nobody wrote down") == (OTHER, TODAY)
    assert {part for part, _ in ALARMS.values()} <= set(PARTS)
    assert {urgency for _, urgency in ALARMS.values()} == set(URGENCIES)
