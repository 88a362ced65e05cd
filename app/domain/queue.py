"""Where a case stands in the queue: its tier, the window in which its person may be reached, and by when to answer.

Everything here is worked out from coded facts, so that the queue opens nothing. It sets the order of work; whether somebody
may be reached at all is for `app.domain.contact.decide` alone, which is also asked here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from app.domain.contact import Allowed, Decision, Wait, Way, decide, plan_of_codes
from app.domain.hours import HoursError, OpeningHours
from app.domain.priority import group_of, suggest
from app.domain.status import PROMISED, CaseState, day_in

# The order of the daily list: those at risk who wait for us, all others who do, those who wait for somebody else.
AT_RISK, OURS, OTHERS, QUIET = 0, 1, 2, 9
# The last tier of the daily list: quiet cases leave it until their review date.
LAST_LISTED = OTHERS
WAIT_FOR_US = frozenset({CaseState.NEW.value, CaseState.OURS.value})
# Instead of "never" and "at once", so that both have their place in an index.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
WINDOWS = "windows"
HIDDEN_FROM = "hidden_from"


@dataclass(frozen=True)
class Coded:
    """What follows from the coded facts and the state alone, at any time. `hidden_from` has each id between line ends."""

    at_risk: bool
    restricted: bool
    hidden_from: str
    suggested: str
    tier: int
    promised_by: date | None


@dataclass(frozen=True)
class Timed:
    """What follows from the time as well, until `turns_at`. `closes_at` is NEVER while no window is open."""

    closes_at: datetime
    turns_at: datetime
    due_at: datetime | None
    sort_at: datetime
    tier: int


def coded(facts: Mapping[str, Any], state: str) -> Coded:
    """What the queue keeps beside the facts of a case, to sort and to count by."""
    at_risk = facts.get("risk") is True
    hidden = [str(each) for each in facts.get(HIDDEN_FROM) or ()]
    return Coded(
        at_risk=at_risk,
        restricted=bool(facts.get("restricted")),
        hidden_from="".join(marked(each) for each in hidden),
        suggested=group_of(facts).value,
        tier=tier_of(state, at_risk=at_risk),
        promised_by=day_in(facts.get(PROMISED) or {}, "by"),
    )


def marked(staff_id: str) -> str:
    """An id as it stands in `hidden_from`: between line ends, which no id has."""
    return f"\n{staff_id}\n"


def tier_of(state: str, *, at_risk: bool, review_due: bool = False) -> int:
    """The tier of a case; a quiet one whose review date has come is ours to look at."""
    if state == CaseState.QUIET.value and not review_due:
        return QUIET
    if state in WAIT_FOR_US or state == CaseState.QUIET.value:
        return AT_RISK if at_risk else OURS
    return OTHERS


def timed(
    facts: Mapping[str, Any],
    state: str,
    *,
    received_at: datetime,
    waiting_since: datetime | None,
    answered_at: datetime | None,
    quiet_until: datetime | None,
    hours: OpeningHours,
    targets: Mapping[str, int],
    now: datetime,
) -> Timed:
    """What the queue sorts and counts by at this moment, and until when that holds. Moments are aware."""
    closes_at, turns_at = _window(facts, now, hours)
    due_at = None
    if targets and answered_at is None:
        with suppress(HoursError):  # a Hub that never opens has set a target that never ends
            due_at = suggest(facts, hours, received_at, targets=targets).due
    review_due = quiet_until is not None and quiet_until <= now
    if state == CaseState.QUIET.value and quiet_until is not None and not review_due:
        turns_at = min(turns_at, quiet_until)
    return Timed(
        closes_at=closes_at,
        turns_at=turns_at,
        due_at=due_at.astimezone(UTC) if due_at else None,
        sort_at=due_at.astimezone(UTC) if due_at else waiting_since or received_at,
        tier=tier_of(state, at_risk=facts.get("risk") is True, review_due=review_due),
    )


def reach(facts: Mapping[str, Any], now: datetime, hours: OpeningHours) -> list[tuple[Way, Decision]]:
    """How somebody may be reached at this moment, by the codes of their plan: those that are open first, then the nearest.

    For the eye only. Before anybody is rung the plan itself is asked, collected anew.
    """
    plan = plan_of_codes(facts)
    found = [(each.way, decide(plan, each.way, now, known_at=now, hours=hours)) for each in plan.ways]
    return sorted(found, key=lambda pair: _nearness(pair[1]))


def rules_of(hours: OpeningHours, targets: Mapping[str, int]) -> str:
    """A name for these hours and targets: when it changes, everything has to be worked out anew."""
    weekly = sorted((day, [(span.start, span.end) for span in spans]) for day, spans in hours.weekly.items())
    said = repr((weekly, sorted(hours.holidays), str(hours.zone), sorted(targets.items())))
    return hashlib.sha256(said.encode("utf-8")).hexdigest()


def _window(facts: Mapping[str, Any], now: datetime, hours: OpeningHours) -> tuple[datetime, datetime]:
    """When the soonest of the open windows closes, and when the next thing changes."""
    closes, turns = NEVER, NEVER
    for _, decision in reach(facts, now, hours):
        if isinstance(decision, Allowed):
            closes = min(closes, decision.until.astimezone(UTC))
        if isinstance(decision, Allowed | Wait):
            turns = min(turns, decision.until.astimezone(UTC))
    return closes, turns


def _nearness(decision: Decision) -> tuple[int, datetime]:
    if isinstance(decision, Allowed):
        return (0, decision.until.astimezone(UTC))
    if isinstance(decision, Wait):
        return (1, decision.until.astimezone(UTC))
    return (2, NEVER)
