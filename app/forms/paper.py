"""The short request on paper: the same questions and options as on the screen, read from their forms, never written anew.

So the paper follows when a question changes. Only what paper needs besides stands in templates/portal/paper/.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from wtforms import Field
from wtforms.fields import SelectChoice

from app.domain.contact import Way
from app.forms.refer import (
    FORMS,
    TIMES,
    AboutForm,
    CallForm,
    CheckboxesField,
    HelpForm,
    InterpreterForm,
    PoliceForm,
    ReplyForm,
    WhoForm,
)

# Which wording somebody who sends the paper has read (requirement B13). Change it with the words.
PAPER_CONSENT_WORDING = "paper-1"
# Paper asks for all ways in one list, in the order of the screen.
WAYS: tuple[Way, ...] = (Way.CALL, Way.TEXT, Way.EMAIL, Way.LETTER, Way.RELAY, Way.BSL, Way.TRUSTED)


@dataclass(frozen=True)
class Asked:
    """One question: its words, what to know before answering, and its options under their headings ("" for none).

    Without options there is a line to write on. `several` says that more than one may be ticked.
    """

    id: str
    words: Any
    hint: Any
    groups: tuple[tuple[Any, tuple[Any, ...]], ...]
    several: bool

    @property
    def options(self) -> tuple[Any, ...]:
        """All of them, whatever their heading."""
        return tuple(each for _, group in self.groups for each in group)


@dataclass(frozen=True)
class AskedWay:
    """One way of contact: its name, where it reaches the person, who else might see it, and whether a message is all right."""

    id: str
    name: Any
    address: Any
    shared: Asked
    message: Asked


@dataclass(frozen=True)
class Paper:
    """Everything that the paper asks, by the names that the answers have on the screen."""

    questions: dict[str, Asked]
    ways: tuple[AskedWay, ...]

    def __getitem__(self, name: str) -> Asked:
        return self.questions[name]


def paper(*, districts: Sequence[str], outside: Any) -> Paper:
    """The questions in the language of this request. `districts` are names; `outside` is what stands after them."""
    who, reply, call = _form(WhoForm), _form(ReplyForm), _form(CallForm)
    about, police = _form(AboutForm), _form(PoliceForm)
    interpreter = _form(InterpreterForm)
    fields = (
        who.who, _form(HelpForm).help, about.to_whom, about.happened, about.ongoing, police.police,
        reply.contact, reply.ways, reply.name, reply.language, reply.sign, reply.conflict, reply.conflict_who,
        call.ask_for, call.say, call.number, call.if_answered, interpreter.interpreter, interpreter.not_my_community,
        who.under_18,
    )  # fmt: skip
    questions = {field.short_name: _asked(field) for field in fields}
    questions["district"] = Asked(
        id="district",
        words=police.district.label.text,
        hint=police.district.description,
        groups=(("", (*districts, outside)),),
        several=False,
    )
    questions["times"] = Asked(
        id="times",
        words=call.times.label.text,
        hint=call.times.description,
        groups=(("", tuple(TIMES.values())),),
        several=True,
    )
    names = {choice.value: choice.label for choice in reply.ways.choices}
    return Paper(questions=questions, ways=tuple(_way(way, names[way.value]) for way in WAYS))


def _way(way: Way, name: Any) -> AskedWay:
    form = _form(FORMS[f"reply-{way.value}"])
    return AskedWay(
        id=way.value,
        name=name,
        address=form.address.label.text,
        shared=_asked(form.shared),
        message=_asked(form.message),
    )


def _asked(field: Field) -> Asked:
    offered: Iterable[SelectChoice] = getattr(field, "choices", None) or ()
    groups = tuple(
        (heading or "", tuple(choice.label for choice in choices))
        for heading, choices in groupby(offered, key=lambda choice: choice.optgroup)
    )
    return Asked(
        id=field.short_name,
        words=field.label.text,
        hint=field.description,
        groups=groups,
        several=isinstance(field, CheckboxesField),
    )


def _form(kind: type[Any]) -> Any:
    """A form that nobody has filled in, whatever this request brings with it."""
    return kind(formdata=None)
