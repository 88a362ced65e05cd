"""What every question shares: nothing must be answered, what was typed comes back as it was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField, StringField
from wtforms.widgets import Select

# On a device that others may see: nothing that a browser fills in, remembers, learns or sends to a spelling service.
DISCREET = {"autocomplete": "off", "autocorrect": "off", "autocapitalize": "off", "spellcheck": "false"}

# Control characters and noncharacters (HTML, "preprocessing the input stream"). Tab and line end are for pages.
NOT_FOR_PAGES = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef"
    + "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
    + "]"
)


class QuestionForm(FlaskForm):
    """A page of questions. `answer()` is what is kept of it; an unanswered field is left out.

    Text is taken letter for letter, with one kind of line end. Signs that no page may hold come with pasted text and cannot
    be seen: a space is put in the place of each, and the field says so before anything is kept (docs/adr/0016).
    """

    # The fields as they stand on the page; those that it leaves out follow.
    ORDER: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Field]:
        """The fields in the order of the page, so that the list of what to mend leads downwards."""
        fields = list(super().__iter__())
        return iter(sorted(fields, key=lambda each: _place(each.short_name, self.ORDER)))

    def process(self, *args: Any, **options: Any) -> None:
        """Take what was sent or kept; from here on every text can be shown on a page."""
        super().process(*args, **options)
        self._mended: list[Field] = []
        for field in self:
            if isinstance(field, StringField) and isinstance(field.data, str):
                typed, field.data = field.data, for_pages(field.data)
                if NOT_FOR_PAGES.search(typed) and not isinstance(field, HiddenField):
                    self._mended.append(field)

    def validate(self, extra_validators: Any = None) -> bool:
        """True when everything may be kept as it stands. What was changed in a text is looked at first."""
        is_right = bool(super().validate(extra_validators))
        for field in self._mended:
            field.errors = field.errors or [
                gettext(
                    "Some hidden signs in this cannot be sent. There is a space in place of each now. "
                    "Please check it, then press the button again."
                )
            ]
        return is_right and not self._mended

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


def for_pages(text: str) -> str:
    """The text with one kind of line end, and a space for each sign that no page may hold."""
    return NOT_FOR_PAGES.sub(" ", one_kind_of_line_end(text) or "")


def one_kind_of_line_end(text: str | None) -> str | None:
    """Browsers send two characters for each new line; the person typed one, and limits count what was typed."""
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")


def _place(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)


def _kept(field: Field) -> Any:
    if isinstance(field.data, str):
        return field.data.strip()
    return field.data
