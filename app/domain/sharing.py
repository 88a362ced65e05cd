"""Letting another agency's case system fetch a case, and send news of it: what a person must have agreed to, and for how long.

What is given is never more than what the person said yes to, kind by kind, when the Hub asked whether it may pass them on
(app/domain/handover.py). A consent adds to that for which purpose their system may fetch it, and until when (requirements
E2, E18). Without a consent nothing is there: no row, no count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from app.domain.contact import ContactPlan, WayPlan
from app.domain.handover import Kind, State
from app.domain.status import ABOUT_TROUBLE, CaseState, Milestone, Status


class Purpose(StrEnum):
    """What an agency's system may do. The values travel and are kept: add, never rename."""

    SUPPORT = "support"  # help the person: fetch what was agreed
    CASE_NEWS = "case-news"  # the same, and send news of a police or court case to their space


class Scope(StrEnum):
    """What a token allows."""

    READ = "cases:read"
    NEWS = "news:write"


class What(StrEnum):
    """What has happened to a case, as its puller sees it."""

    NEW = "new"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


class Why(StrEnum):
    """Why something is withdrawn, and so how much the puller must delete."""

    CONSENT_ENDED = "consent-ended"  # everything
    ERASED = "erased"  # everything
    FROZEN = "frozen"  # every address and number; the rest may stay


class Contact(StrEnum):
    """What the agency may do to reach the person, in one word; never wider than what the plan says."""

    NONE = "none"  # they want no contact
    FROZEN = "frozen"  # they said that it is not safe
    PAUSED = "paused"
    ASK_THE_HUB = "ask-the-hub"  # how they may be reached safely was not agreed to
    BY_PLAN = "by-plan"


LONGEST_DAYS, USUAL_DAYS = 365, 90
# A plan is trusted only while it is fresh: after this the puller asks again, and without a pass this young nothing is given.
TRUSTED_FOR = timedelta(seconds=60)
# How long the feed remembers; who comes later begins anew.
FEED_KEPT = timedelta(days=90)
TOKEN_LASTS = timedelta(minutes=10)
# The handovers that the person agreed to and did not take back, and that nobody has ended.
AGREED = frozenset({State.AGREED, State.PASSED, State.ACCEPTED})
# Whoever asked for themselves: of others the space belongs to the asker, and what it holds is about somebody else.
FOR_THEMSELVES = frozenset({"me", "me-helped"})
# These are asked for, and from then on nothing of theirs goes anywhere.
ENDING = frozenset({"delete", "take-back", "close"})
# What another agency may say in a code. All others speak for the Hub.
NEWS_OF_OTHERS = (Status.NO_NEWS, *(each for each in ABOUT_TROUBLE if each is not Status.ASB_ASKED))
MILESTONES = tuple(Milestone)
MILLI = 1000


def scopes_of(purposes: Collection[str]) -> tuple[str, ...]:
    """What a client with these purposes may be given leave for."""
    both = (Scope.READ.value, Scope.NEWS.value)
    return both if Purpose.CASE_NEWS in purposes else both[:1]


def may_be_shared(facts: Mapping[str, Any], state: str) -> bool:
    """Whether a case may be given to any other system at all, whatever was agreed. `facts` are its coded facts.

    Never one that only some colleagues may know of, one that was asked for by somebody else, one that is closed, or one
    whose person has asked to end or delete everything.
    """
    return (
        not facts.get("restricted")
        and facts.get("who") in FOR_THEMSELVES
        and state != CaseState.CLOSED.value
        and not ENDING & set(facts.get("asked") or ())
    )


def contact_now(plan: ContactPlan, kinds: Collection[str], *, now: datetime) -> Contact:
    """What may be done to reach somebody who agreed to these kinds."""
    if plan.frozen:
        return Contact.FROZEN
    if not plan.wanted:
        return Contact.NONE
    if plan.paused_until is not None and now < plan.paused_until:
        return Contact.PAUSED
    return Contact.BY_PLAN if Kind.PLAN in kinds else Contact.ASK_THE_HUB


def gives_address(way: WayPlan, contact: Contact, kinds: Collection[str]) -> bool:
    """Whether the number or address of a way is given: only together with how it may be used safely, and never while stopped."""
    return contact is Contact.BY_PLAN and {Kind.PLAN, Kind.REACH} <= set(kinds) and way.missing is None


def last_day(today: date) -> date:
    """The last day until which a consent may be recorded."""
    return today + timedelta(days=LONGEST_DAYS)


@dataclass(frozen=True)
class Limit:
    """A bucket of `burst` requests that fills again by `per_second`."""

    burst: int
    per_second: int


@dataclass(frozen=True)
class Bucket:
    """How full it is, in thousandths of a request, and at which millisecond that was so."""

    level: int
    at_ms: int


@dataclass(frozen=True)
class Wait:
    """Too many: `seconds`, at least one, until the next may come."""

    seconds: int


def take(limit: Limit, bucket: Bucket, *, now_ms: int) -> Bucket | Wait:
    """Take one request out of the bucket. A clock that was set back fills nothing and empties nothing."""
    gone = max(0, now_ms - bucket.at_ms)
    level = min(limit.burst * MILLI, bucket.level + gone * limit.per_second)
    if level < MILLI:
        return Wait(max(1, -(-(MILLI - level) // (limit.per_second * MILLI))))
    return Bucket(level - MILLI, max(now_ms, bucket.at_ms))
