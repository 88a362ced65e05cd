"""At the desk, for supervisors and auditors: the figures of closed quarters and years, to read, to print, and as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import abort, make_response, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain import figures
from app.domain.area import DISTRICT, District, Population
from app.domain.asking import SUPERVISOR
from app.domain.figures import Period
from app.domain.pledge import PROMISE_IDS
from app.domain.referral import OUTSIDE_AREA
from app.domain.survey import EQUALITY
from app.forms.desk import DangerForm
from app.forms.desk_needs import AIM_LABELS
from app.forms.desk_reports import WordsForm
from app.forms.feedback import ABOUT
from app.forms.how import labels as need_labels
from app.forms.more import NearbyForm, questions
from app.forms.survey import SurveyForm
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page
from app.services.hub import reports
from app.services.hub.report_figures import ALL
from app.services.hub.reports import NoSuchPeriod, NotForThem, Report
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub

# How wide the longest bar of a chart is, in its own units.
WIDEST = 200


@dataclass(frozen=True)
class Cell:
    """One published count in words, its share if it has one, and how long its bar is (0 for none)."""

    words: str
    percent: int | None
    bar: int


@dataclass(frozen=True)
class Line:
    """One row of a table."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Sheet:
    """One table of the page, with what it means in a sentence."""

    name: str
    title: str
    meaning: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


@pages.get("/reports")
@staff.whoever_signed_in
def all_reports() -> ResponseReturnValue:
    """Which periods there are; for everybody but supervisors and auditors this page is always the same."""
    may_read = _may_read()
    found: tuple[Period, ...] = ()
    if may_read:
        with hub().database.reading() as session:
            found = reports.periods(session)
    return desk_page("hub/reports.html", may_read=may_read, found=found)


@pages.get("/reports/<period>")
@staff.whoever_signed_in
def report(period: str) -> ResponseReturnValue:
    """One page that can be printed."""
    if not _may_read():
        return all_reports()
    return _page(_read(period), WordsForm(formdata=None))


@pages.get("/reports/<period>/figures.csv")
@staff.whoever_signed_in
def report_csv(period: str) -> ResponseReturnValue:
    """The same figures, for a program."""
    if not _may_read():
        return all_reports()
    found = _read(period)
    response = make_response(reports.as_csv(found))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="figures-{found.period}.csv"'
    return response


@pages.post("/reports/<period>/words")
@staff.whoever_signed_in
def report_words(period: str) -> ResponseReturnValue:
    """Keep a supervisor's own words."""
    form = WordsForm()
    found = _read(period)
    if not form.validate_on_submit():
        return _page(found, form)
    try:
        with hub().database.writing() as session:
            reports.write_words(session, found.period, form.words.data or "", staff.me().identity, now=now())
    except NotForThem:
        abort(404)
    return redirect(url_for("hub.report", period=str(found.period)), code=303)


def _may_read() -> bool:
    return reports.may_read(staff.me().identity)


def _read(text: str) -> Report:
    try:
        with hub().database.reading() as session:
            return reports.read(session, Period.read(text), staff.me().identity)
    except (ValueError, NoSuchPeriod, NotForThem):
        abort(404)


def _page(found: Report, form: WordsForm) -> ResponseReturnValue:
    if not form.is_submitted():
        form.words.data = found.words
    return desk_page(
        "hub/report.html",
        code=UNPROCESSABLE if form.errors else 200,
        report=found,
        sheets=_sheets(found),
        form=form,
        may_write=SUPERVISOR in staff.me().identity.roles,
        funding=hub().funding.lists[:1],
        directory=hub().directory,
        has_errors=bool(form.errors),
        widest=WIDEST,
    )


