"""The answers in words, for 'Check what you have written': what was left says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from wtforms.fields.core import UnboundField

from app.domain.area import District
from app.domain.contact import BY_TEXT
from app.domain.journey import Place
from app.domain.languages import Languages
from app.domain.referral import OUTSIDE_AREA
from app.forms.refer import FORMS, JOURNEY
from app.forms.young import TO_ALL, Said

# A single box that was not ticked, or a line that hangs on another answer, is not a question that was left.
TICKED_OR_ABSENT = frozenset({"under_18", "sure", "not_my_community", "conflict_who", "consent_when", "consent_how"})


@dataclass(frozen=True)
class Line:
    """One question with its answer. `is_address` is shown large; `dir` is its direction; `id` names step and field."""

    label: str
    values: tuple[str, ...]
    slug: str
    is_address: bool
    language: str = ""
    dir: str = "auto"
    id: str = ""


def summary(
    places: Sequence[Place],
    answers: Mapping[str, Mapping[str, Any]],
    *,
    languages: Languages,
    districts: Sequence[District],
    said: Said = TO_ALL,
) -> list[Line]:
    """Every question of the path with what was answered, in order, in the words in which it was asked."""
    lines: list[Line] = []
    for place in places:
        if not place.step.asks or place.step.key == "start":
            continue
        answer = answers.get(place.step.key, {})
        for name, unbound in _fields(place.step.key):
            text_id = f"{place.step.key}.{name}"
            label = said.of_form(text_id, str(unbound.args[0]) if unbound.args else "")
            if name == "ongoing" and answer.get("to_whom") == "died":
                continue  # not asked then
            if place.step.key == "reply-bsl" and answer.get("how") == BY_TEXT and name != "how":
                continue  # asked on the page about texts
            if name in TICKED_OR_ABSENT and not answer.get(name):
                continue
            lines.append(
                Line(
                    label=label,
                    values=_words(
                        text_id, unbound, answer.get(name), languages=languages, districts=districts, said=said
                    ),
                    slug=place.slug,
                    is_address=name == "address",
                    dir=(unbound.kwargs.get("render_kw") or {}).get("dir", "auto"),
                    id=text_id,
                )
            )
    return lines


def labels_of(step_key: str, field_name: str) -> dict[str, str]:
    """The words of each choice of a field, by id: the desk shows answers in the same words."""
    for name, unbound in _fields(step_key):
        if name == field_name:
            return {choice.value: str(choice.label) for choice in unbound.kwargs.get("choices") or ()}
    return {}


def written_answers(answers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What was written in the request in somebody's own words, in order: no addresses, no names of ways, nothing ticked."""
    return [
        value
        for place in JOURNEY.path(answers)
        if place.step.asks and not place.step.key.startswith("reply")
        for name, unbound in _fields(place.step.key)
        if not unbound.kwargs.get("choices")
        and isinstance(value := answers.get(place.step.key, {}).get(name), str)
        and len(value.split()) > 1
    ]


def _fields(step_key: str) -> list[tuple[str, UnboundField]]:
    """The fields of a step's form in the order in which they are asked."""
    form_class = FORMS[step_key]
    found = [
        (name, getattr(form_class, name))
        for name in dir(form_class)
        if isinstance(getattr(form_class, name, None), UnboundField)
    ]
    order = getattr(form_class, "ORDER", ())
    return sorted(found, key=lambda pair: order.index(pair[0]) if pair[0] in order else pair[1].creation_counter)


def _words(
    text_id: str, unbound: UnboundField, value: Any, *, languages: Languages, districts: Sequence[District], said: Said
) -> tuple[str, ...]:
    name = text_id.rpartition(".")[2]
    if value in (None, "", [], False):
        return ()
    if value is True:
        return (gettext("Yes"),)
    if name == "language":
        found = languages.get(str(value))
        return (found.endonym if found else {"bsl": "BSL"}.get(str(value), gettext("Another language")),)
    if name == "district":
        if value == OUTSIDE_AREA:
            return (gettext("Outside this area"),)
        return tuple(district.name for district in districts if district.id == value)
    choices = {
        choice.value: said.of_form(f"{text_id}.{choice.value}", str(choice.label))
        for choice in unbound.kwargs.get("choices") or ()
    }
    if isinstance(value, list):
        return tuple(choices[each] for each in value if each in choices)
    return (choices.get(str(value), str(value)),)
