"""Another agency's case system: it gets what the person agreed to and not a word more, and learns when to delete it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select, update

from app import factory
from app import settings as settings_module
from app.data import hub as rows
from app.domain.change import Change
from app.domain.sharing import Limit, Purpose
from app.services.hub import api, clients, erasing
from app.web import clock
from tests.harness.databases import SIDES, Copies, EngineName
from tests.harness.day import travel
from tests.harness.inside import Inside
from tests.harness.machines import Machine, agree, new_machine, opened, read, record
from tests.harness.pages import Page
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
AGENCY, OTHER = "victim-support", "samaritans"
UNKNOWN = "ab" * 16
NOTE = "Please ring my sister first, Кенар"
KEY = "8e03978e-40d5-43dd"
HEARING = {"milestone": "hearing", "on": "2026-03-17", "time": "10:30"}


@dataclass(frozen=True)
class Prepared:
    """Both sides as they are once a parent has said yes to being passed on, to copy for each test: where, and who."""

    folder: Path
    number: str
    client_id: str
    secret: str


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Made once: walking there takes longer than what is tested here."""
    folder = tmp_path_factory.mktemp("prepared") / "data"
    with travel():
        copies = Copies("sqlite", folder)
        sides = Sides(folder, database_urls={side: copies.make(side) for side in SIDES})
        own = said_yes(sides, Person(sides.portal_client(), PARENT))
        machine = new_machine(sides, AGENCY, Purpose.SUPPORT, Purpose.CASE_NEWS)
        sides.close()
    return Prepared(folder, own.person.number, machine.id, machine.secret)


@pytest.fixture
def agreeing(
    engine_name: EngineName, request: pytest.FixtureRequest, tmp_path: Path, day: time_machine.Traveller
) -> Iterator[tuple[Inside, Machine]]:
    """A parent who has said yes to being passed on, and the agency's system, which may fetch and send."""
    if engine_name == "postgresql":
        sides: Sides = request.getfixturevalue("new_sides")()
        inside = said_yes(sides, Person(sides.portal_client(), PARENT))
        yield inside, new_machine(sides, AGENCY, Purpose.SUPPORT, Purpose.CASE_NEWS)
        return
    made: Prepared = request.getfixturevalue("prepared")
    folder = Path(shutil.copytree(made.folder, tmp_path / "data"))
    sides = Sides(folder)
    inside = Inside.__new__(Inside)
    inside.sides, inside.person = sides, Person(sides.portal_client(), PARENT)
    inside.person.number = made.number
    inside.opened = inside.come_in()
    inside.person.come_back()
    sides.deliver()
    yield inside, Machine(sides, made.client_id, made.secret)
    sides.close()


def said_yes(sides: Sides, person: Person) -> Inside:
    inside = Inside(sides, person)
    colleague = Colleague(sides.hub_client())
    colleague.sign_in()
    agree(inside, colleague, AGENCY, note=NOTE)
    return inside


@pytest.fixture
def inside(agreeing: tuple[Inside, Machine]) -> Inside:
    return agreeing[0]


@pytest.fixture
def machine(agreeing: tuple[Inside, Machine]) -> Machine:
    return agreeing[1]


@pytest.fixture
def at_desk(inside: Inside) -> Colleague:
    """A co-ordinator, signed in."""
    made = Colleague(inside.sides.hub_client())
    made.sign_in()
    return made


@pytest.fixture
def agreed(inside: Inside, at_desk: Colleague) -> Page:
    """Their case, open at the desk; nothing was recorded yet."""
    return opened(at_desk, inside.person)


@pytest.fixture
def case(at_desk: Colleague, agreed: Page) -> Page:
    """Their case, with a consent to fetch it."""
    assert "May be fetched" in record(at_desk, agreed).part("consents")
    return agreed


def narrow(sides: Sides, *kinds: str) -> None:
    """As though these kinds alone had been agreed."""
    with sides.hub_side.database.writing() as session:
        session.execute(update(rows.Handover).values(kinds=list(kinds)))


def id_of(case: Page) -> str:
    return case.path.rpartition("/")[2]


