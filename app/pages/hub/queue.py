"""The first screen, the queue, and giving a case to somebody or letting it rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from flask import abort, current_app, request, url_for
from flask import session as flask_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms.fields import SelectChoice

from app.data.hub import Staff
from app.domain.priority import Group
from app.domain.roles import works_with_cases
from app.domain.status import CaseState
from app.forms.desk_queue import AssignForm, QuietForm
from app.pages.hub import pages, words
from app.pages.hub.desk import KEYS_OFF, UNPROCESSABLE, desk_page, id_of, need_press
from app.services.hub import desk, feedback, guard, people, promises
from app.services.hub import queue as waiting
from app.services.hub.guard import NoSuchCase
from app.services.hub.queue import NOBODY, Clock, Counts, NotADay, NotForThem, NotQuiet, NotYours, Only, Wanted
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub
from app.web.page import clock_time

# Where the work of somebody begins who opens no case.
OF_AN_AUDITOR = ("hub.audit", "hub.reports")
MOST_HELP_SHOWN = 3
ME, NO_ONE = "me", "none"


@dataclass(frozen=True)
class Filter:
    """One link above the queue. `count` is None where counting would cost too much."""

    words: str
    count: int | None
    href: str
    is_current: bool


@dataclass(frozen=True)
class Entry:
    """One line of the first screen: a figure that leads to those it counts. `more` says what of it is new, in words."""

    key: str
    words: str
    count: int
    href: str
    more: str = ""
    parts: tuple[Filter, ...] = ()


@pages.get("/")
@staff.whoever_signed_in
def front() -> ResponseReturnValue:
    """Since you were last here: what there is to do, each line a way into the queue. An auditor begins at the audit."""
    me = staff.me().identity
    if not works_with_cases(me.roles):
        found = next((each for each in OF_AN_AUDITOR if each in current_app.view_functions), None)
        return redirect(url_for(found)) if found else desk_page("hub/nothing.html")
    with hub().database.reading() as session:
        since = waiting.here_before(session, me)
        clock = Clock(now(), hub().area.hub_hours, since)
        counts = waiting.counts(session, me, clock=clock)
        health = desk.post_health(session, now=clock.now)
        due_news = promises.due(session, me, today=clock.today)
        feedback_waiting = feedback.waiting(session, me)
        covered = people.covered_names(session, me.id, today=clock.today)
    return desk_page(
        "hub/first.html",
        covered=covered,
        entries=_entries(counts, clock, feedback_waiting=feedback_waiting, promised=len(due_news)),
        total=counts.total,
        mine=counts.mine,
        since=since,
        due_news=due_news,
        health=health,
    )


@pages.get("/queue")
@staff.signed_in_only
def queue() -> ResponseReturnValue:
    """Who waits, those at risk before all."""
    me = staff.me().identity
    number = max(1, request.args.get("page", 1, type=int))
    with hub().database.reading() as session:
        colleagues = waiting.colleagues(session)
        wanted = _wanted(colleagues, own_id=me.id)
        since = waiting.here_before(session, me) if wanted.only is Only.SINCE else None
        clock = Clock(now(), hub().area.hub_hours, since)
        counts = waiting.counts(session, me, clock=clock)
        page = waiting.page(session, me, wanted, clock=clock, targets=hub().area.targets, number=number)
        covered = people.covered_names(session, me.id, today=clock.today)
        health = desk.post_health(session, now=clock.now)
    chosen = {name: value for name, value in request.args.items() if name != "page" and value}
    links = {each: f"{url_for('hub.queue')}?{urlencode({**chosen, 'page': each})}" for each in (number - 1, number + 1)}
    return desk_page(
        "hub/queue.html",
        rows=page.rows,
        covered=covered,
        chips=_chips(counts, wanted, own_id=me.id),
        only_words=only_words(wanted.only, clock) if wanted.only else "",
        chosen=chosen,
        groups=[(each.value, words.group(each)) for each in Group],
        languages_offered=sorted((each.slug, each.name) for each in hub().languages.all),
        districts=[(str(each.code), each.name) for each in hub().area.districts],
        owners=[(people.key_of(each.id), each.name) for each in colleagues if each.id != me.id],
        is_narrowed=wanted != Wanted(),
        health=health,
        page=number,
        page_links={each: link for each, link in links.items() if each >= 1 and (each < number or page.has_more)},
        most_help_shown=MOST_HELP_SHOWN,
        may_assign=lambda row: waiting.may_assign(row.owner_id, me),
        staff_languages=hub().area.staff_languages,
    )


@pages.route("/cases/<case_id>/assign", methods=["GET", "POST"])
@staff.signed_in_only
def assign(case_id: str) -> ResponseReturnValue:
    """Give a case to a colleague."""
    me, own_id, form, problem = staff.me().identity, id_of(case_id), AssignForm(), ""
    with hub().database.reading() as session:
        try:
            case = guard.case_for(session, own_id, me)
        except NoSuchCase:
            abort(404)
        colleagues = [each for each in waiting.colleagues(session) if each.id != case.owner_id]
    if not waiting.may_assign(case.owner_id, me):
        problem = gettext("Only a supervisor, or whoever has the case, may give it to somebody. You can claim it.")
    form.to.choices = [
        SelectChoice("", gettext("Choose")),
        *(SelectChoice(people.key_of(c.id), c.name) for c in colleagues),
    ]
    if not problem and form.validate_on_submit():
        chosen = next((each.id for each in colleagues if people.key_of(each.id) == form.to.data), "")
        try:
            waiting.assign(
                hub().database,
                case_id=own_id,
                to=chosen,
                who=me,
                opener=hub().opener,
                voice=hub().voice,
                now=now(),
            )
        except NoSuchCase:
            abort(404)
        except NotYours:
            problem = gettext("Somebody else has this case now. Only they or a supervisor may give it away.")
        except NotForThem:
            form.to.errors = [gettext("They may not work on this case. Choose another colleague.")]
        else:
            return redirect(url_for("hub.queue"), code=303)
    return _case_form("hub/case_assign.html", case_id, form, problem, reference=case.reference)


@pages.route("/cases/<case_id>/quiet", methods=["GET", "POST"])
@staff.signed_in_only
def quiet(case_id: str) -> ResponseReturnValue:
    """Nobody has answered: let the case rest until a day."""
    me, own_id, form, problem = staff.me().identity, id_of(case_id), QuietForm(), ""
    clock = Clock(now(), hub().area.hub_hours)
    with hub().database.reading() as session:
        try:
            case = guard.case_for(session, own_id, me)
        except NoSuchCase:
            abort(404)
    if request.method == "GET":
        form.until.data = clock.today + timedelta(days=hub().settings.review_quiet_days)
    elif form.validate_on_submit() and form.until.data is not None:
        try:
            with hub().database.writing() as session:
                waiting.set_quiet(session, own_id, me, until=form.until.data, clock=clock)
        except NoSuchCase:
            abort(404)
        except NotQuiet:
            problem = gettext("It is new or closed, so it cannot be quiet. Open the request and answer first.")
        except NotADay:
            form.until.errors = [gettext("Choose a day from tomorrow on, within a year.")]
        else:
            return redirect(url_for("hub.queue"), code=303)
    return _case_form("hub/case_quiet.html", case_id, form, problem, reference=case.reference)


@pages.get("/keys")
@staff.signed_in_only
def keys() -> ResponseReturnValue:
    """What each key does; without scripts none does anything, and everything is a link or a button."""
    return desk_page("hub/keys.html")


@pages.post("/keys")
@staff.signed_in_only
def turn_keys() -> ResponseReturnValue:
    """Turn keys off, or on again: for this colleague until they sign out."""
    need_press()
    flask_session[KEYS_OFF] = request.form.get("keys") == "off"
    return redirect(url_for("hub.keys"), code=303)


def only_words(only: Only, clock: Clock) -> str:
    """What a filter of the first screen is called."""
    return str(
        {
            Only.SINCE: gettext("New since you were last here"),
            Only.REPLIES: gettext("Replies waiting for us"),
            Only.STOPPED: gettext("Contact stopped, or “This was not me”"),
            Only.CLOSING: gettext("Windows that close before %(time)s", time=_by(clock)),
            Only.PROMISED: gettext("Promised news due today, or late"),
            Only.TRANSLATED: gettext("Translations back"),
            Only.LATE: gettext("Waiting longer than the target"),
            Only.REVIEW: gettext("Quiet, and their review date has come"),
            Only.WORSE: gettext("Something got worse, and nobody has acted"),
        }[only]
    )


def _by(clock: Clock) -> str:
    by = clock.closing_by
    return str(gettext("noon")) if by.hour == 12 else clock_time(by)


def _entries(counts: Counts, clock: Clock, *, feedback_waiting: int, promised: int) -> list[Entry]:
    """The first screen, in the order of the keys."""

    def entry(key: str, only: Only, *, count: int | None = None, more: str = "") -> Entry:
        number = counts.only[only] if count is None else count
        return Entry(key, only_words(only, clock), number, url_for("hub.queue", only=only.value), more)

    new = counts.by_state[CaseState.NEW]
    since = counts.only[Only.SINCE] if clock.since is not None else 0
    replied = counts.since.get(Only.REPLIES, 0)
    found = [
        Entry(
            "1",
            gettext("New"),
            new,
            url_for("hub.queue", state=CaseState.NEW.value),
            _more(since),
            tuple(
                Filter(
                    words.group(each),
                    counts.new_by_group[each],
                    url_for("hub.queue", state=CaseState.NEW.value, group=each.value),
                    is_current=False,
                )
                for each in Group
                if counts.new_by_group[each]
            ),
        ),
        Entry("2", gettext("May be at risk"), counts.at_risk, url_for("hub.queue", risk="1")),
        entry("3", Only.REPLIES, more=_more(replied)),
        entry("4", Only.STOPPED),
        entry("5", Only.CLOSING),
        entry("6", Only.PROMISED, count=promised),
        entry("7", Only.TRANSLATED),
        entry("8", Only.LATE),
        entry("9", Only.REVIEW),
        entry("w", Only.WORSE),
    ]
    if feedback_waiting:
        found.append(Entry("0", gettext("Feedback not done yet"), feedback_waiting, url_for("hub.feedback")))
    return found


def _more(count: int) -> str:
    return str(gettext("%(count)s since you were last here", count=count)) if count else ""


def _wanted(colleagues: Sequence[Staff], *, own_id: str) -> Wanted:
    """What the address asks for; what it says that there is not narrows nothing."""
    asked = request.args.get
    owner = asked("owner", "")
    owners = {ME: own_id, NO_ONE: NOBODY, **{people.key_of(each.id): each.id for each in colleagues}}
    district = next((each.id for each in hub().area.districts if str(each.code) == asked("district")), None)
    return Wanted(
        state=next((each for each in CaseState if each.value == asked("state")), None),
        group=next((each for each in Group if each.value == asked("group")), None),
        at_risk=asked("risk") == "1",
        language=next((each.slug for each in hub().languages.all if each.slug == asked("language")), None),
        owner=own_id if "mine" in request.args else owners.get(owner),
        district=district,
        reachable=asked("now") == "1",
        only=next((each for each in Only if each.value == asked("only")), None),
    )


def _chips(counts: Counts, wanted: Wanted, *, own_id: str) -> list[Filter]:
    """The links above the queue that are pressed most."""
    found = [
        Filter(gettext("All"), counts.total, url_for("hub.queue"), wanted == Wanted()),
        Filter(gettext("Mine"), counts.mine, url_for("hub.queue", owner=ME), wanted == Wanted(owner=own_id)),
    ]
    found += [
        Filter(
            words.state(each),
            counts.by_state.get(each),
            url_for("hub.queue", state=each.value),
            replace(wanted, state=each) == wanted == Wanted(state=each),
        )
        for each in CaseState
    ]
    return found


def _case_form(
    template: str, case_id: str, form: AssignForm | QuietForm, problem: str, *, reference: str
) -> ResponseReturnValue:
    has_errors = bool(form.errors) or bool(problem)
    return desk_page(
        template,
        code=UNPROCESSABLE if has_errors and request.method == "POST" else 200,
        case_id=case_id,
        reference_digits=reference,
        form=form,
        problem=problem,
        has_errors=has_errors,
    )
