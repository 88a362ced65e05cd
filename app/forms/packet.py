"""Reading what the Hub hands to a service, and answering it. For people at work, in plain words."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Length, StopValidation, ValidationError

from app.adapters import packets
from app.domain.packet import (
    CODE_LENGTH,
    LONGEST_WORDS,
    REFERENCE_LENGTH,
    PacketAnswer,
    Reason,
    Said,
    is_name,
)
from app.domain.reference import normalise
from app.forms.contact import day_typed
from app.forms.question import DISCREET, QuestionForm, one_kind_of_line_end

DIGITS = {**DISCREET, "inputmode": "numeric", "dir": "ltr"}
ACCEPT, BOUNCE = "accept", "bounce"

REASONS = {
    Reason.NOT_OUR_AREA: _l("We do not work in their area"),
    Reason.NO_ROOM: _l("We have no room now"),
    Reason.WRONG_SERVICE: _l("We are not the right service"),
    Reason.CANNOT_REACH: _l("We cannot reach them safely"),
    Reason.DECLINED: _l("They do not want our help"),
    Reason.OTHER: _l("Something else"),
}


class PacketForm(QuestionForm):
    """Reference and code: together they open one document."""

    reference = StringField(_l("Reference of the document"), description=_l("8 digits."), render_kw=DIGITS)
    code = StringField(
        _l("Code"), description=_l("16 digits. You got it in another way, such as by phone."), render_kw=DIGITS
    )

    def validate_reference(self, field: StringField) -> None:
        """Eight digits in any script, the last of which fits."""
        _need(field, REFERENCE_LENGTH)

    def validate_code(self, field: StringField) -> None:
        """Sixteen digits, the last of which fits: what was mistyped costs no try."""
        _need(field, CODE_LENGTH)


class AnswerForm(QuestionForm):
    """Yes or no to one document. Which of the two, the button says; only what belongs to it is looked at."""

    ORDER = ("worker", "first_on", "reason", "room_on", "words")

    worker = StringField(
        _l("Name of the worker"),
        description=_l("They see this name. No number and no address."),
        render_kw=DISCREET,
    )
    first_on = StringField(
        _l("Day of the first contact"),
        description=_l("Day, month and year in numbers. For example: 27 3 2026."),
        render_kw=DIGITS,
    )
    reason = RadioField(
        _l("Why not?"),
        choices=[SelectChoice(each.value, label) for each, label in REASONS.items()],
        validate_choice=False,
    )
    room_on = StringField(
        _l("From which day do you have room?"),
        description=_l("You can leave this."),
        render_kw=DIGITS,
    )
    words = TextAreaField(
        _l("Anything that the Hub should know"),
        description=_l("You can leave this."),
        validators=[Length(max=LONGEST_WORDS, message=_l("Use %(most)s letters or fewer.", most=LONGEST_WORDS))],
        filters=[one_kind_of_line_end],
        render_kw={**DISCREET, "rows": "3", "dir": "auto"},
    )
    packet = HiddenField()
    token = HiddenField()
    decision = ""
    today: date
    first_day: date | None = None
    room_day: date | None = None

    def validate_worker(self, field: StringField) -> None:
        """A name, where somebody has taken over."""
        if self.decision == ACCEPT and not is_name((field.data or "").strip()):
            raise ValidationError(_l("Write a name, without a number or an address."))

    def validate_first_on(self, field: StringField) -> None:
        """A day, where somebody has taken over."""
        if self.decision == ACCEPT:
            self.first_day = self._day(field)

    def validate_reason(self, field: RadioField) -> None:
        """A reason, where nobody can take over."""
        if self.decision == BOUNCE and field.data not in {each.value for each in Reason}:
            raise StopValidation(_l("Choose why not."))

    def validate_room_on(self, field: StringField) -> None:
        """A day, if one was written."""
        if self.decision == BOUNCE and (field.data or "").strip():
            self.room_day = self._day(field)

    def answered(self, start: PacketAnswer) -> PacketAnswer:
        """The answer that this form gives to the document of `start`, once it was validated."""
        if self.decision == ACCEPT:
            return PacketAnswer(
                packet_id=start.packet_id,
                token=start.token,
                said=Said.ACCEPTED,
                worker=(self.worker.data or "").strip(),
                on=self.first_day,
            )
        return PacketAnswer(
            packet_id=start.packet_id,
            token=start.token,
            said=Said.BOUNCED,
            on=self.room_day,
            reason=Reason(self.reason.data),
            words=(self.words.data or "").strip(),
        )

    def _day(self, field: StringField) -> date:
        found = day_typed(field.data or "", today=self.today)
        if found is None:
            raise StopValidation(_l("Write a day in numbers, for example 27 3 2026."))
        if found < self.today:
            raise StopValidation(_l("Choose a day that is still to come."))
        return found


def _need(field: StringField, length: int) -> None:
    if not packets.looks_right(normalise(field.data or ""), length=length):
        raise ValidationError(_l("This does not look right. Please check it."))
