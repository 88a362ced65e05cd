"""Rows of the needs assessment: codes in clear as far as the queue and the figures need them, words sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.data.database import HubRow


class Assessment(HubRow):
    """One look at how somebody is: taken down by a colleague, or sent by the person (`done_by` is None then).

    `answers`: codes by name (app/domain/needs.py). `own`: the person said it. `how`: in which way they were asked. `sealed`:
    what the colleague noted, under the record secret.
    """

    __tablename__ = "assessment"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    done_at: Mapped[datetime] = mapped_column(index=True)
    done_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    own: Mapped[bool]
    how: Mapped[str]
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    sealed: Mapped[bytes | None]


class Need(HubRow):
    """A need that was found, until it ends. `wish`: what the person wants to be done about it."""

    __tablename__ = "need"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    category: Mapped[str]
    opened_on: Mapped[date]
    opened_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    level: Mapped[str | None]
    wish: Mapped[str | None]
    ended_as: Mapped[str | None]
    ended_on: Mapped[date | None]
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    service: Mapped[str | None]


class Decision(HubRow):
    """What a co-ordinator decided after a talk: the level of support, or the priority group. The newest of a kind counts."""

    __tablename__ = "decision"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    value: Mapped[str]
    suggested: Mapped[str]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    sealed: Mapped[bytes | None]


class ReAsking(HubRow):
    """That somebody agreed to be asked again, and by when. One that was neither done nor ended is still to come."""

    __tablename__ = "re_asking"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    agreed_on: Mapped[date]
    agreed_with: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    due_on: Mapped[date] = mapped_column(index=True)
    done_on: Mapped[date | None]
    done_as: Mapped[str | None]
    ended_on: Mapped[date | None]


class Worsening(HubRow):
    """That something got worse, and what was done about it."""

    __tablename__ = "worsening"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    noticed_at: Mapped[datetime]
    names: Mapped[list[str]] = mapped_column(JSON)
    own: Mapped[bool]
    acted_at: Mapped[datetime | None]
    acted_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    acted_as: Mapped[str | None]
    sealed: Mapped[bytes | None]


# How an asking was kept: the question went to their space.
ASKED_IN_SPACE = "in-space"
TABLES = (Assessment, Need, Decision, ReAsking, Worsening)


def assessments(session: Session, case_id: bytes) -> list[Assessment]:
    """Every look at a case, oldest first."""
    found = select(Assessment).where(Assessment.case_id == case_id).order_by(Assessment.done_at, Assessment.id)
    return list(session.scalars(found))


def needs(session: Session, case_id: bytes) -> list[Need]:
    """The needs of a case, those that are open first, and each group in the order in which they were found."""
    found = session.scalars(select(Need).where(Need.case_id == case_id).order_by(Need.opened_on, Need.category))
    return sorted(found, key=lambda each: each.ended_as is not None)


def decisions(session: Session, case_id: bytes) -> list[Decision]:
    """What was decided about a case, newest first."""
    found = select(Decision).where(Decision.case_id == case_id).order_by(Decision.decided_at.desc(), Decision.kind)
    return list(session.scalars(found))


def open_asking(session: Session, case_id: bytes) -> ReAsking | None:
    """The asking that is still to come; None when none was agreed."""
    found = select(ReAsking).where(ReAsking.case_id == case_id, ReAsking.done_on.is_(None), ReAsking.ended_on.is_(None))
    return session.scalars(found.order_by(ReAsking.due_on).limit(1)).first()


def worsenings(session: Session, case_id: bytes) -> Sequence[Worsening]:
    """What got worse in a case, newest first."""
    found = select(Worsening).where(Worsening.case_id == case_id).order_by(Worsening.noticed_at.desc(), Worsening.id)
    return session.scalars(found).all()


def asking_kept(session: Session, case_id: bytes, *, done_as: str, on: date) -> None:
    """The asking that is still to come, if there is one, was done on this day."""
    waiting = open_asking(session, case_id)
    if waiting is not None:
        waiting.done_on, waiting.done_as = on, done_as
        session.flush()
