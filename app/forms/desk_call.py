"""Taking a request at the desk: the questions of the site, all on one page, in the order in which one speaks.

The forms are those of the request itself (app/forms/refer.py), each with its step's key before its names; only what belongs to
a call is asked here. Nothing must be filled in but what `TakenForm` says, and whatever was typed is kept, right or wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from app.domain import taken
from app.domain.area import District
from app.domain.contact import School, Way, plan_of
from app.domain.languages import Languages
from app.domain.referral import OUTSIDE_AREA
from app.domain.taken import Source
from app.forms.question import QuestionForm, one_kind_of_line_end
from app.forms.refer import (
    FORMS,
    JOURNEY,
    SCHOOL_TIMES,
    TIMES,
    BslForm,
    ChoiceField,
    PoliceForm,
    ReplyForm,
    WayForm,
    choices,
    line,
)

LONGEST_WORDS = 5000
SOURCES = {
    Source.PHONE.value: _l("On the phone"),
    Source.PAPER.value: _l("A paper form"),
    Source.WALK_IN.value: _l("They came in"),
    Source.OUTREACH.value: _l("Out in the community"),
}
CODE, NO_NUMBER = "code", "none"
# Steps whose answers are kept with a request even where the site's quick path would have passed them by.
SAID_ANYWAY = ("about", "police")


def source_field() -> ChoiceField:
    """How the request came."""
    return ChoiceField(_l("How does this request come?"), choices=choices(SOURCES))


class BeginForm(QuestionForm):
    """Begin to take a request."""

    source = source_field()


class TakenForm(QuestionForm):
    """What is asked because a colleague types it, and what must be there before it is sent."""

    source = source_field()
    asked_how = BooleanField(_l("I have asked how to reach them. It may be: no contact."))
    words = TextAreaField(
        _l("Anything they say in their own words"),
        description=_l("As they say it. No names of offenders, nothing they did not ask you to write down."),
        filters=[one_kind_of_line_end],
        validators=[Length(max=LONGEST_WORDS, message=_l("Use 5,000 letters or fewer."))],
        render_kw={"autocomplete": "off", "dir": "auto"},
    )
    earlier = line(
        _l("Have they asked before? The reference, if they have it"),
        description=_l("The first row of their number."),
        most=40,
    )
    code_word = StringField(
        _l("A code word, if they would like one"),
        description=_l("If they lose their number, it gets them back in. Not if somebody can hear them."),
        validators=[Length(max=60, message=_l("Use 60 letters or fewer."))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    number = ChoiceField(
        _l("Would they like to read our answer on the site?"),
        choices=[
            SelectChoice(
                CODE,
                _l("Yes: a code, with which they collect a number"),
                render_kw={"hint": _l("You read out a reference and a code. It works once, for two days.")},
            ),
            SelectChoice(
                NO_NUMBER,
                _l("No number"),
                render_kw={"hint": _l("The case is at the Hub only. A code can be given later.")},
            ),
        ],
    )
    said_yes = BooleanField(_l("I have read this out, and they said yes"))

    @property
    def wants_code(self) -> bool:
        """Whether the caller wants to collect a number; nothing chosen is none."""
        return bool(self.number.data == CODE)


# The steps that are asked, in no order: the page has its own.
STEPS = tuple(step.key for step in JOURNEY.steps if step.asks and step.key != "start")


@dataclass(frozen=True)
class Wrong:
    """Something to be put right: its words, and the id of the field to go to."""

    words: str
    field_id: str


class Sheet:
    """All questions of one call: filled from what was kept, or from what was just sent."""

    def __init__(
        self,
        content: Mapping[str, Mapping[str, Any]],
        *,
        sent: MultiDict[str, str] | None = None,
        languages: Languages,
        districts: Sequence[District],
        relay: bool,
    ) -> None:
        """`sent` is the form that came with a post; without it the page shows `content`."""
        self.steps: dict[str, QuestionForm] = {
            key: _form(FORMS[key], key, content.get(key, {}), sent=sent) for key in STEPS
        }
        own = _form(TakenForm, taken.STEP, content.get(taken.STEP, {}), sent=sent)
        assert isinstance(own, TakenForm)
        self.own = own
        self._offer(languages, districts, relay=relay)

    @property
    def content(self) -> dict[str, dict[str, Any]]:
        """Everything that was filled in, by step key, as a draft keeps it: also what will not be sent."""
        given = {key: form.answer() for key, form in self.steps.items()}
        given[taken.STEP] = self.own.answer()
        return {key: answer for key, answer in given.items() if answer}

    @property
    def answers(self) -> dict[str, Mapping[str, Any]]:
        """The answers that are sent: without those of questions that do not apply."""
        given = {key: form.answer() for key, form in self.steps.items()}
        kept = dict(JOURNEY.pruned({key: answer for key, answer in given.items() if answer}))
        return {**kept, **{key: given[key] for key in SAID_ANYWAY if given[key]}}

    def wrong(self) -> list[Wrong]:
        """What cannot be read as it stands, in the order of the page; fields that do not apply are not looked at."""
        return [*self._errors_of("who", "young", "knows", "work", *_REACH, "help", *_STORY), *self._errors_of_own()]

    def missing(self) -> list[Wrong]:
        """What must be there before it may be sent, and is not."""
        needed = (
            (self.own.source, _l("Choose how this request came.")),
            (self.own.asked_how, _l("Ask how to reach them first, and tick this. It may be: no contact.")),
            (self.own.said_yes, _l("Read this out first, and tick this when they have said yes.")),
        )
        found = []
        for field, words in needed:
            if not field.data:
                field.errors = [str(words)]
                found.append(Wrong(str(words), field.id))
        return found

    def filled(self) -> dict[str, int]:
        """How many questions of each part of the page have an answer."""
        content = self.content
        return {
            part: sum(
                1
                for key, names in asked
                for name in content.get(key, {})
                if (names is None or name in names) and name not in _NOT_COUNTED
            )
            for part, asked in PARTS.items()
        }

    def unusable(self) -> list[tuple[str, Any]]:
        """The ways that were chosen and cannot be used as they were left: (way, app.domain.contact.Reason)."""
        plan = plan_of(self.answers)
        return [(each.way.value, each.missing) for each in plan.ways if plan.wanted and each.missing]

    def way_forms(self) -> dict[str, QuestionForm]:
        """The questions of each way to be reached."""
        return {way.value: self.steps[f"reply-{way.value}"] for way in Way}

    def _errors_of(self, *keys: str) -> Iterator[Wrong]:
        applies = {place.step.key for place in JOURNEY.path(self._given())} | set(SAID_ANYWAY)
        for key in (each for each in keys if each in applies):
            form = self.steps[key]
            form.validate()
            address = getattr(form, "address", None)
            if key.startswith("reply-") and isinstance(address, Field) and not (address.data or "").strip():
                address.errors = []  # left: the way is not used then, and the page says so
            for field in form:
                if field.errors:
                    yield Wrong(str(field.errors[0]), field.id)

    def _errors_of_own(self) -> Iterator[Wrong]:
        self.own.validate()
        for field in self.own:
            if field.errors:
                yield Wrong(str(field.errors[0]), field.id)

    def _given(self) -> dict[str, dict[str, Any]]:
        return {key: form.answer() for key, form in self.steps.items()}

    def _offer(self, languages: Languages, districts: Sequence[District], *, relay: bool) -> None:
        """What can be chosen from longer lists, and what is asked of the young only."""
        for form in self.steps.values():
            if isinstance(form, PoliceForm):
                form.district.choices = [
                    SelectChoice("", _l("Not said")),
                    *(SelectChoice(each.id, each.name) for each in districts),
                    SelectChoice(OUTSIDE_AREA, _l("Outside this area")),
                ]
            elif isinstance(form, ReplyForm):
                form.language.choices = [
                    SelectChoice("", _l("Not said")),
                    *(
                        SelectChoice(
                            each.slug, f"{each.name} ({each.endonym})" if each.name != each.endonym else each.name
                        )
                        for each in languages.all
                        if not each.pseudo
                    ),
                    SelectChoice("bsl", "BSL"),
                    SelectChoice("other", _l("Another language")),
                ]
            if isinstance(form, WayForm):
                keep_out, fine = School.KEEP_OUT.value, School.FINE.value
                form.times.choices = [
                    *choices(TIMES),
                    SelectChoice(keep_out, SCHOOL_TIMES[keep_out], render_kw={"divider": _l("and")}),
                    SelectChoice(
                        fine,
                        SCHOOL_TIMES[fine],
                        render_kw={"hint": _l("Under 18 only. Else we keep out of those hours.")},
                    ),
                ]
            if isinstance(form, BslForm):
                form.offer(relay=relay)


_REACH = ("reply", *(f"reply-{way.value}" for way in Way), "interpreter")
_STORY = ("about", "loss", "child-age", "child-knows", "police")
_CONFLICT = frozenset({"conflict", "conflict_who"})
_REPLY = frozenset({"contact", "ways", "sign", "name", "language"})
_NOT_COUNTED = frozenset({taken.TAKEN_BY})
# The parts of the page in the order in which one speaks, each with what is asked in it: step key, and which of its fields.
PARTS: Mapping[str, tuple[tuple[str, frozenset[str] | None], ...]] = {
    "start": ((taken.STEP, frozenset({"source"})),),
    "conflict": (("reply", _CONFLICT),),
    "who": tuple((key, None) for key in ("who", "young", "knows", "work")),
    "reach": (
        ("reply", _REPLY),
        *((key, None) for key in _REACH[1:]),
        (taken.STEP, frozenset({"asked_how"})),
    ),
    "help": (("help", None),),
    "about": tuple((key, None) for key in _STORY[:-1]),
    "police": (("police", None),),
    "words": ((taken.STEP, frozenset({"words", "earlier"})),),
    "number": ((taken.STEP, frozenset({"number", "code_word"})),),
    "consent": ((taken.STEP, frozenset({"said_yes"})),),
}


def _form(
    form_class: type[QuestionForm], key: str, answer: Mapping[str, Any], *, sent: MultiDict[str, str] | None
) -> QuestionForm:
    """One step's form. The token against forged posts is on the page once, not in each."""
    options: dict[str, Any] = {"prefix": f"{key}-", "meta": {"csrf": False}}
    if sent is None:
        return form_class(formdata=None, data=dict(answer), **options)
    return form_class(sent, **options)
