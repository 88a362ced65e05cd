"""How somebody is doing: eight needs and four risks in one vocabulary, for the portal, the desk and the figures.

The ids are those of "How are you doing" and of the sections of "Tell us more" (requirements C1, C2, C5 to C8). Whether anybody
reported anything plays no part here (requirement C12), and nothing here changes what somebody is offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, Final

from app.domain.priority import Group
from app.domain.referral import HOW_YOU_ARE, RISKS, SAFETY, Addition
from app.domain.survey import NEEDS

CATEGORIES: Final = NEEDS
RISK_NAMES: Final = ("safer", "afraid_of_myself", "dependant", "getting_worse")
# Each from the best to the worst.
FINE, A_BIT_HARD, VERY_HARD = "fine", "a-bit-hard", "very-hard"
HOW_HARD: Final = (FINE, A_BIT_HARD, VERY_HARD)
SURE: Final = ("no", "not-sure", "yes")
# The two aims of all support (requirements H3, H13), asked once for all services together.
COPING, RECOVERING = "coping", "recovering"
SCALES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(CATEGORIES, HOW_HARD),
    **dict.fromkeys(RISK_NAMES, SURE),
    COPING: ("mostly", "some-days", "hardly"),
    RECOVERING: ("mostly", "partly", "not-yet"),
}
EFFECTS: Final = "effects"
# What was ticked under "What would help you now?" that names a need or a risk.
ASKED_NEED: Final = {
    "health": "health",
    "housing": "shelter",
    "home-secure": "shelter",
    "family": "family",
    "work-school": "work",
    "drink-drugs": "drink_drugs",
    "money": "money",
    "less-alone": "social",
    "going-out": "social",
}
ASKED_RISK: Final = {
    "safer": "safer",
    "afraid-of-myself": "afraid_of_myself",
    "dependant": "dependant",
    "getting-worse": "getting_worse",
}
# What the case's coded facts say: that something got worse and nobody has acted yet; what a co-ordinator decided.
WORSE, LEVEL = "worse", "level"


class Wish(StrEnum):
    """What somebody wants to be done about a need (requirement B3)."""

    NOW = "now"
    LATER = "later"
    NO = "no"


class Ended(StrEnum):
    """How a need ended. One that has not is open."""

    SUPPORTED = "supported"  # by the Hub itself
    REFERRED = "referred"  # another service has taken it over
    SIGNPOSTED = "signposted"  # told where to find help
    DECLINED = "declined"  # they do not want help with it


# A service is named with these.
NEEDS_A_SERVICE: Final = frozenset({Ended.REFERRED, Ended.SIGNPOSTED})
MET: Final = frozenset({Ended.SUPPORTED, Ended.REFERRED, Ended.SIGNPOSTED})


class Level(IntEnum):
    """How much support. A co-ordinator decides it after a talk; what is worked out from facts only suggests (C11)."""

    INFORMATION = 1
    ONE_TALK = 2
    REGULAR = 3


class Acted(StrEnum):
    """What a colleague did about something that got worse (requirement C4)."""

    TALKED = "talked"
    MORE_SUPPORT = "more-support"
    PASSED_ON = "passed-on"
    SAFEGUARDING = "safeguarding"
    THEIR_WISH = "their-wish"


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at how somebody is, at an aware moment. `answers`: codes by name, as in SCALES; what was left is not there.

    `own`: the person said it; else it is how a colleague sees it. `talked`: a colleague took it down in an assessment; else
    they sent it from their space.
    """

    at: datetime
    answers: Mapping[str, str]
    own: bool = True
    talked: bool = False


def known(answers: Any) -> dict[str, str]:
    """The answers of a known kind, in their order; everything else is left out."""
    if not isinstance(answers, Mapping):
        return {}
    return {name: answers[name] for name, scale in SCALES.items() if answers.get(name) in scale}


def told_in(addition: Addition) -> dict[str, str]:
    """What an addition tells of how somebody is: that of "How are you doing" and of two sections; empty for all others."""
    return known(addition.content.get("answers")) if addition.kind in {HOW_YOU_ARE, SAFETY, EFFECTS} else {}


def told_in_request(help_wanted: Iterable[str] | None) -> dict[str, str]:
    """The risks that the request named. What was not ticked there was not asked, and is no "no"."""
    ticked = set(help_wanted or ())
    return {risk: "yes" for asked, risk in ASKED_RISK.items() if asked in ticked}


def asked_in_request(help_wanted: Iterable[str] | None) -> frozenset[str]:
    """The categories of need in which the request asked for help."""
    return frozenset(ASKED_NEED[each] for each in help_wanted or () if each in ASKED_NEED)


def rank(name: str, answer: str) -> int:
    """How bad an answer is on its scale: 0 is best. Raises KeyError and ValueError for what is not on it."""
    return SCALES[name].index(answer)


def latest(looks: Sequence[Look]) -> dict[str, str]:
    """The newest answer to each, out of looks from the oldest to the newest."""
    found: dict[str, str] = {}
    for look in looks:
        found.update(known(look.answers))
    return {name: found[name] for name in SCALES if name in found}


def worse(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """What is worse than it was (requirement C4): a need or a risk with a worse answer, and a risk that was not known before.

    A need that is told for the first time is not worse: nobody knows how it was. Coping and recovering are outcomes of
    support, not a warning of their own.
    """
    found = []
    for name in (*CATEGORIES, *RISK_NAMES):
        if name not in after:
            continue
        was = before.get(name, SURE[0] if name in RISK_NAMES else None)
        if was is not None and rank(name, after[name]) > rank(name, was):
            found.append(name)
    return tuple(found)


def is_at_risk(answers: Mapping[str, str]) -> bool:
    """Whether somebody may be at risk now, with certainty or not: the first three risks (requirements C5, C6)."""
    return any(answers.get(name) in {"yes", "not-sure"} for name in RISK_NAMES[:3])


def is_need(answer: str | None, wish: str | None) -> bool:
    """Whether there is a need in a category: it is hard for them, or they want help with it."""
    return answer in {A_BIT_HARD, VERY_HARD} or wish in {Wish.NOW, Wish.LATER}


def suggested_level(facts: Mapping[str, Any], group: Group) -> Level:
    """A level to begin the talk with, from the coded facts of the request (requirements B4, C11). Never decided by it."""
    wanted = set(facts.get("help") or ())
    if facts.get("risk") is True or RISKS & wanted or group is not Group.NONE:
        return Level.REGULAR
    return Level.INFORMATION if wanted and wanted <= {"reading", "rights"} else Level.ONE_TALK


def next_asking(day: date, *, weeks: int) -> date:
    """The day on which somebody is asked again, by the Hub's own interval (requirement C3)."""
    return day + timedelta(weeks=weeks)


def is_quiet(day: date, quiet_until: date | None) -> bool:
    """Whether nobody is asked on this day, because somebody has died."""
    return quiet_until is not None and day <= quiet_until


def first_day_to_ask(day: date, quiet_until: date | None) -> date:
    """The day itself, or the first one after the quiet time."""
    return day if quiet_until is None or day > quiet_until else quiet_until + timedelta(days=1)
