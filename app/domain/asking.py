"""What a person can ask the Hub for from their space (requirements B9, F16), and who may know of a complaint."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from app.domain import roles

ADDITION = "asked-for"  # the kind of the addition in which it travels
NEWS = "asked"  # the kind of the item that says what became of it
SUPERVISOR = roles.SUPERVISOR
COMPLAINTS = "complaints"  # the coded fact of a case: when each came, how it stands, from whom it is hidden


class Asked(StrEnum):
    """What can be asked for. The values travel and are kept: add, never rename."""

    RESTORATIVE = "restorative"
    WORKER = "worker"
    INTERPRETER = "interpreter"
    CASE_NEWS = "case-news"
    COPY = "copy"
    SUMMARY = "summary"
    NAME = "name"
    COMPLAINT = "complaint"


# The last part of their addresses: an address says nothing of what is asked for.
BY_NUMBER = {str(number): each for number, each in enumerate(Asked, start=1)}


class About(StrEnum):
    """Whom or what a complaint is about."""

    WORKER = "worker"
    HUB = "hub"
    INVESTIGATION = "investigation"
    OTHER = "other"


class Answer(StrEnum):
    """What became of it. The values travel and are kept: add, never rename."""

    WORKING = "working"
    DONE = "done"
    CANNOT = "cannot"


def may_know_of_complaint(
    *, staff_id: str, roles: Collection[str], hidden_from: Collection[str], is_named: bool = False
) -> bool:
    """Whether a colleague may know that a complaint is there: a supervisor whom it is not about.

    `hidden_from` are the ids of staff that it was found to be about as it came, `is_named` what its words say now.
    """
    return SUPERVISOR in roles and staff_id not in hidden_from and not is_named


def is_about_owner(about: str | None) -> bool:
    """Whether the one who has the case may be meant. A complaint that does not say whom it is about may mean them."""
    return about not in {About.HUB.value, About.INVESTIGATION.value}
