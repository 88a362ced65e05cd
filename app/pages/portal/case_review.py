"""May I ask for a case review? Trouble that keeps coming back: what the area asks for, a letter and a diary to print.

Nothing is sent and nothing is kept: codes in the address stand for the district and two answers, and say nothing themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeVar
from urllib.parse import urlencode

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from app.domain.area import District
from app.domain.case_review import Answer, InTime, Reports, answer
from app.pages.portal import pages
from app.web import kept
from app.web.portal import portal

Code = TypeVar("Code", bound=Enum)


@dataclass(frozen=True)
class Chosen:
    """What the codes of the address stand for; None for what was left, and for any code that we do not know."""

    district: District | None
    outside: bool
    reports: Reports | None
    in_time: InTime | None

    @property
    def query(self) -> dict[str, int]:
        """The codes that stand for it, in one order."""
        outside = portal().area.outside_code if self.outside else None
        found = {
            "d": self.district.code if self.district else outside,
            "n": self.reports.value if self.reports else None,
            "t": self.in_time.value if self.in_time else None,
        }
        return {name: code for name, code in found.items() if code is not None}


@pages.get("/case-review", endpoint="review")
def case_review() -> ResponseReturnValue:
    """Pick the area, say how often it was reported, and read what can be said. Never a bare no."""
    chosen = _chosen()
    own = portal()
    rule = own.case_reviews[chosen.district.id] if chosen.district else None
    said: Answer | None = None
    if rule is not None and (chosen.reports or chosen.in_time):
        said = answer(rule, chosen.reports or Reports.NOT_SURE, chosen.in_time or InTime.NOT_SURE)
    page = render_template(
        "portal/case_review/check.html",
        chosen=chosen,
        rule=rule,
        said=None if said is None else said.value,
        service=own.directory.get(rule.service) if rule is not None and rule.service else None,
        all_reports=list(Reports),
        all_in_time=list(InTime),
    )
    return _public(page, chosen)


@pages.get("/case-review/letter", endpoint="review_letter")
def case_review_letter() -> ResponseReturnValue:
    """The letter that asks for a review, with blanks to fill in by hand."""
    chosen = _chosen()
    return _public(render_template("portal/case_review/letter.html", chosen=chosen), chosen)


@pages.get("/diary")
def diary() -> ResponseReturnValue:
    """Two sheets to write down what happens."""
    return kept.public(make_response(render_template("portal/case_review/diary.html")))


def _chosen() -> Chosen:
    area = portal().area
    district = _number("d")
    return Chosen(
        district=next((each for each in area.districts if each.code == district), None),
        outside=district == area.outside_code,
        reports=_of(Reports, _number("n")),
        in_time=_of(InTime, _number("t")),
    )


def _number(name: str) -> int | None:
    given = request.args.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 4 else None


def _of(kind: type[Code], code: int | None) -> Code | None:
    return next((each for each in kind if each.value == code), None)


def _public(page: str, chosen: Chosen) -> ResponseReturnValue:
    # One spelling of each question is kept in memory; any other is answered all the same.
    is_plain = request.query_string.decode("latin-1") == urlencode(chosen.query)
    return kept.public(make_response(page), query_is_plain=is_plain)
