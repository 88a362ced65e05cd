"""Rows of the Hub's database: the coded facts that the queue needs, and sealed everything else."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    and_,
    delete,
    event,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column, relationship

from app.data import needs as _needs  # noqa: F401 - its tables belong to the same database
from app.data import reports as _reports  # noqa: F401 - and these
from app.data.database import READS_ONLY, HubRow
from app.data.post import AsideMixin, IncomingMixin, OutgoingMixin, PostStateMixin, PostTables
from app.domain import audit
from app.domain.queue import AT_ONCE, NEVER, OURS, coded
from app.domain.status import CaseState

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
    # Of open cases only, on PostgreSQL too: its migration says so. To say it here would load PostgreSQL's dialect everywhere.
    Index(_name, *_columns, sqlite_where=IS_OPEN)


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
    needs: Mapped[list[str] | None] = mapped_column(JSON)


class Packet(HubRow):
    """What was handed to a service, and what it answered. `copy` is what it was; `wrapped`, what the portal holds under a code
    that is kept nowhere, stays only until it can be read no more. `answer` is what the service wrote."""

    __tablename__ = "packet"

    handover_id: Mapped[bytes] = mapped_column(ForeignKey("handover.id", ondelete="CASCADE"), primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    reference: Mapped[str] = mapped_column(unique=True)
    pressed: Mapped[bytes]
    copy: Mapped[bytes]
    wrapped: Mapped[bytes | None]
    sent_at: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime | None]
    code_route: Mapped[str | None]
    code_taken: Mapped[bytes | None]
    mailed_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    answer: Mapped[bytes | None]


class Signpost(HubRow):
    """Somebody was told about a service, or sent something to read about it (requirement E4). Codes alone."""

    __tablename__ = "signpost"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    service: Mapped[str]
    how: Mapped[str]
    need: Mapped[str | None]
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(index=True)


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


class TakenDraft(HubRow):
    """A request that a colleague is typing, sealed under a secret of this row's own, which is wrapped to the Hub's newest
    sealing key. Once it was sent it holds, for an hour, what is to be read out: the reference, and a code if one was made."""

    __tablename__ = "taken_draft"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    begun_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revision: Mapped[int]
    is_sent: Mapped[bool]
    wrapped: Mapped[bytes]
    sealed: Mapped[bytes]


class Joined(HubRow):
    """Two cases that a colleague put together (app/domain/joined.py). `first_id` is the smaller id, so a pair is here once."""

    __tablename__ = "joined"
    __table_args__ = (CheckConstraint("first_id < second_id", name="in_order"),)

    first_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    second_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True, index=True)
    tie: Mapped[str]
    joined_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    joined_at: Mapped[datetime]


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
    """A signed-in session, revocable: a hash of its random id.

    `checked_at`: when it was last sure that this colleague may still be here; `check_due_at`: when that is looked at again.
    `sealed`: what the identity provider gave to ask it with, under the session's own token, which only its browser has.
    """

    __tablename__ = "staff_session"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    begun_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    checked_at: Mapped[datetime]
    check_due_at: Mapped[datetime]
    sealed: Mapped[bytes | None]


class StaffLeave(HubRow):
    """A colleague is away, from one day until another, both included, and another sees to their cases."""

    __tablename__ = "staff_leave"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    cover_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    from_on: Mapped[date]
    until_on: Mapped[date] = mapped_column(index=True)


class SecondLook(HubRow):
    """Something that one colleague asked for and a second, other one has to agree to before it is done."""

    __tablename__ = "second_look"
    __table_args__ = (UniqueConstraint("case_id", "act"),)

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    act: Mapped[str]
    detail: Mapped[str]
    asked_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    agreed_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))


class OnCall(HubRow):
    """Somebody who may be at risk wrote while the Hub was closed, and nobody has opened it yet. One notice may tell of several
    cases: then they have the same `notice_id`."""

    __tablename__ = "on_call"

    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(index=True)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    notice_id: Mapped[bytes | None]
    changed_at: Mapped[datetime]


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


class ApiClient(HubRow):
    """Another agency's case system. There is none unless somebody makes one (`flask api client add`).

    `level` and `filled_ms` are its bucket of requests, `last_number` counts what its feed has told, `pruned_to` is how far the
    feed has been forgotten.
    """

    __tablename__ = "api_client"

    id: Mapped[str] = mapped_column(primary_key=True)
    agency: Mapped[str]
    name: Mapped[str]
    purposes: Mapped[list[str]] = mapped_column(JSON)
    secret_hash: Mapped[str]
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    level: Mapped[int]
    filled_ms: Mapped[int] = mapped_column(BigInteger)
    last_number: Mapped[int] = mapped_column(default=0)
    pruned_to: Mapped[int] = mapped_column(default=0)


class ApiToken(HubRow):
    """An access token of a client: a hash of its random text."""

    __tablename__ = "api_token"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("api_client.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    expires_at: Mapped[datetime]


class ApiConsent(HubRow):
    """That a service's case system may fetch a case for a purpose until a day. It stands on a handover that the person agreed
    to, and falls with it."""

    __tablename__ = "api_consent"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    handover_id: Mapped[bytes] = mapped_column(ForeignKey("handover.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str]
    expires_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]


class ApiShared(HubRow):
    """What a client's feed has told of a case so far. It outlives the case, so that the feed can say that it is gone."""

    __tablename__ = "api_shared"

    client_id: Mapped[str] = mapped_column(ForeignKey("api_client.id", ondelete="CASCADE"), primary_key=True)
    case_id: Mapped[bytes] = mapped_column(primary_key=True)
    told: Mapped[bytes]
    frozen: Mapped[bool]


