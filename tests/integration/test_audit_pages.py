"""The auditor's page, and that every read of a person's data is a line in it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import event, func, select, text

from app import cli
from app.data import hub as rows
from app.domain.audit import Act
from app.services.hub.viewing import PAGE_LENGTH
from app.web import clock
from tests.harness.people import CO_ORDINATOR, GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.integration.test_routes import addresses
from tests.stories import PARENT, WATCHED

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
SUPERVISOR, AUDITOR = "dev-carys", "dev-edwin"
MOST_QUERIES = 10
AskedBy = Callable[..., Person]
Desks = Callable[[str], Colleague]


@pytest.fixture
def at_desk(sides: Sides) -> Desks:
    def make(who: str) -> Colleague:
        made = Colleague(sides.hub_client())
        made.sign_in(who)
        return made

    return make


def acts(sides: Sides) -> Counter[str]:
    with sides.hub_side.database.reading() as session:
        return Counter(session.scalars(select(rows.Audit.action)))


@contextmanager
def counted(sides: Sides) -> Iterator[list[str]]:
    """The statements that run against the Hub's database meanwhile."""
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    own = sides.hub_side.database
    engines = [own._reader, own._writer] if own.is_sqlite else [own._writer]  # there the one is a view of the other
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    yield said
    for engine in engines:
        event.remove(engine, "before_cursor_execute", hear)


@pytest.mark.rule("rule 7")
@SQLITE
def test_every_page_that_shows_what_somebody_wrote_leaves_a_line(sides: Sides, person: AskedBy, at_desk: Desks) -> None:
    """Whichever page of the desk it is, also one that is added later: no canary without a line."""
    asking = person(PARENT)
    asking.ask()
    asking.come_back()
    asking.write("A canary in a message")
    sides.deliver()
    supervisor = at_desk(SUPERVISOR)
    case = supervisor.open(supervisor.case(asking.reference))
    written = ["A canary in a message", PARENT.code_word, *strings(PARENT.answers)]
    shown = []
    for endpoint, path in addresses(sides, "hub", "GET", case_id=case.path.rpartition("/")[2]):
        before = acts(sides)
        page = supervisor.client.fetch("GET", path)
        if any(each in page.html for each in written):
            shown.append(endpoint)
            new = acts(sides) - before
            assert sum(new.values()) == 1, f"{endpoint} shows what somebody wrote, and wrote down {dict(new)}"
    assert "hub.case" in shown, "the canary was where it must be"

    before = acts(sides)
    for _ in range(3):
        supervisor.client.visit(case.path)
    supervisor.show(case)
    assert acts(sides) - before == Counter({Act.READ_CASE.value: 4, Act.SHOWED_WAY.value: 1})


