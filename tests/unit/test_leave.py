"""Leave: nobody covers on a day on which they are away, and each sees exactly the cases of those they cover."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.leave import Leave, Problem, covered_by, problem_with

TODAY = date(2026, 3, 10)
WEEK = timedelta(days=7)
IN_A_WEEK = Leave("amira", "ben", TODAY + WEEK, TODAY + 2 * WEEK)

people = st.sampled_from(["amira", "ben", "carys", "dilys"])
days = st.integers(-20, 20).map(lambda many: TODAY + timedelta(days=many))
leaves = st.builds(Leave, staff_id=people, cover_id=people, from_on=days, until_on=days)


@pytest.mark.parametrize(
    ("leave", "problem"),
    [
        (Leave("amira", "ben", TODAY, TODAY - WEEK), Problem.ENDS_BEFORE),
        (Leave("amira", "ben", TODAY - 2 * WEEK, TODAY - WEEK), Problem.OVER),
        (Leave("amira", "amira", TODAY, TODAY), Problem.OWN_COVER),
        (Leave("amira", "carys", TODAY, TODAY + WEEK), Problem.ALREADY),
        (Leave("carys", "amira", TODAY + WEEK, TODAY + WEEK), Problem.COVER_AWAY),
        (Leave("ben", "carys", TODAY + 2 * WEEK, TODAY + 3 * WEEK), Problem.COVERS),
        (Leave("ben", "carys", TODAY, TODAY), None),
        (Leave("carys", "ben", TODAY + WEEK, TODAY + WEEK), None),
    ],
)
def test_each_reason_against_a_leave(leave: Leave, problem: Problem | None) -> None:
    assert problem_with(leave, [IN_A_WEEK], today=TODAY) is problem


@given(st.lists(leaves, max_size=12), days)
def test_of_leaves_that_were_let_through_nobody_covers_while_away(wanted: list[Leave], day: date) -> None:
    kept: list[Leave] = []
    for each in wanted:
        if problem_with(each, kept, today=TODAY) is None:
            kept.append(each)

    away = {each.staff_id for each in kept if each.holds_on(day)}
    for who in ("amira", "ben", "carys", "dilys"):
        covered = covered_by(who, kept, day=day)
        assert who not in covered
        assert covered <= away
        if who in away:
            assert not covered
    assert all(sum(each.staff_id == who and each.holds_on(day) for each in kept) == 1 for who in away)
