"""How somebody wants the pages to look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.fields import SelectChoice

from app.domain import appearance
from app.domain.appearance import CHOICES, Appearance
from app.forms.question import QuestionForm
from app.forms.refer import CheckboxesField, ChoiceField

# The settings that are ticked or not, each with its one choice besides the usual.
TICKED = {"links": "underlined", "reading": "easier", "page": "plain", "movement": "none"}


def _choices(setting: str, labels: Mapping[str, Any], hints: Mapping[str, Any] | None = None) -> list[SelectChoice]:
    """The choices of a setting. Each carries its class name, so that a script can show it before it is kept."""
    return [
        SelectChoice(
            value,
            label,
            render_kw={
                "data-looks": CHOICES[setting][value],
                **({"hint": hints[value]} if hints and value in hints else {}),
            },
        )
        for value, label in labels.items()
    ]


class LooksForm(QuestionForm):
    """Everything that can be chosen about the looks of pages, and for how long it is kept."""

    size = ChoiceField(
        _l("Size of letters"),
        choices=_choices(
            "size",
            {"usual": _l("Usual"), "large": _l("Large"), "larger": _l("Larger"), "largest": _l("Largest")},
        ),
    )
    space = ChoiceField(
        _l("Space between lines and words"),
        choices=_choices("space", {"usual": _l("Usual"), "wide": _l("Wide"), "wider": _l("Wider")}),
    )
    lines = ChoiceField(
        _l("Length of lines"),
        choices=_choices("lines", {"usual": _l("Usual"), "short": _l("Short"), "long": _l("Long")}),
    )
    colours = ChoiceField(
        _l("Colours"),
        choices=_choices(
            "colours",
            {
                "device": _l("As my device has them"),
                "calm": _l("Calm"),
                "light": _l("Light"),
                "dark": _l("Dark"),
                "contrast": _l("High contrast"),
                "cream": _l("Cream"),
            },
            {
                "calm": _l("Soft and quiet, nothing bright."),
                "contrast": _l("White and yellow on black."),
                "cream": _l("Dark brown on cream."),
            },
        ),
    )
    letters = ChoiceField(
        _l("Style of letters"),
        choices=_choices("letters", {"nastaliq": _l("Nastaliq"), "naskh": _l("Naskh")}),
    )
    also = CheckboxesField(
        _l("More"),
        choices=[
            SelectChoice("links", _l("Underline every link"), render_kw={"data-looks": CHOICES["links"]["underlined"]}),
            SelectChoice(
                "reading",
                _l("Easier to read with dyslexia"),
                render_kw={
                    "data-looks": CHOICES["reading"]["easier"],
                    "hint": _l("Simple letters, more space, and shorter lines."),
                },
            ),
            SelectChoice(
                "page",
                _l("Plain page"),
                render_kw={"data-looks": CHOICES["page"]["plain"], "hint": _l("No boxes, no pictures and no colours.")},
            ),
            SelectChoice(
                "movement",
                _l("No movement"),
                render_kw={
                    "data-looks": CHOICES["movement"]["none"],
                    "hint": _l("Nothing here moves by itself. This makes sure of it."),
                },
            ),
        ],
    )
    lasting = BooleanField(_l("Only I use this device. Remember this for 6 months."))

    def show(self, looks: Appearance, *, letters: str) -> None:
        """Tick what is in force. `letters` is the style that the language has by itself."""
        for setting in ("size", "space", "lines", "colours"):
            self[setting].data = getattr(looks, setting)
        self.letters.data = letters if looks.letters == "usual" else looks.letters
        self.letters.choices = [
            SelectChoice(each.value, each.label, render_kw={"data-looks": "" if each.value == letters else each.value})
            for each in self.letters.choices or []
        ]
        self.also.data = [setting for setting, choice in TICKED.items() if getattr(looks, setting) == choice]

    def looks(self, *, letters: str) -> Appearance:
        """What was chosen. The style of letters that the language has by itself is as usual: it goes with the language."""
        ticked = self.also.data or []
        values = {
            **{setting: self[setting].data for setting in ("size", "space", "lines", "colours")},
            **{setting: choice for setting, choice in TICKED.items() if setting in ticked},
            **({"letters": self.letters.data} if self.letters.data != letters else {}),
        }
        return appearance.chosen(values)
