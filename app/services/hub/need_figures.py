"""Figures about needs and outcomes, for one span of days at a time: sums only, no case and no name.

What each figure means is in docs/measures.md. They are counted from rows that go with their case: whoever publishes them keeps
what was counted when a quarter was closed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.data import needs as need_rows
from app.domain import outcomes
from app.domain.hours import OpeningHours
from app.domain.needs import CATEGORIES, MET, Ended, Look, known
from app.domain.outcomes import Change
from app.services.hub.joining import same_person
from app.services.hub.needs import act_by


@dataclass(frozen=True)
class Span:
    """Days from the first to the last, both counted, in the Hub's own zone."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)


@dataclass(frozen=True)
class NeedCounts:
    """The needs of one category: met (supported, referred or signposted), declined, and open when the span ended."""

    met: int
    declined: int
    open: int


@dataclass(frozen=True)
class Kept:
    """How often something was done in its time, of how often it was to be done."""

    kept: int
    of: int


def needs_by_category(session: Session, span: Span) -> Mapping[str, NeedCounts]:
    """Needs that ended within the span, and those that were open at its end, by category."""
    ended: dict[str, Counter[str]] = defaultdict(Counter)
    counted = (
        select(need_rows.Need.category, need_rows.Need.ended_as, func.count())
        .where(need_rows.Need.ended_on.between(span.first, span.last))
        .group_by(need_rows.Need.category, need_rows.Need.ended_as)
    )
    for category, ended_as, count in session.execute(counted):
        ended[category][ended_as or ""] = count
    still = (
        select(need_rows.Need.category, func.count())
        .where(
            need_rows.Need.opened_on <= span.last,
            need_rows.Need.ended_on.is_(None) | (need_rows.Need.ended_on > span.last),
        )
        .group_by(need_rows.Need.category)
    )
    is_open = {row[0]: row[1] for row in session.execute(still)}
    return {
        each: NeedCounts(
            met=sum(ended[each][how.value] for how in MET),
            declined=ended[each][Ended.DECLINED.value],
            open=is_open.get(each, 0),
        )
        for each in CATEGORIES
    }


def outcomes_by_name(session: Session, span: Span) -> Mapping[str, Counter[Change]]:
    """What became of each need, of coping and of recovering, for everybody who was looked at within the span: from their very
    first look to the last one before its end. One person counts once for each, however many cases they have."""
    within = select(need_rows.Assessment.case_id).where(
        need_rows.Assessment.done_at >= span.begins, need_rows.Assessment.done_at < span.ends
    )
    same = same_person(session)
    seen = {same.get(each, each) for each in session.scalars(within)}
    looks: dict[bytes, list[Look]] = defaultdict(list)
    found = (
        select(need_rows.Assessment)
        .where(
            need_rows.Assessment.case_id.in_(within) | need_rows.Assessment.case_id.in_(sorted(same)),
            need_rows.Assessment.done_at < span.ends,
        )
        .order_by(need_rows.Assessment.done_at, need_rows.Assessment.id)
    )
    for row in session.scalars(found):
        person = same.get(row.case_id, row.case_id)
        if person in seen:
            looks[person].append(
                Look(at=row.done_at, answers=known(row.answers), own=row.own, talked=row.done_by is not None)
            )
    return outcomes.tally(looks.values())


def assessments_done(session: Session, span: Span) -> int:
    """How many assessments colleagues made within the span; what people sent by themselves is not among them."""
    return (
        session.scalar(
            select(func.count())
            .select_from(need_rows.Assessment)
            .where(
                need_rows.Assessment.done_by.is_not(None),
                need_rows.Assessment.done_at >= span.begins,
                need_rows.Assessment.done_at < span.ends,
            )
        )
        or 0
    )


def asked_again(session: Session, span: Span) -> Kept:
    """Times that somebody had agreed to be asked again and was due within the span: kept when they were asked by their day.
    One that was called off before its day does not count."""
    kept = of = 0
    due = select(need_rows.ReAsking).where(need_rows.ReAsking.due_on.between(span.first, span.last))
    for row in session.scalars(due):
        if row.ended_on is not None and row.ended_on <= row.due_on:
            continue
        of += 1
        kept += row.done_on is not None and row.done_on <= row.due_on
    return Kept(kept, of)


def acted_on_worse(session: Session, span: Span, *, hours: OpeningHours, targets: Mapping[str, int]) -> Kept:
    """Times that something was noticed to be worse within the span: kept when a colleague acted within the Hub's target, or,
    while it has set none, before anybody counted."""
    kept = of = 0
    noticed = select(need_rows.Worsening).where(
        need_rows.Worsening.noticed_at >= span.begins, need_rows.Worsening.noticed_at < span.ends
    )
    for row in session.scalars(noticed):
        of += 1
        due = act_by(row.noticed_at, hours=hours, targets=targets)
        kept += row.acted_at is not None and (due is None or row.acted_at <= due)
    return Kept(kept, of)
