"""What the Hub asks somebody to agree to: passing them on. Yes to some kinds of things, no, later, or taken back."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.domain.directory import Service
from app.domain.handover import Decision
from app.forms.handover import DECISIONS, KINDS, PREFIX, WHY, DecideForm, decide_form
from app.forms.number import ReturnForm
from app.pages.portal import pages
from app.pages.portal.carry import BACK_TO, UNAVAILABLE, UNPROCESSABLE, carried, number_page
from app.services.portal import handovers, space
from app.services.portal.handovers import CannotChange, Handover, UnknownHandover
from app.services.portal.space import OpenVisit
from app.web import visits
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal

LATE = "agree"


@pages.context_processor
def with_services() -> dict[str, Callable[[str], Service | None]]:
    """Pages of the space name services by their id."""
    return {"service_of": portal().directory.get}


@pages.get("/case/approve")
def case_approve() -> ResponseReturnValue:
    """All that the Hub ever asked, newest first, and how it stands."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return redirect(url_for("portal.home"))
    page = _page("approve_list", opened, found=_all(opened))
    return visits.remember(make_response(page), own)


@pages.route("/case/approve/<handover_id>", methods=["GET", "POST"])
def case_approve_one(handover_id: str) -> ResponseReturnValue:
    """One of them: what is asked, to decide on, and where it stands."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        late = carried(LATE, known=BACK_TO) if request.method == "POST" else None
        if late is not None:
            return number_page(ReturnForm(formdata=None), None, status=UNPROCESSABLE, problem="ended", more=late)
        return redirect(url_for("portal.home"))
    found = _find(opened, handover_id)
    if found is None:
        return visits.remember(redirect(url_for("portal.case_approve"), code=303), own)
    if request.method == "GET":
        form = decide_form(found.kinds, formdata=None)
        return visits.remember(make_response(_one(opened, found, form)), own)
    return visits.remember(_decide(opened, found), own)


def _decide(opened: OpenVisit, found: Handover) -> Response:
    form = decide_form(found.kinds)
    if "withdraw" in request.form:
        decision, chosen, note = Decision.WITHDRAW, [], ""
    else:
        wanted = DECISIONS.get(request.form.get("decision", ""))
        if not form.validate():
            return make_response(_one(opened, found, form), UNPROCESSABLE)
        note = (form.note.data or "").strip()
        chosen = form.chosen
        if wanted is None or (wanted is Decision.APPROVE and not chosen and not note):
            (form.kind_fields or [form.note])[0].errors = [
                gettext("Say yes to at least one thing, or write something to pass on. Or say no.")
            ]
            return make_response(_one(opened, found, form), UNPROCESSABLE)
        decision = wanted
    try:
        handovers.decide(
            portal().database,
            portal().office,
            opened,
            found,
            decision=decision,
            kinds=chosen,
            note=note,
            change_id=once(request.form.get("change_id", "")),
            now=now(),
        )
    except CannotChange:
        pass  # it stands otherwise by now, and the page that comes says how
    except sealing.TooLarge:
        form.note.errors = [gettext("This is longer than 2,000 letters. Please make it shorter.")]
        return make_response(_one(opened, found, form), UNPROCESSABLE)
    except NOT_KEPT:
        return make_response(_one(opened, found, form, failed=True), UNAVAILABLE)
    return redirect(url_for("portal.case_approve_one", handover_id=found.id) + "#stands", code=303)


def _back(opened: OpenVisit) -> ResponseReturnValue:
    """What was chosen and typed is on the page again; nothing is sent by itself."""
    found = _find(opened, request.form.get("handover", ""))
    if found is None:
        return redirect(url_for("portal.case_approve"), code=303)
    return _one(opened, found, decide_form(found.kinds))


def _all(opened: OpenVisit) -> list[Handover]:
    with portal().database.reading() as session:
        return handovers.read(session, opened, space.read_space(session, opened).conversation)


def _find(opened: OpenVisit, handover_id: str) -> Handover | None:
    with portal().database.reading() as session:
        try:
            return handovers.find(session, opened, space.read_space(session, opened).conversation, handover_id)
        except UnknownHandover:
            return None


def _one(opened: OpenVisit, found: Handover, form: DecideForm, *, failed: bool = False) -> str:
    form.handover.data = found.id
    form.change_id.data = _id(form.change_id.data or "").hex()
    return _page("approve_one", opened, asked=found, form=form, failed=failed, has_errors=bool(form.errors) or failed)


def _page(name: str, opened: OpenVisit, **values: object) -> str:
    return render_template(
        f"portal/case/{name}.html",
        kind_words={each.value: label for each, label in KINDS.items()},
        why_words={each.value: label for each, label in WHY.items()},
        prefix=PREFIX,
        ends_at=visits.ends_at(opened),
        personal=True,
        **{"has_errors": False, "failed": False, **values},
    )


def _id(typed: str) -> bytes:
    """The id made with the form; a mangled one is replaced, which costs only the protection from a double send."""
    try:
        found = bytes.fromhex(typed)
    except ValueError:
        return sealing.new_id()
    return found if len(found) == sealing.ID_LENGTH else sealing.new_id()


BACK_TO[LATE] = _back