def _sheets(found: Report) -> list[Sheet]:
    """Every table of the fixed list, in its order."""
    people = {"people": gettext("People")}
    waits = {
        "in-time": gettext("In our time"),
        "late": gettext("Later"),
        "one-day": gettext("A working day"),
        "three-days": gettext("Three"),
        "longer": gettext("Longer"),
        "not-yet": gettext("Not yet"),
    }
    used = {column for (table, _row, column), count in found.counts.items() if table == "waits" and count is not None}
    changes = {
        "better": gettext("Better"),
        "same": gettext("The same"),
        "worse": gettext("Worse"),
        "not-asked-again": gettext("Not asked again"),
    }
    return [
        _sheet(found, "asked", gettext("Who asked"), gettext("Requests that came in this time."), people),
        _sheet(
            found,
            "supported",
            gettext("Supported"),
            gettext("People whom we answered or talked with, each once a quarter; and whether they had reported."),
            people,
        ),
        _sheet(
            found,
            "why-not-reported",
            gettext("Why they did not report"),
            gettext("Of those who chose to say. One person may give several reasons."),
            people,
        ),
        _sheet(
            found,
            "missed",
            gettext("Groups that are often missed"),
            gettext(
                "Of those who asked, as far as their request says so; one person may be in several. Health and age are asked "
                "without a name: see “Is it as good for everyone?”."
            ),
            people,
        ),
        _sheet(
            found,
            "waits",
            gettext("Until a first answer"),
            gettext("Working time from the request to our first word, or to the first time that we reached them."),
            {column: label for column, label in waits.items() if column in used or column == "not-yet"},
        ),
        _sheet(
            found,
            "needs",
            gettext("Needs"),
            gettext("Met: supported by us, taken over by a service, or told where to find help."),
            {"met": gettext("Met"), "open": gettext("Open"), "declined": gettext("Declined")},
        ),
        _sheet(
            found,
            "signposted",
            gettext("Told where to find help"),
            gettext("Each person once for each service, by the need that it was for."),
            {"told": gettext("Told about a service"), "reading": gettext("Sent to read")},
        ),
        _sheet(
            found,
            "outcomes",
            gettext("Outcomes"),
            gettext("From the first time that people were asked to the latest, for all services together."),
            changes,
        ),
        _sheet(
            found,
            "assessments",
            gettext("Asked again, and acted"),
            gettext("What was due in this time, and what was done in its time."),
            {"done": gettext("Done"), "due": gettext("Due")},
        ),
        _sheet(
            found,
            "promises",
            gettext("Promises"),
            gettext("Kept, of so many. Counted by the system, or asked of people without a name."),
            {"kept": gettext("Kept"), "of": gettext("Of")},
        ),
        _beside_population(
            found,
            _sheet(
                found,
                "equity",
                gettext("Is it as good for everyone?"),
                gettext("Twelve months of the questionnaire, up to the end of this time."),
                {
                    "answered": gettext("Answered"),
                    "soon": gettext("Waited three days at most"),
                    "better": gettext("Doing better"),
                    "good": gettext("Help was good"),
                },
            ),
        ),
        _sheet(
            found,
            "complaints",
            gettext("Complaints"),
            gettext("From people’s spaces."),
            {"came": gettext("Came"), "answered": gettext("Answered"), "in-time": gettext("In time")},
        ),
        _sheet(
            found,
            "feedback",
            gettext("What people said about the site and the Hub"),
            gettext("Sent without a case. Their words are on the page of feedback, for supervisors."),
            {"came": gettext("Came"), "seen-to": gettext("Seen to")},
        ),
        _sheet(
            found,
            "danger",
            gettext("Opened because of danger to life"),
            gettext(
                "Contact details that were opened against what the person had chosen. “Not told”: two people decided so."
            ),
            {
                "opened": gettext("Opened"),
                "alone": gettext("By one person alone"),
                "told": gettext("The person was told"),
                "silent": gettext("Not told"),
            },
        ),
    ]


def _sheet(found: Report, table: str, title: str, meaning: str, columns: Mapping[str, str]) -> Sheet:
    rows = _ordered(found, table)
    most = max((found.count(table, row, column) or 0 for row in rows for column in columns), default=0)
    lines = []
    for row in rows:
        cells = []
        for column in columns:
            count = found.count(table, row, column)
            bar = WIDEST * (count or 0) // most if most else 0
            words = gettext("fewer than 5") if count is None else f"{count:,}"
            cells.append(Cell(words, found.percent.get((table, row, column)), bar))
        lines.append(Line(_label(row), tuple(cells)))
    return Sheet(table, title, meaning, tuple(columns.values()), tuple(lines))


def _ordered(found: Report, table: str) -> list[str]:
    return sorted(found.rows_of(table), key=lambda each: (each != ALL, each))


