"""How somebody is told that there is something new in their space, as far as their space knows it.

The portal can read neither the words nor an address again. It remembers the way alone, so as to ask about the right test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.data.database import Database
from app.domain.change import Change
from app.domain.contact import Way
from app.domain.notice import NOTICE_WAYS, ONLY_ME, SEEN_KIND, TOLD, Told
from app.domain.outline import from_codes
from app.domain.referral import Addition
from app.domain.status import Delivery
from app.services.portal import changes, contact, leaf, refer, space
from app.services.portal.office import Office
from app.services.portal.space import OpenVisit

# Names in the leaf: the way that was chosen, the newest item to the person when it was, and what was said of the test.
CHOICE, WAY, AFTER, ANSWER = "notices", "way", "after", "answer"


@dataclass(frozen=True)
class Notices:
    """What the space can say. `way` is what was asked for last, None for no notices.

    `ways` are those of the plan that may be offered, None where the space keeps no outline of it. `standing` is what the
    Hub said of the change, `told` the newest that it said of notices since. `answer` is what they said of the test.
    """

    way: Way | None
    ways: tuple[Way, ...] | None
    delivery: Delivery | None
    standing: contact.Told | None
    told: Told | None
    is_tested: bool
    answer: str


def read(session: Session, opened: OpenVisit, *, now: datetime) -> Notices:
    """What is known here about notices."""
    conversation = space.read_space(session, opened).conversation
    remembered = leaf.read(session, opened.case_id, secret=opened.case_secret)
    asked = changes.delivery_of(session, opened, Change.NOTICES)
    chosen = _chosen(remembered)
    after = chosen.get(AFTER)
    since = [
        each.news.status
        for each in conversation
        if not each.mine and each.news.kind == TOLD and each.number > (after if isinstance(after, int) else 0)
    ]
    told = [Told(each) for each in since if each in set(Told)]
    answer = chosen.get(ANSWER)
    return Notices(
        way=next((each for each in NOTICE_WAYS if each.value == chosen.get(WAY)), None),
        ways=_ways(remembered),
        delivery=asked[1] if asked else None,
        standing=contact.told_in(conversation).get(asked[0]) if asked else None,
        told=told[-1] if told else None,
        is_tested=Told.TEST_SENT in told,
        answer=answer if isinstance(answer, str) else "",
    )


def choose(
    database: Database,
    office: Office,
    opened: OpenVisit,
    *,
    way: Way | None,
    words: str,
    code_word: str,
    change_id: bytes,
    now: datetime,
) -> None:
    """Ask to be told by a way in these words; by none stops it at once. Raises sealing.TooLarge."""
    with database.reading() as session:
        theirs = [each.number for each in space.read_space(session, opened).conversation if not each.mine]
    changes.ask(
        database,
        office,
        opened,
        change=Change.NOTICES,
        content={"way": way.value, "words": words} if way else {"way": ""},
        code_word=code_word if way else "",
        change_id=change_id,
        now=now,
        remember={CHOICE: {WAY: way.value, AFTER: max(theirs, default=0)} if way else None},
    )


def answer(
    database: Database, office: Office, opened: OpenVisit, *, only_me: str, change_id: bytes, now: datetime
) -> None:
    """Pass on whether only they saw the test of the way they chose; without a choice there is nothing to pass on."""
    with database.reading() as session:
        chosen = _chosen(leaf.read(session, opened.case_id, secret=opened.case_secret))
    if not chosen:
        return

    def note(session: Session, _number: int) -> None:
        leaf.remember(session, opened.case_id, secret=opened.case_secret, **{CHOICE: {**chosen, ANSWER: only_me}})

    refer.send_addition(
        database,
        office,
        case_id=opened.case_id,
        addition=Addition(kind=SEEN_KIND, content={WAY: chosen.get(WAY), ONLY_ME: only_me}),
        addition_id=change_id,
        urgent=True,
        also=note,
        now=now,
    )


def _chosen(remembered: dict[str, Any]) -> dict[str, Any]:
    found = remembered.get(CHOICE)
    return found if isinstance(found, dict) else {}


def _ways(remembered: dict[str, Any]) -> tuple[Way, ...] | None:
    """The ways of the outlines that the space keeps: of the plan that counts, and of one that was asked for since."""
    outlines = [from_codes(remembered.get(name)) for name in (leaf.OUTLINE, leaf.OUTLINE_ASKED)]
    known = [each for each in outlines if each is not None]
    if not known:
        return None
    there = {way.way for outline in known for way in outline.ways if way.message_allowed}
    return tuple(each for each in NOTICE_WAYS if each in there)
