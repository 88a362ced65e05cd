"""Handing somebody over, at the Hub: ask them, take their decision in, say what became of it.

A colleague hands a packet over (handing.py), or passes on by phone what was agreed and records it. What the service answers
comes sealed; what the person wrote about it stays in its sealed addition.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain.handover import (
    ADDITION,
    CAME_BACK,
    LATE,
    UNDER_WAY,
    Decision,
    Kind,
    Ruling,
    State,
    Why,
    is_overdue,
    may_follow,
    overdue_from,
    rule_on,
    rule_on_answer,
)
from app.domain.hours import OpeningHours
from app.domain.packet import PacketAnswer, Said
from app.domain.referral import Addition, News
from app.domain.status import CaseState
from app.services import post
from app.services.hub import guard, packets, records, speaking
from app.services.hub.desk import OpenCase, need_open
from app.services.hub.needs import taken_over
from app.services.hub.records import Opener
from app.services.hub.staff import Identity, SignedIn

AT_ONCE = 200
# How long telling somebody how it ended is tried for.
TOLD_WITHIN = timedelta(days=30)
ENDED = (State.WITHDRAWN, State.STOPPED, State.OPENED, State.ACCEPTED, State.BOUNCED)

# What else happens in the transaction in which a service takes somebody over: with the case, the service, the needs that it took
# over (none named: it takes over whatever there is), and the moment.
OnAccepted = Callable[[Session, bytes, str, tuple[str, ...], datetime], None]
ON_ACCEPTED: list[OnAccepted] = [taken_over]


class CannotFollow(Exception):
    """It stands otherwise by now: what was pressed does not follow from that."""


class Ending(Exception):
    """The person has asked to end everything: nothing of theirs goes anywhere."""


@dataclass(frozen=True)
class Arrival:
    """A decision that has just come, ruled on before the transaction: only while the handover still stands as `before`."""

    handover_id: bytes
    before: State
    ruling: Ruling


@dataclass(frozen=True)
class Answered:
    """What a service said, ruled on before the transaction: only while the handover still stands as `before`. `state` is None
    when it changes nothing but what is known of the packet."""

    handover_id: bytes
    before: State
    state: State | None
    answer: PacketAnswer
    sealed: bytes | None


class Moved(Exception):
    """The handover changed while a decision was taken in; the next pass takes it in again."""


@dataclass(frozen=True)
class View:
    """A handover at the desk. `notes` are the person's own words about it, oldest first; `asked_by` a name."""

    id: bytes
    service: str
    why: str
    kinds: tuple[str, ...]
    state: State
    asked_by: str
    asked_at: datetime
    changed_at: datetime
    notes: tuple[str, ...]
    due_at: datetime | None
    is_overdue: bool
    needs: tuple[str, ...] = ()


def ask(
    database: Database,
    *,
    case_id: bytes,
    handover_id: bytes,
    service: str,
    why: Why,
    kinds: Sequence[Kind],
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
    needs: Sequence[str] = (),
) -> None:
    """Ask the person. The row and the item that asks commit together; the same `handover_id` again changes nothing.

    `needs` are those that the service would take over; none stands for all. The rest stays with us.

    Raises guard.NoSuchCase, desk.NotOpened, speaking.ReceiptOnly and Ending.
    """
    facts = need_open(database, case_id, signed, now=now)
    refuse_at_the_end(facts.get("asked"))

    def write(session: Session) -> None:
        session.add(
            rows.Handover(
                id=handover_id,
                case_id=case_id,
                service=service,
                reason=why.value,
                kinds=[each.value for each in kinds],
                state=State.ASKED.value,
                asked_by=signed.identity.id,
                asked_at=now,
                changed_at=now,
                needs=list(needs),
            )
        )
        seen_to(session, case_id)
        rows.log(session, at=now, staff_id=signed.identity.id, action="asked-handover", case_id=case_id, detail=service)

    speaking.send(
        database,
        case_id=case_id,
        news=News(
            kind=ADDITION,
            at=now.isoformat(timespec="seconds"),
            author=signed.identity.shown_name,
            data={
                "id": handover_id.hex(),
                "service": service,
                "reason": why.value,
                "kinds": [each.value for each in kinds],
                "state": State.ASKED.value,
            },
        ),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=handover_id,
        state=CaseState.THEIRS,
        also=write,
    )


