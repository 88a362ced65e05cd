"""At the desk, for supervisors: feedback that came, one piece with its words, and marking it as done."""

from __future__ import annotations

from flask import abort, url_for
from flask.typing import ResponseReturnValue

from app.domain.asking import SUPERVISOR
from app.forms.desk import PressForm
from app.forms.feedback import ABOUT
from app.pages.hub import pages
from app.pages.hub.desk import desk_page, id_of
from app.services.hub import feedback as sent
from app.services.hub.feedback import NoSuchFeedback
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.get("/feedback")
@staff.signed_in_only
def feedback() -> ResponseReturnValue:
    """What came, without its words; for everybody but supervisors this page is always the same."""
    me = staff.me().identity
    with hub().database.reading() as session:
        found = sent.listed(session, me)
    return desk_page("hub/feedback.html", found=found, is_supervisor=SUPERVISOR in me.roles, about_labels=ABOUT)


@pages.post("/feedback/<feedback_id>")
@staff.signed_in_only
def read_feedback(feedback_id: str) -> ResponseReturnValue:
    """Show the words of one. It is a post because it is written down, each time."""
    _need_press()
    try:
        opened = sent.read(hub().database, id_of(feedback_id), staff.me().identity, opener=hub().opener, now=now())
    except NoSuchFeedback:
        abort(404)
    return desk_page("hub/feedback_words.html", opened=opened, line=opened.line, about_labels=ABOUT)


@pages.post("/feedback/<feedback_id>/done")
@staff.signed_in_only
def feedback_done(feedback_id: str) -> ResponseReturnValue:
    """There is nothing left to do about one."""
    _need_press()
    try:
        with hub().database.writing() as session:
            sent.done(session, id_of(feedback_id), staff.me().identity, now=now())
    except NoSuchFeedback:
        abort(404)
    return redirect(url_for("hub.feedback"), code=303)


def _need_press() -> None:
    if not PressForm().validate_on_submit():
        abort(403)
