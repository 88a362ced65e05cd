"""What every question shares: nothing must be answered, what was typed comes back as it was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field


class QuestionForm(FlaskForm):
    """A page of questions. `answer()` is what is kept of it; an unanswered field is left out."""

    @classmethod
    def left_out_after(cls, answer: Mapping[str, Any]) -> frozenset[str]:
        """Names of the fields that the page does not show because of what was answered on it before."""
        return frozenset()

    @property
    def left_out(self) -> frozenset[str]:
        """The same for what this form holds."""
        return self.left_out_after(self.data)

    def answer(self) -> dict[str, Any]:
        """The answers that were given, by field name: texts without surrounding space, lists, True."""
        given: dict[str, Any] = {}
        for field in self:
            if field.name == "csrf_token":
                continue
            value = _kept(field)
            if value:
                given[field.name] = value
        return given


def one_kind_of_line_end(text: str | None) -> str | None:
    """Browsers send two characters for each new line; the person typed one, and limits count what was typed."""
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")


def _kept(field: Field) -> Any:
    if isinstance(field.data, str):
        return field.data.strip()
    return field.data
