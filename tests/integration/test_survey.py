"""The questionnaire from the page to the Hub: offered with tact, pooled, shuffled, never lost, never twice, tied to nothing."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import MetaData, func, select
from sqlalchemy.exc import OperationalError

from app.adapters import carriers, sealing
from app.adapters.carriers import CarrierDown, Parcel
from app.adapters.keys import HubPublicKeys, NoSealingKey
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.survey import FEWEST_TOGETHER, Survey
from app.services.hub import post as hub_post
from app.services.portal import survey
from app.web import clock
from tests.harness.clients import BrowsingClient
from tests.harness.pages import Filled, Page
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import BROTHER, FIFTEEN, READER, Story

AskedBy = Callable[..., Person]
sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
SURVEY = "/en/survey"
AGES = ("16-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75-or-more")


def answer(client: BrowsingClient, **answers: Filled) -> Page:
    """Open the page, answer, and send."""
    page = client.visit(SURVEY)
    return client.submit(page, page.form("answer_id"), answers or {"sex": "female"})


def answer_from_all_around(sides: Sides, count: int, **answers: Filled) -> None:
    """So many people answer; their pages are looked at by other tests."""
    client = BrowsingClient(sides.portal, sides.portal.response_class)
    for number in range(count):
        given = answers or {"age": AGES[number % len(AGES)], "district": str(number % 6 + 1)}
        assert client.fetch("POST", SURVEY, data=given).status == 303


def pooled(sides: Sides) -> list[portal_rows.Pooled]:
    with sides.portal_side.database.reading() as session:
        return list(session.scalars(select(portal_rows.Pooled)))


def arrived(sides: Sides) -> list[hub_rows.Survey]:
    with sides.hub_side.database.reading() as session:
        return list(session.scalars(select(hub_rows.Survey)))


def make_pass(sides: Sides, carrier: hub_post.Carrier) -> hub_post.PassMade:
    own = sides.hub_side
    return hub_post.make_pass(
        own.database, carrier, trust=own.trust, keys=own.post_keys, opener=own.opener, now=clock.now()
    )


def everything_in(database: Database, metadata: MetaData) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with database.reading() as session:
        return {
            table.name: sorted(map(tuple, session.execute(select(table))), key=repr) for table in metadata.sorted_tables
        }


class Watching:
    """Carries, and writes down what the portal hands over: in each pass the ids of pooled answers, in their order."""

    def __init__(self, sides: Sides) -> None:
        self._real = carriers.HttpCarrier(sides.portal_url)
        self.passes: list[list[bytes]] = []
        self.lose = False

    def exchange(self, body: bytes, token: str) -> tuple[bytes, str]:
        answer = self._real.exchange(body, token)
        envelopes = [sealing.parse(raw) for _id, raw in carriers.unpack(answer[0]).envelopes]
        self.passes.append([each.header.envelope_id for each in envelopes if each.kind is sealing.Kind.POOLED])
        if self.lose:
            raise CarrierDown("lost on the way back")
        return answer


@pytest.fixture
def watching(sides: Sides) -> Watching:
    return Watching(sides)


# Offered with tact


@sqlite_only
@pytest.mark.requirement("H7")
@pytest.mark.requirement("B2")
@pytest.mark.parametrize("story", [READER, FIFTEEN, BROTHER], ids=lambda story: story.key)
def test_it_is_offered_after_the_number_and_in_the_space_but_not_to_the_young_or_newly_bereaved(
    sides: Sides, person: AskedBy, story: Story
) -> None:
    asking = person(story)
    checked = asking.fill_in()
    assert SURVEY not in checked.html, "never between the questions and the number"
    sent = asking.send(checked)
    offered = story not in (FIFTEEN, BROTHER)
    assert ("then" in sent.form("last_row").names) is offered
    if offered:
        page = asking.client.submit(sent, sent.form("last_row"), press="then")
        assert page.path == SURVEY
        assert asking.client.visit("/en/refer/sent").path == "/en/", "the number is acknowledged"
        assert asking.client.submit(sent, sent.form("last_row"), press="then").path == SURVEY, "pressed twice"
    else:
        asking.keep_number(sent)
    space = asking.come_back()
    assert (SURVEY in space.html) is offered
    for word in ("16", "three months"):
        assert (word in space.text) is (offered and word != "16"), "nothing says why"


@sqlite_only
def test_the_quiet_time_after_a_death_ends(person: AskedBy, day: time_machine.Traveller) -> None:
    asking = person(BROTHER)
    asking.ask()
    day.shift(timedelta(days=90))
    assert SURVEY not in asking.come_back().html
    day.shift(timedelta(days=1))
    assert SURVEY in asking.come_back().html


@sqlite_only
def test_a_death_told_in_the_space_begins_the_quiet_time(
    sides: Sides, person: AskedBy, day: time_machine.Traveller
) -> None:
    asking = person(READER)
    asking.ask()
    assert SURVEY in asking.come_back().html

    def sealed_offer() -> bytes:
        with sides.portal_side.database.reading() as session:
            return session.scalars(select(portal_rows.Offer.sealed)).one()

    def tell(kind: str, **answers: Filled) -> None:
        page = asking.client.visit("/en/case/more/3")
        page = asking.client.submit(page, page.form("kind"), {"kind": kind}, press="choose")
        sent = asking.client.submit(page, page.form("addition_id"), answers)
        assert sent.path in {"/en/case/more/sent", "/en/case/more/next"}

    before = sealed_offer()
    tell("burgled", locks="yes")
    assert SURVEY in asking.space().html
    assert sealed_offer() != before, "written anew for anything, so that the write tells nothing"
    assert len(sealed_offer()) == len(before)
    tell("died", how="road")
    assert SURVEY not in asking.space().html
    assert len(sealed_offer()) == len(before)
    day.shift(timedelta(days=92))
    assert SURVEY in asking.come_back().html


@sqlite_only
def test_whether_it_is_offered_cannot_be_read_from_the_portal(sides: Sides, person: AskedBy) -> None:
    """Every case has one sealed leaf, of one size; and so has every number that is still shown."""
    for story in (READER, FIFTEEN, BROTHER):
        person(story).ask(keep=False)
    rows = everything_in(sides.portal_side.database, portal_rows.PortalRow.metadata)
    assert len(rows["offer"]) == len(rows["case"]) == 3
    assert len({len(sealed) for _case_id, sealed in rows["offer"]}) == 1
    assert len({len(sealed) for _id, _case, sealed, _at in rows["sent"]}) == 1


@sqlite_only
def test_a_space_from_before_the_questionnaire_offers_nothing(sides: Sides, person: AskedBy) -> None:
    asking = person(READER)
    asking.ask()
    with sides.portal_side.database.writing() as session:
        session.delete(session.scalars(select(portal_rows.Offer)).one())
    assert SURVEY not in asking.come_back().html
    page = asking.client.visit("/en/case/more/5")
    assert asking.client.submit(page, page.form("addition_id"), {"text": "More."}).path == "/en/case/more/sent"
    assert SURVEY not in asking.space().html


@sqlite_only
def test_anybody_may_open_it_themselves_and_the_page_tells_what_becomes_of_it(sides: Sides) -> None:
    stranger = sides.portal_client()
    assert SURVEY in [href for href, _words in stranger.visit("/en/feedback").links]
    page = stranger.visit(SURVEY)
    for said in (
        "leave any question",
        "16 or older",
        "not tied to your request",
        "10 or more sets of answers",
        "cannot be changed or taken back",
        "People who work for the Hub can read them",
        "Answering twice counts twice",
    ):
        assert said in page.part("before"), said
    assert "textarea" not in page.html
    assert 'type="text"' not in page.html


# Tied to nothing


@pytest.mark.requirement("H7")
@pytest.mark.requirement("A13")
def test_answering_changes_one_row_of_one_table_and_nothing_tells_whose_it_is(
    sides: Sides, person: AskedBy, colleague: Colleague, caplog: pytest.LogCaptureFixture
) -> None:
    """In somebody's open space, with their cookies, beside everything that the portal and the Hub hold of them."""
    asking = person(READER)
    asking.ask()
    asking.come_back()
    sides.deliver()
    colleague.open(colleague.case(asking.reference))
    sides.deliver()
    own, metadata = sides.portal_side.database, portal_rows.PortalRow.metadata
    before = everything_in(own, metadata)
    with caplog.at_level(logging.DEBUG, logger="app"):
        caplog.clear()
        page = asking.client.visit(SURVEY)
        response = asking.client.post(
            SURVEY, data={"answer_id": page.form("answer_id").filled()[0][1], "orientation": "bi", "district": "4"}
        )
    assert response.status_code == 303
    assert "Set-Cookie" not in response.headers
    assert "Set-Cookie" not in page.headers
    after = everything_in(own, metadata)
    assert {name for name in after if after[name] != before[name]} == {"pool"}
    (row,) = after["pool"]
    assert row[2:] == (0, None), "no time, no order"
    # No value of the row, nor any part of its header, stands anywhere else.
    header = sealing.parse(row[1]).header
    assert header == sealing.Header(database_id=header.database_id, case_id=bytes(16), envelope_id=row[0], number=0)
    elsewhere = {value for name in after if name != "pool" for each in after[name] for value in each}
    assert not elsewhere & set(row[:2])

    # And at the Hub: a row by itself, under an id that no envelope had.
    answer_from_all_around(sides, 9)
    at_hub = sides.hub_side.database
    before_hub = everything_in(at_hub, hub_rows.HubRow.metadata)
    sides.deliver()
    after_hub = everything_in(at_hub, hub_rows.HubRow.metadata)
    changed = {name for name in after_hub if after_hub[name] != before_hub[name]}
    assert changed <= {"survey", "incoming", "post_state"}
    (found,) = [each for each in arrived(sides) if each.answers == {"orientation": "bi"}]
    assert (found.month, found.district) == ("2026-03", 4)
    elsewhere = {
        value
        for name in after_hub
        if name != "survey"
        for each in after_hub[name]
        for value in each
        if isinstance(value, bytes)
    }
    assert found.id not in elsewhere
    assert found.id != row[0]
    cases = {value for each in after_hub["case"] for value in each if isinstance(value, bytes)}
    assert not cases & {value for each in after_hub["incoming"] for value in each if each[0] == row[0]}
    assert after_hub["case"] == before_hub["case"]
    assert after_hub["audit"] == before_hub["audit"]


