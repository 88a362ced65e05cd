"""Notices: planned from what is unread, sent right after a pass, each once.

A row is claimed in one transaction, the provider is called outside of any, and the row is marked afterwards. What was
claimed and not marked - this process was killed, or nobody answered - is looked for at the provider before it may go again.
A provider that cannot tell is not asked twice: a notice that is lost does less harm than two.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.adapters.notify import CannotTell, Leaving, Notifier, NotSent, Unsure
from app.adapters.notify import Refused as ProviderRefused
from app.data import hub as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain import notice as rules
from app.domain.change import Change, Standing
from app.domain.contact import Allowed, ContactPlan, Refused, Wait, Way
from app.domain.hours import OpeningHours
from app.domain.notice import Choice, Kind, Past, State, Told
from app.domain.referral import MalformedReferral, News
from app.domain.status import STATUS, UNSPOKEN, WHO_LOOKS_AFTER
from app.services import post
from app.services.hub import guard, plans, records, seen, speaking
from app.services.hub.plans import Record
from app.services.hub.records import CaseKey, Opener

log = logging.getLogger(__name__)

# Items to the person that are no reason for a notice: the two sides' own, and what answers something they just did themselves.
NO_NEWS = UNSPOKEN | {rules.TOLD}
CHANGE = "change"
AT_ONCE = 50
# A claim of another moment is left alone: its provider may still be answering.
LOOK_AFTER = timedelta(seconds=30)
# GOV.UK Notify tells of the last seven days; later nobody knows whether it went.
LOOK_FOR = timedelta(days=6)
# After a provider did not answer as it should, passes are made without it for a while.
PAUSE = timedelta(seconds=30)
# However far away a window is: plans change.
LOOK_AGAIN = timedelta(minutes=15)


class Mode(StrEnum):
    """What the operator lets notices do (NOTICES)."""

    OFF = "off"
    DRY_RUN = "dry-run"
    ON = "on"


@dataclass
class Memory:
    """What one process remembers between passes, to spare work: losing it costs nothing else."""

    looked_at: dict[bytes, object] = field(default_factory=dict)
    resume_at: datetime | None = None
    said: Counts | None = None


@dataclass(frozen=True)
class Counts:
    """What a round did, or, in a dry run, would have done."""

    sent: int = 0
    waiting: int = 0
    stopped: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Line:
    """How notices of a case go, for one line at the desk. `state` and `at` are those of the last one; None without any."""

    way: Way | None
    kind: Kind | None = None
    state: State | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class _Case:
    """A case opened for a moment, as far as notices need it."""

    case_id: bytes
    key: CaseKey
    record: Record
    plan: ContactPlan
    choice: Choice | None
    test_id: bytes | None
    rows: tuple[rows.Notice, ...]

    @property
    def is_confirmed(self) -> bool:
        """True when the way was tested with this address and these words, and only the person saw it."""
        test = next((each for each in self.rows if each.id == self.test_id), None)
        if self.choice is None or test is None or test.state != State.SENT.value:
            return False
        answers = [(at, each.content) for at, each in self.record.additions if each.kind == rules.SEEN_KIND]
        return rules.only_they_saw(test.changed_at, answers, way=self.choice.way)


@dataclass(frozen=True)
class Office:
    """What a round needs, put together where things are wired."""

    database: Database
    opener: Opener
    voice: SigningKey
    hours: OpeningHours
    notifier: Notifier
    mode: Mode
    memory: Memory = field(default_factory=Memory)


def after_pass(office: Office, *, clock: Callable[[], datetime]) -> Counts:
    """What follows a pass that went well: plan, and send what may leave. `clock` gives the moment each time anew."""
    plan_notices(office, now=clock())
    if office.mode is Mode.OFF:
        return Counts()
    counts = send_due(office, clock=clock)
    if office.mode is Mode.DRY_RUN and counts != office.memory.said:
        log.info("notices, dry run: would-send=%d wait=%d would-stop=%d", counts.sent, counts.waiting, counts.stopped)
        office.memory.said = counts
    return counts


def plan_notices(office: Office, *, now: datetime) -> None:
    """Make the rows of what is due, stop those that are not any more, and say in the space what cannot go.

    Only cases in which something changed since the last look are opened. With notices off nothing is planned or stopped.
    """
    with office.database.reading() as session:
        found = _marks(session)
        for case_id in set(office.memory.looked_at) - set(found):
            del office.memory.looked_at[case_id]
        changed = [case_id for case_id, mark in found.items() if office.memory.looked_at.get(case_id) != mark]
    for case_id in changed:
        try:
            _plan_one(office, case_id, now=now)
        except (guard.NoSuchCase, sealing.CannotOpen, MalformedReferral) as error:
            post.alarm("notices of a case cannot be planned", kind=type(error).__name__)
        office.memory.looked_at[case_id] = found[case_id]


def send_due(office: Office, *, clock: Callable[[], datetime]) -> Counts:
    """Send what may leave at this very moment; a dry run only counts.

    Nothing leaves on a plan that may be stale, so a round ends by itself ten seconds after the pass.
    """
    now = clock()
    if office.memory.resume_at is not None and now < office.memory.resume_at:
        return Counts()
    if office.mode is Mode.ON and not _look_for_claimed(office, clock=clock):
        return Counts()
    with office.database.reading() as session:
        due = session.scalars(
            select(rows.Notice.id)
            .where(rows.Notice.state == State.DUE.value, rows.Notice.due_at <= now)
            .order_by(rows.Notice.due_at, rows.Notice.id)
            .limit(AT_ONCE)
        ).all()
    counts: dict[str, int] = defaultdict(int)
    for row_id in due:
        try:
            became = _send_one(office, row_id, clock=clock)
        except (sealing.CannotOpen, MalformedReferral) as error:
            became = _failed(office, row_id, why=type(error).__name__, now=clock())
        if became is None:
            break
        counts[became] += 1
    return Counts(**counts)


def would_send(office: Office, *, now: datetime) -> Counts:
    """What would become of every notice that is due if a pass had just been made; nothing is written."""
    counts: dict[str, int] = defaultdict(int)
    with office.database.reading() as session:
        for row in session.scalars(select(rows.Notice).where(rows.Notice.state == State.DUE.value)).all():
            case = _open(session, row.case_id, opener=office.opener, hours=office.hours)
            if case.choice is None or case.choice.way.value != row.way or not _counts(case, row):
                counts["stopped"] += 1
                continue
            decision = rules.may_leave(case.plan, case.choice.way, now, known_at=now, hours=office.hours)
            is_open = isinstance(decision, Allowed) and row.due_at <= now
            counts["sent" if is_open else "stopped" if isinstance(decision, Refused) else "waiting"] += 1
    return Counts(**counts)


def count(session: Session) -> dict[tuple[str, str], int]:
    """How many notices there are, by kind and state: for the operator."""
    found = select(rows.Notice.kind, rows.Notice.state, func.count()).group_by(rows.Notice.kind, rows.Notice.state)
    return {(row[0], row[1]): row[2] for row in session.execute(found)}


def line_of(session: Session, case_id: bytes, changes: Sequence[plans.Asked]) -> Line:
    """How notices of a case go, and where the last one stands. `changes` are those of the opened case."""
    asked = plans.notices_now(changes)
    choice = rules.choice_of(asked.content, number=asked.number) if asked else None
    if choice is None:
        return Line(None)
    last = session.scalars(
        select(rows.Notice)
        .where(rows.Notice.case_id == case_id, rows.Notice.way == choice.way.value)
        .order_by(rows.Notice.changed_at.desc(), rows.Notice.kind)
        .limit(1)
    ).first()
    if last is None:
        return Line(choice.way)
    return Line(choice.way, Kind(last.kind), State(last.state), last.changed_at)


def _marks(session: Session) -> dict[bytes, object]:
    """By case with a wish about notices: what changes whenever anything does that counts for them."""
    wished = select(rows.Change.case_id).where(rows.Change.kind == Change.NOTICES.value)
    numbers = select(rows.Case.id, rows.Case.number_out).where(rows.Case.id.in_(wished))
    marks: dict[bytes, list[Any]] = {row[0]: [row[1]] for row in session.execute(numbers)}
    for query in (
        select(rows.Change.case_id, rows.Change.number, rows.Change.standing)
        .where(rows.Change.case_id.in_(wished))
        .order_by(rows.Change.case_id, rows.Change.number),
        select(rows.Attempt.case_id, rows.Attempt.id, rows.Attempt.ruling)
        .where(rows.Attempt.case_id.in_(wished))
        .order_by(rows.Attempt.case_id, rows.Attempt.id),
        select(rows.SealedDocument.case_id, func.max(rows.SealedDocument.number))
        .where(rows.SealedDocument.case_id.in_(wished))
        .group_by(rows.SealedDocument.case_id),
        select(rows.Item.case_id, func.max(rows.Item.number))
        .where(rows.Item.case_id.in_(wished), rows.Item.direction == rows.TO_HUB)
        .group_by(rows.Item.case_id),
        select(rows.Notice.case_id, rows.Notice.id, rows.Notice.state)
        .where(rows.Notice.case_id.in_(wished))
        .order_by(rows.Notice.case_id, rows.Notice.id),
    ):
        for row in session.execute(query):
            if row[0] in marks:
                marks[row[0]].append(tuple(row)[1:])
    return {case_id: tuple(mark) for case_id, mark in marks.items()}


def _plan_one(office: Office, case_id: bytes, *, now: datetime) -> None:
    with office.database.reading() as session:
        case = _open(session, case_id, opener=office.opener, hours=office.hours)
        numbers = _numbers(session, case_id, case.key) if case.choice else []
        up_to = seen.seen_up_to(session, case_id, case.key) if case.choice else 0
    said = [(Told.FAILED, each.id) for each in case.rows if each.state == State.FAILED.value]
    choice = case.choice
    is_offered = choice is not None and office.mode is not Mode.OFF and choice.way in office.notifier.ways
    if choice is not None and not is_offered:
        said.append((Told.NOT_OFFERED, b"choice" + choice.number.to_bytes(8, "big")))
    if office.mode is not Mode.OFF:
        wanted: rows.Notice | None = None
        keep: set[bytes] = set()
        if choice is not None and is_offered and not case.plan.frozen and case.test_id is not None:
            decision = rules.may_leave(case.plan, choice.way, now, known_at=now, hours=office.hours)
            if rules.is_final(decision):
                said.append((Told.NOT_IN_PLAN, b"choice" + choice.number.to_bytes(8, "big")))
            else:
                wanted, keep = _wanted(case, choice, numbers, seen_up_to=up_to, now=now)
        _write_down(office.database, case, wanted, keep=keep, now=now)
        test = next((each for each in case.rows if each.id == case.test_id), None)
        if choice is not None and test is not None and test.state == State.SENT.value:
            said.append((Told.TEST_SENT, test.id))
    for told, about in said:
        _tell(office, case_id, told, about, now=now)


def _wanted(
    case: _Case, choice: Choice, numbers: Sequence[int], *, seen_up_to: int, now: datetime
) -> tuple[rows.Notice | None, set[bytes]]:
    """The row that should be there besides, and the ids of those that wait rightly."""
    assert case.test_id is not None
    if not case.is_confirmed:
        return _row(case, case.test_id, choice, Kind.TEST, up_to=0, now=now), {case.test_id}
    keep = {each.id for each in case.rows if each.kind == Kind.NEWS.value and each.up_to > seen_up_to}
    past = [Past(Kind(each.kind), State(each.state), each.up_to) for each in case.rows]
    up_to = rules.news_to_tell(numbers, seen=seen_up_to, past=past)
    if up_to is None:
        return None, keep
    row_id = _keyed(case.key, b"news", up_to.to_bytes(8, "big"))
    return _row(case, row_id, choice, Kind.NEWS, up_to=up_to, now=now), {*keep, row_id}


def _row(case: _Case, row_id: bytes, choice: Choice, kind: Kind, *, up_to: int, now: datetime) -> rows.Notice:
    return rows.Notice(
        id=row_id,
        case_id=case.case_id,
        way=choice.way.value,
        kind=kind.value,
        state=State.DUE.value,
        up_to=up_to,
        due_at=now,
        attempts=0,
        provider_id=None,
        changed_at=now,
    )


def _write_down(
    database: Database, case: _Case, wanted: rows.Notice | None, *, keep: set[bytes], now: datetime
) -> None:
    """Stop what waits and should not, and put what is wanted. A test that was stopped before it went may wait again."""
    waiting = [each.id for each in case.rows if each.state == State.DUE.value and each.id not in keep]
    known = next((each for each in case.rows if wanted is not None and each.id == wanted.id), None)
    revive = known is not None and known.kind == Kind.TEST.value and known.state == State.STOPPED.value
    if not waiting and not revive and (wanted is None or known is not None):
        return
    with database.writing() as session:
        if waiting:
            session.execute(
                update(rows.Notice)
                .where(rows.Notice.id.in_(waiting), rows.Notice.state == State.DUE.value)
                .values(state=State.STOPPED.value, changed_at=now)
            )
        if wanted is None or session.get(rows.Case, case.case_id) is None:
            return
        row = session.get(rows.Notice, wanted.id)
        if row is None:
            session.add(wanted)
        elif revive and row.state == State.STOPPED.value:
            row.state, row.due_at, row.changed_at = State.DUE.value, now, now


def _send_one(office: Office, row_id: bytes, *, clock: Callable[[], datetime]) -> str | None:
    """Send one row, or say why not: the name of its count; None ends the round."""
    now = clock()
    with office.database.reading() as session:
        state = post_rows.post_state(session, rows.POST)
        row = session.get(rows.Notice, row_id)
        if state.stopped is not None:
            return None
        if row is None or row.state != State.DUE.value:
            return "waiting"
        case = _open(session, row.case_id, opener=office.opener, hours=office.hours)
        standing = _standing(session, row.case_id)
        known_at = state.last_pass_at
    choice = case.choice
    if (
        choice is None
        or choice.way.value != row.way
        or choice.way not in office.notifier.ways
        or not _counts(case, row)
    ):
        return _stop(office, row_id, now=now)
    decision = rules.may_leave(case.plan, choice.way, now, known_at=known_at, hours=office.hours)
    if isinstance(decision, Refused):
        return _stop(office, row_id, now=now) if rules.is_final(decision) else None
    if isinstance(decision, Wait):
        _wait(office, row_id, until=min(decision.until, now + LOOK_AGAIN))
        return "waiting"
    if not isinstance(decision, Allowed):  # whatever else a rule may say one day: nothing leaves on it
        raise TypeError(decision)
    if office.mode is Mode.DRY_RUN:
        return "sent"
    if not _claim(office.database, row, standing=standing, now=now):
        return "waiting"
    return _hand_over(office, row, _leaving(row, case, choice), clock=clock)


def _counts(case: _Case, row: rows.Notice) -> bool:
    """True while this row is still what the person's choice, plan and answers call for."""
    return row.id == case.test_id if row.kind == Kind.TEST.value else case.is_confirmed


