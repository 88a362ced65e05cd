"""The contact plan in the space: stop, pause, change and start again, by what the pages offer; and what the desk sees of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy.exc import OperationalError

from app.data import portal as portal_rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.contact import FRESH_FOR, Box, Reason, Refused, Way, decide
from app.services.portal import leaf
from app.web import clock
from tests.harness.inside import Inside
from tests.harness.pages import NotOffered, Page
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT, SHARED_DEVICE, STUDENT, Story

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

AskedBy = Callable[..., Person]
CONTACT = "/en/case/contact"
ON_SHARED = replace(PARENT, answers={**PARENT.answers, "start": SHARED_DEVICE})
PHONE = "07700 900111"


@pytest.fixture
def inside(sides: Sides, person: AskedBy) -> Inside:
    """A parent in their space, who may be rung on weekday mornings and afternoons."""
    return within(sides, person(PARENT))


def within(sides: Sides, asking: Person) -> Inside:
    found = Inside(sides, asking)
    asking.come_back()
    return found


def press(inside: Inside, to: str, *, at: str = CONTACT, **values: str) -> Page:
    """Press a button of a page."""
    page = inside.person.client.visit(at)
    return inside.person.client.submit(page, page.form(to=to), values)


def change(inside: Inside, *, ways: tuple[str, ...], code_word: str = "", **answers: str | tuple[str, ...]) -> Page:
    """Go through both pages of another plan. `call_times` stands for "call-times"."""
    client = inside.person.client
    page = client.visit(f"{CONTACT}/change")
    page = client.submit(page, page.form("contact"), {"contact": "yes", "ways": ways})
    told = {name.replace("_", "-", 1): answer for name, answer in answers.items()}
    return client.submit(page, page.form("code_word"), {**told, "code_word": code_word}, press="send")


# Not safe now


@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 2")
def test_one_press_stops_all_contact_and_says_truthfully_how_far_it_has_come(inside: Inside) -> None:
    """One tap after coming in: the button stands in the space itself, first and without a question."""
    page = press(inside, "/stop", at="/en/case")
    assert "Stopped on this site. Telling the Hub" in page.part("stopped")
    assert "cannot be called back" in page.part("contact-now")
    assert not inside.record().plan.frozen, "the Hub does not know yet, and the page does not say so"

    inside.sides.make_pass()
    assert inside.record().plan.frozen
    inside.sides.deliver()
    for path in (CONTACT, "/en/case"):
        page = inside.person.client.visit(path)
        assert "The Hub has it" in page.part("stopped")
        assert "Nobody will contact you." in page.part("stopped")
        assert "cannot be called back" in page.part("contact-now")
        with pytest.raises(NotOffered):
            page.form(to="/stop")


@pytest.mark.requirement("B5")
def test_who_is_signed_out_stops_contact_by_giving_the_number(inside: Inside, day: time_machine.Traveller) -> None:
    """The press is not lost, and nobody is told that it counts before it does."""
    page = inside.person.client.visit("/en/case")
    day.shift(timedelta(minutes=30))
    late = inside.person.client.submit(page, page.form(to="/stop"))
    assert "Contact is not stopped yet" in late.text
    assert not [address for address, _ in late.links if address.endswith("/stop")], "that is no page in any language"
    back = inside.person.client.submit(late, late.form("number"), {"number": inside.person.number})
    assert back.path == CONTACT
    assert "Stopped on this site" in back.part("stopped")
    inside.sides.deliver()
    assert inside.record().plan.frozen


def test_a_stop_that_could_not_be_kept_says_so(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_database: Database) -> None:
        raise OperationalError("no disk", None, OSError())

    page = inside.person.client.visit("/en/case")
    monkeypatch.setattr(Database, "writing", fail)
    failed = inside.person.client.submit(page, page.form(to="/stop"))
    assert failed.status == 503
    assert "Nothing has changed" in failed.text
    assert "All contact is stopped" not in failed.text


@pytest.mark.requirement("B5")
def test_an_old_page_stops_again_what_has_begun_again(inside: Inside) -> None:
    """Its button may have been pressed before: that is no reason to take it for a repeat."""
    old = inside.person.client.visit("/en/case")
    inside.person.client.submit(old, old.form(to="/stop"))
    inside.sides.deliver()
    press(inside, "/start", at=f"{CONTACT}/start", code_word=PARENT.code_word)
    inside.sides.deliver()
    assert not inside.record().plan.frozen
    inside.person.client.submit(old, old.form(to="/stop"))
    inside.sides.deliver()
    assert inside.record().plan.frozen


@pytest.mark.requirement("B1")
@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 2")
def test_with_the_link_cut_nobody_is_rung_after_a_freeze(
    inside: Inside, colleague: Colleague, day: time_machine.Traveller
) -> None:
    """No pass, no ringing: the desk cannot know of the freeze, so after ten seconds it shows no number at all."""
    sides = inside.sides
    case = colleague.open(colleague.case(inside.person.reference))
    assert PHONE in colleague.show(case).text
    press(inside, "/stop")  # and no pass carries it
    sides.is_cut = True

    day.shift(FRESH_FOR + timedelta(seconds=1))
    cut = colleague.client.visit(case.path)
    assert "We must collect from the site first" in cut.text
    tried = colleague.show(cut)
    assert PHONE not in tried.text
    assert "We could not collect from the site just now" in tried.text
    refused = decide(inside.record().plan, Way.CALL, clock.now(), known_at=None, hours=sides.hub_side.area.hub_hours)
    assert refused == Refused(Reason.STALE)

    day.shift(timedelta(seconds=2))
    sides.is_cut = False
    sides.make_pass()  # the link is back: the courier makes one every two seconds
    stopped = colleague.client.visit(case.path)
    assert "Do not ring, write or visit" in stopped.part("frozen")
    assert "They have stopped all contact." in stopped.text
    assert PHONE not in stopped.text
    assert "Contact stopped" in colleague.queue().text


@pytest.mark.rule("rule 2")
def test_a_freeze_travels_ahead_of_everything_else(inside: Inside, person: AskedBy) -> None:
    for text in ("One.", "Two.", "Three."):
        inside.person.write(text)
    person(STUDENT).ask()
    press(inside, "/stop")
    own = inside.sides.portal_side
    with own.database.reading() as session:
        due = [
            (row.case_id, row.number)
            for row in post_rows.due(session, portal_rows.POST, now=clock.now(), most_bytes=10**6)
        ]
        freeze = leaf.read(session, inside.case_id, secret=inside.opened.case_secret)["asked"]["freeze"]
    assert len(due) >= 5
    assert due[0] == (inside.case_id, freeze)


# Pause and start again


@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 10")
def test_a_pause_ends_on_its_day_and_only_the_code_word_ends_it_sooner(inside: Inside) -> None:
    press(inside, "/pause", at=f"{CONTACT}/pause", until="17/3/2026")
    assert "before Tuesday 17 March" in inside.person.client.visit(CONTACT).part("paused")
    inside.sides.deliver()
    until = inside.record().plan.paused_until
    assert until is not None
    assert until.astimezone(inside.sides.hub_side.area.hub_hours.zone).isoformat() == "2026-03-17T00:00:00+00:00"

    press(inside, "/pause", at=f"{CONTACT}/pause", until="12 3 2026")  # a shorter one takes nothing away
    inside.sides.deliver()
    assert inside.record().plan.paused_until == until
    assert "17 March" in inside.person.space().part("paused")

    sent = press(inside, "/start", at=f"{CONTACT}/start", code_word="not the word")
    inside.sides.deliver()
    assert inside.record().plan.paused_until == until
    again = press(inside, "/start", at=f"{CONTACT}/start", code_word=PARENT.code_word)
    assert again.text == sent.text, "the site says the same to a right word and a wrong one"
    inside.sides.deliver()
    assert inside.record().plan.paused_until is None
    assert "paused" not in inside.person.client.visit(CONTACT).part("contact-now")


def test_a_day_that_is_none_to_come_is_said(inside: Inside) -> None:
    for typed in ("", "soon", "9 3 2026", "10.3.2026", "1 1 2030", "31 2 2026", "1 2 3 4"):
        page = press(inside, "/pause", at=f"{CONTACT}/pause", until=typed)
        assert page.status == 422, typed
        assert page.root.find("until-error") is not None, typed
    inside.sides.deliver()
    assert inside.standings() == []


# Another plan


@pytest.mark.requirement("B2")
@pytest.mark.rule("rule 10")
def test_a_narrower_plan_counts_at_once_without_typing_any_address_again(inside: Inside) -> None:
    """From any time the Hub is open to weekday mornings, and one way fewer."""
    passed_on = change(inside, ways=("email",), email_times=(Box.WEEKDAY_MORNING.value,), email_message="yes")
    assert "We have passed this on" in passed_on.heading
    inside.sides.deliver()
    assert inside.standings() == [("plan", "in-force")]
    plan = inside.record().plan
    assert [each.way for each in plan.ways] == [Way.EMAIL]
    assert plan.ways[0].address == "marie@example.org"
    assert plan.ways[0].boxes == {Box.WEEKDAY_MORNING}
    assert plan.ways[0].missing is None
    assert "counts now" in inside.person.space().part("latest")


@pytest.mark.requirement("B1")
@pytest.mark.rule("rule 10")
def test_a_new_number_waits_for_the_check_and_this_was_not_me_ends_it(inside: Inside, colleague: Colleague) -> None:
    change(inside, ways=("call",), call_address="01632 960999", call_times=(Box.WEEKDAY_MORNING.value,))
    inside.sides.deliver()
    space = inside.person.space()
    assert "The rest waits until we have checked" in space.part("waiting")
    case = colleague.open(colleague.case(inside.person.reference))
    assert "Another number or address" in case.text
    assert "Check first that it was them" in case.text
    for number in ("960999", PHONE):
        assert number not in case.text, "neither is shown while it is in doubt"

    passed_on = press(inside, "/not-me", at="/en/case")
    assert "We have passed this on" in passed_on.heading
    inside.sides.deliver()
    assert inside.standings() == [("plan", "disowned"), ("not-me", "in-force")]
    with pytest.raises(NotOffered):
        inside.person.space().part("waiting")
    assert "Asked to change" not in colleague.client.visit(case.path).text


@pytest.mark.requirement("B1")
@pytest.mark.rule("rule 10")
@pytest.mark.parametrize(("word", "standing"), [(PARENT.code_word, "in-force"), ("not the word", "waiting")])
def test_the_code_word_lets_a_new_number_count_at_once(inside: Inside, word: str, standing: str) -> None:
    change(inside, ways=("call",), code_word=word, call_address="01632 960999", call_times=(Box.WEEKDAY_MORNING.value,))
    inside.sides.deliver()
    assert inside.standings() == [("plan", standing)]


@pytest.mark.requirement("B1")
@pytest.mark.parametrize(("answer", "standing"), [("yes", "in-force"), ("no", "declined")])
def test_a_colleague_checks_and_says_yes_or_no(
    inside: Inside, colleague: Colleague, answer: str, standing: str
) -> None:
    press(inside, "/stop")
    press(inside, "/start", at=f"{CONTACT}/start")
    inside.sides.deliver()
    case = colleague.open(colleague.case(inside.person.reference))
    assert "Asked to start contact again" in case.text
    settled = colleague.client.submit(case, case.form("right"), {"right": answer})
    assert "Asked to start contact again" not in settled.text
    assert ("Do not ring" in settled.text) == (answer == "no")
    assert "checked a change" in colleague.client.visit(f"{case.path}/trail").text
    inside.sides.deliver()
    assert inside.standings()[-1] == ("unfreeze", standing)
    shown = inside.person.client.visit(CONTACT).part("contact-now")
    assert ("All contact is stopped" in shown) == (answer == "no")


def test_nobody_settles_a_change_of_a_case_that_is_closed_to_them(inside: Inside, colleague: Colleague) -> None:
    press(inside, "/stop")
    press(inside, "/start", at=f"{CONTACT}/start")
    inside.sides.deliver()
    case = colleague.open(colleague.case(inside.person.reference))
    other = Colleague(inside.sides.hub_client())
    other.sign_in("dev-ben")
    closed = other.case(inside.person.reference)
    action = case.form("right").action
    token = dict(closed.form(to="/open").filled())["csrf_token"]
    other.client.post_form(action, {"right": "yes", "csrf_token": token})
    assert inside.standings()[-1] == ("unfreeze", "waiting")


@pytest.mark.requirement("B12")
def test_no_contact_any_more_needs_one_page_and_counts_at_once(inside: Inside) -> None:
    client = inside.person.client
    page = client.visit(f"{CONTACT}/change")
    blank = client.submit(page, page.form("contact"))
    assert "If you go back, nothing changes" in blank.text
    done = client.submit(blank, blank.form("contact"), {"contact": "no"})
    assert "We have passed this on" in done.heading
    inside.sides.deliver()
    assert inside.record().plan.wanted is False


@pytest.mark.rule("rule 6")
def test_what_was_typed_survives_a_mistake_a_change_of_ways_and_the_end_of_the_visit(
    inside: Inside, day: time_machine.Traveller
) -> None:
    client = inside.person.client
    page = client.visit(f"{CONTACT}/change")
    page = client.submit(page, page.form("contact"), {"contact": "yes", "ways": ("call", "text"), "sign": "blue"})
    typed = {"call-address": "12", "call-say": "Anna from the choir", "text-address": "07700 900112"}
    wrong = client.submit(page, page.form("code_word"), typed, press="send")
    assert wrong.status == 422
    assert wrong.root.find("call-address-error") is not None

    ways = client.submit(wrong, wrong.form("code_word"), {"call-address": PHONE}, press="back")
    assert ("sign", "blue") in ways.form("contact").filled()
    page = client.submit(ways, ways.form("contact"), {"ways": ("call",)})
    kept = dict(page.form("code_word").filled())
    assert (kept["call-address"], kept["call-say"]) == (PHONE, "Anna from the choir")

    day.shift(timedelta(minutes=30))
    late = client.submit(page, page.form("code_word"), press="send")
    assert "kept on this page" in late.text
    back = client.submit(late, late.form("number"), {"number": inside.person.number})
    assert back.path == "/en/return"
    assert dict(back.form("code_word").filled())["call-say"] == "Anna from the choir"
    assert inside.standings() == [], "nothing is sent by itself"
    client.submit(back, back.form("code_word"), press="send")
    inside.sides.deliver()
    plan = inside.record().plan
    assert [each.way for each in plan.ways] == [Way.CALL]
    assert plan.sign == "blue"


# The outline


@pytest.mark.requirement("B1")
def test_the_outline_says_ways_and_times_and_nothing_that_was_typed(inside: Inside) -> None:
    page = inside.person.client.visit(CONTACT)
    assert "A phone number you gave on Tuesday 10 March." in page.text
    assert "Weekday mornings, 9 to 12." in page.text
    for typed in PARENT.typed:
        assert typed not in page.text

    change(inside, ways=("call",), call_times=(Box.WEEKDAY_AFTERNOON.value,), call_address=PHONE)
    assert "What you asked for since" in inside.person.client.visit(CONTACT).text
    inside.sides.deliver()
    now = inside.person.client.visit(CONTACT).text
    assert "What you asked for since" not in now
    assert "Weekday mornings, 9 to 12." not in now
    assert PHONE not in now

    press(inside, "/outline")
    gone = inside.person.client.visit(CONTACT).text
    assert "Weekday afternoons" not in gone
    with inside.sides.portal_side.database.reading() as session:
        kept = leaf.read(session, inside.case_id, secret=inside.opened.case_secret)
    assert not {leaf.OUTLINE, leaf.OUTLINE_ASKED, leaf.KEEPS_OUTLINE} & set(kept), "off means that nothing is kept"


@pytest.mark.requirement("B1")
def test_where_somebody_else_might_look_no_outline_is_kept_until_it_is_asked_for(sides: Sides, person: AskedBy) -> None:
    inside = within(sides, person(ON_SHARED))
    assert "Nothing of it is kept here" in inside.person.client.visit(CONTACT).text
    press(inside, "/outline")
    assert "From your next change on" in inside.person.client.visit(CONTACT).text
    change(inside, ways=("call",), call_times=(Box.WEEKDAY_MORNING.value,))
    assert "Weekday mornings, 9 to 12." in inside.person.client.visit(CONTACT).text


# A copy, and questions that are ready-made


def with_a_copy(story: Story, sides: Sides, person: AskedBy) -> tuple[Person, Page]:
    asking = person(story)
    check = asking.fill_in()
    sent = asking.client.submit(check, check.form("revision"), {"keep_copy": True})
    return asking, sent


def test_a_copy_is_kept_only_when_it_was_ticked_and_is_cleared_in_one_press(sides: Sides, person: AskedBy) -> None:
    from tests.harness.people import shown_number

    asking, sent = with_a_copy(PARENT, sides, person)
    asking.number = shown_number(sent)
    asking.keep_number(sent)
    asking.come_back()
    copy = asking.client.visit("/en/case/copy")
    assert PHONE in copy.text
    assert "Anyone who gets your number could read it" in copy.text
    asking.client.submit(copy, copy.form(to="/clear"))
    assert asking.client.visit("/en/case/copy").path == "/en/case"
    with sides.portal_side.database.reading() as session:
        assert session.query(portal_rows.Own).count() == 0


def test_no_copy_is_offered_where_somebody_else_might_look(sides: Sides, person: AskedBy) -> None:
    with pytest.raises(NotOffered):
        with_a_copy(ON_SHARED, sides, person)
    asking = person(ON_SHARED)
    check = asking.fill_in()
    form = check.form("revision")
    asking.client.post_form(check.path, [*form.filled(), ("keep_copy", "yes")])  # and none is taken
    plain = person(PARENT)
    plain.ask()
    with sides.portal_side.database.reading() as session:
        assert session.query(portal_rows.Own).count() == 0


def test_a_ready_made_question_reaches_the_desk_in_its_own_words(inside: Inside, colleague: Colleague) -> None:
    words = "Which phone do you have for me?"
    assert words in press(inside, "/ask", about="ask-phone").part("latest")
    inside.sides.deliver()
    assert words in colleague.open(colleague.case(inside.person.reference)).text


def test_a_summary_is_asked_for_at_one_door(inside: Inside) -> None:
    page = inside.person.client.visit(CONTACT)
    doors = [address for address, words in page.links if words == "Write down what you know and what we agreed"]
    assert doors == ["/en/case/ask/6"]
    assert inside.person.client.visit(doors[0]).heading == "Write down what you know and what we agreed"
