"""What a case is marked with when it is closed or its time is nearly over, and what takes the marks away again.

A closed case is not locked: the first thing that comes from the person, or that a colleague sends, opens it again.
"""

from __future__ import annotations

from datetime import datetime

from app.data import hub as rows
from app.domain.status import CaseState

# Marks in the coded facts, each a moment in ISO 8601: since when a case is closed, and when nothing of it will be left.
CLOSED_AT, GOES_AT = "closed_at", "goes_at"
# They asked to close, it waits, and nothing came from them since.
CLOSING = "closing"


def set_closed(case: rows.Case, *, now: datetime) -> None:
    """The case leaves the queue; how long it is kept counts from here."""
    case.state = CaseState.CLOSED.value
    kept = {name: value for name, value in case.facts.items() if name not in {GOES_AT, CLOSING}}
    case.facts = {**kept, CLOSED_AT: now.isoformat(timespec="seconds")}


def set_closing(case: rows.Case) -> None:
    """They asked to close it, and that waits."""
    case.facts = {**case.facts, CLOSING: True}


def stay(case: rows.Case, *, came: bool = False) -> None:
    """Something went, or came from the person: the case is not closed, and no day is set on which it would be deleted.

    What comes also takes back a closing that was asked for before it and waits.
    """
    gone = {CLOSED_AT, GOES_AT, CLOSING} if came else {CLOSED_AT, GOES_AT}
    if gone & case.facts.keys():
        case.facts = {name: value for name, value in case.facts.items() if name not in gone}


def moment(case: rows.Case, mark: str) -> datetime | None:
    """When a mark says; None when the case has none."""
    said = case.facts.get(mark)
    return datetime.fromisoformat(said) if isinstance(said, str) else None
