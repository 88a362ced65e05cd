"""What a person asks the Hub for from their space. Their words travel in the referral lane; here stays what and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.data import portal as rows
from app.data.database import Database
from app.domain.asking import ADDITION, NEWS, Answer, Asked
from app.domain.referral import Addition
from app.domain.status import Delivery
from app.services.portal import leaf, refer, survey
from app.services.portal.office import Office
from app.services.portal.space import OpenVisit, Shown

ASKED_FOR = "asked_for"  # its name in the leaf
# Not put before people for some time after a death; whoever wants it finds it all the same (requirement B9).
NOT_IN_QUIET_TIME = frozenset({Asked.RESTORATIVE})


@dataclass(frozen=True)
class Line:
    """One thing that was asked for: what, on which local day, where it is, and what the Hub said of it last."""

    what: Asked
    on: date
    delivery: Delivery
    answer: Answer | None
    answered_at: datetime | None


def ask(
    database: Database,
    office: Office,
    opened: OpenVisit,
    *,
    what: Asked,
    content: Mapping[str, str],
    language: str,
    ask_id: bytes,
    today: date,
    now: datetime,
) -> None:
    """Seal it to the Hub and commit it; the space remembers what and when (`today`, the local day), never the words.

    The same `ask_id` (16 bytes) again changes nothing. Raises sealing.TooLarge.
    """

    def remember(session: Session, number: int) -> None:
        known = _remembered(leaf.read(session, opened.case_id, secret=opened.case_secret))
        line = {"id": ask_id.hex(), "what": what.value, "on": today.isoformat(), "number": number}
        leaf.remember(session, opened.case_id, secret=opened.case_secret, **{ASKED_FOR: [*known, line]})

    refer.send_addition(
        database,
        office,
        case_id=opened.case_id,
        addition=Addition(
            kind=ADDITION, content={"id": ask_id.hex(), "what": what.value, "language": language, **content}
        ),
        addition_id=ask_id,
        also=remember,
        now=now,
    )


def read(session: Session, opened: OpenVisit, conversation: Sequence[Shown]) -> list[Line]:
    """What was asked for from this space, newest first."""
    delivery = rows.delivery(session, opened.case_id)
    answers: dict[str, tuple[Answer, datetime]] = {}
    for each in conversation:
        data = each.news.data
        if not each.mine and each.news.kind == NEWS and data.get("state") in set(Answer):
            answers[str(data.get("id", ""))] = (Answer(data["state"]), each.at)
    lines = []
    for one in _remembered(leaf.read(session, opened.case_id, secret=opened.case_secret)):
        try:
            what, on = Asked(one["what"]), date.fromisoformat(one["on"])
        except (KeyError, TypeError, ValueError):
            continue
        answer, at = answers.get(str(one.get("id", "")), (None, None))
        where = delivery.get(one.get("number", -1), Delivery.RECEIVED.value)
        lines.append(Line(what, on, Delivery(where), answer, at))
    return lines[::-1]


def offered(session: Session, opened: OpenVisit, *, today: date) -> list[Asked]:
    """What is put before somebody: in the quiet time after a death, or where that is not known, not everything."""
    is_quiet = not survey.offer(session, opened).is_open(today)
    return [each for each in Asked if not (is_quiet and each in NOT_IN_QUIET_TIME)]


def _remembered(remembered: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = remembered.get(ASKED_FOR)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
