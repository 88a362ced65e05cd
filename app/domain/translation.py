"""How far a translation is: who has read it, in which parts of the site. Said to the reader as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Group(StrEnum):
    """The parts of the site that are checked one by one."""

    SAFETY = "safety"
    REQUEST = "request"
    SPACE = "space"
    NEWS = "news"
    AROUND = "around"


class Standing(StrEnum):
    """What has happened to the words of a part: a computer drafted them, or a person checked every one."""

    DRAFTED = "drafted"
    CHECKED = "checked"


def message_key(message: str, context: str = "") -> str:
    """Stands for a message of the catalogues, whatever it is translated to: 16 hexadecimal digits."""
    return hashlib.sha256(f"{context}\0{message}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Count:
    """How many messages a part has, and how many of them a person has checked."""

    messages: int
    checked: int

    @property
    def standing(self) -> Standing:
        """Checked only when every message is."""
        return Standing.CHECKED if self.messages and self.checked == self.messages else Standing.DRAFTED


@dataclass(frozen=True)
class Progress:
    """How far one language is. `checked_safety` holds the keys of the safety messages that a person has checked."""

    groups: Mapping[Group, Count] = field(default_factory=dict)
    checked_safety: frozenset[str] = frozenset()

    def of(self, group: Group) -> Standing:
        """The standing of a part; a part that nobody counted is a draft."""
        count = self.groups.get(group)
        return Standing.DRAFTED if count is None else count.standing

    @property
    def has_any_checked(self) -> bool:
        """Whether a person has checked any part."""
        return any(self.of(group) is Standing.CHECKED for group in Group)

    @property
    def is_checked(self) -> bool:
        """Whether a person has checked every part."""
        return all(self.of(group) is Standing.CHECKED for group in Group)


# Where a message stands decides its part; the first that fits counts. Prefixes of paths below app/.
_PLACES: tuple[tuple[Group, tuple[str, ...]], ...] = (
    (Group.SAFETY, ("templates/portal/safety.html", "templates/portal/help_now.html")),
    (Group.NEWS, ("forms/news.py", "templates/components/news.html", "templates/portal/case/news")),
    (Group.SPACE, ("templates/portal/case/", "templates/components/passing.html", "forms/ask.py", "forms/contact.py",
                   "forms/handover.py", "forms/how.py", "forms/leaving.py", "forms/notices.py", "forms/number.py",
                   "templates/portal/number/", "templates/portal/return.html", "pages/portal/")),
    (Group.AROUND, ("forms/feedback.py", "forms/packet.py", "templates/portal/packet/")),
    (Group.REQUEST, ("templates/portal/refer/", "templates/portal/paper/", "templates/portal/more/", "templates/portal/survey/",
                     "templates/portal/to_read/", "forms/")),
)  # fmt: skip
# What only staff read stays in English. The forms of the desk are those whose file begins with that word.
_DESK = ("templates/hub/", "pages/hub/", "forms/desk", "forms/api.py")


def is_public(places: tuple[str, ...]) -> bool:
    """Whether a message stands anywhere but at the desk. `places`: paths below app/."""
    return not all(place.startswith(_DESK) for place in places)


def group_of(places: tuple[str, ...], *, is_vital: bool) -> Group:
    """The part that a message belongs to. `is_vital`: somebody's safety may hang on it."""
    if is_vital:
        return Group.SAFETY
    return next(
        (group for group, prefixes in _PLACES if any(place.startswith(prefixes) for place in places)), Group.AROUND
    )


# The parts that a page shows most of, by the first word of its endpoint.
_ENDPOINTS: Mapping[str, Group] = {
    "safety": Group.SAFETY,
    "help": Group.SAFETY,
    "refer": Group.REQUEST,
    "paper": Group.REQUEST,
    "survey": Group.REQUEST,
    "return": Group.SPACE,
    "case": Group.SPACE,
}


def group_of_page(endpoint: str) -> Group:
    """The part that decides what a page says about its translation. `endpoint`: such as "portal.refer_step"."""
    return _ENDPOINTS.get(endpoint.rpartition(".")[2].split("_")[0], Group.AROUND)
