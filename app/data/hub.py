"""Rows of the Hub's database: the coded facts that the queue needs, and sealed everything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.data.database import HubRow
from app.data.post import AsideMixin, IncomingMixin, OutgoingMixin, PostStateMixin, PostTables

TO_HUB, TO_PERSON = "to-hub", "to-person"
# The state of a case that is out of the queue (app/domain/status.py).
CLOSED = "closed"
# What the audit calls the act by which a request is opened.
OPENED = "opened-request"
REFERRAL, ADDITION, CASE_SECRET = "referral", "addition", "case-secret"
# The rest of the kind names whose it is: a colleague's unsent words about a case (app/services/hub/unsent.py).
UNSENT = "unsent-"


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


class StaffSession(HubRow):
    """A signed-in session, revocable: a hash of its random id."""

    __tablename__ = "staff_session"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    expires_at: Mapped[datetime]


class Opening(HubRow):
    """Leave to read one sealed case for a while, given by a logged act.

    `shown`: by way, when its number was last shown to this session and nothing was written down since of what became of it.
    """

    __tablename__ = "opening"

    session_id: Mapped[bytes] = mapped_column(ForeignKey("staff_session.id", ondelete="CASCADE"), primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    expires_at: Mapped[datetime]
    shown: Mapped[dict[str, str] | None] = mapped_column(JSON)


class Attempt(HubRow):
    """One attempt to reach somebody, and what became of it (app/domain/attempts.py). Words about it are sealed.

    After somebody else answered, `ruling` is what a colleague decided about that way; None while nobody has.
    """

    __tablename__ = "attempt"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    way: Mapped[str]
    outcome: Mapped[str]
    within_plan: Mapped[bool]
    note: Mapped[bytes | None]
    ruling: Mapped[str | None]
    ruled_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    ruled_at: Mapped[datetime | None]
    reason: Mapped[bytes | None]
    staff: Mapped[Staff | None] = relationship(foreign_keys=[staff_id], lazy="joined", viewonly=True)
    ruler: Mapped[Staff | None] = relationship(foreign_keys=[ruled_by], lazy="joined", viewonly=True)


class Recording(HubRow):
    """What was decided about recording a crime, each decision a row of its own; the newest counts."""

    __tablename__ = "recording"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    decision: Mapped[str]
    told: Mapped[bool]
    staff: Mapped[Staff | None] = relationship(foreign_keys=[staff_id], lazy="joined", viewonly=True)


class Translation(HubRow):
    """A text of a case at the translation desk: when it went out and came back. All its words are sealed.

    `source` says where the text stands: "item:" and the id of a message, "request", "added:" and a number, or "new" for words
    of our own. `envelope_id` is the message that carried them; `done_by` a person or a machine.
    """

    __tablename__ = "translation"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    source: Mapped[str]
    language_from: Mapped[str]
    language_to: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    asked_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    due_on: Mapped[date | None]
    done_by: Mapped[str | None]
    done_on: Mapped[date | None]
    returned_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    returned_at: Mapped[datetime | None]
    sealed: Mapped[bytes]
    asker: Mapped[Staff | None] = relationship(foreign_keys=[asked_by], lazy="joined", viewonly=True)
    returner: Mapped[Staff | None] = relationship(foreign_keys=[returned_by], lazy="joined", viewonly=True)


class Audit(HubRow):
    """Who did what to which case, when. Never what was read."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    staff_id: Mapped[str]
    action: Mapped[str]
    case_id: Mapped[bytes | None] = mapped_column(index=True)
    detail: Mapped[str]


def together(session: Session, case_id: bytes, *, session_id: bytes) -> object:
    """Read in one query what every page of a case asks for by its key: while what is returned is held, asking is no query."""
    return session.execute(
        select(Case, Staff, Opening, RecordSecret, PostState)
        .outerjoin(Staff, Staff.id == Case.owner_id)
        .outerjoin(Opening, (Opening.case_id == Case.id) & (Opening.session_id == session_id))
        .outerjoin(RecordSecret, RecordSecret.case_id == Case.id)
        .outerjoin(PostState, PostState.id == 1)
        .where(Case.id == case_id)
    ).all()


def names_of(session: Session, staff_ids: Iterable[str | None]) -> dict[str, str]:
    """The names of colleagues by id; nothing is asked where there is nobody."""
    wanted = {each for each in staff_ids if each}
    if not wanted:
        return {}
    return {row[0]: row[1] for row in session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(wanted)))}


