"""News, messages and how somebody is doing: what each side shows, what is cleared, and what a tampered database cannot do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from nacl.signing import SigningKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.domain.change import Change
from app.domain.referral import News
from app.services.hub import records
from app.services.hub.seen import seen_up_to
from app.web.page import long_day
from tests.harness.inside import Inside
from tests.harness.pages import Page
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import BROTHER, PARENT, PROFESSIONAL, Story

AskedBy = Callable[..., Person]
sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
# The fixed day is Tuesday 10 March 2026.
FRIDAY = "2026-03-13"


def opened(colleague: Colleague, asking: Person) -> Page:
    """The case, claimed and open."""
    return colleague.open(colleague.claim(colleague.case(asking.reference)))


def back(asking: Person) -> Page:
    """The space, by the number."""
    page = asking.come_back()
    assert page.path.endswith("/case")
    return page


def has_asked(sides: Sides, person: AskedBy, story: Story = PARENT) -> Person:
    asking = person(story)
    asking.ask(keep=False)
    sides.deliver()
    return asking


def seen(sides: Sides) -> int:
    own = sides.hub_side
    with own.database.reading() as session:
        case = session.scalars(select(hub_rows.Case)).one()
        return seen_up_to(session, case.id, records.case_key(session, case.id, opener=own.opener))


def state(sides: Sides) -> str:
    with sides.hub_side.database.reading() as session:
        return session.scalars(select(hub_rows.Case)).one().state


@pytest.mark.requirement("F1")
@pytest.mark.requirement("F2")
@pytest.mark.requirement("F3")
@pytest.mark.promise("keep-you-informed")
def test_news_names_its_day_and_says_plainly_when_we_are_late(
    sides: Sides, person: AskedBy, colleague: Colleague, day: time_machine.Traveller
) -> None:
    asking = has_asked(sides, person)
    case = opened(colleague, asking)
    form = case.form("status", to="/status")
    colleague.client.submit(case, form, {"status": "no-news", "by": FRIDAY, "stage": "not-reported"})
    sides.deliver()
    assert "promised" not in colleague.first().text, "it is due on another day"
    space = back(asking)
    newest = space.part("latest")
    assert "We have not forgotten you" in newest
    assert "What happens next" in newest
    assert "Friday 13 March" in newest
    assert "without telling the police" in newest
    assert "Code in force since Thursday 1 April 2021" in newest
    assert "Amira" in space.part("worker")
    assert "Friday 13 March" in space.part("promise")
    assert "late" not in space.part("promise")
    day.shift(timedelta(days=3))  # on the day itself it is not late yet
    assert "late" not in back(asking).part("promise")
    supervisor = Colleague(sides.hub_client())
    supervisor.sign_in("dev-carys")
    assert case.path in {address for address, _ in supervisor.first().links}
    assert "1 is due today" in supervisor.first().part("promised-news")
    day.shift(timedelta(hours=15))
    sides.deliver()
    late = back(asking).part("promise")
    assert "We are late. We are sorry." in late
    assert "supervisor" not in late, "it is one o'clock at night: nobody looks at a screen"
    # At the next opening it stands on the supervisor's first screen, and the space says so. A word from a colleague ends it.
    day.shift(timedelta(hours=9))
    sides.deliver()
    sides.deliver()
    assert "A supervisor at the Hub was told on Saturday 14 March" in back(asking).part("promise")
    supervisor.sign_in("dev-carys")
    first_screen = supervisor.first()
    assert "1 is late" in first_screen.part("promised-news")
    assert "Amira Novak" in first_screen.part("late-news")
    colleague.sign_in()
    case = colleague.open(colleague.case(asking.reference))
    assert "Late" in case.part("promised")
    colleague.write(case, "Still nothing, and I am on it.")
    sides.deliver()
    assert not any("We are late" in each for each in back(asking).html.splitlines())
    assert "is late" not in colleague.first().text


@pytest.mark.requirement("F2")
@pytest.mark.requirement("F5")
def test_a_step_of_a_case_stands_apart_with_its_right(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    asking = has_asked(sides, person)
    case = opened(colleague, asking)
    without_day = colleague.client.submit(case, case.form("milestone"), {"milestone": "charge"})
    assert without_day.status == 422
    assert "needs its day" in without_day.text
    form = without_day.form("milestone")
    colleague.client.submit(without_day, form, {"milestone": "hearing", "on": "2026-03-30", "time": "10:30"})
    colleague.write(colleague.case(asking.reference), "Shall I come with you?")
    sides.deliver()
    space = back(asking)
    headings = [each.text for each in space.main.all("h2")]
    assert headings.index("Police or court case") > headings.index("Your support: news and messages")
    police = space.text.partition("Police or court case")[2]
    assert "Hearing" in police
    assert "Monday 30 March" in police
    assert "at 10:30 (UK time)" in police
    assert "Witness Care Unit tells you" in police
    assert "within 1 working day." in police
    assert "Shall I come with you?" not in police


@sqlite_only
@pytest.mark.requirement("A9")
def test_nothing_about_a_person_goes_to_who_asked_for_them(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    asking = has_asked(sides, person, PROFESSIONAL)
    case = opened(colleague, asking)
    assert not [form for form in case.forms if "milestone" in form.names]
    url = case.form("status").action
    token = dict(case.form("status").filled())["csrf_token"]
    for address, values in (
        (url.replace("/status", "/milestone"), {"milestone": "charge", "on": FRIDAY}),
        (url, {"status": "asb-plan"}),
    ):
        refused = colleague.client.post_form(address, {**values, "csrf_token": token})
        assert refused.status == 422
    sides.deliver()
    assert back(asking).part("delivery") == "Read by a person."
    with sides.portal_side.database.reading() as session:
        assert len(session.scalars(select(portal_rows.Item)).all()) == 1, "that it was read, and nothing else"


@sqlite_only
@pytest.mark.requirement("F2")
def test_who_looks_after_somebody_is_said_and_taken_back(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    asking = has_asked(sides, person)
    case = colleague.claim(colleague.case(asking.reference))
    sides.deliver()
    assert "Amira at the Hub looks after your support" in back(asking).part("worker")
    colleague.client.submit(case, case.form(to="/hand-back"))
    sides.deliver()
    space = back(asking)
    assert "handed your support back" in space.part("latest")
    assert space.root.find("worker") is None


@sqlite_only
@pytest.mark.requirement("C3")
def test_nobody_is_asked_how_they_are_soon_after_a_death(
    sides: Sides, person: AskedBy, colleague: Colleague, day: time_machine.Traveller
) -> None:
    asking = has_asked(sides, person, BROTHER)
    case = opened(colleague, asking)
    refused = colleague.send_status(case, "how-are-you")
    assert refused.status == 422
    assert "Monday 8 June" in refused.text
    day.shift(timedelta(days=91))
    colleague.sign_in()
    sides.make_pass()
    assert colleague.send_status(colleague.open(colleague.case(asking.reference)), "how-are-you").status == 200


@sqlite_only
@pytest.mark.requirement("E4")
def test_something_to_read_is_named_and_leads_there(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    asking = has_asked(sides, person)
    case = opened(colleague, asking)
    assert colleague.send_status(case, "reading-sent").status == 422, "to read what?"
    service = sides.hub_side.directory.all[0]
    colleague.client.submit(case, case.form("status"), {"status": "reading-sent", "service": service.id})
    sides.deliver()
    assert (f"/en/support/{service.id}", service.name) in back(asking).links
    assert "Something to read" in colleague.case(asking.reference).text, "the trail says so too"


def test_new_is_what_came_since_the_last_sign_in_and_the_hub_hears_up_to_where(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    asking = has_asked(sides, person)
    case = opened(colleague, asking)
    colleague.write(case, "First words.")
    sides.deliver()
    before = state(sides)
    assert seen(sides) == 0
    space = back(asking)
    assert "3 are new" in space.part("how-many-new")
    assert "3 are new" in asking.space().part("how-many-new"), "looking marks nothing"
    sides.deliver()
    assert seen(sides) == 3
    assert state(sides) == before, "it gives nobody anything to do"
    lines = [each for each in colleague.case(asking.reference).main.all("li") if "They wrote" in each.text]
    assert lines == [], "staff are not shown it"
    outgoing = count_outgoing(sides)
    assert back(asking).root.find("how-many-new") is None
    assert count_outgoing(sides) == outgoing, "nothing unread, nothing told"
    colleague.write(colleague.case(asking.reference), "Second words.")
    sides.deliver()
    space = back(asking)
    sides.deliver()
    assert seen(sides) == 4
    with sides.hub_side.database.reading() as session:
        kept = [item for item in session.scalars(select(hub_rows.Item)) if item.direction == hub_rows.TO_HUB]
    assert [(item.added_at.hour, item.added_at.minute) for item in kept] == [(0, 0)], (
        "one row, a day, no list of visits"
    )
    assert "1 is new" in space.part("how-many-new")
    assert space.part("latest").startswith("New")
    assert space.text.index("Second words.") < space.text.index("First words."), "newest first"


def count_outgoing(sides: Sides) -> int:
    with sides.portal_side.database.reading() as session:
        return len(session.scalars(select(portal_rows.Outgoing)).all())


@pytest.mark.requirement("F1")
def test_a_message_is_waiting_then_received_then_read(
    sides: Sides, person: AskedBy, colleague: Colleague, day: time_machine.Traveller
) -> None:
    asking = has_asked(sides, person)
    back(asking)
    assert "waiting for the Hub" in asking.write("Can I ask something?").part("latest")
    day.shift(timedelta(hours=3))
    late = back(asking).part("latest")
    assert "The Hub has not collected it yet" in late
    assert "phone us" in late
    sides.deliver()
    assert "Received by the Hub" in back(asking).part("latest")
    colleague.sign_in()
    colleague.open(colleague.case(asking.reference))
    sides.deliver()
    page = back(asking)
    assert "Read by a person at the Hub." in page.text
    asking.write("And one thing more.")
    assert asking.space().text.count("Read by a person at the Hub.") == 1, "the second was not read"


def bodies(sides: Sides) -> list[bytes]:
    with sides.portal_side.database.reading() as session:
        return [item.body for item in session.scalars(select(portal_rows.Item))]


def test_what_is_cleared_is_gone_here_and_nothing_seems_to_be_missing(
    sides: Sides, person: AskedBy, colleague: Colleague, caplog: pytest.LogCaptureFixture
) -> None:
    asking = has_asked(sides, person)
    case = opened(colleague, asking)
    colleague.write(case, "SECRET FROM THE HUB")
    sides.deliver()
    back(asking)
    asking.write("SECRET OF MINE")  # not collected yet
    space = asking.space()
    for words in ("SECRET OF MINE", "SECRET FROM THE HUB"):
        item = next(each for each in space.main.all("li") if words in each.text)
        link = next(each.attributes["href"] for each in item.all("a") if "Clear this" in each.text)
        asked = asking.client.visit(link or "")
        assert words not in asked.text
        space = asking.client.submit(asked, asked.form(to=asked.path))
        assert words not in space.text
    assert bodies(sides).count(b"") == 2
    assert "on its way" not in space.text
    assert "alarm" not in caplog.text
    sides.deliver()
    assert "SECRET OF MINE" in colleague.case(asking.reference).text, "the Hub still gets it"
    again = asking.client.visit("/en/case/clear")
    space = asking.client.submit(again, again.form(to=again.path))
    assert set(bodies(sides)) == {b""}
    assert "nothing here yet" in space.text
    assert space.part("delivery") == "Read by a person."
    colleague.write(colleague.case(asking.reference), "Later words.")
    sides.deliver()
    space = back(asking)
    assert "Later words." in space.part("latest")
    assert "on its way" not in space.text


@sqlite_only
@pytest.mark.rule("rule 10")
def test_what_waits_to_be_disowned_cannot_be_hidden(sides: Sides, person: AskedBy) -> None:
    inside = Inside(sides, person(PARENT))
    inside.ask(Change.UNFREEZE)
    sides.deliver()
    inside.person.come_back()
    asked = inside.person.client.visit("/en/case/clear")
    inside.person.client.submit(asked, asked.form(to=asked.path))
    assert [each["standing"] for each in inside.told()] == ["waiting"]


Tamper = Callable[[Session, list[portal_rows.Item]], None]


def _forge(session: Session, items: list[portal_rows.Item]) -> None:
    """An item under another secret, as somebody could make who knows every public id."""
    one = items[-1]
    header = sealing.parse(one.body).header
    one.body = sealing.seal_in_conversation(
        News(kind="message", at="2026-03-10T10:00:00+00:00", text="FORGED", language="en", author="Amira").to_bytes(),
        lane=sealing.Lane.TO_PERSON,
        header=header,
        key_id=bytes(8),
        secret=bytes(32),
        signer=SigningKey.generate(),
    )


def _replay(session: Session, items: list[portal_rows.Item]) -> None:
    """An old item once more, under the next number."""
    one = items[0]
    session.add(
        portal_rows.Item(
            envelope_id=sealing.new_id(), case_id=one.case_id, direction=one.direction, number=99, body=one.body
        )
    )


def _reorder(session: Session, items: list[portal_rows.Item]) -> None:
    """Two items in each other's place, with all that is in clear."""
    first, second = items[-2], items[-1]
    first.body, second.body = second.body, first.body


