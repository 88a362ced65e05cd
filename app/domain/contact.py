"""When and how somebody may be contacted: the one authority for every send and every reveal (requirements B1, B2).

Pure rules: the plan, the way, the moment and how fresh the plan is go in; Allowed, Wait or Refused comes out.
Whatever was left unanswered is read the tightest way (NNEDV Safety Net: never in a way that was not said to be safe).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from app.domain.asker import is_young
from app.domain.hours import OpeningHours, Span

# A plan older than this is not trusted for showing an address; the desk collects anew first.
FRESH_FOR = timedelta(seconds=10)
LOOK_AHEAD_DAYS = 21
# On school days, by the local clock; a bank holiday counts as weekend here as everywhere in this module.
SCHOOL_HOURS = (time(8, 30), time(15, 30))


class Way(StrEnum):
    """A way to reach somebody."""

    CALL = "call"
    TEXT = "text"
    EMAIL = "email"
    LETTER = "letter"
    RELAY = "relay"  # text relay, over the phone
    BSL = "bsl"  # British Sign Language, with an interpreter
    TRUSTED = "trusted"  # through somebody whom the person trusts


# What somebody who uses BSL may choose instead of an interpreter.
BY_TEXT = "text"
# A message that comes this way stands on a screen for whoever looks.
SCREEN_WAYS = frozenset({Way.TEXT, Way.EMAIL})
# Somebody speaks or signs, so it must be said for whom to ask, who we say that we are, and what if another answers.
VOICE_WAYS = frozenset({Way.CALL, Way.RELAY, Way.BSL, Way.TRUSTED})


class School(StrEnum):
    """What may be ticked below the boxes about school hours."""

    KEEP_OUT = "not-school"
    FINE = "school-fine"  # for the young only, for whom school hours are out unless they say so


class IfAnswered(StrEnum):
    """What to do when somebody else answers, the most careful first. Nothing chosen means: hang up."""

    HANG_UP = "hang-up"
    WRONG_NUMBER = "wrong-number"
    ASK = "ask"


class Box(StrEnum):
    """The six boxes of times, and 'any time the Hub is open'. Bank holidays count as weekend."""

    WEEKDAY_MORNING = "weekday-morning"
    WEEKDAY_AFTERNOON = "weekday-afternoon"
    WEEKDAY_EVENING = "weekday-evening"
    WEEKEND_MORNING = "weekend-morning"
    WEEKEND_AFTERNOON = "weekend-afternoon"
    WEEKEND_EVENING = "weekend-evening"
    ANY = "any"


# By the words that stand in answers.
WAYS: Mapping[str, Way] = {way.value: way for way in Way}
IF_ANSWERED: Mapping[str, IfAnswered] = {each.value: each for each in IfAnswered}
BOXES: Mapping[str, Box] = {box.value: box for box in Box}

BOX_TIMES: Mapping[str, tuple[time, time]] = {
    "morning": (time(9), time(12)),
    "afternoon": (time(12), time(17)),
    "evening": (time(17), time(20)),
}


WEEKDAYS = range(5)
# Who else may see or hear, the most careful answer last.
SHARED_BY_CARE = ("only-me", None, "not-sure", "others")


class Reason(StrEnum):
    """Why contact is refused."""

    NO_CONTACT = "no-contact"  # the person did not ask to be contacted
    NOT_CHOSEN = "not-chosen"  # not by this way
    NO_ADDRESS = "no-address"
    NO_TIMES = "no-times"  # no time was chosen for this way
    ONLY_SCHOOL = "only-school"  # every time that was chosen lies in school hours, which are out
    NO_MESSAGE = "no-message"  # a text or an e-mail may not show on their screen
    NO_LETTER = "no-letter"  # no yes was said to a letter
    MIGHT_BE_OPENED = "might-be-opened"  # somebody else might open the letter
    NOT_TWICE = "not-twice"  # under 18, and the letter was chosen once only
    NOT_TOLD = "not-told"  # the person in between does not know, and may not hear it from us
    STALE = "stale"  # the plan may have changed since
    FROZEN = "frozen"
    DIFFERENT = "different"  # two plans are both in question here, and they do not agree on this way
    HELD = "held"  # somebody else answered, or it was a wrong number: a colleague decides first


@dataclass(frozen=True)
class WayPlan:
    """How one way may be used; every default is the tightest answer.

    `shared` is 'only-me', 'others', 'not-sure' or None when that question was left. `own_times` are the person's own words
    about times: staff read them, they never widen anything. `ask_for` is the name to ask for (on a letter: the name on the
    envelope), `say` the name that we say we are, `show_number` whether our number may show. `how`, `avoid` and
    `woman_or_man` are about BSL interpreters; `person` is who stands between, `may_be_told` whether that person knows, or
    may hear it from us. `awaits_second_yes`: a letter to somebody under 18 that was chosen once only.
    """

    way: Way
    address: str
    boxes: frozenset[Box]
    message_allowed: bool
    shared: str | None
    not_in_school_hours: bool = False
    own_times: str = ""
    ask_for: str = ""
    say: str = ""
    show_number: bool = False
    if_answered: IfAnswered = IfAnswered.HANG_UP
    how: str | None = None
    avoid: frozenset[str] = frozenset()
    woman_or_man: str | None = None
    person: str = ""
    may_be_told: bool = False
    awaits_second_yes: bool = False
    in_doubt: bool = False  # see `meet`: what may not be used until the Hub has checked which of two is right

    @property
    def missing(self) -> Reason | None:
        """What keeps this way from ever being used as it was left, or None when nothing does."""
        if self.in_doubt:
            return Reason.DIFFERENT
        if not self.address.strip():
            return Reason.NO_ADDRESS
        if self.way is Way.LETTER:
            return self._missing_for_letter()
        if not self.boxes:
            return Reason.NO_TIMES
        if self.not_in_school_hours and self.boxes == {Box.WEEKDAY_MORNING}:
            return Reason.ONLY_SCHOOL
        # A call can be ended without a word; a text or an e-mail stands on the screen for whoever looks.
        if self.way in SCREEN_WAYS and not self.message_allowed:
            return Reason.NO_MESSAGE
        return Reason.NOT_TOLD if self.way is Way.TRUSTED and not self.may_be_told else None

    def _missing_for_letter(self) -> Reason | None:
        if not self.message_allowed:
            return Reason.NO_LETTER
        if self.shared in {"others", "not-sure"}:
            return Reason.MIGHT_BE_OPENED
        return Reason.NOT_TWICE if self.awaits_second_yes else None


@dataclass(frozen=True)
class ContactPlan:
    """What the person decided. `wanted` is None when the question was left: that means no contact.

    `sign` is a word or sign that means "I cannot talk freely"; empty when none was given. `paused_until` is aware: before it
    there is no contact, and afterwards the plan counts as it was. `held` are ways where somebody else answered and nobody has
    decided that they may be used again; each holds every other way to the same number or address too.
    """

    wanted: bool | None
    ways: tuple[WayPlan, ...]
    frozen: bool = False
    sign: str = ""
    paused_until: datetime | None = None
    held: frozenset[Way] = frozenset()

    def way(self, way: Way) -> WayPlan | None:
        """The plan for one way, or None when it was not chosen."""
        return next((plan for plan in self.ways if plan.way == way), None)

    def is_held(self, way: Way) -> bool:
        """Whether a colleague has to decide before this way is used again."""
        chosen = self.way(way)
        if way in self.held or chosen is None:
            return way in self.held
        places = {_place(found.address) for each in self.held if (found := self.way(each)) is not None} - {""}
        return _place(chosen.address) in places


@dataclass(frozen=True)
class Allowed:
    """Contact may begin now; the window closes at `until`."""

    until: datetime


@dataclass(frozen=True)
class Wait:
    """Not now; the next window opens at `until`."""

    until: datetime


@dataclass(frozen=True)
class Refused:
    """Not at all, as things stand."""

    reason: Reason


Decision = Allowed | Wait | Refused


def decide(plan: ContactPlan, way: Way, at: datetime, *, known_at: datetime | None, hours: OpeningHours) -> Decision:
    """May this way be used at this moment?

    `at` is the aware moment in question, `known_at` when the plan was last known to be the newest (None: never),
    `hours` the Hub's opening hours, which also say which days are holidays and in which zone the boxes are meant.
    A letter has no window: where it is allowed, it is until the local day ends. Raises ValueError for a moment without a
    zone.
    """
    at = _utc(at)
    if plan.frozen:
        return Refused(Reason.FROZEN)
    if not plan.wanted:
        return Refused(Reason.NO_CONTACT)
    chosen = plan.way(way)
    if chosen is None:
        return Refused(Reason.NOT_CHOSEN)
    if plan.is_held(way):
        return Refused(Reason.HELD)
    if chosen.missing is not None:
        return Refused(chosen.missing)
    if known_at is None or not timedelta(0) <= at - _utc(known_at) <= FRESH_FOR:
        return Refused(Reason.STALE)
    if plan.paused_until is not None and at < _utc(plan.paused_until):
        begins = plan.paused_until
        later = _within(chosen, _utc(begins), hours)
        return Wait(begins) if isinstance(later, Allowed) else later
    return _within(chosen, at, hours)


def _place(address: str) -> str:
    """A number or an address however it was typed, so that two can be compared: a British number with or without its prefix."""
    plain = "".join(each for each in address.casefold() if each.isalnum())
    if plain.isdecimal():
        plain = plain.removeprefix("00")
        plain = "0" + plain.removeprefix("44").removeprefix("0") if plain.startswith("44") else plain
    return plain


def _within(chosen: WayPlan, at: datetime, hours: OpeningHours) -> Decision:
    """The decision for a way that may be used at all, by its times alone; `at` in UTC."""
    if chosen.way is Way.LETTER:
        return Allowed(datetime.combine(at.astimezone(hours.zone).date() + timedelta(days=1), time(0), hours.zone))
    best: datetime | None = None
    for start, end in _windows(chosen, at, hours):
        if start <= at < end:
            return Allowed(end)
        if start > at and (best is None or start < best):
            best = start
    return Refused(Reason.NO_TIMES) if best is None else Wait(best)


def keeping(new: ContactPlan, old: ContactPlan) -> ContactPlan:
    """`new` with what was left empty in it taken from `old`: addresses, names and other words, and who else may see.

    A plan can be replaced but not read back, so nobody has to type an address again only to narrow the times. What was
    left among the answers that allow something stays left, which is the tightest.
    """
    before = {each.way: each for each in old.ways}
    return replace(
        new,
        ways=tuple(_keep_way(each, before[each.way]) if each.way in before else each for each in new.ways),
        sign=new.sign or old.sign,
    )


def tightens(new: ContactPlan, old: ContactPlan, *, hours: OpeningHours | None = None) -> bool:
    """True when `new` allows nothing that `old` did not, so that it may take effect at once.

    Cautious: a change that is neither tighter nor looser, such as another address or another name, is no tightening.
    `hours`, the Hub's own, say which boxes lie within "any time the Hub is open"; without them none does.
    """
    if old.frozen and not new.frozen:
        return False
    if old.paused_until is not None and (new.paused_until is None or new.paused_until < old.paused_until):
        return False
    if old.sign and new.sign != old.sign:
        return False
    if not new.wanted:
        return True
    if not old.wanted:
        return False
    before = {each.way: each for each in old.ways}
    return all(each.way in before and _is_tighter(each, before[each.way], hours) for each in new.ways)


def meet(new: ContactPlan, old: ContactPlan, *, hours: OpeningHours | None = None) -> ContactPlan:
    """The plan that allows only what both plans allow: it counts while the Hub has not checked who asked for `new`.

    So the tighter half of a change counts at once and the looser half waits. What two plans say differently without either
    being tighter, such as the address, keeps that way from being used at all. `hours` as for `tightens`.
    """
    before = {each.way: each for each in old.ways}
    ends = [each.paused_until for each in (new, old) if each.paused_until is not None]
    return ContactPlan(
        wanted=True if new.wanted and old.wanted else False if new.wanted is False or old.wanted is False else None,
        ways=tuple(_meet_way(each, before[each.way], hours) for each in new.ways if each.way in before),
        frozen=new.frozen or old.frozen,
        sign=old.sign or new.sign,
        paused_until=max(ends, default=None),
    )


def plan_of(answers: Mapping[str, Mapping[str, Any]]) -> ContactPlan:
    """The plan that the answers of a request hold, by step key ("who", "reply", "reply-call" ...)."""
    return plan_from_answers(
        answers.get("reply", {}),
        {word: answers.get(f"reply-{word}", {}) for word in WAYS},
        under_18=is_young(answers),
    )


def ways_chosen(reply: Mapping[str, Any], bsl: Mapping[str, Any]) -> list[str]:
    """The ways that were chosen. Whoever uses BSL and asks for texts has chosen text messages: the same rules hold for them."""
    chosen = _words(reply.get("ways"))
    if Way.BSL.value in chosen and bsl.get("how") == BY_TEXT:
        chosen = [each for each in chosen if each not in (Way.BSL.value, Way.TEXT.value)] + [Way.TEXT.value]
    return chosen


def plan_from_answers(
    reply: Mapping[str, Any], ways: Mapping[str, Mapping[str, Any]], *, under_18: bool
) -> ContactPlan:
    """Read a plan from the answers of 'How should we reply?' and of the page of each way.

    Anything left out tightens: an unknown word is ignored, a missing answer is a no.
    """
    wanted = {"yes": True, "no": False}.get(str(reply.get("contact", "")))
    chosen = ways_chosen(reply, ways.get(Way.BSL.value) or {})
    plans = tuple(
        _way_plan(way, ways.get(word) or {}, under_18=under_18) for word, way in WAYS.items() if word in chosen
    )
    return ContactPlan(wanted=wanted, ways=plans, sign=_said(reply.get("sign")))


def codes_of(plan: ContactPlan) -> dict[str, list[str]]:
    """The times of each way that may be used at all, in codes: no address, no name, no word. See `plan_of_codes`."""
    if not plan.wanted:
        return {}
    found = {}
    for each in plan.ways:
        if each.missing is None:
            times = sorted(box.value for box in each.boxes)
            found[each.way.value] = [*times, School.KEEP_OUT.value] if each.not_in_school_hours else times
    return found


def plan_of_codes(facts: Mapping[str, Any]) -> ContactPlan:
    """The plan as far as coded facts tell it ("contact", "frozen", "paused", "windows"): its times, and nothing else.

    For sorting and counting. Nobody is reached by it: it has no address, and what is missing here is no leave.
    """
    windows = facts.get("windows")
    codes: dict[str, Any] = windows if isinstance(windows, dict) else {}
    return ContactPlan(
        wanted=facts.get("contact") == "yes",
        ways=tuple(_way_of_codes(way, _words(codes[way.value])) for way in Way if way.value in codes),
        frozen=bool(facts.get("frozen")),
        paused_until=_moment(facts.get("paused")),
    )


def _way_of_codes(way: Way, times: Sequence[str]) -> WayPlan:
    return WayPlan(
        way=way,
        address="*",  # there is one, sealed
        boxes=frozenset(box for box in Box if box.value in times),
        message_allowed=True,
        shared=None,
        not_in_school_hours=School.KEEP_OUT.value in times,
        may_be_told=True,
    )


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.utcoffset() is not None else None


def _way_plan(way: Way, answer: Mapping[str, Any], *, under_18: bool) -> WayPlan:
    times = _words(answer.get("times"))
    return WayPlan(
        way=way,
        address=str(answer.get("address") or ""),
        boxes=frozenset(BOXES[word] for word in times if word in BOXES),
        message_allowed=answer.get("message") == "yes",
        shared=_shared(answer.get("shared")),
        not_in_school_hours=School.KEEP_OUT.value in times or (under_18 and School.FINE.value not in times),
        own_times=_said(answer.get("own_times")),
        ask_for=_said(answer.get("ask_for")),
        say=_said(answer.get("say")),
        show_number=answer.get("number") == "show",
        if_answered=IF_ANSWERED.get(_said(answer.get("if_answered")), IfAnswered.HANG_UP),
        how=_said(answer.get("how")) or None,
        avoid=frozenset(_words(answer.get("avoid"))),
        woman_or_man=_said(answer.get("woman_or_man")) or None,
        person=_said(answer.get("person")),
        may_be_told=_said(answer.get("told")) in {"knows", "may-be-told"},
        awaits_second_yes=way is Way.LETTER and under_18 and answer.get("sure") is not True,
    )


def _keep_way(new: WayPlan, old: WayPlan) -> WayPlan:
    return replace(
        new,
        address=new.address if new.address.strip() else old.address,
        shared=new.shared or old.shared,
        own_times=new.own_times or old.own_times,
        ask_for=new.ask_for or old.ask_for,
        say=new.say or old.say,
        how=new.how or old.how,
        avoid=new.avoid or old.avoid,
        woman_or_man=new.woman_or_man or old.woman_or_man,
        person=new.person or old.person,
    )


def _meet_way(new: WayPlan, old: WayPlan, hours: OpeningHours | None) -> WayPlan:
    """One way as both allow it; the words to say and the names stay the old ones, which were safe once."""
    return WayPlan(
        way=old.way,
        address=old.address,
        boxes=frozenset(
            box for box in new.boxes | old.boxes if _lies_in(box, new.boxes, hours) and _lies_in(box, old.boxes, hours)
        ),
        message_allowed=new.message_allowed and old.message_allowed,
        shared=max(new.shared, old.shared, key=SHARED_BY_CARE.index),
        not_in_school_hours=new.not_in_school_hours or old.not_in_school_hours,
        own_times=old.own_times,
        ask_for=old.ask_for,
        say=old.say,
        show_number=new.show_number and old.show_number,
        if_answered=min(new.if_answered, old.if_answered, key=list(IfAnswered).index),
        how=old.how,
        avoid=new.avoid | old.avoid,
        woman_or_man=old.woman_or_man,
        person=old.person,
        may_be_told=new.may_be_told and old.may_be_told,
        awaits_second_yes=new.awaits_second_yes or old.awaits_second_yes,
        in_doubt=new.in_doubt
        or old.in_doubt
        or (new.address, new.person, new.how) != (old.address, old.person, old.how),
    )


def _lies_in(box: Box, boxes: frozenset[Box], hours: OpeningHours | None) -> bool:
    """True when every moment of a box is one of these boxes' too.

    Only the weekday boxes can lie within the opening hours: those of the weekend hold bank holidays, when the Hub is closed.
    """
    if box in boxes:
        return True
    kind, _, part = box.value.partition("-")
    if hours is None or Box.ANY not in boxes or kind != "weekday":
        return False
    start, end = BOX_TIMES[part]
    return all(_is_open_from(start, end, hours.weekly.get(day, ())) for day in WEEKDAYS)


def _is_open_from(start: time, end: time, spans: Sequence[Span]) -> bool:
    """True when these spans of one day, in order, leave nothing out between two times."""
    for span in spans:
        if span.start <= start and (span.lasts_until_midnight or span.end > start):
            start = end if span.lasts_until_midnight else span.end
    return start >= end


def _is_tighter(new: WayPlan, old: WayPlan, hours: OpeningHours | None) -> bool:
    """The same way, narrowed or unchanged in each of its answers."""
    careful = SHARED_BY_CARE
    return (
        new.address in {old.address, ""}
        and all(_lies_in(box, old.boxes, hours) for box in new.boxes)
        and new.message_allowed <= old.message_allowed
        and careful.index(new.shared) >= careful.index(old.shared)
        and new.not_in_school_hours >= old.not_in_school_hours
        and new.ask_for == old.ask_for
        and new.say == old.say
        and new.show_number <= old.show_number
        and list(IfAnswered).index(new.if_answered) <= list(IfAnswered).index(old.if_answered)
        and new.how == old.how
        and new.avoid >= old.avoid
        and new.woman_or_man == old.woman_or_man
        and new.person == old.person
        and new.may_be_told <= old.may_be_told
        and new.awaits_second_yes >= old.awaits_second_yes
        and new.in_doubt >= old.in_doubt
    )


def _shared(value: Any) -> str | None:
    """Who else may see or hear; an answer that this release does not know is no reason to be less careful."""
    if value in (None, ""):
        return None
    return value if value in ("only-me", "others", "not-sure") else "not-sure"


def _said(value: Any) -> str:
    """A text; whatever else somebody sent in its place counts as nothing."""
    return value if isinstance(value, str) else ""


def _words(value: Any) -> list[str]:
    """A list of words; whatever else somebody sent in its place counts as nothing."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | tuple) else []


