"""A form's fields come out of a form, and out of nothing else that somebody may send."""

import ast
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from wtforms import StringField

from app.web.application import Application


class NameForm(FlaskForm):
    """One field."""

    class Meta:
        csrf = False

    name = StringField()


@pytest.fixture
def app():
    made = Application(__name__)
    made.config["SECRET_KEY"] = "not needed here"
    return made


def read(app, **options):
    with app.test_request_context("/", method="POST", **options):
        return NameForm().name.data


def test_a_form_is_read(app):
    assert read(app, data={"name": "Ada"}) == "Ada"
    assert read(app, data={"name": "Ada"}, content_type="multipart/form-data") == "Ada"


@pytest.mark.parametrize("body", ['{"name": "Ada"}', '{"name": {"a": [1]}}', "[" * 100_000, '{"name": NaN}', "{"])
def test_json_is_no_form(app, body):
    assert read(app, data=body, content_type="application/json") is None


def test_a_file_in_a_form_is_no_field(app):
    assert not read(app, data={"name": (BytesIO(b"x"), "../../etc/passwd")}, content_type="multipart/form-data")
    assert read(app, data={"name": "Ada", "other": (BytesIO(b"x"), "a")}, content_type="multipart/form-data") == "Ada"


def test_without_it_both_would_be_read(app):
    app.request_class = Flask.request_class
    assert read(app, data='{"name": "Ada"}', content_type="application/json") == "Ada"


def test_no_function_is_a_coroutine_for_nobody_would_wait_for_it():
    for path in (Path(__file__).parents[2] / "app").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not any(isinstance(node, ast.AsyncFunctionDef | ast.Await) for node in ast.walk(tree)), path
