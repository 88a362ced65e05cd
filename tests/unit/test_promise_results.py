"""Did we keep our promises? Counts that show a miss as plainly as a hit, and never let anybody be found."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.content import ContentError, load_pledge
from app.adapters.promise_results import load_results
from app.domain.promise_results import (
    FEWEST_FOR_A_SHARE,
    FEWEST_SHOWN,
    Changed,
    Period,
    Published,
    Quarter,
    QuarterFigures,
    Results,
    ResultsError,
    Standing,
    State,
    Tally,
    answers,
    first_results,
    periods,
    standing,
)

ROOT = Path(__file__).parents[2]
PLEDGE = load_pledge(ROOT / "content", "en")
DECIDE = next(each for each in PLEDGE.promises if each.id == "you-decide")
FIRST = Quarter(2027, 1)
LONG_AFTER = date(2040, 1, 1)

counts = st.integers(0, 12).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
histories = st.lists(counts, max_size=12)


def quarters(*tallies: tuple[int, int]) -> tuple[QuarterFigures, ...]:
    """Quarters from the first of 2027 on, each with "kept of so many" for one promise."""
    found, quarter = [], FIRST
    for kept, of in tallies:
        found.append(QuarterFigures(quarter, (Tally("you-decide", "counted", kept, of),)))
        quarter = quarter.next
    return tuple(found)


def shown(*tallies: tuple[int, int]) -> tuple[Period, ...]:
    return periods(quarters(*tallies), "you-decide", "counted")[0]


def counting(since: date | None, *tallies: tuple[int, int], today: date = LONG_AFTER) -> Standing:
    return standing(replace(DECIDE, since=since), "counted", Results(quarters=quarters(*tallies)), today=today)


# States


@pytest.mark.requirement("H14")
def test_before_anybody_counts_it_says_so():
    assert counting(None).state is State.NOT_STARTED
    assert counting(date(2027, 2, 1), today=date(2027, 1, 31)).state is State.NOT_STARTED


def test_once_begun_it_says_since_when_and_when_the_first_results_come():
    begun = counting(date(2027, 2, 1), today=date(2027, 4, 30))

    assert begun.state is State.COUNTING
    assert (begun.since, begun.first_month) == (date(2027, 2, 1), date(2027, 4, 1))
    assert not begun.is_late


def test_results_that_do_not_come_are_late_and_that_is_said():
    assert not counting(date(2027, 2, 1), today=date(2027, 4, 30)).is_late
    assert counting(date(2027, 2, 1), today=date(2027, 5, 1)).is_late


@pytest.mark.requirement("H11")
def test_twelve_of_fifteen_is_said_with_the_three_that_were_missed():
    found = counting(date(2027, 1, 1), (12, 15))

    assert found.state is State.SHOWN
    assert [(each.kept, each.of, each.missed, each.percent) for each in found.periods] == [(12, 15, 3, None)]


def test_four_are_too_few_and_wait_for_the_next_quarter():
    assert counting(date(2027, 1, 1), (4, 4)).state is State.TOO_FEW
    assert counting(date(2027, 1, 1), (4, 4), (1, 1)).periods == (Period(FIRST, FIRST.next, 5, 5),)


def test_what_is_left_over_is_said_to_be_too_few():
    found = counting(date(2027, 1, 1), (6, 9), (2, 3))

    assert found.has_rest
    assert [each.of for each in found.periods] == [9]


def test_the_newest_stands_first():
    assert [each.of for each in counting(date(2027, 1, 1), (5, 5), (6, 6), (7, 7)).periods] == [7, 6, 5]


def test_a_quarter_counts_only_once_it_has_ended_and_not_before_counting_began():
    assert counting(date(2027, 1, 1), (5, 5), today=FIRST.last_day).state is State.COUNTING
    assert counting(date(2027, 1, 1), (5, 5), today=FIRST.next.first_day).state is State.SHOWN
    assert counting(date(2027, 4, 2), (5, 5), (6, 6)).periods == (Period(FIRST.next, FIRST.next, 6, 6),)


def test_a_quarter_in_which_nothing_was_seen_is_no_result():
    assert counting(date(2027, 1, 1), (0, 0)).state is State.TOO_FEW


# Nobody can be found


@given(histories)
def test_nothing_under_five_is_ever_shown(tallies):
    assert all(each.of >= FEWEST_SHOWN for each in shown(*tallies))


@given(histories)
def test_everything_is_shown_once_but_for_too_few_at_the_end(tallies):
    found = shown(*tallies)
    rest = sum(of for _kept, of in tallies) - sum(each.of for each in found)

    assert 0 <= rest < FEWEST_SHOWN
    assert sum(each.kept for each in found) <= sum(kept for kept, _of in tallies)
    assert all(earlier.last < later.first for earlier, later in pairwise(found))


@given(histories, counts)
def test_a_later_quarter_never_changes_what_was_shown(tallies, another):
    """So nobody learns a small number by keeping last quarter's page and taking one from the other."""
    before, after = shown(*tallies), shown(*tallies, another)

    assert after[: len(before)] == before
    assert sum(each.of for each in after[len(before) :]) == 0 or after[-1].of >= FEWEST_SHOWN


