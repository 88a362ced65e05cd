"""Finding somebody at the desk: open cases are opened in memory, compared, and forgotten. There is no index.

A press opens so many at most, or for so long, those that came last first; the next press looks further back. It is one read
in the audit, with how many were opened and never with what was looked for. A case that this colleague may not know of is not
even opened, and takes no part in any count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.adapters import sealing
from app.adapters.numbers import is_reference
from app.data import hub as rows
from app.data.database import Database
from app.domain import taken
from app.domain.finding import Query, Where
from app.domain.reference import normalise
from app.domain.referral import Addition, MalformedReferral, Referral
from app.domain.status import CaseState
from app.services import post
from app.services.hub import guard, records
from app.services.hub.records import Opener
from app.services.hub.staff import Identity

MOST_OPENED = 2000
MOST_SECONDS = 2.0
AT_ONCE = 200
MOST_SHOWN = 50
AS_LONG_AS_A_PHONE_NUMBER = 10
# What the audit calls it.
SEARCHED = "searched"
# Answers of a request that were typed, by step key and field: where each belongs. Those of the ways to be reached come beside.
TYPED: Mapping[tuple[str, str], Where] = {
    ("reply", "name"): Where.NAME,
    ("reply", "conflict_who"): Where.WORDS,
    ("loss", "their_name"): Where.NAME,
    ("work", "name"): Where.WORK,
    ("work", "organisation"): Where.WORK,
    ("work", "switchboard"): Where.WORK,
    (taken.STEP, "earlier"): Where.WORDS,
}
# Fields of a way to be reached, in a request and in what was changed since.
OF_A_WAY: Mapping[str, Where] = {
    "address": Where.REACH,
    "person": Where.NAME,
    "ask_for": Where.NAME,
    "own_times": Where.WORDS,
}
# Additions that nobody looks for: secrets, and what the site sends by itself.
SECRET_KINDS = frozenset({"code-word", "new-number"})
SECRET_FIELDS = frozenset({"code_word", "word", "number_wrap", "id", "language", "sent_at"})


@dataclass(frozen=True)
class Mark:
    """The last case that was looked at: from here the next press goes on."""

    received_at: datetime
    case_id: bytes

    def to_text(self) -> str:
        """As a form carries it."""
        return f"{int(self.received_at.timestamp()):x}-{self.case_id.hex()}"

    @classmethod
    def from_text(cls, text: str) -> Mark | None:
        """Read it again; None for what is none."""
        at, _, case_id = text.partition("-")
        try:
            return cls(datetime.fromtimestamp(int(at, 16), UTC), bytes.fromhex(case_id))
        except (ValueError, OverflowError, OSError):
            return None


@dataclass(frozen=True)
class Opened:
    """One case opened in memory."""

    case: rows.Case
    owner: str | None
    referral: Referral
    additions: tuple[Addition, ...]


@dataclass(frozen=True)
class Hit:
    """A case that fits: how it is named, how it stands, who has it, and where it fits; never what it says there."""

    case_id: bytes
    reference: str
    state: CaseState
    owner: str | None
    received_at: datetime
    where: tuple[Where, ...]


@dataclass(frozen=True)
class Found:
    """What one press found. `more`: from where the next goes on, None when every case was looked at."""

    hits: tuple[Hit, ...]
    opened: int
    more: Mark | None


def by_reference(database: Database, typed: str, who: Identity, *, now: datetime) -> Found | None:
    """The case that has this reference; None when what was typed is no reference. Opens nothing, and is logged all the same.

    Ten digits may be a phone number: they are no reference either unless this colleague may see its case. So nothing tells a
    case that they may not see from none.
    """
    digits = normalise(typed)
    if not is_reference(digits):
        return None
    with database.writing() as session:
        case = rows.case_by_reference(session, digits)
        if len(digits) == AS_LONG_AS_A_PHONE_NUMBER and (case is None or not guard.may_see(case, who)):
            return None
        rows.log(session, at=now, staff_id=who.id, action=SEARCHED, detail=opened_words(0))
        if case is None or not guard.may_see(case, who):
            return Found((), 0, None)
        owner = session.get(rows.Staff, case.owner_id) if case.owner_id else None
        return Found((hit_of(case, owner.name if owner else None, (Where.REFERENCE,)),), 0, None)


def find(
    database: Database,
    query: Query,
    who: Identity,
    *,
    opener: Opener,
    now: datetime,
    after: Mark | None = None,
    closed_too: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """Look through the cases that came last, or from `after` on. `clock` gives seconds. Logged."""
    look = Look(database, who, opener=opener, after=after, closed_too=closed_too, clock=clock)
    hits = []
    for each in look:
        where = where_in(query, each, who)
        if where:
            hits.append(hit_of(each.case, each.owner, where))
            if len(hits) >= MOST_SHOWN:
                look.stop()
    with database.writing() as session:
        rows.log(session, at=now, staff_id=who.id, action=SEARCHED, detail=opened_words(look.opened))
    return Found(tuple(hits), look.opened, look.more)


class Look:
    """Goes through cases, opening each in memory, within the bounds of one press. Afterwards it knows how many it opened and
    from where to go on."""

    def __init__(
        self,
        database: Database,
        who: Identity,
        *,
        opener: Opener,
        after: Mark | None,
        closed_too: bool = False,
        clock: Callable[[], float] = time.monotonic,
        wanted: Callable[[rows.Case], bool] = lambda _case: True,
    ) -> None:
        """`wanted` says by the coded facts whether a case is worth opening."""
        self._database, self._who, self._opener = database, who, opener
        self._closed_too, self._clock, self._wanted = closed_too, clock, wanted
        self._ends = clock() + MOST_SECONDS
        self._is_over = False
        self._at = after
        self.opened = 0
        self.more: Mark | None = None

    def stop(self) -> None:
        """Go no further in this press."""
        self._is_over = True

    def __iter__(self) -> Iterator[Opened]:
        """Every case that may be seen and is wanted, the newest first."""
        while True:
            batch = self._batch()
            for case, owner, wrapped, documents in batch.found:
                yield from self._open(case, owner, wrapped, documents)
                self._at = Mark(case.received_at, case.id)
                if self._is_over or self.opened >= MOST_OPENED or self._clock() >= self._ends:
                    self.more = self._at
                    return
            if batch.last is None:
                return
            self._at = batch.last

    def _batch(self) -> _Batch:
        """The next cases, with what is sealed of those that may be opened."""
        after = (self._at.received_at, self._at.case_id) if self._at else None
        with self._database.reading() as session:
            pairs = rows.newest_cases(session, after=after, closed_too=self._closed_too, limit=AT_ONCE)
            may = [pair for pair in pairs if guard.may_see(pair[0], self._who) and self._wanted(pair[0])]
            sealed = rows.sealed_of(session, [case.id for case, _ in may])
        last = Mark(pairs[-1][0].received_at, pairs[-1][0].id) if len(pairs) == AT_ONCE else None
        found = [(case, owner.name if owner else None, *sealed[case.id]) for case, owner in may if case.id in sealed]
        return _Batch(found, last)

    def _open(
        self, case: rows.Case, owner: str | None, wrapped: bytes, documents: list[rows.SealedDocument]
    ) -> Iterator[Opened]:
        try:
            opened = open_in_memory(case, owner, wrapped, documents, opener=self._opener)
        except (sealing.CannotOpen, MalformedReferral) as error:
            post.alarm("a case could not be opened to be looked through", kind=type(error).__name__)
            return
        if is_kept_from(opened, self._who):
            return
        self.opened += 1
        yield opened


@dataclass(frozen=True)
class _Batch:
    """Cases to open, and the last case of the batch unless it was the last of all."""

    found: list[tuple[rows.Case, str | None, bytes, list[rows.SealedDocument]]]
    last: Mark | None


def open_in_memory(
    case: rows.Case, owner: str | None, wrapped: bytes, documents: list[rows.SealedDocument], *, opener: Opener
) -> Opened:
    """A case's referral lane. Raises sealing.CannotOpen and MalformedReferral."""
    secret = opener.unwrap_record(wrapped, case_id=case.id)
    referral: Referral | None = None
    additions = []
    for document in documents:
        raw = records.open_document(document, record_secret=secret)
        if document.kind == rows.REFERRAL:
            referral = Referral.from_bytes(raw)
        else:
            additions.append(Addition.from_bytes(raw))
    if referral is None:
        raise sealing.CannotOpen
    return Opened(case, owner, referral, tuple(additions))