class ApiEvent(HubRow):
    """One line of a client's feed, in the order of its numbers. `handed_out`: some pull has had it already."""

    __tablename__ = "api_event"

    client_id: Mapped[str] = mapped_column(ForeignKey("api_client.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    case_id: Mapped[bytes]
    what: Mapped[str]
    why: Mapped[str | None]
    at: Mapped[datetime]
    handed_out: Mapped[bool] = mapped_column(default=False)


class ApiPush(HubRow):
    """News that a client sent, by its idempotency key: what came under it, and what was answered."""

    __tablename__ = "api_push"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("api_client.id", ondelete="CASCADE"), index=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    body_hash: Mapped[bytes]
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]


class Danger(HubRow):
    """One opening of contact details against the contact plan because of danger to life, from the asking on.

    The coded row outlives the case, which it then does not name any more: what was opened is counted in public. The words are
    sealed under the case's record secret, and gone with it.
    """

    __tablename__ = "danger"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"), index=True)
    quarter: Mapped[str]
    reason: Mapped[str]
    sealed: Mapped[bytes | None]
    asked_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime] = mapped_column(index=True)
    opened_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    opened_at: Mapped[datetime | None]
    alone: Mapped[bool] = mapped_column(default=False)
    vote: Mapped[str | None]
    vote_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    silent_by_one: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    silent_by_two: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    review_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


class AuditChain(HubRow):
    """The head of a chain of audit lines: of one process on one day. It commits with the line that it tells of.

    `posted` is how many of its lines the portal has acknowledged.
    """

    __tablename__ = "audit_chain"

    id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    count: Mapped[int] = mapped_column(default=0)
    hash: Mapped[bytes]
    posted: Mapped[int] = mapped_column(default=0)
    verified_at: Mapped[datetime | None]


