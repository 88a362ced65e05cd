"""The desk's main links: one line each, shown to those whose roles may go there, and only where the page is."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request
from flask_babel import lazy_gettext as _l

from app.domain.roles import AUDITOR, SUPERVISOR, works_with_cases
from app.services.hub.staff import Identity


@dataclass(frozen=True)
class HubLink:
    """A page that every page of the desk leads to. `words` are translated when it is shown; `key` presses it.

    Without `roles` it is for whoever works with cases.
    """

    endpoint: str
    words: object
    roles: frozenset[str] = frozenset()
    key: str = ""


HUB_LINKS = (
    HubLink("hub.front", _l("First screen"), key="h"),
    HubLink("hub.queue", _l("Queue"), key="q"),
    HubLink("hub.contact_now", _l("Contact now"), key="n"),
    HubLink("hub.find", _l("Find"), key="f"),
    HubLink("hub.call", _l("Take a call"), key="t"),
    HubLink("hub.to_ask", _l("To ask again")),
    HubLink("hub.translations", _l("Translations")),
    HubLink("hub.second", _l("Second person")),
    HubLink("hub.dangers", _l("Danger to life"), frozenset({SUPERVISOR})),
    HubLink("hub.kept", _l("How long we keep")),
    HubLink("hub.all_reports", _l("Reports"), frozenset({SUPERVISOR, AUDITOR})),
    HubLink("hub.audit", _l("Audit"), frozenset({AUDITOR, SUPERVISOR})),
    HubLink("hub.people_", _l("People"), frozenset({SUPERVISOR})),
    HubLink("hub.complaints", _l("Complaints"), frozenset({SUPERVISOR})),
    HubLink("hub.feedback", _l("Feedback"), frozenset({SUPERVISOR})),
)


@dataclass(frozen=True)
class Shown:
    """One link as the page shows it."""

    endpoint: str
    words: str
    key: str
    is_current: bool


def links_for(who: Identity) -> list[Shown]:
    """Where this colleague may go from here."""
    return [
        Shown(each.endpoint, str(each.words), each.key, each.endpoint == request.endpoint)
        for each in HUB_LINKS
        if each.endpoint in current_app.view_functions
        and (each.roles & set(who.roles) if each.roles else works_with_cases(who.roles))
    ]
