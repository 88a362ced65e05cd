"""Makes values out of JSON Schema, as far as the OpenAPI document uses it, and spoils them. And an own check to compare with.

It reads the document alone and nothing of what the document was made from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

Schema = Mapping[str, Any]
Schemas = Mapping[str, Schema]
STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1.5, "", " ", "x" * 600, "\u0000", "null", "../../etc", "'; --", "٣", "\U0001f600", [], {}, [[]],
    {"": ""},
)  # fmt: skip


def values(schema: Schema, named: Schemas) -> st.SearchStrategy[Any]:
    """Values that a schema allows."""
    schema = _followed(schema, named)
    if "anyOf" in schema:
        return st.one_of(*(values(each, named) for each in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "array":
            return st.lists(values(schema["items"], named), max_size=min(3, schema.get("maxItems", 3)))
        case "object":
            fields = {name: values(each, named) for name, each in schema["properties"].items()}
            left = {name: made for name, made in fields.items() if name not in schema["required"]}
            needed = {name: made for name, made in fields.items() if name in schema["required"]}
            return st.fixed_dictionaries(needed, optional=left)
    return _texts(schema)


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The value with one thing in it changed, taken away or put in."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(value)))
        act = draw(st.sampled_from(("change", "leave", "add", "inside")))
        rest = {key: each for key, each in value.items() if key != name}
        if act == "leave":
            return rest
        if act == "add":
            return {**value, draw(st.sampled_from(("text", "id", "__proto__", "é"))): "x"}
        return {**rest, name: draw(mutated(value[name])) if act == "inside" else draw(st.sampled_from(STRANGE))}
    if isinstance(value, list) and value and draw(st.booleans()):
        return [draw(mutated(value[0])), *value[1:]]
    if isinstance(value, str) and value and draw(st.booleans()):
        return draw(st.sampled_from((value + "\n", value.upper(), value[:-1], value + value, value.replace("0", "٠"))))
    return draw(st.sampled_from(STRANGE))


def fits(value: Any, schema: Schema, named: Schemas) -> bool:
    """Whether a value is what a schema says; formats count."""
    schema = _followed(schema, named)
    if "anyOf" in schema:
        return any(fits(value, each, named) for each in schema["anyOf"])
    kinds = {"null": type(None), "boolean": bool, "integer": int, "array": list, "object": dict, "string": str}
    kind = schema["type"]
    if not isinstance(value, kinds[kind]) or (kind == "integer" and isinstance(value, bool)):
        return False
    if "enum" in schema:
        return value in schema["enum"]
    match kind:
        case "integer":
            return bool(schema["minimum"] <= value <= schema["maximum"])
        case "array":
            most = schema.get("maxItems", len(value))
            return len(value) <= most and all(fits(each, schema["items"], named) for each in value)
        case "object":
            own = schema["properties"]
            is_whole = set(schema["required"]) <= value.keys() <= own.keys()
            return is_whole and all(fits(each, own[name], named) for name, each in value.items())
        case "string":
            return _is_text(value, schema)
    return True


def _is_text(value: str, schema: Schema) -> bool:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        return False
    # ECMA-262: $ is the very end.
    if "pattern" in schema and not re.search(schema["pattern"].replace("$", r"\Z"), value):
        return False
    try:
        if schema.get("format") == "date":
            return (
                bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value))
                and 1950 <= date.fromisoformat(value).year <= 2100
            )
        if schema.get("format") == "date-time":
            return datetime.fromisoformat(value).utcoffset() is not None
    except ValueError:
        return False
    return True


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    if schema.get("format") == "date":
        return st.dates(date(1950, 1, 1), date(2100, 12, 31)).map(date.isoformat)
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "+00:00")
    if "pattern" in schema:
        return st.from_regex(re.compile(schema["pattern"].replace("$", r"\Z"), re.ASCII)).filter(
            lambda text: _is_text(text, schema)
        )
    alphabet = st.characters(codec="utf-8")
    return st.text(alphabet, min_size=schema.get("minLength", 0), max_size=min(60, schema.get("maxLength", 60)))


def _followed(schema: Schema, named: Schemas) -> Schema:
    return named[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
