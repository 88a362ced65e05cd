"""Keeping the queue in order: when a window opens or closes, a review date comes, or the Hub's hours and targets change.

What depends on the time is worked out from coded facts and kept in columns until the moment at which it changes, so that the
queue itself is one look into an index. The courier does it after each pass, for those whose moment has come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain.contact import codes_of
from app.domain.hours import OpeningHours
from app.domain.queue import AT_ONCE, WINDOWS, rules_of, timed
from app.domain.referral import MalformedReferral
from app.domain.status import CaseState
from app.services import post
from app.services.hub import plans, records
from app.services.hub.records import Opener

PLACES_AT_ONCE = 200
REVIEW_AFTER_DAYS = 28


@dataclass(frozen=True)
class Rules:
    """What the order rests on besides the facts: the Hub's hours and targets, and when a quiet case is looked at again."""

    hours: OpeningHours
    targets: Mapping[str, int]
    review_days: int = REVIEW_AFTER_DAYS


def place(database: Database, *, rules: Rules, opener: Opener, now: datetime, at_most: int = PLACES_AT_ONCE) -> int:
    """Work out anew what has turned, at most so many cases; returns how many. Done twice is done.

    Hours or targets other than the last time turn every open case.
    """
    name = rules_of(rules.hours, rules.targets)
    with database.reading() as session:
        known = session.get(rows.QueueState, 1)
        is_new = known is None or known.rules != name
        turned = session.execute(
            select(rows.Case.id, rows.Case.facts)
            .where(rows.IS_OPEN, rows.Case.turns_at <= now)
            .order_by(rows.Case.turns_at)
            .limit(at_most)
        ).all()
        # Cases of an earlier release have no codes of their windows yet.
        read = {
            case_id: _windows(session, case_id, rules=rules, opener=opener)
            for case_id, facts in turned
            if WINDOWS not in facts
        }
    if is_new:
        with database.writing() as session:
            session.merge(rows.QueueState(id=1, rules=name))
            session.execute(update(rows.Case).where(rows.IS_OPEN).values(turns_at=AT_ONCE))
    if not turned:
        return place(database, rules=rules, opener=opener, now=now, at_most=at_most) if is_new else 0
    with database.writing() as session:
        found = session.scalars(
            select(rows.Case).where(rows.Case.id.in_([case_id for case_id, _ in turned])).with_for_update()
        ).all()
        placed: list[dict[str, Any]] = []
        for case in found:
            facts = {**read.get(case.id, {}), **case.facts}
            placed.append({"id": case.id, "facts": facts, **_place(case, facts, rules=rules, now=now)})
        if placed:
            session.execute(update(rows.Case), placed)  # one statement; nothing of it is asked of the objects
    return len(turned)


def place_all(database: Database, *, rules: Rules, opener: Opener, now: datetime) -> int:
    """Work out everything anew; returns how many open cases there are."""
    with database.writing() as session:
        session.execute(update(rows.Case).where(rows.IS_OPEN).values(turns_at=AT_ONCE))
    count = 0
    while placed := place(database, rules=rules, opener=opener, now=now):
        count += placed
    return count


def _place(case: rows.Case, facts: Mapping[str, Any], *, rules: Rules, now: datetime) -> dict[str, Any]:
    quiet_until = case.quiet_until
    if case.state == CaseState.QUIET.value and quiet_until is None:  # silence never ends anything
        quiet_until = now + timedelta(days=rules.review_days)
    found = timed(
        facts,
        case.state,
        received_at=case.received_at,
        waiting_since=case.waiting_since,
        answered_at=case.answered_at,
        quiet_until=quiet_until,
        hours=rules.hours,
        targets=rules.targets,
        now=now,
    )
    return {
        "tier": found.tier,
        "closes_at": found.closes_at,
        "turns_at": found.turns_at,
        "due_at": found.due_at,
        "sort_at": found.sort_at,
        "quiet_until": quiet_until,
    }


def _windows(session: Session, case_id: bytes, *, rules: Rules, opener: Opener) -> dict[str, Any]:
    try:
        key = records.case_key(session, case_id, opener=opener)
        plan = plans.read(session, case_id, key=key, hours=rules.hours).plan
    except (sealing.CannotOpen, MalformedReferral) as error:
        post.alarm("a contact plan does not open, so its windows are not known", kind=type(error).__name__)
        return {WINDOWS: {}}
    paused = plan.paused_until.isoformat(timespec="seconds") if plan.paused_until else None
    return {WINDOWS: codes_of(plan), "paused": paused}