def claim_number(session: Session, case_id: bytes, *, expected: int) -> bool:
    """Take the next number to the person if it is still `expected` + 1; False when another request took it."""
    result = session.execute(
        update(Case).where(Case.id == case_id, Case.number_out == expected).values(number_out=expected + 1)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def queue(
    session: Session, *, state: str | None = None, owner_id: str | None = None, limit: int = 200
) -> list[tuple[Case, Staff | None]]:
    """Cases with their owners, longest waiting first; `state` and `owner_id` narrow. Closed ones only where `state` asks."""
    query = select(Case, Staff).outerjoin(Staff, Staff.id == Case.owner_id).order_by(Case.received_at).limit(limit)
    query = query.where(Case.state != CLOSED if state is None else Case.state == state)
    if owner_id is not None:
        query = query.where(Case.owner_id == owner_id)
    return [(row[0], row[1]) for row in session.execute(query)]


def case_by_reference(session: Session, reference: str) -> Case | None:
    """The case with this reference (six digits), or None."""
    return session.scalar(select(Case).where(Case.reference == reference))


def counts_by_state(session: Session) -> dict[str, int]:
    """How many cases are in each state."""
    return {row[0]: row[1] for row in session.execute(select(Case.state, func.count()).group_by(Case.state))}


def restricted_cases(session: Session) -> list[Case]:
    """The cases that only some may know of (see app/services/hub/guard.py)."""
    return list(session.scalars(select(Case).where(Case.facts["restricted"].as_boolean().is_(True))))


def was_opened(session: Session, case_id: bytes) -> bool:
    """True when somebody at the Hub has ever opened the request; the audit says so from the very transaction that gives leave."""
    case = session.get_one(Case, case_id)
    return (
        case.read_at is not None
        or session.scalar(select(Audit.id).where(Audit.case_id == case_id, Audit.action == OPENED).limit(1)) is not None
    )


def last_number_in(session: Session, case_id: bytes) -> int:
    """The number of the last envelope that came for a case: of its messages, its additions, or 0 for the request itself."""
    added = select(func.max(SealedDocument.number)).where(
        SealedDocument.case_id == case_id, SealedDocument.kind.in_((REFERRAL, ADDITION))
    )
    written = select(func.max(Item.number)).where(Item.case_id == case_id, Item.direction == TO_HUB)
    return max(session.scalar(added) or 0, session.scalar(written) or 0)


def documents(session: Session, case_id: bytes) -> list[SealedDocument]:
    """What the case's record secret opens, oldest first."""
    return list(
        session.scalars(
            select(SealedDocument)
            .where(SealedDocument.case_id == case_id)
            .order_by(SealedDocument.number, SealedDocument.kind)
        )
    )


def changes(session: Session, case_id: bytes) -> list[Change]:
    """What the person of a case asked for, in the order in which they asked."""
    return list(session.scalars(select(Change).where(Change.case_id == case_id).order_by(Change.number)))


def attempts(session: Session, case_id: bytes) -> list[Attempt]:
    """Every attempt to reach the person of a case, newest first."""
    return list(
        session.scalars(select(Attempt).where(Attempt.case_id == case_id).order_by(Attempt.at.desc(), Attempt.id))
    )


def attempts_of(session: Session, case_ids: Sequence[bytes]) -> dict[bytes, list[Attempt]]:
    """The attempts of some cases, each case's newest first; every case asked for is there."""
    found: dict[bytes, list[Attempt]] = {each: [] for each in case_ids}
    for row in session.scalars(
        select(Attempt).where(Attempt.case_id.in_(case_ids)).order_by(Attempt.at.desc(), Attempt.id)
    ):
        found[row.case_id].append(row)
    return found


def items(session: Session, case_id: bytes) -> list[Item]:
    """The conversation of a case, oldest first."""
    return list(session.scalars(select(Item).where(Item.case_id == case_id).order_by(Item.added_at, Item.number)))


def items_with_delivery(session: Session, case_id: bytes) -> list[tuple[Item, str | None]]:
    """The conversation of a case, oldest first, each with the state of the envelope that carries it; None for what came."""
    query = (
        select(Item, Outgoing.state)
        .outerjoin(Outgoing, Outgoing.envelope_id == Item.envelope_id)
        .where(Item.case_id == case_id)
        .order_by(Item.added_at, Item.number)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def log(
    session: Session, *, at: datetime, staff_id: str, action: str, case_id: bytes | None = None, detail: str = ""
) -> None:
    """Add a line to the audit; it commits with what it tells of."""
    session.add(Audit(at=at, staff_id=staff_id, action=action, case_id=case_id, detail=detail))


def audit_of(session: Session, case_id: bytes, *, limit: int = 50) -> list[Audit]:
    """The latest audit lines of a case, newest first."""
    return list(session.scalars(select(Audit).where(Audit.case_id == case_id).order_by(Audit.id.desc()).limit(limit)))
