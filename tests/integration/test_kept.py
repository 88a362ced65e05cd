"""Public pages from memory: right at every moment, the same headers as when they are rendered, and bounded."""

from __future__ import annotations

import gzip
import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import time_machine
from flask import Response

from app.web.kept import KEPT_FOR, MOST_PAGES, KeptPages
from tests.harness.clients import BrowsingClient
from tests.harness.sides import Sides

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def ticked(html: str) -> int:
    """How many boxes and buttons come filled in."""
    return len(re.findall(r"<input[^>]* checked", html))


def memory(sides: Sides) -> KeptPages:
    return cast(KeptPages, sides.portal.extensions["kept"])


def test_a_kept_page_is_the_same_as_a_rendered_one_with_the_same_headers(sides: Sides) -> None:
    client = sides.portal_client()
    first, second = client.get("/en/pledge"), client.get("/en/pledge")
    assert len(memory(sides)._pages) == 1
    assert first.data == second.data
    differing = {"Content-Length", "ETag", "Vary"}
    assert {pair for pair in first.headers if pair[0] not in differing} == {
        pair for pair in second.headers if pair[0] not in differing
    }


def test_it_is_compressed_for_who_can_read_that_and_not_sent_twice(sides: Sides) -> None:
    sides.portal.test_client_class = BrowsingClient  # the audit reads no compressed pages
    client = sides.portal_client()
    plain = client.get("/en/").data
    packed = client.get("/en/", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain
    again = client.get("/en/", headers={"If-None-Match": packed.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    assert client.head("/en/").data == b""


def test_whoever_has_a_page_is_not_sent_it_again_when_the_memory_of_it_is_gone(sides: Sides) -> None:
    client = sides.portal_client()
    first = client.get("/en/pledge")
    memory(sides)._pages.clear()
    again = client.get("/en/pledge", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "Cookie" in again.headers["Vary"]


def test_whoever_asks_first_gets_it_compressed_too(sides: Sides) -> None:
    sides.portal.test_client_class = BrowsingClient  # the audit reads no compressed pages
    client = sides.portal_client()
    first, second = (client.get("/en/pledge", headers={"Accept-Encoding": "gzip"}) for _ in range(2))
    assert first.headers["Content-Encoding"] == "gzip"
    assert first.data == second.data


def test_a_page_that_a_browser_has_in_one_language_is_never_taken_for_another(sides: Sides) -> None:
    client = sides.portal_client()
    english, mirrored = (client.get(f"/{language}/pledge") for language in ("en", "ar-XB"))
    assert english.headers["ETag"] != mirrored.headers["ETag"]
    known = client.get("/ar-XB/pledge", headers={"If-None-Match": english.headers["ETag"]})
    assert known.status_code == 200
    assert known.data == mirrored.data


@pytest.mark.rule("rule 12")
def test_a_page_is_never_kept_past_closing_time(sides: Sides, day: time_machine.Traveller) -> None:
    hours = sides.portal_side.area.hub_hours
    closes = hours.closes_at(datetime(2026, 3, 10, 12, tzinfo=UTC))
    assert closes is not None
    day.move_to(closes - timedelta(seconds=5))
    client = sides.portal_client()
    assert "The Hub is open now" in client.get("/en/").text
    day.move_to(closes + timedelta(seconds=1))
    assert "The Hub is closed" in client.get("/en/").text
    opens = hours.next_opening(closes + timedelta(minutes=1))
    assert opens is not None
    day.move_to(opens - timedelta(seconds=5))
    assert "The Hub is closed" in client.get("/en/").text
    day.move_to(opens + timedelta(seconds=1))
    assert "The Hub is open now" in client.get("/en/").text


def test_made_up_queries_do_not_fill_the_memory(sides: Sides) -> None:
    client = sides.portal_client()
    for number in range(20):
        assert client.get(f"/en/?x={number}").status_code == 200
        assert client.get(f"/en/support?a=3&zz={number}").status_code == 200
    assert len(memory(sides)._pages) == 0
    client.get("/en/support?a=3")
    assert len(memory(sides)._pages) == 1
    assert MOST_PAGES < 10_000


def test_nothing_personal_is_kept(sides: Sides) -> None:
    client = sides.portal_client()
    client.post("/en/refer/start", data={"device": "shared"})
    for path in ("/en/refer/start", "/en/refer/who", "/en/return", "/en/case", "/exit", "/healthz", "/en/nothing"):
        client.get(path)
    assert not memory(sides)._pages


@pytest.mark.rule("rule 13")
def test_a_question_that_is_rendered_once_shows_nobody_elses_answers(sides: Sides, day: time_machine.Traveller) -> None:
    """Blank questions are rendered once for everybody; what somebody answered, and their time limit, are theirs alone."""
    first, second = sides.portal_client(), sides.portal_client()
    for client in (first, second):
        client.post("/en/refer/start", data={"device": "own"})
        assert ticked(client.get("/en/refer/who").text) == 0
        client.post("/en/refer/who", data={"leave": "1"})
    first.post("/en/refer/help", data={"help": ["talk", "money"]})
    assert ticked(first.get("/en/refer/help").text) == 2
    assert ticked(second.get("/en/refer/help").text) == 0
    day.shift(timedelta(minutes=5))
    later = sides.portal_client()
    later.post("/en/refer/start", data={"device": "own"})
    limits = [client.get("/en/refer/who").text.partition('id="time-limit">')[2][:90] for client in (second, later)]
    assert limits[0] != limits[1]
    assert "slot" not in "".join(limits)


def test_a_page_that_was_kept_is_made_anew_once_however_many_come(sides: Sides) -> None:
    made: list[int] = []
    making, go = threading.Event(), threading.Event()

    def inner(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        made.append(1)
        making.set()
        go.wait(30)
        pages.keep(environ, Response("made anew"))
        start_response("200 OK", [])
        return [b"made anew"]

    pages = KeptPages(inner, memory(sides)._hours)  # type: ignore[arg-type]
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/en/", "HTTP_HOST": "ask.example.org"}
    page = pages.keep(environ, Response("old"))
    key = next(iter(pages._pages))
    pages._pages[key] = replace(page, until=page.until - 2 * KEPT_FOR)
    got: list[bytes] = []
    visitors = [
        threading.Thread(target=lambda: got.append(b"".join(pages(dict(environ), lambda *_: None)))) for _ in range(6)
    ]
    for visitor in visitors:
        visitor.start()
    assert making.wait(30)
    go.set()
    for visitor in visitors:
        visitor.join(30)
    assert got == [b"made anew"] * 6
    assert len(made) == 1
