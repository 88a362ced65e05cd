"""Rows of the portal's database. Nothing here can be read without a secret that the portal does not hold, but for random
ids, delivery states and dates to the day (docs/data-map.md lists every column)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    insert,
    inspect,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.data.database import Database, Hand, PortalRow
from app.data.post import (
    LONGEST_RETRY,
    REFUSED,
    WAITING,
    AsideMixin,
    IncomingMixin,
    OutgoingMixin,
    PostNotSetUp,
    PostStateMixin,
    PostTables,
    retry_at,
)

# Why nothing is carried that follows a request which the Hub refused.
REQUEST_REFUSED = "request-refused"
NO_ROW_ORDER: dict[str, Any] = {"sqlite_with_rowid": False}
TO_HUB, TO_PERSON = "to-hub", "to-person"


class PostState(PostStateMixin, PortalRow):
    """The portal's own id and counters."""


class Outgoing(OutgoingMixin, PortalRow):
    """Envelopes from the portal to the Hub."""


class Incoming(IncomingMixin, PortalRow):
    """Envelopes from the Hub that the portal took in."""

    __table_args__ = (UniqueConstraint("database_id", "case_id", "number"), NO_ROW_ORDER)


class Aside(AsideMixin, PortalRow):
    """Envelopes from the Hub that the portal refused."""


POST = PostTables(state=PostState, outgoing=Outgoing, incoming=Incoming, aside=Aside)


class Case(PortalRow):
    """A person's space. `reference_tag` is a keyed hash: the reference itself is not kept.

    `leaf` is what the space remembers for the person, sealed under the case secret (app/services/portal/leaf.py).
    """

    __tablename__ = "case"
    __table_args__ = NO_ROW_ORDER

    id: Mapped[bytes] = mapped_column(primary_key=True)
    reference_tag: Mapped[bytes] = mapped_column(unique=True)
    number_out: Mapped[int] = mapped_column(default=0)
    opened_on: Mapped[date]
    leaf: Mapped[bytes | None]


class NumberWrap(PortalRow):
    """The case secret, wrapped under the return number. In a narrow table of its own, so that erasing it erases the case."""

    __tablename__ = "number_wrap"
    __table_args__ = NO_ROW_ORDER

    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    wrap: Mapped[bytes]


class Item(PortalRow):
    """One piece of the conversation, sealed under the case secret."""

    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("case_id", "direction", "number"), NO_ROW_ORDER)

    envelope_id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    direction: Mapped[str]
    number: Mapped[int]
    body: Mapped[bytes]


class Own(PortalRow):
    """What the person keeps for themselves here, sealed under the case secret: it never leaves the portal."""

    __tablename__ = "own"
    __table_args__ = NO_ROW_ORDER

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[bytes]


class Collection(PortalRow):
    """The case secret, wrapped under a code by which the person may collect a new number: once, for two days, ten tries."""

    __tablename__ = "collection"
    __table_args__ = NO_ROW_ORDER

    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    wrap: Mapped[bytes]
    tries_left: Mapped[int]
    expires_at: Mapped[datetime]


class AuditHead(PortalRow):
    """How far the portal has seen a chain of the Hub's audit: so many lines, and the link that they end in (RFC 9162 calls
    such a promise a tree head). `restored` is the restore of the Hub, if any, after which it came.

    It says nothing of anybody: the portal only ever gets salted hashes.
    """

    __tablename__ = "audit_head"
    __table_args__ = NO_ROW_ORDER

    chain: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    hash: Mapped[bytes]
    restored: Mapped[bytes | None]


class Packet(PortalRow):
    """What the Hub hands to a service, under a code that is not here; around its lock is a pepper that is not in the database.

    The id is the handover's, so that a person's own "take it back" finds it at once. `was_read`: the Hub has been told that it
    was opened; `answered`: the service has said yes or no.
    """

    __tablename__ = "packet"
    __table_args__ = NO_ROW_ORDER

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(index=True)
    reference_tag: Mapped[bytes] = mapped_column(unique=True)
    body: Mapped[bytes]
    lock: Mapped[bytes]
    answer_tag: Mapped[bytes]
    tries_left: Mapped[int]
    reads_left: Mapped[int]
    was_read: Mapped[bool]
    answered: Mapped[bool]
    expires_at: Mapped[datetime]


