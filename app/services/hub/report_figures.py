"""The fixed list of tables of a closed quarter. Each is one function; what it counts is defined in docs/measures.md.

A function takes a session, the days, and what the Hub has decided; it gives counts by row and column, in codes. Nothing here
can be asked from outside: there are these tables and no others. They count people as sums, restricted cases among them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data import reports as report_rows
from app.domain.asker import ASKED_BY_ANOTHER
from app.domain.asking import COMPLAINTS, Answer
from app.domain.attempts import Outcome
from app.domain.handover import UNDER_WAY, State, overdue_from
from app.domain.hours import OpeningHours
from app.domain.outcomes import Change
from app.domain.promise_results import Quarter, Tally
from app.domain.survey import EQUALITY, PROMISES, month_of
from app.services.hub import attempts, danger, need_figures, signposting
from app.services.hub.joining import same_person
from app.services.hub.need_figures import Span
from app.services.hub.needs import WHY_NOT_TOLD

Cells = Mapping[tuple[str, str], int]
# Acts that answer a person. Taking a case, or opening it, says nothing to anybody.
ANSWERS: Final = ("sent-message", "sent-status", "sent-milestone", "sent-reading", "assessed")
CLAIMED: Final = "claimed"
HANDED_BY_PHONE: Final = "handover-passed"
NOT_REPORTED: Final = frozenset({"no", "might"})
BLANK: Final = "blank"
ALL: Final = "all"
NO_NEED: Final = "no-need"
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
    person: bytes  # the same for requests that a colleague put together as one person's
    pair: str
    police: str
    district: str


def asked(session: Session, span: Span, _rules: Rules) -> Cells:
    """Who asked: all of them, by the pair of who asked and to whom it happened, by what the police know, by district."""
    people = _People()
    for each in _asked(session, span):
        people.add(each.person, ALL, f"pair:{each.pair}", f"police:{each.police}", f"district:{each.district}")
    return people.counts()


def missed(session: Session, span: Span, _rules: Rules) -> Cells:
    """Of those who asked, groups that agencies often miss, and those who were harmed again and again (requirements A11, A14): as
    far as coded facts of the request tell, never guessed. Who said how old they are, or that they live with a disability, did
    so without a name, and is in the table of equity."""
    people = _People()
    for each in _asked(session, span):
        people.add(each.person, *(name for name, is_so in _groups(each.case).items() if is_so))
    return people.counts()


def supported(session: Session, span: Span, _rules: Rules) -> Cells:
    """People whom we answered or talked with within the span, each once; of them those who had not reported (H1), by district."""
    people, same = _People(), same_person(session)
    for case in _answered_within(session, span):
        reported, district = _reported(case.facts), case.facts.get("district") or BLANK
        people.add(same.get(case.id, case.id), ALL, f"reported:{reported}", f"district:{district}")
    return people.counts()


def why_not_reported(session: Session, span: Span, _rules: Rules) -> Cells:
    """Reasons that people gave for not reporting, of those who asked within the span; one may give several (requirement H2)."""
    people = _People()
    for each in _asked(session, span):
        people.add(each.person, *(str(reason) for reason in each.case.facts.get(WHY_NOT_TOLD) or ()))
    return people.counts()


def waits(session: Session, span: Span, rules: Rules) -> Cells:
    """How long a first answer took, in working time, for requests that came within the span; by the target once there is one."""
    first = _first_answers(session)
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


def signposted(session: Session, span: Span, _rules: Rules) -> Cells:
    """How often somebody was told about a service, or sent something to read about it, by the need that it was for (E4)."""
    found: Counter[tuple[str, str]] = Counter()
    for (how, need), count in signposting.counts(session, since=span.begins, until=span.ends).items():
        found[ALL, how.value] += count
        found[need or NO_NEED, how.value] += count
    return found


def dangers(session: Session, span: Span, _rules: Rules) -> Cells:
    """Contact details that were opened against a plan because of danger to life, by the reason; of them by one person alone,
    and whether the person was told by the time of counting."""
    found: Counter[tuple[str, str]] = Counter()
    quarter = str(Quarter.of(span.first))
    for each in danger.counts(session):
        if each.quarter == quarter:
            for row in (ALL, f"danger:{each.reason.value}"):
                found[row, "opened"] += each.opened
                found[row, "alone"] += each.alone
                found[row, "told"] += each.told
                found[row, "silent"] += each.silent
    return found


def feedback(session: Session, span: Span, _rules: Rules) -> Cells:
    """What people said about the site and the Hub without a case, and how much of it a colleague has seen to (H8)."""
    found: Counter[tuple[str, str]] = Counter()
    came = select(rows.Feedback.about, rows.Feedback.done_at).where(
        rows.Feedback.came_on.between(span.first, span.last)
    )
    for about, done_at in session.execute(came):
        for row in (ALL, f"about:{about or BLANK}"):
            found[row, "came"] += 1
            found[row, "seen-to"] += done_at is not None
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
    return _of_people("police-or-not", session, [each for each in _asked(session, span) if each.police in NOT_REPORTED])


def _everyone(session: Session, span: Span, _rules: Rules) -> Tally:
    return _of_people("everyone", session, _asked(session, span))


def _of_people(promise: str, session: Session, every: Sequence[_Asked]) -> Tally:
    """One person counts once: answered when one of these requests of theirs was."""
    first = _first_answers(session)
    answered = {each.person for each in every if each.case.id in first}
    return Tally(promise, "counted", len(answered), len({each.person for each in every}))


def _you_decide(session: Session, span: Span, _rules: Rules) -> Tally:
    """Attempts to reach somebody, and those of them that the plan allowed when they were made. What was opened because of danger
    to life is no attempt and not among them: `dangers` counts it."""
    made = attempts.counts(session, since=span.begins, until=span.ends)
    return Tally("you-decide", "counted", made.inside, made.inside + made.outside)


def _keep_you_informed(session: Session, span: Span, _rules: Rules) -> Tally:
    """Days within the span that we had named for news: kept when a colleague wrote by the end of the day."""
    days = session.scalars(
        select(report_rows.NamedDay).where(report_rows.NamedDay.by.between(span.first, span.last))
    ).all()
    kept = sum(each.kept_at is not None and each.kept_at.astimezone(span.zone).date() <= each.by for each in days)
    return Tally("keep-you-informed", "counted", kept, len(days))


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


def _tell_it_once(session: Session, span: Span, rules: Rules) -> Tally:
    """Handovers that the person agreed to and that were settled within the span: the service took over, or sent it back, or the
    time to answer ran out. The first of these counts, so each handover counts once, unless it is handed over anew."""
    by_phone = _handed_by_phone(session)
    kept = of = 0
    found = select(rows.Handover, rows.Packet).outerjoin(rows.Packet, rows.Packet.handover_id == rows.Handover.id)
    for row, packet in session.execute(found.where(rows.Handover.state.in_(_AGREED))):
        due = _due(row, packet, by_phone, rules.hours)
        ended = row.changed_at if row.state in _ENDED else None
        settled = min((each for each in (due, ended) if each is not None), default=None)
        if settled is not None and span.begins <= settled < span.ends:
            of += 1
            kept += row.state == State.ACCEPTED.value and settled == ended
    return Tally("tell-it-once", "counted", kept, of)


def _due(
    row: rows.Handover, packet: rows.Packet | None, by_phone: Mapping[tuple[bytes, str], datetime], hours: OpeningHours
) -> datetime | None:
    """Until when a service was to answer; for what was passed on by phone, seven working days."""
    if packet is not None and row.state != State.AGREED.value:
        return packet.due_at or overdue_from(packet.sent_at, hours)
    if row.state == State.AGREED.value:
        return overdue_from(row.changed_at, hours)
    passed_at = by_phone.get((row.case_id, row.service))
    return overdue_from(passed_at, hours) if passed_at is not None else None


def _handed_by_phone(session: Session) -> dict[tuple[bytes, str], datetime]:
    """When each case was last passed on to each service without a packet."""
    acts = select(rows.Audit.case_id, rows.Audit.detail, rows.Audit.at).where(rows.Audit.action == HANDED_BY_PHONE)
    return {
        (case_id, service): at
        for case_id, service, at in session.execute(acts.order_by(rows.Audit.at))
        if case_id is not None
    }


def _respect_and_answer(session: Session, span: Span, rules: Rules) -> Tally:
    """Nothing is counted until the Hub has said in how many days it answers."""
    if COMPLAINT_DAYS not in rules.targets:
        return Tally("respect-and-answer", "counted", 0, 0)
    came = _complaints(session, span)
    return Tally("respect-and-answer", "counted", sum(_in_time(each, rules) for each in came), len(came))


_ENDED: Final = frozenset({State.ACCEPTED.value, State.BOUNCED.value})
_AGREED: Final = _ENDED | {each.value for each in UNDER_WAY}
_REACHED: Final = rows.Attempt.outcome == Outcome.REACHED.value
# Every column that a table has, whether or not anything was counted in it: an empty place must not tell none from few.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "asked": ("people",),
    "supported": ("people",),
    "why-not-reported": ("people",),
    "missed": ("people",),
    "waits": ("in-time", "late", "one-day", "three-days", "longer", "not-yet"),
    "needs": ("met", "open", "declined"),
    "signposted": tuple(each.value for each in signposting.How),
    "outcomes": tuple(each.value for each in Change),
    "assessments": ("done", "due"),
    "promises": ("kept", "of"),
    "equity": ("answered", "soon", "better", "good"),
    "complaints": ("came", "answered", "in-time"),
    "feedback": ("came", "seen-to"),
    "danger": ("opened", "alone", "told", "silent"),
}
COUNTED: Final[tuple[Callable[[Session, Span, Rules], Tally], ...]] = (
    _police_or_not,
    _everyone,
    _you_decide,
    _risk_first,
    _ask_again,
    _tell_it_once,
    _keep_you_informed,
    _respect_and_answer,
)
TABLES: Final[Mapping[str, Callable[[Session, Span, Rules], Cells]]] = {
    "asked": asked,
    "supported": supported,
    "why-not-reported": why_not_reported,
    "missed": missed,
    "waits": waits,
    "needs": needs,
    "signposted": signposted,
    "outcomes": outcomes,
    "assessments": assessments,
    "promises": promises,
    "equity": equity,
    "complaints": complaints,
    "feedback": feedback,
    "danger": dangers,
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


class _People:
    """Who is in each row. Requests that are one person's count once in it."""

    def __init__(self) -> None:
        self._rows: dict[str, set[bytes]] = defaultdict(set)

    def add(self, person: bytes, *names: str) -> None:
        """Somebody belongs in these rows."""
        for name in names:
            self._rows[name].add(person)

    def counts(self) -> Cells:
        """How many there are."""
        return {(name, "people"): len(people) for name, people in self._rows.items()}