def arrival_of(session: Session, header: sealing.Header, addition: Addition) -> Arrival | None:
    """What a decision makes of a handover of this very case; None when the addition is none, or it changes nothing."""
    if addition.kind != ADDITION:
        return None
    content = addition.content
    try:
        handover_id, decision = bytes.fromhex(content["id"]), Decision(content["decision"])
    except (KeyError, TypeError, ValueError):
        post.alarm("a decision about a handover cannot be read")
        return None
    row = session.get(rows.Handover, handover_id)
    if row is None or row.case_id != header.case_id:
        post.alarm("a decision about a handover that was never asked for")
        return None
    chosen = content.get("kinds")
    ruling = rule_on(
        decision,
        state=State(row.state),
        kinds=row.kinds,
        chosen=[each for each in chosen if isinstance(each, str)] if isinstance(chosen, list) else [],
        is_unread=packets.is_unread(session, handover_id),
    )
    if ruling is None:
        return None
    if ruling.never_asked:
        post.alarm("a decision about a handover names kinds that were never asked for", count=len(ruling.never_asked))
    return Arrival(handover_id, State(row.state), ruling)


def write_down(session: Session, arrival: Arrival, *, portal_key: bytes, voice: SigningKey, now: datetime) -> None:
    """Keep the decision in the transaction that receives it; a packet that is taken back is withdrawn with it. Raises Moved."""
    row = session.get_one(rows.Handover, arrival.handover_id)
    if row.state != arrival.before.value:
        raise Moved
    row.state, row.kinds, row.changed_at = arrival.ruling.state.value, list(arrival.ruling.kinds), now
    if arrival.ruling.state in {State.WITHDRAWN, State.STOPPED}:
        packets.drop(session, arrival.handover_id, portal_key=portal_key, voice=voice, now=now)


def answer_of(session: Session, answer: PacketAnswer, *, opener: Opener) -> Answered | None:
    """What a service's answer makes of a handover; None when there is none, or whoever answered had not read it.

    Raises sealing.CannotOpen.
    """
    row, packet = session.get(rows.Handover, answer.packet_id), session.get(rows.Packet, answer.packet_id)
    if row is None or packet is None:
        return None  # erased in between
    key = records.case_key(session, row.case_id, opener=opener)
    if answer.token != packets.token_of(key, answer.packet_id):
        post.alarm("an answer to a packet from somebody who has not read it")
        return None
    before = State(row.state)
    state = rule_on_answer(answer.said, state=before)
    sealed = None if answer.said is Said.OPENED else packets.sealed_answer(answer, key=key)
    return Answered(answer.packet_id, before, state, answer, sealed)


def write_answer_down(session: Session, answered: Answered, *, now: datetime) -> None:
    """Keep a service's answer in the transaction that receives it. What came back is ours to do again. Raises Moved."""
    row = session.get_one(rows.Handover, answered.handover_id)
    packet = session.get_one(rows.Packet, answered.handover_id)
    if row.state != answered.before.value:
        raise Moved
    if packet.opened_at is None:
        packet.opened_at = now
    if answered.sealed is not None and packet.answer is None:
        packet.answer = answered.sealed
        packet.reason = answered.answer.reason.value if answered.answer.reason else None
        packet.wrapped = None  # the portal keeps it a day longer, or not at all; a new portal need not
    if answered.state is None:
        return
    row.state, row.changed_at = answered.state.value, now
    if answered.state is State.BOUNCED:
        come_back(session, row.case_id, State.BOUNCED.value)
    elif answered.state is State.ACCEPTED:
        _accepted(session, row, now=now)


def come_back(session: Session, case_id: bytes, why: str) -> None:
    """A handover is ours to do again; the queue says why. A closed case stays closed, and says so all the same."""
    case = session.get_one(rows.Case, case_id)
    if case.state != CaseState.CLOSED.value:
        case.state = CaseState.OURS.value
    case.facts = {**case.facts, CAME_BACK: why}


def seen_to(session: Session, case_id: bytes) -> None:
    """Somebody has taken up what came back."""
    case = session.get_one(rows.Case, case_id)
    if CAME_BACK in case.facts:
        case.facts = {name: value for name, value in case.facts.items() if name != CAME_BACK}


def _accepted(session: Session, row: rows.Handover, *, now: datetime) -> None:
    seen_to(session, row.case_id)
    for also in ON_ACCEPTED:
        also(session, row.case_id, row.service, tuple(row.needs or ()), now)


