"""What co-ordinators do: see who waits, claim, open (which is logged), answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain import asking, handover
from app.domain.asking import Asked
from app.domain.audit import Act
from app.domain.change import Change, Standing
from app.domain.contact import Allowed, ContactPlan, Decision, Reason, Refused, Way, WayPlan, decide
from app.domain.hours import OpeningHours
from app.domain.joined import ON_NO_TRAIL
from app.domain.priority import Suggestion, suggest
from app.domain.queue import reach
from app.domain.referral import Addition, MalformedReferral, News, Referral
from app.domain.status import STATE_AFTER, UNSPOKEN, CaseState, Status
from app.domain.taken import has_space
from app.services import post
from app.services.hub import changes, guard, on_call, plans, records, unsent
from app.services.hub.guard import NoSuchCase
from app.services.hub.records import Opener
from app.services.hub.speaking import send
from app.services.hub.staff import Identity, SignedIn

OPEN_FOR = timedelta(minutes=30)
STALE_AFTER = timedelta(seconds=60)
# Additions that have a place of their own at the desk.
ELSEWHERE = frozenset({asking.ADDITION, handover.ADDITION})
# Where an item to somebody is who has no space on the site.
KEPT_HERE = "kept-here"
ABOUT_A_COMPLAINT = Act.ANSWERED_COMPLAINT.value
# The page of a case shows what was done; who looked, and how often, is on the page of the audit.
ONLY_LOOKED = (Act.READ_CASE.value, Act.READ_ASKED.value, Act.DANGER_WHY.value, Act.DANGER_READ.value)


class NotOpened(Exception):
    """The request must be opened first, which is logged."""


class AlreadyClaimed(Exception):
    """Somebody else owns the case; the name is for the page."""

    def __init__(self, name: str) -> None:
        super().__init__("claimed by somebody else")
        self.name = name


class UnknownStatus(Exception):
    """Not a status that staff send."""


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue: coded facts only. The suggestion is for a person to decide on.

    `waited` is working time since `waiting_since`, or since it came when nobody waits for us now (`waiting_since` is None).
    `due_at` is the Hub's target for a first answer, until there was one. `reach` is every way that may ever be used, with what
    the codes say of it now: for the eye only.
    """

    case_id: bytes
    reference: str
    received_at: datetime
    waited: timedelta
    state: CaseState
    language: str
    facts: Mapping[str, Any]
    suggestion: Suggestion
    owner: str | None
    owner_id: str | None
    waiting_since: datetime | None
    due_at: datetime | None
    quiet_until: datetime | None
    reach: tuple[tuple[Way, Decision], ...]


@dataclass(frozen=True)
class PostHealth:
    """Whether what the desk shows may be out of date."""

    last_pass_at: datetime | None
    is_stale: bool
    stopped: str | None
    kept_aside: int


@dataclass(frozen=True)
class Shown:
    """The one way that a colleague asked to see. `known_at`: since when all that the portal had is known; None if it is not."""

    way: Way
    known_at: datetime | None