class Draft(PortalRow):
    """Answers before sending, sealed under a key that lives only in the visitor's cookie; the id is a hash of that key."""

    __tablename__ = "draft"
    __table_args__ = NO_ROW_ORDER

    id: Mapped[bytes] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)
    sealed: Mapped[bytes]
    expires_at: Mapped[datetime]


class Sent(PortalRow):
    """The return number, sealed under the cookie's key, until the person says that they have it."""

    __tablename__ = "sent"
    __table_args__ = NO_ROW_ORDER

    draft_id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes]
    sealed: Mapped[bytes]
    expires_at: Mapped[datetime]


class Visit(PortalRow):
    """An open visit: a hash of the cookie's id, and the case secret sealed under that id."""

    __tablename__ = "visit"
    __table_args__ = NO_ROW_ORDER

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    sealed: Mapped[bytes]
    expires_at: Mapped[datetime]


class Offer(PortalRow):
    """From when on the questionnaire is offered in a space, or never: sealed under the case secret, for every case alike."""

    __tablename__ = "offer"
    __table_args__ = NO_ROW_ORDER

    case_id: Mapped[bytes] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[bytes]


class OfNoCase(PortalRow):
    """What is sealed to the Hub and belongs to no case."""

    __abstract__ = True

    id: Mapped[bytes] = mapped_column(primary_key=True)
    body: Mapped[bytes]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]


class Pooled(OfNoCase):
    """Answers to the questionnaire, sealed to the Hub, that wait until there are enough to go together.

    Nothing here tells whose they are or when they came: the id is random, and the time of the next attempt, the same for
    all that went together, is empty until they went.
    """

    __tablename__ = "pool"
    __table_args__ = NO_ROW_ORDER


class QuarterResult(PortalRow):
    """How one promise was kept in a closed quarter, as the Hub counted it: to be published, about nobody."""

    __tablename__ = "quarter_result"
    __table_args__ = NO_ROW_ORDER

    quarter: Mapped[str] = mapped_column(primary_key=True)
    promise: Mapped[str] = mapped_column(primary_key=True)
    figure: Mapped[str] = mapped_column(primary_key=True)
    kept: Mapped[int]
    of: Mapped[int]


class Feedback(OfNoCase):
    """Feedback, sealed to the Hub, until the Hub has answered. It goes with the next pass, whatever else waits.

    Nothing here tells whose it is: the id is random, or a hash that only its page can make again.
    """

    __tablename__ = "feedback"
    __table_args__ = NO_ROW_ORDER


class PacketAnswer(OfNoCase):
    """What a service said of a packet, sealed to the Hub, until the Hub has answered. It goes with the next pass."""

    __tablename__ = "packet_answer"
    __table_args__ = NO_ROW_ORDER


class Taken(PortalRow):
    """How much was taken from a client's bucket lately, as the moment when it is full again; then the row goes, within the hour.

    `bucket` is 14 bits of a keyed hash. The key lives for a day, and is not in the database (docs/adr/0028).
    """

    __tablename__ = "taken"
    __table_args__ = NO_ROW_ORDER

    kind: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    full_at: Mapped[datetime]


class DraftAsKept(NamedTuple):
    """What is read of a draft."""

    sealed: bytes
    revision: int
    expires_at: datetime
    database_id: bytes


def _table_of(row: type[PortalRow]) -> Table:
    """A table itself, not the class: for what many people wait for, where nobody changes the object."""
    found = inspect(row).local_table
    assert isinstance(found, Table)
    return found


_drafts_table = _table_of(Draft)
_drafts, _states = _drafts_table.c, _table_of(PostState).c
# With the id of this database, which is needed when the draft is sent: one way there and back, not two.
_DRAFT = (
    select(_drafts.sealed, _drafts.revision, _drafts.expires_at, _states.database_id)
    .join_from(_drafts_table, _table_of(PostState), _states.id == 1)
    .where(_drafts.id == bindparam("draft_id"))
)


