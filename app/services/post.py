"""What both sides do alike in a pass of the post: counters, gathering, settling answers, keeping aside.

An envelope is `received` only when the other side's signed answer says so; nothing here takes an HTTP code for a receipt.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nacl.signing import SigningKey, VerifyKey
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.adapters.carriers import MOST_BYTES, Claims, Parcel
from app.data import post as rows
from app.data.post import PostTables

log = logging.getLogger("post")

ROLLED_BACK_PEER = "the other side's database is older than it was"
ROLLED_BACK_SELF = "this database is older than the other side remembers"
CHANGED_PEER = "the other side's database is another one"
CHANGED_SELF = "the other side expects another database here"
# Counts said within this time of each other may have been read in either order.
CONCURRENT_MS = 5_000
STOPPED_PEER = "the other side has stopped"
RESTORED_PEER = "the other side was restored from a backup"
# Why a Hub that was restored does nothing yet: while it is filled, and until the portal has sent again what was lost.
BEING_RESTORED = "this database is being restored from a backup"
RESTORED = "this database was restored from a backup"


@dataclass(frozen=True)
class Verdict:
    """What became of one envelope that came in: an answer to give, and what to keep aside, or neither (`later`)."""

    answer: bytes | None
    aside_reason: str | None = None


def counters(session: Session, tables: PostTables, *, to: bytes, nonce: str) -> Claims:
    """What this side says of itself in a token."""
    state = rows.post_state(session, tables)
    return Claims(
        issuer=state.database_id,
        audience=to,
        sent=state.sent,
        seen=state.peer_sent,
        stopped=state.stopped is not None,
        nonce=nonce,
        said_at=time.time_ns() // 1_000_000,
        restored=state.restored_id or b"",
    )


def reason_to_stop(state: Any, claims: Claims) -> str | None:
    """Compare the other side's counters with what is known: the reason to stop, or None when all is well.

    Passes may overtake each other, of two couriers or after a restart: a smaller count means a roll-back only when it was
    said clearly later than the largest.
    """
    if claims.sent < state.peer_sent and claims.said_at - state.peer_said_at > CONCURRENT_MS:
        return ROLLED_BACK_PEER
    if claims.seen > state.sent:
        return ROLLED_BACK_SELF
    if is_restored_anew(state, claims):
        return RESTORED_PEER
    return STOPPED_PEER if claims.stopped else None


def is_restored_anew(state: Any, claims: Claims) -> bool:
    """True when the other side was restored since this one last heard of it."""
    return state.peer_database_id is not None and claims.restored not in (b"", state.peer_restored_id)


def gather(session: Session, tables: PostTables, *, now: datetime) -> Parcel:
    """What is due: answers first, then envelopes up to 8 MiB. Read only."""
    answers = [answer for _id, answer in rows.answers_due(session, tables)]
    size = sum(len(answer) for answer in answers)
    envelopes = rows.due(session, tables, now=now, most_bytes=max(MOST_BYTES - size, 1))
    return Parcel(envelopes=[(row.envelope_id, row.body) for row in envelopes], answers=answers)


def alarm(what: str, **details: object) -> None:
    """Ring the bell: a line at level ERROR that operations watch for. Never with anything personal in it."""
    log.error("alarm: %s %s", what, " ".join(f"{name}={value}" for name, value in sorted(details.items())))


@dataclass(frozen=True)
class ReadAnswer:
    """A verified answer to an envelope of this side."""

    envelope_id: bytes
    received: bool
    reason: str
    kept: bool = False


def read_answers(
    raw: Iterable[bytes], *, keys: Sequence[VerifyKey], own_database: bytes
) -> tuple[list[ReadAnswer], list[bytes]]:
    """Verify answers; returns the good ones, and the bytes of those that cannot be believed."""
    good: list[ReadAnswer] = []
    bad: list[bytes] = []
    for body in raw:
        try:
            envelope = sealing.parse(body)
            sealing.verify(envelope, keys)
            answer = sealing.read_answer(envelope)
        except (sealing.MalformedEnvelope, sealing.BadSignature):
            bad.append(body)
            continue
        if envelope.header.database_id != own_database:
            bad.append(body)
            continue
        good.append(
            ReadAnswer(
                envelope.header.envelope_id, answer.outcome != "refused", answer.reason, kept=answer.outcome == "kept"
            )
        )
    return good, bad


def settle_all(session: Session, tables: PostTables, answers: Iterable[ReadAnswer]) -> list[ReadAnswer]:
    """Write the answers down; returns the refusals among those that settled something, for the caller to alarm."""
    given = list(answers)
    often = Counter(answer.envelope_id for answer in given)
    rows.settle_received(
        session, tables, [each.envelope_id for each in given if each.received and often[each.envelope_id] == 1]
    )
    return [
        answer
        for answer in given
        if (not answer.received or often[answer.envelope_id] > 1)
        and rows.settle(session, tables, answer.envelope_id, received=answer.received, reason=answer.reason)
        and not answer.received
    ]


def answer_to(header: sealing.Header, outcome: sealing.Outcome, reason: str, *, signer: SigningKey) -> bytes:
    """A signed answer to the envelope with this header; `outcome` is "received" or "refused"."""
    return sealing.make_answer(header=header, outcome=outcome, reason=reason, signer=signer)


def header_of_unreadable(envelope_id: bytes, *, sender: bytes) -> sealing.Header:
    """The header by which an envelope that cannot even be parsed is refused: its id is all that is known."""
    return sealing.Header(database_id=sender, case_id=bytes(16), envelope_id=envelope_id, number=0)


def keep_aside(session: Session, tables: PostTables, *, reason: str, body: bytes, now: datetime) -> None:
    """Keep refused bytes for a person to look at, and count them."""
    rows.keep_aside(session, tables, aside_id=sealing.new_id(), reason=reason, body=body, today=now.date())
