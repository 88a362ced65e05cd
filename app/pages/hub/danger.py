"""Danger to life: asking, agreeing, the details for the two for a quarter of an hour, and whether the person is told."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.domain.audit import Act
from app.domain.contact import VOICE_WAYS
from app.domain.danger import Reason, Vote
from app.forms.desk import LONGEST_DANGER, DangerForm, PressForm, VoteForm
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page, id_of, page_was_old
from app.services.hub import auditing, desk, showing
from app.services.hub import danger as dangers_
from app.services.hub.danger import AlreadyAsked, NotAlone, NotASupervisor, NotTheirs, NotWaiting, SamePerson
from app.services.hub.guard import NoSuchCase
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.get("/danger")
@staff.signed_in_only
def dangers() -> ResponseReturnValue:
    """What waits for a second person, and what two people have to decide about telling. Coded facts only."""
    with hub().database.reading() as session:
        found = dangers_.listed(session, staff.me().identity, now=now())
    return desk_page("hub/dangers.html", found=found)


@pages.route("/cases/<case_id>/danger", methods=["GET", "POST"])
@staff.signed_in_only
def danger(case_id: str) -> ResponseReturnValue:
    """The page of one case; posted to, a supervisor asks."""
    own_id = id_of(case_id)
    form, problem = DangerForm(), ""
    if not form.danger_id.data or len(form.danger_id.data) != 2 * sealing.ID_LENGTH:
        form.danger_id.data = sealing.new_id().hex()
    if form.validate_on_submit():
        try:
            dangers_.refuse_named(hub().database, own_id, staff.me().identity, opener=hub().opener)
            dangers_.ask(
                hub().database,
                case_id=own_id,
                danger_id=id_of(form.danger_id.data),
                reason=Reason(form.reason.data),
                words=(form.words.data or "").strip(),
                who=staff.me().identity,
                opener=hub().opener,
                hours=hub().area.hub_hours,
                now=now(),
            )
            return redirect(url_for("hub.danger", case_id=case_id), code=303)
        except NoSuchCase:
            abort(404)
        except ValueError:
            form.reason.errors = [gettext("Choose why.")]
        except NotASupervisor:
            problem = gettext("Only a supervisor can ask. Next: ring your supervisor.")
        except AlreadyAsked:
            problem = gettext("It was asked for already. Next: look below.")
    return _page(case_id, form, problem=problem or page_was_old(form))


@pages.post("/cases/<case_id>/danger/<danger_id>/agree")
@staff.signed_in_only
def danger_agree(case_id: str, danger_id: str) -> ResponseReturnValue:
    """The second person agrees. What changed a second ago is collected first, as far as that works."""
    _need_press()
    return _do(case_id, lambda session: dangers_.agree(session, id_of(danger_id), staff.me().identity, now=now()), True)


@pages.post("/cases/<case_id>/danger/<danger_id>/alone")
@staff.signed_in_only
def danger_alone(case_id: str, danger_id: str) -> ResponseReturnValue:
    """Whoever asked opens it alone, because nobody else is signed in."""
    _need_press()
    return _do(
        case_id, lambda session: dangers_.go_alone(session, id_of(danger_id), staff.me().identity, now=now()), True
    )


@pages.post("/cases/<case_id>/danger/<danger_id>/telling")
@staff.signed_in_only
def danger_telling(case_id: str, danger_id: str) -> ResponseReturnValue:
    """One person says whether telling would add danger."""
    form = VoteForm()
    if not form.validate_on_submit():
        abort(403)
    vote = Vote(form.vote.data)
    return _do(case_id, lambda session: dangers_.say(session, id_of(danger_id), staff.me().identity, vote, now=now()))


def _do(case_id: str, act: Callable[[Session], None], collects: bool = False) -> ResponseReturnValue:
    problem = ""
    try:
        dangers_.refuse_named(hub().database, id_of(case_id), staff.me().identity, opener=hub().opener)
        with hub().database.writing() as session:
            act(session)
    except NoSuchCase:
        abort(404)
    except SamePerson:
        problem = gettext("You asked for it, so somebody else must agree. Next: ring a colleague.")
    except NotWaiting:
        problem = gettext("It waits no more: fifteen minutes are over, or somebody answered. Next: ask again.")
    except NotAlone:
        problem = gettext("Somebody else is signed in who may agree. Next: ring them.")
    except NotTheirs:
        problem = gettext("This is not for you to decide, or it is decided already.")
    if problem:
        return _page(case_id, DangerForm(formdata=None), problem=problem)
    if collects:
        showing.collect(hub().collector, now=now())
    return redirect(url_for("hub.danger", case_id=case_id), code=303)


def _page(case_id: str, form: DangerForm, *, problem: str) -> ResponseReturnValue:
    form.danger_id.data = form.danger_id.data or sealing.new_id().hex()
    own_id, me = id_of(case_id), staff.me()
    try:
        with hub().database.reading() as session:
            found = dangers_.view(
                session, own_id, me.identity, opener=hub().opener, hours=hub().area.hub_hours, now=now()
            )
            health = desk.post_health(session, now=now())
    except NoSuchCase:
        abort(404)
    if found.words is not None or found.opened is not None:  # written down before it is shown, each time
        act = Act.DANGER_WHY if found.opened is None else Act.DANGER_READ
        auditing.note(hub().database, act, me, now=now(), case_id=own_id)
    has_errors = bool(form.errors) or bool(problem)
    return desk_page(
        "hub/case_danger.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        found=found,
        current=found.current,
        health=health,
        form=form,
        problem=problem,
        has_errors=has_errors,
        longest=LONGEST_DANGER,
        Voice=VOICE_WAYS,
    )


def _need_press() -> None:
    if not PressForm().validate_on_submit():
        abort(403)
