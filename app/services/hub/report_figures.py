"""The fixed list of tables of a closed quarter. Each is one function; what it counts is defined in docs/measures.md.

A function takes a session, the days, and what the Hub has decided; it gives counts by row and column, in codes. Nothing here
can be asked from outside: there are these tables and no others. They count people as sums, restricted cases among them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.domain.asker import ASKED_BY_ANOTHER
from app.domain.asking import COMPLAINTS, Answer
from app.domain.handover import State
from app.domain.hours import OpeningHours
from app.domain.outcomes import Change
from app.domain.promise_results import Tally
from app.domain.survey import EQUALITY, PROMISES, month_of
from app.services.hub import need_figures
from app.services.hub.need_figures import Span
from app.services.hub.needs import WHY_NOT_TOLD

Cells = Mapping[tuple[str, str], int]
# Acts that answer a person. Taking a case, or opening it, says nothing to anybody.
ANSWERS: Final = ("sent-message", "sent-status", "sent-milestone", "sent-reading", "assessed")
CLAIMED: Final = "claimed"
NOT_REPORTED: Final = frozenset({"no", "might"})
BLANK: Final = "blank"
ALL: Final = "all"
# Working hours that a first answer may take, for rows of the table of waits while the Hub has set no target.
ONE_DAY, THREE_DAYS = timedelta(hours=11), timedelta(hours=33)
# Keys of area.targets.
FIRST_ANSWER, NAMED, COMPLAINT_DAYS = "first_answer", "named", "complaint_days"
MONTHS_OF_EQUITY = 12


@dataclass(frozen=True)
class Rules:
    """What the Hub has decided: its hours, and its targets (content/area.yaml)."""

    hours: OpeningHours
    targets: Mapping[str, int]


@dataclass(frozen=True)
class _Asked:
    """A request that came within the span, by what its coded facts say."""

    case: rows.Case
    pair: str
    police: str
    district: str


def asked(session: Session, span: Span, _rules: Rules) -> Cells:
    """Requests that came: all of them, by the pair of who asked and to whom it happened, by what the police know, by district."""
    found: Counter[tuple[str, str]] = Counter()
    for each in _asked(session, span):
        for row in (ALL, f"pair:{each.pair}", f"police:{each.police}", f"district:{each.district}"):
            found[row, "people"] += 1
    return found


def supported(session: Session, span: Span, _rules: Rules) -> Cells:
    """People whom we answered or talked with within the span, each once; of them those who had not reported (H1), by district."""
    found: Counter[tuple[str, str]] = Counter()
    for case in _answered_within(session, span):
        reported = _reported(case.facts)
        for row in (ALL, f"reported:{reported}", f"district:{case.facts.get('district') or BLANK}"):
            found[row, "people"] += 1
    return found


def why_not_reported(session: Session, span: Span, _rules: Rules) -> Cells:
    """Reasons that people gave for not reporting, of those who asked within the span; one may give several (requirement H2)."""
    found: Counter[tuple[str, str]] = Counter()
    for each in _asked(session, span):
        for reason in each.case.facts.get(WHY_NOT_TOLD) or ():
            found[str(reason), "people"] += 1
    return found


def waits(session: Session, span: Span, rules: Rules) -> Cells:
    """How long a first answer took, in working time, for requests that came within the span; by the target once there is one."""
    first = _first_acts(session, ANSWERS)
    target = rules.targets.get(FIRST_ANSWER)
    found: Counter[tuple[str, str]] = Counter()
    for each in _asked(session, span):
        answered_at = first.get(each.case.id)
        if answered_at is None:
            column = "not-yet"
        else:
            took = rules.hours.working_time_between(each.case.received_at, answered_at)
            if target is not None:
                column = "in-time" if took <= timedelta(hours=target) else "late"
            else:
                column = "one-day" if took <= ONE_DAY else "three-days" if took <= THREE_DAYS else "longer"
        found[ALL, column] += 1
        found[f"district:{each.district}", column] += 1
    return found


def needs(session: Session, span: Span, _rules: Rules) -> Cells:
    """Needs met, declined and open at the end, by category."""
    found: dict[tuple[str, str], int] = {}
    for category, counts in need_figures.needs_by_category(session, span).items():
        found |= {
            (category, "met"): counts.met,
            (category, "declined"): counts.declined,
            (category, "open"): counts.open,
        }
    return found


def outcomes(session: Session, span: Span, _rules: Rules) -> Cells:
    """What became of each need, of coping and of recovering."""
    by_name = need_figures.outcomes_by_name(session, span)
    return {(name, change.value): changes[change] for name, changes in by_name.items() for change in Change}


def assessments(session: Session, span: Span, rules: Rules) -> Cells:
    """Assessments made; askings that were due and done; what got worse and was acted on."""
    again = need_figures.asked_again(session, span)
    worse = need_figures.acted_on_worse(session, span, hours=rules.hours, targets=rules.targets)
    return {
        ("made", "done"): need_figures.assessments_done(session, span),
        ("asked-again", "done"): again.kept,
        ("asked-again", "due"): again.of,
        ("worse", "done"): worse.kept,
        ("worse", "due"): worse.of,
    }


def complaints(session: Session, span: Span, rules: Rules) -> Cells:
    """Complaints that came from people's spaces within the span, how many were answered, and how many in the time we named."""
    found: Counter[tuple[str, str]] = Counter()
    for fact in _complaints(session, span):
        found[ALL, "came"] += 1
        if _is_answered(fact):
            found[ALL, "answered"] += 1
            if _in_time(fact, rules):
                found[ALL, "in-time"] += 1
    return found