def _leaving(row: rows.Notice, case: _Case, choice: Choice) -> Leaving:
    chosen = case.plan.way(choice.way)
    assert chosen is not None
    reply = case.record.referral.answers.get("reply", {})
    name = chosen.ask_for or (reply.get("name") if isinstance(reply.get("name"), str) else "")
    return Leaving(
        reference=row.id.hex(), way=choice.way, address=chosen.address.strip(), words=choice.words, name=str(name or "")
    )


def _claim(database: Database, row: rows.Notice, *, standing: object, now: datetime) -> bool:
    """Take a row for sending, if neither it nor anything that the person asked for has changed since it was looked at."""
    with database.writing() as session:
        if _standing(session, row.case_id) != standing:
            return False
        took = session.execute(
            update(rows.Notice)
            .where(rows.Notice.id == row.id, rows.Notice.state == State.DUE.value)
            .values(state=State.SENDING.value, attempts=rows.Notice.attempts + 1, changed_at=now)
        )
        return bool(took.rowcount)  # type: ignore[attr-defined]


def _hand_over(office: Office, row: rows.Notice, leaving: Leaving, *, clock: Callable[[], datetime]) -> str | None:
    """Call the provider, outside of any transaction, and mark the row."""
    try:
        provider_id = office.notifier.send(leaving, now=clock())
    except ProviderRefused as error:
        return _failed(office, row.id, why=str(error), now=clock())
    except NotSent as error:
        office.memory.resume_at = clock() + PAUSE
        _try_later(office, row.id, why=str(error), now=clock())
        return None
    except Unsure:
        # It stays claimed: the next rounds look for it before anything else.
        office.memory.resume_at = clock() + PAUSE
        return None
    _mark(office.database, row.id, State.SENT, provider_id=provider_id, now=clock())
    return "sent"


