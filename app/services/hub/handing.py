"""Handing a packet over: look at exactly what would go, send it, say by which way its code went.

The site is asked first, so that nothing goes that was taken back, and nothing on a contact plan that may be stale. Message and
code go by two ways: whoever reads the one has not got the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy.orm import Session

from app.adapters import notify
from app.adapters import packets as sealed_packets
from app.data import hub as rows
from app.data.database import Database
from app.domain.contact import ContactPlan, Decision, Way, decide
from app.domain.handover import CAME_BACK, UNDER_WAY, State, goes, overdue_from
from app.domain.hours import OpeningHours
from app.domain.packet import Packet, Route, Section
from app.services.hub import desk, guard, handovers, orders, packets, plans, records, showing, signposting, speaking
from app.services.hub.desk import OpenCase
from app.services.hub.handovers import CannotFollow
from app.services.hub.records import Opener
from app.services.hub.showing import Collector
from app.services.hub.staff import SignedIn

LOOKED, SENT, CODE_WENT, MAILED = "saw-packet", "sent-packet", "packet-code-went", "mailed-packet"


class Stale(Exception):
    """The site could not be asked, so the contact plan may have changed."""


class Stopped(Exception):
    """They have stopped all contact, or asked for a pause: nothing goes that would lead to contact."""


class AlreadySent(Exception):
    """This very press sent a packet before; its code was shown then and is kept nowhere."""


class Mailed(Enum):
    """What became of the message that says where to look."""

    SENT = "sent"
    NOT_SENT = "not-sent"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Material:
    """What a packet is made of: the opened case, the handover, the kinds that go, the plan with its addresses, and for each way
    whether it may be used at this moment."""

    case: OpenCase
    service: str
    kinds: tuple[str, ...]
    agreed: tuple[str, ...]
    notes: tuple[str, ...]
    plan: ContactPlan = field(repr=False)
    decisions: dict[Way, Decision]


@dataclass(frozen=True)
class PassingOn:
    """All about passing a case on. Before it is opened, only that it is there."""

    reference: str
    facts: Mapping[str, Any]
    is_open: bool
    handovers: tuple[handovers.View, ...] = ()
    packets: Mapping[bytes, packets.View] = field(default_factory=dict)
    told: tuple[signposting.View, ...] = ()


@dataclass(frozen=True)
class Handed:
    """A packet that is on its way. The code is to be said once; it is kept nowhere."""

    reference: str
    code: str = field(repr=False)
    until: datetime


def passing_on(
    session: Session, case_id: bytes, *, signed: SignedIn, opener: Opener, hours: OpeningHours, now: datetime
) -> PassingOn:
    """What the page about passing somebody on shows. Raises guard.NoSuchCase and sealing.CannotOpen."""
    case = guard.case_for(session, case_id, signed.identity)
    opening = session.get(rows.Opening, (signed.session_id, case_id))
    facts = {name: case.facts[name] for name in ("frozen", CAME_BACK) if name in case.facts}
    if opening is None or opening.expires_at <= now:
        return PassingOn(case.reference, facts, is_open=False)
    return PassingOn(
        case.reference,
        facts,
        is_open=True,
        handovers=tuple(handovers.listed(session, case_id, now=now, hours=hours)),
        packets=packets.of_case(session, case_id, key=records.case_key(session, case_id, opener=opener), now=now),
        told=tuple(signposting.of_case(session, case_id)),
    )


def look(
    collector: Collector,
    *,
    case_id: bytes,
    handover_id: bytes,
    signed: SignedIn,
    clock: Callable[[], datetime],
) -> Material:
    """Collect from the site, and all that a packet would be made of. Logged, since it is read.

    Raises guard.NoSuchCase, desk.NotOpened, CannotFollow, handovers.Ending, Stale and Stopped.
    """
    desk.need_open(collector.database, case_id, signed, now=clock())
    known_at = showing.collect(collector, now=clock())
    now = clock()
    facts = desk.need_open(collector.database, case_id, signed, now=now)
    if known_at is None:
        raise Stale
    handovers.refuse_at_the_end(facts.get("asked"))
    with collector.database.reading() as session:
        row = handovers.row_of(session, case_id, handover_id)
        if State(row.state) not in UNDER_WAY:
            raise CannotFollow
        case = desk.read_case(
            session, case_id=case_id, signed=signed, opener=collector.opener, hours=collector.hours, targets={}, now=now
        )
        if not isinstance(case, OpenCase):  # it was open a moment ago, and its time has run out
            raise CannotFollow
        key = records.case_key(session, case_id, opener=collector.opener)
        plan = plans.read(session, case_id, key=key, hours=collector.hours).plan
        view = next(
            each for each in handovers.of_case(session, case, now=now, hours=collector.hours) if each.id == row.id
        )
    if plan.frozen or (plan.paused_until is not None and plan.paused_until > now):
        raise Stopped
    with collector.database.writing() as session:
        rows.log(session, at=now, staff_id=signed.identity.id, action=LOOKED, case_id=case_id, detail=row.service)
    return Material(
        case=case,
        service=row.service,
        kinds=goes(row.kinds),
        agreed=tuple(row.kinds),
        notes=view.notes,
        plan=plan,
        decisions={
            each.way: decide(plan, each.way, now, known_at=known_at, hours=collector.hours) for each in plan.ways
        },
    )


def send(
    database: Database,
    *,
    case_id: bytes,
    handover_id: bytes,
    sections: Sequence[Section],
    sender: str,
    receiver: str,
    press: bytes,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    portal_key: bytes,
    hours: OpeningHours,
    code_days: int,
    answer_days: int,
    now: datetime,
) -> Handed:
    """Wrap a packet under a new code, order the portal to keep it, and tell the person. An earlier one of this handover goes.

    `press` (16 bytes) names this press: AlreadySent when it comes again. Raises guard.NoSuchCase, desk.NotOpened, CannotFollow,
    handovers.Ending, Stopped, sealing.TooLarge and speaking.ReceiptOnly; then nothing was sent.
    """
    facts = desk.need_open(database, case_id, signed, now=now)
    handovers.refuse_at_the_end(facts.get("asked"))
    if facts.get("frozen"):
        raise Stopped
    with database.reading() as session:
        row = handovers.row_of(session, case_id, handover_id)
        if State(row.state) not in UNDER_WAY:
            raise CannotFollow
        key = records.case_key(session, case_id, opener=opener)
        before = session.get(rows.Packet, handover_id)
        reference = before.reference if before else packets.new_reference(session)
    if before is not None and before.pressed == press:
        raise AlreadySent
    code, until = sealed_packets.make_code(), now + timedelta(days=code_days)
    packet = Packet(
        sender=sender,
        receiver=receiver,
        on=now.astimezone(hours.zone).date(),
        sections=tuple(sections),
        token=packets.token_of(key, handover_id),
    )
    raw = packet.to_bytes()
    body, lock = sealed_packets.wrap(raw, code, packet_id=handover_id)
    copy = packets.seal(key, raw, purpose=packets.COPY, handover_id=handover_id)
    kept = packets.seal(key, packets.wrapped(body, lock), purpose=packets.WRAPPED, handover_id=handover_id)
    sent: list[bytes] = []

    def write(session: Session) -> None:
        found = handovers.row_of(session, case_id, handover_id)
        if State(found.state) not in UNDER_WAY or session.get_one(rows.Case, case_id).facts.get("frozen"):
            raise CannotFollow
        own = session.get(rows.Packet, handover_id)
        if own is None:
            own = rows.Packet(handover_id=handover_id, case_id=case_id, reference=reference)
            session.add(own)
        own.pressed, own.copy, own.wrapped, own.sent_at, own.until = press, copy, kept, now, until
        own.due_at = overdue_from(now, hours, days=answer_days)
        own.code_route = own.code_taken = own.mailed_at = None
        found.state = State.OPENED.value if own.opened_at is not None else State.PASSED.value
        found.changed_at = now
        session.flush()
        handovers.seen_to(session, case_id)
        told = packets.order_to_keep(own, body, lock, key=key)
        orders.give(session, case_id, told, portal_key=portal_key, voice=voice, now=now)
        rows.log(session, at=now, staff_id=signed.identity.id, action=SENT, case_id=case_id, detail=row.service)
        sent.append(press)

    speaking.send(
        database,
        case_id=case_id,
        news=handovers.told(handover_id, row.service, State.PASSED.value, now=now, author=signed.identity.shown_name),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=handovers.item_id_of(press, State.PASSED.value),
        also=write,
    )
    if not sent:
        raise AlreadySent
    return Handed(reference=reference, code=code, until=until)


def code_went(
    database: Database,
    *,
    case_id: bytes,
    handover_id: bytes,
    route: Route,
    taken_by: str,
    signed: SignedIn,
    opener: Opener,
    now: datetime,
) -> None:
    """Write down by which way the code went and who took it; the name is sealed. Logged.

    Raises guard.NoSuchCase, desk.NotOpened and CannotFollow.
    """
    desk.need_open(database, case_id, signed, now=now)
    with database.reading() as session:
        handovers.row_of(session, case_id, handover_id)
        key = records.case_key(session, case_id, opener=opener)
    taken = packets.seal(key, taken_by.encode("utf-8"), purpose=packets.TAKEN, handover_id=handover_id)
    with database.writing() as session:
        handovers.row_of(session, case_id, handover_id)
        packet = session.get(rows.Packet, handover_id)
        if packet is None:
            raise CannotFollow
        packet.code_route, packet.code_taken = route.value, taken
        rows.log(session, at=now, staff_id=signed.identity.id, action=CODE_WENT, case_id=case_id, detail=route.value)


def mail(
    database: Database,
    notifier: notify.Notifier,
    *,
    case_id: bytes,
    handover_id: bytes,
    address: str,
    words: str,
    signed: SignedIn,
    now: datetime,
) -> Mailed:
    """Send the message that says where to look, by e-mail: once for each packet. `words` hold nothing about anybody. Logged.

    Raises guard.NoSuchCase, desk.NotOpened and CannotFollow.
    """
    desk.need_open(database, case_id, signed, now=now)
    with database.writing() as session:
        row = handovers.row_of(session, case_id, handover_id)
        packet = session.get(rows.Packet, handover_id)
        if packet is None or packet.wrapped is None:
            raise CannotFollow
        if packet.mailed_at is not None:
            return Mailed.SENT
        packet.mailed_at = now  # before it goes: pressed twice, it must not go twice
        reference = packet.pressed.hex()
        rows.log(session, at=now, staff_id=signed.identity.id, action=MAILED, case_id=case_id, detail=row.service)
    try:
        notifier.send(notify.Leaving(reference=reference, way=Way.EMAIL, address=address, words=words), now=now)
    except notify.NotSent:
        with database.writing() as session:
            session.get_one(rows.Packet, handover_id).mailed_at = None
        return Mailed.NOT_SENT
    except notify.Unsure:
        return Mailed.UNSURE
    return Mailed.SENT
