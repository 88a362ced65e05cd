"""The outermost door: nothing that tells where somebody came from gets past it, and no half of a body counts as the whole."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from io import BytesIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from app.adapters.salts import Salts
from app.domain.limits import bucket_of, network_of
from app.web import door as door_module
from app.web.clock import now
from app.web.door import AT_ONCE, BUCKET, REFUSAL, Door

ADDRESS, AGENT = "88.77.66.55", "Canary-Browser/7731"
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
EVERY_WAY = {
    "X-Forwarded-For": ADDRESS,
    "X-Real-IP": ADDRESS,
    "Forwarded": f"for={ADDRESS}",
    "True-Client-IP": ADDRESS,
    "X-Client-IP": ADDRESS,
    "Via": ADDRESS,
    "User-Agent": AGENT,
    "X-Whose": ADDRESS,
}


class Inside:
    """What is behind the door: it remembers what it saw."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}
        self.body = b""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.seen = dict(environ)
        self.body = environ["wsgi.input"].read()
        return []


@pytest.fixture
def salts(tmp_path: Path) -> Salts:
    return Salts(tmp_path / "salt")


def knock(
    salts: Salts | None, *, peer: str = "127.0.0.1", header: str = "X-Whose", method: str = "POST", **said: str
) -> Inside:
    inside = Inside()
    headers = {**EVERY_WAY, **{name.replace("_", "-"): value for name, value in said.items()}}
    environ = EnvironBuilder(
        method=method, headers=headers, data=b"a=b", environ_base={"REMOTE_ADDR": peer}
    ).get_environ()
    environ["REMOTE_PORT"] = "5555"
    Door(inside, most_bytes=1000, header=header, proxies=LOOPBACK, salts=salts)(environ, lambda *_: None)
    return inside


@pytest.mark.rule("rule 4")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("peer", ["127.0.0.1", ADDRESS])
def test_nothing_that_tells_gets_in(salts: Salts, method: str, peer: str) -> None:
    seen = knock(salts, method=method, peer=peer).seen
    told = {name: value for name, value in seen.items() if ADDRESS in str(value) or AGENT in str(value)}
    assert told == {}
    assert not {"REMOTE_ADDR", "REMOTE_PORT", "HTTP_USER_AGENT"} & seen.keys()


def test_a_form_comes_with_the_bucket_and_a_page_without(salts: Salts) -> None:
    network = network_of(ADDRESS)
    assert network is not None
    assert knock(salts).seen[BUCKET] == bucket_of(network, salts.of(now()))
    assert BUCKET not in knock(salts, method="GET").seen


def test_of_several_addresses_the_one_of_the_nearest_proxy_counts(salts: Salts) -> None:
    assert knock(salts, X_Whose=f"9.9.9.9, {ADDRESS}").seen[BUCKET] == knock(salts).seen[BUCKET]
    assert knock(salts, X_Whose=f"{ADDRESS}, 9.9.9.9").seen[BUCKET] != knock(salts).seen[BUCKET]


@pytest.mark.parametrize("peer", ["10.0.0.5", "127.0.0.1.example", "2a00::1", "unknown"])
def test_nobody_else_may_say_whose_it_is(salts: Salts, peer: str) -> None:
    assert BUCKET not in knock(salts, peer=peer).seen


def test_a_socket_in_a_folder_of_the_proxys_own_is_believed(salts: Salts) -> None:
    assert BUCKET in knock(salts, peer="").seen


@pytest.mark.parametrize("said", ["", "nobody", "127.0.0.1", "10.1.2.3", ADDRESS + ", "])
def test_whoever_has_no_address_has_no_bucket(salts: Salts, said: str) -> None:
    assert BUCKET not in knock(salts, X_Whose=said).seen


def test_without_a_header_that_was_agreed_on_nobody_has_one(salts: Salts) -> None:
    assert BUCKET not in knock(salts, header="").seen
    assert "88.77.66.55" not in str(
        {name: value for name, value in knock(salts, header="").seen.items() if name != "HTTP_X_WHOSE"}
    )


# Bodies


def send(body: bytes, *, length: str | None, most: int = 1000, path: str = "/") -> Inside:
    inside = Inside()
    environ = EnvironBuilder(method="POST", path=path).get_environ()
    environ["wsgi.input"], environ["wsgi.input_terminated"] = BytesIO(body), True
    environ.pop("CONTENT_LENGTH", None)
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    Door(inside, most_bytes=most)(environ, lambda *_: None)
    return inside


def test_what_is_whole_goes_on_as_it_was() -> None:
    inside = send(b"words=kept", length="10")
    assert inside.body == b"words=kept"
    assert REFUSAL not in inside.seen


def test_what_was_cut_off_is_never_taken_for_the_whole() -> None:
    assert send(b"words=I cannot com", length="60").seen[REFUSAL] == 400


def test_what_comes_in_pieces_is_put_together_up_to_the_limit() -> None:
    assert send(b"x" * 500, length=None).body == b"x" * 500
    too_large = send(b"x" * 5000, length=None)
    assert len(too_large.body) == 1001, "one more than may be, so that it is refused and not cut"
    assert too_large.seen["CONTENT_LENGTH"] == "1001"


def test_what_says_that_it_is_too_large_is_not_even_read() -> None:
    inside = send(b"", length="999999999")
    assert REFUSAL not in inside.seen
    assert inside.seen["CONTENT_LENGTH"] == "999999999"
    assert send(b"x" * 2000, length="2000", path="/post/pass").body == b"x" * 2000, "parcels of the post are larger"


class Stalled:
    """A body that does not come until somebody lets it."""

    def __init__(self) -> None:
        self.is_asked, self.may_come = threading.Event(), threading.Event()

    def read(self, size: int) -> bytes:
        self.is_asked.set()
        self.may_come.wait(20)
        return b""


def test_bodies_that_do_not_come_hold_a_few_places_and_the_pages_stay_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "WAIT_SECONDS", 0.05)
    inside = Inside()
    door = Door(inside, most_bytes=1000)

    def knock_with(stream: Any, method: str = "POST") -> dict[str, Any]:
        environ = EnvironBuilder(method=method).get_environ()
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = stream, "5"
        door(environ, lambda *_: None)
        return environ

    stalled = [Stalled() for _ in range(AT_ONCE)]
    threads = [threading.Thread(target=knock_with, args=(each,), daemon=True) for each in stalled]
    try:
        for thread, each in zip(threads, stalled, strict=True):
            thread.start()
            assert each.is_asked.wait(10)
        assert knock_with(BytesIO(b"a=b&c"))[REFUSAL] == 503
        assert REFUSAL not in knock_with(BytesIO(b""), "GET")
    finally:
        for each in stalled:
            each.may_come.set()
        for thread in threads:
            thread.join(10)
    assert REFUSAL not in knock_with(BytesIO(b"a=b&c")), "afterwards everything is as before"