class Audit(HubRow):
    """Who did what to which case, when. Never what was read. The database refuses to change or delete a line.

    `hash` ties it to the line before it in its chain (app/domain/audit.py).
    """

    __tablename__ = "audit"
    __table_args__ = (UniqueConstraint("chain", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    staff_id: Mapped[str]
    action: Mapped[str]
    case_id: Mapped[bytes | None] = mapped_column(index=True)
    detail: Mapped[str]
    chain: Mapped[str]
    sequence: Mapped[int]
    salt: Mapped[bytes]
    hash: Mapped[bytes]

    @property
    def text(self) -> audit.Text:
        """What its digest is made of."""
        return audit.Text(
            chain=self.chain,
            sequence=self.sequence,
            at=int(self.at.timestamp()),
            staff_id=self.staff_id,
            action=self.action,
            case_id=self.case_id,
            detail=self.detail,
        )


class _Chains:
    """The random names under which this process writes its chains.

    A unit of work takes one at its first line and gives it back when it has ended, so two that run at once never wait for
    each other at a head, and one process that does one thing at a time, as SQLite makes it, has one chain a day.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[str] = []

    def forget(self) -> None:
        """After a fork the names are the parent's."""
        self.__init__()  # type: ignore[misc]

    def of(self, session: Session) -> str:
        """The name for this unit of work, the same to its end."""
        name: str | None = session.info.get("chain")
        if name is None:
            with self._lock:
                name = self._free.pop() if self._free else secrets.token_hex(8)
            session.info["chain"] = name
            if not session.info.get("gives_chain_back"):
                session.info["gives_chain_back"] = True
                event.listen(session, "after_transaction_end", self._give_back)
        return name

    def _give_back(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            name = session.info.pop("chain", None)
            if name is not None:
                with self._lock:
                    self._free.append(name)


_chains = _Chains()
os.register_at_fork(after_in_child=_chains.forget)


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


def case_by_reference(session: Session, reference: str) -> Case | None:
    """The case with this reference, or None."""
    return session.scalar(select(Case).where(Case.reference == reference))


def already_here(
    session: Session,
    *,
    database_id: bytes,
    envelope_ids: Collection[bytes],
    case_ids: Collection[bytes],
    references: Collection[str],
) -> set[bytes | str]:
    """Of the ids and references of new requests those that stand in the way: of an envelope that came before, of a case that
    is or was there, or whose first number another envelope has used."""
    queries: list[Select[Any]] = [
        select(Incoming.envelope_id).where(Incoming.envelope_id.in_(envelope_ids)),
        select(Incoming.case_id).where(
            Incoming.database_id == database_id, Incoming.case_id.in_(case_ids), Incoming.number == 0
        ),
        select(Tombstone.case_id).where(Tombstone.case_id.in_(case_ids)),
        select(Case.id).where(Case.id.in_(case_ids)),
        select(Case.reference).where(Case.reference.in_(references)),
    ]
    return {value for query in queries for value in session.scalars(query)}


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
    """Add a line to the audit, and to the chain of this process and the line's day; it commits with what it tells of.

    `detail` holds codes, never words of a person. What is rolled back leaves no gap: the head of the chain goes back with it.
    """
    session.connection()  # on SQLite others end first, so that one name is enough for all of them
    name = audit.chain_name(_chains.of(session), at.astimezone(UTC).date())
    chain = session.get(AuditChain, name)
    if chain is None:
        chain = AuditChain(id=name, day=at.astimezone(UTC).date(), count=0, hash=audit.start_of(name), posted=0)
        session.add(chain)
    line = Audit(
        at=at,
        staff_id=staff_id,
        action=str(action),
        case_id=case_id,
        detail=detail,
        chain=name,
        sequence=chain.count + 1,
        salt=secrets.token_bytes(audit.SALT_LENGTH),
    )
    line.hash = audit.link(chain.hash, audit.digest_of(line.text, salt=line.salt))
    chain.count, chain.hash = line.sequence, line.hash
    session.add(line)


def newest_cases(
    session: Session, *, after: tuple[datetime, bytes] | None = None, closed_too: bool = False, limit: int
) -> list[tuple[Case, Staff | None]]:
    """Cases with their owners, those that came last first, from the one `after` this moment and id on. Open ones only,
    unless `closed_too`."""
    query = select(Case, Staff).outerjoin(Staff, Staff.id == Case.owner_id)
    query = query.order_by(Case.received_at.desc(), Case.id.desc()).limit(limit)
    if not closed_too:
        query = query.where(Case.state != CLOSED)
    if after is not None:
        at, case_id = after
        query = query.where(or_(Case.received_at < at, and_(Case.received_at == at, Case.id < case_id)))
    return [(row[0], row[1]) for row in session.execute(query)]


def sealed_of(session: Session, case_ids: Sequence[bytes]) -> dict[bytes, tuple[bytes, list[SealedDocument]]]:
    """The wrapped record secret of each case, and its referral and additions in their order."""
    found: dict[bytes, tuple[bytes, list[SealedDocument]]] = {}
    for row in session.scalars(select(RecordSecret).where(RecordSecret.case_id.in_(case_ids))):
        found[row.case_id] = (row.wrapped, [])
    written = (
        select(SealedDocument)
        .where(SealedDocument.case_id.in_(case_ids), SealedDocument.kind.in_((REFERRAL, ADDITION)))
        .order_by(SealedDocument.number, SealedDocument.kind)
    )
    for document in session.scalars(written):
        if document.case_id in found:
            found[document.case_id][1].append(document)
    return found


def joined_to(session: Session, case_id: bytes) -> list[Joined]:
    """The pairs that a case is in, those that were joined last first."""
    own = or_(Joined.first_id == case_id, Joined.second_id == case_id)
    return list(session.scalars(select(Joined).where(own).order_by(Joined.joined_at.desc(), Joined.first_id)))


def part_all(session: Session, case_id: bytes) -> None:
    """Delete every pair that a case is in."""
    session.execute(delete(Joined).where(or_(Joined.first_id == case_id, Joined.second_id == case_id)))


def drafts_of(session: Session, staff_id: str, *, now: datetime) -> list[TakenDraft]:
    """The requests that a colleague is typing, or has to read out of, the one begun last first."""
    own = select(TakenDraft).where(TakenDraft.staff_id == staff_id, TakenDraft.expires_at > now)
    return list(session.scalars(own.order_by(TakenDraft.begun_at.desc(), TakenDraft.id)))


def audit_of(session: Session, case_id: bytes, *, without: Collection[str] = (), limit: int = 50) -> list[Audit]:
    """The latest audit lines of a case, newest first, but for acts named in `without`."""
    return list(
        session.scalars(
            select(Audit)
            .where(Audit.case_id == case_id, Audit.action.not_in(tuple(without)))
            .order_by(Audit.id.desc())
            .limit(limit)
        )
    )
