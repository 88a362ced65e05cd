"""Tell us more: five optional sections, each sent on its own. Whatever is sent adds to what the Hub has; nothing is replaced.

The addresses hold numbers only. What travels are the kinds, field names and ids below, which are never renamed; the labels
are only words, and the desk shows answers in the same words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.fields.core import UnboundField
from wtforms.validators import Length, ValidationError

from app.domain.referral import Addition
from app.forms.question import NOT_FOR_PAGES, QuestionForm, one_kind_of_line_end
from app.forms.refer import LONGEST_LINE, CheckboxesField, ChoiceField, choices

LONGEST_TEXT = 2_000
LONGEST_WORDS = 10_000
LEAVE = "leave"
YES_NO_SURE = {"yes": _l("Yes"), "no": _l("No"), "not-sure": _l("Not sure")}
YES_NO = {"yes": _l("Yes"), "no": _l("No")}


class LongText(TextAreaField):
    """Several lines, kept as they were typed. `most` letters; the page says so, and says when there are more."""

    component = "textarea"

    def __init__(self, label: Any = None, *, most: int = LONGEST_TEXT, rows: int = 4, **options: Any) -> None:
        self.most = most
        message = _l("This is too long to send at once. You can write %(count)s letters here.", count=f"{most:,}")
        options.setdefault("validators", [Length(max=most, message=message)])
        options.setdefault("filters", [one_kind_of_line_end])
        options.setdefault("render_kw", {"autocomplete": "off", "rows": str(rows), "dir": "auto"})
        super().__init__(label, **options)


class MoreForm(QuestionForm):
    """A section. `addition_id` is made with the form, so that sending it twice is harmless; `kind` is what it is about."""

    NOT_ANSWERS = frozenset({"addition_id", "kind", "csrf_token"})

    addition_id = HiddenField()
    kind = HiddenField()

    def answer(self) -> dict[str, Any]:
        """The answers that were given, letter for letter as they were typed; "leave" is no answer."""
        given: dict[str, Any] = {}
        for field in self:
            value = field.data
            if field.name in self.NOT_ANSWERS or value == LEAVE or (isinstance(value, str) and not value.strip()):
                continue
            if value:
                given[field.name] = value
        return given


def line(label: Any, hint: Any = None) -> StringField:
    """One line of free text."""
    return StringField(
        label,
        description=hint,
        validators=[Length(max=LONGEST_LINE, message=_l("Use 200 letters or fewer."))],
        render_kw={"autocomplete": "off", "dir": "auto"},
    )


def one_of(label: Any, labels: Mapping[str, Any], hint: Any = None) -> ChoiceField:
    """One of a list."""
    return ChoiceField(label, description=hint, choices=choices(labels))


def some_of(label: Any, labels: Mapping[str, Any], hint: Any = None) -> CheckboxesField:
    """Several of a list."""
    return CheckboxesField(label, description=hint, choices=choices(labels))


class SafetyForm(MoreForm):
    """The four risks, under the names that the short request and the queue have for them (requirement C8)."""

    safer = one_of(_l("Is there someone you need to be safe from?"), YES_NO_SURE)
    afraid_of_myself = one_of(_l("Are you afraid of what you might do to yourself?"), YES_NO_SURE)
    dependant = one_of(
        _l("Is someone who depends on you not safe?"), YES_NO_SURE, _l("A child, or someone you look after.")
    )
    getting_worse = one_of(
        _l("Are other things in your life getting worse?"),
        YES_NO_SURE,
        _l("Such as your home, your job, debt, drink or drugs."),
    )
    details = LongText(_l("Is there anything we should know, to keep you safe?"))


HOW_HARD = {
    "fine": _l("Fine"),
    "a-bit-hard": _l("A bit hard"),
    "very-hard": _l("Very hard"),
    LEAVE: _l("Leave this"),
}


class EffectsForm(MoreForm):
    """The eight needs (requirement C1)."""

    health = one_of(_l("My health"), HOW_HARD, _l("Your body, your sleep, your mood."))
    shelter = one_of(_l("Where I live"), HOW_HARD)
    family = one_of(_l("Family, friends and children"), HOW_HARD)
    work = one_of(_l("School, skills and work"), HOW_HARD)
    drink_drugs = one_of(_l("Drink and drugs"), HOW_HARD)
    money = one_of(_l("Money and benefits"), HOW_HARD)
    outlook = one_of(_l("How I see things"), HOW_HARD, _l("Trust, hope, feeling sure of yourself."))
    social = one_of(_l("Being with other people"), HOW_HARD, _l("Going out, seeing people, feeling less alone."))
    others = LongText(
        _l("How has it been for your children, or others close to you?"), description=_l("You can leave this.")
    )


def when() -> StringField:
    """When, as freely as it is remembered; no date is asked for (requirement A10)."""
    return line(_l("About when was it?"), _l("As you remember it. “Last spring” or “years ago” is fine."))


def references() -> LongText:
    """Numbers that other offices gave."""
    return LongText(
        _l("Do you have any reference numbers?"),
        description=_l("From the police, the council, a bank or others. Say which number is whose."),
        rows=2,
    )


def why_not_told() -> CheckboxesField:
    """Why it was not reported (requirement H2): optional, and no answer is a wrong one."""
    return some_of(
        _l("If the police do not know, what is the reason?"),
        {
            "not-important": _l("It did not seem big enough"),
            "afraid": _l("I was afraid of what might follow"),
            "not-believed": _l("I thought that they would not believe me"),
            "no-use": _l("I thought that they could do nothing"),
            "no-trust": _l("I do not trust them"),
            "protect": _l("I did not want to get someone into trouble"),
            "status": _l("I worried about my right to stay in this country"),
            "language": _l("It was hard in my language, or with my disability"),
            "told-others": _l("I told someone else"),
            "not-wanted": _l("I did not want to"),
            "other": _l("Another reason"),
        },
        _l("Only if you want to say. Any answer is fine. It helps us to make things better."),
    )


class NearbyForm(MoreForm):
    """Trouble that keeps coming back nearby."""

    knows = some_of(
        _l("Who knows about it already?"),
        {
            "police": _l("The police"),
            "council": _l("The council"),
            "landlord": _l("The landlord"),
            "nobody": _l("None of these"),
        },
    )
    reports = one_of(
        _l("How many times have you told them?"),
        {"none": _l("Not yet"), "1-2": _l("Once or twice"), "3-or-more": _l("Three times or more")},
    )
    how_long = one_of(
        _l("How long has it gone on?"),
        {
            "under-1-month": _l("Less than a month"),
            "under-6-months": _l("One to six months"),
            "6-months-or-more": _l("Six months or more"),
            "years": _l("Years"),
        },
    )
    home = some_of(
        _l("Who at home feels it?"),
        {
            "me": _l("Me"),
            "adults": _l("Other adults"),
            "children": _l("Children"),
            "ill": _l("Someone who is ill or disabled"),
            "older": _l("An older person"),
        },
    )
    one_name = one_of(_l("Has anyone given you one name to deal with?"), YES_NO_SURE)
    references = references()
    why_not_told = why_not_told()


class CollisionForm(MoreForm):
    """A collision on the road."""

    how = one_of(
        _l("How were you on the road?"),
        {
            "walking": _l("Walking or using a wheelchair"),
            "cycling": _l("Cycling or on a scooter"),
            "motorbike": _l("On a motorbike"),
            "driving": _l("Driving"),
            "passenger": _l("As a passenger"),
            "riding": _l("Riding a horse"),
            "not-there": _l("I was not there"),
        },
    )
    hurt = one_of(
        _l("Was anyone badly hurt?"),
        {
            "me": _l("I was"),
            "other": _l("Someone else was"),
            "both": _l("I was, and so was someone else"),
            "no": _l("No"),
        },
    )
    when = when()
    references = references()
    why_not_told = why_not_told()


class DeathForm(MoreForm):
    """Someone close has died. Nothing about repeats, and no "is it still going on"."""

    how = one_of(
        _l("How did it happen?"),
        {
            "road": _l("On the road"),
            "killed": _l("Someone killed them, or it looks like it"),
            "other": _l("Another way"),
            "not-known": _l("We do not know yet"),
        },
    )
    their_name = line(_l("Their name, if you would like us to use it"))
    officer = one_of(
        _l("Has a family liaison officer been in touch?"),
        YES_NO_SURE,
        _l("This is a police officer who keeps the family up to date."),
    )
    when = when()
    references = references()


class HomeForm(MoreForm):
    """Frightened or controlled by a partner or family."""

    together = one_of(
        _l("Do you live with them?"), {"yes": _l("Yes"), "no": _l("No"), "sometimes": _l("Some of the time")}
    )
    children = one_of(_l("Are there children at home?"), YES_NO)
    sees = one_of(_l("Could they see your phone, or go with you to a talk with us?"), YES_NO_SURE)
    when = when()
    references = references()
    why_not_told = why_not_told()


class BodyForm(MoreForm):
    """Something sexual that was not wanted. No question asks what was done."""

    recent = one_of(
        _l("Was it in the last seven days?"),
        {"yes": _l("Yes"), "no": _l("No"), "rather-not": _l("I would rather not say")},
    )
    care = one_of(
        _l("Have you seen a doctor or a nurse about it?"),
        {"yes": _l("Yes"), "no": _l("No"), "how": _l("I would like to know how")},
    )
    when = when()
    references = references()
    why_not_told = why_not_told()


class TargetedForm(MoreForm):
    """Targeted for who they are."""

    about = some_of(
        _l("What was it about?"),
        {
            "race": _l("My race or where I come from"),
            "religion": _l("My religion or belief"),
            "disability": _l("My disability"),
            "orientation": _l("Being gay, lesbian or bi"),
            "trans": _l("Being trans"),
            "sex": _l("Being a woman or a man"),
            "other": _l("Something else"),
        },
    )
    before = one_of(_l("Has it happened before?"), YES_NO_SURE)
    when = when()
    references = references()
    why_not_told = why_not_told()


class WorkForm(MoreForm):
    """Made to work, or pay or papers kept."""

    kept = some_of(
        _l("Does someone keep any of these from you?"),
        {
            "papers": _l("My passport or papers"),
            "pay": _l("My pay"),
            "phone": _l("My phone"),
            "home": _l("My place to live hangs on the work"),
            "debt": _l("They say that I owe them money"),
        },
    )
    leave_work = one_of(_l("Could you leave if you wanted to?"), YES_NO_SURE)
    when = when()
    references = references()
    why_not_told = why_not_told()


class CheatedForm(MoreForm):
    """Cheated out of money, or something online."""

    bank = one_of(_l("Does your bank know?"), {**YES_NO_SURE, "no-money": _l("No money was lost")})
    contact = one_of(_l("Do they still get in touch with you?"), YES_NO_SURE)
    living = one_of(_l("Have you enough money for food and bills?"), YES_NO_SURE)
    when = when()
    references = references()
    why_not_told = why_not_told()


class BrokenIntoForm(MoreForm):
    """Broken into, robbed or damaged."""

    locks = one_of(_l("Can you lock your home?"), YES_NO_SURE)
    needed = line(
        _l("Is something gone that you need each day?"), _l("Such as keys, medicine, a phone or a walking aid.")
    )
    before = one_of(_l("Has it happened before?"), YES_NO_SURE)
    when = when()
    references = references()
    why_not_told = why_not_told()


class ElseForm(MoreForm):
    """Anything else."""

    what = LongText(_l("What would you like us to know?"))
    when = when()
    references = references()
    why_not_told = why_not_told()


KINDS: Mapping[str, tuple[Any, type[MoreForm]]] = {
    "nearby": (_l("Trouble that keeps coming back nearby"), NearbyForm),
    "collision": (_l("A collision on the road"), CollisionForm),
    "died": (_l("Someone close to me has died"), DeathForm),
    "controlled": (_l("Frightened or controlled by a partner or family"), HomeForm),
    "sexual": (_l("Something sexual that I did not want"), BodyForm),
    "hate": (_l("Targeted for who I am"), TargetedForm),
    "exploited": (_l("Made to work, or pay or papers kept"), WorkForm),
    "cheated": (_l("Cheated out of money, or something online"), CheatedForm),
    "burgled": (_l("Broken into, robbed or damaged"), BrokenIntoForm),
    "else": (_l("Something else"), ElseForm),
}


class KindForm(MoreForm):
    """What "More about what happened" is about: one thing at a time, and it can be sent again about another."""

    kind = one_of(
        _l("What would you like to tell us about?"),
        {key: label for key, (label, _form) in KINDS.items()},
        _l("Choose one. You can come back and choose another."),
    )

    def validate_kind(self, field: ChoiceField) -> None:
        """Without a choice there are no questions to show."""
        if not field.data:
            raise ValidationError(_l("Choose what you would like to tell us about."))


class TreatForm(MoreForm):
    """What to know to treat somebody well."""

    access = LongText(
        _l("What would make it easier for you?"),
        description=_l("Such as large print, a step-free room, short talks, or someone with you."),
    )
    worker = one_of(
        _l("Who would you rather talk to?"),
        {"woman": _l("A woman"), "man": _l("A man"), "either": _l("Either is fine")},
    )
    faith = line(_l("Is there anything about your faith or your customs that we should respect?"))
    interpreter = line(
        _l("If you need an interpreter: which language, and how you speak it"),
        _l("Such as a dialect, or British Sign Language."),
    )
    interpreter_is = some_of(
        _l("The interpreter should be"),
        {
            "woman": _l("A woman"),
            "man": _l("A man"),
            "not-community": _l("Not from my community"),
            "not-known": _l("Not someone I may know"),
        },
    )
    please_do_not = LongText(_l("Is there anything that we should not do or say?"))


class WordsForm(MoreForm):
    """In their own words."""

    text = LongText(
        _l("In my own words"),
        description=_l("Write in any language. You need not write well, and you need not write it all."),
        most=LONGEST_WORDS,
        rows=14,
    )


@dataclass(frozen=True)
class Section:
    """One section: its number in the address, what it is called when it travels, and its words."""

    slug: str
    kind: str
    title: Any
    hint: Any
    form: type[MoreForm]


SECTIONS = (
    Section("1", "safety", _l("My safety"), _l("Four short questions. About 1 minute."), SafetyForm),
    Section("2", "effects", _l("How it has affected me"), _l("Eight parts of life. About 2 minutes."), EffectsForm),
    Section("3", "happened", _l("More about what happened"), _l("A few questions. About 3 minutes."), KindForm),
    Section(
        "4",
        "treat",
        _l("What to know to treat me well"),
        _l("What helps, and what does not. About 2 minutes."),
        TreatForm,
    ),
    Section("5", "words", _l("In my own words"), _l("One box to write in."), WordsForm),
)
BY_SLUG: Mapping[str, Section] = {section.slug: section for section in SECTIONS}


def form_of(section: Section, kind: str = "") -> type[MoreForm]:
    """The form of a section; of the third one, that of what it is about, or the first question when that is not known."""
    return KINDS[kind][1] if section.form is KindForm and kind in KINDS else section.form


def addition_of(section: Section, form: MoreForm, *, sent_at: str, language: str) -> Addition:
    """What travels: the answers by field name, in the language of the page, at an ISO 8601 time in UTC."""
    content: dict[str, Any] = {"sent_at": sent_at, "language": language, "answers": form.answer()}
    if section.form is KindForm:
        content["about"] = form.kind.data
    return Addition(kind=section.kind, content=content)


@dataclass(frozen=True)
class Told:
    """One question with what was answered."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """An addition in the words in which it was asked for."""

    title: str
    about: str
    told: tuple[Told, ...]


def shown(addition: Addition) -> Shown | None:
    """An addition in words; None when it is of no kind known here or not laid out as such. What is new in it stays as it is."""
    section = next((each for each in SECTIONS if each.kind == addition.kind), None)
    answers = addition.content.get("answers")
    about = addition.content.get("about", "")
    if section is None or not isinstance(answers, dict) or not isinstance(about, str):
        return None
    form_class = form_of(section, about)
    asked = questions(form_class)
    told = [Told(label, _values(answers[name], labels)) for name, (label, labels) in asked.items() if name in answers]
    told += [Told(printable(name), _values(value, {})) for name, value in answers.items() if name not in asked]
    return Shown(
        title=str(section.title), about=str(KINDS[about][0]) if about in KINDS else printable(about), told=tuple(told)
    )


def free_text(addition: Addition) -> list[str]:
    """What was written in an addition in somebody's own words, in the order of its questions; nothing that was ticked."""
    section = next((each for each in SECTIONS if each.kind == addition.kind), None)
    answers, about = addition.content.get("answers"), addition.content.get("about", "")
    if section is None or not isinstance(answers, dict) or not isinstance(about, str):
        return []
    asked = questions(form_of(section, about))
    found = [(answers.get(name), labels) for name, (_, labels) in asked.items()]
    return [value for value, labels in found if isinstance(value, str) and value and not labels]


def questions(form_class: type[MoreForm]) -> dict[str, tuple[str, dict[str, str]]]:
    """The words of each question and of its choices, by field name, in the order in which they are asked."""
    unbound = [
        (name, getattr(form_class, name))
        for name in dir(form_class)
        if isinstance(getattr(form_class, name, None), UnboundField) and name not in MoreForm.NOT_ANSWERS
    ]
    unbound.sort(key=lambda pair: pair[1].creation_counter)
    return {
        name: (
            str(field.args[0]),
            {choice.value: str(choice.label) for choice in field.kwargs.get("choices") or ()},
        )
        for name, field in unbound
    }


def as_it_came(addition: Addition) -> str:
    """An addition that has no words here, whole."""
    return printable(json.dumps({addition.kind: addition.content}, ensure_ascii=False))


def printable(text: str) -> str:
    """The text for a page: the few characters that HTML may not hold are shown by a sign; what is kept stays as it is."""
    return NOT_FOR_PAGES.sub(
        lambda found: chr(0x2400 + ord(found[0])) if ord(found[0]) < 0x20 else "\N{REPLACEMENT CHARACTER}", text
    )


def _values(value: Any, labels: Mapping[str, str]) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(labels.get(str(each), printable(str(each))) for each in values)
