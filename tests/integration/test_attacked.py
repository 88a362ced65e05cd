"""Every address of both sides, asked in ways that no form of ours asks: no fault, no trace in a log, nothing lost.

The addresses are those of the ledger in test_routes.py, which no new address can miss, and the fields those of the forms
that lead
there. Each run tries some attacks on each address; `make audit` tries all.
"""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.settings import Side
from tests.harness.attacks import CANARY, GETS, POSTS, Attack
from tests.harness.audit import header_problems
from tests.harness.clients import BrowsingClient
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.integration.test_canary import disguises
from tests.integration.test_routes import LEDGER, SIDES, addresses, plain_client
from tests.stories import PARENT, STORIES

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

AskedBy = Callable[..., Person]
NEEDLES = disguises("QzyxWvu")
# These end what somebody is signed in with, as they should: whoever asks comes in anew.
LEAVES = frozenset({"doors.leave", "portal.sign_out", "hub.sign_out"})
MOST_NAMES = 40


class Attacker:
    """Asks one side in the name of somebody, and looks at each answer."""

    def __init__(
        self,
        client: BrowsingClient,
        *,
        come_in: Callable[[], object] | None = None,
        knows: dict[str, set[str]] | None = None,
    ) -> None:
        self.client, self.come_in = client, come_in
        self.fields: dict[str, set[str]] = knows or defaultdict(set)
        self.seen: Counter[int] = Counter()

    def learn(self, paths: Sequence[tuple[str, str]]) -> None:
        """Which fields lead to which address, from every page that is shown."""
        for endpoint, path in paths:
            if endpoint in LEAVES:
                continue
            html = self.client.get(path).get_data(as_text=True)
            for form in re.findall(r"<form\b.*?</form>", html, re.DOTALL):
                action = re.search(r'\baction="([^"#?]*)', form)
                to = action[1] if action and action[1] else path
                self.fields[to] |= set(re.findall(r'\bname="([^"]+)"', form))

    def names(self, path: str) -> list[str]:
        """The fields that lead to an address; where none does, some of all."""
        own = self.fields.get(path) or {name for names in self.fields.values() for name in names} or {"a"}
        return sorted(own)[:MOST_NAMES]

    def ask(self, endpoint: str, path: str, attack: Attack) -> TestResponse:
        """Attack an address. Raises AssertionError for a fault of ours, or an answer without its headers."""
        response = self.client.open(path, method=attack.method, **attack.made(path, self.names(path)))
        where = f"{attack.name}: {attack.method} {path} -> {response.status_code}"
        assert response.status_code < 500, where
        assert header_problems(response.headers) == [], where
        self.seen[response.status_code] += 1
        return response


def plan(sides: Sides, side: Side, *, each: int, **ids: str) -> list[tuple[str, str, Attack]]:
    """(endpoint, address, attack): so many on every address that takes a post, and on others in turn; the same in each run.

    What no form is for - strange headers, methods, addresses - hardly depends on the address: each third of them is asked so.
    """
    gets, posts = addresses(sides, side, "GET", **ids), addresses(sides, side, "POST", **ids)
    assert {endpoint for endpoint, _ in gets + posts} == set(LEDGER[side])
    others = gets + [one for one in posts if one not in gets]
    found = []
    for attacks, paths, step in ((POSTS, posts, 1), (GETS, others, 3 if each == 1 else 1)):
        count = min(each, len(attacks))
        for place, (endpoint, path) in enumerate(paths[::step]):
            found += [(endpoint, path, attacks[(place * count + number) % len(attacks)]) for number in range(count)]
    return found


def attack_all(sides: Sides, side: Side, attacker: Attacker, *, each: int, step: int = 1, **ids: str) -> None:
    """So many attacks on the addresses of a side, or each so-manieth of them."""
    if not attacker.fields:
        attacker.learn(addresses(sides, side, "GET", **ids))
    for endpoint, path, attack in plan(sides, side, each=each, **ids)[::step]:
        response = attacker.ask(endpoint, path, attack)
        if attacker.come_in is not None and (300 <= response.status_code < 400 or "Set-Cookie" in response.headers):
            attacker.come_in()


