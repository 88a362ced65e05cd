"""A request that a colleague types: from a call, a paper form, somebody at the door. One queue holds it with all others."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

import pytest
import time_machine
from sqlalchemy import func, select

from app.adapters import numbers, sealing
from app.data import hub as rows
from app.data import portal as portal_rows
from app.domain.referral import Referral
from app.domain.retention import Periods
from app.domain.taken import SPACE, Source
from app.services.hub import rebuilding, records, retention, taking
from app.services.hub.staff import Identity, SignedIn
from app.web import clock
from tests.harness.calling import (
    MARIA,
    as_typed,
    begin_call,
    code_on,
    keep_call,
    reference_on,
    send_call,
    take,
)
from tests.harness.pages import NotOffered, Page
from tests.harness.people import CO_ORDINATOR, GATEKEEPER, Colleague, Person, shown_number
from tests.harness.sides import Sides
from tests.integration.test_canary import disguises
from tests.stories import PARENT, STORIES

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

BLANK = Referral(reference="", case_secret=b"", number_wrap=b"", language="en", answers={}, consent="", sent_at="")


@pytest.fixture
def at_desk(sides: Sides) -> Callable[[str], Colleague]:
    """Signs somebody in at the desk."""

    def make(who: str) -> Colleague:
        made = Colleague(sides.hub_client())
        made.sign_in(who)
        return made

    return make


def count(sides: Sides, table: Any) -> int:
    database = (sides.hub_side if table.metadata is rows.Case.metadata else sides.portal_side).database
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def case_of(sides: Sides, reference: str) -> rows.Case:
    with sides.hub_side.database.reading() as session:
        found = rows.case_by_reference(session, reference)
    assert found is not None
    return found


def collect(sides: Sides, reference: str, code: str) -> Page:
    visitor = sides.portal_client()
    page = visitor.visit("/en/return/collect")
    return visitor.submit(page, page.form("reference", "code"), {"reference": reference, "code": code})


def with_number(sides: Sides, reference: str, code: str) -> Person:
    """The caller, who has collected their number on the site."""
    caller = Person(sides.portal_client(), PARENT)
    caller.number = shown_number(collect(sides, reference, code))
    return caller


# From the call to the space


@pytest.mark.requirement("E13")
@pytest.mark.requirement("E17")
def test_a_call_ends_in_a_code_and_the_caller_comes_in_with_a_number_of_their_own(
    sides: Sides, colleague: Colleague, person: Callable[..., Person]
) -> None:
    person(PARENT).ask()
    sides.deliver()
    said = take(colleague, **{"taken__number": "code"})
    reference, code = reference_on(said), code_on(said)
    assert len(code) == 10
    assert numbers.is_desks_own(reference)
    # Before the site knows of it: what is said to them waits.
    colleague.write(colleague.case(reference), "We talk on Monday.")
    sides.deliver()
    caller = with_number(sides, reference, code)
    assert caller.reference == reference
    sides.deliver()
    space = caller.come_back()
    assert "We talk on Monday." in space.text
    caller.write("Thank you. I have it.")
    sides.deliver()
    case = colleague.case(reference)
    assert "Thank you. I have it." in case.text
    assert "He waits at the bus stop." in case.text
    assert "Taken on the phone" in case.text
    assert "no space" not in case.text
    assert len(colleague.queue().main.all("tbody")[0].all("tr")) == 2, "one queue holds both"
    assert "This code does not work" in collect(sides, reference, code).text


@pytest.mark.requirement("B4")
def test_without_a_number_the_case_is_at_the_hub_and_nowhere_else(
    sides: Sides, colleague: Colleague, caplog: pytest.LogCaptureFixture
) -> None:
    said = take(colleague)
    reference = reference_on(said)
    assert "reaches nobody" in said.part("no-number")
    case = colleague.case(reference)
    colleague.write(colleague.claim(case), "Nobody will read this.")
    sides.deliver()
    assert count(sides, portal_rows.Case) == 0
    assert count(sides, rows.Outgoing) == 0
    case = colleague.case(reference)
    assert "No number: what is written here reaches nobody." in case.text
    assert "Kept here: they have no space" in case.text
    # A code can be given later: then what was said until then is there.
    page = colleague.client.visit(f"{case.path}/code")
    made = colleague.client.submit(page, page.form("check"), {"check": "in-person"})
    assert "The site has not opened their space yet" in colleague.case(reference).text
    sides.deliver()
    assert "Nobody will read this." in with_number(sides, reference, code_on(made)).come_back().text
    assert "alarm" not in caplog.text


@pytest.mark.requirement("E17")
def test_pressing_send_twice_makes_one_case_and_leads_to_the_same_words(sides: Sides, colleague: Colleague) -> None:
    page = begin_call(colleague)
    form = page.form("taken-words").filled({**MARIA, "taken-number": "code"}, press="send")
    first, second = colleague.client.post_form(page.path, form), colleague.client.post_form(page.path, form)
    assert first.path == second.path == colleague.client.visit(page.path).path
    assert (reference_on(first), code_on(first)) == (reference_on(second), code_on(second))
    assert count(sides, rows.Case) == 1
    assert count(sides, rows.Outgoing) == 1
    done = colleague.client.submit(second, second.form(to="/done"))
    assert done.path == "/call"
    assert colleague.client.visit(page.path).status == 404, "read out: nothing of it stays"
    assert count(sides, rows.TakenDraft) == 0


@SQLITE
@pytest.mark.requirement("E17")
def test_somebody_who_took_the_same_reference_in_between_costs_nothing(
    sides: Sides, colleague: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = reference_on(take(colleague))
    drawn = iter([first, first, numbers.make_reference()])
    monkeypatch.setattr(taking.made_numbers, "make_reference", lambda *_: next(drawn))
    monkeypatch.setattr(taking, "_free_reference", lambda _session, **_: taking.made_numbers.make_reference())
    assert reference_on(take(colleague)) != first
    assert count(sides, rows.Case) == 2


@SQLITE
def test_when_no_reference_is_left_nothing_is_sent_and_everything_stays(
    sides: Sides, colleague: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = reference_on(take(colleague))
    monkeypatch.setattr(taking.made_numbers, "make_reference", lambda *_: first)
    page = take(colleague)
    assert page.status == 503
    assert "Nothing was sent" in page.text
    assert "He waits at the bus stop." in page.html
    assert count(sides, rows.Case) == 1


# What must be there


@SQLITE
@pytest.mark.requirement("B13")
@pytest.mark.requirement("B1")
def test_only_three_things_must_be_there_and_everything_typed_stays(sides: Sides, colleague: Colleague) -> None:
    page = begin_call(colleague)
    page = send_call(
        colleague,
        page,
        {**MARIA, "taken-asked_how": False, "taken-said_yes": False, "reply-call-address": "07700"},
    )
    assert page.status == 422
    errors = [each.text for each in page.main.all("a") if (each.attributes.get("href") or "").startswith("#")]
    assert "Check the phone number. Some digits may be missing." in errors
    assert sum("tick this" in each for each in errors) == 2
    for kept in ("He waits at the bus stop.", 'value="07700"', 'value="Maria"'):
        assert kept in page.html
        assert kept in colleague.client.visit(page.path).html, "kept in the draft too, right or wrong"
    assert count(sides, rows.Case) == 0
    sent = send_call(colleague, page, {"taken-asked_how": True, "taken-said_yes": True, "reply-call-address": ""})
    assert reference_on(sent)


@SQLITE
@pytest.mark.requirement("B13")
def test_nothing_but_those_three_is_enough(sides: Sides, colleague: Colleague) -> None:
    said = send_call(colleague, begin_call(colleague, "walk-in"), {"taken-asked_how": True, "taken-said_yes": True})
    found = case_of(sides, reference_on(said))
    assert found.facts["source"] == Source.WALK_IN.value
    assert found.facts["taken_by"] == CO_ORDINATOR
    assert found.facts["contact"] is None
    with sides.hub_side.database.reading() as session:
        key = records.case_key(session, found.id, opener=sides.hub_side.opener)
        (document,) = [each for each in rows.documents(session, found.id) if each.kind == rows.REFERRAL]
        referral = Referral.from_bytes(records.open_document(document, record_secret=key.record_secret))
        acts = [(each.action, each.detail) for each in rows.audit_of(session, found.id)]
    assert referral.consent == "consent-1-read-out/en"
    assert ("took-request", "walk-in") in acts


@SQLITE
@pytest.mark.requirement("A8")
@pytest.mark.requirement("A9")
@pytest.mark.requirement("E14")
def test_a_story_that_is_told_on_the_phone_is_coded_as_one_from_the_site(
    sides: Sides, at_desk: Callable[[str], Colleague]
) -> None:
    desk = at_desk(GATEKEEPER)
    own = {"source", "taken_by", "space", "hidden_from"}
    for story in STORIES:
        told = case_of(sides, reference_on(take(desk, as_typed(story))))
        answers = {
            key: {name: list(value) if isinstance(value, tuple) else value for name, value in answer.items()}
            for key, answer in story.answers.items()
        }
        typed = replace(BLANK, answers=answers)
        kept = {name: value for name, value in told.facts.items() if name not in own}
        assert _sorted(kept) == _sorted(typed.facts()), story.key
        assert told.language == story.answers["reply"].get("language", "en")


def _sorted(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What was ticked comes in the order of the page."""
    return {name: sorted(value) if isinstance(value, list) else value for name, value in facts.items()}


