"""What people type is found nowhere on the portal: not during the draft, not after sending, in no encoding."""

from __future__ import annotations

import base64
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import requests

from tests.harness.clients import HttpVisitor
from tests.harness.people import Person
from tests.harness.run import free_port
from tests.harness.supervisor import Supervisor
from tests.stories import PARENT

# Letters that every encoding writes differently, and a part that none changes.
CANARY = "Кенар-żółw-QzyxWvu"
PHONE = "07700 900773"
EMAIL = "canary7731qz@example.org"
ADDRESS = "88.77.66.55"
WORDS = (CANARY, "QzyxWvu", "900773", "canary7731qz")


@pytest.fixture(autouse=True)
def day() -> None:
    """The processes live on the fixed day."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Supervisor]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ports = {"PORTAL_METRICS_PORT": str(free_port()), "HUB_METRICS_PORT": str(free_port())}
    # As JSON an event has everything that it has as text, and a traceback in a field of its own.
    environ = {"TMPDIR": str(temporary), "CLIENT_HEADER": "X-Whose", "LOG_FORMAT": "json", **ports}
    made = Supervisor(tmp_path / "site", environ=environ)
    yield made
    made.close()


def disguises(word: str) -> set[bytes]:
    """A word in every encoding in which it might lie about."""
    plain = word.encode("utf-8")
    found = {
        plain,
        word.encode("utf-16-le"),
        word.encode("utf-16-be"),
        quote(word, safe="").encode(),
        quote(word, safe="").lower().encode(),
        quote_plus(word).encode(),
        json.dumps(word)[1:-1].encode(),
        plain.hex().encode(),
        plain.hex().upper().encode(),
    }
    for shift in range(3):  # base64 depends on what stands before; what is cut depends on what follows
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            coded = encode(b"\0" * shift + plain).rstrip(b"=")
            found.add(coded[-(-shift * 8 // 6) + (1 if shift else 0) : -1])
    return {each for each in found if len(each) >= 5}


def traces(site: Supervisor, words: tuple[str, ...]) -> list[str]:
    """Where any of the words is found: files of the portal, temporary files, logs, environments and command lines."""
    needles = {each for word in words for each in disguises(word)}
    places: dict[str, bytes] = {}
    for folder in (site.data_dir / "portal", site.folder.parent / "temporary", site.log_dir):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                places[str(path)] = path.read_bytes()
    for process in (site.pid("portal"), *site.workers("portal")):
        for part in ("environ", "cmdline"):
            places[f"/proc/{process}/{part}"] = Path(f"/proc/{process}/{part}").read_bytes()
    for name in ("portal", "hub") if site.is_running("hub") else ("portal",):
        address = f"http://127.0.0.1:{site.environment(name)[f'{name.upper()}_METRICS_PORT']}/metrics"
        places[address] = requests.get(address, timeout=10).content
        assert b"ask_requests_total" in places[address]
    assert any(name.endswith("portal.sqlite3") for name in places)
    assert any("/counts-" in name for name in places), "what is counted is searched too"
    assert any("-wal" in name for name in places), "the write-ahead log is searched too"
    return [name for name, content in places.items() if any(needle in content for needle in needles)]


def fill(page: Any, visitor: HttpVisitor, person: Person, values: dict[str, Any]) -> Any:
    return visitor.submit(page, person._own_form(page, *values), values)


@pytest.mark.rule("rule 7")
@pytest.mark.requirement("A13")
def test_nothing_typed_lies_about_on_the_portal(site: Supervisor) -> None:
    site.start()
    visitor = site.visitor()
    person = Person(visitor, PARENT)
    page = person.begin()
    page = fill(page, visitor, person, {"device": "shared"})
    for _ in range(4):  # who, help, about, police: nothing is typed there
        page = visitor.submit(page, person._own_form(page, "leave"), press="leave")
    page = fill(page, visitor, person, {"name": CANARY, "contact": "yes", "ways": ("call", "email")})
    page = fill(page, visitor, person, {"address": f"{CANARY} x"})  # an error page with it
    assert page.status == 422
    assert CANARY in page.html
    page = fill(page, visitor, person, {"address": PHONE, "times": ("any",)})
    page = fill(page, visitor, person, {"address": EMAIL, "times": ("any",), "message": "yes"})
    assert page.path == "/en/refer/check"
    assert traces(site, WORDS) == [], "during the draft"
    # The wrong addresses that somebody might open: not found, and nothing of them in a log.
    visitor.visit(f"/en/{quote(CANARY)}?q={quote(CANARY)}")
    assert CANARY in visitor.post_form("/en/search", {"words": f"{CANARY} {EMAIL}"}).html
    sent = person.send(page)
    form = sent.form("code_word")
    visitor.submit(sent, form, {"code_word": CANARY})
    assert traces(site, WORDS) == [], "after sending"
    person.come_back()
    person.write(f"{CANARY} {PHONE} {EMAIL}")
    assert CANARY in person.space().text
    _settled(site, person)
    assert traces(site, (*WORDS, person.number, person.number[6:])) == [], "after coming back"
    lines = [line for name in site.names for line in site.log(name).splitlines() if line]
    said = [
        json.loads(line) for line in lines if not line.startswith("[WARNING] Configuration")
    ]  # the web server's own
    assert all({"at", "level", "logger", "process", "message"} <= line.keys() for line in said)


def _settled(site: Supervisor, person: Person) -> None:
    """The Hub has it all."""
    import time

    for _ in range(100):
        if "Received" in person.space().part("delivery"):
            return
        time.sleep(0.2)
    raise AssertionError("not received")


def test_the_search_would_find_it(site: Supervisor) -> None:
    """Each disguise is found when it is planted, so that the test above can fail."""
    site.start("portal")
    spot = site.data_dir / "portal" / "planted"
    shapes: tuple[Callable[[bytes], bytes], ...] = (
        lambda raw: b"xx" + raw + b"yy",
        lambda raw: b"..." + base64.b64encode(b"a" + raw + b"b"),
        lambda raw: base64.urlsafe_b64encode(b"ab" + raw + b"cd"),
        lambda raw: base64.b64encode(raw + b"tail"),
        lambda raw: quote(raw.decode(), safe="").encode(),
        lambda raw: json.dumps({"a": raw.decode()}).encode(),
        lambda raw: raw.decode().encode("utf-16-le"),
    )
    assert traces(site, (CANARY,)) == []
    for number, shape in enumerate(shapes):
        spot.write_bytes(shape(CANARY.encode()))
        assert traces(site, (CANARY,)) == [str(spot)], number
    os.unlink(spot)


def test_a_log_line_holds_no_address_and_no_browser(site: Supervisor) -> None:
    """Nothing that tells one visitor from another is written down."""
    site.start("portal")
    visitor = site.visitor()
    visitor.session.headers.update(
        {"User-Agent": "Canary-Browser/7731", "X-Whose": ADDRESS, "X-Forwarded-For": ADDRESS}
    )
    for path in ("/en/", "/en/refer/start", "/nothing", "/en/case"):
        assert ADDRESS not in visitor.visit(path).html
    for path, typed in (("/en/search", {"words": "money"}), ("/en/return", {"number": "1" * 24}), ("/nothing", {})):
        assert ADDRESS not in visitor.post_form(path, typed).html
    visitor.post_form("/en/refer/start", {"step": "start", "device": "own"})
    with closing(sqlite3.connect(f"file:{site.data_dir}/portal/portal.sqlite3?mode=ro", uri=True)) as database:
        kinds = [kind for (kind,) in database.execute("SELECT kind FROM taken ORDER BY kind")]
    assert kinds == ["drafts", "search"], "it was limited by address all the same"
    packed = ip_address(ADDRESS).packed
    assert traces(site, ("Canary-Browser", ADDRESS, ADDRESS.replace(".", "-"), packed.hex())) == []
    kept = [path.read_bytes() for folder in (site.data_dir / "portal", site.log_dir) for path in folder.rglob("*.*")]
    assert not [each for each in kept if packed in each]
    assert not re.search(r"\b127\.0\.0\.1\b.*(GET|POST)", site.log("portal"))
