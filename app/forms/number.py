"""Forms around the return number: keeping it, coming back with it, writing in the space."""

from __future__ import annotations

from collections.abc import Callable, Collection

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from app.domain.order import CODE_LENGTH
from app.domain.reference import REFERENCE_LENGTHS, ROW_LENGTH, Shape, normalise, number_lengths, problems
from app.forms.question import DISCREET, QuestionForm, one_kind_of_line_end

LONGEST_MESSAGE = 5000
# The number and the code word are never for a browser to keep, on whatever device.
SECRET_INPUT = DISCREET


class KeepForm(QuestionForm):
    """'I have it': both fields may be left."""

    last_row_is = ""

    last_row = StringField(
        _l("Type the last row, to be sure that you have it"),
        description=_l("You can leave this."),
        render_kw={**SECRET_INPUT, "inputmode": "numeric", "dir": "ltr"},
    )
    code_word = StringField(
        _l("Choose a code word"),
        description=_l(
            "If you lose the number, a code word can get you back in. Choose a word that nobody would guess. You can leave this."
        ),
        validators=[Length(max=60, message=_l("Use 60 letters or fewer."))],
        render_kw=SECRET_INPUT,
    )

    def validate_last_row(self, field: StringField) -> None:
        """A row that was typed must be the row that was shown."""
        typed = normalise(field.data or "")
        if typed and typed != self.last_row_is:
            raise ValidationError(_l("This is not the last row. Please look at it once more."))


class ReturnForm(QuestionForm):
    """The return number in. Wrong rows are named; whether a number exists is not said."""

    reference_length = ROW_LENGTH
    # Whether digits are a number that was made here; the page knows. Then it is taken, however long references are now.
    is_ours: Callable[[str], bool] = staticmethod(lambda _digits: False)

    number = StringField(
        _l("Your return number"),
        description=_l("The 24 digits of your return number. Spaces do not matter."),
        render_kw={**SECRET_INPUT, "inputmode": "numeric", "dir": "ltr"},
    )

    def fit(self, reference_length: int) -> None:
        """Ask for numbers whose first row has so many digits; those from before it grew are taken too, so none is counted out."""
        self.reference_length = reference_length
        if self._has_one_length:
            return
        self.number.description = _l("All the digits of your return number. Spaces do not matter.")

    @property
    def _has_one_length(self) -> bool:
        return self.reference_length == ROW_LENGTH

    def validate_number(self, field: StringField) -> None:
        """The shape of a return number, in any script."""
        found = problems(field.data or "", lengths=number_lengths(self.reference_length))
        if not found or self.is_ours(normalise(field.data or "")):
            return
        typed = sum(character.isdigit() for character in normalise(field.data or ""))
        if Shape.EMPTY in found and self._has_one_length:
            raise ValidationError(_l("Type the 24 digits of your return number."))
        if Shape.EMPTY in found:
            raise ValidationError(_l("Type all the digits of your return number."))
        if not self._has_one_length and found != (Shape.OTHER_CHARACTERS,):
            raise miscounted(typed)
        if Shape.TOO_FEW in found:
            raise ValidationError(
                ngettext(
                    "There is %(num)d digit. The return number has 24.",
                    "There are %(num)d digits. The return number has 24.",
                    typed,
                )
            )
        if Shape.TOO_MANY in found:
            raise ValidationError(
                ngettext(
                    "There is %(num)d digit. The return number has 24.",
                    "There are %(num)d digits. The return number has 24.",
                    typed,
                )
            )
        raise ValidationError(_l("There is something that is not a digit. Please type digits only."))


def miscounted(typed: int) -> ValidationError:
    """What to say where more than one count of digits is right, and `typed` digits are no whole number."""
    return ValidationError(
        ngettext(
            "There is %(num)d digit. Type each row of your return number once.",
            "There are %(num)d digits. Type each row of your return number once.",
            typed,
        )
    )


class CollectForm(QuestionForm):
    """A code that the Hub gave, with the first row of the old number: together they give a new number, once."""

    reference_length = ROW_LENGTH

    reference = StringField(
        _l("Your reference"),
        description=_l("The first row of your return number: 6 digits. If you do not know it, the Hub can tell you."),
        render_kw={**SECRET_INPUT, "inputmode": "numeric", "dir": "ltr"},
    )
    code = StringField(
        _l("The code that the Hub gave you"),
        description=_l("10 digits. Spaces do not matter."),
        render_kw={**SECRET_INPUT, "inputmode": "numeric", "dir": "ltr"},
    )

    def fit(self, reference_length: int) -> None:
        """Ask for a reference of so many digits; others that may be one are taken too."""
        self.reference_length = reference_length
        if reference_length != ROW_LENGTH:
            self.reference.description = _l(
                "The first row of your return number. If you do not know it, the Hub can tell you."
            )

    def validate_reference(self, field: StringField) -> None:
        """As many digits as a reference has, in any script."""
        is_usual = self.reference_length == ROW_LENGTH
        words = _l("Type the 6 digits of your reference.") if is_usual else _l("Type all the digits of your reference.")
        _need_digits(field, REFERENCE_LENGTHS, words)

    def validate_code(self, field: StringField) -> None:
        """Ten digits, in any script."""
        _need_digits(field, [CODE_LENGTH], _l("Type the 10 digits of the code."))


def _need_digits(field: StringField, lengths: Collection[int], words: str) -> None:
    digits = normalise(field.data or "")
    if len(digits) not in lengths or not (digits.isascii() and digits.isdigit()):
        raise ValidationError(words)


class MessageForm(QuestionForm):
    """A message to the Hub. `message_id` makes sending it twice harmless."""

    text = TextAreaField(
        _l("Your message"),
        description=_l("Write in any language."),
        validators=[
            Length(max=LONGEST_MESSAGE, message=_l("This is longer than 5,000 letters. Please send it in two parts."))
        ],
        filters=[one_kind_of_line_end],
        render_kw={"autocomplete": "off", "rows": "8", "dir": "auto"},
    )
    message_id = HiddenField()

    def validate_text(self, field: TextAreaField) -> None:
        """Nothing to send is said, not sent."""
        if not (field.data or "").strip():
            raise ValidationError(_l("Write your message first."))
