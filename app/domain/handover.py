"""Handing somebody over to another service: asked, agreed kind by kind, passed on, answered (requirements E2, E3, E4).

What is asked and agreed are kinds of things, in codes, never the things themselves. Whatever the person did not name with
a yes of its own is left out, and they can stop it at any time: what was not passed on by then never is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from app.domain.hours import OpeningHours

ADDITION = "handover"  # the kind of the addition in which a decision travels, and of the item that asks for it
OVERDUE_AFTER_DAYS = 7  # working days


class Kind(StrEnum):
    """What may be passed on. The values travel and are kept: add, never rename."""

    NAME = "name"
    REACH = "reach"
    PLAN = "plan"
    ACCESS = "access"
    HELP = "help"
    HAPPENED = "happened"
    WROTE = "wrote"


class Why(StrEnum):
    """Why a service is asked to help. The values travel and are kept: add, never rename."""

    KNOWS_MORE = "knows-more"
    NEARER = "nearer"
    LANGUAGE = "language"
    LONGER = "longer"
    YOU_ASKED = "you-asked"
    OTHER_AREA = "other-area"


class State(StrEnum):
    """Where a handover stands. The values travel and are kept: add, never rename."""

    ASKED = "asked"
    AGREED = "agreed"
    REFUSED = "refused"
    PASSED = "passed"
    ACCEPTED = "accepted"
    BOUNCED = "bounced"
    WITHDRAWN = "withdrawn"  # before anything was passed on
    STOPPED = "stopped"  # taken back later: nothing more is passed on, but what was cannot be called back


LATE = "late"  # not a state: what the person is told when neither we nor the service kept the time


class Decision(StrEnum):
    """What a person says about it."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


# What staff may do next, and from where.
BY_STAFF = {
    State.PASSED: frozenset({State.AGREED}),
    State.ACCEPTED: frozenset({State.PASSED}),
    State.BOUNCED: frozenset({State.AGREED, State.PASSED}),
}
UNDER_WAY = frozenset({State.AGREED, State.PASSED})
MAY_BE_WITHDRAWN = frozenset({State.AGREED, State.PASSED, State.ACCEPTED})


@dataclass(frozen=True)
class Ruling:
    """What a decision makes of a handover. `kinds` are those that may be passed on; `never_asked` came along and may not."""

    state: State
    kinds: tuple[str, ...]
    never_asked: tuple[str, ...] = ()


def rule_on(decision: Decision, *, state: State, kinds: Sequence[str], chosen: Sequence[str]) -> Ruling | None:
    """What a decision makes of it; None when it changes nothing: it was decided otherwise already, or has ended.

    `kinds` are those that count so far, `chosen` those that the decision names. A refusal may be turned into a yes; a yes
    is taken back, never widened.
    """
    if decision is Decision.APPROVE:
        if state not in {State.ASKED, State.REFUSED}:
            return None
        return Ruling(
            State.AGREED,
            tuple(each for each in kinds if each in chosen),
            tuple(each for each in chosen if each not in kinds),
        )
    if state is State.ASKED:
        return Ruling(State.REFUSED, tuple(kinds))
    if state not in MAY_BE_WITHDRAWN:
        return None
    return Ruling(State.WITHDRAWN if state is State.AGREED else State.STOPPED, tuple(kinds))


def may_follow(state: State, wanted: State) -> bool:
    """Whether staff may say that it stands so now."""
    return state in BY_STAFF.get(wanted, frozenset())


def overdue_from(changed_at: datetime, hours: OpeningHours) -> datetime | None:
    """The end of the seventh working day after `changed_at` (aware); None when the hours do not reach that far."""
    zone = hours.zone
    day: date = changed_at.astimezone(zone).date()
    for _ in range(OVERDUE_AFTER_DAYS):
        opening = hours.next_opening(datetime.combine(day + timedelta(days=1), time(0), zone))
        if opening is None:
            return None
        day = opening.astimezone(zone).date()
    return datetime.combine(day + timedelta(days=1), time(0), zone)


def is_overdue(state: State, *, changed_at: datetime, now: datetime, hours: OpeningHours) -> bool:
    """True when somebody waits for it too long: agreed or passed on, and seven working days have gone by since."""
    if state not in UNDER_WAY:
        return False
    due = overdue_from(changed_at, hours)
    return due is not None and now >= due
