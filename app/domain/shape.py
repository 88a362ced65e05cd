"""What JSON may look like, said once: it checks what comes and what goes, and it is what the OpenAPI document shows.

A small part of JSON Schema (draft 2020-12), as far as the case system API needs it. Places in a value are JSON Pointers
(RFC 6901) in the form of a URI fragment, as problem details name them (RFC 9457, 3.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

# Days that a person may be told of; outside of them somebody has mistyped a year.
FIRST_YEAR, LAST_YEAR = 1950, 2100
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


@dataclass(frozen=True)
class Wrong:
    """One thing that is not as it should be: where, and what should be there. It repeats nothing of what came."""

    pointer: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text. `choices` are the only ones; `kind` says that it is a day or a moment (ISO 8601, RFC 3339)."""

    about: str = ""
    least: int = 0
    most: int | None = None
    pattern: str = ""
    choices: tuple[str, ...] = ()
    kind: Literal["", "date", "date-time"] = ""
    example: str = ""


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A whole number, from `least` to `most`."""

    about: str = ""
    least: int = 0
    most: int


@dataclass(frozen=True, kw_only=True)
class Flag:
    """Yes or no."""

    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Maybe:
    """Something, or null."""

    of: Shape
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Many:
    """A list."""

    of: Shape
    about: str = ""
    most: int | None = None


@dataclass(frozen=True, kw_only=True)
class Fields:
    """An object with these fields and no others. `name` is what it is called in a document; those in `may_miss` may be left."""

    name: str
    fields: Mapping[str, Shape]
    about: str = ""
    may_miss: frozenset[str] = field(default_factory=frozenset)


Shape = Text | Whole | Flag | Maybe | Many | Fields


def wrongs(shape: Shape, value: Any, *, at: str = "#") -> list[Wrong]:
    """What is wrong with a value that `json.loads` made, in the order of the declaration; empty when nothing is."""
    match shape:
        case Text():
            return _wrong_text(shape, value, at)
        case Whole():
            if isinstance(value, bool) or not isinstance(value, int) or not shape.least <= value <= shape.most:
                return [Wrong(at, f"must be a whole number from {shape.least} to {shape.most}")]
            return []
        case Flag():
            return [] if isinstance(value, bool) else [Wrong(at, "must be true or false")]
        case Maybe():
            return [] if value is None else wrongs(shape.of, value, at=at)
        case Many():
            return _wrong_list(shape, value, at)
        case Fields():
            return _wrong_fields(shape, value, at)


def schema_of(shape: Shape, named: dict[str, Any]) -> dict[str, Any]:
    """The shape as JSON Schema; objects go into `named` by their name and are pointed at."""
    about = {"description": shape.about} if shape.about else {}
    match shape:
        case Text():
            return {**_schema_of_text(shape), **about}
        case Whole():
            return {"type": "integer", "minimum": shape.least, "maximum": shape.most, **about}
        case Flag():
            return {"type": "boolean", **about}
        case Maybe():
            return {"anyOf": [schema_of(shape.of, named), {"type": "null"}], **about}
        case Many():
            most = {} if shape.most is None else {"maxItems": shape.most}
            return {"type": "array", "items": schema_of(shape.of, named), **most, **about}
        case Fields():
            if shape.name not in named:
                named[shape.name] = {}  # its place in the order, before that of what is in it
                named[shape.name] = {
                    "type": "object",
                    "properties": {name: schema_of(each, named) for name, each in shape.fields.items()},
                    "required": [name for name in shape.fields if name not in shape.may_miss],
                    "additionalProperties": False,
                    **about,
                }
            return {"$ref": f"#/components/schemas/{shape.name}"}


def _wrong_text(shape: Text, value: Any, at: str) -> list[Wrong]:
    if not isinstance(value, str):
        return [Wrong(at, "must be a text")]
    if shape.choices:
        return [] if value in shape.choices else [Wrong(at, f"must be one of: {', '.join(shape.choices)}")]
    if shape.kind == "date" and not _is_day(value):
        return [Wrong(at, f"must be a day such as 2026-03-10, from {FIRST_YEAR} to {LAST_YEAR}")]
    if shape.kind == "date-time" and not _is_moment(value):
        return [Wrong(at, "must be a moment with its zone, such as 2026-03-10T10:00:00+00:00")]
    if len(value) < shape.least or (shape.most is not None and len(value) > shape.most):
        return [Wrong(at, f"must have {shape.least} to {shape.most} characters")]
    if shape.pattern and not re.fullmatch(shape.pattern, value):
        return [Wrong(at, f"must look like {shape.example}" if shape.example else f"must match {shape.pattern}")]
    return []


def _schema_of_text(shape: Text) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "string"}
    if shape.choices:
        made["enum"] = list(shape.choices)
    if shape.kind:
        made["format"] = shape.kind
    if shape.least:
        made["minLength"] = shape.least
    if shape.most is not None:
        made["maxLength"] = shape.most
    if shape.pattern:
        made["pattern"] = shape.pattern
    if shape.example:
        made["examples"] = [shape.example]
    return made


def _wrong_list(shape: Many, value: Any, at: str) -> list[Wrong]:
    if not isinstance(value, list):
        return [Wrong(at, "must be a list")]
    if shape.most is not None and len(value) > shape.most:
        return [Wrong(at, f"must have {shape.most} entries at most")]
    return [each for place, one in enumerate(value) for each in wrongs(shape.of, one, at=f"{at}/{place}")]


def _wrong_fields(shape: Fields, value: Any, at: str) -> list[Wrong]:
    if not isinstance(value, dict):
        return [Wrong(at, "must be an object")]
    found: list[Wrong] = []
    for name, each in shape.fields.items():
        if name in value:
            found += wrongs(each, value[name], at=f"{at}/{_escaped(name)}")
        elif name not in shape.may_miss:
            found.append(Wrong(f"{at}/{_escaped(name)}", "is missing"))
    if not value.keys() <= shape.fields.keys():
        # What it is called is not repeated: a name may hold words that belong nowhere.
        found.append(Wrong(at, f"has fields that are not known; there are: {_listed(list(shape.fields))}"))
    return found


def _is_day(value: str) -> bool:
    try:
        return bool(re.fullmatch(DAY, value)) and FIRST_YEAR <= date.fromisoformat(value).year <= LAST_YEAR
    except ValueError:
        return False


def _is_moment(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).utcoffset() is not None
    except ValueError:
        return False


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
