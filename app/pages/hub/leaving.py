"""At the desk: closing a case; and what is kept for long: cases whose day is set, and those that somebody must decide about."""

from __future__ import annotations

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.domain.retention import Periods
from app.forms.desk import PressForm
from app.forms.leaving import CloseForm
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page
from app.pages.hub.needs import end_all, last_need_form, need_labels, services_are_named
from app.services.hub import closing, desk, needs, retention, second_looks
from app.services.hub.closing import How, NothingSaid
from app.services.hub.desk import NotOpened
from app.services.hub.guard import NoSuchCase
from app.services.hub.retention import NotListed
from app.services.hub.second_looks import Act, AlreadyAsked
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.route("/cases/<case_id>/close", methods=["GET", "POST"])
@staff.signed_in_only
def close(case_id: str) -> ResponseReturnValue:
    """Close a case, because they said so."""
    form, problem, own_id = CloseForm(), "", _id(case_id)
    try:
        with hub().database.reading() as session:
            still_open = needs.open_needs(session, own_id, staff.me().identity)
    except NoSuchCase:
        abort(404)
    endings = {each.id: last_need_form(each.id) for each in still_open}
    # Each on its own, so that every one that is missing says so.
    unsaid = [need_id for need_id, ending in endings.items() if form.is_submitted() and not ending.validate()]
    if form.validate_on_submit() and not unsaid and services_are_named(endings):
        try:
            closing.close(
                hub().database,
                case_id=own_id,
                how=How(form.how.data),
                signed=staff.me(),
                opener=hub().opener,
                voice=hub().voice,
                envelope_id=sealing.new_id(),
                now=now(),
                also=lambda session: end_all(session, own_id, endings),
            )
            return redirect(url_for("hub.case", case_id=case_id), code=303)
        except ValueError:
            form.how.errors = [gettext("Choose how they said it. That they are silent is no reason.")]
        except NoSuchCase:
            abort(404)
        except NotOpened:
            problem = gettext("Open the request first.")
        except NothingSaid:
            form.how.errors = [gettext("Nothing in this case shows that. Choose how they said it.")]
    has_errors = bool(form.errors) or bool(problem) or any(ending.errors for ending in endings.values())
    return desk_page(
        "hub/close.html",
        still_open=still_open,
        endings=endings,
        need_labels=need_labels(),
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        form=form,
        problem=problem,
        has_errors=has_errors,
    )


@pages.get("/kept")
@staff.signed_in_only
def kept() -> ResponseReturnValue:
    """What has a day on which it goes, and what a person has to decide."""
    me, periods = staff.me().identity, Periods(**hub().settings.keep)
    with hub().database.reading() as session:
        listed = retention.to_decide(session, me, periods=periods, now=now())
        going = retention.going(session, me)
        health = desk.post_health(session, now=now())
    return desk_page("hub/kept.html", listed=listed, going=going, periods=periods, health=health, Why=retention.Why)


@pages.post("/kept/<case_id>")
@staff.signed_in_only
def decide_kept(case_id: str) -> ResponseReturnValue:
    """Keep a case, or ask for the day on which it goes: a second colleague has to agree to that."""
    if not PressForm().validate_on_submit():
        abort(403)
    try:
        if request.form.get("decision") == "let-go":
            periods, me = Periods(**hub().settings.keep), staff.me().identity
            with hub().database.writing() as session:
                retention.need_listed(session, _id(case_id), me, periods=periods, now=now())
                second_looks.ask(session, _id(case_id), Act.LET_GO, me, detail="", now=now())
            return redirect(url_for("hub.second"), code=303)
        else:
            retention.keep(
                hub().database,
                _id(case_id),
                staff.me().identity,
                opener=hub().opener,
                voice=hub().voice,
                now=now(),
            )
    except AlreadyAsked:
        return redirect(url_for("hub.second"), code=303)
    except (NoSuchCase, NotListed):
        abort(404)
    return redirect(url_for("hub.kept"), code=303)


def _id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        abort(404)
