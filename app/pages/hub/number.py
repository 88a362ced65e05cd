"""At the desk: a code for a new return number."""

from __future__ import annotations

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.taken import has_space
from app.forms.desk import CodeForm, PressForm
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page
from app.services.hub import guard, numbers, second_looks
from app.services.hub.desk import NotOpened
from app.services.hub.guard import NoSuchCase
from app.services.hub.numbers import Check
from app.services.hub.second_looks import Act, AlreadyAsked, NothingWaits
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.route("/cases/<case_id>/code", methods=["GET", "POST"])
@staff.signed_in_only
def code(case_id: str) -> ResponseReturnValue:
    """Ask for a code, and give it once a second colleague has agreed. It is shown on the answer to that post alone.

    Who has no space yet has no number that a new one could take away: their first code needs one colleague, as on the call.
    """
    form, problem, made = CodeForm(), "", ""
    try:
        own_id = bytes.fromhex(case_id)
        with hub().database.reading() as session:
            is_first = not has_space(guard.case_for(session, own_id, staff.me().identity).facts)
    except (ValueError, NoSuchCase):
        abort(404)
    try:
        if "make" in request.form:
            if not PressForm().validate_on_submit():
                abort(403)
            made = numbers.give_agreed_code(
                hub().database,
                case_id=own_id,
                signed=staff.me(),
                opener=hub().opener,
                voice=hub().voice,
                portal_key=hub().trust.sealing,
                now=now(),
            )
        elif form.validate_on_submit() and is_first:
            made = numbers.give_code(
                hub().database,
                case_id=own_id,
                check=Check(form.check.data),
                is_stolen=False,
                signed=staff.me(),
                opener=hub().opener,
                voice=hub().voice,
                portal_key=hub().trust.sealing,
                now=now(),
            )
        elif form.is_submitted() and not form.errors:
            numbers.ask_for_code(
                hub().database,
                case_id=own_id,
                check=Check(form.check.data),
                is_stolen=bool(form.is_stolen.data),
                signed=staff.me(),
                voice=hub().voice,
                portal_key=hub().trust.sealing,
                now=now(),
            )
            return redirect(url_for("hub.code", case_id=case_id), code=303)
    except ValueError:
        form.check.errors = [gettext("Choose how you checked.")]
    except NoSuchCase:
        abort(404)
    except NotOpened:
        problem = gettext("Open the request first.")
    except AlreadyAsked:
        problem = gettext("Somebody has asked for this already. It waits for a second colleague.")
    except NothingWaits:
        problem = gettext("Nobody has agreed to this, or the code was made already.")
    with hub().database.reading() as session:
        look = second_looks.of_case(session, own_id, Act.CODE, staff.me().identity, now=now())
    has_errors = bool(form.errors) or bool(problem)
    return desk_page(
        "hub/code.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        form=form,
        made=made,
        look=look,
        problem=problem,
        has_errors=has_errors,
        until=now() + numbers.CODE_LASTS,
    )
