"""At the desk: how to reach somebody, collected anew each time, and whether a change that waits was right."""

from __future__ import annotations

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.domain.contact import Way
from app.forms.desk import MessageForm, RightForm, StatusForm, WayForm
from app.pages.hub import pages, words
from app.pages.hub.desk import case_page
from app.services.hub import contact, showing
from app.services.hub.changes import NotWaiting
from app.services.hub.desk import NotOpened
from app.services.hub.guard import NoSuchCase
from app.services.hub.showing import NotRead
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.post("/cases/<case_id>/show")
@staff.signed_in_only
def show_way(case_id: str) -> ResponseReturnValue:
    """Show the number or address of one way, once: after a pass of its own, if the plan allows it then. Logged."""
    form = WayForm()
    if not form.validate_on_submit():
        abort(403)
    empty = StatusForm(formdata=None), MessageForm(formdata=None)
    try:
        shown = showing.show(
            hub().collector,
            case_id=_id(case_id),
            way=Way(form.way.data),
            read=form.read.data or "",
            signed=staff.me(),
            clock=now,
        )
    except NoSuchCase:
        abort(404)
    except NotOpened:
        return case_page(case_id, *empty, problem=gettext("Open the request first."))
    except NotRead:
        return case_page(case_id, *empty, problem=words.not_read())
    return case_page(case_id, *empty, shown=shown)


@pages.post("/cases/<case_id>/changes/<change_id>")
@staff.signed_in_only
def settle_change(case_id: str, change_id: str) -> ResponseReturnValue:
    """Yes or no: the change counts, or it does not. One that a colleague has settled meanwhile stays as it is."""
    form = RightForm()
    if not form.validate_on_submit():
        abort(403)
    try:
        contact.settle(
            hub().database,
            case_id=_id(case_id),
            change_id=_id(change_id),
            signed=staff.me(),
            is_right=form.right.data == "yes",
            opener=hub().opener,
            hours=hub().area.hub_hours,
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except (NotOpened, NotWaiting):
        pass
    return redirect(url_for("hub.case", case_id=case_id), code=303)


def _id(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        abort(404)
    if len(found) != sealing.ID_LENGTH:
        abort(404)
    return found
