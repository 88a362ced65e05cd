"""Limits for each client: a calm page that keeps everything, others who never notice, and nothing that tells who it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import pytest
import time_machine
from sqlalchemy import delete, func, select
from sqlalchemy.exc import OperationalError

from app.adapters import numbers
from app.data import portal as rows
from app.data.database import Database
from app.domain.limits import CLIENT, EVERYBODY, Kind, Rate, bucket_of, network_of
from app.forms.search import MOST as LONGEST_SEARCH
from app.services.portal import limits
from app.services.portal.limits import Together
from app.settings import Side
from app.web import clock, sizes
from app.web.portal import Portal
from tests.harness.clients import BrowsingClient
from tests.harness.databases import SIDES, Copies, EngineName
from tests.harness.day import travel
from tests.harness.pages import Page
from tests.harness.people import Person
from tests.harness.sides import Sides
from tests.stories import PARENT, READER

HEADER = "X-Whose"
ABUSER, REFUGE, SIXTH = "88.77.66.55", "81.2.69.142", "2a00:1450:4009:800::77"
MEANWHILE = "meanwhile"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """Both sides behind a proxy that says whose each request is: one for all tests here, which each begin with full buckets."""
    folder = tmp_path_factory.mktemp("data")
    copies = Copies("sqlite", folder)
    urls: dict[Side, str] = {side: copies.make(side) for side in SIDES}
    with travel():
        made = Sides(folder, database_urls=urls, environ={"CLIENT_HEADER": HEADER})
    yield made
    made.close()
    copies.drop()


@pytest.fixture
def sides(site: Sides, monkeypatch: pytest.MonkeyPatch) -> Sides:
    """The site with nothing taken."""
    with site.portal_side.database.writing() as session:
        session.execute(delete(rows.Taken))
    monkeypatch.setitem(site.portal.extensions, "side", replace(site.portal_side, together=Together()))
    return site


@pytest.fixture
def database(engine_name: EngineName, tmp_path: Path) -> Iterator[Database]:
    """A portal's database, on either engine."""
    copies = Copies(engine_name, tmp_path)
    made = Database(copies.make("portal"))
    yield made
    made.close()
    copies.drop()


def visitor(sides: Sides, address: str) -> BrowsingClient:
    """A browser at an address."""
    client = sides.portal_client()
    client.environ_base["HTTP_" + HEADER.upper().replace("-", "_")] = address
    client.environ_base["HTTP_USER_AGENT"] = "Canary-Browser/7731"
    return client


def bucket(sides: Sides, address: str) -> int:
    network = network_of(address)
    assert network is not None
    return bucket_of(network, sides.portal_side.salts.of(clock.now()))


def use_up(sides: Sides, kind: Kind, address: str) -> None:
    """Somebody at this address has taken all there is, and a little more."""
    rate = CLIENT[kind]
    full_at = clock.now() + rate.fills_in + timedelta(seconds=30 * rate.seconds_each)
    with sides.portal_side.database.writing() as session:
        session.merge(rows.Taken(kind=kind.value, bucket=bucket(sides, address), full_at=full_at))


def written(found: Sides | Database) -> dict[tuple[str, int], datetime]:
    database = found if isinstance(found, Database) else found.portal_side.database
    with database.reading() as session:
        return {(row.kind, row.bucket): row.full_at for row in session.scalars(select(rows.Taken))}


def assert_asked_to_wait(page: Page) -> None:
    assert page.status == 429
    assert int(page.headers["Retry-After"]) >= 5
    assert "999" in page.part(MEANWHILE)
    assert page.root.find(MEANWHILE) is not None


def cases(sides: Sides) -> int:
    with sides.portal_side.database.reading() as session:
        return session.scalar(select(func.count()).select_from(rows.Case)) or 0


def wrong(sides: Sides) -> str:
    return numbers.make_number(sides.portal_side.office.peppers)


# The use cases, on both engines


