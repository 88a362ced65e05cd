"""Shapes: what is checked is what the schema says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.shape import Fields, Flag, Many, Maybe, Shape, Text, Whole, schema_of, wrongs
from app.forms.api import OPERATIONS, document
from tests.harness.generating import fits, mutated, values

INNER = Fields(name="Inner", fields={"a/b": Whole(most=9), "c~d": Flag()}, may_miss=frozenset({"c~d"}))
THING = Fields(
    name="Thing",
    fields={
        "code": Text(choices=("red", "blue")),
        "day": Text(kind="date"),
        "at": Maybe(of=Text(kind="date-time")),
        "name": Text(least=1, most=5),
        "mark": Text(pattern="^[0-9]{2}$"),
        "inner": Many(of=INNER, most=2),
    },
)
GOOD: dict[str, Any] = {
    "code": "red", "day": "2026-03-10", "at": None, "name": "Ana", "mark": "07", "inner": [{"a/b": 3}],
}  # fmt: skip


def test_what_is_as_declared_has_nothing_wrong() -> None:
    assert wrongs(THING, GOOD) == []
    assert wrongs(THING, {**GOOD, "at": "2026-03-10T10:00:00+00:00", "inner": []}) == []


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("code", "green", "#/code"),
        ("code", None, "#/code"),
        ("day", "20260310", "#/day"),
        ("day", "2026-02-30", "#/day"),
        ("day", "2026-03-10\n", "#/day"),
        ("day", "9999-01-01", "#/day"),
        ("at", "2026-03-10T10:00:00", "#/at"),
        ("at", "soon", "#/at"),
        ("name", "", "#/name"),
        ("name", "far too long", "#/name"),
        ("mark", "٠٧", "#/mark"),
        ("mark", "07\n", "#/mark"),
        ("inner", {}, "#/inner"),
        ("inner", [{"a/b": 1}] * 3, "#/inner"),
        ("inner", [{"a/b": 10}], "#/inner/0/a~1b"),
        ("inner", [{"a/b": True}], "#/inner/0/a~1b"),
        ("inner", [{"a/b": 1.0}], "#/inner/0/a~1b"),
        ("inner", [{"a/b": 1, "c~d": 1}], "#/inner/0/c~0d"),
        ("inner", [{}], "#/inner/0/a~1b"),
        ("inner", [{"a/b": 1, "words": "x"}], "#/inner/0"),
    ],
)
def test_each_place_that_is_wrong_is_pointed_at_and_nothing_is_repeated(name: str, value: Any, pointer: str) -> None:
    (found,) = wrongs(THING, {**GOOD, name: value})
    assert found.pointer == pointer
    assert "far too long" not in found.detail
    assert "words" not in found.detail


@pytest.mark.parametrize("shape", [THING, *(each.answer for each in OPERATIONS.values())], ids=lambda each: each.name)
@given(data=st.data())
def test_the_schema_and_the_check_agree(shape: Fields, data: st.DataObject) -> None:
    """A value that the schema allows is taken; one that was spoilt is taken only where the schema allows it too."""
    named: dict[str, Any] = {}
    schema = schema_of(shape, named)
    value = data.draw(values(schema, named))
    assert wrongs(shape, value) == []
    other = data.draw(mutated(value))
    assert (wrongs(shape, other) == []) is fits(other, schema, named)


def test_the_document_is_whole() -> None:
    made = document(title="x", about="y", problems={})
    assert made["openapi"].startswith("3.1.")
    text = json.dumps(made)
    pointed_at = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert pointed_at <= made["components"]["schemas"].keys()
    for each in OPERATIONS.values():
        described = made["paths"][each.path][each.method.lower()]
        assert described["operationId"] == each.id
        assert {str(each.status), *map(str, each.refusals)} == described["responses"].keys()
        assert bool(described["security"]) is (each.scope is not None)
        assert re.findall(r"{(\w+)}", each.path) == [one.name for one in each.parameters if one.where == "path"]


def test_shapes_of_the_same_name_are_the_same() -> None:
    """Or the document would show the one for the other."""
    seen: dict[str, Shape] = {}

    def look(shape: Shape) -> None:
        if isinstance(shape, Fields):
            assert seen.setdefault(shape.name, shape) == shape
            for each in shape.fields.values():
                look(each)
        elif isinstance(shape, Many | Maybe):
            look(shape.of)

    for each in OPERATIONS.values():
        look(each.answer)
        if each.body:
            look(each.body)