def draft(unit: Session | Database, draft_id: bytes, *, now: datetime) -> DraftAsKept | None:
    """The draft, unless it has expired; within a unit of work, or by itself from the database."""
    if isinstance(unit, Database):
        found = unit.first(_DRAFT, draft_id=draft_id)
    else:
        row = unit.execute(_DRAFT, {"draft_id": draft_id}).first()
        found = None if row is None else tuple(row)
    kept = None if found is None else DraftAsKept(*found)
    return kept if kept is not None and kept.expires_at > now else None


_PUT_DRAFT = insert(_drafts_table)
_DROP_DRAFT = delete(_drafts_table).where(_drafts.id == bindparam("draft_id"))
_CHANGE_DRAFT = (
    update(_drafts_table)
    .where(_drafts.id == bindparam("draft_id"), _drafts.revision == bindparam("expected"))
    .values(sealed=bindparam("sealed"), revision=_drafts.revision + 1, expires_at=bindparam("expires_at"))
)


def save_draft(hand: Hand, draft_id: bytes, *, sealed: bytes, expected_revision: int, expires_at: datetime) -> bool:
    """Write a draft if nobody wrote it since `expected_revision` was read. False when somebody did.

    0: none was there that could be read, so an expired row makes place for the new one.
    """
    if expected_revision == 0:
        hand.run(_DROP_DRAFT, {"draft_id": draft_id})
        hand.run(_PUT_DRAFT, {"id": draft_id, "revision": 1, "sealed": sealed, "expires_at": expires_at})
        return True
    values = {"draft_id": draft_id, "expected": expected_revision, "sealed": sealed, "expires_at": expires_at}
    return hand.run(_CHANGE_DRAFT, values) == 1


def erase_draft(session: Session, draft_id: bytes) -> None:
    """Delete a draft and the number shown after it."""
    session.execute(delete(Draft).where(Draft.id == draft_id))
    session.execute(delete(Sent).where(Sent.draft_id == draft_id))


def sent(session: Session, draft_id: bytes, *, now: datetime) -> Sent | None:
    """The number still to be shown for this cookie, unless an hour has passed."""
    row = session.get(Sent, draft_id)
    return row if row is not None and row.expires_at > now else None


_sents = _table_of(Sent).c
_BEFORE_SENDING = (
    select(_states.database_id, _drafts.revision, _drafts.expires_at, _sents.expires_at)
    .outerjoin_from(_table_of(PostState), _drafts_table, _drafts.id == bindparam("draft_id"))
    .outerjoin(_table_of(Sent), _sents.draft_id == bindparam("draft_id"))
    .where(_states.id == 1)
)


_DROP_OLD_SENT = delete(_table_of(Sent)).where(
    _sents.draft_id == bindparam("draft_id"), _sents.expires_at <= bindparam("moment")
)


class BeforeSending(NamedTuple):
    """What must be known before a request is sealed. `revision`: of the draft, None when there is none (any more)."""

    database_id: bytes
    revision: int | None
    was_sent: bool = False


def before_sending(database: Database, draft_id: bytes, *, now: datetime) -> BeforeSending:
    """This database's id, and what there is under a cookie; a number that was shown for its hour makes place.

    Raises PostNotSetUp when the migrations have not run.
    """
    found = database.first(_BEFORE_SENDING, draft_id=draft_id)
    if found is None:
        raise PostNotSetUp("the database is empty: run `flask database migrate`")
    database_id, revision, draft_until, sent_until = found
    if sent_until is not None and sent_until <= now:
        with database.writing_by_hand() as hand:
            hand.run(_DROP_OLD_SENT, {"draft_id": draft_id, "moment": now})
    return BeforeSending(
        database_id=bytes(database_id),
        revision=revision if draft_until is not None and draft_until > now else None,
        was_sent=sent_until is not None and sent_until > now,
    )


