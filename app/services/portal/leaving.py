"""Leaving: closing, deleting, taking a request back; and until when a space says that it is kept.

The portal knows no code word and decides nothing. What it shows comes from what was asked for here (the leaf), what the Hub said
of it (the conversation), and how much was sent since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from sqlalchemy.orm import Session

from app.data import portal as rows
from app.data.database import Database
from app.domain.change import ERASES, Change, Delays, Standing
from app.domain.status import Status
from app.services.portal import changes, leaf, space
from app.services.portal.contact import Told, told_in
from app.services.portal.office import Office
from app.services.portal.space import OpenVisit

# In the leaf: the day that was shown when a deletion was asked for, until the Hub has said its own.
DELETING_ON = "deleting_on"
DELAYS = Delays()
ENDED = frozenset({Standing.DECLINED, Standing.DISOWNED})


class Gone(Enum):
    """Why everything could be deleted at once: the request had not left this site, or the Hub could not open it."""

    NEVER_LEFT = auto()
    REFUSED = auto()


@dataclass(frozen=True)
class Deleting:
    """Everything is to be deleted, and hidden until then. `hub_has_it`: the Hub itself has said so. `is_refused`: it could not
    open the request, so nobody will delete it unless its person takes it back, here."""

    kind: Change
    at: datetime
    hub_has_it: bool
    is_refused: bool


@dataclass(frozen=True)
class Marks:
    """What a space shows of leaving. `kept_until` is the moment at which it will be deleted unless something is said."""

    may_take_back: bool
    closing: Told | None
    is_closed: bool
    kept_until: datetime | None


def deleting(session: Session, opened: OpenVisit) -> Deleting | None:
    """The deletion that was asked for from here and stands; None when none does. Cheap where none was ever asked for."""
    remembered = leaf.read(session, opened.case_id, secret=opened.case_secret)
    asked = _asked(remembered)
    wanted = [(number, kind) for kind, number in asked.items() if kind in ERASES]
    if not wanted:
        return None
    number, kind = max(wanted)
    if asked.get(Change.NOT_ME, -1) > number:
        return None
    found = space.read_space(session, opened)
    told = told_in(found.conversation).get(number)
    if told is not None and told.standing in ENDED:
        return None
    at = told.until if told is not None and told.until is not None else _moment(remembered.get(DELETING_ON))
    return None if at is None else Deleting(kind, at, told is not None, found.is_refused)


def marks(session: Session, opened: OpenVisit, found: space.Space) -> Marks:
    """What the space of somebody who is not deleting it shows of leaving."""
    last = session.get_one(rows.Case, opened.case_id).number_out
    unsaid = space.unsaid(leaf.read(session, opened.case_id, secret=opened.case_secret))
    closed: int | None = None
    kept: tuple[datetime, int] | None = None
    for each in sorted((one for one in found.conversation if not one.mine), key=lambda one: one.number):
        data = each.news.data
        if each.news.kind == "change":
            if data.get("change") == Change.CLOSE and data.get("standing") == Standing.IN_FORCE:
                closed = _number(data.get("number"))
        elif each.news.status == Status.KEPT_UNTIL:
            until, after = _moment(data.get("until")), _number(data.get("after"))
            kept = (until, after) if until is not None and after is not None else kept
        elif each.news.status == Status.KEPT_ON:
            kept = None
        else:  # a word from the Hub opens it again
            closed = _number(data.get("after")) if each.news.status == Status.CLOSED else None
            kept = None

    def stands(number: int) -> bool:
        """Nothing was said from here since."""
        return not any(sent not in unsaid for sent in range(number + 1, last + 1))

    waiting = [each for each in told_in(found.conversation).values() if each.kind is Change.CLOSE]
    newest = max(waiting, key=lambda each: each.number, default=None)
    return Marks(
        may_take_back=not found.read,
        closing=newest if newest is not None and newest.standing is Standing.WAITING else None,
        is_closed=closed is not None and stands(closed),
        kept_until=kept[0] if kept is not None and stands(kept[1]) else None,
    )


def ask_to_close(
    database: Database, office: Office, opened: OpenVisit, *, code_word: str, change_id: bytes, now: datetime
) -> None:
    """Ask the Hub to stop working on it. Raises sealing.TooLarge."""
    changes.ask(database, office, opened, change=Change.CLOSE, code_word=code_word, change_id=change_id, now=now)


def ask_to_delete(
    database: Database, office: Office, opened: OpenVisit, *, code_word: str, change_id: bytes, now: datetime
) -> None:
    """Ask for everything to be deleted: hidden here from now on, whatever the code word was. Raises sealing.TooLarge."""
    changes.ask(
        database,
        office,
        opened,
        change=Change.DELETE,
        code_word=code_word,
        change_id=change_id,
        now=now,
        remember={DELETING_ON: _day(now)},
    )


def take_back(database: Database, office: Office, opened: OpenVisit, *, change_id: bytes, now: datetime) -> Gone | None:
    """Take a request back that nobody has read; says why when it is gone already.

    Otherwise it travels: the Hub deletes at once what nobody there has opened, and what somebody has opened waits.
    """
    if _erase(database, opened, where=rows.never_carried):
        return Gone.NEVER_LEFT
    if _erase(database, opened, where=rows.was_refused):
        return Gone.REFUSED
    changes.ask(
        database,
        office,
        opened,
        change=Change.TAKE_BACK,
        change_id=change_id,
        now=now,
        remember={DELETING_ON: _day(now)},
    )
    return None


def _erase(database: Database, opened: OpenVisit, *, where: Callable[[Session, bytes], bool]) -> bool:
    """Delete everything of a space, if this holds for its request; returns whether it did."""
    with database.writing() as session:
        holds = where(session, opened.case_id)
        if holds:
            rows.erase_case(session, opened.case_id)
    if holds:
        database.forget_deleted()
    return holds


def _day(now: datetime) -> str:
    return (now + DELAYS.delete).isoformat(timespec="seconds")


def _asked(remembered: Mapping[str, Any]) -> dict[Change, int]:
    """The number of the newest change of each kind that was asked for from here."""
    asked = remembered.get(changes.ASKED)
    pairs = asked.items() if isinstance(asked, dict) else ()
    return {Change(kind): number for kind, number in pairs if kind in set(Change) and isinstance(number, int)}


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.utcoffset() is not None else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None