def is_kept_from(opened: Opened, who: Identity) -> bool:
    """Whether the sealed words of a restricted case name whoever looks: to them it is not there."""
    return bool(opened.case.facts.get("restricted")) and guard.names_match(
        opened.referral.conflict_words, who.name, who.shown_name
    )


def where_in(query: Query, opened: Opened, who: Identity) -> tuple[Where, ...]:
    """In which parts of a case the query is, in their order; empty for none."""
    found = {where for where, text in texts_of(opened, who) if query.is_in(text)}
    return tuple(each for each in Where if each in found)


def texts_of(opened: Opened, who: Identity) -> Iterator[tuple[Where, str]]:
    """Everything that was typed, with where it belongs. Of what came later only what this colleague may know of."""
    for key, answer in opened.referral.answers.items():
        for name, value in answer.items():
            where = OF_A_WAY.get(name) if key.startswith("reply-") else TYPED.get((key, name))
            if where is not None and isinstance(value, str):
                yield where, value
    for addition in opened.additions:
        if addition.kind not in SECRET_KINDS and guard.may_see_addition(opened.case, who, addition):
            yield from _texts_in(addition.content)


def _texts_in(content: Any, name: str = "") -> Iterator[tuple[Where, str]]:
    if isinstance(content, str):
        yield (Where.NAME if name == "name" else OF_A_WAY.get(name, Where.WORDS)), content
    elif isinstance(content, dict):
        for key, value in content.items():
            if key not in SECRET_FIELDS:
                yield from _texts_in(value, key)
    elif isinstance(content, list):
        for value in content:
            yield from _texts_in(value, name)


def hit_of(case: rows.Case, owner: str | None, where: tuple[Where, ...]) -> Hit:
    """A case that fits, as the page names it."""
    return Hit(case.id, case.reference, CaseState(case.state), owner, case.received_at, where)


def opened_words(count: int) -> str:
    """How many cases were opened, as the audit keeps it."""
    return f"{count} opened"
