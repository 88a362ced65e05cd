"""The questionnaire's page: every code has its words, nothing is preselected, nothing can be typed, everything can be left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField

from app.adapters import content
from app.domain.survey import EQUALITY, ONE_OF, PROMISES, SEVERAL, SUPPORT, MalformedSurvey, Survey
from app.forms.more import EffectsForm
from app.forms.refer import CheckboxesField, ChoiceField, ListField
from app.forms.survey import LEAVE, SurveyForm, form_of

CONTENT = Path(__file__).parents[2] / "content"
AREA = content.load_area(CONTENT)
PLEDGE = content.load_pledges(CONTENT, ["en"])["en"]
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def a_request() -> Iterator[None]:
    """Forms read the request and the language of the page."""
    app = Flask(__name__)
    app.config.update(WTF_CSRF_ENABLED=False, SECRET_KEY="not needed here", WTF_I18N_ENABLED=False)
    Babel(app)
    with app.test_request_context("/", method="POST"):
        yield


def filled(answers: dict[str, str | list[str]]) -> SurveyForm:
    form = form_of(PLEDGE, is_own_language=True)(formdata=MultiDict(answers))
    form.fit(AREA)
    return form


def read(answers: dict[str, str | list[str]]) -> Survey:
    form = filled(answers)
    assert form.validate(), form.errors
    return form.survey(month="2026-03")


def values(form: SurveyForm, name: str) -> list[str]:
    return [choice.value for choice in form[name].choices]


@pytest.mark.requirement("H7")
@pytest.mark.requirement("H6")
def test_every_question_offers_its_codes_and_a_way_to_leave_it() -> None:
    form = filled({})
    for name in (*EQUALITY, *SUPPORT):
        assert values(form, name) == [*ONE_OF[name], LEAVE], name
    for name, known in SEVERAL.items():
        assert values(form, name) == list(known)
    assert values(form, "district") == ["", *(str(each.code) for each in AREA.districts), str(AREA.outside_code)]
    on_page = {*form.ABOUT_YOU, *form.ABOUT_US, *(field.name for field in form.promises), "answer_id"}
    assert on_page == {field.name for field in form}, "every field has its place on the page"


@pytest.mark.requirement("H6")
def test_the_promises_that_are_measured_by_asking_are_asked_in_their_own_words() -> None:
    form = filled({})
    asked = [promise for promise in PLEDGE.promises if "asked" in promise.measures]
    assert len(asked) > 3
    assert [PROMISES[field.name] for field in form.promises] == [promise.id for promise in asked]
    assert [str(field.label.text) for field in form.promises] == [promise.text for promise in asked]
    english = form_of(PLEDGE, is_own_language=False)()
    assert all('lang="en-GB"' in field.label.text for field in english.promises)


def test_nothing_is_preselected_and_nothing_can_be_typed() -> None:
    form = filled({})
    for field in form:
        assert isinstance(field, ChoiceField | CheckboxesField | ListField | HiddenField), field.name
        assert not field.data, field.name


def test_the_eight_needs_are_those_that_tell_us_more_asks_about() -> None:
    form, effects = filled({}), EffectsForm(formdata=MultiDict())
    for choice in form["got_better"].choices:
        assert str(choice.label) == str(effects[choice.value].label.text)


def test_what_is_left_is_in_no_answer() -> None:
    survey = read({"age": LEAVE, "wait": LEAVE, "sex": "female", "district": "", "kept-you-decide": LEAVE})
    assert survey.answers == {"sex": "female"}
    assert survey.district is None
    for nothing in ({}, {"age": LEAVE}, {"answer_id": "00" * 16}):
        with pytest.raises(MalformedSurvey):
            read(nothing)  # type: ignore[arg-type]
    assert read({"district": "4"}).district == 4


@SHARED
@given(st.permutations(SEVERAL["still_hard"]), st.integers(1, 8))
def test_the_order_of_ticking_does_not_travel(order: list[str], count: int) -> None:
    ticked = order[:count]
    wanted = [code for code in SEVERAL["still_hard"] if code in ticked]
    assert read({"still_hard": ticked}).answers["still_hard"] == wanted


@SHARED
@given(st.sampled_from([*ONE_OF, *SEVERAL, "district"]), st.text(min_size=1, max_size=60))
def test_a_word_of_ones_own_is_turned_down(name: str, text: str) -> None:
    form = filled({name: text})
    if name in form and text not in values(form, name):
        assert not form.validate()
