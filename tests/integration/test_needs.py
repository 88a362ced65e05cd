"""The needs assessment at the desk: first, again, worse, needs that end, decisions, outcomes; and for nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import event, select

from app.data import hub as rows
from app.data import needs as need_rows
from app.domain.needs import Ended
from app.domain.outcomes import Change
from app.services.hub import erasing, need_figures, needs
from app.services.hub.need_figures import Kept, NeedCounts, Span
from app.services.hub.staff import DevelopmentIdentities
from app.web import clock
from tests.harness.pages import Filled, Page
from tests.harness.people import CO_ORDINATOR, GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.stories import BROTHER, PARENT, WATCHED, Story

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
AMIRA = DevelopmentIdentities().prove(CO_ORDINATOR)
AskedBy = Callable[..., Person]
NOTE = "She sleeps badly, ☂ since the letter came"
FIRST: dict[str, Filled] = {"how": "phone", "health": "very-hard", "health_wish": "now", "money": "a-bit-hard"}


def not_reported() -> Story:
    """Somebody calm who told nobody: no risk is ticked."""
    answers = {
        **PARENT.answers,
        "help": {"help": ["money", "talk"]},
        "police": {**PARENT.answers.get("police", {}), "police": "no"},
    }
    return replace(PARENT, answers=answers)


@pytest.fixture
def asking(sides: Sides, person: AskedBy) -> Person:
    """Somebody who has asked; it has come to the Hub."""
    made = person(not_reported())
    made.ask()
    sides.deliver()
    return made


def row_of(sides: Sides, reference: str) -> rows.Case:
    with sides.hub_side.database.reading() as session:
        found = rows.case_by_reference(session, reference)
        assert found is not None
        session.expunge(found)
        return found


def address(sides: Sides, reference: str, end: str = "/needs") -> str:
    return f"/cases/{row_of(sides, reference).id.hex()}{end}"


def opened(sides: Sides, desk: Colleague, reference: str) -> Page:
    """The page of needs, after opening the request."""
    desk.open(desk.case(reference))
    return desk.client.visit(address(sides, reference))


def assess(desk: Colleague, page: Page, **answers: Any) -> Page:
    return desk.client.submit(page, page.form("how", "health"), answers)


def token_of(desk: Colleague) -> str:
    """The token of a signed-in session, from the button to sign out."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', desk.queue().html)
    assert found is not None
    return found[1]


def kept(sides: Sides, table: type[Any]) -> list[Any]:
    with sides.hub_side.database.reading() as session:
        found = list(session.scalars(select(table)))
        session.expunge_all()
        return found


def span(sides: Sides, first: date, last: date) -> Span:
    return Span(first, last, sides.hub_side.area.hub_hours.zone)


@pytest.mark.requirement("C2")
@pytest.mark.requirement("C11")
@pytest.mark.requirement("C12")
@pytest.mark.requirement("B3")
def test_a_first_talk_finds_needs_and_decides_a_level(sides: Sides, asking: Person, colleague: Colleague) -> None:
    """Nothing in it depends on the police: they know nothing here."""
    page = opened(sides, colleague, asking.reference)
    assert row_of(sides, asking.reference).facts["police"] == "no"
    assert "Asked for" in page.text
    money = page.form("how", "health")
    assert dict(money.filled())["money_wish"] == "now", "what the request asked for is filled in"
    after = assess(colleague, page, **FIRST, level="2", coping="hardly", note=NOTE)

    assert after.status == 200
    assert "Open needs 2" in after.text
    assert NOTE in after.text
    assert {(each.category, each.level, each.wish) for each in kept(sides, need_rows.Need)} == {
        ("health", "very-hard", "now"),
        ("money", "a-bit-hard", "now"),
    }
    (look,) = kept(sides, need_rows.Assessment)
    assert look.answers == {"health": "very-hard", "money": "a-bit-hard", "coping": "hardly"}
    assert NOTE.encode() not in (look.sealed or b"")
    assert row_of(sides, asking.reference).facts["level"] == 2
    case = colleague.case(asking.reference)
    assert "level of support 2" in case.text
    assert "asked how they are" in colleague.client.visit(f"{case.path}/trail").text


