"""What the Hub hands to another service: read with a reference and a code, then answered. Nothing happens on GET.

No page here knows a visit, and none leads to a space. Title and address say nothing of what this is about.
"""

from __future__ import annotations

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters.keys import NoSealingKey
from app.adapters.packets import WrongCode
from app.domain.limits import Kind
from app.domain.reference import normalise
from app.forms.packet import ACCEPT, BOUNCE, AnswerForm, PacketForm
from app.pages.portal import pages
from app.pages.portal.carry import UNAVAILABLE, UNPROCESSABLE
from app.services.portal import packets
from app.services.portal.office import Busy
from app.services.portal.packets import NotReader, Opened
from app.services.portal.space import Stopped
from app.web import limits
from app.web.answers import redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal


@pages.route("/handover", methods=["GET", "POST"])
def packet() -> ResponseReturnValue:
    """Ask for reference and code, or show what they open. Wrong, unknown and over cannot be told apart, in words or in time."""
    form = PacketForm()
    if request.method == "GET":
        return _ask(form)
    if not form.validate():
        return _ask(form, status=UNPROCESSABLE)
    over = limits.seconds_over(Kind.NUMBERS)
    try:
        opened = packets.read(
            portal().database,
            portal().office,
            reference=normalise(form.reference.data or ""),
            code=normalise(form.code.data or ""),
            now=now(),
            is_over=over > 0,
        )
    except WrongCode:
        if not over:
            limits.took(Kind.NUMBERS)
        form.code.errors = [
            gettext("Nothing opens with these. Please check both. A code works for some days. You can ask for another.")
        ]
        return _ask(form, status=UNPROCESSABLE)
    except (Stopped, Busy, NoSealingKey, *NOT_KEPT):
        limits.ask_to_wait(over)
        return _ask(form, status=UNAVAILABLE)
    answer = AnswerForm(formdata=None)
    answer.packet.data, answer.token.data = opened.packet_id.hex(), opened.packet.token.hex()
    return _page(answer, opened=opened)


@pages.post("/handover/answer")
def packet_answer() -> ResponseReturnValue:
    """Yes or no. What was typed stays on the page until it could be sent."""
    form = AnswerForm()
    form.today = now().astimezone(portal().area.hub_hours.zone).date()
    form.decision = BOUNCE if request.form.get("decision") == BOUNCE else ACCEPT
    try:
        start = packets.answer_of(form.packet.data or "", form.token.data or "")
        if not form.validate():
            return _page(form, status=UNPROCESSABLE)
        packets.answer(portal().database, portal().office, form.answered(start), now=now())
    except NotReader:
        return redirect(url_for("portal.packet"), code=303)
    except (NoSealingKey, *NOT_KEPT):
        return _page(form, status=UNAVAILABLE)
    return redirect(url_for("portal.packet_answered"), code=303)


@pages.get("/handover/answered")
def packet_answered() -> ResponseReturnValue:
    """Thanks. The same for everybody."""
    return make_response(render_template("portal/packet/answered.html", personal=True))


def _ask(form: PacketForm, *, status: int = 200) -> Response:
    failed = status == UNAVAILABLE
    page = render_template(
        "portal/packet/ask.html", form=form, failed=failed, has_errors=bool(form.errors) or failed, personal=True
    )
    return _answer(page, status)


def _page(form: AnswerForm, *, opened: Opened | None = None, status: int = 200) -> Response:
    """The document with the questions after it; after a mistake the questions alone, since the code is not here any more."""
    failed = status == UNAVAILABLE
    page = render_template(
        "portal/packet/read.html",
        form=form,
        opened=opened,
        accept=ACCEPT,
        bounce=BOUNCE,
        decision=form.decision,
        failed=failed,
        has_errors=bool(form.errors) or failed,
        personal=True,
    )
    return _answer(page, status)


def _answer(page: str, status: int) -> Response:
    response = make_response(page, status)
    if status == UNAVAILABLE:
        response.headers["Retry-After"] = "5"
    return response
