"""The pledge: one page, in large print, as it was before, and whether it was kept."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton
from flask import abort, make_response, render_template
from flask.typing import ResponseReturnValue

from app.domain import promise_results
from app.domain.pledge import Pledge
from app.domain.promise_results import Period
from app.pages.portal import pages
from app.services.portal import results
from app.web import kept, language
from app.web.clock import now
from app.web.language import TIME_ZONE
from app.web.portal import portal


@pages.get("/pledge")
def pledge() -> ResponseReturnValue:
    """The one-page pledge."""
    return _public(render_template("portal/pledge.html", pledge=_pledge()))


@pages.get("/pledge/large-print")
def pledge_large_print() -> ResponseReturnValue:
    """The same in large print."""
    return _public(render_template("portal/pledge/large_print.html", pledge=_pledge()))


@pages.get("/pledge/results")
def pledge_results() -> ResponseReturnValue:
    """Did we keep our promises?"""
    today = now().astimezone(ZoneInfo(TIME_ZONE)).date()
    with portal().database.reading() as session:
        counted = results.counted(session)
    known = promise_results.merged(portal().results, counted)
    answers = promise_results.answers(_pledge().promises, known, today=today)
    page = render_template(
        "portal/pledge/results.html", pledge=_pledge(), answers=answers, month_name=month_name, span_of=span_of
    )
    return _public(page)


@pages.get("/pledge/version/<version>")
def pledge_version(version: str) -> ResponseReturnValue:
    """The pledge as it was in an earlier version, in English."""
    found = portal().earlier_pledges.get(version)
    if found is None:
        abort(404)
    return _public(render_template("portal/pledge/version.html", pledge=found))


def month_name(day: date) -> str:
    """A month with its year, in this page's language."""
    locale = Locale.parse(language.language().format_locale)
    return language.own_digits(format_skeleton("yMMMM", day, locale=locale))


def span_of(period: Period) -> tuple[str, str]:
    """The first and the last month of a period."""
    return month_name(period.first.first_day), month_name(period.last.last_day)


def _pledge() -> Pledge:
    return portal().pledges[language.language().slug]


def _public(page: str) -> ResponseReturnValue:
    return kept.public(make_response(page))