def _windows(plan: WayPlan, at: datetime, hours: OpeningHours) -> list[tuple[datetime, datetime]]:
    """Every chosen window from the local day of `at` on, joined where one ends as the next begins."""
    today = at.astimezone(hours.zone).date()
    spans: list[tuple[datetime, datetime]] = []
    for offset in range(LOOK_AHEAD_DAYS):
        day = today + timedelta(days=offset)
        for opens, closes in _day_spans(plan, day, hours):
            if spans and opens <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(closes, spans[-1][1]))
            else:
                spans.append((opens, closes))
    return spans


def _day_spans(plan: WayPlan, day: date, hours: OpeningHours) -> list[tuple[datetime, datetime]]:
    """The chosen spans that begin on this day, in order, school hours cut out where they are to be."""
    is_school_day = day.weekday() < 5 and day not in hours.holidays
    kind = "weekday" if is_school_day else "weekend"
    times = [times for part, times in BOX_TIMES.items() if Box(f"{kind}-{part}") in plan.boxes]
    if Box.ANY in plan.boxes and day not in hours.holidays:
        times += [(span.start, span.end) for span in hours.weekly.get(day.weekday(), ())]
    spans = []
    for start, end in sorted(times):
        opens = datetime.combine(day, start, hours.zone)
        # A span of opening hours that ends at 00:00 lasts until the day is over.
        closes = datetime.combine(day if end > start else day + timedelta(days=1), end, hours.zone)
        if plan.not_in_school_hours and is_school_day:
            begins, ends = (datetime.combine(day, each, hours.zone) for each in SCHOOL_HOURS)
            spans += [
                piece for piece in ((opens, min(closes, begins)), (max(opens, ends), closes)) if piece[0] < piece[1]
            ]
        else:
            spans.append((opens, closes))
    return sorted(spans)


def _utc(moment: datetime) -> datetime:
    """Two times of one zone are compared by the wall clock, which is wrong while an hour happens twice (PEP 495)."""
    if moment.utcoffset() is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC)