@given(counts.filter(lambda each: each[1] > 0), st.integers(1, 10))
def test_a_share_is_never_shown_under_thirty(count, times):
    kept, of = count[0] * times, count[1] * times
    percent = Period(FIRST, FIRST, kept, of).percent

    assert (percent is None) == (of < FEWEST_FOR_A_SHARE)
    assert percent is None or (0 <= percent <= 100 and (percent == 100) == (kept == of))


# Quarters


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_every_day_lies_in_its_quarter_and_first_results_come_after_it(day):
    quarter = Quarter.of(day)

    assert quarter.first_day <= day <= quarter.last_day
    assert quarter.next.first_day == quarter.last_day + timedelta(days=1)
    assert Quarter.read(str(quarter)) == quarter
    assert first_results(day) > day
    assert first_results(day).day == 1


@pytest.mark.parametrize("text", ["2027", "2027-Q5", "2027-Q0", "Q1-2027", "1999-Q1", "2027-q1"])
def test_what_is_no_quarter_is_refused(text):
    with pytest.raises(ResultsError, match="no quarter"):
        Quarter.read(text)


# What cannot be


def test_impossible_counts_are_refused():
    with pytest.raises(ResultsError, match="cannot be"):
        Tally("you-decide", "counted", 5, 4)
    with pytest.raises(ResultsError, match="not a known promise"):
        Tally("be-nice", "counted", 1, 1)
    with pytest.raises(ResultsError, match="twice"):
        QuarterFigures(FIRST, (Tally("you-decide", "counted", 1, 1),) * 2)
    with pytest.raises(ResultsError, match="must be followed by 2027-Q2"):
        Results(quarters=(*quarters((1, 1)), QuarterFigures(Quarter(2027, 3), ())))
    with pytest.raises(ResultsError, match="not a known promise"):
        Results(changed=(Changed("be-nice", FIRST.first_day, "Smiles"),))


# The whole page


@pytest.mark.requirement("G3")
@pytest.mark.requirement("H11")
def test_every_promise_is_answered_for_by_whoever_keeps_it():
    found = answers(PLEDGE.promises, Results(), today=LONG_AFTER)

    assert [each.promise.id for each in found] == [each.id for each in PLEDGE.promises]
    assert all(each.promise.kept_by for each in found)
    assert all(each.figures or each.is_published for each in found)
    assert not any(each.is_started for each in found)


def test_documents_and_changes_stand_with_their_promise_the_newest_first_and_none_before_its_day():
    papers = tuple(Published("fair-everywhere", date(2027, month, 3), f"Table {month}") for month in (5, 7, 6))
    change = Changed("fair-everywhere", date(2027, 6, 1), "A second office")
    found = answers(PLEDGE.promises, Results(published=papers, changed=(change,)), today=date(2027, 6, 30))
    fair = next(each for each in found if each.promise.id == "fair-everywhere")

    assert [each.title for each in fair.published] == ["Table 6", "Table 5"]
    assert fair.changed == (change,)
    assert [each for each in found if each.is_started] == [fair]


# The file


def test_nothing_is_made_up_here_yet():
    assert load_results(ROOT / "content") == Results()


def test_another_area_has_its_results():
    found = load_results(ROOT / "tests" / "area")

    assert [str(each.quarter) for each in found.quarters] == ["2025-Q2", "2025-Q3"]
    assert found.quarters[0].tally("you-decide", "asked") == Tally("you-decide", "asked", 12, 15)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kept: 12, of: 15", "kept: 16, of: 15", "16 of 15 cannot be"),
        ("kept: 12, of: 15", "kept: many, of: 15", "must be a whole number"),
        ("promise: ask-again", "promise: be-nice", "promise: must be one of"),
        ("by: asked, kept: 3", "by: guessed, kept: 3", "by: must be one of"),
        ("quarter: 2025-Q3", "quarter: 2025-Q4", "must be followed by 2025-Q3"),
        ("day: 2025-10-05", "day: soon", "must be a date"),
        ("https://lantern.example.org/yearly", "lantern", "must be a web address"),
        ("changed:", "chnaged:", "is not a key that belongs here"),
    ],
)
def test_a_slip_in_the_file_is_named_in_one_line(tmp_path, old, new, said):
    text = (ROOT / "tests" / "area" / "results.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "results.yaml").write_text(text.replace(old, new, 1), "utf-8")

    with pytest.raises(ContentError) as refused:
        load_results(tmp_path)

    assert str(refused.value).startswith("results.yaml: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
