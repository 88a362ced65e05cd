"""What waits for a colleague's check before it counts: what it would make of the contact plan, and Yes or No.

The check is by a way that was safe before. So what is shown of a plan that waits is its outline: an address that nobody has
checked yet is never shown, or it would be rung.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.data import hub as rows
from app.data.database import Database
from app.domain.asker import is_young
from app.domain.change import Change, Standing
from app.domain.contact import ContactPlan, Way, WayPlan, keeping
from app.domain.hours import OpeningHours
from app.services.hub import changes, guard, plans
from app.services.hub.desk import NotOpened, OpenCase
from app.services.hub.plans import Asked
from app.services.hub.records import Opener
from app.services.hub.staff import SignedIn


class Address(StrEnum):
    """What a change says of the number or address of a way, compared with the one that counts now."""

    SAME = "same"
    OTHER = "other"
    NEW = "new"
    NONE = "none"


@dataclass(frozen=True)
class WayAsked:
    """One way as it would be. `chosen` has its address and the name of whom they trust left out."""

    chosen: WayPlan
    address: Address


@dataclass(frozen=True)
class ChangeAsked:
    """A change that waits. `wanted` and `ways` only for another plan; `due_at` is when it counts by itself, if ever."""

    asked: Asked
    wanted: bool
    ways: tuple[WayAsked, ...]


def waiting(case: OpenCase) -> tuple[ChangeAsked, ...]:
    """What waits for a check or a day, oldest first."""
    return tuple(_change_asked(each, case) for each in case.changes if each.standing is Standing.WAITING)


def settle(
    database: Database,
    *,
    case_id: bytes,
    change_id: bytes,
    signed: SignedIn,
    is_right: bool,
    opener: Opener,
    hours: OpeningHours,
    now: datetime,
) -> None:
    """A colleague who has the case open says whether it was right; logged, and told to the person with the next pass.

    Raises guard.NoSuchCase, desk.NotOpened and changes.NotWaiting.
    """
    with database.writing() as session:
        guard.case_for(session, case_id, signed.identity)
        opening = session.get(rows.Opening, (signed.session_id, case_id))
        if opening is None or opening.expires_at <= now:
            raise NotOpened
        changes.decide_on(
            session, case_id, change_id, signed.identity, is_right=is_right, opener=opener, now=now, hours=hours
        )


def _change_asked(asked: Asked, case: OpenCase) -> ChangeAsked:
    if asked.kind is not Change.PLAN:
        return ChangeAsked(asked, wanted=False, ways=())
    under_18 = is_young(case.referral.answers)
    plan = keeping(plans.plan_asked(asked.content, under_18=under_18), case.plan)
    return ChangeAsked(
        asked, wanted=bool(plan.wanted), ways=tuple(_way_asked(each, case.plan) for each in plan.ways if plan.wanted)
    )


def _way_asked(chosen: WayPlan, now_counts: ContactPlan) -> WayAsked:
    before = now_counts.way(Way(chosen.way))
    if not chosen.address.strip():
        address = Address.NONE
    elif before is None or not before.address.strip():
        address = Address.NEW
    else:
        same = (chosen.address, chosen.person) == (before.address, before.person)
        address = Address.SAME if same else Address.OTHER
    return WayAsked(replace(chosen, address="", person=""), address)
