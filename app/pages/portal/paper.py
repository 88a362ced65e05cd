"""The short request on paper: two sides of A4, in large print, and in Easy Read. Nothing is sent from here."""

from __future__ import annotations

from flask import make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from app.adapters.pictures import pictures
from app.forms.paper import PAPER_CONSENT_WORDING
from app.forms.paper import paper as asked_on_paper
from app.pages.portal import pages
from app.web import kept, language
from app.web.portal import portal

KINDS = {"": "sides", "/large": "large", "/easy": "easy"}

# Names of places are English; a voice that reads another language aloud has to know (WCAG 3.1.2).
ENGLISH_NAME = Markup('<bdi lang="en-GB">{}</bdi>')


def paper(kind: str) -> ResponseReturnValue:
    """One of KINDS, ready to print."""
    page = render_template(
        f"portal/paper/{kind}.html",
        paper=asked_on_paper(
            districts=[ENGLISH_NAME.format(district.name) for district in portal().area.districts],
            outside=gettext("Outside this area"),
        ),
        pictures=pictures(),
        wording=f"{PAPER_CONSENT_WORDING}/{language.language().slug}",
    )
    return kept.public(make_response(page))


for _path, _kind in KINDS.items():
    pages.add_url_rule(
        f"/refer/paper{_path}",
        endpoint="paper" if not _path else f"paper_{_kind}",
        view_func=paper,
        defaults={"kind": _kind},
    )
