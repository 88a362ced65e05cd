"""The number is lost, or cannot be kept: what can be done, and collecting a new one with a code from the Hub."""

from __future__ import annotations

from flask import make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import numbers
from app.domain.limits import Kind
from app.domain.reference import normalise, rows
from app.forms.number import CollectForm, KeepForm
from app.pages.portal import pages
from app.pages.portal.carry import UNAVAILABLE, UNPROCESSABLE
from app.services.portal import collecting
from app.services.portal import refer as sending
from app.services.portal.collecting import WrongCode
from app.services.portal.office import Busy
from app.services.portal.space import Stopped
from app.web import drafts, kept, limits, visits
from app.web.answers import redirect
from app.web.clock import now
from app.web.cookies import DRAFT, token_text
from app.web.errors import NOT_KEPT
from app.web.portal import portal


@pages.get("/return/lost")
def return_lost() -> ResponseReturnValue:
    """What can be done without the number, said honestly: four cases."""
    return kept.public(make_response(render_template("portal/number/lost.html")))


@pages.route("/return/collect", methods=["GET", "POST"])
def return_collect() -> ResponseReturnValue:
    """Reference and code in, a new number out. Wrong and unknown cannot be told apart, in words or in time."""
    form = CollectForm()
    form.fit(portal().area.reference_digits)
    if request.method == "GET":
        return _collect_page(form)
    if not form.validate():
        return _collect_page(form, status=UNPROCESSABLE)
    reference, code = normalise(form.reference.data or ""), normalise(form.code.data or "")
    if not numbers.is_reference(reference):
        form.reference.errors = [gettext("The reference does not look right. Please check it.")]
        return _collect_page(form, status=UNPROCESSABLE)
    over = limits.seconds_over(Kind.NUMBERS)
    try:
        token = collecting.collect(
            portal().database, portal().office, reference=reference, code=code, now=now(), is_over=over > 0
        )
    except WrongCode:
        if not over:
            limits.took(Kind.NUMBERS)
        form.code.errors = [
            gettext(
                "This code does not work. Please check both. A code works once, and for two days. You can ask for another."
            )
        ]
        return _collect_page(form, status=UNPROCESSABLE)
    except Stopped:
        return _collect_page(form, status=UNAVAILABLE, problem="stopped")
    except (Busy, *NOT_KEPT):
        limits.ask_to_wait(over)
        return _collect_page(form, status=UNAVAILABLE, problem="busy")
    response = redirect(url_for("portal.return_new"), code=303)
    drafts.jar().write(response, DRAFT, token_text(token), lasts=sending.NUMBER_SHOWN_FOR)
    visits.forget(response)
    return response


@pages.route("/return/new", methods=["GET", "POST"])
def return_new() -> ResponseReturnValue:
    """The new number, until the person says that they have it."""
    own = drafts.token()
    shown = None
    if own is not None:
        with portal().database.reading() as session:
            shown = sending.shown_number(session, own, now=now())
    if own is None or shown is None:
        return redirect(url_for("portal.return_"), code=303)
    form = KeepForm()
    if request.method == "POST":
        form.last_row_is = rows(shown.digits)[-1]
        if form.validate():
            with portal().database.writing() as session:
                sending.acknowledge(session, own)
            response = redirect(url_for("portal.return_"), code=303)
            drafts.forget(response)
            return response
    page = render_template(
        "portal/number/new.html", rows=rows(shown.digits), form=form, has_errors=bool(form.errors), personal=True
    )
    return page, UNPROCESSABLE if form.errors else 200


def _collect_page(form: CollectForm, *, status: int = 200, problem: str = "") -> ResponseReturnValue:
    page = render_template(
        "portal/number/collect.html",
        form=form,
        problem=problem,
        has_errors=bool(form.errors) or bool(problem),
        personal=True,
    )
    response = make_response(page, status)
    if status == UNAVAILABLE:
        response.headers["Retry-After"] = "5"
    return response
