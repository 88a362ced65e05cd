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
from app.domain.packet import Said

ADDITION = "handover"  # the kind of the addition in which a decision travels, and of the item that asks for it
OVERDUE_AFTER_DAYS = 7  # working days, where nothing else was said when it was passed on
# In the coded facts of a case: why a handover is ours to do again.
CAME_BACK = "handover"


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
    OPENED = "opened"  # the service has read what was passed on
    ACCEPTED = "accepted"
    BOUNCED = "bounced"
    WITHDRAWN = "withdrawn"  # before anything was read by the service
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
    State.ACCEPTED: frozenset({State.PASSED, State.OPENED}),
    State.BOUNCED: frozenset({State.AGREED, State.PASSED, State.OPENED}),
}
UNDER_WAY = frozenset({State.AGREED, State.PASSED, State.OPENED})
MAY_BE_WITHDRAWN = frozenset({*UNDER_WAY, State.ACCEPTED})


@dataclass(frozen=True)
class Ruling:
    """What a decision makes of a handover. `kinds` are those that may be passed on; `never_asked` came along and may not."""

    state: State
    kinds: tuple[str, ...]
    never_asked: tuple[str, ...] = ()


def goes(kinds: Sequence[str]) -> tuple[str, ...]:
    """Which of the kinds that were agreed to go into a packet: a way to reach somebody never without what makes it safe.

    Whoever left out how they may be contacted safely has not said yes to being contacted unsafely.
    """
    return tuple(each for each in kinds if each != Kind.REACH.value or Kind.PLAN.value in kinds)


def rule_on_answer(said: Said, *, state: State) -> State | None:
    """What a service's answer makes of a handover; None when it changes nothing.

    The first yes or no counts. One that was taken back stays so, but when the service had read it by then that is said.
    """
    if said is Said.OPENED:
        after = {State.AGREED: State.OPENED, State.PASSED: State.OPENED, State.WITHDRAWN: State.STOPPED}
        return after.get(state)
    if state not in UNDER_WAY:
        return None
    return State.ACCEPTED if said is Said.ACCEPTED else State.BOUNCED


def rule_on(
    decision: Decision, *, state: State, kinds: Sequence[str], chosen: Sequence[str], is_unread: bool = False
) -> Ruling | None:
    """What a decision makes of it; None when it changes nothing: it was decided otherwise already, or has ended.

    `kinds` are those that count so far, `chosen` those that the decision names. A refusal may be turned into a yes; a yes
    is taken back, never widened. `is_unread`: what was passed on lies in a packet that nobody has opened.
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
    in_time = state is State.AGREED or (state is State.PASSED and is_unread)
    return Ruling(State.WITHDRAWN if in_time else State.STOPPED, tuple(kinds))


def may_follow(state: State, wanted: State) -> bool:
    """Whether staff may say that it stands so now."""
    return state in BY_STAFF.get(wanted, frozenset())


def overdue_from(changed_at: datetime, hours: OpeningHours, *, days: int = OVERDUE_AFTER_DAYS) -> datetime | None:
    """The end of the last of so many working days after `changed_at` (aware); None when the hours do not reach that far."""
    zone = hours.zone
    day: date = changed_at.astimezone(zone).date()
    for _ in range(days):
        opening = hours.next_opening(datetime.combine(day + timedelta(days=1), time(0), zone))
        if opening is None:
            return None
        day = opening.astimezone(zone).date()
    return datetime.combine(day + timedelta(days=1), time(0), zone)


def is_overdue(
    state: State, *, changed_at: datetime, now: datetime, hours: OpeningHours, due_at: datetime | None = None
) -> bool:
    """True when somebody waits for it too long: agreed or passed on, and `due_at` is over; without that, seven working days
    have gone by since."""
    if state not in UNDER_WAY:
        return False
    due = due_at or overdue_from(changed_at, hours)
    return due is not None and now >= due
