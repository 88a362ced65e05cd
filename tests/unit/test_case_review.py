"""May somebody ask for a case review? Never a bare no, whatever they say and however little we know."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters import content
from app.adapters.case_reviews import load_case_reviews, load_who_does_what
from app.adapters.yaml_reader import ContentError
from app.domain.case_review import MOST_THAT_MAY_BE_ASKED, Answer, InTime, Reports, ReviewError, Rule, answer

ROOT = Path(__file__).parents[2]


def rule(reports: int | None) -> Rule:
    return Rule(
        district="here", service=None, reports=reports, after_answer=False, incidents=None, people=None,
        acknowledged_days=None, source="https://here.example.org", read="2026", checked_on=None,
    )  # fmt: skip


RULES = st.builds(rule, st.none() | st.integers(1, MOST_THAT_MAY_BE_ASKED))
BY_NUMBER = (Reports.NOT_SURE, Reports.NONE, Reports.ONE, Reports.TWO, Reports.THREE_OR_MORE)


@pytest.mark.requirement("A4")
@pytest.mark.requirement("D8")
@given(RULES, st.sampled_from(Reports), st.sampled_from(InTime))
def test_there_is_an_answer_for_everybody_and_never_a_no(own, reports, in_time):
    assert answer(own, reports, in_time) in {Answer.CAN, Answer.MAY, Answer.UNKNOWN}
    assert [each.name for each in Answer] == ["CAN", "MAY", "UNKNOWN"]


@given(RULES)
def test_three_reports_in_time_are_enough_anywhere(own):
    """Anti-social Behaviour, Crime and Policing Act 2014, section 104: no area may ask for more."""
    assert answer(own, Reports.THREE_OR_MORE, InTime.ALL) is Answer.CAN


@given(RULES, st.sampled_from(InTime))
def test_more_reports_never_make_the_answer_worse(own, in_time):
    can = [answer(own, reports, in_time) is Answer.CAN for reports in BY_NUMBER]
    assert can == sorted(can)


@given(RULES, st.sampled_from(Reports), st.sampled_from([InTime.NOT_ALL, InTime.NOT_SURE]))
def test_reports_that_may_be_too_late_leave_it_to_them(own, reports, in_time):
    expected = Answer.UNKNOWN if own.reports is None else Answer.MAY
    assert answer(own, reports, in_time) is expected


@given(st.integers(1, MOST_THAT_MAY_BE_ASKED), st.sampled_from(Reports))
def test_it_is_said_that_nobody_knows_only_where_nobody_does(asked, reports):
    assert answer(rule(asked), reports, InTime.ALL) is not Answer.UNKNOWN


@pytest.mark.parametrize("reports", [0, MOST_THAT_MAY_BE_ASKED + 1])
def test_no_area_may_ask_for_more_than_the_law_allows(reports):
    with pytest.raises(ReviewError, match="law"):
        rule(reports)


@pytest.mark.requirement("D8")
@pytest.mark.parametrize("folder", [ROOT / "content", ROOT / "tests" / "area"])
def test_every_district_has_its_rule_and_where_to_ask(folder):
    area, directory = content.load_area(folder), content.load_directory(folder)
    found = load_case_reviews(folder, area, directory)
    assert list(found) == [district.id for district in area.districts]
    assert all(each.source.startswith("https://") for each in found.values())
    assert set(load_who_does_what(folder, area, directory)) <= set(found)


@pytest.mark.parametrize(
    ("is_now", "becomes", "complaint"),
    [
        ("district: saltmere", "district: atlantis", "not in area.yaml"),
        ("district: saltmere", "district: calderwick-town", "twice"),
        ("service: harbour", "service: nobody", "no service"),
        ("reports: 3", "reports: 4", "limit"),
        ("incidents: null, people: null, acknowledged_days: 5", "incidents: 5, people: null, acknowledged_days: 5", "or neither"),
        ("https://saltmere", "saltmere", "https"),
        ("law_sources: [https", "law_sources: []\nelse: [https", "source"),
    ],
)  # fmt: skip
def test_a_slip_in_the_file_is_refused(tmp_path, is_now, becomes, complaint):
    folder = ROOT / "tests" / "area"
    text = (folder / "case-review.yaml").read_text("utf-8")
    assert is_now in text
    (tmp_path / "case-review.yaml").write_text(text.replace(is_now, becomes), "utf-8")
    with pytest.raises(ContentError, match=complaint):
        load_case_reviews(tmp_path, content.load_area(folder), content.load_directory(folder))
