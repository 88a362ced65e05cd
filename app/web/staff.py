"""Who is signed in at the desk, through Flask-Login. How they proved it is behind `IdentitySource`."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from flask import Flask, Response, g, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user, login_user, logout_user

from app.adapters import sealing
from app.adapters.oidc import Attempt
from app.data.database import Database
from app.domain.roles import ROLES, works_with_cases
from app.services.hub import people, signing_in, staff
from app.services.hub.staff import Identity, SignedIn
from app.web import problems
from app.web.answers import redirect
from app.web.clock import now
from app.web.cookies import ATTEMPT, CookieJar
from app.web.hub import hub

log = logging.getLogger("staff")

# How long somebody may be at the identity provider: to find a telephone for its code, and no longer.
ATTEMPT_LASTS = timedelta(minutes=15)
ATTEMPT_PURPOSE = "sign-in attempt"
# Not allowed, or not there for whoever asks.
REFUSED = frozenset({403, 404})
View = Callable[..., ResponseReturnValue]


class Colleague(UserMixin):
    """A signed-in colleague as Flask-Login wants it: its id is the session's token, so that every session is revocable."""

    def __init__(self, token: str, signed: SignedIn) -> None:
        self._token = token
        self.signed = signed

    def get_id(self) -> str:
        """The token of the session."""
        return self._token


class Sessions(SecureCookieSessionInterface):
    """Opening a page renews the session's cookie; neither a file that caches may share nor what is for machines carries it."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Put the cookie on the response, unless that is public."""
        if not response.cache_control.public and not problems.is_under(request.path):
            super().save_session(app, session, response)


def install(app: Flask) -> None:
    """Set up sessions: signed cookie for this host, idle limit by its age, absolute limit in the session's row."""
    app.session_interface = Sessions()
    app.after_request(_write_down_refusal)
    app.config.update(PERMANENT_SESSION_LIFETIME=staff.IDLE, SESSION_REFRESH_EACH_REQUEST=True)
    manager = LoginManager()
    manager.session_protection = None  # it would bind sessions to address and user agent, which we never look at
    manager.init_app(app)

    @manager.user_loader
    def load(token: str) -> Colleague | None:
        held = hub()
        with held.database.reading() as unit:
            signed = staff.signed_in(unit, token, now=now())
        if signed is not None:
            signed = signing_in.check(
                held.database, token, signed, provider=held.provider, oidc=held.settings.oidc, now=now()
            )
        return None if signed is None else Colleague(token, signed)

    @manager.unauthorized_handler
    def sign_in_first() -> Response:
        return redirect(url_for("hub.sign_in"))


def nobody() -> None:
    """Make what is left of this request for nobody in particular: while the database does not answer, nobody can be looked up."""
    if "_login_user" not in g:  # where flask-login keeps whom it has found
        g._login_user = AnonymousUserMixin()


def begin(database: Database, identity: Identity, *, tokens: bytes = b"") -> None:
    """Sign in: always a new session. `tokens` is what to ask the identity provider with later."""
    with database.writing() as unit:
        token = staff.sign_in(unit, identity, now=now(), tokens=tokens)
        signed = staff.signed_in(unit, token, now=now())
    assert signed is not None
    session.clear()
    session.permanent = True
    login_user(Colleague(token, signed))


def end(database: Database) -> None:
    """Sign out, here and in the database."""
    if current_user.is_authenticated:
        with database.writing() as unit:
            staff.sign_out(unit, current_user.signed, now=now())
    logout_user()
    session.clear()


def keep_attempt(response: Response, attempt: Attempt) -> None:
    """Keep a try to sign in with its browser: sealed, since the provider must not be able to choose what comes back.

    The desk's own cookie is not sent along when another site leads here, so this is another one, and short.
    """
    made = json.dumps([int(now().timestamp()), attempt.state, attempt.nonce, attempt.verifier]).encode("ascii")
    box = sealing.seal_box(_secret(), made, purpose=ATTEMPT_PURPOSE, bound=b"")
    value = base64.urlsafe_b64encode(box).decode("ascii")
    _jar().write(response, ATTEMPT, value, lasts=ATTEMPT_LASTS, on_return=True)


def kept_attempt() -> Attempt | None:
    """The try that this browser began; None when it began none, or too long ago."""
    try:
        box = base64.urlsafe_b64decode((_jar().read(ATTEMPT) or "").encode("ascii"))
        opened = sealing.open_box(_secret(), box, purpose=ATTEMPT_PURPOSE, bound=b"")
        begun, state, nonce, verifier = json.loads(opened)
    except (ValueError, sealing.CannotOpen):
        return None
    is_young = timedelta(0) <= now() - datetime.fromtimestamp(begun, UTC) <= ATTEMPT_LASTS
    return Attempt(state, nonce, verifier) if is_young else None


def forget_attempt(response: Response) -> None:
    """It is good once."""
    _jar().forget(response, ATTEMPT, on_return=True)


def _jar() -> CookieJar:
    return CookieJar("hub", secure=hub().settings.is_https)


def _secret() -> bytes:
    return hub().settings.secret_key.encode("utf-8")


def me() -> SignedIn:
    """Who is signed in. Only inside `signed_in_only`."""
    found = g.signed_in
    if not isinstance(found, SignedIn):
        raise TypeError(found)
    return found


def signed_in_only(view: View) -> View:
    """The guard of every page about cases: without a session, to the sign-in page; an auditor is told that it is not theirs."""
    return _guarded(view, works_with_cases)


def whoever_signed_in(view: View) -> View:
    """The guard of the few pages that are for everybody with a session, whatever their role."""
    return _guarded(view, lambda roles: True)


def only(*roles: str) -> Callable[[View], View]:
    """The guard of pages for these roles (app/domain/roles.py): one of them is enough. Others are told that it is not theirs."""
    if not set(roles) <= set(ROLES) or not roles:
        raise ValueError("there is no such role")
    return lambda view: _guarded(view, lambda own: any(each in own for each in roles))


def _write_down_refusal(response: Response) -> Response:
    """A line for what a colleague was refused (ASVS 5.0, 16.3.2): at which page, and who, as the addresses of the desk call them.

    Never a name, an address of theirs, which case, or what was sent.
    """
    signed = g.get("signed_in") or g.get("refused")
    if response.status_code in REFUSED and isinstance(signed, SignedIn):
        said = (response.status_code, request.endpoint, people.key_of(signed.identity.id))
        log.warning("refused at the desk status=%d endpoint=%s staff=%s", *said)
    return response


def _guarded(view: View, fits: Callable[[Collection[str]], bool]) -> View:
    @wraps(view)
    def guarded(*args: Any, **values: Any) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            return redirect(url_for("hub.sign_in"), code=303 if request.method == "POST" else 302)
        signed = current_user.signed
        if not fits(signed.identity.roles):
            g.refused = signed
            return render_template("hub/error.html", kind="not-yours", typed=()), 403
        g.signed_in = signed
        return view(*args, **values)

    return guarded
