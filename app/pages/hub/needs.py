"""At the desk: how somebody is doing, which needs they have and how each ended, and who is to be asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date, gettext
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.domain import picture
from app.domain.needs import (
    CATEGORIES,
    COPING,
    HOW_HARD,
    NEEDS_A_SERVICE,
    RECOVERING,
    RISK_NAMES,
    Acted,
    Ended,
    Level,
    next_asking,
    worse,
)
from app.domain.outcomes import Change
from app.domain.picture import Picture
from app.domain.priority import Group
from app.forms import how as how_words
from app.forms.desk_needs import (
    ACTED,
    AIM_LABELS,
    ENDINGS,
    HOW_ASKED,
    LEVELS,
    WISHES,
    ActedForm,
    AssessmentForm,
    EndNeedForm,
    LastNeedForm,
    wish_name,
    words_of,
)
from app.pages.hub import pages, words
from app.pages.hub.desk import UNPROCESSABLE, desk_page, id_of, page_was_old
from app.services.hub import needs
from app.services.hub.desk import NotOpened
from app.services.hub.guard import NoSuchCase
from app.services.hub.needs import Assessed, NeedsAReason, NeedsAService, NoSuchNeed, NothingTold, Quiet, View
from app.web import staff
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.hub import hub

FURTHEST_ASKING = timedelta(days=366)


@dataclass(frozen=True)
class Row:
    """One line of the form: what is asked, its field, and what was said before, newest first."""

    name: str
    label: str
    hint: str
    before: tuple[str, ...]
    is_worse: bool
    asked_for: bool


@dataclass(frozen=True)
class Drawn:
    """One line of the outcomes: first and latest answer in words, what became of it, and the picture of it."""

    label: str
    first: str
    first_on: date
    last: str
    last_on: date | None
    change: str
    own: bool
    picture: Picture


@pages.route("/cases/<case_id>/needs", methods=["GET", "POST"])
@staff.signed_in_only
def case_needs(case_id: str) -> ResponseReturnValue:
    """The one page of the assessment."""
    form, problem = AssessmentForm(), ""
    form.fit(_groups())
    if form.validate_on_submit():
        problem = _assess(id_of(case_id), form)
        if not problem and not form.errors:
            return redirect(url_for("hub.case_needs", case_id=case_id) + "#open-needs", code=303)
    return _needs_page(case_id, form, problem=problem or page_was_old(form))


@pages.post("/cases/<case_id>/needs/<need_id>")
@staff.signed_in_only
def end_need(case_id: str, need_id: str) -> ResponseReturnValue:
    """A need has ended."""
    form = EndNeedForm(prefix=_prefix(need_id))
    form.fit(_services())
    if form.validate_on_submit():
        known = {key for key, _name in _services()}
        try:
            with hub().database.writing() as session:
                needs.end_need(
                    session,
                    case_id=id_of(case_id),
                    need_id=id_of(need_id),
                    ended=Ended(form.ended.data),
                    service=form.service.data if form.service.data in known else None,
                    who=staff.me().identity,
                    today=_today(),
                    now=now(),
                )
            return redirect(url_for("hub.case_needs", case_id=case_id) + "#open-needs", code=303)
        except (NoSuchCase, NoSuchNeed):
            abort(404)
        except NeedsAService:
            form.service.errors = [gettext("Choose the service.")]
    empty = AssessmentForm(formdata=None)
    empty.fit(_groups())
    return _needs_page(case_id, empty, ending=(need_id, form), problem=page_was_old(form))


@pages.post("/cases/<case_id>/worse/<worsening_id>")
@staff.signed_in_only
def act_on_worse(case_id: str, worsening_id: str) -> ResponseReturnValue:
    """Something got worse, and this was done about it."""
    form, problem = ActedForm(), ""
    if form.validate_on_submit():
        try:
            needs.act(
                hub().database,
                case_id=id_of(case_id),
                worsening_id=id_of(worsening_id),
                acted=Acted(form.acted.data),
                note=form.note.data or "",
                signed=staff.me(),
                opener=hub().opener,
                now=now(),
            )
            return redirect(url_for("hub.case_needs", case_id=case_id), code=303)
        except NoSuchCase:
            abort(404)
        except NotOpened:
            problem = gettext("Open the request first.")
    empty = AssessmentForm(formdata=None)
    empty.fit(_groups())
    return _needs_page(case_id, empty, acting=form, problem=problem or page_was_old(form))


@pages.get("/to-ask")
@staff.signed_in_only
def to_ask() -> ResponseReturnValue:
    """Who got worse and nobody has acted yet; who is to be asked again, and by when."""
    me, hours = staff.me().identity, hub().area.hub_hours
    with hub().database.reading() as session:
        got_worse = needs.worse(session, me, hours=hours)
        asking = needs.to_ask(session, me, hours=hours, today=_today())
    return desk_page("hub/to_ask.html", got_worse=got_worse, asking=asking, today=_today())


def _assess(case_id: bytes, form: AssessmentForm) -> str:
    """Keep what the form says; the problem in one line, which may also stand at a field, or nothing."""
    ask_on = form.ask_on.data if form.again.data == "yes" else None
    if form.again.data == "yes" and (ask_on is None or not _today() < ask_on <= _today() + FURTHEST_ASKING):
        form.ask_on.errors = [gettext("Choose a day after today, and within a year.")]
        return ""
    levels, groups = {str(each.value): each for each in Level}, {each.value: each for each in Group}
    try:
        needs.assess(
            hub().database,
            case_id=case_id,
            taken=Assessed(
                answers=form.answers(),
                wishes=form.wishes(),
                own=form.own.data == "yes",
                how=needs.How(form.how.data),
                they_began=bool(form.they_began.data),
                note=form.note.data or "",
                level=levels.get(form.level.data or ""),
                group=groups.get(form.group.data or ""),
                reason=form.reason.data or "",
                ask_on=ask_on,
                keep_asking=form.again.data == "",
            ),
            assessment_id=once(form.envelope_id.data or ""),
            signed=staff.me(),
            opener=hub().opener,
            hours=hub().area.hub_hours,
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except NotOpened:
        return str(gettext("Open the request first."))
    except NothingTold:
        return str(gettext("Nothing is chosen yet."))
    except NeedsAReason:
        form.reason.errors = [gettext("Say why the group is another one.")]
    except Quiet as quiet:
        day = format_date(quiet.until, gettext("EEEE d MMMM"))
        if ask_on is not None and ask_on <= quiet.until:
            form.ask_on.errors = [gettext("Someone close to them has died. Choose a day after %(day)s.", day=day)]
        else:
            form.they_began.errors = [
                gettext("Someone close to them has died. Until %(day)s, only if they begin.", day=day)
            ]
    return ""


def _needs_page(
    case_id: str,
    form: AssessmentForm,
    *,
    ending: tuple[str, EndNeedForm] | None = None,
    acting: ActedForm | None = None,
    problem: str = "",
) -> ResponseReturnValue:
    area = hub().area
    try:
        with hub().database.reading() as session:
            view = needs.read(
                session,
                case_id=id_of(case_id),
                signed=staff.me(),
                opener=hub().opener,
                hours=area.hub_hours,
                targets=area.targets,
                now=now(),
            )
    except NoSuchCase:
        abort(404)
    except NotOpened:
        return desk_page(
            "hub/case_needs_shut.html", code=UNPROCESSABLE if problem else 200, case_id=case_id, problem=problem
        )
    if not form.is_submitted() or ending is not None or acting is not None:
        _begin(form, view)
    if not form.envelope_id.data:
        form.envelope_id.data = sealing.new_id().hex()
    endings = {each.id: _ending(each.id, ending) for each in view.open_needs}
    acted_form = acting or ActedForm(formdata=None)
    has_errors = bool(problem or form.errors or acted_form.errors or (ending and ending[1].errors))
    called = need_labels()
    return desk_page(
        "hub/case_needs.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        view=view,
        form=form,
        need_rows=[_row(name, view) for name in CATEGORIES],
        risk_rows=[_row(name, view) for name in RISK_NAMES],
        aim_rows=[_row(name, view) for name in (COPING, RECOVERING)],
        endings=endings,
        acted_form=acted_form,
        drawn=_drawn(view),
        problem=problem,
        has_errors=has_errors,
        called=called,
        answer_words=lambda name, value: str(words_of(name).get(value, value)),
        wish_name=wish_name,
        wish_words=WISHES,
        ending_words=ENDINGS,
        acted_words=ACTED,
        how_words={**HOW_ASKED, needs.SENT: gettext("They sent it")},
        level_words={each: LEVELS[each] for each in Level},
        level_of=lambda value: LEVELS[Level(int(value))],
        group_words=_groups(),
        service_names=dict(_services()),
        picture_size=(picture.WIDTH, picture.HEIGHT),
        heights=picture.HEIGHTS,
        edge=picture.EDGE,
    )


def _ending(need_id: str, sent: tuple[str, EndNeedForm] | None) -> EndNeedForm:
    if sent is not None and sent[0] == need_id:
        return sent[1]
    made = EndNeedForm(formdata=None, prefix=_prefix(need_id))
    made.fit(_services())
    return made


def _begin(form: AssessmentForm, view: View) -> None:
    """The form as it opens: what is known, and the day on which they would be asked again."""
    wishes: dict[str, str | None] = dict.fromkeys(view.asked_for, "now") if view.is_first else {}
    wishes.update({each.category: each.wish.value if each.wish else None for each in view.open_needs})
    form.fill(view.prefilled, wishes)
    form.level.data = str(view.level.value) if view.level else ""
    day = next_asking(_today(), weeks=hub().area.ask_again_weeks)
    if view.quiet_until is not None and day <= view.quiet_until:
        day = view.quiet_until + timedelta(days=1)
    form.ask_on.data = day


def _row(name: str, view: View) -> Row:
    told = view.history[name]
    said = [
        gettext("%(answer)s, %(day)s", answer=str(words_of(name)[each.answer]), day=format_date(each.on, "d MMM"))
        if each.own
        else gettext(
            "%(answer)s, %(day)s, our view", answer=str(words_of(name)[each.answer]), day=format_date(each.on, "d MMM")
        )
        for each in told
    ]
    if name in RISK_NAMES and name in view.prefilled and not told:
        said = [gettext("Yes, in the request")]
    changed = len(told) > 1 and bool(worse({name: told[-2].answer}, {name: told[-1].answer}))
    return Row(
        name=name,
        label=need_labels()[name],
        hint="",
        before=tuple(reversed(said[-3:])),
        is_worse=changed,
        asked_for=name in view.asked_for,
    )


def _drawn(view: View) -> list[Drawn]:
    called = need_labels()
    changes = {
        Change.BETTER: gettext("Better"),
        Change.SAME: gettext("The same"),
        Change.WORSE: gettext("Worse"),
        Change.NOT_ASKED_AGAIN: gettext("Not asked again"),
    }
    found = []
    for name, each in view.outcomes.items():
        scale = list(words_of(name))
        # Every scale has three heights, the best at the top, so one picture serves all.
        levels = [HOW_HARD[scale.index(told.answer)] for told in view.history[name]]
        found.append(
            Drawn(
                label=called[name],
                first=str(words_of(name)[each.first]),
                first_on=each.first_at.astimezone(hub().area.hub_hours.zone).date(),
                last=str(words_of(name)[each.last]) if each.last else "",
                last_on=each.last_at.astimezone(hub().area.hub_hours.zone).date() if each.last_at else None,
                change=str(changes[each.change]),
                own=each.own,
                picture=picture.draw(levels),
            )
        )
    return found


def need_labels() -> dict[str, str]:
    """What each need, risk and aim is called: the words in which people are asked."""
    return {**how_words.labels(), **{name: str(label) for name, label in AIM_LABELS.items()}}


def last_need_form(need_id: str) -> LastNeedForm:
    """What is asked about a need that is open when its case is closed; a part of that page's form."""
    form = LastNeedForm(prefix=_prefix(need_id), meta={"csrf": False})
    form.fit(_services())
    return form


