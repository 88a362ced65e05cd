"""What every question shares: nothing must be answered, what was typed comes back as it was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField, StringField
from wtforms.widgets import Select

# On a device that others may see: nothing that a browser fills in, remembers, learns or sends to a spelling service.
DISCREET = {"autocomplete": "off", "autocorrect": "off", "autocapitalize": "off", "spellcheck": "false"}


class QuestionForm(FlaskForm):
    """A page of questions. `answer()` is what is kept of it; an unanswered field is left out."""

    def be_discreet(self) -> None:
        """Ask browsers to leave no trace of what is typed: the safety exception to WCAG 1.3.5, on devices that others may see."""
        for field in self:
            if isinstance(field, StringField) and not isinstance(field, HiddenField):
                field.render_kw = {**(field.render_kw or {}), **DISCREET}
            elif isinstance(field.widget, Select):
                field.render_kw = {**(field.render_kw or {}), "autocomplete": "off"}

    def laid_over(self, earlier: Mapping[str, Any]) -> MultiDict[str, Any]:
        """What was sent with this form, and for each field that came empty its earlier answer: as a browser sends it."""
        sent: MultiDict[str, Any] = MultiDict()
        for field in self:
            value = _kept(field) or earlier.get(field.name)
            for each in value if isinstance(value, list) else [value]:
                if each:
                    sent.add(field.name, "y" if each is True else each)
        return sent

    @classmethod
    def left_out_after(cls, answer: Mapping[str, Any]) -> frozenset[str]:
        """Names of the fields that the page does not show because of what was answered on it before."""
        return frozenset()

    @property
    def left_out(self) -> frozenset[str]:
        """The same for what this form holds."""
        return self.left_out_after(self.data)

    def answer(self) -> dict[str, Any]:
        """The answers that were given, by field name without its prefix: texts without surrounding space, lists, True."""
        given: dict[str, Any] = {}
        for field in self:
            if field.short_name == "csrf_token":
                continue
            value = _kept(field)
            if value:
                given[field.short_name] = value
        return given


def one_kind_of_line_end(text: str | None) -> str | None:
    """Browsers send two characters for each new line; the person typed one, and limits count what was typed."""
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")


def _kept(field: Field) -> Any:
    if isinstance(field.data, str):
        return field.data.strip()
    return field.data