def _look_for_claimed(office: Office, *, clock: Callable[[], datetime]) -> bool:
    """Settle what was claimed and never marked; False when the provider does not answer."""
    now = clock()
    with office.database.reading() as session:
        claimed = session.scalars(
            select(rows.Notice)
            .where(rows.Notice.state == State.SENDING.value, rows.Notice.changed_at <= now - LOOK_AFTER)
            .order_by(rows.Notice.changed_at)
            .limit(AT_ONCE)
        ).all()
    for row in claimed:
        try:
            if now - row.changed_at > LOOK_FOR:
                raise CannotTell
            provider_id = office.notifier.find(Way(row.way), row.id.hex(), now=clock())
        except (CannotTell, ProviderRefused):
            _failed(office, row.id, why="nobody-can-tell", now=clock())
            continue
        except Unsure:
            office.memory.resume_at = clock() + PAUSE
            return False
        if provider_id is not None:
            _mark(office.database, row.id, State.SENT, provider_id=provider_id, now=clock())
        else:
            _try_later(office, row.id, why="never-arrived", now=clock())
    return True


def _try_later(office: Office, row_id: bytes, *, why: str, now: datetime) -> None:
    with office.database.writing() as session:
        row = session.get(rows.Notice, row_id)
        if row is None:
            return
        again = rules.next_try(row.attempts, now=now)
        if again is not None:
            row.state, row.due_at, row.changed_at = State.DUE.value, again, now
            return
    _failed(office, row_id, why=why, now=now)


