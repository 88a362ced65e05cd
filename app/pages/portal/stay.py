"""More time: how long a draft or a visit still lasts, and the one press that lets it last as long again (WCAG 2.2.1).

Only the scripts of a page ask here. Without them the page says the time, and opening it again or its button does the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.pages.portal import pages
from app.services.portal.drafts import DraftBusy
from app.web import drafts, visits
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.page import clock_time, seconds_left

# What a page belongs to. The numbers stand in addresses, and say nothing there.
DRAFT, VISIT = 1, 2
UNAVAILABLE = 503


@pages.route(f"/stay/<int(min={DRAFT},max={VISIT}):place>", methods=["GET", "POST"])
def stay(place: int) -> ResponseReturnValue:
    """Tell the seconds that are left, 0 when it has ended, and the clock time of the end; POST adds the time first."""
    return _draft() if place == DRAFT else _visit()


def _draft() -> ResponseReturnValue:
    found = drafts.current()
    if found is None or request.method != "POST":
        return _left(None if found is None else found.expires_at)
    try:
        drafts.keep_longer()
    except (DraftBusy, *NOT_KEPT):
        return _left(found.expires_at), UNAVAILABLE
    found = drafts.current()
    assert found is not None
    return drafts.remember(_left(found.expires_at))


def _visit() -> ResponseReturnValue:
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return _left(None)
    if request.method != "POST":
        return _left(visits.ends_untouched_at(opened))
    return visits.remember(_left(visits.ends_at(opened)), own)


def _left(ends_at: datetime | None) -> Response:
    if ends_at is None or ends_at - now() <= timedelta():
        return jsonify(seconds=0, time="")
    return jsonify(seconds=seconds_left(ends_at), time=clock_time(ends_at))
