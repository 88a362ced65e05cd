"""After a restore: what the portal still holds comes back before the Hub does anything else.

First what people sent since the backup, in ordinary passes; then what the Hub itself had said since, by its own signature. Until
then it does not know which numbers its own items have, so it must not say anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.adapters.carriers import GivenBack
from app.data import hub as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.hours import OpeningHours
from app.domain.referral import MalformedReferral, News
from app.services import post
from app.services.hub import records
from app.services.hub.post import Carrier, PassMade, PortalTrust, PostKeys, make_pass
from app.services.hub.records import Opener

MOST_PASSES = 10_000


class PortalHasStopped(Exception):
    """The portal noticed the restore and waits until somebody there says to go on."""


class RestoreCutOff(Exception):
    """The database was not filled to its end."""


class NotQuiet(Exception):
    """The portal went on sending."""


@dataclass(frozen=True)
class Recovered:
    """How many envelopes of people came again, and how many of the Hub's own items came back."""

    came_again: int
    came_back: int


def recover(
    database: Database,
    carrier: Carrier,
    *,
    trust: PortalTrust,
    keys: PostKeys,
    opener: Opener,
    now: datetime,
    hours: OpeningHours | None = None,
) -> Recovered:
    """Bring back what a restored Hub has lost, and let it work again. Cut off, it can be done again from the start.

    Raises PortalHasStopped, RestoreCutOff, NotQuiet, and what a pass raises.
    """
    with database.reading() as session:
        if post_rows.post_state(session, rows.POST).stopped == post.BEING_RESTORED:
            raise RestoreCutOff

    def one(give_back_after: bytes | None = None) -> PassMade:
        made = make_pass(
            database,
            carrier,
            trust=trust,
            keys=keys,
            opener=opener,
            now=now,
            hours=hours,
            recovering=True,
            give_back_after=give_back_after,
        )
        if made.stopped:
            raise PortalHasStopped
        return made

    came_again = came_back = 0
    for _ in range(MOST_PASSES):
        made = one()
        came_again += made.taken_in
        if not made.taken_in and not made.refused:
            break
    else:
        raise NotQuiet
    after = b""
    while (made := one(after)).given_back:
        came_back += _take_back(database, made.given_back, keys=keys, opener=opener, now=now)
        after = max(each.envelope_id for each in made.given_back)
    with database.writing() as session:
        post_rows.let_in_again(session, rows.POST)
    return Recovered(came_again=came_again, came_back=came_back)


def _take_back(database: Database, given: Sequence[GivenBack], *, keys: PostKeys, opener: Opener, now: datetime) -> int:
    """Write down what is missing here; returns how many. Every number that was used is never used again."""
    with database.reading() as session:
        found = [(each, _item_of(session, each, keys=keys, opener=opener, now=now)) for each in given]
    taken = 0
    with database.writing() as session:
        for each, item in found:
            case = session.get(rows.Case, each.case_id)
            if case is None:
                continue  # erased, or in no backup: there is nobody to say anything to
            if item is not None:
                session.add(item)
                taken += 1
            case.number_out = max(case.number_out, each.number)
            session.flush()
    return taken


def _item_of(session: Session, each: GivenBack, *, keys: PostKeys, opener: Opener, now: datetime) -> rows.Item | None:
    """The row that was lost; None when it is here, was cleared by its person, or is not what the Hub signed."""
    if not each.body or session.get(rows.Case, each.case_id) is None or _is_here(session, each):
        return None
    try:
        envelope = sealing.parse(each.body)
        sealing.verify(envelope, [keys.voice.verify_key])
        header = envelope.header
        if (header.envelope_id, header.case_id, header.number) != (each.envelope_id, each.case_id, each.number):
            raise sealing.CannotOpen
        secret = records.case_key(session, each.case_id, opener=opener).case_secret
        text = sealing.open_in_conversation(envelope, lane=sealing.Lane.TO_PERSON, secret=secret)
        at = datetime.fromisoformat(News.from_bytes(text).at)
    except (sealing.MalformedEnvelope, sealing.BadSignature, sealing.CannotOpen, MalformedReferral, ValueError):
        post.alarm("an item of a conversation does not open at the desk")
        return None
    return rows.Item(
        envelope_id=each.envelope_id,
        case_id=each.case_id,
        direction=rows.TO_PERSON,
        number=each.number,
        body=each.body,
        added_at=at if at.tzinfo is not None else at.replace(tzinfo=UTC),
    )


def _is_here(session: Session, each: GivenBack) -> bool:
    same_number = select(rows.Item.envelope_id).where(
        rows.Item.case_id == each.case_id, rows.Item.direction == rows.TO_PERSON, rows.Item.number == each.number
    )
    return session.get(rows.Item, each.envelope_id) is not None or session.scalar(same_number) is not None
