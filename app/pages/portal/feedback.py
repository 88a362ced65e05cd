"""Feedback: one form for everybody, and thanks. Neither looks at a cookie, so nothing ties the words to a visit."""

from __future__ import annotations

from flask import make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.adapters import sealing
from app.adapters.keys import NoSealingKey
from app.domain.limits import Kind
from app.forms.feedback import FeedbackForm
from app.pages.portal import pages
from app.pages.portal.carry import UNAVAILABLE, UNPROCESSABLE
from app.services.portal import feedback as sending
from app.web import language, limits, traps
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal


@pages.route("/feedback", methods=["GET", "POST"])
def feedback() -> ResponseReturnValue:
    """Ask, or send it to the Hub. Whoever opens this address may write."""
    form = FeedbackForm()
    form.be_discreet()  # nobody has said whose device it is
    if request.method == "GET":
        form.feedback_id.data = sealing.new_id().hex()
        return make_response(_page(form))
    if not form.validate():
        return _page(form), UNPROCESSABLE
    if traps.is_sprung():
        return _page(form, failed=True), UNPROCESSABLE
    if limits.must_wait(Kind.POOL):
        return _page(form, failed=True), UNAVAILABLE
    # UK time: what somebody calls today.
    today = now().astimezone(portal().area.hub_hours.zone).date()
    said = form.feedback(on=today, language=language.language().slug)
    feedback_id = once(form.feedback_id.data or "")
    try:
        sending.send(portal().database, portal().office, said, feedback_id=feedback_id, now=now())
    except (NoSealingKey, *NOT_KEPT):
        return _page(form, failed=True), UNAVAILABLE
    limits.took(Kind.POOL)
    return redirect(url_for("portal.feedback_sent"), code=303)


@pages.get("/feedback/sent")
def feedback_sent() -> ResponseReturnValue:
    """Thanks. The same for everybody."""
    return make_response(render_template("portal/feedback_sent.html"))


def _page(form: FeedbackForm, *, failed: bool = False) -> str:
    return render_template(
        "portal/feedback.html", form=form, failed=failed, has_errors=bool(form.errors) or failed, personal=True
    )
