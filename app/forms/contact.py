"""Changing from the space how the Hub may contact one: the questions of the request once more, without what stays as it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Length, StopValidation, ValidationError

from app.domain.contact import School, Way
from app.forms.number import SECRET_INPUT
from app.forms.question import QuestionForm
from app.forms.refer import (
    FORMS,
    SCHOOL_TIMES,
    TIMES,
    BslForm,
    CallForm,
    EmailForm,
    LetterForm,
    RelayForm,
    ReplyForm,
    TextForm,
    TrustedForm,
    WayForm,
    choices,
)

LONGEST_PAUSE = timedelta(days=366)
EachWayForm = CallForm | TextForm | EmailForm | LetterForm | RelayForm | BslForm | TrustedForm


class WaysForm(ReplyForm):
    """Whether and how we may contact somebody. Their name, language and whom they fear are not asked again."""

    name = None
    language = None  # type: ignore[assignment]
    conflict = None  # type: ignore[assignment]
    conflict_who = None

    def validate_contact(self, field: Field) -> None:
        """Nothing chosen would stop all contact without a word: ask, since going back changes nothing."""
        if not field.data:
            raise ValidationError(_l("Choose one of the two. If you go back, nothing changes."))


class CodeWordForm(QuestionForm):
    """A change that counts at once with the code word. `change_id` makes sending it twice harmless."""

    code_word = StringField(
        _l("Your code word"),
        description=_l(
            "If you chose a code word, type it here: then it counts at once. You can leave this. We check it first then."
        ),
        validators=[Length(max=60, message=_l("Use 60 letters or fewer."))],
        render_kw=SECRET_INPUT,
    )
    # Random and new on each page, so that the same words twice from one page are known for a repeat.
    change_id = HiddenField()


class PauseForm(QuestionForm):
    """No contact until a day."""

    until = StringField(
        _l("Until which day?"),
        description=_l("Day, month and year in numbers. For example: 27 3 2026."),
        render_kw={"autocomplete": "off", "inputmode": "numeric", "dir": "ltr"},
    )
    change_id = HiddenField()
    today: date
    day: date

    def validate_until(self, field: StringField) -> None:
        """A day to come, within a year; any script's digits, whatever stands between them."""
        found = day_typed(field.data or "", today=self.today)
        if found is None:
            raise StopValidation(_l("Write a day in numbers, for example 27 3 2026."))
        if found <= self.today:
            raise StopValidation(_l("Choose a day that is still to come."))
        if found > self.today + LONGEST_PAUSE:
            raise StopValidation(_l("Choose a day within a year. To stop for longer, stop all contact."))
        self.day = found


def way_forms(ways: Iterable[str], *, with_answers: bool) -> dict[Way, EachWayForm]:
    """The questions of each way that was chosen, all on one page: each name begins with its way.

    `with_answers` takes what this post holds. How old somebody is, the portal does not know here: what is asked of the
    young is offered to everybody, with its reason.
    """
    chosen = set(ways)
    return {way: _way_form(way, with_answers=with_answers) for way in Way if way.value in chosen}


def check_ways(forms: Mapping[Way, EachWayForm]) -> bool:
    """True when every answer can be sent. An address that was left is fine: the one that the Hub has stays."""
    for form in forms.values():
        form.validate()
        if not (form.address.data or "").strip():
            form.address.errors = []
    return not any(form.errors for form in forms.values())


def plan_answers(form: WaysForm, forms: Mapping[Way, EachWayForm]) -> dict[str, dict[str, Any]]:
    """The answers by step key, in the shape of a request's."""
    return {"reply": form.answer(), **{f"reply-{way.value}": each.answer() for way, each in forms.items()}}


def _way_form(way: Way, *, with_answers: bool) -> EachWayForm:
    form_class = FORMS[f"reply-{way.value}"]
    form = form_class(prefix=f"{way.value}-") if with_answers else form_class(formdata=None, prefix=f"{way.value}-")
    assert isinstance(form, EachWayForm)
    if isinstance(form, WayForm):
        keep_out, fine = School.KEEP_OUT.value, School.FINE.value
        form.times.choices = [
            *choices(TIMES),
            SelectChoice(
                keep_out,
                SCHOOL_TIMES[keep_out],
                render_kw={
                    "hint": gettext("We then keep out of Monday to Friday, 8:30 to 3:30, whatever else you tick."),
                    "divider": gettext("and"),
                },
            ),
            SelectChoice(
                fine,
                SCHOOL_TIMES[fine],
                render_kw={
                    "hint": gettext("Only if you are under 18. If you do not tick it, we keep out of school hours.")
                },
            ),
        ]
    return form


def day_typed(typed: str, *, today: date) -> date | None:
    """The day that three numbers name; with two, the next one that they name."""
    numbers = [int(each) for each in re.findall(r"\d+", unicodedata.normalize("NFKC", typed)) if len(each) <= 4]
    try:
        if len(numbers) == 3:
            return date(numbers[2] + (2000 if numbers[2] < 100 else 0), numbers[1], numbers[0])
        if len(numbers) == 2:
            this_year = date(today.year, numbers[1], numbers[0])
            return this_year if this_year > today else date(today.year + 1, numbers[1], numbers[0])
    except ValueError:
        return None
    return None