def test_as_many_as_there_are_then_a_wait_that_is_over_when_it_said(
    database: Database, day: time_machine.Traveller
) -> None:
    kind, rate = Kind.SEARCH, CLIENT[Kind.SEARCH]

    def ask(of: int = 5) -> float:
        return limits.seconds_to_wait(database, Together(), kind, bucket=of, now=clock.now())

    day.move_to(clock.now().replace(microsecond=0), tick=False)
    with database.writing_by_hand() as hand:
        for _ in range(rate.at_once):
            limits.take(hand, kind, bucket=5, now=clock.now())
    assert ask() == rate.seconds_each
    assert ask(6) == 0, "nobody else waits"
    day.shift(timedelta(seconds=rate.seconds_each))
    assert ask() == 0


def test_a_clock_that_was_put_back_is_written_right_again(database: Database) -> None:
    now = clock.now().replace(microsecond=0)
    with database.writing() as session:
        session.add(rows.Taken(kind="search", bucket=1, full_at=now + timedelta(days=400)))
    assert limits.seconds_to_wait(database, Together(), Kind.SEARCH, bucket=1, now=now) == 0
    with database.writing_by_hand() as hand:
        limits.take(hand, Kind.SEARCH, bucket=1, now=now)
    assert written(database) == {("search", 1): now + timedelta(seconds=1)}


def test_a_bucket_that_is_full_again_goes_with_the_next_pass(sides: Sides, day: time_machine.Traveller) -> None:
    client = visitor(sides, REFUGE)
    client.post("/en/search", data={"words": "money"})
    client.post("/en/return", data={"number": wrong(sides)})
    assert set(written(sides)) == {("search", bucket(sides, REFUGE)), ("numbers", bucket(sides, REFUGE))}
    day.shift(timedelta(seconds=3))
    sides.deliver()
    assert set(written(sides)) == {("numbers", bucket(sides, REFUGE))}
    day.shift(timedelta(seconds=10))
    sides.deliver()
    assert written(sides) == {}


@pytest.mark.rule("rule 4")
def test_a_new_day_throws_salt_and_rows_away_with_its_first_pass(sides: Sides, day: time_machine.Traveller) -> None:
    use_up(sides, Kind.NUMBERS, ABUSER)
    salt, before = sides.portal_side.salts.of(clock.now()), bucket(sides, ABUSER)
    day.move_to(clock.now().replace(hour=23, minute=59, second=50))
    use_up(sides, Kind.NUMBERS, ABUSER)
    day.shift(timedelta(seconds=15))
    sides.deliver()
    assert written(sides) == {}, "though it would not have been full for half an hour"
    assert bucket(sides, ABUSER) != before
    held = b"".join(path.read_bytes() for path in sides.data_dir.rglob("*") if path.is_file())
    assert salt not in held
    assert salt.hex().encode() not in held


def test_each_thing_that_is_limited_writes_one_row_where_it_is_kept(sides: Sides) -> None:
    somebody = Person(visitor(sides, SIXTH), PARENT)
    somebody.ask()
    assert {kind for kind, _ in written(sides)} == {"drafts", "requests"}
    somebody.come_back()
    assert {kind for kind, _ in written(sides)} == {"drafts", "requests"}, "a number that opens costs nothing"
    somebody.write("Hello.")
    client = somebody.client
    page = client.visit("/en/feedback")
    client.submit(page, page.form("feedback_id"), {"words": "x"})
    client.post_form("/en/search", {"words": "money"})
    client.post_form("/en/return", {"number": wrong(sides)})
    client.post_form("/en/return/collect", {"reference": somebody.reference, "code": "0000000000"})
    client.post_form("/en/handover", {"reference": "12345678", "code": "1234567812345678"})
    assert set(written(sides)) == {(kind.value, bucket(sides, SIXTH)) for kind in Kind}


def test_without_an_agreed_header_nothing_is_written(sides: Sides) -> None:
    client = sides.portal_client()
    client.environ_base["HTTP_X_FORWARDED_FOR"] = ABUSER
    Person(client, READER).ask()
    client.post("/en/return", data={"number": wrong(sides)})
    client.post("/en/search", data={"words": "money"})
    assert written(sides) == {}


