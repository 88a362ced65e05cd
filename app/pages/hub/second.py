"""What waits for a second colleague; and asking for a deletion, which is one of these."""

from __future__ import annotations

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.retention import Periods
from app.forms.desk import DeleteForm, PressForm
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page, id_of
from app.services.hub import desk, guard, second_looks
from app.services.hub.desk import NotOpened
from app.services.hub.guard import NoSuchCase
from app.services.hub.numbers import Check
from app.services.hub.retention import NotListed
from app.services.hub.second_looks import Act, AlreadyAsked, NothingWaits, OwnAsking
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.get("/second")
@staff.signed_in_only
def second() -> ResponseReturnValue:
    """Everything that waits for a second colleague."""
    return _page()


@pages.post("/second/<look_id>")
@staff.signed_in_only
def decide_second(look_id: str) -> ResponseReturnValue:
    """Agree, or not."""
    if not PressForm().validate_on_submit():
        abort(403)
    me = staff.me().identity
    try:
        if request.form.get("decision") == "agree":
            second_looks.agree(
                hub().database,
                id_of(look_id),
                me,
                periods=Periods(**hub().settings.keep),
                opener=hub().opener,
                portal_key=hub().trust.sealing,
                voice=hub().voice,
                now=now(),
            )
        else:
            with hub().database.writing() as session:
                second_looks.decline(session, id_of(look_id), me, now=now())
    except OwnAsking:
        return _page(gettext("You asked for this yourself. Somebody else has to agree."))
    except (NothingWaits, NotListed):
        return _page(gettext("This does not wait any more."))
    return redirect(url_for("hub.second"), code=303)


@pages.route("/cases/<case_id>/delete", methods=["GET", "POST"])
@staff.signed_in_only
def delete_case(case_id: str) -> ResponseReturnValue:
    """Ask for everything of a case to be deleted, because its person asked for it."""
    form, own_id, problem, me = DeleteForm(), id_of(case_id), "", staff.me().identity
    try:
        if form.validate_on_submit():
            detail = Check(form.check.data).value
            desk.need_open(hub().database, own_id, staff.me(), now=now())
            with hub().database.writing() as session:
                second_looks.ask(session, own_id, Act.DELETE, me, detail=detail, now=now())
            return redirect(url_for("hub.delete_case", case_id=case_id), code=303)
    except NoSuchCase:
        abort(404)
    except ValueError:
        form.check.errors = [gettext("Choose how you checked.")]
    except NotOpened:
        problem = gettext("Open the request first.")
    except AlreadyAsked:
        problem = gettext("Somebody has asked for this already. It waits for a second colleague.")
    try:
        with hub().database.reading() as session:
            reference = guard.case_for(session, own_id, me).reference
            look = second_looks.of_case(session, own_id, Act.DELETE, me, now=now())
    except NoSuchCase:
        abort(404)
    has_errors = bool(form.errors) or bool(problem)
    return desk_page(
        "hub/case_delete.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        reference=reference,
        look=look,
        form=form,
        problem=problem,
        has_errors=has_errors,
    )


def _page(problem: str = "") -> ResponseReturnValue:
    with hub().database.reading() as session:
        found = second_looks.waiting(session, staff.me().identity, now=now())
    return desk_page(
        "hub/second.html",
        code=UNPROCESSABLE if problem else 200,
        looks=found,
        problem=problem,
        has_errors=bool(problem),
    )