@SQLITE
@pytest.mark.requirement("C5")
@pytest.mark.requirement("A8")
@pytest.mark.requirement("E14")
def test_what_has_to_be_read_out_stands_where_it_is_needed(colleague: Colleague) -> None:
    page = begin_call(colleague)
    for words in (
        "In danger now: phone 999",
        "Childline",
        "We never say whether we know somebody",
        "You get a receipt",
        "They may act without asking only if",
    ):
        assert words in page.text
    headings = [each.text for each in page.main.all("h2")]
    assert headings.index("How to reach them") < headings.index("What would help") < headings.index("What happened")


# The draft


@pytest.mark.requirement("E17")
def test_a_draft_stays_when_its_colleague_signs_out_and_is_there_for_nobody_else(
    sides: Sides, colleague: Colleague, at_desk: Callable[[str], Colleague]
) -> None:
    page = begin_call(colleague)
    kept = keep_call(colleague, page, {"taken-words": "Half of a story", "reply-name": "Maria"}, part="words")
    assert kept.url.endswith("#words")
    token = dict(kept.form("taken-words").filled())["csrf_token"]
    assert colleague.client.post_form("/sign-out", {"csrf_token": token}).path == "/sign-in"
    other = at_desk("dev-ben")
    assert other.client.fetch("GET", page.path).status == 404
    assert page.path not in other.client.visit("/call").html
    colleague.sign_in()
    listed = colleague.client.visit("/call")
    assert page.path in listed.html
    assert "Maria" not in listed.html
    assert "Half of a story" in colleague.client.visit(page.path).html


