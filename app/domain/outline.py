"""The outline of a contact plan: ways and times, without any address, name, word or person (requirement B1).

A person's space may show it, because it says nothing that whoever looks could use: "Text. Weekday mornings, 9 to 12. No
message." It is of what the person last said, not of what the Hub checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.domain.contact import Box, ContactPlan, Way, WayPlan


@dataclass(frozen=True)
class WayOutline:
    """One way without its address. `given_on` is the day on which an address was given, None when none ever was here."""

    way: Way
    boxes: tuple[Box, ...]
    message_allowed: bool
    not_in_school_hours: bool
    given_on: date | None


@dataclass(frozen=True)
class Outline:
    """A plan in codes, and the local day on which it was said."""

    wanted: bool
    ways: tuple[WayOutline, ...]
    said_on: date

    def to_codes(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "wanted": self.wanted,
            "on": self.said_on.isoformat(),
            "ways": [
                {
                    "way": each.way.value,
                    "boxes": [box.value for box in each.boxes],
                    "message": each.message_allowed,
                    "school": each.not_in_school_hours,
                    "given": each.given_on.isoformat() if each.given_on else None,
                }
                for each in self.ways
            ],
        }


def outline_of(plan: ContactPlan, *, today: date, before: Outline | None = None) -> Outline:
    """The outline of what somebody says today. `before` is the last one: an address left empty is the one given then."""
    given = {each.way: each.given_on for each in before.ways} if before else {}
    return Outline(
        wanted=bool(plan.wanted),
        ways=tuple(_way_outline(each, today=today, given_on=given.get(each.way)) for each in plan.ways)
        if plan.wanted
        else (),
        said_on=today,
    )


def from_codes(codes: Any) -> Outline | None:
    """An outline as it was kept; None for anything else. A code that this release does not know is left out."""
    try:
        return Outline(
            wanted=codes["wanted"] is True,
            ways=tuple(_from_codes(each) for each in codes["ways"] if each["way"] in set(Way)),
            said_on=date.fromisoformat(codes["on"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _way_outline(plan: WayPlan, *, today: date, given_on: date | None) -> WayOutline:
    return WayOutline(
        way=plan.way,
        boxes=tuple(box for box in Box if box in plan.boxes),
        message_allowed=plan.message_allowed,
        not_in_school_hours=plan.not_in_school_hours,
        given_on=today if plan.address.strip() else given_on,
    )


def _from_codes(codes: Mapping[str, Any]) -> WayOutline:
    given = codes["given"]
    return WayOutline(
        way=Way(codes["way"]),
        boxes=tuple(box for box in Box if box.value in codes["boxes"]),
        message_allowed=codes["message"] is True,
        not_in_school_hours=codes["school"] is True,
        given_on=date.fromisoformat(given) if given is not None else None,
    )
