"""Asking the Hub for something from one's own space: a short form each, and what was asked for so far."""

from __future__ import annotations

from datetime import date

from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.domain.asking import BY_NUMBER, Asked
from app.forms.ask import ASKABLE, Askable, AskForm
from app.forms.number import ReturnForm
from app.pages.portal import pages
from app.pages.portal.carry import BACK_TO, UNAVAILABLE, UNPROCESSABLE, carried, number_page
from app.services.portal import asked, space
from app.services.portal.space import OpenVisit
from app.web import language, visits
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal

LATE = "ask"


@pages.get("/case/ask")
def case_ask() -> ResponseReturnValue:
    """What one can ask for, and what was asked for."""
    return _list(is_all=False)


@pages.get("/case/ask/all")
def case_ask_all() -> ResponseReturnValue:
    """All of it, also in the quiet time after a death."""
    return _list(is_all=True)


@pages.route("/case/ask/<number>", methods=["GET", "POST"])
def case_ask_one(number: str) -> ResponseReturnValue:
    """Ask for one thing. What comes too late is kept and carried through the number."""
    askable = _askable(number)
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        late = carried(LATE, known=BACK_TO) if request.method == "POST" else None
        if late is not None:
            return number_page(ReturnForm(formdata=None), None, status=UNPROCESSABLE, problem="ended", more=late)
        return redirect(url_for("portal.home"))
    if request.method == "GET":
        return visits.remember(make_response(_one(opened, askable, askable.form(formdata=None))), own)
    form = askable.form()
    if not form.validate():
        return visits.remember(make_response(_one(opened, askable, form), UNPROCESSABLE), own)
    try:
        asked.ask(
            portal().database,
            portal().office,
            opened,
            what=askable.what,
            content=form.content(),
            language=language.language().tag,
            ask_id=once(request.form.get("change_id", "")),
            today=_today(),
            now=now(),
        )
    except sealing.TooLarge:
        form.words.errors = [gettext("This is longer than 5,000 letters. Please make it shorter.")]
        return visits.remember(make_response(_one(opened, askable, form), UNPROCESSABLE), own)
    except NOT_KEPT:
        return visits.remember(make_response(_one(opened, askable, form, failed=True), UNAVAILABLE), own)
    return visits.remember(redirect(url_for("portal.case_ask_sent", number=number), code=303), own)


@pages.get("/case/ask/<number>/sent")
def case_ask_sent(number: str) -> ResponseReturnValue:
    """It was passed on, and what happens next."""
    askable = _askable(number)
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return redirect(url_for("portal.home"))
    return visits.remember(make_response(_page("ask_sent", opened, askable=askable)), own)


def _list(*, is_all: bool) -> ResponseReturnValue:
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return redirect(url_for("portal.home"))
    with portal().database.reading() as session:
        lines = asked.read(session, opened, space.read_space(session, opened).conversation)
        offered = asked.offered(session, opened, today=_today())
    page = _page(
        "ask_list",
        opened,
        askable=[each for what, each in ASKABLE.items() if is_all or what in offered],
        has_more=not is_all and len(offered) < len(ASKABLE),
        lines=lines,
        labels={each.what: each.label for each in ASKABLE.values()},
    )
    return visits.remember(make_response(page), own)


def _back(opened: OpenVisit) -> ResponseReturnValue:
    """What was typed is on the page again; nothing is sent by itself."""
    what = request.form.get("what", "")
    if what not in set(Asked):
        return redirect(url_for("portal.case_ask"), code=303)
    askable = ASKABLE[Asked(what)]
    return _one(opened, askable, askable.form())


def _askable(number: str) -> Askable:
    if number not in BY_NUMBER:
        abort(404)
    return ASKABLE[BY_NUMBER[number]]


def _one(opened: OpenVisit, askable: Askable, form: AskForm, *, failed: bool = False) -> str:
    form.what.data = askable.what.value
    form.change_id.data = _id(form.change_id.data or "").hex()
    return _page(
        "ask_one",
        opened,
        askable=askable,
        form=form,
        questions=[each for each in form if each.name not in {"what", "change_id"}],
        failed=failed,
        has_errors=bool(form.errors) or failed,
    )


def _page(name: str, opened: OpenVisit, **values: object) -> str:
    return render_template(
        f"portal/case/{name}.html",
        Asked=Asked,
        ends_at=visits.ends_at(opened),
        personal=True,
        **{"has_errors": False, "failed": False, **values},
    )


def _today() -> date:
    return now().astimezone(portal().area.hub_hours.zone).date()


def _id(typed: str) -> bytes:
    """The id made with the form; a mangled one is replaced, which costs only the protection from a double send."""
    try:
        found = bytes.fromhex(typed)
    except ValueError:
        return sealing.new_id()
    return found if len(found) == sealing.ID_LENGTH else sealing.new_id()


BACK_TO[LATE] = _back