@SQLITE
def test_somebody_else_who_posts_to_it_gets_a_draft_of_their_own(
    sides: Sides, colleague: Colleague, at_desk: Callable[[str], Colleague]
) -> None:
    """The address alone gives nobody what another typed, and takes nothing from them."""
    page = keep_call(colleague, begin_call(colleague), {"taken-words": "Half of a story"})
    other = at_desk("dev-ben")
    token = dict(other.client.visit("/call").form("source").filled())["csrf_token"]
    theirs = other.client.post_form(page.path, {"csrf_token": token, "revision": "2", "taken-words": "Mine"})
    assert theirs.path != page.path
    assert "Half of a story" not in theirs.html
    assert "Half of a story" in colleague.client.visit(page.path).html


def test_a_draft_goes_a_day_after_it_was_last_kept(
    sides: Sides, colleague: Colleague, day: time_machine.Traveller
) -> None:
    page = keep_call(colleague, begin_call(colleague), {"taken-words": "Half of a story"})
    day.shift(timedelta(hours=23))
    colleague.sign_in()
    page = keep_call(colleague, colleague.client.visit(page.path), {"reply-name": "Maria"})
    day.shift(timedelta(hours=23))
    colleague.sign_in()
    page = colleague.client.visit(page.path)
    assert "Half of a story" in page.html
    form = page.form("taken-words").filled({}, press="send")
    day.shift(timedelta(hours=2))
    colleague.sign_in()
    assert colleague.client.visit(page.path).status == 404
    own = sides.hub_side
    retention.run(
        own.database,
        periods=Periods(),
        opener=own.opener,
        voice=own.voice,
        portal_key=own.trust.sealing,
        now=clock.now(),
    )
    assert count(sides, rows.TakenDraft) == 0
    # Who had it open all the time loses nothing of it.
    token = dict(colleague.client.visit("/call").form("source").filled())["csrf_token"]
    again = colleague.client.post_form(
        page.path, [*(each for each in form if each[0] != "csrf_token"), ("csrf_token", token)]
    )
    assert "Half of a story" in again.html
    assert again.status == 422