@sqlite_only
def test_the_count_of_the_post_does_not_tell_when_somebody_answered(sides: Sides) -> None:
    """The count travels with every pass: it would tell the Hub to two seconds."""

    def sent() -> int:
        with sides.portal_side.database.reading() as session:
            return int(post_rows.post_state(session, portal_rows.POST).sent)

    before = sent()
    answer_from_all_around(sides, FEWEST_TOGETHER)
    sides.deliver()
    assert len(arrived(sides)) == FEWEST_TOGETHER
    assert sent() == before


@sqlite_only
def test_the_page_is_the_same_with_and_without_cookies(sides: Sides, person: AskedBy) -> None:
    asking = person(READER)
    asking.ask()
    asking.come_back()

    def without_its_id(page: Page) -> str:
        return page.html.replace(page.form("answer_id").filled()[0][1], "")

    inside, stranger = asking.client.visit(SURVEY), sides.portal_client().visit(SURVEY)
    assert without_its_id(inside) == without_its_id(stranger)
    assert asking.client.visit(f"{SURVEY}/sent").html == sides.portal_client().visit(f"{SURVEY}/sent").html


@sqlite_only
def test_sizes_say_nothing(sides: Sides) -> None:
    answer(sides.portal_client(), sex="female")
    page = sides.portal_client().visit(SURVEY)
    form = page.form("answer_id")
    fullest = {
        name: values[0] if name not in ("got_better", "still_hard") else tuple(values)
        for name in form.names - {"answer_id"}
        if (
            values := [
                each.value for each in form.controls if each.name == name and each.kind != "button" and each.value
            ]
        )
    }
    assert sides.portal_client().submit(page, form, fullest).path == "/en/survey/sent"
    assert len({len(row.body) for row in pooled(sides)}) == 1
    assert len(pooled(sides)) == 2


