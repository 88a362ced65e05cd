"""Changes at the Hub: how each stands as it arrives, what the person is told of it, and who may decide.

A change counts from the very transaction in which it is received. What the person is told of it follows with the same pass,
and is tried again until it is said: `told_as` holds the standing that was said last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain.asker import is_young
from app.domain.change import ALWAYS_TIGHTER, ERASES, Change, Delays, Ruling, Standing, is_same_word, rule_on
from app.domain.contact import codes_of, keeping, tightens
from app.domain.hours import OpeningHours
from app.domain.referral import Addition, MalformedReferral, News
from app.services import post
from app.services.hub import erasing, guard, leaving, plans, records, speaking
from app.services.hub.plans import Asked, Record
from app.services.hub.records import CaseKey, Opener
from app.services.hub.staff import Identity

KINDS: Mapping[str, Change] = {each.value: each for each in Change}
AT_ONCE = 200


class NotWaiting(Exception):
    """There is no such change that waits for a decision."""


@dataclass(frozen=True)
class Arrival:
    """A change that has just come, ruled on before the transaction. `facts` is what the queue may know in clear then, `later`
    when a deletion would be due that cannot be done at once."""

    kind: Change
    ruling: Ruling
    proven: bool
    facts: Mapping[str, Any]
    later: datetime


def arrival_of(
    session: Session,
    header: sealing.Header,
    addition: Addition,
    *,
    key: CaseKey,
    delays: Delays,
    now: datetime,
    hours: OpeningHours | None = None,
) -> Arrival | None:
    """How an addition stands as a change; None when it is none. `hours` are the Hub's. Raises sealing.CannotOpen."""
    kind = KINDS.get(addition.kind)
    if kind is None:
        return None
    record = plans.read(session, header.case_id, key=key, hours=hours)
    word = addition.content.get("code_word")
    proven = is_same_word(word if isinstance(word, str) else "", record.code_word or "")
    ruling = rule_on(
        kind,
        tightens=_is_tighter(kind, addition, record),
        proven=proven,
        has_route=plans.has_route(record.referral, record.changes),
        delays=delays,
        now=now,
        is_unread=not rows.was_opened(session, header.case_id),
    )
    asked = Asked(
        envelope_id=header.envelope_id,
        number=header.number,
        kind=kind,
        standing=ruling.standing,
        proven=proven,
        arrived_at=now,
        due_at=ruling.due_at,
        content=addition.content,
    )
    before = record.changes if kind is not Change.NOT_ME else tuple(_disowned(each) for each in record.changes)
    facts = facts_of(replace(record, changes=(*before, asked)))
    return Arrival(kind, ruling, proven, facts, later=now + delays.delete)


def write_down(session: Session, header: sealing.Header, arrival: Arrival, *, now: datetime) -> None:
    """Write a change down in the transaction that receives it; it counts from here on."""
    arrival = _if_opened_meanwhile(session, header.case_id, arrival)
    case = session.get_one(rows.Case, header.case_id)
    if arrival.kind is Change.NOT_ME:
        case.facts = {**case.facts, speaking.NOT_ME: True}
        for row in rows.changes(session, header.case_id):
            if row.standing == Standing.WAITING.value:
                row.standing, row.due_at = Standing.DISOWNED.value, None
    session.add(
        rows.Change(
            envelope_id=header.envelope_id,
            case_id=header.case_id,
            number=header.number,
            kind=arrival.kind.value,
            standing=arrival.ruling.standing.value,
            proven=arrival.proven,
            arrived_at=now,
            due_at=arrival.ruling.due_at,
        )
    )
    if arrival.ruling.standing is Standing.IN_FORCE:
        _replace_earlier(session, header.case_id, arrival.kind, before=header.number)
    case.facts = {**case.facts, **arrival.facts}
    if arrival.kind is Change.CLOSE and arrival.ruling.standing is Standing.IN_FORCE:
        leaving.set_closed(case, now=now)
    elif arrival.kind is Change.CLOSE:
        leaving.set_closing(case)


def facts_of(record: Record) -> dict[str, Any]:
    """What the queue may know in clear of a plan and of what was asked for: coded, without any address or word."""
    plan = record.plan
    return {
        "contact": {True: "yes", False: "no", None: None}[plan.wanted],
        "ways": [each.way.value for each in plan.ways] if plan.wanted else [],
        "windows": codes_of(plan),
        "paused": plan.paused_until.isoformat(timespec="seconds") if plan.paused_until else None,
        "frozen": plan.frozen,
        "asked": sorted({each.kind.value for each in record.changes if each.standing is Standing.WAITING}),
    }


def decide_on(
    session: Session,
    case_id: bytes,
    envelope_id: bytes,
    who: Identity,
    *,
    is_right: bool,
    opener: Opener,
    now: datetime,
    hours: OpeningHours | None = None,
) -> None:
    """A colleague has checked by a way that was already safe: the change counts, or it does not. Logged.

    Raises guard.NoSuchCase and NotWaiting.
    """
    case = guard.case_for(session, case_id, who)
    row = session.get(rows.Change, envelope_id)
    if row is None or row.case_id != case_id or row.standing != Standing.WAITING.value:
        raise NotWaiting
    row.standing = (Standing.IN_FORCE if is_right else Standing.DECLINED).value
    row.due_at, row.decided_by = None, who.id
    if is_right:
        _replace_earlier(session, case_id, Change(row.kind), before=row.number)
    session.flush()
    key = records.case_key(session, case_id, opener=opener)
    case.facts = {**case.facts, **facts_of(plans.read(session, case_id, key=key, hours=hours))}
    if is_right and row.kind == Change.CLOSE.value:
        leaving.set_closed(case, now=now)
    rows.log(
        session,
        at=now,
        staff_id=who.id,
        action="change-confirmed" if is_right else "change-declined",
        case_id=case_id,
        detail=row.kind,
    )


