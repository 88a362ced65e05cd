"""What the Hub asks a person to agree to: passing them on to a service, kind by kind.

The Hub says in the conversation what it asks and what became of it; what the person decided here stays in the leaf. Both
hold codes alone. What they write about it travels in the referral lane and cannot be read here again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.data import portal as rows
from app.data.database import Database
from app.domain.handover import ADDITION, LATE, MAY_BE_WITHDRAWN, Decision, State, rule_on
from app.domain.packet import worker_in
from app.domain.referral import Addition
from app.domain.status import Delivery, day_in
from app.services.portal import leaf, packets, refer
from app.services.portal.office import Office
from app.services.portal.space import OpenVisit, Shown

DECIDED = "handovers"  # its name in the leaf
UNREAD = "unread"  # of what was taken back: nobody had read the packet by then


class UnknownHandover(Exception):
    """The Hub asked for nothing under this id."""


class CannotChange(Exception):
    """It was decided otherwise before, or has ended."""


@dataclass(frozen=True)
class Said:
    """What the Hub said of one, in a code of `State` or LATE, and when; of who has taken over, the worker's name and the day of
    the first contact, as far as the service said."""

    word: str
    at: datetime
    worker: str = ""
    on: date | None = None


@dataclass(frozen=True)
class Handover:
    """What is asked, and where it stands. `chosen` are the kinds that the person said yes to; `delivery` is of their answer."""

    id: str
    service: str
    why: str
    kinds: tuple[str, ...]
    author: str
    asked_at: datetime
    state: State
    chosen: tuple[str, ...]
    delivery: Delivery | None
    said: tuple[Said, ...]

    @property
    def may_be_decided(self) -> bool:
        """Whether yes or no can still be said, also after a no."""
        return self.state in {State.ASKED, State.REFUSED}

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether there is anything to take back."""
        return self.state in MAY_BE_WITHDRAWN


def read(session: Session, opened: OpenVisit, conversation: Sequence[Shown]) -> list[Handover]:
    """All that were ever asked for in this space, newest first."""
    decided = _decided(leaf.read(session, opened.case_id, secret=opened.case_secret))
    delivery = rows.delivery(session, opened.case_id)
    asked: dict[str, Shown] = {}
    said: dict[str, list[Said]] = {}
    for each in conversation:
        data = each.news.data
        if each.mine or each.news.kind != ADDITION or not isinstance(data.get("id"), str):
            continue
        if data.get("state") == State.ASKED.value and isinstance(data.get("kinds"), list):
            asked.setdefault(data["id"], each)
        elif data.get("state") in {*State, LATE}:
            said.setdefault(data["id"], []).append(
                Said(data["state"], each.at, worker_in(data), day_in(data, "on") if data.get("worker") else None)
            )
    found = [_handover(each, said.get(key, []), decided.get(key, {}), delivery=delivery) for key, each in asked.items()]
    return sorted(found, key=lambda each: each.asked_at, reverse=True)


def find(session: Session, opened: OpenVisit, conversation: Sequence[Shown], handover_id: str) -> Handover:
    """One of them. Raises UnknownHandover."""
    for each in read(session, opened, conversation):
        if each.id == handover_id:
            return each
    raise UnknownHandover


def decide(
    database: Database,
    office: Office,
    opened: OpenVisit,
    handover: Handover,
    *,
    decision: Decision,
    kinds: Sequence[str] = (),
    note: str = "",
    change_id: bytes,
    now: datetime,
) -> None:
    """Seal the decision to the Hub, ahead of everything else, and remember it here without the note. A packet goes at once when
    it is taken back.

    The same `change_id` (16 bytes) again changes nothing. Raises CannotChange and sealing.TooLarge.
    """
    handover_id = _id_of(handover)
    with database.reading() as session:
        is_unread = packets.is_unread(session, handover_id)
    ruling = rule_on(decision, state=handover.state, kinds=handover.kinds, chosen=kinds, is_unread=is_unread)
    if ruling is None:
        raise CannotChange
    chosen = list(ruling.kinds) if decision is Decision.APPROVE else list(handover.chosen)

    def remember(session: Session, number: int) -> None:
        known = _decided(leaf.read(session, opened.case_id, secret=opened.case_secret))
        known[handover.id] = {"decision": decision.value, "kinds": chosen, "number": number}
        if decision is Decision.WITHDRAW:
            # Here and now, not when the Hub has heard of it; and what is remembered is what was true at this moment.
            known[handover.id][UNREAD] = packets.withdraw(session, handover_id)
        leaf.remember(session, opened.case_id, secret=opened.case_secret, **{DECIDED: known})

    content: dict[str, Any] = {"id": handover.id, "decision": decision.value}
    if decision is Decision.APPROVE:
        content["kinds"] = chosen
    if note:
        content["note"] = note
    refer.send_addition(
        database,
        office,
        case_id=opened.case_id,
        addition=Addition(kind=ADDITION, content=content),
        addition_id=change_id,
        urgent=True,
        also=remember,
        now=now,
    )
    if decision is Decision.WITHDRAW:
        database.forget_deleted()


def _handover(
    asked: Shown, said: Sequence[Said], decided: Mapping[str, Any], *, delivery: Mapping[int, str]
) -> Handover:
    data, number = asked.news.data, decided.get("number")
    kinds = tuple(each for each in data["kinds"] if isinstance(each, str))
    chosen = decided.get("kinds")
    return Handover(
        id=data["id"],
        service=str(data.get("service", "")),
        why=str(data.get("reason", "")),
        kinds=kinds,
        author=asked.news.author,
        asked_at=asked.at,
        state=_state(said, decided.get("decision"), was_unread=decided.get(UNREAD) is True),
        chosen=tuple(each for each in chosen if each in kinds) if isinstance(chosen, list) else (),
        delivery=Delivery(delivery.get(number, Delivery.RECEIVED.value)) if isinstance(number, int) else None,
        said=tuple(said),
    )


def _id_of(handover: Handover) -> bytes:
    try:
        return bytes.fromhex(handover.id)
    except ValueError:
        return b""


def _state(said: Sequence[Said], decision: Any, *, was_unread: bool = False) -> State:
    """Where it stands by what both sides said: nobody is shown as passed on who has taken it back since."""
    words = [State(each.word) for each in said if each.word != LATE]
    if not words:
        decided = {
            Decision.APPROVE.value: State.AGREED,
            Decision.REFUSE.value: State.REFUSED,
            Decision.WITHDRAW.value: State.WITHDRAWN,
        }
        return decided.get(decision, State.ASKED)
    if decision == Decision.WITHDRAW.value and words[-1] is not State.WITHDRAWN:
        return State.WITHDRAWN if was_unread and words[-1] is not State.STOPPED else State.STOPPED
    return words[-1]


def _decided(remembered: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found = remembered.get(DECIDED)
    return {key: value for key, value in found.items() if isinstance(value, dict)} if isinstance(found, dict) else {}
