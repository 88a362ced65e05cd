"""What may be published of a count: multiples of five, nothing below, and nothing to be had by taking one from another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import figures
from app.domain.figures import STEP, Period
from app.domain.order import MalformedOrder, Order, Told
from app.domain.pledge import PROMISE_IDS
from app.domain.promise_results import FEWEST_SHOWN, FIGURES, Quarter, QuarterFigures, Results, Tally, merged

COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(["asked", "needs"]), st.sampled_from("abc"), st.sampled_from("xy")),
    st.integers(0, 10_000),
)
COLUMNS = {"asked": "xy", "needs": "xy"}
QUARTERS = st.builds(Quarter, st.integers(2026, 2031), st.integers(1, 4))


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    of = draw(st.integers(0, 500))
    return Tally(draw(st.sampled_from(PROMISE_IDS)), draw(st.sampled_from(FIGURES)), draw(st.integers(0, of)), of)


@given(st.lists(COUNTS, min_size=2, max_size=5))
@pytest.mark.requirement("H10")
def test_differences_of_any_two_published_tables_are_multiples_of_five(
    quarters: list[dict[figures.Place, int]],
) -> None:
    """Quarters one by one, and added up to a longer time: whatever is taken from whatever."""
    tables = [figures.published(each, COLUMNS) for each in quarters]
    tables.append(figures.published(figures.added(quarters), COLUMNS))

    shown = [count for table in tables for count in table.values() if count is not None]
    assert all((one - other) % STEP == 0 for one in shown for other in shown)
    assert all(count >= FEWEST_SHOWN for count in shown)


@given(COUNTS, st.data())
def test_none_and_few_look_the_same(counts: dict[figures.Place, int], data: st.DataObject) -> None:
    """Whatever is below five may as well not be there: the page and the file stay the same to the letter."""
    fewer = {place: data.draw(st.integers(0, 4)) if count < FEWEST_SHOWN else count for place, count in counts.items()}
    without = {place: count for place, count in counts.items() if count >= FEWEST_SHOWN}

    assert figures.published(counts, COLUMNS) == figures.published(fewer, COLUMNS)
    assert figures.published(counts, COLUMNS) == figures.published(without, COLUMNS)


@given(st.integers(0, 1_000_000))
def test_a_count_is_rounded_to_the_next_five_and_none_below(count: int) -> None:
    shown = figures.rounded(count)

    assert (shown is None) == (count < FEWEST_SHOWN)
    assert shown is None or (shown % STEP == 0 and abs(shown - count) * 2 < STEP)


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_a_share_is_of_what_is_published(part: int, of: int) -> None:
    shown = figures.share(part, of)

    assert shown is None or (0 <= shown <= 100 and of >= 28 and part >= FEWEST_SHOWN)


@given(st.lists(QUARTERS))
def test_only_closed_quarters_and_whole_years_of_them_can_be_asked_for(closed: list[Quarter]) -> None:
    for period in figures.periods_of(closed):
        assert set(period.quarters) <= set(closed)
        assert Period.read(str(period)) == period


@pytest.mark.parametrize("text", ["", "2027-Q5", "27", "2027-q1", "２０２７", "2027-Q1-Q2", "all"])
def test_nothing_else_is_a_period(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Period.read(text)


@given(QUARTERS, st.lists(tallies(), unique_by=lambda each: (each.promise, each.figure), max_size=8))
def test_results_travel_as_they_were_counted(quarter: Quarter, told: list[Tally]) -> None:
    order = Told(order=Order.RESULTS, results=QuarterFigures(quarter, tuple(told)))

    assert Told.from_bytes(order.to_bytes()) == order


@pytest.mark.parametrize(
    "content",
    [
        b'{"version":1,"order":"results"}',
        b'{"version":1,"order":"results","quarter":"2027-Q1","tallies":[["police-or-not","counted",3,2]]}',
        b'{"version":1,"order":"results","quarter":"2027-Q1","tallies":[["made-up","counted",1,2]]}',
        b'{"version":1,"order":"results","quarter":"2027-Q1","tallies":[["police-or-not","ticked",1,2]]}',
        b'{"version":1,"order":"results","quarter":"2027-Q9","tallies":[]}',
        b'{"version":1,"order":"results","quarter":"2027-Q1","tallies":[["police-or-not","counted",true,2]]}',
    ],
)
def test_results_that_contradict_themselves_are_no_order(content: bytes) -> None:
    with pytest.raises(MalformedOrder):
        Told.from_bytes(content)


@given(st.lists(QUARTERS, unique=True), st.lists(QUARTERS, unique=True))
def test_what_was_published_stays_and_a_gap_waits(written: list[Quarter], counted: list[Quarter]) -> None:
    own = sorted(written)
    own = own[:1]  # what is in the file follows without a gap
    before = Results(quarters=tuple(QuarterFigures(each, (Tally("everyone", "counted", 1, 2),)) for each in own))
    both = merged(before, [QuarterFigures(each, ()) for each in counted])

    for each in both.quarters:
        assert each.quarter in {*own, *counted}
        assert bool(each.tallies) == (each.quarter in own)
    assert not {*own, *counted} or both.quarters[0].quarter == min([*own, *counted])
