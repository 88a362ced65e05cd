"""A leaflet of a few services to print: which ones, and how much it says."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import BooleanField
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError

from app.domain.directory import Service
from app.forms.question import QuestionForm
from app.forms.refer import CheckboxesField

# More than these are no leaflet, and would not fit on one sheet in every language.
MOST = 8
ENGLISH = Markup('<span lang="en-GB" dir="ltr">{}</span>')


class LeafletForm(QuestionForm):
    """Nothing that is chosen here is kept: the page that answers is the leaflet."""

    services = CheckboxesField(_l("Which services?"), description=_l("Choose up to 8."))
    short = BooleanField(_l("Only names and numbers. The paper then does not say what they are about."))

    def offer(self, services: Iterable[Service]) -> None:
        """Put these services on the list, by their ids."""
        self.services.choices = [
            SelectChoice(service.id, ENGLISH.format(service.name), render_kw={"hint": None}) for service in services
        ]

    def validate_services(self, field: CheckboxesField) -> None:
        """One at least, and no more than fit on a sheet."""
        if not field.data:
            raise ValidationError(_l("Choose one service or more."))
        if len(field.data) > MOST:
            raise ValidationError(_l("Choose no more than 8 services."))