def equity(session: Session, span: Span, _rules: Rules) -> Cells:
    """Twelve months of the anonymous questionnaire, up to the end of the span: for each protected characteristic and district,
    how many answered, waited three days at most, are better, and found the help good from everyone together (H6, H7)."""
    last = month_of(span.last)
    year, month = span.last.year - 1, span.last.month
    first = f"{year + month // 12:04d}-{month % 12 + 1:02d}"
    found: Counter[tuple[str, str]] = Counter()
    for row in session.scalars(select(rows.Survey).where(rows.Survey.month.between(first, last))):
        groups = [f"{name}:{row.answers[name]}" for name in EQUALITY if name in row.answers]
        groups += [ALL, f"district:{row.district}" if row.district is not None else f"district:{BLANK}"]
        for group in groups:
            found[group, "answered"] += 1
            found[group, "soon"] += row.answers.get("wait") in {"same-day", "three-days"}
            found[group, "better"] += row.answers.get("doing") in {"better", "bit-better"}
            found[group, "good"] += row.answers.get("together") in {"very-good", "good"}
    return {place: count for place, count in found.items() if count}


def promises(session: Session, span: Span, rules: Rules) -> Cells:
    """How often each promise was kept: by row "promise:figure", kept and of."""
    found: dict[tuple[str, str], int] = {}
    for tally in promise_tallies(session, span, rules):
        row = f"{tally.promise}:{tally.figure}"
        found |= {(row, "kept"): tally.kept, (row, "of"): tally.of}
    return found


def promise_tallies(session: Session, span: Span, rules: Rules) -> tuple[Tally, ...]:
    """The tallies of the pledge that the system can count by itself, and those that people were asked for. One of none is out."""
    found = [*(each(session, span, rules) for each in COUNTED), *_asked_of_people(session, span)]
    return tuple(each for each in found if each.of)


def _police_or_not(session: Session, span: Span, _rules: Rules) -> Tally:
    """Of those who asked within the span and had not reported, those whom we answered by the time of counting."""
    first = _first_acts(session, ANSWERS)
    not_reported = [each for each in _asked(session, span) if each.police in NOT_REPORTED]
    return Tally("police-or-not", "counted", sum(each.case.id in first for each in not_reported), len(not_reported))


def _everyone(session: Session, span: Span, _rules: Rules) -> Tally:
    first = _first_acts(session, ANSWERS)
    every = _asked(session, span)
    return Tally("everyone", "counted", sum(each.case.id in first for each in every), len(every))


def _risk_first(session: Session, span: Span, rules: Rules) -> Tally:
    """Nothing is counted until the Hub has set by when a named co-ordinator takes somebody over."""
    target = rules.targets.get(NAMED)
    if target is None:
        return Tally("risk-first", "counted", 0, 0)
    claimed = _first_acts(session, (CLAIMED,))
    first = [each.case for each in _asked(session, span) if each.case.facts.get("risk")]
    kept = 0
    for case in first:
        at = claimed.get(case.id)
        took = rules.hours.working_time_between(case.received_at, at) if at else None
        kept += took is not None and took <= timedelta(hours=target)
    return Tally("risk-first", "counted", kept, len(first))


def _ask_again(session: Session, span: Span, rules: Rules) -> Tally:
    again = need_figures.asked_again(session, span)
    worse = need_figures.acted_on_worse(session, span, hours=rules.hours, targets=rules.targets)
    return Tally("ask-again", "counted", again.kept + worse.kept, again.of + worse.of)


def _tell_it_once(session: Session, span: Span, _rules: Rules) -> Tally:
    """Handovers that ended within the span, after the person had agreed: accepted, of those accepted or sent back."""
    ended = select(rows.Handover.state).where(
        rows.Handover.changed_at >= span.begins,
        rows.Handover.changed_at < span.ends,
        rows.Handover.state.in_((State.ACCEPTED.value, State.BOUNCED.value)),
    )
    states = Counter(session.scalars(ended))
    return Tally("tell-it-once", "counted", states[State.ACCEPTED.value], states.total())


def _respect_and_answer(session: Session, span: Span, rules: Rules) -> Tally:
    """Nothing is counted until the Hub has said in how many days it answers."""
    if COMPLAINT_DAYS not in rules.targets:
        return Tally("respect-and-answer", "counted", 0, 0)
    came = _complaints(session, span)
    return Tally("respect-and-answer", "counted", sum(_in_time(each, rules) for each in came), len(came))