def _failed(office: Office, row_id: bytes, *, why: str, now: datetime) -> str:
    _mark(office.database, row_id, State.FAILED, now=now)
    post.alarm("a notice could not be sent", why=why)
    return "failed"


def _stop(office: Office, row_id: bytes, *, now: datetime) -> str:
    if office.mode is not Mode.DRY_RUN:
        _mark(office.database, row_id, State.STOPPED, now=now)
    return "stopped"


def _wait(office: Office, row_id: bytes, *, until: datetime) -> None:
    with office.database.writing() as session:
        session.execute(
            update(rows.Notice)
            .where(rows.Notice.id == row_id, rows.Notice.state == State.DUE.value)
            .values(due_at=until)
        )


def _mark(database: Database, row_id: bytes, state: State, *, now: datetime, provider_id: str | None = None) -> None:
    with database.writing() as session:
        row = session.get(rows.Notice, row_id)
        if row is not None:
            row.state, row.changed_at = state.value, now
            row.provider_id = provider_id or row.provider_id


def _tell(office: Office, case_id: bytes, told: Told, about: bytes, *, now: datetime) -> None:
    """Say something about notices in the space, once: coded, and without the way."""
    envelope_id = hashlib.sha256(case_id + about + told.value.encode("ascii")).digest()[: sealing.ID_LENGTH]
    with office.database.reading() as session:
        if session.get(rows.Item, envelope_id) is not None:
            return
    speaking.send(
        office.database,
        case_id=case_id,
        news=News(kind=rules.TOLD, at=now.isoformat(timespec="seconds"), status=told.value),
        opener=office.opener,
        voice=office.voice,
        now=now,
        envelope_id=envelope_id,
    )


