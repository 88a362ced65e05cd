"""docs/data-map.md lists every column of both databases, and none that is not there."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

from app.data import hub, portal
from app.data.database import HubRow, PortalRow

PAGE = Path(__file__).parents[2] / "docs" / "data-map.md"
MODELS = {"Portal": PortalRow.metadata, "Hub": HubRow.metadata}
SEALED_COLUMNS = {
    "Portal": {
        ("draft", "sealed"), ("sent", "sealed"), ("visit", "sealed"), ("number_wrap", "wrap"), ("item", "body"),
        ("case", "leaf"), ("own", "sealed"), ("collection", "wrap"),
        ("outgoing", "body"), ("aside", "body"), ("offer", "sealed"), ("pool", "body"),
        ("feedback", "body"), ("packet", "body"), ("packet", "lock"), ("packet_answer", "body"),
    },
    "Hub": {
        ("sealed_document", "sealed"), ("record_secret", "wrapped"), ("item", "body"), ("outgoing", "body"), ("aside", "body"),
        ("feedback", "wrapped"), ("feedback", "sealed"), ("taken_draft", "wrapped"), ("taken_draft", "sealed"),
        ("attempt", "note"), ("attempt", "reason"), ("translation", "sealed"), ("staff_session", "sealed"),
        ("assessment", "sealed"), ("decision", "sealed"), ("worsening", "sealed"), ("danger", "sealed"),
        ("packet", "copy"), ("packet", "wrapped"), ("packet", "code_taken"), ("packet", "answer"),
    },
}  # fmt: skip
HEADER = ["column", "what for", "basis", "kept", "clear or sealed"]
READABLE = re.compile(r"clear|random|hash|sealed: (Hub|case|cookie|number|code|record)")


class NotUnderstood(Exception):
    """The page is not laid out as it should be."""


def read(text: str) -> dict[str, dict[tuple[str, str], list[str]]]:
    """The rows of the page by side, table and column."""
    sides: dict[str, dict[tuple[str, str], list[str]]] = {}
    side = table = ""
    for line in text.splitlines():
        if line.startswith("## "):
            side, table = line[3:], ""
        elif line.startswith("### "):
            table = line[4:].strip("`")
        elif line.startswith("|") and table:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if cells == HEADER or set(cells[0]) == {"-"}:
                continue
            if len(cells) != len(HEADER) or not all(cells):
                raise NotUnderstood(line)
            found = sides.setdefault(side, {})
            place = (table, cells[0].strip("`"))
            if place in found:
                raise NotUnderstood(f"twice: {place}")
            found[place] = cells[1:]
    return sides


def columns(metadata: MetaData) -> set[tuple[str, str]]:
    return {(table.name, column.name) for table in metadata.sorted_tables for column in table.columns}


def differences(rows: dict[tuple[str, str], list[str]], metadata: MetaData) -> tuple[set, set]:
    """(columns that the page misses, columns that only the page has)."""
    return columns(metadata) - set(rows), set(rows) - columns(metadata)


ROWS = read(PAGE.read_text("utf-8"))


@pytest.mark.parametrize("side", ["Portal", "Hub"])
def test_every_column_is_on_the_page_and_no_other(side):
    assert differences(ROWS[side], MODELS[side]) == (set(), set())


@pytest.mark.parametrize("side", ["Portal", "Hub"])
def test_each_says_why_on_which_basis_for_how_long_and_who_could_read_it(side):
    for place, (_, basis, _, readable) in ROWS[side].items():
        assert basis in {"S", "R", "A", "E", "-"}, place
        assert READABLE.fullmatch(readable), place


@pytest.mark.parametrize("side", ["Portal", "Hub"])
def test_what_is_sealed_is_what_must_be(side):
    assert {place for place, cells in ROWS[side].items() if cells[-1].startswith("sealed")} == SEALED_COLUMNS[side]


@pytest.mark.rule("rule 4")
@pytest.mark.parametrize("side", ["Portal", "Hub"])
def test_no_column_is_for_where_somebody_came_from(side):
    telling = re.compile(
        r"(^|_)(ip|addr|address|agent|referer|referrer|device|fingerprint|location|lat|lon|email|phone)(_|$)"
    )

    assert not [place for place in columns(MODELS[side]) if telling.search(place[1])]


@pytest.mark.parametrize(
    "table",
    [
        portal.Case, portal.NumberWrap, portal.Item, portal.Draft, portal.Sent, portal.Visit, portal.Outgoing,
        portal.Offer, portal.Pooled, portal.Feedback,
    ],
)  # fmt: skip
def test_tables_of_people_have_no_row_order_at_the_portal(table):
    assert table.__table__.dialect_options["sqlite"]["with_rowid"] is False


@pytest.mark.requirement("H7")
def test_answers_of_the_questionnaire_have_no_place_for_a_case_a_person_or_a_time():
    """A column more would be a way back: to whom, or to when."""
    assert set(portal.Pooled.__table__.columns.keys()) == {"id", "body", "attempts", "next_attempt_at"}
    assert set(hub.Survey.__table__.columns.keys()) == {"id", "month", "district", "answers"}
    for table in (portal.Pooled.__table__, hub.Survey.__table__):
        assert not table.foreign_keys
        assert not table.indexes
        assert table.dialect_options["sqlite"]["with_rowid"] is False


def test_the_two_sides_do_not_share_a_table():
    assert PortalRow.metadata is not HubRow.metadata
    assert portal.Case.__table__ is not hub.Case.__table__


# The check itself


def a_table(*names: str) -> MetaData:
    made = MetaData()
    Table("parcel", made, *(Column(name, Integer) for name in names))
    return made


GOOD = "## Portal\n\n### `parcel`\n\n| column | what for | basis | kept | clear or sealed |\n|---|---|---|---|---|\n"
A_ROW = "| `weight` | to lift it | R | a day | clear |\n"


def test_the_check_finds_a_missing_and_a_superfluous_column():
    rows = read(GOOD + A_ROW)["Portal"]

    assert differences(rows, a_table("weight")) == (set(), set())
    assert differences(rows, a_table("weight", "sender")) == ({("parcel", "sender")}, set())
    assert differences(rows, a_table()) == (set(), {("parcel", "weight")})


@pytest.mark.parametrize(
    "row", ["| `weight` | to lift it | R | clear |\n", "| `weight` | to lift it |  | a day | clear |\n", A_ROW + A_ROW]
)
def test_the_check_finds_a_row_that_is_not_whole_or_there_twice(row):
    with pytest.raises(NotUnderstood):
        read(GOOD + row)