def _swap_direction(session: Session, items: list[portal_rows.Item]) -> None:
    """What the Hub said, as if the person had written it."""
    session.execute(
        update(portal_rows.Item)
        .where(portal_rows.Item.envelope_id == items[-1].envelope_id)
        .values(direction=portal_rows.TO_HUB, number=77)
    )


def _truncate(session: Session, items: list[portal_rows.Item]) -> None:
    items[-1].body = items[-1].body[:-1]


def _empty(session: Session, items: list[portal_rows.Item]) -> None:
    """As if it had been cleared; but the sealed leaf does not say so."""
    items[-1].body = b""


def _drop(session: Session, items: list[portal_rows.Item]) -> None:
    """The newest item gone, which leaves no gap; but the leaf knows how far somebody has seen."""
    session.delete(items[-1])


@pytest.mark.parametrize("tamper", [_forge, _replay, _reorder, _swap_direction, _truncate, _empty, _drop])
def test_a_database_that_was_written_to_shows_nothing_false_and_rings(
    sides: Sides, person: AskedBy, colleague: Colleague, caplog: pytest.LogCaptureFixture, tamper: Tamper
) -> None:
    asking = has_asked(sides, person)
    case = opened(colleague, asking)
    for words in ("WORDS-ONE", "WORDS-TWO"):
        case = colleague.write(case, words)
    sides.deliver()
    sound = back(asking).text
    assert "WORDS-TWO" in sound
    assert "alarm" not in caplog.text
    with sides.portal_side.database.writing() as session:
        items = list(
            session.scalars(
                select(portal_rows.Item)
                .where(portal_rows.Item.direction == portal_rows.TO_PERSON)
                .order_by(portal_rows.Item.number)
            )
        )
        tamper(session, items)
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            shown = asking.space().text
        assert "alarm:" in caplog.text, "each time"
        assert "Another message is on its way." in shown
        assert "FORGED" not in shown
        assert shown.count("You wrote") == 0
        for words in ("WORDS-ONE", "WORDS-TWO"):
            assert shown.count(words) <= sound.count(words)
    if tamper is not _replay:
        assert "WORDS-TWO" not in shown