def events(machine: Machine, **query: Any) -> list[tuple[str, str | None, str, bool]]:
    found = read(machine.get("/changes", **query))["events"]
    return [(each["what"], each["why"], each["delete"], each["repeated"]) for each in found]


def cursor(machine: Machine) -> str:
    return str(read(machine.get("/changes"))["cursor"])


def acts(sides: Sides, case: Page, who: str) -> list[tuple[str, str]]:
    """What the audit says that somebody did to a case, oldest first."""
    with sides.hub_side.database.reading() as session:
        found = rows.audit_of(session, bytes.fromhex(id_of(case)))
    return [(line.action, line.detail) for line in reversed(found) if line.staff_id == who]


# Who is let in


@SQLITE
def test_without_a_client_there_is_nothing(sides: Sides) -> None:
    nobody = Machine(sides, "ab" * 8, "x" * 43)
    assert nobody.sign_in().status_code == 401
    nobody.token = "x" * 43
    for path in ("/cases", f"/cases/{UNKNOWN}", "/changes"):
        assert nobody.get(path).status_code == 401
    for path in ("milestones", "statuses"):
        assert nobody.post(f"/cases/{UNKNOWN}/{path}", {}, key=KEY).status_code == 401
    for path in ("/openapi.json", "/docs", "/", "/anything"):
        refused = nobody.open("GET", path)
        assert (refused.status_code, read(refused)["code"]) == (404, "not-found")
    assert "There is no client" in sides.run("api_group", "client", "list", side="hub")


def test_a_client_is_let_in_by_its_secret_until_it_is_revoked(sides: Sides) -> None:
    machine = new_machine(sides, AGENCY)
    sides.deliver()
    assert machine.get("/cases").status_code == 200
    with sides.hub_side.database.reading() as session:
        row = session.get_one(rows.ApiClient, machine.id)
        assert row.secret_hash.startswith("$argon2id$")
        assert session.get(rows.ApiToken, machine.token.encode()) is None, "only a hash of it is kept"
    listed = sides.run("api_group", "client", "list", side="hub")
    assert machine.id in listed
    assert machine.secret not in listed
    sides.run("api_group", "client", "revoke", machine.id, side="hub")
    assert machine.get("/cases").status_code == 401
    assert machine.sign_in().status_code == 401
    assert "revoked" in sides.run("api_group", "client", "list", side="hub")


@SQLITE
def test_a_refused_client_learns_nothing_of_why(sides: Sides) -> None:
    machine = new_machine(sides, AGENCY)
    wrong, unknown = Machine(sides, machine.id, "x" * 43), Machine(sides, "ab" * 8, machine.secret)
    answers = {each.sign_in().get_data() for each in (wrong, unknown)}
    for header in ("Basic", "Basic !!!", "Basic /w==", "Basic YWJj", "Bearer x", "Basic YTpi", "Basic é"):
        refused = machine.open(
            "POST", "/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
        )
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Basic ")
        answers.add(refused.get_data())
    assert len(answers) == 1
    assert read(wrong.sign_in())["error"] == "invalid_client"


