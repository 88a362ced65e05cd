"""Limits at the pages: who has to wait a little, and how a page says so.

A limit never fails anybody by itself: when the database cannot be asked, there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import ceil

from flask import Flask, Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from app.data.database import Hand
from app.domain.limits import Kind
from app.services.portal import limits
from app.web.clock import now
from app.web.door import BUCKET
from app.web.portal import portal

TOO_MANY = 429
SHORTEST_WAIT_SECONDS = 5


def install(app: Flask) -> None:
    """Let a page that somebody is asked to wait with say so in its status and until when."""

    @app.after_request
    def say_until_when(response: Response) -> Response:
        if "wait_seconds" in g:
            response.status_code = TOO_MANY
            response.headers["Retry-After"] = str(max(SHORTEST_WAIT_SECONDS, ceil(g.wait_seconds)))
        return response


def seconds_over(kind: Kind) -> float:
    """How long whoever sends this would have to wait; 0 when they need not."""
    own = portal()
    try:
        return limits.seconds_to_wait(own.database, own.together, kind, bucket=_bucket(), now=now())
    except SQLAlchemyError:
        return 0.0


def must_wait(kind: Kind) -> bool:
    """Whether whoever sends this is asked to wait. Then the page that is shown says so; it keeps what was typed."""
    seconds = seconds_over(kind)
    ask_to_wait(seconds)
    return bool(seconds)


def ask_to_wait(seconds: float) -> None:
    """The page that is shown next asks to try again later, and names others to turn to meanwhile; unless the wait is none."""
    if seconds:
        g.wait_seconds = seconds


def take(kind: Kind) -> Callable[[Hand], None] | None:
    """What writes down, in the transaction that keeps something, that one more of a kind came; None when nothing has to be."""
    bucket, moment = _bucket(), now()
    if bucket is None:
        return None

    def write(hand: Hand) -> None:
        limits.take(hand, kind, bucket=bucket, now=moment)

    return write


def took(kind: Kind) -> None:
    """Write it down by itself, beside what was done."""
    write = take(kind)
    if write is not None:
        with suppress(SQLAlchemyError), portal().database.writing_by_hand() as hand:
            write(hand)


def _bucket() -> int | None:
    found = request.environ.get(BUCKET)
    return found if isinstance(found, int) else None
