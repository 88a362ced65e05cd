"""Who is signed in at the desk, through Flask-Login. How they proved it is behind `IdentitySource`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec

from flask import Flask, Response, g, request, session, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from app.data.database import Database
from app.services.hub import staff
from app.services.hub.staff import Identity, SignedIn
from app.web import problems
from app.web.answers import redirect
from app.web.clock import now

IDLE = timedelta(minutes=30)
Args = ParamSpec("Args")


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


def install(app: Flask, database: Database) -> None:
    """Set up sessions: signed cookie for this host, idle limit by its age, absolute limit in the session's row."""
    app.session_interface = Sessions()
    app.config.update(PERMANENT_SESSION_LIFETIME=IDLE, SESSION_REFRESH_EACH_REQUEST=True)
    manager = LoginManager()
    manager.session_protection = None  # it would bind sessions to address and user agent, which we never look at
    manager.init_app(app)

    @manager.user_loader
    def load(token: str) -> Colleague | None:
        with database.reading() as unit:
            signed = staff.signed_in(unit, token, now=now())
        return None if signed is None else Colleague(token, signed)

    @manager.unauthorized_handler
    def sign_in_first() -> Response:
        return redirect(url_for("hub.sign_in"))


def begin(database: Database, identity: Identity) -> None:
    """Sign in: always a new session."""
    with database.writing() as unit:
        token = staff.sign_in(unit, identity, now=now())
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


def me() -> SignedIn:
    """Who is signed in. Only inside `signed_in_only`."""
    found = g.signed_in
    assert isinstance(found, SignedIn)
    return found


def signed_in_only(view: Callable[Args, ResponseReturnValue]) -> Callable[Args, ResponseReturnValue]:
    """The guard of every desk page: without a session, to the sign-in page."""

    @wraps(view)
    def guarded(*args: Args.args, **values: Args.kwargs) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            return redirect(url_for("hub.sign_in"), code=303 if request.method == "POST" else 302)
        g.signed_in = current_user.signed
        return view(*args, **values)

    return guarded
