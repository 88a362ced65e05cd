"""How the Hub may contact somebody, as far as their own space knows it.

The portal cannot read a plan that was sent. What this page says comes from three places: what was asked for from here (the
leaf), what the Hub said of it (the conversation), and where it is on its way (the post).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.data import portal as rows
from app.data.database import Database
from app.domain.change import ERASES, Change, Standing
from app.domain.contact import plan_of
from app.domain.outline import Outline, from_codes, outline_of
from app.domain.status import Delivery
from app.services.portal import changes, leaf, space
from app.services.portal.office import Office
from app.services.portal.space import OpenVisit, Shown

# What stops all contact, and how it must stand for that; as app/services/hub/plans.py counts it.
STOPS = {
    Change.FREEZE: frozenset(Standing),
    Change.DELETE: frozenset(Standing) - {Standing.DECLINED},
    Change.TAKE_BACK: frozenset(Standing) - {Standing.DECLINED},
    Change.CLOSE: frozenset({Standing.IN_FORCE}),
}


@dataclass(frozen=True)
class Told:
    """What the Hub said of one change: the newest of it. `at` is when it first spoke of it."""

    number: int
    kind: Change
    standing: Standing
    until: datetime | None
    at: datetime


@dataclass(frozen=True)
class Stopped:
    """All contact is stopped, by changes of these kinds. `hub_has_it_at` is None until the Hub itself has said so; `delivery` is
    where the change is."""

    by: frozenset[Change]
    hub_has_it_at: datetime | None
    delivery: Delivery

    @property
    def reason(self) -> str:
        """What to say of why, where nobody pressed "Not safe now": "close" or "delete". Empty where somebody did."""
        if Change.FREEZE in self.by:
            return ""
        return "close" if Change.CLOSE in self.by else "delete"


@dataclass(frozen=True)
class Contact:
    """What the space can say truthfully about contact. `asked` is the outline of a plan that waits, wholly or in part."""

    stopped: Stopped | None
    paused_until: datetime | None
    waiting: tuple[Told, ...]
    is_on_its_way: bool
    keeps_outline: bool
    outline: Outline | None
    asked: Outline | None


def read(session: Session, opened: OpenVisit, conversation: Sequence[Shown], *, now: datetime) -> Contact:
    """What is known here about contact."""
    remembered = leaf.read(session, opened.case_id, secret=opened.case_secret)
    told, asked = told_in(conversation), _asked(remembered)
    lifted = max((each.number for each in told.values() if _lifts(each)), default=-1)
    kept, newest = from_codes(remembered.get(leaf.OUTLINE)), from_codes(remembered.get(leaf.OUTLINE_ASKED))
    plan = told.get(asked.get(Change.PLAN, -1))
    is_replaced = newest is not None and plan is not None and plan.standing is Standing.IN_FORCE
    is_off = plan is not None and plan.standing in {Standing.DECLINED, Standing.DISOWNED}
    return Contact(
        stopped=_stopped(session, opened, told, asked, lifted=lifted),
        paused_until=_paused(remembered, told, asked, lifted=lifted, now=now),
        waiting=_waiting(told),
        is_on_its_way=any(number not in told for number in asked.values()),
        keeps_outline=remembered.get(leaf.KEEPS_OUTLINE) is True,
        outline=newest if is_replaced else kept,
        asked=None if is_replaced or is_off else newest,
    )


def told_in(conversation: Sequence[Shown]) -> dict[int, Told]:
    """The newest that the Hub said of each change, by the number of the change."""
    found: dict[int, Told] = {}
    for each in conversation:
        data = each.news.data
        if each.mine or each.news.kind != "change":
            continue
        try:
            number, kind, standing = data["number"], Change(data["change"]), Standing(data["standing"])
        except (KeyError, ValueError):
            continue
        if isinstance(number, int):
            first = found[number].at if number in found else each.at
            found[number] = Told(number, kind, standing, each.news.until, first)
    return found


def replace_plan(
    database: Database,
    office: Office,
    opened: OpenVisit,
    *,
    answers: Mapping[str, Mapping[str, Any]],
    code_word: str,
    change_id: bytes,
    today: date,
    now: datetime,
) -> None:
    """Ask for another plan: the answers of "How should we reply?" and of each way, by step key.

    `today` is the local day. Raises sealing.TooLarge.
    """
    with database.reading() as session:
        remembered = leaf.read(session, opened.case_id, secret=opened.case_secret)
        known = read(session, opened, space.read_space(session, opened).conversation, now=now)
    remember: dict[str, Any] = {leaf.OUTLINE_ASKED: None}
    if remembered.get(leaf.KEEPS_OUTLINE) is True:
        newest = outline_of(plan_of(answers), today=today, before=known.asked or known.outline)
        remember = {
            leaf.OUTLINE: known.outline.to_codes() if known.outline else None,
            leaf.OUTLINE_ASKED: newest.to_codes(),
        }
    changes.ask(
        database,
        office,
        opened,
        change=Change.PLAN,
        content={"answers": answers},
        code_word=code_word,
        change_id=change_id,
        now=now,
        remember=remember,
    )


def pause(
    database: Database, office: Office, opened: OpenVisit, *, until: datetime, change_id: bytes, now: datetime
) -> None:
    """Ask for no contact before `until` (aware). A pause that already lasts longer stays as it is."""
    with database.reading() as session:
        known = read(session, opened, space.read_space(session, opened).conversation, now=now)
    longest = max(until, known.paused_until or until)
    changes.ask(
        database,
        office,
        opened,
        change=Change.PAUSE,
        content={"until": until.isoformat(timespec="seconds")},
        change_id=change_id,
        now=now,
        remember={leaf.PAUSED_UNTIL: longest.isoformat(timespec="seconds")},
    )


def keep_outline(database: Database, opened: OpenVisit, *, keep: bool) -> None:
    """Show an outline here from the next change on, or forget what there is of it."""
    with database.writing() as session:
        forget: dict[str, Any] = {} if keep else {leaf.OUTLINE: None, leaf.OUTLINE_ASKED: None}
        leaf.remember(
            session, opened.case_id, secret=opened.case_secret, **{leaf.KEEPS_OUTLINE: keep or None}, **forget
        )


def _asked(remembered: Mapping[str, Any]) -> dict[Change, int]:
    """The number of the newest change of each kind that was asked for from here."""
    asked = remembered.get(changes.ASKED)
    pairs = asked.items() if isinstance(asked, dict) else ()
    return {Change(kind): number for kind, number in pairs if kind in set(Change) and isinstance(number, int)}


def _lifts(each: Told) -> bool:
    return each.kind is Change.UNFREEZE and each.standing is Standing.IN_FORCE


def _stopped(
    session: Session, opened: OpenVisit, told: Mapping[int, Told], asked: Mapping[Change, int], *, lifted: int
) -> Stopped | None:
    stopping = {each.number for each in told.values() if each.standing in STOPS.get(each.kind, ())}
    # What the Hub has not spoken of yet stops here at once.
    stopping |= {asked[kind] for kind in (Change.FREEZE, *ERASES) if kind in asked and asked[kind] not in told}
    stopping = {number for number in stopping if number > lifted}
    if not stopping:
        return None
    state = rows.delivery(session, opened.case_id).get(max(stopping), Delivery.RECEIVED.value)
    known = [told[number].at for number in stopping if number in told]
    kinds = {number: kind for kind, number in asked.items()} | {number: told[number].kind for number in told}
    return Stopped(
        by=frozenset(kinds[number] for number in stopping),
        hub_has_it_at=min(known, default=None),
        delivery=Delivery(state),
    )


def _paused(
    remembered: Mapping[str, Any],
    told: Mapping[int, Told],
    asked: Mapping[Change, int],
    *,
    lifted: int,
    now: datetime,
) -> datetime | None:
    """Until when contact is paused; None when it is not, or the Hub has taken the pause back since."""
    if asked.get(Change.PAUSE, -1) <= lifted:
        return None
    try:
        until = datetime.fromisoformat(remembered.get(leaf.PAUSED_UNTIL, ""))
    except (TypeError, ValueError):
        return None
    return until if until > now else None


def _waiting(told: Mapping[int, Told]) -> tuple[Told, ...]:
    """What waits for a check or a day: of each kind the newest, unless a later one that counts has taken its place."""
    newest: dict[Change, Told] = {}
    for _, each in sorted(told.items()):
        if each.standing is Standing.WAITING:
            newest[each.kind] = each
        elif each.standing is Standing.IN_FORCE:
            newest.pop(each.kind, None)
    return tuple(newest.values())
