"""Changes that a person asks for from their space, and when each counts: tightening at once, loosening later.

The return number alone may stop, pause, narrow and hide. Whatever adds an address or a time, starts contact again, closes or
deletes needs the code word too; without it, it waits until the Hub has checked by a way that was already safe, or, where
no way was ever given, until a delay is over, during which the space shows it with "This was not me" (requirements B1, B5).
"""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.digits import western


class Change(StrEnum):
    """What a person can ask for. The values travel and are kept: add, never rename."""

    FREEZE = "freeze"  # not safe now: no contact at all
    UNFREEZE = "unfreeze"
    PAUSE = "pause"  # no contact until a day that the person names
    PLAN = "plan"  # another contact plan in place of the last
    NOTICES = "notices"  # how to be told that there is something new, or not at all
    CLOSE = "close"
    DELETE = "delete"
    TAKE_BACK = "take-back"  # delete, asked for while nobody at the Hub had opened the request
    NOT_ME = "not-me"  # somebody else asked for what waits: none of it happens
    NUMBER = "new-number"  # not asked for but done: a new number was collected with a code that the Hub gave


# These only ever take away what was allowed, so they count at once and travel ahead of everything else.
ALWAYS_TIGHTER = frozenset({Change.FREEZE, Change.PAUSE, Change.NOT_ME})

# These end with nothing left of the case on either side.
ERASES = frozenset({Change.DELETE, Change.TAKE_BACK})


class Standing(StrEnum):
    """Where a change stands at the Hub."""

    IN_FORCE = "in-force"
    WAITING = "waiting"  # asked for; nothing that it would loosen is loose yet
    DECLINED = "declined"  # the Hub checked, and it was not right
    DISOWNED = "disowned"  # the person said that it was not them
    REPLACED = "replaced"  # a later one of its kind stands in its place


@dataclass(frozen=True)
class Delays:
    """How long a loosening waits where no safe way to check was ever given, and a deletion before nothing is left."""

    loosen: timedelta = timedelta(days=3)
    delete: timedelta = timedelta(days=7)


@dataclass(frozen=True)
class Ruling:
    """How a change stands as it arrives. `due_at` is when it comes into force by itself; None: when the Hub has checked."""

    standing: Standing
    due_at: datetime | None = None


def rule_on(
    kind: Change,
    *,
    tightens: bool,
    proven: bool,
    has_route: bool,
    delays: Delays,
    now: datetime,
    is_unread: bool = False,
) -> Ruling:
    """Say how a change stands as it arrives.

    `tightens`: it allows nothing that was not allowed before. `proven`: the code word came with it and was right. `has_route`:
    the plan so far has a way by which the Hub can check. `is_unread`: nobody at the Hub has ever opened the request, so that
    taking it back undoes nothing but the sending. `now` is aware.
    """
    if kind in ALWAYS_TIGHTER or kind is Change.NUMBER or proven:
        return Ruling(Standing.IN_FORCE)
    if kind is Change.TAKE_BACK and is_unread:
        return Ruling(Standing.IN_FORCE)
    if kind in ERASES:
        # Everything is hidden and stopped at once; only the shredding waits, and "This was not me" takes it back.
        return Ruling(Standing.WAITING, now + delays.delete)
    if tightens and kind in {Change.PLAN, Change.NOTICES}:
        return Ruling(Standing.IN_FORCE)
    return Ruling(Standing.WAITING, None if has_route else now + delays.loosen)


def is_same_word(given: str, kept: str) -> bool:
    """True when a code word given is the one kept: letter case, spaces and ways to write the same letter or digit aside.

    Nothing given or nothing kept is never the same. Compared in constant time.
    """
    return bool(_plain(kept)) and hmac.compare_digest(_plain(given).encode(), _plain(kept).encode())


def _plain(word: str) -> str:
    folded = western(unicodedata.normalize("NFKC", word).casefold())
    return unicodedata.normalize(
        "NFC", "".join(letter for letter in folded if not letter.isspace() and letter.isprintable())
    )