# Pooled and shuffled


@pytest.mark.requirement("H7")
@pytest.mark.requirement("H6")
def test_they_wait_until_ten_and_arrive_as_codes(sides: Sides, watching: Watching, day: time_machine.Traveller) -> None:
    mine: dict[str, Filled] = {
        "age": "35-44", "gender": "different", "ethnic_group": "white-traveller", "moment": "three-months",
        "wait": "three-days", "doing": "bit-better", "got_better": ("money", "health"), "together": "good",
        "kept-you-decide": "yes", "kept-keep-you-informed": "partly", "sex": "leave", "district": "9",
    }  # fmt: skip
    answer(sides.portal_client(), **mine)
    answer_from_all_around(sides, 8)
    for _ in range(3):
        make_pass(sides, watching)
        day.shift(timedelta(days=20))
    assert not any(watching.passes)
    assert not arrived(sides)
    answer_from_all_around(sides, 1)
    for _ in range(3):
        make_pass(sides, watching)
    assert [len(each) for each in watching.passes] == [0, 0, 0, 10, 0, 0]
    assert not pooled(sides), "what is answered is deleted"
    assert len(arrived(sides)) == 10
    (found,) = [row for row in arrived(sides) if row.district == 9]
    assert found.month == "2026-03", "the month of the answer, not of its arrival"
    assert found.answers == {
        "age": "35-44", "gender": "different", "ethnic_group": "white-traveller", "moment": "three-months",
        "wait": "three-days", "doing": "bit-better", "got_better": ["health", "money"], "together": "good",
        "kept-you-decide": "yes", "kept-keep-you-informed": "partly",
    }  # fmt: skip


