"""What another agency's case system may fetch and send: cases with consent, a feed of what changed, news of a case.

Everything is worked out anew from the consents that count at that moment (sharing.py). Nothing is given while the Hub cannot
be sure that it knows the newest contact plan and the newest withdrawal. Every reading of a person's data is logged first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain import handover
from app.domain.change import Change
from app.domain.contact import Allowed, ContactPlan, Decision, Refused, WayPlan, decide
from app.domain.handover import Decision as Decided
from app.domain.handover import Kind
from app.domain.hours import OpeningHours
from app.domain.sharing import (
    FEED_KEPT,
    TRUSTED_FOR,
    Contact,
    Purpose,
    What,
    Why,
    contact_now,
    gives_address,
)
from app.domain.status import Milestone, Status
from app.services.hub import clients, desk, guard, handovers, news, plans, records, sharing
from app.services.hub.clients import Client
from app.services.hub.guard import NoSuchCase
from app.services.hub.news import Chosen
from app.services.hub.plans import Record
from app.services.hub.records import Opener
from app.services.hub.sharing import Shared

LISTED, READ, TOLD = "api-listed", "api-read", "api-told"
# Changes that a puller of the plan must hear of; of all others it hears nothing.
OF_THE_PLAN = (Change.FREEZE, Change.UNFREEZE, Change.PAUSE, Change.PLAN, Change.NOT_ME)
TREAT, WORDS = "treat", "words"  # kinds of additions (app/forms/more.py)
# What somebody may have said of what they need to take part, by the names that it has in their addition.
NEEDS = {
    "access": "access",
    "worker": "worker",
    "faith": "faith",
    "interpreter": "interpreter",
    "interpreter_is": "interpreter-is",
    "please_do_not": "please-do-not",
}
AT_ONCE = 500
MOST_TRIES = 5


class Stale(Exception):
    """The Hub has not collected for too long: a plan or a consent may have been taken back since."""


class CursorGone(Exception):
    """The feed does not know this place any more, or never did: begin anew."""


class KeyReused(Exception):
    """Something else was sent under this idempotency key."""


@dataclass(frozen=True)
class Page:
    """Some cases in a stable order. `next` is the id after which the next page begins, None at the end; `feed` is where the
    feed stood before this page was made."""

    cases: tuple[dict[str, Any], ...]
    next: bytes | None
    feed: str


@dataclass(frozen=True)
class Feed:
    """Some lines of a client's feed, the place after them, and whether there are more already."""

    events: tuple[dict[str, Any], ...]
    cursor: str
    more: bool


def list_cases(database: Database, client: Client, *, after: bytes | None, limit: int, now: datetime) -> Page:
    """The cases that this client may have, by their random ids. Logged for each. Raises Stale and UnknownClient."""
    with database.writing() as session:
        _fresh(session, now=now)
        feed = _cursor(session, clients.locked(session, client.id).last_number)
        found = list(sharing.shared_with(session, client, now=now).values())
        found.sort(key=lambda each: each.case.id)
        wanted = [each for each in found if after is None or each.case.id > after]
        page = wanted[:limit]
        for each in page:
            rows.log(session, at=now, staff_id=client.identity.id, action=LISTED, case_id=each.case.id)
    return Page(
        cases=tuple(_head(each) for each in page),
        next=page[-1].case.id if len(wanted) > limit else None,
        feed=feed,
    )