# Every column that a table has, whether or not anything was counted in it: an empty place must not tell none from few.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "asked": ("people",),
    "supported": ("people",),
    "why-not-reported": ("people",),
    "waits": ("in-time", "late", "one-day", "three-days", "longer", "not-yet"),
    "needs": ("met", "open", "declined"),
    "outcomes": tuple(each.value for each in Change),
    "assessments": ("done", "due"),
    "promises": ("kept", "of"),
    "equity": ("answered", "soon", "better", "good"),
    "complaints": ("came", "answered", "in-time"),
}
COUNTED: Final[tuple[Callable[[Session, Span, Rules], Tally], ...]] = (
    _police_or_not,
    _everyone,
    _risk_first,
    _ask_again,
    _tell_it_once,
    _respect_and_answer,
)
TABLES: Final[Mapping[str, Callable[[Session, Span, Rules], Cells]]] = {
    "asked": asked,
    "supported": supported,
    "why-not-reported": why_not_reported,
    "waits": waits,
    "needs": needs,
    "outcomes": outcomes,
    "assessments": assessments,
    "promises": promises,
    "equity": equity,
    "complaints": complaints,
}


def _asked_of_people(session: Session, span: Span) -> list[Tally]:
    """Only "yes" is kept; "partly" and "no" are not; "I cannot say yet" does not count."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    months = rows.Survey.month.between(month_of(span.first), month_of(span.last))
    for answers in session.scalars(select(rows.Survey.answers).where(months)):
        for question, promise in PROMISES.items():
            said[promise][answers.get(question, "")] += 1
    return [
        Tally(promise, "asked", counts["yes"], counts["yes"] + counts["partly"] + counts["no"])
        for promise, counts in said.items()
    ]


def _asked(session: Session, span: Span) -> list[_Asked]:
    came = select(rows.Case).where(rows.Case.received_at >= span.begins, rows.Case.received_at < span.ends)
    return [
        _Asked(
            case=case,
            pair=_pair(case.facts),
            police=case.facts.get("police") or BLANK,
            district=case.facts.get("district") or BLANK,
        )
        for case in session.scalars(came)
    ]


def _answered_within(session: Session, span: Span) -> list[rows.Case]:
    answered = select(rows.Audit.case_id).where(
        rows.Audit.action.in_(ANSWERS), rows.Audit.at >= span.begins, rows.Audit.at < span.ends
    )
    found = session.scalars(select(rows.Case).where(rows.Case.id.in_(answered)))
    return [case for case in found if case.facts.get("who") != "professional"]


def _first_acts(session: Session, actions: tuple[str, ...]) -> dict[bytes, datetime]:
    """When each case first had one of these acts."""
    found: dict[bytes, datetime] = {}
    acts = select(rows.Audit.case_id, rows.Audit.at).where(rows.Audit.action.in_(actions)).order_by(rows.Audit.at)
    for case_id, at in session.execute(acts):
        if case_id is not None:
            found.setdefault(case_id, at)
    return found


def _pair(facts: Mapping[str, Any]) -> str:
    """What the pair of "Who needs support?" and "to whom did it happen" makes of somebody (requirements A1 to A8)."""
    who, to_whom = facts.get("who"), facts.get("to_whom")
    if who in ASKED_BY_ANOTHER:
        return "professional" if who == "professional" else "by-another"
    return {"me": "direct", "died": "bereaved", "saw": "witness", None: BLANK}.get(to_whom, "close")


def _reported(facts: Mapping[str, Any]) -> str:
    police = facts.get("police")
    return "no" if police in NOT_REPORTED else "yes" if police == "yes" else BLANK


def _complaints(session: Session, span: Span) -> list[Mapping[str, Any]]:
    cases = session.scalars(select(rows.Case).where(rows.Case.facts[COMPLAINTS].as_string().is_not(None)))
    every = [fact for case in cases for fact in case.facts.get(COMPLAINTS) or ()]
    return [each for each in every if span.begins <= datetime.fromisoformat(each["on"]) < span.ends]


def _is_answered(fact: Mapping[str, Any]) -> bool:
    return fact.get("state") not in {None, Answer.WORKING.value}


def _in_time(fact: Mapping[str, Any], rules: Rules) -> bool:
    """Answered, not only taken up, within the working days that the complaints page names."""
    if COMPLAINT_DAYS not in rules.targets or not _is_answered(fact) or "answered_on" not in fact:
        return False
    came, answered = datetime.fromisoformat(fact["on"]), datetime.fromisoformat(fact["answered_on"])
    return _working_days(came, answered, rules.hours) <= rules.targets[COMPLAINT_DAYS]


def _working_days(came: datetime, answered: datetime, hours: OpeningHours) -> int:
    """On how many days after the first the Hub was open until then."""
    first: date = came.astimezone(hours.zone).date()
    last: date = answered.astimezone(hours.zone).date()
    noon = datetime.combine(first, datetime.min.time().replace(hour=12), hours.zone)
    return sum(hours.open_at(noon + timedelta(days=each)) for each in range(1, (last - first).days + 1))
