"""Who may be rung, texted or written to at this very moment.

The coded windows only find whom to look at. Whether a way is open is decided on the person's own plan, opened in memory for
the few that are shown, by `app.domain.contact.decide`. No number and no address leaves this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.hub import Case, Staff
from app.domain.contact import Allowed, Way, decide
from app.domain.queue import LAST_LISTED, NEVER
from app.services.hub import desk, guard, plans
from app.services.hub.desk import QueueRow, row_of
from app.services.hub.queue import Clock
from app.services.hub.records import Opener
from app.services.hub.staff import Identity

PAGE_LENGTH = 25


@dataclass(frozen=True)
class Open:
    """One way that is open now, until when."""

    row: QueueRow
    way: Way
    until: datetime


@dataclass(frozen=True)
class Page:
    """A page of ways; empty while the plans may be out of date."""

    ways: tuple[Open, ...]
    has_more: bool
    is_stale: bool


def now_open(
    session: Session,
    who: Identity,
    *,
    clock: Clock,
    targets: Mapping[str, int],
    opener: Opener,
    number: int = 1,
) -> Page:
    """Every open way of those of the daily list whom `who` may know of, the window that closes soonest first."""
    if desk.post_health(session, now=clock.now).is_stale:
        return Page((), has_more=False, is_stale=True)
    found = session.execute(
        select(Case, Staff)
        .outerjoin(Staff, Staff.id == Case.owner_id)
        .where(
            rows.IS_OPEN,
            guard.visible_to(who),
            Case.tier <= LAST_LISTED,
            Case.closes_at > clock.now,
            Case.closes_at < NEVER,
        )
        .order_by(Case.closes_at, Case.tier, Case.sort_at, Case.id)
        .limit(PAGE_LENGTH + 1)
        .offset((number - 1) * PAGE_LENGTH)
    ).all()
    shown = found[:PAGE_LENGTH]
    opened = plans.read_many(session, [case.id for case, _ in shown], opener=opener, hours=clock.hours)
    ways = []
    for case, owner in shown:
        plan = opened.get(case.id)
        for each in plan.ways if plan else ():
            # The post is fresh, so the plan is as it was known at the last pass; whoever is rung is collected anew first.
            decision = decide(plan, each.way, clock.now, known_at=clock.now, hours=clock.hours) if plan else None
            if isinstance(decision, Allowed):
                row = row_of(case, owner, hours=clock.hours, targets=targets, now=clock.now)
                ways.append(Open(row, each.way, decision.until))
    ways.sort(key=lambda one: (one.until.astimezone(UTC), not one.row.facts.get("risk"), one.row.reference))
    return Page(tuple(ways), has_more=len(found) > PAGE_LENGTH, is_stale=False)