@pytest.fixture
def heard(sides: Sides, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever is asked leaves no trace of what was typed, in whichever log and on whichever stream."""
    caplog.set_level(logging.DEBUG)
    yield
    out, err = capfd.readouterr()
    said = (caplog.text + out + err + "".join(repr(each.__dict__) for each in caplog.records)).encode(
        "utf-8", "replace"
    )
    assert [each for each in NEEDLES if each in said] == []


@pytest.fixture
def bystander(sides: Sides, person: AskedBy, colleague: Colleague) -> Iterator[Person]:
    """Somebody with a case and a message, whose space is as it was when all is over."""
    asking = person(PARENT)
    asking.ask()
    asking.come_back()
    asking.write("Kept words of mine")
    sides.deliver()
    colleague.open(colleague.case(asking.reference))
    before = counted(sides)
    yield asking
    sides.deliver()
    after = counted(sides)
    assert all(after[name] >= count for name, count in before.items()), (before, after)
    again = Person(sides.portal_client(), PARENT)
    again.number = asking.number
    again.come_back()
    assert "Kept words of mine" in again.space().text


def counted(sides: Sides) -> dict[str, int]:
    """How much there is of what must never get less."""
    with sides.portal_side.database.reading() as portal, sides.hub_side.database.reading() as hub:
        return {
            "cases at the portal": portal.scalar(select(func.count()).select_from(portal_rows.Case)) or 0,
            "cases at the Hub": hub.scalar(select(func.count()).select_from(hub_rows.Case)) or 0,
            "documents": hub.scalar(select(func.count()).select_from(hub_rows.SealedDocument)) or 0,
            "lines of the audit": hub.scalar(select(func.count()).select_from(hub_rows.Audit)) or 0,
        }


EACH = [pytest.param(1, id="some"), pytest.param(99, marks=pytest.mark.audit, id="all")]


@pytest.mark.rule("rule 7")
@pytest.mark.parametrize("each", EACH)
@pytest.mark.usefixtures("heard")
def test_whoever_asks_in_whatever_way_finds_no_fault_and_leaves_no_trace(
    sides: Sides, each: int, bystander: Person, colleague: Colleague
) -> None:
    """Somebody in their space, a colleague at the desk, and a stranger at both doors."""
    own, at_desk = Person(plain_client(sides, "portal"), STORIES[1]), Colleague(plain_client(sides, "hub"))
    own.ask()
    sides.deliver()

    def into_space() -> None:
        if own.client.fetch("GET", "/en/case").status != 200:
            own.come_back()

    def to_desk() -> None:
        if at_desk.client.fetch("GET", "/").status != 200:
            at_desk.sign_in()

    into_space()
    to_desk()
    case = at_desk.case(bystander.reference).path.rpartition("/")[2]
    inside = Attacker(own.client, come_in=into_space)  # type: ignore[arg-type]
    attack_all(sides, "portal", inside, each=each)
    own.come_back()
    desk = Attacker(at_desk.client, come_in=to_desk)  # type: ignore[arg-type]
    attack_all(sides, "hub", desk, each=each, case_id=case)
    assert desk.seen[200] >= 5, desk.seen
    for side, known in (("portal", inside), ("hub", desk)):
        assert {200, 404} <= set(known.seen), known.seen
        stranger = Attacker(plain_client(sides, side), knows=known.fields)  # type: ignore[arg-type]
        attack_all(sides, side, stranger, each=each, step=4 if each == 1 else 1)  # type: ignore[arg-type]
        assert known.seen.total() > 70
        assert stranger.seen.total() > 15


# Again


class Recording(BrowsingClient):
    """A browser whose every post is kept, with the cookies that it was sent with."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Make one request, and keep it."""
        response = super().open(*args, **options)
        if response.request.method == "POST":
            cookies = response.request.headers.get("Cookie", "")
            self.posts.append((response.request.path, options.get("data") or {}, cookies))
        return response

    @property
    def posts(self) -> list[tuple[str, Any, str]]:
        """(path, fields, cookies) of each post."""
        found: list[tuple[str, Any, str]] = self.__dict__.setdefault("kept", [])
        return found


def send_again(app: Flask, posts: Sequence[tuple[str, Any, str]]) -> None:
    """Every post once more as it was, and once without the cookies."""
    for path, data, cookies in posts:
        for said in (cookies, ""):
            client = BrowsingClient(app, app.response_class, use_cookies=False)
            response = client.post(path, data=data, headers={"Cookie": said} if said else None)
            assert response.status_code < 500, path


@pytest.mark.usefixtures("heard")
def test_every_post_of_a_day_sent_again_makes_nothing_new_and_loses_nothing(sides: Sides) -> None:
    portal, hub = Recording(sides.portal, sides.portal.response_class), Recording(sides.hub, sides.hub.response_class)
    asking, colleague = Person(portal, PARENT), Colleague(hub)
    asking.ask(keep=False)
    asking.come_back()
    asking.write("Once and not twice")
    sides.deliver()
    colleague.sign_in()
    case = colleague.open(colleague.case(asking.reference))
    colleague.write(colleague.claim(case), "An answer, once")
    sides.deliver()
    assert "An answer, once" in asking.space().text
    before = counted(sides)
    assert len(portal.posts) > 8
    assert len(hub.posts) > 2
    send_again(sides.portal, tuple(portal.posts))
    send_again(sides.hub, tuple(hub.posts))
    sides.deliver()
    after = counted(sides)
    for name in ("cases at the portal", "cases at the Hub", "documents"):
        assert after[name] == before[name], name
    asking.come_back()
    text = asking.space().text
    assert text.count("Once and not twice") == 1
    assert text.count("An answer, once") == 1


# The tests of the test


def test_a_fault_and_a_trace_would_be_found(
    sides: Sides, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_values: object) -> None:
        logging.getLogger("a-library").warning("could not read %s", CANARY)
        raise RuntimeError(CANARY)

    monkeypatch.setitem(sides.portal.view_functions, "portal.search", fails)
    attacker = Attacker(plain_client(sides, "portal"))
    with pytest.raises(AssertionError, match="-> 500"):
        attacker.ask("portal.search", "/en/search", POSTS[0])
    assert any(each in caplog.text.encode() for each in NEEDLES)


@pytest.mark.parametrize("side", SIDES)
def test_every_attack_is_tried_somewhere_in_each_run(sides: Sides, side: Side) -> None:
    tried = Counter(attack.name for _, _, attack in plan(sides, side, each=1))
    assert set(tried) == {each.name for each in (*POSTS, *GETS)}
