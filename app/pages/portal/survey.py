"""The questionnaire: one page, and thanks. Neither looks at a cookie, so nothing ties the answers to a visit."""

from __future__ import annotations

from flask import make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.adapters.keys import NoSealingKey
from app.domain.limits import Kind
from app.domain.survey import FEWEST_TOGETHER, MalformedSurvey, month_of
from app.forms.survey import SurveyForm, form_of
from app.pages.portal import pages
from app.pages.portal.carry import UNAVAILABLE, UNPROCESSABLE
from app.services.portal import survey as answers
from app.web import language, limits, traps
from app.web.answers import redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal


@pages.route("/survey", methods=["GET", "POST"])
def survey() -> ResponseReturnValue:
    """Ask, or put the answers with those of others. Whoever opens this address may answer."""
    form = _form()
    answer_id = _answer_id(form)
    if request.method == "GET":
        return _page(form)
    if not form.validate():
        return _page(form), UNPROCESSABLE
    # UK time: what somebody calls this month.
    month = month_of(now().astimezone(portal().area.hub_hours.zone).date())
    try:
        given = form.survey(month=month)
    except MalformedSurvey:
        form.age.errors = [gettext("Nothing is filled in yet. Fill in as little as you like, or go back.")]
        return _page(form), UNPROCESSABLE
    if traps.is_sprung():
        return _page(form, failed=True), UNPROCESSABLE
    if limits.must_wait(Kind.POOL):
        return _page(form, failed=True), UNAVAILABLE
    try:
        answers.keep(portal().database, portal().office, given, answer_id=answer_id, now=now())
    except (NoSealingKey, *NOT_KEPT):
        return _page(form, failed=True), UNAVAILABLE
    limits.took(Kind.POOL)
    return redirect(url_for("portal.survey_sent"), code=303)


@pages.get("/survey/sent")
def survey_sent() -> ResponseReturnValue:
    """Thanks. The same for everybody."""
    return make_response(render_template("portal/survey/sent.html", fewest=FEWEST_TOGETHER))


def _page(form: SurveyForm, *, failed: bool = False) -> str:
    return render_template(
        "portal/survey/questions.html",
        form=form,
        fewest=FEWEST_TOGETHER,
        failed=failed,
        has_errors=bool(form.errors) or failed,
        personal=True,
    )


def _form() -> SurveyForm:
    pledge = portal().pledges[language.language().slug]
    form = form_of(pledge, is_own_language=pledge.language == language.language().slug)()
    form.fit(portal().area)
    return form


def _answer_id(form: SurveyForm) -> bytes:
    """The id made with the page; a missing or mangled one is replaced, which costs only the protection from a double send."""
    try:
        found = bytes.fromhex(form.answer_id.data or "")
    except ValueError:
        found = b""
    if len(found) != sealing.ID_LENGTH:
        found = sealing.new_id()
        form.answer_id.data = found.hex()
    return found