@SQLITE
def test_a_token_says_what_it_is_for_and_ends(sides: Sides, day: time_machine.Traveller) -> None:
    machine = new_machine(sides, AGENCY, Purpose.CASE_NEWS)
    form = {"grant_type": "client_credentials", "client_id": machine.id, "client_secret": machine.secret}
    given = read(machine.open("POST", "/token", data=form))
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 600, "cases:read news:write")
    assert read(machine.sign_in(scope="news:write"))["scope"] == "news:write"
    refused = machine.get("/cases")
    assert (refused.status_code, read(refused)["code"]) == (403, "scope")
    for fields, error in (
        ({"scope": "everything"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ):
        refused = machine.sign_in(**fields)
        assert (refused.status_code, read(refused)["error"]) == (400, error)
    twice = machine.open("POST", "/token", data={**form, "scope": ["cases:read", "news:write"]})
    assert (twice.status_code, read(twice)["error"]) == (400, "invalid_request")
    in_address = machine.open("POST", "/token", data={"grant_type": "client_credentials"}, query_string=form)
    assert in_address.status_code == 401, "a secret in an address is not read"
    assert machine.open("POST", "/token", json=form).status_code == 415
    helper = new_machine(sides, AGENCY, Purpose.SUPPORT)
    assert read(helper.sign_in(scope="news:write"))["error"] == "invalid_scope"
    assert machine.sign_in().status_code == 200
    sides.deliver()
    day.shift(timedelta(minutes=10, seconds=1))
    ended = machine.get("/cases")
    assert ended.status_code == 401
    assert 'error="invalid_token"' in ended.headers["WWW-Authenticate"]


# What it gets


@pytest.mark.requirement("E18")
@pytest.mark.requirement("E2")
def test_a_case_is_there_with_a_consent_and_only_for_whom_it_was_given(
    inside: Inside, at_desk: Colleague, agreed: Page, machine: Machine
) -> None:
    sides = inside.sides
    stranger = new_machine(sides, OTHER)
    news_only = new_machine(sides, AGENCY, Purpose.CASE_NEWS)
    narrow(sides, "name", "help", "happened")
    path = f"/cases/{id_of(agreed)}"
    unknown = machine.get(f"/cases/{UNKNOWN}")
    assert unknown.status_code == 404

    assert read(machine.get("/cases"))["cases"] == [], "a yes alone is no consent for their system"
    assert machine.get(path).get_data() == unknown.get_data()
    assert events(machine) == []

    record(at_desk, agreed)
    (listed,) = read(machine.get("/cases"))["cases"]
    assert listed["id"] == id_of(agreed)
    assert listed["reference"] == inside.person.reference
    found = read(machine.get(path))
    assert found["kinds"] == ["name", "help", "happened"]
    assert found["name"] == "Marie"
    assert found["help"] == ["talk", "health", "family", "rights"]
    assert found["happened"] == {"kinds": ["hurt"], "to_whom": "child", "ongoing": "no"}
    assert found["notes"] == [NOTE]
    assert found["contact"] == "ask-the-hub", "how they may be reached safely was left out"
    assert not {"plan", "access", "wrote"} & found.keys()
    assert "07700" not in machine.get(path).text
    assert acts(sides, agreed, f"client:{machine.id}") == [
        ("api-listed", ""),
        ("api-read", "support"),
        ("handover-passed", AGENCY),
        ("api-read", "support"),
    ]
    sides.deliver()
    with sides.hub_side.database.reading() as session:
        assert session.scalars(select(rows.Handover)).one().state == "passed"
    assert "We have passed" in inside.person.client.visit("/en/case").text, "the person reads that it was passed on"

    for other in (stranger, news_only):
        assert read(other.get("/cases"))["cases"] == []
        assert other.get(path).get_data() == unknown.get_data()
        assert events(other) == []
    assert news_only.post(f"{path}/milestones", HEARING, key=KEY).status_code == 404


@pytest.mark.requirement("B1")
def test_an_address_comes_only_with_how_to_use_it_and_never_under_a_freeze(
    inside: Inside, case: Page, machine: Machine
) -> None:
    sides, path = inside.sides, f"/cases/{id_of(case)}"
    found = read(machine.get(path))
    assert found["contact"] == "by-plan"
    ways = {each["way"]: each for each in found["plan"]["ways"]}
    assert ways["call"]["address"] == "07700 900111"
    assert ways["call"]["now"]["state"] in {"allowed", "refused"}
    assert ways["call"]["now"]["reason"] in {None, "stale"}
    assert ways["call"]["message_allowed"] is False
    expires = clock.now() + timedelta(seconds=60)
    assert found["expires_at"] <= expires.isoformat(), "a plan is trusted for a minute at most"
    place = cursor(machine)

    inside.ask(Change.FREEZE)
    sides.deliver()
    frozen = machine.get(path)
    assert read(frozen)["frozen"] is True
    assert read(frozen)["contact"] == "frozen"
    assert read(frozen)["plan"]["ways"] == []
    assert "07700" not in frozen.text
    assert "marie@example.org" not in frozen.text
    assert events(machine, after=place) == [("withdrawn", "frozen", "addresses", False)]
    place = cursor(machine)

    inside.ask(Change.UNFREEZE, code_word=inside.person.story.code_word)
    sides.deliver()
    assert events(machine, after=place) == [("changed", None, "nothing", False)]
    assert read(machine.get(path))["contact"] == "by-plan"

    narrow(sides, "reach", "name")
    alone = machine.get(path)
    assert read(alone)["contact"] == "ask-the-hub", "a way to reach somebody without their plan is not given"
    assert "07700" not in alone.text


@SQLITE
def test_nothing_is_given_while_the_hub_cannot_know_the_newest_plan(
    inside: Inside, case: Page, machine: Machine, day: time_machine.Traveller
) -> None:
    machine.sign_in()
    inside.sides.deliver()
    day.shift(timedelta(seconds=90))
    for path in ("/cases", f"/cases/{id_of(case)}", "/changes"):
        refused = machine.get(path)
        assert (refused.status_code, read(refused)["code"]) == (503, "stale")
        assert int(refused.headers["Retry-After"]) > 0
    inside.sides.deliver()
    assert machine.get(f"/cases/{id_of(case)}").status_code == 200


# What ends it


@pytest.mark.requirement("E18")
def test_somebody_takes_their_yes_back_and_the_case_is_withdrawn(inside: Inside, case: Page, machine: Machine) -> None:
    path = f"/cases/{id_of(case)}"
    assert events(machine) == [("new", None, "nothing", False)]
    assert machine.get(path).status_code == 200
    place = cursor(machine)
    client = inside.person.client
    handover = re.findall(r"/en/case/approve/([0-9a-f]{32})", client.visit("/en/case").html)[0]
    page = client.visit(f"/en/case/approve/{handover}")
    client.submit(page, page.form("withdraw"), {"withdraw": "1"})
    inside.sides.deliver()

    assert events(machine, after=place) == [("withdrawn", "consent-ended", "everything", False)]
    assert machine.get(path).get_data() == machine.get(f"/cases/{UNKNOWN}").get_data()
    assert read(machine.get("/cases"))["cases"] == []
    assert machine.post(f"{path}/milestones", HEARING, key=KEY).status_code == 404


@SQLITE
@pytest.mark.rule("rule 13")
def test_whatever_ends_it_is_told_once_and_the_case_is_not_there(
    inside: Inside, case: Page, machine: Machine, at_desk: Colleague, day: time_machine.Traveller
) -> None:
    """The guard and the consent are asked each time: what was recorded before does not count."""
    own = inside.sides.hub_side
    unknown = machine.get(f"/cases/{UNKNOWN}").get_data()

    def is_gone(why: str) -> None:
        (found,) = read(machine.get("/changes", after=place))["events"]
        assert (found["what"], found["why"], found["delete"]) == ("withdrawn", why, "everything")
        assert read(machine.get("/changes", after=found["id"]))["events"] == []
        assert machine.get(f"/cases/{id_of(case)}").get_data() == unknown
        assert read(machine.get("/cases"))["cases"] == []

    for fact in ({"restricted": True}, {"who": "other"}, {"who": "professional"}, {"asked": ["delete"]}):
        place = cursor(machine)
        with own.database.writing() as session:
            found = session.scalars(select(rows.Case)).one()
            before, found.facts = found.facts, {**found.facts, **fact}
        is_gone("consent-ended")
        with own.database.writing() as session:
            session.scalars(select(rows.Case)).one().facts = before
    for state in ("closed", "ours"):
        place = cursor(machine)
        with own.database.writing() as session:
            session.execute(update(rows.Case).values(state=state))
        if state == "closed":
            is_gone("consent-ended")

    place = cursor(machine)
    page = at_desk.client.visit(f"{case.path}/sharing")
    assert "May be fetched" not in at_desk.client.submit(page, page.form(to="/end")).text
    is_gone("consent-ended")

    record(at_desk, case)
    place = cursor(machine)
    day.shift(timedelta(days=100))
    inside.sides.deliver()
    machine.sign_in()
    is_gone("consent-ended")

    at_desk.sign_in()
    record(at_desk, opened(at_desk, inside.person), until="2026-09-01")
    place = cursor(machine)
    case_id = bytes.fromhex(id_of(case))
    erasing.erase(own.database, case_id, portal_key=own.trust.sealing, voice=own.voice, now=clock.now())
    is_gone("erased")
    with own.database.reading() as session:
        for table in (rows.ApiConsent, rows.ApiPush, rows.ApiShared):
            assert session.scalar(select(func.count()).select_from(table)) == 0


# The feed


def test_a_pull_that_another_one_overtakes_is_not_told_that_there_is_nothing(
    case: Page, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.sign_in()
    look, times = api._otherwise, count()
    overtaking: list[dict[str, Any]] = []

    def look_late(*arguments: Any, **options: Any) -> list[Any]:
        if next(times) == 0:
            overtaking.extend(read(machine.get("/changes"))["events"])
        return list(look(*arguments, **options))

    monkeypatch.setattr(api, "_otherwise", look_late)
    overtaken = read(machine.get("/changes"))["events"]
    assert len(overtaken) == 1
    assert [each["id"] for each in overtaken] == [each["id"] for each in overtaking]


def test_two_pulls_at_once_never_give_one_referral_twice_as_new(inside: Inside, case: Page, machine: Machine) -> None:
    machine.sign_in()

    def pull(_: int) -> list[dict[str, Any]]:
        return list(read(machine.get("/changes"))["events"])

    with ThreadPoolExecutor(8) as pool:
        pulls = list(pool.map(pull, range(12)))
    assert all(len(each) == 1 for each in pulls)
    assert len({each[0]["id"] for each in pulls}) == 1, "the same event has the same id in each pull"
    assert [each[0]["repeated"] for each in pulls].count(False) == 1, "and one of them only was given it as new"
    with inside.sides.hub_side.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(rows.ApiEvent)) == 1


@SQLITE
def test_the_feed_goes_on_from_a_place_and_knows_when_it_cannot(
    inside: Inside, case: Page, machine: Machine, day: time_machine.Traveller
) -> None:
    sides = inside.sides
    first = read(machine.get("/changes", limit=1))
    assert not first["more"]
    inside.ask(Change.FREEZE)
    sides.deliver()
    assert [each["what"] for each in read(machine.get("/changes", after=first["cursor"]))["events"]] == ["withdrawn"]
    both = read(machine.get("/changes", limit=1))
    assert both["more"]
    assert both["events"][0]["id"] == first["events"][0]["id"]

    made, _, number = first["cursor"].partition("-")
    for gone in (f"{made}-9", f"00000000-{number}"):
        refused = machine.get("/changes", after=gone)
        assert (refused.status_code, read(refused)["code"]) == (410, "cursor-gone")
    day.shift(timedelta(days=91))
    sides.run("retention_group", "run", side="hub")
    with sides.hub_side.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(rows.ApiEvent)) == 0
        assert session.scalar(select(func.count()).select_from(rows.ApiToken)) == 0
    sides.deliver()
    machine.sign_in()
    assert machine.get("/changes", after=first["cursor"]).status_code == 410


@SQLITE
def test_what_is_not_shared_moves_nothing_in_the_feed(inside: Inside, case: Page, machine: Machine) -> None:
    """That somebody writes, or changes how they are contacted, is no business of an agency that may have their name."""
    narrow(inside.sides, "name")
    place = cursor(machine)
    inside.person.write("Something for the Hub alone.")
    inside.ask(Change.PAUSE, until="2026-03-20T00:00:00+00:00")
    inside.sides.deliver()
    assert events(machine, after=place) == []


@SQLITE
def test_asking_for_less_than_is_there_pages_through_everything_once(
    inside: Inside, case: Page, machine: Machine
) -> None:
    """Two more of the same, as rows alone: the list opens nothing."""
    made = [id_of(case)]
    with inside.sides.hub_side.database.writing() as session:
        own = session.scalars(select(rows.Case)).one()
        consent, handover = session.scalars(select(rows.ApiConsent)).one(), session.scalars(select(rows.Handover)).one()
        for number in (b"\x01", b"\xfe"):
            made.append((number * 16).hex())
            for row, own_keys in (
                (own, {"id": number * 16, "reference": f"41290{number[0] % 10}"}),
                (handover, {"id": number * 16, "case_id": number * 16}),
                (consent, {"id": number * 16, "case_id": number * 16, "handover_id": number * 16}),
            ):
                values = {each.key: getattr(row, each.key) for each in row.__table__.columns}
                session.add(type(row)(**{**values, **own_keys}))
                session.flush()
    seen: list[str] = []
    after: dict[str, Any] = {}
    while True:
        page = read(machine.get("/cases", limit=2, **after))
        seen += [each["id"] for each in page["cases"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == sorted(made)
    assert events(machine) == [("new", None, "nothing", False)] * 3


# News of a case


@pytest.fixture
def for_news(inside: Inside, at_desk: Colleague, agreed: Page) -> Page:
    """The parent's case with consent to send news of it."""
    narrow(inside.sides, "name")
    record(at_desk, agreed, purpose=Purpose.CASE_NEWS)
    return agreed


def sent(inside: Inside) -> int:
    with inside.sides.hub_side.database.reading() as session:
        query = select(func.count()).select_from(rows.Audit).where(rows.Audit.action == "sent-milestone")
        return session.scalar(query) or 0


@pytest.mark.requirement("F1")
@pytest.mark.requirement("F2")
def test_a_push_that_is_repeated_is_one_update_also_at_once_and_after_a_restart(
    inside: Inside, for_news: Page, machine: Machine
) -> None:
    sides, path = inside.sides, f"/cases/{id_of(for_news)}/milestones"
    machine.sign_in()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: machine.post(path, HEARING, key=KEY), range(6)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.get_data() for each in answers}) == 1
    again = sides.hub
    sides.hub = factory.create(settings_module.load(sides.environment("hub")))
    restarted = Machine(sides, machine.id, machine.secret)
    assert restarted.post(path, HEARING, key=KEY).get_data() == answers[0].get_data()
    sides.hub_side.database.close()
    sides.hub = again
    assert sent(inside) == 1

    for body in ({**HEARING, "on": "2026-03-18"}, {"milestone": "trial", "on": "2026-03-17"}):
        refused = machine.post(path, body, key=KEY)
        assert (refused.status_code, read(refused)["code"]) == (422, "key-reused")
    assert machine.post(path.replace("milestones", "statuses"), {"status": "no-news"}, key=KEY).status_code == 422
    assert sent(inside) == 1

    sides.deliver()
    space = inside.person.client.visit("/en/case")
    police = space.text.partition("Police or court case")[2]
    assert "17 March" in police
    assert "10:30" in police
    service = sides.hub_side.directory.get(AGENCY)
    assert service is not None
    assert service.name in police, "the person reads from whom it is"


def test_two_different_pushes_under_one_key_at_once_are_one_update(
    inside: Inside, for_news: Page, machine: Machine
) -> None:
    path = f"/cases/{id_of(for_news)}/milestones"
    machine.sign_in()
    bodies = [{**HEARING, "on": f"2026-03-{day}"} for day in range(11, 17)]
    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(lambda body: machine.post(path, body, key=KEY).status_code, bodies))
    assert sorted(codes) == [201, *[422] * 5]
    assert sent(inside) == 1


