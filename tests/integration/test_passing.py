"""Passing somebody on with their agreement, and what they ask for: both sides, by what the pages offer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.data import hub as hub_rows
from app.domain.asking import BY_NUMBER
from app.domain.change import Change
from app.domain.referral import Addition
from app.services.portal import refer, space
from app.web import clock
from tests.harness.inside import Inside
from tests.harness.pages import Page
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import BROTHER, PARENT, STUDENT

AskedBy = Callable[..., Person]
SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
SUPERVISOR = "dev-carys"
NOTE = "Please ring my sister first, Кенар"
WORDS = "Amira never rang back, and nobody looked at the cameras"


@pytest.fixture
def inside(sides: Sides, person: AskedBy) -> Inside:
    """A parent in their space."""
    found = Inside(sides, person(PARENT))
    found.person.come_back()
    return found


@pytest.fixture
def case(inside: Inside, colleague: Colleague) -> Page:
    """Their case, taken and open at the desk."""
    page = colleague.claim(colleague.case(inside.person.reference))
    page = colleague.open(page)
    inside.sides.deliver()
    return page


def service_of(sides: Sides) -> str:
    return next(each for each in sides.hub_side.directory.all if each.is_reachable and each.is_national).id


def ask_them(
    inside: Inside, colleague: Colleague, case: Page, kinds: tuple[str, ...] = ("name", "reach", "wrote")
) -> str:
    """Ask whether they may be passed on; returns the id of the handover."""
    page = colleague.client.visit(f"{case.path}/handover")
    answers = {"service": service_of(inside.sides), "why": "knows-more", "kinds": kinds}
    done = colleague.client.submit(page, page.form("service", "kinds"), answers)
    assert done.path == case.path
    inside.sides.deliver()
    with inside.sides.hub_side.database.reading() as session:
        return (
            session.scalars(select(hub_rows.Handover.id).where(hub_rows.Handover.case_id == inside.case_id)).one().hex()
        )


def decide(inside: Inside, handover: str, **answers: str) -> Page:
    """Fill in the page of a handover and press a button of it."""
    client = inside.person.client
    page = client.visit(f"/en/case/approve/{handover}")
    return client.submit(page, page.form(*answers), answers)


def row_of(inside: Inside) -> tuple[str, list[str]]:
    with inside.sides.hub_side.database.reading() as session:
        row = session.scalars(select(hub_rows.Handover).where(hub_rows.Handover.case_id == inside.case_id)).one()
        return row.state, list(row.kinds)


def record(colleague: Colleague, case: Page, state: str) -> Page:
    """Say at the desk how it stands."""
    page = colleague.client.visit(case.path)
    return colleague.client.submit(page, page.form("state"), {"state": state})


@pytest.mark.requirement("E2")
@pytest.mark.requirement("E4")
def test_somebody_strikes_a_kind_out_agrees_and_sees_how_it_goes_on(
    inside: Inside, colleague: Colleague, case: Page
) -> None:
    handover = ask_them(inside, colleague, case)
    space_page = inside.person.space()
    assert "May we pass you on" in space_page.text
    page = inside.person.client.visit(f"/en/case/approve/{handover}")
    assert not any(control.is_on for control in page.form("note").controls if control.kind == "radio")
    service = inside.sides.portal_side.directory.get(service_of(inside.sides))
    assert service is not None
    assert service.name in page.text

    nothing = decide(inside, handover, decision="approve")
    assert nothing.status == 422, "a yes to nothing is asked about, not sent"

    done = decide(
        inside, handover, kind_name="pass", kind_reach="leave", kind_wrote="pass", note=NOTE, decision="approve"
    )
    assert "You said yes" in done.part("stands")
    assert "A way to reach you" not in done.part("chosen")
    assert NOTE not in done.text
    inside.sides.deliver()
    assert row_of(inside) == ("agreed", ["name", "wrote"])

    at_desk = colleague.client.visit(case.path)
    assert NOTE in at_desk.text
    assert "Your name" in at_desk.part("agreed-1")
    assert "A way to reach you" not in at_desk.part("agreed-1")
    record(colleague, case, "passed")
    record(colleague, case, "accepted")
    inside.sides.deliver()
    assert row_of(inside)[0] == "accepted"
    assert "They have said yes" in inside.person.client.visit(f"/en/case/approve/{handover}").part("stands")
    with inside.sides.hub_side.database.reading() as session:
        acts = {(line.action, line.detail) for line in hub_rows.audit_of(session, inside.case_id)}
    assert ("handover-passed", service_of(inside.sides)) in acts


@pytest.mark.requirement("E2")
def test_a_refusal_counts_changes_nothing_else_and_may_be_turned_into_a_yes(
    inside: Inside, colleague: Colleague, case: Page
) -> None:
    handover = ask_them(inside, colleague, case)
    done = decide(inside, handover, kind_name="pass", decision="refuse")
    assert "You said no" in done.part("stands")
    inside.sides.deliver()
    assert row_of(inside)[0] == "refused"
    assert "Pass nothing on" in colleague.client.visit(case.path).part("handovers")
    decide(inside, handover, kind_name="pass", decision="approve")
    inside.sides.deliver()
    assert row_of(inside) == ("agreed", ["name"])


@pytest.mark.requirement("E2")
def test_a_yes_is_taken_back_before_and_after_something_was_passed(
    inside: Inside, colleague: Colleague, case: Page
) -> None:
    first = ask_them(inside, colleague, case)
    decide(inside, first, kind_name="pass", decision="approve")
    inside.sides.deliver()
    old = colleague.client.visit(case.path)
    taken = decide(inside, first, withdraw="1")
    assert "You took this back" in taken.part("stands")
    inside.sides.deliver()
    assert row_of(inside)[0] == "withdrawn"
    colleague.client.submit(old, old.form("state"), {"state": "passed"})  # a page from before
    assert row_of(inside)[0] == "withdrawn", "nothing is passed on any more"


def test_what_was_passed_cannot_be_called_back_and_the_page_says_so(
    inside: Inside, colleague: Colleague, case: Page
) -> None:
    handover = ask_them(inside, colleague, case)
    decide(inside, handover, kind_name="pass", decision="approve")
    inside.sides.deliver()
    record(colleague, case, "passed")
    decide(inside, handover, withdraw="1")  # the person has not been told yet that it was passed on
    inside.sides.deliver()
    assert row_of(inside)[0] == "stopped"
    page = inside.person.client.visit(f"/en/case/approve/{handover}")
    assert "What was already passed cannot be called back" in page.part("stands")
    assert "tell the service" in colleague.client.visit(case.path).part("handovers")


@SQLITE
def test_a_press_twice_is_one_decision(inside: Inside, colleague: Colleague, case: Page) -> None:
    handover = ask_them(inside, colleague, case)
    page = inside.person.client.visit(f"/en/case/approve/{handover}")
    for _ in range(2):
        inside.person.client.submit(page, page.form("note"), {"kind_name": "pass", "decision": "approve"})
    inside.sides.deliver()
    with inside.sides.hub_side.database.reading() as session:
        additions = [row for row in hub_rows.documents(session, inside.case_id) if row.kind == hub_rows.ADDITION]
    assert len(additions) == 2, "the code word and one decision"


@SQLITE
def test_kinds_that_were_never_asked_for_are_not_passed_on(
    inside: Inside, colleague: Colleague, case: Page, caplog: pytest.LogCaptureFixture
) -> None:
    """A portal that somebody else has in hand may say yes to more: the Hub does not believe it."""
    handover = ask_them(inside, colleague, case, kinds=("name",))
    own = inside.sides.portal_side
    content = {"id": handover, "decision": "approve", "kinds": ["name", "reach", "wrote"]}
    refer.send_addition(
        own.database,
        own.office,
        case_id=inside.case_id,
        addition=Addition(kind="handover", content=content),
        now=clock.now(),
    )
    inside.sides.deliver()
    assert row_of(inside) == ("agreed", ["name"])
    assert "never asked for" in caplog.text


@SQLITE
def test_a_decision_about_somebody_elses_handover_changes_nothing(
    inside: Inside, colleague: Colleague, case: Page, person: AskedBy
) -> None:
    handover = ask_them(inside, colleague, case)
    other = Inside(inside.sides, person(STUDENT))
    own = inside.sides.portal_side
    refer.send_addition(
        own.database,
        own.office,
        case_id=other.case_id,
        addition=Addition(kind="handover", content={"id": handover, "decision": "approve", "kinds": ["name"]}),
        now=clock.now(),
    )
    inside.sides.deliver()
    assert row_of(inside)[0] == "asked"


@SQLITE
def test_what_waits_too_long_is_marked_and_told_once(
    inside: Inside, colleague: Colleague, case: Page, day: time_machine.Traveller
) -> None:
    handover = ask_them(inside, colleague, case)
    decide(inside, handover, kind_name="pass", decision="approve")
    inside.sides.deliver()
    day.shift(timedelta(days=12))
    inside.sides.deliver()
    inside.sides.deliver()
    inside.person.come_back()
    page = inside.person.client.visit(f"/en/case/approve/{handover}")
    assert page.text.count("longer than it should") == 1
    colleague.sign_in()
    again = colleague.open(colleague.client.visit(case.path))
    assert "Late" in again.part("handovers")


@SQLITE
@pytest.mark.rule("rule 2")
def test_who_asked_to_delete_everything_is_not_passed_on(inside: Inside, colleague: Colleague, case: Page) -> None:
    handover = ask_them(inside, colleague, case)
    decide(inside, handover, kind_name="pass", decision="approve")
    inside.sides.deliver()
    inside.ask(Change.DELETE)
    inside.sides.deliver()
    record(colleague, case, "passed")
    assert row_of(inside)[0] == "agreed"


@SQLITE
def test_no_value_of_the_request_is_in_what_is_asked(inside: Inside, colleague: Colleague, case: Page) -> None:
    """The item names kinds. What the person gave us stays where it is."""
    ask_them(inside, colleague, case, kinds=("name", "reach", "plan", "access", "help", "happened", "wrote"))
    with inside.sides.portal_side.database.reading() as session:
        shown = space.read_space(session, inside.opened).conversation
    items = [str(each.news) for each in shown if each.news.kind == "handover"]
    assert len(items) == 1
    record_ = inside.record()
    told = [record_.plan.ways[0].address, record_.referral.answers["reply"].get("name", "Marie"), PARENT.code_word]
    for value in told:
        assert value
        assert value not in items[0]


@SQLITE
def test_what_was_chosen_outlives_the_visit(
    inside: Inside, colleague: Colleague, case: Page, day: time_machine.Traveller
) -> None:
    handover = ask_them(inside, colleague, case)
    page = inside.person.client.visit(f"/en/case/approve/{handover}")
    day.shift(timedelta(minutes=30))
    late = inside.person.client.submit(
        page, page.form("note"), {"kind_name": "pass", "note": NOTE, "decision": "approve"}
    )
    back = inside.person.client.submit(late, late.form("number"), {"number": inside.person.number})
    form = back.form("note")
    assert ("note", NOTE) in form.filled()
    assert ("kind_name", "pass") in form.filled()
    inside.sides.deliver()
    assert row_of(inside)[0] == "asked", "nothing is sent by itself"


@SQLITE
@pytest.mark.requirement("E4")
def test_what_is_sent_to_read_shows_in_their_language_and_is_recorded(
    inside: Inside, colleague: Colleague, case: Page
) -> None:
    service = service_of(inside.sides)
    page = colleague.client.visit(f"{case.path}/reading")
    colleague.client.submit(page, page.form("services"), {"services": (service,)})
    inside.sides.deliver()
    shown = inside.person.client.visit("/en-XA/case")
    assert f"/en-XA/support/{service}" in [href for href, _ in shown.links]
    with inside.sides.hub_side.database.reading() as session:
        assert ("sent-reading", service) in {
            (line.action, line.detail) for line in hub_rows.audit_of(session, inside.case_id)
        }


# Asked for


def ask_for(inside: Inside, number: str, **answers: str) -> Page:
    client = inside.person.client
    page = client.visit(f"/en/case/ask/{number}")
    return client.submit(page, page.form("words"), answers)


def numbered(what: str) -> str:
    return next(number for number, each in BY_NUMBER.items() if each.value == what)


def test_what_was_asked_for_is_ours_to_do_until_it_is_answered(
    inside: Inside, colleague: Colleague, case: Page
) -> None:
    sent = ask_for(inside, numbered("case-news"), words="Crime 35/1234/26")
    assert sent.path.endswith("/sent")
    inside.sides.deliver()
    lines = inside.person.client.visit("/en/case/ask")
    assert "News of a police or court case" in lines.part("asked")
    assert "35/1234/26" not in lines.html
    assert "News of a police or court case" in colleague.client.visit(case.path).part("asked-for")
    page = colleague.client.visit(f"{case.path}/asked")
    assert "35/1234/26" in page.text
    colleague.client.submit(page, page.form("state", "text"), {"state": "done", "text": "The hearing is in May."})
    inside.sides.deliver()
    assert "done or answered" in inside.person.client.visit("/en/case/ask").part("asked")
    assert "The hearing is in May." in inside.person.space().text
    assert "Ours to do" not in colleague.client.visit(case.path).part("handovers")


@SQLITE
def test_pressed_twice_is_asked_once(inside: Inside, colleague: Colleague) -> None:
    page = inside.person.client.visit(f"/en/case/ask/{numbered('interpreter')}")
    for _ in range(2):
        inside.person.client.submit(page, page.form("words"), {"into": "Lingala"})
    assert inside.person.client.visit("/en/case/ask").part("asked").count("An interpreter") == 1


@SQLITE
@pytest.mark.requirement("B9")
def test_restorative_justice_is_not_put_before_somebody_in_mourning_but_is_there(
    sides: Sides, person: AskedBy, day: time_machine.Traveller
) -> None:
    brother = person(BROTHER)
    brother.ask()
    brother.come_back()
    page = brother.client.visit("/en/case/ask")
    assert "Restorative" not in page.part("askable")
    assert "Restorative" in brother.client.visit("/en/case/ask/all").part("askable")
    words = brother.client.visit(f"/en/case/ask/{numbered('restorative')}").text
    assert "only happens if both of you want it" in words
    day.shift(timedelta(days=92))
    brother.come_back()
    assert "Restorative" in brother.client.visit("/en/case/ask").part("askable")


@SQLITE
def test_what_was_typed_to_ask_outlives_the_visit(inside: Inside, day: time_machine.Traveller) -> None:
    client = inside.person.client
    page = client.visit(f"/en/case/ask/{numbered('name')}")
    day.shift(timedelta(minutes=30))
    late = client.submit(page, page.form("name"), {"name": "Кенар"})
    back = client.submit(late, late.form("number"), {"number": inside.person.number})
    assert ("name", "Кенар") in back.form("name", "words").filled()


# Complaints


@pytest.fixture
def complained(inside: Inside, colleague: Colleague, case: Page) -> str:
    """A complaint about Amira, who has the case and has it open; returns its id."""
    supervisor(inside)
    ask_for(inside, numbered("complaint"), about="worker", who="Amira", words=WORDS)
    inside.sides.deliver()
    with inside.sides.hub_side.database.reading() as session:
        facts = session.get_one(hub_rows.Case, inside.case_id).facts
    return str(facts["complaints"][0]["id"])


def supervisor(inside: Inside) -> Colleague:
    made = Colleague(inside.sides.hub_client())
    made.sign_in(SUPERVISOR)
    return made


@pytest.mark.requirement("F16")
def test_a_supervisor_reads_answers_and_tracks_a_complaint(
    inside: Inside, colleague: Colleague, case: Page, complained: str
) -> None:
    carys = supervisor(inside)
    assert "1 waits for an answer" in carys.client.visit("/complaints").part("count")
    carys.open(carys.client.visit(case.path))
    page = carys.client.visit(f"{case.path}/asked")
    assert WORDS in page.text
    carys.client.submit(page, page.form("state", "text"), {"state": "working", "text": "I look into it."})
    inside.sides.deliver()
    assert "I look into it." in inside.person.space().text
    assert "working on it" in carys.client.visit("/complaints").text


@pytest.mark.requirement("F16")
def test_no_door_at_the_desk_tells_the_named_worker_of_it(
    inside: Inside, colleague: Colleague, case: Page, complained: str
) -> None:
    carys = supervisor(inside)
    before = colleague.client.visit(case.path)
    carys.open(carys.client.visit(case.path))
    page = carys.client.visit(f"{case.path}/asked")
    carys.client.submit(page, page.form("state", "text"), {"state": "done", "text": "I have spoken with them."})

    for path in (case.path, f"{case.path}/asked", "/queue", "/complaints", f"{case.path}/handover"):
        shown = colleague.client.visit(path)
        for words in (WORDS, "I have spoken", "Your complaint", "complaint waits", complained):
            assert words not in shown.html, (path, words)
    assert carys.client.visit(case.path).part("conversation") == before.part("conversation")
    token = dict(colleague.client.visit(f"{case.path}/handover").form("kinds").filled())["csrf_token"]
    data = {"csrf_token": token, "state": "done", "text": "x", "envelope_id": "ab" * 16}
    hidden, unknown = (
        colleague.client.fetch("POST", f"{case.path}/asked", data={**data, "asked_id": each})
        for each in (complained, "cd" * 16)
    )
    assert hidden.status == unknown.status == 404
    assert hidden.html == unknown.html


@SQLITE
def test_its_coming_changes_nothing_that_others_see(inside: Inside, colleague: Colleague, case: Page) -> None:
    colleague.send_status(colleague.client.visit(case.path), "waiting-for-you")
    inside.sides.deliver()
    supervisor(inside)
    before = colleague.queue().main.text
    ask_for(inside, numbered("complaint"), about="worker", words=WORDS)
    inside.sides.deliver()
    assert colleague.queue().main.text == before


@SQLITE
@pytest.mark.parametrize("who", ["Carys Whitfield", "carys"])
def test_a_supervisor_who_is_named_is_not_told_either(
    inside: Inside, colleague: Colleague, case: Page, who: str, caplog: pytest.LogCaptureFixture
) -> None:
    """And somebody rings the alarm: nobody else is there to read it."""
    carys = supervisor(inside)
    ask_for(inside, numbered("complaint"), about="hub", who=who, words=WORDS)
    inside.sides.deliver()
    assert "none that you may see" in carys.client.visit("/complaints").text
    carys.open(carys.client.visit(case.path))
    assert WORDS not in carys.client.visit(f"{case.path}/asked").html
    assert "no supervisor" in caplog.text


@SQLITE
def test_a_supervisor_who_signs_in_for_the_first_time_later_is_compared_then(
    inside: Inside, colleague: Colleague, case: Page
) -> None:
    ask_for(inside, numbered("complaint"), about="hub", who="Carys", words=WORDS)
    inside.sides.deliver()
    carys = supervisor(inside)
    assert "none that you may see" in carys.client.visit("/complaints").text
    carys.open(carys.client.visit(case.path))
    assert WORDS not in carys.client.visit(f"{case.path}/asked").html


@SQLITE
def test_a_supervisor_who_has_the_case_reads_no_complaint_about_the_worker(inside: Inside, sides: Sides) -> None:
    carys = supervisor(inside)
    page = carys.open(carys.claim(carys.case(inside.person.reference)))
    ask_for(inside, numbered("complaint"), about="worker", words="She is never there")
    ask_for(inside, numbered("complaint"), about="investigation", words="They lost my papers")
    inside.sides.deliver()
    shown = carys.client.visit(f"{page.path}/asked").text
    assert "She is never there" not in shown
    assert "They lost my papers" in shown
    assert "1 in all" in carys.client.visit("/complaints").part("count")
