"""Coded news: what the Hub tells a person about their support, and about a police or court case.

Their words are in app/forms/news.py, in each language. A day that a colleague names travels as data: {"by": "2026-03-17"} is
the day by which the Hub writes again, {"on": ...} the day of what the news is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """News that the Hub can send without writing. The values travel and are kept for ever: add, never rename."""

    READ = "read"  # sent by itself when somebody first opens the request
    WORKING = "working"
    FINDING_OUT = "finding-out"
    WAITING_FOR_YOU = "waiting-for-you"
    NO_NEWS = "no-news"
    TAKEN_ON = "taken-on"
    NOT_TAKEN_ON = "not-taken-on"
    NO_READER = (
        "no-reader"  # sent by itself when everybody who could read the request is somebody whom it must be kept from
    )
    WORKER = "worker"  # sent by itself when a colleague takes the case: who looks after it
    NO_WORKER = "no-worker"  # sent by itself when they hand it back
    APPOINTMENT = "appointment"
    READING_SENT = "reading-sent"
    HOW_ARE_YOU = "how-are-you"
    ASB_ASKED = "asb-asked"
    ASB_REVIEW_ASKED = "asb-review-asked"
    ASB_REVIEW_HELD = "asb-review-held"
    ASB_PLAN = "asb-plan"
    ASB_CHECK = "asb-check"
    CLOSED = "closed"  # sent with the closing, when a colleague closes what the person asked them to close
    KEPT_UNTIL = "kept-until"  # sent by itself before a space is deleted because its time is over
    KEPT_ON = "kept-on"  # sent by itself when a colleague decides to keep what was to be deleted
    # Sent by itself after contact details were opened against the plan (app/domain/danger.py), each for its reason.
    OPENED_LIFE = "opened-life"
    OPENED_CHILD = "opened-child"
    OPENED_COURT = "opened-court"


class Milestone(StrEnum):
    """A step of a police or court case, or of an inquest, that the Hub passes on. Add, never rename."""

    RECORDED = "recorded"
    INVESTIGATION = "investigation"
    ARREST = "arrest"
    BAIL = "bail"
    CHARGE = "charge"
    NO_FURTHER_ACTION = "no-further-action"
    HEARING = "hearing"
    TRIAL = "trial"
    VERDICT = "verdict"
    SENTENCE = "sentence"
    APPEAL = "appeal"
    RELEASE = "release"
    INQUEST = "inquest"


# Kinds of News that a colleague wrote or chose, and that keep a promise to write.
MESSAGE, STATUS, MILESTONE = "message", "status", "milestone"
# Kinds that the two sides tell each other for themselves: how far the person has seen, and how far a person at the Hub has read.
SEEN, READ_UP_TO = "seen", "read-up-to"
# A promise is late, and that a supervisor was told on a day: it stands with the promise, not among the news.
LATE_TOLD = "late-told"
UNSPOKEN = frozenset({SEEN, READ_UP_TO, LATE_TOLD})
# What a case keeps in clear of the last promise to write: its day, and whether anything was written since (`promise_after`).
PROMISED = "promised"
# What the person may take out of their own view. How a change stands is not among it: whoever else has the number could hide
# what waits to be disowned. A kind that is not here stays.
CLEARABLE = frozenset({MESSAGE, STATUS, MILESTONE, "ask"}) | UNSPOKEN

ABOUT_SUPPORT = (
    Status.WORKING,
    Status.FINDING_OUT,
    Status.WAITING_FOR_YOU,
    Status.NO_NEWS,
    Status.APPOINTMENT,
    Status.READING_SENT,
    Status.HOW_ARE_YOU,
)
ABOUT_TROUBLE = (
    Status.ASB_ASKED,
    Status.ASB_REVIEW_ASKED,
    Status.ASB_REVIEW_HELD,
    Status.ASB_PLAN,
    Status.ASB_CHECK,
)
SENT_BY_STAFF = ABOUT_SUPPORT + ABOUT_TROUBLE
# These are about a day, and say nothing without it.
NEEDS_A_DAY = frozenset({Status.APPOINTMENT, Status.ASB_CHECK})
# All that somebody who asks in their work may hear (requirement E14): what became of the request, nothing about the person.
RECEIPTS = (Status.TAKEN_ON, Status.NOT_TAKEN_ON)
OPENED_IN_DANGER = (Status.OPENED_LIFE, Status.OPENED_CHILD, Status.OPENED_COURT)
SENT_BY_ITSELF = (
    Status.READ, Status.NO_READER, Status.CLOSED, Status.KEPT_UNTIL, Status.KEPT_ON, *OPENED_IN_DANGER,
)  # fmt: skip
WHO_LOOKS_AFTER = (Status.WORKER, Status.NO_WORKER)


class CaseState(StrEnum):
    """Where a case stands at the desk. Silence never closes one: only the person does, or a colleague because they said so."""

    NEW = "new"
    OURS = "ours"  # ours to do
    THEIRS = "theirs"  # theirs to do
    WAITING = "waiting"  # waiting for somebody else
    QUIET = "quiet"
    CLOSED = "closed"  # out of the queue, and open again with the first thing that comes or goes


# What each status makes of the case at the desk.
STATE_AFTER = {
    Status.READ: CaseState.OURS,
    Status.WORKING: CaseState.OURS,
    Status.FINDING_OUT: CaseState.WAITING,
    Status.WAITING_FOR_YOU: CaseState.THEIRS,
    Status.NO_NEWS: CaseState.OURS,
    Status.TAKEN_ON: CaseState.OURS,
    Status.NOT_TAKEN_ON: CaseState.QUIET,
    Status.NO_READER: CaseState.NEW,
    Status.APPOINTMENT: CaseState.WAITING,
    Status.READING_SENT: CaseState.THEIRS,
    Status.HOW_ARE_YOU: CaseState.THEIRS,
    Status.ASB_ASKED: CaseState.WAITING,
    Status.ASB_REVIEW_ASKED: CaseState.WAITING,
    Status.ASB_REVIEW_HELD: CaseState.WAITING,
    Status.ASB_PLAN: CaseState.WAITING,
    Status.ASB_CHECK: CaseState.WAITING,
    Status.CLOSED: CaseState.CLOSED,
}


class Delivery(StrEnum):
    """Where something the person sent is, as their page may truthfully say."""

    WAITING = "waiting"  # safe here, waiting for the Hub
    RECEIVED = "received"  # the Hub has opened and committed it
    REFUSED = "refused"  # the Hub could not open it: the person is asked to ring


@dataclass(frozen=True)
class Promise:
    """The day by which the Hub said that it would write, and whether it is late."""

    by: date
    is_late: bool


@dataclass(frozen=True)
class Told:
    """What a promise needs to know of one piece of news from the Hub: when it came, and what it says in codes."""

    kind: str
    status: str
    author: str
    data: Mapping[str, Any]

    @property
    def is_written(self) -> bool:
        """A colleague wrote or chose it: it keeps a promise to write. Taking the case over says nothing yet."""
        return self.kind in {MESSAGE, STATUS, MILESTONE} and bool(self.author) and self.status not in WHO_LOOKS_AFTER


def day_in(data: Mapping[str, Any], name: str) -> date | None:
    """A day that news names; None when it names none, or what is there is no day."""
    try:
        return date.fromisoformat(data[name])
    except (KeyError, TypeError, ValueError):
        return None


def promise_now(news: Sequence[Told], *, today: date) -> Promise | None:
    """The promise that stands, out of all that the Hub told, oldest first; None when none was made or the last was kept.

    Until its day the newest promise stands, whatever else was written meanwhile. Past its day it stands only when nothing was
    written after it. `today` is the day in the Hub's time zone (pledge `keep-you-informed`).
    """
    place, by = next(
        ((at, found) for at in range(len(news) - 1, -1, -1) if (found := day_in(news[at].data, "by")) is not None),
        (0, None),
    )
    if by is None:
        return None
    if by >= today:
        return Promise(by, is_late=False)
    return None if any(each.is_written for each in news[place + 1 :]) else Promise(by, is_late=True)


def promise_after(kept: Mapping[str, Any] | None, told: Told) -> dict[str, Any] | None:
    """What is kept of the promise once this was told too: enough for `promise_kept` to say what `promise_now` says of all."""
    if told.kind in UNSPOKEN:
        return dict(kept) if kept else None
    by = day_in(told.data, "by")
    if by is not None:
        return {"by": by.isoformat()}
    if kept and told.is_written:
        return {**kept, "written": True}
    return dict(kept) if kept else None


def promise_kept(kept: Mapping[str, Any] | None, *, today: date) -> Promise | None:
    """The promise that stands by what was kept of it. `today` is the day in the Hub's time zone."""
    by = day_in(kept or {}, "by")
    if by is None or kept is None:
        return None
    if by >= today:
        return Promise(by, is_late=False)
    return None if kept.get("written") else Promise(by, is_late=True)