def test_each_is_one_statement_that_adds_up_and_the_sweep_takes_what_is_full(database: Database) -> None:
    now = clock.now().replace(microsecond=0)
    for _ in range(5):
        with database.writing_by_hand() as hand:
            limits.take(hand, Kind.SPACE, bucket=2**14 - 1, now=now)
    assert written(database) == {("space", 2**14 - 1): now + timedelta(seconds=30)}
    with database.writing() as session:
        assert rows.sweep(session, now=now + timedelta(seconds=29)) == 0
        assert rows.sweep(session, now=now + timedelta(seconds=30)) == 1
    with database.writing_by_hand() as hand:
        limits.take(hand, Kind.NUMBERS, bucket=0, now=now)
    limits.forget(database)
    assert written(database) == {}


# Wrong numbers


@pytest.mark.rule("rule 13")
def test_nobody_is_locked_out_by_wrong_numbers_not_even_at_the_same_address(sides: Sides) -> None:
    owner = Person(visitor(sides, REFUGE), READER)
    owner.ask()
    use_up(sides, Kind.NUMBERS, REFUGE)
    use_up(sides, Kind.NUMBERS, ABUSER)
    before = written(sides)
    for address in (REFUGE, ABUSER, SIXTH):
        assert Person(visitor(sides, address), READER).come_back(owner.number).path == "/en/case"
    assert visitor(sides, ABUSER).post("/en/return", data={"number": wrong(sides)}).status_code == 422
    assert written(sides) == before, "whoever is over waits no longer for trying on"


@pytest.mark.rule("rule 13")
def test_while_the_narrow_way_is_taken_its_people_wait_and_others_do_not(sides: Sides) -> None:
    owner = Person(visitor(sides, REFUGE), READER)
    owner.ask()
    use_up(sides, Kind.NUMBERS, ABUSER)
    narrow = sides.portal_side.office.narrow
    with narrow.taken():
        narrow._room.acquire(blocking=False)  # type: ignore[union-attr]
        for digits in (owner.number, wrong(sides)):  # right and wrong alike
            page = visitor(sides, ABUSER).post_form("/en/return", {"number": digits})
            assert_asked_to_wait(page)
            typed = str(dict(page.form("number").filled())["number"])
            assert "".join(typed.split()) == digits, "what was typed is kept"
            assert "data-again" in page.html, "and the page tries again by itself"
        assert Person(visitor(sides, SIXTH), READER).come_back(owner.number).path == "/en/case"
        narrow._room.release()  # type: ignore[union-attr]
    assert Person(visitor(sides, ABUSER), READER).come_back(owner.number).path == "/en/case"


# Everything else


@pytest.mark.parametrize("language", ["en", "ur", "uk"])
def test_a_draft_too_many_waits_with_what_was_typed_and_one_that_is_there_goes_on(sides: Sides, language: str) -> None:
    begun = visitor(sides, ABUSER)
    page = begun.visit(f"/{language}/refer/")
    page = begun.submit(page, page.form("device"), {"device": "shared"})
    use_up(sides, Kind.DRAFTS, ABUSER)
    page = begun.submit(page, page.form("who"), {"who": "me"})
    assert page.status == 200, "whoever has begun is never stopped half-way"
    another = visitor(sides, ABUSER)
    page = another.visit(f"/{language}/refer/")
    page = another.submit(page, page.form("device"), {"device": "own"})
    assert_asked_to_wait(page)
    assert dict(page.form("device").filled())["device"] == "own"
    assert not another.get_cookie("portal-d")
    elsewhere = visitor(sides, REFUGE)
    page = elsewhere.visit(f"/{language}/refer/")
    assert elsewhere.submit(page, page.form("device"), {"device": "own"}).path == f"/{language}/refer/who"


def test_a_request_too_many_keeps_its_answers_and_goes_a_little_later(
    sides: Sides, day: time_machine.Traveller
) -> None:
    somebody = Person(visitor(sides, ABUSER), PARENT)
    checked, before = somebody.fill_in(), cases(sides)
    use_up(sides, Kind.REQUESTS, ABUSER)
    page = somebody.client.submit(checked, checked.form("revision"))
    assert_asked_to_wait(page)
    assert page.path == "/en/refer/check"
    assert "still here" in page.text
    assert cases(sides) == before
    day.shift(timedelta(seconds=int(page.headers["Retry-After"])))
    somebody.send(page)


