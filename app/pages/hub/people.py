"""Colleagues: their cases, leave and cover, sessions; and giving a case to somebody else. For supervisors."""

from __future__ import annotations

from datetime import date

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from app.domain.leave import Leave, Problem
from app.domain.roles import SUPERVISOR
from app.forms.desk import PressForm
from app.forms.desk_people import GiveForm, LeaveForm
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page
from app.services.hub import people
from app.services.hub import staff as staff_service
from app.services.hub.people import Colleague, LeaveRefused, NoSuchColleague
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.get("/people")
@staff.only(SUPERVISOR)
def people_() -> ResponseReturnValue:
    """Everybody, with their cases, and who is away."""
    with hub().database.reading() as session:
        found = people.colleagues(session, staff.me().identity, now=now(), today=_today())
    return desk_page("hub/people.html", people=found)


@pages.get("/people/<person_key>")
@staff.only(SUPERVISOR)
def person(person_key: str) -> ResponseReturnValue:
    """One colleague."""
    return _person_page(person_key, LeaveForm(formdata=None), GiveForm(formdata=None))


@pages.post("/people/<person_key>/leave")
@staff.only(SUPERVISOR)
def set_leave(person_key: str) -> ResponseReturnValue:
    """They will be away, and somebody covers."""
    form = LeaveForm()
    everybody = _everybody()
    away, cover = _with(everybody, person_key), _chosen(everybody, form.cover.data)
    if form.validate_on_submit():
        try:
            if cover is None:
                raise NoSuchColleague
            leave = Leave(away.identity.id, cover.identity.id, form.from_on.data, form.until_on.data)
            with hub().database.writing() as session:
                people.set_leave(session, leave, by=staff.me().identity, today=_today(), now=now())
        except NoSuchColleague:
            form.cover.errors = [gettext("Choose who covers.")]
        except LeaveRefused as error:
            field, words = _why_not(error.problem, away.identity.name, cover.identity.name if cover else "")
            form[field].errors = [words]
        else:
            return redirect(url_for("hub.person", person_key=person_key), code=303)
    return _person_page(person_key, form, GiveForm(formdata=None))


@pages.post("/people/<person_key>/leave/<leave_id>/end")
@staff.only(SUPERVISOR)
def end_leave(person_key: str, leave_id: str) -> ResponseReturnValue:
    """The leave does not hold any more."""
    _need_press()
    with hub().database.writing() as session:
        people.end_leave(session, _bytes(leave_id), by=staff.me().identity, now=now())
    return redirect(url_for("hub.person", person_key=person_key), code=303)


@pages.post("/people/<person_key>/give")
@staff.only(SUPERVISOR)
def give_all(person_key: str) -> ResponseReturnValue:
    """All of their cases go to somebody else."""
    form = GiveForm()
    everybody = _everybody()
    giving, to = _with(everybody, person_key), _chosen(everybody, form.to.data)
    said = ""
    if form.validate_on_submit():
        try:
            if to is None or to.key == giving.key:
                raise NoSuchColleague
            done = people.give_all(
                hub().database,
                from_id=giving.identity.id,
                to_id=to.identity.id,
                by=staff.me().identity,
                opener=hub().opener,
                voice=hub().voice,
                now=now(),
            )
            said = _said(done, to.identity.name)
        except NoSuchColleague:
            form.to.errors = [gettext("Choose who is to have them.")]
    return _person_page(person_key, LeaveForm(formdata=None), form, said=said)


@pages.post("/people/<person_key>/sign-out")
@staff.only(SUPERVISOR)
def end_sessions_of(person_key: str) -> ResponseReturnValue:
    """They are signed out wherever they are signed in."""
    _need_press()
    found = _with(_everybody(), person_key)
    with hub().database.writing() as session:
        staff_service.end_all(session, found.identity.id, by=staff.me().identity.id, why="supervisor", now=now())
    return redirect(url_for("hub.person", person_key=person_key), code=303)


@pages.get("/people/sessions")
@staff.only(SUPERVISOR)
def sessions() -> ResponseReturnValue:
    """Who is signed in now."""
    with hub().database.reading() as session:
        found = staff_service.sessions(session, now=now())
    return desk_page("hub/sessions.html", sessions=found, own=staff.me().session_id, key_of=people.key_of)


@pages.post("/people/sessions/<session_id>/end")
@staff.only(SUPERVISOR)
def end_session(session_id: str) -> ResponseReturnValue:
    """End one session."""
    _need_press()
    with hub().database.writing() as session:
        staff_service.end_one(session, _bytes(session_id), by=staff.me().identity.id, now=now())
    return redirect(url_for("hub.sessions"), code=303)


def _person_page(person_key: str, leave_form: LeaveForm, give_form: GiveForm, *, said: str = "") -> ResponseReturnValue:
    me = staff.me().identity
    with hub().database.reading() as session:
        everybody = people.colleagues(session, me, now=now(), today=_today())
        found = _with(everybody, person_key)
        signed_in = people.sessions_of(session, found.identity.id, now=now())
    offered = [(each.key, each.identity.name) for each in people.takes_cases(everybody, but=found.identity.id)]
    leave_form.fit(offered)
    give_form.fit(offered)
    has_errors = bool(leave_form.errors or give_form.errors)
    return desk_page(
        "hub/person.html",
        code=UNPROCESSABLE if has_errors else 200,
        person=found,
        sessions=signed_in,
        leave_form=leave_form,
        give_form=give_form,
        said=said,
        has_errors=has_errors,
    )


def _everybody() -> list[Colleague]:
    with hub().database.reading() as session:
        return people.colleagues(session, staff.me().identity, now=now(), today=_today())


def _chosen(everybody: list[Colleague], key: str | None) -> Colleague | None:
    """Whom a form names."""
    return next((each for each in everybody if each.key == key), None)


def _with(everybody: list[Colleague], key: str) -> Colleague:
    """Whom an address names; not found for anybody else."""
    found = _chosen(everybody, key)
    if found is None:
        abort(404)
    return found


def _said(done: people.Given, name: str) -> str:
    words = ngettext("%(num)s case went to %(name)s.", "%(num)s cases went to %(name)s.", done.given, name=name)
    if done.stay:
        more = ngettext("%(num)s stays: they may not have it.", "%(num)s stay: they may not have them.", done.stay)
        words = f"{words} {more}"
    return str(words)


def _why_not(problem: Problem, name: str, cover: str) -> tuple[str, str]:
    """The field that a refusal belongs to, and its words."""
    return {
        Problem.ENDS_BEFORE: ("until_on", str(gettext("The last day is before the first."))),
        Problem.OVER: ("until_on", str(gettext("These days are over."))),
        Problem.OWN_COVER: ("cover", str(gettext("Nobody covers for themselves."))),
        Problem.ALREADY: ("from_on", str(gettext("%(name)s is away on some of these days already.", name=name))),
        Problem.COVER_AWAY: (
            "cover",
            str(gettext("%(name)s is away on some of these days. Choose somebody else.", name=cover)),
        ),
        Problem.COVERS: (
            "from_on",
            str(gettext("%(name)s covers for somebody on some of these days. Change that first.", name=name)),
        ),
    }[problem]


def _today() -> date:
    return now().astimezone(hub().area.hub_hours.zone).date()


def _need_press() -> None:
    if not PressForm().validate_on_submit():
        abort(403)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        abort(404)