def read_case(
    database: Database,
    client: Client,
    case_id: bytes,
    *,
    opener: Opener,
    voice: SigningKey,
    hours: OpeningHours,
    now: datetime,
) -> dict[str, Any]:
    """A case as far as was agreed, with the plan as it counts now; logged before it is given.

    The first time that something agreed is fetched, it counts as passed on and the person is told so.
    Raises Stale, guard.NoSuchCase, and sealing.CannotOpen.
    """
    for _ in range(MOST_TRIES):
        with database.reading() as session:
            known_at = _fresh(session, now=now)
            shared = _shared(session, client, case_id, now=now)
            told = _told_of(session, [shared])
            key = records.case_key(session, case_id, opener=opener)
            record = plans.read(session, case_id, key=key, hours=hours)
        with database.writing() as session:
            # Opening takes a moment: what was taken back meanwhile counts.
            if _told_of(session, [_shared(session, client, case_id, now=now)]) != told:
                continue
            rows.log(
                session,
                at=now,
                staff_id=client.identity.id,
                action=READ,
                case_id=case_id,
                detail=" ".join(sorted(shared.purposes)),
            )
        break
    else:
        raise Stale
    handovers.fetched(
        database,
        case_id=case_id,
        handover_ids=shared.handovers,
        by=client.identity,
        opener=opener,
        voice=voice,
        now=now,
    )
    return _whole(record, shared, known_at=known_at, hours=hours, now=now)


def changes(database: Database, client: Client, *, after: str | None, limit: int, now: datetime) -> Feed:
    """What is new, changed or withdrawn since `after`, oldest first, each with an id that never changes.

    What came since the last pull is worked out here, under the client's own lock, so that two pulls at once tell the same. A
    line that some pull has had before says so. Raises Stale, CursorGone and UnknownClient.
    """
    with database.reading() as session:  # most pulls find nothing, and need not keep anybody from writing
        _fresh(session, now=now)
        # In this order: what another pull writes down in between has a number by the time that we look at the numbers.
        is_told = not _otherwise(session, client, now=now)
        own = session.get_one(rows.ApiClient, client.id)
        number = _number_of(session, after, own)
        if is_told and number == own.last_number:
            return Feed(events=(), cursor=_cursor(session, number), more=False)
    with database.writing() as session:
        own = clients.locked(session, client.id)
        _bring_up_to_date(session, own, client, now=now)
        session.flush()
        number = _number_of(session, after, own)
        found = list(
            session.scalars(
                select(rows.ApiEvent)
                .where(rows.ApiEvent.client_id == client.id, rows.ApiEvent.number > number)
                .order_by(rows.ApiEvent.number)
                .limit(limit)
            )
        )
        events = tuple(_event(session, each) for each in found)
        for each in found:
            if not each.handed_out:
                each.handed_out = True
                rows.log(
                    session,
                    at=now,
                    staff_id=client.identity.id,
                    action=TOLD,
                    case_id=each.case_id,
                    detail=each.what if each.why is None else f"{each.what} {each.why}",
                )
        last = found[-1].number if found else number
        return Feed(events=events, cursor=_cursor(session, last), more=last < own.last_number)


