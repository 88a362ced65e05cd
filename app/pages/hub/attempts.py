"""At the desk: what became of an attempt to reach somebody, and whether a way is used again after somebody else answered."""

from __future__ import annotations

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.attempts import Outcome, Ruling
from app.domain.contact import Way
from app.forms.desk import MessageForm, StatusForm
from app.forms.desk_case import AttemptForm, RulingForm
from app.pages.hub import pages
from app.pages.hub.desk import case_page, id_of
from app.services.hub import attempts
from app.services.hub.attempts import NeedsAReason, NothingToDecide, NotOffered, NotShown
from app.services.hub.desk import NotOpened
from app.services.hub.guard import NoSuchCase
from app.web import staff
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.hub import hub


@pages.post("/cases/<case_id>/attempt")
@staff.signed_in_only
def record_attempt(case_id: str) -> ResponseReturnValue:
    """Write down what became of an attempt. A press that comes twice writes once."""
    form, problem = AttemptForm(), ""
    if not form.validate_on_submit():
        if not form.note.errors:
            abort(403)
        return _page(case_id, str(form.note.errors[0]))
    way = Way(form.way.data)
    try:
        attempts.record(
            hub().database,
            case_id=id_of(case_id),
            attempt_id=once(form.attempt_id.data or ""),
            way=way,
            outcome=Outcome(form.outcome.data),
            note=(form.note.data or "").strip(),
            signed=staff.me(),
            opener=hub().opener,
            hours=hub().area.hub_hours,
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except NotOpened:
        problem = gettext("Open the request first.")
    except NotShown:
        problem = gettext("Nothing to write down: first have the number or address shown.")
    except NotOffered:
        problem = gettext("Their plan allows no message. If one was left, tell a supervisor now.")
    if problem:
        return _page(case_id, problem)
    return redirect(url_for("hub.case", case_id=case_id) + f"#way-{way.value}", code=303)


@pages.post("/cases/<case_id>/attempts/<attempt_id>")
@staff.signed_in_only
def decide_on_way(case_id: str, attempt_id: str) -> ResponseReturnValue:
    """Use the way again, or never: a person decides, and says why."""
    form, problem = RulingForm(), ""
    if not form.validate_on_submit():
        if not form.reason.errors:
            abort(403)
        return _page(case_id, str(form.reason.errors[0]))
    try:
        attempts.decide_on_way(
            hub().database,
            case_id=id_of(case_id),
            attempt_id=id_of(attempt_id),
            ruling=Ruling(form.ruling.data),
            reason=(form.reason.data or "").strip(),
            signed=staff.me(),
            opener=hub().opener,
            now=now(),
        )
    except (NoSuchCase, NothingToDecide):
        abort(404)
    except NotOpened:
        problem = gettext("Open the request first.")
    except NeedsAReason:
        problem = gettext("Say why, in a few words. Then press again.")
    if problem:
        return _page(case_id, problem)
    return redirect(url_for("hub.case", case_id=case_id) + "#plan-heading", code=303)


def _page(case_id: str, problem: str) -> ResponseReturnValue:
    return case_page(case_id, StatusForm(formdata=None), MessageForm(formdata=None), problem=problem)