def _groups(case: rows.Case) -> dict[str, bool]:
    """Which of the groups that are often missed a request belongs to, by its coded facts."""
    facts, happened = case.facts, set(case.facts.get("happened") or ())
    return {
        "group:harmed-again": bool(facts.get("persistence"))
        or facts.get("ongoing") == "yes"
        or bool({"followed", "antisocial"} & happened),
        "group:under-18": facts.get("under_18") is True or bool(facts.get("age_band") or facts.get("child_age")),
        "group:hate": "hate" in happened,
        "group:controlled": "controlled" in happened,
        "group:exploited": "exploited" in happened,
        "group:sexual": "sexual" in happened,
        "group:afraid-of-themselves": "afraid-of-myself" in (facts.get("help") or ()),
        "group:other-language": case.language != "en",
        "group:sign-or-relay": bool({"bsl", "relay"} & set(facts.get("ways") or ())),
    }


def _asked(session: Session, span: Span) -> list[_Asked]:
    came = select(rows.Case).where(rows.Case.received_at >= span.begins, rows.Case.received_at < span.ends)
    same = same_person(session)
    return [
        _Asked(
            case=case,
            person=same.get(case.id, case.id),
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
    reached = select(rows.Attempt.case_id).where(_REACHED, rows.Attempt.at >= span.begins, rows.Attempt.at < span.ends)
    found = session.scalars(select(rows.Case).where(rows.Case.id.in_(answered) | rows.Case.id.in_(reached)))
    return [case for case in found if case.facts.get("who") != "professional"]


def _first_answers(session: Session) -> dict[bytes, datetime]:
    """When each case was first answered: something was sent by a colleague, or an attempt reached them."""
    found = _first_acts(session, ANSWERS)
    for case_id, at in session.execute(select(rows.Attempt.case_id, rows.Attempt.at).where(_REACHED)):
        found[case_id] = min(at, found.get(case_id, at))
    return found


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
