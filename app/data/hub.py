"""Rows of the Hub's database: the coded facts that the queue needs, and sealed everything else."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, event, func, literal_column, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.data.database import READS_ONLY, HubRow
from app.data.post import AsideMixin, IncomingMixin, OutgoingMixin, PostStateMixin, PostTables
from app.domain.queue import AT_ONCE, NEVER, OURS, coded
from app.domain.status import CaseState

TO_HUB, TO_PERSON = "to-hub", "to-person"
# The state of a case that is out of the queue (app/domain/status.py).
CLOSED = "closed"
# What the audit calls the act by which a request is opened.
OPENED = "opened-request"
REFERRAL, ADDITION, CASE_SECRET = "referral", "addition", "case-secret"


class PostState(PostStateMixin, HubRow):
    """The Hub's own id and counters."""


class Outgoing(OutgoingMixin, HubRow):
    """Envelopes from the Hub to the portal."""


class Incoming(IncomingMixin, HubRow):
    """Envelopes from the portal that the Hub took in. `kept`: a backup holds what came of it, and the answer says so."""

    __table_args__ = (UniqueConstraint("database_id", "case_id", "number"), {"sqlite_with_rowid": False})

    kept: Mapped[bool] = mapped_column(default=False)


class Aside(AsideMixin, HubRow):
    """Envelopes from the portal that the Hub refused."""


POST = PostTables(state=PostState, outgoing=Outgoing, incoming=Incoming, aside=Aside)


class Case(HubRow):
    """A case: coded facts only. What the person wrote is in SealedDocument."""

    __tablename__ = "case"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)
    language: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id"), index=True)
    read_at: Mapped[datetime | None]
    number_out: Mapped[int] = mapped_column(default=0)
    orders_out: Mapped[int] = mapped_column(default=0)
    # Since when they wait for a word of ours, and when a colleague first wrote to them.
    waiting_since: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    quiet_until: Mapped[datetime | None]
    # What the queue sorts, counts and guards by, worked out from the facts (app/domain/queue.py): these at every change,
    at_risk: Mapped[bool] = mapped_column(default=False)
    restricted: Mapped[bool] = mapped_column(default=False)
    hidden_from: Mapped[str] = mapped_column(default="")
    suggested: Mapped[str] = mapped_column(default="none")
    promised_by: Mapped[date | None]
    # and these when `turns_at` has come (app/services/hub/placing.py).
    tier: Mapped[int] = mapped_column(default=OURS)
    closes_at: Mapped[datetime] = mapped_column(default=NEVER)
    turns_at: Mapped[datetime] = mapped_column(default=AT_ONCE)
    due_at: Mapped[datetime | None]
    sort_at: Mapped[datetime]


# Said in these very words wherever the queue asks, so that both engines use the indexes below.
IS_OPEN = Case.state != literal_column("'closed'")
for _name, _columns in {
    "ix_case_queue": (Case.tier, Case.closes_at, Case.sort_at, Case.id),
    "ix_case_turns": (Case.turns_at,),
    "ix_case_promised": (Case.promised_by,),
}.items():
    Index(_name, *_columns, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)


@event.listens_for(Case, "before_insert")
@event.listens_for(Case, "before_update")
def _work_out(_mapper: Any, _connection: Any, case: Case) -> None:
    """Whoever changes a case: what the queue keeps of its facts follows at once, the rest with the next pass."""
    facts, state = case.facts or {}, case.state
    found = coded(facts, state)
    case.at_risk, case.restricted, case.hidden_from = found.at_risk, found.restricted, found.hidden_from
    case.suggested, case.promised_by, case.tier = found.suggested, found.promised_by, found.tier
    if state != CaseState.QUIET.value:
        case.quiet_until = None
    case.turns_at = AT_ONCE


@event.listens_for(Case, "before_insert")
def _sort_in(_mapper: Any, _connection: Any, case: Case) -> None:
    """Until the next pass has looked at it, a new case stands where it came in."""
    case.sort_at = case.waiting_since or case.received_at


class QueueState(HubRow):
    """One row: by which hours and targets the queue was worked out last."""

    __tablename__ = "queue_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    rules: Mapped[str]


class RecordSecret(HubRow):
    """The case's record secret, wrapped to the Hub's newest sealing key: a rotation rewraps this row and nothing else."""

    __tablename__ = "record_secret"

    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    wrapped: Mapped[bytes]


class SealedDocument(HubRow):
    """A referral, an addition or the case secret, sealed under the record secret."""

    __tablename__ = "sealed_document"
    __table_args__ = (UniqueConstraint("case_id", "kind", "number"),)

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    kind: Mapped[str]
    number: Mapped[int]
    sealed: Mapped[bytes]
    added_at: Mapped[datetime]


class Item(HubRow):
    """One piece of the conversation, sealed under the case secret."""

    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("case_id", "direction", "number"),)

    envelope_id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    direction: Mapped[str]
    number: Mapped[int]
    body: Mapped[bytes]
    added_at: Mapped[datetime]


class Change(HubRow):
    """Something that the person asked for from their space and that binds the Hub (app/domain/change.py).

    What exactly was asked for is in the sealed addition of the same number. `told_as` is the standing that the person was
    last told.
    """

    __tablename__ = "change"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    envelope_id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str]
    standing: Mapped[str] = mapped_column(index=True)
    proven: Mapped[bool]
    arrived_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    told_as: Mapped[str | None] = mapped_column(index=True)


class Handover(HubRow):
    """Passing a person on to a service, from the asking to the acceptance. The person's own words about it are sealed."""

    __tablename__ = "handover"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    service: Mapped[str]
    reason: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(index=True)
    asked_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class Notice(HubRow):
    """One notice that something new is there. Its words and its address are read from the sealed plan when it goes."""

    __tablename__ = "notice"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    way: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    up_to: Mapped[int]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    provider_id: Mapped[str | None]
    changed_at: Mapped[datetime]