def record(
    database: Database,
    *,
    case_id: bytes,
    handover_id: bytes,
    state: State,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    portal_key: bytes,
    now: datetime,
) -> None:
    """A colleague says how it stands now: passed on, accepted, came back. Logged, and told to the person.

    Raises guard.NoSuchCase, desk.NotOpened, CannotFollow and Ending.
    """
    facts = need_open(database, case_id, signed, now=now)
    with database.reading() as session:
        row = row_of(session, case_id, handover_id)
        if row.state == state.value:
            return
        if not may_follow(State(row.state), state):
            raise CannotFollow
        service = row.service
    if state is State.PASSED:
        refuse_at_the_end(facts.get("asked"))

    def write(session: Session) -> None:
        found = row_of(session, case_id, handover_id)
        if not may_follow(State(found.state), state):
            raise CannotFollow
        found.state, found.changed_at = state.value, now
        seen_to(session, case_id)
        if state is State.ACCEPTED:
            _accepted(session, found, now=now)
        elif state is State.BOUNCED:
            packets.drop(session, handover_id, portal_key=portal_key, voice=voice, now=now)
            come_back(session, case_id, state.value)
        rows.log(
            session,
            at=now,
            staff_id=signed.identity.id,
            action=f"handover-{state.value}",
            case_id=case_id,
            detail=service,
        )

    speaking.send(
        database,
        case_id=case_id,
        news=told(handover_id, service, state.value, now=now, author=signed.identity.shown_name),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=item_id_of(handover_id, state.value),
        also=write,
    )


def tell(
    database: Database, *, opener: Opener, voice: SigningKey, now: datetime, hours: OpeningHours | None = None
) -> None:
    """Tell each person once how far their decision has come, and that it is late when it is. A repeat tells nothing twice.

    Late is by `hours`, the Hub's own; without them nothing is.
    """
    with database.reading() as session:
        due = [
            (row.id, row.case_id, row.service, word, item_id, row.id if word == State.ACCEPTED.value else None)
            for row in session.scalars(
                select(rows.Handover)
                .where(
                    rows.Handover.state.in_([each.value for each in UNDER_WAY])
                    | (
                        rows.Handover.state.in_([each.value for each in ENDED])
                        & (rows.Handover.changed_at > now - TOLD_WITHIN)
                    )
                )
                .order_by(rows.Handover.changed_at.desc())
                .limit(AT_ONCE)
            )
            for word, item_id in _words_due(session, row, now=now, hours=hours)
            if session.get(rows.Item, item_id) is None
        ]
    for handover_id, case_id, service, word, item_id, accepted in due:

        def also(session: Session, case_id: bytes = case_id, word: str = word) -> None:
            if word == LATE:
                come_back(session, case_id, LATE)

        try:
            speaking.send(
                database,
                case_id=case_id,
                news=told(
                    handover_id,
                    service,
                    word,
                    now=now,
                    more=_worker_of(database, case_id, accepted, opener=opener) if accepted else None,
                ),
                opener=opener,
                voice=voice,
                now=now,
                envelope_id=item_id,
                also=also,
            )
        except (guard.NoSuchCase, sealing.CannotOpen, speaking.ReceiptOnly) as error:
            post.alarm("a person could not be told how a handover stands", kind=type(error).__name__)


def of_case(
    session: Session,
    case: OpenCase,
    *,
    now: datetime,
    hours: OpeningHours,
) -> list[View]:
    """The handovers of an opened case, newest first."""
    notes: dict[str, list[str]] = {}
    for _, each in case.passing:
        note = each.content.get("note")
        if each.kind == ADDITION and isinstance(note, str) and note:
            notes.setdefault(str(each.content.get("id")), []).append(note)
    return listed(session, case.row.case_id, notes=notes, now=now, hours=hours)


