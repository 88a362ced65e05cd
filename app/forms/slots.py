"""A form with its answers taken out: what stays is the same for everybody and can be kept, each answer has a slot in it.

A page is rendered once with an `OpenForm`, which has a stand-in wherever an answer shows. `word` then says what stands in a
slot for one person, so that no form is made for a page that is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from wtforms import BooleanField, Field

from app.forms.question import QuestionForm

# What a macro asks a field for that says nothing of its answer. Anything else is not there: see `OpenField`.
SAME_FOR_EVERYBODY = frozenset(
    {"component", "description", "has_groups", "id", "label", "name", "render_kw", "type", "widget"}
)
CHECKED, SELECTED = Markup(" checked"), Markup(" selected")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place on a page where an answer shows: the text of a field, or the mark of the choice `value` when it is chosen."""

    field: str
    value: str | None = None
    mark: str = ""


class OpenField:
    """A field without its answer. A template that looks at the answer itself fails: the page then depends on more than slots."""

    def __init__(self, field: Field, stand_in: Callable[[Slot], str]) -> None:
        self._field = field
        self._stand_in = stand_in
        self.errors: tuple[str, ...] = ()
        if isinstance(field, BooleanField):
            self.data = stand_in(Slot(field.name, "", CHECKED))  # a box has one choice, and no other attribute for it

    def __getattr__(self, name: str) -> Any:
        if name not in SAME_FOR_EVERYBODY:
            raise AttributeError(name)
        return getattr(self._field, name)

    def _value(self) -> str:
        return self._stand_in(Slot(self._field.name))

    def iter_choices(self) -> list[Any]:
        """The choices, each with a stand-in for its mark."""
        return self._open(self._field.iter_choices())

    def iter_groups(self) -> list[tuple[Any, list[Any]]]:
        """The choices below their headings."""
        return [(heading, self._open(choices)) for heading, choices in self._field.iter_groups()]

    def _open(self, choices: Iterable[Any]) -> list[Any]:
        is_list = getattr(self._field, "component", self._field.type) in {"select", "SelectField"}
        mark = SELECTED if is_list else CHECKED
        return [
            choice._replace(selected=self._stand_in(Slot(self._field.name, choice.value, mark))) for choice in choices
        ]


class OpenForm:
    """A form without its answers; `left_out` as the answer says that will be put into it."""

    def __init__(self, form: QuestionForm, stand_in: Callable[[Slot], str], left_out: frozenset[str]) -> None:
        self._fields = {field.name: OpenField(field, stand_in) for field in form}
        self.left_out = left_out
        self.errors: dict[str, list[str]] = {}
        self.form_errors: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> OpenField:
        try:
            return self._fields[name]
        except KeyError:
            raise AttributeError(name) from None

    def __iter__(self) -> Iterator[OpenField]:
        return iter(self._fields.values())


def word(answer: Mapping[str, Any], slot: Slot) -> str:
    """What stands in a slot after an answer; text is as it was typed, to be escaped by whoever puts it in its place."""
    given = answer.get(slot.field)
    if given is None:
        return ""
    if slot.value is None:
        return str(given)
    is_chosen = given is True or (slot.value in given if isinstance(given, list) else slot.value == given)
    return slot.mark if is_chosen else ""
