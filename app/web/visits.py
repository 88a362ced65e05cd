"""The visit of somebody who came back: found by its cookie, which holds the only key; ends by itself when idle."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response, g

from app.services.portal import space
from app.services.portal.space import OpenVisit
from app.web import headers
from app.web.clock import now
from app.web.cookies import VISIT, stamped, unstamped
from app.web.drafts import jar
from app.web.portal import portal

IDLE = timedelta(minutes=20)


def token() -> bytes | None:
    """The visit's token, or None when there is none or it was idle for too long."""
    found = unstamped(jar().read(VISIT), secret=portal().settings.secret_key, now=now(), idle=IDLE)
    return None if found is None else found[0]


def current() -> OpenVisit | None:
    """The open visit of this request, read once; None when it has ended."""
    if "visit" not in g:
        own = token()
        if own is None:
            g.visit = None
        else:
            with portal().database.reading() as session:
                g.visit = space.visit(session, own, now=now())
    found = g.visit
    return found if isinstance(found, OpenVisit) else None


def ends_at(opened: OpenVisit) -> datetime:
    """When the visit ends if nothing more is opened."""
    return min(now() + IDLE, opened.expires_at)


def ends_untouched_at(opened: OpenVisit) -> datetime:
    """When the visit ends, counted from the page that was opened last and not from now."""
    found = unstamped(jar().read(VISIT), secret=portal().settings.secret_key, now=now(), idle=IDLE)
    return now() if found is None else min(found[1] + IDLE, opened.expires_at)


def remember(response: Response, own: bytes) -> Response:
    """Begin or extend a visit: opening a page is what keeps it open."""
    value = stamped(own, secret=portal().settings.secret_key, now=now())
    jar().write(response, VISIT, value, lasts=IDLE)
    return headers.may_send(response)  # a script asks how much time is left


def forget(response: Response) -> None:
    """Take the visit's cookie away."""
    jar().forget(response, VISIT)
