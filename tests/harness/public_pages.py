"""Every page of the portal that anybody can open, by the portal's own map: a new page is found without being named."""

from __future__ import annotations

from pathlib import Path

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
    "support?a=3&d=4", "support/samaritans", "support/the-elms-sarc", "guides/abuse-at-home", "easy-read/help-now",
    "refer/start", "refer/done", "nowhere",
)  # fmt: skip


CONTENT = Path(__file__).parents[2] / "content"
# Of the pages that other languages show in English, one guide and two of rights stand for all: only their frame is another.
IN_ENGLISH_ELSEWHERE = {"guides/court", "rights/told", "rights/compensation"}


def written_pages(slug: str) -> list[str]:
    """Every guide, every page about rights and every Easy Read page that the content folder holds, below the language `slug`."""
    rights = CONTENT / "rights"
    for_all = {f"guides/{path.stem}" for path in (CONTENT / "lv" / "guides").glob("*.md")}
    in_english = {f"guides/{path.stem}" for path in (CONTENT / "guides").glob("*.md")} - for_all
    in_english |= {f"rights/{path.stem}" for path in (*rights.glob("*.md"), *rights.glob("paths/*.md"))}
    for_all |= {f"easy-read/{path.stem}" for path in (CONTENT / "easy-read").glob("*.yaml") if path.stem != "pledge"}
    return sorted(for_all | {"rights/enhanced"} | (in_english if slug == "en" else in_english & IN_ENGLISH_ELSEWHERE))


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
