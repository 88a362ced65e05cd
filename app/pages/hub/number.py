"""At the desk: a code for a new return number."""

from __future__ import annotations

from flask import abort
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.forms.desk import CodeForm
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page
from app.services.hub import guard, numbers
from app.services.hub.desk import NotOpened
from app.services.hub.guard import NoSuchCase
from app.services.hub.numbers import Check
from app.web import staff
from app.web.clock import now
from app.web.hub import hub


@pages.route("/cases/<case_id>/code", methods=["GET", "POST"])
@staff.signed_in_only
def code(case_id: str) -> ResponseReturnValue:
    """Give a code, which is shown on the answer to this very post and never again."""
    form, problem, made = CodeForm(), "", ""
    try:
        own_id = bytes.fromhex(case_id)
        with hub().database.reading() as session:
            guard.case_for(session, own_id, staff.me().identity)
    except (ValueError, NoSuchCase):
        abort(404)
    if form.validate_on_submit():
        try:
            made = numbers.give_code(
                hub().database,
                case_id=own_id,
                check=Check(form.check.data),
                is_stolen=bool(form.is_stolen.data),
                signed=staff.me(),
                opener=hub().opener,
                voice=hub().voice,
                portal_key=hub().trust.sealing,
                now=now(),
            )
        except ValueError:
            form.check.errors = [gettext("Choose how you checked.")]
        except NoSuchCase:
            abort(404)
        except NotOpened:
            problem = gettext("Open the request first.")
    has_errors = bool(form.errors) or bool(problem)
    return desk_page(
        "hub/code.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        form=form,
        made=made,
        problem=problem,
        has_errors=has_errors,
        until=now() + numbers.CODE_LASTS,
    )