def test_other_forms_keep_what_was_written_too(sides: Sides) -> None:
    client = visitor(sides, ABUSER)
    for kind in (Kind.POOL, Kind.SEARCH, Kind.SPACE):
        use_up(sides, kind, ABUSER)
    page = client.visit("/en/feedback")
    page = client.submit(page, page.form("feedback_id"), {"words": "Кенар"})
    assert_asked_to_wait(page)
    assert dict(page.form("feedback_id").filled())["words"] == "Кенар"
    page = client.visit("/en/survey")
    page = client.submit(page, page.form("answer_id"), {"sex": "female"})
    assert_asked_to_wait(page)
    assert dict(page.form("answer_id").filled())["sex"] == "female"
    page = client.post_form("/en/search", {"words": "I want to die"})
    assert_asked_to_wait(page)
    assert dict(page.form("words").filled())["words"] == "I want to die"
    assert page.root.find("now") is not None, "whom to turn to now is said all the same"
    somebody = Person(client, READER)
    somebody.ask()
    somebody.come_back()
    page = somebody.write("Кенар")
    assert_asked_to_wait(page)
    assert dict(page.form("text").filled())["text"] == "Кенар"


def test_what_all_together_may_begin_is_left_for_those_who_have_begun_next_to_nothing(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast("dict[Kind, Rate]", EVERYBODY), Kind.DRAFTS, Rate(10, 3600))

    def begin(client: BrowsingClient) -> int:
        return client.post("/en/refer/start", data={"step": "start", "device": "own"}).status_code

    nobody = sides.portal_client  # an onion service says no address: these share what all have
    assert [begin(nobody()) for _ in range(10)] == [303] * 8 + [429] * 2
    assert begin(visitor(sides, REFUGE)) == 303, "the last fifth"
    assert begin(visitor(sides, SIXTH)) == 303
    assert begin(visitor(sides, ABUSER)) == 429


def test_a_limit_that_cannot_be_asked_keeps_nobody_out(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_values: object) -> None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr(rows, "full_at", fail)
    monkeypatch.setattr(rows, "take", fail)
    client = visitor(sides, ABUSER)
    assert client.post("/en/search", data={"words": "money"}).status_code == 200
    assert client.post("/en/return", data={"number": wrong(sides)}).status_code == 422


# Nothing of an address