def _beside_population(found: Report, sheet: Sheet) -> Sheet:
    """The table of equity with who lives in the area beside who answered, where the area says so."""
    population = hub().area.population
    if population is None:
        return sheet
    all_of_them = found.count(sheet.name, ALL, "answered") or 0
    lines = []
    for row, line in zip(_ordered(found, sheet.name), sheet.lines, strict=True):
        here = _of_1000(population, row)
        # Of two counts that stand on this page, so that it tells nothing more.
        share = figures.share(found.count(sheet.name, row, "answered") or 0, all_of_them) if row != ALL else None
        beside = (
            Cell(f"{share}" if share is not None else "–", None, 0),
            Cell(f"{here / 10:.1f}" if here is not None else "–", None, 0),
        )
        lines.append(Line(line.label, (*line.cells, *beside)))
    return replace(
        sheet,
        meaning=f"{sheet.meaning} {gettext('Who lives here: %(source)s.', source=population.source)}",
        columns=(*sheet.columns, gettext("Of 100 who answered"), gettext("Of 100 who live here")),
        lines=tuple(lines),
    )


def _of_1000(population: Population, row: str) -> int | None:
    name, _, answer = row.partition(":")
    if name == DISTRICT:
        answer = next((each.id for each in hub().area.districts if str(each.code) == answer), answer)
    return population.in_1000.get(name, {}).get(answer)


def _label(row: str) -> str:
    """A row's code in words; what has none stays as it is."""
    kind, _, value = row.partition(":")
    if kind == "district":
        return _district(value)
    if kind == "police":
        return _police().get(value, value)
    if kind in PROMISE_IDS:
        return f"{kind} ({gettext('counted') if value == 'counted' else gettext('asked')})"
    if kind in EQUALITY:
        field = getattr(SurveyForm, kind)
        answers = {choice.value: str(choice.label) for choice in field.kwargs["choices"]}
        return f"{field.args[0]} {answers.get(value, value)}"
    return _fixed().get(row) or str(row)


def _fixed() -> dict[str, str]:
    reasons = questions(NearbyForm)["why_not_told"][1]
    dangers = {choice.value: choice.label for choice in DangerForm.reason.kwargs["choices"]}
    return {
        **reasons,
        **need_labels(),
        **{name: str(label) for name, label in AIM_LABELS.items()},
        "all": gettext("All"),
        "pair:direct": gettext("It happened to them"),
        "pair:close": gettext("It happened to somebody close to them"),
        "pair:bereaved": gettext("Somebody close to them has died"),
        "pair:witness": gettext("They saw or heard it"),
        "pair:by-another": gettext("Asked by another"),
        "pair:professional": gettext("Asked by a professional"),
        "pair:blank": gettext("To whom it happened: not said"),
        "reported:no": gettext("Had not reported"),
        "reported:yes": gettext("Had reported"),
        "reported:blank": gettext("Whether they had reported: not said, or not sure"),
        "group:harmed-again": gettext("It goes on, or comes back again and again"),
        "group:under-18": gettext("Under 18"),
        "group:hate": gettext("Targeted for who they are"),
        "group:controlled": gettext("Frightened or controlled by a partner or family"),
        "group:exploited": gettext("Made to work, or pay or papers kept"),
        "group:sexual": gettext("Something sexual that they did not want"),
        "group:afraid-of-themselves": gettext("Afraid of what they might do to themselves"),
        "group:other-language": gettext("In another language than English"),
        "group:sign-or-relay": gettext("By sign language or text relay"),
        "no-need": gettext("No need was named"),
        "about:blank": gettext("What it is about: not said"),
        **{f"about:{name}": str(label) for name, label in ABOUT.items()},
        **{f"danger:{name}": str(label) for name, label in dangers.items()},
        "made": gettext("Assessments made"),
        "asked-again": gettext("Asked again by the day they agreed"),
        "worse": gettext("Acted when it got worse"),
    }


def _police() -> dict[str, str]:
    return {
        "yes": gettext("The police know"),
        "no": gettext("The police do not know"),
        "might": gettext("They might tell the police"),
        "not-sure": gettext("Not sure whether the police know"),
        "rather-not": gettext("They would rather not say whether the police know"),
        "blank": gettext("Whether the police know: left"),
    }


def _district(value: str) -> str:
    known: dict[str, str] = {}
    for each in hub().area.districts:
        known |= _names(each)
    known[OUTSIDE_AREA] = known[str(hub().area.outside_code)] = gettext("Outside this area")
    return known.get(value) or gettext("Where: not said")


def _names(district: District) -> dict[str, str]:
    return {district.id: district.name, str(district.code): district.name}
