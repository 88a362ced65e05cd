"""Every page of a request and of "Tell us more", in every state that somebody may meet it in.

Pages are fetched as a browser without scripts would; which steps there are, and what their fields take, is read from the
forms and the pages themselves, so that a new question is met here without being named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wtforms import HiddenField, StringField
from wtforms.fields.core import UnboundField
from wtforms.validators import Length

from app.domain.contact import Way
from app.domain.journey import Place
from app.domain.reference import rows
from app.forms.more import BY_SLUG, KINDS, LONGEST_TEXT, LongText, Section, form_of
from app.forms.number import KeepForm
from app.forms.question import QuestionForm
from app.forms.refer import FORMS, JOURNEY
from tests.harness.clients import Visitor
from tests.harness.pages import Filled, Form, Page
from tests.harness.people import shown_number, spoken

Choices = Mapping[str, Mapping[str, Filled]]

NO_CHOICE = "not-on-any-list"
EVERY_WAY = tuple(way.value for way in Way)
# What decides where a way through leads. Everything else on it is filled in, ticked and chosen, as far as that goes.
YOUNG: Choices = {
    "start": {"device": "own"},  # where others may look, a question does not come back with its answer
    "who": {"who": "me", "under_18": True},
    "about": {"to_whom": "me"},
    "reply": {"contact": "yes", "ways": EVERY_WAY},
    "reply-call": {"address": "+44 (0) 7700 900-111"},
    "reply-text": {"address": "٠٧٧٠٠ ٩٠٠٢٢٢"},
    "reply-email": {"address": "someone.with.a.long.name@a-long-name-for-a-place.example.org"},
    "reply-relay": {"address": "01632 960555"},
}
WAYS_THROUGH: Mapping[str, Choices] = {
    "young": YOUNG,
    "for-a-child": {
        "start": {"device": "own"},
        "who": {"who": "other"},
        "about": {"to_whom": "child"},
        "child-age": {"child_age": "13-15"},
        "reply": {"contact": "no"},
    },
    "at-work": {
        "start": {"device": "own"},
        "who": {"who": "professional"},
        "work": {"consent": "yes"},
        "about": {"to_whom": "died"},
        "reply": {"contact": "no"},
    },
    "to-read": {"start": {"device": "own"}, "help": {"help": ("reading",)}, "reply": {"contact": "no"}},
}
# Somebody's own words: two directions, a word without an end, and a line of them.
WORDS = "Nur am Donnerstag, كل خميس, Donaudampfschifffahrtsgesellschaftskapitänswitwenrente and more"


class Kind(StrEnum):
    """How somebody meets a page."""

    EMPTY = "empty"
    FILLED = "filled and come back to"
    IN_ERROR = "in error"
    LATE = "sent after the draft had gone"


@dataclass(frozen=True)
class State:
    """A page of a step in one state. `sent` is what was filled in, by name, before it came."""

    step: str
    kind: Kind
    page: Page
    sent: Mapping[str, Filled] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Which it is, for the report of a failed test."""
        return f"{self.step}, {self.kind}"


def limits(form_class: type[QuestionForm]) -> dict[str, int | None]:
    """The fields of a form that take free text, with the most letters that each takes; None where nothing limits them."""
    found: dict[str, int | None] = {}
    for name in dir(form_class):
        unbound = getattr(form_class, name)
        if not isinstance(unbound, UnboundField) or not issubclass(unbound.field_class, StringField):
            continue
        if issubclass(unbound.field_class, HiddenField):
            continue
        given = [each.max for each in unbound.kwargs.get("validators", ()) if isinstance(each, Length)]
        if issubclass(unbound.field_class, LongText):
            given.append(unbound.kwargs.get("most", LONGEST_TEXT))
        found[name] = min(given, default=None)
    return found


