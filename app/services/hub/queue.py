"""Who waits: one page of the open cases, and how many there are of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.domain.hours import OpeningHours
from app.domain.priority import suggest
from app.domain.status import CaseState
from app.services.hub import guard
from app.services.hub.desk import QueueRow, row_of
from app.services.hub.staff import Identity

PAGE_LENGTH = 100
WAIT_FOR_US = (CaseState.NEW.value, CaseState.OURS.value)
# More than the desk will ever hold: the order (risk first) is only right when every case was looked at.
EVERY_CASE = 1_000_000


@dataclass(frozen=True)
class Counts:
    """How many cases there are in each state, and how many are one's own."""

    by_state: Mapping[CaseState, int]
    mine: int

    @property
    def total(self) -> int:
        """All cases that are not closed."""
        return sum(count for state, count in self.by_state.items() if state is not CaseState.CLOSED)


def queue(
    session: Session,
    who: Identity,
    *,
    hours: OpeningHours,
    targets: Mapping[str, int],
    now: datetime,
    state: CaseState | None = None,
    owner_id: str | None = None,
    page: int = 1,
) -> list[QueueRow]:
    """One page of the open cases that `who` may see, each group by how long they have waited: those at risk that wait for us,
    those that nobody has opened, those that are ours to do, all others. `page` counts from 1; a page past the end is empty.

    `targets` are the Hub's own (app/domain/priority.py). Where it has set any, what is due first comes first in its group.
    """
    every = rows.queue(session, state=state.value if state else None, owner_id=owner_id, limit=EVERY_CASE)
    found = [pair for pair in every if guard.may_see(pair[0], who)]
    found.sort(key=lambda pair: _urgency(pair[0], hours=hours, targets=targets))
    start = (page - 1) * PAGE_LENGTH
    return [
        row_of(case, owner, hours=hours, targets=targets, now=now) for case, owner in found[start : start + PAGE_LENGTH]
    ]


def counts(session: Session, who: Identity) -> Counts:
    """How many of the cases that `who` may see wait in each state, and how many of all belong to `who`."""
    found = rows.counts_by_state(session)
    hidden = guard.hidden_cases(session, who)
    for case in hidden:
        found[case.state] -= 1
    mine = session.scalar(
        select(func.count())
        .select_from(rows.Case)
        .where(rows.Case.owner_id == who.id, rows.Case.state != CaseState.CLOSED.value)
    )
    mine = (mine or 0) - sum(case.owner_id == who.id and case.state != CaseState.CLOSED.value for case in hidden)
    return Counts({state: found.get(state.value, 0) for state in CaseState}, mine)


def _urgency(
    case: rows.Case, *, hours: OpeningHours, targets: Mapping[str, int]
) -> tuple[bool, int, datetime, datetime]:
    """What sorts the queue; the smallest comes first."""
    due = suggest(case.facts, hours, case.received_at, targets=targets).due if targets else None
    place = WAIT_FOR_US.index(case.state) if case.state in WAIT_FOR_US else len(WAIT_FOR_US)
    at_risk = bool(case.facts.get("risk")) and case.state in WAIT_FOR_US
    return (not at_risk, place, due or case.received_at, case.received_at)