@SQLITE
def test_a_press_that_comes_twice_keeps_one(sides: Sides, asking: Person, colleague: Colleague) -> None:
    page = opened(sides, colleague, asking.reference)
    for _ in range(2):
        assess(colleague, page, **FIRST)

    assert len(kept(sides, need_rows.Assessment)) == 1
    assert len(kept(sides, need_rows.Need)) == 2


@SQLITE
def test_what_cannot_be_kept_says_why_and_keeps_what_was_typed(
    sides: Sides, asking: Person, colleague: Colleague
) -> None:
    page = opened(sides, colleague, asking.reference)
    wrong = assess(colleague, page, **FIRST, group="persistent", note=NOTE, again="yes", ask_on="2020-01-01")
    assert wrong.status == 422
    assert "Choose a day after today" in wrong.text
    assert NOTE in wrong.text
    unsaid = assess(colleague, wrong, group="persistent", again="")
    assert "Say why the group is another one." in unsaid.text
    assert dict(unsaid.form("how", "health").filled())["health"] == "very-hard"
    assert kept(sides, need_rows.Assessment) == []


@pytest.mark.requirement("C11")
@SQLITE
def test_the_decided_group_stands_with_its_history_in_place_of_the_suggestion(
    sides: Sides, asking: Person, colleague: Colleague
) -> None:
    page = opened(sides, colleague, asking.reference)
    page = assess(colleague, page, **FIRST, group="persistent", reason="Six calls since May")
    page = assess(colleague, page, group="vulnerable", reason="She is ill")

    assert row_of(sides, asking.reference).facts["group_decided"] == "vulnerable"
    assert [each.value for each in kept(sides, need_rows.Decision)] == ["persistent", "vulnerable"]
    assert "Six calls since May" in page.text
    assert "She is ill" in page.text
    case = colleague.case(asking.reference)
    assert "Decided: Vulnerable or intimidated" in case.text
    assert "Suggested:" not in case.text, "what was decided stands in its place"
    raw = str([each.sealed for each in kept(sides, need_rows.Decision)])
    assert "Six calls" not in raw


@pytest.mark.requirement("C4")
@pytest.mark.requirement("C7")
@pytest.mark.requirement("C10")
def test_what_they_send_later_and_is_worse_is_flagged_until_somebody_acts(
    sides: Sides, asking: Person, colleague: Colleague, day: time_machine.Traveller
) -> None:
    assess(colleague, opened(sides, colleague, asking.reference), **{**FIRST, "money": "fine", "money_wish": ""})
    offered = row_of(sides, asking.reference).facts
    day.shift(timedelta(days=3))
    tell(asking, money="very-hard", getting_worse="yes", health="very-hard")
    sides.deliver()
    colleague.sign_in()

    facts = row_of(sides, asking.reference).facts
    assert facts["worse"] is True
    assert {name: facts[name] for name in ("help", "contact", "ways")} == {
        name: offered[name] for name in ("help", "contact", "ways")
    }
    listed = colleague.client.visit("/to-ask")
    assert "Got worse, and nobody has acted yet 1" in listed.text
    case = colleague.case(asking.reference)
    assert "Something got worse" in case.text
    page = opened(sides, colleague, asking.reference)
    filled = dict(page.form("how", "health").filled())
    assert (filled["money"], filled["getting_worse"]) == ("very-hard", "yes"), "what they sent is filled in"
    assert "Money and benefits; Are other things in your life getting worse?" in page.text
    form = page.form(to="/worse/" + kept(sides, need_rows.Worsening)[0].id.hex())
    assert "Choose what was done." in colleague.client.submit(page, form).text
    done = colleague.client.submit(page, form, {"acted": "talked", "note": "Rang her"})
    assert "Rang her" in done.text

    assert "worse" not in row_of(sides, asking.reference).facts
    assert "Got worse, and nobody has acted yet 0" in colleague.client.visit("/to-ask").text
    (found,) = kept(sides, need_rows.Worsening)
    assert (found.names, found.acted_as) == (["money", "getting_worse"], "talked")


