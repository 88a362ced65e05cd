"""At the desk: what they wrote, behind a page of its own where that is very distressing; and how many each opened."""

from __future__ import annotations

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.asking import SUPERVISOR
from app.forms import how
from app.forms.desk import MessageForm, PressForm, StatusForm
from app.forms.desk_case import DistressForm
from app.forms.more import as_it_came
from app.forms.more import shown as addition_words
from app.pages.hub import pages
from app.pages.hub.desk import case_page, desk_page, id_of, sections_of
from app.services.hub import desk, reading_load
from app.services.hub.desk import NotOpened, OpenCase
from app.services.hub.guard import NoSuchCase
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.post("/cases/<case_id>/distressing")
@staff.signed_in_only
def mark_distressing(case_id: str) -> ResponseReturnValue:
    """Mark what they wrote as very distressing, or take the mark off."""
    form = DistressForm()
    if not form.validate_on_submit():
        abort(403)
    try:
        reading_load.mark(
            hub().database,
            case_id=id_of(case_id),
            is_distressing=form.mark.data == "yes",
            signed=staff.me(),
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except NotOpened:
        return _closed(case_id)
    return redirect(url_for("hub.case", case_id=case_id) + "#answers-heading", code=303)


@pages.route("/cases/<case_id>/story", methods=["GET", "POST"])
@staff.signed_in_only
def story(case_id: str) -> ResponseReturnValue:
    """Before what is very distressing: what comes, and a button. What they wrote is on the answer to that button only."""
    own_id = id_of(case_id)
    try:
        with hub().database.reading() as session:
            found = desk.read_case(
                session,
                case_id=own_id,
                signed=staff.me(),
                opener=hub().opener,
                hours=hub().area.hub_hours,
                targets=hub().area.targets,
                now=now(),
            )
        is_shown = request.method == "POST" and isinstance(found, OpenCase)
        if is_shown and not PressForm().validate_on_submit():
            abort(403)
        if is_shown:
            reading_load.log_story(hub().database, case_id=own_id, signed=staff.me(), now=now())
    except NoSuchCase:
        abort(404)
    except NotOpened:
        return _closed(case_id)
    if not isinstance(found, OpenCase):
        return _closed(case_id)
    return desk_page(
        "hub/case_story_page.html",
        case_id=case_id,
        case=found,
        is_shown=is_shown,
        sections=sections_of(found) if is_shown else {},
        addition_words=lambda addition: how.shown(addition) or addition_words(addition),
        as_it_came=as_it_came,
    )


@pages.get("/openings")
@staff.signed_in_only
def openings() -> ResponseReturnValue:
    """For supervisors: how many requests each colleague opened on each day."""
    me = staff.me().identity
    if SUPERVISOR not in me.roles:
        abort(404)
    with hub().database.reading() as session:
        found = reading_load.load(session, me, zone=hub().area.hub_hours.zone, now=now())
    return desk_page("hub/openings.html", found=found)


def _closed(case_id: str) -> ResponseReturnValue:
    return case_page(
        case_id,
        StatusForm(formdata=None),
        MessageForm(formdata=None),
        problem=gettext("Open the request first."),
    )
