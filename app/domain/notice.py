"""Notices: a few neutral words that tell somebody outside of the space that something new is in it (requirements B1, F1).

Pure rules: whether one is due, and whether it may leave at this moment. Whatever is not known to be safe sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from app.domain.contact import Allowed, Box, ContactPlan, Decision, Reason, Refused, Wait, Way, WayPlan, decide
from app.domain.hours import OpeningHours

# Ways by which words can go without anybody speaking.
NOTICE_WAYS = (Way.TEXT, Way.EMAIL, Way.LETTER)
LONGEST_WORDS = 60
# What is said when words came that cannot be sent as they are; it is also the first of the three on offer.
PLAIN_WORDS = "There is something new for you to read."
NIGHT_BEGINS, NIGHT_ENDS = time(21), time(8)

# How often sending is tried, and how long after the first, second ... try the next one comes.
MOST_ATTEMPTS = 5
PAUSES = (timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=45), timedelta(hours=3))

# The addition by which somebody says whether only they saw the test.
SEEN_KIND, ONLY_ME = "notice-seen", "only_me"
# The kind of what the Hub's software tells in the space about notices themselves, and its codes.
TOLD = "notice"


class Told(StrEnum):
    """What the person is told about notices, in codes."""

    TEST_SENT = "notice-test-sent"
    FAILED = "notice-failed"
    NOT_IN_PLAN = "notice-not-in-plan"
    NOT_OFFERED = "notice-not-offered"


class Kind(StrEnum):
    """What a notice is: the one test of a way, or that something new is there."""

    TEST = "test"
    NEWS = "notice"


class State(StrEnum):
    """Where a notice stands. From SENDING on it may have left: it is looked for at the provider before anything else."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Choice:
    """How somebody wants to be told: by which way, in which words, and the number of the change that said so."""

    way: Way
    words: str
    number: int


@dataclass(frozen=True)
class Past:
    """A notice that was planned before: enough of it to know what is still to be told."""

    kind: Kind
    state: State
    up_to: int


def choice_of(content: Mapping[str, Any], *, number: int) -> Choice | None:
    """The choice that a change holds; None for no notices, and for a way that cannot carry one.

    Words are one line of at most 60 characters; anything else becomes the plainest words that there are.
    """
    way = next((each for each in NOTICE_WAYS if each.value == content.get("way")), None)
    if way is None:
        return None
    words = content.get("words")
    return Choice(way, one_line(words) if isinstance(words, str) else PLAIN_WORDS, number)