def complete(form: Form, form_class: type[QuestionForm], chosen: Mapping[str, Filled]) -> dict[str, Filled]:
    """An answer to everything on a page: `chosen` where it says, else the last choice, every tick, and words."""
    most = limits(form_class)
    answer: dict[str, Filled] = {}
    for control in form.controls:
        if control.kind == "checkbox":
            before = answer.get(control.name, ())
            answer[control.name] = (*before, control.value) if isinstance(before, tuple) else before
        elif control.kind in {"radio", "option"}:
            answer[control.name] = control.value
        elif control.name in most:
            answer[control.name] = WORDS[: most[control.name]]
    return {**answer, **{name: value for name, value in chosen.items() if name in form.names}}


def spoilt(form: Form, form_class: type[QuestionForm]) -> list[tuple[str, str]]:
    """What nobody could keep, in every field of a page at once: too long, and on no list."""
    most = limits(form_class)
    data: dict[str, str] = {}
    for control in form.controls:
        if control.name in most:
            data[control.name] = "m" * ((most[control.name] or 0) + 1)
        elif control.kind in {"checkbox", "radio", "option"}:
            data[control.name] = NO_CHOICE
        elif control.kind == "hidden":
            data[control.name] = control.value
        elif control.name == "device":
            data[control.name] = NO_CHOICE
    return list(data.items())


def step_form(page: Page) -> Form | None:
    """The form of the step itself; None on a page that only says something."""
    return next((form for form in page.forms if form.method == "post" and form.action == page.path), None)


def own_errors(page: Page) -> bool:
    """True when the page says that something is to be mended."""
    return any("govuk-error-summary" in each.attributes.get("class", "").split() for each in page.main.all("div"))


class Through:
    """Somebody who goes one way through the request and meets its pages in every state."""

    def __init__(self, visitor: Visitor, choices: Choices, *, language: str = "en") -> None:
        self.visitor, self.choices = visitor, choices
        self.home = f"/{language}/"
        self.answers: dict[str, dict[str, Any]] = {}
        self.number = ""

    def request(self, *, but: set[str] | None = None) -> Iterator[State]:
        """Every step up to the page to check; the states of those in `but` are not fetched, only answered."""
        page = self.visitor.visit(f"{self.home}refer/")
        while True:
            place = self.place(page)
            if place.step.key == "check":
                yield State("check", Kind.FILLED, page)
                break
            page = yield from self._step(page, place, is_known=place.step.key in (but or set()))
        changed = self.visitor.post_form(page.path, {"revision": "0"})
        yield State("check", Kind.IN_ERROR, changed)

    def send(self, *, until_number: bool = False) -> Iterator[State]:
        """From the page to check to the end, or to the number."""
        page = self.visitor.visit(f"{self.home}refer/check")
        page = self.visitor.submit(page, page.form("revision"))
        self.number = shown_number(page)
        yield State("sent", Kind.EMPTY, page)
        if until_number:
            return
        form = page.form("last_row", "code_word")
        typed = {"last_row": "000000", "code_word": WORDS[: limits(KeepForm)["code_word"]]}
        yield State("sent", Kind.FILLED, self.visitor.submit(page, form, typed), typed)
        yield State("sent", Kind.IN_ERROR, self.visitor.post_form(page.path, spoilt(form, KeepForm)))
        page = self.visitor.submit(page, form, {"last_row": rows(self.number)[-1]})
        yield State("done", Kind.EMPTY, page)

    def sections(self) -> Iterator[State]:
        """Every section of "Tell us more", for each thing that it may be about, and what carries words through the number."""
        for section in BY_SLUG.values():
            for about in KINDS if form_of(section, next(iter(KINDS))) is not section.form else ("",):
                yield from self._section(section, about)

    def come_back(self) -> Page:
        """Give the number; returns the space."""
        page = self.visitor.visit(f"{self.home}return")
        return self.visitor.submit(page, page.form("number"), {"number": spoken(self.number)})

    def _step(self, page: Page, place: Place, *, is_known: bool) -> Iterator[State]:
        key, form = place.step.key, step_form(page)
        if form is None:  # an end, with the way on beside it
            yield State(key, Kind.EMPTY, page)
            return self.visitor.post_form(page.path, {})
        if not place.step.asks:
            if not is_known:
                yield State(key, Kind.EMPTY, page)
            self.answers[key] = {}
            return self.visitor.submit(page, form)
        answer = complete(form, FORMS[key], self.choices.get(key, {}))
        if not is_known:
            yield State(key, Kind.EMPTY, page)
            yield State(key, Kind.IN_ERROR, self.visitor.post_form(page.path, spoilt(form, FORMS[key])))
        self.answers[key] = {name: value for name, value in answer.items() if value}
        following = self.visitor.submit(page, form, answer)
        if not is_known:
            yield State(key, Kind.FILLED, self.visitor.visit(page.path), answer)
        return following

    def _section(self, section: Section, about: str) -> Iterator[State]:
        name = f"section {section.slug}{about and ', ' + about}"
        self.come_back()
        page = self.visitor.visit(f"{self.home}case/more/{section.slug}")
        if about:
            if about == next(iter(KINDS)):
                yield State(f"section {section.slug}", Kind.EMPTY, page)
                empty = self.visitor.submit(page, page.form("kind"), press="choose")
                yield State(f"section {section.slug}", Kind.IN_ERROR, empty)
            page = self.visitor.submit(page, page.form("kind"), {"kind": about}, press="choose")
        form_class, form = form_of(section, about), page.form("addition_id")
        yield State(name, Kind.EMPTY, page)
        yield State(name, Kind.IN_ERROR, self.visitor.post_form(page.path, spoilt(form, form_class)))
        answer = complete(form, form_class, {})
        # A section cannot be opened again once it is sent. It comes back filled in when the visit had ended before.
        self.visitor.post_form(f"{self.home}case/sign-out", {})
        asked = self.visitor.submit(page, form, answer)
        if section.slug == "1":
            yield State("return", Kind.LATE, asked)
        back = self.visitor.submit(asked, asked.form("number"), {"number": spoken(self.number)})
        yield State(name, Kind.FILLED, back, answer)

    def place(self, page: Page) -> Place:
        """Which step of the request a page is."""
        slug = page.path.removeprefix(f"{self.home}refer/")
        return JOURNEY.find(slug, self.answers)