_TAKE_DRAFT = delete(_drafts_table).where(
    _drafts.id == bindparam("draft_id"), _drafts.revision == bindparam("expected")
)
_PUT_CASE, _PUT_WRAP, _PUT_OFFER = insert(_table_of(Case)), insert(_table_of(NumberWrap)), insert(_table_of(Offer))
_PUT_OWN, _PUT_SENT, _PUT_OUTGOING = insert(_table_of(Own)), insert(_table_of(Sent)), insert(_table_of(Outgoing))
_COUNT_SENT = update(_table_of(PostState)).values(sent=_states.sent + 1)


def keep_request(
    hand: Hand,
    *,
    draft_id: bytes,
    revision: int,
    case_id: bytes,
    reference_tag: bytes,
    wrap: bytes,
    leaf: bytes,
    offer: bytes,
    number: bytes,
    number_until: datetime,
    copy: Own | None,
    envelope_id: bytes,
    envelope: bytes,
    now: datetime,
) -> bool:
    """The draft goes; the case, its wrap, what is offered in it, the number to show and the envelope come.

    False when the draft is not there in this revision: the caller must then let all of it go. Raises IntegrityError when the
    reference is taken, or a number is still shown under this cookie.
    """
    today = now.date()
    own = [] if copy is None else [(_PUT_OWN, {"id": copy.id, "case_id": case_id, "sealed": copy.sealed})]
    found, *_ = hand.run_together(
        (_TAKE_DRAFT, {"draft_id": draft_id, "expected": revision}),
        (
            _PUT_CASE,
            {"id": case_id, "reference_tag": reference_tag, "number_out": 0, "opened_on": today, "leaf": leaf},
        ),
        *own,
        (_PUT_WRAP, {"case_id": case_id, "wrap": wrap}),
        (_PUT_OFFER, {"case_id": case_id, "sealed": offer}),
        (_PUT_SENT, {"draft_id": draft_id, "case_id": case_id, "sealed": number, "expires_at": number_until}),
        (
            _PUT_OUTGOING,
            {
                "envelope_id": envelope_id,
                "case_id": case_id,
                "number": 0,
                "body": envelope,
                "state": WAITING,
                "reason": None,
                "urgent": False,
                "attempts": 0,
                "waiting_since": now,
                "next_attempt_at": now,
                "created_on": today,
            },
        ),
        (_COUNT_SENT, {}),
    )
    return found == 1


def case_by_tags(session: Session, tags: Sequence[bytes]) -> tuple[Case, NumberWrap] | None:
    """The case whose reference has one of these keyed hashes (one for each pepper), with its wrap."""
    row = session.execute(
        select(Case, NumberWrap)
        .join(NumberWrap, NumberWrap.case_id == Case.id)
        .where(Case.reference_tag.in_(list(tags)))
    ).first()
    return None if row is None else (row[0], row[1])


_cases = _table_of(Case).c
_WITH_TAG = select(_cases.id).where(_cases.reference_tag == bindparam("tag"))


def has_reference(unit: Session | Database, tags: Sequence[bytes]) -> bool:
    """True when some case has one of these keyed hashes of a reference, whether or not a number opens it; within a unit of work,
    or by itself from the database."""
    if isinstance(unit, Database):
        return any(unit.first(_WITH_TAG, tag=tag) is not None for tag in tags)
    return any(unit.execute(_WITH_TAG, {"tag": tag}).first() is not None for tag in tags)


def visit(session: Session, visit_id: bytes, *, now: datetime) -> Visit | None:
    """The visit, unless its absolute limit has passed."""
    row = session.get(Visit, visit_id)
    return row if row is not None and row.expires_at > now else None


def end_visit(session: Session, visit_id: bytes) -> None:
    """Delete a visit."""
    session.execute(delete(Visit).where(Visit.id == visit_id))


def items(session: Session, case_id: bytes) -> list[Item]:
    """The conversation of a case, in each direction by number."""
    return list(session.scalars(select(Item).where(Item.case_id == case_id).order_by(Item.direction, Item.number)))


