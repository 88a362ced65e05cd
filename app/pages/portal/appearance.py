"""How the pages look: choose it, see it, keep it, or put everything back."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.domain import device
from app.domain.appearance import USUAL
from app.forms.appearance import LooksForm
from app.pages.portal import pages
from app.web import appearance as looks
from app.web import drafts, language
from app.web.answers import redirect

# The style of letters that a language has by itself, where there are two.
NASTALIQ, NASKH = "nastaliq", "naskh"
# Where the browser arrives after a choice: at the piece of a page that shows it.
SAMPLE = "sample"


@pages.route("/appearance", methods=["GET", "POST"])
def appearance() -> ResponseReturnValue:
    """Show what is chosen, or keep what was chosen just now."""
    jar, draft = drafts.jar(), drafts.current()
    # Somebody who answers but did not say that only they use this device: nothing stays on it.
    may_last = draft is None or device.is_own(draft.answers)
    own_letters = NASTALIQ if language.language().tag == "ur" else NASKH
    form = LooksForm()
    if request.method == "POST":
        response = redirect(url_for("portal.appearance", _anchor=SAMPLE), code=303)
        wanted = USUAL if "back" in request.form else form.looks(letters=own_letters)
        looks.keep(jar, response, wanted, lasting=may_last and bool(form.lasting.data))
        return response
    form.show(looks.chosen(jar), letters=own_letters)
    form.lasting.data = may_last and draft is not None
    return render_template(
        "portal/appearance.html", form=form, may_last=may_last, has_letters=language.language().dir == "rtl"
    )