class Tombstone(HubRow):
    """A case that was erased: so that no late envelope and no restored backup brings it back."""

    __tablename__ = "tombstone"

    case_id: Mapped[bytes] = mapped_column(primary_key=True)
    erased_on: Mapped[date]


class Survey(HubRow):
    """One set of answers to the questionnaire, in codes. It has no case, no time finer than a month, and an id of its own:
    not the envelope's, so that nobody finds it by what a browser once knew."""

    __tablename__ = "survey"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own convention

    id: Mapped[bytes] = mapped_column(primary_key=True)
    month: Mapped[str]
    district: Mapped[int | None]
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)


class Feedback(HubRow):
    """What somebody said about the site or the Hub, of no case. Their words are sealed under a secret of this row's own, which
    is wrapped to the Hub's newest sealing key; the id is not the envelope's."""

    __tablename__ = "feedback"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own convention

    id: Mapped[bytes] = mapped_column(primary_key=True)
    came_on: Mapped[date]
    about: Mapped[str | None]
    language: Mapped[str]
    wrapped: Mapped[bytes]
    sealed: Mapped[bytes]
    done_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    done_at: Mapped[datetime | None]


class Staff(HubRow):
    """Somebody who works at the Hub. `shown_name` is what the public sees: a first name."""

    __tablename__ = "staff"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    shown_name: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(JSON)
    # When this visit to the desk began, and when the last one ended, or began: what is new since then.
    here_since: Mapped[datetime | None]
    here_before: Mapped[datetime | None]


class StaffSession(HubRow):
    """A signed-in session, revocable: a hash of its random id."""

    __tablename__ = "staff_session"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    expires_at: Mapped[datetime]


class Opening(HubRow):
    """Leave to read one sealed case for a while, given by a logged act."""

    __tablename__ = "opening"

    session_id: Mapped[bytes] = mapped_column(ForeignKey("staff_session.id", ondelete="CASCADE"), primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    expires_at: Mapped[datetime]


class Audit(HubRow):
    """Who did what to which case, when. Never what was read."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    staff_id: Mapped[str]
    action: Mapped[str]
    case_id: Mapped[bytes | None] = mapped_column(index=True)
    detail: Mapped[str]


def claim_number(session: Session, case_id: bytes, *, expected: int) -> bool:
    """Take the next number to the person if it is still `expected` + 1; False when another request took it."""
    result = session.execute(
        update(Case).where(Case.id == case_id, Case.number_out == expected).values(number_out=expected + 1)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def case_by_reference(session: Session, reference: str) -> Case | None:
    """The case with this reference (six digits), or None."""
    return session.scalar(select(Case).where(Case.reference == reference))


def was_opened(session: Session, case_id: bytes) -> bool:
    """True when somebody at the Hub has ever opened the request; the audit says so from the very transaction that gives leave."""
    case = session.get_one(Case, case_id)
    return (
        case.read_at is not None
        or session.scalar(select(Audit.id).where(Audit.case_id == case_id, Audit.action == OPENED).limit(1)) is not None
    )


def last_number_in(session: Session, case_id: bytes) -> int:
    """The number of the last envelope that came for a case: of its messages, its additions, or 0 for the request itself."""
    added = select(func.max(SealedDocument.number)).where(SealedDocument.case_id == case_id)
    written = select(func.max(Item.number)).where(Item.case_id == case_id, Item.direction == TO_HUB)
    return max(session.scalar(added) or 0, session.scalar(written) or 0)


def documents(session: Session, case_id: bytes) -> list[SealedDocument]:
    """What the case's record secret opens, oldest first. While a session only reads, it asks once."""
    known = session.info.get(READS_ONLY, {})
    found = known.get((SealedDocument, case_id))
    if found is None:
        found = known[SealedDocument, case_id] = list(
            session.scalars(
                select(SealedDocument)
                .where(SealedDocument.case_id == case_id)
                .order_by(SealedDocument.number, SealedDocument.kind)
            )
        )
    return list(found)


def changes(session: Session, case_id: bytes) -> list[Change]:
    """What the person of a case asked for, in the order in which they asked."""
    return list(session.scalars(select(Change).where(Change.case_id == case_id).order_by(Change.number)))


def items(session: Session, case_id: bytes) -> list[Item]:
    """The conversation of a case, oldest first."""
    return list(session.scalars(select(Item).where(Item.case_id == case_id).order_by(Item.added_at, Item.number)))


def log(
    session: Session, *, at: datetime, staff_id: str, action: str, case_id: bytes | None = None, detail: str = ""
) -> None:
    """Add a line to the audit; it commits with what it tells of."""
    session.add(Audit(at=at, staff_id=staff_id, action=action, case_id=case_id, detail=detail))


def audit_with_names(session: Session, case_id: bytes, *, limit: int = 50) -> list[tuple[Audit, str | None]]:
    """The latest audit lines of a case, newest first, each with the name of whoever did it, if they are known."""
    query = select(Audit, Staff.name).outerjoin(Staff, Staff.id == Audit.staff_id).where(Audit.case_id == case_id)
    return [(row[0], row[1]) for row in session.execute(query.order_by(Audit.id.desc()).limit(limit))]


def audit_of(session: Session, case_id: bytes, *, limit: int = 50) -> list[Audit]:
    """The latest audit lines of a case, newest first."""
    return list(session.scalars(select(Audit).where(Audit.case_id == case_id).order_by(Audit.id.desc()).limit(limit)))