def has_own_item(session: Session, case_id: bytes, *, envelope_id: bytes, number: int) -> bool:
    """True when this piece of what a person wrote, or another in its place, is here."""
    in_its_place = and_(Item.case_id == case_id, Item.direction == TO_HUB, Item.number == number)
    same = select(Item.envelope_id).where(or_(Item.envelope_id == envelope_id, in_its_place))
    return session.scalar(same.limit(1)) is not None


def sent_by_the_hub(session: Session, *, after: bytes, most: int) -> list[Item]:
    """Items to people, by envelope id, from the first one after `after`: for a Hub that lost its own."""
    return list(
        session.scalars(
            select(Item)
            .where(Item.direction == TO_PERSON, Item.envelope_id > after)
            .order_by(Item.envelope_id)
            .limit(most)
        )
    )


def claim_number(session: Session, case_id: bytes, *, expected: int) -> bool:
    """Take the next number to the Hub if it is still `expected` + 1; False when another request took it."""
    result = session.execute(
        update(Case).where(Case.id == case_id, Case.number_out == expected).values(number_out=expected + 1)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def delivery(session: Session, case_id: bytes) -> dict[int, str]:
    """The delivery state of everything sent to the Hub for this case, by number."""
    rows = session.execute(select(Outgoing.number, Outgoing.state).where(Outgoing.case_id == case_id))
    return {row.number: row.state for row in rows}


def refuse_what_follows(session: Session) -> None:
    """Where the Hub refused a request it takes in nothing that comes after it, and never answers: the person is told so too."""
    # A request has the number 0, and nothing else of a case has: what follows is counted up from there.
    refused = select(Outgoing.case_id).where(Outgoing.state == REFUSED, Outgoing.number == 0)
    if session.scalar(select(refused.exists())):  # hardly ever, and then perhaps very many; very many may wait too
        session.execute(
            update(Outgoing)
            .where(Outgoing.state == WAITING, Outgoing.case_id.in_(refused))
            .values(state=REFUSED, reason=REQUEST_REFUSED, waiting_since=None, next_attempt_at=None)
        )


def never_carried(session: Session, case_id: bytes) -> bool:
    """True when a case's request waits here and was in no pass yet: nobody else can have it. In a writing unit of work that
    stays true to its end, since a pass counts its tries in one."""
    found = session.execute(
        select(Outgoing.state, Outgoing.attempts).where(Outgoing.case_id == case_id, Outgoing.number == 0)
    ).first()
    return found is not None and found.state == WAITING and found.attempts == 0


def was_refused(session: Session, case_id: bytes) -> bool:
    """True when the Hub answered that it could not take a case's request in: it has no such case."""
    first = select(Outgoing.state).where(Outgoing.case_id == case_id, Outgoing.number == 0)
    return session.scalar(first) == REFUSED


def waiting_since(session: Session, case_id: bytes) -> datetime | None:
    """Since when the oldest waiting envelope of this case waits."""
    return session.scalar(
        select(Outgoing.waiting_since)
        .where(Outgoing.case_id == case_id, Outgoing.waiting_since.is_not(None))
        .order_by(Outgoing.waiting_since)
        .limit(1)
    )


def collection_by_tags(session: Session, tags: Sequence[bytes], *, now: datetime) -> tuple[Case, Collection] | None:
    """The code that waits to be used for the case whose reference has one of these keyed hashes."""
    row = session.execute(
        select(Case, Collection)
        .join(Collection, Collection.case_id == Case.id)
        .where(Case.reference_tag.in_(list(tags)), Collection.expires_at > now, Collection.tries_left > 0)
    ).first()
    return None if row is None else (row[0], row[1])


def spend_try(session: Session, case_id: bytes) -> None:
    """A wrong code was typed: one try fewer, and at the last the code is gone."""
    session.execute(
        update(Collection).where(Collection.case_id == case_id).values(tries_left=Collection.tries_left - 1)
    )
    session.execute(delete(Collection).where(Collection.case_id == case_id, Collection.tries_left <= 0))


def packet_by_tags(session: Session, tags: Sequence[bytes], *, now: datetime) -> Packet | None:
    """The packet whose reference has one of these keyed hashes, if it can be read now."""
    return session.scalar(
        select(Packet).where(
            Packet.reference_tag.in_(list(tags)),
            Packet.expires_at > now,
            Packet.tries_left > 0,
            Packet.reads_left > 0,
            Packet.lock != b"",
        )
    )


def spend_packet_try(session: Session, packet_id: bytes) -> None:
    """A wrong code was typed for a packet: one try fewer."""
    session.execute(update(Packet).where(Packet.id == packet_id).values(tries_left=Packet.tries_left - 1))


def read_packet(session: Session, packet_id: bytes, *, lock: bytes) -> bool:
    """Spend one reading of a packet that still has this lock; False when it was withdrawn, replaced or read too often since."""
    result = session.execute(
        update(Packet)
        .where(Packet.id == packet_id, Packet.lock == lock, Packet.reads_left > 0)
        .values(reads_left=Packet.reads_left - 1, was_read=True)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def answer_packet(session: Session, packet_id: bytes, *, expires_at: datetime, and_close: bool) -> bool:
    """The service has said yes or no; False when it had before. `and_close`: it cannot be read any more."""
    closed: dict[str, Any] = {"lock": b"", "body": b""} if and_close else {}
    result = session.execute(
        update(Packet)
        .where(Packet.id == packet_id, Packet.answered.is_(False))
        .values(answered=True, expires_at=expires_at, **closed)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def drop_packet(session: Session, packet_id: bytes, *, reference_tag: bytes = b"") -> None:
    """A packet is gone; one that is gone already is too. And so is another that goes by the same reference: what a Hub that was
    restored does not know of must not stand in the way of a new one."""
    session.execute(delete(Packet).where(or_(Packet.id == packet_id, Packet.reference_tag == reference_tag)))


def end_visits(session: Session, case_id: bytes) -> None:
    """Delete every open visit of a case."""
    session.execute(delete(Visit).where(Visit.case_id == case_id))


def kill_number(session: Session, case_id: bytes) -> None:
    """The number opens nothing any more, and whoever is inside is out."""
    session.execute(delete(NumberWrap).where(NumberWrap.case_id == case_id))
    end_visits(session, case_id)


def erase_case(session: Session, case_id: bytes) -> None:
    """Delete a case and everything that belongs to it. The inbox entries stay: they hold nothing but random ids."""
    for table in (NumberWrap, Item, Visit, Own, Collection, Offer, Sent, Outgoing, Packet):
        session.execute(delete(table).where(table.case_id == case_id))
    session.execute(delete(Case).where(Case.id == case_id))


def was_here(session: Session, case_id: bytes) -> bool:
    """True when an order to erase or anything else of the Hub's was taken in for this case before."""
    return session.scalar(select(Incoming.envelope_id).where(Incoming.case_id == case_id).limit(1)) is not None


def owned(session: Session, case_id: bytes) -> list[Own]:
    """What the person keeps for themselves, in no order."""
    return list(session.scalars(select(Own).where(Own.case_id == case_id)))


def put_in_pool(session: Session, pooled_id: bytes, body: bytes, *, table: type[OfNoCase] = Pooled) -> None:
    """Keep what is sealed and belongs to no case until it goes; what is there under the same id stays as it is."""
    if session.get(table, pooled_id) is None:
        session.add(table(id=pooled_id, body=body))


def pool(session: Session, *, now: datetime) -> tuple[list[bytes], list[bytes]]:
    """(ids that were in no pass yet, ids that were in one and whose turn has come again)."""
    rows = session.execute(
        select(Pooled.id, Pooled.attempts).where(or_(Pooled.attempts == 0, _turn_has_come(Pooled, now=now)))
    ).all()
    return [row.id for row in rows if not row.attempts], [row.id for row in rows if row.attempts]


def _turn_has_come(table: type[Any], *, now: datetime) -> Any:
    """As for envelopes (post.due): a turn further ahead than any wait was set by a clock that has been put back since."""
    return or_(table.next_attempt_at <= now, table.next_attempt_at > now + LONGEST_RETRY)


def feedback_due(session: Session, *, most: int, now: datetime, table: type[OfNoCase] = Feedback) -> list[bytes]:
    """Ids of feedback that was in no pass yet, then of what was in one and whose turn has come again."""
    due = or_(table.attempts == 0, _turn_has_come(table, now=now))
    return list(session.scalars(select(table.id).where(due).order_by(table.attempts, table.id).limit(most)))


def take_from_pool(
    session: Session, pooled_ids: Sequence[bytes], *, now: datetime, table: type[OfNoCase] = Pooled
) -> list[bytes]:
    """The bodies under these ids, in this order; they stay in the pool until they are answered, or their turn comes again."""
    if not pooled_ids:
        return []
    found = {row.id: row for row in session.scalars(select(table).where(table.id.in_(list(pooled_ids))))}
    for row in found.values():
        row.attempts += 1
        row.next_attempt_at = retry_at(row.attempts, now=now)
    return [found[pooled_id].body for pooled_id in pooled_ids]


def answered_from_pool(
    session: Session, envelope_ids: Sequence[bytes], *, table: type[OfNoCase] = Pooled
) -> set[bytes]:
    """Delete what the Hub has answered; returns which of these ids were in the pool."""
    if not envelope_ids:
        return set()
    known = set(session.scalars(select(table.id).where(table.id.in_(list(envelope_ids)))))
    if known:
        session.execute(delete(table).where(table.id.in_(known)))
    return known


def sweep(session: Session, *, now: datetime) -> int:
    """Delete expired drafts, shown numbers, visits, collection codes and packets, and buckets that are full; returns how many."""
    count = 0
    for table in (Draft, Sent, Visit, Collection, Packet):
        result = session.execute(delete(table).where(table.expires_at <= now))
        count += result.rowcount  # type: ignore[attr-defined]
    result = session.execute(delete(Taken).where(Taken.full_at <= now))
    return count + result.rowcount  # type: ignore[attr-defined, no-any-return]


_FULL_AT = select(Taken.full_at).where(Taken.kind == bindparam("kind"), Taken.bucket == bindparam("bucket"))
# The same words on both engines: one statement, whoever else writes at the same moment.
_TAKE = text(
    "INSERT INTO taken (kind, bucket, full_at) VALUES (:kind, :bucket, :now + :seconds) "
    "ON CONFLICT (kind, bucket) DO UPDATE SET full_at = :seconds + "
    "CASE WHEN taken.full_at > :now AND taken.full_at <= :latest THEN taken.full_at ELSE :now END"
).bindparams(bindparam("now", type_=BigInteger), bindparam("seconds", type_=BigInteger))


def full_at(database: Database, kind: str, bucket: int) -> datetime | None:
    """When a client's bucket is full again; None when it is."""
    found = database.first(_FULL_AT, kind=str(kind), bucket=bucket)
    return None if found is None else found[0]


def take(hand: Hand, kind: str, bucket: int, *, seconds: int, longest: int, now: datetime) -> None:
    """Take one from a client's bucket, which needs so many seconds more to be full. A row that is full only after `longest`
    seconds comes of a clock that was put back, and counts as full."""
    moment = int(now.timestamp())
    hand.run(
        _TAKE,
        {"kind": str(kind), "bucket": bucket, "now": moment, "seconds": seconds, "latest": moment + longest},
    )


def forget_taken(session: Session) -> None:
    """Nothing is known of any client."""
    session.execute(delete(Taken))


def audit_heads(session: Session, *, after: str, most: int) -> list[AuditHead]:
    """How far the chains of the Hub's audit were seen, by name, those whose name comes after `after`."""
    return list(session.scalars(select(AuditHead).where(AuditHead.chain > after).order_by(AuditHead.chain).limit(most)))
