"""Where somebody is signed in, for themselves: every colleague sees their own sessions, and ends the others."""

from __future__ import annotations

from flask import abort, url_for
from flask.typing import ResponseReturnValue

from app.forms.desk import PressForm
from app.pages.hub import pages
from app.pages.hub.desk import desk_page
from app.services.hub import people
from app.services.hub import staff as staff_service
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.get("/sessions")
@staff.whoever_signed_in
def own_sessions() -> ResponseReturnValue:
    """Where I am signed in."""
    me = staff.me()
    with hub().database.reading() as session:
        found = people.sessions_of(session, me.identity.id, now=now())
    return desk_page("hub/own_sessions.html", sessions=found, own=me.session_id)


@pages.post("/sessions/end")
@staff.whoever_signed_in
def end_own_sessions() -> ResponseReturnValue:
    """I am signed out everywhere but here."""
    if not PressForm().validate():
        abort(400)
    with hub().database.writing() as session:
        staff_service.end_others(session, staff.me(), now=now())
    return redirect(url_for("hub.own_sessions"), code=303)