def push(
    database: Database,
    client: Client,
    case_id: bytes,
    *,
    coded: Milestone | Status,
    on: date | None,
    at: time | None,
    key: str,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> dict[str, Any]:
    """Pass news of a police or court case on to the person's space; the same under the same key again is one piece of news.

    Raises guard.NoSuchCase, news.NeedsADay and KeyReused.
    """
    said = Chosen(on=on, at=at)
    body_hash = hashlib.sha256(
        json.dumps([case_id.hex(), type(coded).__name__, coded.value, said.data()], sort_keys=True).encode()
    ).digest()
    push_id = hashlib.sha256(f"{client.id}\n{key}".encode()).digest()[: sealing.ID_LENGTH]
    with database.reading() as session:
        _shared(session, client, case_id, now=now, purpose=Purpose.CASE_NEWS)
        before = session.get(rows.ApiPush, push_id)
    if before is not None:
        return _answered(before, body_hash)

    def write(session: Session) -> None:
        _shared(session, client, case_id, now=now, purpose=Purpose.CASE_NEWS)
        session.add(
            rows.ApiPush(
                id=push_id,
                client_id=client.id,
                case_id=case_id,
                body_hash=body_hash,
                answer={"id": push_id.hex(), "case": case_id.hex(), "received_at": _moment(now)},
                at=now,
            )
        )

    news.receive(
        database,
        case_id=case_id,
        coded=coded,
        chosen=replace(said, service=client.agency),
        by=client.identity,
        also=write,
        opener=opener,
        voice=voice,
        envelope_id=hashlib.sha256(b"push" + push_id).digest()[: sealing.ID_LENGTH],
        now=now,
    )
    with database.reading() as session:
        made = session.get(rows.ApiPush, push_id)
    if made is None:
        raise NoSuchCase
    return _answered(made, body_hash)


def tidy(session: Session, *, now: datetime) -> int:
    """Forget tokens that have ended and what feeds told long ago; returns how many rows that were."""
    over = now - FEED_KEPT
    ended = session.execute(delete(rows.ApiToken).where(rows.ApiToken.expires_at <= now))
    oldest = session.execute(
        select(rows.ApiEvent.client_id, func.max(rows.ApiEvent.number))
        .where(rows.ApiEvent.at < over)
        .group_by(rows.ApiEvent.client_id)
    ).all()
    gone = 0
    for client_id, number in oldest:
        session.execute(update(rows.ApiClient).where(rows.ApiClient.id == client_id).values(pruned_to=number))
        forgotten = delete(rows.ApiEvent).where(rows.ApiEvent.client_id == client_id, rows.ApiEvent.number <= number)
        gone += session.execute(forgotten).rowcount  # type: ignore[attr-defined]
    return gone + int(ended.rowcount)  # type: ignore[attr-defined]


def _fresh(session: Session, *, now: datetime) -> datetime:
    """Since when everything is known that the portal had. Raises Stale."""
    health = desk.post_health(session, now=now)
    if health.is_stale or health.last_pass_at is None:
        raise Stale
    return health.last_pass_at


def _shared(
    session: Session, client: Client, case_id: bytes, *, now: datetime, purpose: Purpose | None = None
) -> Shared:
    """A case that this client may have. Raises guard.NoSuchCase for every other, and for one that is not there."""
    case = guard.case_for(session, case_id, client.identity)
    found = sharing.shared_with(session, client, now=now, only=case.id).get(case_id)
    if found is None or (purpose is not None and purpose.value not in found.purposes):
        raise NoSuchCase
    return found


def _told_of(session: Session, shared: Collection[Shared]) -> dict[bytes, bytes]:
    """For each case a hash that is another when what its puller would get is another. Out of clear columns: nothing is opened.

    Only what was agreed goes into it: that somebody wrote more, or changed what is not shared, tells nothing to anybody.
    """
    wants_plan = [each.case.id for each in shared if {Kind.PLAN, Kind.REACH} & each.kinds]
    wants_words = [each.case.id for each in shared if {Kind.ACCESS, Kind.WROTE} & each.kinds]
    changed: dict[bytes, list[tuple[int, str]]] = {}
    for part in _parts(wants_plan):
        for case_id, number, standing in session.execute(
            select(rows.Change.case_id, rows.Change.number, rows.Change.standing)
            .where(rows.Change.case_id.in_(part), rows.Change.kind.in_([each.value for each in OF_THE_PLAN]))
            .order_by(rows.Change.case_id, rows.Change.number)
        ):
            changed.setdefault(case_id, []).append((number, standing))
    added: dict[bytes, int] = {}
    for part in _parts(wants_words):
        query = (
            select(rows.SealedDocument.case_id, func.max(rows.SealedDocument.number))
            .where(rows.SealedDocument.case_id.in_(part))
            .group_by(rows.SealedDocument.case_id)
        )
        added |= {row[0]: row[1] for row in session.execute(query)}
    return {
        each.case.id: hashlib.sha256(
            json.dumps(
                [
                    sorted(each.kinds),
                    sorted((purpose, ends.isoformat()) for purpose, ends in each.purposes.items()),
                    bool(each.case.facts.get("frozen")),
                    changed.get(each.case.id, []),
                    added.get(each.case.id, 0),
                ]
            ).encode()
        ).digest()
        for each in shared
    }


@dataclass(frozen=True)
class _Otherwise:
    """What is otherwise with one case than a client's feed last told. `told` is None when the case is not shared any more."""

    case_id: bytes
    what: What
    why: Why | None
    told: bytes | None
    frozen: bool = False


def _otherwise(session: Session, client: Client, *, now: datetime) -> list[_Otherwise]:
    """What a client's feed has still to tell, in a stable order."""
    shared = sharing.shared_with(session, client, now=now)
    told = _told_of(session, shared.values())
    known = _known(session, client)
    found = []
    for case_id in sorted(known.keys() - shared.keys()):
        is_there = session.get(rows.Case, case_id) is not None
        why = Why.CONSENT_ENDED if is_there else Why.ERASED
        found.append(_Otherwise(case_id, What.WITHDRAWN, why, None))
    for case_id in sorted(shared):
        frozen = bool(shared[case_id].case.facts.get("frozen"))
        row = known.get(case_id)
        if row is None:
            found.append(_Otherwise(case_id, What.NEW, None, told[case_id], frozen))
        elif frozen and not row.frozen:
            found.append(_Otherwise(case_id, What.WITHDRAWN, Why.FROZEN, told[case_id], frozen))
        elif row.told != told[case_id]:
            found.append(_Otherwise(case_id, What.CHANGED, None, told[case_id], frozen))
    return found


def _known(session: Session, client: Client) -> dict[bytes, rows.ApiShared]:
    found = session.scalars(select(rows.ApiShared).where(rows.ApiShared.client_id == client.id))
    return {row.case_id: row for row in found}


def _bring_up_to_date(session: Session, own: rows.ApiClient, client: Client, *, now: datetime) -> None:
    """Add to the feed what it has still to tell. The client's row is locked."""
    known = _known(session, client)
    for each in _otherwise(session, client, now=now):
        own.last_number += 1
        session.add(
            rows.ApiEvent(
                client_id=client.id,
                number=own.last_number,
                case_id=each.case_id,
                what=each.what.value,
                why=each.why.value if each.why else None,
                at=now,
                handed_out=False,
            )
        )
        row = known.get(each.case_id)
        if each.told is None:
            session.delete(row)
        elif row is None:
            session.add(rows.ApiShared(client_id=client.id, case_id=each.case_id, told=each.told, frozen=each.frozen))
        else:
            row.told, row.frozen = each.told, each.frozen


def _cursor(session: Session, number: int) -> str:
    """A place in a feed. It is of this database as it was filled: after a restore the numbers begin anew."""
    state = post_rows.post_state(session, rows.POST)
    made = hashlib.sha256(state.database_id + (state.restored_id or b"")).hexdigest()[:8]
    return f"{made}-{number}"


def _number_of(session: Session, cursor: str | None, own: rows.ApiClient) -> int:
    """The number that a cursor stands for; without one, where the feed begins. Raises CursorGone."""
    if cursor is None:
        return own.pruned_to
    number = int(cursor.partition("-")[2])
    if cursor != _cursor(session, number) or not own.pruned_to <= number <= own.last_number:
        raise CursorGone
    return number


def _event(session: Session, row: rows.ApiEvent) -> dict[str, Any]:
    return {
        "id": _cursor(session, row.number),
        "what": row.what,
        "case": row.case_id.hex(),
        "why": row.why,
        "delete": {None: "nothing", Why.FROZEN.value: "addresses"}.get(row.why, "everything"),
        "at": _moment(row.at),
        "repeated": row.handed_out,
    }


def _answered(row: rows.ApiPush, body_hash: bytes) -> dict[str, Any]:
    if row.body_hash != body_hash:
        raise KeyReused
    return dict(row.answer)


def _head(shared: Shared) -> dict[str, Any]:
    return {
        "id": shared.case.id.hex(),
        "reference": shared.case.reference,
        "kinds": [each.value for each in Kind if each in shared.kinds],
        "purposes": [
            {"purpose": each.value, "ends_at": _moment(shared.purposes[each.value])}
            for each in Purpose
            if each.value in shared.purposes
        ],
        "frozen": bool(shared.case.facts.get("frozen")),
    }


def _whole(record: Record, shared: Shared, *, known_at: datetime, hours: OpeningHours, now: datetime) -> dict[str, Any]:
    """What was agreed, kind by kind; a field is there only when its kind was."""
    plan, kinds, facts = record.plan, shared.kinds, shared.case.facts
    contact = contact_now(plan, kinds, now=now)
    made: dict[str, Any] = {
        **_head(shared),
        "frozen": plan.frozen,
        "contact": contact.value,
        "as_of": _moment(known_at),
        "expires_at": _moment(min(known_at + TRUSTED_FOR, shared.ends_at)),
        "notes": _notes(record, shared.handovers),
    }
    if Kind.NAME in kinds:
        made["name"] = _said(record.referral.answers.get("reply", {}).get("name"))
    if Kind.ACCESS in kinds:
        made["access"] = {"language": shared.case.language, "needs": _needs(record)}
    if Kind.HELP in kinds:
        made["help"] = list(facts.get("help") or ())
    if Kind.HAPPENED in kinds:
        made["happened"] = {
            "kinds": list(facts.get("happened") or ()),
            "to_whom": facts.get("to_whom"),
            "ongoing": facts.get("ongoing"),
        }
    if Kind.WROTE in kinds:
        made["wrote"] = [
            {"at": _moment(came), "text": text}
            for came, each in record.additions
            if each.kind == WORDS and (text := _said(_answers(each.content).get("text")))
        ]
    if Kind.PLAN in kinds:
        shows_ways = contact in {Contact.BY_PLAN, Contact.PAUSED}
        made["plan"] = {
            "wanted": plan.wanted,
            "paused_until": None if plan.paused_until is None else _moment(plan.paused_until),
            "sign": plan.sign,
            "ways": [
                _way(plan, each, contact, kinds, known_at=known_at, hours=hours, now=now)
                for each in (plan.ways if shows_ways else ())
            ],
        }
    return made


def _way(
    plan: ContactPlan,
    way: WayPlan,
    contact: Contact,
    kinds: Collection[str],
    *,
    known_at: datetime,
    hours: OpeningHours,
    now: datetime,
) -> dict[str, Any]:
    return {
        "way": way.way.value,
        "now": _ruling(decide(plan, way.way, now, known_at=known_at, hours=hours)),
        "address": way.address if gives_address(way, contact, kinds) else None,
        "times": sorted(box.value for box in way.boxes),
        "not_in_school_hours": way.not_in_school_hours,
        "own_times": way.own_times,
        "message_allowed": way.message_allowed,
        "shared": way.shared,
        "ask_for": way.ask_for,
        "say": way.say,
        "show_number": way.show_number,
        "if_answered": way.if_answered.value,
        "person": way.person,
        "may_be_told": way.may_be_told,
    }


def _ruling(decision: Decision) -> dict[str, Any]:
    if isinstance(decision, Refused):
        return {"state": "refused", "until": None, "reason": decision.reason.value}
    state = "allowed" if isinstance(decision, Allowed) else "wait"
    return {"state": state, "until": _moment(decision.until), "reason": None}


def _notes(record: Record, handover_ids: Sequence[bytes]) -> list[str]:
    """What the person wrote beside their yes to these handovers: the page told them that it is passed on as written."""
    ids = {each.hex() for each in handover_ids}
    return [
        note
        for _, each in record.additions
        if each.kind == handover.ADDITION
        and each.content.get("id") in ids
        and each.content.get("decision") == Decided.APPROVE.value
        and (note := _said(each.content.get("note")))
    ]


def _needs(record: Record) -> list[dict[str, Any]]:
    """What they said that they need to take part, oldest first; what a later release asks is left out."""
    found = []
    for _, each in record.additions:
        if each.kind != TREAT:
            continue
        for name, what in NEEDS.items():
            said = _answers(each.content).get(name)
            values = [one for one in (said if isinstance(said, list) else [said]) if isinstance(one, str) and one]
            if values:
                found.append({"what": what, "said": values})
    return found


def _answers(content: Mapping[str, Any]) -> Mapping[str, Any]:
    found = content.get("answers")
    return found if isinstance(found, dict) else {}


def _parts(ids: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]


def _said(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
