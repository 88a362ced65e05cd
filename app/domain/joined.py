"""Cases that belong together: the same person who asked twice, or people who are linked, such as relatives.

A person says so, never a rule. Each case keeps its own number, space and secrecy.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

Id = TypeVar("Id", bound=Hashable)
# What the audit calls joining and undoing where one of the two may be known to few: such a line is on no case's trail, which
# may be read by people who must not learn that the other is there.
JOINED_HIDDEN, PARTED_HIDDEN = "joined-hidden", "parted-hidden"
ON_NO_TRAIL = frozenset({JOINED_HIDDEN, PARTED_HIDDEN})
# Of two requests of one person at least one of these is likely to be the same.
SIMILAR = ("language", "district", "to_whom")


class Tie(StrEnum):
    """How two cases belong together. The values are kept: add, never rename."""

    SAME = "same"  # one person: counted once
    LINKED = "linked"  # two people who belong together, such as relatives: counted as two


class Likeness(StrEnum):
    """Why two requests may be of one person. Never a guess: something that both have."""

    REFERENCE = "reference"  # one of them names the reference of the other
    PHONE = "phone"
    EMAIL = "email"


def are_similar(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two requests share a coded fact, so that it is worth opening both to compare them."""
    if any(one.get(name) is not None and one.get(name) == other.get(name) for name in SIMILAR):
        return True
    return bool(set(one.get("happened") or ()) & set(other.get("happened") or ()))


def as_people(cases: Iterable[Id], same: Iterable[tuple[Id, Id]]) -> list[frozenset[Id]]:
    """Cases put together by person: each set is one person. Pairs of which a case is not among `cases` still tie the others."""
    wanted = set(cases)
    parents: dict[Id, Id] = {}

    def head(each: Id) -> Id:
        while parents.setdefault(each, each) != each:
            parents[each] = parents[parents[each]]
            each = parents[each]
        return each

    for one, other in same:
        parents[head(one)] = head(other)
    people: dict[Id, set[Id]] = {}
    for each in wanted:
        people.setdefault(head(each), set()).add(each)
    return [frozenset(found) for found in people.values()]
