"""What a colleague does is what figures count: a call that reached somebody, a day named for news, a need taken over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.data import hub as rows
from app.data import needs as need_rows
from app.data import reports as report_rows
from app.domain.promise_results import Quarter
from app.domain.referral import News
from app.services.hub import erasing, handovers, report_figures, reports, speaking
from app.services.hub.need_figures import Span
from app.services.hub.report_figures import Rules
from app.services.hub.staff import DevelopmentIdentities
from app.web import clock
from tests.harness.inside import Inside
from tests.harness.people import CO_ORDINATOR, Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
AMIRA = DevelopmentIdentities().prove(CO_ORDINATOR)


@pytest.fixture
def inside(sides: Sides, person: Callable[..., Person]) -> Inside:
    return Inside(sides, person(PARENT))


def today(inside: Inside) -> date:
    return clock.now().astimezone(inside.sides.hub_side.area.hub_hours.zone).date()


def write(inside: Inside, by: date | None = None, *, kind: str = "status") -> None:
    """A colleague sends news, which may name a day."""
    own = inside.sides.hub_side
    news = News(
        kind=kind,
        at=clock.now().isoformat(timespec="seconds"),
        author=AMIRA.shown_name,
        status="no-news",
        data={"by": by.isoformat()} if by else {},
    )
    speaking.send(
        own.database, case_id=inside.case_id, news=news, opener=own.opener, voice=own.voice, now=clock.now(), by=AMIRA
    )


def days(inside: Inside) -> list[tuple[date, bool, bool]]:
    """(day, whether its case is still known, whether somebody wrote since), by day."""
    with inside.sides.hub_side.database.reading() as session:
        found = session.scalars(select(report_rows.NamedDay).order_by(report_rows.NamedDay.by)).all()
        return [(each.by, each.case_id is not None, each.kept_at is not None) for each in found]


def tally(inside: Inside, first: date, last: date) -> tuple[int, int]:
    hours = inside.sides.hub_side.area.hub_hours
    with inside.sides.hub_side.database.reading() as session:
        found = report_figures.promise_tallies(session, Span(first, last, hours.zone), Rules(hours=hours, targets={}))
    return next(((each.kept, each.of) for each in found if each.promise == "keep-you-informed"), (0, 0))


@pytest.mark.requirement("F2")
def test_a_day_that_was_named_is_kept_by_news_and_by_nothing_else(
    inside: Inside, colleague: Colleague, day: time_machine.Traveller
) -> None:
    first = today(inside)
    friday, later = first + timedelta(days=3), first + timedelta(days=9)
    write(inside, friday)
    write(inside, friday)  # said again: the same day, still to be kept
    assert days(inside) == [(friday, True, False)]
    assert tally(inside, first, later) == (0, 1)
    day.shift(timedelta(days=1))
    write(inside, later)  # that there is none, and a new day
    assert days(inside) == [(friday, True, True), (later, True, False)]
    assert tally(inside, first, later) == (1, 2)
    day.shift(timedelta(days=9))
    write(inside)  # a day too late
    assert days(inside) == [(friday, True, True), (later, True, True)]
    assert tally(inside, first, later) == (1, 2)
    assert tally(inside, first, friday) == (1, 1)

    # Erased: what is over stays until its quarter was counted, and says nothing of whom.
    coming = today(inside) + timedelta(days=4)
    write(inside, coming)
    own = inside.sides.hub_side
    erasing.erase(own.database, inside.case_id, portal_key=own.trust.sealing, voice=own.voice, now=clock.now())
    assert days(inside) == [(friday, False, True), (later, False, True)]
    assert tally(inside, first, coming) == (1, 2)
    quarter = Quarter.of(friday)
    after = datetime.combine(quarter.next.last_day + timedelta(days=2), datetime.min.time(), own.area.hub_hours.zone)
    for each in (quarter, quarter.next):
        reports.close(own.database, each, rules=Rules(hours=own.area.hub_hours, targets={}), now=after)
    assert days(inside) == []
    with own.database.reading() as session:
        counted = session.scalars(
            select(report_rows.ReportFigure.count).where(report_rows.ReportFigure.row == "keep-you-informed:counted")
        ).all()
    assert sum(counted) == 3  # kept one, of two


@SQLITE
@pytest.mark.parametrize("outcome", ["reached", "no-answer"])
def test_whoever_was_reached_by_phone_waits_no_longer(inside: Inside, colleague: Colleague, outcome: str) -> None:
    shown = colleague.show(colleague.open(colleague.case(inside.person.reference)))
    colleague.client.submit(shown, shown.form("outcome", to="/attempt"), {"outcome": outcome, "note": ""})
    with inside.sides.hub_side.database.reading() as session:
        case = session.get_one(rows.Case, inside.case_id)
        answered = case.answered_at is not None
        assert answered == (case.waiting_since is None) == (outcome == "reached")


@SQLITE
@pytest.mark.requirement("E4")
@pytest.mark.parametrize(("named", "referred"), [(("money",), {"money"}), ((), set())])
def test_needs_that_a_service_took_over_end_as_referred_and_no_others(
    inside: Inside, colleague: Colleague, named: tuple[str, ...], referred: set[str]
) -> None:
    with inside.sides.hub_side.database.writing() as session:
        for place, category in enumerate(("money", "health")):
            session.add(
                need_rows.Need(
                    id=bytes([place] * 16),
                    case_id=inside.case_id,
                    category=category,
                    opened_on=today(inside),
                    opened_by=CO_ORDINATOR,
                )
            )
        session.flush()
        for _ in range(2):  # told twice
            for also in handovers.ON_ACCEPTED:
                also(session, inside.case_id, "a-service", named, clock.now())
    with inside.sides.hub_side.database.reading() as session:
        found = need_rows.needs(session, inside.case_id)
        ended = {each.category: (each.ended_as, each.service) for each in found if each.ended_as}
        acts = session.scalars(select(rows.Audit.detail).where(rows.Audit.action == "ended-need")).all()
    assert ended == dict.fromkeys(referred, ("referred", "a-service"))
    assert len(acts) == len(referred)
