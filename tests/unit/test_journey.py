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
        "young": st.fixed_dictionaries({}, optional={"age_band": st.sampled_from(ids.AGE_BANDS)}),
        "help": st.fixed_dictionaries({}, optional={"help": st.lists(st.sampled_from(ids.HELP), unique=True)}),
        "risk": st.just({}),
        "knows": st.fixed_dictionaries({}, optional={"they_know": st.sampled_from(ids.YES_NO_UNSURE)}),
        "about": st.fixed_dictionaries(
            {},
            optional={
                "to_whom": st.sampled_from(ids.TO_WHOM),
                "happened": st.lists(st.sampled_from(ids.HAPPENED), unique=True),
            },
        ),
        "loss": st.fixed_dictionaries({}, optional={"how": st.sampled_from(ids.HOW_DIED)}),
        "child-age": st.fixed_dictionaries({}, optional={"child_age": st.sampled_from(ids.AGE_BANDS)}),
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
def test_there_are_five_questions_whatever_is_answered_and_three_on_the_quick_path(answers):
    counted = [JOURNEY.question_number(place.slug, answers) for place in JOURNEY.path(answers)]
    most = 3 if answers.get("help", {}).get("help") == ["phone-in-language"] else 5

    assert [each for each in counted if each] == [(number, most) for number in range(1, most + 1)]


# What some people are asked besides, one small page each, because they could not be answered well without it. No other
# page may ask for anything: each one more is time that a frightened person does not have.
ASKED_OF_SOME = {"young", "knows", "work", "loss", "child-age", "child-knows", "interpreter"}


@given(ANSWERS)
def test_pages_that_ask_are_the_five_and_one_for_each_way_and_the_few_named_here(answers):
    keys = {place.step.key for place in JOURNEY.path(answers) if place.step.asks} - {"start"}
    reply = answers.get("reply", {})
    ways = {f"reply-{way}" for way in reply.get("ways", ())} if reply.get("contact") == "yes" else set()
    five = {"who", "help", "about", "police", "reply"}
    if answers.get("help", {}).get("help") == ["phone-in-language"]:
        five -= {"about", "police"}

    assert keys - ASKED_OF_SOME == five | ways


@pytest.mark.parametrize("answers", [{}, {"reply": {"contact": "no"}}, {"who": {"who": "me"}}])
def test_the_shortest_request_is_eight_pages_with_its_number(answers):
    assert len(JOURNEY.path(answers)) + 1 == 8


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


def keys(answers):
    return [place.step.key for place in JOURNEY.path(answers)]


@given(st.sets(st.sampled_from(ids.HAPPENED)))
@pytest.mark.requirement("B6")
@pytest.mark.requirement("B7")
def test_the_kind_of_harm_changes_no_question_and_only_adds_something_to_read(happened):
    whatever = {"about": {"happened": sorted(happened)}}
    added = set(keys(whatever)) - set(keys({}))

    assert [key for key in keys(whatever) if key not in added] == keys({})
    assert not any(step.asks for step in JOURNEY.steps if step.key in added)


@pytest.mark.requirement("A20")
@pytest.mark.parametrize(("happened", "key"), [("sexual", "sexual"), ("exploited", "exploited")])
def test_what_matters_in_the_first_days_is_shown_once_and_never_blocks(happened, key):
    answers = {"start": {}, "who": {}, "help": {}, "about": {"happened": [happened, "hurt"]}}

    assert JOURNEY.first_open(answers).step.key == key
    assert JOURNEY.first_open({**answers, key: {}}).slug == "police"


@pytest.mark.requirement("A6")
def test_after_a_death_two_small_questions_and_a_page_to_read():
    answers = {"start": {}, "who": {}, "help": {}, "about": {"to_whom": "died"}}

    assert keys(answers)[4:6] == ["loss", "after-loss"]
    assert JOURNEY.first_open({**answers, "loss": {}, "after-loss": {}}).slug == "police"


@pytest.mark.requirement("A8")
@pytest.mark.parametrize(
    ("who", "about", "age", "asked"),
    [
        ("other", "child", "under-13", ["child-age"]),
        ("other", "child", "13-15", ["child-age", "child-knows"]),
        ("other", "child", "16-17", ["child-age", "child-knows"]),
        ("other", "child", None, ["child-age"]),
        ("other", "parent", "13-15", []),
        ("me", "child", "13-15", []),
    ],
)
def test_a_parent_is_asked_whether_a_child_of_13_or_more_knows(who, about, age, asked):
    answers = {"who": {"who": who}, "about": {"to_whom": about}, "child-age": {"child_age": age} if age else {}}

    assert [key for key in keys(answers) if key.startswith("child")] == asked


@pytest.mark.requirement("A9")
@pytest.mark.parametrize(
    ("who", "asked"),
    [(None, []), ("me", []), ("me-helped", []), ("other", ["knows", "with-you"]), ("professional", ["work"])],
)
def test_only_who_asks_for_another_is_asked_about_that(who, asked):
    path = keys({"who": {"who": who} if who else {}})

    assert path[2 : path.index("help")] == asked


@pytest.mark.requirement("A8")
def test_the_page_for_young_people_is_for_those_who_ask_for_themselves():
    assert "young" in keys({"who": {"who": "me", "under_18": True}})
    assert "young" not in keys({"who": {"who": "other", "under_18": True}})


@pytest.mark.requirement("A15")
def test_please_phone_me_alone_is_six_pages_between_start_and_number():
    answers = {"help": {"help": ["phone-in-language"]}, "reply": {"contact": "yes", "ways": ["call"]}}

    assert slugs(JOURNEY, answers)[1:] == ["who", "help", "reply", "reply-1", "reply-2", "check"]
    assert keys(answers)[-3:] == ["reply-call", "interpreter", "check"]
    assert "about" in keys({"help": {"help": ["phone-in-language", "talk"]}})


@pytest.mark.requirement("A18")
@pytest.mark.requirement("B4")
def test_something_to_read_alone_leads_to_something_to_read():
    assert keys({"help": {"help": ["reading"]}})[3] == "reading"
    assert "reading" not in keys({"help": {"help": ["reading", "talk"]}})


def test_from_home_to_the_number_there_are_eight_pages_five_of_them_questions():
    shortest = JOURNEY.path({})

    assert len(shortest) + 1 == 8  # and the page that shows the number
    assert sum(place.step.is_question for place in shortest) == 5


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
        "who": {"who": "me", "under_18": True},
        "help": {"help": list(ids.HELP)},
        "about": {"to_whom": "died", "happened": list(ids.HAPPENED)},
        "reply": {"contact": "yes", "ways": [way.value for way in Way]},
    }

    assert slugs(JOURNEY, everything) == [
        "start", "who", "who-1", "help", "help-1", "about", "about-1", "about-2", "about-3", "about-4", "police",
        "reply", "reply-1", "reply-2", "reply-3", "reply-4", "reply-5", "reply-6", "reply-7", "reply-8", "check",
    ]  # fmt: skip