def every_state(new_visitor: Any, *, language: str = "en") -> Iterator[State]:
    """Every page in every state. `new_visitor` makes somebody without cookies. Raises AssertionError for a step not met."""
    met: set[str] = set()
    for choices in WAYS_THROUGH.values():
        through = Through(new_visitor(), choices, language=language)
        for state in through.request(but=set(met)):
            if state.step != "check" or choices is YOUNG:
                yield state
            met.add(state.step)
        if choices is YOUNG:
            yield from through.send()
            yield from through.sections()
    missing = {step.key for step in JOURNEY.steps} - met
    assert not missing, f"no way through leads to {sorted(missing)}: add one to WAYS_THROUGH"
    yield from _late(new_visitor, language)
    nothing = Through(new_visitor(), {}, language=language)
    page = nothing.visitor.post_form(f"{nothing.home}refer/start", {"leave": "1"})
    while nothing.place(page).step.key != "check":
        key = nothing.place(page).step.key
        nothing.answers[key] = {}
        page = nothing.visitor.post_form(page.path, {"leave": "1"})
    yield State("check", Kind.EMPTY, page)
    yield State("nothing", Kind.EMPTY, nothing.visitor.post_form(f"{nothing.home}refer/nothing", {}))


def _late(new_visitor: Any, language: str) -> Iterator[State]:
    """What was sent when the draft had gone: the pages whose address is the same for everybody."""
    for step in JOURNEY.steps:
        if step.asks and not step.series and step.key != "start":
            most = limits(FORMS[step.key])
            typed = {name: WORDS[:limit] for name, limit in most.items()}
            page = new_visitor().post_form(f"/{language}/refer/{step.key}", typed or {"x": "1"})
            yield State(step.key, Kind.LATE, page, typed)