def listed(
    session: Session,
    case_id: bytes,
    *,
    now: datetime,
    hours: OpeningHours,
    notes: Mapping[str, Sequence[str]] | None = None,
) -> list[View]:
    """The handovers of a case, newest first, with the person's own words about each as far as they are given here (by id, in
    hexadecimal). The caller has asked the guard."""
    found = session.execute(
        select(rows.Handover, rows.Staff.name, rows.Packet.due_at)
        .outerjoin(rows.Staff, rows.Staff.id == rows.Handover.asked_by)
        .outerjoin(rows.Packet, rows.Packet.handover_id == rows.Handover.id)
        .where(rows.Handover.case_id == case_id)
        .order_by(rows.Handover.asked_at.desc())
    )
    views = []
    for row, name, due_at in found:
        state = State(row.state)
        due = due_at if state is not State.AGREED else None
        views.append(
            View(
                id=row.id,
                service=row.service,
                why=row.reason,
                kinds=tuple(row.kinds),
                state=state,
                asked_by=name or row.asked_by,
                asked_at=row.asked_at,
                changed_at=row.changed_at,
                notes=tuple((notes or {}).get(row.id.hex(), ())),
                due_at=(due or overdue_from(row.changed_at, hours)) if state in UNDER_WAY else None,
                is_overdue=is_overdue(state, changed_at=row.changed_at, now=now, hours=hours, due_at=due),
                needs=tuple(row.needs or ()),
            )
        )
    return views


def _words_due(
    session: Session, row: rows.Handover, *, now: datetime, hours: OpeningHours | None
) -> list[tuple[str, bytes]]:
    """What the person should have been told by now, each with the id of the item that tells it."""
    state, packet = State(row.state), session.get(rows.Packet, row.id)
    words = [(state.value, item_id_of(row.id, state.value))] if state in ENDED else []
    if state is State.AGREED and packet is not None:  # it was held, since all contact was stopped
        words.append((state.value, item_id_of(packet.pressed, state.value)))
    due_at = packet.due_at if packet is not None and state is not State.AGREED else None
    if hours is not None and is_overdue(state, changed_at=row.changed_at, now=now, hours=hours, due_at=due_at):
        since = packet.pressed if packet is not None else row.id  # what was handed over again may be late again
        words.append((LATE, item_id_of(since, LATE)))
    return words


def _worker_of(database: Database, case_id: bytes, handover_id: bytes, *, opener: Opener) -> dict[str, Any]:
    """Who has taken over, as far as the service said: a name and a day, nothing else of what it wrote."""
    with database.reading() as session:
        packet = session.get(rows.Packet, handover_id)
        if packet is None or packet.answer is None:
            return {}
        said = packets.answer_in(packet, key=records.case_key(session, case_id, opener=opener))
    return {name: said[name] for name in ("worker", "on") if said.get(name)}


def told(
    handover_id: bytes, service: str, word: str, *, now: datetime, author: str = "", more: dict[str, Any] | None = None
) -> News:
    """The piece of news that says how a handover stands, in codes."""
    return News(
        kind=ADDITION,
        at=now.isoformat(timespec="seconds"),
        author=author,
        data={"id": handover_id.hex(), "service": service, "state": word, **(more or {})},
    )


def item_id_of(handover_id: bytes, word: str) -> bytes:
    """The same handover in the same state is the same piece of news, however often this runs."""
    return hashlib.sha256(handover_id + word.encode()).digest()[: sealing.ID_LENGTH]


def row_of(session: Session, case_id: bytes, handover_id: bytes) -> rows.Handover:
    """A handover of this very case. Raises guard.NoSuchCase."""
    row = session.get(rows.Handover, handover_id)
    if row is None or row.case_id != case_id:
        raise guard.NoSuchCase
    return row


def refuse_at_the_end(asked: object) -> None:
    """Raises Ending when the person has asked to end or delete everything."""
    if isinstance(asked, list) and {"delete", "close"} & set(asked):
        raise Ending


def fetched(
    database: Database,
    *,
    case_id: bytes,
    handover_ids: Sequence[bytes],
    by: Identity,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> None:
    """The service's own case system has fetched what was agreed: it is passed on now, logged, and told to the person, once."""
    for handover_id in handover_ids:
        with database.reading() as session:
            row = session.get(rows.Handover, handover_id)
            if row is None or row.state != State.AGREED.value:
                continue
            service = row.service

        def write(session: Session, handover_id: bytes = handover_id) -> None:
            found = row_of(session, case_id, handover_id)
            if found.state != State.AGREED.value:
                raise CannotFollow
            found.state, found.changed_at = State.PASSED.value, now
            rows.log(session, at=now, staff_id=by.id, action="handover-passed", case_id=case_id, detail=found.service)

        try:
            speaking.send(
                database,
                case_id=case_id,
                news=told(handover_id, service, State.PASSED.value, now=now),
                opener=opener,
                voice=voice,
                now=now,
                envelope_id=item_id_of(handover_id, State.PASSED.value),
                also=write,
            )
        except (CannotFollow, guard.NoSuchCase):
            continue  # taken back or erased at this very moment
