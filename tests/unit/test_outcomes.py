"""Outcomes: better, the same, worse, not asked again; from the first to the latest, their own answers first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import outcomes
from app.domain.needs import SCALES, Look
from app.domain.outcomes import MEASURED, Change

MOMENT = datetime(2026, 3, 10, 9, tzinfo=UTC)
OPPOSITE = {Change.BETTER: Change.WORSE, Change.WORSE: Change.BETTER, Change.SAME: Change.SAME}
NAMES = st.sampled_from(list(SCALES))
TOLD = st.lists(
    st.tuples(
        st.fixed_dictionaries({}, optional={name: st.sampled_from(scale) for name, scale in SCALES.items()}),
        st.booleans(),
    ),
    max_size=6,
)


def looks_of(told: list[tuple[dict[str, str], bool]]) -> list[Look]:
    return [
        Look(at=MOMENT + timedelta(days=place), answers=answers, own=own) for place, (answers, own) in enumerate(told)
    ]


@given(st.data())
def test_there_and_back_is_the_opposite(data: st.DataObject) -> None:
    name = data.draw(NAMES)
    one, other = data.draw(st.sampled_from(SCALES[name])), data.draw(st.sampled_from(SCALES[name]))

    there, back = outcomes.change(name, one, other), outcomes.change(name, other, one)

    assert back is OPPOSITE[there]
    assert (there is Change.SAME) == (one == other)
    assert outcomes.change(name, one, None) is Change.NOT_ASKED_AGAIN


@given(TOLD)
@pytest.mark.requirement("H3")
@pytest.mark.requirement("H4")
def test_the_first_and_the_latest_answer_count_and_their_own_first(told: list[tuple[dict[str, str], bool]]) -> None:
    looks = looks_of(told)
    for name in SCALES:
        answered = [each for each in looks if name in each.answers]
        own = [each for each in answered if each.own]
        counted = own if len(own) > 1 else answered
        found = outcomes.outcome(name, looks)
        if not answered:
            assert found is None
            continue
        assert found is not None
        assert (found.first, found.first_at) == (counted[0].answers[name], counted[0].at)
        assert (found.change is Change.NOT_ASKED_AGAIN) == (len(counted) == 1)
        if len(counted) > 1:
            assert (found.last, found.last_at) == (counted[-1].answers[name], counted[-1].at)


@given(TOLD, st.data())
def test_what_happened_in_between_changes_no_outcome(
    told: list[tuple[dict[str, str], bool]], data: st.DataObject
) -> None:
    looks = [Look(at=each.at, answers=each.answers) for each in looks_of(told)]
    name = data.draw(NAMES)
    answered = [each for each in looks if name in each.answers]

    before = outcomes.outcome(name, looks)
    after = outcomes.outcome(name, [answered[0], answered[-1]] if len(answered) > 1 else answered)

    assert before == after


@given(st.lists(TOLD, max_size=5))
@pytest.mark.requirement("H5")
@pytest.mark.requirement("E18")
def test_one_framework_counts_everybody_once_for_each(people: list[list[tuple[dict[str, str], bool]]]) -> None:
    """Whichever service helped: one set of names, one way to count."""
    every = [looks_of(each) for each in people]
    found = outcomes.tally(every)

    assert set(found) == set(MEASURED)
    for name in MEASURED:
        assert sum(found[name].values()) == sum(any(name in look.answers for look in looks) for looks in every)


def test_a_colleagues_view_counts_only_where_they_did_not_say_it_twice() -> None:
    looks = looks_of([({"money": "very-hard"}, False), ({"money": "a-bit-hard"}, True), ({"money": "fine"}, True)])

    found = outcomes.outcome("money", looks)
    assert found is not None
    assert (found.first, found.last, found.own, found.change) == ("a-bit-hard", "fine", True, Change.BETTER)
    seen = outcomes.outcome("money", looks[:2])
    assert seen is not None
    assert (seen.first, seen.last, seen.own) == ("very-hard", "a-bit-hard", False)