@sqlite_only
def test_what_was_cleared_and_is_brought_back_is_not_shown(
    sides: Sides, person: AskedBy, colleague: Colleague, caplog: pytest.LogCaptureFixture
) -> None:
    asking = has_asked(sides, person)
    colleague.write(opened(colleague, asking), "GONE FOR GOOD")
    sides.deliver()
    back(asking)
    kept = {}
    with sides.portal_side.database.reading() as session:
        kept = {item.envelope_id: item.body for item in session.scalars(select(portal_rows.Item))}
    asked = asking.client.visit("/en/case/clear")
    asking.client.submit(asked, asked.form(to=asked.path))
    with sides.portal_side.database.writing() as session:
        for item in session.scalars(select(portal_rows.Item)):
            item.body = kept[item.envelope_id]
    with caplog.at_level(logging.ERROR):
        assert "GONE FOR GOOD" not in asking.space().text
    assert "alarm: an item that was cleared is there again" in caplog.text


@pytest.mark.requirement("C3")
@pytest.mark.requirement("C10")
@pytest.mark.requirement("H4")
@pytest.mark.requirement("H13")
def test_how_somebody_is_doing_is_theirs_until_they_send_it(
    sides: Sides, person: AskedBy, colleague: Colleague, day: time_machine.Traveller
) -> None:
    asking = has_asked(sides, person)
    back(asking)
    sent_before = count_outgoing(sides)
    for answers in ({"health": "very-hard", "money": "fine"}, {"health": "a-bit-hard"}):
        page = asking.client.visit("/en/case/how/now")
        page = asking.client.submit(page, page.form("health"), answers)
        assert page.path == "/en/case/how"
        day.shift(timedelta(days=7))
        back(asking)
    page = asking.client.visit("/en/case/how")
    assert count_outgoing(sides) == sent_before, "nothing goes by itself"
    # The picture is read before the table, each need with its days in order; the table says the same, newest first.
    text = page.text
    assert text.index("10 March: Very hard; 17 March: A bit hard") < text.index("In words, newest first")
    words = text.partition("In words, newest first")[2]
    assert words.index("Tuesday 17 March") < words.index("Tuesday 10 March")
    images = [each for each in page.main.all("svg") if each.attributes.get("role") == "img"]
    assert len(images) == 2
    for image in images:
        named = [page.root.find(each) for each in (image.attributes["aria-labelledby"] or "").split()]
        assert all(named)
    # Sending is a press of its own, of one entry.
    page = asking.client.submit(page, page.form("id", to="/case/how/send"))
    assert "You sent this to the Hub" in page.text
    assert len([form for form in page.forms if form.action.endswith("/send")]) == 1
    sides.deliver()
    colleague.sign_in()
    case = opened(colleague, asking)
    assert "How you are doing: Tuesday 17 March" in case.text
    assert "A bit hard" in case.text
    assert "Very hard" not in case.text, "the other one was not sent"
    # Deleting one, then all.
    for place, left in (("/1", 1), ("", 0)):
        asked = asking.client.visit(f"/en/case/how/clear{place}")
        asking.client.submit(asked, asked.form(to="/case/how/clear"))
        with sides.portal_side.database.reading() as session:
            assert len(session.scalars(select(portal_rows.Own)).all()) == left


