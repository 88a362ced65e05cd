"""Before somebody is rung or written to: collect from the site, decide on the plan as it is then, write it down, and show.

A number or an address is shown for one way at a time and by no other door. What a person stopped a second ago must count, so
the desk makes a pass of its own first: never beside another (see `post.make_pass`), and for a few seconds at most.

Whoever presses says that they have read how (requirement B1), and names what they read: what was collected may be another plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nacl.exceptions import CryptoError

from app.adapters.carriers import BadToken, CarrierDown, MalformedParcel
from app.data import hub as rows
from app.data.database import Busy, Database
from app.domain.contact import Allowed, Decision, Refused, Way, decide
from app.domain.hours import OpeningHours
from app.services.hub import plans, post, records
from app.services.hub.desk import Shown, mark_of, need_open
from app.services.hub.post import Carrier, PortalTrust, PostKeys
from app.services.hub.records import Opener
from app.services.hub.staff import SignedIn

# A colleague waits: no longer than this for a pass of the courier to end, and about as long again for one of our own.
WAIT_SECONDS = 2.0
SHOWED, DECLINED = "showed-way", "refused-way"
# What the log calls a way that waits for its hours; any other refusal has the name of its reason.
OUTSIDE_HOURS = "outside-hours"


class NotRead(Exception):
    """Nobody said that they have read how; or the plan says something else by now than what they read."""


@dataclass(frozen=True)
class Collector:
    """What it takes to collect from the portal. The carrier's own limit of time is as short as `WAIT_SECONDS`."""

    database: Database
    carrier: Carrier
    trust: PortalTrust
    keys: PostKeys
    opener: Opener
    hours: OpeningHours


def show(
    collector: Collector, *, case_id: bytes, way: Way, read: str, signed: SignedIn, clock: Callable[[], datetime]
) -> Shown:
    """Collect, and leave to show this way if the plan allows it now: what `desk.read_case` takes. Logged before it is shown.

    `read` is the mark of what whoever asks has read (`desk.mark_of`). A refusal is logged too. `clock` gives the moment each
    time anew. Raises NoSuchCase, NotOpened and NotRead.
    """
    need_open(collector.database, case_id, signed, now=clock())
    shown = Shown(way, known_at=collect(collector, now=clock()))
    need_open(collector.database, case_id, signed, now=clock())  # what was collected may have been a deletion
    with collector.database.reading() as session:
        key = records.case_key(session, case_id, opener=collector.opener)
        plan = plans.read(session, case_id, key=key, hours=collector.hours).plan
    now = clock()
    decision = decide(plan, way, now, known_at=shown.known_at, hours=collector.hours)
    if isinstance(decision, Allowed) and read != mark_of(plan, way):
        raise NotRead
    with collector.database.writing() as session:
        if isinstance(decision, Allowed):
            rows.log(session, at=now, staff_id=signed.identity.id, action=SHOWED, case_id=case_id, detail=way.value)
            opening = session.get_one(rows.Opening, (signed.session_id, case_id))
            opening.shown = {**(opening.shown or {}), way.value: now.isoformat(timespec="seconds")}
        else:
            why = f"{way.value}: {_why(decision)}"
            rows.log(session, at=now, staff_id=signed.identity.id, action=DECLINED, case_id=case_id, detail=why)
    return shown


def _why(decision: Decision) -> str:
    return decision.reason.value if isinstance(decision, Refused) else OUTSIDE_HOURS


def collect(collector: Collector, *, now: datetime) -> datetime | None:
    """Make a pass; since when everything is known that the portal had, or None when that cannot be said."""
    try:
        made = post.make_pass(
            collector.database,
            collector.carrier,
            trust=collector.trust,
            keys=collector.keys,
            opener=collector.opener,
            now=now,
            hours=collector.hours,
            wait_seconds=WAIT_SECONDS,
        )
    except (CarrierDown, BadToken, MalformedParcel, CryptoError, Busy):
        return None  # where something is wrong, the courier alarms
    return now if made.has_all and not made.stopped else None
