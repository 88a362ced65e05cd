"""At the desk: whether something was recorded as a crime, beside the Hub's own policy."""

from __future__ import annotations

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.domain.recording import Decision
from app.forms.desk_case import RecordingForm
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page, id_of, page_was_old
from app.services.hub import recording
from app.services.hub.desk import NotOpened
from app.services.hub.guard import NoSuchCase
from app.web import staff
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.hub import hub


@pages.route("/cases/<case_id>/recording", methods=["GET", "POST"])
@staff.signed_in_only
def case_recording(case_id: str) -> ResponseReturnValue:
    """What was decided so far, and a decision more."""
    own_id, form, problem = id_of(case_id), RecordingForm(), ""
    if not form.recording_id.data:
        form.recording_id.data = sealing.new_id().hex()
    try:
        with hub().database.reading() as session:
            decided = recording.history(session, own_id, staff.me().identity)
        if form.validate_on_submit():
            if form.decision.data in set(Decision):
                recording.decide(
                    hub().database,
                    case_id=own_id,
                    recording_id=once(form.recording_id.data),
                    decision=Decision(form.decision.data),
                    told=form.told.data == "yes",
                    signed=staff.me(),
                    now=now(),
                )
                return redirect(url_for("hub.case_recording", case_id=case_id), code=303)
            form.decision.errors = [gettext("Choose what was decided.")]
    except NoSuchCase:
        abort(404)
    except NotOpened:
        problem = gettext("Open the request first.")
    problem = problem or page_was_old(form)
    has_errors = bool(form.errors) or bool(problem)
    return desk_page(
        "hub/case_recording.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        form=form,
        decided=decided,
        problem=problem,
        has_errors=has_errors,
    )