@SQLITE
@pytest.mark.requirement("F2")
def test_that_there_is_no_news_is_news_too_and_keeps_no_promise_of_ours(
    inside: Inside, for_news: Page, machine: Machine
) -> None:
    database, path = inside.sides.hub_side.database, f"/cases/{id_of(for_news)}"
    with database.writing() as session:
        row = session.scalars(select(rows.Case)).one()
        row.state, row.facts = "theirs", {**row.facts, "promised": {"by": "2026-03-11"}}
        before = row.facts
    assert machine.post(f"{path}/statuses", {"status": "no-news"}, key=KEY).status_code == 201
    needs = machine.post(f"{path}/statuses", {"status": "asb-check"}, key=f"{KEY}-2")
    assert (needs.status_code, read(needs)["errors"][0]["pointer"]) == (422, "#/on")
    with database.reading() as session:
        after = session.scalars(select(rows.Case)).one()
    assert (after.state, after.facts) == ("theirs", before)
    release = {"milestone": "release", "on": "2026-03-09"}
    assert machine.post(f"{path}/milestones", release, key=f"{KEY}-3").status_code == 201
    with database.reading() as session:
        assert session.scalars(select(rows.Case)).one().state == "ours", "a colleague should see that"


@SQLITE
def test_news_has_no_free_text_and_only_known_codes(inside: Inside, for_news: Page, machine: Machine) -> None:
    path = f"/cases/{id_of(for_news)}/milestones"
    for body, pointer in (
        ({}, "#/milestone"),
        ({"milestone": "pardon", "on": "2026-03-17"}, "#/milestone"),
        ({"milestone": "trial", "on": "17 March"}, "#/on"),
        ({"milestone": "trial", "on": "2026-02-30"}, "#/on"),
        ({"milestone": "trial", "on": "1026-03-17"}, "#/on"),
        ({"milestone": "trial", "on": "2026-03-17", "time": "25:00"}, "#/time"),
        ({"milestone": "trial", "on": "2026-03-17", "text": "secret words"}, "#"),
        ([], "#"),
        ("secret words", "#"),
    ):
        refused = machine.post(path, body, key=KEY)
        assert refused.status_code == 422
        assert read(refused)["errors"][0]["pointer"] == pointer
        assert "secret words" not in refused.text, "a problem repeats nothing"
    assert machine.post(path, HEARING).status_code == 400
    assert machine.post(path, HEARING, key="short").status_code == 400
    assert sent(inside) == 0


