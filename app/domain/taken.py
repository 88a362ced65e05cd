"""A request that a colleague took: on the phone, from a paper form, from somebody at the door, or out in the community.

The ids are kept with the case and counted in reports: add, never rename.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

# The step of a taken request's answers that no visitor has: what was asked only because a colleague typed it.
STEP = "taken"
# What the Hub may hold in clear of it: how it came, the id of who took it, and whether a space is there for it.
SOURCE, TAKEN_BY, SPACE = "source", "taken_by", "space"
# Which words the colleague read out before the caller said yes (requirement B13).
CONSENT_WORDING = "consent-1-read-out"


class Source(StrEnum):
    """How a request came that was not typed on the site."""

    PHONE = "phone"
    PAPER = "paper"
    WALK_IN = "walk-in"
    OUTREACH = "outreach"


class Space(StrEnum):
    """Why nothing can be sent to somebody's space. Most cases say neither: their space is there."""

    NONE = "none"  # they wanted no number: the case is at the Hub and nowhere else
    OPENING = "opening"  # a code was given, and the site has not yet said that it opened the space


def facts_of(source: Source, *, by: str, wants_code: bool) -> dict[str, str]:
    """The coded facts of a taken request; `by` is the id of the colleague."""
    return {
        SOURCE: source.value,
        TAKEN_BY: by,
        SPACE: (Space.OPENING if wants_code else Space.NONE).value,
    }


def has_space(facts: Mapping[str, Any]) -> bool:
    """Whether what is said to the person can reach the site now."""
    return not facts.get(SPACE)