def services_are_named(endings: Mapping[str, LastNeedForm]) -> bool:
    """Whether each need that was passed on or signposted names its service; those that do not say so."""
    known = {key for key, _name in _services()}
    for form in endings.values():
        if form.ended.data in set(NEEDS_A_SERVICE) and form.service.data not in known:
            form.service.errors = [gettext("Choose the service.")]
    return not any(form.service.errors for form in endings.values())


def end_all(session: Session, case_id: bytes, endings: Mapping[str, LastNeedForm]) -> None:
    """Note how each ended, in the transaction that closes the case; those that stay open stay."""
    for need_id, form in endings.items():
        if form.ended.data != LastNeedForm.STAYS:
            needs.end_need(
                session,
                case_id=case_id,
                need_id=id_of(need_id),
                ended=Ended(form.ended.data),
                service=form.service.data or None,
                who=staff.me().identity,
                today=_today(),
                now=now(),
            )


def _groups() -> Mapping[Group, str]:
    return {each: words.group(each) for each in Group}


def _services() -> list[tuple[str, str]]:
    return sorted(((each.id, each.name) for each in hub().directory.all), key=lambda pair: pair[1])


def _today() -> date:
    return now().astimezone(hub().area.hub_hours.zone).date()


def _prefix(need_id: str) -> str:
    """Each need has a form of its own on the page."""
    return f"need-{need_id}-"
