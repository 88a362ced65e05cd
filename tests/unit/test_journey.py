"""The journey: the path follows from the answers, and no address leads off it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import referral as ids
from app.domain.contact import Way
from app.domain.journey import Journey, NoSuchStep, Step
from app.forms.refer import FORMS, JOURNEY


def has(key, value):
    """A condition on an earlier answer."""
    return lambda answers: answers.get(key, {}).get("is") == value


TEA = Journey(
    steps=(
        Step(key="start"),
        Step(key="drink", is_question=True),
        Step(key="warning", series="drink", applies=has("drink", "tea"), asks=False),
        Step(key="milk", series="drink", applies=has("drink", "tea"), is_question=True),
        Step(key="kind", slug="which", applies=has("milk", "yes"), is_question=True),
        Step(key="check", asks=False),
    )
)


def slugs(journey, answers):
    return [place.slug for place in journey.path(answers)]


# A journey about tea


def test_the_path_follows_from_the_answers():
    assert slugs(TEA, {}) == ["start", "drink", "check"]
    assert slugs(TEA, {"drink": {"is": "tea"}}) == ["start", "drink", "drink-1", "drink-2", "check"]
    assert slugs(TEA, {"drink": {"is": "tea"}, "milk": {"is": "yes"}})[-2:] == ["which", "check"]


def test_pages_of_a_series_are_numbered_as_they_come_so_that_an_address_does_not_tell_which_it_is():
    only_email = {"reply": {"contact": "yes", "ways": ["email"]}}
    only_call = {"reply": {"contact": "yes", "ways": ["call"]}}

    assert JOURNEY.find("reply-1", only_email).step.key == "reply-email"
    assert JOURNEY.find("reply-1", only_call).step.key == "reply-call"


def test_an_address_that_is_not_on_the_path_is_no_step():
    with pytest.raises(NoSuchStep):
        TEA.find("which", {})
    with pytest.raises(NoSuchStep):
        TEA.after("which", {})
    with pytest.raises(NoSuchStep):
        TEA.before("which", {})


def test_a_link_far_ahead_leads_to_the_first_page_that_is_still_open():
    begun = {"start": {}}

    assert not TEA.may_open("check", begun)
    assert TEA.first_open(begun).slug == "drink"


def test_a_page_that_was_left_counts_as_answered():
    assert TEA.first_open({"start": {}, "drink": {}}).slug == "check"
    assert TEA.may_open("check", {"start": {}, "drink": {}})


def test_when_nothing_is_open_the_last_page_is_next():
    assert TEA.first_open({"start": {}, "drink": {}, "check": {}}).slug == "check"
    assert TEA.after("check", {}).slug == "check"


def test_one_goes_back_the_way_one_came():
    answers = {"drink": {"is": "tea"}}

    assert TEA.before("start", answers) is None
    assert TEA.before("drink-2", answers).slug == "drink-1"
    assert TEA.before("check", {}).slug == "drink"


def test_only_questions_are_counted():
    answers = {"drink": {"is": "tea"}}

    assert TEA.question_number("start", answers) is None
    assert TEA.question_number("drink", answers) == (1, 2)
    assert TEA.question_number("drink-1", answers) is None
    assert TEA.question_number("drink-2", answers) == (2, 2)


def test_what_no_longer_applies_is_dropped_and_so_is_all_that_hung_on_it():
    answers = {"start": {}, "drink": {"is": "coffee"}, "milk": {"is": "yes"}, "kind": {"is": "oat"}, "gone": {}}

    assert TEA.pruned(answers) == {"start": {}, "drink": {"is": "coffee"}}


# The short request

WHO = st.fixed_dictionaries(
    {}, optional={"who": st.sampled_from(ids.WHO), "under_18": st.booleans(), "surprise": st.text(max_size=3)}
)
REPLY = st.fixed_dictionaries(
    {},
    optional={
        "contact": st.sampled_from(["yes", "no"]),
        "ways": st.lists(st.sampled_from([way.value for way in Way]), unique=True),
    },
)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "start": st.just({}),
        "who": WHO,
        "young": st.just({}),
        "help": st.fixed_dictionaries({}, optional={"help": st.lists(st.sampled_from(ids.HELP), unique=True)}),
        "risk": st.just({}),
        "about": st.just({"to_whom": "me"}),
        "police": st.fixed_dictionaries({}, optional={"police": st.sampled_from(ids.POLICE)}),
        "reply": REPLY,
        "reply-call": st.just({"address": "01632 960 123"}),
        "reply-text": st.just({"address": "07700 900 123"}),
        "reply-email": st.just({"address": "name@example.org"}),
        "reply-letter": st.just({"address": "1 High Street"}),
        "reply-trusted": st.just({"person": "Ruth"}),
        "check": st.just({}),
        "old-step": st.just({"typed": "long ago"}),
    },
)


@given(ANSWERS)
def test_every_page_of_the_path_is_found_by_its_address_and_by_no_other(answers):
    path = JOURNEY.path(answers)

    assert len({place.slug for place in path}) == len(path)
    assert [JOURNEY.find(place.slug, answers) for place in path] == path
    assert path[0].slug == "start"
    assert path[-1].slug == "check"


@given(ANSWERS)
def test_exactly_the_pages_up_to_the_first_open_one_may_be_opened(answers):
    path = JOURNEY.path(answers)
    reached = path.index(JOURNEY.first_open(answers))

    assert [JOURNEY.may_open(place.slug, answers) for place in path] == [place <= reached for place in range(len(path))]


@given(ANSWERS)
def test_pruning_keeps_the_path_and_nothing_beside_it(answers):
    pruned = JOURNEY.pruned(answers)

    assert JOURNEY.path(pruned) == JOURNEY.path(answers)
    assert set(pruned) == set(answers) & {place.step.key for place in JOURNEY.path(answers)}
    assert all(pruned[key] == answers[key] for key in pruned)
    assert JOURNEY.pruned(pruned) == pruned


@given(ANSWERS)
def test_going_on_and_going_back_are_each_others_reverse(answers):
    path = JOURNEY.path(answers)

    for place in path[:-1]:
        assert JOURNEY.before(JOURNEY.after(place.slug, answers).slug, answers) == place


@given(ANSWERS)
def test_there_are_five_questions_whatever_is_answered(answers):
    counted = [JOURNEY.question_number(place.slug, answers) for place in JOURNEY.path(answers)]

    assert [each for each in counted if each] == [(number, 5) for number in range(1, 6)]


@given(ANSWERS)
@pytest.mark.requirement("A3")
@pytest.mark.requirement("B10")
@pytest.mark.rule("rule 1")
def test_no_answer_about_the_police_changes_the_path(answers):
    paths = {
        answer: slugs(JOURNEY, {**answers, "police": {} if answer is None else {"police": answer}})
        for answer in (None, *ids.POLICE)
    }

    assert len({tuple(path) for path in paths.values()}) == 1


@pytest.mark.requirement("B6")
@pytest.mark.requirement("B7")
def test_what_would_help_is_asked_before_what_happened():
    order = [step.key for step in JOURNEY.steps]

    assert order.index("help") < order.index("about")


@pytest.mark.requirement("C5")
@pytest.mark.requirement("C13")
@pytest.mark.rule("rule 12")
@pytest.mark.parametrize("risk", sorted(ids.RISKS))
def test_a_risk_leads_to_somebody_to_talk_to_at_once(risk):
    answers = {"start": {}, "who": {}, "help": {"help": ["talk", risk]}}

    assert JOURNEY.after("help", answers).step.key == "risk"
    assert JOURNEY.first_open({**answers, "risk": {}}).slug == "about"  # it is read once and never blocks


def test_every_page_has_its_form_and_every_form_its_page():
    assert set(FORMS) == {step.key for step in JOURNEY.steps}


@pytest.mark.rule("rule 7")
def test_no_address_says_what_happened_or_how_to_reach_somebody():
    everything = {
        "who": {"under_18": True},
        "help": {"help": list(ids.HELP)},
        "reply": {"contact": "yes", "ways": [way.value for way in Way]},
    }

    assert slugs(JOURNEY, everything) == [
        "start", "who", "who-1", "help", "help-1", "about", "police", "reply", "reply-1", "reply-2", "reply-3",
        "reply-4", "reply-5", "reply-6", "reply-7", "check",
    ]  # fmt: skip