@sqlite_only
def test_the_order_of_a_pass_is_not_that_of_arrival_or_of_the_ids(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = sides.portal_side
    answer_from_all_around(sides, FEWEST_TOGETHER)
    by_id = sorted(row.id for row in pooled(sides))
    firsts = set()
    for _ in range(60):
        with own.database.writing() as session:
            order = [pooled_id for pooled_id, _body in survey.take_along(session, now=clock.now())]
            session.rollback()
        assert sorted(order) == by_id
        firsts.add(order[0])
    assert len(firsts) > 5
    assert isinstance(survey._DICE, random.SystemRandom), "not to be guessed from the orders before"


@sqlite_only
def test_the_month_is_that_of_the_clock_here(sides: Sides, day: time_machine.Traveller) -> None:
    """Half past eleven in the evening, UTC, on the last of June is July in London."""
    day.move_to(clock.now().replace(month=6, day=30, hour=23, minute=30))
    answer_from_all_around(sides, FEWEST_TOGETHER)
    sides.deliver()
    assert {row.month for row in arrived(sides)} == {"2026-07"}


# Never lost, never twice


@sqlite_only
def test_sending_twice_counts_once_before_and_after_it_was_carried(sides: Sides) -> None:
    client = sides.portal_client()
    page = client.visit(SURVEY)
    form = page.form("answer_id")
    for answers in ({"sex": "female"}, {"sex": "female"}, {"sex": "male"}):
        assert client.submit(page, form, answers).path == "/en/survey/sent"
    assert len(pooled(sides)) == 1
    answer_from_all_around(sides, 9, age="18-24")
    sides.deliver()
    assert [row.answers for row in arrived(sides)].count({"sex": "female"}) == 1
    # The page was still open somewhere, and is sent once more with the next ten.
    client.submit(page, form, {"sex": "male"})
    answer_from_all_around(sides, 10, age="18-24")
    sides.deliver()
    sides.deliver()
    assert not pooled(sides)
    assert len(arrived(sides)) == 20
    assert {"sex": "male"} not in [row.answers for row in arrived(sides)], "what was sent is never changed"


@sqlite_only
def test_an_answer_of_the_hub_that_is_lost_neither_doubles_nor_lets_a_late_one_stand_alone(
    sides: Sides, watching: Watching, day: time_machine.Traveller
) -> None:
    answer_from_all_around(sides, 10)
    first = {row.id for row in pooled(sides)}
    make_pass(sides, watching)  # the Hub takes them in; its answers would travel with the next pass
    assert len(arrived(sides)) == 10
    with sides.hub_side.database.writing() as session:  # ... and never come there
        for row in session.scalars(select(hub_rows.Incoming)):
            row.answer_due = False
    answer_from_all_around(sides, 1)
    make_pass(sides, watching)
    assert watching.passes[-1] == [], "not again at once"
    day.shift(timedelta(minutes=6))
    make_pass(sides, watching)
    assert set(watching.passes[-1]) == first, "the same ten, and not the one that came since"
    make_pass(sides, watching)
    assert len(arrived(sides)) == 10
    assert [row.id in first for row in pooled(sides)] == [False]


@contextmanager
def dying_in(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, after: int, end: type[BaseException]
) -> Iterator[None]:
    """The work ends when this is called for the time after `after`: nothing after it happens."""
    real, calls = getattr(owner, name), []

    def die(*args: Any, **values: Any) -> Any:
        calls.append(name)
        if len(calls) > after:
            raise end
        return real(*args, **values)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, die)
        with pytest.raises((end, CarrierDown)):  # the courier's own end, or what it sees of the portal's
            yield


