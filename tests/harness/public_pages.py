"""Every page of the portal that anybody can open, by the portal's own map: a new page is found without being named."""

from __future__ import annotations

from flask import Flask

from app import factory
from app.pages.portal import pages

# Pages that need a visit or a draft lead elsewhere without; they are met on the walk through the request.
NEEDS_SOMETHING = {
    "refer/", "refer/sent", "case", "case/messages", "case/more", "case/more/next", "case/more/sent", "case/more/talk",
    "case/copy", "case/clear", "case/how", "case/how/clear", "case/how/now", "case/how/talk",
    "case/notices",
    "case/end", "case/end/asked", "case/end/back", "case/end/close", "case/end/delete", "case/end/kept",
    "case/approve", "case/ask", "case/ask/all",
    "case/contact", "case/contact/change", "case/contact/pause", "case/contact/sent", "case/contact/start",
}  # fmt: skip
# Beside those of the map: a search, services with much and with little, the ends of a request, and no page at all.
MORE_PAGES = (
    "support?a=3&d=4", "support/samaritans", "support/elms-sarc", "guides/abuse-at-home", "easy-read/help-now",
    "refer/start", "refer/done", "nowhere",
)  # fmt: skip


def reading_pages() -> list[str]:
    """Every page that anybody can open, by the portal's own map, below the language."""
    factory.import_screens("portal")
    app = Flask("map")
    app.register_blueprint(pages)
    found = {
        rule.rule.removeprefix("/<lang>/")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("portal.")
        and "GET" in (rule.methods or ())
        and rule.arguments <= {"lang", "template", "name", "kind"}
    }
    return sorted(found - NEEDS_SOMETHING) + list(MORE_PAGES)
