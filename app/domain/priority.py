"""A suggestion for the desk: which priority group a request may belong to, why, and by when to answer.

Suggested, never decided: a co-ordinator decides after talking with the person (requirement C11). It rests on the coded facts
of the short request, and on the few that later additions tell. It is made anew each time it is shown, so that an addition may
change the suggestion and never what somebody decided. It changes the order of work and nothing that is offered
(requirements B6, B7). Where somebody lives is not among the reasons: deprived areas are looked at in sums, not person by
person (requirement D5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.domain.hours import OpeningHours

# After a death nobody is asked how they are doing, or what they think of us, unless they begin.
QUIET_AFTER_DEATH = timedelta(days=90)
# The key of area.targets that holds for everybody; "first_answer_<group>" and "first_answer_risk" may be stricter.
FIRST_ANSWER = "first_answer"
# The coded fact that says which group a co-ordinator decided.
GROUP_DECIDED = "group_decided"


class Group(StrEnum):
    """The three priority groups (requirement D1), and none of them."""

    SERIOUS_CRIME = "serious-crime"
    VULNERABLE = "vulnerable"
    PERSISTENT = "persistent"
    NONE = "none"


class Reason(StrEnum):
    """Why a group is suggested, or a request comes first."""

    BEREAVED_ROAD = "bereaved-road"
    BEREAVED_KILLED = "bereaved-killed"
    CONTROLLED = "controlled"
    SEXUAL = "sexual"
    HATE = "hate"
    EXPLOITED = "exploited"
    AFRAID_OF_SOMEONE = "afraid-of-someone"
    AFRAID_OF_THEMSELVES = "afraid-of-themselves"
    DEPENDANT_AT_RISK = "dependant-at-risk"
    UNDER_18 = "under-18"
    INTIMIDATED = "intimidated"
    FOLLOWED = "followed"
    ANTISOCIAL_GOES_ON = "antisocial-goes-on"
    REPORTED_OFTEN = "reported-often"
    GOES_ON_LONG = "goes-on-long"


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What the desk shows beside "Suggested:".

    `is_decided`: a co-ordinator has decided this group, and the reasons are what the facts suggest. `reasons` are all that
    apply, those of the group first. `due` is None while the Hub has set no target. `quiet_until` is None unless somebody died.
    """

    group: Group
    reasons: tuple[Reason, ...]
    due: datetime | None
    quiet_until: datetime | None
    is_decided: bool = False

    @property
    def has_enhanced_rights(self) -> bool:
        """Whether the Victims' Code may give more: it names the same three groups (requirement D10)."""
        return self.group is not Group.NONE


def suggest(
    facts: Mapping[str, Any],
    hours: OpeningHours,
    received_at: datetime,
    *,
    targets: Mapping[str, int] | None = None,
) -> Suggestion:
    """Suggest a group for coded facts; facts that are missing or unknown count for nothing.

    `targets` are the Hub's own, in working hours. Where several apply, the strictest holds. Raises HoursError for a moment
    without a zone, and for targets at a Hub that never opens.
    """
    found = [(group, reasons) for group, reasons in _reasons(facts).items() if reasons]
    group = group_of(facts)
    return Suggestion(
        group=group,
        reasons=tuple(reason for _, reasons in found for reason in reasons),
        due=_due(facts, group, received_at, hours=hours, targets=targets or {}),
        quiet_until=received_at + QUIET_AFTER_DEATH if facts.get("to_whom") == "died" else None,
        is_decided=decided(facts) is not None,
    )


def group_of(facts: Mapping[str, Any]) -> Group:
    """The group that somebody has decided, else the one that `suggest` suggests."""
    return decided(facts) or next((group for group, reasons in _reasons(facts).items() if reasons), Group.NONE)


def decided(facts: Mapping[str, Any]) -> Group | None:
    """The group that a co-ordinator has decided after talking with the person; None while nobody has."""
    said = facts.get(GROUP_DECIDED)
    return Group(said) if said in {each.value for each in Group} else None


def _reasons(facts: Mapping[str, Any]) -> dict[Group, list[Reason]]:
    """The reasons for each group, in the order in which the groups are suggested."""
    happened, wanted = set(facts.get("happened") or ()), set(facts.get("help") or ())
    later = set(facts.get("persistence") or ())
    died, how = facts.get("to_whom") == "died", facts.get("how_died")
    return {
        # Requirements D3 and A17; bereaved by a killing or on the road.
        Group.SERIOUS_CRIME: _those(
            (Reason.BEREAVED_KILLED, died and how == "killed"),
            (Reason.BEREAVED_ROAD, died and (how == "road" or (how is None and "collision" in happened))),
            (Reason.CONTROLLED, "controlled" in happened),
            (Reason.SEXUAL, "sexual" in happened),
            (Reason.HATE, "hate" in happened),
            (Reason.EXPLOITED, "exploited" in happened),
        ),
        # Requirements C5, C6, D2 and D4.
        Group.VULNERABLE: _those(
            (Reason.AFRAID_OF_THEMSELVES, "afraid-of-myself" in wanted),
            (Reason.AFRAID_OF_SOMEONE, "safer" in wanted),
            (Reason.DEPENDANT_AT_RISK, "dependant" in wanted),
            (Reason.UNDER_18, facts.get("under_18") is True or bool(facts.get("age_band") or facts.get("child_age"))),
            (Reason.INTIMIDATED, facts.get("restricted") is True),
        ),
        # Requirements D1, D4 and D6. What the short request asks; how often and how long is told later, if at all.
        Group.PERSISTENT: _those(
            (Reason.FOLLOWED, "followed" in happened),
            (Reason.REPORTED_OFTEN, "reported-often" in later),
            (Reason.GOES_ON_LONG, "goes-on-long" in later),
            (Reason.ANTISOCIAL_GOES_ON, "antisocial" in happened and facts.get("ongoing") == "yes"),
        ),
    }


def _those(*pairs: tuple[Reason, bool]) -> list[Reason]:
    return [reason for reason, applies in pairs if applies]


def _due(
    facts: Mapping[str, Any],
    group: Group,
    received_at: datetime,
    *,
    hours: OpeningHours,
    targets: Mapping[str, int],
) -> datetime | None:
    names = [FIRST_ANSWER, f"{FIRST_ANSWER}_{group.value.replace('-', '_')}"]
    if facts.get("risk") is True:
        names.append(f"{FIRST_ANSWER}_risk")
    set_for_it = [targets[name] for name in names if name in targets]
    return hours.add_working_time(received_at, timedelta(hours=min(set_for_it))) if set_for_it else None