def test_killed_between_any_two_steps_loses_none_and_doubles_none(
    sides: Sides, watching: Watching, monkeypatch: pytest.MonkeyPatch, day: time_machine.Traveller
) -> None:
    answer_from_all_around(sides, 12)
    watching.lose = True
    with pytest.raises(CarrierDown):  # the courier dies with twelve in its hands
        make_pass(sides, watching)
    watching.lose = False
    assert len(pooled(sides)) == 12
    for owner, name, after, end in (
        (hub_post, "_open", 4, KeyboardInterrupt),  # four are committed at the Hub, the others are not
        (post_rows, "remember", 1, KeyboardInterrupt),  # a row without its inbox entry is not committed
        (post_rows, "answers_carried", 0, KeyboardInterrupt),  # carried there, and not written down here
        (survey, "let_go", 0, RuntimeError),  # the portal stops before it deletes
        (post_rows, "pass_made", 0, RuntimeError),  # ... or before it commits
    ):
        answer_from_all_around(sides, 10)
        day.shift(timedelta(minutes=6))
        with dying_in(monkeypatch, owner, name, after=after, end=end):
            make_pass(sides, watching)
    for _ in range(2):
        answer_from_all_around(sides, 10)
        for _ in range(3):
            day.shift(timedelta(minutes=6))
            make_pass(sides, watching)
    assert not pooled(sides)
    assert len(arrived(sides)) == 12 + 5 * 10 + 2 * 10
    assert all(len(each) == 0 or len(each) >= FEWEST_TOGETHER for each in watching.passes), "never fewer than ten"


# What goes wrong


