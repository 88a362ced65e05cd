"""When a notice is due and when it may leave: never outside a window, frozen, stale or at night."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import polib
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.adapters.content import load_area
from app.domain.contact import FRESH_FOR, Allowed, Box, ContactPlan, Reason, Refused, Wait, Way, WayPlan, decide
from app.domain.notice import (
    LONGEST_WORDS,
    MOST_ATTEMPTS,
    NOTICE_WAYS,
    PLAIN_WORDS,
    TELLING,
    Kind,
    Past,
    State,
    choice_of,
    is_final,
    may_leave,
    news_to_tell,
    next_try,
    one_line,
    only_they_saw,
    telling,
)
from app.forms.notices import WORDS

ROOT = Path(__file__).parents[2]
HOURS = load_area(ROOT / "tests" / "area").hub_hours
NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def plan(way: Way, *boxes: Box, frozen: bool = False, wanted: bool = True, message: bool = True) -> ContactPlan:
    chosen = WayPlan(way, "somewhere", frozenset(boxes), message, "only-me")
    return ContactPlan(wanted=wanted, ways=(chosen,), frozen=frozen)


PLANS = st.builds(
    plan,
    st.sampled_from(NOTICE_WAYS),
    st.sampled_from(Box),
    st.sampled_from(Box),
    frozen=st.booleans(),
    wanted=st.booleans(),
    message=st.booleans(),
)


@pytest.mark.requirement("B1")
@pytest.mark.rule("rule 2")
@given(PLANS, MOMENTS, st.sampled_from(NOTICE_WAYS), st.integers(-5, 60))
@example(plan(Way.TEXT, Box.ANY), datetime(2026, 3, 3, 3, 0, tzinfo=UTC), Way.TEXT, 0)
@example(plan(Way.LETTER), datetime(2026, 3, 3, 22, 0, tzinfo=UTC), Way.LETTER, 0)
def test_nothing_leaves_that_the_plan_does_not_allow_nor_at_night(
    asked: ContactPlan, at: datetime, way: Way, seconds: int
) -> None:
    known_at = at - timedelta(seconds=seconds)
    decision = may_leave(asked, way, at, known_at=known_at, hours=HOURS)
    if not isinstance(decision, Allowed):
        return
    assert isinstance(decide(asked, way, at, known_at=known_at, hours=HOURS), Allowed)
    assert not asked.frozen
    assert asked.wanted
    assert timedelta(0) <= at - known_at <= FRESH_FOR
    chosen = asked.way(way)
    assert chosen is not None
    clock = at.astimezone(HOURS.zone).time()
    if clock >= time(21) or clock < time(8):
        assert way is not Way.LETTER
        assert Box.ANY in chosen.boxes
        assert HOURS.open_at(at)


@pytest.mark.requirement("B1")
def test_a_letter_waits_for_the_morning() -> None:
    late = datetime(2026, 3, 3, 22, 0, tzinfo=UTC)
    assert may_leave(plan(Way.LETTER), Way.LETTER, late, known_at=late, hours=HOURS) == Wait(
        datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
    )
    early = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
    assert may_leave(plan(Way.LETTER), Way.LETTER, early, known_at=early, hours=HOURS) == Wait(
        datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    )


def test_a_plan_that_may_be_stale_is_waited_for_and_everything_else_that_is_refused_is_over() -> None:
    assert not is_final(Refused(Reason.STALE))
    assert is_final(Refused(Reason.FROZEN))
    assert is_final(Refused(Reason.NOT_CHOSEN))
    assert not is_final(Wait(NOW))


SENT, DUE, STOPPED = (Past(Kind.NEWS, state, up_to=3) for state in (State.SENT, State.DUE, State.STOPPED))


@pytest.mark.parametrize(
    ("numbers", "seen", "past", "expected"),
    [
        ([], 0, [], None),
        ([1, 2, 3], 0, [], 3),
        ([1, 2, 3], 3, [], None),
        ([1, 2, 3, 4], 0, [SENT], None),  # one until it is read, however much comes after it
        ([1, 2, 3, 4], 0, [DUE], None),
        ([1, 2, 3, 4], 3, [SENT], 4),  # read: the next one may go
        ([1, 2, 3], 0, [STOPPED], None),  # what a freeze stopped is not made up for
        ([1, 2, 3, 4], 0, [STOPPED], 4),
        ([1], 0, [Past(Kind.TEST, State.SENT, up_to=0)], 1),
    ],
)
def test_one_notice_until_it_is_read(numbers: list[int], seen: int, past: list[Past], expected: int | None) -> None:
    assert news_to_tell(numbers, seen=seen, past=past) == expected


def test_only_a_yes_about_this_way_after_the_test_counts() -> None:
    yes, no = {"way": "text", "only_me": "yes"}, {"way": "text", "only_me": "no"}
    before, after = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)
    assert only_they_saw(NOW, [(after, yes)], way=Way.TEXT)
    assert not only_they_saw(None, [(after, yes)], way=Way.TEXT)
    assert not only_they_saw(NOW, [(before, yes)], way=Way.TEXT)
    assert not only_they_saw(NOW, [(after, yes)], way=Way.EMAIL)
    assert not only_they_saw(NOW, [(after, yes), (after, no)], way=Way.TEXT)
    assert not only_they_saw(NOW, [], way=Way.TEXT)


@given(st.text(max_size=200))
def test_whatever_came_becomes_one_line_that_fits(typed: str) -> None:
    line = one_line(typed)
    assert 0 < len(line) <= LONGEST_WORDS
    assert line.isprintable()
    assert one_line(line) == line


def test_a_choice_is_read_tightly() -> None:
    chosen = choice_of({"way": "text", "words": "Choir\nmoved"}, number=4)
    assert chosen is not None
    assert (chosen.way, chosen.words, chosen.number) == (Way.TEXT, "Choir moved", 4)
    for content in ({}, {"way": ""}, {"way": "call", "words": "x"}, {"way": ["text"]}):
        assert choice_of(content, number=1) is None
    plain = choice_of({"way": "email", "words": 5}, number=1)
    assert plain is not None
    assert plain.words == PLAIN_WORDS


def test_it_is_tried_a_few_times_with_longer_and_longer_pauses() -> None:
    pauses = [next_try(number, now=NOW) for number in range(1, MOST_ATTEMPTS + 1)]
    assert pauses[-1] is None
    assert pauses[:-1] == sorted(each for each in pauses if each is not None)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("The police rang", ("police",)),
        ("Victim support", ("victim",)),
        ("Ofiary przestępstw", ("ofiary", "przestępstw")),
        ("警察来了", ("警察",)),
        ("Look at ask.example.org", ("ask.example.org",)),
        ("Choir practice moved to Tuesday", ()),
        ("Hubert says hello", ("hubert",)),
        ("Calderwick calls", ("Calderwick",)),
    ],
)
def test_telling_words_are_named_in_any_language(words: str, expected: tuple[str, ...]) -> None:
    assert telling(words, also=("Calderwick",)) == expected


def test_every_language_has_its_list() -> None:
    slugs = {line.split(",")[0].split(":")[1].strip() for line in _language_lines()}
    assert {slug for slug in slugs if not slug.startswith(("en-X", "ar-X"))} == set(TELLING)


def _language_lines() -> list[str]:
    text = (ROOT / "content" / "languages.yaml").read_text("utf-8")
    return [line.strip(" -{") for line in text.splitlines() if line.strip().startswith("- {slug:")]


@pytest.mark.rule("rule 3")
def test_none_of_our_words_says_what_it_is_about_in_any_language() -> None:
    ours = [PLAIN_WORDS, *(str(each._args[0]) for each in WORDS.values())]
    assert ours[0] == ours[1]
    catalogues = [polib.pofile(str(path)) for path in (ROOT / "translations").glob("*/LC_MESSAGES/messages.po")]
    for words in ours:
        found = [catalogue.find(words) for catalogue in catalogues]
        for said in [words, *(each.msgstr for each in found if each is not None)]:
            assert telling(said, also=("Hub",)) == ()
        assert len(words) <= LONGEST_WORDS