@sqlite_only
@pytest.mark.requirement("C5")
@pytest.mark.requirement("C6")
@pytest.mark.requirement("D9")
@pytest.mark.rule("rule 12")
def test_a_risk_told_in_private_is_met_with_somebody_to_talk_to(sides: Sides, person: AskedBy) -> None:
    asking = has_asked(sides, person)
    back(asking)
    page = asking.client.visit("/en/case/how/now")
    page = asking.client.submit(page, page.form("health"), {"afraid_of_myself": "yes"})
    assert page.path == "/en/case/how/talk"
    assert "116 123" in page.text
    assert "The Hub does not see what you filled in." in page.text
    asking.client.submit(page, page.form("id", to="/send"))
    sides.deliver()
    with sides.hub_side.database.reading() as session:
        assert session.scalars(select(hub_rows.Case)).one().facts["risk"] is True


@sqlite_only
def test_what_was_filled_in_after_the_end_is_carried_through_the_number(
    sides: Sides, person: AskedBy, day: time_machine.Traveller
) -> None:
    asking = has_asked(sides, person)
    back(asking)
    page = asking.client.visit("/en/case/how/now")
    day.shift(timedelta(minutes=30))
    late = asking.client.submit(page, page.form("health"), {"social": "very-hard"})
    form = late.form("number")
    again = asking.client.submit(late, form, {"number": asking.number})
    assert ("social", "very-hard") in again.form("health").filled()
    with sides.portal_side.database.reading() as session:
        assert session.scalars(select(portal_rows.Own)).all() == [], "nothing is kept by itself"
    assert asking.client.submit(again, again.form("health")).path == "/en/case/how"


@sqlite_only
def test_a_day_is_said_with_its_year_when_it_is_another(sides: Sides) -> None:
    """So that nobody takes last year's promise for this one."""
    with sides.portal.test_request_context("/en/case"):
        assert long_day(date(2026, 3, 13)) == "Friday 13 March"
        assert long_day(date(2027, 3, 12)) == "Friday 12 March 2027"
