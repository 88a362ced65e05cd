"""How long things are kept, by a moved clock: what goes by itself, what is warned of, and what only a person may decide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.domain.change import Change
from app.domain.retention import Periods
from app.domain.status import CaseState
from app.services.hub import retention
from app.services.hub.retention import Done, Why
from app.services.portal import retention as portal_retention
from app.web import clock
from tests.harness.inside import Inside
from tests.harness.pages import Form, Page
from tests.harness.people import Colleague, Person, agree
from tests.harness.sides import Sides
from tests.stories import PARENT

AskedBy = Callable[..., Person]
USUAL = Periods()


@pytest.fixture
def inside(sides: Sides, person: AskedBy) -> Inside:
    """A parent, back in their space."""
    return Inside(sides, person(PARENT))


def run(sides: Sides) -> Done:
    """What the courier does once an hour, after a pass."""
    sides.make_pass()
    own = sides.hub_side
    done = retention.run(
        own.database,
        periods=USUAL,
        opener=own.opener,
        voice=own.voice,
        portal_key=own.trust.sealing,
        now=clock.now(),
    )
    sides.deliver()
    return done


def is_kept(inside: Inside) -> tuple[bool, bool]:
    """Whether the case is at the portal, and at the Hub."""
    with inside.sides.portal_side.database.reading() as session:
        here = session.get(portal_rows.Case, inside.case_id) is not None
    with inside.sides.hub_side.database.reading() as session:
        return here, session.get(hub_rows.Case, inside.case_id) is not None


def close(inside: Inside) -> None:
    inside.ask(Change.CLOSE, code_word=PARENT.code_word)
    inside.sides.deliver()


def space_text(inside: Inside) -> str:
    """The space as the person sees it when they come back now."""
    return inside.person.come_back().text


def decision(page: Page, value: str) -> Form:
    """The form of one of the two buttons."""
    return next(
        form for form in page.forms if value in {each.value for each in form.controls if each.name == "decision"}
    )


@pytest.mark.requirement("G2")
def test_a_closed_case_is_warned_a_month_before_and_gone_a_year_after(
    inside: Inside, day: time_machine.Traveller
) -> None:
    close(inside)
    assert run(inside.sides) == Done()
    day.shift(timedelta(days=334))
    assert run(inside.sides).warned == 0
    assert "kept until" not in space_text(inside)
    day.shift(timedelta(days=1, minutes=5))
    assert run(inside.sides).warned == 1
    assert "This space is kept until Wednesday 10 March" in space_text(inside)
    assert run(inside.sides) == Done(), "it is said once"
    day.shift(timedelta(days=29))
    assert run(inside.sides).erased == 0
    day.shift(timedelta(days=1, hours=1))
    assert run(inside.sides).erased == 1
    assert is_kept(inside) == (False, False)


def test_one_word_keeps_a_closed_case(inside: Inside, day: time_machine.Traveller) -> None:
    close(inside)
    day.shift(timedelta(days=336))
    run(inside.sides)
    assert "This space is kept until" in space_text(inside)
    inside.person.write("Please keep it.")
    assert "This space is kept until" not in inside.person.space().text
    inside.sides.deliver()
    day.shift(timedelta(days=60))
    assert run(inside.sides).erased == 0
    assert is_kept(inside) == (True, True)


def test_a_run_that_was_missed_for_a_year_still_warns_first(inside: Inside, day: time_machine.Traveller) -> None:
    close(inside)
    day.shift(timedelta(days=800))
    assert run(inside.sides).erased == 0
    assert is_kept(inside) == (True, True)
    day.shift(timedelta(days=31))
    assert run(inside.sides).erased == 1


def test_nothing_goes_while_a_word_may_wait_at_the_portal(inside: Inside, day: time_machine.Traveller) -> None:
    close(inside)
    day.shift(timedelta(days=336))
    run(inside.sides)
    space_text(inside)
    inside.sides.stop_portal()
    inside.person.write("Please keep it.")
    day.shift(timedelta(days=31))
    own = inside.sides.hub_side
    done = retention.run(
        own.database, periods=USUAL, opener=own.opener, voice=own.voice, portal_key=own.trust.sealing, now=clock.now()
    )
    assert done.erased == 0
    assert run(inside.sides).erased == 0, "the word came with the pass"
    assert is_kept(inside) == (True, True)


@pytest.mark.rule("rule 8")
def test_silence_never_closes_and_never_deletes_only_a_person_decides(
    inside: Inside, colleague: Colleague, day: time_machine.Traveller
) -> None:
    case = colleague.open(colleague.case(inside.person.reference))
    colleague.write(case, "How are you?")
    inside.sides.deliver()
    for _ in range(4):
        day.shift(timedelta(days=400))
        assert run(inside.sides).erased == 0
    own = inside.sides.hub_side
    with own.database.reading() as session:
        kept = session.get_one(hub_rows.Case, inside.case_id)
        assert kept.state == CaseState.THEIRS.value
        listed = retention.to_decide(session, None, periods=USUAL, now=clock.now())
    assert [(each.case_id, each.why) for each in listed] == [(inside.case_id, Why.SILENT)]
    assert "kept until" not in space_text(inside)

    colleague.sign_in()
    page = colleague.client.visit("/kept")
    assert "not a word either way" in page.text
    colleague.client.submit(page, decision(page, "keep"))
    with own.database.reading() as session:
        assert retention.to_decide(session, None, periods=USUAL, now=clock.now()) == []
    day.shift(timedelta(days=731))
    colleague.sign_in()
    page = colleague.client.visit("/kept")
    colleague.client.submit(page, decision(page, "let-go"))
    assert "somebody decided" not in colleague.client.visit("/kept").text, "nobody has agreed yet"
    agree(inside.sides.hub_client())
    assert run(inside.sides).warned == 1
    assert "This space is kept until" in space_text(inside)
    assert "somebody decided" in colleague.client.visit("/kept").text
    day.shift(timedelta(days=30, hours=1))
    assert run(inside.sides).erased == 1
    assert is_kept(inside) == (False, False)


def test_a_request_that_nobody_opened_is_listed_and_cannot_be_let_go(
    inside: Inside, colleague: Colleague, day: time_machine.Traveller
) -> None:
    day.shift(timedelta(days=15))
    colleague.sign_in()
    page = colleague.client.visit("/kept")
    assert "nobody has opened it" in page.text
    with inside.sides.hub_side.database.reading() as session:
        (listed,) = retention.to_decide(session, None, periods=USUAL, now=clock.now())
    assert listed.why is Why.UNREAD
    who = next(each for each in inside.sides.hub_side.identities.offered() if each.id == "dev-amira")
    with pytest.raises(retention.NotListed), inside.sides.hub_side.database.writing() as session:
        retention.let_go(session, inside.case_id, who, periods=USUAL, now=clock.now())


def test_what_arrived_long_ago_and_sessions_go_on_both_sides(
    inside: Inside, colleague: Colleague, day: time_machine.Traveller
) -> None:
    case = colleague.open(colleague.case(inside.person.reference))
    colleague.write(case, "Hello.")
    inside.sides.deliver()
    before = space_text(inside)
    inside.sides.deliver()  # how far they have seen
    day.shift(timedelta(days=61))
    assert run(inside.sides).tidied >= 3
    with inside.sides.hub_side.database.reading() as session:
        assert session.query(hub_rows.Opening).count() == 0
        assert session.query(hub_rows.StaffSession).count() == 0
        assert session.query(hub_rows.Outgoing).count() == 0
    own = inside.sides.portal_side
    with own.database.reading() as session:
        assert session.query(portal_rows.Outgoing).count() == 0, "the first pass of a day tidies the portal"
        kept = portal_retention.show(session)
    assert (kept.drafts, kept.numbers_shown, kept.visits, kept.spaces) == (0, 0, 0, 1)
    assert portal_retention.run(own.database, periods=USUAL, now=clock.now()) == 0
    for words in ("Read by a person.", "Hello."):
        assert words in before
        assert words in space_text(inside)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_commands_say_what_is_kept_and_do_the_same(inside: Inside, day: time_machine.Traveller) -> None:
    close(inside)
    day.shift(timedelta(days=336))
    assert "1 spaces say now until when they are kept" in inside.sides.run("retention_group", "run", side="hub")
    shown = inside.sides.run("retention_group", "show", side="hub")
    assert "KEEP_CLOSED_DAYS: 365 days" in shown
    assert f"{inside.person.reference} goes on 2027-03-11" in shown
    assert "rows were over" in inside.sides.run("retention_group", "run", side="portal")
    shown = inside.sides.run("retention_group", "show", side="portal")
    assert "spaces: 1" in shown
    assert "KEEP_CLOSED_DAYS" not in shown
