"""Before and after a call: one card, the number last, what became of it, and no second try where somebody else answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.data import hub as rows
from app.domain.attempts import held_ways
from app.domain.change import Change
from app.domain.contact import Reason, Refused, Way, decide
from app.services.hub import attempts
from app.web import clock
from tests.harness.day import LONDON
from tests.harness.inside import Inside
from tests.harness.pages import Page
from tests.harness.people import GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
AskedBy = Callable[..., Person]
PHONE = "07700900111"
NOTE, WHY = "A man answered and asked who I am", "Her son had it; she is alone with it from today"


@pytest.fixture
def inside(sides: Sides, person: AskedBy) -> Inside:
    """A parent in their space, who may be rung at this hour but left no message."""
    return Inside(sides, person(PARENT))


def acts(sides: Sides, action: str) -> list[str]:
    with sides.hub_side.database.reading() as session:
        return list(session.scalars(select(rows.Audit.detail).where(rows.Audit.action == action)))


def shows_number(page: Page) -> bool:
    return PHONE in "".join(page.text.split())


def outcomes(page: Page) -> list[str]:
    """What may be written down, in the order of the buttons."""
    return [each.value for each in page.form("outcome", to="/attempt").controls if each.name == "outcome"]


def became(colleague: Colleague, page: Page, outcome: str, note: str = "") -> Page:
    return colleague.client.submit(page, page.form("outcome", to="/attempt"), {"outcome": outcome, "note": note})


@pytest.mark.requirement("B1")
@pytest.mark.rule("rule 2")
def test_a_number_comes_after_its_card_and_after_somebody_else_answered_not_again(
    inside: Inside, colleague: Colleague, day: time_machine.Traveller
) -> None:
    sides = inside.sides
    case = colleague.open(colleague.case(inside.person.reference))
    card = case.root.find("way-call")
    assert card is not None
    assert [form for form in case.forms if form.action.endswith("/attempt")] == [], "nothing was shown yet"

    # Without "I have read how", or with what another plan said, there is no number.
    token = dict(case.form(to="/claim").filled())["csrf_token"]
    for read in ("", "0" * 16):
        refused = colleague.client.post_form(f"{case.path}/show", {"csrf_token": token, "way": "call", "read": read})
        assert refused.status == 422
        assert not shows_number(refused)
    assert acts(sides, "showed-way") == []

    shown = colleague.show(case)
    assert shows_number(shown)
    words = shown.text[shown.text.index("Phone call") :]
    order = [
        "Ask for",
        "Do not say",
        "If someone else answers",
        "Voice message",
        "Our number",
        "Code word",
        "Last attempts",
        "07700",
    ]
    assert sorted(order, key=words.index) == order
    assert outcomes(shown) == ["reached", "no-answer", "someone-else", "wrong-number", "could-not-talk"]

    # A press that comes twice writes once, and the form is gone afterwards.
    form = shown.form("outcome", to="/attempt")
    sent = form.filled({"outcome": "no-answer", "note": ""})
    colleague.client.post_form(f"{case.path}/attempt", sent)
    case = colleague.client.post_form(f"{case.path}/attempt", sent)
    assert acts(sides, "tried-to-reach") == ["call: no-answer"]
    assert [form for form in case.forms if form.action.endswith("/attempt")] == []
    forged = colleague.client.post_form(f"{case.path}/attempt", dict(sent) | {"outcome": "reached"})
    assert forged.status == 422
    assert "first have the number" in forged.text

    # A message where the plan allows none is not written down as if it were right. Moments are kept as whole seconds.
    day.shift(timedelta(minutes=1))
    shown = colleague.show(case)
    left = dict(shown.form("outcome", to="/attempt").filled({"outcome": "reached"})) | {"outcome": "message-left"}
    assert "Their plan allows no message" in colleague.client.post_form(f"{case.path}/attempt", left).text

    held = became(colleague, shown, "someone-else", NOTE)
    assert NOTE in held.text
    assert not [form for form in held.forms if form.action.endswith("#way-call")], "nothing to press for the number"
    with sides.hub_side.database.reading() as session:
        assert held_ways(rows.attempts_of(session, [inside.case_id])[inside.case_id]) == {Way.CALL}
        assert attempts.counts(
            session, since=clock.now() - timedelta(days=1), until=clock.now() + timedelta(days=1)
        ) == (attempts.Counts(inside=2, outside=0))
    assert "Somebody else answered" in colleague.queue().text
    # The one authority says so, for everything that asks it, whoever asks and however long.
    day.shift(timedelta(days=1))
    own = sides.hub_side
    for way, refusal in ((Way.CALL, True), (Way.EMAIL, False)):
        decision = decide(inside.record().plan, way, clock.now(), known_at=clock.now(), hours=own.area.hub_hours)
        assert (decision == Refused(Reason.HELD)) is refusal
    ben = Colleague(sides.hub_client())
    ben.sign_in("dev-ben")
    case = ben.open(ben.case(inside.person.reference))

    rule = next(form for form in case.forms if "/attempts/" in form.action)
    silent = ben.client.submit(case, rule, {"ruling": "again", "reason": ""})
    assert silent.status == 422
    assert "Say why" in silent.text
    case = ben.client.submit(case, rule, {"ruling": "never", "reason": "Not while he is there"})
    assert "Ben Okafor decided not to use it again" in case.text
    rule = next(form for form in case.forms if "/attempts/" in form.action)
    case = ben.client.submit(case, rule, {"ruling": "again", "reason": WHY})
    assert acts(sides, "decided-on-way") == ["call: never", "call: again"]
    assert shows_number(ben.show(case))

    trail = ben.client.visit(f"{case.path}/trail").text
    assert "Phone call: Someone else answered" in trail
    assert NOTE not in trail
    with sides.hub_side.database.reading() as session:
        row = rows.attempts(session, inside.case_id)[0]
        assert row.note is not None
        assert row.reason is not None
        assert NOTE.encode() not in row.note
        assert WHY.encode() not in row.reason


@SQLITE
@pytest.mark.requirement("B1")
@pytest.mark.rule("rule 2")
def test_at_three_in_the_morning_and_under_a_freeze_nobody_sees_a_number_and_each_refusal_is_logged(
    inside: Inside, day: time_machine.Traveller
) -> None:
    day.move_to(datetime(2026, 3, 11, 3, 0, tzinfo=LONDON))
    desks = []
    for who in ("dev-amira", "dev-carys", GATEKEEPER):
        desk = Colleague(inside.sides.hub_client())
        desk.sign_in(who)
        desks.append(desk)
    for desk in desks:
        case = desk.open(desk.case(inside.person.reference))
        # The page offers nothing to press, so the press is made up.
        token = dict(case.form(to="/claim").filled())["csrf_token"]
        refused = desk.client.post_form(f"{case.path}/show", {"csrf_token": token, "way": "call", "read": "x"})
        assert not shows_number(refused)
        assert "Outside their hours. Next: today 09:00." in refused.text
    assert acts(inside.sides, "refused-way") == ["call: outside-hours"] * 3

    day.move_to(datetime(2026, 3, 11, 10, 0, tzinfo=LONDON))
    opened = []
    for desk, who in zip(desks, ("dev-amira", "dev-carys", GATEKEEPER), strict=True):
        desk.sign_in(who)
        opened.append(desk.open(desk.case(inside.person.reference)))
    inside.opened = inside.come_in()
    inside.ask(Change.FREEZE)
    for desk, case in zip(desks, opened, strict=True):
        frozen = desk.show(case) if [f for f in case.forms if f.action.endswith("#way-call")] else case
        assert not shows_number(frozen)
        assert not shows_number(desk.show(case, "email"))
    assert {"call: frozen", "email: frozen"} & set(acts(inside.sides, "refused-way"))
    assert acts(inside.sides, "showed-way") == []
