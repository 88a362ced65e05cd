"""The draft of this visitor: found by its cookie, which holds the only key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Response, g

from app.domain import device
from app.domain.limits import Kind
from app.services.portal import drafts
from app.services.portal.drafts import OpenDraft
from app.services.portal.office import new_token
from app.web import appearance, limits
from app.web.clock import now
from app.web.cookies import DRAFT, CookieJar, token_of, token_text
from app.web.portal import portal

# In place of a draft, until it was looked for.
NOT_READ = object()


def jar() -> CookieJar:
    """The portal's cookies."""
    return CookieJar("portal", secure=portal().settings.is_https)


def token() -> bytes | None:
    """The visitor's draft token, or None before the first answer."""
    return token_of(jar().read(DRAFT))


def current() -> OpenDraft | None:
    """The visitor's draft, read once a request; None when there is none any more."""
    found = g.get("draft", NOT_READ)
    if found is NOT_READ:
        own = token()
        found = g.draft = None if own is None else drafts.read(portal().database, own, now=now())
    return found if isinstance(found, OpenDraft) else None


def save(key: str, answer: Mapping[str, Any]) -> OpenDraft:
    """Keep one step's answer, in a new draft when there is none; `remember` must then put the cookie on the response."""
    g.draft_token = token() or new_token()
    g.draft = drafts.save_answer(
        portal().database, g.draft_token, key=key, answer=answer, now=now(), if_new=limits.take(Kind.DRAFTS)
    )
    return g.draft  # type: ignore[no-any-return]


def keep_longer() -> None:
    """Let the draft of this request live as long again; `remember` must then send its cookie anew. Raises DraftBusy."""
    g.draft_token = token() or new_token()
    g.draft = drafts.keep_longer(portal().database, g.draft_token, now=now(), if_new=limits.take(Kind.DRAFTS))


def must_wait() -> bool:
    """Whether this visitor has begun so many drafts that one more has to wait. Who has a draft never has to."""
    return current() is None and limits.must_wait(Kind.DRAFTS)


def others_may_look() -> bool:
    """True unless the visitor said that only they use this device: then nothing is shown again before Check."""
    draft = current()
    return draft is None or not device.is_own(draft.answers)


def remember(response: Response) -> Response:
    """Put the draft's cookie on the response to a saved answer."""
    lasts = timedelta(minutes=drafts.minutes_for(g.draft.answers))
    jar().write(response, DRAFT, token_text(g.draft_token), lasts=lasts)
    if not device.is_own(g.draft.answers):
        appearance.keep_shortly(jar(), response)
    return response


def forget(response: Response) -> None:
    """Take the draft's cookie away."""
    jar().forget(response, DRAFT)