def _open(session: Session, case_id: bytes, *, opener: Opener, hours: OpeningHours) -> _Case:
    """Raises sealing.CannotOpen and MalformedReferral."""
    key = records.case_key(session, case_id, opener=opener)
    record = plans.read(session, case_id, key=key, hours=hours)
    asked = plans.notices_now(record.changes)
    choice = rules.choice_of(asked.content, number=asked.number) if asked else None
    plan = record.plan
    chosen = plan.way(choice.way) if choice else None
    test_id = None
    if choice is not None:
        # Another address, another way or other words are another test. The key keeps addresses from being guessed by it.
        address = chosen.address.strip() if chosen else ""
        test_id = _keyed(key, b"test", choice.number.to_bytes(8, "big"), address.encode("utf-8"))
    found = session.scalars(select(rows.Notice).where(rows.Notice.case_id == case_id).order_by(rows.Notice.id)).all()
    return _Case(case_id, key, record, plan, choice, test_id, tuple(found))


def _keyed(key: CaseKey, *parts: bytes) -> bytes:
    return hashlib.blake2b(b"/".join(parts), digest_size=sealing.ID_LENGTH, key=key.record_secret).digest()


def _standing(session: Session, case_id: bytes) -> list[tuple[int, str]]:
    return [(each.number, each.standing) for each in rows.changes(session, case_id)]


def _numbers(session: Session, case_id: bytes, key: CaseKey) -> list[int]:
    """The numbers of the items to the person that are worth a notice."""
    decided = {
        each.number
        for each in rows.changes(session, case_id)
        if each.decided_by is not None or each.standing == Standing.DECLINED.value
    }
    worth: list[int] = []
    for item in rows.items(session, case_id):
        if item.direction != rows.TO_PERSON:
            continue
        try:
            envelope = sealing.parse(item.body)
            opened = sealing.open_in_conversation(envelope, lane=sealing.Lane.TO_PERSON, secret=key.case_secret)
            news = News.from_bytes(opened)
        except (sealing.CannotOpen, sealing.MalformedEnvelope, MalformedReferral):
            continue  # alarmed where the conversation is read
        if _is_worth(news, decided):
            worth.append(item.number)
    return worth


def _is_worth(news: News, decided: set[int]) -> bool:
    if news.kind == CHANGE:
        # What counts at once answers what they have just done; what a colleague decided on later is news.
        return news.data.get("number") in decided
    if news.kind == STATUS and news.status in WHO_LOOKS_AFTER:
        return False  # who has the case is there to be looked up: nobody has written anything yet
    return news.kind not in NO_NEWS
