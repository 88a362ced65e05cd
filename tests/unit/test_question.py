"""What every page of questions does with what was typed: it is kept as it was, or looked at once more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length

from app.forms.question import NOT_FOR_PAGES, QuestionForm, for_pages
from tests.harness.audit import page_problems

PAGE = "<!DOCTYPE html><html lang=en dir=ltr><title>t</title><body><main><h1>h</h1><p>%s</p></main></body></html>"


class AForm(QuestionForm):
    ORDER = ("words", "name")

    name = StringField(validators=[Length(max=5, message="Shorter.")])
    words = TextAreaField()
    more = StringField()
    hidden = HiddenField()


@pytest.fixture(autouse=True)
def a_request() -> Iterator[None]:
    """Forms read the request and the language of the page."""
    app = Flask(__name__)
    app.config.update(WTF_CSRF_ENABLED=False, SECRET_KEY="not needed here", WTF_I18N_ENABLED=False)
    Babel(app)
    with app.test_request_context("/", method="POST"):
        yield


def sent(**typed: str) -> Any:
    return AForm(formdata=MultiDict(typed))


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_can_be_shown_and_all_else_stays_as_it_is(text: str) -> None:
    shown = sent(words=text).words.data
    assert page_problems(PAGE % shown.replace("&", "&amp;").replace("<", "&lt;")) == []
    assert shown == for_pages(text)
    if not NOT_FOR_PAGES.search(text):
        assert shown == text.replace("\r\n", "\n").replace("\r", "\n")


def test_a_sign_that_no_page_can_hold_is_said_at_its_field_once() -> None:
    form = sent(name="a\x07b", words="fine")
    assert not form.validate()
    assert set(form.errors) == {"name"}
    assert form.name.data == "a b"
    again = sent(name=form.name.data, words=form.words.data)
    assert again.validate()
    assert again.answer() == {"name": "a b", "words": "fine"}


def test_what_else_is_wrong_with_a_field_is_said_first() -> None:
    form = sent(name="abc\x07def")
    assert not form.validate()
    assert list(form.errors["name"]) == ["Shorter."]


def test_a_hidden_field_is_mended_without_a_word() -> None:
    form = sent(hidden="a\x00b")
    assert form.validate()
    assert form.hidden.data == "a b"


def test_what_was_kept_before_can_be_shown_too() -> None:
    assert AForm(formdata=None, data={"name": "a\x07b"}).name.data == "a b"  # type: ignore[attr-defined]


def test_fields_come_in_the_order_of_the_page() -> None:
    assert [field.name for field in sent()] == ["words", "name", "more", "hidden"]
