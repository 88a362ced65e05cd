"""Likely duplicates, and cases that a colleague puts together: one person who asked twice, or people who are linked.

A likeness is something that both requests have - the same phone number or e-mail address, or the reference of one in the words
of the other - and is looked for by opening in memory, within the bounds of finding.py. No hash of it is kept: a number can be
guessed, and so could be what was hashed. A person decides, and may undo it.

Both cases must be there for whoever joins them, and for whoever is shown that they are: a pair with a case that this colleague
may not know of is not there either. Nobody outside the desk is told; numbers, spaces and secrecy stay apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters.numbers import is_reference
from app.data import hub as rows
from app.data.database import Database
from app.domain.finding import Where, emails_in, phones_in, references_in
from app.domain.joined import JOINED_HIDDEN, PARTED_HIDDEN, Likeness, Tie, are_similar, as_people
from app.domain.reference import normalise
from app.domain.status import CaseState
from app.services.hub import finding, guard
from app.services.hub.desk import need_open
from app.services.hub.finding import Look, Mark, Opened, opened_words, texts_of
from app.services.hub.guard import NoSuchCase
from app.services.hub.records import Opener
from app.services.hub.staff import Identity, SignedIn

# What the audit calls these acts; see `_log` for a pair with a case that few may know of.
COMPARED = "looked-for-same"
JOINED, PARTED = "joined", "parted"


class CannotJoin(Exception):
    """There is no other case by this reference that this colleague may join it with."""


@dataclass(frozen=True)
class Pair:
    """The other case of a pair, with who joined them and when."""

    case_id: bytes
    reference: str
    state: CaseState
    tie: Tie
    by: str
    at: datetime


@dataclass(frozen=True)
class Alike:
    """A case that may be of the same person, and why."""

    case_id: bytes
    reference: str
    state: CaseState
    owner: str | None
    received_at: datetime
    why: tuple[Likeness, ...]


@dataclass(frozen=True)
class Compared:
    """What one press found; `more` as in finding.Found."""

    alike: tuple[Alike, ...]
    opened: int
    more: Mark | None


def look(
    database: Database,
    case_id: bytes,
    signed: SignedIn,
    *,
    opener: Opener,
    now: datetime,
    after: Mark | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Compared:
    """Look among the open cases that share a coded fact for what the two have in common. One read in the audit.

    Raises NoSuchCase, desk.NotOpened and sealing.CannotOpen.
    """
    need_open(database, case_id, signed, now=now)
    who = signed.identity
    with database.reading() as session:
        case = guard.case_for(session, case_id, who)
        own = finding.open_in_memory(case, None, *rows.sealed_of(session, [case_id])[case_id], opener=opener)
        joined = {each.case_id for each in joined_to(session, case_id, who)}
        named = _named_by(session, own, who) if after is None else []
    if finding.is_kept_from(own, who):
        raise NoSuchCase
    traits = _Traits.of(own, who)
    found = {each.case_id: each for each in named}

    def is_worth_it(other: rows.Case) -> bool:
        return other.id != case_id and are_similar(_facts(case), _facts(other))

    going = Look(database, who, opener=opener, after=after, clock=clock, wanted=is_worth_it)
    for each in going:
        why = traits.shared_with(_Traits.of(each, who))
        if why:
            earlier = found[each.case.id].why if each.case.id in found else ()
            both = tuple(one for one in Likeness if one in (*earlier, *why))
            found[each.case.id] = _alike(each.case, each.owner, both)
    with database.writing() as session:
        guard.case_for(session, case_id, who)
        rows.log(session, at=now, staff_id=who.id, action=COMPARED, case_id=case_id)
        # Apart from the case: how many there were to open may tell of one that others may not know of.
        rows.log(session, at=now, staff_id=who.id, action=finding.SEARCHED, detail=opened_words(going.opened))
    alike = tuple(each for each in found.values() if each.case_id not in joined)
    return Compared(alike, going.opened, going.more)


def by_reference(session: Session, case_id: bytes, typed: str, who: Identity) -> rows.Case:
    """The other case that a colleague names. Raises NoSuchCase for their own, and CannotJoin."""
    guard.case_for(session, case_id, who)
    other = rows.case_by_reference(session, normalise(typed))
    if other is None or other.id == case_id or not guard.may_see(other, who):
        raise CannotJoin
    return other


def join(session: Session, case_id: bytes, other_id: bytes, *, tie: Tie, who: Identity, now: datetime) -> None:
    """Put two cases together, or say otherwise how they belong together. The same again changes nothing. Logged.

    Raises NoSuchCase for either, and CannotJoin for a case with itself.
    """
    case, other = guard.case_for(session, case_id, who), guard.case_for(session, other_id, who)
    if case_id == other_id:
        raise CannotJoin
    first, second = sorted((case_id, other_id))
    row = session.get(rows.Joined, (first, second))
    if row is not None and row.tie == tie.value:
        return
    if row is None:
        row = rows.Joined(first_id=first, second_id=second)
        session.add(row)
    row.tie, row.joined_by, row.joined_at = tie.value, who.id, now
    _log(session, case, other, who, is_joined=True, detail=tie.value, now=now)


def part(session: Session, case_id: bytes, other_id: bytes, *, who: Identity, now: datetime) -> None:
    """Undo it. Done twice is done. Logged. Raises NoSuchCase for either."""
    case, other = guard.case_for(session, case_id, who), guard.case_for(session, other_id, who)
    first, second = sorted((case_id, other_id))
    row = session.get(rows.Joined, (first, second))
    if row is None:
        return
    session.delete(row)
    _log(session, case, other, who, is_joined=False, detail=row.tie, now=now)


def joined_to(session: Session, case_id: bytes, who: Identity) -> list[Pair]:
    """The cases that a case is joined with, as far as this colleague may know of them. Raises NoSuchCase."""
    guard.case_for(session, case_id, who)
    found = []
    for row in rows.joined_to(session, case_id):
        other = session.get_one(rows.Case, row.second_id if row.first_id == case_id else row.first_id)
        if guard.may_see(other, who):
            by = session.get_one(rows.Staff, row.joined_by)
            found.append(Pair(other.id, other.reference, CaseState(other.state), Tie(row.tie), by.name, row.joined_at))
    return found


def people(session: Session, case_ids: Iterable[bytes]) -> int:
    """How many people these cases are of, for reports: cases of the same person count once, linked ones as they are."""
    same = same_person(session)
    return len({same.get(each, each) for each in case_ids})


def same_person(session: Session) -> dict[bytes, bytes]:
    """For reports: of each case that was joined with another of the same person, the one that stands for them all."""
    query = select(rows.Joined.first_id, rows.Joined.second_id).where(rows.Joined.tie == Tie.SAME.value)
    pairs = [(row[0], row[1]) for row in session.execute(query)]
    together = as_people({each for pair in pairs for each in pair}, pairs)
    return {each: min(person) for person in together for each in person}


@dataclass(frozen=True)
class _Traits:
    """What two requests of one person may both have."""

    reference: str
    phones: frozenset[str]
    emails: frozenset[str]
    named: frozenset[str]

    @classmethod
    def of(cls, opened: Opened, who: Identity) -> _Traits:
        texts = list(texts_of(opened, who))
        reach = [text for where, text in texts if where is Where.REACH]
        return cls(
            reference=opened.case.reference,
            phones=frozenset(number for text in reach for number in phones_in(text)),
            emails=emails_in(reach),
            named=frozenset(
                each
                for where, text in texts
                if where is Where.WORDS
                for each in references_in(text)
                if is_reference(each)
            ),
        )

    def shared_with(self, other: _Traits) -> tuple[Likeness, ...]:
        shared = {
            Likeness.REFERENCE: other.reference in self.named or self.reference in other.named,
            Likeness.PHONE: bool(self.phones & other.phones),
            Likeness.EMAIL: bool(self.emails & other.emails),
        }
        return tuple(each for each in Likeness if shared[each])


def _named_by(session: Session, own: Opened, who: Identity) -> list[Alike]:
    """The cases whose references stand in the words of this one, open or closed."""
    found = []
    for reference in sorted(_Traits.of(own, who).named):
        other = rows.case_by_reference(session, reference)
        if other is not None and other.id != own.case.id and guard.may_see(other, who):
            owner = session.get(rows.Staff, other.owner_id) if other.owner_id else None
            found.append(_alike(other, owner.name if owner else None, (Likeness.REFERENCE,)))
    return found


def _alike(case: rows.Case, owner: str | None, why: tuple[Likeness, ...]) -> Alike:
    return Alike(case.id, case.reference, CaseState(case.state), owner, case.received_at, why)


def _facts(case: rows.Case) -> dict[str, object]:
    return {**case.facts, "language": case.language}


def _log(
    session: Session, case: rows.Case, other: rows.Case, who: Identity, *, is_joined: bool, detail: str, now: datetime
) -> None:
    """On the trail of both. A pair with a restricted case is on that one alone, by a name that trails leave out: the other's
    trail is read by people who may not know of it."""
    hidden = [each for each in (case, other) if each.facts.get("restricted")]
    plain, few = (JOINED, JOINED_HIDDEN) if is_joined else (PARTED, PARTED_HIDDEN)
    act = few if hidden else plain
    for each in hidden[:1] or (case, other):
        rows.log(
            session,
            at=now,
            staff_id=who.id,
            action=act,
            case_id=each.id,
            detail=detail,
        )