@sqlite_only
@pytest.mark.rule("rule 6")
@pytest.mark.parametrize("failure", ["database", "key"])
def test_what_could_not_be_kept_is_said_and_stays_on_the_page(
    sides: Sides, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    client = sides.portal_client()
    page = client.visit(SURVEY)
    answers: dict[str, Filled] = {"age": "25-34", "still_hard": ("money", "social"), "district": "6", "wait": "week"}
    with monkeypatch.context() as broken:
        if failure == "database":

            def full(*_given: object, **_options: object) -> None:
                raise OperationalError("INSERT", {}, Exception("disk full"))

            broken.setattr(portal_rows, "put_in_pool", full)
        else:

            def revoked(*_: object) -> None:
                raise NoSealingKey("revoked")

            broken.setattr(HubPublicKeys, "sealing_key_for", revoked)
        back = client.submit(page, page.form("answer_id"), answers)
    assert back.status == 503
    assert back.title.startswith("Error:")
    assert "Nothing was sent" in back.text
    assert not pooled(sides)
    kept = [pair for pair in back.form("answer_id").filled() if pair[1]]
    assert set(kept) >= {("age", "25-34"), ("still_hard", "money"), ("still_hard", "social"), ("district", "6")}
    assert client.submit(back, back.form("answer_id")).path == "/en/survey/sent"
    assert len(pooled(sides)) == 1


@sqlite_only
def test_an_empty_page_is_said_and_not_sent_and_a_mangled_id_costs_nothing(sides: Sides) -> None:
    client = sides.portal_client()
    page = client.visit(SURVEY)
    back = client.submit(page, page.form("answer_id"))
    assert back.status == 422
    assert "Nothing is filled in yet" in back.text
    assert client.post_form(SURVEY, {"sex": "my own words"}).status == 422
    assert client.post_form(SURVEY, {"district": "77"}).status == 422
    assert not pooled(sides)
    for mangled in ("", "zz", "00", "00" * 40):
        assert client.post_form(SURVEY, {"answer_id": mangled, "sex": "male"}).path == "/en/survey/sent"
    assert len({row.id for row in pooled(sides)}) == 4


@sqlite_only
def test_bad_data_is_refused_kept_aside_alarmed_and_not_sent_again(
    sides: Sides, caplog: pytest.LogCaptureFixture
) -> None:
    """What somebody with the portal's own key could make is no answer yet."""
    own = sides.portal_side
    with own.database.reading() as session:
        database_id = post_rows.post_state(session, portal_rows.POST).database_id

    def forge(plain: bytes, **changes: Any) -> None:
        header = sealing.Header(
            database_id=changes.get("database_id", database_id),
            case_id=sealing.NO_CASE,
            envelope_id=sealing.new_id(),
            number=0,
        )
        body = sealing.seal_to_hub(
            plain,
            kind=sealing.Kind.POOLED,
            header=header,
            hub_key=changes.get("hub_key", own.office.hub_key(clock.now())),
            signer=own.office.signer,
        )
        with own.database.writing() as session:
            portal_rows.put_in_pool(session, header.envelope_id, body)

    good = Survey(month="2026-03", district=4).to_bytes()
    forge(b"not JSON")
    forge(good.replace(b'{"answers":{}', b'{"answers":{"name":"Marie"}'))
    forge(good.replace(b"2026-03", b"2031-01"))
    forge(good, hub_key=bytes(31) + b"\x09")
    forge(good, database_id=bytes(16))
    answer_from_all_around(sides, 5)
    with caplog.at_level(logging.ERROR):
        sides.deliver()
    assert len(arrived(sides)) == 5
    assert not pooled(sides)
    with sides.hub_side.database.reading() as session:
        reasons = sorted(session.scalars(select(hub_rows.Aside.reason)))
        assert session.scalar(select(func.count()).select_from(hub_rows.Case)) == 0
    assert reasons == ["cannot-open", "cannot-read", "cannot-read", "cannot-read", "foreign-database"]
    assert caplog.text.count("an envelope from the portal was refused") == 5
    assert caplog.text.count("the Hub refused an envelope") == 5


@sqlite_only
def test_pooled_answers_that_reach_the_hub_again_make_no_second_row(sides: Sides) -> None:
    answer_from_all_around(sides, 10)
    bodies = [(row.id, row.body) for row in pooled(sides)]
    sides.deliver()
    own = sides.hub_side
    for _ in range(2):
        hub_post.take_in(
            own.database,
            Parcel(envelopes=bodies),
            trust=own.trust,
            keys=own.post_keys,
            opener=own.opener,
            now=clock.now(),
        )
    assert len(arrived(sides)) == 10


@sqlite_only
def test_the_pool_does_not_hold_up_requests_nor_they_the_pool(sides: Sides, person: AskedBy) -> None:
    answer_from_all_around(sides, 10)
    asking = person(READER)
    asking.ask()
    sides.deliver()
    assert len(arrived(sides)) == 10
    assert "Received" in asking.come_back().part("delivery")
