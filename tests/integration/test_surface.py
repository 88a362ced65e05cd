"""What both sides show to the outside: no way to elsewhere, answers that say what they are, sessions anew, refusals noted."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.settings import Side
from tests.harness.people import CO_ORDINATOR, Colleague, Person
from tests.harness.sides import Sides
from tests.harness.supervisor import Supervisor
from tests.integration.test_routes import SIDES, addresses, plain_client
from tests.stories import PARENT

sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
ELSEWHERE = "https://elsewhere.example/"
WANTS = ("next", "url", "to", "return", "redirect", "redirect_uri", "back", "continue", "language", "lang")


@sqlite_only
@pytest.mark.parametrize("side", SIDES)
def test_no_redirect_leads_where_somebody_else_says_and_every_answer_says_what_it_is(sides: Sides, side: Side) -> None:
    client, redirects = plain_client(sides, side), 0
    wants = "&".join(f"{name}={ELSEWHERE}" for name in WANTS)
    paths = [path for _, path in addresses(sides, side, "GET")]
    for address in [
        *(f"{path}?{wants}" for path in paths),
        *(f"/{path}" for path in paths[::6]),
    ]:  # two slashes name a host
        response = client.get(address, headers={"Referer": ELSEWHERE, "X-Forwarded-Host": "elsewhere.example"})
        location = response.headers.get("Location", "")
        assert "elsewhere" not in urlsplit(location).netloc, address
        if not address.startswith("/exit"):
            assert urlsplit(location).netloc in {"", "127.0.0.1"}, address
        redirects += bool(location)
        if response.get_data():
            assert response.content_type, address
            if response.mimetype.startswith("text/"):
                assert response.mimetype_params.get("charset", "").lower() == "utf-8", address
    assert redirects > 1
    assert client.get("/nowhere/at/all").content_type == "text/html; charset=utf-8"


@sqlite_only
def test_whoever_signs_in_again_gets_another_session(sides: Sides, person: Callable[..., Person]) -> None:
    """At the desk and in a space: a session that somebody planted before is not the one that is used."""
    desk = Colleague(plain_client(sides, "hub"))
    seen = []
    for _ in range(2):
        desk.sign_in()
        seen.append(desk.client.get_cookie("hub-s", domain="127.0.0.1").value)  # type: ignore[attr-defined]
    assert seen[0] != seen[1]
    asking = person(PARENT)
    asking.ask()
    for _ in range(2):
        asking.come_back()
        seen.append(asking.client.get_cookie("portal-v", domain="127.0.0.1").value.partition(".")[0])  # type: ignore[attr-defined]
    assert len(set(seen)) == 4


@sqlite_only
def test_what_is_refused_at_the_desk_is_written_down_without_a_word(
    sides: Sides, caplog: pytest.LogCaptureFixture
) -> None:
    stranger, colleague = plain_client(sides, "hub"), Colleague(plain_client(sides, "hub"))
    stranger.get("/people")
    colleague.sign_in()
    assert "refused at the desk" not in caplog.text
    with caplog.at_level(logging.WARNING):
        colleague.client.visit("/people")  # for supervisors
        colleague.client.visit(f"/cases/{'ab' * 16}?q=typed")
    lines = [each.getMessage() for each in caplog.records if "refused at the desk" in each.getMessage()]
    assert [re.sub(r"staff=\S+", "staff=...", line) for line in lines] == [
        "refused at the desk status=403 endpoint=hub.people_ staff=...",
        "refused at the desk status=404 endpoint=hub.case staff=...",
    ]
    for never in ("abab", "typed", CO_ORDINATOR):
        assert never not in caplog.text


@sqlite_only
@pytest.mark.rule("rule 13")
def test_whoever_may_be_watched_is_told_to_use_another_device(sides: Sides) -> None:
    """What watches the phone itself sees everything: nothing here stops that, so the page about safety says it."""
    words = sides.portal_client().visit("/en/safety").text.lower()
    assert re.search(r"(watch|check|see|spy)[^.]*(phone|device)", words)
    assert re.search(r"(another|a different|someone else.s|a friend.s|library)", words)


STRANGE: tuple[bytes, ...] = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\nGET /QzyxWvu HTTP/1.1\r\n\r\n",
    b"POST /en/refer/start HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nQzyxWvu",
    b"POST /en/search HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nQzyxWvu\r\n0\r\n\r\n",
    b"POST /en/search HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked, QzyxWvu\r\n\r\n0\r\n\r\n",
    b"GET /en/%ff%00/QzyxWvu HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /en/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-QzyxWvu: " + b"a" * 200_000 + b"\r\n\r\n",
    b"GET /en/ HTTP/1.1\r\n" + b"X-QzyxWvu: a\r\n" * 500 + b"\r\n",
    b"GET /en/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: b\r\n QzyxWvu\r\n\r\n",
    b"GET http://elsewhere.example/QzyxWvu HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"CONNECT QzyxWvu:443 HTTP/1.1\r\nHost: QzyxWvu\r\n\r\n",
    b"TRACE /en/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: QzyxWvu\r\n\r\n",
    b"GET /en/\r\n\r\n",
    b"QzyxWvu\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03QzyxWvu",
    b"\x00" * 1000,
)


@pytest.mark.rule("rule 7")
def test_bytes_that_are_no_request_end_nothing(tmp_path: Path) -> None:
    """Against the real server, byte by byte: refused or answered, never with a fault, and nothing of it in a log."""
    site = Supervisor(tmp_path / "site")
    try:
        site.start("portal")
        before = site.workers("portal")
        host, port = urlsplit(site.portal_url).hostname, urlsplit(site.portal_url).port
        for raw in STRANGE:
            with socket.create_connection((host, port), timeout=10) as line:
                line.settimeout(0.5)
                said = b""
                try:
                    line.sendall(raw)
                    line.shutdown(socket.SHUT_WR)
                    while chunk := line.recv(65536):
                        said += chunk
                except OSError:
                    pass
            assert not re.match(rb"HTTP/1\.[01] 5", said), raw[:60]
            if raw.startswith(b"TRACE"):
                assert b"QzyxWvu" not in said
            assert said.count(b"HTTP/1.1 200") <= 1, "one request was taken for two"
        assert site.visitor().visit("/en/").status == 200
        assert site.workers("portal") == before
        assert "QzyxWvu" not in site.log("portal")
    finally:
        site.close()
