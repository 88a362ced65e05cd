"""Finding somebody at the desk, and putting two cases together: in memory, by two presses, and never past the guard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from app.adapters.numbers import make_reference
from app.data import hub as rows
from app.domain.finding import Query
from app.domain.joined import Tie
from app.services.hub import erasing, finding, joining
from app.services.hub.staff import Identity
from app.web import clock
from tests.harness.calling import reference_on, take
from tests.harness.pages import Page
from tests.harness.people import CO_ORDINATOR, GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT, Story

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
FEARED = {"reply__conflict": "yes", "reply__conflict_who": "Gareth Pell"}
AMIRA = Identity(CO_ORDINATOR, "Amira Novak", "Amira", ("co-ordinator",))
Desks = Callable[[str], Colleague]


@pytest.fixture
def at_desk(sides: Sides) -> Desks:
    """Signs somebody in at the desk."""

    def make(who: str) -> Colleague:
        made = Colleague(sides.hub_client())
        made.sign_in(who)
        return made

    return make


def find(desk: Colleague, wanted: str, **more: Any) -> Page:
    page = desk.client.visit("/find")
    return desk.client.submit(page, page.form("wanted"), {"wanted": wanted, **more})


def found_on(page: Page) -> list[str]:
    """The references of the rows."""
    return ["".join(each.text.split()) for row in page.main.all("tbody") for each in row.all("th")]


def case_id(sides: Sides, reference: str) -> bytes:
    with sides.hub_side.database.reading() as session:
        found = rows.case_by_reference(session, reference)
    assert found is not None
    return found.id


def acts(sides: Sides, *names: str) -> list[tuple[str, bytes | None, str]]:
    with sides.hub_side.database.reading() as session:
        lines = session.scalars(select(rows.Audit).where(rows.Audit.action.in_(names)).order_by(rows.Audit.id))
        return [(each.staff_id, each.case_id, each.detail) for each in lines]


def named(story: Story, name: str, phone: str = "") -> Story:
    """A story with another name and phone."""
    answers = {**story.answers, "reply": {**story.answers["reply"], "name": name}}
    if phone:
        answers["reply"] = {**answers["reply"], "contact": "yes", "ways": ("call",)}
        answers["reply-call"] = {"address": phone, "times": ("any",)}
    return replace(story, answers=answers)


# Finding


@pytest.mark.requirement("E17")
def test_somebody_is_found_by_name_word_number_and_reference_and_only_that_somebody_looked_is_kept(
    sides: Sides, colleague: Colleague, person: Callable[..., Person]
) -> None:
    asked = person(named(PARENT, "Zofia Łęcka", "07700 900555"))
    asked.ask()
    sides.deliver()
    phoned = reference_on(take(colleague))
    for wanted, reference, where in (
        ("lecka", asked.reference, "a name"),
        ("+44 7700 900 555", asked.reference, "how they are reached"),
        ("bus stop", phoned, "something that was written"),
        ("07700900321", phoned, "how they are reached"),
        (f"{phoned[:3]} {phoned[3:]}", phoned, "the reference"),
    ):
        page = find(colleague, wanted)
        assert found_on(page) == [reference], wanted
        assert where in page.text
        assert page.url == "/find", "nothing in the address"
        assert "Never tell a caller whether somebody is known" in page.text
        assert "Łęcka" not in page.html
        assert "waits at" not in page.html
    assert found_on(find(colleague, "nobody of this name")) == []
    lines = acts(sides, finding.SEARCHED)
    assert [each[2] for each in lines] == ["2 opened"] * 4 + ["0 opened"] + ["2 opened"]
    assert {each[1] for each in lines} == {None}
    assert find(colleague, "?").status == 422


@pytest.mark.rule("rule 13")
def test_a_case_for_few_is_not_even_opened_for_others_and_looks_as_if_it_were_not_there(
    sides: Sides, at_desk: Desks, day: time_machine.Traveller
) -> None:
    keeper, desk = at_desk(GATEKEEPER), at_desk(CO_ORDINATOR)
    open_one = reference_on(take(desk))
    day.shift(1.0)  # the newer one comes first
    hidden = reference_on(take(keeper, **FEARED))  # the same caller in every word
    assert found_on(find(desk, "Maria")) == [open_one]
    assert acts(sides, finding.SEARCHED)[-1][2] == "1 opened"
    assert "1 request was looked through" in find(desk, "07700 900321").text
    by_hidden = find(desk, hidden)
    by_unknown = find(desk, _reference_of_nobody(hidden))
    assert found_on(by_hidden) == []
    assert by_hidden.main.text == by_unknown.main.text
    assert found_on(find(keeper, "Maria")) == [hidden, open_one]
    assert found_on(find(keeper, hidden)) == [hidden]


def _reference_of_nobody(taken: str) -> str:
    return next(each for each in iter(make_reference, "") if each != taken)


@SQLITE
@pytest.mark.rule("rule 13")
def test_a_gatekeeper_whom_the_words_name_finds_nothing_of_it(sides: Sides, at_desk: Desks) -> None:
    """At intake nobody knew her name; she is compared before anything is looked through."""
    reference = reference_on(take(at_desk(CO_ORDINATOR), **{**FEARED, "reply__conflict_who": "Farrow"}))
    page = find(at_desk(GATEKEEPER), "Maria")
    assert found_on(page) == []
    assert "looked through" not in page.main.text.partition("Nothing was found")[2]
    assert reference not in "".join(page.text.split())


@SQLITE
def test_a_complaint_is_looked_through_only_by_who_may_know_of_it(
    sides: Sides, at_desk: Desks, person: Callable[..., Person]
) -> None:
    at_desk("dev-carys")
    asked = person(PARENT)
    asked.ask()
    asked.come_back()
    page = asked.client.visit("/en/case/ask/1")
    for number in range(1, 9):
        page = asked.client.visit(f"/en/case/ask/{number}")
        if "omplain" in page.heading:
            break
    asked.client.submit(page, page.form("words"), {"words": "Unmistakable grievance"})
    sides.deliver()
    assert found_on(find(at_desk(CO_ORDINATOR), "unmistakable")) == []
    assert found_on(find(at_desk("dev-carys"), "unmistakable")) == [asked.reference]


@pytest.mark.requirement("E17")
def test_a_press_opens_so_many_and_the_next_looks_further_back(
    sides: Sides, colleague: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    references = [reference_on(take(colleague)) for _ in range(3)]
    monkeypatch.setattr(finding, "MOST_OPENED", 2)
    monkeypatch.setattr(finding, "AT_ONCE", 2)
    first = find(colleague, "Maria")
    assert len(found_on(first)) == 2
    further = colleague.client.submit(first, first.form("after"))
    assert len(found_on(further)) == 1
    assert sorted(found_on(first) + found_on(further)) == sorted(references)
    assert "Look further back" not in further.text
    assert further.url == "/find"
    assert [each[2] for each in acts(sides, finding.SEARCHED)] == ["2 opened", "1 opened"]


@SQLITE
def test_a_press_ends_when_its_time_is_over(sides: Sides, colleague: Colleague) -> None:
    for _ in range(3):
        take(colleague)
    ticks = iter([0.0, 0.5, finding.MOST_SECONDS, 99.0, 99.0])
    found = finding.find(
        sides.hub_side.database,
        Query(words=("maria",)),
        AMIRA,
        opener=sides.hub_side.opener,
        now=clock.now(),
        clock=lambda: next(ticks),
    )
    assert found.opened == len(found.hits) == 2
    assert found.more is not None


# The same person


def look(desk: Colleague, sides: Sides, reference: str) -> Page:
    page = desk.client.visit(f"/cases/{case_id(sides, reference).hex()}/same")
    return desk.client.submit(page, next(form for form in page.forms if form.action.endswith("/same#look")))


@pytest.mark.requirement("D6")
@pytest.mark.requirement("E17")
def test_the_same_phone_is_noticed_a_person_joins_in_two_presses_and_may_undo_it(
    sides: Sides, colleague: Colleague, person: Callable[..., Person]
) -> None:
    asked = person(named(PARENT, "Another name", "07700 900321"))
    other = person(named(PARENT, "Maria", "07700 900999"))
    asked.ask()
    other.ask()
    sides.deliver()
    reference = reference_on(take(colleague, **{"police__district": PARENT.answers["police"].get("district", "")}))
    page = look(colleague, sides, reference)
    assert found_on(page) == [asked.reference], "the same name is no likeness"
    assert "the same phone number" in page.part("alike")
    assert [each[2] for each in acts(sides, finding.SEARCHED)] == [page.part("opened").split()[0] + " opened"]
    first = colleague.client.submit(page, page.form("tie"), {}, press="tie")
    assert first.heading == "Join two cases?"
    assert acts(sides, "joined") == [], "one press joins nothing"
    own, theirs = case_id(sides, reference), case_id(sides, asked.reference)
    joined = colleague.client.submit(first, first.form("sure"))
    again = colleague.client.submit(first, first.form("sure"))
    assert "Amira Novak" in joined.part("joined")
    assert asked.reference in "".join(again.part("joined").split())
    assert {(each[1], each[2]) for each in acts(sides, "joined")} == {(own, "same"), (theirs, "same")}
    assert len(acts(sides, "joined")) == 2, "pressed twice, joined once"
    assert reference in "".join(colleague.client.visit(f"/cases/{theirs.hex()}/same").part("joined").split())
    with sides.hub_side.database.reading() as session:
        assert joining.people(session, [own, theirs, case_id(sides, other.reference)]) == 2
    assert found_on(look(colleague, sides, reference)) == []
    parted = colleague.client.submit(joined, joined.form("other"), {}, press="other")
    assert "Amira Novak" not in parted.main.text
    assert len(acts(sides, "parted")) == 2
    sides.deliver()
    assert "Maria" not in asked.come_back().text, "nobody is told about another"


@SQLITE
@pytest.mark.requirement("D6")
def test_a_reference_in_their_words_is_noticed_either_way(sides: Sides, colleague: Colleague) -> None:
    earlier = reference_on(take(colleague, **{"reply__call__address": "", "reply-call-address": "07700 900111"}))
    later = reference_on(
        take(colleague, **{"reply-call-address": "07700 900222", "taken__earlier": f"{earlier[:3]} {earlier[3:]}"})
    )
    for one, other in ((later, earlier), (earlier, later)):
        page = look(colleague, sides, one)
        assert found_on(page) == [other]
        assert "one names the reference of the other" in page.part("alike")


@pytest.mark.rule("rule 13")
def test_a_pair_with_a_case_for_few_shows_only_to_who_may_see_both(sides: Sides, at_desk: Desks) -> None:
    keeper, desk = at_desk(GATEKEEPER), at_desk(CO_ORDINATOR)
    open_one, hidden = reference_on(take(desk)), reference_on(take(keeper, **FEARED))
    open_id, hidden_id = case_id(sides, open_one), case_id(sides, hidden)
    before = desk.client.visit(f"/cases/{open_id.hex()}").main.text
    assert found_on(look(desk, sides, open_one)) == []
    keeper.open(keeper.case(open_one))
    seen = desk.client.visit(f"/cases/{open_id.hex()}").main.text
    page = look(keeper, sides, open_one)
    assert found_on(page) == [hidden]
    first = keeper.client.submit(page, page.form("tie"), {}, press="tie")
    assert hidden in "".join(keeper.client.submit(first, first.form("sure")).part("joined").split())
    assert acts(sides, "joined") == []
    assert [each[1] for each in acts(sides, "joined-hidden")] == [hidden_id]
    theirs = desk.client.visit(f"/cases/{open_id.hex()}/same")
    assert theirs.main.find("joined") is None
    after = desk.client.visit(f"/cases/{open_id.hex()}").main.text
    # That a gatekeeper looked for the same person is on the trail, as it is for any case; that there was one is not.
    assert "joined" not in after
    assert len(before) <= len(seen) <= len(after)
    token = dict(theirs.form("reference").filled())["csrf_token"]
    guess = {"csrf_token": token, "tie": "same"}
    path = f"/cases/{open_id.hex()}"
    by_hidden = desk.client.post_form(f"{path}/join", {**guess, "reference": hidden})
    by_unknown = desk.client.post_form(f"{path}/join", {**guess, "reference": _reference_of_nobody(hidden)})
    assert by_hidden.status == by_unknown.status == 422
    assert "There is no other case with this reference" in by_hidden.text
    for door, data in (("same", {}), ("join", {**guess, "reference": open_one}), ("part", {"other": open_id.hex()})):
        answers = [
            desk.client.fetch("POST", f"/cases/{each}/{door}", data={**data, "csrf_token": token})
            for each in (hidden_id.hex(), "ab" * 16)
        ]
        assert [each.status for each in answers] == [404, 404], door
        assert answers[0].html == answers[1].html
    with pytest.raises(joining.NoSuchCase), sides.hub_side.database.writing() as session:
        joining.part(session, open_id, hidden_id, who=AMIRA, now=clock.now())
    with pytest.raises(joining.NoSuchCase), sides.hub_side.database.writing() as session:
        joining.join(session, open_id, hidden_id, tie=Tie.LINKED, who=AMIRA, now=clock.now())


@pytest.mark.requirement("E17")
def test_relatives_are_linked_and_stay_two_people_and_erasing_one_parts_them(
    sides: Sides, colleague: Colleague
) -> None:
    own, theirs = (case_id(sides, reference_on(take(colleague))) for _ in range(2))
    database = sides.hub_side.database
    for tie, people in ((Tie.SAME, 1), (Tie.LINKED, 2)):
        with database.writing() as session:
            joining.join(session, own, theirs, tie=tie, who=AMIRA, now=clock.now())
        with database.reading() as session:
            assert [each.tie for each in joining.joined_to(session, theirs, AMIRA)] == [tie]
            assert joining.people(session, [own, theirs]) == people
    with pytest.raises(joining.CannotJoin), database.writing() as session:
        joining.join(session, own, own, tie=Tie.SAME, who=AMIRA, now=clock.now())
    erasing.erase(
        database, theirs, portal_key=sides.hub_side.trust.sealing, voice=sides.hub_side.voice, now=clock.now()
    )
    with database.reading() as session:
        assert joining.joined_to(session, own, AMIRA) == []
        assert session.scalars(select(rows.Joined)).all() == []


@SQLITE
def test_looking_needs_the_request_to_be_open(sides: Sides, colleague: Colleague, at_desk: Desks) -> None:
    page = look(at_desk("dev-ben"), sides, reference_on(take(colleague)))
    assert page.status == 422
    assert "Open the request first." in page.text
    assert acts(sides, finding.SEARCHED) == []
