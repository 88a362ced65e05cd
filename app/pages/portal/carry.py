"""The number page, and what is carried through it: words that came after a visit had ended are never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from app.adapters import numbers
from app.domain.reference import normalise, rows
from app.forms.number import MessageForm, ReturnForm
from app.forms.question import for_pages
from app.services.portal.space import OpenVisit
from app.web.portal import portal

UNPROCESSABLE, UNAVAILABLE = 422, 503
# Names that the number page's own form gives to the page that words belong to, and to the number.
SECTION, NUMBER = "section", "number"
# Pages of the space besides those sections, by a name of their own: what each makes of a post that was carried to it.
BACK_TO: dict[str, Callable[[OpenVisit], ResponseReturnValue]] = {}


@dataclass(frozen=True)
class Carried:
    """The fields of a section of "Tell us more", by the number of the section in its address, or of a page in `BACK_TO`."""

    section: str
    fields: tuple[tuple[str, str], ...]


def carried(section: str, *, known: Iterable[str]) -> Carried | None:
    """What this post brings for a section; None when there is no such section or nothing came."""
    if section not in known:
        return None
    fields = [
        (for_pages(name), for_pages(value))
        for name, value in request.form.items(multi=True)
        if name not in {SECTION, NUMBER}
    ]
    return Carried(section, tuple(fields)) if fields else None


def number_page(
    form: ReturnForm,
    message: MessageForm | None,
    *,
    status: int,
    problem: str = "",
    more: Carried | None = None,
) -> ResponseReturnValue:
    """Ask for the return number, with what was written kept on the page."""
    form.fit(portal().area.reference_digits)
    typed = normalise(form.number.data or "")
    first = numbers.first_row_length(typed, usual=form.reference_length)
    page = render_template(
        "portal/return.html",
        form=form,
        carried=message,
        more=more,
        typed_rows=rows(typed, reference_length=first) if typed.isdigit() and form.number.errors else (),
        problem=problem,
        has_errors=bool(form.number.errors) or problem in ("stopped", "busy"),
        personal=True,
    )
    response = make_response(page, status)
    if status == UNAVAILABLE:
        response.headers["Retry-After"] = "5"
    return response