@dataclass(frozen=True)
class WayView:
    """One way to reach the person, as far as it may be shown now. `chosen` says how, with its address left out.

    `shown` when a colleague has just asked for it: then `address` is there if the decision allows it. Never without.
    `mark` stands for what the card says (`mark_of`).
    """

    way: Way
    decision: Decision
    address: str | None
    chosen: WayPlan
    mark: str = ""
    shown: Shown | None = None
    # When it was last shown to this session, while nobody wrote down what became of it.
    unwritten_since: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it may be used now, as far as the desk knows."""
        return isinstance(self.decision, Allowed)

    @property
    def may_be_asked_for(self) -> bool:
        """Whether collecting anew may show it."""
        return self.is_open or is_stale(self.decision)


@dataclass(frozen=True)
class Line:
    """One piece of the conversation at the desk."""

    news: News
    at: datetime
    from_person: bool
    delivery: str | None
    envelope_id: bytes = b""


@dataclass(frozen=True)
class OpenCase:
    """A case opened in memory for one page."""

    row: QueueRow
    referral: Referral
    additions: tuple[tuple[datetime, Addition], ...]
    # What was asked for and what was said of handovers, as far as whoever opened the case may know of it.
    passing: tuple[tuple[datetime, Addition], ...]
    changes: tuple[plans.Asked, ...]
    stopped_by: Mapping[Change, Standing]
    conversation: tuple[Line, ...]
    plan: ContactPlan
    ways: tuple[WayView, ...]
    code_word: str | None
    open_until: datetime
    record_secret: bytes
    attempts: tuple[rows.Attempt, ...]
    # What this colleague began to write and did not send; None when there is nothing.
    unsent: unsent.Unsent | None
    # Rows that were read for it: while it is held, asking for them again is no query.
    held: object = None


@dataclass(frozen=True)
class ClosedCase:
    """A case before its request was opened: coded facts only."""

    row: QueueRow


def post_health(session: Session, *, now: datetime) -> PostHealth:
    """How fresh the desk is. A pass that is yet to come was made by a clock that has been put back since: nobody knows when."""
    state = post_rows.post_state(session, rows.POST)
    last = state.last_pass_at
    return PostHealth(
        last_pass_at=last,
        is_stale=last is None or abs(now - last) > STALE_AFTER or state.stopped is not None,
        stopped=state.stopped,
        kept_aside=state.aside_count,
    )


def claim(session: Session, case_id: bytes, who: Identity, *, now: datetime) -> None:
    """Become the owner. Raises NoSuchCase and AlreadyClaimed."""
    case = guard.case_for(session, case_id, who)
    if case.owner_id not in {None, who.id}:
        raise AlreadyClaimed(session.get_one(rows.Staff, case.owner_id).name)
    case.owner_id = who.id
    rows.log(session, at=now, staff_id=who.id, action="claimed", case_id=case_id)


def hand_back(session: Session, case_id: bytes, who: Identity, *, now: datetime) -> None:
    """Stop being the owner: the case waits in the queue again. Raises NoSuchCase."""
    case = guard.case_for(session, case_id, who)
    if case.owner_id == who.id:
        case.owner_id = None
        rows.log(session, at=now, staff_id=who.id, action="handed-back", case_id=case_id)


def open_request(
    database: Database, *, case_id: bytes, signed: SignedIn, opener: Opener, voice: SigningKey, now: datetime
) -> None:
    """Take leave to read the request for half an hour; logged before anything is shown.

    The first time anybody opens it, the person is told that it was read by a person. Somebody whom the sealed words name
    gets no leave, and the case is not there for them any more; if nobody is left who may read it, the person is told.
    Raises NoSuchCase, and sealing.CannotOpen.
    """
    with database.reading() as session:
        case = guard.case_for(session, case_id, signed.identity)
        is_named = guard.is_named(session, case, signed.identity, opener=opener)
        hidden = {*(case.facts.get("hidden_from") or ()), signed.identity.id}
        nobody_left = is_named and guard.keeps_out_all(session, hidden)
        case_secret = records.case_key(session, case_id, opener=opener).case_secret if nobody_left else b""
    if nobody_left:  # before the case is hidden from the last who could have come back to it
        send(
            database,
            case_id=case_id,
            news=records.no_reader(now),
            opener=opener,
            voice=voice,
            now=now,
            envelope_id=records.no_reader_id(case_secret),
        )
    if is_named:
        with database.writing() as session:
            guard.hide_from(guard.case_for(session, case_id, signed.identity), signed.identity)
        raise NoSuchCase
    with database.writing() as session:
        case = guard.case_for(session, case_id, signed.identity)
        is_first = case.read_at is None
        if case.state == CaseState.NEW.value:
            case.state = STATE_AFTER[Status.READ].value
        rows.log(session, at=now, staff_id=signed.identity.id, action=rows.OPENED, case_id=case_id)
        on_call.opened(session, case_id)
        opening = session.get(rows.Opening, (signed.session_id, case_id))
        if opening is None:
            session.add(rows.Opening(session_id=signed.session_id, case_id=case_id, expires_at=now + OPEN_FOR))
        else:
            opening.expires_at = now + OPEN_FOR
    if is_first:
        send(
            database,
            case_id=case_id,
            news=News(kind="status", at=now.isoformat(timespec="seconds"), status=Status.READ.value),
            opener=opener,
            voice=voice,
            now=now,
            only_if_unread=True,
        )


def read_case(
    session: Session,
    *,
    case_id: bytes,
    signed: SignedIn,
    opener: Opener,
    hours: OpeningHours,
    targets: Mapping[str, int],
    now: datetime,
    shown: Shown | None = None,
) -> OpenCase | ClosedCase:
    """The case as this session may see it now. No address is in it but that of the way that was `shown` (showing.py).

    Raises NoSuchCase, and sealing.CannotOpen when a seal does not open.
    """
    held = rows.together(session, case_id, session_id=signed.session_id)
    case = guard.case_for(session, case_id, signed.identity)
    owner = session.get(rows.Staff, case.owner_id) if case.owner_id else None
    row = row_of(case, owner, hours=hours, targets=targets, now=now)
    opening = session.get(rows.Opening, (signed.session_id, case_id))
    if opening is None or opening.expires_at <= now:
        return ClosedCase(row)
    documents = rows.documents(session, case_id)
    key = records.case_key(session, case_id, opener=opener, documents=documents)
    record = plans.read(session, case_id, key=key, hours=hours, documents=documents)
    plan = record.plan
    known_at = post_rows.post_state(session, rows.POST).last_pass_at
    passing = [
        each
        for each in record.additions
        if each[1].kind in ELSEWHERE and guard.may_see_addition(case, signed.identity, each[1])
    ]
    complaints = {str(each.content.get("id", "")) for _, each in passing if each.content.get("what") == Asked.COMPLAINT}
    conversation = _conversation(session, case_id, case_secret=key.case_secret)
    return OpenCase(
        row=row,
        referral=record.referral,
        # What a change holds is shown by the plan alone, and an address only while the plan allows it.
        additions=tuple(
            each for each in record.additions if each[1].kind not in changes.KINDS and each[1].kind not in ELSEWHERE
        ),
        passing=tuple(passing),
        changes=record.changes,
        stopped_by=record.stopped_by,
        conversation=tuple(each for each in conversation if guard.may_see_news(each.news, complaints=complaints)),
        plan=plan,
        ways=tuple(
            replace(
                _way_view(plan, each.way, shown=shown, known_at=known_at, hours=hours, now=now),
                unwritten_since=_moment((opening.shown or {}).get(each.way.value)),
            )
            for each in plan.ways
        ),
        code_word=record.code_word,
        open_until=opening.expires_at,
        record_secret=key.record_secret,
        attempts=record.attempts,
        unsent=unsent.of_colleague(documents, signed.identity, record_secret=key.record_secret),
        held=held,
    )


def send_message(
    database: Database,
    *,
    case_id: bytes,
    text: str,
    language: str,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    envelope_id: bytes,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    also: Callable[[Session], None] | None = None,
) -> None:
    """Send a message in the person's space, and forget what this colleague had kept of it.

    `language` is a slug: that of the words, which the sender names. `data` and `also` are for what goes with it
    (translating.py). Raises NoSuchCase, NotOpened, ReceiptOnly and sealing.TooLarge.
    """
    need_open(database, case_id, signed, now=now)

    def write(session: Session) -> None:
        unsent.forget(session, case_id, signed.identity)
        if also is not None:
            also(session)

    send(
        database,
        case_id=case_id,
        news=News(
            kind="message",
            at=now.isoformat(timespec="seconds"),
            text=text,
            language=language,
            author=signed.identity.shown_name,
            data=data or {},
        ),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=envelope_id,
        by=signed.identity,
        state=CaseState.THEIRS,
        also=write,
    )


def _conversation(session: Session, case_id: bytes, *, case_secret: bytes) -> tuple[Line, ...]:
    lines = []
    # What is said to somebody without a space stays here (spaces.py).
    otherwise = None if has_space(session.get_one(rows.Case, case_id).facts) else KEPT_HERE
    for item, delivery in rows.items_with_delivery(session, case_id):
        from_person = item.direction == rows.TO_HUB
        lane = sealing.Lane.TO_HUB if from_person else sealing.Lane.TO_PERSON
        try:
            envelope = sealing.parse(item.body)
            news = News.from_bytes(sealing.open_in_conversation(envelope, lane=lane, secret=case_secret))
            at = datetime.fromisoformat(news.at)
        except (sealing.CannotOpen, sealing.MalformedEnvelope, MalformedReferral, ValueError):
            post.alarm("an item of a conversation does not open at the desk")
            continue
        if news.kind in UNSPOKEN:
            continue
        lines.append(Line(news, at, from_person, delivery or otherwise, item.envelope_id))
    lines.sort(key=lambda line: (line.at, line.from_person))
    return tuple(lines)


def _way_view(
    plan: ContactPlan, way: Way, *, shown: Shown | None, known_at: datetime | None, hours: OpeningHours, now: datetime
) -> WayView:
    if shown is not None and shown.way is not way:
        shown = None
    decision = decide(plan, way, now, known_at=shown.known_at if shown else known_at, hours=hours)
    chosen = plan.way(way)
    assert chosen is not None
    return WayView(
        way=way,
        decision=decision,
        address=chosen.address if shown and isinstance(decision, Allowed) else None,
        chosen=replace(chosen, address=""),
        mark=mark_of(plan, way),
        shown=shown,
    )


def mark_of(plan: ContactPlan, way: Way) -> str:
    """Stands for what the card of a way says: another as soon as anything on it is another, but for the address itself.

    Whoever asks for a number says with it what they have read (showing.py).
    """
    chosen = plan.way(way)
    if chosen is None:
        return ""
    said = {name: value for name, value in vars(chosen).items() if name != "address"}
    said |= {"sign": plan.sign, "boxes": sorted(chosen.boxes), "avoid": sorted(chosen.avoid)}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode("utf-8")).hexdigest()[:16]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def is_stale(decision: Decision) -> bool:
    """True when only a fresh pass is missing."""
    return isinstance(decision, Refused) and decision.reason is Reason.STALE


def need_open(database: Database, case_id: bytes, signed: SignedIn, *, now: datetime) -> Mapping[str, Any]:
    """The coded facts of a case that is open to this session. Raises NoSuchCase and NotOpened."""
    with database.reading() as session:
        case = guard.case_for(session, case_id, signed.identity)
        opening = session.get(rows.Opening, (signed.session_id, case_id))
        if opening is None or opening.expires_at <= now:
            raise NotOpened
        return case.facts


def row_of(
    case: rows.Case, owner: rows.Staff | None, *, hours: OpeningHours, targets: Mapping[str, int], now: datetime
) -> QueueRow:
    """What a line of the queue and the strip above a case say of it."""
    suggestion = suggest(case.facts, hours, case.received_at, targets=targets)
    return QueueRow(
        case_id=case.id,
        reference=case.reference,
        received_at=case.received_at,
        waited=hours.working_time_between(case.waiting_since or case.received_at, now),
        state=CaseState(case.state),
        language=case.language,
        # No page is given whether somebody has complained: who may know of it is asked each time (guard.py).
        facts={name: value for name, value in case.facts.items() if name != asking.COMPLAINTS},
        suggestion=suggestion,
        owner=owner.name if owner else None,
        owner_id=owner.id if owner else None,
        waiting_since=case.waiting_since,
        due_at=suggestion.due if case.answered_at is None else None,
        quiet_until=case.quiet_until,
        reach=tuple(reach(case.facts, now, hours)),
    )


@dataclass(frozen=True)
class Trace:
    """One line of a case's audit, for the case page."""

    at: datetime
    who: str
    action: str
    detail: str


def trail(session: Session, case_id: bytes, who: Identity) -> list[Trace]:
    """The latest acts on a case, newest first, with names. Raises NoSuchCase."""
    guard.case_for(session, case_id, who)
    lines = rows.audit_of(session, case_id, without=ONLY_LOOKED)
    names = rows.names_of(session, [line.staff_id for line in lines])
    return [
        Trace(at=line.at, who=names.get(line.staff_id, line.staff_id), action=line.action, detail=line.detail)
        for line in lines
        # who did it, and when, stands with what it is about, for those who may see that
        if line.action != ABOUT_A_COMPLAINT and line.action not in ON_NO_TRAIL
    ]
