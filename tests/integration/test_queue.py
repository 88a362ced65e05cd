"""The first screen, the queue and contact now, on a desk of four hundred cases and on one of a few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.data import hub as rows
from app.domain.change import Change
from app.domain.contact import Allowed
from app.domain.hours import OpeningHours
from app.domain.queue import OURS, QUIET
from app.domain.status import CaseState
from app.services.hub import guard, placing, reachable
from app.services.hub import queue as waiting
from app.services.hub.queue import Clock, NotForThem, NotQuiet, NotYours, Only, Wanted
from app.services.hub.staff import DevelopmentIdentities, Identity
from app.web import clock
from tests.harness import many
from tests.harness.day import DAY, LONDON, travel
from tests.harness.inside import Inside
from tests.harness.people import CO_ORDINATOR, GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.stories import NEIGHBOUR, PARENT, WATCHED

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
WHO = {each.id: each for each in DevelopmentIdentities().offered()}
SUPERVISOR = "dev-carys"
AUDITOR = Identity("auditor", "Edwin Marsh", "Edwin", ("auditor",))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """Four hundred cases, for tests that change nothing."""
    with travel():
        made = Sides(tmp_path_factory.mktemp("full"))
        many.fill(made.hub_side, now=clock.now())
        many.said_just_now(made.hub_side.database, now=clock.now())
        yield made
        made.close()


def clock_of(sides: Sides, *, since: datetime | None = None) -> Clock:
    return Clock(clock.now(), sides.hub_side.area.hub_hours, since)


def listed(sides: Sides, who: str, wanted: Wanted = Wanted(), *, number: int = 1) -> waiting.Page:  # noqa: B008
    with sides.hub_side.database.reading() as session:
        return waiting.page(session, WHO[who], wanted, clock=clock_of(sides), targets={}, number=number)


def everybody(sides: Sides, who: str, wanted: Wanted = Wanted()) -> list[str]:  # noqa: B008
    """References of every page."""
    found, number = [], 1
    while True:
        page = listed(sides, who, wanted, number=number)
        found += [row.reference for row in page.rows]
        if not page.has_more:
            return found
        number += 1


def case_of(sides: Sides, reference: str) -> rows.Case:
    with sides.hub_side.database.reading() as session:
        found = rows.case_by_reference(session, reference)
    assert found is not None
    return found


def place(sides: Sides, **other: object) -> int:
    own = sides.hub_side
    rules = placing.Rules(own.area.hub_hours, own.area.targets)
    return placing.place(own.database, rules=replace(rules, **other), opener=own.opener, now=clock.now())  # type: ignore[arg-type]


# The order


@pytest.mark.requirement("D2")
def test_risk_comes_first_then_the_window_that_closes_soonest_then_what_is_due(full: Sides) -> None:
    rows_of = [case_of(full, each) for each in everybody(full, GATEKEEPER)]
    keys = [(each.tier, each.closes_at, each.sort_at) for each in rows_of]
    assert keys == sorted(keys)
    assert rows_of[0].at_risk
    assert len({each.tier for each in rows_of}) == 3
    assert all(each.state != "closed" and each.tier != QUIET for each in rows_of)


def test_a_page_goes_on_where_the_last_one_ended(full: Sides) -> None:
    found = everybody(full, SUPERVISOR)
    assert len(found) == len(set(found)) > 2 * waiting.PAGE_LENGTH
    assert listed(full, SUPERVISOR, number=99) == waiting.Page((), has_more=False)


# Filters: what is shown fits, what fits is shown, and the figures say how many


@pytest.mark.requirement("E8")
@pytest.mark.parametrize("who", [CO_ORDINATOR, GATEKEEPER])
def test_each_figure_is_as_many_as_its_filter_shows(full: Sides, who: str) -> None:
    with full.hub_side.database.reading() as session:
        counts = waiting.counts(session, WHO[who], clock=clock_of(full))
    assert counts.total == len(everybody(full, who))
    assert counts.mine == len(everybody(full, who, Wanted(owner=who)))
    assert counts.at_risk == len(everybody(full, who, Wanted(at_risk=True)))
    for state, count in counts.by_state.items():
        assert count == len(everybody(full, who, Wanted(state=state))), state
    for group, count in counts.new_by_group.items():
        assert count == len(everybody(full, who, Wanted(state=CaseState.NEW, group=group))), group
    for only, count in counts.only.items():
        assert count == len(everybody(full, who, Wanted(only=only))), only
    shown = {only for only, count in counts.only.items() if count}
    assert shown >= {Only.REPLIES, Only.STOPPED, Only.CLOSING, Only.PROMISED, Only.REVIEW}


def test_filters_narrow_together(full: Sides) -> None:
    every = [case_of(full, each) for each in everybody(full, GATEKEEPER)]
    for wanted, fits in (
        (Wanted(language="pl"), lambda each: each.language == "pl"),
        (Wanted(district="fenland"), lambda each: each.facts["district"] == "fenland"),
        (Wanted(owner=waiting.NOBODY), lambda each: each.owner_id is None),
        (
            Wanted(language="en", district="cambridge", state=CaseState.OURS),
            lambda each: (each.language, each.facts["district"], each.state) == ("en", "cambridge", "ours"),
        ),
    ):
        expected = {each.reference for each in every if fits(each)}
        found = {each for each in everybody(full, GATEKEEPER, wanted) if case_of(full, each).tier != QUIET}
        assert found == expected, wanted
        assert expected, wanted


@pytest.mark.requirement("B1")
def test_reachable_now_is_what_the_codes_say_now(full: Sides) -> None:
    with full.hub_side.database.reading() as session:
        found = waiting.page(session, WHO[GATEKEEPER], Wanted(reachable=True), clock=clock_of(full), targets={})
    assert found.rows
    assert all(isinstance(row.reach[0][1], Allowed) for row in found.rows)


def test_a_filter_stays_over_pages_and_holds_nothing_personal(full: Sides) -> None:
    desk = Colleague(full.hub_client())
    desk.sign_in(SUPERVISOR)
    page = desk.client.visit("/queue?now=1&owner=none")
    more = [href for href, words in page.links if "page=2" in href]
    assert all("now=1" in href and "owner=none" in href for href in more)
    owners = page.form("owner").controls
    assert not any("dev-" in each.value or "@" in each.value for each in owners)
    code = next(each.value for each in owners if len(each.value) == 10)
    assert desk.client.visit(f"/queue?owner={code}").status == 200
    assert desk.client.visit("/queue?group=x&state=y&only=z&district=q&page=-3&owner=nobody-i-know").status == 200


# The guard, in the database


@pytest.mark.rule("rule 13")
def test_the_database_hides_what_the_guard_hides(sides: Sides, person: Callable[..., Person]) -> None:
    """On either engine, for every role, whoever is named."""
    made = many.fill(sides.hub_side, now=clock.now(), count=60)
    restricted = [each.case_id for each in made if each.is_restricted]
    assert len(restricted) > 1
    with sides.hub_side.database.writing() as session:
        guard.hide_from(session.get_one(rows.Case, restricted[0]), WHO[GATEKEEPER])
    for who in (*WHO.values(), AUDITOR, Identity("ilys", "A", "A", ("gatekeeper",))):
        with sides.hub_side.database.reading() as session:
            every = session.scalars(select(rows.Case)).all()
            shown = set(session.scalars(select(rows.Case.id).where(guard.visible_to(who))))
        assert shown == {each.id for each in every if guard.may_see(each, who)}, who
    assert restricted[0] not in {row.case_id for row in listed(sides, GATEKEEPER).rows}


# What keeps it in order


def test_a_window_that_closes_and_one_that_opens_move_the_case(
    sides: Sides, person: Callable[..., Person], day: time_machine.Traveller
) -> None:
    asking = person(NEIGHBOUR)  # evenings
    asking.ask()
    sides.deliver()
    assert everybody(sides, CO_ORDINATOR, Wanted(reachable=True)) == []
    assert place(sides) == 0, "nothing has turned"

    day.move_to(DAY.replace(hour=17, minute=1))
    assert place(sides) == 1
    assert everybody(sides, CO_ORDINATOR, Wanted(reachable=True)) == [asking.reference]
    assert case_of(sides, asking.reference).closes_at == DAY.replace(hour=20)


def test_other_hours_or_targets_put_everything_in_order_anew(sides: Sides, person: Callable[..., Person]) -> None:
    asking = person()
    asking.ask()
    sides.deliver()
    assert case_of(sides, asking.reference).due_at is None

    assert place(sides, targets={"first_answer": 4}) == 1
    due = case_of(sides, asking.reference).due_at
    assert due is not None
    own = sides.hub_side.area.hub_hours
    longer = OpeningHours(weekly={**own.weekly, 1: ()}, holidays=own.holidays, zone=own.zone)
    assert place(sides, targets={"first_answer": 4}, hours=longer) == 1
    assert case_of(sides, asking.reference).due_at > due  # type: ignore[operator]
    assert place(sides, targets={"first_answer": 4}, hours=longer) == 0


def test_cases_of_an_earlier_release_get_their_windows_from_the_sealed_plan(
    sides: Sides, person: Callable[..., Person]
) -> None:
    asking = person()
    asking.ask()
    sides.deliver()
    with sides.hub_side.database.writing() as session:
        case = session.get_one(rows.Case, case_of(sides, asking.reference).id)
        case.facts = {name: value for name, value in case.facts.items() if name != "windows"}
    out = sides.run("queue_group", "refresh", side="hub")
    assert "1 open cases" in out
    found = case_of(sides, asking.reference)
    assert set(found.facts["windows"]) == {"call", "email"}
    assert found.closes_at == DAY.replace(hour=17), "soonest of both, and both are open"


@pytest.mark.requirement("B2")
def test_a_freeze_and_this_was_not_me_stand_on_the_first_screen(
    sides: Sides, person: Callable[..., Person], at_desk: Callable[..., Colleague]
) -> None:
    amira = at_desk(CO_ORDINATOR)
    inside = Inside(sides, person())
    inside.ask(Change.FREEZE)
    sides.deliver()
    assert figures(amira)["4"] == 1
    assert everybody(sides, CO_ORDINATOR, Wanted(reachable=True)) == []
    inside.ask(Change.NOT_ME)
    sides.deliver()
    assert "This was not me" in amira.queue().text


# Quiet


@pytest.mark.rule("rule 8")
def test_a_quiet_case_rests_until_its_day_and_comes_back_by_itself(
    sides: Sides, person: Callable[..., Person], at_desk: Callable[..., Colleague], day: time_machine.Traveller
) -> None:
    asking = person()
    asking.ask()
    sides.deliver()
    amira = at_desk(CO_ORDINATOR)
    case = amira.case(asking.reference)
    refused = amira.client.visit(f"{case.path}/quiet")
    refused = amira.client.submit(refused, refused.form("until"), {"until": "2026-03-20"})
    assert "cannot be quiet" in refused.text, "nobody has opened it"

    amira.open(amira.claim(case))
    page = amira.client.visit(f"{case.path}/quiet")
    assert dict(page.form("until").filled())["until"] == "2026-04-07", "28 days, unless somebody says otherwise"
    for wrong in ("", "2026-03-10", "2027-04-01"):
        assert amira.client.submit(page, page.form("until"), {"until": wrong}).status == 422
    amira.client.submit(page, page.form("until"), {"until": "2026-03-20"})
    sides.deliver()
    assert everybody(sides, CO_ORDINATOR) == []
    assert everybody(sides, CO_ORDINATOR, Wanted(state=CaseState.QUIET)) == [asking.reference]

    day.move_to(DAY.replace(day=20, hour=9))
    sides.make_pass()
    found = case_of(sides, asking.reference)
    assert (found.state, found.tier) == ("quiet", OURS)
    assert everybody(sides, CO_ORDINATOR) == [asking.reference]
    amira = at_desk(CO_ORDINATOR)
    assert figures(amira)["9"] == 1


@SQLITE
def test_whatever_arrives_ends_the_quiet(
    sides: Sides, person: Callable[..., Person], at_desk: Callable[..., Colleague]
) -> None:
    asking = person()
    asking.ask()
    sides.deliver()
    amira = at_desk(CO_ORDINATOR)
    case = amira.open(amira.case(asking.reference))
    amira.write(case, "How are you?")
    with sides.hub_side.database.writing() as session:
        waiting.set_quiet(
            session,
            case_of(sides, asking.reference).id,
            WHO[CO_ORDINATOR],
            until=date(2026, 4, 1),
            clock=clock_of(sides),
        )
    sides.deliver()
    assert everybody(sides, CO_ORDINATOR) == []
    asking.come_back()
    asking.write("Sorry that I was silent.")
    sides.deliver()
    found = case_of(sides, asking.reference)
    assert (found.state, found.quiet_until) == ("ours", None)
    assert figures(amira)["3"] == 1, "a reply waits for us"
    with sides.hub_side.database.writing() as session:
        session.get_one(rows.Case, found.id).state = "closed"
        session.flush()
        with pytest.raises(NotQuiet):
            waiting.set_quiet(session, found.id, WHO[CO_ORDINATOR], until=date(2026, 4, 1), clock=clock_of(sides))


# Giving a case to somebody


@pytest.mark.requirement("D7")
def test_a_supervisor_gives_a_case_to_a_colleague_and_its_person_is_told(
    sides: Sides, person: Callable[..., Person], at_desk: Callable[..., Colleague]
) -> None:
    for who in WHO:
        at_desk(who)
    asking = person()
    asking.ask()
    sides.deliver()
    case_id = case_of(sides, asking.reference).id.hex()
    carys, amira = at_desk(SUPERVISOR), at_desk(CO_ORDINATOR)
    refused = amira.client.visit(f"/cases/{case_id}/assign")
    assert "You can claim it" in refused.text

    page = carys.client.visit(f"/cases/{case_id}/assign")
    assert carys.client.submit(page, page.form("to"), {"to": ""}).status == 422
    ben = next(each.value for each in page.form("to").controls if each.value == code_of("dev-ben"))
    assert carys.client.submit(page, page.form("to"), {"to": ben}).path == "/queue"
    assert case_of(sides, asking.reference).owner_id == "dev-ben"
    sides.deliver()
    assert "Ben" in asking.come_back().text
    assert give(sides, asking, to=CO_ORDINATOR, who="dev-ben") == CO_ORDINATOR, "their own they may pass on"
    with pytest.raises(NotYours):
        give(sides, asking, to="dev-ben", who="dev-ben")
    with pytest.raises(NotForThem):
        give(sides, asking, to="dev-nobody", who=SUPERVISOR)


@pytest.mark.rule("rule 13")
def test_a_case_for_gatekeepers_goes_to_no_other(
    sides: Sides, person: Callable[..., Person], at_desk: Callable[..., Colleague]
) -> None:
    for who in WHO:
        at_desk(who)
    asking = person(WATCHED)
    asking.ask()
    sides.deliver()
    dilys = at_desk(GATEKEEPER)
    dilys.claim(dilys.case(asking.reference))
    with pytest.raises(NotForThem):
        give(sides, asking, to=CO_ORDINATOR, who=GATEKEEPER)
    with pytest.raises(guard.NoSuchCase):
        give(sides, asking, to=SUPERVISOR, who=SUPERVISOR)


# The first screen


def test_new_is_what_came_since_the_last_visit(
    sides: Sides, person: Callable[..., Person], day: time_machine.Traveller
) -> None:
    person(PARENT).ask()
    sides.deliver()
    amira = Colleague(sides.hub_client())
    amira.sign_in()
    assert "for the first time" in amira.first().text
    amira.client.submit(amira.first(), signing_out(amira))
    day.shift(timedelta(hours=1))
    person(PARENT).ask()
    sides.deliver()
    amira.sign_in()
    first = amira.first()
    assert figures(amira)["1"] == 2
    assert "1 since you were last here" in first.text
    assert everybody_since(sides, CO_ORDINATOR) == 1


def test_every_line_of_the_first_screen_leads_to_what_it_counts(full: Sides) -> None:
    desk = Colleague(full.hub_client())
    desk.sign_in(GATEKEEPER)
    first = desk.first()
    lines = [each for each in first.main.all("a") if each.attributes.get("data-key", "x") in "123456789"]
    assert [each.attributes["data-key"] for each in lines] == list("123456789")
    for line in lines:
        count = int(line.text.split()[0])
        shown = desk.client.visit(line.attributes["href"]).main.all("tr")
        assert max(0, len(shown) - 1) == min(count, waiting.PAGE_LENGTH), line.text


# Contact now


@pytest.mark.requirement("B1")
@pytest.mark.rule("rule 2")
def test_contact_now_has_only_ways_that_the_plan_itself_allows(full: Sides) -> None:
    own = full.hub_side
    with own.database.reading() as session:
        found = reachable.now_open(session, WHO[CO_ORDINATOR], clock=clock_of(full), targets={}, opener=own.opener)
    assert len(found.ways) > 5
    assert [each.until for each in found.ways] == sorted(each.until for each in found.ways)
    assert not any(each.row.facts.get("restricted") or each.row.facts.get("frozen") for each in found.ways)
    desk = Colleague(full.hub_client())
    desk.sign_in()
    page = desk.client.visit("/contact-now")
    assert len(page.main.all("tr")) == len(found.ways) + 1
    assert "07700" not in page.html
    assert "@example" not in page.html


@pytest.mark.rule("rule 2")
def test_contact_now_is_empty_while_plans_may_be_out_of_date(
    sides: Sides, person: Callable[..., Person], day: time_machine.Traveller
) -> None:
    asking = person()
    asking.ask()
    sides.deliver()
    amira = Colleague(sides.hub_client())
    amira.sign_in()
    assert asking.reference in "".join(amira.client.visit("/contact-now").text.split())
    day.shift(timedelta(seconds=61))
    stale = amira.client.visit("/contact-now")
    assert asking.reference not in "".join(stale.text.split())
    assert "Contact plans may be out of date since 10:00" in stale.text


@pytest.mark.rule("rule 2")
def test_codes_that_are_wrong_show_nobody_whose_plan_says_no(sides: Sides, person: Callable[..., Person]) -> None:
    """The plan that is opened decides: codes only say whom to look at."""
    asking = person(NEIGHBOUR)  # evenings
    asking.ask()
    sides.deliver()
    with sides.hub_side.database.writing() as session:
        session.execute(
            rows.update(rows.Case).values(closes_at=DAY.astimezone(LONDON) + timedelta(hours=1))  # type: ignore[attr-defined]
        )
    own = sides.hub_side
    with own.database.reading() as session:
        found = reachable.now_open(session, WHO[CO_ORDINATOR], clock=clock_of(sides), targets={}, opener=own.opener)
    assert found.ways == ()


def figures(desk: Colleague) -> dict[str, int]:
    """The figures of the first screen, by key."""
    links = [each for each in desk.first().main.all("a") if each.attributes.get("data-key", "x").isdigit()]
    return {each.attributes["data-key"]: int(each.text.split()[0]) for each in links}


def everybody_since(sides: Sides, who: str) -> int:
    with sides.hub_side.database.reading() as session:
        since = waiting.here_before(session, WHO[who])
        counts = waiting.counts(session, WHO[who], clock=clock_of(sides, since=since))
    return counts.only[Only.SINCE]


def give(sides: Sides, asking: Person, *, to: str, who: str) -> str | None:
    own = sides.hub_side
    case_id = case_of(sides, asking.reference).id
    waiting.assign(
        own.database, case_id=case_id, to=to, who=WHO[who], opener=own.opener, voice=own.voice, now=clock.now()
    )
    return case_of(sides, asking.reference).owner_id


def code_of(staff_id: str) -> str:
    from app.services.hub.people import key_of as code

    return code(staff_id)


def signing_out(desk: Colleague):  # type: ignore[no-untyped-def]
    from tests.harness.pages import _form

    page = desk.first()
    (form,) = [each for each in page.root.all("form") if each.attributes.get("action") == "/sign-out"]
    return _form(form, own_url=page.path)


@pytest.fixture
def at_desk(sides: Sides) -> Callable[..., Colleague]:
    """Signs a colleague in, in a browser of their own."""

    def make(who: str) -> Colleague:
        made = Colleague(sides.hub_client())
        made.sign_in(who)
        return made

    return make