# Problems


@SQLITE
def test_every_refusal_is_a_problem(
    inside: Inside,
    case: Page,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = f"/cases/{id_of(case)}/milestones"
    machine.sign_in()
    token = {"Authorization": f"Bearer {machine.token}", "Idempotency-Key": KEY}
    as_json, as_text = ({**token, "Content-Type": kind} for kind in ("application/json", "text/plain"))
    for status, response in (
        (404, machine.get("/nothing")),
        (404, machine.get("/cases/not-an-id")),
        (405, machine.open("DELETE", "/cases")),
        (405, machine.open("OPTIONS", "/cases")),
        (405, machine.open("GET", "/token")),
        (400, machine.get("/cases", limit="0")),
        (400, machine.get("/cases", limit="many")),
        (400, machine.get("/cases", colour="red")),
        (400, machine.get("/cases", limit=["1", "2"])),
        (400, machine.get("/changes", after="'; drop table")),
        (400, machine.open("POST", path, data="{", headers=as_json)),
        (400, machine.open("POST", path, data="[" * 10_000, headers=as_json)),
        (400, machine.open("POST", path, data=b"\xff", headers=as_json)),
        (415, machine.open("POST", path, data="x", headers=as_text)),
        (413, machine.post(path, {"milestone": "x" * 20_000}, key=KEY)),
        (413, machine.open("POST", "/token", data={"grant_type": "x" * 20_000})),
        (401, machine.open("GET", "/cases", headers={"Authorization": "Basic YTpi"})),
        (401, machine.open("GET", "/cases", headers={"Authorization": "Bearer é"})),
        (401, machine.open("GET", "/cases")),
    ):
        assert response.status_code == status, (status, response.request.path)
        found = read(response)
        assert (found["status"], bool(found["title"]), bool(found["detail"])) == (status, True, True)
        if status == 405:
            assert response.headers["Allow"]
        if status == 401:
            assert response.headers["WWW-Authenticate"].startswith("Bearer")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("words that somebody typed")

    monkeypatch.setattr(api, "list_cases", fail)
    failed = machine.get("/cases")
    assert (failed.status_code, read(failed)["code"]) == (500, "failed")
    assert "words that somebody typed" not in failed.text + caplog.text
    monkeypatch.setattr(api, "list_cases", lambda *_, **__: api.Page(({"secret": "words"},), None, "x"))
    failed = machine.get("/cases")
    assert (failed.status_code, read(failed)["code"]) == (500, "failed"), "what is not as documented never leaves"
    assert "secret" not in failed.text
    assert "not as documented" in caplog.text


@SQLITE
def test_a_browser_at_the_desk_gets_no_cookie_from_the_api(
    inside: Inside, at_desk: Colleague, machine: Machine
) -> None:
    for path in ("/api/v1/docs", "/api/v1/openapi.json", "/api/v1/cases"):
        response = at_desk.client.open(path)  # type: ignore[attr-defined]
        assert "Set-Cookie" not in response.headers
        assert response.status_code == (401 if path.endswith("/cases") else 200), "a session at the desk is no token"


def test_whoever_asks_too_often_waits_in_whichever_process_they_ask(
    sides: Sides, monkeypatch: pytest.MonkeyPatch, day: time_machine.Traveller
) -> None:
    monkeypatch.setattr(clients, "LIMIT", Limit(burst=3, per_second=1))
    machine, other = new_machine(sides, AGENCY), new_machine(sides, OTHER)
    sides.deliver()
    day.move_to(clock.now(), tick=False)
    assert [machine.get("/cases").status_code for _ in range(4)] == [200, 200, 429, 429]  # the token counted too
    refused = machine.get("/cases")
    assert refused.headers["Retry-After"] == "1"
    assert machine.sign_in().status_code == 429
    assert other.get("/cases").status_code == 200, "nobody waits for somebody else"
    day.shift(timedelta(seconds=1))
    assert machine.get("/cases").status_code == 200


# At the desk


@SQLITE
@pytest.mark.rule("rule 13")
def test_no_door_of_the_desk_page_opens_for_whom_the_case_is_hidden_from(
    inside: Inside, case: Page, at_desk: Colleague
) -> None:
    database = inside.sides.hub_side.database
    page = at_desk.client.visit(f"{case.path}/sharing")
    token = dict(page.form(to="/end").filled())["csrf_token"]
    with database.writing() as session:
        consent = session.scalars(select(rows.ApiConsent.id)).one().hex()
        found = session.scalars(select(rows.Case)).one()
        found.facts = {**found.facts, "restricted": True}
    for method, door in (("GET", "sharing"), ("POST", "sharing"), ("POST", f"sharing/{consent}/end")):
        data = {"csrf_token": token} if method == "POST" else None
        hidden, unknown = (
            at_desk.client.fetch(method, f"/cases/{each}/{door}", data=data) for each in (id_of(case), UNKNOWN)
        )
        assert hidden.status == unknown.status == 404
        assert hidden.html == unknown.html
    with database.reading() as session:
        assert session.scalars(select(rows.ApiConsent)).one().ended_at is None


@SQLITE
def test_a_consent_needs_a_yes_a_purpose_that_the_system_has_and_a_near_day(
    inside: Inside, at_desk: Colleague, agreed: Page, machine: Machine
) -> None:
    database = inside.sides.hub_side.database
    with database.writing() as session:
        session.execute(update(rows.ApiClient).values(purposes=["support"]))
    for day in ("2030-01-01", "2026-03-10"):
        refused = record(at_desk, agreed, until=day)
        assert refused.status == 422
        assert "at most 365 days" in refused.text
    refused = record(at_desk, agreed, purpose=Purpose.CASE_NEWS)
    assert refused.status == 422
    assert "may not do that" in refused.text
    assert record(at_desk, agreed).status == 200
    assert record(at_desk, agreed, until="2026-07-01").status == 200
    with database.reading() as session:
        found = list(session.scalars(select(rows.ApiConsent).order_by(rows.ApiConsent.expires_at)))
    assert [each.ended_at is None for each in found] == [False, True], "the later one stands in its place"

    other = Colleague(inside.sides.hub_client())
    other.sign_in("dev-ben")
    assert "Open the request first" in record(other, agreed).text
    with database.writing() as session:
        session.execute(update(rows.Handover).values(state="asked"))
    assert "There is nothing to record" in at_desk.client.visit(f"{agreed.path}/sharing").text