def tell(asking: Person, **answers: Filled) -> None:
    """Say how it is now, and send it."""
    asking.come_back()
    page = asking.client.visit("/en/case/how/now")
    asking.client.submit(page, page.form("health"), answers)
    page = asking.client.visit("/en/case/how")
    asking.client.submit(page, page.form(to="/how/send"))


@pytest.mark.requirement("C3")
@pytest.mark.requirement("C10")
@SQLITE
def test_they_are_asked_again_by_the_day_that_they_agreed(
    sides: Sides, asking: Person, colleague: Colleague, day: time_machine.Traveller
) -> None:
    page = opened(sides, colleague, asking.reference)
    proposed = date.fromisoformat(dict(page.form("how", "health").filled())["ask_on"])
    today = clock.now().astimezone(sides.hub_side.area.hub_hours.zone).date()
    assert proposed - today == timedelta(weeks=sides.hub_side.area.ask_again_weeks)
    page = assess(colleague, page, **FIRST, again="yes")
    assert "To be asked again By" in page.text
    assert asking.reference in "".join(colleague.client.visit("/to-ask").text.split())
    day.shift(timedelta(weeks=6))
    colleague.sign_in()
    page = opened(sides, colleague, asking.reference)
    case = colleague.case(asking.reference)
    colleague.client.submit(case, case.form("status"), {"status": "how-are-you"})

    (first,) = kept(sides, need_rows.ReAsking)
    assert (first.done_on, first.done_as) == (first.due_on, "in-space")
    with sides.hub_side.database.reading() as session:
        figures = need_figures.asked_again(session, span(sides, first.due_on, first.due_on))
    assert figures == Kept(1, 1)
    again = assess(colleague, page, health="fine", health_wish="", again="no")
    assert "Not agreed" in again.text


