"""Reports: a quarter is counted once, nobody is found in it, and the portal says how the promises were kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.data import hub as rows
from app.data import needs as need_rows
from app.data import portal as portal_rows
from app.data import reports as report_rows
from app.domain.area import Population
from app.domain.asking import COMPLAINTS
from app.domain.danger import Reason
from app.domain.figures import STEP, Period
from app.domain.handover import State
from app.domain.joined import Tie
from app.domain.outcomes import Change
from app.domain.promise_results import Quarter, Tally
from app.services.hub import erasing, need_figures, report_figures, reports
from app.services.hub.need_figures import Span
from app.services.hub.report_figures import Rules
from app.services.hub.reports import NoSuchPeriod, NotForThem, NotOver
from app.services.hub.staff import DevelopmentIdentities, Identity
from app.web import clock
from tests.harness.people import CO_ORDINATOR, Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
SUPERVISOR = "dev-carys"
CARYS = DevelopmentIdentities().prove(SUPERVISOR)
AMIRA = DevelopmentIdentities().prove(CO_ORDINATOR)
FIRST = Quarter(2026, 1)
IN_IT = datetime(2026, 2, 10, 10, tzinfo=UTC)
AFTER = datetime(2026, 4, 2, 10, tzinfo=UTC)
A_QUARTER = Period(2026, 1)
HEALTH_NEEDS = 7


def rules_of(sides: Sides, **targets: int) -> Rules:
    return Rules(hours=sides.hub_side.area.hub_hours, targets=targets)


def span_of(sides: Sides) -> Span:
    return Span(FIRST.first_day, FIRST.last_day, sides.hub_side.area.hub_hours.zone)


@pytest.fixture
def filled(sides: Sides) -> Sides:
    """Sixteen people of the first quarter of 2026, in rows alone: nine had not reported, and two of those were not answered."""
    with sides.hub_side.database.writing() as session:
        session.add(rows.Staff(id=AMIRA.id, name=AMIRA.name, shown_name=AMIRA.shown_name, roles=["co-ordinator"]))
        session.flush()
        for place in range(16):
            silent = place < 9
            case = rows.Case(
                id=place.to_bytes(16, "big"),
                reference=f"{place:06}",
                received_at=IN_IT + timedelta(hours=place),
                state="closed",  # out of the queue, which would open what is not sealed here
                language="en",
                owner_id=None,
                read_at=None,
                facts={
                    "who": "me",
                    "to_whom": "me" if place < 10 else "died",
                    "police": ("no" if place % 2 else "might") if silent else "yes",
                    "district": "fenland" if place < 6 else "cambridge",
                    "why_not_told": ["afraid"] if place < 6 else [],
                    "help": [],
                },
            )
            session.add(case)
            session.flush()
            if place >= 2:
                answered = case.received_at + timedelta(hours=2)
                rows.log(session, at=answered, staff_id=AMIRA.id, action="sent-message", case_id=case.id)
            if place < HEALTH_NEEDS:
                session.add(
                    need_rows.Need(
                        id=place.to_bytes(16, "big"),
                        case_id=case.id,
                        category="health",
                        opened_on=IN_IT.date(),
                        opened_by=AMIRA.id,
                        ended_as="supported" if place < 6 else None,
                        ended_on=IN_IT.date() if place < 6 else None,
                    )
                )
                for days, answer in ((0, "very-hard"), (9, "fine")):
                    session.add(
                        need_rows.Assessment(
                            id=bytes([place, days] * 8),
                            case_id=case.id,
                            done_at=case.received_at + timedelta(days=days),
                            done_by=AMIRA.id,
                            own=True,
                            how="phone",
                            answers={"health": answer, "coping": "mostly" if days else "hardly"},
                        )
                    )
        for place in range(12):
            answers = {
                "age": "25-34" if place < 7 else "65-74",
                "wait": "same-day",
                "doing": "better" if place < 6 else "worse",
                "together": "good",
                "kept-you-decide": "yes" if place < 9 else "partly",
            }
            session.add(rows.Survey(id=bytes([99, place] * 8), month="2026-03", district=None, answers=answers))
    return sides


def read(sides: Sides, period: Period = A_QUARTER, who: Identity = CARYS) -> reports.Report:
    with sides.hub_side.database.reading() as session:
        return reports.read(session, period, who)


@pytest.mark.requirement("H1")
@pytest.mark.requirement("H2")
@pytest.mark.requirement("H3")
@pytest.mark.requirement("H4")
@pytest.mark.requirement("H7")
@pytest.mark.requirement("D5")
@pytest.mark.requirement("E8")
def test_a_closed_quarter_says_who_asked_who_was_supported_and_what_became_of_it(filled: Sides) -> None:
    assert reports.close(filled.hub_side.database, FIRST, rules=rules_of(filled), now=AFTER)
    found = read(filled).counts

    assert found["asked", "all", "people"] == 15  # 16
    assert found["asked", "district:fenland", "people"] == 5  # 6
    assert found["asked", "pair:bereaved", "people"] == 5  # 6
    assert found["supported", "all", "people"] == 15  # 14
    assert found["supported", "reported:no", "people"] == 5  # 7: supported, and had not reported (H1)
    assert found["why-not-reported", "afraid", "people"] == 5  # 6
    assert found["waits", "all", "one-day"] == 15  # 14
    assert found["waits", "all", "not-yet"] is None  # 2
    assert found["needs", "health", "met"] == 5  # 6
    assert found["needs", "health", "open"] is None  # 1
    assert found["outcomes", "health", "better"] == found["outcomes", "coping", "better"] == 5  # 7
    assert found["equity", "age:25-34", "answered"] == 5  # 7
    assert found["equity", "age:65-74", "answered"] == 5
    assert ("equity", "age:75-or-more", "answered") not in found
    assert not any(row == "money" for _table, row, _column in found), "nobody, or fewer than five: nobody learns which"


@pytest.mark.requirement("H1")
@SQLITE
def test_promises_are_counted_by_the_system_and_asked_of_people(filled: Sides) -> None:
    with filled.hub_side.database.reading() as session:
        plain = report_figures.promise_tallies(session, span_of(filled), rules_of(filled))
        with_targets = report_figures.promise_tallies(session, span_of(filled), rules_of(filled, named=8))

    assert set(plain) == {
        Tally("police-or-not", "counted", 7, 9),
        Tally("everyone", "counted", 14, 16),
        Tally("you-decide", "asked", 9, 12),
    }
    assert set(plain) == set(with_targets), "nobody was at risk"


@SQLITE
def test_waits_are_against_the_hubs_own_target_in_working_time(filled: Sides) -> None:
    with filled.hub_side.database.reading() as session:
        late = report_figures.waits(session, span_of(filled), rules_of(filled, first_answer=1))
        kept = report_figures.waits(session, span_of(filled), rules_of(filled, first_answer=2))

    assert kept["all", "in-time"] == 14
    # Two hours each; from what came at six in the evening on, the Hub was open for one of them or none.
    assert (late["all", "late"], late["all", "in-time"]) == (6, 8)


@SQLITE
@pytest.mark.requirement("F13")
def test_complaints_count_by_the_working_days_that_the_page_names(filled: Sides) -> None:
    came = "2026-02-10T10:00:00+00:00"
    answered = {"id": "a", "on": came, "state": "done", "answered_on": "2026-02-12T10:00:00+00:00"}
    taken_up = {"id": "b", "on": came, "state": "working", "answered_on": "2026-02-11T10:00:00+00:00"}
    with filled.hub_side.database.writing() as session:
        case = session.get_one(rows.Case, bytes(16))
        case.facts = {**case.facts, COMPLAINTS: [answered, taken_up, {"id": "c", "on": "2025-12-30T10:00:00+00:00"}]}
    with filled.hub_side.database.reading() as session:
        soon = report_figures.complaints(session, span_of(filled), rules_of(filled, complaint_days=2))
        sooner = report_figures.complaints(session, span_of(filled), rules_of(filled, complaint_days=1))

    assert soon == {("all", "came"): 2, ("all", "answered"): 1, ("all", "in-time"): 1}
    assert ("all", "in-time") not in sooner


@pytest.mark.requirement("H10")
def test_what_is_erased_later_changes_nothing_and_nobody_gets_other_numbers(filled: Sides) -> None:
    own = filled.hub_side
    assert reports.close(own.database, FIRST, rules=rules_of(filled), now=AFTER)
    before = read(filled)
    for place in range(10):
        erasing.erase(own.database, place.to_bytes(16, "big"), portal_key=own.trust.sealing, voice=own.voice, now=AFTER)

    assert not reports.close(own.database, FIRST, rules=rules_of(filled), now=AFTER + timedelta(days=9))
    assert read(filled) == before
    auditor = Identity("dev-edwin", "Edwin Marsh", "Edwin", ("auditor",))
    assert read(filled, who=auditor) == before
    lines = list(csv.reader(io.StringIO(reports.as_csv(before))))
    assert ["2026-Q1", "asked", "all", "people", "15"] in lines
    assert ["2026-Q1", "needs", "health", "open", "fewer than 5"] in lines
    assert {len(line) for line in lines} == {5}
    with own.database.reading() as session:
        kept = session.scalars(select(report_rows.ReportFigure)).all()
        assert not any(f"{place:06}" in f"{each.table}{each.row}{each.column}" for each in kept for place in range(16))


@SQLITE
def test_only_what_is_over_is_closed_and_by_itself(filled: Sides) -> None:
    own, rules = filled.hub_side.database, rules_of(filled)
    with pytest.raises(NotOver):
        reports.close(own, FIRST, rules=rules, now=datetime(2026, 3, 31, 12, tzinfo=UTC))
    assert reports.close_due(own, rules=rules, now=datetime(2026, 3, 31, 12, tzinfo=UTC)) == []
    assert reports.close_due(own, rules=rules, now=datetime(2026, 12, 1, tzinfo=UTC)) == [
        FIRST,
        Quarter(2026, 2),
        Quarter(2026, 3),
    ]
    assert reports.close_due(own, rules=rules, now=datetime(2026, 12, 2, tzinfo=UTC)) == []
    with own.reading() as session:
        assert Period(2026) not in reports.periods(session)
    reports.close_due(own, rules=rules, now=datetime(2027, 1, 5, tzinfo=UTC))
    year, quarter = read(filled, Period(2026)), read(filled)
    assert year.counts["asked", "all", "people"] == quarter.counts["asked", "all", "people"]


@SQLITE
def test_reports_are_for_supervisors_and_auditors(filled: Sides) -> None:
    reports.close(filled.hub_side.database, FIRST, rules=rules_of(filled), now=AFTER)
    with pytest.raises(NotForThem):
        read(filled, who=AMIRA)
    with pytest.raises(NoSuchPeriod):
        read(filled, Period(2025))
    other = Colleague(filled.hub_client())
    other.sign_in(CO_ORDINATOR)

    assert "Reports are for supervisors and auditors." in other.client.visit("/reports").text
    assert "/reports" not in other.queue().html
    always = other.client.visit("/reports").main.text
    for path in ("/reports/2026-Q1", "/reports/2026-Q1/figures.csv", "/reports/2025"):
        assert other.client.visit(path).main.text == always
    auditor = Identity("dev-edwin", "Edwin Marsh", "Edwin", ("auditor",))
    with filled.hub_side.database.writing() as session, pytest.raises(NotForThem):
        reports.write_words(session, Period(2026, 1), "x", auditor, now=AFTER)


@SQLITE
@pytest.mark.requirement("E12")
@pytest.mark.requirement("H9")
@pytest.mark.requirement("H12")
def test_one_page_to_print_with_the_supervisors_words(filled: Sides) -> None:
    reports.close(filled.hub_side.database, FIRST, rules=rules_of(filled), now=AFTER)
    supervisor = Colleague(filled.hub_client())
    supervisor.sign_in(SUPERVISOR)
    page = supervisor.client.visit("/reports")
    page = supervisor.client.visit("/reports/2026-Q1")

    for words in ("Who asked", "Had not reported", "Fenland", "fewer than 5", "What public money pays for"):
        assert words in page.text
    saved = supervisor.client.submit(page, page.form("words"), {"words": "Snow in February."})
    assert "In our own words Snow in February. Carys Whitfield" in saved.text
    fetched = supervisor.client.fetch("GET", "/reports/2026-Q1/figures.csv")
    assert fetched.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert supervisor.client.fetch("GET", "/reports/2025-Q4").status == 404


@pytest.mark.requirement("H6")
@pytest.mark.requirement("H9")
def test_the_portal_says_how_the_promises_were_kept(filled: Sides, day: time_machine.Traveller) -> None:
    own = filled.hub_side
    day.move_to(AFTER)
    portal = filled.portal_side
    started = {
        slug: replace(pledge, promises=tuple(replace(each, since=date(2026, 1, 5)) for each in pledge.promises))
        for slug, pledge in portal.pledges.items()
    }
    filled.portal.extensions["side"] = replace(portal, pledges=started)
    before = filled.portal_client().visit("/en/pledge/results")
    assert "14 of 16" not in before.text
    reports.close(own.database, FIRST, rules=rules_of(filled), now=clock.now())
    for _ in range(2):  # once, however often
        reports.send(own.database, portal_key=own.trust.sealing, voice=own.voice, now=clock.now())
    filled.deliver()
    day.shift(timedelta(minutes=2))
    after = filled.portal_client().visit("/en/pledge/results")
    assert "14 of 16" in after.text
    assert "9 of 12" in after.text
    with filled.portal_side.database.reading() as session:
        kept = {(each.promise, each.kept, each.of) for each in session.scalars(select(portal_rows.QuarterResult))}
    assert kept == {("", 0, 0), ("police-or-not", 7, 9), ("everyone", 14, 16), ("you-decide", 9, 12)}
    assert reports.send(own.database, portal_key=own.trust.sealing, voice=own.voice, now=clock.now(), again=True) == 1
    filled.deliver()
    with filled.portal_side.database.reading() as session:
        assert len(session.scalars(select(portal_rows.QuarterResult)).all()) == len(kept)
        assert session.scalars(select(portal_rows.Aside)).all() == []


@SQLITE
@pytest.mark.requirement("H2")
def test_why_somebody_did_not_report_comes_as_codes(sides: Sides, person: Callable[..., Person]) -> None:
    asking = person(PARENT)
    asking.ask()
    asking.come_back()
    page = asking.client.visit("/en/case/more/3")
    page = asking.client.submit(page, page.form("kind"), {"kind": "nearby"}, press="choose")
    asking.client.submit(page, page.form("addition_id"), {"why_not_told": ("afraid", "no-trust")})
    sides.deliver()
    with sides.hub_side.database.reading() as session:
        case = rows.case_by_reference(session, asking.reference)
        assert case is not None
        assert case.facts["why_not_told"] == ["afraid", "no-trust"]


def case_of(place: int) -> bytes:
    return place.to_bytes(16, "big")


def join(sides: Sides, one: int, other: int, tie: Tie = Tie.SAME) -> None:
    with sides.hub_side.database.writing() as session:
        session.add(
            rows.Joined(
                first_id=case_of(one), second_id=case_of(other), tie=tie.value, joined_by=AMIRA.id, joined_at=IN_IT
            )
        )


def try_to_reach(sides: Sides, place: int, outcome: str, *, within_plan: bool = True, at: datetime = IN_IT) -> None:
    with sides.hub_side.database.writing() as session:
        session.add(
            rows.Attempt(
                id=bytes([50 + place] * 16),
                case_id=case_of(place),
                at=at,
                staff_id=AMIRA.id,
                way="call",
                outcome=outcome,
                within_plan=within_plan,
            )
        )


def tallies_of(sides: Sides) -> dict[tuple[str, str], tuple[int, int]]:
    with sides.hub_side.database.reading() as session:
        found = report_figures.promise_tallies(session, span_of(sides), rules_of(sides))
    return {(each.promise, each.figure): (each.kept, each.of) for each in found}


@pytest.mark.requirement("D9")
def test_openings_because_of_danger_to_life_are_counted_and_nobody_is_found(filled: Sides) -> None:
    """Six for a life, one of a child; one that nobody agreed to, and one of the quarter before, are not among them."""
    with filled.hub_side.database.writing() as session:
        for place in range(9):
            is_asked_only, is_earlier = place == 7, place == 8
            session.add(
                rows.Danger(
                    id=bytes([70 + place] * 16),
                    case_id=case_of(place),
                    quarter="2025-Q4" if is_earlier else "2026-Q1",
                    reason=(Reason.CHILD if place == 6 else Reason.LIFE).value,
                    asked_by=AMIRA.id,
                    asked_at=IN_IT,
                    opened_at=None if is_asked_only else IN_IT,
                    alone=place < 2,
                    told_at=IN_IT if place < 5 else None,
                    silent_by_one=AMIRA.id if place == 5 else None,
                    silent_by_two=AMIRA.id if place == 5 else None,
                )
            )
    own = filled.hub_side
    erasing.erase(own.database, case_of(0), portal_key=own.trust.sealing, voice=own.voice, now=AFTER)
    with own.database.reading() as session:
        counted = report_figures.dangers(session, span_of(filled), rules_of(filled))
    assert {column: counted["all", column] for column in ("opened", "alone", "told", "silent")} == {
        "opened": 7,
        "alone": 2,
        "told": 5,
        "silent": 1,
    }
    reports.close(own.database, FIRST, rules=rules_of(filled), now=AFTER)
    found = read(filled).counts
    assert found["danger", "all", "opened"] == found["danger", "danger:life", "opened"] == 5
    assert found["danger", "danger:life", "told"] == 5
    assert found["danger", "danger:life", "silent"] is None
    assert ("danger", "danger:child", "opened") not in found
    supervisor = Colleague(filled.hub_client())
    supervisor.sign_in(SUPERVISOR)
    assert "A life is in danger" in supervisor.client.visit("/reports/2026-Q1").text


@SQLITE
def test_contacts_inside_and_outside_the_plan_and_a_call_that_reached_them_is_an_answer(filled: Sides) -> None:
    before = tallies_of(filled)
    try_to_reach(filled, 0, "reached")
    try_to_reach(filled, 1, "no-answer")
    try_to_reach(filled, 3, "no-answer", within_plan=False)
    try_to_reach(filled, 5, "reached", at=AFTER)  # of the next quarter
    after = tallies_of(filled)

    assert ("you-decide", "counted") not in before
    assert after["you-decide", "counted"] == (2, 3)
    assert (before["everyone", "counted"], after["everyone", "counted"]) == ((14, 16), (15, 16))
    assert (before["police-or-not", "counted"], after["police-or-not", "counted"]) == ((7, 9), (8, 9))
    with filled.hub_side.database.reading() as session:
        supported = report_figures.supported(session, span_of(filled), rules_of(filled))
        waits = report_figures.waits(session, span_of(filled), rules_of(filled))
    assert supported["all", "people"] == 15
    assert waits["all", "not-yet"] == 1


def test_somebody_with_two_cases_is_one_person(filled: Sides) -> None:
    """Two requests of one person, of which one was answered; and two people who are linked, who stay two."""
    join(filled, 0, 2)
    join(filled, 4, 5, Tie.LINKED)
    with filled.hub_side.database.reading() as session:
        span, rules = span_of(filled), rules_of(filled)
        asked = report_figures.asked(session, span, rules)
        supported = report_figures.supported(session, span, rules)
        why = report_figures.why_not_reported(session, span, rules)
        changes = need_figures.outcomes_by_name(session, span)

    assert (asked["all", "people"], asked["district:fenland", "people"]) == (15, 5)
    assert (supported["all", "people"], why["afraid", "people"]) == (14, 5)
    assert changes["health"][Change.BETTER] == HEALTH_NEEDS - 1
    assert tallies_of(filled)["everyone", "counted"] == (14, 15)


@SQLITE
def test_each_handover_is_counted_once_and_late_is_not_kept(filled: Sides) -> None:
    """By place: taken over in time, taken over late, sent back, not answered in time, still in time, taken back, passed on by
    phone and taken over, agreed in the quarter after."""
    due, late = IN_IT + timedelta(days=10), IN_IT + timedelta(days=12)
    stands = [
        (State.ACCEPTED, IN_IT, due),
        (State.ACCEPTED, late, due),
        (State.BOUNCED, IN_IT, due),
        (State.PASSED, IN_IT, due),
        (State.OPENED, IN_IT, AFTER),
        (State.WITHDRAWN, IN_IT, due),
        (State.ACCEPTED, IN_IT + timedelta(days=1), None),
        (State.AGREED, AFTER, None),
    ]
    with filled.hub_side.database.writing() as session:
        for place, (state, changed_at, due_at) in enumerate(stands):
            handover_id = bytes([80 + place] * 16)
            session.add(
                rows.Handover(
                    id=handover_id,
                    case_id=case_of(place),
                    service="a-service",
                    reason="knows-more",
                    kinds=[],
                    state=state.value,
                    asked_by=AMIRA.id,
                    asked_at=IN_IT,
                    changed_at=changed_at,
                )
            )
            session.flush()
            if due_at is None:
                rows.log(
                    session,
                    at=IN_IT,
                    staff_id=AMIRA.id,
                    action="handover-passed",
                    case_id=case_of(place),
                    detail="a-service",
                )
            else:
                session.add(
                    rows.Packet(
                        handover_id=handover_id,
                        case_id=case_of(place),
                        reference=f"{place:06}",
                        pressed=handover_id,
                        copy=b"",
                        sent_at=IN_IT,
                        until=AFTER,
                        due_at=due_at,
                    )
                )

    assert tallies_of(filled)["tell-it-once", "counted"] == (2, 5)
    with filled.hub_side.database.reading() as session:
        second = Span(date(2026, 4, 1), date(2026, 6, 30), span_of(filled).zone)
        assert Tally("tell-it-once", "counted", 0, 2) in report_figures.promise_tallies(
            session, second, rules_of(filled)
        ), "the one that was still in time, and the one agreed later: neither was answered"


@SQLITE
@pytest.mark.requirement("A11")
@pytest.mark.requirement("A14")
@pytest.mark.requirement("H7")
def test_groups_that_are_often_missed_and_those_harmed_again_are_counted(filled: Sides) -> None:
    with filled.hub_side.database.writing() as session:
        for place in range(6):
            case = session.get_one(rows.Case, case_of(place))
            case.facts = {**case.facts, "happened": ["hate", "followed"], "under_18": place < 5, "help": []}
            case.language = "pl"
        for place in range(5):
            case = session.get_one(rows.Case, case_of(6 + place))
            case.facts = {**case.facts, "persistence": ["reported-often"]}
        for place in range(10):
            answers = {"sex": "male" if place < 5 else "female", "disability": "a-lot", "wait": "same-day"}
            session.add(rows.Survey(id=bytes([98, place] * 8), month="2026-02", district=None, answers=answers))
    join(filled, 4, 5)
    reports.close(filled.hub_side.database, FIRST, rules=rules_of(filled), now=AFTER)
    found = read(filled).counts

    assert found["missed", "group:hate", "people"] == 5  # five people with six requests
    assert found["missed", "group:under-18", "people"] == 5
    assert found["missed", "group:other-language", "people"] == 5
    assert found["missed", "group:harmed-again", "people"] == 10
    assert ("missed", "group:exploited", "people") not in found
    assert found["equity", "sex:male", "answered"] == found["equity", "sex:female", "answered"] == 5
    assert found["equity", "disability:a-lot", "answered"] == 10
    assert found["asked", "district:fenland", "people"] == 5


@SQLITE
@pytest.mark.requirement("H8")
@pytest.mark.requirement("E4")
def test_what_people_said_of_the_service_stands_on_the_page_beside_what_we_say_to_it(filled: Sides) -> None:
    with filled.hub_side.database.writing() as session:
        for place in range(6):
            session.add(
                rows.Feedback(
                    id=bytes([60 + place] * 16),
                    came_on=date(2026, 2, 3),
                    about="words" if place < 5 else None,
                    language="en",
                    wrapped=b"",
                    sealed=b"",
                    done_by=AMIRA.id if place < 5 else None,
                    done_at=IN_IT if place < 5 else None,
                )
            )
            session.add(
                rows.Signpost(
                    id=bytes([90 + place] * 16),
                    case_id=case_of(place),
                    service="a-service",
                    how="told",
                    need="money" if place < 5 else None,
                    staff_id=AMIRA.id,
                    at=IN_IT,
                )
            )
    reports.close(filled.hub_side.database, FIRST, rules=rules_of(filled), now=AFTER)
    found = read(filled).counts
    assert found["feedback", "about:words", "came"] == found["feedback", "about:words", "seen-to"] == 5
    assert found["signposted", "all", "told"] == found["signposted", "money", "told"] == 5
    assert found["signposted", "money", "reading"] is None

    supervisor = Colleague(filled.hub_client())
    supervisor.sign_in(SUPERVISOR)
    page = supervisor.client.visit("/reports/2026-Q1")
    assert "Words that are wrong or hard to understand" in page.text
    saved = supervisor.client.submit(
        page, page.form("words"), {"words": "You found our letters hard. We wrote them anew."}
    )
    assert "We wrote them anew." in saved.text


@SQLITE
@pytest.mark.requirement("H7")
def test_who_answered_stands_beside_who_lives_here(filled: Sides) -> None:
    with filled.hub_side.database.writing() as session:
        for place in range(40):
            answers = {"sex": "male" if place < 10 else "female"}
            session.add(rows.Survey(id=bytes([97, place] * 8), month="2026-02", district=None, answers=answers))
    reports.close(filled.hub_side.database, FIRST, rules=rules_of(filled), now=AFTER)
    supervisor = Colleague(filled.hub_client())
    supervisor.sign_in(SUPERVISOR)
    assert "who live here" not in supervisor.client.visit("/reports/2026-Q1").text
    people = Population(source="A census", in_1000={"sex": {"male": 492}, "district": {"fenland": 115}})
    own = filled.hub_side
    filled.hub.extensions["side"] = replace(own, area=replace(own.area, population=people))
    page = supervisor.client.visit("/reports/2026-Q1").text
    assert "Who lives here: A census." in page
    assert "20 49.2" in page  # 10 of 50 who answered
    assert "60 –" in page  # 30 of 50; the census is not known


@SQLITE
@pytest.mark.requirement("H10")
def test_every_table_is_published_in_steps_of_five(filled: Sides) -> None:
    """With one more and one fewer of everything: whatever the tables hold, what is shown differs by fives or not at all."""
    try_to_reach(filled, 0, "reached")
    join(filled, 1, 2)
    reports.close(filled.hub_side.database, FIRST, rules=rules_of(filled), now=AFTER)
    found = read(filled).counts

    assert set(report_figures.TABLES) == set(report_figures.COLUMNS)
    assert {table for table, _row, _column in found} <= set(report_figures.COLUMNS)
    shown = [count for count in found.values() if count is not None]
    assert all((one - other) % STEP == 0 for one in shown for other in shown)
    for table, row, _column in found:
        assert {column for name, each, column in found if (name, each) == (table, row)} == set(
            report_figures.COLUMNS[table]
        )