def one_line(words: str) -> str:
    """Words as they can stand on a lock screen: one line, nothing that does not print; plain words when that leaves none."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
    return line if line and len(line) <= LONGEST_WORDS else PLAIN_WORDS


def only_they_saw(sent_at: datetime | None, answers: Iterable[tuple[datetime, Mapping[str, Any]]], *, way: Way) -> bool:
    """True when the newest answer about the test of this way, given after it was sent, says that nobody else saw it.

    `answers` are the additions of SEEN_KIND with when they came, in order. An answer from before the test is about another.
    """
    if sent_at is None:
        return False
    given = [content for at, content in answers if content.get("way") == way.value and at >= sent_at]
    return bool(given) and given[-1].get(ONLY_ME) == "yes"


def news_to_tell(numbers: Sequence[int], *, seen: int, past: Collection[Past]) -> int | None:
    """Up to which number a notice would tell of now; None when there is nothing, or one of it went already.

    `numbers` are those of the items to the person that are worth a notice, `seen` the highest that they have seen. One
    notice until it is read: while what an earlier one told of is unread, there is no other. One that was stopped is not
    made up for.
    """
    unread = [number for number in numbers if number > seen]
    had = [each for each in past if each.kind is Kind.NEWS and each.up_to > seen]
    if any(each.state is not State.STOPPED for each in had):
        return None
    stopped_at = max((each.up_to for each in had), default=0)
    return max((number for number in unread if number > stopped_at), default=None)


def may_leave(plan: ContactPlan, way: Way, at: datetime, *, known_at: datetime | None, hours: OpeningHours) -> Decision:
    """May a notice leave by this way at this moment?

    Whatever `contact.decide` says of the plan, and besides never between 21:00 and 08:00 local time, unless the person
    chose "any time the Hub is open" and it is open then. A letter has no times in the plan, so it waits for the morning too.
    """
    decision = decide(plan, way, at, known_at=known_at, hours=hours)
    chosen = plan.way(way)
    if not isinstance(decision, Allowed) or chosen is None or not _is_night(at, hours) or _chose_it(chosen, at, hours):
        return decision
    return Wait(_morning_after(at, hours))


def next_try(attempts: int, *, now: datetime) -> datetime | None:
    """When to try again after so many tries; None when it is enough."""
    return None if attempts >= MOST_ATTEMPTS else now + PAUSES[min(attempts, len(PAUSES)) - 1]


def is_final(decision: Decision) -> bool:
    """True when no waiting would let this notice leave: it is stopped. A plan that may be stale is only waited for."""
    return isinstance(decision, Refused) and decision.reason is not Reason.STALE


def _is_night(at: datetime, hours: OpeningHours) -> bool:
    clock = at.astimezone(hours.zone).time()
    return clock >= NIGHT_BEGINS or clock < NIGHT_ENDS


def _chose_it(chosen: WayPlan, at: datetime, hours: OpeningHours) -> bool:
    return chosen.way is not Way.LETTER and Box.ANY in chosen.boxes and hours.open_at(at)


def _morning_after(at: datetime, hours: OpeningHours) -> datetime:
    local = at.astimezone(hours.zone)
    day = local.date() + timedelta(days=1 if local.time() >= NIGHT_BEGINS else 0)
    return datetime.combine(day, NIGHT_ENDS, hours.zone).astimezone(UTC)


# The beginnings of words that tell whoever looks over a shoulder what this is about, by the slug of the language.
TELLING: Mapping[str, tuple[str, ...]] = {
    "en": (
        "victim", "crime", "crimin", "police", "officer", "hub", "abus", "violen", "rape", "assault", "attack", "court",
        "witness", "stalk", "harass", "refuge", "perpetrat", "offend", "traffick", "helpline", "support worker",
    ),
    "pl": ("ofiar", "przestęp", "policj", "przemoc", "gwałt", "napad", "napaś", "sąd", "świad", "molest", "stalk"),
    "lt": ("auk", "nusikalt", "policij", "smurt", "prievart", "išžag", "teism", "liudyt", "užpuol"),
    "ro": ("victim", "infracți", "crim", "poliți", "abuz", "violen", "viol", "agresi", "tribunal", "martor", "hărțui"),
    "ru": ("жертв", "преступ", "полици", "насили", "изнасил", "напад", "суд", "свидет", "потерпев", "домогат"),
    "lv": ("upur", "noziedz", "noziegum", "policij", "vardarb", "izvaro", "uzbruk", "ties", "lieciniek", "cietuš"),
    "bg": ("жертв", "престъп", "полици", "насил", "изнасил", "нападен", "съд", "свидетел", "пострадал"),
    "pt": ("vítima", "vitima", "crime", "polícia", "policia", "abus", "violên", "violen", "viola", "agress", "tribunal",
           "testemunh"),
    "ur": ("متاثر", "جرم", "جرائم", "پولیس", "تشدد", "زیادتی", "عدالت", "گواہ", "حملہ"),
    "pa": ("ਪੀੜਤ", "ਅਪਰਾਧ", "ਜੁਰਮ", "ਪੁਲਿਸ", "ਪੁਲੀਸ", "ਹਿੰਸਾ", "ਬਲਾਤਕਾਰ", "ਅਦਾਲਤ", "ਗਵਾਹ", "ਹਮਲ"),
    "uk": ("жертв", "злочин", "поліці", "насил", "зґвалт", "напад", "суд", "свідк", "свідок", "потерпіл"),
    "ar": ("ضحي", "ضحا", "جريم", "جرائم", "شرط", "عنف", "اغتصاب", "اعتداء", "محكم", "شاهد"),
    "zh": ("受害", "犯罪", "罪行", "警察", "警方", "虐待", "暴力", "强奸", "袭击", "法院", "法庭", "证人"),
    "cs": ("oběť", "obět", "zločin", "trestn", "polici", "násil", "znásil", "přepad", "napaden", "soud", "svěd"),
    "fa": ("قربانی", "جرم", "جنایت", "پولیس", "پلیس", "خشونت", "تجاوز", "محکمه", "دادگاه", "شاهد", "حمله"),
    "fr": ("victime", "crime", "crimin", "police", "policier", "abus", "violen", "viol", "agress", "tribunal", "témoin"),
}  # fmt: skip
# Written without spaces, or with what English puts apart joined to the word: looked for anywhere in the text.
_JOINED = frozenset({"ur", "ar", "zh", "fa", "pa"})
_LINK = re.compile(r"://|\bwww\.|\b(?:[\w-]+\.)+(?:com|org|net|info|gov|police|uk|eu)\b")


def telling(words: str, *, also: Iterable[str] = ()) -> tuple[str, ...]:
    """The parts of these words that would tell others what it is about, as they were typed, in whatever language; a link is one.

    `also` are names that tell it here, such as the Hub's own. A warning, never a refusal: only the person knows who looks.
    """
    folded = words.casefold()
    found = [found.group() for found in _LINK.finditer(folded)]
    for language, stems in TELLING.items():
        for stem in stems:
            if language in _JOINED:
                found += [stem] if stem in folded else []
            else:
                found += [hit.group() for hit in re.finditer(rf"\b{re.escape(stem)}\w*", folded)]
    found += [name for name in also if name and name.casefold() in folded]
    return tuple(dict.fromkeys(found))