@pytest.mark.requirement("C3")
@SQLITE
def test_nobody_is_asked_in_the_time_after_a_death_unless_they_begin(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    grieving = person(BROTHER)
    grieving.ask()
    sides.deliver()
    page = opened(sides, colleague, grieving.reference)
    assert "no question how they are doing, unless they begin" in page.text
    refused = assess(colleague, page, **FIRST)
    assert "only if they begin" in refused.text
    assert kept(sides, need_rows.Assessment) == []
    soon = (clock.now() + timedelta(days=20)).date().isoformat()
    wrong = assess(colleague, refused, they_began="y", again="yes", ask_on=soon)
    assert "Choose a day after" in wrong.text
    proposed = dict(page.form("how", "health").filled())["ask_on"]
    right = assess(colleague, wrong, ask_on=proposed)

    assert right.status == 200
    assert len(kept(sides, need_rows.Assessment)) == 1
    assert kept(sides, need_rows.ReAsking)[0].due_on > (clock.now() + timedelta(days=80)).date()


@pytest.mark.requirement("B3")
@pytest.mark.requirement("H4")
def test_every_need_ends_one_way_or_stays_open_and_is_asked_about_at_closing(
    sides: Sides, asking: Person, colleague: Colleague
) -> None:
    page = opened(sides, colleague, asking.reference)
    answers: dict[str, Filled] = {**FIRST, "shelter": "very-hard", "shelter_wish": "no", "work": "a-bit-hard"}
    page = assess(colleague, page, **answers)
    by_category = {each.category: each for each in kept(sides, need_rows.Need)}
    assert by_category["shelter"].ended_as == "declined", "they do not want help with it"
    form = page.form(to=f"/needs/{by_category['health'].id.hex()}")
    prefix = f"need-{by_category['health'].id.hex()}-"
    unnamed = colleague.client.submit(page, form, {f"{prefix}ended": "referred"})
    assert "Choose the service." in unnamed.text
    service = sides.hub_side.directory.all[0].id
    colleague.client.submit(page, form, {f"{prefix}ended": "referred", f"{prefix}service": service})
    asking.come_back()
    asking.write("Please close it, thank you.")
    sides.deliver()

    closing = colleague.client.visit(address(sides, asking.reference, "/close"))
    assert "Money and benefits" in closing.text
    assert "My health" not in closing.text
    unsaid = colleague.client.submit(closing, closing.form("how"), {"how": "in-space"})
    assert "Choose how it ended." in unsaid.text
    assert row_of(sides, asking.reference).state != "closed"
    money, work = (f"need-{by_category[name].id.hex()}-ended" for name in ("money", "work"))
    colleague.client.submit(unsaid, unsaid.form("how"), {"how": "in-space", money: "supported", work: "open"})

    assert row_of(sides, asking.reference).state == "closed"
    ended = {each.category: (each.ended_as, each.service) for each in kept(sides, need_rows.Need)}
    assert ended == {
        "health": (Ended.REFERRED, service),
        "money": (Ended.SUPPORTED, None),
        "shelter": (Ended.DECLINED, None),
        "work": (None, None),
    }
    today = clock.now().astimezone(sides.hub_side.area.hub_hours.zone).date()
    with sides.hub_side.database.reading() as session:
        counted = need_figures.needs_by_category(session, span(sides, today, today))
    assert counted["health"] == counted["money"] == NeedCounts(met=1, declined=0, open=0)
    assert counted["shelter"] == NeedCounts(met=0, declined=1, open=0)
    assert counted["work"] == NeedCounts(met=0, declined=0, open=1)


@pytest.mark.requirement("H3")
@pytest.mark.requirement("H4")
@pytest.mark.requirement("H5")
@pytest.mark.requirement("H13")
@pytest.mark.requirement("E18")
def test_outcomes_go_from_the_first_to_the_latest_in_one_framework(
    sides: Sides, asking: Person, colleague: Colleague, day: time_machine.Traveller
) -> None:
    page = opened(sides, colleague, asking.reference)
    assess(colleague, page, **FIRST, coping="hardly", recovering="not-yet", shelter="fine")
    day.shift(timedelta(days=40))
    colleague.sign_in()
    page = opened(sides, colleague, asking.reference)
    page = assess(
        colleague, page, health="a-bit-hard", coping="mostly", recovering="partly", shelter="", money="very-hard"
    )

    table = page.main.find("outcomes-heading")
    assert table is not None
    assert "The aim is a return, where possible, to the life before." in page.text
    assert "My health Very hard" in page.text
    today = clock.now().astimezone(sides.hub_side.area.hub_hours.zone).date()
    with sides.hub_side.database.reading() as session:
        found = need_figures.outcomes_by_name(session, span(sides, today, today))
        before = need_figures.outcomes_by_name(session, span(sides, date(2026, 1, 1), today - timedelta(days=1)))
        done = need_figures.assessments_done(session, span(sides, date(2026, 1, 1), today))
        own = sides.hub_side.area
        acted = need_figures.acted_on_worse(
            session, span(sides, today, today), hours=own.hub_hours, targets={"worse": 8}
        )
    assert found["health"][Change.BETTER] == found["coping"][Change.BETTER] == found["recovering"][Change.BETTER] == 1
    assert found["money"][Change.WORSE] == 1
    assert found["shelter"][Change.NOT_ASKED_AGAIN] == 1
    assert before["health"][Change.NOT_ASKED_AGAIN] == 1
    assert (done, acted) == (2, Kept(0, 1))


def test_all_of_it_goes_with_the_case(sides: Sides, asking: Person, colleague: Colleague) -> None:
    page = opened(sides, colleague, asking.reference)
    page = assess(colleague, page, **FIRST, level="3", again="yes", note=NOTE)
    assess(colleague, page, money="very-hard")
    assert all(kept(sides, table) for table in need_rows.TABLES)
    own = sides.hub_side
    erasing.erase(
        own.database,
        row_of(sides, asking.reference).id,
        portal_key=own.trust.sealing,
        voice=own.voice,
        now=clock.now(),
    )

    assert not any(kept(sides, table) for table in need_rows.TABLES)


@pytest.fixture
def hers(sides: Sides, person: AskedBy) -> Person:
    """A request for gatekeepers only, with something that got worse and a day on which she is asked."""
    for who in (CO_ORDINATOR, "dev-carys", GATEKEEPER):
        Colleague(sides.hub_client()).sign_in(who)
    answers = {
        **WATCHED.answers,
        "reply": {**WATCHED.answers["reply"], "conflict": "yes", "conflict_who": "Ben Okafor"},
    }
    asking = person(replace(WATCHED, answers=answers))
    asking.ask()
    sides.deliver()
    keeper = Colleague(sides.hub_client())
    keeper.sign_in(GATEKEEPER)
    page = assess(keeper, opened(sides, keeper, asking.reference), **FIRST, again="yes")
    assess(keeper, page, money="very-hard")
    return asking


@SQLITE
@pytest.mark.rule("rule 13")
@pytest.mark.parametrize("who", [CO_ORDINATOR, "dev-carys"])
def test_for_all_but_the_gatekeepers_there_is_nothing(sides: Sides, hers: Person, who: str) -> None:
    other = Colleague(sides.hub_client())
    other.sign_in(who)
    need, worsening = kept(sides, need_rows.Need)[0], kept(sides, need_rows.Worsening)[0]
    token = token_of(other)

    listed = other.client.visit("/to-ask")
    assert hers.reference not in "".join(listed.text.split())
    assert "nobody has acted yet 0" in listed.text
    assert other.client.visit(address(sides, hers.reference)).status == 404
    for end, fields in (
        ("/needs", {**FIRST, "own": "yes"}),
        (f"/needs/{need.id.hex()}", {f"need-{need.id.hex()}-ended": "supported"}),
        (f"/worse/{worsening.id.hex()}", {"acted": "talked"}),
    ):
        data = {"csrf_token": token, f"need-{need.id.hex()}-csrf_token": token, **fields}
        assert other.client.post_form(address(sides, hers.reference, end), data).status == 404
    assert kept(sides, need_rows.Worsening)[0].acted_at is None
    assert kept(sides, need_rows.Need)[0].ended_as is None


@SQLITE
def test_without_opening_nothing_shows_and_nothing_is_kept(sides: Sides, asking: Person, colleague: Colleague) -> None:
    shut = colleague.client.visit(address(sides, asking.reference))
    assert "Opening is recorded" in shut.text
    page = opened(sides, colleague, asking.reference)
    other = Colleague(sides.hub_client())
    other.sign_in("dev-ben")
    token = token_of(other)
    data = {**dict(page.form("how", "health").filled(FIRST)), "csrf_token": token}

    assert other.client.post_form(address(sides, asking.reference), data).status == 422
    assert kept(sides, need_rows.Assessment) == []


@SQLITE
def test_the_pages_take_ten_queries_at_most(sides: Sides, asking: Person, colleague: Colleague) -> None:
    page = opened(sides, colleague, asking.reference)
    page = assess(colleague, page, **FIRST, level="3", again="yes", note=NOTE, group="vulnerable", reason="Ill")
    assess(colleague, page, money="very-hard")
    own = sides.hub_side.database
    asked: list[str] = []
    for engine in {own.engine, own._reader}:
        event.listen(engine, "before_cursor_execute", lambda *each: asked.append(each[2]))
    for path in (address(sides, asking.reference), "/to-ask"):
        asked.clear()
        assert colleague.client.visit(path).status == 200
        read = [each for each in asked if each.upper().startswith("SELECT")]
        assert len(read) <= 10, read


@SQLITE
def test_a_need_of_another_case_is_not_found(
    sides: Sides, asking: Person, person: AskedBy, colleague: Colleague
) -> None:
    other = person(PARENT)
    other.ask()
    sides.deliver()
    assess(colleague, opened(sides, colleague, asking.reference), **FIRST)
    need = kept(sides, need_rows.Need)[0]
    own = sides.hub_side
    with own.database.writing() as session, pytest.raises(needs.NoSuchNeed):
        needs.end_need(
            session,
            case_id=row_of(sides, other.reference).id,
            need_id=need.id,
            ended=Ended.SUPPORTED,
            service=None,
            who=AMIRA,
            today=clock.now().date(),
            now=clock.now(),
        )
