"""What co-ordinators do: see who waits, claim, open (which is logged), answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import func, select
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
from app.domain.priority import Suggestion, suggest
from app.domain.referral import Addition, MalformedReferral, News, Referral
from app.domain.status import STATE_AFTER, UNSPOKEN, CaseState, Status
from app.services import post
from app.services.hub import changes, guard, plans, records
from app.services.hub.guard import NoSuchCase
from app.services.hub.records import Opener
from app.services.hub.speaking import send
from app.services.hub.staff import Identity, SignedIn

OPEN_FOR = timedelta(minutes=30)
STALE_AFTER = timedelta(seconds=60)
PAGE_LENGTH = 100
WAIT_FOR_US = (CaseState.NEW.value, CaseState.OURS.value)
# Additions that have a place of their own at the desk.
ELSEWHERE = frozenset({asking.ADDITION, handover.ADDITION})
ABOUT_A_COMPLAINT = Act.ANSWERED_COMPLAINT.value
# The page of a case shows what was done; who looked, and how often, is on the page of the audit.
ONLY_LOOKED = (Act.READ_CASE.value, Act.READ_ASKED.value, Act.DANGER_WHY.value, Act.DANGER_READ.value)
# More than the desk will ever hold: the order (risk first) is only right when every case was looked at.
EVERY_CASE = 1_000_000


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
    """One line of the queue: coded facts only. `waited` is working time; the suggestion is for a person to decide on."""

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


@dataclass(frozen=True)
class Counts:
    """How many cases there are in each state, and how many are one's own."""

    by_state: Mapping[CaseState, int]
    mine: int

    @property
    def total(self) -> int:
        """All cases that are not closed."""
        return sum(count for state, count in self.by_state.items() if state is not CaseState.CLOSED)


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
    """

    way: Way
    decision: Decision
    address: str | None
    chosen: WayPlan
    shown: Shown | None = None

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


@dataclass(frozen=True)
class ClosedCase:
    """A case before its request was opened: coded facts only."""

    row: QueueRow


def queue(
    session: Session,
    who: Identity,
    *,
    hours: OpeningHours,
    targets: Mapping[str, int],
    now: datetime,
    state: CaseState | None = None,
    owner_id: str | None = None,
    page: int = 1,
) -> list[QueueRow]:
    """One page of the open cases that `who` may see, each group by how long they have waited: those at risk that wait for us,
    those that nobody has opened, those that are ours to do, all others. `page` counts from 1; a page past the end is empty.

    `targets` are the Hub's own (app/domain/priority.py). Where it has set any, what is due first comes first in its group.
    """
    every = rows.queue(session, state=state.value if state else None, owner_id=owner_id, limit=EVERY_CASE)
    found = [pair for pair in every if guard.may_see(pair[0], who)]
    found.sort(key=lambda pair: _urgency(pair[0], hours=hours, targets=targets))
    start = (page - 1) * PAGE_LENGTH
    return [
        _row(case, owner, hours=hours, targets=targets, now=now) for case, owner in found[start : start + PAGE_LENGTH]
    ]


def counts(session: Session, who: Identity) -> Counts:
    """How many of the cases that `who` may see wait in each state, and how many of all belong to `who`."""
    found = rows.counts_by_state(session)
    hidden = guard.hidden_cases(session, who)
    for case in hidden:
        found[case.state] -= 1
    mine = session.scalar(
        select(func.count())
        .select_from(rows.Case)
        .where(rows.Case.owner_id == who.id, rows.Case.state != CaseState.CLOSED.value)
    )
    mine = (mine or 0) - sum(case.owner_id == who.id and case.state != CaseState.CLOSED.value for case in hidden)
    return Counts({state: found.get(state.value, 0) for state in CaseState}, mine)


def post_health(session: Session, *, now: datetime) -> PostHealth:
    """How fresh the desk is."""
    state = post_rows.post_state(session, rows.POST)
    last = state.last_pass_at
    return PostHealth(
        last_pass_at=last,
        is_stale=last is None or now - last > STALE_AFTER or state.stopped is not None,
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
    case = guard.case_for(session, case_id, signed.identity)
    owner = session.get(rows.Staff, case.owner_id) if case.owner_id else None
    row = _row(case, owner, hours=hours, targets=targets, now=now)
    opening = session.get(rows.Opening, (signed.session_id, case_id))
    if opening is None or opening.expires_at <= now:
        return ClosedCase(row)
    key = records.case_key(session, case_id, opener=opener)
    record = plans.read(session, case_id, key=key, hours=hours)
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
            _way_view(plan, each.way, shown=shown, known_at=known_at, hours=hours, now=now) for each in plan.ways
        ),
        code_word=record.code_word,
        open_until=opening.expires_at,
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
) -> None:
    """Send a message in the person's space. Raises NoSuchCase, NotOpened, ReceiptOnly and sealing.TooLarge."""
    need_open(database, case_id, signed, now=now)
    send(
        database,
        case_id=case_id,
        news=News(
            kind="message",
            at=now.isoformat(timespec="seconds"),
            text=text,
            language=language,
            author=signed.identity.shown_name,
        ),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=envelope_id,
        by=signed.identity,
        state=CaseState.THEIRS,
    )


def _conversation(session: Session, case_id: bytes, *, case_secret: bytes) -> tuple[Line, ...]:
    lines = []
    waiting = {
        row.envelope_id: row.state
        for row in session.query(rows.Outgoing.envelope_id, rows.Outgoing.state).where(rows.Outgoing.case_id == case_id)
    }
    for item in rows.items(session, case_id):
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
        lines.append(Line(news, at, from_person, waiting.get(item.envelope_id)))
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
        shown=shown,
    )


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


def _urgency(
    case: rows.Case, *, hours: OpeningHours, targets: Mapping[str, int]
) -> tuple[bool, int, datetime, datetime]:
    """What sorts the queue; the smallest comes first."""
    due = suggest(case.facts, hours, case.received_at, targets=targets).due if targets else None
    place = WAIT_FOR_US.index(case.state) if case.state in WAIT_FOR_US else len(WAIT_FOR_US)
    at_risk = bool(case.facts.get("risk")) and case.state in WAIT_FOR_US
    return (not at_risk, place, due or case.received_at, case.received_at)


def _row(
    case: rows.Case, owner: rows.Staff | None, *, hours: OpeningHours, targets: Mapping[str, int], now: datetime
) -> QueueRow:
    return QueueRow(
        case_id=case.id,
        reference=case.reference,
        received_at=case.received_at,
        waited=hours.working_time_between(case.received_at, now),
        state=CaseState(case.state),
        language=case.language,
        # No page is given whether somebody has complained: who may know of it is asked each time (guard.py).
        facts={name: value for name, value in case.facts.items() if name != asking.COMPLAINTS},
        suggestion=suggest(case.facts, hours, case.received_at, targets=targets),
        owner=owner.name if owner else None,
        owner_id=owner.id if owner else None,
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
    traces = []
    for line in rows.audit_of(session, case_id, without=ONLY_LOOKED):
        if line.action == ABOUT_A_COMPLAINT:
            continue  # who did it, and when, stands with the complaint, for those who may see that
        person = session.get(rows.Staff, line.staff_id)
        traces.append(
            Trace(at=line.at, who=person.name if person else line.staff_id, action=line.action, detail=line.detail)
        )
    return traces