@pytest.mark.rule("rule 4")
def test_no_address_and_no_browser_stays_anywhere(
    sides: Sides, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for address in (ABUSER, SIXTH):
            client = visitor(sides, address)
            Person(client, PARENT).ask()
            use_up(sides, Kind.POOL, address)
            pages += [
                client.post(path, data=data).get_data(as_text=True)
                for path, data in (
                    ("/en/return", {"number": wrong(sides)}),
                    ("/en/feedback", {"words": "x"}),
                    ("/en/nowhere", {}),
                    ("/en/search", {"words": "x" * (LONGEST_SEARCH + 1)}),
                )
            ]
        monkeypatch.setitem(sides.portal.view_functions, "portal.return_", _fail)
        pages.append(client.post("/en/return", data={"number": "1"}).get_data(as_text=True))
        sides.deliver()
    needles = {b"Canary-Browser", b"88.77.66", b"2a00:1450"}
    needles |= {ip_address(each).packed for each in (ABUSER, SIXTH)} | {ip_address(SIXTH).packed[:7]}
    needles |= {each.hex().encode() for each in needles}
    kept = {str(path): path.read_bytes() for path in sides.data_dir.rglob("*") if path.is_file()}
    kept |= {"log": caplog.text.encode(), "pages": "".join(pages).encode()}
    assert any(name.endswith("portal.sqlite3") for name in kept)
    assert [(name, needle) for name, content in kept.items() for needle in needles if needle in content] == []
    assert "Failed" in caplog.text or "a page failed" in caplog.text


def _fail(**_values: object) -> None:
    raise RuntimeError(ABUSER)


# Robots


def with_time(sides: Sides) -> None:
    own: Portal = sides.portal_side
    sides.portal.extensions["side"] = replace(own, fewest_seconds=2)  # put back by the fixture


def test_the_line_that_nobody_sees_is_asked_about_once_and_nothing_is_lost(sides: Sides) -> None:
    client = visitor(sides, ABUSER)
    page = client.visit("/en/feedback")
    assert page.root.find("subject") is not None
    page = client.submit(page, page.form("feedback_id"), {"words": "Кенар", "subject": "Buy now"})
    assert page.status == 422
    assert dict(page.form("feedback_id").filled())["words"] == "Кенар"
    assert "still here" in page.text
    assert client.submit(page, page.form("feedback_id"), {"subject": "Buy now"}).path == "/en/feedback/sent", (
        "whoever has a browser that fills it in each time is believed"
    )


def test_a_form_that_is_back_at_once_is_asked_about_and_one_that_took_its_time_is_not(
    sides: Sides, day: time_machine.Traveller
) -> None:
    with_time(sides)
    client = visitor(sides, REFUGE)
    day.move_to(clock.now(), tick=False)
    page = client.visit("/en/survey")
    again = client.submit(page, page.form("answer_id"), {"sex": "female"})
    assert again.status == 422
    assert dict(again.form("answer_id").filled())["sex"] == "female"
    assert client.submit(again, again.form("answer_id")).path == "/en/survey/sent"
    day.shift(timedelta(seconds=3))
    assert client.submit(page, page.form("answer_id"), {"sex": "male"}).path == "/en/survey/sent"
    for said in ("", "never", "99999999999", "-1", "٣", str(int(clock.now().timestamp()) + 60)):
        sent = client.post("/en/feedback", data={"words": "x", "made": said})
        assert sent.status_code == 303, "one that does not say when it was made is not judged by it"


def test_a_request_with_the_line_filled_is_never_dropped(sides: Sides) -> None:
    with_time(sides)
    somebody = Person(visitor(sides, REFUGE), PARENT)
    checked = somebody.fill_in()
    page = somebody.client.submit(checked, checked.form("revision"), {"subject": "x"})
    assert page.path == "/en/refer/check"
    assert "still here" in page.text
    somebody.send(page)


def test_nobody_sees_hears_or_reaches_the_line(sides: Sides) -> None:
    page = sides.portal_client().visit("/en/feedback")
    line = page.root.find("subject")
    assert line is not None
    assert (line.attributes["tabindex"], line.attributes["autocomplete"]) == ("-1", "off")
    assert any(each.attributes.get("hidden") is not None and each.find("subject") for each in page.root.all("div"))


# What is too large


@pytest.mark.parametrize("side", SIDES)
def test_what_is_too_large_meets_a_calm_page(sides: Sides, side: Side) -> None:
    client = sides.portal_client() if side == "portal" else sides.hub_client()
    form = "/en/refer/start" if side == "portal" else "/sign-in"
    many = "&".join("a=" for _ in range(sizes.MOST_FIELDS + 1))
    for expected, response in (
        (431, client.get(form, headers={"X-Large": "x" * sizes.MOST_HEADER_BYTES})),
        (431, client.post(form, headers={f"X-{each}": "x" * 1000 for each in range(20)})),
        (414, client.get(form, query_string="x" * (sizes.MOST_QUERY_BYTES + 1))),
        (413, client.post(form, data=many, content_type=sizes.URL_ENCODED)),
        (413, client.post(form, data={str(each): "" for each in range(400)}, content_type="multipart/form-data")),
    ):
        assert response.status_code == expected
        assert "That was too much at once" in response.get_data(as_text=True)
    almost = "&".join("a=" for _ in range(sizes.MOST_FIELDS))
    assert client.post(form, data=almost, content_type=sizes.URL_ENCODED).status_code < 500
    cut = client.post(
        form, data="device=ow", environ_overrides={"CONTENT_LENGTH": "500"}, content_type=sizes.URL_ENCODED
    )
    assert cut.status_code == 400, "half a form is no form"


def test_a_page_that_is_only_read_costs_no_look_at_the_limits(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_values: object) -> None:
        raise AssertionError

    monkeypatch.setattr(limits, "seconds_to_wait", fail)
    monkeypatch.setattr(rows, "full_at", fail)
    client = visitor(sides, REFUGE)
    for path in ("/en/", "/en/refer/start", "/en/return", "/en/feedback", "/en/search", "/en/survey"):
        assert client.visit(path).status == 200
