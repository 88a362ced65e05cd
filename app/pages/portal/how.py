"""How you are doing: a picture and a table for the person alone, and the questions, whenever they like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.adapters.keys import NoSealingKey
from app.domain import picture
from app.domain.referral import HOW_YOU_ARE, Addition
from app.domain.survey import NEEDS
from app.forms import how as questions
from app.forms.how import HowForm
from app.forms.more import MoreForm
from app.forms.number import ReturnForm
from app.pages.portal import pages
from app.pages.portal.carry import BACK_TO, UNAVAILABLE, UNPROCESSABLE, carried, number_page
from app.services.portal import how
from app.services.portal.how import Entry, NoSuchEntry
from app.services.portal.space import OpenVisit
from app.web import visits
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal

HOW = "how"


@dataclass(frozen=True)
class Row:
    """One need in the picture: its name, its points, and the same in words, as (day, words), oldest first."""

    name: str
    drawn: picture.Picture
    said: tuple[tuple[date, str], ...]


@dataclass(frozen=True)
class Sheet:
    """One entry in words: (what was asked, what was answered)."""

    entry: Entry
    lines: tuple[tuple[str, str], ...]


@pages.get("/case/how")
def case_how() -> ResponseReturnValue:
    """The picture, and everything that was kept, newest first."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return redirect(url_for("portal.home"))
    return visits.remember(make_response(_how_page(opened)), own)


@pages.route("/case/how/now", methods=["GET", "POST"])
def case_how_now() -> ResponseReturnValue:
    """The questions. What is answered is kept for the person; an answer that tells of a risk leads to somebody to talk to."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        late = carried(HOW, known=(HOW,))
        if request.method == "POST" and late is not None:
            return number_page(ReturnForm(formdata=None), None, status=UNPROCESSABLE, problem="ended", more=late)
        return redirect(url_for("portal.home"))
    if request.method == "GET":
        return visits.remember(make_response(_questions_page(opened, HowForm(formdata=None))), own)
    form = HowForm()
    if not form.validate() or not form.answer():
        if not form.errors:
            form.health.errors = [gettext("Nothing is filled in yet. Fill in as little as you like, or go back.")]
        return visits.remember(make_response(_questions_page(opened, form), UNPROCESSABLE), own)
    answers = questions.answers_in(form.answer())
    try:
        how.keep(
            portal().database,
            opened,
            entry_id=once(form.addition_id.data or ""),
            answers=answers,
            on=_today(),
            now=now(),
        )
    except NOT_KEPT:
        return visits.remember(make_response(_questions_page(opened, form, failed=True), UNAVAILABLE), own)
    is_risk = Addition(kind=HOW_YOU_ARE, content={"answers": answers}).tells_of_risk()
    return visits.remember(redirect(url_for("portal.case_how_talk" if is_risk else "portal.case_how"), code=303), own)


@pages.get("/case/how/talk")
def case_how_talk() -> ResponseReturnValue:
    """There is somebody to talk to now: after a risk was told here, where nobody else sees it (requirements C5, C6, D9)."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return redirect(url_for("portal.home"))
    with portal().database.reading() as session:
        newest = how.entries(session, opened)[-1:]
    page = render_template("portal/case/how_talk.html", newest=newest, ends_at=visits.ends_at(opened), personal=True)
    return visits.remember(make_response(page), own)


@pages.post("/case/how/send")
def case_how_send() -> ResponseReturnValue:
    """Send one entry to the Hub: only ever by this press."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return redirect(url_for("portal.home"))
    try:
        how.send(portal().database, portal().office, opened, entry_id=_id_sent(), on=_today(), now=now())
    except NoSuchEntry:
        abort(404)
    except (NoSealingKey, *NOT_KEPT):
        return visits.remember(make_response(_how_page(opened, failed=True), UNAVAILABLE), own)
    return visits.remember(redirect(url_for("portal.case_how") + "#kept", code=303), own)


@pages.route("/case/how/clear", methods=["GET", "POST"], defaults={"place": 0})
@pages.route("/case/how/clear/<int:place>", methods=["GET", "POST"])
def case_how_clear(place: int) -> ResponseReturnValue:
    """Delete one entry, by its place, newest first, or all of them, after asking once."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return redirect(url_for("portal.home"))
    with portal().database.reading() as session:
        kept = how.entries(session, opened)[::-1]
    if request.method == "GET":
        if not kept or place > len(kept):
            return visits.remember(redirect(url_for("portal.case_how"), code=303), own)
        page = render_template(
            "portal/case/how_clear.html",
            entry=kept[place - 1] if place else None,
            ends_at=visits.ends_at(opened),
            personal=True,
        )
        return visits.remember(make_response(page), own)
    how.forget(portal().database, opened, entry_id=None if "all" in request.form else _id_sent())
    return visits.remember(redirect(url_for("portal.case_how"), code=303), own)


def _back_to_questions(opened: OpenVisit) -> ResponseReturnValue:
    """The questions with what was answered when the visit had ended; nothing is kept by itself."""
    return make_response(_questions_page(opened, HowForm()))


BACK_TO[HOW] = _back_to_questions


def _how_page(opened: OpenVisit, *, failed: bool = False) -> str:
    with portal().database.reading() as session:
        kept = how.entries(session, opened)
    called = questions.labels()
    rows = [
        Row(
            name=called[need],
            drawn=picture.draw([each.answers.get(need) for each in kept]),
            said=_said(need, kept),
        )
        for need in NEEDS
    ]
    sheets = [
        Sheet(
            entry,
            tuple(
                (called[name], questions.words(name, value)) for name, value in entry.answers.items() if name in called
            ),
        )
        for entry in reversed(kept)
    ]
    return render_template(
        "portal/case/how.html",
        rows=[row for row in rows if row.said],
        sheets=sheets,
        size=(picture.WIDTH, picture.HEIGHT),
        heights=picture.HEIGHTS,
        edge=picture.EDGE,
        most=picture.MOST_POINTS,
        failed=failed,
        has_errors=failed,
        ends_at=visits.ends_at(opened),
        personal=True,
    )


def _said(need: str, kept: Sequence[Entry]) -> tuple[tuple[date, str], ...]:
    shown = kept[-picture.MOST_POINTS :]
    return tuple((each.on, questions.words(need, each.answers[need])) for each in shown if need in each.answers)


def _questions_page(opened: OpenVisit, form: HowForm, *, failed: bool = False) -> str:
    _give_id(form)
    return render_template(
        "portal/case/how_now.html",
        form=form,
        needs=[form[name] for name in NEEDS],
        risks=[form[name] for name in questions.RISKS],
        failed=failed,
        has_errors=bool(form.errors) or failed,
        ends_at=visits.ends_at(opened),
        personal=True,
    )


def _give_id(form: MoreForm) -> None:
    """See that the form has an id, so that a press that comes twice keeps one entry (see `once`)."""
    if len(_bytes(form.addition_id.data or "")) != sealing.ID_LENGTH:
        form.addition_id.data = sealing.new_id().hex()


def _id_sent() -> bytes:
    return _bytes(request.form.get("id", ""))


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _today() -> date:
    return now().astimezone(portal().area.hub_hours.zone).date()
