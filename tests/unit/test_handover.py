"""What a decision makes of a handover, and when one is late."""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.asking import BY_NUMBER, Asked, is_about_owner, may_know_of_complaint
from app.domain.handover import Decision, Kind, State, is_overdue, may_follow, overdue_from, rule_on
from app.domain.hours import OpeningHours, Span

KINDS = [each.value for each in Kind]
LONDON = ZoneInfo("Europe/London")
NINE_TO_FIVE = OpeningHours(
    {weekday: (Span(time(9), time(17)),) for weekday in range(5)},
    frozenset({date(2026, 4, 3), date(2026, 4, 6)}),
    LONDON,
)


@pytest.mark.requirement("E2")
@given(
    state=st.sampled_from(State),
    decision=st.sampled_from(Decision),
    kinds=st.lists(st.sampled_from(KINDS), unique=True),
    chosen=st.lists(st.sampled_from([*KINDS, "bank-account"]), unique=True),
)
def test_no_decision_ever_allows_a_kind_that_did_not_count_before(
    state: State, decision: Decision, kinds: list[str], chosen: list[str]
) -> None:
    ruling = rule_on(decision, state=state, kinds=kinds, chosen=chosen)
    if ruling is None:
        return
    assert set(ruling.kinds) <= set(kinds)
    if ruling.state is State.AGREED:
        assert set(ruling.kinds) == set(kinds) & set(chosen)
        assert set(ruling.never_asked) == set(chosen) - set(kinds)


def test_only_a_yes_lets_staff_pass_anything_on() -> None:
    for before, wanted in product(State, State):
        if may_follow(before, wanted):
            assert before in {State.AGREED, State.PASSED, State.OPENED}
    assert not any(may_follow(before, State.PASSED) for before in set(State) - {State.AGREED})


def test_a_no_to_what_was_agreed_takes_it_back_and_a_yes_never_widens() -> None:
    agreed = rule_on(Decision.REFUSE, state=State.AGREED, kinds=["name"], chosen=[])
    assert agreed is not None
    assert agreed.state is State.WITHDRAWN
    for state in set(State) - {State.ASKED, State.REFUSED}:
        assert rule_on(Decision.APPROVE, state=state, kinds=["name"], chosen=["name"]) is None
    for state in (State.WITHDRAWN, State.STOPPED, State.BOUNCED, State.REFUSED):
        assert rule_on(Decision.WITHDRAW, state=state, kinds=["name"], chosen=[]) is None


def test_seven_working_days_leave_out_weekends_and_holidays() -> None:
    """Monday 30 March 2026: Good Friday and Easter Monday lie between."""
    changed = datetime(2026, 3, 30, 12, tzinfo=LONDON)
    due = overdue_from(changed, NINE_TO_FIVE)
    assert due == datetime(2026, 4, 11, tzinfo=LONDON)
    before, after = datetime(2026, 4, 10, 16, tzinfo=LONDON), datetime(2026, 4, 11, tzinfo=LONDON)
    for state in (State.AGREED, State.PASSED):
        assert not is_overdue(state, changed_at=changed, now=before, hours=NINE_TO_FIVE)
        assert is_overdue(state, changed_at=changed, now=after, hours=NINE_TO_FIVE)
    assert not is_overdue(State.ASKED, changed_at=changed, now=after, hours=NINE_TO_FIVE)
    assert overdue_from(changed, OpeningHours({}, frozenset(), LONDON)) is None


def test_a_complaint_is_for_supervisors_whom_it_is_not_about() -> None:
    def may_know(staff_id: str = "carys", roles: tuple[str, ...] = ("supervisor",), is_named: bool = False) -> bool:
        return may_know_of_complaint(staff_id=staff_id, roles=roles, hidden_from=("ben",), is_named=is_named)

    assert may_know()
    assert not may_know(roles=("co-ordinator", "gatekeeper"))
    assert not may_know(staff_id="ben")
    assert not may_know(is_named=True)
    assert is_about_owner(None)
    assert is_about_owner("worker")
    assert not is_about_owner("investigation")


def test_addresses_say_nothing_of_what_is_asked_for() -> None:
    assert set(BY_NUMBER.values()) == set(Asked)
    assert all(number.isdigit() for number in BY_NUMBER)
