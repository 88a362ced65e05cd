"""Leaving: closing, deleting, taking a request back. What is hidden, what goes, what stays, and who may undo it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from app.adapters.carriers import Parcel
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.domain.change import Change
from app.domain.status import CaseState
from app.services.hub import post
from app.web import clock
from tests.harness.inside import Inside
from tests.harness.pages import NotOffered, Page
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

AskedBy = Callable[..., Person]
WORDS = "The number of my sister is in here."
# Every page of the space, also those that other parts of it add.
SPACE = "/en/case"


@pytest.fixture
def asking(person: AskedBy) -> Person:
    """A parent who has asked, and is in their space."""
    made = person(PARENT)
    made.ask()
    made.come_back()
    return made


def press(who: Person, path: str, to: str, **typed: str) -> Page:
    """Open a page of the space and press the button of the form that goes to this address."""
    page = who.client.visit(f"{SPACE}{path}")
    return who.client.submit(page, page.form(to=to), typed)


def delete(who: Person, code_word: str = "") -> Page:
    return press(who, "/end/delete", "/case/end/delete", code_word=code_word)


def take_back(who: Person) -> Page:
    return press(who, "/end/back", "/case/end/back")


def pages_of_the_space(sides: Sides) -> list[str]:
    with sides.portal.test_request_context("/"):
        adapter = sides.portal.url_map.bind("127.0.0.1")
        return [
            adapter.build(rule.endpoint, {name: "en" if name == "lang" else "1" for name in rule.arguments})
            for rule in sides.portal.url_map.iter_rules()
            if rule.endpoint.startswith("portal.case") and "GET" in (rule.methods or ())
        ]


def is_anywhere(sides: Sides, case_id: bytes) -> tuple[bool, bool]:
    """Whether the case is at the portal, and at the Hub."""
    with sides.portal_side.database.reading() as session:
        here = session.get(portal_rows.Case, case_id) is not None
    with sides.hub_side.database.reading() as session:
        return here, session.get(hub_rows.Case, case_id) is not None


def only_case(sides: Sides) -> bytes:
    with sides.portal_side.database.reading() as session:
        return session.query(portal_rows.Case).one().id


def state_of(sides: Sides, case_id: bytes) -> str:
    with sides.hub_side.database.reading() as session:
        return session.get_one(hub_rows.Case, case_id).state


@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 10")
def test_a_deletion_hides_every_page_of_the_space_until_they_say_it_was_not_them(
    sides: Sides, asking: Person, colleague: Colleague
) -> None:
    asking.write(WORDS)
    sides.deliver()
    case = colleague.open(colleague.case(asking.reference))
    hidden = delete(asking)
    assert "Tuesday 17 March" in hidden.text
    sides.deliver()
    paths = pages_of_the_space(sides)
    assert len(paths) > 15
    for path in paths:
        page = asking.client.visit(path)
        assert page.root.all("h1")[0].text == "Everything is hidden", path
        for secret in (WORDS, "Marie", "phone number you gave", PARENT.code_word):
            assert secret not in page.text, path
    at_desk = colleague.client.visit(case.path)
    assert at_desk.text.count("They asked to delete everything") == 1
    assert "not safe" not in at_desk.text, "they said nothing of that"
    assert "No code word came with it." in at_desk.text
    assert "Do not contact them" in at_desk.text

    kept = asking.client.submit(hidden, hidden.form(to="/end/not-me"))
    assert "stays stopped" in kept.text
    assert WORDS in asking.space().text
    sides.deliver()
    assert "All contact is stopped" in asking.space().text
    assert "You said no to deleting everything" in asking.space().part("why-stopped")
    assert "They said no to deleting everything" in colleague.client.visit(case.path).part("frozen")
    assert is_anywhere(sides, only_case(sides)) == (True, True)


@pytest.mark.rule("rule 10")
def test_the_right_word_deletes_with_the_pass_and_the_page_said_the_same(sides: Sides, person: AskedBy) -> None:
    answers = []
    for word in (PARENT.code_word, "another word"):
        somebody = person(PARENT)
        somebody.ask()
        sides.deliver()
        somebody.come_back()
        answers.append(delete(somebody, word).main.text)
    assert answers[0] == answers[1]
    sides.deliver()
    with sides.hub_side.database.reading() as session:
        assert session.query(hub_rows.Case).count() == 1
        assert session.query(hub_rows.Tombstone).count() == 1
    with sides.portal_side.database.reading() as session:
        assert session.query(portal_rows.Case).count() == 1


@pytest.mark.requirement("B5")
def test_it_goes_on_its_day_and_nobody_comes_back(sides: Sides, asking: Person, day: time_machine.Traveller) -> None:
    sides.deliver()
    case_id = only_case(sides)
    delete(asking)
    sides.deliver()
    day.shift(timedelta(days=6, hours=23))
    sides.deliver()
    assert is_anywhere(sides, case_id) == (True, True)
    assert "Everything is hidden" in asking.come_back().text, "the number still leads to where it can be undone"
    day.shift(timedelta(hours=2))
    sides.make_pass()
    sides.deliver()
    assert is_anywhere(sides, case_id) == (False, False)
    assert "No space opens with this number" in asking.come_back().text


def traces(folder: Path, needle: bytes) -> list[str]:
    """The files below a folder that hold these bytes; a database is also read through a fresh copy of it."""
    found = [path.name for path in folder.rglob("*.sqlite3*") if needle in path.read_bytes()]
    for path in folder.rglob("*.sqlite3"):
        copy = folder / f"copy-of-{path.name}"
        source, target = sqlite3.connect(path), sqlite3.connect(copy)
        source.backup(target)
        target.execute("VACUUM")
        source.close()
        target.close()
        if needle in copy.read_bytes():
            found.append(copy.name)
        copy.unlink()
    return found


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_wrap_of_a_deleted_case_is_in_no_database_log_or_fresh_copy(sides: Sides, asking: Person) -> None:
    sides.deliver()
    case_id = only_case(sides)
    with sides.portal_side.database.reading() as session:
        wrap = session.get_one(portal_rows.NumberWrap, case_id).wrap
    with sides.hub_side.database.reading() as session:
        secret = session.get_one(hub_rows.RecordSecret, case_id).wrapped
    assert traces(sides.data_dir, wrap), "the search finds what is there"
    assert traces(sides.data_dir, secret)
    delete(asking, PARENT.code_word)
    sides.deliver()
    assert is_anywhere(sides, case_id) == (False, False)
    assert traces(sides.data_dir, wrap) == []
    assert traces(sides.data_dir, secret) == []


def test_a_deleted_case_answers_what_comes_late_and_keeps_none_of_it(sides: Sides, asking: Person) -> None:
    """A message that was written in another window before the deletion arrives after it."""
    sides.deliver()
    case_id = only_case(sides)
    asking.write(WORDS)
    with sides.portal_side.database.writing() as session:  # it does not travel with the next pass
        for row in session.query(portal_rows.Outgoing).filter_by(state="waiting"):
            row.next_attempt_at = clock.now() + timedelta(minutes=1)
            late = (row.envelope_id, row.body)
    delete(asking, PARENT.code_word)
    sides.make_pass()
    own = sides.hub_side
    taken, refused, failed = post.take_in(
        own.database,
        Parcel(envelopes=[late]),
        trust=own.trust,
        keys=own.post_keys,
        opener=own.opener,
        now=clock.now(),
    )
    assert (taken, refused, failed) == (1, 0, 0)
    assert is_anywhere(sides, case_id)[1] is False
    with own.database.reading() as session:
        assert session.query(hub_rows.Item).count() == 0


@pytest.mark.requirement("B5")
def test_taken_back_before_it_left_the_site_nothing_is_left_at_once(sides: Sides, asking: Person) -> None:
    case_id = only_case(sides)
    gone = take_back(asking)
    assert "never left this site" in gone.text
    assert is_anywhere(sides, case_id) == (False, False)
    with sides.portal_side.database.reading() as session:
        assert session.query(portal_rows.Outgoing).count() == 0
    assert asking.space().path == "/en/"
    sides.deliver()
    assert is_anywhere(sides, case_id) == (False, False)


@pytest.mark.requirement("B5")
def test_taken_back_before_anybody_opened_it_nothing_is_left_with_the_pass(
    sides: Sides, asking: Person, colleague: Colleague
) -> None:
    sides.deliver()
    case_id = only_case(sides)
    colleague.claim(colleague.case(asking.reference))  # to take it is not to open it
    hidden = take_back(asking)
    assert "If nobody had opened it" in hidden.text
    sides.deliver()
    assert is_anywhere(sides, case_id) == (False, False)
    with pytest.raises(NotOffered):
        colleague.case(asking.reference)


def test_taken_back_on_its_way_it_is_gone_with_the_pass_that_brings_both(sides: Sides, asking: Person) -> None:
    """It was in a parcel whose answer never came: whether the Hub has it, nobody can know here."""
    case_id = only_case(sides)
    with sides.portal_side.database.writing() as session:
        for row in session.query(portal_rows.Outgoing):
            row.attempts = 1
    take_back(asking)
    assert is_anywhere(sides, case_id)[0]
    sides.make_pass()
    assert is_anywhere(sides, case_id)[1] is False, "the request is taken in before what takes it back"
    sides.deliver()
    assert is_anywhere(sides, case_id) == (False, False)


@pytest.mark.rule("rule 10")
def test_taken_back_after_somebody_opened_it_it_waits_like_any_deletion(
    sides: Sides, asking: Person, colleague: Colleague, day: time_machine.Traveller
) -> None:
    sides.deliver()
    case_id = only_case(sides)
    page = asking.client.visit(f"{SPACE}/end/back")
    case = colleague.open(colleague.case(asking.reference))
    hidden = asking.client.submit(page, page.form(to="/case/end/back"))
    assert "Everything is hidden" in hidden.text
    sides.deliver()
    assert is_anywhere(sides, case_id) == (True, True)
    assert "They took their request back" in colleague.client.visit(case.path).part("frozen")
    day.shift(timedelta(days=7, hours=1))
    sides.make_pass()
    sides.deliver()
    assert is_anywhere(sides, case_id) == (False, False)


def test_once_read_there_is_nothing_to_take_back_but_everything_to_delete(
    sides: Sides, asking: Person, colleague: Colleague
) -> None:
    sides.deliver()
    assert "Take your request back" in asking.space().text
    colleague.open(colleague.case(asking.reference))
    sides.deliver()
    assert "Take your request back" not in asking.space().text
    assert asking.client.visit(f"{SPACE}/end/back").path == f"{SPACE}/end/delete"


@pytest.mark.requirement("G2")
@pytest.mark.rule("rule 10")
def test_closed_with_the_word_it_leaves_the_queue_and_writing_opens_it_again(
    sides: Sides, asking: Person, colleague: Colleague
) -> None:
    sides.deliver()
    case_id = only_case(sides)
    case = colleague.case(asking.reference)
    press(asking, "/end/close", "/case/end/close", code_word=PARENT.code_word)
    sides.deliver()
    assert state_of(sides, case_id) == CaseState.CLOSED.value
    assert "This is closed" in asking.space().text
    for _ in range(2):
        assert "This is closed" in asking.come_back().text, "who looks in says nothing"
        sides.deliver()
    with pytest.raises(NotOffered):
        colleague.case(asking.reference)
    closed = colleague.client.visit("/queue?state=closed")
    assert case.path in {each.attributes.get("href") for each in closed.root.all("a")}
    asking.write("It began again.")
    sides.deliver()
    assert state_of(sides, case_id) == CaseState.OURS.value
    assert "This is closed" not in asking.space().text
    assert "You asked to end your support" in asking.space().part("why-stopped"), "writing starts no contact"
    assert colleague.case(asking.reference).path == case.path


@pytest.mark.rule("rule 10")
def test_closing_without_the_word_waits_and_a_message_meanwhile_keeps_it_open(
    sides: Sides, person: AskedBy, day: time_machine.Traveller
) -> None:
    """Nobody gave a way by which the Hub could check: so it counts after some days, unless they write."""
    inside = Inside(sides, person(PARENT))
    for writes, state in ((True, CaseState.OURS), (False, CaseState.CLOSED)):
        with sides.hub_side.database.writing() as session:
            session.get_one(hub_rows.Case, inside.case_id).state = CaseState.THEIRS.value
        inside.ask(Change.CLOSE)
        sides.deliver()
        with sides.hub_side.database.writing() as session:
            for row in hub_rows.changes(session, inside.case_id):
                if row.standing == "waiting":
                    row.due_at = clock.now() + timedelta(days=3)
        if writes:
            inside.person.come_back()
            inside.person.write("One more thing.")
            sides.deliver()
        day.shift(timedelta(days=3, minutes=1))
        sides.deliver()
        assert state_of(sides, inside.case_id) == state.value


@pytest.mark.rule("rule 8")
def test_a_colleague_closes_only_what_the_person_said_and_the_space_says_so(
    sides: Sides, asking: Person, colleague: Colleague
) -> None:
    sides.deliver()
    case_id = only_case(sides)
    case = colleague.open(colleague.case(asking.reference))
    page = colleague.client.visit(f"{case.path}/close")
    assert "silent" not in {each.attributes.get("value") for each in page.root.all("input")}
    for how in ("", "in-space", "receipt"):
        refused = colleague.client.submit(page, page.form(to="/close"), {"how": how} if how else {})
        assert refused.path.endswith("/close"), how
        assert state_of(sides, case_id) != CaseState.CLOSED.value
    colleague.client.submit(page, page.form(to="/close"), {"how": "phone"})
    assert state_of(sides, case_id) == CaseState.CLOSED.value
    sides.deliver()
    space = asking.space()
    assert "This is closed" in space.text
    assert "Amira" in space.text


def refuse(sides: Sides) -> None:
    """The Hub cannot open what waits at the portal, and says so."""
    with sides.portal_side.database.writing() as session:
        row = session.query(portal_rows.Outgoing).filter_by(number=0).one()
        row.body = row.body[:-1] + bytes([row.body[-1] ^ 1])
    sides.deliver()


@pytest.mark.requirement("B5")
def test_a_request_that_the_hub_could_not_open_can_be_taken_back_at_once(sides: Sides, asking: Person) -> None:
    case_id = only_case(sides)
    asking.write(WORDS)
    refuse(sides)
    ways = asking.client.visit(f"{SPACE}/end")
    assert "The Hub could not open this" in ways.main.text
    assert "gone, here and at the Hub" not in ways.main.text, "nobody there can delete it"
    page = asking.client.visit(f"{SPACE}/end/delete")
    assert page.path == f"{SPACE}/end/back"
    assert "The Hub could not open your request" in page.part("not-opened")
    gone = take_back(asking)
    assert "Nothing of your request is kept on this site." in gone.text
    assert "The Hub keeps what it could not open, locked" in gone.text, "what was set aside there is not denied"
    assert "Nobody has read it" not in gone.text
    assert is_anywhere(sides, case_id) == (False, False)
    with sides.portal_side.database.reading() as session:
        assert session.query(portal_rows.Outgoing).count() == 0
    assert asking.space().path == "/en/"
    assert "No space opens with this number" in asking.come_back().text


@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 10")
def test_whoever_asks_for_deletion_as_it_is_refused_loses_nothing_by_surprise(sides: Sides, asking: Person) -> None:
    case_id = only_case(sides)
    page = asking.client.visit(f"{SPACE}/end/delete")
    assert "you can change your mind" in page.text
    refuse(sides)
    told = asking.client.submit(page, page.form("code_word"), {"code_word": ""})
    assert told.path == f"{SPACE}/end/back"
    assert is_anywhere(sides, case_id)[0]
    asking.client.submit(asking.space(), asking.space().form(to="/case/sign-out"))
    late = asking.client.submit(page, page.form("code_word"), {"code_word": ""})
    inside = asking.client.submit(late, late.form("number"), {"number": asking.number})
    assert inside.path == f"{SPACE}/end/back", "the same after the visit had ended"


@pytest.mark.requirement("B5")
def test_whoever_had_asked_for_deletion_before_it_was_refused_sees_nothing_and_takes_it_back(
    sides: Sides, asking: Person
) -> None:
    case_id = only_case(sides)
    asking.write(WORDS)
    hidden = delete(asking)
    assert "Everything is hidden" in hidden.text
    refuse(sides)
    hidden = asking.come_back()
    assert "Everything is hidden" in hidden.text
    assert WORDS not in hidden.text
    assert "The Hub could not open your request" in hidden.part("not-opened")
    assert "on its way to the Hub" not in hidden.text
    asking.client.submit(hidden, hidden.form(to="/case/sign-out"))
    late = asking.client.submit(hidden, hidden.form(to="/case/end/back"))
    assert late.path == "/en/return", "too late: nobody is to think that it is gone"
    hidden = asking.come_back()
    gone = asking.client.submit(hidden, hidden.form(to="/case/end/back"))
    assert "Nothing of your request is kept on this site." in gone.text
    assert is_anywhere(sides, case_id) == (False, False)


def test_whoever_keeps_what_was_refused_is_told_to_phone(sides: Sides, asking: Person) -> None:
    delete(asking)
    refuse(sides)
    hidden = asking.come_back()
    kept = asking.client.submit(hidden, hidden.form(to="/case/end/not-me"))
    assert kept.path == f"{SPACE}/end/kept"
    assert "Please phone us" in kept.main.text
    assert "The Hub hears of it" not in kept.text


def test_while_the_hub_has_it_nobody_deletes_it_by_posting_past_the_hidden_page(sides: Sides, asking: Person) -> None:
    sides.deliver()
    delete(asking)
    for path in ("/end/delete", "/end/back"):
        again = asking.client.post_form(f"{SPACE}{path}", [("code_word", "")])
        assert (again.status, "Everything is hidden" in again.text) == (409, True), path
    assert is_anywhere(sides, only_case(sides)) == (True, True)