@SQLITE
@pytest.mark.requirement("E17")
def test_two_windows_never_write_over_each_other_unseen(colleague: Colleague) -> None:
    page = begin_call(colleague)
    keep_call(colleague, page, {"taken-words": "From the first"})
    late = keep_call(colleague, page, {"taken-words": "From the second"})
    assert late.status == 409
    assert "From the second" in late.html
    assert "From the first" in colleague.client.visit(page.path).html
    keep_call(colleague, late, {})
    assert "From the second" in colleague.client.visit(page.path).html


@SQLITE
def test_deleting_a_draft_leaves_nothing(sides: Sides, colleague: Colleague) -> None:
    page = keep_call(colleague, begin_call(colleague), {"taken-words": "Half of a story"})
    colleague.client.submit(page, page.form("taken-words"), {}, press="drop")
    assert count(sides, rows.TakenDraft) == 0


def killed(*_args: Any, **_options: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("killed")


@SQLITE
@pytest.mark.requirement("E17")
@pytest.mark.parametrize("where", ["before the transaction", "within it", "after it"])
def test_a_kill_leaves_the_draft_or_the_case_and_never_both_or_neither(
    sides: Sides, colleague: Colleague, where: str
) -> None:
    """A child of this process sends and is killed; its parent looks at what is there, and sends again."""
    own = sides.hub_side
    draft_id = bytes.fromhex(begin_call(colleague).path.rpartition("/")[2])
    with own.database.reading() as session:
        session_id = session.scalar(select(rows.StaffSession.id))
    assert session_id is not None
    signed = SignedIn(
        Identity(CO_ORDINATOR, "Amira Novak", "Amira", ("co-ordinator",)), session_id, check_due_at=clock.now()
    )

    def send() -> None:
        taking.send(
            own.database,
            draft_id,
            taking.Request(answers={"reply": {"name": "Maria"}}, source=Source.PHONE, wants_code=True),
            revision=1,
            signed=signed,
            opener=own.opener,
            voice=own.voice,
            portal_key=own.trust.sealing,
            reference_length=own.area.reference_digits,
            now=clock.now(),
        )

    own.database.engine.dispose()
    child = os.fork()
    if child == 0:
        try:
            if where == "before the transaction":
                taking._commit = killed  # type: ignore[assignment]
            elif where == "within it":
                taking.orders.give = killed  # type: ignore[assignment]
            send()
            killed()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    own.database.engine.dispose()
    is_done = where == "after it"
    assert count(sides, rows.Case) == int(is_done)
    assert count(sides, rows.Outgoing) == int(is_done)
    if is_done:
        with pytest.raises(taking.AlreadySent):
            send()
    else:
        send()
    assert count(sides, rows.Case) == 1
    with own.database.reading() as session:
        assert taking.read_out(session, draft_id, signed.identity, opener=own.opener, now=clock.now()).code


# Whom they fear


@pytest.mark.rule("rule 13")
def test_whoever_typed_it_cannot_open_what_is_for_few(sides: Sides, at_desk: Callable[[str], Colleague]) -> None:
    keeper, desk = at_desk(GATEKEEPER), at_desk(CO_ORDINATOR)
    said = take(desk, **{"reply__conflict": "yes", "reply__conflict_who": "Gareth Pell", "taken__number": "code"})
    reference = reference_on(said)
    assert "Only a few named people can see this case" in said.text
    assert code_on(said)
    found = case_of(sides, reference)
    assert desk.client.fetch("GET", f"/cases/{found.id.hex()}").status == 404
    with pytest.raises(NotOffered):
        desk.case(reference)
    assert "Gareth Pell" in keeper.open(keeper.case(reference)).text
    with sides.hub_side.database.reading() as session:
        assert session.scalar(select(rows.Opening).where(rows.Opening.case_id == found.id)) is not None
        mine = select(rows.StaffSession.id).where(rows.StaffSession.staff_id == CO_ORDINATOR)
        openings = select(rows.Opening).where(rows.Opening.case_id == found.id, rows.Opening.session_id.in_(mine))
        assert session.scalar(openings) is None


@SQLITE
@pytest.mark.rule("rule 13")
def test_when_everybody_is_named_the_colleague_is_told_at_once(
    sides: Sides, at_desk: Callable[[str], Colleague]
) -> None:
    at_desk(GATEKEEPER)
    desk = at_desk(CO_ORDINATOR)
    said = take(desk, **{"reply__conflict": "yes", "reply__conflict_who": "Dilys Farrow", "taken__number": "code"})
    assert "Nobody at the Hub can read it now" in said.part("nobody-reads")
    sides.deliver()
    caller = with_number(sides, reference_on(said), code_on(said))
    sides.deliver()
    assert "Nobody at the Hub can read your request now" in caller.come_back().text


@SQLITE
def test_somebody_who_looks_at_what_others_did_takes_no_call(sides: Sides, colleague: Colleague) -> None:
    path = begin_call(colleague).path
    with sides.hub_side.database.writing() as session:
        session.get_one(rows.Staff, CO_ORDINATOR).roles = ["auditor"]
    for address in ("/call", path, "/find"):
        assert colleague.client.fetch("GET", address).status == 403


# The other side


def test_the_two_sides_never_draw_the_same_reference() -> None:
    peppers = numbers.Peppers([bytes(32)])
    desks = {numbers.make_reference() for _ in range(500)}
    sites = {numbers.make_number(peppers)[:6] for _ in range(500)}
    assert all(numbers.is_desks_own(each) for each in desks)
    assert not any(numbers.is_desks_own(each) for each in sites)
    assert all(numbers.is_reference(each) for each in desks | sites)


@pytest.mark.requirement("E17")
def test_a_reference_that_is_taken_at_the_site_is_refused_and_nothing_is_lost(
    sides: Sides, colleague: Colleague, person: Callable[..., Person], caplog: pytest.LogCaptureFixture
) -> None:
    """It should never be; if it were, the site keeps the space that it has, says so, and goes on with all else."""
    reference = reference_on(take(colleague, **{"taken__number": "code"}))
    tag = numbers.reference_tag(reference, sides.portal_side.office.peppers.newest)
    with sides.portal_side.database.writing() as session:
        session.add(portal_rows.Case(id=sealing.new_id(), reference_tag=tag, opened_on=clock.now().date()))
    asked = person(PARENT)
    asked.ask()
    with caplog.at_level(logging.ERROR):
        sides.deliver()
    assert "reference-taken" in caplog.text
    assert colleague.case(asked.reference).status == 200
    assert case_of(sides, reference).facts[SPACE] == "opening"


@pytest.mark.requirement("E17")
def test_a_new_portal_gets_the_spaces_that_were_collected_and_no_others(
    new_sides: Callable[[], Sides], tmp_path: Any
) -> None:
    sides = new_sides()
    desk = Colleague(sides.hub_client())
    desk.sign_in()
    take(desk)
    said = take(desk, **{"taken__number": "code"})
    sides.deliver()
    caller = with_number(sides, reference_on(said), code_on(said))
    sides.deliver()
    with (
        sides.portal_side.database.writing() as session
    ):  # a portal that was lost, and is there again with nothing in it
        for table in (portal_rows.Item, portal_rows.NumberWrap, portal_rows.Visit, portal_rows.Case):
            session.query(table).delete()
        session.query(portal_rows.Incoming).delete()
    assert "No space opens" in caller.come_back().text
    own = sides.hub_side
    rebuilt = rebuilding.rebuild(
        own.database, opener=own.opener, voice=own.voice, portal_key=own.trust.sealing, now=clock.now()
    )
    assert (rebuilt.spaces, rebuilt.without_number) == (1, 0)
    sides.deliver()
    assert count(sides, portal_rows.Case) == 1
    assert caller.come_back().path == "/en/case"


@SQLITE
def test_a_restored_hub_learns_from_what_comes_that_a_space_is_there(sides: Sides, colleague: Colleague) -> None:
    said = take(colleague, **{"taken__number": "code"})
    sides.deliver()
    found = case_of(sides, reference_on(said))
    with sides.hub_side.database.writing() as session:  # as a backup from before the code has it
        case = session.get_one(rows.Case, found.id)
        case.facts = {**case.facts, SPACE: "none"}
    caller = with_number(sides, reference_on(said), code_on(said))
    sides.deliver()
    assert SPACE not in case_of(sides, reference_on(said)).facts
    colleague.write(colleague.case(reference_on(said)), "Still here.")
    sides.deliver()
    assert "Still here." in caller.come_back().text


# Nothing lies about


@pytest.mark.rule("rule 7")
def test_nothing_typed_lies_about_at_either_side(
    sides: Sides, at_desk: Callable[[str], Colleague], caplog: pytest.LogCaptureFixture
) -> None:
    """A word of its own in every field, kept, sent and looked for: in no clear column, no address, no line of a log."""
    colleague = at_desk(GATEKEEPER)
    page = begin_call(colleague)
    typed = [
        each.name for each in page.form("taken-words").controls if each.kind in {"text", "tel", "email", "textarea"}
    ]
    words = {name: f"Qzw{number:03d}Кенар" for number, name in enumerate(typed)}
    phones = {
        name: f"07700 900{number:03d}"
        for number, name in enumerate(typed)
        if name.endswith(("call-address", "text-address", "relay-address"))
    }
    words |= phones | {"reply-email-address": "qzw777@example.org"}
    ways = ("call", "text", "email", "letter", "relay", "bsl", "trusted")
    chosen: dict[str, Any] = {**words, "reply-contact": "yes", "reply-ways": ways, "who-who": "professional"}
    with caplog.at_level(logging.DEBUG):
        page = keep_call(colleague, page, chosen)
        addresses = [page.url]
        said = send_call(colleague, page, {"taken-asked_how": True, "taken-said_yes": True, "taken-number": "code"})
        found = colleague.client.visit("/find")
        found = colleague.client.submit(found, found.form("wanted"), {"wanted": words["reply-name"]})
        assert reference_on(said) in "".join(found.text.split())
        addresses += [said.url, found.url]
        sides.deliver()
    needles = {each for word in words.values() for each in disguises(word)}
    needles |= {each for word in phones.values() for each in disguises(word.replace(" ", ""))}
    places = {"log": caplog.text.encode(), "addresses": " ".join(addresses).encode()}
    for side in (sides.portal_side, sides.hub_side):
        with side.database.engine.connect() as connection:
            for table in (portal_rows.Case if side is sides.portal_side else rows.Case).metadata.sorted_tables:
                cells = [cell for row in connection.execute(table.select()) for cell in row]
                places[table.name + side.settings.side] = b"\0".join(
                    cell if isinstance(cell, bytes) else repr(cell).encode() for cell in cells
                )
    assert [name for name, content in places.items() if any(needle in content for needle in needles)] == []
    assert len(typed) > 30
