"""Whether somebody whose request was taken at the desk has a space on the site, and what waits here until it is there.

A request that came from the site has its space from the first. For a taken one nothing is at the portal before a code is given
for it; and nothing is sent to the space before the portal has said that it opened it, since it would refuse that for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data import post as post_rows
from app.domain.order import FIRST_NUMBER
from app.domain.taken import SPACE, Space


def order(case: rows.Case) -> None:
    """A code is given: the portal is about to open the space."""
    if case.facts.get(SPACE) == Space.NONE:
        case.facts = {**case.facts, SPACE: Space.OPENING.value}


def opened(session: Session, answered: Sequence[bytes], *, now: datetime) -> None:
    """The portal has followed these orders: the spaces that it opened by them get what was said to them meanwhile.

    `answered` are the ids of envelopes that were received; what is no order is passed over. Again changes nothing.
    """
    if not answered:
        return
    about = select(rows.Outgoing.case_id).where(
        rows.Outgoing.envelope_id.in_(list(answered)), rows.Outgoing.number > FIRST_NUMBER
    )
    for case_id in set(session.scalars(about)):
        is_there(session, case_id, now=now)


def is_there(session: Session, case_id: bytes, *, now: datetime) -> None:
    """The space is open: the portal said so, or something came from it. What was said to them meanwhile goes out.

    What comes from a space of which a restored Hub does not know shows that it is there. Again changes nothing.
    """
    case = session.get(rows.Case, case_id)
    if case is None or SPACE not in case.facts:
        return
    case.facts = {name: value for name, value in case.facts.items() if name != SPACE}
    for item in sorted(rows.items(session, case_id), key=lambda each: each.number):
        if item.direction == rows.TO_PERSON and session.get(rows.Outgoing, item.envelope_id) is None:
            post_rows.put(
                session,
                rows.POST,
                envelope_id=item.envelope_id,
                case_id=case_id,
                number=item.number,
                body=item.body,
                now=now,
            )
