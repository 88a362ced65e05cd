"""When and how somebody may be contacted: the one authority for every send and every reveal (requirements B1, B2).

Pure rules: the plan, the way, the moment and how fresh the plan is go in; Allowed, Wait or Refused comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from app.domain.hours import OpeningHours

# A plan older than this is not trusted for showing an address; the desk collects anew first.
FRESH_FOR = timedelta(seconds=10)
LOOK_AHEAD_DAYS = 21


class Way(StrEnum):
    """A way to reach somebody."""

    CALL = "call"
    TEXT = "text"
    EMAIL = "email"


class Box(StrEnum):
    """The six boxes of times, and 'any time the Hub is open'. Bank holidays count as weekend."""

    WEEKDAY_MORNING = "weekday-morning"
    WEEKDAY_AFTERNOON = "weekday-afternoon"
    WEEKDAY_EVENING = "weekday-evening"
    WEEKEND_MORNING = "weekend-morning"
    WEEKEND_AFTERNOON = "weekend-afternoon"
    WEEKEND_EVENING = "weekend-evening"
    ANY = "any"


BOX_TIMES: Mapping[str, tuple[time, time]] = {
    "morning": (time(9), time(12)),
    "afternoon": (time(12), time(17)),
    "evening": (time(17), time(20)),
}


class Reason(StrEnum):
    """Why contact is refused."""

    NO_CONTACT = "no-contact"  # the person did not ask to be contacted
    NOT_CHOSEN = "not-chosen"  # not by this way
    NO_ADDRESS = "no-address"
    NO_TIMES = "no-times"  # no time was chosen for this way
    NO_MESSAGE = "no-message"  # a text or an e-mail may not show on their screen
    STALE = "stale"  # the plan may have changed since
    FROZEN = "frozen"


@dataclass(frozen=True)
class WayPlan:
    """How one way may be used. `shared` is 'only-me', 'others', 'not-sure' or None when that question was left."""

    way: Way
    address: str
    boxes: frozenset[Box]
    message_allowed: bool
    shared: str | None

    @property
    def missing(self) -> Reason | None:
        """What keeps this way from ever being used as it was left, or None when nothing does."""
        if not self.address.strip():
            return Reason.NO_ADDRESS
        if not self.boxes:
            return Reason.NO_TIMES
        # A call can be ended without a word; a text or an e-mail stands on the screen for whoever looks.
        return None if self.message_allowed or self.way is Way.CALL else Reason.NO_MESSAGE


@dataclass(frozen=True)
class ContactPlan:
    """What the person decided. `wanted` is None when the question was left: that means no contact."""

    wanted: bool | None
    ways: tuple[WayPlan, ...]
    frozen: bool = False

    def way(self, way: Way) -> WayPlan | None:
        """The plan for one way, or None when it was not chosen."""
        return next((plan for plan in self.ways if plan.way == way), None)


@dataclass(frozen=True)
class Allowed:
    """Contact may begin now; the window closes at `until`."""

    until: datetime


@dataclass(frozen=True)
class Wait:
    """Not now; the next window opens at `until`."""

    until: datetime


@dataclass(frozen=True)
class Refused:
    """Not at all, as things stand."""

    reason: Reason


Decision = Allowed | Wait | Refused


def decide(plan: ContactPlan, way: Way, at: datetime, *, known_at: datetime | None, hours: OpeningHours) -> Decision:
    """May this way be used at this moment?

    `at` is the aware moment in question, `known_at` when the plan was last known to be the newest (None: never),
    `hours` the Hub's opening hours, which also say which days are holidays and in which zone the boxes are meant.
    Raises ValueError for a moment without a zone.
    """
    at = _utc(at)
    if plan.frozen:
        return Refused(Reason.FROZEN)
    if not plan.wanted:
        return Refused(Reason.NO_CONTACT)
    chosen = plan.way(way)
    if chosen is None:
        return Refused(Reason.NOT_CHOSEN)
    if chosen.missing is not None:
        return Refused(chosen.missing)
    if known_at is None or not timedelta(0) <= at - _utc(known_at) <= FRESH_FOR:
        return Refused(Reason.STALE)
    best: datetime | None = None
    for start, end in _windows(chosen.boxes, at, hours):
        if start <= at < end:
            return Allowed(end)
        if start > at and (best is None or start < best):
            best = start
    return Refused(Reason.NO_TIMES) if best is None else Wait(best)


def plan_from_answers(reply: Mapping[str, Any], ways: Mapping[str, Mapping[str, Any]]) -> ContactPlan:
    """Read a plan from the answers of 'How should we reply?' and of the page of each way.

    Anything left out tightens: an unknown word is ignored, a missing answer is a no.
    """
    wanted = {"yes": True, "no": False}.get(str(reply.get("contact", "")))
    chosen = _words(reply.get("ways"))
    plans = []
    for way in Way:
        if way.value not in chosen:
            continue
        answer = ways.get(way.value) or {}
        times = _words(answer.get("times"))
        shared = answer.get("shared")
        plans.append(
            WayPlan(
                way=way,
                address=str(answer.get("address") or ""),
                boxes=frozenset(box for box in Box if box.value in times),
                message_allowed=answer.get("message") == "yes",
                shared=shared if isinstance(shared, str) and shared else None,
            )
        )
    return ContactPlan(wanted=wanted, ways=tuple(plans))


def _words(value: Any) -> list[str]:
    """A list of words; whatever else somebody sent in its place counts as nothing."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | tuple) else []


def _windows(boxes: frozenset[Box], at: datetime, hours: OpeningHours) -> list[tuple[datetime, datetime]]:
    """Every chosen window from the local day of `at` on, joined where one ends as the next begins."""
    today = at.astimezone(hours.zone).date()
    spans: list[tuple[datetime, datetime]] = []
    for offset in range(LOOK_AHEAD_DAYS):
        day = today + timedelta(days=offset)
        for start, end in sorted(_day_spans(boxes, day, hours)):
            opens = datetime.combine(day, start, hours.zone)
            # A span of opening hours that ends at 00:00 lasts until the day is over.
            closes = datetime.combine(day if end > start else day + timedelta(days=1), end, hours.zone)
            if spans and opens <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(closes, spans[-1][1]))
            else:
                spans.append((opens, closes))
    return spans


def _day_spans(boxes: frozenset[Box], day: date, hours: OpeningHours) -> list[tuple[time, time]]:
    kind = "weekend" if day.weekday() >= 5 or day in hours.holidays else "weekday"
    spans = [times for part, times in BOX_TIMES.items() if Box(f"{kind}-{part}") in boxes]
    if Box.ANY in boxes and day not in hours.holidays:
        spans += [(span.start, span.end) for span in hours.weekly.get(day.weekday(), ())]
    return spans


def _utc(moment: datetime) -> datetime:
    """Two times of one zone are compared by the wall clock, which is wrong while an hour happens twice (PEP 495)."""
    if moment.utcoffset() is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC)