@SQLITE
def test_what_cannot_be_written_down_is_not_shown(
    sides: Sides, person: AskedBy, at_desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = person(PARENT)
    asking.ask()
    sides.deliver()
    colleague = at_desk(CO_ORDINATOR)
    case = colleague.open(colleague.case(asking.reference))

    def fail(*_args: object, **_values: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(rows, "log", fail)
    page = colleague.client.fetch("GET", case.path)
    assert page.status == 503, "not now, and nothing of it"
    assert not any(each in page.html for each in strings(PARENT.answers))


def strings(answers: object) -> list[str]:
    """What was typed, as far as it can be told from what was ticked."""
    if isinstance(answers, dict):
        return [each for value in answers.values() for each in strings(value)]
    return [answers] if isinstance(answers, str) and " " in answers else []


@pytest.mark.rule("rule 13")
def test_the_audit_names_no_case_that_whoever_looks_may_not_know_of(
    sides: Sides, person: AskedBy, at_desk: Desks
) -> None:
    """Neither in the lines, nor by a reference, nor in the day's facts, nor in the file; nor any person's name."""
    for who in (CO_ORDINATOR, SUPERVISOR, GATEKEEPER, AUDITOR):
        at_desk(who)
    ordinary, hers = person(PARENT), person(WATCHED)
    ordinary.ask()
    hers.ask()
    sides.deliver()
    keeper = at_desk(GATEKEEPER)
    keeper.open(keeper.case(hers.reference))
    keeper.open(keeper.case(ordinary.reference))
    for who in (AUDITOR, SUPERVISOR):
        client = at_desk(who).client
        page = client.visit("/audit")
        file = client.fetch("GET", "/audit/day.csv").html
        for seen in (page.text, file):
            words = "".join(seen.split())
            assert hers.reference not in words
            assert ordinary.reference in words
            assert "arestrictedcase" in words or "restricted" in words
            assert not any(each in seen for each in strings(PARENT.answers) + strings(WATCHED.answers))
        assert hers_id(sides, hers) not in page.html
        found = client.visit(f"/audit?case={hers.reference}")
        unknown = client.visit("/audit?case=999999")
        assert "There is no such line" in found.text
        assert [each.text for each in found.main.all("td")] == [each.text for each in unknown.main.all("td")]
        assert "opened the request" in client.visit(f"/audit?case={ordinary.reference}").text


def hers_id(sides: Sides, hers: Person) -> str:
    with sides.hub_side.database.reading() as session:
        found = rows.case_by_reference(session, hers.reference)
    assert found is not None
    return found.id.hex()


def test_lines_are_found_by_day_colleague_and_kind_on_pages_of_few_queries(
    sides: Sides, at_desk: Desks, day: time_machine.Traveller
) -> None:
    auditor = at_desk(AUDITOR)
    with sides.hub_side.database.writing() as session:
        for _ in range(PAGE_LENGTH + 5):
            rows.log(session, at=clock.now(), staff_id=CO_ORDINATOR, action=Act.CLAIMED)
        rows.log(session, at=clock.now() - timedelta(days=1), staff_id=CO_ORDINATOR, action=Act.CLOSED)
    with counted(sides) as said:
        page = auditor.client.visit("/audit")
    assert len(said) <= MOST_QUERIES, said
    assert page.text.count("took the case") == PAGE_LENGTH - 1, "and one for this very look"
    assert "looked at the audit" in page.text
    assert "Earlier lines" in page.text
    assert "took the case" in auditor.client.visit("/audit?page=2").text
    assert "closed the case" not in page.text
    yesterday = auditor.client.visit(f"/audit?day={(clock.now() - timedelta(days=1)).date()}&who={CO_ORDINATOR}")
    assert "closed the case" in yesterday.text
    only_audit = auditor.client.visit("/audit?kind=audit")
    assert "took the case" not in only_audit.main.find("lines-heading").text + " ".join(  # type: ignore[union-attr]
        each.text for each in only_audit.main.all("td")
    )
    assert acts(sides)[Act.READ_AUDIT] == 5, "with the look that signing in begins with"
    for wrong in ("?day=tomorrow", "?page=x", "?kind=everything", "?case=abc&page=-3"):
        assert auditor.client.visit(f"/audit{wrong}").status == 200


@SQLITE
def test_others_are_told_who_it_is_for(sides: Sides, at_desk: Desks) -> None:
    colleague = at_desk(CO_ORDINATOR)
    assert "for auditors and supervisors" in colleague.client.visit("/audit").text
    assert colleague.client.fetch("GET", "/audit/day.csv").status == 404
    assert acts(sides)[Act.READ_AUDIT] == acts(sides)[Act.EXPORTED_AUDIT] == 0


@SQLITE
def test_a_day_as_a_file_has_no_formula_in_it(sides: Sides, at_desk: Desks) -> None:
    with sides.hub_side.database.writing() as session:
        session.add(rows.Staff(id="x", name="=HYPERLINK(1)", shown_name="X", roles=[]))
        rows.log(session, at=clock.now(), staff_id="x", action=Act.CLAIMED)
    answer = at_desk(AUDITOR).client.fetch("GET", "/audit/day.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    found = list(csv.reader(io.StringIO(answer.html)))
    assert found[0] == ["time", "colleague", "act", "about", "reference", "detail"]
    assert "'=HYPERLINK(1)" in [row[1] for row in found]
    assert acts(sides)[Act.EXPORTED_AUDIT] == 1


@SQLITE
def test_who_read_how_much_is_a_fact_and_no_score(sides: Sides, person: AskedBy, at_desk: Desks) -> None:
    asking = person(PARENT)
    asking.ask()
    sides.deliver()
    for who in (CO_ORDINATOR, "dev-ben", SUPERVISOR):
        colleague = at_desk(who)
        colleague.open(colleague.case(asking.reference))
    page = at_desk(AUDITOR).client.visit("/audit")
    assert "Read by 3 colleagues or more" in page.text
    assert f"{asking.reference}:3" in "".join(page.text.split())
    assert "Ben Okafor 1 2" in page.text, "one case, and the look after opening it"


def verify(sides: Sides, *arguments: str) -> tuple[int, str]:
    environ = {**sides.environment("hub"), "PORTAL_URL": sides.portal_url}
    result = CliRunner().invoke(cli.audit_group, ["verify", *arguments], env=environ)
    return result.exit_code, result.output


@SQLITE
def test_the_command_says_in_one_line_what_broke_where(sides: Sides, at_desk: Desks) -> None:
    """The courier has told the portal; then somebody takes the last line and its traces out of the database and the file."""
    at_desk(CO_ORDINATOR)
    sides.deliver()
    code, said = verify(sides)
    assert (code, said.count("\n")) == (0, 1)
    assert "1 lines in 1 chains hold" in said
    with sides.hub_side.database.reading() as session:
        assert session.scalar(select(func.max(rows.AuditChain.verified_at))) is not None

    with sides.hub_side.database.engine.begin() as connection:
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("DELETE FROM audit"))
        connection.execute(text("DELETE FROM audit_chain"))
    (sides.hub_side.settings.side_dir / "audit-heads").unlink()
    code, said = verify(sides, "--offline")
    assert code == 0, "without the portal nobody would know"
    code, said = verify(sides)
    assert code == 1
    assert said.startswith("chain 2026-03-10-")
    assert "the portal has seen 1 lines, and 0 are there" in said


@SQLITE
def test_without_the_portal_the_command_says_so(sides: Sides, at_desk: Desks) -> None:
    at_desk(CO_ORDINATOR)
    environ = {**sides.environment("hub"), "PORTAL_URL": "http://127.0.0.1:9"}
    result = CliRunner().invoke(cli.audit_group, ["verify"], env=environ)
    assert result.exit_code == 2
    assert "could not be asked" in result.output
