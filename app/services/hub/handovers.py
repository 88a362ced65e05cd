"""Handing somebody over, at the Hub: ask them, take their decision in, say what became of it.

Nothing is sent to another service from here. A colleague passes on what was agreed, by phone, and records it. What the
person wrote about it stays in its sealed addition.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nacl.signing import SigningKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain.handover import (
    ADDITION,
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
)
from app.domain.hours import OpeningHours
from app.domain.referral import Addition, News
from app.domain.status import CaseState
from app.services import post
from app.services.hub import guard, speaking
from app.services.hub.desk import OpenCase, need_open
from app.services.hub.records import Opener
from app.services.hub.staff import Identity, SignedIn

AT_ONCE = 200


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
) -> None:
    """Ask the person. The row and the item that asks commit together; the same `handover_id` again changes nothing.

    Raises guard.NoSuchCase, desk.NotOpened, speaking.ReceiptOnly and Ending.
    """
    facts = need_open(database, case_id, signed, now=now)
    _refuse_at_the_end(facts.get("asked"))

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
            )
        )
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
    )
    if ruling is None:
        return None
    if ruling.never_asked:
        post.alarm("a decision about a handover names kinds that were never asked for", count=len(ruling.never_asked))
    return Arrival(handover_id, State(row.state), ruling)


def write_down(session: Session, arrival: Arrival, *, now: datetime) -> None:
    """Keep the decision in the transaction that receives it. Raises Moved."""
    row = session.get_one(rows.Handover, arrival.handover_id)
    if row.state != arrival.before.value:
        raise Moved
    row.state, row.kinds, row.changed_at = arrival.ruling.state.value, list(arrival.ruling.kinds), now


def record(
    database: Database,
    *,
    case_id: bytes,
    handover_id: bytes,
    state: State,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> None:
    """A colleague says how it stands now: passed on, accepted, came back. Logged, and told to the person.

    Raises guard.NoSuchCase, desk.NotOpened, CannotFollow and Ending.
    """
    facts = need_open(database, case_id, signed, now=now)
    with database.reading() as session:
        row = _row(session, case_id, handover_id)
        if row.state == state.value:
            return
        if not may_follow(State(row.state), state):
            raise CannotFollow
        service = row.service
    if state is State.PASSED:
        _refuse_at_the_end(facts.get("asked"))

    def write(session: Session) -> None:
        found = _row(session, case_id, handover_id)
        if not may_follow(State(found.state), state):
            raise CannotFollow
        found.state, found.changed_at = state.value, now
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
        news=_told(handover_id, service, state.value, now=now, author=signed.identity.shown_name),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=_item_id(handover_id, state.value),
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
            (row.id, row.case_id, row.service, word)
            for row in session.scalars(
                select(rows.Handover)
                .where(rows.Handover.state.in_([each.value for each in {*UNDER_WAY, State.WITHDRAWN, State.STOPPED}]))
                .order_by(rows.Handover.changed_at.desc())
                .limit(AT_ONCE)
            )
            for word in _words_due(row, now=now, hours=hours)
            if session.get(rows.Item, _item_id(row.id, word)) is None
        ]
    for handover_id, case_id, service, word in due:
        try:
            speaking.send(
                database,
                case_id=case_id,
                news=_told(handover_id, service, word, now=now),
                opener=opener,
                voice=voice,
                now=now,
                envelope_id=_item_id(handover_id, word),
            )
        except (guard.NoSuchCase, sealing.CannotOpen) as error:
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
    found = session.execute(
        select(rows.Handover, rows.Staff)
        .outerjoin(rows.Staff, rows.Staff.id == rows.Handover.asked_by)
        .where(rows.Handover.case_id == case.row.case_id)
        .order_by(rows.Handover.asked_at.desc())
    )
    views = []
    for row, colleague in found:
        state = State(row.state)
        views.append(
            View(
                id=row.id,
                service=row.service,
                why=row.reason,
                kinds=tuple(row.kinds),
                state=state,
                asked_by=colleague.name if colleague else row.asked_by,
                asked_at=row.asked_at,
                changed_at=row.changed_at,
                notes=tuple(notes.get(row.id.hex(), ())),
                due_at=overdue_from(row.changed_at, hours) if state in UNDER_WAY else None,
                is_overdue=is_overdue(state, changed_at=row.changed_at, now=now, hours=hours),
            )
        )
    return views


def _words_due(row: rows.Handover, *, now: datetime, hours: OpeningHours | None) -> list[str]:
    state = State(row.state)
    words = [state.value] if state in {State.WITHDRAWN, State.STOPPED} else []
    if hours is not None and is_overdue(state, changed_at=row.changed_at, now=now, hours=hours):
        words.append(LATE)
    return words


def _told(handover_id: bytes, service: str, word: str, *, now: datetime, author: str = "") -> News:
    return News(
        kind=ADDITION,
        at=now.isoformat(timespec="seconds"),
        author=author,
        data={"id": handover_id.hex(), "service": service, "state": word},
    )


def _item_id(handover_id: bytes, word: str) -> bytes:
    """The same handover in the same state is the same piece of news, however often this runs."""
    return hashlib.sha256(handover_id + word.encode()).digest()[: sealing.ID_LENGTH]


def _row(session: Session, case_id: bytes, handover_id: bytes) -> rows.Handover:
    row = session.get(rows.Handover, handover_id)
    if row is None or row.case_id != case_id:
        raise guard.NoSuchCase
    return row


def _refuse_at_the_end(asked: object) -> None:
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
            found = _row(session, case_id, handover_id)
            if found.state != State.AGREED.value:
                raise CannotFollow
            found.state, found.changed_at = State.PASSED.value, now
            rows.log(session, at=now, staff_id=by.id, action="handover-passed", case_id=case_id, detail=found.service)

        try:
            speaking.send(
                database,
                case_id=case_id,
                news=_told(handover_id, service, State.PASSED.value, now=now),
                opener=opener,
                voice=voice,
                now=now,
                envelope_id=_item_id(handover_id, State.PASSED.value),
                also=write,
            )
        except (CannotFollow, guard.NoSuchCase):
            continue  # taken back or erased at this very moment