def run_due(
    database: Database,
    *,
    opener: Opener,
    voice: SigningKey,
    portal_key: bytes,
    now: datetime,
    hours: OpeningHours | None = None,
) -> int:
    """What has waited long enough comes into force, and cases whose deletion is due are erased; returns how many."""
    with database.reading() as session:
        due = list(
            session.scalars(
                select(rows.Change)
                .where(
                    or_(
                        (rows.Change.standing == Standing.WAITING.value) & (rows.Change.due_at <= now),
                        (rows.Change.standing == Standing.IN_FORCE.value)
                        & rows.Change.kind.in_([each.value for each in ERASES]),
                    )
                )
                .limit(AT_ONCE)
            )
        )
    done = 0
    for row in due:
        try:
            if row.kind in ERASES:
                erasing.erase(database, row.case_id, portal_key=portal_key, voice=voice, now=now)
            else:
                with database.writing() as session:
                    _come_into_force(session, row, opener=opener, now=now, hours=hours)
        except (sealing.CannotOpen, MalformedReferral) as error:
            post.alarm("a change that is due cannot be looked at", kind=type(error).__name__)
            continue
        done += 1
    return done


def _come_into_force(
    session: Session, row: rows.Change, *, opener: Opener, now: datetime, hours: OpeningHours | None
) -> None:
    """Raises sealing.CannotOpen and MalformedReferral; then the change waits on."""
    found = session.get(rows.Change, row.envelope_id)
    if found is None or found.standing != Standing.WAITING.value:
        return
    case = session.get_one(rows.Case, row.case_id)
    # Whoever wrote after asking to close is not closed by a clock.
    goes_on = row.kind == Change.CLOSE.value and leaving.CLOSING not in case.facts
    found.standing, found.due_at = (Standing.DECLINED if goes_on else Standing.IN_FORCE).value, None
    _replace_earlier(session, row.case_id, Change(row.kind), before=row.number)
    session.flush()
    key = records.case_key(session, row.case_id, opener=opener)
    case.facts = {**case.facts, **facts_of(plans.read(session, row.case_id, key=key, hours=hours))}
    if row.kind == Change.CLOSE.value and not goes_on:
        leaving.set_closed(case, now=now)


def tell(database: Database, *, opener: Opener, voice: SigningKey, now: datetime) -> None:
    """Tell each person how what they asked for stands, where they were not told yet. A repeat tells nothing twice.

    That a later one of its kind stands in its place is no news: they asked for that one themselves.
    """
    with database.reading() as session:
        untold = list(
            session.scalars(
                select(rows.Change)
                .where(
                    or_(rows.Change.told_as.is_(None), rows.Change.told_as != rows.Change.standing),
                    rows.Change.standing != Standing.REPLACED.value,
                )
                .order_by(rows.Change.case_id, rows.Change.number)
                .limit(AT_ONCE)
            )
        )
    for row in untold:
        data = {"change": row.kind, "standing": row.standing, "number": row.number}
        if row.due_at is not None:
            data["until"] = row.due_at.isoformat()
        try:
            speaking.send(
                database,
                case_id=row.case_id,
                news=News(kind="change", at=now.isoformat(timespec="seconds"), data=data),
                opener=opener,
                voice=voice,
                now=now,
                # The same change in the same standing is the same piece of news, however often this runs.
                envelope_id=hashlib.sha256(row.envelope_id + row.standing.encode()).digest()[: sealing.ID_LENGTH],
            )
        except (guard.NoSuchCase, sealing.CannotOpen) as error:
            post.alarm("a person could not be told how a change stands", kind=type(error).__name__)
            continue
        with database.writing() as session:
            found = session.get(rows.Change, row.envelope_id)
            if found is not None and found.standing == row.standing:
                found.told_as = row.standing


def _if_opened_meanwhile(session: Session, case_id: bytes, arrival: Arrival) -> Arrival:
    """A colleague may have opened the request between the ruling and this transaction: then taking it back has to wait."""
    is_at_once = arrival.ruling.standing is Standing.IN_FORCE and not arrival.proven
    if arrival.kind is not Change.TAKE_BACK or not is_at_once or not rows.was_opened(session, case_id):
        return arrival
    asked = sorted({*arrival.facts["asked"], Change.TAKE_BACK.value})
    return replace(
        arrival, ruling=Ruling(Standing.WAITING, arrival.later), facts={**arrival.facts, "asked": asked, "frozen": True}
    )


def _is_tighter(kind: Change, addition: Addition, record: Record) -> bool:
    if kind is Change.NOTICES:
        return not addition.content.get("way")
    if kind is not Change.PLAN:
        return kind in ALWAYS_TIGHTER
    now_counts = record.plan
    under_18 = is_young(record.referral.answers)
    asked = keeping(plans.plan_asked(addition.content, under_18=under_18), now_counts)
    # A freeze or a pause stands whatever plan is asked for: only what the two plans say is compared.
    stopped = replace(asked, frozen=now_counts.frozen, paused_until=now_counts.paused_until)
    return tightens(stopped, now_counts, hours=record.hours)


def _disowned(asked: Asked) -> Asked:
    return replace(asked, standing=Standing.DISOWNED) if asked.standing is Standing.WAITING else asked


def _replace_earlier(session: Session, case_id: bytes, kind: Change, *, before: int) -> None:
    """What waited for the same thing earlier need not be decided any more."""
    for row in rows.changes(session, case_id):
        if row.kind == kind.value and row.number < before and row.standing == Standing.WAITING.value:
            row.standing, row.due_at = Standing.REPLACED.value, None
