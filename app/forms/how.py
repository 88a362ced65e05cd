"""How you are doing: the eight needs and the four risks, asked in the very words of "Tell us more" (requirements C1, C3, C8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import format_date, gettext
from flask_babel import lazy_gettext as _l

from app.domain.referral import HOW_YOU_ARE, Addition
from app.domain.survey import NEEDS
from app.forms.more import HOW_HARD, LEAVE, YES_NO_SURE, EffectsForm, MoreForm, SafetyForm, Shown, printable, questions
from app.forms.more import Told as Line

RISKS = ("safer", "afraid_of_myself", "dependant", "getting_worse")
LEVELS = tuple(each for each in HOW_HARD if each != LEAVE)
TITLE = _l("How you are doing")


class HowForm(MoreForm):
    """All of it may be left. The questions and their choices are those of the two sections, under the same names."""

    health = EffectsForm.health
    shelter = EffectsForm.shelter
    family = EffectsForm.family
    work = EffectsForm.work
    drink_drugs = EffectsForm.drink_drugs
    money = EffectsForm.money
    outlook = EffectsForm.outlook
    social = EffectsForm.social
    safer = SafetyForm.safer
    afraid_of_myself = SafetyForm.afraid_of_myself
    dependant = SafetyForm.dependant
    getting_worse = SafetyForm.getting_worse


def labels() -> dict[str, str]:
    """What each need and risk is called, in the order in which they are asked."""
    asked = questions(HowForm)
    return {name: asked[name][0] for name in (*NEEDS, *RISKS)}


def words(name: str, value: str) -> str:
    """An answer in the words in which it was given; what is not known here as it stands."""
    known: Mapping[str, Any] = HOW_HARD if name in NEEDS else YES_NO_SURE
    return str(known[value]) if value in known else printable(value)


def answers_in(kept: Any) -> dict[str, str]:
    """The answers in something kept or sent, as far as they are of a known kind."""
    if not isinstance(kept, dict):
        return {}
    return {name: kept[name] for name in (*NEEDS, *RISKS) if isinstance(kept.get(name), str)}


def shown(addition: Addition) -> Shown | None:
    """What somebody sent of how they are doing, in words for the desk; None when it is something else."""
    if addition.kind != HOW_YOU_ARE:
        return None
    called = labels()
    told = tuple(
        Line(called[name], (words(name, value),)) for name, value in answers_in(addition.content.get("answers")).items()
    )
    try:
        day = format_date(date.fromisoformat(str(addition.content.get("on"))), gettext("EEEE d MMMM"))
    except ValueError:
        day = ""
    return Shown(title=str(TITLE), about=day, told=told)
